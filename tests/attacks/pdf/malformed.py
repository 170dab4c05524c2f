"""P5: contents that are no sequence of operations; between two lines of text stands what readers take otherwise.

Each was looked at: Poppler 22.12, MuPDF 1.21 and PDFium do not show the same of the three lines of the second page.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping
from functools import partial

from tests.pki.pdf.samples import append, deflated, stream, table_pdf

from .attack import Attack, hand_signed, variant
from .brought_back import PAGE_2, PAGES, SIGNED

ATTACKS: list[Attack] = []
FORM = b"/Type/XObject/Subtype/Form/BBox[0 0 595 842]/Resources<</Font<</F1 5 0 R>>>>"


def _line(y: int) -> bytes:
    return b"BT /F1 12 Tf 72 %d Td (Pay %d to Mau) Tj ET\n" % (y, y)


def between(middle: bytes) -> bytes:
    return _line(700) + middle + b"\n" + _line(600) + _line(500)


def page(content: bytes, more: Mapping[int, bytes] | None = None) -> bytes:
    return hand_signed(append(table_pdf({**PAGES, 8: deflated(content), 10: b"null", **(more or {})}), SIGNED))


def _in_a_form(middle: bytes) -> bytes:
    drawn = PAGE_2.replace(b"/Font", b"/XObject<</X 10 0 R>>/Font")
    return page(b"/X Do", {9: drawn, 10: deflated(between(middle), FORM)})


def _new(name: str, make: Callable[[], bytes]) -> None:
    variant(
        ATTACKS,
        f"a_content_with_{name}",
        'P5: "a lenient and a strict reading differ": each reader draws another part of a malformed content.',
        make,
        finding="CONTENT_MALFORMED",
        words="malformed",
    )


FAILING: dict[str, bytes] = {
    "an_open_dictionary": b"<<",
    "an_open_dictionary_with_a_key": b"<</A",
    "an_open_property_list": b"/A <</B 1 BDC",
    "a_dictionary_of_operators": b"<< BT /F1 12 Tf 72 400 Td (Pay 400) Tj ET >>",
    "a_dictionary_of_operators_behind_a_string": b"(<</MCID 1>>) pop << 1 0 0 rg >>",
    "dictionaries_without_end": b"<</A " * 100 + b"1" + b">>" * 100,
    "an_inline_image_of_nothing": b"BI",
    "an_inline_image_without_entries": b"BI ID",
    "an_inline_image_without_end": b"BI /W 1 /H 1 /BPC 8 /CS /G ID x",
    "an_inline_image_that_is_shorter_than_it_says": b"BI /W 99 /H 99 /BPC 8 /CS /G ID xxx EI",
    "an_inline_image_with_an_entry_twice": b"BI /W 1 /Width 9 /H 1 /BPC 8 /CS /G ID x EI",
    "an_inline_image_that_cannot_be_decoded": b"BI /W 1 /H 1 /BPC 8 /CS /G /F /Fl ID xxxxx EI",
    "a_state_too_many": b"Q",
    "a_state_too_many_behind_a_string": b"[(q)] TJ Q",
    "a_state_too_many_behind_a_string_of_brackets": b"[(q (q) \\( q)] TJ Q",
    "a_state_too_many_behind_brackets_in_a_string": b"[(q (a) q)] TJ Q",
    "a_state_too_many_behind_a_comment": b"% q\nQ",
    "a_state_too_many_behind_a_name": b"/q gs Q",
    "states_in_the_wrong_order": b"Q q",
    "a_font_that_is_not_there": b"BT /F9 12 Tf 72 400 Td (Pay 400) Tj ET",
    "a_font_that_is_not_there_behind_a_comment": b"BT /F9 12 % size\nTf 72 400 Td (Pay 400) Tj ET",
    "an_inline_image_and_a_state_too_many": b"BI /W 1 /H 1 /BPC 8 /CS /G ID x EI Q",
}
"""What fails a signature: it is told from bytes that hardly any content has."""

TOLD: dict[str, bytes] = {
    "an operator without its operand": b"Do",
    "a font without its size": b"12 Tf",
    "a matrix of nine numbers": b"1 2 3 4 5 6 7 8 9 cm",
    "a text without its string": b"'",
    "words that are no operators": b"foo bar " * 200,
    "operators in an array": b"BT /F1 12 Tf 72 400 Td [ (A) Tj (B) ] TJ ET",
    "arrays without end": b"[" * 600 + b"]" * 600,
    "a string of other letters than hexadecimal": b"BT /F1 12 Tf 72 400 Td <4Dzz39> Tj ET",
}
"""What the linter alone tells: to look for it costs more than all of a verification."""

for _name, _middle in FAILING.items():
    _new(_name, partial(page, between(_middle)))
    _new(f"{_name}_in_a_form", partial(_in_a_form, _middle))
_new(
    "more_to_be_looked_at_than_anybody_draws",
    lambda: page(between(b"BI /W 1 /H 1 /BPC 8 /CS /G ID x EI " + b"q Q " * (5 << 20))),
)

RULE = 'P5: "a lenient and a strict reading differ": what is written in an old or odd filter is drawn, too.'
RUNS = b"".join(b"\0%c" % octet for octet in between(b"Q")) + b"\x80"
for _name, _stream, _code, _words in (
    ("a_state_too_many_in_run_lengths", stream(RUNS, b"/Filter/RunLengthDecode"), "CONTENT_MALFORMED", "(Q)"),
    ("run_lengths_without_end", stream(RUNS[:-1], b"/Filter/RunLengthDecode"), "CONTENT_UNREADABLE", "no end"),
    ("lzw_without_end", stream(b"\x80\x0b", b"/Filter/LZWDecode"), "CONTENT_UNREADABLE", "no end"),
    ("the_filter_of_a_photograph", stream(between(b""), b"/Filter/DCTDecode"), "CONTENT_UNREADABLE", "DCTDecode"),
    ("the_filter_of_a_fax", stream(between(b""), b"/Filter/CCITTFaxDecode"), "CONTENT_UNREADABLE", "CCITTFax"),
):
    _made = partial(page, b"", {8: _stream})
    variant(ATTACKS, f"a_content_with_{_name}", RULE, _made, finding=_code, words=_words)

_IMAGE = b"BI /W 9 /H 1 /BPC 8 /CS /G ID a EI bcde EI\n"
_SAMPLES = (
    b"/FunctionType 0/Domain[0 1]/Range[0 1 0 1 0 1]/Size[4]/BitsPerSample 8",
    bytes((77, 151, 210, 0, 255, 40, 41, 60, 60, 81, 255, 0)),
)


def _shaded() -> bytes:
    """The samples of a function stand where a form would have its content."""
    shading = b"<</PatternType 2/Shading<</ShadingType 2/ColorSpace/DeviceRGB/Coords[0 0 9 9]/Function 10 0 R>>>>"
    drawn = PAGE_2.replace(b"/Font", b"/Pattern<</P 11 0 R>>/Font")
    content = between(b"/Pattern cs /P scn 9 9 9 9 re f")
    return page(content, {9: drawn, 10: deflated(_SAMPLES[1], _SAMPLES[0]), 11: shading})


HONEST: dict[str, Callable[[], bytes]] = {
    "a shading, whose function is no content": _shaded,
    "nothing wrong": lambda: page(between(b"")),
    "an inline image": lambda: page(between(_IMAGE)),
    "an inline image, and the word endstream in a string": lambda: page(between(_IMAGE + b"[(endstream)] TJ")),
    "an inline image that is a mask": lambda: page(between(b"BI/W 9/H 2/IM true ID abcd EI")),
    "an inline image with a filter": lambda: page(between(b"BI/W 1/H 1/BPC 8/CS/G/F/AHx ID 00> EI")),
    "an inline image with the short names long": lambda: page(
        between(b"BI/Width 1/Height 1/BitsPerComponent 8/ColorSpace/DeviceRGB ID abc\nEI")
    ),
    "an inline image that is compressed": lambda: page(
        between(b"BI/W 9/H 9/BPC 8/CS/G/F/Fl ID " + zlib.compress(bytes(range(81))) + b" EI")
    ),
    "a marked content": lambda: page(between(b"/P <</MCID 0>> BDC EMC /P<</MCID 12 >>BDC EMC")),
    "a marked content of Word": lambda: page(
        between(
            b"/Artifact <</Attached [/Top]/Type/Pagination/BBox [1 2.5 3 4]>> BDC EMC /Span <</Lang (vi-VN)>> BDC EMC"
        )
    ),
    "a text about a font that is not there": lambda: page(between(b"[(say \\( /F9 12 Tf )] TJ % /F9 12 Tf")),
    "a text that stands for another": lambda: page(between(b"/Span<</ActualText<FEFF0041> /MCID 3>>BDC EMC")),
    "states in strings, names and comments": lambda: page(between(b"q [(Q) (a (Q) \\(Q)] TJ /Q gs % Q\nQ")),
    "a text in the font of the page": lambda: page(
        b"/X Do",
        {
            9: PAGE_2.replace(b"/Font", b"/XObject<</X 10 0 R>>/Font"),
            10: deflated(between(b""), FORM[: FORM.index(b"/Res")]),
        },
    ),
    "run lengths": lambda: page(b"", {8: stream(RUNS.replace(b"\0Q", b""), b"/Filter/RunLengthDecode")}),
    "LZW": lambda: page(b"", {8: stream(b"\x80\x1cD\x05\x18\x08", b"/Filter/LZWDecode")}),
    "an appearance of nothing": lambda: page(b"% DSBlank\n", {10: stream(b"", FORM)}),
}
