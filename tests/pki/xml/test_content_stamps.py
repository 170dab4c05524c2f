"""What is signed is stamped before it is signed: XAdES and CMS, read back, and believed for what it covers alone."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

import pytest

from kyso_pki.ades.sign import sign_document
from kyso_pki.cades.content import CmsContent
from kyso_pki.document import Document, Intent
from kyso_pki.errors import TimestampError, UsageError
from kyso_pki.facts import SignatureFacts
from kyso_pki.formats import open_document, verify_document
from kyso_pki.pdf.document import PdfDocument
from kyso_pki.reports.rows import rows
from kyso_pki.reports.times import local
from kyso_pki.reports.words import Words
from kyso_pki.scheme import HashName
from kyso_pki.tsp import ContentStamps
from kyso_pki.x509.trust import TrustStore
from kyso_pki.xml.document import XmlDocument
from kyso_pki.xml.profiles import built_in
from kyso_pki.xml.standalone import prepare_detached, prepare_enveloping
from tests.judges import dss, java, xmlsec
from tests.pki.ades.inputs import PDF

from .made import AT, EVIDENCE, LETTER, PERSON, ROOTS, SEAL, WORLD, intact, only

BEFORE = AT - timedelta(hours=2)
OCTETS = "Công văn".encode()


class Counting:
    """A time-stamping authority that counts; its clock stands at `BEFORE`."""

    def __init__(self) -> None:
        self.asked: list[tuple[bytes, str]] = []

    def timestamp(self, imprint: bytes, hash_name: str) -> bytes:
        self.asked.append((imprint, hash_name))
        return WORLD.timestamper(BEFORE).timestamp(imprint, hash_name)


def stamps() -> ContentStamps:
    return ContentStamps(WORLD.timestamper(BEFORE))


def content(facts: SignatureFacts) -> list[bool]:
    """Whether each content timestamp is intact."""
    return [t.intact for t in facts.timestamps if t.kind == "content"]


def test_one_reference_is_covered_by_a_timestamp_over_all() -> None:
    xml = sign_document(XmlDocument(LETTER), Intent(AT, content_stamps=stamps()), SEAL)
    assert b"<xades:AllDataObjectsTimeStamp>" in xml
    assert xmlsec.verify(xml, ROOTS, at=AT).valid
    facts = only(xml)
    assert intact(facts), facts.findings
    assert content(facts) == [True]
    [stamp] = facts.timestamps
    assert stamp.time == BEFORE
    (result,) = verify_document(xml, trust=WORLD.trust, at=AT, evidence=EVIDENCE).signatures
    assert (result.verdict, result.level) == ("passed", "XAdES-B-B")
    assert result.proven_time is None  # it says that the content existed, not the signature
    [shown] = result.to_json()["timestamps"]
    assert (shown["kind"], shown["trusted"]) == ("content", True)


def test_several_references_get_a_timestamp_each() -> None:
    profile = built_in("einvoice-seller")
    intent = Intent(AT, profile=replace(profile, form="xades", prefix="ds"), content_stamps=stamps())
    invoice = b'<HDon xmlns="urn:mau"><DLHDon Id="data"><a/></DLHDon><DSCKS><NBan/></DSCKS></HDon>'
    xml = sign_document(XmlDocument(invoice), intent, PERSON)
    assert xml.count(b"<xades:IndividualDataObjectsTimeStamp>") == len(profile.references) > 1
    facts = only(xml)
    assert intact(facts), facts.findings
    assert content(facts) == [True] * len(profile.references)


def test_with_a_signature_timestamp_it_was_signed_between_the_two() -> None:
    intent = Intent(AT, "B-T", content_stamps=stamps())
    xml = sign_document(XmlDocument(LETTER), intent, SEAL, WORLD.timestamper(AT))
    (result,) = verify_document(xml, trust=WORLD.trust, at=AT, evidence=EVIDENCE).signatures
    assert (result.verdict, result.proven_time) == ("passed", AT)
    assert [(t.kind, t.time) for t in only(xml).timestamps] == [("content", BEFORE), ("signature", AT)]


def test_content_that_was_stamped_after_its_signature_is_a_contradiction() -> None:
    late = ContentStamps(WORLD.timestamper(AT + timedelta(hours=1)))
    xml = sign_document(XmlDocument(LETTER), Intent(AT, "B-T", content_stamps=late), SEAL, WORLD.timestamper(AT))
    at = AT + timedelta(hours=2)
    (result,) = verify_document(xml, trust=WORLD.trust, at=at, evidence=EVIDENCE).signatures
    assert (result.verdict, result.sub_indication) == ("indeterminate", "TIMESTAMP_ORDER_FAILURE")


def test_it_was_signed_after_its_content_was_stamped_and_people_are_told() -> None:
    xml = sign_document(XmlDocument(LETTER), Intent(AT, content_stamps=stamps()), SEAL)
    (result,) = verify_document(xml, trust=WORLD.trust, at=AT, evidence=EVIDENCE).signatures
    assert result.signed_after == BEFORE - timedelta(seconds=1)  # less the accuracy of the authority
    said = dict(rows(result, Words("en")))
    assert said["signed_after"] == local(result.signed_after)
    assert said["proven"] == "no timestamp"  # none was refused


def test_broken_signature_was_not_signed_after_anything() -> None:
    xml = sign_document(XmlDocument(LETTER), Intent(AT, content_stamps=stamps()), SEAL)
    head, value, tail = re.split(rb"(?<=SignatureValue>)([^<]+)", xml, maxsplit=1)
    broken = head + b"AAAA" + value[4:] + tail
    (result,) = verify_document(broken, trust=WORLD.trust, at=AT, evidence=EVIDENCE).signatures
    assert (result.verdict, result.sub_indication) == ("failed", "SIG_CRYPTO_FAILURE")
    assert [t.trusted for t in result.timestamps] == [True]
    assert result.signed_after is None


def test_content_timestamp_of_an_unknown_authority_bounds_nothing() -> None:
    xml = sign_document(XmlDocument(LETTER), Intent(AT - timedelta(days=3), content_stamps=stamps()), SEAL)
    trust = TrustStore.of([WORLD.root], ["signing"])
    (result,) = verify_document(xml, trust=trust, at=AT, evidence=EVIDENCE).signatures
    assert result.signed_after is None
    assert "CLAIMED_TIME_EARLY" not in {f.code for f in result.findings}
    assert dict(rows(result, Words("en")))["proven"] == "there is a timestamp, but it is not accepted"


def test_claimed_time_before_the_content_timestamp_is_warned_of() -> None:
    xml = sign_document(XmlDocument(LETTER), Intent(BEFORE - timedelta(days=1), content_stamps=stamps()), SEAL)
    (result,) = verify_document(xml, trust=WORLD.trust, at=AT, evidence=EVIDENCE).signatures
    assert "CLAIMED_TIME_EARLY" in {f.code for f in result.findings if f.severity == "warning"}
    honest = sign_document(XmlDocument(LETTER), Intent(BEFORE, content_stamps=stamps()), SEAL)
    (result,) = verify_document(honest, trust=WORLD.trust, at=AT, evidence=EVIDENCE).signatures
    assert "CLAIMED_TIME_EARLY" not in {f.code for f in result.findings}


def test_changed_content_breaks_its_timestamp_too() -> None:
    xml = sign_document(XmlDocument(LETTER), Intent(AT, content_stamps=stamps()), SEAL)
    text = next(t for t in (b"UBND", b"Kinh", b"Th") if t in LETTER)
    facts = only(xml.replace(text, b"X" * len(text), 1))
    assert not facts.references_intact
    assert content(facts) == [False]


@pytest.mark.parametrize("encoded", [False, True])
def test_enveloped_content_is_stamped(encoded: bool) -> None:
    pending = prepare_enveloping(
        LETTER, Intent(AT, content_stamps=stamps()), SEAL.chain, SEAL.scheme, encoded=encoded
    )
    xml = pending.finish(SEAL.sign([pending.imprint])[0])
    assert content(only(xml)) == [True]


def test_detached_contents_are_stamped_each() -> None:
    contents = {"a.txt": OCTETS, "b.txt": OCTETS + b"2"}
    pending = prepare_detached(contents, Intent(AT, content_stamps=stamps()), SEAL.chain, SEAL.scheme)
    xml = pending.finish(SEAL.sign([pending.imprint])[0])
    (result,) = verify_document(xml, trust=WORLD.trust, at=AT, evidence=EVIDENCE, detached=contents).signatures
    assert result.verdict == "passed"
    assert [t["kind"] for t in result.to_json()["timestamps"]] == ["content", "content"]


@pytest.mark.parametrize("detached", [True, False])
def test_content_of_a_cms_file_is_stamped(detached: bool) -> None:
    data = sign_document(CmsContent(OCTETS, detached=detached), Intent(AT, content_stamps=stamps()), SEAL)
    beside = OCTETS if detached else None
    (result,) = verify_document(data, trust=WORLD.trust, at=AT, evidence=EVIDENCE, content=beside).signatures
    assert (result.verdict, result.level) == ("passed", "CAdES-B-B")
    [shown] = result.to_json()["timestamps"]
    assert (shown["kind"], shown["trusted"]) == ("content", True)


@pytest.mark.parametrize("hash_name", ["sha384", "sha512"])
def test_it_is_made_with_the_hash_of_what_it_covers(hash_name: HashName) -> None:
    asked = Counting()
    scheme = SEAL.scheme.for_key(SEAL.chain.leaf.public_key, hash_name)
    intent = Intent(AT, content_stamps=ContentStamps(asked))
    CmsContent(OCTETS).prepare(intent, SEAL.chain, scheme)
    assert [name for _, name in asked.asked] == [hash_name]


def test_what_is_prepared_again_is_stamped_once() -> None:
    asked = Counting()
    intent = Intent(AT, content_stamps=ContentStamps(asked))
    first, second = (CmsContent(OCTETS).prepare(intent, SEAL.chain, SEAL.scheme) for _ in range(2))
    assert first.to_be_signed == second.to_be_signed
    assert len(asked.asked) == 1


def test_token_over_something_else_is_refused_before_the_key_moves() -> None:
    class Wrong:
        def timestamp(self, imprint: bytes, hash_name: str) -> bytes:
            return WORLD.timestamper(BEFORE).timestamp(bytes(len(imprint)), hash_name)

    with pytest.raises(TimestampError, match="does not cover"):
        XmlDocument(LETTER).prepare(Intent(AT, content_stamps=ContentStamps(Wrong())), SEAL.chain, SEAL.scheme)


@pytest.mark.parametrize("more", [{"xml_form": "xmldsig"}, {"countersign": "s1"}])
def test_forms_without_a_place_for_it_are_refused(more: dict[str, str]) -> None:
    with pytest.raises(UsageError, match="carry no timestamp over their content"):
        Intent(AT, content_stamps=stamps(), **more)  # type: ignore[arg-type]


def test_a_pdf_is_refused() -> None:
    document: Document = PdfDocument(PDF)
    with pytest.raises(UsageError, match="nor timestamps over its content"):
        document.prepare(Intent(AT, content_stamps=stamps()), SEAL.chain, SEAL.scheme)


def test_it_grows_to_the_highest_level() -> None:
    from kyso_pki.ades.grow import Sources

    intent = Intent(AT, "B-LTA", content_stamps=stamps())
    sources = Sources(AT, WORLD.fetcher(AT), EVIDENCE)
    xml = sign_document(XmlDocument(LETTER), intent, SEAL, WORLD.timestamper(AT), sources)
    (result,) = verify_document(xml, trust=WORLD.trust, at=AT).signatures
    assert (result.verdict, result.level) == ("passed", "XAdES-B-LTA"), result.findings
    assert open_document(xml).signatures()[0].timestamps[0].kind == "content"


@pytest.mark.parametrize(
    ("profile", "kind"),
    [("generic-xades", "ALL_DATA_OBJECTS_TIMESTAMP"), ("two parts", "INDIVIDUAL_DATA_OBJECTS_TIMESTAMP")],
)
def test_dss_finds_them_intact_and_calls_them_by_their_names(profile: str, kind: str) -> None:
    java.need()
    intent = Intent(AT, content_stamps=stamps())
    if profile == "two parts":
        letter = b'<thu><a Id="a1">A</a><b Id="b1">B</b></thu>'
        pending = XmlDocument(letter).prepare_parts(intent, SEAL.chain, SEAL.scheme, ("a1", "b1"))
        xml = pending.finish(SEAL.sign([pending.imprint])[0])
    else:
        xml = sign_document(XmlDocument(LETTER), intent, SEAL)
    verdict = dss.verify(xml, ROOTS, at=AT, crls=EVIDENCE.crls, ocsp=EVIDENCE.ocsp)
    assert {(t.kind, t.intact, t.indication) for t in verdict.timestamps} == {(kind, True, "PASSED")}
    assert len(verdict.timestamps) == (1 if profile == "generic-xades" else 2)
