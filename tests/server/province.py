"""A small province in a folder, made with kyso's own parts: SoftHSM tokens, a CA, a TSA, credentials, a kyso.toml.

`build(folder, port)` takes some seconds; `serve(province)` runs the server as a process of its own.
"""

from __future__ import annotations

import os
import secrets
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx2
import uvicorn
from cryptography import x509

from kyso_hsm.opening import KeyKind, Module, generate_key, import_certificate, init_token, open_key
from kyso_hsm.pool import Pool
from kyso_hsm.soft import create_keystore, new_key
from kyso_pki.authority import profile
from kyso_pki.authority.issue import issue
from kyso_pki.authority.profile import Profile, Subject, Urls
from kyso_pki.authority.revoke import issue_crl
from kyso_pki.signer import SigningKey
from kyso_pki.testing import SoftwareSigningKey
from kyso_pki.x509.certificate import Certificate
from kyso_server import setup
from kyso_server.app import create_app
from kyso_server.settings import Settings, load_settings

MODULE_PATHS = ("/usr/lib/softhsm/libsofthsm2.so", "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so")
SO_PIN, PIN, CA_PIN, OWN_PIN = "11223344", "24680135", "13579246", "97531864"
AGENCY = Subject("Nguyễn Văn Mẫu", "UBND tỉnh Mẫu", ("Sở Thông tin và Truyền thông tỉnh Mẫu",))


@dataclass(frozen=True)
class Province:
    folder: Path
    url: str
    api_token: str
    other_token: str
    root: Certificate
    issuing: Certificate
    certificates: dict[str, Certificate]
    """By credential id."""

    @property
    def settings(self) -> Settings:
        return load_settings(self.folder)

    @property
    def bearer(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.api_token}"}


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return int(s.getsockname()[1])


def _module(folder: Path) -> Module:
    path = next((p for p in MODULE_PATHS if Path(p).exists()), None)
    if path is None:
        raise RuntimeError("SoftHSM2 is not installed: install Debian's softhsm2.")
    tokens = folder / "softhsm" / "tokens"
    tokens.mkdir(parents=True)
    conf = folder / "softhsm" / "softhsm2.conf"
    conf.write_text(
        f"directories.tokendir = {tokens}\nobjectstore.backend = file\nlog.level = ERROR\n", encoding="utf-8"
    )
    return Module(path, {"SOFTHSM2_CONF": str(conf)})


class _Builder:
    def __init__(self, folder: Path, url: str) -> None:
        self.folder = folder
        self.url = url
        self.now = datetime.now(UTC)
        self.module = _module(folder)
        self.pool = Pool()
        for name in ("ca", "secrets", "keys"):
            (folder / name).mkdir()
        self.root_key = new_key("rsa2048")
        self.root_signing = SoftwareSigningKey.of(self.root_key)
        self.root = issue(
            profile.ROOT_CA,
            Subject("Root CA tỉnh Mẫu", "UBND tỉnh Mẫu"),
            self.root_key.public_key(),
            key=self.root_signing,
            issuer=None,
            not_before=self.now - timedelta(days=900),
            not_after=self.now + timedelta(days=3650),
        )
        self.issuing: Certificate | None = None

    def token(self, label: str, pin: str, file: str) -> None:
        init_token(self.module, label, SO_PIN, pin, pool=self.pool)
        secret = self.folder / "secrets" / file
        secret.write_text(pin + "\n", encoding="utf-8")
        secret.chmod(0o600)

    def certify(
        self,
        kind: Profile,
        subject: Subject,
        uri: tuple[str, str],
        pin: str,
        key_kind: KeyKind,
        *,
        issuer: tuple[SigningKey, Certificate],
        days: tuple[int, int] = (-800, 800),
    ) -> Certificate:
        token, label = uri
        public = generate_key(token, pin, label, key_kind, modules=[self.module], pool=self.pool)
        certificate = issue(
            kind,
            subject,
            public,
            key=issuer[0],
            issuer=issuer[1],
            not_before=self.now + timedelta(days=days[0]),
            not_after=self.now + timedelta(days=days[1]),
            urls=_urls(self.url, "root" if issuer[1] == self.root else "issuing"),
        )
        import_certificate(
            f"pkcs11:token={token};object={label}", pin, certificate, modules=[self.module], pool=self.pool
        )
        return certificate

    def write(self, name: str, certificate: Certificate) -> None:
        (self.folder / "ca" / f"{name}.crt").write_text(certificate.pem(), encoding="utf-8")


def _urls(url: str, issuer: str) -> Urls:
    """Where the state of this issuer's certificates is told; the root answers by CRL only."""
    return Urls(
        ocsp=f"{url}/ocsp" if issuer == "issuing" else None,
        crl=f"{url}/crl/{issuer}.crl",
        ca_issuers=f"{url}/ca/{issuer}.crt",
    )


def build(folder: Path, port: int) -> Province:
    """Makes tokens, certificates, database and kyso.toml in an empty folder."""
    url = f"http://127.0.0.1:{port}"
    b = _Builder(folder, url)
    b.token("kyso-ca", CA_PIN, "ca.pin")
    b.token("kyso-tinh-mau", PIN, "token.pin")
    b.token("kyso-rieng", OWN_PIN, "unused.pin")
    root = (b.root_signing, b.root)
    issuing = b.certify(
        profile.ISSUING_CA,
        Subject("CA tỉnh Mẫu", "UBND tỉnh Mẫu"),
        ("kyso-ca", "issuing-ca"),
        CA_PIN,
        "p256",
        issuer=root,
    )
    made: dict[str, Certificate] = {}
    with open_key(
        "pkcs11:token=kyso-ca;object=issuing-ca", secret=lambda _: CA_PIN, modules=[b.module], pool=b.pool
    ) as ca_key:
        by = (ca_key, issuing)
        ocsp = b.certify(
            profile.OCSP_RESPONDER, Subject("OCSP tỉnh Mẫu"), ("kyso-ca", "ocsp"), CA_PIN, "p256", issuer=by
        )
        tsa = b.certify(profile.TSA, Subject("TSA tỉnh Mẫu"), ("kyso-ca", "tsa"), CA_PIN, "rsa2048", issuer=by)
        seal = Subject("Sở Thông tin và Truyền thông tỉnh Mẫu", "UBND tỉnh Mẫu")
        people: list[tuple[str, Profile, Subject, str, str, KeyKind, tuple[int, int]]] = [
            ("nguyen-van-mau", profile.PERSON, AGENCY, "kyso-tinh-mau", PIN, "rsa2048", (-700, 700)),
            ("con-dau", profile.AGENCY_SEAL, seal, "kyso-tinh-mau", PIN, "p256", (-700, 700)),
            ("het-han", profile.PERSON, AGENCY, "kyso-tinh-mau", PIN, "p256", (-700, -1)),
            ("thu-hoi", profile.PERSON, AGENCY, "kyso-tinh-mau", PIN, "p256", (-700, 700)),
            ("giu-pin", profile.PERSON, AGENCY, "kyso-rieng", OWN_PIN, "p256", (-700, 700)),
        ]
        for name, kind, subject, token, pin, key_kind, days in people:
            made[name] = b.certify(kind, subject, (token, name), pin, key_kind, issuer=by, days=days)
        soft = new_key("p256")
        made["mem"] = issue(
            profile.AGENCY_SEAL,
            Subject("Phần mềm một cửa tỉnh Mẫu", "UBND tỉnh Mẫu"),
            soft.public_key(),
            key=ca_key,
            issuer=issuing,
            not_before=b.now - timedelta(days=1),
            not_after=b.now + timedelta(days=365),
            urls=_urls(url, "issuing"),
        )
        create_keystore(folder / "keys" / "mem.p12", soft, [made["mem"]], PIN)
    b.pool.close()
    for name, certificate in (("root", b.root), ("issuing", issuing), ("ocsp", ocsp), ("tsa", tsa)):
        b.write(name, certificate)
    crl = issue_crl(b.root_signing, b.root, (), at=b.now, next_update=b.now + timedelta(days=180), number=1)
    (folder / "ca" / "root.crl").write_bytes(crl)
    (folder / "kyso.toml").write_text(_toml(url, port, b.module.path), encoding="utf-8")
    settings = load_settings(folder)
    setup.prepare_database(settings)
    for certificate in (ocsp, tsa, *made.values()):
        setup.register_certificate(settings, certificate, issuing)
    setup.revoke_certificate(
        settings, made["thu-hoi"], issuing, reason="keyCompromise", at=b.now - timedelta(hours=1)
    )
    tokens = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
    setup.add_api_token(settings, "mot-cua", tokens[0])
    setup.add_api_token(settings, "khac", tokens[1])
    return Province(folder, url, *tokens, root=b.root, issuing=issuing, certificates=made)


def _toml(url: str, port: int, module: str) -> str:
    return f"""
[server]
host = "127.0.0.1"
port = {port}
url = "{url}"
max_document_mb = 1
[[modules]]
path = "{module}"
env = {{ SOFTHSM2_CONF = "softhsm/softhsm2.conf" }}
[ca]
root = "ca/root.crt"
root_crl = "ca/root.crl"
issuing = "ca/issuing.crt"
issuing_key = "pkcs11:token=kyso-ca;object=issuing-ca"
issuing_pin_file = "secrets/ca.pin"
ocsp = "ca/ocsp.crt"
ocsp_key = "pkcs11:token=kyso-ca;object=ocsp"
ocsp_pin_file = "secrets/ca.pin"
[tsa]
certificate = "ca/tsa.crt"
key = "pkcs11:token=kyso-ca;object=tsa"
pin_file = "secrets/ca.pin"
policy = "1.3.6.1.4.1.99999.1.1"
[[credentials]]
id = "nguyen-van-mau"
key = "pkcs11:token=kyso-tinh-mau;object=nguyen-van-mau"
pin_file = "secrets/token.pin"
chain = ["ca/issuing.crt"]
multisign = 5
[[credentials]]
id = "con-dau"
key = "pkcs11:token=kyso-tinh-mau;object=con-dau"
pin_file = "secrets/token.pin"
chain = ["ca/issuing.crt"]
[[credentials]]
id = "het-han"
key = "pkcs11:token=kyso-tinh-mau;object=het-han"
pin_file = "secrets/token.pin"
chain = ["ca/issuing.crt"]
[[credentials]]
id = "thu-hoi"
key = "pkcs11:token=kyso-tinh-mau;object=thu-hoi"
pin_file = "secrets/token.pin"
chain = ["ca/issuing.crt"]
[[credentials]]
id = "giu-pin"
key = "pkcs11:token=kyso-rieng;object=giu-pin"
chain = ["ca/issuing.crt"]
[[credentials]]
id = "mem"
key = "file:keys/mem.p12"
pin_file = "secrets/token.pin"
chain = ["ca/issuing.crt"]
[trust]
signing = ["ca/root.crt"]
timestamping = ["ca/root.crt"]
online = true
"""


@contextmanager
def serve(province: Province, environment: Mapping[str, str] | None = None) -> Iterator[subprocess.Popen[bytes]]:
    """The server as a process, answering; stopped with SIGTERM at the end. Its log is `server.log`."""
    code = (
        "import sys; from pathlib import Path; from kyso_server.app import run;"
        "from kyso_server.settings import load_settings; run(load_settings(Path(sys.argv[1])))"
    )
    env = os.environ | {"PYTHONPATH": os.pathsep.join(p for p in sys.path if p)} | dict(environment or {})
    with (province.folder / "server.log").open("ab") as log:
        process = subprocess.Popen([sys.executable, "-c", code, str(province.folder)], env=env, stderr=log)
        try:
            _wait(province.url, process)
            yield process
        finally:
            process.terminate()
            process.wait(20)


def _wait(url: str, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + 30
    while time.monotonic() < end:
        if process.poll() is not None:
            raise RuntimeError(f"The server ended with {process.returncode}.")
        try:
            if httpx2.get(f"{url}/healthz", timeout=2).status_code == 200:
                return
        except httpx2.TransportError:
            time.sleep(0.1)
    raise RuntimeError("The server did not answer within 30 s.")


@contextmanager
def serve_here(settings: Settings, now: Callable[[], datetime]) -> Iterator[str]:
    """The application in a thread of this process, by a clock that the test turns; gives its address."""
    port = free_port()
    app = create_app(replace(settings, port=port), now=now)
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_config=None, access_log=False))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            if not thread.is_alive():
                raise RuntimeError("The server ended before it started.")
            time.sleep(0.02)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(20)


def as_x509(certificate: Certificate) -> x509.Certificate:
    return x509.load_der_x509_certificate(certificate.der)
