"""The committed documents are those of the manifest, and are what README.md says: asked of programs not ours."""

from __future__ import annotations

import base64
import io
import re
import unicodedata
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509
from lxml import etree

from tests.documents import generate
from tests.documents.makers.bad import PASSWORD
from tests.documents.makers.pdfa import PROFILES
from tests.judges import flip, java, openssl, pdfsig, pyhanko, signxml, verapdf, xmlsec
from tests.judges.program import Run, made, run

HERE = Path(__file__).resolve().parent
AT = datetime(2026, 11, 20, tzinfo=UTC)  # four days after the documents were "signed"
LETTERS = ("cong-van.pdf", "cong-van-objstm.pdf")
POPPLER = "poppler-utils"
_WORD = r'yMin="([\d.]+)" xMax="[\d.]+" yMax="([\d.]+)">([^<]*)<'


def _octets(name: str) -> bytes:
    return (HERE / name).read_bytes()


def _certificate(name: str) -> x509.Certificate:
    return x509.load_pem_x509_certificate(_octets(name))


def _text(name: str) -> str:
    return made(run(["pdftotext", "-layout", str(HERE / name), "-"], package=POPPLER)).decode()


def _info(name: str) -> Run:
    return run(["pdfinfo", str(HERE / name)], package=POPPLER)


# the folder as a whole


def test_every_committed_file_is_the_one_in_the_manifest() -> None:
    assert generate.committed_manifest() == generate.manifest()


def test_the_folder_stays_below_six_megabytes() -> None:
    assert sum(path.stat().st_size for path in generate.documents()) < 6_000_000


def test_every_document_is_told_of_in_the_readme() -> None:
    readme = (HERE / "README.md").read_text(encoding="utf-8")
    for path in generate.documents():
        assert f"`{path.relative_to(HERE).as_posix()}`" in readme


def test_no_private_key_is_committed() -> None:
    for path in generate.documents():
        assert b"PRIVATE KEY" not in path.read_bytes()
        assert path.suffix in {".pdf", ".xml", ".edxml", ".crt", ".crl"}


# the công văn


@pytest.mark.parametrize("name", LETTERS)
def test_the_letter_has_two_a4_pages_and_no_signature(name: str) -> None:
    info = _info(name).text
    assert re.search(r"^Pages:\s+2$", info, flags=re.MULTILINE)
    assert "595.304 x 841.89 pts (A4)" in info
    assert re.search(r"^Producer:\s+LibreOffice", info, flags=re.MULTILINE)
    assert not pdfsig.verify(_octets(name)).signatures


@pytest.mark.parametrize("name", LETTERS)
def test_every_font_of_the_letter_is_embedded_liberation_serif(name: str) -> None:
    listed = made(run(["pdffonts", str(HERE / name)], package=POPPLER)).decode().splitlines()[2:]
    assert len(listed) == 4  # regular, bold, italic, bold italic
    for line in listed:
        assert "+LiberationSerif" in line
        assert line.split()[-5] == "yes"  # emb


@pytest.mark.parametrize("name", LETTERS)
def test_the_letter_s_text_comes_out_whole_and_composed(name: str) -> None:
    text = _text(name)
    assert unicodedata.is_normalized("NFC", text)
    for words in (
        "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM",
        "Độc lập - Tự do - Hạnh phúc",
        "UBND TỈNH MẪU",
        "SỞ THÔNG TIN VÀ TRUYỀN THÔNG",
        "Số: 1234/STTTT-CNTT",
        "Kính gửi:",
        "Nơi nhận:",
        "GIÁM ĐỐC",
        "Nguyễn Văn Mẫu",
        "ằ ẳ ẵ ắ ặ, ầ ẩ ẫ ấ ậ, ề ể ễ ế ệ",
    ):
        assert words in text


def test_there_is_room_for_signature_and_seal_between_title_and_name() -> None:
    """NĐ 30/2020, Appendix I: the signature stands between the title and the full name; a seal is 36 mm wide."""
    layout = made(run(["pdftotext", "-f", "2", "-bbox", str(HERE / "cong-van.pdf"), "-"], package=POPPLER)).decode()
    words = {word: (float(top), float(end)) for top, end, word in re.findall(_WORD, layout)}
    assert words["Nguyễn"][0] - words["GIÁM"][1] > 36 / 25.4 * 72


def test_one_letter_has_a_classic_xref_table_and_the_other_only_streams() -> None:
    classic, streams = (_octets(name) for name in LETTERS)
    assert _newest_xref(classic).startswith(b"xref")
    assert b"/ObjStm" not in classic
    assert re.match(rb"\d+ 0 obj\s*<<[^>]*/XRef", _newest_xref(streams))
    assert b"/ObjStm" in streams
    assert b"\ntrailer" not in streams


@pytest.mark.parametrize(("name", "profile"), PROFILES.items())
def test_verapdf_finds_the_archival_letters_to_be_what_their_names_say(name: str, profile: str) -> None:
    java.need()
    verdict = verapdf.verify(_octets(name), profile)
    assert verdict.valid, verdict.output
    assert verdict.checks > 1000
    assert not verapdf.verify(_octets("cong-van.pdf"), profile).valid


@pytest.mark.parametrize("name", [*LETTERS, *PROFILES, "ban-quet-20-trang.pdf", "da-ky.pdf", "da-ky-hai-chu-ky.pdf"])
def test_qpdf_finds_no_error(name: str) -> None:
    checked = run(["qpdf", "--check", str(HERE / name)], package="qpdf")
    assert checked.code == 0, checked.text


# the scan


def test_the_scan_has_twenty_pages_of_one_image_each_at_200_dpi_and_no_text() -> None:
    listed = made(run(["pdfimages", "-list", str(HERE / "ban-quet-20-trang.pdf")], package=POPPLER)).decode()
    rows = [line.split() for line in listed.splitlines()[2:]]
    assert [int(row[0]) for row in rows] == list(range(1, 21))
    assert rows[0][5] == "rgb"
    assert rows[0][8] == "jpeg"
    assert {(row[5], row[7], row[8]) for row in rows[1:]} == {("gray", "1", "ccitt")}
    assert {(row[12], row[13]) for row in rows} == {("200", "200")}
    assert _text("ban-quet-20-trang.pdf").strip() == ""


# the signed ones


def test_the_signed_letter_is_accepted_by_the_judges_and_refused_after_one_flipped_byte() -> None:
    pdf, root = _octets("da-ky.pdf"), _certificate("da-ky-ca.crt")
    seen = pdfsig.verify(pdf)
    assert seen.valid, seen.output
    assert [(s.field, s.signer) for s in seen.signatures] == [("ChuKyNguoiKy", "Giám đốc Nguyễn Văn Mẫu")]
    judged = pyhanko.verify(pdf, [root], at=AT)
    assert judged.valid, judged.output
    for flipped in (flip.in_pdf_content(pdf), flip.in_pdf_value(pdf)):
        assert not pdfsig.verify(flipped).valid
        assert not pyhanko.verify(flipped, [root], at=AT).valid


def test_the_twice_signed_letter_bears_the_official_s_and_the_agency_s_signature() -> None:
    pdf, root = _octets("da-ky-hai-chu-ky.pdf"), _certificate("da-ky-ca.crt")
    seen = pdfsig.verify(pdf)
    assert seen.valid, seen.output
    assert [(s.field, s.total) for s in seen.signatures] == [("ChuKyNguoiKy", False), ("ChuKyCoQuan", True)]
    judged = pyhanko.verify(pdf, [root], at=AT)
    assert judged.valid, judged.output
    for container in openssl.pdf_containers(pdf):
        cms = openssl.cms_verify(container.cms, container.covered, [root], at=AT)
        assert cms.valid, cms.output


def test_the_first_revision_of_the_twice_signed_letter_is_the_once_signed_one() -> None:
    assert _octets("da-ky-hai-chu-ky.pdf").startswith(_octets("da-ky.pdf"))


@pytest.mark.parametrize("name", ["da-ky-ca", "hoa-don-ca"])
def test_the_crl_is_the_ca_s_own_and_good_for_twenty_years(name: str) -> None:
    root = _certificate(f"{name}.crt")
    crl = x509.load_der_x509_crl(_octets(f"{name}.crl"))
    assert crl.issuer == root.subject
    assert crl.next_update_utc == root.not_valid_after_utc == datetime(2045, 12, 31, 23, 59, 59, tzinfo=UTC)
    checked = openssl.chain_verify(root, [root], crls=[_octets(f"{name}.crl")], at=AT)
    assert checked.valid, checked.output


# the invoice


def test_the_signed_invoice_is_the_unsigned_one_with_a_signature_in_nban() -> None:
    signed = _octets("hoa-don-da-ky.xml")
    assert re.sub(rb"<NBan><Signature .*</Signature></NBan>", b"<NBan/>", signed) == _octets("hoa-don.xml")


def test_the_signed_invoice_is_accepted_by_the_xml_judges_and_refused_after_one_flipped_byte() -> None:
    signed, root = _octets("hoa-don-da-ky.xml"), _certificate("hoa-don-ca.crt")
    verdict = xmlsec.verify(signed, [root], at=AT)
    assert verdict.valid, verdict.output
    other = signxml.verify(signed, [root], at=AT, references=2, field=True)
    assert other.valid, other.output
    forged = flip.in_xml_text(signed, "TgTTTBSo")
    assert not xmlsec.verify(forged, [root], at=AT).valid
    assert not signxml.verify(forged, [root], at=AT, references=2, field=True).valid


def test_the_invoice_adds_up_and_its_tax_codes_can_belong_to_nobody() -> None:
    data = etree.fromstring(_octets("hoa-don.xml"))
    lines = [int(node.findtext("SLuong") or 0) * int(node.findtext("DGia") or 0) for node in data.iter("HHDVu")]
    assert lines == [int(node.findtext("ThTien") or 0) for node in data.iter("HHDVu")]
    before, tax, total = (int(data.findtext(f".//{name}") or 0) for name in ("TgTCThue", "TgTThue", "TgTTTBSo"))
    assert sum(lines) == before
    assert before + tax == total
    for name in ("MST", "MSTTCGP"):
        for node in data.iter(name):
            assert not _is_tax_code(node.text or "")


# the packet


def test_the_packet_carries_the_signed_letter_and_a_zipped_appendix() -> None:
    packet = etree.fromstring(_octets("goi-tin.edxml"))
    space = {"e": "http://www.mic.gov.vn/TBT/QCVN_102_2016"}
    assert packet.tag == "{http://www.mic.gov.vn/TBT/QCVN_102_2016}edXML"
    assert packet.find("e:edXMLEnvelope/e:edXMLHeader/e:DigitalSignature", space) is not None
    listed = [node.text for node in packet.iterfind(".//e:edXMLManifest/e:Reference/e:ContentId", space)]
    carried = packet.findall("AttachmentEncoded/Attachment")
    assert [node.findtext("ContentId") for node in carried] == listed
    letter, appendix = (
        base64.b64decode(node.findtext("e:ContentTransferEncoded", namespaces=space) or "") for node in carried
    )
    assert letter == _octets("da-ky-hai-chu-ky.pdf")
    with zipfile.ZipFile(io.BytesIO(appendix)) as archive:
        assert archive.read("phu-luc.pdf") == _octets("cong-van-objstm.pdf")


# bad input


def test_the_bad_pdfs_are_bad_in_the_way_their_names_say() -> None:
    assert _octets("bad/empty.pdf") == b""
    assert not _octets("bad/not-a-pdf.pdf").startswith(b"%PDF")
    assert _octets("cong-van.pdf").startswith(_octets("bad/truncated.pdf"))
    assert b"startxref" not in _octets("bad/truncated.pdf")
    assert "Incorrect password" in _info("bad/encrypted.pdf").text
    with_password = run(["pdfinfo", "-upw", PASSWORD, str(HERE / "bad/encrypted.pdf")], package=POPPLER)
    assert re.search(r"^Pages:\s+2$", with_password.text, flags=re.MULTILINE)


def test_the_broken_xref_differs_from_the_good_one_only_inside_the_table() -> None:
    good, broken = _octets("cong-van.pdf"), _octets("bad/broken-xref.pdf")
    table = good.rindex(b"\nxref")
    assert len(good) == len(broken)
    assert good[:table] == broken[:table]
    assert good[good.rindex(b"trailer") :] == broken[broken.rindex(b"trailer") :]
    checked = run(["qpdf", "--check", str(HERE / "bad/broken-xref.pdf")], package="qpdf")
    assert checked.code != 0
    assert "xref" in checked.text


def test_the_doctype_is_harmless_and_there_and_the_other_xml_does_not_parse() -> None:
    parsed = etree.fromstring(_octets("bad/doctype.xml"))
    assert parsed.getroottree().docinfo.doctype == "<!DOCTYPE HDon>"
    with pytest.raises(etree.XMLSyntaxError):
        etree.fromstring(_octets("bad/not-wellformed.xml"))


def _newest_xref(pdf: bytes) -> bytes:
    """What stands where the last `startxref` points."""
    return pdf[int(pdf[pdf.rindex(b"startxref") :].split()[1]) :]


def _is_tax_code(digits: str) -> bool:
    """Whether the tenth digit is the check digit of a Vietnamese tax code."""
    weights = (31, 29, 23, 19, 17, 13, 7, 5, 3)
    return int(digits[9]) == 10 - sum(w * int(d) for w, d in zip(weights, digits, strict=False)) % 11
