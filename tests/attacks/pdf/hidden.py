"""P5, P9: text in content streams that readers read differently, under a later true seal."""

from __future__ import annotations

from typing import Final

from tests.pki.pdf.samples import stream

from .attack import Attack
from .paper import OTHERWISE, PAY, TOUCHED, UNTOLD, Paper, on_paper

ATTACKS: list[Attack] = []
FORM = b"/Type/XObject/Subtype/Form/BBox[0 0 595 842]"
FONTS = b"/Resources<</Font<</F1 5 0 R>>>>"
TJ = b"(Pay 100) Tj"
_AWAY = b"q 1 0 0 1 290 330 cm "  # moves a text at 20, 20 to where the seal is
_NEAR = b"BT /F1 12 Tf 20 20 Td " + TJ + b" ET"


def _form(content: bytes, more: bytes = FONTS) -> bytes:
    return stream(content, FORM + more)


TOKENS: Final = {
    "a_clip_and_a_restore_that_touch": _AWAY + b"9 9 9 9 re W*n Q " + _NEAR,
    "a_paint_and_a_restore_that_touch": _AWAY + b"9 9 m b*Q " + _NEAR,
    "a_colour_that_touches_its_operator": b"1 0 0rg " + PAY,
    "braces": b"3 Tr{} " + PAY,
    "a_null_within_an_operator": b"3\x00Tr " + PAY,
    "a_comment_with_a_form_feed": b"% x\x0c3 Tr\n" + PAY,
    "a_font_named_with_an_escape": PAY.replace(b"/F1", b"/F#31"),
    "a_number_with_a_plus": PAY.replace(b"310", b"+310"),
    "a_number_with_two_signs": PAY.replace(b"310", b"--310"),
    "a_number_with_a_sign_within": PAY.replace(b"310", b"310-9"),
    "a_number_with_two_points": PAY.replace(b"310", b"310.5.5"),
    "a_number_with_an_exponent": PAY.replace(b"310", b"3e2"),
    "a_number_that_is_a_point": PAY.replace(b"310", b"."),
    "a_number_that_is_a_sign": PAY.replace(b"310", b"-"),
    "a_number_of_eleven_digits": PAY.replace(b"310", b"42949672960310"),
    "a_name_within_an_array": PAY.replace(b"(Pay 100) Tj", b"[(Pay) /X (100)] TJ"),
}
STRINGS: Final = {
    "an_octal_escape_beyond_an_octet": PAY.replace(b"Pay", b"\\777Pay"),
    "an_escape_of_nothing_special": PAY.replace(b"Pay", b"\\P\\ay"),
    "a_carriage_return_within_a_string": PAY.replace(b"Pay", b"P\r\nay"),
    "a_string_of_half_an_octet": PAY.replace(b"(Pay 100)", b"<50617>"),
}
for _name, _content in STRINGS.items():
    _rule = "P5, P9: how many codes such a string has, and so where the next text stands, readers do not agree."
    _words = "half a byte" if "half" in _name else "readers do not read alike"
    on_paper(ATTACKS, f"a_seal_on_a_page_with_{_name}", _rule, Paper([_content]), _words)

UNKNOWN: Final = {
    "a_begin_and_an_end_of_text_that_touch": b"BT 3 Tr ETBT /F1 12 Tf 310 350 Td " + TJ + b" ET",
    "a_reference_as_an_operand": b"4 0 R " + PAY,
    "an_operand_that_is_true": b"true " + PAY,
    "a_section_of_compatibility": b"BX foo EX " + PAY,
    "an_operator_of_glyphs": b"9 0 d0 " + PAY,
}
for _name, _content in UNKNOWN.items():
    _rule = "P5, P9: an operator that is not known draws, or does not, as each reader sees fit."
    on_paper(ATTACKS, f"a_seal_on_a_page_with_{_name}", _rule, Paper([_content]), "is not known here")

for _name, _content in TOKENS.items():
    _rule = (
        'P5, P9: "any visible new widget whose /Rect intersects existing content"; readers find other tokens here.'
    )
    on_paper(ATTACKS, f"a_seal_on_a_page_with_{_name}", _rule, Paper([_content]), OTHERWISE)

NUMBERS: Final = {
    "a_place_beyond_all_numbers": PAY.replace(b"310", b"4294967606"),
    "a_matrix_that_wraps_around": b"q 1 0 0 1 4294967296 0 cm " + PAY + b" Q",
    "a_number_beyond_16_bits": PAY.replace(b"310", b"65846"),
    "spaces_beyond_16_bits": PAY.replace(b"ET", b"ET 40000 Tw"),
}
for _name, _content in NUMBERS.items():
    _rule = 'R1, P9: "number parse (1e308, --5, 2^63)": readers clamp, wrap or refuse it.'
    on_paper(ATTACKS, f"a_seal_on_a_page_with_{_name}", _rule, Paper([_content]), "beyond 32767")

PARTS: Final[dict[str, tuple[list[bytes], str]]] = {
    "ends_in_a_comment": ([b"% end", b"\n3 Tr\n" + PAY], OTHERWISE),
    "ends_in_a_string": ([b"BT /F1 12 Tf 310 350 Td (Pay ", b"100) Tj ET"], UNTOLD),
    "ends_in_an_array": ([b"BT /F1 12 Tf 310 350 Td [(Pay) ", b" (100)] TJ ET"], OTHERWISE),
    "ends_in_an_operator": ([b"q 1 0 0 1 290 330 c", b"m " + _NEAR + b" Q"], "within what could be one token"),
    "ends_in_a_number": ([b"BT /F1 12 Tf 3", b"10 350 Td " + TJ + b" ET"], "within what could be one token"),
    "ends_before_its_operator": ([b"BT /F1 12 Tf 310 350 \n", b"Td " + TJ + b" ET"], "ends before the operator"),
    "ends_in_an_inline_image": ([b"BI /W 1 /H 1 ID \x00\n", b"EI\n" + PAY], UNTOLD),
    "ends_where_two_restores_touch": ([_AWAY + b"Q", b"q " + _NEAR + b" Q"], "within what could be one token"),
}
for _name, (_parts, _words) in PARTS.items():
    _rule = 'P5, P9: ISO 32000-2 7.8.2: "the division occurs only at the boundaries between lexical tokens".'
    on_paper(ATTACKS, f"a_seal_on_a_page_whose_stream_{_name}", _rule, Paper(_parts), _words)

PLACES: Final = {
    "a_save_within_a_text": b"BT /F1 12 Tf 1 0 0 1 310 350 Tm q 1 0 0 1 20 20 Tm Q " + TJ + b" ET",
    "a_matrix_within_a_text": b"BT /F1 12 Tf 310 350 Td 1 0 0 1 -300 -300 cm " + TJ + b" ET",
    "a_text_within_a_text": b"BT /F1 12 Tf 310 350 Td BT " + TJ + b" ET ET",
    "a_form_within_a_text": b"BT /F1 12 Tf 310 350 Td /I Do " + TJ + b" ET",
    "a_path_within_a_text": b"BT /F1 12 Tf 310 350 Td 9 9 9 9 re n " + TJ + b" ET",
    "an_end_of_text_without_a_beginning": b"ET " + PAY,
    "a_text_shown_outside_of_a_text": b"BT /F1 12 Tf 310 350 Td ET " + TJ,
    "a_text_moved_outside_of_a_text": b"/F1 12 Tf 310 350 Td BT " + TJ + b" ET",
    "a_save_within_a_path": b"310 350 m q 410 350 l Q S",
    "a_text_within_a_path": b"310 350 m " + PAY,
    "a_form_within_a_path": b"310 350 m /I Do 410 350 l S",
    "a_line_without_a_beginning": b"410 350 l S",
    "a_path_after_its_clip": b"310 350 m W 410 350 l S",
}
for _name, _content in PLACES.items():
    _rule = "P5, P9: ISO 32000-2 figure 9 does not allow the operator there; what is restored, each reader decides."
    _paper = Paper([_content], b"/XObject<</I 9 0 R>>", [_form(b"")])
    _words = "stands within a" if "after_its" in _name or "within" in _name else UNTOLD
    on_paper(ATTACKS, f"a_seal_on_a_page_with_{_name}", _rule, _paper, _words)

ENDS: Final = {
    "a_path_that_is_not_painted": (b"10 10 m 60 10 l", "ends within a path"),
    "a_text_that_does_not_end": (b"BT /F1 12 Tf 310 350 Td " + TJ, "ends within a text"),
    "a_state_that_is_not_restored": (b"q 1 0 0 1 9 9 cm", "does not restore"),
}
for _name, (_content, _words) in ENDS.items():
    _rule = "P5, P9: what a stream leaves open, some readers hand on to whatever is drawn next."
    on_paper(ATTACKS, f"a_seal_on_a_page_that_ends_with_{_name}", _rule, Paper([_content]), _words)
    _paper = Paper([b"8 w /I Do 310 350 m 410 350 l n"], b"/XObject<</I 9 0 R>>", [_form(_content)])
    on_paper(ATTACKS, f"a_seal_on_a_page_with_a_form_that_ends_with_{_name}", _rule, _paper, _words)

INHERITED: Final = {
    "spaces": b"9 Tc",
    "word_spaces": b"9 Tw",
    "a_scale": b"900 Tz",
    "a_leading": b"320 TL",
    "a_rise": b"-320 Ts",
    "a_mode": b"3 Tr",
}
for _name, _setting in INHERITED.items():
    _rule = "P5, P9: ISO 32000-2 8.10.1: a form begins in the state of its page; some readers begin anew."
    _paper = Paper([_setting + b" /I Do"], b"/XObject<</I 9 0 R>>", [_form(PAY)])
    on_paper(ATTACKS, f"a_seal_over_a_form_that_inherits_{_name}", _rule, _paper, "a text state that readers do not")
_RULE = "P5, P9: a form's state and resources: whether they are the page's, readers do not agree."
_I = b"/XObject<</I 9 0 R>>"
on_paper(ATTACKS, "a_seal_over_a_form_that_inherits_white", _RULE, Paper([b"1 g /I Do"], _I, [_form(PAY)]), TOUCHED)
on_paper(
    ATTACKS,
    "a_seal_over_a_form_that_inherits_a_thin_line",
    _RULE,
    Paper([b"0.01 w /I Do"], _I, [_form(b"296 290 m 296 410 l S")]),
    TOUCHED,
)
on_paper(
    ATTACKS,
    "a_seal_over_a_form_that_inherits_a_font",
    _RULE,
    Paper([b"/F1 12 Tf /I Do"], _I, [_form(PAY.replace(b"/F1 12 Tf ", b""))]),
    "a font or a text state",
)
on_paper(
    ATTACKS,
    "a_seal_over_a_form_without_resources",
    _RULE,
    Paper([b"/I Do"], _I, [_form(PAY, b"")]),
    "a resource of /Font that is not there",
)
for _name, _entry in (("without_an_area", b"[9 9 9 9]"), ("turned_around", b"[595 842 0 0]"), ("absent", b" null")):
    on_paper(
        ATTACKS,
        f"a_seal_over_a_form_whose_box_is_{_name}",
        "P5, P9: ISO 32000-2 8.10.2: a form is clipped to its /BBox; not every reader clips to this one.",
        Paper([b"/I Do"], _I, [stream(PAY, b"/Type/XObject/Subtype/Form/BBox" + _entry + FONTS)]),
        "/BBox",
    )

STATES: Final = {
    "a_mode_that_is_no_integer": b"3.0 Tr " + PAY,
    "a_mode_beyond_all_modes": b"8 Tr " + PAY,
    "a_join_that_is_no_integer": b"1.0 j " + PAY,
    "a_cap_that_is_no_integer": b"1.0 J " + PAY,
}
for _name, _content in STATES.items():
    on_paper(
        ATTACKS,
        f"a_seal_on_a_page_with_{_name}",
        "P5, P9: some readers take `3.0 Tr` for 3, others for nothing.",
        Paper([_content]),
        "a whole number",
    )

WHITE: Final[dict[str, Paper]] = {
    "in_white_letters": Paper([b"1 g " + PAY]),
    "in_white_under_an_output_intent": Paper(
        [b"1 g 310 350 90 9 re f"], catalog=b"/OutputIntents[<</Type/OutputIntent/S/GTS_PDFA1>>]"
    ),
    "in_white_in_a_group_with_a_profile": Paper(
        [b"1 g 310 350 90 9 re f"],
        more=b"/Group<</S/Transparency/CS[/ICCBased 9 0 R]>>",
        objects=[stream(b"", b"/N 3")],
    ),
    "in_white_that_an_outer_form_redefines": Paper(
        [b"/O Do"],
        b"/XObject<</O 9 0 R>>/ColorSpace<</DefaultGray[/Separation/Black/DeviceGray 11 0 R]>>",
        [
            stream(b"/I Do", FORM + b"/Resources<</XObject<</I 10 0 R>>>>"),
            stream(b"1 g 310 350 90 9 re f", FORM),
            b"<</FunctionType 2/Domain[0 1]/C0[0]/C1[1]/N 1>>",
        ],
    ),
}
for _name, _paper in WHITE.items():
    _rule = "P9, P10: what is white in name may be drawn as another colour."
    on_paper(ATTACKS, f"a_seal_over_a_text_{_name}", _rule, _paper, TOUCHED)

DRIFT: Final = b"1 0 0 1 16384.001 0 cm 1 0 0 1 -16384.001 0 cm " * 500
on_paper(
    ATTACKS,
    "a_seal_over_a_text_that_rounding_moves",
    "P5, P9: single precision loses a little at each step; many steps move a text.",
    Paper([DRIFT + PAY.replace(b"310", b"20")]),
    TOUCHED,
)
