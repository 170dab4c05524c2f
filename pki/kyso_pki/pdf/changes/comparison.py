"""One revision beside the one before it: what was touched, what is explained so far, what there is to say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ...facts import Change, ChangeKind, Place
from ..dss import Visits
from ..objects import Dictionary, IndirectObject, Ref, Stream, Value, decode_text, same
from ..overlay import Paper
from ..permission import Permission
from ..reader import Reader, Revision
from .where import Where

MAX_CHANGES: Final = 100  # named one by one in a revision; the rest is counted
MAX_SHOWN: Final = 64  # characters of an old or a new value
_LISTED: Final = frozenset((Ref, dict, type(None)))  # what lists of fields and of annotations hold


@dataclass
class Touched:
    """One object whose entry differs between two revisions."""

    number: int
    old: IndirectObject | None
    new: IndirectObject | None

    @property
    def old_dictionary(self) -> Dictionary | None:
        return self.old.value if self.old is not None and isinstance(self.old.value, dict) else None

    @property
    def new_dictionary(self) -> Dictionary | None:
        return self.new.value if self.new is not None and isinstance(self.new.value, dict) else None


@dataclass(frozen=True)
class Shared:
    """What all comparisons of one file share, so that their work adds up to no more than the file's size."""

    visits: Visits
    paper: Paper
    where: Where
    gaps: tuple[tuple[int, int], ...]
    """The /Contents tokens of signatures whose shape is right, `<` and `>` included, ascending."""


class Comparison:
    """One revision compared with the one before it; the rules read and mark it, each its own part."""

    def __init__(self, reader: Reader, index: int, permission: Permission, shared: Shared) -> None:
        self.reader = reader
        self.index = index
        self.revision: Revision = reader.revisions[index]
        self.permission = permission
        self.visits = shared.visits
        self.paper = shared.paper
        self.where = shared.where
        self.gaps = shared.gaps
        self.changes: list[Change] = []
        self.touched: dict[int, Touched] = {}
        self.explained: set[int] = set()
        self.private: dict[int, frozenset[int]] = {}
        """Objects that only the given objects may refer to in what was signed."""
        self.kept: dict[int, str | None] = {}
        """Objects rewritten by a rule that knows them in one role only: the key that names them, None for fields."""
        self.widgets: set[int] = set()
        """Widgets of new signature fields."""
        self.pages: set[int] = set()
        """Pages, by object number, that were touched or that a new widget names."""

    @property
    def open(self) -> bool:
        """Whether anything but evidence and document timestamps may change at all."""
        return not self.permission.closed

    def say(
        self,
        kind: ChangeKind,
        text: str,
        allowed: bool,
        *,
        object: int | None = None,
        field: str | None = None,
        old: str | None = None,
        new: str | None = None,
        page: int | None = None,
        blank: bool = False,
        places: tuple[Place, ...] = (),
    ) -> None:
        """Notes a change; `object` is an object's number, `page` a page's number from 1."""
        revision = self.index + 1
        text = f"Revision {revision}: {text}"
        if page is None and object is not None and not allowed:
            page = self.where.page_of(object, self.index)
        change = Change(kind, text, allowed, revision, object, field, old, new, page, blank, places)
        self.changes.append(change)

    def result(self) -> tuple[Change, ...]:
        """The changes, those not allowed first where there are too many to name."""
        if len(self.changes) <= MAX_CHANGES:
            return tuple(self.changes)
        more = len(self.changes) - MAX_CHANGES
        revision = self.index + 1
        rest = Change("unexplained", f"Revision {revision}: {more} more changes.", False, revision)
        return (*sorted(self.changes, key=lambda c: c.allowed)[:MAX_CHANGES], rest)

    # Access

    def old(self, value: Value) -> Value:
        return self.reader.resolve(value, self.index - 1)

    def new(self, value: Value) -> Value:
        return self.reader.resolve(value, self.index)

    def added(self, value: Value) -> Touched | None:
        """The touched object behind a reference when it did not exist before."""
        if not isinstance(value, Ref):
            return None
        found = self.touched.get(value.number)
        return found if found is not None and found.old is None and found.new is not None else None

    def explain(self, number: int, *referrers: int) -> None:
        """Marks an object as explained; only `referrers` may have pointed at it before."""
        self.explained.add(number)
        self.private[number] = self.private.get(number, frozenset()) | frozenset(referrers)

    def account(self, number: int) -> None:
        """Marks an object as explained; a new one may not have been referred to before, an old one is what it was."""
        self.explained.add(number)
        touched = self.touched.get(number)
        if touched is not None and touched.old is None:
            self.private.setdefault(number, frozenset())

    def follow(self, value: Value) -> bool:
        """Explains every new object that can be reached from `value` over new objects; whether one was a stream."""
        streams = False
        pending: list[Value] = [value]
        while pending:
            item = pending.pop()
            if isinstance(item, list):
                pending += item
            elif isinstance(item, dict):
                pending += item.values()
            elif isinstance(item, Stream):
                streams = True
                pending += item.dictionary.values()
            elif (touched := self.added(item)) is not None and touched.number not in self.explained:
                self.explain(touched.number)
                pending.append(touched.new.value if touched.new else None)
        return streams

    def inherited(self, node: Dictionary, key: str, revision: int) -> Value:
        """An inheritable entry of a field (12.7.4.1)."""
        for _ in range(32):
            if node.get(key) is not None:
                return self.reader.resolve(node.get(key), revision)
            parent = self.reader.resolve(node.get("Parent"), revision)
            if not isinstance(parent, dict):
                return None
            node = parent
        return None


def shown(value: Value) -> str:
    """A value as people read it, shortened."""
    if isinstance(value, bytes):
        text = decode_text(value)
        return repr(text[:MAX_SHOWN]) + _rest(text)
    text = "nothing" if value is None else repr(value)
    return text[:MAX_SHOWN] + _rest(text)


def _rest(text: str) -> str:
    """What stands for the characters that are not shown, so that nobody takes the beginning for all."""
    return "" if len(text) <= MAX_SHOWN else "…"


def explain_same_place(
    c: Comparison, before: Value, now: Value, what: str, holder: int, key: str | None = None
) -> None:
    """An object that is rewritten under its own number, or made new where there was none.

    Only `holder`, an object's number, may have named the new one before. Only as the value of `key` may a rewritten
    array have been named: what is added to it would be added wherever else it is used.
    """
    if isinstance(now, Ref) and now.number in c.touched and (c.added(now) or before == now):
        if c.added(now):
            c.explain(now.number, holder)
        elif key is not None:
            c.kept[now.number] = key
        c.account(now.number)
    elif isinstance(before, Ref) and before != now:
        c.say("structure", f"{what} was moved to another object.", False, object=before.number)


def added_items(olds: Value, news: Value) -> list[Value] | None:
    """What stands in a list behind all that stood there before; None: it is no such list.

    Before and now it holds dictionaries only: an array with anything else in it means something else (P6).
    """
    before = [] if olds is None else olds
    if not isinstance(before, list) or not isinstance(news, list) or not same(before, news[: len(before)]):
        return None
    return news[len(before) :] if _LISTED.issuperset(map(type, news)) else None
