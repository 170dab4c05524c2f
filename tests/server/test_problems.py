"""What goes wrong inside is told outside in one shape, without a word about files, tokens or SQL."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import httpx2
import pytest

from kyso_pki import errors
from kyso_pki.csc import VERSIONS, CscRefusal
from kyso_pki.errors import KysoError
from kyso_server import problems, setup, store
from kyso_server.problems import problem_of, refusal_of
from tests.server.calls import SHA256_ECDSA, digest, sad, sign_hash
from tests.server.province import Province, serve_here


def _every(kind: type[KysoError]) -> Iterator[type[KysoError]]:
    for below in kind.__subclasses__():
        yield below
        yield from _every(below)


SECRET = "/srv/kyso/secrets/token.pin"
OURS = [e for e in _every(KysoError) if e.__module__ in (errors.__name__, problems.__name__)]


@pytest.mark.parametrize("kind", OURS, ids=lambda k: k.__name__)
def test_every_error_has_a_status_of_its_own_kind_and_a_csc_word(kind: type[KysoError]) -> None:
    error = kind(f"{SECRET} is odd.", remedy=f"Mend {SECRET}.")
    status, body = problem_of(error, "0" * 32)
    assert 400 <= status < 600
    assert body["status"] == status
    assert body["code"] == kind.code
    for version in VERSIONS:
        refusal = refusal_of(error, version)
        assert set(refusal.to_json()) == {"error", "error_description"}
        assert 400 <= refusal.status < 600


ABOUT_THE_DOCUMENT = {errors.NotPermitted, errors.ProfileMismatch, errors.EarlierSignature}
"""Their words name only what the caller sent, built-in profiles, and the scheme of the key's certificate."""
INSIDE = [k for k in OURS if issubclass(k, (errors.KeyAccessError, errors.SigningError))]


@pytest.mark.parametrize("kind", [k for k in INSIDE if k not in ABOUT_THE_DOCUMENT])
def test_what_keys_say_is_for_the_log_only(kind: type[KysoError]) -> None:
    error = kind(f"{SECRET} is odd.", remedy=f"Mend {SECRET}.")
    told = str(problem_of(error, "")) + str(refusal_of(error, "v1").to_json())
    assert SECRET not in told


def test_csc_refusal_goes_out_as_it_is() -> None:
    refusal = CscRefusal("invalid_request", "SAD expired")
    assert refusal_of(refusal, "v2") is refusal


@pytest.fixture
def broken(province: Province, tmp_path: Path) -> Iterator[httpx2.Client]:
    """A server whose database lost a table while it ran."""
    settings = replace(province.settings, database=f"sqlite:///{tmp_path}/broken.db")
    setup.prepare_database(settings)
    with (
        serve_here(settings, lambda: datetime.now(UTC)) as url,
        httpx2.Client(base_url=url, headers=province.bearer, timeout=60) as session,
    ):
        opened = store.open_store(settings.database)
        with opened.engine.begin() as connection:
            connection.exec_driver_sql("DROP TABLE api_tokens")
        opened.close()
        yield session


def _tells_nothing(*answers: httpx2.Response) -> None:
    for answer in answers:
        assert not re.search(r"api_tokens|sqlite|Traceback|/", answer.text.replace("urn:kyso", ""), re.IGNORECASE)


def test_lost_table_makes_not_ready_and_refuses_without_a_word_of_sql(broken: httpx2.Client) -> None:
    answer = broken.get("/readyz")
    assert (answer.status_code, answer.json()["checks"]["database"]) == (503, "database")
    assert broken.get("/healthz").status_code == 200
    answer = broken.post("/v1/verify", content=b"x")
    assert (answer.status_code, answer.json()["code"]) == (503, "database")
    csc = broken.post("/csc/v1/credentials/list", json={})
    assert (csc.status_code, csc.json()["error"]) == (503, "temporarily_unavailable")
    _tells_nothing(answer, csc)


def test_unexpected_error_is_a_numbered_500_that_tells_nothing(province: Province, tmp_path: Path) -> None:
    """The root's CRL vanishes, and a date in the database is none: nobody has a word for either."""
    assert province.settings.ca is not None
    vanishing = tmp_path / "root.crl"
    vanishing.write_bytes((province.folder / "ca" / "root.crl").read_bytes())
    ca = replace(province.settings.ca, root_crl=vanishing)
    settings = replace(province.settings, ca=ca, database=f"sqlite:///{tmp_path}/odd.db")
    setup.prepare_database(settings)
    setup.register_certificate(settings, province.certificates["con-dau"], province.issuing)
    setup.add_api_token(settings, "mot-cua", province.api_token)
    with (
        serve_here(settings, lambda: datetime.now(UTC)) as url,
        httpx2.Client(base_url=url, headers=province.bearer, timeout=60) as caller,
    ):
        vanishing.unlink()
        answer = caller.get("/crl/root.crl")
        granted = sad(caller, "con-dau", [digest("x")])
        opened = store.open_store(settings.database)
        with opened.engine.begin() as connection:
            connection.exec_driver_sql("UPDATE authorizations SET expires_at = 'hôm qua'")
        opened.close()
        csc = sign_hash(caller, "con-dau", granted, [digest("x")], algorithm=SHA256_ECDSA)
    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["request"] == answer.headers["x-request-id"]
    assert (csc.status_code, csc.json()["error"]) == (500, "server_error")
    _tells_nothing(answer, csc)


@pytest.mark.parametrize("path", ["/ca/root.crt", "/crl/root.crl"])
def test_server_without_a_ca_says_so(province: Province, path: str) -> None:
    settings = replace(province.settings, ca=None, tsa=None, credentials=())
    with serve_here(settings, lambda: datetime.now(UTC)) as url:
        answer = httpx2.get(url + path)
        stamp = httpx2.post(url + "/tsa", headers={"Content-Type": "application/timestamp-query"})
    assert (answer.status_code, answer.json()["code"]) == (501, "http.not_served")
    assert stamp.status_code == 501
