"""How keys, tokens and certificates look: one table, one list of labelled lines, one JSON shape for each.

The JSON is the one that docs/cli.md publishes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from ..messages import Words
from ..output import columns, printable, say
from ..times import local

if TYPE_CHECKING:
    from kyso_hsm.module import TokenInfo
    from kyso_hsm.provisioning import KeyReport, TokenReport
    from kyso_pki.x509.certificate import Certificate


def table(rows: Sequence[Sequence[str]], below: Sequence[str | None]) -> None:
    """Rows in columns; what stands below a row is never cut or folded, because it is there to be copied."""
    widths = [max(columns(row[i]) for row in rows) for i in range(len(rows[0]))]
    for row, address in zip(rows, below, strict=True):
        cells = (cell + " " * (width - columns(cell)) for cell, width in zip(row, widths, strict=True))
        say("  ".join(cells).rstrip())
        if address:
            say("  " + printable(address))


def lines(words: Words, values: Iterable[tuple[str, str | None]]) -> None:
    """`Label: value`, one below the other; a value of None leaves the line out."""
    shown = [(words(f"keys.label.{key}") + ":", value) for key, value in values if value is not None]
    width = max((len(label) for label, _ in shown), default=0)
    for label, value in shown:
        say(f"  {label:<{width}}  {printable(value)}")


def state_of(info: TokenInfo | None) -> str | None:
    """The name of the token's state in JSON and in the catalogues; None for a key file."""
    from kyso_hsm.provisioning import pin_state

    return None if info is None else pin_state(info)


def certificate_json(c: Certificate) -> dict[str, Any]:
    return {
        "subject": str(c.subject),
        "issuer": str(c.issuer),
        "serial": c.serial_hex,
        "fingerprint": c.sha256,
        "not_before": c.not_before.isoformat().replace("+00:00", "Z"),
        "not_after": c.not_after.isoformat().replace("+00:00", "Z"),
    }


def token_json(info: TokenInfo) -> dict[str, Any]:
    return {
        "label": info.label,
        "serial": info.serial,
        "manufacturer": info.manufacturer,
        "model": info.model,
        "state": state_of(info),
        "pin_pad": info.has_pinpad,
    }


def report_json(report: TokenReport) -> dict[str, Any]:
    """A token with what it says of itself."""
    details = report.details
    return {
        **token_json(report.info),
        "module": report.module,
        "pin_length": {"min": details.min_pin or None, "max": details.max_pin or None},
        "algorithms": list(report.algorithms),
        "kinds": list(report.kinds),
        "mechanisms": [{"name": m.name, "min": m.min_size, "max": m.max_size} for m in details.mechanisms],
    }


def key_json(key: KeyReport) -> dict[str, Any]:
    a = key.attributes
    return {
        "uri": key.uri,
        "label": key.label,
        "id": key.id.hex() or None,
        "algorithm": key.algorithm,
        "sign_only": key.sign_only,
        "attributes": None
        if a is None
        else {
            "sensitive": a.sensitive,
            "extractable": a.extractable,
            "always_sensitive": a.always_sensitive,
            "never_extractable": a.never_extractable,
            "local": a.local,
            "always_authenticate": a.always_authenticate,
            "sign": a.sign,
            "other_uses": list(a.other_uses),
        },
        "certificate": certificate_json(key.certificates[0]) if key.certificates else None,
        "strangers": [certificate_json(c) for c in key.strangers],
        "belongs": key.belongs,
    }


def algorithm_shown(words: Words, name: str) -> str:
    """The algorithm's name; in words where a password hides it."""
    return words("keys.unknown") if name == "unknown" else name


def short_name(certificate: Certificate) -> str:
    return certificate.subject.first("CN") or str(certificate.subject)


def validity(words: Words, certificate: Certificate) -> str:
    """From when to when, and how that lies to the present."""
    from datetime import UTC, datetime

    now = datetime.now(UTC)
    state = "early" if now < certificate.not_before else "late" if now > certificate.not_after else "now"
    start, end = local(certificate.not_before), local(certificate.not_after)
    return words(f"keys.validity.{state}", start=start, end=end)
