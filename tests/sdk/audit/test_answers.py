"""What a worker may answer: one word, or why it cannot write."""

from __future__ import annotations

import errno

import pytest

from kyso.audit.answers import READY, failure, failure_in


def test_a_worker_is_ready_by_one_word_alone() -> None:
    assert failure_in(READY) is None


def test_why_a_worker_cannot_write_comes_back() -> None:
    told = failure_in(failure(OSError(errno.ENOSPC, "No space left on device")))
    assert told is not None
    assert (told.errno, told.strerror) == (errno.ENOSPC, "No space left on device")


NOT_NUMBER_AND_TEXT = (
    "[]",
    "[28]",
    "[28,28]",
    '["28","x"]',
    '[28,"x",1]',
    '{"a":1,"b":2}',
    '[true,"x"]',
    "28",
    '"ab"',
    "null",
)
NO_ANSWER = (
    *(b"ready", b"Ready\n", b" ready\n", b"ready\r\n", b"warning: ready\n", b"\n", b"\xff\n"),
    *(f"{line}\n".encode() for line in NOT_NUMBER_AND_TEXT),
    b"[" * 100_000 + b"\n",
)


@pytest.mark.parametrize("line", NO_ANSWER)
def test_anything_else_is_no_answer(line: bytes) -> None:
    with pytest.raises(ValueError):
        failure_in(line)
