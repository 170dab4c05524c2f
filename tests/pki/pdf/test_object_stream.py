"""P5: what is read of object streams in bulk is what is read of them piece by piece."""

from __future__ import annotations

import zlib
from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from kyso_pki.errors import FormatError
from kyso_pki.pdf.filters import Budget
from kyso_pki.pdf.members import members_astray
from kyso_pki.pdf.object_stream import ObjectStream, plain_header, plain_holder
from kyso_pki.pdf.objects import IndirectObject, Stream, read_indirect, read_value
from kyso_pki.pdf.reader import Reader

TOKENS = st.sampled_from(
    [b"1", b"2", b"3", b"9", b"10", b"11", b"99", b"100", b"0", b"01", b"00", b"1_0", b"+1", b"-1"]
)
SPACES = st.sampled_from([b" ", b"\n", b"\r\n", b"  ", b"\0", b"\t", b"\x0b", b"%x\n"])
read_value(b"<</Type/ObjStm/N 1/First 1/Length 1/Filter/FlateDecode/XRef 1/A 1>>", 0)  # names that are known by now


def container(head: bytes, count: int) -> IndirectObject:
    body = head + b"null " * count
    stream = Stream({"Type": "ObjStm", "N": count, "First": len(head)}, body, 0, len(body))
    return IndirectObject(5, 0, stream, body, (0, 0, 0, 0))


def is_sound(head: bytes, count: int) -> bool:
    """The rule of 7.5.7, number by number."""
    tokens = head.replace(b"\0", b" ").replace(b"\x0c", b" ").split(b" ")
    tokens = [t for token in tokens for t in token.replace(b"\t", b"\n").replace(b"\r", b"\n").split(b"\n") if t]
    if len(tokens) != 2 * count or any(set(t) - set(b"0123456789") for t in tokens):
        return False
    numbers, offsets = [int(t) for t in tokens[::2]], [int(t) for t in tokens[1::2]]
    return len(set(numbers)) == count and all(a < b for a, b in pairwise(offsets))


@given(st.lists(st.tuples(TOKENS, SPACES), max_size=8), st.integers(0, 5))
@example([(b"3", b" "), (b"0", b" "), (b"2", b" "), (b"9", b" "), (b"1", b" "), (b"10", b" ")], 3)
@settings(deadline=None, max_examples=400)
def test_a_header_counts_when_each_of_its_numbers_is_right(parts: list[tuple[bytes, bytes]], count: int) -> None:
    head = b"".join(token + space for token, space in parts)
    sound = is_sound(head, count)
    assert sound or plain_header(head, count) is None
    if not sound:
        with pytest.raises(FormatError):
            ObjectStream(container(head, count), Budget(1000))
        return
    read = ObjectStream(container(head, count), Budget(1000))
    spelled = read.spelled
    assert (
        [int(n) for n in spelled.split()] == read.numbers == [int(n) for n in head.replace(b"\0", b" ").split()[::2]]
    )
    assert read.offsets == [int(n) for n in head.replace(b"\0", b" ").split()[1::2]]
    assert read.spelled == spelled


@given(st.lists(st.integers(1, 300), unique=True, min_size=1, max_size=150), st.data())
@settings(deadline=None, max_examples=60)
def test_a_long_header_as_programs_write_it_needs_no_second_look(numbers: list[int], data: st.DataObject) -> None:
    size = len(numbers)
    offsets = sorted(data.draw(st.lists(st.integers(0, 5000), unique=True, min_size=size, max_size=size)))
    head = b" ".join(b"%d %d" % pair for pair in zip(numbers, offsets, strict=True)) + b"\n"
    assert plain_header(head, size) == b" ".join(b"%d" % n for n in numbers)
    if size > 1:
        offsets[-1] = offsets[-2]
        head = b" ".join(b"%d %d" % pair for pair in zip(numbers, offsets, strict=True)) + b"\n"
        assert plain_header(head, size) is None


def test_a_number_that_python_refuses_to_read_is_an_error_of_the_file() -> None:
    head = b"1" * 5000 + b" 0 "
    with pytest.raises(FormatError):
        ObjectStream(container(head, 1), Budget(10_000))


PIECES = st.sampled_from(
    b"/Type|/ObjStm|/N|/First|/Length| 4|/Filter|/FlateDecode| 7| 0| 4 0 R|/XRef| true|/A|/|+4|4x"
    b"| |\r\n|(a)|/#41|%a\n|[4]|<</A 1>>|\0".split(b"|")
)
USUAL = [b"/Type", b"/ObjStm", b"/N", b" 4", b"/First", b" 7", b"/Length", b" 4", b"/Filter", b"/FlateDecode"]


@given(
    st.lists(PIECES, max_size=8), st.integers(0, 10), st.sampled_from([b"stream\n", b"stream\r\n", b"stream\r", b" "])
)
@settings(deadline=None, max_examples=400)
def test_a_holder_read_at_once_is_the_one_read_token_by_token(odd: list[bytes], at: int, keyword: bytes) -> None:
    for pieces in (odd, USUAL[:at] + odd + USUAL[at:]):
        for end in (
            b"\nendstream\nendobj\n",
            b"endstream endobj ",
            b"\nendstream\nendobjx",
            b"\n\nendstream\nendobj\n",
        ):
            pdf = b"%%PDF-1.7\n12 0 obj\n<<%s>>\n%sabcd%s" % (b"".join(pieces), keyword, end)
            found = plain_holder(pdf, 9)
            if found is None:
                continue
            read = read_indirect(pdf, 9)
            assert isinstance(found.value, Stream)
            assert isinstance(read.value, Stream)
            assert list(found.value.dictionary.items()) == list(read.value.dictionary.items())
            assert (found.value.start, found.value.length) == (read.value.start, read.value.length)
            for name in ("number", "generation", "offset", "start", "end", "stop", "compressed"):
                assert getattr(found, name) == getattr(read, name)


def test_the_usual_holder_is_read_at_once() -> None:
    pdf = b"12 0 obj\n<<%s>>\nstream\nabcd\nendstream\nendobj\n" % b"".join(USUAL)
    assert plain_holder(pdf, 0) is not None


def file_of(streams: list[list[int]], entries: dict[int, tuple[int, int]], first: int) -> bytes:
    """A PDF with these object streams, numbered from `first` on; `entries`: for a number its stream and its index."""
    out = bytearray(b"%PDF-1.7\n1 0 obj\n<</Type/Catalog>>\nendobj\n")
    rows = {0: (0, 0, 0), 1: (1, 9, 0)}
    for number, members in enumerate(streams, first):
        rows[number] = (1, len(out), 0)
        head = b" ".join(b"%d %d" % (n, 5 * i) for i, n in enumerate(members)) + b" "
        data = zlib.compress(head + b"null " * len(members))
        shape = b"/Type/ObjStm/N %d/First %d/Length %d/Filter/FlateDecode" % (len(members), len(head), len(data))
        out += b"%d 0 obj\n<<%s>>stream\n%s\nendstream\nendobj\n" % (number, shape, data)
    rows |= {n: (2, stream, index) for n, (stream, index) in entries.items()}
    at, own = len(out), max(rows) + 1
    rows[own] = (1, at, 0)
    kinds = [rows.get(n, (0, 0, 0)) for n in range(own + 1)]
    table = b"".join(bytes((k,)) + a.to_bytes(3, "big") + b.to_bytes(2, "big") for k, a, b in kinds)
    shape = b"/Type/XRef/Size %d/W[1 3 2]/Root 1 0 R/Length %d" % (own + 1, len(table))
    out += b"%d 0 obj\n<<%s>>stream\n%s\nendstream\nendobj\nstartxref\n%d\n%%%%EOF\n" % (own, shape, table, at)
    return bytes(out)


@given(st.data(), st.booleans())
@settings(deadline=None, max_examples=150)
def test_exactly_the_entries_of_other_members_are_astray(data: st.DataObject, whole: bool) -> None:
    start = data.draw(st.sampled_from([2, 5, 95, 990]))
    sizes = data.draw(st.lists(st.sampled_from([1, 2, 7, 70]), min_size=1, max_size=4))
    numbers = iter(range(start, start + sum(sizes)))
    streams = [[next(numbers) for _ in range(size)] for size in sizes]
    first = start + sum(sizes)
    entries = {n: (first + i, k) for i, members in enumerate(streams) for k, n in enumerate(members)}
    for n in data.draw(st.lists(st.sampled_from(sorted(entries)), max_size=3)):
        match data.draw(st.sampled_from(["gone", "index", "stream", "swap"])):
            case "gone":
                entries.pop(n, None)
            case "index":
                entries[n] = (
                    data.draw(st.sampled_from(range(first, first + len(streams)))),
                    data.draw(st.integers(0, 80)),
                )
            case "stream":
                entries[n] = (data.draw(st.sampled_from(range(first, first + len(streams)))), 0)
            case _:
                i = data.draw(st.integers(0, len(streams) - 1))
                streams[i] = streams[i][::-1]
    wrong = [n for n, (s, k) in sorted(entries.items()) if k >= len(streams[s - first]) or streams[s - first][k] != n]
    told = list(members_astray(Reader(file_of(streams, entries, first)), 0, whole=whole))
    assert [int(text.split("object ")[1].split()[0]) for text in told] == wrong


def test_a_stream_that_goes_on_in_the_next_batch_of_entries_is_compared_too() -> None:
    streams = [list(range(2, 12_002)), list(range(12_002, 30_002))]
    entries = {n: (30_002 + i, k) for i, members in enumerate(streams) for k, n in enumerate(members)}
    assert not list(members_astray(Reader(file_of(streams, entries, 30_002)), 0))
    entries[29_000] = (30_003, 3)
    (text,) = members_astray(Reader(file_of(streams, entries, 30_002)), 0)
    assert "object 29000 is number 3" in text
