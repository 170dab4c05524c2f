"""Fetching obeys its limits, because the URLs come from whoever made the certificate (attack class V6)."""

from __future__ import annotations

import contextlib
import gzip
import socket
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

import kyso
from kyso import fetch
from kyso.fetch import HttpFetcher, HttpTimestamper, is_public, without_password
from kyso_pki.asn1 import der
from kyso_pki.authority.issue import extension
from kyso_pki.authority.profile import Subject
from kyso_pki.credential import Chain
from kyso_pki.errors import FetchError, TimestampError, Unreachable, UsageError
from kyso_pki.testing import SoftwareSigner, World, forge
from kyso_pki.x509 import certificate as x
from tests.flows.loopback import time_stamping_authority
from tests.pki.ades.inputs import PDF


class Handler(BaseHTTPRequestHandler):
    """Answers by path; counts what was asked."""

    asked: list[str] = []  # noqa: RUF012 - one list for the one server of this module
    protocol_version = "HTTP/1.0"

    def do_GET(self) -> None:
        type(self).asked.append(self.path)
        if self.path == "/loop":
            self._redirect("/loop")
        elif self.path.startswith("/to?"):
            self._redirect(self.path.partition("?")[2])
        elif self.path.partition("?")[0] == "/drip":
            self.send_response(200)
            self.end_headers()
            for _ in range(100):
                self.wfile.write(b"x")
                self.wfile.flush()
                time.sleep(0.05)
        elif self.path == "/large":
            self.send_response(200)
            self.end_headers()
            for _ in range(40):
                self.wfile.write(bytes(1 << 20))
        elif self.path == "/crl":
            self._answer(b"a CRL")
        elif self.path == "/drip-headers":
            self.wfile.write(b"HTTP/1.0 200 OK\r\n")
            for n in range(100):
                self.wfile.write(b"X-%d: x\r\n" % n)
                self.wfile.flush()
                time.sleep(0.05)
        elif self.path == "/bomb":
            self.send_response(200)
            self.send_header("Content-Encoding", "gzip")
            self.end_headers()
            self.wfile.write(gzip.compress(bytes(1 << 20)))
        elif self.path == "/pem":
            self._answer(b"-----BEGIN X509 CRL-----\nx\n-----END X509 CRL-----\n")
        else:
            self.send_error(404)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self._answer(body[::-1])

    def handle(self) -> None:
        """A client that hangs up in the middle is what some of these tests are about."""
        with contextlib.suppress(ConnectionError):
            super().handle()

    def _redirect(self, to: str) -> None:
        self.send_response(302)
        self.send_header("Location", to)
        self.end_headers()

    def _answer(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server.server_port
    server.shutdown()
    server.server_close()


def allowed(port: int, **options: float) -> HttpFetcher:
    return HttpFetcher(allowed_hosts=[f"127.0.0.1:{port}"], **options)  # type: ignore[arg-type] # forwarded


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "[::ffff:127.0.0.1]", "[::1]", "169.254.169.254", "10.0.0.1", "192.168.1.1"]
)
def test_addresses_that_are_not_public_are_refused(host: str, port: int) -> None:
    before = list(Handler.asked)
    with pytest.raises(FetchError, match="not a public address"):
        HttpFetcher().crl(f"http://{host}:{port}/crl")
    assert Handler.asked == before


def test_an_allowed_host_is_fetched_and_kept(port: int) -> None:
    fetcher = allowed(port)
    before = Handler.asked.count("/crl")
    assert fetcher.crl(f"http://127.0.0.1:{port}/crl") == b"a CRL"
    assert fetcher.crl(f"http://127.0.0.1:{port}/crl") == b"a CRL"
    assert Handler.asked.count("/crl") == before + 1


def test_requests_are_posted(port: int) -> None:
    assert allowed(port).ocsp(f"http://127.0.0.1:{port}/ocsp", b"abc") == b"cba"


def test_a_redirect_to_a_private_address_is_refused(port: int) -> None:
    with pytest.raises(FetchError, match="not a public address"):
        allowed(port).crl(f"http://127.0.0.1:{port}/to?http://127.0.0.2:{port}/crl")


def test_a_redirect_to_another_scheme_is_refused(port: int) -> None:
    with pytest.raises(FetchError, match="Only http and https"):
        allowed(port).crl(f"http://127.0.0.1:{port}/to?file:///etc/hostname")


def test_endless_redirects_end(port: int) -> None:
    with pytest.raises(FetchError, match="redirects more than"):
        allowed(port).crl(f"http://127.0.0.1:{port}/loop")


@pytest.mark.parametrize("url", ["ldap://ldap.example/cn=ca", "file:///etc/passwd", "gopher://x", "crl", ""])
def test_only_http_is_spoken(url: str) -> None:
    with pytest.raises(FetchError, match="Only http and https"):
        HttpFetcher().crl(url)


def test_a_dripping_answer_ends_at_the_deadline(port: int) -> None:
    with pytest.raises(Unreachable, match="too slowly"):
        allowed(port, timeout_s=0.4).crl(f"http://127.0.0.1:{port}/drip")


def test_a_silent_responder_is_not_asked_about_each_certificate(port: int) -> None:
    """One that hangs would cost its deadline for every signer in an archive; the others are asked as before."""
    heard: list[str] = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        silent = server.getsockname()[1]
        fetcher = HttpFetcher(timeout_s=0.2, allowed_hosts=[f"127.0.0.1:{silent}", f"127.0.0.1:{port}"])
        for number in range(20):
            with pytest.raises(Unreachable) as refused:
                fetcher.ocsp(f"http://127.0.0.1:{silent}/ocsp", b"request %d" % number)
            heard.append(refused.value.message)
    assert ["in a row" in text for text in heard] == [False] * fetch.MAX_SILENT + [True] * (20 - fetch.MAX_SILENT)
    assert fetcher.crl(f"http://127.0.0.1:{port}/crl") == b"a CRL"


def test_a_responder_that_answers_now_and_then_is_asked_on(port: int) -> None:
    fetcher = allowed(port, timeout_s=0.3)
    for number in range(3):
        for again in range(2):
            with pytest.raises(Unreachable, match="too slowly"):
                fetcher.crl(f"http://127.0.0.1:{port}/drip?{number}{again}")
        with pytest.raises(FetchError, match="404"):
            fetcher.crl(f"http://127.0.0.1:{port}/missing{number}")


def test_an_answer_that_is_too_large_is_cut_off(port: int) -> None:
    with pytest.raises(FetchError, match=f"more than {fetch.MAX_ANSWER_BYTES}"):
        allowed(port).crl(f"http://127.0.0.1:{port}/large")


def test_the_number_of_fetches_is_bounded(port: int) -> None:
    fetcher = allowed(port, max_fetches=2)
    for n in range(2):
        with pytest.raises(FetchError, match="404"):
            fetcher.crl(f"http://127.0.0.1:{port}/missing{n}")
    with pytest.raises(FetchError, match="Too many"):
        fetcher.crl(f"http://127.0.0.1:{port}/missing3")


def test_nothing_listening_is_unreachable() -> None:
    with pytest.raises(Unreachable):
        HttpFetcher(allowed_hosts=["127.0.0.1:1"]).crl("http://127.0.0.1:1/crl")
    with pytest.raises(Unreachable, match="sign at level B-B"):
        HttpTimestamper("http://127.0.0.1:1/tsa").timestamp(bytes(32), "sha256")


@pytest.mark.parametrize("days", [-3, 3])
def test_an_authority_whose_clock_is_wrong_by_days_is_told_and_not_used(days: int) -> None:
    world = World.create(at=datetime.now(UTC))
    with (
        time_stamping_authority(world, ahead=timedelta(days=days)) as url,
        pytest.raises(TimestampError, match="clock says"),
    ):
        HttpTimestamper(url).timestamp(bytes(32), "sha256")


def test_clocks_that_differ_by_an_hour_stop_nobody() -> None:
    world = World.create(at=datetime.now(UTC))
    with time_stamping_authority(world, ahead=timedelta(hours=-1)) as url:
        assert HttpTimestamper(url).timestamp(bytes(32), "sha256")


@pytest.mark.parametrize("url", ["ftp://mau.example/tsa", "mau.example/tsa", ""])
def test_what_is_no_address_of_an_authority_is_a_usage_error(url: str) -> None:
    with pytest.raises(UsageError, match="no address"):
        HttpTimestamper(url).timestamp(bytes(32), "sha256")


def test_an_authority_that_answers_nonsense_gives_a_timestamp_error(port: int) -> None:
    with pytest.raises(TimestampError, match="cannot be read"):
        HttpTimestamper(f"http://127.0.0.1:{port}/tsa").timestamp(bytes(32), "sha256")


@pytest.mark.parametrize(
    "address",
    [
        "64:ff9b::a00:1",  # NAT64 of 10.0.0.1
        "64:ff9b::7f00:1",
        "2002:7f00:1::",  # 6to4 of 127.0.0.1
        "::7f00:1",
        "::ffff:10.0.0.1",
        "fec0::1",  # site-local
        "ff02::1",
        "fe80::1%eth0",
        "fd00::1",
        "224.0.0.1",
        "239.255.255.250",
        "0.0.0.0",  # noqa: S104 - a name for this machine, to be refused
        "100.64.0.1",
        "255.255.255.255",
        "::",
        "::1",
    ],
)
def test_no_way_of_writing_an_inner_address_is_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111", "64:ff9b::808:808", "::ffff:8.8.8.8"])
def test_addresses_for_everybody_are_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "url",
    [
        "http://[::1",
        "http://\x00/",
        "http://a b/",
        f"http://{'a' * 64}.example/",
        "http://../",
        f"http://{'a' * 70000}/",
        "http://x:99999999/",
        "http://\ud800/",
        "http:///crl",
        "http://%00/",
        "http://xn--0/",
        "http://1.2.3.4.5.6/",
    ],
)
def test_what_no_url_may_be_is_a_fetch_error(url: str) -> None:
    """The URL stands in a certificate of the attacker's: no exception but ours may come of it."""
    with pytest.raises(FetchError):
        HttpFetcher(timeout_s=2).certificates(url)


def test_a_redirect_to_nonsense_is_a_fetch_error(port: int) -> None:
    for place in ("http://[::1", "http://\x7f/", "//", f"http://{'a' * 64}.example/"):
        with pytest.raises(FetchError):
            allowed(port).crl(f"http://127.0.0.1:{port}/to?{place}")


def test_a_name_and_password_in_a_url_are_not_sent(port: int) -> None:
    """A certificate must not make us log in to a host that is allowed to be private."""
    with pytest.raises(FetchError, match="name and password") as caught:
        allowed(port).crl(f"http://admin:secret@127.0.0.1:{port}/crl")
    assert "secret" not in str(caught.value)


def test_dripping_headers_end_at_the_deadline(port: int) -> None:
    started = time.monotonic()
    with pytest.raises(Unreachable, match="too slowly"):
        allowed(port, timeout_s=0.4).crl(f"http://127.0.0.1:{port}/drip-headers")
    assert time.monotonic() - started < 2


def test_a_silent_tls_handshake_ends_at_the_deadline() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        host = f"127.0.0.1:{silent.getsockname()[1]}"
        started = time.monotonic()
        with pytest.raises(Unreachable):
            HttpFetcher(allowed_hosts=[host], timeout_s=0.4).crl(f"https://{host}/crl")
        assert time.monotonic() - started < 2


def test_redirects_share_one_deadline(port: int) -> None:
    started = time.monotonic()
    with pytest.raises(Unreachable, match="too slowly"):
        allowed(port, timeout_s=0.4).crl(f"http://127.0.0.1:{port}/to?/drip-headers")
    assert time.monotonic() - started < 2


def test_a_compressed_answer_is_refused(port: int) -> None:
    """Its size says nothing of what it unpacks to."""
    with pytest.raises(FetchError, match="compressed"):
        allowed(port).crl(f"http://127.0.0.1:{port}/bomb")


def test_a_broken_pem_is_a_fetch_error(port: int) -> None:
    with pytest.raises(FetchError, match="PEM"):
        allowed(port).crl(f"http://127.0.0.1:{port}/pem")


def test_what_failed_is_not_tried_again(port: int) -> None:
    fetcher = allowed(port)
    url = f"http://127.0.0.1:{port}/missing-once"
    for _ in range(3):
        with pytest.raises(FetchError, match="404"):
            fetcher.crl(url)
    assert Handler.asked.count("/missing-once") == 1


def test_a_password_in_the_authoritys_url_stands_in_no_error(port: int) -> None:
    for path, kind in (("tsa", TimestampError), ("", TimestampError)):
        with pytest.raises(kind) as caught:
            HttpTimestamper(f"http://user:mat-khau@127.0.0.1:{port}/{path}").timestamp(bytes(32), "sha256")
        assert "mat-khau" not in str(caught.value) + repr(caught.value.details)
    for url in ("http://user:mat-khau@127.0.0.1:1/", "http://user:mat-khau@[::1"):
        with pytest.raises(Unreachable) as unreachable:
            HttpTimestamper(url).timestamp(bytes(32), "sha256")
        assert "mat-khau" not in str(unreachable.value) + repr(unreachable.value.details)
    assert without_password("http://a/x?y=b@c") == "http://a/x?y=b@c"


def test_a_dripping_authority_ends_at_the_deadline() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        started = time.monotonic()
        with pytest.raises(Unreachable, match=r"too slowly|Timeout"):
            HttpTimestamper(f"http://127.0.0.1:{silent.getsockname()[1]}/", timeout_s=0.4).timestamp(
                bytes(32), "sha256"
            )
        assert time.monotonic() - started < 2


@pytest.mark.parametrize(
    "access",
    [
        der.sequence(der.sequence(der.oid(x.AD_CA_ISSUERS), der.tlv(0x86, b"http://[::1"))),
        der.sequence(der.sequence(der.oid(x.AD_OCSP), der.tlv(0x86, b"http://" + b"a" * 64 + b".example/"))),
        der.sequence(der.sequence(der.oid(x.AD_CA_ISSUERS), der.tlv(0x86, b"\xff\xfe"))),
        der.null(),
    ],
    ids=["no address", "no host name", "no text", "no sequence"],
)
def test_verifying_online_survives_any_url_in_a_certificate(access: bytes) -> None:
    """General rule: an exception is a verdict, and so never an exception to the caller."""
    at = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
    world = World.create(at=at)
    leaf = forge(
        Subject("Nguyễn Văn Mẫu"),
        world.person.public_key,
        key=world.issuing_signer,
        issuer=world.issuing,
        not_before=at - timedelta(days=1),
        not_after=at + timedelta(days=1),
        extensions=[extension(x.AUTHORITY_INFO_ACCESS, access)],
    )
    signer = SoftwareSigner(world.person_signer.private_key, world.person_signer.scheme, Chain((leaf,)))
    signed = kyso.sign(PDF, signer, at=at)
    for fetcher in (HttpFetcher(timeout_s=2), world.fetcher(at)):
        report = kyso.verify(signed, trust=world.trust, at=at, fetcher=fetcher)
        assert report.verdict == "indeterminate"
        assert "internal" not in {f.code for f in report.findings}
