"""Independent programs accept what kyso signs; kyso accepts what they sign, and not after one flipped byte."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from kyso_pki.testing import SoftwareSigner
from kyso_pki.xml.c14n import METHODS
from kyso_pki.xml.document import XmlDocument
from tests.judges import flip, signxml, xmlsec

from .made import AT, FORMS, LETTER, PERSON, ROOTS, SEAL, WORLD, Form, holder, intact, only, report
from .templates import INHERITING, signed_by_xmlsec1

MAKERS: dict[str, Callable[..., bytes]] = {
    "xmlsec1": xmlsec.sign,
    "signxml": signxml.sign,
    "signxml-xades": signxml.sign_xades,
}
SIGNERS = {"rsa": PERSON, "ecdsa": SEAL}
PLACES = ("TrichYeu", "DigestValue", "SignatureValue", "X509Certificate")


@pytest.fixture(params=list(FORMS))
def form(request: pytest.FixtureRequest) -> Form:
    return FORMS[request.param]


def test_xmlsec1_accepts_what_we_sign(form: Form) -> None:
    if form.signer.scheme.padding == "pss":
        form = Form(PERSON.using("sha512"), form.form)  # xmlsec1 1.2 knows no PSS; SHA-512 is judged in its place
    verdict = xmlsec.verify(form.sign(), ROOTS, at=AT)
    assert verdict.valid, verdict.output


def test_signxml_accepts_what_we_sign(form: Form) -> None:
    verdict = signxml.verify(form.sign(), ROOTS, at=AT)
    assert verdict.valid, verdict.output


@pytest.mark.parametrize("name", [n for n, f in FORMS.items() if f.form == "xades"])
def test_signxml_accepts_our_xades_properties(name: str) -> None:
    verdict = signxml.verify_xades(FORMS[name].sign(), ROOTS, at=AT)
    assert verdict.valid, verdict.output


def test_what_signxml_verified_is_what_we_call_signed(form: Form) -> None:
    signed = form.sign()
    document = XmlDocument(signed)
    assert document.signed_content(document.signatures()[0].id) == signxml.verify(signed, ROOTS, at=AT).signed[:1]


@pytest.mark.parametrize("name", list(FORMS))
@pytest.mark.parametrize("place", PLACES)
def test_one_flipped_byte_is_seen_by_us_and_by_signxml(name: str, place: str) -> None:
    changed = flip.in_xml_text(FORMS[name].sign(), place)
    assert not intact(only(changed))
    assert not signxml.verify(changed, ROOTS, at=AT).valid


@pytest.mark.parametrize("kind", SIGNERS)
@pytest.mark.parametrize("maker", MAKERS)
def test_we_accept_what_judges_sign(maker: str, kind: str) -> None:
    signed = MAKERS[maker](LETTER, holder(SIGNERS[kind]))
    facts = only(signed)
    assert intact(facts), facts.findings
    assert facts.coverage.whole
    assert facts.family == ("XAdES" if maker == "signxml-xades" else "XMLDSIG")
    assert facts.certificate == SIGNERS[kind].certificate
    assert report(signed).passed


@pytest.mark.parametrize("kind", SIGNERS)
@pytest.mark.parametrize("maker", MAKERS)
@pytest.mark.parametrize("place", PLACES)
def test_we_refuse_what_judges_signed_after_one_flipped_byte(maker: str, kind: str, place: str) -> None:
    signed = MAKERS[maker](LETTER, holder(SIGNERS[kind]))
    assert not intact(only(flip.in_xml_text(signed, place)))
    assert report(flip.in_xml_text(signed, place)).verdict == "failed"


@pytest.mark.parametrize("kind", SIGNERS)
@pytest.mark.parametrize("place", ["SigningTime", "MimeType"])
def test_we_refuse_signxml_xades_after_one_flipped_byte_in_its_properties(kind: str, place: str) -> None:
    signed = signxml.sign_xades(LETTER, holder(SIGNERS[kind]))
    facts = only(flip.in_xml_text(signed, place))
    assert not facts.references_intact


@pytest.mark.parametrize("place", ["SigningTime", "MimeType", "IssuerSerialV2"])
def test_we_refuse_our_own_xades_after_one_flipped_byte_in_its_properties(place: str) -> None:
    facts = only(flip.in_xml_text(Form(SEAL).sign(), place))
    assert not facts.references_intact


@pytest.mark.parametrize(("reference", "enveloped"), [("#phan", False), ("#goc", True), ("", True)])
@pytest.mark.parametrize("uri", list(METHODS))
@pytest.mark.parametrize("signed_info", list(METHODS))
def test_every_canonicalisation_agrees_with_xmlsec1(
    signed_info: str, uri: str, reference: str, enveloped: bool
) -> None:
    """Inherited namespaces and xml:* attributes, a default namespace, comments and instructions, in each method."""
    signed = signed_by_xmlsec1(
        INHERITING, PERSON, uri=reference, transforms=[uri], c14n=signed_info, enveloped=enveloped
    )
    facts = only(signed)
    assert intact(facts), facts.findings


@pytest.mark.parametrize("prefixes", ["x", "x y", "y x z", "#default", "x #default y"])
def test_exclusive_canonicalisation_with_a_prefix_list_agrees_with_xmlsec1(prefixes: str) -> None:
    signed = signed_by_xmlsec1(INHERITING, SEAL, uri="#phan", prefixes=prefixes)
    assert intact(only(signed))


@pytest.mark.parametrize("transforms", [[], ["http://www.w3.org/2001/10/xml-exc-c14n#"]])
def test_a_reference_without_canonicalisation_is_inclusive_1_0(transforms: list[str]) -> None:
    assert intact(only(signed_by_xmlsec1(INHERITING, PERSON, uri="#phan", transforms=transforms)))


def test_an_enveloping_signature_of_xmlsec1_covers_its_object() -> None:
    signed = signed_by_xmlsec1(b"", PERSON, uri="#trong", content="<CongVan xmlns='urn:mau'>Nội dung</CongVan>")
    facts = only(signed)
    assert intact(facts), facts.findings
    assert (facts.coverage.whole, facts.coverage.what) == (
        True,
        "all that the signature holds: /Signature/Object (#trong)",
    )


def test_a_base64_object_of_xmlsec1_is_decoded_and_hashed() -> None:
    base64 = "http://www.w3.org/2000/09/xmldsig#base64"
    signed = signed_by_xmlsec1(b"", PERSON, uri="#trong", transforms=[base64], content="Q8O0bmcgdsSDbg==")
    facts = only(signed)
    assert intact(facts), facts.findings
    assert XmlDocument(signed).signed_content(facts.id) == ("Công văn".encode(),)


@pytest.mark.parametrize("signer", [PERSON, SEAL, WORLD.stranger_signer], ids=["person", "seal", "stranger"])
def test_an_intact_signature_is_not_yet_a_trusted_one(signer: SoftwareSigner) -> None:
    signed = xmlsec.sign(LETTER, holder(signer))
    assert intact(only(signed))
    assert report(signed).passed is (signer is not WORLD.stranger_signer)
