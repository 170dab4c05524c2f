"""Large files are verified in little memory, and from a path in constant memory. Measured in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import kyso
from kyso import mapped
from kyso.eyes import confined_eyes
from kyso_pki import octets
from kyso_pki.errors import FormatError
from kyso_pki.pdf import references
from tests.attacks.pdf.paper import Paper
from tests.pki.pdf.samples import AT, BODIES, SHAPES, WORLD, append, shaped, signed, stream, table_pdf

MB = 1 << 20
PEAK = """
import sys
from pathlib import Path
import kyso

path = Path(sys.argv[2])
report = kyso.verify(path if sys.argv[1] == "path" else path.read_bytes())
for s in report.signatures:
    assert s.references_intact and s.signature_intact, s.findings
    assert all(c.allowed for c in s.changes_after), s.changes_after
if sys.argv[3:]:
    import resource
    print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024)
lines = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
print(len(report.signatures), int(lines["VmHWM"].split()[0]) // 1024)
"""

linux = pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the peak of memory is read from /proc")


def peak(way: str, path: Path) -> tuple[int, int]:
    """(signatures, peak memory in MiB) of a process that verifies the file."""
    done = subprocess.run([sys.executable, "-c", PEAK, way, path], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    count, peak_mb = done.stdout.split()
    return int(count), int(peak_mb)


def large(size: int) -> bytes:
    """A page and an image of `size` bytes."""
    return table_pdf({**BODIES, 6: stream(bytes(range(256)) * (size // 256))})


@linux
@pytest.mark.parametrize(("way", "most"), [("path", 96), ("bytes", 100 + 64)])
def test_two_signatures_over_100_mb_take_little_memory(tmp_path: Path, way: str, most: int) -> None:
    path = tmp_path / "large.pdf"
    path.write_bytes(signed(signed(large(100 * MB)), WORLD.seal_signer))
    count, found = peak(way, path)
    assert count == 2
    assert found <= most


@linux
def test_a_place_in_a_file_of_100_mb_is_looked_at_without_a_copy_of_the_file(tmp_path: Path) -> None:
    """Neither here nor in the process that draws the page."""
    path = tmp_path / "large.pdf"
    path.write_bytes(Paper([b""], objects=[stream(bytes(range(256)) * (100 * MB // 256))]).filled())
    told = subprocess.run(
        [sys.executable, "-c", PEAK, "path", path, "drawn"], capture_output=True, text=True, check=True
    ).stdout.split()
    drawing, count, here = map(int, told)
    assert count == 2
    assert 32 < drawing < 100
    assert here < 100


@linux
@pytest.mark.skipif("KYSO_TEST_LARGE" not in os.environ, reason="needs 4 GB of disk: KYSO_TEST_LARGE=1 turns it on")
def test_a_file_of_more_than_2_gb_is_verified_in_constant_memory(tmp_path: Path) -> None:
    unsigned, path = tmp_path / "unsigned.pdf", tmp_path / "huge.pdf"
    sparse(unsigned, (2 << 30) + 100 * MB)
    kyso.sign_file(unsigned, path, WORLD.person_signer)
    unsigned.unlink()
    count, found = peak("path", path)
    assert count == 1
    assert found <= 96


def sparse(path: Path, size: int) -> None:
    """A file whose image is a hole of about `size` bytes: it takes no room on most disks."""
    small = table_pdf({**BODIES, 6: stream(b"HOLE")})
    at = small.index(b"HOLE")
    head = small[:at].replace(b"/Length 4>>", b"/Length %d>>" % size)
    tail = small[at + 4 :]
    old, new = small.index(b"xref\n0 "), len(head) + size + tail.index(b"xref\n0 ")
    with path.open("wb") as file:
        file.write(head)
        file.seek(len(head) + size)
        file.write(tail.replace(b"startxref\n%d" % old, b"startxref\n%d" % new))


# The map behaves as bytes do ------------------------------------------------------------------------------------


@pytest.fixture
def always_mapped(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small files are read through a map as well, in windows of a few bytes."""
    monkeypatch.setattr(mapped, "MAPPED_FROM", 1)
    monkeypatch.setattr(octets, "WINDOW", 64)
    monkeypatch.setattr(references, "WINDOW", 64)


@pytest.mark.usefixtures("always_mapped")
@pytest.mark.parametrize("shape", SHAPES)
def test_a_map_gives_the_same_report_as_bytes(tmp_path: Path, shape: str) -> None:
    once = signed(shaped(shape))
    files = [
        once,
        signed(once, WORLD.seal_signer),
        append(once, {4: stream(b"BT (other) Tj ET")}),
        once[:-20],
        b"%PDF-1.7",
        b"{}",
    ]
    files.append(once + b"%" + b" " * 300)
    files.append(once.replace(b"/FT", b"/FX"))
    for number, data in enumerate(files):
        path = tmp_path / f"{number}.pdf"
        path.write_bytes(data)
        one, other = (kyso.verify(s, trust=WORLD.trust, at=AT).to_json() for s in (data, path))
        assert one == {**other, "file": None}


@pytest.mark.usefixtures("always_mapped")
def test_an_xml_file_is_read_through_a_map_too(tmp_path: Path) -> None:
    path = tmp_path / "a.xml"
    path.write_bytes(b"<a/>")
    assert [f.code for f in kyso.verify(path).findings] == ["NO_SIGNATURE"]


def test_a_file_that_another_one_replaced_is_not_opened_again(tmp_path: Path) -> None:
    """Whoever draws a page must see the file that was judged."""
    path, other = tmp_path / "a.pdf", tmp_path / "b.pdf"
    path.write_bytes(bytes(mapped.MAPPED_FROM))
    other.write_bytes(bytes(mapped.MAPPED_FROM))
    with mapped.opened(path) as view:
        assert isinstance(view, mapped.FileMap)
        start = view.start(1000)
        assert len(start.map()) == 1000
        other.replace(path)
        for again in (start.open, start.map):
            with pytest.raises(FormatError, match="changed while"):
                again()
        with pytest.raises(FormatError, match="changed while"), confined_eyes(start, None):
            pass


def test_a_file_that_changes_while_it_is_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(bytes(mapped.MAPPED_FROM))
    with pytest.raises(FormatError, match="changed while"), mapped.opened(path), path.open("ab") as file:
        file.write(b"x")
