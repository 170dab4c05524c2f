"""Work that goes wrong, for the child of `kyso.confined`."""

from __future__ import annotations

import os
import sys
from typing import Any

from kyso.confined import Work
from kyso_pki.errors import EmptyInput


def begin(options: dict[str, Any], data: bytes) -> Work:
    if not data:
        raise EmptyInput("Nothing is there.", remedy="Send something.")
    return lambda question: work(options | question, data)


def work(options: dict[str, Any], data: bytes) -> tuple[dict[str, Any], bytes]:
    match options["what"]:
        case "turn round":
            sys.stdout.write("a stray line\n")
            return {"size": len(data)}, data[::-1]
        case "run for ever":
            while True:
                pass
        case "eat":
            hoard = []
            while True:
                hoard.append(bytearray(1 << 20))
        case "crash":
            os.abort()
        case "say nonsense":
            os.write(1, b"[" * 10_000 + b"\n")
            os._exit(0)
        case "promise too much":
            os.write(1, b"[1000000000, {}]\n")
        case "say too much":
            while True:
                os.write(1, b"x" * 65536)
        case "leave without a word":
            sys.exit(0)
    raise ValueError(options)
