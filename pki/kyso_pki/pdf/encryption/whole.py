"""Is all of an encrypted file encrypted? Parts that are not are how PDFex leaks and forges text (attack class P14).

Reach for `encryption_findings`. In a signed file crypt filters may not mix encrypted and plain content, no stream
may opt out, and every string and stream must decrypt. RC4 cannot tell an encrypted string from a plain one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from ...errors import NotPermitted
from ...facts import SignatureFacts
from ...finding import Finding
from ..objects import UNREADABLE, Stream
from ..xref import PLAIN
from .handler import Handler, own_filter

if TYPE_CHECKING:
    from ..reader import Reader

PARTIAL: Final = "PARTIAL_ENCRYPTION"
MAX_TOLD: Final = 3  # parts named one by one


def encryption_findings(reader: Reader, facts: tuple[SignatureFacts, ...]) -> tuple[SignatureFacts, ...]:
    """The facts, each with what the encryption of the file says against it."""
    handler = reader.handler
    if handler is None or not facts:
        return facts
    findings = tuple(Finding(PARTIAL, "error", text) for text in _told(_partial(reader, handler)))
    if handler.mac:
        findings += _mac(reader, handler)
    if not findings:
        return facts
    return tuple(replace(f, findings=(*findings, *f.findings)) for f in facts)


def _mac(reader: Reader, handler: Handler) -> tuple[Finding, ...]:
    """What is wrong with the message authentication code of the file (PDF MAC, ISO/TS 32004)."""
    from .mac import check_mac

    try:
        check_mac(reader, handler)
    except UNREADABLE as e:
        return (Finding("PDF_MAC", "error", f"The PDF MAC (ISO/TS 32004) does not hold: {e}"),)
    return ()


def check_whole(reader: Reader) -> None:
    """Raises `NotPermitted` for a file that is only partly encrypted: its signature would be called broken."""
    if reader.handler is not None and (told := _told(_partial(reader, reader.handler))):
        raise NotPermitted(
            "The PDF is only partly encrypted; it cannot be signed. " + " ".join(told),
            remedy="If it is not signed yet, encrypt the whole of it anew, or sign a copy without a password.",
        )


def _told(parts: Iterator[str]) -> list[str]:
    told: list[str] = []
    for part in parts:
        told.append(part)
        if len(told) > MAX_TOLD:
            return [*told[:MAX_TOLD], "More parts of the file are not encrypted."]
    return told


def _partial(reader: Reader, handler: Handler) -> Iterator[str]:
    """What is not encrypted, part by part; one pass over the objects of each revision."""
    methods = {handler.streams, handler.strings, handler.attachments}
    if "Identity" in methods:
        yield "The encryption leaves strings, streams or attachments in the clear (crypt filter Identity)."
    sections = {s.offset for r in reader.revisions for s in r.sections}
    sections |= {s.hidden.offset for r in reader.revisions for s in r.sections if s.hidden is not None}
    for revision in reader.revisions:
        for number, entry in revision.entries():
            if entry.kind != PLAIN or number == handler.number:
                continue
            try:
                found = reader.stored(number, entry, revision.index)
                handler.check(found)
                if isinstance(found.value, Stream) and (why := _plain_stream(found.value, handler)) is not None:
                    if why == "XRef" and found.offset in sections:
                        continue
                    yield f"The stream in object {number} is not encrypted: {why}."
            except UNREADABLE as e:
                yield f"Object {number} is not encrypted as the file says. {e}"


def _plain_stream(stream: Stream, handler: Handler) -> str | None:
    """Why a stream is not encrypted although the others are."""
    dictionary = stream.dictionary
    kind = dictionary.get("Type")
    if kind == "XRef":
        return "XRef"
    if handler.method_of(dictionary) != "Identity" or handler.streams == "Identity":
        return None
    if kind == "Metadata" and not handler.encrypt_metadata:
        return None if dictionary.get("Subtype") == "XML" else "it only calls itself metadata"
    return "it chose the crypt filter Identity" if own_filter(dictionary) is not None else "its filter is Identity"
