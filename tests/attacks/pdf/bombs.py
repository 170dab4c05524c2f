"""R1: files that grow with a number, each aimed at one place where work or memory could grow faster than the file.

Each function makes a file of some hundred bytes per unit of `n`. `BOMBS` holds them with the `n` that makes a file
which would take a quadratic reader minutes; `work` counts what reading one costs.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from types import FrameType
from typing import Any

from kyso_pki.document import Intent
from kyso_pki.errors import KysoError
from kyso_pki.formats import verify_document
from kyso_pki.pdf.document import PdfDocument
from kyso_pki.pdf.reader import Reader
from tests.pki.pdf.samples import AT, BODIES, WORLD, append, deflated, raw, stream, table_pdf

from .attack import victim
from .incremental import _startxref


@dataclass(frozen=True)
class Bomb:
    name: str
    make: Callable[[int], bytes]
    n: int


BOMBS: list[Bomb] = []


def bomb(n: int) -> Callable[[Callable[[int], bytes]], Callable[[int], bytes]]:
    """Registers a family with its large `n`."""

    def register(make: Callable[[int], bytes]) -> Callable[[int], bytes]:
        BOMBS.append(Bomb(make.__name__, make, n))
        return make

    return register


@dataclass(frozen=True)
class Work:
    """What it cost to verify a file and to prepare it for signing."""

    verdict: str
    code: str
    lines: int
    """Lines of our own code that were executed."""
    decoded: int
    """Bytes that streams decoded to."""


def work(data: bytes, *, counted: bool = True) -> Work:
    """The cost of one file, counted in lines of Python, so that it is the same on every machine."""
    lines = 0

    def line(frame: FrameType, event: str, arg: Any) -> Any:
        nonlocal lines
        lines += event == "line"
        return line

    def call(frame: FrameType, event: str, arg: Any) -> Any:
        return line if "kyso_pki" in frame.f_code.co_filename else None

    WORLD.person_signer  # noqa: B018 - the key is made before anything is counted
    previous = sys.gettrace()
    if counted:
        sys.settrace(call)
    try:
        report = verify_document(data, trust=WORLD.trust, at=AT)
        code = report.findings[0].code if report.findings else ""
        decoded = _prepared(data)
    finally:
        sys.settrace(previous)
    return Work(report.verdict, code, lines, decoded)


def _prepared(data: bytes) -> int:
    """Prepares the file for a signature where that is possible; what its streams decoded to."""
    try:
        reader = Reader(data)
        before = reader.budget.left
        document = PdfDocument(data)
        document.prepare(Intent(AT), WORLD.person_signer.chain, WORLD.person_signer.scheme)
    except KysoError:
        return 0
    return before - reader.budget.left


# The chain of revisions -------------------------------------------------------------------------------------------


@bomb(900)
def revisions(n: int) -> bytes:
    """R1: many tiny revisions after a signature."""
    out = bytearray(victim())
    at = _startxref()
    for i in range(n):
        start = len(out)
        body = b"%d 0 obj\n(x)\nendobj\n" % (100 + i)
        words = (100 + i, start, 101 + i, at, start + len(body))
        out += body
        out += (
            b"xref\n%d 1\n%010d 00000 n \ntrailer\n<</Size %d/Root 1 0 R/Prev %d>>\nstartxref\n%d\n%%%%EOF\n" % words
        )
        at = start + len(body)
    return bytes(out)


@bomb(900)
def revisions_of_the_same_object(n: int) -> bytes:
    """R1: every revision rewrites the page."""
    out = bytearray(victim())
    at = _startxref()
    page = raw(victim(), 3)
    for _ in range(n):
        start = len(out)
        out += b"3 0 obj\n%s\nendobj\n" % page
        words = (start, at, len(out))
        out += b"xref\n3 1\n%010d 00000 n \ntrailer\n<</Size 9/Root 1 0 R/Prev %d>>\nstartxref\n%d\n%%%%EOF\n" % words
        at = words[2]
    return bytes(out)


@bomb(900)
def revisions_of_the_form(n: int) -> bytes:
    """R1: every revision adds an empty field to the form: lists that grow are compared again and again."""
    out = bytearray(victim())
    at = _startxref()
    number = next(k for k in range(5, 10) if b"/SigFlags" in raw(victim(), k))
    fields = [b"7 0 R"]
    for i in range(n):
        fields.append(b"%d 0 R" % (100 + i))
        first = len(out)
        out += b"%d 0 obj\n<</FT/Sig/T(F%d)>>\nendobj\n" % (100 + i, i)
        second = len(out)
        out += b"%d 0 obj\n<</Fields[%s]/SigFlags 3>>\nendobj\n" % (number, b" ".join(fields[-8:]))
        words = (number, second, 100 + i, first, 101 + i, at, len(out))
        out += b"xref\n%d 1\n%010d 00000 n \n%d 1\n%010d 00000 n \n" % words[:4]
        out += b"trailer\n<</Size %d/Root 1 0 R/Prev %d>>\nstartxref\n%d\n%%%%EOF\n" % words[4:]
        at = words[6]
    return bytes(out)


@bomb(900)
def hybrids_that_share_a_stream(n: int) -> bytes:
    """R1: every revision names the same large /XRefStm: it must not be decoded each time."""
    rows = bytes(6) * 3000
    out = bytearray(victim())
    hidden = len(out)
    out += b"90 0 obj\n%s\nendobj\n" % deflated(rows, b"/Type/XRef/Size 4000/W[1 3 2]/Index[1000 3000]")
    at = _startxref()
    for _ in range(n):
        start = len(out)
        words = (at, hidden, start)
        out += b"xref\n0 0\ntrailer\n<</Size 4000/Root 1 0 R/Prev %d/XRefStm %d>>\nstartxref\n%d\n%%%%EOF\n" % words
        at = start
    return bytes(out)


@bomb(20_000)
def subsections(n: int) -> bytes:
    """R1: a table of many subsections of one entry each."""
    rows = b"".join(b"%d 1\n0000000000 00001 f \n" % (10 + 2 * i) for i in range(n))
    words = (2 * n + 20, _startxref(), len(victim()))
    return victim() + b"xref\n" + rows + b"trailer\n<</Size %d/Root 1 0 R/Prev %d>>\nstartxref\n%d\n%%%%EOF\n" % words


@bomb(60_000)
def pairs_in_an_index(n: int) -> bytes:
    """R1: an /Index of many pairs of count zero."""
    base = table_pdf()
    start = len(base)
    head = b"/Type/XRef/Size 30/W[1 4 2]/Root 1 0 R/Index[%s20 1]" % (b"0 0 " * n)
    rows = b"\x01" + start.to_bytes(4, "big") + b"\x00\x00"
    return base + b"20 0 obj\n%s\nendobj\nstartxref\n%d\n%%%%EOF\n" % (stream(rows, head), start)


@bomb(20_000)
def words_that_end_a_file(n: int) -> bytes:
    """R1: `startxref` and `%%EOF` without end inside a string."""
    return table_pdf({**BODIES, 6: b"(" + b"startxref\n9\n%%EOF\n" * n + b")"})


# One object --------------------------------------------------------------------------------------------------------


def _one(body: bytes) -> bytes:
    return append(victim(), {20: body})


@bomb(400_000)
def arrays_in_arrays(n: int) -> bytes:
    """R1: depth limit."""
    return _one(b"[" * n + b"]" * n)


@bomb(200_000)
def dictionaries_in_dictionaries(n: int) -> bytes:
    """R1: depth limit."""
    return _one(b"<</A" * n + b" 1" + b">>" * n)


@bomb(200_000)
def open_arrays(n: int) -> bytes:
    """R1: depth limit, and nothing is ever closed."""
    return _one(b"[" * n)


@bomb(400_000)
def brackets_in_a_string(n: int) -> bytes:
    """R1: a literal string may nest brackets."""
    return _one(b"(" * n + b")" * n)


@bomb(400_000)
def open_strings(n: int) -> bytes:
    """R1: strings without an end."""
    return _one(b"(" * n)


@bomb(200_000)
def escapes(n: int) -> bytes:
    """R1: a string of escapes."""
    return _one(b"(" + b"\\101" * n + b")")


@bomb(600_000)
def digits(n: int) -> bytes:
    """R1: number parse."""
    return _one(b"[" + b"9" * n + b"]")


@bomb(300_000)
def signs(n: int) -> bytes:
    """R1: number parse: `--5`."""
    return _one(b"[" + b"-" * n + b"5]")


@bomb(100_000)
def numbers_that_look_like_references(n: int) -> bytes:
    """R1: `1 0 1 0 …` is tried as a reference at every number."""
    return _one(b"[" + b"1 0 " * n + b"]")


@bomb(2_000)
def numbers_far_apart(n: int) -> bytes:
    """R1: white space between numbers is passed a fixed number of times."""
    return _one(b"[" + (b"1" + b" " * 200) * n + b"]")


@bomb(200_000)
def comments(n: int) -> bytes:
    """R1: comments between tokens."""
    return _one(b"[" + b"%x\n" * n + b"]")


@bomb(300_000)
def one_long_name(n: int) -> bytes:
    """R1: string and name length."""
    return _one(b"/" + b"A" * n)


@bomb(100_000)
def one_escaped_name(n: int) -> bytes:
    """R1: a name of escapes."""
    return _one(b"/" + b"#41" * n)


@bomb(60_000)
def names_of_many_kinds(n: int) -> bytes:
    """R1: names that are remembered may not fill the memory."""
    return _one(b"[" + b"".join(b"/N%d" % i for i in range(n)) + b"]")


@bomb(60_000)
def keys_of_one_dictionary(n: int) -> bytes:
    """R1: a dictionary of many keys."""
    return _one(b"<<" + b"".join(b"/N%d 1" % i for i in range(n)) + b">>")


@bomb(300_000)
def white_space_in_a_hexadecimal_string(n: int) -> bytes:
    """R1: a hexadecimal string of white space."""
    return _one(b"<" + b" " * n + b"41>")


@bomb(100_000)
def open_hexadecimal_strings(n: int) -> bytes:
    """R1: hexadecimal strings without an end."""
    return _one(b"[" + b"<4" * n + b"]")


@bomb(60_000)
def words_that_end_an_object(n: int) -> bytes:
    """R1: `endobj` and `endstream` without end."""
    return _one(stream(b"endstream endobj\n" * n))
