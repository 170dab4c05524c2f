"""Builds the Java judges (EU DSS, veraPDF) with Maven, once per state of dss/, into `.judges/` of the checkout.

`python -I tests/judges/java_build.py` does it beforehand; needs the standard library only.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

PROJECT = Path(__file__).resolve().parent / "dss"
BUILT = Path(__file__).resolve().parents[2] / ".judges"
TIMEOUT_S = 540  # some 60 MB from Maven Central the first time (14 s seen); 5 s afterwards


class JudgeMissing(RuntimeError):
    """Java, Maven or Maven Central is out of reach."""


def build() -> Path:
    """The folder with `classes` and `lib`; made when the sources have changed. Raises `JudgeMissing`."""
    digest = hashlib.sha256()
    for path in [PROJECT / "pom.xml", *sorted(PROJECT.rglob("*.java"))]:
        digest.update(path.relative_to(PROJECT).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    folder = BUILT / f"java-{digest.hexdigest()[:16]}"
    if folder.is_dir():
        return folder
    maven, _ = program("mvn"), program("java")
    BUILT.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=BUILT) as scratch:
        out = Path(scratch, "out")
        _run([maven, "-B", "-q", f"-Djudges.out={out}", "process-classes"])
        try:
            out.rename(folder)
        except OSError:
            if not folder.is_dir():  # else another process was faster, and made the same
                raise
    for other in BUILT.glob("java-*"):  # earlier states of the sources, 40 MB each
        if other != folder:
            shutil.rmtree(other, ignore_errors=True)
    return folder


def program(name: str) -> str:
    """Its path. Raises `JudgeMissing`."""
    found = shutil.which(name)
    if found is None:
        raise JudgeMissing(f"{name} is not installed: apt-get install openjdk-17-jdk-headless maven.")
    return found


def _run(command: list[str]) -> None:
    """Offline first: what is in the local repository needs no network."""
    words = ""
    for one in ([*command, "-o"], command):
        try:
            done = subprocess.run(one, cwd=PROJECT, capture_output=True, timeout=TIMEOUT_S, check=False)
        except subprocess.TimeoutExpired:
            words = f"no end after {TIMEOUT_S} s"
            continue
        if done.returncode == 0:
            return
        words = "\n".join((done.stdout + done.stderr).decode("utf-8", "replace").strip().splitlines()[:12])
    raise JudgeMissing(f"Maven could not build tests/judges/dss: {words}")


if __name__ == "__main__":
    try:
        build()
    except JudgeMissing as error:
        sys.exit(f"judges: EU DSS and veraPDF are missing. {error}")
    sys.stdout.write("judges: EU DSS and veraPDF are ready\n")
