"""Independent judges accept what kyso signs, and kyso accepts what they sign and refuses it after one flipped byte.

Everything runs for RSA-2048 and P-256 with the in-memory PKI `kyso_pki.testing.World`. The world stands at the
machine's own time, because endesive and `openssl ocsp` take no other. What a judge cannot do, and why, is told in
tests/judges/README.md. XML has a matrix of its own: test_xml_products.py.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509

import kyso
from kyso_pki.ades.report import DocumentReport
from kyso_pki.ades.verify import DEFAULT_POLICY, Policy
from kyso_pki.evidence import Evidence
from kyso_pki.scheme import digest
from kyso_pki.testing import World
from kyso_pki.tsp import parse_request
from tests.judges import endesive, flip, openssl, pdfsig, pyhanko

from .province import Province, holder_of, now, plain

DOCUMENTS = Path(__file__).resolve().parents[1] / "documents"
PDFS = ("cong-van.pdf", "cong-van-objstm.pdf", "ban-quet-20-trang.pdf", "da-ky.pdf")
KEYS = pytest.mark.parametrize("key", ["rsa2048", "p256"])
FLIPS = pytest.mark.parametrize("flipped", [flip.in_pdf_content, flip.in_pdf_value])
PDF_LEVELS = pytest.mark.parametrize("level", ["B-B", "B-T"])


@pytest.fixture(scope="module")
def province() -> Province:
    return Province(World.create(at=now()))


# PDF: what kyso signs


@KEYS
@PDF_LEVELS
@pytest.mark.parametrize("name", PDFS)
def test_every_pdf_judge_accepts_what_kyso_signs(province: Province, name: str, key: str, level: str) -> None:
    signed = province.sign(_octets(name), key, level=level)
    anchors = [province.root, *_roots_of(name)]

    seen = pdfsig.verify(signed)
    assert seen.valid, seen.output
    assert seen.signatures[-1].words == "Signature is Valid."
    assert seen.signatures[-1].total  # "Total document signed"

    judged = pyhanko.verify(signed, anchors)
    assert judged.valid, judged.output
    assert judged.signatures[-1].modification == "NONE"
    assert (judged.signatures[-1].timestamp is not None) == (level == "B-T")

    other = endesive.verify(signed, anchors)
    assert other.valid, other.output
    assert other.timestamp_ok == (True if level == "B-T" else None)

    container = openssl.pdf_containers(signed)[-1]
    cms = openssl.cms_verify(container.cms, container.covered, anchors)
    assert cms.valid, cms.output


@KEYS
@FLIPS
def test_every_pdf_judge_refuses_what_kyso_signed_after_one_flipped_byte(
    province: Province, key: str, flipped: Callable[[bytes], bytes]
) -> None:
    changed = flipped(province.sign(_octets("cong-van.pdf"), key))
    (container,) = openssl.pdf_containers(changed)
    assert not pdfsig.verify(changed).valid
    assert not pyhanko.verify(changed, [province.root]).valid
    assert not endesive.verify(changed, [province.root]).valid
    assert not openssl.cms_verify(container.cms, container.covered, [province.root]).valid
    assert province.verify(changed).verdict == "failed"


@pytest.mark.parametrize("name", ["cong-van.pdf", "cong-van-objstm.pdf"])
@pytest.mark.parametrize("first", ["kyso", "pyhanko"])
@pytest.mark.parametrize("second", ["kyso", "pyhanko"])
def test_all_accept_a_letter_signed_by_one_and_countersigned_by_the_other(
    province: Province, name: str, first: str, second: str
) -> None:
    """The official signs, then the agency: an added invisible signature is no change of what was signed."""
    by_hand: dict[str, Callable[[bytes, str], bytes]] = {
        "kyso": lambda pdf, key: province.sign(pdf, key),
        "pyhanko": lambda pdf, key: pyhanko.sign(pdf, province.holder(key), field=f"By-{key}"),
    }
    signed = by_hand[second](by_hand[first](_octets(name), "rsa2048"), "p256")
    seen = pdfsig.verify(signed)
    assert seen.valid, seen.output
    assert [s.total for s in seen.signatures] == [False, True]
    judged = pyhanko.verify(signed, [province.root])
    assert judged.valid, judged.output
    assert len(judged.signatures) == 2
    report = province.verify(signed)
    assert report.passed, report.to_json()


def test_kyso_accepts_its_countersignature_of_a_letter_that_endesive_signed(province: Province) -> None:
    signed = province.sign(endesive.sign(_octets("cong-van.pdf"), province.holder("rsa2048")), "p256")
    report = province.verify(signed)
    assert report.passed, report.to_json()


# PDF: what kyso must accept


@KEYS
@PDF_LEVELS
def test_kyso_accepts_what_pyhanko_signs(province: Province, key: str, level: str) -> None:
    tsa = holder_of(province.world.tsa_signer) if level == "B-T" else None
    report = province.verify(pyhanko.sign(_octets("cong-van.pdf"), province.holder(key), tsa=tsa))
    assert report.passed, report.to_json()
    assert report.signatures[0].level == f"PAdES-{level}"
    assert (report.signatures[0].proven_time is not None) == (level == "B-T")


@pytest.mark.parametrize("name", ["cong-van.pdf", "ban-quet-20-trang.pdf"])
def test_kyso_accepts_what_endesive_signs(province: Province, name: str) -> None:
    """RSA and classic xref tables only: endesive cannot do the others rightly (tests/judges/README.md)."""
    report = province.verify(endesive.sign(_octets(name), province.holder("rsa2048")))
    assert report.passed, report.to_json()


@KEYS
@FLIPS
def test_kyso_refuses_what_pyhanko_signed_after_one_flipped_byte(
    province: Province, key: str, flipped: Callable[[bytes], bytes]
) -> None:
    report = province.verify(flipped(pyhanko.sign(_octets("cong-van.pdf"), province.holder(key))))
    assert report.verdict == "failed", report.to_json()


@FLIPS
def test_kyso_refuses_what_endesive_signed_after_one_flipped_byte(
    province: Province, flipped: Callable[[bytes], bytes]
) -> None:
    report = province.verify(flipped(endesive.sign(_octets("cong-van.pdf"), province.holder("rsa2048"))))
    assert report.verdict == "failed", report.to_json()


@KEYS
def test_kyso_does_not_pass_what_pyhanko_signs_with_a_key_of_another_ca(province: Province, key: str) -> None:
    other = World.create(at=now(), number=7, name="tỉnh Khác")
    signed = pyhanko.sign(_octets("cong-van.pdf"), holder_of(Province(other).signer(key)))
    assert province.verify(signed).verdict != "passed"


# the committed documents that others signed


@pytest.mark.parametrize(("name", "count"), [("da-ky.pdf", 1), ("da-ky-hai-chu-ky.pdf", 2), ("hoa-don-da-ky.xml", 1)])
def test_kyso_reads_the_committed_signed_documents_as_intact_and_trusted(name: str, count: int) -> None:
    report = _committed(name, _octets(name))
    assert len(report.signatures) == count
    for signature in report.signatures:
        assert signature.references_intact
        assert signature.signature_intact
        assert len(signature.path) == 2
        assert signature.revocation.status == "good"


def test_kyso_passes_the_committed_letter_that_pyhanko_signed() -> None:
    report = _committed("da-ky.pdf", _octets("da-ky.pdf"))
    assert report.passed, report.to_json()


def test_kyso_passes_the_committed_invoice_only_for_a_caller_who_accepts_a_signed_part() -> None:
    """The seller signs DLHDon and the signing time, not the whole file: X1, coverage must be shown."""
    invoice = _octets("hoa-don-da-ky.xml")
    assert _committed("hoa-don-da-ky.xml", invoice).verdict != "passed"
    report = _committed("hoa-don-da-ky.xml", invoice, Policy(accept_parts=True))
    assert report.passed, report.to_json()
    assert "DLHDon" in report.signatures[0].coverage.what


def test_kyso_tells_the_agency_s_seal_from_something_laid_over_the_page() -> None:
    """NĐ 30/2020: over a third of the official's signature, and over nothing that the page itself shows (P9)."""
    report = _committed("da-ky-hai-chu-ky.pdf", _octets("da-ky-hai-chu-ky.pdf"))
    official, agency = report.signatures
    assert agency.passed
    (sealed,) = [change for change in official.changes_after if change.field == "ChuKyCoQuan"]
    assert (sealed.kind, sealed.allowed, sealed.blank, sealed.page) == ("overlay", False, True, 2)
    assert official.changed_after == "overlaid"
    assert report.verdict == "indeterminate", report.to_json()
    policy = Policy(accept_blank_overlays=True)
    lenient = _committed("da-ky-hai-chu-ky.pdf", _octets("da-ky-hai-chu-ky.pdf"), policy)
    assert lenient.passed, lenient.to_json()


@pytest.mark.parametrize("name", ["da-ky.pdf", "da-ky-hai-chu-ky.pdf"])
@FLIPS
def test_kyso_refuses_a_committed_signed_pdf_after_one_flipped_byte(
    name: str, flipped: Callable[[bytes], bytes]
) -> None:
    assert _committed(name, flipped(_octets(name))).verdict == "failed"


@pytest.mark.parametrize("element", ["TgTTTBSo", "SigningTime", "SignatureValue"])
def test_kyso_refuses_the_committed_signed_invoice_after_one_flipped_byte(element: str) -> None:
    changed = flip.in_xml_text(_octets("hoa-don-da-ky.xml"), element)
    assert _committed("hoa-don-da-ky.xml", changed).verdict == "failed"


# the PKI around: openssl verify, ocsp, ts


@KEYS
def test_openssl_verify_accepts_kyso_s_certificates_and_crls(province: Province, key: str) -> None:
    world, holder = province.world, province.holder(key)
    crls = [world.crl(now()), world.crl(now(), world.root_signer)]
    verdict = openssl.chain_verify(holder.chain[0], [province.root], intermediates=[plain(world.issuing)], crls=crls)
    assert verdict.valid, verdict.output


@KEYS
def test_openssl_ocsp_accepts_kyso_s_answers(province: Province, key: str) -> None:
    world, leaf = province.world, province.holder(key).chain[0]
    answer = world.ocsp_response(openssl.ocsp_request(leaf, plain(world.issuing)), now())
    verdict = openssl.ocsp_verify(answer, leaf, plain(world.issuing), [province.root])
    assert verdict.valid, verdict.output
    assert verdict.status == "good"


def test_openssl_reads_kyso_s_revocation_in_both_the_ocsp_answer_and_the_crl() -> None:
    province = Province(World.create(at=now()))
    world, leaf = province.world, province.holder("p256").chain[0]
    world.revoke(world.seal, now() - timedelta(minutes=1), "keyCompromise")
    answer = world.ocsp_response(openssl.ocsp_request(leaf, plain(world.issuing)), now())
    verdict = openssl.ocsp_verify(answer, leaf, plain(world.issuing), [province.root])
    assert verdict.valid, verdict.output
    assert verdict.status == "revoked"
    crls = [world.crl(now()), world.crl(now(), world.root_signer)]
    path = openssl.chain_verify(leaf, [province.root], intermediates=[plain(world.issuing)], crls=crls)
    assert not path.valid
    assert "certificate revoked" in path.output


def test_openssl_ts_accepts_kyso_s_answer_to_its_own_query(province: Province) -> None:
    message = _octets("cong-van.pdf")
    query = parse_request(openssl.ts_query(message))
    assert query.imprint == digest("sha256", message)
    assert query.nonce is not None
    response = province.world.timestamper(now()).respond(query.imprint, query.hash_name, query.nonce)
    verdict = openssl.ts_verify(response, message, [province.root], response=True)
    assert verdict.valid, verdict.output
    assert not openssl.ts_verify(response, message + b" ", [province.root], response=True).valid


def _octets(name: str) -> bytes:
    return (DOCUMENTS / name).read_bytes()


def _roots_of(name: str) -> list[x509.Certificate]:
    """The CA of a document that was signed before kyso came."""
    return [x509.load_pem_x509_certificate(_octets("da-ky-ca.crt"))] if name.startswith("da-ky") else []


def _committed(name: str, octets: bytes, policy: Policy = DEFAULT_POLICY) -> DocumentReport:
    """kyso's report on a committed document, with the CA and the CRL that lie beside it."""
    ca = "hoa-don-ca" if name.startswith("hoa-don") else "da-ky-ca"
    return kyso.verify(
        octets,
        trust=kyso.load_trust(DOCUMENTS / f"{ca}.crt"),
        at=datetime(2026, 11, 20, tzinfo=UTC),
        evidence=Evidence(crls=(_octets(f"{ca}.crl"),)),
        policy=policy,
    )
