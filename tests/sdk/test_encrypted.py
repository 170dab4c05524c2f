"""Encrypted documents and the linter through the public face."""

from __future__ import annotations

from pathlib import Path

import pytest

import kyso
from tests.documents.makers.stamps import seal_png
from tests.judges import pdfsig
from tests.pki.pdf.encryption.locked import locked
from tests.pki.pdf.lint.cases import clicked
from tests.pki.pdf.samples import AT, WORLD

DOCUMENTS = Path(__file__).resolve().parents[1] / "documents"


def test_an_encrypted_document_is_signed_and_verified_with_its_password() -> None:
    pdf = kyso.sign(locked(6, user="dung"), WORLD.person_signer, at=AT, password=lambda: "dung")
    fetcher = WORLD.fetcher(AT)
    report = kyso.verify(pdf, trust=WORLD.trust, at=AT, fetcher=fetcher, password=lambda: "dung")
    report.require_passed()
    closed = kyso.verify(pdf, trust=WORLD.trust, at=AT, fetcher=fetcher)
    assert closed.verdict == "failed"
    with pytest.raises(kyso.FormatError, match="password"):
        kyso.sign(pdf, WORLD.person_signer, at=AT)


def test_lint_looks_at_files_and_has_nothing_to_say_of_xml() -> None:
    assert kyso.lint(DOCUMENTS / "hoa-don.xml").stated == ()
    assert kyso.lint(DOCUMENTS / "cong-van.pdf").stated == ()
    refused = kyso.lint(clicked(b"/S/Launch/F(a.exe)")).refused
    assert [s.observation.code for s in refused] == ["LAUNCH"]


def test_without_a_policy_nothing_is_looked_at() -> None:
    pdf = clicked(b"/S/Launch/F(a.exe)")
    assert kyso.sign(pdf, WORLD.person_signer, at=AT).startswith(pdf)


def test_a_stamp_is_placed_in_an_encrypted_document_and_seen_with_its_password() -> None:
    letter = locked(6, user="dung", pdf=(DOCUMENTS / "cong-van.pdf").read_bytes())
    stamp = kyso.load_stamp(
        "con-dau", images=seal_png(), allow_overlap=True, place=kyso.Place(page=1, corner="bottom-left", x=20, y=20)
    )
    picture = kyso.preview(letter, stamp, password=lambda: "dung")
    assert picture.startswith(b"\x89PNG")
    pdf = kyso.sign(letter, WORLD.person_signer, at=AT, stamp=stamp, password=lambda: "dung")
    assert pdfsig.verify(pdf, password="dung").valid
    report = kyso.verify(pdf, trust=WORLD.trust, at=AT, fetcher=WORLD.fetcher(AT), password=lambda: "dung")
    report.require_passed()
