"""`kyso --help` is answered at once: nothing of weight is imported for it."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

from .conftest import program

ENGINES = {"cryptography", "lxml", "pkcs11", "fastapi", "uvicorn", "sqlalchemy", "pydantic", "httpx2"}
OURS = {"kyso", "kyso_pki", "kyso_hsm", "kyso_server"}


def imported_by(environ: dict[str, str], *arguments: str) -> set[str]:
    """The top-level modules that are loaded after `kyso ARGUMENTS`."""
    code = (
        "import atexit, sys\n"
        "atexit.register(lambda: sys.stderr.write('\\n'.join(sys.modules)))\n"
        "from kyso_cli.main import main\n"
        f"main({list(arguments)!r})\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env=environ, capture_output=True, encoding="utf-8", timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return {name.split(".")[0] for name in done.stderr.splitlines()}


def test_the_first_page_of_help_imports_nothing_of_weight(environ: dict[str, str]) -> None:
    assert not imported_by(environ, "--help") & ({"click"} | ENGINES | OURS)
    assert not imported_by(environ, "--lang", "vi", "--help") & ({"click"} | ENGINES | OURS)


def test_help_of_a_command_imports_no_engine(environ: dict[str, str]) -> None:
    for command in ("sign", "verify", "lint", "repair", "keys", "quickstart", "serve"):
        loaded = imported_by(environ, command, "--help")
        assert not loaded & {
            "rich",
            "cryptography",
            "lxml",
            "pkcs11",
            "fastapi",
            "uvicorn",
            "sqlalchemy",
            "httpx2",
            "pikepdf",
        }, command


def test_the_version_is_told(environ: dict[str, str]) -> None:
    done = subprocess.run(
        [program(environ), "--version"], env=environ, capture_output=True, encoding="utf-8", check=True
    )
    assert done.stdout.startswith("kyso ")


def test_a_fault_shows_no_traceback_without_debug(environ: dict[str, str]) -> None:
    """A fault is made by a module that breaks while it is imported, as a broken installation does."""
    code = "import sys; sys.modules['kyso_cli.verify'] = None; from kyso_cli.main import main; main({})"
    for more, shown in (([], False), (["--debug"], True)):
        arguments = repr(["verify", "a.pdf", *more])
        done = subprocess.run(
            [sys.executable, "-c", code.format(arguments)],
            env=environ,
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
        assert done.returncode == 70
        assert done.stderr.startswith("Error: Unforeseen error:")
        assert ("Traceback" in done.stderr) is shown


INTERRUPTED_AT = """
import importlib.abc, os, signal, sys
from kyso_cli.entry import main

class Interrupt(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name == {module!r}:
            os.kill(os.getpid(), signal.SIGINT)

sys.meta_path.insert(0, Interrupt())
sys.argv = ["kyso", "verify", "a.pdf"]
main()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="os.kill with SIGINT ends another process there, not this one")
@pytest.mark.parametrize(
    ("module", "code", "words"),
    [("kyso_cli.root", -signal.SIGINT, ""), ("kyso_cli.verify", 130, "\nStopped")],
    ids=["before the command runs", "while it is loaded"],
)
def test_ctrl_c_shows_no_traceback_however_early_it_comes(
    environ: dict[str, str], module: str, code: int, words: str
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", INTERRUPTED_AT.format(module=module)],
        env=environ,
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )
    assert done.returncode == code
    assert "Traceback" not in done.stderr
    assert done.stderr.startswith(words)
