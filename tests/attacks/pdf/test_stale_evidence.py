"""Attack classes V1 and V2: a thief signs with a revoked key and adds an answer from before the revocation.

The answer is authentic and before its nextUpdate. It lies in the DSS, in the CMS as a CRL or as an OCSP answer
(RFC 5940), where no signature covers it. The issuer's current word is "revoked: keyCompromise".
"""

from __future__ import annotations

from datetime import timedelta

import pytest

from kyso_pki.ades import grow
from kyso_pki.ades.report import DocumentReport
from kyso_pki.ades.sign import sign_document
from kyso_pki.asn1 import der
from kyso_pki.document import Intent, Level
from kyso_pki.evidence import Evidence
from kyso_pki.formats import verify_document
from kyso_pki.pdf.document import PdfDocument
from kyso_pki.testing import FetchFault, World
from kyso_pki.x509 import ocsp
from tests.attacks.cms import forge
from tests.pki.pdf.samples import AT, table_pdf

DAY = timedelta(days=1)
OCSP_RESPONSE = "1.3.6.1.5.5.7.16.2"  # id-ri-ocsp-response, RFC 5940 2.1


class Theft:
    """Three days ago all was well; two days ago the thief kept the CA's answers; yesterday the key was revoked."""

    def __init__(self) -> None:
        self.world = World.create(at=AT - 3 * DAY)
        person = self.world.person
        self.crls = self.world.crls(AT - 2 * DAY)
        request = ocsp.request(person, self.world.issuing)
        self.answer = self.world.ocsp_response(request, AT - 2 * DAY, hours=24 * 7)
        self.tsa_answer = self.world.ocsp_response(ocsp.request(self.world.tsa, self.world.issuing), AT, hours=24 * 7)
        self.world.revoke(person, AT - DAY, "keyCompromise")

    def in_dss(self, *, as_ocsp: bool, level: Level = "B-B") -> bytes:
        data = sign_document(
            PdfDocument(table_pdf()), Intent(AT, level), self.world.person_signer, self.world.timestamper(AT)
        )
        answers = (self.answer, self.tsa_answer) if as_ocsp else ()
        kept = Evidence(crls=self.crls[1:] if as_ocsp else self.crls, ocsp=answers)
        return grow.add_evidence(PdfDocument(data), kept).data

    def in_cms(self, *, as_ocsp: bool) -> bytes:
        signer = self.world.person_signer
        other = der.tlv(0xA1, der.oid(OCSP_RESPONSE) + self.answer)
        kept = other + self.crls[1] if as_ocsp else b"".join(self.crls)
        info = forge.signer_info(signer, forge.set_of(forge.usual_attributes(signer)))
        return forge.letter().with_cms(forge.cms(info, crls=der.tlv(0xA1, kept), signer=signer))

    def judged(self, data: bytes, fault: FetchFault | None = None, *, online: bool = True) -> DocumentReport:
        fetcher = self.world.fetcher(AT + DAY / 24, fault) if online else None
        return verify_document(data, trust=self.world.trust, at=AT + DAY / 24, fetcher=fetcher)


def stolen(place: str) -> tuple[Theft, bytes]:
    theft = Theft()
    make = theft.in_dss if place.startswith("DSS") else theft.in_cms
    return theft, make(as_ocsp=place.endswith("OCSP"))


PLACES = ["DSS, CRL", "DSS, OCSP", "CMS, CRL", "CMS, OCSP"]


@pytest.mark.parametrize("place", PLACES)
def test_a_kept_answer_does_not_outvote_the_issuer(place: str) -> None:
    theft, data = stolen(place)
    [signature] = theft.judged(data).signatures
    assert signature.verdict == "indeterminate"
    assert (signature.revocation.status, signature.revocation.reason) == ("revoked", "keyCompromise")


@pytest.mark.parametrize("fault", ["unreachable", "refused", "junk", "foreign"])
@pytest.mark.parametrize("place", PLACES)
def test_who_cuts_the_network_gains_nothing_by_a_kept_answer(place: str, fault: FetchFault) -> None:
    theft, data = stolen(place)
    [signature] = theft.judged(data, fault).signatures
    assert signature.verdict == "indeterminate"
    assert signature.revocation.status in ("not_checked", "unknown")


@pytest.mark.parametrize("place", PLACES)
def test_offline_the_report_says_of_when_the_kept_answer_is(place: str) -> None:
    """Nobody is asked, and the answer is current: EN 319 102-1 5.2.5 takes it, and its age is told."""
    theft, data = stolen(place)
    [signature] = theft.judged(data, online=False).signatures
    assert signature.revocation.at == AT - 2 * DAY
    assert "may be older than the signature" in signature.revocation.text
    [told] = [f for f in signature.findings if f.code == "REVOCATION_AGE"]
    assert told.severity == "warning"
    assert f"as of {AT - 2 * DAY:%Y-%m-%d %H:%M:%S} UTC only, 2 days before this validation" in told.text
    assert f"({place[5:].lower()} (at hand))" in told.text


def test_offline_the_age_counts_from_the_proven_time_and_a_young_answer_is_no_warning() -> None:
    theft = Theft()
    [signature] = theft.judged(theft.in_dss(as_ocsp=True, level="B-T"), online=False).signatures
    [told] = [f for f in signature.findings if f.code == "REVOCATION_AGE"]
    assert (told.severity, "2 days before the signature is proven" in told.text) == ("warning", True)
    young = Evidence(crls=theft.world.crls(AT - DAY / 12))
    data = sign_document(PdfDocument(table_pdf()), Intent(AT), theft.world.seal_signer, None)
    report = verify_document(data, trust=theft.world.trust, at=AT, evidence=young)
    assert report.passed
    assert [(f.severity, "2 hours before" in f.text) for f in report.signatures[0].findings] == [("info", True)]


@pytest.mark.parametrize("as_ocsp", [False, True])
@pytest.mark.parametrize("fault", [None, "unreachable"])
def test_a_timestamp_of_today_does_not_save_a_kept_answer(as_ocsp: bool, fault: FetchFault | None) -> None:
    theft = Theft()
    [signature] = theft.judged(theft.in_dss(as_ocsp=as_ocsp, level="B-T"), fault).signatures
    assert signature.verdict == "indeterminate"
    assert signature.revocation.status == ("not_checked" if fault else "revoked")


def test_an_archive_passes_where_the_issuer_answers_and_offline() -> None:
    """The counterpart: evidence from after the proven time serves as before."""
    world = World.create(at=AT)
    sources = grow.Sources(AT, world.fetcher(AT), trust=world.trust)
    data = sign_document(
        PdfDocument(table_pdf()), Intent(AT, "B-LTA"), world.person_signer, world.timestamper(AT), sources
    )
    for fetcher in (None, world.fetcher(AT + DAY / 24)):
        report = verify_document(data, trust=world.trust, at=AT + DAY / 24, fetcher=fetcher)
        assert report.passed
        assert "REVOCATION_AGE" not in {f.code for s in report.signatures for f in s.findings}
