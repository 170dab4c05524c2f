"""What lies in deploy/ works: asked of systemd, of nginx in front of a real server, and of the server itself.

The Containerfile is read and not built: no registry of images is asked by a test.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import socket
import ssl
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx2
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from kyso_pki.tsp import timestamp_request
from kyso_server.settings import load_settings
from tests.server.province import MODULE_PATHS, Province, free_port, serve_here

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
UNITS = ("kyso.service", "kyso-trust-update.service", "kyso-trust-update.timer")
HOST = "ky-so.tinh-mau.example"


# systemd -------------------------------------------------------------------------------------------------------


def _verified(folder: Path, **changes: str) -> subprocess.CompletedProcess[str]:
    """What systemd-analyze says of the units, with a program in place of the one that is not installed here."""
    assert shutil.which("systemd-analyze"), "systemd is not installed: install Debian's systemd."
    for name in UNITS:
        text = (DEPLOY / name).read_text("utf-8").replace("/opt/kyso/bin/kyso", sys.executable)
        for old, new in changes.items():
            text = text.replace(old, new)
        (folder / name).write_text(text, "utf-8")
    command = ["systemd-analyze", "verify", "--man=no", *(str(folder / n) for n in UNITS)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_systemd_understands_every_line_of_the_units(tmp_path: Path) -> None:
    said = _verified(tmp_path)
    assert not [line for line in said.stderr.splitlines() if "kyso" in line], said.stderr
    assert "ProtectSytem" in _verified(tmp_path, ProtectSystem="ProtectSytem").stderr  # it would have told


@pytest.mark.parametrize("name", [n for n in UNITS if n.endswith(".service")])
def test_systemd_finds_little_that_a_broken_in_server_could_reach(name: str) -> None:
    """Of 10 (all of the system) at most 2: `systemd-analyze security`."""
    command = ["systemd-analyze", "security", "--offline=true", "--threshold=20", "--no-pager", str(DEPLOY / name)]
    said = subprocess.run(command, capture_output=True, text=True, check=False)
    assert said.returncode == 0, said.stdout + said.stderr


# nginx ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Proxy:
    port: int
    plain_port: int
    trust: ssl.SSLContext

    def client(self) -> httpx2.Client:
        return httpx2.Client(
            base_url=f"https://{HOST}:{self.port}",
            verify=self.trust,
            trust_env=False,
            transport=_ToLoopback(verify=self.trust, trust_env=False),
            timeout=60,
        )


class _ToLoopback(httpx2.HTTPTransport):
    """Whatever the name, the connection goes to this machine; TLS still asks for the name."""

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        request.extensions["sni_hostname"] = HOST
        request.url = request.url.copy_with(host="127.0.0.1")
        return super().handle_request(request)


@contextmanager
def proxy(folder: Path, upstream: int) -> Iterator[Proxy]:
    """nginx with deploy/nginx.conf, other ports, and a certificate of its own."""
    program = shutil.which("nginx") or "/usr/sbin/nginx"
    assert Path(program).exists(), "nginx is not installed: install Debian's nginx-light."
    certificate = _certificate(folder)
    made = Proxy(free_port(), free_port(), ssl.create_default_context(cadata=certificate))
    text = (DEPLOY / "nginx.conf").read_text("utf-8")
    for old, new in (
        ("listen 443 ssl", f"listen 127.0.0.1:{made.port} ssl"),
        ("listen 80;", f"listen 127.0.0.1:{made.plain_port};"),
        ("127.0.0.1:8790", f"127.0.0.1:{upstream}"),
        ("/etc/nginx/kyso/", f"{folder}/"),
    ):
        assert old in text
        text = text.replace(old, new)
    (folder / "kyso.conf").write_text(text, "utf-8")
    temporary = "".join(
        f"{kind}_temp_path {folder}/{kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    owner = "user root;\n" if os.geteuid() == 0 else ""  # else www-data, who may not look into this folder
    (folder / "nginx.conf").write_text(
        f"{owner}daemon off;\nerror_log {folder}/error.log;\npid {folder}/pid;\nevents {{ }}\n"
        f"http {{\n{temporary}access_log off;\ninclude {folder}/kyso.conf;\n}}\n",
        "utf-8",
    )
    start = [program, "-p", str(folder), "-c", str(folder / "nginx.conf")]
    tested = subprocess.run([*start, "-t"], capture_output=True, text=True, check=False)
    assert tested.returncode == 0, tested.stderr
    running = subprocess.Popen(start, stderr=subprocess.DEVNULL)
    try:
        _wait_for(made.port)
        yield made
    finally:
        running.terminate()
        running.wait(20)


def _certificate(folder: Path) -> str:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, HOST)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now, now + timedelta(1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(HOST)]), critical=False)
        .sign(key, SHA256())
    )
    pem = made.public_bytes(Encoding.PEM)
    (folder / "server.crt").write_bytes(pem)
    (folder / "server.key").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return pem.decode()


def _wait_for(port: int) -> None:
    end = time.monotonic() + 20
    while time.monotonic() < end:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.05)
    raise RuntimeError("nginx did not listen within 20 s.")


def test_the_proxy_takes_a_body_whole_before_the_server_hears_of_it(tmp_path: Path) -> None:
    """What 1,000 slow small bodies need (docs/server.md): none of the server's connections waits for one of them."""
    with socket.create_server(("127.0.0.1", 0)) as upstream, proxy(tmp_path, upstream.getsockname()[1]) as front:
        upstream.settimeout(1)
        with (
            socket.create_connection(("127.0.0.1", front.port), timeout=20) as raw,
            front.trust.wrap_socket(raw, server_hostname=HOST) as slow,
        ):
            slow.sendall(f"POST /v1/verify HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: 6\r\n\r\n%PDF".encode())
            with pytest.raises(TimeoutError):
                upstream.accept()
            slow.sendall(b"-1")
            upstream.settimeout(20)
            connection, _ = upstream.accept()
            with connection:
                seen = b""
                while not seen.endswith(b"%PDF-1"):
                    seen += connection.recv(65536)
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK")
            assert slow.recv(65536).startswith(b"HTTP/1.1 200 ")


@pytest.mark.usefixtures("server")
def test_documents_go_through_the_proxy_by_tls_alone_and_evidence_without(province: Province, tmp_path: Path) -> None:
    document = (ROOT / "tests" / "documents" / "cong-van.pdf").read_bytes()
    with proxy(tmp_path, int(province.url.rsplit(":", 1)[1])) as front, front.client() as client:
        signed = client.post("/v1/sign?credential=con-dau&level=B-T", content=document, headers=province.bearer)
        assert signed.status_code == 200, signed.text
        report = client.post("/v1/verify", content=signed.content, headers=province.bearer).json()
        assert report["signatures"][0]["intact"] == {"references": True, "signature": True}
        assert client.get("/v1/credentials").status_code == 401
        assert [client.get(path).status_code for path in ("/healthz", "/metrics", "/readyz")] == [200, 404, 404]
        plain = f"http://127.0.0.1:{front.plain_port}"
        open_to_all = ("/crl/issuing.crl", "/ca/root.crt")
        assert [httpx2.get(plain + path, trust_env=False).status_code for path in open_to_all] == [200, 200]
        request = timestamp_request(b"\0" * 32, "sha256")
        kind = {"Content-Type": "application/timestamp-query"}
        stamped = httpx2.post(plain + "/tsa", content=request, headers=kind, trust_env=False)
        assert (stamped.status_code, stamped.headers["content-type"]) == (200, "application/timestamp-reply")
        assert httpx2.post(plain + "/v1/verify", content=b"x", headers=province.bearer).status_code == 403


# The server itself ---------------------------------------------------------------------------------------------


def test_a_server_runs_with_the_example_of_its_settings(province: Province, tmp_path: Path) -> None:
    folder = tmp_path / "srv"
    shutil.copytree(province.folder, folder)
    text = (DEPLOY / "kyso.toml").read_text("utf-8")
    module = next(p for p in MODULE_PATHS if Path(p).exists())
    (folder / "kyso.toml").write_text(text.replace("/usr/lib/softhsm/libsofthsm2.so", module), "utf-8")
    settings = load_settings(folder)
    assert all(c.callers for c in settings.credentials)
    assert settings.url.startswith("http://")
    with (
        serve_here(settings, lambda: datetime.now(UTC)) as url,
        httpx2.Client(base_url=url, headers=province.bearer, trust_env=False, timeout=60) as client,
    ):
        assert client.get("/readyz").json()["status"] == "ready"
        assert [c["id"] for c in client.get("/v1/credentials").json()["credentials"]] == ["con-dau"]


def test_the_documents_that_a_proxy_lets_through_are_those_that_the_server_takes() -> None:
    example = tomllib.loads((DEPLOY / "kyso.toml").read_text("utf-8"))["server"]
    limits = re.findall(r"client_max_body_size (\d+)m;", (DEPLOY / "nginx.conf").read_text("utf-8"))
    assert limits == [str(example["max_document_mb"])]
    assert f"server {example['host']}:{example['port']};" in (DEPLOY / "nginx.conf").read_text("utf-8")


def _instructions() -> list[tuple[str, str]]:
    lines = re.sub(r"\\\n", " ", (DEPLOY / "Containerfile").read_text("utf-8")).splitlines()
    split = [line.split(" ", 1) for line in lines if line and not line.startswith("#")]
    return [(word, rest) for word, rest in split]


def test_the_container_is_made_of_what_is_here_and_runs_as_nobody_in_particular() -> None:
    instructions = _instructions()
    last = len(instructions) - 1 - [word for word, _ in reversed(instructions)].index("FROM")
    copied = [shlex.split(rest) for word, rest in instructions if word == "COPY" and "--from" not in rest]
    assert all((ROOT / source).exists() for *sources, _ in copied for source in sources)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    needed = {project["readme"], "LICENSE", "pyproject.toml", "pki", "hsm", "sdk", "server", "cli"}
    assert {source for *sources, _ in copied for source in sources} == needed
    (extras,) = re.findall(r"/src\[([a-z,]+)\]", " ".join(rest for _, rest in instructions))
    assert set(extras.split(",")) <= project["optional-dependencies"].keys()
    users = [rest for word, rest in instructions[last:] if word == "USER"]
    assert users == ["10001:10001"]
    (command,) = [rest for word, rest in instructions if word == "CMD"]
    assert command == '["kyso", "serve"]'
    assert "kyso" in project["scripts"]
