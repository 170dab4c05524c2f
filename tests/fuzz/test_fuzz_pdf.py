"""What fuzzing found stays found, and a short run of it finds nothing new. `make fuzz-pdf` runs it for long."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kyso_pki.formats import verify_document
from tests.attacks.pdf.updates import COVER
from tests.judges import pdfsig
from tests.pki.pdf.samples import append

from .mutator import mutate
from .oracle import Failure, failures, justified, shown
from .seeds import AT, REGRESSIONS, covered, evidence, seeds, signed_ends, trust

SIGNED = sorted(name for name in seeds() if not name.startswith("mo-"))
FOUND = sorted(REGRESSIONS.glob("*.pdf"))


def verdict(data: bytes) -> str:
    return verify_document(data, trust=trust(), at=AT, evidence=evidence()).verdict


def wrong(data: bytes) -> list[Failure]:
    """What fails, times aside: a test asserts none."""
    return [f for f in failures(data) if f.kind != "slow"]


@pytest.mark.parametrize("name", SIGNED)
def test_a_signed_seed_passes_here_and_is_intact_elsewhere(name: str) -> None:
    assert verdict(seeds()[name]) == "passed"
    found = pdfsig.verify(seeds()[name])
    assert found.signatures
    known = [s for s in found.signatures if s.kind != "unknown"]  # it reads no document timestamps
    assert known
    assert all(s.intact for s in known), found.output


@pytest.mark.parametrize("path", FOUND, ids=lambda p: p.stem)
def test_what_was_found_once_is_treated_rightly(path: Path) -> None:
    data = path.read_bytes()
    assert wrong(data) == []
    assert verdict(data) != "passed"


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 2**64 - 1), st.sampled_from(sorted(seeds())))
def test_mutated_files_are_treated_rightly(number: int, name: str) -> None:
    files = tuple(seeds().values())
    data = mutate(seeds()[name], Random(number), 1 << 18, files, signed_ends())  # noqa: S311 - hypothesis' own seed
    assert wrong(data) == []


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_a_changed_octet_that_a_signature_covers_never_passes(data: st.DataObject) -> None:
    place = data.draw(st.sampled_from(sorted(covered().values(), key=lambda c: (c.seed, c.start))))
    at = data.draw(st.integers(0, place.end - 1 - (place.stop - place.start)))
    at += (place.stop - place.start) if at >= place.start else 0
    pdf = bytearray(seeds()[place.seed])
    pdf[at] ^= 1 << data.draw(st.integers(0, 7))
    assert verdict(bytes(pdf)) != "passed"


def test_the_oracle_notices_a_wrong_verdict() -> None:
    """A true report that is held against other octets, or against a page with something over it."""
    pdf = seeds()["ky-bang"]
    report = verify_document(pdf, trust=trust(), at=AT, evidence=evidence())
    assert list(justified(pdf, report)) == []
    assert [f.kind for f in justified(pdf.replace(b"Pay 100", b"Pay 900"), report)] == ["forged"]
    assert [f.kind for f in justified(append(pdf, {4: COVER}), report)] == ["shown"]
    unsigned = replace(report, signatures=())
    assert [f.kind for f in justified(pdf, unsigned)] == ["forged"]


def test_another_reader_sees_the_page_of_a_seed() -> None:
    pages = shown(seeds()["ky-hai-lan"])
    assert pages is not None
    assert len(pages) == 1
    assert "Helvetica" in pages[0][0]
