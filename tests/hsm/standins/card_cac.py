"""The CAC of libcacard (QEMU's and SPICE's card) in a vpcd reader.

`python -m tests.hsm.standins.card_cac PORT NSSDB NICKNAME…`: keys and
certificates lie in an NSS database whose password is the PIN. Ending the process pulls the card.
"""

from __future__ import annotations

import ctypes
import sys
from typing import Any

from .vpcd import ON, RESET, serve

READER = "kyso"
MAX_ATR, MAX_ANSWER = 40, 65538  # ISO 7816-3 allows 33; an extended answer with its status word
FAILED = b"\x6f\x00"  # ISO 7816-4: no precise diagnosis


class Cac:
    """The card inside libcacard's reader."""

    def __init__(self, database: str, nicknames: list[str]) -> None:
        self._library = ctypes.CDLL("libcacard.so.0")
        pointer = ctypes.c_void_p
        self._declare("vcard_emul_options", pointer, ctypes.c_char_p)
        self._declare("vcard_emul_init", ctypes.c_int, pointer)
        self._declare("vreader_get_reader_by_name", pointer, ctypes.c_char_p)
        size = ctypes.POINTER(ctypes.c_int)
        self._declare("vreader_power_on", ctypes.c_int, pointer, ctypes.c_char_p, size)
        self._declare("vreader_power_off", ctypes.c_int, pointer)
        self._declare(
            "vreader_xfr_bytes", ctypes.c_int, pointer, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p, size
        )
        options = f'db="sql:{database}" use_hw=no soft=(,{READER},CAC,,{",".join(nicknames)})'
        parsed = self._library.vcard_emul_options(options.encode())
        if not parsed or self._library.vcard_emul_init(parsed):
            sys.exit(f"libcacard refused {options}")
        self._reader = self._library.vreader_get_reader_by_name(READER.encode())
        if not self._reader:
            sys.exit("libcacard made no reader: are the certificates in the database?")
        self.atr = self.power_on()

    def _declare(self, name: str, result: Any, *arguments: Any) -> None:
        function = getattr(self._library, name)
        function.restype, function.argtypes = result, arguments

    def power_on(self) -> bytes:
        """The answer to reset."""
        buffer, size = ctypes.create_string_buffer(MAX_ATR), ctypes.c_int(MAX_ATR)
        self._library.vreader_power_on(self._reader, buffer, ctypes.byref(size))
        return buffer.raw[: size.value]

    def power(self, command: int) -> None:
        if command in (ON, RESET):
            self.power_on()
        else:
            self._library.vreader_power_off(self._reader)

    def answer(self, command: bytes) -> bytes:
        buffer, size = ctypes.create_string_buffer(MAX_ANSWER), ctypes.c_int(MAX_ANSWER)
        status = self._library.vreader_xfr_bytes(self._reader, command, len(command), buffer, ctypes.byref(size))
        return FAILED if status else buffer.raw[: size.value]


if __name__ == "__main__":
    card = Cac(sys.argv[2], sys.argv[3:])
    serve(int(sys.argv[1]), card.atr, card.power, card.answer)
