"""CMS files on their own, made in parts: several signers, counter-signatures, archive timestamps.

`archived` writes an archive timestamp with every part of its index replaceable.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import kyso
from kyso_pki import oids
from kyso_pki.ades.report import DocumentReport
from kyso_pki.asn1 import der
from kyso_pki.cades.archive import Index, message_digest, unsigned_values
from kyso_pki.cms.signed_data import read_signed_data
from kyso_pki.evidence import Evidence
from kyso_pki.scheme import HashName, digest, hash_of_oid
from kyso_pki.signer import Timestamper
from kyso_pki.testing import SoftwareSigner, World

AT = datetime(2026, 11, 28, 3, 0, tzinfo=UTC)
WORLD = World.create(at=AT)
CONTENT = "Quyết định của UBND tỉnh Mẫu".encode() * 50
CRLS = Evidence(crls=tuple(WORLD.crls(AT)))


def signed(signer: SoftwareSigner = WORLD.person_signer, **options: object) -> bytes:
    return kyso.sign_cms(CONTENT, signer, at=AT, **options)  # type: ignore[arg-type] # forwarded as they are


def judged(
    data: bytes, content: bytes | None = CONTENT, evidence: Evidence = CRLS, at: datetime = AT
) -> DocumentReport:
    return kyso.verify(data, trust=WORLD.trust, at=at, evidence=evidence, content=content)


def codes(report: DocumentReport) -> set[str]:
    return {f.code for s in report.signatures for f in s.findings if f.severity == "error"}


def parts(data: bytes) -> list[der.Element]:
    """The elements of SignedData."""
    return der.read(data, der.SEQUENCE).children()[1].children()[0].children()


def rebuilt(data: bytes, *, signers: list[bytes] | None = None, certificates: list[bytes] | None = None) -> bytes:
    found = parts(data)
    out = [e.raw for e in found]
    if signers is not None:
        out[-1] = der.set_of(signers)
    if certificates is not None:
        out[3] = der.set_of([*(e.raw for e in found[3].children()), *certificates], tag=0xA0)
    return der.sequence(der.oid(oids.ID_SIGNED_DATA), der.explicit(0, der.sequence(*out)))


def signer_info(data: bytes) -> bytes:
    return parts(data)[-1].children()[0].raw


def with_unsigned(info: bytes, *attributes: bytes) -> bytes:
    """The SignerInfo with these unsigned attributes added."""
    children = der.read(info, der.SEQUENCE).children()
    old = [a.raw for a in children[-1].children()] if children[-1].tag == 0xA1 else []
    kept = [c.raw for c in children if c.tag != 0xA1]
    return der.sequence(*kept, der.set_of([*old, *attributes], tag=0xA1))


def attribute(kind: str, *values: bytes) -> bytes:
    return der.sequence(der.oid(kind), der.set_of(values))


def two_signers() -> bytes:
    first, second = signed(), signed(WORLD.seal_signer)
    return rebuilt(
        first, signers=[signer_info(first), signer_info(second)], certificates=[WORLD.seal_signer.certificate.der]
    )


def counter(value: bytes, *, content_type: bool = False, signer: SoftwareSigner = WORLD.seal_signer) -> bytes:
    """A counter-signature over a signature value."""
    attributes = [
        attribute(oids.ID_MESSAGE_DIGEST, der.octet_string(digest(signer.scheme.hash_name, value))),
        attribute(oids.ID_SIGNING_TIME, der.utc_or_generalized_time(AT)),
    ]
    if content_type:
        attributes.append(attribute(oids.ID_CONTENT_TYPE, der.oid(oids.ID_DATA)))
    attrs = der.set_of(attributes)
    [made] = signer.sign([signer.scheme.imprint(attrs)])
    leaf = signer.certificate
    return der.sequence(
        der.integer(1),
        der.sequence(leaf.issuer.der, der.integer(leaf.serial)),
        signer.scheme.digest_identifier,
        b"\xa0" + attrs[1:],
        signer.scheme.identifier,
        der.octet_string(made),
    )


def countersigned(over: bytes | None = None, *, content_type: bool = False) -> bytes:
    base = signed()
    value = read_signed_data(base).signers[0].value if over is None else over
    info = with_unsigned(
        signer_info(base), attribute(oids.ID_COUNTER_SIGNATURE, counter(value, content_type=content_type))
    )
    return rebuilt(base, signers=[info], certificates=[WORLD.seal_signer.certificate.der])


# Archive timestamps -----------------------------------------------------------------------------------------

Listed = Callable[[list[bytes]], list[bytes]]
"""What an index lists of what is there."""


def archived(
    *,
    listed: Listed = lambda found: found,
    content: bytes = CONTENT,
    old: World = WORLD,
    at: datetime = AT,
    hash_oid: str = oids.SHA256,
    index_kinds: tuple[str, ...] = (oids.ID_AA_ATS_HASH_INDEX_V3,),
    written: Callable[[bytes], bytes] = lambda index: index,
    timestamper: Timestamper | None = None,
    kind: str = oids.ID_AA_ARCHIVE_TIME_STAMP_V3,
) -> bytes:
    """A B-T signature of `old` with the evidence inside, under an archive timestamp (EN 319 122-1 5.5.3).

    `written` changes the octets of the index after they were stamped, `timestamper` stamps the archive.
    """
    base = kyso.sign_cms(CONTENT, old.person_signer, at=at, level="B-T", timestamper=old.timestamper(at))
    found = [e.raw for e in parts(base)]
    tsa_chain = [c.der for c in old.tsa_signer.chain.carried]
    certificates = [*(e.raw for e in parts(base)[3].children()), *tsa_chain]
    crls = list(dict.fromkeys((*old.crls(at), *old.crls(AT))))  # for the signature, and for its timestamp as of now
    found[3:4] = [der.set_of(certificates, tag=0xA0), der.set_of(crls, tag=0xA1)]
    data = der.sequence(der.oid(oids.ID_SIGNED_DATA), der.explicit(0, der.sequence(*found)))
    stamper = timestamper or WORLD.timestamper(AT + timedelta(minutes=1))
    options = {"content": content, "hash_oid": hash_oid, "index_kinds": index_kinds, "written": written, "kind": kind}
    made = archive_timestamp(data, stamper, listed, **options)  # type: ignore[arg-type] # forwarded as they are
    return rebuilt(data, signers=[with_unsigned(signer_info(data), made)])


def archive_timestamp(
    data: bytes,
    stamper: Timestamper,
    listed: Listed = lambda found: found,
    *,
    content: bytes = CONTENT,
    hash_oid: str = oids.SHA256,
    index_kinds: tuple[str, ...] = (oids.ID_AA_ATS_HASH_INDEX_V3,),
    written: Callable[[bytes], bytes] = lambda index: index,
    kind: str = oids.ID_AA_ARCHIVE_TIME_STAMP_V3,
) -> bytes:
    """The attribute, over what is listed of what is there."""
    structure = read_signed_data(data)
    [signer] = structure.signers
    name: HashName = hash_of_oid(hash_oid)
    sequences = [
        der.sequence(*(der.octet_string(digest(name, v)) for v in listed(values)))
        for values in (
            list(structure.raw_certificates),
            list(structure.raw_revocation),
            [k + v for k, v in unsigned_values(signer)],
        )
    ]
    octets = der.sequence(der.sequence(der.oid(hash_oid)), *sequences)
    index = Index(octets, name, frozenset(), frozenset(), frozenset(), True)
    imprint = message_digest(structure, signer, index, lambda name: digest(name, content))("sha256")
    token = stamper.timestamp(imprint, "sha256")
    if index_kinds:
        indices = [attribute(k, written(octets)) for k in index_kinds]
        token = rebuilt(token, signers=[with_unsigned(signer_info(token), *indices)])
    return attribute(kind, token)
