"""For each code of the linter a small file in which it is found, and its nearest sibling in which it is not."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass

import pikepdf

from tests.pki.pdf.samples import BODIES, append, saved, stream, table_pdf

EMBEDDED_FONT = {
    5: b"<</Type/Font/Subtype/TrueType/BaseFont/Tinos/FontDescriptor 6 0 R>>",
    6: b"<</Type/FontDescriptor/FontName/Tinos/FontFile2 7 0 R>>",
    7: stream(b"not looked into"),
}
PAGE = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>%s>>%s>>"
ACTION = b"<</Type/Annot/Subtype/Link/F 4/Rect[9 9 20 20]/A<<%s>>>>"


@dataclass(frozen=True)
class Case:
    code: str
    found: bytes
    clean: bytes
    """The nearest file without it."""
    why: str


def file(
    bodies: dict[int, bytes] | None = None,
    *,
    catalog: bytes = b"",
    page: bytes = b"",
    resources: bytes = b"",
    content: bytes | None = None,
    annotations: tuple[bytes, ...] = (),
    form: bytes | None = None,
) -> bytes:
    """The one-page file with an embedded font: numbers from 40 on are free, annotations stand from 100 on."""
    made = {**BODIES, **EMBEDDED_FONT}
    references = b" ".join(b"%d 0 R" % (100 + i) for i in range(len(annotations)))
    if annotations:
        page += b"/Annots[" + references + b"]"
    if form is not None:
        catalog += b"/AcroForm<</Fields[" + references + b"]" + form + b">>"
    made[1] = b"<</Type/Catalog/Pages 2 0 R" + catalog + b">>"
    made[3] = PAGE % (resources, page)
    if content is not None:
        made[4] = stream(content)
    made |= {100 + i: body for i, body in enumerate(annotations)}
    made |= bodies or {}
    numbers = {n: i for i, n in enumerate(sorted(made), start=1)}
    return table_pdf({numbers[n]: _renumbered(body, numbers) for n, body in sorted(made.items())})


def _renumbered(body: bytes, numbers: dict[int, int]) -> bytes:
    import re

    return re.sub(rb"\b(\d+) 0 R\b", lambda m: b"%d 0 R" % numbers[int(m[1])], body)


def clicked(action: bytes, bodies: dict[int, bytes] | None = None) -> bytes:
    """A link with this action."""
    return file(bodies, annotations=(ACTION % action,))


def with_state(entries: bytes) -> bytes:
    """A page that uses a graphics state with these entries."""
    return file(resources=b"/ExtGState<</G<</Type/ExtGState%s>>>>" % entries)


def with_xobject(entries: bytes, bodies: dict[int, bytes] | None = None) -> bytes:
    return file({40: stream(b"", b"/Type/XObject" + entries), **(bodies or {})}, resources=b"/XObject<</X 40 0 R>>")


def field(name: bytes, rect: bytes, more: bytes = b"", flags: int = 4) -> bytes:
    return b"<</Type/Annot/Subtype/Widget/FT/Tx/T(%s)/Rect[%s]/F %d%s>>" % (name, rect, flags, more)


def layered(default: bytes, group: bytes = b"", bodies: dict[int, bytes] | None = None) -> bytes:
    return file(
        {40: b"<</Type/OCG/Name(Lop)%s>>" % group, **(bodies or {})},
        catalog=b"/OCProperties<</OCGs[40 0 R]/D<<%s>>>>" % default,
        resources=b"/Properties<</L 40 0 R>>",
        content=b"/OC /L BDC BT /F1 12 Tf 72 720 Td (Pay) Tj ET EMC",
    )


def shown(text: bytes, value: bytes = b"/V(Mau)") -> bytes:
    """A text field with a value and an appearance."""
    appearance = stream(b"/Tx BMC BT /F1 9 Tf (%s) Tj ET EMC" % text, b"/Type/XObject/Subtype/Form/BBox[0 0 90 20]")
    return file(
        {40: appearance}, annotations=(field(b"ten", b"100 100 190 120", value + b"/AP<</N 40 0 R>>"),), form=b""
    )


def stamped(rect: bytes, kind: bytes = b"Stamp") -> bytes:
    """A stamp with an appearance; the page's text stands at 72, 720."""
    appearance = stream(b"0 0 90 90 re f", b"/Type/XObject/Subtype/Form/BBox[0 0 90 90]")
    return file(
        {40: appearance}, annotations=(b"<</Type/Annot/Subtype/%s/F 4/Rect[%s]/AP<</N 40 0 R>>>>" % (kind, rect),)
    )


def covered(content: bytes, image: bytes = b"") -> bytes:
    """A page that draws an image."""
    entries = b"/Type/XObject/Subtype/Image/Width 1/Height 1/ColorSpace/DeviceGray/BitsPerComponent 8"
    mask = {41: stream(b"x", entries)} if image else {}
    return file({40: stream(b"x", entries + image), **mask}, resources=b"/XObject<</X 40 0 R>>", content=content)


CLEAN = file()
FAST = saved(pikepdf.open(io.BytesIO(CLEAN)), linearize=True)
HELD = stream(b"\n5 0 obj\nnull\nendobj\n", b"/Type/XObject/Subtype/Form/BBox[0 0 9 9]")
SEEMING = file({40: HELD}, resources=b"/XObject<</X 40 0 R/Y null   >>")
ATTACHED = b"/Names<</EmbeddedFiles<</Names[(a)<</Type/Filespec/F(a)/EF<</F 40 0 R>>>>]>>>>"
FONT = b"<</Type/Font/Subtype/Type1/BaseFont/Times-Roman>>"

CASES = (
    Case("JAVASCRIPT", clicked(b"/S/JavaScript/JS(app.alert)"), clicked(b"/S/GoTo/D[3 0 R/Fit]"), "12.6.4.17"),
    Case(
        "JAVASCRIPT",
        file(catalog=b"/Names<</JavaScript<</Names[(a)<</S/JavaScript/JS(x)>>]>>>>"),
        file(catalog=b"/Names<</Dests<</Names[]>>>>"),
        "scripts of the document",
    ),
    Case("JAVASCRIPT", clicked(b"/S/Rendition/OP 0/JS(x)"), CLEAN, "a rendition action may carry a script"),
    Case("JAVASCRIPT", clicked(b"/S/Java#53cript/JS(x)"), CLEAN, "names are compared after # is undone"),
    Case(
        "OPEN_ACTION",
        file(catalog=b"/OpenAction<</S/Named/N/Print>>"),
        file(catalog=b"/OpenAction[3 0 R/Fit]"),
        "7.7.2",
    ),
    Case("ADDITIONAL_ACTION", file(page=b"/AA<</O<</S/Named/N/NextPage>>>>"), file(page=b"/AA<<>>"), "12.6.3"),
    Case("LAUNCH", clicked(b"/S/Launch/F(cmd.exe)"), clicked(b"/S/Named/N/NextPage"), "12.6.4.6"),
    Case("SUBMIT", clicked(b"/S/SubmitForm/F(http://mau.example)"), clicked(b"/S/Named/N/NextPage"), "12.7.6.2"),
    Case("DISPLAY_ACTION", clicked(b"/S/Hide/T(ten)"), clicked(b"/S/Named/N/NextPage"), "12.6.4.11"),
    Case("URI", clicked(b"/S/URI/URI(http://mau.example)"), clicked(b"/S/GoTo/D[3 0 R/Fit]"), "12.6.4.8"),
    Case("REMOTE_TARGET", clicked(b"/S/GoToR/F(b.pdf)/D[0/Fit]"), clicked(b"/S/GoTo/D[3 0 R/Fit]"), "12.6.4.3"),
    Case(
        "MULTIMEDIA",
        file(annotations=(b"<</Type/Annot/Subtype/RichMedia/F 4/Rect[9 9 20 20]>>",)),
        file(annotations=(b"<</Type/Annot/Subtype/Text/F 4/Rect[9 9 20 20]>>",)),
        "13.7",
    ),
    Case("POSTSCRIPT", with_xobject(b"/Subtype/PS"), with_xobject(b"/Subtype/Form/BBox[0 0 1 1]"), "8.8.2"),
    Case("XFA", file({40: stream(b"<xdp/>")}, form=b"/XFA 40 0 R"), file(form=b""), "12.7.8"),
    Case("HIDDEN_LAYER", layered(b"/OFF[40 0 R]"), layered(b"/ON[40 0 R]"), "8.11.4.3"),
    Case("HIDDEN_LAYER", layered(b"/BaseState/OFF"), layered(b"/BaseState/OFF/ON[40 0 R]"), "base state"),
    Case(
        "HIDDEN_LAYER",
        layered(
            b"", bodies={41: b"<</Type/OCMD/OCGs 40 0 R/P/AllOff>>", 3: PAGE % (b"/Properties<</L 41 0 R>>", b"")}
        ),
        layered(
            b"", bodies={41: b"<</Type/OCMD/OCGs 40 0 R/P/AllOn>>", 3: PAGE % (b"/Properties<</L 41 0 R>>", b"")}
        ),
        "a membership that asks for layers to be off",
    ),
    Case(
        "HIDDEN_LAYER",
        layered(b"", bodies={41: b"<</Type/OCMD/VE[/Not 40 0 R]>>", 3: PAGE % (b"/Properties<</L 41 0 R>>", b"")}),
        layered(b"", bodies={41: b"<</Type/OCMD/VE[/Or 40 0 R]>>", 3: PAGE % (b"/Properties<</L 41 0 R>>", b"")}),
        "a visibility expression",
    ),
    Case(
        "PRINT_LAYER",
        layered(b"", b"/Usage<</Print<</PrintState/OFF>>>>"),
        layered(b"", b"/Usage<</Print<</PrintState/ON>>>>"),
        "8.11.4.4",
    ),
    Case("LAYERS", layered(b""), file(catalog=b"/OCProperties<</OCGs[]/D<<>>>>"), "8.11"),
    Case(
        "HIDDEN_ANNOTATION",
        file(annotations=(field(b"a", b"9 9 90 20", flags=6),), form=b""),
        file(annotations=(field(b"a", b"0 0 0 0", flags=6),), form=b""),
        "12.5.3; without an area there is nothing to hide",
    ),
    Case(
        "SCREEN_ONLY_ANNOTATION",
        file(annotations=(field(b"a", b"9 9 90 20", flags=0),), form=b""),
        file(annotations=(field(b"a", b"9 9 90 20", flags=4),), form=b""),
        "12.5.3",
    ),
    Case(
        "INVISIBLE_TEXT",
        file(content=b"BT /F1 12 Tf 3 Tr 72 720 Td (Pay) Tj ET"),
        file(content=b"BT /F1 12 Tf 0 Tr 72 720 Td (3 Trang) Tj ET"),
        "9.3.6",
    ),
    Case(
        "WHITE_TEXT",
        file(content=b"BT 1 1 1 rg /F1 12 Tf 72 720 Td (Pay) Tj ET"),
        file(content=b"1 1 1 rg 0 0 9 9 re f BT 0 0 1 rg /F1 12 Tf 72 720 Td (Pay) Tj ET"),
        "8.6.8",
    ),
    Case("TRANSPARENT_CONTENT", with_state(b"/ca 0"), with_state(b"/ca 0.5"), "11.6.4.4"),
    Case(
        "OVERLAPPING_FIELDS",
        file(annotations=(field(b"a", b"9 9 90 20"), field(b"b", b"50 9 120 20")), form=b""),
        file(annotations=(field(b"a", b"9 9 90 20"), field(b"b", b"90 9 120 20")), form=b""),
        "borders may touch",
    ),
    Case("ANNOTATION_OVER_TEXT", stamped(b"60 700 200 740"), stamped(b"60 500 200 540"), "EAA before signing"),
    Case("ANNOTATION_OVER_TEXT", stamped(b"60 700 200 740"), stamped(b"60 700 200 740", b"Highlight"), "a mark"),
    Case(
        "CONTENT_OVER_TEXT",
        covered(b"BT /F1 12 Tf 72 720 Td (Pay 100) Tj ET q 200 0 0 40 60 710 cm /X Do Q"),
        covered(b"q 200 0 0 40 60 710 cm /X Do Q BT /F1 12 Tf 72 720 Td (Pay 100) Tj ET"),
        "an image drawn after the text, not before it",
    ),
    Case(
        "CONTENT_OVER_TEXT",
        file(content=b"BT /F1 12 Tf 72 720 Td (Pay 100) Tj ET 1 g 60 710 200 40 re f"),
        file(content=b"BT /F1 12 Tf 72 720 Td (Pay 100) Tj ET 1 g 60 610 200 40 re f"),
        "a white area",
    ),
    Case(
        "CONTENT_OVER_TEXT",
        covered(b"BT /F1 12 Tf 72 720 Td (Pay 100) Tj ET q 200 0 0 40 60 710 cm /X Do Q"),
        covered(b"BT /F1 12 Tf 72 720 Td (Pay 100) Tj ET q 200 0 0 40 60 710 cm /X Do Q", b"/SMask 41 0 R"),
        "a seal on a clear ground may lie on text",
    ),
    Case("FIELD_APPEARANCE", shown(b"Khac"), shown(b"Mau"), "P8, 12.7.4.3"),
    Case(
        "ANNOTATION_APPEARANCE",
        file(annotations=(b"<</Type/Annot/Subtype/FreeText/F 4/Rect[9 9 20 20]/Contents(x)/DA(/F1 9 Tf)>>",)),
        file(annotations=(b"<</Type/Annot/Subtype/Text/F 4/Rect[9 9 20 20]/Contents(x)>>",)),
        "12.5.5",
    ),
    Case("NEED_APPEARANCES", file(form=b"/NeedAppearances true"), file(form=b"/NeedAppearances false"), "12.7.3"),
    Case(
        "EXTERNAL_STREAM",
        with_xobject(b"/Subtype/Image/Width 1/Height 1/F(elsewhere.bin)"),
        with_xobject(b"/Subtype/Image/Width 1/Height 1"),
        "7.3.8.2",
    ),
    Case(
        "REFERENCE_XOBJECT",
        with_xobject(b"/Subtype/Form/BBox[0 0 1 1]/Ref<</F(b.pdf)/Page 0>>"),
        with_xobject(b"/Subtype/Form/BBox[0 0 1 1]"),
        "8.10.4",
    ),
    Case(
        "FONT_NOT_EMBEDDED",
        file({41: FONT}, resources=b"/Other<</F2 41 0 R>>"),
        CLEAN,
        "9.9: the standard fourteen too",
    ),
    Case(
        "ALTERNATE_IMAGE",
        with_xobject(b"/Subtype/Image/Width 1/Height 1/Alternates[<</Image 41 0 R>>]", {41: stream(b"")}),
        with_xobject(b"/Subtype/Image/Width 1/Height 1"),
        "8.9.5.4",
    ),
    Case("DEVICE_FUNCTION", with_state(b"/TR<</FunctionType 2>>"), with_state(b"/TR/Identity"), "10.4"),
    Case("EMBEDDED_FILE", file({40: stream(b"x")}, catalog=ATTACHED), file(catalog=b"/Names<<>>"), "7.11.4"),
    Case("PORTFOLIO", file(catalog=b"/Collection<</View/D>>"), CLEAN, "12.3.5"),
    Case("UNREACHABLE", file({41: b"<</Left/Over>>"}), CLEAN, "7.5.4"),
    Case("SECOND_CATALOG", file({41: b"<</Type/Catalog/Pages 2 0 R>>"}), file({41: b"<</Type/Pages>>"}), "7.7.2"),
    Case("LINEARIZATION", FAST.replace(b"/N 1", b"/N 2"), FAST, "Annex F"),
    Case("SEEMING_OBJECT", SEEMING.replace(b"/Y null   ", b"/Y 99 0 R "), SEEMING, "7.3.10"),
    Case("CONTENT_STOPS", file(content=b"q endstream Q"), file(content=b"q (endstream) pop Q"), "7.8.2"),
    Case(
        "CONTENT_UNREADABLE",
        with_xobject(b"/Subtype/Image/Width 1/Height 1/W 1"),
        with_xobject(b"/Subtype/Image/Width 1/Height 1"),
        "8.9.7",
    ),
    Case("CONTENT_MALFORMED", file(content=b"q Q Q"), file(content=b"q q Q"), "7.8.2"),
    Case("FONT_MALFORMED", CLEAN.replace(b"/Subtype/TrueType", b"/Subtype/TrueTypo"), CLEAN, "9.5"),
    Case("PAGE_SHAPE", CLEAN.replace(b"/MediaBox[0 0 595 842]", b"/MediaBox[0 0 595    ]"), CLEAN, "14.11.2"),
    Case("PAGE_TREE", CLEAN.replace(b"/Count 1", b"/Count 2"), CLEAN, "7.7.3.2"),
    Case("EARLIER_REVISIONS", append(CLEAN, {4: stream(b"")}), CLEAN, "7.5.6"),
    Case("NOT_CHECKED", CLEAN.replace(b"/FontName/Tinos", b"/FontName>Tinos"), CLEAN, "7.3"),
)
BY_POLICY = {"TRANSPARENCY": (with_state(b"/BM/Multiply"), with_state(b"/BM/Normal"))}
"""Found only when a policy asks for it."""

Make = Callable[[], bytes]
