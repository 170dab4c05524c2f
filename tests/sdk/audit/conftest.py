"""An archive: signed by two, changed by one, unsigned, empty, no document at all."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

import kyso
from kyso.audit.plan import Plan
from kyso_pki.evidence import Evidence
from kyso_pki.testing import World

AT = datetime(2026, 11, 28, 3, 0, tzinfo=UTC)
DOCUMENT = Path(__file__).parents[2] / "documents" / "cong-van.pdf"


@dataclass(frozen=True)
class Archive:
    folder: Path
    world: World
    plan: Plan

    @property
    def options(self) -> list[str]:
        """For `kyso audit`."""
        beside = self.folder.parent
        evidence = [o for crl in sorted(beside.glob("*.crl")) for o in ("--evidence", str(crl))]
        return ["--trust", str(beside / "root.crt"), "--at", AT.isoformat(), *evidence]


@pytest.fixture(scope="session")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Archive:
    folder = tmp_path_factory.mktemp("archive") / "luu-tru"
    (folder / "2026").mkdir(parents=True)
    world = World.create(at=AT)
    plain = DOCUMENT.read_bytes()
    for number in range(40):
        signer = (world.person_signer, world.seal_signer)[number % 2]
        signed = kyso.sign(plain, signer, at=AT, reason=f"số {number}")
        (folder / "2026" / f"{number:03}.pdf").write_bytes(signed)
    changed = bytearray((folder / "2026" / "000.pdf").read_bytes())
    changed[300] ^= 1
    (folder / "bi-sua.pdf").write_bytes(changed)
    (folder / "chua-ky.pdf").write_bytes(plain)
    (folder / "rong.pdf").write_bytes(b"")
    (folder / "hoa-don.xml").write_bytes(kyso.sign(b"<a><b/></a>", world.person_signer, at=AT))
    (folder / "ghi-chu.txt").write_text("không phải văn bản", encoding="utf-8")
    (folder.parent / "root.crt").write_text(world.root.pem(), encoding="utf-8")
    crls = world.crls(AT)
    for number, crl in enumerate(crls):
        (folder.parent / f"{number}.crl").write_bytes(crl)
    return Archive(folder, world, Plan(AT, world.trust, Evidence(crls=tuple(crls))))
