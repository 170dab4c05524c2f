"""PDF files for tests, written by hand or by pikepdf, and revisions appended to them without kyso's own writer."""

from __future__ import annotations

import io
import re
import zlib
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pikepdf
from cryptography import x509
from pikepdf import Array, Dictionary, Name, ObjectStreamMode
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.fields import SigFieldSpec, append_signature_field
from pyhanko.sign.signers import PdfSignatureMetadata, PdfSigner, SimpleSigner
from pyhanko.stamp import BaseStampStyle
from pyhanko_certvalidator import ValidationContext

from kyso_pki.ades.sign import sign_document
from kyso_pki.document import Intent
from kyso_pki.facts import SignatureFacts
from kyso_pki.pdf.document import PdfDocument
from kyso_pki.pdf.reader import Reader
from kyso_pki.testing import SoftwareSigner, World
from tests.judges import pyhanko
from tests.judges.holder import Holder

AT = datetime.now(UTC).replace(microsecond=0)  # pdfsig and pyHanko take the machine's clock
WORLD = World.create(at=AT)
SHAPES = ("table", "object streams", "linearized", "linearized with object streams", "hybrid", "hybrid in two")


def stream(content: bytes, entries: bytes = b"") -> bytes:
    """A stream object's body."""
    return b"<<%s/Length %d>>stream\n%s\nendstream" % (entries, len(content), content)


# One page; 4 is its content, 5 its font, 6 an image that a later font or page could take the place of
BODIES: dict[int, bytes] = {
    1: b"<</Type/Catalog/Pages 2 0 R>>",
    2: b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
    3: b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>",
    4: stream(b"BT /F1 12 Tf 72 720 Td (Pay 100 to Mau) Tj ET"),
    5: b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
}
TAIL = re.compile(rb"startxref\s+(\d+)\s+%%EOF\s*$")


def table_pdf(bodies: Mapping[int, bytes] = BODIES, trailer: bytes = b"/Root 1 0 R/ID[<00><00>]") -> bytes:
    """A file with a classic table; the objects are numbered from 1 without gaps."""
    out = bytearray(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
    offsets = {}
    for number, body in bodies.items():
        offsets[number] = len(out)
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(bodies) + 1)
    out += b"".join(b"%010d 00000 n \n" % offsets[n] for n in sorted(offsets))
    out += b"trailer\n<</Size %d%s>>\nstartxref\n%d\n%%%%EOF\n" % (len(bodies) + 1, trailer, start)
    return bytes(out)


def hybrid_pdf(*, in_two: bool = False) -> bytes:
    """A hybrid file as word processors write it: the font hides in an object stream (ISO 32000-2 7.5.8.4).

    `in_two`: the table ends a revision of its own, and a second, empty one names the stream.
    """
    bodies = {n: b for n, b in BODIES.items() if n != 5}
    members = b"5 0 " + BODIES[5]
    bodies[6] = stream(members, b"/Type/ObjStm/N 1/First 4")
    out = bytearray(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
    offsets = {}
    for number, body in bodies.items():
        offsets[number] = len(out)
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    hidden = len(out)
    rows = b"\x02" + (6).to_bytes(2, "big") + b"\x00"
    out += b"7 0 obj\n%s\nendobj\n" % stream(rows, b"/Type/XRef/Size 8/W[1 2 1]/Index[5 1]/Root 1 0 R")
    offsets[7] = hidden
    start = len(out)
    out += b"xref\n0 8\n0000000000 65535 f \n"
    out += b"".join(
        b"%010d 00000 n \n" % offsets[n] if n in offsets else b"0000000000 00000 f \n" for n in range(1, 8)
    )
    if in_two:
        out += b"trailer\n<</Size 8/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % start
        previous, start = start, len(out)
        out += b"xref\n0 0\ntrailer\n<</Size 8/Root 1 0 R/Prev %d/XRefStm %d>>\n" % (previous, hidden)
        return bytes(out) + b"startxref\n%d\n%%%%EOF\n" % start
    out += b"trailer\n<</Size 8/Root 1 0 R/XRefStm %d>>\nstartxref\n%d\n%%%%EOF\n" % (hidden, start)
    return bytes(out)


def pike(*, object_streams: bool = False, linearize: bool = False, pages: int = 2, many: int = 0) -> bytes:
    """A file as qpdf writes it, with `many` small objects besides."""
    pdf = pikepdf.new()
    for number in range(pages):
        page = pdf.add_blank_page(page_size=(595, 842))
        page.Contents = pdf.make_stream(b"BT /F1 12 Tf 72 700 Td (Page %d) Tj ET" % number)
        font = Dictionary(Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Helvetica)
        page.Resources = Dictionary(Font=Dictionary(F1=font))
    if many:
        items = [pdf.make_indirect(Dictionary(Index=n, Kind=Name.Small)) for n in range(many)]
        pdf.Root.Many = pdf.make_indirect(Array(items))
    return saved(pdf, object_streams=object_streams, linearize=linearize)


def saved(pdf: pikepdf.Pdf, *, object_streams: bool = False, linearize: bool = False) -> bytes:
    out = io.BytesIO()
    mode = ObjectStreamMode.generate if object_streams else ObjectStreamMode.disable
    pdf.save(out, object_stream_mode=mode, linearize=linearize)
    return out.getvalue()


def shaped(shape: str) -> bytes:
    """A small file of one of the `SHAPES`."""
    if "hybrid" in shape:
        return hybrid_pdf(in_two="two" in shape)
    return pike(object_streams="object" in shape, linearize="linearized" in shape)


def with_fields(*fields: bytes, form: bytes = b"", annotate: bool = True) -> bytes:
    """The one-page file with a form: each field is a body, numbered from 7 on; 6 is the form."""
    numbers = range(7, 7 + len(fields))
    references = b" ".join(b"%d 0 R" % n for n in numbers)
    bodies = dict(BODIES)
    bodies[1] = b"<</Type/Catalog/Pages 2 0 R/AcroForm 6 0 R>>"
    if annotate:
        bodies[3] = BODIES[3].replace(b"/Type/Page", b"/Type/Page/Annots[" + references + b"]")
    bodies[6] = b"<</Fields[" + references + b"]" + form + b">>"
    bodies |= dict(zip(numbers, fields, strict=True))
    return table_pdf(bodies)


SIGNATURE_BOX = b"<</Type/Annot/Subtype/Widget/FT/Sig/T(%s)/Rect[%s]/F 4/P 3 0 R%s>>"
"""A visible empty signature field: name, rectangle, more entries."""


def append(
    pdf: bytes,
    bodies: Mapping[int, bytes],
    *,
    trailer: bytes = b"",
    freed: tuple[int, ...] = (),
    as_stream: bool = False,
    root: bytes | None = None,
) -> bytes:
    """One more well-formed revision that sets these objects; `trailer` holds further entries."""
    reader = Reader(pdf)
    base = pdf if pdf.endswith((b"\n", b"\r")) else pdf + b"\n"
    out = bytearray(base)
    rows: dict[int, tuple[int, int, int]] = dict.fromkeys(freed, (0, 0, 1))
    for number, body in bodies.items():
        rows[number] = (1, len(out), 0)
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(out)
    size = max(_size(reader), *(n + 1 for n in rows)) if rows else _size(reader)
    common = b"/Root %s/Prev %d%s" % (root or b"%d 0 R" % reader.root_ref().number, reader.startxref, trailer)
    if as_stream:
        rows[size] = (1, start, 0)
        index = b" ".join(b"%d 1" % n for n in sorted(rows))
        data = b"".join(
            bytes((k,)) + a.to_bytes(4, "big") + b.to_bytes(2, "big") for _, (k, a, b) in sorted(rows.items())
        )
        head = b"/Type/XRef/Size %d/W[1 4 2]/Index[%s]%s" % (size + 1, index, common)
        out += b"%d 0 obj\n%s\nendobj\n" % (size, stream(data, head))
    else:
        out += b"xref\n"
        for number, (kind, a, b) in sorted(rows.items()):
            out += b"%d 1\n%010d %05d %s \n" % (number, a, b, b"n" if kind else b"f")
        out += b"trailer\n<</Size %d%s>>\n" % (size, common)
    out += b"startxref\n%d\n%%%%EOF\n" % start
    return bytes(out)


def _size(reader: Reader) -> int:
    sizes = [s.trailer["Size"] for r in reader.revisions for s in r.sections]
    return max(s for s in sizes if isinstance(s, int))


def raw(pdf: bytes, number: int) -> bytes:
    """The text of an object's value as it is now; of a stream, of its dictionary."""
    found = Reader(pdf).fetch(number)
    if found is None:
        raise LookupError(number)
    return found.raw


def deflated(content: bytes, entries: bytes = b"") -> bytes:
    return stream(zlib.compress(content), entries + b"/Filter/FlateDecode")


def signed(pdf: bytes, signer: SoftwareSigner | None = None, **intent: str) -> bytes:
    """The file signed by kyso at level B-B; `intent` as in `Intent`."""
    return sign_document(PdfDocument(pdf), Intent(AT, **intent), signer or WORLD.person_signer)  # type: ignore[arg-type]  # every option here is text


def facts(pdf: bytes) -> list[SignatureFacts]:
    return list(PdfDocument(pdf).signatures())


def intact(found: SignatureFacts) -> bool:
    """Whether the facts say that this signature is whole, well formed, and nothing forbidden came after it."""
    return (
        found.well_formed
        and found.references_intact
        and found.signature_intact
        and found.coverage.whole
        and all(change.allowed for change in found.changes_after)
    )


def holder(signer: SoftwareSigner) -> Holder:
    """The same key as the judges hold it."""
    key = signer.private_key
    chain = tuple(x509.load_der_x509_certificate(c.der) for c in signer.chain)
    return Holder(key, chain)


def hanko_signed(
    pdf: bytes,
    signer: SoftwareSigner | None = None,
    *,
    tsa: Holder | None = None,
    new_field: SigFieldSpec | None = None,
    stamp: BaseStampStyle | None = None,
    **metadata: Any,
) -> bytes:
    """The file signed by pyHanko; `metadata` as in its `PdfSignatureMetadata`."""
    key = holder(signer or WORLD.person_signer).pkcs12(b"memory")
    hand = SimpleSigner.load_pkcs12_data(key, other_certs=[], passphrase=b"memory")
    settings = PdfSignatureMetadata(**{"field_name": "S1", "md_algorithm": "sha256", **metadata})
    timestamper = None if tsa is None else pyhanko._timestamper(tsa, AT)
    engine = PdfSigner(settings, hand, timestamper=timestamper, new_field_spec=new_field, stamp_style=stamp)
    out = io.BytesIO()
    engine.sign_pdf(IncrementalPdfFileWriter(io.BytesIO(pdf)), output=out)
    return out.getvalue()


def hanko_prepared(pdf: bytes, *fields: SigFieldSpec) -> bytes:
    """The file with empty signature fields added by pyHanko."""
    writer: Any = IncrementalPdfFileWriter(io.BytesIO(pdf))
    for spec in fields:
        append_signature_field(writer, spec)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def evidence_context() -> ValidationContext:
    """What pyHanko needs to embed validation evidence of this world without a network."""
    certificates = [pyhanko._asn1(x509.load_der_x509_certificate(c.der)) for c in WORLD.person_signer.chain]
    return ValidationContext(
        trust_roots=[pyhanko._asn1(r) for r in roots()],
        other_certs=certificates,
        crls=[WORLD.crl(AT), WORLD.crl(AT, WORLD.root_signer)],
        allow_fetching=False,
        revocation_mode="soft-fail",
        moment=AT,
    )


def roots() -> list[x509.Certificate]:
    return [x509.load_der_x509_certificate(WORLD.root.der)]
