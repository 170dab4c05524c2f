"""Looking after tokens and keys: what is shown is so, one PIN try, and nothing is destroyed by a guess."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from kyso_hsm import provisioning
from kyso_hsm.module import TokenInfo
from kyso_hsm.opening import import_certificate, init_token, list_keys, open_key
from kyso_hsm.pin import FromText, SecretRequest
from kyso_hsm.pool import Pool
from kyso_hsm.provisioning import (
    Doomed,
    change_pin,
    delete_key,
    look_at,
    look_into_file,
    make_key,
    pin_state,
    try_key,
)
from kyso_pki.errors import (
    AmbiguousKey,
    KeyNotFound,
    KysoError,
    MechanismMissing,
    PinLocked,
    PinRefused,
    UsageError,
)

from .conftest import store
from .softhsm import (
    COUNT_LOW,
    EC,
    ED,
    FINAL_TRY,
    LABEL,
    LOCKED,
    PIN,
    RSA,
    SO_PIN,
    WRONG_PIN,
    SoftHsm,
    certificate,
    empty,
)
from .standins import making

GOOD = FromText(PIN)
NEW_PIN = "mới-2468"


def calls(log: Path, name: str) -> int:
    return log.read_text(errors="replace", encoding="utf-8").count(f": {name}\n") if log.exists() else 0


def never(request: SecretRequest) -> str:
    raise AssertionError("asked for a PIN")


def yes(doomed: Doomed) -> bool:
    return True


# Looking ------------------------------------------------------------------------------------------------------


def test_without_a_pin_the_public_side_is_shown_and_nobody_logs_in(
    own_hsm: SoftHsm, tmp_path: Path, pool: Pool
) -> None:
    log = tmp_path / "calls"
    report = look_at(own_hsm.uri, modules=[own_hsm.spied(log)], pool=pool)
    assert {k.label: k.algorithm for k in report.keys} == {RSA: "RSA-2048", EC: "P-256", ED: "Ed25519"}
    assert all(k.attributes is None and k.sign_only is None for k in report.keys)
    assert not report.logged_in
    assert calls(log, "C_Login") == 0
    assert report.algorithms == ("RSA PKCS#1 v1.5", "RSA-PSS", "ECDSA", "Ed25519")
    assert report.kinds == ("rsa2048", "rsa3072", "rsa4096", "p256", "p384", "p521", "ed25519")
    assert (report.details.min_pin, report.details.max_pin) == (4, 255)
    assert {m.name for m in report.details.mechanisms} >= {"CKM_RSA_PKCS", "CKM_ECDSA", "CKM_EDDSA"}


def test_with_the_pin_the_private_side_is_shown(own_hsm: SoftHsm, pool: Pool) -> None:
    """pkcs11-tool makes keys that may also decrypt; ours may only sign."""
    make_key(LABEL, "của tôi", "rsa2048", GOOD, modules=[own_hsm.module], pool=pool)
    own_hsm.tool_in("--keypairgen", "--key-type", "rsa:2048", "--id", "07", "--label", "lỏng", "--extractable")
    report = look_at(own_hsm.uri, secret=GOOD, modules=[own_hsm.module], pool=pool)
    shown = {k.label: k for k in report.keys}
    ours, loose = shown["của tôi"], shown["lỏng"]
    assert ours.attributes and loose.attributes
    assert (ours.attributes.sensitive, ours.attributes.extractable, ours.sign_only) == (True, False, True)
    assert (ours.attributes.never_extractable, ours.attributes.local) == (True, True)
    assert (loose.attributes.extractable, loose.sign_only) == (True, False)
    assert {"decrypt", "unwrap"} <= set(loose.attributes.other_uses)


def test_key_and_certificate_belong_together_or_not(own_hsm: SoftHsm, tmp_path: Path, pool: Pool) -> None:
    stranger = certificate(own_hsm.public_key(EC), "người khác")
    store(own_hsm, stranger, "01", "sai chỗ", tmp_path)  # under the id of the RSA key
    shown = {k.label: k for k in look_at(own_hsm.uri, modules=[own_hsm.module], pool=pool).keys}
    assert shown[RSA].belongs is False
    assert shown[RSA].strangers == (stranger,)
    assert shown[EC].belongs is True
    assert shown[ED].belongs is None


def test_one_key_is_shown_or_said_to_be_absent(own_hsm: SoftHsm, pool: Pool) -> None:
    (key,) = look_at(f"{own_hsm.uri};object={EC}", modules=[own_hsm.module], pool=pool).keys
    assert key.id == b"\x02"
    assert look_at(key.uri, modules=[own_hsm.module], pool=pool).keys == (key,)
    with pytest.raises(KeyNotFound, match=RSA):
        look_at(f"{own_hsm.uri};object=none", modules=[own_hsm.module], pool=pool)


@pytest.mark.parametrize(
    ("flags", "state"),
    [(0, "ready"), (COUNT_LOW, "count_low"), (COUNT_LOW | FINAL_TRY, "final_try"), (LOCKED, "locked")],
)
def test_the_state_of_the_pin_is_in_the_list_and_in_the_report(
    own_hsm: SoftHsm, pool: Pool, flags: int, state: str
) -> None:
    own_hsm.set_flags(flags)
    listing = list_keys([own_hsm.module], pool=pool)
    assert {k.info and pin_state(k.info) for k in listing.keys} == {state}
    assert [pin_state(t) for t in listing.tokens] == [state]
    assert pin_state(look_at(own_hsm.uri, modules=[own_hsm.module], pool=pool).info) == state


def test_a_token_without_a_pin_says_so() -> None:
    assert pin_state(TokenInfo("a", "1", "m", "m", 0x405)) == "no_pin"
    assert pin_state(TokenInfo("a", "1", "m", "m", 0x401)) == "no_login"


# Making -------------------------------------------------------------------------------------------------------


def test_what_a_module_lacks_is_said_by_name_before_a_pin_is_asked_for(pool: Pool) -> None:
    """A TPM has no EdDSA and no RSA-4096."""
    with making.tpm() as chip:
        modules, label = [chip.token.module], chip.token.token
        with pytest.raises(MechanismMissing, match="CKM_EC_EDWARDS_KEY_PAIR_GEN") as e:
            make_key(label, "moi", "ed25519", never, modules=modules, pool=pool)
        assert repr(label) in e.value.message
        report = look_at(f"pkcs11:token={label}", modules=modules, pool=pool)
        assert "ed25519" not in report.kinds and "Ed25519" not in report.algorithms
        assert {"rsa2048", "p256"} <= set(report.kinds)
        with pytest.raises(MechanismMissing, match="ends at 3072 bits"):
            make_key(label, "moi", "rsa4096", never, modules=modules, pool=pool)
        pool.close()


def test_an_id_in_use_is_not_given_twice(own_hsm: SoftHsm, pool: Pool) -> None:
    with pytest.raises(UsageError, match="01"):
        make_key(LABEL, "moi", "p256", never, id=b"\x01", modules=[own_hsm.module], pool=pool)
    assert make_key(LABEL, "moi", "p256", GOOD, id=b"\x77", modules=[own_hsm.module], pool=pool).id == b"\x77"


def test_pins_that_a_new_token_would_not_take_leave_its_slot_free(tmp_path: Path, pool: Pool) -> None:
    fresh = empty(tmp_path / "fresh")
    for so_pin, pin in ((SO_PIN, "12"), ("12", PIN)):
        with pytest.raises(UsageError, match="4 to 255 octets"):
            init_token(fresh.module, LABEL, so_pin, pin, pool=pool)
    assert list_keys([fresh.module], pool=pool).tokens == ()
    assert init_token(fresh.module, LABEL, SO_PIN, PIN, pool=pool).label == LABEL


# Trying -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("label", "scheme"), [(RSA, "rsa-pkcs1-sha256"), (EC, "ecdsa-sha256"), (ED, "ed25519")])
def test_a_trial_signs_once_and_costs_one_login(
    own_hsm: SoftHsm, tmp_path: Path, pool: Pool, label: str, scheme: str
) -> None:
    log = tmp_path / "calls"
    modules = [own_hsm.spied(log)]
    trial = try_key(f"{own_hsm.uri};object={label}", secret=GOOD, modules=modules, pool=pool)
    assert trial.scheme.name == scheme
    assert trial.info and pin_state(trial.info) == "ready"
    assert (trial.certificate is None) == (label == ED)
    assert trial.unlock_s > 0 and trial.sign_s > 0
    assert calls(log, "C_Login") == 1
    assert calls(log, "C_SignInit") == 1


def test_a_trial_with_a_wrong_pin_makes_one_try(own_hsm: SoftHsm, tmp_path: Path, pool: Pool) -> None:
    log = tmp_path / "calls"
    for _ in range(3):
        with pytest.raises(PinRefused):
            try_key(
                f"{own_hsm.uri};object={RSA}", secret=FromText(WRONG_PIN), modules=[own_hsm.spied(log)], pool=pool
            )
    assert calls(log, "C_Login") == 1


# Another PIN --------------------------------------------------------------------------------------------------


def test_the_new_pin_opens_the_token_and_the_old_one_does_not(own_hsm: SoftHsm, pool: Pool) -> None:
    change_pin(LABEL, GOOD, FromText(NEW_PIN), modules=[own_hsm.module], pool=pool)
    uri = f"{own_hsm.uri};object={EC}"
    open_key(uri, secret=FromText(NEW_PIN), modules=[own_hsm.module], pool=pool).close()
    own_hsm.tool("--login", "--pin", NEW_PIN, "--list-objects")
    with pytest.raises(PinRefused):
        open_key(uri, secret=GOOD, modules=[own_hsm.module], pool=pool)


def test_a_wrong_old_pin_is_tried_once_and_changes_nothing(own_hsm: SoftHsm, tmp_path: Path, pool: Pool) -> None:
    log = tmp_path / "calls"
    for _ in range(3):
        with pytest.raises(PinRefused):
            change_pin(LABEL, FromText(WRONG_PIN), FromText(NEW_PIN), modules=[own_hsm.spied(log)], pool=pool)
    assert (calls(log, "C_Login"), calls(log, "C_SetPIN")) == (1, 0)
    own_hsm.tool_in("--list-objects")


@pytest.mark.parametrize(("flags", "error"), [(FINAL_TRY, PinRefused), (LOCKED, PinLocked)])
def test_a_token_about_to_lock_is_not_asked_for_another_pin(
    own_hsm: SoftHsm, tmp_path: Path, pool: Pool, flags: int, error: type[KysoError]
) -> None:
    log = tmp_path / "calls"
    own_hsm.set_flags(COUNT_LOW | flags)
    with pytest.raises(error, match=LABEL):
        change_pin(LABEL, never, never, modules=[own_hsm.spied(log)], pool=pool)
    assert (calls(log, "C_Login"), calls(log, "C_SetPIN")) == (0, 0)


@pytest.mark.parametrize(
    ("new", "words"), [("12", "takes 4 to 255"), ("x" * 256, "256 octets"), (PIN, "the old one")]
)
def test_a_new_pin_that_cannot_be_costs_no_try(
    own_hsm: SoftHsm, tmp_path: Path, pool: Pool, new: str, words: str
) -> None:
    log = tmp_path / "calls"
    with pytest.raises(UsageError, match=words):
        change_pin(LABEL, GOOD, FromText(new), modules=[own_hsm.spied(log)], pool=pool)
    assert (calls(log, "C_Login"), calls(log, "C_SetPIN")) == (0, 0)


def test_a_pin_that_was_refused_before_is_good_once_it_is_the_pin(own_hsm: SoftHsm, pool: Pool) -> None:
    uri = f"{own_hsm.uri};object={EC}"
    with pytest.raises(PinRefused):
        open_key(uri, secret=FromText(WRONG_PIN), modules=[own_hsm.module], pool=pool)
    typed = FromText(PIN, given_now=True)
    change_pin(LABEL, typed, FromText(WRONG_PIN), modules=[own_hsm.module], pool=pool)
    open_key(uri, secret=FromText(WRONG_PIN), modules=[own_hsm.module], pool=pool).close()


def test_no_pin_is_in_an_error(own_hsm: SoftHsm, pool: Pool) -> None:
    for old, new in ((WRONG_PIN, NEW_PIN), (PIN, "7" * 300)):
        with pytest.raises(KysoError) as e:
            change_pin(LABEL, FromText(old), FromText(new), modules=[own_hsm.module], pool=pool)
        told = repr(e.value) + str(e.value) + repr(e.value.details)
        assert old not in told and new not in told


# The end ------------------------------------------------------------------------------------------------------


def test_a_key_goes_with_its_certificates_and_nothing_else(own_hsm: SoftHsm, pool: Pool) -> None:
    modules = [own_hsm.module]
    second = certificate(own_hsm.public_key(RSA), "gia hạn")
    import_certificate(f"{own_hsm.uri};object={RSA}", GOOD, second, modules=modules, pool=pool)
    gone = delete_key(f"{own_hsm.uri};object={RSA}", GOOD, yes, modules=modules, pool=pool)
    assert gone and gone.label == RSA
    assert len(gone.certificates) == 2 and second in gone.certificates
    left = own_hsm.tool_in("--list-objects").decode()
    assert RSA not in left
    assert left.count("Private Key Object") == 2 and left.count("Public Key Object") == 2
    assert left.count("Certificate Object") == 2, "the other key's, and the root's"
    with pytest.raises(KeyNotFound):
        delete_key(f"{own_hsm.uri};object={RSA}", GOOD, yes, modules=modules, pool=pool)


def test_a_no_leaves_everything(own_hsm: SoftHsm, pool: Pool) -> None:
    before = own_hsm.tool_in("--list-objects")
    asked: list[Doomed] = []

    def no(doomed: Doomed) -> bool:
        asked.append(doomed)
        return False

    assert delete_key(f"{own_hsm.uri};object={EC}", GOOD, no, modules=[own_hsm.module], pool=pool) is None
    assert asked[0].label == EC and len(asked[0].certificates) == 1
    assert own_hsm.tool_in("--list-objects") == before


def test_when_several_match_none_is_deleted(own_hsm: SoftHsm, pool: Pool) -> None:
    own_hsm.tool_in("--keypairgen", "--key-type", "EC:prime256v1", "--id", "08", "--label", EC)
    before = own_hsm.tool_in("--list-objects")
    with pytest.raises(AmbiguousKey, match="08"):
        delete_key(f"{own_hsm.uri};object={EC}", GOOD, yes, modules=[own_hsm.module], pool=pool)
    assert own_hsm.tool_in("--list-objects") == before
    gone = delete_key(f"{own_hsm.uri};object={EC};id=%08", GOOD, yes, modules=[own_hsm.module], pool=pool)
    assert gone and gone.certificates == ()
    assert EC in own_hsm.tool_in("--list-objects").decode()


@pytest.mark.parametrize("uri", [f"pkcs11:token={LABEL}", "file:key.p12"])
def test_an_address_without_a_key_deletes_nothing(own_hsm: SoftHsm, pool: Pool, uri: str) -> None:
    with pytest.raises(UsageError, match="names no key"):
        delete_key(uri, never, yes, modules=[own_hsm.module], pool=pool)


def test_a_certificate_alone_can_go(own_hsm: SoftHsm, pool: Pool) -> None:
    uri = f"{own_hsm.uri};object={EC};type=cert"
    gone = delete_key(uri, GOOD, yes, modules=[own_hsm.module], pool=pool)
    assert gone and gone.private == () and len(gone.certificates) == 1
    open_key(f"{own_hsm.uri};object={EC}", secret=GOOD, modules=[own_hsm.module], pool=pool).close()
    with pytest.raises(KeyNotFound, match="certificate"):
        delete_key(uri, GOOD, yes, modules=[own_hsm.module], pool=pool)


def test_a_wrong_pin_deletes_nothing(own_hsm: SoftHsm, pool: Pool) -> None:
    with pytest.raises(PinRefused):
        delete_key(f"{own_hsm.uri};object={EC}", FromText(WRONG_PIN), yes, modules=[own_hsm.module], pool=pool)
    assert EC in own_hsm.tool_in("--list-objects").decode()


# Files --------------------------------------------------------------------------------------------------------


@pytest.fixture
def keystore(tmp_path: Path) -> Iterator[Path]:
    from kyso_hsm.soft import create_keystore, new_key

    key = new_key("p256")
    create_keystore(tmp_path / "key.p12", key, [certificate(key.public_key(), "Nguyễn Văn Mẫu")], "mat-khau")
    yield tmp_path / "key.p12"


def test_a_key_in_a_file_is_looked_at_and_tried_too(keystore: Path) -> None:
    assert look_into_file(str(keystore)).algorithm == "unknown"
    key = look_into_file(str(keystore), FromText("mat-khau"))
    assert (key.algorithm, key.belongs) == ("P-256", True)
    trial = try_key(str(keystore), secret=FromText("mat-khau"))
    assert trial.info is None and trial.certificate == key.certificates[0]
    with pytest.raises(UsageError, match="needs a token"):
        provisioning.change_pin(f"file:{keystore}", GOOD, GOOD)
