"""Who judges a million files keeps none of them: what was read of a document goes with its report."""

from __future__ import annotations

import gc
from collections.abc import Callable
from datetime import timedelta

import pytest

from kyso_pki.ades.grow import Sources, extend
from kyso_pki.ades.sign import sign_document
from kyso_pki.cades.content import CmsContent
from kyso_pki.cades.document import CmsDocument
from kyso_pki.document import Document, Intent, can_grow
from kyso_pki.evidence import Evidence
from kyso_pki.formats import facts_of, open_document, verify_document
from kyso_pki.pdf.document import PdfDocument
from kyso_pki.pdf.reader import Reader
from kyso_pki.xml.document import XmlDocument
from kyso_pki.xml.tree import Tree
from tests.pki.ades.inputs import PDF
from tests.pki.xml.made import AT, LETTER, WORLD

CONTENT = "Công văn".encode()
EVIDENCE = Evidence(crls=tuple(WORLD.crls(AT)))
HELD = (CmsDocument, PdfDocument, Reader, XmlDocument, Tree)


def _signed(number: int, kind: str) -> bytes:
    document: Document = (
        PdfDocument(PDF) if kind == "pdf" else XmlDocument(LETTER) if kind == "xml" else CmsContent(CONTENT)
    )
    return sign_document(document, Intent(AT - timedelta(seconds=number)), WORLD.person_signer)


def _verify(data: bytes, content: bytes | None) -> None:
    report = verify_document(data, trust=WORLD.trust, at=AT, evidence=EVIDENCE, content=content)
    assert report.passed


def _verify_damaged(data: bytes, content: bytes | None) -> None:
    damaged = data[:-900] + bytes([data[-900] ^ 1]) + data[-899:]
    verify_document(damaged, trust=WORLD.trust, at=AT, evidence=EVIDENCE, content=content)


def _facts(data: bytes, content: bytes | None) -> None:
    assert facts_of(data, content=content).signatures


def _grow(data: bytes, content: bytes | None) -> None:
    document = open_document(data, content=content)
    assert can_grow(document)
    extend(document, "B-LTA", timestamper=WORLD.timestamper(AT), sources=Sources(AT, WORLD.fetcher(AT)))


def _alive() -> int:
    gc.collect()
    return sum(isinstance(one, HELD) for one in gc.get_objects())


@pytest.mark.parametrize("work", [_verify, _verify_damaged, _facts, _grow])
@pytest.mark.parametrize("kind", ["pdf", "xml", "cms"])
def test_nothing_of_a_document_stays(kind: str, work: Callable[[bytes, bytes | None], None]) -> None:
    content = CONTENT if kind == "cms" else None
    before = _alive()
    for number in range(4):
        work(_signed(number, kind), content)
    assert _alive() == before
