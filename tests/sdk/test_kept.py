"""Answers on disk: until their end and no longer, whole or not at all, for many processes at once."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

import kyso
from kyso.kept import MAX_AGE_S, KeptAnswers, _end
from kyso_pki.authority.ocsp import refusal
from kyso_pki.testing import World
from kyso_pki.x509 import ocsp

NOW = datetime.now(UTC).replace(microsecond=0)
WORLD = World.create(at=NOW)
URL = "http://crl.tinh-mau.example/issuing.crl"


@pytest.fixture
def kept(tmp_path: Path) -> KeptAnswers:
    return KeptAnswers(tmp_path / "answers")


def answers(kept: KeptAnswers) -> list[Path]:
    return sorted(kept._folder.glob("*.answer"))


def test_an_answer_comes_back_to_who_asks_the_same_and_to_nobody_else(kept: KeptAnswers) -> None:
    crl = WORLD.crl(NOW)
    kept.put(URL, b"", crl)
    assert kept.get(URL, b"") == crl
    assert kept.get(URL + "x", b"") is None
    assert kept.get(URL, b"x") is None
    kept.put("http://a/", b"bc", crl)
    assert kept.get("http://a/b", b"c") is None  # where the one ends and the other begins is part of the question


def test_it_ends_with_its_next_update_and_after_an_hour_at_most() -> None:
    asked = ocsp.request(WORLD.person, WORLD.issuing)
    soon = WORLD.ocsp_response(asked, NOW - timedelta(hours=23, minutes=50))
    assert abs(_end(soon) - (NOW + timedelta(minutes=10)).timestamp()) < 2
    for lasting in (WORLD.crl(NOW), WORLD.issuing.der):
        assert abs(_end(lasting) - (time.time() + MAX_AGE_S)) < 5


@pytest.mark.parametrize(
    "answer", [refusal("tryLater"), b"<html>Dang nhap</html>", b""], ids=["later", "page", "empty"]
)
def test_what_is_no_answer_is_not_kept(kept: KeptAnswers, answer: bytes) -> None:
    """A responder that was busy once, or a login page in the place of a CRL, held up all verdicts of an hour."""
    kept.put(URL, b"", answer)
    assert (answers(kept), kept.get(URL, b"")) == ([], None)


def test_what_has_ended_is_not_kept_and_not_given(kept: KeptAnswers) -> None:
    kept.put(URL, b"", WORLD.crl(NOW - timedelta(days=8)))
    kept.put(URL, b"", b"-----BEGIN X509 CRL-----")
    assert answers(kept) == []
    kept.put(URL, b"", WORLD.crl(NOW))
    [file] = answers(kept)
    head, newline, rest = file.read_bytes().partition(b"\n")
    file.write_bytes(head.replace(head.split()[3], b"%d" % (time.time() - 1)) + newline + rest)
    assert kept.get(URL, b"") is None


KILLED = """
import os, signal, sys, threading, time
from pathlib import Path
from kyso.kept import KeptAnswers

def watch():
    while not list(Path(sys.argv[1]).glob("*.part")):
        pass
    os.kill(os.getpid(), signal.SIGTERM if os.name == "nt" else signal.SIGKILL)

kept, crl = KeptAnswers(sys.argv[1]), Path(sys.argv[2]).read_bytes()
threading.Thread(target=watch, daemon=True).start()
while True:
    kept.put("http://crl.tinh-mau.example/another.crl", b"", crl)
"""


def test_what_a_killed_process_left_goes_with_the_next_answer(kept: KeptAnswers, tmp_path: Path) -> None:
    (tmp_path / "a.crl").write_bytes(WORLD.crl(NOW))
    for _ in range(20):
        subprocess.run([sys.executable, "-c", KILLED, kept._folder, tmp_path / "a.crl"], check=False)
        if list(kept._folder.glob(".*.part")):
            break
    else:
        pytest.fail("no process was killed in the middle of writing")
    if sys.platform != "linux":  # elsewhere nobody can know that the process has ended, but a day is enough
        for part in kept._folder.glob(".*.part"):
            os.utime(part, (time.time() - 25 * 3600,) * 2)
    kept.put(URL, b"", WORLD.crl(NOW))
    assert list(kept._folder.glob(".*.part")) == []
    assert kept.get(URL, b"") is not None


@pytest.mark.parametrize("damage", ["cut", "flip", "empty", "head", "no number"])
def test_a_damaged_file_is_none(kept: KeptAnswers, damage: str) -> None:
    kept.put(URL, b"", WORLD.crl(NOW))
    [file] = answers(kept)
    data = file.read_bytes()
    changed = {
        "cut": data[:-1],
        "flip": data[:-1] + bytes((data[-1] ^ 1,)),
        "empty": b"",
        "head": b"x" + data,
        "no number": data.replace(b"answer 1 ", b"answer 1 -"),
    }
    file.write_bytes(changed[damage])
    assert kept.get(URL, b"") is None
    kept.put(URL, b"", WORLD.crl(NOW))
    assert kept.get(URL, b"") == WORLD.crl(NOW)


def test_the_oldest_go_when_there_is_no_room(tmp_path: Path) -> None:
    one = WORLD.crl(NOW)
    kept = KeptAnswers(tmp_path, max_bytes=3 * len(one) + 400)
    for number in range(5):
        kept.put(f"{URL}?{number}", b"", one)
        os.utime(kept._path(f"{URL}?{number}", b""), (number, number))
    kept.put(f"{URL}?last", b"", one)
    assert kept.get(f"{URL}?last", b"") == one
    assert kept.get(f"{URL}?0", b"") is None
    assert len(answers(kept)) <= 3


def test_a_place_that_takes_nothing_keeps_nothing_and_fails_nothing(tmp_path: Path) -> None:
    kept = KeptAnswers(tmp_path / "answers")
    (tmp_path / "answers").rmdir()
    (tmp_path / "answers").write_bytes(b"a file in place of the folder")
    kept.put(URL, b"", WORLD.crl(NOW))
    assert kept.get(URL, b"") is None


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes")
def test_the_folder_is_the_users_own(kept: KeptAnswers) -> None:
    assert kept._folder.stat().st_mode & 0o777 == 0o700


# Over a real server -------------------------------------------------------------------------------------------------


@pytest.fixture
def server() -> Iterator[tuple[int, list[str]]]:
    asked: list[str] = []
    crl = WORLD.crl(NOW)

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            self.send_header("Content-Length", str(len(crl)))
            self.end_headers()
            self.wfile.write(crl)

        def log_message(self, format: str, *args: object) -> None:
            """Quiet."""

    running = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    threading.Thread(target=running.serve_forever, daemon=True).start()
    yield running.server_port, asked
    running.shutdown()
    running.server_close()


def test_another_fetcher_asks_the_disk_and_not_the_network(kept: KeptAnswers, server: tuple[int, list[str]]) -> None:
    port, asked = server
    hosts = [f"127.0.0.1:{port}"]
    for _ in range(3):
        with kyso.HttpFetcher(allowed_hosts=hosts, kept=kept) as fetcher:
            assert fetcher.crl(f"http://127.0.0.1:{port}/a.crl") == WORLD.crl(NOW)
    assert asked == ["/a.crl"]
    with kyso.HttpFetcher(allowed_hosts=hosts) as alone:
        alone.crl(f"http://127.0.0.1:{port}/a.crl")
    assert asked == ["/a.crl"] * 2


_READER = """
import sys
from kyso.kept import KeptAnswers
kept = KeptAnswers(sys.argv[1])
wanted = {open(path, "rb").read() for path in sys.argv[2:]}
seen = 0
for number in range(300):
    for answer in list(wanted):
        kept.put("http://a.example/", b"", answer)
        found = kept.get("http://a.example/", b"")
        assert found is None or found in wanted, found
        seen += found is not None
print(seen)
"""


def test_processes_that_write_and_read_at_once_see_whole_answers(tmp_path: Path) -> None:
    paths = []
    for number, days in enumerate((3, 5)):
        paths.append(tmp_path / f"{number}.crl")
        paths[-1].write_bytes(WORLD.crl(NOW, days=days))
    command = [sys.executable, "-c", _READER, str(tmp_path / "answers"), *map(str, paths)]
    env = dict(os.environ, PYTHONPATH=os.pathsep.join(sys.path))
    running = [
        subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(4)
    ]
    for process in running:
        out, err = process.communicate(timeout=120)
        assert process.returncode == 0, err
        assert int(out) > 0
    assert [p for p in (tmp_path / "answers").iterdir() if p.suffix == ".part"] == []
