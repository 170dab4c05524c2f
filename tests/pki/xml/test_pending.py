"""A prepared XML signature on its way between processes: whole, or refused."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kyso_pki.document import Intent
from kyso_pki.errors import PendingDamaged, SignatureValueInvalid, UsageError
from kyso_pki.evidence import Evidence
from kyso_pki.scheme import digest
from kyso_pki.testing import SoftwareSigner
from kyso_pki.xml.document import XmlDocument
from kyso_pki.xml.pending import XmlPending
from kyso_pki.xml.profiles import built_in

from .made import AT, LETTER, PERSON, SEAL, WORLD, intact, only

KEY = bytes(range(32))
INVOICE = (Path(__file__).parents[2] / "documents" / "hoa-don.xml").read_bytes()
UTF16 = '<?xml version="1.0" encoding="UTF-16"?>\r\n<a><b>công văn 😀</b></a>\r\n'.encode("utf-16")


def prepared(data: bytes = LETTER, signer: SoftwareSigner = SEAL, profile: str | None = None) -> XmlPending:
    intent = Intent(AT, profile=None if profile is None else built_in(profile))
    return XmlDocument(data).prepare(intent, signer.chain, signer.scheme)


SEALED = prepared().to_bytes(KEY)
UNSEALED = prepared().to_bytes(None, unauthenticated=True)


@pytest.mark.parametrize(
    ("data", "signer", "profile"),
    [
        (LETTER, SEAL, None),
        (LETTER, PERSON.using(pss=True), "generic-xmldsig"),
        (INVOICE, PERSON, "einvoice-tax-authority"),
        (INVOICE.replace(b"<HDon>", b'<HDon xmlns:q="urn:q" xml:lang="vi">'), PERSON, "einvoice-seller"),
        (b"\xef\xbb\xbf<a/>", SEAL, None),
        (UTF16, SEAL, None),
    ],
    ids=["xades", "pss", "no transforms", "inherited", "an empty root", "utf-16"],
)
def test_what_travelled_finishes_as_what_stayed(data: bytes, signer: SoftwareSigner, profile: str | None) -> None:
    pending = prepared(data, signer, profile)
    again = XmlPending.from_bytes(pending.to_bytes(KEY), data, KEY)
    assert again.imprint == pending.imprint
    [value] = signer.sign([again.imprint])
    assert again.finish(value) == pending.finish(value)
    assert intact(only(again.finish(value)))


def test_a_timestamp_is_put_in_where_it_is_finished() -> None:
    pending = XmlDocument(LETTER).prepare(Intent(AT, level="B-T"), SEAL.chain, SEAL.scheme)
    again = XmlPending.from_bytes(pending.to_bytes(KEY), LETTER, KEY)
    [value] = SEAL.sign([again.imprint])
    token = WORLD.timestamper(AT).timestamp(digest("sha256", again.timestamp_message(value)), "sha256")
    assert only(again.finish(value, Evidence(timestamps=(token,)))).timestamps[0].intact


def test_the_octets_that_travel_do_not_grow_with_the_document() -> None:
    large = LETTER.replace(b"</CongVan>", b"<x>x</x>" * 50_000 + b"</CongVan>")
    assert len(prepared(large).to_bytes(KEY)) < len(SEALED) + 100


def test_apart_from_its_file_it_finishes_over_the_very_file_alone() -> None:
    pending = prepared()
    apart = pending.apart()
    assert apart.source is None
    [value] = SEAL.sign([apart.imprint])
    assert apart.over(LETTER).finish(value) == pending.finish(value)
    with pytest.raises(UsageError, match="not here"):
        apart.finish(value)
    for other in (LETTER + b"\n", LETTER.replace(b"01/", b"02/"), b""):
        with pytest.raises(PendingDamaged, match="another file"):
            apart.over(other)


def test_what_came_unsealed_gives_nothing_to_sign_and_finishes_what_was_signed_elsewhere() -> None:
    """Whoever carries unsealed octets can put another signature into them; the original file does not tell."""
    pending = prepared()
    again = XmlPending.from_bytes(UNSEALED, LETTER, None, unauthenticated=True)
    with pytest.raises(UsageError, match="without a seal"):
        _ = again.imprint
    [value] = SEAL.sign([pending.imprint])
    assert intact(only(again.finish(value)))


def test_a_pending_without_a_key_must_be_spelt_out() -> None:
    for key, unauthenticated in ((None, False), (KEY, True)):
        with pytest.raises(UsageError, match="unauthenticated"):
            prepared().to_bytes(key, unauthenticated=unauthenticated)
        with pytest.raises(UsageError, match="unauthenticated"):
            XmlPending.from_bytes(UNSEALED, LETTER, key, unauthenticated=unauthenticated)


@given(st.integers(0, len(SEALED) - 1), st.integers(1, 255))
@settings(max_examples=300)
def test_any_flipped_byte_is_refused(position: int, change: int) -> None:
    for octets, key in ((SEALED, KEY), (UNSEALED, None)):
        at = position % len(octets)
        flipped = octets[:at] + bytes((octets[at] ^ change,)) + octets[at + 1 :]
        with pytest.raises(PendingDamaged):
            XmlPending.from_bytes(flipped, LETTER, key, unauthenticated=key is None)


@pytest.mark.parametrize("octets", [b"", b"\x30\x00", SEALED[:-1], SEALED + b"\0", b"\x30\x04\x30\x00\x04\x00"])
def test_octets_that_are_no_prepared_signature_are_refused(octets: bytes) -> None:
    with pytest.raises(PendingDamaged):
        XmlPending.from_bytes(octets, LETTER, KEY)


def test_another_key_or_another_document_is_refused() -> None:
    with pytest.raises(PendingDamaged, match="key"):
        XmlPending.from_bytes(SEALED, LETTER, bytes(32))
    with pytest.raises(PendingDamaged, match="another file"):
        XmlPending.from_bytes(SEALED, LETTER.replace(b"01/", b"02/"), KEY)
    with pytest.raises(UsageError, match="32"):
        prepared().to_bytes(KEY[:31])


Change = Callable[[XmlPending], XmlPending]
FORGED: dict[str, Change] = {
    "SignedInfo": lambda p: replace(p, signed_info=p.signed_info.replace("sha256", "sha512", 1)),
    "what is signed": lambda p: replace(p, to_be_signed=prepared(INVOICE).to_be_signed),
    "content before it": lambda p: replace(p, insertion=replace(p.insertion, opening="<So>900</So>")),
    "content after it": lambda p: replace(p, insertion=replace(p.insertion, closing="900")),
    "a place outside": lambda p: replace(p, insertion=replace(p.insertion, at=1 << 40)),
    "octets left out": lambda p: replace(p, insertion=replace(p.insertion, at=100, skipped=60)),
    "an encoding": lambda p: replace(p, encoding="utf-7"),
}


@pytest.mark.parametrize("name", list(FORGED))
def test_who_packs_octets_anew_without_a_key_puts_nothing_else_in(name: str) -> None:
    forged = FORGED[name](prepared()).to_bytes(None, unauthenticated=True)
    with pytest.raises(PendingDamaged):
        XmlPending.from_bytes(forged, LETTER, None, unauthenticated=True)


@pytest.mark.parametrize(
    "change",
    [
        lambda p: replace(p, insertion=replace(p.insertion, at=LETTER.index(b"x:loai"))),
        lambda p: replace(p, properties=p.properties.replace("2026", "2025")),
        lambda p: replace(p, leaf=WORLD.stranger_signer.chain.leaf),
    ],
    ids=["the place", "the properties", "the certificate"],
)
def test_a_forged_pending_yields_no_document(change: Change) -> None:
    octets = change(prepared()).to_bytes(None, unauthenticated=True)
    forged = XmlPending.from_bytes(octets, LETTER, None, unauthenticated=True)
    [value] = SEAL.sign([prepared().imprint])
    with pytest.raises((PendingDamaged, SignatureValueInvalid)):
        forged.finish(value)


PREPARE = """
import sys; sys.path[:0] = {paths!r}
from datetime import datetime
from pathlib import Path
from kyso_pki.credential import Chain
from kyso_pki.document import Intent
from kyso_pki.scheme import Scheme
from kyso_pki.x509.certificate import certificates_from_bytes
from kyso_pki.xml.document import XmlDocument
from kyso_pki.xml.profiles import built_in
chain = Chain(certificates_from_bytes(Path("chain.pem").read_bytes()))
intent = Intent(datetime.fromisoformat({at!r}), profile=built_in("einvoice-seller"))
pending = XmlDocument(Path("a.xml").read_bytes()).prepare(intent, chain, Scheme.for_key(chain.leaf.public_key))
Path("pending").write_bytes(pending.to_bytes(bytes.fromhex({key!r})))
Path("hash").write_bytes(pending.imprint)
"""
FINISH = """
import sys; sys.path[:0] = {paths!r}
from pathlib import Path
from kyso_pki.xml.pending import XmlPending
key = bytes.fromhex({key!r})
pending = XmlPending.from_bytes(Path("pending").read_bytes(), Path("a.xml").read_bytes(), key)
Path("signed.xml").write_bytes(pending.finish(Path("value").read_bytes()))
"""


def test_one_process_prepares_another_signs_a_third_finishes(tmp_path: Path) -> None:
    """Only the hash reaches the one with the key; the one that finishes has no key and prepared nothing."""
    (tmp_path / "a.xml").write_bytes(INVOICE)
    (tmp_path / "chain.pem").write_text("".join(c.pem() for c in PERSON.chain), encoding="utf-8")
    places = {"paths": [p for p in sys.path if p], "key": KEY.hex(), "at": AT.isoformat()}
    run(tmp_path, PREPARE.format(**places))
    (tmp_path / "value").write_bytes(PERSON.sign([(tmp_path / "hash").read_bytes()])[0])
    run(tmp_path, FINISH.format(**places))
    assert intact(only((tmp_path / "signed.xml").read_bytes()))


def run(folder: Path, code: str) -> None:
    done = subprocess.run([sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
