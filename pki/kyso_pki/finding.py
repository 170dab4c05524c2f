"""One thing worth saying about a signature, a certificate or a file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Severity = Literal["error", "warning", "info"]


@dataclass(frozen=True)
class Finding:
    """One thing worth saying. `code` is stable and looked up for translations; `text` is English."""

    code: str
    severity: Severity
    text: str
