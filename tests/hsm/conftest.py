"""One SoftHSM folder for the whole run, made by others' programs; copies of it for tests that break things."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from kyso_hsm.pool import Limits, Pool
from kyso_pki.x509.certificate import Certificate

from .softhsm import EC, ED, LABEL, RSA, SoftHsm, certificate, copy_of, empty, root


@pytest.fixture(scope="session")
def hsm(tmp_path_factory: pytest.TempPathFactory) -> SoftHsm:
    """One token with an RSA, a P-256 and an Ed25519 key; certificates for the first two, and the root."""
    folder = tmp_path_factory.mktemp("softhsm")
    made = empty(folder / "hsm")
    made.init(LABEL)
    for label, key_id, kind in ((RSA, "01", "rsa:2048"), (EC, "02", "EC:prime256v1"), (ED, "03", "EC:edwards25519")):
        made.tool_in("--keypairgen", "--key-type", kind, "--id", key_id, "--label", label)
    for label, key_id in ((RSA, "01"), (EC, "02")):
        store(made, certificate(made.public_key(label), f"Người giữ {label}"), key_id, label, folder)
    store(made, root(), "ff", "Root CA tỉnh Mẫu", folder)
    return made


def store(hsm: SoftHsm, item: Certificate, key_id: str, label: str, folder: Path) -> None:
    file = folder / f"{item.sha256}.crt"
    file.write_bytes(item.der)
    hsm.tool_in("--write-object", str(file), "--type", "cert", "--id", key_id, "--label", label)


@pytest.fixture
def own_hsm(hsm: SoftHsm, tmp_path: Path) -> SoftHsm:
    """A copy for one test."""
    return copy_of(hsm, tmp_path / "hsm")


@pytest.fixture(scope="session")
def shared_pool() -> Iterator[Pool]:
    """For tests that leave tokens and workers as they were."""
    pool = Pool()
    yield pool
    pool.close()


@pytest.fixture
def pool() -> Iterator[Pool]:
    """For one test."""
    made = Pool()
    yield made
    made.close()


@pytest.fixture
def impatient() -> Iterator[Pool]:
    """For tests in which something hangs."""
    made = Pool(Limits(call_s=1.5, login_s=1.5))
    yield made
    made.close()
