"""Makes the pictures of docs/appearance.md: each stamp on the công văn of tests/documents, signed and rendered.

    python scripts/samples.py [FOLDER]      # docs/images by default

The signer is a throwaway PKI in memory; signature and seal are drawn by tests/documents/makers/stamps.py and exist
nowhere. Poppler's pdftoppm renders the signed files, so that the pictures do not come from the program that placed
the stamps. The same versions give the same pictures.
"""

from __future__ import annotations

import io
import subprocess
import sys
import tempfile
from datetime import datetime, timedelta, timezone
from pathlib import Path

HERE = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(HERE), *(str(HERE / name) for name in ("pki", "hsm", "sdk"))]

from PIL import Image  # noqa: E402

import kyso  # noqa: E402 - after the path to this source tree
from kyso_pki.errors import PlacementRefused  # noqa: E402
from kyso_pki.testing import World  # noqa: E402
from tests.documents.makers.stamps import seal_png, signature_png  # noqa: E402

AT = datetime(2026, 11, 16, 9, 15, tzinfo=timezone(timedelta(hours=7)))
DPI = 110
DOCUMENT = HERE / "tests" / "documents" / "cong-van.pdf"
AGENCY = "Sở Thông tin và Truyền thông tỉnh Mẫu"
Crop = tuple[float, float, float, float]
"""The part of the page that is shown, as fractions of it."""
TOP: Crop = (0, 0, 1, 0.30)
END: Crop = (0, 0, 1, 0.42)


def main(arguments: list[str]) -> int:
    folder = Path(arguments[0]) if arguments else HERE / "docs" / "images"
    folder.mkdir(parents=True, exist_ok=True)
    world = World.create(at=AT)
    letter = DOCUMENT.read_bytes()
    between = kyso.Place(anchors=("GIÁM ĐỐC", "Nguyễn Văn Mẫu"))
    person = kyso.load_stamp("nguoi-ky", images=signature_png(), place=between, reserve=["DauCoQuan"])
    seal = kyso.load_stamp("con-dau", images=seal_png(), settings={"agency": AGENCY})
    once = kyso.sign(letter, world.person_signer, stamp=person, at=AT)
    twice = kyso.sign(once, world.seal_signer, stamp=seal, field="DauCoQuan", at=AT)
    save(folder / "nguoi-ky.png", once, 2, END)
    save(folder / "con-dau.png", twice, 2, END)
    for name, settings in (
        ("phu-luc", {"document": "1234/STTTT-CNTT"}),
        ("sao-y", {"agency": "Văn phòng UBND tỉnh Mẫu"}),
        ("sao-luc", {"agency": "Ủy ban nhân dân huyện Thí Dụ"}),
        ("trich-sao", {"agency": "Ủy ban nhân dân thị xã Giả Định"}),
    ):
        stamp = kyso.load_stamp(name, settings=settings)
        save(folder / f"{name}.png", kyso.sign(letter, world.seal_signer, stamp=stamp, at=AT), 1, TOP)
    incoming = {"agency": "Văn phòng UBND tỉnh Mẫu", "number": "4567", "forwarded": "Phòng Khoa giáo"}
    under_the_date = kyso.Place(page=1, corner="top-right", x=9, y=114, scale=0.76)
    den = kyso.load_stamp("den", settings=incoming, place=under_the_date)
    save(folder / "den.png", kyso.sign(letter, world.seal_signer, stamp=den, at=AT), 1, TOP)
    try:
        kyso.preview(letter, kyso.load_stamp("den", settings=incoming), at=AT)
    except PlacementRefused as e:
        write(folder / "refused.png", Image.open(io.BytesIO(e.picture or b"")), TOP)
    return 0


def save(path: Path, pdf: bytes, page: int, crop: Crop) -> None:
    """A part of one page as poppler shows it."""
    with tempfile.TemporaryDirectory() as scratch:
        file = Path(scratch, "document.pdf")
        file.write_bytes(pdf)
        command = ["pdftoppm", "-r", str(DPI), "-f", str(page), "-l", str(page), "-png", str(file)]
        done = subprocess.run(command, check=True, capture_output=True)
    write(path, Image.open(io.BytesIO(done.stdout)), crop)


def write(path: Path, image: Image.Image, crop: Crop) -> None:
    width, height = image.size
    part = (int(crop[0] * width), int(crop[1] * height), int(crop[2] * width), int(crop[3] * height))
    image.convert("RGB").crop(part).quantize(128).save(path, "PNG", optimize=True)
    sys.stdout.write(f"{path.name}: {path.stat().st_size:,} bytes\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
