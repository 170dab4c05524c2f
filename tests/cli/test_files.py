"""Results are whole or not there, and nothing is overwritten unasked."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from kyso_cli.errors import Stop
from kyso_cli.files import check_input, check_output, write_whole


def test_a_result_is_written_whole_and_nothing_else_is_left(tmp_path: Path) -> None:
    write_whole(tmp_path / "a.pdf", b"signed")
    assert (tmp_path / "a.pdf").read_bytes() == b"signed"
    assert [p.name for p in tmp_path.iterdir()] == ["a.pdf"]


def test_an_existing_result_stays_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_bytes(b"first")
    with pytest.raises(Stop, match="output_exists"):
        write_whole(tmp_path / "a.pdf", b"second")
    assert (tmp_path / "a.pdf").read_bytes() == b"first"
    assert [p.name for p in tmp_path.iterdir()] == ["a.pdf"]


def test_force_replaces_it(tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_bytes(b"first")
    write_whole(tmp_path / "a.pdf", b"second", force=True)
    assert (tmp_path / "a.pdf").read_bytes() == b"second"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pipes with a name in a folder")
def test_a_pipe_is_never_replaced_by_a_result(tmp_path: Path) -> None:
    """As root `--force` would put a file in the place of /dev/null."""
    pipe = tmp_path / "pipe.pdf"
    os.mkfifo(pipe)
    with pytest.raises(Stop, match="output_special"):
        check_output(pipe, force=True)
    with pytest.raises(OSError, match="a pipe"):
        write_whole(pipe, b"signed", force=True)
    assert pipe.is_fifo()
    assert [p.name for p in tmp_path.iterdir()] == ["pipe.pdf"]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no limit on the size of files")
def test_a_full_disk_leaves_nothing() -> None:
    """/dev/full cannot be a folder, so the limit on a file's size stands in for a full disk."""
    import resource
    import signal
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        child = os.fork()
        if child == 0:
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (10, 10))
            try:
                write_whole(Path(folder) / "a.pdf", b"x" * 100)
            except OSError as e:
                os._exit(7 if e.filename == f"{folder}/a.pdf" else 8)  # the file that was meant, not the one beside
            os._exit(0)
        _, status = os.waitpid(child, 0)
        assert os.waitstatus_to_exitcode(status) == 7
        assert list(Path(folder).iterdir()) == []


@pytest.mark.skipif(sys.platform == "win32", reason="who may read a file is not told by its mode there")
def test_secrets_are_readable_by_their_owner_alone(tmp_path: Path) -> None:
    write_whole(tmp_path / "a.pin", b"1", mode=0o600)
    assert (tmp_path / "a.pin").stat().st_mode & 0o777 == 0o600


def test_inputs_are_checked_before_any_work(tmp_path: Path) -> None:
    with pytest.raises(Stop, match="file_missing"):
        check_input(str(tmp_path / "none.pdf"))
    with pytest.raises(Stop, match="file_is_folder"):
        check_input(str(tmp_path))
    check_input("-")


def test_a_result_needs_its_folder(tmp_path: Path) -> None:
    with pytest.raises(Stop, match="folder_missing"):
        check_output(tmp_path / "none" / "a.pdf", force=False)
    with pytest.raises(Stop, match="file_is_folder"):
        check_output(tmp_path, force=True)
