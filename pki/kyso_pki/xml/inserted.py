"""What was put into an XML document, octet by octet: for whoever had it signed elsewhere.

Reach for `is_one_signature_more` (it was signed) and `same_without_unsigned` (it was extended or countersigned).
Whether a signature in it is intact is not asked here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from ..errors import FormatError
from ..octets import Octets
from .c14n import canonical_document, cut, method_of_uri
from .names import DS, XADES, ds
from .parse import local_name, namespace_of, parse_utf8, utf8_octets

if TYPE_CHECKING:
    from lxml.etree import _Element

_PREFIX = re.compile(rb"[</ \t\r\n]([A-Za-z_][\w.-]*):[A-Za-z_]", re.ASCII)
_OF_THE_DOCUMENT = "urn:of-the-document"  # what a prefix that is declared outside of the text is taken to mean
_BLOCK = 1 << 16  # octets compared at once
_CUTS = 16  # where an insertion is tried to begin: what precedes it may repeat its own beginning, as `<` does
_WITH_COMMENTS = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315#WithComments"


def is_one_signature_more(sent: bytes, answer: bytes) -> bool:
    """Whether `answer` is `sent` with one ds:Signature in one place, alone or in new elements that hold nothing else.

    An empty tag may have been opened for it. Raises `FormatError` for what is no XML document.
    """
    before, after = utf8_octets(sent)[:], utf8_octets(answer)[:]
    start = _alike(before, after)
    end = _alike(before[::-1], after[::-1])
    kept = start + end
    if len(after) <= len(before):
        return False
    if kept == len(before) - 1 and before[start : start + 2] == b"/>":  # <CQT/> became <CQT>…</CQT>
        opened = after[start : len(after) - end]
        closing = opened.rfind(b"</")
        return opened[:1] == b">" and closing > 0 and _is_signature(opened[1:closing])
    size = len(after) - len(before)
    return any(_is_signature(after[at : at + size]) for at in _cuts(before, after, start, end))


def _cuts(before: bytes, after: bytes, start: int, end: int) -> Iterator[int]:
    """Where what is new can begin, so that it begins and ends as markup does."""
    size, found = len(after) - len(before), 0
    for at in range(start, max(len(before) - end, start - _BLOCK) - 1, -1):
        if after[at : at + 1] == b"<" and after[at + size - 1 : at + size] == b">":
            yield at
            found += 1
        if found == _CUTS:
            return


def _alike(one: bytes, other: bytes) -> int:
    """How many octets both begin with."""
    most = min(len(one), len(other))
    at = 0
    while at < most and one[at : at + _BLOCK] == other[at : at + _BLOCK]:
        at += _BLOCK
    while at < most and one[at] == other[at]:
        at += 1
    return min(at, most)


def _is_signature(text: bytes) -> bool:
    """Whether this text is one ds:Signature, or elements around it that hold nothing else."""
    prefixes = set(_PREFIX.findall(text)) - {b"xmlns", b"xml"}
    known = b"".join(b' xmlns:%s="%s"' % (p, _OF_THE_DOCUMENT.encode()) for p in sorted(prefixes))
    try:
        node = parse_utf8(b"<a" + known + b">" + text + b"</a>")
    except FormatError:
        return False
    while (only := _only(node)) is not None:
        node = only
        if local_name(node) == "Signature" and namespace_of(node) in (DS, _OF_THE_DOCUMENT):
            return True
        if node.attrib:
            return False
    return False


def _only(node: _Element) -> _Element | None:
    """The one element that is all there is in this one."""
    if len(node) != 1 or (node.text or "").strip() or (node[0].tail or "").strip():
        return None
    return node[0] if isinstance(node[0].tag, str) else None


def same_without_unsigned(sent: Octets, answer: Octets) -> bool:
    """Whether both are one document once the unsigned properties of XAdES signatures are left out of both.

    So are the identifiers of signature values, which a counter-signature needs. Raises `FormatError`.
    """
    return _without_unsigned(sent) == _without_unsigned(answer)


def _without_unsigned(data: Octets) -> bytes:
    root = parse_utf8(utf8_octets(data)[:])
    for properties in list(root.iter(f"{{{XADES}}}UnsignedProperties")):
        if next(properties.iterancestors(f"{{{XADES}}}UnsignedProperties"), None) is None:
            cut(properties)
    for value in root.iter(ds("SignatureValue")):
        value.attrib.pop("Id", None)
    return canonical_document(root, method_of_uri(_WITH_COMMENTS), comments=True)
