"""What the layers below can say: the English of every error, read from their sources."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import kyso_pki
from kyso_pki import errors

PACKAGES = Path(kyso_pki.__file__).parents[2]
FILLED = "0"
"""Stands where a sentence has a place."""
_ERRORS = {name for name, kind in vars(errors).items() if isinstance(kind, type)}


@cache
def trees(folder: str) -> tuple[tuple[Path, ast.Module], ...]:
    """The sources of `hsm`, `sdk`, `pki` or `server`."""
    return tuple((path, ast.parse(path.read_text("utf-8"))) for path in sorted((PACKAGES / folder).rglob("*.py")))


def strings(folder: str) -> Iterator[str]:
    """Every text in the sources, its places filled."""
    for _, tree in trees(folder):
        yield from (text for node in ast.walk(tree) for text in _texts(node, {}))


def sentences(folder: str, *, left_out: tuple[str, ...] = ()) -> set[str]:
    """Messages and remedies of the errors that are raised, their places filled. `left_out`: parts of paths."""
    found: set[str] = set()
    for path, tree in trees(folder):
        if any(part in path.parts for part in left_out):
            continue
        named = _constants(tree)
        for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
            name = getattr(call.func, "id", getattr(call.func, "attr", ""))
            if name in _ERRORS and call.args:
                remedies = [k.value for k in call.keywords if k.arg == "remedy"]
                found.update(text for node in (call.args[0], *remedies) for text in _texts(node, named))
    return {text for text in found if any(c.isalpha() for c in text)}


def findings(folder: str) -> set[tuple[str, str]]:
    """Code and text of the findings that are written out where they are made, the places of the text filled."""
    found: set[tuple[str, str]] = set()
    for _, tree in trees(folder):
        for function in (n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef)):
            named = _constants(tree) | _assigned_once(function)
            for call in (n for n in ast.walk(function) if isinstance(n, ast.Call)):
                at = {"Finding": (0, 2), "problem": (2, 3), "Seen": (0, 1), "Change": (0, 1)}.get(
                    getattr(call.func, "id", getattr(call.func, "attr", ""))
                )
                if at is not None and len(call.args) > at[1]:
                    code = str(getattr(call.args[at[0]], "value", ""))  # empty: it is told elsewhere
                    found.update((code, text) for text in _texts(call.args[at[1]], named))
    return {(code, text) for code, text in found if any(c.isalpha() for c in text)}


def observations(folder: str) -> set[str]:
    """What the linter says it saw, where that is written out where it is made, the places filled."""
    found: set[str] = set()
    for _, tree in trees(folder):
        for function in (n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef)):
            named = _assigned_once(function)
            for call in (n for n in ast.walk(function) if isinstance(n, ast.Call)):
                if getattr(call.func, "id", "") == "Observation" and len(call.args) > 1:
                    found.update(_texts(call.args[1], named))
    return {text for text in found if any(c.isalpha() for c in text)}


def _assigned_once(function: ast.FunctionDef) -> dict[str, ast.expr]:
    """Texts that have one name and one value in a function; what has several is told at its places."""
    values: dict[str, list[ast.expr]] = {}
    for n in ast.walk(function):
        if isinstance(n, ast.Assign) and isinstance(n.targets[0], ast.Name):
            values.setdefault(n.targets[0].id, []).append(n.value)
    return {name: given[0] for name, given in values.items() if len(given) == 1}


def _constants(tree: ast.Module) -> dict[str, ast.expr]:
    """Texts with a name at the top of a module."""
    assigned = [n for n in tree.body if isinstance(n, ast.Assign) and isinstance(n.targets[0], ast.Name)]
    return {n.targets[0].id: n.value for n in assigned if isinstance(n.targets[0], ast.Name)}


def _texts(node: ast.expr | ast.AST, named: dict[str, ast.expr]) -> tuple[str, ...]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return (node.value,)
    if isinstance(node, ast.JoinedStr):
        return ("".join(str(v.value) if isinstance(v, ast.Constant) else FILLED for v in node.values),)
    if isinstance(node, ast.Name) and node.id in named:
        return _texts(named[node.id], {})
    if isinstance(node, ast.IfExp):
        return _texts(node.body, named) + _texts(node.orelse, named)
    if isinstance(node, ast.BinOp):
        left, right = (_texts(side, named) or (FILLED,) for side in (node.left, node.right))
        return tuple(a + b for a in left for b in right)
    return ()
