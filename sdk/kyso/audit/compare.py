"""What changed between two runs: files that came or went, other content, other verdicts, other reasons."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from kyso_pki.errors import AuditError

from .totals import reasons_of

Kind = Literal["added", "removed", "content", "verdict", "reasons"]


@dataclass(frozen=True)
class Difference:
    """One file that is not as it was. `old` and `new` are verdicts; for `reasons` the codes of the errors."""

    kind: Kind
    file: str
    old: str | None
    new: str | None

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class _Short:
    """What of a record can differ between two runs."""

    sha256: str | None
    verdict: str
    reasons: str


def differences(old: Path, new: Path) -> Iterator[Difference]:
    """Of two reports in JSON lines, by path, in the order of the new one; then what is gone.

    Raises `AuditError` for what is no such report, `OSError`.
    """
    before = dict(_read(old))
    for file, now in _read(new):
        was = before.pop(file, None)
        if was is None:
            yield Difference("added", file, None, now.verdict)
            continue
        if was.sha256 != now.sha256:
            yield Difference("content", file, was.verdict, now.verdict)
        if was.verdict != now.verdict:
            yield Difference("verdict", file, was.verdict, now.verdict)
        elif was.sha256 == now.sha256 and was.reasons != now.reasons:
            yield Difference("reasons", file, was.reasons, now.reasons)
    for file, was in before.items():
        yield Difference("removed", file, was.verdict, None)


def _read(path: Path) -> Iterator[tuple[str, _Short]]:
    with path.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            try:
                record = json.loads(line)
                yield record["file"], _Short(record["sha256"], record["verdict"], " ".join(reasons_of(record)))
            except (ValueError, KeyError, TypeError, RecursionError):
                raise AuditError(
                    f"{path}, line {number}: this is no record of an audit.",
                    remedy="Compare reports written as .jsonl.",
                ) from None
