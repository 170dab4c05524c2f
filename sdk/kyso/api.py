"""The requests to a kyso (or any CSC) server and what its answers mean, without a network.

Reach for `Api` to build a `Request` and to read its `Answer`. Secrets stand in headers and bodies, never in an
address, and no error repeats one. `exchanges` puts requests in order, `client` sends them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol
from urllib.parse import quote

from kyso_hsm.pin import SecretRequest, SecretSource
from kyso_pki.csc import Version, error_from, unavailable
from kyso_pki.errors import (
    DocumentRefused,
    KeyNotFound,
    KysoError,
    PinLocked,
    PinRefused,
    PinRequired,
    RemoteError,
    Unauthorized,
    Unreachable,
    UsageError,
)

from .fetch import without_password
from .signing import Password

Pin = SecretSource | str | None
PASSWORD_HEADER = "Kyso-Document-Password"  # noqa: S105 - its name
_REFUSALS: dict[str, type[KysoError]] = {
    # Codes of problem+json that mean the same here as where they were raised.
    PinRefused.code: PinRefused,
    PinLocked.code: PinLocked,
    PinRequired.code: PinRequired,
    "http.unknown_credential": KeyNotFound,
}
_OF_THE_DOCUMENT = (
    "http.too_large",
    "signing.not_permitted",
    "signing.not_extendable",
    "signing.evidence_missing",
    "signing.profile",
    "signing.earlier",
)
"""Codes, besides `format` and those below it, of what is refused for the document that was sent."""


Params = Mapping[str, str | Sequence[str]]
"""Of an address; a sequence is given once for each of its items."""


@dataclass(frozen=True)
class Request:
    """One request, ready to be sent."""

    method: Literal["GET", "POST"]
    url: str
    json: dict[str, Any] | None = field(default=None, repr=False)
    content: bytes | None = field(default=None, repr=False)
    params: Params = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


class Answer(Protocol):
    """What the answers of all transports have in common."""

    @property
    def status_code(self) -> int: ...
    @property
    def content(self) -> bytes: ...


@dataclass(frozen=True)
class Api:
    """One server, and who speaks to it. Raises `UsageError` for what is no address or no token."""

    base: str
    token: str | None = field(repr=False)
    version: Version

    def __post_init__(self) -> None:
        object.__setattr__(self, "base", _base(self.base))
        _check_token(self.token)

    def headers(self) -> dict[str, str]:
        """Of every request."""
        headers = {"User-Agent": "kyso", "Accept": "application/json"}
        return headers if self.token is None else headers | {"Authorization": f"Bearer {self.token}"}

    def csc(self, method: str, body: dict[str, Any]) -> Request:
        return Request("POST", self._csc_url(method), json=body)

    def csc_answer(self, method: str, answer: Answer) -> dict[str, Any]:
        """The JSON object of a CSC answer. Raises `RemoteError` subclasses and `KeyAccessError`s for PINs."""
        if answer.status_code != 200:
            raise error_from(answer.status_code, answer.content, self._csc_url(method))
        return json_object(answer, self._csc_url(method))

    def document(self, path: str, data: bytes, params: Params, headers: Mapping[str, str]) -> Request:
        kind = {"Content-Type": "application/octet-stream"}
        return Request("POST", self.base + path, content=data, params=params, headers=kind | dict(headers))

    def document_answer(self, answer: Answer) -> bytes:
        """The body of a document answer. Raises from problem+json (RFC 9457)."""
        if answer.status_code == 200:
            return answer.content
        problem = _problem(answer)
        detail = str(problem.get("detail") or problem.get("title") or f"HTTP status {answer.status_code}")
        number = problem.get("request")
        if answer.status_code == 500 and re.fullmatch("[0-9a-zA-Z-]{1,64}", str(number or "")):  # as in its log
            raise RemoteError(f"The server failed at the request {number}.", status=500, error=problem.get("code"))
        code = str(problem.get("code"))
        kind = _REFUSALS.get(code)
        if kind is None and (code.split(".")[0] == "format" or code in _OF_THE_DOCUMENT):
            kind = DocumentRefused
        if kind is None:
            if answer.status_code == 503:
                raise unavailable(detail, status=503, error=problem.get("code"))
            kind = Unauthorized if answer.status_code in (401, 403) else RemoteError
        raise kind(
            f"The server refused: {detail.removesuffix('.')}.",
            remedy=problem.get("remedy"),
            status=answer.status_code,
            error=problem.get("code"),
        )

    def readiness(self) -> Request:
        return Request("GET", f"{self.base}/readyz")

    def readiness_answer(self, answer: Answer) -> dict[str, Any]:
        """What `/readyz` says; 503 is an answer too. Raises `RemoteError` for anything else."""
        url = f"{self.base}/readyz"
        value = json_object(answer, url)
        if answer.status_code not in (200, 503) or not {"status", "checks", "tokens"} <= value.keys():
            raise RemoteError(f"{url} does not tell its readiness; is it a kyso server?", status=answer.status_code)
        return value

    def unreachable(self, error: Exception) -> Unreachable:
        return Unreachable(
            f"The server {self.base} cannot be reached ({type(error).__name__}).",
            remedy="Check the address and that the server runs (`kyso serve`).",
            url=self.base,
        )

    def asker(self, pin: Pin, credential_id: str) -> Callable[[], str] | None:
        """How to get the PIN when the server asks for one; a source is asked once per batch."""
        if pin is None:
            return None
        if isinstance(pin, str):
            return lambda: pin
        return lambda: pin(SecretRequest("user-pin", f"{credential_id} ({self.base})"))

    def _csc_url(self, method: str) -> str:
        return f"{self.base}/csc/{self.version}/{method}"


def pin_header(ask: Callable[[], str] | None) -> dict[str, str]:
    remedy = "Sign with `sign`: there the PIN travels in a body, and the document stays here."
    return {"Kyso-PIN": _for_header(ask(), "PIN", remedy)} if ask else {}


def password_header(password: Password | None, data: bytes) -> dict[str, str]:
    """The password of an encrypted PDF, percent-encoded because headers are ASCII; nothing where none is needed."""
    if password is None or b"/Encrypt" not in data:  # named in the trailer, which is never encrypted itself
        return {}
    text = password()
    return {} if text is None else {PASSWORD_HEADER: quote(text, safe="")}


def json_object(answer: Answer, url: str) -> dict[str, Any]:
    """The answer as a JSON object. Raises `RemoteError`."""
    try:
        value = json.loads(answer.content)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise RemoteError(f"{url} did not answer with a JSON object.", status=answer.status_code)
    return value


def _problem(answer: Answer) -> dict[str, Any]:
    try:
        problem = json.loads(answer.content)
    except (ValueError, RecursionError):
        return {}
    return problem if isinstance(problem, dict) else {}


def _base(url: str) -> str:
    if not url.startswith(("http://", "https://")):
        raise UsageError(
            f"{without_password(url)!r} is no server address.", remedy="Use http://HOST:PORT or https://HOST."
        )
    if without_password(url) != url:
        raise UsageError("A server address carries no name and password.", remedy="Pass an API token.")
    return url.rstrip("/")


def _check_token(token: str | None) -> None:
    """Refuses an API token that cannot stand in a header at all (RFC 6750 2.1)."""
    if token is not None and not (token.isascii() and token.isprintable() and token and " " not in token):
        raise UsageError(
            "The API token is empty or holds blanks or line breaks.", remedy="Strip the text of its file."
        )


def _for_header(secret: str, what: str, remedy: str) -> str:
    """The secret, if a header can carry it; the error names no part of it."""
    if not secret.isascii() or not secret.isprintable():
        raise UsageError(f"The {what} holds characters that a request header cannot carry.", remedy=remedy)
    return secret
