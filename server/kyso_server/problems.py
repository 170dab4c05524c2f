"""What an error looks like outside: one table from its code to an HTTP status, and the two shapes it is sent in.

`problem_of` gives RFC 9457 problem details, `refusal_of` gives the CSC error body for everything under `/csc`.
A code is looked up whole, then by its stem (`key.token_busy`, then `key`). A row with `said` replaces the
error's own words: messages from below may name files, tokens and modules, and those are for the log only.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from kyso_pki.csc import CscRefusal, Version
from kyso_pki.errors import KeyAccessError, KysoError

MEDIA_TYPE = "application/problem+json"


class TooLarge(KysoError):
    code = "http.too_large"


class TooSlow(KysoError):
    """The request body did not come in time: whoever sends it would hold a connection and its memory for ever."""

    code = "http.too_slow"


class Busy(KysoError):
    """The documents that are in memory at this moment are as many as there may be; in some seconds there is room."""

    code = "http.busy"


class CallerGone(KysoError):
    """Whoever asked has closed the connection: what is made for him now, nobody receives."""

    code = "http.caller_gone"


class NotFound(KysoError):
    code = "http.not_found"


class WrongMediaType(KysoError):
    code = "http.media_type"


class MethodNotAllowed(KysoError):
    code = "http.method"


class UnknownCredential(KysoError):
    code = "http.unknown_credential"


class NotServed(KysoError):
    """This server is not set up for what was asked (no CA, no TSA)."""

    code = "http.not_served"


class CredentialUnavailable(KeyAccessError):
    """A credential that the server itself cannot unlock: its PIN file is wrong, or its token refused it."""

    code = "key.unavailable_here"


class DatabaseUnavailable(KysoError):
    """The database does not answer, or refuses: nothing was signed after that, because nobody could write it down."""

    code = "database"


class TrustUnavailable(KysoError):
    """The trust store that the settings name cannot be read: nobody is trusted, and nothing is said to be valid."""

    code = "trust.unavailable"


class ApprovalLost(KysoError):
    """An approval whose unlocked key is not open any more: it ended, or the server was started anew."""

    code = "signing.approval_lost"


@dataclass(frozen=True)
class Row:
    status: int
    title: str
    said: str | None = None
    """The words for the outside; None: the error's own message holds nothing but what the caller sent."""


TABLE: dict[str, Row] = {
    "usage": Row(400, "The request cannot be right"),
    "auth.malformed": Row(400, "Malformed authorization header"),
    "auth.refused": Row(401, "Not authorised"),
    "http.not_found": Row(404, "Not found"),
    "http.media_type": Row(415, "Wrong content type"),
    "http.method": Row(405, "Method not allowed"),
    "http.unknown_credential": Row(404, "No such credential"),
    "http.not_served": Row(501, "Not served here"),
    "http.too_large": Row(413, "Too large"),
    "http.caller_gone": Row(408, "The caller has gone"),
    "http.busy": Row(503, "Too many documents at once"),
    "http.too_slow": Row(408, "The request did not come in time"),
    "format": Row(422, "The document cannot be read"),
    "format.empty": Row(400, "The request body is empty"),
    "format.unrecognised": Row(415, "Neither PDF nor XML"),
    "format.encrypted": Row(422, "The document is encrypted"),
    "format.limit": Row(422, "The document passes a limit"),
    "format.lint": Row(422, "What is seen may not be what is signed"),
    "certificate": Row(409, "The credential's certificate cannot sign"),
    "key": Row(503, "The key cannot be reached", "The key cannot be used now; the server's log says why."),
    "key.pin_required": Row(400, "The PIN is missing", "This credential needs a PIN, in the header Kyso-Pin."),
    "key.pin_refused": Row(403, "The PIN is invalid", "The PIN is invalid. One try was made; check it first."),
    "key.pin_locked": Row(403, "The PIN is locked", "Too many wrong PINs were given for this token; try later."),
    "key.mechanism": Row(400, "The key cannot sign this way", "The key does not support this algorithm."),
    "signing": Row(500, "Signing failed", "Signing failed; nothing was returned. The server's log says why."),
    "signing.not_permitted": Row(409, "The document does not permit this"),
    "signing.not_extendable": Row(
        409,
        "Nothing to extend",
        "The document carries no signature, or one that is damaged, was changed afterwards, is plain XMLDSIG, or is "
        "covered by another one.",
    ),
    "signing.evidence_missing": Row(
        409,
        "The evidence for this level cannot be had",
        "Evidence about a certificate cannot be had here; the server's log says which certificate lacks what.",
    ),
    "signing.profile": Row(422, "The profile does not fit"),
    "signing.earlier": Row(409, "A signature stands in the way"),
    "timestamp": Row(503, "No time-stamp", "The time-stamping authority did not answer; level B-B needs none."),
    "trust.unavailable": Row(
        503,
        "The trust store cannot be used",
        "The trust store cannot be used now, so nothing can be verified; the server's log says why.",
    ),
    "database": Row(
        503, "The database cannot be used", "The database cannot be used now; the server's log says why."
    ),
    "fetch": Row(502, "Another server did not answer", "A server that this one asked did not answer as it must."),
}
_UNKNOWN = Row(500, "Internal error", "The server made a mistake; its log holds the request's number.")


def row_of(error: KysoError) -> Row:
    return TABLE.get(error.code) or TABLE.get(error.code.split(".")[0]) or _UNKNOWN


def problem_of(error: KysoError, request_id: str) -> tuple[int, dict[str, Any]]:
    """Status and body (RFC 9457 section 3)."""
    row = row_of(error)
    body: dict[str, Any] = {
        "type": f"urn:kyso:error:{error.code}",
        "title": row.title,
        "status": row.status,
        "detail": row.said or error.message,
        "code": error.code,
        "request": request_id,
    }
    if row.said is None and error.remedy:
        body["remedy"] = error.remedy
    if isinstance(codes := error.details.get("codes"), tuple):
        body["codes"] = list(codes)
    return row.status, body


# The same errors in CSC's words. Ours that are not listed are `server_error`.
_CSC: dict[str, Callable[[KysoError], CscRefusal]] = {
    "auth.malformed": lambda e: CscRefusal("invalid_request", "Malformed authorization header"),
    "auth.refused": lambda e: CscRefusal("invalid_token", e.message, 401),
    "http.too_large": lambda e: CscRefusal("invalid_request", e.message, 413),
    "http.too_slow": lambda e: CscRefusal("invalid_request", e.message, 408),
    "http.not_found": lambda e: CscRefusal("invalid_request", e.message, 404),
    "http.method": lambda e: CscRefusal("invalid_request", "Every API method is a POST", 405),
    "http.unknown_credential": lambda e: CscRefusal("invalid_request", "Invalid parameter credentialID"),
    "signing.approval_lost": lambda e: CscRefusal("invalid_request", "SAD expired"),
    "usage": lambda e: CscRefusal("invalid_request", e.message),
    "certificate.expired": lambda e: CscRefusal("invalid_request", "Signing certificate is expired"),
    "certificate": lambda e: CscRefusal("invalid_request", "The credential identified by credentialID is disabled"),
    "key.pin_required": lambda e: CscRefusal("invalid_request", "Missing (or invalid type) string parameter PIN"),
    "key.mechanism": lambda e: CscRefusal("invalid_request", "Invalid parameter signAlgo"),
    "database": lambda e: CscRefusal("temporarily_unavailable", "The database cannot be used now", 503),
    "key": lambda e: CscRefusal("temporarily_unavailable", "The key cannot be used now", 503),
}


def refusal_of(error: KysoError, version: Version) -> CscRefusal:
    """The CSC refusal for an error; v1 and v2 differ in how they call a wrong or locked PIN."""
    if isinstance(error, CscRefusal):
        return error
    if error.code == "key.pin_refused":
        if version == "v1":
            return CscRefusal("invalid_pin", "The PIN is invalid")
        return CscRefusal("invalid_authentication_data", "The authentication data is invalid")
    if error.code == "key.pin_locked":
        return CscRefusal("invalid_request", "PIN locked" if version == "v1" else "Credential locked")
    make = _CSC.get(error.code) or _CSC.get(error.code.split(".")[0])
    return make(error) if make else CscRefusal("server_error", "The server made a mistake", 500)
