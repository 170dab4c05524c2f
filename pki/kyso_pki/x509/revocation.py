"""Is a certificate revoked? From OCSP answers and CRLs, at a given time, failing closed.

Reach for `check_revocation` (one certificate and its issuer) or `check_path` (every certificate of a path but
the anchor, which nobody revokes). The evidence at hand is asked, all of it, and where a fetcher is given, the URLs
in the certificate as well: whoever wrote the file chose what lies in it, and an old answer that is still current
hides a revocation of yesterday. All answers are weighed together. "Revoked" from any authentic source wins over any
"good"; among the good the newest counts. Whoever holds a proof that a signature existed before
`RevocationResult.at` weighs that himself: here revoked is revoked, whatever the time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache, partial
from itertools import pairwise
from typing import Literal, Protocol

from .. import oids
from ..errors import FormatError, KysoError
from . import certificate as x
from . import listing, rules
from . import ocsp as ocsp_module
from .answer import SKEW, Answer, Constraints, gravity, unusable
from .certificate import Certificate
from .crl import CertificateList, points_of
from .path import find_path
from .trust import TrustStore

RevocationStatus = Literal["good", "revoked", "unknown", "not_checked"]

MAX_ANSWERS = 32  # signature checks on evidence for one certificate; attackers may add evidence to a file
_IN_FILE, _GIVEN, _AT_HAND = " (embedded)", " (given)", " (at hand)"
MAX_SIGNERS = 8  # certificates tried as the signer of one CRL
MAX_DEPTH = 3  # whose status is asked to learn the status of another: CRL signers, and theirs
_KEPT_BYTES = 512 << 10  # of evidence, for a result that is kept
_NOTHING: Mapping[bytes, datetime] = {}
MAX_URLS = 4  # of each kind and certificate (attack class V6)
_OFFLINE = "Ask the responders, or give an OCSP answer or a CRL that is at hand."


@dataclass(frozen=True)
class RevocationResult:
    """What is known of the signer's certificate. Only `good` is good."""

    status: RevocationStatus
    source: str | None = None
    """`ocsp`, `crl`, with the place: `ocsp (embedded)` (in the file), `crl (given)` (by the caller), `crl (at hand)`
    (lists from both), `crl (http://…)`; `nocheck`: the CA asks for no check."""
    at: datetime | None = None
    """thisUpdate of the answer used; when `revoked`, the revocation date, or the invalidity date that is earlier."""
    reason: str | None = None
    text: str = ""
    remedy: str | None = None
    """What to do where nothing could be asked."""
    about: Certificate | None = None
    """The CA above that this is about; None: the certificate that was asked about itself."""


class StatusFetcher(Protocol):
    """What this module needs of `kyso_pki.signer.Fetcher`. Raises `FetchError`."""

    def ocsp(self, url: str, request: bytes) -> bytes: ...

    def crl(self, url: str) -> bytes: ...


def check_revocation(
    certificate: Certificate,
    issuer: Certificate,
    *,
    at: datetime,
    crls: Sequence[bytes],
    ocsp: Sequence[bytes],
    candidates: Sequence[Certificate],
    fetcher: StatusFetcher | None = None,
    proven: datetime | None = None,
    anchor: Certificate | None = None,
    given: frozenset[bytes] = frozenset(),
    existed: Mapping[bytes, datetime] = _NOTHING,
    constraints: Constraints | None = None,
) -> RevocationResult:
    """The status of `certificate` at `at`; `issuer` is the certificate above it in a validated path.

    `candidates`: certificates among which an OCSP responder's or a CRL signer's may be found. `anchor`: where the
    path of a CRL signer other than `issuer` must end, the same as the certificate's (RFC 5280 6.3.3 (f)); None: only
    what the issuer signed itself is believed. `proven`: by when what the certificate signed existed for certain;
    None: unproven, it may have been signed just now. `given`: evidence that stands outside the file, which is told.
    `existed`: for an `at` in the past, by when these answers existed for certain: whoever signed one must have been
    valid until then, because a key that leaks after its end writes answers of any date.
    `unknown`: an authorised responder says so; `not_checked`: nothing could be asked or used, `text` says why. Never
    raises for what evidence holds.

    With a fetcher and a URL to ask, a "good" at hand counts alone only when it was given at or after `proven`: an
    older one says nothing about the signature, and whoever can cut the network must gain nothing by it. Offline, or
    where the certificate names nobody to ask, an older one counts until its nextUpdate, the freshness of EN 319 102-1
    5.2.5 where no policy sets another; `text` says that it is older.
    """
    if _needs_no_check(certificate):
        return RevocationResult("good", "nocheck", None, None, "OCSP responder with id-pkix-ocsp-nocheck.")
    asking = _Asking(
        certificate,
        issuer,
        at,
        tuple(crls),
        tuple(candidates),
        fetcher,
        anchor,
        given=given,
        existed=existed,
        constraints=constraints,
    )
    at_hand, fetched = list(asking.embedded(tuple(ocsp))), list(asking.fetched())
    said = at_hand + fetched
    if fetched and not _decides(fetched):
        at_hand = [_unless_older(source, answer, proven) for source, answer in at_hand]
        said = at_hand + fetched
    if (result := _verdict(said, asking.too_much, proven)) is not None:
        return result
    if not said and not asking.too_much:
        text = "No OCSP answer and no CRL at hand" + ("." if fetcher else ", and nothing was fetched.")
        return RevocationResult("not_checked", text=text, remedy=None if fetcher else _OFFLINE)
    reasons = dict.fromkeys(f"{source}: {answer.text}" for source, answer in said)
    if asking.too_much:
        reasons[f"more than {MAX_ANSWERS} answers are at hand; none is believed"] = None
    status: RevocationStatus = "unknown" if any(a.status == "unknown" for _, a in said) else "not_checked"
    remedy = next((answer.remedy for _, answer in said if answer.remedy), None if fetcher else _OFFLINE)
    return RevocationResult(status, text=f"No usable answer ({'; '.join(reasons)}).", remedy=remedy)


def check_path(
    path: Sequence[Certificate],
    *,
    at: datetime,
    crls: Sequence[bytes],
    ocsp: Sequence[bytes],
    candidates: Sequence[Certificate],
    fetcher: StatusFetcher | None = None,
    proven: datetime | None = None,
    given: frozenset[bytes] = frozenset(),
    constraints: Constraints | None = None,
) -> tuple[RevocationResult, ...]:
    """One result for each certificate of a validated path but the anchor, leaf first. `constraints` can be hashed."""
    asked = tuple(path), at, tuple(crls), tuple(ocsp), tuple(candidates)
    size = sum(map(len, crls)) + sum(map(len, ocsp)) + sum(len(c.der) for c in candidates)
    if fetcher is None and size <= _KEPT_BYTES:
        return _checked_along(*asked, None, proven, given, constraints)
    return _check_along(*asked, fetcher, proven, given, constraints)  # who asks the network may be told something new


def _check_along(
    path: tuple[Certificate, ...],
    at: datetime,
    crls: tuple[bytes, ...],
    ocsp: tuple[bytes, ...],
    candidates: tuple[Certificate, ...],
    fetcher: StatusFetcher | None,
    proven: datetime | None,
    given: frozenset[bytes],
    constraints: Constraints | None,
) -> tuple[RevocationResult, ...]:
    return tuple(
        check_revocation(
            certificate,
            issuer,
            at=at,
            crls=crls,
            ocsp=ocsp,
            candidates=candidates,
            fetcher=fetcher,
            proven=proven,
            anchor=path[-1],
            given=given,
            constraints=constraints,
        )
        for certificate, issuer in pairwise(path)
    )


_checked_along = lru_cache(maxsize=64)(_check_along)
"""For many documents of few signers at one validation time; what is large is not kept (32 MiB)."""


def since(answer: datetime | None, proven: datetime | None) -> bool:
    """Whether an answer of this thisUpdate was given when the signature existed for certain, as clocks go."""
    return answer is not None and proven is not None and answer >= proven - SKEW


def at_hand(source: str | None) -> bool:
    """Whether an answer was at hand, in the document or beside it, and not asked for."""
    return source is not None and source.endswith((_IN_FILE, _GIVEN, _AT_HAND))


def _needs_no_check(certificate: Certificate) -> bool:
    """RFC 6960 4.2.2.2.1, honoured in certificates of OCSP responders only."""
    try:
        return x.OCSP_NO_CHECK in certificate.extensions and certificate.extended_key_usage == frozenset(
            {oids.KP_OCSP_SIGNING}
        )
    except FormatError:
        return False


def _decides(said: Sequence[tuple[str, Answer]]) -> bool:
    return any(answer.status in ("good", "revoked") for _, answer in said)


def _unless_older(source: str, answer: Answer, proven: datetime | None) -> tuple[str, Answer]:
    """A "good" that nobody confirms now counts only when it was given after the proven time (attack class V2)."""
    if answer.status != "good" or since(answer.at, proven):
        return source, answer
    return source, unusable(f"it is older than {_signature(proven)}, and nobody confirms it now")


def _signature(proven: datetime | None) -> str:
    return "the validation, and nothing proves that the signature is" if proven is None else "the proven signing time"


def _verdict(
    said: Sequence[tuple[str, Answer]], too_much: bool, proven: datetime | None = None
) -> RevocationResult | None:
    """Revoked wins; good counts when everything was read and no responder says "unknown"; else nothing is decided.

    NOTE: RFC 6960 2.2 lets a client turn to a CRL after "unknown". A CA whose own responder does not know a
    certificate may never have issued it, and a CRL is silent about that; so "unknown" is not outvoted.
    """
    revoked = [(source, answer) for source, answer in said if answer.status == "revoked"]
    if revoked:
        source, answer = min(revoked, key=lambda item: gravity(item[1].reason, item[1].at))
        when = f"{answer.at:%Y-%m-%d %H:%M:%S} UTC" if answer.at else "an unknown time"
        text = f"Revoked at {when}" + (f" ({answer.reason})." if answer.reason else ".")
        if answer.listed_at is not None and answer.at is not None and answer.at < answer.listed_at:
            text += f" That is its invalidity date; it was listed on {answer.listed_at:%Y-%m-%d %H:%M:%S} UTC."
        return RevocationResult("revoked", source, answer.at, answer.reason, text)
    good = [(source, answer) for source, answer in said if answer.status == "good"]
    if too_much or not good or any(answer.status == "unknown" for _, answer in said):
        return None
    source, answer = max(good, key=lambda item: item[1].at.timestamp() if item[1].at else 0.0)
    text = "Not revoked."
    if at_hand(source) and answer.at is not None and not since(answer.at, proven):
        text = f"Not revoked as of {answer.at:%Y-%m-%d %H:%M:%S} UTC. The answer may be older than the signature."
    return RevocationResult("good", source, answer.at, None, text)


@dataclass
class _Asking:
    """One question and where the answers come from, the best source first."""

    certificate: Certificate
    issuer: Certificate
    at: datetime
    crls: tuple[bytes, ...]
    candidates: tuple[Certificate, ...]
    fetcher: StatusFetcher | None
    anchor: Certificate | None = None
    asked_for: frozenset[Certificate] = frozenset()
    """Whose status waits for this one."""
    too_much: bool = False
    given: frozenset[bytes] = frozenset()
    existed: Mapping[bytes, datetime] = field(default_factory=dict)
    """By when answers existed for certain; what is not among them did at `at`."""
    constraints: Constraints | None = None

    def embedded(self, ocsp: Sequence[bytes]) -> Iterator[tuple[str, Answer]]:
        """Every answer at hand that is about this certificate, or could not be read."""
        count = 0
        for data in ocsp:
            answer = self._ocsp(data)
            if answer is None:
                continue
            count += 1
            if count > MAX_ANSWERS:
                self.too_much = True
                return
            yield "ocsp" + self._place((data,)), answer
        lists = [data for data in self.crls if self._is_about(data)]
        if count + len(lists) > MAX_ANSWERS:
            self.too_much = True
            return
        for answer in self._crl(lists):
            yield "crl" + self._place(lists), answer

    def _place(self, pieces: Sequence[bytes]) -> str:
        """Where these stand; what lists say together comes from all of them."""
        if not self.given or self.given.isdisjoint(pieces):
            return _IN_FILE
        return _GIVEN if self.given.issuperset(pieces) else _AT_HAND

    def _is_about(self, data: bytes) -> bool:
        try:
            return listing.about(CertificateList.from_der(data), self.certificate)
        except FormatError:
            return True  # then it is told why it cannot be read

    def fetched(self) -> Iterator[tuple[str, Answer]]:
        """OCSP first, then CRLs; ends at the first answer that decides."""
        fetcher = self.fetcher
        if fetcher is None:
            return
        for url in _web(lambda: self.certificate.ocsp_urls):
            answer = self._fetch(partial(self._fetch_ocsp, fetcher, url))
            yield f"ocsp ({url})", answer
            if answer.status in ("good", "revoked"):
                return
        lists: list[bytes] = []
        for url in _web(lambda: self.certificate.crl_urls):
            answer = self._fetch(partial(self._fetch_crl, fetcher, url, lists))
            yield f"crl ({url})", answer
            if answer.status in ("good", "revoked"):
                return
        if len(lists) > 1:  # each for some of the reasons, or a complete one and its delta
            yield from (("crl (fetched)", answer) for answer in self._crl(lists) if answer.status != "unusable")

    def _fetch(self, ask: Callable[[], Answer | None]) -> Answer:
        """The answer, or why there is none: a source that cannot be reached is a reason in the report."""
        try:
            return ask() or unusable("the answer is from another issuer")
        except KysoError as e:
            return unusable(f"could not be had: {e.message}", e.remedy or None)

    def _fetch_ocsp(self, fetcher: StatusFetcher, url: str) -> Answer | None:
        return self._ocsp(fetcher.ocsp(url, ocsp_module.request(self.certificate, self.issuer)), asked=True)

    def _fetch_crl(self, fetcher: StatusFetcher, url: str, lists: list[bytes]) -> Answer | None:
        lists.append(fetcher.crl(url))
        return next(iter(self._crl(lists[-1:])), None)

    def _ocsp(self, data: bytes, asked: bool = False) -> Answer | None:
        return ocsp_module.answer(
            data,
            self.certificate,
            self.issuer,
            self.at,
            candidates=self.candidates,
            responder_status=self._responder_status,
            asked=asked,
            existed=self.existed.get(data),
            constraints=self.constraints,
        )

    def _crl(self, lists: Sequence[bytes]) -> list[Answer]:
        return listing.answers(lists, self.certificate, self.at, self._signer_of, self.constraints)

    def _signer_of(self, crl: CertificateList) -> Certificate | str:
        """The issuer itself, or another that has a path of its own to the same anchor and is good (6.3.3 (f))."""
        own = listing.direct(self.issuer)(crl)
        if isinstance(own, Certificate):
            return self._too_old(crl, (own,)) or own
        if self.anchor is None:
            return own
        named = [c for c in (self.anchor, *self.candidates) if crl.issuer.matches(c.subject)]
        if len(named) > MAX_SIGNERS:
            return f"{len(named)} certificates at hand bear the CRL issuer's name; at most {MAX_SIGNERS} are tried"
        why: str | None = own
        for candidate in named:
            if not crl.signed_by(candidate):
                continue
            why = self._distrust(candidate, crl)
            if why is None:
                return candidate
        return why or own

    def _too_old(self, crl: CertificateList, path: Sequence[Certificate]) -> str | None:
        """Why the CRL may have been written by somebody who found one of these keys after its end."""
        existed = self.existed.get(crl.encoded)
        ended = next((c for c in path if existed is not None and c.not_after < existed), None)
        if ended is None:
            return None
        return f"the certificate of {rules.label(ended)} had expired before the CRL is known to exist"

    def _distrust(self, signer: Certificate, crl: CertificateList) -> str | None:
        """Why this signer of a CRL is not believed."""
        if (old := self._too_old(crl, (signer,))) is not None or signer == self.anchor:
            return old
        if signer == self.certificate and any(signer.subject.canonical in p.issuers for p in points_of(signer)):
            return None  # its CA wrote into it that it lists its own revocation (cRLIssuer)
        name = rules.label(signer)
        if signer == self.certificate or signer in self.asked_for or len(self.asked_for) >= MAX_DEPTH:
            return f"the status of the CRL signer {name} depends on this CRL itself"
        anchor = self.anchor
        found = find_path(signer, self.candidates, TrustStore.of([anchor] if anchor else []), self.at, None)
        if not found.path:
            return f"the CRL signer {name} has no path to the anchor of the certificate"
        if (old := self._too_old(crl, found.path[:-1])) is not None:
            return old
        if self.constraints is not None:
            for certificate in found.path[:-1]:
                if (weak := self.constraints.of_certificate(certificate)) is not None:
                    return weak
        waiting = self.asked_for | {self.certificate, signer}
        for certificate, issuer in pairwise(found.path):
            asking = _Asking(
                certificate,
                issuer,
                self.at,
                self.crls,
                self.candidates,
                None,
                anchor,
                waiting,
                existed=self.existed,
                constraints=self.constraints,
            )
            result = _verdict(list(asking.embedded(())), asking.too_much)
            if result is None or result.status != "good":
                return f"the status of the CRL signer {name} is not known to be good"
        return None

    def _responder_status(self, responder: Certificate) -> str | None:
        """RFC 6960 4.2.2.2.1 for a responder without nocheck: only CRLs are asked, so that no circle arises."""
        asking = _Asking(
            responder,
            self.issuer,
            self.at,
            self.crls,
            self.candidates,
            None,
            self.anchor,
            existed=self.existed,
            constraints=self.constraints,
        )
        said = list(asking.embedded(()))
        if self.fetcher is not None:
            fetched = [
                (url, asking._fetch(partial(asking._fetch_crl, self.fetcher, url, [])))
                for url in _web(lambda: responder.crl_urls)
            ]
            if fetched and not _decides(fetched):
                said = [_unless_older(source, answer, None) for source, answer in said]
            said += fetched
        result = _verdict(said, asking.too_much)
        if result is not None and result.status == "good":
            return None
        return f"the status of the OCSP responder {rules.label(responder)} is not known to be good"


def _web(urls: Callable[[], Sequence[str]]) -> Sequence[str]:
    """The first http(s) URLs; ldap and file are never followed (attack class V6)."""
    try:
        return [url for url in urls() if url.startswith(("http://", "https://"))][:MAX_URLS]
    except FormatError:
        return ()
