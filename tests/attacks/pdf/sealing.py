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
    name: bytes = b"Seal",
    at: int = 30,
) -> bytes:
    """Object `at` is the field, the next its look (None: it has none), then the signature; `more` is the field's."""
    found = re.search(rb"/AcroForm (\d+) 0 R", raw(pdf, 1))
    assert found
    form = int(found[1])
    field = b"<</Type/Annot/Subtype/Widget/FT/Sig/T(%s)/Rect[%s]/F 132/P 3 0 R/V %d 0 R" % (name, rect, at + 2)
    field += (b"" if look is None else appearance.replace(b"31 0 R", b"%d 0 R" % (at + 1))) + more + b">>"
    bodies = {
        at: field,
        form: re.sub(rb"/Fields ?\[(.*?)\]", rb"/Fields [\1 %d 0 R]" % at, raw(pdf, form)),
        3: re.sub(rb"/Annots ?\[(.*?)\]", rb"/Annots [\1 %d 0 R]" % at, raw(pdf, 3)),
        **({} if look is None else {at + 1: look}),
        **(extra or {}),
    }
    base = prepared(dictionary, base=pdf, bodies=bodies, number=at + 2)
    return hand_signed(base, signer=WORLD.seal_signer)
