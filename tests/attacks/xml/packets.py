"""X1 and R3 for packets of the document exchange axis: documents that pose as checked, or are never looked at."""

from __future__ import annotations

import base64
import io
import zipfile
from collections.abc import Sequence

from .attack import Attack, Generator, variant
from .structure import LETTER, honest

ATTACKS: dict[str, Generator] = {}
RULE = "X1: Every document in a packet is taken out and judged; what cannot be is said, and the packet does not pass."
NAMESPACE = "http://www.mic.gov.vn/TBT/QCVN_102_2016"


def attachment(octets: bytes, name: str = "a.xml") -> str:
    encoded = base64.b64encode(octets).decode()
    return (
        f"<Attachment><ContentId>{name}</ContentId><AttachmentName>{name}</AttachmentName>"
        f"<ContentTransferEncoded>{encoded}</ContentTransferEncoded></Attachment>"
    )


def packet(*parts: str, manifest: str = "") -> bytes:
    return (
        f'<edXML xmlns="{NAMESPACE}"><edXMLEnvelope><edXMLHeader/>'
        f"<edXMLBody><edXMLManifest>{manifest}</edXMLManifest></edXMLBody></edXMLEnvelope><AttachmentEncoded>{''.join(parts)}</AttachmentEncoded></edXML>"
    ).encode()


def zipped(files: Sequence[tuple[str, bytes]], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, content in files:
            archive.writestr(name, content)
    return out.getvalue()


def _good() -> str:
    return attachment(honest())


STRAY = "<ContentTransferEncoded>R2nhuqM=</ContentTransferEncoded>"
PACKETS = {
    "nothing": lambda: (),
    "an_unsigned_document": lambda: (_good(), attachment(LETTER, "b.xml")),
    "a_changed_document": lambda: (_good(), attachment(honest().replace("Kính".encode(), b"Gia"), "b.xml")),
    "an_unsigned_document_first": lambda: (attachment(LETTER, "b.xml"), _good()),
    "text": lambda: (_good(), attachment(b"10.000.000", "b.txt")),
    "nothing_in_an_attachment": lambda: (_good(), attachment(b"", "b.xml")),
    "an_attachment_without_content": lambda: (_good(), "<Attachment><ContentId>b</ContentId></Attachment>"),
    "content_outside_an_attachment": lambda: (_good(), STRAY),
    "content_in_an_attachment_in_lower_case": lambda: (_good(), f"<attachment>{STRAY}</attachment>"),
    "content_deeper_in_an_attachment": lambda: (_good().replace("</ContentId>", f"<X>{STRAY}</X></ContentId>"),),
    "content_twice": lambda: (_good().replace("</Attachment>", STRAY + "</Attachment>"),),
    "content_split_by_an_element": lambda: (
        _good().replace("</ContentTransferEncoded>", "<x/></ContentTransferEncoded>"),
    ),
    "content_split_by_a_comment": lambda: (
        _good().replace("</ContentTransferEncoded>", "<!----></ContentTransferEncoded>"),
    ),
    "no_base64": lambda: (_good().replace("</ContentTransferEncoded>", "*</ContentTransferEncoded>"),),
    "a_packet_in_the_packet": lambda: (_good(), attachment(packet(_good()), "b.edxml")),
    "an_archive_with_an_unsigned_file": lambda: (attachment(zipped([("a", honest()), ("b", LETTER)]), "z"),),
    "an_archive_with_a_file_twice": lambda: (
        attachment(zipped([("a", honest()), ("b", honest())]).replace(b"b", b"a"), "z"),
    ),
    "an_empty_archive": lambda: (attachment(zipped([]), "z"),),
    "an_archive_that_is_cut": lambda: (attachment(zipped([("a", honest())])[:-9], "z"),),
    "an_archive_in_an_archive": lambda: (attachment(zipped([("a", zipped([("b", honest())]))]), "z"),),
    "an_archive_that_poses_as_an_office_file": lambda: (
        attachment(zipped([("mimetype", b"x"), ("a", honest())]), "z"),
    ),
    "an_archive_of_zeros": lambda: (attachment(zipped([("a", bytes(40 << 20))]), "z"),),
    "very_many_files": lambda: (attachment(zipped([(str(n), honest()) for n in range(201)]), "z"),),
    "very_many_attachments": lambda: ("<Attachment/>" * 201,),
}
REASONS = (
    "NO_ATTACHMENT|NO_SIGNATURE|CONTENT_CHANGED|NOT_A_SIGNED_DOCUMENT|ATTACHMENT_UNREADABLE|empty|format.limit|"
    "More than 200"
)
for _name, _parts in PACKETS.items():
    variant(
        ATTACKS,
        _name,
        RULE,
        lambda parts=_parts: Attack(  # type: ignore[misc] # bound in the loop
            packet(*parts()),
            REASONS,
            twin=packet(_good(), attachment(zipped([("a", honest()), ("b", honest())]), "z")),
        ),
    )


def a_document_that_the_manifest_names_and_nobody_has() -> Attack:
    """X1: The packet holds what its manifest names."""
    named = "<Reference><ContentId>{}</ContentId></Reference>"
    return Attack(
        packet(_good(), manifest=named.format("b.xml")),
        "ATTACHMENT_MISSING",
        twin=packet(_good(), manifest=named.format("a.xml")),
    )


ATTACKS["a_document_that_the_manifest_names_and_nobody_has"] = a_document_that_the_manifest_names_and_nobody_has
