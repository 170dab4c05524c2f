"""What is put into a document is one signature, wherever it stands, and nothing else is taken for one."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kyso_pki.errors import FormatError
from kyso_pki.xml.inserted import is_one_signature_more, same_without_unsigned

DS = "http://www.w3.org/2000/09/xmldsig#"
SIGNATURE = f'<s:Signature xmlns:s="{DS}"><s:SignedInfo/></s:Signature>'.encode()
BODY = b"<CongVan><!-- x --><So>12</So><Dau/><s:So xmlns:s='urn:a'>1</s:So> <CQT/>\n</CongVan>"
PLACES = [i for i in range(9, len(BODY) - 9) if BODY[i : i + 1] == b"<" and BODY[i + 1 : i + 2] != b"!"]


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("text", [SIGNATURE, b"<DSCKS><NMua>" + SIGNATURE + b"</NMua></DSCKS>"])
def test_a_signature_put_between_two_tags_is_seen(place: int, text: bytes) -> None:
    assert is_one_signature_more(BODY, BODY[:place] + text + BODY[place:])


@pytest.mark.parametrize("text", [SIGNATURE, b"<NMua>" + SIGNATURE + b"</NMua>"])
def test_an_empty_tag_may_be_opened_for_it(text: bytes) -> None:
    assert is_one_signature_more(BODY, BODY.replace(b"<CQT/>", b"<CQT>" + text + b"</CQT>"))


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b" ",
        b"<Tien>1</Tien>",
        SIGNATURE + b"<Tien>1</Tien>",
        b"<Tien>1</Tien>" + SIGNATURE,
        b"1" + SIGNATURE,
        SIGNATURE + SIGNATURE,
        b"<NMua a='1'>" + SIGNATURE + b"</NMua>",
        b"<NMua>1" + SIGNATURE + b"</NMua>",
        b"<!-- x -->" + SIGNATURE,
        b"<Signature/><a>1</a><b xmlns='urn:b'><Signature/></b>",
        b"</CongVan>" + SIGNATURE + b"<CongVan>",
    ],
)
@pytest.mark.parametrize("place", PLACES)
def test_nothing_else_is_taken_for_one(place: int, text: bytes) -> None:
    assert not is_one_signature_more(BODY, BODY[:place] + text + BODY[place:])


@given(st.integers(0, len(BODY) - 1), st.binary(max_size=3), st.sampled_from(PLACES))
def test_a_document_that_was_touched_besides_is_another(at: int, octets: bytes, place: int) -> None:
    touched = BODY[:at] + octets + BODY[at + 1 :]
    if touched == BODY or place >= len(touched):
        return
    with contextlib.suppress(FormatError):  # no XML document, which is no answer either
        assert not is_one_signature_more(BODY, touched[:place] + SIGNATURE + touched[place:])


def test_only_unsigned_properties_may_differ_in_what_was_extended() -> None:
    xades = "http://uri.etsi.org/01903/v1.3.2#"
    around = f'<a><s:Signature xmlns:s="{DS}" xmlns:x="{xades}"><s:SignatureValue{{0}}>AA==</s:SignatureValue>'
    around += "<x:QualifyingProperties>{1}</x:QualifyingProperties></s:Signature>{2}</a>"
    before = around.format("", "", "").encode()
    more = "<x:UnsignedProperties><x:Any>1</x:Any></x:UnsignedProperties>"
    assert same_without_unsigned(before, around.format(' Id="v"', more, "").encode())
    assert not same_without_unsigned(before, around.format("", more, "<b/>").encode())
    assert not same_without_unsigned(before, around.format("", more, "<!-- x -->").encode())
    assert not same_without_unsigned(before, around.format("", "<x:Other/>", "").encode())
