"""A SoftHSM2 folder with tokens in it, made and judged with the programs of others (softhsm2-util, pkcs11-tool)."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, load_der_public_key
from cryptography.x509.oid import NameOID

from kyso_hsm.opening import Module
from kyso_pki.x509.certificate import Certificate

LIBRARIES = (
    "/usr/lib/softhsm/libsofthsm2.so",
    "/usr/lib64/pkcs11/libsofthsm2.so",
    "/opt/homebrew/lib/softhsm/libsofthsm2.so",
)
SPIES = ("/usr/lib/x86_64-linux-gnu/pkcs11-spy.so", "/usr/lib/aarch64-linux-gnu/pkcs11-spy.so")

LABEL = "kyso tỉnh Mẫu"
PIN = "pin-4821-đúng"
WRONG_PIN = "pin-1193-sai"
SO_PIN = "so-pin-77310"
RSA, EC, ED = "nguyen-van-mau", "con-dau", "khóa Ed25519"

COUNT_LOW, FINAL_TRY, LOCKED = 0x10000, 0x20000, 0x40000
_FLAGS_ATTRIBUTE = bytes.fromhex("000000008000534b0000000000000002")  # CKA_OS_TOKENFLAGS, kind "unsigned long"

_ROOT_KEY = ec.generate_private_key(ec.SECP256R1())
_ROOT_NAME = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Root CA tỉnh Mẫu")])


def first_that_exists(paths: tuple[str, ...]) -> str:
    found = next((p for p in paths if Path(p).exists()), None)
    assert found, f"none of {', '.join(paths)} is installed (apt-get install softhsm2 opensc)"
    return found


def library() -> str:
    return first_that_exists(LIBRARIES)


def program(name: str, *arguments: str, env: dict[str, str] | None = None) -> bytes:
    """What a program prints; a missing program fails the test."""
    path = shutil.which(name)
    assert path, f"{name} is not installed"
    done = subprocess.run([path, *arguments], capture_output=True, env=env, timeout=60)
    assert done.returncode == 0, (name, arguments, done.stdout, done.stderr)
    return done.stdout


@dataclass(frozen=True)
class SoftHsm:
    folder: Path

    @property
    def conf(self) -> Path:
        return self.folder / "softhsm2.conf"

    @property
    def tokens(self) -> Path:
        return self.folder / "tokens"

    @property
    def module(self) -> Module:
        return Module(library(), {"SOFTHSM2_CONF": str(self.conf)})

    @property
    def uri(self) -> str:
        return f"pkcs11:token={LABEL}"

    def spied(self, log: Path) -> Module:
        """The same library behind OpenSC's pkcs11-spy, which writes every call to `log`."""
        spy = first_that_exists(SPIES)
        env = {"SOFTHSM2_CONF": str(self.conf), "PKCS11SPY": library(), "PKCS11SPY_OUTPUT": str(log)}
        return Module(spy, env)

    def env(self) -> dict[str, str]:
        return {"PATH": "/usr/bin:/bin", "SOFTHSM2_CONF": str(self.conf)}

    def tool(self, *arguments: str, label: str = LABEL) -> bytes:
        return program("pkcs11-tool", "--module", library(), "--token-label", label, *arguments, env=self.env())

    def tool_in(self, *arguments: str, label: str = LABEL) -> bytes:
        """The same, logged in."""
        return self.tool("--login", "--pin", PIN, *arguments, label=label)

    def init(self, label: str) -> None:
        program(
            "softhsm2-util",
            "--init-token",
            "--free",
            "--label",
            label,
            "--so-pin",
            SO_PIN,
            "--pin",
            PIN,
            env=self.env(),
        )

    def set_flags(self, flags: int) -> None:
        """Sets the flags that the (only) token reports. SoftHSM itself never locks, so its file is edited."""
        (path,) = self.tokens.glob("*/token.object")
        data = bytearray(path.read_bytes())
        at = data.index(_FLAGS_ATTRIBUTE) + len(_FLAGS_ATTRIBUTE)
        value = int.from_bytes(data[at : at + 8], "big") & ~(COUNT_LOW | FINAL_TRY | LOCKED) | flags
        data[at : at + 8] = value.to_bytes(8, "big")
        data[:8] = (int.from_bytes(data[:8], "big") + 1).to_bytes(8, "big")  # the generation: others read it again
        path.write_bytes(data)

    def public_key(self, label: str) -> rsa.RSAPublicKey | ec.EllipticCurvePublicKey:
        """As pkcs11-tool reads it (it writes Ed25519 in a form of its own)."""
        key = load_der_public_key(self.tool("--read-object", "--type", "pubkey", "--label", label))
        assert isinstance(key, (rsa.RSAPublicKey, ec.EllipticCurvePublicKey))
        return key


def empty(folder: Path) -> SoftHsm:
    hsm = SoftHsm(folder)
    hsm.tokens.mkdir(parents=True)
    write_conf(hsm)
    return hsm


def write_conf(hsm: SoftHsm) -> None:
    hsm.conf.write_text(
        f"directories.tokendir = {hsm.tokens}\nobjectstore.backend = file\nlog.level = ERROR\n", encoding="utf-8"
    )


def copy_of(hsm: SoftHsm, folder: Path) -> SoftHsm:
    """A copy that a test may break."""
    shutil.copytree(hsm.folder, folder)
    copy = SoftHsm(folder)
    write_conf(copy)
    return copy


@cache
def root() -> Certificate:
    return certificate(_ROOT_KEY.public_key(), _ROOT_NAME, ca=True)


def certificate(
    key: CertificatePublicKeyTypes, name: x509.Name | str, *, ca: bool = False, days_ago: int = 1
) -> Certificate:
    """A certificate for `key`, issued by the root of these tests."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]) if isinstance(name, str) else name
    start = datetime.now(UTC).replace(microsecond=0) - timedelta(days=days_ago)
    built = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(_ROOT_NAME)
        .public_key(key)
        .serial_number(1 if ca else x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + timedelta(days=365))
        .add_extension(x509.BasicConstraints(ca, None), critical=True)
        .sign(_ROOT_KEY, hashes.SHA256())
    )
    return Certificate.from_der(built.public_bytes(Encoding.DER))
