"""X3 to X7: a Signature whose structure, texts, canonicalisation, transforms or references are not what they seem."""

from __future__ import annotations

import base64
import hashlib

from .attack import Attack, collected
from .forge import DS, ENVELOPED, EXCLUSIVE, Ref, b64, canonical, enveloped, signature

LETTER = '<CongVan Id="cv"><NoiDung Id="nd">Kính gửi</NoiDung></CongVan>'.encode()
WHOLE = Ref("", LETTER, envelope=True)
EMPTY_SHA256 = b64(hashlib.sha256(b"").digest())


def honest() -> bytes:
    """The signature that all attacks here start from: passes."""
    return enveloped(LETTER, lambda _: signature([WHOLE]))


def _replaced(old: str, new: str, word: str, count: int = 1) -> Attack:
    xml = honest().decode()
    assert old in xml
    return Attack(xml.replace(old, new, count).encode(), word)


def _signed(reference: Ref, word: str, xml: bytes = LETTER) -> Attack:
    return Attack(enveloped(xml, lambda _: signature([reference])), word)


# X3: cardinality --------------------------------------------------------------------------------------------


def two_signed_infos() -> Attack:
    """X3: Exactly one SignedInfo: a second one could be the one whose references are read."""
    evil = signature([Ref("", b"<a/>")]).split("<ds:SignedInfo>")[1].split("</ds:SignedInfo>")[0]
    return _replaced("<ds:SignatureValue>", f"<ds:SignedInfo>{evil}</ds:SignedInfo><ds:SignatureValue>", "must hold")


def signed_info_after_the_value() -> Attack:
    """X3: SignedInfo, then SignatureValue."""
    xml = honest().decode()
    start, middle = xml.index("<ds:SignedInfo>"), xml.index("<ds:SignatureValue>")
    end = xml.index("<ds:KeyInfo>")
    return Attack((xml[:start] + xml[middle:end] + xml[start:middle] + xml[end:]).encode(), "must hold")


def signed_info_inside_an_object_first() -> Attack:
    """X3: An Object before SignedInfo, with a SignedInfo of its own for readers that search."""
    return _replaced("<ds:SignedInfo>", "<ds:Object><ds:SignedInfo/></ds:Object><ds:SignedInfo>", "must hold")


def two_values() -> Attack:
    """X3: Two values."""
    return _replaced("<ds:KeyInfo>", "<ds:SignatureValue>QQ==</ds:SignatureValue><ds:KeyInfo>", "must hold")


def two_key_infos() -> Attack:
    """X3: Two key infos."""
    return _replaced("</ds:Signature>", "<ds:KeyInfo/></ds:Signature>", "must hold")


def no_reference_at_all() -> Attack:
    """X3: At least one Reference."""
    return Attack(enveloped(LETTER, lambda _: signature([])), "must hold")


def a_reference_with_two_digests() -> Attack:
    """X3: A reference with two digests."""
    reference = Ref("", LETTER, value=f"QQ==</ds:DigestValue><ds:DigestValue>{b64(b'1' * 32)}", envelope=True)
    return _signed(reference, "must hold")


def a_foreign_attribute_on_the_signature() -> Attack:
    """X3: A foreign attribute on the signature."""
    return _replaced("<ds:Signature ", "<ds:Signature x='1' ", "not accepted")


def text_beside_the_parts() -> Attack:
    """X3: Text beside the parts."""
    return _replaced("<ds:SignatureValue>", "x<ds:SignatureValue>", "Text beside")


def the_referenced_element_is_the_signature() -> Attack:
    """X3: The referenced element is the signature."""
    return Attack(
        enveloped(LETTER, lambda _: signature([Ref("#s", b"<a/>")], identifier="s")), "leads to its own Signature"
    )


# X4: texts that two readers read differently ----------------------------------------------------------------


def a_comment_in_the_digest_value() -> Attack:
    """X4: DigestValue has only text children: .text of many stops at the comment, canonical octets skip it."""
    return _replaced("<ds:DigestValue>", "<ds:DigestValue><!-- giả -->", "A comment or processing instruction")


def a_forged_digest_before_the_comment() -> Attack:
    """X4: A forged digest before the comment."""
    return _replaced("<ds:DigestValue>", f"<ds:DigestValue>{EMPTY_SHA256}<!-- -->", "A comment")


def a_comment_in_a_digest_value_that_is_signed_with_comments() -> Attack:
    """X4: The same where the canonical form keeps comments."""
    reference = Ref("", LETTER, envelope=True, value=f"<!-- x -->{b64(hashlib.sha256(canonical(LETTER)).digest())}")
    signed = enveloped(LETTER, lambda _: signature([reference], c14n=EXCLUSIVE + "WithComments"))
    return Attack(signed, "A comment")


def a_digest_in_a_cdata_section() -> Attack:
    """X4: Canonical octets are the same; .text is too, but other readers see two nodes."""
    xml = honest().decode()
    start = xml.index("<ds:DigestValue>") + len("<ds:DigestValue>")
    return Attack(f"{xml[:start]}<![CDATA[{xml[start : start + 44]}]]>{xml[start + 44 :]}".encode(), "CDATA")


def an_instruction_in_the_value() -> Attack:
    """X4: An instruction in the value."""
    return _replaced("<ds:SignatureValue>", "<ds:SignatureValue><?x?>", "must hold text only")


def an_element_in_the_value() -> Attack:
    """X4: An element in the value."""
    return _replaced("<ds:SignatureValue>", "<ds:SignatureValue><ds:x/>", "must hold text only")


def a_cdata_section_in_the_value() -> Attack:
    """X4: A cdata section in the value."""
    return _replaced("<ds:SignatureValue>", "<ds:SignatureValue><![CDATA[]]>", "CDATA")


def a_comment_in_a_certificate() -> Attack:
    """X4: A comment in a certificate."""
    return _replaced("<ds:X509Certificate>", "<ds:X509Certificate><!-- -->", "must hold text only")


def a_comment_in_key_info() -> Attack:
    """X4: A comment in key info."""
    return _replaced("<ds:KeyInfo>", "<ds:KeyInfo><!-- -->", "not accepted")


def base64_with_other_spare_bits() -> Attack:
    """X4: One encoding of one value only."""
    xml = honest().decode()
    start = xml.index("<ds:SignatureValue>") + len("<ds:SignatureValue>")
    text = xml[start : xml.index("</ds:SignatureValue>")]
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    last = alphabet.index(text[-3])
    other = text[:-3] + alphabet[last ^ 1] + "=="
    assert base64.b64decode(other) == base64.b64decode(text)
    return Attack(xml.replace(text, other).encode(), "another way")


# X5: canonicalisation that gives nothing --------------------------------------------------------------------


def void_canonicalisation() -> Attack:
    """X5: A relative namespace URI makes libxml2 give up; the digest of nothing would then match."""
    xml = b'<CongVan xmlns:r="tuong/doi">bat ky</CongVan>'
    reference = Ref("", b"", raw=True, envelope=True)
    return _signed(reference, "cannot be canonicalised", xml)


def void_canonicalisation_of_a_part() -> Attack:
    """X5: Void canonicalisation of a part."""
    xml = b'<CongVan><Phan xmlns:r="tuong/doi" Id="p">bat ky</Phan></CongVan>'
    return _signed(Ref("#p", b"x", raw=True), "cannot be canonicalised", xml)


def void_canonicalisation_of_signed_info() -> Attack:
    """X5: Void canonicalisation of signed info."""
    signed = enveloped(
        LETTER,
        lambda _: signature(
            [WHOLE], value_of=None, change=lambda i: i.replace("<ds:SignedInfo>", "<ds:SignedInfo xmlns:r='t'>")
        ),
    )
    return Attack(signed, "cannot be canonicalised")


def a_digest_of_nothing() -> Attack:
    """X5: Constant digests of the empty string are never accepted."""
    return _signed(Ref("", LETTER, envelope=True, value=EMPTY_SHA256), "digest of nothing")


# X6: transforms ---------------------------------------------------------------------------------------------

XPATH = "http://www.w3.org/TR/1999/REC-xpath-19991116"
XSLT = (
    '<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform">'
    '<xsl:template match="/"><a/></xsl:template></xsl:stylesheet>'
)


def _transformed(transforms: str, word: str, covered: bytes = b"<a/>") -> Attack:
    return _signed(Ref("", covered, transforms=transforms), word)


def _step(algorithm: str, inside: str = "") -> str:
    return f'<ds:Transform Algorithm="{algorithm}">{inside}</ds:Transform>'


def an_xslt_transform() -> Attack:
    """X6: XSLT is never accepted: it is code, and reads files and the network."""
    return _transformed(_step("http://www.w3.org/TR/1999/REC-xslt-19991116", XSLT), "Transform http")


def an_xpath_that_leaves_the_payload_out() -> Attack:
    """X6: XPath can exclude the payload (GHSA-7mf5)."""
    expression = "<ds:XPath>not(ancestor-or-self::NoiDung)</ds:XPath>"
    return _transformed(_step(ENVELOPED) + _step(XPATH, expression), "Transform http")


def an_xpath_filter_2() -> Attack:
    """X6: An xpath filter 2."""
    inside = '<f:XPath xmlns:f="http://www.w3.org/2002/06/xmldsig-filter2" Filter="subtract">//NoiDung</f:XPath>'
    return _transformed(_step("http://www.w3.org/2002/06/xmldsig-filter2", inside), "Transform http")


def a_decryption_transform() -> Attack:
    """X6: A decryption transform."""
    return _transformed(_step("http://www.w3.org/2002/07/decrypt#XML"), "Transform http")


def a_base64_transform_on_content() -> Attack:
    """X6: Base64 is for a ds:Object only: it reads text and drops the elements around it."""
    xml = b'<CongVan><Phan Id="p">QQ==</Phan></CongVan>'
    return _signed(Ref("#p", b"A", raw=True, transforms=_step(DS + "base64")), "ds:Object only", xml)


def two_canonicalisations() -> Attack:
    """X6: Two canonicalisations."""
    return _transformed(_step(ENVELOPED) + _step(EXCLUSIVE) * 2, "order", LETTER)


def enveloped_signature_twice() -> Attack:
    """X6: Enveloped signature twice."""
    return _transformed(_step(ENVELOPED) * 2 + _step(EXCLUSIVE), "order", LETTER)


def enveloped_signature_last() -> Attack:
    """X6: Enveloped signature last."""
    return _transformed(_step(EXCLUSIVE) + _step(ENVELOPED), "order", LETTER)


def six_transforms() -> Attack:
    """X6 R1: Six transforms."""
    return _transformed(_step(EXCLUSIVE) * 6, "at most 5", LETTER)


def a_thousand_and_one_references() -> Attack:
    """X6 R1: A thousand and one references."""
    return Attack(enveloped(LETTER, lambda _: signature([WHOLE] * 1001)), "at most 1000")


def parameters_in_enveloped_signature() -> Attack:
    """X6: Parameters in enveloped signature."""
    return _transformed(_step(ENVELOPED, "<ds:XPath>1</ds:XPath>") + _step(EXCLUSIVE), "Parameters", LETTER)


def canonical_xml_2() -> Attack:
    """X6: Canonical xml 2."""
    return _transformed(_step(ENVELOPED) + _step("http://www.w3.org/2010/xml-c14n2"), "Transform http", LETTER)


# X7: references that lead elsewhere -------------------------------------------------------------------------


def _led(uri: str | None, word: str = "leads outside") -> Attack:
    return _signed(Ref(uri, LETTER), word)


def a_reference_to_the_network() -> Attack:
    """X7: Same-document only, no resolver."""
    return _led("http://127.0.0.1:9/x.xml")


def a_reference_to_a_file() -> Attack:
    """X7: A reference to a file."""
    return _led("file:///etc/hostname")


def a_relative_reference() -> Attack:
    """X7: A relative reference."""
    return _led("cong-van.xml")


def a_relative_reference_with_a_fragment() -> Attack:
    """X7: A relative reference with a fragment."""
    return _led("x.xml#cv")


def an_xpointer_to_the_root() -> Attack:
    """X7: #xpointer(/) keeps comments: not implemented, refused."""
    return _led("#xpointer(/)")


def an_xpointer_to_an_id() -> Attack:
    """X7: An xpointer to an id."""
    return _led("#xpointer(id('cv'))")


def a_reference_without_uri() -> Attack:
    """X7: A reference without uri."""
    return _led(None, "without URI")


def a_reference_to_nothing() -> Attack:
    """X7: A reference to nothing."""
    return _led("#khong-co", "No element")


def an_empty_fragment() -> Attack:
    """X7: An empty fragment."""
    return _led("#", "No element")


def a_retrieval_method() -> Attack:
    """X7: RetrievalMethod depth 0."""
    lead = '<ds:KeyInfo Id="k"><ds:RetrievalMethod URI="#k"/></ds:KeyInfo>'
    return Attack(enveloped(LETTER, lambda _: signature([WHOLE], key_info=lead)), "RetrievalMethod")


def a_key_info_reference() -> Attack:
    """X7: A key info reference."""
    lead = '<ds:KeyInfo><k:KeyInfoReference xmlns:k="http://www.w3.org/2009/xmldsig11#" URI="x"/></ds:KeyInfo>'
    return Attack(enveloped(LETTER, lambda _: signature([WHOLE], key_info=lead)), "KeyInfoReference")


ATTACKS = collected(globals())
