"""NSS softokn (Firefox's and Chrome's key store) as a token, through p11-kit."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509 import load_pem_x509_certificate

from kyso_hsm.opening import Module

from .nethsm import Server, client_of
from .program import FOLDER, file_of, run, start

LIBRARY = (
    "/usr/lib/x86_64-linux-gnu/libsoftokn3.so",
    "/usr/lib/aarch64-linux-gnu/libsoftokn3.so",
    "/usr/lib64/libsoftokn3.so",
)
LABEL, PIN, WRONG_PIN = "NSS Certificate DB", "mật khẩu 3107", "mật khẩu 9999"


class Softokn:
    """An NSS database with an RSA and a P-256 key, both with certificates. Softokn runs as `nobody` under root."""

    def __init__(self) -> None:
        # Not in pytest's folder, which only its owner may enter.
        self.folder = Path(tempfile.mkdtemp(prefix="kyso-nss-"))
        self.folder.chmod(0o755)
        try:
            self._make_database(self.folder / "nss")
            script = [str(FOLDER / "softokn.sh"), str(self.folder), file_of(LIBRARY, "libnss3")]
            self.server = Server(start(["/bin/sh", *script], self.folder / "log"), self.folder / "server.sock")
        except BaseException:
            shutil.rmtree(self.folder)
            raise

    def _make_database(self, folder: Path) -> None:
        folder.mkdir()
        (folder / "pin").write_text(PIN, encoding="utf-8")
        (folder / "noise").write_bytes(os.urandom(2048))
        database = ("-d", f"sql:{folder}", "-f", str(folder / "pin"))
        run("certutil", "-N", *database, package="libnss3-tools")
        kinds = (("rsa", ("-k", "rsa", "-g", "2048")), ("ec", ("-k", "ec", "-q", "nistp256")))
        for number, (nickname, kind) in enumerate(kinds, 1):
            run(
                "certutil", "-S", *database, "-z", str(folder / "noise"), "-n", nickname, "-x", *kind,
                "-s", f"CN=NSS {nickname},C=VN", "-t", "CTu,CTu,CTu", "-v", "12", "-m", str(number),
            )  # fmt: skip

    def as_module(self) -> Module:
        return client_of(self.server.socket)

    def public_key(self, nickname: str) -> rsa.RSAPublicKey | ec.EllipticCurvePublicKey:
        text = run("certutil", "-L", "-d", f"sql:{self.folder / 'nss'}", "-n", nickname, "-a")
        key = load_pem_x509_certificate(text.encode()).public_key()
        assert isinstance(key, (rsa.RSAPublicKey, ec.EllipticCurvePublicKey))
        return key

    def stop(self) -> None:
        self.server.stop()
        shutil.rmtree(self.folder)
