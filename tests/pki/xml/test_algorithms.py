"""The algorithms of RFC 9231 that are accepted, and the parameters that are not."""

from __future__ import annotations

import pytest

from kyso_pki.authority.profile import Subject
from kyso_pki.scheme import HashName
from kyso_pki.testing import software_key
from kyso_pki.xml.names import DIGEST_URIS
from tests.attacks.xml.forge import Ref, enveloped, signature

from .made import PERSON, SEAL, WORLD, Form, codes, intact, only, report

MORE = "http://www.w3.org/2007/05/xmldsig-more#"
WHOLE = Ref("", b"<a>x</a>", envelope=True)
HASHES: tuple[HashName, ...] = ("sha256", "sha384", "sha512", "sha3_256", "sha3_384", "sha3_512")


def digest(name: str) -> str:
    return f'<ds:DigestMethod Algorithm="{DIGEST_URIS[name]}"/>'


def parameters(hash_name: str = "sha256", mgf: str | None = None, salt: str = "", trailer: str = "") -> str:
    """RSAPSSParams (RFC 9231 2.3.9)."""
    inner = digest(mgf or hash_name)
    generator = f'<p:MaskGenerationFunction Algorithm="{MORE}MGF1">{inner}</p:MaskGenerationFunction>'
    return f'<p:RSAPSSParams xmlns:p="{MORE}">{digest(hash_name)}{generator}{salt}{trailer}</p:RSAPSSParams>'


def pss(content: str, hash_name: HashName = "sha256") -> bytes:
    made = signature(
        [WHOLE], signer=PERSON.using(hash_name, pss=True), method=MORE + "rsa-pss", method_content=content
    )
    return enveloped(b"<a>x</a>", lambda _: made)


@pytest.mark.parametrize(
    ("kind", "hash_name"),
    [(k, h) for k in ("pkcs1", "pss", "ecdsa") for h in HASHES if k != "pkcs1" or not h.startswith("sha3")],
)
def test_each_signature_and_hash_signs_and_verifies(kind: str, hash_name: HashName) -> None:
    """For RSA PKCS#1 v1.5 with SHA-3 there is no identifier."""
    signer = (SEAL if kind == "ecdsa" else PERSON).using(hash_name, pss=kind == "pss")
    signed = Form(signer).sign()
    assert intact(only(signed))
    assert report(signed).passed


def test_ed25519_passes() -> None:
    signer = WORLD.issue(Subject("Nguyễn Văn Mẫu", "UBND tỉnh Mẫu"), private_key=software_key("ed25519"))
    assert report(Form(signer).sign()).passed


@pytest.mark.parametrize(
    "content",
    [
        "",
        f'<p:RSAPSSParams xmlns:p="{MORE}"/>',
        parameters(),
        parameters(salt="<p:SaltLength>32</p:SaltLength>"),
        parameters(salt="<p:SaltLength>32</p:SaltLength>", trailer="<p:TrailerField>1</p:TrailerField>"),
    ],
)
def test_rsassa_pss_reads_its_parameters_and_their_defaults(content: str) -> None:
    facts = only(pss(content))
    assert intact(facts), facts.findings
    assert facts.scheme is not None
    assert facts.scheme.name == "rsa-pss-sha256"


def test_rsassa_pss_with_another_hash_in_all_parameters() -> None:
    assert intact(only(pss(parameters("sha512", salt="<p:SaltLength>64</p:SaltLength>"), "sha512")))


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (parameters(mgf="sha512"), "do not agree"),
        (parameters(salt="<p:SaltLength>20</p:SaltLength>"), "do not agree"),
        (parameters(salt="<p:SaltLength>0</p:SaltLength>"), "do not agree"),
        (parameters(trailer="<p:TrailerField>2</p:TrailerField>"), "do not agree"),
        (parameters(trailer="<p:TrailerField>1</p:TrailerField>" * 2), "each of its four"),
        (parameters(salt="<p:Khac/>"), "each of its four"),
        (parameters() * 2, "at most one"),
        (parameters().replace(MORE + "MGF1", MORE + "MGF2"), "other than MGF1"),
        (parameters().replace("xmlenc#sha256", "xmlenc#sha1"), "not accepted"),
        ("<ds:HMACOutputLength>1</ds:HMACOutputLength>", "at most one"),
    ],
)
def test_parameters_of_rsassa_pss_that_do_not_agree_are_refused(content: str, word: str) -> None:
    facts = only(pss(content))
    assert not intact(facts)
    assert word in facts.findings[0].text


def test_a_reference_hashed_with_sha_1_is_left_to_policy_and_never_passes_by_default() -> None:
    signed = enveloped(b"<a>x</a>", lambda _: signature([Ref("", b"<a>x</a>", digest="sha1", envelope=True)]))
    facts = only(signed)
    assert (facts.content_hash, codes([facts])) == ("sha1", {"WEAK_DIGEST"})
    (result,) = report(signed).signatures
    assert (result.indication, result.sub_indication) == ("INDETERMINATE", "CRYPTO_CONSTRAINTS_FAILURE")
