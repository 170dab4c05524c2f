"""Signatures of others grow: nothing moves but what is added, and whatever would break is refused before."""

from __future__ import annotations

import difflib
import re

import pytest

from kyso_pki.ades.grow import Sources, extend
from kyso_pki.ades.sign import evidence_for, sign_document
from kyso_pki.document import Intent, Level, Splice, tail_of
from kyso_pki.errors import EvidenceMissing, NotExtendable
from kyso_pki.evidence import Evidence
from kyso_pki.xml.document import XmlDocument
from tests.attacks.xml import properties as forged
from tests.attacks.xml.forge import DS, Ref, signature
from tests.judges import signxml, xmlsec

from .foreign import INCLUSIVE, UNSIGNED, Hand
from .growing import HOUR, grown, judged, levels, sources, unsigned, why
from .made import AT, LETTER, PERSON, ROOTS, SEAL, WORLD, holder, intact, only

HIDDEN = LETTER.replace(
    b"<NoiDung>",
    b"<NoiDung><!-- <x:UnsignedSignatureProperties></a:QualifyingProperties> --><?x <UnsignedSignatureProperties> ?>"
    b"<![CDATA[<xades:QualifyingProperties>]]><z a='/>' b=\"'>\"/>",
)
HANDS = {
    "default namespaces": Hand("", ""),
    "other prefixes": Hand("dsig", "etsi"),
    "prefixes that mean each other": Hand("xades", "ds"),
    "our prefixes for something else": Hand("xadesv141", "x"),
    "indented, inclusive": Hand("", "a", INCLUSIVE, indent=True),
    "letters that are not ASCII": Hand("chữ", "ký", INCLUSIVE),
    **{f"unsigned: {name}": Hand("s", "x", indent=True, unsigned=name) for name in UNSIGNED},
    **{f"unsigned, default namespace: {name}": Hand("", "", unsigned=name) for name in UNSIGNED},
}


def only_longer(before: bytes, after: bytes) -> bool:
    """Whether all that happened is that something was put in; an empty tag may have been opened."""
    kept = [
        (kind, before[a:b])
        for kind, a, b, _, _ in difflib.SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
        if kind != "equal"
    ]
    return all(kind == "insert" or (kind == "replace" and text in (b"/>", b"/")) for kind, text in kept)


def outside(xml: bytes) -> bytes:
    """The document without its unsigned properties."""
    return re.sub(
        rb"<((?:[^\s<>:]+:)?)UnsignedProperties(?:\s*/>|\b.*?</\1UnsignedProperties\s*>)", b"", xml, flags=re.S
    )


@pytest.mark.parametrize("name", list(HANDS))
@pytest.mark.parametrize("xml", [LETTER, HIDDEN], ids=["letter", "hidden"])
def test_a_foreign_signature_grows_to_the_highest_level(name: str, xml: bytes) -> None:
    signed = HANDS[name].sign(xml)
    before = only(signed)
    assert intact(before), before.findings
    assert before.family == "XAdES"
    longer = grown(signed, "B-LTA")
    assert outside(longer) == outside(signed)
    assert unsigned(longer)[-4:] == (
        "SignatureTimeStamp",
        "TimeStampValidationData",
        "RevocationValues",
        "ArchiveTimeStamp",
    )
    verdict = judged(longer)
    assert verdict.passed, why(verdict)
    assert levels(verdict) == ["XAdES-B-LTA"]
    again = grown(longer, "B-LTA", AT + HOUR)
    assert outside(again) == outside(signed)
    assert judged(again, AT + 2 * HOUR).signatures[0].level == "XAdES-B-LTA"


@pytest.mark.parametrize("name", ["unsigned: none", "unsigned: an empty tag", "unsigned: both groups"])
def test_a_document_becomes_longer_and_nothing_else(name: str) -> None:
    signed = HANDS[name].sign(b"<a>b</a>")
    assert only_longer(signed, grown(signed, "B-T"))


def test_a_signature_of_signxml_grows_and_xmlsec1_still_accepts_it() -> None:
    signed = signxml.sign_xades(LETTER, holder(PERSON))
    longer = grown(signed, "B-LTA")
    assert outside(longer) == outside(signed)
    assert levels(judged(longer)) == ["XAdES-B-LTA"]
    assert xmlsec.verify(longer, ROOTS, at=AT, id_elements=(*xmlsec.ID_ELEMENTS, "urn:mau:cong-van:CongVan")).valid


def two(xml: bytes = LETTER, level: Level = "B-B") -> bytes:
    """Two signatures, each over a part."""
    for signer, part in ((PERSON, "p1"), (SEAL, "p2")):
        intent = Intent(AT, level)
        pending = XmlDocument(xml).prepare_parts(intent, signer.chain, signer.scheme, [part])
        value = signer.sign([pending.imprint])[0]
        xml = pending.finish(value, evidence_for(pending, value, intent, WORLD.timestamper(AT)))
    return xml


PARTS = b'<HoSo><Phan1 Id="p1">mot</Phan1><Phan2 Id="p2">hai</Phan2></HoSo>'


def test_parallel_signatures_grow_together_each_with_its_own_evidence() -> None:
    longer = grown(two(PARTS), "B-LTA")
    verdict = judged(longer, parts=True)
    assert verdict.passed, why(verdict)
    assert levels(verdict) == ["XAdES-B-LTA", "XAdES-B-LTA"]
    assert unsigned(longer, 0) == unsigned(longer, 1)


def test_a_new_signature_at_a_level_leaves_the_one_beside_it_alone() -> None:
    """A seller's plain XMLDSIG is no reason to refuse, and another's XAdES is not grown unasked."""
    intent = Intent(AT, "B-B", xml_form="xmldsig")
    pending = XmlDocument(PARTS).prepare_parts(intent, PERSON.chain, PERSON.scheme, ["p1"])
    first = pending.finish(PERSON.sign([pending.imprint])[0])

    class Second(XmlDocument):
        """Signs its second part, as a profile would."""

        def prepare(self, intent, chain, scheme):  # type: ignore[no-untyped-def] # as above
            return self.prepare_parts(intent, chain, scheme, ["p2"])

    stamper = WORLD.timestamper(AT)
    both = sign_document(Second(first), Intent(AT, "B-LTA"), SEAL, stamper, sources())
    assert levels(judged(both, parts=True)) == ["XMLDSIG", "XAdES-B-LTA"]
    with pytest.raises(NotExtendable, match="plain XML"):
        grown(both, "B-LTA")


def test_growth_that_would_break_a_covering_signature_is_refused() -> None:
    """The outer one is verified in the longer document before anything is given back."""
    xml = PARTS.replace(b"</HoSo>", b'<Phan3 Id="p3"></Phan3></HoSo>')
    pending = XmlDocument(xml).prepare_parts(Intent(AT), PERSON.chain, PERSON.scheme, ["p1"])
    first = pending.finish(PERSON.sign([pending.imprint])[0])
    start, end = first.index(b"<ds:Signature "), first.index(b"</HoSo>")
    inner = first[:start].replace(b"</Phan3>", first[start:end] + b"</Phan3>") + first[end:]
    pending = XmlDocument(inner).prepare_parts(Intent(AT), SEAL.chain, SEAL.scheme, ["p2", "p3"])
    both = pending.finish(SEAL.sign([pending.imprint])[0])
    assert all(intact(f) for f in XmlDocument(both).signatures())
    with pytest.raises(NotExtendable, match="covers one that would have to become longer"):
        grown(both, "B-T")


def test_an_addition_is_put_in_at_its_places_and_a_tail_only_at_the_end() -> None:
    from kyso_pki.xml.growth import spliced

    assert spliced(b"<a/>x", [Splice(5, b"!"), Splice(2, b">b</a>", 2)]) == b"<a>b</a>x!"
    with pytest.raises(NotExtendable):
        spliced(b"abc", [Splice(0, b"", 2), Splice(1, b"x")])
    assert tail_of([Splice(3, b"x"), Splice(3, b"y")], 3) == b"xy"
    for wrong in (Splice(2, b"x"), Splice(3, b"x", 1)):
        with pytest.raises(ValueError, match="within"):
            tail_of([wrong], 3)


def test_an_enveloping_signature_over_a_signed_document_grows_by_its_own_properties() -> None:
    """The unsigned properties of the signature inside of what it signs are not its own."""
    inner = two(PARTS, "B-T")
    own = forged.properties(about="#r1")
    held = f'<ds:Object Id="trong">{inner.decode()}</ds:Object>'
    covered = held.replace("<ds:Object", f'<ds:Object xmlns:ds="{DS}"', 1).encode()
    references = [Ref("#trong", covered, extra=' Id="r1"'), forged.reference(own)]
    made = signature(references, identifier="s", objects=held + forged.qualifying(own)).encode()
    facts = XmlDocument(made).signatures()
    assert [intact(f) for f in facts] == [True, True, True], [f.findings for f in facts]
    grow = extend(
        XmlDocument(made), "B-LTA", timestamper=WORLD.timestamper(AT), sources=sources(), only=[facts[0].id]
    )
    verdict = judged(grow.data, parts=True)
    assert levels(verdict)[0] == "XAdES-B-LTA", why(verdict)
    assert all(intact(f) for f in XmlDocument(grow.data).signatures())


def test_a_list_that_another_signature_of_the_file_brought_serves_as_well_and_is_kept_with_this_one() -> None:
    """Nobody is asked, and nothing but the file is at hand: its first signature has the lists of both CAs."""
    data, lists = two(PARTS, "B-T"), Evidence(crls=tuple(WORLD.crls(AT)))
    first, second = (f.id for f in XmlDocument(data).signatures())
    alone, given = Sources(AT, trust=WORLD.trust), Sources(AT, trust=WORLD.trust, evidence=lists)
    with pytest.raises(EvidenceMissing):
        extend(XmlDocument(data), "B-LT", timestamper=None, sources=alone, only=[second])
    data = extend(XmlDocument(data), "B-LT", timestamper=None, sources=given, only=[first]).data
    data = extend(XmlDocument(data), "B-LT", timestamper=None, sources=alone, only=[second]).data
    verdict = judged(data, parts=True)
    assert levels(verdict) == ["XAdES-B-LT", "XAdES-B-LT"], why(verdict)
    assert verdict.passed, why(verdict)
    assert extend(XmlDocument(data), "B-LT", timestamper=None, sources=alone).data == data
