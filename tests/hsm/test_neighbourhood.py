"""A worker that makes one value runs beside its waiting caller, and anywhere else otherwise."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

from kyso_hsm.neighbourhood import Anywhere, neighbourhood_of

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux places processes")


@pytest.fixture
def worker() -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(["sleep", "60"]) as process:
        yield process
        process.kill()


def test_one_call_alone_is_made_on_the_callers_processor(worker: subprocess.Popen[bytes]) -> None:
    allowed = os.sched_getaffinity(0)
    place = neighbourhood_of(worker.pid)
    place.begin(alone=True)
    near = os.sched_getaffinity(worker.pid)
    place.end()
    assert len(near) == 1 and near <= allowed
    place.begin(alone=False)
    place.end()
    assert os.sched_getaffinity(worker.pid) == allowed


def test_the_waiting_thread_stays_beside_its_worker_until_the_call_ends(worker: subprocess.Popen[bytes]) -> None:
    allowed = os.sched_getaffinity(0)
    place = neighbourhood_of(worker.pid)
    place.begin(alone=True)
    meanwhile = os.sched_getaffinity(0)
    place.end()
    assert meanwhile == os.sched_getaffinity(worker.pid) and len(meanwhile) == 1
    assert os.sched_getaffinity(0) == allowed


def test_calls_at_the_same_time_run_anywhere(worker: subprocess.Popen[bytes]) -> None:
    allowed = os.sched_getaffinity(0)
    with subprocess.Popen(["sleep", "60"]) as other:
        first, second = neighbourhood_of(other.pid), neighbourhood_of(worker.pid)
        first.begin(alone=False)
        second.begin(alone=True)
        assert os.sched_getaffinity(worker.pid) == allowed
        second.end()
        first.end()
        other.kill()


def test_a_worker_that_has_ended_is_no_error() -> None:
    with subprocess.Popen(["true"]) as ended:
        place = neighbourhood_of(ended.pid)
    place.begin(alone=True)
    place.end()
    assert isinstance(neighbourhood_of(ended.pid), Anywhere)
