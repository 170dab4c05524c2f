"""The console script `kyso`: until a command runs, Ctrl-C ends the process at once and without a word.

Nothing is at work then that could be left half done, and a traceback through the imports would tell nobody anything.
"""

from __future__ import annotations

import signal
from typing import NoReturn


def main() -> NoReturn:
    """`kyso_cli.main.main` as a program of its own."""
    usual = signal.getsignal(signal.SIGINT)
    if usual is signal.default_int_handler:  # else whoever started us wants it ignored
        signal.signal(signal.SIGINT, signal.SIG_DFL)

    from .main import main as run

    run(ready=lambda: signal.signal(signal.SIGINT, usual))
