"""Where a worker runs while its caller waits: on the caller's own processor, which is free at that moment.

A caller that sends one imprint does nothing until the value is there. Left alone, the kernel wakes the worker on an
idle processor, and then the caller on another idle one; waking an idle processor costs some 50 µs each way, more in
virtual machines (ADR 7). So a worker is asked onto its caller's processor for the one call, and the calling thread
stays there until it ends, when no other call of this process is under way. Batches, where both ends work side by
side, and calls at the same time run anywhere. Only Linux has this; elsewhere, and where the system refuses, nothing
is done.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import sys
from collections.abc import Callable

_under_way: set[int] = set()  # workers that are being called; each `add` and `discard` is one step under the GIL


class Anywhere:
    """No wish: the system decides."""

    def begin(self, *, alone: bool) -> None:
        """A call begins; `alone`: the caller will do nothing else until its end."""

    def end(self) -> None:
        """The call has ended, however."""


if sys.platform == "linux":

    class _NearTheCaller(Anywhere):
        def __init__(self, pid: int, processor: Callable[[], int]) -> None:
            self._pid = pid
            self._processor = processor
            self._allowed = os.sched_getaffinity(pid)
            self._at: int | None = None
            self._callers: set[int] | None = None  # where the waiting thread may run otherwise

        def begin(self, *, alone: bool) -> None:
            _under_way.add(self._pid)
            wanted = self._processor() if alone and len(_under_way) == 1 else None
            if wanted is not None and wanted not in self._allowed:
                return
            try:
                if wanted != self._at:
                    os.sched_setaffinity(self._pid, self._allowed if wanted is None else {wanted})
                    self._at = wanted
                if wanted is not None:
                    before = os.sched_getaffinity(0)  # 0: this thread alone
                    os.sched_setaffinity(0, {wanted})
                    self._callers = before
            except OSError:
                return  # it has ended, which the call will tell, or the system does not allow it: only speed is lost

        def end(self) -> None:
            _under_way.discard(self._pid)
            if self._callers is not None:
                before, self._callers = self._callers, None
                with contextlib.suppress(OSError):  # as above; a processor may have been taken away meanwhile
                    os.sched_setaffinity(0, before)


def neighbourhood_of(pid: int) -> Anywhere:
    """What to tell before and after each call of the worker process `pid`."""
    if sys.platform == "linux":
        # The process may have ended already, or the C library be without the call.
        with contextlib.suppress(OSError, AttributeError):
            processor = ctypes.PyDLL(None).sched_getcpu  # a few nanoseconds: the interpreter's lock is kept
            return _NearTheCaller(pid, processor)
    return Anywhere()
