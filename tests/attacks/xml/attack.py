"""One forged document and the word that must be said about it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Attack:
    xml: bytes
    word: str
    """Stands in the reason: a finding's code or text, or the error's text."""
    hashes: bool = False
    """The forgery keeps every digest and the value true: only the rule stands between it and "valid"."""


Generator = Callable[[], Attack]


def collected(namespace: dict[str, object]) -> dict[str, Generator]:
    """The generators of one module: its public functions without arguments that are annotated to give an Attack."""
    return {
        name: function
        for name, function in namespace.items()
        if callable(function) and getattr(function, "__annotations__", {}) == {"return": "Attack"}
    }
