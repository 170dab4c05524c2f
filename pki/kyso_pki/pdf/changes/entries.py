"""Step 1: every byte and every cross-reference entry of an update (P4, P5)."""

from __future__ import annotations

import re
from bisect import bisect_left

from ...octets import count
from ..objects import IndirectObject, Stream
from ..reader import Revision
from ..seeming import seeming_objects
from ..xref import COMPRESSED, FREE, PLAIN, Entry
from .comparison import Comparison, Touched

_blank = re.compile(rb"[\x00\t\n\x0c\r ]*+").fullmatch


def read_entries(c: Comparison) -> None:
    reader, revision = c.reader, c.revision
    section = revision.sections[0]
    if section.hidden is not None:
        c.say("structure", "the update is a hybrid of two cross-references.", False)
    spans = {(section.offset, section.end)}
    containers: dict[int, list[tuple[int, Entry]]] = {}
    for number, entry in section.entries():
        if entry.kind == PLAIN and revision.start <= entry.a < revision.eof:
            found = reader.at(number, entry, c.index)
            spans.add((found.offset, found.stop))
            if isinstance(found.value, Stream) and found.value.contains(b"endstream"):
                c.say("unexplained", f"the stream in object {number} holds the word endstream.", False, object=number)
        elif entry.kind == COMPRESSED:
            containers.setdefault(entry.a, []).append((number, entry))
        _touch(c, number, entry)
    _account(c, sorted(spans))
    if _seems_more(c, len(spans)):
        text = "it holds what looks like an object or a trailer to readers that search for one."
        c.say("unexplained", text, False)
    for number, members in containers.items():
        _container(c, number, members)
    if section.stream is not None:
        _xref_stream(c, section.stream)


def _seems_more(c: Comparison, listed: int) -> bool:
    """Whether more than the listed objects, and of a table its trailer, seems to be one.

    The words alone are at least as many as what they begin, and counted faster. The /Contents of signatures, which
    are digits, need not be looked at.
    """
    data, stretches = c.reader.data, []
    position = c.revision.start
    for start, stop in c.gaps[bisect_left(c.gaps, (position, 0)) :]:
        if start >= c.revision.eof:
            break
        stretches.append((position, start))
        position = stop
    stretches.append((position, c.revision.eof))
    words = sum(count(data, b"obj", *s) - count(data, b"endobj", *s) + count(data, b"trailer", *s) for s in stretches)
    return words > listed and sum(seeming_objects(data, *s) for s in stretches) > listed


def _touch(c: Comparison, number: int, entry: Entry) -> None:
    reader = c.reader
    if number == 0 and entry.kind != FREE:
        c.say("structure", "the cross-reference uses object 0, which is none.", False, object=0)
    before = reader.entry(number, c.index - 1)
    now = None if entry.kind == FREE else entry
    if now is None and before is None and not _idle(entry, c.revision):
        c.say("structure", f"the cross-reference frees object {number}, which did not exist.", False, object=number)
    if number == 0 or before == now:
        return
    old = None if before is None else reader.at(number, before, c.index - 1)
    if now is None:
        c.touched[number] = Touched(number, old, None)
        return
    if now.kind == PLAIN:
        inside = c.revision.start <= now.a < c.revision.eof
        generation = 0 if before is None or before.kind == COMPRESSED else before.b
        if not inside or now.b != generation:
            c.say("structure", f"object {number} is pointed at bytes that were signed before.", False, object=number)
    c.touched[number] = Touched(number, old, reader.at(number, now, c.index))


def _account(c: Comparison, spans: list[tuple[int, int]]) -> None:
    """Between the objects, the cross-reference and the end there is only white space (P4)."""
    position = c.revision.start
    for start, stop in spans:
        if start < position:
            c.say("unexplained", f"objects overlap at offset {start}.", False)
        elif not _blank(c.reader.data, position, start):
            c.say("unexplained", f"bytes {position} to {start} belong to no object.", False)
        position = max(position, stop)
    if position != c.revision.sections[0].end:
        c.say("unexplained", "objects stand after the cross-reference.", False)


def _container(c: Comparison, number: int, members: list[tuple[int, Entry]]) -> None:
    """An object stream of an update: new, in this update, every member listed."""
    touched = c.touched.get(number)
    if touched is None or touched.new is None or touched.old is not None or touched.new.compressed:
        c.say("structure", f"objects are pointed into the earlier object stream {number}.", False, object=number)
        return
    stream = c.reader.object_stream(number, c.index)
    listed = {(n, e.b) for n, e in members}
    if listed != set(zip(stream.numbers, range(len(stream.numbers)), strict=True)):
        c.say("unexplained", f"the object stream {number} holds objects that the cross-reference omits.", False)
    if stream.extends:
        c.say("structure", f"the object stream {number} extends another one.", False, object=number)
    c.explain(number)


def _xref_stream(c: Comparison, stream: IndirectObject) -> None:
    entry = c.reader.entry(stream.number, c.index)
    if entry is not None and entry != Entry(PLAIN, stream.offset, stream.generation):
        c.say("unexplained", f"the cross-reference stream stands under the number of object {stream.number}.", False)
    elif stream.number not in c.touched or c.touched[stream.number].old is None:
        c.explain(stream.number)  # its rows are octets like any: what was signed may have waited for them


def _idle(entry: Entry, revision: Revision) -> bool:
    """Whether a free entry of an object that never was says nothing: in a stream it could carry bytes (P5).

    iText takes numbers that it then leaves free, and links them in a list (7.5.4): each names the next, or 0; its
    cross-reference stream calls itself free. The numbers that are possible carry nothing.
    """
    section = revision.sections[0]
    if section.stream is None:
        return True
    following = section.entry(entry.a)
    linked = entry.a == 0 or (following is not None and following.kind == FREE)
    return linked and entry.b in (0, 1, 255, 65535)
