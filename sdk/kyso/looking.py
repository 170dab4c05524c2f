"""Places that a verdict calls blank, looked at: is anything drawn where a later signature shows itself? (ADR 23)

Reach for `look`. `kyso_pki` bounds what a page shows without drawing it, and does not run the programs of TrueType
fonts, which can move a glyph anywhere. Here PDFium draws the page as it was before the signature, in a process of its
own. What it sees can only make a verdict worse: something drawn there makes it INDETERMINATE, and what could not be
looked at is said.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cached_property

from kyso_pki.ades.policy import Policy
from kyso_pki.ades.report import DocumentReport, SignatureReport
from kyso_pki.errors import FormatError, KysoError
from kyso_pki.facts import Change, Finding, Place
from kyso_pki.octets import Octets
from kyso_pki.pdf.appearance.sight import OpenEyes, sight
from kyso_pki.pdf.pages import all_pages
from kyso_pki.pdf.reader import Reader

from .eyes import confined_eyes

MAX_PLACES = 64  # looked at in one file, each a page drawn; a document has a few visible signatures
Password = Callable[[], str | None]


def look(
    report: DocumentReport,
    data: Octets,
    policy: Policy,
    password: Password | None = None,
    eyes: OpenEyes = confined_eyes,
) -> DocumentReport:
    """The report, with what is seen in the places on which its good verdicts rest. Never raises for the document."""
    if not any(_resting(s, policy) for s in report.signatures):
        return report
    seen = _Looks(data, password, eyes)
    return replace(report, signatures=tuple(_judged(s, policy, seen) for s in report.signatures))


def _resting(signature: SignatureReport, policy: Policy) -> list[Change]:
    """The changes that a verdict which is not negative lets pass because nothing was found under them."""
    if signature.indication == "TOTAL-FAILED" or policy.accept_overlays or "overlay" in policy.tolerate:
        return []  # whoever accepts overlays looks at the page
    return [c for c in signature.changes_after if c.places and (c.allowed or policy.accept_blank_overlays)]


def _judged(signature: SignatureReport, policy: Policy, seen: _Looks) -> SignatureReport:
    findings = list(signature.findings)
    overlaid = False
    for change in _resting(signature, policy):
        for place in change.places:
            found = seen.at(place)
            if isinstance(found, str):
                text = f"The place of the field {change.field!r} was not looked at: {found}"
                findings.append(Finding("PLACE_NOT_SEEN", "warning", text))
            elif found:
                overlaid = True
                start = f"Something is drawn where the signature in the field {change.field!r} shows itself: "
                findings.append(Finding("OVERLAY", "error", start + change.text))
    found_out = tuple(dict.fromkeys(findings))
    if not overlaid or not signature.passed:
        return replace(signature, findings=found_out)
    return replace(
        signature, findings=found_out, indication="INDETERMINATE", sub_indication="SIG_CONSTRAINTS_FAILURE"
    )


class _Looks:
    """One file's places, each looked at once, however many signatures rest on it."""

    def __init__(self, data: Octets, password: Password | None, eyes: OpenEyes) -> None:
        self._data = data
        self._password = password
        self._eyes = eyes
        self._known: dict[Place, bool | str] = {}
        self._before: dict[int, tuple[bytes, Reader]] = {}

    def at(self, place: Place) -> bool | str:
        """Whether something is drawn there; in words why that could not be seen."""
        if place not in self._known:
            if len(self._known) >= MAX_PLACES:
                return f"the file has more than {MAX_PLACES} such places."
            try:
                self._known[place] = self._drawn(place)
            except KysoError as e:
                self._known[place] = e.message
        return self._known[place]

    @cached_property
    def _whole(self) -> Reader:
        return Reader(self._data, self._password)  # type: ignore[arg-type]  # a map reads as bytes do

    def _drawn(self, place: Place) -> bool:
        if place.revision not in self._before:
            end = self._whole.revisions[place.revision - 1].end
            octets = bytes(self._data[:end])
            self._before = {place.revision: (octets, Reader(octets, self._password))}  # one at a time: they are large
        before, reader = self._before[place.revision]
        page = next((p for p in all_pages(reader) if p.ref.number == place.page), None)
        if page is None:
            raise FormatError(f"PDF: object {place.page} is no page of revision {place.revision}.")
        with sight(before, reader.password_if_encrypted, self._eyes) as seen:
            return seen.unlike_paper(page, page.to_seen(place.rectangle)) is not None
