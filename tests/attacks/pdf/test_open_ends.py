"""What was signed is whole: nothing in it is finished by what is appended later."""

from __future__ import annotations

import pytest

from kyso_pki.errors import FormatError
from kyso_pki.pdf.ends import AT_ONCE
from tests.pki.pdf.samples import BODIES, WORLD, facts, intact, signed, stream, table_pdf

from . import open_ends
from .attack import Attack
from .judged import assert_refused

OPEN = [b"<</NM(", b"<</NM(\\)>>", b"<</T()%)\n/NM(>>", b"<</Length 9999>>stream\n\nendstream"]
WHOLE = [
    b"<</NM(\\()>>",
    b"<</NM(\\\\)/T(((a)b)c)>>",
    b"<</NM<28>/U(\0)>>",
    b"% (\n<<>>",
    stream(b"( \\( <"),
    stream(b"(" * 40_000),
    b"<</Odd }>>",
    b"<</Length 1>>stream\nlonger than that\nendstream",
]


@pytest.mark.parametrize("attack", open_ends.ATTACKS, ids=lambda a: a.name)
def test_what_a_later_revision_ends_is_refused(attack: Attack) -> None:
    assert_refused(attack)


@pytest.mark.parametrize("waiting", OPEN)
@pytest.mark.parametrize("others", [0, 3 * AT_ONCE])
def test_a_file_with_an_object_without_an_end_is_not_signed(waiting: bytes, others: int) -> None:
    many = dict.fromkeys(range(6, 6 + others), b"<</Text(small (and nested))>>")
    with pytest.raises(FormatError, match="does not end before"):
        signed(table_pdf({**BODIES, **many, 6 + others: waiting}))


@pytest.mark.parametrize("whole", WHOLE)
def test_brackets_that_begin_no_open_string_do_no_harm(whole: bytes) -> None:
    """Objects that are odd, or cannot be read, but end where they stand."""
    once = signed(table_pdf({**BODIES, 6: whole}))
    assert all(map(intact, facts(once)))
    assert all(map(intact, facts(signed(once, WORLD.seal_signer))))
