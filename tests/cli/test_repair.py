"""`kyso repair`: malformed files become files that are read strictly and signed; signed ones are left alone."""

from __future__ import annotations

import io
import re
import subprocess
import sys
import zlib
from collections.abc import Callable
from pathlib import Path

import pikepdf
import pytest

from kyso_cli.errors import FAILED, Stop
from kyso_cli.repair import MEGABYTES
from kyso_cli.rewriting import repaired
from kyso_pki.errors import FormatError
from kyso_pki.pdf.document import PdfDocument
from kyso_pki.pdf.reader import Reader
from tests.judges import pdfsig
from tests.pki.pdf.encryption.locked import REVISIONS, Revision, locked
from tests.pki.pdf.samples import append, facts, intact, pike, saved, signed, table_pdf

DAMAGE: dict[str, Callable[[bytes], bytes]] = {
    "a wrong offset": lambda d: d.replace(b"0000000015 00000 n", b"0000000019 00000 n"),
    "a wrong startxref": lambda d: re.sub(rb"startxref\n\d+", b"startxref\n7", d),
    "cut off": lambda d: d[:-40],
    "junk before": lambda d: b"MIME-Version: 1.0\r\n\r\n" + d,
    "junk after": lambda d: d + b"<html></html>",
    "a wrong length": lambda d: d.replace(b"/Length 45", b"/Length 11", 1),
    "no table": lambda d: d[: d.rindex(b"xref\n0")],
    "a duplicate key": lambda d: d.replace(b"/Count 1>>", b"/Count 1/Count 1>>"),
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE.keys())
def test_a_malformed_file_is_rewritten_and_then_signed(damage: Callable[[bytes], bytes]) -> None:
    pdf = damage(table_pdf())
    assert pdf != table_pdf()
    done = repaired(pdf)
    assert done.faults
    assert done.pages == 1
    assert b"Pay 100 to Mau" in page_text(done.data)
    product = signed(done.data)
    assert all(map(intact, facts(product)))
    assert pdfsig.verify(product).valid


def page_text(pdf: bytes) -> bytes:
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        return opened.pages[0].Contents.read_bytes()


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE.keys())
def test_a_signed_file_is_refused_however_it_is_damaged(damage: Callable[[bytes], bytes]) -> None:
    for victim in (signed(table_pdf()), damage(signed(table_pdf())), damage(table_pdf()) + signed(table_pdf())):
        with pytest.raises(Stop) as refused:
            repaired(victim)
        assert refused.value.key == "repair_signed"
        assert refused.value.exit_code == FAILED


def test_a_signature_that_hides_in_an_object_stream_counts_too() -> None:
    with pikepdf.open(io.BytesIO(signed(pike()))) as opened:
        hidden = saved(opened, object_streams=True)
    with pikepdf.open(io.BytesIO(hidden)) as opened:
        assert len(opened.Root.AcroForm.Fields) == 1
    with pytest.raises(Stop, match="repair_signed"):
        repaired(hidden)


def test_signatures_are_dropped_only_when_that_is_spelt_out_and_then_wholly() -> None:
    pdf = signed(signed(table_pdf(), reason="Phê duyệt"))
    done = repaired(pdf, drop_signatures=True)
    assert done.dropped == ("Signature1", "Signature2")
    assert b"/ByteRange" not in done.data
    assert b"/SigFlags" not in done.data
    assert PdfDocument(done.data).signatures() == ()
    assert all(map(intact, facts(signed(done.data, field="Signature1"))))


def test_an_encrypted_file_stays_encrypted() -> None:
    pdf = locked(6, user="dung") + b"junk"
    with pytest.raises(Stop, match="repair_password"):
        repaired(pdf, "sai")
    done = repaired(pdf, "dung")
    with pytest.raises(FormatError, match="only with a password"):
        Reader(done.data)
    assert Reader(done.data, lambda: "dung").handler is not None
    with pikepdf.open(io.BytesIO(done.data), password="dung") as opened:
        assert opened.encryption.R == 6


@pytest.mark.parametrize("revision", REVISIONS)
def test_a_password_that_is_not_needed_does_no_harm_and_is_said_to_be_needless(revision: Revision) -> None:
    for pdf in (table_pdf(), locked(revision, user="")):
        for password in ("sai", "chu so huu"):
            done = repaired(pdf + b"junk", password)
            assert done.needless
            assert done.faults == ("4 bytes follow the end of the file.",)
            assert Reader(done.data).trailing == 0
        assert not repaired(pdf + b"junk").needless
    assert not repaired(locked(revision, user="dung"), "dung").needless


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04", b"x" * 2000 + b"%PDF-1.7"])
def test_what_is_no_pdf_is_not_repaired(data: bytes) -> None:
    with pytest.raises(Stop, match="repair_no_pdf"):
        repaired(data)


@pytest.mark.parametrize(
    "data", [b"%PDF-1.7\n", b"%PDF-1.7\n" + b"\x00" * 5000, b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\n"]
)
def test_what_is_beyond_repair_is_said_to_be(data: bytes) -> None:
    with pytest.raises(Stop, match="repair_failed"):
        repaired(data)


def test_leftovers_of_updates_do_not_survive() -> None:
    pdf = append(table_pdf(), {9: b"<</Secret(cu)>>"})
    done = repaired(pdf)
    assert b"Secret" not in done.data
    assert done.faults == ()
    assert Reader(done.data).last == 0


SWELLING = """
import contextlib, resource, sys
from pathlib import Path
from kyso_cli.repair import confined
from kyso_pki.errors import LimitExceeded

if __name__ == "__main__":
    with contextlib.suppress(LimitExceeded):  # or qpdf notices that the stream cannot be had, and does without it
        assert confined(Path(sys.argv[1]).read_bytes(), "", drop_signatures=False).pages == 1
    print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


def test_a_file_that_swells_does_not_eat_the_machine(tmp_path: Path) -> None:
    """A cross-reference stream of 1.5 GB in a few kB: qpdf decodes it as a whole (2.1 GB) before it looks at it."""
    squeezed = zlib.compressobj(1)
    once = b"".join(squeezed.compress(bytes(1 << 20)) for _ in range(1500)) + squeezed.flush()
    bomb = zlib.compress(once, 9)
    assert len(bomb) < 50_000
    entries = b"/Type/XRef/Size 9/W[1 2 1]/Root 1 0 R/Filter[/FlateDecode/FlateDecode]/Length %d" % len(bomb)
    pdf = table_pdf()
    tail = b"\n9 0 obj\n<<%b>>stream\n%b\nendstream\nendobj\nstartxref\n%d\n%%%%EOF\n"
    swollen = pdf + tail % (entries, bomb, len(pdf) + 1)
    path = tmp_path / "swollen.pdf"
    path.write_bytes(swollen)
    # In a process of its own: what the children of this one took at most includes those of other tests.
    done = subprocess.run([sys.executable, "-c", SWELLING, path], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) < (MEGABYTES + 100) * 1024
