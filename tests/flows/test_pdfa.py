"""PDF/A stays PDF/A and PDF/UA stays PDF/UA when kyso signs, once and again: asked of veraPDF.

Each test asks before signing too, so that a document that never followed its profile cannot pass for one that
kept it.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

import kyso
from kyso_pki.testing import World
from tests.documents.makers.pdfa import PROFILES
from tests.judges import java, verapdf

DOCUMENTS = Path(__file__).resolve().parents[1] / "documents"
AT = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
ARCHIVAL = pytest.mark.parametrize(("name", "profile"), [*PROFILES.items(), ("cong-van-pdfa-1b.pdf", "1a")])


@pytest.fixture(scope="module")
def world() -> World:
    java.need()
    return World.create(at=AT)


@ARCHIVAL
@pytest.mark.parametrize("level", ["B-B", "B-T"])
def test_an_archival_document_keeps_its_profile_when_two_have_signed_it(
    world: World, name: str, profile: str, level: str
) -> None:
    stamps = world.timestamper(AT) if level == "B-T" else None
    pdf = (DOCUMENTS / name).read_bytes()
    assert verapdf.verify(pdf, profile).valid
    for signer in (world.person_signer, world.seal_signer):
        pdf = kyso.sign(pdf, signer, level=level, timestamper=stamps, at=AT)
        verdict = verapdf.verify(pdf, profile)
        assert verdict.valid, verdict.output
    report = kyso.verify(pdf, trust=world.trust, at=AT, fetcher=world.fetcher(AT))
    assert report.passed, report.to_json()
