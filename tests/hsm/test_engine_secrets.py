"""Where PINs may come from besides files and prompts: pinentry, the system's keyring, systemd's credentials."""

from __future__ import annotations

import os
import pty
import threading
import time
from pathlib import Path

import keyring
import keyring.backend
import keyring.errors
import pytest

from kyso_hsm.opening import open_signer
from kyso_hsm.pin import FromCredential, FromKeyring, SecretRequest
from kyso_hsm.pinentry import Pinentry
from kyso_hsm.pool import Pool
from kyso_pki.errors import PinRequired, UsageError

from .softhsm import EC, LABEL, PIN, SoftHsm

REQUEST = SecretRequest("user-pin", LABEL)


class Keyring(keyring.backend.KeyringBackend):
    """A keyring in memory, as the library lets anybody make one."""

    priority = 1.0

    def __init__(self, entries: dict[tuple[str, str], str], locked: bool = False) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # the library leaves it untyped
        self.entries, self.locked = entries, locked

    def get_password(self, service: str, username: str) -> str | None:
        if self.locked:
            raise keyring.errors.KeyringLocked("locked")
        return self.entries.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.entries[service, username] = password


@pytest.fixture
def system_keyring() -> Keyring:
    found = Keyring({})
    keyring.set_keyring(found)
    return found


def test_a_pin_comes_from_the_systems_keyring(hsm: SoftHsm, pool: Pool, system_keyring: Keyring) -> None:
    system_keyring.set_password("kyso", LABEL, PIN)
    uri = f"{hsm.uri};object={EC}"
    with open_signer(uri, secret=FromKeyring(), modules=[hsm.module], pool=pool) as signer:
        signer.sign([bytes(32)])


def test_a_keyring_without_the_entry_says_how_to_store_it(system_keyring: Keyring) -> None:
    with pytest.raises(PinRequired, match="keyring set kyso"):
        FromKeyring()(REQUEST)


def test_a_locked_keyring_is_an_answer_not_a_crash(system_keyring: Keyring) -> None:
    system_keyring.locked = True
    with pytest.raises(PinRequired, match="KeyringLocked"):
        FromKeyring()(REQUEST)


def test_a_pin_comes_from_a_systemd_credential(
    hsm: SoftHsm, pool: Pool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "token-pin").write_text(PIN + "\n", encoding="utf-8")
    (tmp_path / "token-pin").chmod(0o400)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    uri = f"{hsm.uri};object={EC}"
    with open_signer(uri, secret=FromCredential("token-pin"), modules=[hsm.module], pool=pool) as signer:
        signer.sign([bytes(32)])


def test_a_credential_outside_a_unit_says_what_to_add(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    with pytest.raises(PinRequired, match="LoadCredential=token-pin"):
        FromCredential("token-pin")(REQUEST)


def test_a_credentials_name_is_no_path(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    with pytest.raises(UsageError):
        FromCredential("../other")(REQUEST)


def type_into(master: int, text: bytes) -> tuple[threading.Thread, bytearray]:
    """Types once the window has been drawn; gives what was drawn."""
    shown = bytearray()

    def work() -> None:
        end = time.monotonic() + 10
        while b"PIN" not in shown and time.monotonic() < end:
            shown.extend(os.read(master, 4096))
        os.write(master, text)
        while True:
            try:
                shown.extend(os.read(master, 4096))
            except OSError:
                return

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    return thread, shown


def test_a_pin_is_typed_into_a_real_pinentry(hsm: SoftHsm, pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    """pinentry-curses on a terminal of its own (apt-get install pinentry-curses)."""
    monkeypatch.setenv("TERM", "xterm")
    master, slave = pty.openpty()
    _, shown = type_into(master, PIN.replace("đúng", "%dung").encode() + b"\r")
    source = Pinentry("pinentry-curses", timeout_s=10, terminal=os.ttyname(slave))
    secret = source(SecretRequest("user-pin", "kyso tinh Mau 100%", count_low=True))
    os.close(slave)
    assert secret == PIN.replace("đúng", "%dung")
    assert b"100%" in shown and secret.encode() not in shown
    assert source.interactive


def test_a_cancelled_pinentry_gives_no_pin(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    master, slave = pty.openpty()
    type_into(master, b"\x1b\x1b\x1b")
    with pytest.raises(PinRequired, match="No PIN was typed"):
        Pinentry("pinentry-curses", timeout_s=3, terminal=os.ttyname(slave))(REQUEST)
    os.close(slave)


def test_a_missing_pinentry_names_other_ways() -> None:
    with pytest.raises(PinRequired, match="no pinentry is installed"):
        Pinentry("pinentry-that-nobody-has")(REQUEST)


def test_a_program_that_is_no_pinentry_is_refused() -> None:
    with pytest.raises(PinRequired, match="could not be asked"):
        Pinentry("true")(REQUEST)
