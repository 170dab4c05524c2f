"""P6, P7: what an update may rewrite is also something else, which changes with it.

A field, an information dictionary or a list of annotations may be rewritten in its own role. The document was
prepared so that a page uses the same object in another role, as its fonts, its colours, its contents.
"""

from __future__ import annotations

from tests.pki.pdf.samples import BODIES, WORLD, append, raw, signed, stream, table_pdf

from .attack import FIELD, Attack, attack, hand_signed, prepared
from .sealing import SIGNATURE
from .updates import CERTIFIED

ATTACKS: list[Attack] = []
ROLE = "harmless in one role only"
PAY = b"BT /%s 12 Tf 72 720 Td (Pay 100 to Mau) Tj ET"
FONTS = b"/Font<</F1 5 0 R>>"
BOX = b"<</Type/Annot/Subtype/Widget/FT/Sig/T(%s)/Rect[0 0 0 0]/F 132/P 3 0 R%s>>"
OTHER = stream(
    b"1 g 0 0 600 800 re f 0 g BT /F1 12 Tf 72 720 Td (Pay 999 to Mau) Tj ET",
    b"/Type/XObject/Subtype/Form/BBox[0 0 600 800]/Resources<</Font<</F1 5 0 R>>>>",
)


def _page(resources: bytes, more: bytes = b"", contents: bytes = b"4 0 R") -> bytes:
    page = BODIES[3].replace(FONTS, resources).replace(b"4 0 R", contents)
    return page.replace(b"/Type/Page", b"/Type/Page" + more)


def two_boxes(resources: bytes, content: bytes, more: dict[int, bytes] | None = None) -> bytes:
    """A page that takes `resources`; its fields are 7, empty, and 8, signed."""
    bodies = {
        **BODIES,
        1: b"<</Type/Catalog/Pages 2 0 R/AcroForm 6 0 R>>",
        3: _page(resources, b"/Annots[7 0 R 8 0 R]"),
        4: stream(content),
        6: b"<</Fields[7 0 R 8 0 R]/SigFlags 3>>",
        7: BOX % (b"B", b""),
        8: BOX % (b"A", b""),
        9: OTHER,
        **(more or {}),
    }
    return signed(table_pdf(bodies), field="A")


def _second_signature(pdf: bytes, entries: bytes = b"", dictionary: bytes = SIGNATURE) -> bytes:
    field = BOX % (b"B", entries + b"/V 31 0 R")
    return hand_signed(prepared(dictionary, base=pdf, bodies={7: field}, number=31), signer=WORLD.seal_signer)


@attack(ATTACKS, change="signature", words="unusual entries: ca")
def a_signature_is_the_graphics_state_of_the_signed_page() -> bytes:
    """P6, P7: the signature makes what follows transparent."""
    pdf = two_boxes(FONTS + b"/ExtGState 7 0 R", b"/V gs " + PAY % b"F1")
    return _second_signature(pdf, dictionary=SIGNATURE.replace(b"%s", b"/ca 0 %s"))


@attack(ATTACKS, change="annotation", words="object 7 (Annot) was changed")
def a_date_of_a_field_is_a_form_that_the_signed_page_draws() -> bytes:
    """P6, P7: the time of change is a text; here it is a drawing that was signed and not shown."""
    return _second_signature(two_boxes(FONTS + b"/XObject 7 0 R", PAY % b"F1" + b" /M Do"), b"/M 9 0 R")


@attack(ATTACKS, change="metadata", words="document information changed: Producer")
def the_information_is_the_colours_of_the_signed_page() -> bytes:
    """P6, P7: a producer is a text; as the name of a colour space it turns white into black."""
    content = b"/Producer cs 0 0 0 0 sc " + PAY % b"F1"
    bodies = {**BODIES, 3: _page(FONTS + b"/ColorSpace 6 0 R"), 4: stream(content), 6: b"<</Producer/DeviceCMYK>>"}
    pdf = signed(table_pdf(bodies, b"/Root 1 0 R/Info 6 0 R"))
    return append(pdf, {6: b"<</Producer/DeviceRGB>>"}, trailer=b"/Info 6 0 R")


@attack(ATTACKS, change="structure", words="/Version in the catalog was changed")
def the_catalog_is_the_colours_of_the_signed_page() -> bytes:
    """P6, P7: a version is a name, and this one names a colour space under another name."""
    names = b"/Version/1.4/1.4/DeviceCMYK/1.7/DeviceRGB>>"
    bodies = {**BODIES, 3: _page(FONTS + b"/ColorSpace 1 0 R"), 4: stream(b"/Version cs " + PAY % b"F1")}
    pdf = signed(table_pdf({**bodies, 1: BODIES[1].replace(b">>", names)}))
    return append(pdf, {1: raw(pdf, 1).replace(b"/Version/1.4", b"/Version/1.7")})


@attack(ATTACKS, change="metadata", words="developer extensions")
def an_extension_under_the_name_of_a_soft_mask() -> bytes:
    """P6, P7: the catalog is the page's graphics states, its extensions are one of them."""
    bodies = {**BODIES, 3: _page(FONTS + b"/ExtGState 1 0 R"), 4: stream(b"/Extensions gs " + PAY % b"F1")}
    pdf = signed(table_pdf(bodies))
    return append(pdf, {1: raw(pdf, 1)[:-2] + b"/Extensions<</SMask<</BaseVersion/1.7/ExtensionLevel 1>>>>>>"})


def _shared(array: bytes, page: bytes, entries: bytes = b"") -> bytes:
    """A signed page whose annotations are the object 7, and then a second signature in a new field."""
    bodies = {
        **BODIES,
        1: b"<</Type/Catalog/Pages 2 0 R/AcroForm 6 0 R%s>>" % entries,
        3: page,
        6: b"<</Fields[8 0 R]/SigFlags 3>>",
        7: array,
        8: BOX % (b"S", b"/V 9 0 R"),
    }
    slot = {n: bodies[n] for n in (1, 6, 8)}
    pdf = hand_signed(prepared(base=table_pdf(bodies), bodies=slot, number=9))
    return signed(pdf, WORLD.seal_signer)


@attack(ATTACKS, change="content", words=ROLE)
def a_list_of_annotations_is_the_contents_of_the_page() -> bytes:
    """P6: Poppler shows nothing of a page among whose contents it finds something that is no stream."""
    return _shared(b"[4 0 R]", _page(FONTS, b"/Annots 7 0 R", b"7 0 R"))


@attack(ATTACKS, change="content", words=ROLE)
def a_list_of_annotations_is_the_layers_of_the_page() -> bytes:
    """P6, P7: shown when any of these layers is on; MuPDF takes a widget for a layer that is on."""
    layer = b"/Properties<</L<</Type/OCMD/OCGs 7 0 R>>>>"
    states = b"/OCProperties<</OCGs[10 0 R]/D<</OFF[10 0 R]>>>>"
    return _shared(b"[]", _page(FONTS + layer, b"/Annots 7 0 R"), states)


@attack(ATTACKS, change="annotation", words="were removed or reordered")
def a_colour_space_is_the_annotations_of_the_page() -> bytes:
    """P6: an array of anything but dictionaries is no list of annotations: this one is a table of colours."""
    colours = b"/ColorSpace<</Annots 7 0 R>>"
    return _shared(b"[/Indexed/DeviceRGB 1<000000FFFFFF>]", _page(FONTS + colours, b"/Annots 7 0 R"))


@attack(ATTACKS, change="content", words=ROLE)
def a_check_box_is_the_colours_of_the_page() -> bytes:
    """P6, P7: certified with P 2, and the box may be ticked; its states are names of colour spaces."""
    box = b"<</Type/Annot/Subtype/Widget/FT/Btn/T(B)/Rect[300 300 312 312]/F 4/P 3 0 R/V/%s/AS/%s"
    box += b"/AP<</N<</DeviceCMYK 9 0 R/DeviceRGB 9 0 R>>>>>>"
    bodies = {
        **BODIES,
        1: b"<</Type/Catalog/Pages 2 0 R/AcroForm 10 0 R/Perms<</DocMDP 6 0 R>>>>",
        3: _page(FONTS + b"/ColorSpace 8 0 R", b"/Annots[7 0 R 8 0 R]"),
        4: stream(b"/AS cs 0 0 0 0 sc " + PAY % b"F1"),
        6: b"null",
        7: FIELD,
        8: box % (b"DeviceCMYK", b"DeviceCMYK"),
        9: stream(b"", b"/Type/XObject/Subtype/Form/BBox[0 0 12 12]"),
        10: b"<</Fields[7 0 R 8 0 R]/SigFlags 3>>",
    }
    pdf = hand_signed(prepared(CERTIFIED % 2, base=table_pdf(bodies), bodies={7: FIELD}))
    return append(pdf, {8: box % (b"DeviceRGB", b"DeviceRGB")})
