"""P13: games with document timestamps and with the document security store."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from kyso_pki.ades.sign import sign_document
from kyso_pki.document import Intent
from kyso_pki.pdf.document import PdfDocument
from kyso_pki.testing import SoftwareSigner
from tests.judges.pyhanko import timestamp_token
from tests.pki.pdf.samples import AT, WORLD, append, holder, raw, signed, stream, table_pdf

from .attack import RANGES, ROOM, Attack, attack, variant, victim
from .updates import COVER, NEW, TINY, _field_update

ATTACKS: list[Attack] = []
WHOLE = 'P13: "a doc timestamp\'s ByteRange must cover the whole file up to itself".'
STORE = 'P13: a store of another shape is none: "level ... is computed from proofs ... not from keys in the DSS".'
STAMP = b"<</Type/DocTimeStamp/Filter/Adobe.PPKLite/SubFilter/ETSI.RFC3161%s>>"


def stamped(
    pdf: bytes,
    ranges: Callable[[int, int, int], tuple[int, int, int, int]] | None = None,
    *,
    authority: SoftwareSigner | None = None,
    message: bytes | None = None,
) -> bytes:
    """A prepared file with a true document timestamp over these ranges, or over another message."""
    at = pdf.rindex(b"/Contents <") + len(b"/Contents ")
    end = pdf.index(b">", at) + 1
    a, b, c, d = (ranges or (lambda s, e, n: (0, s, e, n - e)))(at, end, len(pdf))
    pdf = pdf.replace(RANGES, (b"[%d %d %d %d]" % (a, b, c, d)).ljust(len(RANGES)))
    covered = pdf[a : a + b] + pdf[c : c + d]
    token = timestamp_token(holder(authority or WORLD.tsa_signer), covered if message is None else message, AT)
    return pdf[: at + 1] + token.hex().encode().ljust(end - at - 2, b"0") + pdf[end - 1 :]


def room_for_a_stamp(pdf: bytes, dictionary: bytes = STAMP, field: bytes = TINY) -> bytes:
    """A signed file with one more, empty document timestamp (field 30, dictionary 32)."""
    slot = b"/ByteRange " + RANGES + b"/Contents <" + b"0" * (4 * ROOM) + b">"
    return _field_update(pdf, field % b"/V 32 0 R", {32: dictionary.replace(b"%s", slot)})


def stamped_victim() -> bytes:
    """The unattacked twin: a signature, and a document timestamp over it."""
    return stamped(room_for_a_stamp(victim()))


for _name, _range, _words in (
    ("that_ends_early", lambda s, e, n: (0, s, e, n - e - 20), "no revision"),
    ("that_covers_the_signature_only", lambda s, e, n: (0, len(victim()), e, n - e), "leaves out"),
    ("that_starts_late", lambda s, e, n: (10, s - 10, e, n - e), "does not fit"),
    ("whose_gap_is_wide", lambda s, e, n: (0, s - 40, e, n - e), "leaves out"),
    ("without_a_second_part", lambda s, e, n: (0, s, e, 0), "does not fit"),
):
    variant(
        ATTACKS,
        f"document_timestamp_{_name}",
        WHOLE,
        partial(lambda r: stamped(room_for_a_stamp(victim()), r), _range),
        finding="BYTE_RANGE",
        words=_words,
    )


@attack(ATTACKS, reported="TIMESTAMP_BROKEN")
def document_timestamp_over_something_else() -> bytes:
    """P13, T1: a true token over another message."""
    return stamped(room_for_a_stamp(victim()), message=b"another document")


@attack(ATTACKS, reported="TIMESTAMP_BROKEN")
def document_timestamp_over_the_file_before_it() -> bytes:
    """P13: the token covers the file up to the last signature, not up to itself."""
    return stamped(room_for_a_stamp(victim()), message=victim())


@attack(ATTACKS, reported="TIMESTAMP_NOT_TRUSTED", verdict="indeterminate")
def document_timestamp_of_no_authority() -> bytes:
    """P13, T2: a token that the signer of the document made: its certificate is for no timestamps."""
    return stamped(room_for_a_stamp(victim()), authority=WORLD.person_signer)


@attack(ATTACKS, finding="TYPE", words="DocTimeStamp")
def document_timestamp_that_says_to_be_a_signature() -> bytes:
    """P13: /Type /Sig with the SubFilter of a timestamp: listed as a signature by one, as a timestamp by another."""
    return stamped(room_for_a_stamp(victim(), STAMP.replace(b"/DocTimeStamp", b"/Sig")))


@attack(ATTACKS, finding="CONTENT_TYPE")
def timestamp_token_as_a_signature() -> bytes:
    """P13, C5: a token under the SubFilter of a signature: the authority signed no document."""
    dictionary = b"<</Type/Sig/Filter/X/SubFilter/ETSI.CAdES.detached%s>>"
    return stamped(room_for_a_stamp(victim(), dictionary))


@attack(ATTACKS, change="timestamp|overlay", words="a document timestamp", verdict="failed|indeterminate")
def document_timestamp_that_shows_something() -> bytes:
    """P13, P9: a document timestamp has no need to be seen: with a page-wide look it is an overlay."""
    field = NEW.replace(b"[%s]", b"[0 0 595 842]").replace(b"%s", b"/AP<</N 31 0 R>>%s")
    slot = b"/ByteRange " + RANGES + b"/Contents <" + b"0" * (4 * ROOM) + b">"
    pdf = _field_update(victim(), field % b"/V 32 0 R", {31: COVER, 32: STAMP.replace(b"%s", slot)})
    return stamped(pdf)


def _signature_stamped_by(message: Callable[[bytes], bytes], authority: SoftwareSigner | None = None) -> bytes:
    """A signature with a signature timestamp over `message(value)`."""

    class Hand:
        def timestamp(self, imprint: bytes, hash_name: str) -> bytes:
            return timestamp_token(holder(authority or WORLD.tsa_signer), message(imprint), AT)

    return sign_document(PdfDocument(table_pdf()), Intent(AT, level="B-T"), WORLD.person_signer, Hand())


@attack(ATTACKS, reported="TIMESTAMP_BROKEN")
def signature_timestamp_over_another_signature() -> bytes:
    """P13, T1: "messageImprint == H(exact octets for this timestamp type)"."""
    return _signature_stamped_by(lambda value: b"another signature value")


@attack(ATTACKS, reported="CONTENT_CHANGED")
def document_changed_under_a_document_timestamp() -> bytes:
    """P13, P0: a timestamp over changed content proves when it was changed, not that it was signed."""
    return stamped(room_for_a_stamp(victim().replace(b"Pay 100", b"Pay 900")))


@attack(ATTACKS, reported="TIMESTAMP_BROKEN")
def document_changed_under_an_older_document_timestamp() -> bytes:
    """P13, P0: the token covers what was there."""
    return stamped_victim().replace(b"/SigFlags 3", b"/SigFlags 1")


# The store ---------------------------------------------------------------------------------------------------------


def _store(text: bytes, more: dict[int, bytes]) -> bytes:
    return append(victim(), {1: raw(victim(), 1)[:-2] + b"/DSS" + text + b">>", **more})


CERTIFICATE = stream(WORLD.person.der)
for _name, _text, _more in (
    ("a_kid", b"<</Certs[40 0 R]/Kids[4 0 R]>>", {40: CERTIFICATE}),
    ("another_type", b"<</Type/Page/Certs[40 0 R]>>", {40: CERTIFICATE}),
    ("direct_streams", b"<</Certs[(30)]>>", {}),
    ("certificates_that_are_no_list", b"<</Certs 40 0 R>>", {40: CERTIFICATE}),
    ("a_list_of_lists", b"<</Certs[[40 0 R]]>>", {40: CERTIFICATE}),
    ("a_reference_to_nothing", b"<</Certs[99 0 R]>>", {}),
    ("a_reference_to_the_page", b"<</Certs[3 0 R]>>", {}),
    ("a_key_nobody_knows", b"<</Certs[40 0 R]/Evil 41 0 R>>", {40: CERTIFICATE, 41: COVER}),
    ("related_information_that_is_no_dictionary", b"<</VRI[40 0 R]>>", {40: CERTIFICATE}),
    ("related_information_with_a_kid", b"<</VRI<</AA<</Kids[40 0 R]>>>>>>", {40: CERTIFICATE}),
    ("related_information_of_another_type", b"<</VRI<</AA<</Type/Page/Cert[40 0 R]>>>>>>", {40: CERTIFICATE}),
    ("a_timestamp_that_is_no_stream", b"<</VRI<</AA<</TS(30)>>>>>>", {}),
    ("a_stream_with_a_look", b"<</Certs[40 0 R]>>", {40: stream(WORLD.person.der, b"/BBox[0 0 1 1]")}),
    ("a_stream_in_another_file", b"<</Certs[40 0 R]>>", {40: stream(WORLD.person.der, b"/F(x)")}),
    ("a_page_tree", b" 2 0 R", {}),
    ("an_array", b"[40 0 R]", {40: CERTIFICATE}),
):  # fmt: skip
    variant(ATTACKS, f"store_with_{_name}", STORE, partial(_store, _text, _more), change="evidence")

for _name, _content in (
    ("a_drawing", b"1 g 0 0 595 842 re f"),
    ("two_structures", WORLD.person.der + b"\x30\x00"),
    ("half_a_certificate", WORLD.person.der[:-1]),
    ("an_indefinite_length", b"\x30\x80\x00\x00"),
    ("nothing", b""),
):
    variant(
        ATTACKS,
        f"evidence_that_is_{_name}",
        STORE,
        partial(lambda content: _store(b"<</Certs[40 0 R]>>", {40: stream(content)}), _content),
        change="evidence",
    )


@attack(ATTACKS, change="content", words="object 4")
def page_content_named_as_evidence() -> bytes:
    """P13, P7: the store names the page's content as a certificate, and replaces it."""
    return _store(b"<</Certs[4 0 R]>>", {4: CERTIFICATE})


@attack(ATTACKS, change="evidence", words="removed or replaced")
def store_taken_away() -> bytes:
    """P13: evidence that was there when signed is removed again."""
    bodies = {1: b"<</Type/Catalog/Pages 2 0 R/DSS<</Certs[40 0 R]>>>>", 40: CERTIFICATE}
    pdf = signed(append(table_pdf(), bodies))
    return append(pdf, {1: raw(pdf, 1).replace(b"/DSS<</Certs[40 0 R]>>", b"")})
