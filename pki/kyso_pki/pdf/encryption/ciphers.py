"""The ciphers of PDF encryption: AES in CBC mode, and RC4 for reading old files only.

RC4 comes from the "decrepit" part of `cryptography` where OpenSSL has it for the key's length; else it is the
few lines at the end, which are slow: keys of 48 or 88 bits are rare, and a FIPS build of OpenSSL has no RC4.
"""

from __future__ import annotations

import secrets
from typing import Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.decrepit.ciphers.algorithms import ARC4
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC, ECB

from ...errors import FormatError

BLOCK: Final = 16  # bytes of an AES block; an initialisation vector is one block


def aes_decrypt(key: bytes, data: bytes) -> bytes:
    """The plaintext of IV + CBC with PKCS#7 padding (ISO 32000-2 7.6.3.1). Raises `FormatError`."""
    _check_size(len(data))
    decryptor = Cipher(AES(key), CBC(data[:BLOCK])).decryptor()
    padded = decryptor.update(memoryview(data)[BLOCK:]) + decryptor.finalize()
    return padded[: len(padded) - _padding(padded[-BLOCK:])]


def check_aes(key: bytes, size: int, end: bytes) -> None:
    """Whether `size` bytes, the last two blocks of them `end`, can be IV + CBC + padding. Raises `FormatError`."""
    _check_size(size)
    decryptor = Cipher(AES(key), CBC(end[:BLOCK])).decryptor()
    _padding(decryptor.update(end[BLOCK:]) + decryptor.finalize())


def _check_size(size: int) -> None:
    if size < 2 * BLOCK or size % BLOCK:
        raise FormatError(f"PDF: {size} bytes are no AES data with an initialisation vector.")


def _padding(last: bytes) -> int:
    """The length of the PKCS#7 padding at the end of the last block."""
    count = last[-1]
    if not 1 <= count <= BLOCK or last[-count:] != bytes((count,)) * count:
        raise FormatError("PDF: AES data do not end with padding; they are not encrypted with this key.")
    return count


def aes_encrypt(key: bytes, data: bytes) -> bytes:
    """A fresh random IV, then CBC with PKCS#7 padding."""
    count = BLOCK - len(data) % BLOCK
    vector = secrets.token_bytes(BLOCK)
    encryptor = Cipher(AES(key), CBC(vector)).encryptor()
    return b"".join([vector, encryptor.update(data), encryptor.update(bytes((count,)) * count), encryptor.finalize()])


def aes_cbc(key: bytes, vector: bytes, data: bytes, *, encrypt: bool) -> bytes:
    """CBC over whole blocks, without padding."""
    cipher = Cipher(AES(key), CBC(vector))
    context = cipher.encryptor() if encrypt else cipher.decryptor()
    return context.update(data) + context.finalize()


def aes_ecb_decrypt(key: bytes, block: bytes) -> bytes:
    """One block, as /Perms is encrypted (7.6.4.4.12)."""
    decryptor = Cipher(AES(key), ECB()).decryptor()  # noqa: S305 - the format's own choice, for one block
    return decryptor.update(block) + decryptor.finalize()


def rc4(key: bytes, data: bytes) -> bytes:
    """`data` under RC4; the same function encrypts and decrypts."""
    if 8 * len(key) in ARC4.key_sizes:
        try:
            context = Cipher(ARC4(key), None).encryptor()
            return context.update(data) + context.finalize()
        except UnsupportedAlgorithm:
            pass
    return _rc4(key, data)


def _rc4(key: bytes, data: bytes) -> bytes:
    state = list(range(256))
    j = 0
    for i in range(256):
        j = (j + state[i] + key[i % len(key)]) & 0xFF
        state[i], state[j] = state[j], state[i]
    out = bytearray(data)
    i = j = 0
    for at in range(len(out)):
        i = (i + 1) & 0xFF
        j = (j + state[i]) & 0xFF
        state[i], state[j] = state[j], state[i]
        out[at] ^= state[(state[i] + state[j]) & 0xFF]
    return bytes(out)
