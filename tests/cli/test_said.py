"""Sentences of the layers below in the user's words, and the sentences inside them."""

from __future__ import annotations

import re

import pytest

from kyso_cli.messages import Words
from kyso_pki.csc import Version
from kyso_pki.errors import KysoError, PinLocked, PinRefused
from kyso_pki.reports.said import in_words
from kyso_server import problems

WORDS = Words("vi")
ENGLISH = re.compile(r"\b(?:the|is|are|was|of|cannot|not|this|server|key|must|in)\b", re.IGNORECASE)
"""A word that no Vietnamese sentence here has."""


def test_each_of_several_sentences_inside_another_is_said_in_the_users_words() -> None:
    ocsp, crl = "http://a.example/ocsp", "http://a.example/issuing.crl"
    english = (
        f"No usable answer (ocsp ({ocsp}): could not be had: {ocsp} cannot be reached (ConnectError); "
        f"crl ({crl}): could not be had: {crl} answered with HTTP status 404)."
    )
    assert in_words(english, WORDS) == (
        f"Không có câu trả lời dùng được (ocsp ({ocsp}): không lấy được: Không kết nối được {ocsp} (ConnectError); "
        f"crl ({crl}): không lấy được: {crl} trả lời mã HTTP 404)."
    )


@pytest.mark.parametrize("code", [code for code, row in problems.TABLE.items() if row.said])
def test_what_a_server_says_in_the_place_of_its_own_error_is_vietnamese(code: str) -> None:
    said = f"The server refused: {(problems.TABLE[code].said or '').removesuffix('.')}."
    assert in_words(said, WORDS).startswith("Máy chủ từ chối: ")
    assert not ENGLISH.search(in_words(said, WORDS)), in_words(said, WORDS)


@pytest.mark.parametrize("code", [*problems._CSC, PinRefused.code, PinLocked.code])
@pytest.mark.parametrize("version", ["v1", "v2"])
def test_what_a_csc_server_of_ours_says_is_vietnamese(code: str, version: Version) -> None:
    error = type("Refused", (KysoError,), {"code": code})("Câu riêng.")
    description = problems.refusal_of(error, version).description
    said = in_words(f"The server refused: {description.removesuffix('.')}.", WORDS)
    assert not ENGLISH.search(said), said


def test_sentence_that_is_not_in_the_catalogue_stays_as_it_is() -> None:
    assert in_words("Nobody wrote this; or that.", WORDS) == "Nobody wrote this; or that."


def test_sentences_that_a_stranger_nests_without_end_are_looked_up_a_few_levels_deep() -> None:
    nested = "could not be had: crl (x): " * 500 + "a; b"
    assert in_words(nested, WORDS).endswith("could not be had: crl (x): a; b")


def test_a_strangers_name_that_repeats_a_sentence_costs_its_length_and_not_its_cube() -> None:
    """60,000 characters, for which an expression with four places would need hours."""
    text = "object 1 (" + ") was changed: a → " * 3000
    assert in_words(text, WORDS).count(") was changed: a → ") >= 2999
    said = in_words(text + "b.", WORDS)
    assert said != text + "b."
    assert said.count(") was changed: a → ") == 2999
