"""The libraries of the extra `kyso[appearance]`, and the one sentence about it when they are missing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ...errors import UsageError


@contextmanager
def needed(what: str) -> Iterator[None]:
    """Turns a missing library into a `UsageError` that names the extra."""
    try:
        yield
    except ModuleNotFoundError as e:
        if (e.name or "").split(".")[0] not in ("fontTools", "PIL", "segno", "pypdfium2", "pypdfium2_raw"):
            raise
        raise UsageError(
            f"{what} needs {e.name}, which is not installed.", remedy="pip install 'kyso[appearance]'"
        ) from None
