"""One forged document, the word that must be said about it, and the harmless document beside it.

A variant of an attack is a function that gives an `Attack`; its docstring begins with its classes (`X1`, `R1`; what
they are stands in `catalogue.CLASSES`) and says the rule that must catch it. Variants that differ in a word are
made by `variant`. Each has a twin that must pass, so that nothing passes its test by refusing everything.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Attack:
    xml: bytes
    word: str
    """Stands in the reason: a finding's code or text, or the error's text. `|` separates words that are all right."""
    hashes: bool = False
    """The forgery keeps every digest and the value true: only the rule stands between it and "valid"."""
    twin: bytes | None = None
    """What passes (at least where parts are accepted); None: the honest document of the module."""

    def is_said_in(self, text: str) -> bool:
        """Whether a report that says this names the reason."""
        return any(word in text for word in self.word.split("|"))


Generator = Callable[[], Attack]


def variant(registry: dict[str, Generator], name: str, rule: str, make: Generator) -> None:
    """Registers one of many variants that differ in a word; `rule` is what its docstring would say."""
    if name in registry:
        raise ValueError(f"{name} stands twice")

    def made() -> Attack:
        return make()

    made.__name__, made.__doc__ = name, rule
    registry[name] = made


def collected(namespace: dict[str, object]) -> dict[str, Generator]:
    """The generators of one module: its public functions without arguments that are annotated to give an Attack."""
    return {
        name: function
        for name, function in namespace.items()
        if callable(function) and getattr(function, "__annotations__", {}) == {"return": "Attack"}
    }


def classes(generator: Generator) -> tuple[str, ...]:
    """The classes of attack that the docstring begins with."""
    return tuple(re.findall(r"\b[XR]\d{1,2}\b", (generator.__doc__ or "").partition(":")[0]))
