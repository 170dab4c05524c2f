"""The objects that the appearance of a field consists of, from its widget down: /AP, /N, /Resources, /Font (12.5.5).

Programs make them anew (pdf.js), or write them again under their numbers (PDFBox, pyHanko). What is written again
must have been this widget's alone, with everything between the two: else it shows somewhere else as well (P6).
"""

from __future__ import annotations

from typing import Final

from ..objects import Dictionary, Ref, Stream, Value
from .comparison import Comparison

_PATH: Final = ("AP", "N", "Resources", "Font")


def explain_appearance(c: Comparison, widget: int, old: Dictionary, new: Dictionary) -> None:
    """Explains what was touched of the appearance of a widget, before and now; whether it may look so is not its
    question."""
    for dictionary, revision in ((old, c.index - 1), (new, c.index)):
        path = _path(c, dictionary, revision)
        touched = [i for i, number in enumerate(path) if number in c.touched]
        holder = widget
        for number in path[: touched[-1] + 1 if touched else 0]:
            c.explain(number, holder)
            holder = number


def follow_rewritten(c: Comparison, widget: int, old: Dictionary, new: Dictionary) -> bool:
    """Whether the look of a widget was written again under its number; explains it, and what it is drawn with."""
    before, now = _normal(c, old, c.index - 1), _normal(c, new, c.index)
    touched = c.touched.get(now.number) if isinstance(now, Ref) and now == before else None
    if touched is None or touched.new is None or not isinstance(touched.new.value, Stream):
        return False
    explain_appearance(c, widget, old, new)
    c.follow(touched.new.value)
    return True


def _normal(c: Comparison, dictionary: Dictionary, revision: int) -> Value:
    appearance = c.reader.resolve(dictionary.get("AP"), revision)
    return appearance.get("N") if isinstance(appearance, dict) else None


def _path(c: Comparison, dictionary: Dictionary, revision: int) -> list[int]:
    """The numbers of the objects from /AP down to the fonts' dictionary, as far as they are objects of their own."""
    found: list[int] = []
    value: Value = dictionary
    for key in _PATH:
        inner = value.dictionary if isinstance(value, Stream) else value
        value = inner.get(key) if isinstance(inner, dict) else None
        if isinstance(value, Ref):
            found.append(value.number)
            value = c.reader.resolve(value, revision)
    return found
