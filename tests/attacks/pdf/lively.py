"""P10: signed files that change what they show by themselves: no byte is another one, so that only words can warn.

Each is a file whose signature is true; the docstring of each function says which readers show what.
"""

from __future__ import annotations

from collections.abc import Callable

from tests.pki.pdf.lint.cases import PAGE, file, layered
from tests.pki.pdf.samples import BODIES, signed, stream

SCRIPT = b"<</S/JavaScript/JS(this.getField\\('n'\\).value=new Date\\(\\).getFullYear\\(\\)>2026?'999':'100')>>"
NUMBER = b"<</Type/Annot/Subtype/Widget/FT/Tx/T(n)/V(100)/F 4/Rect[72 700 200 720]/DA(/F1 12 Tf)%s>>"

LIVELY: dict[str, tuple[Callable[[], bytes], str]] = {}
"""By name: what makes the file, and what the warning must name."""


def lively(word: str) -> Callable[[Callable[[], bytes]], Callable[[], bytes]]:
    def register(make: Callable[[], bytes]) -> Callable[[], bytes]:
        LIVELY[make.__name__] = (make, word)
        return make

    return register


@lively("OPEN_ACTION")
def script_on_opening() -> bytes:
    """P10: Chromium and Firefox run it, Poppler and MuPDF do not."""
    return file(catalog=b"/OpenAction" + SCRIPT, annotations=(NUMBER % b"",), form=b"")


@lively("JAVASCRIPT")
def script_of_the_document() -> bytes:
    """P10: scripts with names run on opening."""
    return file(catalog=b"/Names<</JavaScript<</Names[(a)%s]>>>>" % SCRIPT, annotations=(NUMBER % b"",), form=b"")


@lively("ADDITIONAL_ACTION")
def script_of_the_document_before_it_is_printed() -> bytes:
    """P10: /AA of the catalog: what is printed is not what was read."""
    return file(catalog=b"/AA<</WP%s>>" % SCRIPT, annotations=(NUMBER % b"",), form=b"")


@lively("ADDITIONAL_ACTION")
def script_that_writes_a_field() -> bytes:
    """P10: /AA of a field: a format script shows another value than the field has."""
    return file(annotations=(NUMBER % (b"/AA<</F%s>>" % SCRIPT),), form=b"")


@lively("ADDITIONAL_ACTION")
def script_of_an_annotation_that_is_no_field() -> bytes:
    """P10: /AA of another annotation, when its page is opened (PO)."""
    return file(annotations=(b"<</Type/Annot/Subtype/Link/F 4/Rect[9 9 20 20]/AA<</PO%s>>>>" % SCRIPT,))


@lively("ADDITIONAL_ACTION")
def script_of_an_annotation_named_otherwise() -> bytes:
    """P10: the same with an escaped name."""
    return file(annotations=(b"<</Type/Annot/Subtype/Link/F 4/Rect[9 9 20 20]/A#41<</PO%s>>>>" % SCRIPT,))


@lively("ADDITIONAL_ACTION")
def script_in_an_object_of_its_own() -> bytes:
    """P10: the same, whose dictionary stands elsewhere."""
    link = b"<</Type/Annot/Subtype/Link/F 4/Rect[9 9 20 20]/AA 40 0 R>>"
    return file({40: b"<</PO%s>>" % SCRIPT}, annotations=(link,))


@lively("ADDITIONAL_ACTION")
def script_of_a_page() -> bytes:
    """P10: /AA of a page, when it is opened."""
    return file(page=b"/AA<</O<</S/Named/N/NextPage>>>>")


@lively("ADDITIONAL_ACTION")
def script_of_a_field_without_a_widget() -> bytes:
    """P10: a field in the form that no page shows calculates others."""
    hidden = b"<</FT/Tx/T(h)/AA<</C%s>>>>" % SCRIPT
    return file({40: hidden}, catalog=b"/AcroForm<</Fields[40 0 R]/CO[40 0 R]>>")


@lively("XFA")
def form_that_is_described_twice() -> bytes:
    """P10: Firefox shows the XFA form in place of the pages."""
    return file({40: stream(b"<xdp:xdp/>")}, form=b"/XFA 40 0 R")


@lively("XFA")
def pages_to_be_made_from_xfa() -> bytes:
    """P10: a dynamic XFA form."""
    return file(catalog=b"/NeedsRendering true")


@lively("PORTFOLIO")
def portfolio() -> bytes:
    """P10: a reader of portfolios opens an attached file, others show the pages."""
    return file(catalog=b"/Collection<</View/D>>")


@lively("PRINT_LAYER")
def layer_that_is_not_printed() -> bytes:
    """P10: PDFium shows the text on the screen and leaves it out on paper."""
    return layered(b"/AS[<</Event/Print/Category[/Print]/OCGs[40 0 R]>>]", b"/Usage<</Print<</PrintState/OFF>>>>")


@lively("PRINT_LAYER")
def layer_for_a_language() -> bytes:
    """P10: what is shown depends on the language of whoever looks."""
    return layered(b"", b"/Usage<</Language<</Lang(vi)>>>>")


@lively("HIDDEN_LAYER")
def layer_that_is_off() -> bytes:
    """P10: a click shows it, and programs that do not know layers show it at once."""
    return layered(b"/OFF[40 0 R]")


@lively("HIDDEN_LAYER")
def content_shown_where_a_layer_is_off() -> bytes:
    """P10: a membership dictionary."""
    page = PAGE % (b"/Properties<</L 41 0 R>>", b"")
    return layered(b"", bodies={41: b"<</Type/OCMD/OCGs 40 0 R/P/AllOff>>", 3: page})


@lively("MULTIMEDIA")
def film_on_a_page() -> bytes:
    """P10: rich media play when their page is seen."""
    return file(annotations=(b"<</Type/Annot/Subtype/RichMedia/F 4/Rect[9 9 20 20]>>",))


@lively("HIDDEN_ANNOTATION")
def stamp_that_is_only_printed() -> bytes:
    """P10: NoView and Print: nobody sees it on the screen."""
    look = stream(b"BT /F1 12 Tf 0 5 Td (not) Tj ET", b"/Type/XObject/Subtype/Form/BBox[0 0 90 20]")
    stamp = b"<</Type/Annot/Subtype/Stamp/F 36/Rect[9 9 99 29]/AP<</N 40 0 R>>>>"
    return file({40: look}, annotations=(stamp,))


def _drawing(entries: bytes) -> bytes:
    drawn = stream(b"", b"/Type/XObject/BBox[0 0 9 9]" + entries)
    return file({41: drawn}, resources=b"/XObject<</X 41 0 R>>", content=b"/X Do")


@lively("REFERENCE_XOBJECT")
def form_that_stands_for_another_document() -> bytes:
    """P10: Acrobat shows a page of the other file (8.10.4)."""
    return _drawing(b"/Subtype/Form/Ref<</F(b.pdf)/Page 0>>")


@lively("ALTERNATE_IMAGE")
def image_that_is_another_on_paper() -> bytes:
    """P10: Acrobat may print the other one (8.9.5.4)."""
    return _drawing(b"/Subtype/Image/Width 1/Height 1/Alternates[<</Image 41 0 R/DefaultForPrinting true>>]")


@lively("POSTSCRIPT")
def form_that_is_code_for_the_printer() -> bytes:
    """P10: PostScript printers draw what no screen shows (8.8.2)."""
    return _drawing(b"/Subtype/Form/Subtype2/PS/PS 41 0 R")


@lively("POSTSCRIPT")
def code_for_the_printer() -> bytes:
    """P10: the same as PDF 1.3 has it."""
    return _drawing(b"/Subtype/PS")


def written(value: bytes, shown: bytes, font: bytes = b"", more: bytes = b"") -> bytes:
    """A text field with a value, and a look that shows something."""
    kind = b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica%s>>" % font
    entries = b"/Type/XObject/Subtype/Form/BBox[0 0 128 20]/Resources<</Font<</F1 %s>>>>" % kind
    look = stream(b"/Tx BMC BT /F1 12 Tf 2 5 Td (%s) Tj ET EMC" % shown, entries)
    field = (NUMBER % (b"/AP<</N 40 0 R>>" + more)).replace(b"/V(100)", b"/V" + value)
    return file({40: look}, annotations=(field,), form=b"")


@lively("FIELD_APPEARANCE")
def field_that_shows_another_value() -> bytes:
    """P8, P10: Firefox, and who reads the form, shows the value, 900; Chromium, Poppler and MuPDF the look, 100."""
    return written(b"(900)", b"100")


@lively("FIELD_APPEARANCE")
def field_that_shows_another_value_in_utf_16() -> bytes:
    """P8, P10: the same, the value in UTF-16."""
    return written(b"<FEFF003900300030>", b"100")


DRAWN = b"<</Type/Annot/Subtype/%s/F 4/Rect[60 680 300 760]%s>>"
LOOK = stream(b"0 0 99 20 re f", b"/Type/XObject/Subtype/Form/BBox[0 0 99 20]")


@lively("ANNOTATION_APPEARANCE")
def text_that_some_readers_write() -> bytes:
    """P10: Poppler, MuPDF and Ghostscript write "not" beside the sum, PDFium does not."""
    return file(annotations=(DRAWN % (b"FreeText", b"/Contents(not)/DA(/Helv 40 Tf 0 g)"),))


@lively("ANNOTATION_APPEARANCE")
def line_that_some_readers_draw() -> bytes:
    """P10: a thick black line over the sum, which PDFium does not draw."""
    return file(annotations=(DRAWN % (b"Line", b"/L[60 720 300 720]/C[0 0 0]/BS<</W 20>>"),))


@lively("ANNOTATION_APPEARANCE")
def stamp_that_shows_what_is_for_the_mouse() -> bytes:
    """P10: MuPDF and Ghostscript draw the look for a pressed button, where there is no other."""
    return file({40: LOOK, 41: b"<</D 40 0 R>>"}, annotations=(DRAWN % (b"Stamp", b"/AP 41 0 R"),))


@lively("ANNOTATION_APPEARANCE")
def stamp_in_a_state_that_is_not_there() -> bytes:
    """P10: MuPDF draws the only state that there is."""
    return file({40: LOOK}, annotations=(DRAWN % (b"Stamp", b"/AS/Off/AP<</N<</On 40 0 R>>>>"),))


@lively("ANNOTATION_APPEARANCE")
def stamp_without_a_place() -> bytes:
    """P10: Poppler and MuPDF draw it, each elsewhere; PDFium does not."""
    stamp = (DRAWN % (b"Stamp", b"/AP<</N 40 0 R>>")).replace(b" 760]", b"]")
    return file({40: LOOK}, annotations=(stamp,))


@lively("ANNOTATION_APPEARANCE")
def window_of_a_note_with_a_look() -> bytes:
    """P10: Poppler draws it, the others do not."""
    return file({40: LOOK}, annotations=(DRAWN % (b"Popup", b"/AP<</N 40 0 R>>"),))


@lively("ANNOTATION_APPEARANCE")
def widget_of_no_field() -> bytes:
    """P10: Poppler draws it, the others do not."""
    return file({40: LOOK}, annotations=(DRAWN % (b"Widget", b"/AP<</N 40 0 R>>"),))


@lively("ANNOTATION_APPEARANCE")
def mark_among_many_objects() -> bytes:
    """P10: where annotations are read only if they could act."""
    mark = DRAWN % (b"Highlight", b"/C[0 0 0]/QuadPoints[60 760 300 760 60 680 300 680]")
    return file({n: b"%d" % n for n in range(200, 1100)}, annotations=(mark,))


def as_signed(name: str) -> bytes:
    """The file with a true signature by a program that asked no linter."""
    return signed(LIVELY[name][0]())


def quiet() -> dict[str, bytes]:
    """What looks like it and does nothing by itself."""
    return {
        "a place to open at": file(catalog=b"/OpenAction[3 0 R/Fit]"),
        "an action to go to a place": file(catalog=b"/OpenAction<</S/GoTo/D[3 0 R/Fit]>>"),
        "named destinations": file(catalog=b"/Names<</Dests<</Names[]>>>>"),
        "attached files": file(catalog=b"/Names<</EmbeddedFiles<</Names[]>>>>"),
        "no actions": file(page=b"/AA<<>>"),
        "a font of that name": file({3: BODIES[3].replace(b"/F1 5 0 R", b"/F1 5 0 R/AA 5 0 R")}),
        "a layer that is shown": layered(b"/ON[40 0 R]"),
        "a link": file(annotations=(b"<</Type/Annot/Subtype/Link/F 4/Rect[9 9 20 20]/A<</S/URI/URI(a)>>>>",)),
        "a hidden field": file(annotations=(NUMBER.replace(b"/F 4", b"/F 6") % b"",), form=b""),
        "a stamp": file({40: LOOK}, annotations=(DRAWN % (b"Stamp", b"/AP<</N 40 0 R>>"),)),
        "a stamp of two states": file(
            {40: LOOK}, annotations=(DRAWN % (b"Stamp", b"/AS/On/AP<</N<</On 40 0 R/Off 40 0 R>>>>"),)
        ),
        "a hidden text": file(annotations=((DRAWN % (b"FreeText", b"")).replace(b"/F 4", b"/F 2"),)),
        "a text without an area": file(annotations=((DRAWN % (b"FreeText", b"")).replace(b"300 760", b"60 680"),)),
        "a note and its window": file(annotations=(DRAWN % (b"Text", b""), DRAWN % (b"Popup", b""))),
        "a field that shows its value": written(b"<FEFF003100300030>", b"100"),
        "a field of two lines that shows its value": written(b"(1\\r00)", b"10) Tj 0 -9 Td (0"),
        "a field whose font has codes of its own": written(
            b"(900)", b"100", b"/Encoding<</Differences[49/nine]>>/A 1"
        ),
        "a password": written(b"(900)", b"***", more=b"/Ff 8192"),
        "a printed field": file(annotations=(NUMBER % b"",), form=b""),
    }
