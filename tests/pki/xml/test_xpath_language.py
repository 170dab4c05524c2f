"""Our XPath against libxml2's on random documents and expressions; what it refuses; what it costs."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from lxml import etree

from kyso_pki.errors import FormatError, LimitExceeded
from kyso_pki.xml.references import Budget
from kyso_pki.xml.xpath.evaluation import DOCUMENT, Attribute, Evaluation, Nodes, Text
from kyso_pki.xml.xpath.grammar import MAX_EXPRESSION, parsed

NAMESPACES = (("p", "urn:mau:p"), ("q", "urn:mau:q"))
DOCUMENT_XML = """<goc xmlns:q="urn:mau:q" a="1" b="hai">đầu
 <p:x xmlns:p="urn:mau:p" a="1"><y>1</y><y a="2">2<!-- c -->3</y></p:x>
 <q:x/><y><q:y q:a="3">hai</q:y>cuối</y><?lenh x?><x><x><x a="1"/>ba</x></x></goc>""".encode()

_names = st.sampled_from(["goc", "x", "y", "p:x", "q:x", "q:y", "*", "q:*", "node()", "text()"])
_axes = st.sampled_from(
    [
        *("", "", "child::", "self::", "descendant::", "descendant-or-self::", "ancestor::", "ancestor-or-self::"),
        *("parent::", "following-sibling::", "preceding-sibling::"),
    ]
)
_steps = st.builds(str.__add__, _axes, _names) | st.sampled_from([".", "..", "@a", "@*", "@q:a"])


def _joined(first: str, steps: list[str], between: list[str]) -> str:
    return first + "".join(s + b for s, b in zip(steps, [*between, ""], strict=False)).rstrip("/")


_paths = st.builds(
    _joined,
    st.sampled_from(["", "", "/", "//"]),
    st.lists(_steps, min_size=1, max_size=3),
    st.lists(st.sampled_from(["/", "//"]), min_size=2, max_size=2),
)
_values = st.sampled_from(["1", "2", "'hai'", '"3"', "''", "1.5", "true()", "false()"])


def _larger(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    call = st.sampled_from(["not", "boolean", "string", "number", "string-length", "normalize-space"])
    of_nodes = st.sampled_from(["count", "local-name", "name", "namespace-uri", "string"])
    compare = st.sampled_from([" = ", "!=", "<", " <= ", ">", ">=", " and ", " or "])
    return st.one_of(
        st.builds(lambda c, e: f"{c}({e})", call, inner),
        st.builds(lambda c, p: f"{c}({p})", of_nodes, _paths),
        st.builds(lambda a, o, b: f"{a}{o}{b}", inner, compare, inner),
        st.builds(lambda a, b: f"({a}|{b})", _paths, _paths),
        st.builds(lambda p, e: f"{p}[{e}]", _paths, inner),
        st.builds(lambda p, e: f"({p})[{e}]", _paths, inner),
        st.builds(lambda a, b: f"contains({a}, {b})", inner, inner),
        st.builds(lambda a, b: f"starts-with({a}, concat({b}, ''))", inner, inner),
    )


EXPRESSIONS = st.recursive(
    _paths | _values | st.sampled_from(["position() = 1", "position()=last()", "last()"]), _larger, max_leaves=6
)


def plain(result: object) -> object:
    """Nodes as things that can be compared, in no order."""
    if not isinstance(result, list):
        return result
    found = set()
    for node in result:
        if isinstance(node, Attribute):
            found.add(("@", node.parent.getroottree().getpath(node.parent), node.text))
        elif isinstance(node, Text):
            owner = node.parent[node.number - 1] if node.number else node.parent
            found.add(("tail" if node.number else "text", owner.getroottree().getpath(owner), node.text))
        elif getattr(node, "is_attribute", False):
            found.add(("@", node.getparent().getroottree().getpath(node.getparent()), str(node)))
        elif isinstance(node, str):
            owner = node.getparent()  # type: ignore[attr-defined] # lxml's own kind of str
            found.add(("tail" if node.is_tail else "text", owner.getroottree().getpath(owner), str(node)))  # type: ignore[attr-defined]
        elif node is not DOCUMENT:  # which lxml does not show
            found.add(("node", node.getroottree().getpath(node), ""))
    return found


@settings(max_examples=400, deadline=None)
@given(EXPRESSIONS, st.integers(0, 11))
@example("string(number(goc))", 0)
def test_every_expression_means_what_libxml2_makes_of_it(text: str, number: int) -> None:
    root = etree.fromstring(DOCUMENT_XML)
    nodes = Nodes(root)
    elements = [n for n in nodes.all if isinstance(n.tag, str)]
    context = elements[number % len(elements)]
    try:
        expression = parsed(text, NAMESPACES)
        ours = Evaluation(nodes, root, Budget(1 << 20).step).value(expression, context)
    except FormatError:
        with pytest.raises(etree.XPathError):  # nothing that libxml2 can make sense of is out of reach here
            context.xpath(text, namespaces=dict(NAMESPACES))
        return
    try:
        theirs = context.xpath(text, namespaces=dict(NAMESPACES))
    except etree.XPathEvalError as e:
        assert "Invalid context" in str(e)
        return
    if isinstance(theirs, float) and theirs != theirs:
        assert ours != ours
        return
    assert plain(ours) == plain(theirs)


@pytest.mark.parametrize(
    "text",
    [
        *(
            "1 + 1",
            "2 * 3",
            "-1",
            "4 div 2",
            "4 mod 2",
            "$a",
            "id('a')",
            "lang('vi')",
            "document('x')",
            "key('a','b')",
        ),
        *("following::x", "preceding::x", "namespace::x", "comment()", "processing-instruction()", "unknown()"),
        *(
            "",
            "/..[",
            "x[",
            "x]",
            "(x",
            "x)",
            "x y",
            "not()",
            "count(1, 2)",
            "p:",
            ":p",
            "x/",
            "//",
            "a::b",
            "'",
            "1x",
        ),
        *("sum(//y)", "floor(1)", "substring('a', 1)", "translate('a','b','c')", "x/(y)", "q:f()", "@@a", "x//"),
    ],
)
def test_what_is_not_in_the_list_is_refused(text: str) -> None:
    with pytest.raises(FormatError):
        parsed(text, NAMESPACES)


def test_a_prefix_that_nobody_bound_is_refused() -> None:
    with pytest.raises(FormatError, match="not bound in what was signed"):
        parsed("//r:x", NAMESPACES)


@pytest.mark.parametrize("text", ["x" * (MAX_EXPRESSION + 1), "(" * 40 + "x" + ")" * 40, "x[" * 40 + "1" + "]" * 40])
def test_a_long_or_deep_expression_is_refused(text: str) -> None:
    with pytest.raises(LimitExceeded):
        parsed(text, NAMESPACES)


@pytest.mark.parametrize(
    "text",
    [
        "//*[//*[//*[//*]]]",
        "//node()[count(//node()[string(/) = string(.)]) = 1]",
        "//x[string(//*) = string(/)]",
        "//*[following-sibling::*[following-sibling::*[following-sibling::*]]]",
        "//* = //*",
        "count(//*/following-sibling::* | //*/preceding-sibling::*)",
    ],
)
def test_work_ends_at_its_bound(text: str) -> None:
    root = etree.fromstring(b"<a>" + b"<x>1</x>" * 3000 + b"</a>")
    nodes = Nodes(root)
    with pytest.raises(LimitExceeded, match="XPath"):
        Evaluation(nodes, root, Budget(24_000).step).value(parsed(text, ()), DOCUMENT)
