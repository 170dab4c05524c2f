"""A TPM without a resource manager: it dies, its sessions run out, and killed clients leave their load in it."""

from __future__ import annotations

import os
import signal
from contextlib import closing

from kyso_hsm.pool import Pool
from kyso_pki.errors import PinLocked, PinRefused, TokenUnavailable

from ..standins.making import Chip
from ..standins.program import run, until
from ..standins.standin import imprints
from .deadlines import LIMITS, Background, breaks, pauses_of, resumes, signs, until_gone, worker_of

MAX_TPM_SESSIONS = 64  # TPM 2.0 PC client profile; swtpm holds 3 loaded ones


def test_a_tpm_that_lost_power_is_named_and_used_again(tpm: Chip, pool: Pool) -> None:
    with tpm.token.open("rsa-pkcs1", pool) as key:
        signs(key, tpm.token)
        for _ in range(2):
            tpm.chip.kill()
            for _ in range(2):
                breaks(lambda: key.sign(imprints(1)), tpm.token.token, TokenUnavailable)
            tpm.chip.power_on()
            resumes(key, tpm.token)


def test_a_tpm_that_loses_power_in_mid_batch_gives_every_value_or_one_error(tpm: Chip, pool: Pool) -> None:
    with tpm.token.open("rsa-pkcs1", pool) as key:
        signs(key, tpm.token)
        pid = worker_of(tpm.token, pool)
        before = pauses_of(pid)
        batch = Background(key, tpm.token, 200)
        until(lambda: pauses_of(pid) > before + 40, "the batch is being signed")
        tpm.chip.kill()
        batch.outcome()
        tpm.chip.power_on()
        resumes(key, tpm.token)


def fill_with_sessions(tpm: Chip) -> None:
    """Another program starts sessions in the TPM and leaves them there."""
    file = tpm.chip.folder / "session.ctx"
    for _ in range(MAX_TPM_SESSIONS + 1):
        try:
            run("tpm2_startauthsession", "--session", str(file), env=tpm.chip.env, package="tpm2-tools")
        except AssertionError:
            return
    raise AssertionError("the TPM's sessions have no end")


def test_a_tpm_whose_sessions_are_used_up_is_named_and_used_again(tpm: Chip, pool: Pool) -> None:
    with tpm.token.open("rsa-pkcs1", pool) as key:
        signs(key, tpm.token)
        fill_with_sessions(tpm)
        worker = worker_of(tpm.token, pool)
        os.kill(worker, signal.SIGKILL)  # its next login needs a session
        until_gone(worker)
        breaks(lambda: key.sign(imprints(1)), tpm.token.token, TokenUnavailable, PinRefused)
        tpm.chip.flush()
        resumes(key, tpm.token)


def test_a_thousand_signatures_leave_no_session_behind(tpm: Chip, pool: Pool) -> None:
    """tpm2-pkcs11 has 1,024 sessions; a client that leaks one for each signature finds out."""
    with tpm.token.open("ecdsa", pool) as key:
        for _ in range(9):
            signs(key, tpm.token, "ecdsa", 120)


def test_wrong_pins_of_others_lock_a_tpm_without_a_flag_and_kyso_says_so(tpm: Chip, pool: Pool) -> None:
    token = tpm.token
    for number in range(40):
        said = tpm.chip.tool("--login", "--pin", f"9{number:03d}", "--list-objects", fails=True)
        if "CKR_PIN_LOCKED" in said:
            break
    else:
        raise AssertionError("40 wrong PINs did not lock the TPM")
    error = breaks(lambda: token.open("rsa-pkcs1", pool), token.token, PinLocked)
    assert token.pin not in str(error)
    tpm.chip.forgive()
    with closing(Pool(LIMITS)) as later, token.open("rsa-pkcs1", later) as key:
        signs(key, token)
