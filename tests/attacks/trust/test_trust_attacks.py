"""No attack on a bundle or a list gets anybody trusted, and each is told by its reason."""

from __future__ import annotations

import pytest

from kyso_pki.errors import KysoError
from kyso_pki.trust.bundle import read_bundle
from kyso_pki.trust.tsl.reading import read_list
from tests.pki.trust.lists import OPERATOR_PIN
from tests.pki.trust.made import PIN

from . import bundles, lists
from .attack import collected

BUNDLES, LISTS = collected(vars(bundles)), collected(vars(lists))


def test_the_honest_ones_are_taken() -> None:
    assert read_bundle(bundles.HONEST, [PIN]).sequence == 1
    assert len(read_list(lists.HONEST, [OPERATOR_PIN]).services) == 1


@pytest.mark.parametrize("name", sorted(BUNDLES))
def test_a_forged_bundle_is_refused(name: str) -> None:
    attack = BUNDLES[name]()
    with pytest.raises(KysoError) as refused:
        read_bundle(attack.data, [PIN])
    assert attack.word in str(refused.value)


@pytest.mark.parametrize("name", sorted(LISTS))
def test_a_forged_list_is_refused(name: str) -> None:
    attack = LISTS[name]()
    with pytest.raises(KysoError) as refused:
        read_list(attack.data, [OPERATOR_PIN])
    assert attack.word in str(refused.value)


def test_the_catalogue_is_not_empty() -> None:
    assert len(BUNDLES) >= 14
    assert len(LISTS) >= 17
