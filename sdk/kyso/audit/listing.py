"""Which files an audit looks at: folders, patterns and lists, each file once, and none left out in silence.

Reach for `entries`. What cannot be looked at (a broken link, a FIFO, a folder without permission) is listed too, so
that the report says so. Links to folders are never followed on the way down: two that lead back would make more
paths than there are atoms.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

from kyso_pki.errors import UsageError

SUFFIXES = frozenset({".pdf", ".xml", ".edxml", ".xsig", ".xades", ".p7s", ".p7m", ".sig"})
"""What is looked at in a folder unless everything is asked for."""
_ANY_DEPTH, _MAGIC = "**", "*?["
Mark = tuple[int, int]
"""Device and number: what a file is, whatever it is called."""


@dataclass(frozen=True)
class Entry:
    """One file of a manifest, as it was when the run began; 0 and 0 for what could not be looked at then."""

    path: str
    size: int
    modified_ns: int


def entries(sources: Iterable[str], *, everything: bool = False, besides: Collection[Path] = ()) -> Iterator[Entry]:
    """The files that `sources` name, each once, in a lasting order.

    A source is a file, a folder (all of its PDF, XML and CMS files, or `everything`), a pattern with `*`, `?` or `[`
    (`**` for any depth), or `@list`: a UTF-8 file with one path a line. `besides`: files and folders that are left
    out, the audit's own. Raises `UsageError` for a source that names nothing.
    """
    seen: set[str] = set()
    own = {mark for path in besides if (mark := _mark(path)) is not None}
    for source in sources:
        for path in _paths(source, everything, own):
            name = str(path)
            if name in seen:
                continue
            seen.add(name)
            try:
                status = path.stat()
            except OSError:  # a link that leads nowhere, or gone since: a file of the report all the same
                yield Entry(name, 0, 0)
                continue
            if (status.st_dev, status.st_ino) not in own:
                yield Entry(name, status.st_size, status.st_mtime_ns)


def _mark(path: Path) -> Mark | None:
    """None when it is not there."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _paths(source: str, everything: bool, own: Collection[Mark]) -> Iterator[Path]:
    if source.startswith("@"):
        yield from _in_list(Path(source[1:]))
        return
    path = Path(source)
    if path.is_dir():
        yield from _below(path, everything, own)
    elif path.is_file():
        yield path
    elif any(c in source for c in _MAGIC):
        found = False
        for found_path in _matching(Path(path.anchor), path.parts[bool(path.anchor) :], own):
            found = True
            yield found_path
        if not found:
            raise UsageError(f"The pattern {source} matches no file.")
    else:
        yield _named(path, None)


def _in_list(listed: Path) -> Iterator[Path]:
    try:
        text = listed.read_text("utf-8-sig")
    except UnicodeDecodeError:
        raise UsageError(f"The list {listed} is no UTF-8.", remedy="Save it as UTF-8.") from None
    except OSError as e:
        raise UsageError(f"The list {listed} cannot be read: {e.strerror}.") from None
    for number, line in enumerate(text.split("\n"), 1):  # no other letter ends a line: it may stand in a name
        if line.strip():
            exact = Path(line)
            yield _named(exact if exact.is_file() else Path(line.strip()), f"{listed}, line {number}")


def _named(path: Path, where: str | None) -> Path:
    if not path.is_file():
        text = f"There is no file {path}" + (f" ({where})." if where else ".")
        raise UsageError(text, remedy="Name files, folders, patterns in quotes, or @list with one path a line.")
    return path


def _below(folder: Path, everything: bool, own: Collection[Mark]) -> Iterator[Path]:
    """What stands in all depths, the files of a folder before those of its folders."""
    for one, items in _downwards(folder, own):
        if items is None:
            yield one
        for item in items or ():
            if (everything or Path(item.name).suffix.lower() in SUFFIXES) and not _is_folder(item):
                yield Path(item.path)


Items = list["os.DirEntry[str]"] | None


def _downwards(folder: Path, own: Collection[Mark], *, hidden: bool = True) -> Iterator[tuple[Path, Items]]:
    """The folder and all below it with what they hold; without recursion: a path may have two thousand parts."""
    waiting = [folder]
    while waiting:
        one = waiting.pop()
        items = _listed(one, own)
        yield one, items
        for item in reversed(items or ()):
            if _is_folder(item, linked=False) and (hidden or not item.name.startswith(".")):
                waiting.append(Path(item.path))


def _listed(folder: Path, own: Collection[Mark]) -> Items:
    """Its items by name; none of the audit's own folder, None where the system does not tell."""
    if own and _mark(folder) in own:
        return []
    try:
        with os.scandir(folder) as items:
            return sorted(items, key=lambda item: item.name)
    except OSError:
        return None


def _is_folder(item: os.DirEntry[str], *, linked: bool = True) -> bool:
    """Whether it is a folder (or a link to one, when `linked`); a link that leads nowhere or in a circle is not."""
    try:
        return item.is_dir(follow_symlinks=linked)
    except OSError:
        return False


def _matching(folder: Path, parts: tuple[str, ...], own: Collection[Mark]) -> Iterator[Path]:
    """What is no folder and fits the pattern below `folder`; hidden names only where the pattern begins so too."""
    first, rest = parts[0], parts[1:]
    if first == _ANY_DEPTH:
        while rest[:1] == (_ANY_DEPTH,):
            rest = rest[1:]
        for one, items in _downwards(folder, own, hidden=False):
            if items is None:
                yield one
            else:
                yield from _matching(one, rest or ("*",), own)
    elif not any(c in first for c in _MAGIC):
        path = folder / first
        if rest and os.path.isdir(path):  # noqa: PTH112 - false where the system does not tell
            yield from _matching(path, rest, own)
        elif not rest and os.path.lexists(path) and not os.path.isdir(path):  # noqa: PTH112 - the same
            yield path
    elif (found := _listed(folder, own)) is None:
        yield folder
    else:
        for item in found:
            if fnmatch(item.name, first) and (first.startswith(".") or not item.name.startswith(".")):
                if rest and _is_folder(item):
                    yield from _matching(Path(item.path), rest, own)
                elif not rest and not _is_folder(item):
                    yield Path(item.path)
