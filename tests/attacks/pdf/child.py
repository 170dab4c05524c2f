"""Runs a function in a child process with limits on memory and on CPU time, where the system has such limits."""

from __future__ import annotations

import multiprocessing
import sys
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TypeVar

CPU_S = 60  # for what never ends; the longest takes 7 s on a machine with nothing else to do
MEMORY_MB = 512  # above what the process has already
T = TypeVar("T")


class Ended(AssertionError):
    """The child was ended by a limit."""


def limited(function: Callable[[], T]) -> T:
    """What the function returns. Raises `Ended` when a limit ended it, and what it raised itself."""
    if sys.platform == "win32":  # no limits and no fork there: the counted work still says what it costs
        return function()
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe(duplex=False)
    child = context.Process(target=_run, args=(function, theirs))
    child.start()
    theirs.close()
    try:
        answer = ours.recv()
    except EOFError:
        child.join()
        raise Ended(f"ended with {child.exitcode}: more than {CPU_S} s or {MEMORY_MB} MB") from None
    child.join()
    if isinstance(answer, BaseException):
        raise answer
    value: T = answer
    return value


def _run(function: Callable[[], object], pipe: Connection) -> None:
    import resource

    pages = Path("/proc/self/statm")
    used = int(pages.read_text(encoding="utf-8").split()[0]) * resource.getpagesize() if pages.exists() else 1 << 30
    limit = used + (MEMORY_MB << 20)
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    spent = resource.getrusage(resource.RUSAGE_SELF)
    allowed = int(spent.ru_utime + spent.ru_stime) + CPU_S
    resource.setrlimit(resource.RLIMIT_CPU, (allowed, allowed + 5))
    try:
        pipe.send(function())
    except BaseException as error:  # noqa: BLE001 - the parent raises it again
        pipe.send(error)
