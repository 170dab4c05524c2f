"""The report on an edXML packet: its own signature apart, and a report on each document in it.

Reach for `packet_in`, and for `with_attachments` once each document in it was judged.

The packet passes only when every document in it does. That nobody signed the packet itself is usual, and said as an
observation: trust rests on what stands in it. A document that cannot be opened or is not signed keeps the packet
from passing, and so does one that the packet's manifest names and that is not there.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from .ades.report import DocumentReport
from .finding import Finding
from .octets import Octets
from .xml.edxml import Attachment, Packet, read_packet
from .xml.parse import MAX_PROLOG, utf8_octets

_MARKED = {b"\xff\xfe": "edXML".encode("utf-16-le"), b"\xfe\xff": "edXML".encode("utf-16-be")}
_HEAD = 2 * MAX_PROLOG + 1024  # octets in which the document element starts, in UTF-16 too, or nothing reads it
_NOT_SIGNED = Finding(
    "PACKET_NOT_SIGNED",
    "warning",
    "Nobody signed the packet itself: sender and subject in it are not protected; each document is judged.",
)


def packet_in(data: Octets) -> Packet | None:
    """The packet that this XML document is; None for any other. Raises `FormatError`, `LimitExceeded`."""
    head = bytes(data[:_HEAD])
    if _MARKED.get(head[:2], b"edXML") not in head:  # in the encoding that the first octets tell (`utf8_octets`)
        return None
    return read_packet(utf8_octets(data))


def with_attachments(
    report: DocumentReport, attachments: Sequence[DocumentReport], missing: Collection[str]
) -> DocumentReport:
    """The report on a packet, with those on the documents in it; `missing` is what only its manifest names."""
    findings = [f for f in report.findings if f.code != "NO_SIGNATURE"]
    if len(findings) != len(report.findings):
        findings.append(_NOT_SIGNED)
    findings += (
        Finding("ATTACHMENT_MISSING", "error", f"The packet names {name!r}, which is not in it.") for name in missing
    )
    if not attachments:
        findings.append(Finding("NO_ATTACHMENT", "error", "The packet holds no document."))
    return replace(report, findings=tuple(findings), attachments=tuple(attachments))


def not_taken_out(one: Attachment) -> Finding:
    """The finding on an attachment without octets."""
    return Finding("ATTACHMENT_UNREADABLE", "error", f"The attachment cannot be opened: {one.problem}")


def not_opened(why: Finding, octets: bytes) -> Finding:
    """The finding on an attachment that cannot be read: most often a document of another kind."""
    if why.code not in ("format.unrecognised", "format.empty"):
        return why
    text = f"Not a signed document: neither PDF nor XML ({len(octets)} bytes)."
    return Finding("NOT_A_SIGNED_DOCUMENT", "error", text)
