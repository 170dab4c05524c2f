"""Work in a process of its own: whatever it does, the caller goes on and says why."""

from __future__ import annotations

from pathlib import Path

import pytest

from kyso.confined import Bounds, run, session
from kyso_pki.errors import FormatError, LimitExceeded

WORK = "tests.sdk.hostile_work"


def test_the_work_gives_back_what_it_made_and_prints_are_no_answer() -> None:
    data = bytes(range(256)) * 10_000
    told, octets = run(WORK, {"what": "turn round"}, data, Bounds(30, 256))
    assert (told, octets) == ({"size": len(data)}, data[::-1])


def test_a_session_answers_one_question_after_the_other_about_one_file() -> None:
    with session(WORK, {}, b"abc", Bounds(30, 256)) as work:
        assert [work.ask({"what": "turn round"})[1] for _ in range(3)] == [b"cba"] * 3


def test_an_error_of_the_work_comes_as_it_is() -> None:
    with pytest.raises(FormatError, match="Nothing is there") as refused:
        run(WORK, {}, b"", Bounds(30, 256))
    assert refused.value.remedy == "Send something."


@pytest.mark.parametrize(
    ("what", "said"),
    [
        ("run for ever", "did not end within 2 s"),
        ("eat", "more than 256 MB of memory"),
        ("say too much", "crashed"),
        ("promise too much", "crashed"),
        ("crash", "crashed"),
        ("say nonsense", "crashed"),
        ("leave without a word", "crashed"),
        ("raise", "crashed"),
    ],
)
def test_work_that_goes_wrong_is_refused_by_name_and_nothing_is_left_of_it(what: str, said: str) -> None:
    before = children()
    with pytest.raises(LimitExceeded, match=said) as refused:
        run(WORK, {"what": what}, b"%PDF-1.7 " * 100_000, Bounds(2 if what == "run for ever" else 30, 256))
    assert refused.value.remedy
    assert children() <= before


def children() -> set[str]:
    return set(Path("/proc/self/task").joinpath(str(thread()), "children").read_text(encoding="utf-8").split())


def thread() -> int:
    return int(Path("/proc/thread-self").resolve().name)
