"""One key on two cloned tokens: what happens when one of them goes away and comes back."""

from __future__ import annotations

from pathlib import Path

import pytest

from kyso_hsm import replicas
from kyso_hsm.module import Module
from kyso_hsm.opening import open_replicas
from kyso_hsm.pin import FromText
from kyso_hsm.pool import Limits, Pool
from kyso_hsm.replicas import ReplicaSigner
from kyso_pki.errors import CertificateUnsuitable, PinRefused, TokenUnavailable

from .softhsm import EC, ED, LABEL, PIN, RSA, WRONG_PIN, SoftHsm, copy_of


@pytest.fixture
def clones(hsm: SoftHsm, tmp_path: Path) -> tuple[SoftHsm, Module]:
    """The token, and its clone as another module (another library path, as another HSM's would be)."""
    first, second = copy_of(hsm, tmp_path / "one"), copy_of(hsm, tmp_path / "two")
    path = Path(second.module.path)
    link = tmp_path / "libclone.so"
    link.symlink_to(path)
    return first, Module(str(link), {"SOFTHSM2_CONF": str(second.conf)})


def opened(first: SoftHsm, second: Module, pool: Pool, *, label: str = EC, test: str | None = None) -> ReplicaSigner:
    uris = [
        f"pkcs11:token={LABEL};object={label}?module-path={first.module.path}",
        f"pkcs11:token={LABEL};object={EC}?module-path={second.path}",
    ]
    modules = [first.module, second]
    return open_replicas(uris, secret=FromText(PIN), modules=modules, pool=pool, test_key=test)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> Pool:
    monkeypatch.setattr(replicas, "FIRST_PAUSE_S", 0.05)
    return Pool(Limits(first_pause_s=0.05, longest_pause_s=0.1))


def take_away(hsm: SoftHsm) -> None:
    hsm.tokens.rename(hsm.folder / "away")
    hsm.tokens.mkdir()


def bring_back(hsm: SoftHsm) -> None:
    hsm.tokens.rmdir()
    (hsm.folder / "away").rename(hsm.tokens)


def test_a_clone_takes_over_and_the_first_comes_back(clones: tuple[SoftHsm, Module], quick: Pool) -> None:
    first, second = clones
    with opened(first, second, quick) as signer:
        assert [s.condition for s in signer.status()] == ["ready", "untried"]
        take_away(first)
        assert len(signer.sign([bytes(32)] * 3)) == 3
        assert signer.status()[0].outages == 1 and signer.status()[1].condition == "ready"
        bring_back(first)
        for _ in range(20):
            signer.sign([bytes(32)])
            if signer.status()[0].condition == "ready":
                break
            import time

            time.sleep(0.1)
        assert [s.condition for s in signer.status()] == ["ready", "ready"]
    quick.close()


def test_the_test_key_signs_before_a_token_is_used(clones: tuple[SoftHsm, Module], quick: Pool) -> None:
    first, second = clones
    with opened(first, second, quick, test=RSA) as signer:
        assert [s.tested for s in signer.status()] == [True, False]
        take_away(first)
        signer.sign([bytes(32)])
        assert [s.tested for s in signer.status()] == [False, True]
    quick.close()


def test_a_token_that_is_away_from_the_start_is_no_end(clones: tuple[SoftHsm, Module], quick: Pool) -> None:
    first, second = clones
    take_away(first)
    with opened(first, second, quick) as signer:
        signer.sign([bytes(32)])
    quick.close()


def test_no_replica_left_names_them_all(clones: tuple[SoftHsm, Module], quick: Pool) -> None:
    first, second = clones
    with opened(first, second, quick) as signer:
        take_away(first)
        away = Path(second.env["SOFTHSM2_CONF"]).parent / "tokens"
        away.rename(away.with_name("away"))
        away.mkdir()
        with pytest.raises(TokenUnavailable, match="None of the replicas") as e:
            signer.sign([bytes(32)])
        assert second.path in str(e.value) and e.value.remedy
    quick.close()


def test_another_key_is_no_replica(clones: tuple[SoftHsm, Module], quick: Pool) -> None:
    first, second = clones
    with opened(first, second, quick, label=RSA) as signer:
        take_away(first)
        with pytest.raises(CertificateUnsuitable, match="not the one"):
            signer.sign([bytes(32)])
    quick.close()


def test_a_wrong_pin_is_not_carried_from_replica_to_replica(clones: tuple[SoftHsm, Module], quick: Pool) -> None:
    """Clones share a PIN: a wrong one would use up a try on each of them."""
    first, second = clones
    uris = [f"pkcs11:token={LABEL};object={EC}?module-path={m.path}" for m in (first.module, second)]
    with pytest.raises(PinRefused):
        open_replicas(uris, secret=FromText(WRONG_PIN), modules=[first.module, second], pool=quick)
    assert len(quick.states()) == 1
    quick.close()


def test_replicas_of_ed25519_keys_are_tested_too(clones: tuple[SoftHsm, Module], quick: Pool) -> None:
    first, second = clones
    with opened(first, second, quick, test=ED) as signer:
        assert signer.status()[0].tested
    quick.close()
