"""The HTML report fetches nothing, runs nothing, and shows what a stranger wrote as text."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import replace
from datetime import timedelta
from functools import cache
from html.parser import HTMLParser
from itertools import pairwise

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from kyso_pki.ades.report import DocumentReport
from kyso_pki.facts import Change, Coverage, Finding, PolicyFacts, XmlFacts
from kyso_pki.reports.html import POLICY, html_report
from kyso_pki.reports.words import LANGUAGES, Language, Words
from kyso_pki.x509.certificate import Certificate
from kyso_pki.x509.revocation import RevocationResult

from .reported import AT, reports

HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "</style><style>*{display:none}",
    "]]><!-- --!><svg/onload=alert(1)>",
    "&lt;b&gt;&#x3c;i&#x3e;",
    "\u202eGNP.exe\u2066\u0000\x1b[31m\r\n",
    "http://evil.example/?\N{LATIN SMALL LETTER A WITH RING ABOVE}",
    "${7*7}{{7*7}}{name}%s",
)
ELEMENTS = {"html", "head", "meta", "title", "style", "body", "main", "article", "section", "footer"}
ELEMENTS |= {"h1", "h2", "h3", "h4", "h5", "h6", "p", "span", "table", "tr", "th", "td", "ul", "li"}
ATTRIBUTES = {"lang", "charset", "http-equiv", "content", "name", "class", "scope", "aria-hidden"}


class Page(HTMLParser):
    """Elements, attributes and text of a page, as an independent parser sees them."""

    def __init__(self, html: bytes) -> None:
        super().__init__()
        self.elements: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.texts: list[str] = []
        self.comments: list[str] = []
        self.feed(html.decode())
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    def handle_comment(self, data: str) -> None:
        self.comments.append(data)


@cache
def named(text: str) -> Certificate:
    """A certificate that bears this text for every name."""
    key = ec.generate_private_key(ec.SECP256R1())
    kinds = (NameOID.COMMON_NAME, NameOID.ORGANIZATION_NAME, NameOID.ORGANIZATIONAL_UNIT_NAME)
    short = text.encode()[:64].decode(errors="ignore")  # as long as X.520 lets a name be
    name = x509.Name([x509.NameAttribute(kind, short) for kind in kinds])
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(1).not_valid_before(AT).not_valid_after(AT + timedelta(days=1))
    made = builder.sign(key, SHA256())
    return Certificate.from_der(made.public_bytes(Encoding.DER))


def hostile(text: str) -> DocumentReport:
    """A report in which a stranger has written this wherever he can."""
    report = dict(reports())["B-T.xml, anchors"]
    [found] = report.signatures
    certificate = named(text)
    facts = XmlFacts(path=text, roles=(text,), commitments=(text,), policy=PolicyFacts(text))
    changed = replace(
        found,
        id=text,
        certificate=certificate,
        path=(certificate, certificate),
        reason=text,
        location=text,
        coverage=Coverage(False, text),
        changes_after=(Change("content", text, False, field=text),),
        revocation=RevocationResult("revoked", text, AT, text, text),
        findings=(Finding("CHANGED_AFTER_SIGNING", "error", text), Finding("X", "warning", text)),
        evidence=tuple(replace(u, name=text, uri=text) for u in found.evidence),
        xml=facts,
    )
    about = (Finding("format", "error", text),)
    inner = replace(report, file=text, signatures=(changed,), findings=about)
    return replace(inner, attachments=(replace(inner, policy=text),))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("text", HOSTILE)
def test_what_a_stranger_wrote_is_text(text: str, language: Language) -> None:
    page = Page(html_report([hostile(text)], Words(language), "kyso"))
    plain = Page(html_report([hostile("Mẫu")], Words(language), "kyso"))
    assert page.elements == plain.elements
    assert page.attributes == plain.attributes
    assert not page.comments
    shown = "".join(c if c.isprintable() else "\ufffd" for c in text)
    assert "".join(page.texts).count(shown) >= 20
    assert all(c.isprintable() or c == "\n" for part in page.texts for c in part)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_report_is_one_file_that_fetches_and_runs_nothing(language: Language) -> None:
    for name, report in reports():
        html = html_report([report], Words(language), "kyso")
        page = Page(html)
        assert set(page.elements) <= ELEMENTS, name
        assert {key for key, _ in page.attributes} <= ATTRIBUTES, name
        assert b"url(" not in html and b"@import" not in html, name


def test_the_policy_allows_the_style_sheet_and_nothing_else() -> None:
    html = html_report([hostile("Mẫu")], Words("vi")).decode()
    [style] = re.findall(r"<style>(.*?)</style>", html, flags=re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'" == POLICY
    assert ("content", POLICY) in Page(html.encode()).attributes


def test_the_same_report_gives_the_same_octets_in_its_language() -> None:
    report = hostile("Mẫu")
    assert html_report([report], Words("vi")) == html_report([report], Words("vi"))
    assert b'<html lang="vi">' in html_report([report], Words("vi"))
    assert b'<html lang="en">' in html_report([report], Words("en"))


def test_headings_go_down_by_one_level() -> None:
    """WCAG 2.2, 1.3.1: a packet's documents stand below the packet."""
    page = Page(html_report([hostile("Mẫu"), hostile("Khác")], Words("vi")))
    levels = [int(e[1]) for e in page.elements if re.fullmatch("h[1-6]", e)]
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(levels)), levels


def test_a_verdict_is_told_in_words_and_not_by_its_colour_alone() -> None:
    for language, words in (("vi", ("HỢP LỆ", "KHÔNG HỢP LỆ")), ("en", ("VALID", "INVALID"))):
        for name, report in reports():
            if report.verdict == "indeterminate" or not report.signatures or "stamp" in name:
                continue
            said = words[report.verdict == "failed"]
            text = html_report([report], Words(language)).decode()  # type: ignore[arg-type]  # both are languages
            assert f'<p class="verdict {report.verdict}"><span aria-hidden="true">' in text
            assert f"</span> {said}</p>" in text, name
