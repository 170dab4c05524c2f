"""P14: encryption mixed with signatures. What says to be encrypted is never read as if it were not."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from tests.pki.pdf.samples import BODIES, append, stream, table_pdf

from .attack import FIELD, FORM, Attack, attack, hand_signed, prepared, variant, victim
from .incremental import _stream_update

ATTACKS: list[Attack] = []
RULE = 'P14: "refuse "PDFex" partial encryption in signed files": what is encrypted is not read as plain.'
HANDLER = b"<</Filter/Standard/V 2/R 3/Length 128/P -4/O<" + b"00" * 32 + b">/U<" + b"00" * 32 + b">>>"
MIXED = (
    b"<</Filter/Standard/V 4/R 4/Length 128/P -4/CF<</StdCF<</AuthEvent/EFOpen/CFM/AESV2/Length 16>>>>"
    b"/StmF/%s/StrF/%s/EFF/StdCF/EncryptMetadata %s/O<" + b"00" * 32 + b">/U<" + b"00" * 32 + b">>>"
)


def _with(trailer: bytes, handler: bytes) -> Callable[[], bytes]:
    """A file that was made with this trailer and then signed by hand, as if it were plain."""

    def make() -> bytes:
        other = trailer.replace(b"ncrypt", b"ncrypu")  # so that our own writer appends to it
        pdf = prepared(
            base=table_pdf({**BODIES, 6: handler}, b"/Root 1 0 R/ID[<00><00>]" + other),
            bodies={**FORM, 7: FIELD.replace(b"6 0 R", b"8 0 R")},
            number=8,
        )
        return hand_signed(pdf.replace(b"ncrypu", b"ncrypt"))

    return make


for _name, _handler in (
    ("all_streams", HANDLER),
    ("nothing_by_the_identity_filter", MIXED % (b"Identity", b"Identity", b"true")),
    ("strings_only", MIXED % (b"Identity", b"StdCF", b"true")),
    ("streams_only", MIXED % (b"StdCF", b"Identity", b"true")),
    ("attachments_only", MIXED % (b"Identity", b"Identity", b"false")),
    ("by_an_unknown_handler", b"<</Filter/vn.mau/V 9>>"),
    ("by_nothing", b"<<>>"),
    ("by_a_number", b"7"),
):
    variant(ATTACKS, f"signed_and_encrypted_{_name}", RULE, _with(b"/Encrypt 6 0 R", _handler), words="ncrypt")

variant(ATTACKS, "signed_and_encrypted_directly", RULE, _with(b"/Encrypt" + HANDLER, b"null"), words="ncrypt")
variant(ATTACKS, "signed_and_encrypted_by_a_missing_object", RULE, _with(b"/Encrypt 99 0 R", b"null"), words="ncrypt")
variant(
    ATTACKS, "signed_and_encrypted_under_an_escaped_key", RULE, _with(b"/#45ncrypt 6 0 R", HANDLER), words="ncrypt"
)


def _update(trailer: bytes, bodies: dict[int, bytes], *, as_stream: bool = False) -> bytes:
    return append(victim(), bodies, trailer=trailer, as_stream=as_stream)


for _name, _trailer, _bodies in (
    ("by_an_update", b"/Encrypt 20 0 R", {20: HANDLER}),
    ("by_an_update_of_identity_filters", b"/Encrypt 20 0 R", {20: MIXED % (b"Identity", b"Identity", b"true")}),
    ("directly_by_an_update", b"/Encrypt" + HANDLER, {20: b"(x)"}),
    ("by_an_empty_dictionary", b"/Encrypt<<>>", {20: b"(x)"}),
):
    variant(
        ATTACKS,
        f"encrypted_later_{_name}",
        'P14: "hash raw bytes": a plain signed file becomes an encrypted one: every string in it reads otherwise.',
        partial(_update, _trailer, _bodies),
        words="ncrypt",
    )
    variant(
        ATTACKS,
        f"encrypted_later_{_name}_in_a_stream",
        'P14: "hash raw bytes": the same through a cross-reference stream.',
        partial(_update, _trailer, _bodies, as_stream=True),
        words="ncrypt",
    )


@attack(ATTACKS, words="ncrypt")
def encryption_dropped_by_a_later_trailer() -> bytes:
    """P14: the trailer of an update names no /Encrypt: one reader decrypts what another takes for plain."""
    pdf = _with(b"/Encrypt 6 0 R", HANDLER)()
    start = len(pdf)
    previous = int(pdf[pdf.rindex(b"startxref") + 10 :].split()[0])
    return pdf + b"xref\n0 0\ntrailer\n<</Size 9/Root 1 0 R/Prev %d>>\nstartxref\n%d\n%%%%EOF\n" % (previous, start)


@attack(ATTACKS, change="unexplained")
def an_identity_crypt_filter_on_an_object_stream() -> bytes:
    """P14: /Crypt with /Identity in a file that is not encrypted: some readers undo it, some do not."""
    holder = stream(b"20 0 (new)", b"/Type/ObjStm/N 1/First 5/Filter/Crypt/DecodeParms<</Name/Identity>>")
    return _stream_update({21: holder}, {20: b"\x02" + (21).to_bytes(4, "big") + b"\x00\x00"})


@attack(ATTACKS, change="content", words="object 4")
def page_content_under_a_crypt_filter() -> bytes:
    """P14, P6: the page's content is replaced by a stream under the identity filter."""
    return append(victim(), {4: b"<</Filter/Crypt/Length 3>>stream\nq Q\nendstream"})


@attack(ATTACKS, change="structure", words="/AuthCode")
def an_authentication_code_that_nobody_checks() -> bytes:
    """P14: "PDF MAC if present must verify" (ISO/TS 32004): one that an update adds is a changed trailer."""
    return append(victim(), {20: b"(x)"}, trailer=b"/AuthCode<</MACLocation/Standalone/MAC<3000>>>")
