"""What fuzzing found stays found, and a short run of it finds nothing new. `make fuzz-xml` runs it for long."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from .oracle import Failure
from .xml_mutator import mutate
from .xml_oracle import failures, judged, justified
from .xml_seeds import REGRESSIONS, contents, seeds

SIGNED = sorted(name for name in seeds() if not name.startswith("mo-"))
FOUND = sorted(REGRESSIONS.glob("*.xml"))


def wrong(data: bytes) -> list[Failure]:
    """What fails, times aside: a test asserts none."""
    return [f for f in failures(data) if f.kind != "slow"]


@pytest.mark.parametrize("name", SIGNED)
def test_a_signed_seed_passes_over_what_its_signers_signed(name: str) -> None:
    xpath = name.startswith("xp-")
    report = judged(seeds()[name], xpath=xpath)
    assert report.verdict == "passed"
    assert list(justified(seeds()[name], report, xpath=xpath)) == []
    assert contents()


@pytest.mark.parametrize("name", [name for name in SIGNED if name.startswith("xp-")])
def test_a_seed_with_xpath_does_not_pass_for_who_did_not_allow_it(name: str) -> None:
    assert judged(seeds()[name]).verdict != "passed"


@pytest.mark.parametrize("name", [name for name in SIGNED if name.startswith("xp-")])
def test_the_oracle_notices_a_filter_that_lets_another_part_through(name: str) -> None:
    xml = seeds()[name]
    report = judged(xml, xpath=True)
    changed = xml.replace(b"<Doan>hai</Doan>", b"<Doan>ba</Doan>")
    assert changed != xml
    assert [f.kind for f in justified(changed, report, xpath=True)] == ["forged"]


@pytest.mark.parametrize("path", FOUND, ids=lambda p: p.stem)
def test_what_was_found_once_is_treated_rightly(path: Path) -> None:
    data = path.read_bytes()
    assert wrong(data) == []
    assert judged(data).verdict != "passed"


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 2**64 - 1), st.sampled_from(sorted(seeds())))
def test_mutated_documents_are_treated_rightly(number: int, name: str) -> None:
    files = tuple(seeds().values())
    assert wrong(mutate(seeds()[name], Random(number), 1 << 18, files)) == []  # noqa: S311 - hypothesis' own seed


def test_the_oracle_notices_a_wrong_verdict() -> None:
    """A true report that is held against another document."""
    xml = seeds()["ky-xades"]
    report = judged(xml)
    assert list(justified(xml, report)) == []
    changed = xml.replace("Mẫu".encode(), "Giả".encode())
    assert changed != xml
    assert [f.kind for f in justified(changed, report)] == ["forged"]
    other = xml.replace(b"<CongVan", b"<!-- --><CongVan").replace(b"</CongVan>", b"</CongVan><?x?>")
    assert [f.kind for f in justified(other, report)] == ["forged"]
    assert [f.kind for f in justified(xml, replace(report, signatures=()))] == ["forged"]
