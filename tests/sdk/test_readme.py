"""The Python in the READMEs, docs/verifying.md and docs/client.md runs as it stands, in a province's folder."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

import kyso
from tests.server.province import PIN, Province

ROOT = Path(__file__).parents[2]
README_ADDRESS = "127.0.0.1:8790"
README_LIBRARY = "/usr/lib/softhsm/libsofthsm2.so"


def blocks(name: str) -> str:
    found = re.findall(r"```python\n(.*?)```", (ROOT / name).read_text("utf-8"), re.DOTALL)
    assert found
    return "\n".join(found)


@pytest.mark.usefixtures("server")
@pytest.mark.parametrize("name", ["README.md", "README.vi.md", "docs/verifying.md", "docs/client.md"])
def test_the_examples_run(name: str, province: Province) -> None:
    """Only the port and the place of SoftHSM are those of this machine."""
    folder = province.folder
    (folder / "secrets" / "api-token").write_text(province.api_token + "\n", encoding="utf-8")
    (folder / "secrets" / "token.pin").write_text(PIN + "\n", encoding="utf-8")
    (folder / "van-ban.pdf").write_bytes((ROOT / "tests" / "documents" / "cong-van.pdf").read_bytes())
    signed = folder / "van-ban.signed.pdf"
    code = blocks(name).replace(README_ADDRESS, province.url.removeprefix("http://"))
    code = code.replace(README_LIBRARY, province.settings.modules[0].path)
    if name.startswith("docs"):  # it verifies what the READMEs sign
        signed.write_bytes(kyso.Client(province.url, province.api_token).sign(folder / "van-ban.pdf", "con-dau"))
    done = subprocess.run([sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert signed.exists()
