"""What a person types and sees, command by command (the form is explained in transcript.py)."""

from __future__ import annotations

from pathlib import Path

import pytest

from .conftest import DOCUMENTS, Province
from .transcript import play

TRANSCRIPTS = sorted((Path(__file__).parent / "transcripts").glob("*.txt"))


@pytest.mark.parametrize("path", TRANSCRIPTS, ids=lambda p: p.stem)
def test_what_a_person_types_and_sees(path: Path, server: Province, desk: Path) -> None:
    given = {
        "PROVINCE": str(server.folder),
        "DOCUMENTS": str(DOCUMENTS),
        "URL": server.url,
        "KEY": "pkcs11:token=kyso-tinh-mau;object=nguyen-van-mau",
        "SEAL": "pkcs11:token=kyso-tinh-mau;object=so-tttt-tinh-mau",
        "PIN": str(server.folder / "secrets" / "token.pin"),
        "TOKEN": str(server.folder / "secrets" / "api-token"),
        "KYSO_CONFIG": str(server.folder),
    }
    play(path, desk, server.environ | given)
