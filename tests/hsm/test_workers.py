"""Workers that are killed, hang or are flooded, and what may be seen of the secrets they hold."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from kyso_hsm.module import Module
from kyso_hsm.opening import OpenSigner, list_keys, open_key, open_signer
from kyso_hsm.pin import FromEnv, FromText, SecretSource
from kyso_hsm.pool import Limits, Pool
from kyso_hsm.worker import environment
from kyso_pki.errors import KysoError, TokenBusy, TokenTimeout, TokenUnavailable

from .softhsm import EC, ED, LABEL, PIN, RSA, SoftHsm

SECRET = FromText(PIN)


@contextmanager
def opened(
    hsm: SoftHsm, pool: Pool, label: str = EC, secret: SecretSource = SECRET
) -> Iterator[tuple[OpenSigner, int]]:
    """A signer and the process id of its worker."""
    uri = f"{hsm.uri};object={label}"
    with open_signer(uri, secret=secret, modules=[hsm.module], pool=pool) as signer:
        yield signer, worker_pid(hsm, pool)


def worker_pid(hsm: SoftHsm, pool: Pool) -> int:
    pid = pool.host_of(hsm.uri, [hsm.module]).pid
    assert pid
    return pid


def gone(pid: int) -> bool:
    """Whether the process has ended with all its threads, so that its pipes are closed."""
    try:
        return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
    except ChildProcessError:  # waited for already, or a grandchild
        try:
            return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()[0] == "Z"
        except (FileNotFoundError, ProcessLookupError):
            return True


def until(condition: object, seconds: float = 5.0) -> None:
    assert callable(condition)
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "did not happen in time"
        time.sleep(0.01)


# Faults -----------------------------------------------------------------------------------------------------


def test_a_worker_killed_between_signatures_is_replaced_unseen(hsm: SoftHsm, pool: Pool) -> None:
    with opened(hsm, pool) as (signer, pid):
        signer.sign([bytes(32)])
        for _ in range(2):
            os.kill(pid, signal.SIGKILL)
            until(lambda pid=pid: gone(pid))
            signer.sign([bytes(32)])
            assert worker_pid(hsm, pool) != pid
            pid = worker_pid(hsm, pool)


def test_a_worker_killed_in_mid_batch_is_an_error_and_service_resumes(hsm: SoftHsm, pool: Pool) -> None:
    with opened(hsm, pool, RSA) as (signer, pid):
        threading.Timer(0.1, os.kill, (pid, signal.SIGKILL)).start()
        with pytest.raises(TokenUnavailable, match="SIGKILL") as e:
            signer.sign([bytes(32)] * 256)  # some 400 ms
        assert LABEL in str(e.value) and e.value.remedy
        assert len(signer.sign([bytes(32)] * 3)) == 3


def test_a_hung_worker_ends_in_a_timeout_and_service_resumes(hsm: SoftHsm, impatient: Pool) -> None:
    with opened(hsm, impatient) as (signer, pid):
        os.kill(pid, signal.SIGSTOP)
        start = time.monotonic()
        with pytest.raises(TokenTimeout, match=LABEL):
            signer.sign([bytes(32)])
        assert time.monotonic() - start < impatient.limits.call_s + 5
        assert gone(pid)
        signer.sign([bytes(32)])


def test_a_frame_larger_than_a_pipe_does_not_outlast_the_deadline(hsm: SoftHsm, impatient: Pool) -> None:
    with open_key(f"{hsm.uri};object={ED}", secret=SECRET, modules=[hsm.module], pool=impatient) as key:
        os.kill(worker_pid(hsm, impatient), signal.SIGSTOP)
        with pytest.raises(TokenTimeout):
            key.sign([bytes(1_000_000)])
        key.sign([bytes(1_000_000)])


def test_a_stopped_worker_makes_a_bounded_queue_of_callers(hsm: SoftHsm) -> None:
    pool = Pool(Limits(call_s=4.0, queue=1))
    with opened(hsm, pool) as (signer, pid):
        os.kill(pid, signal.SIGSTOP)
        errors: list[KysoError] = []

        def attempt() -> None:
            try:
                signer.sign([bytes(32)])
            except KysoError as e:
                errors.append(e)

        threads = [threading.Thread(target=attempt) for _ in range(5)]
        start = time.monotonic()
        for t in threads:
            t.start()
        until(lambda: len(errors) == 3, 3.5)  # one is served, one waits, three are turned away at once
        assert {type(e) for e in errors} == {TokenBusy}
        for t in threads:
            t.join()
        assert time.monotonic() - start < 3 * 4.0
        assert sum(isinstance(e, TokenTimeout) for e in errors) == 1
    pool.close()


def test_two_threads_share_one_token(hsm: SoftHsm, shared_pool: Pool) -> None:
    results: dict[str, int] = {}

    def work(label: str) -> None:
        with opened(hsm, shared_pool, label) as (signer, _):
            results[label] = sum(len(signer.sign([bytes(32)])) for _ in range(40))

    threads = [threading.Thread(target=work, args=(label,)) for label in (RSA, EC)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert results == {RSA: 40, EC: 40}  # each value was verified with its own key


def test_a_module_that_crashes_while_loading_is_a_line_in_the_list(hsm: SoftHsm, tmp_path: Path, pool: Pool) -> None:
    """pkcs11-spy without a library to spy on ends its process or refuses: either way the caller lives."""
    broken = Module(hsm.spied(tmp_path / "log").path, {"PKCS11SPY": "/nowhere/none.so"})
    listing = list_keys([broken, hsm.module], pool=pool)
    assert len(listing.keys) == 3
    (problem,) = listing.problems
    assert problem.path == broken.path and broken.path in str(problem.error)


def test_a_module_that_hangs_while_loading_is_a_line_in_the_list(hsm: SoftHsm, tmp_path: Path) -> None:
    pool = Pool(Limits(start_s=5.0))  # what the other one, which works, may take on a busy machine
    pipe = tmp_path / "never-written.so"
    os.mkfifo(pipe)
    start = time.monotonic()
    listing = list_keys([Module(str(pipe)), hsm.module], pool=pool)
    assert time.monotonic() - start < 3 * 5.0  # they are asked side by side, and none twice
    assert len(listing.keys) == 3
    assert [type(p.error) for p in listing.problems] == [TokenTimeout]
    pool.close()


def test_a_library_that_prints_does_not_disturb_the_frames(hsm: SoftHsm, pool: Pool) -> None:
    noisy = hsm.spied(Path("/dev/stdout"))
    with open_key(f"{hsm.uri};object={EC}", secret=SECRET, modules=[noisy], pool=pool) as key:
        key.sign([bytes(32)] * 5)


def test_a_key_that_was_stored_anew_is_found_again(
    own_hsm: SoftHsm, tmp_path: Path, pool: Pool, caplog: pytest.LogCaptureFixture
) -> None:
    """The object's handle dies (CKR_OBJECT_HANDLE_INVALID); the worker opens its session again, once."""
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    from .softhsm import program

    private = ec.generate_private_key(ec.SECP256R1())
    file = tmp_path / "key.p8"
    file.write_bytes(private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))

    def store_key() -> None:
        arguments = ("--import", str(file), "--token", LABEL, "--label", "moved", "--id", "0d", "--pin", PIN)
        program("softhsm2-util", *arguments, env=own_hsm.env())

    store_key()
    with open_key(f"{own_hsm.uri};object=moved", secret=SECRET, modules=[own_hsm.module], pool=pool) as key:
        key.sign([bytes(32)])
        pid = worker_pid(own_hsm, pool)
        for kind in ("privkey", "pubkey"):
            own_hsm.tool_in("--delete-object", "--type", kind, "--id", "0d")
        store_key()
        key.sign([bytes(32)])
        assert worker_pid(own_hsm, pool) == pid
        assert "the session was lost and opened again" in caplog.text


def test_a_token_that_vanished_is_named_and_used_again_when_it_is_back(
    own_hsm: SoftHsm, tmp_path: Path, pool: Pool
) -> None:
    with opened(own_hsm, pool) as (signer, _):
        signer.sign([bytes(32)])
        away = tmp_path / "away"
        own_hsm.tokens.rename(away)
        own_hsm.tokens.mkdir()
        with pytest.raises(TokenUnavailable, match=LABEL):
            signer.sign([bytes(32)])
        own_hsm.tokens.rmdir()
        away.rename(own_hsm.tokens)
        time.sleep(2 * pool.limits.first_pause_s)
        signer.sign([bytes(32)])


def test_a_token_that_keeps_failing_is_not_restarted_without_pause(own_hsm: SoftHsm) -> None:
    pool = Pool(Limits(first_pause_s=3.0))
    with opened(own_hsm, pool) as (signer, pid):
        own_hsm.tokens.rename(own_hsm.folder / "away")
        own_hsm.tokens.mkdir()
        os.kill(pid, signal.SIGKILL)
        until(lambda: gone(pid))
        for _ in range(2):
            with pytest.raises(TokenUnavailable, match="not there any more"):
                signer.sign([bytes(32)])
        with pytest.raises(TokenUnavailable, match="next try in"):
            signer.sign([bytes(32)])
    pool.close()


# Life and death ---------------------------------------------------------------------------------------------

HOLD = """
import sys, time
from kyso_hsm.opening import Module, open_key
from kyso_hsm.pin import FromText
from kyso_hsm.pool import default_pool
module = Module({path!r}, {{"SOFTHSM2_CONF": {conf!r}}})
key = open_key({uri!r}, secret=FromText({pin!r}), modules=[module])
key.sign([bytes(32)])
print(default_pool().host_of({uri!r}, [module]).pid, flush=True)
"""


def script(hsm: SoftHsm, then: str) -> list[str]:
    uri = f"{hsm.uri};object={EC}"
    head = HOLD.format(path=hsm.module.path, conf=str(hsm.conf), uri=uri, pin=PIN)
    return [sys.executable, "-c", head + then]


def test_a_worker_ends_when_its_parent_is_killed(hsm: SoftHsm) -> None:
    with subprocess.Popen(script(hsm, "time.sleep(60)"), stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout
        pid = int(parent.stdout.readline())
        assert not gone(pid)
        parent.kill()
    until(lambda: gone(pid), 4.0)


def test_a_worker_ends_with_a_program_that_forgets_to_close(hsm: SoftHsm) -> None:
    done = subprocess.run(script(hsm, ""), capture_output=True, text=True, timeout=20)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    until(lambda: gone(int(done.stdout)), 2.0)


def test_a_forked_child_gets_a_worker_of_its_own(hsm: SoftHsm) -> None:
    then = """
import os
child = os.fork()
if child == 0:
    values = key.sign([bytes(32)] * 3)
    os._exit(0 if len(values) == 3 else 1)
key.sign([bytes(32)] * 50)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
    done = subprocess.run(script(hsm, then), capture_output=True, text=True, timeout=20)
    assert done.returncode == 0, done.stderr


# Secrets ----------------------------------------------------------------------------------------------------


def test_the_pin_is_neither_in_arguments_nor_in_the_environment(
    hsm: SoftHsm, pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LETTERS_OF_THE_DAY", PIN)
    monkeypatch.setenv("KYSO_PIN", PIN)
    monkeypatch.setenv("MY_TOKEN_PASSWORD", PIN)
    with opened(hsm, pool, secret=FromEnv("LETTERS_OF_THE_DAY")) as (signer, pid):
        signer.sign([bytes(32)])
        shown = Path(f"/proc/{pid}/environ").read_bytes() + Path(f"/proc/{pid}/cmdline").read_bytes()
    assert b"SOFTHSM2_CONF" in shown
    assert PIN.encode() not in shown


def test_a_modules_own_variables_are_kept() -> None:
    inherited = {
        "PATH": "/bin",
        "VENDOR_PIN": "1",
        "KYSO_TOKEN": "2",
        "OPENSC_CONF": "c",
        "SPINNER": "s",
        "HOME": "/h",
    }
    module = Module("m.so", {"VENDOR_PASSWORD_FILE": "/f", "PATH": "/usr/bin"})
    assert environment(module, inherited, frozenset({"HOME"})) == {
        "PATH": "/usr/bin",
        "OPENSC_CONF": "c",
        "SPINNER": "s",
        "VENDOR_PASSWORD_FILE": "/f",
    }


def test_a_worker_dumps_no_core(hsm: SoftHsm, pool: Pool) -> None:
    with opened(hsm, pool) as (_, pid):
        limits = Path(f"/proc/{pid}/limits").read_text(encoding="utf-8")
    line = next(x for x in limits.splitlines() if x.startswith("Max core file size"))
    assert line.split()[4:6] == ["0", "0"]


def test_no_library_is_mapped_into_the_callers_process(hsm: SoftHsm, pool: Pool) -> None:
    with opened(hsm, pool) as (signer, pid):
        signer.sign([bytes(32)])
        assert "softhsm" in Path(f"/proc/{pid}/maps").read_text(encoding="utf-8")
    done = subprocess.run(
        script(hsm, "print('softhsm' in open('/proc/self/maps').read(), 'pkcs11' in sys.modules)"),
        capture_output=True,
        text=True,
        timeout=20,
    )
    assert done.stdout.split()[1:] == ["False", "False"], done.stderr


def test_no_key_or_pool_shows_a_secret(hsm: SoftHsm, pool: Pool) -> None:
    with opened(hsm, pool) as (signer, _):
        shown = (
            f"{signer!r} {signer} {vars(pool)!r} {vars(pool.host_of(hsm.uri, [hsm.module]))!r} {vars(pool.pins)!r}"
        )
    assert PIN not in shown
