"""From a password to the file encryption key (ISO 32000-2 7.6.4.3 and 7.6.4.4), revisions 2 to 6.

Reach for `unlock`. The numbers of the algorithms are those of ISO 32000-2. A password is never kept and never
part of a message.
"""

from __future__ import annotations

import hashlib
import hmac
import stringprep
import unicodedata
from dataclasses import dataclass
from typing import Final

from ...errors import FormatError
from ..objects import PDF_DOC
from .ciphers import aes_cbc, aes_ecb_decrypt, rc4

MAX_PASSWORD: Final = 127  # bytes of a password in revisions 5 and 6 (7.6.4.3.3)
_PAD: Final = bytes.fromhex("28BF4E5E4E758A4164004E56FFFA01082E2E00B6D0683E802F0CA9FE6453697A")  # algorithm 2, step a
_TO_PDF_DOC = {ord(character): code for code, character in PDF_DOC.items()}


@dataclass(frozen=True)
class Locks:
    """What the encryption dictionary holds for passwords (ISO 32000-2 table 21)."""

    revision: int
    key_size: int
    """Bytes of the file encryption key."""
    owner: bytes
    """/O"""
    user: bytes
    """/U"""
    permissions: int
    """/P as 32 bits without a sign."""
    owner_key: bytes = b""
    """/OE, revisions 5 and 6."""
    user_key: bytes = b""
    """/UE, revisions 5 and 6."""
    perms: bytes = b""
    """/Perms, revisions 5 and 6."""
    file_id: bytes = b""
    """The first half of the trailer's /ID."""
    encrypt_metadata: bool = True


@dataclass(frozen=True)
class Unlocked:
    """The file encryption key, and whose password gave it."""

    key: bytes
    as_owner: bool

    def __repr__(self) -> str:
        return f"Unlocked(as_owner={self.as_owner})"


def unlock(locks: Locks, password: str) -> Unlocked | None:
    """The key, when the password is the owner's or a user's; None when it is neither. Raises `FormatError`."""
    for octets in _octets(password, locks.revision):
        if locks.revision >= 5:
            found = _unlock_5(locks, octets)
        else:
            user = _user_password(locks, octets)
            key = _key_2(locks, user)
            if _is_user(locks, key):
                found = Unlocked(key, True)
            else:
                key = _key_2(locks, octets)
                found = Unlocked(key, False) if _is_user(locks, key) else None
        if found is not None:
            return found
    return None


# Passwords as octets ------------------------------------------------------------------------------------------


def _octets(password: str, revision: int) -> list[bytes]:
    """The password as the revision wants it, and as careless writers have it."""
    if revision >= 5:
        prepared = saslprep(password)
        texts = [password] if prepared is None else [prepared, password]
        return list(dict.fromkeys(text.encode()[:MAX_PASSWORD] for text in texts))
    utf8 = password.encode()
    doc = password.translate(_TO_PDF_DOC)
    found = [doc.encode("latin-1")] if all(ord(c) < 256 for c in doc) else []
    return list(dict.fromkeys([*found, utf8]))


def saslprep(text: str) -> str | None:
    """The text by RFC 4013 (stored strings); None for one that the profile prohibits."""
    mapped = "".join(
        " " if stringprep.in_table_c12(c) else c for c in text if not stringprep.in_table_b1(c)
    )  # RFC 4013 2.1
    out = unicodedata.ucd_3_2_0.normalize("NFKC", mapped)  # 2.2: stringprep is of Unicode 3.2
    prohibited = (
        stringprep.in_table_a1,
        stringprep.in_table_c12,
        stringprep.in_table_c21_c22,
        stringprep.in_table_c3,
        stringprep.in_table_c4,
        stringprep.in_table_c5,
        stringprep.in_table_c6,
        stringprep.in_table_c7,
        stringprep.in_table_c8,
        stringprep.in_table_c9,
    )  # 2.3, 2.5
    if any(table(c) for c in out for table in prohibited):
        return None
    if any(map(stringprep.in_table_d1, out)):  # RFC 3454 6
        ends = stringprep.in_table_d1(out[0]) and stringprep.in_table_d1(out[-1])
        if any(map(stringprep.in_table_d2, out)) or not ends:
            return None
    return out


# Revisions 2 to 4 -----------------------------------------------------------------------------------------------


def _md5(data: bytes) -> bytes:
    return hashlib.md5(data, usedforsecurity=False).digest()


def _key_2(locks: Locks, password: bytes) -> bytes:
    """Algorithm 2."""
    text = (password + _PAD)[:32] + locks.owner[:32] + locks.permissions.to_bytes(4, "little") + locks.file_id
    if locks.revision >= 4 and not locks.encrypt_metadata:
        text += b"\xff\xff\xff\xff"
    key = _md5(text)
    if locks.revision >= 3:
        for _ in range(50):
            key = _md5(key[: locks.key_size])
    return key[: locks.key_size]


def _is_user(locks: Locks, key: bytes) -> bool:
    """Algorithms 4, 5 and 6: whether /U is what this key makes."""
    if locks.revision == 2:
        return hmac.compare_digest(rc4(key, _PAD), locks.user[:32])
    value = _md5(_PAD + locks.file_id)
    for i in range(20):
        value = rc4(bytes(b ^ i for b in key), value)
    return hmac.compare_digest(value, locks.user[:16])


def _user_password(locks: Locks, password: bytes) -> bytes:
    """Algorithm 7: the user password that /O hides under the owner's."""
    key = _md5((password + _PAD)[:32])
    if locks.revision >= 3:
        for _ in range(50):
            key = _md5(key)
    key = key[: locks.key_size]
    value = locks.owner[:32]
    for i in range(19 if locks.revision >= 3 else 0, -1, -1):
        value = rc4(bytes(b ^ i for b in key), value)
    return value


# Revisions 5 and 6 ----------------------------------------------------------------------------------------------


def _unlock_5(locks: Locks, password: bytes) -> Unlocked | None:
    """Algorithm 2.A, and 13 for /Perms."""
    owner, user = locks.owner[:48], locks.user[:48]
    if hmac.compare_digest(_hash(locks, password, owner[32:40], user), owner[:32]):
        key = aes_cbc(_hash(locks, password, owner[40:48], user), bytes(16), locks.owner_key[:32], encrypt=False)
        as_owner = True
    elif hmac.compare_digest(_hash(locks, password, user[32:40], b""), user[:32]):
        key = aes_cbc(_hash(locks, password, user[40:48], b""), bytes(16), locks.user_key[:32], encrypt=False)
        as_owner = False
    else:
        return None
    perms = aes_ecb_decrypt(key, locks.perms[:16])
    metadata = b"T" if locks.encrypt_metadata else b"F"
    if perms[9:12] != b"adb" or perms[:4] != locks.permissions.to_bytes(4, "little") or perms[8:9] != metadata:
        raise FormatError("PDF: the permissions in the encryption dictionary were changed: /Perms does not fit them.")
    return Unlocked(key, as_owner)


def _hash(locks: Locks, password: bytes, salt: bytes, user: bytes) -> bytes:
    """Algorithm 2.B; revision 5 has only its first step."""
    value = hashlib.sha256(password + salt + user).digest()
    if locks.revision == 5:
        return value
    rounds = 0
    while True:
        block = aes_cbc(value[:16], value[16:32], (password + value + user) * 64, encrypt=True)
        value = hashlib.new(("sha256", "sha384", "sha512")[sum(block[:16]) % 3], block).digest()
        rounds += 1
        if rounds >= 64 and block[-1] <= rounds - 32:  # ends after 287 rounds at the latest: a byte is at most 255
            return value[:32]
