"""P3 signature wrapping: the second signed range is moved, attacker's objects come to stand in between.

All of these keep the digest intact: the octets that the byte range names are the octets that were signed.
"""

from __future__ import annotations

import hashlib
import re

from kyso_pki.pdf.reader import Reader
from tests.pki.pdf.samples import BODIES, stream

from .attack import Attack, attack, foreign_victim, gap_of

ATTACKS: list[Attack] = []
EVIL_PAGE = stream(b"BT /F1 12 Tf 72 720 Td (Pay 999999 to Thief) Tj ET")
EVIL = {n: BODIES[n] for n in (1, 2, 3, 5)} | {4: EVIL_PAGE}


def _wrapped(
    token: bytes,
    *,
    own_end: bytes = b"startxref\n%d\n%%%%EOF\n",
    copy_trailer: bool = False,
    tail: bytes = b"",
) -> bytes:
    """The foreign victim with its second range moved behind an attacker's body and cross-reference.

    `token` takes the place of the /Contents value; the new cross-reference stands at the old `startxref`.
    `tail` stands before the moved range.
    """
    pdf = foreign_victim()
    gap = gap_of(pdf)
    first, second = pdf[: gap.start], pdf[gap.end :]
    target = Reader(pdf).startxref
    signature = Reader(pdf).fetch(gap.number)
    form = Reader(pdf).fetch(Reader(pdf).root_ref().number)
    assert signature is not None
    assert form is not None
    head = first + token + b"/ByteRange [0 %d %020d %d]" % (gap.start, 0, len(second))
    head += re.sub(rb"/ByteRange\s*\[[^]]*\]", b"", second[: second.index(b"endobj") + 6]) + b"\n"
    offsets = {}
    body = bytearray(head)
    for number, text in EVIL.items():
        if number == 1:
            text = form.raw  # the same form and field, the attacker's pages
        offsets[number] = len(body)
        body += b"%d 0 obj\n%s\nendobj\n" % (number, text)
    if len(body) > target:
        raise ValueError("no room before the old cross-reference")
    body = bytearray(body.ljust(target))
    body += b"xref\n"
    for number, offset in sorted(offsets.items()):
        body += b"%d 1\n%010d 00000 n \n" % (number, offset)
    body += b"%d 1\n%010d 00000 n \n" % (gap.number, signature.offset)
    fields = [n for n, e in Reader(pdf).revisions[-1].entries() if e.kind == 1 and n not in (*offsets, gap.number)]
    for number in fields:
        entry = Reader(pdf).entry(number)
        if entry is not None and entry.a < gap.start:
            body += b"%d 1\n%010d 00000 n \n" % (number, entry.a)
    trailer = pdf[pdf.rindex(b"trailer") : pdf.rindex(b"startxref")] if copy_trailer else b""
    body += trailer or b"trailer\n<</Size 40/Root 1 0 R/Prev %d>>\n" % Reader(pdf).revisions[0].xref_start
    body += own_end % target if own_end else b""
    body += tail
    moved = len(body)
    return bytes(body).replace(b"%020d" % 0, b"%d" % moved + b" " * (20 - len(b"%d" % moved))) + second


def digest_is_kept(pdf: bytes) -> bool:
    """Whether the ranges that the file names hold exactly the octets that were signed."""
    ranges = [list(map(int, m.split())) for m in re.findall(rb"/ByteRange \[([\d ]+)\]", pdf)]
    for _, a, b, c in ranges:
        covered = pdf[:a] + pdf[b : b + c]
        gap = gap_of(foreign_victim())
        original = foreign_victim()[: gap.start] + foreign_victim()[gap.end :]
        if hashlib.sha256(covered).digest() == hashlib.sha256(original).digest():
            return True
    return False


def _value() -> bytes:
    gap = gap_of(foreign_victim())
    return foreign_victim()[gap.start : gap.end]


def _cut() -> bytes:
    """The /Contents value without its zero padding."""
    digits = _value()[1:-1].rstrip(b"0")
    return b"<" + digits + b"0" * (2 + len(digits) % 2) + b">"


@attack(ATTACKS, finding="BYTE_RANGE", words="leaves out")
def second_range_moved_padding_cut() -> bytes:
    """P3: "between the ranges there is one hex string token and nothing else"."""
    return _wrapped(_cut())


@attack(ATTACKS, words="no `startxref`")
def second_range_moved_without_an_end_of_its_own() -> bytes:
    """P3, P4: a cross-reference that no `startxref` and `%%EOF` close is no revision."""
    return _wrapped(_cut(), own_end=b"")


@attack(ATTACKS, finding="BYTE_RANGE", words="leaves out")
def second_range_moved_trailer_copied() -> bytes:
    """P3: a copy of the trailer does not help: "compare offsets from the parser with the ByteRange"."""
    return _wrapped(_cut(), copy_trailer=True)


@attack(ATTACKS, finding="CONTENTS", words="no hexadecimal string")
def second_range_moved_literal_string() -> bytes:
    """P3: "replace hex string by a short literal string to win room (a "length of gap" check is fooled)"."""
    digits = _value()[1:-1].rstrip(b"0")
    digits += b"0" * (len(digits) % 2)
    octets = bytes.fromhex(digits.decode())
    escaped = b"".join(b"\\%03o" % o if o in b"()\\\r" else bytes((o,)) for o in octets)
    return _wrapped(b"(" + escaped + b")")


@attack(ATTACKS, finding="BYTE_RANGE", words="leaves out")
def second_range_moved_contents_emptied() -> bytes:
    """P3 with P1: an empty string in the gap."""
    return _wrapped(b"<>")


@attack(ATTACKS, finding="FORMAT", words="same key twice")
def second_range_kept_and_a_second_byte_range_in_the_gap() -> bytes:
    """P3: "Duplicate keys in a dictionary (two /ByteRange) = malformed." """
    pdf = foreign_victim()
    gap = gap_of(pdf)
    text = _cut() + b"/ByteRange [0 %d %d %d]" % (gap.start, gap.end, len(pdf) - gap.end)
    return pdf[: gap.start] + text.ljust(gap.end - gap.start) + pdf[gap.end :]


@attack(ATTACKS, finding="BYTE_RANGE", words="leaves out")
def a_comment_in_the_gap() -> bytes:
    """P2: the gap holds exactly the token: no comment, no white space beside it."""
    pdf = foreign_victim()
    gap = gap_of(pdf)
    text = (_cut() + b"%").ljust(gap.end - gap.start - 1, b"x") + b"\n"
    return pdf[: gap.start] + text + pdf[gap.end :]


# The ranges stay where they are: what is in the gap is not hashed ---------------------------------------------------


def _in_the_gap(text: bytes, *, opened: bool = True) -> bytes:
    """The foreign victim with other text in its gap; `opened`: the rest is a comment, the dictionary goes on."""
    pdf = foreign_victim()
    gap = gap_of(pdf)
    room = gap.end - gap.start
    if len(text) > room:
        raise ValueError("does not fit")
    filler = (b"%" + b"x" * (room - len(text) - 2) + b"\n") if opened else b" " * (room - len(text))
    return pdf[: gap.start] + text + filler + pdf[gap.end :]


EVIL_OBJECT = b"4 0 obj\n" + EVIL_PAGE + b"\nendobj\n"


@attack(ATTACKS, finding="BYTE_RANGE", words="leaves out")
def objects_in_the_gap() -> bytes:
    """P3: "keep both ranges but duplicate object numbers": a reader that rebuilds finds object 4 in the gap."""
    gap = gap_of(foreign_victim())
    number, size = gap.number, len(foreign_victim())
    ranges = b"/ByteRange [0 %d %d %d]" % (gap.start, gap.end, size - gap.end)
    between = b">>\nendobj\n" + EVIL_OBJECT + b"%d 0 obj\n<</Type/Sig/Contents " % (number + 50)
    return _in_the_gap(_cut() + ranges + between + b"<00>")


@attack(ATTACKS, finding="CONTENTS", words="no hexadecimal string")
def objects_in_a_literal_string_in_the_gap() -> bytes:
    """P3: "replace hex string by a short literal string to win room"; the rest of the string holds an object."""
    digits = _value()[1:-1].rstrip(b"0")
    octets = bytes.fromhex((digits + b"0" * (len(digits) % 2)).decode())
    escaped = b"".join(b"\\%03o" % o if o in b"()\\\r" else bytes((o,)) for o in octets)
    return _in_the_gap(
        b"(" + escaped + b"\nendobj\n" + EVIL_OBJECT.replace(b"(", b"\\(").replace(b")", b"\\)") + b")"
    )


@attack(ATTACKS, finding="FORMAT", words="not hexadecimal")
def objects_in_the_hexadecimal_string() -> bytes:
    """P3, P2: "gap holds [0-9A-Fa-f] only": an object inside the brackets is found by a reader that rebuilds."""
    pdf = foreign_victim()
    gap = gap_of(pdf)
    at = gap.end - 1 - len(EVIL_OBJECT)
    return pdf[:at] + EVIL_OBJECT.replace(b">>", b"  ") + pdf[gap.end - 1 :]


@attack(ATTACKS, finding="BYTE_RANGE", words="leaves out")
def a_second_value_in_the_gap() -> bytes:
    """P3: "between the ranges there is one hex string token and nothing else": no further key of the dictionary."""
    return _in_the_gap(_cut() + b"/Cert<" + b"41" * 40 + b">")


@attack(ATTACKS, finding="BYTE_RANGE", words="leaves out")
def white_space_in_the_gap() -> bytes:
    """P3, P2: padding by white space instead of zeros: the gap is wider than the token."""
    return _in_the_gap(_cut(), opened=False)


@attack(ATTACKS, finding="FORMAT", words="same key twice")
def a_second_contents_in_the_gap() -> bytes:
    """P3, P1: two /Contents: one reader takes the first, another the last."""
    return _in_the_gap(_cut() + b"/Contents " + _cut()[:200] + b">")


@attack(ATTACKS, finding="BYTE_RANGE", words="leaves out")
def second_range_moved_behind_a_comment() -> bytes:
    """P3: the moved range stands behind a `%`, so that no reader takes its `startxref` for the file's."""
    return _wrapped(_cut(), tail=b"%")
