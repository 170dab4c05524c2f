"""A report in one language, ready to be set: as lines on a terminal, as HTML, as pages.

Reach for `sheet_of`. Every text in it is free of control characters; it may be a stranger's all the same, so whoever
puts it into a format escapes it there.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ..ades.report import DocumentReport, SignatureReport, Verdict
from ..facts import Finding
from .rows import evidence, finding_text, is_stamp, rows
from .said import advice
from .times import local
from .words import Wording, printable


@dataclass(frozen=True)
class Row:
    """One thing said of a signature."""

    key: str
    """Which thing: `integrity`, `signer`, `agency`, `issuer`, `proven`, `claimed`, …"""
    label: str
    text: str


@dataclass(frozen=True)
class Part:
    """One signature, or one document timestamp."""

    head: str
    verdict: Verdict
    said: str
    """The verdict in words."""
    rows: tuple[Row, ...]
    evidence: tuple[str, ...]

    def text(self, key: str) -> str:
        """What the first row of this kind says; empty where there is none."""
        return next((row.text for row in self.rows if row.key == key), "")


@dataclass(frozen=True)
class Note:
    """A finding about the file as a whole."""

    text: str
    remedy: str | None = None


@dataclass(frozen=True)
class Sheet:
    """One document."""

    file: str
    verdict: Verdict
    said: str
    about: tuple[Row, ...]
    """The file itself: digest, format, rules, time of validation."""
    notes: tuple[Note, ...]
    remark: str | None
    """What a file without signatures, but with timestamps, proves."""
    parts: tuple[Part, ...]
    attachments: tuple[Sheet, ...] = ()


def sheet_of(report: DocumentReport, words: Wording) -> Sheet:
    """The report in the language of these words."""
    stamps = sum(is_stamp(s) for s in report.signatures)
    only_stamps = 0 < stamps == len(report.signatures)
    return Sheet(
        file=printable(report.file or ""),
        verdict=report.verdict,
        said=words("verify.only_timestamped" if only_stamps else f"verify.verdict.{report.verdict}"),
        about=tuple(_about(report, words)),
        notes=tuple(_note(finding, words) for finding in report.findings),
        remark=words("verify.timestamp_proves") if only_stamps else None,
        parts=tuple(_parts(report, stamps, words)),
        attachments=tuple(sheet_of(one, words) for one in report.attachments),
    )


def _about(report: DocumentReport, words: Wording) -> Iterator[Row]:
    found = {
        "sha256": report.sha256,
        "format": words("verify.sheet.unreadable") if report.format is None else report.format.upper(),
        "policy": report.policy,
        "validation_time": local(report.signatures[0].validation_time) if report.signatures else None,
    }
    yield from (Row(k, words(f"verify.sheet.{k}"), printable(text)) for k, text in found.items() if text)


def _note(finding: Finding, words: Wording) -> Note:
    """Why the file cannot be read, and what to do about it: the finding's own remedy, else that of its code."""
    general = words.find(f"errors.{finding.code}.remedy")
    if finding.remedy is None:
        return Note(finding_text(finding, words), None if words.language == "en" else general)
    own = advice(finding.remedy, words) or (finding.remedy if words.language == "en" else general)
    return Note(finding_text(finding, words), printable(own or finding.remedy))


def _parts(report: DocumentReport, stamps: int, words: Wording) -> Iterator[Part]:
    numbers = {True: 0, False: 0}
    for s in report.signatures:
        stamp = is_stamp(s)
        numbers[stamp] += 1
        total = stamps if stamp else len(report.signatures) - stamps
        kind, said = ("timestamp", "timestamp_verdict") if stamp else ("signature", "verdict")
        yield Part(
            head=words(f"verify.{kind}", number=numbers[stamp], total=total, id=printable(s.id)),
            verdict=s.verdict,
            said=words(f"verify.{said}.{s.verdict}"),
            rows=tuple(_rows(s, words, stamp=stamp)),
            evidence=tuple(printable(evidence(used, words)) for used in s.evidence),
        )


def _rows(s: SignatureReport, words: Wording, *, stamp: bool) -> Iterator[Row]:
    for key, text in rows(s, words):
        own = words.find(f"verify.label.timestamp.{key}") if stamp else None
        yield Row(key, own or words(f"verify.label.{key}"), printable(text))
