"""Mutations that know what CMS is made of: elements, lists, algorithms, attributes, and where nothing is signed.

Reach for `mutate`. The structure is taken apart by a lenient reader of its own, changed, and written again with
lengths that fit, so that a change does not end at the first length; some changes break lengths on purpose.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from random import Random

from kyso_pki import oids
from kyso_pki.asn1 import der

MAX_LEVELS = 48
MAX_NODES = 20_000  # of one input, against spending the run on taking it apart


@dataclass
class Node:
    """One element: octets, or the elements inside."""

    tag: int
    content: bytes = b""
    children: list[Node] | None = None
    indefinite: bool = False

    def written(self) -> bytes:
        inner = self.content if self.children is None else b"".join(c.written() for c in self.children)
        if self.indefinite and self.children is not None:
            return bytes((self.tag, 0x80)) + inner + b"\x00\x00"
        return der.tlv(self.tag, inner)

    def copy(self) -> Node:
        inner = None if self.children is None else [c.copy() for c in self.children]
        return Node(self.tag, self.content, inner, self.indefinite)


@dataclass
class _Parser:
    data: bytes
    nodes: int = 0
    at: int = 0
    found: list[Node] = field(default_factory=list)

    def elements(self, end: int | None, level: int) -> list[Node]:
        """Until `end`, or until the end-of-contents octets. Raises `ValueError`, `IndexError`."""
        found: list[Node] = []
        while self.data[self.at : self.at + 2] != b"\x00\x00" if end is None else self.at < end:
            found.append(self.element(len(self.data) if end is None else end, level))
        if end is None:
            self.at += 2
        return found

    def element(self, end: int, level: int) -> Node:
        self.nodes += 1
        if level > MAX_LEVELS or self.nodes > MAX_NODES:
            raise ValueError("too deep or too many")
        tag, first = self.data[self.at], self.data[self.at + 1]
        self.at += 2
        if first == 0x80:
            return Node(tag, children=self.elements(None, level + 1), indefinite=True)
        size = first
        if first & 0x80:
            octets = first & 0x7F
            size = int.from_bytes(self.data[self.at : self.at + octets], "big")
            self.at += octets
        stop = self.at + size
        if stop > end:
            raise ValueError("beyond its parent")
        if tag & 0x20 and size:
            return Node(tag, children=self.elements(stop, level + 1))
        content = self.data[self.at : stop]
        self.at = stop
        return Node(tag, content)


def parsed(data: bytes) -> Node | None:
    """The tree, or None where these octets are no tree."""
    try:
        parser = _Parser(data)
        node = parser.element(len(data), 0)
    except (ValueError, IndexError):
        return None
    return node if parser.at == len(data) else None


def _all(node: Node) -> list[tuple[Node, Node, int]]:
    """(parent, child, place) of every element but the root."""
    found: list[tuple[Node, Node, int]] = []
    waiting = [node]
    while waiting:
        parent = waiting.pop()
        for place, child in enumerate(parent.children or ()):
            found.append((parent, child, place))
            waiting.append(child)
    return found


_KINDS = (
    oids.ID_DATA,
    oids.ID_SIGNED_DATA,
    oids.ID_CT_TST_INFO,
    oids.ID_CONTENT_TYPE,
    oids.ID_MESSAGE_DIGEST,
    oids.ID_SIGNING_TIME,
    oids.ID_COUNTER_SIGNATURE,
    oids.ID_AA_SIGNING_CERTIFICATE,
    oids.ID_AA_SIGNING_CERTIFICATE_V2,
    oids.ID_AA_TIME_STAMP_TOKEN,
    oids.ID_AA_ARCHIVE_TIME_STAMP_V2,
    oids.ID_AA_ARCHIVE_TIME_STAMP_V3,
    oids.ID_AA_ATS_HASH_INDEX,
    oids.ID_AA_ATS_HASH_INDEX_V3,
    oids.ID_AA_CONTENT_TIME_STAMP,
    oids.ID_CMS_ALGORITHM_PROTECTION,
    oids.ID_ADBE_REVOCATION_INFO_ARCHIVAL,
    oids.SHA1,
    oids.SHA256,
    oids.SHA384,
    oids.SHA512,
    oids.RSASSA_PSS,
    oids.SHA256_WITH_RSA,
    oids.ECDSA_WITH_SHA256,
    oids.EC_PUBLIC_KEY,
    "1.3.101.112",
    "1.2.840.113549.1.1.1",
    "1.3.6.1.5.5.7.16.2",
    "1.2.3",
)
_TAGS = (0x02, 0x03, 0x04, 0x05, 0x06, 0x0A, 0x17, 0x18, 0x24, 0x30, 0x31, 0x80, 0x81, 0x82, 0xA0, 0xA1, 0xA4, 0x1F)
_PIECES = (
    der.null(),
    der.integer(0),
    der.integer(1),
    der.integer(3),
    der.integer(-1),
    der.integer(1 << 8191),
    der.integer(1 << 9000),
    der.octet_string(b""),
    der.octet_string(bytes(32)),
    der.sequence(),
    der.set_of([]),
    der.boolean(True),
    der.bit_string(b""),
    der.tlv(der.GENERALIZED_TIME, b"00000101000000Z"),
    der.tlv(der.GENERALIZED_TIME, b"99991231235959Z"),
    der.tlv(der.GENERALIZED_TIME, b"20261129000000.5Z"),
    der.tlv(der.UTC_TIME, b"261129000000Z"),
    der.sequence(der.oid(oids.SHA256), der.null()),
    der.sequence(der.oid(oids.SHA1)),
    b"\x30\x80\x00\x00",
    b"\xbf\x81\x00\x00",
    b"\x02\x00",
    b"\x06\x00",
    b"\x03\x00",
)


def _drop(rng: Random, root: Node, others: Sequence[Node]) -> None:
    parent, _, place = rng.choice(_all(root))
    assert parent.children is not None
    del parent.children[place]


def _double(rng: Random, root: Node, others: Sequence[Node]) -> None:
    parent, child, _ = rng.choice(_all(root))
    assert parent.children is not None
    for _ in range(rng.choice((1, 1, 1, 2, 40, 300))):
        parent.children.insert(rng.randint(0, len(parent.children)), child.copy())


def _swap(rng: Random, root: Node, others: Sequence[Node]) -> None:
    parent, _, place = rng.choice(_all(root))
    assert parent.children is not None
    other = rng.randrange(len(parent.children))
    parent.children[place], parent.children[other] = parent.children[other], parent.children[place]


def _graft(rng: Random, root: Node, others: Sequence[Node]) -> None:
    """Something of another seed, or of this one, in another place; of the same tag, more often than not."""
    source = rng.choice((root, *others))
    parent, child, place = rng.choice(_all(root))
    candidates = [c for _, c, _ in _all(source)]
    alike = [c for c in candidates if c.tag == child.tag]
    new = rng.choice(alike if alike and rng.random() < 0.7 else candidates).copy()
    assert parent.children is not None
    if rng.random() < 0.6:
        parent.children[place] = new
    else:
        parent.children.insert(place, new)


def _unsigned(rng: Random, root: Node, others: Sequence[Node]) -> None:
    """An attribute of any type with any value among the unsigned ones, where nothing is signed."""
    infos = [c for _, c, _ in _all(root) if c.tag == 0xA1 and c.children] or [
        c for _, c, _ in _all(root) if c.children
    ]
    target = rng.choice(infos)
    source = rng.choice((root, *others))
    value = rng.choice([c for _, c, _ in _all(source)]).copy()
    kind = Node(0x06, der.oid(rng.choice(_KINDS))[2:])
    assert target.children is not None
    target.children.append(Node(0x30, children=[kind, Node(0x31, children=[value])]))


def _piece(rng: Random, root: Node, others: Sequence[Node]) -> None:
    parent, _, place = rng.choice(_all(root))
    new = parsed(rng.choice(_PIECES)) or Node(0x05)
    assert parent.children is not None
    if rng.random() < 0.5:
        parent.children[place] = new
    else:
        parent.children.insert(place, new)


def _kind(rng: Random, root: Node, others: Sequence[Node]) -> None:
    nodes = [c for _, c, _ in _all(root) if c.tag == 0x06]
    if nodes:
        rng.choice(nodes).content = der.oid(rng.choice(_KINDS))[2:]


def _tag(rng: Random, root: Node, others: Sequence[Node]) -> None:
    _, child, _ = rng.choice(_all(root))
    child.tag = rng.choice(_TAGS)


def _flip(rng: Random, root: Node, others: Sequence[Node]) -> None:
    nodes = [c for _, c, _ in _all(root) if c.children is None and c.content]
    if nodes:
        child = rng.choice(nodes)
        at = rng.randrange(len(child.content))
        octet = bytes((child.content[at] ^ 1 << rng.randrange(8),))
        child.content = child.content[:at] + octet + child.content[at + 1 :]


def _resize(rng: Random, root: Node, others: Sequence[Node]) -> None:
    nodes = [c for _, c, _ in _all(root) if c.children is None]
    if nodes:
        child = rng.choice(nodes)
        if rng.random() < 0.5:
            child.content = child.content[: rng.randint(0, len(child.content))]
        else:
            child.content += bytes(rng.choice((1, 2, 100, 5000)))


def _wrap(rng: Random, root: Node, others: Sequence[Node]) -> None:
    parent, child, place = rng.choice(_all(root))
    assert parent.children is not None
    for _ in range(rng.choice((1, 1, 1, 2, 5, 40))):
        child = Node(rng.choice((0x30, 0x31, 0xA0, 0xA1, 0x24)), children=[child])
    parent.children[place] = child


def _lengths(rng: Random, root: Node, others: Sequence[Node]) -> None:
    """Indefinite lengths: of the shells, or of anything."""
    if rng.random() < 0.5:
        node: Node = root
        for _ in range(rng.randint(1, 7)):
            node.indefinite = True
            inner = [c for c in node.children or () if c.children]
            if not inner:
                break
            node = rng.choice(inner)
    else:
        rng.choice([c for _, c, _ in _all(root)]).indefinite = True


def _pieces(rng: Random, root: Node, others: Sequence[Node]) -> None:
    """A string as a string of strings."""
    nodes = [c for _, c, _ in _all(root) if c.tag == 0x04 and c.children is None]
    if nodes:
        child = rng.choice(nodes)
        at = rng.randint(0, len(child.content))
        child.children = [Node(0x04, child.content[:at]), Node(0x04, child.content[at:])]
        child.tag, child.content, child.indefinite = 0x24, b"", rng.random() < 0.7


_CHANGES: tuple[Callable[[Random, Node, Sequence[Node]], None], ...] = (
    *(_drop, _double, _swap, _graft, _graft, _unsigned, _unsigned, _piece, _kind, _tag, _flip, _resize, _wrap),
    *(_lengths, _pieces),
)


def mutate(data: bytes, rng: Random, max_size: int, others: Sequence[bytes]) -> bytes:
    """`data` changed in one to four places; never longer than `max_size`."""
    root = parsed(data)
    if root is None or not root.children or rng.random() < 0.1:
        return _raw(data, rng, max_size)
    trees = [t for t in (parsed(rng.choice(others)),) if t is not None and t.children]
    for _ in range(rng.choice((1, 1, 2, 3, 4))):
        if not _all(root):
            break
        with suppress(IndexError):  # nothing there that it could change
            rng.choice(_CHANGES)(rng, root, trees)
    made = root.written()
    if rng.random() < 0.05:
        made = _raw(made, rng, max_size)
    return made if len(made) <= max_size else data[:max_size]


def _raw(data: bytes, rng: Random, max_size: int) -> bytes:
    """Changes that know nothing: a flipped bit, a hole, a repetition, a tail."""
    if not data:
        return b"\x30\x80"
    changed = bytearray(data)
    at = rng.randrange(len(changed))
    match rng.randrange(4):
        case 0:
            changed[at] ^= 1 << rng.randrange(8)
        case 1:
            del changed[at : at + rng.randint(1, 64)]
        case 2:
            changed[at:at] = changed[at : at + rng.randint(1, 64)]
        case _:
            changed += bytes(rng.randint(1, 16))
    return bytes(changed[:max_size])
