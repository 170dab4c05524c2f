"""Every product before every judge, and refused by each after one flipped byte (the table is products.py).

`pytest -rA` shows what each judge said; `python -m tests.flows.products` prints it as a table.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache

import pytest
from cryptography import x509

import kyso
from kyso_pki.evidence import Evidence
from kyso_pki.testing import World
from tests.judges import dss, flip, java, pdfsig, pyhanko

from .products import DOCUMENTS, FIRST, FLIPS, JUDGES, PRODUCTS, SHAPES, Product, blind, cases, difference
from .province import Province, now

CASES = pytest.mark.parametrize(("product", "shape"), list(cases()), ids=str)


@pytest.fixture(scope="module")
def province() -> Province:
    java.need()
    return Province(World.create(at=now()))


@pytest.fixture(scope="module")
def signed_by(province: Province) -> Callable[[Product, str], bytes]:
    """Makes a product once for all tests of it."""

    @cache
    def made(product: Product, shape: str) -> bytes:
        return product.make(province, SHAPES[shape]())

    return made


@CASES
def test_every_judge_accepts_the_product(
    province: Province, signed_by: Callable[[Product, str], bytes], product: Product, shape: str
) -> None:
    signed = signed_by(product, shape)
    for name, judge in JUDGES.items():
        cell = judge(province, product, signed)
        sys.stdout.write(f"{name}: {cell.accepted}: {cell.short}\n")
        why_not = difference(product, shape, name)
        assert cell.accepted == (why_not is None), f"{name}: {cell.words}"


@pytest.mark.parametrize("product", PRODUCTS, ids=str)
@pytest.mark.parametrize("flipped", FLIPS)
def test_every_judge_refuses_the_product_after_one_flipped_byte(
    province: Province, signed_by: Callable[[Product, str], bytes], product: Product, flipped: str
) -> None:
    changed = FLIPS[flipped](signed_by(product, FIRST[0]))
    for name, judge in JUDGES.items():
        cell = judge(province, product, changed)
        assert cell.accepted == (blind(product, name, flipped) is not None), f"{name}: {cell.words}"
    assert province.verify(changed, password=product.password).verdict == "failed"


# the committed letter that LibreOffice signed

LATER = datetime(2026, 12, 1, tzinfo=UTC)  # days after LibreOffice's claimed time
LIBREOFFICE = (DOCUMENTS / "da-ky-libreoffice.pdf").read_bytes()
CRL = (DOCUMENTS / "da-ky-libreoffice-ca.crl").read_bytes()


def _judged(pdf: bytes) -> dict[str, bool]:
    root = x509.load_pem_x509_certificate((DOCUMENTS / "da-ky-libreoffice-ca.crt").read_bytes())
    trust = kyso.load_trust(DOCUMENTS / "da-ky-libreoffice-ca.crt")
    return {
        "kyso": kyso.verify(pdf, trust=trust, at=LATER, evidence=Evidence(crls=(CRL,))).passed,
        "pdfsig": pdfsig.verify(pdf).valid,
        "pyHanko": pyhanko.verify(pdf, [root], at=LATER).valid,
        "DSS": dss.verify(pdf, [root], at=LATER, crls=[CRL]).valid,
    }


def test_kyso_pdfsig_and_dss_accept_the_letter_that_libreoffice_signed() -> None:
    """pyHanko's strict reader trips over its date, `D:20261128140308Z'`."""
    java.need()
    assert _judged(LIBREOFFICE) == {"kyso": True, "pdfsig": True, "pyHanko": False, "DSS": True}


def test_kyso_reads_the_time_and_the_reason_that_libreoffice_wrote() -> None:
    """Its CMS is BER, of indefinite length outside; its date ends with an apostrophe."""
    (signature,) = kyso.verify(LIBREOFFICE, at=LATER).signatures
    assert signature.claimed_time == datetime(2026, 11, 28, 14, 3, 8, tzinfo=UTC)
    assert signature.reason == "Người có thẩm quyền ký"
    assert signature.references_intact
    assert signature.signature_intact


@pytest.mark.parametrize("flipped", FLIPS)
def test_kyso_and_every_judge_refuse_what_libreoffice_signed_after_one_flipped_byte(flipped: str) -> None:
    java.need()
    assert set(_judged(FLIPS[flipped](LIBREOFFICE)).values()) == {False}


def test_dss_passes_the_seal_over_the_official_s_signature_but_warns_of_the_overlap() -> None:
    """kyso does not pass it before somebody looked at the page (test_cross_judges.py)."""
    java.need()
    root = x509.load_pem_x509_certificate((DOCUMENTS / "da-ky-ca.crt").read_bytes())
    crl = (DOCUMENTS / "da-ky-ca.crl").read_bytes()
    pdf = (DOCUMENTS / "da-ky-hai-chu-ky.pdf").read_bytes()
    verdict = dss.verify(pdf, [root], at=datetime(2026, 11, 20, tzinfo=UTC), crls=[crl])
    assert verdict.valid, verdict.output
    assert verdict.signatures[0].overlaps == (2,)
    assert any("overlap" in warning for warning in verdict.signatures[0].warnings)


def test_a_flip_changes_one_byte_only() -> None:
    for flipped in FLIPS.values():
        assert sum(a != b for a, b in zip(LIBREOFFICE, flipped(LIBREOFFICE), strict=True)) == 1
    assert flip.in_pdf_signature(LIBREOFFICE) != flip.in_pdf_content(LIBREOFFICE)
