"""Newer bundles and lists from their publishers: https alone, with the keys that were told, and never by itself."""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

import kyso
from kyso.truststore.taking import examine, taken
from kyso.truststore.updating import updates, with_address
from kyso_pki.errors import (
    FetchError,
    TrustBroken,
    TrustError,
    TrustExpired,
    TrustRolledBack,
    TrustSignerUnknown,
    UsageError,
)
from kyso_pki.trust.kept import Kept
from kyso_pki.x509.certificate import Certificate
from tests.pki.trust.lists import LOTL, OPERATOR, OPERATOR_PIN, Made, Pointer, State
from tests.pki.trust.loopback import loopback_certificate
from tests.pki.trust.made import AT, DAY, PIN, WORLD, bundle, signed

HERE = "https://mau.example/"
CA = State(certificates=(WORLD.issuing,))
OTHER = WORLD.person_signer


@dataclass
class Published:
    """What stands at which address."""

    files: dict[str, bytes]

    def file(self, url: str) -> bytes:
        if url not in self.files:
            raise FetchError(f"{url} answered with HTTP status 404.")
        return self.files[url]


def with_bundle(**other: object) -> Kept:
    return taken(Kept(), examine(Kept(), signed(bundle(1, update=HERE + "b", **other)), now=AT, signers=[PIN]))


def lotl(*pointers: Pointer, sequence: int = 1, own: tuple[Certificate, ...] = ()) -> Made:
    if own:
        pointers = (*pointers, Pointer(HERE + "eu", "EU", own, LOTL))
    return Made((), pointers, sequence, list_type=LOTL, territory="EU")


def with_lotl(made: Made | bytes) -> Kept:
    data = made if isinstance(made, bytes) else made.signed()
    offer = examine(Kept(), data, now=AT, signers=[OPERATOR_PIN])
    return taken(Kept(), replace(offer, source=with_address(offer.source, HERE + "eu")))


def test_a_newer_bundle_is_offered_and_the_store_is_another_value() -> None:
    kept = with_bundle()
    [update], new = updates(kept, Published({HERE + "b": signed(bundle(2, update=HERE + "c"))}), now=AT)
    assert update.offer is not None
    assert update.offer.source.sequence == 2
    assert [s.update for s in new.sources] == [HERE + "c"]
    assert [s.sequence for s in kept.sources] == [1]


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (signed(bundle(1, WORLD.trust.anchors[0], WORLD.trust.anchors[0])), TrustRolledBack),
        (signed(bundle(2), OTHER), TrustSignerUnknown),
        (signed(bundle(2, name="tinh-khac")), TrustSignerUnknown),
        (signed(bundle(2, issued=AT - 9 * DAY, expires=AT - DAY)), TrustExpired),
        (signed(bundle(2)).replace(b"tinh-mau", b"tinh-MAU"), TrustError),
    ],
)
def test_what_may_not_be_taken_leaves_the_store_as_it_is(data: bytes, error: type[Exception]) -> None:
    kept = with_bundle()
    [update], new = updates(kept, Published({HERE + "b": data}), now=AT)
    assert update.offer is None
    assert isinstance(update.error, (error, kyso.FormatError))
    assert new == kept


def test_one_source_that_cannot_be_had_does_not_hold_up_the_others() -> None:
    second = signed(bundle(1, name="tinh-hai", update=HERE + "h"))
    kept = with_bundle()
    kept = taken(kept, examine(kept, second, now=AT, signers=[PIN]))
    newer = signed(bundle(2, name="tinh-hai"))
    found, new = updates(kept, Published({HERE + "h": newer}), now=AT)
    assert [(u.name, u.offer is None) for u in found] == [("tinh-hai", False), ("tinh-mau", True)]
    assert [s.sequence for s in new.sources] == [2, 1]


def test_only_what_is_named_is_asked_for() -> None:
    with pytest.raises(UsageError):
        updates(with_bundle(), Published({}), now=AT, names=["khac"])
    assert updates(Kept(), Published({}), now=AT) == ([], Kept())


# Lists of lists -----------------------------------------------------------------------------------------


def test_lists_are_verified_with_the_certificates_that_their_pointer_gives() -> None:
    data = lotl(Pointer(HERE + "vn", "VN", (OTHER.certificate,))).signed()
    kept = with_lotl(data)
    national = Made(((CA,),))
    files = {HERE + "eu": data, HERE + "vn": national.signed(OTHER)}
    found, new = updates(kept, Published(files), now=AT)
    assert [(u.name, u.error) for u in found] == [("tl-eu", None), ("tl-vn", None)]
    assert [(s.name, s.by) for s in new.sources] == [("tl-eu", None), ("tl-vn", "tl-eu")]
    assert new.store(AT).anchor_at(WORLD.issuing, "signing", AT) is not None
    # Another key, although it is the one of the list of lists itself.
    files[HERE + "vn"] = replace(national, sequence=2).signed(OPERATOR)
    found, again = updates(new, Published(files), now=AT)
    assert isinstance(found[1].error, TrustSignerUnknown)
    assert again.source("tl-vn") == new.source("tl-vn")
    # Another territory's list at this address.
    files[HERE + "vn"] = replace(national, territory="LA").signed(OTHER)
    assert isinstance(updates(new, Published(files), now=AT)[0][1].error, TrustSignerUnknown)


def test_a_key_that_the_list_of_lists_took_away_signs_nothing_more() -> None:
    kept = with_lotl(lotl(Pointer(HERE + "vn", "VN", (OTHER.certificate,))))
    files = {
        HERE + "eu": lotl(Pointer(HERE + "vn", "VN", (WORLD.expired_signer.certificate,)), sequence=2).signed(),
        HERE + "vn": Made(((CA,),)).signed(OTHER),
    }
    found, new = updates(kept, Published(files), now=AT)
    assert isinstance(found[1].error, TrustSignerUnknown)
    assert new.source("tl-vn") is None


def test_a_list_that_is_named_no_more_goes_with_its_anchors() -> None:
    made = lotl(Pointer(HERE + "vn", "VN", (OTHER.certificate,)))
    files = {HERE + "eu": made.signed(), HERE + "vn": Made(((CA,),)).signed(OTHER)}
    _, kept = updates(with_lotl(made), Published(files), now=AT)
    assert kept.source("tl-vn") is not None
    _, without = updates(kept, Published({HERE + "eu": lotl(sequence=2).signed()}), now=AT)
    assert [s.name for s in without.sources] == ["tl-eu"]
    assert kept.without_source("tl-eu").sources == ()


def test_a_list_whose_keys_the_list_of_lists_changed_goes_until_it_is_signed_anew() -> None:
    """TS 119 612 5.3.13: what the former key signed is not vouched for any more, whatever its NextUpdate says."""
    first = lotl(Pointer(HERE + "vn", "VN", (OTHER.certificate,)))
    files = {HERE + "eu": first.signed(), HERE + "vn": Made(((CA,),)).signed(OTHER)}
    _, kept = updates(with_lotl(first), Published(files), now=AT)
    assert kept.store(AT).is_anchor(WORLD.issuing, "signing")
    files[HERE + "eu"] = lotl(Pointer(HERE + "vn", "VN", (WORLD.seal_signer.certificate,)), sequence=2).signed()
    offer = examine(kept, files[HERE + "eu"], now=AT)
    assert [(c.kind, c.fingerprint) for c in offer.changes] == [("removed", WORLD.issuing.sha256)]
    for new in (taken(kept, offer), updates(kept, Published(files), now=AT)[1]):
        assert [s.name for s in new.sources] == ["tl-eu"]
        assert new.store(AT).empty
    files[HERE + "vn"] = Made(((CA,),), sequence=2).signed(WORLD.seal_signer)
    _, new = updates(kept, Published(files), now=AT)
    assert new.store(AT).is_anchor(WORLD.issuing, "signing")


def test_a_list_that_claims_to_be_older_than_the_one_before_is_a_roll_back_whatever_its_number() -> None:
    """Who finds the key of a signer whose certificate has ended must date his list back to before that end."""
    kept = taken(Kept(), examine(Kept(), Made(((CA,),)).signed(), now=AT, signers=[OPERATOR_PIN]))
    forged = Made(((State(certificates=(WORLD.stranger_signer.chain.certificates[-1],)),),), sequence=99)
    for data in (replace(forged, issued=AT - 2 * DAY).signed(), replace(forged, issued=AT - 90 * DAY).signed()):
        with pytest.raises(TrustRolledBack, match="issued on"):
            examine(kept, data, now=AT)
    assert examine(kept, replace(forged, issued=AT).signed(), now=AT).changes


def test_a_list_stays_while_the_key_that_signed_it_is_one_of_those_that_are_told() -> None:
    first = lotl(Pointer(HERE + "vn", "VN", (OTHER.certificate, WORLD.seal_signer.certificate)))
    files = {HERE + "eu": first.signed(), HERE + "vn": Made(((CA,),)).signed(OTHER)}
    _, kept = updates(with_lotl(first), Published(files), now=AT)
    for keys, stays in (((OTHER.certificate,), True), ((WORLD.seal_signer.certificate,), False)):
        offer = examine(kept, lotl(Pointer(HERE + "vn", "VN", keys), sequence=2).signed(), now=AT)
        assert (taken(kept, offer).source("tl-vn") is not None) is stays
        assert bool(offer.changes) is not stays


def test_a_store_of_before_does_not_know_who_signed_and_asks_again() -> None:
    first = lotl(Pointer(HERE + "vn", "VN", (OTHER.certificate,)))
    files = {HERE + "eu": first.signed(), HERE + "vn": Made(((CA,),)).signed(OTHER)}
    _, kept = updates(with_lotl(first), Published(files), now=AT)
    former = json.loads(kept.to_bytes())
    for source in former["sources"]:
        del source["signed_by"]
    old = Kept.from_bytes(json.dumps(former).encode())
    assert old.store(AT) == kept.store(AT)
    files[HERE + "eu"] = replace(first, sequence=2).signed()
    _, new = updates(old, Published(files), now=AT)
    assert new.store(AT) == kept.store(AT)


def test_a_list_that_is_named_again_does_not_come_back_older_than_it_was() -> None:
    pointer = Pointer(HERE + "vn", "VN", (OTHER.certificate,))
    files = {HERE + "eu": lotl(pointer).signed(), HERE + "vn": Made(((CA,),), sequence=5).signed(OTHER)}
    _, kept = updates(with_lotl(lotl(pointer)), Published(files), now=AT)
    _, without = updates(kept, Published({HERE + "eu": lotl(sequence=2).signed()}), now=AT)
    for sequence, taken_again in ((4, False), (6, True)):
        files = {HERE + "eu": lotl(pointer, sequence=3).signed()}
        files[HERE + "vn"] = Made(((CA,),), sequence=sequence).signed(OTHER)
        _, again = updates(without, Published(files), now=AT)
        assert (again.source("tl-vn") is not None) is taken_again
    assert Kept.from_bytes(without.to_bytes()) == without


def test_a_list_of_a_list_of_lists_stays_that_ones_when_its_next_file_is_imported_by_hand() -> None:
    pointer = Pointer(HERE + "vn", "VN", (OTHER.certificate,))
    files = {HERE + "eu": lotl(pointer).signed(), HERE + "vn": Made(((CA,),)).signed(OTHER)}
    _, kept = updates(with_lotl(lotl(pointer)), Published(files), now=AT)
    offer = examine(kept, Made(((CA,),), sequence=2).signed(OTHER), now=AT)
    assert (offer.source.by, offer.source.sequence) == ("tl-eu", 2)


def test_a_list_of_lists_names_its_own_next_key() -> None:
    made = lotl(own=(OPERATOR.certificate, OTHER.certificate))
    kept = with_lotl(made)
    new = lotl(sequence=2, own=(OTHER.certificate,)).signed(OTHER)
    found, kept = updates(kept, Published({HERE + "eu": new}), now=AT)
    assert found[0].error is None
    old = lotl(sequence=3, own=(OPERATOR.certificate,)).signed()
    found, _ = updates(kept, Published({HERE + "eu": old}), now=AT)
    assert isinstance(found[0].error, TrustSignerUnknown)


def test_a_list_that_was_imported_by_hand_is_not_taken_over_by_a_list_of_lists() -> None:
    kept = with_lotl(lotl(Pointer(HERE + "vn", "VN", (OTHER.certificate,))))
    kept = taken(kept, examine(kept, Made(((CA,),)).signed(), now=AT, signers=[OPERATOR_PIN]))
    files = {HERE + "eu": lotl(Pointer(HERE + "vn", "VN", (OTHER.certificate,))).signed()}
    files[HERE + "vn"] = Made((), sequence=9).signed(OTHER)
    found, new = updates(kept, Published(files), now=AT)
    assert "imported by hand" in str(found[1].error)
    assert new.source("tl-vn") == kept.source("tl-vn")


def test_a_national_list_vouches_for_no_other() -> None:
    pointer = Pointer(HERE + "la", "LA", (OTHER.certificate,))
    offer = examine(Kept(), Made(((CA,),), (pointer,)).signed(), now=AT, signers=[OPERATOR_PIN])
    assert offer.source.pointers == ()


def test_a_list_whose_signed_territory_is_not_the_one_that_is_seen_is_refused() -> None:
    """The keys are looked up by what the file claims; what is signed must be the same."""
    data = Made(((CA,),)).signed()
    with pytest.raises((TrustBroken, TrustSignerUnknown)):
        examine(Kept(), data.replace(b">VN<", b">LA<"), now=AT, signers=[OPERATOR_PIN])


# The wire -----------------------------------------------------------------------------------------------


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path == "/away":
            self.send_response(302)
            self.send_header("Location", "http://127.0.0.1:1/b")
            self.end_headers()
            return
        body = signed(bundle(2)) if self.path == "/b" else b""
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[int, Path]]:
    """An https server on loopback, and the certificate that its own is checked by."""
    folder = tmp_path_factory.mktemp("tls")
    certificate, private = folder / "tls.crt", folder / "tls.key"
    pair = loopback_certificate()
    certificate.write_bytes(pair[0])
    private.write_bytes(pair[1])
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, private)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server.server_port, certificate
    server.shutdown()
    server.server_close()


def fetcher(port: int, ca: Path | None, *, hosts: bool = True) -> kyso.HttpFetcher:
    context = None if ca is None else ssl.create_default_context(cafile=ca)
    return kyso.HttpFetcher(https_only=True, allowed_hosts=[f"127.0.0.1:{port}"] if hosts else [], tls=context)


def test_a_bundle_is_fetched_over_https_with_the_certificate_checked(tls: tuple[int, Path]) -> None:
    port, ca = tls
    kept = taken(
        Kept(), examine(Kept(), signed(bundle(1, update=f"https://127.0.0.1:{port}/b")), now=AT, signers=[PIN])
    )
    with fetcher(port, ca) as own:
        [update], new = updates(kept, own, now=AT)
    assert update.error is None
    assert new.sources[0].sequence == 2
    with fetcher(port, None) as public:  # a certificate that no public CA made
        [update], _ = updates(kept, public, now=AT)
    assert isinstance(update.error, FetchError)
    with fetcher(port, ca, hosts=False) as guarded:
        [update], _ = updates(kept, guarded, now=AT)
    assert "not a public address" in str(update.error)


def test_http_is_not_spoken_even_when_https_asks_for_it(tls: tuple[int, Path]) -> None:
    port, ca = tls
    with fetcher(port, ca) as own:
        with pytest.raises(FetchError, match="Only https"):
            own.file("http://127.0.0.1:1/b")
        with pytest.raises(FetchError, match="Only https"):
            own.file(f"https://127.0.0.1:{port}/away")
