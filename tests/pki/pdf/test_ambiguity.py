"""P5: a signed revision that two readers could see as two files is refused, whatever its shape."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from kyso_pki.errors import FormatError
from kyso_pki.pdf.ambiguity import ambiguities
from kyso_pki.pdf.reader import Reader
from tests.attacks.pdf.attack import hand_signed, prepared
from tests.pki.pdf.samples import (
    BODIES,
    SHAPES,
    append,
    facts,
    hybrid_pdf,
    intact,
    pike,
    shaped,
    signed,
    stream,
    table_pdf,
)


def codes(pdf: bytes) -> list[str]:
    return [f.code for f in ambiguities(Reader(pdf), Reader(pdf).last)]


@pytest.mark.parametrize("shape", SHAPES)
def test_an_honest_file_is_clear(shape: str) -> None:
    assert codes(signed(shaped(shape))) == []


def test_a_file_of_many_objects_is_clear() -> None:
    assert codes(pike(many=5000)) == []


def astray(number: int = 5, other: int = 4) -> bytes:
    """The entry of an object that nothing needs for verifying stands at another object."""
    pdf = table_pdf()
    place, wrong = (b"%010d" % pdf.index(b"%d 0 obj" % n) for n in (number, other))
    return pdf.replace(place, wrong)


def test_an_entry_at_another_object_fails_every_signature() -> None:
    (found,) = facts(hand_signed(prepared(base=astray())))
    assert [f.code for f in found.findings] == ["CROSS_REFERENCE"]
    assert "object 5 is at" in found.findings[0].text
    assert not intact(found)


@pytest.mark.parametrize("many", [300, 20_000])
@pytest.mark.parametrize("number", [9, 10, 64, 99, 100, 255, 299])
def test_one_entry_at_another_object_is_told_among_many(number: int, many: int) -> None:
    pdf = table_pdf({**BODIES, **{n: b"<</N %d>>" % n for n in range(6, many)}})
    place, wrong = (b"%010d 00000 n" % (pdf.index(b"\n%d 0 obj" % n) + 1) for n in (number, number - 1))
    assert codes(pdf) == []
    assert codes(pdf.replace(place, wrong)) == ["CROSS_REFERENCE"]


@pytest.mark.parametrize("gap", [b"0000000000 00001 f", b"0000000000 65535 f"])
def test_free_entries_among_many_are_no_objects(gap: bytes) -> None:
    pdf = table_pdf({**BODIES, **{n: b"<</N %d>>" % n for n in range(6, 300)}})
    for n in (50, 51, 120):
        whole = b"\n%d 0 obj\n<</N %d>>\nendobj\n" % (n, n)
        entry = b"%010d 00000 n" % (pdf.index(whole) + 1)
        pdf = pdf.replace(whole, b"\n" + b" " * (len(whole) - 2) + b"\n").replace(entry, gap)
    assert codes(pdf) == []


def test_a_generation_that_the_object_does_not_have_is_told_among_many() -> None:
    pdf = table_pdf({**BODIES, **{n: b"<</N %d>>" % n for n in range(6, 300)}})
    entry = b"%010d 00000 n" % (pdf.index(b"\n120 0 obj") + 1)
    assert codes(pdf.replace(entry, entry.replace(b"00000 n", b"00001 n"))) == ["CROSS_REFERENCE"]


def test_what_every_signature_would_fail_over_is_not_signed() -> None:
    """Found by fuzzing: we signed such files, and then called the signature broken."""
    with pytest.raises(FormatError, match="object 5 is at"):
        signed(astray())


def test_an_entry_at_no_object_is_told() -> None:
    pdf = table_pdf()
    assert codes(pdf.replace(b"%010d" % pdf.index(b"5 0 obj"), b"0000000020")) == ["CROSS_REFERENCE"]


def test_an_unused_number_at_offset_0_is_null_to_every_reader() -> None:
    pdf = table_pdf({**BODIES, 6: b"null"})
    at = pdf.index(b"6 0 obj")
    unused = pdf.replace(b"%010d 00000 n" % at, b"0000000000 00000 n")
    assert codes(unused.replace(b"6 0 obj\nnull\nendobj\n", b" " * 20)) == []


@pytest.mark.parametrize("size", [10, 70_000])
@pytest.mark.parametrize("many", [False, True])
def test_a_second_object_of_one_number_is_told(size: int, many: bool) -> None:
    """It hides between objects, small and large, in files small and large."""
    more = {n: b"<</N %d>>" % n for n in range(8, 5000)} if many else {}
    bodies = {**BODIES, 6: stream(b"x" * size), 7: b"null", **more}
    second = b"4 0 obj\n<<>>\nendobj\n"
    room = table_pdf({**bodies, 7: b"null" + b" " * len(second)})
    hidden = room.replace(b"null" + b" " * len(second) + b"\nendobj\n", b"null\nendobj\n" + second)
    assert codes(room) == []
    assert codes(hidden) == ["DUPLICATE_OBJECT"]


@pytest.mark.parametrize(("size", "many"), [(10, 9), (10, 5000), (600, 5000), (5000, 300)])
def test_a_second_object_is_told_where_another_one_has_no_end(size: int, many: int) -> None:
    """As many `endobj` as objects are listed prove nothing: one that nobody needs may lack its own."""
    bodies = {**BODIES, **dict.fromkeys(range(6, many), b"(%s)" % (b"x" * size))}
    second = b"4 0 obj\n<<>>\nendobj\n"
    room = table_pdf({**bodies, 7: b"null" + b" " * (len(second) - len(b"\nendobj"))})
    hidden = room.replace(b"null" + b" " * (len(second) - len(b"\nendobj")) + b"\nendobj\n", b"null\n" + second)
    assert len(hidden) == len(room)
    assert hidden.count(b"endobj") == room.count(b"endobj")
    assert codes(room) == []
    assert codes(hidden) == ["DUPLICATE_OBJECT"]


def test_what_an_attachment_holds_is_no_second_object() -> None:
    inner = table_pdf()
    assert codes(table_pdf({**BODIES, 6: stream(inner)})) == []


def test_an_object_that_an_update_before_the_signature_replaces_is_no_second_one() -> None:
    assert codes(signed(append(table_pdf(), {4: stream(b"BT ET")}))) == []


def test_the_two_cross_references_of_a_hybrid_must_agree() -> None:
    pdf = hybrid_pdf()
    row = b"\x02" + (6).to_bytes(2, "big") + b"\x00"
    other = pdf.replace(b"/Index[5 1]", b"/Index[4 1]")
    assert row in pdf
    with pytest.raises(FormatError, match="hybrid file disagree on object 4"):
        Reader(other)


def test_an_object_stream_has_each_number_once() -> None:
    members = b"5 0 5 8 " + b"(first) (other) "
    pdf = hybrid_pdf().replace(b"/N 1/First 4", b"/N 2/First 8")
    start = pdf.index(b"stream\n5 0 ") + 7
    stop = pdf.index(b"\nendstream", start)
    padded = members.ljust(stop - start)
    with pytest.raises(FormatError, match="two objects of one number"):
        Reader(pdf[:start] + padded[: stop - start] + pdf[stop:]).fetch(5)


TEXT = st.lists(st.sampled_from([b"(", b")", b"\\", b"\\(", b"\\)", b"j", b"a ", b"()", b"(a)", b"(j)"]), max_size=8)


def is_open(body: bytes) -> bool:
    """Whether a string goes on behind it, by the rule of 7.3.4.2 octet by octet."""
    depth, escaped = 0, False
    for octet in body:
        if escaped:
            escaped = False
        elif depth and octet == 0x5C:
            escaped = True
        elif octet == 0x28:
            depth += 1
        elif octet == 0x29:
            depth = max(depth - 1, 0)
    return depth > 0


@given(st.dictionaries(st.integers(6, 699), TEXT.map(b"".join), max_size=3), st.sampled_from([b"/A", b"(a)", b"(j)"]))
@example({6: b"(", 7: b"))"}, b"/A")
@settings(deadline=None, max_examples=80)
def test_among_many_objects_one_that_goes_on_in_the_next_is_told(odd: dict[int, bytes], usual: bytes) -> None:
    bodies = BODIES | {n: odd.get(n, usual) + b"\n" for n in range(6, 700)}
    reader = Reader(table_pdf({n: bodies[n] for n in sorted(bodies)}))
    told = [f.code for f in ambiguities(reader, 0, 700)]
    assert bool(told) is any(is_open(body + b"\nendobj\n") for body in odd.values())
    assert set(told) <= {"OPEN_OBJECT"}
