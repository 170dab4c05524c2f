"""Smart cards in a reader: pulled, put back, swapped, slow, locked, and the reader's service gone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest

from kyso_hsm.opening import Module, list_keys
from kyso_hsm.pool import Pool
from kyso_pki.errors import PinLocked, PinRefused, TokenTimeout, TokenUnavailable

from ..standins.cards import PGP_PIN, PGP_SIGNING, OpenPgp, personalise
from ..standins.making import Cards
from ..standins.program import until
from ..standins.standin import StandIn, Typed, imprints, stopping
from .deadlines import LIMITS, Background, breaks, in_time, pauses_of, resumes, signs, worker_of


@pytest.mark.parametrize("name", ["CAC", "OpenPGP"])
def test_a_card_that_was_pulled_is_named_and_used_again_when_it_is_back(cards: Cards, pool: Pool, name: str) -> None:
    card, token = (cards.cac, cards.cac_token) if name == "CAC" else (cards.pgp, cards.pgp_token)
    with token.open("rsa-pkcs1", pool) as key:
        signs(key, token)
        for _ in range(2):
            card.pull()
            for _ in range(2):
                breaks(lambda: key.sign(imprints(1)), token.token, TokenUnavailable)
            card.put_back()
            resumes(key, token)
    assert cards.pgp.tries_left == 3


def test_a_card_snatched_in_mid_batch_gives_every_value_or_one_error(cards: Cards, pool: Pool) -> None:
    cards.pgp.pull()
    cards.pgp.delay_s = 0.02
    cards.pgp.put_back()
    token = cards.pgp_token
    with token.open("rsa-pkcs1", pool) as key:
        signs(key, token)
        pid = worker_of(token, pool)
        before = pauses_of(pid)
        batch = Background(key, token, 60)
        until(lambda: pauses_of(pid) > before + 20, "the batch is being signed")
        assert not batch.done
        cards.pgp.snatch()
        assert batch.outcome() is not None
        cards.pgp.put_back()
        resumes(key, token)
    assert cards.pgp.tries_left == 3


def test_a_pulled_card_holds_up_no_other_card(cards: Cards, pool: Pool) -> None:
    with cards.cac_token.open("rsa-pkcs1", pool) as stays, cards.pgp_token.open("rsa-pkcs1", pool) as goes:
        signs(stays, cards.cac_token)
        cards.pgp.pull()
        signs(stays, cards.cac_token)
        breaks(lambda: goes.sign(imprints(1)), PGP_SIGNING, TokenUnavailable)
        signs(stays, cards.cac_token)
        listing = list_keys([cards.cac_token.module], pool=pool)
        assert {key.token for key in listing.keys} == {cards.cac_token.token}


def test_another_kind_of_card_in_the_same_reader_is_not_taken_for_the_first(
    cards: Cards, pool: Pool, tmp_path: Path
) -> None:
    token = cards.cac_token
    with token.open("rsa-pkcs1", pool) as key:
        signs(key, token)
        cards.cac.pull()
        with stopping(OpenPgp(cards.readers, 0, tmp_path / "another")) as other:
            other.put_back()
            for _ in range(2):
                breaks(lambda: key.sign(imprints(1)), token.token, TokenUnavailable)
            assert other.tries_left == 3  # the first card's PIN was not offered to it
            other.pull()
        cards.cac.put_back()
        resumes(key, token)


def test_a_card_with_the_same_label_in_the_same_reader_never_sees_the_pin(
    cards: Cards, pool: Pool, tmp_path: Path
) -> None:
    """Label and key label are equal on every OpenPGP card; only the serial number tells them apart."""
    token = cards.pgp_token
    with token.open("rsa-pkcs1", pool) as key:
        signs(key, token)
        cards.pgp.pull()
        with stopping(OpenPgp(cards.readers, 1, tmp_path / "another")) as other:
            other.put_back()
            personalise(other)
            cards.readers.tool(
                "--token-label", PGP_SIGNING, "--login", "--pin", PGP_PIN, "--change-pin", "--new-pin", "88776655"
            )
            assert other.tries_left == 3
            for _ in range(2):
                breaks(lambda: key.sign(imprints(1)), token.token, TokenUnavailable)
            assert other.tries_left == 3
            other.pull()
        cards.pgp.put_back()
        resumes(key, token)
    assert cards.pgp.tries_left == 3


def test_a_reader_service_that_died_is_an_error_by_name_and_comes_back(cards: Cards, pool: Pool) -> None:
    with cards.cac_token.open("rsa-pkcs1", pool) as cac, cards.pgp_token.open("rsa-pkcs1", pool) as pgp:
        signs(cac, cards.cac_token)
        signs(pgp, cards.pgp_token)
        cards.readers.kill()
        for _ in range(2):
            breaks(lambda: cac.sign(imprints(1)), cards.cac_token.token, TokenUnavailable)
            breaks(lambda: pgp.sign(imprints(1)), cards.pgp_token.token, TokenUnavailable)
        cards.readers.restart()
        for card in (cards.cac, cards.pgp):
            card.snatch()
            card.put_back()
        resumes(cac, cards.cac_token)
        resumes(pgp, cards.pgp_token)
    assert cards.pgp.tries_left == 3


def test_a_reader_service_that_hangs_ends_at_the_deadline_and_comes_back(cards: Cards, pool: Pool) -> None:
    token = cards.cac_token
    with token.open("rsa-pkcs1", pool) as key:
        signs(key, token)
        cards.readers.freeze()
        breaks(lambda: key.sign(imprints(1)), token.token, TokenTimeout, seconds=LIMITS.call_s + 2)
        cards.readers.thaw()
        resumes(key, token)


def test_a_slow_card_is_waited_for(cards: Cards, pool: Pool) -> None:
    cards.pgp.pull()
    cards.pgp.delay_s = 0.03
    cards.pgp.put_back()
    with cards.pgp_token.open("rsa-pkcs1", pool) as key:
        signs(key, cards.pgp_token, count=3)


def test_a_card_that_wants_its_pin_for_each_signature_gets_it(cards: Cards, pool: Pool) -> None:
    """OpenSC without its PIN cache: the second signature finds nobody logged in."""
    conf = cards.readers.folder / "no-cache.conf"
    conf.write_text("app default {\n framework pkcs15 {\n use_pin_caching = false;\n }\n}\n", encoding="utf-8")
    module = Module(cards.pgp_token.module.path, {**cards.pgp_token.module.env, "OPENSC_CONF": str(conf)})
    token = StandIn("OpenPGP card", module, PGP_SIGNING, PGP_PIN, cards.pgp.wrong_pin, cards.pgp_token.keys)
    with token.open("rsa-pkcs1", pool) as key:
        for _ in range(3):
            signs(key, token, count=1)
    assert cards.pgp.tries_left == 3


# Locking ----------------------------------------------------------------------------------------------------


def wrong_login(cards: Cards) -> None:
    """Somebody else uses up one try."""
    cards.readers.tool(
        "--token-label", PGP_SIGNING, "--login", "--pin", cards.pgp.wrong_pin, "--list-objects", fails=True
    )


def test_the_last_try_of_a_card_is_not_used_up_and_a_locked_one_says_so(cards: Cards, pool: Pool) -> None:
    token = cards.pgp_token
    for _ in range(2):
        wrong_login(cards)
    assert cards.pgp.tries_left == 1
    for pin in (token.wrong_pin, token.pin):
        for _ in range(2):
            error = breaks(partial(token.open, "rsa-pkcs1", pool, Typed(pin)), PGP_SIGNING, PinRefused)
            assert error.details["tries_left"] == 1
    assert cards.pgp.tries_left == 1
    wrong_login(cards)
    assert cards.pgp.tries_left == 0
    breaks(lambda: token.open("rsa-pkcs1", pool), PGP_SIGNING, PinLocked)


RUN = """
import json, sys
from kyso_hsm.opening import Module, open_key
from kyso_hsm.pin import FromText
from kyso_pki.errors import KysoError
path, env, uri, pin = json.loads(sys.stdin.read())
try:
    open_key(uri, secret=FromText(pin), modules=[Module(path, env)])
except KysoError as e:
    print(type(e).__name__)
"""


@pytest.mark.parametrize("remembers", [True, False])
def test_no_service_with_a_wrong_pin_locks_a_card_however_often_it_is_restarted(
    cards: Cards, pool: Pool, tmp_path: Path, remembers: bool
) -> None:
    """With its record of refused PINs a service uses one try; without (each run in a new home), the flags stop it."""
    token = cards.pgp_token
    given = json.dumps([token.module.path, dict(token.module.env), token.uri("rsa"), token.wrong_pin])
    said = []
    for number in range(5):
        state = tmp_path / ("state" if remembers else f"state{number}")
        with in_time():
            done = subprocess.run(
                [sys.executable, "-c", RUN],
                input=given,
                env={**os.environ, "KYSO_STATE": str(state)},
                capture_output=True,
                text=True,
                timeout=60,
            )
        assert done.returncode == 0, done.stderr
        said.append(done.stdout.strip())
    assert said == ["PinRefused"] * 5
    assert cards.pgp.tries_left == (2 if remembers else 1)
    if remembers:
        with token.open("rsa-pkcs1", pool) as key:
            signs(key, token)
        assert cards.pgp.tries_left == 3
