"""X1 and X12: content hidden in what an enveloped signature does not cover, which is its own inside.

Every place inside a Signature that nothing signs, times everything that could be read there. Each forgery keeps all
digests and the value true. The twins hold what the schema lets stand in that place.
"""

from __future__ import annotations

from collections.abc import Callable

from . import properties
from .attack import Attack, Generator, variant
from .forge import DS, XADES
from .structure import honest

ATTACKS: dict[str, Generator] = {}
XADES141 = "http://uri.etsi.org/01903/v1.4.1#"

PAYLOADS = {
    "an_element": "<CongVan><NoiDung>giả</NoiDung></CongVan>",
    "an_element_named_as_xmldsig": f'<d:NoiDung xmlns:d="{DS}">giả</d:NoiDung>',
    "an_element_named_as_xades": f'<x:NoiDung xmlns:x="{XADES}">giả</x:NoiDung>',
    "an_element_named_as_xades_1_4_1": f'<x:NoiDung xmlns:x="{XADES141}">giả</x:NoiDung>',
    "text": "10.000.000",
    "a_manifest": f'<d:Manifest xmlns:d="{DS}"><d:Reference URI="#cv"/></d:Manifest>',
    "an_object": f'<d:Object xmlns:d="{DS}"><CongVan>giả</CongVan></d:Object>',
    "a_signature": f'<d:Signature xmlns:d="{DS}"><d:SignedInfo/></d:Signature>',
    "a_qualified_name_s_twin": f'<x:SigningTime xmlns:x="{XADES}">2020-01-01T00:00:00Z</x:SigningTime>',
    "an_attribute": f'<d:Object xmlns:d="{DS}" NoiDung="giả"/>',
    "a_claimed_role": f'<x:SignerRoleV2 xmlns:x="{XADES}"><x:ClaimedRoles><x:ClaimedRole>Chủ tịch</x:ClaimedRole>'
    "</x:ClaimedRoles></x:SignerRoleV2>",
    "a_signed_policy": f'<x:SignaturePolicyIdentifier xmlns:x="{XADES}"><x:SignaturePolicyImplied/>'
    "</x:SignaturePolicyIdentifier>",
}
INNOCENT = {
    "a_time": "<SigningTime>2026-11-23T10:00:00</SigningTime>",
    "stamps": "<xades:SignatureTimeStamp/>",
}

Place = Callable[[str], bytes]


def _in_object(text: str) -> bytes:
    return honest().replace(b"</ds:Signature>", f"<ds:Object>{text}</ds:Object></ds:Signature>".encode())


def _in_properties(text: str) -> bytes:
    return _in_object(f"<ds:SignatureProperties>{text}</ds:SignatureProperties>")


def _in_property(text: str) -> bytes:
    return _in_properties(f'<ds:SignatureProperty Target="#s">{text}</ds:SignatureProperty>')


def _in_key_info(text: str) -> bytes:
    return honest().replace(b"<ds:KeyInfo>", f"<ds:KeyInfo>{text}".encode())


def _in_x509_data(text: str) -> bytes:
    return honest().replace(b"<ds:X509Data>", f"<ds:X509Data>{text}".encode())


def _in_subject_name(text: str) -> bytes:
    return _in_x509_data(f"<ds:X509SubjectName>{text}</ds:X509SubjectName>")


def _in_issuer_serial(text: str) -> bytes:
    inside = f"<ds:X509IssuerName>CN=x</ds:X509IssuerName><ds:X509SerialNumber>1</ds:X509SerialNumber>{text}"
    return _in_x509_data(f"<ds:X509IssuerSerial>{inside}</ds:X509IssuerSerial>")


def _in_key_value(text: str) -> bytes:
    inside = f"<ds:Modulus>wQE=</ds:Modulus><ds:Exponent>AQAB</ds:Exponent>{text}"
    return _in_key_info(f"<ds:KeyValue><ds:RSAKeyValue>{inside}</ds:RSAKeyValue></ds:KeyValue>")


def _in_unsigned_properties(text: str) -> bytes:
    return _qualified(f"<xades:UnsignedProperties>{text}</xades:UnsignedProperties>")


def _in_signature_properties(text: str) -> bytes:
    return _in_unsigned_properties(f"<xades:UnsignedSignatureProperties>{text}</xades:UnsignedSignatureProperties>")


def _in_data_object_properties(text: str) -> bytes:
    return _in_unsigned_properties(f"<xades:UnsignedDataObjectProperties>{text}</xades:UnsignedDataObjectProperties>")


def _in_data_object_property(text: str) -> bytes:
    return _in_data_object_properties(f"<xades:UnsignedDataObjectProperty>{text}</xades:UnsignedDataObjectProperty>")


def _in_certificate_values(text: str) -> bytes:
    return _in_signature_properties(f"<xades:CertificateValues>{text}</xades:CertificateValues>")


def _in_other_certificate(text: str) -> bytes:
    return _in_certificate_values(f"<xades:OtherCertificate>{text}</xades:OtherCertificate>")


def _in_counter_signature(text: str) -> bytes:
    return _in_signature_properties(f"<xades:CounterSignature>{text}</xades:CounterSignature>")


def _in_encapsulated_value(text: str) -> bytes:
    inside = f"<xades:EncapsulatedX509Certificate>{text}</xades:EncapsulatedX509Certificate>"
    return _in_certificate_values(inside)


def _qualified(unsigned: str) -> bytes:
    return properties.honest().replace(
        b"</xades:QualifyingProperties>", f"{unsigned}</xades:QualifyingProperties>".encode()
    )


REASONS = (
    "UNSIGNED_OBJECT|not accepted|must hold|Text beside|cannot be read|OBJECT_UNSIGNED|one each is needed|"
    "COUNTER_SIGNATURE"
)
PLACES: dict[str, tuple[Place, str]] = {
    "an_object": (_in_object, "<ds:SignatureProperties/>"),
    "signature_properties": (_in_properties, '<ds:SignatureProperty Target="#s"/>'),
    "a_signature_property": (_in_property, "<SigningTime>2026-11-23T10:00:00</SigningTime>"),
    "key_info": (_in_key_info, "<ds:KeyName>x</ds:KeyName>"),
    "x509_data": (_in_x509_data, "<ds:X509SubjectName>CN=x</ds:X509SubjectName>"),
    "an_issuer_serial": (_in_issuer_serial, ""),
    "unsigned_properties": (_in_unsigned_properties, "<xades:UnsignedSignatureProperties/>"),
    "unsigned_signature_properties": (_in_signature_properties, "<xades:CertificateValues/>"),
    "unsigned_data_object_properties": (_in_data_object_properties, ""),
    "certificate_values": (_in_certificate_values, ""),
}
NEVER = {  # places that are not accepted themselves, whatever stands in them
    "a_key_value": _in_key_value,
    "an_unsigned_data_object_property": _in_data_object_property,
    "another_certificate": _in_other_certificate,
    "a_counter_signature": _in_counter_signature,
}


def _hide(place: str, payload: str, put: Place, text: str, twin: bytes | None) -> None:
    rule = "X1 X12: What nothing signs inside a Signature is what the schema puts there, or an error."
    variant(ATTACKS, f"{payload}_in_{place}", rule, lambda: Attack(put(text), REASONS, twin=twin))


for _place, (_put, _innocent) in PLACES.items():
    for _payload, _text in PAYLOADS.items():
        _hide(_place, _payload, _put, _text, _put(_innocent))
for _place, _put in NEVER.items():
    for _payload, _text in PAYLOADS.items():
        _hide(_place, _payload, _put, _text, None)
for _payload, _text in PAYLOADS.items():
    if _text.startswith("<"):  # text there is a name like any other: no reader may take it for a fact
        _hide("a_subject_name", _payload, _in_subject_name, _text, _in_subject_name("CN=x"))
    _hide("an_encapsulated_value", _payload, _in_encapsulated_value, _text, None)


def a_signing_time_with_attributes() -> Attack:
    """X12: An unsigned time is a time and nothing else."""
    xml = _in_property('<SigningTime NoiDung="giả">2026-11-23T10:00:00</SigningTime>')
    return Attack(xml, "UNSIGNED_OBJECT", twin=_in_property("<SigningTime>2026-11-23T10:00:00</SigningTime>"))


def a_signing_time_that_holds_an_amount() -> Attack:
    """X12: An unsigned time is a time and nothing else."""
    return Attack(_in_property("<SigningTime>mười triệu đồng</SigningTime>"), "UNSIGNED_OBJECT")


def a_signing_time_outside_a_signature_property() -> Attack:
    """X12: Only there e-invoices have it; anywhere else it would pose as the XAdES one."""
    return Attack(_in_properties("<SigningTime>2026-11-23T10:00:00</SigningTime>"), "UNSIGNED_OBJECT")


def a_value_that_is_no_base64() -> Attack:
    """X12: Where the schema has base64, text stands for nothing else."""
    xml = _in_certificate_values("<xades:EncapsulatedX509Certificate>mười triệu</xades:EncapsulatedX509Certificate>")
    return Attack(xml, "UNSIGNED_OBJECT")


for _name in (
    "a_signing_time_with_attributes",
    "a_signing_time_that_holds_an_amount",
    "a_signing_time_outside_a_signature_property",
    "a_value_that_is_no_base64",
):
    ATTACKS[_name] = globals()[_name]
