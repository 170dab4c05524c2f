"""Text that a comment or an instruction splits is told before XML is signed (attack class X4)."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

import kyso
from kyso_pki.errors import LintRefused
from kyso_pki.pdf.lint.policy import LintPolicy
from kyso_pki.xml import splitting
from kyso_pki.xml.splitting import split_texts

from .made import AT, PERSON

SPLIT = {
    "a comment": "<a><b>admin<!-- -->.khac</b></a>",
    "an instruction": "<a><b>admin<?x y?>.khac</b></a>",
    "a comment before all text": "<a><b><!-- -->admin</b></a>",
    "white space after the comment": "<a><b>admin<!-- -->\n .khac</b></a>",
    "a CDATA section after it": "<a><b>admin<!-- --><![CDATA[.khac]]></b></a>",
    "a reference after it": "<a><b>admin<!-- -->&#46;khac</b></a>",
    "a comment and an instruction": "<a><b>admin<!-- --><?x?>.khac</b></a>",
    "a prefix": '<p:a xmlns:p="urn:p"><p:b>admin<!-- -->.khac</p:b></p:a>',
}
CLEAN = {
    "no comment": "<a><b>admin.khac</b></a>",
    "comments between elements": '<?xml version="1.0"?><?x?><!-- --><a>\n<!-- x -->\n<b>admin</b><?x?> </a><!-- -->',
    "a comment at the end of a text": "<a><b>admin<!-- .khac --></b></a>",
    "what looks like a comment in CDATA": "<a><b><![CDATA[<!-- -->x ?>y]]></b></a>",
    "what looks like its end": "<a><b>a --&gt; b ?> c</b></a>",
    "in an attribute": "<a b='--&gt;?>x'/>",
    "a reference to white space": "<a><!-- -->&#32;<b/></a>",
}


@pytest.mark.parametrize("name", SPLIT)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_split_text_is_told_with_its_place(name: str, encoding: str) -> None:
    (told,) = split_texts(SPLIT[name].encode(encoding))
    assert told.startswith("In /a/b text goes on after a")


@pytest.mark.parametrize("name", CLEAN)
def test_its_nearest_sibling_is_not(name: str) -> None:
    assert split_texts(CLEAN[name].encode()) == ()


def test_not_more_is_told_than_a_person_reads() -> None:
    assert len(split_texts(b"<a>%s</a>" % (b"<b>x<!-- -->y</b>" * 50_000))) == splitting.MAX_TOLD


@given(
    st.lists(st.sampled_from(["<b>", "</b>", "x", " ", "<!-- -->", "<?x?>", "<![CDATA[y]]>", "&#32;"]), max_size=12)
)
def test_it_is_what_lxml_shows_as_tails(pieces: list[str]) -> None:
    xml = f"<a>{''.join(pieces)}</a>".encode()
    try:
        root = etree.fromstring(xml)
    except etree.XMLSyntaxError:
        return
    places = root.iter(etree.Comment, etree.ProcessingInstruction)
    assert bool(split_texts(xml)) == any(node.tail and not node.tail.isspace() for node in places)


def test_who_signs_is_told_and_a_policy_may_refuse(tmp_path: Path) -> None:
    source, target = tmp_path / "a.xml", tmp_path / "a.signed.xml"
    source.write_text(SPLIT["a comment"], "utf-8")
    (warned,) = kyso.lint(source).warnings
    assert warned.observation.code == "SPLIT_TEXT"
    strict = LintPolicy((("SPLIT_TEXT", "refuse"),))
    with pytest.raises(LintRefused, match="SPLIT_TEXT"):
        kyso.sign(source, PERSON, at=AT, lint=strict)
    (refused,) = kyso.sign_files([(source, target)], PERSON, kyso.Intent(AT), lint=strict)
    assert isinstance(refused.error, LintRefused)
    assert not target.exists()
    (done,) = kyso.sign_files([(source, target)], PERSON, kyso.Intent(AT), lint=LintPolicy())
    assert done.signed
    assert done.lint is not None
    assert [s.observation.code for s in done.lint.warnings] == ["SPLIT_TEXT"]
