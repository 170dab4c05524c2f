"""What the commands say: results on standard output, everything else on standard error.

`App` is what a command gets as its context: the words, and whether to show tracebacks. JSON is UTF-8,
indented, with the keys that docs/cli.md publishes; tables are left to the commands. Nothing heavy is imported
here, because `kyso --help` goes through it.
"""

from __future__ import annotations

import contextlib
import errno
import io
import os
import sys
from typing import IO, Any, Literal, NamedTuple, Protocol, TypeVar

from .messages import Words
from .messages import printable as printable  # the commands take it from here

_Part = TypeVar("_Part", str, bytes, contravariant=True)
Colour = Literal["red", "green", "yellow"]
_ANSI: dict[Colour, str] = {"red": "31", "green": "32", "yellow": "33"}


class App(NamedTuple):
    """What every command may use."""

    words: Words
    debug: bool = False
    json: bool = False
    """Errors too go to standard output as JSON."""


class OutputLost(Exception):
    """Standard output does not take what is said: closed, full, or its reader has gone. Never a verdict."""

    def __init__(self, why: OSError) -> None:
        super().__init__(why.strerror or str(why))
        self.reader_gone = isinstance(why, BrokenPipeError)


class _Sink(Protocol[_Part]):
    def write(self, part: _Part, /) -> object: ...

    def flush(self) -> None: ...


def say(text: str = "") -> None:
    """A result, on standard output. Raises `OutputLost`."""
    _write(sys.stdout, text + "\n")


def write_pipe(data: bytes) -> None:
    """A document, on standard output. Raises `OutputLost`."""
    _write(sys.stdout and sys.stdout.buffer, data)


def _write(stream: _Sink[_Part] | None, part: _Part) -> None:
    if stream is None:  # `>&-`: Python makes no stream of a closed descriptor
        raise OutputLost(OSError(errno.EBADF, os.strerror(errno.EBADF)))
    try:
        stream.write(part)
        stream.flush()
    except OSError as e:
        drop_output()
        raise OutputLost(e) from None


def drop_output() -> None:
    """Lets what could not be written go: at its end Python would try once more and change the exit code."""
    if sys.stdout is not None:
        with contextlib.suppress(OSError, ValueError):  # a stream without a descriptor, as in tests
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def note(text: str) -> None:
    """Progress or a warning, on standard error, so that it never mixes with a result."""
    if sys.stderr is not None:
        with contextlib.suppress(OSError):  # there is no third place to say that nobody reads the second
            sys.stderr.write(text + "\n")
            sys.stderr.flush()


def to_terminal(stream: IO[str] | None) -> bool:
    return stream is not None and stream.isatty()


def say_json(value: Any) -> None:
    import json

    text = json.dumps(value, ensure_ascii=False, indent=2)
    say("".join(c if c.isprintable() or c == "\n" else json.dumps(c)[1:-1] for c in text))


def columns(text: str) -> int:
    """How many columns on a terminal: a letter written apart from its marks (NFD) one, a wide one two."""
    import unicodedata as u

    kept = (c for c in text if u.category(c) not in ("Mn", "Me", "Cf"))
    return sum(2 if u.east_asian_width(c) in "WF" else 1 for c in kept)


def coloured(text: str, colour: Colour) -> str:
    """Bold and coloured on a terminal, plain in a file or a pipe and where NO_COLOR asks for it."""
    if not to_terminal(sys.stdout) or os.environ.get("NO_COLOR") or os.name == "nt":
        return text
    return f"\x1b[1;{_ANSI[colour]}m{text}\x1b[0m"


def use_utf8() -> None:
    """Makes the standard streams UTF-8: Windows consoles and LANG=C would break Vietnamese letters.

    A closed standard descriptor is filled first, or the next file to be opened would take its number and
    a stray print would land in it.
    """
    if None in (sys.stdin, sys.stdout, sys.stderr):
        while (filler := os.open(os.devnull, os.O_RDWR)) <= 2:
            pass
        os.close(filler)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")


def output_lost(error: OutputLost, app: App) -> int:
    """The exit code: 141 where the reader has gone (`kyso verify … | head`), else 74, said on standard error."""
    from kyso_pki.reports.said import in_words

    from .errors import FILE_SYSTEM, READER_GONE

    if error.reader_gone:
        return READER_GONE
    words = app.words
    note(words("errors.frame.message", text=words("errors.output.message", why=in_words(str(error), words))))
    note(words("errors.frame.remedy", text=words("errors.output.remedy")))
    return FILE_SYSTEM


def show_error(error: Exception, app: App) -> None:
    """`Lỗi: … / Cách xử lý: …` on standard error, and with --json the same as JSON on standard output."""
    from .errors import Stop, explain

    words = app.words
    said = explain(error, words)
    note(words("errors.frame.message", text=printable(said.message)))
    if said.detail:
        note(words("errors.frame.detail", text=printable(said.detail)))
    if said.remedy:
        note(words("errors.frame.remedy", text=printable(said.remedy)))
    if app.debug:
        import traceback

        note("".join(traceback.format_exception(error)))
    if app.json:
        say_json({**(error.shown if isinstance(error, Stop) else {}), "error": said.to_json()})
