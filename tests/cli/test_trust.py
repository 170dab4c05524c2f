"""`kyso trust` with trusted lists, in both languages and as JSON; what verify and audit make of the store."""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

import kyso
from kyso_pki.testing import World
from tests.pki.ades.inputs import PDF
from tests.pki.trust.lists import Made, State, sign
from tests.pki.trust.loopback import loopback_certificate

from .conftest import Province, run_kyso

NOW = datetime.now(UTC).replace(microsecond=0)
DAY = timedelta(days=1)
WORLD = World.create(at=NOW)
OPERATOR = WORLD.seal_signer
LIST = Made(
    (
        (State(certificates=(WORLD.issuing,), start=NOW - 300 * DAY),),
        (State(certificates=(WORLD.root,), start=NOW - 300 * DAY, service_type="EDS/Q"),),
        (State("urn:mau:moi", certificates=(WORLD.tsa,), service_type="TSA/QTST"),),
    ),
    sequence=7,
    issued=NOW - DAY,
    next_update=NOW + 90 * DAY,
)


@pytest.fixture
def desk(tmp_path: Path, environ: dict[str, str]) -> Province:
    (tmp_path / "to-chuc.crt").write_text(OPERATOR.certificate.pem(), "ascii")
    (tmp_path / "van-ban.pdf").write_bytes(kyso.sign(PDF, WORLD.person_signer))
    (tmp_path / "thu-hoi.crl").write_bytes(WORLD.crl(NOW))
    put(tmp_path / "tl.xml", LIST)
    return Province(tmp_path, environ | {"KYSO_TRUST_STORE": str(tmp_path / "kho")})


def put(path: Path, made: Made) -> None:
    path.write_bytes(sign(made.xml(), OPERATOR))


def test_a_trusted_list_is_imported_and_signatures_are_verified_by_it(desk: Province) -> None:
    before = desk.kyso("verify", "van-ban.pdf", "--evidence", "thu-hoi.crl")
    assert before.returncode == 3
    assert "no trust anchors loaded" in before.stdout
    done = desk.kyso("trust", "import", "tl.xml", "--signed-by", "to-chuc.crt", "--yes")
    assert done.returncode == 0, done.stderr
    assert "Trusted list tl-vn #7, ends on" in done.stdout
    assert "+ CA cấp phát tỉnh Mẫu: signing from" in done.stdout
    assert "left out: Nhà cung cấp Mẫu: Dịch vụ Mẫu" in done.stdout
    assert "the status urn:mau:moi is not known" in done.stdout
    after = desk.kyso("verify", "van-ban.pdf", "--evidence", "thu-hoi.crl")
    assert after.returncode == 0, after.stdout
    assert "trusted by list tl-vn #7, from" in after.stdout
    audited = desk.kyso("audit", "van-ban.pdf", "--evidence", "thu-hoi.crl", "--out", "a.jsonl")
    assert audited.returncode == 0, audited.stdout + audited.stderr
    line = json.loads((desk.folder / "a.jsonl").read_text("utf-8"))
    assert "list tl-vn #7" in json.dumps(line, ensure_ascii=False)


def test_the_json_of_the_commands_is_as_published(desk: Province) -> None:
    taken = desk.kyso("trust", "import", "tl.xml", "--signed-by", "to-chuc.crt", "--yes", "--json")
    offer = json.loads(taken.stdout)
    assert set(offer) == {"source", "before", "changes"}
    [change] = offer["changes"]
    assert set(change) == {"kind", "name", "fingerprint", "key", "before", "after"}
    listed = json.loads(desk.kyso("trust", "list", "--json").stdout)
    assert set(listed) == {"store", "sources", "anchors"}
    [source] = listed["sources"]
    assert set(source) == {
        *("name", "kind", "sequence", "sha256", "issued", "expires", "state"),
        *("signers", "update", "by", "anchors", "left_out"),
    }
    assert (source["name"], source["state"], source["anchors"]) == ("tl-vn", "current", 1)
    [anchor] = listed["anchors"]
    assert set(anchor) == {
        *("subject", "fingerprint", "key", "purposes", "trusted", "source", "note", "ended"),
    }
    assert anchor["key"] == WORLD.issuing.spki_sha256


def test_nothing_is_taken_without_an_answer(desk: Province) -> None:
    refused = desk.kyso("trust", "import", "tl.xml", "--signed-by", "to-chuc.crt", "--json")
    assert refused.returncode == 2
    answer = json.loads(refused.stdout)
    assert answer["error"]["code"] == "cli.trust_unconfirmed"
    assert answer["source"]["name"] == "tl-vn"
    assert [c["kind"] for c in answer["changes"]] == ["added"]
    assert json.loads(desk.kyso("trust", "list", "--json").stdout)["sources"] == []


@pytest.mark.parametrize(
    ("other", "code", "exit_code"),
    [
        ({"sequence": 6}, "trust.rollback", 1),
        ({"sequence": 8, "next_update": NOW - DAY / 2}, "trust.expired", 3),
        ({"sequence": 8, "next_update": None}, "trust.expired", 3),
        ({"sequence": 8, "version": 9}, "format", 1),
    ],
)
def test_an_old_or_ended_list_is_refused_by_its_reason(
    desk: Province, other: dict[str, object], code: str, exit_code: int
) -> None:
    assert desk.kyso("trust", "import", "tl.xml", "--signed-by", "to-chuc.crt", "--yes").returncode == 0
    put(desk.folder / "cu.xml", replace(LIST, **other))  # type: ignore[arg-type]  # fields by name
    refused = desk.kyso("trust", "import", "cu.xml", "--yes", "--json")
    assert refused.returncode == exit_code
    assert json.loads(refused.stdout)["error"]["code"] == code


def test_a_withdrawal_is_said_before_it_is_taken_and_counts_from_its_time_on(desk: Province) -> None:
    assert desk.kyso("trust", "import", "tl.xml", "--signed-by", "to-chuc.crt", "--yes").returncode == 0
    ski = WORLD.issuing.subject_key_identifier or b""
    states = (
        State("withdrawn", NOW - DAY, certificates=(WORLD.issuing,)),
        State(start=NOW - 300 * DAY, key_identifiers=(ski,)),
    )
    put(desk.folder / "moi.xml", replace(LIST, services=(states,), sequence=8))
    said = desk.kyso("trust", "diff", "moi.xml", "--lang", "vi")
    assert said.returncode == 1
    assert "Danh sách tin cậy tl-vn số 8" in said.stdout
    assert "~ CA cấp phát tỉnh Mẫu: ký từ" in said.stdout
    assert desk.kyso("trust", "import", "moi.xml", "--yes").returncode == 0
    found = desk.kyso("verify", "van-ban.pdf", "--evidence", "thu-hoi.crl", "--lang", "vi")
    assert found.returncode == 3
    assert "CA cấp phát tỉnh Mẫu không được tin cậy vào lúc" in found.stdout
    assert "danh sách tl-vn số 8" in found.stdout


def test_anchors_that_are_named_win_over_the_store_and_can_stand_beside_it(desk: Province) -> None:
    assert desk.kyso("trust", "import", "tl.xml", "--signed-by", "to-chuc.crt", "--yes").returncode == 0
    arguments = ("verify", "van-ban.pdf", "--evidence", "thu-hoi.crl", "--trust", "to-chuc.crt")
    assert desk.kyso(*arguments).returncode == 3
    assert desk.kyso(*arguments, "--trust", "@store").returncode == 0
    assert desk.kyso(*arguments[:-2], KYSO_TRUST="to-chuc.crt").returncode == 3


def test_the_store_that_kyso_toml_names_is_used_in_the_place_of_ones_own(desk: Province) -> None:
    assert desk.kyso("trust", "import", "tl.xml", "--signed-by", "to-chuc.crt", "--yes").returncode == 0
    (desk.folder / "kho").rename(desk.folder / "kho-chung")
    assert "no trust anchors loaded" in desk.kyso("verify", "van-ban.pdf").stdout
    (desk.folder / "kyso.toml").write_text('[trust]\nstore = "kho-chung"\n', "utf-8")
    assert desk.kyso("verify", "van-ban.pdf", "--evidence", "thu-hoi.crl").returncode == 0
    (desk.folder / "kho-chung" / "trust.json").unlink()
    gone = desk.kyso("verify", "van-ban.pdf")
    assert (gone.returncode, "trust.json" in gone.stderr) == (2, True)


def test_a_store_that_is_damaged_is_told_and_not_taken_for_an_empty_one(desk: Province) -> None:
    (desk.folder / "kho").mkdir()
    (desk.folder / "kho" / "trust.json").write_text("{", "utf-8")
    for command in (("trust", "list"), ("verify", "van-ban.pdf")):
        done = desk.kyso(*command, KYSO_LANG="vi")
        assert done.returncode == 2
        assert "Không dùng được kho tin cậy" in done.stderr


def test_the_commands_speak_vietnamese(desk: Province, environ: dict[str, str]) -> None:
    done = run_kyso(environ | {"KYSO_LANG": "vi"}, "trust", "import", "tl.xml", cwd=desk.folder)
    assert done.returncode == 1
    assert "Gói hoặc danh sách tin cậy do khóa khác ký." in done.stderr
    assert "mà chưa có khóa nào được chấp nhận" in done.stderr
    assert "--signed-by" in done.stderr


# The wire -----------------------------------------------------------------------------------------------


class Handler(BaseHTTPRequestHandler):
    content = b""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(self.content)))
        self.end_headers()
        self.wfile.write(self.content)

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""


@pytest.fixture
def publisher(tmp_path: Path) -> Iterator[int]:
    """An https server on loopback that gives what `Handler.content` is; its certificate is in tls.crt."""
    certificate, key = loopback_certificate()
    (tmp_path / "tls.crt").write_bytes(certificate)
    (tmp_path / "tls.key").write_bytes(key)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "tls.crt", tmp_path / "tls.key")
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_port
    server.shutdown()
    server.server_close()


def test_an_update_is_fetched_said_and_taken_once(desk: Province, publisher: int) -> None:
    address = f"https://127.0.0.1:{publisher}/tl.xml"
    arguments = ("trust", "import", "tl.xml", "--signed-by", "to-chuc.crt", "--update-from", address, "--yes")
    assert desk.kyso(*arguments).returncode == 0
    Handler.content = sign(replace(LIST, services=LIST.services[1:], sequence=8).xml(), OPERATOR)
    asked = ("trust", "update", "--tls-ca", "tls.crt", "--allow-host", f"127.0.0.1:{publisher}")
    guarded = desk.kyso("trust", "update", "--tls-ca", "tls.crt", "--yes")
    assert guarded.returncode == 5
    assert "not a public address" in guarded.stderr
    stranger = desk.kyso("trust", "update", "--allow-host", f"127.0.0.1:{publisher}", "--yes")
    assert stranger.returncode == 5  # its certificate is by no public CA
    refused = desk.kyso(*asked)
    assert refused.returncode == 2
    assert "- CA cấp phát tỉnh Mẫu: no longer trusted" in refused.stdout
    unasked = desk.kyso(*asked, "--json")
    assert unasked.returncode == 2
    answer = json.loads(unasked.stdout)
    assert answer["error"]["code"] == "cli.trust_unconfirmed"
    [update] = answer["updates"]
    assert [c["kind"] for c in update["offer"]["changes"]] == ["removed"]
    assert "#7" in desk.kyso("trust", "list").stdout
    taken = desk.kyso(*asked, "--yes")
    assert taken.returncode == 0, taken.stderr
    assert "Trusted list tl-vn #8" in desk.kyso("trust", "list").stdout
    again = desk.kyso(*asked)
    assert again.returncode == 0
    assert "tl-vn: nothing newer." in again.stdout
    Handler.content = sign(replace(LIST, sequence=7).xml(), OPERATOR)
    rolled_back = desk.kyso(*asked, "--yes", "--json")
    assert rolled_back.returncode == 1
    [update] = json.loads(rolled_back.stdout)["updates"]
    assert update["error"]["code"] == "trust.rollback"
    assert "Trusted list tl-vn #8" in desk.kyso("trust", "list").stdout


def test_nothing_says_where_newer_ones_are(desk: Province) -> None:
    assert desk.kyso("trust", "import", "tl.xml", "--signed-by", "to-chuc.crt", "--yes").returncode == 0
    done = desk.kyso("trust", "update")
    assert done.returncode == 2
    assert "says where newer ones are published" in done.stderr
    wrong = desk.kyso("trust", "import", "tl.xml", "--update-from", "http://mau.example/tl.xml", "--yes")
    assert wrong.returncode == 2
    assert "is no https address" in wrong.stderr
