"""Paths of a profile led to elements, and the place of a new Signature.

Reach for `Paths.base` (where the paths start), `find_place`, and `profiles_for` when a profile does not fit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Final

from ..errors import ProfileMismatch
from ..xmlprofile import Profile
from .insertion import Insertion, before, inside
from .names import ds
from .parse import local_name, name_of, namespace_of
from .profiles import suggested
from .targets import absolute_path
from .tree import Tree

FEW: Final = 20  # children looked at, to say which profiles there are
if TYPE_CHECKING:
    from lxml.etree import _Element


class Paths:
    """The paths of one profile, led to elements."""

    def __init__(self, profile: Profile) -> None:
        self.profile = profile
        self._spaces = dict(profile.namespaces)

    def base(self, root: _Element) -> _Element:
        """The element that the profile's paths start from. Raises `ProfileMismatch`."""
        if not self.profile.roots:
            return root
        found: list[_Element] = []
        for path in self.profile.roots:
            first, _, rest = path.partition("/")
            if self._is(root, first):
                found += self.all(root, rest)
        if len(found) != 1:
            found_here = f"this document ({name_of(root)}) has {len(found)} of them."
            raise ProfileMismatch(
                f"The profile {self.profile.name} is for {' or '.join(self.profile.roots)}; {found_here}"
                + other_profiles(root, self.profile.name),
                remedy="Choose the profile that fits the document, or sign each part in a file of its own.",
            )
        return found[0]

    def one(self, base: _Element, path: str) -> _Element | None:
        """The element at a path, None when there is none. Raises `ProfileMismatch` when there are several."""
        found = self.all(base, path)
        if len(found) > 1:
            raise ProfileMismatch(
                f"{path} stands {len(found)} times in {name_of(base)}; the profile {self.profile.name} needs one.",
            )
        return found[0] if found else None

    def all(self, base: _Element, path: str) -> list[_Element]:
        if path.startswith("//"):
            return [
                e for e in base.iter("{*}" + path[2:].rpartition(":")[2]) if e is not base and self._is(e, path[2:])
            ]
        found = [base]
        for step in path.split("/") if path else ():
            found = [c for e in found for c in e.iterchildren("{*}" + step.rpartition(":")[2]) if self._is(c, step)]
        return found

    def _is(self, element: _Element, step: str) -> bool:
        prefix, _, local = step.rpartition(":")
        return local_name(element) == local and (not prefix or namespace_of(element) == self._spaces[prefix])

    def new_name(self, parent: _Element, step: str) -> tuple[str, str]:
        """The tag of a new child (as lxml writes it) and its name in the text. Raises `ProfileMismatch`."""
        prefix, _, local = step.rpartition(":")
        if not prefix:
            # Without a prefix of its own the child inherits the default namespace, as its parent does.
            space, shown = namespace_of(parent), parent.prefix
        else:
            space = self._spaces[prefix]
            bound = [p for p, uri in parent.nsmap.items() if uri == space]
            if not bound:
                raise ProfileMismatch(
                    f"{step} cannot be created: no prefix for {space} is declared in {name_of(parent)}."
                )
            shown = None if None in bound else bound[0]
        return f"{{{space}}}{local}" if space else local, f"{shown}:{local}" if shown else local


@dataclass(frozen=True)
class Missing:
    """An element of the place that is not there yet."""

    tag: str
    before: int | None
    """Index of the sibling that it goes before; None: it is the last child."""


def find_place(tree: Tree, base: _Element, paths: Paths) -> tuple[_Element, Insertion, tuple[Missing, ...]]:
    """The last element of the place that is there, where the Signature goes in the octets, and what is missing."""
    wanted = paths.profile.place
    place = paths.one(base, wanted.path)
    if place is not None:
        if not wanted.several and any(c.tag == ds("Signature") for c in place.iterchildren(ds("Signature"))):
            raise ProfileMismatch(
                f"{absolute_path(place)} holds a signature already; the profile {paths.profile.name} puts one there.",
                remedy="Use the profile of the party that signs now, or the version without that signature.",
            )
        return place, inside(tree.source, place), ()
    if wanted.missing == "refuse":
        raise ProfileMismatch(
            f"The document has no {wanted.path}, where the profile {paths.profile.name} puts the signature."
            + other_profiles(tree.root, paths.profile.name)
        )
    steps = wanted.path.split("/")
    there = base
    while (below := paths.one(there, steps[0])) is not None:
        there, steps = below, steps[1:]
    follower = next((c for c in there if local_name(c) in wanted.before), None) if len(steps) == 1 else None
    missing: list[Missing] = []
    opening = closing = ""
    for step in steps:
        tag, name = paths.new_name(there, step)
        missing.append(Missing(tag, None if follower is None else there.index(follower)))
        opening, closing = f"{opening}<{name}>", f"</{name}>{closing}"
    where = inside(tree.source, there) if follower is None else before(tree.source, follower)
    return there, where.around(opening, closing), tuple(missing)


def created(place: _Element, missing: Sequence[Missing]) -> _Element:
    from lxml import etree

    for new in missing:
        element = etree.Element(new.tag)
        if new.before is None:
            place.append(element)
        else:
            place.insert(new.before, element)
        place = element
    return place


def other_profiles(root: _Element, name: str) -> str:
    """A sentence that names the profiles made for this document, if there are any."""
    others = [n for n in profiles_for(root) if n != name]
    return f" For {name_of(root)} there are: {', '.join(others)}." if others else ""


def profiles_for(root: _Element) -> tuple[str, ...]:
    """The built-in profiles made for documents like this one."""
    first = local_name(root)
    return tuple(
        dict.fromkeys(
            name
            for below in islice(root.iterchildren("*"), FEW)
            for last in (below, *islice(below.iterchildren("{*}HDon", "{*}TBao"), FEW))
            for name in suggested((first, local_name(below), local_name(last)))
        )
    ) or suggested((first,))
