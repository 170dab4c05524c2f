"""kyso.toml is read strictly; the database comes from its migrations and can be made twice."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text

from kyso_pki.errors import UsageError
from kyso_pki.pdf.lint.policy import DEFAULT_LINT
from kyso_server import setup, store, tables
from kyso_server.problems import DatabaseUnavailable
from kyso_server.settings import Settings, load_settings
from tests.server.province import Province


def _settings(folder: Path) -> Settings:
    (folder / "kyso.toml").write_text("[server]\nport = 8790\n", encoding="utf-8")
    return load_settings(folder)


def _refused(folder: Path, text: str) -> str:
    (folder / "kyso.toml").write_text(text, encoding="utf-8")
    with pytest.raises(UsageError) as caught:
        load_settings(folder)
    return str(caught.value)


# Settings ----------------------------------------------------------------------------------------------------


def test_paths_are_taken_from_the_files_folder(province: Province, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir("/")
    settings = load_settings(province.folder)
    assert settings.database == f"sqlite:///{province.folder}/kyso.db"
    assert settings.modules[0].env["SOFTHSM2_CONF"] == f"{province.folder}/softhsm/softhsm2.conf"
    assert settings.trust_signing == (province.folder / "ca" / "root.crt",)
    assert settings.credentials[5].key == f"file://{province.folder}/keys/mem.p12"
    assert settings.ca is not None
    assert settings.ca.issuing.pin_file == province.folder / "secrets" / "ca.pin"


def test_server_without_ca_tsa_and_credentials_is_allowed(tmp_path: Path) -> None:
    settings = _settings(tmp_path)
    assert (settings.ca, settings.tsa, settings.credentials) == (None, None, ())
    assert settings.url == "http://127.0.0.1:8790"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[server]\nprot = 1\n", "unknown prot"),
        ("[sever]\n", "unknown sever"),
        ("[server]\nport = '8790'\n", "port must be a whole number"),
        ("[server]\nport = 70000\n", "allowed is 0 to 65535"),
        ("[server]\nport = true\n", "port must be a whole number"),
        ("[[credentials]]\nid = 'a'\n", "key is missing"),
        ("[[credentials]]\nid = 'a'\nkey = 'pkcs11:token=t;object=o'\npin_file = 'x.pin'\n", "no such file"),
        ("[[credentials]]\nid = 'a'\nkey = 'pkcs11:token=t?pin-value=1'\n", "PIN"),
        ("[[credentials]]\nid='a'\nkey='file:a'\n[[credentials]]\nid='a'\nkey='file:b'\n", "stands twice"),
        ("[trust]\nsigning = 'root.crt'\n", "must be a list"),
        ("[trust]\nsigning = ['root.crt']\n", "no such file"),
        ("[server\n", "cannot be read"),
    ],
)
def test_setting_that_cannot_be_right_is_refused_by_name(tmp_path: Path, text: str, words: str) -> None:
    assert words in _refused(tmp_path, text)


def test_unknown_key_is_answered_with_the_list_of_known_ones(tmp_path: Path) -> None:
    text = _refused(tmp_path, "[server]\nhots = 'x'\n")
    assert (
        "database, host, lint, max_connections, max_document_mb, port, sad_lifetime_s, upload_patience_s, url" in text
    )


def test_the_linter_is_on_unless_it_is_turned_off_and_its_table_decides_per_code(tmp_path: Path) -> None:
    assert _settings(tmp_path).lint == DEFAULT_LINT
    assert "no check 'URL'" in _refused(tmp_path, "[lint]\nURL = 'warn'\n")
    assert "no way to run" in _refused(tmp_path, "[server]\nlint = 'maybe'\n")
    (tmp_path / "kyso.toml").write_text("[server]\nlint = 'warn'\n[lint]\nURI = 'ignore'\n", "utf-8")
    found = load_settings(tmp_path).lint
    assert found is not None
    assert (found.action("JAVASCRIPT"), found.action("URI")) == ("warn", "ignore")
    (tmp_path / "kyso.toml").write_text("[server]\nlint = 'off'\n", "utf-8")
    assert load_settings(tmp_path).lint is None


def test_missing_folder_names_the_command_that_makes_one(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="kyso quickstart"):
        load_settings(tmp_path)


# Database ----------------------------------------------------------------------------------------------------


def test_migrations_give_exactly_the_tables_of_the_models(tmp_path: Path) -> None:
    settings = _settings(tmp_path)
    setup.prepare_database(settings)
    setup.prepare_database(settings)
    opened = store.open_store(settings.database)
    with opened.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, tables.Base.metadata) == []
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2
    opened.close()


def test_api_token_is_stored_as_its_hash_and_replaced_under_its_name(tmp_path: Path) -> None:
    settings = _settings(tmp_path)
    setup.prepare_database(settings)
    for token in ("a" * 43, "a" * 43, "b" * 43):
        setup.add_api_token(settings, "mot-cua", token)
    opened = store.open_store(settings.database)
    with opened.reading() as session:
        assert store.active_tokens(session) == [("mot-cua", store.sha256_hex("b" * 43))]
    with opened.writing() as session:
        assert store.revoke_token(session, "mot-cua", datetime.now(UTC))
    with opened.reading() as session:
        assert store.active_tokens(session) == []
    opened.close()


@pytest.mark.parametrize("token", ["short", "có dấu" * 10, "with blank " * 5, ""])
def test_weak_api_token_is_refused(tmp_path: Path, token: str) -> None:
    settings = _settings(tmp_path)
    setup.prepare_database(settings)
    with pytest.raises(UsageError):
        setup.add_api_token(settings, "x", token)


def test_time_without_a_zone_never_reaches_the_database(tmp_path: Path) -> None:
    settings = _settings(tmp_path)
    setup.prepare_database(settings)
    opened = store.open_store(settings.database)
    with pytest.raises(Exception, match="without a zone"), opened.writing() as session:
        store.next_timestamp_serial(session, datetime(2026, 11, 23))  # noqa: DTZ001 - the mistake under test
    opened.close()


def test_serial_of_a_time_stamp_is_not_given_again_after_its_row_is_gone(tmp_path: Path) -> None:
    settings = _settings(tmp_path)
    setup.prepare_database(settings)
    opened = store.open_store(settings.database)
    now = datetime.now(UTC)
    with opened.writing() as session:
        first = store.next_timestamp_serial(session, now)
    with opened.engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM timestamps")
    with opened.writing() as session:
        assert store.next_timestamp_serial(session, now) == first + 1
    opened.close()


def test_old_authorisations_are_forgotten_with_their_hashes(tmp_path: Path) -> None:
    settings = _settings(tmp_path)
    setup.prepare_database(settings)
    opened = store.open_store(settings.database)
    now = datetime.now(UTC)
    with opened.writing() as session:
        for sad, ends in (("old", now - timedelta(days=2)), ("new", now)):
            store.put_authorization(
                session,
                sad=sad,
                credential="c",
                token="t",
                imprints=[b"h" * 32],
                hash_name=None,
                at=now,
                expires_at=ends,
            )
        store.forget_authorizations(session, now - timedelta(days=1))
    with opened.engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM authorized_hashes").scalar() == 1
    opened.close()


def test_revocation_from_the_future_is_refused(province: Province) -> None:
    certificate = province.certificates["mem"]
    with pytest.raises(UsageError, match="future"):
        setup.revoke_certificate(
            province.settings,
            certificate,
            province.issuing,
            reason="superseded",
            at=datetime.now(UTC) + timedelta(hours=1),
        )
    with pytest.raises(UsageError, match="reason"):
        setup.revoke_certificate(
            province.settings, certificate, province.issuing, reason="removeFromCRL", at=datetime.now(UTC)
        )


def test_settings_are_values_that_can_be_varied(province: Province) -> None:
    assert replace(province.settings, sad_lifetime_s=5).sad_lifetime_s == 5


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("postgresql://kyso:mat-khau@localhost/kyso", "no secret stands in kyso.toml"),
        ("postgresql://kyso@localhost/kyso?password=mat-khau", "no secret stands in kyso.toml"),
        ("mysql://kyso@localhost/kyso", "names mysql, which is not served"),
        ("kyso.db:mat-khau", "is not a database URL"),
        ("oracle+nothing://kyso:mat-khau@localhost", "names oracle, which is not served"),
    ],
)
def test_database_that_cannot_be_served_is_refused_without_its_password(url: str, words: str) -> None:
    with pytest.raises(UsageError, match=words) as caught:
        store.open_store(url)
    assert "mat-khau" not in str(caught.value)


def test_database_without_its_tables_is_an_error_with_a_name(tmp_path: Path) -> None:
    settings = _settings(tmp_path)
    opened = store.open_store(settings.database)
    with pytest.raises(DatabaseUnavailable, match="api_tokens"), opened.reading() as session:
        store.active_tokens(session)  # there are no tables yet
    opened.close()


def test_tables_of_an_earlier_server_are_brought_to_the_newest_and_then_left_alone(
    province: Province, tmp_path: Path
) -> None:
    """The newest form is known by the name of its migration's file, so that nothing of weight is loaded for it."""
    settings = replace(province.settings, database=f"sqlite:///{tmp_path / 'kyso.db'}")
    config = Config()
    config.set_main_option("script_location", str(Path(setup.__file__).parent / "migrations"))
    for revision in ScriptDirectory.from_config(config).walk_revisions():
        assert Path(revision.path).name.startswith(f"{revision.revision}_")
    opened = store.open_store(settings.database)
    with opened.migrating() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
    setup.prepare_database(settings)
    version = text("SELECT version_num FROM alembic_version")
    with opened.reading() as session:
        newest = session.execute(version).scalar()
    assert newest == ScriptDirectory.from_config(config).get_current_head() != "0001"
    code = (
        "import sys; from pathlib import Path; from dataclasses import replace;"
        "from kyso_server.setup import api_tokens, prepare_database; from kyso_server.settings import load_settings;"
        "s = replace(load_settings(Path(sys.argv[1])), database=sys.argv[2]); prepare_database(s); api_tokens(s);"
        "print('alembic' in sys.modules)"
    )
    path = {"PYTHONPATH": os.pathsep.join(p for p in sys.path if p)}
    arguments = [sys.executable, "-c", code, str(province.folder), settings.database]
    done = subprocess.run(arguments, env=os.environ | path, capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
    opened.close()
