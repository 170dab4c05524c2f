"""`kyso ca revoke`: from now on the responder and the CRL of the server say that a certificate is revoked."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from ..command import worded
from ..errors import Stop
from ..keys.shown import certificate_json
from ..options import config_option, json_option
from ..output import App, printable, say, say_json
from .house import agreed, authority, certificate_in

REASONS = (
    "unspecified",
    "keyCompromise",
    "affiliationChanged",
    "superseded",
    "cessationOfOperation",
    "privilegeWithdrawn",
)
"""Of RFC 5280 5.3.1 those that a CA says of a person's certificate."""


@worded("revoke")
@click.argument("file", metavar="FILE.crt")
@click.option("--reason", type=click.Choice(REASONS), required=True)
@click.option("--yes", is_flag=True)
@config_option
@json_option
@click.pass_obj
def revoke_command(app: App, /, **given: Any) -> int:
    return revoke(app, **given)


def revoke(app: App, file: str, reason: str, yes: bool, config: Path | None, as_json: bool) -> int:
    """Revokes for good, so a hold is not among the reasons; an earlier revocation stays as it was."""
    from kyso_server.setup import prepare_database, register_certificate, revoke_certificate

    settings, _, issuer = authority(config)
    certificate = certificate_in(file)
    if not certificate.issued_by(issuer):
        raise Stop("ca_not_ours", path=file, issuer=issuer.subject)
    if not as_json:
        say(printable(app.words("ca.about_revoking", subject=certificate.subject, serial=certificate.serial_hex)))
    agreed(app, yes, "ca.revoke_question")
    prepare_database(settings)
    register_certificate(settings, certificate, issuer)  # issued elsewhere with this key: the CRL has to hold it too
    at = datetime.now(UTC)
    new = revoke_certificate(settings, certificate, issuer, reason=reason, at=at)
    if as_json:
        say_json({"certificate": certificate_json(certificate), "reason": reason, "revoked": new})
    else:
        key = "revoked" if new else "revoked_before"
        say(printable(app.words(f"ca.{key}", subject=certificate.subject, url=settings.url)))
    return 0
