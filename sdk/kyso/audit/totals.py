"""What a report says in sum: by verdict, agency, signer, month and reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from kyso_pki.reports.times import VIETNAM

MOST = 50  # rows of each table that are shown; the report itself has all
NONE = "-"


@dataclass
class Totals:
    """Counts over records; `add` each."""

    files: int = 0
    signatures: int = 0
    verdicts: Counter[str] = field(default_factory=Counter)
    agencies: Counter[tuple[str, str]] = field(default_factory=Counter)
    """(organisation, verdict) of each signature; so for the others."""
    signers: Counter[tuple[str, str]] = field(default_factory=Counter)
    months: Counter[tuple[str, str]] = field(default_factory=Counter)
    """By proven, else claimed time, in Viet Nam's zone as reports show it: `2026-11`."""
    reasons: Counter[str] = field(default_factory=Counter)
    """Codes of the errors, each once a file."""

    def add(self, record: dict[str, Any]) -> None:
        self.files += 1
        self.verdicts[record["verdict"]] += 1
        self.reasons.update(reasons_of(record))
        for _, signature in signatures_of(record):
            self.signatures += 1
            verdict = verdict_of(signature)
            signer = signature["signer"] or {}
            self.agencies[signer.get("organisation") or NONE, verdict] += 1
            self.signers[signer.get("name") or NONE, verdict] += 1
            time = signature["proven_time"] or signature["claimed_time"]
            self.months[_month(time) if time else NONE, verdict] += 1

    def to_json(self) -> dict[str, Any]:
        return {
            "files": self.files,
            "signatures": self.signatures,
            "verdicts": dict(self.verdicts),
            "agencies": _table(self.agencies),
            "signers": _table(self.signers),
            "months": _table(self.months),
            "reasons": dict(self.reasons.most_common()),
        }

    @property
    def verdict(self) -> str:
        """The worst of all."""
        if self.verdicts["failed"]:
            return "failed"
        return "passed" if self.files and self.verdicts["passed"] == self.files else "indeterminate"


def summed(records: Iterable[dict[str, Any]]) -> Totals:
    totals = Totals()
    for record in records:
        totals.add(record)
    return totals


def verdict_of(signature: dict[str, Any]) -> str:
    return {"TOTAL-PASSED": "passed", "TOTAL-FAILED": "failed"}.get(signature["indication"], "indeterminate")


def signatures_of(record: dict[str, Any]) -> Iterator[tuple[str | None, dict[str, Any]]]:
    """The signatures of a file and of each document in it, with that document's name; None for the file itself."""
    yield from ((None, s) for s in record["signatures"])
    for one in record.get("attachments", ()):  # a record of an earlier kyso has none
        yield from ((one["file"], s) for _, s in signatures_of(one))


def _month(time: str) -> str:
    try:
        return datetime.fromisoformat(time).astimezone(VIETNAM).isoformat()[:7]
    except OverflowError:  # a claimed time is a stranger's, and may be the last one that there is
        return time[:7]


def reasons_of(record: dict[str, Any]) -> Iterator[str]:
    """The codes of everything that keeps a file, or a document in it, from passing, each once."""
    found = [f["code"] for f in record["findings"] if f["severity"] == "error"]
    for signature in record["signatures"]:
        codes = [f["code"] for f in signature["findings"] if f["severity"] == "error"]
        if not codes and signature["indication"] != "TOTAL-PASSED":
            codes = [signature["sub_indication"] or signature["indication"]]
        found += codes
    for one in record.get("attachments", ()):  # a packet fails by what is in it; a record of an earlier kyso has none
        found += reasons_of(one)
    return iter(dict.fromkeys(found))


def _table(counts: Counter[tuple[str, str]]) -> dict[str, dict[str, int]]:
    """{name: {verdict: count}}, the most frequent names first."""
    found: dict[str, dict[str, int]] = {}
    for (name, verdict), count in sorted(counts.items()):
        found.setdefault(name, {})[verdict] = count
    return dict(sorted(found.items(), key=lambda item: (-sum(item[1].values()), item[0])))
