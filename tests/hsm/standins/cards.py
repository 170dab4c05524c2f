"""Virtual smart cards in a real PC/SC daemon, read by OpenSC: cards that can be pulled, swapped, slowed and blocked.

`CardReaders` is the daemon with two readers; `Cac` and `OpenPgp` are cards. Everything outside the daemon's own
network goes through its socket, as with a real reader.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import sys
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import load_der_public_key
from cryptography.x509 import load_pem_x509_certificate

from kyso_hsm.opening import Module

from . import program
from .program import FOLDER, Program, StandInFailed, file_of, forbidden, missing, run, start, status, until

ROOT = FOLDER.parents[2]
OPENSC = (
    "/usr/lib/x86_64-linux-gnu/pkcs11/opensc-pkcs11.so",
    "/usr/lib/aarch64-linux-gnu/pkcs11/opensc-pkcs11.so",
    "/usr/lib64/pkcs11/opensc-pkcs11.so",
)
PORT = 35963  # vpcd's usual one; in a network of its own nobody else has it
CAC_LABEL, CAC_PIN, CAC_WRONG_PIN = "CAC tỉnh Mẫu", "73194826", "11111111"
PGP_SIGNING, PGP_PIN, PGP_WRONG_PIN, PGP_ADMIN = "OpenPGP card (User PIN (sig))", "123456", "654321", "12345678"
PGP_NAME = "Nguyễn Văn Mẫu"


class CardReaders:
    """pcscd with two empty readers."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.folder.mkdir(parents=True, exist_ok=True)
        (folder / "opensc.conf").write_text("app default {\n}\n", encoding="utf-8")  # not this machine's settings
        self.module = file_of(OPENSC, "opensc-pkcs11")
        file_of(("/usr/lib/pcsc/drivers/serial/libifdvpcd.so",), "vsmartcard-vpcd")
        shutil.which("pcscd", path=program.plain_environment()["PATH"]) or missing("pcscd", "pcscd")
        self._daemon = self._start()

    def _start(self) -> Program:
        try:
            script = [str(FOLDER / "pcscd.sh"), str(self.folder), str(PORT)]
            return start(["/bin/sh", *script], self.folder / "log", seconds=120)  # in place, it waits for its turn
        except StandInFailed as e:
            if "FORBIDDEN" in str(e):
                forbidden(f"a PC/SC daemon of our own: {e}")
            raise

    @property
    def pid(self) -> int:
        return self._daemon.pid

    @property
    def private(self) -> bool:
        return self._daemon.said == "private"

    @property
    def env(self) -> dict[str, str]:
        """What a client needs to reach this daemon."""
        own = {"PCSCLITE_CSOCK_NAME": str(self.folder / "run" / "pcscd.comm")} if self.private else {}
        return {**own, "OPENSC_CONF": str(self.folder / "opensc.conf")}

    def as_module(self) -> Module:
        return Module(self.module, self.env)

    def kill(self) -> None:
        self._daemon.kill()

    def restart(self) -> None:
        """A new daemon with empty readers at the same socket."""
        self._daemon.stop()
        self._daemon = self._start()

    def stop(self) -> None:
        self._daemon.signal(signal.SIGCONT)
        self._daemon.stop()

    def freeze(self) -> None:
        """The daemon stops answering, as with a reader whose driver hangs."""
        self._daemon.signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._daemon.signal(signal.SIGCONT)

    def present(self) -> list[bool]:
        """Which readers hold a card, as the daemon tells its clients."""
        lines = run("opensc-tool", "--list-readers", env=self.env, package="opensc").splitlines()
        return [line.split()[1] == "Yes" for line in lines if re.match(r"\d+ ", line)]

    def plug(self, reader: int, python: str, *arguments: str, env: dict[str, str] | None = None) -> Program:
        """A card program in this reader, once the daemon sees it."""
        inside = [
            "nsenter",
            "-t",
            str(self.pid),
            *([] if os.geteuid() == 0 else ["-U", "--preserve-credentials"]),
            "-n",
        ]
        command = [*(inside if self.private else []), python, "-m", arguments[0], str(PORT + reader), *arguments[1:]]
        card = start(command, self.folder / "card.log", {"PYTHONPATH": str(ROOT), **(env or {})})
        until(lambda: self.present()[reader : reader + 1] == [True], f"a card in reader {reader}")
        return card

    def tool(self, *arguments: str, fails: bool = False) -> str:
        return run("pkcs11-tool", "--module", self.module, *arguments, env=self.env, package="opensc", fails=fails)


@dataclass
class Card:
    """A card and the reader it belongs to. `pull` and `put_back` are what a person does."""

    readers: CardReaders
    reader: int
    file: Path
    program: Program | None = None

    @property
    def running(self) -> bool:
        return self.program is not None and self.program.running

    def pull(self) -> None:
        """The card is out, and the daemon knows."""
        if self.program is not None:
            self.program.stop()
            self.program = None
        until(lambda: self.readers.present()[self.reader : self.reader + 1] == [False], "the card is out")

    def snatch(self) -> None:
        """The card is out; nobody waits for the daemon to notice."""
        if self.program is not None:
            self.program.kill()
            self.program = None

    def stop(self) -> None:
        if self.program is not None:
            self.program.stop()
            self.program = None


class Cac(Card):
    """Three RSA keys with certificates; a wrong PIN is CKR_GENERAL_ERROR and never locks."""

    pin, wrong_pin = CAC_PIN, CAC_WRONG_PIN

    def put_back(self) -> None:
        self.program = self.readers.plug(
            self.reader, sys.executable, "tests.hsm.standins.card_cac", str(self.file), "cert1", "cert2", "cert3"
        )


class OpenPgp(Card):
    """One signing key with a counter of tries that is kept in the card's file, and that locks at zero."""

    pin, wrong_pin = PGP_PIN, PGP_WRONG_PIN
    delay_s = 0.0

    def put_back(self) -> None:
        self.program = self.readers.plug(
            self.reader,
            card_python(),
            "tests.hsm.standins.card_openpgp",
            str(self.file),
            env={"APDU_DELAY_S": str(self.delay_s)},
        )

    @property
    def tries_left(self) -> int:
        """Of the user PIN, as the card's status bytes say (OpenPGP card 3.4, DO C4)."""
        text = run("pkcs15-tool", "--reader", str(self.reader), "--list-pins", env=self.readers.env)
        (left,) = set(re.findall(r"User PIN.*?Tries left\s*:\s*(\d+)", text.split("[Admin")[0], re.DOTALL))
        return int(left)

    def public_key(self) -> rsa.RSAPublicKey:
        key = load_der_public_key(
            bytes(_read_key(self.readers, self.reader)),
        )
        assert isinstance(key, rsa.RSAPublicKey)
        return key


def _read_key(readers: CardReaders, reader: int) -> bytes:
    file = readers.folder / "public.der"
    run(
        "pkcs11-tool", "--module", readers.module, "--token-label", PGP_SIGNING, "--read-object", "--type", "pubkey",
        "--id", "01", "--output-file", str(file), env=readers.env,
    )  # fmt: skip
    return file.read_bytes()


def card_python() -> str:
    """The Python that has smartcard-app-openpgp, apart from the project's (GPLv3, and a clash of names)."""
    python = ROOT / ".venv-cards" / "bin" / "python"
    return str(python) if python.exists() else missing("smartcard-app-openpgp", "python3-venv")


def make_cac_database(folder: Path) -> Path:
    """An NSS database with three keys and certificates; its password is the card's PIN."""
    folder.mkdir()
    file_of(("/usr/lib/x86_64-linux-gnu/libcacard.so.0", "/usr/lib/aarch64-linux-gnu/libcacard.so.0"), "libcacard0")
    (folder / "pin").write_text(CAC_PIN, encoding="utf-8")
    (folder / "noise").write_bytes(os.urandom(2048))
    database = ("-d", f"sql:{folder}", "-f", str(folder / "pin"))
    run("certutil", "-N", *database, package="libnss3-tools")
    for number in "123":
        name = f"CN={CAC_LABEL if number == '1' else f'Khóa {number}'},C=VN"
        run(
            "certutil", "-S", *database, "-z", str(folder / "noise"), "-n", f"cert{number}", "-s", name, "-x",
            "-t", "CTu,CTu,CTu", "-v", "12", "-g", "2048", "-m", number, "--keyUsage", "digitalSignature",
        )  # fmt: skip
    return folder


def certificates_in(database: Path) -> list[rsa.RSAPublicKey]:
    """The public keys of a CAC's certificates, as certutil shows them."""
    keys = []
    for number in "123":
        text = run("certutil", "-L", "-d", f"sql:{database}", "-n", f"cert{number}", "-a")
        key = load_pem_x509_certificate(text.encode()).public_key()
        assert isinstance(key, rsa.RSAPublicKey)
        keys.append(key)
    return keys


def personalise(card: OpenPgp) -> None:
    """What an issuer does with a blank card: a key made on it. (OpenSC files certificates under another slot.)"""
    command = ("openpgp-tool", "--reader", str(card.reader), "--verify", "CHV3", "--pin", PGP_ADMIN)

    def made() -> bool:  # the card makes its keys in advance, and refuses while none is ready
        code, _ = status(*command, "--gen-key", "1", "--key-type", "rsa2048", env=card.readers.env, package="opensc")
        return code == 0

    until(made, "a key was made on the card", 30.0)
