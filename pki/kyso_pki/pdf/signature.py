"""What is in the file about each signature: where it stands, what it covers, whether it is intact.

Reach for `read_signatures`. The shape rules are those of attack classes P1, P2, P3, P11 and P12: the gap in
the byte range is exactly this dictionary's /Contents string, the range ends where a revision ends, and the
dictionary stands in the revision that it signs and still is what it was. A signature that breaks a rule
keeps its place in the list with an `error` finding.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

from ..cms.examine import CmsFacts, examine
from ..errors import FormatError, LimitExceeded
from ..facts import Change, Coverage, Finding, PdfFacts, SignatureFacts, Stored, StoreFacts, broken
from ..scheme import HashName, digest
from ..tsp import timestamp_facts
from .ambiguity import ambiguities
from .digests import Digests
from .fields import Field, all_fields, signatures_among
from .inventory import store_facts
from .legacy import bare_rsa
from .lively import Acting, active_content
from .objects import (
    UNREADABLE,
    Dictionary,
    Ref,
    decode_date,
    decode_text,
)
from .outside import fields_outside, nodes_of, outside_facts
from .permission import NO_PERMISSION, Permission, certifies, permission_of
from .place import Malformed, Place, place_of
from .reader import Reader
from .replaced import replaced_facts, replaced_signatures
from .store import stored_evidence
from .unattached import unattached_signatures

MAX_SIGNATURES: Final = 1024
CADES, PKCS7, RFC3161 = "ETSI.CAdES.detached", "adbe.pkcs7.detached", "ETSI.RFC3161"
PKCS7_SHA1, RSA_SHA1 = "adbe.pkcs7.sha1", "adbe.x509.rsa_sha1"
MAX_CHANGES: Final = 2000  # named per signature; more are summed up, and not allowed


@dataclass(frozen=True)
class _Misplaced:
    """A signature that cannot be placed in the file, and why."""

    field: Field
    error: Exception
    code: str = "FORMAT"


def read_signatures(reader: Reader, digests: Digests | None = None) -> tuple[SignatureFacts, ...]:
    """The facts of every signature in the file, in signing order; those that cannot be placed come last.

    `digests`, when given, is left where the last signature starts, so that the file's own digest goes on there.
    """
    try:
        nodes = all_fields(reader)
        fields = signatures_among(reader, nodes)
    except UNREADABLE as e:
        return (broken("AcroForm", "pdf", e),)
    if len(fields) > MAX_SIGNATURES:
        return (broken("AcroForm", "pdf", LimitExceeded(f"{len(fields)} signatures; at most {MAX_SIGNATURES}.")),)
    if not fields:
        return unattached_signatures(reader) or tuple(_unlisted(reader, nodes, fields, (), Acting()))
    places: list[Place] = []
    misplaced: list[_Misplaced] = []
    uses = Counter(f.value.number for f in fields if isinstance(f.value, Ref))
    for field in fields:
        try:
            if isinstance(field.value, Ref) and uses[field.value.number] > 1:  # P11: one /V, one field
                raise Malformed("TWO_FIELDS", f"Several fields have object {field.value.number} as their signature.")
            places.append(place_of(reader, field))
        except Malformed as e:
            misplaced.append(_Misplaced(field, e, e.finding))
        except UNREADABLE as e:
            misplaced.append(_Misplaced(field, e))
    alone = Counter(p.revision.index for p in places)
    for place in places:
        if alone[place.revision.index] > 1:  # P2
            error = FormatError("Several signatures claim to sign the same revision of the file.")
            misplaced.append(_Misplaced(place.field, error, "SAME_REVISION"))
    places = sorted((p for p in places if alone[p.revision.index] == 1), key=lambda p: p.end)
    names = _unique_names([p.field for p in places] + [m.field for m in misplaced])
    facts = _facts_of_placed(reader, places, names, digests or Digests(reader.data))
    for i, m in enumerate(misplaced, len(places)):
        found = broken(names[i], "pdf", m.error)
        text = m.error.message if isinstance(m.error, FormatError) else found.findings[0].text
        changes = (Change("signature", text, False, field=m.field.name),) if m.code == "REDEFINED" else ()
        facts.append(replace(found, findings=(Finding(m.code, "error", text),), changes_after=changes))
    acting = Acting()
    facts += _unlisted(reader, nodes, fields, facts, acting)
    stored, problem = _stored(reader)
    problem += active_content(reader, nodes, acting)
    if not stored and not problem:
        return tuple(facts)
    return tuple(replace(f, stored=stored, findings=(*f.findings, *problem)) for f in facts)


def _stored(reader: Reader) -> tuple[tuple[Stored, ...], tuple[Finding, ...]]:
    """The file's evidence; where it cannot be read there is none, which is said."""
    try:
        return stored_evidence(reader), ()
    except UNREADABLE as e:
        return (), (Finding("EVIDENCE", "warning", f"The evidence in the file cannot be read: {e}"),)


def _unlisted(
    reader: Reader,
    nodes: Sequence[Field],
    fields: Sequence[Field],
    facts: Sequence[SignatureFacts],
    acting: Acting,
) -> list[SignatureFacts]:
    """Signatures that no field of the form has: on a page alone (P1, P9), or taken away by a later revision (P11)."""
    names = [f.id for f in facts]
    found: list[SignatureFacts] = []
    told = {f.value.number for f in fields if isinstance(f.value, Ref)}
    told -= {f.pdf.object for f in facts if f.pdf is not None}
    try:
        outside = fields_outside(reader, nodes_of(nodes), acting)
        told |= {f.value.number for f in outside if isinstance(f.value, Ref)}
        found += outside_facts(reader, outside, names) if outside else ()
    except UNREADABLE as e:
        text = f"The pages cannot be read, so that a signature may hide there: {e}"
        found.append(replace(broken("pages", "pdf", e), findings=(Finding("OUTSIDE_FORM", "error", text),)))
    try:
        signed = {f.state for f in facts if f.pdf is not None}
        found += replaced_facts(replaced_signatures(reader, fields, signed, told), [*names, *(f.id for f in found)])
    except UNREADABLE as e:
        text = f"An earlier state of the file cannot be read, so that a signature may have been taken away: {e}"
        found.append(replace(broken("history", "pdf", e), findings=(Finding("REPLACED", "error", text),)))
    return found


def _unique_names(fields: list[Field]) -> list[str]:
    names: list[str] = []
    taken: set[str] = set()
    for field in fields:
        name = field.name or "(no name)"
        if name in taken:
            name = f"{name} ({f'object {field.ref.number}' if field.ref else len(names) + 1})"
        while name in taken:
            name += "'"
        taken.add(name)
        names.append(name)
    return names


# Facts ----------------------------------------------------------------------------------------------------


def _facts_of_placed(reader: Reader, places: list[Place], names: list[str], digests: Digests) -> list[SignatureFacts]:
    """Facts of the signatures in signing order, with what changed after each."""
    if not places:
        return []
    permissions: dict[int, Permission] = {}
    rules = [_rules(reader, places, i) for i in range(len(places))]
    store = store_facts(reader)
    unclear = _unclear(reader, places[0].revision.index)
    so_far = NO_PERMISSION
    for place, (findings, own) in zip(places, rules, strict=True):
        findings += unclear
        so_far = so_far.also(own)
        permissions[place.revision.index] = so_far
    first = places[0].revision.index
    signatures, gaps = frozenset(p.number for p in places), tuple(p.gap for p in places)
    changed: dict[int, tuple[Change, ...]] = {}
    if first < reader.last or reader.trailing:  # else there is nothing to compare, and the rooms for it stay closed
        from .changes import changes_by_revision

        changed = changes_by_revision(reader, first, permissions, signatures, gaps)
    after = _folded(changed, reader, {p.revision.index for p in places})
    return [
        _facts(reader, place, names[i], digests, after[place.revision.index], rules[i], store)
        for i, place in enumerate(places)
    ]


def _folded(
    changed: dict[int, tuple[Change, ...]], reader: Reader, wanted: set[int]
) -> dict[int, tuple[Change, ...]]:
    """For each signed revision, all changes made in later ones."""
    after: dict[int, tuple[Change, ...]] = {}
    later: tuple[Change, ...] = ()
    for index in range(reader.last + 1, min(wanted) - 1, -1):  # + 1: bytes after the last revision
        if index in wanted:
            after[index] = later
        later = changed.get(index, ()) + later
        if len(later) > MAX_CHANGES:
            later = (*later[:MAX_CHANGES], Change("unexplained", "There are more changes than can be named.", False))
    return after


def _unclear(reader: Reader, revision: int) -> list[Finding]:
    """P5: why two readers could see two files in what was signed first; each signature covers that."""
    try:
        return list(ambiguities(reader, revision))
    except UNREADABLE as e:
        return [Finding("CROSS_REFERENCE", "error", f"What was signed cannot be read strictly: {e}")]


def _rules(reader: Reader, places: list[Place], i: int) -> tuple[list[Finding], Permission]:
    """Rules between signatures (P12), and what this one permits."""
    place = places[i]
    findings: list[Finding] = []

    def error(code: str, text: str) -> None:
        findings.append(Finding(code, "error", text))

    index = place.revision.index
    try:
        field = reader.dictionary(place.field.ref, index)  # as it was: a lock dropped later still binds
        permission = permission_of(reader, place.dictionary, field, index)
        if certifies(reader, place.dictionary, index):
            findings += _certification(reader, place, first=i == 0)
    except UNREADABLE as e:
        error("PERMISSION", f"The signature's permissions cannot be read: {e}")
        permission = Permission(1)
    return findings, permission


def _certification(reader: Reader, place: Place, *, first: bool) -> list[Finding]:
    """P12: only the first signature may certify, and /Perms names it."""
    if not first:
        return [Finding("CERTIFIED_LATE", "error", "A certification was made after another signature.")]
    perms = reader.resolve(reader.catalog(place.revision.index).get("Perms"), place.revision.index)
    named = perms.get("DocMDP") if isinstance(perms, dict) else None
    if isinstance(named, Ref) and named == place.field.value:
        return []
    return [Finding("NOT_IN_PERMS", "warning", "The certification is not named by /Perms in the catalog.")]


def _facts(
    reader: Reader,
    place: Place,
    name: str,
    digests: Digests,
    after: tuple[Change, ...],
    rules: tuple[list[Finding], Permission],
    store: StoreFacts | None,
) -> SignatureFacts:
    """The facts of one signature whose shape is right."""
    problems, permission = rules
    covered = f"bytes 0-{place.gap[0]}, {place.gap[1]}-{place.end} of {len(reader.data)}"
    coverage = Coverage(True, f"{covered} (revision {place.revision.index + 1})")
    try:
        found = _read_value(place, name, lambda h: digests.around(h, place.gap, place.end), coverage)
    except UNREADABLE as e:
        found = replace(broken(name, "pdf", e), coverage=coverage)
    dictionary = place.dictionary
    claimed = reader.resolve(dictionary.get("M"), place.revision.index)
    return replace(
        found,
        claimed_time=found.claimed_time or (decode_date(claimed) if isinstance(claimed, bytes) else None),
        reason=_text(dictionary, "Reason"),
        location=_text(dictionary, "Location"),
        changes_after=after,
        state=place.revision.index,
        findings=(*problems, *found.findings),
        pdf=_pdf_facts(reader, place, permission, store),
    )


def _pdf_facts(reader: Reader, place: Place, permission: Permission, store: StoreFacts | None) -> PdfFacts:
    kind = place.dictionary.get("SubFilter")
    own = store is not None and not store.entries.isdisjoint(map(_entry_name, (place.contents, place.value)))
    return PdfFacts(
        field=place.field.name,
        object=place.number,
        sub_filter=kind if isinstance(kind, str) else None,
        byte_range=(0, place.gap[0], place.gap[1], place.end - place.gap[1]),
        revision=place.revision.index + 1,
        revisions=len(reader.revisions),
        certifies=_certifies(reader, place),
        permission=permission.level,
        locks=permission.locks,
        store=store,
        own_evidence=own,
    )


def _entry_name(contents: bytes) -> str:
    """The name of a VRI entry (12.8.4.4): of /Contents as it stands, in some programs without its padding."""
    return hashlib.sha1(contents, usedforsecurity=False).hexdigest().upper()


def _certifies(reader: Reader, place: Place) -> bool:
    try:
        return certifies(reader, place.dictionary, place.revision.index)
    except UNREADABLE:  # then its permission could not be read either, and that is an error
        return False


def _text(dictionary: Dictionary, key: str) -> str | None:
    value = dictionary.get(key)
    return decode_text(value) if isinstance(value, bytes) else None


def _read_value(
    place: Place, name: str, digest_of: Callable[[HashName], bytes], coverage: Coverage
) -> SignatureFacts:
    """The facts of the CMS structure, by /SubFilter (ISO 32000-2 table 255)."""
    dictionary = place.dictionary
    findings = _dictionary_findings(dictionary)
    kind = dictionary.get("SubFilter")
    if kind == RFC3161:
        return _document_timestamp(place, name, digest_of, coverage, findings)
    if kind == PKCS7_SHA1:
        cms = examine(place.value, digest_of, digest_inside="sha1")
        return replace(_signature(cms, name, "CMS", coverage, findings), content_hash="sha1")
    if kind == RSA_SHA1:
        return replace(bare_rsa(place, name, digest_of("sha1")), coverage=coverage)
    if kind not in (CADES, PKCS7):
        why = "is not known" if isinstance(kind, str) else "is missing"
        findings.append(
            Finding("SUBFILTER", "error", f"The signature format /SubFilter {kind!r} {why}; not accepted.")
        )
        return replace(broken(name, "pdf", FormatError("")), coverage=coverage, findings=tuple(findings))
    cms = examine(place.value, digest_of)
    if kind == CADES and not cms.cades:
        text = "The signature says ETSI.CAdES.detached, but does not bind its signing certificate (EN 319 142-1 6.3)."
        findings.append(Finding("NO_ESS_CERTIFICATE", "error", text))
    family: Literal["PAdES", "CMS"] = "PAdES" if kind == CADES and cms.cades else "CMS"
    return _signature(cms, name, family, coverage, findings)


def _dictionary_findings(dictionary: Dictionary) -> list[Finding]:
    """/Type and /Filter (ISO 32000-2 table 255)."""
    findings: list[Finding] = []
    wanted = "DocTimeStamp" if dictionary.get("SubFilter") == RFC3161 else "Sig"
    if dictionary.get("Type", wanted) != wanted:
        text = f"The /Type of the signature dictionary is {dictionary.get('Type')!r}, not {wanted!r}."
        findings.append(Finding("TYPE", "error", text))
    if not isinstance(dictionary.get("Filter"), str):
        findings.append(Finding("FILTER", "error", "The signature dictionary has no /Filter."))
    return findings


def _signature(
    cms: CmsFacts, name: str, family: Literal["PAdES", "CMS"], coverage: Coverage, findings: list[Finding]
) -> SignatureFacts:
    value = cms.value
    return SignatureFacts(
        id=name,
        format="pdf",
        family=family,
        references_intact=cms.references_intact,
        signature_intact=cms.signature_intact,
        coverage=coverage,
        certificate=cms.certificate,
        certificates=cms.certificates,
        scheme=cms.scheme,
        claimed_time=cms.claimed_time,
        timestamps=tuple(
            timestamp_facts(token, lambda h: digest(h, value), "signature") for token in cms.timestamp_tokens
        ),
        crls=cms.crls,
        ocsp=cms.ocsp,
        findings=(*findings, *cms.findings),
    )


def _document_timestamp(
    place: Place, name: str, digest_of: Callable[[HashName], bytes], coverage: Coverage, findings: list[Finding]
) -> SignatureFacts:
    """A document timestamp (EN 319 142-1 5.4.3): the token's imprint is that of the byte range."""
    stamp = timestamp_facts(place.value, digest_of, "document")
    return SignatureFacts(
        id=name,
        format="pdf",
        family="DOCTIMESTAMP",
        references_intact=stamp.imprint_matches,
        signature_intact=stamp.signature_intact,
        coverage=coverage,
        certificate=stamp.certificate,
        certificates=stamp.certificates,
        timestamps=(stamp,),
        findings=(*findings, *stamp.findings),
    )
