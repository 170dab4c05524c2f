"""A kyso (or any CSC) server, for programs: `Client`, and `AsyncClient` with the same methods awaited.

Reach for `Client(url, token).sign(path, credential_id)`: the document stays here, its hash travels. Use
`sign_document` only when the server itself has to see the document. The token and the PIN are sent in headers
and bodies over the given URL, never in it; use https outside loopback.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from datetime import UTC, datetime
from types import TracebackType
from typing import TYPE_CHECKING, Any, Protocol

from kyso_hsm.pin import SecretRequest, SecretSource
from kyso_pki.ades.grow import NO_TRUST, extend
from kyso_pki.ades.sign import evidence_for, ready, require_growth
from kyso_pki.csc import (
    AuthorizeResponse,
    CredentialInfo,
    InfoRequest,
    ListRequest,
    ListResponse,
    ServiceInfo,
    SignHashResponse,
    Version,
    error_from,
)
from kyso_pki.document import Intent, Pending, XmlForm, level_named
from kyso_pki.errors import (
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
from kyso_pki.evidence import NO_EVIDENCE, Evidence
from kyso_pki.formats import open_document
from kyso_pki.scheme import HashName, Scheme
from kyso_pki.signer import Fetcher, Timestamper

from .csc import CscSigner, chain_of, checked, requests_for
from .fetch import without_password
from .signing import Password, asked_once, read, sign, sources_for, timestamper_of

if TYPE_CHECKING:
    import httpx2

MAX_PAGES = 1000  # of credentials/list, against a server that sends another one for ever
Pin = SecretSource | str | None
_REFUSALS: dict[str, type[KysoError]] = {
    # Codes of problem+json that mean the same here as where they were raised.
    PinRefused.code: PinRefused,
    PinLocked.code: PinLocked,
    PinRequired.code: PinRequired,
    "http.unknown_credential": KeyNotFound,
}


class _Answer(Protocol):
    """What both kinds of response have in common."""

    @property
    def status_code(self) -> int: ...
    @property
    def content(self) -> bytes: ...


@dataclass(frozen=True)
class _Api:
    """The requests of both clients, built without a network, and their answers read."""

    base: str
    token: str | None = dataclass_field(repr=False)
    version: Version

    def __post_init__(self) -> None:
        if self.token is not None:
            _for_header(self.token, "API token", "Copy the token again; it is plain ASCII.")

    def headers(self) -> dict[str, str]:
        headers = {"User-Agent": "kyso", "Accept": "application/json"}
        return headers if self.token is None else headers | {"Authorization": f"Bearer {self.token}"}

    def csc(self, method: str) -> str:
        return f"{self.base}/csc/{self.version}/{method}"

    def csc_answer(self, method: str, answer: _Answer) -> dict[str, Any]:
        """The JSON object of a CSC answer. Raises `RemoteError` subclasses and `KeyAccessError`s for PINs."""
        if answer.status_code != 200:
            raise error_from(answer.status_code, answer.content, self.csc(method))
        return _json_object(answer, self.csc(method))

    def unreachable(self, error: Exception) -> Unreachable:
        return Unreachable(
            f"The server {self.base} cannot be reached ({type(error).__name__}).",
            remedy="Check the address and that the server runs (`kyso serve`).",
            url=self.base,
        )

    def sign_parameters(
        self,
        credential_id: str,
        *,
        level: str,
        xml_form: XmlForm,
        reason: str | None,
        location: str | None,
        field: str | None,
    ) -> dict[str, str]:
        wanted = {
            "credential": credential_id,
            "level": level_named(level),
            "form": xml_form,
            "reason": reason,
            "location": location,
            "field": field,
        }
        return {name: value for name, value in wanted.items() if value is not None}

    def document_answer(self, answer: _Answer) -> bytes:
        """The body of a document answer. Raises from problem+json (RFC 9457)."""
        if answer.status_code == 200:
            return answer.content
        try:
            problem = json.loads(answer.content)
        except (ValueError, RecursionError):
            problem = {}
        if not isinstance(problem, dict):
            problem = {}
        detail = str(problem.get("detail") or problem.get("title") or f"HTTP status {answer.status_code}")
        kind = _REFUSALS.get(str(problem.get("code")))
        if kind is None:
            kind = Unauthorized if answer.status_code in (401, 403) else RemoteError
        raise kind(
            f"The server refused: {detail.removesuffix('.')}.",
            remedy=problem.get("remedy"),
            status=answer.status_code,
            error=problem.get("code"),
        )


def _readiness(answer: _Answer, url: str) -> dict[str, Any]:
    """What `/readyz` says; 503 is an answer too. Raises `RemoteError` for anything else."""
    value = _json_object(answer, url)
    if answer.status_code not in (200, 503) or not {"status", "checks", "tokens"} <= value.keys():
        raise RemoteError(f"{url} does not tell its readiness; is it a kyso server?", status=answer.status_code)
    return value


def _json_object(answer: _Answer, url: str) -> dict[str, Any]:
    try:
        value = json.loads(answer.content)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise RemoteError(f"{url} did not answer with a JSON object.", status=answer.status_code)
    return value


def _token(token: str | None) -> str | None:
    """The API token, if it can stand in a header at all (RFC 6750 2.1)."""
    if token is not None and not (token.isascii() and token.isprintable() and token and " " not in token):
        raise UsageError(
            "The API token is empty or holds blanks or line breaks.", remedy="Strip the text of its file."
        )
    return token


def _base(url: str) -> str:
    if not url.startswith(("http://", "https://")):
        raise UsageError(
            f"{without_password(url)!r} is no server address.", remedy="Use http://HOST:PORT or https://HOST."
        )
    if without_password(url) != url:
        raise UsageError("A server address carries no name and password.", remedy="Pass an API token.")
    return url.rstrip("/")


def _for_header(secret: str, what: str, remedy: str) -> str:
    """The secret, if a header can carry it; the error names no part of it."""
    if not secret.isascii() or not secret.isprintable():
        raise UsageError(f"The {what} holds characters that a request header cannot carry.", remedy=remedy)
    return secret


def _pin_headers(ask: Callable[[], str] | None) -> dict[str, str]:
    remedy = "Sign with `sign`: there the PIN travels in a body, and the document stays here."
    return {"Kyso-PIN": _for_header(ask(), "PIN", remedy)} if ask else {}


def _next_page(token: str | None, seen: list[str]) -> str | None:
    """The next page of credentials; a server that never ends is refused."""
    if token is not None and (token in seen or len(seen) >= MAX_PAGES):
        raise RemoteError("The server's list of credentials does not end.")
    return token


def _asker(pin: Pin, credential_id: str, base: str) -> Callable[[], str] | None:
    """How to get the PIN when the server asks for one; a source is asked once per batch."""
    if pin is None:
        return None
    if isinstance(pin, str):
        return lambda: pin
    return lambda: pin(SecretRequest("user-pin", f"{credential_id} ({base})"))


class Client:
    """A server spoken to synchronously; a context manager. Not shared between threads."""

    def __init__(
        self, url: str, token: str | None = None, *, timeout_s: float = 30.0, version: Version = "v2"
    ) -> None:
        self._api = _Api(_base(url), _token(token), version)
        self._timeout_s = timeout_s
        self._http: httpx2.Client | None = None

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Closes the connections."""
        if self._http is not None:
            self._http.close()
            self._http = None

    def info(self) -> ServiceInfo:
        """What the service is and can do (CSC `info`); needs no token."""
        return ServiceInfo.parse(self._csc("info", {}))

    def credentials(self) -> list[CredentialInfo]:
        """The credentials that this token may use, each with its chain."""
        ids: list[str] = []
        page: str | None = None
        pages: list[str] = []
        while True:
            answer = ListResponse.parse(
                self._csc("credentials/list", ListRequest(page_token=page).to_json(self._api.version))
            )
            ids += answer.credential_ids
            page = _next_page(answer.next_page_token, pages)
            if page is None:
                return [self.credential(i) for i in ids]
            pages.append(page)

    def credential(self, credential_id: str) -> CredentialInfo:
        """One credential with its chain (CSC `credentials/info`)."""
        request = InfoRequest(credential_id, certificates="chain", cert_info=True, auth_info=True)
        return CredentialInfo.parse(self._csc("credentials/info", request.to_json()), credential_id)

    def signer(
        self, credential_id: str, *, pin: Pin = None, hash_name: HashName | None = None, pss: bool = False
    ) -> CscSigner:
        """A `Signer` for this credential: give it to `kyso.sign`, and only hashes travel."""
        return CscSigner(
            self._csc,
            self.credential(credential_id),
            pin=_asker(pin, credential_id, self._api.base),
            version=self._api.version,
            hash_name=hash_name,
            pss=pss,
        )

    def sign(
        self,
        source: bytes | os.PathLike[str],
        credential_id: str,
        *,
        pin: Pin = None,
        level: str = "B-B",
        timestamper: Timestamper | str | None = None,
        reason: str | None = None,
        location: str | None = None,
        field: str | None = None,
        xml_form: XmlForm = "xades",
        at: datetime | None = None,
        fetcher: Fetcher | None = None,
        evidence: Evidence = NO_EVIDENCE,
        password: Password | None = None,
    ) -> bytes:
        """The signed document; only its hash goes to the server. The rest is as in `kyso.sign`."""
        return sign(
            source,
            self.signer(credential_id, pin=pin),
            level=level,
            timestamper=timestamper,
            reason=reason,
            location=location,
            field=field,
            xml_form=xml_form,
            at=at,
            fetcher=fetcher,
            evidence=evidence,
            password=password,
        )

    def extend_document(self, source: bytes | os.PathLike[str], *, level: str = "B-LTA") -> bytes:
        """The PDF with its signatures brought to `level` at the server, with the evidence that the server has."""
        parameters = {"level": level_named(level)}
        return self._api.document_answer(self._post("/v1/extend", read(source), parameters, {}))

    def sign_document(
        self,
        source: bytes | os.PathLike[str],
        credential_id: str,
        *,
        pin: Pin = None,
        level: str = "B-B",
        reason: str | None = None,
        location: str | None = None,
        field: str | None = None,
        xml_form: XmlForm = "xades",
    ) -> bytes:
        """The signed document, signed at the server: the whole document travels."""
        parameters = self._api.sign_parameters(
            credential_id, level=level, xml_form=xml_form, reason=reason, location=location, field=field
        )
        headers = _pin_headers(_asker(pin, credential_id, self._api.base))
        return self._api.document_answer(self._post("/v1/sign", read(source), parameters, headers))

    def verify_document(self, source: bytes | os.PathLike[str]) -> dict[str, Any]:
        """The server's report on the document, as JSON (docs/report.md), under the server's trust anchors."""
        answer = self._post("/v1/verify", read(source), {}, {})
        self._api.document_answer(answer)
        return _json_object(answer, self._api.base)

    def readiness(self) -> dict[str, Any]:
        """What works at the server now: `status`, `checks`, and the state of each token; needs no token.

        `status` is `ready` or `not ready`; a token's `state` is `ready`, `logged out`, `missing`, `locked` or
        `faulty` (docs/keys.md). Raises `Unreachable`, `RemoteError`.
        """
        import httpx2

        url = f"{self._api.base}/readyz"
        try:
            return _readiness(self._client().get(url), url)
        except (httpx2.HTTPError, httpx2.InvalidURL) as e:
            raise self._api.unreachable(e) from None

    def _csc(self, method: str, body: dict[str, Any]) -> dict[str, Any]:
        import httpx2

        try:
            answer = self._client().post(self._api.csc(method), json=body)
        except (httpx2.HTTPError, httpx2.InvalidURL) as e:
            raise self._api.unreachable(e) from None
        return self._api.csc_answer(method, answer)

    def _post(
        self, path: str, body: bytes, parameters: Mapping[str, str], headers: Mapping[str, str]
    ) -> httpx2.Response:
        import httpx2

        try:
            return self._client().post(
                self._api.base + path,
                content=body,
                params=dict(parameters),
                headers={"Content-Type": "application/octet-stream", **headers},
            )
        except (httpx2.HTTPError, httpx2.InvalidURL) as e:
            raise self._api.unreachable(e) from None

    def _client(self) -> httpx2.Client:
        if self._http is None:
            import httpx2

            self._http = httpx2.Client(headers=self._api.headers(), timeout=self._timeout_s, trust_env=False)
        return self._http


class AsyncClient:
    """A server spoken to from asyncio; an async context manager."""

    def __init__(
        self, url: str, token: str | None = None, *, timeout_s: float = 30.0, version: Version = "v2"
    ) -> None:
        self._api = _Api(_base(url), _token(token), version)
        self._timeout_s = timeout_s
        self._http: httpx2.AsyncClient | None = None

    async def __aenter__(self) -> AsyncClient:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Closes the connections."""
        if self._http is not None:
            await self._http.aclose()
            self._http = None

    async def info(self) -> ServiceInfo:
        """What the service is and can do (CSC `info`); needs no token."""
        return ServiceInfo.parse(await self._csc("info", {}))

    async def credentials(self) -> list[CredentialInfo]:
        """The credentials that this token may use, each with its chain."""
        ids: list[str] = []
        page: str | None = None
        pages: list[str] = []
        while True:
            answer = ListResponse.parse(
                await self._csc("credentials/list", ListRequest(page_token=page).to_json(self._api.version))
            )
            ids += answer.credential_ids
            page = _next_page(answer.next_page_token, pages)
            if page is None:
                return [await self.credential(i) for i in ids]
            pages.append(page)

    async def credential(self, credential_id: str) -> CredentialInfo:
        """One credential with its chain (CSC `credentials/info`)."""
        request = InfoRequest(credential_id, certificates="chain", cert_info=True, auth_info=True)
        return CredentialInfo.parse(await self._csc("credentials/info", request.to_json()), credential_id)

    async def sign(
        self,
        source: bytes | os.PathLike[str],
        credential_id: str,
        *,
        pin: Pin = None,
        level: str = "B-B",
        timestamper: Timestamper | str | None = None,
        reason: str | None = None,
        location: str | None = None,
        field: str | None = None,
        xml_form: XmlForm = "xades",
        at: datetime | None = None,
        fetcher: Fetcher | None = None,
        evidence: Evidence = NO_EVIDENCE,
        password: Password | None = None,
    ) -> bytes:
        """The signed document; only its hash goes to the server. All but the calls to it runs in a thread."""
        import asyncio

        password = asked_once(password)
        hand = timestamper_of(timestamper)
        intent = Intent(
            signing_time=at or datetime.now(UTC),
            level=level_named(level),
            reason=reason,
            location=location,
            field=field,
            xml_form=xml_form,
        )
        info = await self.credential(credential_id)
        chain = chain_of(info)
        scheme = Scheme.for_key(chain.leaf.public_key)
        document = await asyncio.to_thread(lambda: open_document(read(source), password))
        require_growth(document, intent)
        with sources_for(intent.level, fetcher, evidence, NO_TRUST) as sources:
            ready_ = await asyncio.to_thread(ready, intent, chain, scheme, hand, sources)
            pending = await asyncio.to_thread(document.prepare, ready_, chain, scheme)
            value = await self._value_for(credential_id, info, pending, pin)
            stamped = await asyncio.to_thread(evidence_for, pending, value, ready_, hand)
            signed = await asyncio.to_thread(pending.finish, value, stamped)
            if sources is None:
                return signed
            longer = await asyncio.to_thread(open_document, signed, password)
            only = (pending.signature_id,) if document.format == "xml" else None
            return await asyncio.to_thread(
                lambda: extend(longer, intent.level, timestamper=hand, sources=sources, only=only).data
            )

    async def _value_for(self, credential_id: str, info: CredentialInfo, pending: Pending, pin: Pin) -> bytes:
        """The value over one hash, authorised and checked."""
        import asyncio

        ask = _asker(pin, credential_id, self._api.base)
        secret = await asyncio.to_thread(ask) if ask and info.pin else None
        chain = chain_of(info)
        scheme = Scheme.for_key(chain.leaf.public_key)
        hashes = (pending.imprint,)
        authorize, sign_hash = requests_for(info, scheme, hashes, secret)
        version = self._api.version
        sad = AuthorizeResponse.parse(await self._csc("credentials/authorize", authorize.to_json(version))).sad
        answer = await self._csc("signatures/signHash", sign_hash(sad).to_json(version))
        [value] = checked(SignHashResponse.parse(answer, 1).signatures, hashes, chain, scheme)
        return value

    async def extend_document(self, source: bytes | os.PathLike[str], *, level: str = "B-LTA") -> bytes:
        """The PDF with its signatures brought to `level` at the server, with the evidence that the server has."""
        return self._api.document_answer(
            await self._post("/v1/extend", read(source), {"level": level_named(level)}, {})
        )

    async def sign_document(
        self,
        source: bytes | os.PathLike[str],
        credential_id: str,
        *,
        pin: Pin = None,
        level: str = "B-B",
        reason: str | None = None,
        location: str | None = None,
        field: str | None = None,
        xml_form: XmlForm = "xades",
    ) -> bytes:
        """The signed document, signed at the server: the whole document travels."""
        parameters = self._api.sign_parameters(
            credential_id, level=level, xml_form=xml_form, reason=reason, location=location, field=field
        )
        headers = _pin_headers(_asker(pin, credential_id, self._api.base))
        return self._api.document_answer(await self._post("/v1/sign", read(source), parameters, headers))

    async def verify_document(self, source: bytes | os.PathLike[str]) -> dict[str, Any]:
        """The server's report on the document, as JSON (docs/report.md), under the server's trust anchors."""
        answer = await self._post("/v1/verify", read(source), {}, {})
        self._api.document_answer(answer)
        return _json_object(answer, self._api.base)

    async def readiness(self) -> dict[str, Any]:
        """What works at the server now: `status`, `checks`, and the state of each token; needs no token.

        `status` is `ready` or `not ready`; a token's `state` is `ready`, `logged out`, `missing`, `locked` or
        `faulty` (docs/keys.md). Raises `Unreachable`, `RemoteError`.
        """
        import httpx2

        url = f"{self._api.base}/readyz"
        try:
            return _readiness(await self._client().get(url), url)
        except (httpx2.HTTPError, httpx2.InvalidURL) as e:
            raise self._api.unreachable(e) from None

    async def _csc(self, method: str, body: dict[str, Any]) -> dict[str, Any]:
        import httpx2

        try:
            answer = await self._client().post(self._api.csc(method), json=body)
        except (httpx2.HTTPError, httpx2.InvalidURL) as e:
            raise self._api.unreachable(e) from None
        return self._api.csc_answer(method, answer)

    async def _post(
        self, path: str, body: bytes, parameters: Mapping[str, str], headers: Mapping[str, str]
    ) -> httpx2.Response:
        import httpx2

        try:
            return await self._client().post(
                self._api.base + path,
                content=body,
                params=dict(parameters),
                headers={"Content-Type": "application/octet-stream", **headers},
            )
        except (httpx2.HTTPError, httpx2.InvalidURL) as e:
            raise self._api.unreachable(e) from None

    def _client(self) -> httpx2.AsyncClient:
        if self._http is None:
            import httpx2

            self._http = httpx2.AsyncClient(headers=self._api.headers(), timeout=self._timeout_s, trust_env=False)
        return self._http
