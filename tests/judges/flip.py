"""One flipped byte, in a place of which we know what it breaks."""

from __future__ import annotations

import re


def at(octets: bytes, index: int) -> bytes:
    """The octets with the lowest bit of one byte inverted."""
    changed = bytearray(octets)
    changed[index] ^= 1
    return bytes(changed)


def in_pdf_content(pdf: bytes) -> bytes:
    """Inside the first stream of the file: the page still opens, the digest cannot match."""
    return at(pdf, pdf.index(b"stream") + 40)


def in_pdf_signature(pdf: bytes) -> bytes:
    """Inside the signature value of the first signer of the last signature, wherever it stands in the CMS."""
    from asn1crypto import cms  # comes with pyHanko

    opening = [match.end() for match in re.finditer(rb"/Contents\s*<(?!<)", pdf)][-1]
    closing = pdf.index(b">", opening)
    contents = bytes.fromhex(pdf[opening:closing].decode())
    value: bytes = cms.ContentInfo.load(contents)["content"]["signer_infos"][0]["signature"].native
    place = opening + 2 * contents.rindex(value) + 20
    digit = b"1" if pdf[place : place + 1] == b"0" else b"0"
    return pdf[:place] + digit + pdf[place + 1 :]


def in_pdf_value(pdf: bytes) -> bytes:
    """Near the end of the last signature's CMS: in its value, or in its timestamp when it has one.

    A hexadecimal digit becomes another: the file stays well formed.
    """
    opening = [match.end() for match in re.finditer(rb"/Contents\s*<", pdf)][-1]
    closing = pdf.index(b">", opening)
    last = opening + len(pdf[opening:closing].rstrip(b"0"))
    digit = b"1" if pdf[last - 20 : last - 19] == b"0" else b"0"
    return pdf[: last - 20] + digit + pdf[last - 19 :]


def in_xml_text(xml: bytes, element: str) -> bytes:
    """The first character of the first element with text of this local name (digits and letters stay such)."""
    start = _text_of(xml, element).start()
    character = xml[start : start + 1]
    other = b"B" if character == b"A" else b"A" if character.isalpha() else b"8" if character == b"7" else b"7"
    return xml[:start] + other + xml[start + 1 :]


def in_xml_value(xml: bytes, element: str) -> bytes:
    """A character in the middle of the base64 text of the last element of this local name."""
    text = _text_of(xml, element, -1)
    place = (text.start() + text.end()) // 2
    while not xml[place : place + 1].isalnum():
        place += 1
    return xml[:place] + (b"B" if xml[place : place + 1] == b"A" else b"A") + xml[place + 1 :]


def in_xml_token(xml: bytes, element: str) -> bytes:
    """Near the end of the base64 text of the last element of this local name: the value of a timestamp, not a
    certificate in it, which is nobody's signature."""
    place = _text_of(xml, element, -1).end() - 40
    while not xml[place : place + 1].isalnum():
        place -= 1
    return xml[:place] + (b"B" if xml[place : place + 1] == b"A" else b"A") + xml[place + 1 :]


def _text_of(xml: bytes, element: str, number: int = 0) -> re.Match[bytes]:
    found = list(re.finditer(rb"(?<=>)[^<>\s][^<]*(?=</(?:\w+:)?" + element.encode() + rb"\s*>)", xml))
    if not found:
        raise ValueError(f"No element {element} with text.")
    return found[number]
