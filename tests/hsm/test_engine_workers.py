"""Several workers for one token, the breaker, what the states tell, and batches that are told in parts."""

from __future__ import annotations

import dataclasses
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

from kyso_hsm import wire
from kyso_hsm.breaker import Breaker
from kyso_hsm.host import TokenHost
from kyso_hsm.metrics import prometheus
from kyso_hsm.module import Module
from kyso_hsm.opening import OpenSigner, open_key, open_signer
from kyso_hsm.pin import FromText, SecretRequest
from kyso_hsm.pipes import Frames
from kyso_hsm.pool import Limits, Pool
from kyso_pki.errors import KysoError, PinRefused, TokenBusy, TokenUnavailable

from .softhsm import EC, FINAL_TRY, LABEL, LOCKED, PIN, RSA, WRONG_PIN, SoftHsm

SECRET = FromText(PIN)


def many(module: Module, workers: int = 2) -> Module:
    return dataclasses.replace(module, workers=workers)


@contextmanager
def opened(hsm: SoftHsm, pool: Pool, label: str = EC, workers: int = 2) -> Iterator[tuple[OpenSigner, TokenHost]]:
    modules = [many(hsm.module, workers)]
    with open_signer(f"{hsm.uri};object={label}", secret=SECRET, modules=modules, pool=pool) as signer:
        yield signer, pool.host_of(hsm.uri, modules)


def at_once(count: int, work: object) -> list[BaseException]:
    """Runs `work` in threads and gives what they raised."""
    errors: list[BaseException] = []

    def run() -> None:
        assert callable(work)
        try:
            work()
        except KysoError as e:
            errors.append(e)

    threads = [threading.Thread(target=run) for _ in range(count)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    return errors


def logins(log: Path) -> int:
    return log.read_text(errors="replace", encoding="utf-8").count(": C_Login\n") if log.exists() else 0


# Several workers --------------------------------------------------------------------------------------------


def test_two_workers_sign_at_the_same_time(hsm: SoftHsm, pool: Pool) -> None:
    with opened(hsm, pool, RSA) as (signer, host):
        assert len(host.pids) == 2
        before = {pid: cpu_time(pid) for pid in host.pids}
        assert at_once(2, lambda: [signer.sign([bytes(32)]) for _ in range(60)]) == []
        assert all(cpu_time(pid) > before[pid] for pid in host.pids)


def cpu_time(pid: int) -> int:
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()
    return int(fields[11]) + int(fields[12])


def test_a_token_has_one_worker_unless_the_module_says_more(hsm: SoftHsm, pool: Pool) -> None:
    with opened(hsm, pool, workers=Module("x").workers) as (_, host):
        assert host.status().workers == 1


def test_a_wrong_pin_costs_one_try_however_many_workers(own_hsm: SoftHsm, tmp_path: Path, pool: Pool) -> None:
    log = tmp_path / "calls"
    modules = [many(own_hsm.spied(log), 3)]
    with pytest.raises(PinRefused):
        open_signer(f"{own_hsm.uri};object={EC}", secret=FromText(WRONG_PIN), modules=modules, pool=pool)
    assert logins(log) == 1


def test_one_worker_killed_leaves_the_other_at_work_and_comes_back(hsm: SoftHsm, pool: Pool) -> None:
    with opened(hsm, pool) as (signer, host):
        for _ in range(3):
            os.kill(host.pids[0], signal.SIGKILL)
            time.sleep(0.05)
            assert at_once(3, lambda: [signer.sign([bytes(32)]) for _ in range(10)]) == []
        assert len(host.pids) == 2
        assert host.status().events["worker_crashes"] == 3


def test_a_hung_worker_does_not_keep_others_from_signing(hsm: SoftHsm) -> None:
    pool = Pool(Limits(call_s=2.0))
    with opened(hsm, pool) as (signer, host):
        os.kill(host.pids[0], signal.SIGSTOP)
        start = time.monotonic()
        errors = at_once(2, lambda: [signer.sign([bytes(32)]) for _ in range(20)])
        assert len(errors) <= 1  # whoever had the hung one
        assert time.monotonic() - start < 2.0 + 5
        assert at_once(2, lambda: [signer.sign([bytes(32)]) for _ in range(20)]) == []
        assert host.status().events["worker_timeouts"] == 1
    pool.close()


def test_callers_are_served_in_the_order_in_which_they_came(hsm: SoftHsm, pool: Pool) -> None:
    with opened(hsm, pool, workers=1) as (signer, host):
        order: list[int] = []

        def caller(number: int) -> None:
            signer.sign([bytes(32)])
            order.append(number)

        threads = [threading.Thread(target=caller, args=(n,)) for n in range(6)]
        with host._crew.turn(1.0):
            for n, t in enumerate(threads):
                t.start()
                while host.status().waiting <= n:
                    time.sleep(0.001)
        for t in threads:
            t.join()
        assert order == sorted(order)


def test_a_full_queue_turns_callers_away_by_name(hsm: SoftHsm) -> None:
    pool = Pool(Limits(queue=2))
    with opened(hsm, pool, workers=1) as (signer, host):
        threads = [threading.Thread(target=lambda: signer.sign([bytes(32)])) for _ in range(2)]
        with host._crew.turn(1.0):
            for n, t in enumerate(threads):
                t.start()
                while host.status().waiting <= n:
                    time.sleep(0.001)
            with pytest.raises(TokenBusy, match=LABEL):
                signer.sign([bytes(32)])
        for t in threads:
            t.join()
        assert host.status().events["busy"] == 1
    pool.close()


def test_a_token_that_is_at_work_can_be_opened_by_others(hsm: SoftHsm) -> None:
    """A long batch of one caller is no reason to tell the next that the token is busy."""
    pool = Pool(Limits(call_s=0.5))
    with opened(hsm, pool, workers=1) as (_, host), host._crew.turn(1.0):
        assert pool.host_of(hsm.uri, [many(hsm.module, 1)]) is host
        host.unlock(SECRET)
        with pytest.raises(PinRefused):
            host.unlock(FromText(WRONG_PIN))
    assert host.status().events["logins"] == 1
    host.release()
    pool.close()


def test_a_frame_keeps_a_token_from_others_for_about_two_seconds(hsm: SoftHsm, pool: Pool) -> None:
    with opened(hsm, pool, RSA, workers=1) as (signer, host):
        assert host.fair_batch == 16  # nothing is known of the token's pace
        signer.sign([bytes(32)] * 20)
        assert host.fair_batch == 256  # a fast one
        host._batches.pace_s = 0.9  # a card
        assert host.fair_batch == 2
        assert len(signer.sign([bytes(32)] * 5)) == 5


# Batches ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [0, 1, 2, 3, 7, 8, 33, 64, 257])
def test_a_batch_of_any_size_comes_in_order(hsm: SoftHsm, shared_pool: Pool, count: int) -> None:
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
    from cryptography.hazmat.primitives.hashes import SHA256

    imprints = [n.to_bytes(32, "big") for n in range(count)]
    modules = [hsm.module]
    with open_signer(f"{hsm.uri};object={EC}", secret=SECRET, modules=modules, pool=shared_pool) as signer:
        values = signer.sign(imprints)
    key = hsm.public_key(EC)
    assert isinstance(key, ec.EllipticCurvePublicKey) and len(values) == count
    for imprint, value in zip(imprints, values, strict=True):
        key.verify(value, imprint, ec.ECDSA(Prehashed(SHA256())))


def test_what_has_its_value_is_not_signed_again_after_a_lost_session(own_hsm: SoftHsm, tmp_path: Path) -> None:
    """The key is stored anew in the middle of a batch, so that its handle dies; C_Sign is counted by pkcs11-spy."""
    log, pool = tmp_path / "calls", Pool()
    modules = [own_hsm.spied(log)]
    with open_key(f"{own_hsm.uri};object={EC}", secret=SECRET, modules=modules, pool=pool) as key:
        key.sign([bytes(32)])
        before = signs(log)
        files = {p: p.read_bytes() for p in own_hsm.tokens.glob("*/*.object")}

        def swap() -> None:
            while signs(log) < before + 20:
                time.sleep(0.001)
            for path in files:
                if path.name != "token.object":
                    path.unlink()
            time.sleep(0.1)
            for path, content in files.items():
                path.write_bytes(content)

        swapper = threading.Thread(target=swap)
        swapper.start()
        try:
            values = key.sign([n.to_bytes(32, "big") for n in range(200)])
        except KysoError:
            values = []  # the files came back later than the one try again
        swapper.join()
        assert len(values) in (0, 200)
        assert signs(log) - before <= 202
        assert len(key.sign([bytes(32)] * 3)) == 3
    pool.close()


def signs(log: Path) -> int:
    return log.read_text(errors="replace", encoding="utf-8").count(": C_Sign\n")


def test_frames_are_found_in_octets_that_come_one_by_one() -> None:
    reply = wire.Signatures((b"a", b"", b"c" * 300), True, False)
    octets = wire.frame(7, reply) + wire.frame(8, wire.Done())
    frames, found = Frames(), []
    for octet in octets:
        frames.add(bytes([octet]))
        while (frame := frames.next()) is not None:
            found.append((frame[0], wire.decode_reply(frame[1])))
    assert found == [(7, reply), (8, wire.Done())]


@pytest.mark.parametrize(
    "body", [b"\x02", b"\x02\x00", b"\x02\x02\x00", b"\x02\x00\x01\x00\x00\x00\x05ab", b"\x02\x00\x00\x00"]
)
def test_values_that_end_in_the_middle_are_refused(body: bytes) -> None:
    with pytest.raises(wire.WireError):
        wire.decode_reply(body)


@pytest.mark.parametrize("body", [b"\x01", b"\x01\x00\x00\x00\x01\xff" + bytes(12), b"\x01\x00\x00\x00\x09ab"])
def test_a_batch_of_another_shape_is_refused(body: bytes) -> None:
    with pytest.raises(wire.WireError):
        wire.decode_request(body)


# The breaker and the states ---------------------------------------------------------------------------------


def test_a_breaker_opens_at_the_second_failure_and_closes_at_a_success() -> None:
    breaker, seen = Breaker(0.05, 0.1), []
    seen.append(breaker.state)
    breaker.failed()
    seen.append(breaker.state)  # one crash is no series
    assert breaker.wait_s == 0.0
    pauses: list[float] = []
    for _ in range(4):
        breaker.failed()
        pauses.append(breaker.wait_s)
    seen.append(breaker.state)
    assert pauses[0] < pauses[1] <= 0.1 and pauses[3] <= 0.1
    time.sleep(0.11)
    seen.append(breaker.state)
    breaker.succeeded()
    seen.append(breaker.state)
    assert seen == ["closed", "half-open", "open", "half-open", "closed"]


def test_the_states_follow_a_token_through_its_life(own_hsm: SoftHsm, tmp_path: Path) -> None:
    pool = Pool(Limits(first_pause_s=0.05))

    def state() -> str:
        (status,) = pool.states(look=True)
        return status.condition

    host = pool.host_of(own_hsm.uri, [own_hsm.module])
    assert state() == "logged out"
    with opened(own_hsm, pool, workers=1) as (signer, _):
        signer.sign([bytes(32)])
        assert state() == "ready"
        own_hsm.tokens.rename(own_hsm.folder / "away")
        own_hsm.tokens.mkdir()
        with pytest.raises(TokenUnavailable):
            signer.sign([bytes(32)])
        assert state() == "missing"
        own_hsm.tokens.rmdir()
        (own_hsm.folder / "away").rename(own_hsm.tokens)
        time.sleep(0.2)
        signer.sign([bytes(32)])
        assert state() == "ready"
    assert state() == "logged out"
    own_hsm.set_flags(LOCKED | FINAL_TRY)
    assert state() == "locked"
    assert host.status().events["signatures"] == 2
    pool.close()


def test_a_worker_that_keeps_dying_makes_a_faulty_token(hsm: SoftHsm) -> None:
    pool = Pool(Limits(first_pause_s=5.0))
    with opened(hsm, pool, workers=1) as (signer, host):
        broken = dataclasses.replace(hsm.module, path="/nowhere/none.so")
        host._crew.module = broken
        os.kill(host.pids[0], signal.SIGKILL)
        time.sleep(0.05)
        for _ in range(2):
            with pytest.raises(KysoError):
                signer.sign([bytes(32)])
        with pytest.raises(TokenUnavailable, match="next try in"):
            signer.sign([bytes(32)])
        status = host.status()
        assert (status.condition, status.breakers) == ("faulty", ("open",))
    pool.close()


def test_metrics_name_the_token_and_hold_one_state(hsm: SoftHsm, pool: Pool) -> None:
    with opened(hsm, pool, workers=1) as (signer, _):
        signer.sign([bytes(32)] * 3)
        text = prometheus(pool.states())
    states = [line for line in text.splitlines() if line.startswith("kyso_token_state{")]
    assert sum(line.endswith(" 1") for line in states) == 1
    assert any('state="ready"} 1' in line and f'token="{LABEL}"' in line for line in states)
    assert 'event="signatures"} 3' in text and PIN not in text


def test_every_try_again_is_counted_and_logged(hsm: SoftHsm, pool: Pool, caplog: pytest.LogCaptureFixture) -> None:
    with opened(hsm, pool, workers=1) as (signer, host):
        signer.sign([bytes(32)])
        os.kill(host.pids[0], signal.SIGKILL)
        time.sleep(0.05)
        signer.sign([bytes(32)])
        events = host.status().events
    assert events["worker_crashes"] == 1 and events["worker_starts"] == 1
    assert events["retries_login"] == 1 and events["logins"] == 2
    assert "Trying once more" in caplog.text and LABEL in caplog.text and PIN not in caplog.text


def test_a_lane_that_is_opened_again_asks_its_source_again(hsm: SoftHsm, pool: Pool) -> None:
    asked: list[SecretRequest] = []

    def source(request: SecretRequest) -> str:
        asked.append(request)
        return PIN

    modules = [hsm.module]
    with open_signer(f"{hsm.uri};object={EC}", secret=source, modules=modules, pool=pool) as signer:
        pid = pool.host_of(hsm.uri, modules).pid
        assert pid
        os.kill(pid, signal.SIGKILL)
        time.sleep(0.05)
        signer.sign([bytes(32)])
    assert [r.again for r in asked] == [False, True]


@pytest.mark.parametrize("setup, seen", [("pass", ""), ("logging.basicConfig()", "WARNING:kyso_hsm:a worker ended")])
def test_what_the_engine_logs_is_seen_where_logs_were_set_up_and_nowhere_else(setup: str, seen: str) -> None:
    """Python prints the warnings of who set up nothing: English lines among those of a command."""
    program = f"import logging; {setup}; from kyso_hsm import pool, crew; crew.log.warning('a worker ended')"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, encoding="utf-8", check=True)
    assert done.stderr.strip() == seen
