"""PDF MAC (ISO/TS 32004): pyHanko makes it, kyso verifies it, and nothing is appended to a file that carries one."""

from __future__ import annotations

import io
from functools import cache
from typing import Any

import pytest
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.pdf_utils.writer import copy_into_new_writer

from kyso_pki.errors import FormatError, SigningError
from kyso_pki.formats import verify_document
from kyso_pki.pdf.encryption.mac import check_mac
from kyso_pki.pdf.reader import Reader
from tests.judges import pyhanko
from tests.pki.pdf.samples import AT, WORLD, append, facts, holder, intact, pike, signed

from .locked import encryption_entries, locked, with_encryption


@cache
def coded() -> bytes:
    """Encrypted by pyHanko, which adds a code that stands by itself."""
    writer: Any = copy_into_new_writer(PdfFileReader(io.BytesIO(pike())))
    writer.encrypt(owner_pass="o", user_pass="")
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


@cache
def coded_and_signed() -> bytes:
    """The same signed by pyHanko, which puts the code of the new revision into the signature."""
    return pyhanko.sign(coded(), holder(WORLD.person_signer), password=b"o")


def check(pdf: bytes) -> None:
    reader = Reader(pdf)
    assert reader.handler is not None
    assert reader.handler.mac
    check_mac(reader, reader.handler)


def test_a_code_by_itself_and_one_in_a_signature_are_right() -> None:
    assert b"/Standalone" in coded()
    check(coded())
    assert b"/AttachedToSig" in coded_and_signed()
    check(coded_and_signed())


def test_a_signature_in_such_a_file_passes() -> None:
    pdf = coded_and_signed()
    assert all(map(intact, facts(pdf))), facts(pdf)[0].findings
    assert verify_document(pdf, trust=WORLD.trust, at=AT, fetcher=WORLD.fetcher(AT)).verdict == "passed"


def flipped(pdf: bytes, at: int) -> bytes:
    return pdf[:at] + bytes((pdf[at] ^ 1,)) + pdf[at + 1 :]


def test_a_changed_byte_of_the_file_breaks_a_code_by_itself() -> None:
    pdf = coded()
    with pytest.raises(FormatError, match="changed"):
        check(flipped(pdf, 10))  # in the comment after the header


@pytest.mark.parametrize("part", range(8))
def test_a_changed_byte_of_the_code_breaks_it(part: int) -> None:
    pdf = coded()
    start = pdf.rindex(b"/MAC <") + len(b"/MAC <")
    end = pdf.index(b">", start)
    at = start + (end - start) * (2 * part + 1) // 16
    broken = pdf[:at] + (b"0" if pdf[at : at + 1] != b"0" else b"1") + pdf[at + 1 :]
    with pytest.raises(FormatError):
        check(broken)


def test_a_code_that_was_cut_off_by_a_later_update_is_missing() -> None:
    """An update without a code: bytes of the file are not covered any more."""
    pdf = coded_and_signed()
    later = append(pdf, {90: b"<</A 1>>"}, trailer=encryption_entries(Reader(pdf)))
    codes = [f.code for f in facts(later)[0].findings if f.severity == "error"]
    assert codes == ["PDF_MAC"]
    assert "no message authentication code" in facts(later)[0].findings[0].text


def test_a_file_whose_permissions_want_a_code_must_have_one() -> None:
    """Bit 13 of /P is guarded by /Perms, so a code cannot be taken away without a trace."""
    pdf = coded_and_signed()
    without = pdf.replace(b"/KDFSalt", b"/KDFSalX").replace(b"/AuthCode", b"/AuthCodX")
    found = facts(without)[0]
    assert "PDF_MAC" in {f.code for f in found.findings}
    with pytest.raises(FormatError, match="were changed"):
        Reader(with_encryption(locked(6), b"/P -4", b"/P -4100"))


def test_nothing_is_appended_to_a_file_with_a_code() -> None:
    for pdf in (coded(), coded_and_signed()):
        with pytest.raises(SigningError, match="PDF MAC"):
            signed(pdf)
