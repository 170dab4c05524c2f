"""What the references of a signature lead to, what they cover, and the octets that are hashed.

Reach for `resolve` (a Reference to a `Target`), `coverage_of` and `structure_findings` (what a reader must know
before believing anything: attack classes X1 and X2), `part_octets` and `document_octets`.

Only the same document is ever referenced: URI="" or "#id". An identifier is an attribute named Id, ID, id or
xml:id; one that stands twice in the document, in whatever spelling or namespace, is refused.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Literal

from ..errors import FormatError, LimitExceeded
from ..facts import Coverage, Finding
from . import names
from .c14n import at, canonical_document, canonical_element, cut, path_to
from .loose import unsigned_inside
from .names import ds, xades
from .parse import local_name, namespace_of, octets_of, parse_utf8
from .xmldsig import Reference

if TYPE_CHECKING:
    from lxml.etree import _Element

_ID_NAMES = ("Id", "ID", "id", f"{{{names.XML}}}id")
MAX_HASHED_TIMES = 16  # octets hashed in all, in sizes of the document: several signers of one part are real
ALWAYS_HASHED = 16 << 20
FEW_NAMES = 8  # that libxml2 looks for faster than we do
MAX_COUNTED = 1000  # siblings looked at, to name an element to people
_SINGLE_LOOKUPS = 2  # identifiers looked up one by one (2 ms per MB) before all of them are listed (6 ms per MB)
_PROPERTY_HOLDERS = (ds("SignatureProperties"), ds("Manifest"), xades("QualifyingProperties"))

Kind = Literal["content", "own", "properties", "countersigned", "manifest"]


class Tree:
    """The document's tree. Everyone reads `root`; who has to cut it up calls `take` and owns what it gives."""

    def __init__(self, octets: bytes) -> None:
        self.octets = octets
        self._root: _Element | None = parse_utf8(octets)

    @property
    def root(self) -> _Element:
        """The document element, to be read only; parsed again when the last one was taken."""
        if self._root is None:
            self._root = parse_utf8(self.octets)
        return self._root

    def take(self) -> _Element:
        """A document element that belongs to the caller."""
        root, self._root = self.root, None
        return root


class Ids:
    """The identifiers of one tree."""

    def __init__(self, root: _Element) -> None:
        self._root = root
        self._lookups = 0
        self._all: dict[str, list[tuple[str, _Element]]] | None = None

    def find(self, value: str) -> _Element:
        """The one element with this identifier. Raises `FormatError` when there is none or more than one (X2)."""
        found = self._found(value)
        if len(found) > 1:
            raise FormatError(f"The identifier {value!r} stands {len(found)} times in the document.")
        if not found or found[0][0] not in _ID_NAMES:
            raise FormatError(f"No element with the identifier {value!r} in the document.")
        return found[0][1]

    def _found(self, value: str) -> list[tuple[str, _Element]]:
        self._lookups += 1
        if self._lookups <= _SINGLE_LOOKUPS:
            return _identifiers(self._root.xpath("//@*[.=$value]", value=value))
        if self._all is None:
            self._all = {}
            spelt = " or ".join(f"local-name()='{n}'" for n in ("Id", "ID", "id", "iD"))
            for name, element in _identifiers(self._root.xpath(f"//@*[{spelt}]")):
                self._all.setdefault(str(element.get(name)), []).append((name, element))
        return self._all.get(value, [])


def _identifiers(attributes: object) -> list[tuple[str, _Element]]:
    """Those among XPath's attribute results that are named `id` in any spelling and namespace."""
    found: list[tuple[str, _Element]] = []
    for value in attributes if isinstance(attributes, list) else []:
        name = str(value.attrname)
        if name.rpartition("}")[2].lower() == "id":
            found.append((name, value.getparent()))
    return found


@dataclass(frozen=True)
class Target:
    """Where a reference leads, without any tree in it."""

    root: bool
    """The document element, or the document with it."""
    document: bool
    """The whole document: URI="", or the document element with no instruction outside it."""
    name: str
    """Absolute path for people: `/HDon/DLHDon (#data)`."""
    kind: Kind
    """`content` is what the signature is about; the others are properties, keys, values and lists."""
    empty: bool
    """A part without text and elements: a signature over it says nothing."""


def resolve(reference: Reference, ids: Ids, root: _Element, signature: _Element) -> tuple[_Element, Target]:
    """The element that a reference leads to. Raises `FormatError`: external, XPointer, missing, ambiguous."""
    uri = reference.uri
    if uri == "":
        element, document = root, True
    elif uri.startswith("#") and "(" not in uri:
        element = ids.find(uri[1:])
        document = element is root and not _instructions_outside(root)
    else:
        raise FormatError(f"Reference URI {uri[:200]!r} leads outside the document or is an XPointer: not followed.")
    if element is signature:
        raise FormatError("A reference leads to its own Signature.")
    name = absolute_path(element) + (f" ({uri})" if uri else "")
    empty = not len(element) and not (element.text or "").strip()
    return element, Target(element is root, document, name, _kind(reference, element, signature), empty)


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
        return len(element) > 0 and all(c.tag in _PROPERTY_HOLDERS for c in element)
    return element.tag in (ds("KeyInfo"), ds("SignatureProperties"), ds("SignatureProperty")) or (
        local_name(element) == "SigningTime" and getattr(element.getparent(), "tag", None) == ds("SignatureProperty")
    )


def is_inside(element: _Element, others: Collection[_Element]) -> bool:
    """Whether an element is one of the others or stands below one of them."""
    return element in others or any(a in others for a in element.iterancestors())


def _instructions_outside(root: _Element) -> bool:
    """Processing instructions beside the root, which a reference to the root does not cover."""
    from lxml import etree

    beside = (*root.itersiblings(preceding=True), *root.itersiblings())
    return any(isinstance(node, etree._ProcessingInstruction) for node in beside)


def absolute_path(element: _Element) -> str:
    """`/HDon/DSCKS/NBan/Signature[2]`: local names, counted where a name stands more than once among siblings.

    For people, so counting stops at `MAX_COUNTED` siblings: a path is no work for whoever makes the document large.
    """
    steps: list[str] = []
    for node in (element, *element.iterancestors()):
        before = [s.tag == node.tag for s in islice(node.itersiblings(preceding=True), MAX_COUNTED)]
        after = (s.tag == node.tag for s in islice(node.itersiblings(), MAX_COUNTED))
        count = f"[{sum(before) + 1}]" if len(before) < MAX_COUNTED else "[…]"
        steps.append(local_name(node) + (count if any(before) or any(after) else ""))
    return "/" + "/".join(reversed(steps))


def coverage_of(targets: Sequence[Target]) -> Coverage:
    """What a signature covers, its own properties left out."""
    whole = next((t for t in targets if t.document and t.kind == "content"), None)
    listed = [t.name for t in targets if t.kind != "properties"]
    if whole is not None:
        others = [n for n in listed if n != whole.name]
        return Coverage(True, ", ".join((f"the whole document {whole.name}", *others)))
    return Coverage(False, ", ".join(listed) or "nothing but the signature's own properties")


# Structure ----------------------------------------------------------------------------------------------


class Surroundings:
    """What has to be known of the whole document to judge the place of one signature; gathered once for all."""

    def __init__(self, root: _Element, parts: Collection[_Element]) -> None:
        """`parts`: the content elements of every signature in the document."""
        from lxml import etree

        self._parts = parts
        self.named: dict[str, list[_Element]] = {local_name(e): [] for e in _signed_names(parts)}
        """The first elements with the name of a signed one, by local name."""
        self.unsigned: dict[str, _Element] = {}
        """The first element of each such name that no signature covers."""
        self._look_for_names(root)
        comments = list(root.iter(etree.Comment))
        self.around_comments = _ancestors_of(comments)
        # Text that goes on after a comment: `.text` of many readers ends before it (class X4).
        self.around_split_text = _ancestors_of([c for c in comments if c.tail and not c.tail.isspace()])

    def _look_for_names(self, root: _Element) -> None:
        if not self.named:
            return
        few = len(self.named) <= FEW_NAMES
        for element in root.iter(*(f"{{*}}{n}" for n in self.named)) if few else root.iter("*"):
            local = local_name(element)
            if (seen := self.named.get(local)) is None:
                continue
            if len(seen) < MAX_COUNTED:
                seen.append(element)
            if local not in self.unsigned and not is_inside(element, self._parts):
                self.unsigned[local] = element


def _signed_names(parts: Collection[_Element]) -> list[_Element]:
    """The elements whose names a reader of these parts would look for.

    A ds:Object is only the wrapper of an enveloping signature; the content is what stands in it.
    """
    return [c for e in parts for c in (e if namespace_of(e) == names.DS else (e,)) if isinstance(c.tag, str)]


def _ancestors_of(nodes: Iterable[_Element]) -> set[_Element]:
    """Every element around one of these nodes; each is visited once, so the work is linear in the document."""
    found: set[_Element] = set()
    for node in nodes:
        for ancestor in node.iterancestors():
            if ancestor in found:
                break
            found.add(ancestor)
    return found


def structure_findings(
    signature: _Element, resolved: Sequence[tuple[_Element, Target]], around: Surroundings
) -> tuple[Finding, ...]:
    """What is wrong or worth knowing about where the signature and its targets stand (attack class X1)."""
    content = [(e, t) for e, t in resolved if t.kind == "content"]
    found = list(_emptiness(resolved, content))
    if not any(t.document for _, t in content):
        found += _doubles({e for e, _ in content}, around)
    found += unsigned_inside(signature, {e for e, _ in resolved if is_inside(e, (signature,))}, absolute_path)
    for element, target in content:
        if element in around.around_split_text:
            text = (
                f"A comment, which no signature protects, splits text in {target.name}; "
                "many programs read only what stands before it."
            )
            found.append(Finding("COMMENT_IN_TEXT", "warning", text))
        elif element in around.around_comments:
            text = f"{target.name} contains comments, which no signature protects; text must be read without them."
            found.append(Finding("COMMENTS_NOT_COVERED", "info", text))
    return tuple(found)


def _emptiness(
    resolved: Sequence[tuple[_Element, Target]], content: Sequence[tuple[_Element, Target]]
) -> Iterator[Finding]:
    if any(t.kind == "manifest" for _, t in resolved):
        yield Finding(
            "MANIFEST_NOT_CHECKED", "warning", "The entries of a Manifest are signed, but were not checked."
        )
    if not content:
        counter = [(e, t) for e, t in resolved if t.kind == "countersigned"]
        if counter and all(_is_value(e) for e, _ in counter):
            text = f"A counter-signature: it covers another signature's value at {counter[0][1].name}."
            yield Finding("COUNTER_SIGNATURE", "info", text)
        else:
            yield Finding("NOTHING_COVERED", "error", "The signature covers no content of the document.")
    elif all(t.empty and not t.document for _, t in content):
        yield Finding("NOTHING_COVERED", "error", "The signature covers only elements without any content.")


def _is_value(element: _Element) -> bool:
    """The value of a Signature, which is judged by itself; loose ones would let anything pass for countersigned."""
    return element.tag == ds("SignatureValue") and getattr(element.getparent(), "tag", None) == ds("Signature")


def _doubles(parts: Collection[_Element], around: Surroundings) -> Iterator[Finding]:
    """Elements named like signed content but not signed: what signature wrapping needs to fool a reader."""
    for local in sorted({local_name(e) for e in _signed_names(parts)}):
        if (unsigned := around.unsigned.get(local)) is not None:
            where = absolute_path(unsigned)
            text = f"{where} has the name of a signed element, but no signature covers it (signature wrapping)."
            yield Finding("XML_WRAPPING", "error", text)
            continue
        other = next((e for e in around.named[local] if not is_inside(e, parts)), None)
        if other is not None:
            text = f"{absolute_path(other)} has the name of a signed element; only another signature covers it."
            yield Finding("SAME_NAME_ELSEWHERE", "warning", text)


# Octets -------------------------------------------------------------------------------------------------


class Budget:
    """How many octets may still be prepared for hashing in this document: against many references to much (R1)."""

    def __init__(self, size: int) -> None:
        """`size`: octets of the document."""
        self._left = max(ALWAYS_HASHED, MAX_HASHED_TIMES * size)

    def spend(self, octets: int) -> None:
        """Raises `LimitExceeded` when there is not that much left, and from then on."""
        self._left = self._left - octets if 0 <= octets <= self._left else -1
        if self._left < 0:
            raise LimitExceeded("The signatures of this document ask for more hashing than is allowed.")


def part_octets(reference: Reference, element: _Element, signature: _Element, budget: Budget) -> bytes:
    """The octets that a reference to a part hashes, the tree being left as it is.

    Comments are left out whatever the method says: both forms of URI mean so (XMLDSIG 4.4.3.3, class X11). The
    enveloped-signature transform takes out the reference's own Signature alone, and does nothing where that is not
    below the part, as in real e-invoices. Raises `FormatError`, `LimitExceeded`.
    """
    budget.spend(0)
    transforms = reference.transforms
    if transforms.base64:
        if element.tag != ds("Object"):
            raise FormatError("The base64 transform is accepted on a ds:Object only.")
        budget.spend(len(element.text or ""))
        return octets_of(element)
    cut_out = transforms.enveloped and is_inside(signature, (element,))
    without = path_to(signature, element) if cut_out else None
    method, prefixes = transforms.method, transforms.prefixes
    return canonical_element(element, method, prefixes, without=without, spend=budget.spend)


def document_octets(reference: Reference, signature: Sequence[int], tree: Tree, budget: Budget) -> bytes:
    """The octets that a reference to the whole document hashes; a tree that has to be cut up is used up.

    `signature`: the child indexes of the Signature that the reference stands in. Raises as `part_octets` does.
    """
    budget.spend(len(tree.octets))
    transforms = reference.transforms
    if transforms.base64:
        raise FormatError("The base64 transform is accepted on a ds:Object only.")
    if not transforms.enveloped:
        return canonical_document(tree.root, transforms.method, transforms.prefixes)
    root = tree.take()
    cut(at(root, signature))
    return canonical_document(root, transforms.method, transforms.prefixes)
