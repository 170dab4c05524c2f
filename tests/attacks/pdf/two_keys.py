"""P14: an encrypted file whose owner's password leads to another key than the user's, and so to another text.

Since PDF 2.0 each password hides the key of the file by itself (/UE, /OE; ISO 32000-2 7.6.4.3.3). What one key makes
a text the other makes noise. Poppler 22.12 shows the second text to whoever has the owner's password; PDFium refuses
the key, as /Perms does not fit it, and so does kyso when it is given that password. MuPDF 1.21 takes the user's.
"""

from __future__ import annotations

import re
from functools import cache

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from kyso_pki.pdf.encryption.passwords import Locks, _hash
from kyso_pki.pdf.objects import Ref
from kyso_pki.pdf.reader import Reader
from tests.pki.pdf.encryption.locked import encryption_number, locked, number_of_stream, relaid
from tests.pki.pdf.samples import pike, stream

from .attack import Attack, variant
from .encryption import signed_by_other

ATTACKS: list[Attack] = []
OWNER = "chu so huu"
OTHER_KEY = bytes(range(32))
TEXT = b"BT /F1 12 Tf 72 700 Td (Pay 900 to Mau) Tj ET %"


def _aes(key: bytes, iv: bytes, data: bytes, *, encrypt: bool) -> bytes:
    cipher = Cipher(algorithms.AES(key), modes.CBC(iv))
    context = cipher.encryptor() if encrypt else cipher.decryptor()
    return context.update(data) + context.finalize()


def _for_both(key: bytes, other: bytes) -> bytes:
    """Octets that are the text to the other key, and to this one noise with a padding that is right."""
    for n in range(1 << 16):
        plain = TEXT + b"%032d" % n
        pad = 16 - len(plain) % 16
        octets = _aes(other, bytes(16), plain + bytes((pad,)) * pad, encrypt=True)
        if _aes(key, bytes(16), octets, encrypt=False)[-1] == 1:
            return bytes(16) + octets
    raise LookupError("no padding fits")


@cache
def two_texts() -> bytes:
    """Two pages of which the second is noise, or a sum for whoever has the owner's password."""
    pdf = locked(6, owner=OWNER, pdf=pike())
    reader = Reader(pdf)
    handler = reader.handler
    assert handler is not None
    number, content = encryption_number(pdf), number_of_stream(pdf, b"Page 1")
    entries = reader.dictionary(Ref(number))
    owner, user = entries["O"], entries["U"]
    assert isinstance(owner, bytes)
    assert isinstance(user, bytes)
    locks = Locks(revision=6, key_size=32, owner=owner, user=user, permissions=0)
    hidden = _aes(_hash(locks, OWNER.encode(), owner[40:48], user[:48]), bytes(16), OTHER_KEY, encrypt=True)
    noise = stream(_for_both(handler.key, OTHER_KEY))

    def change(bodies: dict[int, bytes]) -> None:
        bodies[number] = re.sub(rb"/OE ?<[0-9a-fA-F]+>", b"/OE <" + hidden.hex().encode() + b">", bodies[number])
        bodies[content] = noise

    return relaid(pdf, change)


variant(
    ATTACKS,
    "a_text_for_the_owner_that_is_noise_for_the_user",
    'P14: "an encrypted file shows one text to all".',
    lambda: signed_by_other(two_texts()),
    finding="CONTENT_MALFORMED",
    words="content of page 2",
)
