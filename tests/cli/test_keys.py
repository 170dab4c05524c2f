"""`kyso keys` over tokens of its own: the JSON that is published, what a person types, what is never done."""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import time
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.hsm.softhsm import COUNT_LOW, EC, FINAL_TRY, LABEL, LOCKED, PIN, RSA, SO_PIN, SoftHsm, empty, library

from .conftest import DOCUMENTS, run_kyso

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="SoftHSM2 and its programs are not there on Windows")
NEW_PIN = "mới-2468"
KEY = f"pkcs11:token={LABEL};object={RSA}"


@dataclass(frozen=True)
class Desk:
    """A folder with a token in it, its PIN in a file, and a kyso.toml that names its library."""

    hsm: SoftHsm
    folder: Path
    environ: dict[str, str]

    def kyso(self, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
        return run_kyso(self.environ | more, *arguments, cwd=self.folder)

    def json(self, *arguments: str) -> Any:
        done = self.kyso(*arguments, "--json")
        assert done.returncode == 0, done.stdout + done.stderr
        return json.loads(done.stdout)


@pytest.fixture
def own(tmp_path: Path, environ: dict[str, str]) -> Desk:
    """A token with an RSA and a P-256 key, made with the programs of others."""
    hsm = empty(tmp_path / "hsm")
    hsm.init(LABEL)
    for label, key_id, kind in ((RSA, "01", "rsa:2048"), (EC, "02", "EC:prime256v1")):
        hsm.tool_in("--keypairgen", "--key-type", kind, "--id", key_id, "--label", label, "--usage-sign")
    return desk_of(hsm, tmp_path, environ)


def desk_of(hsm: SoftHsm, folder: Path, environ: Mapping[str, str]) -> Desk:
    env = f'env = {{ SOFTHSM2_CONF = "{hsm.conf}" }}'
    (folder / "kyso.toml").write_text(f'[[modules]]\npath = "{library()}"\n{env}\n', "utf-8")
    for name, text in (("pin", PIN), ("so", SO_PIN), ("new", NEW_PIN)):
        (folder / name).write_text(text + "\n", "utf-8")
        (folder / name).chmod(0o600)
    return Desk(hsm, folder, {**environ, "KYSO_STATE": str(folder / "state")})


def at_a_terminal(desk: Desk, typed: Sequence[tuple[str, str]], *arguments: str) -> tuple[int, str]:
    """Runs `kyso` at a terminal of its own and types each answer when its question is seen."""
    pty = pytest.importorskip("pty", reason="Windows has no terminal that a test could type at")
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        ["setsid", "-c", "kyso", *arguments],
        cwd=desk.folder,
        env=desk.environ | {"TERM": "dumb"},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    seen, left, at = b"", list(typed), 0
    until = time.monotonic() + 30
    while time.monotonic() < until:
        if select.select([ours], [], [], 0.2)[0]:
            try:
                part = os.read(ours, 4096)
            except OSError:  # Linux: the other end is closed
                break
            if not part:
                break
            seen += part
        if left and left[0][0].encode() in seen[at:] and seen.rstrip(b" ").endswith(b":"):
            at = len(seen)
            os.write(ours, left.pop(0)[1].encode() + b"\n")
    os.close(ours)
    code = process.wait(timeout=30)
    assert not left, f"never asked: {left[0][0]}\n{seen.decode()}"
    return code, seen.decode()


# JSON ---------------------------------------------------------------------------------------------------------


def test_the_list_names_keys_and_broken_modules(own: Desk) -> None:
    done = own.kyso("keys", "list", "--module", "/khong/co.so", "--json")
    assert done.returncode == 0
    answer = json.loads(done.stdout)
    key = next(k for k in answer if k["label"] == RSA)
    assert set(key) == {"uri", "label", "algorithm", "token", "state", "certificate"}
    assert (key["algorithm"], key["state"], key["certificate"]) == ("RSA-2048", "ready", None)
    assert "The PKCS#11 module /khong/co.so cannot be loaded: there is no such file." in done.stderr


def test_columns_stand_under_each_other_when_a_name_is_written_apart_from_its_marks(own: Desk) -> None:
    """macOS, and who copies a name from there, writes NFD: six code points for a letter that takes one column."""
    apart = unicodedata.normalize("NFD", "Nguyễn Thị Mẫu")
    own.hsm.tool_in("--keypairgen", "--key-type", "EC:prime256v1", "--id", "03", "--label", apart, "--usage-sign")
    head, *rows = [line for line in own.kyso("keys", "list").stdout.splitlines() if not line.startswith(" ")]
    column = head.index("Algorithm")
    [named] = [row for row in rows if row.startswith(apart)]
    drawn = unicodedata.normalize("NFC", named)
    assert drawn[:column].rstrip() == "Nguyễn Thị Mẫu"
    assert drawn[column:].startswith("P-256")


def test_info_tells_flags_mechanisms_and_attributes(own: Desk) -> None:
    answer = own.json("keys", "info", KEY, "--pin-file", "pin")
    token, (key,) = answer["token"], answer["keys"]
    assert (token["label"], token["state"], token["module"]) == (LABEL, "ready", library())
    assert token["pin_length"] == {"min": 4, "max": 255}
    assert "ECDSA" in token["algorithms"] and "ed25519" in token["kinds"]
    assert {"CKM_RSA_PKCS", "CKM_ECDSA"} <= {m["name"] for m in token["mechanisms"]}
    assert (key["label"], key["id"], key["belongs"]) == (RSA, "01", None)
    attributes = key["attributes"]
    assert (attributes["sensitive"], attributes["extractable"], attributes["sign"]) == (True, False, True)
    assert key["sign_only"] is False and "decrypt" in attributes["other_uses"], "as SoftHSM's defaults have it"
    assert own.json("keys", "info", KEY)["keys"][0]["attributes"] is None


def test_a_key_from_nothing_to_its_end_in_json(own: Desk) -> None:
    made = own.json("keys", "generate", "--token", LABEL, "--label", "moi", "--kind", "p384", "--pin-file", "pin")
    assert (made["algorithm"], made["label"]) == ("P-384", "moi")
    uri = made["uri"]
    request = own.json("keys", "csr", uri, "--subject", "CN=Nguyễn Văn Mẫu", "--pin-file", "pin")
    assert request["scheme"] == "ecdsa-sha384" and request["file"] is None
    judged = subprocess.run(
        ["openssl", "req", "-verify", "-noout"],
        input=request["pem"],
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    assert "verify OK" in judged.stdout + judged.stderr
    trial = own.json("keys", "test", uri, "--pin-file", "pin")
    assert (trial["verified"], trial["scheme"], trial["state"]) == (True, "ecdsa-sha384", "ready")
    assert trial["sign_ms"] > 0
    gone = own.json("keys", "delete", uri, "--yes", "--pin-file", "pin")
    assert gone == {"token": LABEL, "label": "moi", "key": True, "certificates": []}
    done = own.kyso("keys", "test", uri, "--pin-file", "pin", "--json")
    assert done.returncode == 4
    assert json.loads(done.stdout)["error"]["code"] == "key.not_found"


def test_a_new_token_in_json(tmp_path: Path, environ: dict[str, str]) -> None:
    fresh = desk_of(empty(tmp_path / "hsm"), tmp_path, environ)
    pins = ("--so-pin-file", "so", "--pin-file", "pin")
    made = fresh.json("keys", "init-token", "--module", library(), "--label", LABEL, *pins)
    assert (made["label"], made["state"]) == (LABEL, "ready")
    fresh.hsm.tool_in("--list-objects")
    assert LABEL in fresh.kyso("keys", "list").stdout


def test_a_request_goes_to_standard_output_when_no_file_is_named(own: Desk) -> None:
    done = own.kyso("keys", "csr", KEY, "--subject", "CN=Mẫu,O=UBND tỉnh Mẫu", "--pin-file", "pin")
    assert done.stdout.startswith("-----BEGIN CERTIFICATE REQUEST-----\n")
    assert done.stdout.endswith("-----END CERTIFICATE REQUEST-----\n")


# At a terminal ------------------------------------------------------------------------------------------------


def test_a_new_pin_is_typed_twice_and_not_shown(own: Desk) -> None:
    typed = [("PIN of token", PIN), ("New PIN", NEW_PIN), ("Once more", NEW_PIN)]
    code, seen = at_a_terminal(own, typed, "keys", "change-pin", "--token", LABEL)
    assert code == 0, seen
    assert PIN not in seen and NEW_PIN not in seen
    own.hsm.tool("--login", "--pin", NEW_PIN, "--list-objects")


def test_two_new_pins_that_differ_change_nothing(own: Desk) -> None:
    typed = [("Mã PIN của", PIN), ("Mã PIN mới", NEW_PIN), ("Gõ lại", NEW_PIN + "x")]
    code, seen = at_a_terminal(own, typed, "keys", "change-pin", "--token", LABEL, "--lang", "vi")
    assert code == 2, seen
    assert "Hai lần gõ mã PIN mới khác nhau" in seen
    own.hsm.tool_in("--list-objects")


def test_both_pins_of_a_new_token_are_typed_twice(tmp_path: Path, environ: dict[str, str]) -> None:
    fresh = desk_of(empty(tmp_path / "hsm"), tmp_path, environ)
    typed = [("New security officer PIN", SO_PIN), ("Once", SO_PIN), ("New PIN", PIN), ("Once", PIN)]
    code, seen = at_a_terminal(fresh, typed, "keys", "init-token", "--module", library(), "--label", LABEL)
    assert code == 0, seen
    fresh.hsm.tool_in("--list-objects")


@pytest.mark.parametrize(("answer", "code"), [(EC, 0), ("con dau", 1), ("", 1)])
def test_a_key_is_deleted_when_its_name_is_typed_and_only_then(own: Desk, answer: str, code: int) -> None:
    uri = f"pkcs11:token={LABEL};object={EC}"
    seen_code, seen = at_a_terminal(own, [("PIN of", PIN), (f"Type {EC}", answer)], "keys", "delete", uri)
    assert seen_code == code, seen
    assert "cannot be brought back" in seen
    left = own.hsm.tool_in("--list-objects").decode()
    assert (EC in left) is (code == 1)
    assert RSA in left


def test_a_person_may_type_the_right_pin_after_a_wrong_one(own: Desk) -> None:
    """A program is refused then; a person is told of the wrong one and asked."""
    own.hsm.set_flags(COUNT_LOW)
    done = own.kyso("keys", "test", KEY, "--pin-file", "pin")
    assert done.returncode == 4 and "not tried" in done.stderr
    code, seen = at_a_terminal(own, [("a wrong PIN was entered before", PIN)], "keys", "test", KEY)
    assert code == 0, seen
    assert "no wrong PIN since the last right one" in seen


# What is never done -------------------------------------------------------------------------------------------


_COMMANDS = [
    ("test", KEY),
    ("info", KEY),
    ("csr", KEY, "--subject", "CN=Mẫu"),
    ("generate", "--token", LABEL, "--label", "moi", "--kind", "p256"),
    ("change-pin", "--token", LABEL, "--new-pin-file", "new"),
    ("delete", KEY, "--yes"),
]


@pytest.mark.parametrize(("flags", "words"), [(FINAL_TRY, "one try left"), (LOCKED, "is locked")])
def test_no_command_tries_a_pin_on_a_token_about_to_lock(own: Desk, flags: int, words: str) -> None:
    own.hsm.set_flags(COUNT_LOW | flags)
    for command in _COMMANDS:
        done = own.kyso("keys", *command, "--pin-file", "pin")
        assert done.returncode == 4, command
        assert words in done.stderr, command
    own.hsm.set_flags(0)
    assert own.hsm.tool_in("--list-objects").decode().count("Private Key Object") == 2


@pytest.mark.parametrize(
    ("flags", "state"), [(COUNT_LOW, "ĐÃ SAI MÃ PIN"), (FINAL_TRY, "LẦN THỬ CUỐI"), (LOCKED, "ĐÃ KHÓA")]
)
def test_the_list_shows_the_state_of_the_pin(own: Desk, flags: int, state: str) -> None:
    own.hsm.set_flags(flags)
    assert own.kyso("keys", "list", "--lang", "vi").stdout.count(state) == 2


def test_a_pin_is_never_an_argument(own: Desk) -> None:
    for command in ("info", "test", "csr", "delete", "import-cert"):
        assert own.kyso("keys", command, KEY, "--pin", PIN).returncode == 2
    for command in ("generate", "change-pin", "init-token"):
        for option in ("--pin", "--new-pin", "--so-pin"):
            assert own.kyso("keys", command, f"{option}={PIN}").returncode == 2


def test_a_file_with_two_certificates_that_could_be_meant_is_refused(own: Desk) -> None:
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "k", "-subj", "/CN=Mau"]
    leaf = subprocess.run(
        [*command, "-addext", "basicConstraints=critical,CA:FALSE"], cwd=own.folder, capture_output=True, check=True
    ).stdout
    (own.folder / "two.pem").write_bytes(leaf * 2)
    done = own.kyso("keys", "import-cert", KEY, "two.pem", "--pin-file", "pin")
    assert done.returncode == 2
    assert "holds 2 certificates" in done.stderr


def test_name_of_two_keys_signs_with_neither(own: Desk) -> None:
    own.hsm.init("khac")
    own.hsm.tool_in(
        *("--keypairgen", "--key-type", "EC:prime256v1", "--id", "07", "--label", RSA, "--usage-sign"), label="khac"
    )
    (own.folder / "a.pdf").write_bytes((DOCUMENTS / "cong-van.pdf").read_bytes())
    done = own.kyso("sign", "a.pdf", "--key", RSA, "--pin-file", "pin")
    assert done.returncode == 4
    assert f"Several keys are called {RSA}: 'pkcs11:" in done.stderr
    assert done.stderr.count("object=") == 2
    assert not (own.folder / "a.signed.pdf").exists()
