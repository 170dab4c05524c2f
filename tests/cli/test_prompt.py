"""The PIN at a terminal: asked for once, in the user's language, never shown."""

from __future__ import annotations

import os
import select
import subprocess
import time
from pathlib import Path

import pytest

from .conftest import Province

pty = pytest.importorskip("pty", reason="Windows has no terminal that a test could type at")
KEY = "pkcs11:token=kyso-tinh-mau;object=nguyen-van-mau"


def at_a_terminal(province: Province, desk: Path, typed: str, *arguments: str) -> tuple[int, str]:
    """Runs `kyso` at a terminal of its own, types when it asks; the exit code and everything shown."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        ["setsid", "-c", "kyso", *arguments],
        cwd=desk,
        env=province.environ | {"KYSO_CONFIG": str(province.folder), "TERM": "dumb"},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    seen = b""
    until = time.monotonic() + 30
    while time.monotonic() < until:
        if select.select([ours], [], [], 0.2)[0]:
            try:
                part = os.read(ours, 4096)
            except OSError:  # Linux: the other end is closed
                break
            if not part:
                break
            seen += part
            if seen.rstrip(b" ").endswith(b":") and b"tinh-mau" in seen and typed:
                os.write(ours, typed.encode() + b"\n")
                typed = ""
    os.close(ours)
    return process.wait(timeout=30), seen.decode()


@pytest.mark.parametrize(
    ("language", "question"),
    [("vi", "Mã PIN của thiết bị kyso-tinh-mau"), ("en", "PIN of token kyso-tinh-mau")],
)
def test_the_pin_is_asked_for_once_and_not_shown(
    province: Province, desk: Path, language: str, question: str
) -> None:
    pin = (province.folder / "secrets" / "token.pin").read_text(encoding="utf-8").strip()
    (desk / "b.pdf").write_bytes((desk / "van-ban.pdf").read_bytes())
    code, seen = at_a_terminal(province, desk, pin, "sign", "van-ban.pdf", "b.pdf", "--key", KEY, "--lang", language)
    assert code == 0, seen
    assert seen.count(question) == 1
    assert pin not in seen
    assert (desk / "van-ban.signed.pdf").exists()
    assert (desk / "b.signed.pdf").exists()


def test_a_signed_document_is_not_written_to_a_terminal(province: Province, desk: Path) -> None:
    code, seen = at_a_terminal(province, desk, "", "sign", "van-ban.pdf", "-o", "-", "--key", KEY)
    assert code == 2
    assert "not written to the screen" in seen
