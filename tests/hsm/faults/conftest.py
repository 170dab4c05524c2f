"""A stand-in of its own for each fault test: what is broken here must not be found broken elsewhere."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from kyso_hsm.pool import Pool

from ..softhsm import SoftHsm
from ..standins import making
from ..standins.standin import StandIn, stopping
from .deadlines import LIMITS


@pytest.fixture
def pool() -> Iterator[Pool]:
    """With deadlines that a test can wait for."""
    made = Pool(LIMITS)
    yield made
    made.close()


@pytest.fixture
def soft(own_hsm: SoftHsm) -> StandIn:
    return making.softhsm(own_hsm)


@pytest.fixture
def remote(own_hsm: SoftHsm) -> Iterator[making.Remote]:
    with making.nethsm(own_hsm) as made:
        yield made


@pytest.fixture(scope="package")
def card_table() -> Iterator[making.CardTable]:
    with making.cac_keys() as database, stopping(making.CardTable(database)) as table:
        yield table


@pytest.fixture
def cards(card_table: making.CardTable) -> making.Cards:
    """As new, whatever the test before did to them."""
    return card_table.clean()


@pytest.fixture
def tpm() -> Iterator[making.Chip]:
    with making.tpm() as made:
        yield made


@pytest.fixture
def ock() -> Iterator[making.Ock]:
    with making.ock() as made:
        yield made
