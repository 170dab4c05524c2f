"""Signing encrypted files: what is appended is encrypted, what was signed before stays valid, and /P is respected."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from pikepdf import Permissions

from kyso_pki.ades.sign import sign_document
from kyso_pki.document import Intent, Wanted
from kyso_pki.errors import SigningError
from kyso_pki.evidence import Evidence
from kyso_pki.facts import SignatureFacts
from kyso_pki.formats import verify_document
from kyso_pki.pdf.document import PdfDocument
from kyso_pki.pdf.encryption.handler import Handler
from kyso_pki.pdf.objects import Ref, read_value
from kyso_pki.pdf.reader import Reader
from kyso_pki.testing import SoftwareSigner
from tests.judges import pdfsig, pyhanko
from tests.pki.pdf.samples import AT, SIGNATURE_BOX, WORLD, holder, intact, roots, with_fields

from .locked import FORMS_ONLY, NO_CHANGE, TITLE, WRITTEN, Revision, as_qpdf_reads, locked

REASON = "Phê duyệt (bản mật)"
SHAPES = ("table", "object streams", "linearized")


def signed(
    pdf: bytes, password: str = "", signer: SoftwareSigner = WORLD.person_signer, field: str | None = None
) -> bytes:
    document = PdfDocument(pdf, password=lambda: password)
    return sign_document(document, Intent(AT, reason=REASON, location="Mẫu", field=field), signer)


def facts(pdf: bytes, password: str = "") -> list[SignatureFacts]:
    return list(PdfDocument(pdf, password=lambda: password).signatures())


def qpdf_check(pdf: bytes, folder: Path, password: str = "") -> str:
    (folder / "d.pdf").write_bytes(pdf)
    done = subprocess.run(
        ["qpdf", "--check", f"--password={password}", str(folder / "d.pdf")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("revision", WRITTEN)
@pytest.mark.parametrize("metadata", [True, False])
def test_two_signatures_in_an_encrypted_file_are_valid_for_every_judge(
    revision: Revision, shape: str, metadata: bool, tmp_path: Path
) -> None:
    pdf = locked(revision, metadata=metadata, object_streams="object" in shape, linearize="linearized" in shape)
    once = signed(pdf)
    twice = signed(once, signer=WORLD.seal_signer)
    assert twice.startswith(once)
    assert once.startswith(pdf)
    assert "No syntax or stream encoding errors" in qpdf_check(twice, tmp_path)
    seen = pdfsig.verify(twice)
    assert seen.valid, seen.output
    assert len(seen.signatures) == 2
    if revision != 5 and metadata:  # pyHanko knows no R5, and decrypts metadata in spite of /EncryptMetadata false
        judged = pyhanko.verify(twice, roots(), password=b"")
        assert judged.valid, judged.output
    found = facts(twice)
    assert all(map(intact, found)), found
    assert [f.reason for f in found] == [REASON, REASON]
    with as_qpdf_reads(twice, "") as opened:
        first = opened.Root.AcroForm.Fields[1].V
        assert str(first.Reason) == REASON
        assert str(opened.docinfo["/Title"]) == TITLE


@pytest.mark.parametrize("revision", WRITTEN)
@pytest.mark.parametrize("password", ["chu so huu", "dung"])
def test_a_file_with_a_password_is_signed_with_either_password(revision: Revision, password: str) -> None:
    pdf = signed(locked(revision, user="dung"), password)
    assert all(map(intact, facts(pdf, "dung")))
    assert all(map(intact, facts(pdf, "chu so huu")))
    assert pdfsig.verify(pdf, password=password).valid
    report = verify_document(pdf, trust=WORLD.trust, at=AT, fetcher=WORLD.fetcher(AT), password=lambda: password)
    assert report.verdict == "passed", report
    without = verify_document(pdf, trust=WORLD.trust, at=AT, fetcher=WORLD.fetcher(AT))
    assert [f.code for f in without.findings] == ["format.encrypted"]
    assert without.verdict == "indeterminate"


@pytest.mark.parametrize("revision", WRITTEN)
def test_what_is_appended_is_encrypted_but_not_the_contents_of_the_signature(revision: Revision) -> None:
    pdf = locked(revision)
    tail = signed(pdf)[len(pdf) :]
    for plain in (REASON.encode("utf-16-be").hex().encode(), b"(D:2", b"(Signature1)", b"(M"):
        assert plain not in tail
    assert b"/Contents <3082" in tail or b"/Contents <3080" in tail


def test_equal_strings_are_encrypted_differently_each_time() -> None:
    reader = Reader(locked(6))
    assert isinstance(reader.handler, Handler)
    texts = {reader.handler.sealed(Ref(9), b"(Nguyen Van Mau)") for _ in range(20)}
    assert len(texts) == 20


@pytest.mark.parametrize("revision", WRITTEN)
def test_an_empty_field_of_an_encrypted_file_is_signed(revision: Revision) -> None:
    pdf = locked(revision, pdf=with_fields(SIGNATURE_BOX % (b"Ky", b"100 100 200 150", b"")), allow=FORMS_ONLY)
    done = signed(pdf, field="Ky")
    assert all(map(intact, facts(done)))
    assert pdfsig.verify(done).valid
    assert [f.id for f in facts(done)] == ["Ky"]


@pytest.mark.parametrize("revision", WRITTEN)
def test_streams_to_be_appended_are_encrypted_and_read_back(revision: Revision) -> None:
    from kyso_pki.pdf.filters import decode
    from kyso_pki.pdf.objects import Stream
    from kyso_pki.pdf.update import Update

    pdf = locked(revision)
    reader = Reader(pdf)
    update = Update(reader)
    ref = update.add(b"<</Note (mat) /Length 9>>\nstream\nnoi dung.\nendstream")
    tail, _ = update.render(b"")
    assert b"noi dung" not in tail
    again = Reader(pdf + tail)
    found = again.resolve(ref)
    assert isinstance(found, Stream)
    assert decode(found, again.budget) == b"noi dung."
    assert found.dictionary["Note"] == b"mat"
    with as_qpdf_reads(pdf + tail, "") as opened:
        assert opened.get_object(ref.number, 0).read_bytes() == b"noi dung."


# Permissions ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("revision", WRITTEN)
@pytest.mark.parametrize("allow", [NO_CHANGE, FORMS_ONLY])
def test_a_user_may_not_add_a_field_where_the_author_forbids_it(revision: Revision, allow: Permissions) -> None:
    pdf = locked(revision, allow=allow)
    with pytest.raises(SigningError, match="does not allow to add a signature field") as refused:
        signed(pdf)
    assert "owner" in (refused.value.remedy or "")
    assert all(map(intact, facts(signed(pdf, "chu so huu"))))


@pytest.mark.parametrize("revision", WRITTEN)
def test_a_user_may_not_sign_a_field_where_even_form_filling_is_forbidden(revision: Revision) -> None:
    pdf = locked(revision, pdf=with_fields(SIGNATURE_BOX % (b"Ky", b"1 1 9 9", b"")), allow=NO_CHANGE)
    with pytest.raises(SigningError, match="fill in and sign fields"):
        signed(pdf, field="Ky")


def test_who_may_only_fill_in_a_field_may_not_add_evidence_either_and_is_told_before_the_key_is_used() -> None:
    pdf = locked(6, pdf=with_fields(SIGNATURE_BOX % (b"Ky", b"1 1 9 9", b"")), allow=FORMS_ONLY)
    signer = WORLD.person_signer
    with pytest.raises(SigningError, match="does not allow to add a signature field"):
        PdfDocument(pdf).prepare(Intent(AT, "B-LTA", field="Ky"), signer.chain, signer.scheme)


EVIDENCE = Evidence(certificates=(WORLD.issuing,))


@pytest.mark.parametrize("refused", [locked(6, allow=FORMS_ONLY), locked(3, aes=False)])
def test_a_document_timestamp_and_evidence_need_what_a_new_field_needs(refused: bytes) -> None:
    document = PdfDocument(refused)
    with pytest.raises(SigningError, match="PDF"):
        document.prepare_timestamps("archive", lambda: 10_000, None)[0]
    with pytest.raises(SigningError, match="PDF"):
        document.prepare_evidence([Wanted("", EVIDENCE)], b"")


def test_metadata_in_the_clear_stands_against_no_timestamp_and_no_evidence() -> None:
    document = PdfDocument(locked(6, metadata=False))
    assert document.prepare_timestamps("archive", lambda: 10_000, None)[0].field == "Timestamp1"
    assert document.prepare_evidence([Wanted("", EVIDENCE)], b"")


@pytest.mark.parametrize(("revision", "aes"), [(2, False), (3, False), (4, False)])
def test_rc4_is_read_but_never_written(revision: Revision, aes: bool) -> None:
    with pytest.raises(SigningError, match="RC4") as refused:
        signed(locked(revision, aes=aes), "chu so huu")
    assert "AES-256" in (refused.value.remedy or "")


# Others' signatures ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("revision", [4, 6])
def test_a_signature_by_pyhanko_in_an_encrypted_file_is_valid_and_stays_so(revision: Revision) -> None:
    pdf = pyhanko.sign(locked(revision, user="dung"), holder(WORLD.person_signer), password=b"dung")
    found = facts(pdf, "dung")
    assert all(map(intact, found)), found
    both = signed(pdf, "dung", WORLD.seal_signer)
    assert all(map(intact, facts(both, "dung"))), facts(both, "dung")
    judged = pyhanko.verify(both, roots(), password=b"dung")
    assert judged.valid, judged.output


@pytest.mark.parametrize("revision", [2, 3])
def test_a_signature_by_pyhanko_in_a_file_under_rc4_is_read(revision: Revision) -> None:
    pdf = pyhanko.sign(locked(revision), holder(WORLD.person_signer), password=b"")
    assert all(map(intact, facts(pdf)))


def test_the_text_that_is_edited_is_the_decrypted_one() -> None:
    reader = Reader(locked(6))
    found = reader.fetch(reader.trailer["Info"].number)  # type: ignore[union-attr]  # a reference, as qpdf writes it
    assert found is not None
    value, _ = read_value(found.source, found.start)
    assert value == found.value
    assert reader.data[found.offset :].startswith(b"%d 0 obj" % found.number)
