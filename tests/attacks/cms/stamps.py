"""T1 to T3: a timestamp that proves more than its authority said, or less than it seems.

A signature timestamp is unsigned data: a broken one makes the signature fail, an untrusted one proves nothing. A
document timestamp is judged for itself.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from kyso_pki import oids
from kyso_pki.asn1 import der
from kyso_pki.authority.issue import encoded_name, extension
from kyso_pki.authority.profile import TSA as TSA_PROFILE
from kyso_pki.authority.profile import Subject, Urls
from kyso_pki.cms.attributes import signed_attributes
from kyso_pki.credential import Chain
from kyso_pki.scheme import SCHEMES, digest
from kyso_pki.testing import BASE_URL, SoftwareSigner, World, forge, software_key
from kyso_pki.x509 import certificate as x
from kyso_pki.x509.trust import TrustStore

from .forge import (
    AT,
    DAY,
    IMPRINT,
    SIGNER,
    TSA,
    VALUE,
    WORLD,
    Attack,
    attribute,
    cms,
    collected,
    letter,
    set_of,
    signer_info,
    stamp,
    stamped,
    tst,
    usual_attributes,
)

BROKEN = "TIMESTAMP_BROKEN"
HOUR = timedelta(hours=1)


def _broken(info: bytes, word: str = BROKEN) -> Attack:
    return Attack(stamped(stamp(info)), word)


def _alone(info: bytes, word: str, signer: SoftwareSigner = TSA) -> Attack:
    """A document timestamp and nothing else."""
    return Attack(stamp(info, signer), word, "stamp")


COVERED = digest("sha256", letter("stamp").covered)


# T1 -----------------------------------------------------------------------------------------------------------


def token_of_another_signature() -> Attack:
    """T1: messageImprint == H(exact octets for this timestamp type)."""
    return _broken(tst(digest("sha256", VALUE + b"\x00")))


def token_over_the_document_instead_of_the_value() -> Attack:
    """T1: "for this timestamp type"."""
    return _broken(tst(digest("sha256", letter().covered)))


def imprint_with_another_hash_named() -> Attack:
    """T1: the imprint has the length of its hash."""
    return _broken(tst(IMPRINT, hash_oid=oids.SHA512), "is no sha512 digest")


def empty_imprint() -> Attack:
    """T1: an empty imprint matches nothing, least of all an empty digest."""
    return _broken(tst(b""), "is no sha256 digest")


def first_broken_second_good() -> Attack:
    """T1: one bad token among good ones is a manipulated signature, whatever the order."""
    good = WORLD.timestamper(AT).timestamp(IMPRINT, "sha256")
    return Attack(stamped(stamp(tst(bytes(32))), good), BROKEN)


def first_good_second_junk() -> Attack:
    """T1: the same with bytes that are no token at all."""
    good = WORLD.timestamper(AT).timestamp(IMPRINT, "sha256")
    return Attack(stamped(good, der.sequence(der.null())), BROKEN)


def crowd_of_tokens() -> Attack:
    """R2: SET element caps."""
    return Attack(stamped(*[stamp(tst(IMPRINT, serial=1))] * 33), "33 signature timestamps")


# T2 -----------------------------------------------------------------------------------------------------------


def token_without_its_certificate_bound() -> Attack:
    """T2: ESSCertID(v2) must be there (RFC 3161 2.4.2)."""
    info = tst(IMPRINT)
    attrs = [
        attribute(oids.ID_CONTENT_TYPE, der.oid(oids.ID_CT_TST_INFO)),
        attribute(oids.ID_MESSAGE_DIGEST, der.octet_string(digest("sha256", info))),
    ]
    return Attack(stamped(stamp(info, attributes=attrs)), "does not bind its certificate")


def token_bound_to_another_certificate() -> Attack:
    """T2: ESSCertID(v2) must match."""
    info = tst(IMPRINT)
    other = signed_attributes(
        content_digest=digest("sha256", info),
        leaf=SIGNER.certificate,
        scheme=TSA.scheme,
        content_type=oids.ID_CT_TST_INFO,
    )
    return Attack(stamped(stamp(info, attributes=[e.raw for e in der.read(other).reader()])), "names another")


def token_with_two_signers() -> Attack:
    """T2: exactly one SignerInfo."""
    return Attack(stamped(stamp(tst(IMPRINT), infos=2)), "2 signers")


def token_of_another_content_type() -> Attack:
    """T2: eContentType id-ct-TSTInfo."""
    return Attack(stamped(stamp(tst(IMPRINT), content_type=oids.ID_DATA)), BROKEN)


def token_that_names_another_authority() -> Attack:
    """T2: TSTInfo.tsa, if there, matches."""
    name = der.explicit(0, der.explicit(4, encoded_name(Subject("TSA khác"))))
    return _broken(tst(IMPRINT, authority=name), "names another authority")


def token_with_one_byte_flipped_in_its_value() -> Attack:
    """T2: the authority's own signature."""
    token = stamp(tst(IMPRINT))
    return Attack(stamped(token[:-1] + bytes((token[-1] ^ 1,))), BROKEN)


def token_over_another_tst_info() -> Attack:
    """T2: the authority signed another time."""
    honest, later = tst(IMPRINT), tst(IMPRINT, time=der.generalized_time(AT - HOUR))
    return Attack(stamped(stamp(honest).replace(honest, later)), "own content digest differs")


# T3: shape ----------------------------------------------------------------------------------------------------


def time_with_trailing_zero() -> Attack:
    """T3: "fraction/trailing zero GeneralizedTime rules"."""
    return _broken(tst(IMPRINT, time=der.tlv(der.GENERALIZED_TIME, b"20261123030000.10Z")), "not a time in DER form")


def time_without_zone() -> Attack:
    """T3: GeneralizedTime rules: Z."""
    return _broken(tst(IMPRINT, time=der.tlv(der.GENERALIZED_TIME, b"20261123030000")), "not a time in DER form")


def time_that_is_none() -> Attack:
    """T3: the 13th month."""
    return _broken(tst(IMPRINT, time=der.tlv(der.GENERALIZED_TIME, b"20261323030000Z")), "not a time in DER form")


def serial_number_beyond_160_bits() -> Attack:
    """T3: serial <= 160 bit."""
    return _broken(tst(IMPRINT, serial=1 << 161), "longer than 160 bits")


def serial_number_of_forty_thousand_bits() -> Attack:
    """R2: INTEGER limits."""
    return _broken(tst(IMPRINT, serial=1 << 40000), "INTEGER of 5001 octets")


def unknown_critical_extension() -> Attack:
    """T3: extensions critical unknown -> refuse."""
    return _broken(tst(IMPRINT, extensions=b"\xa1" + extension_list()[1:]), "unknown critical extension")


def extension_list() -> bytes:
    return der.sequence(extension("1.2.3.4", der.null(), critical=True))


def another_version() -> Attack:
    """T3, RFC 3161 2.4.2: version 1 is all that is known."""
    return _broken(tst(IMPRINT, version=2), "Only version 1")


def negative_accuracy() -> Attack:
    """T3, RFC 3161 2.4.2: a margin below nothing would make proofs better than they are."""
    return _broken(tst(IMPRINT, accuracy=der.sequence(der.integer(-86400))), "accuracy is out of range")


def accuracy_of_a_thousand_milliseconds() -> Attack:
    """T3, RFC 3161 2.4.2: millis is 1 to 999."""
    return _broken(tst(IMPRINT, accuracy=der.sequence(der.tlv(0x80, b"\x03\xe8"))), "accuracy is out of range")


def accuracy_that_no_float_holds() -> Attack:
    """R2: an exception while reading is a verdict."""
    return _broken(tst(IMPRINT, accuracy=der.sequence(der.integer(1 << 4000))), "accuracy is out of range")


# T3: time; what a token proves about the signature ----------------------------------------------------------------


def signature_proven_before_its_certificate() -> Attack:
    """T3: signature timestamp >= signing cert notBefore."""
    early = SIGNER.certificate.not_before - DAY
    old = WORLD.issue(Subject("TSA cũ"), TSA_PROFILE, software_key("p256", 60), not_before=early - DAY)
    info = tst(IMPRINT, time=der.generalized_time(early))
    return Attack(stamped(stamp(info, old)), "TOTAL-FAILED NOT_YET_VALID")


def _revoked(reason: str, token: bytes, *, revoked: str = "person") -> Attack:
    """The signer or his CA is revoked ten minutes after AT."""
    world = replace(WORLD, revoked=dict(WORLD.revoked))
    world.revoke(WORLD.issuing if revoked == "issuing" else WORLD.person, AT + timedelta(minutes=10), reason)
    return Attack(stamped(token), "REVOKED", world=world)


def key_that_was_compromised_later() -> Attack:
    """V5: reason keyCompromise is not spared."""
    return _revoked("keyCompromise", stamp(tst(IMPRINT)))


def revocation_inside_the_margin_of_the_token() -> Attack:
    """T3: a token proves existence before genTime + accuracy, and not before genTime."""
    margin = der.sequence(der.integer(1200))
    return _revoked("superseded", stamp(tst(IMPRINT, accuracy=margin)))


def revocation_before_a_token_that_is_not_trusted() -> Attack:
    """T2: a TSA that is not trusted proves nothing."""
    other = World.create(at=AT, number=4, name="tỉnh Khác")
    return _revoked("superseded", stamp(tst(IMPRINT), other.tsa_signer))


def revocation_before_a_token_of_a_person() -> Attack:
    """T2: TSA cert EKU must be critical and *only* id-kp-timeStamping."""
    return _revoked("superseded", stamp(tst(IMPRINT), WORLD.seal_signer))


def _tsa(*usages: str, critical: bool) -> SoftwareSigner:
    key = software_key("p256", 61)
    listed = der.sequence(*map(der.oid, usages))
    leaf = forge(
        Subject("TSA khác"),
        key.public_key(),
        key=WORLD.issuing_signer,
        issuer=WORLD.issuing,
        not_before=AT - DAY,
        not_after=AT + DAY,
        extensions=[
            extension(x.KEY_USAGE, b"\x03\x02\x07\x80", critical=True),
            extension(x.EXTENDED_KEY_USAGE, listed, critical=critical),
        ],
    )
    return SoftwareSigner(key, SCHEMES["ecdsa-sha256"], Chain((leaf, WORLD.issuing)))


def revocation_before_a_token_of_an_authority_for_more() -> Attack:
    """T2: *only* id-kp-timeStamping."""
    signer = _tsa(oids.KP_TIME_STAMPING, oids.KP_DOCUMENT_SIGNING, critical=True)
    return _revoked("superseded", stamp(tst(IMPRINT), signer))


def revocation_before_a_token_of_an_authority_not_critical() -> Attack:
    """T2: critical."""
    return _revoked("superseded", stamp(tst(IMPRINT), _tsa(oids.KP_TIME_STAMPING, critical=False)))


def revocation_before_a_token_of_an_anchor_for_signers() -> Attack:
    """T2: chain to a TSA anchor, not to the signer anchors."""
    attack = _revoked("superseded", stamp(tst(IMPRINT)))
    return replace(attack, trust=TrustStore.of([WORLD.root], ["signing"]))


def revocation_before_a_token_from_the_future() -> Attack:
    """T3: not in the future."""
    world = replace(WORLD, revoked=dict(WORLD.revoked))
    info = tst(IMPRINT, time=der.generalized_time(AT + 5 * HOUR))
    world.revoke(WORLD.person, AT, "superseded")
    return Attack(stamped(stamp(info)), "REVOKED", world=world)


def revocation_before_a_token_signed_with_sha1() -> Attack:
    """T1: imprint hash strong; and C2: so is the authority's own."""
    weak = SoftwareSigner(TSA.private_key, SCHEMES["rsa-pkcs1-sha1"], TSA.chain)
    return _revoked("superseded", stamp(tst(IMPRINT), weak))


def revocation_before_a_token_over_sha1() -> Attack:
    """T1: imprint hash strong."""
    return _revoked("superseded", stamp(tst(digest("sha1", VALUE), hash_oid=oids.SHA1)))


def revocation_before_a_token_made_after_its_authority_ended() -> Attack:
    """T3: genTime within TSA cert validity."""
    ended = WORLD.issue(Subject("TSA cũ"), TSA_PROFILE, software_key("p256", 62), not_after=AT - HOUR)
    return _revoked("superseded", stamp(tst(IMPRINT), ended))


def revocation_before_a_token_whose_margin_leaves_its_authority() -> Attack:
    """T3: genTime (+accuracy) within TSA cert validity."""
    near = WORLD.issue(
        Subject("TSA mới"), TSA_PROFILE, software_key("p256", 63), not_before=AT - timedelta(minutes=1)
    )
    info = tst(IMPRINT, accuracy=der.sequence(der.integer(300)))
    return _revoked("superseded", stamp(info, near))


def revocation_before_a_token_of_an_expired_authority() -> Attack:
    """T3: expired TSA needs a later proof."""
    short = WORLD.issue(
        Subject("TSA cũ"), TSA_PROFILE, software_key("p256", 64), not_after=AT + timedelta(minutes=30)
    )
    return _revoked("superseded", stamp(tst(IMPRINT), short))


def token_of_a_revoked_authority() -> Attack:
    """V5: the authority's key may have dated anything back."""
    world = replace(WORLD, revoked=dict(WORLD.revoked))
    world.revoke(WORLD.tsa, AT + timedelta(minutes=30), "keyCompromise")
    world.revoke(WORLD.person, AT + timedelta(minutes=10), "superseded")
    return Attack(stamped(stamp(tst(IMPRINT))), "REVOKED_NO_POE", world=world)


def _root_tsa() -> SoftwareSigner:
    """An authority directly below the root, so that the issuing CA's fate is not its own."""
    root = replace(WORLD, issuing_signer=WORLD.root_signer)
    urls = Urls(crl=f"{BASE_URL}/crl/root.crl")
    return root.issue(Subject("TSA gốc"), TSA_PROFILE, software_key("p256", 65), urls=urls)


def spared() -> Attack:
    """No attack: the signer was revoked for a harmless reason after a proven time. The attacks below differ in one
    thing each."""
    return _revoked("superseded", stamp(tst(IMPRINT), _root_tsa()))


def issuing_authority_revoked_behind_a_revoked_signer() -> Attack:
    """V5: "CA revoked breaks": the signer's harmless revocation must not hide that of his CA."""
    attack = spared()
    attack.world.revoke(WORLD.issuing, AT - HOUR, "cACompromise")
    return replace(attack, word="REVOKED_CA_NO_POE")


def unknown_signer_below_an_issuer_revoked_later() -> Attack:
    """V3: fail closed: the CA's harmless revocation must not hide that nothing is known of the signer."""
    unknown = forge(
        Subject("Nguyễn Văn Mẫu"),
        SIGNER.public_key,
        key=WORLD.issuing_signer,
        issuer=WORLD.issuing,
        not_before=AT - DAY,
        not_after=AT + DAY,
    )
    signer = SoftwareSigner(SIGNER.private_key, SIGNER.scheme, Chain((unknown, WORLD.issuing)))
    attrs = set_of(usual_attributes(signer))
    [value] = signer.sign([signer.scheme.imprint(attrs)])
    token = stamp(tst(digest("sha256", value)), _root_tsa())
    info = signer_info(signer, attrs, value=value, unsigned=[attribute(oids.ID_AA_TIME_STAMP_TOKEN, token)])
    world = replace(WORLD, revoked=dict(WORLD.revoked))
    world.revoke(WORLD.issuing, AT + timedelta(minutes=10), "superseded")
    return Attack(cms(info, signer=signer), "INDETERMINATE TRY_LATER", world=world)


# T3: document timestamps ------------------------------------------------------------------------------------------


def document_timestamp_and_no_signature() -> Attack:
    """T3, the general rule: "no signature found" is never valid: anybody can have any document stamped."""
    return _alone(tst(COVERED), "carries a timestamp, but no signature")


def document_timestamp_from_the_future() -> Attack:
    """T3: not in the future."""
    return _alone(tst(COVERED, time=der.generalized_time(AT + DAY)), "INDETERMINATE OUT_OF_BOUNDS_NO_POE")


def document_timestamp_over_sha1() -> Attack:
    """T1: imprint hash strong."""
    weak = digest("sha1", letter("stamp").covered)
    return _alone(tst(weak, hash_oid=oids.SHA1), "INDETERMINATE CRYPTO_CONSTRAINTS_FAILURE")


def document_timestamp_signed_with_sha1() -> Attack:
    """C2: SHA-1 by policy; a document timestamp has no other signature than the authority's."""
    signer = SoftwareSigner(TSA.private_key, SCHEMES["rsa-pkcs1-sha1"], TSA.chain)
    return _alone(tst(COVERED), "INDETERMINATE CRYPTO_CONSTRAINTS_FAILURE", signer)


def document_timestamp_made_before_its_authority() -> Attack:
    """T3: genTime within TSA cert validity."""
    early = TSA.certificate.not_before - DAY
    return _alone(tst(COVERED, time=der.generalized_time(early)), "INDETERMINATE OUT_OF_BOUNDS_NO_POE")


def document_timestamp_by_a_person() -> Attack:
    """T2: TSA cert EKU."""
    return _alone(tst(COVERED), "INDETERMINATE CHAIN_CONSTRAINTS_FAILURE", WORLD.seal_signer)


def document_timestamp_of_another_document() -> Attack:
    """T1: messageImprint == H(exact octets)."""
    return _alone(tst(bytes(32)), "TOTAL-FAILED HASH_FAILURE")


def signature_where_a_document_timestamp_must_be() -> Attack:
    """T2: eContentType id-ct-TSTInfo."""
    info = signer_info(attributes=set_of(usual_attributes(content=letter("stamp").covered)))
    return Attack(cms(info), "must carry its content", "stamp")


ATTACKS = {name: make for name, make in collected(globals()).items() if name != "spared"}
