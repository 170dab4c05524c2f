"""Zip archives in packets: what programs write is opened, and what two readers would read differently is not."""

from __future__ import annotations

import io
import subprocess
import zipfile
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kyso_pki.errors import FormatError, LimitExceeded
from kyso_pki.xml.archive import Budget, members
from tests.attacks.xml.packets import hidden_before, zipped
from tests.attacks.xml.structure import LETTER, honest
from tests.judges import java

FILES = [("thư mục/công văn.pdf", b"%PDF-1.7 " * 500), ("b.xml", b"<b/>"), ("rong.txt", b"")]


def read(octets: bytes) -> list[tuple[str, bytes]]:
    return list(members(octets, Budget()))


class _Stream(io.BytesIO):
    """Not seekable: whoever writes an archive into it says each size after the content."""

    def seek(self, _at: int, _from: int = 0) -> int:
        raise io.UnsupportedOperation


def streamed(files: Sequence[tuple[str, bytes]], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = _Stream()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, content in files:
            archive.writestr(name, content)
    return out.getvalue()


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_files_come_out_as_they_went_in(method: int) -> None:
    assert read(zipped(FILES, method)) == FILES


def test_sizes_may_follow_what_is_packed() -> None:
    assert read(streamed(FILES)) == FILES


def test_a_size_after_what_is_not_packed_is_refused() -> None:
    with pytest.raises(FormatError, match="only after its octets"):
        read(streamed(FILES, zipfile.ZIP_STORED))


def test_folders_and_a_remark_are_no_files() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.mkdir("thư mục")
        archive.writestr("thư mục/a", b"a")
        archive.comment = "Gói số 1".encode()
    assert read(out.getvalue()) == [("thư mục/a", b"a")]


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_what_few_programs_can_unpack_is_refused(method: int) -> None:
    with pytest.raises(FormatError, match="unusual way"):
        read(zipped(FILES, method))


def test_what_grows_too_much_is_refused_before_it_is_unpacked() -> None:
    with pytest.raises(LimitExceeded, match="grows beyond"):
        read(zipped([("a", bytes(30 << 20))]))


@pytest.mark.parametrize("options", [[], ["-0"], ["-fd"]])
def test_archives_of_info_zip_are_opened_and_their_names_read(tmp_path: Path, options: list[str]) -> None:
    for name, content in FILES:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(content)
    command = ["zip", "-q", "-r", "-D", *options, "a.zip", *(name for name, _ in FILES)]
    subprocess.run(command, cwd=tmp_path, check=True)
    assert dict(read((tmp_path / "a.zip").read_bytes())) == dict(FILES)


@given(st.integers(0, 400), st.binary(min_size=1, max_size=4))
def test_an_archive_with_other_octets_gives_the_same_files_or_none(at: int, octets: bytes) -> None:
    whole = zipped([("a", b"noi dung " * 9), ("b", b"<b/>")])
    at %= len(whole)
    try:
        found = read(whole[:at] + octets + whole[at + len(octets) :])
    except (FormatError, LimitExceeded):
        return
    assert [content for _, content in found] == [b"noi dung " * 9, b"<b/>"]


def test_java_shows_the_hidden_letter_first_where_the_directory_knows_the_signed_one(tmp_path: Path) -> None:
    """Why it is refused: the two readers of one library disagree."""
    java.need()
    (tmp_path / "a.zip").write_bytes(hidden_before())
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        assert archive.read("a") == honest()
    (tmp_path / "First.java").write_text(
        "import java.io.*; import java.util.zip.*; public class First { public static void main(String[] a) throws"
        ' Exception { var in = new ZipInputStream(new FileInputStream("a.zip")); in.getNextEntry();'
        " in.transferTo(System.out); System.out.flush(); } }",
        encoding="utf-8",
    )
    done = subprocess.run(["java", "First.java"], cwd=tmp_path, stdout=subprocess.PIPE, check=True)
    assert done.stdout == LETTER
    with pytest.raises(FormatError, match="does not list"):
        read(hidden_before())
