from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from kyso_hsm.pin import FromEnv, FromFd, FromFile, FromText, Prompt, SecretRequest, SecretSource, ask
from kyso_pki.errors import PinRequired, UsageError

REQUEST = SecretRequest("user-pin", "kyso tỉnh Mẫu")
SECRET = "bí-mật-5512"
PROMPT = f"from kyso_hsm.pin import *; print('got', Prompt()({REQUEST!r})[::-1])"


def test_a_file_gives_its_first_line(tmp_path: Path) -> None:
    file = tmp_path / "pin"
    file.write_bytes(f"{SECRET}\r\nsecond line\n".encode())
    file.chmod(0o600)
    assert FromFile(file)(REQUEST) == SECRET


def test_a_file_that_notepad_saved_gives_its_first_line_without_the_mark(tmp_path: Path) -> None:
    """A PIN with U+FEFF before it is a wrong PIN, which costs a try on the token."""
    file = tmp_path / "pin"
    file.write_bytes(b"\xef\xbb\xbf" + f"{SECRET}\r\n".encode())
    file.chmod(0o600)
    assert FromFile(file)(REQUEST) == SECRET


@pytest.mark.parametrize("mode", [0o604, 0o602, 0o644])
def test_a_file_open_to_everybody_is_refused_with_the_remedy(tmp_path: Path, mode: int) -> None:
    file = tmp_path / "pin"
    file.write_text(SECRET, encoding="utf-8")
    file.chmod(mode)
    with pytest.raises(UsageError, match="chmod 600") as e:
        FromFile(file)(REQUEST)
    assert SECRET not in str(e.value)


def test_a_file_shared_with_a_group_is_read(tmp_path: Path) -> None:
    file = tmp_path / "pin"
    file.write_text(SECRET, encoding="utf-8")
    file.chmod(0o640)
    assert FromFile(file)(REQUEST) == SECRET


@pytest.mark.parametrize("content", [b"", b"\nsecond", b"\xff\xfe", b"\xef\xbb\xbf\r\n", b"x" * 5000])
def test_a_file_without_a_usable_first_line_is_refused(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "pin"
    file.write_bytes(content)
    file.chmod(0o600)
    with pytest.raises(PinRequired):
        FromFile(file)(REQUEST)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(PinRequired, match="no-such-pin"):
        FromFile(tmp_path / "no-such-pin")(REQUEST)


def test_a_descriptor_is_read_once_and_kept() -> None:
    end, other = os.pipe()
    os.write(other, f"{SECRET}\n".encode())
    os.close(other)
    source = FromFd(end)
    assert source(REQUEST) == SECRET
    os.close(end)
    assert source(REQUEST) == SECRET


def test_a_closed_descriptor_is_an_error_not_a_crash() -> None:
    end, other = os.pipe()
    os.close(end)
    os.close(other)
    with pytest.raises(PinRequired, match="descriptor"):
        FromFd(end)(REQUEST)


def test_a_variable_that_is_not_set_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PIN_OF_THIS_TEST", raising=False)
    with pytest.raises(PinRequired, match="PIN_OF_THIS_TEST"):
        FromEnv("PIN_OF_THIS_TEST")(REQUEST)
    monkeypatch.setenv("PIN_OF_THIS_TEST", SECRET)
    assert FromEnv("PIN_OF_THIS_TEST")(REQUEST) == SECRET


def test_no_source_shows_its_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIN_OF_THIS_TEST", SECRET)
    end, other = os.pipe()
    os.write(other, SECRET.encode())
    os.close(other)
    fd = FromFd(end)
    fd(REQUEST)
    os.close(end)
    sources: list[SecretSource] = [FromText(SECRET), FromEnv("PIN_OF_THIS_TEST"), fd, Prompt()]
    for source in sources:
        assert SECRET not in f"{source!r} {source}"


@pytest.mark.parametrize("source", [None, FromText(""), FromText("a\0b")])
def test_no_secret_is_never_sent_as_an_empty_one(source: SecretSource | None) -> None:
    with pytest.raises(PinRequired, match="kyso tỉnh Mẫu"):
        ask(source, REQUEST)


def test_a_prompt_without_a_terminal_says_what_to_do() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROMPT],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        start_new_session=True,
    )
    assert done.returncode == 1
    assert "PinRequired" in done.stderr and "descriptor" in done.stderr
    assert done.stdout == ""


def test_a_prompt_at_a_terminal_asks_without_echo() -> None:
    pid, terminal = pty.fork()
    if pid == 0:
        os.execv(sys.executable, [sys.executable, "-c", PROMPT])  # noqa: S606 - the child of pty.fork
    seen = b""
    while b": " not in seen:
        seen += os.read(terminal, 1000)
    os.write(terminal, b"4321\n")
    while b"got" not in seen or not seen.endswith(b"\n"):
        seen += os.read(terminal, 1000)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    os.close(terminal)
    text = seen.decode()
    assert "PIN of token kyso tỉnh Mẫu" in text
    assert "got 1234" in text and "4321" not in text


def test_a_prompt_warns_of_the_last_try() -> None:
    assert "LAST TRY" in SecretRequest("user-pin", "t", final_try=True).words
    assert "before" in SecretRequest("user-pin", "t", count_low=True).words
