"""A disk that fills up in the middle of a batch: a real small disk (tmpfs), seen by the command alone."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from .conftest import Province

_SMALL_DISK = 'mkdir disk && mount -t tmpfs -o size=%s tmpfs disk && cp van-ban.pdf disk/ && cd disk && eval "$TYPED"'
_COPIES = "mv van-ban.pdf a.pdf && cp a.pdf b.pdf && cp a.pdf c.pdf"


def on_a_small_disk(desk: Path, province: Province, size: str, typed: str) -> list[str]:
    """What is seen when `typed` runs in a folder on a disk of `size`."""
    given = {
        "KEY": "pkcs11:token=kyso-tinh-mau;object=nguyen-van-mau",
        "PIN": str(province.folder / "secrets" / "token.pin"),
        "KYSO_CONFIG": str(province.folder),
        "TYPED": typed,
    }
    done = subprocess.run(
        ["unshare", "--map-root-user", "--mount", "sh", "-c", _SMALL_DISK % size],
        cwd=desk,
        env=province.environ | given,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=120,
        check=False,
        encoding="utf-8",
    )
    if "unshare failed" in done.stdout or "permission denied" in done.stdout:
        pytest.skip(f"this machine lets nobody make a small disk: {done.stdout.strip()}")
    return done.stdout.splitlines()


def test_it_stops_the_batch_says_what_is_left_and_resume_goes_on(server: Province, desk: Path) -> None:
    sign = 'kyso sign a.pdf b.pdf c.pdf --key "$KEY" --pin-file "$PIN"'
    typed = f"{_COPIES}; {sign}; echo exit $?; ls -A; {sign} --resume --json | grep code; mount -o remount,size=1m .;"
    seen = on_a_small_disk(desk, server, "260k", f"{typed} {sign} --resume; echo exit $?; ls -A")
    assert seen == [
        "[1/3] Signed: a.pdf → a.signed.pdf",
        "[2/3] Not signed: b.pdf: The disk is full: b.signed.pdf was not written.",
        "  Remedy: Free some space, or write to another disk with -o.",
        "[3/3] Not signed: c.pdf: stopped.",
        "Signed 1 of 3 files.",
        "Stopped; not signed yet: 2. Once the cause is gone, run the same command with --resume to sign the rest.",
        "exit 74",
        *("a.pdf", "a.signed.pdf", "b.pdf", "c.pdf"),
        '        "code": "os",',
        "[1/3] Signed before: a.pdf → a.signed.pdf",
        "[2/3] Signed: b.pdf → b.signed.pdf",
        "[3/3] Signed: c.pdf → c.signed.pdf",
        "Signed 3 of 3 files.",
        "exit 0",
        *("a.pdf", "a.signed.pdf", "b.pdf", "b.signed.pdf", "c.pdf", "c.signed.pdf"),
    ]


def test_it_stops_a_batch_of_extensions_too(server: Province, desk: Path) -> None:
    sign = 'kyso sign van-ban.pdf --key "$KEY" --pin-file "$PIN" -o a.pdf && rm van-ban.pdf && cp a.pdf b.pdf'
    seen = on_a_small_disk(desk, server, "250k", f"{sign}; kyso timestamp a.pdf b.pdf; echo exit $?; ls -A")
    assert seen[1:] == [
        "Extended: a.pdf → a.timestamped.pdf",
        "Not extended: b.pdf: The disk is full: b.timestamped.pdf was not written.",
        "  Remedy: Free some space, or write to another disk with -o.",
        "exit 74",
        *("a.pdf", "a.timestamped.pdf", "b.pdf"),
    ]
