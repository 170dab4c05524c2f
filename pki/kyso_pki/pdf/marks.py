"""Whether a button that is switched shows a mark, and not words that nobody saw when it was signed (P7, P8).

Reach for `marks_in`. Whoever prepares a form draws both states of its check boxes, and a state that is off shows
nothing: `not` or a `9` before a number could wait there. A mark is what programs draw: one sign of ZapfDingbats, a
solid disc or block, or a drawing in a frame that both states show, so that the signer saw a box there.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import inf
from typing import Final

from ..errors import FormatError
from .filters import decode
from .objects import Dictionary, Stream, Value, same
from .plain_text import operations, strings
from .reader import Reader

SIGNS: Final = frozenset(b"345678lnuH")  # of ZapfDingbats: ticks, crosses, disc, block, diamond, star; `z` is a bar
MAX_LOOK: Final = 4096  # bytes of one state; reportlab's longest has some 1,000
MAX_DRAWN: Final = 64  # pieces of lines and curves in a frame; reportlab's tick has 22, a word has more
LEAST: Final = 0.5  # of a box, along both of its sides, that a sign, disc or block fills: less could be a point
ROUND: Final = 0.8  # of the rectangle around a disc, the area between its control points: a circle has 0.93
SLACK: Final = 0.3  # of its size, by which a sign may begin outside of the box
FRAME: Final = 0.8  # of a box, along both of its sides, that a frame spans
DARK: Final = 0.8  # of white, in the mean of the components at most: what is lighter is not seen on paper
MAX_NUMBER: Final = 32_767  # ISO 32000-1 Annex C.2; beyond it readers differ
ANY: Final = (0.0, inf)
_STATE: Final = frozenset(b"q Q w J j M d i W W* n h BT ET Tc Tw TL Td TD Tm g rg k G RG K BMC EMC cm".split())
_FILL: Final = frozenset((b"f", b"F", b"f*"))
_STROKE: Final = frozenset((b"s", b"S", b"b", b"B", b"b*", b"B*"))
_DRAW: Final = frozenset((b"m", b"l", b"c", b"v", b"y", b"re"))
_MOVING: Final = frozenset((b"cm", b"BT", b"Td", b"TD", b"Tm"))
_Operation = tuple[bytes, list[Value]]
Looks = tuple[Stream | None, Stream | None]
"""The forms of two states, None for one that shows nothing."""
Shapes = tuple[float, float]
"""The least and the largest height by width of a button."""


def marks_in(reader: Reader, revision: int, looks: Looks) -> Shapes | None:
    """The shapes of a button in which its two states differ by no more than a mark; None: in no shape.

    What cannot be read is no mark.
    """
    try:
        return _marks(reader, revision, looks)
    except FormatError:
        return None


def look_of(reader: Reader, button: Dictionary, state: Value, revision: int) -> Stream | None:
    """The form that a button shows in a state (12.5.5); None where it shows nothing."""
    appearance = reader.resolve(button.get("AP"), revision)
    normal = reader.resolve(appearance.get("N"), revision) if isinstance(appearance, dict) else None
    if not isinstance(normal, dict) or not isinstance(state, str):
        return None
    look = reader.resolve(normal.get(state), revision)
    return look if isinstance(look, Stream) else None


def _marks(reader: Reader, revision: int, looks: Looks) -> Shapes | None:
    one, other = (_operations(reader, look) for look in looks)
    if not all(look is None or _is_plain(done, _box(look)) for look, done in zip(looks, (one, other), strict=True)):
        return None
    common = 0
    while common < min(len(one), len(other)) and _alike(one[common], other[common]):
        common += 1
    framed = all(look is not None and _is_framed(one[:common], _box(look)) for look in looks)
    if not framed and any(operator in _MOVING for operator, _ in one[:common]):
        return None
    low, high = ANY
    for look, rest in zip(looks, (one[common:], other[common:]), strict=True):
        shapes = ANY if look is None else _mark(reader, revision, look, rest, framed)
        if shapes is None:
            return None
        low, high = max(low, shapes[0]), min(high, shapes[1])
    return low, high


def _operations(reader: Reader, look: Stream | None) -> list[_Operation]:
    content = b"" if look is None else decode(look, reader.budget)
    if len(content) > MAX_LOOK:
        raise FormatError("PDF: the look of a button is longer than a mark needs to be.")
    return operations(content)


def _alike(a: _Operation, b: _Operation) -> bool:
    return a[0] == b[0] and same(a[1], b[1])


def _mark(reader: Reader, revision: int, look: Stream, rest: list[_Operation], framed: bool) -> Shapes | None:
    """What a state draws beyond the other: at most one sign, or one solid shape, or some dark lines in a frame."""
    signs = drawn = fills = 0
    dark = False  # a light area would hide the frame
    font, size = None, 0.0
    for operator, operands in rest:
        if operator == b"Tf":
            font, size = (operands[0], _number(operands[1])) if len(operands) == 2 else (None, 0.0)
        elif operator in (b"Tj", b"TJ"):
            text = strings(operands)
            signs += len(text)
            if not set(text) <= SIGNS or not _is_dingbats(reader, revision, look, font):
                return None
        elif operator in _DRAW:
            drawn += 1
        elif operator in _FILL:
            fills += 1
            if framed and not dark:
                return None
        elif operator in _STROKE:
            if not framed or operator not in (b"s", b"S"):
                return None
        elif operator == b"n":
            drawn = 0
        elif operator in (b"g", b"rg", b"k"):
            dark = _is_dark(operator, operands)
        elif operator not in _STATE:
            return None
    if signs > 1 or drawn > MAX_DRAWN or (signs and drawn and not framed):
        return None
    if framed or not (signs or drawn):
        return ANY
    box = _box(look)
    if signs:
        return _about_square(1.0, box) if _is_whole(rest, size, box) else None
    solid = _solid(rest, box) if fills == 1 else None
    return None if solid is None else _about_square(solid, box)


def _about_square(drawn: float, box: list[float]) -> Shapes:
    """For what is drawn so tall by its width in a form to be shown neither flat nor thin (12.5.5)."""
    square = (box[3] - box[1]) / (box[2] - box[0]) / drawn
    return square / 2, square * 2


def _placed(operations: list[_Operation]) -> Iterator[tuple[_Operation, float, float, float, float]]:
    """Each with where the origin of the form has been moved to (8.3.4), and from there that of the text (9.4.2)."""
    x = y = across = up = 0.0
    saved: list[tuple[float, float]] = []
    for operator, operands in operations:
        if operator == b"q":
            saved.append((x, y))
        elif operator == b"Q" and saved:
            x, y = saved.pop()
        elif operator == b"cm":
            x, y = x + _number(operands[4]), y + _number(operands[5])
        elif operator == b"BT":
            across = up = 0.0
        elif operator in (b"Td", b"TD"):
            across, up = across + _number(operands[0]), up + _number(operands[1])
        elif operator == b"Tm":
            across, up = _number(operands[4]), _number(operands[5])
        yield (operator, operands), x, y, x + across, y + up


def _is_whole(rest: list[_Operation], size: float, box: list[float]) -> bool:
    """Whether a sign is not cut to a line by the box, and fills half of its height."""
    for (operator, _), _x, _y, x, y in _placed(rest):
        if operator in (b"Tj", b"TJ"):
            low, high = box[1] - SLACK * size, box[3] - LEAST * size
            if not (box[0] - SLACK * size <= x <= box[2] - LEAST * size and low <= y <= high):
                return False
    return size >= LEAST * (box[3] - box[1])


def _solid(rest: list[_Operation], box: list[float]) -> float | None:
    """Height by width of one rectangle or one disc (four curves) that fills half of the box along both sides."""
    shape: list[_Operation] = []
    xs: list[float] = []
    ys: list[float] = []
    for (operator, operands), x, y, _across, _up in _placed(rest):
        if operator in _DRAW:
            shape.append((operator, operands))
            corners = _corners(operator, operands)
            xs += [min(max(v + x, box[0]), box[2]) for v in corners[::2]]  # the box cuts the rest
            ys += [min(max(v + y, box[1]), box[3]) for v in corners[1::2]]
    if b"".join(operator for operator, _ in shape) not in (b"re", b"mcccc"):
        return None
    if not _spans([v for point in zip(xs, ys, strict=True) for v in point], box, LEAST):
        return None
    width, height = max(xs) - min(xs), max(ys) - min(ys)
    if len(shape) == 1:
        return height / width
    around = [_number(v) for _, operands in shape for v in operands]  # a disc's control points lie around it
    points = list(zip(around[::2], around[1::2], strict=True))
    twice = sum(x * v - u * y for (x, y), (u, v) in zip(points, points[1:] + points[:1], strict=True))
    return height / width if abs(twice) / 2 >= ROUND * width * height else None


def _is_plain(done: list[_Operation], box: list[float]) -> bool:
    """Whether nothing is turned, scaled, or cut to less than a half: a disc can become a point, a block a line."""
    corners: list[float] = []
    for operator, operands in done:
        if operator in (b"cm", b"Tm") and not _only_moves(operands):
            return False
        if operator in (b"Td", b"TD") and len(operands) != 2:
            return False
        if operator in _DRAW:
            corners += _corners(operator, operands)
        elif operator in (b"W", b"W*") and not _spans(corners, box, LEAST):
            return False
        elif operator in _FILL or operator in _STROKE or operator == b"n":
            corners = []
    return True


def _is_framed(common: list[_Operation], box: list[float]) -> bool:
    """Whether both states draw a dark line around the box."""
    dark = True
    corners: list[float] = []
    saved: list[bool] = []
    for (operator, operands), x, y, _across, _up in _placed(common):
        if operator == b"q":
            saved.append(dark)
        elif operator == b"Q" and saved:
            dark = saved.pop()
        elif operator in (b"G", b"RG", b"K"):
            dark = _is_dark(operator, operands)
        elif operator in _DRAW:
            corners += [v + (y if i % 2 else x) for i, v in enumerate(_corners(operator, operands))]
        elif operator in _STROKE:
            if dark and _spans(corners, box, FRAME):
                return True
            corners = []
        elif operator in _FILL or operator == b"n":
            corners = []
        elif operator not in _STATE:
            return False
    return False


def _is_dark(operator: bytes, operands: list[Value]) -> bool:
    """Whether a colour is seen on white paper."""
    numbers = [_number(v) for v in operands]
    if operator in (b"k", b"K"):
        return sum(numbers) >= 1 - DARK
    return sum(numbers) <= DARK * len(numbers)


def _is_dingbats(reader: Reader, revision: int, look: Stream, name: Value) -> bool:
    """Whether a font is the reader's own ZapfDingbats, in its own encoding."""
    resources = reader.resolve(look.dictionary.get("Resources"), revision)
    fonts = reader.resolve(resources.get("Font"), revision) if isinstance(resources, dict) else None
    found = reader.resolve(fonts.get(name), revision) if isinstance(fonts, dict) and isinstance(name, str) else None
    if not isinstance(found, dict) or not found.keys() <= {"Type", "Subtype", "BaseFont", "Name"}:
        return False
    return found.get("Subtype") == "Type1" and found.get("BaseFont") == "ZapfDingbats"


def _corners(operator: bytes, operands: list[Value]) -> list[float]:
    numbers = [_number(v) for v in operands]
    if len(numbers) != {b"c": 6, b"v": 4, b"y": 4, b"re": 4}.get(operator, 2):
        raise FormatError("PDF: an operator of an appearance has other operands than it needs.")
    if operator == b"re":
        x, y, width, height = numbers
        return [x, y, x + width, y + height]
    return numbers[-2:]


def _spans(corners: list[float], box: list[float], share: float) -> bool:
    """Whether points lie so far apart, along both sides of a box."""
    if not corners:
        return False
    width, height = max(corners[::2]) - min(corners[::2]), max(corners[1::2]) - min(corners[1::2])
    return width >= share * (box[2] - box[0]) and height >= share * (box[3] - box[1])


def _only_moves(operands: list[Value]) -> bool:
    return len(operands) == 6 and operands[:4] == [1, 0, 0, 1]


def _box(look: Stream) -> list[float]:
    """The /BBox, lower left to upper right. Raises `FormatError` where it is turned, or has no area."""
    box, matrix = look.dictionary.get("BBox"), look.dictionary.get("Matrix")
    if not isinstance(box, list) or len(box) != 4:
        raise FormatError("PDF: an appearance has no /BBox.")
    if matrix is not None and not (isinstance(matrix, list) and _only_moves(matrix)):
        raise FormatError("PDF: an appearance is turned or scaled by a /Matrix.")
    xs, ys = sorted(map(_number, box[::2])), sorted(map(_number, box[1::2]))
    if xs[0] == xs[1] or ys[0] == ys[1]:
        raise FormatError("PDF: the /BBox of an appearance has no area.")
    return [xs[0], ys[0], xs[1], ys[1]]


def _number(value: Value) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) > MAX_NUMBER:
        raise FormatError("PDF: an operator of an appearance has other operands than it needs.")
    return float(value)
