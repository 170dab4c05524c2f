"""Anchors: a place found by the texts on the page, as a person would say it ("đặt giữa chức vụ và họ tên").

Reach for `by_texts`. A text must be there once, or the error names every place where it is.
"""

from __future__ import annotations

from contextlib import ExitStack
from functools import cached_property
from typing import Final

from ...errors import AnchorAmbiguous, AnchorMissing, SigningError
from ..pages import Box, Page, all_pages, page_at
from ..reader import Reader
from .layout import MM, Drawing
from .sight import Found, Letter, OpenEyes, Sight, occurrences, one_line, pdfium, sight
from .spots import MAX_NAMED, Spot, new_spot
from .stamp import Place, Stamp

GAP: Final = 3.0  # points kept free between a text and a stamp that is placed by it
SMALLEST: Final = 8 * MM  # a signature is not made lower than this to fit between two texts
FARTHEST: Final = 120 * MM  # between a title and the name below it
MAX_FOUND: Final = 200  # places of one text: pairs are compared one by one
_NO_TEXT: Final = "A page that is only a picture has no text: place the stamp by coordinates (--place)."
_AS_IT_STANDS: Final = "Write it exactly as it stands there, capitals and accents alike."
_ONCE: Final = "Name the page (--place page=N), or take a longer text that is there only once."


class Look:
    """The file through PDFium, opened when it is first needed and until `close`; a page's letters are read once."""

    def __init__(self, reader: Reader, eyes: OpenEyes = pdfium) -> None:
        self.reader = reader
        self.eyes = eyes
        self._letters: dict[int, list[Letter]] = {}
        self._opened = ExitStack()

    @cached_property
    def seen(self) -> Sight:
        return self._opened.enter_context(sight(self.reader.data, self.reader.password_if_encrypted, self.eyes))

    def close(self) -> None:
        self._opened.close()

    def letters(self, page: Page) -> list[Letter]:
        if page.index not in self._letters:
            self._letters[page.index] = self.seen.letters(page)
        return self._letters[page.index]


def by_texts(look: Look, stamp: Stamp, said: Place, drawing: Drawing) -> Spot:
    wanted = list(said.anchors)
    found: list[list[Found]] = [[] for _ in wanted]
    pages: dict[int, Page] = {}
    blank: list[int] = []
    for page in [page_at(look.reader, said.page)] if said.page is not None else all_pages(look.reader):
        pages[page.index] = page
        words_there = look.seen.words(page)
        if not words_there:
            blank.append(page.index)
        if not any(one_line(words) in words_there for words in wanted):
            continue
        letters = look.letters(page)
        for hits, words in zip(found, wanted, strict=True):
            hits += occurrences(letters, words, page.index)
            if len(hits) > MAX_FOUND:
                raise _ambiguous(words, hits)
    for hits, words in zip(found, wanted, strict=True):
        if not hits:
            raise AnchorMissing(
                f"The text {words!r} is not on {_pages_named(pages)}.",
                remedy=_NO_TEXT if blank else _AS_IT_STANDS,
                text=words,
            )
    if len(wanted) == 1:
        (hits,) = found
        if len(hits) > 1:
            raise _ambiguous(wanted[0], hits)
        return _below(pages[hits[0].page], hits[0].box, drawing, said.scale)
    pairs = [(a, b) for a in found[0] for b in found[1] if _together(a, b)]
    if len(pairs) != 1:
        raise _no_pair(wanted, found, pairs)
    title, name = pairs[0]
    return _between(stamp, pages[title.page], title.box, name.box, drawing, said.scale)


def _together(title: Found, name: Found) -> bool:
    """Whether a name stands below a title, in the same column and no farther than a signature block is high."""
    gap = name.box.top - title.box.bottom
    across = min(title.box.right, name.box.right) - max(title.box.left, name.box.left)
    return title.page == name.page and 0 < gap <= FARTHEST and across > 0


def _between(stamp: Stamp, page: Page, title: Box, name: Box, drawing: Drawing, scale: float) -> Spot:
    """In the middle between the two (NĐ 30/2020: giữa chức vụ và họ tên)."""
    room = name.top - title.bottom - 2 * GAP
    fit = min(scale, room / drawing.height)
    if fit < scale - 0.005 and (stamp.template.exact or drawing.height * fit < SMALLEST):
        raise SigningError(
            f"Between {title.bottom / MM:.0f} and {name.top / MM:.0f} mm there is no room for a stamp of "
            f"{drawing.height * scale / MM:.0f} mm.",
            remedy="Leave more room between title and name, choose a smaller size, or place it by coordinates.",
        )
    middle = (title.left + title.right + name.left + name.right) / 4
    centre = (title.bottom + name.top) / 2
    return new_spot(page, middle - drawing.width * fit / 2, centre - drawing.height * fit / 2, drawing, fit)


def _below(page: Page, text: Box, drawing: Drawing, scale: float) -> Spot:
    middle = (text.left + text.right) / 2
    return new_spot(page, middle - drawing.width * scale / 2, text.bottom + GAP, drawing, scale)


def _pages_named(pages: dict[int, Page]) -> str:
    numbers = [str(index + 1) for index in pages]
    return f"page {numbers[0]}" if len(numbers) == 1 else f"any of the {len(numbers)} pages"


def _listed(found: list[Found]) -> str:
    """Candidates as `page: from the left x from the top`."""
    named = [f"{f.page + 1}: {f.box.left / MM:.0f} x {f.box.top / MM:.0f} mm" for f in found[:MAX_NAMED]]
    return "; ".join([*named, f"and {len(found) - MAX_NAMED} more"] if len(found) > MAX_NAMED else named)


def _ambiguous(words: str, found: list[Found]) -> AnchorAmbiguous:
    places = _listed(found)
    return AnchorAmbiguous(
        f"The text {words!r} stands in {len(found)} places (page: left x top): {places}.",
        remedy=_ONCE,
        text=words,
        count=len(found),
        places=places,
    )


def _no_pair(wanted: list[str], found: list[list[Found]], pairs: list[tuple[Found, Found]]) -> SigningError:
    title, name = wanted
    places = f"{title!r}: {_listed(found[0])}; {name!r}: {_listed(found[1])}"
    if pairs:
        return AnchorAmbiguous(
            f"{title!r} above {name!r} stands in {len(pairs)} places (page: left x top): {places}.",
            remedy=_ONCE,
            text=f"{title} … {name}",
            count=len(pairs),
            places=places,
        )
    return AnchorMissing(
        f"{title!r} stands nowhere above {name!r} as a title above a name (page: left x top): {places}.",
        remedy="Name the title first, then the full name below it.",
        text=f"{title} … {name}",
    )
