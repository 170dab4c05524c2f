"""`kyso.sign_xml`: XAdES and XMLDSIG over any file, beside it or around it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

import kyso
from kyso_pki.testing import World

AT = datetime.now(UTC).replace(microsecond=0)
WORLD = World.create(at=AT)
SIGNER = WORLD.person_signer
EVIDENCE = kyso.Evidence(crls=tuple(WORLD.crls(AT)))
OCTETS = b"\x00\x01 bang luong \xff" * 99


def verdict(signed: bytes, **more: object) -> tuple[str, str | None, bool]:
    report = kyso.verify(signed, trust=WORLD.trust, at=AT, evidence=EVIDENCE, **more)  # type: ignore[arg-type] # forwarded
    [signature] = report.signatures
    return signature.verdict, signature.level, signature.coverage.whole


def test_beside_a_file_it_is_named_by_the_files_own_name(tmp_path: Path) -> None:
    file = tmp_path / "bảng lương 100%.xlsx"
    file.write_bytes(OCTETS)
    signed = kyso.sign_xml(file, SIGNER, at=AT)
    name = "b%E1%BA%A3ng%20l%C6%B0%C6%A1ng%20100%25.xlsx"
    assert f'URI="{name}"'.encode() in signed
    assert verdict(signed, detached={name: OCTETS}) == ("passed", "XAdES-B-B", True)
    assert verdict(signed)[0] == "indeterminate"
    assert verdict(signed, detached={name: OCTETS + b"x"})[0] == "failed"


def test_around_octets_they_come_back() -> None:
    signed = kyso.sign_xml(OCTETS, SIGNER, detached=False, at=AT)
    assert verdict(signed) == ("passed", "XAdES-B-B", True)
    report = kyso.verify(signed, trust=WORLD.trust, at=AT, evidence=EVIDENCE)
    assert report.signed_content() == (OCTETS,)


@pytest.mark.parametrize("detached", [True, False])
@pytest.mark.parametrize("level", ["B-T", "B-LT", "B-LTA"])
def test_it_reaches_every_level(level: str, detached: bool) -> None:
    signed = kyso.sign_xml(
        OCTETS,
        SIGNER,
        name="a",
        detached=detached,
        level=level,
        timestamper=WORLD.timestamper(AT),
        fetcher=WORLD.fetcher(AT),
        at=AT,
    )
    beside = {"a": OCTETS} if detached else {}
    assert verdict(signed, detached=beside) == ("passed", f"XAdES-{level}", True)


def test_a_detached_signature_of_every_level_is_open_while_its_content_is_missing() -> None:
    options = {"timestamper": WORLD.timestamper(AT), "fetcher": WORLD.fetcher(AT), "at": AT}
    signed = kyso.sign_xml(OCTETS, SIGNER, name="a", level="B-LTA", **options)  # type: ignore[arg-type] # forwarded
    report = kyso.verify(signed, trust=WORLD.trust, at=AT)
    assert (report.verdict, report.signatures[0].sub_indication) == ("indeterminate", "SIGNED_DATA_NOT_FOUND")


def test_a_timestamp_over_another_value_is_broken_even_while_the_content_is_missing() -> None:
    options = {"level": "B-T", "timestamper": WORLD.timestamper(AT), "at": AT}
    one, other = (kyso.sign_xml(OCTETS, signer, name="a", **options) for signer in (SIGNER, WORLD.seal_signer))  # type: ignore[arg-type] # forwarded
    mark = b"<xades:EncapsulatedTimeStamp>"

    def token(signed: bytes) -> bytes:
        return signed[signed.index(mark) : signed.index(b"</xades:EncapsulatedTimeStamp>")]

    mixed = one.replace(token(one), token(other))
    assert verdict(one, detached={"a": OCTETS})[0] == "passed"
    assert verdict(mixed)[0] == "failed"


def test_it_is_extended_with_its_content_at_hand() -> None:
    signed = kyso.sign_xml(OCTETS, SIGNER, name="a", at=AT)
    longer = kyso.extend(signed, timestamper=WORLD.timestamper(AT), fetcher=WORLD.fetcher(AT), detached={"a": OCTETS})
    assert verdict(longer, detached={"a": OCTETS}) == ("passed", "XAdES-B-LTA", True)


def test_plain_xmldsig_carries_no_timestamp() -> None:
    assert verdict(kyso.sign_xml(OCTETS, SIGNER, name="a", form="xmldsig", at=AT), detached={"a": OCTETS}) == (
        "passed",
        "XMLDSIG",
        True,
    )
    with pytest.raises(kyso.UsageError, match="cannot carry a timestamp"):
        kyso.sign_xml(OCTETS, SIGNER, name="a", form="xmldsig", level="B-T", timestamper=WORLD.timestamper(AT))


def test_octets_without_a_name_and_no_octets_are_refused() -> None:
    with pytest.raises(kyso.UsageError, match="names its content"):
        kyso.sign_xml(OCTETS, SIGNER)
    with pytest.raises(kyso.UsageError, match="nothing to sign"):
        kyso.sign_xml(b"", SIGNER, name="a")
