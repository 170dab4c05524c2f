"""A TrueType font whose program moves a letter: what a reader that does not run programs sees at one place, PDFium
draws at another. Made with fontTools from the font that kyso ships.
"""

from __future__ import annotations

import io
from functools import cache
from importlib.resources import files

from fontTools import subset
from fontTools.ttLib import TTFont
from fontTools.ttLib.tables.ttProgram import Program

EM = 64 * 64  # PDFium runs programs at 64 pixels an em; a pixel has 64 parts


@cache
def moved_letters(text: str, ems: float) -> bytes:
    """Liberation Serif with these letters alone, each lifted by so many ems when its program is run."""
    font = TTFont(io.BytesIO((files("kyso_pki.pdf.appearance") / "fonts/LiberationSerif-Regular.ttf").read_bytes()))
    options = subset.Options(hinting=True, notdef_outline=True)
    subsetter = subset.Subsetter(options)
    subsetter.populate(text=text)
    subsetter.subset(font)
    names = font.getBestCmap()
    for letter in text:
        glyph = font["glyf"][names[ord(letter)]]
        if glyph.isComposite() or glyph.numberOfContours <= 0:
            continue
        lines = ["SVTCA[0]"]  # along the y axis
        for point in range(len(glyph.coordinates)):
            lines += ["PUSHW[ ]", f"{point} {point}", "GC[0]", "PUSHW[ ]", str(int(ems * EM)), "ADD[ ]", "SCFS[ ]"]
        glyph.program = Program()
        glyph.program.fromAssembly(lines)
    font["maxp"].maxStackElements = max(font["maxp"].maxStackElements, 256)
    font["maxp"].maxSizeOfInstructions = 1 << 14
    out = io.BytesIO()
    font.save(out)
    return out.getvalue()
