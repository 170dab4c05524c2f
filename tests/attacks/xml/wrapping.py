"""X1 and X2: signature wrapping. What is signed stands elsewhere, what is read was never signed.

The honest documents: a Response signed as a whole by its Id, and a Response whose Assertion is signed. Every attack
keeps the signed element, its identifier and the Signature as they are.
"""

from __future__ import annotations

from tests.pki.xml.made import WORLD

from .attack import Attack, collected
from .forge import DS, Ref, enveloped, signature

ORIGINAL = '<Assertion Id="a"><Ten>Nguyễn Văn Mẫu</Ten></Assertion>'
EVIL = '<Assertion Id="b"><Ten>Kẻ giả mạo</Ten></Assertion>'
RESPONSE = '<Response Id="r"><Ten>Nguyễn Văn Mẫu</Ten></Response>'
EVIL_RESPONSE = '<Response Id="e"><Ten>Kẻ giả mạo</Ten>{}</Response>'


def _over(xml: str, identifier: str, objects: str = "") -> str:
    return signature([Ref(f"#{identifier}", xml.encode(), envelope=True)], objects=objects)


def honest_response() -> bytes:
    """Signed as a whole: passes."""
    return RESPONSE.replace("</Response>", _over(RESPONSE, "r") + "</Response>").encode()


def honest_assertion() -> bytes:
    """A part is signed: passes where parts are accepted."""
    return f"<Response>{_assertion(ORIGINAL, _over(ORIGINAL, 'a'))}</Response>".encode()


def _assertion(xml: str, inside: str) -> str:
    return xml.replace("</Assertion>", inside + "</Assertion>")


def xsw1() -> Attack:
    """X1: The original Response, without its Signature, stands inside the Signature of the evil one."""
    wrapped = _over(RESPONSE, "r").replace("</ds:Signature>", RESPONSE + "</ds:Signature>")
    return Attack(EVIL_RESPONSE.format(wrapped).encode(), "A Signature must hold SignedInfo")


def xsw2() -> Attack:
    """X1: The original Response stands before the Signature in the evil one."""
    return Attack(EVIL_RESPONSE.format(RESPONSE + _over(RESPONSE, "r")).encode(), "XML_WRAPPING", hashes=True)


def xsw3() -> Attack:
    """X1: The evil Assertion stands before the original."""
    xml = f"<Response>{EVIL}{_assertion(ORIGINAL, _over(ORIGINAL, 'a'))}</Response>"
    return Attack(xml.encode(), "XML_WRAPPING", hashes=True)


def xsw4() -> Attack:
    """X1: The original is a child of the evil Assertion."""
    xml = f"<Response>{_assertion(EVIL, _assertion(ORIGINAL, _over(ORIGINAL, 'a')))}</Response>"
    return Attack(xml.encode(), "XML_WRAPPING", hashes=True)


def xsw5() -> Attack:
    """X1: The evil Assertion keeps the Signature, the original is copied to the end."""
    xml = f"<Response>{_assertion(EVIL, _over(ORIGINAL, 'a'))}{ORIGINAL}</Response>"
    return Attack(xml.encode(), "XML_WRAPPING", hashes=True)


def xsw6() -> Attack:
    """X1: The original stands inside the Signature of the evil Assertion."""
    wrapped = _over(ORIGINAL, "a").replace("</ds:Signature>", ORIGINAL + "</ds:Signature>")
    return Attack(f"<Response>{_assertion(EVIL, wrapped)}</Response>".encode(), "A Signature must hold SignedInfo")


def xsw7() -> Attack:
    """X1: The evil Assertion hides in an Extensions element."""
    signed = _assertion(ORIGINAL, _over(ORIGINAL, "a"))
    xml = f"<Response><Extensions>{EVIL}</Extensions>{signed}</Response>"
    return Attack(xml.encode(), "XML_WRAPPING", hashes=True)


def xsw8() -> Attack:
    """X1: The original stands in a ds:Object of the evil Assertion's Signature."""
    wrapped = _over(ORIGINAL, "a", objects=f"<ds:Object>{ORIGINAL}</ds:Object>")
    return Attack(f"<Response>{_assertion(EVIL, wrapped)}</Response>".encode(), "XML_WRAPPING", hashes=True)


def wrapped_with_the_same_part_referenced_twice() -> Attack:
    """X1: Two references to one part are still references to a part only."""
    twice = signature([Ref("#a", ORIGINAL.encode(), envelope=True)] * 2)
    xml = f"<Response>{EVIL}{_assertion(ORIGINAL, twice)}</Response>"
    return Attack(xml.encode(), "XML_WRAPPING", hashes=True)


def wrapped_beside_another_intact_signature() -> Attack:
    """X1: A stranger's signature over the whole makes nothing of it the victim's: it is judged by itself."""
    wrapped = xsw3().xml
    whole = signature([Ref("", wrapped, envelope=True)], signer=WORLD.stranger_signer)
    return Attack(enveloped(wrapped, lambda _: whole), "SAME_NAME_ELSEWHERE")


def wrapped_in_another_namespace() -> Attack:
    """X1: Readers that look for local names are fooled by a twin in another namespace too."""
    evil = EVIL.replace("<Assertion", '<Assertion xmlns="urn:gia-mao"', 1)
    xml = f"<Response>{evil}{_assertion(ORIGINAL, _over(ORIGINAL, 'a'))}</Response>"
    return Attack(xml.encode(), "XML_WRAPPING", hashes=True)


def an_invoice_moved_aside() -> Attack:
    """X1: QĐ 1450 shape: the signed DLHDon moves into another element, an unsigned one takes its place."""
    data, evil = "<DLHDon Id='d'><Tien>1</Tien></DLHDon>", "<DLHDon><Tien>1000000</Tien></DLHDon>"
    xml = f"<HDon>{evil}<TTKhac>{data}</TTKhac><DSCKS><NBan>{_over(data, 'd')}</NBan></DSCKS></HDon>"
    return Attack(xml.encode(), "XML_WRAPPING", hashes=True)


def the_object_of_an_enveloping_signature_moved_out() -> Attack:
    """X1: The signed ds:Object moves out of its Signature, an unsigned one takes its place."""
    content = f'<ds:Object xmlns:ds="{DS}" Id="o"><CongVan>thật</CongVan></ds:Object>'
    xml = signature([Ref("#o", content.encode())], objects="<ds:Object><CongVan>giả</CongVan></ds:Object>")
    return Attack(f"<Goi>{content}{xml}</Goi>".encode(), "XML_WRAPPING", hashes=True)


def _around_its_object(before: str, after: str) -> Attack:
    content = f'<ds:Object xmlns:ds="{DS}" Id="o"><CongVan>thật</CongVan></ds:Object>'
    made = signature([Ref("#o", content.encode())], objects=content.replace(f' xmlns:ds="{DS}"', ""))
    return Attack(f"<Goi>{before}{made}{after}</Goi>".encode(), "XML_WRAPPING", hashes=True)


def a_double_before_an_enveloping_signature() -> Attack:
    """X1: The content of a signed Object has a double before its Signature, where a reader looks first."""
    return _around_its_object("<CongVan>giả</CongVan>", "")


def a_double_after_an_enveloping_signature() -> Attack:
    """X1: The same after it."""
    return _around_its_object("", "<CongVan>giả</CongVan>")


def a_double_deep_before_an_enveloping_signature() -> Attack:
    """X1: The same, some levels down."""
    return _around_its_object("<a><b><CongVan>giả</CongVan></b></a>", "")


def content_in_an_unsigned_object() -> Attack:
    """X1: An enveloped signature over the whole document leaves itself out: content hides in its Object."""
    signed = honest_response().replace(
        b"</ds:Signature>", b"<ds:Object><Response><Ten>X</Ten></Response></ds:Object></ds:Signature>"
    )
    return Attack(signed, "UNSIGNED_OBJECT", hashes=True)


def text_in_an_unsigned_object() -> Attack:
    """X1: The same with text instead of elements."""
    signed = honest_response().replace(b"</ds:Signature>", b"<ds:Object>10.000.000</ds:Object></ds:Signature>")
    return Attack(signed, "UNSIGNED_OBJECT", hashes=True)


def content_among_signature_properties() -> Attack:
    """X1: The same inside a SignatureProperty that nothing signs."""
    hidden = (
        b'<ds:Object><ds:SignatureProperties><ds:SignatureProperty Target="#r"><Response>X</Response>'
        b"</ds:SignatureProperty></ds:SignatureProperties></ds:Object></ds:Signature>"
    )
    return Attack(honest_response().replace(b"</ds:Signature>", hidden), "UNSIGNED_OBJECT", hashes=True)


def text_after_an_unsigned_object_s_properties() -> Attack:
    """X1: Text after an unsigned object s properties."""
    hidden = b"<ds:Object><ds:SignatureProperties/>10.000.000</ds:Object></ds:Signature>"
    return Attack(honest_response().replace(b"</ds:Signature>", hidden), "UNSIGNED_OBJECT", hashes=True)


def content_in_an_unsigned_signing_time() -> Attack:
    """X1: Content in an unsigned signing time."""
    hidden = (
        b'<ds:Object><ds:SignatureProperties><ds:SignatureProperty Target="#r"><SigningTime><Response>X</Response>'
        b"</SigningTime></ds:SignatureProperty></ds:SignatureProperties></ds:Object></ds:Signature>"
    )
    return Attack(honest_response().replace(b"</ds:Signature>", hidden), "UNSIGNED_OBJECT", hashes=True)


def a_signature_in_an_unsigned_object() -> Attack:
    """X1: A Signature nested in another one is neither covered nor a counter-signature."""
    inner = _over(ORIGINAL, "a")
    xml = (
        honest_response()
        .decode()
        .replace("</ds:Signature>", f"<ds:Object>{ORIGINAL}{inner}</ds:Object></ds:Signature>")
    )
    return Attack(xml.encode(), "UNSIGNED_OBJECT")


def signature_over_an_empty_part() -> Attack:
    """X1: What is covered is an element without content; the content beside it is not."""
    empty = '<TieuDe Id="t"/>'
    xml = f"<CongVan>{empty}<NoiDung>bất kỳ</NoiDung>{_over(empty, 't')}</CongVan>"
    return Attack(xml.encode(), "NOTHING_COVERED", hashes=True)


def signature_over_its_own_time_only() -> Attack:
    """X1: The only reference leads to the SigningTime in the signature's own Object."""
    time = (
        f'<ds:Object xmlns:ds="{DS}" Id="t"><ds:SignatureProperties><ds:SignatureProperty Target="#s">'
        "<ds:SigningTime>2026-11-23T10:00:00</ds:SigningTime></ds:SignatureProperty></ds:SignatureProperties></ds:Object>"
    )
    xml = signature([Ref("#t", time.encode())], objects=time)
    return Attack(f"<CongVan>bất kỳ{xml}</CongVan>".encode(), "NOTHING_COVERED", hashes=True)


def a_counter_signature_over_a_loose_value() -> Attack:
    """X12: A counter-signature covers the value of a Signature that is judged too, never a loose one."""
    value = f'<ds:SignatureValue xmlns:ds="{DS}" Id="v">QUJD</ds:SignatureValue>'
    made = signature([Ref("#v", value.encode(), type="http://uri.etsi.org/01903#CountersignedSignature")])
    return Attack(f"<CongVan>bất kỳ{value}{made}</CongVan>".encode(), "NOTHING_COVERED", hashes=True)


def signature_over_a_manifest_only() -> Attack:
    """X1: Entries of a Manifest are checked, and are no covered content whatever comes of it."""
    manifest = f'<ds:Object xmlns:ds="{DS}"><ds:Manifest Id="m">{Ref("", b"<a/>").xml()}</ds:Manifest></ds:Object>'
    alone = manifest[manifest.index("<ds:Manifest") : manifest.index("</ds:Object>")]
    covered = alone.replace("<ds:Manifest", f'<ds:Manifest xmlns:ds="{DS}"').encode()
    xml = signature([Ref("#m", covered, type=DS + "Manifest")], objects=manifest)
    return Attack(f"<CongVan>bất kỳ{xml}</CongVan>".encode(), "MANIFEST_ENTRY_CHANGED", hashes=True)


# X2: identifiers that lead to two places --------------------------------------------------------------------


def _twice(evil: str) -> Attack:
    """Each referenced ID occurs once over all attributes treated as ID; else refuse."""
    xml = f"<Response>{evil}{_assertion(ORIGINAL, _over(ORIGINAL, 'a'))}</Response>"
    return Attack(xml.encode(), "stands 2 times")


def the_same_id_twice() -> Attack:
    """X2: The same id twice."""
    return _twice('<Assertion Id="a">giả</Assertion>')


def the_same_id_in_another_spelling() -> Attack:
    """X2: The same id in another spelling."""
    return _twice('<Assertion ID="a">giả</Assertion>')


def the_same_id_in_lower_case() -> Attack:
    """X2: The same id in lower case."""
    return _twice('<Khac id="a">giả</Khac>')


def the_same_id_in_a_spelling_nobody_uses() -> Attack:
    """X2: The same id in a spelling nobody uses."""
    return _twice('<Khac iD="a">giả</Khac>')


def the_same_id_as_xml_id() -> Attack:
    """X2: The same id as xml id."""
    return _twice('<Khac xml:id="a">giả</Khac>')


def the_same_id_in_a_namespace() -> Attack:
    """X2: The same id in a namespace."""
    return _twice('<Khac p:ID="a" xmlns:p="urn:p">giả</Khac>')


def the_same_id_spelt_with_a_reference() -> Attack:
    """X2: The same id spelt with a reference."""
    return _twice('<Khac Id="&#x61;">giả</Khac>')


def one_element_with_two_ids() -> Attack:
    """X2: One element with two ids."""
    original = ORIGINAL.replace("Id=", "id='a' Id=")
    xml = f"<Response>{_assertion(original, _over(original, 'a'))}</Response>"
    return Attack(xml.encode(), "stands 2 times")


def an_id_in_a_foreign_namespace_only() -> Attack:
    """X2: Only Id, ID, id and xml:id are identifiers."""
    original = '<Assertion w:Id="a" xmlns:w="urn:wsu">x</Assertion>'
    xml = f"<Response>{_assertion(original, _over(original, 'a'))}</Response>"
    return Attack(xml.encode(), "No element with the identifier")


ATTACKS = collected(globals())
