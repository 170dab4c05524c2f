"""An encrypted file that is noise for one password fails, and is not signed; the owner's key is refused."""

from __future__ import annotations

import pytest

from kyso_pki.errors import FormatError
from kyso_pki.pdf.reader import Reader
from tests.pki.pdf.samples import signed

from . import two_keys
from .attack import Attack
from .judged import assert_refused


@pytest.mark.parametrize("attack", two_keys.ATTACKS, ids=lambda a: a.name)
def test_a_text_for_one_password_alone_is_refused(attack: Attack) -> None:
    assert_refused(attack)


def test_kyso_does_not_sign_it() -> None:
    with pytest.raises(FormatError, match="content of page 2 is malformed"):
        signed(two_keys.two_texts())


def test_the_key_of_the_owner_does_not_fit_the_permissions() -> None:
    with pytest.raises(FormatError, match="/Perms does not fit"):
        Reader(two_keys.two_texts(), lambda: two_keys.OWNER)
