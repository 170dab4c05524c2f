"""Every value is verified with the public key before it is handed on, while the worker makes the next.

A wrong key behind a label, a broken card or an empty answer (SoftHSM gives one, with CKR_OK, for a mechanism of
another key type) ends here. Verifying an ECDSA value takes longer than many tokens need to make it, so that in a
batch two threads share that work.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor

from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes

from kyso_pki.errors import SignatureValueInvalid
from kyso_pki.scheme import Scheme

_SHARED_FROM = 8  # values; below, handing half of them to another thread costs more than it saves
_second: ThreadPoolExecutor | None = None


class Checking:
    """The verification of one batch. `add` and `finish` raise `SignatureValueInvalid`."""

    def __init__(self, scheme: Scheme, key: PublicKeyTypes, imprints: Sequence[bytes], where: str) -> None:
        self._scheme = scheme
        self._key = key
        self._imprints = imprints
        self._where = where
        self._seen = 0
        self._shared = scheme.key_type == "ec" and len(imprints) >= _SHARED_FROM  # OpenSSL verifies without the GIL
        self._todo: deque[tuple[bytes, bytes]] = deque()
        self._helper: Future[None] | None = None
        self._wrong: bytes | None = None

    def add(self, values: Sequence[bytes]) -> None:
        """The next values, in order."""
        first, self._seen = self._seen, self._seen + len(values)
        if self._seen > len(self._imprints):
            raise self.count_error(self._seen)
        if not self._shared:
            for i, value in enumerate(values, first):
                if not self._scheme.verify(self._key, self._imprints[i], value):
                    raise self._value_error(value)
            return
        for i, value in enumerate(values, first):
            self._todo.append((self._imprints[i], value))
        if self._helper is None or self._helper.done():
            self._helper = _second_thread().submit(self._work)
        self._work()
        self._raise_if_wrong()

    def finish(self) -> None:
        """After the last `add`: returns when every value has been verified."""
        if self._helper is not None:
            self._helper.result()
        self._raise_if_wrong()
        if self._seen != len(self._imprints):
            raise self.count_error(self._seen)

    def count_error(self, count: int) -> SignatureValueInvalid:
        return SignatureValueInvalid(f"The {self._where} gave {count} values for {len(self._imprints)} imprints.")

    def _work(self) -> None:
        """Verifies what waits. Both threads may be in here: each value is taken by one."""
        verify, key = self._scheme.verify, self._key
        while self._todo:
            try:
                imprint, value = self._todo.popleft()
            except IndexError:  # the other thread took the last
                return
            if not verify(key, imprint, value):
                self._wrong = value
                return

    def _raise_if_wrong(self) -> None:
        if self._wrong is not None:
            raise self._value_error(self._wrong)

    def _value_error(self, value: bytes) -> SignatureValueInvalid:
        return SignatureValueInvalid(
            f"The {self._where} gave a value ({len(value)} bytes) that does not verify with the key's certificate.",
            remedy="Do not use this key until its certificate and the token have been checked.",
        )


def check_values(
    scheme: Scheme, key: PublicKeyTypes, imprints: Sequence[bytes], values: Sequence[bytes], where: str
) -> None:
    """Refuses values that the public key does not verify. Raises `SignatureValueInvalid`."""
    checking = Checking(scheme, key, imprints, where)
    if len(values) != len(imprints):
        raise checking.count_error(len(values))
    checking.add(values)
    checking.finish()


def _second_thread() -> ThreadPoolExecutor:
    global _second
    if _second is None:
        _second = ThreadPoolExecutor(max_workers=1, thread_name_prefix="kyso-verify")
    return _second


def _forget_after_fork() -> None:
    """A forked child has no such thread."""
    global _second
    _second = None


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_after_fork)
