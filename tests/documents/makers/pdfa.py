"""The công văn as PDF/A-1b, 2b, 2u and 3b and as PDF/UA-1: what archives and readers for the blind ask for.

LibreOffice exports all but one; the PDF/A-2u is its PDF/A-2b with the letter B of the metadata made a U (every glyph
of it has a Unicode value, which is all that U asks for more, ISO 19005-2 6.2.11.7.2) and object streams, rewritten by
pikepdf. The PDF/UA letter has no tables: LibreOffice 7.4 leaves their rules untagged, which ISO 14289-1 7.1 forbids.
`test_documents.py` has veraPDF read them. LibreOffice writes the time of the run into its compressed colour profile,
where it stays.

Needs what `cong_van.py` needs.
"""

from __future__ import annotations

import re
from pathlib import Path

from .cong_van import converted, flat_open_document, normalised, with_object_streams

PROFILES = {
    "cong-van-pdfa-1b.pdf": "1b",
    "cong-van-pdfa-2b.pdf": "2b",
    "cong-van-pdfa-2u.pdf": "2u",
    "cong-van-pdfa-3b.pdf": "3b",
    "cong-van-pdfua-1.pdf": "ua1",
}
"""File → the profile that it follows, as veraPDF names them."""

_CONFORMANCE = (b"<pdfaid:conformance>B<", b"<pdfaid:conformance>U<")


def make(folder: Path) -> list[Path]:
    """Writes the files of `PROFILES` into `folder`."""
    letter = flat_open_document()
    one, two, three = (normalised(converted(letter, SelectPdfVersion=part)) for part in (1, 2, 3))
    if two.count(_CONFORMANCE[0]) != 1:
        raise RuntimeError("LibreOffice wrote its metadata in a shape that this generator does not know.")
    plain = re.sub(r"<table:table .*?</table:table>", "", letter, flags=re.DOTALL)
    made = (
        one,
        two,
        with_object_streams(two.replace(*_CONFORMANCE)),
        three,
        normalised(converted(plain, PDFUACompliance=True)),
    )
    for name, octets in zip(PROFILES, made, strict=True):
        (folder / name).write_bytes(octets)
    return [folder / name for name in PROFILES]
