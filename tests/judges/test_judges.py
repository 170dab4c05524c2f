"""The judges themselves are shown to work: each accepts a good file that another tool made, and refuses it after one
flipped byte, under a stranger's root, or with something added. What they say about kyso is in tests/flows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID

from tests.documents.makers.throwaway import Authority, p256_key, rsa_key
from tests.judges import (
    dss,
    dss_xml,
    endesive,
    flip,
    java,
    javaxml,
    openssl,
    pdfsig,
    pyhanko,
    python_xmlsec,
    signxml,
    verapdf,
    xmlsec,
)
from tests.judges.holder import Holder, der
from tests.judges.java_build import JudgeMissing, program
from tests.judges.program import need, run
from tests.judges.template import WHOLE

DOCUMENTS = Path(__file__).resolve().parents[1] / "documents"
LETTER = (DOCUMENTS / "cong-van.pdf").read_bytes()
INVOICE = (DOCUMENTS / "hoa-don.xml").read_bytes()
FIELD_INVOICE = (DOCUMENTS / "hoa-don-da-ky.xml").read_bytes()
FIELD_ROOT = x509.load_pem_x509_certificate((DOCUMENTS / "hoa-don-ca.crt").read_bytes())
NAME = (("C", "VN"), ("O", "UBND tỉnh Mẫu"), ("CN", "Nguyễn Văn Mẫu"))
PDF_FLIPS = pytest.mark.parametrize("flipped", [flip.in_pdf_content, flip.in_pdf_value])
XML_FLIPS = pytest.mark.parametrize("element", ["THDon", "SignatureValue", "DigestValue"])
Flip = Callable[[bytes], bytes]


@dataclass(frozen=True)
class Keys:
    authority: Authority
    stranger: Authority
    rsa: Holder
    p256: Holder
    tsa: Holder

    @property
    def root(self) -> x509.Certificate:
        return self.authority.certificate


@pytest.fixture(scope="module")
def keys() -> Keys:
    authority = Authority.named(("C", "VN"), ("CN", "CA thử nghiệm"))

    def holder(
        key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey, only_for: x509.ObjectIdentifier | None = None
    ) -> Holder:
        return Holder(key, (authority.issue(key, *NAME, only_for=only_for).certificate, authority.certificate))

    return Keys(
        authority=authority,
        stranger=Authority.named(("C", "VN"), ("CN", "CA thử nghiệm")),  # the same name, another key
        rsa=holder(rsa_key()),
        p256=holder(p256_key()),
        tsa=holder(rsa_key(), ExtendedKeyUsageOID.TIME_STAMPING),
    )


@pytest.fixture(scope="module")
def by_pyhanko(keys: Keys) -> bytes:
    return pyhanko.sign(LETTER, keys.p256)


@pytest.fixture(scope="module")
def by_endesive(keys: Keys) -> bytes:
    return endesive.sign(LETTER, keys.rsa)


@pytest.fixture(scope="module")
def by_xmlsec1(keys: Keys) -> bytes:
    return xmlsec.sign(INVOICE, keys.p256)


@pytest.fixture(scope="module")
def by_signxml(keys: Keys) -> bytes:
    return signxml.sign(INVOICE, keys.rsa)


# pdfsig


def test_pdfsig_accepts_what_pyhanko_and_endesive_sign(by_pyhanko: bytes, by_endesive: bytes) -> None:
    for pdf, kind in ((by_pyhanko, "ETSI.CAdES.detached"), (by_endesive, "adbe.pkcs7.detached")):
        verdict = pdfsig.verify(pdf)
        assert verdict.valid, verdict.output
        assert verdict.signatures[0].kind == kind
        assert verdict.signatures[0].signer == "Nguyễn Văn Mẫu"


@PDF_FLIPS
def test_pdfsig_refuses_one_flipped_byte(by_pyhanko: bytes, flipped: Flip) -> None:
    verdict = pdfsig.verify(flipped(by_pyhanko))
    assert not verdict.valid
    assert verdict.signatures[0].words != "Signature is Valid."


def test_pdfsig_sees_what_was_added_after_signing(keys: Keys, by_pyhanko: bytes) -> None:
    verdict = pdfsig.verify(pyhanko.sign(by_pyhanko, keys.rsa, field="Signature2"))
    assert [s.total for s in verdict.signatures] == [False, True]
    assert not pdfsig.verify(by_pyhanko + b"\n% added\n").valid


def test_pdfsig_does_not_pass_an_unsigned_file() -> None:
    assert not pdfsig.verify(LETTER).valid


# pyHanko


def test_pyhanko_accepts_what_endesive_signs(keys: Keys, by_endesive: bytes) -> None:
    verdict = pyhanko.verify(by_endesive, [keys.root])
    assert verdict.valid, verdict.output
    assert verdict.signatures[0].coverage == "ENTIRE_FILE"


@PDF_FLIPS
def test_pyhanko_refuses_one_flipped_byte(keys: Keys, by_endesive: bytes, flipped: Flip) -> None:
    assert not pyhanko.verify(flipped(by_endesive), [keys.root]).valid


def test_pyhanko_refuses_a_stranger_s_root(keys: Keys, by_endesive: bytes) -> None:
    verdict = pyhanko.verify(by_endesive, [keys.stranger.certificate])
    assert not verdict.valid
    assert verdict.signatures[0].intact
    assert not verdict.signatures[0].trusted


def test_pyhanko_reads_the_proven_time_of_a_timestamped_signature(keys: Keys) -> None:
    verdict = pyhanko.verify(pyhanko.sign(LETTER, keys.rsa, tsa=keys.tsa), [keys.root])
    assert verdict.valid, verdict.output
    assert verdict.signatures[0].timestamp is not None


# endesive


def test_endesive_accepts_what_pyhanko_signs(keys: Keys, by_pyhanko: bytes) -> None:
    verdict = endesive.verify(by_pyhanko, [keys.root])
    assert verdict.valid, verdict.output


@PDF_FLIPS
def test_endesive_refuses_one_flipped_byte(keys: Keys, by_pyhanko: bytes, flipped: Flip) -> None:
    assert not endesive.verify(flipped(by_pyhanko), [keys.root]).valid


def test_endesive_refuses_a_stranger_s_root(keys: Keys, by_pyhanko: bytes) -> None:
    verdict = endesive.verify(by_pyhanko, [keys.stranger.certificate])
    assert not verdict.valid
    assert verdict.hash_ok
    assert verdict.signature_ok


def test_endesive_is_not_asked_to_sign_with_p256(keys: Keys) -> None:
    with pytest.raises(ValueError, match="RSA only"):
        endesive.sign(LETTER, keys.p256)


# openssl


def test_openssl_cms_accepts_what_pyhanko_and_endesive_put_into_a_pdf(
    keys: Keys, by_pyhanko: bytes, by_endesive: bytes
) -> None:
    for pdf in (by_pyhanko, by_endesive):
        (container,) = openssl.pdf_containers(pdf)
        verdict = openssl.cms_verify(container.cms, container.covered, [keys.root])
        assert verdict.valid, verdict.output


@PDF_FLIPS
def test_openssl_cms_refuses_one_flipped_byte(keys: Keys, by_pyhanko: bytes, flipped: Flip) -> None:
    (container,) = openssl.pdf_containers(flipped(by_pyhanko))
    assert not openssl.cms_verify(container.cms, container.covered, [keys.root]).valid


def test_openssl_cms_refuses_a_stranger_s_root(keys: Keys, by_pyhanko: bytes) -> None:
    (container,) = openssl.pdf_containers(by_pyhanko)
    assert not openssl.cms_verify(container.cms, container.covered, [keys.stranger.certificate]).valid


def test_openssl_ts_accepts_a_token_of_pyhanko_and_refuses_one_flipped_byte(keys: Keys) -> None:
    token = pyhanko.timestamp_token(keys.tsa, LETTER)
    verdict = openssl.ts_verify(token, LETTER, [keys.root])
    assert verdict.valid, verdict.output
    assert not openssl.ts_verify(token, flip.at(LETTER, 100), [keys.root]).valid
    assert not openssl.ts_verify(flip.at(token, len(token) - 20), LETTER, [keys.root]).valid
    assert not openssl.ts_verify(token, LETTER, [keys.stranger.certificate]).valid


def test_openssl_ocsp_accepts_an_answer_of_cryptography_and_refuses_one_flipped_byte(keys: Keys) -> None:
    leaf = keys.rsa.chain[0]
    good = _ocsp_answer(keys.authority, leaf, ocsp.OCSPCertStatus.GOOD)
    verdict = _ocsp_judged(good, leaf, keys)
    assert verdict.valid, verdict.output
    assert verdict.status == "good"
    assert not _ocsp_judged(flip.at(good, len(good) - 20), leaf, keys).valid
    other = _ocsp_judged(good, keys.p256.chain[0], keys)
    assert not other.valid
    assert other.status == ""


def test_openssl_ocsp_reads_revoked_and_refuses_an_old_answer(keys: Keys) -> None:
    leaf = keys.rsa.chain[0]
    revoked = _ocsp_judged(_ocsp_answer(keys.authority, leaf, ocsp.OCSPCertStatus.REVOKED), leaf, keys)
    assert revoked.valid, revoked.output
    assert revoked.status == "revoked"
    old = _ocsp_answer(keys.authority, leaf, ocsp.OCSPCertStatus.GOOD, age=timedelta(days=30))
    assert not _ocsp_judged(old, leaf, keys).valid


def test_openssl_verify_accepts_a_path_of_cryptography_and_refuses_one_flipped_byte(keys: Keys) -> None:
    leaf = keys.rsa.chain[0]
    crl = keys.authority.empty_crl()
    verdict = openssl.chain_verify(leaf, [keys.root], crls=[crl])
    assert verdict.valid, verdict.output
    forged = x509.load_der_x509_certificate(flip.at(der(leaf), len(der(leaf)) - 20))
    assert not openssl.chain_verify(forged, [keys.root]).valid
    assert not openssl.chain_verify(leaf, [keys.stranger.certificate]).valid
    assert not openssl.chain_verify(leaf, [keys.root], crls=[flip.at(crl, len(crl) - 20)]).valid
    assert not openssl.chain_verify(leaf, [keys.root], at=datetime(2050, 1, 1, tzinfo=UTC)).valid


# xmlsec1 and signxml


def test_xmlsec1_accepts_what_signxml_signs(keys: Keys, by_signxml: bytes) -> None:
    verdict = xmlsec.verify(by_signxml, [keys.root])
    assert verdict.valid, verdict.output
    xades = xmlsec.verify(signxml.sign_xades(INVOICE, keys.p256), [keys.root])
    assert xades.valid, xades.output


@XML_FLIPS
def test_xmlsec1_refuses_one_flipped_byte(keys: Keys, by_signxml: bytes, element: str) -> None:
    assert not xmlsec.verify(flip.in_xml_text(by_signxml, element), [keys.root]).valid


def test_xmlsec1_refuses_a_stranger_s_root(keys: Keys, by_signxml: bytes) -> None:
    assert not xmlsec.verify(by_signxml, [keys.stranger.certificate]).valid


def test_signxml_accepts_what_xmlsec1_signs(keys: Keys, by_xmlsec1: bytes) -> None:
    verdict = signxml.verify(by_xmlsec1, [keys.root])
    assert verdict.valid, verdict.output
    assert b"<MCCQT" in verdict.signed[0]


@XML_FLIPS
def test_signxml_refuses_one_flipped_byte(keys: Keys, by_xmlsec1: bytes, element: str) -> None:
    assert not signxml.verify(flip.in_xml_text(by_xmlsec1, element), [keys.root]).valid


def test_signxml_refuses_a_stranger_s_root(keys: Keys, by_xmlsec1: bytes) -> None:
    assert not signxml.verify(by_xmlsec1, [keys.stranger.certificate]).valid


def test_both_xml_judges_accept_an_invoice_signed_as_in_the_field_and_refuse_one_flipped_byte() -> None:
    verdict = xmlsec.verify(FIELD_INVOICE, [FIELD_ROOT])
    assert verdict.valid, verdict.output
    other = signxml.verify(FIELD_INVOICE, [FIELD_ROOT], references=2, field=True)
    assert other.valid, other.output
    for element in ("TgTTTBSo", "SigningTime", "SignatureValue"):
        forged = flip.in_xml_text(FIELD_INVOICE, element)
        assert not xmlsec.verify(forged, [FIELD_ROOT]).valid
        assert not signxml.verify(forged, [FIELD_ROOT], references=2, field=True).valid


# python-xmlsec and Java


def test_python_xmlsec_accepts_what_signxml_signs(keys: Keys, by_signxml: bytes) -> None:
    verdict = python_xmlsec.verify(by_signxml, [keys.root])
    assert verdict.valid, verdict.output


@XML_FLIPS
def test_python_xmlsec_refuses_one_flipped_byte(keys: Keys, by_signxml: bytes, element: str) -> None:
    assert not python_xmlsec.verify(flip.in_xml_text(by_signxml, element), [keys.root]).valid


def test_python_xmlsec_refuses_a_stranger_s_root_and_an_unsigned_file(keys: Keys, by_signxml: bytes) -> None:
    assert not python_xmlsec.verify(by_signxml, [keys.stranger.certificate]).valid
    assert not python_xmlsec.verify(INVOICE, [keys.root]).valid


def test_java_accepts_what_xmlsec1_and_signxml_sign_and_hands_back_what_was_hashed(
    keys: Keys, by_xmlsec1: bytes, by_signxml: bytes
) -> None:
    java.need()
    for signed in (by_xmlsec1, by_signxml):
        verdict = javaxml.verify(signed, [keys.root], at=datetime.now(UTC))
        assert verdict.valid, verdict.output
        assert b"<MCCQT" in verdict.signed[0][0]


@XML_FLIPS
def test_java_refuses_one_flipped_byte(keys: Keys, by_xmlsec1: bytes, element: str) -> None:
    java.need()
    forged = flip.in_xml_text(by_xmlsec1, element)
    assert not javaxml.verify(forged, [keys.root], at=datetime.now(UTC)).valid


def test_java_refuses_a_stranger_s_root_a_doctype_and_an_unsigned_file(keys: Keys, by_xmlsec1: bytes) -> None:
    java.need()
    now = datetime.now(UTC)
    assert not javaxml.verify(by_xmlsec1, [keys.stranger.certificate], at=now).valid
    assert not javaxml.verify(INVOICE, [keys.root], at=now).valid
    assert "DOCTYPE" in javaxml.verify((DOCUMENTS / "bad/doctype.xml").read_bytes(), [keys.root], at=now).output


def test_the_other_xml_judges_accept_what_java_and_python_xmlsec_sign(keys: Keys) -> None:
    java.need()
    for signed in (javaxml.sign(INVOICE, keys.p256), python_xmlsec.sign(INVOICE, keys.rsa)):
        verdict = xmlsec.verify(signed, [keys.root])
        assert verdict.valid, verdict.output
        other = signxml.verify(signed, [keys.root])
        assert other.valid, other.output


# EU DSS


def _dss(keys: Keys, document: bytes, *, root: x509.Certificate | None = None, crl: bool = True) -> dss.DssVerdict:
    java.need()
    crls = [keys.authority.empty_crl()] if crl else []
    return dss.verify(document, [root or keys.root], at=datetime.now(UTC), crls=crls)


def test_dss_accepts_what_pyhanko_and_endesive_sign(keys: Keys, by_pyhanko: bytes, by_endesive: bytes) -> None:
    for pdf, kind in ((by_pyhanko, "PAdES-BASELINE-B"), (by_endesive, "PKCS7-B")):
        verdict = _dss(keys, pdf)
        assert verdict.valid, verdict.output
        assert verdict.signatures[0].format == kind
        assert verdict.signatures[0].intact


@PDF_FLIPS
def test_dss_refuses_one_flipped_byte(keys: Keys, by_pyhanko: bytes, flipped: Flip) -> None:
    assert not _dss(keys, flipped(by_pyhanko)).valid


def test_dss_refuses_a_stranger_s_root(keys: Keys, by_pyhanko: bytes) -> None:
    verdict = _dss(keys, by_pyhanko, root=keys.stranger.certificate)
    assert not verdict.valid
    assert verdict.signatures[0].intact


def test_dss_does_not_pass_what_nobody_answers_for(keys: Keys, by_pyhanko: bytes) -> None:
    """No CRL is given to it, and it fetches none."""
    verdict = _dss(keys, by_pyhanko, crl=False)
    assert not verdict.valid
    assert verdict.signatures[0].indication == "INDETERMINATE"


def test_dss_tells_a_second_signature_from_a_page_that_was_changed_after_signing(
    keys: Keys, by_pyhanko: bytes
) -> None:
    twice = _dss(keys, pyhanko.sign(by_pyhanko, keys.rsa, field="Signature2"))
    assert twice.valid, twice.output
    assert twice.signatures[0].form_changes
    assert not twice.signatures[0].undefined_changes
    changed = _dss(keys, pyhanko.with_another_page_content(by_pyhanko))
    assert changed.signatures[0].undefined_changes
    assert not changed.valid


def test_dss_does_not_pass_an_unsigned_file(keys: Keys) -> None:
    assert not _dss(keys, LETTER).valid
    assert not _dss(keys, b"no document").valid


def test_dss_accepts_xades_of_signxml_and_refuses_one_flipped_byte(keys: Keys) -> None:
    signed = signxml.sign_xades(INVOICE, keys.p256)
    verdict = _dss(keys, signed)
    assert verdict.valid, verdict.output
    assert verdict.signatures[0].format == "XAdES-BASELINE-B"
    for element in ("THDon", "SignatureValue", "DigestValue"):
        assert not _dss(keys, flip.in_xml_text(signed, element)).valid


def test_the_xml_judges_accept_the_xades_that_dss_signs(keys: Keys) -> None:
    java.need()
    signed = dss_xml.sign(INVOICE, keys.rsa, at=datetime.now(UTC), references=[WHOLE])
    verdict = xmlsec.verify(signed, [keys.root])
    assert verdict.valid, verdict.output
    other = signxml.verify_xades(signed, [keys.root])
    assert other.valid, other.output
    assert _dss(keys, signed).signatures[0].scopes == ("FULL: The full XML file with transformations.",)


def test_the_judges_accept_what_dss_signs(keys: Keys) -> None:
    java.need()
    signed = dss.sign(LETTER, keys.p256, at=datetime.now(UTC), certify=2)
    verdict = pyhanko.verify(signed, [keys.root])
    assert verdict.valid, verdict.output
    seen = pdfsig.verify(signed)
    assert seen.valid, seen.output
    assert _dss(keys, signed).signatures[0].doc_mdp == 2


# veraPDF


def test_verapdf_passes_an_archival_letter_and_says_what_is_wrong_with_another() -> None:
    java.need()
    archival = (DOCUMENTS / "cong-van-pdfa-2b.pdf").read_bytes()
    assert verapdf.verify(archival, "2b").valid
    broken = verapdf.verify(archival.replace(b"<pdfaid:part>2<", b"<pdfaid:part>4<"), "2b")
    assert not broken.valid
    assert any("pdfaid:part" in failure for failure in broken.failures)
    assert not verapdf.verify(archival, "no such profile").valid
    assert not verapdf.verify(b"no document", "2b").valid


# a judge that is missing


def test_a_missing_java_is_an_error_naming_its_packages() -> None:
    with pytest.raises(JudgeMissing, match="apt-get install openjdk-17-jdk-headless maven"):
        program("kyso-no-such-program")


def test_a_missing_program_is_an_error_naming_its_package() -> None:
    with pytest.raises(RuntimeError, match="install poppler-utils"):
        run(["kyso-no-such-program"], package="poppler-utils")


def test_a_missing_library_is_an_error_naming_its_package() -> None:
    with pytest.raises(RuntimeError, match="pip install signxml"):
        need("kyso_no_such_library", package="signxml")


def _ocsp_judged(answer: bytes, leaf: x509.Certificate, keys: Keys) -> openssl.OcspVerdict:
    return openssl.ocsp_verify(answer, leaf, keys.root, [keys.root], hash_name="sha256")


def _ocsp_answer(
    authority: Authority, leaf: x509.Certificate, status: ocsp.OCSPCertStatus, age: timedelta = timedelta(minutes=5)
) -> bytes:
    """Signed by the CA itself, good for one day from `age` ago. Uses the clock, because `openssl ocsp` does."""
    since = datetime.now(UTC) - age
    revoked = status is ocsp.OCSPCertStatus.REVOKED
    builder = ocsp.OCSPResponseBuilder().add_response(
        cert=leaf,
        issuer=authority.certificate,
        algorithm=hashes.SHA256(),
        cert_status=status,
        this_update=since,
        next_update=since + timedelta(days=1),
        revocation_time=since if revoked else None,
        revocation_reason=x509.ReasonFlags.key_compromise if revoked else None,
    )
    answer = builder.responder_id(ocsp.OCSPResponderEncoding.HASH, authority.certificate).sign(
        authority.key, hashes.SHA256()
    )
    return answer.public_bytes(serialization.Encoding.DER)
