"""X12: XAdES properties, timestamps and counter-signatures that are not what they pose as.

Each is a true signature but for the one rule that it breaks.
"""

from __future__ import annotations

import hashlib

from kyso_pki.asn1 import der
from kyso_pki.x509.certificate import Certificate
from tests.pki.xml.made import AT, PERSON, SEAL, WORLD

from .attack import Attack, Generator, variant
from .forge import DS, SIGNED_PROPERTIES, XADES, Ref, b64, canonical, enveloped, signature, x509_data
from .properties import NAMESPACES, WHOLE, properties, qualifying, reference
from .structure import LETTER

ATTACKS: dict[str, Generator] = {}
UNTRUE = "TIMESTAMP_BROKEN|TIMESTAMP_FORMAT|TIMESTAMP_NOT_TRUSTED|OUT_OF_BOUNDS|TIMESTAMP"


def _signed(
    own: str, objects: str | None = None, *, refs: list[Ref] | None = None, identifier: str | None = "s"
) -> bytes:
    made = signature(
        [WHOLE, reference(own)] if refs is None else refs,
        identifier=identifier,
        objects=qualifying(own) if objects is None else objects,
    )
    return enveloped(LETTER, lambda _: made)


def honest() -> bytes:
    """XAdES-B-B that passes."""
    return _signed(properties())


# Where QualifyingProperties stand and whose they are --------------------------------------------------------

RULE = "X12: One QualifyingProperties, for this Signature, whose SignedProperties one typed Reference covers."
PLACED = (
    "one each is needed|not for the signature|must hold|outside this signature|not accepted|stands 2 times|"
    "no attribute|UNSIGNED_OBJECT|No element|leads to something else"
)

for _name, _target in {
    "without_a_mark": "s",
    "of_another": "#t",
    "empty": "",
    "upper_case": "#S",
    "with_a_space": "#s ",
    "of_the_document": "#cv",
    "external": "http://127.0.0.1:9/#s",
    "an_xpointer": "#xpointer(id('s'))",
}.items():
    variant(
        ATTACKS,
        f"a_target_{_name}",
        RULE,
        lambda t=_target: Attack(_signed(properties(), qualifying(properties(), t)), PLACED, twin=honest()),  # type: ignore[misc] # bound in the loop
    )


def a_signature_without_an_id() -> Attack:
    """X12: A Target needs something to lead to."""
    return Attack(_signed(properties(), identifier=None), PLACED, twin=honest())


def properties_without_a_target() -> Attack:
    """X12: QualifyingProperties say whose they are."""
    own = properties()
    return Attack(_signed(own, qualifying(own).replace(' Target="#s"', "")), PLACED, twin=honest())


def properties_in_an_object_in_an_object() -> Attack:
    """X12: QualifyingProperties are a child of an Object of the Signature."""
    own = properties()
    return Attack(_signed(own, f"<ds:Object>{qualifying(own)}</ds:Object>"), PLACED, twin=honest())


def properties_in_key_info() -> Attack:
    """X12: QualifyingProperties are a child of an Object of the Signature."""
    own = properties()
    inside = qualifying(own).replace("<ds:Object>", "").replace("</ds:Object>", "")
    made = signature(
        [WHOLE, reference(own)], identifier="s", key_info=x509_data().replace("<ds:KeyInfo>", "<ds:KeyInfo>" + inside)
    )
    return Attack(enveloped(LETTER, lambda _: made), PLACED, twin=honest())


def signed_and_unsigned_exchanged() -> Attack:
    """X12: SignedProperties first."""
    own = properties()
    objects = qualifying(own).replace(
        "<xades:SignedProperties", "<xades:UnsignedProperties/><xades:SignedProperties", 1
    )
    return Attack(_signed(own, objects), PLACED, twin=honest())


def a_second_signed_properties_that_nothing_signs() -> Attack:
    """X12: There is one SignedProperties."""
    own = properties()
    fake = properties(identifier="q", time="2020-01-01T00:00:00Z")
    objects = qualifying(own).replace("</xades:QualifyingProperties>", f"{fake}</xades:QualifyingProperties>")
    return Attack(_signed(own, objects), PLACED, twin=honest())


def a_first_signed_properties_that_nothing_signs() -> Attack:
    """X12: There is one SignedProperties."""
    own = properties()
    return Attack(_signed(own, qualifying(properties(identifier="q") + own)), PLACED, twin=honest())


def an_object_of_forged_properties_first() -> Attack:
    """X12: There is one QualifyingProperties in a Signature, wherever it stands."""
    own = properties()
    return Attack(_signed(own, qualifying(properties(identifier="q")) + qualifying(own)), PLACED, twin=honest())


def an_object_of_forged_properties_for_another() -> Attack:
    """X12: There is one QualifyingProperties in a Signature, also when another one says to be for somebody else."""
    own = properties()
    return Attack(_signed(own, qualifying(own) + qualifying(properties(identifier="q"), "#t")), PLACED, twin=honest())


def a_reference_to_qualifying_properties() -> Attack:
    """X12: The Reference leads to SignedProperties itself."""
    own = properties()
    objects = qualifying(own).replace("<xades:QualifyingProperties", '<xades:QualifyingProperties Id="qp"')
    inside = objects[objects.index("<xades:Q") : objects.index("</ds:Object>")]
    covered = inside.replace("<xades:QualifyingProperties", f"<xades:QualifyingProperties {NAMESPACES}", 1)
    covered = covered.replace(f' xmlns:xades="{XADES}"', "", 1) if covered.count("xmlns:xades") > 1 else covered
    refs = [WHOLE, Ref("#qp", covered.encode(), type=SIGNED_PROPERTIES)]
    return Attack(_signed(own, objects, refs=refs), PLACED, twin=honest())


def a_reference_to_properties_with_transforms_that_drop_them() -> Attack:
    """X12 X6: SignedProperties are digested as they are."""
    own = properties()
    steps = f'<ds:Transform Algorithm="{DS}base64"/>'
    return Attack(
        _signed(own, refs=[WHOLE, Ref("#p", b"x", raw=True, type=SIGNED_PROPERTIES, transforms=steps)]),
        "ds:Object only",
        twin=honest(),
    )


for _name, _type in {
    "missing": None,
    "of_version_1_1_1": "http://uri.etsi.org/01903/v1.1.1#SignedProperties",
    "of_version_1_3_2": "http://uri.etsi.org/01903/v1.3.2#SignedProperties",
    "empty": "",
    "upper_case": SIGNED_PROPERTIES.upper(),
    "with_a_space": SIGNED_PROPERTIES + " ",
    "of_a_manifest": DS + "Manifest",
    "of_an_object": DS + "Object",
    "of_a_counter_signature": "http://uri.etsi.org/01903#CountersignedSignature",
}.items():
    variant(
        ATTACKS,
        f"a_type_{_name}",
        "X12: The Reference to SignedProperties has exactly the Type …/01903#SignedProperties.",
        lambda t=_type: Attack(  # type: ignore[misc] # bound in the loop
            _signed(properties(), refs=[WHOLE, reference(properties(), kind=t)]), PLACED, twin=honest()
        ),
    )


def two_typed_references() -> Attack:
    """X12: One Reference of this Type."""
    own = properties()
    return Attack(_signed(own, refs=[WHOLE, reference(own), reference(own)]), PLACED, twin=honest())


def a_digest_of_other_properties() -> Attack:
    """X12: What is read is what was digested."""
    own, other = properties(), properties(time="2020-01-01T00:00:00Z")
    return Attack(_signed(own, refs=[WHOLE, reference(other)]), "CONTENT_CHANGED", twin=honest())


# SigningCertificate -----------------------------------------------------------------------------------------


def _naming(
    certificate: Certificate,
    *,
    digest: bytes | None = None,
    serial: int | None = None,
    issuer: bytes | None = None,
    algorithm: str = "http://www.w3.org/2001/04/xmlenc#sha256",
) -> str:
    """SigningCertificateV2's Cert with these values in place of the true ones."""
    number = certificate.serial if serial is None else serial
    name = certificate.issuer.der if issuer is None else issuer
    pair = der.sequence(der.sequence(der.explicit(4, name)), der.integer(number))
    own = properties(
        issuer_serial=f"<xades:IssuerSerialV2>{b64(pair)}</xades:IssuerSerialV2>", certificate=certificate
    )
    if digest is not None:
        own = own.replace(b64(hashlib.sha256(certificate.der).digest()), b64(digest))
    return own.replace("http://www.w3.org/2001/04/xmlenc#sha256", algorithm, 1)


BOUND = (
    "VALUE_INVALID|SIGNING_CERTIFICATE_MISMATCH|is not accepted|must hold|cannot|no serial|names no|WEAK_DIGEST|"
    "FORMAT|ASN.1|DER"
)
_leaf = PERSON.certificate
for _name, _own in {
    "of_the_issuer": lambda: _naming(list(PERSON.chain)[1]),
    "of_the_root": lambda: _naming(WORLD.root),
    "of_somebody_else": lambda: _naming(SEAL.certificate),
    "with_a_digest_of_zeros": lambda: _naming(_leaf, digest=bytes(32)),
    "with_a_digest_of_nothing": lambda: _naming(_leaf, digest=hashlib.sha256(b"").digest()),
    "with_a_digest_cut": lambda: _naming(_leaf, digest=hashlib.sha256(_leaf.der).digest()[:16]),
    "with_a_digest_of_the_key": lambda: _naming(_leaf, digest=hashlib.sha256(_leaf.spki).digest()),
    "with_another_serial": lambda: _naming(_leaf, serial=_leaf.serial + 1),
    "with_a_negative_serial": lambda: _naming(_leaf, serial=-_leaf.serial),
    "with_another_issuer": lambda: _naming(_leaf, issuer=WORLD.root.issuer.der),
    "with_its_subject_as_issuer": lambda: _naming(_leaf, issuer=_leaf.subject.der),
    "with_md5": lambda: _naming(_leaf, algorithm="http://www.w3.org/2001/04/xmldsig-more#md5"),
    "with_another_algorithm": lambda: _naming(_leaf, algorithm="http://www.w3.org/2001/04/xmlenc#sha512"),
    "empty": lambda: properties().replace(
        properties()[properties().index("<xades:Cert>") : properties().index("</xades:SigningCertificateV2>")], ""
    ),
    "without_a_digest": lambda: properties().replace(
        properties()[properties().index("<xades:CertDigest>") : properties().index("</xades:Cert>")], ""
    ),
    "of_both_versions": lambda: properties(more="<xades:SigningCertificate/>"),
    "twice": lambda: properties(more="<xades:SigningCertificateV2/>"),
}.items():
    variant(
        ATTACKS,
        f"a_signing_certificate_{_name}",
        "X12: SigningCertificate names the certificate whose key verifies: digest, issuer, serial.",
        lambda own=_own: Attack(_signed(own()), BOUND, twin=_signed(_naming(_leaf))),  # type: ignore[misc] # bound in the loop
    )


def _without_certificate() -> str:
    own = properties()
    return own.replace(
        own[own.index("<xades:SigningCertificateV2>") : own.index("</xades:SignedSignatureProperties>")], ""
    )


def a_signing_certificate_among_unsigned_properties() -> Attack:
    """X12: What binds the signer is signed."""
    own = _without_certificate()
    certificate = properties()
    moved = certificate[
        certificate.index("<xades:SigningCertificateV2>") : certificate.index("</xades:SignedSignatureP")
    ]
    group = "UnsignedSignatureProperties"
    unsigned = f"<xades:UnsignedProperties><xades:{group}>{moved}</xades:{group}></xades:UnsignedProperties>"
    return Attack(_signed(own, qualifying(own + unsigned)), "UNSIGNED_OBJECT", twin=_signed(own))


# Signed properties ------------------------------------------------------------------------------------------

for _name, _time in {
    "empty": "",
    "a_word": "hôm nay",
    "a_date": "2026-11-23",
    "no_seconds": "2026-11-23T10:00Z",
    "a_space": "2026-11-23 10:00:00",
    "month_13": "2026-13-01T00:00:00Z",
    "second_61": "2026-11-23T10:00:61Z",
    "year_0": "0000-01-01T00:00:00Z",
    "year_10000": "10000-01-01T00:00:00Z",
    "a_wide_zone": "2026-11-23T10:00:00+99:00",
    "digits_of_another_script": "２０２６-11-23T10:00:00Z",
    "an_amount": "10.000.000",
    "two": "2026-11-23T10:00:00Z 2026-11-23T10:00:00Z",
    "negative": "-2026-11-23T10:00:00Z",
    "before_the_first": "0001-01-01T00:00:00+14:00",
    "short_fraction": "2026-11-23T10:00:00.Z",
}.items():
    variant(
        ATTACKS,
        f"a_signing_time_{_name}",
        "X12: A SigningTime is one xs:dateTime.",
        lambda t=_time: Attack(  # type: ignore[misc] # bound in the loop
            _signed(properties(time=t)), "is not a time", twin=_signed(properties(time="2026-11-23T10:00:00.5+07:00"))
        ),
    )

for _name, _about in {
    "of_nothing": "#r9",
    "of_the_signature": "#s",
    "of_the_document": "#cv",
    "without_a_mark": "r1",
    "empty": "",
    "a_mark": "#",
    "external": "http://127.0.0.1:9/#r1",
}.items():
    variant(
        ATTACKS,
        f"a_data_object_format_{_name}",
        "X12: A DataObjectFormat is about a Reference of this Signature.",
        lambda a=_about: Attack(_signed(properties(about=a)), "does not exist", twin=honest()),  # type: ignore[misc] # bound in the loop
    )
for _twice in (
    "SigningTime",
    "SigningCertificateV2",
    "SignaturePolicyIdentifier",
    "SignatureProductionPlaceV2",
    "SignerRoleV2",
):
    variant(
        ATTACKS,
        f"two_of_{_twice}",
        "X12: What is said about the signature is said once.",
        lambda t=_twice: Attack(_signed(properties(more=f"<xades:{t}/><xades:{t}/>")), "stands|not a time"),  # type: ignore[misc] # bound in the loop
    )

# Timestamps -------------------------------------------------------------------------------------------------


def _value(xml: bytes) -> bytes:
    """The canonical SignatureValue: what a signature timestamp covers."""
    text = xml.decode()
    value = text[text.index("<ds:SignatureValue>") : text.index("</ds:SignatureValue>") + len("</ds:SignatureValue>")]
    return canonical(value.replace("<ds:SignatureValue>", f'<ds:SignatureValue xmlns:ds="{DS}">').encode())


def stamped(
    covered: bytes | None = None,
    *,
    token: bytes | None = None,
    name: str = "SignatureTimeStamp",
    inside: str = '<ds:CanonicalizationMethod Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"/>',
    times: int = 1,
) -> bytes:
    """`honest` with a signature timestamp over these octets (None: the right ones), or with this token."""
    xml = honest()
    octets = _value(xml) if covered is None else covered
    made = WORLD.timestamper(AT).timestamp(hashlib.sha256(octets).digest(), "sha256") if token is None else token
    stamp = (
        f"<xades:{name}>{inside}<xades:EncapsulatedTimeStamp>{b64(made)}</xades:EncapsulatedTimeStamp></xades:{name}>"
    )
    unsigned = (
        f"<xades:UnsignedProperties><xades:UnsignedSignatureProperties>{stamp * times}"
        "</xades:UnsignedSignatureProperties></xades:UnsignedProperties></xades:QualifyingProperties>"
    )
    return xml.replace(b"</xades:QualifyingProperties>", unsigned.encode())


for _name, _covered in {
    "the_document": lambda: canonical(LETTER),
    "nothing": lambda: b"",
    "the_value_without_its_element": lambda: _value(honest())[
        _value(honest()).index(b">") + 1 : -len("</ds:SignatureValue>")
    ],
    "another_value": lambda: _value(enveloped(LETTER, lambda _: signature([WHOLE], signer=SEAL))),
    "signed_info": lambda: canonical(
        honest()[honest().index(b"<ds:SignedInfo>") : honest().index(b"<ds:SignatureValue>")].replace(
            b"<ds:SignedInfo>", f'<ds:SignedInfo xmlns:ds="{DS}">'.encode()
        )
    ),
}.items():
    variant(
        ATTACKS,
        f"a_timestamp_over_{_name}",
        "X12: A SignatureTimeStamp covers the canonical SignatureValue and nothing else.",
        lambda c=_covered: Attack(stamped(c()), UNTRUE, twin=stamped()),  # type: ignore[misc] # bound in the loop
    )
for _name, _token in {
    "of_nothing": lambda: b"",
    "of_one_octet": lambda: b"0",
    "that_is_a_certificate": lambda: _leaf.der,
    "that_is_cut": lambda: WORLD.timestamper(AT).timestamp(hashlib.sha256(_value(honest())).digest(), "sha256")[:-9],
    "with_a_tail": lambda: (
        WORLD.timestamper(AT).timestamp(hashlib.sha256(_value(honest())).digest(), "sha256") + b"\0\0"
    ),
}.items():
    variant(
        ATTACKS,
        f"a_timestamp_{_name}",
        "X12: A timestamp that cannot be read breaks the signature that shows it.",
        lambda t=_token: Attack(stamped(token=t()), UNTRUE, twin=stamped()),  # type: ignore[misc] # bound in the loop
    )
for _name, _inside in {
    "an_unknown_method": '<ds:CanonicalizationMethod Algorithm="urn:x"/>',
    "content": "<CongVan>giả</CongVan>",
    "a_method_with_parameters": '<ds:CanonicalizationMethod Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"><x/>'
    "</ds:CanonicalizationMethod>",
    "text": "10.000.000",
}.items():
    variant(
        ATTACKS,
        f"a_timestamp_with_{_name}",
        "X12: A timestamp says how its octets are made, by a method on the list.",
        lambda i=_inside: Attack(stamped(inside=i), UNTRUE + "|UNSIGNED_OBJECT", twin=stamped()),  # type: ignore[misc] # bound in the loop
    )

# Counter-signatures -----------------------------------------------------------------------------------------


def _countersigned(inside: str) -> bytes:
    unsigned = (
        "<xades:UnsignedProperties><xades:UnsignedSignatureProperties><xades:CounterSignature>"
        f"{inside}</xades:CounterSignature></xades:UnsignedSignatureProperties></xades:UnsignedProperties>"
        "</xades:QualifyingProperties>"
    )
    xml = honest().replace(b"<ds:SignatureValue>", b'<ds:SignatureValue Id="v">')
    return xml.replace(b"</xades:QualifyingProperties>", unsigned.encode())


def _counter(uri: str = "#v", covered: bytes | None = None, **options: object) -> str:
    value = _value(honest()).replace(b"<ds:SignatureValue ", b'<ds:SignatureValue Id="v" ')
    ref = Ref(uri, value if covered is None else covered, type="http://uri.etsi.org/01903#CountersignedSignature")
    return signature([ref], signer=SEAL, **options)  # type: ignore[arg-type] # forwarded as they are


COUNTER = (
    "COUNTER_SIGNATURE|UNSIGNED_OBJECT|NOTHING_COVERED|leads|No element|CONTENT_CHANGED|NO_CERTIFICATE|must hold"
)
for _name, _made in {
    "over_the_document": lambda: signature(
        [Ref("#nd", LETTER[LETTER.index(b"<NoiDung") : LETTER.index(b"</CongVan>")])], signer=SEAL
    ),
    "over_another_value": lambda: _counter(covered=b"<a/>"),
    "over_no_value": lambda: _counter("#khong"),
    "by_a_stranger": lambda: signature(
        [Ref("#v", _value(honest()).replace(b"<ds:SignatureValue ", b'<ds:SignatureValue Id="v" '))],
        signer=WORLD.stranger_signer,
    ),
    "twice_in_one": lambda: _counter() * 2,
    "with_text": lambda: _counter() + "10.000.000",
    "with_content": lambda: _counter() + "<CongVan/>",
    "with_its_own_object": lambda: _counter(objects="<ds:Object><CongVan>giả</CongVan></ds:Object>"),
    "of_nothing": lambda: "",
}.items():
    variant(
        ATTACKS,
        f"a_counter_signature_{_name}",
        "X12: A CounterSignature holds one Signature, over the value of the signature that it stands in.",
        lambda m=_made: Attack(_countersigned(m()), COUNTER, twin=honest()),  # type: ignore[misc] # bound in the loop
    )

for _name, _generator in list(globals().items()):
    if getattr(_generator, "__annotations__", {}) == {"return": "Attack"} and not _name.startswith("_"):
        ATTACKS.setdefault(_name, _generator)
