"""Attacks on CMS files of their own (`.p7s`, `.p7m`), each with a twin that passes.

A variant is a function that gives a `FileAttack`; its docstring begins with its classes. `honest` is a detached
signature over `CONTENT`, `around` the same with the content inside.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache

from kyso_pki import oids
from kyso_pki.ades.report import DocumentReport
from kyso_pki.asn1 import der
from kyso_pki.document import LEVELS, level_named
from kyso_pki.evidence import NO_EVIDENCE, Evidence
from kyso_pki.formats import verify_document
from kyso_pki.scheme import digest
from kyso_pki.signer import Fetcher
from kyso_pki.testing import SoftwareSigner, World
from kyso_pki.x509.trust import TrustStore

from .forge import AT, LATER, SEAL, SIGNER, WORLD, attribute, cms, set_of, signer_info, usual_attributes, value_over

CONTENT = "Quyết định của UBND tỉnh Mẫu\n".encode() * 20
ATTRIBUTES = set_of(usual_attributes(content=CONTENT))
VALUE = value_over(ATTRIBUTES)


@dataclass(frozen=True)
class Case:
    """A CMS file, and all that it is judged with."""

    cms: bytes
    content: bytes | None = CONTENT
    trust: TrustStore = WORLD.trust
    at: datetime = LATER
    world: World | None = field(default_factory=lambda: WORLD)
    """Who answers when asked; None: offline."""
    evidence: Evidence = NO_EVIDENCE

    def report(self) -> DocumentReport:
        asks: Fetcher | None = self.world.fetcher(self.at) if self.world is not None else None
        return verify_document(
            self.cms, trust=self.trust, at=self.at, fetcher=asks, evidence=self.evidence, content=self.content
        )


@dataclass(frozen=True)
class FileAttack:
    """What the attacker hands in, the words that must be said about it, and the twin that passes."""

    case: Case
    word: str
    twin: Callable[[], Case]
    below: str | None = None
    """No lie about the signature, but about its level: whatever the verdict, the level stays below this one, which
    is the twin's."""


FileGenerator = Callable[[], FileAttack]


def collected(namespace: dict[str, object]) -> dict[str, FileGenerator]:
    """The generators of one module: its public functions without arguments that are annotated to give one."""
    return {
        name: function
        for name, function in namespace.items()
        if callable(function) and getattr(function, "__annotations__", {}) == {"return": "FileAttack"}
    }


def rank(level: str) -> int:
    """`CAdES-B-T` is 1."""
    name = level.partition("-")[2]
    return LEVELS.index(level_named(name)) if name else -1


def info(signer: SoftwareSigner = SIGNER, content: bytes = CONTENT, **options: object) -> bytes:
    """A SignerInfo over this content."""
    return signer_info(signer, set_of(usual_attributes(signer, content)), **options)  # type: ignore[arg-type] # forwarded


def carried(*signers: SoftwareSigner) -> list[bytes]:
    return list(dict.fromkeys(c.der for s in (SIGNER, *signers) for c in s.chain.carried))


def made(*infos: bytes, inside: bytes | None = None, by: Sequence[SoftwareSigner] = (), **options: object) -> bytes:
    """A file with these signers and the certificates of SIGNER and `by`."""
    content = None if inside is None else der.octet_string(inside)
    digests = [s.scheme.digest_identifier for s in (SIGNER, *by)]
    options = {"digests": list(dict.fromkeys(digests)), "certificates": carried(*by), **options}
    return cms(*infos, content=content, **options)  # type: ignore[arg-type] # forwarded


@cache
def honest() -> Case:
    return Case(made(info()))


@cache
def around() -> Case:
    return Case(made(info(), inside=CONTENT), content=None)


@cache
def two() -> Case:
    """Two signers of the same content."""
    return Case(made(info(), info(SEAL), by=[SEAL]))


def counter_attributes(value: bytes, signer: SoftwareSigner = SEAL) -> list[bytes]:
    """What a counter-signature over this value signs (RFC 5652 11.4)."""
    usual = usual_attributes(signer, value)
    return [a for a in usual if der.read(a).children()[0].oid() != oids.ID_CONTENT_TYPE]


def counter(over: bytes = VALUE, signer: SoftwareSigner = SEAL, **options: object) -> bytes:
    attrs = set_of(counter_attributes(over, signer))
    return signer_info(signer, attrs, **options)  # type: ignore[arg-type] # forwarded


def with_unsigned(*attributes: bytes, by: Sequence[SoftwareSigner] = (SEAL,)) -> bytes:
    """The usual signature, always of the same value, with these unsigned attributes."""
    one = signer_info(attributes=ATTRIBUTES, value=VALUE, unsigned=attributes)
    return made(one, by=by)


def countersigned(*infos: bytes, by: Sequence[SoftwareSigner] = (SEAL,)) -> bytes:
    return with_unsigned(attribute(oids.ID_COUNTER_SIGNATURE, *infos), by=by)


@cache
def countersigned_honestly() -> Case:
    return Case(countersigned(counter()))


def stamped(token: bytes) -> bytes:
    """The usual signature with a signature timestamp."""
    return with_unsigned(attribute(oids.ID_AA_TIME_STAMP_TOKEN, token), by=())


IMPRINT = digest("sha256", VALUE)


@cache
def timed() -> Case:
    """With a trusted time."""
    return Case(stamped(WORLD.timestamper(AT).timestamp(IMPRINT, "sha256")))
