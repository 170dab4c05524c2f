"""What a run that was killed left beside the results: removed where it is certainly dead, else named."""

from __future__ import annotations

import time
from collections.abc import Iterable
from pathlib import Path

from .output import App, note, printable


def tidy(app: App, targets: Iterable[Path]) -> None:
    """Looks once into each folder that gets a result, and says on standard error what was there."""
    from kyso.parts import swept

    for folder in dict.fromkeys(target.parent for target in targets):
        left = swept(folder, now=time.time())
        if left.removed:
            note(app.words("tidy.removed", count=len(left.removed), folder=printable(str(folder))))
        for path in left.doubtful:
            note(app.words("tidy.doubtful", path=printable(str(path))))
