"""A run that was ended with kill -9 leaves no litter for good."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from .conftest import Province

KEY = "pkcs11:token=kyso-tinh-mau;object=nguyen-van-mau"
KILLED = """
import os, sys
from kyso.disk import Beside
with Beside(sys.argv[1]) as beside:
    beside.append([b"half of it"])
    os.kill(os.getpid(), 9)
"""


def test_the_next_run_removes_what_a_killed_one_left_and_says_so(province: Province, desk: Path) -> None:
    done = subprocess.run([sys.executable, "-c", KILLED, str(desk / "x.pdf")], env=province.environ, check=False)
    assert done.returncode == -9
    foreign = desk / ".kyso-0badcafe-17-00c0ffee.part"
    foreign.write_bytes(b"half of it")
    os.utime(foreign, (foreign.stat().st_mtime - 3600,) * 2)
    assert len(list(desk.glob(".kyso-*.part"))) == 2
    signed = province.kyso(
        "sign", "van-ban.pdf", "--key", KEY, "--pin-file", str(province.folder / "secrets" / "token.pin"),
        cwd=desk, KYSO_CONFIG=str(province.folder),
    )  # fmt: skip
    assert signed.returncode == 0, signed.stderr
    assert (
        "Removed from .: unfinished files of a run that was stopped by force (.kyso-….part), 1 in all."
        in signed.stderr
    )
    assert f"{foreign.name} is unfinished" in signed.stderr
    assert list(desk.glob(".kyso-*.part")) == [foreign]
