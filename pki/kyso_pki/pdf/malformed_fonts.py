"""Fonts whose dictionaries do not say which letters are meant, so that readers show others (ISO 32000-2 9.5; P5).

Reach for `font_fault`. Of a composite font without a usable /Encoding Poppler, MuPDF, PDFium and Ghostscript show
other letters or none; of two descendants each takes another; a glyph that is named `uni0039` in a font that is not
in the file is a 9 to one reader and the 1 of its code to another. What the font programs draw is not looked at.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from .objects import Dictionary, Stream, Value
from .tokens import SPACE

Resolve = Callable[[Value], Value]
Decode = Callable[[Stream], bytes]

_SIMPLE: Final = frozenset(("Type1", "MMType1", "TrueType"))
_FILES: Final = frozenset(("FontFile", "FontFile2", "FontFile3"))
_IDENTITY: Final = frozenset(("Identity-H", "Identity-V"))
_ORDERINGS: Final = {  # table 116, by the character collection that each is for
    b"GB1": (
        "GB-EUC-H GB-EUC-V GBpc-EUC-H GBpc-EUC-V GBK-EUC-H GBK-EUC-V GBKp-EUC-H GBKp-EUC-V GBK2K-H GBK2K-V "
        "UniGB-UCS2-H UniGB-UCS2-V UniGB-UTF16-H UniGB-UTF16-V"
    ),
    b"CNS1": (
        "B5pc-H B5pc-V HKscs-B5-H HKscs-B5-V ETen-B5-H ETen-B5-V ETenms-B5-H ETenms-B5-V CNS-EUC-H CNS-EUC-V "
        "UniCNS-UCS2-H UniCNS-UCS2-V UniCNS-UTF16-H UniCNS-UTF16-V"
    ),
    b"Japan1": (
        "83pv-RKSJ-H 90ms-RKSJ-H 90ms-RKSJ-V 90msp-RKSJ-H 90msp-RKSJ-V 90pv-RKSJ-H Add-RKSJ-H Add-RKSJ-V EUC-H EUC-V "
        "Ext-RKSJ-H Ext-RKSJ-V H V UniJIS-UCS2-H UniJIS-UCS2-V UniJIS-UCS2-HW-H UniJIS-UCS2-HW-V UniJIS-UTF16-H "
        "UniJIS-UTF16-V"
    ),
    b"Korea1": (
        "KSC-EUC-H KSC-EUC-V KSCms-UHC-H KSCms-UHC-V KSCms-UHC-HW-H KSCms-UHC-HW-V KSCpc-EUC-H UniKS-UCS2-H "
        "UniKS-UCS2-V UniKS-UTF16-H UniKS-UTF16-V"
    ),
}
_PREDEFINED: Final = {name: ordering for ordering, names in _ORDERINGS.items() for name in names.split()}

# Annex D.2: the Latin character set, which every reader has for a font that is not in the file
_NAMES: Final = (
    "A AE Aacute Acircumflex Adieresis Agrave Aring Atilde B C Ccedilla D E Eacute Ecircumflex Edieresis Egrave "
    "Eth Euro F G H I Iacute Icircumflex Idieresis Igrave J K L Lslash M N Ntilde O OE Oacute Ocircumflex "
    "Odieresis Ograve Oslash Otilde P Q R S Scaron T Thorn U Uacute Ucircumflex Udieresis Ugrave V W X Y Yacute "
    "Ydieresis Z Zcaron a aacute acircumflex acute adieresis ae agrave ampersand aring asciicircum asciitilde "
    "asterisk at atilde b backslash bar braceleft braceright bracketleft bracketright breve brokenbar bullet c "
    "caron ccedilla cedilla cent circumflex colon comma copyright currency d dagger daggerdbl degree dieresis "
    "divide dollar dotaccent dotlessi e eacute ecircumflex edieresis egrave eight ellipsis emdash endash equal "
    "eth exclam exclamdown f fi five fl florin four fraction g germandbls grave greater guillemotleft "
    "guillemotright guilsinglleft guilsinglright h hungarumlaut hyphen i iacute icircumflex idieresis igrave j k "
    "l less logicalnot lslash m macron minus mu multiply n nine ntilde numbersign o oacute ocircumflex odieresis "
    "oe ogonek ograve one onehalf onequarter onesuperior ordfeminine ordmasculine oslash otilde p paragraph "
    "parenleft parenright percent period periodcentered perthousand plus plusminus q question questiondown "
    "quotedbl quotedblbase quotedblleft quotedblright quoteleft quoteright quotesinglbase quotesingle r "
    "registered ring s scaron section semicolon seven six slash space sterling t thorn three threequarters "
    "threesuperior tilde trademark two twosuperior u uacute ucircumflex udieresis ugrave underscore v w x y "
    "yacute ydieresis yen z zcaron zero nbspace nonbreakingspace sfthyphen softhyphen middot overscore"
)
_LATIN: Final = frozenset(_NAMES.split())
_accented = re.compile(
    r"[A-Za-z](?:acute|bar|breve|caron|cedilla|circumflex|commaaccent|croat|dieresis|dotaccent|dotbelow|grave"
    r"|hookabove|horn|hook|hungarumlaut|macron|ogonek|tilde)+|dong|dotlessj|ffi?|ffl"
    r"|Delta|Omega|apple|approxequal|greaterequal|infinity|integral|lessequal|lozenge|notequal|partialdiff|pi|product"
    r"|radical|summation"  # table 113: the standard encoding of Mac OS
).fullmatch  # letters of other code pages, outside ASCII: a reader without one shows another letter, no digit
_PICTURES: Final = ("Symbol", "ZapfDingbats")
"""Fonts that every reader has as well, with glyphs of their own."""
_LETTERS: Final = frozenset(("WinAnsiEncoding", "MacRomanEncoding", "StandardEncoding", "MacExpertEncoding"))

# Embedded CMaps ---------------------------------------------------------------------------------------------

MAX_SPAN: Final = 1 << 16  # codes of one range; CIDs end there, and Poppler at a range of 2^32
MAX_SPACES: Final = 100  # ranges in which codes are; each is compared with all others, real CMaps have up to ten
MAX_CMAP: Final = 1 << 20  # bytes; those of all of Unicode's CJK characters have half of it
_S: Final = rb"[" + SPACE + rb"]*+"
_HEX: Final = rb"<(?:[0-9A-Fa-f]{2}){1,4}>"
_INT: Final = rb"\d{1,5}(?![0-9A-Za-z.#])"
_ROWS: Final = {
    b"codespacerange": _HEX + _S + _HEX,
    b"cidrange": _HEX + _S + _HEX + _S + _INT,
    b"cidchar": _HEX + _S + _INT,
    b"notdefrange": _HEX + _S + _HEX + _S + _INT,
    b"notdefchar": _HEX + _S + _INT,
}
_begin = re.compile(rb"(?:(\d{1,5})[" + SPACE + rb"]++)?begin([a-z]++)").finditer
_rows = {
    name: re.compile(_S + rb"(?:(?:" + row + rb")" + _S + rb"){0,20000}").fullmatch for name, row in _ROWS.items()
}
_row = {name: re.compile(row).findall for name, row in _ROWS.items()}
_hex = re.compile(rb"<([0-9A-Fa-f]++)>").findall
_wmode = re.compile(rb"/WMode[" + SPACE + rb"]++(\d)[" + SPACE + rb"]++def").findall


def font_fault(font: Dictionary, resolve: Resolve, decode: Decode) -> str | None:
    """Why readers may show other letters in this font; None where nothing is wrong.

    `decode` gives the data of a CMap, empty where they cannot be decoded, which others tell.
    Raises what `resolve` raises.
    """
    kind = resolve(font.get("Subtype"))
    if kind == "Type0":
        return _composite_fault(font, resolve, decode)
    if kind == "Type3":
        encoding = resolve(font.get("Encoding"))
        differences = resolve(encoding.get("Differences")) if isinstance(encoding, dict) else None
        drawn = isinstance(differences, list) and isinstance(resolve(font.get("CharProcs")), dict)
        return None if drawn else "it is of Type 3, and has no /Differences or no /CharProcs"
    if kind not in _SIMPLE:
        return f"its /Subtype is {kind!r}"
    descriptor = resolve(font.get("FontDescriptor"))
    if _is_embedded(descriptor, resolve):
        return None
    return _fault_of_the_readers_own(font, resolve)


def _is_embedded(descriptor: Value, resolve: Resolve) -> bool:
    if not isinstance(descriptor, dict):
        return False
    return any(isinstance(resolve(descriptor[key]), Stream) for key in _FILES & descriptor.keys())


def _fault_of_the_readers_own(font: Dictionary, resolve: Resolve) -> str | None:
    """A simple font that is not in the file: each reader has its own, and chooses glyphs by their names."""
    name = resolve(font.get("BaseFont"))
    if not isinstance(name, str) or not name:
        return "it is not in the file, and has no name"
    encoding = resolve(font.get("Encoding"))
    base: Value = encoding
    differences: Value = None
    if isinstance(encoding, dict):
        base, differences = resolve(encoding.get("BaseEncoding")), resolve(encoding.get("Differences"))
    if base == "MacExpertEncoding":
        return "it is not in the file, and its encoding is for fonts that few readers have"
    pictures = name.startswith(_PICTURES)
    if pictures and base in _LETTERS and resolve(font.get("Subtype")) == "TrueType":
        return "it is not in the file, and has signs by its name and letters by its encoding"
    if differences is None or pictures:
        return None
    if not isinstance(differences, list):
        return "its /Differences are no array"
    code: int | None = None
    for item in differences:
        if not isinstance(item, str):
            item = resolve(item)
        if type(item) is int:
            code = item
        elif isinstance(item, str):
            if code is not None:
                if item not in _LATIN and not _is_harmless(item, code):
                    return f"it is not in the file, and has a glyph of the name {item[:32]!r}"
                code += 1
        else:
            return "its /Differences hold something else than codes and names"
    return None


def _is_harmless(name: str, code: int) -> bool:
    """Whether what readers show instead is no other letter or digit of ASCII."""
    if 32 < code < 127 or code > 255:
        return code > 255
    return name == ".notdef" or _accented(name) is not None


def _composite_fault(font: Dictionary, resolve: Resolve, decode: Decode) -> str | None:
    encoding = resolve(font.get("Encoding"))
    descendants = resolve(font.get("DescendantFonts"))
    if not isinstance(descendants, list) or len(descendants) != 1:
        return "its /DescendantFonts are no array of one font"
    descendant = resolve(descendants[0])
    if not isinstance(descendant, dict) or resolve(descendant.get("Type")) != "Font":
        return "the font below it is none"
    kind = resolve(descendant.get("Subtype"))
    if kind not in ("CIDFontType0", "CIDFontType2"):
        return f"the font below it is of the /Subtype {kind!r}"
    collection = resolve(descendant.get("CIDSystemInfo"))
    ordering = resolve(collection.get("Ordering")) if isinstance(collection, dict) else None
    if not isinstance(ordering, bytes):
        return "the font below it has no /CIDSystemInfo"
    to_glyphs = resolve(descendant.get("CIDToGIDMap"))
    if to_glyphs not in (None, "Identity") and not isinstance(to_glyphs, Stream):
        return "the font below it has a /CIDToGIDMap that is none"
    embedded = _is_embedded(resolve(descendant.get("FontDescriptor")), resolve)
    if not embedded and ordering not in _ORDERINGS:
        return "it is not in the file, and its codes are numbers of glyphs (9.7.5.2)"
    if isinstance(encoding, Stream):
        return _cmap_fault(encoding, resolve, decode(encoding))
    if not isinstance(encoding, str) or (encoding not in _IDENTITY and encoding not in _PREDEFINED):
        return f"its /Encoding is {encoding!r}" if isinstance(encoding, str) else "it has no /Encoding"
    if not embedded and encoding in _PREDEFINED and _PREDEFINED[encoding] != ordering:
        return "its /Encoding is for the characters of another collection"
    return None


def _cmap_fault(cmap: Stream, resolve: Resolve, data: bytes) -> str | None:
    """A CMap in the file: what is more than ranges of codes and their CIDs is read by each reader in its own way."""
    if cmap.dictionary.get("UseCMap") is not None or b"usecmap" in data:
        return "its CMap goes on in another one"
    if len(data) > MAX_CMAP:
        return f"its CMap has more than {MAX_CMAP} bytes"
    spaces: list[tuple[int, int, int]] = []
    mapped = False
    for m in _begin(data):
        count, name = m.groups()
        if name == b"cmap":
            continue
        rows = data[m.end() : data.find(b"end", m.end())]
        is_whole = data.startswith(name, m.end() + len(rows) + len(b"end"))
        if count is None or not is_whole or name not in _rows or _rows[name](rows) is None:
            return "its CMap holds what is no range of codes"
        found = _row[name](rows)
        if len(found) != int(count):
            return "its CMap holds more or fewer ranges than it says"
        mapped = mapped or name.startswith(b"cid")
        if name == b"cidrange" and any(_span(row) > MAX_SPAN for row in found):
            return "its CMap has a range of more codes than there are characters"
        if name == b"codespacerange":
            pairs = [_hex(row) for row in found]
            if any(len(low) != len(high) for low, high in pairs):
                return "its CMap holds what is no range of codes"
            spaces += [(int(low[:2], 16), int(high[:2], 16), len(low)) for low, high in pairs]
    if not spaces or not mapped:
        return "its CMap has no codes"
    if len(spaces) > MAX_SPACES:
        return f"its CMap has more than {MAX_SPACES} spaces of codes"
    for i, (low, high, size) in enumerate(spaces):
        if any(low <= h and lo <= high and size != s for lo, h, s in spaces[:i]):
            return "its CMap has codes of two lengths that begin alike"
    modes = {int(mode) for mode in _wmode(data)} or {0}
    if modes != {resolve(cmap.dictionary.get("WMode")) or 0}:
        return "its CMap and the dictionary of it write in two directions"
    return None


def _span(row: bytes) -> int:
    low, high = _hex(row)[:2]
    return int(high, 16) - int(low, 16) + 1
