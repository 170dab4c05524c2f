"""What a report says where the standard has one word for several things."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime

import pytest

import kyso
from kyso_cli.errors import explain
from kyso_cli.messages import Language, Words
from kyso_cli.report import document_lines
from kyso_pki.ades.report import DocumentReport, SignatureReport
from kyso_pki.errors import FetchError, PinRefused
from kyso_pki.facts import Change, Finding, PolicyFacts, XmlFacts
from kyso_pki.testing import World
from kyso_pki.x509.revocation import RevocationResult
from tests.pki.ades.inputs import PDF

from .conftest import DOCUMENTS


@pytest.fixture(scope="module")
def report() -> DocumentReport:
    return kyso.verify(DOCUMENTS / "da-ky.pdf")


def shown(report: DocumentReport, language: Language, **changed: object) -> str:
    signature: SignatureReport = replace(report.signatures[0], **changed)  # type: ignore[arg-type]  # fields by name
    return "\n".join(document_lines(replace(report, signatures=(signature,)), Words(language)))


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "TOTAL-FAILED/FORMAT_FAILURE: the document was changed after signing"),
        ("vi", "TOTAL-FAILED/FORMAT_FAILURE: tài liệu bị sửa sau khi ký"),
    ],
)
def test_a_document_that_was_changed_is_not_called_malformed(
    report: DocumentReport, language: Language, said: str
) -> None:
    text = shown(
        report,
        language,
        indication="TOTAL-FAILED",
        sub_indication="FORMAT_FAILURE",
        changes_after=(Change("content", "page 1", False),),
        findings=(Finding("CHANGED_AFTER_SIGNING", "error", "Changed after signing: page 1"),),
    )
    assert said in text
    assert "malformed" not in text
    assert "sai cấu trúc" not in text


@pytest.mark.parametrize(
    ("language", "said", "unsaid"), [("en", "not valid yet", "expired"), ("vi", "chưa có hiệu lực", "hết hạn")]
)
def test_a_certificate_that_has_not_begun_is_not_called_expired(
    report: DocumentReport, language: Language, said: str, unsaid: str
) -> None:
    text = shown(
        report,
        language,
        sub_indication="OUT_OF_BOUNDS_NO_POE",
        findings=(Finding("NOT_YET_VALID", "error", "The certificate starts tomorrow."),),
    )
    conclusion = next(line for line in text.splitlines() if "OUT_OF_BOUNDS" in line)
    assert said in conclusion
    assert unsaid not in conclusion


@pytest.mark.parametrize(("language", "said"), [("en", "look at it"), ("vi", "hãy xem lại trang")])
def test_a_stamp_over_the_page_asks_for_a_look(report: DocumentReport, language: Language, said: str) -> None:
    text = shown(
        report,
        language,
        sub_indication="SIG_CONSTRAINTS_FAILURE",
        changes_after=(Change("overlay", "a field on page 1", False),),
        findings=(Finding("OVERLAY", "error", "Added over the signed page: a field on page 1"),),
    )
    assert said in text


@pytest.mark.parametrize("language", ["en", "vi"])
def test_nobody_asked_and_not_known_are_two_things(report: DocumentReport, language: Language) -> None:
    nobody = shown(report, language, revocation=RevocationResult("not_checked", text="x"))
    unknown = shown(report, language, revocation=RevocationResult("unknown", text="x"))
    assert nobody != unknown


def test_a_private_responder_is_allowed_by_an_option(report: DocumentReport) -> None:
    with pytest.raises(FetchError) as refused, closing(kyso.HttpFetcher()) as fetcher:
        fetcher.crl("http://127.0.0.1:1/x.crl")
    assert "--allow-host HOST:PORT" in str(explain(refused.value, Words("en")).remedy)
    told = Finding.of(refused.value, "REVOCATION_NOT_CHECKED")
    assert "--allow-host HOST:PORT" in shown(report, "en", findings=(told,))
    assert "--allow-host" not in shown(report, "en", findings=(replace(told, remedy=None),))


def test_why_nobody_could_be_asked_comes_with_what_to_do() -> None:
    """From the fetcher to the finding of the signature, and to that of its timestamp's authority."""
    at = datetime(2026, 11, 29, tzinfo=UTC)
    world = World.create(at=at)
    stamped = kyso.sign(PDF, world.person_signer, at=at, level="B-T", timestamper=world.timestamper(at))
    with closing(kyso.HttpFetcher(resolver=lambda host, port: ["127.0.0.1"])) as fetcher:
        report = kyso.verify(stamped, trust=world.trust, at=at, fetcher=fetcher)
    told = {f.code: f.remedy for f in report.signatures[0].findings}
    advised = "If this is your own responder, allow its host by name."
    assert told == {"REVOCATION_NOT_CHECKED": advised, "TIMESTAMP_NOT_TRUSTED": advised}


def test_tries_that_were_used_are_not_called_a_lock() -> None:
    error = PinRefused("Refused (x); tries have been used up; many tokens lock after three. One try was made.")
    said = explain(error, Words("en")).message
    assert "fewer tries are left; many tokens lock after three wrong PINs" in said
    assert "used up" not in said


def test_a_remedy_without_vietnamese_words_keeps_its_command() -> None:
    said = explain(PinRefused("x", remedy="Run `reset-pin --now`."), Words("vi")).remedy or ""
    assert said.startswith("Kiểm tra mã PIN")
    assert "`reset-pin --now`" in said


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", ["the value of the signature s-1, and no content", "Role, as claimed", "its content is approved"]),
        ("vi", ["giá trị của chữ ký s-1, không phủ nội dung", "Vai trò (tự khai)", "phê duyệt nội dung"]),
    ],
)
def test_a_counter_signature_is_called_so_and_claims_are_shown(
    report: DocumentReport, language: Language, said: list[str]
) -> None:
    facts = XmlFacts(
        path="/a/Signature",
        roles=("Chủ tịch\x1b[31m",),
        commitments=("http://uri.etsi.org/01903/v1.2.2#ProofOfApproval", "urn:mau:khac"),
        policy=PolicyFacts(None),
        countersigns="s-1",
    )
    text = shown(report, language, xml=facts)
    assert all(words in text for words in said), text
    assert "urn:mau:khac" in text
    assert "\x1b" not in text
