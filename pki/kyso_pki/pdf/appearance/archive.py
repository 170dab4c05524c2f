"""Whether a file is a PDF/A, and what a stamp may then be (ISO 19005).

Fonts are embedded and colours are CalRGB, which every part allows. Transparency is allowed from PDF/A-2 on, where the
file names an output intent; a part 1 file, or one without an output intent, gets no transparent image.
"""

from __future__ import annotations

import re

from ...errors import KysoError, SigningError
from ..filters import decode
from ..objects import Stream
from ..reader import Reader

_PART = re.compile(rb"pdfaid:part\s*(?:=\s*[\"']|>)\s*(\d)")


def archive_part(reader: Reader) -> int | None:
    """Which part of ISO 19005 the file claims in its XMP metadata (14.3.2); None: it claims none."""
    metadata = reader.resolve(reader.catalog().get("Metadata"))
    if not isinstance(metadata, Stream):
        return None
    try:
        found = _PART.search(decode(metadata, reader.budget))
    except KysoError:  # metadata that cannot be read make no claim
        return None
    return int(found[1]) if found else None


def check_archive(reader: Reader, *, transparent: bool) -> None:
    """Refuses an appearance that would make a PDF/A into none. Raises `SigningError`."""
    if not transparent:
        return
    part = archive_part(reader)
    if part is None:
        return
    if part == 1:
        raise SigningError(
            "The document is PDF/A-1, which allows no transparency; the image of this stamp is transparent.",
            remedy="Convert the document to PDF/A-2 or later, or use an image without transparency.",
        )
    if not _has_output_intent(reader):
        raise SigningError(
            f"The document is PDF/A-{part} without an output intent; there a transparent image is not allowed.",
            remedy="Save the document as PDF/A with an output intent (sRGB), or use an image without transparency.",
        )


def _has_output_intent(reader: Reader) -> bool:
    intents = reader.resolve(reader.catalog().get("OutputIntents"))
    found = [reader.resolve(i) for i in intents] if isinstance(intents, list) else []
    return any(isinstance(i, dict) and i.get("S") == "GTS_PDFA1" for i in found)
