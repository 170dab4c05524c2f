"""The operators of a content stream, and where each may stand (ISO 32000-2 Annex A, figure 9)."""

from __future__ import annotations

from typing import Final

PAGE, PATH, CLIP, TEXT = "page", "path", "clip", "text"

# Operators without an effect on where something is painted, and the types of their operands
HARMLESS: Final[dict[bytes, tuple[type | tuple[type, ...], ...]]] = {
    b"BMC": (str,), b"BDC": (str, (str, dict)), b"EMC": (), b"MP": (str,), b"DP": (str, (str, dict)), b"ri": (str,),
    b"i": ((int, float),), b"d": (list, (int, float)),
}  # fmt: skip
WHITE: Final[dict[bytes, tuple[float, ...]]] = {b"g": (1,), b"rg": (1, 1, 1), b"k": (0, 0, 0, 0)}
COLOUR: Final = {b"G": 1, b"RG": 3, b"K": 4}  # of lines, with so many components
OTHER_COLOUR: Final = frozenset((b"cs", b"sc", b"scn", b"CS", b"SC", b"SCN"))
SETTINGS: Final = {
    b"Tc": ("between", 1.0), b"Tw": ("word", 1.0), b"Tz": ("scale", 0.01), b"TL": ("leading", 1.0),
    b"Ts": ("rise", 1.0),
}  # fmt: skip
PAINTS: Final = {  # filled, stroked
    b"f": (True, False), b"F": (True, False), b"f*": (True, False), b"S": (False, True), b"s": (False, True),
    b"B": (True, True), b"B*": (True, True), b"b": (True, True), b"b*": (True, True), b"n": (False, False),
}  # fmt: skip
NORMAL = ("Normal", "Compatible")
HARMLESS_STATE = frozenset((
    "Type", "LC", "D", "RI", "OP", "op", "OPM", "FL", "SM", "SA", "ca", "CA", "AIS", "TK", "SMask", "UseBlackPtComp",
))  # fmt: skip
