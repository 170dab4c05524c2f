"""Every variant of P14 is refused and says why; nor does kyso sign a file that is only partly encrypted."""

from __future__ import annotations

import pytest

from kyso_pki.ades.sign import sign_document
from kyso_pki.document import Intent, Wanted
from kyso_pki.errors import SigningError
from kyso_pki.evidence import Evidence
from kyso_pki.pdf.document import PdfDocument
from tests.pki.pdf.samples import AT, WORLD, facts, intact, signed

from . import encryption
from .attack import Attack
from .judged import assert_refused, verdict


@pytest.mark.parametrize("attack", encryption.ENCRYPTED, ids=lambda a: a.name)
def test_a_signed_file_with_a_hole_in_its_encryption_is_refused(attack: Attack) -> None:
    assert_refused(attack)


@pytest.mark.parametrize("revision", [4, 6])
@pytest.mark.parametrize("metadata", [True, False])
def test_the_victim_itself_passes(revision: int, metadata: bool) -> None:
    plain = encryption.plain_victim(revision, metadata)
    pdf = encryption.signed_by_other(plain) if metadata else signed(plain)
    assert verdict(pdf) == "passed"
    assert all(map(intact, facts(pdf)))


@pytest.mark.parametrize(
    "attack", [a for a in encryption.ENCRYPTED if a.finding == "PARTIAL_ENCRYPTION"], ids=lambda a: a.name
)
def test_a_file_that_is_only_partly_encrypted_is_not_signed(attack: Attack) -> None:
    with pytest.raises(SigningError, match="partly encrypted"):
        sign_document(PdfDocument(attack.make()), Intent(AT), WORLD.person_signer)
    with pytest.raises(SigningError, match="partly encrypted"):
        PdfDocument(attack.make()).prepare_timestamps("archive", lambda: 10_000, None)
    with pytest.raises(SigningError, match="partly encrypted"):
        PdfDocument(attack.make()).prepare_evidence([Wanted("", Evidence(certificates=(WORLD.issuing,)))], b"")
