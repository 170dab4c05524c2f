"""The one tree of errors.

Every error is a `KysoError` with a stable `code`. A message says what was found and what is allowed;
`remedy` says what to do next. Secrets never stand in a message. The code is what the server maps to HTTP
and the command line maps to an exit code and to a Vietnamese text, each in one place.

    KysoError
    ├─ UsageError                a call, a setting or an argument that cannot be right
    ├─ FormatError               bytes that are not what they claim to be
    │  ├─ EmptyInput
    │  ├─ UnrecognisedFormat
    │  ├─ EncryptedDocument
    │  ├─ XPathNotAllowed        an XML signature says by XPath what it covers, and the caller did not allow it
    │  ├─ LintRefused            what is seen may not be what would be signed; `details` holds `codes`
    │  └─ LimitExceeded          a stated bound on size, depth or count was passed
    ├─ KeyAccessError            a private key cannot be reached or used
    │  ├─ KeyNotFound
    │  ├─ AmbiguousKey
    │  ├─ CertificateMissing     a key without its certificate
    │  ├─ PinRequired
    │  ├─ PinRefused             one try was made; none will be made again
    │  ├─ PinLocked
    │  ├─ TokenUnavailable       not there, pulled out, module faulty
    │  ├─ TokenBusy
    │  ├─ TokenTimeout
    │  └─ MechanismMissing
    ├─ CertificateError
    │  ├─ CertificateExpired
    │  ├─ CertificateNotYetValid
    │  └─ CertificateUnsuitable  its key usage, key or algorithm forbids what was asked
    ├─ SigningError
    │  ├─ SignatureValueInvalid  the value does not verify with the certificate's key
    │  ├─ AnchorError            a text that a stamp is placed by
    │  │  ├─ AnchorMissing       is not there
    │  │  └─ AnchorAmbiguous     is there more than once
    │  ├─ PlacementRefused       a stamp would be somewhere where it must not be
    │  │  ├─ StampCovers         over text or another annotation
    │  │  └─ StampLeavesPage
    │  ├─ NotExtendable          its signatures are missing or damaged
    │  ├─ EvidenceMissing        a level was asked for that cannot be proven
    │  ├─ ProfileMismatch        the document or the key is not what the XML profile is for
    │  ├─ EarlierSignature       one that is there is broken, or would be
    │  └─ PendingDamaged         a prepared signature is not what was prepared
    ├─ TimestampError
    ├─ IssuanceError             a CA refuses to issue
    ├─ TrustError                whom to trust is not taken from this bundle or list
    │  ├─ TrustBroken            it is not intact, not signed as a whole, or by several
    │  ├─ TrustSignerUnknown     signed by a key that was not told
    │  ├─ TrustRolledBack        older than what was taken before
    │  └─ TrustExpired           its end has passed
    ├─ FetchError                something on the network did not answer as it must
    │  └─ Unreachable
    ├─ RemoteError               a kyso or CSC server refused
    │  ├─ Unauthorized
    │  ├─ DocumentRefused        this document; the next one may do better
    │  └─ OtherDocument          its answer is not the document that was sent, signed
    └─ VerificationFailed        raised by `require_passed()`
"""

from __future__ import annotations

from typing import ClassVar


class KysoError(Exception):
    """The root. `str()` gives the message and the remedy; `details` holds the values for translations."""

    code: ClassVar[str] = "error"

    def __init__(self, message: str, *, remedy: str | None = None, **details: object) -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy
        self.details = details

    def __str__(self) -> str:
        return f"{self.message} {self.remedy}" if self.remedy else self.message


class UsageError(KysoError):
    code = "usage"


class AuditError(UsageError):
    """An audit cannot begin, go on or be compared."""

    code = "audit"


class FormatError(KysoError):
    code = "format"


class EmptyInput(FormatError):
    code = "format.empty"


class UnrecognisedFormat(FormatError):
    code = "format.unrecognised"


class XPathNotAllowed(FormatError):
    code = "format.xpath"


class EncryptedDocument(FormatError):
    code = "format.encrypted"


class LintRefused(FormatError):
    """What is seen may not be what would be signed; `details["codes"]` names the checks (kyso_pki.pdf.lint)."""

    code = "format.lint"


class LimitExceeded(FormatError):
    code = "format.limit"


class KeyAccessError(KysoError):
    code = "key"


class KeyNotFound(KeyAccessError):
    code = "key.not_found"


class AmbiguousKey(KeyAccessError):
    code = "key.ambiguous"


class CertificateMissing(KeyAccessError):
    code = "key.no_certificate"


class PinRequired(KeyAccessError):
    code = "key.pin_required"


class PinRefused(KeyAccessError):
    code = "key.pin_refused"


class PinLocked(KeyAccessError):
    code = "key.pin_locked"


class TokenUnavailable(KeyAccessError):
    code = "key.token_unavailable"


class TokenBusy(KeyAccessError):
    code = "key.token_busy"


class TokenTimeout(KeyAccessError):
    code = "key.token_timeout"


class MechanismMissing(KeyAccessError):
    code = "key.mechanism"


class CertificateError(KysoError):
    code = "certificate"


class CertificateExpired(CertificateError):
    code = "certificate.expired"


class CertificateNotYetValid(CertificateError):
    code = "certificate.not_yet_valid"


class CertificateUnsuitable(CertificateError):
    code = "certificate.unsuitable"


class SigningError(KysoError):
    code = "signing"


class NotPermitted(SigningError):
    """What the document itself, or a signature in it, does not let be signed so. Names only what is in there."""

    code = "signing.not_permitted"


class SignatureValueInvalid(SigningError):
    code = "signing.value_invalid"


class AnchorError(SigningError):
    code = "signing.anchor"


class AnchorMissing(AnchorError):
    code = "signing.anchor.missing"


class AnchorAmbiguous(AnchorError):
    code = "signing.anchor.ambiguous"


class PlacementRefused(SigningError):
    """`picture` is the page with the stamp and what it would cover (PNG), None where it cannot be drawn."""

    code = "signing.placement"
    picture: bytes | None = None


class StampCovers(PlacementRefused):
    code = "signing.placement.covers"


class StampLeavesPage(PlacementRefused):
    code = "signing.placement.leaves"


class NotExtendable(SigningError):
    code = "signing.not_extendable"


class EvidenceMissing(SigningError):
    """`details["missing"]` names each certificate with what it lacks."""

    code = "signing.evidence_missing"


class ProfileMismatch(SigningError):
    code = "signing.profile"


class EarlierSignature(SigningError):
    code = "signing.earlier"


class PendingDamaged(SigningError):
    code = "signing.pending"


class TimestampError(KysoError):
    code = "timestamp"


class IssuanceError(KysoError):
    code = "issuance"


class TrustError(KysoError):
    code = "trust"


class TrustBroken(TrustError):
    code = "trust.broken"


class TrustSignerUnknown(TrustError):
    code = "trust.signer"


class TrustRolledBack(TrustError):
    code = "trust.rollback"


class TrustExpired(TrustError):
    code = "trust.expired"


class FetchError(KysoError):
    code = "fetch"


class Unreachable(FetchError):
    code = "fetch.unreachable"


class RemoteError(KysoError):
    """`details` holds `status` (HTTP) and, for CSC, `error` and `error_description` as received."""

    code = "remote"


class RemoteUnavailable(RemoteError):
    """The server is there, but cannot use a key, its database or its trust store now."""

    code = "remote.unavailable"


class Unauthorized(RemoteError):
    code = "remote.unauthorized"


class DocumentRefused(RemoteError):
    """A server refused a document for what it is; `details["error"]` is the server's code (`format.lint`)."""

    code = "remote.document"


class OtherDocument(RemoteError):
    """What a server gave back is not what it was sent; nothing of it may be kept."""

    code = "remote.other_document"


class VerificationFailed(KysoError):
    code = "verification.failed"
