"""`cong-van.pdf` and `cong-van-objstm.pdf`: a two-page công văn laid out as NĐ 30/2020/NĐ-CP, Appendix I, asks.

The text is written as a flat OpenDocument file and converted by LibreOffice Writer, because that is where such a
letter comes from in real life. LibreOffice stamps the time of the run and a random identifier; both are
overwritten in place with fixed values of the same length and nothing else is touched, so that the classic xref
table stays LibreOffice's own. The second file is the first one rewritten by pikepdf (qpdf) with xref and object
streams.

Needs LibreOffice Writer and Liberation Serif 2 (Debian: libreoffice-writer-nogui, fonts-liberation2). Version 1 of
that font has no Vietnamese letters, and LibreOffice would silently take them from another font.
"""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import tempfile
import unicodedata
from pathlib import Path
from xml.sax.saxutils import escape

FIXED_TIME = b"D:20261116010000"  # the day that the letter bears, 08:00 in Vietnam, as UTC
FIXED_XMP_TIME = b"2026-11-16T01:00:00Z"  # the same
FIXED_ID = b"6B79736F2D636F6E672D76616E2D3031"  # "kyso-cong-van-01" in hexadecimal

TITLE = "Công văn về việc triển khai ký số văn bản điện tử"

OPENING = (
    "Thực hiện Nghị định số 30/2020/NĐ-CP ngày 05 tháng 3 năm 2020 của Chính phủ về công tác văn thư; Kế hoạch số "
    "88/KH-UBND ngày 12 tháng 01 năm 2026 của Ủy ban nhân dân tỉnh Mẫu về ứng dụng công nghệ thông tin trong hoạt "
    "động của cơ quan nhà nước, Sở Thông tin và Truyền thông đề nghị các cơ quan, đơn vị triển khai ký số toàn bộ "
    "văn bản điện tử phát hành trên Hệ thống quản lý văn bản và điều hành của tỉnh, cụ thể như sau:"
)
POINTS = (
    "1. Mọi văn bản điện tử gửi, nhận giữa các cơ quan phải được người có thẩm quyền ký số trước khi văn thư cấp số, "
    "ngày tháng năm và ký số của cơ quan, tổ chức. Hình ảnh chữ ký màu xanh, hình ảnh dấu màu đỏ, đặt đúng vị trí "
    "quy định tại Phụ lục I của Nghị định.",
    "2. Thiết bị lưu khóa bí mật phải do chính người được cấp giữ; nghiêm cấm cho mượn thiết bị hoặc để lộ mật khẩu. "
    "Khi thiết bị bị mất, hỏng hoặc người được cấp chuyển công tác, cơ quan quản lý phải báo ngay bằng văn bản để "
    "thu hồi chứng thư số trong vòng 24 giờ.",
    "3. Trước khi giải quyết, văn thư kiểm tra hiệu lực của chữ ký số: người ký, thời gian ký, tính toàn vẹn của văn "
    "bản, đường dẫn tin cậy và trạng thái của chứng thư số tại thời điểm ký. Văn bản có chữ ký không hợp lệ được trả "
    "lại nơi gửi, kèm lý do.",
    "4. Cơ quan, đơn vị rà soát số lượng thiết bị đang sử dụng, tổng hợp theo biểu dưới đây và gửi về Sở Thông tin "
    "và Truyền thông trước ngày 30 tháng 11 năm 2026.",
)
TABLE = (
    ("TT", "Cơ quan, đơn vị", "Chứng thư số cá nhân", "Chứng thư số cơ quan"),
    ("1", "Văn phòng Ủy ban nhân dân tỉnh Mẫu", "48", "2"),
    ("2", "Sở Thông tin và Truyền thông", "36", "3"),
    ("3", "Ủy ban nhân dân huyện Thí Dụ", "125", "19"),
    ("4", "Ủy ban nhân dân thị xã Giả Định", "97", "15"),
)
CLOSING = (
    "Trong quá trình thực hiện, nếu có khó khăn, vướng mắc, đề nghị các cơ quan, đơn vị phản ánh kịp thời về Sở "
    "Thông tin và Truyền thông (qua Phòng Công nghệ thông tin) để được hướng dẫn, giải quyết.",
    "Sở Thông tin và Truyền thông trân trọng đề nghị các cơ quan, đơn vị quan tâm, phối hợp thực hiện./.",
)
PANGRAM = (
    "5. Phông chữ dùng trong văn bản là Unicode theo TCVN 6909:2001, dạng dựng sẵn; khi trích xuất phải giữ "
    "nguyên dấu: ă â đ ê ô ơ ư, ằ ẳ ẵ ắ ặ, ầ ẩ ẫ ấ ậ, ề ể ễ ế ệ, ồ ổ ỗ ố ộ, ờ ở ỡ ớ ợ, ừ ử ữ ứ ự, "
    "ỳ ỷ ỹ ý ỵ, Ặ Ậ Đ Ệ Ộ Ợ Ự Ỵ."
)
RECIPIENTS = ("Như trên;", "UBND tỉnh (để báo cáo);", "Giám đốc, các Phó Giám đốc Sở;", "Lưu: VT, CNTT.")


def make(folder: Path) -> list[Path]:
    """Writes `cong-van.pdf` and `cong-van-objstm.pdf` into `folder`."""
    plain = folder / "cong-van.pdf"
    plain.write_bytes(normalised(converted(flat_open_document())))
    streams = folder / "cong-van-objstm.pdf"
    streams.write_bytes(with_object_streams(plain.read_bytes()))
    return [plain, streams]


def converted(flat: str, **options: int | bool) -> bytes:
    """The PDF that LibreOffice Writer makes of a flat OpenDocument text, under a profile of its own.

    `options` are those of its PDF export, as `SelectPdfVersion=2` (PDF/A-2) or `PDFUACompliance=True`.
    """
    typed = {
        name: {"type": "boolean" if isinstance(value, bool) else "long", "value": str(value).lower()}
        for name, value in options.items()
    }
    export = "pdf:writer_pdf_Export" + (":" + json.dumps(typed) if typed else "")
    with tempfile.TemporaryDirectory() as scratch:
        source = Path(scratch, "cong-van.fodt")
        source.write_text(flat, encoding="utf-8")
        profile = Path(scratch, "profile").as_uri()
        command = ["soffice", f"-env:UserInstallation={profile}", "--headless", "--norestore"]
        subprocess.run(
            [*command, "--convert-to", export, "--outdir", scratch, str(source)],
            check=True,
            capture_output=True,
            timeout=300,
            env={**os.environ, "TZ": "UTC"},
        )
        return source.with_suffix(".pdf").read_bytes()


def normalised(pdf: bytes) -> bytes:
    """The same file with a fixed time and fixed identifiers, every byte still at its offset."""
    times = re.compile(rb"D:\d{14}")
    ids = re.compile(rb"/ID \[ <([0-9A-F]{32})>\s*<([0-9A-F]{32})> \]")
    checksum = re.compile(rb"/DocChecksum /([0-9A-F]{32})")
    if not (times.search(pdf) and ids.search(pdf) and checksum.search(pdf)):
        raise RuntimeError("LibreOffice wrote its times or identifiers in a shape that this generator does not know.")
    fixed = times.sub(FIXED_TIME, pdf)
    fixed = re.sub(rb"(?<=CreateDate>)[-\dT:]{19}Z", FIXED_XMP_TIME, fixed)  # PDF/A: the same as in /Info
    fixed = ids.sub(lambda m: m[0].replace(m[1], FIXED_ID).replace(m[2], FIXED_ID), fixed)
    return checksum.sub(lambda m: m[0].replace(m[1], FIXED_ID), fixed)


def with_object_streams(pdf: bytes) -> bytes:
    """The same document with a cross-reference stream and object streams (ISO 32000-2 7.5.7, 7.5.8)."""
    import pikepdf

    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(pdf)) as document:
        document.save(
            out, object_stream_mode=pikepdf.ObjectStreamMode.generate, deterministic_id=True, min_version="1.6"
        )
    return out.getvalue()


def flat_open_document() -> str:
    """The letter as a flat OpenDocument text (ODF 1.2), NFC throughout."""
    text = _HEAD + _letter_head() + _body() + _foot() + "</office:text></office:body></office:document>\n"
    return unicodedata.normalize("NFC", text)


def _p(style: str, text: str) -> str:
    return f'<text:p text:style-name="{style}">{escape(text)}</text:p>'


def _cell(style: str, *paragraphs: str) -> str:
    return f'<table:table-cell table:style-name="{style}">{"".join(paragraphs)}</table:table-cell>'


def _letter_head() -> str:
    left = _cell(
        "Bare",
        _p("Superior", "UBND TỈNH MẪU"),
        _p("Agency", "SỞ THÔNG TIN VÀ TRUYỀN THÔNG"),
        _p("RuleLeft", ""),
        _p("Number", "Số: 1234/STTTT-CNTT"),
        _p("Subject", "V/v triển khai ký số văn bản điện tử trên địa bàn tỉnh"),
    )
    right = _cell(
        "Bare",
        _p("State", "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM"),
        _p("Motto", "Độc lập - Tự do - Hạnh phúc"),
        _p("RuleRight", ""),
        _p("PlaceDate", "Mẫu, ngày 16 tháng 11 năm 2026"),
    )
    return _table("Head", ("HeadLeft", "HeadRight"), [left + right])


def _body() -> str:
    rows = [
        "".join(
            _cell("Ruled", _p("TableHead" if number == 0 else ("TableText" if at == 1 else "TableNumber"), text))
            for at, text in enumerate(row)
        )
        for number, row in enumerate(TABLE)
    ]
    return "".join(
        [
            _p("Addressees", "Kính gửi:"),
            _p("Addressee", "- Các sở, ban, ngành thuộc Ủy ban nhân dân tỉnh;"),
            _p("AddresseeLast", "- Ủy ban nhân dân các huyện, thị xã, thành phố."),
            _p("Text", OPENING),
            *(_p("Text", point) for point in POINTS),
            _table("Devices", ("C1", "C2", "C3", "C4"), rows),
            _p("TextAfterTable", PANGRAM),
            *(_p("Text", paragraph) for paragraph in CLOSING),
        ]
    )


def _foot() -> str:
    left = _cell(
        "Bare",
        _p("RecipientsTitle", "Nơi nhận:"),
        *(_p("Recipients", "- " + recipient) for recipient in RECIPIENTS),
    )
    # The empty paragraph is the place for the image of the signature and, over its left third, of the seal.
    right = _cell("Bare", _p("Title", "GIÁM ĐỐC"), _p("Room", ""), _p("Title", "Nguyễn Văn Mẫu"))
    return _table("Foot", ("FootLeft", "FootRight"), [left + right]) + _p("Last", "")


def _table(name: str, columns: tuple[str, ...], rows: list[str]) -> str:
    widths = "".join(f'<table:table-column table:style-name="{column}"/>' for column in columns)
    body = "".join(f'<table:table-row table:style-name="Whole">{row}</table:table-row>' for row in rows)
    return f'<table:table table:name="{name}" table:style-name="{name}">{widths}{body}</table:table>'


def _paragraph_style(name: str, paragraph: str, text: str, master: str = "") -> str:
    first = f' style:master-page-name="{master}"' if master else ""
    return (
        f'<style:style style:name="{name}" style:family="paragraph" style:parent-style-name="Standard"{first}>'
        f"<style:paragraph-properties {paragraph}/><style:text-properties {text}/></style:style>"
    )


def _width(name: str, cm: str) -> str:
    return (
        f'<style:style style:name="{name}" style:family="table-column">'
        f'<style:table-column-properties style:column-width="{cm}cm"/></style:style>'
    )


def _table_style(name: str, cm: str, more: str = "") -> str:
    return (
        f'<style:style style:name="{name}" style:family="table"><style:table-properties style:width="{cm}cm" '
        f'table:align="center" {more}/></style:style>'
    )


_CENTRE = 'fo:text-align="center"'
_BOLD = 'fo:font-weight="bold"'
_ITALIC = 'fo:font-style="italic"'
_JUSTIFIED = 'fo:text-align="justify" fo:text-indent="1.27cm" fo:margin-top="0.21cm" fo:line-height="115%"'


def _size(points: int) -> str:
    return f'fo:font-size="{points}pt"'


def _rule(inset_left: str, inset_right: str) -> str:
    """A short line below a heading: a paragraph's top border, shortened by its indents."""
    return (
        f'fo:margin-left="{inset_left}cm" fo:margin-right="{inset_right}cm" fo:border-top="0.5pt solid #000000" '
        'fo:border-bottom="none" fo:border-left="none" fo:border-right="none" fo:margin-top="0.06cm" fo:padding="0cm"'
    )


# Sizes and margins: NĐ 30/2020, Appendix I (top and bottom 20-25 mm, left 30-35 mm, right 15-20 mm, text 13-14 pt).
_STYLES = "".join(
    [
        _table_style("Head", "16.5", 'fo:margin-top="0cm" style:may-break-between-rows="false"'),
        _width("HeadLeft", "7.6"),
        _width("HeadRight", "8.9"),
        _table_style("Devices", "15.5", 'fo:margin-top="0.3cm"'),
        _width("C1", "1.2"),
        _width("C2", "7.5"),
        _width("C3", "3.4"),
        _width("C4", "3.4"),
        _table_style("Foot", "16.5", 'style:may-break-between-rows="false" fo:keep-with-next="auto"'),
        _width("FootLeft", "8"),
        _width("FootRight", "8.5"),
        '<style:style style:name="Whole" style:family="table-row">'
        '<style:table-row-properties fo:keep-together="always"/></style:style>',
        '<style:style style:name="Bare" style:family="table-cell">'
        '<style:table-cell-properties fo:padding="0cm" fo:border="none"/></style:style>',
        '<style:style style:name="Ruled" style:family="table-cell"><style:table-cell-properties '
        'fo:padding="0.1cm" fo:border="0.5pt solid #000000" style:vertical-align="middle"/></style:style>',
        _paragraph_style("Superior", _CENTRE, _size(13)),
        _paragraph_style("Agency", _CENTRE, f"{_size(12)} {_BOLD}"),
        _paragraph_style("RuleLeft", _rule("2.5", "2.5"), _size(4)),
        _paragraph_style("Number", _CENTRE, _size(13)),
        _paragraph_style(
            "Subject", f'{_CENTRE} fo:margin-left="1cm" fo:margin-right="1cm" fo:margin-top="0.1cm"', _size(12)
        ),
        _paragraph_style("State", _CENTRE, f"{_size(12)} {_BOLD}"),
        _paragraph_style("Motto", _CENTRE, f"{_size(13)} {_BOLD}"),
        _paragraph_style("RuleRight", _rule("1.6", "1.6"), _size(4)),
        _paragraph_style("PlaceDate", f'{_CENTRE} fo:margin-top="0.1cm"', f"{_size(13)} {_ITALIC}"),
        _paragraph_style("Addressees", 'fo:margin-top="0.7cm" fo:margin-left="2.5cm"', _size(13)),
        _paragraph_style("Addressee", 'fo:margin-left="4.6cm"', _size(13)),
        _paragraph_style("AddresseeLast", 'fo:margin-left="4.6cm" fo:margin-bottom="0.35cm"', _size(13)),
        _paragraph_style("Text", _JUSTIFIED, _size(13)),
        _paragraph_style("TextAfterTable", _JUSTIFIED.replace("0.21cm", "0.4cm"), _size(13)),
        _paragraph_style("TableHead", _CENTRE, f"{_size(12)} {_BOLD}"),
        _paragraph_style("TableText", "", _size(12)),
        _paragraph_style("TableNumber", _CENTRE, _size(12)),
        _paragraph_style("RecipientsTitle", 'fo:margin-top="0.5cm"', f"{_size(12)} {_BOLD} {_ITALIC}"),
        _paragraph_style("Recipients", "", _size(11)),
        _paragraph_style("Title", f'{_CENTRE} fo:margin-top="0.5cm"', f"{_size(13)} {_BOLD}"),
        _paragraph_style("Room", 'fo:margin-top="3.2cm"', _size(6)),
        _paragraph_style("Last", "", _size(2)),
    ]
)

_HEAD = f"""<?xml version="1.0" encoding="UTF-8"?>
<office:document xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"
 xmlns:style="urn:oasis:names:tc:opendocument:xmlns:style:1.0"
 xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"
 xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0"
 xmlns:meta="urn:oasis:names:tc:opendocument:xmlns:meta:1.0"
 xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:svg="urn:oasis:names:tc:opendocument:xmlns:svg-compatible:1.0"
 xmlns:fo="urn:oasis:names:tc:opendocument:xmlns:xsl-fo-compatible:1.0" office:version="1.2"
 office:mimetype="application/vnd.oasis.opendocument.text">
<office:meta><dc:title>{TITLE}</dc:title><meta:creation-date>2026-11-16T08:00:00</meta:creation-date></office:meta>
<office:font-face-decls><style:font-face style:name="Liberation Serif" svg:font-family="'Liberation Serif'"
 style:font-family-generic="roman" style:font-pitch="variable"/></office:font-face-decls>
<office:styles><style:default-style style:family="paragraph">
<style:paragraph-properties fo:orphans="2" fo:widows="2"/>
<style:text-properties style:font-name="Liberation Serif" fo:font-size="13pt" fo:language="vi" fo:country="VN"/>
</style:default-style><style:style style:name="Standard" style:family="paragraph"/>
<style:style style:name="PageNumber" style:family="paragraph" style:parent-style-name="Standard">
<style:paragraph-properties fo:text-align="center"/></style:style></office:styles>
<office:automatic-styles>
<style:page-layout style:name="A4First"><style:page-layout-properties fo:page-width="21cm" fo:page-height="29.7cm"
 fo:margin-top="2cm" fo:margin-bottom="2cm" fo:margin-left="3cm" fo:margin-right="1.5cm"/></style:page-layout>
<style:page-layout style:name="A4"><style:page-layout-properties fo:page-width="21cm" fo:page-height="29.7cm"
 fo:margin-top="1.2cm" fo:margin-bottom="2cm" fo:margin-left="3cm" fo:margin-right="1.5cm"/>
<style:header-style><style:header-footer-properties fo:min-height="0.8cm" fo:margin-bottom="0.2cm"/>
</style:header-style>
</style:page-layout>
{_STYLES}</office:automatic-styles>
<office:master-styles>
<style:master-page style:name="Standard" style:page-layout-name="A4First" style:next-style-name="Following"/>
<style:master-page style:name="Following" style:page-layout-name="A4"><style:header>
<text:p text:style-name="PageNumber"><text:page-number text:select-page="current"/></text:p></style:header>
</style:master-page></office:master-styles>
<office:body><office:text>"""
