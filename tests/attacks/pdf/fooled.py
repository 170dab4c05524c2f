"""Which other programs call an attacked file good: the evidence that these files are real attacks.

`python -m tests.attacks.pdf.fooled` writes `fooled.md` beside this file (two minutes). pdfsig (poppler) judges only
whether each signature is intact and covers the whole file; pyHanko judges with its comparison of revisions.
"""

from __future__ import annotations

import logging
import sys
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tests.judges import pdfsig, pyhanko
from tests.pki.pdf.samples import WORLD, roots

from .attack import Attack
from .catalogue import ATTACKS, CLASSES

TABLE = Path(__file__).resolve().with_name("fooled.md")


@dataclass(frozen=True)
class Judged:
    """What others say of one attack."""

    name: str
    classes: tuple[str, ...]
    pdfsig: bool
    """Every signature is intact, though perhaps not "total document signed"."""
    pyhanko: bool
    """The bottom line is good for all signatures."""


def judged(attack: Attack) -> Judged:
    """The attack before the other judges; a judge that breaks down is not fooled."""
    data = attack.make()
    intact = good = False
    try:
        found = pdfsig.verify(data)
        intact = bool(found.signatures) and all(s.intact for s in found.signatures)
    except Exception:  # noqa: BLE001 - a program that runs for ever or dies is not fooled
        intact = False
    try:
        seen = pyhanko.verify(data, roots())
        good = bool(seen.signatures) and all(s.bottom_line for s in seen.signatures) and len(seen.output) > 0
        good = good and not seen.output.split(":")[0].endswith("Error")
    except Exception:  # noqa: BLE001 - the same
        good = False
    return Judged(attack.name, attack.classes, intact, good)


def _by_number(index: int) -> Judged:
    logging.disable(logging.CRITICAL)  # pyHanko tells every difference that it finds
    return judged(ATTACKS[index])


def main() -> int:
    assert WORLD  # made before the workers are
    with ProcessPoolExecutor(2) as pool:
        rows = list(pool.map(_by_number, _quick(), chunksize=8))
    lines = [
        "# Who is fooled by the attacks in this folder",
        "",
        "Made by `python -m tests.attacks.pdf.fooled`. kyso passes none of them. pdfsig compares no revisions: it is",
        'counted as fooled when it calls every signature valid. pyHanko is counted as fooled when its "bottom line"',
        "is good for every signature. R1 is left out: those files are about work, not about verdicts.",
        "",
        "| class | variants | pdfsig is fooled by | pyHanko is fooled by |",
        "|---|---|---|---|",
    ]
    for name in CLASSES[:-1]:
        own = [r for r in rows if name in r.classes]
        lines.append(f"| {name} | {len(own)} | {sum(r.pdfsig for r in own)} | {sum(r.pyhanko for r in own)} |")
    lines += ["", "## By pyHanko", ""]
    lines += [f"- {', '.join(r.classes)}: {r.name}" for r in rows if r.pyhanko]
    TABLE.write_text("\n".join(lines) + "\n", encoding="utf-8")
    sys.stdout.write(
        f"{len(rows)} attacks: pdfsig {sum(r.pdfsig for r in rows)}, pyHanko {sum(r.pyhanko for r in rows)}\n"
    )
    return 0


def _quick() -> list[int]:
    return [i for i, attack in enumerate(ATTACKS) if "R1" not in attack.classes]


if __name__ == "__main__":
    raise SystemExit(main())
