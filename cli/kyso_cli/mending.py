"""What has gone missing from a province that was whole: made again where it can be, named where it cannot.

Reach for `mend`. Certificates come back from their keys' tokens and files, the API token is drawn anew. PINs, keys
and the root exist once: without them the province is not the same any more.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from .config import FILE_NAME, Config, read_config
from .errors import Stop
from .files import write_whole
from .province import CA_TOKEN, OFFICIAL, PEOPLE_TOKEN, SEAL, SOFTWARE

if TYPE_CHECKING:
    from kyso_pki.x509.certificate import Certificate

API_TOKEN = "secrets/api-token"  # noqa: S105 - where it lies
_PIN_OF = {CA_TOKEN: "ca", PEOPLE_TOKEN: "token", SOFTWARE: SOFTWARE}
_CERTIFICATES = (
    ("ca/issuing.crt", CA_TOKEN, "issuing-ca"),
    ("ca/tsa.crt", CA_TOKEN, "tsa"),
    ("ca/ocsp.crt", CA_TOKEN, "ocsp"),
    ("ca/issued/tsa.crt", CA_TOKEN, "tsa"),
    ("ca/issued/ocsp.crt", CA_TOKEN, "ocsp"),
    (f"ca/issued/{OFFICIAL}.crt", PEOPLE_TOKEN, OFFICIAL),
    (f"ca/issued/{SEAL}.crt", PEOPLE_TOKEN, SEAL),
    (f"ca/issued/{SOFTWARE}.crt", SOFTWARE, SOFTWARE),
)
"""File, the token (or keystore) that keeps the certificate, the key's label."""


def mend(home: Path, told: Callable[[str], None]) -> None:
    """Makes missing files again and says which. Raises `Stop` naming what cannot be made again."""
    if not (home / API_TOKEN).exists():
        write_api_token(home)
        told(API_TOKEN)
    config = read_config(home / FILE_NAME)
    missing = [entry for entry in _CERTIFICATES if not (home / entry[0]).exists()]
    on_tokens = _on_tokens(config) if config.modules and missing else {}
    for file, token, label in missing:
        if (certificate := on_tokens.get((token, label)) or _in_keystore(home, token, label)) is not None:
            (home / file).parent.mkdir(exist_ok=True)
            write_whole(home / file, certificate.pem().encode())
            told(file)
    if lost := [name for name in _needed(config) if not (home / name).exists()]:
        raise Stop("province_lost", names=", ".join(lost), folder=home)


def write_api_token(home: Path) -> None:
    write_whole(home / API_TOKEN, f"{secrets.token_urlsafe(32)}\n".encode(), mode=0o600)


def _on_tokens(config: Config) -> dict[tuple[str, str], Certificate]:
    """The certificates that the province's tokens show without a PIN."""
    from kyso_hsm.opening import list_keys

    return {(k.token, k.label): k.certificate for k in list_keys(config.modules).keys if k.certificate is not None}


def _in_keystore(home: Path, token: str, label: str) -> Certificate | None:
    from kyso_hsm.opening import open_signer
    from kyso_hsm.pin import FromFile

    keystore, pin = home / "keys" / f"{label}.p12", home / "secrets" / f"{_PIN_OF[token]}.pin"
    if not keystore.exists() or not pin.exists():
        return None
    with open_signer(str(keystore), secret=FromFile(pin)) as signer:
        return signer.chain.leaf


def _needed(config: Config) -> Iterator[str]:
    """Every file without which the province is not whole."""
    yield from (f"secrets/{name}.pin" for name in ("token", "ca", "so", "root", SOFTWARE))
    yield from ("ca/root.crt", "ca/root.crl", "ca/root.p12", f"keys/{SOFTWARE}.p12")
    if config.modules:
        yield from ("softhsm/softhsm2.conf", "softhsm/tokens")
    else:
        yield from (f"keys/{label}.p12" for _, token, label in _CERTIFICATES if token != SOFTWARE)
    yield from (file for file, _, _ in _CERTIFICATES)
