"""Every variant of attack classes X1 to X12: never valid, and the reason is said."""

from __future__ import annotations

import time

import pytest

from kyso_pki.ades.report import DocumentReport
from tests.judges import signxml, xmlsec
from tests.pki.xml.made import AT, ROOTS, intact, only, report

from . import inputs, keys, properties, structure, wrapping
from .attack import Attack, Generator
from .forge import ENVELOPED, EXCLUSIVE, Ref, enveloped, signature

ATTACKS: dict[str, Generator] = {
    f"{module.__name__.rpartition('.')[2]}.{name}": generator
    for module in (wrapping, structure, keys, inputs, properties)
    for name, generator in module.ATTACKS.items()
}


def words(result: DocumentReport) -> str:
    """Everything that a report says."""
    findings = [f for s in result.signatures for f in s.findings] + list(result.findings)
    return "\n".join(f"{f.code}: {f.text}" for f in findings) + "".join(
        str(s.sub_indication) for s in result.signatures
    )


@pytest.mark.parametrize("parts", [False, True], ids=["whole", "parts accepted"])
@pytest.mark.parametrize("name", list(ATTACKS))
def test_an_attack_is_never_valid_and_the_reason_is_said(name: str, parts: bool) -> None:
    attack = ATTACKS[name]()
    result = report(attack.xml, parts=parts)
    assert result.verdict != "passed"
    assert attack.word in words(result), words(result)


@pytest.mark.parametrize("name", [n for n, g in ATTACKS.items() if n.partition(".")[0] != "inputs" and g().hashes])
def test_the_attack_itself_is_sound(name: str) -> None:
    """Digests and value are true, so that it is the rule, and not a clumsy forgery, that refuses it."""
    facts = only(ATTACKS[name]().xml)
    assert facts.references_intact
    assert facts.signature_intact


@pytest.mark.parametrize("name", list(ATTACKS))
def test_an_attack_is_refused_in_little_time(name: str) -> None:
    """One second of one core for the largest of them here, with room for a busy machine."""
    attack = ATTACKS[name]()
    started = time.process_time()
    report(attack.xml)
    assert time.process_time() - started < 3.0


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


def test_an_attack_says_what_it_is() -> None:
    assert len(ATTACKS) > 100
    assert isinstance(next(iter(ATTACKS.values()))(), Attack)
