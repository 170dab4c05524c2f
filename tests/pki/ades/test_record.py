"""Facts survive as JSON, and are judged again as the file itself."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import kyso
from kyso_pki import oids
from kyso_pki.ades.record import FileFacts
from kyso_pki.asn1 import der
from kyso_pki.cms.signed_data import read_signed_data
from kyso_pki.errors import FormatError
from kyso_pki.evidence import Evidence
from kyso_pki.jsonable import encoded
from kyso_pki.testing import World
from tests.attacks.xml.packets import attachment, packet, zipped
from tests.pki.ades.inputs import PDF
from tests.pki.cades.made import CONTENT, attribute, counter, parts, signed, signer_info, with_unsigned

AT = datetime(2026, 11, 28, 3, 0, tzinfo=UTC)
WORLD = World.create(at=AT)
DOCUMENTS = Path(__file__).parents[2] / "documents"


def of(octets: bytes) -> FileFacts:
    return kyso.facts(octets)


def inputs() -> dict[str, bytes]:
    tsa = WORLD.timestamper(AT)
    found = {p.name: p.read_bytes() for p in DOCUMENTS.glob("*da-ky*.*") if p.suffix in (".pdf", ".xml")}
    for level in ("B-B", "B-T", "B-LT", "B-LTA"):
        for name, plain in (("pdf", PDF), ("xml", b"<a><b/></a>")):
            found[f"{level}.{name}"] = kyso.sign(
                plain, WORLD.person_signer, at=AT, level=level, timestamper=tsa, fetcher=WORLD.fetcher(AT)
            )
    parts = (attachment(found[name], name) for name in ("B-T.pdf", "B-LTA.xml"))
    found["goi-tin.edxml"] = packet(
        *parts,
        attachment(PDF, "chua-ky.pdf"),
        attachment(b"Kinh gui", "thu.txt"),
        attachment(b"%PDF-1.7 hong", "hong.pdf"),
        attachment(zipped([("1.pdf", found["B-B.pdf"]), ("2.xml", found["B-B.xml"])]), "goi.zip"),
        attachment(b"PK\x03\x04 hong", "hong.zip"),
        manifest="<Reference><ContentId>cid:khong-co</ContentId></Reference>",
    )
    return found


INPUTS = inputs()


@pytest.mark.parametrize("octets", [b"", b"%PDF-1.7 hong", b"<a><b></a>", b"<!DOCTYPE a><a/>", b"Kinh gui"])
def test_what_cannot_be_opened_has_facts_and_fails_when_it_is_judged(octets: bytes) -> None:
    facts = FileFacts.from_json(json.loads(json.dumps(of(octets).to_json())))
    now = kyso.verify(octets, trust=WORLD.trust, at=AT)
    again = kyso.replay(facts, trust=WORLD.trust, at=AT)
    assert replace(again, findings=again.findings[:-1]) == now and again.verdict == now.verdict == "failed"


@pytest.mark.parametrize("name", sorted(INPUTS))
def test_facts_come_back_from_json_as_they_were(name: str) -> None:
    facts = of(INPUTS[name])
    assert FileFacts.from_json(json.loads(json.dumps(facts.to_json()))) == facts


@pytest.mark.parametrize("name", sorted(INPUTS))
@pytest.mark.parametrize("later", [0, 800])
def test_replay_says_what_verify_says(name: str, later: int) -> None:
    at, evidence = AT + timedelta(days=later), Evidence(crls=tuple(WORLD.crls(AT)))
    for policy in ("kyso", "vietnam"):
        rules = kyso.load_policy(policy)
        direct = kyso.verify(INPUTS[name], trust=WORLD.trust, at=at, evidence=evidence, policy=rules)
        facts = FileFacts.from_json(json.loads(json.dumps(of(INPUTS[name]).to_json())))
        again = kyso.replay(facts, trust=WORLD.trust, at=at, evidence=evidence, policy=rules)
        assert [f.code for f in again.findings][-1] == "FROM_FACTS"
        assert replace(again, findings=again.findings[:-1]).to_json() == direct.to_json()


def test_evidence_stands_once_in_facts_however_many_signatures_have_it() -> None:
    """R3: a CMS file of 1 MB with 272 signers and counter-signers gave a line of 364 MB, and took 1.5 GB."""
    base = signed()
    value = counter(read_signed_data(base).signers[0].value)
    info = with_unsigned(signer_info(base), attribute(oids.ID_COUNTER_SIGNATURE, *[value] * 16))
    found = [e.raw for e in parts(base)]
    found[4:] = [der.set_of([der.sequence(der.octet_string(bytes(100_000)))], tag=0xA1), der.tlv(der.SET, info * 16)]
    data = der.sequence(der.oid(oids.ID_SIGNED_DATA), der.explicit(0, der.sequence(*found)))
    facts = kyso.facts(data, content=CONTENT)
    written = json.dumps(facts.to_json())
    assert len(facts.signatures) == 272
    assert len(written) < 8 * len(data)
    assert FileFacts.from_json(json.loads(written)) == facts


def _without_news(value: dict[str, Any]) -> dict[str, Any]:
    """As an earlier version wrote them, the documents in a packet too."""
    del value["content_not_used"]
    for inside in (value["packet"] or {}).get("attachments", ()):
        _without_news(inside)
    return value


@pytest.mark.parametrize("name", sorted(INPUTS))
def test_facts_of_the_versions_before_are_read(name: str) -> None:
    facts = of(INPUTS[name])
    assert FileFacts.from_json({"schema": "kyso-facts-3", **_without_news(encoded(facts))}) == facts
    before = {**_without_news(json.loads(json.dumps(facts.to_json()))), "schema": "kyso-facts-4"}
    assert FileFacts.from_json(before) == facts


@pytest.mark.parametrize("name", sorted(n for n in INPUTS if INPUTS[n][:1] != b"\x30"))  # CMS is over it, or fails
def test_replay_remembers_that_no_signature_was_over_what_was_given(name: str) -> None:
    direct = kyso.verify(INPUTS[name], trust=WORLD.trust, at=AT, content=b"Hop dong")
    facts = FileFacts.from_json(json.loads(json.dumps(kyso.facts(INPUTS[name], content=b"Hop dong").to_json())))
    again = kyso.replay(facts, trust=WORLD.trust, at=AT)
    assert [f.code for f in again.findings] == [*(f.code for f in direct.findings), "FROM_FACTS"]
    assert again.verdict == direct.verdict != "passed"


@pytest.mark.parametrize(
    "reference", ["#", "#-1", "#1.5", "#999999", "#\u00b2", "#0x1", "# 1", "#1 ", "#" + "9" * 5000]
)
def test_octets_that_do_not_stand_where_facts_say_are_refused(reference: str) -> None:
    changed = json.loads(json.dumps(SAMPLE))
    assert changed["signatures"][0]["certificate"].startswith("#")
    changed["signatures"][0]["certificate"] = reference
    with pytest.raises(FormatError):
        FileFacts.from_json(changed)


SAMPLE = of(INPUTS["B-T.pdf"]).to_json()


def paths(value: Any, here: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [here] if here else []
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return found + [p for k, v in items for p in paths(v, (*here, k))]


@given(st.sampled_from(paths(SAMPLE)), st.sampled_from([None, 1, -1, "x", [], {}, 1e308, True]))
def test_facts_that_were_damaged_are_refused_or_other_facts_and_never_a_crash(
    path: tuple[Any, ...], put: object
) -> None:
    changed = json.loads(json.dumps(SAMPLE))
    place = changed
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = put
    try:
        facts = FileFacts.from_json(changed)
    except FormatError:
        return
    kyso.replay(facts, trust=WORLD.trust, at=AT)
