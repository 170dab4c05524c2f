"""Signatures in the formats of PDF 1.3 and 1.4: read and judged, with signer and reason, never plain valid."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import pytest

from kyso_pki.ades.report import SignatureReport
from kyso_pki.asn1 import der
from kyso_pki.cms.attributes import signed_attributes
from kyso_pki.cms.signed_data import signed_data
from kyso_pki.formats import verify_document
from kyso_pki.scheme import digest
from kyso_pki.testing import SoftwareSigner
from tests.attacks.pdf.attack import prepared
from tests.pki.pdf.samples import AT, WORLD

SIGNER = WORLD.person_signer
DICTIONARY = b"<</Type/Sig/Filter/Adobe.PPKLite/SubFilter/%s%%s%s>>"
PKCS7, RSA = DICTIONARY % (b"adbe.pkcs7.sha1", b""), DICTIONARY % (
    b"adbe.x509.rsa_sha1",
    b"/Cert[" + b"".join(b"<%s>" % c.der.hex().encode() for c in SIGNER.chain) + b"]",
)  # fmt: skip


def report(pdf: bytes) -> SignatureReport:
    (found,) = verify_document(pdf, trust=WORLD.trust, at=AT, fetcher=WORLD.fetcher(AT)).signatures
    return found


def filled(dictionary: bytes, value_of: Callable[[bytes], bytes]) -> bytes:
    """A file with such a signature; `value_of` is given SHA-1 of the byte range."""
    pdf = prepared(dictionary)
    at = pdf.rindex(b"/Contents <") + len(b"/Contents ")
    end = pdf.index(b">", at) + 1
    ranges = pdf[pdf.rindex(b"/ByteRange [") + 11 : pdf.rindex(b"/Contents")]
    pdf = pdf.replace(ranges, (b"[0 %d %d %d]" % (at, end, len(pdf) - end)).ljust(len(ranges)))
    value = value_of(digest("sha1", pdf[:at] + pdf[end:])).hex().encode()
    return pdf[: at + 1] + value.ljust(end - at - 2, b"0") + pdf[end - 1 :]


def pkcs7(signer: SoftwareSigner, content: bytes) -> bytes:
    scheme = signer.scheme
    attributes = signed_attributes(
        content_digest=digest(scheme.hash_name, content), leaf=signer.chain.leaf, scheme=scheme
    )
    value = signer.sign([scheme.imprint(attributes)])[0]
    return signed_data(attributes, value, signer.chain, scheme, content=content)


def pkcs7_without_attributes(signer: SoftwareSigner, content: bytes) -> bytes:
    """As old versions of iText wrote it: the value is directly over the digest inside."""
    scheme = signer.scheme
    value = signer.sign([scheme.imprint(content)])[0]
    attributes = signed_attributes(content_digest=bytes(scheme.hash_size), leaf=signer.chain.leaf, scheme=scheme)
    made = signed_data(attributes, value, signer.chain, scheme, content=content)
    outer = der.read(made, der.SEQUENCE).reader()
    kind = outer.take().raw
    body = [e.raw for e in outer.take(0xA0).reader().take(der.SEQUENCE).reader()]
    info = [e.raw for e in der.read(der.read(body[-1]).reader().take().raw).reader() if e.tag != 0xA0]
    body[-1] = der.set_of([der.sequence(*info)])
    return der.sequence(kind, der.explicit(0, der.sequence(*body)))


@cache
def sample(name: str) -> bytes:
    weak = SIGNER.using("sha1")
    return {
        "pkcs7.sha1": lambda: filled(PKCS7, lambda d: pkcs7(weak, d)),
        "pkcs7.sha1 signed with SHA-256": lambda: filled(PKCS7, lambda d: pkcs7(SIGNER, d)),
        "pkcs7.sha1 without attributes": lambda: filled(PKCS7, lambda d: pkcs7_without_attributes(weak, d)),
        "x509.rsa_sha1": lambda: filled(RSA, lambda d: der.octet_string(weak.sign([d])[0])),
    }[name]()


SAMPLES = ("pkcs7.sha1", "pkcs7.sha1 signed with SHA-256", "pkcs7.sha1 without attributes", "x509.rsa_sha1")


@pytest.mark.parametrize("name", SAMPLES)
def test_it_has_a_signer_and_is_intact_but_too_weak(name: str) -> None:
    found = report(sample(name))
    assert found.certificate == WORLD.person
    assert found.references_intact
    assert found.signature_intact
    assert (found.indication, found.sub_indication) == ("INDETERMINATE", "CRYPTO_CONSTRAINTS_FAILURE")
    assert [f.code for f in found.findings if f.severity == "error"] == ["WEAK_HASH"]
    assert found.level == "CMS"
    assert found.pdf is not None
    assert found.pdf.sub_filter == f"adbe.{name.split()[0]}"


@pytest.mark.parametrize("name", SAMPLES)
def test_a_changed_byte_fails_it(name: str) -> None:
    found = report(sample(name).replace(b"Pay 100", b"Pay 900"))
    assert not found.references_intact
    assert found.indication == "TOTAL-FAILED"
    assert found.certificate == WORLD.person


@pytest.mark.parametrize("name", ["pkcs7.sha1", "pkcs7.sha1 without attributes"])
def test_a_digest_inside_that_is_not_the_files_fails_it(name: str) -> None:
    make = pkcs7 if name == "pkcs7.sha1" else pkcs7_without_attributes
    found = report(filled(PKCS7, lambda _: make(SIGNER.using("sha1"), bytes(20))))
    assert found.signature_intact
    assert (found.indication, found.sub_indication) == ("TOTAL-FAILED", "HASH_FAILURE")


def test_a_bare_value_without_a_certificate_has_no_signer() -> None:
    weak = SIGNER.using("sha1")
    pdf = filled(DICTIONARY % (b"adbe.x509.rsa_sha1", b""), lambda d: der.octet_string(weak.sign([d])[0]))
    found = report(pdf)
    assert found.certificate is None
    assert (found.indication, found.sub_indication) == ("TOTAL-FAILED", "FORMAT_FAILURE")
    assert "no /Cert" in found.findings[0].text


def test_a_bare_value_by_another_key_fails() -> None:
    other = WORLD.stranger_signer.using("sha1")
    found = report(filled(RSA, lambda d: der.octet_string(other.sign([d])[0])))
    assert not found.signature_intact
    assert found.indication == "TOTAL-FAILED"
