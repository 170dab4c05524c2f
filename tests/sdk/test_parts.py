"""What a killed run leaves beside its results goes with the next run, and never what somebody is still writing."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from kyso.disk import Beside, TargetLost
from kyso.parts import QUIET_S, SLOW_S, name_beside, swept

WRITER = """
import sys, time
from kyso.disk import Beside
with Beside(sys.argv[1]) as beside:
    beside.append([b"half of it"])
    print(beside.path.name, flush=True)
    time.sleep(60)
"""
ELSEWHERE = ".kyso-0badcafe-17-00c0ffee.part"


@contextmanager
def writing(target: Path) -> Iterator[tuple[subprocess.Popen[str], Path]]:
    with subprocess.Popen([sys.executable, "-c", WRITER, str(target)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process, target.with_name(process.stdout.readline().strip())
        finally:
            process.kill()


def test_what_a_killed_process_left_is_removed(tmp_path: Path) -> None:
    with writing(tmp_path / "a.pdf") as (process, part):
        assert part.read_bytes() == b"half of it"
        process.kill()
        process.wait()
    assert swept(tmp_path, now=time.time()).removed == (part,)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the system does not say which process writes")
def test_what_a_killed_process_left_is_removed_before_its_parent_asks_for_it(tmp_path: Path) -> None:
    with writing(tmp_path / "a.pdf") as (process, part):
        process.kill()
        while b") Z" not in Path(f"/proc/{process.pid}/stat").read_bytes():
            time.sleep(0.01)
        assert swept(tmp_path, now=time.time()).removed == (part,)


def test_what_a_living_process_writes_stays_however_long_it_takes(tmp_path: Path) -> None:
    with writing(tmp_path / "a.pdf") as (_, part):
        left = swept(tmp_path, now=time.time() + 100 * QUIET_S)
        assert (left.removed, left.doubtful) == ((), ())
        assert part.read_bytes() == b"half of it"


def test_what_another_computer_may_be_writing_is_named_and_removed_after_a_day(tmp_path: Path) -> None:
    part = tmp_path / ELSEWHERE
    part.write_bytes(b"half of it")
    now = part.stat().st_mtime
    assert swept(tmp_path, now=now + SLOW_S - 1).doubtful == ()
    assert swept(tmp_path, now=now + SLOW_S).doubtful == (part,)
    assert swept(tmp_path, now=now + QUIET_S - 1).doubtful == (part,)
    assert swept(tmp_path, now=now - QUIET_S).doubtful == ()  # a clock that went back proves nothing
    assert swept(tmp_path, now=now + QUIET_S).removed == (part,)


@pytest.mark.parametrize("name", ["a.part", ".kyso-1.part", ".kyso-00c0ffee.part.pdf", f"x{ELSEWHERE}", "a.pdf"])
def test_a_file_of_another_name_is_never_touched(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"mine")
    swept(tmp_path, now=time.time() + 2 * QUIET_S)
    assert (tmp_path / name).read_bytes() == b"mine"


def test_a_link_or_folder_of_such_a_name_is_never_touched(tmp_path: Path) -> None:
    (tmp_path / "original.pdf").write_bytes(b"mine")
    (tmp_path / ELSEWHERE).symlink_to("original.pdf")
    (tmp_path / ELSEWHERE.replace("0b", "1b")).mkdir()
    assert swept(tmp_path, now=time.time() + 2 * QUIET_S).removed == ()
    assert len(list(tmp_path.iterdir())) == 3


def test_a_folder_that_is_not_there_has_nothing(tmp_path: Path) -> None:
    assert swept(tmp_path / "no", now=0).removed == ()


def test_each_name_is_new_and_short_enough_for_any_folder() -> None:
    names = {name_beside() for _ in range(1000)}
    assert len(names) == 1000
    assert max(map(len, names)) < 50


def test_a_file_that_was_removed_under_its_writer_costs_an_error_and_gives_no_half_result(tmp_path: Path) -> None:
    """Made anew it would lack what was written before: a PDF of its last octets alone."""
    target = tmp_path / "a.pdf"
    with Beside(target) as beside:
        beside.append([b"the document"])
        beside.path.unlink()
        with pytest.raises(TargetLost) as e:
            beside.append([b"the signature"])
    assert e.value.filename == str(target)
    assert list(tmp_path.iterdir()) == []
