"""Attacks on what stands beside a signature: detached data, Manifests, archive timestamps, the places of profiles."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

import pytest

from kyso_pki.ades.sign import sign_document
from kyso_pki.document import Intent
from kyso_pki.errors import KysoError, ProfileMismatch
from kyso_pki.xml.document import XmlDocument
from kyso_pki.xml.profiles import built_in, read_profile
from tests.pki.xml import forms
from tests.pki.xml.growing import judged, levels, signed, why
from tests.pki.xml.made import AT, LETTER, PERSON, only
from tests.pki.xml.test_detached import manifest, over, verified

from .forge import DS, Ref, enveloped, signature
from .test_levels_attacks import cut

# X7: detached data ------------------------------------------------------------------------------------------

A, B = Ref("a.bin", b"A", transforms="", raw=True), Ref("b.bin", b"B", transforms="", raw=True)
WRONG: dict[str, Mapping[str, bytes]] = {
    "exchanged": {"a.bin": b"B", "b.bin": b"A"},
    "one for both": {"a.bin": b"A", "b.bin": b"A"},
    "in another case": {"A.bin": b"A", "b.bin": b"B"},
    "with a path": {"./a.bin": b"A", "b.bin": b"B"},
    "with a fragment": {"a.bin#x": b"A", "b.bin": b"B"},
    "spelt with percent signs": {"%61.bin": b"A", "b.bin": b"B"},
    "under the empty name": {"": b"A", "b.bin": b"B"},
    "empty": {"a.bin": b"", "b.bin": b"B"},
    "longer": {"a.bin": b"A\n", "b.bin": b"B"},
    "one missing": {"a.bin": b"A"},
    "one that nobody signed": {"a.bin": b"A", "b.bin": b"B", "c.bin": b"C"},
}


@pytest.mark.parametrize("name", WRONG)
def test_data_at_another_uri_is_never_taken_for_what_was_signed(name: str) -> None:
    """X7: "detached content is given by the caller and matched by URI string"."""
    assert verified(over(A, B), {"a.bin": b"A", "b.bin": b"B"}).passed
    found = verified(over(A, B), WRONG[name])
    assert found.verdict != "passed"


def test_two_references_to_one_uri_must_both_be_true() -> None:
    """A reader that keeps references by URI would check the last one only."""
    other = Ref("a.bin", b"B", transforms="", raw=True)
    for references in ((A, other), (other, A)):
        for octets in (b"A", b"B"):
            assert verified(over(*references), {"a.bin": octets}).verdict == "failed"
    assert verified(over(A, A), {"a.bin": b"A"}).passed


def test_data_for_the_document_itself_or_a_part_replaces_nothing() -> None:
    """URI="" and #id are in the document, whatever the caller gives for these names."""
    letter = b'<a Id="x"><b>1</b></a>'
    for uri in ("", "#x"):
        made = enveloped(letter, lambda _, u=uri: signature([Ref(u, letter, envelope=True)]))  # type: ignore[misc] # bound in the loop
        assert verified(made, {uri: letter}).passed
        changed = made.replace(b"<b>1", b"<b>2")
        assert verified(changed, {uri: letter}).verdict == "failed"


def test_a_detached_signature_inside_what_it_is_over_covers_no_more_than_it_says() -> None:
    inside = f"<Goi><DuLieu>khác</DuLieu>{over(A)}</Goi>"
    (result,) = verified(inside, {"a.bin": b"A"}).signatures
    assert not result.coverage.whole
    assert result.coverage.what == "the detached a.bin"


# X12: Manifests ---------------------------------------------------------------------------------------------

_KIND = f' Type="{DS}Manifest"'
MANIFESTS: dict[str, Callable[[bytes], bytes]] = {
    "an entry taken out": lambda xml: re.sub(rb'(<ds:Manifest Id="m">)<ds:Reference.*?</ds:Reference>', rb"\1", xml),
    "an entry twice": lambda xml: re.sub(
        rb'(<ds:Manifest Id="m">)(<ds:Reference.*?</ds:Reference>)', rb"\1\2\2", xml, flags=re.DOTALL
    ),
    "another uri": lambda xml: xml.replace(b'URI="a.bin"', b'URI="b.bin"'),
    "another digest": lambda xml: xml.replace(
        Ref("a.bin", b"A", transforms="", raw=True).xml().split("DigestValue>")[1].encode(),
        Ref("a.bin", b"B", transforms="", raw=True).xml().split("DigestValue>")[1].encode(),
    ),
    "a second Manifest before it": lambda xml: xml.replace(
        b"<ds:Object><ds:Manifest", b'<ds:Object><ds:Manifest Id="n"/></ds:Object><ds:Object><ds:Manifest'
    ),
    "a second Manifest with its id": lambda xml: xml.replace(
        b"<ds:Object><ds:Manifest", b'<ds:Object><ds:Manifest Id="m"/></ds:Object><ds:Object><ds:Manifest'
    ),
}


@pytest.mark.parametrize("name", MANIFESTS)
def test_a_changed_manifest_never_passes(name: str) -> None:
    """X12: "manifest references verified or reported"."""
    good = manifest(A)
    given = {"a.bin": b"A", "b.bin": b"A"}
    assert verified(good, given).passed
    forged = MANIFESTS[name](good)
    assert forged != good
    assert verified(forged, given).verdict != "passed"


def test_a_list_that_is_no_manifest_by_its_type_is_content_and_lists_nothing() -> None:
    """Without the type it is still a ds:Manifest and followed: leaving it out hides no changed entry."""
    good = manifest(A)
    for xml in (good, good.replace(_KIND.encode(), b"")):
        found = verified(xml, {"a.bin": b"changed"})
        assert found.verdict == "failed"


@pytest.mark.parametrize(
    "entry",
    [
        Ref("#m", b"<x/>"),
        Ref("", b"<a>x</a>", envelope=True, transforms='<ds:Transform Algorithm="http://www.w3.org/TR/1999/REC-xslt-19991116"/>'),
        Ref("", b"<a>x</a>", transforms='<ds:Transform Algorithm="http://www.w3.org/TR/1999/REC-xpath-19991116"><ds:XPath>true()</ds:XPath></ds:Transform>'),
        Ref("#xpointer(/)", b"<a>x</a>"),
        Ref("#nowhere", b"<a>x</a>"),
    ],
)  # fmt: skip
def test_an_entry_that_is_not_followed_keeps_it_from_passing(entry: Ref) -> None:
    found = verified(manifest(A, entry), {"a.bin": b"A"})
    assert found.verdict != "passed"


# T1, T4: archive timestamps -----------------------------------------------------------------------------------

END = b"</xades:UnsignedSignatureProperties>"


def _moved(xml: bytes, name: str) -> bytes:
    """The property behind the archive timestamp, where it is not covered."""
    one, without = cut(xml, name)
    return without.replace(END, one + END)


def _first(xml: bytes) -> bytes:
    stamp, without = cut(xml, "ArchiveTimeStamp")
    return re.sub(rb"<xades:UnsignedSignatureProperties[^>]*>", lambda found: found[0] + stamp, without)


def _twice(xml: bytes) -> bytes:
    """The second one would have to cover the first."""
    stamp, _ = cut(xml, "ArchiveTimeStamp")
    return xml.replace(END, stamp + END)


def _exchanged(xml: bytes) -> bytes:
    values, without = cut(xml, "TimeStampValidationData")
    revocation, _ = cut(xml, "RevocationValues")
    return without.replace(revocation, revocation + values)


def _added(xml: bytes) -> bytes:
    more = forms.stamped("xades:SignatureTimeStamp", forms.octets_of(xml, [forms.VALUE]))
    stamp, _ = cut(xml, "ArchiveTimeStamp")
    return xml.replace(stamp, more.encode() + stamp)


ARCHIVES: dict[str, Callable[[bytes], bytes]] = {
    "RevocationValues behind it": lambda xml: _moved(xml, "RevocationValues"),
    "TimeStampValidationData behind it": lambda xml: _moved(xml, "TimeStampValidationData"),
    "SignatureTimeStamp behind it": lambda xml: _moved(xml, "SignatureTimeStamp"),
    "TimeStampValidationData taken out": lambda xml: cut(xml, "TimeStampValidationData")[1],
    "RevocationValues taken out": lambda xml: cut(xml, "RevocationValues")[1],
    "SignatureTimeStamp taken out": lambda xml: cut(xml, "SignatureTimeStamp")[1],
    "the first of all": _first,
    "twice": _twice,
    "two properties exchanged": _exchanged,
    "a true timestamp put before it": _added,
    "KeyInfo shortened": lambda xml: re.sub(
        rb"(</ds:X509Certificate>)<ds:X509Certificate>[^<]*</ds:X509Certificate>", rb"\1", xml, count=1
    ),
    "an Object more": lambda xml: xml.replace(b"<ds:Object>", b"<ds:Object/><ds:Object>", 1),
}  # fmt: skip


@pytest.mark.parametrize("name", ARCHIVES)
def test_an_archive_timestamp_over_something_else_fails_the_signature(name: str) -> None:
    """EN 319 132-1 5.5.2.2: everything before it in its order, and nothing else."""
    good = signed("B-LTA")
    assert levels(judged(good)) == ["XAdES-B-LTA"], why(judged(good))
    forged = ARCHIVES[name](good)
    assert forged != good
    verdict = judged(forged)
    assert verdict.verdict == "failed", why(verdict)
    assert {f.code for f in verdict.signatures[0].findings} & {"TIMESTAMP_BROKEN", "UNSIGNED_OBJECT"}


def test_what_stands_behind_the_archive_timestamp_makes_no_lta() -> None:
    """P13: evidence after the last timestamp is not protected by it."""
    lt = signed("B-LT")
    without = cut(lt, "RevocationValues")[1]
    paths = ["//ds:SignedInfo", forms.VALUE, "//ds:KeyInfo", "//xades:UnsignedSignatureProperties/*"]
    covered = forms.content_of(LETTER, without) + forms.octets_of(without, paths)
    stamped = forms.added(without, forms.stamped("v:ArchiveTimeStamp", covered))
    values = cut(lt, "RevocationValues")[0]
    late = stamped.replace(END, values + END)
    assert all(t.intact for t in only(late).timestamps)
    assert "XAdES-B-LTA" not in levels(judged(late))


# Places of profiles -------------------------------------------------------------------------------------------

INVOICE = '<HDon><DLHDon Id="d"><TTChung><SHDon>1</SHDon></TTChung></DLHDon>{beside}<DSCKS>{places}</DSCKS></HDon>'


def _seller(document: str) -> bytes:
    intent = Intent(AT, profile=built_in("einvoice-seller"))
    return sign_document(XmlDocument(document.encode()), intent, PERSON, None)


DECOYS = {
    "in a comment": ("<!-- <DSCKS><NBan></NBan></DSCKS> -->", "<NBan/>"),
    "in CDATA": ("<GhiChu><![CDATA[<DSCKS><NBan></NBan></DSCKS>]]></GhiChu>", "<NBan/>"),
    "in an instruction": ("<?x <DSCKS><NBan/></DSCKS>?>", "<NBan/>"),
    "in an attribute": ("<GhiChu a='&lt;NBan>&lt;/NBan>'/>", "<NBan/>"),
    "in another namespace, deeper": ('<x><NBan xmlns="urn:mau:khac"/></x>', "<NBan></NBan>"),
    "in a place of another party": ("", "<NMua><!-- <NBan/> --></NMua><NBan/>"),
}


@pytest.mark.parametrize("name", DECOYS)
def test_the_signature_goes_into_the_true_place_whatever_looks_like_one(name: str) -> None:
    beside, places = DECOYS[name]
    document = INVOICE.format(beside=beside, places=places)
    facts = only(_seller(document))
    assert facts.references_intact
    assert facts.signature_intact
    assert facts.xml is not None
    assert facts.xml.path == "/HDon/DSCKS/NBan/Signature"


@pytest.mark.parametrize(
    ("beside", "places"),
    [
        ("", "<NBan/><NBan/>"),
        ("<DSCKS><NBan/></DSCKS>", "<NBan/>"),
        ('<DLHDon Id="e"/>', "<NBan/>"),
        ('<x Id="d"/>', "<NBan/>"),
        ('<x id=" d"/>', "<NBan/>"),
        ("", '<NBan><Signature xmlns="http://www.w3.org/2000/09/xmldsig#"/></NBan>'),
    ],
)
def test_a_place_or_a_part_that_stands_twice_is_refused(beside: str, places: str) -> None:
    """ADR 16: a path leads to exactly one element, an identifier is there once."""
    with pytest.raises(KysoError):
        _seller(INVOICE.format(beside=beside, places=places))


@pytest.mark.parametrize("step", ["a b", "a>", "a/../b", "@a", "a[1]", "", "x:a", "<a/>", "a\u0000", "*"])
def test_a_place_that_is_no_plain_name_is_refused_when_the_profile_is_read(step: str) -> None:
    text = f'title = "x"\nform = "xmldsig"\n[place]\npath = {step!r}\nmissing = "create"\n[[reference]]\npart = ""\n'
    with pytest.raises((KysoError, ProfileMismatch)):
        read_profile(text.encode(), "rieng")
