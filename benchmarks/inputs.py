"""Inputs of a stated size and shape, the same in every run (seeded)."""

from __future__ import annotations

import random
import zlib
from itertools import accumulate


def pdf(size: int) -> bytes:
    """A one-page PDF of about `size` bytes: a little text, a font, and one incompressible image stream."""
    noise = random.Random(size).randbytes(max(size - 900, 16))  # noqa: S311 - not a secret
    text = b"BT /F1 12 Tf 72 720 Td (Cong van so 01/UBND-VX) Tj ET"
    side = max(int((len(noise) / 3) ** 0.5), 1)
    image = noise[: side * side * 3]
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R"
        b"/Resources<</Font<</F1 5 0 R>>/XObject<</I 6 0 R>>>>>>",
        b"<</Length %d>>stream\n%s\nendstream" % (len(text), text),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
        b"<</Type/XObject/Subtype/Image/Width %d/Height %d/BitsPerComponent 8/ColorSpace/DeviceRGB/Length %d>>"
        b"stream\n%s\nendstream" % (side, side, len(image), image),
    ]
    out = bytearray(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
    offsets = []
    for number, body in enumerate(objects, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    out += b"trailer\n<</Size %d/Root 1 0 R/ID[<00><00>]>>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, start)
    return bytes(out)


def objstm(count: int) -> bytes:
    """A one-page PDF with `count` small objects in object streams of 100, and a cross-reference stream."""
    bodies = {
        1: b"<</Type/Catalog/Pages 2 0 R>>",
        2: b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        3: b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>",
    }
    bodies |= {n: b"<</Muc %d/Trich(Quyet dinh so %d)>>" % (n, n) for n in range(4, count + 1)}
    out = bytearray(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
    rows: dict[int, bytes] = {0: b"\0" + bytes(4) + b"\xff\xff"}
    numbers = list(bodies)
    for container, start in enumerate(range(0, len(numbers), 100), count + 1):
        members = numbers[start : start + 100]
        offsets = accumulate((len(bodies[n]) + 1 for n in members[:-1]), initial=0)
        head = b" ".join(b"%d %d" % pair for pair in zip(members, offsets, strict=True)) + b" "
        packed = zlib.compress(head + b" ".join(bodies[n] for n in members))
        rows[container] = b"\1" + len(out).to_bytes(4, "big") + b"\0\0"
        rows |= {n: b"\2" + container.to_bytes(4, "big") + i.to_bytes(2, "big") for i, n in enumerate(members)}
        shape = b"/Type/ObjStm/N %d/First %d/Filter/FlateDecode/Length %d" % (len(members), len(head), len(packed))
        out += b"%d 0 obj\n<<%s>>\nstream\n%s\nendstream\nendobj\n" % (container, shape, packed)
    own, at = max(rows) + 1, len(out)
    rows[own] = b"\1" + at.to_bytes(4, "big") + b"\0\0"
    table = zlib.compress(b"".join(rows[n] for n in range(own + 1)))
    shape = b"/Type/XRef/Size %d/Root 1 0 R/W[1 4 2]/ID[<00><00>]/Filter/FlateDecode/Length %d" % (
        own + 1,
        len(table),
    )
    out += b"%d 0 obj\n<<%s>>\nstream\n%s\nendstream\nendobj\nstartxref\n%d\n%%%%EOF\n" % (own, shape, table, at)
    return bytes(out)


def pdf_of_many_objects(count: int = 24_000) -> bytes:
    """A one-page PDF of `count` small objects, about 2 MB, with a classic table; the catalog names them all."""
    objects = [
        b"<</Type/Catalog/Pages 2 0 R/Many 4 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Resources<<>>>>",
        b"[" + b" ".join(b"%d 0 R" % n for n in range(5, count + 1)) + b"]",
    ]
    objects += [b"<</Kind/Small/Index %d/Text(nothing to see here)>>" % n for n in range(5, count + 1)]
    out = bytearray(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
    offsets = []
    for number, body in enumerate(objects, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (count + 1)
    out += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    out += b"trailer\n<</Size %d/Root 1 0 R/ID[<00><00>]>>\nstartxref\n%d\n%%%%EOF\n" % (count + 1, start)
    return bytes(out)


def pdf_with_object_streams(size: int = 100_000, count: int = 2_000, members: int = 100) -> bytes:
    """A one-page PDF of about `size` bytes as word processors write it: a cross-reference stream, object streams."""
    noise = random.Random(size).randbytes(max(size - count * 12, 16))  # noqa: S311 - not a secret
    packed = {
        1: b"<</Type/Catalog/Pages 2 0 R>>",
        2: b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        3: b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Resources<<>>>>",
        **{n: b"<</Kind/Small/Next %d 0 R>>" % (n % count + 1) for n in range(4, count + 1)},
    }
    out = bytearray(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
    rows = {0: (0, 0, 255)}
    numbers = sorted(packed)
    image = count + 1
    rows[image] = (1, len(out), 0)
    out += b"%d 0 obj\n<</Length %d>>stream\n%s\nendstream\nendobj\n" % (image, len(noise), noise)
    for number, at in enumerate(range(0, count, members), image + 1):
        part = numbers[at : at + members]
        body = b" ".join(packed[n] for n in part)
        places, position = [], 0
        for index, n in enumerate(part):
            places.append(b"%d %d" % (n, position))
            position += len(packed[n]) + 1
            rows[n] = (2, number, index)
        head = b" ".join(places) + b" "
        data = zlib.compress(head + body)
        rows[number] = (1, len(out), 0)
        out += b"%d 0 obj\n<</Type/ObjStm/N %d/First %d/Filter/FlateDecode/Length %d>>stream\n%s" % (
            number, len(part), len(head), len(data), data
        ) + b"\nendstream\nendobj\n"  # fmt: skip
    start, own = len(out), max(rows) + 1
    rows[own] = (1, start, 0)
    table = zlib.compress(
        b"".join(bytes((k,)) + a.to_bytes(4, "big") + bytes((b,)) for _, (k, a, b) in sorted(rows.items()))
    )
    head = b"/Type/XRef/Size %d/W[1 4 1]/Root 1 0 R/ID[<00><00>]/Filter/FlateDecode" % (own + 1)
    out += b"%d 0 obj\n<<%s/Length %d>>stream\n%s\nendstream\nendobj\n" % (own, head, len(table), table)
    out += b"startxref\n%d\n%%%%EOF\n" % start
    return bytes(out)


def xml(size: int) -> bytes:
    """An invoice-like XML of about `size` bytes with namespaces, attributes and Vietnamese text."""
    head = '<?xml version="1.0" encoding="UTF-8"?>\n<HDon xmlns="urn:mau:hoa-don">\n  <DLHDon Id="data">\n'
    line = '    <HHDVu stt="{n}"><THHDVu>Giấy in A4 loại {n}</THHDVu><SLuong>10</SLuong><DGia>65000</DGia></HHDVu>\n'
    tail = "  </DLHDon>\n</HDon>\n"
    parts = [head]
    length = len(head.encode()) + len(tail)
    n = 0
    while length < size:
        n += 1
        parts.append(line.format(n=n))
        length += len(parts[-1].encode())
    return ("".join(parts) + tail).encode()
