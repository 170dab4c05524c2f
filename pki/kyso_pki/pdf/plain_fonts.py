"""Whether a simple font shows each octet as the letter that it stands for (ISO 32000-2 9.6; attack class P8).

Reach for `plain_font`. Whoever prepares a form chooses its fonts: one whose `2` looks like a `9` makes a field that
is filled in with 200 show 900, though nothing in it was changed since. So only text fonts that every reader has, and
that the file itself does not draw, are read, in an encoding that says what it shows. The rest is refused.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from ..errors import FormatError
from .objects import Dictionary, Value
from .reader import Reader

LETTER_WIDTHS: Final = (150, 1100)  # thousandths: Times has 180 for ', 944 for W; others pile letters up or part them
_TEXT_FONTS = re.compile(r"(?:Helvetica|Arial|Times|Courier)[A-Za-z ,-]*")
_ENCODINGS = ("StandardEncoding", "MacRomanEncoding", "WinAnsiEncoding", "PDFDocEncoding")
"""They agree on ASCII, but for the two quotation marks."""
_PUNCTUATION: Final = {
    " ": "space", "!": "exclam", '"': "quotedbl", "#": "numbersign", "$": "dollar", "%": "percent", "&": "ampersand",
    "'": "quotesingle", "(": "parenleft", ")": "parenright", "*": "asterisk", "+": "plus", ",": "comma",
    "-": "hyphen", ".": "period", "/": "slash", ":": "colon", ";": "semicolon", "<": "less", "=": "equal",
    ">": "greater", "?": "question", "@": "at", "[": "bracketleft", "\\": "backslash", "]": "bracketright",
    "^": "asciicircum", "_": "underscore", "`": "grave", "{": "braceleft", "|": "bar", "}": "braceright",
    "~": "asciitilde", "0": "zero", "1": "one", "2": "two", "3": "three", "4": "four", "5": "five", "6": "six",
    "7": "seven", "8": "eight", "9": "nine",
}  # fmt: skip
_ALSO: Final = {"'": "quoteright", "`": "quoteleft", "-": "minus"}
_MARKS: Final = {
    "\u0300": "grave",
    "\u0301": "acute",
    "\u0302": "circumflex",
    "\u0303": "tilde",
    "\u0308": "dieresis",
    "\u030a": "ring",
    "\u030c": "caron",
    "\u0327": "cedilla",
}


@dataclass(frozen=True)
class PlainFont:
    """A font that shows text as it is written."""

    latin: bool
    """WinAnsiEncoding, so that also octets above 127 are known."""
    differences: Mapping[int, str]
    first: int
    widths: tuple[Value, ...] | None
    """From the code `first` on; None: the reader's own."""

    def require(self, text: bytes) -> None:
        """Raises `FormatError` unless each octet is shown as the letter that it is in Windows' code page 1252."""
        low, high = LETTER_WIDTHS
        for code in set(text):
            name = self.differences.get(code)
            known = name in _names_of(code) if name is not None else code < 127 or self.latin
            if code < 32 or not known:
                raise FormatError(f"PDF: the font of an appearance may show something else for the octet {code}.")
            if self.widths is not None:
                at = code - self.first
                width = self.widths[at] if 0 <= at < len(self.widths) else None
                if isinstance(width, bool) or not isinstance(width, int | float) or not low <= width <= high:
                    raise FormatError(f"PDF: the font of an appearance has an unusual width for the octet {code}.")


def plain_font(reader: Reader, value: Value, revision: int) -> PlainFont:
    """The font behind a value. Raises `FormatError` where it may show other letters than it is told."""
    font = reader.dictionary(value, revision)
    name = reader.resolve(font.get("BaseFont"), revision)
    if reader.resolve(font.get("Subtype"), revision) not in ("Type1", "TrueType"):
        raise FormatError("PDF: the font of an appearance is no simple font that readers have themselves.")
    if not isinstance(name, str) or not _TEXT_FONTS.fullmatch(name):
        raise FormatError(f"PDF: the font {name!r} of an appearance is not known as one of letters.")
    descriptor = reader.resolve(font.get("FontDescriptor"), revision)
    if isinstance(descriptor, dict) and descriptor.keys() & {"FontFile", "FontFile2", "FontFile3"}:
        raise FormatError("PDF: the font of an appearance stands in the file and may show any letters.")
    latin, differences = _encoding(reader, font, revision)
    first, widths = reader.resolve(font.get("FirstChar"), revision), reader.resolve(font.get("Widths"), revision)
    if widths is None:
        return PlainFont(latin, differences, 0, None)
    if type(first) is not int or not isinstance(widths, list) or len(widths) > 256:
        raise FormatError("PDF: the font of an appearance has no usable /FirstChar and /Widths.")
    return PlainFont(latin, differences, first, tuple(reader.resolve(w, revision) for w in widths))


def _encoding(reader: Reader, font: Dictionary, revision: int) -> tuple[bool, Mapping[int, str]]:
    encoding = reader.resolve(font.get("Encoding"), revision)
    differences: Value = None
    if isinstance(encoding, dict):
        differences = reader.resolve(encoding.get("Differences"), revision)
        encoding = reader.resolve(encoding.get("BaseEncoding"), revision)
    if encoding is not None and encoding not in _ENCODINGS:
        raise FormatError(f"PDF: the font of an appearance has the unknown encoding {encoding!r}.")
    found: dict[int, str] = {}
    code = -1
    for item in differences if isinstance(differences, list) else []:
        if type(item) is int:
            code = item
        elif isinstance(item, str) and 0 <= code < 256:
            found[code] = item
            code += 1
        else:
            raise FormatError("PDF: the /Differences of a font are malformed.")
    if differences is not None and not isinstance(differences, list):
        raise FormatError("PDF: the /Differences of a font are no array.")
    return encoding == "WinAnsiEncoding", found


def _names_of(code: int) -> tuple[str, ...]:
    """The glyph names of the letter that an octet is in code page 1252, as far as they are needed."""
    if 32 <= code < 127:
        letter = chr(code)
        return (_PUNCTUATION.get(letter, letter), *([_ALSO[letter]] if letter in _ALSO else []))
    parts = unicodedata.normalize("NFD", bytes([code]).decode("cp1252", "replace"))
    return (parts[0] + _MARKS[parts[1]],) if len(parts) == 2 and parts[1] in _MARKS else ()
