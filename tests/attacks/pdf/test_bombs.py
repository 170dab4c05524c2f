"""R1: no file makes work or memory grow beyond a linear budget: counted in executed lines, in a limited child."""

from __future__ import annotations

import pytest

from .bombs import Bomb, work
from .catalogue import BOMBS
from .child import Ended, limited

LINES_PER_BYTE = 24  # of a file of small objects: each has some 20 bytes and costs some 200 lines
FREE_LINES = (
    12_000_000  # what any file may cost: the stated limits on entries, decoded bytes and visits add up to this
)
SLACK = 1.25  # the growth of work over the growth of the file: small files have a head that does not grow


@pytest.mark.parametrize("bomb", BOMBS, ids=lambda b: b.name)
def test_a_large_bomb_ends_within_the_limits_of_its_process(bomb: Bomb) -> None:
    cost = limited(lambda: work(bomb.make(bomb.n), counted=False))
    assert cost.code != "internal"
    assert cost.verdict != "passed"


@pytest.mark.parametrize("bomb", BOMBS, ids=lambda b: b.name)
def test_a_file_twice_as_large_costs_about_twice_as_much(bomb: Bomb) -> None:
    small, large = bomb.make(max(1, bomb.n // 16)), bomb.make(max(1, bomb.n // 8))
    costs = limited(lambda: [work(data) for data in (small, large)])
    for cost, data in zip(costs, (small, large), strict=True):
        assert cost.lines <= FREE_LINES + LINES_PER_BYTE * len(data)
    growth = max(2.0, len(large) / len(small))
    assert costs[1].lines <= max(SLACK * growth * costs[0].lines, FREE_LINES)


def test_the_limits_of_the_child_do_end_it() -> None:
    with pytest.raises((Ended, MemoryError)):
        limited(lambda: len(bytes(4 << 30)))
