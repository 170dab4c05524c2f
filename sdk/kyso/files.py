"""Sign files on disk: larger than memory, or thousands with one approval.

Reach for `sign_file`, `sign_files` for many, `extend_file` and `timestamp_file`. A PDF is mapped, hashed in pieces
and appended to, so that its size costs time and no memory; of a batch only the appended revisions are kept until the
key has answered. Results are whole or not there. XML is parsed into memory
up to 32 MB, one file at a time; a larger one is read in pieces when it is signed as a whole.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from kyso_pki.ades import grow
from kyso_pki.ades.grow import NO_TRUST, Sources
from kyso_pki.ades.sign import evidence_for, ready, require_growth, values_of
from kyso_pki.cades.content import CmsPending
from kyso_pki.document import Addition, Document, Intent, Pending, grows_when_signed, level_named, tail_of
from kyso_pki.errors import FormatError, KysoError, PendingDamaged, SignatureValueInvalid, SigningError, UsageError
from kyso_pki.evidence import NO_EVIDENCE, Evidence
from kyso_pki.formats import is_pdf, lint_document, open_document
from kyso_pki.pdf.document import PdfDocument
from kyso_pki.pdf.pending import PdfPending
from kyso_pki.signer import Fetcher, Signer, Timestamper
from kyso_pki.x509.trust import TrustStore
from kyso_pki.xml.pending import XmlPending

from .beside import content_beside, detached_beside, opened_to_sign
from .disk import Beside, TargetLost
from .mapped import Mapped
from .signing import Password, asked_once, sources_for, stamped, timestamper_of

if TYPE_CHECKING:
    from kyso_pki.pdf.appearance.stamp import Stamp
    from kyso_pki.pdf.lint.policy import LintPolicy
    from kyso_pki.pdf.lint.report import LintReport

BATCH = 256  # hashes sent to the key at once; the appended revisions of so many files have some 10 MB
_HEAD = 1024  # bytes in which %PDF- may stand
PathLike = str | os.PathLike[str]


@dataclass(frozen=True)
class FileResult:
    """What became of one file: signed, or failed with `error`, or left out because an error before it was final."""

    source: Path
    target: Path
    error: Exception | None = None
    skipped: bool = False
    lint: LintReport | None = None
    """What was found before it was signed; None where nobody looked."""

    @property
    def signed(self) -> bool:
        return self.error is None and not self.skipped


def sign_file(
    source: PathLike,
    target: PathLike,
    signer: Signer,
    intent: Intent | None = None,
    *,
    timestamper: Timestamper | str | None = None,
    fetcher: Fetcher | None = None,
    evidence: Evidence = NO_EVIDENCE,
    trust: TrustStore = NO_TRUST,
    stamp: Stamp | None = None,
    password: Password | None = None,
    lint: LintPolicy | None = None,
    content: PathLike | None = None,
    force: bool = False,
) -> Path:
    """The path of the signed file. What an `Intent` does not say is as in `kyso.sign`.

    Raises what `kyso.sign` raises, `FileExistsError` unless `force`, `OSError`.
    """
    [result] = sign_files(
        [(source, target)],
        signer,
        intent,
        timestamper=timestamper,
        fetcher=fetcher,
        evidence=evidence,
        trust=trust,
        stamp=stamp,
        password=password,
        lint=lint,
        content=content,
        force=force,
    )
    if result.error is not None:
        raise result.error
    return result.target


def sign_files(
    files: Iterable[tuple[PathLike, PathLike]],
    signer: Signer,
    intent: Intent | None = None,
    *,
    timestamper: Timestamper | str | None = None,
    fetcher: Fetcher | None = None,
    evidence: Evidence = NO_EVIDENCE,
    trust: TrustStore = NO_TRUST,
    stamp: Stamp | None = None,
    password: Password | None = None,
    lint: LintPolicy | None = None,
    content: PathLike | None = None,
    force: bool = False,
    batch: int = BATCH,
) -> Iterator[FileResult]:
    """Signs (source, target) pairs and gives one result for each, in order, as soon as it is on disk.

    The hashes of up to `batch` files go to the key together. A file that cannot be signed does not stop the others;
    a key, a certificate, an authority or a full disk does, and the files after it are `skipped`. A run that was
    stopped is continued with the files that have no target yet. A `stamp` is placed in each document, which is then
    in memory as a whole. `password` is asked for once, and opens all that is encrypted. `lint` looks at each PDF
    first: one that the policy refuses is not signed, and what it warns of stands in the result. `Intent.cms` makes
    CMS files of files of any kind. A file that is a CMS signature itself gets one more signer, over `content` or what
    stands beside it under its name. Raises `UsageError`, `CertificateError` before the first file.
    """
    wanted = intent or Intent(datetime.now(UTC))
    authority = timestamper_of(timestamper)
    with sources_for(wanted.level, fetcher, evidence, trust) as sources:
        intent = ready(wanted, signer.chain, signer.scheme, authority, sources)
        run = _Run(signer, intent, authority, sources, stamp, asked_once(password), lint, force, content)
        stopped = False
        for group in _groups(files, max(1, batch)):
            if stopped:
                yield from (FileResult(s, t, skipped=True) for s, t in group)
                continue
            for result in run.group(group):
                stopped = stopped or isinstance(result.error, _Final) or result.skipped
                if isinstance(result.error, _Final):
                    result = replace(result, error=result.error.cause)
                yield result


def _groups(files: Iterable[tuple[PathLike, PathLike]], size: int) -> Iterator[list[tuple[Path, Path]]]:
    group: list[tuple[Path, Path]] = []
    for source, target in files:
        group.append((Path(source), Path(target)))
        if len(group) == size:
            yield group
            group = []
    if group:
        yield group


class _Final(Exception):
    """An error that the next file would meet as well."""

    def __init__(self, cause: Exception) -> None:
        super().__init__(str(cause))
        self.cause = cause


@dataclass(frozen=True)
class _Run:
    """One call of `sign_files`."""

    signer: Signer
    intent: Intent
    timestamper: Timestamper | None
    sources: Sources | None
    stamp: Stamp | None
    password: Password | None
    lint: LintPolicy | None
    force: bool
    content: PathLike | None = None

    def group(self, group: Sequence[tuple[Path, Path]]) -> Iterator[FileResult]:
        """Prepares all, asks the key once, finishes one after the other."""
        waiting = [self._prepared(source) for source, _ in group]
        pending = [w for w, _ in waiting if not isinstance(w, Exception)]
        try:
            values = iter(values_of(self.signer, pending) if pending else [])
            stop: Exception | None = None
        except KysoError as e:
            values, stop = iter(()), e
        for (source, target), (item, seen) in zip(group, waiting, strict=True):
            if isinstance(item, Exception):
                yield FileResult(source, target, item, lint=seen)
            elif stop is not None:
                yield (
                    FileResult(source, target, _Final(stop)) if pending else FileResult(source, target, skipped=True)
                )
                pending = []
            else:
                error = self._finished(source, target, item, next(values))
                stop = error.cause if isinstance(error, _Final) else None
                if stop is not None:
                    pending = []
                yield FileResult(source, target, error, lint=seen)

    def _prepared(self, source: Path) -> tuple[Pending | Exception, LintReport | None]:
        chain, scheme, intent = self.signer.chain, self.signer.scheme, self.intent
        seen: LintReport | None = None
        try:
            with Mapped(source) as mapped:
                if intent.cms is not None or not is_pdf(mapped.map[:_HEAD]):
                    if self.stamp is not None:
                        intent = stamped(mapped.map[:], intent, self.stamp, chain, self.password)
                    with self._opened(source, mapped) as held:
                        require_growth(held, intent)
                        if self.lint is not None and intent.cms is None:
                            seen = lint_document(held, self.lint)
                            seen.refuse()
                        return _apart(held.prepare(intent, chain, scheme)), seen
                document = _mapped_document(mapped, self.password)
                if self.lint is not None:
                    seen = document.lint(self.lint)
                    seen.refuse()
                if self.stamp is not None:
                    intent = stamped(mapped.map[:], intent, self.stamp, chain, self.password)
                return document.prepare(intent, chain, scheme), seen
        except (FormatError, SigningError, UsageError, OSError) as e:
            return e, seen

    def _finished(self, source: Path, target: Path, pending: Pending, value: bytes) -> Exception | None:
        """Writes one file; the error, wrapped when the next file would meet it as well."""
        try:
            try:
                proof = evidence_for(pending, value, self.intent, self.timestamper)
            except KysoError as e:
                return _Final(e)
            with Beside(target, force=self.force) as beside:
                if isinstance(pending, PdfPending):
                    self._append(source, pending, pending.tail(value, proof), beside)
                elif isinstance(pending, XmlPending):
                    with Mapped(source) as mapped:
                        whole = pending.over(mapped.map)
                        if self.intent.level in ("B-LT", "B-LTA"):
                            beside.append((self._grown(whole, whole.finish(value, proof)),))
                        else:
                            beside.append(whole.pieces(value, proof))
                elif isinstance(pending, CmsPending) and (pending.is_apart or self.sources is not None):
                    with Mapped(source) as mapped, self._opened(source, mapped) as held:
                        again = self._again(held, pending, source)
                        beside.append((self._grown(again, again.finish(value, proof), held),))
                else:
                    beside.append((pending.finish(value, proof),))
                beside.commit()
        except (SignatureValueInvalid, TargetLost) as e:
            return _Final(e)
        except (FormatError, SigningError, OSError) as e:
            return e
        except KysoError as e:
            return _Final(e)
        return None

    def _again(self, held: Document, pending: Pending, source: Path) -> Pending:
        """The same prepared from the file as it is now. Raises `PendingDamaged` when that is another one."""
        again = held.prepare(self.intent, self.signer.chain, self.signer.scheme)
        if again.to_be_signed != pending.to_be_signed:
            raise PendingDamaged(
                f"{source} was changed while it was being signed; nothing was written.",
                remedy="Sign it again when nobody writes to it.",
            )
        return again

    def _opened(self, source: Path, mapped: Mapped) -> AbstractContextManager[Document]:
        content = None if self.content is None else Path(self.content)
        return opened_to_sign(source, mapped.map, self.intent.cms, content)

    def _grown(self, pending: Pending, signed: bytes, before: Document | None = None) -> bytes:
        """The same with the evidence that the level asks for (XML, CMS). `before`: what was signed."""
        if self.sources is None:
            return signed
        again: Document = open_document(signed)
        if before is not None and grows_when_signed(before):
            again = before.reopened(signed)
        level, hand, only = self.intent.level, self.timestamper, (pending.signature_id,)
        return grow.extend(again, level, timestamper=hand, sources=self.sources, only=only).data

    def _append(self, source: Path, pending: PdfPending, tail: bytes, beside: Beside) -> None:
        with Mapped(source) as mapped:
            running = hashlib.new(pending.scheme.hash_name)
            beside.append(_hashed(mapped.pieces(), running.update))
        found = pending.slot.digest_after(running)
        if not pending.covers(found):
            raise PendingDamaged(
                f"{source} was changed while it was being signed; nothing was written.",
                remedy="Sign it again when nobody writes to it.",
            )
        beside.append((tail,))
        if self.sources is not None:
            growing = _Growing(beside, self.password)
            try:
                level, hand = self.intent.level, self.timestamper
                grow.extend(growing.open(), level, timestamper=hand, sources=self.sources, grow=growing.append)
            finally:
                growing.close()


def extend_file(
    source: PathLike,
    target: PathLike,
    *,
    level: str = "B-LTA",
    timestamper: Timestamper | str | None = None,
    fetcher: Fetcher | None = None,
    evidence: Evidence = NO_EVIDENCE,
    trust: TrustStore = NO_TRUST,
    password: Password | None = None,
    content: PathLike | None = None,
    force: bool = False,
) -> Path:
    """The path of the extended file; see `kyso.extend`. XML is in memory as a whole.

    `content` is what a detached CMS signature is over; None: what stands beside it under its name, as beside a
    `.xsig`.

    Raises also `FileExistsError` unless `force`, `OSError`."""
    wanted = level_named(level)
    authority = timestamper_of(timestamper)
    with sources_for("B-LT", fetcher, evidence, trust) as sources, Beside(target, force=force) as beside:
        assert sources is not None  # noqa: S101 - B-LT has sources
        with Mapped(source) as mapped:
            octets = None if is_pdf(mapped.map[:_HEAD]) else mapped.map[:]
        if octets is not None:
            found = content or content_beside(source)
            with nullcontext() if found is None else Mapped(found) as over:
                beside_it = detached_beside(source)
                held = open_document(octets, content=None if over is None else over.map, detached=beside_it)
                beside.append((grow.extend(held, wanted, timestamper=authority, sources=sources).data,))
        else:
            with _copied(source, beside, password) as growing:
                grow.extend(growing.open(), wanted, timestamper=authority, sources=sources, grow=growing.append)
        beside.commit()
    return Path(target)


def timestamp_file(
    source: PathLike,
    target: PathLike,
    timestamper: Timestamper | str,
    *,
    password: Password | None = None,
    force: bool = False,
) -> Path:
    """The path of the file with a document timestamp; see `kyso.timestamp`. Raises as `extend_file`."""
    with Beside(target, force=force) as beside, _copied(source, beside, password) as growing:
        grow.timestamp_document(growing.open(), timestamper_of(timestamper), growing.append)
        beside.commit()
    return Path(target)


@contextmanager
def _copied(source: PathLike, beside: Beside, password: Password | None) -> Iterator[_Growing]:
    """A copy of a PDF, to be appended to."""
    with Mapped(source) as mapped:
        if not is_pdf(mapped.map[:_HEAD]):
            raise UsageError(
                "Only a PDF carries a timestamp of its own.", remedy="Extend its signatures: kyso extend."
            )
        beside.append(mapped.pieces())
    growing = _Growing(beside, asked_once(password))
    try:
        yield growing
    finally:
        growing.close()


class _Growing:
    """The file beside, mapped anew after each addition."""

    def __init__(self, beside: Beside, password: Password | None) -> None:
        self.beside = beside
        self._password = password
        self._opened: Mapped | None = None

    def open(self) -> PdfDocument:
        self.close()
        self._opened = Mapped(self.beside.path)
        return _mapped_document(self._opened, self._password)

    def append(self, addition: Addition) -> PdfDocument:
        size = 0 if self._opened is None else len(self._opened.map)
        self.close()
        self.beside.append((tail_of(addition, size),))
        return self.open()

    def close(self) -> None:
        if self._opened is not None:
            self._opened.close()
            self._opened = None


def _mapped_document(mapped: Mapped, password: Password | None) -> PdfDocument:
    return PdfDocument(mapped.map, mapped.pieces, password=password)  # type: ignore[arg-type]  # a map reads as bytes do


def _apart(pending: Pending) -> Pending:
    """Without the document, which is read again when the value is there: a batch holds hundreds of them."""
    return pending.apart() if isinstance(pending, XmlPending | CmsPending) else pending


def _hashed(pieces: Iterable[bytes], update: Callable[[bytes], None]) -> Iterator[bytes]:
    for piece in pieces:
        update(piece)
        yield piece
