"""CMS signatures and timestamps exactly as ordered, laid into a real PDF.

`letter(kind)` is a PDF whose signature slot is empty; `Letter.with_cms` fills it. `cms` writes SignedData with every
part replaceable, `stamp` a timestamp token. What is not ordered otherwise is right.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Literal

from kyso_pki import oids
from kyso_pki.ades.report import DocumentReport
from kyso_pki.asn1 import der
from kyso_pki.cms.attributes import signed_attributes
from kyso_pki.document import Intent
from kyso_pki.evidence import Evidence
from kyso_pki.formats import open_document, verify_document
from kyso_pki.scheme import Scheme, digest
from kyso_pki.testing import POLICY, SoftwareSigner, World
from kyso_pki.x509.certificate import Certificate
from kyso_pki.x509.trust import TrustStore
from tests.pki.ades.inputs import PDF

AT = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
LATER = AT + timedelta(hours=1)
DAY = timedelta(days=1)
WORLD = World.create(at=AT)
SIGNER, SEAL, TSA = WORLD.person_signer, WORLD.seal_signer, WORLD.tsa_signer
SLOT = 1 << 17  # octets; room for whatever an attack needs

Kind = Literal["pades", "adbe", "stamp"]


@dataclass(frozen=True)
class Attack:
    """What the attacker hands in, and the words that must be said about it."""

    cms: bytes
    word: str
    kind: Kind = "pades"
    openssl: bool | None = None
    """What `openssl cms -verify -cades` says of the same octets; None: not asked."""
    trust: TrustStore = WORLD.trust
    world: World = field(default_factory=lambda: WORLD)
    at: datetime = LATER


Generator = Callable[[], Attack]


def collected(namespace: dict[str, object]) -> dict[str, Generator]:
    """The generators of one module: its public functions without arguments that are annotated to give an Attack."""
    return {
        name: function
        for name, function in namespace.items()
        if callable(function) and getattr(function, "__annotations__", {}) == {"return": "Attack"}
    }


# The letter ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Letter:
    """A PDF with a signature slot from `start` to `end`."""

    data: bytes
    start: int
    end: int

    @property
    def covered(self) -> bytes:
        """The octets that the byte range names."""
        return self.data[: self.start] + self.data[self.end :]

    def with_cms(self, cms: bytes) -> bytes:
        value = b"<" + cms.hex().encode().ljust(self.end - self.start - 2, b"0") + b">"
        assert len(value) == self.end - self.start, f"{len(cms)} bytes of CMS do not fit into the slot"
        return self.data[: self.start] + value + self.data[self.end :]


@cache
def letter(kind: Kind = "pades") -> Letter:
    """The same letter for a PAdES signature, for one as Adobe made them (ISO 32000-1), for a document timestamp."""
    intent = Intent(AT, "B-T", timestamp_size=SLOT)
    pending = open_document(PDF).prepare(intent, SIGNER.chain, SIGNER.scheme)
    [value] = SIGNER.sign([pending.imprint])
    token = WORLD.timestamper(AT).timestamp(digest("sha256", pending.timestamp_message(value)), "sha256")
    data = pending.finish(value, Evidence(timestamps=(token,)))
    names = {
        "pades": b"/Type /Sig /Filter /Adobe.PPKLite /SubFilter /ETSI.CAdES.detached",
        "adbe": b"/Type /Sig /Filter /Adobe.PPKLite /SubFilter /adbe.pkcs7.detached",
        "stamp": b"/Filter /Adobe.PPKLite /SubFilter /ETSI.RFC3161".ljust(65),
    }
    assert data.count(names["pades"]) == 1
    assert len({len(n) for n in names.values()}) == 1
    data = data.replace(names["pades"], names[kind])
    [found] = re.findall(rb"/ByteRange \[0 (\d+) (\d+) \d+", data)
    return Letter(data, int(found[0]), int(found[1]))


def report(attack: Attack) -> DocumentReport:
    """kyso's verdict on the letter with this CMS in its slot."""
    return verify_document(
        letter(attack.kind).with_cms(attack.cms),
        trust=attack.trust,
        at=attack.at,
        fetcher=attack.world.fetcher(attack.at),
    )


def words(result: DocumentReport) -> str:
    """Everything that a report says."""
    found = [f for s in result.signatures for f in s.findings] + list(result.findings)
    verdicts = "".join(f"{s.indication} {s.sub_indication}\n" for s in result.signatures)
    return verdicts + "\n".join(f"{f.code}: {f.text}" for f in found)


# SignedData ---------------------------------------------------------------------------------------------------


def attribute(kind: str, *values: bytes) -> bytes:
    return der.sequence(der.oid(kind), der.tlv(der.SET, b"".join(values)))


def algorithm(dotted: str, *parameters: bytes) -> bytes:
    return der.sequence(der.oid(dotted), *parameters)


def usual_attributes(
    signer: SoftwareSigner = SIGNER, content: bytes | None = None, *, leaf: Certificate | None = None
) -> list[bytes]:
    """The attributes that kyso signs, one by one."""
    covered = letter().covered if content is None else content
    whole = signed_attributes(
        content_digest=digest(signer.scheme.hash_name, covered),
        leaf=leaf or signer.certificate,
        scheme=signer.scheme,
        signing_time=AT,
    )
    return [e.raw for e in der.read(whole).reader()]


def without(attributes: Sequence[bytes], *kinds: str) -> list[bytes]:
    """These attributes but for those of some types."""
    unwanted = [der.oid(kind) for kind in kinds]
    return [a for a in attributes if der.read(a).children()[0].raw not in unwanted]


def set_of(attributes: Sequence[bytes], *, order: bool = True) -> bytes:
    return der.tlv(der.SET, b"".join(sorted(attributes) if order else attributes))


def value_over(attributes: bytes, signer: SoftwareSigner = SIGNER) -> bytes:
    [value] = signer.sign([signer.scheme.imprint(attributes)])
    return value


def signer_info(
    signer: SoftwareSigner = SIGNER,
    attributes: bytes | None = None,
    *,
    value: bytes | None = None,
    scheme: Scheme | None = None,
    version: bytes | None = None,
    sid: bytes | None = None,
    digest_algorithm: bytes | None = None,
    signature_algorithm: bytes | None = None,
    unsigned: Sequence[bytes] = (),
    drop_attributes: bool = False,
) -> bytes:
    """One SignerInfo; the value is over the attributes unless given."""
    scheme = scheme or signer.scheme
    attrs = set_of(usual_attributes(signer)) if attributes is None else attributes
    leaf = signer.certificate
    return der.sequence(
        version or der.integer(1),
        sid or der.sequence(leaf.issuer.der, der.integer(leaf.serial)),
        digest_algorithm or scheme.digest_identifier,
        b"" if drop_attributes else b"\xa0" + attrs[1:],
        signature_algorithm or scheme.identifier,
        der.octet_string(value_over(attrs, signer) if value is None else value),
        der.set_of(unsigned, tag=0xA1) if unsigned else b"",
    )


def cms(
    *infos: bytes,
    certificates: Sequence[bytes] | None = None,
    content: bytes | None = None,
    content_type: str = oids.ID_DATA,
    digests: Sequence[bytes] | None = None,
    crls: bytes = b"",
    tail: bytes = b"",
    signer: SoftwareSigner = SIGNER,
) -> bytes:
    """A ContentInfo. `content` is the whole octet string inside [0]; `tail` follows inside the ContentInfo."""
    carried = [c.der for c in signer.chain.carried] if certificates is None else certificates
    body = der.sequence(
        der.integer(1),
        der.tlv(der.SET, b"".join([signer.scheme.digest_identifier] if digests is None else digests)),
        der.sequence(der.oid(content_type), b"" if content is None else der.explicit(0, content)),
        der.tlv(0xA0, b"".join(carried)) if carried else b"",
        crls,
        der.tlv(der.SET, b"".join(infos)),
    )
    return der.sequence(der.oid(oids.ID_SIGNED_DATA), der.explicit(0, body), tail)


def signed(signer: SoftwareSigner = SIGNER, attributes: Sequence[bytes] | None = None, **options: object) -> bytes:
    """A whole CMS by this signer over these attributes; the other options are those of `signer_info`."""
    attrs = set_of(usual_attributes(signer) if attributes is None else attributes)
    return cms(signer_info(signer, attrs, **options), signer=signer)  # type: ignore[arg-type] # forwarded as they are


# Timestamps ---------------------------------------------------------------------------------------------------


def tst(
    imprint: bytes,
    *,
    hash_oid: str = oids.SHA256,
    time: bytes | None = None,
    serial: int = 4711,
    accuracy: bytes = b"",
    authority: bytes = b"",
    extensions: bytes = b"",
    version: int = 1,
) -> bytes:
    """A TSTInfo; `time` is a whole GeneralizedTime, `authority` and `extensions` come with their tags."""
    return der.sequence(
        der.integer(version),
        der.oid(POLICY),
        der.sequence(algorithm(hash_oid), der.octet_string(imprint)),
        der.integer(serial),
        time or der.generalized_time(AT),
        accuracy,
        authority,
        extensions,
    )


def stamp(
    info: bytes,
    signer: SoftwareSigner = TSA,
    *,
    attributes: Sequence[bytes] | None = None,
    content_type: str = oids.ID_CT_TST_INFO,
    infos: int = 1,
    certificates: Sequence[bytes] | None = None,
) -> bytes:
    """A TimeStampToken over this TSTInfo."""
    usual = signed_attributes(
        content_digest=digest(signer.scheme.hash_name, info),
        leaf=signer.certificate,
        scheme=signer.scheme,
        content_type=content_type,
    )
    attrs = usual if attributes is None else set_of(attributes)
    one = signer_info(signer, attrs)
    return cms(
        *[one] * infos,
        content=der.octet_string(info),
        content_type=content_type,
        signer=signer,
        certificates=certificates,
    )


ATTRIBUTES = set_of(usual_attributes())
VALUE = value_over(ATTRIBUTES)
IMPRINT = digest("sha256", VALUE)
"""What a signature timestamp over the usual signature must cover."""


def stamped(*tokens: bytes) -> bytes:
    """The usual signature with these tokens as unsigned attribute."""
    unsigned = [attribute(oids.ID_AA_TIME_STAMP_TOKEN, *tokens)]
    return cms(signer_info(attributes=ATTRIBUTES, value=VALUE, unsigned=unsigned))
