"""A document read in pieces says what it says as one tree, wherever the pieces end; memory does not grow with it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from kyso_pki.errors import FormatError, LimitExceeded
from kyso_pki.xml import stream, tree
from kyso_pki.xml.c14n import EXCLUSIVE, INCLUSIVE, canonical_document
from kyso_pki.xml.document import XmlDocument
from kyso_pki.xml.ids import ID_NAMES, literals
from kyso_pki.xml.parse import parse, utf8_octets
from kyso_pki.xml.placing import text_follows

from .made import LETTER, SEAL, Form, codes, intact, report
from .test_any_document import a_document

PIECES = st.integers(1, 60)
SIGNED = Form(SEAL).sign()


@pytest.fixture
def in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every document is large, and a piece is 40 octets."""
    monkeypatch.setattr(tree, "LARGE", 0)
    monkeypatch.setattr(stream, "PIECE", 40)


def pieces(data: bytes, size: int, method: object = EXCLUSIVE, without: int | None = None) -> bytes:
    before, stream.PIECE = stream.PIECE, size
    try:
        return b"".join(stream.canonical_pieces(utf8_octets(data), method, without=without))  # type: ignore[arg-type]
    finally:
        stream.PIECE = before


@given(a_document(), PIECES, st.sampled_from([EXCLUSIVE, INCLUSIVE]))
@settings(max_examples=300, deadline=None)
def test_any_document_has_the_same_canonical_form_in_pieces(data: bytes, size: int, method: object) -> None:
    assert pieces(data, size, method) == canonical_document(parse(data), method)  # type: ignore[arg-type]


@given(a_document(), PIECES)
@settings(max_examples=100, deadline=None)
def test_taking_a_signature_out_gives_back_what_was_signed(data: bytes, size: int) -> None:
    signed = Form(SEAL, "xmldsig").sign(data)
    number = data.count(b'<Signature xmlns="http://www.w3.org/2000/09/xmldsig#')
    assert pieces(signed, size, without=number) == canonical_document(parse(data), EXCLUSIVE)


@given(a_document(), PIECES)
@settings(max_examples=200, deadline=None)
def test_comments_are_told_as_in_the_whole_tree(data: bytes, size: int) -> None:
    before, stream.PIECE = stream.PIECE, size
    try:
        found = stream.skeleton(utf8_octets(data))
    finally:
        stream.PIECE = before
    comments = list(parse(data).iter(etree.Comment))
    assert found.comments is bool(comments)
    assert found.split_text is any(bool(c.tail and not c.tail.isspace()) for c in comments)


_SIGNATURE = '<Signature xmlns="http://www.w3.org/2000/09/xmldsig#">{}</Signature>'
_BITS = st.sampled_from(["x", " ", "<!--c-->", "<b/>", "<?p?>", "<![CDATA[y]]>", "&#160;", "z" * 90])


@st.composite
def _with_signatures(draw: st.DrawFn, depth: int = 3) -> str:
    """Text, elements and signatures in any order, some in one another."""
    bits = []
    for _ in range(draw(st.integers(0, 5))):
        inside = draw(_with_signatures(depth - 1)) if depth and draw(st.booleans()) else ""
        bits.append(draw(st.one_of(_BITS, st.just(_SIGNATURE.format(inside)), st.just(f"<c>{inside}</c>"))))
    return "".join(bits)


@given(_with_signatures(), PIECES)
@settings(max_examples=300, deadline=None)
def test_signatures_in_a_text_are_told_as_in_the_whole_tree(inside: str, size: int) -> None:
    data = f"<a>{inside}</a>".encode()
    before, stream.PIECE = stream.PIECE, size
    try:
        found = stream.skeleton(utf8_octets(data))
    finally:
        stream.PIECE = before
    whole = list(parse(data).iter("{http://www.w3.org/2000/09/xmldsig#}Signature"))
    assert [s in found.in_text for s in found.signatures] == [text_follows(s) for s in whole]


@given(a_document())
@settings(max_examples=300, deadline=None)
def test_no_identifier_in_the_tree_is_missing_among_the_literal_ones(data: bytes) -> None:
    octets = utf8_octets(data)
    found = list(literals(octets))
    for element in parse(data).iter("*"):
        for name in ID_NAMES:
            if (value := element.get(name)) is not None:
                assert b" ".join(value.encode().split()) in found or None in found


@pytest.mark.parametrize(
    "hidden",
    [
        b"""<a b=" id='" Id='v'/>""",
        b"""<a b=' id="' Id="v"/>""",
        b"""<a>id="<b Id="v"/></a>""",
        b"""<a><!-- Id=" --><b Id = 'v'/></a>""",
        b"""<a Id="&#118;"/>""",
        b"<a Id" + b" " * 70_000 + b"='v'/>",
        b"<a Id=" + b" " * 70_000 + b"'v'/>",
        b'<a x="' + b"y" * ((1 << 20) - 8) + b'" Id="v"/>',
    ],
)
def test_an_identifier_cannot_be_hidden_from_the_literal_ones(hidden: bytes) -> None:
    found = list(literals(hidden))
    assert b"v" in found or None in found


@pytest.mark.usefixtures("in_pieces")
def test_a_signature_over_the_whole_document_passes_in_pieces() -> None:
    document = XmlDocument(SIGNED)
    (facts,) = document.signatures()
    assert intact(facts), facts.findings
    assert facts.coverage.what == "the whole document /CongVan"
    assert report(SIGNED).passed
    assert document.signed_content(facts.id) == (canonical_document(parse(LETTER), EXCLUSIVE),)


@pytest.mark.usefixtures("in_pieces")
def test_facts_in_pieces_are_those_of_the_whole_tree(monkeypatch: pytest.MonkeyPatch) -> None:
    changed = [
        SIGNED,
        SIGNED.replace(b"01/STTTT", b"02/STTTT"),
        SIGNED.replace(b"<So>", b"<!-- x --><So>"),
        SIGNED.replace(b"01/STTTT", b"01<!-- x -->/STTTT"),
        SIGNED.replace(b"<Doan/>", b"<Doan Id='" + _properties_id() + b"'/>"),
        SIGNED.replace(b"<Doan/>", b"<Doan ID = '&#107;" + _properties_id()[1:] + b"'/>"),
        SIGNED + b"<?sau?>",
        b"<?truoc?>" + SIGNED.partition(b"?>")[2].lstrip(),
    ]
    for data in changed:
        small = XmlDocument(data).signatures()
        monkeypatch.setattr(tree, "LARGE", 1 << 30)
        assert small == XmlDocument(data).signatures()
        monkeypatch.setattr(tree, "LARGE", 0)


def _properties_id() -> bytes:
    return SIGNED.partition(b'SignedProperties Id="')[2].partition(b'"')[0]


@pytest.mark.usefixtures("in_pieces")
def test_an_identifier_that_stands_twice_is_refused_in_pieces_too() -> None:
    twice = SIGNED.replace(b"<Doan/>", b"<Doan Id='" + _properties_id() + b"'/>")
    (facts,) = XmlDocument(twice).signatures()
    assert codes([facts]) == {"FORMAT"}
    assert "stands 2 times" in facts.findings[0].text


def test_text_beyond_the_parsers_limit_is_read_in_pieces() -> None:
    """libxml2 refuses a text of more than 10 MB; in pieces there is none (a scan in base64, as edXML carries it)."""
    signed = SIGNED.replace(b"<Doan/>", b"<Doan>" + b"QUJD" * 3_000_000 + b"</Doan>")
    (facts,) = XmlDocument(signed).signatures()
    assert facts.signature_intact
    assert not facts.references_intact


@pytest.mark.parametrize("broken", [b"<a><b></a>", b"<a>", b"<a/><b/>", b"<a>&x;</a>", b"<a b='1' b='2'/>"])
def test_what_is_not_well_formed_is_refused_in_pieces(broken: bytes) -> None:
    for size in (1, 3, 1000):
        with pytest.raises(FormatError):
            pieces(broken, size)


def test_one_element_with_very_many_attributes_is_refused_in_pieces() -> None:
    many = "<a " + " ".join(f'a{n}=""' for n in range(300)) + "/>"
    with pytest.raises(LimitExceeded):
        pieces(many.encode(), 100)
    with pytest.raises(LimitExceeded):
        stream.skeleton(many.encode())


def test_very_many_prefixes_are_refused_wherever_the_pieces_end(in_pieces: None) -> None:
    many = "<a>" + "".join(f'<b xmlns:p{n}="urn:u"/>' for n in range(2000)) + "<c/>" * 2000 + "</a>"
    for size in (5, 16, 999):
        with pytest.raises(LimitExceeded, match="prefixes"):
            pieces(many.encode(), size)
