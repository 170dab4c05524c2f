"""A trust store keeps what was taken, refuses what is old, ended or of another key, and serves verification."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import kyso
from kyso.truststore.folder import TrustFolder, trust_folder
from kyso.truststore.publishing import publish
from kyso.truststore.stored import stored_trust
from kyso.truststore.taking import examine, taken
from kyso_pki.errors import FormatError, TrustBroken, TrustExpired, TrustRolledBack, TrustSignerUnknown, UsageError
from kyso_pki.evidence import Evidence
from kyso_pki.testing import World
from kyso_pki.trust.bundle import read_bundle
from kyso_pki.trust.kept import OWN_SOURCE, Added, Kept
from kyso_pki.x509.path import find_path
from kyso_pki.x509.trust import Anchor
from tests.pki.ades.inputs import PDF
from tests.pki.trust.lists import OPERATOR_PIN, Made, State
from tests.pki.trust.made import AT, DAY, PIN, PUBLISHER, WORLD, bundle, signed

OTHER = WORLD.person_signer
TODAY = World.create(at=datetime.now(UTC))
"""For what asks the clock."""
OWN = Added(Anchor(WORLD.root, source=OWN_SOURCE), "gốc")


def with_bundle(sequence: int = 1, **other: object) -> Kept:
    offer = examine(Kept(), signed(bundle(sequence, **other)), now=AT, signers=[PIN])
    return taken(Kept(), offer)


def test_what_is_kept_is_read_again(tmp_path: Path) -> None:
    place = TrustFolder(tmp_path / "kho")
    assert place.read() is None
    kept = replace(with_bundle(3), own=(OWN,))
    place.keep(kept, None)
    assert place.read() == kept
    if os.name == "posix":
        assert stat.S_IMODE(place.path.stat().st_mode) == 0o600
        assert stat.S_IMODE(place.path.parent.stat().st_mode) == 0o700
    assert sorted(p.name for p in place.path.parent.iterdir()) == ["trust.json", "trust.lock"]


def test_a_change_between_reading_and_keeping_is_not_overwritten(tmp_path: Path) -> None:
    place = TrustFolder(tmp_path)
    place.keep(Kept(own=(OWN,)), None)
    with pytest.raises(UsageError, match="changed meanwhile"):
        place.keep(with_bundle(), None)
    assert place.read() == Kept(own=(OWN,))


def test_two_processes_do_not_lose_each_others_changes(tmp_path: Path) -> None:
    """Eight at a time add one anchor each; who was overtaken is told, and tries again."""
    (tmp_path / "a.crt").write_text(WORLD.root.pem(), "ascii")
    code = (
        "import sys\n"
        "from kyso.truststore.folder import TrustFolder\n"
        "from kyso_pki.trust.kept import Kept, Added\n"
        "from kyso_pki.errors import UsageError\n"
        "from kyso_pki.x509.trust import Anchor\n"
        "from kyso_pki.x509.certificate import certificates_from_bytes\n"
        "from dataclasses import replace\n"
        "[c] = certificates_from_bytes(open(sys.argv[1], 'rb').read())\n"
        "place = TrustFolder(sys.argv[2])\n"
        "while True:\n"
        "    before = place.read()\n"
        "    kept = before or Kept()\n"
        "    try:\n"
        "        place.keep(replace(kept, own=(*kept.own, Added(Anchor(c), sys.argv[3]))), before)\n"
        "        break\n"
        "    except UsageError as e:\n"
        "        assert 'meanwhile' in str(e), e\n"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "a.crt"), str(tmp_path / "kho")]
    running = [subprocess.Popen([*command, str(n)]) for n in range(8)]
    assert [p.wait(60) for p in running] == [0] * 8
    kept = TrustFolder(tmp_path / "kho").read()
    assert kept is not None
    assert sorted(a.note or "" for a in kept.own) == [str(n) for n in range(8)]


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b'{"version": 2}', b'{"version": 1}', b"\xff", b'{"version": 1, "own": [], "sources": [{}]}'],
)
def test_a_store_that_cannot_be_read_is_an_error_and_never_an_empty_one(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "trust.json").write_bytes(content)
    with pytest.raises(UsageError):
        stored_trust(tmp_path)


STORED = json.loads(with_bundle().to_bytes())
MEMBERS = ["anchors", "notes", "signers", "expires", "kind", "sequence"]


@given(st.sampled_from(MEMBERS), st.sampled_from([[], None, 1, "x"]))
def test_a_store_that_was_changed_by_hand_is_an_error_or_another_store_and_never_a_crash(
    member: str, put: object
) -> None:
    changed = json.loads(json.dumps(STORED))
    changed["sources"][0][member] = put
    try:
        kept = Kept.from_bytes(json.dumps(changed).encode())
    except FormatError:
        return
    assert kept.store(AT) is not None
    assert kept.next_end(AT) is None or kept.sources


def test_where_a_store_lies(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("KYSO_TRUST_STORE", str(tmp_path / "a"))
    assert trust_folder() == tmp_path / "a"
    monkeypatch.delenv("KYSO_TRUST_STORE")
    if sys.platform == "linux":
        monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "c"))
        assert trust_folder() == tmp_path / "c" / "kyso" / "trust"


def test_the_first_bundle_needs_a_key_and_the_next_one_the_keys_that_it_names() -> None:
    first = signed(bundle(1, signers=(PIN, OTHER.certificate.spki_sha256)))
    with pytest.raises(TrustSignerUnknown):
        examine(Kept(), first, now=AT)
    kept = taken(Kept(), examine(Kept(), first, now=AT, signers=[PIN]))
    with pytest.raises(TrustSignerUnknown):
        examine(kept, signed(bundle(2), WORLD.stranger_signer), now=AT)
    own = OTHER.certificate.spki_sha256
    kept = taken(kept, examine(kept, signed(bundle(2, signers=(own,)), OTHER), now=AT))
    with pytest.raises(TrustSignerUnknown):  # the first key was left behind
        examine(kept, signed(bundle(3)), now=AT)


def test_an_old_bundle_is_not_played_over_a_newer_one() -> None:
    kept = with_bundle(5)
    for data in (signed(bundle(4)), signed(bundle(5, Anchor(WORLD.issuing)))):
        with pytest.raises(TrustRolledBack):
            examine(kept, data, now=AT)
    # Nor when the caller names its key again.
    with pytest.raises(TrustRolledBack):
        examine(kept, signed(bundle(4)), now=AT, signers=[PIN])


def test_a_bundle_that_claims_to_be_older_than_the_one_before_is_a_roll_back_whatever_its_number() -> None:
    with pytest.raises(TrustRolledBack, match="issued on"):
        examine(with_bundle(5), signed(bundle(6, issued=AT - DAY)), now=AT)


def test_an_ended_bundle_is_not_taken() -> None:
    data = signed(bundle(1))
    with pytest.raises(TrustExpired, match="kyso trust update"):
        examine(Kept(), data, now=AT + 90 * DAY, signers=[PIN])
    assert examine(Kept(), data, now=AT + 90 * DAY - timedelta(seconds=1), signers=[PIN])


def test_the_same_file_again_is_nothing_new() -> None:
    data = signed(bundle(1))
    kept = taken(Kept(), examine(Kept(), data, now=AT, signers=[PIN]))
    again = examine(kept, data, now=AT)
    assert again.same
    assert not again.changes


def test_what_would_change_is_said_before() -> None:
    kept = with_bundle(1)
    becomes = bundle(2, Anchor(WORLD.root, trusted_until=AT), Anchor(WORLD.tsa, frozenset({"timestamping"})))
    offer = examine(kept, signed(becomes), now=AT)
    assert [(c.kind, c.fingerprint) for c in offer.changes] == [
        ("changed", WORLD.root.sha256),
        ("added", WORLD.tsa.sha256),
    ]
    assert [s.sequence for s in kept.sources] == [1]


def test_a_bundle_that_ended_in_the_store_trusts_nobody_and_the_verdict_says_how_to_renew_it(tmp_path: Path) -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    place = TrustFolder(tmp_path)
    signed_pdf = kyso.sign(PDF, TODAY.person_signer)
    anchors = (Anchor(TODAY.root, source="bundle tinh-mau #1"),)
    for expires, verdict in ((now + DAY, "passed"), (now - timedelta(hours=1), "indeterminate")):
        source = replace(with_bundle().sources[0], issued=now - DAY, expires=expires, anchors=anchors)
        place.keep(Kept(sources=(source,)), place.read())
        report = kyso.verify(signed_pdf, trust=stored_trust(tmp_path), evidence=Evidence(crls=TODAY.crls(TODAY.at)))
        assert report.verdict == verdict, report.to_json()
    texts = [f.text for f in report.signatures[0].findings if f.code == "NOT_TRUSTED_THEN"]
    assert len(texts) == 1
    assert "bundle tinh-mau #1 ended" in texts[0]
    assert "kyso trust update" in texts[0]


def test_verify_uses_the_store_of_the_user_unless_anchors_are_given() -> None:
    own = Added(Anchor(TODAY.root, source=OWN_SOURCE), None)
    signed_pdf = kyso.sign(PDF, TODAY.person_signer)
    evidence = Evidence(crls=TODAY.crls(TODAY.at))
    assert not kyso.verify(signed_pdf, evidence=evidence).signatures[0].trust_loaded
    TrustFolder().keep(Kept(own=(own,)), None)
    report = kyso.verify(signed_pdf, evidence=evidence)
    assert report.passed
    assert report.signatures[0].anchor == own.anchor
    assert not kyso.verify(signed_pdf, evidence=evidence, trust=kyso.TrustStore()).passed


def test_what_is_said_by_hand_of_a_key_wins_over_every_source() -> None:
    """An office must be able to end its trust at once, whatever a bundle still says; and only for what it says."""
    ended = Added(Anchor(WORLD.root, frozenset({"signing"}), None, AT - DAY, OWN_SOURCE), None)
    store = replace(with_bundle(), own=(ended,)).store(AT)
    assert store.anchor_at(WORLD.root, "signing", AT) is None
    assert store.anchor_at(WORLD.root, "signing", AT - 2 * DAY) == ended.anchor
    stamps = store.anchor_at(WORLD.root, "timestamping", AT)
    assert stamps is not None
    assert (stamps.source, stamps.purposes) == ("bundle tinh-mau #1", frozenset({"timestamping"}))
    found = find_path(WORLD.person, [WORLD.issuing], store, AT, "signing")
    assert [f.code for f in found.findings] == ["NOT_TRUSTED_THEN"]


def test_an_address_that_was_given_by_hand_is_kept_where_a_bundle_tells_none() -> None:
    kept = with_bundle()
    kept = Kept(sources=(replace(kept.sources[0], update="https://mau.example/b"),))
    assert examine(kept, signed(bundle(2)), now=AT).source.update == "https://mau.example/b"
    told = signed(bundle(2, update="https://mau.example/c"))
    assert examine(kept, told, now=AT).source.update == "https://mau.example/c"


def test_a_change_of_the_store_is_seen_by_the_next_verification(tmp_path: Path) -> None:
    place = TrustFolder(tmp_path)
    place.keep(Kept(own=(OWN,)), None)
    assert not stored_trust(tmp_path).empty
    assert stored_trust(tmp_path) is stored_trust(tmp_path)
    place.keep(Kept(), Kept(own=(OWN,)))
    assert stored_trust(tmp_path).empty


def test_a_published_bundle_is_read_by_others() -> None:
    now = datetime.now(UTC)
    anchors = [(Anchor(WORLD.root, frozenset({"signing"}), AT, AT + DAY, OWN_SOURCE), "gốc tỉnh")]
    data = publish(anchors, PUBLISHER, name="tinh-mau", sequence=4, issued=now, expires=now + 90 * DAY)
    read = read_bundle(data, [PIN])
    assert (read.sequence, read.notes, read.signers) == (4, ("gốc tỉnh",), (PIN,))
    assert replace(read.anchors[0], source=OWN_SOURCE) == anchors[0][0]
    with pytest.raises(UsageError):
        publish([], PUBLISHER, name="tinh-mau", sequence=4, issued=now, expires=now + DAY)
    with pytest.raises(UsageError, match="'own' is no name"):  # its anchors would be listed as added by hand
        publish(anchors, PUBLISHER, name="own", sequence=4, issued=now, expires=now + DAY)


def test_a_list_and_a_bundle_live_side_by_side() -> None:
    made = Made(((State(certificates=(WORLD.issuing,)),),), sequence=3)
    kept = with_bundle()
    offer = examine(kept, made.signed(), now=AT, signers=[OPERATOR_PIN])
    kept = taken(kept, offer)
    assert [s.name for s in kept.sources] == ["tinh-mau", "tl-vn"]
    assert {a.source for a in kept.store(AT).anchors} == {"bundle tinh-mau #1", "list tl-vn #3"}
    for older in (replace(made, sequence=2), replace(made, services=made.services * 2)):
        with pytest.raises(TrustRolledBack):
            examine(kept, older.signed(), now=AT)
    with pytest.raises(TrustExpired):
        examine(kept, replace(made, sequence=4, next_update=AT).signed(), now=AT)
    with pytest.raises(TrustExpired):
        examine(kept, replace(made, sequence=4, next_update=None).signed(), now=AT)
    assert Kept.from_bytes(kept.to_bytes()) == kept


def test_a_tampered_file_is_not_taken() -> None:
    data = bytearray(signed(bundle(1)))
    data[data.index(b"tinh-mau") + 1] ^= 1
    with pytest.raises(TrustBroken):
        examine(Kept(), bytes(data), now=AT, signers=[PIN])


def test_the_store_is_readable_json(tmp_path: Path) -> None:
    TrustFolder(tmp_path).keep(with_bundle(), None)
    value = json.loads((tmp_path / "trust.json").read_text("utf-8"))
    assert value["sources"][0]["name"] == "tinh-mau"
