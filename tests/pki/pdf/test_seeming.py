"""What a reader that searches for objects would take for one."""

from __future__ import annotations

import pytest

from kyso_pki.pdf.seeming import seeming_objects

HEADERS = (
    b"5 0 obj\n",
    b"x 5\n0\tobj<<",
    b"1 2 objects",  # Poppler compares three letters
    b"5 % a comment\n0 obj ",
    b"5 0 % a comment\nobj ",
    b"5 0 %" + b"a" * 600 + b"\nobj ",
    b"5" + b" " * 600 + b"0 obj ",
    b"5 0" + b" " * 600 + b"obj",
    b"trailer<</Root 5 0 R>>",
    b"trailer % a comment\n<<",
)
TEXTS = (b"endobj", b"3 objects", b"50%\nobjects", b"a trailer park", b"/Type/ObjStm", b"5 0 R obj", b"1.5 obj")


@pytest.mark.parametrize("text", HEADERS)
def test_what_a_searching_reader_takes_for_an_object_is_counted(text: bytes) -> None:
    octets = b"(a string\n" + text + b")"
    assert seeming_objects(octets, 0, len(octets)) == 1
    assert seeming_objects(octets, 0, 9) == 0


@pytest.mark.parametrize("text", TEXTS)
def test_words_are_not_counted(text: bytes) -> None:
    octets = b"(a string\n" + text + b")"
    assert seeming_objects(octets, 0, len(octets)) == 0
