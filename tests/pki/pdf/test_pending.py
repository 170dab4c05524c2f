"""A prepared signature on its way between processes: whole, or refused."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kyso_pki.credential import Chain
from kyso_pki.document import Intent
from kyso_pki.errors import PendingDamaged, SignatureValueInvalid, UsageError
from kyso_pki.pdf.document import PdfDocument
from kyso_pki.pdf.pending import PdfPending
from kyso_pki.testing import SoftwareSigner
from tests.pki.pdf.samples import AT, WORLD, facts, intact, table_pdf

KEY = bytes(range(32))
PDF = table_pdf()
SIGNER = WORLD.person_signer


def prepared(signer: SoftwareSigner = SIGNER, data: bytes = PDF) -> PdfPending:
    return PdfDocument(data).prepare(Intent(AT, reason="Phê duyệt"), signer.chain, signer.scheme)


SEALED = prepared().to_bytes(KEY)
UNSEALED = prepared().to_bytes(None, unauthenticated=True)


@pytest.mark.parametrize("signer", [WORLD.person_signer, WORLD.seal_signer, WORLD.person_signer.using(pss=True)])
def test_what_travelled_finishes_as_what_stayed(signer: SoftwareSigner) -> None:
    pending = prepared(signer)
    again = PdfPending.from_bytes(pending.to_bytes(KEY), PDF, KEY)
    assert again.imprint == pending.imprint
    [value] = signer.sign([again.imprint])
    assert again.finish(value) == pending.finish(value)
    assert all(map(intact, facts(again.finish(value))))


def test_what_came_unsealed_gives_nothing_to_sign_and_finishes_what_was_signed_elsewhere() -> None:
    """Whoever carries unsealed octets can put another revision into them; the original file does not tell."""
    pending = prepared()
    again = PdfPending.from_bytes(UNSEALED, PDF, None, unauthenticated=True)
    with pytest.raises(UsageError, match="without a seal"):
        _ = again.imprint
    [value] = SIGNER.sign([pending.imprint])
    assert all(map(intact, facts(again.finish(value))))


def test_a_revision_exchanged_whole_gets_no_signature() -> None:
    other = PdfDocument(PDF).prepare(Intent(AT, reason="Chi 900 triệu"), SIGNER.chain, SIGNER.scheme)
    forged = PdfPending.from_bytes(other.to_bytes(None, unauthenticated=True), PDF, None, unauthenticated=True)
    with pytest.raises(UsageError):
        _ = forged.imprint
    [value] = SIGNER.sign([prepared().imprint])
    with pytest.raises(SignatureValueInvalid):
        forged.finish(value)


def test_a_pending_without_a_key_must_be_spelt_out() -> None:
    for key, unauthenticated in ((None, False), (KEY, True)):
        with pytest.raises(UsageError, match="unauthenticated"):
            prepared().to_bytes(key, unauthenticated=unauthenticated)
        with pytest.raises(UsageError, match="unauthenticated"):
            PdfPending.from_bytes(UNSEALED, PDF, key, unauthenticated=unauthenticated)


@given(st.integers(0, len(SEALED) - 1), st.integers(1, 255))
@settings(max_examples=300)
def test_any_flipped_byte_is_refused(position: int, change: int) -> None:
    for octets, key in ((SEALED, KEY), (UNSEALED, None)):
        at = position % len(octets)
        flipped = octets[:at] + bytes((octets[at] ^ change,)) + octets[at + 1 :]
        with pytest.raises(PendingDamaged):
            PdfPending.from_bytes(flipped, PDF, key, unauthenticated=key is None)


@pytest.mark.parametrize("octets", [b"", b"\x30\x00", SEALED[:-1], SEALED + b"\0", b"\x30\x04\x30\x00\x04\x00"])
def test_octets_that_are_no_prepared_signature_are_refused(octets: bytes) -> None:
    with pytest.raises(PendingDamaged):
        PdfPending.from_bytes(octets, PDF, KEY)


def test_another_key_or_none_is_refused() -> None:
    for key in (bytes(32), None):
        with pytest.raises(PendingDamaged, match="key"):
            PdfPending.from_bytes(SEALED, PDF, key, unauthenticated=key is None)
    with pytest.raises(PendingDamaged, match="key"):
        PdfPending.from_bytes(UNSEALED, PDF, KEY)
    with pytest.raises(UsageError, match="32"):
        prepared().to_bytes(KEY[:31])


def test_another_document_is_refused() -> None:
    other = PDF.replace(b"Pay 100", b"Pay 900")
    for data in (other, PDF + b"\n", PDF[:-1], b""):
        with pytest.raises(PendingDamaged, match="another file"):
            PdfPending.from_bytes(SEALED, data, KEY)


@pytest.mark.parametrize(
    "change",
    [
        lambda p: replace(p, slot=replace(p.slot, tail=p.slot.tail.replace(b"/Reason", b"/Raison"))),
        lambda p: replace(p, to_be_signed=prepared(data=PDF.replace(b"Pay 100", b"Pay 900")).to_be_signed),
        lambda p: replace(p, chain=Chain((WORLD.reissue(WORLD.person), *p.chain.issuers))),
    ],
    ids=["the revision", "the attributes", "the certificate"],
)
def test_who_makes_a_new_checksum_still_gets_no_signature(change) -> None:  # type: ignore[no-untyped-def]  # a function of a pending
    """Without a key anybody can pack octets anew; the file is compared with what the key signs, all the same."""
    octets = change(prepared()).to_bytes(None, unauthenticated=True)
    forged = PdfPending.from_bytes(octets, PDF, None, unauthenticated=True)
    [value] = SIGNER.sign([forged.scheme.imprint(forged.to_be_signed)])
    with pytest.raises(PendingDamaged, match="nothing was signed"):
        forged.finish(value)


PREPARE = """
import sys; sys.path[:0] = {paths!r}
from datetime import datetime
from pathlib import Path
from kyso_pki.credential import Chain
from kyso_pki.document import Intent
from kyso_pki.pdf.document import PdfDocument
from kyso_pki.scheme import Scheme
from kyso_pki.x509.certificate import certificates_from_bytes
chain = Chain(certificates_from_bytes(Path("chain.pem").read_bytes()))
scheme = Scheme.for_key(chain.leaf.public_key)
pending = PdfDocument(Path("a.pdf").read_bytes()).prepare(Intent(datetime.fromisoformat({at!r})), chain, scheme)
Path("pending").write_bytes(pending.to_bytes(bytes.fromhex({key!r})))
Path("hash").write_bytes(pending.imprint)
"""
FINISH = """
import sys; sys.path[:0] = {paths!r}
from pathlib import Path
from kyso_pki.pdf.pending import PdfPending
key = bytes.fromhex({key!r})
pending = PdfPending.from_bytes(Path("pending").read_bytes(), Path("a.pdf").read_bytes(), key)
Path("signed.pdf").write_bytes(pending.finish(Path("value").read_bytes()))
"""


def test_one_process_prepares_another_signs_a_third_finishes(tmp_path: Path) -> None:
    """Only the hash reaches the one with the key; the one that finishes has no key and prepared nothing."""
    (tmp_path / "a.pdf").write_bytes(PDF)
    (tmp_path / "chain.pem").write_text("".join(c.pem() for c in SIGNER.chain), encoding="utf-8")
    places = {"paths": [p for p in sys.path if p], "key": KEY.hex(), "at": datetime.now(UTC).isoformat()}
    run(tmp_path, PREPARE.format(**places))
    (tmp_path / "value").write_bytes(SIGNER.sign([(tmp_path / "hash").read_bytes()])[0])
    run(tmp_path, FINISH.format(**places))
    signed = (tmp_path / "signed.pdf").read_bytes()
    assert signed.startswith(PDF)
    assert all(map(intact, facts(signed)))


def run(folder: Path, script: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=folder, capture_output=True, encoding="utf-8", timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
