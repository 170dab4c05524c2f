"""Which evidence spoke in a verdict: certificates of the paths, CRLs and OCSP answers about them, timestamps.

Reach for `used_in`. It says where each piece was found and by when it is proven to have existed (EN 319 102-1
5.6.2.3), and keeps its digest, not its octets: a report must not keep the evidence of a million files in memory.
`Recorder` stands between the rules and a `Fetcher` and remembers what came over the network.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice, pairwise
from typing import Literal, NamedTuple

from ..errors import KysoError
from ..facts import SignatureFacts, Stored
from ..signer import Fetcher
from ..x509 import listing, ocsp
from ..x509.certificate import Certificate
from ..x509.crl import CertificateList
from ..x509.revocation import MAX_SIGNERS
from .past import Cover, Held

EvidenceKind = Literal["certificate", "crl", "ocsp", "timestamp"]
EvidencePlace = Literal["file", "given", "fetched", "trust"]
MAX_LISTED = (
    64  # CRLs, and OCSP answers, looked through for one signature; more than 32 decide nothing (revocation.py)
)
MAX_ASKED = 64  # signers about whom one CRL is remembered: many documents of an audit ask the same
Path = tuple[Certificate, ...]
Fetched = tuple[EvidenceKind, str, bytes]
"""What it is, from where, and its octets."""


@dataclass(frozen=True)
class Used:
    """One piece of evidence."""

    kind: EvidenceKind
    place: EvidencePlace
    """In the file, given by the caller, fetched from `uri`, or one of the trust anchors."""
    proven: datetime | None = None
    """By when a trusted timestamp over it proves that it existed; None: nothing does."""
    sha256: str = ""
    """Of its DER octets."""
    name: str | None = None
    """Whom it is about or from: a certificate's subject, a CRL's issuer, the subject that an OCSP answer is about,
    the authority of a timestamp."""
    at: datetime | None = None
    """thisUpdate, or the time of a timestamp."""
    until: datetime | None = None
    """nextUpdate."""
    uri: str | None = None


@dataclass
class Recorder:
    """A `Fetcher` that remembers what it fetched."""

    fetcher: Fetcher
    fetched: list[Fetched] = field(default_factory=list)

    def ocsp(self, url: str, request: bytes) -> bytes:
        return self._kept("ocsp", url, self.fetcher.ocsp(url, request))

    def crl(self, url: str) -> bytes:
        return self._kept("crl", url, self.fetcher.crl(url))

    def certificates(self, url: str) -> bytes:
        return self.fetcher.certificates(url)  # those that matter stand in the path

    def _kept(self, kind: EvidenceKind, url: str, octets: bytes) -> bytes:
        self.fetched.append((kind, url, octets))
        return octets


class _Piece(NamedTuple):
    """A list or an answer at hand, whatever it says."""

    kind: EvidenceKind
    place: EvidencePlace
    proven: datetime | None = None
    uri: str | None = None


Spoken = dict[tuple["Issued", Path], dict[tuple[bytes, _Piece], "Used | None"]]
"""What lists and answers were found to say of certificates: signatures of one person ask the same."""


def used_in(
    facts: SignatureFacts,
    paths: Iterable[Path],
    held: Sequence[Held],
    covers: Sequence[Cover],
    fetched: Sequence[Fetched] = (),
    spoken: Spoken | None = None,
) -> tuple[Used, ...]:
    """What there is about the certificates of these paths, each piece once: certificates, lists, answers, timestamps.

    `covers` are the trusted timestamps over more than the signature, `held` the evidence with its proofs. `spoken` is
    what the signatures before this one found out.
    """
    walked = [path for path in paths if path]
    issued = tuple(dict.fromkeys(pair for path in walked for pair in pairwise(path)))
    lists: dict[bytes, _Piece] = {}
    answers: dict[bytes, _Piece] = {}
    for h in held:
        if h.evidence.crls or h.evidence.ocsp:
            place: EvidencePlace = "file" if h.in_file else "given"
            proven = h.by if h.protected else None
            _keep(lists, h.evidence.crls, _Piece("crl", place, proven))
            _keep(answers, h.evidence.ocsp, _Piece("ocsp", place, proven))
    for kind, uri, octets in fetched:
        _keep(lists if kind == "crl" else answers, (octets,), _Piece(kind, "fetched", uri=uri))
    at_hand = tuple(dict.fromkeys(c for h in held for c in h.evidence.certificates))
    known = {} if spoken is None else spoken.setdefault((issued, at_hand), {})
    found: list[Used] = []
    for pieces, look in ((lists, _list), (answers, _answer)):
        for asked in pieces.items():
            if asked not in known:
                octets, piece = asked
                known[asked] = look(octets, issued, at_hand, piece)
            if (said := known[asked]) is not None:
                found.append(said)
    return (*_certificates(facts, walked, held), *found, *_timestamps(facts, covers))


def _keep(found: dict[bytes, _Piece], octets: Iterable[bytes], piece: _Piece) -> None:
    for one in octets:
        if len(found) < MAX_LISTED:
            found.setdefault(one, piece)


Issued = tuple[tuple[Certificate, Certificate], ...]
"""Certificates with their issuers."""


def _list(octets: bytes, issued: Issued, at_hand: Path, piece: _Piece) -> Used | None:
    """A CRL that is about one of these, by an issuer or in its name; None for another, or one that cannot be read."""
    try:
        found = CertificateList.from_der(octets)
    except KysoError:
        return None
    if (speaks := found.asked.get((issued, at_hand))) is None:
        if len(found.asked) >= MAX_ASKED:
            found.asked.clear()
        speaks = found.asked[issued, at_hand] = _speaks(found, issued, at_hand)
    if not speaks:
        return None
    name, at, until = str(found.issuer), found.this_update, found.next_update
    return Used(piece.kind, piece.place, piece.proven, found.sha256, name, at, until, piece.uri)


def _speaks(found: CertificateList, issued: Issued, at_hand: Path) -> bool:
    try:
        if not any(listing.about(found, certificate) for certificate, _ in issued):
            return False
        named = dict.fromkeys(c for c in (*(i for _, i in issued), *at_hand) if found.issuer.matches(c.subject))
        return any(found.signed_by(c) for c in islice(named, MAX_SIGNERS))
    except KysoError:
        return False


def _answer(octets: bytes, issued: Issued, at_hand: Path, piece: _Piece) -> Used | None:
    """A responder's signed answer about one of the certificates; None for any other, or one that cannot be read."""
    try:
        basic = ocsp.read(octets)
        for certificate, issuer in issued:
            response = next((r for r in basic.responses if ocsp.is_about(r, certificate, issuer)), None)
            if response is not None and ocsp.signed_for(basic, issuer, at_hand):
                at, until = response.this_update, response.next_update
                digest, name = hashlib.sha256(octets).hexdigest(), str(certificate.subject)
                return Used(piece.kind, piece.place, piece.proven, digest, name, at, until, piece.uri)
    except KysoError:
        pass
    return None


def _certificates(facts: SignatureFacts, paths: Sequence[Path], held: Sequence[Held]) -> Iterator[Used]:
    """Those of the paths, and the signer's own where there is no path. The last of a path is the anchor."""
    carried = {c for t in facts.timestamps for c in (*t.certificates, t.certificate)} | {facts.certificate}
    leaf = () if facts.certificate is None else (facts.certificate,)
    anchors = {path[-1] for path in paths}
    for certificate in dict.fromkeys((*leaf, *(c for path in paths for c in path))):
        at_hand = [h for h in held if certificate in h.evidence.certificates]
        in_file = certificate in carried or any(h.in_file for h in at_hand)
        place: EvidencePlace = "trust" if certificate in anchors else "file" if in_file else "given"
        if place == "given" and not at_hand:
            place = "fetched"
        by = min([h.by for h in at_hand if h.protected], default=None)
        yield Used("certificate", place, by, certificate.sha256, str(certificate.subject))


def _timestamps(facts: SignatureFacts, covers: Sequence[Cover]) -> Iterator[Used]:
    for t in facts.timestamps:
        held = t if facts.format != "pdf" else Stored(facts.state)
        by = min((c.proof.by for c in covers if c.covers(held)), default=None)
        name = None if t.certificate is None else str(t.certificate.subject)
        yield Used("timestamp", "file", by, hashlib.sha256(t.token).hexdigest(), name, t.time)
