"""Odd files at the command line: a clear word, the right exit code, and never a traceback."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.pki.pdf.encryption.locked import locked
from tests.pki.pdf.samples import BODIES, hybrid_pdf, pike, table_pdf

from .conftest import Province

OK, REFUSED, OPEN = 0, 1, 3
KEY = "pkcs11:token=kyso-tinh-mau;object=nguyen-van-mau"


@dataclass(frozen=True)
class Odd:
    make: Callable[[], bytes]
    sign: int = OK
    preview: int = OK
    repair: int = OK
    verify: int = REFUSED
    words: str = ""
    """What `sign` and `preview` must say where they refuse."""


NO_PAGES = {1: BODIES[1], 2: b"<</Type/Pages/Kids[]/Count 0>>"}
ODD = {
    "linearized": Odd(lambda: pike(linearize=True)),
    "linearized, object streams": Odd(lambda: pike(linearize=True, object_streams=True)),
    "hybrid": Odd(hybrid_pdf),
    "cross-reference streams only": Odd(lambda: pike(object_streams=True)),
    "owner password only": Odd(lambda: locked(6, user="")),
    "owner password only, RC4": Odd(lambda: locked(3, user=""), REFUSED, REFUSED, OK, words="RC4"),
    "user password": Odd(lambda: locked(6, user="dung"), REFUSED, REFUSED, REFUSED, OPEN, "password"),
    "no pages": Odd(lambda: table_pdf(NO_PAGES), REFUSED, REFUSED, OK, words="page"),
    "1 MB before the header": Odd(lambda: bytes(1 << 20) + table_pdf(), REFUSED, REFUSED, REFUSED, words="PDF"),
    "900 bytes before the header": Odd(lambda: b"x" * 900 + table_pdf(), REFUSED, REFUSED, OK, words="PDF"),
    "bytes after the end": Odd(lambda: table_pdf() + b"<html></html>", REFUSED, REFUSED, OK, words="13 bytes follow"),
    "wrong startxref": Odd(
        lambda: re.sub(rb"startxref\n\d+", b"startxref\n7", table_pdf()), REFUSED, REFUSED, OK, words="PDF"
    ),
}
CASES = pytest.mark.parametrize("odd", ODD.values(), ids=ODD)


@pytest.fixture
def typed(server: Province, tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    def run(odd: Odd, *arguments: str) -> subprocess.CompletedProcess[str]:
        path = tmp_path / "la.pdf"
        if not path.exists():
            path.write_bytes(odd.make())
        done = server.kyso(*arguments, cwd=tmp_path, KYSO_CONFIG=str(server.folder))
        assert "Traceback" not in done.stdout + done.stderr
        assert done.returncode != 70, done.stderr
        return done

    return run


Typed = Callable[..., subprocess.CompletedProcess[str]]


@CASES
def test_an_odd_file_is_signed_and_passes_or_is_refused_in_words(
    server: Province, typed: Typed, tmp_path: Path, odd: Odd
) -> None:
    done = typed(odd, "sign", "la.pdf", "--key", KEY, "--pin-file", str(server.folder / "secrets" / "token.pin"))
    assert done.returncode == odd.sign, done.stdout + done.stderr
    if odd.sign:
        assert odd.words in done.stderr, done.stderr
        assert "Remedy: " in done.stderr, done.stderr
        assert not (tmp_path / "la.signed.pdf").exists()
        return
    judged = typed(odd, "verify", "la.signed.pdf")
    assert judged.returncode == OK, judged.stdout + judged.stderr


@CASES
def test_an_odd_file_without_a_signature_is_never_valid(typed: Typed, odd: Odd) -> None:
    done = typed(odd, "verify", "la.pdf")
    assert done.returncode == odd.verify, done.stdout + done.stderr
    assert ("INVALID" if odd.verify == REFUSED else "INDETERMINATE") in done.stdout


@CASES
def test_an_odd_file_is_rewritten_or_refused_in_words(typed: Typed, tmp_path: Path, odd: Odd) -> None:
    done = typed(odd, "repair", "la.pdf", "-o", "lanh.pdf")
    assert done.returncode == odd.repair, done.stdout + done.stderr
    assert (tmp_path / "lanh.pdf").exists() == (odd.repair == OK)
    if odd.repair:
        assert "Remedy: " in done.stderr, done.stderr


@CASES
def test_an_odd_file_is_drawn_or_refused_in_words(typed: Typed, tmp_path: Path, odd: Odd) -> None:
    done = typed(odd, "preview", "la.pdf", "--template", "sao-y", "--signer", "Văn phòng UBND tỉnh Mẫu")
    assert done.returncode == odd.preview, done.stdout + done.stderr
    assert (tmp_path / "la.preview.png").exists() == (odd.preview == OK)
    if odd.preview:
        assert odd.words in done.stderr, done.stderr
