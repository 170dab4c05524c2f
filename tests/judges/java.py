"""One JVM for the judges that live in Java: EU DSS, veraPDF and the JDK itself (the Maven project in dss/).

Reach for `ask`, and call `need()` at the start of a test that does. The first of them builds the project (Maven, once
per state of its sources, into `.judges/` of the checkout) and starts the JVM, which ends with this process.
"""

from __future__ import annotations

import atexit
import base64
import json
import os
import subprocess
import tempfile
import threading
from datetime import UTC, datetime
from functools import cache
from typing import IO, Any

import pytest

from .java_build import JudgeMissing, build, program

ANSWER_TIMEOUT_S = 120  # the slowest answer seen: 9 s, the first one, with page rendering, on a busy machine
HEAP = "-Xmx1g"  # DSS renders pages to compare revisions; enough for a scan of 20 pages
SHORT_LIFE = "-XX:TieredStopAtLevel=1"  # the second compiler costs more than it saves in a minute: 23 s became 9 s
OPTIONS = (HEAP, SHORT_LIFE, "-Djava.awt.headless=true", "-XX:+UseSerialGC", "-Dfile.encoding=UTF-8")


def ask(what: str, **question: Any) -> dict[str, Any]:
    """The judge's answer; octets go as base64. Raises `JudgeMissing`."""
    jvm = _started()
    if isinstance(jvm, JudgeMissing):
        raise jvm
    return jvm.ask({"do": what, **{name: _plain(value) for name, value in question.items() if value is not None}})


def need() -> None:
    """Nothing when the judges can be asked. Else the test fails in CI, and on a desk is skipped with the reason."""
    jvm = _started()
    if not isinstance(jvm, JudgeMissing):
        return
    if os.environ.get("CI"):
        raise jvm
    pytest.skip(f"EU DSS and veraPDF cannot be asked here. {jvm}")


def text(octets: bytes) -> str:
    """Octets as the questions and answers carry them."""
    return base64.b64encode(octets).decode()


def iso(at: datetime) -> str:
    """A time as the questions carry it."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return text(value)
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items()}
    return value


@cache
def _started() -> _Jvm | JudgeMissing:
    """The one JVM of this process, or why there is none: asked for once, Maven takes its time to fail."""
    try:
        folder = build()
        classes = os.pathsep.join([str(folder / "classes"), str(folder / "lib" / "*")])
        return _Jvm([program("java"), *OPTIONS, "-cp", classes, "kyso.judges.Main"])
    except JudgeMissing as error:
        return error


class _Jvm:
    """The process: one line in, one line out."""

    def __init__(self, command: list[str]) -> None:
        self._lock = threading.Lock()
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the process
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._errors)
        atexit.register(self._end)

    def ask(self, question: dict[str, Any]) -> dict[str, Any]:
        stdin, stdout = _open(self._process.stdin), _open(self._process.stdout)
        with self._lock:
            # A judge that hangs is ended, so that the test fails with words instead of standing still.
            watch = threading.Timer(ANSWER_TIMEOUT_S, self._process.kill)
            watch.start()
            try:
                stdin.write(json.dumps(question).encode() + b"\n")
                stdin.flush()
                line = stdout.readline()
            except BrokenPipeError:
                line = b""
            finally:
                watch.cancel()
        if not line:
            self._errors.seek(0)
            raise RuntimeError(f"The Java judges ended: {self._errors.read()[-2000:].decode('utf-8', 'replace')}")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def _end(self) -> None:
        _open(self._process.stdin).close()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()


def _open(stream: IO[bytes] | None) -> IO[bytes]:
    if stream is None:
        raise RuntimeError("The process has no pipe.")
    return stream
