"""Every attack on XML that is written down here, and the honest documents beside them.

`python -m tests.attacks.xml.catalogue` prints how many variants each class has.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType

from . import (
    algorithms,
    bombs,
    canonical,
    cardinality,
    certificates,
    elsewhere,
    encodings,
    hidden,
    identifiers,
    inputs,
    keys,
    octets,
    packets,
    placements,
    properties,
    structure,
    texts,
    transforms,
    wrapping,
    xades,
)
from .attack import Generator, classes

MODULES: dict[ModuleType, Callable[[], bytes]] = {
    wrapping: wrapping.honest_assertion,
    structure: structure.honest,
    keys: structure.honest,
    inputs: structure.honest,
    properties: properties.honest,
    hidden: properties.honest,
    octets: octets.signed,
    placements: wrapping.honest_assertion,
    identifiers: wrapping.honest_assertion,
    cardinality: structure.honest,
    texts: structure.honest,
    canonical: structure.honest,
    transforms: structure.honest,
    elsewhere: structure.honest,
    certificates: structure.honest,
    algorithms: structure.honest,
    encodings: structure.honest,
    xades: xades.honest,
    packets: structure.honest,
}
"""Each module with the honest document that its attacks start from."""

CLASSES = (*(f"X{n}" for n in range(1, 14)), "R1")


@dataclass(frozen=True)
class Variant:
    name: str
    """`module.function`."""
    make: Generator
    honest: Callable[[], bytes]

    @property
    def classes(self) -> tuple[str, ...]:
        return classes(self.make)

    def twin(self) -> bytes:
        """The harmless document that must pass."""
        own = self.make().twin
        return self.honest() if own is None else own


def _variants() -> dict[str, Variant]:
    found = {}
    for module, honest in MODULES.items():
        room = module.__name__.rpartition(".")[2]
        for name, generator in module.ATTACKS.items():
            found[f"{room}.{name}"] = Variant(f"{room}.{name}", generator, honest)
    return found


VARIANTS: dict[str, Variant] = _variants()


def counts() -> dict[str, int]:
    """How many variants each class has; a variant of two classes counts for both."""
    found = Counter(name for v in VARIANTS.values() for name in v.classes)
    found["R1"] += len(bombs.BOMBS)
    return {name: found[name] for name in CLASSES}


def summary() -> str:
    by_class = counts()
    words = ", ".join(f"{name} {count}" for name, count in by_class.items())
    return f"{sum(map(bool, by_class.values()))} classes x {len(VARIANTS) + len(bombs.BOMBS)} variants: {words}"


if __name__ == "__main__":
    sys.stdout.write(summary() + "\n")
