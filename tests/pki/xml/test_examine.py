"""Facts: which bytes can change without changing what was signed; who signed is never guessed."""

from __future__ import annotations

import base64
import contextlib
import re

import pytest

from kyso_pki.errors import KysoError, LimitExceeded
from kyso_pki.facts import Stored
from kyso_pki.x509.certificate import Certificate
from kyso_pki.xml import reading
from kyso_pki.xml import references as referring
from kyso_pki.xml.document import XmlDocument
from kyso_pki.xml.ids import Ids
from kyso_pki.xml.names import DS
from kyso_pki.xml.names import TYPE_COUNTERSIGNED as COUNTERSIGNED
from kyso_pki.xml.tree import Tree
from tests.attacks.xml import properties, structure
from tests.attacks.xml.forge import Ref, enveloped, signature

from .made import AT, LETTER, PERSON, SEAL, WORLD, Form, codes, intact, only, report


def b64(octets: bytes) -> bytes:
    return base64.b64encode(octets)


@pytest.mark.parametrize(
    "form", [Form(SEAL), Form(SEAL, "xmldsig"), Form(SEAL, level="B-T")], ids=["xades", "xmldsig", "t"]
)
def test_no_flipped_bit_changes_what_an_intact_signature_says(form: Form) -> None:
    """Every byte in turn: the signature breaks, or signer, time and signed octets are what they were."""
    signed = form.sign()
    document = XmlDocument(signed)
    (facts,) = document.signatures()
    said = (facts.claimed_time, facts.location, document.signed_content(facts.id))
    assert facts.certificate is not None
    survivors = 0
    for position in range(0, len(signed), 3):
        changed = bytearray(signed)
        changed[position] ^= 1 << position % 7
        with contextlib.suppress(KysoError):
            other = XmlDocument(bytes(changed))
            for now in other.signatures():
                if intact(now) and all(t.intact for t in now.timestamps):
                    survivors += 1
                    assert (now.claimed_time, now.location, other.signed_content(now.id)) == said, position
                    assert now.certificate is not None
                    # Plain XMLDSIG binds the key alone: a changed certificate is for the path rules to refuse.
                    assert now.certificate.spki == facts.certificate.spki, position
                    assert form.form == "xmldsig" or now.certificate == facts.certificate, position
    # What may change: the declaration, white space outside the root, certificates of issuers in KeyInfo.
    assert survivors < len(signed) // 3 * 0.8


def test_a_document_without_signature_has_no_facts() -> None:
    assert XmlDocument(LETTER).signatures() == ()
    assert report(LETTER).verdict == "failed"


def test_a_certificate_swapped_for_another_with_the_same_key_breaks_xades() -> None:
    """Class C4, X12: SigningCertificateV2 binds one certificate, not one key."""
    twin = WORLD.reissue(SEAL.certificate)
    swapped = Form(SEAL).sign().replace(b64(SEAL.certificate.der), b64(twin.der))
    facts = only(swapped)
    assert "SIGNING_CERTIFICATE_MISMATCH" in codes([facts])
    assert facts.family == "XMLDSIG"
    assert report(swapped).verdict == "failed"


def test_two_certificates_with_the_same_key_leave_plain_xmldsig_without_a_signer() -> None:
    twin = WORLD.reissue(SEAL.certificate)
    one, both = b64(SEAL.certificate.der), f"{b64(SEAL.certificate.der).decode()}</ds:X509Certificate>"
    both += f"<ds:X509Certificate>{b64(twin.der).decode()}"
    added = Form(SEAL, "xmldsig").sign().replace(one, both.encode())
    assert "AMBIGUOUS_CERTIFICATE" in codes([only(added)])
    bound = only(Form(SEAL).sign().replace(one, both.encode()))
    assert intact(bound)
    assert bound.certificate == SEAL.certificate


def test_certificates_may_stand_in_any_order() -> None:
    signed = Form(PERSON).sign()
    listed = signed[signed.index(b"<ds:X509Certificate>") : signed.index(b"</ds:X509Data>")]
    turned = b"<ds:X509Certificate>".join([b"", *reversed(listed.split(b"<ds:X509Certificate>")[1:])])
    facts = only(signed.replace(listed, turned))
    assert intact(facts)
    assert facts.certificate == PERSON.certificate


def test_a_signature_without_certificates_names_nobody() -> None:
    signed = Form(SEAL, "xmldsig").sign()
    start, end = signed.index(b"<ds:KeyInfo>"), signed.index(b"</ds:KeyInfo>") + len(b"</ds:KeyInfo>")
    facts = only(signed[:start] + signed[end:])
    assert (facts.certificate, facts.signature_intact) == (None, False)
    assert "NO_SIGNING_CERTIFICATE" in codes([facts])


def test_sha1_beside_a_stronger_signature_is_never_valid() -> None:
    facts = only(_with_sha1_reference())
    assert facts.references_intact
    assert facts.signature_intact
    assert "WEAK_DIGEST" in codes([facts])
    assert report(_with_sha1_reference()).verdict != "passed"


def test_a_comment_that_splits_no_text_is_only_named() -> None:
    signed = Form(SEAL).sign(b"<a><b>4</b><c>5</c></a>")
    for commented in (signed.replace(b"<c>", b"<!-- x --><c>"), signed.replace(b"4</b>", b"4<!-- x --></b>")):
        assert codes(XmlDocument(commented).signatures()) == {"COMMENTS_NOT_COVERED"}
        assert report(commented).passed


def _with_sha1_reference() -> bytes:
    return enveloped(LETTER, lambda xml: signature([Ref("", xml, digest="sha1", envelope=True)]))


def test_comments_in_signed_content_are_named_and_not_part_of_what_was_signed() -> None:
    """Class X4: a comment put in afterwards does not break the digest, but must fool nobody."""
    signed = Form(SEAL).sign("<a><Ten>quản trị.giả mạo</Ten></a>".encode())
    split = signed.replace("quản trị.giả".encode(), "quản trị<!-- -->.giả".encode())
    document = XmlDocument(split)
    (facts,) = document.signatures()
    assert intact(facts)
    assert codes([facts]) == {"COMMENT_IN_TEXT"}
    verdict = report(split).signatures[0]
    assert (verdict.indication, verdict.sub_indication) == ("INDETERMINATE", "SIG_CONSTRAINTS_FAILURE")
    assert document.signed_content(facts.id) == ("<a><Ten>quản trị.giả mạo</Ten></a>".encode(),)


def test_instructions_outside_the_root_are_not_covered_by_a_reference_to_the_root() -> None:
    signed = enveloped(b'<a Id="g">x</a>', lambda xml: signature([Ref("#g", xml, envelope=True)]))
    assert only(signed).coverage.whole
    styled = b'<?xml-stylesheet href="x.xsl"?>' + signed
    assert intact(only(styled))
    assert not only(styled).coverage.whole
    assert report(styled).verdict == "indeterminate"


def test_a_claimed_time_that_no_reference_covers_is_not_believed() -> None:
    signed = Form(SEAL, "xmldsig").sign()
    unsigned = (
        b"<ds:Object><ds:SignatureProperties><ds:SignatureProperty Target='#x'>"
        b"<SigningTime xmlns=''>2020-01-01T00:00:00</SigningTime>"
        b"</ds:SignatureProperty></ds:SignatureProperties></ds:Object></ds:Signature>"
    )
    facts = only(signed.replace(b"</ds:Signature>", unsigned))
    assert facts.claimed_time is None
    assert codes([facts]) == {"UNSIGNED_TIME"}


def test_enveloped_signature_on_an_object_inside_the_signature_does_nothing() -> None:
    """As .NET does it and real invoices need it; SigningTime undoes the default namespace at times."""
    data = "<DLHDon Id='d'><So>1</So></DLHDon>"
    time = (
        f'<ds:Object xmlns:ds="{DS}" Id="t"><ds:SignatureProperties><ds:SignatureProperty Target="#s">'
        '<SigningTime xmlns="">2026-11-23T10:00:00</SigningTime></ds:SignatureProperty></ds:SignatureProperties>'
        "</ds:Object>"
    )
    references = [Ref("#d", data.encode(), envelope=True), Ref("#t", time.encode(), envelope=True)]
    made = signature(references, identifier="s", objects=time)
    facts = only(f"<HDon>{data}<DSCKS><NBan>{made}</NBan></DSCKS></HDon>".encode())
    assert intact(facts), facts.findings
    assert facts.claimed_time == AT
    assert codes([facts]) == {"SIGNING_TIME_WITHOUT_ZONE", "ENVELOPED_WITHOUT_EFFECT"}


def test_a_broken_timestamp_is_a_fact_of_the_signature() -> None:
    signed = Form(SEAL, level="B-T").sign()
    at = signed.index(b"<xades:EncapsulatedTimeStamp>") + 2000
    other = b"A" if signed[at : at + 1] != b"A" else b"B"
    changed = signed[:at] + other + signed[at + 1 :]
    (stamp,) = only(changed).timestamps
    assert not stamp.intact
    assert report(changed).verdict == "failed"


def test_a_timestamp_moved_from_another_signature_does_not_count() -> None:
    one, two = Form(SEAL, level="B-T").sign(), Form(PERSON, level="B-T").sign()
    start, end = b"<xades:EncapsulatedTimeStamp>", b"</xades:EncapsulatedTimeStamp>"
    token = two[two.index(start) : two.index(end)]
    changed = one[: one.index(start)] + token + one[one.index(end) :]
    (stamp,) = only(changed).timestamps
    assert not stamp.imprint_matches
    assert report(changed).verdict == "failed"


def test_a_counter_signature_covers_the_value_of_its_parent_and_no_content() -> None:
    """Class C8: it is bound to its parent and does not count as a signature on the document."""
    own = properties.properties()
    made = signature([properties.WHOLE, properties.reference(own)], identifier="s", objects="<!-- -->")
    value = re.search(r"<ds:SignatureValue>[^<]*</ds:SignatureValue>", made)
    assert value is not None
    covered = value.group().replace(">", f' xmlns:ds="{DS}" Id="v">', 1).encode()
    counter = signature([Ref("#v", covered, type=COUNTERSIGNED)], identifier="nguoc")
    unsigned = (
        "<xades:UnsignedProperties><xades:UnsignedSignatureProperties><xades:CounterSignature>"
        f"{counter}</xades:CounterSignature></xades:UnsignedSignatureProperties></xades:UnsignedProperties>"
    )
    made = made.replace("<ds:SignatureValue>", '<ds:SignatureValue Id="v">', 1)
    both = enveloped(structure.LETTER, lambda _: made.replace("<!-- -->", properties.qualifying(own + unsigned)))
    parent, child = XmlDocument(both).signatures()
    assert intact(parent), parent.findings
    assert intact(child), child.findings
    assert parent.coverage.whole
    assert not child.coverage.whole
    assert codes([child]) == {"COUNTER_SIGNATURE"}
    assert child.xml is not None
    assert (child.xml.countersigns, child.xml.inside, child.xml.inside_at) == ("s", "s", 1)
    verdict = report(both)
    assert [s.verdict for s in verdict.signatures] == ["passed", "passed"]
    assert verdict.signatures[1].to_json()["xml"]["countersigns"] == "s"


def test_xades_without_a_bound_certificate_is_called_plain_xmldsig() -> None:
    own = properties.properties()
    start, end = own.index("<xades:SigningCertificateV2>"), own.index("</xades:SigningCertificateV2>")
    bare = own[:start] + own[end + len("</xades:SigningCertificateV2>") :]
    references = [properties.WHOLE, properties.reference(bare)]
    made = signature(references, identifier="s", objects=properties.qualifying(bare))
    facts = only(enveloped(structure.LETTER, lambda _: made))
    assert intact(facts), facts.findings
    assert facts.family == "XMLDSIG"
    assert codes([facts]) == {"CERTIFICATE_NOT_BOUND"}


def test_certificates_and_crls_among_unsigned_values_are_handed_on_as_evidence() -> None:
    crl = WORLD.crl(AT)
    values = (
        f"<xades:CertificateValues><xades:EncapsulatedX509Certificate>{b64(WORLD.tsa.der).decode()}"
        "</xades:EncapsulatedX509Certificate></xades:CertificateValues><xades:RevocationValues><xades:CRLValues>"
        f"<xades:EncapsulatedCRLValue>{b64(crl).decode()}</xades:EncapsulatedCRLValue></xades:CRLValues>"
        "</xades:RevocationValues><xades:AttributeRevocationValues/></xades:UnsignedSignatureProperties>"
    )
    signed = Form(SEAL, level="B-T").sign().replace(b"</xades:UnsignedSignatureProperties>", values.encode())
    facts = only(signed)
    assert intact(facts), facts.findings
    assert facts.certificates == tuple(SEAL.chain.carried)
    assert facts.stored == (Stored(2, (WORLD.tsa,)), Stored(3, (), (crl,)))
    assert codes([facts]) == {"PROPERTY_NOT_CHECKED"}


def test_facts_of_a_batch_are_read_in_time_that_grows_with_the_batch() -> None:
    """Each of many invoices in one file carries its own signature; none is mistaken for another."""
    parts = []
    for n in range(40):
        data = f'<DLHDon Id="d{n}"><So>{n}</So></DLHDon>'
        parts.append(f"<HDon>{data}{signature([Ref(f'#d{n}', data.encode())], identifier=f's{n}')}</HDon>")
    facts = XmlDocument(f"<DLieu>{''.join(parts)}</DLieu>".encode()).signatures()
    assert all(intact(f) for f in facts)
    assert [f.id for f in facts] == [f"s{n}" for n in range(40)]
    assert facts[7].coverage.what == "/DLieu/HDon[8]/DLHDon (#d7)"
    assert codes(facts) == {"SAME_NAME_ELSEWHERE"}


def test_hashing_has_a_budget_for_the_whole_document(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(referring, "ALWAYS_HASHED", 100)
    monkeypatch.setattr(referring, "MAX_HASHED_TIMES", 0)
    facts = only(Form(SEAL).sign())
    assert not facts.references_intact
    assert "LimitExceeded" in facts.findings[0].text


def test_the_number_of_signatures_is_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MAX_SIGNATURES", 1)
    doubled = b"<a>" + b'<Signature xmlns="http://www.w3.org/2000/09/xmldsig#"/>' * 2 + b"</a>"
    with pytest.raises(LimitExceeded):
        XmlDocument(doubled).signatures()
    assert report(doubled).verdict == "failed"


def test_identifiers_are_found_the_same_way_one_by_one_and_all_at_once() -> None:
    root = Tree(b'<a Id="1"><b ID="2"/><c id="3"/><d xml:id="4"/><e Id="5"/><f p:Id="6" xmlns:p="urn:p"/></a>').root
    for lookups in (0, 100):
        ids = Ids(root)
        ids._lookups = lookups
        assert [str(ids.find(v).tag) for v in "12345"] == list("abcde")
        with pytest.raises(KysoError):
            ids.find("6")


def test_the_chain_is_carried_without_its_root() -> None:
    facts = only(Form(PERSON).sign())
    assert facts.certificates == tuple(Certificate.from_der(c.der) for c in PERSON.chain.carried)
