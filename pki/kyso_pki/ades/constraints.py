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

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from ..errors import KysoError
from ..x509.certificate import Certificate
from ..x509.rules import Weakness
from ..x509.trust import Purpose
from .case import Case

_CODE = "CRYPTO_CONSTRAINTS_FAILURE"


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
    for certificate in dict.fromkeys((leaf, *carried, *others)):
        found += _by_hash(case, certificate, existed.get(certificate))
        found += _by_key(case, certificate)
    for anchor in case.trust.for_purpose(purpose):
        found += _by_key(case, anchor)
    return frozenset(found)


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


def _by_key(case: Case, certificate: Certificate) -> Iterator[Weakness]:
    policy = case.policy
    try:
        if policy.key_accepted(certificate.public_key):
            return
    except KysoError:
        return  # as above
    text = f"has a key that is smaller than the policy {policy.name} asks for"
    yield Weakness(certificate, _CODE, text, of_signature=False)
