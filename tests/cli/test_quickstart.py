"""The model province: whole after any interruption, never overwritten, and with secrets kept."""

from __future__ import annotations

import hashlib
import random
import shutil
import signal
import socket
import sqlite3
import subprocess
import time
from contextlib import closing
from pathlib import Path

import pytest

import kyso_cli

from .conftest import DOCUMENTS, Province, only_owner_reads, program, run_kyso

SAMPLES = Path(kyso_cli.__file__).with_name("samples")
KILLS = 4


def contents(folder: Path) -> dict[str, str]:
    """Every file of a province with its hash; the database, the lock and SoftHSM2's own bookkeeping apart."""
    return {
        str(p.relative_to(folder)): hashlib.sha256(p.read_bytes()).hexdigest()
        for p in sorted(folder.rglob("*"))
        if p.is_file() and not p.name.startswith((".quickstart", "kyso.db", "server.log")) and p.suffix != ".lock"
    }


def quickstart(environ: dict[str, str], folder: Path, *more: str) -> subprocess.CompletedProcess[str]:
    return run_kyso(environ, "quickstart", str(folder), "--no-serve", *more, cwd=folder.parent)


def test_everything_stands_where_the_configuration_says(province: Province) -> None:
    for name in ("ca/root.crt", "ca/root.p12", "ca/root.crl", "ca/issuing.crt", "ca/tsa.crt", "ca/ocsp.crt"):
        assert (province.folder / name).is_file(), name
    for name in ("kyso.toml", "kyso.db", "keys/phan-mem.p12", "van-ban.pdf", "hoa-don.xml", "softhsm/softhsm2.conf"):
        assert (province.folder / name).is_file(), name
    assert not [p.name for p in province.folder.iterdir() if p.name.startswith((".ready", ".unfinished"))]


def test_secrets_are_readable_by_their_owner_alone(province: Province) -> None:
    secrets = list((province.folder / "secrets").iterdir())
    assert {p.name for p in secrets} >= {"token.pin", "ca.pin", "so.pin", "root.pin", "phan-mem.pin", "api-token"}
    keys = [*(province.folder / "keys").iterdir(), province.folder / "ca" / "root.p12"]
    for path in (*secrets, *keys, province.folder / "secrets", province.folder / "softhsm"):
        assert only_owner_reads(path), path


def test_the_root_key_is_not_on_a_token(province: Province) -> None:
    listed = province.kyso("keys", "list").stdout
    assert "issuing-ca" in listed
    assert "CA gốc" not in listed


def test_certificates_are_good_to_openssl(province: Province) -> None:
    ca = province.folder / "ca"
    for leaf in ("nguyen-van-mau", "so-tttt-tinh-mau", "phan-mem", "tsa", "ocsp"):
        done = subprocess.run(
            [
                "openssl",
                "verify",
                "-x509_strict",
                "-CAfile",
                "root.crt",
                "-untrusted",
                "issuing.crt",
                f"issued/{leaf}.crt",
            ],
            cwd=ca,
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
        assert done.returncode == 0, done.stderr
    crl = subprocess.run(
        ["openssl", "crl", "-inform", "DER", "-in", "root.crl", "-CAfile", "root.crt", "-noout"],
        cwd=ca,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert "verify OK" in crl.stderr


def test_run_again_it_changes_nothing(province: Province) -> None:
    before = contents(province.folder)
    done = quickstart(province.environ, province.folder)
    assert done.returncode == 0, done.stderr
    assert "  + " not in done.stdout
    assert contents(province.folder) == before


def test_run_again_it_makes_what_is_missing(province: Province, tmp_path: Path) -> None:
    copy = tmp_path / "ban-sao"
    shutil.copytree(province.folder, copy)
    (copy / "van-ban.pdf").unlink()
    (copy / "kyso.db").unlink()
    done = quickstart(province.environ, copy)
    assert done.returncode == 0, done.stderr
    assert (copy / "van-ban.pdf").read_bytes() == (SAMPLES / "van-ban.pdf").read_bytes()
    assert (copy / "kyso.db").exists()


def test_what_can_be_made_again_is_and_the_rest_is_named(province: Province, tmp_path: Path) -> None:
    copy = tmp_path / "ban-sao"
    shutil.copytree(province.folder, copy)
    old = (copy / "secrets" / "api-token").read_text("utf-8")
    gone = ("secrets/api-token", "ca/tsa.crt", "ca/issued/so-tttt-tinh-mau.crt", "ca/issued/phan-mem.crt")
    for name in gone:
        (copy / name).unlink()
    done = quickstart(province.environ, copy)
    assert done.returncode == 0, done.stderr
    for name in gone:
        assert f"{name}, which was missing, made again" in done.stdout
        if name.endswith(".crt"):
            assert (copy / name).read_bytes() == (province.folder / name).read_bytes()
    assert only_owner_reads(copy / "secrets" / "api-token")
    new = (copy / "secrets" / "api-token").read_text("utf-8")
    assert new != old
    digest = hashlib.sha256(new.strip().encode())
    with closing(sqlite3.connect(copy / "kyso.db")) as database:
        kept = " ".join(str(row) for row in database.execute("SELECT * FROM api_tokens"))
    assert digest.hexdigest() in kept or str(digest.digest()) in kept
    (copy / "secrets" / "token.pin").unlink()
    done = quickstart(province.environ, copy)
    assert done.returncode == 2
    assert "secrets/token.pin" in done.stderr
    assert "cannot be made again" in done.stderr


def test_secrets_are_not_printed(environ: dict[str, str], tmp_path: Path) -> None:
    done = quickstart(environ, tmp_path / "tinh", "--port", "0", "--software-keys")
    assert done.returncode == 0, done.stderr
    secrets = [p.read_text("utf-8").strip() for p in (tmp_path / "tinh" / "secrets").iterdir()]
    assert len(secrets) == 6
    assert not [s for s in secrets if s in done.stdout + done.stderr]
    # A file may be tried for ever: 128 random bits each.
    pins = [p.read_text("utf-8").strip() for p in (tmp_path / "tinh" / "secrets").glob("*.pin") if p.stem != "so"]
    assert all(len(bytes.fromhex(pin)) == 16 for pin in pins)


def test_a_province_whose_server_runs_says_so(server: Province) -> None:
    done = run_kyso(server.environ, "quickstart", str(server.folder), cwd=server.folder.parent)
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith(f"The server of this province runs already at {server.url}.\n")


def test_the_server_is_announced_when_it_answers_and_not_before(environ: dict[str, str], tmp_path: Path) -> None:
    folder = tmp_path / "tinh"
    made = quickstart(environ, folder, "--port", "0", "--software-keys")
    assert made.returncode == 0, made.stderr
    first, second = made.stdout.split("In a second terminal, once the server says that it runs:")
    assert f"  cd {folder}\n" in first
    assert first.rstrip().endswith("kyso serve")
    assert "--server" not in first
    assert second.startswith(f"\n  cd {folder}\n")
    assert "--server" in second
    process = subprocess.Popen(
        [program(environ), "serve", "--config", str(folder)],
        env=environ,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )
    try:
        assert process.stdout is not None
        said = process.stdout.readline()
        url = Province(folder, environ).url
        assert said == f"The server runs at {url} (Ctrl-C stops it).\n"
        with socket.create_connection(("127.0.0.1", int(url.rsplit(":", 1)[1])), timeout=5):
            pass  # at the first try
    finally:
        process.terminate()
        _, log = process.communicate(timeout=30)
    assert process.returncode == 0, log
    assert "alembic" not in log


def test_a_province_that_was_moved_signs_after_quickstart(province: Province, tmp_path: Path) -> None:
    moved = tmp_path / "noi-khac"
    shutil.copytree(province.folder, moved)
    assert quickstart(province.environ, moved).returncode == 0
    assert str(moved) in (moved / "softhsm" / "softhsm2.conf").read_text("utf-8")
    done = run_kyso(
        province.environ,
        *("sign", "van-ban.pdf", "--key", "pkcs11:token=kyso-tinh-mau;object=so-tttt-tinh-mau"),
        *("--pin-file", "secrets/token.pin", "-o", "x.pdf"),
        cwd=moved,
    )
    assert done.returncode == 0, done.stderr


def test_a_run_killed_at_any_moment_is_finished_by_the_next(environ: dict[str, str], tmp_path: Path) -> None:
    folder = tmp_path / "tinh"
    moments = random.Random(20261123)  # noqa: S311 - the same moments in every run
    for _ in range(KILLS):
        process = subprocess.Popen(
            [program(environ), "quickstart", str(folder), "--no-serve", "--port", "0"],
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        time.sleep(moments.uniform(0.1, 1.6))
        process.send_signal(signal.SIGKILL)
        process.wait()
    done = quickstart(environ, folder, "--port", "0")
    assert done.returncode == 0, done.stdout + done.stderr
    assert not [p.name for p in folder.iterdir() if p.name.startswith((".ready", ".unfinished"))]
    signed = run_kyso(
        environ,
        *("sign", "van-ban.pdf", "--key", "pkcs11:token=kyso-tinh-mau;object=nguyen-van-mau"),
        *("--pin-file", "secrets/token.pin"),
        cwd=folder,
    )
    assert signed.returncode == 0, signed.stderr


def test_a_run_killed_while_moving_in_is_finished_by_the_next(province: Province, tmp_path: Path) -> None:
    copy = tmp_path / "do-dang"
    shutil.copytree(province.folder, copy)
    before = contents(copy)
    (copy / ".ready").mkdir()
    (copy / ".unfinished-0123").mkdir()
    for part in ("ca", "kyso.toml"):  # the last ones to be moved
        (copy / part).rename(copy / ".ready" / part)
    (copy / "kyso.db").unlink()
    done = quickstart(province.environ, copy)
    assert done.returncode == 0, done.stderr
    assert "finished what the last run had begun" in done.stdout
    after = contents(copy)
    assert {k: v for k, v in after.items() if "softhsm2.conf" not in k} == {
        k: v for k, v in before.items() if "softhsm2.conf" not in k
    }


def test_a_foreign_folder_is_left_alone(environ: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "tinh" / "ca").mkdir(parents=True)
    (tmp_path / "tinh" / "ca" / "root.crt").write_text("mine", "utf-8")
    done = quickstart(environ, tmp_path / "tinh")
    assert done.returncode == 2
    assert "already holds ca" in done.stderr
    assert sorted(p.name for p in (tmp_path / "tinh").iterdir()) == [".quickstart.lock", "ca"]


def test_an_existing_province_keeps_its_port_and_its_keys(province: Province) -> None:
    assert "cannot be changed" in quickstart(province.environ, province.folder, "--port", "1234").stderr
    assert "keeps its keys in SoftHSM2" in quickstart(province.environ, province.folder, "--software-keys").stderr


def test_a_port_that_is_taken_is_refused(environ: dict[str, str], tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = quickstart(environ, tmp_path / "tinh", "--port", str(port))
    assert done.returncode == 2
    assert f"Port {port} on 127.0.0.1 is used by another program." in done.stderr


def test_two_runs_at_once_do_not_mix(environ: dict[str, str], tmp_path: Path) -> None:
    folder = tmp_path / "tinh"
    command = [program(environ), "quickstart", str(folder), "--no-serve", "--port", "0", "--software-keys"]
    runs = [
        subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8")
        for _ in range(2)
    ]
    ended = [(process.communicate(timeout=60)[1], process.returncode) for process in runs]
    assert sorted(code for _, code in ended) in ([0, 2], [0, 0])  # refused, or later than the other
    assert all("Another quickstart is at work" in text for text, code in ended if code == 2)
    assert quickstart(environ, folder).returncode == 0


def test_without_softhsm_the_keys_are_in_encrypted_files(environ: dict[str, str], tmp_path: Path) -> None:
    folder = tmp_path / "tinh"
    done = quickstart(environ, folder, "--port", "0", "--software-keys")
    assert done.returncode == 0, done.stderr
    assert not (folder / "softhsm").exists()
    for name in ("nguyen-van-mau", "so-tttt-tinh-mau", "issuing-ca", "tsa", "ocsp"):
        assert b"PRIVATE KEY" not in (folder / "keys" / f"{name}.p12").read_bytes()
    wrong = ["openssl", "pkcs12", "-in", str(folder / "keys" / "issuing-ca.p12"), "-passin", "pass:", "-noout"]
    assert subprocess.run(wrong, capture_output=True, check=False).returncode != 0
    signed = run_kyso(
        environ,
        *("sign", "van-ban.pdf", "--key", "file:keys/nguyen-van-mau.p12", "--pin-file", "secrets/token.pin"),
        cwd=folder,
    )
    assert signed.returncode == 0, signed.stderr


@pytest.mark.parametrize(("sample", "document"), [("van-ban.pdf", "cong-van.pdf"), ("hoa-don.xml", "hoa-don.xml")])
def test_the_samples_are_those_of_the_test_documents(sample: str, document: str) -> None:
    assert (SAMPLES / sample).read_bytes() == (DOCUMENTS / document).read_bytes()


def test_the_commands_it_prints_work_as_they_stand(server: Province, tmp_path: Path) -> None:
    """Pastes every printed line into a shell, in a copy of the folder; the server is the original's."""
    copy = tmp_path / "dan-lenh"
    shutil.copytree(server.folder, copy)
    printed = quickstart(server.environ, copy).stdout
    lines = [line.strip() for line in printed.split("Done.")[1].splitlines()[1:]]
    commands = [line for line in lines if line.startswith("kyso")]
    assert len(commands) == 5
    for command in commands:
        done = subprocess.run(
            ["sh", "-c", command], cwd=copy, env=server.environ, capture_output=True, encoding="utf-8", check=False
        )
        assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
