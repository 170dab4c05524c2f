"""How an attack on a signed PDF is written down: a function that makes the file, with the rule that it breaks.

The docstring of each function begins with its classes and quotes the invariant that must catch it; `@attack` says
where the reason must appear: `finding` (the code of an error in the facts), `change` (the kind of a change that is
not allowed), `reported` (the code of an error that the rules of validation add), or none of them: the file is
refused as a whole. `words` must stand in the reason. Where several codes would be right, they are separated by `|`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from kyso_pki.cms.attributes import signed_attributes
from kyso_pki.cms.signed_data import signed_data
from kyso_pki.pdf.objects import value_spans
from kyso_pki.pdf.reader import Reader
from kyso_pki.scheme import digest
from kyso_pki.testing import SoftwareSigner
from tests.judges import pyhanko
from tests.pki.pdf.samples import WORLD, append, holder, signed, table_pdf


@dataclass(frozen=True)
class Attack:
    name: str
    make: Callable[[], bytes]
    finding: str | None
    change: str | None
    words: str
    reported: str | None = None
    verdict: str = "failed"
    """`indeterminate` where only whoever looks at the page can tell."""

    @property
    def classes(self) -> tuple[str, ...]:
        """The classes of attack that the docstring begins with: `P3`, `R1`."""
        return tuple(re.findall(r"\b[PRC]\d{1,2}\b", (self.make.__doc__ or "").partition(":")[0]))


Make = Callable[[], bytes]


def attack(
    registry: list[Attack],
    *,
    finding: str | None = None,
    change: str | None = None,
    words: str = "",
    reported: str | None = None,
    verdict: str = "failed",
) -> Callable[[Make], Make]:
    """Registers a variant; without `finding`, `change` and `reported` the whole file must be refused."""

    def register(make: Make) -> Make:
        if not make.__doc__:
            raise ValueError(f"{make.__name__} quotes no invariant")
        registry.append(Attack(make.__name__, make, finding, change, words, reported, verdict))
        return make

    return register


def variant(
    registry: list[Attack],
    name: str,
    rule: str,
    make: Make,
    *,
    finding: str | None = None,
    change: str | None = None,
    words: str = "",
    reported: str | None = None,
    verdict: str = "failed",
) -> None:
    """Registers one of many variants that differ in a word; `rule` is what its docstring would say."""

    def made() -> bytes:
        return make()

    made.__name__, made.__doc__ = name, rule
    attack(registry, finding=finding, change=change, words=words, reported=reported, verdict=verdict)(made)


# Victims ----------------------------------------------------------------------------------------------------


@cache
def victim() -> bytes:
    """A one-page file signed by kyso: revision 2 adds the field (object 7) and the signature (object 6)."""
    return signed(table_pdf())


@cache
def foreign_victim() -> bytes:
    """The same signed by pyHanko, whose /ByteRange stands after /Contents, so after the gap."""
    return pyhanko.sign(table_pdf(), holder(WORLD.person_signer), field="Signature1")


@cache
def second_victim() -> bytes:
    """A file with two signatures by kyso."""
    return signed(victim(), WORLD.seal_signer)


@dataclass(frozen=True)
class Gap:
    """Where the last signature dictionary of a file and its /Contents token stand."""

    number: int
    dictionary: int
    start: int
    end: int
    ranges: tuple[int, int]
    """The span of the /ByteRange value."""


def gap_of(pdf: bytes) -> Gap:
    reader = Reader(pdf)
    for number, entry in reader.revisions[-1].entries():
        if entry.kind != 1:
            continue
        found = reader.at(number, entry)
        if isinstance(found.value, dict) and "ByteRange" in found.value:
            spans, _ = value_spans(pdf, found.start)
            return Gap(number, found.start, *spans["Contents"], spans["ByteRange"])
    raise LookupError("no signature in the last revision")


def overwritten(pdf: bytes, old: bytes, new: bytes) -> bytes:
    """The last `old` replaced by `new`, padded with spaces, so that nothing else moves."""
    if len(new) > len(old):
        raise ValueError(f"{new!r} is longer than {old!r}")
    at = pdf.rindex(old)
    return pdf[:at] + new.ljust(len(old)) + pdf[at + len(old) :]


def with_contents(pdf: bytes, text: bytes) -> bytes:
    """The /Contents token replaced by other text of at most its length."""
    gap = gap_of(pdf)
    return pdf[: gap.start] + text.ljust(gap.end - gap.start) + pdf[gap.end :]


def with_ranges(pdf: bytes, text: bytes) -> bytes:
    """The /ByteRange value replaced by other text of at most its length."""
    start, end = gap_of(pdf).ranges
    if len(text) > end - start:
        raise ValueError("does not fit")
    return pdf[:start] + text.ljust(end - start) + pdf[end:]


# Files that are signed anew, so that digest and value are right and only the shape is wrong ---------------------

ROOM = 3600  # bytes for the CMS structure
RANGES = b"[" + b"0" * 60 + b"]"
FIELD = b"<</Type/Annot/Subtype/Widget/FT/Sig/T(S)/Rect[0 0 0 0]/F 132/P 3 0 R/V 6 0 R>>"
FORM = {
    1: b"<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[7 0 R]/SigFlags 3>>>>",
    7: FIELD,
}


def prepared(
    dictionary: bytes = b"<</Type/Sig/Filter/Adobe.PPKLite/SubFilter/ETSI.CAdES.detached%s>>",
    base: bytes | None = None,
    bodies: dict[int, bytes] = FORM,
    number: int = 6,
) -> bytes:
    """A revision with an empty signature: `%s` in the dictionary becomes /ByteRange and /Contents."""
    slot = b"/ByteRange " + RANGES + b"/Contents <" + b"0" * (2 * ROOM) + b">"
    return append(base or table_pdf(), {**bodies, number: dictionary.replace(b"%s", slot)})


def hand_signed(
    pdf: bytes,
    ranges: Callable[[int, int, int], tuple[int, int, int, int]] | None = None,
    *,
    written: Callable[[int, int, int, int], bytes] | None = None,
    padding: bytes = b"",
    signer: SoftwareSigner | None = None,
    slot: bytes = b"/Contents <",
) -> bytes:
    """`prepared(…)` with a true signature over the ranges that `ranges(gap start, gap end, size)` gives.

    `written` changes how /ByteRange is written, `padding` is CMS padding (hexadecimal) after the structure.
    `slot` is what stands before the place for the structure, `<` included.
    """
    signer = signer or WORLD.person_signer
    at = pdf.rindex(slot) + len(slot) - 1
    end = pdf.index(b">", at) + 1
    a, b, c, d = (ranges or (lambda s, e, n: (0, s, e, n - e)))(at, end, len(pdf))
    text = (written or (lambda *r: b"[%d %d %d %d]" % r))(a, b, c, d)
    pdf = pdf.replace(RANGES, text.ljust(len(RANGES)))
    covered = pdf[a : a + b] + pdf[c : c + d]
    attributes = signed_attributes(
        content_digest=digest(signer.scheme.hash_name, covered), leaf=signer.chain.leaf, scheme=signer.scheme
    )
    value = signer.sign([signer.scheme.imprint(attributes)])[0]
    cms = signed_data(attributes, value, signer.chain, signer.scheme).hex().encode() + padding
    return pdf[: at + 1] + cms.ljust(end - at - 2, b"0") + pdf[end - 1 :]
