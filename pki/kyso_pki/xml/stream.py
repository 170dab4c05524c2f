"""A large document read in pieces, in memory that does not grow with it.

Reach for `skeleton` (the document without its content: the root, every ds:Signature whole, and what stands around
those) and `canonical_pieces` (the canonical octets of the whole document, a piece at a time). Both feed libxml2's
push parser and drop what is complete after each piece; a tree of the whole would take some 13 times the file.

How pieces are canonicalised: after each piece the tree holds the elements that are still open and what has arrived
inside them. Its canonical form starts with the tags that were open after the piece before, which have been given out,
and ends with the closing tags of those that are open now, which are held back; what stands between is new. That the
form really starts and ends so is checked each time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..errors import FormatError, LimitExceeded
from ..octets import Octets, release
from .c14n import Canonicalization, canonical_document, cut
from .names import ds
from .parse import (
    MAX_TREE_BYTES,
    Event,
    Limits,
    name_of,
    parsing,
    pull_parser,
    refuse_doctype,
    refuse_errors,
    refuse_many_attributes,
)
from .placing import may_be_followed, text_follows

if TYPE_CHECKING:
    from lxml.etree import XMLPullParser, _Element

PIECE = 1 << 16  # octets fed at a time: what stays in the processor's cache is fastest
_OVERHEAD = 4  # a piece is at least so many times what has to be canonicalised again with it


@dataclass(frozen=True)
class Skeleton:
    """What is left of a document: every ds:Signature in its place, and its ancestors; other content is gone."""

    root: _Element
    signatures: tuple[_Element, ...]
    """In document order."""
    comments: bool
    """There is a comment in the root, outside the signatures."""
    split_text: bool
    """Text goes on after one of them."""
    in_text: frozenset[_Element]
    """The signatures after which text goes on."""


def skeleton(octets: Octets) -> Skeleton:
    """One pass over UTF-8 octets. Raises `FormatError`, `LimitExceeded` as `parse.parse_utf8` does."""
    feed = _Feed(octets, ("start", "end", "comment"))
    dropped = _Dropped()
    comments = _Comments()
    in_text: set[_Element] = set()
    last: list[_Element] = []  # after the signature that ended last, and no other, text may still come
    for root in feed:
        in_text.update(s for s in (*last, *feed.finished) if text_follows(s))
        last = [s for s in feed.finished[-1:] or last if may_be_followed(s)]
        comments.look_at(feed.comments, dropped)
        comments.remember(dropped.drop(root, feed.kept, feed.fresh))
        feed.fresh.clear()
    refuse_many_attributes(feed.root)
    return Skeleton(feed.root, tuple(feed.signatures), comments.found, comments.split, frozenset(in_text))


def canonical_pieces(
    octets: Octets,
    method: Canonicalization,
    prefixes: Sequence[str] = (),
    *,
    without: int | None = None,
    spend: Callable[[int], None] = lambda octets: None,
) -> Iterator[memoryview]:
    """The canonical octets of the whole document without comments, piece after piece.

    `without`: the number of the ds:Signature (from 0, in document order) that the enveloped-signature transform takes
    out. `spend` is told the size of each piece. Raises `FormatError`, `LimitExceeded`.
    """
    feed = _Feed(octets, ("start", "end"), without)
    given = b""  # the start tags that have been given out
    for root in feed:
        refuse_many_attributes(root)
        whole = canonical_document(root, method, prefixes)
        if feed.ended:
            yield _between(whole, given, b"", spend)
        elif root.getnext() is None:  # else the root is closed, and only instructions follow
            path = _Dropped().drop(root)
            ends = "".join(f"</{name_of(e)}>" for e in reversed(path)).encode()
            yield _between(whole, given, ends, spend)
            left = canonical_document(root, method, prefixes)
            if not left.endswith(ends):
                raise FormatError(_IN_PIECES)
            given = left[: len(left) - len(ends)]
            feed.piece = max(PIECE, _OVERHEAD * len(left))


_IN_PIECES = "The XML cannot be canonicalised in pieces."


def _between(whole: bytes, start: bytes, end: bytes, spend: Callable[[int], None]) -> memoryview:
    if not whole.startswith(start) or not whole.endswith(end) or len(whole) < len(start) + len(end):
        raise FormatError(_IN_PIECES)
    spend(len(whole) - len(start) - len(end))
    return memoryview(whole)[len(start) : len(whole) - len(end)]


class _Feed:
    """One pass: iterating gives the root after each piece, and after the last one with `ended` set."""

    def __init__(self, octets: Octets, events: Sequence[Event], cutting: int | None = None) -> None:
        """`cutting`: the number of the signature to take out as soon as it is complete; nothing is given before."""
        self._octets = octets
        self._events = events
        self._cutting = cutting
        self._root: _Element | None = None
        self._inside = 0  # signatures that are open
        self.piece = PIECE
        self.ended = False
        self.signatures: list[_Element] = []
        self.comments: list[_Element] = []
        """Those of the last piece."""
        self.finished: list[_Element] = []
        """The signatures that ended in it."""
        self.kept: set[_Element] = set()
        """The signatures and their ancestors."""
        self.fresh: set[_Element] = set()
        """The parents of those that were added to `kept`."""

    @property
    def root(self) -> _Element:
        if self._root is None:
            raise FormatError("Not an XML document: no element follows the prolog.")
        return self._root

    def __iter__(self) -> Iterator[_Element]:
        limits = Limits()
        held = 0  # octets inside signatures, which stay in the tree
        with parsing():
            parser = pull_parser(self._events, (_root_tag(self._octets), ds("Signature")))
        for piece in self._pieces():
            limits.count(piece)
            with parsing():
                parser.feed(piece)
                if self.ended:
                    parser.close()
                    refuse_errors(parser.feed_error_log)
                self._take_events(parser)
            held += len(piece) if self._inside else 0
            if held > MAX_TREE_BYTES:
                raise LimitExceeded(f"Signatures of more than {MAX_TREE_BYTES} octets; they are read as one tree.")
            if self._root is not None and not self._waiting():
                yield self._root
        refuse_doctype(self.root)

    def _pieces(self) -> Iterator[bytes]:
        at, size = 0, len(self._octets)
        while at < size:
            stop = min(at + self.piece, size)
            self.ended = stop == size
            yield self._octets[at:stop]
            release(self._octets, at, stop)
            at = stop

    def _take_events(self, parser: XMLPullParser[_Element]) -> None:
        self.comments, self.finished = [], []
        for event, element in parser.read_events():
            if event == "comment":
                self.comments.append(element)
            elif self._root is None:
                self._root = element
            if element.tag == ds("Signature") and event == "start":
                self._inside += 1
                self._keep(element)
            elif element.tag == ds("Signature") and event == "end":
                self._inside -= 1
                self.finished.append(element)
                if (target := self._target()) is not None and element is target:
                    cut(target)

    def _keep(self, element: _Element) -> None:
        self.signatures.append(element)
        for node in (element, *element.iterancestors()):
            if node in self.kept:
                break
            self.kept.add(node)
            if (parent := node.getparent()) is not None:
                self.fresh.add(parent)

    def _target(self) -> _Element | None:
        number = self._cutting
        return None if number is None or number >= len(self.signatures) else self.signatures[number]

    def _waiting(self) -> bool:
        """Whether a part of the signature that is to be taken out stands in the tree."""
        target = self._target()
        return target is not None and target.getparent() is not None


def _root_tag(octets: Octets) -> str:
    """The name of the document element: the parser tells of those elements alone whose names it is given."""
    parser = pull_parser(("start",))
    for at in range(0, len(octets), PIECE):
        parser.feed(octets[at : at + PIECE])
        for _, element in parser.read_events():
            return str(element.tag)
    raise FormatError("Not an XML document: no element follows the prolog.")


class _Dropped:
    """Drops what is complete, so that only open elements stay, and what is to be kept.

    While the parser runs, no open element may be left with a text node as its last one: libxml2 would add to it by
    what it remembers of the node that stood there.
    """

    def __init__(self) -> None:
        self._stay: dict[_Element, int] = {}
        """How many children at the front of an element stay."""
        self._again: set[_Element] = set()
        """The elements whose last child is to be kept, but was not yet complete."""

    def drop(
        self, root: _Element, kept: AbstractSet[_Element] = frozenset(), fresh: AbstractSet[_Element] = frozenset()
    ) -> list[_Element]:
        """The elements that may be open, from the root down. What is `kept` stays, signatures with all their content;
        `fresh` are the parents of what was added to it since the last time."""
        path: list[_Element] = []
        node: _Element | None = None if root in kept and root.tag == ds("Signature") else root
        while node is not None:
            path.append(node)
            last = node[-1] if len(node) else None
            if last is not None and (not isinstance(last.tag, str) or last.tail is not None):
                last = None  # it is complete
            self._thin(node, kept, fresh, last)
            node = None if last is None or (last.tag == ds("Signature") and last in kept) else last
        return path

    def _thin(
        self, node: _Element, kept: AbstractSet[_Element], fresh: AbstractSet[_Element], last: _Element | None
    ) -> None:
        """Drops the text of one element and its children but for what is kept and `last`, which may be open."""
        start, stop = self._stay.get(node, 0), len(node) - (last is not None)
        node.text = None
        if start:
            node[start - 1].tail = None
        look = node in fresh or node in self._again
        self._again.discard(node)
        if last in kept:
            self._again.add(node)
        if not look:
            del node[start:stop]
            return
        for child in node[start:stop]:
            if child not in kept:
                node.remove(child)
                continue
            start += 1
            child.tail = None
            if child.tag != ds("Signature"):
                self._thin(child, kept, fresh, None)
        self._stay[node] = start

    def staying(self, node: _Element) -> int:
        """How many children of this element have stayed."""
        return self._stay.get(node, 0)

    def trailing_text(self, node: _Element) -> str | None:
        """What has followed, as text, what was dropped last from this element."""
        stay = self._stay.get(node, 0)
        return node[stay - 1].tail if stay else node.text


class _Comments:
    """Whether there are comments outside the signatures, and whether one of them splits a text (class X4)."""

    def __init__(self) -> None:
        self.found = False
        self.split = False
        self._open: _Element | None = None
        """An element whose last node was a comment, so that text may follow it in the next piece."""

    def look_at(self, comments: Sequence[_Element], dropped: _Dropped) -> None:
        """Looks at the comments of one piece, before it is dropped."""
        if (parent := self._open) is not None:
            text = dropped.trailing_text(parent)
            self.split = self.split or bool(text and not text.isspace())
            if (text and not text.isspace()) or len(parent) > dropped.staying(parent):
                self._open = None
        for comment in comments:
            parent = comment.getparent()
            if parent is None or any(a.tag == ds("Signature") for a in comment.iterancestors()):
                continue
            self.found = True
            self.split = self.split or bool(comment.tail and not comment.tail.isspace())
            if comment.getnext() is None:
                self._open = parent

    def remember(self, path: Sequence[_Element]) -> None:
        """After the piece was dropped: only to elements on this path can text still be added."""
        if self._open not in path:
            self._open = None
