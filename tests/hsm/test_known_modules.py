from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from kyso_hsm.known_modules import LINUX, MACOS, WINDOWS, default_modules, known_paths
from kyso_hsm.module import Module

from .softhsm import library


def test_the_configured_come_first_then_the_named_then_the_known() -> None:
    configured = Module("/srv/hsm.so", {"A": "1"})
    found = default_modules([configured], {"KYSO_PKCS11_MODULES": os.pathsep.join(["/srv/named.so", "/srv/hsm.so"])})
    assert found[:2] == (configured, Module("/srv/named.so"))
    assert library() in [m.path for m in found[2:]]
    assert len({m.path for m in found}) == len(found)


def test_the_variable_of_this_process_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KYSO_PKCS11_MODULES", "/srv/named.so")
    assert default_modules()[0] == Module("/srv/named.so")


def test_only_files_that_exist_are_listed() -> None:
    assert all(Path(p).exists() for p in known_paths(sys.platform))


@pytest.mark.parametrize("table", [LINUX, MACOS, WINDOWS])
def test_the_table_knows_the_tokens_of_the_field(table: dict[str, tuple[str, ...]]) -> None:
    assert {"SoftHSM2", "Bit4id (VGCA)", "SafeNet eToken, IDPrime", "OpenSC"} <= set(table)
    assert all(paths for paths in table.values())
