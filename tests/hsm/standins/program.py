"""Programs of others that run beside a test: started from a script here, ended by process id, never by name.

`start` gives a `Program` that has said "ready"; `until` waits for a condition. What is refused: waiting without
a deadline, and a stand-in that is silently left out (`missing` fails, `forbidden` says so in the test's report).
"""

from __future__ import annotations

import contextlib
import os
import selectors
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NoReturn, TypeVar

import pytest

FOLDER = Path(__file__).resolve().parent
REQUIRED = "KYSO_REQUIRE_STANDINS"
NO_NAMESPACES = "KYSO_NO_NAMESPACES"  # set it to see what the tests do where namespaces are forbidden
START_S = 30.0  # a loaded machine; the slowest stand-in needs 2 s on an idle one

_T = TypeVar("_T")


class StandInFailed(Exception):
    """A stand-in ended or stayed silent; holds what it printed."""


def forbidden(what: str) -> NoReturn:
    """The machine does not allow this stand-in (no namespaces, not root): the test says so and ends.

    A failure where KYSO_REQUIRE_STANDINS=1 says that this machine must allow it.
    """
    if os.environ.get(REQUIRED) == "1":
        pytest.fail(f"{what} ({REQUIRED}=1)")
    pytest.skip(f"STAND-IN LEFT OUT, because this machine forbids it: {what}")


def missing(what: str, package: str) -> NoReturn:
    """Something that can be installed is not: always a failure, or the suite would lie."""
    pytest.fail(f"{what} is not installed: apt-get install {package} (sh scripts/test.sh does)")


def file_of(paths: tuple[str, ...], package: str) -> str:
    """The first of these files that exists."""
    found = next((p for p in paths if Path(p).exists()), None)
    return found or missing(paths[0], package)


def until(condition: Callable[[], _T], what: str, seconds: float = 15.0) -> _T:
    """The first true value of `condition`; after the deadline a failure that names what did not happen."""
    end = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < end, f"within {seconds:g} s this did not happen: {what}"
        time.sleep(0.02)
    return value


class Program:
    """A running program, leader of a session of its own, so that its children end with it."""

    def __init__(self, process: subprocess.Popen[bytes], said: str, log: Path) -> None:
        self._process = process
        self.said = said
        """What stood after "ready" on the line."""
        self.log = log

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def running(self) -> bool:
        return self._process.poll() is None

    def signal(self, number: signal.Signals) -> None:
        """To the whole session, unless it has ended and was waited for."""
        if self.running:
            with contextlib.suppress(ProcessLookupError):  # it ended just now
                os.killpg(self.pid, number)

    def kill(self) -> None:
        """SIGKILL, as a power cut would."""
        self.signal(signal.SIGKILL)
        self._process.wait(timeout=10)
        if self._process.stdout:
            self._process.stdout.close()

    def stop(self) -> None:
        """SIGTERM, then SIGKILL to whatever is left of the session."""
        self.signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout=3)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)  # children that outlived the leader keep its group alive
        self.kill()

    def children(self) -> tuple[int, ...]:
        """The process ids of its children now."""
        return tuple(
            int(p) for p in Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text(encoding="utf-8").split()
        )


def start(arguments: list[str], log: Path, env: Mapping[str, str] | None = None, seconds: float = START_S) -> Program:
    """The program, once it has printed a line that begins with "ready". Raises `StandInFailed`."""
    with log.open("ab") as errors:
        process = subprocess.Popen(
            [*_until_we_end(), *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            env={**plain_environment(), **(env or {})},
            start_new_session=True,
        )
    try:
        said = _ready_line(process, seconds)
    except BaseException:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        raise
    if said is None:
        process.wait()
        raise StandInFailed(
            f"{' '.join(arguments)} did not get ready:\n{log.read_text(errors='replace', encoding='utf-8')[-2000:]}"
        )
    return Program(process, said, log)


def _until_we_end() -> list[str]:
    """The prefix that makes Linux end a program when this process dies without ending it."""
    setpriv = shutil.which("setpriv", path=plain_environment()["PATH"])
    return [setpriv, "--pdeathsig", "TERM"] if setpriv else []


def _ready_line(process: subprocess.Popen[bytes], seconds: float) -> str | None:
    """What follows "ready" on the first line that begins with it; None at the end of the output or in time."""
    end, seen = time.monotonic() + seconds, b""
    assert process.stdout
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        while selector.select(max(0.0, end - time.monotonic())):
            part = os.read(process.stdout.fileno(), 4096)
            seen += part
            for line in seen.split(b"\n")[:-1]:
                if line.startswith(b"ready"):
                    return line.removeprefix(b"ready").strip().decode()
            if not part:
                break
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    return None


def plain_environment() -> dict[str, str]:
    """What a program needs of this process's environment, and nothing that steers it but our own switch."""
    path = "/usr/local/sbin:/usr/sbin:/sbin:" + os.environ.get("PATH", "/usr/bin:/bin")
    switch = {NO_NAMESPACES: "1"} if os.environ.get(NO_NAMESPACES) else {}
    return {"PATH": path, "LC_ALL": "C.UTF-8", **switch}


def run(*arguments: str, env: Mapping[str, str] | None = None, package: str = "", fails: bool = False) -> str:
    """What a program prints on both outputs; a missing one fails the test, and so does an error unless expected."""
    code, text = status(*arguments, env=env, package=package)
    assert (code != 0) is fails, (arguments, code, text)
    return text


def status(*arguments: str, env: Mapping[str, str] | None = None, package: str = "") -> tuple[int, str]:
    """How a program ended, and what it printed."""
    environment = {**plain_environment(), **(env or {})}
    path = shutil.which(arguments[0], path=environment["PATH"]) or missing(arguments[0], package)
    done = subprocess.run(
        [path, *arguments[1:]],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        env=environment,
        timeout=60,
    )
    return done.returncode, done.stdout.decode("utf-8", "replace")
