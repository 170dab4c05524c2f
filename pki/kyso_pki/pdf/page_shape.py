"""Whether all readers give a page the same shape (ISO 32000-2 7.7.3.3, 14.11.2; attack class P5).

Reach for `shape_fault`, and for `form_fault` of a form. Of a /MediaBox of three numbers, or of one that is missing,
some readers show the page as large as a letter, others as what they make of it, others not at all: what one shows is
cut off for another.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from .objects import Dictionary, Value

MAX_SIDE: Final = 1_000_000  # units; 350 m. Readers count in 32 bits, some with fractions
_LEAST: Final = 1e-3  # units that a page is wide and high

Resolve = Callable[[Value], Value]


def shape_fault(page: Dictionary, passed: Mapping[str, Value], resolve: Resolve) -> str | None:
    """What is wrong with the boxes, the rotation or the unit of a page; `passed` has what it has from above too."""
    media = _box(passed["MediaBox"], resolve)
    if media is None:
        return "its /MediaBox is missing or no rectangle"
    crop = resolve(passed["CropBox"])
    if crop is not None:
        box = _box(crop, resolve)
        if box is None:
            return "its /CropBox is no rectangle"
        across = min(media[2], box[2]) - max(media[0], box[0])
        if across < _LEAST or min(media[3], box[3]) - max(media[1], box[1]) < _LEAST:
            return "its /CropBox leaves nothing of it"
    turned = resolve(passed["Rotate"])
    if isinstance(turned, float) and turned.is_integer() and turned % 360 == 0:
        turned = None  # whoever does not take it for a number does not turn the page either
    if turned is not None and (type(turned) is not int or turned % 90 or abs(turned) > MAX_SIDE):
        return "its /Rotate is no multiple of 90"
    unit = resolve(page.get("UserUnit"))
    size = _number(unit)
    if unit is not None and (size is None or size <= 0):
        return "its /UserUnit is no size"
    return None


def form_fault(form: Dictionary, resolve: Resolve) -> str | None:
    """What is wrong with the box or the matrix of a form XObject (table 93); one without a box passes."""
    for key, count in (("BBox", 4), ("Matrix", 6)):
        value = form.get(key)
        if value is None:
            continue
        numbers = resolve(value)
        if numbers is None:
            continue
        if not isinstance(numbers, list) or len(numbers) != count:
            return f"the /{key} of a form is not {count} numbers."
        if not all(type(n) in (int, float) or type(resolve(n)) in (int, float) for n in numbers):
            return f"the /{key} of a form is not {count} numbers."
    return None


def _box(value: Value, resolve: Resolve) -> tuple[float, float, float, float] | None:
    """Left, bottom, right, top; None where it is no rectangle with an area."""
    value = resolve(value)
    if not isinstance(value, list) or len(value) != 4:
        return None
    a, b, c, d = (_number(n if type(n) in (int, float) else resolve(n)) for n in value)
    if a is None or b is None or c is None or d is None:
        return None
    box = (min(a, c), min(b, d), max(a, c), max(b, d))
    return box if box[2] - box[0] >= _LEAST and box[3] - box[1] >= _LEAST else None


def _number(value: Value) -> float | None:
    """The number that a value is; None where it is none, or one that some readers cannot count to."""
    if not isinstance(value, int | float) or type(value) is bool:
        return None
    return value if -MAX_SIDE <= value <= MAX_SIDE else None
