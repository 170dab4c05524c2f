"""Fetching OCSP answers, CRLs, issuers and timestamps over HTTP, within stated limits (attack class V6).

URLs in certificates come from whoever made the certificate. So `HttpFetcher` speaks http and https only,
refuses every address that is not public (unless its host is on `allowed_hosts`), after each redirect again,
connects to the very address that it checked, and caps size, time and number of fetches. Compressed answers are
refused, because what they unpack to is not bounded. `HttpTimestamper` goes to one URL that the caller chose.
"""

from __future__ import annotations

import base64
import binascii
import ipaddress
import re
import secrets
import socket
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import TYPE_CHECKING, Any

from kyso_pki.errors import FetchError, TimestampError, Unreachable, UsageError
from kyso_pki.tsp import MAX_RESPONSE_BYTES, info_in, timestamp_request, token_from_response

if TYPE_CHECKING:
    import ssl

    import httpx2

    from .kept import KeptAnswers

MAX_ANSWER_BYTES = 32 << 20  # large CRLs reach some MB
MAX_REDIRECTS = 3
MAX_FETCHES = 64  # per fetcher, against being led around
MAX_KEPT_BYTES = 128 << 20  # in one fetcher's cache
CACHE_S = 300.0
MAX_CLOCKS_APART = timedelta(days=1)
"""Between an authority and this machine. A clock that is wrong by minutes must not stop an office; one that is wrong
by days makes timestamps that prove nothing, or something false."""
MAX_SILENT = 3  # times in a row that a host gave no answer; then it is left alone for `CACHE_S` s
_GLOBAL_UNICAST = ipaddress.IPv6Network("2000::/3")  # all that is assigned, RFC 4291 2.4
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")  # RFC 6052: an IPv4 address stands in the last 32 bits


Resolver = Callable[[str, int], Sequence[str]]
"""The addresses of a host for a port; raises `OSError` or `UnicodeError` when there are none."""


def resolved(host: str, port: int) -> Sequence[str]:
    """As this system resolves names."""
    return [str(info[4][0]) for info in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


class HttpFetcher:
    """Implements `kyso_pki.signer.Fetcher`. One fetcher serves many verifications and caches for `CACHE_S` s.

    `allowed_hosts`: `host` or `host:port` names that may be private, such as one's own responder. `timeout_s`
    bounds one fetch from the first octet sent to the last one received, redirects included; only the name server
    has its own time. `https_only` refuses http, after a redirect too; `tls` is for a server whose certificate comes
    from a CA of one's own. What failed is not tried again for `CACHE_S` s, and a host that was silent `MAX_SILENT`
    times is not asked anything for as long: a dead responder costs its time thrice, not once for each certificate.
    A name is resolved once for each request, by `resolver`, and the connection goes to the address that was checked:
    a name server that answers otherwise the second time (DNS rebinding) is not asked a second time. `kept` holds
    answers on disk for all processes of this user, each until its nextUpdate and for an hour at most.
    """

    def __init__(
        self,
        *,
        timeout_s: float = 10.0,
        allowed_hosts: Iterable[str] = (),
        max_fetches: int = MAX_FETCHES,
        resolver: Resolver = resolved,
        https_only: bool = False,
        tls: ssl.SSLContext | None = None,
        kept: KeptAnswers | None = None,
    ) -> None:
        self._kept = kept
        self._timeout_s = timeout_s
        self._resolver = resolver
        self._https_only = https_only
        self._tls = tls
        self._allowed = frozenset(h.lower() for h in allowed_hosts)
        self._left = max_fetches
        self._cache: dict[tuple[str, bytes], tuple[float, bytes | FetchError]] = {}
        self._kept_bytes = 0
        self._silent: dict[str, tuple[int, float]] = {}
        self._client: httpx2.Client | None = None

    def ocsp(self, url: str, request: bytes) -> bytes:
        """The DER OCSPResponse to a DER OCSPRequest, by POST (RFC 6960 A.1)."""
        return self._fetch(url, request, {"Content-Type": "application/ocsp-request"})

    def crl(self, url: str) -> bytes:
        """A DER CertificateList (RFC 5280 4.2.1.13); PEM is converted."""
        return from_pem(self._fetch(url, b"", {}))

    def certificates(self, url: str) -> bytes:
        """An issuer's certificate (RFC 5280 4.2.2.1)."""
        return self._fetch(url, b"", {})

    def file(self, url: str) -> bytes:
        """What is published at this address, such as a trust bundle."""
        return self._fetch(url, b"", {})

    def __enter__(self) -> HttpFetcher:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Closes its connections; the answers that it kept stay."""
        if self._client is not None:
            self._client.close()
            self._client = None

    def _fetch(self, url: str, body: bytes, headers: Mapping[str, str]) -> bytes:
        kept = self._cache.get((url, body))
        if kept and kept[0] > time.monotonic():
            if isinstance(kept[1], FetchError):
                raise kept[1].with_traceback(None)
            return kept[1]
        if self._kept is not None and (shared := self._kept.get(url, body)) is not None:
            return shared
        host = _host_of(url)
        times, until = self._silent.get(host, (0, 0.0))
        if times >= MAX_SILENT and until > time.monotonic():
            raise Unreachable(
                f"{host} gave no answer {times} times in a row and is not asked for a while.", host=host
            )
        if self._left <= 0:
            raise FetchError("Too many fetches for one run.", remedy="Verify in smaller batches.")
        self._left -= 1
        try:
            answer = self._follow(url, body, headers)
        except FetchError as e:
            self._cache[(url, body)] = (time.monotonic() + CACHE_S, e)
            if isinstance(e, Unreachable):
                self._silent[host] = times + 1, time.monotonic() + CACHE_S
            else:
                self._silent.pop(host, None)
            raise
        self._silent.pop(host, None)
        if self._kept is not None:
            self._kept.put(url, body, answer)
        if self._kept_bytes + len(answer) <= MAX_KEPT_BYTES:
            self._kept_bytes += len(answer)
            self._cache[(url, body)] = (time.monotonic() + CACHE_S, answer)
        return answer

    def _follow(self, url: str, body: bytes, headers: Mapping[str, str]) -> bytes:
        import httpx2

        shown = without_password(url)[:200]
        try:
            with _Deadline(self._timeout_s) as deadline:
                current = httpx2.URL(url)
                for _ in range(MAX_REDIRECTS + 1):
                    status, location, answer = self._once(current, body, headers, deadline)
                    if location is None:
                        if status != 200:
                            raise FetchError(f"{shown} answered with HTTP status {status}.", url=shown, status=status)
                        return answer
                    current = current.join(location)
        except (httpx2.InvalidURL, ValueError):  # a host name that cannot be encoded is a ValueError
            raise FetchError(f"Only http and https are fetched, not {shown!r}, which is no address.") from None
        raise FetchError(f"{shown} redirects more than {MAX_REDIRECTS} times.", url=shown)

    def _once(
        self, url: httpx2.URL, body: bytes, headers: Mapping[str, str], deadline: _Deadline
    ) -> tuple[int, str | None, bytes]:
        """One request to the address that was checked, with the name kept for Host and TLS."""
        import httpx2

        if url.scheme not in ("http", "https") or not url.host:
            raise FetchError(f"Only http and https are fetched, not {without_password(str(url))[:200]!r}.")
        if self._https_only and url.scheme != "https":
            raise FetchError(f"Only https is fetched here, not {without_password(str(url))[:200]!r}.")
        if url.userinfo:
            raise FetchError(f"{without_password(str(url))[:200]} carries a name and password; it is not fetched.")
        port = url.port or (443 if url.scheme == "https" else 80)
        address = self._address(url.host, port)
        if self._client is None:
            # No connection is kept: the next name at the same address must show its own TLS certificate.
            limits = httpx2.Limits(max_keepalive_connections=0)
            self._client = httpx2.Client(trust_env=False, verify=self._tls or True, limits=limits)
        request = self._client.build_request(
            "POST" if body else "GET",
            url.copy_with(host=address),
            content=body or None,
            headers={**headers, "Host": url.netloc.decode("ascii"), "Accept-Encoding": "identity"},
            timeout=deadline.left(),
            extensions={"sni_hostname": url.host},
        )
        return _exchange(self._client, request, deadline, MAX_ANSWER_BYTES, str(url)[:200])

    def _address(self, host: str, port: int) -> str:
        """The checked address to connect to. Raises `FetchError` for addresses that are not public."""
        try:
            addresses = list(self._resolver(host, port))
        except (OSError, UnicodeError):
            addresses = []
        if not addresses:
            raise Unreachable(f"The name {host[:200]} cannot be resolved.", host=host)
        if host.lower() in self._allowed or f"{host.lower()}:{port}" in self._allowed:
            return addresses[0]
        for address in addresses:
            if not is_public(address):
                raise FetchError(
                    f"{host} is at {address}, which is not a public address; it is not fetched.",
                    remedy="If this is your own responder, allow its host by name.",
                    host=host,
                )
        return addresses[0]


def is_public(text: str) -> bool:
    """Whether this IP address is one that anybody can reach; an IPv4 address inside an IPv6 one is looked at."""
    address = ipaddress.ip_address(text.partition("%")[0])
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if address in _NAT64:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(str(inner))
        return address in _GLOBAL_UNICAST and address.is_global
    return address.is_global and not (address.is_multicast or address.is_reserved)


def without_password(url: str) -> str:
    """The URL as it may stand in an error text."""
    return re.sub(r"//[^/?#]*@", "//", url)


class _Deadline:
    """Cuts the connection when time is up, whatever the other side is dripping: headers, body, a TLS handshake."""

    def __init__(self, seconds: float) -> None:
        self.passed = False
        self._end = time.monotonic() + seconds
        self._sockets: list[socket.socket] = []
        self._lock = threading.Lock()
        self._timer = threading.Timer(seconds, self._cut)
        self._timer.daemon = True

    def __enter__(self) -> _Deadline:
        self._timer.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._timer.cancel()
        with self._lock:
            while self._sockets:
                self._sockets.pop().close()

    def left(self) -> float:
        """Seconds until the end, never none: a timeout of 0 would mean another thing."""
        return max(self._end - time.monotonic(), 0.01)

    def watch(self, event: str, info: Mapping[str, Any]) -> None:
        """The `trace` extension of httpcore: keeps a second handle on every new connection."""
        if event == "connection.connect_tcp.complete":
            with self._lock:
                self._sockets.append(info["return_value"].get_extra_info("socket").dup())
            if self.passed:
                self._cut()

    def _cut(self) -> None:
        self.passed = True
        with self._lock:
            for connection in self._sockets:
                try:
                    connection.shutdown(socket.SHUT_RDWR)
                except OSError:
                    continue  # the other side was faster


def _host_of(url: str) -> str:
    """`host:port` of an address as it is written, for who is silent; the start of it where it is no address."""
    return without_password(url).partition("://")[2].partition("/")[0].lower()[:200]


def _exchange(
    client: httpx2.Client, request: httpx2.Request, deadline: _Deadline, most: int, shown: str
) -> tuple[int, str | None, bytes]:
    """Status, the place of a redirect, and the body: at most `most` octets, as sent, within the deadline."""
    import httpx2

    request.extensions["trace"] = deadline.watch
    body = bytearray()
    try:
        response = client.send(request, stream=True)
        try:
            if response.has_redirect_location:
                return response.status_code, response.headers["location"], b""
            if response.headers.get("content-encoding", "identity").strip().lower() not in ("", "identity"):
                raise FetchError(f"{shown} sends a compressed answer, which was not asked for.", url=shown)
            for part in response.iter_raw():
                body += part
                if len(body) > most:
                    raise FetchError(f"{shown} sends more than {most} bytes.", url=shown)
        finally:
            response.close()
    except httpx2.HTTPError as e:
        why = "answers too slowly" if deadline.passed else f"cannot be reached ({type(e).__name__})"
        raise Unreachable(f"{shown} {why}.", url=shown) from None
    if deadline.passed:  # a connection that was cut looks like one that has ended
        raise Unreachable(f"{shown} answers too slowly.", url=shown)
    return response.status_code, None, bytes(body)


def from_pem(data: bytes) -> bytes:
    """The octets in a PEM text; anything else as it is."""
    if not data.startswith(b"-----BEGIN"):
        return data
    lines = data.split(b"-----")
    try:
        return base64.b64decode(lines[2])
    except (IndexError, binascii.Error):
        raise FetchError("The answer is a broken PEM text.") from None


class HttpTimestamper:
    """Implements `kyso_pki.signer.Timestamper` with one TSA (RFC 3161 3.4) that the caller trusts to be asked."""

    def __init__(self, url: str, *, timeout_s: float = 20.0) -> None:
        self._url = url
        self._timeout_s = timeout_s

    def timestamp(self, imprint: bytes, hash_name: str) -> bytes:
        """A DER TimeStampToken, checked against the request and, roughly, this machine's clock (RFC 3161 2.2).

        Raises `TimestampError`, `Unreachable`, `UsageError` for an address that is not http or https.
        """
        import httpx2

        nonce = secrets.randbits(64)
        shown = without_password(self._url)
        if not self._url.lower().startswith(("http://", "https://")):
            raise UsageError(
                f"{shown} is no address of a time-stamping authority.", remedy="It begins with http:// or https://."
            )
        try:
            with _Deadline(self._timeout_s) as deadline, httpx2.Client(trust_env=False) as client:
                request = client.build_request(
                    "POST",
                    self._url,
                    content=timestamp_request(imprint, hash_name, nonce),
                    headers={"Content-Type": "application/timestamp-query", "Accept-Encoding": "identity"},
                    timeout=self._timeout_s,
                )
                status, _, answer = _exchange(client, request, deadline, MAX_RESPONSE_BYTES, shown)
        except (FetchError, httpx2.InvalidURL, ValueError) as e:
            why = e.message if isinstance(e, FetchError) else f"{shown} is no address."
            raise Unreachable(
                f"The time-stamping authority gave no answer: {why}",
                remedy="Check the URL and the network, or sign at level B-B.",
                url=shown,
            ) from None
        if status != 200:
            raise TimestampError(f"{shown} answered with HTTP status {status}.", url=shown)
        token = token_from_response(answer, imprint=imprint, hash_name=hash_name, nonce=nonce)
        _require_timely(info_in(token).time, datetime.now(UTC))
        return token


def _require_timely(stamped: datetime, now: datetime) -> None:
    if abs(stamped - now) > MAX_CLOCKS_APART:
        raise TimestampError(
            f"The time-stamping authority's clock says {stamped:%Y-%m-%d %H:%M:%S} UTC, and this machine's "
            f"{now:%Y-%m-%d %H:%M:%S} UTC.",
            remedy="Set this machine's clock if it is wrong; else tell the authority: "
            "its timestamps would prove nothing.",
        )
