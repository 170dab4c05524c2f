"""Pages on which a text is shown to some readers where others, and a careless analysis, see blank paper.

Reach for `on_paper`, which seals such a page in two ways: with a field that nobody reserved, and in one that the
first signer saw. The rectangle `BLANK` is where the seal goes and where the text is; `PAY` shows it there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tests.pki.pdf.samples import BODIES, SIGNATURE_BOX, WORLD, raw, signed, stream, table_pdf

from .attack import Attack, hand_signed, prepared, variant
from .sealing import LOOK, SIGNATURE, truly_sealed

BLANK = b"300 300 420 400"
PAY = b"BT /F1 12 Tf 310 350 Td (Pay 100) Tj ET"
UNTOLD = "cannot be told without drawing it"
OTHERWISE = "readers may read differently"
TOUCHED = "text, lines or pictures of page 1"
_PAGE = BODIES[3].replace(b"/Type/Page", b"/Type/Page/Annots[7 0 R 8 0 R]")
_FIRST = 9  # object of the first extra body


@dataclass(frozen=True)
class Paper:
    """A page: its content streams, what stands in /Resources beside the font /F1, and more objects, 9 and on."""

    contents: Sequence[bytes]
    resources: bytes = b""
    objects: Sequence[bytes] = ()
    font: bytes = BODIES[5]
    more: bytes = b""
    """More entries of the page."""
    catalog: bytes = b""
    bodies: Mapping[int, bytes] = field(default_factory=dict)

    def pdf(self, reserved: bytes | None = None) -> bytes:
        """Signed in the box `A`; `reserved`: the rectangle of an empty field `Seal` beside it."""
        parts = {4: stream(self.contents[0]) if self.contents else b"<<>>", 5: self.font}
        extra = [*self.objects, *map(stream, self.contents[1:])]
        rest = [_FIRST + len(self.objects) + i for i in range(len(self.contents) - 1)]
        contents = b"/Contents[4 0 R %s]" % b" ".join(b"%d 0 R" % n for n in rest)
        page = _PAGE.replace(b"/Contents 4 0 R", contents if self.contents else b"").replace(
            b"/F1 5 0 R>>", b"/F1 5 0 R>>" + self.resources
        )
        seal = SIGNATURE_BOX % (b"Seal", reserved, b"") if reserved else b"<<>>"
        fields = b"[7 0 R 8 0 R]" if reserved else b"[7 0 R]"
        bodies = {
            **BODIES,
            **parts,
            1: b"<</Type/Catalog/Pages 2 0 R/AcroForm 6 0 R%s>>" % self.catalog,
            3: (page if reserved else page.replace(b"7 0 R 8 0 R", b"7 0 R")).replace(
                b"/Type/Page", b"/Type/Page" + self.more, 1
            ),
            6: b"<</Fields%s>>" % fields,
            7: SIGNATURE_BOX % (b"A", b"10 10 110 60", b""),
            8: seal,
            **{_FIRST + i: body for i, body in enumerate(extra)},
            **self.bodies,
        }
        return signed(table_pdf(bodies), field="A")

    def sealed(self, rect: bytes = BLANK) -> bytes:
        """With a true seal in a field that nobody reserved."""
        return truly_sealed(self.pdf(), rect, at=40)

    def filled(self, rect: bytes = BLANK) -> bytes:
        """With a true seal in the field that was reserved."""
        pdf = self.pdf(rect)
        box = raw(pdf, 8)[:-2] + b"/AP<</N 41 0 R>>/V 42 0 R>>"
        base = prepared(SIGNATURE, base=pdf, bodies={8: box, 41: LOOK}, number=42)
        return hand_signed(base, signer=WORLD.seal_signer)


def on_paper(registry: list[Attack], name: str, rule: str, paper: Paper, words: str) -> None:
    """Registers the page with both seals."""
    variant(registry, name, rule, paper.sealed, change="overlay", words=words, verdict="indeterminate")
    reserved = f"{name}_and_a_reserved_place"
    variant(registry, reserved, rule, paper.filled, change="overlay", words=words, verdict="indeterminate")
