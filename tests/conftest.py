"""Every test has a trust store of its own, and records of refused PINs: copies of a token share its serial number."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import hypothesis
import pytest

hypothesis.settings.register_profile("kyso", deadline=None)  # a machine may be busy; tests assert no times
hypothesis.settings.load_profile("kyso")


@pytest.fixture(scope="session", autouse=True)
def _state_of_the_run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """For servers that live as long as the run."""
    if (
        signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    ):  # a shell's background job; what it starts would ignore it too
        signal.signal(signal.SIGINT, signal.default_int_handler)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KYSO_STATE", str(tmp_path_factory.mktemp("state-of-the-run")))
        patch.setenv("KYSO_TRUST_STORE", str(tmp_path_factory.mktemp("trust-of-the-run")))
        yield


@pytest.fixture(autouse=True)
def _state_of_the_test(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KYSO_STATE", str(tmp_path_factory.mktemp("state")))
    monkeypatch.setenv("KYSO_TRUST_STORE", str(tmp_path_factory.mktemp("trust")))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """How many cases of the suites that are known by name were run."""
    from collections import Counter

    ran = Counter(r.nodeid.partition("::")[0] for r in terminalreporter.stats.get("passed", []))
    for name, file in (("NIST PKITS", "tests/pki/x509/test_pkits.py"),):
        if ran[file]:
            terminalreporter.write_line(f"{name}: {ran[file]} cases passed")
