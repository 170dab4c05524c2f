"""A key that names its callers exists for nobody else (ADR 38)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import httpx2
import pytest

from kyso_pki.errors import UsageError
from kyso_server.settings import load_settings
from tests.server.calls import SHA256_ECDSA, authorize, digest, refusal, sad, sign_hash
from tests.server.province import Province, serve_here

H = digest("van ban")
LETTER = (Path(__file__).resolve().parents[1] / "documents" / "cong-van.pdf").read_bytes()
UNKNOWN = (400, "invalid_request", "Invalid parameter credentialID")


@pytest.fixture(scope="module")
def url(province: Province) -> Iterator[str]:
    """A server in which the seal is there for the one token, and another key for the other."""
    callers = {"con-dau": ("mot-cua",), "mem": ("khac", "ai-do")}
    credentials = tuple(replace(c, callers=callers.get(c.id)) for c in province.settings.credentials)
    with serve_here(replace(province.settings, credentials=credentials), lambda: datetime.now(UTC)) as url:
        yield url


@pytest.fixture(scope="module")
def one(url: str, province: Province) -> Iterator[httpx2.Client]:
    with httpx2.Client(base_url=url, headers=province.bearer, timeout=60) as client:
        yield client


@pytest.fixture(scope="module")
def other(url: str, province: Province) -> Iterator[httpx2.Client]:
    headers = {"Authorization": f"Bearer {province.other_token}"}
    with httpx2.Client(base_url=url, headers=headers, timeout=60) as client:
        yield client


def _listed(client: httpx2.Client) -> set[str]:
    answer = client.post("/csc/v2/credentials/list", json={"credentialInfo": True, "certificates": "none"})
    ids = set(answer.json()["credentialIDs"])
    assert {line["id"] for line in client.get("/v1/credentials").json()["credentials"]} == ids
    return ids


def test_each_token_is_told_of_its_own_keys_and_of_those_for_all(
    one: httpx2.Client, other: httpx2.Client, province: Province
) -> None:
    every = {c.id for c in province.settings.credentials}
    assert _listed(one) == every - {"mem"}
    assert _listed(other) == every - {"con-dau"}


def test_key_of_another_caller_is_a_key_that_nobody_has(one: httpx2.Client, other: httpx2.Client) -> None:
    for name in ("con-dau", "khong-co"):
        info = other.post("/csc/v1/credentials/info", json={"credentialID": name})
        assert refusal(info) == UNKNOWN
        assert refusal(authorize(other, name, [H])) == UNKNOWN
        signed = other.post(f"/v1/sign?credential={name}", content=LETTER)
        assert (signed.status_code, signed.json()["code"]) == (404, "http.unknown_credential")
        assert signed.json()["detail"] == f"There is no credential {name!r} here."
    assert one.post("/v1/sign?credential=con-dau", content=LETTER).status_code == 200


def test_approval_for_a_key_does_not_help_another_caller(one: httpx2.Client, other: httpx2.Client) -> None:
    granted = sad(one, "con-dau", [H])
    assert refusal(sign_hash(other, "con-dau", granted, [H], SHA256_ECDSA)) == UNKNOWN
    assert sign_hash(one, "con-dau", granted, [H], SHA256_ECDSA).status_code == 200


def test_whoever_may_use_a_key_later_no_more_cannot_spend_what_he_was_granted(
    one: httpx2.Client, province: Province
) -> None:
    granted = sad(one, "con-dau", [H])
    credentials = tuple(replace(c, callers=("khac",)) for c in province.settings.credentials)
    settings = replace(province.settings, credentials=credentials)
    with (
        serve_here(settings, lambda: datetime.now(UTC)) as url,
        httpx2.Client(base_url=url, headers=province.bearer, timeout=60) as again,
    ):
        assert refusal(sign_hash(again, "con-dau", granted, [H], SHA256_ECDSA)) == UNKNOWN


def test_keys_are_looked_after_whoever_may_use_them(one: httpx2.Client, province: Province) -> None:
    checks = one.get("/readyz").json()["checks"]
    assert all(f"credential {c.id}" in checks for c in province.settings.credentials)


@pytest.mark.parametrize(("line", "callers"), [("", None), ('callers = ["a", "b"]\n', ("a", "b"))])
def test_callers_stand_in_the_settings(tmp_path: Path, line: str, callers: tuple[str, ...] | None) -> None:
    text = f'[[credentials]]\nid = "x"\nkey = "file:x.p12"\n{line}'
    (tmp_path / "kyso.toml").write_text(text, encoding="utf-8")
    (credential,) = load_settings(tmp_path).credentials
    assert credential.callers == callers
    assert credential.serves("a")
    assert credential.serves("c") is (callers is None)


@pytest.mark.parametrize("line", ["callers = []", "callers = 'a'", "callers = [1]"])
def test_callers_that_name_nobody_are_a_mistake(tmp_path: Path, line: str) -> None:
    text = f'[[credentials]]\nid = "x"\nkey = "file:x.p12"\n{line}\n'
    (tmp_path / "kyso.toml").write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match="callers"):
        load_settings(tmp_path)
