"""XML documents to sign: those of the field, and the shapes in which canonical forms and readers differ."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

DOCUMENTS = Path(__file__).resolve().parents[1] / "documents"
DATA, CODE = "data-1C26TAA-123", "mccqt-1"
"""The identifiers in the invoice: of DLHDon and of MCCQT."""


def _invoice() -> bytes:
    return (DOCUMENTS / "hoa-don.xml").read_bytes()


def _packet() -> bytes:
    """Without its attachments' content: what is signed is the packet, whatever its size."""
    packet = (DOCUMENTS / "goi-tin.edxml").read_bytes()
    start = packet.index(b"<AttachmentEncoded")
    return packet[:start] + packet[packet.index(b"</AttachmentEncoded>") + len(b"</AttachmentEncoded>") :]


def _in(encoding: str, mark: bytes) -> bytes:
    declared = _invoice().decode().replace('encoding="UTF-8"', 'encoding="UTF-16"')
    return mark + declared.encode(encoding)


SHAPES: dict[str, Callable[[], bytes]] = {
    "e-invoice": _invoice,
    "edXML packet": _packet,
    "UTF-8 with byte order mark": lambda: b"\xef\xbb\xbf" + _invoice(),
    "UTF-16 little endian": lambda: _in("utf-16-le", b"\xff\xfe"),
    "UTF-16 big endian": lambda: _in("utf-16-be", b"\xfe\xff"),
    "no declaration, empty element": lambda: b"<THDon/>",
    "line ends, references, CDATA": lambda: (
        '<?xml version="1.0"?>\r\n<g:Goi xmlns:g="urn:mau:goi" xmlns="urn:mau"  loai = "A&#x9;B"\r\n ghi="1 &lt; 2">'
        '\r\n\t<THDon xml:lang="vi" Id="tin">Nội  dung&#xD;<![CDATA[ <&> ]]></THDon>\r\n  <g:Trong/>\r\n</g:Goi>\r\n'
    ).encode(),
    "comments": lambda: (
        b"<!-- before --><Goi><!-- inside --><THDon>VAT</THDon><!-- inside --><Trong/></Goi><!-- after -->\n"
    ),
    "processing instructions around": lambda: b"<?style a?>\n<Goi><?b c?><THDon>VAT</THDon></Goi>\n<?d?>",
    "namespaces declared again and undeclared": lambda: (
        b'<a:r xmlns:a="urn:a" xmlns:b="urn:b" xmlns="urn:d" xml:lang="vi" xml:space="preserve"><THDon xmlns="" '
        b'b:y="1" a:z="2" c="3">VAT<b:q xmlns:b="urn:c"/></THDon><y Id="p" xmlns:b="urn:b"><b:z xmlns="urn:d"/></y>'
        b"</a:r>"
    ),
}
FIRST = "e-invoice"

_NOTICE = """<TBao><DLTBao Id="tb-1"><PBan>2.0.1</PBan><THDon>Thông báo mẫu</THDon></DLTBao>\
<DSCKS><TTCQT/><CQT/></DSCKS></TBao>"""
_TAX_RETURN = """<?xml version="1.0" encoding="UTF-8"?>
<HSoThueDTu xmlns="http://kekhaithue.gdt.gov.vn/TKhaiThue">
  <HSoKhaiThue id="ID_1"><THDon>Tờ khai mẫu</THDon></HSoKhaiThue>
  <CKyDTu/>
</HSoThueDTu>"""
_HEALTH = """<GIAMDINHHS><THONGTINHOSO><THDon>01/2026</THDon></THONGTINHOSO><CHUKYDONVI/></GIAMDINHHS>"""

PROFILED: dict[str, Callable[[], bytes]] = {
    "generic-xades": _invoice,
    "generic-xmldsig": _invoice,
    "einvoice-seller": _invoice,
    "einvoice-buyer": _invoice,
    "einvoice-tax-authority": _invoice,
    "einvoice-notice": _NOTICE.encode,
    "einvoice-notice-head": _NOTICE.encode,
    "tax-return": _TAX_RETURN.encode,
    "health-insurance": _HEALTH.encode,
    "edxml": _packet,
}
"""For each built-in profile a document that it is for."""
