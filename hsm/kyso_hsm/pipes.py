"""The two pipes between a caller and a worker process: frames with deadlines on the caller's end.

Reach for `open_pipes(process)` on the caller's end and `inbox_of(fd)` inside the worker. On POSIX both ends use
the descriptors directly: a thread in between would cost two more switches a call. Windows cannot wait for a
pipe with a deadline, so there a thread reads. What is refused here: waiting without a deadline.
"""

from __future__ import annotations

import contextlib
import os
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from typing import IO, Protocol

from . import wire

_SMALL_FRAME = 4096  # fits the emptiest pipe (Windows), so that writing it cannot block
_CHUNK = 1 << 16
FUSE_S = 2.0  # how long an orphaned process may take to log out


class Pipes(Protocol):
    """The caller's end. `end` is a `time.monotonic()` after which `TimeoutError` is raised."""

    def send(self, data: bytes, end: float) -> None:
        """Writes all of a frame. Raises `OSError` when nobody reads any more."""

    def receive(self, end: float) -> tuple[int, bytes] | None:
        """The next frame as (number of the call, body), None at the end. Raises `WireError`."""

    def close(self) -> None: ...


def open_pipes(process: subprocess.Popen[bytes]) -> Pipes:
    """The pipes of a process that was started with `stdin=PIPE, stdout=PIPE, bufsize=0`."""
    if process.stdin is None or process.stdout is None:  # pragma: no cover - Popen was told to make them
        raise OSError("no pipe")
    if sys.platform == "win32":
        return _ThreadedPipes(process, process.stdin, process.stdout)
    else:  # noqa: RET505 - so that type checkers for Windows skip it
        return _PolledPipes(process.stdin, process.stdout)


class Frames:
    """Frames out of the octets that come in pieces."""

    def __init__(self) -> None:
        self._octets = bytearray()

    def add(self, octets: bytes) -> None:
        self._octets += octets

    def next(self) -> tuple[int, bytes] | None:
        """The next whole frame as (number of the call, body), None until it is there. Raises `WireError`."""
        held, size = self._octets, wire.HEADER.size
        if len(held) < size:
            return None
        length, call = wire.read_header(bytes(held[:size]))
        if len(held) < size + length:
            return None
        body = bytes(held[size : size + length])
        del held[: size + length]
        return call, body


if sys.platform != "win32":
    import select

    class _PolledPipes:
        def __init__(self, requests: IO[bytes], replies: IO[bytes]) -> None:
            self._pipes = (requests, replies)
            self._requests, self._replies = requests.fileno(), replies.fileno()
            os.set_blocking(self._requests, False)
            os.set_blocking(self._replies, False)
            self._writable, self._readable = select.poll(), select.poll()
            self._writable.register(self._requests, select.POLLOUT)
            self._readable.register(self._replies, select.POLLIN)
            self._frames = Frames()

        def send(self, data: bytes, end: float) -> None:
            view = memoryview(data)
            while view:
                try:
                    view = view[os.write(self._requests, view) :]
                except BlockingIOError:
                    _wait(self._writable, end)

        def receive(self, end: float) -> tuple[int, bytes] | None:
            while True:
                frame = self._frames.next()
                if frame is not None:
                    return frame
                _wait(self._readable, end)
                octets = os.read(self._replies, _CHUNK)
                if not octets:
                    return None
                self._frames.add(octets)

        def close(self) -> None:
            for pipe in self._pipes:
                pipe.close()

    def _wait(poll: select.poll, end: float) -> None:
        left = end - time.monotonic()
        if left <= 0 or not poll.poll(left * 1000 + 1):
            raise TimeoutError

    def inbox_of(requests: int) -> Callable[[], tuple[int, bytes] | None]:
        """Inside the worker: gives the next request when called, None when the caller is gone.

        Once the caller is gone the process ends within `FUSE_S`, whatever its library does.
        """

        def watch() -> None:
            poll = select.poll()
            poll.register(requests, 0)  # only the other end's going away wakes it
            poll.poll()
            _burn_down()

        threading.Thread(target=watch, daemon=True).start()
        frames = Frames()

        def take() -> tuple[int, bytes] | None:
            while (frame := frames.next()) is None:
                octets = os.read(requests, _CHUNK)
                if not octets:
                    return None
                frames.add(octets)
            return frame

        return take

else:

    def inbox_of(requests: int) -> Callable[[], tuple[int, bytes] | None]:
        """Inside the worker: gives the next request when called, None when the caller is gone.

        Once the caller is gone the process ends within `FUSE_S`, whatever its library does.
        """
        inbox: queue.SimpleQueue[tuple[int, bytes] | None] = queue.SimpleQueue()

        def listen() -> None:
            _read_all(requests, inbox)
            _burn_down()

        threading.Thread(target=listen, daemon=True).start()
        return inbox.get


class _ThreadedPipes:
    """For Windows, where a pipe cannot be waited for with a deadline."""

    def __init__(self, process: subprocess.Popen[bytes], requests: IO[bytes], replies: IO[bytes]) -> None:
        self._process = process
        self._requests, self._replies = requests, replies
        self._inbox: queue.SimpleQueue[tuple[int, bytes] | None] = queue.SimpleQueue()
        self._writer: threading.Thread | None = None
        arguments = (replies.fileno(), self._inbox)
        self._reader = threading.Thread(target=_read_all, args=arguments, name="kyso-worker-reader", daemon=True)
        self._reader.start()

    def send(self, data: bytes, end: float) -> None:
        fd = self._requests.fileno()
        if len(data) <= _SMALL_FRAME:
            write_all(fd, data)
            return

        def write() -> None:
            with contextlib.suppress(OSError, ValueError):  # seen as the end of the process by `receive`
                write_all(fd, data)

        self._writer = threading.Thread(target=write, name="kyso-worker-writer", daemon=True)
        self._writer.start()

    def receive(self, end: float) -> tuple[int, bytes] | None:
        try:
            return self._inbox.get(timeout=max(0.0, end - time.monotonic()))
        except queue.Empty:
            raise TimeoutError from None

    def close(self) -> None:
        """After the process has ended, so that both threads have come to their ends."""
        for thread in (self._reader, self._writer):
            if thread is not None:
                thread.join(timeout=1.0)
        self._requests.close()
        if not self._reader.is_alive():
            self._replies.close()


def _read_all(fd: int, inbox: queue.SimpleQueue[tuple[int, bytes] | None]) -> None:
    """Every frame into the queue, None at the end or at octets that are no frame."""
    frames = Frames()
    with contextlib.suppress(OSError, ValueError, wire.WireError):
        while octets := os.read(fd, _CHUNK):
            frames.add(octets)
            while (frame := frames.next()) is not None:
                inbox.put(frame)
    inbox.put(None)


def _burn_down() -> None:
    """The caller is gone: log out, or die trying."""
    time.sleep(FUSE_S)
    os._exit(1)


def write_all(fd: int, data: bytes) -> None:
    """Writes all of `data`, however long that takes."""
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]
