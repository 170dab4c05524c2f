"""What the service refuses, and what that means to a client."""

from __future__ import annotations

import json
import re
from typing import Any

from ..errors import (
    KeyNotFound,
    KysoError,
    PinLocked,
    PinRefused,
    RemoteError,
    RemoteUnavailable,
    Unauthorized,
)


class CscRefusal(KysoError):
    """A request that the service refuses: HTTP `status`, CSC `error` and `description` exactly as sent."""

    code = "csc"

    def __init__(self, error: str, description: str, status: int = 400) -> None:
        super().__init__(description)
        self.error = error
        self.description = description
        self.status = status

    def to_json(self) -> dict[str, str]:
        return {"error": self.error, "error_description": self.description}


def invalid(description: str) -> CscRefusal:
    """The refusal `invalid_request` with these words."""
    return CscRefusal("invalid_request", description)


def missing(kind: str, name: str) -> CscRefusal:
    return invalid(f"Missing (or invalid type) {kind} parameter {name}")


def unavailable(why: str, **received: Any) -> RemoteUnavailable:
    """The error for what a server cannot do now."""
    return RemoteUnavailable(
        f"The server cannot do this now: {why.removesuffix('.')}.",
        remedy="Ask its administrator, who sees more with `kyso keys status` and in its log; then try again.",
        **received,
    )


_UNAUTHORIZED = ("invalid_token", "expired_token", "unauthorized_client", "access_denied")


def error_from(status: int, body: bytes, url: str) -> KysoError:
    """What a refused call means to the client.

    `Unauthorized`, `PinRefused`, `PinLocked`, `KeyNotFound` (no such credential),
    `RemoteUnavailable` or `RemoteError`.

    `details` holds `status`, `error` and `error_description` as received. Never raises for odd bodies.
    """
    try:
        answer = json.loads(body)
    except ValueError:
        answer = None
    error = answer.get("error") if isinstance(answer, dict) else None
    description = answer.get("error_description") if isinstance(answer, dict) else None
    if not isinstance(error, str):
        kind: type[KysoError] = Unauthorized if status in (401, 403) else RemoteError
        return kind(f"{url} answered with HTTP status {status}.", status=status, error=None, error_description=None)
    description = description if isinstance(description, str) else ""
    received: dict[str, Any] = {"status": status, "error": error, "error_description": description}
    message = f"The server refused: {(description or error).removesuffix('.')}."
    if re.search(r"\blocked\b", description, re.IGNORECASE):  # "PIN locked", "Credential locked"
        return PinLocked(message, remedy="Ask the administrator of the token to unlock the PIN.", **received)
    if error in ("invalid_pin", "invalid_authentication_data"):
        return PinRefused(
            message, remedy="One try was made and counts against the PIN; check it before the next.", **received
        )
    if error == "invalid_request" and "credentialID" in description:
        return KeyNotFound(message, remedy="Ask the server which credentials it has (credentials/list).", **received)
    if status == 401 or error in _UNAUTHORIZED:
        return Unauthorized(message, remedy="Check the API token.", **received)
    if status == 503 or error == "temporarily_unavailable":
        return unavailable(description or error, **received)
    return RemoteError(message, **received)
