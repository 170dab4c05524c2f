"""One thing worth saying about a signature, a certificate or a file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from .errors import KysoError

Severity = Literal["error", "warning", "info"]


@dataclass(frozen=True)
class Finding:
    """One thing worth saying. `code` is stable and looked up for translations; `text` and `remedy` are English."""

    code: str
    severity: Severity
    text: str
    remedy: str | None = None
    """What to do about it, where the code alone does not tell; never a part of `text`, which may quote strangers."""

    def to_json(self) -> dict[str, str | None]:
        """As reports have it."""
        return {"code": self.code, "severity": self.severity, "text": self.text, "remedy": self.remedy}

    @classmethod
    def of(cls, error: Exception, code: str, before: str = "") -> Finding:
        """An error as a finding of this code, its remedy apart; `before` stands before what it says."""
        if isinstance(error, KysoError):
            return cls(code, "error", before + error.message, error.remedy or None)
        return cls(code, "error", f"{before}{error}")
