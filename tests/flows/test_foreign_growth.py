"""What others signed is countersigned, grown and rewritten by kyso, and then judged by kyso, pyHanko and pdfsig."""

from __future__ import annotations

from collections.abc import Callable

import pytest

import kyso
from kyso_cli.errors import Stop
from kyso_cli.rewriting import repaired
from kyso_pki.testing import World
from tests.judges import endesive, pdfsig, pyhanko

from .products import DOCUMENTS
from .province import Province, holder_of, now

LETTER = (DOCUMENTS / "cong-van.pdf").read_bytes()
PACKED = (DOCUMENTS / "cong-van-objstm.pdf").read_bytes()
LIBREOFFICE = (DOCUMENTS / "da-ky-libreoffice.pdf").read_bytes()
Make = Callable[[Province], bytes]
OTHERS: dict[str, Make] = {
    "pyHanko B-B": lambda p: pyhanko.sign(LETTER, p.holder("rsa2048")),
    "pyHanko B-B, P-256": lambda p: pyhanko.sign(LETTER, p.holder("p256")),
    "pyHanko B-B, object streams": lambda p: pyhanko.sign(PACKED, p.holder("rsa2048")),
    "pyHanko B-T": lambda p: pyhanko.sign(LETTER, p.holder("rsa2048"), tsa=holder_of(p.world.tsa_signer)),
    "pyHanko, certified 2": lambda p: pyhanko.sign(LETTER, p.holder("rsa2048"), certify=2),
    "endesive": lambda p: endesive.sign(LETTER, p.holder("rsa2048")),
}
SIGNED = pytest.mark.parametrize("other", OTHERS.values(), ids=OTHERS)


@pytest.fixture(scope="module")
def province() -> Province:
    return Province(World.create(at=now()))


def _grown(province: Province, pdf: bytes, level: str) -> bytes:
    at, world = now(), province.world
    return kyso.extend(pdf, level=level, timestamper=world.timestamper(at), fetcher=world.fetcher(at))


def _assert_pdfsig_accepts(pdf: bytes) -> None:
    """It does not verify document timestamps ("Unimplemented Feature"); every other signature is valid."""
    seen = pdfsig.verify(pdf)
    words = [s.words for s in seen.signatures if s.kind != "unknown"]
    assert words, seen.output
    assert set(words) == {"Signature is Valid."}, seen.output


def _assert_accepted(province: Province, pdf: bytes) -> None:
    report = province.verify(pdf)
    assert report.passed, report.to_json()
    _assert_pdfsig_accepts(pdf)
    judged = pyhanko.verify(pdf, [province.root])
    assert judged.valid, judged.output


@SIGNED
def test_all_accept_what_another_signed_and_kyso_countersigned(province: Province, other: Make) -> None:
    signed = province.sign(other(province), "p256", level="B-T")
    _assert_accepted(province, signed)
    assert len(province.verify(signed).signatures) == 2


@SIGNED
@pytest.mark.parametrize("level", ["B-T", "B-LT", "B-LTA"])
def test_all_accept_what_another_signed_and_kyso_grew(province: Province, other: Make, level: str) -> None:
    grown = _grown(province, other(province), level)
    _assert_accepted(province, grown)
    first = province.verify(grown).signatures[0]
    assert first.level == (
        "CMS" if other is OTHERS["endesive"] else f"PAdES-{level}"
    )  # it signs no certificate: no level
    assert first.proven_time is not None


@SIGNED
def test_what_another_signed_and_kyso_countersigned_is_grown_as_a_whole(province: Province, other: Make) -> None:
    _assert_accepted(province, _grown(province, province.sign(other(province), "p256"), "B-LTA"))


@pytest.mark.parametrize("other", [*OTHERS.values(), lambda _: LIBREOFFICE], ids=[*OTHERS, "LibreOffice"])
def test_what_another_signed_is_rewritten_only_without_its_signature(province: Province, other: Make) -> None:
    signed = other(province)
    with pytest.raises(Stop, match="repair_signed"):
        repaired(signed)
    done = repaired(signed, drop_signatures=True)
    assert done.faults == ()
    assert len(done.dropped) == 1
    _assert_accepted(province, province.sign(done.data, "rsa2048", field=done.dropped[0]))


def test_the_letter_that_libreoffice_signed_keeps_its_signature_whatever_kyso_adds(province: Province) -> None:
    """Its issuer is another province's, so that only the octets are judged; pyHanko cannot read its date."""
    countersigned = province.sign(LIBREOFFICE, "rsa2048", level="B-T")
    stamped = kyso.timestamp(LIBREOFFICE, province.world.timestamper(now()))
    for pdf in (countersigned, stamped):
        first = province.verify(pdf).signatures[0]
        assert first.references_intact
        assert first.signature_intact
        assert all(change.allowed for change in first.changes_after)
        _assert_pdfsig_accepts(pdf)
