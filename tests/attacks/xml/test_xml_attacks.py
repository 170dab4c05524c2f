"""Every variant of attack classes X1 to X12: never valid, and the reason is said."""

from __future__ import annotations

import hashlib
import re
import sys
from functools import cache

import pytest

from kyso_pki.ades.report import DocumentReport
from kyso_pki.errors import KysoError
from kyso_pki.xml.document import XmlDocument
from tests.judges import signxml, xmlsec
from tests.pki.xml.made import AT, ROOTS, intact, only, report

from . import properties, structure, wrapping
from .catalogue import CLASSES, VARIANTS, counts, summary
from .forge import ENVELOPED, EXCLUSIVE, Ref, b64, enveloped, signature

FEWEST = 20


def words(result: DocumentReport) -> str:
    """Everything that a report says."""
    findings = [f for s in result.signatures for f in s.findings] + list(result.findings)
    inside = "".join(words(one) for one in result.attachments)
    return (
        "\n".join(f"{f.code}: {f.text}" for f in findings)
        + inside
        + "".join(str(s.sub_indication) for s in result.signatures)
    )


@pytest.mark.parametrize("name", list(VARIANTS))
def test_an_attack_is_never_valid_and_the_reason_is_said(name: str) -> None:
    attack = VARIANTS[name].make()
    for parts in (False, True):
        result = report(attack.xml, parts=parts)
        assert result.verdict != "passed"
        assert attack.is_said_in(words(result)), words(result)
    if attack.hashes and "R1" not in VARIANTS[name].classes:
        # The attack is sound: it is the rule, and not a clumsy forgery, that refuses it.
        facts = only(attack.xml)
        assert facts.references_intact
        assert facts.signature_intact
    handed_out(attack.xml)


@pytest.mark.parametrize("name", list(VARIANTS))
def test_the_harmless_twin_of_an_attack_passes(name: str) -> None:
    """So that no attack is refused for what is not wrong with it."""
    assert refusal(VARIANTS[name].twin()) is None


LARGE = "\n" * (2 << 20)
"""After the document element, where no signature covers it; so long a document is read in pieces where it can be."""


def large(xml: bytes) -> bytes:
    """The same document, with so much white space at its end that it is read in another way."""
    marks = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}
    return xml + LARGE.encode(marks.get(xml[:2], "utf-8"))


@pytest.mark.parametrize("room", sorted({name.partition(".")[0] for name in VARIANTS}))
def test_attacks_and_twins_are_judged_the_same_way_in_a_large_document(room: str) -> None:
    variants = {n: v for n, v in VARIANTS.items() if n.startswith(f"{room}.") and "R1" not in v.classes}
    twins = set()
    for name, variant in variants.items():
        attack = variant.make()
        result = report(large(attack.xml), parts=True)
        assert result.verdict != "passed", name
        assert attack.is_said_in(words(result)) or "format.limit" in words(result), (name, words(result))
        twins.add(variant.twin())
    for twin in twins:
        assert refusal(large(twin)) is None


@cache
def refusal(xml: bytes) -> str | None:
    """Why this document does not pass; many attacks share a twin."""
    result = report(xml, parts=True)
    return None if result.passed else words(result)


def handed_out(xml: bytes) -> None:
    """Whatever the document, each octet that is handed out as signed has its digest in a true SignedInfo."""
    try:
        document = XmlDocument(xml)
        signatures = document.signatures()
    except KysoError:
        return
    text = xml.decode("utf-16").encode() if xml[:2] in (b"\xff\xfe", b"\xfe\xff") else xml
    digests = set(re.findall(rb"DigestValue[^>]*>([^<]*)<", text))
    for facts in signatures:
        try:
            contents = document.signed_content(facts.id)
        except KysoError:
            continue
        assert intact(facts)
        hashed = [{b64(hashlib.new(h, c).digest()).encode() for h in ("sha1", "sha256")} for c in contents]
        assert all(h & digests for h in hashed)


def test_every_class_has_its_variants(capsys: pytest.CaptureFixture[str]) -> None:
    with capsys.disabled():
        sys.stdout.write(f"\n{summary()}\n")
    assert {name for name, count in counts().items() if count < FEWEST} == set()
    assert [v.name for v in VARIANTS.values() if not set(v.classes) & set(CLASSES)] == []


HONEST = {
    "response": (wrapping.honest_response, False),
    "assertion": (wrapping.honest_assertion, True),
    "structure": (structure.honest, False),
    "properties": (properties.honest, False),
}


@pytest.mark.parametrize("name", list(HONEST))
def test_what_the_attacks_start_from_is_valid(name: str) -> None:
    make, parts = HONEST[name]
    result = report(make(), parts=parts)
    assert result.passed, words(result)


def test_other_verifiers_call_a_wrapped_document_valid() -> None:
    """Why coverage and position are judged at all; if one of them learns it, this page may say so."""
    xml = wrapping.xsw3().xml
    assert signxml.verify(xml, ROOTS, at=AT).valid
    assert xmlsec.verify(xml, ROOTS, at=AT, id_elements=("Assertion",)).valid


def test_comments_are_no_part_of_a_same_document_reference() -> None:
    """X11: "#id" drops comments before any transform, whatever the canonicalisation is called."""
    xml = b'<a><p Id="p">x<!-- bo -->y</p></a>'
    covered = b'<p Id="p">xy</p>'
    steps = f'<ds:Transform Algorithm="{ENVELOPED}"/><ds:Transform Algorithm="{EXCLUSIVE}WithComments"/>'
    signed = enveloped(xml, lambda _: signature([Ref("#p", covered, transforms=steps)]))
    assert intact(only(signed))
    assert xmlsec.verify(signed, ROOTS, at=AT, id_elements=("p",)).valid


@pytest.mark.parametrize("change", [(b"><NoiDung", b">\n  <NoiDung"), (b"Id='nd'", b"Id='nd' a=''"), (b"\r", b"\n")])
def test_reformatting_after_signing_breaks_the_signature(change: tuple[bytes, bytes]) -> None:
    """X13: digests are over canonical octets, where white space and carriage returns written as such count."""
    xml = b"<CongVan><NoiDung Id='nd'>a&#13;b\rc</NoiDung></CongVan>"
    signed = enveloped(xml, lambda _: signature([Ref("", xml, envelope=True)]))
    assert intact(only(signed))
    changed = signed.replace(*change)
    assert changed != signed
    assert intact(only(changed)) is (change[0] == b"\r")  # XML itself reads CR and LF as one line end
