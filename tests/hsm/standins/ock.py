"""openCryptoki's software token: the one that counts and locks by the book, through p11-kit's remoting.

A PIN is counted by the token, wherever the caller sits, so what a lock test sees is openCryptoki's own doing.
"""

from __future__ import annotations

from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import load_der_public_key

from kyso_hsm.opening import Module

from .nethsm import Server, client_of
from .program import FOLDER, StandInFailed, file_of, forbidden, run, start

LIBRARY = (
    "/usr/lib/x86_64-linux-gnu/pkcs11/libopencryptoki.so",
    "/usr/lib/aarch64-linux-gnu/pkcs11/libopencryptoki.so",
    "/usr/lib64/pkcs11/libopencryptoki.so",
)
LABEL, PIN, WRONG_PIN, SO_PIN = "kyso ock", "1234", "9999", "76543210"


class OpenCryptoki:
    """A fresh token with one RSA key and no certificate."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        file_of(("/usr/sbin/pkcsslotd",), "opencryptoki")
        script = [str(FOLDER / "ock.sh"), str(folder), file_of(LIBRARY, "opencryptoki")]
        try:
            program = start(["/bin/sh", *script], folder / "log")
        except StandInFailed as e:
            if "FORBIDDEN" in str(e):
                forbidden(f"openCryptoki needs root and namespaces of its own: {e}")
            raise
        self.server = Server(program, folder / "server.sock")

    def as_module(self) -> Module:
        return client_of(self.server.socket)

    def tool(self, *arguments: str, fails: bool = False) -> str:
        module = self.as_module()
        return run(
            "pkcs11-tool", "--module", module.path, "--token-label", LABEL, *arguments, env=module.env, fails=fails
        )

    def wrong_login(self) -> None:
        """One try is used up by somebody else."""
        self.tool("--login", "--pin", WRONG_PIN, "--list-objects", fails=True)

    def unlock(self) -> None:
        """What the office that issued the token does."""
        self.tool("--login", "--login-type", "so", "--so-pin", SO_PIN, "--init-pin", "--new-pin", PIN)

    @property
    def flags(self) -> str:
        """The line of flags that pkcs11-tool shows."""
        lines = self.tool("--list-slots").splitlines()
        return next(line.split(":", 1)[1].strip() for line in lines if "token flags" in line)

    def public_key(self) -> rsa.RSAPublicKey:
        file = self.folder / "public.der"
        self.tool("--read-object", "--type", "pubkey", "--label", "rsa", "--output-file", str(file))
        key = load_der_public_key(file.read_bytes())
        assert isinstance(key, rsa.RSAPublicKey)
        return key

    def stop(self) -> None:
        self.server.stop()
