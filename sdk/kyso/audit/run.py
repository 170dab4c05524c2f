"""One audit on disk: listed, worked on in chunks, continued after a kill, merged in order.

`RUN.audit/` beside the report holds `run.json` (the plan's digests, the validation time), `manifest.jsonl` (every
file with size and time), `chunks/NNNNNNNN.jsonl` (finished work), `evidence/`, and `unfinished/`, which the workers
write and nobody relies on. All else is written beside, synced and renamed; the folder goes when the report is there.
What is read back carries its digest: a chunk that a failing disk or a person has changed is worked on again, instead
of making a false report or a shorter one. (Who may write here may write the report too: this is no seal against him.)
Two audits in one folder would take each other's files away: whoever begins or goes on holds it (`held`).
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from kyso_pki.errors import AuditError

from ..alone import alone
from ..disk import Beside
from ..reporting import made_by
from .executor import Chunk, Executor
from .listing import Entry, entries
from .plan import Plan, as_line

FORMAT = 3
LARGEST_CHUNK = 256  # files; what a kill costs at most, times the workers
_CHUNKS_WANTED = 32  # in a small run, so that all cores have work until the end


class Run:
    """One audit and its folder. Make it with `Run.begin` or `Run.resume`."""

    def __init__(self, folder: Path, plan: Plan, count: int, chunk_size: int) -> None:
        self.folder = folder
        self.plan = plan
        self.count = count
        """Files in the manifest."""
        self._chunk_size = chunk_size
        self.damaged = 0
        """Chunks of the run that stopped that were found changed, and are worked on again."""

    @classmethod
    def begin(
        cls,
        folder: Path,
        plan: Plan,
        sources: Sequence[str],
        *,
        everything: bool = False,
        password: bool = False,
        besides: Collection[Path] = (),
    ) -> Run:
        """Lists the files, without its own and without `besides`, where the report will stand.

        `password`: whether encrypted documents are opened with one, which whoever goes on has to give again.
        Raises `AuditError` when there is none, `UsageError`, `OSError`.
        """
        (folder / "chunks").mkdir(parents=True, exist_ok=True)
        (folder / "evidence").mkdir(exist_ok=True)
        own = (folder, _lock_of(folder), *besides)
        digest, count = hashlib.sha256(), 0

        def lines() -> Iterator[bytes]:
            nonlocal count
            for entry in entries(sources, everything=everything, besides=own):
                line = as_line([entry.path, entry.size, entry.modified_ns])
                digest.update(line)
                count += 1
                yield line

        try:
            _write(folder / "manifest.jsonl", lines())
        except BaseException:
            shutil.rmtree(folder)
            raise
        if not count:
            shutil.rmtree(folder)
            raise AuditError("There is no file to audit.", remedy="Name files, folders, patterns or @list.")
        size = max(1, min(LARGEST_CHUNK, count // _CHUNKS_WANTED))
        head = {
            "format": FORMAT,
            "made_by": made_by(),
            "at": plan.at.isoformat(),
            "rules": plan.rules_digest,
            "manifest": digest.hexdigest(),
            "files": count,
            "sources": _sources(sources, everything),
            "password": password,  # only whether: no digest of it, on which others could be tried
            "chunk": size,
        }
        _write(
            folder / "run.json", [json.dumps({**head, "sha256": _digest_of(head)}).encode()]
        )  # last: from here on the run exists
        return cls(folder, plan, count, size)

    @classmethod
    def resume(
        cls,
        folder: Path,
        plan: Plan,
        sources: Sequence[str] | None = None,
        *,
        everything: bool = False,
        password: bool = False,
    ) -> Run | None:
        """The run that stopped in this folder, with its own validation time; None when there is none.

        `sources` None: whatever it was begun with. Raises `AuditError` when it was begun with other sources, rules,
        anchors or evidence, with a password where now there is none (or the other way round), or by another version
        of kyso, or is damaged.
        """
        try:
            head = json.loads((folder / "run.json").read_text("utf-8"))
        except FileNotFoundError:
            return None
        except (ValueError, RecursionError):
            head = None
        remedy = "Give the same options again, or begin anew (--restart)."
        if not isinstance(head, dict) or head.get("format") != FORMAT:
            raise AuditError(
                f"The audit in {folder} cannot be continued: its run.json is not of this version.", remedy=remedy
            )
        if head.pop("sha256", None) != _digest_of(head):
            raise AuditError(f"The audit in {folder} cannot be continued: its run.json was changed.", remedy=remedy)
        if head["made_by"] != made_by():  # one report, one way of judging
            raise AuditError(f"The audit in {folder} was begun with another version of kyso.", remedy=remedy)
        if head["rules"] != plan.rules_digest:
            raise AuditError(f"The audit in {folder} was begun with other anchors, evidence or rules.", remedy=remedy)
        if sources is not None and head["sources"] != _sources(sources, everything):
            raise AuditError(f"The audit in {folder} was begun for other files or folders.", remedy=remedy)
        if password and not head.get("password", False):
            raise AuditError(
                f"The audit in {folder} was begun without a password for encrypted documents.", remedy=remedy
            )
        if not password and head.get("password", False):
            raise AuditError(
                f"The audit in {folder} was begun with a password for encrypted documents.", remedy=remedy
            )
        try:
            with (folder / "manifest.jsonl").open("rb") as file:
                same = hashlib.file_digest(file, "sha256").hexdigest() == head["manifest"]
        except FileNotFoundError:
            same = False
        if not same:
            raise AuditError(f"The list of files in {folder} was changed.", remedy=remedy)
        run = cls(folder, replace(plan, at=datetime.fromisoformat(head["at"])), head["files"], head["chunk"])
        run._drop_damaged()
        return run

    @property
    def done(self) -> int:
        """Files whose records are on disk."""
        return sum(min(self._chunk_size, self.count - n * self._chunk_size) for n in self._finished())

    def work(self, executor: Executor, progress: Callable[[int], object]) -> None:
        """Verifies what is not done yet. Every chunk is on disk when this returns, or an exception says why not."""
        shutil.rmtree(self.folder / "unfinished", ignore_errors=True)  # of a run that was killed
        finished = self._finished()
        missing = (chunk for chunk in self._chunks() if chunk.number not in finished)
        for done in executor.run(self.plan, missing, self.folder, progress):
            if len(done.records) != len(done.chunk.entries):
                raise AuditError(f"Chunk {done.chunk.number} has {len(done.records)} records.")
            octets = b"".join(record + b"\n" for record in done.records)
            _write(self._place(done.chunk.number), [octets, _seal(octets)])

    def records(self) -> Iterator[dict[str, Any]]:
        """Every record in the order of the manifest. Raises `AuditError` when one is missing."""
        for line in self.lines():
            yield json.loads(line)

    def lines(self) -> Iterator[bytes]:
        """The same as JSON lines."""
        for number in range(-(-self.count // self._chunk_size)):
            try:
                octets = _unsealed(self._place(number).read_bytes())
            except FileNotFoundError:
                raise AuditError(f"Chunk {number} of the audit in {self.folder} is missing.") from None
            if octets is None:
                raise AuditError(f"Chunk {number} of the audit in {self.folder} was changed.")
            yield from octets.splitlines(keepends=True)

    def remove(self) -> None:
        """When the report is written."""
        shutil.rmtree(self.folder)

    def _place(self, number: int) -> Path:
        return self.folder / "chunks" / f"{number:08}.jsonl"

    def _finished(self) -> set[int]:
        return {int(p.stem) for p in (self.folder / "chunks").glob("*.jsonl")}

    def _drop_damaged(self) -> None:
        """What was changed is worked on again; each finished chunk is read once."""
        (self.folder / "chunks").mkdir(exist_ok=True)
        for number in sorted(self._finished()):
            place = self._place(number)
            if not place.exists() or _unsealed(place.read_bytes()) is None:
                self.damaged += 1
                place.unlink(missing_ok=True)

    def _chunks(self) -> Iterator[Chunk]:
        with (self.folder / "manifest.jsonl").open(encoding="utf-8") as file:
            held: list[Entry] = []
            number = 0
            for line in file:
                held.append(Entry(*json.loads(line)))
                if len(held) == self._chunk_size:
                    yield Chunk(number, tuple(held))
                    held, number = [], number + 1
            if held:
                yield Chunk(number, tuple(held))


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """This run's folder, for one audit at a time. Raises `AuditError` when another one works in it, `OSError`."""
    with alone(_lock_of(folder)) as only_one:
        if not only_one:
            raise AuditError(
                f"Another audit is at work in {folder}.", remedy="Wait until it has ended, or give another --out."
            )
        yield


def _digest_of(head: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(head, sort_keys=True).encode()).hexdigest()


def _seal(octets: bytes) -> bytes:
    """The last line of a chunk."""
    return as_line({"sha256": hashlib.sha256(octets).hexdigest()})


def _unsealed(chunk: bytes) -> bytes | None:
    """The records of a chunk as they were written; None when they were changed."""
    octets = chunk[: -len(_seal(b""))]
    return octets if chunk == octets + _seal(octets) else None


def _lock_of(folder: Path) -> Path:
    return folder.with_name(folder.name + ".lock")


def _sources(sources: Sequence[str], everything: bool) -> list[str]:
    """As typed, from where; in ASCII, whatever a file is called."""
    return [ascii(s) for s in (str(Path.cwd()), *sources, *(["--all"] if everything else []))]


def _write(path: Path, pieces: Iterable[bytes]) -> None:
    with Beside(path, force=True) as beside:
        beside.append(iter(pieces))
        beside.commit()
