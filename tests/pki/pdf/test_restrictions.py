"""Certification, locks, and the wishes of a form's author: obeyed, or refused by name."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import Any

import pikepdf
import pytest
from pikepdf import Name

from kyso_pki.ades.grow import timestamp_document
from kyso_pki.ades.sign import sign_document
from kyso_pki.document import Certification, FieldLock, Intent
from kyso_pki.errors import FormatError, SigningError, UsageError
from kyso_pki.pdf.document import PdfDocument
from kyso_pki.testing import SoftwareSigner
from tests.judges import pdfsig, pyhanko
from tests.pki.pdf.samples import (
    AT,
    SHAPES,
    SIGNATURE_BOX,
    WORLD,
    facts,
    intact,
    roots,
    shaped,
    table_pdf,
    with_fields,
)

BOX = (b"S", b"0 0 9 9")


def text_field(name: bytes) -> bytes:
    return b"<</Type/Annot/Subtype/Widget/FT/Tx/T(%s)/Rect[0 20 9 29]/P 3 0 R>>" % name


def sign(data: bytes, signer: SoftwareSigner = WORLD.person_signer, **given: Any) -> bytes:
    intent = replace(Intent(AT), **given)
    return sign_document(PdfDocument(data), intent, signer, WORLD.timestamper(AT))


def opened(data: bytes) -> pikepdf.Pdf:
    return pikepdf.open(io.BytesIO(data))


def accepted(data: bytes) -> None:
    assert pdfsig.verify(data).valid
    judged = pyhanko.verify(data, roots())
    assert judged.valid, judged.output


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("level", [1, 2, 3])
def test_a_certification_says_what_may_follow_and_is_named_in_the_catalog(shape: str, level: Certification) -> None:
    """ISO 32000-2 12.8.2.2, 12.8.6."""
    data = sign(shaped(shape), certify=level)
    pdf = opened(data)
    signature = pdf.Root.AcroForm.Fields[-1].V
    assert pdf.Root.Perms.DocMDP.objgen == signature.objgen
    [reference] = signature.Reference
    assert (reference.TransformMethod, int(reference.TransformParams.P)) == (Name.DocMDP, level)
    assert all(map(intact, facts(data)))
    assert not [f for f in facts(data)[0].findings if f.severity != "info"]
    if "hybrid" not in shape:
        accepted(data)


def test_only_the_first_signature_certifies() -> None:
    for earlier in (sign(table_pdf()), timestamp_document(PdfDocument(table_pdf()), WORLD.timestamper(AT)).data):
        with pytest.raises(SigningError, match="first signature"):
            sign(earlier, certify=2)


def test_what_a_certification_forbids_is_not_done_and_a_timestamp_is_never_forbidden() -> None:
    closed = sign(table_pdf(), certify=1)
    with pytest.raises(SigningError, match="certified"):
        sign(closed, WORLD.seal_signer)
    stamped = timestamp_document(PdfDocument(closed), WORLD.timestamper(AT)).data
    assert all(c.allowed for c in facts(stamped)[0].changes_after)
    open_ = sign(sign(table_pdf(), certify=2), WORLD.seal_signer)
    assert all(c.allowed for c in facts(open_)[0].changes_after)
    accepted(open_)


@pytest.mark.parametrize(
    "lock", [FieldLock("All"), FieldLock("Include", ("Ten", "A.B")), FieldLock("Exclude", ("Ten",))]
)
def test_a_new_field_locks_others(lock: FieldLock) -> None:
    """ISO 32000-2 12.8.2.4: in the field (/Lock, an object of its own) and in the signature (FieldMDP)."""
    data = sign(with_fields(SIGNATURE_BOX % (*BOX, b""), *map(text_field, (b"Ten", b"A.B"))), lock=lock)
    pdf = opened(data)
    field = pdf.Root.AcroForm.Fields[-1]
    [reference] = field.V.Reference
    assert reference.TransformMethod == Name.FieldMDP
    assert field.Lock.is_indirect
    for dictionary in (reference.TransformParams, field.Lock):
        assert str(dictionary.Action) == f"/{lock.action}"
        assert [str(n) for n in dictionary.get("/Fields", [])] == sorted(lock.names)
    assert pyhanko.verify(data, roots()).valid  # pdfsig counts the empty field as a signature that fails
    if lock.action != "Include":
        with pytest.raises(SigningError, match="locked"):
            sign(data, WORLD.seal_signer, field="S")


def test_a_lock_on_a_field_that_is_not_there_is_refused_and_those_that_are_there_are_named() -> None:
    form = with_fields(*map(text_field, (b"HoTen", b"NgayKy")))
    with pytest.raises(SigningError, match="no form field 'Hoten' to lock") as told:
        sign(form, lock=FieldLock("Include", ("HoTen", "Hoten")))
    assert told.value.remedy == "Fields of the document: HoTen, NgayKy."
    with pytest.raises(SigningError, match="no form field 'HoTen'") as told:
        sign(table_pdf(), lock=FieldLock("Exclude", ("HoTen",)))
    assert told.value.remedy == "The document has no form fields; sign it without a lock."


def test_a_lock_may_name_the_field_that_it_stands_in() -> None:
    data = sign(table_pdf(), field="S", lock=FieldLock("Include", ("S",)))
    assert all(map(intact, facts(data)))


def test_a_lock_names_fields_or_all_of_them() -> None:
    with pytest.raises(UsageError):
        FieldLock("All", ("Ten",))
    with pytest.raises(UsageError):
        FieldLock("Include")


def test_a_lock_that_restricts_the_document_is_taken_over_and_obeyed() -> None:
    """ISO 32000-2 table 236: /P in the lock of an approval."""
    data = sign(with_fields(SIGNATURE_BOX % (*BOX, b"/Lock<</Action/All/P 1>>")), field="S")
    pdf = opened(data)
    reference = pdf.Root.AcroForm.Fields[0].V.Reference[0]
    assert int(reference.TransformParams.P) == 1
    with pytest.raises(SigningError, match="certified"):
        sign(data, WORLD.seal_signer)
    assert all(map(intact, facts(data)))


def test_a_lock_against_the_fields_own_is_refused() -> None:
    data = with_fields(SIGNATURE_BOX % (*BOX, b"/Lock<</Action/All>>"))
    with pytest.raises(SigningError, match="another one"):
        sign(data, field="S", lock=FieldLock("Include", ("Ten",)))
    with pytest.raises(SigningError, match="no lock"):
        sign(with_fields(SIGNATURE_BOX % (*BOX, b"")), field="S", lock=FieldLock("All"))


# Seed values --------------------------------------------------------------------------------------------------


def seeded(seed: bytes) -> bytes:
    return with_fields(SIGNATURE_BOX % (*BOX, b"/SV<<" + seed + b">>"))


LEAF = WORLD.person.der.hex().encode()
OTHER = WORLD.seal.der.hex().encode()


@pytest.mark.parametrize(
    ("seed", "given"),
    [
        (b"/Ff 1/Filter/Adobe.PPKLite", {}),
        (b"/Ff 2/SubFilter[/ETSI.CAdES.detached/adbe.pkcs7.detached]", {}),
        (b"/Ff 4/V 2", {}),
        (b"/Ff 8/Reasons[(One) (Two)]", {"reason": "Two"}),
        (b"/Ff 8/Reasons[(.)]", {}),
        (b"/Ff 64/DigestMethod[(SHA256) (SHA512)]", {}),
        (b"/Ff 128/LockDocument/false", {}),
        (b"/MDP<</P 0>>", {}),
        (b"/MDP<</P 2>>", {"certify": 2}),
        (b"/TimeStamp<</URL(http://tsa.tinh-mau.example)/Ff 1>>", {"level": "B-T"}),
        (b"/Cert<</Ff 1/Subject[<" + LEAF + b">]>>", {}),
        (b"/Cert<</Ff 8/SubjectDN[<</C(VN)>>]>>", {}),
        (b"/Cert<</Ff 32/KeyUsage[(1XXXX0)]>>", {}),
        (b"/Filter/Other/SubFilter[/x]/DigestMethod[(SHA1)]/Reasons[(x)]/AddRevInfo true/LockDocument/true", {}),
    ],
)
def test_demands_that_are_met_are_signed(seed: bytes, given: dict[str, Any]) -> None:
    data = sign(seeded(seed), field="S", **given)
    assert all(map(intact, facts(data)))
    accepted(data)


@pytest.mark.parametrize(
    ("seed", "given", "entry"),
    [
        (b"/Ff 1/Filter/Other", {}, "Filter"),
        (b"/Ff 1", {}, "Filter"),
        (b"/Ff 2/SubFilter[/adbe.pkcs7.sha1]", {}, "SubFilter"),
        (b"/Ff 4/V 4", {}, "V"),
        (b"/Ff 8/Reasons[(One) (Two)]", {}, "Reasons"),
        (b"/Ff 8/Reasons[(One) (Two)]", {"reason": "Three"}, "Reasons"),
        (b"/Ff 8", {"reason": "x"}, "Reasons"),
        (b"/Ff 16/LegalAttestation[(x)]", {}, "LegalAttestation"),
        (b"/Ff 32/AddRevInfo true", {}, "AddRevInfo"),
        (b"/Ff 64/DigestMethod[(SHA1) (SHA384)]", {}, "DigestMethod"),
        (b"/Ff 128/LockDocument/true", {}, "LockDocument"),
        (b"/Ff 256/AppearanceFilter(x)", {}, "AppearanceFilter"),
        (b"/MDP<</P 0>>", {"certify": 1}, "MDP"),
        (b"/MDP<</P 2>>", {"certify": 3}, "MDP"),
        (b"/TimeStamp<</Ff 1>>", {}, "TimeStamp"),
        (b"/Cert<</Ff 1/Subject[<" + OTHER + b">]>>", {}, "Cert /Subject"),
        (b"/Cert<</Ff 2/Issuer[<" + OTHER + b">]>>", {}, "Cert /Issuer"),
        (b"/Cert<</Ff 4/OID[(1.2.3)]>>", {}, "Cert /OID"),
        (b"/Cert<</Ff 8/SubjectDN[<</O(x)>> <<>>]>>", {}, "Cert /SubjectDN"),
        (b"/Cert<</Ff 32/KeyUsage[(0)]>>", {}, "Cert /KeyUsage"),
        (b"/Cert<</Ff 64/URL(http://x)>>", {}, "Cert /URL"),
    ],
)
def test_demands_that_are_not_met_are_refused_by_name(seed: bytes, given: dict[str, Any], entry: str) -> None:
    with pytest.raises(SigningError) as e:
        sign(seeded(seed), field="S", **given)
    assert f"/SV /{entry} wants" in e.value.message


def test_one_of_several_acceptable_subjects_is_enough() -> None:
    """ISO 32000-2 table 238: "all the attributes specified in one of the dictionaries"."""
    sign(seeded(b"/Cert<</Ff 8/SubjectDN[<</O(x)>> <</C(VN)>>]>>"), field="S")


def test_what_the_author_decided_is_taken_over() -> None:
    data = sign(seeded(b"/Ff 8/Reasons[(Only this)]/MDP<</P 2>>"), field="S")
    assert facts(data)[0].reason == "Only this"
    pdf = opened(data)
    assert int(pdf.Root.Perms.DocMDP.Reference[0].TransformParams.P) == 2


@pytest.mark.parametrize("seed", [b"/MDP 2", b"/MDP<</P 9>>", b"/Cert 1"])
def test_malformed_demands_are_refused(seed: bytes) -> None:
    with pytest.raises(FormatError):
        sign(seeded(seed), field="S")


# Conformance that the file claims --------------------------------------------------------------------------------


def claiming(part: int, *, tagged: bool = False) -> bytes:
    """A small file that says to be PDF/A, and perhaps tagged."""
    made = pikepdf.Pdf.new()
    made.add_blank_page(page_size=(595, 842))
    name = "http://www.aiim.org/pdfa/ns/id/"
    inside = f'<pdfaid:part xmlns:pdfaid="{name}">{part}</pdfaid:part>'
    xmp = f'<x:xmpmeta xmlns:x="adobe:ns:meta/">{inside}</x:xmpmeta>'.encode()
    made.Root.Metadata = made.make_stream(xmp, Type=Name.Metadata, Subtype=Name.XML)
    if tagged:
        made.Root.MarkInfo = pikepdf.Dictionary(Marked=True)
        made.pages[0].CropBox = pikepdf.Array([10, 10, 500, 800])
    out = io.BytesIO()
    made.save(out, fix_metadata_version=False)
    return out.getvalue()


@pytest.mark.parametrize("part", [1, 2, 3])
def test_an_invisible_widget_is_what_pdfa_asks(part: int) -> None:
    """ISO 19005-1 6.9 asks an appearance of every field; ISO 19005-2 6.3.3 exempts one without an area."""
    data = sign(claiming(part))
    pdf = opened(data)
    widget = pdf.pages[0].Annots[0]
    assert int(widget.F) & 0b100111 == 4  # Print; not Invisible, Hidden or NoView
    rectangle = [float(n) for n in widget.Rect]
    assert rectangle[0] == rectangle[2]
    assert rectangle[1] == rectangle[3]
    assert ("/AP" in widget) == (part == 1)
    if part == 1:
        assert widget.AP.N.read_bytes() == b""
    accepted(data)
    accepted(sign(data, WORLD.seal_signer))


def test_a_tagged_file_stays_tagged() -> None:
    """ISO 14289-1 7.18: a widget outside the crop box needs no tag, and its page says /Tabs /S."""
    data = sign(claiming(2, tagged=True))
    pdf = opened(data)
    page = pdf.pages[0]
    left, bottom = (float(n) for n in list(page.Annots[0].Rect)[:2])
    assert left < 0
    assert bottom < 0
    assert page.Tabs == Name.S
    assert str(page.Annots[0].TU) == "Signature1"
    again = sign(data, WORLD.seal_signer)
    assert all(c.allowed for c in facts(again)[0].changes_after)
    accepted(again)


@pytest.mark.parametrize("version", ["1.4", "1.5", "1.6", "1.7", "2.0"])
def test_every_version_is_signed_and_keeps_its_number(version: str) -> None:
    source = table_pdf().replace(b"%PDF-1.7", b"%PDF-" + version.encode())
    data = sign(source)
    assert data.startswith(source)
    accepted(data)
