"""Encrypted files for tests: by pikepdf (qpdf) in every revision, and changed by hand."""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Callable
from typing import Literal

import pikepdf
from pikepdf import Array, Dictionary, Name, ObjectStreamMode, Permissions, String

from kyso_pki.pdf.filters import decode
from kyso_pki.pdf.objects import Ref, Stream
from kyso_pki.pdf.reader import Reader
from tests.pki.pdf.samples import pike, table_pdf

Revision = Literal[2, 3, 4, 5, 6]
REVISIONS: tuple[Revision, ...] = (2, 3, 4, 5, 6)
WRITTEN: tuple[Revision, ...] = (4, 5, 6)
"""AES: what kyso also writes."""
TITLE = "Công văn (số 12/UBND)"
CONTENT = b"BT /F1 12 Tf 72 700 Td (Page 0) Tj ET"
XMP = b"x:xmpmeta"
"""What stands in every XMP packet."""
_XMP = (
    b"<x:xmpmeta xmlns:x='adobe:ns:meta/'>"
    b"<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'/></x:xmpmeta>"
)
ALL = Permissions()
NO_CHANGE = Permissions(modify_annotation=False, modify_form=False, modify_other=False, modify_assembly=False)
FORMS_ONLY = Permissions(modify_annotation=False, modify_form=True, modify_other=False, modify_assembly=False)


def locked(
    revision: Revision = 6,
    *,
    owner: str = "chu so huu",
    user: str = "",
    aes: bool | None = None,
    metadata: bool = True,
    allow: Permissions = ALL,
    object_streams: bool = False,
    linearize: bool = False,
    pdf: bytes | None = None,
) -> bytes:
    """A file of two pages with a title, XMP metadata, an attachment and a text field, encrypted by qpdf."""
    opened = pikepdf.open(io.BytesIO(pike() if pdf is None else pdf))
    if pdf is None:
        _fill(opened)
    cipher = revision >= 4 if aes is None else aes
    encryption = pikepdf.Encryption(
        owner=owner,
        user=user,
        R=revision,
        aes=cipher,
        metadata=metadata and cipher,
        allow=allow,
    )
    out = io.BytesIO()
    mode = ObjectStreamMode.generate if object_streams else ObjectStreamMode.disable
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # R5 and RC4 are what is wanted here
        opened.save(out, encryption=encryption, object_stream_mode=mode, linearize=linearize, compress_streams=False)
    return out.getvalue()


def _fill(opened: pikepdf.Pdf) -> None:
    opened.docinfo["/Title"] = TITLE
    opened.Root.Metadata = opened.make_stream(_XMP, Type=Name.Metadata, Subtype=Name.XML)
    opened.attachments["phu-luc.txt"] = b"Phu luc"
    page = opened.pages[0].obj
    page.Contents = opened.make_stream(CONTENT)
    field = opened.make_indirect(
        Dictionary(
            Type=Name.Annot,
            Subtype=Name.Widget,
            FT=Name.Tx,
            T=String("ten"),
            V=String("Nguyễn Văn Mẫu"),
            Rect=Array([100, 100, 200, 120]),
            F=4,
            P=page,
        )
    )
    page.Annots = Array([field])
    opened.Root.AcroForm = opened.make_indirect(Dictionary(Fields=Array([field]), DA=String("/F1 12 Tf")))


def as_qpdf_reads(pdf: bytes, password: str) -> pikepdf.Pdf:
    return pikepdf.open(io.BytesIO(pdf), password=password)


# Files changed under their encryption ------------------------------------------------------------------------------


def relaid(pdf: bytes, change: Callable[[dict[int, bytes]], None]) -> bytes:
    """The file's objects as stored, changed in place by number, with a table laid anew."""
    reader = Reader(pdf)
    bodies = {}
    for number, entry in sorted(reader.revisions[0].entries()):
        if entry.kind == 1:
            found = reader.stored(number, entry)
            bodies[number] = pdf[found.start : found.stop].removesuffix(b"endobj").rstrip()
    change(bodies)
    return table_pdf(bodies, b"/Root %d 0 R" % reader.root_ref().number + encryption_entries(reader))


def encryption_entries(reader: Reader) -> bytes:
    """/ID, /Encrypt and /Info for one more trailer."""
    identity = reader.trailer["ID"]
    first = identity[0] if isinstance(identity, list) else b""
    assert isinstance(first, bytes)
    assert reader.handler is not None
    info = reader.trailer.get("Info")
    named = b"/Info %d 0 R" % info.number if isinstance(info, Ref) else b""
    return b"/ID[<%s><00>]/Encrypt %d 0 R%s" % (first.hex().encode(), reader.handler.number or 0, named)


def with_encryption(pdf: bytes, old: bytes, new: bytes) -> bytes:
    """The file with an encryption dictionary in which `old` is now `new`; `/P -4` stands for whatever /P is."""
    number = encryption_number(pdf)

    def change(bodies: dict[int, bytes]) -> None:
        found = re.search(rb"/P -\d+" if old == b"/P -4" else re.escape(old), bodies[number])
        assert found is not None, bodies[number]
        bodies[number] = bodies[number][: found.start()] + new + bodies[number][found.end() :]

    return relaid(pdf, change)


def encryption_number(pdf: bytes) -> int:
    handler = Reader(pdf).handler
    assert handler is not None
    assert handler.number is not None
    return handler.number


def number_of_stream(pdf: bytes, text: bytes) -> int:
    """The object whose decoded stream holds this text."""
    reader = Reader(pdf)
    for number, _ in reader.revisions[0].entries():
        found = reader.fetch(number)
        if found is not None and isinstance(found.value, Stream) and text in decode(found.value, reader.budget):
            return number
    raise LookupError(text)
