"""veraPDF (the PDF Association's reference validator): is a file PDF/A or PDF/UA, by machine-checkable rules?"""

from __future__ import annotations

from dataclasses import dataclass

from . import java
from .program import Verdict


@dataclass(frozen=True)
class PdfAVerdict(Verdict):
    failures: tuple[str, ...] = ()
    """`clause-test: the rule [the object] what was found`."""
    checks: int = 0
    took_ms: float = 0.0


def verify(pdf: bytes, profile: str) -> PdfAVerdict:
    """What veraPDF says of the profile `1b`, `2b`, `2u`, `3b`, `ua1`…  Raises `java.JudgeMissing`."""
    answer = java.ask("pdfa", document=pdf, profile=profile)
    if "error" in answer:
        return PdfAVerdict(False, answer["error"])
    failures = tuple(answer["failures"])
    valid = answer["compliant"] and answer["checks"] > 0
    return PdfAVerdict(valid, "\n".join(failures), failures, answer["checks"], answer["took_ms"])
