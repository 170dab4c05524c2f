"""What some readers show under a later seal makes it an overlay, reserved or not; ordinary pages stay bounded."""

from __future__ import annotations

import pytest

from kyso_pki.ades.verify import Policy
from kyso_pki.formats import verify_document
from tests.pki.pdf.samples import AT, WORLD, facts, stream

from . import gaps, hidden, hidden_glyphs
from .attack import Attack
from .judged import assert_overlaid
from .paper import Paper

ATTACKS = (*hidden.ATTACKS, *hidden_glyphs.ATTACKS, *gaps.ATTACKS)


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda a: a.name)
def test_a_seal_over_what_some_readers_show_is_an_overlay(attack: Attack) -> None:
    assert_overlaid(attack)


WORD = b"""/P <</MCID 0>> BDC q\r
0.000008871 0 595.32 841.92 re\r
W* n\r
BT\r
/F1 14.04 Tf\r
1 0 0 1 72.024 758.98 Tm\r
0 g\r
0 G\r
[(C)-3(ONG V)3(AN)] TJ\r
ET\r
Q\r
 EMC  /P <</MCID 1>> BDC q\r
0.000008871 0 595.32 841.92 re\r
W* n\r
BT\r
/F1 12 Tf\r
1 0 0 1 72.024 700 Tm\r
0 g\r
0 G\r
-0.0144 Tc[(Pay 100)] TJ\r
ET\r
Q\r
 EMC q\r
104.64 0 0 61.2 72 560 cm\r
/I Do Q\r
"""
OFFICE = b"""0.1 w
q 0 0.028 595.275 841.861 re
W* n
q 0 0 0 rg
BT
56.8 724.1 Td /F1 12 Tf[(Pa)20(y)]TJ
ET
Q
q 1 0 0 1 56.8 700 cm /I Do Q
Q
"""
CHROME = b""".24 0 0 -.24 0 841.91998 cm
q
0 0 2480.315 3507.87402 re
W* n
q
3.125 0 0 3.125 0 0 cm
1 1 1 RG 1 1 1 rg
/G gs
0 0 793.7008 1122.5197 re
f
0 0 0 RG 0 0 0 rg
BT
/F1 16 Tf
1 0 0 -1 8 42 Tm
(Pay 100) Tj
ET
Q
Q
"""
STAMPED = [b"q\n", b"BT /F1 12 Tf 72 720 Td (Pay 100) Tj ET\n", b"Q\n", b"q 1 0 0 1 0 0 cm /I Do Q\n"]
PICTURE = stream(bytes(12), b"/Type/XObject/Subtype/Image/Width 2/Height 2/BitsPerComponent 8/ColorSpace/DeviceRGB")
RESOURCES = b"/XObject<</I 9 0 R>>/ExtGState<</G<</ca 1/BM/Normal>>>>"


@pytest.mark.parametrize(
    "contents",
    [[], [b""], [WORD], [OFFICE], [CHROME], STAMPED],
    ids=["no content", "nothing", "like Word", "like LibreOffice", "like Chrome", "stamped by a library"],
)
def test_a_seal_on_paper_that_an_ordinary_page_leaves_blank_passes(contents: list[bytes]) -> None:
    paper = Paper(contents, RESOURCES, [PICTURE])
    for pdf, policy in ((paper.filled(), Policy()), (paper.sealed(), Policy(accept_blank_overlays=True))):
        report = verify_document(pdf, trust=WORLD.trust, at=AT, fetcher=WORLD.fetcher(AT), policy=policy)
        assert report.verdict == "passed", report.to_json()
    (change,) = [c for c in facts(paper.sealed())[0].changes_after if c.kind == "overlay"]
    assert change.blank


@pytest.mark.parametrize("contents", [[WORD], [OFFICE], [CHROME], STAMPED])
def test_a_seal_over_the_text_of_an_ordinary_page_is_an_overlay(contents: list[bytes]) -> None:
    paper = Paper(contents, RESOURCES, [PICTURE])
    for pdf in (paper.filled(b"50 650 200 830"), paper.sealed(b"50 650 200 830")):
        report = verify_document(pdf, trust=WORLD.trust, at=AT, fetcher=WORLD.fetcher(AT))
        assert report.verdict == "indeterminate"


def test_a_reserved_place_beside_a_line_passes_and_a_gap_within_one_does_not() -> None:
    """H4: a field as high as a line, with text before it: a place to sign; with text after it as well: a word."""
    for content, verdict in ((gaps.BEFORE, "passed"), (gaps.AROUND, "indeterminate")):
        pdf = gaps.line(content).filled(gaps.GAP)
        report = verify_document(pdf, trust=WORLD.trust, at=AT, fetcher=WORLD.fetcher(AT))
        assert report.verdict == verdict
