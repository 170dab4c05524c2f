"""The published schema as a judge of reports, closed: here a member that it does not name is an error too."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from jsonschema import Draft202012Validator

from kyso_pki.reports.schema import report_schema


def closed(schema: Any) -> Any:
    """The schema, refusing every member that it does not name."""
    if isinstance(schema, list):
        return [closed(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    found = {key: closed(value) for key, value in schema.items()}
    if "properties" in schema and "required" in schema:
        found["additionalProperties"] = False
    return found


PUBLISHED = Draft202012Validator(report_schema())
CLOSED = Draft202012Validator(closed(report_schema()))


def assert_shape(report: Any) -> None:
    """Whether a report as JSON is what was published, and nothing else."""
    wrong = [f"{'/'.join(map(str, e.absolute_path))}: {e.message[:300]}" for e in CLOSED.iter_errors(report)]
    assert not wrong, wrong


def members(report: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Where each member stands, however deep."""
    inside = report.items() if isinstance(report, dict) else enumerate(report) if isinstance(report, list) else ()
    for key, value in inside:
        if isinstance(report, dict):
            yield (*path, key)
        yield from members(value, (*path, key))
