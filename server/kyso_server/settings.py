"""The settings of one server, read from `kyso.toml` once at start.

Reach for `load_settings(folder)`. Paths are made absolute from the file's folder. An unknown key, a wrong type
or a missing file is refused with the list of what is allowed, because a setting that is silently ignored is
how a server comes to run without what its owner believes it has. No secret stands in the file: only the names
of files that hold one.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from kyso_hsm import uri
from kyso_hsm.module import Module
from kyso_pki.errors import UsageError
from kyso_pki.pdf.lint.policy import DEFAULT_LINT, LintPolicy, policy_from, policy_named

FILE_NAME = "kyso.toml"
STORE_NAME = "trust.json"  # as `kyso trust` calls it
_T = TypeVar("_T")


@dataclass(frozen=True)
class KeySettings:
    """A key of the house: its certificate's file, its address and the file that holds the PIN."""

    certificate: Path
    key: str
    pin_file: Path | None


@dataclass(frozen=True)
class CaSettings:
    root: Path
    issuing: KeySettings
    ocsp: KeySettings
    root_crl: Path | None
    """The root's CRL, signed offline and served as it is; None: not published."""


@dataclass(frozen=True)
class TsaSettings:
    signer: KeySettings
    policy: str


@dataclass(frozen=True)
class CredentialSettings:
    """One key that CSC offers."""

    id: str
    key: str
    pin_file: Path | None
    """None: the caller gives the PIN in credentials/authorize."""
    chain: tuple[Path, ...] = ()
    replicas: tuple[str, ...] = ()
    """Where else the same key lies, in the order of preference after `key`."""
    test_key: str | None = None
    """The label of a key on each of these tokens that is used for nothing but trying whether the token signs."""
    callers: tuple[str, ...] | None = None
    """The names of the API tokens that may use it, for which alone it exists; None: every one may."""
    multisign: int = 100
    """How many signatures one authorisation may cover."""

    def serves(self, token: str) -> bool:
        """Whether the API token of this name may use it."""
        return self.callers is None or token in self.callers

    description: str = ""


@dataclass(frozen=True)
class Settings:
    folder: Path
    host: str
    port: int
    url: str
    database: str
    modules: tuple[Module, ...]
    credentials: tuple[CredentialSettings, ...]
    trust_signing: tuple[Path, ...]
    trust_timestamping: tuple[Path, ...]
    trust_store: Path | None = None
    """The file of a trust store (`kyso trust`) whose anchors count besides these; read again when it changes."""
    ca: CaSettings | None = None
    tsa: TsaSettings | None = None
    max_document_mb: int = 64
    """A larger request body is refused with 413 before it is read (R3)."""
    max_connections: int = 1000
    """More are not held at once, and no more than the process has descriptors for (R3)."""
    upload_patience_s: int = 30
    """A request body that stops for so long, or comes very slowly after it, is refused with 408 (R3)."""
    lint: LintPolicy | None = DEFAULT_LINT
    """What /v1/sign does with documents in which what is seen may not be what is signed; None: it does not look."""
    sad_lifetime_s: int = 300
    """How long an authorisation may be used."""


def load_settings(folder: Path) -> Settings:
    """The settings in `folder/kyso.toml` (or in the file itself). Raises `UsageError` naming the wrong key."""
    path = folder if folder.is_file() else folder / FILE_NAME
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UsageError(
            f"There is no {FILE_NAME} in {path.parent}.", remedy="Make one with `kyso quickstart DIR`."
        ) from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as e:
        raise UsageError(f"{path} cannot be read: {e}") from None
    return _settings(path.parent.resolve(), _Table(raw, path.name))


def _settings(folder: Path, top: _Table) -> Settings:
    server = top.table("server") or _Table({}, f"{top.where} [server]")
    host, port = server.text("host", "127.0.0.1"), server.number("port", 8790, 0, 65535)
    trust = top.table("trust") or _Table({}, f"{top.where} [trust]")
    settings = Settings(
        folder=folder,
        host=host,
        port=port,
        url=server.text("url", f"http://{host}:{port}").rstrip("/"),
        database=_database(server.text("database", "sqlite:///kyso.db"), folder),
        modules=tuple(_module(t, folder) for t in top.tables("modules")),
        credentials=tuple(_credential(t, folder) for t in top.tables("credentials")),
        trust_signing=trust.paths("signing", folder),
        trust_timestamping=trust.paths("timestamping", folder),
        trust_store=_store(trust.text("store", ""), folder),
        ca=_ca(ca, folder) if (ca := top.table("ca")) else None,
        tsa=_tsa(tsa, folder) if (tsa := top.table("tsa")) else None,
        lint=_lint(server, top),
        max_document_mb=server.number("max_document_mb", 64, 1, 1024),
        max_connections=server.number("max_connections", 1000, 16, 65536),
        upload_patience_s=server.number("upload_patience_s", 30, 1, 3600),
        sad_lifetime_s=server.number("sad_lifetime_s", 300, 1, 3600),
    )
    trust.flag("online")  # for `kyso verify` in this folder; the server itself fetches nothing from strangers
    trust.text("cache", "")  # the same
    for table in (server, trust, top):
        table.finish()
    ids = [c.id for c in settings.credentials]
    if twice := sorted({i for i in ids if ids.count(i) > 1}):
        raise UsageError(f"{top.where}: credential {', '.join(twice)} stands twice; an id names one key.")
    return settings


def _store(named: str, folder: Path) -> Path | None:
    """The store's file in the folder that is named; whether it is there is asked when it is read."""
    return folder / named / STORE_NAME if named else None


def _lint(server: _Table, top: _Table) -> LintPolicy | None:
    """`lint = "off" | "warn" | "refuse"` of [server], and the actions per code of the table [lint]."""
    base = policy_named(server.text("lint", "refuse"))
    actions = top.strings("lint")
    return None if base is None else policy_from(actions, base)


def _module(table: _Table, folder: Path) -> Module:
    """Values of `env` that name a path existing in the folder are made absolute; other values stay as they are."""
    path = table.text("path")
    env = {}
    for name, value in table.strings("env").items():
        env[name] = str(folder / value) if value and (folder / value).exists() else value
    workers = table.number("workers", 1, 1, 32)
    table.finish()
    return Module(str(folder / path) if (folder / path).exists() else path, env, workers)


def _credential(table: _Table, folder: Path) -> CredentialSettings:
    credential = CredentialSettings(
        id=table.text("id"),
        key=_key(table.text("key"), folder),
        pin_file=table.path("pin_file", folder),
        chain=table.paths("chain", folder),
        replicas=tuple(_key(r, folder) for r in table.texts("replicas")),
        test_key=table.text("test_key", "") or None,
        callers=table.some_texts("callers"),
        multisign=table.number("multisign", 100, 1, 1000),
        description=table.text("description", ""),
    )
    table.finish()
    return credential


def _ca(table: _Table, folder: Path) -> CaSettings:
    ca = CaSettings(
        root=table.required_path("root", folder),
        issuing=_key_settings(table, folder, "issuing", "issuing_key", "issuing_pin_file"),
        ocsp=_key_settings(table, folder, "ocsp", "ocsp_key", "ocsp_pin_file"),
        root_crl=table.path("root_crl", folder),
    )
    table.finish()
    return ca


def _tsa(table: _Table, folder: Path) -> TsaSettings:
    tsa = TsaSettings(_key_settings(table, folder, "certificate", "key", "pin_file"), table.text("policy"))
    table.finish()
    if not all(part.isdecimal() for part in tsa.policy.split(".")) or "." not in tsa.policy:
        raise UsageError(f"{table.where}: policy {tsa.policy!r} is not a dotted object identifier.")
    return tsa


def _key_settings(table: _Table, folder: Path, certificate: str, key: str, pin_file: str) -> KeySettings:
    return KeySettings(
        table.required_path(certificate, folder), _key(table.text(key), folder), table.path(pin_file, folder)
    )


def _key(address: str, folder: Path) -> str:
    """The key's address; a relative `file:` address is one of the folder's files. Raises `UsageError`."""
    return uri.absolute(address, folder)


def _database(url: str, folder: Path) -> str:
    """A SQLAlchemy URL; a relative SQLite file lies in the folder."""
    prefix = "sqlite:///"
    if not url.startswith(prefix) or url == prefix:
        return url
    return prefix + (folder / url.removeprefix(prefix)).as_posix()


class _Table:
    """One TOML table; `finish` refuses what nobody asked for."""

    def __init__(self, values: Mapping[str, Any], where: str) -> None:
        self._values = values
        self._asked: set[str] = set()
        self.where = where

    def _take(self, name: str, kind: type[_T], what: str) -> _T | None:
        self._asked.add(name)
        value = self._values.get(name)
        if value is None:
            return None
        if not isinstance(value, kind) or isinstance(value, bool):
            raise UsageError(f"{self.where}: {name} must be {what}, found {value!r}.")
        return value

    def text(self, name: str, default: str | None = None) -> str:
        value = self._take(name, str, "a text")
        if value is None:
            value = default
        if value is None:
            raise UsageError(f"{self.where}: {name} is missing.")
        return value

    def number(self, name: str, default: int, low: int, high: int) -> int:
        value = self._take(name, int, "a whole number")
        value = default if value is None else value
        if not low <= value <= high:
            raise UsageError(f"{self.where}: {name} is {value}; allowed is {low} to {high}.")
        return value

    def flag(self, name: str) -> bool:
        self._asked.add(name)
        value = self._values.get(name, False)
        if not isinstance(value, bool):
            raise UsageError(f"{self.where}: {name} must be true or false, found {value!r}.")
        return value

    def table(self, name: str) -> _Table | None:
        value = self._take(name, dict, f"a table [{name}]")
        return None if value is None else _Table(value, f"{self.where} [{name}]")

    def tables(self, name: str) -> list[_Table]:
        values = self._take(name, list, f"a list of tables [[{name}]]") or []
        if not all(isinstance(v, dict) for v in values):
            raise UsageError(f"{self.where}: {name} must be a list of tables [[{name}]].")
        return [_Table(v, f"{self.where} [[{name}]] {i}") for i, v in enumerate(values, 1)]

    def strings(self, name: str) -> dict[str, str]:
        values = self._take(name, dict, "a table of texts") or {}
        if not all(isinstance(v, str) for v in values.values()):
            raise UsageError(f"{self.where}: {name} must be a table of texts.")
        return values

    def texts(self, name: str) -> list[str]:
        values = self._take(name, list, "a list of texts") or []
        if not all(isinstance(v, str) for v in values):
            raise UsageError(f"{self.where}: {name} must be a list of texts.")
        return values

    def some_texts(self, name: str) -> tuple[str, ...] | None:
        """At least one, or None where the name does not stand there."""
        values = self.texts(name)
        if not values and name in self._values:
            raise UsageError(f"{self.where}: {name} is empty.", remedy=f"Name somebody, or leave {name} out.")
        return tuple(values) or None

    def path(self, name: str, folder: Path) -> Path | None:
        value = self._take(name, str, "a path")
        return None if value is None else self._existing(name, value, folder)

    def required_path(self, name: str, folder: Path) -> Path:
        return self._existing(name, self.text(name), folder)

    def paths(self, name: str, folder: Path) -> tuple[Path, ...]:
        values = self._take(name, list, "a list of paths") or []
        if not all(isinstance(v, str) for v in values):
            raise UsageError(f"{self.where}: {name} must be a list of paths.")
        return tuple(self._existing(name, v, folder) for v in values)

    def _existing(self, name: str, value: str, folder: Path) -> Path:
        path = folder / value
        if not path.is_file():
            raise UsageError(f"{self.where}: {name} = {value!r}, but there is no such file in {folder}.")
        return path

    def finish(self) -> None:
        unknown = sorted(set(self._values) - self._asked)
        if unknown:
            raise UsageError(
                f"{self.where}: unknown {', '.join(unknown)}.", remedy=f"Allowed: {', '.join(sorted(self._asked))}."
            )
