"""R1: no XML makes work or memory grow beyond a linear budget: counted, not timed, in a limited child."""

from __future__ import annotations

import pytest

from tests.attacks.pdf.child import limited

from .bombs import BOMBS, Bomb, work

LINES_PER_BYTE = 6  # a reference of some 300 octets costs some 600 lines; an element of 8 at most 30
FREE_LINES = 1_500_000  # what any document may cost: the stated limits on signatures, names and siblings
TIMES = (
    40  # octets that are parsed, written out or hashed, in sizes of the document: `MAX_HASHED_TIMES`, and twice read
)
FREE_OCTETS = 96 << 20  # what any document may have hashed: `ALWAYS_HASHED`, and what is done with it
TOLD_TIMES, FREE_TOLD = 2, 200_000  # characters of the report, in octets of the document
SLACK = 1.3  # the growth of work over the growth of the file


@pytest.mark.parametrize("bomb", BOMBS, ids=lambda b: b.name)
def test_a_large_bomb_ends_within_the_limits_of_its_process(bomb: Bomb) -> None:
    cost = limited(lambda: work(bomb.make(bomb.n), counted=False))
    assert "internal" not in cost.codes
    assert bomb.passes or cost.verdict != "passed"
    assert cost.told <= FREE_TOLD + TOLD_TIMES * len(bomb.make(bomb.n))


@pytest.mark.parametrize("bomb", BOMBS, ids=lambda b: b.name)
def test_a_document_twice_as_large_costs_about_twice_as_much(bomb: Bomb) -> None:
    small, large = bomb.make(max(1, bomb.n // 8)), bomb.make(max(2, bomb.n // 4))
    costs = limited(lambda: [work(data) for data in (small, large)])
    for cost, data in zip(costs, (small, large), strict=True):
        assert cost.lines <= FREE_LINES + LINES_PER_BYTE * len(data)
        assert cost.octets <= FREE_OCTETS + TIMES * len(data)
    growth = max(2.0, len(large) / len(small))
    assert costs[1].lines <= max(SLACK * growth * costs[0].lines, FREE_LINES)
    assert costs[1].octets <= max(SLACK * growth * costs[0].octets, FREE_OCTETS)
