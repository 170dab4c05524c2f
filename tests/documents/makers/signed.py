"""`da-ky.pdf` and `da-ky-hai-chu-ky.pdf`: the công văn signed by pyHanko, PAdES B-B, with visible signatures.

`da-ky.pdf` bears the official's signature (RSA-2048, field `ChuKyNguoiKy`); `da-ky-hai-chu-ky.pdf` bears a second
one over it, the agency's (P-256, field `ChuKyCoQuan`), the seal covering the left third of the person's signature
as NĐ 30/2020, Appendix I, asks. Both chain to `da-ky-ca.crt`, a CA that existed for this run only;
`da-ky-ca.crl` is its CRL. The keys are new on every run, so the octets are too: what is committed is one run's.
"""

from __future__ import annotations

import io
import math
from datetime import datetime, timedelta, timezone
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.serialization import pkcs12
from PIL import Image, ImageDraw, ImageFont
from pyhanko.pdf_utils.images import PdfImage
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.layout import AxisAlignment, SimpleBoxLayoutRule
from pyhanko.pdf_utils.writer import BasePdfFileWriter
from pyhanko.sign.fields import SigFieldSpec, SigSeedSubFilter
from pyhanko.sign.signers import PdfSignatureMetadata, PdfSigner, SimpleSigner
from pyhanko.sign.signers.pdf_signer import PdfSigningSession
from pyhanko.stamp import StaticStampStyle

from .throwaway import Authority, Leaf, p256_key, pem, rsa_key

VIETNAM = timezone(timedelta(hours=7))
PERSON_TIME = datetime(2026, 11, 16, 8, 30, 0, tzinfo=VIETNAM)
SEAL_TIME = datetime(2026, 11, 16, 9, 15, 0, tzinfo=VIETNAM)
PERSON_BOX = (387, 556, 477, 649)  # page 2, points: between "GIÁM ĐỐC" and the full name
SEAL_BOX = (315, 551, 418, 654)  # 36 mm wide, over the left third of the person's signature
CRL_AT = "http://ca.example.vn/da-ky-ca.crl"  # an invented host; the CRL is the file of that name
FONT = "/usr/share/fonts/truetype/liberation2/LiberationSerif-Bold.ttf"
STAR_FONT = "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf"

PROVINCE = (("C", "VN"), ("O", "UBND tỉnh Mẫu"))
AGENCY = (*PROVINCE, ("OU", "Sở Thông tin và Truyền thông tỉnh Mẫu"))


def make(folder: Path) -> list[Path]:
    """Writes `da-ky.pdf`, `da-ky-hai-chu-ky.pdf`, `da-ky-ca.crt` (PEM) and `da-ky-ca.crl` (DER) into `folder`."""
    authority = Authority.named(*PROVINCE, ("CN", "CA thử nghiệm tài liệu mẫu"))
    person = authority.issue(rsa_key(), *AGENCY, ("CN", "Giám đốc Nguyễn Văn Mẫu"), crl_at=CRL_AT)
    seal = authority.issue(p256_key(), *AGENCY, ("CN", "Sở Thông tin và Truyền thông tỉnh Mẫu"), crl_at=CRL_AT)
    once = sign(
        (folder / "cong-van.pdf").read_bytes(),
        person,
        authority,
        field=SigFieldSpec("ChuKyNguoiKy", on_page=1, box=PERSON_BOX),
        picture=signature_picture(),
        metadata=PdfSignatureMetadata(
            field_name="ChuKyNguoiKy",
            name="Nguyễn Văn Mẫu",
            reason="Người có thẩm quyền ký",
            location="Tỉnh Mẫu",
            md_algorithm="sha256",
            subfilter=SigSeedSubFilter.PADES,
        ),
        at=PERSON_TIME,
    )
    twice = sign(
        once,
        seal,
        authority,
        field=SigFieldSpec("ChuKyCoQuan", on_page=1, box=SEAL_BOX),
        picture=seal_picture(),
        metadata=PdfSignatureMetadata(
            field_name="ChuKyCoQuan",
            name="Sở Thông tin và Truyền thông tỉnh Mẫu",
            md_algorithm="sha256",
            subfilter=SigSeedSubFilter.PADES,
        ),
        at=SEAL_TIME,
    )
    made = {
        "da-ky.pdf": once,
        "da-ky-hai-chu-ky.pdf": twice,
        "da-ky-ca.crt": pem(authority.certificate),
        "da-ky-ca.crl": authority.empty_crl(),
    }
    for name, octets in made.items():
        (folder / name).write_bytes(octets)
    return [folder / name for name in made]


class DatedSigner(PdfSigner):
    """pyHanko's signer with a stated time instead of the clock's."""

    def __init__(
        self,
        metadata: PdfSignatureMetadata,
        signer: SimpleSigner,
        stamp: StaticStampStyle,
        field: SigFieldSpec,
        at: datetime,
    ) -> None:
        super().__init__(metadata, signer, stamp_style=stamp, new_field_spec=field)
        self._at = at

    def init_signing_session(
        self, pdf_out: BasePdfFileWriter, existing_fields_only: bool = False
    ) -> PdfSigningSession:
        session = super().init_signing_session(pdf_out, existing_fields_only)
        session.system_time = self._at
        return session


def sign(
    pdf: bytes,
    leaf: Leaf,
    authority: Authority,
    *,
    field: SigFieldSpec,
    picture: Image.Image,
    metadata: PdfSignatureMetadata,
    at: datetime,
) -> bytes:
    """One more revision with a visible PAdES B-B signature, the CA's certificate embedded too."""
    middle = SimpleBoxLayoutRule(x_align=AxisAlignment.ALIGN_MID, y_align=AxisAlignment.ALIGN_MID)
    stamp = StaticStampStyle(background=PdfImage(picture), background_layout=middle, border_width=0)
    signer = DatedSigner(metadata, simple_signer(leaf, authority), stamp, field, at)
    out = io.BytesIO()
    signer.sign_pdf(IncrementalPdfFileWriter(io.BytesIO(pdf)), output=out)
    return out.getvalue()


def simple_signer(leaf: Leaf, authority: Authority) -> SimpleSigner:
    """pyHanko's software signer for this key; the PKCS#12 between the two libraries stays in memory."""
    octets = pkcs12.serialize_key_and_certificates(
        None, leaf.key, leaf.certificate, [authority.certificate], serialization.BestAvailableEncryption(b"memory")
    )
    signer: SimpleSigner | None = SimpleSigner.load_pkcs12_data(octets, other_certs=[], passphrase=b"memory")
    if signer is None:
        raise RuntimeError("pyHanko did not read the PKCS#12 made by cryptography.")
    return signer


def signature_picture() -> Image.Image:
    """A handwritten signature in blue on nothing (NĐ 30/2020: blue, PNG, transparent)."""
    picture = Image.new("RGBA", (360, 240), (0, 0, 0, 0))
    stroke = [(20 + i * 5, 120 - 70 * math.sin(i / 3.1) * math.cos(i / 17) - i * 0.4) for i in range(62)]
    ImageDraw.Draw(picture).line([*stroke, (60, 190), (330, 165)], fill=(28, 52, 150, 255), width=7, joint="curve")
    return picture


def seal_picture() -> Image.Image:
    """A round red seal on nothing (NĐ 30/2020: red, PNG, transparent), made larger and reduced."""
    size = 1200
    picture = Image.new("RGBA", (size, size), (0, 0, 0, 0))
    draw = ImageDraw.Draw(picture)
    red = (215, 25, 35, 255)
    draw.ellipse((10, 10, size - 10, size - 10), outline=red, width=28)
    draw.ellipse((250, 250, size - 250, size - 250), outline=red, width=12)
    words = "UBND TỈNH MẪU ★ SỞ THÔNG TIN VÀ TRUYỀN THÔNG ★ "
    font = ImageFont.truetype(FONT, 92)
    star = ImageFont.truetype(STAR_FONT, 110)
    for index, letter in enumerate(words):
        tile = Image.new("RGBA", (200, 200), (0, 0, 0, 0))
        ImageDraw.Draw(tile).text((100, 100), letter, font=star if letter == "★" else font, fill=red, anchor="mm")
        turn = 360 * index / len(words) - 90
        angle = math.radians(turn - 90)
        centre = (size / 2 + 468 * math.cos(angle), size / 2 + 468 * math.sin(angle))
        tile = tile.rotate(-turn, resample=Image.Resampling.BICUBIC)
        picture.alpha_composite(tile, (round(centre[0]) - 100, round(centre[1]) - 100))
    draw.text((size / 2, size / 2), "★", font=ImageFont.truetype(STAR_FONT, 380), fill=red, anchor="mm")
    return picture.resize((300, 300), Image.Resampling.LANCZOS)
