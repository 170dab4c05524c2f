"""P8 once more: a value that is filled in must be what is seen, in the font and the place that were signed."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial

from tests.pki.pdf.samples import BODIES, append, raw, stream

from .attack import FIELD, Attack, attack, hand_signed, prepared, variant
from .updates import CERTIFIED, LOOK, TEXT_FIELD, appearance, form_signed

ATTACKS: list[Attack] = []
SHOWN = 'P8: (V1) "a form-value change is only "form filling" if the new /AP is produced from the new /V".'
KEYS = 'P8: "/MK, /DA, /DR, fonts, /NeedAppearances, field flags, /Rect must not change".'


def _drawn(content: bytes) -> Callable[[], bytes]:
    """The certified form, filled with 200 and this appearance."""
    return lambda: append(
        form_signed(), {8: TEXT_FIELD % b"200", 9: stream(b"/Tx BMC q " + content + b" Q EMC", LOOK)}
    )


for _name, _content in (
    ("text_in_an_invisible_mode", b"BT /F1 9 Tf 3 Tr 2 5 Td (200) Tj ET"),
    ("text_that_only_clips", b"BT /F1 9 Tf 7 Tr 2 5 Td (200) Tj ET"),
    ("text_of_no_size", b"BT /F1 0 Tf 2 5 Td (200) Tj ET"),
    ("text_of_a_tiny_size", b"BT /F1 0.01 Tf 2 5 Td (200) Tj ET"),
    ("text_of_no_width", b"BT /F1 9 Tf 0 Tz 2 5 Td (200) Tj ET"),
    ("text_mirrored", b"BT /F1 9 Tf -100 Tz 90 5 Td (200) Tj ET"),
    ("text_moved_out_of_its_box", b"BT /F1 9 Tf 5000 5 Td (200) Tj ET"),
    ("text_raised_out_of_its_box", b"BT /F1 9 Tf 500 Ts 2 5 Td (200) Tj ET"),
    ("text_put_in_another_order", b"BT /F1 9 Tf 20 5 Td (2) Tj -18 0 Td (00) Tj ET"),
    ("text_written_backwards", b"BT /F1 9 Tf -10 Tc 60 5 Td (200) Tj ET"),
    ("text_moved_by_its_array", b"BT /F1 9 Tf 20 5 Td [(2) 4000 (00)] TJ ET"),
    ("text_under_a_second_matrix", b"BT /F1 9 Tf 1 0 0 1 20 5 Tm (2) Tj 1 0 0 1 2 5 Tm (00) Tj ET"),
    ("text_turned_over", b"BT /F1 9 Tf -1 0 0 -1 60 15 Tm (200) Tj ET"),
    ("text_of_a_flat_matrix", b"BT /F1 9 Tf 1 0 0 0 2 5 Tm (200) Tj ET"),
    ("text_on_a_flat_page", b"0 0 0 0 0 0 cm BT /F1 9 Tf 2 5 Td (200) Tj ET"),
    ("text_on_a_turned_page", b"-1 0 0 -1 60 15 cm BT /F1 9 Tf 2 5 Td (200) Tj ET"),
    ("text_in_white", b"1 g BT /F1 9 Tf 2 5 Td (200) Tj ET"),
    ("text_in_white_of_three_colours", b"1 1 1 rg BT /F1 9 Tf 2 5 Td (200) Tj ET"),
    ("text_in_white_of_four_colours", b"0 0 0 0 k BT /F1 9 Tf 2 5 Td (200) Tj ET"),
    ("text_in_a_font_without_a_name", b"BT /F9 9 Tf 2 5 Td (200) Tj ET"),
    ("text_without_a_font", b"BT 2 5 Td (200) Tj ET"),
    ("text_under_a_graphics_state", b"/GS gs BT /F1 9 Tf 2 5 Td (200) Tj ET"),
    ("text_in_a_hidden_layer", b"/OC /L BDC BT /F1 9 Tf 2 5 Td (200) Tj ET EMC"),
    ("text_with_other_actual_text", b"/Span <</ActualText(200)>> BDC BT /F1 9 Tf 2 5 Td (900) Tj ET EMC"),
    ("a_line_over_it", b"BT /F1 9 Tf 2 5 Td (200) Tj ET 0 5 m 90 5 l S"),
    ("a_rectangle_over_it", b"BT /F1 9 Tf 2 5 Td (200) Tj ET 0 0 100 20 re f"),
    ("an_image_over_it", b"BT /F1 9 Tf 2 5 Td (200) Tj ET /Im Do"),
    ("an_inline_image", b"BT /F1 9 Tf 2 5 Td (200) Tj ET BI /W 1 /H 1 /BPC 8 /CS /G ID 0 EI"),
    ("a_shading_over_it", b"BT /F1 9 Tf 2 5 Td (200) Tj ET /S sh"),
    ("no_text", b""),
    ("more_text", b"BT /F1 9 Tf 2 5 Td (200) Tj (000) Tj ET"),
    ("another_word", b"BT /F1 9 Tf 2 5 Td (200) Tj 0 5 Td (EUR) Tj ET"),
    ("other_digits", b"BT /F1 9 Tf 2 5 Td <393939> Tj ET"),
):
    variant(ATTACKS, f"filled_with_{_name}", SHOWN, _drawn(_content), change="form", words="Amount")

for _name, _entries in (
    ("of_another_box", LOOK.replace(b"[0 0 100 20]", b"[0 0 1 1]")),
    ("with_a_matrix", LOOK + b"/Matrix[0 0 0 0 0 0]"),
    ("with_a_group", LOOK + b"/Group<</S/Transparency/I true>>"),
    ("in_a_layer", LOOK + b"/OC<</Type/OCG/Name(L)>>"),
    ("with_a_reference", LOOK + b"/Ref<</F(x.pdf)/Page 0>>"),
    ("without_resources", b"/Type/XObject/Subtype/Form/BBox[0 0 100 20]"),
    ("of_another_kind", LOOK.replace(b"/Subtype/Form", b"/Subtype/Image")),
):

    def _look(entries: bytes = _entries) -> bytes:
        content = b"/Tx BMC q BT /F1 9 Tf 2 5 Td (200) Tj ET Q EMC"
        return append(form_signed(), {8: TEXT_FIELD % b"200", 9: stream(content, entries)})

    variant(ATTACKS, f"filled_with_a_form_{_name}", SHOWN, _look, change="form", words="Amount")

for _name, _old, _new in (
    ("characteristics", b"/F 4", b"/F 4/MK<</BG[0 0 0]>>"),
    ("default_appearance", b"/F1 9 Tf", b"/F1 0 Tf"),
    ("flags", b"/F 4", b"/F 4/Ff 8192"),
    ("annotation_flags", b"/F 4", b"/F 2"),
    ("alignment", b"/F 4", b"/F 4/Q 2"),
    ("maximal_length", b"/F 4", b"/F 4/MaxLen 1"),
    ("default_value", b"/F 4", b"/F 4/DV(900)"),
    ("rich_text", b"/F 4", b"/F 4/RV(<p>900</p>)"),
    ("action", b"/F 4", b"/F 4/A<</S/JavaScript/JS(1)>>"),
    ("additional_actions", b"/F 4", b"/F 4/AA<</F<</S/JavaScript/JS(1)>>>>"),
    ("name", b"/T(Amount)", b"/T(Total)"),
    ("alternative_name", b"/F 4", b"/F 4/TU(Total)"),
    ("kind", b"/FT/Tx", b"/FT/Ch"),
    ("place", b"[100 100 200 120]", b"[100 700 200 720]"),
    ("page", b"/P 3 0 R", b"/P 2 0 R"),
    ("border", b"/F 4", b"/F 4/BS<</W 20>>"),
    ("layer", b"/F 4", b"/F 4/OC<</Type/OCG/Name(L)>>"),
    ("parent", b"/F 4", b"/F 4/Parent 7 0 R"),
    ("kids", b"/F 4", b"/F 4/Kids[20 0 R]"),
):
    variant(
        ATTACKS,
        f"field_with_another_{_name}",
        KEYS,
        partial(lambda old, new: append(form_signed(), {8: (TEXT_FIELD % b"100").replace(old, new)}), _old, _new),
        change="annotation",
        words="object 8",
    )

for _name, _entry, _kind in (
    ("default_resources", b"/DR<</Font<</F1 5 0 R>>>>", "form"),
    ("calculation_order", b"/CO[8 0 R]", "form"),
    ("xfa", b"/XFA(<xdp/>)", "form"),
    ("alignment", b"/Q 2", "form"),
):
    _key = f"/{_entry[1:4].decode().strip('<([/ 2')}"
    variant(
        ATTACKS,
        f"form_with_another_{_name}",
        KEYS,
        partial(lambda e: append(form_signed(), {10: b"<</Fields[7 0 R 8 0 R]/SigFlags 3" + e + b">>"}), _entry),
        change=_kind,
        words=_key,
    )


@attack(ATTACKS, change="content|resource", words="object 9")
def appearance_stream_exchanged_alone() -> bytes:
    """P8: (V1) only the appearance stream is replaced: no field explains it."""
    return append(form_signed(), {9: stream(b"/Tx BMC q BT /F1 9 Tf 2 5 Td (900) Tj ET Q EMC", LOOK)})


@attack(ATTACKS, change="form", words="Amount")
def appearance_re_pointed_at_page_content() -> bytes:
    """P7, P8: the field's appearance becomes an object that was signed as something else."""
    return append(form_signed(), {8: (TEXT_FIELD % b"200").replace(b"/N 9 0 R", b"/N 4 0 R")})


@attack(ATTACKS, change="form", words="Amount")
def appearance_removed() -> bytes:
    """P8: a field without an appearance is drawn by the viewer as it likes."""
    return append(form_signed(), {8: (TEXT_FIELD % b"200").replace(b"/AP<</N 9 0 R>>", b"")})


@attack(ATTACKS, change="form", words="Amount")
def appearance_for_the_mouse_added() -> bytes:
    """P8: /R and /D show something else while the mouse is over the field."""
    field = (TEXT_FIELD % b"200").replace(b"/N 9 0 R", b"/N 9 0 R/R 4 0 R")
    content = b"/Tx BMC q BT /F1 9 Tf 2 5 Td (200) Tj ET Q EMC"
    return append(form_signed(), {8: field, 9: stream(content, LOOK)})


@cache
def boxes() -> bytes:
    """A certified form with a check box (8) that is off."""
    states = b"/AP<</N<</Yes 9 0 R/Off 11 0 R>>>>"
    bodies = {
        1: b"<</Type/Catalog/Pages 2 0 R/AcroForm 10 0 R/Perms<</DocMDP 6 0 R>>>>",
        3: BODIES[3].replace(b"/Type/Page", b"/Type/Page/Annots[7 0 R 8 0 R]"),
        7: FIELD,
        8: b"<</Type/Annot/Subtype/Widget/FT/Btn/T(Agreed)/V/Off/AS/Off/Rect[10 10 20 20]/P 3 0 R/F 4"
        + states
        + b">>",
        9: stream(b"0 0 10 10 re f", b"/Type/XObject/Subtype/Form/BBox[0 0 10 10]"),
        10: b"<</Fields[7 0 R 8 0 R]/SigFlags 3>>",
        11: stream(b"", b"/Type/XObject/Subtype/Form/BBox[0 0 10 10]"),
    }
    return hand_signed(prepared(CERTIFIED % 2, bodies=bodies))


for _name, _old, _new in (
    ("box_that_shows_on_and_means_off", b"/AS/Off", b"/AS/Yes"),
    ("box_that_means_on_in_an_unknown_state", b"/V/Off/AS/Off", b"/V/No/AS/No"),
    ("box_whose_look_is_exchanged", b"/Yes 9 0 R/Off 11 0 R", b"/Yes 11 0 R/Off 9 0 R"),
    ("box_whose_value_is_text", b"/V/Off", b"/V(Yes)"),
):
    variant(
        ATTACKS,
        _name,
        SHOWN,
        partial(lambda old, new: append(boxes(), {8: raw(boxes(), 8).replace(old, new)}), _old, _new),
        change="form",
        words="Agreed",
    )


FONT = 'P8: (V1) "a form-value change is only "form filling" if the new /AP is produced from the new /V": in letters.'
_TYPE3 = (
    b"<</Type/Font/Subtype/Type3/FontBBox[0 0 750 750]/FontMatrix[.001 0 0 .001 0 0]/CharProcs<</nine 20 0 R>>"
    b"/Encoding<</Type/Encoding/Differences[48/nine/nine/nine]>>/FirstChar 48/LastChar 50/Widths[500 500 500]>>"
)
_EMBEDDED = (
    b"<</Type/Font/Subtype/TrueType/BaseFont/ABCDEF+Arial/FirstChar 48/LastChar 50/Widths[500 500 500]"
    b"/FontDescriptor<</Type/FontDescriptor/FontName/ABCDEF+Arial/Flags 32/FontFile2 20 0 R>>>>"
)


def _filled_in(font: bytes, form: bytes = b"", default: bytes = b"/F1 9 Tf") -> bytes:
    """The certified form, made with a font and entries of its own, and filled with 200 as a true program would."""
    field = TEXT_FIELD.replace(b"/F1 9 Tf", default)
    bodies = {
        1: b"<</Type/Catalog/Pages 2 0 R/AcroForm 10 0 R/Perms<</DocMDP 6 0 R>>>>",
        3: BODIES[3].replace(b"/Type/Page", b"/Type/Page/Annots[7 0 R 8 0 R]"),
        5: font,
        7: FIELD,
        8: field % b"100",
        9: appearance(b"100"),
        10: b"<</Fields[7 0 R 8 0 R]/SigFlags 3%s>>" % form,
        20: stream(b"500 0 0 0 750 750 d1 0 0 400 750 re f"),
    }
    return append(hand_signed(prepared(CERTIFIED % 2, bodies=bodies)), {8: field % b"200", 9: appearance(b"200")})


def filled_in_to_be_drawn_anew() -> bytes:
    """The same where readers draw the value themselves, by /DA, in black and in a font of letters: passed."""
    return _filled_in(BODIES[5], b"/NeedAppearances true/DR<</Font<</F1 5 0 R>>>>", b"/F1 0 Tf 0 g")


def filled_in_honestly() -> bytes:
    """The same with a font that every reader has, and with widths: passed."""
    return _filled_in(
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding"
        b"/FirstChar 32/LastChar 122/Widths[%s]>>" % (b"556 " * 91)
    )


for _name, _font in (
    ("whose_digits_are_others", b"/Type1/BaseFont/Helvetica/Encoding<</Type/Encoding/Differences[50/nine]>>"),
    ("whose_base_encoding_is_unknown", b"/Type1/BaseFont/Helvetica/Encoding/MacExpertEncoding"),
    ("of_symbols", b"/Type1/BaseFont/Symbol"),
    ("of_dingbats", b"/Type1/BaseFont/ZapfDingbats"),
    ("that_readers_do_not_have", b"/TrueType/BaseFont/Wingdings/Encoding/WinAnsiEncoding"),
    ("whose_letters_have_no_width", b"/Type1/BaseFont/Helvetica/FirstChar 48/LastChar 50/Widths[0 0 0]"),
    ("whose_letters_part", b"/Type1/BaseFont/Helvetica/FirstChar 48/LastChar 50/Widths[9000 9000 9000]"),
    ("without_all_widths", b"/Type1/BaseFont/Helvetica/FirstChar 49/LastChar 50/Widths[556 556]"),
    ("that_the_file_draws", _EMBEDDED),
    ("of_drawings", _TYPE3),
):
    _whole = _font if _font.startswith(b"<<") else b"<</Type/Font/Subtype" + _font + b">>"
    variant(
        ATTACKS,
        f"prepared_with_a_font_{_name}",
        FONT,
        partial(_filled_in, _whole),
        change="form",
        words="which its appearance does not plainly show",
    )


def switched_on(
    rectangle: bytes, look: bytes = b"0 0 100 100 re f", flags: bytes = b"4", state: bytes = b"/AS/Off"
) -> bytes:
    """A certified form whose check box at `rectangle` shows `look` when it is on, and is switched on later."""
    states = b"/AP<</N<</Yes 9 0 R/Off 11 0 R>>>>"
    box = b"<</Type/Annot/Subtype/Widget/FT/Btn/T(Agreed)/V/Off%s/Rect%s/P 3 0 R/F %s%s>>"
    bodies = {
        1: b"<</Type/Catalog/Pages 2 0 R/AcroForm 10 0 R/Perms<</DocMDP 6 0 R>>>>",
        3: BODIES[3].replace(b"/Type/Page", b"/Type/Page/Annots[7 0 R 8 0 R]"),
        7: FIELD,
        8: box % (state, rectangle, flags, states),
        9: stream(look, b"/Type/XObject/Subtype/Form/BBox[0 0 595 842]/Resources<</Font<</F1 5 0 R>>>>"),
        10: b"<</Fields[7 0 R 8 0 R]/SigFlags 3>>",
        11: stream(b"", b"/Type/XObject/Subtype/Form/BBox[0 0 595 842]"),
    }
    pdf = hand_signed(prepared(CERTIFIED % 2, bodies=bodies))
    on = state.replace(b"Off", b"Yes")
    return append(pdf, {8: raw(pdf, 8).replace(b"/V/Off" + state, b"/V/Yes" + on)})


HIDDEN = (
    'P7, P8: "Before signing the attacker adds an overlay (image XObject, form field)" that a later update shows.'
)
_OTHER_PAGE = b"1 g 0 0 595 842 re f 0 g BT /F1 12 Tf 72 720 Td (Pay 999) Tj ET"
for _name, _rectangle, _flags, _words in (
    ("over_the_whole_page", b"[0 0 595 842]", b"4", "larger than a button"),
    ("as_long_as_a_line", b"[60 500 300 520]", b"4", "larger than a button"),
    ("over_a_number", b"[97 718 117 732]", b"4", "text, lines or pictures of page 1"),
    ("in_the_gap_of_a_line", b"[95.4 716 95.9 730]", b"4", "page 1"),
    ("without_a_size", b"[10 10 10 10]", b"4", "its place cannot be told"),
    ("that_is_not_zoomed", b"[10 10 20 20]", b"12", "outside of its rectangle"),
):
    variant(
        ATTACKS,
        f"check_box_{_name}",
        HIDDEN,
        partial(switched_on, _rectangle, _OTHER_PAGE, _flags),
        change="overlay",
        words=_words,
        verdict="indeterminate",
    )

_ZAPF = b"<</Type/Font/Subtype/Type1/BaseFont/ZapfDingbats>>"
_FRAME = b"q 1 g 0 0 14 14 re f 0 G 0.5 0.5 13 13 re s Q "
_DISC = b"11 7 m 11 9.2 9.2 11 7 11 c 4.8 11 3 9.2 3 7 c 3 4.8 4.8 3 7 3 c 9.2 3 11 4.8 11 7 c "


def marked_on(
    look: bytes, off: bytes = b"", size: float = 14, font: bytes = _ZAPF, entries: bytes = b"", far: float = 12
) -> bytes:
    """A certified form with a check box (14 units wide) before the text, drawn so when it is on, and switched on."""
    shape = b"/Type/XObject/Subtype/Form/BBox[0 0 14 14]%s/Resources<</Font<</F1 5 0 R/Z %s>>>>" % (entries, font)
    right = 72 - far
    rectangle = b"[%g 720 %g %g]" % (right - size, right, 720 + size)
    bodies = {
        1: b"<</Type/Catalog/Pages 2 0 R/AcroForm 10 0 R/Perms<</DocMDP 6 0 R>>>>",
        3: BODIES[3].replace(b"/Type/Page", b"/Type/Page/Annots[7 0 R 8 0 R]"),
        7: FIELD,
        8: b"<</Type/Annot/Subtype/Widget/FT/Btn/T(Agreed)/V/Off/AS/Off/Rect%s/P 3 0 R/F 4"
        b"/AP<</N<</Yes 9 0 R/Off 11 0 R>>>>>>" % rectangle,
        9: stream(off + look, shape),
        10: b"<</Fields[7 0 R 8 0 R]/SigFlags 3>>",
        11: stream(off, shape),
    }
    pdf = hand_signed(prepared(CERTIFIED % 2, bodies=bodies))
    return append(pdf, {8: raw(pdf, 8).replace(b"/V/Off/AS/Off", b"/V/Yes/AS/Yes")})


HONEST_MARKS: dict[str, Callable[[], bytes]] = {
    "a tick by Acrobat": lambda: marked_on(b"q 1 1 12 12 re W n BT /Z 10 Tf 0 g 2 3 Td (4) Tj ET Q", _FRAME),
    "a tick without a frame": lambda: marked_on(b"q BT 0 g /Z 11 Tf 2 3 Td (4) Tj ET Q"),
    "a disc in a ring by Acrobat": lambda: marked_on(
        b"q 0 0 0 rg 1 0 0 1 0 0 cm " + _DISC + b"f Q",
        b"q 1 0 0 1 0 0 cm " + b"13.5 7 m 13.5 14 .5 14 .5 7 c .5 0 13.5 0 13.5 7 c 7 13.5 m 7 .5 l s Q ",
    ),
    "a disc": lambda: marked_on(_DISC + b"f"),
    "a block": lambda: marked_on(b"1 1 12 12 re f"),
    "a tick drawn in a frame": lambda: marked_on(b"q 0 G 2 w 3 7 m 6 3 l 12 11 l S Q", _FRAME),
    "a tick of reportlab": lambda: marked_on(b"q .1 .1 .1 rg .1 .1 .1 RG 8 10 m 10 12 l 12 12 l 8 3 l h f Q", _FRAME),
    "a sign of a font of its own, far from the text": lambda: marked_on(b"BT /F1 9 Tf (x) Tj ET", size=10, far=24),
}
"""As programs draw them: passed."""

_FRAMED_WHITE = _FRAME.replace(b"0 G", b"1 G")
for _name, _pdf in (
    ("that_says_not", partial(marked_on, b"BT /F1 8 Tf (not) Tj ET", size=30)),
    ("that_says_not_in_its_frame", partial(marked_on, b"BT /F1 5 Tf 2 3 Td (not) Tj ET", _FRAME, 30)),
    ("that_says_nine", partial(marked_on, b"BT /F1 12 Tf (9) Tj ET")),
    (
        "that_says_nine_in_letters_of_its_own",
        partial(marked_on, b"BT /Z 12 Tf (4) Tj ET", font=_ZAPF[:-2] + b"/Encoding<</Differences[52/nine]>>>>"),
    ),
    ("that_is_a_bar", partial(marked_on, b"BT /Z 12 Tf (z) Tj ET")),
    ("of_two_signs", partial(marked_on, b"BT /Z 12 Tf (44) Tj ET")),
    ("whose_sign_is_a_point", partial(marked_on, b"BT /Z 3 Tf (l) Tj ET")),
    ("whose_sign_is_flat", partial(marked_on, b"BT /Z 12 Tf 1 0 0 .1 0 5 Tm (n) Tj ET")),
    ("whose_sign_is_cut", partial(marked_on, b"0 6 14 1 re W n BT /Z 14 Tf (n) Tj ET")),
    ("whose_sign_is_moved_out_of_the_box", partial(marked_on, b"BT /Z 14 Tf -10 0 Td (n) Tj ET")),
    ("whose_block_is_moved_out_of_the_box", partial(marked_on, b"-13 0 14 14 re f")),
    ("whose_disc_is_moved_out_of_the_box", partial(marked_on, b"1 0 0 1 9 0 cm " + _DISC + b"f")),
    ("whose_block_only_seems_to_be_moved_back", partial(marked_on, b"q 1 0 0 1 13 0 cm Q -13 0 14 14 re f")),
    ("whose_sign_only_seems_to_be_moved_back", partial(marked_on, b"BT /Z 14 Tf 10 0 Td ET BT -10 0 Td (n) Tj ET")),
    ("that_is_a_line", partial(marked_on, b"0 6 14 1 re f")),
    ("that_is_a_point", partial(marked_on, b"6 6 2 2 re f")),
    ("that_is_stroked", partial(marked_on, b"7 0 m 7 14 l S")),
    ("that_is_a_ring", partial(marked_on, _DISC + b"s")),
    ("that_is_no_disc", partial(marked_on, b"0 0 m 0 0 14 14 14 14 c 14 14 0 0 0 0 c 0 0 1 0 1 0 c 1 0 0 0 0 0 c f")),
    ("that_is_flattened", partial(marked_on, b"1 0 0 .1 0 5 cm 1 1 12 12 re f")),
    ("that_is_flattened_by_its_form", partial(marked_on, b"1 1 12 12 re f", entries=b"/Matrix[0 1 .1 0 0 0]")),
    ("drawn_in_a_white_frame", partial(marked_on, b"0 G 7 0 m 7 14 l S", _FRAMED_WHITE)),
    ("drawn_in_half_a_frame", partial(marked_on, b"0 G 7 0 m 7 14 l S", b"0 0 6 6 re s ")),
    ("that_takes_its_frame_away", partial(marked_on, b"1 g 0 0 14 14 re f 0 G 7 0 m 7 14 l S", _FRAME)),
    ("that_draws_a_word", partial(marked_on, b"0 g " + b"7 0 m 7 14 l " * 40 + b"S", _FRAME)),
    ("of_a_picture", partial(marked_on, b"BI /W 1 /H 1 /BPC 8 /CS /G ID 0 EI", _FRAME)),
    ("of_another_form", partial(marked_on, b"/X Do", _FRAME)),
    ("of_a_shading", partial(marked_on, b"/X sh", _FRAME)),
):
    variant(
        ATTACKS,
        f"check_box_{_name}",
        HIDDEN,
        _pdf,
        change="overlay",
        words="more than a mark",
        verdict="indeterminate",
    )

NINES = b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding<</Differences[50/nine]>>>>"
for _name, _fonts, _default in (
    ("in_another_font", b"/DR<</Font<</F1 5 0 R/N %s>>>>" % NINES, b"/N 9 Tf"),
    ("in_white", b"/DR<</Font<</F1 5 0 R>>>>", b"/F1 9 Tf 1 g"),
    ("too_small", b"/DR<</Font<</F1 5 0 R>>>>", b"/F1 0.1 Tf"),
    ("in_an_invisible_mode", b"/DR<</Font<</F1 5 0 R>>>>", b"/F1 9 Tf 3 Tr"),
    ("without_resources", b"", b"/F1 9 Tf"),
    ("without_a_font", b"/DR<</Font<</F1 5 0 R>>>>", b"0 g"),
):
    variant(
        ATTACKS,
        f"value_that_readers_draw_anew_{_name}",
        'P8: fonts and /NeedAppearances "must not change"; prepared so, the reader draws something else.',
        partial(_filled_in, BODIES[5], b"/NeedAppearances true" + _fonts, _default),
        change="form",
        words="which its appearance does not plainly show",
    )


@attack(ATTACKS, change="form", words="Agreed")
def check_box_without_a_state() -> bytes:
    """P7, P8: where /AS is missing some readers show the state that the value names."""
    return switched_on(b"[0 0 595 842]", _OTHER_PAGE, state=b"")


@attack(ATTACKS, change="form", words="Agreed")
def check_boxes_that_follow_the_field_above() -> bytes:
    """P7, P8: the same of a widget whose value stands in the field above it, which alone is changed."""
    bodies = {
        1: b"<</Type/Catalog/Pages 2 0 R/AcroForm 10 0 R/Perms<</DocMDP 6 0 R>>>>",
        3: BODIES[3].replace(b"/Type/Page", b"/Type/Page/Annots[7 0 R 8 0 R]"),
        7: FIELD,
        8: b"<</Type/Annot/Subtype/Widget/Parent 12 0 R/Rect[0 0 595 842]/P 3 0 R/F 4/AP<</N<</Yes 9 0 R>>>>>>",
        9: stream(_OTHER_PAGE, b"/Type/XObject/Subtype/Form/BBox[0 0 595 842]/Resources<</Font<</F1 5 0 R>>>>"),
        10: b"<</Fields[7 0 R 12 0 R]/SigFlags 3>>",
        12: b"<</FT/Btn/T(Agreed)/V/Off/Kids[8 0 R]>>",
    }
    pdf = hand_signed(prepared(CERTIFIED % 2, bodies=bodies))
    return append(pdf, {12: b"<</FT/Btn/T(Agreed)/V/Yes/Kids[8 0 R]>>"})


@attack(ATTACKS, change="form", words=f"'{'2' * 64}'…")
def value_of_which_only_the_beginning_is_told() -> bytes:
    """P8: "Always surface "form changed after signing: field, old, new"": and say where not all of it is shown."""
    return append(form_signed(), {8: TEXT_FIELD % (b"2" * 64 + b" million"), 9: appearance(b"2" * 64 + b" million")})
