"""`hoa-don.xml`, `hoa-don-da-ky.xml`: an e-invoice in the shape of QĐ 1450/QĐ-TCT, and the same signed by the seller.

The signature is made here by hand, the way the field does it: plain XMLDSIG in `DSCKS/NBan`, inclusive C14N 1.0,
rsa-sha256, reference 1 to `#<DLHDon Id>` with enveloped-signature, reference 2 without transforms to the ds:Object
that holds SignatureProperties/SignatureProperty/SigningTime (local time without a zone), KeyInfo with
X509SubjectName and the leaf only. The leaf's CA is `hoa-don-ca.crt` with its CRL `hoa-don-ca.crl`; it existed for
this run only. The keys are new on every run.

Seller, buyer and goods are invented; their tax codes have a wrong check digit, so nobody can bear them.
"""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from lxml import etree

from .throwaway import Authority, Leaf, pem, rsa_key

DS = "http://www.w3.org/2000/09/xmldsig#"
C14N = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
DATA_ID = "data-1C26TAA-123"
SELLER = {"Ten": "CÔNG TY TNHH THIẾT BỊ VÍ DỤ", "MST": "0100000000", "DChi": "Số 1 đường Giả Định, tỉnh Mẫu"}
BUYER = {"Ten": "Sở Thông tin và Truyền thông tỉnh Mẫu", "MST": "0200000000", "DChi": "Số 2 đường Thí Dụ, tỉnh Mẫu"}
GOODS = (
    ("Thiết bị lưu khóa bí mật (USB token)", "Chiếc", 40, 350_000, 10),
    ("Máy quét văn bản A4 hai mặt", "Bộ", 2, 12_500_000, 10),
    ("Tài liệu tập huấn ký số", "Quyển", 100, 45_000, 5),
)
TOTAL_IN_WORDS = "Bốn mươi bảy triệu sáu trăm hai mươi lăm nghìn đồng"


def make(folder: Path) -> list[Path]:
    """Writes `hoa-don.xml`, `hoa-don-da-ky.xml`, `hoa-don-ca.crt` (PEM) and `hoa-don-ca.crl` (DER) into `folder`."""
    unsigned = invoice()
    authority = Authority.named(("C", "VN"), ("O", "CA công cộng thử nghiệm"), ("CN", "CA hóa đơn mẫu"))
    subject = (("C", "VN"), ("L", "Tỉnh Mẫu"), ("CN", SELLER["Ten"]), ("UID", f"MST:{SELLER['MST']}"))
    seller = authority.issue(rsa_key(), *subject, crl_at="http://ca.example.vn/hoa-don-ca.crl")
    made = {
        "hoa-don.xml": unsigned,
        "hoa-don-da-ky.xml": signed_by_seller(unsigned, seller),
        "hoa-don-ca.crt": pem(authority.certificate),
        "hoa-don-ca.crl": authority.empty_crl(),
    }
    for name, octets in made.items():
        (folder / name).write_bytes(octets)
    return [folder / name for name in made]


def invoice() -> bytes:
    """An invoice with the tax authority's code, not yet signed by anybody; one line, as machines write it."""
    total = {
        rate: sum(n * price for _, _, n, price, r in GOODS if r == rate) for rate in sorted({g[4] for g in GOODS})
    }
    tax = {rate: amount * rate // 100 for rate, amount in total.items()}
    lines = "".join(
        f"<HHDVu><TChat>1</TChat><STT>{at}</STT><MHHDVu>H{at:03}</MHHDVu><THHDVu>{name}</THHDVu><DVTinh>{unit}</DVTinh>"
        f"<SLuong>{number}</SLuong><DGia>{price}</DGia><TLCKhau>0</TLCKhau><STCKhau>0</STCKhau>"
        f"<ThTien>{number * price}</ThTien><TSuat>{rate}%</TSuat></HHDVu>"
        for at, (name, unit, number, price, rate) in enumerate(GOODS, 1)
    )
    rates = "".join(
        f"<LTSuat><TSuat>{rate}%</TSuat><ThTien>{total[rate]}</ThTien><TThue>{tax[rate]}</TThue></LTSuat>"
        for rate in total
    )
    text = (
        f'<?xml version="1.0" encoding="UTF-8"?><HDon><DLHDon Id="{DATA_ID}"><TTChung><PBan>2.0.1</PBan>'
        "<THDon>Hóa đơn giá trị gia tăng</THDon><KHMSHDon>1</KHMSHDon><KHHDon>C26TAA</KHHDon><SHDon>123</SHDon>"
        "<NLap>2026-11-16</NLap><DVTTe>VND</DVTTe><TGia>1</TGia><HTTToan>TM/CK</HTTToan><MSTTCGP>0400000000</MSTTCGP>"
        f"<TTKhac/></TTChung><NDHDon><NBan>{_party(SELLER)}<SDThoai>0000000000</SDThoai></NBan>"
        f"<NMua>{_party(BUYER)}<HVTNMHang>Nguyễn Văn Mẫu</HVTNMHang></NMua><DSHHDVu>{lines}</DSHHDVu>"
        f"<TToan><THTTLTSuat>{rates}</THTTLTSuat><TgTCThue>{sum(total.values())}</TgTCThue>"
        f"<TgTThue>{sum(tax.values())}</TgTThue><TTCKTMai>0</TTCKTMai>"
        f"<TgTTTBSo>{sum(total.values()) + sum(tax.values())}</TgTTTBSo>"
        f"<TgTTTBChu>{TOTAL_IN_WORDS}</TgTTTBChu></TToan>"
        "</NDHDon><TTKhac><TTin><TTruong>Ghi chú</TTruong><KDLieu>string</KDLieu><DLieu>Giao tại kho &amp; lắp đặt"
        '</DLieu></TTin></TTKhac></DLHDon><MCCQT Id="mccqt-1">00ABCDEF0123456789ABCDEF0123456789</MCCQT>'
        "<DSCKS><NBan/><NMua/><CCKSKhac/><CQT/></DSCKS></HDon>"
    )
    return text.encode()


def signed_by_seller(unsigned: bytes, seller: Leaf) -> bytes:
    """The same octets with a Signature inside `DSCKS/NBan`."""
    if not isinstance(seller.key, rsa.RSAPrivateKey):
        raise TypeError("The field signs invoices with RSA.")
    start, end = unsigned.index(b"<DLHDon"), unsigned.index(b"</DLHDon>") + len(b"</DLHDon>")
    when = (
        f'<Object xmlns="{DS}" Id="SigningTime-1"><SignatureProperties><SignatureProperty Target="#seller">'
        "<SigningTime>2026-11-16T09:30:00</SigningTime></SignatureProperty></SignatureProperties></Object>"
    )
    enveloped = f'<Transforms><Transform Algorithm="{DS}enveloped-signature"></Transform></Transforms>'
    signed_info = (
        f'<SignedInfo xmlns="{DS}"><CanonicalizationMethod Algorithm="{C14N}"></CanonicalizationMethod>'
        '<SignatureMethod Algorithm="http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"></SignatureMethod>'
        + _reference(DATA_ID, enveloped, unsigned[start:end])
        + _reference("SigningTime-1", "", when.encode())
        + "</SignedInfo>"
    )
    value = seller.key.sign(canonical(signed_info.encode()), padding.PKCS1v15(), hashes.SHA256())
    leaf = seller.certificate.public_bytes(serialization.Encoding.DER)
    # The children inherit the default namespace: the same canonical form as when standing alone.
    bare = f' xmlns="{DS}"'
    signature = (
        f'<Signature xmlns="{DS}" Id="seller">{signed_info.replace(bare, "", 1)}'
        f"<SignatureValue>{_base64(value)}</SignatureValue><KeyInfo><X509Data>"
        f"<X509SubjectName>{seller.certificate.subject.rfc4514_string()}</X509SubjectName>"
        f"<X509Certificate>{_base64(leaf)}</X509Certificate></X509Data></KeyInfo>"
        f"{when.replace(bare, '', 1)}</Signature>"
    )
    return unsigned.replace(b"<DSCKS><NBan/>", f"<DSCKS><NBan>{signature}</NBan>".encode(), 1)


def canonical(xml: bytes) -> bytes:
    """Inclusive C14N 1.0 of a whole document."""
    return etree.tostring(etree.fromstring(xml), method="c14n")


def _reference(target: str, transforms: str, octets: bytes) -> str:
    digest = _base64(hashlib.sha256(canonical(octets)).digest())
    return (
        f'<Reference URI="#{target}">{transforms}<DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256">'
        f"</DigestMethod><DigestValue>{digest}</DigestValue></Reference>"
    )


def _party(party: dict[str, str]) -> str:
    return "".join(f"<{key}>{value}</{key}>" for key, value in party.items())


def _base64(octets: bytes) -> str:
    return base64.b64encode(octets).decode()
