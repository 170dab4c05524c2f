"""The text of an XPath expression (XPath 1.0, chapters 2 and 3) as a tree of frozen values.

Reach for `parsed`. What is read: location paths, predicates, unions, and, or, comparisons, strings, numbers, and the
functions below. What is refused by name: arithmetic, variables, id(), lang(), the axes following, preceding and
namespace, comment() and processing-instruction(): no signature in use needs them, and what is not there cannot err.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from ...errors import FormatError, LimitExceeded

MAX_EXPRESSION = 2000  # characters; the longest in W3C's own examples has some 200
MAX_NESTING = 16  # of brackets and predicates, against recursion

Axis = Literal[
    "self",
    "child",
    "parent",
    "ancestor",
    "ancestor-or-self",
    "descendant",
    "descendant-or-self",
    "following-sibling",
    "preceding-sibling",
    "attribute",
]
AXES: frozenset[str] = frozenset(Axis.__args__)  # type: ignore[attr-defined] # a Literal's own words
REVERSE: frozenset[str] = frozenset(("ancestor", "ancestor-or-self", "parent", "preceding-sibling"))

FUNCTIONS: Mapping[str, tuple[int, int]] = {
    "boolean": (1, 1),
    "concat": (2, 16),
    "contains": (2, 2),
    "count": (1, 1),
    "false": (0, 0),
    "here": (0, 0),
    "last": (0, 0),
    "local-name": (0, 1),
    "name": (0, 1),
    "namespace-uri": (0, 1),
    "normalize-space": (0, 1),
    "not": (1, 1),
    "number": (0, 1),
    "position": (0, 0),
    "starts-with": (2, 2),
    "string": (0, 1),
    "string-length": (0, 1),
    "true": (0, 0),
}
"""The functions, with the least and most arguments."""

Comparison = Literal["=", "!=", "<", "<=", ">", ">="]


@dataclass(frozen=True)
class Test:
    """A node test (2.3)."""

    kind: Literal["name", "any", "node", "text"]
    """`any` is `*`, of one namespace where it says so."""
    namespace: str | None = None
    """None: every namespace, for `any`; no namespace is ""."""
    local: str = ""


@dataclass(frozen=True)
class Step:
    axis: Axis
    test: Test
    predicates: tuple[Expression, ...] = ()


@dataclass(frozen=True)
class Path:
    """A location path, from the document (`absolute`), from what `start` gives, or from the context node."""

    absolute: bool
    start: Expression | None
    steps: tuple[Step, ...]


@dataclass(frozen=True)
class Filtered:
    """An expression in brackets or a function call, with predicates (3.3)."""

    inner: Expression
    predicates: tuple[Expression, ...]


@dataclass(frozen=True)
class Both:
    """`and`, `or`, `|` over two or more."""

    operator: Literal["and", "or", "|"]
    parts: tuple[Expression, ...]


@dataclass(frozen=True)
class Compared:
    operator: Comparison
    left: Expression
    right: Expression


@dataclass(frozen=True)
class Call:
    name: str
    arguments: tuple[Expression, ...]


@dataclass(frozen=True)
class Value:
    value: str | float


Expression = Path | Filtered | Both | Compared | Call | Value

_NAME = r"[A-Za-z_\u00c0-\U000effff][\w.\-\u00b7]*"
_TOKEN = re.compile(
    r"[ \t\r\n]*(?:(?P<literal>\"[^\"]*\"|'[^']*')|(?P<number>\d+(?:\.\d*)?|\.\d+)"
    rf"|(?P<name>{_NAME}(?::(?:{_NAME}|\*))?)"
    r"|(?P<sign>::|//|\.\.|!=|<=|>=|[()\[\].@,/|=<>*$+\-]))"
)
_COMPARISONS = (("=", "!="), ("<=", "<", ">=", ">"))


@lru_cache(maxsize=64)
def parsed(text: str, namespaces: tuple[tuple[str, str], ...]) -> Expression:
    """The expression; `namespaces` are the prefixes that it may use. Raises `FormatError`, `LimitExceeded`."""
    if len(text) > MAX_EXPRESSION:
        raise LimitExceeded(f"An XPath of {len(text)} characters; at most {MAX_EXPRESSION} are read.")
    reader = _Reader(_tokens(text), dict(namespaces), text)
    expression = reader.either()
    reader.end()
    return expression


def _tokens(text: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    position, end = 0, len(text.rstrip(" \t\r\n"))
    while position < end:
        match = _TOKEN.match(text, position)
        if match is None:
            raise FormatError(f"The XPath cannot be read at {text[position : position + 40]!r}.")
        kind = str(match.lastgroup)
        found.append((kind, match[kind]))
        position = match.end()
    return found


class _Reader:
    """Recursive descent over the tokens."""

    def __init__(self, tokens: Sequence[tuple[str, str]], namespaces: Mapping[str, str], text: str) -> None:
        self._tokens = [*tokens, ("end", "")]
        self._at = 0
        self._namespaces = namespaces
        self._text = text
        self._depth = 0

    def end(self) -> None:
        if self._tokens[self._at][0] != "end":
            raise self._refused(self._tokens[self._at][1])

    def _refused(self, what: str) -> FormatError:
        return FormatError(f"{what!r} in the XPath {self._text[:80]!r} is not accepted (docs/xml.md).")

    def _is(self, *signs: str) -> bool:
        kind, text = self._tokens[self._at]
        return kind == "sign" and text in signs

    def _take(self, *signs: str) -> bool:
        taken = self._is(*signs)
        self._at += taken
        return taken

    def _need(self, sign: str) -> None:
        if not self._take(sign):
            raise self._refused(self._tokens[self._at][1] or "its end")

    # Operators, weakest first (3.4, 3.5) ------------------------------------------------------------------

    def either(self) -> Expression:
        self._depth += 1
        if self._depth > MAX_NESTING:
            raise LimitExceeded(f"An XPath nested more than {MAX_NESTING} deep.")
        parts = [self._all()]
        while self._word("or"):
            parts.append(self._all())
        self._depth -= 1
        return parts[0] if len(parts) == 1 else Both("or", tuple(parts))

    def _all(self) -> Expression:
        parts = [self._compared(0)]
        while self._word("and"):
            parts.append(self._compared(0))
        return parts[0] if len(parts) == 1 else Both("and", tuple(parts))

    def _word(self, word: str) -> bool:
        taken = self._tokens[self._at] == ("name", word)
        self._at += taken
        return taken

    def _compared(self, level: int) -> Expression:
        """`=` and `!=` bind weaker than the others; all of them lean to the left."""
        if level == len(_COMPARISONS):
            return self._union()
        left = self._compared(level + 1)
        while self._is(*_COMPARISONS[level]):
            operator: Comparison = self._tokens[self._at][1]  # type: ignore[assignment] # one of those
            self._at += 1
            left = Compared(operator, left, self._compared(level + 1))
        return left

    def _union(self) -> Expression:
        parts = [self._path()]
        while self._take("|"):
            parts.append(self._path())
        return parts[0] if len(parts) == 1 else Both("|", tuple(parts))

    # Paths (2) ----------------------------------------------------------------------------------------------

    def _path(self) -> Expression:
        start: Expression | None = None
        steps: list[Step] = []
        absolute = False
        if self._starts_primary():
            start = self._primary()
            predicates = self._predicates()
            if predicates:
                start = Filtered(start, predicates)
            if not self._is("/", "//"):
                return start
        elif self._is("/", "//"):
            absolute = True
            if self._take("/"):
                if self._starts_step():
                    steps.append(self._step())
                else:
                    return Path(True, None, ())
        else:
            steps.append(self._step())
        while self._is("/", "//"):
            if self._take("//"):
                steps.append(_ANYWHERE)
            else:
                self._need("/")
            steps.append(self._step())
        return Path(absolute, start, tuple(steps))

    def _starts_step(self) -> bool:
        return self._is(".", "..", "@", "*") or self._tokens[self._at][0] == "name"

    def _starts_primary(self) -> bool:
        kind, text = self._tokens[self._at]
        call = kind == "name" and self._tokens[self._at + 1] == ("sign", "(") and text not in _NODE_TYPES
        return kind in ("literal", "number") or self._is("(") or call

    def _step(self) -> Step:
        if self._take("."):
            return Step("self", Test("node"))
        if self._take(".."):
            return Step("parent", Test("node"))
        axis = "child"
        if self._take("@"):
            axis = "attribute"
        elif self._tokens[self._at][0] == "name" and self._tokens[self._at + 1] == ("sign", "::"):
            axis = self._tokens[self._at][1]
            if axis not in AXES:
                raise self._refused(f"{axis}::")
            self._at += 2
        test = self._test(axis)
        return Step(axis, test, self._predicates())  # type: ignore[arg-type] # one of AXES

    def _test(self, axis: str) -> Test:
        if self._take("*"):
            return Test("any")
        kind, text = self._tokens[self._at]
        if kind != "name":
            raise self._refused(text or "its end")
        self._at += 1
        if self._take("("):
            if text not in ("node", "text"):
                raise self._refused(f"{text}()")
            self._need(")")
            return Test("node" if text == "node" else "text")
        prefix, colon, local = text.rpartition(":")
        namespace = self._namespaces.get(prefix) if colon else ""
        if namespace is None or (colon and not namespace):
            raise FormatError(
                f"The prefix {prefix!r} of the XPath {self._text[:80]!r} is not bound in what was signed, "
                "so anybody could change what it means."
            )
        return Test("any", namespace) if local == "*" else Test("name", namespace, local)

    def _predicates(self) -> tuple[Expression, ...]:
        found: list[Expression] = []
        while self._take("["):
            found.append(self.either())
            self._need("]")
        return tuple(found)

    def _primary(self) -> Expression:
        kind, text = self._tokens[self._at]
        self._at += 1
        if kind == "literal":
            return Value(text[1:-1])
        if kind == "number":
            return Value(float(text))
        if text == "(":
            inner = self.either()
            self._need(")")
            return inner
        if text not in FUNCTIONS:
            raise self._refused(f"{text}()")
        self._need("(")
        arguments: list[Expression] = []
        if not self._is(")"):
            arguments.append(self.either())
            while self._take(","):
                arguments.append(self.either())
        self._need(")")
        least, most = FUNCTIONS[text]
        if not least <= len(arguments) <= most:
            raise self._refused(f"{text}() with {len(arguments)} arguments")
        return Call(text, tuple(arguments))


_NODE_TYPES = ("node", "text", "comment", "processing-instruction")
_ANYWHERE = Step("descendant-or-self", Test("node"))
