"""A trust bundle is read as it was written, and in no other way."""

from __future__ import annotations

import json
import subprocess
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kyso_pki.errors import FormatError, KysoError, TrustBroken, TrustExpired, TrustRolledBack, UsageError
from kyso_pki.trust.acceptance import changes, check_current, check_newer
from kyso_pki.trust.bundle import MAX_SEQUENCE, TrustBundle, content_of, read_bundle
from kyso_pki.x509.trust import Anchor, Purpose

from .made import AT, DAY, PIN, PUBLISHER, WORLD, bundle, signed

PURPOSES: list[Purpose] = ["signing", "timestamping"]
SECONDS = st.integers(946_684_800, 3_786_912_000).map(lambda s: datetime.fromtimestamp(s, UTC))
LETTERS = st.characters(categories=("L", "N"), include_characters=" .")
NOTES = st.none() | st.text(LETTERS, max_size=60)


@st.composite
def anchors(draw: st.DrawFn) -> Anchor:
    times: list[datetime] = sorted(draw(st.lists(SECONDS, min_size=2, max_size=2, unique=True)))
    start, end = (t if draw(st.booleans()) else None for t in times)
    certificate = draw(st.sampled_from([WORLD.root, WORLD.issuing, WORLD.tsa, WORLD.person]))
    purposes = frozenset(draw(st.sets(st.sampled_from(PURPOSES), min_size=1)))
    return Anchor(certificate, purposes, start, end)


@given(
    st.lists(anchors(), max_size=6),
    st.integers(1, MAX_SEQUENCE),
    SECONDS,
    st.integers(1, 10**8),
    st.data(),
)
def test_what_is_written_is_read_again(
    found: list[Anchor], sequence: int, issued: datetime, lasts: int, data: st.DataObject
) -> None:
    notes = tuple(data.draw(NOTES) for _ in found)
    written = TrustBundle(
        "tinh-mau",
        sequence,
        issued,
        issued + timedelta(seconds=lasts),
        (PIN,),
        tuple(found),
        notes,
        "https://mau.example/tin-cay.p7m",
    )
    read = read_bundle(signed(content_of(written)), [PIN])
    assert {a.source for a in read.anchors} <= {f"bundle tinh-mau #{sequence}"}
    assert content_of(read) == content_of(written)
    assert (read.sequence, read.issued, read.expires, read.notes) == (sequence, issued, written.expires, notes)


@given(st.binary(max_size=400))
def test_any_signed_octets_are_a_bundle_or_an_error_of_ours(octets: bytes) -> None:
    with pytest.raises(KysoError):
        read_bundle(signed(octets), [PIN])


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)
MEMBERS = sorted(json.loads(content_of(bundle())))


@given(st.sampled_from(MEMBERS), JSON)
def test_a_member_of_another_type_or_meaning_is_an_error_of_ours(member: str, value: object) -> None:
    content = json.loads(content_of(bundle()))
    if value == content[member] or (member == "anchors" and value == []) or (member == "update" and value is None):
        return
    if member == "sequence" and isinstance(value, int) and not isinstance(value, bool) and value > 0:
        return
    content[member] = value
    with pytest.raises(KysoError):
        read_bundle(signed(json.dumps(content).encode()), [PIN])


@given(st.binary(max_size=64), st.integers(0, 4000))
def test_a_file_with_foreign_octets_is_an_error_of_ours(octets: bytes, place: int) -> None:
    data = signed(bundle())
    place %= len(data)
    changed = data[:place] + octets + data[place + len(octets) :]
    if changed == data:
        return
    try:
        read_bundle(changed, [PIN])
    except KysoError:
        return
    # Certificates beside the signer's and unsigned parts may differ; what was signed may not.
    assert content_of(read_bundle(changed, [PIN])) == content_of(bundle())


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"version": 1', '"version": 2'),
        ('"version": 1', '"version": true'),
        ('"version": 1', '"version": 1, "version": 1'),
        ('"sequence": 1', '"sequence": 1.0'),
        ('"sequence": 1', '"sequence": 0'),
        ('"sequence": 1', '"sequence": 1' + "0" * 5000),
        ('"sequence": 1', '"sequence": 1, "more": 1'),
        ('"update": null', '"update": "http://mau.example/x"'),
        ('"update": null', '"update": "https://ai@mau.example/x"'),
        ('"note": null', '"note": null, "note": null'),
        ('"note": null', '"note": "\\u001b[31m"'),
        ('"from": null', '"from": "2026-11-23"'),
        ('"from": null', '"from": "2026-13-23T00:00:00Z"'),
        ('"purposes": ["signing", "timestamping"]', '"purposes": []'),
        ('"purposes": ["signing", "timestamping"]', '"purposes": ["signing", "anything"]'),
        ('"format": "kyso-trust-bundle"', '"format": "something"'),
    ],
)
def test_what_this_version_does_not_know_is_refused(old: str, new: str) -> None:
    content = content_of(bundle()).decode()
    assert content.count(old) == 1
    with pytest.raises(FormatError):
        read_bundle(signed(content.replace(old, new).encode()), [PIN])


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": "Tỉnh Mẫu"},
        {"sequence": 0},
        {"expires": AT},
        {"signers": ()},
        {"update": "http://a"},
        {"notes": ("\u001b",)},
        {"notes": ()},
    ],
)
def test_a_bundle_that_nobody_could_read_is_not_made(wrong: dict[str, object]) -> None:
    with pytest.raises(UsageError):
        replace(bundle(), **wrong)  # type: ignore[arg-type]  # fields by name


def test_openssl_reads_what_was_signed(tmp_path: Path) -> None:
    """The file is ordinary CMS: whoever has no kyso can look into it and check it."""
    (tmp_path / "b.p7m").write_bytes(signed(bundle()))
    (tmp_path / "ca.pem").write_text(WORLD.root.pem(), "ascii")
    command = ["openssl", "cms", "-verify", "-inform", "DER", "-in", "b.p7m", "-CAfile", "ca.pem", "-purpose", "any"]
    done = subprocess.run([*command, "-binary", "-no_check_time"], capture_output=True, cwd=tmp_path, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout == content_of(bundle())


def test_an_older_number_or_other_content_under_the_same_number_is_a_roll_back() -> None:
    check_newer("bundle", 2, "b", 1, "a")
    check_newer("bundle", 2, "b", 2, "b")
    for number, digest in ((1, "b"), (2, "other")):
        with pytest.raises(TrustRolledBack):
            check_newer("bundle", number, digest, 2, "b")


def test_what_has_ended_or_is_closed_or_from_the_future_is_not_believed() -> None:
    check_current("bundle", AT, AT + DAY, AT)
    for issued, expires in ((AT - DAY, AT), (AT, None), (AT + 2 * DAY, AT + 9 * DAY)):
        with pytest.raises(TrustExpired):
            check_current("bundle", issued, expires, AT)


def test_changes_name_who_comes_who_goes_and_whose_dates_differ() -> None:
    was = (Anchor(WORLD.root), Anchor(WORLD.tsa))
    becomes = (Anchor(WORLD.root, source="elsewhere"), Anchor(WORLD.tsa, trusted_until=AT), Anchor(WORLD.issuing))
    assert [(c.kind, c.fingerprint) for c in changes(was, becomes)] == [
        ("changed", WORLD.tsa.sha256),
        ("added", WORLD.issuing.sha256),
    ]
    assert [c.kind for c in changes(becomes, was)] == ["removed", "changed"]
    assert changes(was, was) == ()


def test_a_detached_signature_is_no_bundle() -> None:
    with pytest.raises(TrustBroken):
        read_bundle(signed(bundle(), PUBLISHER, detached=True), [PIN])
