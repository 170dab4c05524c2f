"""What is wrong or worth knowing about where a signature and its targets stand (attack classes X1, X4).

Reach for `Surroundings` (gathered once for a document) and `structure_findings` (for one signature).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from ..facts import Finding
from . import names
from .loose import unsigned_inside
from .names import ds
from .parse import local_name, namespace_of
from .placing import text_follows
from .targets import MAX_COUNTED, Paths, Target, is_inside

if TYPE_CHECKING:
    from lxml.etree import _Element

FEW_NAMES = 8  # that libxml2 looks for faster than we do


class Surroundings:
    """What has to be known of the whole document to judge the place of one signature; gathered once for all."""

    def __init__(
        self, root: _Element, parts: Collection[_Element], paths: Paths, holes: Collection[_Element] = ()
    ) -> None:
        """`parts`: the content elements of every signature in the document; `holes`: what XPath leaves out."""
        from lxml import etree

        self.paths = paths
        self._parts = parts
        self._holes = holes
        self.named: dict[str, list[_Element]] = {local_name(e): [] for e in _signed_names(parts)}
        """The first elements with the name of a signed one, by local name."""
        self.unsigned: dict[str, _Element] = {}
        """The first element of each such name that no signature covers."""
        self._look_for_names(root)
        comments = list(root.iter(etree.Comment))
        self.around_comments = _ancestors_of(comments)
        # Text that goes on after a comment: `.text` of many readers ends before it (class X4).
        self.around_split_text = _ancestors_of([c for c in comments if c.tail and not c.tail.isspace()])
        self.in_text = {s for s in root.iter(ds("Signature")) if text_follows(s)}
        """The signatures after which text goes on."""

    def covers(self, element: _Element) -> bool:
        """Whether some signature covers the element."""
        if not self._holes:
            return is_inside(element, self._parts)
        around = (element, *element.iterancestors())
        first = next((e for e in around if e in self._parts or e in self._holes), None)
        return first is not None and first in self._parts

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
            if local not in self.unsigned and not self.covers(element):
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
    found += unsigned_inside(signature, {e for e, _ in resolved if is_inside(e, (signature,))}, around.paths.of)
    for _, target in resolved:
        if target.loose:
            text = f"{target.name} has attributes that nothing signs: {', '.join(target.loose)[:200]}."
            found.append(Finding("UNSIGNED_OBJECT", "error", text))
    for element, target in content:
        if element.tag == ds("Object") and getattr(element.getparent(), "tag", None) != ds("Signature"):
            # Its text has no name that could be looked for elsewhere: it stays where it was signed.
            text = f"{target.name} is a ds:Object outside any Signature (signature wrapping)."
            found.append(Finding("XML_WRAPPING", "error", text))
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
    if missing := ", ".join(t.name for _, t in resolved if t.kind == "missing"):
        text = f"A reference leads outside the document, to what is not fetched and was not given: {missing}."
        yield Finding("SIGNED_DATA_NOT_FOUND", "error", text)
    elif not content and any(t.kind == "detached" and not t.empty for _, t in resolved):
        return
    elif not content:
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
            where = around.paths.of(unsigned)
            text = f"{where} has the name of a signed element, but no signature covers it (signature wrapping)."
            yield Finding("XML_WRAPPING", "error", text)
            continue
        other = next((e for e in around.named[local] if not is_inside(e, parts)), None)
        if other is not None:
            text = f"{around.paths.of(other)} has the name of a signed element; only another signature covers it."
            yield Finding("SAME_NAME_ELSEWHERE", "warning", text)
