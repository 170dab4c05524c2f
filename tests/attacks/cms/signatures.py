"""C1 to C10: a signature that says more than its signer did."""

from __future__ import annotations

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from kyso_pki import oids
from kyso_pki.asn1 import der
from kyso_pki.authority.issue import issue
from kyso_pki.authority.profile import PERSON, Subject
from kyso_pki.credential import Chain
from kyso_pki.scheme import SCHEMES, Scheme, digest
from kyso_pki.testing import PrivateKey, SoftwareSigner, forge, software_key
from kyso_pki.x509.certificate import Certificate

from .forge import (
    AT,
    ATTRIBUTES,
    DAY,
    SEAL,
    SIGNER,
    VALUE,
    WORLD,
    Attack,
    algorithm,
    attribute,
    cms,
    collected,
    letter,
    set_of,
    signed,
    signer_info,
    usual_attributes,
    value_over,
    without,
)

LEAF = SIGNER.certificate
HUGE = der.integer(1 << 40000)
ONCE = "must stand once"


def _certified(key: PrivateKey, public_key: bytes | None = None) -> SoftwareSigner:
    """A signer below the issuing CA, whatever his key is like."""
    leaf = forge(
        Subject("Nguyễn Văn Mẫu"),
        key.public_key() if public_key is None else public_key,
        key=WORLD.issuing_signer,
        issuer=WORLD.issuing,
        not_before=AT - DAY,
        not_after=AT + DAY,
    )
    return SoftwareSigner(key, Scheme.for_key(key.public_key()), Chain((leaf, WORLD.issuing)))


def _spliced(attributes: list[bytes], *more: bytes) -> bytes:
    return signed(attributes=[*attributes, *more])


# C1 -----------------------------------------------------------------------------------------------------------


def attributes_shown_as_content() -> Attack:
    """C1: eContent := SET OF signedAttrs, no signedAttrs, the same value: RSA verifies."""
    info = signer_info(value=VALUE, drop_attributes=True)
    return Attack(cms(info, content=der.octet_string(ATTRIBUTES)), "no signed attributes")


def document_signed_without_attributes() -> Attack:
    """C1: "for CAdES/PAdES/TSP signedAttrs are mandatory"; without them the value moves elsewhere."""
    value = value_over(letter("adbe").covered)
    return Attack(cms(signer_info(value=value, drop_attributes=True)), "no signed attributes", "adbe")


# C2 -----------------------------------------------------------------------------------------------------------


def digest_algorithm_not_listed() -> Attack:
    """C2: digestAlgorithm in SignerInfo is one of SignedData.digestAlgorithms."""
    return Attack(cms(signer_info(), digests=[algorithm(oids.SHA512)]), "DIGEST_NOT_LISTED")


def no_digest_algorithm_listed() -> Attack:
    """C2: the same with an empty list."""
    return Attack(cms(signer_info(), digests=[]), "DIGEST_NOT_LISTED")


def signature_algorithm_of_another_hash() -> Attack:
    """C2: digestAlgorithm == hash in signatureAlgorithm. OpenSSL looks at the former only."""
    swapped = SCHEMES["rsa-pkcs1-sha512"].identifier
    return Attack(signed(signature_algorithm=swapped), "hashes with sha512", openssl=True)


def digest_algorithm_of_another_hash() -> Attack:
    """C2: the other way round."""
    return Attack(signed(digest_algorithm=algorithm(oids.SHA512)), "hashes with sha256", openssl=False)


def unknown_digest_algorithm() -> Attack:
    """C2: MD5 is not known here at all."""
    return Attack(signed(digest_algorithm=algorithm("1.2.840.113549.2.5")), "Unknown digest algorithm")


def hmac_as_signature_algorithm() -> Attack:
    """C2: key type == signature type, no HMAC."""
    return Attack(signed(signature_algorithm=algorithm("1.2.840.113549.2.9")), "Unknown signature algorithm")


def ecdsa_named_for_an_rsa_value() -> Attack:
    """C2: key type == signature type."""
    bare = without(usual_attributes(), oids.ID_CMS_ALGORITHM_PROTECTION)
    ecdsa = algorithm(oids.ECDSA_WITH_SHA256)
    return Attack(signed(attributes=bare, signature_algorithm=ecdsa), "SIG_CRYPTO_FAILURE")


def pss_named_for_a_pkcs1_value() -> Attack:
    """C2: the padding is part of the algorithm."""
    bare = without(usual_attributes(), oids.ID_CMS_ALGORITHM_PROTECTION)
    pss = SCHEMES["rsa-pss-sha256"].identifier
    return Attack(signed(attributes=bare, signature_algorithm=pss), "SIG_CRYPTO_FAILURE", openssl=False)


def _pss(*parameters: bytes) -> bytes:
    signer = SIGNER.using(pss=True)
    return signed(signer, signature_algorithm=algorithm(oids.RSASSA_PSS, der.sequence(*parameters)))


_SHA256 = der.explicit(0, algorithm(oids.SHA256))
_MGF256 = der.explicit(1, algorithm(oids.MGF1, algorithm(oids.SHA256)))


def pss_with_another_mask_hash() -> Attack:
    """C2: hash of PSS params == MGF1's."""
    mask = der.explicit(1, algorithm(oids.MGF1, algorithm(oids.SHA1)))
    return Attack(_pss(_SHA256, mask, der.explicit(2, der.integer(32))), "do not agree")


def pss_with_a_short_salt() -> Attack:
    """C2: salt = hash length."""
    return Attack(_pss(_SHA256, _MGF256, der.explicit(2, der.integer(0))), "do not agree")


def pss_with_another_trailer() -> Attack:
    """C2, RFC 4055 3.1: trailerField is 1."""
    salt, trailer = der.explicit(2, der.integer(32)), der.explicit(3, der.integer(2))
    return Attack(_pss(_SHA256, _MGF256, salt, trailer), "trailer")


def pss_with_a_salt_of_forty_thousand_bits() -> Attack:
    """C9, R2: INTEGER limits; Python refuses to print such a number."""
    return Attack(_pss(_SHA256, _MGF256, der.explicit(2, HUGE)), "INTEGER of 5001 octets")


def pss_without_parameters() -> Attack:
    """C2, RFC 4055 3.1: required in a SignerInfo."""
    return Attack(
        signed(SIGNER.using(pss=True), signature_algorithm=algorithm(oids.RSASSA_PSS)), "without parameters"
    )


def parameters_that_must_not_be_there() -> Attack:
    """C2: an AlgorithmIdentifier with anything more has two readings."""
    odd = algorithm(oids.SHA256_WITH_RSA, der.integer(1))
    return Attack(signed(signature_algorithm=odd), "parameters that it must not have")


def protected_algorithm_is_another() -> Attack:
    """C2, RFC 6211 2: CMSAlgorithmProtection equals the algorithms of the SignerInfo."""
    other = der.sequence(algorithm(oids.SHA256), b"\xa1" + SCHEMES["rsa-pss-sha256"].identifier[1:])
    attrs = without(usual_attributes(), oids.ID_CMS_ALGORITHM_PROTECTION)
    return Attack(_spliced(attrs, attribute(oids.ID_CMS_ALGORITHM_PROTECTION, other)), "ALGORITHM_PROTECTION")


def sha1_throughout() -> Attack:
    """C2: SHA-1 by policy."""
    weak = SoftwareSigner(SIGNER.private_key, SCHEMES["rsa-pkcs1-sha1"], SIGNER.chain)
    return Attack(signed(weak), "WEAK_HASH")


def rsa_of_1024_bits() -> Attack:
    """C2: RSA >= 2048 (TT 15/2025, Appendix I)."""
    return Attack(signed(_certified(software_key("rsa1024"))), "WEAK_KEY")


def ed25519_beside_another_digest() -> Attack:
    """C2, RFC 8419 3.1: with signed attributes the digest algorithm is SHA-512."""
    edwards = WORLD.issue(Subject("Nguyễn Văn Mẫu"), PERSON, software_key("ed25519"))
    return Attack(signed(edwards, digest_algorithm=algorithm(oids.SHA256)), "hashes with sha512")


# C3 -----------------------------------------------------------------------------------------------------------


def _twice(kind: str) -> Attack:
    usual = usual_attributes()
    [one] = [a for a in usual if a not in without(usual, kind)]
    return Attack(_spliced(usual, one), ONCE)


def content_type_twice() -> Attack:
    """C3: each at most once."""
    return _twice(oids.ID_CONTENT_TYPE)


def message_digest_twice() -> Attack:
    """C3: each at most once."""
    return _twice(oids.ID_MESSAGE_DIGEST)


def signing_time_twice() -> Attack:
    """C3: each at most once."""
    return _twice(oids.ID_SIGNING_TIME)


def signing_certificate_twice() -> Attack:
    """C3: each at most once."""
    return _twice(oids.ID_AA_SIGNING_CERTIFICATE_V2)


def message_digest_with_two_values() -> Attack:
    """C3: exactly one value; a reader that takes the last one accepts another document."""
    attrs = without(usual_attributes(), oids.ID_MESSAGE_DIGEST)
    true = der.octet_string(digest("sha256", letter().covered))
    return Attack(_spliced(attrs, attribute(oids.ID_MESSAGE_DIGEST, der.octet_string(bytes(32)), true)), ONCE)


def message_digest_without_value() -> Attack:
    """C3: exactly one value."""
    attrs = without(usual_attributes(), oids.ID_MESSAGE_DIGEST)
    return Attack(_spliced(attrs, attribute(oids.ID_MESSAGE_DIGEST)), ONCE)


def no_message_digest() -> Attack:
    """C3, RFC 5652 5.3: mandatory."""
    return Attack(signed(attributes=without(usual_attributes(), oids.ID_MESSAGE_DIGEST)), ONCE, openssl=False)


def no_content_type() -> Attack:
    """C3, RFC 5652 5.3: mandatory."""
    return Attack(signed(attributes=without(usual_attributes(), oids.ID_CONTENT_TYPE)), ONCE)


def no_attributes_in_the_set() -> Attack:
    """C3, RFC 5652 5.3: SIZE (1..MAX)."""
    return Attack(signed(attributes=[]), ONCE)


def signed_content_type_is_another() -> Attack:
    """C3: content-type == eContentType."""
    attrs = without(usual_attributes(), oids.ID_CONTENT_TYPE)
    other = attribute(oids.ID_CONTENT_TYPE, der.oid(oids.ID_CT_TST_INFO))
    return Attack(_spliced(attrs, other), "CONTENT_TYPE", openssl=True)


def both_content_types_are_another() -> Attack:
    """C3: id-data for PDF: a timestamp token is no signature on a document."""
    attrs = without(usual_attributes(), oids.ID_CONTENT_TYPE)
    other = [*attrs, attribute(oids.ID_CONTENT_TYPE, der.oid(oids.ID_CT_TST_INFO))]
    return Attack(cms(signer_info(attributes=set_of(other)), content_type=oids.ID_CT_TST_INFO), "CONTENT_TYPE")


def attributes_reordered_after_signing() -> Attack:
    """C3: verified over the octets received."""
    odd = set_of([e.raw for e in der.read(ATTRIBUTES).reader()][::-1], order=False)
    return Attack(cms(signer_info(attributes=odd, value=VALUE)), "SIG_CRYPTO_FAILURE")


def another_document() -> Attack:
    """P0: the digest is another document's."""
    return Attack(signed(attributes=usual_attributes(content=b"another")), "HASH_FAILURE", openssl=False)


def truncated_digest() -> Attack:
    """C3: the whole digest counts, not its beginning."""
    attrs = without(usual_attributes(), oids.ID_MESSAGE_DIGEST)
    short = der.octet_string(digest("sha256", letter().covered)[:16])
    return Attack(_spliced(attrs, attribute(oids.ID_MESSAGE_DIGEST, short)), "HASH_FAILURE", openssl=False)


# C4 -----------------------------------------------------------------------------------------------------------


def _twin(serial: int | None = None, *, subject: str = "Trần Thị Mẫu") -> Certificate:
    """The same key certified for another person by the same CA."""
    return issue(
        PERSON,
        Subject(subject, "UBND tỉnh Mẫu"),
        LEAF.public_key,
        key=WORLD.issuing_signer,
        issuer=WORLD.issuing,
        not_before=LEAF.not_before,
        not_after=LEAF.not_after,
        serial=serial,
        urls=WORLD.urls,
    )


def _carrying(*leaves: Certificate) -> list[bytes]:
    return [*(c.der for c in leaves), WORLD.issuing.der]


def certificate_swapped_for_one_of_the_same_serial_number() -> Attack:
    """C4: issuer+serial *and* the ESSCertIDv2 hash."""
    forged = cms(signer_info(), certificates=_carrying(_twin(LEAF.serial)))
    return Attack(forged, "SIGNING_CERTIFICATE_MISMATCH", openssl=False)


def identifier_led_to_another_certificate_of_the_key() -> Attack:
    """C4: the identifier is not signed; ESS is."""
    twin = _twin()
    sid = der.sequence(twin.issuer.der, der.integer(twin.serial))
    forged = cms(signer_info(sid=sid), certificates=_carrying(twin, LEAF))
    return Attack(forged, "SIGNING_CERTIFICATE_MISMATCH", openssl=False)


def identifier_by_key_led_to_another_certificate_of_the_key() -> Attack:
    """C4: a key identifier names every certificate of the key; without ESS nobody knows whose name was meant."""
    assert LEAF.subject_key_identifier is not None
    attrs = set_of(without(usual_attributes(content=letter("adbe").covered), oids.ID_AA_SIGNING_CERTIFICATE_V2))
    info = signer_info(attributes=attrs, version=der.integer(3), sid=der.tlv(0x80, LEAF.subject_key_identifier))
    return Attack(cms(info, certificates=_carrying(_twin(), LEAF)), "AMBIGUOUS_CERTIFICATE", "adbe", openssl=True)


def two_certificates_of_one_serial_number_without_ess() -> Attack:
    """C4: never "first certificate in the SET"."""
    attrs = set_of(without(usual_attributes(content=letter("adbe").covered), oids.ID_AA_SIGNING_CERTIFICATE_V2))
    forged = cms(signer_info(attributes=attrs), certificates=_carrying(_twin(LEAF.serial), LEAF))
    return Attack(forged, "AMBIGUOUS_CERTIFICATE", "adbe")


def self_made_certificate_with_the_victims_key_and_number() -> Attack:
    """C4: a certificate with the right issuer name, serial number and key, which the CA did not sign."""
    fake = forge(
        Subject("Trần Thị Mẫu"),
        LEAF.public_key,
        key=WORLD.impostor_signer,
        issuer=WORLD.issuing,
        not_before=AT - DAY,
        not_after=AT + DAY,
        serial=LEAF.serial,
    )
    attrs = set_of(without(usual_attributes(content=letter("adbe").covered), oids.ID_AA_SIGNING_CERTIFICATE_V2))
    forged = cms(signer_info(attributes=attrs), certificates=_carrying(fake))
    return Attack(forged, "NO_CERTIFICATE_CHAIN_FOUND", "adbe", openssl=False)


def no_ess_in_a_signature_that_says_cades() -> Attack:
    """C4: no ESS attr -> not CAdES/PAdES-B."""
    attrs = without(usual_attributes(), oids.ID_AA_SIGNING_CERTIFICATE_V2)
    return Attack(signed(attributes=attrs), "NO_ESS_CERTIFICATE", openssl=False)


def _ess_v2(certificate: Certificate, issuer_serial: bytes = b"") -> bytes:
    one = der.sequence(der.octet_string(digest("sha256", certificate.der)), issuer_serial)
    return attribute(oids.ID_AA_SIGNING_CERTIFICATE_V2, der.sequence(der.sequence(one)))


def ess_with_the_right_hash_and_another_serial_number() -> Attack:
    """C4: "(and issuerSerial if given)"."""
    name = der.sequence(der.explicit(4, LEAF.issuer.der))
    attrs = without(usual_attributes(), oids.ID_AA_SIGNING_CERTIFICATE_V2)
    wrong = _ess_v2(LEAF, der.sequence(name, der.integer(LEAF.serial + 1)))
    return Attack(_spliced(attrs, wrong), "SIGNING_CERTIFICATE_MISMATCH", openssl=False)


def ess_of_both_versions_that_disagree() -> Attack:
    """C4, RFC 5035 5: where both stand, both name the signer's certificate."""
    other = der.sequence(der.octet_string(digest("sha1", _twin().der)))
    old = attribute(oids.ID_AA_SIGNING_CERTIFICATE, der.sequence(der.sequence(other)))
    return Attack(_spliced(usual_attributes(), old), "SIGNING_CERTIFICATE_MISMATCH")


def ess_that_names_the_signer_second() -> Attack:
    """C4: "the first ESSCertIDv2 hash"."""
    both = [der.sequence(der.octet_string(digest("sha256", c.der))) for c in (_twin(), LEAF)]
    attrs = without(usual_attributes(), oids.ID_AA_SIGNING_CERTIFICATE_V2)
    odd = attribute(oids.ID_AA_SIGNING_CERTIFICATE_V2, der.sequence(der.sequence(*both)))
    return Attack(_spliced(attrs, odd), "SIGNING_CERTIFICATE_MISMATCH", openssl=False)


def no_certificate_at_all() -> Attack:
    """C4, EN 319 102-1 5.2.3: nobody is named, so nobody is believed."""
    return Attack(cms(signer_info(), certificates=[]), "INDETERMINATE NO_SIGNING_CERTIFICATE_FOUND", openssl=False)


def only_certificates_of_others() -> Attack:
    """C4: never by whichever certificate is there."""
    forged = cms(signer_info(), certificates=[SEAL.certificate.der, WORLD.issuing.der])
    return Attack(forged, "INDETERMINATE NO_SIGNING_CERTIFICATE_FOUND", openssl=False)


def stranger_with_an_honest_chain_beside_him() -> Attack:
    """C4: certificates in the bag prove nothing about who signed."""
    stranger = WORLD.stranger_signer
    forged = cms(signer_info(stranger), certificates=[stranger.certificate.der, LEAF.der, WORLD.issuing.der])
    return Attack(forged, "NO_CERTIFICATE_CHAIN_FOUND", openssl=False)


# C5 to C7 -------------------------------------------------------------------------------------------------------


def content_inside_a_detached_signature() -> Attack:
    """C5: crypto valid for the content inside, not for the PDF."""
    own = b"Noi dung khac"
    info = signer_info(attributes=set_of(usual_attributes(content=own)))
    return Attack(cms(info, content=der.octet_string(own)), "EMBEDDED_CONTENT")


def empty_content_inside_a_detached_signature() -> Attack:
    """C5: an empty OCTET STRING counts as present."""
    return Attack(cms(signer_info(), content=der.octet_string(b"")), "EMBEDDED_CONTENT")


def the_document_itself_inside_a_detached_signature() -> Attack:
    """C5: detached formats require eContent absent."""
    return Attack(cms(signer_info(), content=der.octet_string(letter().covered)), "EMBEDDED_CONTENT")


def two_signers() -> Attack:
    """C6: PAdES exactly one."""
    return Attack(cms(signer_info(), signer_info(SEAL)), "2 signers")


def the_same_signer_twice() -> Attack:
    """C6: PAdES exactly one."""
    return Attack(cms(signer_info(), signer_info()), "2 signers", openssl=True)


def no_signer() -> Attack:
    """C7: certs-only = "no signature"."""
    return Attack(cms(), "0 signers", openssl=False)


def enveloped_data_where_signed_data_must_be() -> Attack:
    """C7: another content type is no signature."""
    return Attack(der.sequence(der.oid("1.2.840.113549.1.7.3"), der.explicit(0, der.sequence())), "content type")


# C8 -----------------------------------------------------------------------------------------------------------


def counter_signature_shown_as_signature() -> Attack:
    """C8: its messageDigest is over the value of its parent, and it has no content-type."""
    usual = without(usual_attributes(SEAL), oids.ID_CONTENT_TYPE, oids.ID_MESSAGE_DIGEST)
    attrs = [*usual, attribute(oids.ID_MESSAGE_DIGEST, der.octet_string(digest("sha256", VALUE)))]
    return Attack(cms(signer_info(SEAL, set_of(attrs)), signer=SEAL), ONCE, openssl=False)


def unsigned_attributes_that_cannot_be_read() -> Attack:
    """C8: unsigned attributes are attacker-controlled data."""
    info = signer_info(unsigned=[der.sequence(der.oid(oids.ID_COUNTER_SIGNATURE), der.integer(1))])
    return Attack(cms(info), "found tag 0x02")


# C9 -----------------------------------------------------------------------------------------------------------


def signed_attributes_of_indefinite_length() -> Attack:
    """C9: only the outer shells may be BER; signed attributes "MUST be DER encoded" (RFC 5652 5.3)."""
    parts = der.read(signer_info()).children()
    attributes = b"\xa0\x80" + parts[3].content + b"\x00\x00"
    info = b"".join([*(part.raw for part in parts[:3]), attributes, *(part.raw for part in parts[4:])])
    return Attack(cms(der.sequence(info)), "indefinite length")


def all_shells_of_indefinite_length_down_to_the_signed_attributes() -> Attack:
    """C9: the same where every shell around them is BER too, so that a rewriter could reach them."""
    return Attack(_shelled(der.read(cms(signer_info())), 6), "deeper than 5 levels")


def _shelled(element: der.Element, levels: int) -> bytes:
    if levels == 0 or not element.tag & 0x20:
        return element.raw
    return bytes((element.tag, 0x80)) + b"".join(_shelled(c, levels - 1) for c in element.children()) + b"\x00\x00"


def bytes_after_the_structure() -> Attack:
    """C9: "trailing bytes allowed only as zero padding"."""
    return Attack(cms(signer_info()) + b"\x01", "zero padding")


def element_after_signed_data() -> Attack:
    """C9: nothing that the structure does not know."""
    return Attack(cms(signer_info(), tail=der.null()), "unexpected element")


def length_that_is_not_minimal() -> Attack:
    """C9: one encoding only."""
    content = der.read(cms(signer_info())).content
    return Attack(b"\x30\x83" + len(content).to_bytes(3, "big") + content, "not minimal")


def length_beyond_the_end() -> Attack:
    """C9: lengths are checked before anything is taken."""
    return Attack(b"\x30\x88" + (1 << 62).to_bytes(8, "big") + bytes(100), "bytes, ")


def version_that_is_not_minimal() -> Attack:
    """C9: non-minimal INTEGER."""
    return Attack(signed(version=b"\x02\x02\x00\x01"), "not minimal")


def version_of_forty_thousand_bits() -> Attack:
    """C9, R2: INTEGER limits; Python refuses to print such a number."""
    return Attack(signed(version=HUGE), "INTEGER of 5001 octets")


def version_that_does_not_fit_the_identifier() -> Attack:
    """C9, RFC 5652 5.3: 1 with issuer and serial number, 3 with a key identifier."""
    return Attack(signed(version=der.integer(3)), "does not fit its signer identifier")


def high_tag_number() -> Attack:
    """C9: high tag."""
    return Attack(cms(b"\xbf\x81\x00\x00"), "high tag number")


def nesting_without_end() -> Attack:
    """C9: depth limits."""
    deep = b""
    for _ in range(4000):
        deep = der.sequence(deep)
    odd = der.sequence(der.oid(oids.ID_AA_SIGNING_CERTIFICATE_V2), der.tlv(der.SET, deep))
    attrs = without(usual_attributes(), oids.ID_AA_SIGNING_CERTIFICATE_V2)
    return Attack(signed(attributes=[*attrs, odd]), "DER")


def crowd_of_certificates() -> Attack:
    """R2: certificate count cap in CMS; those that cannot be read count too."""
    return Attack(cms(signer_info(), certificates=[*_carrying(LEAF), *[der.sequence()] * 20000]), "More than 64")


def crowd_of_namesakes() -> Attack:
    """R2, C4: certificates of one issuer and serial number, each with a key to be tried for each signer: 64 times 272
    signers and counter-signers of the largest keys took 77 s for 760 kB."""
    twins = [_twin(LEAF.serial, subject=f"Trần Thị Mẫu {n}") for n in range(4)]
    attrs = set_of(without(usual_attributes(), oids.ID_AA_SIGNING_CERTIFICATE_V2))
    info = signer_info(attributes=attrs)
    return Attack(cms(info, certificates=_carrying(LEAF, *twins)), "5 certificates fit", openssl=False)


def certificate_that_is_none() -> Attack:
    """C9: CertificateChoices has five tags (RFC 5652 10.2.2)."""
    return Attack(cms(signer_info(), certificates=[*_carrying(LEAF), der.null()]), "among the certificates")


def answer_that_is_none() -> Attack:
    """C9: RevocationInfoChoice has two tags (RFC 5652 10.2.1)."""
    return Attack(cms(signer_info(), crls=der.tlv(0xA1, der.null())), "among revocation answers")


def crowd_of_signers() -> Attack:
    """R2: SET element caps."""
    return Attack(cms(*[signer_info(value=VALUE, attributes=ATTRIBUTES)] * 20), "More than 16")


def crowd_of_digest_algorithms() -> Attack:
    """R2: SET element caps."""
    return Attack(cms(signer_info(), digests=[algorithm(oids.SHA256)] * 5000), "More than 16")


def crowd_of_attributes() -> Attack:
    """R2: SET element caps."""
    more = [attribute("1.2.3", der.integer(n)) for n in range(5000)]
    return Attack(signed(attributes=[*usual_attributes(), *more]), "More than 64 attributes")


def crowd_of_values() -> Attack:
    """R2: SET element caps, in unsigned attributes too."""
    return Attack(signed(unsigned=[attribute("1.2.3", *[der.null()] * 50000)]), "More than 64 values")


def crowd_of_revocation_answers() -> Attack:
    """R2: each answer is looked at for every certificate of every path."""
    return Attack(cms(signer_info(), crls=der.tlv(0xA1, der.sequence() * 20000)), "More than 256")


# C10 ----------------------------------------------------------------------------------------------------------


def _low_exponent() -> SoftwareSigner:
    """A key that makes the old forgeries easy; kyso's own CA would not certify it."""
    return _certified(rsa.generate_private_key(3, 2048))


_DIGEST_INFO = bytes.fromhex("3031300d060960864801650304020105000420")


def _padded(signer: SoftwareSigner, block: bytes) -> bytes:
    """The RSA private operation on any block."""
    key = signer.private_key
    assert isinstance(key, rsa.RSAPrivateKey)
    numbers = key.private_numbers()
    size = key.key_size // 8
    n = numbers.public_numbers.n
    return pow(int.from_bytes(block, "big"), numbers.d, n).to_bytes(size, "big")


def _block(info: bytes, *, after: bytes = b"", padding: int | None = None, kind: int = 1) -> bytes:
    fill = 256 - 3 - len(info) - len(after) if padding is None else padding
    return (b"\x00" + bytes((kind,)) + b"\xff" * fill + b"\x00" + info + after).ljust(256, b"\x00")


def _primitive(block: bytes) -> Attack:
    return Attack(cms(signer_info(attributes=ATTRIBUTES, value=_padded(SIGNER, block))), "SIG_CRYPTO_FAILURE")


_HASH = digest("sha256", ATTRIBUTES)


def padding_without_null() -> Attack:
    """C10: "rebuild-and-compare for PKCS#1 v1.5": the missing NULL."""
    info = bytes.fromhex("302f300b0609608648016503040201") + b"\x04\x20" + _HASH
    return _primitive(_block(info))


def padding_with_garbage_after_the_hash() -> Attack:
    """C10: Bleichenbacher's forgery with any exponent."""
    return _primitive(_block(_DIGEST_INFO + _HASH, after=bytes(100), padding=8))


def padding_with_ber_length() -> Attack:
    """C10: BER length inside DigestInfo."""
    info = b"\x30\x81\x31" + _DIGEST_INFO[2:] + _HASH
    return _primitive(_block(info))


def padding_of_type_two() -> Attack:
    """C10: block type 1 only."""
    return _primitive(_block(_DIGEST_INFO + _HASH, kind=2))


def padding_that_is_too_short() -> Attack:
    """C10: the hash stands at the end, nowhere else."""
    return _primitive(_block(_DIGEST_INFO + _HASH, padding=1))


def cube_root_forgery() -> Attack:
    """C10: e=3 and a reader that does not look behind the hash: made without the private key."""
    signer = _low_exponent()
    attrs = set_of(usual_attributes(signer))
    wanted = int.from_bytes(_block(_DIGEST_INFO + digest("sha256", attrs), padding=8), "big")
    low, high = 0, 1 << 700
    while low < high:
        middle = (low + high) // 2
        low, high = (middle + 1, high) if middle**3 < wanted else (low, middle)
    value = low.to_bytes(256, "big")
    assert (low**3).to_bytes(256, "big")[:62] == wanted.to_bytes(256, "big")[:62]
    return Attack(cms(signer_info(signer, attrs, value=value), signer=signer), "SIG_CRYPTO_FAILURE", openssl=False)


def rsa_value_plus_modulus() -> Attack:
    """C10, RFC 8017 8.2.2: the value is below the modulus and as long as it."""
    key = SIGNER.private_key
    assert isinstance(key, rsa.RSAPrivateKey)
    more = int.from_bytes(VALUE, "big") + key.public_key().public_numbers().n
    return Attack(cms(signer_info(attributes=ATTRIBUTES, value=more.to_bytes(257, "big"))), "SIG_CRYPTO_FAILURE")


def rsa_value_with_a_leading_zero() -> Attack:
    """C10, RFC 8017 8.2.2: exactly as long as the modulus."""
    return Attack(cms(signer_info(attributes=ATTRIBUTES, value=b"\x00" + VALUE)), "SIG_CRYPTO_FAILURE", openssl=False)


def empty_value() -> Attack:
    """C10: nothing is no signature."""
    return Attack(signed(value=b""), "SIG_CRYPTO_FAILURE", openssl=False)


_EC_ATTRIBUTES = set_of(usual_attributes(SEAL))
_R, _S = decode_dss_signature(value_over(_EC_ATTRIBUTES, SEAL))
_N = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


def _ecdsa(value: bytes) -> Attack:
    return Attack(
        cms(signer_info(SEAL, _EC_ATTRIBUTES, value=value), signer=SEAL), "SIG_CRYPTO_FAILURE", openssl=False
    )


def ecdsa_of_zeros() -> Attack:
    """C10: r or s 0 (CVE-2022-21449)."""
    return _ecdsa(der.sequence(der.integer(0), der.integer(0)))


def ecdsa_beyond_the_order() -> Attack:
    """C10: r and s are below n."""
    return _ecdsa(der.sequence(der.integer(_R + _N), der.integer(_S)))


def ecdsa_with_negative_s() -> Attack:
    """C10: negative."""
    return _ecdsa(der.sequence(der.integer(_R), der.integer(_S - _N)))


def ecdsa_in_ber() -> Attack:
    """C10: strict DER for ECDSA."""
    content = der.integer(_R) + der.integer(_S)
    return _ecdsa(b"\x30\x81" + bytes((len(content),)) + content)


def ecdsa_with_bytes_behind_it() -> Attack:
    """C10: strict DER for ECDSA."""
    return _ecdsa(der.sequence(der.integer(_R), der.integer(_S)) + b"\x00")


def ecdsa_as_bare_numbers() -> Attack:
    """C10: r||s is the form of XML and PKCS#11, not of CMS."""
    return _ecdsa(_R.to_bytes(32, "big") + _S.to_bytes(32, "big"))


def ed25519_with_s_beyond_the_order() -> Attack:
    """C10: Ed25519 s >= L."""
    edwards = WORLD.issue(Subject("Nguyễn Văn Mẫu"), PERSON, software_key("ed25519"))
    attrs = set_of(usual_attributes(edwards))
    value = value_over(attrs, edwards)
    order = (1 << 252) + 27742317777372353535851937790883648493
    s = int.from_bytes(value[32:], "little") + order
    forged = value[:32] + s.to_bytes(32, "little")
    return Attack(cms(signer_info(edwards, attrs, value=forged), signer=edwards), "SIG_CRYPTO_FAILURE")


def key_on_a_curve_written_out() -> Attack:
    """C10: named curves only (CVE-2020-0601)."""
    p = 0xFFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF
    b = 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B
    key = ec.generate_private_key(ec.SECP256R1())
    numbers = key.public_key().public_numbers()
    point = b"\x04" + numbers.x.to_bytes(32, "big") + numbers.y.to_bytes(32, "big")
    curve = der.sequence(
        der.integer(1),
        der.sequence(der.oid("1.2.840.10045.1.1"), der.integer(p)),
        der.sequence(der.octet_string((p - 3).to_bytes(32, "big")), der.octet_string(b.to_bytes(32, "big"))),
        der.octet_string(point),
        der.integer(_N),
        der.integer(1),
    )
    explicit = der.sequence(der.sequence(der.oid(oids.EC_PUBLIC_KEY), curve), der.bit_string(point))
    return Attack(signed(_certified(key, explicit)), "WEAK_KEY")


def validity_in_the_year_0() -> Attack:
    """R2: a date that Python has no value for is an unreadable certificate, not an exception."""
    outer = der.read(LEAF.der).children()
    parts = [e.raw for e in outer[0].children()]
    zero = der.tlv(der.GENERALIZED_TIME, b"00000101000000Z")
    parts[4] = der.sequence(zero, der.generalized_time(AT + DAY))
    odd = der.sequence(der.sequence(*parts), *(e.raw for e in outer[1:]))
    return Attack(cms(signer_info(), certificates=[odd, WORLD.issuing.der]), "CERTIFICATE_UNREADABLE")


ATTACKS = collected(globals())
