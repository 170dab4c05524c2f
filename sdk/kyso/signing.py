"""Sign a document with a key that is open."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from kyso_pki.ades.grow import NO_TRUST, Sources
from kyso_pki.ades.sign import sign_document
from kyso_pki.claims import Claims
from kyso_pki.credential import Chain
from kyso_pki.document import Certification, FieldLock, Intent, Level, XmlForm, level_named
from kyso_pki.errors import UsageError
from kyso_pki.evidence import NO_EVIDENCE, Evidence
from kyso_pki.formats import lint_document, open_document
from kyso_pki.signer import Fetcher, Signer, Timestamper
from kyso_pki.tsp import ContentStamps
from kyso_pki.x509.trust import TrustStore
from kyso_pki.xmlprofile import Profile

from .fetch import HttpFetcher, HttpTimestamper

if TYPE_CHECKING:
    from kyso_pki.pdf.appearance.stamp import Stamp
    from kyso_pki.pdf.lint.policy import LintPolicy

Password = Callable[[], str | None]
"""Gives the password of an encrypted document when it is asked for; None: nobody knows it."""


def sign(
    source: bytes | os.PathLike[str],
    signer: Signer,
    *,
    level: str = "B-B",
    timestamper: Timestamper | str | None = None,
    reason: str | None = None,
    location: str | None = None,
    contact: str | None = None,
    field: str | None = None,
    certify: Certification | None = None,
    lock: FieldLock | None = None,
    xml_form: XmlForm = "xades",
    profile: Profile | str | os.PathLike[str] | None = None,
    claims: Claims | None = None,
    countersign: str | None = None,
    content_timestamp: bool = False,
    stamp: Stamp | None = None,
    at: datetime | None = None,
    fetcher: Fetcher | None = None,
    evidence: Evidence = NO_EVIDENCE,
    trust: TrustStore = NO_TRUST,
    password: Password | None = None,
    lint: LintPolicy | None = None,
    content: bytes | os.PathLike[str] | None = None,
) -> bytes:
    """The signed document; the input is never changed and nothing is written.

    `source` is the document or a path to it; PDF gives PAdES, XML gives XAdES (or plain XMLDSIG). Only a hash goes to
    the key. `timestamper` is a TSA's URL or any `Timestamper`; level B-T and higher need one. Evidence for B-LT and
    B-LTA comes from `evidence`, else it is fetched (OCSP, CRL, issuers) with `fetcher`, an `HttpFetcher` unless
    another is given; with `trust` its chains may end at anchors that are not self-signed. `stamp` (PDF) is what the
    signature shows and where (`load_stamp`). `profile` (XML) says where the signature goes and what it references: a
    name, a `.toml` file or what `load_profile` gave; its form counts, not `xml_form`. `claims` (XAdES) are roles,
    place, commitments and policy; `countersign` is the id of the signature whose value alone is signed.
    `content_timestamp` (XAdES, CMS): `timestamper` stamps what is signed before it is, at any level; with `level` it
    proves that it was signed between two times. `at` is the claimed time, now by default. `password` is asked for,
    once, when the document is encrypted. A CMS file gets one more signer; `content` is what it is over when that is
    not inside (`sign_cms` makes one). `lint` looks at a PDF first and raises `LintRefused` where that policy refuses
    (`kyso.lint` tells its warnings). Raises `KysoError` subclasses: `FormatError` for the document,
    `CertificateError` and `KeyAccessError` for the key, `TimestampError`, `EvidenceMissing`, `SigningError`.
    """
    data, password = read(source), asked_once(password)
    document = open_document(data, password, None if content is None else read(content))
    if lint is not None:
        lint_document(document, lint).refuse()
    intent = Intent(
        signing_time=at or datetime.now(UTC),
        level=level_named(level),
        reason=reason,
        location=location,
        contact=contact,
        field=field,
        certify=certify,
        lock=lock,
        xml_form=xml_form,
        profile=profile_of(profile),
        claims=claims,
        countersign=countersign,
        content_stamps=content_stamps_of(timestamper) if content_timestamp else None,
    )
    if stamp is not None:
        intent = stamped(data, intent, stamp, signer.chain, password)
    with sources_for(intent.level, fetcher, evidence, trust) as sources:
        return sign_document(document, intent, signer, timestamper_of(timestamper), sources)


def profile_of(profile: Profile | str | os.PathLike[str] | None) -> Profile | None:
    """The profile itself, by name or from a file."""
    if profile is None or isinstance(profile, Profile):
        return profile
    from .profiles import load_profile

    return load_profile(profile)


def stamped(data: bytes, intent: Intent, stamp: Stamp, chain: Chain, password: Password | None = None) -> Intent:
    """The intent with the stamp in its place in this document."""
    from .stamps import placed

    name, at = chain.leaf.subject.first("CN") or "", intent.signing_time
    appearance = placed(data, stamp, at=at, signer=name, field=intent.field, password=password)
    return replace(intent, field=intent.field or stamp.place.field, appearance=appearance)


def asked_once(password: Password | None) -> Password | None:
    """The same, asking whoever knows it no second time."""
    return None if password is None else cache(password)


def read(source: bytes | os.PathLike[str]) -> bytes:
    """The document's octets, from memory or from a file."""
    return source if isinstance(source, bytes) else Path(source).read_bytes()


def timestamper_of(named: Timestamper | str | None) -> Timestamper | None:
    """The authority itself, or the one at a URL: one object for each, which learns the size of its tokens once."""
    return _at_url(named) if isinstance(named, str) else named


def content_stamps_of(named: Timestamper | str | None) -> ContentStamps:
    """Timestamps over what is to be signed, for `Intent.content_stamps`. Raises `UsageError` without an authority."""
    authority = timestamper_of(named)
    if authority is None:
        raise UsageError("A timestamp needs a time-stamping authority.", remedy="Name one (--tsa URL).")
    return ContentStamps(authority)


@lru_cache(maxsize=16)
def _at_url(url: str) -> HttpTimestamper:
    return HttpTimestamper(url)


def sources_for(
    level: Level, fetcher: Fetcher | None, evidence: Evidence, trust: TrustStore
) -> AbstractContextManager[Sources | None]:
    """Where evidence comes from for as long as the block lasts; None for levels that need none."""
    return _sources(fetcher, evidence, trust) if level in ("B-LT", "B-LTA") else _NO_SOURCES


_NO_SOURCES: AbstractContextManager[None] = nullcontext()


@contextmanager
def _sources(fetcher: Fetcher | None, evidence: Evidence, trust: TrustStore) -> Iterator[Sources]:
    own = HttpFetcher() if fetcher is None else None
    try:
        yield Sources(datetime.now(UTC), fetcher or own, evidence, trust)
    finally:
        if own is not None:
            own.close()
