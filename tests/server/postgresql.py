"""A PostgreSQL of one's own: a cluster in a folder that goes at the end, on loopback, with a password.

`initdb` refuses to run as root; then Debian's user `postgres` runs it, as it would in earnest.
"""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.server.province import free_port

USER = "kyso"


@dataclass(frozen=True)
class Cluster:
    folder: Path
    port: int
    password: str

    def url(self, name: str) -> str:
        """A new, empty database, as `kyso.toml` names it: the password stands in a file."""
        self._run("createdb", "-h", "127.0.0.1", "-p", str(self.port), "-U", USER, name)
        return f"postgresql://{USER}@127.0.0.1:{self.port}/{name}?passfile={self.folder / 'passfile'}"

    def run_sql(self, text: str) -> None:
        """As the cluster's superuser; stops at the first error."""
        script = self.folder / "script.sql"
        script.write_text(text, encoding="utf-8")
        script.chmod(0o644)
        where = ("-h", "127.0.0.1", "-p", str(self.port), "-U", USER, "-d", "postgres")
        self._run("psql", "-q", "-v", "ON_ERROR_STOP=1", *where, "-f", str(script))

    def start(self) -> None:
        options = f"-p {self.port} -k '' -c listen_addresses=127.0.0.1 -c fsync=off"
        self._run("pg_ctl", "start", "-w", "-D", str(self.data), "-l", str(self.folder / "log"), "-o", options)

    def stop(self) -> None:
        """At once, as when its machine goes away: connections are cut."""
        self._run("pg_ctl", "stop", "-w", "-m", "immediate", "-D", str(self.data))

    @property
    def data(self) -> Path:
        return self.folder / "data"

    def _run(self, program: str, *arguments: str) -> None:
        as_owner = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
        environment = os.environ | {"PGPASSWORD": self.password, "LC_ALL": "C.UTF-8"}
        done = subprocess.run(
            [*as_owner, str(_programs() / program), *arguments],
            env=environment,
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE if program != "pg_ctl" else subprocess.DEVNULL,  # the server inherits pg_ctl's
            stderr=subprocess.STDOUT,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"{program} ended with {done.returncode}: {done.stdout!r}")


def _programs() -> Path:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda p: int(p.parts[4]))
    if found:
        return found[-1].parent
    if on_path := shutil.which("initdb"):
        return Path(on_path).parent
    raise RuntimeError("PostgreSQL is not installed: install Debian's postgresql.")


@contextmanager
def cluster() -> Iterator[Cluster]:
    """Running until the end of the block."""
    folder = Path(tempfile.mkdtemp(prefix="kyso-postgresql-"))
    made = Cluster(folder, free_port(), secrets.token_urlsafe(16))
    passfile, given = folder / "passfile", folder / "given"
    passfile.write_text(f"127.0.0.1:{made.port}:*:*:{made.password}\n", encoding="utf-8")
    given.write_text(made.password + "\n", encoding="utf-8")
    passfile.chmod(0o600)
    given.chmod(0o600)
    if os.geteuid() == 0:
        for path in (folder, given):
            shutil.chown(path, "postgres")
    try:
        made._run("initdb", "-D", str(made.data), "-U", USER, "-A", "scram-sha-256", "--pwfile", str(given), "-N")
        made.start()
        try:
            yield made
        finally:
            made.stop()
    finally:
        shutil.rmtree(folder)
