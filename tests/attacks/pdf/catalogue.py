"""Every attack on a PDF that is written down here, and the documents that are attacked.

`python -m tests.attacks.pdf.catalogue` prints how many variants each class has.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable
from types import ModuleType

from . import (
    bombs,
    brought_back,
    certified,
    contradictions,
    defaults,
    differentials,
    doubles,
    encrypted,
    evidence,
    evidence_grown,
    first_saves,
    forgery,
    forms,
    gaps,
    hidden,
    hidden_glyphs,
    incremental,
    leftover,
    letters_and_boxes,
    linearized,
    lone,
    looks,
    malformed,
    open_ends,
    outside,
    overlays,
    pages,
    permissions,
    replaced,
    robustness,
    searching,
    stopped,
    tails,
    tamper,
    titles,
    trees,
    two_keys,
    updates,
    values,
    wrapping,
    written,
)
from .attack import Attack, foreign_victim, second_victim, victim

MODULES: tuple[ModuleType, ...] = (
    tamper,
    forgery,
    values,
    wrapping,
    incremental,
    leftover,
    tails,
    differentials,
    pages,
    updates,
    forms,
    defaults,
    certified,
    open_ends,
    outside,
    replaced,
)
MODULES += (permissions, overlays, hidden, hidden_glyphs, gaps, evidence, evidence_grown, encrypted, robustness)
MODULES += (
    doubles,
    first_saves,
    searching,
    lone,
    stopped,
    letters_and_boxes,
    linearized,
    titles,
    brought_back,
    contradictions,
    malformed,
    written,
    two_keys,
)
ATTACKS: tuple[Attack, ...] = tuple(attack for module in MODULES for attack in module.ATTACKS)
BOMBS = bombs.BOMBS  # those of `trees` and `looks` among them, once these are loaded
assert trees
assert looks
CLASSES = (*(f"P{n}" for n in range(15)), "R1")

TWINS: dict[str, Callable[[], bytes]] = {
    "signed by kyso": victim,
    "signed by pyHanko": foreign_victim,
    "signed twice": second_victim,
    "overlaid": updates.overlaid,
    "approved form": lambda: updates.form_signed(None),
    "form certified at 1": lambda: updates.form_signed(1),
    "form certified at 2": lambda: updates.form_signed(2),
    "form certified at 3": lambda: updates.form_signed(3),
    "form that is filled in": lambda: updates.filled(updates.form_signed(2), b"200", b"200"),
    "boxes": forms.boxes,
    "page with a reference to nothing": lambda: updates.dangling(b"31 0 R"),
    "two signature boxes": lambda: updates.boxed(b"120 10 220 60"),
    "document with everything": pages.rich,
    "page in an object stream": first_saves.in_object_stream,
    "objects within a stream": searching.canary,
    "page that names an object beyond all others": searching.nameless,
    "stream with an indirect length": differentials.lengthened,
    "object hidden in a stream": incremental.signed_with_hidden_object,
    "locked form": lambda: permissions.locked(b"<</Type/SigFieldLock/Action/All>>"),
    "permission in an object of its own": permissions.indirect,
    "signed and timestamped": evidence.stamped_victim,
    "with its evidence": lambda: evidence_grown.grown("B-LT"),
    "kept for years": lambda: evidence_grown.grown("B-LTA"),
}
"""Documents before the attack: each passes, so that it is the attack that is refused."""


def counts() -> dict[str, int]:
    """How many variants each class has; a variant of two classes counts for both."""
    found = Counter(name for attack in ATTACKS for name in attack.classes)
    found["R1"] += len(BOMBS)
    return {name: found[name] for name in CLASSES}


def summary() -> str:
    by_class = counts()
    total = len(ATTACKS) + len(BOMBS)
    words = ", ".join(f"{name} {count}" for name, count in by_class.items())
    return f"{sum(map(bool, by_class.values()))} classes x {total} variants: {words}"


if __name__ == "__main__":
    sys.stdout.write(summary() + "\n")
