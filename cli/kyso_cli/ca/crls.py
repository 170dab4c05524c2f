"""`kyso ca crl`: the next CRL of the CA of kyso.toml. `kyso ca root-crl`: that of a root, which knows no database.

A root is used by hand, on a machine of its own: what it has revoked stands in its last CRL, and what comes next is
that list with a higher number, whoever is newly revoked added to it.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..command import worded
from ..config import find_config
from ..errors import Stop
from ..files import check_input, check_output, read, write_whole
from ..options import (
    PATH,
    config_option,
    json_option,
    module_option,
    modules_in_reach,
    pin_options,
    secret_source,
)
from ..output import App, printable, say, say_json
from ..times import iso, local
from .house import agreed, authority, certificate_in

if TYPE_CHECKING:
    from kyso_pki.authority.revoke import Revoked
    from kyso_pki.x509.certificate import Certificate
    from kyso_pki.x509.crl import CertificateList

REASONS = ("unspecified", "cACompromise", "affiliationChanged", "superseded", "cessationOfOperation")
"""Of RFC 5280 5.3.1 those that are said of a CA's certificate."""


@worded("crl")
@click.option("-o", "--output", type=PATH, metavar="FILE", required=True)
@click.option("--days", type=click.IntRange(1, 366), metavar="N", default=7)
@click.option("--force", is_flag=True)
@config_option
@json_option
@click.pass_obj
def crl_command(app: App, /, **given: Any) -> int:
    return crl(app, **given)


def crl(app: App, output: Path, days: int, force: bool, config: Path | None, as_json: bool) -> int:
    """Writes it in DER; the running server hands it out as well, until it makes a newer one."""
    from kyso_hsm.opening import open_key
    from kyso_hsm.pin import FromFile
    from kyso_server.setup import make_crl, prepare_database

    settings, ca, issuer = authority(config)
    check_output(output, force=force)
    prepare_database(settings)
    secret = FromFile(ca.issuing.pin_file) if ca.issuing.pin_file else None
    with open_key(ca.issuing.key, secret=secret, modules=settings.modules) as key:
        made = make_crl(settings, issuer, key, until=_end(days))
    write_whole(output, made.encoded, force=force)
    _tell(app, issuer, output, made.number, made.revoked, made.until, as_json=as_json)
    return 0


@worded("root-crl")
@click.option("--root", metavar="FILE.crt", required=True)
@click.option("--key", metavar="URI", required=True)
@click.option("--after", metavar="FILE.crl")
@click.option("--first", is_flag=True)
@click.option("--revoke", "revoked", metavar="FILE.crt", multiple=True)
@click.option("--reason", type=click.Choice(REASONS))
@click.option("-o", "--output", type=PATH, metavar="FILE", required=True)
@click.option("--days", type=click.IntRange(1, 1098), metavar="N", default=365)
@click.option("--yes", is_flag=True)
@click.option("--force", is_flag=True)
@pin_options
@module_option
@config_option
@json_option
@click.pass_obj
def root_crl_command(app: App, /, **given: Any) -> int:
    return root_crl(app, **given)


def root_crl(
    app: App,
    root: str,
    key: str,
    after: str | None,
    first: bool,
    revoked: tuple[str, ...],
    reason: str | None,
    output: Path,
    days: int,
    yes: bool,
    force: bool,
    modules: tuple[str, ...],
    config: Path | None,
    as_json: bool,
) -> int:
    """Writes it in DER after a question; over the file of `--after` too. Raises `Stop`, `IssuanceError`."""
    from kyso_hsm.opening import open_key
    from kyso_pki.authority.revoke import issue_crl

    if (after is None) != first:
        raise Stop("one_of", options="--after, --first")
    if revoked and reason is None:
        raise Stop("option_needs", option="--revoke", needed="--reason")
    issuer, now = certificate_in(root), datetime.now(UTC).replace(microsecond=0)
    last = None if after is None else _last(after, issuer, now)
    force = force or (after is not None and _same(Path(after), output))
    check_output(output, force=force)
    entries = _entries(last, [_entry(file, issuer, reason, now) for file in revoked])
    number = 1 if last is None else (last.number or 0) + 1
    end = min(_end(days), issuer.not_after)
    if not as_json:
        about = app.words("ca.about_crl", issuer=issuer.subject, number=number, count=len(entries), end=local(end))
        say(printable(about))
    agreed(app, yes, "ca.crl_question")
    secret, within = secret_source(app.words), modules_in_reach(modules, find_config(config))
    with open_key(key, secret=secret, modules=within) as opened:
        encoded = issue_crl(opened, issuer, entries, at=now, next_update=end, number=number)
    write_whole(output, encoded, force=force)
    _tell(app, issuer, output, number, len(entries), end, as_json=as_json)
    return 0


def _end(days: int) -> datetime:
    return datetime.now(UTC).replace(microsecond=0) + timedelta(days=days)


def _tell(
    app: App, issuer: Certificate, output: Path, number: int, count: int, end: datetime, *, as_json: bool
) -> None:
    if as_json:
        shown = {"issuer": str(issuer.subject), "number": number, "revoked": count}
        say_json({**shown, "next_update": iso(end), "file": str(output)})
    else:
        say(printable(app.words("ca.crl_made", number=number, count=count, end=local(end), path=output)))


def _last(file: str, issuer: Certificate, now: datetime) -> CertificateList:
    """The root's last CRL. Raises `Stop` for one that the next could not follow, `FormatError`."""
    from kyso_pki.x509.crl import CertificateList

    check_input(file)
    found = CertificateList.from_der(read(file))
    if not found.signed_by(issuer):
        raise Stop("ca_crl_not_ours", path=file, issuer=issuer.subject)
    more = any(entry.invalid_since is not None for entry in found.entries.values())
    if found.is_delta or found.scope is not None or found.foreign_entry is not None or more:
        raise Stop("ca_crl_partial", path=file)
    if found.this_update > now:
        raise Stop("ca_crl_later", path=file, at=local(found.this_update))
    return found


def _entries(last: CertificateList | None, new: Sequence[Revoked]) -> list[Revoked]:
    """What stood there before, as it was, and what is new."""
    from kyso_pki.authority.revoke import Revoked

    before = {} if last is None else last.entries
    found = {number: Revoked(number, entry.revoked_at, entry.reason) for number, entry in before.items()}
    for one in new:
        found.setdefault(one.serial, one)
    return list(found.values())


def _entry(file: str, issuer: Certificate, reason: str | None, at: datetime) -> Revoked:
    """Raises `Stop` for a certificate of another issuer."""
    from kyso_pki.authority.revoke import Revoked

    certificate = certificate_in(file)
    if not certificate.issued_by(issuer):
        raise Stop("ca_not_ours", path=file, issuer=issuer.subject)
    return Revoked(certificate.serial, at, reason)


def _same(one: Path, other: Path) -> bool:
    with suppress(OSError):
        return one.samefile(other)
    return False
