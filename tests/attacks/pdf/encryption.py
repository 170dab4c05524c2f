"""P14: encryption and signature. The file is AES-encrypted by qpdf, then changed, then signed by pyHanko."""

from __future__ import annotations

from functools import cache

from tests.judges import pyhanko
from tests.pki.pdf.encryption.locked import (
    CONTENT,
    XMP,
    Revision,
    encryption_entries,
    encryption_number,
    locked,
    number_of_stream,
    relaid,
    with_encryption,
)
from tests.pki.pdf.samples import WORLD, append, holder, pike, raw, stream

from .attack import Attack, attack

ENCRYPTED: list[Attack] = []
FORGED = b"BT /F1 12 Tf 72 700 Td (Pay 999 to me) Tj ET"


@cache
def plain_victim(revision: Revision = 6, metadata: bool = True) -> bytes:
    return locked(revision, metadata=metadata)


@cache
def bare_victim(metadata: bool = True) -> bytes:
    """Without document information and XMP, over which pyHanko stumbles when they are not encrypted."""
    return locked(6, metadata=metadata, pdf=pike())


def signed_by_other(pdf: bytes) -> bytes:
    return pyhanko.sign(pdf, holder(WORLD.person_signer), password=b"")


@cache
def victim() -> bytes:
    """An encrypted file signed by another program; the empty password opens it."""
    return signed_by_other(plain_victim())


def with_stream(pdf: bytes, text: bytes, body: bytes) -> bytes:
    """The stream that holds `text` replaced by another object, as it stands."""
    number = number_of_stream(pdf, text)
    return relaid(pdf, lambda bodies: bodies.update({number: body}))


@attack(ENCRYPTED, finding="PARTIAL_ENCRYPTION", words="crypt filter Identity")
def streams_in_the_clear() -> bytes:
    """Identity crypt filter mix: refuse partial encryption in signed files."""
    return signed_by_other(with_encryption(bare_victim(), b"/StmF /StdCF", b"/StmF /Identity"))


@attack(ENCRYPTED, finding="PARTIAL_ENCRYPTION", words="crypt filter Identity")
def strings_in_the_clear() -> bytes:
    """Identity crypt filter mix: refuse partial encryption in signed files."""
    return signed_by_other(with_encryption(bare_victim(), b"/StrF /StdCF", b"/StrF /Identity"))


@attack(ENCRYPTED, finding="PARTIAL_ENCRYPTION", words="crypt filter Identity")
def attachments_in_the_clear() -> bytes:
    """Identity crypt filter mix: refuse partial encryption in signed files."""
    return signed_by_other(with_encryption(plain_victim(), b"/StmF /StdCF", b"/EFF /Identity/StmF /StdCF"))


@attack(ENCRYPTED, finding="PARTIAL_ENCRYPTION", words="chose the crypt filter Identity")
def page_that_opts_out() -> bytes:
    """A stream with a crypt filter of its own: refuse partial encryption in signed files."""
    body = stream(FORGED, b"/Filter[/Crypt]/DecodeParms[<</Name/Identity>>]")
    return signed_by_other(with_stream(plain_victim(), CONTENT, body))


@attack(ENCRYPTED, finding="PARTIAL_ENCRYPTION", words="not encrypted as the file says")
def page_in_plain_text() -> bytes:
    """PDFex: a plain stream in an encrypted document, where no filter says so."""
    return signed_by_other(with_stream(plain_victim(), CONTENT, stream(FORGED)))


@attack(ENCRYPTED, finding="PARTIAL_ENCRYPTION", words="not encrypted as the file says")
def page_in_plain_text_under_aes_128() -> bytes:
    """PDFex: a plain stream in an encrypted document, where no filter says so."""
    return signed_by_other(with_stream(plain_victim(4), CONTENT, stream(FORGED)))


@attack(ENCRYPTED, finding="PARTIAL_ENCRYPTION", words="only calls itself metadata")
def page_that_calls_itself_metadata() -> bytes:
    """EncryptMetadata: only the metadata stream may be plain."""
    pdf = with_stream(bare_victim(metadata=False), CONTENT, stream(FORGED, b"/Type/Metadata"))
    return signed_by_other(pdf)


@attack(ENCRYPTED, finding="PARTIAL_ENCRYPTION", words="XRef")
def page_that_calls_itself_a_cross_reference() -> bytes:
    """Cross-reference streams are never encrypted; a stream that is none may not say so."""
    return signed_by_other(with_stream(plain_victim(), CONTENT, stream(FORGED, b"/Type/XRef")))


@attack(ENCRYPTED, finding="PARTIAL_ENCRYPTION", words="cannot be decrypted")
def value_of_a_field_in_plain_text() -> bytes:
    """PDFex: a plain string in an encrypted document, where no filter says so."""
    pdf = plain_victim()

    def change(bodies: dict[int, bytes]) -> None:
        number = next(n for n, body in bodies.items() if b"/Subtype /Widget" in body)
        at = bodies[number].index(b"/V <") + 3
        end = bodies[number].index(b">", at) + 1
        bodies[number] = bodies[number][:at] + b"(Someone else)" + bodies[number][end:]

    return signed_by_other(relaid(pdf, change))


@attack(ENCRYPTED, words="do not agree on whether")
def update_that_drops_the_encryption() -> bytes:
    """After signing every reader must see one and the same file: /Encrypt may not vanish."""
    return append(victim(), {90: b"<</A 1>>"})


@attack(ENCRYPTED, words="was replaced by an update")
def update_that_changes_the_encryption() -> bytes:
    """After signing the encryption dictionary is what it was."""
    from kyso_pki.pdf.reader import Reader

    pdf = victim()
    number = encryption_number(pdf)
    body = raw(pdf, number).replace(b"/StrF /StdCF", b"/StrF /Identity")
    return append(pdf, {number: body}, trailer=encryption_entries(Reader(pdf)))


@attack(ENCRYPTED, words="do not agree on the first half")
def update_with_another_file_identifier() -> bytes:
    """The key of AES-128 comes from /ID; two of them are two keys."""
    from kyso_pki.pdf.reader import Reader

    pdf = signed_by_other(plain_victim(4))
    entries = encryption_entries(Reader(pdf)).replace(b"/ID[<", b"/ID[<00")
    return append(pdf, {90: b"<</A 1>>"}, trailer=entries)


@attack(ENCRYPTED, words="permissions in the encryption dictionary were changed")
def permissions_that_were_widened() -> bytes:
    """/P is protected by /Perms from revision 5 on."""
    return with_encryption(plain_victim(), b"/P -4", b"/P -1")


@attack(ENCRYPTED, finding="CONTENTS", words="CMS")
def contents_that_are_encrypted() -> bytes:
    """/Contents is never decrypted: what stands there is the signature itself."""
    from kyso_pki.pdf.objects import Ref
    from kyso_pki.pdf.reader import Reader

    pdf = victim()
    gap = gap_of_encrypted(pdf)
    value = bytes.fromhex(pdf[gap[0] + 1 : gap[1] - 1].decode())
    handler = Reader(pdf).handler
    assert handler is not None
    sealed = handler.sealed(Ref(1), b"<" + value[: len(value) // 2].hex().encode() + b">")
    assert len(sealed) <= gap[1] - gap[0]
    return pdf[: gap[0]] + b"<" + sealed[1:-1].ljust(gap[1] - gap[0] - 2, b"0") + pdf[gap[1] - 1 :]


def gap_of_encrypted(pdf: bytes) -> tuple[int, int]:
    at = pdf.rindex(b"/Contents <") + len(b"/Contents ")
    return at, pdf.index(b">", at) + 1


@attack(ENCRYPTED, finding="PARTIAL_ENCRYPTION", words="not encrypted as the file says")
def update_in_plain_text() -> bytes:
    """An update to an encrypted file is encrypted too."""
    from kyso_pki.pdf.reader import Reader

    pdf = victim()
    number = number_of_stream(pdf, XMP)
    new = stream(b"<x:xmpmeta/>", b"/Type/Metadata/Subtype/XML")
    return append(pdf, {number: new}, trailer=encryption_entries(Reader(pdf)))
