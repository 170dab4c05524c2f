"""P6: XMP metadata may be rewritten, but not what they call the document: Firefox puts it on the window."""

from __future__ import annotations

from functools import partial

from tests.pki.pdf.samples import BODIES, append, deflated, raw, signed, stream, table_pdf

from .attack import Attack, variant

ATTACKS: list[Attack] = []
RULE = 'P6: allow-list: "XMP/Info date"; a title is no date.'
ENTRIES = b"/Type/Metadata/Subtype/XML"
XMP = (
    b'<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF '
    b'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="" '
    b'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmp:ModifyDate="%s">%s'
    b'</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="w"?>'
)
TITLE = b'<dc:title><rdf:Alt><rdf:li xml:lang="x-default">%s</rdf:li></rdf:Alt></dc:title>'
AUTHOR = b"<dc:creator><rdf:Seq><rdf:li>Nguyen Van Mau</rdf:li></rdf:Seq></dc:creator>"
TRUE = XMP % (b"2026-01-01", TITLE % b"Chi 100 dong" + AUTHOR)


def described(xmp: bytes | None = TRUE, title: bytes = b"") -> bytes:
    """A signed file with this metadata, and perhaps a title in its information dictionary (object 7)."""
    named = b"" if xmp is None else b"/Metadata 6 0 R"
    bodies = {
        **BODIES,
        1: b"<</Type/Catalog/Pages 2 0 R%s/ViewerPreferences<</DisplayDocTitle true>>>>" % named,
        6: b"null" if xmp is None else stream(xmp, ENTRIES),
        7: b"<<%s>>" % (b"/Title(%s)" % title if title else b""),
    }
    return signed(table_pdf(bodies, b"/Root 1 0 R/Info 7 0 R/ID[<00><00>]"))


def rewritten(xmp: bytes, pack: bool = False) -> bytes:
    made = (deflated if pack else stream)(xmp, ENTRIES)
    return append(described(), {6: made}, trailer=b"/Info 7 0 R")


def brought(xmp: bytes, title: bytes = b"Chi 100 dong") -> bytes:
    """Metadata where there were none."""
    pdf = described(None, title)
    return append(
        pdf, {20: stream(xmp, ENTRIES), 1: raw(pdf, 1)[:-2] + b"/Metadata 20 0 R>>"}, trailer=b"/Info 7 0 R"
    )


def harmless() -> dict[str, bytes]:
    """What programs do with the metadata of a signed file."""
    title = TITLE % b"Chi 100 dong"
    return {
        "another date": rewritten(TRUE.replace(b"2026-01-01", b"2026-02-02")),
        "another order": rewritten(XMP % (b"2026-02-02", AUTHOR + title)),
        "another layout": rewritten(TRUE.replace(b"><", b">\n  <"), True),
        "an escaped letter": rewritten(TRUE.replace(b"Chi 100", b"&#67;hi 100")),
        "the title of the information dictionary": brought(TRUE),
        "a title where there was none": brought(TRUE, b""),
    }


_OTHER = TITLE % b"Chi 999999 dong"
for _name, _xmp in (
    ("another_title", XMP % (b"", _OTHER + AUTHOR)),
    ("no_title", XMP % (b"", AUTHOR)),
    ("a_second_title", XMP % (b"", _OTHER + TITLE % b"Chi 100 dong" + AUTHOR)),
    ("a_title_within_another", TRUE.replace(b"<dc:creator>", b"<dc:creator><dc:title/>")),
    ("a_title_as_an_attribute", TRUE.replace(b"xmp:ModifyDate", b'dc:title="Chi 999" xmp:ModifyDate')),
    ("another_author", TRUE.replace(b"Nguyen Van Mau", b"Tran Thi Mau")),
    ("a_subject", XMP % (b"", TITLE % b"Chi 100 dong" + AUTHOR + b"<dc:subject>999</dc:subject>")),
    ("keywords", XMP % (b"", TITLE % b"Chi 100 dong" + AUTHOR + b"<pdf:Keywords>999</pdf:Keywords>")),
    (
        "a_title_in_a_comment",
        TRUE.replace(b"<dc:title>", b"<!--<dc:title>").replace(b"</dc:title>", b"</dc:title>-->"),
    ),
    (
        "a_title_under_another_prefix",
        TRUE.replace(b"xmlns:dc", b'xmlns:d="http://purl.org/dc/elements/1.1/" xmlns:dc'),
    ),
    ("a_title_in_utf_16", TRUE.replace(b"Chi 100", b"Chi 999").decode().encode("utf-16")),
):
    variant(
        ATTACKS,
        f"metadata_rewritten_with_{_name}",
        RULE,
        partial(rewritten, _xmp),
        change="metadata",
        words="title, authors or subject",
    )

variant(
    ATTACKS,
    "metadata_brought_with_another_title_than_the_document_has",
    RULE,
    partial(brought, XMP % (b"", _OTHER)),
    change="metadata",
    words="title, authors or subject",
)
