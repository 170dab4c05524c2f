"""P5: contents that MuPDF 1.21 draws up to the word `endstream`; Poppler 22.12 and PDFium draw all of them."""

from __future__ import annotations

from collections.abc import Callable

from tests.pki.pdf.samples import BODIES, deflated, stream, table_pdf

from .attack import Attack, hand_signed, prepared, variant

ATTACKS: list[Attack] = []
FIRST = b"BT /F1 12 Tf 72 720 Td (Pay 100 to Mau) Tj ET\n"
SECOND = b"BT /F1 12 Tf 72 620 Td (Pay 900 to Mau) Tj ET"
FORM = b"/Type/XObject/Subtype/Form/BBox[0 0 595 842]/Resources<</Font<</F1 5 0 R>>>>"
GLYPH = b"<</Type/Font/Subtype/Type3/FontBBox[0 0 9 9]/FontMatrix[1 0 0 1 0 0]/FirstChar 97/LastChar 97/Widths[9]"


def page(
    content: bytes, more: dict[int, bytes] | None = None, resources: bytes = b"", entries: bytes = b""
) -> dict[int, bytes]:
    bodies = {**BODIES, 4: content, 6: b"null", 7: b"null", 8: b"null", **(more or {})}
    bodies[3] = BODIES[3].replace(b"/Resources<<", entries + b"/Resources<<" + resources)
    return bodies


def made(bodies: dict[int, bytes]) -> bytes:
    field = b"<</Type/Annot/Subtype/Widget/FT/Sig/T(S)/Rect[0 0 0 0]/F 132/P 3 0 R/V 9 0 R>>"
    form = {1: b"<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[10 0 R]/SigFlags 3>>>>", 10: field}
    return hand_signed(prepared(base=table_pdf(bodies), bodies=form, number=9))


def _between(word: bytes) -> bytes:
    return FIRST + word + b"\n" + SECOND


def _new(name: str, make: Callable[[], dict[int, bytes]]) -> None:
    variant(
        ATTACKS,
        f"a_content_with_endstream_{name}",
        'P5: "a lenient and a strict reading differ": MuPDF takes a word for the end of what is drawn.',
        lambda: made(make()),
        finding="CONTENT_STOPS",
        words="endstream",
    )


_SPLIT = BODIES[3].replace(b"4 0 R", b"[4 0 R 6 0 R]")
_new("as_it_is", lambda: page(stream(_between(b"endstream"))))
_new("compressed", lambda: page(deflated(_between(b"endstream"))))
_new("and_endobj", lambda: page(stream(_between(b"endstream\nendobj"))))
_new("before_a_string", lambda: page(deflated(_between(b"endstream(a)"))))
_new("between_strings", lambda: page(deflated(_between(b"(a\\)b)endstream(c)"))))
_new("behind_a_comment", lambda: page(deflated(_between(b"%(\nendstream %)"))))
_new("behind_an_inline_image", lambda: page(deflated(_between(b"BI/W 1/H 1/BPC 8/CS/G ID ( EI endstream %)"))))
_new("behind_a_string_that_never_ends", lambda: page(deflated(FIRST + b"endstream (" + SECOND)))
_new("in_two_streams", lambda: page(deflated(b"(a"), {6: deflated(b"%) pop\nb endstream (\n")}) | {3: _SPLIT})
_new(
    "in_a_form", lambda: page(stream(b"/X Do"), {6: deflated(_between(b"endstream"), FORM)}, b"/XObject<</X 6 0 R>>")
)
_new(
    "in_a_form_within_a_form",
    lambda: (
        page(
            stream(b"/X Do"),
            {
                6: deflated(
                    b"/Y Do", b"/Type/XObject/Subtype/Form/BBox[0 0 595 842]/Resources<</XObject<</Y 7 0 R>>>>"
                ),
                7: deflated(_between(b"endstream"), FORM),
            },
            b"/XObject 8 0 R",
        )
        | {8: b"<</X 6 0 R>>"}
    ),
)
_new(
    "in_a_pattern",
    lambda: page(
        stream(b"/Pattern cs /P scn 0 0 595 842 re f"),
        {6: deflated(_between(b"endstream"), b"/PatternType 1/PaintType 1/TilingType 1/BBox[0 0 595 842]")},
        b"/Pattern<</P 6 0 R>>",
    ),
)
_new(
    "in_a_glyph",
    lambda: (
        page(
            stream(b"BT /G 1 Tf (a) Tj ET"),
            {6: deflated(b"9 0 d0 " + _between(b"endstream")), 7: GLYPH + b"/CharProcs<</a 6 0 R>>>>"},
            b"/Font<</G 7 0 R>>/A",
        )
        | {3: BODIES[3].replace(b"/Font<<", b"/Font<</G 7 0 R")}
    ),
)
_new(
    "in_a_soft_mask",
    lambda: page(
        stream(b"/M gs " + FIRST),
        {6: deflated(_between(b"endstream"), FORM)},
        b"/ExtGState<</M<</SMask<</S/Alpha/G 6 0 R>>>>>>",
    ),
)
_new(
    "in_the_look_of_an_annotation",
    lambda: page(
        stream(FIRST),
        {
            6: b"<</Type/Annot/Subtype/Stamp/Rect[0 0 595 842]/F 4/AP<</N<</On 7 0 R>>>>/AS/On>>",
            7: deflated(_between(b"endstream"), FORM),
        },
        entries=b"/Annots[6 0 R]",
    ),
)
_new(
    "in_what_is_passed_down",
    lambda: (
        page(
            stream(b"/X Do"),
            {
                2: b"<</Type/Pages/Kids[3 0 R]/Count 1/Resources<</XObject<</X 6 0 R>>>>>>",
                6: deflated(_between(b"endstream"), FORM),
            },
        )
        | {3: b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R>>"}
    ),
)

HONEST: dict[str, Callable[[], bytes]] = {
    "a page about PDF": lambda: made(page(deflated(_between(b"BT (The word endstream ends it) Tj ET")))),
    "the word in a string over lines": lambda: made(
        page(deflated(_between(b"(a \\( ( endstream )\n endstream ) pop")))
    ),
    "the word in a comment": lambda: made(page(deflated(_between(b"% endstream")))),
    "the word within a longer one": lambda: made(page(deflated(_between(b"/endstream xendstream endstreamx")))),
    "a file with the word attached": lambda: made(page(stream(FIRST), {6: stream(_between(b"endstream"))})),
    "an image that holds it": lambda: made(
        page(
            stream(FIRST + b"/I Do"),
            {6: stream(b" endstream ", b"/Subtype/Image/Width 11/Height 1/BitsPerComponent 8/ColorSpace/DeviceGray")},
            b"/XObject<</I 6 0 R>>",
        )
    ),
}
