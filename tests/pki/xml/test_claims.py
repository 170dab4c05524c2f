"""What a XAdES signature says beside its time: written, signed, read back, and never believed more than it says."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kyso_pki.ades.sign import sign_document
from kyso_pki.ades.verify import Policy
from kyso_pki.claims import COMMITMENTS, Claims, ProductionPlace, SignaturePolicy
from kyso_pki.document import Intent
from kyso_pki.errors import UsageError
from kyso_pki.facts import PolicyFacts
from kyso_pki.formats import verify_document
from kyso_pki.pdf.document import PdfDocument
from kyso_pki.xml.document import XmlDocument
from tests.attacks.xml import properties as forged
from tests.attacks.xml.forge import enveloped, signature
from tests.attacks.xml.structure import LETTER as OTHER
from tests.judges import xmlsec
from tests.pki.ades.inputs import PDF

from .made import AT, EVIDENCE, LETTER, PERSON, ROOTS, SEAL, WORLD, Form, codes, intact, only, report

POLICY = "Quy chế ký số của UBND tỉnh Mẫu".encode()
NAME = "urn:oid:1.3.6.1.4.1.99999.1"
CLAIMS = Claims(
    roles=("Chủ tịch <UBND> & tỉnh Mẫu", "Người duyệt"),
    place=ProductionPlace("Thành phố Mẫu", "1 Đường Mẫu", "Tỉnh Mẫu", "10000", "VN"),
    commitments=("approval", "urn:mau:cam-ket"),
    policy=SignaturePolicy.of(NAME, POLICY, uri="https://tinh-mau.example/quy-che"),
)


def signed(claims: Claims, xml: bytes = LETTER) -> bytes:
    return sign_document(XmlDocument(xml), Intent(AT, claims=claims), SEAL)


def judged(xml: bytes, *policies: tuple[str, bytes]) -> tuple[str, str | None, set[str]]:
    policy = Policy(signature_policies=policies)
    (result,) = verify_document(xml, trust=WORLD.trust, at=AT, evidence=EVIDENCE, policy=policy).signatures
    return result.verdict, result.sub_indication, {f.code for f in result.findings if f.code.startswith("SIGNATURE")}


def test_claims_are_signed_and_read_back() -> None:
    xml = signed(CLAIMS)
    assert xmlsec.verify(xml, ROOTS, at=AT).valid
    facts = only(xml)
    assert intact(facts), facts.findings
    assert facts.location == "Thành phố Mẫu, 1 Đường Mẫu, Tỉnh Mẫu, 10000, VN"
    assert facts.xml is not None
    assert facts.xml.roles == CLAIMS.roles
    assert facts.xml.commitments == (COMMITMENTS["approval"], "urn:mau:cam-ket")
    assert facts.xml.media_types == ("text/xml",)
    assert facts.xml.policy is not None
    assert (facts.xml.policy.identifier, facts.xml.policy.uri) == (NAME, "https://tinh-mau.example/quy-che")
    shown = report(xml).signatures[0].to_json()["xml"]
    assert shown["roles"] == list(CLAIMS.roles)
    assert shown["policy"]["identifier"] == NAME
    assert only(xml.replace("Người duyệt".encode(), "Người Duyệt".encode())).references_intact is False


def test_a_policy_is_checked_when_its_document_is_given_and_named_when_not() -> None:
    xml = signed(CLAIMS)
    assert judged(xml) == ("passed", None, {"SIGNATURE_POLICY_NOT_CHECKED"})
    assert judged(xml, (NAME, POLICY)) == ("passed", None, set())
    assert judged(xml, ("urn:oid:1.2.3", POLICY)) == ("passed", None, {"SIGNATURE_POLICY_NOT_CHECKED"})
    verdict, sub, found = judged(xml, (NAME, POLICY + b"!"))
    assert (verdict, sub) == ("indeterminate", "POLICY_PROCESSING_ERROR")
    assert found == {"SIGNATURE_POLICY_MISMATCH"}


def test_an_implied_policy_is_said_to_be_implied() -> None:
    facts = only(signed(Claims(policy="implied")))
    assert facts.xml is not None
    assert facts.xml.policy == PolicyFacts(None)
    assert codes([facts]) == set()


def test_without_claims_nothing_is_said() -> None:
    facts = only(signed(Claims()))
    assert facts.xml is not None
    assert (facts.xml.roles, facts.xml.commitments, facts.xml.policy) == ((), (), None)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda: Claims(roles=(" ",)), "role is empty"),
        (lambda: Claims(roles=("a",) * 17), "More than"),
        (lambda: Claims(commitments=("aproval",)), "Unknown commitment"),
        (lambda: Intent(AT, xml_form="xmldsig", claims=CLAIMS), "neither claims"),
        (lambda: PdfDocument(PDF).prepare(Intent(AT, claims=CLAIMS), PERSON.chain, PERSON.scheme), "A PDF signature"),
        (
            lambda: XmlDocument(LETTER).prepare(Intent(AT, location="x", claims=CLAIMS), PERSON.chain, PERSON.scheme),
            "both given",
        ),
        (lambda: Form(PERSON).sign(location="a\x1b[2J"), r"U\+001B in the text for City"),
        (
            lambda: sign_document(XmlDocument(LETTER), Intent(AT, claims=Claims(roles=("a\ufffe",))), PERSON),
            r"U\+FFFE in the text for ClaimedRole",
        ),
        (lambda: Intent(AT, reason="a\udcff"), "no Unicode text"),
    ],
)
def test_what_cannot_be_meant_is_refused(wrong: object, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        wrong()  # type: ignore[operator] # each of them is a function


# Written by others --------------------------------------------------------------------------------------


def foreign(more: str = "", about_data: str = "") -> bytes:
    """XAdES with these properties beside the usual ones."""
    own = forged.properties(more=more)
    end = "</xades:SignedDataObjectProperties>"
    own = own.replace(end, about_data + end)
    made = signature([forged.WHOLE, forged.reference(own)], identifier="s", objects=forged.qualifying(own))
    return enveloped(OTHER, lambda _: made)


def test_roles_and_place_of_the_first_version_are_read_and_certified_roles_named() -> None:
    facts = only(
        foreign(
            "<xades:SignatureProductionPlace><xades:City>Mẫu</xades:City></xades:SignatureProductionPlace>"
            "<xades:SignerRole><xades:ClaimedRoles><xades:ClaimedRole>Kế <b>toán</b>\n trưởng</xades:ClaimedRole>"
            "</xades:ClaimedRoles><xades:CertifiedRoles><xades:CertifiedRole>AA==</xades:CertifiedRole>"
            "</xades:CertifiedRoles></xades:SignerRole>"
        )
    )
    assert intact(facts), facts.findings
    assert facts.location == "Mẫu"
    assert facts.xml is not None
    assert facts.xml.roles == ("Kế toán trưởng",)
    assert codes([facts]) == {"ROLE_NOT_CHECKED"}


PROPERTIES = {
    "a commitment to nothing": (
        "",
        "<xades:CommitmentTypeIndication><xades:AllSignedDataObjects/></xades:CommitmentTypeIndication>",
        "must start with its CommitmentTypeId",
    ),
    "a commitment about another reference": (
        "",
        "<xades:CommitmentTypeIndication><xades:CommitmentTypeId><xades:Identifier>urn:x</xades:Identifier>"
        "</xades:CommitmentTypeId><xades:ObjectReference>#khac</xades:ObjectReference></xades:CommitmentTypeIndication>",
        "does not exist",
    ),
    "a policy without a hash": (
        "<xades:SignaturePolicyIdentifier><xades:SignaturePolicyId><xades:SigPolicyId><xades:Identifier>urn:x"
        "</xades:Identifier></xades:SigPolicyId></xades:SignaturePolicyId></xades:SignaturePolicyIdentifier>",
        "",
        "SigPolicyHash",
    ),
    "a policy that is both": (
        "<xades:SignaturePolicyIdentifier><xades:SignaturePolicyImplied/><xades:SignaturePolicyImplied/>"
        "</xades:SignaturePolicyIdentifier>",
        "",
        "must hold SignaturePolicyId or",
    ),
    "two places": ("<xades:SignatureProductionPlace/><xades:SignatureProductionPlace/>", "", "stands twice"),
    "a policy with an empty name": (
        "<xades:SignaturePolicyIdentifier><xades:SignaturePolicyId><xades:SigPolicyId><xades:Identifier> "
        "</xades:Identifier></xades:SigPolicyId><xades:SigPolicyHash>"
        '<ds:DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"/><ds:DigestValue>AAAA</ds:DigestValue>'
        "</xades:SigPolicyHash></xades:SignaturePolicyId></xades:SignaturePolicyIdentifier>",
        "",
        "is empty",
    ),
}


@pytest.mark.parametrize("name", list(PROPERTIES))
def test_a_property_that_makes_no_sense_is_a_failure(name: str) -> None:
    more, about_data, message = PROPERTIES[name]
    facts = only(foreign(more, about_data))
    assert message in facts.findings[-1].text
    assert report(foreign(more, about_data)).verdict == "failed"


def test_a_policy_hashed_after_transforms_is_not_compared() -> None:
    policy = (
        "<xades:SignaturePolicyIdentifier><xades:SignaturePolicyId><xades:SigPolicyId><xades:Identifier>urn:x"
        "</xades:Identifier><xades:Description>Quy chế</xades:Description></xades:SigPolicyId><ds:Transforms/>"
        '<xades:SigPolicyHash><ds:DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"/>'
        "<ds:DigestValue>AAAA</ds:DigestValue></xades:SigPolicyHash></xades:SignaturePolicyId>"
        "</xades:SignaturePolicyIdentifier>"
    )
    xml = foreign(policy)
    facts = only(xml)
    assert facts.xml is not None
    assert facts.xml.policy is not None
    assert replace(facts.xml.policy, digest=None) == PolicyFacts("urn:x", "sha256", None, False, "Quy chế")
    assert judged(xml, ("urn:x", b""))[2] == {"SIGNATURE_POLICY_NOT_CHECKED"}
