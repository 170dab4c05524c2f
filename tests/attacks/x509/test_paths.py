"""Attack class V4 and its kin: crafted certificates never give a path, and always give the reason.

One function per variant makes the attack; its docstring quotes the rule that it breaks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from kyso_pki import oids
from kyso_pki.asn1 import der
from kyso_pki.authority.issue import encoded_name, extension
from kyso_pki.authority.profile import Subject
from kyso_pki.credential import Chain
from kyso_pki.errors import KysoError
from kyso_pki.scheme import SCHEMES
from kyso_pki.testing import PrivateKey, SoftwareSigner, SoftwareSigningKey, World, forge, software_key
from kyso_pki.x509 import certificate as x
from kyso_pki.x509.certificate import Certificate
from kyso_pki.x509.path import MAX_PATH, MAX_SIGNATURE_CHECKS, find_path
from kyso_pki.x509.trust import Purpose, TrustStore
from tests.work import counted

AT = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
DAY = timedelta(days=1)
WORLD = World.create(at=AT)
VICTIM = Subject("Nguyễn Văn Mẫu", organisation="UBND tỉnh Mẫu")
SHA1_RSA = SCHEMES["rsa-pkcs1-sha1"]

CA_TRUE = extension(x.BASIC_CONSTRAINTS, der.sequence(der.boolean(True)), critical=True)
CERT_SIGN = extension(x.KEY_USAGE, b"\x03\x02\x01\x06", critical=True)
SIGNER = extension(x.KEY_USAGE, b"\x03\x02\x06\xc0", critical=True)
SERVER_AUTH, CODE_SIGNING = "1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.3"
SMARTCARD_LOGON, ANY_USAGE = "1.3.6.1.4.1.311.20.2.2", "2.5.29.37.0"


def usages(*dotted: str, critical: bool = False) -> bytes:
    return extension(x.EXTENDED_KEY_USAGE, der.sequence(*map(der.oid, dotted)), critical=critical)


@dataclass(frozen=True)
class Attack:
    """What the attacker hands in, and the finding that must meet it."""

    leaf: Certificate
    candidates: tuple[Certificate, ...]
    code: str
    word: str
    purpose: Purpose = "signing"
    trust: TrustStore = WORLD.trust


def certify(
    subject: Subject, key: PrivateKey, issuer: SoftwareSigner, *extensions: bytes, **options: object
) -> SoftwareSigner:
    """A certificate as ordered, with its key and chain."""
    certificate = forge(
        subject,
        options.pop("spki", None) or key.public_key(),  # type: ignore[arg-type] # bytes where given
        key=issuer,
        issuer=issuer.certificate,
        extensions=extensions,
        **{"not_before": AT - DAY, "not_after": AT + DAY, **options},  # type: ignore[arg-type] # forwarded as they are
    )
    return SoftwareSigner(key, SoftwareSigningKey.of(key).scheme, Chain((certificate, *issuer.chain)))


def leaf_with(*extensions: bytes, key: PrivateKey | None = None, **options: object) -> SoftwareSigner:
    return certify(VICTIM, key or software_key("p256", 7), WORLD.issuing_signer, *extensions, **options)


def below_ca(*extensions: bytes, key: PrivateKey | None = None, **options: object) -> SoftwareSigner:
    """A plain leaf below a CA of the root that is as ordered."""
    ca = certify(Subject("CA phụ"), key or software_key("p256", 8), WORLD.root_signer, *extensions, **options)
    return certify(VICTIM, software_key("p256", 7), ca, SIGNER)


def attack(signer: SoftwareSigner, code: str, word: str, purpose: Purpose = "signing") -> Attack:
    return Attack(signer.certificate, signer.chain.certificates, code, word, purpose)


CONSTRAINTS, CRYPTO, NO_CHAIN = (
    "CHAIN_CONSTRAINTS_FAILURE",
    "CRYPTO_CONSTRAINTS_FAILURE",
    "NO_CERTIFICATE_CHAIN_FOUND",
)

# Names without keys -----------------------------------------------------------------------------------------


def self_made_hierarchy() -> Attack:
    """V4: "Pin keys; names prove nothing": root and issuing CA rebuilt with the same names."""
    return attack(WORLD.impostor_signer, "NAME_WITHOUT_KEY", "but not its key")


def self_made_issuer_of_a_pinned_issuing_ca() -> Attack:
    """V4: the issuing CA itself is the anchor; the leaf comes from a namesake."""
    made = attack(WORLD.impostor_signer, "NAME_WITHOUT_KEY", "name of a trusted CA, but not its key")
    return replace(made, trust=TrustStore.of([WORLD.issuing]))


def self_signed_leaf_with_the_name_of_the_anchor() -> Attack:
    """V4: a self-signed certificate is not an anchor because it bears an anchor's name."""
    key = SoftwareSigningKey.of(software_key("p256", 7))
    name = Subject("CA gốc tỉnh Mẫu", organisation="UBND tỉnh Mẫu")
    leaf = forge(name, key.public_key, key=key, issuer=name, not_before=AT - DAY, not_after=AT + DAY)
    assert leaf.subject == WORLD.root.subject
    return Attack(leaf, (leaf,), "NAME_WITHOUT_KEY", "but not its key")


def leaf_of_the_right_key_under_another_name() -> Attack:
    """V4, RFC 5280 6.1.3 (a)(4): the issuer's name must be the subject's name of the one above."""
    leaf = forge(
        VICTIM,
        software_key("p256", 7).public_key(),
        key=WORLD.issuing_signer,
        issuer=WORLD.stranger_signer.chain.certificates[1],
        not_before=AT - DAY,
        not_after=AT + DAY,
    )
    return Attack(leaf, WORLD.person_signer.chain.certificates, NO_CHAIN, "not known")


def tampered_leaf() -> Attack:
    """V4, RFC 5280 6.1.3 (a)(1): the signature must verify."""
    other = WORLD.person.der.replace("Nguyễn Văn Mẫu".encode(), "Nguyễn Văn Mậu".encode())
    leaf = Certificate.from_der(other)
    return Attack(leaf, WORLD.person_signer.chain.issuers, NO_CHAIN, "not trusted")


# CAs that are none ------------------------------------------------------------------------------------------


def signer_as_ca() -> Attack:
    """V4, RFC 5280 6.1.4 (k): cA must be TRUE above the leaf."""
    return attack(certify(VICTIM, software_key("p256", 7), WORLD.person_signer), CONSTRAINTS, "is not a CA")


def ca_without_key_cert_sign() -> Attack:
    """V4, RFC 5280 6.1.4 (n): keyCertSign must be set."""
    return attack(below_ca(CA_TRUE, SIGNER), CONSTRAINTS, "keyCertSign")


def ca_below_a_path_length_of_zero() -> Attack:
    """V4, RFC 5280 6.1.4 (l) (m): pathLenConstraint 0 allows no CA below."""
    sub = certify(Subject("CA phụ"), software_key("p256", 8), WORLD.issuing_signer, CA_TRUE, CERT_SIGN)
    return attack(certify(VICTIM, software_key("p256", 7), sub, SIGNER), CONSTRAINTS, "pathLenConstraint")


def ca_below_the_path_length_of_an_anchor() -> Attack:
    """V4: the anchor's own limits count: the issuing CA, pinned, allows no CA below it."""
    return replace(ca_below_a_path_length_of_zero(), trust=TrustStore.of([WORLD.issuing]))


def ca_for_tls_only() -> Attack:
    """V4: a CA limited by extendedKeyUsage issues nothing else."""
    return attack(below_ca(CA_TRUE, CERT_SIGN, usages(SERVER_AUTH)), CONSTRAINTS, "limited to other uses")


def ca_as_signer() -> Attack:
    """V4: a CA's key signs certificates and CRLs, no documents."""
    return attack(WORLD.issuing_signer, CONSTRAINTS, "is a CA")


# Restrictions that may not be ignored -----------------------------------------------------------------------


def unknown_critical_extension_in_the_leaf() -> Attack:
    """V4: RFC 5280 6.1.5 (f)."""
    return attack(leaf_with(extension("1.3.6.1.4.1.99999.9", b"\x05\x00", critical=True)), CONSTRAINTS, "critical")


def unknown_critical_extension_in_a_ca() -> Attack:
    """V4: RFC 5280 6.1.4 (o)."""
    odd = extension("1.3.6.1.4.1.99999.9", b"\x05\x00", critical=True)
    return attack(below_ca(CA_TRUE, CERT_SIGN, odd), CONSTRAINTS, "critical")


def _below(*extensions: bytes, subject: Subject = VICTIM, leaf: tuple[bytes, ...] = ()) -> SoftwareSigner:
    """A leaf below a CA of the root with these extensions."""
    ca = certify(Subject("CA phụ"), software_key("p256", 8), WORLD.root_signer, CA_TRUE, CERT_SIGN, *extensions)
    return certify(subject, software_key("p256", 7), ca, SIGNER, *leaf)


def _names(*names: bytes) -> bytes:
    return extension(x.SUBJECT_ALTERNATIVE_NAME, der.sequence(*names))


def _subtrees(permitted: tuple[bytes, ...] = (), excluded: tuple[bytes, ...] = (), *, critical: bool = True) -> bytes:
    parts = [der.explicit(n, b"".join(map(der.sequence, t))) for n, t in enumerate((permitted, excluded)) if t]
    return extension("2.5.29.30", der.sequence(*parts), critical=critical)


def _dn(subject: Subject) -> bytes:
    return der.explicit(4, encoded_name(subject))


def _agency() -> bytes:
    """The first two parts of `VICTIM`'s name, as a subtree."""
    parts = der.read(encoded_name(VICTIM), der.SEQUENCE).children()
    return der.explicit(4, der.sequence(*(p.raw for p in parts[:2])))


_AGENCY = _agency()
MAIL, DNS, URI, IP = 0x81, 0x82, 0x86, 0x87


def name_outside_the_permitted_subtree() -> Attack:
    """V4: RFC 5280 6.1.3 (b)."""
    return attack(_below(_subtrees((_dn(Subject("Nơi khác")),))), CONSTRAINTS, "is not permitted by name constraints")


def name_constraints_not_marked_critical() -> Attack:
    """V4: the same, forgotten to be marked: ignoring it would accept what the CA forbade."""
    outside = _subtrees((_dn(Subject("Nơi khác")),), critical=False)
    return attack(_below(outside), CONSTRAINTS, "is not permitted by name constraints")


def name_in_an_excluded_subtree() -> Attack:
    """V4: RFC 5280 6.1.3 (c)."""
    excluded = _subtrees(excluded=(_AGENCY,))
    return attack(_below(excluded), CONSTRAINTS, "is excluded by name constraints")


def mail_address_in_the_subject_outside_the_permitted_host() -> Attack:
    """V4, RFC 5280 4.2.1.10: without a mail address among the alternative names, that of the subject counts."""
    constraint = _subtrees((der.tlv(MAIL, b"tinh-mau.example"),))
    return attack(_below(constraint, leaf=(_names(der.tlv(MAIL, b"a@khac.example")),)), CONSTRAINTS, "not permitted")


def dns_name_that_only_ends_like_the_permitted_one() -> Attack:
    """V4, RFC 5280 4.2.1.10: labels are added on the left, not letters."""
    leaf = (_names(der.tlv(DNS, b"xautinh-mau.example")),)
    return attack(_below(_subtrees((der.tlv(DNS, b"tinh-mau.example"),)), leaf=leaf), CONSTRAINTS, "not permitted")


def name_with_a_nul_in_it() -> Attack:
    """V7: `tinh-mau.example\\0.xau.example` ends at the NUL for some readers."""
    leaf = (_names(der.tlv(DNS, b"xau.example\0.tinh-mau.example")),)
    return attack(
        _below(_subtrees((der.tlv(DNS, b"tinh-mau.example"),)), leaf=leaf), CONSTRAINTS, "control characters"
    )


def uri_with_an_address_for_a_host() -> Attack:
    """V4, RFC 5280 4.2.1.10: a URI whose host is no name is refused where URIs are constrained."""
    leaf = (_names(der.tlv(URI, b"http://127.0.0.1/x")),)
    return attack(_below(_subtrees((der.tlv(URI, b".example"),)), leaf=leaf), CONSTRAINTS, "names no host")


def address_outside_the_permitted_network() -> Attack:
    """V4, RFC 5280 4.2.1.10: address and mask."""
    leaf = (_names(der.tlv(IP, bytes((10, 1, 0, 1)))),)
    network = der.tlv(IP, bytes((10, 0, 0, 0, 255, 255, 0, 0)))
    return attack(_below(_subtrees((network,)), leaf=leaf), CONSTRAINTS, "not permitted")


def constraint_on_names_of_an_unknown_type() -> Attack:
    """V4, RFC 5280 4.2.1.10: process the constraint or refuse the certificate."""
    other = der.tlv(
        0xA0, der.oid("1.3.6.1.4.1.311.20.2.3") + der.explicit(0, der.utf8_string("mau@tinh-mau.example"))
    )
    return attack(_below(_subtrees((other,)), leaf=(_names(other),)), CONSTRAINTS, "not supported")


def subtree_with_a_minimum() -> Attack:
    """V4, RFC 5280 4.2.1.10: minimum is zero and maximum absent."""
    inside = _dn(VICTIM) + der.tlv(0x80, b"\x01")
    return attack(_below(_subtrees((inside,))), CONSTRAINTS, "minimum")


def names_and_subtrees_by_the_thousand() -> Attack:
    """R2: the product of names and subtrees is bounded."""
    names = tuple(der.tlv(DNS, b"m%d.example" % n) for n in range(400))
    return attack(_below(_subtrees(names), leaf=(_names(*names),)), CONSTRAINTS, "comparisons")


def constraint_in_the_anchor_itself() -> Attack:
    """V4: RFC 5937 3.2."""
    key = SoftwareSigningKey.of(software_key("p256", 12))
    root = forge(
        Subject("CA gốc khác"),
        key.public_key,
        key=key,
        issuer=Subject("CA gốc khác"),
        not_before=AT - DAY,
        not_after=AT + DAY,
        extensions=[CA_TRUE, CERT_SIGN, _subtrees((_dn(Subject("Nơi khác")),))],
    )
    leaf = forge(
        VICTIM,
        software_key("p256", 7).public_key(),
        key=key,
        issuer=root,
        not_before=AT - DAY,
        not_after=AT + DAY,
        extensions=[SIGNER],
    )
    return Attack(leaf, (), CONSTRAINTS, "not permitted", trust=TrustStore.of([root]))


P1, P2, ANY_POLICY = "1.3.6.1.4.1.99999.1", "1.3.6.1.4.1.99999.2", "2.5.29.32.0"
EXPLICIT = extension("2.5.29.36", der.sequence(der.tlv(0x80, b"\x00")), critical=True)


def _policies(*dotted: str) -> bytes:
    return extension(x.CERTIFICATE_POLICIES, der.sequence(*(der.sequence(der.oid(p)) for p in dotted)))


def _mappings(*pairs: tuple[str, str]) -> bytes:
    return extension(
        "2.5.29.33", der.sequence(*(der.sequence(der.oid(a), der.oid(b)) for a, b in pairs)), critical=True
    )


def policy_required_and_none_named() -> Attack:
    """V4, RFC 5280 6.1.4 (i): requireExplicitPolicy."""
    return attack(_below(EXPLICIT), CONSTRAINTS, "one is required")


def policy_required_and_another_named() -> Attack:
    """V4: RFC 5280 6.1.3 (d), (f)."""
    return attack(_below(EXPLICIT, _policies(P1), leaf=(_policies(P2),)), CONSTRAINTS, "one is required")


def any_policy_where_it_is_inhibited() -> Attack:
    """V4: RFC 5280 6.1.4 (j)."""
    inhibited = extension("2.5.29.54", der.integer(0), critical=True)
    made = _below(EXPLICIT, inhibited, _policies(P1), leaf=(_policies(ANY_POLICY),))
    return attack(made, CONSTRAINTS, "one is required")


def mapping_from_any_policy() -> Attack:
    """V4: RFC 5280 6.1.4 (a)."""
    made = _below(EXPLICIT, _policies(ANY_POLICY), _mappings((ANY_POLICY, P1)), leaf=(_policies(P1),))
    return attack(made, CONSTRAINTS, "anyPolicy")


def policies_by_the_thousand() -> Attack:
    """R2: a bound on the policies of one certificate."""
    many = _policies(*(f"1.3.6.1.4.1.99999.{n}" for n in range(1000)))
    return attack(_below(EXPLICIT, many, leaf=(_policies(P1),)), CONSTRAINTS, "policies in one certificate")


def mappings_that_would_grow_a_tree_without_end() -> Attack:
    """V4: each CA maps each of 100 policies to all of them; a tree would have 100^6 leaves (CVE-2023-0464)."""
    policies = [f"1.3.6.1.4.1.99999.{n}" for n in range(16)]
    every = _mappings(*((a, b) for a in policies for b in policies))
    signer = WORLD.root_signer
    for number in range(6):
        name, key = Subject(f"CA phụ {number}"), software_key("p256", 8 + number)
        signer = certify(name, key, signer, CA_TRUE, CERT_SIGN, EXPLICIT, _policies(*policies), every)
    return attack(
        certify(VICTIM, software_key("p256", 7), signer, SIGNER, _policies(P2 + ".9")), CONSTRAINTS, "required"
    )


def key_usage_twice() -> Attack:
    """V4, RFC 5280 4.2: no extension twice; which of the two would count?"""
    encipher = extension(x.KEY_USAGE, b"\x03\x02\x05\x20", critical=True)
    return attack(leaf_with(encipher, SIGNER), CONSTRAINTS, "twice")


def basic_constraints_twice_in_a_ca() -> Attack:
    """V4: RFC 5280 4.2."""
    return attack(below_ca(extension(x.BASIC_CONSTRAINTS, der.sequence()), CA_TRUE, CERT_SIGN), CONSTRAINTS, "twice")


def extensions_in_a_version_1_certificate() -> Attack:
    """V4, RFC 5280 4.1.2.9: extensions only in version 3."""
    return attack(leaf_with(SIGNER, version=1), CONSTRAINTS, "version 1")


# Uses -------------------------------------------------------------------------------------------------------


def key_usage_for_encryption_only() -> Attack:
    """V4, RFC 5280 4.2.1.3: digitalSignature or nonRepudiation."""
    return attack(leaf_with(extension(x.KEY_USAGE, b"\x03\x02\x05\x20", critical=True)), CONSTRAINTS, "key usage")


def _for_other_uses(*dotted: str) -> Attack:
    return attack(leaf_with(SIGNER, usages(*dotted)), CONSTRAINTS, "not for signing documents")


def tls_server_as_signer() -> Attack:
    """V4, RFC 5280 4.2.1.12: the key may only be used for one of the purposes indicated."""
    return _for_other_uses(SERVER_AUTH)


def code_signer_as_signer() -> Attack:
    """V4: the same."""
    return _for_other_uses(CODE_SIGNING)


def ocsp_responder_as_signer() -> Attack:
    """V4: the same."""
    return _for_other_uses(oids.KP_OCSP_SIGNING)


def logon_card_as_signer() -> Attack:
    """V4: the same."""
    return _for_other_uses(SMARTCARD_LOGON)


def no_use_at_all() -> Attack:
    """V4: an empty list allows nothing."""
    return _for_other_uses()


def tsa_as_signer() -> Attack:
    """V4: a time-stamping key signs nothing else (RFC 3161 2.3)."""
    return attack(WORLD.tsa_signer, CONSTRAINTS, "not for signing documents")


def signer_as_tsa() -> Attack:
    """T2: EKU must be critical and only id-kp-timeStamping."""
    return attack(WORLD.person_signer, CONSTRAINTS, "only timeStamping", "timestamping")


def _stamping(*extensions: bytes) -> Attack:
    return attack(leaf_with(SIGNER, *extensions), CONSTRAINTS, "only timeStamping", "timestamping")


def tsa_with_uncritical_usage() -> Attack:
    """T2."""
    return _stamping(usages(oids.KP_TIME_STAMPING))


def tsa_with_a_second_usage() -> Attack:
    """T2."""
    return _stamping(usages(oids.KP_TIME_STAMPING, oids.KP_DOCUMENT_SIGNING, critical=True))


def tsa_for_any_usage() -> Attack:
    """T2: anyExtendedKeyUsage is not timeStamping."""
    return _stamping(usages(ANY_USAGE, critical=True))


def tsa_without_usage() -> Attack:
    """T2: absence is not permission."""
    return _stamping()


# Time -------------------------------------------------------------------------------------------------------


def expired_ca() -> Attack:
    """V4: RFC 5280 6.1.3 (a)(2), on every certificate of the path."""
    return attack(below_ca(CA_TRUE, CERT_SIGN, not_before=AT - 9 * DAY, not_after=AT - DAY), "EXPIRED", "CA phụ")


def ca_of_tomorrow() -> Attack:
    """V4: RFC 5280 6.1.3 (a)(2)."""
    return attack(
        below_ca(CA_TRUE, CERT_SIGN, not_before=AT + DAY, not_after=AT + 9 * DAY), "NOT_YET_VALID", "CA phụ"
    )


def expired_anchor() -> Attack:
    """V4: an anchor past its end vouches for nothing new."""
    past = World.create(at=AT - timedelta(days=20 * 365))
    leaf = certify(VICTIM, software_key("p256", 7), past.root_signer, SIGNER)
    return replace(attack(leaf, "EXPIRED", "CA gốc"), trust=past.trust)


# Algorithms -------------------------------------------------------------------------------------------------


def leaf_signed_with_sha1() -> Attack:
    """V4: algorithms are checked on every link."""
    issuing = replace(WORLD.issuing_signer, scheme=SHA1_RSA)
    return attack(certify(VICTIM, software_key("p256", 7), issuing, SIGNER), CRYPTO, "SHA-1")


def ca_signed_with_sha1() -> Attack:
    """V4: a weak link in the middle."""
    root = replace(WORLD.root_signer, scheme=SHA1_RSA)
    ca = certify(Subject("CA phụ"), software_key("p256", 8), root, CA_TRUE, CERT_SIGN)
    return attack(certify(VICTIM, software_key("p256", 7), ca, SIGNER), CRYPTO, "CA phụ was signed with SHA-1")


def leaf_with_a_key_of_1024_bits() -> Attack:
    """V4, TT 15/2025, Appendix I: RSA of at least 2048 bits."""
    return attack(leaf_with(SIGNER, key=software_key("rsa1024")), CRYPTO, "RSA-1024")


def ca_with_a_key_of_1024_bits() -> Attack:
    """V4: the same, in the middle."""
    return attack(below_ca(CA_TRUE, CERT_SIGN, key=software_key("rsa1024")), CRYPTO, "CA phụ has a key RSA-1024")


def leaf_on_a_curve_that_is_not_allowed() -> Attack:
    """V4, TT 15/2025, Appendix I; C10: a list of curves."""
    return attack(leaf_with(SIGNER, key=ec.generate_private_key(ec.SECP256K1())), CRYPTO, "secp256k1")


def ca_with_explicit_curve_parameters() -> Attack:
    """V4, CVE-2020-0601: named curves only, even where the parameters written out are those of a named one."""
    return _explicit_curve("6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296")


def ca_with_a_generator_of_its_own() -> Attack:
    """V4, CVE-2020-0601: a generator of the attacker's own gives any public key a private one."""
    return _explicit_curve("6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c297")


def _explicit_curve(gx: str) -> Attack:
    key = software_key("p256", 8)
    numbers = key.public_key().public_numbers()  # type: ignore[union-attr] # an EC key # it is an EC key
    point = b"\x04" + numbers.x.to_bytes(32, "big") + numbers.y.to_bytes(32, "big")  # type: ignore[union-attr] # an EC key
    spki = der.sequence(der.sequence(der.oid(oids.EC_PUBLIC_KEY), _p256_parameters(gx)), der.bit_string(point))
    made = below_ca(CA_TRUE, CERT_SIGN, key=key, spki=spki)
    return attack(made, NO_CHAIN, "not trusted")


def _p256_parameters(gx: str) -> bytes:
    """SpecifiedECDomain of P-256 (SEC 1 C.2)."""
    p = 0xFFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF
    b = 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B
    n = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
    gy = "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5"
    return der.sequence(
        der.integer(1),
        der.sequence(der.oid("1.2.840.10045.1.1"), der.integer(p)),
        der.sequence(der.octet_string((p - 3).to_bytes(32, "big")), der.octet_string(b.to_bytes(32, "big"))),
        der.octet_string(bytes.fromhex("04" + gx + gy)),
        der.integer(n),
        der.integer(1),
    )


def two_signature_algorithms() -> Attack:
    """V4, RFC 5280 4.1.1.2: inner and outer identifier must be the same."""
    inner = SCHEMES["rsa-pkcs1-sha512"].identifier
    return attack(leaf_with(SIGNER, inner_algorithm=inner), CRYPTO, "two different signature algorithms")


# Chains without end -----------------------------------------------------------------------------------------


def chain_longer_than_any_real_one() -> Attack:
    """R2: a depth limit."""
    signer = WORLD.root_signer
    for number in range(MAX_PATH):
        signer = certify(Subject(f"CA phụ {number}"), software_key("p256", 8), signer, CA_TRUE, CERT_SIGN)
    return attack(certify(VICTIM, software_key("p256", 7), signer, SIGNER), NO_CHAIN, "not trusted")


def web_of_namesakes() -> Attack:
    """V4: chains of one subject, every key certifying every other: the number of paths is factorial."""
    name = Subject("CA phụ")
    keys = [SoftwareSigningKey.of(software_key("p256", n)) for n in range(20, 32)]
    web = tuple(
        forge(name, a.public_key, key=b, issuer=name, not_before=AT - DAY, not_after=AT + DAY, extensions=[CA_TRUE])
        for a in keys
        for b in keys
        if a is not b
    )
    leaf = forge(VICTIM, keys[0].public_key, key=keys[0], issuer=name, not_before=AT - DAY, not_after=AT + DAY)
    return Attack(leaf, web, NO_CHAIN, f"given up after {MAX_SIGNATURE_CHECKS}")


def crowd_of_false_issuers() -> Attack:
    """V4: more candidates of the right name than may be tried."""
    name = Subject("CA phụ")
    right = certify(name, software_key("p256", 8), WORLD.root_signer, CA_TRUE, CERT_SIGN)
    key = SoftwareSigningKey.of(software_key("p256", 9))
    crowd = tuple(
        forge(name, key.public_key, key=key, issuer=name, not_before=AT - DAY, not_after=AT + DAY)
        for _ in range(MAX_SIGNATURE_CHECKS + 1)
    )
    leaf = certify(VICTIM, software_key("p256", 7), right, SIGNER).certificate
    return Attack(leaf, crowd, NO_CHAIN, f"given up after {MAX_SIGNATURE_CHECKS}")


def key_of_a_million_bits() -> Attack:
    """R2: a bound on the RSA modulus; the key is not even tried."""
    modulus = (1 << 200_000) + 1
    rsa_key = der.sequence(der.integer(modulus), der.integer(65537))
    spki = der.sequence(der.sequence(der.oid(oids.RSA_ENCRYPTION), der.null()), der.bit_string(rsa_key))
    return attack(below_ca(CA_TRUE, CERT_SIGN, spki=spki), NO_CHAIN, "not trusted")


def _larger(bits: int, exponent: int) -> Attack:
    """A leaf whose key is just above a bound."""
    rsa_key = der.sequence(der.integer((1 << (bits - 1)) + 1), der.integer(exponent))
    spki = der.sequence(der.sequence(der.oid(oids.RSA_ENCRYPTION), der.null()), der.bit_string(rsa_key))
    return attack(leaf_with(SIGNER, spki=spki), CRYPTO, "are verified with")


def key_just_above_the_bound() -> Attack:
    """R2: RSA modulus <= 8192 bits."""
    return _larger(8193, 65537)


def key_with_a_long_exponent() -> Attack:
    """R2: RSA exponent <= 32 bits: a verification takes as many squarings."""
    return _larger(2048, (1 << 32) + 1)


def attacks() -> Iterator[Callable[[], Attack]]:
    """Every function of this module that makes an attack."""
    for name, value in list(globals().items()):
        if not name.startswith("_") and getattr(value, "__annotations__", {}) == {"return": "Attack"}:
            yield value


@pytest.mark.parametrize("make", list(attacks()), ids=lambda f: f.__name__)
def test_crafted_path_is_refused_with_its_reason(make: Callable[[], Attack]) -> None:
    made = make()
    with counted() as work:
        result = find_path(made.leaf, made.candidates, made.trust, AT, made.purpose)
    assert work.calls < 100_000
    assert result.path == ()
    assert any(f.severity == "error" and f.code == made.code and made.word in f.text for f in result.findings), result


def test_the_forge_can_make_a_path_that_is_accepted() -> None:
    """So that the attacks fail for their own reason and not for the forge's."""
    for signer in (leaf_with(SIGNER), below_ca(CA_TRUE, CERT_SIGN)):
        result = find_path(signer.certificate, signer.chain, WORLD.trust, AT, "signing")
        assert result.path == signer.chain.certificates
    for signer in (
        _below(_subtrees((_AGENCY,))),
        _below(_subtrees((der.tlv(DNS, b"tinh-mau.example"),)), leaf=(_names(der.tlv(DNS, b"a.Tinh-Mau.example")),)),
        _below(_subtrees((der.tlv(MAIL, b".example"),)), leaf=(_names(der.tlv(MAIL, b"a@tinh-mau.example")),)),
        _below(
            _subtrees((der.tlv(IP, bytes((10, 0, 0, 0, 255, 0, 0, 0))),)),
            leaf=(_names(der.tlv(IP, bytes((10, 1, 0, 1)))),),
        ),
        _below(EXPLICIT, _policies(P1), leaf=(_policies(P1),)),
        _below(EXPLICIT, _policies(P1), _mappings((P1, P2)), leaf=(_policies(P2),)),
        _below(EXPLICIT, _policies(ANY_POLICY), leaf=(_policies(P2),)),
    ):
        assert (
            find_path(signer.certificate, signer.chain, WORLD.trust, AT, "signing").path == signer.chain.certificates
        )
    stamp = leaf_with(SIGNER, usages(oids.KP_TIME_STAMPING, critical=True))
    assert find_path(stamp.certificate, stamp.chain, WORLD.trust, AT, "timestamping").path


@pytest.mark.filterwarnings("ignore:Parsed a serial number")  # cryptography's own remark on these inputs
@pytest.mark.parametrize("serial", [0, -1, -(1 << 64)])
def test_serial_number_that_is_not_positive_never_gives_a_path_unnoticed(serial: int) -> None:
    """V4: a negative serial number is refused; zero is only a bad habit."""
    try:
        made = leaf_with(SIGNER, serial=serial)
    except KysoError:
        assert serial < 0
        return
    result = find_path(made.certificate, made.chain, WORLD.trust, AT, "signing")
    assert bool(result.path) == (serial == 0)
