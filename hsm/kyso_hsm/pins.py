"""What is known of PINs that were tried: the record that keeps a program from locking a token.

Reach for `PinMemory.attempt`, around the one C_Login that a PIN gets. Rules kept here:

* a PIN that a token refused, or whose fate is unknown (the program or the token died in the middle of
  C_Login), is not tried again automatically, by no process of this user: it is written down before the try and
  taken out when the token accepts it;
* after two refused PINs no third is tried automatically until a person has logged in, because tokens that show
  no flags lock after three;
* one process of this user at a time logs in to a token, so that two cannot use up two tries at once.

The record holds a salted scrypt hash for each PIN, never the PIN, in a file of its own for each token (mode
0600, written beside and renamed). A person who types a PIN is not bound by what earlier runs left behind.
`Guesses` is the brake for PINs that callers give to a service.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import json
import logging
import os
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from kyso_pki.errors import PinLocked, PinRefused, TokenBusy, UsageError

from .locking import try_lock
from .module import TokenInfo

log = logging.getLogger("kyso_hsm.pins")

VARIABLE = "KYSO_STATE"
MAX_AUTOMATIC_REFUSALS = 2  # the least that tokens of this field allow before they lock is three
MAX_GUESSES = 3
PAUSE_AFTER_GUESSES = timedelta(minutes=15)
_KEPT = 32  # refused PINs of one token that are remembered
_SCRYPT = {"n": 1 << 12, "r": 8, "p": 4, "maxmem": 32 * 1024 * 1024}  # some 50 ms a guess, in 4 MiB
_OTHER_FOLDER = f"Name a folder that this program may write to in {VARIABLE}."


def state_folder() -> Path:
    """Where this user's records lie: KYSO_STATE, a service's STATE_DIRECTORY, else the platform's usual place."""
    named = os.environ.get(VARIABLE) or os.environ.get("STATE_DIRECTORY", "").split(":")[0]
    if named:
        return Path(named)
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local") / "kyso"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "kyso"
    return Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state") / "kyso"


@dataclass(frozen=True)
class Mark:
    """A PIN on a token, comparable within this process only."""

    label: str
    serial: str
    digest: bytes


@dataclass(frozen=True)
class _Entry:
    """One remembered PIN."""

    hash: str
    at: str
    known: bool
    """The token said that it is wrong; False: nobody heard the answer."""
    counts: bool
    """Nobody has logged in since."""


@dataclass(frozen=True)
class Trace:
    """How a PIN stands in the record of its token: enough to write it down again without knowing it."""

    salt: bytes = field(repr=False)
    hash: str = field(repr=False)


class Attempt:
    """One PIN that may be tried on one token now; the holder is the only process of this user that may."""

    def __init__(self, memory: PinMemory, record: _Record, mark: Mark, hashed: str, typed: bool) -> None:
        self.mark = mark
        self.trace = Trace(record.salt, hashed)
        self._typed = typed
        self._memory = memory
        self._record = record
        self._hash = hashed

    def begin(self) -> None:
        """Written down as of unknown fate, so that no crash can lead to a second try."""
        self._record.put(self._hash, known=False)
        self._memory._refused.add(self.mark)

    def right(self) -> None:
        """The token accepted it, and set its count of wrong PINs back."""
        self._memory._refused.discard(self.mark)
        self._memory._right.add(self.mark)
        self._record.accepted(self._hash)

    def refused(self) -> None:
        """The token said that it is wrong; a person may type again what was right before in this process, once.

        SoftHSM says so too while its files are away; and who changed the PIN elsewhere sees what was typed.
        """
        if self._typed and self.mark in self._memory._right:
            self._memory._refused.discard(self.mark)
        self._memory._right.discard(self.mark)
        self._record.put(self._hash, known=True)

    def not_tried(self) -> None:
        self._memory._refused.discard(self.mark)
        self._record.drop(self._hash)

    def unknown(self) -> None:
        """No answer, or one that may mean anything (CKR_GENERAL_ERROR).

        A PIN that was right before in this process gets the benefit of the doubt once, until it is right again;
        a person may type it again in this process; anything else counts as refused.
        """
        if self.mark in self._memory._right:
            self._memory._right.discard(self.mark)
            self.not_tried()
        elif self._typed:
            self._memory._refused.discard(self.mark)


class PinMemory:
    """Which PINs were refused on which token. For all threads of a process; the files, for all of a user's."""

    def __init__(self, folder: Path | None = None) -> None:
        """`folder` None means `state_folder()`, looked up at each use."""
        self._folder = folder
        self._key = os.urandom(32)
        self._refused: set[Mark] = set()
        self._right: set[Mark] = set()

    def mark(self, token: TokenInfo, pin: str) -> Mark:
        return Mark(token.label, token.serial, hmac.digest(self._key, pin.encode(), "sha256"))

    def check(self, mark: Mark) -> None:
        """Raises `PinRefused` for a PIN that this process has seen refused."""
        if mark in self._refused:
            raise _known_to_be_wrong(mark.label)

    @contextlib.contextmanager
    def attempt(
        self, token: TokenInfo, pin: str, *, automatic: bool, typed: bool, limit_s: float
    ) -> Iterator[Attempt]:
        """The right to try `pin` once.

        `automatic`: no person gave it just now; `typed`: a person did, at a prompt, and may repeat what earlier
        runs saw refused. Raises `PinRefused`, `TokenBusy`, `UsageError` where no record can be kept.
        """
        mark = self.mark(token, pin)
        self.check(mark)
        folder = (self._folder or state_folder()) / "pins"
        with _locked(_file_of(folder, token.label, token.serial), limit_s, token.label) as path:
            record = _Record(path)
            hashed = record.hash_of(pin)
            self.check(mark)  # again: another thread may have tried it while this one waited
            if not typed and record.holds(hashed):
                raise _known_to_be_wrong(token.label)
            if automatic:
                record.check_count(token.label)
            yield Attempt(self, record, mark, hashed, typed)

    @contextlib.contextmanager
    def attempt_again(self, token: TokenInfo, mark: Mark, trace: Trace, limit_s: float) -> Iterator[Attempt | None]:
        """The right to try once more the PIN that a worker still holds, after a lost session; always automatic.

        None when the record was begun anew, so that nobody can say whether this PIN stands in it: then it has to be
        given again. Raises `PinRefused`, `TokenBusy`, `UsageError`.
        """
        self.check(mark)
        folder = (self._folder or state_folder()) / "pins"
        with _locked(_file_of(folder, token.label, token.serial), limit_s, token.label) as path:
            record = _Record(path, trace.salt)
            self.check(mark)  # again: another worker may have been refused while this one waited
            record.check_count(token.label)
            if record.salt != trace.salt:
                yield None
                return
            if record.holds(trace.hash):
                raise _known_to_be_wrong(token.label)
            yield Attempt(self, record, mark, trace.hash, typed=False)

    def forget(self, token: TokenInfo) -> None:
        """Forgets what was refused on this token, after its PIN has been changed by somebody who knew it."""
        folder = (self._folder or state_folder()) / "pins"
        self._refused = {m for m in self._refused if (m.label, m.serial) != (token.label, token.serial)}
        with _locked(_file_of(folder, token.label, token.serial), 10.0, token.label) as path:
            path.unlink(missing_ok=True)


def _known_to_be_wrong(label: str) -> PinRefused:
    return PinRefused(
        f"This PIN was refused by token {label!r} before (or its fate is unknown): no second try.",
        remedy="Make sure of the PIN. If it is right (set anew since), type it at a prompt once.",
        token=label,
    )


class _Record:
    """The remembered PINs of one token; its lock is held."""

    def __init__(self, path: Path, salt: bytes | None = None) -> None:
        """`salt`: for a record that is begun anew."""
        self._path = path
        held = _read(path)
        try:
            self.salt = (salt or os.urandom(16)) if held is None else bytes.fromhex(held["salt"])
            self._entries = [] if held is None else [_Entry(**e) for e in held["pins"]]
        except (KeyError, TypeError, ValueError):
            raise _unreadable(path) from None

    def hash_of(self, pin: str) -> str:
        return hashlib.scrypt(pin.encode(), salt=self.salt, dklen=32, **_SCRYPT).hex()

    def holds(self, hashed: str) -> bool:
        return any(hmac.compare_digest(e.hash, hashed) for e in self._entries)

    @property
    def refusals(self) -> int:
        return sum(e.counts for e in self._entries)

    def check_count(self, label: str) -> None:
        """Raises `PinRefused` when so many PINs were refused that one more, tried automatically, might lock."""
        if self.refusals >= MAX_AUTOMATIC_REFUSALS:
            raise PinRefused(
                f"{self.refusals} PINs were refused by token {label!r} since somebody last logged in; "
                "no other is tried automatically, as many tokens lock after three.",
                remedy="Make sure of the PIN and type it at a prompt once.",
                token=label,
            )

    def put(self, hashed: str, *, known: bool) -> None:
        entry = _Entry(hashed, datetime.now(UTC).isoformat(timespec="seconds"), known, True)
        self._write([*(e for e in self._entries if e.hash != hashed), entry])

    def drop(self, hashed: str) -> None:
        if self.holds(hashed):
            self._write([e for e in self._entries if e.hash != hashed])

    def accepted(self, hashed: str) -> None:
        self._write([replace(e, counts=False) for e in self._entries if e.hash != hashed])

    def _write(self, entries: list[_Entry]) -> None:
        self._entries = entries[-_KEPT:]
        if not self._entries:
            self._path.unlink(missing_ok=True)
            return
        _write(self._path, {"salt": self.salt.hex(), "pins": [asdict(e) for e in self._entries]})


class Guesses:
    """How many wrong PINs callers gave for one place, across restarts: three, then a pause of a quarter hour.

    For PINs that come from outside. A token's own count and its flags hold besides; a key file has neither.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder
        self._locks: dict[str, threading.Lock] = {}
        self._lock = threading.Lock()

    @contextlib.contextmanager
    def one_try(self, place: str, at: datetime) -> Iterator[None]:
        """A block that tries one PIN; callers come one after the other, so that many at once are no way round.

        `PinRefused` from the block counts. Raises `PinLocked` during the pause.
        """
        with self._lock:
            trying = self._locks.setdefault(place, threading.Lock())
        folder = (self._folder or state_folder()) / "guesses"
        with trying, _locked(_file_of(folder, place, ""), 60.0, place) as path:
            held = _read(path)
            try:
                count = 0 if held is None else int(held["count"])
                last = at if held is None else datetime.fromisoformat(held["at"])
            except (KeyError, TypeError, ValueError):
                raise _unreadable(path) from None
            if count >= MAX_GUESSES and at < last + PAUSE_AFTER_GUESSES:
                raise PinLocked(f"{count} wrong PINs were given for this token.", remedy="Wait a quarter of an hour.")
            try:
                yield
            except PinRefused:
                _write(path, {"count": count % MAX_GUESSES + 1, "at": at.isoformat()})
                raise
            if held is not None:
                path.unlink(missing_ok=True)


# Files --------------------------------------------------------------------------------------------------------


def _file_of(folder: Path, *names: str) -> Path:
    return folder / (hashlib.sha256("\0".join(names).encode()).hexdigest()[:32] + ".json")


def _read(path: Path) -> Any:
    """What the file holds, None when there is none. Raises `UsageError` for one that cannot be understood."""
    try:
        return json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError):
        raise _unreadable(path) from None


def _unreadable(path: Path) -> UsageError:
    return UsageError(
        f"The record of refused PINs {path} cannot be read.",
        remedy="Make sure of the PINs of your tokens, then delete it.",
    )


def _write(path: Path, content: object) -> None:
    beside = path.with_suffix(".new")
    try:
        with contextlib.suppress(FileNotFoundError):
            beside.unlink()
        fd = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(fd, "w", encoding="utf-8") as file:
            json.dump(content, file)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except OSError as e:
        raise UsageError(
            f"The record of PINs cannot be kept in {path.parent}: {e.strerror}.", remedy=_OTHER_FOLDER
        ) from e


@contextlib.contextmanager
def _locked(path: Path, limit_s: float, what: str) -> Iterator[Path]:
    """The path, while no other thread or process holds it. Raises `TokenBusy`, `UsageError`."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        file = os.fdopen(os.open(path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT, 0o600), "r+b")
    except OSError as e:
        raise UsageError(
            f"No record of refused PINs can be kept in {path.parent} ({e.strerror}), so that none is tried.",
            remedy=_OTHER_FOLDER,
        ) from e
    with file:
        end = time.monotonic() + limit_s
        while not try_lock(file):
            if time.monotonic() > end:
                raise TokenBusy(f"Another program is logging in to {what!r}.", remedy="Try again later.")
            time.sleep(0.01)
        yield path  # closing the file gives the lock back, and so does the end of the process
