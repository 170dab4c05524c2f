"""Where the references of a signature lead, and what that means for what it covers.

Reach for `resolve` (a Reference to a `Target`) and `coverage_of`. Only the same document is ever referenced (URI=""
or "#id"); nothing is fetched (attack class X7).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING, Literal

from ..errors import FormatError
from ..facts import Coverage
from . import names
from .ids import Ids
from .names import ds, xades
from .parse import local_name
from .tree import NOTHING
from .xmldsig import Reference

if TYPE_CHECKING:
    from lxml.etree import _Element

MAX_NAMED = 50  # elements in one text
MAX_COUNTED = 1000  # siblings looked at, to name an element to people
MAX_STEP = 80  # characters of one name in a path
MAX_PATH = 400  # of a path: a signature may name a thousand, each as deep as libxml2 reads (256 names of 50,000)
MAX_KNOWN = 20_000  # paths that are remembered
_LEFT_OUT = "/…/"
PROPERTY_HOLDERS = (ds("SignatureProperties"), ds("Manifest"), xades("QualifyingProperties"))

Kind = Literal["content", "detached", "missing", "own", "properties", "countersigned", "manifest"]


class Paths:
    """Absolute paths for people: `/HDon/DSCKS/NBan/Signature[2]`.

    Local names, counted where a name stands more than once among siblings. Counting stops at `MAX_COUNTED` siblings,
    and siblings that are asked for again are counted once; long names and long paths are shortened, and what is known
    of an ancestor is not found out again: naming is no work for whoever makes the document large.
    """

    def __init__(self, uncounted: AbstractSet[_Element] = frozenset()) -> None:
        """`uncounted`: elements whose siblings are not all there any more."""
        self._uncounted = uncounted
        self._asked: set[_Element] = set()
        self._counted: dict[_Element, dict[_Element, str]] = {}
        self._known: dict[_Element, str] = {}

    def of(self, element: _Element) -> str:
        """The path of one element."""
        unknown: list[_Element] = []
        node: _Element | None = element
        while node is not None and node not in self._known:
            unknown.append(node)
            node = node.getparent()
        path = "" if node is None else self._known[node]
        for node in reversed(unknown):
            path = _shortened(f"{path}/{_short(local_name(node))}{self._number(node)}")
            if len(self._known) < MAX_KNOWN:
                self._known[node] = path
        return path

    def _number(self, node: _Element) -> str:
        parent = node.getparent()
        if parent is None:
            return ""
        if node in self._uncounted:
            return "[…]"
        if parent in self._asked:
            if parent not in self._counted:
                self._counted[parent] = _numbers(islice(parent, MAX_COUNTED))
            return self._counted[parent].get(node, "[…]")
        self._asked.add(parent)
        before = [s.tag == node.tag for s in islice(node.itersiblings(preceding=True), MAX_COUNTED)]
        if len(before) == MAX_COUNTED:
            return "[…]"
        after = (s.tag == node.tag for s in islice(node.itersiblings(), MAX_COUNTED))
        return f"[{sum(before) + 1}]" if any(before) or any(after) else ""


def _short(name: str) -> str:
    return name if len(name) <= MAX_STEP else name[: MAX_STEP - 1] + "…"


def _shortened(path: str) -> str:
    """A path of which the beginning and the end are kept."""
    if len(path) <= MAX_PATH:
        return path
    head, left_out, tail = path.partition(_LEFT_OUT)
    if not left_out:
        middle = path.index("/", MAX_PATH // 4)
        head, tail = path[:middle], path[middle + 1 :]
    while len(head) + len(_LEFT_OUT) + len(tail) > MAX_PATH:
        tail = tail[tail.index("/") + 1 :]
    return head + _LEFT_OUT + tail


def _numbers(children: Iterable[_Element]) -> dict[_Element, str]:
    by_name: dict[object, list[_Element]] = {}
    for child in children:
        by_name.setdefault(child.tag, []).append(child)
    return {
        child: f"[{number}]" if len(same) > 1 else ""
        for same in by_name.values()
        for number, child in enumerate(same, 1)
    }


def absolute_path(element: _Element) -> str:
    """The path of one element, as `Paths` gives it."""
    return Paths().of(element)


@dataclass(frozen=True)
class Target:
    """Where a reference leads, without any tree in it."""

    root: bool
    """The document element, or the document with it."""
    document: bool
    """The whole document: URI="", or the document element with no instruction outside it."""
    name: str
    """Absolute path for people: `/HDon/DLHDon (#data)`; empty for properties, of which nobody asks where they are."""
    kind: Kind
    """`content` is what the signature is about, `detached` too, outside the document; `missing` is what nobody gave.
    The others are properties, keys, values and lists."""
    empty: bool
    """A part without text and elements: a signature over it says nothing."""
    without: str = ""
    """Of a document: the other signatures that are left out, for people."""
    content_left_out: bool = False
    """Some of those hold content, so it is not the whole document that is covered."""
    media_type: str | None = None
    """What an Object of base64, of which its octets alone are signed, is said to hold (MimeType)."""
    loose: tuple[str, ...] = ()
    """Attributes of such an Object that may not stand there unsigned."""
    all_held: bool = False
    """An Object of a file that is nothing but the Signature around it: what is not signed in there is an error."""


def resolve(
    reference: Reference,
    ids: Ids,
    root: _Element,
    signature: _Element,
    paths: Paths | None = None,
    detached: Mapping[str, bytes] = NOTHING,
) -> tuple[_Element, Target]:
    """The element that a reference leads to; for what stands outside the document, one that stands nowhere.

    Raises `FormatError`: XPointer, missing, ambiguous.
    """
    uri = reference.uri
    if uri == "":
        element, document = root, True
    elif uri.startswith("#") and "(" not in uri:
        element = ids.find(uri[1:], signature)
        document = element is root and not instructions_outside(root)
    elif uri.startswith("#"):
        raise FormatError(f"Reference URI {uri[:200]!r} is an XPointer; it leads outside what is followed.")
    else:
        return _outside(uri, detached)
    if element is signature:
        raise FormatError("A reference leads to its own Signature.")
    kind = _kind(reference, element, signature)
    name = "" if kind == "properties" else (paths or Paths()).of(element) + (f" ({uri})" if uri else "")
    empty = not len(element) and not (element.text or "").strip()
    target = Target(element is root, document, name, kind, empty)
    if reference.transforms.base64 and element.tag == ds("Object"):
        target = replace(target, media_type=element.get("MimeType"), loose=tuple(_loose_attributes(element)))
    return element, target


def _loose_attributes(element: _Element) -> Iterator[str]:
    """The base64 transform hashes the octets that the text stands for; an attribute of the Object is anybody's."""
    for name, value in element.attrib.items():
        if name not in ("Id", "MimeType") and (name, value) != ("Encoding", names.BASE64):
            yield str(name)


def _outside(uri: str, detached: Mapping[str, bytes]) -> tuple[_Element, Target]:
    """Octets that the caller gave for exactly this URI; nothing is fetched (attack class X7)."""
    from lxml import etree

    nowhere = etree.Element("detached")
    if uri not in detached:
        return nowhere, Target(False, False, uri[:200], "missing", False)
    return nowhere, Target(False, False, f"the detached {uri[:200]}", "detached", not detached[uri])


def whole_detached(
    targets: Sequence[Target], references: Sequence[Reference], root: _Element, given: Collection[str]
) -> list[Target]:
    """The targets, where a detached one counts as the whole document when this signature leaves nothing out.

    That is so in a file that is nothing but the Signature, when all that the caller gave is referenced.
    """
    covered = {r.uri for r, t in zip(references, targets, strict=True) if t.kind == "detached"}
    if not covered or covered != set(given) or root.tag != ds("Signature"):
        return list(targets)
    return [replace(t, document=True) if t.kind == "detached" else t for t in targets]


def whole_enveloping(
    resolved: Sequence[tuple[_Element, Target]], references: Sequence[Reference], signature: _Element
) -> list[tuple[_Element, Target]]:
    """The same, where an Object counts as all of the document when the document is nothing but this Signature.

    Whatever else stands in a Signature is allowed by name only (`loose`), so no content is beside the Objects that
    are signed. Instructions around it may say how it is shown; then they are not all.
    """
    if signature.getparent() is not None or instructions_outside(signature):
        return list(resolved)
    return [
        (element, replace(target, all_held=True))
        if target.kind == "content" and element.getparent() is signature and not reference.transforms.filters
        else (element, target)
        for reference, (element, target) in zip(references, resolved, strict=True)
    ]


def _kind(reference: Reference, element: _Element, signature: _Element) -> Kind:
    if reference.type == names.TYPE_SIGNED_PROPERTIES:
        return "properties"
    if reference.type == names.TYPE_COUNTERSIGNED or element.tag == ds("SignatureValue"):
        return "countersigned"
    if reference.type == names.TYPE_MANIFEST or element.tag == ds("Manifest"):
        return "manifest"
    if is_inside(element, (signature,)) and _is_property(element):
        return "own"
    return "content"


def _is_property(element: _Element) -> bool:
    """KeyInfo, or an object that says something about the signature, such as its SigningTime."""
    if element.tag == ds("Object"):
        return len(element) > 0 and all(c.tag in PROPERTY_HOLDERS for c in element)
    return element.tag in (ds("KeyInfo"), ds("SignatureProperties"), ds("SignatureProperty")) or (
        local_name(element) == "SigningTime" and getattr(element.getparent(), "tag", None) == ds("SignatureProperty")
    )


def without_signatures(target: Target, signature: _Element, others: Iterable[_Element], paths: Paths) -> Target:
    """The target of the filter that subtracts every Signature, with the names of those that it leaves out besides.

    Content in the Objects of another Signature is then nobody's but that one's.
    """
    left_out = [s for s in others if s is not signature and next(s.iterancestors(ds("Signature")), None) is None]
    if not left_out:
        return target
    more = f" and {len(left_out) - MAX_NAMED} more" if len(left_out) > MAX_NAMED else ""
    names_ = ", ".join(paths.of(s) for s in left_out[:MAX_NAMED]) + more
    content = any(not _is_property(o) for s in left_out for o in s if o.tag == ds("Object"))
    return replace(target, without=f" without the signatures {names_}", content_left_out=content)


def is_inside(element: _Element, others: Collection[_Element]) -> bool:
    """Whether an element is one of the others or stands below one of them."""
    return element in others or any(a in others for a in element.iterancestors())


def instructions_outside(root: _Element) -> bool:
    """Processing instructions beside the root, which a reference to the root does not cover."""
    from lxml import etree

    beside = (*root.itersiblings(preceding=True), *root.itersiblings())
    return any(isinstance(node, etree._ProcessingInstruction) for node in beside)


def coverage_of(targets: Sequence[Target]) -> Coverage:
    """What a signature covers, its own properties left out."""
    documents = [t for t in targets if t.document and t.kind in ("content", "detached")]
    whole = next((t for t in documents if not t.content_left_out), None)
    listed = list(dict.fromkeys(t.name + t.without for t in targets if t.kind not in ("properties", "missing")))
    if whole is not None and whole.kind == "detached":
        return Coverage(True, ", ".join(listed))
    if whole is None and any(t.all_held for t in targets):
        return Coverage(True, f"all that the signature holds: {', '.join(listed)}")
    if whole is not None:
        own = whole.name + whole.without
        said = f"the document {own}" if whole.without else f"the whole document {own}"
        return Coverage(True, ", ".join((said, *(n for n in listed if n != own))))
    return Coverage(False, ", ".join(listed) or "nothing but the signature's own properties")
