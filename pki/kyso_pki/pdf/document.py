"""A PDF as a `kyso_pki.document.Document`: the facts of its signatures, and room for one more.

Reach for `PdfDocument(data)`. Signing appends one revision (ETSI EN 319 142-1) and leaves every byte of the input
where it was; only the hash of the result goes to the key. Growing appends too: a document timestamp, or evidence in
the document security store. What cannot be read strictly, or is encrypted or certified against changes, is refused
before the key is asked.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from ..document import Addition, tail_of
from ..facts import Format, SignatureFacts
from .digests import Digests
from .reader import Reader
from .signature import read_signatures

if TYPE_CHECKING:
    from ..credential import Chain
    from ..document import Intent, StampPurpose, Wanted
    from ..scheme import Scheme
    from .encryption.opening import Password
    from .lint.policy import LintPolicy
    from .lint.report import LintReport
    from .pending import PdfPending, PdfStamp
    from .slot import Pieces


class PdfDocument:
    """A PDF. Raises `FormatError` for what cannot be read strictly, `EncryptedDocument`.

    `data` is the file, bytes or a read-only memory map of it. `pieces` gives the same file once more, to be hashed:
    who has it on disk passes a function that reads it in pieces, so that no more than one is in memory.
    """

    format: Format = "pdf"

    def __init__(self, data: bytes, pieces: Pieces | None = None, *, password: Password | None = None) -> None:
        self._reader = Reader(data, password)
        self._digests = Digests(data)
        self._pieces: Pieces = pieces or (lambda: (data,))

    @cached_property
    def _signatures(self) -> tuple[SignatureFacts, ...]:
        facts = read_signatures(self._reader, self._digests)
        if self._reader.handler is None:
            return facts
        from .encryption.whole import encryption_findings

        return encryption_findings(self._reader, facts)

    def sha256(self) -> str:
        """Of the whole file, lower-case hex; after `signatures` it costs only what they left."""
        return self._digests.whole()

    def signatures(self) -> Sequence[SignatureFacts]:
        """The facts of every signature, in signing order; a broken one has an `error` finding."""
        return self._signatures

    def lint(self, policy: LintPolicy) -> LintReport:
        """What in the file makes what is seen differ from what would be signed (attack class P10)."""
        from .lint.linting import lint

        return lint(self._reader, policy)

    def prepare(self, intent: Intent, chain: Chain, scheme: Scheme) -> PdfPending:
        """One appended revision with an empty slot. Raises `FormatError`, `SigningError`, `UsageError`."""
        from .preparing import signature  # who verifies does without

        return signature(self._reader, self._pieces, intent, chain, scheme)

    def prepare_timestamps(
        self, purpose: StampPurpose, size: Callable[[], int], only: Collection[str] | None
    ) -> tuple[PdfStamp]:
        """Room for one document timestamp, whatever it is for: it covers all that is there. Raises `FormatError`."""
        from .preparing import document_timestamp

        return (document_timestamp(self._reader, self._pieces, size()),)

    def prepare_evidence(self, wanted: Sequence[Wanted], salt: bytes) -> Addition:
        """The revision that adds this evidence to the store, empty when all of it is there. Raises `FormatError`."""
        from .preparing import evidence

        return evidence(self._reader, wanted, salt)

    @property
    def data(self) -> bytes:
        """The whole file."""
        return b"".join(self._pieces())

    def reopened(self, data: bytes) -> PdfDocument:
        """The same document in other bytes, opened with the same password. Raises `FormatError`."""
        return PdfDocument(data, password=self._reader.password_if_encrypted)

    def grown(self, addition: Addition) -> PdfDocument:
        """The file with one more revision at its end. Raises `FormatError` when it does not fit."""
        return self.reopened(b"".join([*self._pieces(), tail_of(addition, len(self._reader.data))]))
