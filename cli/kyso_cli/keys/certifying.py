"""`kyso keys csr` asks a CA for a certificate, `kyso keys import-cert` puts it beside its key.

A request is signed by the key itself and asks for nothing but a name; a certificate is stored only beside the key
that it is for.
"""

from __future__ import annotations

from datetime import UTC, datetime
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
from ..output import App, note, printable, say, say_json
from ..times import local
from .shown import certificate_json

if TYPE_CHECKING:
    from kyso_pki.x509.certificate import Certificate


@worded("csr")
@click.argument("uri", metavar="URI")
@click.option("--subject", required=True, metavar="NAME")
@click.option("-o", "--output", type=PATH, metavar="FILE")
@click.option("--force", is_flag=True)
@pin_options
@module_option
@config_option
@json_option
@click.pass_obj
def csr_command(app: App, /, **given: Any) -> int:
    return csr(app, **given)


def csr(
    app: App,
    uri: str,
    subject: str,
    output: Path | None,
    force: bool,
    modules: tuple[str, ...],
    config: Path | None,
    as_json: bool,
) -> int:
    """Writes the request in PEM to the file, or to standard output."""
    from kyso_hsm.opening import open_key
    from kyso_pki.authority.request import build_request, subject_from_text

    wanted = subject_from_text(subject)
    if output is not None:
        check_output(output, force=force)
    secret = secret_source(app.words)
    with open_key(uri, secret=secret, modules=modules_in_reach(modules, find_config(config))) as key:
        request = build_request(wanted, key.public_key, key)
    if output is not None:
        write_whole(output, request.pem().encode(), force=force)
    if as_json:
        file = None if output is None else str(output)
        answer = {"uri": uri, "subject": str(request.subject), "scheme": request.scheme.name, "file": file}
        say_json(answer | {"pem": request.pem()})
    elif output is None:
        say(request.pem().rstrip("\n"))
    else:
        say(printable(app.words("keys.requested", file=output, subject=request.subject)))
    return 0


@worded("import-cert")
@click.argument("uri", metavar="URI")
@click.argument("file", metavar="FILE")
@pin_options
@module_option
@config_option
@json_option
@click.pass_obj
def import_command(app: App, /, **given: Any) -> int:
    return import_cert(app, **given)


def import_cert(
    app: App,
    uri: str,
    file: str,
    modules: tuple[str, ...],
    config: Path | None,
    as_json: bool,
) -> int:
    from kyso_hsm.opening import import_certificate

    check_input(file)
    certificate = _one_in(file)
    secret = secret_source(app.words)
    import_certificate(uri, secret, certificate, modules=modules_in_reach(modules, find_config(config)))
    now = datetime.now(UTC)
    if not certificate.not_before <= now <= certificate.not_after:
        start, end = local(certificate.not_before), local(certificate.not_after)
        note(app.words("keys.imported_outside", start=start, end=end))
    if as_json:
        say_json({"uri": uri, "certificate": certificate_json(certificate)})
    else:
        say(printable(app.words("keys.imported", subject=certificate.subject, uri=uri)))
    return 0


def _one_in(file: str) -> Certificate:
    """The certificate in the file; of a chain the one that is no CA's. Raises `Stop` when that is not one."""
    from kyso_pki.x509.certificate import certificates_from_bytes

    found = certificates_from_bytes(read(file))
    if len(found) > 1:
        found = tuple(c for c in found if not c.is_ca)
    if len(found) != 1:
        raise Stop("certificates_in_file", path=file, count=len(found))
    return found[0]
