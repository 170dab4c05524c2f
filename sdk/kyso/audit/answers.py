"""What a worker answers, a line each: that it is ready for a chunk, or why it cannot write.

Nothing else is an answer. A line that something in the process has let slip must not be taken for the word that a
chunk is done.
"""

from __future__ import annotations

import errno
import json

READY = b"ready\n"


def failure(error: OSError) -> bytes:
    """The line for it."""
    return json.dumps([error.errno or errno.EIO, error.strerror or str(error)]).encode() + b"\n"


def failure_in(line: bytes) -> OSError | None:
    """Why the worker cannot write; None when it is ready. Raises `ValueError` for what is no answer."""
    if line == READY:
        return None
    try:
        number, text = json.loads(line)
    except (ValueError, TypeError, RecursionError):
        raise ValueError(line) from None
    if type(number) is not int or not isinstance(text, str):
        raise ValueError(line)
    return OSError(number, text)
