"""The server on PostgreSQL: several processes share one database, and none loses or doubles anything."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import httpx2
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from cryptography import x509
from sqlalchemy import func, select, text

import kyso
from kyso_pki.tsp import timestamp_request
from kyso_server import setup, store, tables
from kyso_server.settings import Settings, load_settings
from tests.server.calls import SHA256_ECDSA, digest, refusal, sad, sign_hash, values
from tests.server.postgresql import Cluster, cluster
from tests.server.province import Province, build, free_port, serve

DOCUMENT = Path(__file__).parents[1] / "documents" / "cong-van.pdf"


@pytest.fixture(scope="module")
def postgresql() -> Iterator[Cluster]:
    with cluster() as running:
        yield running


def _settings(folder: Path, url: str) -> Settings:
    (folder / "kyso.toml").write_text(f'[server]\ndatabase = "{url}"\n', encoding="utf-8")
    return load_settings(folder)


def _served_by(folder: Path, url: str) -> None:
    path = folder / "kyso.toml"
    path.write_text(path.read_text("utf-8").replace("[server]\n", f'[server]\ndatabase = "{url}"\n'), "utf-8")


def test_the_role_of_deploy_has_a_database_of_its_own_and_nothing_else(
    postgresql: Cluster, province: Province
) -> None:
    """deploy/postgresql.sql, under another name than that of the cluster's own user."""
    sql = (Path(__file__).parents[2] / "deploy" / "postgresql.sql").read_text("utf-8")
    sql = re.sub(r"\bkyso\b", "may_chu", sql) + f"ALTER ROLE may_chu PASSWORD '{postgresql.password}';\n"
    postgresql.run_sql(sql)
    url = f"postgresql://may_chu@127.0.0.1:{postgresql.port}/{{}}?passfile={postgresql.folder / 'passfile'}"
    settings = replace(province.settings, database=url.format("may_chu"))
    setup.prepare_database(settings)
    token = setup.new_api_token(settings, "mot-cua")
    assert [t.name for t in setup.api_tokens(settings)] == ["mot-cua"]
    opened = store.open_store(settings.database)
    try:
        with opened.reading() as session:
            assert store.active_tokens(session) == [("mot-cua", store.sha256_hex(token))]
            assert session.execute(select(text("current_setting('synchronous_commit')"))).scalar() == "on"
            rights = text(
                "SELECT rolsuper OR rolcreatedb OR rolcreaterole FROM pg_roles WHERE rolname = current_user"
            )
            assert session.execute(rights).scalar() is False
    finally:
        opened.close()


@pytest.fixture(scope="module")
def two(postgresql: Cluster, tmp_path_factory: pytest.TempPathFactory) -> tuple[Province, Province]:
    """One province behind two servers with the same keys, as two machines behind one proxy."""
    folder = tmp_path_factory.mktemp("mot") / "tinh"
    folder.mkdir()
    first = build(folder, free_port())
    _served_by(folder, postgresql.url("hai_may"))
    settings = first.settings
    setup.prepare_database(settings)
    for certificate in first.certificates.values():
        setup.register_certificate(settings, certificate, first.issuing)
    for name, token in (("mot-cua", first.api_token), ("khac", first.other_token)):
        setup.add_api_token(settings, name, token)
    other = tmp_path_factory.mktemp("hai") / "tinh"
    shutil.copytree(folder, other)  # SoftHSM's configuration names the first one's tokens, so they are shared
    port = free_port()
    toml = (other / "kyso.toml").read_text("utf-8")
    (other / "kyso.toml").write_text(toml.replace(f"port = {settings.port}", f"port = {port}"), "utf-8")
    return first, replace(first, folder=other, url=f"http://127.0.0.1:{port}")


@pytest.fixture(scope="module")
def callers(two: tuple[Province, Province]) -> Iterator[tuple[httpx2.Client, httpx2.Client]]:
    with ExitStack() as stack:
        for province in two:
            stack.enter_context(serve(province))
        one, other = (stack.enter_context(httpx2.Client(base_url=p.url, headers=p.bearer, timeout=60)) for p in two)
        yield one, other


# The tables --------------------------------------------------------------------------------------------------


def test_migrations_give_exactly_the_tables_of_the_models(postgresql: Cluster, tmp_path: Path) -> None:
    settings = _settings(tmp_path, postgresql.url("bang"))
    setup.prepare_database(settings)
    opened = store.open_store(settings.database)
    with opened.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, tables.Base.metadata) == []
        assert connection.scalar(text("SHOW lock_timeout")) == "10s"
    opened.close()


def test_servers_that_start_at_once_on_an_empty_database_make_the_tables_once(
    postgresql: Cluster, tmp_path: Path
) -> None:
    settings = _settings(tmp_path, postgresql.url("cung_luc"))
    code = (
        "import sys; from pathlib import Path; from kyso_server.setup import prepare_database;"
        "from kyso_server.settings import load_settings; prepare_database(load_settings(Path(sys.argv[1])))"
    )
    path = {"PYTHONPATH": ":".join(p for p in sys.path if p)}
    started = [
        subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], env=path, stderr=subprocess.PIPE)
        for _ in range(4)
    ]
    assert [(process.communicate()[1], process.returncode) for process in started] == [(b"", 0)] * 4
    opened = store.open_store(settings.database)
    with opened.reading() as session:
        assert session.scalars(text("SELECT version_num FROM alembic_version")).all() == ["0002"]
    opened.close()


def test_numbers_go_on_beyond_32_bits(postgresql: Cluster, tmp_path: Path) -> None:
    settings = _settings(tmp_path, postgresql.url("so_lon"))
    setup.prepare_database(settings)
    opened = store.open_store(settings.database)
    with opened.writing() as session:
        session.execute(text("SELECT setval('timestamps_serial_seq', 2147483647)"))
        assert store.next_timestamp_serial(session, datetime.now(UTC)) == 2**31
    opened.close()


def test_a_database_that_may_forget_on_a_power_cut_is_told_not_to(postgresql: Cluster, tmp_path: Path) -> None:
    url = postgresql.url("quen")
    opened = store.open_store(url)
    with opened.engine.begin() as connection:
        connection.execute(text("ALTER DATABASE quen SET synchronous_commit = off"))
    opened.close()
    opened = store.open_store(url)
    with opened.reading() as session:
        assert session.scalar(text("SHOW synchronous_commit")) == "on"
    opened.close()


# Two servers -------------------------------------------------------------------------------------------------


def test_authorisation_of_one_server_is_spent_at_the_other(
    callers: tuple[httpx2.Client, httpx2.Client], two: tuple[Province, Province]
) -> None:
    one, other = callers
    imprint = digest("công văn")
    granted = sad(one, "nguyen-van-mau", [imprint])
    [value] = values(sign_hash(other, "nguyen-van-mau", granted, [imprint]))
    assert value
    assert refusal(sign_hash(one, "nguyen-van-mau", granted, [imprint]))[0] == 400


def test_one_authorisation_sent_to_both_at_once_is_spent_once(callers: tuple[httpx2.Client, httpx2.Client]) -> None:
    with ThreadPoolExecutor(8) as threads:
        for attempt in range(5):
            imprint = digest(f"công văn {attempt}")
            granted = sad(callers[0], "con-dau", [imprint])
            answers = list(
                threads.map(
                    lambda n, i=imprint, s=granted: (
                        sign_hash(callers[n % 2], "con-dau", s, [i], algorithm=SHA256_ECDSA).status_code
                    ),
                    range(8),
                )
            )
            assert sorted(answers) == [200] + [400] * 7


def test_crl_asked_of_both_at_once_has_one_number_and_names_a_revocation_at_once(
    callers: tuple[httpx2.Client, httpx2.Client], two: tuple[Province, Province]
) -> None:
    with ThreadPoolExecutor(2) as threads:
        first = list(threads.map(lambda c: c.get("/crl/issuing.crl").content, callers))
        assert first[0] == first[1]
        setup.revoke_certificate(
            two[0].settings,
            two[0].certificates["thu-hoi"],
            two[0].issuing,
            reason="keyCompromise",
            at=datetime.now(UTC).replace(microsecond=0),
        )
        second = list(threads.map(lambda c: c.get("/crl/issuing.crl").content, callers))
    assert second[0] == second[1]
    crl = x509.load_der_x509_crl(second[0])
    assert [entry.serial_number for entry in crl] == [two[0].certificates["thu-hoi"].serial]
    assert refusal(callers[1].post("/csc/v1/credentials/authorize", json=_for("thu-hoi")))[0] == 400


def _for(credential: str) -> dict[str, object]:
    return {"credentialID": credential, "numSignatures": 1, "hash": ["A" * 43 + "="]}


def test_timestamps_of_both_have_different_serials(
    callers: tuple[httpx2.Client, httpx2.Client], two: tuple[Province, Province]
) -> None:
    def stamp(number: int) -> int:
        request = timestamp_request(digest(str(number)), "sha256")
        headers = {"Content-Type": "application/timestamp-query"}
        return callers[number % 2].post("/tsa", content=request, headers=headers).status_code

    opened = store.open_store(two[0].settings.database)
    with ThreadPoolExecutor(4) as threads, opened.reading() as session:
        before = session.scalar(select(func.count()).select_from(tables.Timestamp)) or 0
        assert set(threads.map(stamp, range(20))) == {200}
        session.rollback()
        assert session.scalar(select(func.count(tables.Timestamp.serial.distinct()))) == before + 20
    opened.close()


def test_nothing_is_signed_while_the_database_is_gone_and_all_is_well_when_it_is_back(
    callers: tuple[httpx2.Client, httpx2.Client], two: tuple[Province, Province], postgresql: Cluster
) -> None:
    caller, document = callers[0], DOCUMENT.read_bytes()

    def sign() -> httpx2.Response:
        return caller.post("/v1/sign", params={"credential": "con-dau"}, content=document)

    assert sign().status_code == 200
    postgresql.stop()
    try:
        gone = sign()
        assert (gone.status_code, gone.json()["code"], gone.headers["Retry-After"]) == (503, "database", "5")
        assert str(postgresql.port) not in gone.text
        said = refusal(sign_hash(caller, "con-dau", "s" * 43, [digest("x")], algorithm=SHA256_ECDSA))
        assert said == (503, "temporarily_unavailable", "The database cannot be used now")
        ready = caller.get("/readyz")
        assert (ready.status_code, ready.json()["checks"]["database"]) == (503, "database")
        assert caller.get("/healthz").status_code == 200
    finally:
        postgresql.start()
    back = sign()
    assert back.status_code == 200
    assert kyso.verify(back.content, trust=kyso.TrustStore.of([two[0].root])).signatures[0].signature_intact
    opened = store.open_store(two[0].settings.database)
    with opened.reading() as session:
        outcomes = session.scalars(
            select(tables.SignatureLine.outcome).where(tables.SignatureLine.operation == "sign")
        )
        assert outcomes.all() == ["done", "done"]
    opened.close()
    log = (two[0].folder / "server.log").read_text("utf-8")
    assert postgresql.password not in log
    assert "The database cannot be used" in log
