"""The public face of growth: `kyso.sign` at every level, `kyso.extend`, `kyso.timestamp`."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import kyso
from kyso_pki.testing import World
from tests.judges import pdfsig, pyhanko
from tests.pki.pdf.samples import roots, table_pdf

AT = datetime.now(UTC).replace(microsecond=0)
WORLD = World.create(AT)


def grown(data: bytes, level: str) -> bytes:
    fetcher = WORLD.fetcher(AT)
    return kyso.extend(data, level=level, timestamper=WORLD.timestamper(AT), fetcher=fetcher, trust=WORLD.trust)


def accepted_elsewhere(data: bytes) -> None:
    """pdfsig and pyHanko, whose analysis of changes finds nothing but upkeep after the signature."""
    assert pdfsig.verify(data).signatures[0].intact
    judged = pyhanko.verify(data, roots())
    assert judged.signatures, judged.output
    assert all(s.bottom_line for s in judged.signatures), judged.output
    assert {s.modification for s in judged.signatures} <= {"NONE", "LTA_UPDATES"}, judged.output


@pytest.mark.parametrize("level", ["B-B", "B-T", "B-LT", "B-LTA"])
def test_every_level_is_one_call_and_passes_in_other_programs(level: str) -> None:
    signed = kyso.sign(
        table_pdf(), WORLD.person_signer, level=level, timestamper=WORLD.timestamper(AT), fetcher=WORLD.fetcher(AT)
    )
    report = kyso.verify(signed, trust=WORLD.trust, fetcher=WORLD.fetcher(AT + timedelta(seconds=5)))
    assert report.passed
    assert report.signatures[0].level == f"PAdES-{level}"
    accepted_elsewhere(signed)


def test_a_signature_grows_level_by_level_and_other_programs_agree() -> None:
    data = kyso.sign(table_pdf(), WORLD.person_signer)
    for level in ("B-T", "B-LT", "B-LTA", "B-LTA"):
        longer = grown(data, level)
        assert longer.startswith(data)
        data = longer
        accepted_elsewhere(data)
    report = kyso.verify(data, trust=WORLD.trust, fetcher=WORLD.fetcher(AT))
    assert [s.level for s in report.signatures] == ["PAdES-B-LTA", *["DOCTIMESTAMP"] * 3]


def test_a_document_timestamp_alone(tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_bytes(table_pdf())
    stamped = kyso.timestamp(tmp_path / "a.pdf", WORLD.timestamper(AT))
    report = kyso.verify(stamped, trust=WORLD.trust, fetcher=WORLD.fetcher(AT))
    assert [s.level for s in report.signatures] == ["DOCTIMESTAMP"]
    assert not report.passed


def test_evidence_that_cannot_be_had_has_a_name() -> None:
    signed = kyso.sign(table_pdf(), WORLD.person_signer, level="B-T", timestamper=WORLD.timestamper(AT))
    with pytest.raises(kyso.EvidenceMissing, match="Nguyễn Văn Mẫu"):
        kyso.extend(signed, level="B-LT", fetcher=WORLD.fetcher(AT, "unreachable"))
