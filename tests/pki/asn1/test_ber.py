"""Indefinite lengths are made definite in the outer shells of a CMS structure and nowhere else (RFC 5652 5.3, C9)."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kyso_pki.asn1 import ber, der
from kyso_pki.cms.attributes import signed_attributes
from kyso_pki.cms.signed_data import read_signed_data, signed_data
from kyso_pki.errors import FormatError, KysoError
from kyso_pki.scheme import digest
from kyso_pki.testing import World


def signature() -> bytes:
    """A detached CMS signature of this world's official."""
    signer = World.create(at=datetime(2026, 11, 23, tzinfo=UTC)).person_signer
    leaf, scheme = signer.certificate, signer.scheme
    attributes = signed_attributes(content_digest=digest("sha256", b"content"), leaf=leaf, scheme=scheme)
    (value,) = signer.sign([scheme.imprint(attributes)])
    return signed_data(attributes, value, signer.chain, scheme)


def shelled(element: der.Element, levels: int) -> bytes:
    """The element with indefinite lengths in its outermost constructed elements, so many levels deep."""
    if levels == 0 or not element.tag & 0x20:
        return element.raw
    inside = b"".join(shelled(child, levels - 1) for child in element.children())
    return bytes((element.tag, 0x80)) + inside + b"\x00\x00"


@pytest.mark.parametrize("levels", range(1, 4))
def test_the_shells_that_signers_write_become_the_der_they_stand_for(levels: int) -> None:
    """Three levels: ContentInfo, [0], SignedData; NSS also writes the lists in it so, next test."""
    cms = signature()
    assert ber.definite(shelled(der.read(cms), levels)) == (cms, len(shelled(der.read(cms), levels)))


def test_certificates_of_indefinite_length_outside_keep_their_octets() -> None:
    cms = signature()
    made, _ = ber.definite(shelled(der.read(cms), 4))
    assert made == cms
    assert read_signed_data(made).certificates == read_signed_data(cms).certificates


def test_signed_attributes_of_indefinite_length_are_refused() -> None:
    """RFC 5652 5.3: signedAttrs "MUST be DER encoded, even if the rest of the structure is BER encoded"."""
    with pytest.raises(FormatError, match="deeper than 5 levels"):
        ber.definite(shelled(der.read(signature()), 6))


@pytest.mark.parametrize("hidden", [b"\x30\x80\x05\x00\x00\x00", b"\x30\x04\x30\x80\x00\x00"])
def test_an_indefinite_length_inside_a_definite_one_is_left_for_the_strict_reader_to_refuse(hidden: bytes) -> None:
    made, _ = ber.definite(b"\x30\x80" + der.sequence(hidden) + b"\x00\x00")
    assert made == der.sequence(der.sequence(hidden))
    with pytest.raises(FormatError, match="indefinite"):
        der.read(der.read(made).children()[0].children()[0].raw).children()


@pytest.mark.parametrize(
    ("octets", "words"),
    [
        (b"\x30\x80", "must follow"),
        (b"\x30\x80\x05\x00", "must follow"),
        (b"\x30\x80\x05\x00\x00", "cut off"),
        (b"\x04\x80\x05\x00\x00\x00", "cannot be of indefinite length"),
        (b"\x3f\x80\x00\x00", "cannot be of indefinite length"),
        (b"\x30\x80" * 6 + b"\x00\x00" * 6, "deeper than 5 levels"),
        (b"\x30\x80" * 100_000, "deeper than 5 levels"),
        (b"\x30\x80\x30\x81\x01\x00\x00\x00", "not minimal"),
    ],
)
def test_what_is_no_structure_is_refused_with_its_reason(octets: bytes, words: str) -> None:
    with pytest.raises(FormatError, match=words):
        ber.definite(octets)


@given(st.binary(max_size=200), st.integers(0, 3))
def test_any_octets_give_der_lengths_or_a_refusal(octets: bytes, shells: int) -> None:
    try:
        made, end = ber.definite(b"\x30\x80" * shells + octets)
    except KysoError:
        return
    assert 0 < end <= 2 * shells + len(octets)
    assert not ber.is_indefinite(made)
    assert der.read(made).end == len(made)
