"""`bad/`: inputs that a signer and a verifier must refuse with a clear error, made from the good ones.

The user password of `encrypted.pdf` is `mat-khau-mau` (public). Its file key is random (AES-256), so its octets
differ on every run.
"""

from __future__ import annotations

import io
import re
from pathlib import Path

import pikepdf

PASSWORD = "mat-khau-mau"  # public, it only has to be there


def make(folder: Path) -> list[Path]:
    """Writes the seven files into `folder`/bad."""
    letter = (folder / "cong-van.pdf").read_bytes()
    invoice = (folder / "hoa-don.xml").read_bytes()
    made = {
        "empty.pdf": b"",
        "not-a-pdf.pdf": "Đây là văn bản thuần, không phải PDF.\n".encode(),
        "truncated.pdf": letter[: len(letter) * 3 // 5],
        "encrypted.pdf": encrypted(letter),
        "broken-xref.pdf": broken_xref(letter),
        "doctype.xml": with_doctype(invoice),
        "not-wellformed.xml": invoice.replace(b"</NDHDon>", b"", 1),
    }
    target = folder / "bad"
    target.mkdir(exist_ok=True)
    for name, octets in made.items():
        (target / name).write_bytes(octets)
    return [target / name for name in made]


def encrypted(pdf: bytes) -> bytes:
    """AES-256 (ISO 32000-2 7.6, revision 6): nothing opens without the user password."""
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(pdf)) as document:
        document.save(out, encryption=pikepdf.Encryption(user=PASSWORD, owner=PASSWORD + "-chu", R=6))
    return out.getvalue()


def broken_xref(pdf: bytes) -> bytes:
    """Every offset of the xref table 7 bytes too far, `startxref` right: tools that rebuild the table open it."""
    start = int(pdf[pdf.rindex(b"startxref") :].split()[1])
    table, rest = pdf[start : pdf.rindex(b"trailer")], pdf[pdf.rindex(b"trailer") :]
    shifted = re.sub(rb"(\d{10})( 00000 n)", lambda m: b"%010d" % (int(m[1]) + 7) + m[2], table)
    return pdf[:start] + shifted + rest


def with_doctype(xml: bytes) -> bytes:
    """An internal subset with one harmless entity: any DOCTYPE is to be refused, harmless or not."""
    head = b'<?xml version="1.0" encoding="UTF-8"?>'
    doctype = b'<!DOCTYPE HDon [<!ENTITY ten "gia">]>'
    return xml.replace(head, head + doctype, 1).replace(b"<TTKhac/>", b"<TTKhac>&ten;</TTKhac>", 1)
