"""The options that say what a signature shows and where, shared by `sign` and `preview`.

`stamp_options` adds them to a command, `StampAsked` holds them as typed, `stamp_from` makes the stamp.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from .errors import Stop
from .files import write_whole
from .options import PATH
from .output import App, note

if TYPE_CHECKING:
    from kyso_pki.pdf.appearance.stamp import Place, Stamp

_F = TypeVar("_F", bound=Callable[..., Any])
_MM = 72 / 25.4
_LENGTH = re.compile(r"(-?\d+(?:\.\d+)?)(mm|pt)?", re.ASCII)
_CORNERS = ("top-left", "top-right", "bottom-left", "bottom-right")


@dataclass(frozen=True)
class StampAsked:
    """What was asked for, as typed."""

    template: str | None
    images: tuple[str, ...]
    settings: tuple[str, ...]
    place: str | None
    anchors: tuple[str, ...]
    beside: str | None
    font: Path | None
    allow_overlap: bool
    reserve: tuple[str, ...]


def stamp_options(function: _F) -> _F:
    for option in (
        click.option("--reserve", multiple=True, metavar="NAME"),
        click.option("--allow-overlap", is_flag=True),
        click.option("--font", type=PATH, metavar="FILE.ttf"),
        click.option("--beside", metavar="NAME"),
        click.option("--anchor", "anchors", multiple=True, metavar="TEXT"),
        click.option("--place", metavar="SPEC"),
        click.option("--set", "settings", multiple=True, metavar="NAME=TEXT"),
        click.option("--image", "images", multiple=True, metavar="[NAME=]FILE.png"),
        click.option("--template", metavar="NAME|FILE.toml"),
    ):
        function = option(function)
    return function


def taken(given: dict[str, Any]) -> StampAsked:
    """The options of the stamp, taken out of everything that was given."""
    return StampAsked(**{f.name: given.pop(f.name) for f in fields(StampAsked)})


def stamp_from(asked: StampAsked) -> Stamp | None:
    """The stamp that was asked for, None when none was. Raises `Stop`, `UsageError`."""
    if asked.template is None:
        for name in ("images", "settings", "place", "anchors", "beside", "font", "allow_overlap", "reserve"):
            if getattr(asked, name):
                option = {"images": "image", "settings": "set", "anchors": "anchor"}.get(name, name.replace("_", "-"))
                raise Stop("option_needs", option=f"--{option}", needed="--template")
        return None
    import kyso

    images = dict(_pair(text, "image") for text in asked.images)
    for path in (*images.values(), *((asked.font,) if asked.font else ())):
        _readable(path)
    if asked.template.endswith(".toml"):
        _readable(asked.template)
    return kyso.load_stamp(
        asked.template,
        images={name: Path(file) for name, file in images.items()},
        settings=dict(_setting(text) for text in asked.settings),
        place=place_from(asked),
        font=asked.font,
        allow_overlap=asked.allow_overlap,
        reserve=asked.reserve,
    )


def place_from(asked: StampAsked) -> Place:
    """The place: `page=last,corner=top-right,x=10,y=5pt,scale=0.8`, lengths in millimetres unless they say pt."""
    import kyso

    said = dict(_part(part) for part in (asked.place or "").split(",") if part.strip())
    page = said.get("page")
    return kyso.Place(
        page=None if page is None else -1 if page == "last" else _whole(page),
        corner=said.get("corner"),  # type: ignore[arg-type]  # _part lets nothing else through
        x=_length(said["x"]) if "x" in said else None,
        y=_length(said["y"]) if "y" in said else None,
        scale=_number(said["scale"]) if "scale" in said else 1.0,
        anchors=asked.anchors,
        beside=asked.beside,
    )


def _part(text: str) -> tuple[str, str]:
    key, equals, value = (t.strip() for t in text.partition("="))
    if not equals or key not in ("page", "corner", "x", "y", "scale") or (key == "corner" and value not in _CORNERS):
        raise Stop("place_wrong", text=text.strip())
    return key, value


def _whole(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 0 < len(text) < 8 and int(text)):
        raise Stop("place_wrong", text=f"page={text}")
    return int(text)


def _length(text: str) -> float:
    found = _LENGTH.fullmatch(text)
    if found is None:
        raise Stop("place_wrong", text=text)
    return float(found[1]) * (1.0 if found[2] == "pt" else _MM)


def _number(text: str) -> float:
    found = _LENGTH.fullmatch(text)
    if found is None or found[2]:
        raise Stop("place_wrong", text=f"scale={text}")
    return float(found[1])


def _pair(text: str, default: str) -> tuple[str, str]:
    name, equals, file = text.partition("=")
    return (name, file) if equals and name.isidentifier() else (default, text)


def _setting(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise Stop("setting_wrong", text=text)
    return name.strip(), value.replace("\\n", "\n")


def _readable(path: str | Path) -> None:
    try:
        with Path(path).open("rb"):
            pass
    except FileNotFoundError:
        raise Stop("file_missing", path=path) from None
    except OSError as e:
        raise Stop("file_unreadable", path=path, why=e.strerror) from None


def save_refusal(app: App, error: Exception, target: Path) -> None:
    """Writes the picture that comes with a refused placement, and says where it is."""
    picture = getattr(error, "picture", None)
    if isinstance(picture, bytes):
        write_whole(target, picture, force=True)
        note(app.words("stamp.refusal", path=target))


def covers_signature(data: bytes, field: str | None, password: Callable[[], str | None] | None = None) -> bool:
    """Whether a stamp in a field of its own is going to lie over pages that somebody signed before."""
    from kyso_pki.pdf.fields import all_fields
    from kyso_pki.pdf.reader import Reader

    found = [f for f in all_fields(Reader(data, password)) if f.problem is None and f.type == "Sig"]
    return any(f.value is not None for f in found) and not any(f.name == field and f.value is None for f in found)


def doubts(data: bytes, names: Sequence[str], password: Callable[[], str | None] | None = None) -> list[list[str]]:
    """Of fields that were reserved in a document just signed: those whose seal will be an overlay all the same, and
    why a verifier will say so."""
    from kyso_pki.errors import KysoError
    from kyso_pki.pdf.fields import all_fields
    from kyso_pki.pdf.objects import Ref
    from kyso_pki.pdf.overlay import hidden_by
    from kyso_pki.pdf.reader import Reader

    reader = Reader(data, password)
    fields = [f for f in all_fields(reader) if f.problem is None and f.type == "Sig"]
    signatures = frozenset(f.value.number for f in fields if isinstance(f.value, Ref))
    found: list[list[str]] = []
    for field in fields:
        if field.name in names and field.value is None and field.ref is not None:
            try:
                why = hidden_by(reader, field.ref.number, signatures)
            except KysoError as e:
                why = e.message
            if why is not None:
                found.append([field.name, why])
    return found


def settings_shown(settings: Mapping[str, str]) -> str:
    """Settings with their defaults on one line."""
    return ", ".join(f"{name}={value}" for name, value in settings.items())
