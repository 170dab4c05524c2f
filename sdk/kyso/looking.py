"""Places that a verdict calls blank, looked at: is anything drawn where a later signature shows itself? (ADR 23)

Reach for `look`. `kyso_pki` bounds what a page shows without drawing it, and does not run the programs of TrueType
fonts, which can move a glyph anywhere. Here PDFium draws the page as it was before the signature, in a process of its
own. What it sees can only make a verdict worse: something drawn there makes it INDETERMINATE, and so does a file that
cannot be drawn within the bounds, for its maker decides that. Where nothing here can draw, the report warns.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from types import TracebackType

from kyso_pki.ades.places import place_not_seen, resting
from kyso_pki.ades.policy import Policy
from kyso_pki.ades.report import DocumentReport, SignatureReport
from kyso_pki.errors import FormatError, KysoError, UsageError
from kyso_pki.facts import Finding, Place
from kyso_pki.octets import Octets
from kyso_pki.pdf.appearance.sight import OpenEyes, sight
from kyso_pki.pdf.pages import all_pages
from kyso_pki.pdf.reader import Reader

from .eyes import confined_eyes
from .mapped import FileMap, Start

MAX_PLACES = 64  # looked at in one file, each a page drawn; a document has a few visible signatures
SECONDS = 60.0  # for all places of one file; one on a simple page takes 0.15 s
Password = Callable[[], str | None]


def look(
    report: DocumentReport,
    data: Octets,
    policy: Policy,
    password: Password | None = None,
    eyes: OpenEyes = confined_eyes,
    seconds: float = SECONDS,
    spent: float = 0.0,
) -> DocumentReport:
    """The report, with what is seen in the places on which its good verdicts rest. Never raises for the document.

    No place is looked at any more `seconds` after the first one, of which other documents of the packet took `spent`.
    """
    if not any(resting(s, policy) for s in report.signatures):
        return report
    with _Looks(data, password, eyes, seconds, spent) as seen:
        return replace(report, signatures=tuple(_judged(s, policy, seen) for s in report.signatures))


def _judged(signature: SignatureReport, policy: Policy, seen: _Looks) -> SignatureReport:
    findings = list(signature.findings)
    doubtful = False
    for change in resting(signature, policy):
        for place in change.places:
            found = seen.at(place)
            if isinstance(found, _Unseen):
                doubtful |= found.by_the_file
                findings.append(place_not_seen(change, found.why, "error" if found.by_the_file else "warning"))
            elif found:
                doubtful = True
                start = f"Something is drawn where the signature in the field {change.field!r} shows itself: "
                findings.append(Finding("OVERLAY", "error", start + change.text))
    found_out = tuple(dict.fromkeys(findings))
    if not doubtful or not signature.passed:
        return replace(signature, findings=found_out)
    return replace(
        signature, findings=found_out, indication="INDETERMINATE", sub_indication="SIG_CONSTRAINTS_FAILURE"
    )


@dataclass(frozen=True)
class _Unseen:
    """A place that could not be looked at."""

    why: str
    by_the_file: bool = True
    """False: nothing here can draw, whatever the file is."""


class _Looks:
    """One file's places, each looked at once, however many signatures rest on it."""

    def __init__(self, data: Octets, password: Password | None, eyes: OpenEyes, seconds: float, spent: float) -> None:
        self._data = data
        self._password = password
        self._eyes = eyes
        self._until = time.monotonic() + seconds - spent
        self._seconds = seconds
        self._known: dict[Place, bool | _Unseen] = {}
        self._before: dict[int, tuple[bytes | Start, Reader]] = {}
        self._map: FileMap | None = None

    def __enter__(self) -> _Looks:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._forget()

    def at(self, place: Place) -> bool | _Unseen:
        """Whether something is drawn there, or why that could not be seen."""
        if place not in self._known:
            if len(self._known) >= MAX_PLACES:
                return _Unseen(f"the file has more than {MAX_PLACES} such places.")
            if time.monotonic() >= self._until:
                return _Unseen(f"drawing the places before it took {self._seconds:g} s.")
            try:
                self._known[place] = self._drawn(place)
            except UsageError as e:
                self._known[place] = _Unseen(e.message, by_the_file=False)
            except KysoError as e:
                self._known[place] = _Unseen(e.message)
            except OSError as e:  # no process could be started
                self._known[place] = _Unseen(f"{e.strerror or e}.", by_the_file=False)
        return self._known[place]

    @cached_property
    def _whole(self) -> Reader:
        return Reader(self._data, self._password)  # type: ignore[arg-type]  # a map reads as bytes do

    def _drawn(self, place: Place) -> bool:
        if place.revision not in self._before:
            end = self._whole.revisions[place.revision - 1].end
            self._forget()  # one at a time: they are large
            self._before = {place.revision: self._first(end)}
        before, reader = self._before[place.revision]
        page = next((p for p in all_pages(reader) if p.ref.number == place.page), None)
        if page is None:
            raise FormatError(f"PDF: object {place.page} is no page of revision {place.revision}.")
        with sight(before, reader.password_if_encrypted, self._eyes) as seen:
            return seen.unlike_paper(page, page.to_seen(place.rectangle)) is not None

    def _first(self, size: int) -> tuple[bytes | Start, Reader]:
        """The file up to a revision: of a file on disk no copy is made, whoever draws it opens it again."""
        if not isinstance(self._data, FileMap):
            octets = bytes(self._data[:size])
            return octets, Reader(octets, self._password)
        start = self._data.start(size)
        self._map = start.map()
        return start, Reader(self._map, self._password)  # type: ignore[arg-type]  # a map reads as bytes do

    def _forget(self) -> None:
        self._before = {}
        if self._map is not None:
            self._map.done()
            self._map = None
