"""SignedData: made here and accepted by OpenSSL; every known confusion of class C refused."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kyso_pki import oids
from kyso_pki.asn1 import der
from kyso_pki.authority.issue import issue
from kyso_pki.authority.profile import PERSON, Subject
from kyso_pki.cms.attributes import signed_attributes
from kyso_pki.cms.examine import CmsFacts, examine
from kyso_pki.cms.signed_data import read_signed_data, signed_data, signed_data_size
from kyso_pki.credential import Chain
from kyso_pki.errors import FormatError, KysoError
from kyso_pki.scheme import HashName, Scheme, digest
from kyso_pki.signer import Signer
from kyso_pki.testing import World

AT = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
CONTENT = "Công văn số 01/UBND-VX".encode()


@dataclass(frozen=True)
class Made:
    """A detached signature and how to make its neighbours."""

    signer: Signer
    attrs: bytes
    value: bytes

    def encode(self, **options: object) -> bytes:
        return signed_data(self.attrs, self.value, self.signer.chain, self.signer.scheme, **options)  # type: ignore[arg-type] # forwarded as they are


@pytest.fixture(scope="module")
def world() -> World:
    return World.create(at=AT)


@pytest.fixture(scope="module", params=["person", "seal"])
def made(request: pytest.FixtureRequest, world: World) -> Made:
    """RSA-2048 and P-256."""
    return make(world.person_signer if request.param == "person" else world.seal_signer)


def make(signer: Signer, content: bytes = CONTENT) -> Made:
    scheme = signer.scheme
    attrs = signed_attributes(
        content_digest=digest(scheme.hash_name, content), leaf=signer.chain.leaf, scheme=scheme, signing_time=AT
    )
    return Made(signer, attrs, signer.sign([scheme.imprint(attrs)])[0])


def over(content: bytes) -> Callable[[HashName], bytes]:
    return lambda name: digest(name, content)


def intact(facts: CmsFacts) -> bool:
    return facts.references_intact and facts.signature_intact and not facts.findings


def test_openssl_accepts_what_is_made_here(made: Made, world: World, tmp_path: Path) -> None:
    (tmp_path / "sig.der").write_bytes(made.encode())
    (tmp_path / "content").write_bytes(CONTENT)
    (tmp_path / "root.pem").write_text(world.root.pem(), encoding="utf-8")
    command = "openssl cms -verify -cades -binary -inform DER -in sig.der -content content -CAfile root.pem"
    done = subprocess.run(
        [*command.split(), "-purpose", "any", "-attime", str(int(AT.timestamp())), "-out", "out"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out").read_bytes() == CONTENT


def test_what_is_made_is_the_same_structure_with_content_or_without(made: Made) -> None:
    """The detached form is put together from prepared pieces; the other one is built anew each time."""
    scheme, chain = made.signer.scheme, made.signer.chain
    detached = signed_data(made.attrs, made.value, chain, scheme)
    inside = signed_data(made.attrs, made.value, chain, scheme, content=CONTENT)
    whole = der.explicit(0, der.octet_string(CONTENT))
    a, b = read_signed_data(detached), read_signed_data(inside)
    assert (a.digest_oids, a.certificates, a.content_type) == (b.digest_oids, b.certificates, b.content_type)
    assert a.signers[0].value == b.signers[0].value == made.value
    one, other = a.signers[0].signed_attrs, b.signers[0].signed_attrs
    assert one is not None and other is not None and one.raw == other.raw
    assert len(inside) - len(detached) in range(len(whole), len(whole) + 8)  # and outer lengths that grew


def test_own_signature_is_intact_and_bound(made: Made) -> None:
    facts = examine(made.encode(), over(CONTENT))
    assert intact(facts)
    assert facts.cades
    assert facts.certificate == made.signer.chain.leaf
    assert facts.claimed_time == AT


def test_other_content_is_noticed(made: Made) -> None:
    facts = examine(made.encode(), over(CONTENT + b"."))
    assert not facts.references_intact
    assert facts.signature_intact


def test_every_flipped_byte_is_noticed(made: Made) -> None:
    encoded = made.encode()
    good = examine(encoded, over(CONTENT))
    for position in range(0, len(encoded), 7):
        flipped = encoded[:position] + bytes((encoded[position] ^ 1,)) + encoded[position + 1 :]
        try:
            facts = examine(flipped, over(CONTENT))
        except FormatError:
            continue
        # A flip in a certificate that is not the signer's leaves the signature intact, but changes the set.
        assert not intact(facts) or facts.certificates != good.certificates


def test_size_estimate_is_an_upper_bound_and_tight(made: Made) -> None:
    bound = signed_data_size(made.signer.chain, made.signer.scheme, len(made.attrs))
    actual = len(made.encode())
    assert actual <= bound <= actual + 128


def test_signature_without_signed_attributes_is_refused(made: Made) -> None:
    """C1: signedAttrs are mandatory; else the value moves onto the attributes as content."""
    encoded = made.encode()
    attrs = b"\xa0" + made.attrs[1:]
    body = der.read(encoded).children()[1].children()[0].children()
    signer_info = body[-1].children()[0].children()
    stripped = der.sequence(*(e.raw for e in signer_info if e.raw != attrs))
    forged = der.sequence(
        der.oid(oids.ID_SIGNED_DATA),
        der.explicit(0, der.sequence(*(e.raw for e in body[:-1]), der.set_of([stripped]))),
    )
    with pytest.raises(FormatError, match="no signed attributes"):
        examine(forged, over(made.attrs))


def test_content_inside_a_detached_signature_is_an_error(made: Made) -> None:
    """C5: a detached signature that carries content is valid for that content, not for the document."""
    facts = examine(made.encode(content=CONTENT), over(CONTENT))
    assert [f.code for f in facts.findings] == ["EMBEDDED_CONTENT"]


def test_two_and_zero_signers_are_refused(made: Made) -> None:
    """C6, C7: exactly one signer."""
    body = der.read(made.encode()).children()[1].children()[0].children()
    info = body[-1].children()[0].raw
    for infos in ([], [info, info]):
        forged = der.sequence(
            der.oid(oids.ID_SIGNED_DATA),
            der.explicit(0, der.sequence(*(e.raw for e in body[:-1]), der.set_of(infos))),
        )
        with pytest.raises(FormatError, match=r"signers in the CMS structure"):
            examine(forged, over(CONTENT))


def test_certificate_swapped_for_another_of_the_same_key_is_an_error(world: World) -> None:
    """C4: the signer is the certificate that the identifier names and the ESS hash binds."""
    made = make(world.person_signer)
    leaf = made.signer.chain.leaf
    twin = issue(
        PERSON,
        Subject("Trần Thị Mẫu", "UBND tỉnh Mẫu"),
        leaf.public_key,
        key=world.issuing_signer,
        issuer=world.issuing,
        not_before=leaf.not_before,
        not_after=leaf.not_after,
        serial=leaf.serial,
    )
    chain = Chain((twin, *made.signer.chain.issuers))
    facts = examine(signed_data(made.attrs, made.value, chain, made.signer.scheme), over(CONTENT))
    assert "SIGNING_CERTIFICATE_MISMATCH" in [f.code for f in facts.findings]
    assert not facts.cades


def test_a_signer_that_the_identifier_does_not_name_is_not_found(world: World) -> None:
    """C4: never the first certificate in the set, never by key alone."""
    made = make(world.person_signer)
    chain = Chain((made.signer.chain.leaf, *made.signer.chain.issuers))
    other = Chain((world.reissue(chain.leaf), *chain.issuers))
    encoded = signed_data(made.attrs, made.value, chain, made.signer.scheme)
    swapped = signed_data(made.attrs, made.value, other, made.signer.scheme)
    without = swapped.replace(der.integer(other.leaf.serial), der.integer(chain.leaf.serial))
    assert intact(examine(encoded, over(CONTENT)))
    facts = examine(without, over(CONTENT))
    assert facts.certificate is None or not intact(facts)


def test_repeated_attribute_is_refused(made: Made) -> None:
    """C3: each attribute once, with one value."""
    attributes = [e.raw for e in der.read(made.attrs).reader()]
    twice = der.set_of([*attributes, attributes[0]])
    forged = signed_data(twice, made.value, made.signer.chain, made.signer.scheme)
    with pytest.raises(FormatError, match="must stand once"):
        examine(forged, over(CONTENT))


def test_disagreeing_algorithms_are_refused(made: Made) -> None:
    """C2: the digest algorithm and the signature algorithm must hash alike."""
    other = Scheme.for_key(made.signer.chain.leaf.public_key, "sha512")
    swapped = made.encode().replace(made.signer.scheme.identifier, other.identifier)
    with pytest.raises(FormatError, match="hashes with"):
        examine(swapped, over(CONTENT))


def test_trailing_bytes_are_refused(made: Made) -> None:
    """C9: nothing may follow the ContentInfo."""
    with pytest.raises(FormatError, match="follow the end"):
        examine(made.encode() + b"\x00", over(CONTENT))


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_give_an_error_of_ours(data: bytes) -> None:
    with pytest.raises(KysoError):
        examine(data, over(CONTENT))
