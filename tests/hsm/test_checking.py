"""Values are verified before they are handed on, by one thread or two."""

from __future__ import annotations

import threading

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.hashes import SHA256
from hypothesis import given, settings
from hypothesis import strategies as st

from kyso_hsm.checking import Checking, check_values
from kyso_pki.errors import SignatureValueInvalid
from kyso_pki.scheme import Scheme

KEY = ec.generate_private_key(ec.SECP256R1())
SCHEME = Scheme.for_key(KEY.public_key())
IMPRINTS = [bytes([n]) * 32 for n in range(64)]
VALUES = [KEY.sign(i, ec.ECDSA(Prehashed(SHA256()))) for i in IMPRINTS]


def checking(count: int = 64) -> Checking:
    return Checking(SCHEME, KEY.public_key(), IMPRINTS[:count], "token 'mẫu'")


@given(st.lists(st.integers(1, 20), min_size=1, max_size=10))
@settings(max_examples=20, deadline=None)
def test_parts_of_any_size_pass_when_every_value_is_right(sizes: list[int]) -> None:
    total = min(sum(sizes), 64)
    batch, at = checking(total), 0
    for size in sizes:
        batch.add(VALUES[at : min(at + size, total)])
        at += size
    batch.finish()


@pytest.mark.parametrize("at", [0, 1, 7, 31, 62, 63])
def test_one_wrong_value_anywhere_in_a_batch_is_refused_by_name(at: int) -> None:
    values = list(VALUES)
    values[at] = VALUES[(at + 1) % 64]
    batch = checking()
    with pytest.raises(SignatureValueInvalid, match="token 'mẫu'"):
        for start in range(0, 64, 16):
            batch.add(values[start : start + 16])
        batch.finish()


def test_too_few_and_too_many_values_are_refused() -> None:
    few = checking()
    few.add(VALUES[:63])
    with pytest.raises(SignatureValueInvalid, match="63 values for 64"):
        few.finish()
    with pytest.raises(SignatureValueInvalid, match="64 values for 63"):
        checking(63).add(VALUES)
    with pytest.raises(SignatureValueInvalid, match="0 values for 2"):
        check_values(SCHEME, KEY.public_key(), IMPRINTS[:2], [], "token")


def test_batches_of_several_callers_do_not_mix() -> None:
    wrong = [*VALUES[:40], VALUES[0], *VALUES[41:]]
    outcomes: list[bool] = []

    def run(values: list[bytes], good: bool) -> None:
        for _ in range(10):
            try:
                check_values(SCHEME, KEY.public_key(), IMPRINTS, values, "token")
                outcomes.append(good)
            except SignatureValueInvalid:
                outcomes.append(not good)

    threads = [threading.Thread(target=run, args=(v, v is VALUES)) for v in (VALUES, wrong, VALUES, wrong)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert outcomes == [True] * 40
