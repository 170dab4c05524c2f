"""What the XML tests sign, who signs it, and how they ask for facts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from cryptography import x509

from kyso_pki.ades.report import DocumentReport
from kyso_pki.ades.sign import sign_document
from kyso_pki.ades.verify import Policy
from kyso_pki.document import Intent, Level, XmlForm
from kyso_pki.evidence import Evidence
from kyso_pki.facts import SignatureFacts
from kyso_pki.formats import verify_document
from kyso_pki.testing import SoftwareSigner, World
from kyso_pki.xml.document import XmlDocument
from tests.judges.holder import Holder

AT = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
WORLD = World.create(at=AT)
PERSON, SEAL = WORLD.person_signer, WORLD.seal_signer
ROOTS = [x509.load_der_x509_certificate(WORLD.root.der)]
EVIDENCE = Evidence(crls=WORLD.crls(AT))

LETTER = """<?xml version="1.0" encoding="UTF-8"?>
<CongVan xmlns="urn:mau:cong-van" xmlns:x="urn:mau:khac" Id="cv-1">
  <So>01/STTTT-CNTT</So>
  <TrichYeu x:loai="thường">V/v ký số &amp; xác thực &lt;mẫu&gt;</TrichYeu>
  <NoiDung><Doan/>Kính gửi: UBND tỉnh Mẫu</NoiDung>
</CongVan>
""".encode()


@dataclass(frozen=True)
class Form:
    """One way to sign."""

    signer: SoftwareSigner
    form: XmlForm = "xades"
    level: Level = "B-B"

    def sign(self, xml: bytes = LETTER, location: str | None = None) -> bytes:
        intent = Intent(AT, level=self.level, xml_form=self.form, location=location)
        return sign_document(XmlDocument(xml), intent, self.signer, WORLD.timestamper(AT))

    @property
    def family(self) -> str:
        return "XAdES" if self.form == "xades" else "XMLDSIG"


FORMS = {
    "xades-rsa": Form(PERSON),
    "xades-rsa-pss": Form(PERSON.using(pss=True)),
    "xades-ecdsa": Form(SEAL),
    "xades-t-rsa": Form(PERSON, level="B-T"),
    "xades-t-ecdsa": Form(SEAL, level="B-T"),
    "xmldsig-rsa": Form(PERSON, "xmldsig"),
    "xmldsig-ecdsa": Form(SEAL, "xmldsig"),
}


def holder(signer: SoftwareSigner) -> Holder:
    """The same key, as the judges want it."""
    key = signer.private_key
    assert not hasattr(key, "public_bytes_raw")
    chain = tuple(x509.load_der_x509_certificate(c.der) for c in signer.chain)
    return Holder(key, chain)


def only(xml: bytes) -> SignatureFacts:
    """The facts of the one signature in a document."""
    (facts,) = XmlDocument(xml).signatures()
    return facts


def intact(facts: SignatureFacts) -> bool:
    return facts.well_formed and facts.references_intact and facts.signature_intact


def report(xml: bytes, *, parts: bool = False) -> DocumentReport:
    """The verdict with the world's root trusted; `parts`: coverage of parts is enough."""
    return verify_document(xml, trust=WORLD.trust, at=AT, evidence=EVIDENCE, policy=Policy(accept_parts=parts))


def codes(facts: Sequence[SignatureFacts]) -> set[str]:
    return {finding.code for f in facts for finding in f.findings}
