"""A token in files: its folder goes, comes back, fills up; another program makes it new; handles leak nowhere."""

from __future__ import annotations

import contextlib
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from kyso_hsm.opening import Module, generate_key, list_keys
from kyso_hsm.pool import Pool
from kyso_pki.errors import KeyAccessError, PinRefused, TokenUnavailable

from ..softhsm import LABEL, PIN, SO_PIN, SoftHsm, copy_of, library, program, write_conf
from ..standins import making
from ..standins.program import FOLDER, Program, StandInFailed, forbidden, run, start
from ..standins.standin import StandIn, Typed, imprints, short_folder, stopping
from .deadlines import breaks, resumes, signs


def test_a_token_whose_folder_was_deleted_is_named_and_used_again_when_it_is_back(
    own_hsm: SoftHsm, soft: StandIn, pool: Pool, tmp_path: Path
) -> None:
    shutil.copytree(own_hsm.tokens, tmp_path / "backup")
    with soft.open("ecdsa", pool) as key:
        signs(key, soft, "ecdsa")
        shutil.rmtree(own_hsm.tokens)
        own_hsm.tokens.mkdir()
        for _ in range(3):
            breaks(lambda: key.sign(imprints(1)), LABEL, TokenUnavailable)
        shutil.rmtree(own_hsm.tokens)
        shutil.copytree(tmp_path / "backup", own_hsm.tokens)
        resumes(key, soft, "ecdsa")


def test_a_token_made_new_by_another_program_is_an_error_by_name(own_hsm: SoftHsm, soft: StandIn, pool: Pool) -> None:
    """Its keys are gone for good: no retry can help, and a wrong key may not take their place."""
    with soft.open("ecdsa", pool) as key:
        signs(key, soft, "ecdsa")
        program(
            "softhsm2-util", "--init-token", "--token", LABEL, "--label", LABEL, "--so-pin", SO_PIN, "--pin", PIN,
            env=own_hsm.env(),
        )  # fmt: skip
        breaks(lambda: key.sign(imprints(1)), LABEL, KeyAccessError)


def test_a_token_made_by_another_program_is_found_without_a_restart(
    own_hsm: SoftHsm, soft: StandIn, pool: Pool
) -> None:
    with soft.open("ecdsa", pool) as key:
        signs(key, soft, "ecdsa")
        with pytest.raises(TokenUnavailable):
            generate_key("phòng mới", Typed(PIN), "new", "p256", modules=[own_hsm.module], pool=pool)
        own_hsm.init("phòng mới")
        generate_key("phòng mới", Typed(PIN), "new", "p256", modules=[own_hsm.module], pool=pool)
        signs(key, soft, "ecdsa")


def test_opening_and_signing_leaves_no_session_behind(own_hsm: SoftHsm, pool: Pool, tmp_path: Path) -> None:
    """Where sessions are few (64 on many devices), a client that leaks one for each key opened is stopped by it."""
    log = tmp_path / "calls"
    token = making.softhsm(own_hsm, own_hsm.spied(log))
    with contextlib.suppress(PinRefused):
        token.open("ecdsa", pool, Typed(token.wrong_pin))
    for _ in range(20):
        with token.open("ecdsa", pool) as key:
            signs(key, token, "ecdsa", 1)
    said = log.read_text(errors="replace", encoding="utf-8")
    opened, closed = said.count(": C_OpenSession\n"), said.count(": C_CloseSession\n")
    assert opened >= 1
    assert opened - closed <= 3, f"{opened} sessions opened, {closed} closed"


# Disks ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class SmallDisk:
    """A disk of one MiB in a mount namespace of its own, seen from outside through /proc."""

    holder: Program
    folder: Path

    def fill(self) -> None:
        with (self.folder / "filler").open("wb", buffering=0) as file, contextlib.suppress(OSError):
            while file.write(bytes(1024)):
                pass

    def free(self) -> None:
        (self.folder / "filler").unlink()

    def read_only(self, yes: bool) -> None:
        inside = ["nsenter", "-t", str(self.holder.pid), "-m"]
        mounted = self.folder.relative_to(f"/proc/{self.holder.pid}/root")
        run(*inside, "mount", "-o", f"remount,{'ro' if yes else 'rw'}", f"/{mounted}")


@pytest.fixture
def disk() -> Iterator[SmallDisk]:
    with short_folder() as folder:
        (folder / "disk").mkdir()
        try:
            holder = start(["/bin/sh", str(FOLDER / "disk.sh"), str(folder / "disk"), "1m"], folder / "log")
        except StandInFailed as e:
            if "FORBIDDEN" in str(e):
                forbidden(f"a disk of our own needs a mount namespace: {e}")
            raise
        with stopping(holder):
            yield SmallDisk(holder, Path(f"/proc/{holder.pid}/root{folder}/disk"))


def test_a_full_disk_stops_new_keys_by_name_and_no_signature(hsm: SoftHsm, disk: SmallDisk, pool: Pool) -> None:
    own = copy_of(hsm, disk.folder / "hsm")
    token = making.softhsm(own)
    secret = Typed(PIN)
    with token.open("ecdsa", pool) as key:
        signs(key, token, "ecdsa")
        disk.fill()
        signs(key, token, "ecdsa")
        breaks(
            lambda: generate_key(own.uri, secret, "new", "p256", modules=[own.module], pool=pool),
            LABEL,
            KeyAccessError,
        )
        signs(key, token, "ecdsa")
        disk.free()
        generate_key(own.uri, secret, "newer", "p256", modules=[own.module], pool=pool)
        signs(key, token, "ecdsa")


def test_a_read_only_disk_stops_new_keys_by_name_and_no_signature(hsm: SoftHsm, disk: SmallDisk, pool: Pool) -> None:
    own = copy_of(hsm, disk.folder / "hsm")
    token = making.softhsm(own)
    secret = Typed(PIN)
    with token.open("ecdsa", pool) as key:
        signs(key, token, "ecdsa")
        disk.read_only(True)
        signs(key, token, "ecdsa")
        breaks(
            lambda: generate_key(own.uri, secret, "new", "p256", modules=[own.module], pool=pool),
            LABEL,
            KeyAccessError,
        )
        signs(key, token, "ecdsa")
        disk.read_only(False)
        resumes(key, token, "ecdsa")


# 400 tokens -------------------------------------------------------------------------------------------------

COUNT = 400


def many(hsm: SoftHsm, folder: Path) -> SoftHsm:
    """400 tokens in one folder: copies of one, each with a label and a serial number of its own."""
    made = SoftHsm(folder)
    made.tokens.mkdir(parents=True)
    write_conf(made)
    (one,) = hsm.tokens.iterdir()
    label = LABEL.encode().ljust(32)
    serial = _serial_of(one)
    for number in range(COUNT):
        place = made.tokens / f"{number:08x}-0000-0000-0000-000000000000"
        shutil.copytree(one, place)
        data = (place / "token.object").read_bytes()
        assert data.count(label) == data.count(serial) == 1
        data = data.replace(label, f"phòng {number:03d}".encode().ljust(32)).replace(serial, b"%016x" % number)
        (place / "token.object").write_bytes(data)
    return made


def _serial_of(token: Path) -> bytes:
    """The serial number in a token's file: the attribute 0x8000534A (vendor defined) as a string of 16 digits."""
    data = (token / "token.object").read_bytes()
    at = data.index(bytes.fromhex("000000008000534a0000000000000003")) + 16
    size = int.from_bytes(data[at : at + 8], "big")
    return data[at + 8 : at + 8 + size]


def test_400_tokens_in_one_module_are_listed_and_one_of_them_signs(
    hsm: SoftHsm, pool: Pool, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    made = many(hsm, tmp_path / "many")
    module = Module(library(), {"SOFTHSM2_CONF": str(made.conf)})
    start = time.monotonic()
    listing = list_keys([module], pool=pool)
    record_property("seconds_to_list_400_tokens", time.monotonic() - start)
    assert listing.problems == ()
    assert len({key.token for key in listing.keys}) == COUNT
    assert len(listing.keys) == 3 * COUNT
    one = StandIn("SoftHSM2", module, "phòng 287", PIN, "", making.softhsm_keys(hsm))
    with one.open("ecdsa", pool) as key:
        signs(key, one, "ecdsa")
