"""C1 to C9 in CMS files of their own, where the content is anybody's file, inside or beside."""

from __future__ import annotations

import base64
from dataclasses import replace
from datetime import timedelta

from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

from kyso_pki import oids
from kyso_pki.asn1 import der
from kyso_pki.authority.profile import PERSON, Subject
from kyso_pki.cades.content import CmsContent
from kyso_pki.cms.signed_data import MAX_SIGNED_DATA_BYTES
from kyso_pki.document import Intent
from kyso_pki.scheme import digest
from kyso_pki.testing import SoftwareSigner, software_key

from .file_forge import (
    ATTRIBUTES,
    CONTENT,
    IMPRINT,
    VALUE,
    Case,
    FileAttack,
    around,
    carried,
    collected,
    counter,
    counter_attributes,
    countersigned,
    countersigned_honestly,
    honest,
    info,
    made,
    timed,
    two,
    with_unsigned,
)
from .forge import (
    AT,
    LATER,
    SEAL,
    SIGNER,
    WORLD,
    algorithm,
    attribute,
    cms,
    set_of,
    signer_info,
    stamp,
    tst,
    usual_attributes,
    value_over,
    without,
)

EDWARDS = WORLD.issue(Subject("Lê Văn Mẫu"), PERSON, software_key("ed25519", 70))
PSS = SIGNER.using(pss=True)


# C1 -----------------------------------------------------------------------------------------------------------

P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


def _attributes_as_content(signer: SoftwareSigner, *, inside: bool) -> FileAttack:
    attrs = set_of(usual_attributes(signer, CONTENT))
    bare = signer_info(signer, attrs, drop_attributes=True)
    forged = made(bare, inside=attrs if inside else None, by=[signer])
    whole = made(info(signer), inside=CONTENT if inside else None, by=[signer])
    twin = Case(whole, None if inside else CONTENT)
    return FileAttack(Case(forged, None if inside else attrs), "no signed attributes", lambda: twin)


def attributes_as_content_beside() -> FileAttack:
    """C1: the file beside is the SET OF signedAttrs of another signature, its value unchanged."""
    return _attributes_as_content(SIGNER, inside=False)


def attributes_as_content_inside() -> FileAttack:
    """C1: eContent := DER(SET OF signedAttrs), signedAttrs dropped."""
    return _attributes_as_content(SIGNER, inside=True)


def attributes_as_content_with_pss() -> FileAttack:
    """C1: whatever the padding is."""
    return _attributes_as_content(PSS, inside=True)


def attributes_as_content_with_ecdsa() -> FileAttack:
    """C1: "the RSA/ECDSA value verifies"."""
    return _attributes_as_content(SEAL, inside=True)


def attributes_as_content_with_ed25519() -> FileAttack:
    """C1: Ed25519 signs the octets themselves, so the trick works there too."""
    return _attributes_as_content(EDWARDS, inside=False)


def _plain(inside: bytes | None, content: bytes | None) -> FileAttack:
    value = value_over(CONTENT)
    forged = made(signer_info(value=value, drop_attributes=True), inside=inside)
    return FileAttack(Case(forged, content), "no signed attributes", honest if inside is None else around)


def content_signed_without_attributes() -> FileAttack:
    """C1: "for plain CMS without signedAttrs: refuse by default"."""
    return _plain(None, CONTENT)


def content_inside_signed_without_attributes() -> FileAttack:
    """C1: the same with the content inside."""
    return _plain(CONTENT, None)


def own_signature_over_attributes_shown_as_attributes() -> FileAttack:
    """C1: "our signer never signs without signedAttrs": its value over such content fits no other structure."""
    pending = CmsContent(ATTRIBUTES).prepare(Intent(AT), SIGNER.chain, SIGNER.scheme)
    [value] = SIGNER.sign([pending.imprint])
    forged = made(signer_info(attributes=ATTRIBUTES, value=value))
    twin = Case(pending.finish(value), ATTRIBUTES)
    return FileAttack(Case(forged), "SIG_CRYPTO_FAILURE", lambda: twin)


def counter_signature_twice() -> FileAttack:
    """C8, C6: One counter-signature is one person's; a copy of it is nobody's."""
    one = counter()
    return FileAttack(Case(countersigned(one, one)), "SIGNATURE_COPIED", countersigned_honestly)


def counter_signature_without_attributes() -> FileAttack:
    """C1, C8: over the bare value, which could be anything."""
    bare = signer_info(SEAL, VALUE, drop_attributes=True)
    return FileAttack(Case(countersigned(bare)), "no signed attributes", countersigned_honestly)


def second_signer_without_attributes() -> FileAttack:
    """C1, C6: one signer with attributes lends nothing to one without."""
    bare = signer_info(SEAL, CONTENT, drop_attributes=True)
    return FileAttack(Case(made(info(), bare, by=[SEAL])), "no signed attributes", two)


# C3, C4 -------------------------------------------------------------------------------------------------------


def counter_signature_among_the_signed_attributes() -> FileAttack:
    """C3, C8: RFC 5652 11.4: it must not be a signed attribute."""
    attrs = [*usual_attributes(content=CONTENT), attribute(oids.ID_COUNTER_SIGNATURE, counter())]
    return FileAttack(Case(made(signer_info(attributes=set_of(attrs)), by=[SEAL])), "must not be", honest)


def timestamp_among_the_signed_attributes() -> FileAttack:
    """C3: a signature timestamp over a value cannot be older than the value."""
    token = WORLD.timestamper(AT).timestamp(IMPRINT, "sha256")
    attrs = [*usual_attributes(content=CONTENT), attribute(oids.ID_AA_TIME_STAMP_TOKEN, token)]
    return FileAttack(Case(made(signer_info(attributes=set_of(attrs)))), "must not be", honest)


def message_digest_among_the_unsigned_attributes() -> FileAttack:
    """C3: what is unsigned says nothing about the content."""
    attrs = set_of(without(usual_attributes(content=CONTENT), oids.ID_MESSAGE_DIGEST))
    own = attribute(oids.ID_MESSAGE_DIGEST, der.octet_string(digest("sha256", CONTENT)))
    return FileAttack(Case(made(signer_info(attributes=attrs, unsigned=[own]))), "must stand once", honest)


def certificate_of_another_person_in_front() -> FileAttack:
    """C4: the same key, certified for another, in place of the one that was named."""
    twin = WORLD.reissue(SIGNER.certificate)
    sid = der.sequence(twin.issuer.der, der.integer(twin.serial))
    forged = made(info(sid=sid), certificates=[twin.der, *carried()])
    return FileAttack(Case(forged), "SIGNING_CERTIFICATE_MISMATCH", honest)


# C5 -----------------------------------------------------------------------------------------------------------


def content_inside_is_another_than_the_file_beside() -> FileAttack:
    """C5: "otherwise compare octets"."""
    return FileAttack(replace(around(), content=b"Noi dung khac"), "CONTENT_DIFFERS", around)


def content_inside_is_the_beginning_of_the_file_beside() -> FileAttack:
    """C5: all octets are compared."""
    return FileAttack(replace(around(), content=CONTENT + b"\n"), "CONTENT_DIFFERS", around)


def empty_content_inside_beside_a_file() -> FileAttack:
    """C5: "empty OCTET STRING counts as present"."""
    forged = made(info(content=b""), inside=b"")
    return FileAttack(Case(forged), "CONTENT_DIFFERS", lambda: Case(made(info(content=b""), inside=b""), None))


def true_value_over_another_content_inside() -> FileAttack:
    """C5: the digest is over the content that is inside."""
    return FileAttack(Case(made(info(), inside=b"Noi dung khac"), None), "CONTENT_CHANGED", around)


def content_that_nobody_has() -> FileAttack:
    """C5: not checked is not valid."""
    return FileAttack(replace(honest(), content=None), "SIGNED_DATA_NOT_FOUND", honest)


def empty_file_beside() -> FileAttack:
    """C5: an empty file is a file, and another one."""
    return FileAttack(replace(honest(), content=b""), "CONTENT_CHANGED", honest)


def file_with_other_line_ends() -> FileAttack:
    """C5: nothing is canonicalised (`openssl cms` without -binary does so)."""
    return FileAttack(replace(honest(), content=CONTENT.replace(b"\n", b"\r\n")), "CONTENT_CHANGED", honest)


def _odd_content(content: bytes) -> FileAttack:
    body = made(info())
    forged = cms(info(), certificates=carried(), content=content)
    assert forged != body
    return FileAttack(Case(forged, None), "found tag|unexpected", around)


def content_that_is_a_sequence() -> FileAttack:
    """C5: PKCS#7's "content as it comes" (as in Authenticode) has two readings of what is hashed."""
    return _odd_content(der.sequence(der.octet_string(CONTENT)))


def content_twice_inside() -> FileAttack:
    """C5: one OCTET STRING, or none."""
    return _odd_content(der.octet_string(CONTENT) + der.octet_string(b"Noi dung khac"))


def content_of_strings_in_strings() -> FileAttack:
    """C5, C9: strings of strings are joined one level deep and only where all shells are BER."""
    return _odd_content(der.tlv(0x24, der.octet_string(CONTENT)))


# C6 -----------------------------------------------------------------------------------------------------------


def _second(one: bytes, word: str, *by: SoftwareSigner, world: object = None) -> FileAttack:
    case = Case(made(info(), one, by=by))
    return FileAttack(case, word, two)


def the_first_signer_once_more() -> FileAttack:
    """C6: One signature that is counted twice; what nobody signs in it may differ."""
    again = info(unsigned=[attribute("1.2.3.4", der.null())])
    return FileAttack(Case(made(info(), again)), "SIGNATURE_COPIED", two)


def the_first_signer_once_more_by_another_identifier() -> FileAttack:
    """C6: Which identifier leads to the certificate is not signed; a copy with the other one is still a copy."""
    identifier = SIGNER.certificate.subject_key_identifier
    again = info(sid=der.tlv(0x80, identifier or b""), version=der.integer(3))
    return FileAttack(Case(made(info(), again)), "SIGNATURE_COPIED", two)


def the_first_signer_once_more_with_another_value() -> FileAttack:
    """C6, C10: Of an ECDSA value anybody makes another that verifies: s becomes n - s."""
    attributes = set_of(usual_attributes(SEAL, CONTENT))
    value = value_over(attributes, SEAL)
    r, s = decode_dss_signature(value)
    other = encode_dss_signature(r, P256_ORDER - s)
    twice = [signer_info(SEAL, attributes, value=v) for v in (value, other)]
    return FileAttack(Case(made(info(), *twice, by=[SEAL])), "SIGNATURE_COPIED", two)


def second_signer_with_a_damaged_value() -> FileAttack:
    """C6: "one verdict each, aggregate = all, never any"."""
    return _second(info(SEAL, value=bytes(64)), "SIG_CRYPTO_FAILURE", SEAL)


def first_signer_with_a_damaged_value() -> FileAttack:
    """C6: whatever the order."""
    return FileAttack(Case(made(info(value=bytes(256)), info(SEAL), by=[SEAL])), "SIG_CRYPTO_FAILURE", two)


def second_signer_over_another_content() -> FileAttack:
    """C6: each digest is compared."""
    return _second(info(SEAL, b"khac"), "CONTENT_CHANGED", SEAL)


def second_signer_whom_nobody_trusts() -> FileAttack:
    """C6: a trusted signer lends no trust."""
    return _second(info(WORLD.stranger_signer), "NO_CERTIFICATE_CHAIN_FOUND", WORLD.stranger_signer)


def second_signer_who_is_an_impostor() -> FileAttack:
    """C6: nor do names."""
    return _second(info(WORLD.impostor_signer), "NO_CERTIFICATE_CHAIN_FOUND", WORLD.impostor_signer)


def second_signer_whose_certificate_has_expired() -> FileAttack:
    """C6: each at its own time."""
    return _second(info(WORLD.expired_signer), "OUT_OF_BOUNDS_NO_POE", WORLD.expired_signer)


def second_signer_without_a_certificate() -> FileAttack:
    """C6: nobody is named."""
    return FileAttack(Case(made(info(), info(SEAL))), "DIGEST_NOT_LISTED|NO_SIGNING_CERTIFICATE", two)


def second_signer_with_an_unknown_algorithm() -> FileAttack:
    """C6: unknown is not valid."""
    return _second(info(SEAL, signature_algorithm=algorithm("1.2.3")), "Unknown signature algorithm", SEAL)


def second_signer_with_a_weak_hash() -> FileAttack:
    """C6: the policy is asked about each."""
    from kyso_pki.scheme import SCHEMES

    weak = SoftwareSigner(SIGNER.private_key, SCHEMES["rsa-pkcs1-sha1"], SIGNER.chain)
    return _second(info(weak), "WEAK_HASH", weak)


def second_signer_who_was_revoked() -> FileAttack:
    """C6: each is asked about."""
    world = replace(WORLD, revoked=dict(WORLD.revoked))
    world.revoke(WORLD.seal, AT, "superseded")
    return FileAttack(replace(two(), world=world), "REVOKED", two)


# C7 -----------------------------------------------------------------------------------------------------------


def _unsigned(forged: bytes, word: str = "NO_SIGNATURE") -> FileAttack:
    return FileAttack(Case(forged), word, honest)


def certificates_and_no_signer() -> FileAttack:
    """C7: certs-only = "no signature"."""
    return _unsigned(made())


def certificates_and_no_signer_in_pem() -> FileAttack:
    """C7: as `.p7b` files come."""
    return _unsigned(b"-----BEGIN PKCS7-----\n" + base64.encodebytes(made()) + b"-----END PKCS7-----\n")


def content_and_no_signer() -> FileAttack:
    """C7: content inside is not signed by being there."""
    return FileAttack(Case(made(inside=CONTENT), None), "NO_SIGNATURE", around)


def nothing_at_all_inside() -> FileAttack:
    """C7: empty lists everywhere."""
    return _unsigned(cms(certificates=[], digests=[]))


def signers_left_out() -> FileAttack:
    """C7: signerInfos is no optional field."""
    body = der.sequence(der.integer(1), der.set_of([]), der.sequence(der.oid(oids.ID_DATA)))
    return _unsigned(der.sequence(der.oid(oids.ID_SIGNED_DATA), der.explicit(0, body)), "DER")


def _of_type(dotted: str) -> FileAttack:
    return _unsigned(der.sequence(der.oid(dotted), der.explicit(0, der.octet_string(CONTENT))), "Neither a PDF")


def bare_data() -> FileAttack:
    """C7: ContentInfo of id-data."""
    return _of_type(oids.ID_DATA)


def digested_data() -> FileAttack:
    """C7: a digest is no signature (id-digestedData)."""
    return _of_type("1.2.840.113549.1.7.5")


def authenticated_data() -> FileAttack:
    """C7: nor is a MAC (id-ct-authData)."""
    return _of_type("1.2.840.113549.1.9.16.1.2")


def enveloped_data() -> FileAttack:
    """C7: nor is encryption (id-envelopedData)."""
    return _of_type("1.2.840.113549.1.7.3")


def data_that_mentions_signed_data() -> FileAttack:
    """C7: the type counts where it stands, not that its octets appear near the beginning."""
    return _unsigned(der.sequence(der.oid(oids.ID_DATA), der.oid(oids.ID_SIGNED_DATA)), "needed")


# C8 -----------------------------------------------------------------------------------------------------------


def _countered(one: bytes, word: str, *by: SoftwareSigner) -> FileAttack:
    return FileAttack(Case(countersigned(one, by=(SEAL, *by))), word, countersigned_honestly)


def counter_signature_of_another_signature() -> FileAttack:
    """C8: "messageDigest over the *signature value* of the parent"."""
    return _countered(counter(VALUE[::-1]), "CONTENT_CHANGED")


def counter_signature_over_the_content() -> FileAttack:
    """C8: not over the content."""
    return _countered(counter(CONTENT), "CONTENT_CHANGED")


def counter_signature_over_the_value_with_its_tag() -> FileAttack:
    """C8: the octets of the value, without identifier and length (RFC 5652 11.4)."""
    return _countered(counter(der.octet_string(VALUE)), "CONTENT_CHANGED")


def counter_signature_with_a_content_type() -> FileAttack:
    """C8: "no content-type attr"."""
    attrs = set_of([*counter_attributes(VALUE), attribute(oids.ID_CONTENT_TYPE, der.oid(oids.ID_DATA))])
    return _countered(signer_info(SEAL, attrs), "has a content type")


def counter_signature_with_a_damaged_value() -> FileAttack:
    """C8: it is verified like any other."""
    return _countered(counter(value=bytes(64)), "SIG_CRYPTO_FAILURE")


def counter_signature_of_a_stranger() -> FileAttack:
    """C8: "never any": whoever is shown must be trusted."""
    return _countered(counter(signer=WORLD.stranger_signer), "NO_CERTIFICATE_CHAIN_FOUND", WORLD.stranger_signer)


def counter_signature_that_cannot_be_read() -> FileAttack:
    """C8: "unsigned attributes are attacker-controlled data"; it is shown as broken, not skipped."""
    return _countered(der.sequence(der.null()), "FORMAT")


def counter_signature_over_a_counter_signature_is_looked_at() -> FileAttack:
    """C8: one of the second degree with another digest must not hide behind the first."""
    nested = counter(VALUE, SIGNER)  # over the value of the signature, not of the counter-signature
    return _countered(counter(unsigned=[attribute(oids.ID_COUNTER_SIGNATURE, nested)]), "CONTENT_CHANGED")


def crowd_of_counter_signatures() -> FileAttack:
    """C8, R2: SET element caps."""
    return FileAttack(Case(countersigned(*[counter(value=bytes(64))] * 17)), "More than 16", countersigned_honestly)


def crowd_of_nested_counter_signatures() -> FileAttack:
    """C8, R2: one within the other counts as much as one beside the other."""
    one = counter(value=bytes(64))
    for _ in range(20):
        one = counter(value=bytes(64), unsigned=[attribute(oids.ID_COUNTER_SIGNATURE, one)])
    return _countered(one, "More than 16|nested deeper")


def counter_signature_that_was_revoked() -> FileAttack:
    """C8: its certificate is asked about."""
    world = replace(WORLD, revoked=dict(WORLD.revoked))
    world.revoke(WORLD.seal, AT, "keyCompromise")
    return FileAttack(replace(countersigned_honestly(), world=world), "REVOKED", countersigned_honestly)


def counter_signature_in_place_of_the_signature() -> FileAttack:
    """C7, C8: "not counted as a signature on content"."""
    forged = made(counter(), by=[SEAL])
    return FileAttack(Case(forged), "must stand once", honest)


# C9 -----------------------------------------------------------------------------------------------------------


def zeros_after_the_file() -> FileAttack:
    """C9: "trailing bytes allowed only as zero padding in PDF /Contents", so not here."""
    return FileAttack(Case(honest().cms + bytes(16)), "trailing|stand after|bytes", honest)


def bytes_after_a_file_of_ber() -> FileAttack:
    """C9: nor after a structure of indefinite length."""
    return FileAttack(Case(ber(honest().cms) + b"\x00"), "stand after", lambda: Case(ber(honest().cms)))


def ber(data: bytes) -> bytes:
    """The outermost shells with indefinite lengths, as BouncyCastle writes them."""
    return _shelled(data, 3)


def _shelled(data: bytes, levels: int) -> bytes:
    element = der.read(data)
    if levels == 0 or not element.tag & 0x20:
        return data
    inner = b"".join(_shelled(c.raw, levels - 1) for c in element.children())
    return bytes((element.tag, 0x80)) + inner + b"\x00\x00"


def _pieces(*pieces: bytes, end: bytes = b"\x00\x00") -> bytes:
    """A streamed `.p7m`: five shells, and the content as a string of strings."""
    string = b"\x24\x80" + b"".join(pieces) + end
    encapsulated = b"\x30\x80" + der.oid(oids.ID_DATA) + b"\xa0\x80" + string + b"\x00\x00" * 2
    parts = [e.raw for e in der.read(around().cms).children()[1].children()[0].children()]
    body = b"\x30\x80" + parts[0] + parts[1] + encapsulated + b"".join(parts[3:]) + b"\x00\x00"
    return b"\x30\x80" + der.oid(oids.ID_SIGNED_DATA) + b"\xa0\x80" + body + b"\x00\x00" * 2


def _streamed() -> Case:
    half = len(CONTENT) // 2
    return Case(_pieces(der.octet_string(CONTENT[:half]), der.octet_string(CONTENT[half:])), None)


def pieces_of_the_content_in_another_order() -> FileAttack:
    """C5, C9: the pieces are one string in their order."""
    half = len(CONTENT) // 2 + 3
    forged = _pieces(der.octet_string(CONTENT[half:]), der.octet_string(CONTENT[:half]))
    return FileAttack(Case(forged, None), "CONTENT_CHANGED", _streamed)


def piece_of_the_content_that_is_no_string() -> FileAttack:
    """C9: a piece that a lenient reader would skip."""
    forged = _pieces(der.octet_string(CONTENT), der.null())
    return FileAttack(Case(forged, None), "found tag", _streamed)


def pieces_without_an_end() -> FileAttack:
    """C9: lengths are checked before anything is taken."""
    return FileAttack(Case(_pieces(der.octet_string(CONTENT), end=b""), None), "DER|BER|found", _streamed)


def pieces_within_pieces() -> FileAttack:
    """C9: one level of them."""
    nested = b"\x24\x80" + der.octet_string(CONTENT) + b"\x00\x00"
    return FileAttack(Case(_pieces(nested), None), "found tag|indefinite|DER", _streamed)


def broken_pem() -> FileAttack:
    """C9: another armour, the same strictness."""
    pem = b"-----BEGIN CMS-----\n" + base64.encodebytes(honest().cms) + b"-----END CMS-----\n"
    return FileAttack(Case(pem.replace(b"A", b"%", 1)), "base64", lambda: Case(pem))


def _armoured(case: Case, kind: bytes = b"CMS") -> bytes:
    return b"-----BEGIN %s-----\n%s-----END %s-----\n" % (kind, base64.encodebytes(case.cms), kind)


def _followed(by: bytes) -> FileAttack:
    return FileAttack(
        Case(_armoured(around()) + by, None), "follows", lambda: Case(_armoured(around()) + b"\r\n ", None)
    )


def text_after_pem() -> FileAttack:
    """C9: What follows the armour is read by whoever opens the file, and nobody signed it."""
    return _followed("Số tiền: 1.000.000.000 đồng\n".encode())


def another_signature_after_pem() -> FileAttack:
    """C9: Some read the last block of a file, or all of them."""
    return _followed(_armoured(Case(made(info(), inside=b"khac"))))


def another_kind_of_block_after_pem() -> FileAttack:
    """C9: The same of a block that is no signature."""
    return _followed(_armoured(around(), b"PKCS7").replace(b"PKCS7", b"DATA"))


def text_far_after_pem() -> FileAttack:
    """C9: Beyond all that is read of a PEM text."""
    return _followed(b"\n" * (2 * MAX_SIGNED_DATA_BYTES) + b"x")


# V5: in the past ------------------------------------------------------------------------------------------------


def _revoked_later(reason: str | None, *, minutes: int = 10) -> FileAttack:
    world = replace(WORLD, revoked=dict(WORLD.revoked))
    world.revoke(WORLD.person, AT + timedelta(minutes=minutes), reason)
    harmless = replace(WORLD, revoked=dict(WORLD.revoked))
    harmless.revoke(WORLD.person, AT + timedelta(minutes=10), "superseded")
    return FileAttack(replace(timed(), world=world), "REVOKED", lambda: replace(timed(), world=harmless))


def stolen_key_of_the_signer() -> FileAttack:
    """V5: a stolen key may have been stolen before: keyCompromise is not spared by a timestamp."""
    return _revoked_later("keyCompromise")


def stolen_key_of_his_authority() -> FileAttack:
    """V5: cACompromise is not spared either."""
    return _revoked_later("cACompromise")


def revoked_before_the_proven_time() -> FileAttack:
    """V5: only a proof "earlier than revocationDate" spares."""
    return _revoked_later("superseded", minutes=-10)


def revoked_at_the_proven_time() -> FileAttack:
    """V5: earlier, not at the same second."""
    return _revoked_later("superseded", minutes=0)


def revoked_later_and_no_time_proven() -> FileAttack:
    """V5: "only with POE": the claimed time proves nothing."""
    attack = _revoked_later("superseded")
    return replace(attack, case=replace(attack.case, cms=honest().cms))


def on_hold_before_the_proven_time() -> FileAttack:
    """V5: on hold is not good."""
    attack = _revoked_later("certificateHold", minutes=-10)
    return replace(attack, word="TRY_LATER")


def revoked_later_and_a_token_of_another_signature() -> FileAttack:
    """V5, T1: a proof of another value."""
    attack = _revoked_later("superseded")
    token = stamp(tst(bytes(32)))
    forged = with_unsigned(attribute(oids.ID_AA_TIME_STAMP_TOKEN, token), by=())
    return replace(attack, case=replace(attack.case, cms=forged), word="TIMESTAMP_BROKEN")


def expired_and_no_time_proven() -> FileAttack:
    """V5: an expired certificate needs a proof from before its end."""
    return FileAttack(
        Case(made(info(WORLD.expired_signer), by=[WORLD.expired_signer])), "OUT_OF_BOUNDS_NO_POE", honest
    )


def expired_and_a_claimed_time_before_its_end() -> FileAttack:
    """V5, C3: "signing-time is a claim"."""
    signer = WORLD.expired_signer
    attrs = without(usual_attributes(signer, CONTENT), oids.ID_SIGNING_TIME)
    early = signer.certificate.not_after - timedelta(days=30)
    dated = [*attrs, attribute(oids.ID_SIGNING_TIME, der.utc_or_generalized_time(early))]
    forged = made(signer_info(signer, set_of(dated)), by=[signer])
    return FileAttack(Case(forged), "OUT_OF_BOUNDS_NO_POE", honest)


def expired_and_proven_after_its_end() -> FileAttack:
    """V5: a proof from after the end."""
    signer = WORLD.expired_signer
    attrs = set_of(usual_attributes(signer, CONTENT))
    value = value_over(attrs, signer)
    token = WORLD.timestamper(AT).timestamp(digest("sha256", value), "sha256")
    unsigned = [attribute(oids.ID_AA_TIME_STAMP_TOKEN, token)]
    forged = made(signer_info(signer, attrs, value=value, unsigned=unsigned), by=[signer])
    return FileAttack(Case(forged), "OUT_OF_BOUNDS_NO_POE", timed)


def proven_by_an_authority_whose_key_was_stolen() -> FileAttack:
    """V5, T2: whoever has the authority's key writes any time; "CA revoked breaks POE"."""
    attack = _revoked_later("superseded")
    world = attack.case.world
    assert world is not None
    world.revoke(WORLD.tsa, LATER - timedelta(minutes=5), "keyCompromise")
    return attack


ATTACKS = collected(globals())
