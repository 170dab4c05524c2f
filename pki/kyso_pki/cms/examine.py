"""What is intact in a CMS signature, and which certificate it is bound to. No trust is decided here.

Reach for `examine`. It refuses (as `error` findings) every known confusion of attack class C: no signed
attributes, algorithms that disagree, content inside a detached signature, several signers, a signer chosen
by anything but its identifier and its ESS hash.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from .. import oids
from ..asn1 import der
from ..errors import CertificateUnsuitable, FormatError, LimitExceeded
from ..facts import Finding
from ..scheme import HashName, Scheme, digest, scheme_of
from ..x509.certificate import Certificate
from .attributes import SignedAttributes, attribute_values
from .signed_data import SignedData, SignerInfo, read_signed_data

MAX_TIMESTAMPS = 32  # against denial of service
MAX_NAMESAKES = 4  # certificates of one signer identifier, each a key to try for each signer; CAs give it once


@dataclass(frozen=True)
class CmsFacts:
    """One CMS signature as found."""

    references_intact: bool
    """The message-digest attribute equals the digest of the content."""
    signature_intact: bool
    """The value verifies over the signed attributes with `certificate`'s key."""
    certificate: Certificate | None
    certificates: tuple[Certificate, ...]
    scheme: Scheme | None
    claimed_time: datetime | None
    cades: bool
    """The signer's certificate is bound by signing-certificate attributes that match (EN 319 122-1 5.2.2).

    Where `certificate` is None, that there are such attributes."""
    value: bytes
    timestamp_tokens: tuple[bytes, ...]
    crls: tuple[bytes, ...]
    ocsp: tuple[bytes, ...]
    content: bytes | None
    findings: tuple[Finding, ...]


def examine(
    encoded: bytes,
    digest_of: Callable[[HashName], bytes],
    *,
    content_type: str = oids.ID_DATA,
    digest_inside: HashName | None = None,
) -> CmsFacts:
    """The facts of the one signature in a ContentInfo.

    `digest_of(hash_name)` gives the digest of the external content of a detached signature; for any
    `content_type` but id-data the content is inside and must be there. `digest_inside`: the content is inside
    and is itself the digest of the external content by this hash, as `adbe.pkcs7.sha1` has it. Raises
    `FormatError` when the structure cannot be read; what can be read but is wrong becomes findings.
    """
    data = read_signed_data(encoded)
    if len(data.signers) != 1:  # C6, C7
        raise FormatError(f"{len(data.signers)} signers in the CMS structure; exactly one is allowed.")
    detached = content_type == oids.ID_DATA and digest_inside is None
    if detached:
        return examine_signer(data, data.signers[0], digest_of, detached=True)
    return examine_signer(
        data, data.signers[0], digest_of, detached=False, content_type=content_type, digest_inside=digest_inside
    )


def examine_signer(
    data: SignedData,
    signer: SignerInfo,
    digest_of: Callable[[HashName], bytes],
    *,
    detached: bool,
    content_type: str = oids.ID_DATA,
    digest_inside: HashName | None = None,
) -> CmsFacts:
    """The facts of one signer of a structure, as `examine` gives them of the only one."""
    findings: list[Finding] = []

    def error(code: str, text: str) -> None:
        findings.append(Finding(code, "error", text))

    if data.content_type != content_type:
        error("CONTENT_TYPE", f"The CMS content type is {data.content_type}, {content_type} is needed.")
    if detached and data.content is not None:  # C5
        error("EMBEDDED_CONTENT", "A detached signature carries content of its own.")
    if not detached and data.content is None:
        raise FormatError("The CMS structure must carry its content, but has none.")
    if signer.digest_oid not in data.digest_oids:  # C2
        error("DIGEST_NOT_LISTED", "The signer's digest algorithm is not among the structure's digest algorithms.")
    if data.unreadable_certificates:
        text = f"{data.unreadable_certificates} certificates inside the signature cannot be read."
        findings.append(Finding("CERTIFICATE_UNREADABLE", "warning", text))
    if signer.signed_attrs is None and digest_inside is not None and data.content is not None:
        return _over_a_digest(data, signer, digest_of(digest_inside), findings)
    if signer.signed_attrs is None:  # C1
        raise FormatError("The CMS signature has no signed attributes; it could be moved onto other content.")
    attributes = SignedAttributes.read(signer.signed_attrs)
    if not attributes.canonical:
        findings.append(Finding("NOT_DER", "warning", "The signed attributes are not in DER order."))
    if attributes.content_type != data.content_type:  # C3
        error("CONTENT_TYPE", "The signed content type differs from the content type of the structure.")

    scheme = scheme_of(signer.signature_algorithm, signer.digest_oid)
    protection = attributes.algorithm_protection
    findings += _policy(attributes)
    if protection is not None and not _protects(protection, signer):
        error("ALGORITHM_PROTECTION", "The protected algorithms differ from those of the signature (RFC 6211).")
    if attributes.ess and all(e.hash_name == "sha1" for e in attributes.ess):
        findings.append(Finding("WEAK_DIGEST", "warning", "The signing certificate is bound by SHA-1 only."))
    certificate, bound = _signer_certificate(data, signer, attributes, scheme, error)
    actual = digest(scheme.hash_name, data.content or b"") if not detached else digest_of(scheme.hash_name)
    intact = attributes.message_digest == actual
    if digest_inside is not None:
        intact = intact and data.content == digest_of(digest_inside)
    return CmsFacts(
        references_intact=intact,
        signature_intact=certificate is not None and _verifies(scheme, certificate, attributes.octets, signer.value),
        certificate=certificate,
        certificates=data.certificates,
        scheme=scheme,
        claimed_time=attributes.signing_time,
        cades=bound,
        value=signer.value,
        timestamp_tokens=_timestamp_tokens(signer),
        crls=data.crls + attributes.revocation[0],
        ocsp=data.ocsp + attributes.revocation[1],
        content=data.content,
        findings=tuple(findings),
    )


def examine_counter_signer(data: SignedData, signer: SignerInfo, countersigned: bytes) -> CmsFacts:
    """The facts of a counter-signature over this signature value (RFC 5652 11.4, attack class C8).

    Its certificate stands among those of the structure. Raises `FormatError`.
    """
    if signer.signed_attrs is None:
        raise FormatError("A counter-signature has no signed attributes; it could be moved onto other content.")
    findings: list[Finding] = []

    def error(code: str, text: str) -> None:
        findings.append(Finding(code, "error", text))

    attributes = SignedAttributes.read(signer.signed_attrs, counter=True)
    scheme = scheme_of(signer.signature_algorithm, signer.digest_oid)
    findings += _policy(attributes)
    if attributes.algorithm_protection is not None and not _protects(attributes.algorithm_protection, signer):
        error("ALGORITHM_PROTECTION", "The protected algorithms differ from those of the signature (RFC 6211).")
    certificate, bound = _signer_certificate(data, signer, attributes, scheme, error)
    return CmsFacts(
        references_intact=attributes.message_digest == digest(scheme.hash_name, countersigned),
        signature_intact=certificate is not None and _verifies(scheme, certificate, attributes.octets, signer.value),
        certificate=certificate,
        certificates=data.certificates,
        scheme=scheme,
        claimed_time=attributes.signing_time,
        cades=bound,
        value=signer.value,
        timestamp_tokens=_timestamp_tokens(signer),
        crls=data.crls,
        ocsp=data.ocsp,
        content=None,
        findings=tuple(findings),
    )


def _policy(attributes: SignedAttributes) -> list[Finding]:
    """5.2.4 of EN 319 102-1: policy documents of CAdES and PAdES are not compared, which is said."""
    if attributes.policy is None:
        return []
    text = f"The signature names the policy urn:oid:{attributes.policy}, which was not checked."
    return [Finding("SIGNATURE_POLICY_NOT_CHECKED", "info", text)]


def _over_a_digest(data: SignedData, signer: SignerInfo, actual: bytes, findings: list[Finding]) -> CmsFacts:
    """A signature without attributes, directly over a digest: too short to pass for signed attributes (C1)."""
    scheme = scheme_of(signer.signature_algorithm, signer.digest_oid)
    content = data.content or b""
    named = [c for c in data.certificates if signer.names(c)]
    matching = _matching(named, scheme, content, signer.value)
    if not named:
        findings.append(Finding("NO_SIGNING_CERTIFICATE", "error", "The signer's certificate is not inside."))
    if len(matching) > 1:
        text = "Several certificates of the signer's key fit; which one signed is not said."
        findings.append(Finding("AMBIGUOUS_CERTIFICATE", "error", text))
    return CmsFacts(
        references_intact=content == actual,
        signature_intact=bool(matching),
        certificate=next(iter(matching or named), None),
        certificates=data.certificates,
        scheme=scheme,
        claimed_time=None,
        cades=False,
        value=signer.value,
        timestamp_tokens=_timestamp_tokens(signer),
        crls=data.crls,
        ocsp=data.ocsp,
        content=content,
        findings=tuple(findings),
    )


def _matching(named: Sequence[Certificate], scheme: Scheme, octets: bytes, value: bytes) -> list[Certificate]:
    """Those whose key made the value. Raises `LimitExceeded`."""
    if len(named) > MAX_NAMESAKES:
        text = f"{len(named)} certificates fit one signer's identifier; at most {MAX_NAMESAKES} are tried."
        raise LimitExceeded(text)
    return [c for c in named if _verifies(scheme, c, octets, value)]


def _protects(protection: tuple[str, bytes], signer: SignerInfo) -> bool:
    digest_oid, signature = protection
    return digest_oid == signer.digest_oid and signature == signer.signature_algorithm.raw


def _signer_certificate(
    data: SignedData,
    signer: SignerInfo,
    attributes: SignedAttributes,
    scheme: Scheme,
    error: Callable[[str, str], None],
) -> tuple[Certificate | None, bool]:
    """The certificate that the identifier names *and* every ESS attribute hashes, and whether ESS bound it (C4).

    Without ESS the identifier alone must lead to one certificate: of several with the signer's key nobody knows
    in whose name it was used.
    """
    named = [c for c in data.certificates if signer.names(c)]
    if not named:
        error("NO_SIGNING_CERTIFICATE", "The signer's certificate is not inside the signature.")
        return None, bool(attributes.ess)
    if attributes.ess:
        bound = [c for c in named if all(e.matches(c) for e in attributes.ess)]
        if bound:
            return bound[0], True
        error("SIGNING_CERTIFICATE_MISMATCH", "The signing-certificate attribute names another certificate.")
        return named[0], False
    matching = _matching(named, scheme, attributes.octets, signer.value)
    if len(matching) > 1:
        error("AMBIGUOUS_CERTIFICATE", "Several certificates of the signer's key fit; which one signed is not said.")
    return (matching or named)[0], False


def _verifies(scheme: Scheme, certificate: Certificate, octets: bytes, value: bytes) -> bool:
    try:
        key = certificate.public_key
    except CertificateUnsuitable:
        return False
    return certificate.takes(scheme) and scheme.verify(key, scheme.imprint(octets), value)


def _timestamp_tokens(signer: SignerInfo) -> tuple[bytes, ...]:
    """The signature-time-stamp tokens among the unsigned attributes, which are attacker-controlled data."""
    if signer.unsigned_attrs is None:
        return ()
    values, _ = attribute_values(signer.unsigned_attrs)
    tokens = [e.expect(der.SEQUENCE).raw for group in values.get(oids.ID_AA_TIME_STAMP_TOKEN, []) for e in group]
    if len(tokens) > MAX_TIMESTAMPS:
        raise FormatError(f"{len(tokens)} signature timestamps; at most {MAX_TIMESTAMPS} are read.")
    return tuple(tokens)
