"""Templates of stamps: frozen values, read from TOML (docs/appearance.md tells the format by task).

Reach for `built_in(name)` or `read_template(data)`. Lengths are millimetres, type sizes points, places are from
the top left corner of the stamp. A number may be written as text with settings in it ("{size} + 24"), a text may
name settings and what is known at signing: {time}, {date}, {signer}. Unknown keys are refused, so that a
misspelt one is not silently without effect.
"""

from __future__ import annotations

import pkgutil
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cache
from typing import Any, Final, Literal, TypeAlias, TypeVar, cast

from ...errors import LimitExceeded, UsageError

Number: TypeAlias = float | str
"""Millimetres (points for type and lines of text), or a sum of numbers and {settings}."""
Align = Literal["left", "centre", "right"]
Corner = Literal["top-left", "top-right", "bottom-left", "bottom-right"]
Way = Literal["corner", "between", "beside"]

BUILT_IN: Final = ("nguoi-ky", "con-dau", "phu-luc", "sao-y", "sao-luc", "trich-sao", "den")
MAX_TEMPLATE: Final = 1 << 16  # bytes of TOML; the built-in ones have under 2 kB
MAX_TEXT: Final = 20_000  # characters of one text: settings within settings could grow without end
MAX_ITEMS: Final = 64  # in one stamp
KNOWN: Final = ("time", "date", "signer")
"""What a stamp knows at signing without being told."""


@dataclass(frozen=True)
class Text:
    """Lines of text, set in the stamp's font."""

    text: str
    x: Number = 0.0
    y: Number = 0.0
    width: Number | None = None
    """Wrapped to this width; None: one line for each line of `text`, as long as it is."""
    height: Number | None = None
    """Centred in this height."""
    size: Number = 10.0
    """Points."""
    colour: str = "#000000"
    align: Align = "left"
    upper: bool = False
    """Set in capitals."""


@dataclass(frozen=True)
class Picture:
    """An image, as large as fits into the box, its proportions kept, in the middle of it."""

    width: Number
    height: Number
    x: Number = 0.0
    y: Number = 0.0
    source: str = "image"
    """The name of the image that the caller hands in, or a file beside the template."""


@dataclass(frozen=True)
class QrCode:
    """A QR code (ISO/IEC 18004, error correction M or better) with its quiet zone, on white."""

    text: str
    size: Number
    x: Number = 0.0
    y: Number = 0.0
    colour: str = "#000000"


@dataclass(frozen=True)
class Frame:
    """A rectangle's outline, drawn inside it."""

    width: Number
    height: Number
    x: Number = 0.0
    y: Number = 0.0
    line: Number = 0.3
    colour: str = "#000000"


Item: TypeAlias = Text | Picture | QrCode | Frame


@dataclass(frozen=True)
class Standing:
    """Where the stamp goes when the caller says nothing."""

    way: Way = "corner"
    """`corner`: at x, y from a corner of the page; `between`: two texts; `beside`: over a visible signature."""
    page: int = 1
    """-1 is the last."""
    corner: Corner = "top-right"
    x: Number = 10.0
    y: Number = 5.0


@dataclass(frozen=True)
class Template:
    """What a stamp is made of."""

    name: str
    title: str
    """In Vietnamese."""
    title_en: str
    items: tuple[Item, ...]
    width: Number | None = None
    """None: as wide as what it shows."""
    height: Number | None = None
    exact: bool = False
    """Real size: never made smaller to fit into a field or between two texts."""
    standing: Standing = Standing()
    settings: tuple[tuple[str, str], ...] = ()
    """Settings and their defaults."""

    @property
    def images(self) -> tuple[str, ...]:
        """The names of the images it shows."""
        return tuple(dict.fromkeys(item.source for item in self.items if isinstance(item, Picture)))

    @property
    def required(self) -> tuple[str, ...]:
        """The settings that have no default: the caller must give them."""
        known = {*KNOWN, *dict(self.settings)}
        return tuple(dict.fromkeys(n for text in self._texts() for n in _PLACE.findall(text) if n not in known))

    def _texts(self) -> list[str]:
        values = [getattr(item, f.name) for item in self.items for f in fields(item)]
        return [v for v in (*values, self.width, self.height, *dict(self.settings).values()) if isinstance(v, str)]


_PLACE: Final = re.compile(r"\{([a-z][a-z0-9_]*)\}")
_KINDS: Final[dict[str, type[Any]]] = {"text": Text, "image": Picture, "qr": QrCode, "frame": Frame}


def filled(text: str, values: Mapping[str, str]) -> str:
    """The text with its {places} filled, settings within settings too. Raises `UsageError` for an unknown one."""
    for _ in range(4):  # a setting may name another one; deeper is a circle
        names = _PLACE.findall(text)
        if not names:
            return text
        if len(text) + sum(len(values.get(name, "")) for name in names) > MAX_TEXT:
            raise LimitExceeded(f"A text of the stamp grows beyond {MAX_TEXT} characters.")
        text = _PLACE.sub(lambda m: _value(values, m[1]), text)
    if _PLACE.search(text):
        raise UsageError(f"The settings of the stamp name each other in a circle: {text[:80]!r}.")
    return text


def _value(values: Mapping[str, str], name: str) -> str:
    if name not in values:
        raise UsageError(f"The stamp needs the setting {name!r}.", remedy=f"Give it: --set {name}=TEXT", setting=name)
    return values[name]


def number(value: Number, values: Mapping[str, str]) -> float:
    """A length as a number: itself, or the sum that its text says. Raises `UsageError`."""
    if not isinstance(value, str):
        return float(value)
    text = filled(value, values)
    try:
        found = sum(float(term) for term in text.split("+"))
    except ValueError:
        raise UsageError(
            f"{text!r} is no length.", remedy="Write a number of millimetres, such as 36 or 2.5."
        ) from None
    if not 0 <= found <= MAX_LENGTH:
        raise UsageError(f"A length of {found:g} was asked for; 0 to {MAX_LENGTH} are allowed.")
    return found


MAX_LENGTH: Final = 2000  # mm, or points of type; A0 is 1189 mm high


@cache
def built_in(name: str) -> Template:
    """A template that comes with kyso. Raises `UsageError`."""
    if name not in BUILT_IN:
        raise UsageError(
            f"There is no template {name!r}.", remedy=f"Use {', '.join(BUILT_IN)}, or the path of a .toml file."
        )
    data = pkgutil.get_data(__package__, f"builtin/{name}.toml")
    assert data is not None  # noqa: S101 - the package's own data
    return read_template(data, name)


def read_template(data: bytes, name: str) -> Template:
    """A template from TOML. Raises `UsageError` that names what is wrong and where."""
    if len(data) > MAX_TEMPLATE:
        raise UsageError(f"The template {name!r} has {len(data)} bytes; at most {MAX_TEMPLATE} are read.")
    try:
        table = tomllib.loads(data.decode("utf-8"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as e:
        raise UsageError(f"The template {name!r} is no TOML in UTF-8: {e}.") from None
    items = _items(table, name)
    settings = table.pop("settings", {})
    standing = _made(Standing, table.pop("place", {}), f"{name}: [place]")
    if not isinstance(settings, dict) or not all(isinstance(v, str | int | float) for v in settings.values()):
        raise UsageError(f"The template {name!r}: [settings] must hold texts and numbers.")
    given = {"title": name, "title_en": name} | table
    plain = {"settings": tuple((k, str(v)) for k, v in settings.items()), "items": items, "standing": standing}
    return _made(Template, given, name, name=name, **plain)


def _items(table: dict[str, Any], name: str) -> tuple[Item, ...]:
    found: list[Item] = []
    for kind, make in _KINDS.items():
        entries = table.pop(kind, [])
        if not isinstance(entries, list) or not all(isinstance(e, dict) for e in entries):
            raise UsageError(f"The template {name!r}: write [[{kind}]] with two brackets.")
        found += [_made(make, entry, f"{name}: [[{kind}]] {i + 1}") for i, entry in enumerate(entries)]
    if not found or len(found) > MAX_ITEMS:
        raise UsageError(f"The template {name!r} shows {len(found)} things; 1 to {MAX_ITEMS} are allowed.")
    return tuple(found)


_T = TypeVar("_T")
_CHOICES: Final = {
    "align": ("left", "centre", "right"),
    "corner": ("top-left", "top-right", "bottom-left", "bottom-right"),
    "way": ("corner", "between", "beside"),
}
_WORDS: Final = ("text", "source", "colour", "title", "title_en", *_CHOICES)
_TRUTHS: Final = ("upper", "exact")
_HIDDEN: Final = ("name", "items", "standing", "settings")
_COLOUR: Final = re.compile(r"#[0-9A-Fa-f]{6}|\{[a-z][a-z0-9_]*\}")


def _made(make: type[_T], entry: Mapping[str, Any], where: str, **own: Any) -> _T:
    """A value from one table, every key and kind checked."""
    allowed = [f.name for f in fields(cast("Any", make)) if f.name not in _HIDDEN]
    for key, value in entry.items():
        if key not in allowed:
            raise UsageError(f"{where}: the key {key!r} is unknown; known are {', '.join(allowed)}.")
        kind = str if key in _WORDS else bool if key in _TRUTHS else int if key == "page" else (int, float, str)
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
            raise UsageError(f"{where}: {key} = {value!r} is of the wrong kind.")
        if key in _CHOICES and value not in _CHOICES[key]:
            raise UsageError(f"{where}: {key} = {value!r}; allowed are {', '.join(_CHOICES[key])}.")
        if key == "colour" and not _COLOUR.fullmatch(str(value)):
            raise UsageError(f"{where}: {value!r} is no colour; write #RRGGBB.")
    try:
        return make(**entry, **own)
    except TypeError:
        needed = [f.name for f in fields(cast("Any", make)) if f.name not in {*entry, *own}]
        raise UsageError(f"{where}: something is missing of {', '.join(needed)}.") from None
