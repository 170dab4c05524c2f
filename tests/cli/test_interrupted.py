"""Ctrl-C in a batch: what was signed stays, the rest is named, and the same command with --resume goes on."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

from .conftest import Province, program

KEY = "pkcs11:token=kyso-tinh-mau;object=nguyen-van-mau"
FILES = [f"{n:03}.pdf" for n in range(300)]


@pytest.mark.parametrize("as_json", [False, True])
def test_ctrl_c_says_what_is_done_and_how_to_go_on(province: Province, desk: Path, as_json: bool) -> None:
    folder = desk / "lo"
    folder.mkdir()
    for name in FILES:
        shutil.copy(desk / "van-ban.pdf", folder / name)
    pin = str(province.folder / "secrets" / "token.pin")
    asked = ["sign", *FILES, "--key", KEY, "--pin-file", pin, *(["--json"] if as_json else [])]
    environ = province.environ | {"KYSO_CONFIG": str(province.folder)}
    with subprocess.Popen(
        [program(province.environ), *asked],
        cwd=folder,
        env=environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        start_new_session=True,
    ) as process:
        while not (folder / "000.signed.pdf").exists():
            assert process.poll() is None
            time.sleep(0.001)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    signed = sum((folder / name).with_suffix(".signed.pdf").exists() for name in FILES)
    assert 0 < signed < len(FILES)
    assert "run the same command with --resume" in err or as_json
    assert "Traceback" not in err
    if as_json:
        told = json.loads(out)["files"]
        assert [line["file"] for line in told] == FILES
        assert sum(line["output"] is not None for line in told) in (signed, signed - 1)  # one may be finished, untold
        assert told[-1]["skipped"]
    done = province.kyso(*asked, "--resume", cwd=folder, KYSO_CONFIG=str(province.folder))
    assert done.returncode == 0, done.stderr
    assert all((folder / name).with_suffix(".signed.pdf").exists() for name in FILES)
    assert list(folder.glob(".kyso-*")) == []
