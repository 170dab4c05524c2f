"""Trusted lists before EU DSS, which reads those of Europe: the same anchors from the same file, signed by either."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from kyso.truststore.taking import examine, taken
from kyso.truststore.updating import updates, with_address
from kyso_pki.errors import FetchError, KysoError
from kyso_pki.testing import SoftwareSigner, World
from kyso_pki.trust.acceptance import check_current
from kyso_pki.trust.kept import Kept
from kyso_pki.trust.tsl.anchors import anchors_of
from kyso_pki.trust.tsl.names import TRUSTED
from kyso_pki.trust.tsl.reading import read_list
from kyso_pki.x509.certificate import Certificate
from tests.judges import dss_lists, java
from tests.judges.holder import Holder
from tests.pki.ades.inputs import XML

from .lists import LOTL, Made, Pointer, State, sign

NOW = datetime.now(UTC).replace(microsecond=0)  # DSS has no other clock than the machine's
DAY, YEAR = timedelta(days=1), timedelta(days=365)
WORLD = World.create(at=NOW)
OPERATOR, OTHER = WORLD.seal_signer, WORLD.person_signer
HERE, EUROPE = "https://mau.example/vn.xml", "https://mau.example/eu.xml"
CA = State(certificates=(WORLD.issuing,), start=NOW - 3 * YEAR)
TSA = State(certificates=(WORLD.tsa,), start=NOW - YEAR, service_type="TSA/QTST")
Times = list[tuple[datetime, datetime | None]]


@pytest.fixture(autouse=True)
def judge() -> Iterator[None]:
    java.need()
    yield


def made(*services: tuple[State, ...], **other: object) -> Made:
    times = {"issued": NOW - DAY, "next_update": NOW + 90 * DAY, "version": 6}
    return Made(services, **{**times, **other})  # type: ignore[arg-type]  # fields by name


def signed(found: Made, signer: SoftwareSigner = OPERATOR) -> bytes:
    return sign(found.xml(), signer, signing_time=NOW - DAY)


def ours(data: bytes) -> dict[bytes, Times]:
    """Whom kyso trusts by the list, and when; nobody where it is refused."""
    try:
        found = read_list(data, [OPERATOR.certificate.spki_sha256])
        check_current("The list", found.issued, found.next_update, NOW)
    except KysoError:
        return {}
    anchors: dict[bytes, Times] = {}
    for anchor in anchors_of(found, "list").anchors:
        assert anchor.trusted_from is not None
        anchors.setdefault(anchor.certificate.der, []).append((anchor.trusted_from, anchor.trusted_until))
    return {der: sorted(times, key=lambda t: t[0]) for der, times in anchors.items()}


def theirs(found: dss_lists.DssTrust) -> dict[bytes, Times]:
    """The same by DSS: neighbouring states in which a service is approved are one time."""
    anchors: dict[bytes, Times] = {}
    for der, states in found.states.items():
        times: Times = []
        for state in states:
            if state.status not in TRUSTED:
                continue
            if times and times[-1][1] == state.start:
                times[-1] = times[-1][0], state.end
            else:
                times.append((state.start, state.end))
        if times:
            anchors[der] = times
    return anchors


def by_dss(data: bytes, signer: Certificate = OPERATOR.certificate) -> dss_lists.DssTrust:
    return dss_lists.read(HERE, {HERE: data}, [signer.der])


@pytest.mark.parametrize("version", [5, 6])
@pytest.mark.parametrize(
    "services",
    [
        [(CA,)],
        [(CA,), (TSA,)],
        [(replace(CA, status="withdrawn", start=NOW - YEAR), CA)],
        [(replace(CA, start=NOW - DAY), replace(CA, status="withdrawn", start=NOW - YEAR), CA)],
        [(replace(CA, start=NOW - YEAR), replace(CA, status="undersupervision", start=NOW - 2 * YEAR))],
        [(replace(CA, status="withdrawn"),)],
        [(replace(TSA, start=NOW - DAY), replace(TSA, start=NOW - 2 * DAY), TSA)],
    ],
    ids=["a CA", "and a TSA", "withdrawn", "granted again", "of before 2016", "never granted", "granted three times"],
)
def test_dss_trusts_by_our_list_whom_we_trust_and_when(services: list[tuple[State, ...]], version: int) -> None:
    data = signed(made(*services, version=version))
    found = by_dss(data)
    [one] = found.lists
    assert (one.passed, one.territory, one.sequence, one.version) == (True, "VN", 1, version)
    assert one.next_update == NOW + 90 * DAY
    # Version 5 is of a time before SigningCertificateV2 (EN 319 132-1), which our signer writes and DSS accepts.
    assert [p for p in one.problems if "SigningCertificateV2" not in p] == []
    assert theirs(found) == ours(data)


@pytest.mark.parametrize("version", [5, 6])
def test_a_list_that_dss_signed_is_read(version: int) -> None:
    assert isinstance(OPERATOR.private_key, ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey)
    chain = tuple(x509.load_der_x509_certificate(c.der) for c in OPERATOR.chain.certificates)
    holder = Holder(OPERATOR.private_key, chain)
    data = dss_lists.sign(made((CA,), (TSA,), version=version).xml(), holder, version, at=NOW - DAY)
    assert (
        ours(data)
        == theirs(by_dss(data))
        == {
            WORLD.issuing.der: [(NOW - 3 * YEAR, None)],
            WORLD.tsa.der: [(NOW - YEAR, None)],
        }
    )


GOOD = signed(made((CA,)))


@pytest.mark.parametrize(
    "data",
    [
        GOOD.replace(b"granted", b"recognisedatnationallevel"),
        GOOD.replace(b">1</TSLSequenceNumber>", b">2</TSLSequenceNumber>"),
        signed(made((CA,)), OTHER),
        signed(made((CA,), next_update=NOW - timedelta(minutes=1))),
        signed(made((CA,), next_update=None)),
        XML,
        GOOD[:-20],
    ],
    ids=["a status", "the number", "another key", "its end", "closed", "no list", "cut"],
)
def test_what_we_refuse_makes_nobody_trusted_by_dss_either(data: bytes) -> None:
    assert ours(GOOD) == theirs(by_dss(GOOD)) != {}
    assert ours(data) == theirs(by_dss(data)) == {}


def test_an_unsigned_list_is_refused_although_dss_takes_its_anchors() -> None:
    """Seen with 6.4: its strategy asks for a bad verdict, and without a signature there is none. It says that there
    was an error; whoever asks only whom to trust does not hear it."""
    data = made((CA,)).xml()
    found = by_dss(data)
    assert [(one.indication, bool(one.problems)) for one in found.lists] == [(None, True)]
    assert set(theirs(found)) == {WORLD.issuing.der}
    assert ours(data) == {}


# Lists of lists -----------------------------------------------------------------------------------------


class Published(dict[str, bytes]):
    """What stands at which address."""

    def file(self, url: str) -> bytes:
        if url not in self:
            raise FetchError(f"{url} answered with HTTP status 404.")
        return self[url]


def lotl(*signers: Certificate, sequence: int = 1) -> bytes:
    pointers = (Pointer(HERE, "VN", signers), Pointer(EUROPE, "EU", (OPERATOR.certificate,), LOTL))
    return signed(made(pointers=pointers, sequence=sequence, list_type=LOTL, territory="EU"))


def updated(kept: Kept, files: Published) -> Kept:
    return updates(kept, files, now=NOW)[1]


def trusted(kept: Kept) -> set[bytes]:
    return {a.certificate.der for a in kept.store(NOW).anchors}


def test_a_list_of_lists_leads_both_to_the_same_anchors_and_a_changed_key_to_none() -> None:
    files = Published({EUROPE: lotl(OTHER.certificate), HERE: signed(made((CA,)), OTHER)})
    offer = examine(Kept(), files[EUROPE], now=NOW, signers=[OPERATOR.certificate.spki_sha256])
    kept = updated(taken(Kept(), replace(offer, source=with_address(offer.source, EUROPE))), files)
    pins = [OPERATOR.certificate.der]
    found = dss_lists.read(EUROPE, files, pins, of_lists=True)
    assert [one.passed for one in found.lists] == [True, True]
    assert set(theirs(found)) == trusted(kept) == {WORLD.issuing.der}
    files[EUROPE] = lotl(WORLD.tsa, sequence=2)  # the entry names another key; the list itself is still the old one
    found = dss_lists.read(EUROPE, files, pins, of_lists=True)
    assert [one.passed for one in found.lists] == [True, False]
    assert set(theirs(found)) == trusted(updated(kept, files)) == set()
