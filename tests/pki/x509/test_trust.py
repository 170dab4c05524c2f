"""Trust anchors are pinned by key; a name proves nothing."""

from __future__ import annotations

from datetime import UTC, datetime

from kyso_pki.testing import World
from kyso_pki.x509.trust import Anchor, TrustStore

AT = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
WORLD = World.create(at=AT)
IMPOSTOR_ROOT = WORLD.impostor_signer.chain.certificates[-1]


def test_store_without_anchors_is_empty_and_trusts_nobody() -> None:
    store = TrustStore()
    assert store.empty
    assert not store.is_anchor(WORLD.root, "signing")
    assert store.for_purpose("signing") == ()


def test_certificate_with_a_trusted_name_and_another_key_is_no_anchor() -> None:
    assert IMPOSTOR_ROOT.subject == WORLD.root.subject
    assert not WORLD.trust.is_anchor(IMPOSTOR_ROOT, "signing")
    assert WORLD.trust.knows_name(IMPOSTOR_ROOT.subject)
    assert WORLD.trust.knows_name(IMPOSTOR_ROOT.subject.der)
    assert not WORLD.trust.knows_name(WORLD.person.subject)


def test_certificate_with_a_trusted_key_and_another_name_is_no_anchor() -> None:
    """An anchor is a name and a key: anybody can write a certificate for a foreign key."""
    twin = WORLD.reissue(WORLD.person)
    assert twin.spki == WORLD.person.spki
    assert not TrustStore.of([WORLD.person]).is_anchor(twin, "signing")


def test_anchor_counts_for_its_purposes_only() -> None:
    store = TrustStore.of([WORLD.root], ["timestamping"])
    assert store.is_anchor(WORLD.root, "timestamping")
    assert not store.is_anchor(WORLD.root, "signing")
    assert not store.empty


def test_stores_add_up_without_repeating() -> None:
    signing, stamps = TrustStore.of([WORLD.root], ["signing"]), TrustStore.of([WORLD.root], ["timestamping"])
    both = signing + stamps + signing
    assert both.anchors == (
        Anchor(WORLD.root, frozenset({"signing"})),
        Anchor(WORLD.root, frozenset({"timestamping"})),
    )
    assert both.for_purpose("signing") == both.for_purpose("timestamping") == (WORLD.root,)
