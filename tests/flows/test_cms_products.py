"""CAdES before OpenSSL and EU DSS: everybody says the same of a file, or the difference has its reason."""

from __future__ import annotations

import pytest

from tests.judges import java

from .cms_products import PRODUCTS, Product, said


@pytest.mark.parametrize("product", PRODUCTS, ids=str)
def test_everybody_passes_it_at_its_level_or_the_reason_is_told(product: Product) -> None:
    java.need()
    one = said(product)
    ours, openssls, dsss = one.passed
    assert ours, one.kyso
    assert set(one.levels) == {product.level}
    assert openssls == (product.openssl is None), one.openssl
    assert dsss == (product.dss is None), one.dss
    if dsss and product.level != "CMS":
        theirs = {found.rpartition("-")[2] for found in one.dss.split(", ")}
        assert theirs == {product.level.partition("-")[2]}, one.dss
