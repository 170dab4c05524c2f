"""P5: what is suspect in a content is told from few bytes; reading it token by token finds the same and more."""

from __future__ import annotations

import random
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kyso_pki.pdf.malformed import faults, suspect, without_images

OPERATIONS = (
    b"q", b"Q", b"BT", b"ET", b"/F1 12 Tf", b"72 720 Td", b"1 0 0 1 7.5 -3 Tm", b"(a\\)b) Tj", b"<00 1>Tj",
    b"[(a) -12 (b\\\\)]TJ",
    b"0 0 9 9 re", b"f*", b"0.5 g", b"1 0 0 rg", b".5 w", b"/G gs", b"/X Do", b"1 2 m", b"1 2 l", b"1 2 3 4 5 6 c",
    b"h", b"S",
    b"/P<</MCID 0>>BDC", b"/A <</B (x)/C [1 /D]>> BDC", b"EMC", b"[1 2] 0 d", b"/P scn", b"1 2 3 /P scn", b"1 0 d0",
    b"BI/W 1/H 1/BPC 8/CS/G ID x EI", b"BX any 1 2 thing EX", b"% comment", b"T*", b"1 2 (a) \"", b"(a) '",
)  # fmt: skip


@given(st.lists(st.sampled_from(OPERATIONS)))
def test_operations_one_behind_the_other_have_no_fault(parts: list[bytes]) -> None:
    depth, kept = 0, []
    for part in parts:
        if part == b"Q" and not depth:
            continue
        depth += (part == b"q") - (part == b"Q")
        kept.append(part)
    assert list(faults(b"\n".join(kept))) == []


@given(
    st.lists(st.sampled_from(OPERATIONS[2:]), max_size=8), st.sampled_from((b"<<", b"<</A 1", b"BI", b"<</A (x>>"))
)
def test_what_has_no_end_is_suspect_wherever_it_stands(parts: list[bytes], odd: bytes) -> None:
    content = b"\n".join([*parts, odd, *parts])
    assert suspect(content)
    assert len(list(faults(content))) == 1


@given(st.binary(max_size=60))
def test_any_octets_are_read_to_an_end(noise: bytes) -> None:
    assert len(list(faults(noise))) <= 1
    without_images(noise)


def test_what_is_drawn_by_ordinary_programs_is_not_suspect() -> None:
    for content in (
        b"q 1 0 0 1 0 0 cm Q",
        b"/P <</MCID 7>>BDC (a) Tj EMC",
        b"/A<</T/P/B[1 2]/C<FEFF>/L(vi\\))>>BDC EMC",
    ):
        assert not suspect(content)


def test_the_data_of_an_image_are_no_operations() -> None:
    data = zlib.compress(random.Random(5).randbytes(9000))  # noqa: S311 - not a secret
    image = b"BI /W 90 /H 100 /BPC 8 /CS /G /F /Fl ID " + data + b" EI"
    assert list(faults(b"q\n" + image + b"\nQ")) == []
    assert without_images(b"(a) Tj " + image + b" (b) Tj") == b"(a) Tj   (b) Tj"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"q Q Q", "a graphics state is restored"),
        (b"/X /Y Do", "the operator Do has 2 operands"),
        (b"foo", "the unknown operator"),
        (b"1 2", "operands that no operator takes"),
        (b"1 " * 99 + b"w", "more than 64 operands"),
        (b"(a", "what is no operand"),
        (b"<</A 1/A 2>>", "what is no operand"),
        (b"BI /W 2 /H 2 /BPC 8 /CS /G ID ab", "an inline image"),
    ],
)
def test_a_fault_is_named(content: bytes, words: str) -> None:
    assert words in next(faults(content))
