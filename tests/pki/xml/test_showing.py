"""What decides how a document is shown is told, however large the document is; the verdict is about its octets."""

from __future__ import annotations

import pytest

from kyso_pki.errors import LintRefused
from kyso_pki.formats import lint_document, open_document
from kyso_pki.pdf.lint.policy import DEFAULT_LINT, LintPolicy

from .made import SEAL, Form, report

LARGE = "\n" * (2 << 20)
XHTML, SVG = "http://www.w3.org/1999/xhtml", "http://www.w3.org/2000/svg"

SHOWN_OTHERWISE = {
    "a stylesheet elsewhere": '<?xml-stylesheet type="text/xsl" href="http://gia.example/x.xsl"?><a>1</a>',
    "a stylesheet beside it": '<?xml-stylesheet type="text/css" href="x.css"?><a>1</a>',
    "a stylesheet without an address": '<?xml-stylesheet type="text/css"?><a>1</a>',
    "the second of two": '<?xml-stylesheet href="#x"?><?xml-stylesheet href="x.css"?><a>1</a>',
    "a script of XHTML": f'<html xmlns="{XHTML}"><script>1</script></html>',
    "a script with a prefix": f'<a xmlns:h="{XHTML}"><h:script src="x.js"/></a>',
    "a script of SVG": f'<a><svg xmlns="{SVG}"><script>1</script></svg></a>',
}
SHOWN_AS_IT_IS = {
    "a stylesheet inside": '<?xml-stylesheet href="#x"?><a>1</a>',
    "an instruction within": '<a><?xml-stylesheet href="x.css"?>1</a>',
    "another instruction": '<?in href="x"?><a>xml-stylesheet</a>',
    "a script of its own": "<a><script>1</script></a>",
    "a text about scripts": f'<html xmlns="{XHTML}">script</html>',
}


def _told(xml: str) -> list[str]:
    judged = report(Form(SEAL, "xmldsig").sign(xml.encode()))
    assert judged.passed
    return [f.code for s in judged.signatures for f in s.findings if f.code == "ACTIVE_CONTENT"]


@pytest.mark.parametrize("name", list(SHOWN_OTHERWISE))
@pytest.mark.parametrize("after", ["", LARGE], ids=["small", "large"])
def test_what_shows_a_document_otherwise_is_told(name: str, after: str) -> None:
    assert _told(SHOWN_OTHERWISE[name] + after) == ["ACTIVE_CONTENT"]


@pytest.mark.parametrize("name", list(SHOWN_AS_IT_IS))
def test_what_only_looks_like_it_is_not(name: str) -> None:
    assert _told(SHOWN_AS_IT_IS[name]) == []


def test_in_a_large_document_scripts_may_be_told_where_there_are_none() -> None:
    """They are not in memory: told too often rather than not."""
    assert _told(SHOWN_AS_IT_IS["a text about scripts"] + LARGE) == ["ACTIVE_CONTENT"]


def _linted(xml: str, encoding: str = "utf-8") -> set[str]:
    return {s.observation.code for s in lint_document(open_document(xml.encode(encoding)), DEFAULT_LINT).stated}


@pytest.mark.parametrize("name", list(SHOWN_OTHERWISE))
@pytest.mark.parametrize("after", ["", LARGE], ids=["small", "large"])
def test_it_is_refused_before_it_is_signed(name: str, after: str) -> None:
    document = open_document((SHOWN_OTHERWISE[name] + after).encode())
    with pytest.raises(LintRefused, match=r"STYLESHEET|JAVASCRIPT"):
        lint_document(document, DEFAULT_LINT).refuse()
    mild = LintPolicy((("STYLESHEET", "warn"), ("JAVASCRIPT", "warn")))
    assert len(lint_document(document, mild).warnings) == 1


@pytest.mark.parametrize("name", list(SHOWN_AS_IT_IS))
def test_what_only_looks_like_it_is_not_refused(name: str) -> None:
    assert _linted(SHOWN_AS_IT_IS[name]) <= {"SPLIT_TEXT"}
    assert _linted(SHOWN_AS_IT_IS[name] + LARGE) <= {"SPLIT_TEXT"}


def test_a_stylesheet_is_found_in_every_spelling() -> None:
    spelt = ("href='x.css'", "type='text/xsl'\n href = 'x.css' title='#y'", "xhref='#x' href=\"x.css\"", "")
    for attributes in spelt:
        assert _linted(f"<?xml-stylesheet {attributes}?><a/>") == {"STYLESHEET"}
    assert _linted("<?xml-stylesheet href='x.css'?><a/>", "utf-16") == {"STYLESHEET"}
