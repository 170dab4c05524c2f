"""`--resume` takes for done only what signing this very file gave."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

import kyso
from kyso_cli.errors import Stop
from kyso_cli.resuming import results_there
from kyso_pki.testing import World
from tests.pki.pdf.samples import BODIES, table_pdf

WORLD = World.create(datetime.now(UTC).replace(microsecond=0))
XML = "<CongVan><TrichYeu>V/v triển khai</TrichYeu></CongVan>".encode()
UTF_16 = '<?xml version="1.0" encoding="UTF-16"?><CongVan><TrichYeu>V/v</TrichYeu></CongVan>'.encode("utf-16")
SAMPLES = {"van-ban.pdf": table_pdf(), "hoa-don.xml": XML, "cu.xml": UTF_16}


def _job(folder: Path, name: str, result: Callable[[bytes], bytes]) -> tuple[str, Path]:
    source, target = folder / name, folder / f"signed-{name}"
    source.write_bytes(SAMPLES[name])
    target.write_bytes(result(SAMPLES[name]))
    return str(source), target


def _signed(data: bytes) -> bytes:
    return kyso.sign(data, WORLD.person_signer)


@pytest.mark.parametrize("name", SAMPLES)
def test_a_result_is_known_as_one(tmp_path: Path, name: str) -> None:
    job = _job(tmp_path, name, _signed)
    assert results_there([job, (str(tmp_path / name), tmp_path / "not-there.pdf")]) == {job[1]}


OTHERS: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda data: b"",
    "unsigned copy": lambda data: data,
    "longer unsigned copy": lambda data: data + b"\n" * 4000,
}


@pytest.mark.parametrize("name", SAMPLES)
@pytest.mark.parametrize(
    "other", [*OTHERS.values(), lambda data: _signed(data)[: len(data) + 20]], ids=[*OTHERS, "cut off"]
)
def test_what_nobody_signed_is_never_taken_for_a_result(
    tmp_path: Path, name: str, other: Callable[[bytes], bytes]
) -> None:
    with pytest.raises(Stop, match="result_foreign"):
        results_there([_job(tmp_path, name, other)])


@pytest.mark.parametrize("name", SAMPLES)
@pytest.mark.parametrize("other", OTHERS.values(), ids=OTHERS)
def test_the_signature_that_the_original_had_already_is_no_new_one(
    tmp_path: Path, name: str, other: Callable[[bytes], bytes]
) -> None:
    file, target = _job(tmp_path, name, lambda data: other(_signed(data)))
    Path(file).write_bytes(_signed(SAMPLES[name]))
    with pytest.raises(Stop, match="result_foreign"):
        results_there([(file, target)])


def test_what_was_signed_before_the_original_was_written_anew_is_no_result_of_it(tmp_path: Path) -> None:
    file, target = _job(tmp_path, "van-ban.pdf", _signed)
    Path(file).write_bytes(table_pdf(BODIES | {len(BODIES) + 1: b"<<>>"}))
    with pytest.raises(Stop, match="result_foreign"):
        results_there([(file, target)])


def test_a_folder_is_no_result(tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_bytes(table_pdf())
    (tmp_path / "b.pdf").mkdir()
    with pytest.raises(Stop, match="result_foreign"):
        results_there([(str(tmp_path / "a.pdf"), tmp_path / "b.pdf")])


@pytest.mark.parametrize("detached", [True, False])
@pytest.mark.parametrize("name", SAMPLES)
def test_an_xml_signature_over_a_file_is_its_result_while_the_file_stays_the_same(
    tmp_path: Path, name: str, detached: bool
) -> None:
    source, target = tmp_path / name, tmp_path / f"{name}.xsig"
    source.write_bytes(SAMPLES[name])
    target.write_bytes(kyso.sign_xml(source, WORLD.person_signer, detached=detached))
    assert results_there([(str(source), target)], in_xml=True) == {target}
    source.write_bytes(SAMPLES[name] + b" ")
    with pytest.raises(Stop, match="result_foreign"):
        results_there([(str(source), target)], in_xml=True)


@pytest.mark.parametrize("content", [b"", b"x", b"<a/>", table_pdf()])
def test_what_is_no_xml_signature_is_no_result_in_xml(tmp_path: Path, content: bytes) -> None:
    source, target = tmp_path / "a.pdf", tmp_path / "a.pdf.xsig"
    source.write_bytes(table_pdf())
    target.write_bytes(content)
    with pytest.raises(Stop, match="result_foreign"):
        results_there([(str(source), target)], in_xml=True)
