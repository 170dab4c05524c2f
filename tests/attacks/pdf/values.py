"""P1 and P2 once more: every odd kind of value where /Contents, /ByteRange, /V and the other entries belong."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from kyso_pki.pdf.reader import Reader
from tests.pki.pdf.samples import BODIES, append, stream, table_pdf

from .attack import (
    FIELD,
    FORM,
    RANGES,
    ROOM,
    Attack,
    attack,
    gap_of,
    hand_signed,
    overwritten,
    prepared,
    variant,
    victim,
    with_contents,
    with_ranges,
)

ATTACKS: list[Attack] = []
DIRECT = 'P1: "anything but a direct hex string /Contents that decodes to one complete CMS ContentInfo" fails.'
FOUR = 'P1: "ByteRange of exactly four non-negative integers".'
ONE_VERDICT = 'P1: "a field of FT /Sig whose /V is not null yields exactly one verdict".'
HEAD = b"<</Type/Sig/Filter/Adobe.PPKLite/SubFilter/ETSI.CAdES.detached"


def _contents(text: bytes) -> Callable[[], bytes]:
    return lambda: with_contents(victim(), text)


for _name, _text, _code, _words in (
    ("an_array", b"[<3000>]", "CONTENTS", "direct string"),
    ("a_number", b"3000", "CONTENTS", "direct string"),
    ("a_name", b"/3000", "CONTENTS", "direct string"),
    ("a_boolean", b"true", "CONTENTS", "direct string"),
    ("a_dictionary", b"<</A<3000>>>", "CONTENTS", "direct string"),
    ("two_strings", b"<3000><00>", "FORMAT", "key"),
    ("an_odd_number_of_digits", b"<30000>", "CONTENTS", "pairs of hexadecimal digits"),
    ("a_comment_inside", b"<30%x\n00>", "FORMAT", "not hexadecimal"),
    ("no_end", b"<3000", "FORMAT", ""),
    ("an_octet_string", b"<0400>", "CONTENTS|FORMAT", ""),
    ("an_empty_sequence", b"<3000>", "FORMAT", ""),
    ("a_structure_that_is_longer", b"<3082ffff00>", "CONTENTS", "no CMS structure"),
    ("a_name_that_hides_a_string", b"/#3c3000#3e", "CONTENTS", "direct string"),
):

    def _fitting(text: bytes = _text) -> bytes:
        """The victim with another token and the byte range that fits it."""
        pdf = with_contents(victim(), text)
        try:
            gap = gap_of(pdf)
        except Exception:  # noqa: BLE001 - what cannot be read has no gap to fit
            return pdf
        return with_ranges(pdf, b"[0 %d %d %d]" % (gap.start, gap.end, len(pdf) - gap.end))

    variant(ATTACKS, f"contents_is_{_name}", DIRECT, _fitting, finding=_code, words=_words)


for _name, _text in (
    ("one_number", b"[0]"),
    ("three_numbers", b"[0 100 200]"),
    ("five_numbers", b"[0 100 200 300 0]"),
    ("nested", b"[[0 100] [200 300]]"),
    ("a_dictionary", b"<</0 100>>"),
    ("a_string", b"(0 100 200 300)"),
    ("a_name", b"/0"),
    ("one_large_number", b"100"),
    ("with_null", b"[0 100 200 null]"),
    ("with_exponents", b"[0 100 200 /1e2]"),
):
    variant(
        ATTACKS,
        f"byte_range_is_{_name}",
        FOUR,
        partial(lambda text: with_ranges(victim(), text), _text),
        finding="BYTE_RANGE",
        words="four whole numbers",
    )


@attack(ATTACKS, finding="BYTE_RANGE", words="four whole numbers")
def byte_range_is_a_reference_to_a_true_one() -> bytes:
    """P1: "ByteRange as indirect reference": the array is right, but a later revision could replace it."""
    body = HEAD + b"/ByteRange 20 0 R/Contents <" + b"0" * (2 * ROOM) + b">>>"
    return hand_signed(append(table_pdf(), {**FORM, 20: RANGES, 6: body}))


@attack(ATTACKS, finding="CONTENTS", words="direct string")
def contents_is_a_reference_to_a_true_one() -> bytes:
    """P1: "/Contents ... as an indirect object": the gap is not in the dictionary that it belongs to."""
    body = HEAD + b"/ByteRange " + RANGES + b"/Contents 21 0 R>>"
    value = b"<" + b"0" * (2 * ROOM) + b">"
    return hand_signed(append(table_pdf(), {**FORM, 6: body, 21: value}), slot=b"21 0 obj\n<")


@attack(ATTACKS, finding="FORMAT", words="same key twice")
def contents_once_more_under_an_escaped_name() -> bytes:
    """P1, P5: "names compared after #-decoding": /Contents and /#43ontents are one key."""
    return hand_signed(prepared(HEAD + b"/#43ontents<3000>%s>>"))


@attack(ATTACKS, finding="FORMAT", words="no dictionary")
def value_is_a_reference_to_a_reference() -> bytes:
    """P1, P11: the field's value is an object that is itself a reference: it could be re-pointed."""
    bodies = {**FORM, 7: FIELD.replace(b"6 0 R", b"8 0 R"), 8: b"6 0 R"}
    return hand_signed(prepared(bodies=bodies))


@attack(ATTACKS, finding="CONTENTS", words="object stream")
def dictionary_in_an_object_stream() -> bytes:
    """P1, P2: a compressed dictionary has no place in the file that a byte range could name."""
    inner = HEAD + b"/ByteRange[0 1 2 3]/Contents<3000>>>"
    members = b"6 0 " + inner
    pdf = append(table_pdf({**BODIES, 6: b"null"}), {**FORM, 8: stream(members, b"/Type/ObjStm/N 1/First 4")})
    start = len(pdf)
    rows = b"\x02" + (8).to_bytes(4, "big") + b"\x00\x00" + b"\x01" + start.to_bytes(4, "big") + b"\x00\x00"
    head = b"/Type/XRef/Size 10/W[1 4 2]/Index[6 1 9 1]/Root 1 0 R/Prev %d" % Reader(pdf).startxref
    return pdf + b"9 0 obj\n%s\nendobj\nstartxref\n%d\n%%%%EOF\n" % (stream(rows, head), start)


@attack(ATTACKS, finding="UNATTACHED", words="no signature field")
def field_that_only_a_page_lists() -> bytes:
    """P1: a widget that the form does not list: viewers that walk the pages show it, others see no signature."""
    bodies = {
        1: b"<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[]/SigFlags 3>>>>",
        3: BODIES[3].replace(b"/Type/Page", b"/Type/Page/Annots[7 0 R]"),
        7: FIELD,
    }
    return hand_signed(prepared(bodies=bodies))


@attack(ATTACKS, finding="UNATTACHED", words="no signature field")
def form_removed_from_the_catalog() -> bytes:
    """P1: /AcroForm hidden under another key: "No signature found" is never "valid"."""
    return overwritten(victim(), b"/AcroForm", b"/AcroFrom")


@attack(ATTACKS, finding="UNATTACHED", words="no signature field")
def list_of_fields_emptied() -> bytes:
    """P1: /Fields without the field."""
    return overwritten(victim(), b"/Fields [7 0 R]", b"/Fields []")


def _without_reason_to_trust(dictionary: bytes) -> Callable[[], bytes]:
    return lambda: hand_signed(prepared(dictionary))


for _name, _entries, _code, _words in (
    ("subfilter_is_a_string", b"/Type/Sig/Filter/X/SubFilter(ETSI.CAdES.detached)", "SUBFILTER", "missing"),
    ("subfilter_is_an_array", b"/Type/Sig/Filter/X/SubFilter[/ETSI.CAdES.detached]", "SUBFILTER", "missing"),
    ("subfilter_in_other_letters", b"/Type/Sig/Filter/X/SubFilter/etsi.cades.detached", "SUBFILTER", "not known"),
    ("subfilter_of_a_timestamp", b"/Type/DocTimeStamp/Filter/X/SubFilter/ETSI.RFC3161", "TIMESTAMP_FORMAT", ""),
    ("filter_is_a_string", b"/Type/Sig/Filter(X)/SubFilter/ETSI.CAdES.detached", "FILTER", "no /Filter"),
    ("type_of_a_timestamp", b"/Type/DocTimeStamp/Filter/X/SubFilter/ETSI.CAdES.detached", "TYPE", "DocTimeStamp"),
    ("type_is_a_string", b"/Type(Sig)/Filter/X/SubFilter/ETSI.CAdES.detached", "TYPE", "Sig"),
    ("type_is_null_byte_away", b"/Type/Sig#20/Filter/X/SubFilter/ETSI.CAdES.detached", "TYPE", "Sig"),
):
    variant(
        ATTACKS, _name, ONE_VERDICT, _without_reason_to_trust(b"<<" + _entries + b"%s>>"), finding=_code, words=_words
    )


@attack(ATTACKS, reported="CONTENT_CHANGED", words="does not match")
def filter_unknown_over_changed_content() -> bytes:
    """P1, P0: an unknown /Filter is no reason to skip the signature: its digest is still compared."""
    pdf = hand_signed(prepared(b"<</Type/Sig/Filter/vn.mau/SubFilter/ETSI.CAdES.detached%s>>"))
    return pdf.replace(b"Pay 100", b"Pay 900")


@attack(ATTACKS, reported="CONTENT_CHANGED", words="does not match")
def field_behind_another_generation_of_itself() -> bytes:
    """P1, P5: /Fields names the field in a generation that does not exist, then truly: it is still judged."""
    form = {**FORM, 1: FORM[1].replace(b"[7 0 R]", b"[7 1 R 7 0 R]")}
    return hand_signed(prepared(bodies=form)).replace(b"Pay 100", b"Pay 900")


# P2 -------------------------------------------------------------------------------------------------------------


@attack(ATTACKS, finding="BYTE_RANGE", words="no revision of the file ends")
def range_ends_in_a_later_revision() -> bytes:
    """P2: "the signature dictionary object ... lie inside the revision they sign", not in an earlier one."""
    return hand_signed(append(prepared(), {20: b"(later)"}))


def _range(make: Callable[[int, int, int], tuple[int, int, int, int]]) -> Callable[[], bytes]:
    return lambda: hand_signed(prepared(), make)


for _name, _make, _words in (
    ("range_from_the_second_octet", lambda s, e, n: (1, s - 1, e, n - e), "does not fit"),
    ("range_without_a_first_part", lambda s, e, n: (0, 0, e, n - e), "does not fit"),
    ("range_whose_parts_touch", lambda s, e, n: (0, s, s, n - s), "does not fit"),
    ("range_without_a_second_part", lambda s, e, n: (0, s, e, 0), "does not fit"),
    ("gap_one_octet_early", lambda s, e, n: (0, s - 1, e - 1, n - e + 1), "leaves out"),
    ("gap_one_octet_late", lambda s, e, n: (0, s + 1, e + 1, n - e - 1), "leaves out"),
    ("range_without_the_last_octets", lambda s, e, n: (0, s, e, n - e - 7), "no revision"),
):
    variant(
        ATTACKS,
        _name,
        'P2: "[0 a b c], 0 < a < b, b+c <= filesize; byte a is <, byte b-1 is >".',
        _range(_make),
        finding="BYTE_RANGE",
        words=_words,
    )
