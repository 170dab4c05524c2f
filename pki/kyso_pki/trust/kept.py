"""What the file of a trust store holds (`trust.json`), and the anchors that it makes at a given time.

`kyso trust` writes it (the SDK), a server reads it. Reach for `Kept.from_bytes` and `Kept.store`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from ..errors import FormatError, KysoError
from ..jsonable import decoded, encoded
from ..x509.trust import Anchor, TrustStore
from .bundle import HAND

VERSION = 1
OWN = HAND
"""The name of what was added by hand, among those of sources."""
OWN_SOURCE = "added by hand"
"""The source of such anchors in reports."""
Kind = Literal["bundle", "list"]


@dataclass(frozen=True)
class Pointer:
    """Another trusted list that one names, with the keys that may sign it (TS 119 612 5.3.13)."""

    name: str
    address: str
    signers: tuple[str, ...]


@dataclass(frozen=True)
class Source:
    """A bundle or list that was taken: what it said, and by what the next one is judged."""

    name: str
    kind: Kind
    sequence: int
    sha256: str
    """Of the signed file."""
    issued: datetime
    expires: datetime | None
    signers: tuple[str, ...]
    """Keys that may sign the next one (SHA-256 of SubjectPublicKeyInfo, lower-case hex)."""
    update: str | None
    """Where the next one is published."""
    anchors: tuple[Anchor, ...]
    notes: tuple[str | None, ...]
    """One for each anchor."""
    pointers: tuple[Pointer, ...] = ()
    """Lists that it names and vouches for."""
    by: str | None = None
    """The source that names it; None: it was imported by hand."""
    left_out: tuple[str, ...] = ()
    """What a list names and what was not understood, with the reason."""
    signed_by: str | None = None
    """A list: the key that signed it (SHA-256 of SubjectPublicKeyInfo, lower-case hex)."""

    def __post_init__(self) -> None:
        if len(self.notes) != len(self.anchors):
            raise FormatError(f"{self.name[:80]!r} has {len(self.anchors)} anchors and {len(self.notes)} notes.")

    def ended(self, now: datetime) -> bool:
        return self.expires is None or self.expires <= now


@dataclass(frozen=True)
class Added:
    """An anchor that was added by hand."""

    anchor: Anchor
    note: str | None


@dataclass(frozen=True)
class Last:
    """The newest file of a source that is here no more: an older one of the same name is still a roll-back."""

    name: str
    sequence: int
    sha256: str


@dataclass(frozen=True)
class Kept:
    """The whole store."""

    version: int = VERSION
    own: tuple[Added, ...] = ()
    sources: tuple[Source, ...] = ()
    left: tuple[Last, ...] = ()
    """What is remembered of sources that went."""

    def source(self, name: str) -> Source | None:
        return next((s for s in self.sources if s.name == name), None)

    def with_source(self, new: Source) -> Kept:
        """The store with this source in the place of the one of the same name."""
        others = tuple(s for s in self.sources if s.name != new.name)
        left = tuple(one for one in self.left if one.name != new.name)
        return replace(self, sources=tuple(sorted((*others, new), key=lambda s: s.name)), left=left)

    def last(self, name: str) -> Source | Last | None:
        """By what the next file of this name is measured."""
        return self.source(name) or next((one for one in self.left if one.name == name), None)

    def orphans(self, new: Source) -> tuple[str, ...]:
        """The sources that `new`, of the name that vouched for them, vouches for no more: it names them no longer, or
        with other keys than the one that signed what is here (TS 119 612 5.3.13)."""
        told = {p.name: p.signers for p in new.pointers}
        return tuple(s.name for s in self.sources if s.by == new.name and s.signed_by not in told.get(s.name, ()))

    def without_source(self, name: str) -> Kept:
        """The store without this source and those that only it vouches for."""
        gone = {name}
        while more := {s.name for s in self.sources if s.by in gone} - gone:
            gone |= more
        left = (Last(s.name, s.sequence, s.sha256) for s in self.sources if s.name in gone)
        kept = tuple(s for s in self.sources if s.name not in gone)
        return replace(self, sources=kept, left=(*self.left, *left))

    def entries(self, now: datetime) -> Iterator[tuple[Anchor, str | None, str]]:
        """Every anchor with its note and the name of its source; anchors of what has ended count for nothing.

        What was said by hand of a name with a key, for a purpose, stands in the place of what any source says of it.
        """
        own: dict[bytes, list[Anchor]] = {}
        for added in self.own:
            own.setdefault(added.anchor.certificate.spki, []).append(added.anchor)
            yield added.anchor, added.note, OWN
        for source in self.sources:
            ended = (source.expires or source.issued) if source.ended(now) else None
            for anchor, note in zip(source.anchors, source.notes, strict=True):
                said = [a for a in own.get(anchor.certificate.spki, ()) if a.is_key_of(anchor.certificate)]
                left = anchor.purposes.difference(*(a.purposes for a in said))
                if left:
                    yield replace(anchor, purposes=left, ended=ended), note, source.name

    def store(self, now: datetime) -> TrustStore:
        return TrustStore(tuple(dict.fromkeys(a for a, _, _ in self.entries(now))))

    def next_end(self, now: datetime) -> datetime | None:
        """When the next source ends; None when none will."""
        return min((s.expires for s in self.sources if s.expires and s.expires > now), default=None)

    def to_bytes(self) -> bytes:
        return json.dumps(encoded(self), ensure_ascii=False, indent=1).encode()

    @classmethod
    def from_bytes(cls, data: bytes) -> Kept:
        """What `to_bytes` gave. Raises `FormatError`."""
        try:
            value = json.loads(data)
        except (ValueError, RecursionError):
            raise FormatError("it is no JSON") from None
        if not isinstance(value, dict) or value.get("version") != VERSION:
            raise FormatError("it is of another version of kyso")
        for source in sources if isinstance(sources := value.get("sources"), list) else ():
            if isinstance(source, dict):
                source.setdefault("signed_by", None)  # stores of before did not keep it
        try:
            return decoded(cls, value, "it")
        except KysoError as e:
            raise FormatError(e.message.removesuffix(".")) from None
