"""Files on disk: larger than memory, thousands with one approval, whole or not there."""

from __future__ import annotations

import base64
import re
import secrets
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

import kyso
from kyso.mapped import Mapped
from kyso_pki.credential import Chain
from kyso_pki.csc import AuthorizeResponse, SignHashResponse, describe
from kyso_pki.document import Intent, Level
from kyso_pki.errors import FormatError, PinRefused, UsageError
from kyso_pki.scheme import Scheme
from kyso_pki.testing import World
from tests.pki.pdf.encryption.locked import locked
from tests.pki.pdf.samples import BODIES, stream, table_pdf

AT = datetime.now(UTC).replace(microsecond=0)
WORLD = World.create(AT)
HUGE = 2_300_000_000  # bytes: more than a signed 32-bit offset can say
XML = b"<CongVan><TrichYeu>V/v</TrichYeu></CongVan>"


class Counting:
    """A signer that notes the size of each batch, and refuses from a given one on."""

    def __init__(self, refuse_at: int | None = None) -> None:
        self.batches: list[int] = []
        self._refuse_at = refuse_at

    @property
    def chain(self) -> Chain:
        return WORLD.person_signer.chain

    @property
    def scheme(self) -> Scheme:
        return WORLD.person_signer.scheme

    def sign(self, imprints: Sequence[bytes]) -> list[bytes]:
        self.batches.append(len(imprints))
        if self._refuse_at == len(self.batches):
            raise PinRefused("The token refused.")
        return WORLD.person_signer.sign(imprints)


def pairs(folder: Path, number: int) -> list[tuple[Path, Path]]:
    for n in range(number):
        (folder / f"{n:04}.pdf").write_bytes(table_pdf())
    return [(folder / f"{n:04}.pdf", folder / f"{n:04}.signed.pdf") for n in range(number)]


def level_of(path: Path) -> str:
    report = kyso.verify(path, trust=WORLD.trust, fetcher=WORLD.fetcher(AT))
    assert report.passed, [f.text for s in report.signatures for f in s.findings]
    return report.signatures[0].level


@pytest.mark.parametrize("level", ["B-B", "B-T", "B-LT", "B-LTA"])
def test_a_file_is_signed_beside_at_every_level(tmp_path: Path, level: Level) -> None:
    [(source, target)] = pairs(tmp_path, 1)
    intent = kyso.Intent(AT, level)
    stamper = WORLD.timestamper(AT)
    assert (
        kyso.sign_file(source, target, WORLD.person_signer, intent, timestamper=stamper, fetcher=WORLD.fetcher(AT))
        == target
    )
    assert source.read_bytes() == table_pdf()
    assert target.read_bytes().startswith(table_pdf())
    assert level_of(target) == f"PAdES-{level}"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["0000.pdf", "0000.signed.pdf"]


def test_an_existing_target_stays_and_nothing_is_left_beside(tmp_path: Path) -> None:
    [(source, target)] = pairs(tmp_path, 1)
    target.write_bytes(b"mine")
    with pytest.raises(FileExistsError):
        kyso.sign_file(source, target, WORLD.person_signer)
    assert target.read_bytes() == b"mine"
    kyso.sign_file(source, target, WORLD.person_signer, force=True)
    assert level_of(target) == "PAdES-B-B"
    assert len(list(tmp_path.iterdir())) == 2


def test_a_batch_goes_to_the_key_in_few_calls_and_keeps_its_order(tmp_path: Path) -> None:
    files = pairs(tmp_path, 25)
    signer = Counting()
    results = list(kyso.sign_files(files, signer, batch=10))
    assert signer.batches == [10, 10, 5]
    assert [(r.source, r.target) for r in results] == files
    assert all(r.signed for r in results)
    assert {level_of(t) for _, t in files} == {"PAdES-B-B"}


@pytest.mark.parametrize(("multisign", "approvals"), [(1, 25), (10, 3), (1000, 1)])
def test_a_remote_credential_approves_as_many_at_once_as_its_terms_allow(
    tmp_path: Path, multisign: int, approvals: int
) -> None:
    approved: list[int] = []

    def call(method: str, body: dict[str, Any]) -> dict[str, Any]:
        if method == "credentials/authorize":
            approved.append(body["numSignatures"])
            return AuthorizeResponse(f"sad-{len(approved)}").to_json()
        assert (method, body["SAD"]) == ("signatures/signHash", f"sad-{len(approved)}")
        hashes = [base64.b64decode(h) for h in body["hashes"]]
        return SignHashResponse(tuple(WORLD.person_signer.sign(hashes))).to_json()

    chain = WORLD.person_signer.chain
    info = describe("mot-cua", chain.certificates, pin=False, multisign=multisign, certificate_status="valid")
    results = list(kyso.sign_files(pairs(tmp_path, 25), kyso.CscSigner(call, info)))
    assert all(r.signed for r in results)
    assert (len(approved), sum(approved)) == (approvals, 25)


def test_a_file_that_cannot_be_signed_stops_no_other(tmp_path: Path) -> None:
    files = pairs(tmp_path, 5)
    files[1][0].write_bytes(b"%PDF-1.7 cut off")
    files[2][0].unlink()
    files[3][0].write_bytes(XML)
    results = list(kyso.sign_files(files, Counting()))
    assert [type(r.error) for r in results] == [type(None), FormatError, FileNotFoundError, type(None), type(None)]
    assert kyso.verify(files[3][1], trust=WORLD.trust, fetcher=WORLD.fetcher(AT)).signatures[0].level == "XAdES-B-B"


def test_a_key_that_fails_stops_the_batch_and_the_rest_can_be_done_later(tmp_path: Path) -> None:
    files = pairs(tmp_path, 9)
    results = list(kyso.sign_files(files, Counting(refuse_at=2), batch=3))
    assert [r.signed for r in results] == [True] * 3 + [False] * 6
    assert isinstance(results[3].error, PinRefused)
    assert [r.skipped for r in results] == [False] * 4 + [True] * 5
    again = list(kyso.sign_files([f for f in files if not f[1].exists()], Counting(), batch=3))
    assert [r.signed for r in again] == [True] * 6


def test_an_authority_that_fails_stops_the_batch(tmp_path: Path) -> None:
    class Once:
        left = 2  # one for the size, one for the first file

        def timestamp(self, imprint: bytes, hash_name: str) -> bytes:
            self.left -= 1
            return WORLD.timestamper(AT, None if self.left >= 0 else "unreachable").timestamp(imprint, hash_name)

    results = list(kyso.sign_files(pairs(tmp_path, 3), Counting(), Intent(AT, "B-T"), timestamper=Once()))
    assert [r.signed for r in results] == [True, False, False]
    assert results[1].error is not None
    assert results[2].skipped


def test_a_file_that_changes_while_it_is_signed_is_refused(tmp_path: Path) -> None:
    [(source, target)] = pairs(tmp_path, 1)

    class Meddling(Counting):
        def sign(self, imprints: Sequence[bytes]) -> list[bytes]:
            source.write_bytes(table_pdf().replace(b"Pay 100", b"Pay 900"))
            return super().sign(imprints)

    [result] = kyso.sign_files([(source, target)], Meddling())
    assert getattr(result.error, "code", None) == "signing.pending"
    assert not target.exists()


def test_what_is_wrong_with_the_call_is_said_before_the_first_file(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="time-stamping authority"):
        list(kyso.sign_files(pairs(tmp_path, 1), Counting(), Intent(AT, "B-LT")))


CHILD = """
import resource, sys
from datetime import UTC, datetime
sys.path[:0] = {paths!r}
import kyso
from kyso_pki.testing import World
world = World.create(datetime.now(UTC).replace(microsecond=0))
signer = world.person_signer
kyso.sign_file(sys.argv[2], sys.argv[2] + ".small", signer)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
kyso.sign_file(sys.argv[1], sys.argv[1] + ".signed", signer)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


def huge_pdf(path: Path) -> None:
    """A PDF of more than 2 GB: a sparse stream of zeros, with the cross-reference table behind it."""
    bodies = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>",
    ]
    with path.open("wb") as out:
        out.write(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
        offsets = []
        for number, body in enumerate(bodies, 1):
            offsets.append(out.tell())
            out.write(b"%d 0 obj\n%s\nendobj\n" % (number, body))
        offsets.append(out.tell())
        out.write(b"4 0 obj\n<</Length %d>>\nstream\n" % HUGE)
        out.seek(HUGE, 1)
        out.write(b"\nendstream\nendobj\n")
        start = out.tell()
        out.write(b"xref\n0 5\n0000000000 65535 f \n" + b"".join(b"%010d 00000 n \n" % o for o in offsets))
        out.write(b"trailer\n<</Size 5/Root 1 0 R/ID[<00><00>]>>\nstartxref\n%d\n%%%%EOF\n" % start)


def test_a_file_of_more_than_two_gigabytes_is_signed_in_constant_memory(tmp_path: Path) -> None:
    huge, small = tmp_path / "huge.pdf", tmp_path / "small.pdf"
    huge_pdf(huge)
    small.write_bytes(table_pdf())
    paths = [p for p in sys.path if p]
    done = subprocess.run(
        [sys.executable, "-c", CHILD.format(paths=paths), str(huge), str(small)],
        capture_output=True,
        encoding="utf-8",
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    grown_kib = int(done.stdout)
    assert grown_kib < 32 * 1024, f"{grown_kib} KiB more than for a small file"
    signed = tmp_path / "huge.pdf.signed"
    size = huge.stat().st_size
    with signed.open("rb") as file:
        file.seek(size)
        tail = file.read()
    found = re.search(rb"/ByteRange \[0 (\d+) (\d+) (\d+) *\]", tail)
    assert found
    first, second, rest = map(int, found.groups())
    assert first > HUGE
    assert second + rest == signed.stat().st_size
    with Mapped(signed) as mapped:
        assert mapped.map[first : first + 1] == b"<"
        assert mapped.map[second - 1 : second] == b">"
    signed.unlink()


GROWING = """
import resource, sys
from datetime import UTC, datetime
sys.path[:0] = {paths!r}
import kyso
from kyso_pki.testing import World
at = datetime.now(UTC).replace(microsecond=0)
world = World.create(at)

def sign(path):
    kyso.sign_file(path, path + ".signed", world.person_signer, kyso.Intent(at, "B-LTA"), lint=kyso.LintPolicy(),
        timestamper=world.timestamper(at), fetcher=world.fetcher(at), password=lambda: "dung")

sign(sys.argv[2])
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
sign(sys.argv[1])
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


@pytest.mark.parametrize("encrypted", [False, True])
def test_a_large_file_is_looked_at_signed_and_grown_to_b_lta_in_constant_memory(
    tmp_path: Path, encrypted: bool
) -> None:
    large, small = tmp_path / "large.pdf", tmp_path / "small.pdf"
    pdf = table_pdf({**BODIES, 6: stream(secrets.token_bytes(64 << 20))})
    large.write_bytes(locked(6, user="dung", pdf=pdf) if encrypted else pdf)
    small.write_bytes(locked(6, user="dung") if encrypted else table_pdf())
    paths = [p for p in sys.path if p]
    done = subprocess.run(
        [sys.executable, "-c", GROWING.format(paths=paths), str(large), str(small)],
        capture_output=True,
        encoding="utf-8",
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    grown_kib = int(done.stdout)
    assert grown_kib < 16 * 1024, f"{grown_kib} KiB more than for a small file"


def test_hundreds_of_invoices_are_signed_with_one_approval_and_none_stays_in_memory(tmp_path: Path) -> None:
    invoice = (Path(__file__).parents[1] / "documents" / "hoa-don.xml").read_bytes()
    jobs = []
    for n in range(300):
        source = tmp_path / f"{n}.xml"
        source.write_bytes(invoice.replace(b"<SHDon>123<", b"<SHDon>%d<" % n))
        jobs.append((source, tmp_path / f"{n}.signed.xml"))
    signer = Counting()
    intent = kyso.Intent(AT, profile=kyso.load_profile("einvoice-seller"))
    results = list(kyso.sign_files(jobs, signer, intent))
    assert all(r.signed for r in results)
    assert signer.batches == [256, 44]
    report = kyso.verify(jobs[299][1])
    assert report.signatures[0].references_intact
    assert report.signatures[0].signature_intact


def test_xml_that_changes_while_it_is_being_signed_is_not_written(tmp_path: Path) -> None:
    source, target = tmp_path / "a.xml", tmp_path / "a.signed.xml"
    source.write_bytes(XML)

    class Changing(Counting):
        def sign(self, imprints: Sequence[bytes]) -> list[bytes]:
            source.write_bytes(XML.replace(b"V/v", b"V/x"))
            return super().sign(imprints)

    [result] = kyso.sign_files([(source, target)], Changing())
    assert isinstance(result.error, kyso.SigningError)
    assert not target.exists()


def test_a_pdf_takes_no_xml_profile_and_the_batch_goes_on(tmp_path: Path) -> None:
    [job] = pairs(tmp_path, 1)
    (tmp_path / "a.xml").write_bytes(b'<HDon><DLHDon Id="a">x</DLHDon></HDon>')
    intent = kyso.Intent(AT, profile=kyso.load_profile("einvoice-seller"))
    first, second = kyso.sign_files([job, (tmp_path / "a.xml", tmp_path / "b.xml")], WORLD.person_signer, intent)
    assert isinstance(first.error, UsageError)
    assert second.signed


def test_a_profile_of_ones_own_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "rieng.toml").write_text(
        'form = "xmldsig"\n[place]\npath = "ky"\nmissing = "create"\n[[reference]]\npart = "TrichYeu"\nid = ["id"]\n',
        "utf-8",
    )
    data = XML.replace(b"<TrichYeu>", b"<TrichYeu id='t'>")
    signed = kyso.sign(data, WORLD.seal_signer, profile=tmp_path / "rieng.toml")
    assert b"<ky><ds:Signature " in signed
    assert b"<ky><ds:Signature " in kyso.sign(data, WORLD.seal_signer, profile=str(tmp_path / "rieng.toml"))
    with pytest.raises(OSError, match="khong"):
        kyso.sign(XML, WORLD.seal_signer, profile=tmp_path / "khong.toml")
