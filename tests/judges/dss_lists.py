"""EU DSS reads trusted lists (ETSI TS 119 612) as its own applications do, and signs them.

It runs offline: `files` say what stands at which address. A list counts when its signature is valid and its
NextUpdate has not passed (`ExpirationAndSignatureCheckStrategy`; by default DSS takes the others too). Its time is
the machine's.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from . import java
from .holder import Holder


@dataclass(frozen=True)
class DssList:
    """One list, as DSS found it."""

    url: str
    territory: str | None
    sequence: int | None
    version: int | None
    next_update: datetime | None
    indication: str | None
    """Of its signature: `TOTAL_PASSED`…; None: it was not checked."""
    sub_indication: str | None
    problems: tuple[str, ...]
    """What went wrong while it was read, and what its XML Schema says."""

    @property
    def passed(self) -> bool:
        return self.indication == "TOTAL_PASSED"


@dataclass(frozen=True)
class DssState:
    """What a service was from when until when; None: until today."""

    type: str
    status: str
    start: datetime
    end: datetime | None


@dataclass(frozen=True)
class DssTrust:
    """Which lists there are, and the certificates of services in those that count."""

    lists: tuple[DssList, ...]
    states: Mapping[bytes, tuple[DssState, ...]]
    """By certificate (DER), the oldest first."""


def read(list_at: str, files: Mapping[str, bytes], signers: Sequence[bytes], *, of_lists: bool = False) -> DssTrust:
    """Whom DSS trusts by the list at this address, signed by one of these certificates (DER).

    Raises `java.JudgeMissing`, `RuntimeError` with DSS's own words.
    """
    held = [{"url": url, "octets": octets} for url, octets in files.items()]
    answer = java.ask("trusted-list", list=list_at, files=held, signers=signers, of_lists=of_lists)
    if "error" in answer:
        raise RuntimeError(f"DSS did not read the list: {answer['error']}")
    states = {
        base64.b64decode(a["certificate"]): tuple(sorted(map(_state, a["states"]), key=lambda s: s.start))
        for a in answer["anchors"]
    }
    return DssTrust(tuple(map(_list, answer["lists"])), states)


def sign(xml: bytes, holder: Holder, version: int, *, at: datetime) -> bytes:
    """The list signed by DSS as this version of TS 119 612 asks. Raises as `read` does."""
    pkcs12 = holder.pkcs12(b"memory")
    asked: dict[str, Any] = {"document": xml, "pkcs12": pkcs12, "password": "memory", "version": version}
    answer = java.ask("sign-trusted-list", at=java.iso(at), **asked)
    if "error" in answer:
        raise RuntimeError(f"DSS did not sign the list: {answer['error']}")
    return base64.b64decode(answer["signed"])


def _list(told: Mapping[str, Any]) -> DssList:
    return DssList(
        url=told["url"],
        territory=told.get("territory"),
        sequence=told.get("sequence"),
        version=told.get("version"),
        next_update=_time(told.get("next_update")),
        indication=told.get("indication"),
        sub_indication=told.get("sub_indication"),
        problems=tuple(told["problems"]),
    )


def _state(told: Mapping[str, Any]) -> DssState:
    return DssState(told["type"], told["status"], datetime.fromisoformat(told["from"]), _time(told.get("until")))


def _time(value: str | None) -> datetime | None:
    return None if value is None else datetime.fromisoformat(value)
