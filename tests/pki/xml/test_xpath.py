"""XPath and XPath Filter 2.0 when the caller allows them: what is kept, what is said of it, and judges both ways."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from lxml import etree

from kyso_pki.ades.report import DocumentReport
from kyso_pki.ades.verify import Policy
from kyso_pki.facts import SignatureFacts
from kyso_pki.formats import verify_document
from kyso_pki.xml.document import XmlDocument
from tests.attacks.xml.forge import ENVELOPED, EXCLUSIVE, Ref, signature
from tests.judges import dss, dss_xml, javaxml, xmlsec
from tests.judges.template import RSA_SHA256, Reference, Template

from .made import AT, EVIDENCE, PERSON, ROOTS, WORLD, codes, holder, intact

XPATH = "http://www.w3.org/TR/1999/REC-xpath-19991116"
FILTER2 = "http://www.w3.org/2002/06/xmldsig-filter2"
LETTER = """<CongVan><So>01</So><NoiDung><Doan>một</Doan><Doan>hai</Doan></NoiDung>
<ChuyenTiep><YKien nguoi="a">xem</YKien></ChuyenTiep></CongVan>""".encode()
WITHOUT = LETTER.replace(LETTER[LETTER.index(b"<ChuyenTiep>") : LETTER.index(b"</CongVan>")], b"")
PART = LETTER[LETTER.index(b"<NoiDung>") : LETTER.index(b"\n<Chuyen")]
W3C = (
    "count(ancestor-or-self::ds:Signature | here()/ancestor::ds:Signature[1]) > count(ancestor-or-self::ds:Signature)"
)


def step(uri: str, inside: str = "") -> str:
    return f'<ds:Transform Algorithm="{uri}">{inside}</ds:Transform>'


def keep(expression: str) -> str:
    return step(XPATH, f"<ds:XPath>{expression.replace('<', '&lt;').replace('>', '&gt;')}</ds:XPath>")


def filters(*pairs: tuple[str, str]) -> str:
    inside = "".join(f'<f:XPath xmlns:f="{FILTER2}" Filter="{kind}">{text}</f:XPath>' for kind, text in pairs)
    return step(FILTER2, inside)


def signed(covered: bytes, steps: str, letter: bytes = LETTER, uri: str = "", *, raw: bool = False) -> bytes:
    made = signature([Ref(uri, covered, transforms=steps + step(EXCLUSIVE), raw=raw)])
    return letter.replace(b"</CongVan>", made.encode() + b"</CongVan>")


def facts_of(xml: bytes, *, xpath: bool = True) -> SignatureFacts:
    (facts,) = XmlDocument(xml, xpath=xpath).signatures()
    return facts


def report(xml: bytes, *, xpath: bool = True, parts: bool = False) -> DocumentReport:
    policy = Policy(accept_parts=parts)
    return verify_document(xml, trust=WORLD.trust, at=AT, evidence=EVIDENCE, policy=policy, xpath=xpath)


LEAVES_OUT = step(ENVELOPED) + keep("not(ancestor-or-self::ChuyenTiep)")
CASES: dict[str, tuple[str, bytes, str]] = {
    "leaves a part out": (LEAVES_OUT, WITHOUT, "/CongVan without /CongVan/ChuyenTiep (by XPath)"),
    "and the signature by the same expression": (
        keep("not(ancestor-or-self::ChuyenTiep or ancestor-or-self::ds:Signature)"),
        WITHOUT,
        "/CongVan without /CongVan/ChuyenTiep (by XPath)",
    ),
    "in two transforms": (
        keep("not(ancestor-or-self::ds:Signature)") + keep("not(ancestor-or-self::ChuyenTiep)"),
        WITHOUT,
        "/CongVan without /CongVan/ChuyenTiep (by XPath)",
    ),
    "keeps a part": (keep("ancestor-or-self::NoiDung"), PART, "/CongVan/NoiDung (by XPath)"),
    "filter: intersect": (filters(("intersect", "//NoiDung")), PART, "/CongVan/NoiDung (by XPath)"),
    "filter: subtract": (
        filters(("subtract", "//ds:Signature | /CongVan/ChuyenTiep")),
        WITHOUT,
        "/CongVan without /CongVan/ChuyenTiep (by XPath)",
    ),
    "filter: three operations": (
        filters(
            ("intersect", "/CongVan/*"), ("subtract", "//ChuyenTiep | //ds:Signature | //So"), ("union", "//Doan")
        ),
        PART,
        "/CongVan/NoiDung (by XPath)",
    ),
    "a text with a comparison": (
        step(ENVELOPED) + keep("not(ancestor-or-self::*[YKien/@nguoi = 'a'])") + "",
        WITHOUT,
        "/CongVan without /CongVan/ChuyenTiep (by XPath)",
    ),
}
WHOLE = {
    "W3C's own words for enveloped": keep(W3C),
    "a filter with here()": filters(("subtract", "here()/ancestor::ds:Signature[1]")),
    "every Signature, of which there is one": keep("not(ancestor-or-self::ds:Signature)"),
    "enveloped, and nothing more": step(ENVELOPED) + keep("true()"),
}


@pytest.fixture(params=list(CASES))
def case(request: pytest.FixtureRequest) -> tuple[bytes, bytes, str]:
    steps, covered, name = CASES[request.param]
    return signed(covered, steps), covered, name


def test_the_signed_octets_are_exactly_what_is_named(case: tuple[bytes, bytes, str]) -> None:
    xml, covered, name = case
    facts = facts_of(xml)
    assert intact(facts), facts.findings
    assert not facts.coverage.whole
    assert facts.coverage.what == name
    canonical = etree.tostring(etree.fromstring(covered), method="c14n", exclusive=True)
    assert XmlDocument(xml, xpath=True).signed_content(facts.id) == (canonical,)


def test_by_default_it_is_refused_with_what_to_do(case: tuple[bytes, bytes, str]) -> None:
    facts = facts_of(case[0], xpath=False)
    (finding,) = [f for f in facts.findings if f.code == "XPATH_NOT_ALLOWED"]
    assert "not accepted unless XPath is allowed" in finding.text
    assert "--xpath" in (finding.remedy or "")
    assert "--xpath" not in finding.text
    assert not facts.references_intact


def test_it_passes_only_where_parts_are_enough(case: tuple[bytes, bytes, str]) -> None:
    assert report(case[0]).verdict == "indeterminate"
    whole = report(case[0], parts=True)
    assert whole.passed, whole.signatures[0].findings
    (octets,) = whole.signed_content(whole.signatures[0].id)
    assert octets == etree.tostring(etree.fromstring(case[1]), method="c14n", exclusive=True)


def test_xmlsec1_java_and_dss_accept_the_same(case: tuple[bytes, bytes, str]) -> None:
    assert (verdict := xmlsec.verify(case[0], ROOTS, at=AT)).valid, verdict.output
    assert (told := javaxml.verify(case[0], ROOTS, at=AT)).valid, told.output
    (found,) = dss.verify(case[0], ROOTS, at=AT, crls=WORLD.crls(AT)).signatures
    assert found.intact, (found.errors, found.references)


@pytest.mark.parametrize("name", WHOLE)
def test_the_whole_document_is_whole_when_only_the_signature_is_left_out(name: str) -> None:
    xml = signed(LETTER, WHOLE[name])
    facts = facts_of(xml)
    assert intact(facts), facts.findings
    assert facts.coverage.whole
    assert report(xml).passed
    assert (verdict := xmlsec.verify(xml, ROOTS, at=AT)).valid, verdict.output


@pytest.mark.parametrize("name", WHOLE)
def test_another_signature_that_is_left_out_makes_it_a_part_unless_it_is_kept(name: str) -> None:
    """What stands in the other one is its own affair, and the report says that it is left out."""
    other = signature([Ref("#nd", b'<NoiDung Id="nd"/>')])
    letter = LETTER.replace(b"</CongVan>", other.encode() + b"</CongVan>").replace(b"<NoiDung>", b'<NoiDung Id="nd">')
    kept = "here()" in WHOLE[name] or "true()" in WHOLE[name]
    covered = letter if kept else LETTER.replace(b"<NoiDung>", b'<NoiDung Id="nd">')
    facts = XmlDocument(signed(covered, WHOLE[name], letter), xpath=True).signatures()[-1]
    assert facts.references_intact
    assert facts.coverage.whole is kept
    if not kept:
        assert facts.coverage.what == "/CongVan without /CongVan/Signature[1] (by XPath)"


def _by_xmlsec1(steps: str) -> bytes:
    made = Template(RSA_SHA256, (Reference("", ()),))
    filled = made.placed(LETTER).replace(
        b"<ds:DigestMethod", f"<ds:Transforms>{steps}{step(EXCLUSIVE)}</ds:Transforms><ds:DigestMethod".encode(), 1
    )

    class _Made(Template):
        def placed(self, xml: bytes) -> bytes:
            return filled

    return xmlsec.sign(LETTER, holder(PERSON), _Made(RSA_SHA256))


@pytest.mark.parametrize("name", [*CASES, *WHOLE])
def test_we_accept_what_xmlsec1_signs(name: str) -> None:
    xml = _by_xmlsec1(WHOLE[name] if name in WHOLE else CASES[name][0])
    facts = facts_of(xml)
    assert intact(facts), facts.findings
    assert facts.coverage.whole is (name in WHOLE)


BY_DSS = {
    "its own enveloped, an XPath besides": (
        ("subtract:/descendant::ds:Signature", "subtract:/CongVan/ChuyenTiep"),
        "/CongVan without /CongVan/ChuyenTiep (by XPath)",
    ),
    "a part": (("intersect://NoiDung",), "/CongVan/NoiDung (by XPath)"),
    "XPath 1.0": (
        ("xpath:not(ancestor-or-self::ds:Signature)", "xpath:not(ancestor-or-self::ChuyenTiep)"),
        "/CongVan without /CongVan/ChuyenTiep (by XPath)",
    ),
}


@pytest.mark.parametrize("name", BY_DSS)
def test_we_accept_what_dss_signs(name: str) -> None:
    steps, covers = BY_DSS[name]
    xml = dss_xml.sign(LETTER, holder(PERSON), at=AT, references=(Reference("", (*steps, EXCLUSIVE)),))
    facts = facts_of(xml)
    assert intact(facts), facts.findings
    assert facts.family == "XAdES"
    assert (facts.coverage.whole, facts.coverage.what) == (False, covers)
    assert report(xml, parts=True).passed


FORGERIES: dict[str, Callable[[bytes], bytes]] = {
    "in what is kept": lambda xml: xml.replace("một".encode(), b"ba"),
    "a kept element more": lambda xml: xml.replace(b"<Doan>hai", b"<Doan>x</Doan><Doan>hai"),
    "an attribute": lambda xml: xml.replace(b"<NoiDung>", b'<NoiDung a="1">'),
}


@pytest.mark.parametrize("name", FORGERIES)
def test_a_change_in_what_is_kept_is_seen(case: tuple[bytes, bytes, str], name: str) -> None:
    assert not facts_of(FORGERIES[name](case[0])).references_intact


@pytest.mark.parametrize(
    ("steps", "reason"),
    [
        (keep("not(self::NoiDung)"), "inside of an element that it leaves out|parts NoiDung"),
        (keep("not(self::text())"), "parts .* from its attributes, namespaces or text"),
        (keep("self::node()[not(self::ChuyenTiep)]"), "parts ChuyenTiep|leaves out"),
        (keep("not(parent::YKien)"), "parts YKien"),
        (keep("self::*"), "parts CongVan"),
        (keep("false()"), "keeps nothing"),
        (keep("x:a"), "not bound in what was signed"),
        (keep("id('a')"), "is not accepted"),
        (filters(("intersect", "//@nguoi")), "something else than elements"),
        (filters(("intersect", "//Doan/text()")), "something else than elements"),
        (filters(("intersect", "//Khong")), "keeps nothing"),
        (filters(("subtract", "//NoiDung"), ("union", "//Doan")), "inside of an element that it leaves out"),
        (filters(("intersect", "count(//Doan)")), "gives no nodes"),
        (filters(("minus", "//Doan")), "is not known"),
        (filters(*[("subtract", "//Doan")] * 9), "at most 8"),
        (step(XPATH, "<ds:XPath>true()</ds:XPath><ds:XPath>true()</ds:XPath>"), "must hold XPath"),
        (step(XPATH), "must hold XPath"),
        (step(XPATH, "<XPath>true()</XPath>"), "must hold XPath"),
        (step(XPATH, '<ds:XPath Filter="union">true()</ds:XPath>'), "Attribute Filter"),
        (step(XPATH, "<ds:XPath>true()<!-- --></ds:XPath>"), "comment"),
        (step(XPATH, "<ds:XPath><![CDATA[true()]]></ds:XPath>"), "CDATA"),
        (step(ENVELOPED) + step(ENVELOPED) + keep("true()"), "order"),
    ],
)
def test_what_is_no_whole_elements_or_no_known_filter_is_refused(steps: str, reason: str) -> None:
    facts = facts_of(signed(LETTER, steps))
    assert not facts.references_intact
    (finding,) = [f for f in facts.findings if f.code == "FORMAT"]
    assert re.search(reason, finding.text), finding.text


def test_content_in_what_is_left_out_is_wrapping() -> None:
    """X1, XSW7: the signed element once more where the filter does not look, for a reader that takes the first."""
    evil = b"<ChuyenTiep><NoiDung><Doan>khac</Doan></NoiDung></ChuyenTiep>"
    letter = LETTER.replace(b"<So>", evil + b"<So>")
    covered = WITHOUT
    facts = facts_of(signed(covered, LEAVES_OUT, letter))
    assert facts.references_intact
    assert "XML_WRAPPING" in codes([facts])
    assert not report(signed(covered, LEAVES_OUT, letter), parts=True).passed


def test_properties_are_never_filtered() -> None:
    xml = signed(LETTER, LEAVES_OUT).replace(
        b'<ds:Reference URI=""', b'<ds:Reference Type="http://uri.etsi.org/01903#SignedProperties" URI=""'
    )
    assert "FORMAT" in codes([facts_of(xml)])


def test_a_filter_over_much_ends() -> None:
    letter = LETTER.replace(b"<So>", b"<x/>" * 20_000 + b"<So>")
    facts = facts_of(signed(letter, keep("count(//*[count(//*) = 2]) = 0"), letter))
    assert any("more work than is allowed" in f.text for f in facts.findings)
