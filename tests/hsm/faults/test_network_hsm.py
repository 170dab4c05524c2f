"""An HSM on the other side of a wire: it dies, it comes back, and the wire is slow, dead, cut or lying."""

from __future__ import annotations

import os
import signal
import threading

import pytest

from kyso_hsm.pin import SecretRequest
from kyso_hsm.pool import Pool
from kyso_pki.errors import PinRequired, SignatureValueInvalid, TokenTimeout, TokenUnavailable

from ..softhsm import LABEL
from ..standins.making import Remote
from ..standins.program import until
from ..standins.proxy import Fault
from ..standins.standin import StandIn, imprints
from .deadlines import LIMITS, Background, breaks, resumes, signs, worker_of

SCHEMES = ("rsa-pkcs1", "ecdsa")


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_worker_killed_in_mid_batch_gives_every_value_or_one_error(remote: Remote, pool: Pool, scheme: str) -> None:
    wire, token = remote.machine.wire, remote.token
    with token.open(scheme, pool) as key:
        signs(key, token, scheme)
        pid = worker_of(token, pool)
        wire.fault, wire.delay_s, before = "slow", 0.02, wire.requests
        batch = Background(key, token, 60, scheme)
        until(lambda: wire.requests > before + 20, "the batch is being signed")
        assert not batch.done
        os.kill(pid, signal.SIGKILL)
        batch.outcome()
        wire.fault = "none"
        resumes(key, token, scheme)


def test_an_hsm_that_restarts_its_service_is_used_again_unseen(remote: Remote, pool: Pool) -> None:
    with remote.token.open("rsa-pkcs1", pool) as key:
        for _ in range(3):
            signs(key, remote.token)
            connections = remote.machine.wire.connections
            remote.machine.server.kill_children()
            signs(key, remote.token)
            assert remote.machine.wire.connections > connections


def test_an_hsm_that_dies_in_mid_batch_gives_every_value_or_one_error(remote: Remote, pool: Pool) -> None:
    wire, token = remote.machine.wire, remote.token
    with token.open("rsa-pkcs1", pool) as key:
        signs(key, token)
        wire.fault, wire.delay_s, before = "slow", 0.02, wire.requests
        batch = Background(key, token, 60)
        until(lambda: wire.requests > before + 20, "the batch is being signed")
        assert not batch.done
        remote.machine.server.kill_children()
        batch.outcome()
        wire.fault = "none"
        resumes(key, token)


def test_an_hsm_that_is_down_is_named_and_used_again_when_it_is_up(remote: Remote, pool: Pool) -> None:
    with remote.token.open("rsa-pkcs1", pool) as key:
        signs(key, remote.token)
        remote.machine.server.kill()
        for _ in range(3):
            breaks(lambda: key.sign(imprints(1)), LABEL, TokenUnavailable)
        remote.machine.start_again()
        resumes(key, remote.token)


def test_an_hsm_that_is_down_at_the_start_is_found_when_it_is_up(remote: Remote, pool: Pool) -> None:
    remote.machine.server.kill()
    breaks(lambda: remote.token.open("rsa-pkcs1", pool), "kyso", TokenUnavailable)
    remote.machine.start_again()
    with remote.token.open("rsa-pkcs1", pool) as key:
        signs(key, remote.token)


@pytest.mark.parametrize("fault", ["reset", "truncate", "refuse"])
def test_a_wire_that_is_cut_is_an_error_by_name_and_mends(remote: Remote, pool: Pool, fault: Fault) -> None:
    wire = remote.machine.wire
    with remote.token.open("rsa-pkcs1", pool) as key:
        signs(key, remote.token)
        wire.fault = fault
        if fault == "refuse":
            remote.machine.server.kill_children()
        for _ in range(2):
            breaks(lambda: key.sign(imprints(1)), LABEL, TokenUnavailable)
        wire.fault = "none"
        resumes(key, remote.token)


@pytest.mark.parametrize("fault", ["blackhole", "corrupt"])
def test_a_wire_that_answers_nothing_sensible_ends_at_the_deadline_and_mends(
    remote: Remote, pool: Pool, fault: Fault
) -> None:
    wire = remote.machine.wire
    with remote.token.open("rsa-pkcs1", pool) as key:
        signs(key, remote.token)
        wire.fault = fault
        kinds = (TokenTimeout,) if fault == "blackhole" else (TokenTimeout, TokenUnavailable)
        breaks(lambda: key.sign(imprints(1)), LABEL, *kinds, seconds=LIMITS.call_s + LIMITS.start_s + 2)
        wire.fault = "none"
        resumes(key, remote.token)


def test_a_wire_that_hangs_while_a_module_is_loaded_ends_at_the_deadline(remote: Remote, pool: Pool) -> None:
    remote.machine.wire.fault = "blackhole"
    breaks(lambda: remote.token.open("rsa-pkcs1", pool), "kyso", TokenTimeout, TokenUnavailable)
    remote.machine.wire.fault = "none"
    with remote.token.open("rsa-pkcs1", pool) as key:
        signs(key, remote.token)


def test_a_frozen_hsm_ends_at_the_deadline_and_is_used_again(remote: Remote, pool: Pool) -> None:
    with remote.token.open("rsa-pkcs1", pool) as key:
        signs(key, remote.token)
        (child,) = remote.machine.server.children
        os.kill(child, signal.SIGSTOP)
        breaks(lambda: key.sign(imprints(1)), LABEL, TokenTimeout, seconds=LIMITS.call_s + 2)
        os.kill(child, signal.SIGKILL)
        resumes(key, remote.token)


def test_a_slow_hsm_is_waited_for_up_to_the_deadline_only(remote: Remote, pool: Pool) -> None:
    wire = remote.machine.wire
    with remote.token.open("rsa-pkcs1", pool) as key:
        wire.fault, wire.delay_s = "slow", 0.1
        signs(key, remote.token)
        wire.delay_s = LIMITS.call_s + 1
        breaks(lambda: key.sign(imprints(1)), LABEL, TokenTimeout, seconds=LIMITS.call_s + 2)
        wire.fault = "none"
        resumes(key, remote.token)


def test_a_value_changed_on_the_wire_never_leaves(remote: Remote, pool: Pool) -> None:
    with remote.token.open("rsa-pkcs1", pool) as key:
        signs(key, remote.token)
        remote.machine.wire.fault = "flip"
        breaks(lambda: key.sign(imprints(1)), LABEL, SignatureValueInvalid)
        remote.machine.wire.fault = "none"
        resumes(key, remote.token)


def test_a_hung_hsm_holds_up_nobody_else(remote: Remote, soft: StandIn, pool: Pool) -> None:
    """Two tokens in one process: one hangs until its deadline, the other signs as if nothing were."""
    with remote.token.open("rsa-pkcs1", pool) as hung, soft.open("ecdsa", pool) as well:
        signs(hung, remote.token)
        remote.machine.wire.fault = "blackhole"
        waiting = Background(hung, remote.token, 1)
        for _ in range(20):
            signs(well, soft, "ecdsa")
        assert not waiting.done
        assert isinstance(waiting.outcome(), TokenTimeout)
        remote.machine.wire.fault = "none"
        resumes(hung, remote.token)


class Forgetful:
    """A person who does not know the PIN when asked again, and then does."""

    interactive = True

    def __init__(self, pin: str) -> None:
        self.pin = pin
        self.knows = True

    def __call__(self, request: SecretRequest) -> str:
        if not self.knows:
            raise PinRequired(f"Nobody typed the PIN of {request.token}.")
        return self.pin


def test_a_worker_that_lost_its_hsm_before_it_was_logged_in_is_replaced(remote: Remote, pool: Pool) -> None:
    """The new worker waits for a PIN, and its HSM goes again: what it answers next is CKR_DEVICE_ERROR for ever."""
    person = Forgetful(remote.token.pin)
    with remote.token.open("rsa-pkcs1", pool, person) as key:
        signs(key, remote.token)
        person.knows = False
        remote.machine.server.kill_children()
        with pytest.raises(PinRequired):
            key.sign(imprints(1))
        remote.machine.server.kill_children()
        person.knows = True
        resumes(key, remote.token)


def test_eight_callers_at_once_are_each_answered_once_while_the_hsm_restarts(remote: Remote, pool: Pool) -> None:
    with remote.token.open("rsa-pkcs1", pool) as key:
        callers = [Background(key, remote.token, 10) for _ in range(8)]
        stop = threading.Event()

        def harm() -> None:
            while not stop.wait(0.4):  # two logins in a row that are cut off count as a refused PIN
                remote.machine.server.kill_children()

        harming = threading.Thread(target=harm)
        harming.start()
        try:
            for caller in callers:
                caller.outcome()
        finally:
            stop.set()
            harming.join()
        resumes(key, remote.token)
