"""`kyso trust list`: every anchor with its purposes, its times and whose word it is; every source with its end."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from ..command import worded
from ..keys.shown import table
from ..options import json_option
from ..output import App, printable, say, say_json
from .shown import anchor_json, end_of, iso, source_json, source_name, times

if TYPE_CHECKING:
    from pathlib import Path

    from kyso_pki.trust.kept import Kept


@worded("list")
@json_option
@click.pass_obj
def list_command(app: App, as_json: bool) -> int:
    from kyso.truststore.folder import TrustFolder
    from kyso_pki.trust.kept import Kept

    place = TrustFolder()
    kept = place.read() or Kept()
    if as_json:
        say_json(_to_json(kept, place.path))
    else:
        _show(app, kept, place.path)
    return 0


def _to_json(kept: Kept, path: Path) -> dict[str, Any]:
    """The published shape (docs/trust.md)."""
    return {
        "store": str(path),
        "sources": [source_json(s) for s in kept.sources],
        "anchors": [
            {**anchor_json(anchor), "source": name, "note": note, "ended": iso(anchor.ended)}
            for anchor, note, name in kept.entries(datetime.now(UTC))
        ],
    }


def _show(app: App, kept: Kept, path: Path) -> None:
    from kyso_pki.trust.kept import OWN

    words, now = app.words, datetime.now(UTC)
    found = list(kept.entries(now))
    if not found:
        say(words("trust.empty", path=path))
    else:
        rows = [tuple(words(f"trust.column.{c}") for c in ("name", "purposes", "times", "source"))]
        for anchor, _, name in found:
            purposes = ", ".join(words(f"trust.purpose.{p}") for p in sorted(anchor.purposes))
            shown = times(anchor, words) or words("trust.always")
            shown = words("trust.by_ended") if anchor.ended else shown
            label = anchor.certificate.subject.first("CN") or str(anchor.certificate.subject)
            by = words("trust.own") if name == OWN else name
            rows.append(tuple(map(printable, (label, purposes, shown, by))))
        below = [
            words("trust.key", pin=a.certificate.spki_sha256) + (f" ({note})" if note else "") for a, note, _ in found
        ]
        table(rows, [None, *below])
    for source in kept.sources:
        say(printable(words("trust.source", what=source_name(source, words), end=end_of(source, words))))
        if source.update:
            say("  " + printable(words("trust.update_from", address=source.update)))
