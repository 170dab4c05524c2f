"""Every variant of attack class V6: refused with its reason, and the server inside is never asked."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import chain, repeat

import pytest

from kyso.fetch import HttpFetcher, resolved
from kyso_pki.errors import FetchError

from .loopback import CRL, Servers, servers
from .urls import ATTACKS, HOST, Lure


@pytest.fixture(scope="module")
def both() -> Iterator[Servers]:
    with servers() as running:
        yield running


def _resolver(lure: Lure) -> Callable[[str, int], Sequence[str]]:
    """The system's own, but for the names of the attacker."""
    answers = {name: chain(given, repeat(given[-1])) for name, given in lure.names.items()}
    return lambda host, port: next(answers[host]) if host in answers else resolved(host, port)


@pytest.mark.parametrize("name", list(ATTACKS))
def test_a_url_that_leads_astray_is_refused_and_nothing_inside_is_asked(name: str, both: Servers) -> None:
    lure = ATTACKS[name](both)
    options = {"timeout_s": 3.0, **lure.options}
    allowed = [f"127.0.0.1:{both.outer}"]
    with HttpFetcher(allowed_hosts=allowed, resolver=_resolver(lure), **options) as fetcher:  # type: ignore[arg-type] # numbers
        assert fetcher.crl(f"http://127.0.0.1:{both.outer}{lure.twin}") == CRL  # the twin
        with pytest.raises(FetchError) as caught:
            fetcher.crl(lure.url)
    assert any(word in str(caught.value) for word in lure.word.split("|")), str(caught.value)
    assert both.inner_asked == []


def test_the_connection_goes_to_the_address_that_was_checked(both: Servers) -> None:
    """DNS rebinding: the name server is asked once for a request; the second answer would lead elsewhere."""
    asked: list[str] = []

    def rebinding(host: str, port: int) -> Sequence[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["127.0.0.2"]

    fetcher = HttpFetcher(allowed_hosts=[f"{HOST}:{both.outer}"], resolver=rebinding)
    assert fetcher.crl(f"http://{HOST}:{both.outer}/crl") == CRL
    assert asked == [HOST]


def test_a_redirect_is_resolved_and_checked_again(both: Servers) -> None:
    """The same name, now inside: what was allowed for the first request is asked again for the second."""
    asked: list[str] = []

    def rebinding(host: str, port: int) -> Sequence[str]:
        asked.append(host)
        return ["127.0.0.1"]

    fetcher = HttpFetcher(allowed_hosts=[f"127.0.0.1:{both.outer}", f"{HOST}:{both.outer}"], resolver=rebinding)
    with pytest.raises(FetchError, match="not a public address"):
        fetcher.crl(f"http://{HOST}:{both.outer}/to?http://{HOST}:{both.inner}/")
    assert asked == [HOST, HOST]
    assert both.inner_asked == []
