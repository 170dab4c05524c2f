"""What kyso signs before every judge, and what others sign before kyso: one table of verdicts.

`PRODUCTS` × `SHAPES` × `JUDGES`; a product is one line. `python -m tests.flows.products` prints the table in Markdown
(docs/judges.md holds a run of it); test_pdf_products.py asserts every cell of it. Where a judge does not say yes to a
good file, or does not see a flipped byte, `difference` and `blind` tell why, and the tests hold the judge to that.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Literal

import pikepdf
from pyhanko.sign.fields import FieldMDPAction, FieldMDPSpec, SigFieldSpec

import kyso
from kyso_pki.document import FieldLock
from kyso_pki.testing import World
from tests.judges import dss, endesive, flip, pdfsig, pyhanko
from tests.pki.pdf.encryption.locked import Revision, locked
from tests.pki.pdf.samples import hanko_prepared, hybrid_pdf

from .loopback import time_stamping_authority
from .province import Province, holder_of, now, plain

DOCUMENTS = Path(__file__).resolve().parents[1] / "documents"
Make = Callable[[Province, bytes], bytes]
Evidence = Literal["asked for", "carried", "archived"]


@dataclass(frozen=True)
class Product:
    """A way to sign."""

    by: str
    name: str
    make: Make = field(repr=False)
    evidence: Evidence = "asked for"
    """Revocation data: given to the judges beside the file, carried in the file (B-LT), or under a document timestamp
    as well (B-LTA). A judge that is given none must find it in the file."""

    stamped: bool = False
    """The last signature carries a signature timestamp."""
    password: str | None = None
    """The user's, of an encrypted document."""

    def __str__(self) -> str:
        return f"{self.by} {self.name}"


# What kyso signs


def _two(province: Province, pdf: bytes) -> bytes:
    """The official, then the agency."""
    return province.sign(province.sign(pdf, "rsa2048", level="B-T"), "p256", level="B-T")


def _eight(province: Province, pdf: bytes) -> bytes:
    for number in range(8):
        pdf = province.sign(pdf, ("rsa2048", "p256")[number % 2])
    return pdf


def _extended(province: Province, pdf: bytes, level: str) -> bytes:
    """Grown afterwards, without a key."""
    at = now()
    world = province.world
    return kyso.extend(pdf, level=level, timestamper=world.timestamper(at), fetcher=world.fetcher(at))


def _filled(province: Province, pdf: bytes) -> bytes:
    """Into an empty field that pyHanko made, which locks all fields."""
    return province.sign(hanko_prepared(pdf, _LOCKED), "rsa2048", level="B-T", field="ChuKy")


def _grown_to_lt(province: Province, pdf: bytes) -> bytes:
    return _extended(province, province.sign(pdf, "p256", level="B-T"), "B-LT")


def _renewed(province: Province, pdf: bytes) -> bytes:
    return _extended(province, province.sign(pdf, "rsa2048", level="B-LTA"), "B-LTA")


def _countersigned(province: Province, pdf: bytes) -> bytes:
    return province.sign(province.sign(pdf, "rsa2048", level="B-LTA"), "p256", level="B-LTA")


def _timestamp_alone(province: Province, pdf: bytes) -> bytes:
    return kyso.timestamp(pdf, province.world.timestamper(now()))


def _encrypted(province: Province, pdf: bytes, revision: Revision, level: str = "B-B") -> bytes:
    """Encrypted by qpdf, then signed by who has only the user password."""
    return province.sign(locked(revision, user=_PASSWORD, pdf=pdf), "rsa2048", level=level, password=_PASSWORD)


def _aes128_archived(province: Province, pdf: bytes) -> bytes:
    return _encrypted(province, pdf, 4, "B-LTA")


def _aes256_archived(province: Province, pdf: bytes) -> bytes:
    return _encrypted(province, pdf, 6, "B-LTA")


def _certified_archived(province: Province, pdf: bytes) -> bytes:
    return province.sign(pdf, "rsa2048", certify=1, level="B-LTA")


def _certified_then_signed(province: Province, pdf: bytes) -> bytes:
    return province.sign(province.sign(pdf, "rsa2048", certify=2), "p256")


_PASSWORD = "mat khau"
_LOCKED = SigFieldSpec("ChuKy", field_mdp_spec=FieldMDPSpec(FieldMDPAction.ALL))
_LOCK = FieldLock("All")

OURS = (
    Product("kyso", "B-B", lambda p, pdf: p.sign(pdf, "rsa2048")),
    Product("kyso", "B-B, P-256", lambda p, pdf: p.sign(pdf, "p256")),
    Product("kyso", "B-T", lambda p, pdf: p.sign(pdf, "rsa2048", level="B-T"), stamped=True),
    Product("kyso", "two signatures, B-T", _two, stamped=True),
    Product("kyso", "eight signatures", _eight),
    Product("kyso", "B-LT", lambda p, pdf: p.sign(pdf, "rsa2048", level="B-LT"), "carried", stamped=True),
    Product("kyso", "B-LTA", lambda p, pdf: p.sign(pdf, "rsa2048", level="B-LTA"), "archived"),
    Product("kyso", "B-LTA, P-256", lambda p, pdf: p.sign(pdf, "p256", level="B-LTA"), "archived"),
    Product("kyso", "B-B grown to B-LTA", lambda p, pdf: _extended(p, p.sign(pdf, "rsa2048"), "B-LTA"), "archived"),
    Product("kyso", "B-T grown to B-LT", _grown_to_lt, "carried", stamped=True),
    Product("kyso", "B-LTA renewed", _renewed, "archived"),
    Product("kyso", "B-LTA, countersigned B-LTA", _countersigned, "archived"),
    Product("kyso", "document timestamp alone", _timestamp_alone),
    Product("kyso", "certified, DocMDP 1", lambda p, pdf: p.sign(pdf, "rsa2048", certify=1)),
    Product("kyso", "certified, DocMDP 2", lambda p, pdf: p.sign(pdf, "rsa2048", certify=2)),
    Product("kyso", "certified, DocMDP 3", lambda p, pdf: p.sign(pdf, "p256", certify=3)),
    Product("kyso", "certified, DocMDP 1, B-LTA", _certified_archived, "archived"),
    Product("kyso", "certified, DocMDP 2, then signed", _certified_then_signed),
    Product("kyso", "locks fields", lambda p, pdf: p.sign(pdf, "rsa2048", lock=_LOCK)),
    Product("kyso", "into an empty field with a lock", _filled, stamped=True),
    Product("kyso", "AES-128 (R4), B-B", lambda p, pdf: _encrypted(p, pdf, 4), password=_PASSWORD),
    Product(
        "kyso", "AES-128 (R4), B-LTA", lambda p, pdf: _encrypted(p, pdf, 4, "B-LTA"), "archived", password=_PASSWORD
    ),
    Product("kyso", "AES-256 (R6), B-B", lambda p, pdf: _encrypted(p, pdf, 6), password=_PASSWORD),
    Product(
        "kyso", "AES-256 (R6), B-LTA", lambda p, pdf: _encrypted(p, pdf, 6, "B-LTA"), "archived", password=_PASSWORD
    ),
)

# What others sign


def _hanko(province: Province, pdf: bytes, *, archive: bool | None = None, certify: int | None = None) -> bytes:
    validation = None
    if archive is not None:
        crls = province.world.crls(now())
        validation = pyhanko.LongTerm([province.root], [plain(province.world.issuing)], crls, archive)
    tsa = holder_of(province.world.tsa_signer)
    return pyhanko.sign(pdf, province.holder("rsa2048"), tsa=tsa, validation=validation, certify=certify)


def _dss(province: Province, pdf: bytes, level: str, key: str = "rsa2048", certify: int | None = None) -> bytes:
    at = now()
    with time_stamping_authority(province.world) as url:
        return dss.sign(
            pdf,
            province.holder(key),
            at=at,
            level=level,
            tsa=url,
            certify=certify,
            roots=[province.root],
            crls=province.world.crls(at),
        )


THEIRS = (
    Product("pyHanko", "B-B", lambda p, pdf: pyhanko.sign(pdf, p.holder("rsa2048"))),
    Product("pyHanko", "B-B, P-256", lambda p, pdf: pyhanko.sign(pdf, p.holder("p256"))),
    Product("pyHanko", "B-T", lambda p, pdf: _hanko(p, pdf), stamped=True),
    Product("pyHanko", "B-LT", lambda p, pdf: _hanko(p, pdf, archive=False), "carried", stamped=True),
    Product("pyHanko", "B-LTA", lambda p, pdf: _hanko(p, pdf, archive=True), "archived"),
    Product("pyHanko", "adbe.pkcs7.detached", lambda p, pdf: pyhanko.sign(pdf, p.holder("rsa2048"), pades=False)),
    Product("pyHanko", "certified, DocMDP 1", lambda p, pdf: _hanko(p, pdf, certify=1), stamped=True),
    Product("pyHanko", "certified, DocMDP 3", lambda p, pdf: _hanko(p, pdf, certify=3), stamped=True),
    Product("pyHanko", "visible", lambda p, pdf: pyhanko.sign(pdf, p.holder("rsa2048"), box=(60, 60, 260, 130))),
    Product("DSS", "B-B", lambda p, pdf: _dss(p, pdf, "B-B")),
    Product("DSS", "B-T, P-256", lambda p, pdf: _dss(p, pdf, "B-T", "p256"), stamped=True),
    Product("DSS", "B-LT", lambda p, pdf: _dss(p, pdf, "B-LT"), "carried", stamped=True),
    Product("DSS", "B-LTA", lambda p, pdf: _dss(p, pdf, "B-LTA"), "archived"),
    Product("DSS", "certified, DocMDP 1", lambda p, pdf: _dss(p, pdf, "B-T", certify=1), stamped=True),
    Product("endesive", "adbe.pkcs7.detached", lambda p, pdf: endesive.sign(pdf, p.holder("rsa2048"))),
)
PRODUCTS = (*OURS, *THEIRS)

# Documents


def _committed(name: str) -> bytes:
    return (DOCUMENTS / name).read_bytes()


@cache
def _rewritten(name: str, *, linearize: bool = False, version: str = "") -> bytes:
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(_committed(name))) as pdf:
        streams = pikepdf.ObjectStreamMode.preserve
        pdf.save(out, linearize=linearize, force_version=version, object_stream_mode=streams)
    return out.getvalue()


SHAPES: dict[str, Callable[[], bytes]] = {
    "xref table": lambda: _committed("cong-van.pdf"),
    "xref stream": lambda: _committed("cong-van-objstm.pdf"),
    "linearized": lambda: _rewritten("cong-van.pdf", linearize=True),
    "linearized, xref stream": lambda: _rewritten("cong-van-objstm.pdf", linearize=True),
    "hybrid": hybrid_pdf,
    "PDF 1.4, PDF/A-1b": lambda: _committed("cong-van-pdfa-1b.pdf"),
    "PDF 1.5": lambda: _rewritten("cong-van-objstm.pdf", version="1.5"),
    "PDF 1.7": lambda: _rewritten("cong-van.pdf", version="1.7"),
    "PDF 2.0": lambda: _rewritten("cong-van-objstm.pdf", version="2.0"),
    "scan, 20 pages": lambda: _committed("ban-quet-20-trang.pdf"),
}
FIRST = tuple(SHAPES)[:2]
"""Every product of ours is made of these; the first line of `OURS` and every level, of all."""

# Judges


@dataclass(frozen=True)
class Cell:
    """What one judge says of one file."""

    accepted: bool
    short: str
    """For the table: the level or the reason."""
    words: str
    """In full, for the message of a failing test."""


def _by_kyso(province: Province, product: Product, pdf: bytes) -> Cell:
    report = province.verify(pdf, password=product.password)
    levels = ", ".join(dict.fromkeys(signature.level for signature in report.signatures))
    findings = [f.code for s in report.signatures for f in s.findings if f.severity == "error"]
    # A timestamp is no signature: a document with nothing else has not "passed", so here its report is asked.
    stamped = (
        bool(levels) and set(levels.split(", ")) == {"DOCTIMESTAMP"} and all(s.passed for s in report.signatures)
    )
    accepted = report.passed or stamped
    return Cell(accepted, levels if accepted else ", ".join(findings), str(report.to_json()))


def _by_pdfsig(province: Province, product: Product, pdf: bytes) -> Cell:
    verdict = pdfsig.verify(pdf, password=product.password)
    known = [s for s in verdict.signatures if s.kind != "unknown"]
    accepted = bool(known) and all(s.intact for s in known) and len(known) == len(verdict.signatures)
    total = verdict.signatures[-1].total if verdict.signatures else False
    short = ("intact, total" if total else "intact") if accepted else "; ".join(s.words for s in verdict.signatures)
    return Cell(accepted, short, verdict.output)


def _by_pyhanko(province: Province, product: Product, pdf: bytes) -> Cell:
    """Also from nothing but the file where it carries its evidence."""
    at = now() + timedelta(seconds=2)
    password = None if product.password is None else product.password.encode()
    judge = pyhanko.verify if product.evidence == "asked for" else pyhanko.verify_long_term
    verdict = judge(pdf, [province.root], at=at, password=password)
    accepted, words = verdict.valid, verdict.output
    if accepted and product.evidence == "archived":
        archival = pyhanko.verify_archival(pdf, [province.root], at=at, password=password)
        accepted, words = archival.valid, archival.output
    found = [*verdict.signatures, *verdict.timestamps]
    accepted = accepted and all(s.docmdp_ok is not False for s in found)
    short = ", ".join(dict.fromkeys(f"{s.coverage} {s.modification}" for s in found)).lower().replace("_", " ")
    return Cell(accepted, short if accepted else words.splitlines()[0], words)


def _by_dss(province: Province, product: Product, pdf: bytes) -> Cell:
    at = now() + timedelta(seconds=2)
    crls = province.world.crls(at) if product.evidence == "asked for" else ()
    verdict = dss.verify(pdf, [province.root], at=at, crls=crls, password=product.password)
    formats = ", ".join(dict.fromkeys(s.format for s in verdict.signatures)) or "document timestamp"
    return Cell(verdict.valid, formats if verdict.valid else verdict.output.splitlines()[0], verdict.output)


JUDGES: dict[str, Callable[[Province, Product, bytes], Cell]] = {
    "kyso": _by_kyso,
    "pdfsig": _by_pdfsig,
    "pyHanko": _by_pyhanko,
    "DSS": _by_dss,
}
FLIPS: dict[str, Callable[[bytes], bytes]] = {
    "content": flip.in_pdf_content,
    "signature value": flip.in_pdf_signature,
    "end of the CMS": flip.in_pdf_value,
}


def difference(product: Product, shape: str, judge: str) -> str | None:
    """Why this judge does not accept this good file; None: it must."""
    if judge == "pdfsig" and (product.evidence == "archived" or product.name == "document timestamp alone"):
        return 'pdfsig 22.12 does not know ETSI.RFC3161: "Signature has not yet been verified."'
    if judge == "pyHanko" and product.name == "B-B grown to B-LTA":
        return "pyHanko wants a signature timestamp in B-LTA, though a document timestamp proves the time as well."
    if judge == "pyHanko" and shape == "hybrid":
        return "pyHanko validates no signature in a hybrid-reference file unless its reader is lenient."
    if judge == "pyHanko" and product.by == "DSS" and product.evidence != "asked for" and shape == "xref stream":
        return "PDFBox 3.0.6 uses the number of an earlier xref stream again; pyHanko's strict reader refuses that."
    return None


def blind(product: Product, judge: str, flipped: str) -> str | None:
    """Why this judge does not see this flipped byte; None: it must."""
    if judge == "pdfsig" and flipped == "end of the CMS" and product.stamped:
        return "The end of the CMS is the signature timestamp, which pdfsig does not look at."
    return None


def cases() -> Iterator[tuple[Product, str]]:
    """Every product with every shape that it is made of."""
    for product in OURS:
        wide = product.name in ("B-B", "B-T", "B-LTA")
        yield from ((product, shape) for shape in (SHAPES if wide else FIRST))
    for product in THEIRS:  # endesive writes xref tables only (tests/judges/README.md)
        yield from ((product, shape) for shape in (FIRST[:1] if product.by == "endesive" else FIRST))


def main() -> None:
    """Prints the table."""
    province = Province(World.create(at=now()))
    head = ["signed by", "what", "document", *JUDGES]
    sys.stdout.write(f"| {' | '.join(head)} |\n|{' --- |' * len(head)}\n")
    for product, shape in cases():
        signed = product.make(province, SHAPES[shape]())
        changed = [flipped(signed) for flipped in FLIPS.values()]
        row = [product.by, product.name, shape]
        for judge in JUDGES.values():
            cell = judge(province, product, signed)
            seen = sum(not judge(province, product, file).accepted for file in changed)
            row.append(f"{'yes' if cell.accepted else 'no'} {seen}/{len(changed)}: {cell.short}".replace("|", "/"))
        sys.stdout.write(f"| {' | '.join(row)} |\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
