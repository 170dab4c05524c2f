"""X12: XAdES properties that are not this signature's, not signed, or about somebody else."""

from __future__ import annotations

import hashlib

from kyso_pki.x509.certificate import Certificate
from tests.pki.xml.made import PERSON, WORLD

from .attack import Attack, collected, variant
from .forge import DS, SIGNED_PROPERTIES, XADES, Ref, b64, enveloped, signature
from .structure import LETTER

BASE64 = DS + "base64"
NAMESPACES = f'xmlns:ds="{DS}" xmlns:xades="{XADES}"'
WHOLE = Ref("", LETTER, envelope=True, extra=' Id="r1"')


def properties(
    *,
    identifier: str = "p",
    certificate: Certificate | None = None,
    issuer_serial: str = "",
    time: str = "2026-11-23T10:00:00+07:00",
    about: str = "#r1",
    more: str = "",
) -> str:
    leaf = certificate or PERSON.certificate
    return (
        f'<xades:SignedProperties Id="{identifier}"><xades:SignedSignatureProperties>'
        f"<xades:SigningTime>{time}</xades:SigningTime><xades:SigningCertificateV2><xades:Cert><xades:CertDigest>"
        '<ds:DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"/>'
        f"<ds:DigestValue>{b64(hashlib.sha256(leaf.der).digest())}</ds:DigestValue></xades:CertDigest>{issuer_serial}"
        f"</xades:Cert></xades:SigningCertificateV2>{more}</xades:SignedSignatureProperties>"
        f'<xades:SignedDataObjectProperties><xades:DataObjectFormat ObjectReference="{about}">'
        "<xades:MimeType>text/xml</xades:MimeType></xades:DataObjectFormat></xades:SignedDataObjectProperties>"
        "</xades:SignedProperties>"
    )


def qualifying(signed: str, target: str = "#s") -> str:
    return (
        f'<ds:Object><xades:QualifyingProperties xmlns:xades="{XADES}" Target="{target}">{signed}'
        "</xades:QualifyingProperties></ds:Object>"
    )


def reference(signed: str, uri: str = "#p", kind: str | None = SIGNED_PROPERTIES) -> Ref:
    first, rest = signed.split(" ", 1)
    return Ref(uri, f"{first} {NAMESPACES} {rest}".encode(), type=kind)


def _signed(references: list[Ref], objects: str, beside: str = "") -> bytes:
    return enveloped(LETTER, lambda _: beside + signature(references, identifier="s", objects=objects))


def honest() -> bytes:
    """What all attacks here start from: XAdES-B-B, passes."""
    own = properties()
    return _signed([WHOLE, reference(own)], qualifying(own))


def properties_that_nothing_signs() -> Attack:
    """X12: SignedProperties must be referenced."""
    return Attack(_signed([WHOLE], qualifying(properties())), "one each is needed")


def properties_signed_without_type() -> Attack:
    """X12: … with Type …#SignedProperties, or no reader knows which reference is about them."""
    own = properties()
    return Attack(_signed([WHOLE, reference(own, kind=None)], qualifying(own)), "one each is needed")


def properties_of_another_signature() -> Attack:
    """X12: QualifyingProperties' Target is this Signature's Id."""
    own = properties()
    return Attack(_signed([WHOLE, reference(own)], qualifying(own, "#khac")), "not for the signature")


def properties_outside_the_signature() -> Attack:
    """X12: The signed ones stand elsewhere in the document, forged ones stand in the Signature."""
    own, fake = properties(), properties(identifier="q", certificate=WORLD.stranger_signer.certificate)
    moved = "<Khac>" + qualifying(own).replace("<ds:Object>", f'<ds:Object xmlns:ds="{DS}">') + "</Khac>"
    xml = LETTER.replace(b"</CongVan>", moved.encode() + b"</CongVan>")
    whole = Ref("", xml, envelope=True, extra=' Id="r1"')
    made = signature([whole, reference(own)], identifier="s", objects=qualifying(fake))
    return Attack(enveloped(xml, lambda _: made), "outside this signature's properties")


def a_second_set_of_properties() -> Attack:
    """X12: Forged properties beside the signed ones, in an Object of their own."""
    own, fake = properties(), properties(identifier="q")
    return Attack(_signed([WHOLE, reference(own)], qualifying(fake) + qualifying(own)), "one each is needed")


def two_sets_in_one_object() -> Attack:
    """X12: Two sets in one object."""
    own, fake = properties(), properties(identifier="q")
    both = qualifying(own).replace("</xades:QualifyingProperties>", fake + "</xades:QualifyingProperties>")
    return Attack(_signed([WHOLE, reference(own)], both), "must hold SignedProperties")


def properties_with_the_same_id_twice() -> Attack:
    """X12: Properties with the same id twice."""
    own = properties()
    return Attack(_signed([WHOLE, reference(own)], qualifying(own) * 2), "stands 2 times")


def a_typed_reference_to_content() -> Attack:
    """X12: A Reference of Type SignedProperties that leads to something else."""
    own = properties()
    content = Ref("#nd", LETTER[LETTER.index(b"<NoiDung") : LETTER.index(b"</CongVan>")], type=SIGNED_PROPERTIES)
    return Attack(_signed([WHOLE, content], qualifying(own)), "outside this signature's properties")


def a_typed_reference_without_properties() -> Attack:
    """X12: A typed reference without properties."""
    content = Ref("#nd", LETTER[LETTER.index(b"<NoiDung") : LETTER.index(b"</CongVan>")], type=SIGNED_PROPERTIES)
    return Attack(_signed([WHOLE, content], ""), "one each is needed")


def a_signing_certificate_of_somebody_else() -> Attack:
    """X12: SigningCertificateV2 matches the certificate."""
    own = properties(certificate=WORLD.seal)
    return Attack(_signed([WHOLE, reference(own)], qualifying(own)), "SIGNING_CERTIFICATE_MISMATCH", True)


def a_signing_certificate_with_another_serial_number() -> Attack:
    """X12: Digest *and* issuer and serial number match."""
    serial = (
        "<xades:IssuerSerial><ds:X509IssuerName>CN=x</ds:X509IssuerName>"
        "<ds:X509SerialNumber>1</ds:X509SerialNumber></xades:IssuerSerial>"
    )
    own = properties(issuer_serial=serial)
    return Attack(_signed([WHOLE, reference(own)], qualifying(own)), "SIGNING_CERTIFICATE_MISMATCH", True)


def a_data_object_format_of_no_reference() -> Attack:
    """X12: DataObjectFormat refers to an existing Reference."""
    own = properties(about="#r2")
    return Attack(_signed([WHOLE, reference(own)], qualifying(own)), "does not exist")


def two_signing_times() -> Attack:
    """X12: Two signing times."""
    own = properties(more="<xades:SigningTime>2020-01-01T00:00:00Z</xades:SigningTime>")
    return Attack(_signed([WHOLE, reference(own)], qualifying(own)), "stands twice")


def a_signing_time_that_is_none() -> Attack:
    """X12: A signing time that is none."""
    own = properties(time="hôm nay")
    return Attack(_signed([WHOLE, reference(own)], qualifying(own)), "is not a time")


def a_changed_signing_time() -> Attack:
    """X12: A changed signing time."""
    return Attack(honest().replace(b"2026-11-23T10:00", b"2020-11-23T10:00"), "CONTENT_CHANGED")


def properties_without_the_content() -> Attack:
    """X12: Only the properties are signed, not the document."""
    own = properties(about="#p")
    bare = own[: own.index("<xades:SignedDataObjectProperties>")] + "</xades:SignedProperties>"
    return Attack(_signed([reference(bare)], qualifying(bare)), "NOTHING_COVERED", True)


def content_hidden_in_unsigned_properties() -> Attack:
    """X12: Content hidden in unsigned properties."""
    own = properties()
    hidden = (
        "<xades:UnsignedProperties><xades:UnsignedSignatureProperties><CongVan>giả</CongVan>"
        "</xades:UnsignedSignatureProperties></xades:UnsignedProperties></xades:QualifyingProperties>"
    )
    objects = qualifying(own).replace("</xades:QualifyingProperties>", hidden)
    return Attack(_signed([WHOLE, reference(own)], objects), "UNSIGNED_OBJECT", True)


def content_hidden_in_a_counter_signature() -> Attack:
    """X12: A CounterSignature holds one Signature and nothing else."""
    own = properties()
    hidden = (
        "<xades:UnsignedProperties><xades:UnsignedSignatureProperties><xades:CounterSignature><CongVan>giả</CongVan>"
        "</xades:CounterSignature></xades:UnsignedSignatureProperties></xades:UnsignedProperties>"
        "</xades:QualifyingProperties>"
    )
    objects = qualifying(own).replace("</xades:QualifyingProperties>", hidden)
    return Attack(_signed([WHOLE, reference(own)], objects), "UNSIGNED_OBJECT", True)


def an_unreadable_signature_timestamp() -> Attack:
    """X12: An unreadable signature timestamp."""
    own = properties()
    stamp = (
        "<xades:UnsignedProperties><xades:UnsignedSignatureProperties><xades:SignatureTimeStamp>"
        "<xades:EncapsulatedTimeStamp>QQ==</xades:EncapsulatedTimeStamp></xades:SignatureTimeStamp>"
        "</xades:UnsignedSignatureProperties></xades:UnsignedProperties></xades:QualifyingProperties>"
    )
    objects = qualifying(own).replace("</xades:QualifyingProperties>", stamp)
    return Attack(_signed([WHOLE, reference(own)], objects), "TIMESTAMP", True)


ATTACKS = collected(globals())

# What an Object says of itself, where the base64 transform signs its octets alone -----------------------------

_OCTETS = b"<html>1</html>"


def _held(first: str = "", second: str | None = None) -> bytes:
    """A signature around one or two files of the type text/xml and, the second, text/plain, with these attributes."""
    steps = f'<ds:Transform Algorithm="{BASE64}"/>'
    own = properties()
    references = [Ref("#o", _OCTETS, raw=True, transforms=steps, extra=' Id="r1"')]
    objects = f'<ds:Object Id="o"{first}>{b64(_OCTETS)}</ds:Object>'
    if second is not None:
        plain = '<xades:DataObjectFormat ObjectReference="#r2"><xades:MimeType>text/plain</xades:MimeType>'
        own = own.replace("</xades:SignedDataObject", f"{plain}</xades:DataObjectFormat></xades:SignedDataObject")
        references.append(Ref("#o2", _OCTETS, raw=True, transforms=steps, extra=' Id="r2"'))
        objects += f'<ds:Object Id="o2"{second}>{b64(_OCTETS)}</ds:Object>'
    return signature([*references, reference(own)], identifier="s", objects=objects + qualifying(own)).encode()


for _name, _attributes, _word, _twin in (
    ("another_type", (' MimeType="text/html"', None), "MEDIA_TYPE_DIFFERS", (' MimeType="text/xml"', None)),
    ("another_type_in_capitals", (' MimeType="TEXT/HTML; x=text/xml"', None), "MEDIA_TYPE_DIFFERS", ("", None)),
    ("no_type", (' MimeType=""', None), "MEDIA_TYPE_DIFFERS", (' MimeType="Text/XML; charset=utf-8"', None)),
    (
        "the_type_of_another",
        (' MimeType="text/plain"', ' MimeType="text/xml"'),
        "MEDIA_TYPE_DIFFERS",
        (' MimeType="text/xml"', ' MimeType="text/plain"'),
    ),
    ("another_encoding", (' Encoding="urn:gia"', None), "UNSIGNED_OBJECT", (f' Encoding="{BASE64}"', None)),
    ("an_attribute_of_its_own", (' Tien="9"', None), "UNSIGNED_OBJECT", ("", None)),
    ("a_base", (' xml:base="http://gia.example/"', None), "UNSIGNED_OBJECT", ("", "")),
):
    variant(
        ATTACKS,
        f"octets_that_pose_as_{_name}",
        "X12: The base64 transform signs octets; the type that the signer gave them stands in DataObjectFormat.",
        lambda a=_attributes, w=_word, t=_twin: Attack(_held(*a), w, hashes=True, twin=_held(*t)),  # type: ignore[misc] # bound in the loop
    )
