"""Canonical octets of parts: as of a copy that stands alone, and as Java's own implementation writes them."""

from __future__ import annotations

import base64
import random
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from kyso_pki.errors import FormatError
from kyso_pki.xml.baseuri import joined
from kyso_pki.xml.c14n import EXCLUSIVE, INCLUSIVE, METHODS, canonical_document, canonical_element
from kyso_pki.xml.parse import parse, parse_utf8
from tests.judges.java_build import program

from .made import PERSON, intact, only
from .templates import signed_by_xmlsec1
from .test_any_document import a_document

C14N11 = METHODS["http://www.w3.org/2006/12/xml-c14n11"]
PREFIXES = st.lists(st.sampled_from(["p", "q", "z", "#default"]), unique=True, max_size=3)


@given(a_document(), PREFIXES)
@settings(max_examples=200, deadline=None)
def test_an_exclusive_part_in_its_tree_is_that_of_a_copy(data: bytes, prefixes: list[str]) -> None:
    """What lets a part be canonicalised without a copy; with the inclusive methods lxml gets it wrong."""
    for element in parse(data).iter("*"):
        alone = parse_utf8(etree.tostring(element, encoding="utf-8", with_tail=False))
        assert canonical_element(element, EXCLUSIVE, prefixes) == canonical_document(alone, EXCLUSIVE, prefixes)


def test_an_inclusive_part_gets_no_spurious_default_namespace() -> None:
    """Trap 1: lxml writes xmlns="" where a default namespace is inherited through an element with a prefix."""
    xml = b'<q:c xmlns="urn:d" xmlns:q="urn:q"><q:apex><b>t<q:d x="2"/></b></q:apex></q:c>'
    part = parse(xml)[0]
    expected = b'<q:apex xmlns="urn:d" xmlns:q="urn:q"><b>t<q:d x="2"></q:d></b></q:apex>'
    assert canonical_element(part, INCLUSIVE) == expected


# Java ---------------------------------------------------------------------------------------------------


def documents(count: int) -> Iterator[bytes]:
    """Seeded documents with one element that has the attribute apex, below inherited namespaces and xml:* attributes.

    The latter stand on one ancestor only: of several values Java (17) inherits the farthest instead of the nearest.
    """
    rnd = random.Random(20261128)  # noqa: S311 - not a secret
    names = ["a", "b", "p:a", "q:c", "p:b"]
    declared = ["", ' xmlns="urn:d"', ' xmlns=""', ' xmlns:p="urn:p2"', ' xmlns:q="urn:p"', ' xmlns:z="urn:d"']
    given_ = ["", ' p:x="1"', ' x="&lt;&quot;&#13;2"', ' q:y="3" x="1"', ' xml:lang="vi"', ' xml:space="preserve"']
    texts = ["", "đ", "&amp;&gt;", "<![CDATA[<&]]>", "<!-- c -->", "<?p q?>", "\r\n", "&#13;"]

    def element(depth: int) -> str:
        name = rnd.choice(names)
        apex = ' apex=""' if depth == 2 else ""
        own = rnd.choice(given_[:4] if depth == 1 else given_)
        inside = "".join(rnd.choice(texts) + element(depth + 1) for _ in range(rnd.randint(0, 2)) if depth < 5)
        return f"<{name}{rnd.choice(declared)}{own}{apex}>{inside}{rnd.choice(texts)}</{name}>"

    while count:
        default = rnd.choice(declared[:2])
        outer = f'<r xmlns:p="urn:p" xmlns:q="urn:q" xml:lang="en" xml:id="r"{default}>{element(1)}</r>'
        if outer.count("apex") == 1:
            count -= 1
            yield outer.encode()


@pytest.mark.parametrize("uri", list(METHODS))
def test_java_writes_the_same_octets(uri: str) -> None:
    exports = "java.xml.crypto/com.sun.org.apache.xml.internal.security"
    made = list(documents(120))
    chosen = [("" if n % 3 or not METHODS[uri].exclusive else "p,z") for n in range(len(made))]
    questions = [f"{uri} {p} {base64.b64encode(d).decode()}" for d, p in zip(made, chosen, strict=True)]
    command = [program("java"), *(f"--add-exports={exports}{x}=ALL-UNNAMED" for x in ("", ".c14n"))]
    source = str(Path(__file__).with_name("Canonical.java"))
    done = subprocess.run([*command, source], input="\n".join(questions), capture_output=True, text=True, check=True)
    for data, listed, answer in zip(made, chosen, done.stdout.split("\n"), strict=False):
        (part,) = parse(data).xpath("//*[@apex]")
        prefixes = [p for p in listed.split(",") if p]
        ours = canonical_element(part, METHODS[uri], prefixes, comments=True)
        assert ours == base64.b64decode(answer), data


# xml:base -----------------------------------------------------------------------------------------------

AGREED = [
    ('<a xml:base="x/y"><g:goc{}>x</g:goc></a>', "x/y"),
    ('<a xml:base="x/y/"><g:goc{} xml:base="z">x</g:goc></a>', "x/y/z"),
    ('<a xml:base="http://e/x/y"><b xml:base="../z/"><g:goc{} xml:base="q">x</g:goc></b></a>', "http://e/z/q"),
    ('<a xml:base="http://e"><g:goc{} xml:base="d">x</g:goc></a>', "http://e/d"),
    ('<a xml:base=".."><g:goc{} xml:base="b">x</g:goc></a>', "../b"),
    ('<a xml:base="http://u@e:8/x/"><b xml:base="//h/p"><g:goc{} xml:base="k">x</g:goc></b></a>', "http://h/k"),
    ('<a><g:goc{} xml:base="../a/./b">x</g:goc></a>', "../a/./b"),
]


@pytest.mark.parametrize(("xml", "base"), AGREED)
def test_xml_base_is_joined_in_c14n_1_1_as_xmlsec1_does(xml: str, base: str) -> None:
    data = xml.format(' xmlns:g="urn:mau:goc" Id="goc"').encode()
    signed = signed_by_xmlsec1(data, PERSON, uri="#goc", transforms=[C14N11.uri])
    facts = only(signed)
    assert intact(facts), facts.findings
    assert f'xml:base="{base}"'.encode() in canonical_element(parse(signed).xpath("//*[@Id='goc']")[0], C14N11)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (["x/y/", "../../../z", ".."], "../../"),
        (["x/y/", "../../"], ""),
        (["x", ""], "x"),
        (["x?q", ""], "x?q"),
        (["http://e/x", "?q=1#f"], "http://e/x?q=1"),
        (["../x/..//y", "."], "../"),
        (["foo/bar", "/abs//d/../e"], "/abs/e"),
        (["a", "urn:x:y"], "urn:x:y"),
    ],
)
def test_bases_are_joined_as_appendix_a_says(values: list[str], said: str) -> None:
    assert joined(values) == said


def test_xml_id_stays_where_it_is_in_1_1_and_is_inherited_in_1_0() -> None:
    part = parse(b'<a xml:id="i" xml:lang="vi" xml:space="preserve"><b/></a>')[0]
    assert canonical_element(part, C14N11) == b'<b xml:lang="vi" xml:space="preserve"></b>'
    assert canonical_element(part, INCLUSIVE) == b'<b xml:id="i" xml:lang="vi" xml:space="preserve"></b>'


@pytest.mark.parametrize("name", ["urn:a&amp;b", "urn:a&amp;amp;b"])
def test_a_namespace_whose_canonical_form_would_be_ambiguous_is_refused(name: str) -> None:
    root = parse(f'<a xmlns:p="{name}"><p:b/></a>'.encode())
    for method in METHODS.values():
        with pytest.raises(FormatError, match="ambiguous"):
            canonical_document(root, method)


def test_text_that_only_looks_like_such_a_namespace_is_none() -> None:
    root = parse(b'<a>xmlns:p="urn:a&amp;b"</a>')
    assert canonical_document(root, EXCLUSIVE) == b'<a>xmlns:p="urn:a&amp;b"</a>'
