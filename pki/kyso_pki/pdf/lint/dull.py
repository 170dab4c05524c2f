"""Objects of which the linter needs to know no more than what they refer to, found without building their values.

Reach for `Dull`. A tagged letter of Word has tens of thousands of small dictionaries; to read each into Python
objects costs several times as much as to match it once. What matches here is read by `read_indirect` without an
error and to the same references; everything that is not plainly so is left to it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from ..objects import Ref
from ..reader import Reader
from ..tokens import END, SPACE

_NAME: Final = rb"/[^" + SPACE + rb"()<>\[\]{}/%#\x80\xff]{1,127}+"  # no escape, nor what could be another name
_W: Final = rb"[" + SPACE + rb"]++"
_SIMPLE: Final = (
    rb"(?:" + _NAME  # keep the order of `tokens`: a reference is no number
    + rb"|\d{1,10}" + _W + rb"\d{1,5}" + _W + rb"R" + END
    + rb"|[+-]?\d{1,20}" + END
    + rb"|\([^()\\\r]*+\)"
    + rb"|[+-]?(?:\d{1,40}\.\d{0,40}|\.\d{1,40})" + END
    + rb"|(?:null|true|false)" + END
    + rb")"
)  # fmt: skip
_S: Final = rb"[" + SPACE + rb"]*+"  # and no comments
# An array of thousands of references is read faster otherwise. Not possessive: Python before 3.11.5 goes on from
# where a round stopped that failed midway (gh-106052), and Debian 12 has 3.11.2. Each round reads one way only.
_MAX_ENTRIES: Final = rb"{0,64}"
_FLAT: Final = _SIMPLE + rb"|\[(?:" + _S + _SIMPLE + rb")" + _MAX_ENTRIES + _S + rb"\]"
_INNER: Final = rb"<<(?:" + _S + _NAME + _S + rb"(?:" + _FLAT + rb"))" + _MAX_ENTRIES + _S + rb">>"
_VALUE: Final = rb"(?:" + _FLAT + rb"|" + _INNER + rb")"
_WHOLE: Final = rb"<<(?:" + _S + _NAME + _S + _VALUE + rb")" + _MAX_ENTRIES + _S + rb">>" + _S
_dictionary = re.compile(rb"(\d{1,10})" + _W + rb"0" + _W + rb"obj" + _S + _WHOLE + rb"endobj" + END).match
_member = re.compile(_S + _WHOLE).fullmatch
_inner = re.compile(rb"<<[^<>]*>>")
MAX_MEMBER: Final = 4096  # bytes of one in an object stream that is matched; what is larger is read
_strings = re.compile(rb"\([^()]*\)").sub
_names = re.compile(_NAME).findall
_keys = re.compile(rb"(" + _NAME + rb")" + _S + rb"(?:" + _FLAT + rb")").findall  # one entry behind the other
_references = re.compile(rb"(?<![\d.+-])(\d{1,10})" + _W + rb"(\d{1,5})" + _W + rb"R" + END).findall


class Dull:
    """What the plain objects of a file refer to; asked by number."""

    def __init__(self, reader: Reader, telling: frozenset[str] | None) -> None:
        """`telling`: names at which some check looks; an object that holds one is not dull. None: no object is."""
        self._data = reader.data
        self._places: Mapping[int, int] = {} if telling is None else reader.plain_places()
        self._telling = frozenset(b"/" + name.encode("latin-1") for name in telling or ())

    @property
    def numbers(self) -> Mapping[int, int]:
        """Where the objects stand that could be dull; empty where the file has none."""
        return self._places

    def references(self, ref: Ref) -> list[Ref] | None:
        """What the object refers to; None where it has to be read."""
        at = self._places.get(ref.number)
        if at is None or ref.generation:
            return None
        m = _dictionary(self._data, at)
        return None if m is None or int(m[1]) != ref.number else self._references(m[0])

    def references_of_member(self, text: bytes) -> list[Ref] | None:
        """The same of what stands in an object stream up to the next one in it."""
        if len(text) > MAX_MEMBER or _member(text) is None:
            return None
        return self._references(text)

    def _references(self, text: bytes) -> list[Ref] | None:
        if b"(" in text:  # what stands in a string is neither a name nor a reference
            text = _strings(b"()", text)
        names = _names(text)
        known = set(names)
        if not known.isdisjoint(self._telling):
            return None
        if len(known) != len(names):  # `/S/P/P 7 0 R` has no key twice
            for dictionary in (*_inner.findall(text), _inner.sub(b" null ", text.partition(b"<<")[2])):
                keys = _keys(dictionary)
                if len(set(keys)) != len(keys):  # which is an error
                    return None
        if b"R" not in text:
            return []
        return [Ref(int(number), int(generation)) for number, generation in _references(text)]
