"""What a database that refuses a write leaves behind: nothing that is open."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import text

from kyso_pki.csc import AuthorizeRequest
from kyso_server import signing
from kyso_server.house import House, open_house
from kyso_server.problems import DatabaseUnavailable
from kyso_server.setup import prepare_database
from kyso_server.signing import Caller
from tests.server.calls import digest
from tests.server.province import OWN_PIN, Province


def _state(house: House) -> dict[str, str]:
    return {status.label: status.condition for status in house.keys.tokens()}


def test_a_key_that_a_pin_opened_is_closed_when_its_approval_cannot_be_kept(
    province: Province, tmp_path: Path
) -> None:
    settings = replace(province.settings, database=f"sqlite:///{tmp_path / 'other.db'}")
    prepare_database(settings)
    house = open_house(settings, lambda: datetime.now(UTC))
    request = AuthorizeRequest("giu-pin", 1, (digest("a"),), "sha256", OWN_PIN)
    caller = Caller("mot-cua", "1")
    try:
        signing.authorize(house, request, caller)
        assert _state(house)["kyso-rieng"] == "ready"
        house.keys.close()
        with house.store.writing() as session:
            session.execute(text("ALTER TABLE authorizations RENAME TO elsewhere"))
        with pytest.raises(DatabaseUnavailable):
            signing.authorize(house, request, caller)
        assert _state(house)["kyso-rieng"] == "logged out"
    finally:
        house.close()
