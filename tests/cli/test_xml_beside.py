"""Data beside XML (`--content`) and XPath in it (`--xpath`), for `kyso verify` and `kyso facts`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from kyso_pki.document import Intent
from kyso_pki.testing import World
from kyso_pki.xml.standalone import prepare_detached
from tests.attacks.xml.forge import Ref, signature

from .conftest import PACKAGES

XPATH = "http://www.w3.org/TR/1999/REC-xpath-19991116"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A detached signature over two files, one that leaves a part out by XPath, and what is trusted."""
    at = datetime.now(UTC).replace(microsecond=0)
    world, folder = World.create(at=at), tmp_path_factory.mktemp("beside")
    (folder / "root.pem").write_text(world.root.pem(), "ascii")
    for number, crl in enumerate(world.crls(at)):
        (folder / f"{number}.crl").write_bytes(crl)
    signer, contents = world.person_signer, {"van-ban.bin": b"\0\1", "urn:mau:phu-luc=1": b"phu luc"}
    pending = prepare_detached(contents, Intent(at), signer.chain, signer.scheme)
    (folder / "chu-ky.xml").write_bytes(pending.finish(signer.sign([pending.imprint])[0]))
    (folder / "van-ban.bin").write_bytes(b"\0\1")
    (folder / "phu-luc.txt").write_bytes(b"phu luc")
    steps = (
        f'<ds:Transform Algorithm="{XPATH}"><ds:XPath>not(ancestor-or-self::ds:Signature or ancestor-or-self::b)'
        '</ds:XPath></ds:Transform><ds:Transform Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"/>'
    )
    made = signature([Ref("", b"<a>1</a>", transforms=steps)], signer=signer)
    (folder / "xpath.xml").write_text(f"<a>1<b>2</b>{made}</a>", "utf-8")
    return folder


def kyso(folder: Path, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "kyso_cli", *arguments]
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join(PACKAGES), "KYSO_LANG": "en"}
    return subprocess.run(command, cwd=folder, env=environ, input=stdin, capture_output=True, text=True, check=False)


def verdict(folder: Path, *arguments: str, command: str = "verify", stdin: str = "") -> tuple[int, str]:
    """The exit code, and the verdict with what is covered, or the error's code."""
    evidence = [word for name in sorted(folder.glob("*.crl")) for word in ("--evidence", name.name)]
    done = kyso(folder, command, *arguments, "--trust", "root.pem", *evidence, "--json", stdin=stdin)
    told = json.loads(done.stdout)
    if "files" not in told:
        return done.returncode, told["error"]["code"]
    (result,) = told["files"][0]["signatures"]
    return done.returncode, f"{told['verdict']}: {result['coverage']['what']}"


BOTH = ("--content", "van-ban.bin", "--content", "urn:mau:phu-luc=1=phu-luc.txt")


def test_detached_data_is_given_by_its_name_or_by_uri(folder: Path) -> None:
    code, said = verdict(folder, "chu-ky.xml", *BOTH)
    assert (code, said) == (0, "passed: the detached van-ban.bin, the detached urn:mau:phu-luc=1")


def test_without_it_or_with_other_data_nothing_passes(folder: Path) -> None:
    assert verdict(folder, "chu-ky.xml")[0] == 3
    assert verdict(folder, "chu-ky.xml", "--content", "van-ban.bin")[0] == 3
    assert verdict(folder, "chu-ky.xml", *BOTH[:3], "urn:mau:phu-luc=1=van-ban.bin")[0] == 1


def test_two_files_for_one_uri_are_a_wrong_usage(folder: Path) -> None:
    code, said = verdict(folder, "chu-ky.xml", *BOTH, "--content", "van-ban.bin")
    assert (code, said) == (2, "cli.content_twice")


def test_xpath_is_read_only_when_it_is_asked_for(folder: Path) -> None:
    assert verdict(folder, "xpath.xml")[0] == 1
    covered = "/a without /a/b (by XPath)"
    assert verdict(folder, "xpath.xml", "--xpath") == (3, f"indeterminate: {covered}")
    assert verdict(folder, "xpath.xml", "--xpath", "--accept-parts") == (0, f"passed: {covered}")


def replayed(folder: Path, *arguments: str, accept: Sequence[str] = ()) -> tuple[int, str]:
    """What `kyso replay` says of the facts that these arguments give."""
    (folder / "facts.jsonl").write_text(kyso(folder, "facts", *arguments).stdout, "utf-8")
    return verdict(folder, "facts.jsonl", *accept, command="replay")


@pytest.mark.parametrize("how", [("chu-ky.xml", *BOTH), ("xpath.xml", "--xpath"), ("xpath.xml",), ("chu-ky.xml",)])
def test_facts_are_told_the_same_and_replayed_to_the_same_verdict(folder: Path, how: tuple[str, ...]) -> None:
    accept = ("--accept-parts",)
    assert replayed(folder, *how, accept=accept) == verdict(folder, *how, *accept)
