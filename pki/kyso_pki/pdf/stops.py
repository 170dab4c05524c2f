"""Whether readers draw the same of what a file shows (attack class P5).

Reach for `Contents`. The streams of pages, forms, patterns, glyphs and annotations are looked at, each once, as a
reader meets them. MuPDF takes `endstream` for the end of what is drawn, in decoded data too, where it is no operator
(ISO 32000-2 7.8.2, annex A); Poppler, PDFium and others draw what comes after it. What cannot be read here others
read in ways of their own, and a page tree that contradicts itself has other pages for each.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from copy import copy
from functools import cached_property
from typing import Final, NamedTuple

from .filters import Budget, decode
from .malformed import faults, fonts_asked, fonts_named, restores_too_much, suspect, without_images
from .malformed_fonts import font_fault
from .objects import UNREADABLE, Dictionary, Ref, Stream, Value
from .page_shape import form_fault, shape_fault
from .pagetree import inherited, page_leaves
from .reader import Reader
from .tokens import HEX, LITERAL, NONE, SPACE, hex_string, literal_string, tokens
from .walk import references_in

WORD: Final = b"endstream"
STOPS, TREE, UNREAD, MALFORMED = "CONTENT_STOPS", "PAGE_TREE", "CONTENT_UNREADABLE", "CONTENT_MALFORMED"
SHAPE, FONT = "PAGE_SHAPE", "FONT_MALFORMED"
ABBREVIATIONS: Final = frozenset(("F", "DP", "W", "H", "BPC", "CS", "IM"))
"""Of inline images (8.9.7); Poppler and MuPDF know some of them in other images too, PDFium does not."""
_ELSEWHERE: Final = {
    "Ref": "REFERENCE_XOBJECT",
    "Alternates": "ALTERNATE_IMAGE",
    "OPI": "ALTERNATE_IMAGE",
    "PS": "POSTSCRIPT",
    "Subtype2": "POSTSCRIPT",
    "Subtype": "POSTSCRIPT",
}
_KEYS: Final = frozenset(_ELSEWHERE) - {"Subtype"}
MAX_NAMED: Final = 8  # of them
_READ: Final = ("Font", "ColorSpace", "Shading", "ExtGState")
_NOT_DRAWN: Final = frozenset(("Page", "Pages", "Catalog", "StructElem"))
MAX_DRAWN_RATIO: Final = 1032  # decoded to stored bytes, as far as Flate goes; all together have their `Budget`
FREE_TOKENS: Final = 1 << 22  # bytes of contents of a file that are read token by token, at 1 µs each at worst,
TOKENS_RATIO: Final = 4  # and so many more for each byte of the file; contents are decoded to as much
MAX_LEVELS: Final = 64  # of the page tree, as in `pagetree`
_REGULAR: Final = rb"[^" + SPACE + rb"()<>\[\]{}/%]"
_word = re.compile(rb"(?<!" + _REGULAR + rb")endstream(?!" + _REGULAR + rb")")


class Seen(NamedTuple):
    """What was found, and the code under which it is told."""

    code: str
    text: str


class Contents:
    """What is drawn in a file as of a revision, read once."""

    def __init__(self, reader: Reader, revision: int, *, thorough: bool = False, fonts: bool = False) -> None:
        """`thorough`: every content is read token by token, which takes 0.1 µs a byte; else where it is suspect.
        `fonts`: those that are asked for have to be there, not in the interactive form alone."""
        self._thorough = thorough
        self._fonts = fonts
        self._left = FREE_TOKENS + TOKENS_RATIO * len(reader.data)
        self._reader = reader
        self._revision = revision
        self._budget = Budget(len(reader.data))
        self._seen: set[tuple[int, str]] = set()
        self._few = reader.has_few_objects
        self._read_before: set[int] = set()
        self._unread: list[Seen] = []
        self._odd_fonts: list[Seen] = []  # one is enough
        self.elsewhere: list[str] = []
        """What has something else in its place for some programs or on paper, by the linter's codes."""

    def otherwise(self) -> Iterator[Seen]:
        """What some readers draw otherwise. Raises as `page_leaves`."""
        odd: list[str] = []
        for page, leaf in enumerate(page_leaves(self._reader, self._revision, strict=False, odd=odd), start=1):
            node = leaf.object.value
            if not isinstance(node, dict):
                continue
            if (fault := shape_fault(node, leaf.passed, self._value)) is not None:
                yield Seen(SHAPE, f"Readers show other parts of page {page}: {fault}.")
            pieces = self._items(node.get("Contents"))
            if len(pieces) > 1 and not all(isinstance(self._resolved(piece), Stream) for piece in pieces):
                self._note(node.get("Contents"), f"an item of /Contents of page {page} is no stream.")
            content = b"\n".join([self._decoded(piece) for piece in pieces])
            if content:
                yield from self._of(content, f"The content of page {page}")
                yield from self._without_font(content, f"The content of page {page}", node)
            yield from self._below(node)
        yield from (Seen(TREE, f"Readers may find other pages than the page tree has: {text}.") for text in odd)
        yield from self._odd_fonts
        yield from self._unread

    def _of(self, content: bytes, what: str) -> Iterator[Seen]:
        """What is wrong with a decoded content."""
        if stops(content):
            yield Seen(STOPS, f"{what} holds the word endstream in what it draws, where some readers stop.")
        if self._thorough or suspect(content) or restores_too_much(content):
            self._left -= len(content)
            found = faults(content) if self._left >= 0 else iter(("it is too large to be looked at",))
            for fault in found:
                yield Seen(MALFORMED, f"{what} is malformed, so that readers draw it otherwise: {fault}.")

    def _without_font(self, content: bytes, what: str, page: Dictionary, own: Value = None) -> Iterator[Seen]:
        """A text in a font that is not there: Poppler draws nothing, others take a font of their own.

        A form whose resources do not have it gets that of the page from some readers, a field that of the form; the
        one is not told, the other by the linter alone.
        """
        asked = fonts_asked(content)
        if asked is not None and not asked:
            return
        known: set[str] = set()
        for resources in self._resources(own, page):
            found = self._resolved(resources)
            fonts = self._resolved(found.get("Font")) if isinstance(found, dict) else None
            if isinstance(fonts, dict):
                wanted = fonts.keys() if asked is None else asked & fonts.keys()
                known.update(name for name in wanted if isinstance(self._value(fonts[name]), dict))
            if asked is not None and asked <= known:
                return
        named = fonts_named(content) - known
        for name in () if self._unread else sorted(named)[:1]:  # else what cannot be read may have it
            yield Seen(
                MALFORMED, f"{what} is malformed, so that readers draw it otherwise: there is no font /{name}."
            )

    def _resources(self, own: Value, page: Dictionary) -> Iterator[Value]:
        """Where a content may have its fonts from, the nearest first."""
        if own is not None:
            yield own
        yield self._inherited(page)
        if not self._fonts:
            yield self._form_resources

    @cached_property
    def _form_resources(self) -> Value:
        """/DR of the interactive form, from which fields have fonts (12.7.4.3)."""
        form = self._resolved(self._reader.catalog(self._revision).get("AcroForm"))
        return form.get("DR") if isinstance(form, dict) else None

    def _inherited(self, page: Dictionary) -> Value:
        try:
            return inherited(self._reader, page, "Resources", self._revision)
        except UNREADABLE as e:
            self._note(page.get("Resources"), getattr(e, "message", str(e)))
            return None

    def _below(self, page: Dictionary) -> Iterator[Seen]:
        """What resources, also those of nodes above the page, and annotations draw."""
        resources = [page.get("Resources")]
        parent, levels = page.get("Parent"), 0
        while isinstance(parent, Ref) and levels < MAX_LEVELS and self._is_new(parent, "node"):
            above = self._resolved(parent)
            parent = above.get("Parent") if isinstance(above, dict) else None
            resources.append(above.get("Resources") if isinstance(above, dict) else None)
            levels += 1
        drawn: list[Value] = [self._new(item, "annotation").get("AP") for item in self._items(page.get("Annots"))]
        while resources or drawn:
            if resources:
                drawn += self._in_resources(self._new(resources.pop(), "resources"), resources)
                continue
            item = drawn.pop()
            if isinstance(item, Ref) and not self._is_new(item, "drawn"):
                continue
            found = self._resolved(item)
            if isinstance(found, Stream) and (
                not _KEYS.isdisjoint(found.dictionary) or found.dictionary.get("Subtype") == "PS"
            ):
                self._replaceable(item, found.dictionary)
            if isinstance(found, dict):  # of forms, of the states of an appearance
                drawn += found.values()
            elif isinstance(found, Stream) and found.dictionary.get("Subtype") == "Image":
                if not ABBREVIATIONS.isdisjoint(found.dictionary):
                    self._note(item, "an image has the short names of inline images.")
                if not self._few:
                    self._read(found)
            elif isinstance(found, Stream):
                resources.append(found.dictionary.get("Resources"))
                if found.dictionary.get("Subtype") == "Form" and (fault := form_fault(found.dictionary, self._value)):
                    self._note(item, fault)
                content = self._decoded(found)
                yield from self._of(content, _named(item))
                if content:
                    own = found.dictionary.get("Resources")
                    yield from self._without_font(content, _named(item), page, own)

    def _in_resources(self, resources: Dictionary, more: list[Value]) -> Iterator[Value]:
        """Forms, tiling patterns, the glyphs of Type 3 fonts and soft masks (7.8.3); `more` gets their resources."""
        yield resources.get("XObject")
        states = list(self._new(resources.get("ExtGState"), "states").items())
        for pattern in self._new(resources.get("Pattern"), "patterns").values():
            found = self._value(pattern)
            if isinstance(found, Stream):
                yield pattern
            elif isinstance(found, dict):  # of a shading, whose function is no content (8.7.4)
                states.append(("", found.get("ExtGState")))
        for key in () if self._few else _READ:
            self._read(resources.get(key))
        for name, font in self._new(resources.get("Font"), "fonts").items():
            found = self._font(name, font)
            if isinstance(found, dict) and found.get("Subtype") == "Type3":
                yield found.get("CharProcs")
                more.append(found.get("Resources"))
        for name, state in states:
            found = self._new(state, "state")
            yield self._new(found.get("SMask"), "mask").get("G")
            chosen = self._value(found.get("Font"))
            if isinstance(chosen, list) and chosen:
                self._font(name, chosen[0])

    def _font(self, name: str, value: Value) -> Value:
        """The font behind a value, judged; None of one that was met before."""
        if isinstance(value, Ref) and not self._is_new(value, "font"):
            return None
        font = self._value(value)
        if not isinstance(font, dict):
            return None  # whether it is asked for is looked at where it is, see `_without_font`
        if not self._odd_fonts and (fault := font_fault(font, self._value, self._of_stream)) is not None:
            self._odd_fonts.append(Seen(FONT, f"Readers show other letters in the font /{name[:32]}: {fault}."))
        return font

    def _value(self, value: Value) -> Value:
        return self._resolved(value) if isinstance(value, Ref) else value

    def _new(self, value: Value, role: str) -> Dictionary:
        """The dictionary behind a value; empty where it was met before as that: the work stays linear."""
        found = self._resolved(value) if not isinstance(value, Ref) or self._is_new(value, role) else None
        return found if isinstance(found, dict) else {}

    def _is_new(self, ref: Ref, role: str) -> bool:
        """Whether it was not met before as that; what is a font to one page may be a form to another."""
        new = (ref.number, role) not in self._seen
        self._seen.add((ref.number, role))
        return new

    def _items(self, value: Value) -> list[Value]:
        """The items of an array, or the value as the only one; none of an array that was met before."""
        found = self._resolved(value)
        if not isinstance(found, list):
            return [value]
        return found if not isinstance(value, Ref) or self._is_new(value, "items") else []

    def _replaceable(self, value: Value, drawn: Dictionary) -> None:
        for key, code in _ELSEWHERE.items():
            is_it = drawn.get(key) is not None and (not key.startswith("Subtype") or drawn[key] == "PS")
            if is_it and len(self.elsewhere) < MAX_NAMED:
                self.elsewhere.append(f"{code} in {_named(value).lower()}")

    def _read(self, value: Value) -> None:
        """Reads what a font, an image or a colour space refers to; of a file of few objects all were read before."""
        pending = [value]
        while pending:
            item = pending.pop()
            if isinstance(item, Ref):
                if item.number in self._read_before:
                    continue
                self._read_before.add(item.number)
                item = self._resolved(item)
            if isinstance(item, Stream):
                item = item.dictionary
            if isinstance(item, list):
                pending += item
            elif isinstance(item, dict) and item.get("Type") not in _NOT_DRAWN:
                pending += item.values()

    def _resolved(self, value: Value) -> Value:
        try:
            return self._reader.resolve(value, self._revision)
        except UNREADABLE as e:
            self._note(value, getattr(e, "message", str(e)))
            return None

    def _decoded(self, value: Value) -> bytes:
        stream = self._resolved(value)
        return self._of_stream(stream, value) if isinstance(stream, Stream) else b""

    def _of_stream(self, stream: Stream, value: Value = None) -> bytes:
        """Its data, decoded; empty where they cannot be, which is noted."""
        try:
            return decode(self._with_direct_filters(stream), self._budget, ratio=MAX_DRAWN_RATIO, drawn=True)
        except UNREADABLE as e:
            self._note(value, getattr(e, "message", str(e)))
            return b""

    def _with_direct_filters(self, stream: Stream) -> Stream:
        """The stream with the filters themselves where its dictionary refers to them."""
        found = {key: stream.dictionary.get(key) for key in ("Filter", "DecodeParms")}
        if type(found["Filter"]) is str and found["DecodeParms"] is None:
            return stream  # as most are
        if not references_in(list(found.values())):
            return stream
        direct = copy(stream)
        direct.dictionary = {**stream.dictionary, **{key: self._direct(value) for key, value in found.items()}}
        return direct

    def _direct(self, value: Value) -> Value:
        """A value, the items of an array and the entries of dictionaries in it, without references."""
        value = self._reader.resolve(value, self._revision)
        if isinstance(value, list):
            return [self._direct(item) if isinstance(item, Ref | dict) else item for item in value]
        if isinstance(value, dict):
            return {key: self._reader.resolve(item, self._revision) for key, item in value.items()}
        return value

    def _note(self, value: Value, why: str) -> None:
        if not self._unread:  # one is enough
            what = f"object {value.number}" if isinstance(value, Ref) else "an object"
            self._unread.append(Seen(UNREAD, f"What is drawn cannot be read as all readers do, {what}: {why}"))


def _named(value: Value) -> str:
    return f"Object {value.number}" if isinstance(value, Ref) else "A form"


def stops(content: bytes) -> bool:
    """Whether `endstream` stands in a content as a word of its own, and not within a string, a name or a comment."""
    if WORD not in content or _word.search(content) is None:
        return False
    without = without_images(content)  # whose data may look like a string
    if without is None:
        return True
    content, position = without, 0
    while True:
        for m in tokens(content, position):
            kind = m.lastindex or NONE
            position = m.end()
            if kind in (HEX, LITERAL):
                try:
                    position = (hex_string if kind == HEX else literal_string)(content, position)[1]
                except UNREADABLE:
                    return True
                break
            if kind == NONE and _word.match(content, m.start(kind)):
                return True
        else:
            return False
