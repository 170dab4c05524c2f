"""What users install: a wheel that is complete, a base install that suffices for PDF, extras missing politely."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("kyso_pki", "kyso_hsm", "kyso", "kyso_server", "kyso_cli")

BLOCKED = "import sys; sys.modules.update(dict.fromkeys({blocked!r}))\n"
EXTRAS: tuple[str, ...] = ("lxml", "pkcs11", "fastapi", "uvicorn", "sqlalchemy", "alembic", "click", "pikepdf")
EXTRAS += ("fontTools", "PIL", "segno", "pypdfium2")
SEAL = "from pathlib import Path; import kyso; d = Path('tests/documents/cong-van.pdf'); "


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "-w", str(folder)]
    subprocess.run([*command, str(ROOT)], check=True, capture_output=True, cwd=folder)
    [made] = folder.glob("kyso-*.whl")
    return made


def test_the_wheel_holds_every_package_with_its_types_and_data(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    for package in PACKAGES:
        assert f"{package}/__init__.py" in names
        assert f"{package}/py.typed" in names
    for data in ("kyso_cli/messages/vi/sign.toml", "kyso_cli/messages/en/sign.toml", "kyso_server/migrations/env.py"):
        assert data in names
    for data in ("builtin/con-dau.toml", "fonts/LiberationSerif-Regular.ttf", "fonts/LICENSE.txt"):
        assert f"kyso_pki/pdf/appearance/{data}" in names
    for data in ("report-1.json", "vi/verify.toml", "en/verify.toml", "vi/findings.toml", "vi/said.toml"):
        assert f"kyso_pki/reports/{data}" in names
    assert any(n.endswith("licenses/LICENSE") for n in names)
    assert not any(n.startswith(("tests/", "benchmarks/")) for n in names)


def test_the_base_install_signs_and_verifies_a_pdf() -> None:
    """Only cryptography and the HTTP client may be needed: nothing of an extra is importable here."""
    code = BLOCKED.format(blocked=EXTRAS) + (
        "from datetime import UTC, datetime\n"
        "import kyso\n"
        "from kyso_pki.testing import World\n"
        "from benchmarks.inputs import pdf\n"
        "at = datetime.now(UTC)\n"
        "world = World.create(at=at)\n"
        "signed = kyso.sign(pdf(2000), world.person_signer)\n"
        "report = kyso.verify(signed, trust=world.trust, fetcher=world.fetcher(at))\n"
        "report.require_passed()\n"
        "assert all(kyso.render_report(report, form) for form in ('json', 'html', 'xml'))\n"
        "print(report.verdict)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=False)
    assert (done.stdout.strip(), done.stderr) == ("passed", "")


@pytest.mark.parametrize(
    ("code", "extra"),
    [
        ("from kyso_pki.formats import open_document; open_document(b'<a/>').signatures()", "kyso[xml]"),
        ("import kyso; kyso.open_signer('pkcs11:token=x;object=y', modules=['/nowhere.so'])", "kyso[pkcs11]"),
        (SEAL + "kyso.preview(d, kyso.load_stamp('sao-y'), signer='x')", "kyso[appearance]"),
        ("import kyso; kyso.render_report(kyso.verify(b''), 'pdf')", "kyso[appearance]"),
        ("import sys; sys.argv = ['kyso', 'keys', 'list']; from kyso_cli.main import main; main()", "kyso[cli]"),
    ],
)
def test_a_missing_extra_is_named(code: str, extra: str) -> None:
    code = BLOCKED.format(blocked=EXTRAS) + code
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode != 0
    assert extra in done.stderr
