"""`kyso trust add` and `kyso trust remove`: anchors by hand, and sources that are not wanted any more."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..command import worded
from ..errors import Stop
from ..options import PATH, json_option
from ..output import App, printable, say, say_json
from ..output import note as note_line
from .asking import agreed, bytes_of, moment
from .shown import change_json, change_lines

if TYPE_CHECKING:
    from kyso_pki.trust.kept import Added, Kept

_LEAST_PREFIX = 8  # hexadecimal digits of a fingerprint


@worded("add")
@click.argument("files", nargs=-1, required=True, type=PATH, metavar="FILE...")
@click.option("--purpose", "purposes", multiple=True, type=click.Choice(["signing", "timestamping"]))
@click.option("--from", "start", metavar="TIME")
@click.option("--until", "end", metavar="TIME")
@click.option("--note", metavar="TEXT")
@click.option("--yes", is_flag=True)
@json_option
@click.pass_obj
def add_command(app: App, /, yes: bool, **given: Any) -> int:
    """`yes` changes nothing: nobody is asked whether the own hand is meant."""
    return add(app, **given)


def add(
    app: App,
    files: tuple[Path, ...],
    purposes: tuple[str, ...],
    start: str | None,
    end: str | None,
    note: str | None,
    as_json: bool,
) -> int:
    """Trusts the certificates in these files; what was said of them by hand before is replaced."""
    from kyso.truststore.folder import TrustFolder
    from kyso_pki.errors import FormatError
    from kyso_pki.trust.kept import OWN_SOURCE, Added, Kept
    from kyso_pki.x509.certificate import certificates_from_bytes
    from kyso_pki.x509.trust import EVERY_PURPOSE, Anchor

    since, until = moment(start), moment(end)
    if since is not None and until is not None and until <= since:
        raise Stop("trust_times")
    if note is not None and not note.isprintable():
        raise Stop("trust_note")
    wanted = frozenset(purposes) or EVERY_PURPOSE
    new: list[Added] = []
    for file in files:
        try:
            found = certificates_from_bytes(bytes_of(file))
        except FormatError as e:
            raise Stop("trust_no_certificate", path=file, why=e.message) from None
        new += [Added(Anchor(c, wanted, since, until, OWN_SOURCE), note) for c in dict.fromkeys(found)]  # type: ignore[arg-type]  # click.Choice gives only names in Purpose
    for certificate in (a.anchor.certificate for a in new):
        if not certificate.is_ca:
            note_line(app.words("trust.no_ca", name=printable(str(certificate.subject))))
    place = TrustFolder()
    before = place.read()
    kept = before or Kept()
    named = {a.anchor.certificate for a in new}
    others = tuple(a for a in kept.own if a.anchor.certificate not in named)
    return _keep(app, place, before, replace(kept, own=(*others, *new)), as_json)


@worded("remove")
@click.argument("names", nargs=-1, required=True, metavar="NAME|FINGERPRINT...")
@click.option("--yes", is_flag=True)
@json_option
@click.pass_obj
def remove_command(app: App, names: tuple[str, ...], yes: bool, as_json: bool) -> int:
    """Takes sources and anchors that were added by hand out of the store."""
    from kyso.truststore.folder import TrustFolder
    from kyso_pki.trust.kept import Kept

    place = TrustFolder()
    before = place.read()
    kept = before or Kept()
    for name in names:
        kept = _without(kept, name)
    return _keep(app, place, before, kept, as_json, yes=yes, ask=True)


def _without(kept: Kept, name: str) -> Kept:
    if kept.source(name) is not None:
        return kept.without_source(name)
    certificates = {a.anchor.certificate for a in kept.own if _means(name, a)}
    if not certificates:
        theirs = {s.name for s in kept.sources for a in s.anchors if _matches(name, a.certificate)}
        if theirs:
            raise Stop("trust_of_a_source", name=name, source=", ".join(sorted(theirs)))
        raise Stop("trust_unknown", name=name)
    if len(certificates) > 1:
        raise Stop("trust_ambiguous", name=name, count=len(certificates))
    return replace(kept, own=tuple(a for a in kept.own if a.anchor.certificate not in certificates))


def _means(name: str, added: Added) -> bool:
    return _matches(name, added.anchor.certificate)


def _matches(name: str, certificate: Any) -> bool:
    """By its common name, or the first digits of a fingerprint, of the certificate or of the key."""
    plain = name.replace(":", "").lower()
    if re.fullmatch(rf"[0-9a-f]{{{_LEAST_PREFIX},64}}", plain):
        return bool(certificate.sha256.startswith(plain) or certificate.spki_sha256.startswith(plain))
    return bool(certificate.subject.first("CN") == name)


def _keep(
    app: App, place: Any, before: Kept | None, kept: Kept, as_json: bool, *, yes: bool = True, ask: bool = False
) -> int:
    """Says what changes, asks where a question is due, and keeps it."""
    from kyso_pki.trust.acceptance import changes
    from kyso_pki.trust.kept import Kept

    now = datetime.now(UTC)
    old = [a for a, _, _ in (before or Kept()).entries(now)]
    found = changes(old, [a for a, _, _ in kept.entries(now)])
    if not as_json:
        say("\n".join(change_lines(found, app.words)))

    def told() -> dict[str, Any]:
        return {"changes": [change_json(c) for c in found]}

    if ask:
        agreed(app, yes, told)
    place.keep(kept, before)
    if as_json:
        say_json(told())
    return 0
