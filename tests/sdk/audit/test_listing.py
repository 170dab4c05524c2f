"""What an audit lists: every file once, nothing in silence, and no walk that never ends."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from kyso.audit.executor import LocalPool
from kyso.audit.listing import entries
from kyso.audit.run import Run, held
from kyso_pki.errors import AuditError, UsageError

from .conftest import Archive

links = pytest.mark.skipif(sys.platform == "win32", reason="Windows makes links for administrators only, and no FIFO")


def names(*sources: str, everything: bool = False) -> list[str]:
    return [Path(e.path).name for e in entries(sources, everything=everything)]


@links
def test_what_cannot_be_looked_at_stands_in_the_report_as_failed(archive: Archive, tmp_path: Path) -> None:
    folder = tmp_path / "luu-tru"
    folder.mkdir()
    (folder / "that.pdf").write_bytes((archive.folder / "2026" / "001.pdf").read_bytes())
    (folder / "link.pdf").symlink_to("that.pdf")
    (folder / "nowhere.pdf").symlink_to("gone.pdf")
    (folder / "circle.pdf").symlink_to("circle.pdf")
    (folder / "folder.pdf").symlink_to(".")
    os.mkfifo(folder / "fifo.pdf")
    for source in (str(folder), f"{folder}/*.pdf", f"{folder}/**/*"):
        run = Run.begin(tmp_path / "run", archive.plan, [source])
        run.work(LocalPool(1), lambda _: None)
        found = {Path(r["file"]).name: [r["verdict"], *(f["code"] for f in r["findings"])] for r in run.records()}
        run.remove()
        refused = ["failed", "audit.unreadable"]
        passed = ["passed"]
        assert found == {
            "circle.pdf": refused,
            "fifo.pdf": refused,
            "link.pdf": passed,
            "nowhere.pdf": refused,
            "that.pdf": passed,
        }


@links
@pytest.mark.skipif(getattr(os, "geteuid", lambda: 0)() != 0, reason="becomes another user, which only root can")
def test_folder_that_may_not_be_listed_is_listed_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    tmp_path.chmod(0o755)
    closed = tmp_path / "kin"
    closed.mkdir(mode=0o700)
    (closed / "a.pdf").write_bytes(b"x")
    (tmp_path / "b.pdf").write_bytes(b"x")
    os.seteuid(65534)
    try:
        found = [sorted(names(source)) for source in (".", "**/*.pdf", "*/*.pdf")]
    finally:
        os.seteuid(0)
    assert found == [["b.pdf", "kin"], ["b.pdf", "kin"], ["kin"]]


@links
def test_links_that_lead_back_do_not_make_a_pattern_endless(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "a.pdf").write_bytes(b"x")
    for name in ("one", "two", "three"):
        (tmp_path / "sub" / name).symlink_to(tmp_path)
    assert names(f"{tmp_path}/**/*.pdf") == ["a.pdf"]
    assert names(f"{tmp_path}/**/**/*.pdf") == ["a.pdf"]
    assert names(f"{tmp_path}/sub/*/a.pdf") == ["a.pdf"] * 3, "a link that the pattern names is followed"


@links
def test_folders_in_folders_a_thousand_deep_are_walked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for _ in range(1100):
        Path("d").mkdir()
        monkeypatch.chdir("d")
    Path("a.pdf").write_bytes(b"x")
    bottom = os.open(".", os.O_RDONLY)
    monkeypatch.chdir(tmp_path)
    found = names("."), names("**/*.pdf")
    os.fchdir(bottom)
    os.close(bottom)
    Path("a.pdf").unlink()
    for _ in range(1100):  # pytest could not remove them
        monkeypatch.chdir("..")
        Path("d").rmdir()
    assert found == (["a.pdf"], ["a.pdf"])


def test_pattern_means_what_a_shell_means_by_it(tmp_path: Path) -> None:
    for name in ("2025/a.pdf", "2026/b.pdf", "2026/10/c.pdf", "2026/c.txt", ".an/d.pdf", "2026/.e.pdf"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    assert names(f"{tmp_path}/202?/*.pdf") == ["a.pdf", "b.pdf"]
    assert names(f"{tmp_path}/20[!5][!5]/*.pdf") == ["b.pdf"]
    assert names(f"{tmp_path}/**/*.pdf") == ["a.pdf", "b.pdf", "c.pdf"]
    assert names(f"{tmp_path}/2026/**") == ["b.pdf", "c.txt", "c.pdf"]
    assert names(f"{tmp_path}/.an/*.pdf") == ["d.pdf"]
    assert names(f"{tmp_path}/2026/.*") == [".e.pdf"]
    assert names(f"{tmp_path}/*/10/c.pdf") == ["c.pdf"]
    with pytest.raises(UsageError, match="matches no file"):
        names(f"{tmp_path}/*.pdf")


def test_list_names_files_whose_names_have_spaces_and_odd_letters(tmp_path: Path) -> None:
    odd = tmp_path / " cong van\x85\u2028so 1.pdf "
    odd = odd if sys.platform != "win32" else tmp_path / "cong van so 1.pdf"
    odd.write_bytes(b"x")
    (tmp_path / "b.pdf").write_bytes(b"x")
    listed = tmp_path / "ds.txt"
    listed.write_bytes(b"\xef\xbb\xbf" + f"{odd}\r\n  {tmp_path / 'b.pdf'}  \n\n".encode())
    assert names(f"@{listed}") == [odd.name, "b.pdf"]
    with pytest.raises(UsageError, match="cannot be read"):
        names(f"@{tmp_path}/khong-co.txt")
    listed.write_text(f"{tmp_path}/b.pdf\n{tmp_path}/c.pdf\n", "utf-8")
    with pytest.raises(UsageError, match="line 2"):
        names(f"@{listed}")


def test_audit_does_not_verify_its_own_files(archive: Archive, tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_bytes(b"x")
    report = tmp_path / "report.jsonl"
    report.write_bytes(b"{}\n")
    with held(tmp_path / "report.jsonl.audit"):
        run = Run.begin(
            tmp_path / "report.jsonl.audit", archive.plan, [str(tmp_path)], everything=True, besides=(report,)
        )
    lines = (run.folder / "manifest.jsonl").read_text("utf-8").splitlines()
    assert len(lines) == run.count == 1 and "a.pdf" in lines[0]


def test_missing_file_in_the_work_is_told_as_such_and_frees_the_folder(tmp_path: Path) -> None:
    for _ in range(2):
        with pytest.raises(FileNotFoundError, match="khong-co"), held(tmp_path / "run"):
            (tmp_path / "khong-co").read_bytes()
    assert list(tmp_path.iterdir()) == []
    with held(tmp_path / "run"), pytest.raises(AuditError), held(tmp_path / "run"):
        pass
