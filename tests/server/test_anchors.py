"""Whom the server trusts: a store that others keep, read again when it changes, and nobody while it cannot be."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx2
import pytest

from kyso_hsm.soft import create_keystore
from kyso_pki.errors import UsageError
from kyso_pki.testing import World
from kyso_pki.trust.kept import Added, Kept, Source
from kyso_pki.x509.trust import Anchor
from kyso_server import setup
from kyso_server.app import create_app
from kyso_server.settings import CredentialSettings, Settings, load_settings
from tests.server.province import serve_here

AT = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
WORLD = World.create(at=AT)
PDF = (Path(__file__).resolve().parents[1] / "documents" / "cong-van.pdf").read_bytes()
TOKEN, PIN = "mot-cua-" + "7f3a" * 10, "24680135"
NOBODY = Kept()
ROOT = Kept(own=(Added(Anchor(WORLD.root), None),))
STRANGER = Kept(own=(Added(Anchor(World.create(at=AT, number=4, name="tỉnh Khác").root), None),))


def by_bundle(expires: datetime) -> Kept:
    source = Source("tinh-mau", "bundle", 1, "ab" * 32, AT, expires, (), None, (Anchor(WORLD.root),), (None,))
    return Kept(sources=(source,))


@dataclass
class Service:
    client: httpx2.Client
    store: Path
    now: datetime = AT

    def keep(self, data: Kept | bytes) -> None:
        """As `kyso trust` does it: written beside, and renamed."""
        beside = self.store.with_suffix(".new")
        beside.write_bytes(data if isinstance(data, bytes) else data.to_bytes())
        beside.chmod(0o600)
        beside.replace(self.store)

    def why(self) -> list[str]:
        """The codes of what is wrong with a signature below the root."""
        answer = self.client.post("/v1/verify", content=signed())
        assert answer.status_code == 200, answer.text
        [signature] = answer.json()["signatures"]
        return [f["code"] for f in signature["findings"] if f["severity"] == "error"]


def signed() -> bytes:
    import kyso

    return kyso.sign(PDF, WORLD.person_signer, at=AT)


def settings_in(folder: Path) -> Settings:
    (folder / "trust").mkdir()
    (folder / "kyso.toml").write_text('[trust]\nstore = "trust"\n', encoding="utf-8")
    return load_settings(folder)


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    create_keystore(
        tmp_path / "mem.p12", WORLD.person_signer.private_key, WORLD.person_signer.chain.certificates, PIN
    )
    (tmp_path / "pin").write_text(PIN, encoding="utf-8")
    (tmp_path / "pin").chmod(0o600)
    key = CredentialSettings("mem", f"file:{tmp_path}/mem.p12", tmp_path / "pin")
    settings = replace(settings_in(tmp_path), credentials=(key,))
    setup.prepare_database(settings)
    setup.add_api_token(settings, "mot-cua", TOKEN)
    assert settings.trust_store is not None
    running = Service(httpx2.Client(), settings.trust_store)
    running.keep(ROOT)
    with (
        serve_here(settings, lambda: running.now) as url,
        httpx2.Client(base_url=url, headers={"Authorization": f"Bearer {TOKEN}"}, timeout=60) as client,
    ):
        running.client = client
        yield running


def test_a_store_that_changes_counts_from_the_next_request_on(service: Service) -> None:
    assert service.why() == ["REVOCATION_NOT_CHECKED"]
    for kept, code in (
        (STRANGER, "NO_CERTIFICATE_CHAIN_FOUND"),
        (NOBODY, "NO_TRUST_ANCHORS"),
        (ROOT, "REVOCATION_NOT_CHECKED"),
    ):
        service.keep(kept)
        assert service.why() == [code]


def test_a_source_that_ends_while_the_server_runs_ends_there(service: Service) -> None:
    service.keep(by_bundle(AT + timedelta(hours=1)))
    assert service.why() == ["REVOCATION_NOT_CHECKED"]
    service.now = AT + timedelta(hours=1)
    assert service.why() == ["NOT_TRUSTED_THEN"]
    service.keep(by_bundle(AT + timedelta(hours=2)))
    assert service.why() == ["REVOCATION_NOT_CHECKED"]


@pytest.mark.parametrize("damage", [b"", b"{}", b'{"version": 2}', ROOT.to_bytes()[:-9], b"[" * 100_000, None])
def test_while_the_store_cannot_be_read_nothing_is_valid_and_signing_goes_on(
    service: Service, damage: bytes | None
) -> None:
    if damage is None:
        service.store.unlink()
    else:
        service.keep(damage)
    for path in ("/v1/verify", "/v1/extend", "/v1/sign?credential=mem&level=B-LT"):
        answer = service.client.post(path, content=signed())
        assert (answer.status_code, answer.json()["code"]) == (503, "trust.unavailable"), path
        assert str(service.store) not in answer.text
        assert answer.headers["retry-after"]
    ready = service.client.get("/readyz")
    assert (ready.status_code, ready.json()["checks"]["trust"]) == (503, "trust.unavailable")
    assert service.client.post("/v1/sign?credential=mem", content=PDF).status_code == 200
    service.keep(ROOT)
    assert service.why() == ["REVOCATION_NOT_CHECKED"]
    assert service.client.get("/readyz").status_code == 200


@pytest.mark.skipif(os.name == "nt", reason="permissions of POSIX")
def test_a_store_that_others_may_write_is_not_used(service: Service) -> None:
    service.keep(STRANGER)
    service.store.chmod(0o666)
    assert service.client.post("/v1/verify", content=signed()).json()["code"] == "trust.unavailable"


def test_anchors_of_the_settings_count_besides(service: Service, tmp_path: Path) -> None:
    service.keep(STRANGER)
    (tmp_path / "root.crt").write_text(WORLD.root.pem(), encoding="utf-8")
    (tmp_path / "kyso.toml").write_text('[trust]\nstore = "trust"\nsigning = ["root.crt"]\n', encoding="utf-8")
    trust = create_app(load_settings(tmp_path), now=lambda: AT).state.house.trust
    assert trust.is_anchor(WORLD.root, "signing")
    assert not trust.is_anchor(WORLD.root, "timestamping")
    assert trust.is_anchor(STRANGER.own[0].anchor.certificate, "timestamping")


def test_a_server_does_not_start_with_a_store_that_cannot_be_read(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    for data in (None, b"{}"):
        if data is not None:
            (tmp_path / "trust" / "trust.json").write_bytes(data)
        with pytest.raises(UsageError, match="trust store"):
            create_app(settings)
