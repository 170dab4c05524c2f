"""R3: "decompression and upload limits before hashing": bodies that are too large, that lie, or that grow inside."""

from __future__ import annotations

import gzip
import io
import zipfile
import zlib

from tests.attacks.xml.packets import attachment, packet, zipped
from tests.pki.ades.inputs import PDF, XML

from .attack import LIMIT, Attack, Generator, Request, collected, csc, sign, signed, variant, verify

ATTACKS: dict[str, Generator] = {}
TOO_LARGE = "too_large|larger than"
JSON = (("Content-Type", "application/json"),)
STAMP = (("Content-Type", "application/timestamp-query"),)
CHUNKED = (("Transfer-Encoding", "chunked"),)
PLACES: dict[str, tuple[str, int, tuple[tuple[str, str], ...]]] = {
    "sign": ("/v1/sign?credential=mem", LIMIT, ()),
    "extend": ("/v1/extend", LIMIT, ()),
    "verify": ("/v1/verify", LIMIT, ()),
    "authorize": ("/csc/v1/credentials/authorize", LIMIT, JSON),
    "sign_hash": ("/csc/v2/signatures/signHash", LIMIT, JSON),
    "info": ("/csc/v1/info", LIMIT, JSON),
    "tsa": ("/tsa", 64 << 10, STAMP),
    "ocsp": ("/ocsp", 64 << 10, ()),
}


def _chunks(size: int) -> bytes:
    return b"".join(b"%x\r\n%s\r\n" % (4096, bytes(4096)) for _ in range(size // 4096 + 1))


for _name, (_target, _limit, _headers) in PLACES.items():
    variant(
        ATTACKS,
        f"a_length_over_the_limit_at_{_name}",
        "The length that is told is enough to refuse: not one octet of the body is sent.",
        lambda _, t=_target, n=_limit, h=_headers: Attack(Request(t, b"", h, length=str(n + 1)), 413, TOO_LARGE),  # type: ignore[misc] # bound in the loop
    )
    variant(
        ATTACKS,
        f"a_body_without_an_end_at_{_name}",
        "A length that is not told is counted: refused at the limit, while the caller goes on sending.",
        lambda _, t=_target, n=_limit, h=_headers: Attack(  # type: ignore[misc] # bound in the loop
            Request(t, _chunks(n), h + CHUNKED, length=""), 413, TOO_LARGE
        ),
    )


def _length(value: str) -> Attack:
    return Attack(Request("/v1/verify", b"", length=value), 400, "", verify(signed()))


def length_of_five_thousand_digits(_: int) -> Attack:
    """R3: a number that Python itself refuses to read must be no 500."""
    return _length("9" * 5000)


def length_beyond_64_bits(_: int) -> Attack:
    """R3: a length that wraps round is short to one reader and endless to the next."""
    return _length(str((1 << 64) + 5))


def negative_length(_: int) -> Attack:
    """R3: "less than the limit" holds for -1, too."""
    return _length("-1")


def length_in_other_digits(_: int) -> Attack:
    """R3: digits of other scripts are decimal to Python and nothing to a proxy."""
    return _length("１２")


def two_lengths(_: int) -> Attack:
    """R3: two readers of two lengths see two requests (RFC 9112 6.3)."""
    return Attack(Request("/v1/verify", b"", (("Content-Length", "0"),), length="5"), 400, "")


def length_and_chunks(_: int) -> Attack:
    """R3: the same with both ways to tell a length."""
    return Attack(Request("/v1/verify", b"0\r\n\r\n", CHUNKED, length="5"), 400, "")


def gzip_that_says_so(_: int) -> Attack:
    """R3: nothing is decompressed on the way in; a thousand octets stay a thousand."""
    bomb = gzip.compress(bytes(64 << 20), 9)
    return Attack(verify(bomb, (("Content-Encoding", "gzip"),)), 200, "format.unrecognised")


def document_in_gzip(_: int) -> Attack:
    """R3: a good document that only a decompressing reader would see."""
    return Attack(verify(gzip.compress(signed()), (("Content-Encoding", "gzip"),)), 200, "format.unrecognised")


def document_in_a_form(_: int) -> Attack:
    """R3: no multipart: what one reader takes out of a form, another overlooks."""
    form = b'--x\r\nContent-Disposition: form-data; name="file"; filename="../../a.pdf"\r\n\r\n'
    body = form + signed() + b"\r\n--x--\r\n"
    headers = (("Content-Type", "multipart/form-data; boundary=x"),)
    return Attack(verify(body, headers), 400, "is a form")


def two_documents_in_one_body(_: int) -> Attack:
    """R3: the second one is what a lenient reader shows."""
    return Attack(verify(signed() + PDF), 200, '"verdict": "failed"|"verdict": "indeterminate"')


def stream_that_grows(_: int) -> Attack:
    """R3: a PDF whose object stream is a thousand times larger than it looks."""
    stream = zlib.compress(bytes(128 << 20), 9)
    head = b"<</Type/ObjStm/N 1/First 4/Filter/FlateDecode/Length %d>>stream\n" % len(stream)
    return Attack(
        verify(b"%PDF-1.7\n1 0 obj\n" + head + stream + b"\nendstream\nendobj\nstartxref\n9\n%%EOF\n"),
        200,
        '"verdict": "failed"',
    )


def table_of_300_trillion_objects(_: int) -> Attack:
    """R3: a small file that says /Size 300000000000000 (seen: 240 s in another reader)."""
    head = b"%PDF-1.7\n"
    table = b"1 0 obj\n<</Type/XRef/Size 300000000000000/W[1 2 1]/Root 2 0 R/Length 4>>stream\n\0\0\0\0\n"
    return Attack(
        verify(head + table + b"endstream\nendobj\nstartxref\n%d\n%%%%EOF\n" % len(head)), 200, '"verdict": "failed"'
    )


def billion_laughs(_: int) -> Attack:
    """R3: entities that multiply, refused before a tree is built."""
    entities = b"".join(b'<!ENTITY e%d "%s">' % (n, b"&e%d;" % (n - 1) * 10) for n in range(1, 12))
    bomb = b'<!DOCTYPE a [<!ENTITY e0 "ha">' + entities + b"]><a>&e11;</a>"
    return Attack(verify(bomb), 200, '"verdict": "failed"', verify(signed("xml")))


def elements_without_an_end(_: int) -> Attack:
    """R3: a hundred thousand elements one in another."""
    return Attack(sign(b"<a>" * 100_000 + b"</a>" * 100_000), 422, "format", sign(XML))


def json_without_an_end(_: int) -> Attack:
    """R3: brackets one in another are a deep recursion to a reader."""
    return Attack(csc("credentials/info", b"[" * 500_000), 400, "invalid_request", csc("info", b"{}"))


def json_with_a_number_of_a_million_digits(_: int) -> Attack:
    """R3: reading it takes quadratic time, so it is refused."""
    body = b'{"credentialID": "mem", "numSignatures": ' + b"9" * 1_000_000 + b"}"
    return Attack(csc("credentials/authorize", body), 400, "invalid_request", csc("info", b"{}"))


def hundred_thousand_hashes(_: int) -> Attack:
    """R3: one approval is for as many hashes as the credential allows, counted before the key is asked."""
    body = b'{"credentialID":"mem","numSignatures":1,"hash":[' + b",".join([b'"AA=="'] * 100_000) + b"]}"
    return Attack(csc("credentials/authorize", body), 400, "invalid_request", csc("info", b"{}"))


def _office_file() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("word/document.xml", bytes(64 << 20))
    return out.getvalue()


def office_file_that_grows(_: int) -> Attack:
    """R3: an archive that is not opened cannot grow."""
    return Attack(verify(_office_file()), 200, "format.unrecognised")


def archive_that_grows_in_a_packet(_: int) -> Attack:
    """R3: of the archives that are opened, no more comes out than is allowed."""
    good = attachment(signed("xml"))
    bomb = packet(good, attachment(zipped([("a", bytes(64 << 20))]), "z"))
    return Attack(verify(bomb), 200, '"verdict": "failed"|"verdict": "indeterminate"')


def name_that_leads_out_of_a_packet(_: int) -> Attack:
    """R3: the name of a file in an archive is a word, never a place on a disk."""
    bad = packet(attachment(zipped([("../../../etc/passwd", PDF), ("/etc/shadow", PDF)]), "z"))
    return Attack(verify(bad), 200, '"verdict": "failed"|"verdict": "indeterminate"')


ATTACKS |= collected(globals())
