"""How the tests of levels sign, grow and judge XML."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from kyso_pki.ades.grow import Sources, extend
from kyso_pki.ades.report import DocumentReport
from kyso_pki.ades.sign import sign_document
from kyso_pki.ades.verify import Policy
from kyso_pki.document import Intent, Level
from kyso_pki.formats import verify_document
from kyso_pki.signer import Signer
from kyso_pki.testing import FetchFault, World
from kyso_pki.xml.document import XmlDocument

from .made import AT, LETTER, PERSON, WORLD

HOUR, DAY, YEAR = timedelta(hours=1), timedelta(days=1), timedelta(days=365)
NAMES = re.compile(rb"<(?:[\w.-]+:)?UnsignedSignatureProperties[ >]")


def sources(at: datetime = AT, fault: FetchFault | None = None, world: World = WORLD) -> Sources:
    return Sources(at, world.fetcher(at, fault), trust=world.trust)


def signed(level: Level, xml: bytes = LETTER, at: datetime = AT, signer: Signer = PERSON) -> bytes:
    return sign_document(XmlDocument(xml), Intent(at, level), signer, WORLD.timestamper(at), sources(at))


def grown(xml: bytes, level: Level, at: datetime = AT) -> bytes:
    return extend(XmlDocument(xml), level, timestamper=WORLD.timestamper(at), sources=sources(at)).data


def judged(xml: bytes, at: datetime = AT + HOUR, *, online: bool = False, parts: bool = False) -> DocumentReport:
    fetcher = WORLD.fetcher(at) if online else None
    return verify_document(xml, trust=WORLD.trust, at=at, fetcher=fetcher, policy=Policy(accept_parts=parts))


def levels(report: DocumentReport) -> list[str]:
    return [s.level for s in report.signatures]


def why(report: DocumentReport) -> list[str]:
    return [f.text for s in report.signatures for f in s.findings]


def unsigned(xml: bytes, number: int = 0) -> tuple[str, ...]:
    """The names of the unsigned properties of one signature, in their order."""
    facts = XmlDocument(xml).signatures()[number]
    assert facts.xml is not None
    return facts.xml.unsigned
