"""C1 to C9, T4 and V5 in CMS files of their own: never valid, the reason is said, and the twin passes."""

from __future__ import annotations

from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kyso_pki.ades.report import DocumentReport
from kyso_pki.formats import verify_document
from tests.pki.cades import made
from tests.work import counted

from . import archives, files, signatures
from .file_forge import Case, countersigned_honestly, honest, rank, timed, two
from .forge import SIGNER, WORLD, Attack, letter, words

ATTACKS = files.ATTACKS | archives.ATTACKS


@pytest.mark.parametrize("name", list(ATTACKS))
def test_an_attack_is_refused_or_stays_below_its_level_and_the_reason_is_said(name: str) -> None:
    attack = ATTACKS[name]()
    with counted() as work:
        result = attack.case.report()
    assert work.calls < 500_000  # a crowd of timestamps beside a crowd of answers takes half of it
    assert any(word in words(result) for word in attack.word.split("|")), words(result)
    assert "internal" not in {f.code for f in result.findings}
    if attack.below is None:
        assert result.verdict != "passed"
    else:
        assert all(rank(s.level) < rank(attack.below) for s in result.signatures)


@pytest.mark.parametrize("name", list(ATTACKS))
def test_the_twin_of_an_attack_passes_at_its_level(name: str) -> None:
    attack = ATTACKS[name]()
    result = _judged(attack.twin())
    result.require_passed()
    if attack.below is not None:
        assert [s.level for s in result.signatures] == [attack.below]


@cache
def _known() -> dict[int, tuple[Case, DocumentReport]]:
    return {}


def _judged(case: Case) -> DocumentReport:
    """Many attacks share a twin, which is judged once."""
    known = _known()
    if id(case) not in known:
        known[id(case)] = case, case.report()
    return known[id(case)][1]


# The attacks on the CMS in a PDF, as files --------------------------------------------------------------------------

ALLOWED = {
    "no_ess_in_a_signature_that_says_cades": "a plain CMS file need not be CAdES, and is not called so",
    "the_document_itself_inside_a_detached_signature": "a file may carry its content; it is compared",
}
PADES = {name: make for name, make in signatures.ATTACKS.items() if make().kind == "pades"}


def _as_file(attack: Attack) -> DocumentReport:
    return verify_document(
        attack.cms,
        trust=attack.trust,
        at=attack.at,
        fetcher=attack.world.fetcher(attack.at),
        content=letter("pades").covered,
    )


@pytest.mark.parametrize("name", [n for n in PADES if n not in ALLOWED])
def test_what_no_pdf_may_hold_is_no_valid_file_either(name: str) -> None:
    result = _as_file(PADES[name]())
    assert result.verdict != "passed"
    assert "internal" not in {f.code for f in result.findings}


@pytest.mark.parametrize("name", list(ALLOWED))
def test_what_only_pdf_forbids_passes_as_a_file_and_is_not_called_more_than_it_is(name: str) -> None:
    result = _as_file(PADES[name]())
    result.require_passed()
    assert {s.level for s in result.signatures} == {"CMS" if name.startswith("no_ess") else "CAdES-B-B"}


# Any octets ---------------------------------------------------------------------------------------------------------

GOOD = {
    "detached": honest(),
    "two signers": two(),
    "counter-signed": countersigned_honestly(),
    "timed": timed(),
    "archived": archives.lasting(),
}
SIGNERS = {SIGNER.certificate, WORLD.seal, made.WORLD.person}


@settings(max_examples=250, deadline=None)
@given(st.data())
def test_a_mutated_file_never_raises_and_never_passes_as_another(data: st.DataObject) -> None:
    """R2: flips, cuts and repeats anywhere: a report, and "passed" only with the signers' own names."""
    case = GOOD[data.draw(st.sampled_from(sorted(GOOD)))]
    mutated = bytearray(case.cms)
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(mutated) - 1))
        match data.draw(st.sampled_from(["flip", "cut", "repeat", "tag"])):
            case "flip":
                mutated[at] ^= data.draw(st.integers(1, 255))
            case "cut":
                del mutated[at : at + data.draw(st.integers(1, 40))]
            case "repeat":
                mutated[at:at] = mutated[at : at + data.draw(st.integers(1, 40))]
            case _:
                mutated[at] = data.draw(st.sampled_from([0x30, 0x31, 0xA0, 0x02, 0x80, 0x24, 0xFF, 0x1F]))
        if not mutated:
            return
    result = Case(bytes(mutated), case.content, case.trust, case.at, case.world).report()
    assert "internal" not in {f.code for f in result.findings}
    assert "RuntimeError" not in words(result)  # an exception that nobody foresaw
    if result.passed:
        assert {s.certificate for s in result.signatures} <= SIGNERS
        assert all(s.references_intact and s.signature_intact for s in result.signatures)
