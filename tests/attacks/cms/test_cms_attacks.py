"""Every variant of attack classes C1 to C10 and T1 to T3: never valid, and the reason is said."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Literal

import pytest
from cryptography import x509
from hypothesis import given, settings
from hypothesis import strategies as st

from kyso_pki import oids
from kyso_pki.ades.report import DocumentReport
from kyso_pki.ades.verify import judge
from kyso_pki.asn1 import der
from kyso_pki.authority import profile
from kyso_pki.authority.issue import extension
from kyso_pki.authority.profile import PERSON, Subject
from kyso_pki.errors import FormatError, TimestampError
from kyso_pki.facts import Coverage, SignatureFacts, TimestampFacts
from kyso_pki.scheme import digest
from kyso_pki.testing import KeyKind, SoftwareSigner, World, forge, software_key
from kyso_pki.tsp import parse_request, timestamp_facts, token_from_response
from kyso_pki.x509 import certificate as x
from kyso_pki.x509.certificate import Certificate
from kyso_pki.x509.trust import TrustStore
from tests.judges import openssl
from tests.work import counted

from . import signatures, stamps
from .forge import (
    AT,
    DAY,
    LATER,
    SEAL,
    SIGNER,
    TSA,
    WORLD,
    Attack,
    Generator,
    Kind,
    attribute,
    cms,
    letter,
    report,
    set_of,
    signed,
    signer_info,
    stamp,
    tst,
    usual_attributes,
    without,
    words,
)

ATTACKS: dict[str, Generator] = {
    f"{module.__name__.rpartition('.')[2]}.{name}": generator
    for module in (signatures, stamps)
    for name, generator in module.ATTACKS.items()
}


@pytest.mark.parametrize("name", list(ATTACKS))
def test_an_attack_is_never_valid_the_reason_is_said_and_it_costs_little(name: str) -> None:
    attack = ATTACKS[name]()
    letter(attack.kind)
    with counted() as work:
        result = report(attack)
    assert work.calls < 50_000
    assert result.verdict != "passed"
    assert attack.word in words(result), words(result)
    assert "internal" not in {f.code for f in result.findings}


@pytest.mark.parametrize("name", [n for n, g in ATTACKS.items() if g().openssl is not None])
def test_openssl_thinks_of_it_what_is_written_there(name: str) -> None:
    """So that the forgeries stay what they are said to be; where OpenSSL accepts, kyso stands alone."""
    attack = ATTACKS[name]()
    roots = [x509.load_der_x509_certificate(WORLD.root.der)]
    verdict = openssl.cms_verify(
        attack.cms, letter(attack.kind).covered, roots, at=LATER, cades=attack.kind == "pades"
    )
    assert verdict.valid == attack.openssl, verdict.output


@pytest.mark.parametrize("kind", ["rsa2048", "rsa3072", "p256", "p384", "p521", "ed25519"])
def test_the_forge_can_make_a_signature_that_passes(kind: KeyKind) -> None:
    """So that the attacks fail for their own reason and not for the forge's; Ed25519 as RFC 8419 has it."""
    signer = WORLD.issue(Subject("Nguyễn Văn Mẫu"), PERSON, software_key(kind, 50))
    attack = Attack(signed(signer), "")
    assert report(attack).passed, words(report(attack))


def test_a_harmless_revocation_after_a_proven_time_is_spared() -> None:
    """So that the attacks around it fail for their own reason."""
    result = report(stamps.spared())
    assert result.passed, words(result)
    assert "REVOKED_LATER" in words(result)


def _by_key_identifier(signer: SoftwareSigner) -> bytes:
    identifier = signer.certificate.subject_key_identifier
    assert identifier is not None
    info = signer_info(signer, version=der.integer(3), sid=der.tlv(0x80, identifier))
    return cms(info, signer=signer)


def _without_ess() -> bytes:
    attrs = without(usual_attributes(content=letter("adbe").covered), oids.ID_AA_SIGNING_CERTIFICATE_V2)
    return cms(signer_info(attributes=set_of(attrs)))


def _without_null() -> bytes:
    """RFC 4055 5: parameters are NULL, but must be accepted when absent."""
    attrs = without(usual_attributes(), oids.ID_CMS_ALGORITHM_PROTECTION)
    return signed(attributes=attrs, signature_algorithm=der.sequence(der.oid(oids.SHA256_WITH_RSA)))


@pytest.mark.parametrize(
    ("made", "kind"),
    [
        (signed(SIGNER.using(pss=True)), "pades"),
        (signed(SIGNER.using("sha512")), "pades"),
        (_by_key_identifier(SEAL), "pades"),
        (_without_null(), "pades"),
        (cms(signer_info(unsigned=[attribute("1.2.3", der.null())])), "pades"),
        (cms(signer_info(), certificates=[c.der for c in reversed(SIGNER.chain.certificates)] * 2), "pades"),
        (_without_ess(), "adbe"),
    ],
    ids=[
        "pss",
        "sha512",
        "key identifier",
        "no null",
        "unsigned attribute",
        "root too, twice, upside down",
        "no ess",
    ],
)
def test_what_the_standards_allow_passes(made: bytes, kind: Kind) -> None:
    assert report(Attack(made, "", kind)).passed, words(report(Attack(made, "", kind)))


# Whole documents with document timestamps over signatures: no writer makes them yet, so the facts are put together --


def _facts(kind: Literal["signature", "document"], token: bytes, octets: bytes) -> TimestampFacts:
    return timestamp_facts(token, lambda name: digest(name, octets), kind)


def _signature(*tokens: bytes, signer: SoftwareSigner = SIGNER) -> SignatureFacts:
    return SignatureFacts(
        id="signature",
        format="pdf",
        family="PAdES",
        references_intact=True,
        signature_intact=True,
        coverage=Coverage(True, "all"),
        certificate=signer.certificate,
        certificates=signer.chain.certificates,
        scheme=signer.scheme,
        timestamps=tuple(_facts("signature", t, b"value") for t in tokens),
    )


def _document_timestamp(token: bytes) -> SignatureFacts:
    made = _facts("document", token, b"document")
    return SignatureFacts(
        id="timestamp",
        format="pdf",
        family="DOCTIMESTAMP",
        references_intact=made.imprint_matches,
        signature_intact=made.signature_intact,
        coverage=Coverage(True, "all"),
        certificate=made.certificate,
        certificates=made.certificates,
        timestamps=(made,),
    )


def _token(octets: bytes, at: datetime, signer: SoftwareSigner = TSA) -> bytes:
    return stamp(tst(digest("sha256", octets), time=der.generalized_time(at)), signer)


def _judged(*facts: SignatureFacts, at: datetime = LATER, world: World = WORLD) -> DocumentReport:
    return judge(facts, sha256="", format="pdf", trust=WORLD.trust, at=at, fetcher=world.fetcher(at))


def test_a_document_timestamp_proves_what_it_covers_and_nothing_after_it() -> None:
    world = replace(WORLD, revoked=dict(WORLD.revoked))
    world.revoke(WORLD.person, AT + timedelta(minutes=10), "superseded")
    covering = _document_timestamp(_token(b"document", AT))
    assert _judged(_signature(), covering, world=world).passed
    late = _judged(covering, _signature(), world=world)
    assert [s.sub_indication for s in late.signatures] == [None, "REVOKED_NO_POE"]


def test_a_document_timestamp_that_is_not_trusted_proves_nothing() -> None:
    world = replace(WORLD, revoked=dict(WORLD.revoked))
    world.revoke(WORLD.person, AT + timedelta(minutes=10), "superseded")
    stranger = World.create(at=AT, number=4, name="tỉnh Khác").tsa_signer
    for token in (
        _token(b"document", AT, stranger),
        _token(b"document", AT, WORLD.seal_signer),
        _token(b"other", AT),
    ):
        result = _judged(_signature(), _document_timestamp(token), world=world)
        assert [s.passed for s in result.signatures] == [False, False]


def test_timestamps_in_the_wrong_order_are_no_proof() -> None:
    """T3, EN 319 102-1 5.5.4: a token cannot be younger than the one that was made over it."""
    result = _judged(_signature(_token(b"value", AT)), _document_timestamp(_token(b"document", AT - DAY)))
    assert result.signatures[0].sub_indication == "TIMESTAMP_ORDER_FAILURE"
    assert not result.passed


def test_a_later_document_timestamp_carries_the_proof_of_an_expired_authority() -> None:
    """T3: "expired TSA needs a later proof", and with one it counts."""
    ends = AT + timedelta(minutes=30)
    short = WORLD.issue(Subject("TSA cũ"), profile.TSA, software_key("p256", 66), not_after=ends)
    signature = _signature(_token(b"value", AT, short))
    crl = WORLD.crl(AT + timedelta(minutes=20))  # of before its end: a later one may have forgotten it
    signature = replace(signature, crls=(crl,))
    alone = _judged(signature)
    assert (alone.signatures[0].level, alone.signatures[0].proven_time) == ("PAdES-B-B", None)
    covered = _judged(signature, _document_timestamp(_token(b"document", AT + timedelta(minutes=10))))
    assert (covered.signatures[0].level, covered.signatures[0].proven_time) == ("PAdES-B-T", AT)


def test_an_issuer_that_is_younger_than_the_proof_is_an_open_question_only() -> None:
    """EN 319 102-1 5.5.4: NOT_YET_VALID is about the signing certificate."""
    result = judge(
        [_signature(_token(b"value", AT))],
        sha256="",
        format="pdf",
        trust=TrustStore.of([WORLD.root], ["timestamping"]) + TrustStore.of([_young_root()], ["signing"]),
        at=LATER,
        fetcher=WORLD.fetcher(LATER),
    )
    [judged] = result.signatures
    assert (judged.indication, judged.sub_indication) == ("INDETERMINATE", "OUT_OF_BOUNDS_NO_POE")


def _young_root() -> Certificate:
    """The root's name and key in a certificate that begins after the proof."""
    return forge(
        Subject("CA gốc tỉnh Mẫu", organisation="UBND tỉnh Mẫu"),
        WORLD.root.public_key,
        key=WORLD.root_signer,
        issuer=WORLD.root,
        not_before=AT + timedelta(minutes=30),
        not_after=AT + DAY,
        extensions=[extension(x.BASIC_CONSTRAINTS, der.sequence(der.boolean(True)), critical=True)],
    )


# What comes back from an authority (T1) -----------------------------------------------------------------------------

_ASKED = digest("sha256", b"value")


def _response(*parts: bytes) -> bytes:
    return der.sequence(*parts)


_GRANTED = der.sequence(der.integer(0))
_TOKEN = _token(b"value", AT)


@pytest.mark.parametrize(
    ("response", "word"),
    [
        (_response(_GRANTED), "refused"),
        (_response(der.sequence(der.integer(2)), _TOKEN), "refused: rejection"),
        (_response(der.sequence(der.integer(3)), _TOKEN), "refused: waiting"),
        (_response(der.sequence(der.integer(1 << 40000)), _TOKEN), "cannot be read"),
        (_response(_GRANTED, _token(b"other", AT)), "unusable token"),
        (_response(_GRANTED, _TOKEN), "nonce differs"),
        (_response(_GRANTED, _TOKEN, der.null()), "cannot be read"),
        (_response(_GRANTED, der.sequence(der.null())), "unusable token"),
        (b"", "cannot be read"),
    ],
    ids=[
        "no token",
        "rejected",
        "waiting",
        "huge status",
        "other imprint",
        "no nonce",
        "tail",
        "junk token",
        "empty",
    ],
)
def test_an_authoritys_answer_must_be_what_was_asked(response: bytes, word: str) -> None:
    """T1: nonce == request nonce; status granted; PKIStatusInfo and token presence consistent."""
    with pytest.raises(TimestampError, match=word):
        token_from_response(response, imprint=_ASKED, hash_name="sha256", nonce=4711)
    assert token_from_response(_response(_GRANTED, _TOKEN), imprint=_ASKED, hash_name="sha256", nonce=None) == _TOKEN


# Any octets ---------------------------------------------------------------------------------------------------------

_GOOD = signed()


@settings(max_examples=250, deadline=None)
@given(st.data())
def test_a_mutated_signature_never_raises_and_never_passes_as_another(data: st.DataObject) -> None:
    """R2: flips, cuts and repeats anywhere in the CMS: a report, and "passed" only with the signer's own name."""
    mutated = bytearray(_GOOD)
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(mutated) - 1))
        match data.draw(st.sampled_from(["flip", "cut", "repeat", "tag"])):
            case "flip":
                mutated[at] ^= data.draw(st.integers(1, 255))
            case "cut":
                del mutated[at : at + data.draw(st.integers(1, 40))]
            case "repeat":
                mutated[at:at] = mutated[at : at + data.draw(st.integers(1, 40))]
            case _:
                mutated[at] = data.draw(st.sampled_from([0x30, 0x31, 0xA0, 0x02, 0x80, 0xFF, 0x1F]))
        if not mutated:
            return
    result = report(Attack(bytes(mutated), ""))
    assert "internal" not in {f.code for f in result.findings}
    if result.passed:
        [one] = result.signatures
        assert one.certificate == SIGNER.certificate
        assert one.references_intact
        assert one.signature_intact


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=200), st.integers(0, len(_TOKEN) - 1), st.integers(1, 255))
def test_a_mutated_timestamp_never_raises(junk: bytes, at: int, flip: int) -> None:
    """R2: a broken token gives facts with an error, never an exception."""
    flipped = bytearray(_TOKEN)
    flipped[at] ^= flip
    for octets in (junk, bytes(flipped), _TOKEN[:at], _TOKEN[:at] + junk + _TOKEN[at:]):
        facts = timestamp_facts(octets, lambda name: digest(name, b"value"), "signature")
        assert not facts.intact or facts.certificate == TSA.certificate


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=200))
def test_any_octets_are_a_refused_request(octets: bytes) -> None:
    """R2: the authority's side: `FormatError` and nothing else."""
    with pytest.raises(FormatError):
        parse_request(octets)
