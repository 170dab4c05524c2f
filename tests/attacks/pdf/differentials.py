"""P5 once more: updates that two parsers read as two files. Each is refused, or is a change that is not allowed."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from functools import cache

from kyso_pki.pdf.reader import Reader
from tests.pki.pdf.samples import BODIES, append, pike, raw, signed, stream, table_pdf

from .attack import Attack, attack, variant, victim
from .incremental import EVIL, EVIL_OBJECT, _moved, _one_entry, _startxref, _stream_update

ATTACKS: list[Attack] = []
SAME_NUMBER = 'P5: "each xref entry must point to `N G obj` with the same N G".'
ONE_ROUTE = 'P5: "no object reachable by two routes".'


def _body(body: bytes, old: bytes | None = None, new: bytes = b"") -> Callable[[], bytes]:
    """The victim with one more object, 20, written in this odd way."""

    def make() -> bytes:
        pdf = append(victim(), {20: body})
        if old is None:
            return pdf
        at = pdf.rindex(old)
        start = Reader(pdf).startxref
        grown = pdf[:at] + new + pdf[at + len(old) :]
        return grown[: grown.rindex(b"startxref")] + b"startxref\n%d\n%%%%EOF\n" % (start + len(new) - len(old))

    return make


for _name, _text, _words in (
    ("a_length_that_is_too_short", b"<</Length 3>>stream\nabcdef\nendstream", "does not end where its /Length says"),
    ("a_length_that_is_too_long", b"<</Length 9>>stream\nabcdef\nendstream", "does not end where its /Length says"),
    ("a_length_that_is_negative", b"<</Length -1>>stream\nabcdef\nendstream", "no usable /Length"),
    ("a_length_that_is_a_real", b"<</Length 6.0>>stream\nabcdef\nendstream", "no usable /Length"),
    ("a_length_beyond_the_file", b"<</Length 99999999>>stream\nabcdef\nendstream", "no usable /Length"),
    ("no_length", b"<<>>stream\nabcdef\nendstream", "no usable /Length"),
    ("a_length_twice", b"<</Length 6/Length 3>>stream\nabcdef\nendstream", "same key twice"),
    ("a_length_of_an_object_without_value", b"<</Length 99 0 R>>stream\nabcdef\nendstream", "no usable /Length"),
    ("a_length_that_is_the_stream_itself", b"<</Length 20 0 R>>stream\nabcdef\nendstream", "no usable /Length"),
    ("a_stream_after_a_bare_return", b"<</Length 6>>stream\rabcdef\nendstream", "does not end with `endobj`"),
    ("a_stream_after_spaces", b"<</Length 6>>stream  \nabcdef\nendstream", "does not end with `endobj`"),
    ("a_stream_without_its_end", b"<</Length 6>>stream\nabcdef\n", "does not end where its /Length says"),
    ("a_stream_of_an_array", b"[6]stream\nabcdef\nendstream", "does not end with `endobj`"),
    ("two_values", b"(a) (b)", "does not end with `endobj`"),
    ("no_value", b"", "no object at offset"),
    ("a_bare_word", b"EvilWord", "no object at offset"),
    ("a_bracket_too_many", b"<<>>]", "does not end with `endobj`"),
    ("a_key_without_a_value", b"<</A 1/B>>", "key without a value"),
    ("a_key_that_is_no_name", b"<<(A) 1>>", "key that is no name"),
    ("a_key_twice", b"<</A 1/A 2>>", "same key twice"),
    ("a_key_twice_once_escaped", b"<</A 1/#41 2>>", "same key twice"),
    ("a_name_with_a_null_byte", b"<</A#00 1>>", "#00"),
    ("a_name_with_half_an_escape", b"<</A#4 1>>", "without two hexadecimal digits"),
    ("a_number_with_two_signs", b"[--5]", "no object at offset"),
    ("a_number_with_two_points", b"[1.2.3]", "no object at offset"),
    ("a_number_with_an_exponent", b"[1e308]", "no object at offset"),
    ("a_number_of_five_hundred_digits", b"[" + b"9" * 500 + b"]", "no object at offset"),
    ("a_string_without_an_end", b"(abc", ""),
    ("hexadecimal_without_an_end", b"<abc", ""),
    ("hexadecimal_with_other_letters", b"<abxy>", "not hexadecimal"),
    ("an_object_inside_an_object", b"<<>>\n4 0 obj\n(x)\nendobj\n", "does not end with `endobj`"),
):
    variant(
        ATTACKS,
        f"an_object_with_{_name}",
        'P5: "/Length wrong so that `endstream` differs", "null bytes and comments inside tokens".',
        _body(_text),
        change="unexplained",
        words=_words,
    )

for _name, _old, _new in (
    ("a_comment_in_its_header", b"20 0 obj", b"20%x\n0 obj"),
    ("a_null_byte_in_its_number", b"20 0 obj", b"2\x000 0 obj"),
    ("a_sign_in_its_number", b"20 0 obj", b"+20 0 obj"),
    ("a_header_in_capitals", b"20 0 obj", b"20 0 OBJ"),
    ("another_number", b"20 0 obj", b"24 0 obj"),
    ("another_generation", b"20 0 obj", b"20 7 obj"),
    ("an_end_in_capitals", b"endobj", b"ENDOBJ"),
    ("no_end", b"endobj", b""),
):
    variant(ATTACKS, f"an_object_with_{_name}_", SAME_NUMBER, _body(b"(x)", _old, _new), change="unexplained")


for _name, _row, _words in (
    ("a_used_entry_for_object_zero", b"0 1\n%010d 00000 n \n", "object 0"),
    ("a_generation_that_is_not_there", b"20 1\n%010d 00003 n \n", "but 20 0 is there"),
    ("an_offset_of_zero", b"20 1\n0000000000 00000 n \n", ""),
    ("an_offset_beyond_the_file", b"20 1\n9999999999 00000 n \n", "no object header"),
    ("an_offset_one_too_low", b"20 1\n%010d 00000 n \n", "no object header"),
):

    def _entry_update(row: bytes = _row, low: bool = "one_too_low" in _name) -> bytes:
        pdf = append(victim(), {20: b"(x)"})
        at = Reader(pdf).entry(20)
        assert at is not None
        start = Reader(pdf).startxref
        row = row % (at.a - low) if b"%" in row else row
        return pdf[:start] + b"xref\n" + row + pdf[pdf.rindex(b"trailer") :]

    variant(ATTACKS, f"a_table_with_{_name}", SAME_NUMBER, _entry_update, change="unexplained", words=_words)


def _prev(text: bytes) -> Callable[[], bytes]:
    def make() -> bytes:
        pdf = append(victim(), {20: b"(x)"})
        start = Reader(pdf).startxref
        return pdf[:start] + pdf[start:].replace(b"/Prev %d" % _startxref(), b"/Prev " + text)

    return make


for _name, _text, _words in (
    ("negative", b"-1", "said to be at"),
    ("a_real", b"5.0", "no number"),
    ("a_reference", b"4 0 R", "no number"),
    ("a_string", b"(5)", "no number"),
    ("beyond_the_file", b"99999999", "said to be at"),
    ("inside_an_object", b"300", "no object header"),
    ("zero", b"0", "said to be at"),
):
    variant(ATTACKS, f"prev_is_{_name}", "P5: /Prev that leads nowhere.", _prev(_text), words=_words)


def _hybrid(offset: Callable[[int], int]) -> Callable[[], bytes]:
    """An update that is a hybrid, whose hidden stream is said to be at `offset(start of the update)`."""

    def make() -> bytes:
        base = len(victim())
        rows = b"\x01" + base.to_bytes(4, "big") + b"\x00"
        hidden = EVIL_OBJECT
        at = base + len(hidden)
        hidden += b"20 0 obj\n%s\nendobj\n" % stream(rows, b"/Type/XRef/Size 21/W[1 4 1]/Index[4 1]")
        words = (_startxref(), offset(at), base + len(hidden))
        tail = b"xref\n0 0\ntrailer\n<</Root 1 0 R/Size 21/Prev %d/XRefStm %d>>\nstartxref\n%d\n%%%%EOF\n" % words
        return victim() + hidden + tail

    return make


for _name, _offset, _words in (
    ("behind_its_table", lambda at: at + 4000, "does not point before its table"),
    ("at_the_file_s_start", lambda at: 0, "does not point before its table"),
    ("at_another_object", lambda at: at - len(EVIL_OBJECT), "no cross-reference stream"),
    ("at_a_table", lambda at: _startxref(), "no object header"),
):
    variant(ATTACKS, f"a_hybrid_{_name}", "P5: hybrid /XRefStm hiding objects.", _hybrid(_offset), words=_words)


def _widths(text: bytes) -> Callable[[], bytes]:
    return lambda: _stream_update({20: b"(x)"}, {}).replace(b"/W[1 4 2]", text)


for _name, _text, _words in (
    ("widths_that_are_negative", b"/W[1 -4 2]", "field widths"),
    ("widths_of_two", b"/W[1 6]", "field widths"),
    ("widths_of_four", b"/W[1 4 1 1]", "field widths"),
    ("widths_of_nine_octets", b"/W[1 9 2]", "field widths"),
    ("widths_that_are_real", b"/W[1.0 4 2]", "field widths"),
    ("no_widths", b"/V[1 4 2]", "field widths"),
    ("widths_that_do_not_fit", b"/W[1 3 2]", "its /Index asks"),
    ("another_type", b"/Type/XReg/W[1 4 2]", "same key twice"),
):
    variant(ATTACKS, f"a_stream_with_{_name}", "P5: xref stream /W.", _widths(_text), words=_words)


def _index(text: bytes) -> Callable[[], bytes]:
    return lambda: _stream_update({20: b"(x)"}, {}).replace(b"/Index[20 1 30 1]", b"/Index" + text)


for _name, _text, _words in (
    ("an_odd_index", b"[20 1 30]", "/Index"),
    ("an_index_that_overlaps", b"[30 1 30 1]", "stands twice"),
    ("a_negative_index", b"[-20 1 30 1]", "/Index"),
    ("an_index_that_asks_more", b"[20 9 30 1]", "its /Index asks"),
    ("an_index_of_strings", b"[(20) 1 30 1]", "/Index"),
    ("an_index_that_is_a_reference", b" 4 0 R", "/Index"),
    ("an_index_beyond_size", b"[20 1 39 1]", "/Size allows"),
):
    variant(ATTACKS, f"a_stream_with_{_name}", "P5: xref stream /Index and /Size lie.", _index(_text), words=_words)


@attack(ATTACKS, words="unknown type")
def a_stream_with_an_entry_of_an_unknown_type() -> bytes:
    """P5: an entry of type 3 is null for one reader and unknown for another (ISO 32000-2 table 18)."""
    return _stream_update({20: b"(x)"}, {4: b"\x03" + bytes(6)})


# Object streams of an update ---------------------------------------------------------------------------------------


def _members(entries: bytes, content: bytes, rows: dict[int, bytes] | None = None) -> Callable[[], bytes]:
    def make() -> bytes:
        first = (21).to_bytes(4, "big")
        listed = rows or {20: b"\x02" + first + b"\x00\x00"}
        return _stream_update({21: stream(content, b"/Type/ObjStm" + entries)}, dict(listed))

    return make


_TWICE = {20: b"\x02" + (21).to_bytes(4, "big") + b"\x00\x00", 4: b"\x02" + (21).to_bytes(4, "big") + b"\x00\x01"}
for _name, _entries, _content, _change, _words in (
    ("a_count_that_is_too_high", b"/N 9/First 5", b"20 0 (new)", "unexplained", "malformed"),
    ("a_count_that_is_too_low", b"/N 0/First 5", b"20 0 (new)", "unexplained", "malformed"),
    ("a_negative_count", b"/N -1/First 5", b"20 0 (new)", "unexplained", "malformed"),
    ("no_count", b"/First 5", b"20 0 (new)", "unexplained", "/N and /First"),
    ("a_first_beyond_its_end", b"/N 1/First 500", b"20 0 (new)", "unexplained", "/N and /First"),
    ("a_negative_first", b"/N 1/First -5", b"20 0 (new)", "unexplained", "/N and /First"),
    ("an_offset_beyond_its_end", b"/N 1/First 8", b"20 9999 (new)", "unexplained", "data end"),
    ("a_negative_offset", b"/N 1/First 6", b"20 -5 (new)", "unexplained", "malformed"),
    ("another_number_inside", b"/N 1/First 5", b"24 0 (new)", "unexplained", "but 24 is there"),
    ("an_underscore_in_its_header", b"/N 1/First 6", b"2_0 0 (new)", "unexplained", "malformed"),
    ("a_sign_in_its_header", b"/N 1/First 6", b"+20 0 (new)", "unexplained", "malformed"),
    ("a_vertical_tab_in_its_header", b"/N 1/First 6", b"20 \x0b0(new)", "unexplained", "malformed"),
    ("words_in_its_header", b"/N 1/First 5", b"20 R (new)", "unexplained", "malformed"),
    ("an_extension", b"/N 1/First 5/Extends 4 0 R", b"20 0 (new)", "structure", "extends"),
    ("a_member_that_is_not_listed", b"/N 2/First 10", b"20 0 4 5  (ab)(cd)", "unexplained", "omits"),
    ("a_filter_that_nobody_knows", b"/N 1/First 5/Filter/LZWDecode", b"20 0 (new)", "unexplained", "LZWDecode"),
    ("its_data_in_another_file", b"/N 1/First 5/F(evil.bin)", b"20 0 (new)", "unexplained", "another file"),
):
    variant(
        ATTACKS,
        f"an_object_stream_with_{_name}",
        f"{ONE_ROUTE} R1: object-stream /N /First /Extends.",
        _members(_entries, _content),
        change=_change,
        words=_words,
    )


@attack(ATTACKS, change="content", words="object 4")
def the_page_content_in_an_object_stream() -> bytes:
    """P5: object streams vs. top-level copy: object 4 now is a member of a stream."""
    return _members(b"/N 2/First 9", b"20 0 4 4 (ab)(cd)", _TWICE)()


@attack(ATTACKS, change="unexplained", words="is there")
def an_entry_that_points_at_another_member_of_an_old_stream() -> bytes:
    """P5, P7: an update names another member of an object stream that was signed."""
    pdf = signed(pike(object_streams=True))
    reader = Reader(pdf)
    members = {n: e for n in range(1, 40) if (e := reader.entry(n)) is not None and e.kind == 2}
    number, entry = next(iter(members.items()))
    last = reader.revisions[-1].trailer["Size"]
    assert isinstance(last, int)
    start = len(pdf)
    row = b"\x02" + entry.a.to_bytes(4, "big") + (entry.b + 1).to_bytes(2, "big")
    own = b"\x01" + start.to_bytes(4, "big") + b"\x00\x00"
    root = reader.root_ref().number
    head = b"/Type/XRef/Size %d/W[1 4 2]/Index[%d 1 %d 1]/Root %d 0 R/Prev %d"
    head %= (last + 1, number, last, root, reader.startxref)
    return pdf + b"%d 0 obj\n%s\nendobj\nstartxref\n%d\n%%%%EOF\n" % (last, stream(row + own, head), start)


# What stands in the signed revision and is read otherwise later -----------------------------------------------


@cache
def lengthened() -> bytes:
    """A signed page whose content has an indirect /Length (object 6)."""
    content = b"BT /F1 12 Tf 72 720 Td (Pay 100 to Mau) Tj ET"
    body = b"<</Length 6 0 R>>stream\n" + content + b"\nendstream"
    return signed(table_pdf({**BODIES, 4: body, 6: b"%d" % len(content)}))


@attack(ATTACKS, change="content", words="object 6")
def the_length_of_a_signed_stream_changed() -> bytes:
    """P5, P7: "/Length wrong": the signed stream stays as it is, but ends elsewhere once its /Length is exchanged."""
    return append(lengthened(), {6: b"20"})


@attack(ATTACKS, change="structure", words="was deleted")
def the_length_of_a_signed_stream_freed() -> bytes:
    """P5, P7: the same by a free entry."""
    return append(lengthened(), {}, freed=(6,))


@attack(ATTACKS, change="unexplained", words="belong to no object")
def an_update_that_brings_a_header_of_its_own() -> bytes:
    """P5: "two %PDF headers": some readers start at the last one."""
    return _moved(append(victim(), {20: b"(x)"}), b"%PDF-1.3\n%\xe2\xe3\xcf\xd3\n")


@attack(ATTACKS, change="unexplained", words="endstream")
def an_end_of_file_inside_a_stream() -> bytes:
    """P5: "%%EOF in a comment/stream": a whole update stands inside a stream, for readers that search backwards."""
    inner = EVIL_OBJECT + b"xref\n4 1\n%010d 00000 n \ntrailer\n<</Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (0, 0)
    return append(victim(), {20: stream(inner)})


@attack(ATTACKS, change="structure", words="pointed at bytes")
def an_entry_that_points_into_a_signed_stream() -> bytes:
    """P5, P7: an object that stands inside another, signed one is reachable by two routes."""
    pdf = signed(table_pdf({**BODIES, 6: stream(b"junk 5 0 obj\n<</Type/Font/BaseFont/Symbol>>\nendobj\n")}))
    return _one_entry(append(pdf, {}), 5, pdf.index(b"5 0 obj\n<</Type/Font/BaseFont/Symbol"))


@attack(ATTACKS, change="structure", words="was deleted")
def a_used_object_freed_by_a_stream() -> bytes:
    """P5: free entries (`f`) for a used object, in a cross-reference stream."""
    return _stream_update({20: b"(x)"}, {4: b"\x00" + bytes(4) + b"\x00\x01"})


@attack(ATTACKS, change="content", words="object 4")
def the_page_content_compressed_otherwise() -> bytes:
    """P5, P6: the same content under another filter is still a changed object: readers could decode it otherwise."""
    content = zlib.compress(b"BT /F1 12 Tf 72 720 Td (Pay 100 to Mau) Tj ET")
    return append(victim(), {4: stream(content, b"/Filter/FlateDecode")})


@attack(ATTACKS, change="content|font", words="object 5")
def a_stream_that_becomes_a_dictionary() -> bytes:
    """P5: a font dictionary that becomes a stream of the same keys."""
    return append(victim(), {5: stream(b"", raw(victim(), 5)[2:-2])})


@attack(ATTACKS, words="a dictionary was expected")
def another_generation_of_the_catalog() -> bytes:
    """P5: "generation numbers > 0": the trailer names the catalog in a generation that does not exist."""
    return append(victim(), {20: EVIL}, root=b"1 1 R")
