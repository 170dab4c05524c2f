"""XAdES as others wrote it before the baseline levels: each timestamp is over what it must cover, or breaks it."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from tests.attacks.xml import properties as forged
from tests.attacks.xml.forge import canonical, enveloped, signature
from tests.attacks.xml.structure import LETTER as OTHER

from . import forms
from .growing import HOUR, YEAR, grown, judged, levels, why
from .made import AT, LETTER, PERSON, WORLD, Form, codes, intact, only, report

SIGNED = Form(PERSON).sign()
CONTENT = forms.content_of(LETTER, SIGNED)
FORMS: dict[str, tuple[bytes, list[str], str | None]] = {
    "T": (forms.form_t(SIGNED), ["signature"], None),
    "C": (forms.form_c(SIGNED), ["signature"], "XAdES-C"),
    "C v2": (forms.form_c(SIGNED, v2=True), ["signature"], "XAdES-C"),
    "X1": (forms.form_x(SIGNED), ["signature", "signature-and-references"], "XAdES-X"),
    "X1 v2": (forms.form_x(SIGNED, v2=True), ["signature", "signature-and-references"], "XAdES-X"),
    "X2": (forms.form_x(SIGNED, 2), ["signature", "references"], "XAdES-X"),
    "X2 v2": (forms.form_x(SIGNED, 2, v2=True), ["signature", "references"], "XAdES-X"),
    "X-L": (forms.form_x_l(SIGNED), ["signature", "signature-and-references"], "XAdES-X-L"),
    "A": (
        forms.form_a(forms.form_x_l(SIGNED), CONTENT),
        ["signature", "signature-and-references", "archive"],
        "XAdES-A",
    ),
    "A 1.4.1": (
        forms.form_a(forms.form_x_l(SIGNED), CONTENT, old=False, exclusive=True),
        ["signature", "signature-and-references", "archive"],
        "XAdES-A",
    ),
}
LEVELS = {"X-L": "XAdES-B-LT", "A": "XAdES-B-LTA", "A 1.4.1": "XAdES-B-LTA"}


@pytest.mark.parametrize("name", list(FORMS))
def test_every_form_is_read_and_its_level_is_what_it_proves(name: str) -> None:
    xml, kinds, form = FORMS[name]
    facts = only(xml)
    assert intact(facts), facts.findings
    assert [t.kind for t in facts.timestamps] == kinds
    assert all(t.intact for t in facts.timestamps)
    said = [f.text for f in facts.findings if f.code == "XADES_FORM"]
    assert said == ([] if form is None else [f"The unsigned properties are those of {form} (TS 101 903)."])
    offline = name in LEVELS
    verdict = judged(xml, online=not offline)
    assert verdict.passed, why(verdict)
    assert levels(verdict) == [LEVELS.get(name, "XAdES-B-T")]


def test_references_to_evidence_that_is_not_there_are_counted() -> None:
    (text,) = [f.text for f in only(FORMS["C"][0]).findings if f.code == "EVIDENCE_REFERENCES"]
    assert text.startswith("References to evidence: 4, of which 4")
    (text,) = [f.text for f in only(FORMS["X-L"][0]).findings if f.code == "EVIDENCE_REFERENCES"]
    assert "of which 1 are" in text  # the root, which nobody needs to carry


def test_a_timestamp_over_references_alone_is_no_proof_of_the_signature() -> None:
    """A.1.5.2: it proves that the references existed; whoever signs later can carry it along."""
    start, end = b"<xades:SignatureTimeStamp", b"</xades:SignatureTimeStamp>"
    xml = FORMS["X2"][0]
    without = xml[: xml.index(start)] + xml[xml.index(end) + len(end) :]
    facts = only(without)
    assert [t.kind for t in facts.timestamps] == ["references"]
    assert all(t.intact for t in facts.timestamps)
    verdict = judged(without, online=True)
    assert levels(verdict) == ["XAdES-B-B"]
    assert verdict.signatures[0].proven_time is None


def test_an_old_form_grows_and_lasts() -> None:
    """From C to LTA with today's properties; from A on by renewal. Nothing that stands there moves."""
    for name in ("C", "X1 v2", "X-L", "A"):
        xml = FORMS[name][0]
        longer = grown(xml, "B-LTA", AT + HOUR)
        assert longer.startswith(xml[: xml.index(b"</xades:UnsignedSignatureProperties>")])
        verdict = judged(longer, AT + 2 * HOUR)
        assert verdict.passed, why(verdict)
        assert levels(verdict) == ["XAdES-B-LTA"]
    renewed = grown(FORMS["A"][0], "B-LTA", AT + YEAR)
    verdict = judged(renewed, AT + YEAR + HOUR, online=True)
    assert verdict.passed, why(verdict)


# Attacks T1, T3, T4, P13 --------------------------------------------------------------------------------


def _swap(xml: bytes, first: str, second: str) -> bytes:
    """Two properties in exchanged order."""
    spans = [re.search(rf"<{n}[ >].*?</{n}>".encode(), xml, re.DOTALL) for n in (first, second)]
    assert spans[0] is not None
    assert spans[1] is not None
    (a, b), (c, d) = spans[0].span(), spans[1].span()
    return xml[:a] + xml[c:d] + xml[b:c] + xml[a:b] + xml[d:]


def _without(xml: bytes, name: str) -> bytes:
    return re.sub(rf"<{name}[ >].*?</{name}>".encode(), b"", xml, count=1, flags=re.DOTALL)


MOVED: dict[str, Callable[[], bytes]] = {
    "an archive timestamp that covers fewer properties": lambda: forms.added(
        FORMS["X-L"][0],
        _property(forms.form_a(FORMS["T"][0], CONTENT, old=False), "v:ArchiveTimeStamp"),
    ),
    "an archive timestamp over a property that was taken out": lambda: _without(
        FORMS["A 1.4.1"][0], "xades:RevocationValues"
    ),
    "properties in another order than under the archive timestamp": lambda: _swap(
        FORMS["A 1.4.1"][0], "xades:CertificateValues", "xades:RevocationValues"
    ),
    "an archive timestamp that leaves out the references": lambda: forms.form_a(FORMS["X-L"][0], b""),
    "an archive timestamp over other content": lambda: forms.form_a(FORMS["X-L"][0], CONTENT.replace(b"01/", b"02/")),
    "a signature timestamp of another signature": lambda: forms.added(
        SIGNED, _property(forms.form_t(Form(PERSON).sign(OTHER)), "xades:SignatureTimeStamp")
    ),
    "references that were changed under their timestamp": lambda: FORMS["X2"][0].replace(b"CN=CA<", b"CN=CB<", 1),
    "a timestamp over references that calls itself one over the signature": lambda: (
        FORMS["X2"][0]
        .replace(b"<xades:RefsOnlyTimeStamp ", b"<xades:SigAndRefsTimeStamp ")
        .replace(b"</xades:RefsOnlyTimeStamp>", b"</xades:SigAndRefsTimeStamp>")
    ),
    "an archive timestamp of 1.4.1 under the name of 1.3.2 with its own method lost": lambda: re.sub(
        rb'(<v:ArchiveTimeStamp [^>]*>)<ds:CanonicalizationMethod Algorithm="[^"]*"/>', rb"\1", FORMS["A 1.4.1"][0]
    ),
}


def _property(xml: bytes, name: str) -> str:
    found = re.findall(rf"<{name}[ >].*?</{name}>".encode(), xml, re.DOTALL)
    return str(found[-1].decode())


@pytest.mark.parametrize("name", list(MOVED))
def test_a_timestamp_over_other_octets_breaks_the_signature(name: str) -> None:
    """Class T1: "messageImprint == H(exact octets for this timestamp type)"."""
    xml = MOVED[name]()
    facts = only(xml)
    assert any(not t.imprint_matches for t in facts.timestamps), name
    verdict = judged(xml, online=True)
    assert verdict.verdict == "failed"
    assert "TIMESTAMP_BROKEN" in {f.code for f in verdict.signatures[0].findings}


def test_evidence_behind_the_archive_timestamp_is_not_protected_by_it() -> None:
    """Class T4: "things not indexed are unprotected"."""
    xml = forms.form_a(FORMS["T"][0], CONTENT, old=False)
    xml = forms.added(xml, forms.values([WORLD.issuing, WORLD.tsa], WORLD.crls(AT)))
    verdict = judged(xml)
    assert verdict.passed, why(verdict)
    assert levels(verdict) == ["XAdES-B-LT"]


def test_an_archive_timestamp_earlier_than_what_it_covers_is_a_contradiction() -> None:
    """Class T3: ordering of archive timestamps."""
    xml = forms.form_a(FORMS["X-L"][0], CONTENT, old=False, at=AT - HOUR)
    verdict = judged(xml, online=True)
    assert verdict.verdict == "indeterminate"
    assert verdict.signatures[0].sub_indication == "TIMESTAMP_ORDER_FAILURE"


def test_a_timestamp_that_says_itself_what_it_covers_proves_nothing() -> None:
    octets = forms.octets_of(SIGNED, [forms.VALUE])
    include = '<xades:Include URI="#x"/>'
    xml = forms.added(SIGNED, forms.stamped("xades:SignatureTimeStamp", octets, include=include))
    facts = only(xml)
    assert facts.timestamps == ()
    assert "TIMESTAMP_NOT_CHECKED" in codes([facts])
    assert levels(judged(xml, online=True)) == ["XAdES-B-B"]


# Content timestamps -------------------------------------------------------------------------------------


def _with_content_timestamp(name: str, octets: bytes, include: str = "") -> bytes:
    """XAdES over the other letter, its data object properties with a timestamp in them."""
    own = forged.properties()
    stamp = forms.stamped(f"xades:{name}", octets, AT - HOUR, include=include, exclusive=True)
    end = "</xades:SignedDataObjectProperties>"
    own = own.replace(end, stamp.replace(f" {forms.DECLARED}", "") + end)
    made = signature([forged.WHOLE, forged.reference(own)], identifier="s", objects=forged.qualifying(own))
    return enveloped(OTHER, lambda _: made)


INCLUDED = '<xades:Include URI="#r1" referencedData="true"/>'


@pytest.mark.parametrize(
    ("name", "include"), [("AllDataObjectsTimeStamp", ""), ("IndividualDataObjectsTimeStamp", INCLUDED)]
)
def test_a_content_timestamp_is_checked_and_proves_nothing_of_the_signature(name: str, include: str) -> None:
    """EN 319 132-1 5.2.8: it proves that the content existed before it was signed."""
    xml = _with_content_timestamp(name, canonical(OTHER), include)
    facts = only(xml)
    assert intact(facts), facts.findings
    (stamp,) = facts.timestamps
    assert (stamp.kind, stamp.intact, stamp.time) == ("content", True, AT - HOUR)
    (result,) = report(xml).signatures
    assert result.level == "XAdES-B-B"
    assert result.proven_time is None
    assert result.timestamps[0].trusted
    longer = judged(grown(xml, "B-LTA"), AT + HOUR)
    assert longer.passed, why(longer)
    assert [t.trusted for t in longer.signatures[0].timestamps] == [True, True, True]


def test_a_content_timestamp_over_other_content_breaks_the_signature() -> None:
    xml = _with_content_timestamp("AllDataObjectsTimeStamp", canonical(LETTER))
    assert not only(xml).timestamps[0].imprint_matches
    assert report(xml).verdict == "failed"


def test_a_content_timestamp_over_a_reference_that_is_not_there_is_refused() -> None:
    xml = _with_content_timestamp(
        "IndividualDataObjectsTimeStamp", canonical(OTHER), INCLUDED.replace("#r1", "#khong-co")
    )
    assert "does not exist" in only(xml).findings[-1].text
    assert report(xml).verdict == "failed"
