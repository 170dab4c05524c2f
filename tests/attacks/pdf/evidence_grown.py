"""P13 over real files of levels B-LT and B-LTA: what protects a signature for years is not to be played with."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache, partial
from typing import Final

from kyso_pki.ades.grow import Sources
from kyso_pki.ades.sign import sign_document
from kyso_pki.document import Intent, Level
from kyso_pki.pdf.document import PdfDocument
from tests.pki.pdf.samples import AT, WORLD, append, raw, stream, table_pdf

from .attack import RANGES, ROOM, Attack, overwritten, variant
from .evidence import CERTIFICATE, STAMP, STORE, WHOLE, stamped
from .sealing import truly_sealed
from .updates import COVER, EVIL

ATTACKS: list[Attack] = []
Ranges = Callable[[int, int, int], tuple[int, int, int, int]]
LEVELS: Final[tuple[Level, ...]] = ("B-LT", "B-LTA")
KEPT: Final = 'P13: "level T/LT/LTA is computed from proofs that exist at the time proven".'
_imprint = re.compile(rb"0609608648016503040201(?:0500)?0420", re.IGNORECASE)  # sha256, 32 octets
FIRST_NEW: Final = 100  # object number
TINY: Final = b"<</Type/Annot/Subtype/Widget/FT/Sig/T(New)/Rect[0 0 0 0]/F 132/P 3 0 R/V 102 0 R>>"


@cache
def grown(level: Level) -> bytes:
    """Signed by kyso, with a true timestamp, CRL and OCSP answers; at B-LTA a document timestamp over all of it."""
    sources = Sources(AT, WORLD.fetcher(AT), trust=WORLD.trust)
    return sign_document(
        PdfDocument(table_pdf()), Intent(AT, level), WORLD.person_signer, WORLD.timestamper(AT), sources
    )


def number_of(pdf: bytes, key: bytes, holder: int = 1) -> int:
    """The object that an entry of another refers to, or the first of an array."""
    found = re.search(key + rb"\s*\[?\s*(\d+) 0 R", raw(pdf, holder))
    assert found
    return int(found[1])


def with_store(level: Level, text: bytes, more: dict[int, bytes]) -> bytes:
    """The file with another store in place of its own."""
    pdf = grown(level)
    catalog = re.sub(rb"/DSS \d+ 0 R", b"/DSS" + text.replace(b"\\", b"\\\\"), raw(pdf, 1))
    return append(pdf, {1: catalog, **more})


def with_evidence(level: Level, key: bytes, body: bytes) -> bytes:
    """The file whose first CRL or OCSP answer is another stream."""
    pdf = grown(level)
    return append(pdf, {number_of(pdf, key, number_of(pdf, b"/DSS")): body})


def with_room(level: Level) -> bytes:
    """The file with one more, empty document timestamp."""
    pdf = grown(level)
    form = number_of(pdf, b"/AcroForm")
    slot = b"/ByteRange " + RANGES + b"/Contents <" + b"0" * (4 * ROOM) + b">"
    fields = re.sub(rb"/Fields ?\[(.*?)\]", rb"/Fields [\1 101 0 R]", raw(pdf, form))
    page = re.sub(rb"/Annots ?\[(.*?)\]", rb"/Annots [\1 101 0 R]", raw(pdf, 3))
    return append(pdf, {101: TINY, 102: STAMP.replace(b"%s", slot), form: fields, 3: page})


def flipped(pdf: bytes, at: int) -> bytes:
    """The file with another hexadecimal digit, or another bit, there."""
    old = pdf[at : at + 1]
    new = b"1" if old == b"0" else b"0" if old in b"123456789abcdefABCDEF" else bytes((old[0] ^ 1,))
    return pdf[:at] + new + pdf[at + 1 :]


def stamped_again(level: Level, ranges: Ranges) -> bytes:
    """With a true document timestamp over these ranges."""
    return stamped(with_room(level), ranges)


def stamped_over_before(level: Level) -> bytes:
    """With a document timestamp over the file as it was before it."""
    return stamped(with_room(level), message=grown(level))


def other_imprint(level: Level, which: int) -> bytes:
    """The token in the signature (0) or in the document timestamp (1) speaks of something else."""
    pdf = grown(level)
    start = [m.end() for m in re.finditer(rb"/Contents ?<", pdf)][which]
    found = _imprint.search(pdf, start)
    assert found
    return flipped(pdf, found.end() + 5)


_SHAPES: Final = {
    "with_a_kid": (b"<</Certs[100 0 R]/Kids[4 0 R]>>", {100: CERTIFICATE}),
    "of_another_type": (b"<</Type/Page/Certs[100 0 R]>>", {100: CERTIFICATE}),
    "that_names_the_page": (b"<</Certs[3 0 R]>>", {}),
    "that_names_the_content": (b"<</Certs[4 0 R]>>", {}),
    "that_is_empty": (b"<<>>", {}),
    "that_is_null": (b" null", {}),
    "that_is_an_array": (b"[100 0 R]", {100: CERTIFICATE}),
    "with_a_drawing": (b"<</Certs[100 0 R]>>", {100: stream(b"1 g 0 0 595 842 re f")}),
    "with_a_certificate_only": (b"<</Certs[100 0 R]>>", {100: CERTIFICATE}),
    "with_a_key_nobody_knows": (b"<</Certs[100 0 R]/Evil 103 0 R>>", {100: CERTIFICATE, 103: COVER}),
    "with_related_information_of_another_type": (b"<</VRI<</AA<</Type/Page/Cert[100 0 R]>>>>>>", {100: CERTIFICATE}),
}
_RANGES: Final[tuple[tuple[str, Ranges, str], ...]] = (
    ("that_ends_early", lambda s, e, n: (0, s, e, n - e - 20), "no revision"),
    ("that_starts_late", lambda s, e, n: (10, s - 10, e, n - e), "does not fit"),
    ("whose_gap_is_wide", lambda s, e, n: (0, s - 40, e, n - e), "leaves out"),
    ("without_a_second_part", lambda s, e, n: (0, s, e, 0), "does not fit"),
)
for _level in LEVELS:
    _in = _level.replace("-", "_").lower()
    for _name, (_text, _more) in _SHAPES.items():
        _make = partial(with_store, _level, _text, _more)
        variant(ATTACKS, f"a_store_{_name}_in_{_in}", STORE, _make, change="evidence")
    for _key in (b"CRLs", b"OCSPs"):
        _word = _key.decode().lower()
        for _name, _body in (
            ("a_drawing", EVIL),
            ("nothing", stream(b"")),
            ("a_certificate", CERTIFICATE),
            ("another_answer", stream(WORLD.crls(AT)[-1] if _key == b"OCSPs" else WORLD.person.der)),
            ("null", b"null"),
        ):
            _make = partial(with_evidence, _level, b"/" + _key, _body)
            _title = f"{_word}_replaced_by_{_name}_in_{_in}"
            variant(ATTACKS, _title, KEPT, _make, change="evidence|content|unexplained")
    variant(
        ATTACKS,
        f"content_replaced_in_{_in}",
        "P6, P13: what is proven for years is still what was signed.",
        partial(append, grown(_level), {4: EVIL}),
        change="content",
        words="object 4",
    )
    variant(
        ATTACKS,
        f"a_seal_over_the_text_of_{_in}",
        "P9, P13: evidence and timestamps do not make a later seal harmless.",
        partial(truly_sealed, grown(_level), b"60 700 160 760", at=FIRST_NEW),
        change="overlay",
        words="text, lines or pictures",
        verdict="indeterminate",
    )
    for _name, _range, _words in _RANGES:
        variant(
            ATTACKS,
            f"another_document_timestamp_{_name}_in_{_in}",
            WHOLE,
            partial(stamped_again, _level, _range),
            finding="BYTE_RANGE",
            words=_words,
        )
    variant(
        ATTACKS,
        f"another_document_timestamp_over_the_file_before_it_in_{_in}",
        WHOLE,
        partial(stamped_over_before, _level),
        reported="TIMESTAMP_BROKEN",
    )
    variant(
        ATTACKS,
        f"the_signature_timestamp_of_{_in}_with_another_imprint",
        'P13, T1: "messageImprint == H(exact octets for this timestamp type)".',
        partial(other_imprint, _level, 0),
        reported="TIMESTAMP_BROKEN",
    )

variant(
    ATTACKS,
    "the_document_timestamp_of_b_lta_with_another_imprint",
    WHOLE,
    partial(other_imprint, "B-LTA", 1),
    reported="TIMESTAMP_BROKEN",
)
variant(
    ATTACKS,
    "a_kept_answer_under_a_document_timestamp_with_another_octet",
    KEPT,
    lambda: flipped(grown("B-LTA"), grown("B-LTA").index(b"stream\n", grown("B-LTA").index(b"9 0 obj")) + 200),
    reported="TIMESTAMP_BROKEN",
)
variant(
    ATTACKS,
    "a_document_timestamp_whose_field_loses_it",
    "P11, P13: the proof is taken away from its field.",
    lambda: append(grown("B-LTA"), {14: re.sub(rb"/V \d+ 0 R", b"", raw(grown("B-LTA"), 14))}),
    change="annotation",
)
variant(
    ATTACKS,
    "a_document_timestamp_that_is_redefined",
    "P11, P13: another dictionary under the number of the proof.",
    lambda: append(grown("B-LTA"), {13: raw(grown("B-LTA"), 13).replace(b"/Type /DocTimeStamp", b"/Type /Sig")}),
    change="form|structure|signature|unexplained|content",
)
variant(
    ATTACKS,
    "the_store_of_b_lta_renamed_in_place",
    WHOLE,
    lambda: overwritten(grown("B-LTA"), b"/DSS 12 0 R", b"/DSX 12 0 R"),
    reported="TIMESTAMP_BROKEN",
)
