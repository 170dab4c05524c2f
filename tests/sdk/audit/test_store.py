"""Evidence is fetched once for a whole run, and what stands on the disk of it is whole or asked for again."""

from __future__ import annotations

import contextlib
import shutil
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from kyso.audit.executor import LocalPool
from kyso.audit.plan import Online
from kyso.audit.run import Run
from kyso.audit.store import StoredFetcher
from kyso.disk import TargetLost
from kyso_pki.errors import FetchError
from kyso_pki.evidence import NO_EVIDENCE

from .conftest import Archive

URL = "http://pki.tinh-mau.example/crl"


@dataclass
class Publisher:
    """Gives another answer each time, as a CA does from day to day."""

    silent: bool = False
    asked: list[str] = field(default_factory=list)

    def crl(self, url: str) -> bytes:
        self.asked.append(url)
        if self.silent:
            raise FetchError(f"{url} does not answer.")
        return f"CRL {len(self.asked)}".encode()

    def ocsp(self, url: str, request: bytes) -> bytes:
        return self.crl(url)

    certificates = crl


def test_one_answer_serves_all_workers_and_a_run_that_goes_on(tmp_path: Path) -> None:
    first, second = Publisher(), Publisher()
    assert StoredFetcher(first, tmp_path).crl(URL) == b"CRL 1"
    assert StoredFetcher(second, tmp_path).crl(URL) == StoredFetcher(first, tmp_path).crl(URL) == b"CRL 1"
    assert (len(first.asked), second.asked) == (1, [])
    assert len(list(tmp_path.iterdir())) == 1


def test_what_failed_has_failed_for_all(tmp_path: Path) -> None:
    for publisher in (Publisher(silent=True), Publisher()):
        with pytest.raises(FetchError, match="does not answer"):
            StoredFetcher(publisher, tmp_path).crl(URL)


@pytest.mark.parametrize("silent", [False, True])
@pytest.mark.parametrize("damage", [b"", b"+", b"-{", b"+CRL of another day", b"\0" * 60])
def test_an_answer_that_a_disk_has_lost_is_asked_for_again(tmp_path: Path, damage: bytes, silent: bool) -> None:
    """After a power cut a file may be there and empty, or full of zeros."""
    with contextlib.suppress(FetchError):
        StoredFetcher(Publisher(silent=silent), tmp_path).crl(URL)
    for place in tmp_path.iterdir():
        place.write_bytes(damage)
    again = Publisher()
    assert StoredFetcher(again, tmp_path).crl(URL) == b"CRL 1"
    assert StoredFetcher(Publisher(), tmp_path).crl(URL) == b"CRL 1"
    assert len(again.asked) == 1


def test_an_answer_is_on_the_disk_before_anything_rests_on_it(tmp_path: Path) -> None:
    """Written beside, synced, and only then given its name: nobody reads half of one."""
    seen: list[int] = []

    class Watching(Publisher):
        def crl(self, url: str) -> bytes:
            seen.append(len(list(tmp_path.iterdir())))
            return super().crl(url)

    stored = StoredFetcher(Watching(), tmp_path)
    stored.crl(URL)
    stored.crl(URL + "2")
    assert seen == [0, 1]
    assert not list(tmp_path.glob("*.part"))


def test_a_folder_that_takes_nothing_is_no_answer_of_a_publisher(tmp_path: Path) -> None:
    with pytest.raises(TargetLost):
        StoredFetcher(Publisher(), tmp_path / "gone").crl(URL)


def test_evidence_that_cannot_be_kept_ends_the_run_and_blames_no_document(archive: Archive, tmp_path: Path) -> None:
    """The records said of a full disk that the *document* could not be read."""
    plan = replace(archive.plan, evidence=NO_EVIDENCE, online=Online())
    run = Run.begin(tmp_path / "run", plan, [str(archive.folder / "2026" / "000.pdf")])
    shutil.rmtree(tmp_path / "run" / "evidence")
    with pytest.raises(OSError, match="unfinished"):
        run.work(LocalPool(1), lambda _: None)
    assert run.done == 0
