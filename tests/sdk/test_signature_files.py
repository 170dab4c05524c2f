"""Signature files in batches: any file, any size, signers beside, and nothing half-written."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

import kyso
from kyso.beside import content_beside
from kyso_pki.credential import Chain
from kyso_pki.document import CmsForm, Level
from kyso_pki.evidence import Evidence
from kyso_pki.scheme import Scheme
from kyso_pki.testing import SoftwareSigner, World

AT = datetime.now(UTC).replace(microsecond=0)
WORLD = World.create(at=AT)
EVIDENCE = Evidence(crls=tuple(WORLD.crls(AT)))


def verified(file: Path, content: Path | None = None) -> kyso.DocumentReport:
    return kyso.verify(file, trust=WORLD.trust, at=AT, evidence=EVIDENCE, content=content or content_beside(file))


@pytest.mark.parametrize("form", ["detached", "attached"])
@pytest.mark.parametrize("level", ["B-B", "B-LTA"])
def test_a_batch_of_any_files_is_signed(tmp_path: Path, form: CmsForm, level: Level) -> None:
    contents = {"a.docx": b"PK mot", "b.pdf": b"%PDF-1.7 hai", "c.xml": b"<a/>", "d": b"\0"}
    suffix = ".p7s" if form == "detached" else ".p7m"
    for name, octets in contents.items():
        (tmp_path / name).write_bytes(octets)
    pairs = [(tmp_path / name, tmp_path / (name + suffix)) for name in contents]
    results = list(
        kyso.sign_files(
            pairs,
            WORLD.person_signer,
            kyso.Intent(AT, level, cms=form),
            timestamper=WORLD.timestamper(AT),
            fetcher=WORLD.fetcher(AT),
        )
    )
    assert [r.error for r in results] == [None] * len(contents)
    for _, target in pairs:
        report = verified(target)
        report.require_passed()
        assert report.signatures[0].level == f"CAdES-{level}"


def test_a_file_of_a_gigabyte_is_signed_beside_and_verified(tmp_path: Path) -> None:
    large = tmp_path / "phim.mp4"
    with large.open("wb") as file:
        file.truncate((1 << 30) + 1)  # a hole, which takes no room on most disks
    kyso.sign_file(large, tmp_path / "phim.mp4.p7s", WORLD.person_signer, kyso.Intent(AT, cms="detached"))
    verified(tmp_path / "phim.mp4.p7s").require_passed()


class Meddler:
    """A signer in whose time somebody changes a file."""

    def __init__(self, file: Path, signer: SoftwareSigner) -> None:
        self._file, self._signer = file, signer

    @property
    def chain(self) -> Chain:
        return self._signer.chain

    @property
    def scheme(self) -> Scheme:
        return self._signer.scheme

    def sign(self, imprints: Sequence[bytes]) -> list[bytes]:
        self._file.write_bytes(b"khac")
        return self._signer.sign(imprints)


def test_a_file_that_changes_while_the_key_is_at_work_is_not_put_inside(tmp_path: Path) -> None:
    file, other = tmp_path / "a.txt", tmp_path / "b.txt"
    file.write_bytes(b"mot")
    other.write_bytes(b"hai")
    first, second = kyso.sign_files(
        [(file, tmp_path / "a.p7m"), (other, tmp_path / "b.p7m")],
        Meddler(file, WORLD.person_signer),
        kyso.Intent(AT, cms="attached"),
    )
    assert "was changed while it was being signed" in str(first.error)
    assert not (tmp_path / "a.p7m").exists()
    assert second.signed
    verified(tmp_path / "b.p7m").require_passed()


def test_signers_sign_beside_each_other_and_grow_together(tmp_path: Path) -> None:
    file = tmp_path / "a.txt"
    file.write_bytes(b"mot")
    one, two, lasting = (tmp_path / f"a.txt{s}.p7s" for s in ("", ".signed", ".signed.b-lta"))
    kyso.sign_file(file, one, WORLD.person_signer, kyso.Intent(AT, cms="detached"))
    kyso.sign_file(one, two, WORLD.seal_signer, kyso.Intent(AT))
    kyso.extend_file(two, lasting, timestamper=WORLD.timestamper(AT), fetcher=WORLD.fetcher(AT))
    for target, levels in ((one, ["B-B"]), (two, ["B-B"] * 2), (lasting, ["B-LTA"] * 2)):
        report = verified(target)
        report.require_passed()
        assert [s.level for s in report.signatures] == [f"CAdES-{level}" for level in levels]


def test_content_is_found_by_name_and_by_no_other(tmp_path: Path) -> None:
    for name in ("a.docx", "a.docx.p7s", "b.p7s", "c.docx.signed.b-lta.p7s", "c.docx", "d.p7m", "d"):
        (tmp_path / name).write_bytes(b"x")
    found = {n: content_beside(tmp_path / n) for n in ("a.docx.p7s", "b.p7s", "c.docx.signed.b-lta.p7s", "d.p7m")}
    assert found == {
        "a.docx.p7s": tmp_path / "a.docx",
        "b.p7s": None,
        "c.docx.signed.b-lta.p7s": tmp_path / "c.docx",
        "d.p7m": None,
    }
