"""`goi-tin.edxml`: a packet as the document exchange axis carries it (QCVN 102:2016/BTTTT), all data invented.

Attachment 1 is the công văn with both signatures (`da-ky-hai-chu-ky.pdf`), base64; attachment 2 is an appendix
(`cong-van-objstm.pdf`), zipped before base64, as some senders do. The packet's own `DigitalSignature` is empty, as
it mostly is: trust rests on the signed PDF inside.
"""

from __future__ import annotations

import base64
import io
import zipfile
from pathlib import Path

NAMESPACE = "http://www.mic.gov.vn/TBT/QCVN_102_2016"
LETTER_ID, APPENDIX_ID = "cid:van-ban-1234", "cid:phu-luc-1234"


def make(folder: Path) -> list[Path]:
    """Writes `goi-tin.edxml` into `folder`."""
    path = folder / "goi-tin.edxml"
    letter = (folder / "da-ky-hai-chu-ky.pdf").read_bytes()
    appendix = zipped("phu-luc.pdf", (folder / "cong-van-objstm.pdf").read_bytes())
    path.write_text(_HEAD + _attachments(letter, appendix), encoding="utf-8")
    return [path]


def zipped(name: str, octets: bytes) -> bytes:
    """A zip with one file and a fixed time, so that it is the same on every run."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        entry = zipfile.ZipInfo(name, date_time=(2026, 11, 16, 9, 30, 0))
        entry.compress_type = zipfile.ZIP_DEFLATED
        archive.writestr(entry, octets)
    return out.getvalue()


def _attachments(letter: bytes, appendix: bytes) -> str:
    opening, closing = f'<edXML:ContentTransferEncoded xmlns:edXML="{NAMESPACE}">', "</edXML:ContentTransferEncoded>"
    return f""" <AttachmentEncoded xmlns="">
  <Attachment>
   <ContentId>{LETTER_ID}</ContentId>
   <AttachmentName>1234-STTTT-CNTT.pdf</AttachmentName>
   <ContentType>application/pdf</ContentType>
   {opening}{base64.b64encode(letter).decode()}{closing}
  </Attachment>
  <Attachment>
   <ContentId>{APPENDIX_ID}</ContentId>
   <AttachmentName>phu-luc.pdf</AttachmentName>
   <ContentType>application/pdf</ContentType>
   {opening}{base64.b64encode(appendix).decode()}{closing}
  </Attachment>
 </AttachmentEncoded>
</edXML>
"""


_HEAD = f"""<?xml version="1.0" encoding="UTF-8"?>
<edXML xmlns="{NAMESPACE}">
 <edXML:edXMLEnvelope xmlns:edXML="{NAMESPACE}">
  <edXML:edXMLHeader>
   <edXML:MessageHeader>
    <edXML:From>
     <edXML:OrganId>000.00.01.H00</edXML:OrganId>
     <edXML:OrganizationInCharge>UBND tỉnh Mẫu</edXML:OrganizationInCharge>
     <edXML:OrganName>Sở Thông tin và Truyền thông tỉnh Mẫu</edXML:OrganName>
     <edXML:OrganAdd>Số 2 đường Thí Dụ, tỉnh Mẫu</edXML:OrganAdd>
     <edXML:Email>vanthu@mau.example.vn</edXML:Email>
    </edXML:From>
    <edXML:To>
     <edXML:OrganId>000.00.02.H00</edXML:OrganId>
     <edXML:OrganName>Ủy ban nhân dân huyện Thí Dụ</edXML:OrganName>
    </edXML:To>
    <edXML:Code>
     <edXML:CodeNumber>1234</edXML:CodeNumber>
     <edXML:CodeNotation>STTTT-CNTT</edXML:CodeNotation>
    </edXML:Code>
    <edXML:PromulgationInfo>
     <edXML:Place>Mẫu</edXML:Place>
     <edXML:PromulgationDate>2026/11/16</edXML:PromulgationDate>
    </edXML:PromulgationInfo>
    <edXML:DocumentType>
     <edXML:Type>1</edXML:Type>
     <edXML:TypeName>Công văn</edXML:TypeName>
    </edXML:DocumentType>
    <edXML:Subject>V/v triển khai ký số văn bản điện tử trên địa bàn tỉnh</edXML:Subject>
    <edXML:Content>Đề nghị các cơ quan, đơn vị triển khai ký số văn bản điện tử.</edXML:Content>
    <edXML:SignerInfo>
     <edXML:Competence>Giám đốc</edXML:Competence>
     <edXML:Position>Giám đốc</edXML:Position>
     <edXML:FullName>Nguyễn Văn Mẫu</edXML:FullName>
    </edXML:SignerInfo>
    <edXML:OtherInfo>
     <edXML:Priority>0</edXML:Priority>
     <edXML:PageAmount>2</edXML:PageAmount>
    </edXML:OtherInfo>
    <edXML:DocumentId>000.00.01.H00,2026/11/16,1234/STTTT-CNTT</edXML:DocumentId>
   </edXML:MessageHeader>
   <edXML:TraceHeaderList>
    <edXML:TraceHeader>
     <edXML:OrganId>000.00.01.H00</edXML:OrganId>
     <edXML:Timestamp>2026/11/16 09:30:00</edXML:Timestamp>
    </edXML:TraceHeader>
   </edXML:TraceHeaderList>
   <edXML:DigitalSignature/>
  </edXML:edXMLHeader>
  <edXML:edXMLBody>
   <edXML:edXMLManifest>
    <edXML:Reference>
     <edXML:ContentId>{LETTER_ID}</edXML:ContentId>
     <edXML:ContentType>application/pdf</edXML:ContentType>
     <edXML:AttachmentName>1234-STTTT-CNTT.pdf</edXML:AttachmentName>
    </edXML:Reference>
    <edXML:Reference>
     <edXML:ContentId>{APPENDIX_ID}</edXML:ContentId>
     <edXML:ContentType>application/pdf</edXML:ContentType>
     <edXML:AttachmentName>phu-luc.pdf</edXML:AttachmentName>
    </edXML:Reference>
   </edXML:edXMLManifest>
  </edXML:edXMLBody>
 </edXML:edXMLEnvelope>
"""
