"""Reports of every kind: each format and level, valid, broken, unsigned, unreadable, with and without anchors."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import kyso
from kyso_pki.ades.report import DocumentReport
from kyso_pki.evidence import Evidence
from kyso_pki.testing import World
from tests.pki.ades.inputs import PDF, XML

AT = datetime(2026, 11, 28, 3, 0, tzinfo=UTC)
WORLD = World.create(at=AT)
DOCUMENTS = Path(__file__).parents[2] / "documents"
LEVELS = ("B-B", "B-T", "B-LT", "B-LTA")


def signed(data: bytes, level: str = "B-B", **options: object) -> bytes:
    return kyso.sign(
        data,
        WORLD.person_signer,
        at=AT,
        level=level,
        timestamper=WORLD.timestamper(AT),
        fetcher=WORLD.fetcher(AT),
        **options,  # type: ignore[arg-type]  # passed through by name
    )


def packet(*documents: bytes) -> bytes:
    """An edXML packet."""
    inside = "".join(
        f"<Attachment><ContentId>cid:{n}</ContentId><ContentTransferEncoded>{base64.b64encode(d).decode()}"
        "</ContentTransferEncoded></Attachment>"
        for n, d in enumerate(documents)
    )
    return (
        '<edXML xmlns="http://www.mic.gov.vn/TBT/QCVN_102_2016"><edXMLEnvelope><edXMLHeader/></edXMLEnvelope>'
        f'<AttachmentEncoded xmlns="">{inside}</AttachmentEncoded></edXML>'
    ).encode()


@cache
def inputs() -> dict[str, bytes]:
    """Documents by name."""
    found: dict[str, bytes] = {}
    for level in LEVELS:
        found[f"{level}.pdf"] = signed(PDF, level)
        found[f"{level}.xml"] = signed(XML, level)
    for level in ("B-B", "B-T"):
        found[f"{level}.p7s"] = kyso.sign_cms(
            b"noi dung",
            WORLD.person_signer,
            level=level,
            at=AT,
            timestamper=WORLD.timestamper(AT) if level == "B-T" else None,
        )
    found["xmldsig.xml"] = signed(XML, xml_form="xmldsig")
    found["twice.pdf"] = signed(signed(PDF, "B-T", certify=2), reason="Phê duyệt", location="tỉnh Mẫu")
    found["broken.pdf"] = found["B-B.pdf"].replace(b"0 0 595", b"0 0 596", 1)
    found["changed.pdf"] = found["B-T.pdf"] + b"\n1 0 obj\n<</Type/Catalog>>\nendobj\n"
    found["broken.xml"] = found["B-T.xml"].replace("ký số".encode(), "ký sổ".encode())
    found["broken.p7s"] = found["B-B.p7s"].replace(b"noi dung", b"noi dunG")
    found["cut.xml"] = found["B-B.xml"][:-40]
    found["stamp.pdf"] = kyso.timestamp(PDF, WORLD.timestamper(AT))
    found["unsigned.pdf"], found["unsigned.xml"], found["empty"] = PDF, XML, b""
    found["noise"] = bytes(range(256))
    found["packet.edxml"] = packet(found["B-LT.pdf"], PDF, b"not a document")
    for path in sorted(DOCUMENTS.rglob("*")):
        if path.suffix in (".pdf", ".xml", ".edxml") and path.stat().st_size < 1_000_000:
            found[str(path.relative_to(DOCUMENTS))] = path.read_bytes()
    return found


@cache
def reports() -> tuple[tuple[str, DocumentReport], ...]:
    """On each document without anchors, with them, and with the network."""
    return tuple(_reports())


def _reports() -> Iterator[tuple[str, DocumentReport]]:
    evidence = Evidence(crls=tuple(WORLD.crls(AT)))
    for name, data in inputs().items():
        yield name, kyso.verify(data, at=AT)
        yield f"{name}, anchors", kyso.verify(data, trust=WORLD.trust, at=AT, evidence=evidence)
        yield f"{name}, online", kyso.verify(data, trust=WORLD.trust, at=AT, fetcher=WORLD.fetcher(AT))
