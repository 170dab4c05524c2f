"""P5: linearized files whose /L says how large they will be once they are signed, or once more was appended.

Poppler 22.12 then finds the pages by /O, /N, /P and the hint tables, MuPDF 1.21 and PDFium by the page tree.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache

from kyso_pki.pdf.reader import Reader
from tests.pki.pdf.samples import append, pike, raw

from .attack import FIELD, Attack, hand_signed, prepared, variant

ATTACKS: list[Attack] = []
PAGES = 4
_parameters = re.compile(rb"<< /Linearized .*?>>", re.DOTALL)


@cache
def _base() -> bytes:
    return pike(linearize=True, pages=PAGES)


def signed(base: bytes) -> bytes:
    """Signed by an update; as large for every file of the same size."""
    catalog = Reader(base).root_ref().number
    bodies = {
        catalog: raw(base, catalog)[:-2] + b"/AcroForm<</Fields[90 0 R]/SigFlags 3>>>>",
        90: FIELD.replace(b"/P 3 0 R", b"").replace(b"6 0 R", b"91 0 R"),
    }
    return hand_signed(prepared(base=base, bodies=bodies, number=91))


def base_with(size: int, *changes: tuple[bytes, bytes]) -> bytes:
    """The file with another /L and other parameters; nothing else moves."""
    base = _base()
    found = _parameters.search(base)
    assert found
    text = re.sub(rb"/L \d+", b"/L %d" % size, found[0])
    for old, new in changes:
        text, count = re.subn(old, new, text)
        assert count == 1
    if len(text) > len(found[0]):
        text = re.sub(rb" /E \d+", b"", text)  # which nobody asks for
    assert len(text) <= len(found[0])
    return base[: found.start()] + text.ljust(len(found[0])) + base[found.end() :]


def at_once(*changes: tuple[bytes, bytes]) -> bytes:
    """/L is the size of the signed file."""
    return signed(base_with(len(signed(_base())), *changes))


def waiting(*changes: tuple[bytes, bytes]) -> bytes:
    """/L is larger than the signed file."""
    return signed(base_with(99_999, *changes))


def reached(*changes: tuple[bytes, bytes]) -> bytes:
    """/L is the size after one more update."""
    size = len(append(signed(_base()), {}))
    return append(signed(base_with(size, *changes)), {})


def another_page() -> bytes:
    """The number of the last page."""
    reader = Reader(_base())
    tree = reader.dictionary(reader.catalog()["Pages"])["Kids"]
    assert isinstance(tree, list)
    return b"%d" % getattr(tree[-1], "number", 0)


_CHANGES: dict[str, Callable[[], tuple[tuple[bytes, bytes], ...]]] = {
    "another_first_page": lambda: ((rb"/O \d+", b"/O " + another_page()),),
    "fewer_pages": lambda: ((rb"/N \d+", b"/N 1"),),
    "fewer_pages_and_no_first_one": lambda: ((rb"/N \d+", b"/N 1"), (rb"/O \d+", b"/O 0")),
    "another_place_of_the_first_page": lambda: ((rb"/E \d+", b"/P 2"),),
    "no_hint_table_but_another_page": lambda: ((rb"/O \d+", b"/O " + another_page()), (rb"/H \[ \d+", b"/H [ 1")),
}
for _name, _changes in _CHANGES.items():
    for _when, _make in (("at_once", at_once), ("that_waits_for_more", waiting), ("that_more_made_true", reached)):

        def _made(
            make: Callable[..., bytes] = _make, changes: Callable[[], tuple[tuple[bytes, bytes], ...]] = _changes
        ) -> bytes:
            return make(*changes())

        variant(
            ATTACKS,
            f"a_linearized_file_with_{_name}_{_when}",
            'P5: "a lenient and a strict reading differ": Poppler finds pages by the parameters of the file.',
            _made,
            finding="LINEARIZATION",
            words="page",
        )

HONEST: dict[str, Callable[[], bytes]] = {
    "signed by an update": lambda: signed(_base()),
    "whose parameters are true at its full size": at_once,
    "whose parameters are true for a size that it has not": waiting,
    "whose other pages nobody looks at any more": lambda: signed(base_with(len(_base()), (rb"/N \d+", b"/N 1"))),
}
