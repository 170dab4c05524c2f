"""Each stand-in is started once for the tests of this folder (once for each process of the run)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ..softhsm import SoftHsm, copy_of
from . import making
from .standin import StandIn

NAMES = ("softhsm", "nethsm", "cac", "openpgp", "tpm", "ock", "softokn")


@pytest.fixture(scope="package")
def a_softhsm(hsm: SoftHsm, tmp_path_factory: pytest.TempPathFactory) -> StandIn:
    return making.softhsm(copy_of(hsm, tmp_path_factory.mktemp("softhsm") / "hsm"))


@pytest.fixture(scope="package")
def nethsm(hsm: SoftHsm, tmp_path_factory: pytest.TempPathFactory) -> Iterator[making.Remote]:
    with making.nethsm(copy_of(hsm, tmp_path_factory.mktemp("nethsm") / "hsm")) as remote:
        yield remote


@pytest.fixture(scope="package")
def cards() -> Iterator[making.Cards]:
    with making.cac_keys() as database, making.cards(database) as both:
        yield both


@pytest.fixture(scope="package")
def tpm() -> Iterator[making.Chip]:
    with making.tpm() as chip:
        yield chip


@pytest.fixture(scope="package")
def ock() -> Iterator[making.Ock]:
    with making.ock() as system:
        yield system


@pytest.fixture(scope="package")
def softokn() -> Iterator[StandIn]:
    with making.softokn() as store:
        yield store


@pytest.fixture
def standin(request: pytest.FixtureRequest) -> StandIn:
    """The stand-in of this name; only the one that the test is about is started."""
    name = request.param
    one = request.getfixturevalue({"softhsm": "a_softhsm", "cac": "cards", "openpgp": "cards"}.get(name, name))
    if isinstance(one, making.Cards):
        return one.cac_token if name == "cac" else one.pgp_token
    token = one if isinstance(one, StandIn) else one.token
    assert isinstance(token, StandIn)
    return token
