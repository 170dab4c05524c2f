"""What is remembered of refused PINs, across restarts and processes: C_Login is counted by pkcs11-spy."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from kyso_hsm.module import TokenInfo
from kyso_hsm.opening import Module, open_signer
from kyso_hsm.pin import FromText, SecretRequest
from kyso_hsm.pins import Guesses, PinMemory, state_folder
from kyso_hsm.pool import Pool
from kyso_pki.errors import KysoError, PinLocked, PinRefused, TokenTimeout, UsageError

from .softhsm import COUNT_LOW, EC, FINAL_TRY, LABEL, PIN, WRONG_PIN, SoftHsm
from .standins import making

RUN = """
import json, sys
from kyso_hsm.opening import Module, open_key
from kyso_hsm.pin import FromText
from kyso_pki.errors import KysoError
path, env, uri, pin = sys.argv[1:]
try:
    with open_key(uri, secret=FromText(pin), modules=[Module(path, json.loads(env))]) as key:
        key.sign([bytes(32)])
except KysoError as e:
    print(e.code)
    print(e, file=sys.stderr)
else:
    print("signed")
"""


class Typed:
    """A person at a prompt."""

    interactive = True

    def __init__(self, pin: str) -> None:
        self.pin = pin

    def __call__(self, request: SecretRequest) -> str:
        return self.pin


def logins(log: Path) -> int:
    return log.read_text(errors="replace", encoding="utf-8").count(": C_Login\n") if log.exists() else 0


def arguments(module: Module, uri: str, pin: str) -> list[str]:
    return [sys.executable, "-c", RUN, module.path, json.dumps(dict(module.env)), uri, pin]


def started(module: Module, uri: str, pin: str) -> str:
    """One run of a program that opens a key by itself, in a process of its own."""
    done = subprocess.run(arguments(module, uri, pin), capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def at_once(hsm: SoftHsm, log: Path, pin: str) -> list[str]:
    """What three such programs say that run at the same time."""
    command = arguments(hsm.spied(log), f"{hsm.uri};object={EC}", pin)
    runs = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    return [process.communicate(timeout=60)[0].strip() for process in runs]


def open_once(hsm: SoftHsm, secret: object, module: Module | None = None) -> None:
    """As a program started anew would: a pool that remembers nothing but what is on disk."""
    pool = Pool()
    assert callable(secret)
    try:
        open_signer(f"{hsm.uri};object={EC}", secret=secret, modules=[module or hsm.module], pool=pool).close()
    finally:
        pool.close()


def test_no_restart_tries_a_refused_pin_again(own_hsm: SoftHsm, tmp_path: Path) -> None:
    """The token shows no flags here, as some do: only the record on disk stands between kyso and the lock."""
    log = tmp_path / "calls"
    for _ in range(4):
        assert started(own_hsm.spied(log), f"{own_hsm.uri};object={EC}", WRONG_PIN) == "key.pin_refused"
        own_hsm.set_flags(0)
    assert logins(log) == 1


def test_no_series_of_pins_locks_a_token_without_flags(own_hsm: SoftHsm, tmp_path: Path) -> None:
    log = tmp_path / "calls"
    for number in range(6):
        with pytest.raises(PinRefused):
            open_once(own_hsm, FromText(f"sai-{number}"), own_hsm.spied(log))
        own_hsm.set_flags(0)
    assert logins(log) == 2  # tokens of this field lock at the third
    open_once(own_hsm, Typed(PIN), own_hsm.spied(log))
    open_once(own_hsm, FromText(PIN), own_hsm.spied(log))
    assert logins(log) == 4


@pytest.mark.parametrize("flags", [COUNT_LOW, COUNT_LOW | FINAL_TRY])
def test_no_program_logs_in_by_itself_after_a_wrong_pin(own_hsm: SoftHsm, tmp_path: Path, flags: int) -> None:
    log = tmp_path / "calls"
    own_hsm.set_flags(flags)
    with pytest.raises(PinRefused, match="not tried"):
        open_once(own_hsm, FromText(PIN), own_hsm.spied(log))
    assert logins(log) == 0


def test_two_programs_at_once_with_one_wrong_pin_make_one_try(own_hsm: SoftHsm, tmp_path: Path) -> None:
    log = tmp_path / "calls"
    assert at_once(own_hsm, log, WRONG_PIN) == ["key.pin_refused"] * 3
    assert logins(log) == 1


def test_two_programs_at_once_with_the_right_pin_both_sign(own_hsm: SoftHsm, tmp_path: Path) -> None:
    assert at_once(own_hsm, tmp_path / "calls", PIN) == ["signed"] * 3


def test_a_program_killed_in_the_middle_of_a_login_does_not_try_again(own_hsm: SoftHsm, tmp_path: Path) -> None:
    """The library's log is a pipe that nobody reads: C_Login never ends, and then the program is killed."""
    import os

    log = tmp_path / "calls"
    os.mkfifo(log)
    reader = os.open(log, os.O_RDONLY | os.O_NONBLOCK)
    process = subprocess.Popen(
        arguments(own_hsm.spied(log), f"{own_hsm.uri};object={EC}", WRONG_PIN), stdout=subprocess.DEVNULL
    )
    end = time.monotonic() + 10
    while not list(state_folder().glob("pins/*.json")):  # drained until the try is written down
        with_data = os.read(reader, 65536) if _readable(reader) else b""
        assert time.monotonic() < end or with_data
    process.kill()
    process.wait()
    os.close(reader)
    after = tmp_path / "after"
    assert started(own_hsm.spied(after), f"{own_hsm.uri};object={EC}", WRONG_PIN) == "key.pin_refused"
    assert logins(after) == 0


def _readable(fd: int) -> bool:
    import select

    return bool(select.select([fd], [], [], 0.01)[0])


def test_a_person_may_type_what_an_earlier_run_saw_refused(own_hsm: SoftHsm) -> None:
    """The PIN may have been set anew since; the right one is then forgotten."""
    from .softhsm import program

    new = "pin-moi-55"
    with pytest.raises(PinRefused):
        open_once(own_hsm, FromText(new))
    own_hsm.set_flags(0)
    program(
        "pkcs11-tool", "--module", own_hsm.module.path, "--token-label", "kyso tỉnh Mẫu", "--login", "--pin", PIN,
        "--change-pin", "--new-pin", new, env=own_hsm.env(),
    )  # fmt: skip
    with pytest.raises(PinRefused, match="no second try"):
        open_once(own_hsm, FromText(new))
    open_once(own_hsm, Typed(new))
    open_once(own_hsm, FromText(new))


def test_no_restart_locks_a_token_that_locks_by_the_book(tmp_path: Path) -> None:
    """openCryptoki, which locks for good at the third wrong PIN, against a service that is started ever again."""
    with making.ock() as ock:
        module, uri = ock.token.module, f"pkcs11:token={ock.token.token};object=rsa"
        for number in range(8):
            pin = "9999" if number % 2 else f"90{number:02d}"
            assert started(module, uri, pin) == "key.pin_refused"
        assert "final user PIN try" not in ock.system.flags and "user PIN locked" not in ock.system.flags


def test_the_record_holds_no_pin_and_is_the_users_own(own_hsm: SoftHsm) -> None:
    with pytest.raises(PinRefused):
        open_once(own_hsm, FromText(WRONG_PIN))
    (path,) = state_folder().glob("pins/*.json")
    assert WRONG_PIN not in path.read_text(encoding="utf-8")
    assert path.stat().st_mode & 0o077 == 0
    assert path.parent.stat().st_mode & 0o077 == 0


def test_a_right_pin_leaves_no_record(own_hsm: SoftHsm) -> None:
    open_once(own_hsm, FromText(PIN))
    assert not list(state_folder().glob("pins/*.json"))


def test_without_a_place_for_the_record_no_pin_is_tried(
    own_hsm: SoftHsm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log, blocked = tmp_path / "calls", tmp_path / "file"
    blocked.write_text("no folder", encoding="utf-8")
    monkeypatch.setenv("KYSO_STATE", str(blocked))
    with pytest.raises(UsageError, match="No record") as e:
        open_once(own_hsm, FromText(PIN), own_hsm.spied(log))
    assert "KYSO_STATE" in str(e.value)
    assert logins(log) == 0


def test_a_record_that_cannot_be_understood_is_not_taken_for_an_empty_one(own_hsm: SoftHsm, tmp_path: Path) -> None:
    log = tmp_path / "calls"
    with pytest.raises(PinRefused):
        open_once(own_hsm, FromText(WRONG_PIN))
    (path,) = state_folder().glob("pins/*.json")
    for broken in ("{", '{"salt": "zz", "pins": []}', "[]"):
        path.write_text(broken, encoding="utf-8")
        own_hsm.set_flags(0)
        with pytest.raises(UsageError, match="cannot be read"):
            open_once(own_hsm, FromText(WRONG_PIN), own_hsm.spied(log))
    assert logins(log) == 0


def test_after_a_changed_pin_the_record_can_be_forgotten(own_hsm: SoftHsm) -> None:
    with pytest.raises(PinRefused):
        open_once(own_hsm, FromText(WRONG_PIN))
    pool = Pool()
    info = pool.host_of(own_hsm.uri, [own_hsm.module]).info
    pool.close()
    PinMemory().forget(info)
    assert not list(state_folder().glob("pins/*.json"))


def test_guesses_are_counted_across_restarts_and_end_with_a_right_pin() -> None:
    at = datetime(2026, 11, 23, tzinfo=UTC)

    def guess(when: datetime, right: bool) -> None:
        with Guesses().one_try("pkcs11:token=mau", when):
            if not right:
                raise PinRefused("wrong")

    for _ in range(2):
        with pytest.raises(PinRefused):
            guess(at, False)
    guess(at, True)
    for _ in range(3):
        with pytest.raises(PinRefused):
            guess(at, False)
    with pytest.raises(PinLocked):
        guess(at + timedelta(minutes=14), True)
    guess(at + timedelta(minutes=15), True)


def test_many_guesses_at_the_same_moment_are_no_way_round_the_limit() -> None:
    guesses, at, tried = Guesses(), datetime(2026, 11, 23, tzinfo=UTC), []

    def guess() -> None:
        try:
            with guesses.one_try("pkcs11:token=mau", at):
                tried.append(1)
                raise PinRefused("wrong")
        except (PinRefused, PinLocked):
            return

    threads = [threading.Thread(target=guess) for _ in range(8)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert len(tried) == 3


def test_a_token_that_dies_during_the_login_is_not_asked_by_the_next_run(own_hsm: SoftHsm, impatient: Pool) -> None:
    import os
    import signal

    host = impatient.host_of(own_hsm.uri, [own_hsm.module])

    def stopping(request: SecretRequest) -> str:
        assert host.pid
        os.kill(host.pid, signal.SIGSTOP)
        return PIN

    with pytest.raises(TokenTimeout):
        open_signer(f"{own_hsm.uri};object={EC}", secret=stopping, modules=[own_hsm.module], pool=impatient)
    with pytest.raises(PinRefused, match="fate is unknown"):
        open_once(own_hsm, FromText(PIN))
    open_once(own_hsm, Typed(PIN))


def test_an_answer_that_may_mean_anything_is_forgiven_once_to_a_pin_that_was_right() -> None:
    """CKR_GENERAL_ERROR from C_Login: a wrong PIN on some tokens, a token that is just gone on others."""
    memory, token = PinMemory(), TokenInfo(LABEL, "01", "", "", 0)

    def outcome(how: str) -> str:
        try:
            with memory.attempt(token, PIN, automatic=True, typed=False, limit_s=1.0) as attempt:
                attempt.begin()
                attempt.right() if how == "right" else attempt.unknown()
        except PinRefused:
            return "not tried"
        return "tried"

    assert [outcome(how) for how in ("right", "unsure", "right", "unsure", "unsure", "right")] == [
        *["tried"] * 5,
        "not tried",
    ]


def test_a_worker_that_may_not_log_in_again_leaves_the_work_to_the_other(own_hsm: SoftHsm, pool: Pool) -> None:
    """Somebody's wrong PIN is on the token's count, so no program logs in; the worker that is in stays in."""
    import dataclasses
    import os
    import signal

    modules = [dataclasses.replace(own_hsm.module, workers=2)]
    with open_signer(f"{own_hsm.uri};object={EC}", secret=FromText(PIN), modules=modules, pool=pool) as signer:
        host = pool.host_of(own_hsm.uri, modules)
        own_hsm.set_flags(COUNT_LOW)
        os.kill(host.pids[0], signal.SIGKILL)
        time.sleep(0.1)
        for _ in range(20):
            assert len(signer.sign([bytes(32)] * 2)) == 2
        os.kill(host.pids[-1], signal.SIGKILL)
        time.sleep(0.1)
        with pytest.raises(PinRefused, match="not tried"):  # now nobody is in
            for _ in range(2):
                signer.sign([bytes(32)])
        assert host.status().events["logins"] == 1  # that of the first worker; the second followed it in
    own_hsm.set_flags(0)
    with open_signer(f"{own_hsm.uri};object={EC}", secret=FromText(PIN), modules=modules, pool=pool) as signer:
        assert len(signer.sign([bytes(32)])) == 1


def test_workers_that_lost_their_sessions_together_try_a_changed_pin_once(own_hsm: SoftHsm, tmp_path: Path) -> None:
    """The PIN was changed elsewhere and the token shows no flags: three workers, and the next start, make one try."""
    import dataclasses

    from .softhsm import program

    log = tmp_path / "calls"
    modules = [dataclasses.replace(own_hsm.spied(log), workers=3)]
    pool = Pool()
    with open_signer(f"{own_hsm.uri};object={EC}", secret=FromText(PIN), modules=modules, pool=pool) as signer:
        before = logins(log)
        assert before == 3  # the second and third with a PIN that was just right
        program(
            "pkcs11-tool", "--module", own_hsm.module.path, "--token-label", "kyso tỉnh Mẫu", "--login", "--pin", PIN,
            "--change-pin", "--new-pin", "pin-moi-77", env=own_hsm.env(),
        )  # fmt: skip
        own_hsm.set_flags(0)
        session_lost(own_hsm)
        errors: list[KysoError] = []
        for _ in range(9):
            try:
                signer.sign([bytes(32)])
            except KysoError as e:
                errors.append(e)
            own_hsm.set_flags(0)
        assert len(errors) == 9 and any(isinstance(e, PinRefused) for e in errors)
        assert logins(log) - before == 1
    pool.close()
    with pytest.raises(PinRefused, match="no second try"):
        open_once(own_hsm, FromText(PIN), own_hsm.spied(log))
    assert logins(log) - before == 1


def test_a_worker_does_not_log_in_unasked_after_a_lost_session(own_hsm: SoftHsm, tmp_path: Path, pool: Pool) -> None:
    """It says so, and its host lets it use the PIN that it holds: one worker at a time, and none after a refusal."""
    from kyso_hsm import wire

    log = tmp_path / "calls"
    worker, (info,) = pool.scout(own_hsm.spied(log))
    objects = pool.read(worker, info)
    ec = next(k for k in objects.public if k.label == EC)
    request = wire.Sign(wire.SignWith(wire.KeyAddress(EC, ec.id), "ecdsa", "sha256"), (bytes(32),))

    def sign() -> wire.Reply:
        replies: list[wire.Reply] = []
        worker.exchange(request, 10.0, replies.append)
        return replies[-1]

    assert isinstance(worker.call(wire.Login(PIN, True), 10.0), wire.TokenState)
    assert isinstance(sign(), wire.Signatures)
    session_lost(own_hsm)
    assert sign() == wire.Refusal("not-logged-in")
    assert logins(log) == 1
    assert isinstance(worker.call(wire.LoginAgain(), 10.0), wire.TokenState)
    assert logins(log) == 2
    worker.close()


def session_lost(hsm: SoftHsm) -> None:
    """Handles die when the objects are stored under other names: to SoftHSM they are other objects."""
    for path in hsm.tokens.glob("*/*.object"):
        if path.name != "token.object":
            path.rename(path.with_name(("e" if path.name[0] == "f" else "f") + path.name[1:]))
