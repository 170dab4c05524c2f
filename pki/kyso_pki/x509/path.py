"""A path from a certificate to a trust anchor (RFC 5280 6.1), at a given time, for a purpose.

Reach for `find_path`. `PathResult.path` is empty unless *every* rule holds on every link; `rejected` shows
the chain that came closest. Candidates may come from the attacker: they are sorted by name and key
identifier, every link is a signature check, and the checks are counted, so that no crafted set of
certificates costs more than a stated bound. The anchor is always the store's own certificate, never a
look-alike found in a file; name and policy constraints that stand in it bind too (RFC 5937).

Codes: NO_TRUST_ANCHORS, NO_CERTIFICATE_CHAIN_FOUND, NAME_WITHOUT_KEY, NOT_TRUSTED_THEN, those of `rules`, and for
what is tolerated CERTIFICATE_ODDITY (severity `info`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache, partial
from itertools import islice

from ..errors import FormatError
from ..finding import Finding
from . import rules
from .certificate import Certificate
from .constraints import broken_constraints
from .policies import NO_WISHES, InitialPolicies, broken_policies
from .trust import Anchor, Purpose, TrustStore

__all__ = ["MAX_CANDIDATES", "MAX_PATH", "MAX_SIGNATURE_CHECKS", "PathResult", "find_path"]

# Bounds against crafted chains (attack class V4). The deepest real path of the field has 4 certificates.
MAX_SIGNATURE_CHECKS = 64
MAX_PATH = 8  # certificates, leaf and anchor included
MAX_CANDIDATES = 512
_KEPT_BYTES = 128 << 10  # of candidates, for a result that is kept; a chain of four has under 8 kB
_KEPT_PAIR = 16 << 10  # of two certificates


@dataclass(frozen=True)
class PathResult:
    """A path, or why there is none."""

    path: tuple[Certificate, ...] = ()
    """Leaf to anchor, both included; empty when no path passes every rule."""
    findings: tuple[Finding, ...] = ()
    """Errors when there is no path; with a path only what is tolerated and must be named."""
    rejected: tuple[Certificate, ...] = ()
    """A chain whose signatures reach an anchor, but which breaks the rules in `findings`. For display only."""


def find_path(
    leaf: Certificate,
    candidates: Iterable[Certificate],
    trust: TrustStore,
    at: datetime,
    purpose: Purpose | None,
    policies: InitialPolicies = NO_WISHES,
    weak: frozenset[rules.Weakness] | None = None,
) -> PathResult:
    """The first path from `leaf` to an anchor for this purpose that keeps every rule at `at`.

    `candidates` are untrusted certificates, in any order, the leaf may be among them. `purpose` None: RFC 5280
    alone, whatever the leaf is for; the caller looks at that. `weak`: which signatures and keys do not count; None:
    those with SHA-1. Keys that are weak for everybody never count. Never raises for what certificates hold.
    """
    given = tuple(islice(candidates, MAX_CANDIDATES))
    if sum(len(c.der) for c in given) > _KEPT_BYTES:
        return _find(leaf, given, trust, at, purpose, policies, weak)
    return _found(leaf, given, trust, at, purpose, policies, weak)


def _find(
    leaf: Certificate,
    candidates: tuple[Certificate, ...],
    trust: TrustStore,
    at: datetime,
    purpose: Purpose | None,
    policies: InitialPolicies,
    weak: frozenset[rules.Weakness] | None,
) -> PathResult:
    if not trust.for_purpose(purpose):
        text = "No trust anchors loaded." if trust.empty else f"No trust anchors loaded for {purpose}."
        return PathResult(findings=(Finding("NO_TRUST_ANCHORS", "error", text, "Name trust anchors."),))
    search = _Search(candidates, trust, purpose)
    nearest: PathResult | None = None
    for chain in search.chains((leaf,)):
        broken = _not_trusted_then(trust, chain[-1], at, purpose)
        broken += _broken_rules(chain, at, purpose, policies, weak)
        if not broken:
            return PathResult(chain, _oddities(chain))
        nearest = nearest or PathResult((), broken, chain)
    return nearest or PathResult(findings=search.why_not(leaf))


_found = lru_cache(maxsize=64)(_find)
"""For many documents of few signers at one validation time; what is large is not kept, so that strangers' documents
cannot fill the memory (8 MiB)."""


class _Search:
    """Depth first over verified signatures, likely issuers first, within a budget of checks."""

    def __init__(self, candidates: Iterable[Certificate], trust: TrustStore, purpose: Purpose | None) -> None:
        self.trust = trust
        self.purpose = purpose
        self.anchors = trust.for_purpose(purpose)
        self.anchored = frozenset(self.anchors)
        pool = tuple(dict.fromkeys(islice(candidates, MAX_CANDIDATES)))
        self.candidates = tuple(c for c in pool if not trust.is_anchor(c, purpose))
        self.checks = 0
        self.exhausted = False
        self.name_without_key: Certificate | None = None
        self.orphan: Certificate | None = None
        self.unknown_signature: tuple[Finding, ...] = ()

    def chains(self, path: tuple[Certificate, ...]) -> Iterator[tuple[Certificate, ...]]:
        """Every chain of good signatures from the last certificate of `path` up to an anchor."""
        child = path[-1]
        if len(path) == 1 and child in self.anchored:
            yield path  # the signer itself was pinned, octet for octet
        if len(path) == MAX_PATH:
            return
        if unknown := rules.unknown_signature(child):
            self.unknown_signature = unknown
            return
        found = False
        for issuer in self._issuers(path):
            if self.checks >= MAX_SIGNATURE_CHECKS:
                self.exhausted = True
                return
            self.checks += 1
            anchored = issuer in self.anchored
            if not _signed_by(child, issuer):
                if anchored:
                    self.name_without_key = issuer
                continue
            found = True
            if anchored:
                yield (*path, issuer)
            else:
                yield from self.chains((*path, issuer))
        if not found:
            self.orphan = child

    def _issuers(self, path: tuple[Certificate, ...]) -> list[Certificate]:
        """Who could have issued the last certificate: by name; anchors first, then by key identifier (a hint).

        A name with a key that stands in the path already is left out (RFC 5280 6.1: no certificate twice),
        which also ends the walk through chains of one subject.
        """
        child = path[-1]
        wanted = _key_hint(child)
        seen = {(c.subject.canonical, c.spki) for c in path}
        anchors = [a for a in self.anchors if child.issuer.matches(a.subject)]
        others = [
            c
            for c in self.candidates
            if child.issuer.matches(c.subject) and (c.subject.canonical, c.spki) not in seen
        ]
        others.sort(key=lambda c: _mismatch(wanted, c))
        return anchors + others

    def why_not(self, leaf: Certificate) -> tuple[Finding, ...]:
        """The reason for no chain at all, in the words that a person needs."""
        found: list[Finding] = [*self.unknown_signature]
        if self.name_without_key is not None:
            anchor = self.name_without_key
            text = (
                f"The issuer bears the name of a trusted CA, but not its key: {anchor.subject} "
                f"(trusted key SHA-256 {anchor.spki_sha256})."
            )
            found.append(Finding("NAME_WITHOUT_KEY", "error", text))
        elif not found:
            orphan = self.orphan or leaf
            text = f"No path to a trust anchor: the issuer of {rules.label(orphan)} is not trusted and not known"
            if self.trust.knows_name(orphan.issuer):
                text = f"The issuer of {rules.label(orphan)} is not trusted for {self.purpose}"
            found.append(Finding("NO_CERTIFICATE_CHAIN_FOUND", "error", f"{text} ({orphan.issuer})."))
        if self.exhausted:
            text = f"The search for a path was given up after {MAX_SIGNATURE_CHECKS} signature checks."
            found.append(Finding("NO_CERTIFICATE_CHAIN_FOUND", "error", text))
        return tuple(found)


def _signed_by(child: Certificate, issuer: Certificate) -> bool:
    """Whether it is; a signature does not change, and the same few CAs stand in every document."""
    small = len(child.der) + len(issuer.der) <= _KEPT_PAIR
    return (_known_signature if small else _signature_check)(child, issuer)


def _signature_check(child: Certificate, issuer: Certificate) -> bool:
    """One signature check; keys of a size that would make it expensive are not even tried (`public_key`)."""
    return child.issued_by(issuer)


_known_signature = lru_cache(maxsize=1024)(_signature_check)


def _key_hint(child: Certificate) -> bytes | None:
    try:
        return child.authority_key_identifier
    except FormatError:
        return None  # only the order is at stake; `rules.unreadable` refuses the certificate itself


def _mismatch(wanted: bytes | None, issuer: Certificate) -> int:
    """0 when the key identifiers agree, 1 when one is missing, 2 when they differ."""
    try:
        own = issuer.subject_key_identifier
    except FormatError:
        return 2
    if wanted is None or own is None:
        return 1
    return 0 if wanted == own else 2


def _not_trusted_then(
    trust: TrustStore, anchor: Certificate, at: datetime, purpose: Purpose | None
) -> tuple[Finding, ...]:
    """Trust may have ended, or not begun. Another way around such an anchor is not looked for: its end is meant."""
    if trust.anchor_at(anchor, purpose, at) is not None:
        return ()
    spans = "; ".join(dict.fromkeys(map(_span, trust.entries(anchor, purpose))))
    text = f"{rules.label(anchor)} is not trusted at {at:%Y-%m-%d %H:%M:%S} UTC: {spans}."
    return (Finding("NOT_TRUSTED_THEN", "error", text),)


def _span(anchor: Anchor) -> str:
    if anchor.ended is not None:
        return (
            f"the word of {anchor.source} ended on {anchor.ended:%Y-%m-%d %H:%M:%S} UTC and needs a newer one "
            "(kyso trust update)"
        )
    start, end = (m and f"{m:%Y-%m-%d %H:%M:%S} UTC" for m in (anchor.trusted_from, anchor.trusted_until))
    source = anchor.source or "by its caller"
    if start is None or end is None:
        return f"until {end} ({source})" if start is None else f"from {start} ({source})"
    return f"from {start} until {end} ({source})"


def _broken_rules(
    chain: tuple[Certificate, ...],
    at: datetime,
    purpose: Purpose | None,
    policies: InitialPolicies,
    weak: frozenset[rules.Weakness] | None,
) -> tuple[Finding, ...]:
    """RFC 5280 6.1.3 to 6.1.5 over a chain of good signatures, leaf first."""
    found: list[Finding] = []
    for certificate in chain:
        found += rules.unreadable(certificate)
    if found:
        return tuple(found)
    intermediates = 0  # non-self-issued CAs between the leaf and the certificate looked at (6.1.4 (l))
    for position, certificate in enumerate(chain):
        last = position == len(chain) - 1
        found += rules.out_of_time(certificate, at)
        found += rules.weak_key(certificate)
        if weak is not None:
            found += () if last else rules.unknown_signature(certificate)
            found += rules.weak_by_policy(certificate, weak, is_anchor=last)
        elif not last:
            found += rules.weak_signature(certificate)
        found += rules.forbidden_extensions(certificate)
        if position:
            found += rules.not_an_issuer(certificate, intermediates, purpose)
            intermediates += not certificate.self_issued
        elif purpose is not None:
            found += rules.unfit_for(certificate, purpose)
        if purpose is not None:  # RFC 5280 4.1.2.2 asks to handle them gracefully; no signer of documents needs one
            found += rules.negative_serial(certificate)
    return (*found, *_broken_along(chain, policies))


def _broken_along(chain: tuple[Certificate, ...], policies: InitialPolicies) -> Iterator[Finding]:
    """The rules that speak of the path as a whole: name constraints and policies."""
    for ask in (broken_constraints, partial(broken_policies, initial=policies)):
        try:
            why = ask(chain)
        except FormatError as e:
            why = e.message.removesuffix(".")
        if why is not None:
            text = f"The path of {rules.label(chain[0])} breaks a rule of its CAs: {why}."
            yield Finding("CHAIN_CONSTRAINTS_FAILURE", "error", text)


def _oddities(chain: tuple[Certificate, ...]) -> tuple[Finding, ...]:
    return tuple(
        Finding("CERTIFICATE_ODDITY", "info", f"The certificate of {rules.label(c)}: {odd}; tolerated.")
        for c in chain
        for odd in c.oddities
    )
