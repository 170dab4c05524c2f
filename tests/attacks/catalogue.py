"""Attacks on CMS signatures, timestamps, certificates, revocation answers, fetching and the service, by class.

`python -m tests.attacks.catalogue` prints how many variants each class has. PDF and XML have catalogues of their own
(`tests/attacks/pdf`, `xml`; R1 is counted there, and so are the archives in XML packets).
"""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Callable

from .cms import archives, files, signatures, stamps
from .fetching import urls
from .service import containers, fetches, leaks, uploads
from .x509 import test_answers, test_past, test_paths

CLASSES = (
    *(f"C{n}" for n in range(1, 11)),
    *(f"T{n}" for n in range(1, 5)),
    *(f"V{n}" for n in range(1, 7)),
    "R2",
    "R3",
)


def variants() -> dict[str, Callable[..., object]]:
    """Every generator by the name of its room and its own."""
    found: dict[str, Callable[..., object]] = {}
    for room in (signatures, stamps, files, archives, urls, uploads, containers, leaks, fetches):
        name = room.__name__.rpartition(".")[2]
        found |= {f"{name}.{attack}": make for attack, make in room.ATTACKS.items()}
    for tests in (test_answers, test_past, test_paths):
        name = tests.__name__.rpartition(".")[2].removeprefix("test_")
        found |= {f"{name}.{make.__name__}": make for make in tests.attacks()}
    return found


def classes(make: Callable[..., object]) -> tuple[str, ...]:
    """The classes of attack that the docstring begins with."""
    return tuple(re.findall(r"\b[CTVRP]\d{1,2}\b", (make.__doc__ or "").partition(":")[0]))


def counts() -> dict[str, int]:
    """How many variants each class has; a variant of two classes counts for both."""
    found = Counter(name for make in variants().values() for name in classes(make))
    return {name: found[name] for name in CLASSES}


def summary() -> str:
    by_class = counts()
    words = ", ".join(f"{name} {count}" for name, count in by_class.items())
    return f"{sum(map(bool, by_class.values()))} classes x {len(variants())} variants: {words}"


if __name__ == "__main__":
    sys.stdout.write(summary() + "\n")
