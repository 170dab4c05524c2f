"""P4 once more: the ends that viewers forgive. After the last revision nothing may stand, and every end is whole."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from kyso_pki.pdf.reader import Reader

from .attack import Attack, attack, gap_of, variant, victim
from .incremental import EVIL_OBJECT, _startxref, _table

ATTACKS: list[Attack] = []
EVERY_BYTE = 'P4: "every *byte* must belong to a parsed revision".'
NO_SCAN = 'P4: "Never use a reconstructed (scanned) xref for a signed file."'


def _tail(text: bytes) -> Callable[[], bytes]:
    """The victim, the evil page content and a tail in which `START` is the offset behind that content."""
    start = len(victim()) + len(EVIL_OBJECT)
    return lambda: (
        victim() + EVIL_OBJECT + text.replace(b"START", b"%d" % start).replace(b"OLD", b"%d" % _startxref())
    )


for _name, _text in (
    ("a_second_end_of_the_old_cross_reference", b"startxref\nOLD\n%%EOF\n"),
    ("two_ends_of_the_old_cross_reference", b"startxref\nOLD\n%%EOF\nstartxref\nOLD\n%%EOF\n"),
    ("a_trailer_without_a_cross_reference", b"trailer\n<</Size 9/Root 1 0 R/Prev OLD>>\nstartxref\nOLD\n%%EOF\n"),
):
    variant(ATTACKS, _name, EVERY_BYTE + " (A, D)", _tail(_text), change="unexplained", words="bytes follow")

_END = b"startxref\nSTART\n%%EOF\n"
_TRAILER = b"trailer\n<</Size 9/Root 1 0 R/Prev OLD>>\n"
for _name, _text, _words in (
    ("startxref_zero", b"xref\n0 0\n" + _TRAILER + b"startxref\n0\n%%EOF\n", "said to be at 0"),
    ("startxref_beyond_the_file", b"xref\n0 0\n" + _TRAILER + b"startxref\n99999999\n%%EOF\n", "said to be at"),
    ("startxref_negative", b"xref\n0 0\n" + _TRAILER + b"startxref\n-5\n%%EOF\n", "does not end with"),
    ("startxref_of_no_number", b"xref\n0 0\n" + _TRAILER + b"startxref\nSTART.0\n%%EOF\n", "does not end with"),
    ("startxref_without_a_number", b"xref\n0 0\n" + _TRAILER + b"startxref\n%%EOF\n", "does not end with"),
    ("startxref_one_octet_early", b" xref\n0 0\n" + _TRAILER + _END, "no object header"),
    ("startxref_two_lines_early", b"\n\nxref\n0 0\n" + _TRAILER + _END, "no cross-reference table"),
    ("startxref_at_a_comment", b"%\nxref\n0 0\n" + _TRAILER + _END, "no object header"),
    ("no_end_mark", b"xref\n0 0\n" + _TRAILER + b"startxref\nSTART\n", "does not end with"),
    ("an_end_mark_in_other_letters", b"xref\n0 0\n" + _TRAILER + b"startxref\nSTART\n%%eof\n", "does not end with"),
    ("an_end_mark_of_one_percent", b"xref\n0 0\n" + _TRAILER + b"startxref\nSTART\n%EOF\n", "does not end with"),
    ("a_cross_reference_in_capitals", b"XREF\n0 0\n" + _TRAILER + _END, "no object header"),
    ("a_cross_reference_on_one_line", b"xref 0 0\n" + _TRAILER + _END, "no cross-reference table"),
    ("a_trailer_that_is_no_dictionary", b"xref\n0 0\ntrailer\n[9 1 0 R]\n" + _END, "no dictionary"),
    ("a_trailer_without_a_catalog", b"xref\n0 0\ntrailer\n<</Size 9/Prev OLD>>\n" + _END, "no catalog"),
    (
        "a_trailer_with_a_key_twice",
        b"xref\n0 0\ntrailer\n<</Size 9/Root 1 0 R/Root 4 0 R/Prev OLD>>\n" + _END,
        "same key twice",
    ),
    (
        "a_trailer_with_an_escaped_key_twice",
        b"xref\n0 0\ntrailer\n<</Size 9/Root 1 0 R/#52oot 4 0 R/Prev OLD>>\n" + _END,
        "same key twice",
    ),
    ("words_between_trailer_and_startxref", b"xref\n0 0\n" + _TRAILER + b"4 0 R\n" + _END, "no `startxref`"),
    ("a_comment_before_startxref", b"xref\n0 0\n" + _TRAILER + b"% 4 0 obj\n" + _END, "no `startxref`"),
    ("startxref_in_a_comment", b"xref\n0 0\n" + _TRAILER + b"%" + _END, "no `startxref`"),
    ("an_end_mark_between_trailer_and_startxref", b"xref\n0 0\n" + _TRAILER + b"%%EOF\n" + _END, "no `startxref`"),
    ("no_trailer_at_all", b"xref\n0 0\n" + _END, "malformed"),
):
    variant(ATTACKS, f"ends_with_{_name}", f"{NO_SCAN} (B, C, E, F)", _tail(_text), words=_words)

for _name, _rows, _words in (
    ("entries_of_nineteen_octets", b"4 1\n%010d 00000 n\n", "malformed"),
    ("entries_of_twenty_one_octets", b"4 2\n%010d 00000 n \r\n0000000000 00000 f \r\n", "malformed"),
    ("entries_with_other_letters", b"4 1\n%010d 00000 N \n", "malformed"),
    ("entries_with_tabs", b"4 1\n%010d\t00000\tn \n", "malformed"),
    ("entries_of_nine_digits", b"4 1\n%09d 000000 n \n", "malformed"),
    ("subsections_with_one_number", b"4\n%010d 00000 n \n", "malformed"),
    ("subsections_that_overlap", b"4 1\n%010d 00000 n \n4 1\n0000000000 00000 f \n", "stands twice"),
    (
        "subsections_that_go_back",
        b"5 1\n0000000000 00000 f \n4 2\n%010d 00000 n \n0000000000 00000 f \n",
        "stands twice",
    ),
    ("a_subsection_beyond_all_numbers", b"8388608 1\n%010d 00000 n \n", "not there"),
    ("a_subsection_of_negative_count", b"4 -1\n%010d 00000 n \n", "malformed"),
):
    variant(
        ATTACKS,
        f"a_table_with_{_name}",
        'P4, P5: (C) "xref with wrong counts / line ends".',
        partial(lambda rows: _table(rows % len(victim())), _rows),
        words=_words,
    )


@attack(ATTACKS, finding="BYTE_RANGE", words="no revision of the file ends")
def junk_glued_to_the_end_mark() -> bytes:
    """P4: "any trailing non-white-space = modified after signing", on the line of the end mark too."""
    return victim().rstrip(b"\n") + b"x\n"


@attack(ATTACKS, change="unexplained", words="bytes follow")
def junk_after_much_white_space() -> bytes:
    """P4: white space may follow, but nothing behind it."""
    return victim() + b" " * 5000 + EVIL_OBJECT


@attack(ATTACKS, finding="BYTE_RANGE", words="no revision of the file ends")
def a_catalog_of_its_own_in_an_update_without_prev() -> bytes:
    """P4 (B), P5: a cross-reference with zero subsections, whose trailer names no /Prev, at the end of the file."""
    reader = Reader(victim())
    offsets = {n: e.a for n in range(1, 9) if (e := reader.entry(n)) is not None}
    rows = b"".join(b"%d 1\n%010d 00000 n \n" % (n, a if n != 4 else len(victim())) for n, a in offsets.items())
    return _table(rows, b"trailer\n<</Root 1 0 R/Size 9>>\n")


@attack(ATTACKS, change="unexplained", words="belong to no object")
def a_copy_of_the_signature_before_a_whole_update() -> bytes:
    """P4 (H, I): "a copy of the signature dictionary" that no entry lists, inside a well-formed update."""
    gap = gap_of(victim())
    copy = victim()[gap.dictionary : gap.end] + b">>\nendobj\n"
    start = len(victim()) + len(copy)
    text = b"%d 0 obj\n" % gap.number
    words = (_startxref(), start + len(text))
    tail = b"xref\n0 0\ntrailer\n<</Root 1 0 R/Size 9/Prev %d>>\nstartxref\n%d\n%%%%EOF\n" % words
    return victim() + text + copy + tail
