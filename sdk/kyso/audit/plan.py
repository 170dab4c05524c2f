"""What an audit judges by; which files it looks at is `listing`."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from kyso_pki.ades.verify import DEFAULT_POLICY, Policy
from kyso_pki.evidence import NO_EVIDENCE, Evidence
from kyso_pki.jsonable import decoded, encoded
from kyso_pki.x509.trust import TrustStore


@dataclass(frozen=True)
class Limits:
    """What one file may cost before it is cut off and reported."""

    seconds: float = 60.0
    megabytes: int = 2048
    """Of one worker's memory; memory maps of the file itself do not count."""


@dataclass(frozen=True)
class Online:
    """Ask responders and fetch lists, each URL once in the whole run."""

    hosts: tuple[str, ...] = ()
    """`host` or `host:port` that may be private (`HttpFetcher`)."""


@dataclass(frozen=True)
class Plan:
    """Everything that a verdict depends on besides the file and its password. Equal plans give equal reports.

    No password is in here, because a plan's digest is kept on the disk, where anybody could try passwords on it
    (ADR 39); `LocalPool` has it.
    """

    at: datetime
    """The frozen validation time, aware."""
    trust: TrustStore
    evidence: Evidence = NO_EVIDENCE
    policy: Policy = DEFAULT_POLICY
    online: Online | None = None
    limits: Limits = field(default_factory=Limits)

    def to_json(self) -> dict[str, Any]:
        """The plan for another process or machine."""
        found: dict[str, Any] = encoded(self)
        return found

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Plan:
        """What `to_json` gave. Raises `FormatError`."""
        return decoded(cls, value, "plan")

    @property
    def rules_digest(self) -> str:
        """SHA-256 of everything but the time and the limits: what a run that goes on must have in common."""
        rules = {k: v for k, v in self.to_json().items() if k not in ("at", "limits")}
        return hashlib.sha256(json.dumps(rules, sort_keys=True).encode()).hexdigest()


def as_line(value: object) -> bytes:
    """A line of JSON in UTF-8; the name of a file that is no UTF-8 stands in it with its octets as `\\udcff`."""
    return json.dumps(value, ensure_ascii=False).encode(errors="backslashreplace") + b"\n"
