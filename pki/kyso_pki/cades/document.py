"""A CMS file on its own and its signatures: CAdES and plain CMS (EN 319 122-1).

Reach for `CmsDocument`. The content is inside, or beside in a file that the caller gives. Every signer gets facts,
and so does every counter-signature (attack class C8); a structure without signers is unsigned (C7). Another signer
signs the same content beside the others; what keeps signatures verifiable is added by `growth`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property
from typing import Literal

from .. import oids
from ..asn1 import ber, der
from ..cms.attributes import SignedAttributes, attribute_values
from ..cms.examine import MAX_TIMESTAMPS, CmsFacts, examine_counter_signer, examine_signer
from ..cms.signed_data import SignedData, SignerInfo, read_signed_data, signer_info_in
from ..credential import Chain
from ..document import Addition, Intent, Pending, PendingStamp, StampPurpose, Wanted
from ..errors import FormatError, KysoError, SigningError, UsageError
from ..facts import Coverage, Finding, SignatureFacts, Stored, TimestampFacts, broken, copied
from ..octets import Octets, hash_into
from ..scheme import HashName, Scheme, digest
from ..tsp import timestamp_facts
from . import growth
from .archive import Attributes, Held, Index, covering, index_of, listed, message_digest
from .content import CmsPending, attributes_to_sign

MAX_COUNTER_SIGNATURES = 16  # of one signature; against denial of service


@dataclass(frozen=True)
class _Archives:
    """The archive timestamps of a signer, each before those that cover it, and the states of those that cover …"""

    stamps: tuple[TimestampFacts, ...]
    covering_attributes: Mapping[tuple[bytes, bytes], frozenset[int]]
    """… an unsigned attribute value, by type and value;"""
    covering_certificates: Sequence[frozenset[int]]
    """… each certificate,"""
    covering_revocation: Sequence[frozenset[int]]
    """… and each revocation answer, as received."""


class CmsDocument:
    """A CMS structure in memory. Raises `FormatError`, `LimitExceeded` when it is none."""

    format: Literal["cms"] = "cms"

    def __init__(self, data: bytes, content: Octets | None = None) -> None:
        """`content`: what a detached signature is over; None: it is inside, or not at hand."""
        self._data = data
        self._given = content
        self._encoded = _with_lengths(data)
        self._structure = read_signed_data(self._encoded)
        self._digests: dict[HashName, bytes] = {}

    @property
    def content(self) -> bytes | None:
        """What stands inside the signature; None when it is detached."""
        return self._structure.content

    def sha256(self) -> str:
        """Of the CMS file, lower-case hex."""
        return hashlib.sha256(self._data).hexdigest()

    def signatures(self) -> tuple[SignatureFacts, ...]:
        """The facts of every signer, each followed by its counter-signatures."""
        return self._facts

    @cached_property
    def _facts(self) -> tuple[SignatureFacts, ...]:
        found: list[SignatureFacts] = []
        held, what = Held(self._structure), self._what()
        made: dict[tuple[bytes, bytes], str] = {}
        for number, signer in enumerate(self._structure.signers, 1):
            own, *countered = _Signer(self._structure, held, signer, f"signer-{number}", self._digest, what).facts()
            if (first := made.setdefault(_signed_by(signer, own), own.id)) != own.id:
                own = replace(own, findings=(*own.findings, copied(first)))
            found += (own, *countered)
        return tuple(found)

    def _what(self) -> tuple[str, Finding | None]:
        """What is covered, in words, and what is wrong with the content itself (C5)."""
        inside, given = self._structure.content, self._given
        if inside is None and given is None:
            text = "The signed content is neither inside the signature nor given beside it."
            return "content that is not at hand", Finding("SIGNED_DATA_NOT_FOUND", "error", text)
        if inside is not None and given is not None and (len(inside) != len(given) or inside != bytes(given[:])):
            text = "The content inside the signature is not the file that was given beside it."
            return "other content than was given", Finding("CONTENT_DIFFERS", "error", text)
        size = len(inside if inside is not None else given or b"")
        return f"{'the content inside' if given is None else 'the file given beside'} ({size} bytes)", None

    def _digest(self, name: HashName) -> bytes:
        """Of the content; each is computed once."""
        if name not in self._digests:
            running = hashlib.new(name.replace("-", "_"))
            content = self._structure.content if self._structure.content is not None else self._given
            if content is not None:
                hash_into(running, content, 0, len(content))
            self._digests[name] = running.digest()
        return self._digests[name]

    @property
    def data(self) -> bytes:
        """The whole file, DER outside and as received inside."""
        return self._encoded

    def prepare(self, intent: Intent, chain: Chain, scheme: Scheme) -> Pending:
        """One more signer of the same content, beside those who are there (RFC 5652 5.1).

        Raises `UsageError` when the content is not at hand, `SigningError` when it is not what the others signed.
        """
        self._require_content()
        if not all(f.references_intact for f in self._facts if f.countersigned is None):
            raise SigningError(
                "The content that is at hand is not what the others signed; it is not signed beside them.",
                remedy="Give the content that the signature file is over (--content).",
            )
        attributes = attributes_to_sign(intent, chain, scheme, self._digest(scheme.hash_name))
        return CmsPending(attributes, scheme, chain, intent.level, beside=self._encoded)

    def _require_content(self) -> None:
        if self._structure.content is None and self._given is None:
            raise UsageError(
                "The content that this CMS file is over is not at hand.",
                remedy="Put it beside (van-ban.docx beside van-ban.docx.p7s), or name it with --content.",
            )

    # Growing (kyso_pki.document.Growing) ------------------------------------------------------------------

    def prepare_timestamps(
        self, purpose: StampPurpose, size: Callable[[], int], only: Collection[str] | None
    ) -> Sequence[PendingStamp]:
        """One for each signer that needs one; nothing is reserved. Raises `NotExtendable`, `UsageError`."""
        self._require_content()
        return growth.stamps(self._structure, self._facts, self._digest, purpose, only)

    def prepare_evidence(self, wanted: Sequence[Wanted], salt: bytes) -> Addition:
        """Into the certificates and revocation answers of the structure."""
        return growth.evidence(self._structure, wanted)

    def reopened(self, data: bytes) -> CmsDocument:
        """With the same content."""
        return CmsDocument(data, self._given)

    def grown(self, addition: Addition) -> CmsDocument:
        """Raises `NotExtendable` when a signature would break."""
        longer = self.reopened(growth.written(self._encoded, addition))
        growth.require_unbroken(self._facts, longer.signatures())
        return longer


class _Signer:
    """One SignerInfo and what hangs on it."""

    def __init__(
        self,
        data: SignedData,
        held: Held,
        signer: SignerInfo,
        identifier: str,
        content: Callable[[HashName], bytes],
        what: tuple[str, Finding | None],
    ) -> None:
        self._data = data
        self._held = held
        self._signer = signer
        self._id = identifier
        self._content = content
        self._what, self._wrong = what

    def facts(self) -> list[SignatureFacts]:
        try:
            return [self._own(), *self._counter_signatures()]
        except KysoError as e:
            return [broken(self._id, "cms", e, self._what)]
        except Exception as e:  # noqa: BLE001 - whatever happens while reading is a verdict, never a skipped signature
            error = RuntimeError(f"unexpected {type(e).__name__} while reading")
            return [broken(self._id, "cms", error, self._what)]

    def _own(self) -> SignatureFacts:
        cms = examine_signer(self._data, self._signer, self._content, detached=self._data.content is None)
        findings = list(cms.findings)
        if self._wrong is not None:
            findings.append(self._wrong)
        archives = self._archives()
        findings += [Finding("UNKNOWN_TIMESTAMP", "info", t) for t in self._unread()]
        return self._signature(cms, findings, archives)

    def _signature(self, cms: CmsFacts, findings: list[Finding], archives: _Archives) -> SignatureFacts:
        own = [self._stamped(token, cms.value, archives) for token in cms.timestamp_tokens]
        attributes = SignedAttributes.read(self._signer.signed_attrs) if self._signer.signed_attrs else None
        content = [
            timestamp_facts(token, self._content, "content")
            for token in (attributes.content_timestamps if attributes else ())
        ]
        return SignatureFacts(
            id=self._id,
            format="cms",
            family="CAdES" if cms.cades else "CMS",
            references_intact=cms.references_intact and self._wrong is None,
            signature_intact=cms.signature_intact,
            coverage=Coverage(self._wrong is None, self._what),
            certificate=cms.certificate,
            certificates=cms.certificates,
            scheme=cms.scheme,
            claimed_time=cms.claimed_time,
            timestamps=(*content, *own, *archives.stamps),
            stored=self._stored(cms, archives),
            findings=tuple(findings),
        )

    @cached_property
    def _attributes(self) -> Attributes:
        return Attributes(self._signer)

    def _stamped(self, token: bytes, value: bytes, archives: _Archives) -> TimestampFacts:
        """A signature timestamp, with the archive timestamps that cover it."""
        facts = timestamp_facts(token, lambda name: digest(name, value), "signature")
        by = archives.covering_attributes.get((der.oid(oids.ID_AA_TIME_STAMP_TOKEN), token), frozenset())
        return replace(facts, state=1, covered_by=by)

    def _archives(self) -> _Archives:
        """Archive timestamps, each before those that cover it, with even states."""
        kind = der.oid(oids.ID_AA_ARCHIVE_TIME_STAMP_V3)
        values = self._attributes.values
        places = [n for n, (k, _) in enumerate(values) if k == kind]
        if len(places) > MAX_TIMESTAMPS:
            raise FormatError(f"More than {MAX_TIMESTAMPS} archive timestamps.")
        read = [self._archive(values[n][1]) for n in places]
        indexes = [index for _, index in read]
        by = listed(indexes, lambda i: i.attributes, self._attributes.digests)
        covered = covering([by[n] for n in places])
        order = sorted(range(len(read)), key=lambda n: -len(covered[n]))  # a SET has no order of its own
        states = {n: 2 * (place + 1) for place, n in enumerate(order)}

        @cache
        def through(direct: frozenset[int]) -> frozenset[int]:
            """The states of these and of all that cover them."""
            return frozenset(states[n] for n in direct.union(*(covered[m] for m in direct)))

        held = self._held
        return _Archives(
            tuple(
                replace(read[n][0], state=states[n], covered_by=frozenset(states[m] for m in covered[n]))
                for n in order
            ),
            dict(zip(values, map(through, by), strict=True)),
            [through(d) for d in listed(indexes, lambda i: i.certificates, lambda _: held.certificates)],
            [through(d) for d in listed(indexes, lambda i: i.revocation, lambda _: held.revocation)],
        )

    def _archive(self, token: bytes) -> tuple[TimestampFacts, Index | None]:
        """One of them by itself, and what it lists."""
        index: Index | None = None
        problems: list[Finding] = []
        try:
            index = index_of(token)
        except KysoError as e:
            problems.append(Finding("ARCHIVE_INDEX", "error", e.message))
        else:
            if unmet := index.unmet(self._held, self._attributes):
                text = f"The archive timestamp covers {unmet} things that are not there any more."
                problems.append(Finding("ARCHIVE_INDEX", "error", text))
        of = message_digest(self._data, self._signer, index, self._content) if index else (lambda _name: b"")
        facts = timestamp_facts(token, of, "archive")
        index_hash = index.hash_name if index else None
        return replace(facts, findings=(*facts.findings, *problems), index_hash=index_hash), index

    def _stored(self, cms: CmsFacts, archives: _Archives) -> tuple[Stored, ...]:
        """Certificates and answers, each with the archive timestamps that cover it."""
        by = [*archives.covering_certificates, *archives.covering_revocation]
        found = [replace(one, covered_by=states) for one, states in zip(self._held.stored, by, strict=True)]
        inside = set(self._data.crls), set(self._data.ocsp)
        signed = Stored(
            1,
            crls=tuple(c for c in cms.crls if c not in inside[0]),
            ocsp=tuple(o for o in cms.ocsp if o not in inside[1]),
            covered_by=frozenset(),
        )
        return tuple(s for s in (*found, signed) if s.certificates or s.crls or s.ocsp)

    def _unread(self) -> list[str]:
        """Timestamps of earlier standards, which are named and not believed (docs/validation.md)."""
        found: list[str] = []
        if count := self._count(oids.ID_AA_ARCHIVE_TIME_STAMP_V2, oids.ID_AA_ETS_ARCHIVE_TIME_STAMP):
            found.append(f"{count} archive timestamps of version 2 were not checked; they prove nothing here.")
        if count := self._count(oids.ID_AA_ETS_ESC_TIME_STAMP, oids.ID_AA_ETS_CERT_CRL_TIME_STAMP):
            found.append(f"{count} timestamps over references (CAdES-X) were not checked; they prove nothing here.")
        return found

    def _count(self, *kinds: str) -> int:
        wanted = {der.oid(kind) for kind in kinds}
        return sum(k in wanted for k, _ in self._attributes.values)

    def _counter_signatures(self) -> list[SignatureFacts]:
        """RFC 5652 11.4: over the value of this signature, and nothing else; those over counter-signatures too."""
        found: list[SignatureFacts] = []
        made: dict[tuple[bytes, bytes], str] = {}
        waiting = [(self._signer, self._id)]
        for parent, parent_id in waiting:
            if parent.unsigned_attrs is None:
                continue
            values, _ = attribute_values(parent.unsigned_attrs)
            elements = [e for group in values.get(oids.ID_COUNTER_SIGNATURE, []) for e in group]
            if len(found) + len(elements) > MAX_COUNTER_SIGNATURES:
                raise FormatError(f"More than {MAX_COUNTER_SIGNATURES} counter-signatures of one signature.")
            for number, element in enumerate(elements, 1):
                identifier = f"{parent_id}/counter-{number}"
                try:
                    info = signer_info_in(element)
                    facts = self._counter_signature(info, identifier, parent, parent_id)
                    if (first := made.setdefault(_signed_by(info, facts), identifier)) != identifier:
                        facts = replace(facts, findings=(*facts.findings, copied(first)))
                    found.append(facts)
                    waiting.append((info, identifier))
                except KysoError as e:
                    facts = broken(identifier, "cms", e, _over_value(parent_id))
                    found.append(replace(facts, countersigned=parent_id))
        return found

    def _counter_signature(
        self, info: SignerInfo, identifier: str, parent: SignerInfo, parent_id: str
    ) -> SignatureFacts:
        cms = examine_counter_signer(self._data, info, parent.value)
        return SignatureFacts(
            id=identifier,
            format="cms",
            family="CAdES" if cms.cades else "CMS",
            references_intact=cms.references_intact,
            signature_intact=cms.signature_intact,
            coverage=Coverage(False, _over_value(parent_id)),
            certificate=cms.certificate,
            certificates=cms.certificates,
            scheme=cms.scheme,
            claimed_time=cms.claimed_time,
            timestamps=tuple(
                timestamp_facts(t, lambda name: digest(name, cms.value), "signature") for t in cms.timestamp_tokens
            ),
            crls=cms.crls,
            ocsp=cms.ocsp,
            findings=cms.findings,
            countersigned=parent_id,
        )


def _signed_by(signer: SignerInfo, facts: SignatureFacts) -> tuple[bytes, bytes]:
    """What was signed and by which key; where that is not known, all that the value stands with."""
    if signer.signed_attrs is None or facts.certificate is None or not facts.signature_intact:
        return signer.signed_fields, b""
    return bytes(signer.signed_attrs.raw), facts.certificate.spki


def _over_value(identifier: str) -> str:
    return f"the value of the signature {identifier}"


def _with_lengths(data: bytes) -> bytes:
    """The structure with definite lengths; streaming signers and BouncyCastle write others (docs/adr/0012)."""
    if not ber.is_indefinite(data):
        return data
    structure, end = ber.definite(data)
    if end != len(data):
        raise FormatError(f"{len(data) - end} bytes stand after the CMS structure.")
    return structure
