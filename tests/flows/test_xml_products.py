"""Every XML product before every judge, and refused by each after one flipped byte (the products: xml_products.py).

`pytest -rA` shows what each judge said; `python -m tests.flows.xml_judged` prints it as a table.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from functools import cache

import pytest

from kyso_pki.testing import World
from kyso_pki.xml.document import XmlDocument
from tests.judges import flip, java, javaxml

from .province import Province, now
from .xml_judged import FLIPS, JUDGES, Cell, blind, difference, flips_of, judged_by_kyso, roots_for
from .xml_products import PRODUCTS, XmlProduct, cases
from .xml_shapes import FIRST, SHAPES

Signed = Callable[[XmlProduct, str], bytes]


@pytest.fixture(scope="module")
def province() -> Province:
    java.need()
    return Province(World.create(at=now()))


@pytest.fixture(scope="module")
def signed_by(province: Province) -> Signed:
    """Makes a product once for all tests of it."""

    @cache
    def made(product: XmlProduct, shape: str) -> bytes:
        return product.make(province, SHAPES[shape]())

    return made


@pytest.mark.parametrize(("product", "shape"), list(cases()), ids=str)
def test_every_judge_accepts_the_product(
    province: Province, signed_by: Signed, product: XmlProduct, shape: str
) -> None:
    signed = signed_by(product, shape)
    for name, judge in JUDGES.items():
        cell = judge(province, product, signed)
        sys.stdout.write(f"{name}: {cell.accepted}: {cell.short}\n")
        why_not = difference(product, shape, name)
        assert cell.accepted == (why_not is None), f"{name}: {cell.words}"


READ = [p for p in PRODUCTS if difference(p, FIRST, "kyso") is None]


@pytest.mark.parametrize("product", READ, ids=str)
def test_kyso_says_the_level_and_the_coverage_of_the_product(
    province: Province, signed_by: Signed, product: XmlProduct
) -> None:
    """And passes a signature over parts only for a caller who accepts parts (attack class X1)."""
    signed = signed_by(product, FIRST)
    report = judged_by_kyso(province, product, signed)
    assert len(report.signatures) == product.signatures
    first = report.signatures[0]
    assert first.level == product.level
    assert first.coverage.whole == (product.covers is None)
    if product.covers is not None:
        assert first.coverage.what.startswith(product.covers)
        assert judged_by_kyso(province, product, signed, accept_parts=False).verdict == "indeterminate"


@pytest.mark.parametrize("product", [p for p in READ if not p.beside], ids=str)  # Java is not given what lies beside
def test_kyso_gives_back_the_very_octets_that_java_hashed(
    province: Province, signed_by: Signed, product: XmlProduct
) -> None:
    """`signed_content` against another canonicaliser: the same octets for each reference to content, in order."""
    signed = signed_by(product, FIRST)
    theirs = javaxml.verify(signed, roots_for(province, product), at=now()).signed
    document = XmlDocument(signed, xpath="XPath asked for" in product.traits)
    for facts, hashed in zip(document.signatures(), theirs, strict=True):
        content = document.signed_content(facts.id)
        if facts.xml is not None and facts.xml.countersigns is not None:
            assert content == ()  # the value of another signature is no content
        else:
            assert _in_order(content, hashed)


def _in_order(part: tuple[bytes, ...], whole: tuple[bytes, ...]) -> bool:
    """Whether the first, which is not empty, is the second with some left out (properties and the like)."""
    rest = iter(whole)
    return bool(part) and all(one in rest for one in part)


@pytest.mark.parametrize("product", PRODUCTS, ids=str)
def test_every_judge_refuses_the_product_after_one_flipped_byte(
    province: Province, signed_by: Signed, product: XmlProduct
) -> None:
    signed = signed_by(product, FIRST)
    for flipped in flips_of(product):
        changed = FLIPS[flipped](product, signed)
        assert sum(a != b for a, b in zip(signed, changed, strict=True)) == 1
        for name, judge in JUDGES.items():
            if difference(product, FIRST, name) is not None:
                continue  # it refuses the whole file already
            cell: Cell = judge(province, product, changed)
            assert cell.accepted == (blind(product, name, flipped) is not None), f"{flipped}: {name}: {cell.words}"
        if product in READ:
            assert judged_by_kyso(province, product, changed).verdict == "failed", flipped


@pytest.mark.parametrize("product", [p for p in PRODUCTS if p.beside], ids=str)
def test_kyso_and_dss_refuse_detached_content_after_one_flipped_byte(
    province: Province, signed_by: Signed, product: XmlProduct
) -> None:
    signed = signed_by(product, FIRST)
    assert judged_by_kyso(province, product, signed).passed
    changed = tuple((name, flip.in_xml_text(octets, product.content)) for name, octets in product.beside)
    for judge in ("kyso", "DSS"):
        cell = JUDGES[judge](province, replace(product, beside=changed), signed)
        assert not cell.accepted, cell.words
    assert judged_by_kyso(province, replace(product, beside=()), signed).verdict == "indeterminate"
