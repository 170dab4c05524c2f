"""edXML packets: every document in them is verified by itself, and the packet's own signature is told apart."""

from __future__ import annotations

import base64
import io
import zipfile
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import kyso
from kyso_pki.ades.report import DocumentReport
from kyso_pki.ades.sign import sign_document
from kyso_pki.document import Intent
from kyso_pki.errors import FormatError, UsageError, VerificationFailed
from kyso_pki.formats import open_document, verify_document
from kyso_pki.xml.archive import MAX_ATTACHMENTS
from kyso_pki.xml.profiles import built_in
from tests.pki.pdf.samples import BODIES, stream, table_pdf

from .made import AT, EVIDENCE, LETTER, PERSON, SEAL, WORLD

PACKET = (Path(__file__).parents[2] / "documents" / "goi-tin.edxml").read_bytes()
SPACE = "http://www.mic.gov.vn/TBT/QCVN_102_2016"


def signed(data: bytes) -> bytes:
    return sign_document(open_document(data), Intent(AT), SEAL)


PDF, XML = signed(table_pdf()), signed(LETTER)


def zipped(*members: tuple[str, bytes], stored: bool = False) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED) as archive:
        for name, octets in members:
            archive.writestr(name, octets)
    return out.getvalue()


def packet(*documents: tuple[str, bytes], named: Sequence[str] = ()) -> bytes:
    """A packet with these documents; `named`: ContentIds of its manifest."""
    manifest = "".join(f"<Reference><ContentId>{n}</ContentId></Reference>" for n in named)
    attached = "".join(
        f"<Attachment><ContentId>cid:{name}</ContentId><AttachmentName>{name}</AttachmentName>"
        f"<ContentTransferEncoded>{base64.b64encode(octets).decode()}</ContentTransferEncoded></Attachment>"
        for name, octets in documents
    )
    return (
        f'<edXML xmlns="{SPACE}"><edXMLEnvelope><edXMLHeader><DigitalSignature/></edXMLHeader><edXMLBody>'
        f"<edXMLManifest>{manifest}</edXMLManifest></edXMLBody></edXMLEnvelope>"
        f'<AttachmentEncoded xmlns="">{attached}</AttachmentEncoded></edXML>'
    ).encode()


def report(data: bytes) -> DocumentReport:
    return verify_document(data, trust=WORLD.trust, at=AT, evidence=EVIDENCE, file="goi.edxml")


def codes(found: DocumentReport) -> set[str]:
    return {f.code for f in found.findings}


def test_a_packet_passes_when_every_document_in_it_passes() -> None:
    found = report(packet(("a.pdf", PDF), ("b.xml", XML), named=["cid:a.pdf", "cid:b.xml"]))
    assert found.verdict == "passed"
    assert found.signatures == ()
    assert codes(found) == {"PACKET_NOT_SIGNED"}
    assert [(a.file, a.format, a.verdict) for a in found.attachments] == [
        ("a.pdf", "pdf", "passed"),
        ("b.xml", "xml", "passed"),
    ]
    found.require_passed()
    told = found.to_json()
    assert [a["file"] for a in told["attachments"]] == ["a.pdf", "b.xml"]
    assert told["attachments"][0]["attachments"] == []


def test_the_packets_own_signature_is_told_apart() -> None:
    data = packet(("a.pdf", PDF))
    intent = Intent(AT, profile=built_in("edxml"))
    document = sign_document(open_document(data), intent, PERSON)
    evidence = EVIDENCE + type(EVIDENCE)(certificates=(WORLD.issuing,))
    found = verify_document(document, trust=WORLD.trust, at=AT, evidence=evidence)
    assert [s.level for s in found.signatures] == ["XMLDSIG"]
    assert found.signatures[0].coverage.whole
    assert found.passed
    # An exchanged attachment breaks the packet's signature, whatever is in it.
    exchanged = document.replace(base64.b64encode(PDF), base64.b64encode(signed(table_pdf())[:-1] + b" "))
    assert verify_document(exchanged, trust=WORLD.trust, at=AT, evidence=evidence).verdict == "failed"


def test_what_was_signed_is_handed_back_of_the_packet_and_of_each_xml_document_in_it(tmp_path: Path) -> None:
    """Also from a path, where the packet is read again when it is asked for."""
    data = packet(("a.pdf", PDF), ("b.xml", XML), ("c.zip", zipped(("1.xml", XML), ("2.pdf", PDF))))
    document = sign_document(open_document(data), Intent(AT, profile=built_in("edxml")), PERSON)
    evidence = EVIDENCE + type(EVIDENCE)(certificates=(WORLD.issuing,))
    path = tmp_path / "goi.edxml"
    path.write_bytes(document)
    alone = verify_document(XML, trust=WORLD.trust, at=AT, evidence=EVIDENCE).signed_content()
    for source in (document, path):
        found = kyso.verify(source, trust=WORLD.trust, at=AT, evidence=evidence)
        (whole,) = found.signed_content()
        assert base64.b64encode(PDF) in whole
        assert b"SignatureValue" not in whole
        assert [a.file for a in found.attachments] == ["a.pdf", "b.xml", "c.zip/1.xml", "c.zip/2.pdf"]
        assert [a.signed_content() for a in found.attachments if a.format == "xml"] == [alone, alone]
        with pytest.raises(UsageError, match="does not hand back"):
            found.attachments[0].signed_content()
    path.write_bytes(document.replace(base64.b64encode(XML), base64.b64encode(LETTER)))
    with pytest.raises(FormatError, match="was changed after it was verified"):
        found.attachments[1].signed_content()


def test_of_a_document_that_did_not_pass_nothing_is_handed_back() -> None:
    tampered = XML.replace(b"</", b" </", 1)
    found = report(packet(("a.xml", tampered), ("b.xml", XML)))
    with pytest.raises(VerificationFailed):
        found.attachments[0].signed_content()
    assert found.attachments[1].signed_content()


@pytest.mark.parametrize(
    ("octets", "code"),
    [
        (table_pdf(), "NO_SIGNATURE"),
        (LETTER, "NO_SIGNATURE"),
        (b"Kinh gui: cac so", "NOT_A_SIGNED_DOCUMENT"),
        (b"", "NOT_A_SIGNED_DOCUMENT"),
        (b"%PDF-1.7 broken", "format"),
        (zipped(("[Content_Types].xml", b"<Types/>"), ("word/document.xml", LETTER)), "NOT_A_SIGNED_DOCUMENT"),
        (b"PK\x03\x04 broken", "ATTACHMENT_UNREADABLE"),
        (zipped(), "NOT_A_SIGNED_DOCUMENT"),
        (zipped(("a", zipped(("b.pdf", PDF)))), "NOT_A_SIGNED_DOCUMENT"),
    ],
    ids=["unsigned pdf", "unsigned xml", "text", "empty", "broken", "docx", "broken zip", "empty zip", "zip in zip"],
)
def test_a_document_without_a_signature_keeps_the_packet_from_passing(octets: bytes, code: str) -> None:
    found = report(packet(("a.pdf", PDF), ("b", octets)))
    assert [a.verdict for a in found.attachments] == ["passed", "failed"]
    assert code in codes(found.attachments[1])
    assert found.verdict == "failed"
    with pytest.raises(VerificationFailed):
        found.require_passed()


def test_a_tampered_document_fails_and_the_others_are_still_told() -> None:
    tampered = PDF.replace(b"Pay 100", b"Pay 900")
    found = report(packet(("a.pdf", tampered), ("b.xml", XML)))
    assert [a.verdict for a in found.attachments] == ["failed", "passed"]
    assert found.verdict == "failed"


def test_an_archive_of_one_is_that_document_and_of_many_is_each() -> None:
    one, many = zipped(("trong.pdf", PDF)), zipped(("1.pdf", PDF), ("2.xml", XML), ("3.txt", b"x"))
    found = report(packet(("a.pdf", one), ("b.zip", many)))
    assert [(a.file, a.verdict) for a in found.attachments] == [
        ("a.pdf", "passed"),
        ("b.zip/1.pdf", "passed"),
        ("b.zip/2.xml", "passed"),
        ("b.zip/3.txt", "failed"),
    ]


def test_a_packet_without_documents_or_without_one_that_it_names_fails() -> None:
    assert codes(report(packet())) == {"PACKET_NOT_SIGNED", "NO_ATTACHMENT"}
    found = report(packet(("a.pdf", PDF), named=["cid:a.pdf", "cid:phu-luc"]))
    assert found.verdict == "failed"
    assert "ATTACHMENT_MISSING" in codes(found)


@pytest.mark.parametrize(
    "broken",
    [
        lambda t: t.replace("<ContentTransferEncoded>", "<Khac>").replace("</ContentTransferEncoded>", "</Khac>"),
        lambda t: t.replace("</ContentTransferEncoded>", "!</ContentTransferEncoded>"),
        lambda t: t.replace("</ContentTransferEncoded>", "<x/></ContentTransferEncoded>"),
        lambda t: t.replace("<ContentTransferEncoded>", "<ContentTransferEncoded/><ContentTransferEncoded>"),
    ],
)
def test_an_attachment_that_cannot_be_taken_out_is_told(broken) -> None:  # type: ignore[no-untyped-def]  # text to text
    found = report(broken(packet(("a.pdf", PDF)).decode()).encode())
    assert [codes(a) for a in found.attachments] == [{"ATTACHMENT_UNREADABLE"}]
    assert found.verdict == "failed"


# Against archives that grow ------------------------------------------------------------------------------


def test_an_archive_that_grows_in_memory_is_refused() -> None:
    bomb = zipped(("a.pdf", b"%PDF-1.7" + bytes(64 << 20)))
    assert len(bomb) < 100_000
    found = report(packet(("a.pdf", bomb), ("b.pdf", PDF)))
    assert [codes(a) for a in found.attachments] == [{"ATTACHMENT_UNREADABLE"}, set()]
    assert "grows beyond" in found.attachments[0].findings[0].text


def test_a_header_that_lies_about_the_size_changes_nothing() -> None:
    lying = bytearray(zipped(("a.pdf", b"%PDF-1.7" + bytes(8 << 20))))
    for mark, offset in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        at = lying.index(mark) + offset
        lying[at : at + 4] = (100).to_bytes(4, "little")
    found = report(packet(("a.pdf", bytes(lying))))
    assert found.verdict == "failed"


def test_more_files_than_a_packet_has_are_not_opened() -> None:
    many = zipped(*((f"{n}.txt", b"x") for n in range(MAX_ATTACHMENTS + 1)))
    assert [codes(a) for a in report(packet(("a.zip", many))).attachments] == [{"ATTACHMENT_UNREADABLE"}]
    found = report(packet(*((f"{n}.txt", b"x") for n in range(MAX_ATTACHMENTS + 1))))
    assert (found.verdict, found.attachments, codes(found)) == ("failed", (), {"format.limit"})


def test_two_members_of_one_name_are_refused() -> None:
    with pytest.warns(UserWarning, match="Duplicate name"):
        twice = zipped(("a.pdf", PDF), ("a.pdf", table_pdf()))
    assert [codes(a) for a in report(packet(("a.zip", twice))).attachments] == [{"ATTACHMENT_UNREADABLE"}]


def test_a_packet_in_a_packet_is_a_document_without_a_signature() -> None:
    found = report(packet(("a.edxml", packet(("b.pdf", PDF)))))
    assert found.attachments[0].attachments == ()
    assert codes(found.attachments[0]) == {"NO_SIGNATURE"}


@given(st.binary(max_size=300), st.integers(0, 5_000))
@settings(max_examples=60, deadline=None)
def test_whatever_is_attached_there_is_a_report(noise: bytes, at: int) -> None:
    archive = bytearray(zipped(("a.pdf", PDF[:3000])))
    archive[at % len(archive) : at % len(archive) + len(noise)] = noise
    found = report(packet(("a.zip", bytes(archive)), ("b.pdf", PDF)))
    assert found.verdict == "failed"
    assert found.attachments[-1].passed


def test_the_sample_of_the_field_is_opened() -> None:
    found = report(PACKET)
    assert [a.format for a in found.attachments] == ["pdf", "pdf"]
    assert len(found.attachments[0].signatures) == 2
    assert codes(found.attachments[1]) == {"NO_SIGNATURE"}


def test_documents_larger_than_one_text_of_a_tree_are_opened() -> None:
    """libxml2 takes 10 MB as one text; a scan in base64 is often longer."""
    scan = signed(table_pdf({**BODIES, 6: stream(bytes(range(256)) * 40_000)}))
    assert len(scan) > 10_000_000
    found = report(packet(("a.pdf", scan), ("b.xml", XML)))
    assert [a.verdict for a in found.attachments] == ["passed", "passed"]
    assert found.passed
    tampered = scan.replace(bytes(range(250, 256)), bytes(range(249, 255)), 1)
    assert report(packet(("a.pdf", tampered))).verdict == "failed"


def test_a_large_packet_that_is_signed_itself_is_judged_and_one_that_is_no_xml_is_refused() -> None:
    large = packet(("a.pdf", PDF), ("b.bin", bytes(9_000_000)))
    document = sign_document(open_document(large), Intent(AT, profile=built_in("generic-xmldsig")), PERSON)
    found = report(document)
    assert [s.verdict for s in found.signatures] == ["passed"]
    assert [a.verdict for a in found.attachments] == ["passed", "failed"]
    for broken in (large[:-9], large.replace(b"</edXMLBody>", b"</edXMLBodi>"), large + b"<x/>"):
        assert report(broken).verdict == "failed"
        assert "PACKET_NOT_SIGNED" not in codes(report(broken))


def test_any_other_xml_is_no_packet() -> None:
    for data in (LETTER, XML, b"<!-- edXML --><a/>", b'<edXML xmlns="urn:khac"/>'):
        assert report(data).attachments == ()
        assert "PACKET_NOT_SIGNED" not in codes(report(data))
