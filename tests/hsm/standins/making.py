"""The stand-ins, each with what another program says of its keys: `with making.tpm() as one:`.

Used by the fixtures of this folder and of `tests/hsm/faults`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from kyso_hsm.opening import Module

from ..softhsm import EC, ED, LABEL, PIN, RSA, WRONG_PIN, SoftHsm
from . import ock as ock_token
from . import softokn as nss
from . import tpm as tpm_token
from .cards import (
    CAC_LABEL,
    PGP_SIGNING,
    Cac,
    CardReaders,
    OpenPgp,
    certificates_in,
    make_cac_database,
    personalise,
)
from .nethsm import NetHsm
from .ock import OpenCryptoki
from .softokn import Softokn
from .standin import HeldKey, StandIn, short_folder, stopping
from .tpm import Tpm


def softhsm_keys(hsm: SoftHsm) -> dict[str, HeldKey]:
    return {
        "rsa": HeldKey(f"object={RSA}", hsm.public_key(RSA)),
        "ec": HeldKey(f"object={EC}", hsm.public_key(EC)),
        "ed": HeldKey(f"object={ED}", None),
    }


def softhsm(hsm: SoftHsm, module: Module | None = None) -> StandIn:
    return StandIn(
        "SoftHSM2", module or hsm.module, LABEL, PIN, WRONG_PIN, softhsm_keys(hsm), certificates=("rsa", "ec")
    )


@dataclass(frozen=True)
class Remote:
    """An HSM on the other side of a wire."""

    machine: NetHsm
    token: StandIn


@contextmanager
def nethsm(hsm: SoftHsm) -> Iterator[Remote]:
    with short_folder() as folder, stopping(NetHsm(folder, hsm)) as machine:
        yield Remote(
            machine,
            StandIn(
                "p11-kit", machine.as_module(), LABEL, PIN, WRONG_PIN, softhsm_keys(hsm), ("eddsa",), ("rsa", "ec")
            ),
        )


@dataclass(frozen=True)
class Cards:
    """Two readers: a CAC in the first, an OpenPGP card in the second."""

    readers: CardReaders
    cac: Cac
    pgp: OpenPgp
    cac_token: StandIn
    pgp_token: StandIn


@contextmanager
def cards(cac_database: Path) -> Iterator[Cards]:
    with (
        short_folder() as folder,
        stopping(CardReaders(folder)) as readers,
        stopping(Cac(readers, 0, cac_database)) as cac,
        stopping(OpenPgp(readers, 1, folder / "openpgp")) as pgp,
    ):
        cac.put_back()
        pgp.put_back()
        personalise(pgp)
        public = certificates_in(cac_database)
        yield Cards(
            readers,
            cac,
            pgp,
            StandIn(
                "CAC",
                readers.as_module(),
                CAC_LABEL,
                cac.pin,
                cac.wrong_pin,
                {"rsa": HeldKey("id=%00%01", public[0])},
                certificates=("rsa",),
            ),
            StandIn(
                "OpenPGP card",
                readers.as_module(),
                PGP_SIGNING,
                pgp.pin,
                pgp.wrong_pin,
                {"rsa": HeldKey("id=%01", pgp.public_key())},
                lacks=("rsa-pss",),
            ),
        )


class CardTable:
    """Readers and cards for many tests: as they were left when that is well, else all of them anew."""

    def __init__(self, cac_database: Path) -> None:
        self._database = cac_database
        self._now = ExitStack()
        self._cards: Cards | None = None

    def clean(self) -> Cards:
        """Both cards in their readers, fast, with all their tries."""
        if self._cards is None or not _as_new(self._cards):
            self.stop()
            self._cards = self._now.enter_context(cards(self._database))
        return self._cards

    def stop(self) -> None:
        self._cards = None
        self._now.close()


def _as_new(both: Cards) -> bool:
    return (
        both.cac.running
        and both.pgp.running
        and not both.pgp.delay_s
        and both.readers.present() == [True, True]
        and both.pgp.tries_left == 3
    )


@contextmanager
def cac_keys() -> Iterator[Path]:
    """The database of a CAC's keys; it outlives the card, as a person's card outlives a reader."""
    with short_folder() as folder:
        yield make_cac_database(folder / "nss")


@dataclass(frozen=True)
class Chip:
    """A TPM and its token."""

    chip: Tpm
    token: StandIn


@contextmanager
def tpm() -> Iterator[Chip]:
    with short_folder() as folder, stopping(Tpm(folder)) as chip:
        keys = {kind: HeldKey(f"object={kind}", chip.public_key(kind)) for kind in ("rsa", "ec")}
        yield Chip(chip, StandIn("TPM", chip.as_module(), tpm_token.LABEL, tpm_token.PIN, tpm_token.WRONG_PIN, keys))


@dataclass(frozen=True)
class Ock:
    """openCryptoki and its token."""

    system: OpenCryptoki
    token: StandIn


@contextmanager
def ock() -> Iterator[Ock]:
    with short_folder() as folder, stopping(OpenCryptoki(folder)) as system:
        keys = {"rsa": HeldKey("object=rsa", system.public_key())}
        yield Ock(
            system,
            StandIn("openCryptoki", system.as_module(), ock_token.LABEL, ock_token.PIN, ock_token.WRONG_PIN, keys),
        )


@contextmanager
def softokn() -> Iterator[StandIn]:
    with stopping(Softokn()) as store:
        keys = {kind: HeldKey(f"object={kind}", store.public_key(kind)) for kind in ("rsa", "ec")}
        yield StandIn("NSS", store.as_module(), nss.LABEL, nss.PIN, nss.WRONG_PIN, keys, certificates=("rsa", "ec"))
