"""The public face: small, sorted, complete, and cheap to import."""

from __future__ import annotations

import subprocess
import sys

import pytest

import kyso

HEAVY = ("lxml", "pkcs11", "fastapi", "click", "sqlalchemy", "httpx2", "cryptography", "pikepdf", "kyso_pki", "rich")


def test_all_is_sorted_and_every_name_resolves() -> None:
    assert list(kyso.__all__) == sorted(kyso.__all__)
    for name in kyso.__all__:
        assert getattr(kyso, name) is not None
    assert set(dir(kyso)) == set(kyso.__all__)


def test_what_the_specification_names_is_there() -> None:
    for name in ("open_signer", "sign", "verify", "TrustStore", "SignatureReport", "Client", "AsyncClient"):
        assert name in kyso.__all__


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'signn'"):
        kyso.signn  # noqa: B018 - the access is the test


def test_every_public_object_says_what_it_is() -> None:
    undocumented = [name for name in kyso.__all__ if not getattr(kyso, name).__doc__]
    # The error classes are told by their tree in kyso_pki.errors.
    assert [n for n in undocumented if not n.endswith(("Error", "Failed"))] == []


def test_importing_kyso_loads_nothing_heavy() -> None:
    code = f"import sys, kyso; print([m for m in {HEAVY!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_signing_a_pdf_loads_neither_lxml_nor_pkcs11_nor_an_http_client() -> None:
    code = (
        "import sys; from kyso_pki.formats import open_document; import kyso; kyso.sign; kyso.verify;"
        "import kyso_pki.pdf.document;"
        "print([m for m in ('lxml', 'pkcs11', 'httpx2', 'fastapi', 'click') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
