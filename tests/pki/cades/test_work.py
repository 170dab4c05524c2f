"""Reading a CMS file takes work in proportion to its size, not to signers x timestamps x evidence.

Work is counted in octets that are hashed and in functions that are called, not in time.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from functools import cache
from types import FrameType

import pytest

from kyso_pki.ades.grow import Sources, extend
from kyso_pki.asn1 import der
from kyso_pki.cades.content import CmsContent
from kyso_pki.cades.document import CmsDocument
from kyso_pki.cades.writing import Added, added
from kyso_pki.document import Intent
from kyso_pki.octets import hash_into
from kyso_pki.scheme import hasher
from kyso_pki.testing import SoftwareSigner

from .made import AT, CONTENT, WORLD, judged

BLOB = 1 << 20
"""Octets of revocation information of kinds that nobody knows, in every file here."""


def _counted(work: Callable[[], object]) -> Counter[str]:
    """How many octets were hashed, and how many times each of our functions was called."""
    found: Counter[str] = Counter()
    hashing, window = hasher.__code__, hash_into.__code__

    def seen(frame: FrameType, event: str, _argument: object) -> None:
        if event != "call":
            return
        if frame.f_code is hashing:
            found["hashed"] += len(frame.f_locals["message"])
        elif frame.f_code is window:
            found["hashed"] += frame.f_locals["end"] - frame.f_locals["start"]
        elif "kyso_pki" in frame.f_code.co_filename:
            found["calls"] += 1

    sys.setprofile(seen)
    try:
        work()
    finally:
        sys.setprofile(None)
    return found


@cache
def _file(signers: int, stamps: int, evidence: int = 1) -> bytes:
    """As many signers, each with as many archive timestamps, over as many answers of `BLOB` octets in all."""
    people: list[SoftwareSigner] = [WORLD.person_signer, WORLD.seal_signer]
    pending = CmsContent(CONTENT).prepare(Intent(AT), people[0].chain, people[0].scheme)
    [value] = people[0].sign([pending.imprint])
    data = pending.finish(value)
    for number in range(1, signers):
        signer = people[number % 2]
        more = CmsDocument(data, CONTENT).prepare(Intent(AT), signer.chain, signer.scheme)
        [value] = signer.sign([more.imprint])
        data = more.finish(value)
    size = BLOB // evidence
    answers = [
        der.tlv(0xA1, der.oid(f"1.3.6.1.4.1.99999.{n}") + der.octet_string(bytes(size))) for n in range(evidence)
    ]
    data = added(data, Added(revocation=answers))
    for minute in range(stamps):
        at = AT + timedelta(minutes=minute)
        sources = Sources(at, WORLD.fetcher(at), trust=WORLD.trust)
        data = extend(CmsDocument(data, CONTENT), "B-LTA", timestamper=WORLD.timestamper(at), sources=sources).data
    return data


@pytest.mark.parametrize(("signers", "stamps"), [(1, 1), (1, 8), (4, 1), (4, 8)])
def test_what_a_file_holds_is_hashed_once_however_many_timestamps_ask(signers: int, stamps: int) -> None:
    data = _file(signers, stamps)
    assert len(CmsDocument(data, CONTENT).signatures()) == signers
    assert BLOB < _counted(lambda: CmsDocument(data, CONTENT).signatures())["hashed"] < 1.25 * len(data)
    assert BLOB < _counted(lambda: judged(data))["hashed"] < 1.25 * len(data)


def test_an_archive_timestamp_for_every_signer_hashes_what_is_there_once() -> None:
    data = _file(4, 1)
    sources = Sources(AT, WORLD.fetcher(AT), trust=WORLD.trust)
    work = _counted(
        lambda: extend(CmsDocument(data, CONTENT), "B-LTA", timestamper=WORLD.timestamper(AT), sources=sources)
    )
    assert BLOB < work["hashed"] < 5 * len(data)  # read, listed, read again, and twice digested as a whole


@pytest.mark.parametrize("stamps", [1, 8])
def test_evidence_costs_a_few_steps_for_each_signer_and_for_each_hash_of_it_in_the_file(stamps: int) -> None:
    few, many = (_calls(_file(4, stamps, evidence)) for evidence in (1, 200))
    hashes = 4 * stamps  # every archive timestamp lists it, which takes 34 octets of the file each
    assert (many - few) / 199 < 10 * (4 + hashes)


def _calls(data: bytes) -> int:
    judged(data)  # what is kept between files is kept by now
    return _counted(lambda: judged(data))["calls"]
