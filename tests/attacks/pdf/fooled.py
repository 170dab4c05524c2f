"""Which other programs call an attacked file good: the evidence that these files are real attacks.

`python -m tests.attacks.pdf.fooled` writes `fooled.md` beside this file (ten minutes). What counts as fooled:

- kyso: the verdict is "passed".
- pdfsig (poppler): every signature is intact. It compares no revisions.
- mutool: of every signature "The document is unchanged since signing", and no edits.
- pyHanko: the bottom line is good for every signature; it compares revisions.
- EU DSS: TOTAL-PASSED for every signature, and no undefined changes reported.

A judge that breaks down is not fooled. All have to accept the document before the attack, or nothing is counted.
"""

from __future__ import annotations

import logging
import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tests.judges import dss, pdfsig, pyhanko
from tests.judges.java_build import JudgeMissing
from tests.judges.program import run
from tests.pki.pdf.samples import AT, WORLD, roots

from .attack import Attack, victim
from .catalogue import ATTACKS, CLASSES
from .judged import verdict

TABLE = Path(__file__).resolve().with_name("fooled.md")
JUDGES = ("kyso", "pdfsig", "mutool", "pyHanko", "DSS")
KNOWN_AS = {
    "P1": "universal signature forgery",
    "P3": "signature wrapping",
    "P4": "incremental saving",
    "P7": "shadow: hide",
    "P8": "shadow: replace",
    "P9": "evil annotation, sneaky signature",
    "P14": "PDFex",
}
"""The names under which the classes were published."""


@dataclass(frozen=True)
class Judged:
    """What the judges say of one attack."""

    name: str
    classes: tuple[str, ...]
    fooled: frozenset[str]


def in_process(data: bytes) -> frozenset[str]:
    """All judges but DSS, which is one Java machine."""
    fooled = set()
    for name, judge in (("kyso", _kyso), ("pdfsig", _pdfsig), ("mutool", _mutool), ("pyHanko", _pyhanko)):
        try:
            if judge(data):
                fooled.add(name)
        except Exception:  # noqa: BLE001, S110 - a program that runs for ever or dies is not fooled
            pass
    return frozenset(fooled)


def _kyso(data: bytes) -> bool:
    return verdict(data) == "passed"


def _pdfsig(data: bytes) -> bool:
    found = pdfsig.verify(data)
    return bool(found.signatures) and all(s.intact for s in found.signatures)


def _mutool(data: bytes) -> bool:
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch, "document.pdf")
        path.write_bytes(data)
        said = run(["mutool", "sign", "-v", str(path)], package="mupdf-tools").text
    blocks = said.split("Verifying signature ")[1:]
    good = "unchanged since signing"
    return bool(blocks) and all(
        good in b and "edit" not in b.lower() and "changed since" not in b.replace(good, "") for b in blocks
    )


def _pyhanko(data: bytes) -> bool:
    seen = pyhanko.verify(data, roots())
    good = bool(seen.signatures) and all(s.bottom_line for s in seen.signatures) and len(seen.output) > 0
    return good and not seen.output.split(":")[0].endswith("Error")


def _dss(data: bytes) -> bool:
    crls = [WORLD.crl(AT), WORLD.crl(AT, WORLD.root_signer)]
    return dss.verify(data, roots(), at=AT, crls=crls).valid


def _by_number(index: int) -> frozenset[str]:
    logging.disable(logging.CRITICAL)  # pyHanko tells every difference that it finds
    return in_process(ATTACKS[index].make())


def main() -> int:
    assert in_process(victim()) == frozenset(JUDGES) - {"DSS"}, in_process(victim())
    judges: tuple[str, ...] = JUDGES
    try:
        assert _dss(victim())
    except JudgeMissing as e:
        sys.stdout.write(f"without DSS: {e}\n")
        judges = JUDGES[:-1]
    numbers = [i for i, attack in enumerate(ATTACKS) if "R1" not in attack.classes]
    with ProcessPoolExecutor(1) as pool:
        others = pool.map(_by_number, numbers, chunksize=8)
        by_dss = [_dss_of(ATTACKS[i]) if "DSS" in judges else frozenset() for i in numbers]
        rows = [
            Judged(ATTACKS[i].name, ATTACKS[i].classes, said | more)
            for i, said, more in zip(numbers, others, by_dss, strict=True)
        ]
    TABLE.write_text("\n".join(_told(rows, judges)) + "\n", encoding="utf-8")
    sums = ", ".join(f"{j} {sum(j in r.fooled for r in rows)}" for j in judges)
    sys.stdout.write(f"{len(rows)} attacks: {sums}\n")
    return 0


def _dss_of(attack: Attack) -> frozenset[str]:
    try:
        return frozenset({"DSS"}) if _dss(attack.make()) else frozenset()
    except Exception:  # noqa: BLE001 - as above
        return frozenset()


def _told(rows: list[Judged], judges: tuple[str, ...]) -> list[str]:
    lines = [
        "# Who is fooled by the attacks in this folder",
        "",
        "Made by `python -m tests.attacks.pdf.fooled`, where it is said what counts: how many variants of each class",
        "are accepted. An attack may belong to several classes. R1 is left out: those files are about work.",
        "",
        "| class | known as | variants | " + " | ".join(judges) + " |",
        "|---|---|---|" + "---|" * len(judges),
    ]
    for name in CLASSES[:-1]:
        own = [r for r in rows if name in r.classes]
        counts = " | ".join(str(sum(j in r.fooled for r in own)) for j in judges)
        lines.append(f"| {name} | {KNOWN_AS.get(name, '')} | {len(own)} | {counts} |")
    counts = " | ".join(str(sum(j in r.fooled for r in rows)) for j in judges)
    lines += [f"| all | | {len(rows)} | {counts} |", "", "## One by one", ""]
    lines += ["p: pdfsig, m: mutool, h: pyHanko, d: DSS.", ""]
    letters = {"pdfsig": "p", "mutool": "m", "pyHanko": "h", "DSS": "d", "kyso": "KYSO"}
    for row in rows:
        if row.fooled:
            said = "".join(letters[j] for j in judges if j in row.fooled)
            lines.append(f"- {', '.join(row.classes)}: {row.name} ({said})")
    return lines


if __name__ == "__main__":
    raise SystemExit(main())
