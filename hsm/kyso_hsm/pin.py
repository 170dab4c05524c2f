"""Where PINs and passwords come from: a source is called with a request and gives the secret.

Reach for `FromFile` and `FromCredential` in services, `Prompt` and `kyso_hsm.pinentry.Pinentry` where a person
sits, `FromKeyring` on a desktop, `FromEnv` and `FromFd` in scripts, `FromText` in tests and where a caller
already holds the secret. A token with a pad of its own never asks a source. A source never shows its secret in
`repr`, and nothing in this package puts one into a message, a log line, an argument list or an environment.
"""

from __future__ import annotations

import codecs
import contextlib
import getpass
import os
import stat
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Literal, Protocol

from kyso_pki.errors import PinRequired, UsageError

KEYRING_SERVICE = "kyso"
MAX_SECRET_BYTES = 4096  # against reading a device or a wrong file to its end
_OTHER_WAYS = "Give it by an environment variable, a file (mode 0600) or a file descriptor."

Purpose = Literal["user-pin", "so-pin", "password"]


@dataclass(frozen=True)
class SecretRequest:
    """What is asked for, so that a source can choose and a person knows what to type."""

    purpose: Purpose
    token: str
    """The token's label; for a key file its path."""
    serial: str = ""
    count_low: bool = False
    """At least one wrong PIN was entered since the last right one."""
    final_try: bool = False
    """One more wrong PIN locks the token."""
    again: bool = False
    """The token was open already and its session was lost (pulled out, worker restarted)."""

    @property
    def kind(self) -> str:
        """What is asked for, in a word."""
        return {"user-pin": "PIN", "so-pin": "security officer PIN", "password": "password"}[self.purpose]

    @property
    def words(self) -> str:
        """The question in English, as `Prompt` asks it by default."""
        what = {"user-pin": "PIN of token", "so-pin": "Security officer PIN of token", "password": "Password of"}
        hint = ""
        if self.final_try:
            hint = " (LAST TRY: a wrong PIN locks the token)"
        elif self.count_low:
            hint = " (a wrong PIN was entered before)"
        return f"{what[self.purpose]} {self.token}{' again' if self.again else ''}{hint}: "


class SecretSource(Protocol):
    """Gives a secret when asked. Raises `PinRequired` when it has none.

    A source with a true attribute `interactive` asks a person each time; one with `given_now` holds what a
    person gave for this one use. What any other gives counts as automatic: it is not tried after somebody's
    wrong PIN, because a program must not use up the tries of a token.
    """

    def __call__(self, request: SecretRequest) -> str: ...


class FromText:
    """A secret that the caller already holds; `given_now` when a person gave it for this one use."""

    __slots__ = ("_text", "given_now")

    def __init__(self, text: str, *, given_now: bool = False) -> None:
        self._text = text
        self.given_now = given_now

    def __call__(self, request: SecretRequest) -> str:
        return self._text

    def __repr__(self) -> str:
        return "FromText(…)"


_NAMES_READ: set[str] = set()


@dataclass(frozen=True)
class FromEnv:
    """The value of an environment variable, which worker processes then do not inherit."""

    name: str

    def __post_init__(self) -> None:
        _NAMES_READ.add(self.name)

    def __call__(self, request: SecretRequest) -> str:
        value = os.environ.get(self.name)
        if not value:
            raise PinRequired(
                f"The environment variable {self.name} is not set or empty.",
                remedy=f"Set it to the {request.kind} of {request.token}.",
            )
        return value


def secret_variables() -> frozenset[str]:
    """Names of environment variables that hold secrets in this process (every `FromEnv` made so far)."""
    return frozenset(_NAMES_READ)


@dataclass(frozen=True)
class FromFile:
    """The first line of a file. On POSIX a file that everybody may read or write is refused."""

    path: str | os.PathLike[str]

    def __call__(self, request: SecretRequest) -> str:
        path = Path(self.path)
        try:
            with path.open("rb") as file:
                mode = os.fstat(file.fileno()).st_mode
                if os.name == "posix" and mode & (stat.S_IROTH | stat.S_IWOTH):
                    raise UsageError(
                        f"The {request.kind} file {path} may be read or written by everybody.",
                        remedy=f"Run `chmod 600 {path}`, and change the {request.kind} if others had access.",
                    )
                data = file.read(MAX_SECRET_BYTES + 1)
        except OSError as e:
            raise PinRequired(
                f"The {request.kind} file {path} cannot be read: {e.strerror}.",
                remedy=f"Check the path; the file holds the {request.kind} of {request.token} on its first line.",
            ) from None
        return _first_line(data, f"The file {path}")


@dataclass(frozen=True)
class FromCredential:
    """A systemd credential (`LoadCredential=` or `LoadCredentialEncrypted=` in the unit), by its name."""

    name: str

    def __call__(self, request: SecretRequest) -> str:
        folder = os.environ.get("CREDENTIALS_DIRECTORY")
        if not folder:
            raise PinRequired(
                f"The {request.kind} of {request.token} shall come from the systemd credential "
                f"{self.name}, but this process was given none.",
                remedy=f"Add LoadCredential={self.name}:/path/to/file to the service's unit.",
            )
        if self.name != Path(self.name).name:
            raise UsageError(f"{self.name!r} is no name of a credential: it holds a path.")
        return FromFile(Path(folder) / self.name)(request)


@dataclass(frozen=True)
class FromKeyring:
    """The operating system's keyring (Windows Credential Locker, macOS Keychain, Secret Service).

    The entry's service is `kyso`, its user name the token's label unless another is named here. Needs the extra
    `kyso[keyring]`.
    """

    user: str | None = None

    def __call__(self, request: SecretRequest) -> str:
        kind, user = request.kind, self.user or request.token
        try:
            import keyring
            from keyring.errors import KeyringError
        except ImportError:
            raise PinRequired(
                "The support for keyrings (the extra kyso[keyring]) is not installed.",
                remedy="Run `pip install 'kyso[keyring]'`.",
            ) from None
        try:
            secret = keyring.get_password(KEYRING_SERVICE, user)
        except KeyringError as e:
            raise PinRequired(
                f"The keyring of this computer cannot be asked for the {kind}: {type(e).__name__}.",
                remedy="Unlock it, or use another source on a computer without a desktop.",
            ) from None
        if not secret:
            raise PinRequired(
                f"The keyring of this computer holds no {kind} of {user}.",
                remedy=f"Store it once with `keyring set {KEYRING_SERVICE} '{user}'`.",
            )
        return secret


class FromFd:
    """The first line read from an inherited file descriptor. It is read once and kept for later requests."""

    __slots__ = ("_text", "fd")

    def __init__(self, fd: int) -> None:
        self.fd = fd
        self._text: str | None = None

    def __call__(self, request: SecretRequest) -> str:
        if self._text is None:
            data = b""
            try:
                while b"\n" not in data and len(data) <= MAX_SECRET_BYTES:
                    part = os.read(self.fd, MAX_SECRET_BYTES)
                    if not part:
                        break
                    data += part
            except OSError as e:
                raise PinRequired(
                    f"File descriptor {self.fd} cannot be read: {e.strerror}.",
                    remedy=f"Open it for the program, for example with `{self.fd}<file` in the shell.",
                ) from None
            self._text = _first_line(data, f"File descriptor {self.fd}")
        return self._text

    def __repr__(self) -> str:
        return f"FromFd({self.fd})"


@dataclass(frozen=True)
class Prompt:
    """Asks the person at the terminal, without echo. Raises `PinRequired` where there is no terminal."""

    words: Callable[[SecretRequest], str] | None = None
    """The question in the caller's language; by default `SecretRequest.words`."""
    interactive: ClassVar[bool] = True

    def __call__(self, request: SecretRequest) -> str:
        if not _has_terminal():
            raise PinRequired(
                f"The {request.kind} of {request.token} is needed, and there is no terminal to ask for it.",
                remedy=_OTHER_WAYS,
            )
        question = self.words(request) if self.words else request.words
        try:
            answer = getpass.getpass(question)
        except EOFError:
            answer = ""
        if not answer:
            raise PinRequired(f"No {request.kind} was typed for {request.token}.")
        return answer


def source_of(secret: SecretSource | str) -> SecretSource:
    """A source for either a source or the secret itself."""
    return FromText(secret) if isinstance(secret, str) else secret


def ask(source: SecretSource | None, request: SecretRequest) -> str:
    """The secret for `request`. Raises `PinRequired` when there is no source or it gives nothing."""
    if source is None:
        raise PinRequired(f"The {request.kind} of {request.token} is needed.", remedy=_OTHER_WAYS)
    secret = source(request)
    if not secret or "\0" in secret:
        raise PinRequired(f"The {request.kind} given for {request.token} is empty or holds a zero byte.")
    return secret


def _first_line(data: bytes, where: str) -> str:
    if len(data) > MAX_SECRET_BYTES:
        raise PinRequired(f"{where} holds more than {MAX_SECRET_BYTES} bytes; a secret is one short line.")
    line = data.removeprefix(codecs.BOM_UTF8)  # Notepad writes it; with it a right PIN would cost a try
    line = line.split(b"\n", 1)[0].removesuffix(b"\r")
    try:
        text = line.decode("utf-8")
    except UnicodeDecodeError:
        raise PinRequired(f"{where} does not hold UTF-8 text.") from None
    if not text:
        raise PinRequired(f"{where} holds no secret on its first line.")
    return text


def _has_terminal() -> bool:
    if sys.platform != "win32":
        with contextlib.suppress(OSError):
            os.close(os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY))
            return True
        return False
    return sys.stdin is not None and sys.stdin.isatty()
