"""An XPath expression run over the tree of a document, each step counted (XPath 1.0, attack classes X6 and R1).

Reach for `Evaluation(nodes, here, spend)` and its `value`. An expression can ask for more work than any bound
(`//*[//*[//*]]`), so every node that is looked at is told to `spend`, which ends it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeGuard

from ...errors import FormatError
from ..parse import local_name, namespace_of
from .grammar import REVERSE, Both, Call, Compared, Expression, Filtered, Path, Step, Test, Value

if TYPE_CHECKING:
    from lxml.etree import _Element


class Attribute(NamedTuple):
    parent: _Element
    name: str
    """As lxml writes it."""
    text: str


class Text(NamedTuple):
    parent: _Element
    number: int
    """Of the child that it stands after; 0 before the first."""
    text: str


class Namespace(NamedTuple):
    parent: _Element
    prefix: str | None
    text: str


class _Document:
    """The root node of the data model (5.1)."""


DOCUMENT: Final = _Document()
Node = Any
"""An lxml element (also a comment or an instruction), `DOCUMENT`, `Attribute`, `Text` or `Namespace`."""
Result = list[Node] | str | float | bool


class Nodes:
    """The elements, comments and instructions of a document, numbered in document order."""

    def __init__(self, root: _Element) -> None:
        self.root = root
        self.all = list(root.iter())  # held here, so that each of them is one Python object as long as this lives
        self.number = {node: number for number, node in enumerate(self.all)}
        self.parent = [-1 if n is root else self.number[n.getparent()] for n in self.all]  # type: ignore[index] # it is inside
        self.size = [1] * len(self.all)
        """How many stand from each on, itself and all below it."""
        for number in range(len(self.all) - 1, 0, -1):
            self.size[self.parent[number]] += self.size[number]

    def below(self, node: _Element) -> list[_Element]:
        number = self.number[node]
        return self.all[number + 1 : number + self.size[number]]


def texts_of(element: _Element) -> list[Text]:
    """The text nodes right below an element."""
    found = [Text(element, 0, element.text)] if element.text else []
    found += [Text(element, number, child.tail) for number, child in enumerate(element, 1) if child.tail]
    return found


def is_element(node: Node) -> TypeGuard[_Element]:
    return isinstance(getattr(node, "tag", None), str)


@dataclass(frozen=True)
class _Context:
    node: Node
    position: int = 1
    size: int = 1


class Evaluation:
    """Runs expressions over one document."""

    def __init__(self, nodes: Nodes, here: _Element, spend: Callable[[int], None]) -> None:
        """`here`: what here() gives (XMLDSIG 6.6.3); `spend` is told of steps, and may raise."""
        self._nodes = nodes
        self._here = here
        self._spend = spend

    def value(self, expression: Expression, node: Node) -> Result:
        """With this node as context. Raises `FormatError`, and what `spend` raises."""
        return self._value(expression, _Context(node))

    def truth(self, expression: Expression, node: Node) -> bool:
        return _boolean(self.value(expression, node))

    def _value(self, expression: Expression, context: _Context) -> Result:
        self._spend(1)
        if isinstance(expression, Value):
            return expression.value
        if isinstance(expression, Path):
            return self._path(expression, context)
        if isinstance(expression, Filtered):
            return self._kept(self._ordered(self._set(expression.inner, context)), expression.predicates)
        if isinstance(expression, Compared):
            return self._compare(expression, context)
        if isinstance(expression, Call):
            return self._call(expression, context)
        return self._both(expression, context)

    def _both(self, expression: Both, context: _Context) -> Result:
        if expression.operator == "|":
            return list(dict.fromkeys(node for p in expression.parts for node in self._set(p, context)))
        results = (_boolean(self._value(p, context)) for p in expression.parts)
        return any(results) if expression.operator == "or" else all(results)

    def _set(self, expression: Expression, context: _Context) -> list[Node]:
        found = self._value(expression, context)
        if not isinstance(found, list):
            raise FormatError("An XPath uses a value where nodes are needed.")
        return found

    # Paths ------------------------------------------------------------------------------------------------

    def _path(self, path: Path, context: _Context) -> list[Node]:
        if path.absolute:
            found: list[Node] = [DOCUMENT]
        else:
            found = [context.node] if path.start is None else self._set(path.start, context)
        for step in path.steps:
            if len(found) == 1:
                found = self._step(step, found[0])
            else:
                found = list(dict.fromkeys(node for start in found for node in self._step(step, start)))
        return found

    def _step(self, step: Step, start: Node) -> list[Node]:
        along = self._axis(step.axis, start, step.test)
        self._spend(1 + len(along))
        test = step.test
        if test.kind != "node":
            along = [n for n in along if _passes(n, test, attributes=step.axis == "attribute")]
        return self._kept(along, step.predicates) if step.predicates else along

    def _kept(self, nodes: list[Node], predicates: Sequence[Expression]) -> list[Node]:
        """`nodes` in the order in which positions are counted."""
        for predicate in predicates:
            kept: list[Node] = []
            for position, node in enumerate(nodes, 1):
                result = self._value(predicate, _Context(node, position, len(nodes)))
                number = isinstance(result, float) and not isinstance(result, bool)
                if result == position if number else _boolean(result):
                    kept.append(node)
            nodes = kept
        return nodes

    def _axis(self, axis: str, node: Node, test: Test) -> list[Node]:
        """The nodes along an axis, the nearest first. Texts are made only where the test may want them."""
        texts = test.kind in ("node", "text")
        if axis == "self":
            return [node]
        if axis in REVERSE and axis != "preceding-sibling":
            return self._upwards(axis, node)
        if axis == "child":
            return self._children(node, texts)
        if axis in ("descendant", "descendant-or-self"):
            return self._downwards(axis, node, texts)
        if axis == "attribute":
            return [Attribute(node, str(k), v) for k, v in node.items()] if is_element(node) else []
        return self._beside(axis, node)

    def _upwards(self, axis: str, node: Node) -> list[Node]:
        found: list[Node] = [node] if axis == "ancestor-or-self" else []
        while node is not DOCUMENT:
            parent = node.parent if isinstance(node, Attribute | Text | Namespace) else node.getparent()
            node = DOCUMENT if parent is None else parent
            found.append(node)
            if axis == "parent":
                break
        return found

    def _children(self, node: Node, texts: bool) -> list[Node]:
        if node is DOCUMENT:
            return [self._nodes.root]
        if not is_element(node):
            return []
        if not texts:
            return list(node)
        found: list[Node] = [Text(node, 0, node.text)] if node.text else []
        for number, child in enumerate(node, 1):
            found.append(child)
            if child.tail:
                found.append(Text(node, number, child.tail))
        return found

    def _downwards(self, axis: str, node: Node, texts: bool) -> list[Node]:
        own = [node] if axis == "descendant-or-self" else []
        if node is DOCUMENT:
            below = self._nodes.all
        elif is_element(node):
            below = self._nodes.below(node)
        else:
            return own
        if not texts:
            return [*own, *below]
        # Texts follow the elements here; where their order counts, `_ordered` puts it right.
        holders = [*([node] if is_element(node) else []), *below]
        self._spend(len(holders))
        return self._ordered([*own, *below, *(t for e in holders if is_element(e) for t in texts_of(e))])

    def _beside(self, axis: str, node: Node) -> list[Node]:
        """Siblings, the nearest first."""
        if node is DOCUMENT or node is self._nodes.root or isinstance(node, Attribute | Namespace):
            return []
        parent = node.parent if isinstance(node, Text) else node.getparent()
        children = self._children(parent, True)
        self._spend(len(children))
        at = children.index(node)
        return children[at + 1 :] if axis == "following-sibling" else children[:at][::-1]

    def _ordered(self, nodes: list[Node]) -> list[Node]:
        """In document order (5)."""
        self._spend(len(nodes))
        return nodes if len(nodes) < 2 else sorted(nodes, key=self._place)

    def _place(self, node: Node) -> tuple[float, int, str]:
        if node is DOCUMENT:
            return -1, 0, ""
        if isinstance(node, Attribute):
            return self._nodes.number[node.parent] + 0.25, 0, node.name
        if isinstance(node, Namespace):
            return self._nodes.number[node.parent] + 0.1, 0, node.prefix or ""
        if isinstance(node, Text):
            if node.number == 0:
                return self._nodes.number[node.parent] + 0.5, 0, ""
            before = self._nodes.number[node.parent[node.number - 1]]
            # after all that stands below the child before it, and after the texts of those, the deepest first
            depth = sum(1 for _ in node.parent.iterancestors())
            return before + self._nodes.size[before] - 1 + 0.75, -depth, ""
        return self._nodes.number[node], 0, ""

    # Values (3.4, 4) ----------------------------------------------------------------------------------------

    def _compare(self, expression: Compared, context: _Context) -> bool:
        left, right = self._value(expression.left, context), self._value(expression.right, context)
        operator = expression.operator
        if isinstance(left, bool) or isinstance(right, bool):
            if operator in ("=", "!="):
                return (_boolean(left) == _boolean(right)) == (operator == "=")
            left, right = (bool(v) if isinstance(v, list) else v for v in (left, right))
        lefts = self._singles(left)
        rights = self._singles(right)
        self._spend(len(lefts) * len(rights))
        return any(_single(a, operator, b) for a in lefts for b in rights)

    def _singles(self, value: Result) -> Sequence[str | float]:
        return [self._text(n) for n in value] if isinstance(value, list) else [value]

    def _text(self, node: Node) -> str:
        """The string-value of a node (5)."""
        if isinstance(node, Attribute | Text | Namespace):
            self._spend(1 + len(node.text) // 16)
            return node.text
        element = self._nodes.root if node is DOCUMENT else node
        if not is_element(element):
            return element.text or ""
        self._spend(self._nodes.size[self._nodes.number[element]])
        text = str(element.xpath("string()"))
        self._spend(len(text) // 16)
        return text

    def _string(self, value: Result) -> str:
        if isinstance(value, list):
            first = min(value, key=self._place) if value else None
            return "" if first is None else self._text(first)
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, str):
            return value
        if not math.isfinite(value):  # XPath 4.2
            return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
        return f"{value:.0f}" if value == int(value) else str(value)

    def _call(self, call: Call, context: _Context) -> Result:
        name = call.name
        if name in ("true", "false"):
            return name == "true"
        if name == "here":
            return [self._here]
        if name in ("position", "last"):
            return float(context.position if name == "position" else context.size)
        given = [self._value(a, context) for a in call.arguments]
        if name in ("boolean", "not"):
            return _boolean(given[0]) == (name == "boolean")
        if name in ("count", "local-name", "name", "namespace-uri"):
            nodes = given[0] if given else [context.node]
            if not isinstance(nodes, list):
                raise FormatError(f"{name}() of a value that is no set of nodes.")
            return float(len(nodes)) if name == "count" else self._name_of(name, nodes)
        texts = [self._string(g) for g in given] or [self._text(context.node)]
        self._spend(sum(map(len, texts)) // 16)
        if name == "concat":
            return "".join(texts)
        if name == "contains":
            return texts[1] in texts[0]
        if name == "starts-with":
            return texts[0].startswith(texts[1])
        if name == "normalize-space":
            return " ".join(texts[0].split())
        if name == "string-length":
            return float(len(texts[0]))
        return texts[0] if name == "string" else _number(given[0] if given else texts[0], texts[0])

    def _name_of(self, function: str, nodes: Sequence[Node]) -> str:
        if not nodes:
            return ""
        node = min(nodes, key=self._place)
        if isinstance(node, Attribute):
            namespace, _, local = node.name.rpartition("}")
            namespace, prefix = namespace.removeprefix("{"), None
            if namespace:
                prefix = next((p for p, uri in node.parent.nsmap.items() if uri == namespace and p), None)
        elif is_element(node):
            namespace, local, prefix = namespace_of(node), local_name(node), node.prefix
        else:
            return ""
        if function == "namespace-uri":
            return namespace
        return f"{prefix}:{local}" if function == "name" and prefix else local


def _passes(node: Node, test: Test, *, attributes: bool) -> bool:
    """Whether a node passes a test for names or texts; the principal kind is attributes on their axis (2.3)."""
    if test.kind == "text":
        return isinstance(node, Text)
    if attributes:
        namespace, _, local = node.name.rpartition("}")
        namespace = namespace.removeprefix("{")
    elif is_element(node):
        namespace, local = namespace_of(node), local_name(node)
    else:
        return False
    if test.kind == "any":
        return test.namespace in (None, namespace)
    return bool(namespace == test.namespace and local == test.local)


def _boolean(value: Result) -> bool:
    return not (math.isnan(value) or value == 0) if isinstance(value, float) else bool(value)


def _number(value: Result, text: str) -> float:
    if isinstance(value, float | bool):
        return float(value)
    stripped = text.strip(" \t\r\n")
    whole, _, rest = stripped.removeprefix("-").partition(".")
    digits = whole + rest
    return float(stripped) if digits.isascii() and digits.isdigit() else math.nan


def _single(left: str | float, operator: str, right: str | float) -> bool:
    if operator in ("=", "!=") and isinstance(left, str) and isinstance(right, str):
        return (left == right) == (operator == "=")
    return _holds(_number(left, str(left)), operator, _number(right, str(right)))


def _holds(left: float, operator: str, right: float) -> bool:
    if operator == "=":
        return left == right
    if operator == "!=":
        return left != right
    if operator == "<":
        return left < right
    if operator == "<=":
        return left <= right
    return left > right if operator == ">" else left >= right


def nodes_at(element: _Element) -> Iterable[Node]:
    """What stands at an element besides itself and elements: its attributes, namespaces and texts."""
    yield from (Attribute(element, str(k), v) for k, v in element.items())
    yield from (Namespace(element, p, uri) for p, uri in element.nsmap.items())
    yield from texts_of(element)
