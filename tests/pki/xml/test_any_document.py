"""Whatever a well-formed document looks like: nothing outside the Signature changes, and xmlsec1 agrees."""

from __future__ import annotations

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from kyso_pki.xml.document import XmlDocument
from tests.judges import xmlsec

from .made import AT, ROOTS, SEAL, Form, intact

NAMES = st.sampled_from(["a", "b", "p:a", "q:c", "Văn", "Signature"])
_SPECIAL = ["x", "đ", "😀", " ", "\n", "\t", "&#13;", "&#10;", "&amp;", "&quot;", "'"]
TEXTS = st.lists(st.sampled_from([*_SPECIAL, "\r", "]]&gt;", "&lt;"]), max_size=6).map("".join)
VALUES = st.lists(st.sampled_from([*_SPECIAL, ">"]), max_size=5).map("".join)
DECLARATIONS = st.sampled_from(
    ["", ' xmlns="urn:d"', ' xmlns=""', ' xmlns:p="urn:p2"', ' xmlns:q="urn:p" xmlns:z="urn:z"']
)
ATTRIBUTES = st.dictionaries(st.sampled_from(["a", "Id", "p:a", "xml:lang", "xml:space", "z"]), VALUES, max_size=3)
MISC = st.sampled_from(["", "\n", "<!-- x -->", "<?p q?>", "<!-- </a> --><?p </a>?>", "\r\n", " <?p --> <!-- ?>\t"])
INSIDE = st.one_of(
    TEXTS,
    st.sampled_from(["<!-- </a> -->", "<?p </a>?>", "<![CDATA[</a> & ]] > <?p]]>", "<![CDATA[]]>"]),
)


@st.composite
def an_element(draw: st.DrawFn, depth: int = 0) -> str:
    name, declared = draw(NAMES), draw(DECLARATIONS)
    given_ = "".join(f' {k}="{v}"' for k, v in draw(ATTRIBUTES).items() if not k.startswith("xml:") or v in ("", "x"))
    inner = INSIDE if depth >= 3 else st.one_of(INSIDE, an_element(depth + 1))
    children = "".join(draw(st.lists(inner, max_size=3)))
    if depth == 0:
        declared = ' xmlns:p="urn:p" xmlns:q="urn:q"' + draw(st.sampled_from(["", ' xmlns="urn:goc"']))
    space = draw(st.sampled_from(["", " ", "\n"]))
    if not children and draw(st.booleans()):
        return f"<{name}{declared}{given_}{space}/>"
    return f"<{name}{declared}{given_}>{children}</{name}{space}>"


@st.composite
def a_document(draw: st.DrawFn) -> bytes:
    start = draw(st.sampled_from(["", '<?xml version="1.0"?>', '\ufeff<?xml version="1.0" encoding="utf-8"?>']))
    return (start + draw(MISC) + draw(an_element()) + draw(MISC)).encode()


@given(a_document(), st.sampled_from([Form(SEAL), Form(SEAL, "xmldsig")]))
@settings(max_examples=120, deadline=None)
def test_any_document_keeps_its_bytes_and_verifies(data: bytes, form: Form) -> None:
    signed = form.sign(data)
    made = re.search(rb"<ds:Signature .*</ds:Signature>", signed, re.DOTALL)
    assert made is not None
    before, after = signed[: made.start()], signed[made.end() :]
    if before + after != data:  # an empty root was opened
        opened = re.fullmatch(rb"</[^<>]*>(.*)", after, re.DOTALL)
        assert opened is not None
        assert before[:-1] + b"/>" + opened.group(1) == data
    document = XmlDocument(signed)
    (facts,) = document.signatures()
    assert intact(facts), facts.findings
    assert facts.coverage.whole


@given(a_document())
@settings(max_examples=25, deadline=None)
def test_xmlsec1_accepts_any_document_that_we_signed(data: bytes) -> None:
    verdict = xmlsec.verify(Form(SEAL, "xmldsig").sign(data), ROOTS, at=AT)
    assert verdict.valid, verdict.output
