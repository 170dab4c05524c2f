"""What must hold for any file at all, however it was made; `failures` says what does not.

1. `verify_document` gives a report: no exception, and no code `internal` (an exception that nobody foresaw).
2. `prepare` signs or raises a `KysoError`; what it signs is then read as intact, and breaks no earlier signature.
3. "passed" means: the octets under every signature are those that a seed's signer signed, and a reader of another
   kind (qpdf, which repairs what it can) sees the same pages as in the signed revision.
4. Work follows the size of the file: `Failure.kind` is `slow` when it does not.
"""

from __future__ import annotations

import hashlib
import io
import re
import time
import traceback
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import pikepdf

from kyso_pki.ades.grow import add_evidence
from kyso_pki.ades.report import DocumentReport
from kyso_pki.document import Intent
from kyso_pki.errors import KysoError
from kyso_pki.facts import SignatureFacts
from kyso_pki.formats import open_document, verify_document
from kyso_pki.pdf.document import PdfDocument
from kyso_pki.testing import SoftwareSigner, World

from .seeds import AT, Covered, covered, evidence, seeds, trust

SLOW_S = 1.5  # CPU, for 256 KiB under a tracer that makes Python several times slower; usual are 2 to 20 ms
_COVERED = re.compile(r"bytes 0-(\d+), (\d+)-(\d+) of")
_DEPTH = 8  # levels of resources that are compared


@dataclass(frozen=True)
class Failure:
    kind: str
    """`exception`, `internal`, `prepare`, `unreadable`, `broke`, `forged`, `shown`, `slow`."""
    text: str
    place: str = ""
    """The last line of our own code in the traceback: failures of one place are one finding."""

    @property
    def key(self) -> str:
        return f"{self.kind} {self.place or self.text}"


@cache
def signer() -> SoftwareSigner:
    return World.create(at=AT).seal_signer


def failures(data: bytes) -> list[Failure]:
    """Everything that is wrong about how kyso treats these bytes."""
    began = time.process_time()
    found = [*_verified(data), *_prepared(data)]
    spent = time.process_time() - began
    if spent > SLOW_S:
        found.append(Failure("slow", f"{spent:.1f} s for {len(data)} bytes", "time"))
    return found


def _verified(data: bytes) -> Iterator[Failure]:
    try:
        report = verify_document(data, trust=trust(), at=AT, evidence=evidence())
    except Exception as e:  # noqa: BLE001 - any exception is a failure
        yield _exception("exception", e)
        return
    if any(f.code == "internal" for f in report.findings):
        yield _internal(data)
    if report.verdict == "passed":
        yield from justified(data, report)


def _internal(data: bytes) -> Failure:
    """The exception behind the code `internal`."""
    try:
        open_document(data).signatures()
    except Exception as e:  # noqa: BLE001 - the exception that the report hides
        return _exception("internal", e)
    return Failure("internal", "after the facts", "judge")


def _exception(kind: str, error: Exception) -> Failure:
    frames = [f for f in traceback.extract_tb(error.__traceback__) if "kyso_pki" in f.filename]
    place = f"{frames[-1].filename.rpartition('kyso_pki')[2]}:{frames[-1].name}" if frames else ""
    return Failure(kind, f"{type(error).__name__}: {error}"[:400], f"{type(error).__name__} {place}")


def justified(data: bytes, report: DocumentReport) -> Iterator[Failure]:
    """3.: why the verdict may be "passed"."""
    latest: Covered | None = None
    for signature in report.signatures:
        m = _COVERED.match(signature.coverage.what)
        if m is None:
            yield Failure("forged", f"no ranges: {signature.coverage.what}")
            return
        start, stop, end = map(int, m.groups())
        digest = hashlib.sha256(data[:start] + data[stop:end]).digest()
        known = covered().get(digest)
        if known is None or (known.start, known.stop, known.end) != (start, stop, end):
            yield Failure("forged", f"{signature.id} passed over octets that nobody signed", "octets")
            return
        latest = known if latest is None or known.end > latest.end else latest
        if not re.fullmatch(rb"<[0-9A-Fa-f]*>", data[start:stop]):
            yield Failure("forged", "the gap holds more than a string", "gap")
    if latest is None:
        yield Failure("forged", "passed without a signature", "none")
        return
    if any(not c.allowed for s in report.signatures for c in s.changes_after):
        yield Failure("forged", "passed with a change that is not allowed", "changes")
    if b"/XRefStm" in data:  # libqpdf 12.4 takes what the stream of a hybrid lists for null
        return
    then, now = shown(seeds()[latest.seed][: latest.end]), shown(data)
    if now is not None and then != now:
        yield Failure("shown", "another reader sees other pages than the signer", "pages")


def _prepared(data: bytes) -> Iterator[Failure]:
    """2.: signing, and adding evidence."""
    hand = signer()
    made: list[tuple[bytes, str | None]] = []
    try:
        document = PdfDocument(data)
        before = document.signatures()
        pending = document.prepare(Intent(AT), hand.chain, hand.scheme)
        made.append((pending.finish(hand.sign([pending.imprint])[0]), pending.field))
        made.append((add_evidence(document, evidence()).data, None))
    except KysoError:
        pass
    except Exception as e:  # noqa: BLE001 - only a KysoError may come
        yield _exception("prepare", e)
    for out, field in made:
        yield from _grown(data, before, out, field)


def _grown(data: bytes, before: Sequence[SignatureFacts], out: bytes, field: str | None) -> Iterator[Failure]:
    """What was written is readable, the new signature in `field` is intact, and so are those before it."""
    if not out.startswith(data):
        yield Failure("unreadable", "the input was rewritten", "prefix")
    try:
        after = {f.id: f for f in PdfDocument(out).signatures()}
    except Exception as e:  # noqa: BLE001 - what was written must be readable
        yield _exception("unreadable", e)
        return
    new = None if field is None else after.get(field)
    if field is not None and (new is None or not _intact(new)):
        why = "; ".join(f.text for f in new.findings) if new else "not listed"
        yield Failure("unreadable", f"the new signature: {why}", re.sub(r"\d+", "N", why)[:80])
    for old in before:
        kept = after.get(old.id)
        if _intact(old) and (kept is None or not _intact(kept)):
            why = "; ".join(c.text for c in kept.changes_after if not c.allowed) if kept else "not listed"
            yield Failure("broke", f"writing broke {old.id}: {why}", re.sub(r"\d+", "N", why)[:80])


def _intact(facts: SignatureFacts) -> bool:
    return bool(
        facts.well_formed
        and facts.references_intact
        and facts.signature_intact
        and all(c.allowed for c in facts.changes_after)
    )


# What another reader sees -----------------------------------------------------------------------------------------


def shown(data: bytes) -> list[tuple[str, list[str]]] | None:
    """Each page and its visible annotations as qpdf reads them, repairs included; None: it cannot read the file."""
    try:
        with pikepdf.open(io.BytesIO(data)) as pdf:
            return [_page(page.obj) for page in pdf.pages]
    except (pikepdf.PdfError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None


def _page(page: Any) -> tuple[str, list[str]]:
    keys = ("/Contents", "/Resources", "/MediaBox", "/CropBox", "/Rotate", "/UserUnit")
    text = " ".join(f"{key} {_text(page.get(key), 0)}" for key in keys)
    annotations = page.get("/Annots", pikepdf.Array())
    return text, [_text(a, 0) for a in annotations if _visible(a)]


def _visible(annotation: Any) -> bool:
    """Whether something of it could be seen; form fields with text may be filled."""
    if not isinstance(annotation, pikepdf.Dictionary):
        return False
    if annotation.get("/FT") == "/Tx":
        return False
    rect = [float(n) for n in annotation.get("/Rect", ())]
    return len(rect) == 4 and (rect[2] - rect[0]) * (rect[3] - rect[1]) != 0


def _text(value: Any, depth: int) -> str:
    if depth > _DEPTH:
        return "…"
    if isinstance(value, pikepdf.Stream):
        return _entries(value, depth) + hashlib.sha256(value.read_raw_bytes()).hexdigest()
    if isinstance(value, pikepdf.Dictionary):
        return _entries(value, depth)
    if isinstance(value, pikepdf.Array):
        return "[" + " ".join(_text(v, depth + 1) for v in value) + "]"
    return value.unparse(resolved=True).decode("latin-1") if isinstance(value, pikepdf.Object) else repr(value)


def _entries(value: Any, depth: int) -> str:
    skipped = ("/Parent", "/P", "/V", "/Kids")
    return "<<" + " ".join(f"{k} {_text(v, depth + 1)}" for k, v in sorted(value.items()) if k not in skipped) + ">>"
