"""X1 and R3 for packets of the document exchange axis: documents that pose as checked, or are never looked at."""

from __future__ import annotations

import base64
import io
import zipfile
from collections.abc import Sequence

from .attack import Attack, Generator, variant
from .forge import Ref, enveloped, signature
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


def _split(by: str) -> str:
    """Four letters of base64 alone are a document to whoever stops there."""
    return _good().replace("<ContentTransferEncoded>PENv", f"<ContentTransferEncoded>PENv{by}")


def _stored(name: str, content: bytes) -> bytes:
    """A file as it stands in an archive, with its header, but without a directory."""
    whole = zipped([(name, content)])
    return whole[: whole.index(b"PK\x01\x02")]


def _moved(archive: bytes, by: int) -> bytes:
    """An archive of one file whose directory says that all stands `by` octets later."""
    directory, end = archive.index(b"PK\x01\x02"), archive.index(b"PK\x05\x06")
    place = (by).to_bytes(4, "little")
    moved = archive[:directory] + archive[directory : directory + 42] + place + archive[directory + 46 : end]
    return moved + archive[end : end + 16] + (directory + by).to_bytes(4, "little") + archive[end + 20 :]


def hidden_before() -> bytes:
    """Who reads from the start unpacks the letter that nobody signed; the directory knows the signed one alone."""
    before = _stored("a", LETTER)
    return before + _moved(zipped([("a", honest())]), len(before))


def _hidden_between() -> bytes:
    """Behind the signed file, before the directory."""
    archive, hidden = zipped([("a", honest())]), _stored("b", LETTER)
    directory, end = archive.index(b"PK\x01\x02"), archive.index(b"PK\x05\x06")
    tail = archive[end : end + 16] + (directory + len(hidden)).to_bytes(4, "little") + archive[end + 20 :]
    return archive[:directory] + hidden + archive[directory:end] + tail


def _hidden_in_a_file() -> bytes:
    """In what the directory calls the packed octets of the signed file, behind the end of its deflate stream."""
    archive, hidden = zipped([("a", honest())]), _stored("b", LETTER)
    directory, end = archive.index(b"PK\x01\x02"), archive.index(b"PK\x05\x06")
    size = (int.from_bytes(archive[18:22], "little") + len(hidden)).to_bytes(4, "little")
    head = archive[:18] + size + archive[22:directory] + hidden
    listed = archive[directory : directory + 20] + size + archive[directory + 24 : end]
    return head + listed + archive[end : end + 16] + len(head).to_bytes(4, "little") + archive[end + 20 :]


def _other_content() -> bytes:
    """The header before the file tells of another one than the directory does."""
    archive = bytearray(zipped([("a", honest())]))
    archive[30] = ord("b")
    return bytes(archive)


def _a_folder_with_content() -> bytes:
    """What ends in a slash is a folder to some."""
    return zipped([("a", honest()), ("b.xml/", LETTER)])


def _two_ends() -> bytes:
    """A remark that is the end of another archive."""
    archive, other = zipped([("a", honest())]), zipped([("b", LETTER)])
    return archive[:-2] + len(other).to_bytes(2, "little") + other


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
    "content_split_by_an_instruction": lambda: (_split("<?x?>"),),
    "content_after_an_instruction": lambda: (
        _good().replace("<ContentTransferEncoded>", "<ContentTransferEncoded><?x?>"),
    ),
    "content_that_goes_on_after_a_comment": lambda: (_split("<!---->"),),
    "no_base64": lambda: (_good().replace("</ContentTransferEncoded>", "*</ContentTransferEncoded>"),),
    "a_packet_in_the_packet": lambda: (_good(), attachment(packet(_good()), "b.edxml")),
    "an_archive_with_an_unsigned_file": lambda: (attachment(zipped([("a", honest()), ("b", LETTER)]), "z"),),
    "an_archive_with_a_file_twice": lambda: (
        attachment(zipped([("a", honest()), ("b", honest())]).replace(b"b", b"a"), "z"),
    ),
    "an_empty_archive": lambda: (attachment(zipped([]), "z"),),
    "an_archive_that_is_cut": lambda: (attachment(zipped([("a", honest())])[:-9], "z"),),
    "a_file_before_the_archive": lambda: (attachment(_stored("a", LETTER) + zipped([("a", honest())]), "z"),),
    "a_hidden_file_before_the_files": lambda: (attachment(hidden_before(), "z"),),
    "a_hidden_file_before_the_directory": lambda: (attachment(_hidden_between(), "z"),),
    "a_hidden_file_in_a_file": lambda: (attachment(_hidden_in_a_file(), "z"),),
    "a_header_that_contradicts_the_directory": lambda: (attachment(_other_content(), "z"),),
    "a_folder_that_holds_a_document": lambda: (attachment(_a_folder_with_content(), "z"),),
    "an_archive_in_the_remark": lambda: (attachment(_two_ends(), "z"),),
    "something_after_the_archive": lambda: (attachment(zipped([("a", honest())]) + _stored("b", LETTER), "z"),),
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


def _signed(xml: bytes) -> bytes:
    """The packet with a signature of its own over all of it."""
    return enveloped(xml, lambda whole: signature([Ref("", whole, envelope=True)]))


_UNSIGNED = packet(_good(), attachment(LETTER, "b.xml"))
for _name, _before in {
    "nothing": b"",
    "a_comment_of_65_thousand_octets": b"<!--" + b" " * 70_000 + b"-->",
    "a_comment_of_a_million_octets": b"<!--" + b" " * 1_000_000 + b"-->",
    "white_space": b"<!---->" + b"\n" * 70_000,
    "an_instruction": b"<?x " + b" " * 70_000 + b"?>",
}.items():
    variant(
        ATTACKS,
        f"an_unsigned_document_in_a_signed_packet_after_{_name}",
        RULE,
        # what stands before the document element is not signed, but for instructions
        lambda b=_before: Attack(  # type: ignore[misc] # bound in the loop
            _signed(b + _UNSIGNED) if b"<?" in b else b + _signed(_UNSIGNED),
            REASONS,
            twin=_signed(packet(_good())),
        ),
    )
variant(
    ATTACKS,
    "an_unsigned_document_in_a_signed_packet_in_utf_16_after_a_comment",
    RULE,
    lambda: Attack(
        ("<!--" + " " * 300_000 + "-->" + _signed(_UNSIGNED).decode()).encode("utf-16"),
        REASONS,
        twin=_signed(packet(_good())).decode().encode("utf-16"),
    ),
)
variant(
    ATTACKS,
    "a_manifest_that_names_very_many_documents",
    RULE,
    lambda: Attack(
        packet(_good(), manifest="<Reference><ContentId>b</ContentId></Reference>" * 1001), "more than 1000|limit"
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
