"""A later seal that is true: by a trusted key, with a widget, a look and a dictionary of the attacker's choice."""

from __future__ import annotations

import re
from collections.abc import Mapping

from tests.pki.pdf.samples import WORLD, raw, stream

from .attack import hand_signed, prepared

SIGNATURE = b"<</Type/Sig/Filter/Adobe.PPKLite/SubFilter/ETSI.CAdES.detached%s>>"
LOOK = stream(b"1 0 0 rg 0 0 100 100 re f", b"/Type/XObject/Subtype/Form/BBox[0 0 100 100]")
NOWHERE = b"0 0 0 0"


def truly_sealed(
    pdf: bytes,
    rect: bytes,
    *,
    look: bytes | None = LOOK,
    appearance: bytes = b"/AP<</N 31 0 R>>",
    more: bytes = b"",
    extra: Mapping[int, bytes] | None = None,
    dictionary: bytes = SIGNATURE,
) -> bytes:
    """Object 30 is the field, 31 its look (None: there is none), 32 the signature; `more` goes into the field."""
    found = re.search(rb"/AcroForm (\d+) 0 R", raw(pdf, 1))
    assert found
    form = int(found[1])
    field = b"<</Type/Annot/Subtype/Widget/FT/Sig/T(Seal)/Rect[%s]/F 132/P 3 0 R/V 32 0 R" % rect
    field += (b"" if look is None else appearance) + more + b">>"
    bodies = {
        30: field,
        form: re.sub(rb"/Fields ?\[(.*?)\]", rb"/Fields [\1 30 0 R]", raw(pdf, form)),
        3: re.sub(rb"/Annots ?\[(.*?)\]", rb"/Annots [\1 30 0 R]", raw(pdf, 3)),
        **({} if look is None else {31: look}),
        **(extra or {}),
    }
    base = prepared(dictionary, base=pdf, bodies=bodies, number=32)
    return hand_signed(base, signer=WORLD.seal_signer)
