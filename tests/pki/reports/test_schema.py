"""Every report has the published shape, and the schema notices what is missing."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from kyso.reporting import render_report
from kyso_pki.ades.report import SCHEMA_VERSION
from kyso_pki.formats import verify_document
from kyso_pki.reports.forms import FORMS, Form
from kyso_pki.reports.schema import report_schema
from kyso_pki.reports.times import VIETNAM
from kyso_pki.scheme import SCHEMES
from tests.attacks.pdf.catalogue import ATTACKS
from tests.attacks.xml.catalogue import VARIANTS

from .reported import AT, WORLD, inputs, reports
from .shape import PUBLISHED, assert_shape, members

PUBLISHED_FILE = Path(__file__).parents[3] / "docs" / "schema" / "report-1.json"
ASKED = {  # what the report was to hold, by the words of its order
    "report": {"file", "sha256", "format", "verdict", "signatures"},
    "signature": {"id", "format", "level", "indication", "sub_indication", "signer", "claimed_time", "proven_time"}
    | {
        "certificate_valid",
        "intact",
        "coverage",
        "changes_after",
        "timestamps",
        "revocation",
        "evidence",
        "findings",
    },
    "signer": {"name", "organisation", "unit", "serial", "fingerprint", "issuer"},
    "revocation": {"source", "status", "at"},
    "finding": {"code", "severity", "text"},
}


@cache
def shown() -> dict[str, Any]:
    return {name: report.to_json() for name, report in reports()}


def test_the_published_file_is_the_packaged_one_and_a_schema() -> None:
    schema = report_schema()
    assert json.loads(PUBLISHED_FILE.read_text("utf-8")) == schema
    Draft202012Validator.check_schema(schema)
    assert schema["$id"] == f"urn:kyso:schema:report:{SCHEMA_VERSION}"


@pytest.mark.parametrize("name", ASKED)
def test_every_member_that_was_asked_for_is_required(name: str) -> None:
    definition = report_schema()["$defs"][name]
    assert set(definition["required"]) >= ASKED[name]
    assert set(definition["required"]) == set(definition["properties"])


def test_every_format_level_and_indication_is_among_the_reports() -> None:
    signatures = [s for report in shown().values() for s in report["signatures"]]
    assert {r["format"] for r in shown().values()} == {"pdf", "xml", "cms", None}
    assert {r["verdict"] for r in shown().values()} == {"passed", "failed", "indeterminate"}
    assert {s["indication"] for s in signatures} == {"TOTAL-PASSED", "TOTAL-FAILED", "INDETERMINATE"}
    levels = {f"{family}-{level}" for family in ("PAdES", "XAdES") for level in ("B-B", "B-T", "B-LT", "B-LTA")}
    assert {s["level"] for s in signatures} >= levels | {"CAdES-B-B", "CAdES-B-T", "XMLDSIG", "DOCTIMESTAMP"}
    kinds = {(e["kind"], e["place"]) for s in signatures for e in s["evidence"]}
    assert kinds >= {("certificate", p) for p in ("file", "trust")} | {("timestamp", "file")}
    assert kinds >= {(kind, place) for kind in ("crl", "ocsp") for place in ("file", "fetched")} | {("crl", "given")}
    assert any(r["attachments"] for r in shown().values())


def test_every_report_has_the_published_shape() -> None:
    for name, report in shown().items():
        try:
            assert_shape(json.loads(json.dumps(report)))
        except AssertionError as e:
            raise AssertionError(f"{name}: {e}") from None


def test_times_are_told_in_utc_whatever_zone_the_caller_s_is() -> None:
    here = verify_document(inputs()["B-T.pdf"], trust=WORLD.trust, at=AT.astimezone(VIETNAM))
    assert_shape(here.to_json())
    assert here.to_json() == verify_document(inputs()["B-T.pdf"], trust=WORLD.trust, at=AT).to_json()


def _attacked() -> Iterator[tuple[str, bytes]]:
    yield from ((a.name, a.make()) for a in ATTACKS)
    yield from ((name, v.make().xml) for name, v in VARIANTS.items())


def test_the_report_on_every_attack_has_the_published_shape() -> None:
    for name, data in _attacked():
        report = verify_document(data, trust=WORLD.trust, at=AT)
        try:
            assert_shape(report.to_json())
        except AssertionError as e:
            raise AssertionError(f"{name}: {e}") from None


def _without(report: Any, path: tuple[str | int, ...]) -> Any:
    cut = copy.deepcopy(report)
    place = cut
    for key in path[:-1]:
        place = place[key]
    del place[path[-1]]
    return cut


@pytest.mark.parametrize("name", ["twice.pdf, anchors", "B-LTA.xml, online", "packet.edxml", "empty"])
def test_a_report_with_any_member_missing_is_refused(name: str) -> None:
    report = shown()[name]
    assert PUBLISHED.is_valid(report)
    paths = list(members(report))
    assert len(paths) >= len(report_schema()["$defs"]["report"]["required"])
    for path in paths:
        assert not PUBLISHED.is_valid(_without(report, path)), path


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("verdict",), "valid"),
        (("schema",), "2"),
        (("sha256",), "00"),
        (("format",), "docx"),
        (("signatures", 0, "indication"), "PASSED"),
        (("signatures", 0, "sub_indication"), "SOMETHING"),
        (("signatures", 0, "level"), "PAdES-B-X"),
        (("signatures", 0, "claimed_time"), "28/11/2026"),
        (("signatures", 0, "intact", "signature"), "true"),
        (("signatures", 0, "revocation", "status"), "fine"),
        (("findings",), None),
    ],
)
def test_a_report_with_another_value_is_refused(place: tuple[str | int, ...], value: object) -> None:
    report = copy.deepcopy(shown()["twice.pdf, anchors"])
    inside = report
    for key in place[:-1]:
        inside = inside[key]
    inside[place[-1]] = value
    assert not PUBLISHED.is_valid(report)


def test_a_member_of_a_later_kyso_stops_nobody() -> None:
    report = shown()["twice.pdf, anchors"]
    assert PUBLISHED.is_valid({**report, "later": 1})
    with pytest.raises(AssertionError):
        assert_shape({**report, "later": 1})


@pytest.mark.parametrize("scheme", SCHEMES)
def test_every_scheme_has_its_place(scheme: str) -> None:
    definition = report_schema()["$defs"]["signature"]["properties"]["scheme"]
    assert Draft202012Validator(definition).is_valid(scheme)
    assert not Draft202012Validator(definition).is_valid(scheme + "x")


@pytest.mark.parametrize("form", FORMS)
def test_file_whose_name_is_no_utf_8_has_a_report_in_every_form(form: Form) -> None:
    report = replace(next(iter(dict(reports()).values())), file="cong-van\udcff\x1b\u202e.pdf")
    octets = render_report(report, form)
    if form == "json":
        [found] = json.loads(octets)["files"]
        assert found["file"] == report.file and b"cong-van\\udcff" in octets
    elif form != "pdf":
        assert b"cong-van" in octets and b"\x1b" not in octets and "\u202e" not in octets.decode("utf-8")
