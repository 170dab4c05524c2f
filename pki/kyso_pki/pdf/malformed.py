"""Content streams that are no sequence of operations, so that readers draw them otherwise (ISO 32000-2 7.8.2; P5).

Reach for `suspect`, which costs next to nothing and tells where a dictionary or an inline image could be malformed,
and for `faults`, which reads a content token by token. Of a dictionary without its end Poppler draws nothing more,
MuPDF goes on in the next line, and PDFium draws what stands in it; of an inline image without its data, of one `Q`
too many, or of an operator without its operands each shows another part too.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from itertools import accumulate
from typing import Final

from ..errors import FormatError
from .objects import UNREADABLE, Dictionary, Value, read_value, skip_space
from .tokens import SPACE, name_of

MAX_OPERANDS: Final = 64  # before one operator; a colour has 32 components and a pattern at most
MAX_INLINE: Final = 1 << 24  # bytes of the data of one inline image; they should not exceed 4 kB (8.9.7)
PIECE: Final = 1 << 12  # bytes of them that are decoded at a time
_REGULAR: Final = rb"[^" + SPACE + rb"()<>\[\]{}/%]"
_operator = re.compile(rb"[A-Za-z'\"][A-Za-z0-9*]*+(?!" + _REGULAR + rb")").match
_inline_image = re.compile(rb"(?<!" + _REGULAR + rb")BI(?!" + _REGULAR + rb")").search
_marked = re.compile(rb"<<[\r\n ]?/MCID \d{1,9}[\r\n ]?>>").findall
_S: Final = rb"[" + SPACE + rb"]"
_NUMBER: Final = rb"[+-]?(?:\d{1,20}(?:\.\d{0,20})?|\.\d{1,20})"
_NAME: Final = rb"/[^" + SPACE + rb"()<>\[\]{}/%#\x80\xff]{1,127}+"
_STRING: Final = rb"(?:\([^()\\]*+(?:\\[\s\S][^()\\]*+)*\)|<[0-9A-Fa-f]*+>)"
_STOP: Final = rb"(?=[" + SPACE + rb"()<>\[\]/%]|\Z)"
_VALUE: Final = (
    rb"(?:" + _NAME + rb"|(?:" + _NUMBER + rb"|true|false|null)" + _STOP + rb"|" + _STRING
    + rb"|\[[^\[\]()<>{}%]*+\])"
)  # fmt: skip
_properties = re.compile(rb"<<(?:" + _S + rb"*+" + _NAME + _S + rb"*+" + _VALUE + rb"){0,64}" + _S + rb"*+>>").findall
_N: Final = _NUMBER + _S + rb"++"
# Operations of the usual kind, many at a time: all that draw letters and lines. As in `lint.dull`, no round is
# possessive (gh-106052). Neither q nor Q is among them.
_usual = re.compile(
    rb"(?:" + _S + rb"*+(?:"
    + rb"(?:" + _N + rb"){2}(?:m|l|Td|TD|"
    + _N + rb"(?:rg|RG|" + _N + rb"(?:re|v|y|k|K|" + _N + _N + rb"(?:c|cm|Tm))))"
    + rb"|" + _N + rb"(?:w|g|G|Tc|Tw|TL|Tz|Ts|Tr|J|j|M|i)"
    + rb"|" + _STRING + _S + rb"*+Tj"
    + rb"|\[(?:" + _S + rb"*+(?:" + _STRING + rb"|" + _NUMBER + _STOP + rb")){0,999}" + _S + rb"*+\]" + _S + rb"*+TJ"
    + rb"|" + _NAME + _S + rb"++(?:" + _N + rb"Tf|gs|Do|cs|CS)"
    + rb"|" + _NAME + _S + rb"*+<<" + _S + rb"*+/MCID \d{1,9}" + _S + rb"*+>>" + _S + rb"*+BDC"
    + rb"|(?:BT|ET|T\*|EMC|h|S|s|f\*?|B\*?|b\*?|n|W\*?)"
    + rb")" + _STOP + rb"){1,256}"
).match  # fmt: skip
_aside = re.compile(rb"\([^()\\]*+(?:\\[\s\S][^()\\]*+)*\)|%[^\r\n]*+").sub  # strings and comments
_beside = re.compile(  # strings, comments and names, in which any letter may stand
    rb"\([^()\\]*+(?:\\[\s\S][^()\\]*+)*\)|%[^\r\n]*+|/" + _REGULAR + rb"*+"
).sub
_string = re.compile(rb"\([qQ]*+\)").sub
_named_so = re.compile(rb"/[^" + SPACE + rb"()<>\[\]{}/%qQ]*+[qQ]").search
_NO_STATES: Final = bytes(set(range(256)) - set(b"()qQ"))
_AT_THE_END: Final = b"\x00\t\n\x0c\r Q"
_STEP: Final = {ord("q"): 1, ord("Q"): -1}
_fonts = re.compile(rb"/([^" + SPACE + rb"()<>\[\]{}/%]*+)" + _S + rb"++" + _NUMBER + _S + rb"++Tf" + _STOP).findall
_end = re.compile(rb"[" + SPACE + rb"]EI(?!" + _REGULAR + rb")").search
_LITERALS: Final = (b"true", b"false", b"null")
_OPERANDS: Final = {
    **dict.fromkeys(b"q Q BT ET T* EMC BX EX h S s f F f* B B* b b* n W W* EI".split(), 0),
    **dict.fromkeys(b"w J j M ri i gs Tc Tw Tz TL Tr Ts Tj TJ ' Do sh BMC MP g G cs CS".split(), 1),
    **dict.fromkeys(b"Td TD m l Tf d BDC DP d0".split(), 2),
    **dict.fromkeys(b"rg RG".split(), 3) | {b'"': 3},
    **dict.fromkeys(b"v y re k K".split(), 4),
    **dict.fromkeys(b"cm c Tm d1".split(), 6),
}  # fmt: skip
"""How many operands each operator needs; readers stop at one that has fewer, or go on. Colours have any number."""
_COLOURS: Final = frozenset((b"sc", b"scn", b"SC", b"SCN"))
_LONG: Final = {"F": "Filter", "W": "Width", "H": "Height", "BPC": "BitsPerComponent", "CS": "ColorSpace"}
_COMPONENTS: Final = {"G": 1, "DeviceGray": 1, "RGB": 3, "DeviceRGB": 3, "CMYK": 4, "DeviceCMYK": 4}


def suspect(content: bytes) -> bool:
    """Whether a dictionary or an inline image could be malformed; a marked content of the usual kind is not."""
    opened = content.count(b"<<")
    if opened and len(_marked(content)) != opened and len(_properties(content)) != opened:
        return True
    return b"I" in content and b"BI" in content and _inline_image(content) is not None  # a letter is found at once


def restores_too_much(content: bytes) -> bool:
    """Whether a graphics state may be restored that was not saved, and something stands behind (8.4.2).

    Poppler shows nothing behind it. One `Q` too many at the end of all, as programs that stamp a page leave it, harms
    nobody. For certain where it is not; `faults` says the rest.
    """
    content = content.rstrip(_AT_THE_END)
    if b"Q" not in content:
        return False
    if b"\\" in content or b"%" in content or _named_so(content) is not None:
        content = _beside(b" ", content)
    # Only brackets and the two letters are left; most strings have none of these
    left = content.translate(None, _NO_STATES).replace(b"()", b"")
    if b"(" in left:
        left = _string(b"", left)
    if b"(" in left or b")" in left:
        return True  # brackets within a string
    return min(accumulate(map(_STEP.__getitem__, left)), default=0) < 0


def faults(content: bytes) -> Iterator[str]:
    """What is malformed, at most one thing: nothing is looked for behind it."""
    depth = 0
    operands: list[Value] = []
    ignoring = 0  # within BX and EX unknown operators are (7.8.2)
    position = skip_space(content, 0)
    while position < len(content):
        if not operands and (usual := _usual(content, position)) is not None:
            position = skip_space(content, usual.end())
            continue
        m = _operator(content, position)
        if m is None or m[0] in _LITERALS:
            try:
                value, position = read_value(content, position)
            except UNREADABLE:
                yield f"what is no operand stands at byte {position}: {bytes(content[position : position + 16])!r}"
                return
            operands.append(value)
            if len(operands) > MAX_OPERANDS:
                yield f"more than {MAX_OPERANDS} operands stand before an operator at byte {position}"
                return
        else:
            name, at, position = m[0], position, m.end()
            if name == b"BI":
                try:
                    position = _image(content, position)
                except UNREADABLE:
                    yield f"an inline image at byte {at} has no data or no end"
                    return
            depth += (name == b"q") - (name == b"Q")
            ignoring += (name == b"BX") - (name == b"EX")
            if (fault := _fault(name, operands, depth, ignoring)) is not None:
                yield f"{fault} at byte {at}"
                return
            operands = []
        position = skip_space(content, position)
    if operands:
        yield "it ends with operands that no operator takes"


def _fault(name: bytes, operands: list[Value], depth: int, ignoring: int) -> str | None:
    if name == b"Q" and depth < 0:
        return "a graphics state is restored (Q) that was not saved"
    needed = _OPERANDS.get(name)
    if needed is not None and len(operands) != needed:
        return f"the operator {name.decode('latin-1')} has {len(operands)} operands, it takes {needed}"
    if needed is None and name not in _COLOURS and name != b"BI" and ignoring <= 0:
        return f"the unknown operator {bytes(name[:16])!r} stands"
    return None


def fonts_asked(content: bytes) -> set[str] | None:
    """At least the fonts that a content asks for; None where that takes a closer look, see `fonts_named`."""
    found = _fonts(content)
    return {name_of(name) for name in set(found)} if len(found) == content.count(b"Tf") else None


def fonts_named(content: bytes) -> set[str]:
    """The names of the fonts that a content asks for, as they stand in its resources."""
    without = without_images(content) or content
    return {name_of(name) for name in _fonts(_aside(b" ", without))}


def without_images(content: bytes) -> bytes | None:
    """The content with the data of its inline images taken out; None where one of these has no end."""
    pieces: list[bytes] = []
    position = 0
    while (m := _inline_image(content, position)) is not None:
        try:
            end = _image(content, m.end())
        except UNREADABLE:
            return None
        pieces.append(content[position : m.start()])
        position = end
    return b" ".join([*pieces, content[position:]])


def _image(content: bytes, position: int) -> int:
    """Where the inline image whose `BI` stands before `position` ends, behind `EI` (8.9.7). Raises `FormatError`."""
    entries: Dictionary = {}
    while True:
        position = skip_space(content, position)
        if content.startswith(b"ID", position) and content[position + 2 : position + 3] in (
            b" ",
            b"\n",
            b"\r",
            b"\t",
        ):
            break
        key, position = read_value(content, position)
        value, position = read_value(content, skip_space(content, position))
        if not isinstance(key, str) or _LONG.get(key, key) in entries:
            raise FormatError("PDF: the entries of an inline image are no names and values, or stand twice.")
        entries[_LONG.get(key, key)] = value
    start = position + len(b"ID ")
    end = _end(content, max(_data_end(content, start, entries) - 1, start - 1))
    if end is None or end.start() > start + MAX_INLINE:
        raise FormatError("PDF: an inline image has no EI.")
    return end.end()


def _data_end(content: bytes, start: int, entries: Dictionary) -> int:
    """Where the data end, as far as their size or their filter tells; else where they start: `EI` is searched for."""
    filters = entries.get("Filter")
    first = filters[0] if isinstance(filters, list) and filters else filters
    if first in ("Fl", "FlateDecode"):
        return _inflated_end(content, start)
    width, height, bits = (entries.get(key) for key in ("Width", "Height", "BitsPerComponent"))
    if entries.get("IM") is True or entries.get("ImageMask") is True:
        bits, components = 1, 1
    else:
        space = entries.get("ColorSpace")
        components = _COMPONENTS.get(space, 0) if isinstance(space, str) else 0
    sizes = [n for n in (width, height, bits) if type(n) is int and n > 0]
    if first is not None or not components or len(sizes) != 3:
        return start
    return min(start + (sizes[0] * components * sizes[2] + 7) // 8 * sizes[1], len(content))


def _inflated_end(content: bytes, start: int) -> int:
    """Where Flate data end; read piece by piece, as a content may have many such images."""
    inflater, position = zlib.decompressobj(), start
    try:
        while not inflater.eof and position < min(len(content), start + MAX_INLINE):
            inflater.decompress(content[position : position + PIECE])
            position += PIECE
    except zlib.error:
        raise FormatError("PDF: the data of an inline image cannot be decoded.") from None
    if not inflater.eof:
        raise FormatError("PDF: the data of an inline image have no end.")
    return min(position, len(content)) - len(inflater.unused_data)
