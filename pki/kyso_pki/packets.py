"""The report on an edXML packet: its own signature apart, and a report on each document in it.

The packet passes only when every document in it does. That nobody signed the packet itself is usual, and said as an
observation: trust rests on what stands in it. A document that cannot be opened or is not signed keeps the packet
from passing, and so does one that the packet's manifest names and that is not there.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from .ades.report import DocumentReport, unreadable
from .finding import Finding
from .octets import Octets
from .xml.edxml import Attachment, read_packet
from .xml.parse import utf8_octets

_MARKED = {b"\xff\xfe": "edXML".encode("utf-16-le"), b"\xfe\xff": "edXML".encode("utf-16-be")}
_HEAD = 1 << 16  # octets in which the document element of a packet starts
Verify = Callable[[bytes, str], DocumentReport]
_NOT_SIGNED = Finding(
    "PACKET_NOT_SIGNED",
    "warning",
    "Nobody signed the packet itself: sender and subject in it are not protected; each document is judged.",
)


def with_attachments(report: DocumentReport, data: Octets, verify: Verify) -> DocumentReport:
    """The report, with those on the documents in the packet when it is one. Raises `FormatError`, `LimitExceeded`."""
    if not _may_be_packet(data):
        return report
    packet = read_packet(utf8_octets(data))
    if packet is None:
        return report
    reports = tuple(_report(one, verify) for one in packet.attachments())
    findings = [f for f in report.findings if f.code != "NO_SIGNATURE"]
    if len(findings) != len(report.findings):
        findings.append(_NOT_SIGNED)
    findings += (
        Finding("ATTACHMENT_MISSING", "error", f"The packet names {name!r}, which is not in it.")
        for name in packet.missing
    )
    if not reports:
        findings.append(Finding("NO_ATTACHMENT", "error", "The packet holds no document."))
    return replace(report, findings=tuple(findings), attachments=reports)


def _may_be_packet(data: Octets) -> bool:
    """Whether the word stands near the beginning, in the encoding that the first octets tell (`utf8_octets`)."""
    head = bytes(data[:_HEAD])
    return _MARKED.get(head[:2], b"edXML") in head


def _report(one: Attachment, verify: Verify) -> DocumentReport:
    if one.octets is None:
        code = "ATTACHMENT_UNREADABLE"
        return unreadable(b"", Finding(code, "error", f"The attachment cannot be opened: {one.problem}"), one.name)
    found = verify(one.octets, one.name)
    if any(f.code in ("format.unrecognised", "format.empty") for f in found.findings):
        text = f"Not a signed document: neither PDF nor XML ({len(one.octets)} bytes)."
        return replace(found, findings=(Finding("NOT_A_SIGNED_DOCUMENT", "error", text),))
    return found
