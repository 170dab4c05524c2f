"""`ban-quet-20-trang.pdf`: a report of twenty pages as an office scanner gives it: images only, no text, no fonts.

Every page is scanned at 200 dpi (NĐ 30/2020: at least that), a little askew and with specks, from a fixed seed.
Page 1 is 24-bit colour (JPEG) with a blue signature and a red seal, the others are black and white (CCITT
group 4). The octets depend on the JPEG and fax encoders inside Pillow; the committed file is what Pillow 13 gave.

Needs Liberation Serif 2 (Debian: fonts-liberation2).
"""

from __future__ import annotations

import io
import random
from pathlib import Path

import pikepdf
from PIL import Image, ImageChops, ImageDraw, ImageFont
from PIL.TiffImagePlugin import TiffImageFile

PAGES = 20
FONTS = Path("/usr/share/fonts/truetype/liberation2")
A4_INCHES = (8.27, 11.69)
DPI = 200
MM = DPI / 25.4  # pixels per millimetre
BLUE, RED, INK = (28, 52, 150), (200, 30, 40), (25, 25, 25)

SENTENCES = (
    "Trong quý vừa qua, Sở Thông tin và Truyền thông tỉnh Mẫu đã tiếp nhận và xử lý {a} văn bản điện tử, "
    "tăng {b}% so với cùng kỳ.",
    "Số thiết bị lưu khóa bí mật đã bàn giao cho các cơ quan, đơn vị là {a} thiết bị, "
    "trong đó {b} thiết bị cấp cho lãnh đạo.",
    "Tỷ lệ văn bản được ký số đúng quy định đạt {b},{c}%; "
    "số văn bản phải trả lại do chữ ký không hợp lệ là {c} văn bản.",
    "Phòng Công nghệ thông tin đã tổ chức {c} lớp tập huấn cho {a} cán bộ, công chức, viên chức trên địa bàn tỉnh.",
    "Đề nghị các huyện, thị xã, thành phố khẩn trương rà soát chứng thư số sắp hết hạn "
    "trước ngày {d} tháng {m} năm 2026.",
    "Một số đơn vị còn chậm báo mất thiết bị, dẫn đến việc thu hồi chứng thư số chưa kịp thời theo quy định.",
    "Việc lưu trữ hồ sơ điện tử bảo đảm tính toàn vẹn, xác thực; đã số hóa {a} hồ sơ với {b} nghìn trang tài liệu.",
)


def make(folder: Path) -> list[Path]:
    """Writes `ban-quet-20-trang.pdf` into `folder`."""
    path = folder / "ban-quet-20-trang.pdf"
    chance = random.Random(20261116)  # noqa: S311 - the same pages every time, nothing secret
    path.write_bytes(pdf_of([scanned_page(number, chance) for number in range(1, PAGES + 1)]))
    return [path]


def scanned_page(number: int, chance: random.Random) -> Image.Image:
    """One page as the scanner sees it; `number` counts from 1. Mode RGB for page 1, 1 (bit) for the others."""
    size = (round(A4_INCHES[0] * DPI), round(A4_INCHES[1] * DPI))
    page = Image.new("RGB", size, (250, 249, 246))
    draw = ImageDraw.Draw(page)
    y = 22 * MM
    if number == 1:
        y = _letter_head(draw)
        _signature_and_seal(draw)
    else:
        _centred(draw, 105, 12, str(number), _font("Regular", 13))
    bottom = (185 if number == 1 else 270) * MM
    font = _font("Regular", 13)
    while y < bottom:
        y = _paragraph(draw, _text(chance), font, 30 * MM, y, 162 * MM, bottom) + 2.5 * MM
    askew = page.rotate(chance.uniform(-0.5, 0.5), resample=Image.Resampling.BICUBIC, fillcolor=(246, 245, 242))
    if number == 1:
        return ImageChops.subtract(askew, _grain(size, chance))
    return _specked(askew.convert("L").point([0] * 150 + [255] * 106), chance).convert("1", dither=Image.Dither.NONE)


def pdf_of(images: list[Image.Image]) -> bytes:
    """A PDF 1.5 with one image per page, filling it."""
    out = io.BytesIO()
    with pikepdf.new() as pdf:
        for image in images:
            page = pdf.add_blank_page(page_size=(595.28, 841.89))
            picture = pdf.make_indirect(_bilevel(pdf, image) if image.mode == "1" else _jpeg(pdf, image))
            picture.stream_dict.update(
                {
                    "/Type": pikepdf.Name.XObject,
                    "/Subtype": pikepdf.Name.Image,
                    "/Width": image.width,
                    "/Height": image.height,
                }
            )
            page.Resources = pikepdf.Dictionary(XObject=pikepdf.Dictionary(Im0=picture))
            page.Contents = pdf.make_stream(b"q 595.28 0 0 841.89 0 0 cm /Im0 Do Q")
        pdf.docinfo["/Producer"] = "Office scanner (generated)"
        pdf.save(out, deterministic_id=True, min_version="1.5", object_stream_mode=pikepdf.ObjectStreamMode.disable)
    return out.getvalue()


def _jpeg(pdf: pikepdf.Pdf, image: Image.Image) -> pikepdf.Stream:
    octets = io.BytesIO()
    image.save(octets, "JPEG", quality=40, optimize=True)
    return pikepdf.Stream(
        pdf,
        octets.getvalue(),
        BitsPerComponent=8,
        ColorSpace=pikepdf.Name.DeviceRGB,
        Filter=pikepdf.Name.DCTDecode,
    )


def _bilevel(pdf: pikepdf.Pdf, image: Image.Image) -> pikepdf.Stream:
    """CCITT group 4 (ISO 32000-2 7.4.6): the one strip of a TIFF that Pillow writes."""
    octets = io.BytesIO()
    image.save(octets, "TIFF", compression="group4", strip_size=image.width * image.height)
    with TiffImageFile(io.BytesIO(octets.getvalue())) as tiff:
        offsets, sizes = tiff.tag_v2[273], tiff.tag_v2[279]  # StripOffsets, StripByteCounts
        white_is_zero = tiff.tag_v2[262] == 0  # PhotometricInterpretation
    if len(offsets) != 1:
        raise RuntimeError("Pillow wrote more than one strip.")
    return pikepdf.Stream(
        pdf,
        octets.getvalue()[offsets[0] : offsets[0] + sizes[0]],
        BitsPerComponent=1,
        ColorSpace=pikepdf.Name.DeviceGray,
        Filter=pikepdf.Name.CCITTFaxDecode,
        DecodeParms=pikepdf.Dictionary(K=-1, Columns=image.width, Rows=image.height, BlackIs1=not white_is_zero),
    )


def _font(weight: str, points: float) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(FONTS / f"LiberationSerif-{weight}.ttf", round(points * DPI / 72))


def _text(chance: random.Random) -> str:
    numbers = {"a": chance.randint(100, 990), "b": chance.randint(10, 99), "c": chance.randint(2, 9)}
    days = {"d": chance.randint(10, 28), "m": chance.randint(10, 12)}
    return " ".join(s.format(**numbers, **days) for s in chance.sample(SENTENCES, 3))


def _centred(draw: ImageDraw.ImageDraw, x: float, y: float, text: str, font: ImageFont.FreeTypeFont) -> None:
    """`x`, `y` in millimetres from the top left corner."""
    draw.text((x * MM, y * MM), text, font=font, fill=INK, anchor="ma")


def _letter_head(draw: ImageDraw.ImageDraw) -> float:
    bold, plain = _font("Bold", 12), _font("Regular", 13)
    _centred(draw, 65, 22, "UBND TỈNH MẪU", plain)
    _centred(draw, 65, 28, "SỞ THÔNG TIN VÀ TRUYỀN THÔNG", bold)
    draw.line((53 * MM, 34 * MM, 77 * MM, 34 * MM), fill=INK, width=2)
    _centred(draw, 65, 36, "Số: 567/BC-STTTT", plain)
    _centred(draw, 150, 22, "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", bold)
    _centred(draw, 150, 28, "Độc lập - Tự do - Hạnh phúc", _font("Bold", 13))
    draw.line((122 * MM, 34 * MM, 178 * MM, 34 * MM), fill=INK, width=2)
    _centred(draw, 150, 36, "Mẫu, ngày 15 tháng 10 năm 2026", _font("Italic", 13))
    _centred(draw, 111, 52, "BÁO CÁO", _font("Bold", 14))
    _centred(draw, 111, 59, "Kết quả triển khai chữ ký số quý III năm 2026", _font("Bold", 14))
    return 72 * MM


def _signature_and_seal(draw: ImageDraw.ImageDraw) -> None:
    _centred(draw, 155, 195, "GIÁM ĐỐC", _font("Bold", 13))
    _centred(draw, 155, 240, "Nguyễn Văn Mẫu", _font("Bold", 13))
    waves = [(140 + i * 2.0, 220 + (6, -5, 4, -7, 2, -3)[i % 6] - i * 0.3) for i in range(18)]
    draw.line([(x * MM, y * MM) for x, y in waves], fill=BLUE, width=round(0.7 * MM), joint="curve")
    x, y = 138 * MM, 219 * MM
    for radius, width in ((18.0, 0.9), (12.0, 0.4)):
        r = radius * MM
        draw.ellipse((x - r, y - r, x + r, y + r), outline=RED, width=round(width * MM))
    font = _font("Bold", 6)
    draw.text((x, y - 4 * MM), "SỞ THÔNG TIN", font=font, fill=RED, anchor="ma")
    draw.text((x, y), "VÀ TRUYỀN THÔNG", font=font, fill=RED, anchor="ma")
    draw.text((x, y + 12.5 * MM), "TỈNH MẪU", font=font, fill=RED, anchor="ma")


def _paragraph(
    draw: ImageDraw.ImageDraw,
    text: str,
    font: ImageFont.FreeTypeFont,
    x: float,
    y: float,
    width: float,
    bottom: float,
) -> float:
    """Sets `text` in lines of at most `width` with an indent; returns the y below it."""
    line, indent, height = "", width * 0.07, font.size * 1.3
    for word in [*text.split(" "), ""]:
        longer = f"{line} {word}".strip()
        if word and font.getlength(longer) + indent <= width:
            line = longer
            continue
        if y >= bottom:
            return y
        draw.text((x + indent, y), line, font=font, fill=INK)
        line, indent, y = word, 0.0, y + height
    return y


def _grain(size: tuple[int, int], chance: random.Random) -> Image.Image:
    """Faint grey grain, made at half size so that the JPEG stays small."""
    half = (size[0] // 2, size[1] // 2)
    raw = Image.frombytes("L", half, chance.randbytes(half[0] * half[1]))
    grain = raw.point([0 if value < 200 else (value - 200) // 8 for value in range(256)])
    return grain.resize(size, Image.Resampling.BILINEAR).convert("RGB")


def _specked(page: Image.Image, chance: random.Random) -> Image.Image:
    """Dust: some hundred black specks of one to three pixels."""
    draw = ImageDraw.Draw(page)
    for _ in range(250):
        x, y, side = chance.randrange(page.width), chance.randrange(page.height), chance.randrange(3)
        draw.rectangle((x, y, x + side, y + side // 2), fill=0)
    return page
