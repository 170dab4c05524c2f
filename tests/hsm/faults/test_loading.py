"""Modules that crash, hang or lie while they are loaded: a line in the list, never its end."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from kyso_hsm.opening import Module, list_keys
from kyso_hsm.pool import Pool
from kyso_pki.errors import TokenTimeout, TokenUnavailable

from ..softhsm import SoftHsm, library
from ..standins.making import Cards, Remote
from ..standins.standin import StandIn
from .deadlines import LIMITS, in_time, signs


def half_installed(folder: Path) -> Path:
    """A library of which the second half is missing, as after an update on a full disk: loading it is a SIGBUS."""
    whole = Path(library()).read_bytes()
    path = folder / "libhalf.so"
    path.write_bytes(whole[: len(whole) // 2])
    return path


def test_a_module_that_crashes_while_it_is_loaded_is_a_line_in_the_list(
    soft: StandIn, tmp_path: Path, pool: Pool
) -> None:
    half = half_installed(tmp_path)
    done = subprocess.run([sys.executable, "-c", f"import ctypes; ctypes.CDLL({str(half)!r})"], capture_output=True)
    assert done.returncode < 0, "the library was meant to kill the process that loads it"
    with in_time():
        listing = list_keys([Module(str(half)), soft.module], pool=pool)
    assert len(listing.keys) == 3
    (problem,) = listing.problems
    assert problem.path == str(half) and isinstance(problem.error, TokenUnavailable)
    assert str(half) in problem.error.message and problem.error.remedy
    with soft.open("ecdsa", pool) as key:
        signs(key, soft, "ecdsa")


def test_a_module_that_hangs_while_it_is_loaded_is_a_line_in_the_list(
    cards: Cards, soft: StandIn, pool: Pool
) -> None:
    """OpenSC waits for a reader service that does not answer."""
    cards.readers.freeze()
    try:
        with in_time(LIMITS.start_s + 3):
            listing = list_keys([cards.cac_token.module, soft.module], pool=pool)
    finally:
        cards.readers.thaw()
    assert len(listing.keys) == 3
    (problem,) = listing.problems
    assert isinstance(problem.error, TokenTimeout) and problem.error.remedy
    listing = list_keys([cards.cac_token.module, soft.module], pool=pool)
    assert listing.problems == () and len(listing.keys) > 3


@pytest.mark.parametrize("what", ["missing", "no library", "no PKCS#11 module", "a folder"])
def test_a_file_that_is_no_module_is_a_line_in_the_list(soft: StandIn, tmp_path: Path, pool: Pool, what: str) -> None:
    path = tmp_path / "module.so"
    if what == "no library":
        path.write_text("not a library", encoding="utf-8")
    elif what == "no PKCS#11 module":
        path = Path("libcrypto.so.3")
    elif what == "a folder":
        path.mkdir()
    with in_time():
        listing = list_keys([soft.module, Module(str(path))], pool=pool)
    assert len(listing.keys) == 3
    (problem,) = listing.problems
    assert problem.path == str(path) and problem.error.message and problem.error.remedy


def test_keys_list_over_four_modules_one_broken(
    own_hsm: SoftHsm,
    remote: Remote,
    cards: Cards,
    tmp_path: Path,
    record_property: Callable[[str, object], None],
) -> None:
    """`kyso keys list --json` with SoftHSM, a network HSM, smart cards and half a library. The time is recorded."""
    modules = [Module(str(half_installed(tmp_path))), own_hsm.module, remote.token.module, cards.cac_token.module]
    env: dict[str, str] = {}
    arguments = []
    for module in modules:
        env |= module.env
        arguments += ["--module", module.path]
    start = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-m", "kyso_cli", "keys", "list", "--json", *arguments],
        env={**os.environ, **env},
        capture_output=True,
        cwd=tmp_path,
        text=True,
        timeout=60,
    )
    record_property("seconds_for_keys_list_over_four_modules", round(time.monotonic() - start, 3))
    assert done.returncode == 0, done.stderr
    assert modules[0].path in done.stderr
    listed = json.loads(done.stdout)
    keys = listed if isinstance(listed, list) else listed["keys"]
    tokens = {key["token"] for key in keys}
    assert {own_hsm.uri.removeprefix("pkcs11:token="), cards.cac_token.token, cards.pgp_token.token} <= tokens
    assert len(keys) == 3 + 3 + 4  # SoftHSM's, the same token's over the wire, three of the CAC, one of OpenPGP
