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


def test_the_table_names_every_library_that_was_read_of() -> None:
    """The state's tokens and those of the public CAs; a name may lie in any folder."""
    names = {Path(p.replace("\\", "/")).name for t in (LINUX, MACOS, WINDOWS) for paths in t.values() for p in paths}
    assert names >= {
        *("gclib.dll", "libgclib.so", "bit4xpki.dll", "libbit4xpki.so", "libbit4xpki.dylib", "libcastle.so*"),
        *("eTPKCS11.dll", "libeTPkcs11.so", "st3csp11.dll", "eps2003csp11.dll", "eps2003csp11v2.dll"),
        *("wdpkcs.dll", "SignatureP11.dll"),
        *("vnpt-ca_csp11.dll", "vnptca_p11_v8.dll", "viettel-ca_v4.dll", "viettel-ca_v6.dylib", "fptca_v4.so"),
        *("fpt-ca.dll", "BkavCA.dll", "CA2_csp11.dll", "ncca_csp11_v1.dll", "newca_v4.dll", "Vina-CA*.dll"),
        *(
            "safe-ca*.dll",
            "fca_v1.dll",
            "misaca_csp11_v2.dll",
            "efy-ca_v1.dll",
            "ica_csp11_v1.dll",
            "SignatureP11.dll",
        ),
    }


@pytest.mark.skipif(os.name == "nt", reason="links need a privilege on Windows")
def test_a_library_with_two_names_stands_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "libeToken.so.10").touch()
    names = tuple(str(tmp_path / name) for name in ("libeToken.so", "libeTPkcs11.so"))
    for name in names:
        Path(name).symlink_to(tmp_path / "libeToken.so.10")
    monkeypatch.setitem(LINUX, "SoftHSM2", names)
    assert [p for p in known_paths("linux") if p in names] == [names[0]]
