"""Encrypted documents and the linter through the public face."""

from __future__ import annotations

import secrets
from pathlib import Path

import pikepdf
import pytest

import kyso
from kyso.mapped import MAPPED_FROM
from kyso_pki.document import Level
from tests.documents.makers.stamps import seal_png
from tests.judges import pdfsig
from tests.pki.pdf.encryption.locked import WRITTEN, Revision, locked
from tests.pki.pdf.lint.cases import clicked
from tests.pki.pdf.samples import AT, WORLD

DOCUMENTS = Path(__file__).resolve().parents[1] / "documents"


def test_an_encrypted_document_is_signed_and_verified_with_its_password() -> None:
    pdf = kyso.sign(locked(6, user="dung"), WORLD.person_signer, at=AT, password=lambda: "dung")
    fetcher = WORLD.fetcher(AT)
    report = kyso.verify(pdf, trust=WORLD.trust, at=AT, fetcher=fetcher, password=lambda: "dung")
    report.require_passed()
    closed = kyso.verify(pdf, trust=WORLD.trust, at=AT, fetcher=fetcher)
    assert closed.verdict == "indeterminate", "nothing in it was judged, so nothing is known to be forged"
    assert not closed.passed
    with pytest.raises(kyso.VerificationFailed, match="opens only with a password"):
        closed.require_passed()
    assert kyso.verify(pdf, trust=WORLD.trust, at=AT, password=lambda: "sai").verdict == "indeterminate"
    with pytest.raises(kyso.FormatError, match="password"):
        kyso.sign(pdf, WORLD.person_signer, at=AT)


def test_lint_looks_at_files_and_has_nothing_to_say_of_an_invoice() -> None:
    assert kyso.lint(DOCUMENTS / "hoa-don.xml").stated == ()
    assert kyso.lint(DOCUMENTS / "cong-van.pdf").stated == ()
    refused = kyso.lint(clicked(b"/S/Launch/F(a.exe)")).refused
    assert [s.observation.code for s in refused] == ["LAUNCH"]


def test_without_a_policy_nothing_is_looked_at() -> None:
    pdf = clicked(b"/S/Launch/F(a.exe)")
    assert kyso.sign(pdf, WORLD.person_signer, at=AT).startswith(pdf)


def test_a_stamp_is_placed_in_an_encrypted_document_and_seen_with_its_password() -> None:
    letter = locked(6, user="dung", pdf=(DOCUMENTS / "cong-van.pdf").read_bytes())
    stamp = kyso.load_stamp(
        "con-dau", images=seal_png(), allow_overlap=True, place=kyso.Place(page=1, corner="bottom-left", x=20, y=20)
    )
    picture = kyso.preview(letter, stamp, password=lambda: "dung")
    assert picture.startswith(b"\x89PNG")
    pdf = kyso.sign(letter, WORLD.person_signer, at=AT, stamp=stamp, password=lambda: "dung")
    assert pdfsig.verify(pdf, password="dung").valid
    report = kyso.verify(pdf, trust=WORLD.trust, at=AT, fetcher=WORLD.fetcher(AT), password=lambda: "dung")
    report.require_passed()


# On disk, and growing ------------------------------------------------------------------------------------------


class Asked:
    """Gives the password, and counts how often somebody would have had to type it."""

    def __init__(self) -> None:
        self.times = 0

    def __call__(self) -> str:
        self.times += 1
        return "dung"


def passed(source: bytes | Path) -> list[str]:
    """The levels of the signatures, all of which are valid."""
    report = kyso.verify(source, trust=WORLD.trust, fetcher=WORLD.fetcher(AT), password=lambda: "dung")
    assert all(s.passed for s in report.signatures), report.to_json()
    return [s.level for s in report.signatures]


@pytest.mark.parametrize("revision", WRITTEN)
@pytest.mark.parametrize("level", ["B-B", "B-T", "B-LT", "B-LTA"])
def test_an_encrypted_file_is_signed_on_disk_at_every_level_and_its_password_asked_for_once(
    tmp_path: Path, revision: Revision, level: Level
) -> None:
    source, target, asked = tmp_path / "mat.pdf", tmp_path / "mat.signed.pdf", Asked()
    source.write_bytes(locked(revision, user="dung"))
    kyso.sign_file(
        source,
        target,
        WORLD.person_signer,
        kyso.Intent(AT, level),
        timestamper=WORLD.timestamper(AT),
        fetcher=WORLD.fetcher(AT),
        password=asked,
    )
    assert asked.times == 1
    assert passed(target)[0] == f"PAdES-{level}"
    assert target.read_bytes().startswith(source.read_bytes())
    in_memory = Asked()
    signed = kyso.sign(
        source,
        WORLD.person_signer,
        level=level,
        timestamper=WORLD.timestamper(AT),
        fetcher=WORLD.fetcher(AT),
        at=AT,
        password=in_memory,
    )
    assert in_memory.times == 1
    assert passed(signed) == passed(target)
    assert pdfsig.verify(signed, password="dung").signatures[0].intact


@pytest.mark.parametrize("revision", WRITTEN)
def test_an_encrypted_file_is_extended_and_timestamped_with_its_password(tmp_path: Path, revision: Revision) -> None:
    stamper, asked = WORLD.timestamper(AT), Asked()
    once = kyso.sign(locked(revision, user="dung"), WORLD.person_signer, at=AT, password=asked)
    with pytest.raises(kyso.FormatError, match="password"):
        kyso.extend(once, timestamper=stamper, fetcher=WORLD.fetcher(AT))
    with pytest.raises(kyso.FormatError, match="password"):
        kyso.timestamp(once, stamper)
    asked.times = 0
    grown = kyso.extend(once, timestamper=stamper, fetcher=WORLD.fetcher(AT), password=asked)
    assert asked.times == 1
    assert passed(grown) == ["PAdES-B-LTA", "DOCTIMESTAMP", "DOCTIMESTAMP"]
    assert passed(kyso.timestamp(once, stamper, password=asked))[-1] == "DOCTIMESTAMP"

    source, target, asked = tmp_path / "mat.pdf", tmp_path / "mat.b-lta.pdf", Asked()
    source.write_bytes(once)
    kyso.extend_file(source, target, timestamper=stamper, fetcher=WORLD.fetcher(AT), password=asked)
    assert asked.times == 1
    assert passed(target) == passed(grown)
    kyso.timestamp_file(target, tmp_path / "mat.t.pdf", stamper, password=asked)
    assert passed(tmp_path / "mat.t.pdf")[-1] == "DOCTIMESTAMP"


def test_a_large_encrypted_file_is_verified_through_a_memory_map(tmp_path: Path) -> None:
    with pikepdf.open(DOCUMENTS / "cong-van.pdf") as opened:
        opened.Root.Anh = opened.make_stream(secrets.token_bytes(MAPPED_FROM))
        opened.save(tmp_path / "lon.pdf")
    large = locked(6, user="dung", pdf=(tmp_path / "lon.pdf").read_bytes())
    signed = kyso.sign(large, WORLD.person_signer, at=AT, password=lambda: "dung")
    (tmp_path / "lon.pdf").write_bytes(signed)
    assert passed(tmp_path / "lon.pdf") == ["PAdES-B-B"]
    changed = bytearray(signed)
    changed[MAPPED_FROM // 2] ^= 1
    (tmp_path / "lon.pdf").write_bytes(changed)
    report = kyso.verify(tmp_path / "lon.pdf", trust=WORLD.trust, password=lambda: "dung")
    assert report.verdict == "failed"


def test_of_many_files_one_that_the_linter_refuses_is_not_signed_and_warnings_stand_in_the_results(
    tmp_path: Path,
) -> None:
    documents = {"a": clicked(b"/S/Launch/F(a.exe)"), "b": clicked(b"/S/URI/URI(http://mau.example)"), "c": locked(6)}
    for name, pdf in documents.items():
        (tmp_path / f"{name}.pdf").write_bytes(pdf)
    pairs = [(tmp_path / f"{name}.pdf", tmp_path / f"{name}.signed.pdf") for name in documents]
    results = list(kyso.sign_files(pairs, WORLD.person_signer, kyso.Intent(AT), lint=kyso.LintPolicy()))
    assert [r.signed for r in results] == [False, True, True]
    assert isinstance(results[0].error, kyso.LintRefused)
    assert not pairs[0][1].exists()
    assert results[1].lint is not None
    assert "URI" in [s.observation.code for s in results[1].lint.warnings]
    again = list(kyso.sign_files(pairs, WORLD.person_signer, kyso.Intent(AT), force=True))
    assert [(r.signed, r.lint) for r in again] == [(True, None)] * 3


def test_a_reserved_field_for_the_seal_is_no_finding_even_where_fields_may_not_overlap() -> None:
    place = kyso.Place(anchors=("GIÁM ĐỐC", "Nguyễn Văn Mẫu"))
    stamp = kyso.load_stamp("nguoi-ky", images=seal_png(), place=place, reserve=["DauCoQuan"])
    strict = kyso.LintPolicy(actions=(("OVERLAPPING_FIELDS", "refuse"), ("ANNOTATION_OVER_TEXT", "refuse")))
    letter, seal = DOCUMENTS / "cong-van.pdf", kyso.load_stamp("con-dau", images=seal_png())
    once = kyso.sign(letter, WORLD.person_signer, at=AT, stamp=stamp, lint=strict)
    assert kyso.lint(once, policy=strict).refused == ()
    twice = kyso.sign(once, WORLD.seal_signer, at=AT, stamp=seal, field="DauCoQuan", lint=strict)
    assert kyso.lint(twice, policy=strict).refused == ()
