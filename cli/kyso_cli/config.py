"""What the commands take from a province's `kyso.toml`: modules, trust anchors and the server's address.

`find_config` reads the file named by `--config`, else by KYSO_CONFIG, else `kyso.toml` in the current
directory, so that after `cd tinh-mau` nothing has to be said. The server reads the same file for itself
(kyso_server.settings); what is no business of a person's commands is left alone here.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .errors import Stop

if TYPE_CHECKING:
    from kyso_hsm.module import Module

FILE_NAME = "kyso.toml"


@dataclass(frozen=True)
class Config:
    """The parts of kyso.toml that commands use; all empty when there is no file."""

    path: Path | None = None
    url: str | None = None
    modules: tuple[Module, ...] = ()
    key_files: tuple[Path, ...] = ()
    """Software keystores among the credentials."""
    chains: tuple[Path, ...] = ()
    """Certificates of issuers that belong to the credentials and do not stand on their tokens."""
    signing: tuple[Path, ...] = ()
    timestamping: tuple[Path, ...] = ()
    store: Path | None = None
    """The folder of a trust store whose anchors count besides these."""
    lint: tuple[tuple[str, object], ...] = ()
    """What the linter does, per code."""
    online: bool = False
    """Whether verifying may ask for revocation over the network."""
    cache: Path | None = None
    """Where fetched answers are kept for the next command."""


def find_config(named: Path | None) -> Config:
    """The configuration that is in reach. Raises `Stop` for a file that is named but cannot be used."""
    if named is None and (environ := os.environ.get("KYSO_CONFIG")):
        named = Path(environ)
    if named is not None and named.is_dir():
        named /= FILE_NAME
    if named is None:
        named = Path(FILE_NAME)
        if not named.is_file():
            return Config()
    return read_config(named)


def server_config(named: Path | None) -> Path:
    """The file by which the server and its authority run. Raises `Stop` when there is none."""
    place = named or Path(os.environ.get("KYSO_CONFIG") or FILE_NAME)
    if place.is_dir():
        place /= FILE_NAME
    if not place.is_file():
        raise Stop("config_missing", path=place.parent)
    return place


def read_config(path: Path) -> Config:
    """The configuration in this file. Raises `Stop` naming what is wrong in it."""
    import tomllib

    try:
        table = tomllib.loads(path.read_text("utf-8"))
    except OSError as e:
        raise Stop("file_unreadable", path=path, why=e.strerror) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as e:
        raise Stop("config_wrong", path=path, why=str(e)) from None
    try:
        return _config(path.absolute(), table)
    except (KeyError, TypeError, AttributeError) as e:
        raise Stop("config_wrong", path=path, why=f"{type(e).__name__}: {e}") from None


def _config(path: Path, table: Mapping[str, Any]) -> Config:
    from kyso_hsm.module import Module

    home = path.parent
    trust = table.get("trust", {})
    keys = [str(c["key"]) for c in table.get("credentials", ())]
    url = table.get("server", {}).get("url")
    return Config(
        path=path,
        url=None if url is None else str(url),
        modules=tuple(Module(str(m["path"]), _environment(home, m.get("env", {}))) for m in table.get("modules", ())),
        key_files=tuple(Path(absolute_file(k, home)) for k in keys if not k.startswith("pkcs11:")),
        chains=tuple(dict.fromkeys(home / str(p) for c in table.get("credentials", ()) for p in c.get("chain", ()))),
        signing=tuple(home / str(p) for p in trust.get("signing", ())),
        timestamping=tuple(home / str(p) for p in trust.get("timestamping", ())),
        store=home / str(trust["store"]) if trust.get("store") else None,
        lint=tuple(table.get("lint", {}).items()),
        online=trust.get("online") is True,
        cache=home / str(trust["cache"]) if trust.get("cache") else None,
    )


def absolute_file(address: str, home: Path) -> str:
    """The path of a key file that kyso.toml names."""
    from kyso_hsm.uri import FileUri, parse

    uri = parse(address)
    return str(home / uri.path) if isinstance(uri, FileUri) else address


def _environment(home: Path, env: Mapping[str, Any]) -> dict[str, str]:
    """Values that name something in the province's folder become absolute: a worker runs elsewhere."""
    return {k: str(home / str(v)) if (home / str(v)).exists() else str(v) for k, v in env.items()}
