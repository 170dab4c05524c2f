"""Mutations that know what a PDF is made of: objects, cross-reference entries, trailers, revisions.

Reach for `mutate`. What a signature covers is mostly left alone (a changed octet there is found by its digest, at
once), so that the work goes into what stands after it, and into unsigned files. Most results are made whole again:
offsets, lengths and `startxref` fit, so that the deeper rules are reached and not only the first one.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import Random

OBJECT = re.compile(rb"(?<![0-9])(\d{1,10}) (\d{1,5}) obj\b(.*?)\bendobj", re.DOTALL)
_STREAM = re.compile(rb"(.*?)stream\r?\n(.*)\r?\nendstream\s*$", re.DOTALL)
_TOKEN = re.compile(
    rb"/[^\s()<>\[\]{}/%]*|\d+ \d+ R|[-+]?\d*\.?\d+|\([^()]*\)|<[0-9A-Fa-f]*>|true|false|null|<<|>>|\[|\]"
)
_STARTXREF = re.compile(rb"startxref\s+(\d+)")
_TRAILER = re.compile(rb"trailer\s*(<<.*?>>)\s*startxref", re.DOTALL)
_ENTRY = re.compile(rb"\d{10} \d{5} [nf][ \r\n]{2}")

NUMBERS = (
    b"0",
    b"-1",
    b"1",
    b"2",
    b"255",
    b"65535",
    b"65536",
    b"8388607",
    b"8388608",
    b"2147483647",
    b"4294967296",
    b"9223372036854775807",
    b"9223372036854775808",
    b"1" + b"0" * 19,
    b"300000000000000",
    b"1.0",
    b"0.5",
    b".",
    b"--5",
    b"1e308",
    b"+0",
    b"00",
    b"1" * 400,
)
NAMES = tuple(
    (
        b"/Type /Sig /Catalog /Pages /Page /Kids /Count /Parent /Contents /ByteRange /V /FT /Tx /T /AP /N /AS /Rect "
        b"/Annots /Subtype /Widget /AcroForm /Fields /SigFlags /Perms /DocMDP /Reference /TransformParams /P /Lock "
        b"/Action /All /Include /DSS /Certs /CRLs /OCSPs /VRI /Metadata /Info /Root /Size /Prev /XRefStm /XRef "
        b"/ObjStm /W /Index /Extends /First /Length /Filter /FlateDecode /ASCIIHexDecode /ASCII85Decode /LZWDecode "
        b"/RunLengthDecode /DecodeParms /Predictor /Columns /Colors /Encrypt /ID /Linearized /Resources /Font "
        b"/XObject /SubFilter /ETSI.CAdES.detached /ETSI.RFC3161 /adbe.pkcs7.detached /DocTimeStamp /Extensions "
        b"/Version /OpenAction /NeedAppearances / /#41 /A#00 /Byte#52ange "
    ).split()
)
PIECES = (
    b"null",
    b"true",
    b"[]",
    b"<<>>",
    b"()",
    b"<>",
    b"<0",
    b"(",
    b"<<",
    b">>",
    b"[",
    b"]",
    b"%x\n",
    b"\x00",
    b" ",
    b"endobj",
    b"endstream",
    b"stream\n",
    b"%%EOF\n",
    b"startxref\n0\n%%EOF\n",
    b"xref\n0 0\ntrailer\n<<>>\n",
    b"R",
    b"%PDF-1.7\n",
    b"1 0 R",
    b"4 0 R",
    b"6 0 R",
    b"[" * 120,
    b"\\",
    b"\r",
)


@dataclass
class Update:
    """What may be appended as one revision; `render` gives it its offsets."""

    bodies: dict[int, bytes]
    trailer: dict[bytes, bytes] = field(default_factory=dict)
    freed: list[int] = field(default_factory=list)
    generation: int = 0


def mutate(data: bytes, rng: Random, max_size: int, seeds: Sequence[bytes], ends: Sequence[bytes]) -> bytes:
    """A file made from `data` by one to four mutations; never longer than `max_size`.

    `ends` are signed files up to the end of a signature: what is before such an end is mostly kept.
    """
    out = data or rng.choice(seeds)
    for _ in range(rng.choice((1, 1, 1, 2, 2, 3, 4))):
        kept = next((len(end) for end in ends if out.startswith(end)), 0)
        tail = kept and rng.random() < 0.9
        out = _after(out, kept, rng, seeds) if tail else rng.choice(_WHOLE)(out, rng, seeds)
        if len(out) > max_size:
            out = out[:max_size] if rng.random() < 0.2 else data[:max_size]
    return out


# After a signature ----------------------------------------------------------------------------------------------


def _after(data: bytes, kept: int, rng: Random, seeds: Sequence[bytes]) -> bytes:
    """Only what follows a signed revision is changed, or something is appended."""
    head, tail = data[:kept], data[kept:]
    if tail.strip() and rng.random() < 0.55:
        if rng.random() < 0.5:
            return head + rng.choice(_BYTES)(tail, rng)
        return _again(head, tail, rng)
    return _appended(data if rng.random() < 0.7 else head, rng, seeds)


def _again(head: bytes, tail: bytes, rng: Random) -> bytes:
    """The first update of the tail with a changed object, offsets made right again."""
    bodies = {int(m[1]): m[3].strip() for m in OBJECT.finditer(tail)}
    bodies = {n: b for n, b in bodies.items() if b"/XRef" not in b}
    if not bodies:
        return head + rng.choice(_BYTES)(tail, rng)
    number = rng.choice(sorted(bodies))
    bodies[number] = mutated_body(bodies[number], rng)
    return render(head, Update(bodies), rng)


def _appended(data: bytes, rng: Random, seeds: Sequence[bytes]) -> bytes:
    """One more revision: changed copies of objects, objects of another file, new ones."""
    own = {int(m[1]): m[3].strip() for m in OBJECT.finditer(data)}
    bodies: dict[int, bytes] = {}
    update = Update(bodies)
    for _ in range(rng.choice((0, 1, 1, 1, 2, 3))):
        roll = rng.random()
        if own and roll < 0.6:
            number = rng.choice(sorted(own))
            bodies[number] = mutated_body(own[number], rng)
        elif own and roll < 0.7:
            bodies[rng.choice(sorted(own))] = own[rng.choice(sorted(own))]
        elif roll < 0.85:
            other = OBJECT.findall(rng.choice(seeds))
            if other:
                number, _, body = rng.choice(other)
                bodies[int(number)] = body.strip()
        else:
            bodies[max(own, default=0) + rng.randint(1, 3)] = rng.choice(
                (b"(x)", b"<<>>", b"[1 0 R]", _stream(b"q Q"))
            )
    if own and rng.random() < 0.15:
        update.freed.append(rng.choice(sorted(own)))
    if rng.random() < 0.1:
        update.trailer[rng.choice(NAMES)] = rng.choice((*NUMBERS, *NAMES, *PIECES))
    if rng.random() < 0.05:
        update.generation = rng.choice((1, 65535))
    return render(data, update, rng)


def render(head: bytes, update: Update, rng: Random) -> bytes:
    """`head` and one more revision, whole, or with one thing in its cross-reference wrong."""
    starts = _STARTXREF.findall(head)
    previous = starts[-1] if starts else b"0"
    roots = re.findall(rb"/Root (\d+ \d+ R)", head)
    sizes = [int(s) for s in re.findall(rb"/Size (\d{1,7})\b", head)]
    out = bytearray(head if head.endswith((b"\n", b"\r")) else head + b"\n")
    rows: dict[int, tuple[int, int, int]] = dict.fromkeys(update.freed, (0, 0, 1))
    for number, body in update.bodies.items():
        rows[number] = (1, len(out), update.generation)
        out += b"%d %d obj\n%s\nendobj\n" % (number, update.generation, body)
    fault = rng.random()
    if rows and fault < 0.06:
        number = rng.choice(sorted(rows))
        kind, at, generation = rows[number]
        rows[number] = rng.choice(((1 - kind, at, generation), (kind, rng.randrange(len(out)), 0), (kind, at + 1, 0)))
    elif rows and fault < 0.09:
        del rows[rng.choice(sorted(rows))]
    elif fault < 0.11:
        rows[rng.randint(1, 30)] = (1, rng.randrange(len(out)), 0)
    start = len(out)
    size = max([*sizes, *(n + 1 for n in rows), 1])
    entries = {b"/Root": roots[-1] if roots else b"1 0 R", b"/Prev": previous, **update.trailer}
    if rng.random() < 0.35:
        rows[size] = (1, start, 0)
        index = b" ".join(b"%d 1" % n for n in sorted(rows))
        data = b"".join(
            bytes((k,)) + a.to_bytes(4, "big") + b.to_bytes(2, "big") for _, (k, a, b) in sorted(rows.items())
        )
        head_ = b"/Type/XRef/W[1 4 2]/Index[%s]" % index + _entries({b"/Size": b"%d" % (size + 1), **entries})
        out += b"%d 0 obj\n%s\nendobj\n" % (size, _stream(data, head_, compress=rng.random() < 0.5))
    else:
        out += b"xref\n"
        for number, (kind, a, b) in sorted(rows.items()):
            out += b"%d 1\n%010d %05d %s \n" % (number, a, b, b"n" if kind else b"f")
        out += b"trailer\n<<" + _entries({b"/Size": b"%d" % size, **entries}) + b">>\n"
    out += b"startxref\n%d\n%%%%EOF\n" % start
    return bytes(out)


def _entries(entries: dict[bytes, bytes]) -> bytes:
    return b"".join(key + b" " + value for key, value in entries.items())


def _stream(content: bytes, entries: bytes = b"", *, compress: bool = False) -> bytes:
    if compress:
        content, entries = zlib.compress(content), entries + b"/Filter/FlateDecode"
    return b"<<%s/Length %d>>stream\n%s\nendstream" % (entries, len(content), content)


# Objects --------------------------------------------------------------------------------------------------------


def mutated_body(body: bytes, rng: Random) -> bytes:
    """One object changed: a token of its dictionary, or what its stream decodes to; /Length is made to fit."""
    m = _STREAM.match(body)
    if m is None or b"/ByteRange" in body:
        return _tokens(body, rng)
    dictionary, content = m[1], m[2]
    if rng.random() < 0.4:
        return _tokens(dictionary, rng) + b"stream\n" + content + b"\nendstream"
    packed = b"/FlateDecode" in dictionary
    if packed:
        try:
            content = zlib.decompress(content)
        except zlib.error:
            packed = False
    content = rng.choice(_BYTES)(content, rng) if rng.random() < 0.6 else _tokens(content, rng)
    content = zlib.compress(content) if packed else content
    if rng.random() < 0.9:
        dictionary = re.sub(rb"/Length \d+(?! \d+ R)", b"/Length %d" % len(content), dictionary)
    return dictionary + b"stream\n" + content + b"\nendstream"


def _tokens(body: bytes, rng: Random) -> bytes:
    """One token replaced, removed, doubled, escaped or followed by something."""
    spans = [m.span() for m in _TOKEN.finditer(body) if m.end() - m.start() < 2000]
    if not spans:
        return _inserted(body, rng)
    start, end = rng.choice(spans)
    token = body[start:end]
    roll = rng.randrange(9)
    if roll == 0:
        token = b""
    elif roll == 1:
        other = rng.choice(spans)
        token = body[slice(*other)]
    elif roll == 2:
        token = token + b" " + rng.choice(PIECES)
    elif roll == 3 and token.startswith(b"/") and len(token) > 1:
        at = rng.randrange(1, len(token))
        token = token[:at] + b"#%02X" % token[at] + token[at + 1 :]
    elif roll == 4:
        token = token + b" " + token
    elif token.isdigit() and roll == 5:
        token = b"%d" % (int(token[:18]) + rng.choice((-1, 1, 7)))
    elif token[:1].isdigit() and not token.endswith(b"R"):
        token = rng.choice((*NUMBERS, b"%d 0 R" % rng.randint(0, 20)))
    elif token.endswith(b"R"):
        token = rng.choice((b"%d 0 R" % rng.randint(0, 40), b"%d 1 R" % rng.randint(1, 10), b"null"))
    elif token.startswith(b"/"):
        token = rng.choice(NAMES)
    else:
        token = rng.choice((*PIECES, *NUMBERS))
    return body[:start] + token + body[end:]


# Bytes ----------------------------------------------------------------------------------------------------------


def _flipped(data: bytes, rng: Random) -> bytes:
    if not data:
        return data
    at = rng.randrange(len(data))
    return data[:at] + bytes((data[at] ^ (1 << rng.randrange(8)),)) + data[at + 1 :]


def _inserted(data: bytes, rng: Random) -> bytes:
    at = rng.randint(0, len(data))
    return data[:at] + rng.choice((*PIECES, *NAMES, *NUMBERS)) + data[at:]


def _removed(data: bytes, rng: Random) -> bytes:
    at = rng.randint(0, len(data))
    return data[:at] + data[at + rng.choice((1, 1, 2, 8, 40, 400)) :]


def _doubled(data: bytes, rng: Random) -> bytes:
    at = rng.randint(0, len(data))
    piece = data[at : at + rng.choice((1, 8, 40, 400, 4000))]
    return data[:at] + piece * rng.choice((2, 3, 30)) + data[at + len(piece) :]


def _token_changed(data: bytes, rng: Random) -> bytes:
    return _tokens(data, rng)


def _row_changed(data: bytes, rng: Random) -> bytes:
    """One entry of a classic table points elsewhere."""
    rows = list(_ENTRY.finditer(data))
    if not rows:
        return _flipped(data, rng)
    row = rng.choice(rows)
    other = rng.choice(rows)
    text = rng.choice(
        (
            other[0],
            row[0][:17] + (b"f" if row[0][17:18] == b"n" else b"n") + row[0][18:],
            b"%010d" % rng.randint(0, 2 * len(data)) + row[0][10:],
            b"%010d" % (int(row[0][:10]) + rng.choice((-1, 1, 2))) + row[0][10:] if int(row[0][:10]) else row[0],
            row[0][:11] + b"00001" + row[0][16:],
        )
    )
    return data[: row.start()] + text + data[row.end() :]


_BYTES: tuple[Callable[[bytes, Random], bytes], ...] = (
    _flipped,
    _inserted,
    _removed,
    _doubled,
    _token_changed,
    _token_changed,
    _row_changed,
)


# Whole files ----------------------------------------------------------------------------------------------------


def _any_bytes(data: bytes, rng: Random, seeds: Sequence[bytes]) -> bytes:
    return rng.choice(_BYTES)(data, rng)


def _cut(data: bytes, rng: Random, seeds: Sequence[bytes]) -> bytes:
    """The file up to the end of one of its revisions."""
    ends = [m.end() for m in re.finditer(rb"%%EOF\r?\n?", data)]
    return data[: rng.choice(ends)] if ends else data


def _spliced(data: bytes, rng: Random, seeds: Sequence[bytes]) -> bytes:
    """The head of one file and the tail of another."""
    other = rng.choice(seeds)
    return data[: rng.randint(0, len(data))] + other[rng.randint(0, len(other)) :]


def _anew(data: bytes, rng: Random, seeds: Sequence[bytes]) -> bytes:
    """An unsigned file with one changed object, its table written anew."""
    bodies = {int(m[1]): m[3].strip() for m in OBJECT.finditer(data) if b"/XRef" not in m[3]}
    if not bodies or len(bodies) > 200:
        return _any_bytes(data, rng, seeds)
    number = rng.choice(sorted(bodies))
    bodies[number] = mutated_body(bodies[number], rng)
    out = bytearray(b"%PDF-1.7\n")
    rows = b"0 1\n0000000000 65535 f \n"
    for n, body in bodies.items():
        rows += b"%d 1\n%010d 00000 n \n" % (n, len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (n, body)
    roots = re.findall(rb"/Root (\d+ \d+ R)", data)
    words = (max(bodies) + 1, roots[-1] if roots else b"1 0 R", len(out))
    return bytes(out) + b"xref\n" + rows + b"trailer\n<</Size %d/Root %s>>\nstartxref\n%d\n%%%%EOF\n" % words


def _grown(data: bytes, rng: Random, seeds: Sequence[bytes]) -> bytes:
    return _appended(data, rng, seeds)


def _trailer_changed(data: bytes, rng: Random, seeds: Sequence[bytes]) -> bytes:
    found = list(_TRAILER.finditer(data))
    if not found:
        return _any_bytes(data, rng, seeds)
    m = rng.choice(found)
    return data[: m.start(1)] + _tokens(m[1], rng) + data[m.end(1) :]


_WHOLE = (_any_bytes, _any_bytes, _cut, _spliced, _anew, _anew, _anew, _grown, _trailer_changed)
