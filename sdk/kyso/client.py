"""A kyso (or any CSC) server, for programs: `Client`, and `AsyncClient` with the same methods awaited.

Reach for `Client(url, token).sign(path, credential_id)`: the document stays here, its hash travels. Use
`sign_document` only when the server itself has to see the document. The token, PINs and passwords are sent in headers
and bodies over the given URL, never in it; use https outside loopback. What is said is written once, in `calls`; the
two clients differ in how they send it.
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable
from concurrent.futures import CancelledError, ThreadPoolExecutor
from contextvars import copy_context
from datetime import datetime
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypedDict, TypeVar, Unpack

from kyso_pki.claims import Claims
from kyso_pki.csc import CredentialInfo, ServiceInfo, Version
from kyso_pki.document import Certification, FieldLock, XmlForm
from kyso_pki.evidence import Evidence
from kyso_pki.scheme import HashName
from kyso_pki.signer import Fetcher, Timestamper
from kyso_pki.x509.trust import TrustStore
from kyso_pki.xmlprofile import Profile

from .api import Answer, Api, Pin, Request
from .calls import Calls
from .csc import CscSigner
from .serverside import ServerOptions
from .signing import Password, read, sign

if TYPE_CHECKING:
    import httpx2

    from kyso_pki.pdf.appearance.stamp import Stamp
    from kyso_pki.pdf.lint.policy import LintPolicy

_T = TypeVar("_T")
Source = bytes | os.PathLike[str]
MAX_SIGNINGS = 100  # of one AsyncClient at the same time: as many as httpx2 keeps connections


class SignOptions(TypedDict, total=False):
    """How a document is signed with a remote key: all that `kyso.sign` takes besides the document and the key."""

    level: str
    timestamper: Timestamper | str | None
    reason: str | None
    location: str | None
    contact: str | None
    field: str | None
    certify: Certification | None
    lock: FieldLock | None
    xml_form: XmlForm
    profile: Profile | str | os.PathLike[str] | None
    claims: Claims | None
    countersign: str | None
    content_timestamp: bool
    stamp: Stamp | None
    at: datetime | None
    fetcher: Fetcher | None
    evidence: Evidence
    trust: TrustStore
    password: Password | None
    lint: LintPolicy | None
    content: bytes | os.PathLike[str] | None


class Client:
    """A server spoken to synchronously; a context manager. Not shared between threads."""

    def __init__(
        self, url: str, token: str | None = None, *, timeout_s: float = 30.0, version: Version = "v2"
    ) -> None:
        self._api = Api(url, token, version)
        self._calls = Calls(self._api, self._send)
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
        return self._calls.info()

    def credentials(self) -> list[CredentialInfo]:
        """The credentials that this token may use, each with its chain."""
        return self._calls.credentials()

    def credential(self, credential_id: str) -> CredentialInfo:
        """One credential with its chain (CSC `credentials/info`)."""
        return self._calls.credential(credential_id)

    def signer(
        self, credential_id: str, *, pin: Pin = None, hash_name: HashName | None = None, pss: bool = False
    ) -> CscSigner:
        """A `Signer` for this credential: give it to `kyso.sign`, and only hashes travel."""
        return self._calls.signer(credential_id, pin=pin, hash_name=hash_name, pss=pss)

    def sign(
        self,
        source: Source,
        credential_id: str,
        *,
        pin: Pin = None,
        hash_name: HashName | None = None,
        pss: bool = False,
        **options: Unpack[SignOptions],
    ) -> bytes:
        """The signed document; only its hash goes to the server. `options` and errors are those of `kyso.sign`."""
        signer = self._calls.signer(credential_id, pin=pin, hash_name=hash_name, pss=pss)
        return sign(source, signer, **options)

    def sign_document(
        self,
        source: Source,
        credential_id: str,
        *,
        pin: Pin = None,
        **options: Unpack[ServerOptions],
    ) -> bytes:
        """The signed document, signed at the server: the whole document travels, and so does its `password`.

        `profile` is one by its name; its form counts, not `xml_form`. Raises `UsageError` for what only `sign` does,
        `OtherDocument` when the answer is not this document with one intact signature more.
        """
        return self._calls.sign_document(read(source), credential_id, pin=pin, options=options)

    def extend_document(self, source: Source, *, level: str = "B-LTA", password: Password | None = None) -> bytes:
        """The document with its signatures brought to `level` at the server, with the evidence that the server has.

        Raises `OtherDocument` when the answer is more or something else.
        """
        return self._calls.extend_document(read(source), level=level, password=password)

    def verify_document(self, source: Source, *, password: Password | None = None) -> dict[str, Any]:
        """The server's report on the document, as JSON (docs/report.md), under the server's trust anchors."""
        return self._calls.verify_document(read(source), password=password)

    def readiness(self) -> dict[str, Any]:
        """What works at the server now: `status`, `checks`, and the state of each token; needs no token.

        `status` is `ready` or `not ready`; a token's `state` is `ready`, `logged out`, `missing`, `locked` or
        `faulty` (docs/keys.md). Raises `Unreachable`, `RemoteError`.
        """
        return self._calls.readiness()

    def _send(self, request: Request) -> Answer:
        import httpx2

        if self._http is None:
            self._http = httpx2.Client(headers=self._api.headers(), timeout=self._timeout_s, trust_env=False)
        try:
            return self._http.request(request.method, request.url, **_parts(request))
        except (httpx2.HTTPError, httpx2.InvalidURL) as e:
            raise self._api.unreachable(e) from None


class AsyncClient:
    """A server spoken to from asyncio; an async context manager.

    What is not waiting for the server (files, parsing, hashing, whoever types a PIN) runs in threads of its own.
    """

    def __init__(
        self, url: str, token: str | None = None, *, timeout_s: float = 30.0, version: Version = "v2"
    ) -> None:
        self._api = Api(url, token, version)
        self._timeout_s = timeout_s
        self._http: httpx2.AsyncClient | None = None
        self._threads: ThreadPoolExecutor | None = None

    async def __aenter__(self) -> AsyncClient:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Closes the connections."""
        if self._threads is not None:
            self._threads.shutdown(wait=False, cancel_futures=True)
            self._threads = None
        if self._http is not None:
            await self._http.aclose()
            self._http = None

    async def info(self) -> ServiceInfo:
        """As `Client.info`."""
        return await self._blocking(lambda calls: calls.info())

    async def credentials(self) -> list[CredentialInfo]:
        """As `Client.credentials`."""
        return await self._blocking(lambda calls: calls.credentials())

    async def credential(self, credential_id: str) -> CredentialInfo:
        """As `Client.credential`."""
        return await self._blocking(lambda calls: calls.credential(credential_id))

    async def sign(
        self,
        source: Source,
        credential_id: str,
        *,
        pin: Pin = None,
        hash_name: HashName | None = None,
        pss: bool = False,
        **options: Unpack[SignOptions],
    ) -> bytes:
        """As `Client.sign`. Once it is cancelled, nothing more is sent: no hash is authorised or signed."""

        def work(calls: Calls) -> bytes:
            return sign(source, calls.signer(credential_id, pin=pin, hash_name=hash_name, pss=pss), **options)

        return await self._blocking(work)

    async def sign_document(
        self,
        source: Source,
        credential_id: str,
        *,
        pin: Pin = None,
        **options: Unpack[ServerOptions],
    ) -> bytes:
        """As `Client.sign_document`."""
        return await self._blocking(
            lambda calls: calls.sign_document(read(source), credential_id, pin=pin, options=options)
        )

    async def extend_document(
        self, source: Source, *, level: str = "B-LTA", password: Password | None = None
    ) -> bytes:
        """As `Client.extend_document`."""
        return await self._blocking(lambda calls: calls.extend_document(read(source), level=level, password=password))

    async def verify_document(self, source: Source, *, password: Password | None = None) -> dict[str, Any]:
        """As `Client.verify_document`."""
        return await self._blocking(lambda calls: calls.verify_document(read(source), password=password))

    async def readiness(self) -> dict[str, Any]:
        """As `Client.readiness`."""
        return await self._blocking(lambda calls: calls.readiness())

    async def _blocking(self, work: Callable[[Calls], _T]) -> _T:
        """Runs `work` in a thread; what it sends goes through this event loop.

        The threads are its own: those of the loop look up the addresses that these wait for.
        """
        loop, stopped = asyncio.get_running_loop(), threading.Event()

        def send(request: Request) -> Answer:
            if stopped.is_set():
                raise CancelledError
            return asyncio.run_coroutine_threadsafe(self._send(request), loop).result()

        if self._threads is None:
            self._threads = ThreadPoolExecutor(MAX_SIGNINGS, "kyso-client")
        try:
            return await loop.run_in_executor(
                self._threads, partial(copy_context().run, work, Calls(self._api, send))
            )
        finally:
            stopped.set()

    async def _send(self, request: Request) -> Answer:
        import httpx2

        if self._http is None:
            self._http = httpx2.AsyncClient(headers=self._api.headers(), timeout=self._timeout_s, trust_env=False)
        try:
            return await self._http.request(request.method, request.url, **_parts(request))
        except (httpx2.HTTPError, httpx2.InvalidURL) as e:
            raise self._api.unreachable(e) from None


def _parts(request: Request) -> dict[str, Any]:
    return {
        "json": request.json,
        "content": request.content,
        "params": dict(request.params) or None,
        "headers": dict(request.headers),
    }
