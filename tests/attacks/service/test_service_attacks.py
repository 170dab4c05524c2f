"""R3 against a service that runs: refused, nothing told, nothing logged, nobody asked; and the twin is served."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from kyso_hsm.soft import create_keystore
from kyso_pki.testing import BASE_URL, POLICY, SoftwareSigner
from kyso_server import setup
from kyso_server.settings import CaSettings, CredentialSettings, KeySettings, Settings, TsaSettings
from tests.attacks.fetching.loopback import Servers, servers
from tests.server.province import serve_here

from . import containers, fetches, leaks, uploads
from .attack import AT, CONTENT, LIMIT, SECRET, TOKEN, WORLD, Answer, Generator, send

ROOMS = (uploads, containers, leaks, fetches)
ATTACKS: dict[str, Generator] = {
    f"{room.__name__.rpartition('.')[2]}.{name}": make for room in ROOMS for name, make in room.ATTACKS.items()
}
PIN = "24680135"


@dataclass(frozen=True)
class Service:
    port: int
    folder: Path
    inside: Servers


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """The world's CA, TSA and one key, in files, at the addresses in its certificates; the clock stands still."""
    folder = tmp_path_factory.mktemp("dich-vu")
    (folder / "pin").write_text(PIN, encoding="utf-8")
    (folder / "pin").chmod(0o600)
    (folder / "root.crl").write_bytes(WORLD.crl(AT, WORLD.root_signer))
    (folder / "root.crt").write_text(WORLD.root.pem(), encoding="utf-8")
    settings = Settings(
        folder=folder,
        host="127.0.0.1",
        port=0,
        url=BASE_URL,
        database=f"sqlite:///{folder}/kyso.db",
        modules=(),
        credentials=(CredentialSettings("mem", _key(folder, "mem", WORLD.person_signer).key, folder / "pin"),),
        trust_signing=(folder / "root.crt",),
        trust_timestamping=(folder / "root.crt",),
        ca=CaSettings(
            folder / "root.crt",
            _key(folder, "issuing", WORLD.issuing_signer),
            _key(folder, "ocsp", WORLD.ocsp_signer),
            folder / "root.crl",
        ),
        tsa=TsaSettings(_key(folder, "tsa", WORLD.tsa_signer), POLICY),
        max_document_mb=LIMIT >> 20,
    )
    setup.prepare_database(settings)
    setup.add_api_token(settings, "mot-cua", TOKEN)
    for known in (WORLD.person, WORLD.tsa, WORLD.ocsp):
        setup.register_certificate(settings, known, WORLD.issuing)
    with servers() as inside, serve_here(settings, lambda: AT) as url:
        yield Service(int(url.rpartition(":")[2]), folder, inside)


def _key(folder: Path, name: str, signer: SoftwareSigner) -> KeySettings:
    create_keystore(folder / f"{name}.p12", signer.private_key, signer.chain.certificates[:2], PIN)
    (folder / f"{name}.crt").write_text(signer.certificate.pem(), encoding="utf-8")
    return KeySettings(folder / f"{name}.crt", f"file:{folder}/{name}.p12", folder / "pin")


@pytest.mark.parametrize("name", list(ATTACKS))
def test_it_is_refused_and_nothing_is_told_logged_or_asked(
    name: str, service: Service, caplog: pytest.LogCaptureFixture
) -> None:
    attack = ATTACKS[name](service.inside.inner)
    with caplog.at_level(logging.INFO):
        answer = send(service.port, attack.request)
    assert answer.status == attack.status, answer.text
    assert any(word in answer.text for word in attack.word.split("|")), answer.text
    assert _verdict(answer) != "passed"
    _tells_nothing(answer, service)
    for record in caplog.records:
        if record.name == "uvicorn.access":
            continue  # turned off (`run`); pytest hears it all the same
        line = record.getMessage()
        assert not any(word in line for word in (SECRET, TOKEN, CONTENT))
        assert record.name != "kyso.error" or record.exc_info is None, record.exc_text  # nothing came unforeseen
        if record.name == "kyso.access":
            assert "\n" not in line
            assert len(line) < 1000
            assert json.loads(line)["path"]
    assert service.inside.inner_asked == []


@pytest.mark.parametrize("name", list(ATTACKS))
def test_the_twin_is_served(name: str, service: Service) -> None:
    answer = send(service.port, ATTACKS[name](service.inside.inner).twin)
    assert answer.status == 200, answer.text
    assert _verdict(answer) in (None, "passed"), answer.text


def _verdict(answer: Answer) -> str | None:
    """That of the whole document; attachments have their own."""
    if '"verdict"' not in answer.text:
        return None
    return str(json.loads(answer.text)["verdict"])


def _tells_nothing(answer: Answer, service: Service) -> None:
    whole = answer.headers + answer.text
    for word in (SECRET, TOKEN, PIN, str(service.folder), "Traceback", "site-packages", "sqlite", ".p12", "root:"):
        assert word not in whole
    assert re.search(r"\b[\w/]+\.py\b", whole) is None
    assert "x-injected" not in answer.headers.lower()
