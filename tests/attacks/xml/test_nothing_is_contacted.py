"""X7: no address in a document is contacted while it is verified, though somebody listens there."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

import kyso
from kyso_pki.ades.verify import Policy
from tests.pki.xml.made import AT, EVIDENCE, WORLD, report

from . import elsewhere
from .catalogue import VARIANTS


@contextmanager
def listening() -> Iterator[tuple[str, list[object]]]:
    """A host on loopback, and everyone who has come there."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        came: list[object] = []

        def wait() -> None:
            while True:
                try:
                    connection, peer = server.accept()
                except OSError:
                    return
                came.append(peer)
                connection.close()

        thread = threading.Thread(target=wait, daemon=True)
        thread.start()
        host = f"127.0.0.1:{server.getsockname()[1]}"
        yield host, came
        # A connection that was made before this one has been counted when this one is.
        with socket.create_connection(server.getsockname()):
            pass
        while not came:
            thread.join(timeout=0.01)
        came.pop()
        server.close()


class Asked:
    """The world's fetcher, which notes every address that it is asked for."""

    def __init__(self) -> None:
        self._world = WORLD.fetcher(AT)
        self.urls: list[str] = []

    def ocsp(self, url: str, request: bytes) -> bytes:
        self.urls.append(url)
        return self._world.ocsp(url, request)

    def crl(self, url: str) -> bytes:
        self.urls.append(url)
        return self._world.crl(url)

    def certificates(self, url: str) -> bytes:
        self.urls.append(url)
        return self._world.certificates(url)


@pytest.mark.parametrize("name", elsewhere.followed_nowhere(elsewhere.HOST))
def test_an_address_in_a_good_document_is_read_and_not_followed(name: str) -> None:
    with listening() as (host, came):
        document = elsewhere.followed_nowhere(host)[name]
        assert (host.encode() in document) is (name != "an_include_of_text")
        report(document).require_passed()
        asked = Asked()
        kyso.verify(document, trust=WORLD.trust, at=AT, fetcher=asked, policy=Policy(accept_parts=True))
        assert not any(host in url for url in asked.urls)
    assert came == []


def test_no_attack_by_address_makes_a_connection() -> None:
    attacks = [variant.make().xml for name, variant in VARIANTS.items() if name.startswith("elsewhere.")]
    with listening() as (host, came):
        for xml in attacks:
            led = xml.replace(elsewhere.HOST.encode(), host.encode())
            found = kyso.verify(led, trust=WORLD.trust, at=AT, evidence=EVIDENCE, fetcher=(asked := Asked()))
            assert found.verdict != "passed"
            assert not any(host in url for url in asked.urls)
    assert came == []
