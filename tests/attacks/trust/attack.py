"""What an attacker hands in as a trust bundle or list, and the words that must be said about it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Attack:
    data: bytes
    word: str
    """Stands in the reason for the refusal."""


Generator = Callable[[], Attack]


def collected(namespace: dict[str, object]) -> dict[str, Generator]:
    """The generators of one module: its public functions that are annotated to give an Attack."""
    return {
        name: function
        for name, function in namespace.items()
        if callable(function)
        and not name.startswith("_")
        and getattr(function, "__annotations__", {}).get("return") == "Attack"
    }
