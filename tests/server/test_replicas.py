"""A credential with the same key on two HSMs: one goes away, documents go on being signed, and it comes back."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

import httpx2
import pytest

import kyso
from tests.server.province import Province, build, free_port, serve

DOCUMENT = Path(__file__).parents[1] / "documents" / "cong-van.pdf"


@pytest.fixture(scope="module")
def cloned(tmp_path_factory: pytest.TempPathFactory) -> Province:
    """The province with a clone of its tokens behind a library of another path, as another HSM's would be."""
    province = build(tmp_path_factory.mktemp("hai-hsm"), free_port())
    folder = province.folder
    shutil.copytree(folder / "softhsm", folder / "softhsm-2")
    conf = folder / "softhsm-2" / "softhsm2.conf"
    conf.write_text(
        conf.read_text(encoding="utf-8").replace("/softhsm/tokens", "/softhsm-2/tokens"), encoding="utf-8"
    )
    library = next(m.path for m in province.settings.modules)
    (folder / "libclone.so").symlink_to(library)
    toml = (folder / "kyso.toml").read_text("utf-8")
    key = "pkcs11:token=kyso-tinh-mau;object=con-dau"
    toml = toml.replace(
        f'key = "{key}"\n',
        f'key = "{key}?module-path={library}"\nreplicas = ["{key}?module-path={folder / "libclone.so"}"]\n',
    )
    toml += f"""
[[modules]]
path = "{folder / "libclone.so"}"
env = {{ SOFTHSM2_CONF = "softhsm-2/softhsm2.conf" }}
"""
    (folder / "kyso.toml").write_text(toml, "utf-8")
    return province


def signed(caller: httpx2.Client, province: Province) -> None:
    answer = caller.post("/v1/sign", params={"credential": "con-dau"}, content=DOCUMENT.read_bytes())
    assert answer.status_code == 200, answer.text
    report = kyso.verify(answer.content, trust=kyso.TrustStore.of([province.root]))
    (signature,) = report.signatures
    assert signature.signature_intact and signature.references_intact
    assert signature.certificate == province.certificates["con-dau"]


def states(caller: httpx2.Client) -> list[str]:
    return [s["state"] for s in caller.get("/readyz").json()["replicas"]["con-dau"]]


def test_the_clone_signs_while_the_first_is_away(cloned: Province) -> None:
    tokens = cloned.folder / "softhsm" / "tokens"
    with serve(cloned), httpx2.Client(base_url=cloned.url, headers=cloned.bearer, timeout=60) as caller:
        signed(caller, cloned)
        assert states(caller)[0] == "ready"
        tokens.rename(tokens.with_name("away"))
        tokens.mkdir()
        try:
            for _ in range(3):
                signed(caller, cloned)
            first, second = states(caller)
            assert first in ("resting", "faulty") and second == "ready"
        finally:
            tokens.rmdir()
            tokens.with_name("away").rename(tokens)
        end = time.monotonic() + 30
        while states(caller) != ["ready", "ready"]:
            assert time.monotonic() < end, caller.get("/readyz").text
            time.sleep(0.5)
            signed(caller, cloned)
