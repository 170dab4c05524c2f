"""An audit sees every file once, in order, whatever happens to it on the way."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import os
import random
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest

import kyso
from kyso.audit import outputs
from kyso.audit.compare import differences
from kyso.audit.executor import Chunk, Done, LocalPool
from kyso.audit.listing import entries
from kyso.audit.plan import Limits, Plan
from kyso.audit.run import Run, held
from kyso.audit.totals import summed
from kyso_pki.errors import AuditError, UsageError
from tests.pki.pdf.encryption.locked import locked
from tests.pki.reports.reported import packet as edxml
from tests.pki.reports.shape import assert_shape

from ..test_large_files import sparse
from .conftest import AT, Archive


def audited(
    folder: Path, plan: Plan, sources: Sequence[str], progress: Callable[[int], object] = lambda _: None
) -> dict[str, dict[str, Any]]:
    """The records by file name, of a run with two workers."""
    run = Run.begin(folder, plan, sources)
    run.work(LocalPool(2), progress)
    found = {Path(r["file"]).name: r for r in run.records()}
    for record in found.values():
        assert_shape(record)
    return found


def codes(record: dict[str, Any]) -> list[str]:
    return [f["code"] for f in record["findings"]]


def test_records_are_what_verify_says_of_each_file(archive: Archive, tmp_path: Path) -> None:
    counted: list[int] = []
    found = audited(tmp_path / "run", archive.plan, [str(archive.folder)], counted.append)
    assert len(found) == 44 == sum(counted)
    for name in ("007.pdf", "bi-sua.pdf", "chua-ky.pdf", "rong.pdf", "hoa-don.xml"):
        [path] = archive.folder.rglob(name)
        own = kyso.verify(path, trust=archive.plan.trust, at=AT, evidence=archive.plan.evidence)
        assert found[name] == own.to_json()
    assert found["007.pdf"]["verdict"] == "passed"
    assert {found[n]["verdict"] for n in ("bi-sua.pdf", "chua-ky.pdf", "rong.pdf")} == {"failed"}


def test_sources_are_files_folders_patterns_and_lists_each_file_once(archive: Archive, tmp_path: Path) -> None:
    folder = str(archive.folder)
    listed = tmp_path / "danh-sach.txt"
    listed.write_text(f"{folder}/rong.pdf\n\n{folder}/2026/001.pdf\n", "utf-8")
    assert [Path(e.path).name for e in entries([f"@{listed}"])] == ["rong.pdf", "001.pdf"]
    assert len(list(entries([f"{folder}/**/0*.pdf", folder, f"{folder}/rong.pdf"]))) == 44
    assert len(list(entries([folder], everything=True))) == 45
    for wrong in (f"{folder}/khong-co.pdf", f"{folder}/*.docx"):
        with pytest.raises(UsageError):
            list(entries([wrong]))
    with pytest.raises(AuditError):
        Run.begin(tmp_path / "nothing", archive.plan, [])


def test_killed_audit_goes_on_and_its_report_is_the_same_line_for_line(archive: Archive, tmp_path: Path) -> None:
    """kill -9 at ten random moments."""
    whole, resumed = tmp_path / "whole.jsonl", tmp_path / "resumed.jsonl"

    def command(out: Path) -> list[str]:
        program = [sys.executable, "-m", "kyso_cli", "audit", str(archive.folder), "--out", str(out), "--jobs", "2"]
        return [*program, "--force", *archive.options]  # one may be done before it is killed

    subprocess.run(command(whole), stdout=subprocess.DEVNULL, check=False)
    moments = random.Random(2026)  # noqa: S311 - moments, no keys
    for _ in range(10):
        with subprocess.Popen(command(resumed), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
            time.sleep(moments.uniform(0.2, 1.2))
            process.kill()
    done = subprocess.run(command(resumed), stdout=subprocess.DEVNULL, check=False)
    assert done.returncode == 1
    assert resumed.read_bytes() == whole.read_bytes()
    assert len(whole.read_bytes().splitlines()) == 44
    assert not list(tmp_path.glob("*.audit")), "the folders of finished runs are gone"


def test_run_that_goes_on_is_not_taken_for_one_as_of_another_time(archive: Archive, tmp_path: Path) -> None:
    """Who asks as of 2020 must not be told what was so in 2026."""
    out = tmp_path / "report.jsonl"
    program = [sys.executable, "-m", "kyso_cli", "audit", str(archive.folder), "--out", str(out), *archive.options]
    with subprocess.Popen(program, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        while not (tmp_path / "report.jsonl.audit" / "run.json").exists():
            time.sleep(0.01)
        process.kill()
    other = subprocess.run([*program, "--at", "2020-01-01"], capture_output=True, text=True, check=False)
    assert other.returncode == 2 and "--restart" in other.stderr and not out.exists()
    assert subprocess.run(program, capture_output=True, check=False).returncode == 1
    assert {json.loads(line)["verdict"] for line in out.read_bytes().splitlines()} == {"passed", "failed"}


class Interrupted:
    """An executor that stops after some chunks, as a machine that is switched off."""

    def __init__(self, chunks: int) -> None:
        self._chunks = chunks

    def run(
        self, plan: Plan, chunks: Iterable[Chunk], folder: Path, progress: Callable[[int], object]
    ) -> Iterator[Done]:
        for number, done in enumerate(LocalPool(2).run(plan, chunks, folder, progress)):
            if number == self._chunks:
                raise KeyboardInterrupt
            yield done


def test_run_that_goes_on_keeps_its_time_and_does_only_what_is_missing(archive: Archive, tmp_path: Path) -> None:
    run = Run.begin(tmp_path / "run", archive.plan, [str(archive.folder)])
    with pytest.raises(KeyboardInterrupt):
        run.work(Interrupted(5), lambda _: None)
    later = replace(archive.plan, at=AT.replace(year=2027))
    again = Run.resume(tmp_path / "run", later)
    assert again is not None and again.plan.at == AT and again.done == 5
    seen: list[int] = []
    again.work(LocalPool(1), seen.append)
    assert sum(seen) == again.count - 5 and again.done == again.count == len(list(again.lines()))


def test_run_with_other_rules_is_not_continued(archive: Archive, tmp_path: Path) -> None:
    Run.begin(tmp_path / "run", archive.plan, [str(archive.folder)])
    other = replace(archive.plan, policy=kyso.Policy(accept_overlays=True))
    with pytest.raises(AuditError, match="other anchors, evidence or rules"):
        Run.resume(tmp_path / "run", other)
    (tmp_path / "run" / "manifest.jsonl").write_text('["x.pdf", 1, 1]\n', encoding="utf-8")
    with pytest.raises(AuditError, match="list of files"):
        Run.resume(tmp_path / "run", archive.plan)
    assert Run.resume(tmp_path / "nothing", archive.plan) is None


def test_run_of_another_version_is_not_continued(archive: Archive, tmp_path: Path) -> None:
    """Half a report by the rules of one version and half by those of the next would be nobody's report."""
    run = Run.begin(tmp_path / "run", archive.plan, [str(archive.folder)])
    head = json.loads((run.folder / "run.json").read_text("utf-8"))
    (run.folder / "run.json").write_text(json.dumps(sealed({**head, "made_by": "kyso 0.0.1"})), "utf-8")
    with pytest.raises(AuditError, match="another version"):
        Run.resume(run.folder, archive.plan)


def test_password_opens_encrypted_documents_and_is_kept_nowhere(archive: Archive, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    mine, other = locked(6, user="kín đáo"), locked(6, user="khác")
    for number in range(3):
        signed = kyso.sign(mine, archive.world.person_signer, at=AT, password=lambda: "kín đáo")
        (folder / f"{number}.pdf").write_bytes(signed)
    (folder / "khac.pdf").write_bytes(other)
    run = Run.begin(tmp_path / "run", archive.plan, [str(folder)], password=True)
    secret = "kín đáo".encode()

    def look(_done: int) -> None:
        for child in psutil.Process().children(recursive=True):
            told = " ".join([*child.cmdline(), *child.environ().values()])
            assert "kín đáo" not in told
        assert not any(secret in f.read_bytes() for f in run.folder.rglob("*") if f.is_file())

    pool = LocalPool(1, "kín đáo")
    assert "kín" not in repr(pool)
    run.work(pool, look)
    found = {Path(r["file"]).name: r for r in run.records()}
    assert [found[f"{n}.pdf"]["verdict"] for n in range(3)] == ["passed"] * 3
    assert (found["khac.pdf"]["verdict"], codes(found["khac.pdf"])) == ("indeterminate", ["format.encrypted"])


def test_run_with_a_password_is_continued_only_with_one(archive: Archive, tmp_path: Path) -> None:
    sources = [str(archive.folder)]
    Run.begin(tmp_path / "run", archive.plan, sources, password=True)
    with pytest.raises(AuditError, match="begun with a password"):
        Run.resume(tmp_path / "run", archive.plan, sources)
    assert Run.resume(tmp_path / "run", archive.plan, sources, password=True) is not None
    Run.begin(tmp_path / "other", archive.plan, sources)
    with pytest.raises(AuditError, match="begun without a password"):
        Run.resume(tmp_path / "other", archive.plan, sources, password=True)


def test_run_for_other_files_is_not_continued(archive: Archive, tmp_path: Path) -> None:
    """The report would be about the folder of last week, under the name of today's."""
    folder = tmp_path / "run"
    Run.begin(folder, archive.plan, [str(archive.folder)])
    with pytest.raises(AuditError, match="other files or folders"):
        Run.resume(folder, archive.plan, [str(tmp_path)])
    with pytest.raises(AuditError, match="other files or folders"):
        Run.resume(folder, archive.plan, [str(archive.folder)], everything=True)
    assert Run.resume(folder, archive.plan, [str(archive.folder)]) is not None


def test_two_audits_do_not_work_in_one_folder(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    with held(folder), pytest.raises(AuditError, match="Another audit is at work"), held(folder):
        pass
    with held(folder):
        pass
    assert not list(tmp_path.iterdir())


def test_records_that_somebody_takes_away_end_the_run_instead_of_stopping_it(
    archive: Archive, tmp_path: Path
) -> None:
    run = Run.begin(tmp_path / "run", archive.plan, [str(archive.folder)])
    gone = threading.Event()

    def take_away() -> None:
        while not gone.wait(0.001):
            for file in (tmp_path / "run").glob("unfinished/*"):
                file.unlink(missing_ok=True)

    thief = threading.Thread(target=take_away)
    thief.start()
    try:
        with pytest.raises(AuditError, match="does not hold what a worker has written"):
            run.work(LocalPool(1), lambda _: None)
    finally:
        gone.set()
        thief.join()
    Run.resume(tmp_path / "run", archive.plan).work(LocalPool(1), lambda _: None)  # type: ignore[union-attr]  # begun


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="file names are Unicode there")
@pytest.mark.parametrize("kind", ["jsonl", "csv", "html", "parquet"])
def test_file_whose_name_is_no_utf_8_is_one_of_the_report(archive: Archive, tmp_path: Path, kind: str) -> None:
    """As ZIP files of the old days leave them."""
    source = next(p for p in archive.folder.rglob("*.pdf"))
    odd = tmp_path / os.fsdecode(b"c\xf4ng v\xe3n.pdf")
    odd.write_bytes(source.read_bytes())
    run = Run.begin(tmp_path / "run", archive.plan, [str(odd)])
    run.work(LocalPool(1), lambda _: None)
    (record,) = run.records()
    assert (record["file"], record["verdict"]) == (
        str(odd),
        kyso.verify(source, trust=archive.plan.trust, at=AT, evidence=archive.plan.evidence, offline=True).verdict,
    )
    outputs.write(tmp_path / f"r.{kind}", run.lines, summed(run.records()), "")
    assert (tmp_path / f"r.{kind}").stat().st_size


def sealed(head: dict[str, Any]) -> dict[str, Any]:
    """A run.json whose digest is true."""
    rest = {k: v for k, v in head.items() if k != "sha256"}
    return {**rest, "sha256": hashlib.sha256(json.dumps(rest, sort_keys=True).encode()).hexdigest()}


@pytest.mark.parametrize(
    "change",
    [
        lambda octets: octets.replace(b'"failed"', b'"passed"'),
        lambda octets: b"",
        lambda octets: octets[: len(octets) // 2],
        lambda octets: octets[octets.index(b"\n") + 1 :],
        lambda octets: bytes(len(octets)),
    ],
    ids=["verdict", "emptied", "cut", "record gone", "zeros"],
)
def test_chunk_that_was_changed_is_worked_on_again(
    archive: Archive, tmp_path: Path, change: Callable[[bytes], bytes]
) -> None:
    run = Run.begin(tmp_path / "run", archive.plan, [str(archive.folder)])
    run.work(LocalPool(1), lambda _: None)
    whole = list(run.lines())
    chunk = next(p for p in sorted((run.folder / "chunks").iterdir()) if b'"failed"' in p.read_bytes())
    chunk.write_bytes(change(chunk.read_bytes()))
    with pytest.raises(AuditError, match="was changed"):
        list(run.lines())
    again = Run.resume(run.folder, archive.plan)
    assert again is not None
    assert again.damaged == 1 and again.done < again.count
    again.work(LocalPool(1), lambda _: None)
    assert list(again.lines()) == whole


@pytest.mark.parametrize("change", [{"files": 5}, {"chunk": 0}, {"files": "x"}, {"at": "now"}, {"at": "2030-01-01"}])
def test_changed_head_of_a_run_is_not_continued(archive: Archive, tmp_path: Path, change: dict[str, Any]) -> None:
    run = Run.begin(tmp_path / "run", archive.plan, [str(archive.folder)])
    head = json.loads((run.folder / "run.json").read_text("utf-8"))
    (run.folder / "run.json").write_text(json.dumps({**head, **change}), "utf-8")
    with pytest.raises(AuditError, match=r"run\.json was changed"):
        Run.resume(run.folder, archive.plan)


@pytest.mark.parametrize("text", ["[]", "null", "{", "[" * 100_000, ""])
def test_head_of_a_run_that_is_none_is_not_continued(archive: Archive, tmp_path: Path, text: str) -> None:
    run = Run.begin(tmp_path / "run", archive.plan, [str(archive.folder)])
    (run.folder / "run.json").write_text(text, "utf-8")
    with pytest.raises(AuditError, match="not of this version"):
        Run.resume(run.folder, archive.plan)


def test_missing_chunk_is_an_error_and_not_a_shorter_report(archive: Archive, tmp_path: Path) -> None:
    run = Run.begin(tmp_path / "run", archive.plan, [str(archive.folder)])
    run.work(LocalPool(2), lambda _: None)
    (tmp_path / "run" / "chunks" / "00000003.jsonl").unlink()
    with pytest.raises(AuditError, match="missing"):
        list(run.lines())


# What one file may do to the others ------------------------------------------------------------------------


def test_file_that_takes_too_long_is_cut_off_and_the_rest_is_verified(archive: Archive, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    sparse(tmp_path / "in" / "lon.pdf", 8 << 30)  # a hole on the disk, but octets to be hashed
    for number in range(3):
        (tmp_path / "in" / f"{number}.pdf").write_bytes((archive.folder / "2026" / f"{number:03}.pdf").read_bytes())
    found = audited(tmp_path / "run", replace(archive.plan, limits=Limits(seconds=0.8)), [str(tmp_path / "in")])
    assert codes(found["lon.pdf"]) == ["audit.timeout"] and found["lon.pdf"]["verdict"] == "failed"
    assert [found[f"{n}.pdf"]["verdict"] for n in range(3)] == ["passed"] * 3


def test_file_that_eats_memory_is_cut_off_and_the_rest_is_verified(archive: Archive, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    content = bytes(16 << 20)  # copied out of the structure more than once
    (folder / "a.p7m").write_bytes(kyso.sign_cms(content, archive.world.person_signer, detached=False, at=AT))
    (folder / "b.pdf").write_bytes((archive.folder / "2026" / "001.pdf").read_bytes())
    found = audited(tmp_path / "run", replace(archive.plan, limits=Limits(megabytes=48)), [f"{folder}/*"])
    assert found["a.p7m"]["verdict"] == "failed"
    assert codes(found["a.p7m"])[0] in ("audit.memory", "limits.memory")
    assert found["b.pdf"]["verdict"] == "passed"


def test_worker_that_dies_costs_one_file(archive: Archive, tmp_path: Path) -> None:
    killed: list[int] = []

    def kill_one(_done: int) -> None:
        if not killed:
            child = psutil.Process().children()[0]
            killed.append(child.pid)
            os.kill(child.pid, getattr(signal, "SIGKILL", signal.SIGTERM))

    found = audited(tmp_path / "run", archive.plan, [str(archive.folder)], kill_one)
    crashed = [r for r in found.values() if "audit.crashed" in codes(r)]
    assert len(found) == 44 and len(crashed) <= 1
    assert all(r["verdict"] == "failed" for r in crashed)


@pytest.mark.skipif(sys.platform != "linux", reason="a pipe of another process is opened by /proc")
def test_stray_line_of_a_worker_is_no_answer_and_costs_one_file(archive: Archive, tmp_path: Path) -> None:
    stray: list[str] = []
    others = set(psutil.Process().children())  # of tests before this one

    def let_slip(_done: int) -> None:
        if stray:
            return
        pid = next(child.pid for child in psutil.Process().children() if child not in others)
        ours = {_pipe(f) for f in Path("/proc/self/fd").iterdir()} - {None}
        for fd in Path(f"/proc/{pid}/fd").iterdir():
            if int(fd.name) > 2 and _pipe(fd) in ours:  # what its answers go through
                stray.append(fd.name)
                fd.open("wb", buffering=0).write(b"warning: ready\n")

    found = audited(tmp_path / "run", archive.plan, [str(archive.folder)], let_slip)
    assert len(found) == 44 and len(stray) == 1
    crashed = [r for r in found.values() if "audit.crashed" in codes(r)]
    assert len(crashed) <= 1  # none where the chunk was done by then
    assert all("'warning: ready\\n'" in r["findings"][0]["text"] for r in crashed)


def _pipe(fd: Path) -> str | None:
    """The name of the pipe; None for any other descriptor, and for one that is closed by now."""
    with contextlib.suppress(OSError):
        name = str(fd.readlink())
        return name if name.startswith("pipe:") else None
    return None


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no limit on the size of files")
def test_full_disk_ends_the_run_and_no_document_is_blamed(archive: Archive, tmp_path: Path) -> None:
    import resource

    run = Run.begin(tmp_path / "run", archive.plan, [str(archive.folder)])
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (300, before[1]))  # less than one record
    try:
        with pytest.raises(OSError, match="unfinished"):
            run.work(LocalPool(2), lambda _: None)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert run.done == 0
    again = Run.resume(tmp_path / "run", archive.plan)
    assert again is not None
    again.work(LocalPool(2), lambda _: None)
    records = list(again.records())
    assert len(records) == 44 and not any("audit.crashed" in codes(r) for r in records)


def test_file_that_is_changed_after_the_listing_is_told(archive: Archive, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    victim = tmp_path / "in" / "a.pdf"
    victim.write_bytes((archive.folder / "2026" / "001.pdf").read_bytes())
    run = Run.begin(tmp_path / "run", archive.plan, [str(tmp_path / "in")])
    victim.write_bytes(victim.read_bytes() + b"\n")
    run.work(LocalPool(1), lambda _: None)
    [record] = run.records()
    assert codes(record) == ["audit.changed"] and record["verdict"] == "failed"


# Reports ---------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def finished(archive: Archive, tmp_path_factory: pytest.TempPathFactory) -> Run:
    run = Run.begin(tmp_path_factory.mktemp("finished") / "run", archive.plan, [str(archive.folder)])
    run.work(LocalPool(2), lambda _: None)
    return run


@pytest.mark.parametrize("kind", ["jsonl", "csv", "parquet", "html"])
def test_every_kind_of_report_has_every_file(finished: Run, tmp_path: Path, kind: str) -> None:
    out = tmp_path / f"report.{kind}"
    outputs.write(out, finished.lines, summed(finished.records()), "44 tệp")
    if kind == "jsonl":
        assert [json.loads(line) for line in out.read_bytes().splitlines()] == list(finished.records())
    elif kind == "csv":
        rows = out.read_text("utf-8-sig").splitlines()
        assert len(rows) == 45 and rows[0] == ",".join(outputs.COLUMNS)
    elif kind == "parquet":
        from pyarrow import parquet

        table = parquet.read_table(out)
        assert table.num_rows == 44 and tuple(table.column_names) == outputs.COLUMNS
        assert table.column("verdict").to_pylist().count("passed") == 41
    else:
        page = out.read_text("utf-8")
        assert page.count("bi-sua.pdf") == page.count("rong.pdf") == 1 and "007.pdf" not in page


def test_names_in_a_report_are_neither_formulas_nor_markup(finished: Run, tmp_path: Path) -> None:
    [first, *_] = finished.records()
    first["file"] = '=HYPERLINK("http://xau.example","<script>")\u202efdp.exe'
    first["verdict"] = "failed"
    line = json.dumps(first).encode() + b"\n"
    for kind in ("csv", "html"):
        outputs.write(tmp_path / f"r.{kind}", lambda: [line], summed([first]), "một tệp")
    assert "'=HYPERLINK" in (tmp_path / "r.csv").read_text("utf-8-sig")
    for name, written in (
        ("a;=1+1", "a;'=1+1"),
        ("\t=1", "'\ufffd'=1"),
        ("\uff1d1", "'\uff1d1"),
        ("a-b=c;d", "a-b=c;d"),
    ):
        first["signatures"][0]["signer"]["name"] = name
        outputs.write(tmp_path / "s.csv", lambda: [json.dumps(first).encode()], summed([first]), "một tệp")
        assert written in (tmp_path / "s.csv").read_text("utf-8-sig"), "where cells are cut at semicolons or tabs too"
    first["signatures"][0]["signer"]["name"] = "A\x1b[2J\x9b\u202eB\r\nxau.xml,,xml,passed"
    first["file"] = "a\udcff.xml"
    outputs.write(tmp_path / "s.csv", lambda: [json.dumps(first).encode()], summed([first]), "một tệp")
    lines = (tmp_path / "s.csv").read_text("utf-8-sig").splitlines()
    assert "A\ufffd[2J\ufffd\ufffdB\ufffd'\ufffdxau.xml" in lines[1], "what rewrites a screen, or begins a row"
    assert len(lines) == 2 and lines[1].startswith("a\\udcff.xml,")
    page = (tmp_path / "r.html").read_text("utf-8")
    assert "<script>" not in page and "\u202e" not in page
    [style] = re.findall("<style>(.*?)</style>", page)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert f"default-src &#x27;none&#x27;; style-src &#x27;sha256-{digest}&#x27;" in page


def test_a_packet_says_which_document_in_it_failed_and_why(archive: Archive, tmp_path: Path) -> None:
    signed = (archive.folder / "2026" / "000.pdf").read_bytes()
    packet = tmp_path / "goi.edxml"
    packet.write_bytes(edxml(signed, (archive.folder / "chua-ky.pdf").read_bytes()))
    record = kyso.verify(packet, trust=archive.plan.trust, at=AT, evidence=archive.plan.evidence).to_json()
    totals = summed([record])
    assert totals.to_json()["reasons"] == {"NO_SIGNATURE": 1}
    assert totals.to_json()["agencies"] == {"UBND tỉnh Mẫu": {"passed": 1}}, "who signed a document in it is counted"
    found = [dict(zip(outputs.COLUMNS, row, strict=True)) for row in outputs.rows(record)]
    assert [(r["attachment"], r["file_verdict"], r["signer"], r["reasons"]) for r in found] == [
        (None, "failed", None, "NO_SIGNATURE"),
        ("cid:0", "passed", "Nguyễn Văn Mẫu", ""),
        ("cid:1", "failed", None, "NO_SIGNATURE"),
    ]
    assert {r["file"] for r in found} == {str(packet)}
    outputs.write(tmp_path / "r.html", lambda: [json.dumps(record).encode()], totals, "một tệp")
    assert "cid:1: Tài liệu không có chữ ký số nào. · The document carries no signature." in (
        tmp_path / "r.html"
    ).read_text("utf-8")


def test_totals_count_by_verdict_agency_signer_month_and_reason(finished: Run) -> None:
    totals = summed(finished.records()).to_json()
    assert totals["verdicts"] == {"passed": 41, "failed": 3}
    assert totals["agencies"] == {"UBND tỉnh Mẫu": {"passed": 41, "failed": 1}}
    assert totals["signers"]["Nguyễn Văn Mẫu"] == {"passed": 21, "failed": 1}
    assert totals["months"] == {"2026-11": {"passed": 41, "failed": 1}}
    for moment, month in (("2026-11-30T17:00:00Z", "2026-12"), ("9999-12-31T23:59:59Z", "9999-12")):
        [record] = (r for r in finished.records() if r["file"].endswith("001.pdf"))
        record["signatures"][0]["claimed_time"] = moment
        assert list(summed([record]).to_json()["months"]) == [month], "as people in Viet Nam read the time"
    assert totals["reasons"]["NO_SIGNATURE"] == 1 and sum(totals["reasons"].values()) >= 3


def test_diff_tells_what_came_went_and_changed(finished: Run, tmp_path: Path) -> None:
    old, new = tmp_path / "old.jsonl", tmp_path / "new.jsonl"
    records = list(finished.records())
    old.write_bytes(b"".join(finished.lines()))
    gone, other_verdict, other_content, both, *rest = records
    other_verdict["verdict"], other_content["sha256"] = "indeterminate", "00" * 32
    both["verdict"], both["sha256"] = "indeterminate", "00" * 32
    added = {**rest[0], "file": "moi.pdf"}
    new.write_text("".join(json.dumps(r) + "\n" for r in (other_verdict, other_content, both, *rest, added)), "utf-8")
    found = [(d.kind, d.file) for d in differences(old, new)]
    assert found == [
        ("verdict", other_verdict["file"]),
        ("content", other_content["file"]),
        ("content", both["file"]),
        ("verdict", both["file"]),
        ("added", "moi.pdf"),
        ("removed", gone["file"]),
    ]
    assert list(differences(old, old)) == []
    for text in ("a,b\n", "[" * 100_000):
        (tmp_path / "run.csv").write_text(text, encoding="utf-8")
        with pytest.raises(AuditError, match="line 1"):
            list(differences(tmp_path / "run.csv", old))


def test_plan_travels_as_json(archive: Archive) -> None:
    policy = kyso.Policy(accept_parts=True, signature_policies=(("urn:oid:1.2.3", "quy định".encode()),))
    plan = replace(archive.plan, limits=Limits(3.5, 300), policy=policy)
    assert Plan.from_json(json.loads(json.dumps(plan.to_json()))) == plan


def test_signature_files_are_judged_over_what_stands_beside_them(archive: Archive, tmp_path: Path) -> None:
    folder = tmp_path / "files"
    folder.mkdir()
    signer = archive.world.person_signer
    for name, content in {"a.docx": b"mot", "b.docx": b"hai", "c.docx": b"ba"}.items():
        (folder / f"{name}.p7s").write_bytes(kyso.sign_cms(content, signer, at=AT))
        (folder / name).write_bytes(content if name != "b.docx" else b"khac")
    (folder / "c.docx").unlink()
    (folder / "d.p7m").write_bytes(kyso.sign_cms(b"bon", signer, at=AT, detached=False))
    found = audited(tmp_path / "run", archive.plan, [str(folder)])
    verdicts = {name: record["verdict"] for name, record in found.items()}
    assert verdicts == {
        "a.docx.p7s": "passed",
        "b.docx.p7s": "failed",
        "c.docx.p7s": "indeterminate",
        "d.p7m": "passed",
    }


def test_facts_of_a_signature_file_are_replayed_without_its_content(archive: Archive) -> None:
    data = kyso.sign_cms(b"mot", archive.world.person_signer, at=AT)
    found = type(kyso.facts(data, content=b"mot")).from_json(kyso.facts(data, content=b"mot").to_json())
    report = kyso.replay(found, trust=archive.plan.trust, at=AT, evidence=archive.plan.evidence)
    report.require_passed()
    assert kyso.replay(kyso.facts(data), trust=archive.plan.trust, at=AT).verdict == "indeterminate"
