"""Verify a document: who signed it, and is it still what was signed?"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from datetime import UTC, datetime
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

from kyso_pki.ades.report import DocumentReport
from kyso_pki.ades.verify import DEFAULT_POLICY, Policy
from kyso_pki.errors import FormatError
from kyso_pki.evidence import NO_EVIDENCE, Evidence
from kyso_pki.formats import NO_DETACHED, signed_content, verify_document, with_content
from kyso_pki.octets import Octets
from kyso_pki.signer import Fetcher
from kyso_pki.x509.trust import TrustStore

from .mapped import opened

if TYPE_CHECKING:
    from .fetch import HttpFetcher


def verify(
    source: bytes | os.PathLike[str],
    *,
    trust: TrustStore | None = None,
    at: datetime | None = None,
    offline: bool = True,
    fetcher: Fetcher | None = None,
    evidence: Evidence = NO_EVIDENCE,
    policy: Policy = DEFAULT_POLICY,
    password: Callable[[], str | None] | None = None,
    content: bytes | os.PathLike[str] | None = None,
    detached: Mapping[str, bytes] = NO_DETACHED,
    xpath: bool = False,
) -> DocumentReport:
    """The report on every signature in the document; it never raises for what the document holds.

    Offline (the default) uses the evidence in the file and in `evidence`; `offline=False` asks OCSP responders
    and fetches CRLs, within the limits of `HttpFetcher`, or use your own `fetcher`. `trust` None means this user's
    own store (`kyso trust`), which may be empty: without trust anchors no signature can pass. `content` is what a
    detached CMS signature (`.p7s`) is over. `password` is asked for when the document is encrypted. A report has no
    truth value: ask `.passed` or call `.require_passed()`.

    `detached` holds what an XML signature covers outside its document, by the URI that the signature writes; nothing
    is ever fetched. `xpath` lets an XML signature say by XPath what it covers, which may leave out anything: read
    `coverage` then. `report.signed_content()` gives back the octets that a passed XML signature covers.

    A later signature that shows itself where nothing was found on the page is looked at: PDFium draws that page in a
    process of its own, and something there makes the verdict INDETERMINATE (`OVERLAY`). That needs
    `kyso[appearance]`; without it the report warns (`PLACE_NOT_SEEN`).

    A path to a large PDF, or to a large XML document that is signed as a whole, is read through a memory map, in
    constant memory. Raises `OSError` when it cannot be opened, `FormatError` when it changes meanwhile.
    """
    own = _fetcher() if fetcher is None and not offline else None
    password = None if password is None else cache(password)  # whoever knows it is asked once
    try:
        with (
            nullcontext(source) if isinstance(source, bytes) else opened(source) as data,
            nullcontext(content) if content is None or isinstance(content, bytes) else opened(content) as beside,
        ):
            report = verify_document(
                data,
                trust=_stored_trust() if trust is None else trust,
                at=at or datetime.now(UTC),
                evidence=evidence,
                fetcher=own if fetcher is None else fetcher,
                policy=policy,
                file=None if isinstance(source, bytes) else str(Path(source)),
                password=password,
                content=beside,
                detached=detached,
                xpath=xpath,
                look=_Look(policy, password),
            )
        if isinstance(source, bytes) or report.format != "xml" or report.sha256 is None:
            return report
        return with_content(report, partial(_read_again, Path(source), report.sha256, detached, xpath))
    finally:
        if own is not None:
            own.close()


def _fetcher() -> HttpFetcher:
    from .fetch import HttpFetcher  # most verify offline

    return HttpFetcher()


def _stored_trust() -> TrustStore:
    from .truststore.stored import stored_trust  # an audit names its anchors

    return stored_trust()


class _Look:
    """Looks at places of a file and of the documents in it; the time for all of them is that for one file."""

    def __init__(self, policy: Policy, password: Callable[[], str | None] | None) -> None:
        self._policy = policy
        self._password = password
        self._spent = 0.0

    def __call__(self, report: DocumentReport, octets: Octets) -> DocumentReport:
        if not any(c.places for s in report.signatures for c in s.changes_after):
            return report
        from .looking import look

        began = time.monotonic()
        try:
            return look(report, octets, self._policy, self._password, spent=self._spent)
        finally:
            self._spent += time.monotonic() - began


def _read_again(
    path: Path,
    sha256: str,
    detached: Mapping[str, bytes],
    xpath: bool,
    identifier: str,
    *,
    attachment: int | None = None,
) -> tuple[bytes, ...]:
    """Signed content of a file that was verified. Raises `FormatError` when it is another file now, `OSError`."""
    data = path.read_bytes()
    if hashlib.sha256(data).hexdigest() != sha256:
        raise FormatError(f"{path} was changed after it was verified.", remedy="Verify it again.")
    return signed_content(data, detached, identifier, xpath=xpath, attachment=attachment)
