"""On an e-invoice a signature counts in the place of its signer only: tax codes tell where it was moved."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import pytest

import kyso
from kyso_pki.ades.policy import DEFAULT_POLICY
from kyso_pki.ades.report import SignatureReport
from kyso_pki.authority.profile import Subject
from kyso_pki.evidence import Evidence
from kyso_pki.formats import verify_document
from kyso_pki.testing import SoftwareSigner, software_key
from tests.documents.makers.invoice import BUYER, SELLER, invoice

from .made import AT, EVIDENCE, WORLD

POLICY = replace(DEFAULT_POLICY, accept_parts=True)
AT_HAND = EVIDENCE + Evidence(certificates=(WORLD.issuing,))
WORD = "PLACE_OF_ANOTHER"


@cache
def signer(uid: str | None) -> SoftwareSigner:
    return WORLD.issue(Subject("Công ty Mẫu", uid=uid), private_key=software_key("rsa2048", 77))


@cache
def signature(uid: str | None, profile: str = "einvoice-buyer", data: bytes = invoice()) -> bytes:
    """The Signature that such a signer sets, alone."""
    signed = kyso.sign(data, signer(uid), at=AT, profile=profile)
    return signed[signed.index(b"<Signature ") : signed.index(b"</Signature>") + len(b"</Signature>")]


def judged(place: str, uid: str | None, data: bytes = invoice()) -> SignatureReport:
    """The invoice with the buyer's Signature in this place alone."""
    made = data.replace(f"<{place}/>".encode() + (b"</DSCKS>" if place == "CQT" else b""), b"@", 1)
    end = b"</DSCKS>" if place == "CQT" else b""
    whole = made.replace(b"@", f"<{place}>".encode() + signature(uid, data=data) + f"</{place}>".encode() + end)
    assert whole.count(b"<Signature ") == 1
    report = verify_document(whole, trust=WORLD.trust, at=AT, evidence=AT_HAND, policy=POLICY)
    return report.signatures[0]


def codes(report: SignatureReport) -> set[str]:
    return {f.code for f in report.findings}


def mst(party: dict[str, str]) -> str:
    return f"MST:{party['MST']}"


@pytest.mark.parametrize(("place", "uid"), [("NBan", mst(SELLER)), ("NMua", mst(BUYER)), ("CQT", "MST:0999999999")])
def test_who_signs_in_his_own_place_passes(place: str, uid: str) -> None:
    report = judged(place, uid)
    assert report.passed, report.findings
    assert WORD not in codes(report)


@pytest.mark.parametrize(
    ("place", "uid"),
    [("NBan", mst(BUYER)), ("NMua", mst(SELLER)), ("CQT", mst(SELLER)), ("NBan", "MST:0999999999")],
)
def test_signature_that_was_moved_into_the_place_of_another_does_not_pass(place: str, uid: str) -> None:
    report = judged(place, uid)
    assert report.references_intact and report.signature_intact, "nobody signs where a Signature stands"
    assert (report.indication, report.sub_indication) == ("INDETERMINATE", "SIG_CONSTRAINTS_FAILURE")
    assert WORD in codes(report)


@pytest.mark.parametrize("uid", [None, "CCCD:001099000000", "MST:", "MST:abc", "MST:01000000001"])
def test_nothing_is_said_where_the_certificate_has_no_tax_code(uid: str | None) -> None:
    assert not codes(judged("NBan", uid)) & {WORD, "TAX_CODE_DIFFERS"}


@pytest.mark.parametrize("uid", ["MST:0100000000-001", "MST:0100000000001", "mst: 0100000000"])
def test_branches_and_their_head_office_are_one(uid: str) -> None:
    assert judged("NBan", uid).passed


def test_whom_the_seller_leaves_his_invoices_to_signs_for_him() -> None:
    data = invoice().replace(b"<TTKhac/></TTChung>", b"<MSTDVNUNLHDon>0300000000</MSTDVNUNLHDon></TTChung>")
    assert judged("NBan", "MST:0300000000", data).passed
    assert WORD in codes(judged("NBan", "MST:0300000001", data))


def test_citizens_number_that_replaced_a_tax_code_only_warns() -> None:
    report = judged("NBan", "MST:001099000000")
    assert report.passed
    assert "TAX_CODE_DIFFERS" in codes(report)


def test_codes_that_nobody_signed_are_not_looked_at() -> None:
    """Data beside the signed ones, with the code that the mover needs."""
    data = invoice()
    start, end = data.index(b"<DLHDon"), data.index(b"</DLHDon>") + len(b"</DLHDon>")
    forged = data[start:end].replace(SELLER["MST"].encode(), b"0999999999")
    forged = forged.replace(b' Id="data-1C26TAA-123"', b"")
    signed = signature("MST:0999999999")
    whole = data.replace(b"<HDon>", b"<HDon>" + forged, 1).replace(b"<NBan/>", b"<NBan>" + signed + b"</NBan>")
    report = verify_document(whole, trust=WORLD.trust, at=AT, evidence=AT_HAND, policy=POLICY)
    assert WORD in codes(report.signatures[0])
