"""Where PKCS#11 libraries usually lie: a table, read from public documentation and code, by platform.

`default_modules()` gives those that exist on this machine, plus what the environment variable
KYSO_PKCS11_MODULES names. Nothing is loaded here. The names of vendor tokens were read, not tried on a
token; a wrong line costs nothing, because a file that is not there is not listed.
"""

from __future__ import annotations

import glob
import os
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

from .module import Module

VARIABLE = "KYSO_PKCS11_MODULES"

# token: (patterns). Relative names on Windows are looked for in System32.
LINUX: Mapping[str, tuple[str, ...]] = {
    "SoftHSM2": (
        "/usr/lib/softhsm/libsofthsm2.so",
        "/usr/lib64/pkcs11/libsofthsm2.so",
        "/usr/lib64/softhsm/libsofthsm.so",
    ),
    "Bit4id (VGCA)": ("/usr/lib/bit4id/libbit4xpki.so", "/usr/lib/libbit4xpki.so"),
    "SafeNet eToken, IDPrime": ("/usr/lib/libeToken.so", "/usr/lib/libeTPkcs11.so", "/usr/lib/libIDPrimePKCS11.so"),
    "Gemalto Classic Client": ("/usr/lib/ClassicClient/libgclib.so",),
    "Feitian ePass2003": (
        "/usr/lib/libcastle_v2.so.1.0.0",
        "/usr/lib/libcastle.so*",
        "/opt/ePass2003-Castle-*/**/libcastle.so.1.0.0",
    ),
    "ePass3003, ePassNG": ("/usr/lib/libshuttle_p11v220.so.1.0.0", "/usr/lib/libepsng_p11.so"),
    "WatchData": ("/usr/lib/watchdata/lib/libwdpkcs.so",),
    "FPT-CA": ("/usr/lib/fptca_v4.so",),
    "YubiKey PIV": (
        "/usr/lib/x86_64-linux-gnu/libykcs11.so",
        "/usr/lib/aarch64-linux-gnu/libykcs11.so",
        "/usr/lib64/libykcs11.so",
    ),
    "OpenSC": (
        "/usr/lib/x86_64-linux-gnu/pkcs11/opensc-pkcs11.so",
        "/usr/lib/aarch64-linux-gnu/pkcs11/opensc-pkcs11.so",
        "/usr/lib64/pkcs11/opensc-pkcs11.so",
    ),
}
MACOS: Mapping[str, tuple[str, ...]] = {
    "SoftHSM2": ("/opt/homebrew/lib/softhsm/libsofthsm2.so", "/usr/local/lib/softhsm/libsofthsm2.so"),
    "Bit4id (VGCA)": ("/Library/bit4id/pkcs11/libbit4xpki.dylib",),
    "SafeNet eToken, IDPrime": (
        "/usr/local/lib/libeTPkcs11.dylib",
        "/Library/Frameworks/eToken.framework/Versions/A/libeToken.dylib",
    ),
    "Feitian ePass2003": ("/usr/local/lib/libcastle.1.0.0.dylib",),
    "WatchData": ("/usr/local/lib/libwdpkcs.dylib",),
    "Viettel-CA": ("/usr/local/lib/viettel-ca_v6.dylib",),
    "YubiKey PIV": ("/opt/homebrew/lib/libykcs11.dylib", "/usr/local/lib/libykcs11.dylib"),
    "OpenSC": ("/Library/OpenSC/lib/opensc-pkcs11.so",),
}
WINDOWS: Mapping[str, tuple[str, ...]] = {
    "SoftHSM2": (r"C:\SoftHSM2\lib\softhsm2-x64.dll",),
    "Bit4id (VGCA)": ("bit4xpki.dll", "bit4ipki.dll", "bit4opki.dll"),
    "SafeNet eToken, IDPrime": (
        "eTPKCS11.dll",
        "eToken.dll",
        r"C:\Program Files\SafeNet\Authentication\SAC\x64\IDPrimePKCS1164.dll",
    ),
    "Gemalto Classic Client": ("gclib.dll",),
    "Feitian ePass2003": ("eps2003csp11.dll", "eps2003csp11v2.dll"),
    "ePass3003, ePassNG": ("ShuttleCsp11_3003.dll", "ngp11v211.dll"),
    "SecureMetric ST3": ("st3csp11.dll",),
    "WatchData, ProxKey": ("wdpkcs.dll", "SignatureP11.dll"),
    "Viettel-CA": ("viettel-ca_v6.dll", "viettel-ca_v5.dll", "viettel-ca_v4.dll", "viettel-ca_v2.dll"),
    "VNPT-CA": (
        "vnptca_p11_v10.dll",
        "vnptca_p11_v9.dll",
        "vnptca_p11_v8.dll",
        "vnptca_p11_v7.dll",
        "vnptca_p11_v6.dll",
        "vnpt-ca_csp11.dll",
        "vnpt-ca_v34.dll",
        r"C:\Windows\System32\VNPT-CA\VNPT-CA PKI Token CSP\wdpkcs.dll",
    ),
    "FPT-CA": ("fpt-ca.dll", "fpt-ca-stx.dll", "fptca_v6.dll", "fptca_v5.dll", "fptca_v4.dll", "fptca_v3.dll"),
    "BKAV": ("BkavCA.dll", "BkavCAv2S.dll", r"C:\Program Files\Bkav Corporation\BkavCA Token Manager\st3csp11.dll"),
    "CA2, NCCA": ("CA2_csp11.dll", "CA2_v34.dll", "ncca_csp11_v1.dll"),
    "Newtel-CA": ("newca_v4.dll", "nca_v6.dll"),
    "SmartSign": ("Vina-CA*.dll",),
    "Safe-CA": ("safe-ca*.dll",),
    "FastCA": ("fca_v1.dll",),
    "MISA-CA": ("misaca_csp11_v2.dll",),
    "EFY-CA": ("efy-ca_v1.dll",),
    "I-CA": ("ica_csp11_v1.dll",),
    "YubiKey PIV": (r"C:\Program Files\Yubico\Yubico PIV Tool\bin\libykcs11.dll",),
    "OpenSC": (r"C:\Program Files\OpenSC Project\OpenSC\pkcs11\opensc-pkcs11.dll",),
}


def default_modules(configured: Iterable[Module] = (), env: Mapping[str, str] | None = None) -> tuple[Module, ...]:
    """The configured modules, then those that KYSO_PKCS11_MODULES names, then known ones that exist here.

    The variable holds paths separated as in PATH. Each path stands once, with the environment of its first
    mention. `env` defaults to this process's environment.
    """
    variables = os.environ if env is None else env
    found: dict[str, Module] = {}
    for module in configured:
        found.setdefault(os.path.normcase(module.path), module)
    named = [p for p in variables.get(VARIABLE, "").split(os.pathsep) if p]
    for path in (*named, *known_paths(sys.platform)):
        found.setdefault(os.path.normcase(path), Module(path))
    return tuple(found.values())


def known_paths(platform: str) -> tuple[str, ...]:
    """Files of the table for this platform (as `sys.platform` names it) that exist, in the table's order.

    One library under two names (`libeToken.so` and `libeTPkcs11.so` are links to one) stands once.
    """
    table = WINDOWS if platform == "win32" else MACOS if platform == "darwin" else LINUX
    folder = Path(os.environ.get("SYSTEMROOT", r"C:\Windows")) / "System32" if platform == "win32" else Path("/")
    patterns = (str(folder / p) for names in table.values() for p in names)
    found = (path for p in patterns for path in sorted(glob.glob(p, recursive=True)))  # noqa: PTH207 - absolute patterns
    first: dict[str, str] = {}
    for path in found:
        first.setdefault(os.path.realpath(path), path)
    return tuple(first.values())
