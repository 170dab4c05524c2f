"""P5: linearized files whose /L says how large they will be once they are signed, or once more was appended.

Poppler 22.12 then finds the pages by /O, /N, /P and the hint tables, MuPDF 1.21 and PDFium by the page tree.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
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


def signed(base: bytes, more: Mapping[int, bytes] | None = None) -> bytes:
    """Signed by an update; as large for every file of the same size. `more`: objects that come with it."""
    catalog = Reader(base).root_ref().number
    bodies = {
        catalog: raw(base, catalog)[:-2] + b"/AcroForm<</Fields[90 0 R]/SigFlags 3>>>>",
        90: FIELD.replace(b"/P 3 0 R", b"").replace(b"6 0 R", b"91 0 R"),
        **(more or {}),
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


def in_disorder(rest: bytes, size: int = 0) -> bytes:
    """A file with one table and, in front, the parameters of one page; `rest` makes them no dictionary."""
    base = pike(pages=PAGES)
    reader = Reader(base)
    places, root = reader.plain_places(), reader.root_ref().number
    kids = reader.dictionary(reader.catalog()["Pages"])["Kids"]
    assert isinstance(kids, list)
    number, start, table = max(places) + 1, min(places.values()), base.rindex(b"xref", 0, base.rindex(b"startxref"))
    last = getattr(kids[-1], "number", 0)
    front = b"%d 0 obj\n<</Linearized 1/L %010d/H[30 20]/O %d/E 900/N 1/T 900 %s>>\nendobj\n" % (
        number,
        size,
        last,
        rest,
    )
    offsets = {**{n: at + len(front) for n, at in places.items()}, number: start}
    body = base[:start] + front + base[start:table]
    rows = b"".join(b"%010d 00000 n \n" % offsets[n] for n in range(1, number + 1))
    head = b"xref\n0 %d\n0000000000 65535 f \n" % (number + 1)
    tail = b"trailer\n<</Size %d/Root %d 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (number + 1, root, len(body))
    return body + head + rows + tail


for _name, _rest in {"a_key_twice": b"/X 1/X 2", "a_stray_number": b"7 7", "nothing_wrong": b""}.items():

    def _disordered(rest: bytes = _rest) -> bytes:
        return signed(in_disorder(rest, len(signed(in_disorder(rest)))))

    variant(
        ATTACKS,
        f"parameters_with_{_name}_in_front_of_one_table",
        "P5: Poppler shows one page of four; it reads parameters that are no dictionary to a strict reader.",
        _disordered,
        finding="LINEARIZATION",
        words="page" if not _rest else "cannot be read",
    )


def _hidden_page() -> bytes:
    """/O leads to a page that the tree does not have, and in which a key stands twice."""
    page = b"<</Type/Page/X 1/X 2/Parent %d 0 R/MediaBox[0 0 200 200]>>" % _root_of_pages()
    size = len(signed(_base(), {92: page}))
    return signed(base_with(size, (rb"/O \d+", b"/O 92")), {92: page})


def _root_of_pages() -> int:
    return int(getattr(Reader(_base()).catalog()["Pages"], "number", 0))


def _hidden_hints() -> bytes:
    """The hint tables under a filter that is not undone here."""
    base = base_with(len(signed(_base())))
    number = re.compile(rb"/H \[ (\d+)").search(base)
    assert number
    at = base.index(b"/FlateDecode", int(number[1]))
    return signed(base[:at] + b"/LZWDecode  " + base[at + len(b"/FlateDecode") :])


for _name, _hide, _words in (
    ("a_first_page_that_cannot_be_read", _hidden_page, "first page"),
    ("hints_that_cannot_be_read", _hidden_hints, "hints cannot be read"),
):
    variant(
        ATTACKS,
        f"a_linearized_file_with_{_name}",
        "P5: what cannot be read here, Poppler may follow.",
        _hide,
        finding="LINEARIZATION",
        words=_words,
    )

HONEST: dict[str, Callable[[], bytes]] = {
    "signed by an update": lambda: signed(_base()),
    "whose parameters are true at its full size": at_once,
    "whose parameters are true for a size that it has not": waiting,
    "whose other pages nobody looks at any more": lambda: signed(base_with(len(_base()), (rb"/N \d+", b"/N 1"))),
}
