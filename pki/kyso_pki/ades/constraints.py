"""5.2.6 and 5.6.2.2, the cryptographic constraints on the certificates of a path: algorithms with an end, least keys.

Reach for `weak_links`. An algorithm counts at its time of use (TS 119 312): the signature on a certificate is as
good as its hash was at the time by which the certificate is proven to have existed. That is the proof over the
signature for the certificate that it binds, a document or archive timestamp over the others, else the time of
validation: whoever breaks a hash later makes a CA's certificate of any date. An anchor is trusted by itself, so only
its key counts.

NOTE: what a signature timestamp covers is the value, and by it the signer's certificate alone. The certificates of
CAs above are proven by what covers the file (PDF), or the signature with all that it carries (XML, CMS).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from ..errors import KysoError
from ..scheme import Scheme, key_name
from ..x509.certificate import Certificate
from ..x509.crl import Canonical
from ..x509.rules import Weakness, label
from ..x509.trust import Purpose
from .case import Case
from .policy import Policy


def weak_links(
    case: Case, leaf: Certificate, carried: Sequence[Certificate], others: Iterable[Certificate], purpose: Purpose
) -> frozenset[Weakness] | None:
    """What the policy has against each certificate that a path may lead over, and against the anchors' keys.

    None: the policy asks for no more than the rules of every path (`x509.rules`).
    """
    if case.policy.asks_no_more_of_paths:
        return None
    existed = _existed(case, leaf, carried, purpose)
    found: list[Weakness] = []
    certificates = tuple(dict.fromkeys((leaf, *carried, *others)))
    used = _used(case, leaf, certificates, existed, purpose)
    for certificate in certificates:
        found += _by_hash(case, certificate, existed.get(certificate))
        found += _by_key(case, certificate, used)
    for anchor in case.trust.for_purpose(purpose):
        found += _by_key(case, anchor, used)
    return frozenset(found)


def _used(
    case: Case,
    leaf: Certificate,
    certificates: Iterable[Certificate],
    existed: Mapping[Certificate, datetime],
    purpose: Purpose,
) -> dict[Canonical, datetime]:
    """By when each key was used, by the subject's name: a CA's by the latest proof of what names it as issuer."""
    found: dict[Canonical, datetime] = {}
    for certificate in certificates:
        name, by = certificate.issuer.canonical, existed.get(certificate, case.at)
        found[name] = max(found.get(name, by), by)
    proof = case.covering if purpose == "timestamping" else case.proven
    if not leaf.is_ca:  # what it signed is what is judged
        found[leaf.subject.canonical] = proof.by if proof is not None else case.at
    return found


def _existed(
    case: Case, leaf: Certificate, carried: Sequence[Certificate], purpose: Purpose
) -> dict[Certificate, datetime]:
    """By when each certificate existed for certain, where something proves that."""
    found: dict[Certificate, datetime] = {}

    def put(certificates: Iterable[Certificate], by: datetime) -> None:
        for certificate in certificates:
            found[certificate] = min(found.get(certificate, by), by)

    for held in case.held:
        if held.protected:
            put(held.evidence.certificates, held.by)
    if purpose == "timestamping":  # by what is later than the timestamp: its own time proves nothing of its authority
        if case.covering is not None:  # a timestamp is covered with all that it carries
            put((leaf, *carried), case.covering.by)
    elif case.proven is not None and _binds(case):
        put((leaf,), case.proven.by)
    return found


def _binds(case: Case) -> bool:
    """Whether the signature names its certificate by a digest; else any certificate with this key would do."""
    not_bound = any(f.code == "CERTIFICATE_NOT_BOUND" for f in case.facts.findings)
    return case.facts.family in ("PAdES", "XAdES", "CAdES") and not not_bound


def _by_hash(case: Case, certificate: Certificate, existed: datetime | None) -> Iterator[Weakness]:
    try:
        name = certificate.signature_scheme.hash_name
    except KysoError:
        return  # the path has its own words for it
    policy = case.policy
    if name is None or policy.hash_accepted(name, existed or case.at):
        return
    end = policy.end_of(name)
    text = f"was signed with {name}, which the policy {policy.name} does not accept"
    if end is not None:
        when = "nothing proves that it existed by then" if existed is None else f"it is proven for {existed:%Y-%m-%d}"
        text = f"was signed with {name}, which the policy {policy.name} accepts until {end:%Y-%m-%d}; {when}"
    yield Weakness(certificate, policy.hash_problem(name, proven=existed is not None), text, of_signature=True)


def _by_key(case: Case, certificate: Certificate, used: Mapping[Canonical, datetime]) -> Iterator[Weakness]:
    policy, at = case.policy, used.get(certificate.subject.canonical, case.at)
    try:
        key = certificate.public_key
    except KysoError:
        return  # as above
    if policy.key_accepted(key, at):
        return
    text = f"has a key that is smaller than the policy {policy.name} asks for"
    end = policy.end_of_key(key)
    if end is not None:
        text = f"has a key {key_name(key)}, which the policy {policy.name} accepts until {end:%Y-%m-%d}"
    yield Weakness(certificate, policy.key_problem(key, proven=at < case.at), text, of_signature=False)


@dataclass(frozen=True)
class Asked:
    """What a policy asks of CRLs, OCSP answers and their signers at their time of use (`x509.answer.Constraints`).

    That is the time by which the list or the answer is proven to have existed. Whoever breaks a hash or a key later
    writes answers of any date.
    """

    policy: Policy
    at: datetime
    """Of this validation: what nothing proves may have been made just now."""
    existed: frozenset[tuple[bytes, datetime]]
    """By when lists, answers and certificates are proven to have existed, by their octets."""

    @cached_property
    def _existed(self) -> dict[bytes, datetime]:
        return dict(self.existed)

    def of_answer(self, octets: bytes, scheme: Scheme, signer: Certificate) -> str | None:
        by = self._existed.get(octets, self.at)
        if not self.policy.hash_accepted(scheme.hash_name, by):
            return f"it is signed with {scheme.hash_name}, which the policy {self.policy.name} does not accept"
        return self._of_key(signer, by)

    def of_certificate(self, certificate: Certificate, within: bytes | None = None) -> str | None:
        by = self._existed.get(certificate.der, self.at)
        if within is not None:
            by = min(by, self._existed.get(within, self.at))
        try:
            name = certificate.signature_scheme.hash_name
        except KysoError:
            return f"the certificate of {label(certificate)} cannot be checked"
        if not self.policy.hash_accepted(name, by):
            return (
                f"the certificate of {label(certificate)} is signed with {name}, which the policy {self.policy.name} "
                "does not accept"
            )
        return self._of_key(certificate, self.at if certificate.is_ca else by)

    def _of_key(self, certificate: Certificate, by: datetime) -> str | None:
        try:
            if self.policy.key_accepted(certificate.public_key, by):
                return None
        except KysoError:
            return f"the certificate of {label(certificate)} cannot be checked"
        return f"the key of {label(certificate)} is too small for the policy {self.policy.name}"


def asked(case: Case) -> Asked | None:
    """What the policy asks of evidence; None: no more than the rules of every answer (no SHA-1, known keys)."""
    if case.policy.asks_no_more_of_paths:
        return None
    found: dict[bytes, datetime] = {}
    for held in case.held:
        if held.protected:
            pieces = (*held.evidence.crls, *held.evidence.ocsp, *(c.der for c in held.evidence.certificates))
            for octets in pieces:
                found[octets] = min(found.get(octets, held.by), held.by)
    return Asked(case.policy, case.at, frozenset(found.items()))
