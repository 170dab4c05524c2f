"""What is matched instead of read is the same as what reading gives, or it is read."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kyso_pki.errors import FormatError
from kyso_pki.pdf.lint.active import TELLING
from kyso_pki.pdf.lint.dull import Dull
from kyso_pki.pdf.lint.linting import lint
from kyso_pki.pdf.objects import Ref, Value, read_indirect, read_value
from kyso_pki.pdf.reader import Reader
from tests.attacks.pdf.attack import victim
from tests.pki.pdf.samples import BODIES, SHAPES, shaped, signed, table_pdf

from .cases import CASES

DOCUMENTS = sorted((Path(__file__).resolve().parents[3] / "documents").glob("*.pdf"))
TOKENS = [
    *(b"/A", b"/B", b"/K", b"/Kind", b"/Type", b"/S", b"/P", b"/StructElem", b"/JavaScript", b"/JS", b"/#4a", b"/"),
    *(b"7 0 R", b"8 0 R", b"8  0\nR", b"9 1 R", b"1 2 0 R", b"4 0 obj", b"12", b"-3", b"0.5", b".5", b"4.", b"1e5"),
    *(b"(plain)", b"(7 0 R)", b"(/JS)", b"(a(b)c)", b"(\\)7 0 R)", b"<41>", b"% 7 0 R\n", b"true", b"null", b"R"),
    *(b"[", b"]", b"<<", b">>", b"[7 0 R]", b"[/S/P]", b"<</A 7 0 R>>", b"stream", b"\x00", b"\xff"),
]


class Reading(Reader):
    """A reader that knows of no plain objects, so that each is read."""

    def plain_places(self) -> dict[int, int]:
        return {}


def references(value: Value) -> list[Ref]:
    if isinstance(value, Ref):
        return [value]
    if isinstance(value, dict):
        return [r for v in value.values() for r in references(v)]
    return [r for v in value for r in references(v)] if isinstance(value, list) else []


@given(
    st.lists(st.sampled_from(TOKENS), max_size=12),
    st.sampled_from([b" ", b"", b"\n", b"\r\n"]),
    st.sampled_from([b"<<%s>>", b"<<%s>", b"<< %s >>", b"%s"]),
)
def test_what_is_dull_is_read_to_the_same_references_and_says_nothing_else(
    tokens: list[bytes], between: bytes, frame: bytes
) -> None:
    body = frame % between.join(tokens)
    pdf = table_pdf({**BODIES, 6: body, 7: b"<<>>", 8: b"<<>>"})
    found = Dull(Reader(pdf), TELLING).references(Ref(6))
    if found is None:
        return
    value = read_indirect(pdf, pdf.index(b"\n6 0 obj") + 1).value
    assert isinstance(value, dict)
    assert sorted(found) == sorted(references(value))
    told = {name for entry in value.items() for name in entry if isinstance(name, str)}
    assert not told & TELLING


@pytest.mark.parametrize(
    "body",
    [
        b"<</Kind/Small/Index 5/Text(nothing to see here)>>",
        b"<</Type/StructElem/S/P/P 7 0 R/K[0 1 2]/Pg 8 0 R>>",
        b"<< /A 7 0 R /B [ 8 0 R 0.5 -3 ] /C true >>",
    ],
)
def test_small_dictionaries_are_dull(body: bytes) -> None:
    assert Dull(Reader(table_pdf({**BODIES, 6: body})), TELLING).references(Ref(6)) is not None


@given(
    st.lists(st.sampled_from(TOKENS), max_size=12),
    st.sampled_from([b" ", b"", b"\n", b"\r\n"]),
    st.sampled_from([b"<<%s>>", b"<<%s>", b"<< %s >>", b"%s", b"<<%s>> 7 0 R"]),
)
def test_a_member_of_an_object_stream_that_is_dull_is_read_to_the_same_references(
    tokens: list[bytes], between: bytes, frame: bytes
) -> None:
    text = frame % between.join(tokens)
    found = Dull(Reader(table_pdf()), frozenset()).references_of_member(text)
    if found is not None:
        value, end = read_value(text, 0)
        assert not text[end:].strip()
        assert sorted(found) == sorted(references(value))


@pytest.mark.parametrize(
    ("body", "led"),
    [
        (
            b"<</Type/Annot/Subtype/Link/Rect[0 0 1 1]/A<</Type/Action/S/URI/URI(http://a.vn/7 0 R)>>/P 7 0 R>>",
            [Ref(7)],
        ),
        (b"<</A<</B 7 0 R/C[8 0 R]>>/B<</B 7 0 R>>>>\n", [Ref(7), Ref(7), Ref(8)]),
        (b"<</A<</B 7 0 R/B 8 0 R>>>>", None),
        (b"<</A<<>>/A<<>>>>", None),
        (b"<</A<</B<</C 7 0 R>>>>>>", None),
        (b"<</A 7 0 R>> 8 0 R", None),
        (b"[7 0 R]", None),
    ],
)
def test_dictionaries_in_a_member_are_matched_one_level_deep(body: bytes, led: list[Ref] | None) -> None:
    found = Dull(Reader(table_pdf()), frozenset()).references_of_member(body)
    assert (found if found is None else sorted(found)) == led


@pytest.mark.parametrize(
    "body",
    [
        b"<</A 1/A 2>>",
        b"<</S/JavaScript/JS(x)>>",
        b"<</S/#4aavaScript>>",
        b"<</A<</JS(x)>>>>",
        b"<</A 1>>stream\n\nendstream",
        b"<</A % 7 0 R\n 1>>",
        b"<</A(\\()/B 7 0 R>>",
        b"<</A 1e5>>",
        b"<</A>>",
        b"<</A 1/B>>",
        b"<</A[7 0 R/]>>",
        b"<</A[/S (]>>",
    ],
)
def test_what_is_not_plain_is_read(body: bytes) -> None:
    assert Dull(Reader(table_pdf({**BODIES, 6: body})), TELLING).references(Ref(6)) is None


def everything() -> list[bytes]:
    return [
        *(pdf for case in CASES for pdf in (case.found, case.clean)),
        *(shaped(shape) for shape in SHAPES),
        *(path.read_bytes() for path in DOCUMENTS),
        signed(victim(), field="B"),
    ]


def test_the_report_is_the_same_when_every_object_is_read() -> None:
    compared = 0
    for pdf in everything():
        try:
            expected = lint(Reading(pdf))
        except FormatError:
            continue
        assert lint(Reader(pdf)) == expected
        compared += 1
    assert compared > len(CASES)
