"""One province and one running server for all tests of this folder."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator

import httpx2
import pytest

from tests.server.province import Province, build, free_port, serve


@pytest.fixture(scope="session")
def province(tmp_path_factory: pytest.TempPathFactory) -> Province:
    return build(tmp_path_factory.mktemp("tinh-mau"), free_port())


@pytest.fixture(scope="session")
def server(province: Province) -> Iterator[subprocess.Popen[bytes]]:
    with serve(province) as process:
        yield process


@pytest.fixture(scope="session")
def client(province: Province, server: subprocess.Popen[bytes]) -> Iterator[httpx2.Client]:
    """A caller with the province's API token."""
    with httpx2.Client(base_url=province.url, headers=province.bearer, timeout=60) as session:
        yield session
