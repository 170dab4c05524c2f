"""Connections and the heads of requests, within limits: what uvicorn leaves to a proxy before it (attack class R3).

Reach for `protocol(crowd)`, which goes into uvicorn's `http=`. Without it whoever reaches the port and has no token
fills the memory with header lines (a thousand octets of them take twenty thousand), keeps the event loop busy with
one endless line, or opens connections, says nothing, and keeps everybody else out as soon as the process has no
descriptor left. A request body is measured elsewhere (`envelope`): here is what comes before, beside and after it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MAX_HEAD: Final = 64 << 10  # octets that are neither a body nor yet a whole head; an OCSP request by GET has some 200
MAX_HEADERS: Final = 100  # lines of one request, those after its body too; browsers send some 20
MAX_WAITING: Final = 8  # requests sent before the answer to the first
HEAD_PATIENCE_S: Final = 10.0  # for a whole head; one packet carries it
WRITE_PATIENCE_S: Final = 60.0  # for whoever has been sent 64 KiB that he does not read
_LINGER_S: Final = 5.0  # for the last octets of a connection that is closed
_RESERVED: Final = 128  # descriptors for the database, the workers of tokens and files
_FEWEST: Final = 16  # connections, however few descriptors there are


@dataclass
class Crowd:
    """The connections of one server. One that has not yet asked for anything gives way when there are too many."""

    most: int
    head_patience_s: float = HEAD_PATIENCE_S
    write_patience_s: float = WRITE_PATIENCE_S
    open: int = 0
    idle: dict[Guarded, None] = field(default_factory=dict)
    """Those that wait for a request, the one that has waited longest first."""

    def room(self) -> bool:
        """Whether one more may stay; for it the idlest is cut off."""
        if self.open < self.most:
            return True
        oldest = next(iter(self.idle), None)
        if oldest is None:
            return False
        del self.idle[oldest]
        oldest.transport.abort()
        return True


def most_connections(wanted: int) -> int:
    """As many as are wanted, or as the process has descriptors for."""
    try:
        import resource
    except ImportError:  # Windows has no such limit
        return wanted
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return wanted if soft == resource.RLIM_INFINITY else max(_FEWEST, min(wanted, soft - _RESERVED))


def protocol(crowd: Crowd) -> Callable[..., asyncio.Protocol]:
    """What uvicorn makes a protocol of for each connection."""
    return partial(Guarded, crowd)


class Guarded(HttpToolsProtocol):
    """One connection. What goes beyond a limit ends it, with an answer where one can still be given."""

    def __init__(self, crowd: Crowd, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._crowd = crowd
        self._turned_away = False
        self._unread = 0  # octets since a head was complete or a piece of a body came
        self._useful = False  # whether the octets at hand held any of these
        self._lines = 0  # of this request's head, and after its body
        self._head: asyncio.TimerHandle | None = None
        self._write: asyncio.TimerHandle | None = None
        self._last: asyncio.TimerHandle | None = None

    # The connection ------------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn has it
        if not self._crowd.room():
            self.transport, self._turned_away = transport, True
            self._end("503 Service Unavailable")
            return
        super().connection_made(transport)
        self._crowd.open += 1
        self._wait()
        self._expect_head()

    def connection_lost(self, exc: Exception | None) -> None:
        for timer in (self._head, self._write, self._last):
            if timer is not None:
                timer.cancel()
        if self._turned_away:
            return
        self._crowd.open -= 1
        self._crowd.idle.pop(self, None)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._turned_away or self.transport.is_closing():
            return
        if self in self._crowd.idle and self._head is None:
            self._expect_head()  # the next request on a connection that was kept
        self._useful = False
        super().data_received(data)
        self._unread = 0 if self._useful else self._unread + len(data)
        if self._unread > MAX_HEAD:
            self._end("431 Request Header Fields Too Large")

    def _wait(self) -> None:
        self._crowd.idle[self] = None

    def _expect_head(self) -> None:
        late = partial(self._end, "408 Request Timeout")
        self._head = self.loop.call_later(self._crowd.head_patience_s, late)

    def _end(self, status: str) -> None:
        """Answers without a body and closes."""
        if not self.transport.is_closing():
            self.transport.write(f"HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
            self.transport.close()
        self._linger()

    def _linger(self) -> None:
        """Whoever does not read the end of it keeps a connection no longer than this."""
        if self._last is None:
            self._last = self.loop.call_later(_LINGER_S, self.transport.abort)

    # What the parser tells ----------------------------------------------------------------------------------

    def on_message_begin(self) -> None:
        self._lines = 0
        super().on_message_begin()

    def on_header(self, name: bytes, value: bytes) -> None:
        self._lines += 1
        if self._lines > MAX_HEADERS:
            raise ValueError("too many header lines")  # the parser stops, and uvicorn answers 400
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        if len(self.pipeline) >= MAX_WAITING:
            raise ValueError("too many requests at once")
        self._useful = True
        if self._head is not None:
            self._head.cancel()
            self._head = None
        self._crowd.idle.pop(self, None)
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._useful = True
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._useful = True
        super().on_message_complete()

    # Answers --------------------------------------------------------------------------------------------------

    def on_response_complete(self) -> None:
        more = bool(self.pipeline)
        super().on_response_complete()
        if self.transport.is_closing():
            self._linger()
        elif not more:
            self._wait()

    def timeout_keep_alive_handler(self) -> None:
        super().timeout_keep_alive_handler()
        self._linger()

    def pause_writing(self) -> None:
        super().pause_writing()
        if self._write is None:
            self._write = self.loop.call_later(self._crowd.write_patience_s, self.transport.abort)

    def resume_writing(self) -> None:
        super().resume_writing()
        if self._write is not None:
            self._write.cancel()
            self._write = None
