"""Counter-signatures: over the value of one signature, shown as such, kept as long as the signature itself (C8)."""

from __future__ import annotations

import re

import pytest

from kyso_pki.ades.sign import sign_document
from kyso_pki.document import Intent, Level
from kyso_pki.errors import SigningError, UsageError
from kyso_pki.testing import SoftwareSigner
from kyso_pki.xml.document import XmlDocument
from kyso_pki.xml.pending import XmlPending
from tests.judges import signxml, xmlsec

from . import forms
from .growing import HOUR, YEAR, grown, judged, levels, signed, sources, unsigned, why
from .made import AT, LETTER, PERSON, ROOTS, SEAL, WORLD, Form, codes, holder, intact, only
from .test_growth import PARTS, two


def countersigned(xml: bytes, level: Level = "B-B", *, number: int = 0, signer: SoftwareSigner = SEAL) -> bytes:
    """`xml` with a counter-signature over the signature with this number."""
    intent = Intent(AT, level, countersign=XmlDocument(xml).signatures()[number].id)
    return sign_document(XmlDocument(xml), intent, signer, WORLD.timestamper(AT), sources())


def test_a_counter_signature_passes_and_says_whose_value_it_covers() -> None:
    xml = countersigned(signed("B-T"), "B-T")
    parent, child = XmlDocument(xml).signatures()
    assert intact(parent), parent.findings
    assert intact(child), child.findings
    assert child.xml is not None
    assert (child.xml.countersigns, child.xml.inside, child.xml.inside_at) == (parent.id, parent.id, 2)
    assert not child.coverage.whole
    verdict = judged(xml, online=True)
    assert verdict.passed, why(verdict)
    assert levels(verdict) == ["XAdES-B-T", "XAdES-B-T"]
    assert verdict.signatures[1].to_json()["xml"]["countersigns"] == parent.id
    assert XmlDocument(xml).signed_content(child.id) == ()


def test_xmlsec1_accepts_both() -> None:
    xml = countersigned(signed("B-T"))
    ids = (*xmlsec.ID_ELEMENTS, f"{xmlsec.DS}:SignatureValue")
    for node in ("/*/*[local-name()='Signature']", "//*[local-name()='CounterSignature']/*"):
        assert xmlsec.verify(xml, ROOTS, at=AT, id_elements=ids, node=node).valid


def test_a_counter_signature_of_a_counter_signature_is_bound_to_that_one() -> None:
    xml = countersigned(countersigned(signed("B-T"), "B-T"), number=1, signer=PERSON)
    facts = XmlDocument(xml).signatures()
    assert all(intact(f) for f in facts)
    assert [f.xml and f.xml.countersigns for f in facts] == [None, facts[0].id, facts[1].id]


def test_all_grow_and_the_outer_archive_timestamp_keeps_the_inner_one() -> None:
    """EN 319 132-1 5.5.2.2: the CounterSignature is one of the properties that it covers."""
    xml = grown(countersigned(signed("B-T")), "B-LTA")
    assert unsigned(xml, 0)[:2] == ("SignatureTimeStamp", "CounterSignature")
    assert unsigned(xml, 0)[-1] == "ArchiveTimeStamp"
    assert "ArchiveTimeStamp" not in unsigned(xml, 1)
    verdict = judged(xml)
    assert verdict.passed, why(verdict)
    assert levels(verdict) == ["XAdES-B-LTA", "XAdES-B-LTA"]


def test_what_an_archived_counter_signature_lacks_goes_into_the_signature_around_it() -> None:
    """Nothing may be added inside of it any more; a year later it is still B-LTA."""
    first = countersigned(signed("B-T"), "B-T")
    (pending,) = XmlDocument(first).prepare_timestamps("archive", lambda: 0, None)
    imprint = pending.digest("sha256")
    token = WORLD.timestamper(AT).timestamp(imprint, "sha256")
    archived = XmlDocument(first).grown(pending.addition(token, imprint, "sha256")).data
    assert levels(judged(archived, online=True)) == ["XAdES-B-T", "XAdES-B-T"]
    xml = grown(archived, "B-LTA", AT + HOUR)
    assert unsigned(xml, 1) == ("SignatureTimeStamp",)
    verdict = judged(xml, AT + 2 * HOUR)
    assert verdict.passed, why(verdict)
    assert levels(verdict) == ["XAdES-B-LTA", "XAdES-B-LTA"]
    late = judged(grown(xml, "B-LTA", AT + YEAR), AT + YEAR + HOUR)
    assert late.passed, why(late)


def test_a_counter_signature_can_be_added_to_an_archive_and_is_signed_at_every_level() -> None:
    xml = countersigned(signed("B-LTA"), "B-LTA")
    assert unsigned(xml, 0)[-2:] == ("CounterSignature", "ArchiveTimeStamp")
    verdict = judged(xml)
    assert verdict.passed, why(verdict)
    assert levels(verdict) == ["XAdES-B-LTA", "XAdES-B-LTA"]


# Attacks ------------------------------------------------------------------------------------------------


def _moved() -> bytes:
    """Two signatures over parts, the counter-signature of the one inside the other."""
    xml = countersigned(countersigned(two(PARTS, "B-T"), number=1), number=0, signer=PERSON)
    start, end = b"<xades:CounterSignature ", b"</xades:CounterSignature>"
    first = xml[xml.index(start) : xml.index(end) + len(end)]
    second = xml[xml.rindex(start) : xml.rindex(end) + len(end)]
    return xml.replace(first, b"|1|").replace(second, first).replace(b"|1|", second)


def test_a_counter_signature_inside_another_signature_is_refused() -> None:
    """C8: "bound to parent"."""
    xml = _moved()
    facts = XmlDocument(xml).signatures()
    assert [intact(f) for f in facts] == [True, False, True, False]
    assert "COUNTER_SIGNATURE_OF_ANOTHER" in codes([facts[1]])
    assert judged(xml, parts=True).verdict == "failed"


def test_a_counter_signature_over_a_value_that_was_exchanged_fails() -> None:
    one, other = countersigned(signed("B-T")), signed("B-T", LETTER.replace(b"01/", b"02/"))
    start, end = b"<ds:SignatureValue ", b"</ds:SignatureValue>"
    value = other[other.index(start) : other.index(end)]
    xml = one[: one.index(start)] + value + one[one.index(end) :]
    verdict = judged(xml)
    assert [s.verdict for s in verdict.signatures] == ["failed", "failed"]


def test_a_signature_value_that_stands_in_no_signature_cannot_be_countersigned() -> None:
    xml = countersigned(signed("B-T"))
    child = xml[xml.index(b"<xades:CounterSignature ") :]
    child = child[child.index(b"<ds:Signature ") : child.index(b"</xades:CounterSignature>")]
    value = xml[xml.index(b"<ds:SignatureValue ") : xml.index(b"</ds:SignatureValue>")] + b"</ds:SignatureValue>"
    loose = value.replace(b" Id=", b' xmlns:ds="http://www.w3.org/2000/09/xmldsig#" Id=', 1)
    facts = only(b"<a>" + loose + child + b"</a>")
    assert not facts.well_formed
    assert "NOTHING_COVERED" in codes([facts])


def covered_value() -> bytes:
    """A signature by others whose value has no Id and stands under a timestamp."""
    xml = signed("B-B")
    return forms.added(xml, forms.stamped("xades:SignatureTimeStamp", forms.octets_of(xml, [forms.VALUE])))


def text_of(xml: bytes) -> str:
    return xml.decode("utf-16" if xml[:2] == b"\xff\xfe" else "utf-8")


UTF16 = LETTER.decode().replace("UTF-8", "UTF-16").encode("utf-16")


@pytest.mark.parametrize(
    "xml",
    [signed("B-B"), signed("B-B", UTF16), signxml.sign_xades(LETTER, holder(PERSON))],
    ids=["kyso", "in UTF-16", "signxml"],
)
def test_a_value_without_an_id_is_given_one_where_nothing_covers_it(xml: bytes) -> None:
    """At B-B the tag of the SignatureValue is nobody's; the other octets stay."""
    both = countersigned(xml, "B-T")
    parent, child = XmlDocument(both).signatures()
    assert intact(parent), parent.findings
    assert intact(child), child.findings
    assert child.xml is not None
    assert child.xml.countersigns == parent.id
    found = re.search(r'SignatureValue( Id="[^"]*")>', text_of(both))
    assert found is not None
    before, after = text_of(xml), text_of(both).replace(found[1], "", 1)
    start = next(n for n, (a, b) in enumerate(zip(before, after, strict=False)) if a != b)
    assert after.endswith(before[start:].partition("</xades:QualifyingProperties>")[2])
    assert "QualifyingProperties>" in before[start - 60 : start + 60]


def test_a_counter_signature_with_a_new_id_is_made_over_machines() -> None:
    xml, key = signed("B-B"), bytes(32)
    intent = Intent(AT, countersign=only(xml).id)
    octets = XmlDocument(xml).prepare(intent, SEAL.chain, SEAL.scheme).to_bytes(key)
    pending = XmlPending.from_bytes(octets, xml, key)
    (value,) = SEAL.sign([pending.imprint])
    assert all(intact(f) for f in XmlDocument(pending.finish(value)).signatures())


# Refused before the key moves ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("xml", "target", "error", "message"),
    [
        (LETTER, "khong-co", UsageError, "no signature 'khong-co'"),
        (Form(SEAL, "xmldsig").sign(), None, SigningError, "plain XMLDSIG"),
        (signed("B-B").replace(b"01/", b"02/"), None, SigningError, "not intact"),
        (covered_value(), None, SigningError, "would break"),
        (grown(countersigned(signed("B-T")), "B-LTA"), 1, SigningError, "under an archive timestamp"),
    ],
    ids=["no such signature", "xmldsig", "broken", "value under a timestamp", "frozen"],
)
def test_what_cannot_be_countersigned_is_refused(
    xml: bytes, target: str | int | None, error: type[Exception], message: str
) -> None:
    document = XmlDocument(xml)
    named = target if isinstance(target, str) else document.signatures()[target or 0].id
    with pytest.raises(error, match=message):
        document.prepare(Intent(AT, countersign=named), SEAL.chain, SEAL.scheme)
