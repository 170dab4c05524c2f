"""Every format behind two functions: `open_document` (to sign, or for facts) and `verify_document`."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence, ValuesView
from dataclasses import replace
from datetime import datetime
from functools import cache, partial
from itertools import islice
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, cast

from .ades.record import FileFacts, PacketFacts
from .ades.report import DocumentReport, unreadable
from .ades.verify import DEFAULT_POLICY, Policy, judge
from .cms.signed_data import MAX_SIGNED_DATA_BYTES
from .document import Document
from .errors import EmptyInput, FormatError, KysoError, UnrecognisedFormat, UsageError
from .evidence import NO_EVIDENCE, Evidence
from .finding import Finding
from .octets import Octets, hash_into
from .signer import Fetcher
from .x509.trust import TrustStore

if TYPE_CHECKING:
    from .pdf.document import PdfDocument
    from .pdf.lint.policy import LintPolicy
    from .pdf.lint.report import LintReport
    from .xml.document import XmlDocument
    from .xml.edxml import Attachment

Look = Callable[[DocumentReport, Octets], DocumentReport]
"""Looks at places that were not drawn (ADR 23): the report, never with a better verdict."""
NO_DETACHED: Mapping[str, bytes] = MappingProxyType({})
_PDF_HEADER_WINDOW = 1024  # ISO 32000-2 7.5.2 wants %PDF at 0; readers accept it within the first 1024 bytes
_CMS_HEAD = 64  # ContentInfo, its length and its type, or the first PEM line
_SIGNED_DATA = bytes.fromhex("06092a864886f70d010702")  # id-signedData
_PEM = re.compile(rb"\s*-----BEGIN (PKCS7|CMS)-----\s")
_XML_STARTS = (b"<", b"\xef\xbb\xbf<", b"\xff\xfe<\x00", b"\xfe\xff\x00<")


def open_document(
    data: Octets,
    password: Callable[[], str | None] | None = None,
    content: Octets | None = None,
    detached: Mapping[str, bytes] = NO_DETACHED,
    *,
    xpath: bool = False,
) -> Document:
    """The document in `data`: PDF, XML or CMS (DER, PEM), by its first bytes, never by a file name.

    A document in a memory map is read where it is, as far as its format and its signatures allow. `password` is asked
    for an encrypted PDF alone, once; None: only the empty user password is tried. `content` is what a detached CMS
    signature is over; `detached` is what stands at URIs outside an XML document, as its signatures write them.
    `xpath` lets those signatures say by XPath what they cover. Nothing is ever fetched.

    Raises `EmptyInput`, `UnrecognisedFormat`, `UsageError` for detached data beside a PDF, and what the format's own
    reader raises (`EncryptedDocument`, `FormatError`).
    """
    if not data:
        raise EmptyInput("The input is empty (0 bytes).", remedy="Check that the file was stored completely.")
    head = bytes(data[:_PDF_HEADER_WINDOW])
    if is_pdf(head):
        if detached:
            raise UsageError("A PDF has no detached data.", remedy="Give it with an XML signature.")
        octets: Any = data  # what it does with its input, a map can do too (octets)
        return _pdf()(octets, password=password)
    if head.lstrip().startswith(_XML_STARTS):
        from .xml.document import XmlDocument

        return XmlDocument(data, detached, xpath=xpath)
    if (structure := _cms_in(data)) is not None:
        from .cades.document import CmsDocument

        return CmsDocument(structure, content)
    raise UnrecognisedFormat(
        f"Neither a PDF nor an XML document nor a CMS signature: the input starts with {bytes(head[:16])!r}.",
        remedy="Sign the PDF or XML itself; convert other formats to PDF first.",
    )


def is_pdf(head: bytes) -> bool:
    """Whether this beginning of a file makes it a PDF; a signature file may carry one near its beginning."""
    return b"%PDF-" in head[:_PDF_HEADER_WINDOW] and not _is_cms(head)


def is_signature_file(data: Octets) -> bool:
    """Whether this is a CMS file, in DER or PEM."""
    head = bytes(data[:_CMS_HEAD])
    return _is_cms(head) or _PEM.match(head) is not None


def _is_cms(head: bytes) -> bool:
    return head[:1] == b"\x30" and _SIGNED_DATA in head[:_CMS_HEAD]


def _cms_in(data: Octets) -> bytes | None:
    """The ContentInfo of SignedData that stands here in DER, or between PEM lines; None when there is none."""
    head = bytes(data[:_CMS_HEAD])
    if found := _PEM.match(head):
        text = bytes(data[: MAX_SIGNED_DATA_BYTES * 2])
        line = b"-----END " + found[1] + b"-----"
        end = text.find(line)
        if end < 0:
            return None
        if len(data) > len(text) or text[end + len(line) :].strip():
            raise FormatError(
                "Something follows the signature's PEM text, which it does not cover and others may read.",
                remedy="Keep what stands between the BEGIN and END lines, with them, in a file of its own.",
            )
        try:
            return base64.b64decode(b"".join(text[found.end() : end].split()), validate=True)
        except ValueError:
            raise FormatError("The PEM text holds broken base64.") from None
    if _is_cms(head):
        return bytes(data[: MAX_SIGNED_DATA_BYTES + 1])
    return None


@cache
def _pdf() -> type[PdfDocument]:
    """Loaded with the first PDF, by one import: each further one would cost some 5 µs."""
    from .pdf.document import PdfDocument

    return PdfDocument


def lint_document(document: Document, policy: LintPolicy) -> LintReport:
    """What makes what is seen differ from what would be signed (attack classes P10 and, of XML, X4 and X7)."""
    from .pdf.lint.report import LintReport

    if document.format == "pdf":
        return cast("PdfDocument", document).lint(policy)
    if document.format != "xml":
        return LintReport(())
    from .pdf.lint.checks import Observation
    from .pdf.lint.report import judged
    from .xml.showing import shown_otherwise
    from .xml.splitting import split_texts

    source = cast("XmlDocument", document).source
    found = [Observation(code, text) for code, text in shown_otherwise(source)]
    return judged([*found, *(Observation("SPLIT_TEXT", text) for text in split_texts(source))], policy)


def facts_of(
    data: Octets,
    *,
    file: str | None = None,
    password: Callable[[], str | None] | None = None,
    content: Octets | None = None,
    detached: Mapping[str, bytes] = NO_DETACHED,
    xpath: bool = False,
) -> FileFacts:
    """What is in the document, and in each document in a packet, without an opinion.

    `content`, `detached` and `xpath` as in `open_document`. Raises nothing for what the octets are: a document that
    cannot be opened is told as such (`unreadable`), so that it is not missing where others are judged later.
    """
    try:
        return _facts_of(data, file, password, content, detached, xpath)
    except Exception as e:  # noqa: BLE001 - as in `_reported`
        why = _why(e)
    running = hashlib.sha256()
    hash_into(running, data, 0, len(data))
    return FileFacts(file, running.hexdigest(), None, (), unreadable=why)


def _facts_of(
    data: Octets,
    file: str | None,
    password: Callable[[], str | None] | None,
    content: Octets | None,
    detached: Mapping[str, bytes],
    xpath: bool,
) -> FileFacts:
    beside = _Beside(detached)
    document = open_document(data, password, content, beside, xpath=xpath)
    signatures = tuple(document.signatures())
    unused = _unused(document, [s.id for s in signatures], content, beside)
    found = FileFacts(file, document.sha256(), document.format, signatures, content_not_used=unused)
    if document.format != "xml":
        return found
    from .packets import packet_in

    if (packet := packet_in(data)) is None:
        return found
    attached = tuple(_attached_facts(one, password, xpath) for one in packet.attachments())
    return replace(found, packet=PacketFacts(attached, packet.missing))


def _attached_facts(one: Attachment, password: Callable[[], str | None] | None, xpath: bool) -> FileFacts:
    from .packets import not_opened, not_taken_out

    octets = one.octets or b""
    if one.octets is None:
        why = not_taken_out(one)
    else:
        try:
            document = open_document(octets, password, xpath=xpath)
            return FileFacts(one.name, document.sha256(), document.format, tuple(document.signatures()))
        except Exception as e:  # noqa: BLE001 - one document says nothing about the others
            why = not_opened(_why(e), octets)
    return FileFacts(one.name, hashlib.sha256(octets).hexdigest(), None, (), unreadable=why)


def signed_content(
    data: bytes,
    detached: Mapping[str, bytes],
    identifier: str,
    *,
    xpath: bool = False,
    attachment: int | None = None,
) -> tuple[bytes, ...]:
    """What the intact signature with this id covers, read from the document again.

    `attachment` is the place in a packet of the document that is meant, from 0. Raises `SigningError`, `FormatError`.
    """
    from .xml.document import XmlDocument

    if attachment is not None:
        from .packets import packet_in

        if (packet := packet_in(data)) is None:
            raise FormatError("This is no packet, so that no document is in it.")
        found = next(islice(packet.attachments(), attachment, None)).octets
        return XmlDocument(found or b"", xpath=xpath).signed_content(identifier)
    return XmlDocument(data, detached, xpath=xpath).signed_content(identifier)


CONTENT_NOT_USED = Finding(
    "CONTENT_NOT_USED",
    "error",
    "No signature in this document is over what was given beside it; nothing is said about that.",
    "Verify the document without it, or give what its signatures are over.",
)


class _Beside(Mapping[str, bytes]):
    """What stands beside a document by its URIs, and whether any of it was looked at."""

    def __init__(self, octets: Mapping[str, bytes]) -> None:
        self._octets = octets
        self.used = False

    def __getitem__(self, uri: str) -> bytes:
        octets = self._octets[uri]
        self.used = True
        return octets

    def __contains__(self, uri: object) -> bool:
        return uri in self._octets

    def values(self) -> ValuesView[bytes]:
        """For their sizes."""
        return self._octets.values()

    def __iter__(self) -> Iterator[str]:
        return iter(self._octets)

    def __len__(self) -> int:
        return len(self._octets)


def verify_document(
    data: Octets,
    *,
    trust: TrustStore,
    at: datetime,
    evidence: Evidence = NO_EVIDENCE,
    fetcher: Fetcher | None = None,
    policy: Policy = DEFAULT_POLICY,
    file: str | None = None,
    password: Callable[[], str | None] | None = None,
    content: Octets | None = None,
    detached: Mapping[str, bytes] = NO_DETACHED,
    xpath: bool = False,
    look: Look | None = None,
) -> DocumentReport:
    """The report on everything in `data`; whatever the bytes are, there is a report and no exception.

    `at` is the validation time, `fetcher` None means offline, `file` is only repeated in the report, `password`,
    `content`, `detached` and `xpath` as in `open_document`. Raises `UsageError` for a time without a zone. A fault of
    our own is a failed report with the code `internal`. A packet (edXML) has a report on each document in it, one
    level deep. `look` is shown the report on the file and on each document in it, with its octets.
    """
    if at.tzinfo is None:
        raise UsageError("The validation time has no zone.", remedy="Pass an aware datetime.")

    def judged(document: Document, octets: Octets, file: str | None) -> DocumentReport:
        report = judge(
            document.signatures(),
            sha256=document.sha256(),
            format=document.format,
            trust=trust,
            at=at,
            evidence=evidence,
            fetcher=fetcher,
            policy=policy,
            file=file,
        )
        return report if look is None else look(report, octets)

    def attached(one: Attachment) -> DocumentReport:
        from .packets import not_opened, not_taken_out

        if one.octets is None:
            return unreadable(b"", not_taken_out(one), one.name)
        octets = one.octets
        report = _reported(
            octets, one.name, lambda: judged(open_document(octets, password, xpath=xpath), octets, one.name)
        )
        return replace(report, findings=tuple(not_opened(f, octets) for f in report.findings))

    def whole() -> DocumentReport:
        beside = _Beside(detached)
        document = open_document(data, password, content, beside, xpath=xpath)
        report = judged(document, data, file)
        if _unused(document, [s.id for s in report.signatures], content, beside):
            report = replace(report, findings=(*report.findings, CONTENT_NOT_USED))
        if document.format != "xml":
            return report
        from .packets import packet_in, with_attachments

        if (packet := packet_in(data)) is not None:
            report = with_attachments(report, [attached(one) for one in packet.attachments()], packet.missing)
        if not isinstance(data, bytes):
            return report
        return with_content(report, partial(signed_content, data, detached, xpath=xpath))

    return _reported(data, file, whole)


def _unused(document: Document, identifiers: Sequence[str], content: Octets | None, beside: _Beside) -> bool:
    """Whether no signature in the document, by these ids, is over what was given beside it.

    The signatures of an XML document may be around all of it, as they are in a `.xsig` beside the file in it.
    """
    given: list[Octets] = [*beside.values(), *([] if content is None else [content])]
    if document.format == "cms" or not given or beside.used:
        return False
    held: set[bytes] = set()
    for identifier in identifiers if document.format == "xml" else ():
        with contextlib.suppress(KysoError):  # it is not intact, and covers nothing
            held.update(cast("XmlDocument", document).signed_content(identifier))
    return not all(bytes(octets[:]) in held for octets in given)


def with_content(report: DocumentReport, content: Callable[..., tuple[bytes, ...]]) -> DocumentReport:
    """The report on an XML document, handing back what its signatures cover, and those of XML documents in it.

    `content` is given the id of a signature, and `attachment=` as `signed_content` is.
    """
    attachments = tuple(
        replace(a, content=partial(content, attachment=number)) if a.format == "xml" else a
        for number, a in enumerate(report.attachments)
    )
    return replace(report, content=content, attachments=attachments)


def _reported(data: Octets, file: str | None, report: Callable[[], DocumentReport]) -> DocumentReport:
    """What is reported, or that it could not be: no exception."""
    try:
        return report()
    except Exception as e:  # noqa: BLE001 - whatever happens over foreign bytes is a verdict, in an audit of a million too
        return unreadable(data, _why(e), file)


def _why(error: Exception) -> Finding:
    """The finding on a document that could not be read for this error."""
    if isinstance(error, KysoError):
        return Finding.of(error, error.code)
    if isinstance(error, MemoryError):
        return Finding("limits.memory", "error", "The memory does not suffice to verify it.")
    return Finding.of(RuntimeError(f"Unexpected {type(error).__name__} while verifying."), "internal")
