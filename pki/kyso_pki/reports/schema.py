"""The published shape of a report as JSON Schema 2020-12; docs/schema/ holds the same file."""

from __future__ import annotations

import json
import pkgutil
from typing import Any


def report_schema() -> dict[str, Any]:
    """What every report as JSON conforms to; its `$id` carries the version that `schema` in a report names.

    Objects are open: a later kyso may add members within a version, and who validates with an older copy must not be
    stopped by that (docs/adr/0020-reports.md).
    """
    data = pkgutil.get_data(__package__, "report-1.json")
    assert data is not None  # noqa: S101 - the package's own data
    schema: dict[str, Any] = json.loads(data)
    return schema
