"""The files that fuzzing starts from: golden, so that a finding means the same on every machine.

`python -m tests.fuzz.seeds` makes them anew (README.md): with new keys, so the regressions that were made from
the old ones keep only their shape. The encrypted ones have a root of their own: with the argument `ma-hoa` only they
are made. Reach for `SEEDS`, `TRUST`, `EVIDENCE` and `AT`.
"""

from __future__ import annotations

import hashlib
import re
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from kyso_pki.evidence import Evidence
from kyso_pki.x509.certificate import Certificate
from kyso_pki.x509.trust import TrustStore

HERE = Path(__file__).resolve().parent
FOLDER = HERE / "seeds"
REGRESSIONS = HERE / "regressions"
AT = datetime(2026, 11, 29, tzinfo=UTC)
_RANGE = re.compile(rb"/ByteRange\s*\[\s*0\s+(\d+)\s+(\d+)\s+(\d+)\s*\]")


@dataclass(frozen=True)
class Covered:
    """What one true signature of a seed covers: `file[:start]` and `file[stop:end]`."""

    seed: str
    start: int
    stop: int
    end: int


@cache
def seeds() -> dict[str, bytes]:
    """The seeds by name, signed and unsigned."""
    return {path.stem: path.read_bytes() for path in sorted(FOLDER.glob("*.pdf"))}


@cache
def trust() -> TrustStore:
    return TrustStore.of([Certificate.from_der(path.read_bytes()) for path in sorted(FOLDER.glob("*.cer"))])


@cache
def evidence() -> Evidence:
    """CRLs that are good at `AT`: nothing is fetched."""
    return Evidence(crls=tuple(path.read_bytes() for path in sorted(FOLDER.glob("*.crl"))))


@cache
def covered() -> dict[bytes, Covered]:
    """Every true signature of the seeds, by the SHA-256 digest of the octets that it covers."""
    found = {}
    for name, data in seeds().items():
        for start, stop, rest in (map(int, m) for m in _RANGE.findall(data)):
            digest = hashlib.sha256(data[:start] + data[stop : stop + rest]).digest()
            found[digest] = Covered(name, start, stop, stop + rest)
    return found


@cache
def signed_ends() -> tuple[bytes, ...]:
    """Every seed up to the end of each of its signatures, longest first: what a mutation may leave as it is."""
    ends = {seeds()[c.seed][: c.end] for c in covered().values()}
    return tuple(sorted(ends, key=len, reverse=True))


def make() -> None:
    """Writes the seeds, the root and the CRLs. Needs pyHanko; keys are thrown away."""
    from kyso_pki.ades.grow import Sources
    from kyso_pki.ades.sign import sign_document
    from kyso_pki.document import Intent
    from kyso_pki.pdf.document import PdfDocument
    from kyso_pki.testing import World
    from tests.attacks.pdf import attack, updates
    from tests.pki.pdf import samples

    world = World.create(at=AT)
    for module in (samples, attack, updates):  # they sign with keys of a world of today
        vars(module)["WORLD"] = world
    samples.AT = AT
    seal = world.seal_signer
    box = samples.with_fields(samples.SIGNATURE_BOX % (b"A", b"10 10 110 60", b""))
    made = {
        "mo-bang": samples.table_pdf(),
        "mo-luong": samples.pike(object_streams=True),
        "mo-tuyen-tinh": samples.pike(linearize=True),
        "mo-lai": samples.hybrid_pdf(),
        "ky-bang": samples.signed(samples.table_pdf(), seal),
        "ky-luong": samples.signed(samples.pike(object_streams=True), seal),
        "ky-tuyen-tinh": samples.signed(samples.pike(linearize=True, object_streams=True), seal),
        "ky-lai": samples.signed(samples.hybrid_pdf(), seal),
        "ky-hai-lan": samples.signed(samples.signed(samples.table_pdf(), seal), world.person_signer),
        "ky-o-san": samples.signed(box, seal, field="A"),
        "chung-thuc-2": updates.form_signed(2),
        "chung-thuc-3": updates.form_signed(3),
        "dien-mau": updates.filled(updates.form_signed(2), b"200", b"200"),
        "cap-nhat-luong": samples.append(
            samples.signed(samples.table_pdf(), seal),
            {20: b"<</ModDate(D:2026)>>"},
            trailer=b"/Info 20 0 R",
            as_stream=True,
        ),
        "lau-dai": _long_term(samples.signed(samples.table_pdf(), seal)),
        "lau-dai-kyso": sign_document(
            PdfDocument(samples.table_pdf()),
            Intent(AT, "B-LTA"),
            seal,
            world.timestamper(AT),
            Sources(AT, world.fetcher(AT), trust=world.trust),
        ),
    }
    for path in FOLDER.glob("*.pdf"):
        path.unlink()
    for name, data in made.items():
        (FOLDER / f"{name}.pdf").write_bytes(data)
    (FOLDER / "root.cer").write_bytes(world.root.der)
    for i, crl in enumerate(world.crls(AT)):
        (FOLDER / f"{i}.crl").write_bytes(crl)
    make_encrypted()


def make_encrypted() -> None:
    """Writes the encrypted seeds (the empty password opens them), their root and its CRLs. Needs pyHanko."""
    from kyso_pki.testing import World
    from tests.pki.pdf import samples
    from tests.pki.pdf.encryption.locked import locked

    world = World.create(at=AT)
    samples.AT = AT
    once = samples.signed(locked(6), world.seal_signer)
    made = {
        "mo-ma-hoa": locked(6),
        "ky-ma-hoa": once,
        "ky-ma-hoa-hai-lan": samples.signed(once, world.person_signer),
        "ky-ma-hoa-aes-128": samples.signed(locked(4, object_streams=True), world.seal_signer),
    }
    for name, data in made.items():
        (FOLDER / f"{name}.pdf").write_bytes(data)
    (FOLDER / "ma-hoa.cer").write_bytes(world.root.der)
    for i, crl in enumerate(world.crls(AT)):
        (FOLDER / f"ma-hoa-{i}.crl").write_bytes(crl)


def _long_term(pdf: bytes) -> bytes:
    """Signed once more by pyHanko, with evidence and a document timestamp."""
    from pyhanko.sign.fields import SigSeedSubFilter

    from tests.pki.pdf import samples

    return samples.hanko_signed(
        pdf,
        samples.WORLD.person_signer,
        tsa=samples.holder(samples.WORLD.tsa_signer),
        subfilter=SigSeedSubFilter.PADES,
        embed_validation_info=True,
        use_pades_lta=True,
        validation_context=samples.evidence_context(),
    )


if __name__ == "__main__":
    (make_encrypted if sys.argv[1:] == ["ma-hoa"] else make)()
