"""Policies as data: what a verdict may depend on besides the standard (docs/policies.md).

Reach for `built_in(name)` or `read_policy(data)`. A policy is a frozen value; unknown keys are refused, so that a
misspelt one is not silently without effect. What no policy can do: accept what is broken, not checked or not trusted.
"""

from __future__ import annotations

import pkgutil
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any, Final, get_args

from ..document import LEVELS, Level
from ..errors import LimitExceeded, UsageError
from ..facts import ChangeKind
from ..scheme import kind_of, strong_enough

BUILT_IN: Final = ("kyso", "vietnam", "dss")
MAX_POLICY: Final = 1 << 16  # octets of TOML
_KINDS: frozenset[str] = frozenset(get_args(ChangeKind))
_NEVER: Final = date.min
_ALWAYS: Final = date.max
_HASHES = ("sha1", "sha256", "sha384", "sha512", "sha3-256", "sha3-384", "sha3-512")


@dataclass(frozen=True)
class Policy:
    """What a caller may decide about a verdict; everything else is the standard's."""

    accept_parts: bool = False
    """True: a signature over a part of an XML document may pass. The caller then reads only what `coverage` names."""
    accept_overlays: bool = False
    """True: a visible signature that was added over a signed page later may pass. The caller looks at the page."""
    accept_blank_overlays: bool = False
    """True: so may one for which no place was reserved, where kyso finds nothing under it but blank paper and a part
    of earlier signatures. Readers draw content in different ways: what one shows there another may not."""
    signature_policies: tuple[tuple[str, bytes], ...] = ()
    """Signature policy documents at hand, by identifier: their hash is compared with the one that was signed."""
    name: str = "kyso"
    """As it is called in reports."""
    hash_ends: tuple[tuple[str, date], ...] = (("sha1", _NEVER),)
    """The last day on which a signature with this hash may have been made; others have no end."""
    least_rsa_bits: int = 2048
    least_ec_bits: int = 256
    key_ends: tuple[tuple[str, int, date], ...] = ()
    """The last day of keys of this kind (`rsa`, `ec`) that have fewer bits; others have no end."""
    level: Level = "B-B"
    """The least that a signature must be proven to be (XAdES, PAdES, CAdES)."""
    refuse: frozenset[str] = frozenset()
    """Kinds of change (`ChangeKind`) that a signature does not pass with, although its signer permitted them."""
    tolerate: frozenset[str] = frozenset()
    """Kinds of change that only give a warning, although nobody permitted them. For comparisons, not for use."""
    revocation_max_age: timedelta | None = None
    """How long before the best signature time an answer "good" may have been given; None: until its nextUpdate."""
    revocation_after_proof: bool = False
    """True: where the time of a signature is proven, an answer "good" counts only when it was given after that time
    (EN 319 102-1 5.6.2.2.4 as it stands, for every signature). A stolen key and an answer from before the theft then
    make no signature."""

    def hash_accepted(self, name: str, at: datetime) -> bool:
        """Whether a signature with this hash counts that is known to have existed at `at`."""
        end = dict(self.hash_ends).get(name.replace("_", "-"))
        return end is None or (end != _NEVER and at.date() <= end)

    def end_of(self, name: str) -> date | None:
        """The last day of this hash; None where there is none, or it was never accepted."""
        end = dict(self.hash_ends).get(name.replace("_", "-"), _NEVER)
        return None if end == _NEVER else end

    @property
    def asks_no_more_of_paths(self) -> bool:
        """Whether the certificates of a path are asked for nothing but what every path is: no SHA-1, known keys."""
        usual = (self.least_rsa_bits, self.least_ec_bits) == (Policy.least_rsa_bits, Policy.least_ec_bits)
        return usual and self.hash_ends == Policy.hash_ends and not self.key_ends

    def hash_problem(self, name: str, *, proven: bool) -> str:
        """The sub-indication for a hash that is not accepted (EN 319 102-1 5.2.8): a proof of an earlier time could
        have helped (`…_NO_POE`), or it is too late, or it was never accepted."""
        end = dict(self.hash_ends).get(name.replace("_", "-"), _NEVER)
        return "CRYPTO_CONSTRAINTS_FAILURE" + ("" if proven or end == _NEVER else "_NO_POE")

    def key_accepted(self, key: object, at: datetime) -> bool:
        """Whether the key is of a known kind and large enough for what is known to have existed at `at`."""
        bits = _bits(key)
        if bits < {"rsa": self.least_rsa_bits, "ec": self.least_ec_bits}.get(kind_of(key) or "", 0):
            return False
        end = self.end_of_key(key)
        return (end is None or at.date() <= end) and strong_enough(key)

    def end_of_key(self, key: object) -> date | None:
        """The last day of this key by its size; None where there is none."""
        kind, bits = kind_of(key), _bits(key)
        return min((end for of, below, end in self.key_ends if of == kind and bits < below), default=None)

    def key_problem(self, key: object, *, proven: bool) -> str:
        """The sub-indication for a key that is not accepted, as `hash_problem` has it for hashes."""
        return "CRYPTO_CONSTRAINTS_FAILURE" + ("" if proven or self.end_of_key(key) is None else "_NO_POE")


def _bits(key: object) -> int:
    read: Any = key
    kind = kind_of(key)
    return int(read.key_size if kind == "rsa" else read.curve.key_size if kind == "ec" else 0)


DEFAULT_POLICY = Policy()


@cache
def built_in(name: str) -> Policy:
    """One of `BUILT_IN`. Raises `UsageError` for another name."""
    if name not in BUILT_IN:
        raise UsageError(f"There is no policy {name!r}.", remedy=f"Use {', '.join(BUILT_IN)} or a TOML file.")
    data = pkgutil.get_data(__package__, f"policies/{name}.toml")
    if data is None:  # pragma: no cover - the files belong to this package
        raise UsageError(f"The policy {name!r} is not installed.")
    return read_policy(data, name)


def read_policy(data: bytes, name: str) -> Policy:
    """A policy from TOML, to be called `name` in reports. Raises `UsageError`, `LimitExceeded`."""
    if len(data) > MAX_POLICY:
        raise LimitExceeded(f"A policy of {len(data)} octets; at most {MAX_POLICY} are read.")
    try:
        value = tomllib.loads(data.decode())
    except ValueError as e:  # not UTF-8, not TOML
        raise UsageError(f"The policy {name} is no TOML: {e}.") from None
    return _Reader(name).policy(value)


class _Reader:
    """Reads one policy; every error names the place."""

    def __init__(self, name: str) -> None:
        self._name = name

    def policy(self, value: Mapping[str, Any]) -> Policy:
        tables = ("algorithms", "keys", "signature", "coverage", "changes", "revocation")
        self._only(value, ("title", *tables), "")
        algorithms, keys, signature, coverage, changes, revocation = (self._table(value, t) for t in tables)
        self._only(algorithms, _HASHES, "algorithms.")
        self._only(keys, ("rsa", "ec", "rsa_below", "ec_below"), "keys.")
        self._only(signature, ("level",), "signature.")
        self._only(coverage, ("parts", "overlays", "blank_overlays"), "coverage.")
        self._only(changes, ("refuse", "tolerate"), "changes.")
        self._only(revocation, ("max_age_days", "after_proof"), "revocation.")
        ends = {"sha1": _NEVER} | {name: self._end(f"algorithms.{name}", end) for name, end in algorithms.items()}
        refuse, tolerate = (self._kinds(changes, key) for key in ("refuse", "tolerate"))
        if both := ", ".join(sorted(refuse & tolerate)):
            raise UsageError(
                f"The policy {self._name} refuses and tolerates the same changes: {both}.",
                remedy="Name each kind of change once, under changes.refuse or changes.tolerate.",
            )
        days = revocation.get("max_age_days")
        level = signature.get("level", "B-B")
        if level not in LEVELS:
            raise self._wrong("signature.level", level, f"one of {', '.join(LEVELS)}")
        return Policy(
            accept_parts=self._flag("coverage", coverage, "parts"),
            accept_overlays=self._flag("coverage", coverage, "overlays"),
            accept_blank_overlays=self._flag("coverage", coverage, "blank_overlays"),
            name=self._name,
            hash_ends=tuple((name, end) for name, end in sorted(ends.items()) if end != _ALWAYS),
            least_rsa_bits=self._bits(keys, "rsa", 2048),
            least_ec_bits=self._bits(keys, "ec", 256),
            key_ends=(*self._key_ends(keys, "rsa"), *self._key_ends(keys, "ec")),
            level=level,
            refuse=refuse,
            tolerate=tolerate,
            revocation_max_age=None if days is None else timedelta(days=self._days(days)),
            revocation_after_proof=self._flag("revocation", revocation, "after_proof"),
        )

    def _table(self, value: Mapping[str, Any], key: str) -> Mapping[str, Any]:
        found = value.get(key, {})
        if not isinstance(found, Mapping):
            raise self._wrong(key, found, "a table")
        return found

    def _only(self, value: Mapping[str, Any], known: tuple[str, ...], where: str) -> None:
        for key in value:
            if key not in known:
                text = f"The policy {self._name} has an unknown key {where}{key}."
                raise UsageError(text, remedy=f"Known here: {', '.join(known)}.")

    def _end(self, where: str, value: object) -> date:
        if value == "never":
            return _NEVER
        if value == "always":
            return _ALWAYS
        if isinstance(value, date) and not isinstance(value, datetime):
            return value
        raise self._wrong(where, value, '"never", "always" or a date (2016-12-31)')

    def _flag(self, where: str, value: Mapping[str, Any], key: str) -> bool:
        found = value.get(key, False)
        if not isinstance(found, bool):
            raise self._wrong(f"{where}.{key}", found, "true or false")
        return found

    def _bits(self, value: Mapping[str, Any], key: str, default: int) -> int:
        found = value.get(key, default)
        if not isinstance(found, int) or isinstance(found, bool) or found < default:
            raise self._wrong(f"keys.{key}", found, f"a number of bits from {default}")
        return found

    def _key_ends(self, keys: Mapping[str, Any], kind: str) -> tuple[tuple[str, int, date], ...]:
        table = self._table(keys, f"{kind}_below")
        found = []
        for bits, end in table.items():
            where = f"keys.{kind}_below.{bits}"
            if not (bits.isascii() and bits.isdigit() and len(bits) <= 5):
                raise self._wrong(where, bits, "a number of bits (3072)")
            last = self._end(where, end)
            if last in (_NEVER, _ALWAYS):
                raise self._wrong(where, end, "a date (2030-12-31)")
            found.append((kind, int(bits), last))
        return tuple(sorted(found))

    def _days(self, value: object) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= 36_500:
            raise self._wrong("revocation.max_age_days", value, "a number of days")
        return value

    def _kinds(self, value: Mapping[str, Any], key: str) -> frozenset[str]:
        found = value.get(key, [])
        if not isinstance(found, list) or not all(isinstance(k, str) and k in _KINDS for k in found):
            raise self._wrong(f"changes.{key}", found, f"a list of {', '.join(sorted(_KINDS))}")
        return frozenset(found)

    def _wrong(self, where: str, value: object, allowed: str) -> UsageError:
        return UsageError(f"The policy {self._name} has {where} = {value!r}.", remedy=f"Allowed: {allowed}.")
