"""From TOML to a `Profile`, every key and value checked."""

from __future__ import annotations

import pkgutil
import re
import tomllib
from collections.abc import Mapping
from dataclasses import fields
from functools import cache
from typing import Any, Final, TypeVar, cast

from ...errors import UsageError
from ...scheme import DIGEST_SIZES
from ...xmlprofile import KeyInfoForm, Place, Profile, ReferenceTo, SigningTimeObject
from .. import names

BUILT_IN: Final = (
    "generic-xades",
    "generic-xmldsig",
    "einvoice-seller",
    "einvoice-buyer",
    "einvoice-tax-authority",
    "einvoice-notice",
    "einvoice-notice-head",
    "tax-return",
    "health-insurance",
    "edxml",
)
MAX_PROFILE: Final = 1 << 16  # bytes of TOML; the built-in ones have under 2 kB
MAX_REFERENCES: Final = 16  # in one profile; real ones have up to 3
_NAME: Final = r"(?:[^\W\d][\w.-]*:)?[^\W\d][\w.-]*"
_STEP_PATH: Final = re.compile(rf"//{_NAME}|{_NAME}(?:/{_NAME})*")
_ID_NAME: Final = re.compile(r"Id|ID|id|xml:id")
_C14N: Final = ("exclusive", "inclusive", "inclusive-1.1")


@cache
def built_in(name: str) -> Profile:
    """A profile that comes with kyso. Raises `UsageError`."""
    if name not in BUILT_IN:
        raise UsageError(
            f"There is no XML profile {name[:80]!r}.",
            remedy=f"Use {', '.join(BUILT_IN)}, or the path of a .toml file.",
        )
    return read_profile(_data(name), name)


def source_of(name: str) -> str:
    """The TOML of a built-in profile, to start one's own from."""
    return _data(built_in(name).name).decode()


def _data(name: str) -> bytes:
    data = pkgutil.get_data(__package__, f"{name}.toml")
    assert data is not None  # noqa: S101 - the package's own data
    return data


def suggested(path: tuple[str, ...]) -> tuple[str, ...]:
    """The built-in profiles made for documents with these elements, names from the document element down."""
    return tuple(
        n for n in BUILT_IN if any(tuple(r.split("/")) == path[: r.count("/") + 1] for r in built_in(n).roots)
    )


def read_profile(data: bytes, name: str) -> Profile:
    """A profile from TOML. Raises `UsageError` that names what is wrong and where."""
    if len(data) > MAX_PROFILE:
        raise UsageError(f"The profile {name!r} has {len(data)} bytes; at most {MAX_PROFILE} are read.")
    try:
        table = tomllib.loads(data.decode("utf-8"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as e:
        raise UsageError(f"The profile {name!r} is no TOML in UTF-8: {e}.") from None
    nested: dict[str, Any] = {
        "place": _made(Place, table.pop("place", {}), f"{name}: [place]"),
        "key_info": _made(KeyInfoForm, table.pop("key_info", {}), f"{name}: [key_info]"),
        "references": _references(table.pop("reference", None), name),
        "namespaces": _namespaces(table.pop("namespaces", {}), name),
    }
    if (time := table.pop("signing_time", None)) is not None:
        nested["signing_time"] = _made(SigningTimeObject, time, f"{name}: [signing_time]")
    given = {"title": name, "title_en": name} | table
    profile = _made(Profile, given, name, name=name, **nested)
    _check(profile)
    return profile


def _references(entries: Any, name: str) -> tuple[ReferenceTo, ...]:
    if not isinstance(entries, list) or not all(isinstance(e, dict) for e in entries):
        raise UsageError(f"The profile {name!r} references nothing; write at least one [[reference]].")
    if len(entries) > MAX_REFERENCES:
        raise UsageError(f"The profile {name!r} has {len(entries)} references; at most {MAX_REFERENCES} are read.")
    return tuple(_made(ReferenceTo, e, f"{name}: [[reference]] {i}") for i, e in enumerate(entries, 1))


def _namespaces(table: Any, name: str) -> tuple[tuple[str, str], ...]:
    if not isinstance(table, dict) or not all(isinstance(v, str) and v for v in table.values()):
        raise UsageError(f"The profile {name!r}: [namespaces] must give each prefix a namespace.")
    return tuple(table.items())


# One value ----------------------------------------------------------------------------------------------

_T = TypeVar("_T")
_CHOICES: Final[dict[str, tuple[str, ...]]] = {
    "form": ("xades", "xmldsig"),
    "canonicalization": _C14N,
    "digest": tuple(h for h in DIGEST_SIZES if h != "sha1" and h in names.DIGEST_URIS),
    "certificates": ("leaf", "chain"),
    "id_on": ("Object", "SignatureProperties", "SignatureProperty"),
    "zone": ("none", "offset", "utc"),
    "own": ("signing-time",),
    "prefix": ("ds", "dsig", ""),
}
_LISTS: Final[dict[str, tuple[str, ...] | None]] = {
    "transforms": ("enveloped-signature", *_C14N),
    "schemes": tuple(sorted(s for s in names.SIGNATURE_URIS if "sha1" not in s)),
    "id": ("Id", "ID", "id", "xml:id"),
    "roots": None,
    "before": None,
}
_TRUTHS: Final = ("several", "subject_name")
_NESTED: Final = ("name", "place", "references", "namespaces", "signing_time", "key_info")


def _made(make: type[_T], entry: Any, where: str, **own: Any) -> _T:
    """A value from one table, every key and kind checked."""
    if not isinstance(entry, Mapping):
        raise UsageError(f"{where}: a table is expected, not {entry!r}.")
    allowed = [f.name for f in fields(cast("Any", make)) if f.name not in _NESTED]
    values: dict[str, Any] = {}
    for key, value in entry.items():
        if key not in allowed:
            raise UsageError(f"{where}: the key {key!r} is unknown; known are {', '.join(allowed)}.")
        values[key] = _value(make, key, value, f"{where}: {key} = {value!r}")
    return make(**values, **own)


def _value(make: type[Any], key: str, value: Any, where: str) -> Any:
    if key in _LISTS:
        choices = _LISTS[key]
        if not isinstance(value, list) or not all(isinstance(v, str) for v in value):
            raise UsageError(f"{where}: a list of texts is expected.")
        if len(set(value)) != len(value) or (choices is not None and set(value) - set(choices)):
            raise UsageError(f"{where}: allowed are, once each, {', '.join(choices or ('names',))}.")
        return tuple(value)
    if key in _TRUTHS:
        if not isinstance(value, bool):
            raise UsageError(f"{where}: true or false is expected.")
        return value
    if not isinstance(value, str):
        raise UsageError(f"{where}: a text is expected.")
    choices = ("create", "refuse") if make is Place and key == "missing" else _CHOICES.get(key)
    choices = ("refuse", "skip") if make is ReferenceTo and key == "missing" else choices
    if choices is not None and value not in choices:
        raise UsageError(f"{where}; allowed are {', '.join(map(repr, choices))}.")
    return value


# The whole ----------------------------------------------------------------------------------------------


def _check(profile: Profile) -> None:
    """Refuses what contradicts itself, before any document is read."""
    paths = [*profile.roots, profile.place.path, *(r.part or "" for r in profile.references)]
    for path in filter(None, paths):
        if not _STEP_PATH.fullmatch(path):
            raise UsageError(f"{profile.name}: {path!r} is no path; write NAME/NAME or //NAME.")
        for step in path.removeprefix("//").split("/"):
            prefix = step.rpartition(":")[0]
            if prefix and prefix not in dict(profile.namespaces):
                raise UsageError(f"{profile.name}: the prefix of {step!r} is not in [namespaces].")
    if any(r.startswith("//") for r in profile.roots):
        raise UsageError(f"{profile.name}: a root is named from the document element down.")
    if profile.place.path.startswith("//") and profile.place.missing == "create":
        raise UsageError(f"{profile.name}: a place at any depth cannot be created.")
    times = [r for r in profile.references if r.own == "signing-time"]
    for number, reference in enumerate(profile.references, 1):
        _check_reference(reference, f"{profile.name}: [[reference]] {number}")
    if len(times) != (profile.signing_time is not None):
        raise UsageError(
            f'{profile.name}: a [signing_time] needs exactly one [[reference]] with own = "signing-time".'
        )
    if all(r.own for r in profile.references):
        raise UsageError(f"{profile.name}: nothing of the document is referenced.")
    if all(r.missing == "skip" or r.own for r in profile.references):
        raise UsageError(f'{profile.name}: some reference must be there always (missing = "refuse").')
    if profile.form == "xades" and profile.prefix != "ds":
        raise UsageError(f'{profile.name}: XAdES is written with prefix = "ds".')
    if profile.form == "xades" and profile.signing_time is not None:
        raise UsageError(f"{profile.name}: XAdES has a signing time of its own; leave [signing_time] out.")


def _check_reference(reference: ReferenceTo, where: str) -> None:
    if (reference.part is None) == (reference.own is None):
        raise UsageError(f"{where}: give either part or own.")
    if not reference.id:
        raise UsageError(f"{where}: id names no attribute.")
    kinds = ["enveloped" if t == "enveloped-signature" else "c14n" for t in reference.transforms]
    if kinds not in ([], ["enveloped"], ["c14n"], ["enveloped", "c14n"]):
        raise UsageError(f"{where}: transforms are enveloped-signature, then at most one canonicalisation.")
    if reference.part == "" and "enveloped" not in kinds:
        raise UsageError(f"{where}: a reference to the whole document needs enveloped-signature.")
