"""What comes back from a server is the document that was sent, signed, or it is refused.

A real server on loopback answers with what each test lays there; signatures are made by a PKI in memory.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest

import kyso
from kyso import Client
from kyso_pki.ades.grow import Sources, extend, timestamp_document
from kyso_pki.document import FieldLock, Level
from kyso_pki.errors import OtherDocument
from kyso_pki.formats import open_document
from kyso_pki.testing import World
from tests.pki.ades.inputs import PDF, XML
from tests.pki.pdf.encryption.locked import locked

AT = datetime(2026, 11, 23, tzinfo=UTC)
DOCUMENTS = Path(__file__).parents[1] / "documents"
OTHER_XML = XML.replace("V/v ký số".encode(), "V/v chi tiền".encode())
INVOICE = (DOCUMENTS / "hoa-don.xml").read_bytes()
UTF_16 = b"\xff\xfe" + "<CongVan><Dau/><TrichYeu>V/v ký số</TrichYeu></CongVan>".encode("utf-16-le")


class Handler(BaseHTTPRequestHandler):
    """Answers everything with the same document."""

    answer: ClassVar[bytes] = b""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Length", str(len(self.answer)))
        self.end_headers()
        self.wfile.write(self.answer)

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with Client(f"http://127.0.0.1:{server.server_port}", "ma-truy-cap") as one:
        yield one
    server.shutdown()
    server.server_close()


@cache
def world() -> World:
    return World.create(at=AT)


def signed(document: bytes, **options: Any) -> bytes:
    w = world()
    sources: dict[str, Any] = {"timestamper": w.timestamper(AT), "trust": w.trust, "fetcher": w.fetcher(AT)}
    return kyso.sign(document, w.person_signer, at=AT, **sources, **options)


def extended(document: bytes, level: Level) -> bytes:
    w = world()
    sources = Sources(AT, w.fetcher(AT), trust=w.trust)
    return extend(open_document(document), level, timestamper=w.timestamper(AT), sources=sources).data


def signs(client: Client, sent: bytes, answer: bytes, **options: Any) -> bytes:
    Handler.answer = answer
    return client.sign_document(sent, "nguyen-van-mau", **options)


def extends(client: Client, sent: bytes, answer: bytes) -> bytes:
    Handler.answer = answer
    return client.extend_document(sent)


@cache
def _signed_pdf() -> bytes:
    return signed(PDF)


@cache
def _signed_xml() -> bytes:
    return signed(XML)


def _signature() -> bytes:
    xml = _signed_xml()
    return xml[xml.index(b"<ds:Signature ") : xml.rindex(b"</CongVan>")]


@cache
def _archived(document: bytes) -> bytes:
    return signed(document, level="B-LTA")


@pytest.mark.parametrize(
    ("document", "options"),
    [
        (PDF, {}),
        (PDF, {"level": "B-LTA"}),
        (PDF, {"certify": 1, "lock": FieldLock("All")}),
        ((DOCUMENTS / "cong-van-pdfa-2b.pdf").read_bytes(), {}),
        ((DOCUMENTS / "da-ky.pdf").read_bytes(), {}),
        (XML, {"level": "B-LTA"}),
        (XML, {"xml_form": "xmldsig"}),
        (UTF_16, {}),
        (INVOICE, {"profile": "einvoice-buyer"}),
    ],
    ids=["pdf", "pdf lta", "certified", "pdf/a", "signed before", "xml lta", "xmldsig", "utf-16", "profile"],
)
def test_the_document_that_was_sent_with_a_signature_is_taken(
    client: Client, document: bytes, options: dict[str, Any]
) -> None:
    answer = signed(document, **options)
    told = {k: v for k, v in options.items() if k in ("certify", "lock", "xml_form", "profile")}
    assert signs(client, document, answer, **told) == answer


def test_a_signature_that_was_broken_before_is_not_held_against_the_server(client: Client) -> None:
    sent = (DOCUMENTS / "da-ky.pdf").read_bytes()
    end = re.search(rb"/ByteRange *\[0 (\d+)", sent)
    assert end is not None
    sent = sent[: end.start(1)] + b"%d" % (int(end[1]) - 1) + sent[end.end(1) :]
    answer = signed(sent)
    assert signs(client, sent, answer) == answer
    with pytest.raises(OtherDocument):
        signs(client, sent, signed(answer))


def test_an_encrypted_document_is_looked_at_with_its_password(client: Client) -> None:
    sent = locked(6, user="dung")
    answer = signed(sent, password=lambda: "dung")
    assert signs(client, sent, answer, password=lambda: "dung") == answer
    with pytest.raises(OtherDocument):
        signs(client, sent, signed(locked(6, user="dung"), password=lambda: "dung"), password=lambda: "dung")


def test_a_countersignature_is_taken_and_one_on_another_document_is_not(client: Client) -> None:
    before, other = signed(XML), signed(OTHER_XML)
    name = kyso.verify(before, trust=world().trust).signatures[0].id
    answer = signed(before, countersign=name)
    assert signs(client, before, answer, countersign=name) == answer
    with pytest.raises(OtherDocument):
        signs(client, other, answer, countersign=name)


def _flipped(data: bytes, at: bytes) -> bytes:
    place = data.rindex(at) + len(at) + 20
    return data[:place] + (b"0" if data[place : place + 1] != b"0" else b"1") + data[place + 1 :]


def _more_than_signed() -> bytes:
    """An update changes the page, and that is what is signed: the signature is intact and covers all."""
    number = b"4 0 obj"
    content = b"BT /F1 20 Tf 72 500 Td (Chi 1000000000) Tj ET"
    size = len(PDF) + 1
    body = b"\n%s\n<< /Length %d >>\nstream\n%s\nendstream\nendobj\n" % (number, len(content), content)
    previous = PDF[PDF.rindex(b"startxref") :].split()[1]
    trailer = PDF[PDF.rindex(b"trailer") :]
    root = trailer[trailer.index(b"/Root") :].split(b"/", 2)[1].split(b">")[0]
    count = trailer[trailer.index(b"/Size") + 5 :].split()[0].split(b"/")[0].split(b">")[0]
    table = b"xref\n4 1\n%010d 00000 n \ntrailer\n<< /Size %s /%s /Prev %s >>\nstartxref\n%d\n%%%%EOF\n"
    return signed(PDF + body + table % (size, count, root, previous, len(PDF) + len(body)))


ANSWERS: dict[str, tuple[bytes, Callable[[], bytes]]] = {
    "another pdf": (PDF, lambda: signed((DOCUMENTS / "cong-van.pdf").read_bytes())),
    "the same, unsigned": (PDF, lambda: PDF),
    "a page of a proxy": (PDF, lambda: b"<html><body>Xin chao</body></html>"),
    "nothing": (PDF, lambda: b""),
    "a broken signature": (PDF, lambda: _flipped(_signed_pdf(), b"/Contents <")),
    "only a timestamp": (PDF, lambda: _timestamped()),
    "two signatures": (PDF, lambda: signed(_signed_pdf())),
    "bytes after the end": (PDF, lambda: _signed_pdf() + b"\n% more\n"),
    "xml for pdf": (PDF, _signed_xml),
    "another xml": (XML, lambda: signed(OTHER_XML)),
    "xml unsigned": (XML, lambda: XML),
    "the signature twice": (XML, lambda: _signed_xml().replace(b"</CongVan>", _signature() + b"</CongVan>")),
    "more than a signature": (XML, lambda: signed(XML.replace(b"</CongVan>", b"<Tien>1</Tien></CongVan>"))),
    "an attribute more": (XML, lambda: signed(XML.replace(b'Id="cv"', b'Id="cv" Mat="1"'))),
    "an element around it": (
        XML,
        lambda: signed(XML).replace(b"<ds:Signature ", b"<Tien>1</Tien><ds:Signature ", 1),
    ),
    "a broken xml signature": (XML, lambda: _flipped(_signed_xml(), b"<ds:SignatureValue")),
    "pdf for xml": (XML, _signed_pdf),
    "no xml": (XML, lambda: b"<CongVan>"),
}


def _timestamped() -> bytes:
    return timestamp_document(open_document(PDF), world().timestamper(AT)).data


@pytest.mark.parametrize("name", ANSWERS)
def test_anything_else_is_refused(client: Client, name: str) -> None:
    sent, answer = ANSWERS[name]
    with pytest.raises(OtherDocument) as refused:
        signs(client, sent, answer())
    assert refused.value.code == "remote.other_document"


def test_a_page_that_was_changed_before_it_was_signed_is_named(client: Client) -> None:
    with pytest.raises(OtherDocument, match=r"changed more than it was asked to\. Revision 2: object 4"):
        signs(client, PDF, _more_than_signed())


@pytest.mark.parametrize("document", [PDF, XML], ids=["pdf", "xml"])
def test_an_extended_document_is_taken_and_another_is_not(client: Client, document: bytes) -> None:
    before = signed(document)
    longer = extended(before, "B-LTA")
    assert extends(client, before, longer) == longer
    assert extends(client, longer, longer) == longer
    another = signed(OTHER_XML) if document is XML else signed(before)
    for other in (another, before[:-2], b"", _archived(PDF if document is XML else XML)):
        with pytest.raises(OtherDocument):
            extends(client, before, other)


def test_an_extended_signature_file_holds_the_same_signatures(client: Client) -> None:
    before = kyso.sign_cms(b"toan van", world().person_signer, detached=False, at=AT)
    longer = extended(before, "B-T")
    other = kyso.sign_cms(b"van ban khac", world().person_signer, detached=False, at=AT)
    assert extends(client, before, longer) == longer
    with pytest.raises(OtherDocument):
        extends(client, before, other)
