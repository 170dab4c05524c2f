"""A province for the session, made by the real `kyso quickstart`, and its server on loopback."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
import time
import tomllib
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, pkcs12
from cryptography.x509.oid import NameOID

from tests.documents.makers.stamps import seal_png, signature_png
from tests.pki.pdf.lint.cases import clicked

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = ROOT / "tests" / "documents"
PACKAGES = [str(ROOT / name) for name in ("pki", "hsm", "sdk", "server", "cli")]
START_TIMEOUT_S = 30
KEPT = frozenset(
    {"HOME", "TMPDIR", "LD_LIBRARY_PATH", "SYSTEMROOT", "COMSPEC", "PATHEXT", "TEMP", "TMP", "USERPROFILE", "APPDATA"}
)
"""Of the environment of who runs the tests: where its home is, and what its system needs to start anything."""
FREE_TEMPLATE = """
title = "Phiếu tiếp nhận"
[settings]
code = "HS-2026-000123"
[place]
corner = "bottom-right"
x = 10
y = 10
[[qr]]
text = "https://dichvucong.example.vn/{code}"
size = 22
[[text]]
text = "Mã hồ sơ\\n{code}"
x = 23
y = 7
[[image]]
source = "dau.png"
y = 0
x = 60
width = 18
height = 18
"""


@dataclass(frozen=True)
class Province:
    folder: Path
    environ: dict[str, str]
    """For subprocesses: `kyso` on PATH, English, no settings of the person who runs the tests."""

    @property
    def url(self) -> str:
        url: str = tomllib.loads((self.folder / "kyso.toml").read_text("utf-8"))["server"]["url"]
        return url

    def kyso(self, *arguments: str, cwd: Path | None = None, **more: str) -> subprocess.CompletedProcess[str]:
        """Runs `kyso` as a person would, without a terminal."""
        return run_kyso(self.environ | more, *arguments, cwd=cwd or self.folder)


def program(environ: dict[str, str]) -> str:
    """The `kyso` that this environment would start: Windows looks for it on the PATH of who starts it, and only for
    what is called `.exe` where no ending is named."""
    return shutil.which("kyso", path=environ["PATH"]) or "kyso"


def run_kyso(environ: dict[str, str], *arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [program(environ), *arguments],
        cwd=cwd,
        env=environ,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        check=False,
        start_new_session=True,
    )


@pytest.fixture(scope="session")
def environ(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A clean environment in which `kyso` runs this source tree with this Python."""
    bin_folder = tmp_path_factory.mktemp("bin")
    if sys.platform == "win32":
        (bin_folder / "kyso.cmd").write_text(f'@"{sys.executable}" -m kyso_cli %*\r\n', "utf-8", newline="")
    else:
        (bin_folder / "kyso").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m kyso_cli "$@"\n', "utf-8")
        (bin_folder / "kyso").chmod(0o755)
    kept = {k: v for k, v in os.environ.items() if k.upper() in KEPT}
    path = os.pathsep.join([str(bin_folder), os.environ["PATH"]])
    ours = {"LC_ALL": "C.UTF-8", "KYSO_LANG": "en", "KYSO_STATE": str(tmp_path_factory.mktemp("state"))}
    ours["KYSO_TRUST_STORE"] = str(tmp_path_factory.mktemp("trust"))
    return kept | ours | {"PATH": path, "PYTHONPATH": os.pathsep.join(PACKAGES)}


@pytest.fixture(scope="session")
def province(tmp_path_factory: pytest.TempPathFactory, environ: dict[str, str]) -> Province:
    """A province with SoftHSM2 tokens, not serving."""
    folder = tmp_path_factory.mktemp("province") / "tinh-mau"
    done = run_kyso(environ, "quickstart", str(folder), "--no-serve", "--port", "0", cwd=folder.parent)
    assert done.returncode == 0, done.stdout + done.stderr
    if sys.platform == "win32" and "SoftHSM2 tokens" not in done.stdout:
        pytest.skip("the province of these tests has tokens, and SoftHSM2 is not there on Windows")
    assert "SoftHSM2 tokens kyso-tinh-mau, kyso-ca" in done.stdout, "SoftHSM2 is needed: apt-get install softhsm2"
    return Province(folder, environ)


@pytest.fixture(scope="session")
def server(province: Province) -> Iterator[Province]:
    """The same province with its server running."""
    with (province.folder / "server.log").open("wb") as log:
        process = subprocess.Popen(
            [program(province.environ), "serve"],
            cwd=province.folder,
            env=province.environ,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
    try:
        _wait_until_ready(province, process)
        yield province
    finally:
        process.terminate()
        process.wait(timeout=START_TIMEOUT_S)


def _wait_until_ready(province: Province, process: subprocess.Popen[bytes]) -> None:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    until = time.monotonic() + START_TIMEOUT_S
    while True:
        assert process.poll() is None, (province.folder / "server.log").read_text("utf-8")
        try:
            with opener.open(province.url + "/readyz", timeout=5) as answer:
                assert answer.status == 200
                return
        except OSError:
            assert time.monotonic() < until, "the server did not answer in time"
            time.sleep(0.1)


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    """A folder with documents to sign, apart from the province, and a key whose certificate has expired."""
    shutil.copy(DOCUMENTS / "cong-van.pdf", tmp_path / "van-ban.pdf")
    shutil.copy(DOCUMENTS / "hoa-don.xml", tmp_path / "hoa-don.xml")
    shutil.copy(DOCUMENTS / "da-ky.pdf", tmp_path / "da-ky.pdf")
    shutil.copytree(DOCUMENTS / "bad", tmp_path / "bad")
    (tmp_path / "chu-ky.png").write_bytes(signature_png())
    (tmp_path / "dau.png").write_bytes(seal_png())
    (tmp_path / "mau-rieng.toml").write_text(FREE_TEMPLATE, "utf-8")
    (tmp_path / "co-ma.pdf").write_bytes(clicked(b"/S/JavaScript/JS(app.alert)"))
    (tmp_path / "co-lien-ket.pdf").write_bytes(clicked(b"/S/URI/URI(http://mau.example)"))
    (tmp_path / "expired.p12").write_bytes(_expired_key())
    for name, text in (("secret", "mat-khau"), ("wrong", "00000000")):
        (tmp_path / name).write_text(text + "\n", "utf-8")
        (tmp_path / name).chmod(0o600)
    return tmp_path


@cache
def _expired_key() -> bytes:
    """A PKCS#12 file (password `mat-khau`) whose certificate ended yesterday, written with cryptography alone."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Nguyễn Văn Mẫu")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=30))
        .not_valid_after(now - timedelta(days=1))
        .sign(key, SHA256())
    )
    return pkcs12.serialize_key_and_certificates(
        b"expired", key, certificate, None, BestAvailableEncryption(b"mat-khau")
    )


def only_owner_reads(path: Path) -> bool:
    return not path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO)
