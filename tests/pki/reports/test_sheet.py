"""What people read: everything that TT 15/2025/TT-BKHCN, Article 6, asks for, in both languages."""

from __future__ import annotations

import string
import unicodedata
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import kyso
from kyso_pki import reports
from kyso_pki.ades.report import DocumentReport
from kyso_pki.evidence import Evidence
from kyso_pki.reports.rows import finding_text
from kyso_pki.reports.sheet import Part, sheet_of
from kyso_pki.reports.times import local
from kyso_pki.reports.words import LANGUAGES, Language, Words, texts

from .reported import AT, WORLD, inputs
from .reported import reports as every_report

ARTICLE_6 = {
    # what must at least be shown: the row that shows it
    "the body that issued the certificate": "issuer",
    "the signer": "signer",
    "the unit that manages the certificate": "agency",
    "the time of signing, or the timestamp": "proven",
    "integrity": "integrity",
    "validity of the certificate at the time of signing": "valid_at_signing",
    "the period of validity of the certificate": "validity",
}
LABELS: dict[Language, set[str]] = {
    "vi": {
        "Tổ chức cấp chứng thư",
        "Người ký",
        "Cơ quan quản lý",
        "Dấu thời gian",
        "Tính toàn vẹn",
        "Hiệu lực khi ký",
        "Hạn của chứng thư",
    },
    "en": {
        "Certificate issued by",
        "Signer",
        "Agency",
        "Timestamp",
        "Integrity",
        "At signing time",
        "Certificate valid",
    },
}
VALID: dict[Language, tuple[str, str]] = {"vi": ("HỢP LỆ", "KHÔNG HỢP LỆ"), "en": ("VALID", "INVALID")}


def judged(name: str) -> DocumentReport:
    evidence = Evidence(crls=tuple(WORLD.crls(AT)))
    return kyso.verify(inputs()[name], trust=WORLD.trust, at=AT, evidence=evidence)


def only(name: str, language: Language) -> Part:
    return sheet_of(judged(name), Words(language)).parts[0]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_item_of_article_6_is_shown_of_every_signature(language: Language) -> None:
    shown = 0
    for name, report in every_report():
        sheet = sheet_of(report, Words(language))
        for part in sheet.parts:
            for item, key in ARTICLE_6.items():
                assert part.text(key), (name, item)
            shown += 1
    assert shown > 80


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_items_have_the_words_of_the_language(language: Language) -> None:
    part = only("B-T.pdf", language)
    assert {row.label for row in part.rows if row.key in ARTICLE_6.values()} == LABELS[language]


@pytest.mark.parametrize("language", LANGUAGES)
def test_valid_and_invalid_are_said_in_the_language(language: Language) -> None:
    good, bad = (sheet_of(judged(name), Words(language)) for name in ("B-T.pdf", "broken.pdf"))
    assert (good.said, bad.said) == VALID[language]
    assert (good.parts[0].said, bad.parts[0].said) == VALID[language]


def test_the_items_say_what_the_certificate_says() -> None:
    part = only("B-T.pdf", "vi")
    assert part.text("signer") == "Nguyễn Văn Mẫu"
    assert part.text("agency") == "Sở Thông tin và Truyền thông tỉnh Mẫu, UBND tỉnh Mẫu"
    assert part.text("issuer") == "CA cấp phát tỉnh Mẫu, UBND tỉnh Mẫu"
    assert part.text("proven") == part.text("claimed").partition(" (")[0] == "28/11/2026 10:00:00 +07:00"
    assert part.text("valid_at_signing") == "chứng thư còn trong thời hạn (theo dấu thời gian)"
    leaf = WORLD.person
    assert part.text("validity") == f"từ {local(leaf.not_before)} đến {local(leaf.not_after)}"


@pytest.mark.parametrize(("language", "unknown"), [("vi", "không xác định được"), ("en", "not determined")])
def test_a_signer_that_was_not_identified_is_called_so_under_every_item(language: Language, unknown: str) -> None:
    report = judged("B-T.pdf")
    unread = replace(report.signatures[0], certificate=None, path=())
    [part] = sheet_of(replace(report, signatures=(unread,)), Words(language)).parts
    for key in ("signer", "agency", "issuer", "validity", "valid_at_signing"):
        assert part.text(key) == unknown


def test_a_certificate_without_an_end_is_shown() -> None:
    """RFC 5280 4.1.2.5: 99991231235959Z, which no zone east of Greenwich can hold."""
    assert local(datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)) == "31/12/9999 23:59:59 +00:00"
    assert local(AT + timedelta(hours=1)) == "28/11/2026 11:00:00 +07:00"


@pytest.mark.parametrize("name", ["verify", "said", "findings"])
def test_the_texts_are_composed_and_have_the_same_places_in_both_languages(name: str) -> None:
    found = {language: texts(language, name) for language in LANGUAGES}
    for path in Path(reports.__file__).parent.glob(f"*/{name}.toml"):
        assert unicodedata.is_normalized("NFC", path.read_text("utf-8"))
    if name != "verify":
        assert not found["en"]
        return
    assert found["vi"].keys() == found["en"].keys()
    for key, text in found["vi"].items():
        assert _places(text) == _places(found["en"][key]), key


def _places(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def test_problems_are_told_in_vietnamese() -> None:
    for finding in judged("broken.pdf").signatures[0].findings:
        assert finding_text(finding, Words("vi")) != finding.text
