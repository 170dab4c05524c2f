"""A virtual card's side of vpcd's line: length-framed commands from the reader, answers from the card.

Run by the card programs of this folder, some of them with a Python of their own: nothing but the standard library.
"""

from __future__ import annotations

import socket
import struct
import sys
import time
from collections.abc import Callable

OFF, ON, RESET, ATR = 0, 1, 2, 4  # a command of one octet is for the reader, any longer one is for the card
CONNECT_S = 10.0


def serve(port: int, atr: bytes, power: Callable[[int], None], answer: Callable[[bytes], bytes]) -> None:
    """Plugs the card into the reader and answers until the reader goes away (or this process does)."""
    line = _connect(port)
    line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    print("ready", flush=True)  # noqa: T201 - the word that the test waits for
    while (head := _read(line, 2)) and (command := _read(line, struct.unpack("!H", head)[0])):
        if len(command) > 1:
            _write(line, answer(command))
        elif command[0] == ATR:
            _write(line, atr)
        else:
            power(command[0])


def _connect(port: int) -> socket.socket:
    end = time.monotonic() + CONNECT_S
    while True:
        try:
            return socket.create_connection(("127.0.0.1", port), timeout=None)
        except ConnectionRefusedError:  # the reader opens its port when it is polled next
            if time.monotonic() > end:
                sys.exit(f"no reader listens on port {port}")
            time.sleep(0.05)


def _read(line: socket.socket, size: int) -> bytes:
    """`size` octets, nothing when the reader is gone."""
    data = b""
    while len(data) < size:
        if hasattr(socket, "TCP_QUICKACK"):  # vpcd writes length and body apart: else 40 ms for each command
            line.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
        try:
            part = line.recv(size - len(data))
        except ConnectionError:
            part = b""
        if not part:
            return b""
        data += part
    return data


def _write(line: socket.socket, data: bytes) -> None:
    line.sendall(struct.pack("!H", len(data)) + data)
