"""From the services of a trusted list to anchors: one for each certificate and each time of trust without a break.

Reach for `anchors_of`. A service is trusted from the start of a state that approves it until the start of the next
one that does not (clause 5.5.5); the past of the list counts, so that what a CA signed before it was withdrawn keeps
its verdict at its proven time. A service is left out, with the reason, when its key is not pinned by a certificate,
when its states speak of other keys, and where a type, status or critical extension is not understood.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from ...errors import FormatError
from ...x509.certificate import Certificate
from ...x509.trust import Anchor, Purpose
from .names import FOR_DOCUMENTS, FOR_OTHERS, PURPOSES, STATUS_SERVICES, TRUSTED, UNTRUSTED
from .reading import Service, State, TrustedList


@dataclass(frozen=True)
class Listed:
    """What a list makes of it."""

    anchors: tuple[Anchor, ...]
    notes: tuple[str, ...]
    """One for each anchor: provider and service."""
    left_out: tuple[str, ...]


def anchors_of(found: TrustedList, source: str) -> Listed:
    """The anchors that a list names; `source` is what reports call it."""
    anchors: list[Anchor] = []
    notes: list[str] = []
    left_out = list(found.left_out)
    for service in found.services:
        try:
            for anchor in _anchors(service, source, left_out):
                anchors.append(anchor)
                notes.append(f"{service.provider}: {service.name}")
        except FormatError as e:
            left_out.append(f"{service.provider}: {service.name}: {e.message.removesuffix('.')}")
    return Listed(tuple(anchors), tuple(notes), tuple(left_out))


def _anchors(service: Service, source: str, left_out: list[str]) -> Iterator[Anchor]:
    if all(state.service_type in STATUS_SERVICES for state in service.states):
        return  # known, and no anchor
    certificates = service.states[0].identity.certificates
    if not certificates:
        raise FormatError("its key is not told by a certificate")
    if len({c.spki for c in certificates}) > 1:
        raise FormatError("its certificates are for several keys")
    for purpose, start, end in _times(service, certificates, left_out):
        for certificate in certificates:
            yield Anchor(certificate, frozenset({purpose}), start, end, source)


def _times(
    service: Service, certificates: tuple[Certificate, ...], left_out: list[str]
) -> Iterator[tuple[Purpose, datetime, datetime | None]]:
    """For what it was trusted, from when and until when, the oldest first; neighbours are one."""
    purpose: Purpose | None = None
    since: datetime | None = None
    for state in reversed(service.states):
        now = _trusted_for(service, state, certificates, left_out)
        if now == purpose:
            continue
        if purpose is not None and since is not None:
            yield purpose, since, state.start
        purpose, since = now, state.start
    if purpose is not None and since is not None:
        yield purpose, since, None


def _trusted_for(
    service: Service, state: State, certificates: tuple[Certificate, ...], left_out: list[str]
) -> Purpose | None:
    """For what a service is trusted in this state; None: for nothing."""
    purpose = PURPOSES.get(state.service_type)
    if purpose is None or state.status in UNTRUSTED:
        return None
    why = None
    if state.status not in TRUSTED:
        why = f"the status {state.status[:200]} is not known"
    elif state.unknown:
        why = f"the critical extension {state.unknown[0][:200]} is not known"
    elif not _same_key(state, certificates):
        why = "this state is that of another key"
    if why is not None:
        left_out.append(f"{service.provider}: {service.name}, from {state.start:%Y-%m-%d %H:%M:%S} UTC on: {why}")
        return None
    if purpose == "signing" and state.additional & FOR_OTHERS and not state.additional & FOR_DOCUMENTS:
        return None
    return purpose


def _same_key(state: State, certificates: tuple[Certificate, ...]) -> bool:
    """Whether a former state may be about the key of the present one (clause 5.6.3: it holds at least X509SKI)."""
    key = certificates[0]
    if any(c.spki != key.spki for c in state.identity.certificates):
        return False
    identifiers = {hashlib.sha1(key.public_key_bits).digest()}  # noqa: S324 - RFC 5280 4.2.1.2 names keys so
    identifiers |= {i for c in certificates if (i := c.subject_key_identifier) is not None}
    if any(i not in identifiers for i in state.identity.key_identifiers):
        return False
    return bool(state.identity.certificates or state.identity.key_identifiers)
