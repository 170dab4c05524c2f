"""The space of a form XObject, and the groups that forms and pages are (ISO 32000-2 8.10, 11.6.6)."""

from __future__ import annotations

from typing import Final

from ...errors import FormatError
from ..objects import Dictionary, Value
from ..reader import Reader
from .grid import Box
from .matrix import Matrix
from .tokens import numbers

MIN_SIDE: Final = 0.01  # of a form's /BBox; some readers do not clip to one without an area
MIN_DETERMINANT: Final = 1e-6  # of a form's /Matrix
_DEVICES: Final = ("DeviceGray", "DeviceRGB", "DeviceCMYK")


def form_space(reader: Reader, revision: int, form: Dictionary) -> tuple[Box, Matrix]:
    """The /BBox and /Matrix of a form; raises `FormatError` where not every reader clips and places it by them."""

    def read(value: Value, count: int) -> list[float]:
        if not isinstance(value, list) or len(value) != count:
            raise FormatError("PDF: a form has no usable /BBox or /Matrix.")
        return numbers([reader.resolve(n, revision) for n in value], count)

    box = Box(*read(reader.resolve(form.get("BBox"), revision), 4))
    matrix = reader.resolve(form.get("Matrix"), revision)
    placed = Matrix() if matrix is None else Matrix.read(read(matrix, 6))
    if min(box.x1 - box.x0, box.y1 - box.y0) < MIN_SIDE:
        raise FormatError("PDF: a form has a /BBox without an area, to which not every reader clips.")
    if abs(placed.a * placed.d - placed.b * placed.c) < MIN_DETERMINANT:
        raise FormatError("PDF: a form has a /Matrix that cannot be inverted.")
    return box, placed


def blends_elsewhere(reader: Reader, revision: int, owner: Dictionary) -> bool:
    """Whether a page or a form is a group that is blended in a colour space with a table of its own (11.6.6)."""
    group = reader.resolve(owner.get("Group"), revision)
    if group is None:
        return False
    space = reader.resolve(group.get("CS"), revision) if isinstance(group, dict) else ""
    return space is not None and space not in _DEVICES
