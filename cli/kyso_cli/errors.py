"""Errors on their way to a person: which exit code, which words, which remedy. In one place.

Reach for `Stop` to end a command for a reason of the command line's own; every other error comes from below as
a `KysoError`. `exit_code` is the table of docs/exit-codes.md, `explain` gives the words.
"""

from __future__ import annotations

import errno
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from kyso_pki import errors as e
from kyso_pki.reports.said import advice, in_words

from .messages import Words
from .times import local, with_local_times

OK, FAILED, USAGE, INDETERMINATE, KEY, NETWORK, BUG, INTERRUPTED = 0, 1, 2, 3, 4, 5, 70, 130
FILE_SYSTEM = 74
"""EX_IOERR of sysexits.h: the disk or an output stream failed, which says nothing about a document."""
READER_GONE = 128 + 13
"""As a program that SIGPIPE ended: whoever read standard output has gone."""

# First match wins, so the narrower class stands above the wider one.
EXIT_CODES: tuple[tuple[type[Exception], int], ...] = (
    (e.UsageError, USAGE),
    (e.TrustExpired, INDETERMINATE),
    (e.KeyAccessError, KEY),
    (e.Unauthorized, KEY),
    (e.FetchError, NETWORK),
    (e.DocumentRefused, FAILED),
    (e.RemoteError, NETWORK),
    (e.TimestampError, NETWORK),
    (e.KysoError, FAILED),
    (OSError, FILE_SYSTEM),
)


class Stop(e.UsageError):
    """Ends a command; the words stand in the catalogue under `errors.cli.KEY`."""

    shown: Mapping[str, Any] = {}
    """What stands beside the error with --json: what a person has read by then."""

    def __init__(self, key: str, *, exit_code: int = USAGE, **details: object) -> None:
        super().__init__(f"{key} {details}" if details else key)
        self.details = details
        self.key = key
        self.exit_code = exit_code


@dataclass(frozen=True)
class Explanation:
    """An error in somebody's language."""

    code: str
    message: str
    remedy: str | None
    detail: str | None = None
    """The English original, where the translated message says less than it."""

    def to_json(self) -> dict[str, Any]:
        plain = {"code": self.code, "message": self.message, "remedy": self.remedy}
        return plain | ({"detail": self.detail} if self.detail else {})


def exit_code(error: Exception) -> int:
    """The exit code for an error; 70 for one that nobody foresaw, so that a crash is never read as a verdict."""
    if isinstance(error, Stop):
        return error.exit_code
    return next((code for kind, code in EXIT_CODES if isinstance(error, kind)), BUG)


def about_the_document(error: Exception) -> bool:
    """Whether the next document may fare better: not so for a PIN, a key, a certificate, the network, a full disk."""
    from kyso.disk import TargetLost

    return isinstance(error, (e.FormatError, e.SigningError, e.DocumentRefused, OSError)) and not isinstance(
        error, (e.SignatureValueInvalid, TargetLost)
    )


def batch_code(errors: Sequence[Exception]) -> int:
    """The exit code of a batch: that of the error that stopped it, else 74 where the system failed a file, else 1."""
    if not errors:
        return OK
    final = [x for x in errors if not about_the_document(x) and not isinstance(x, e.UsageError)]
    worst = next(iter(final or [x for x in errors if isinstance(x, OSError)]), None)
    return FAILED if worst is None else exit_code(worst)


def explain(error: Exception, words: Words) -> Explanation:
    """The words for an error: English much as the error itself says it, Vietnamese from the catalogue by its code."""
    if isinstance(error, Stop):
        return _stop(error, words)
    if isinstance(error, e.KysoError):
        return _kyso(error, words)
    if isinstance(error, OSError):
        return _system(error, words)
    text = f"{type(error).__name__}: {error}"
    return Explanation("bug", words("errors.bug.message", text=text), words("errors.bug.remedy"))


def _system(error: OSError, words: Words) -> Explanation:
    """The disk that is full is told apart: there the path and the permissions are as they should be."""
    full = error.errno in (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC))
    where_unknown = error.filename is None
    key = ("full_somewhere" if where_unknown else "full") if full else ("nameless" if where_unknown else "named")
    values = {"path": error.filename or "", "why": in_words(error.strerror or str(error), words)}
    remedy = words.find("errors.os.remedy_full" if full else "errors.os.remedy")
    return Explanation("os", words(f"errors.os.{key}", **values), remedy)


def _stop(error: Stop, words: Words) -> Explanation:
    key, values = f"errors.cli.{error.key}", dict(error.details)
    if isinstance(why := values.get("why"), str):
        values["why"] = in_words(why, words)
    return Explanation(f"cli.{error.key}", words(f"{key}.message", **values), words.find(f"{key}.remedy", **values))


def _kyso(error: e.KysoError, words: Words) -> Explanation:
    said = with_local_times(_reworded(error.message, words))
    remedy = _remedy(error, words)
    if words.language == "en":
        return Explanation(error.code, said, remedy)
    detailed = words.find(f"errors.{error.code}.detailed", **_readable(error.details))
    message = detailed or _nearest(words, error.code, "message") or said
    detail = in_words(_with_parts(error, words), words)
    detail = said if detail == error.message else with_local_times(detail)
    return Explanation(error.code, message, remedy, None if detailed or detail == message else detail)


def _with_parts(error: e.KysoError, words: Words) -> str:
    """The message, with what the linter saw in the user's words already: a list of its own inside the sentence."""
    if not isinstance(error, e.LintRefused):
        return error.message
    seen: Sequence[tuple[str, str]] = error.details.get("seen") or ()  # type: ignore[assignment]  # as it was raised
    message = error.message
    for code, text in seen:
        message = message.replace(f"{code}: {text}", f"{code}: {in_words(text, words)}", 1)
    return message


def _remedy(error: e.KysoError, words: Words) -> str | None:
    """What to do: the error's own remedy in the words of this command line, else that of its code.

    A concrete remedy (a command, an option) that has no Vietnamese words yet is kept beside the general ones.
    """
    general = _nearest(words, error.code, "remedy")
    if not error.remedy:
        return general
    if (own := advice(error.remedy, words)) is not None:
        return own
    if words.language == "en" or general is None:
        return error.remedy
    concrete = "`" in error.remedy or "--" in error.remedy
    return f"{general} ({error.remedy})" if concrete else general


def _reworded(message: str, words: Words) -> str:
    """The English message with the phrases of `[wording]` replaced."""
    phrases = words.part("wording")
    for key, phrase in phrases.items():
        if key.endswith(".english"):
            message = message.replace(phrase, phrases[key.removesuffix("english") + "text"])
    return message


def _nearest(words: Words, code: str, part: str) -> str | None:
    """The text for a code, or for the wider code above it: `key.new_thing` falls back to `key`."""
    parts = code.split(".")
    for n in range(len(parts), 0, -1):
        if (text := words.fitting(f"errors.{'.'.join(parts[:n])}.{part}")) is not None:
            return text
    return words.fitting(f"errors.error.{part}")


def title_of(code: str, words: Words) -> str | None:
    """What an error of this code is called, where this language has words for it."""
    return words.fitting(f"errors.{code}.message")


def _readable(details: dict[str, object]) -> dict[str, object]:
    return {k: local(v) if isinstance(v, datetime) else v for k, v in details.items()}
