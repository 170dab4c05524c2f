"""`kyso ca issue`: a certificate for a request, after a person has read whom it names."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..command import worded
from ..errors import Stop
from ..files import check_input, check_output, read, write_whole
from ..keys.shown import certificate_json
from ..options import PATH, config_option, json_option
from ..output import App, printable, say, say_json
from ..times import local
from .house import agreed, authority

if TYPE_CHECKING:
    from kyso_pki.authority.profile import Profile, Subject
    from kyso_pki.x509.certificate import Name

KINDS = ("person", "agency", "device")
DAYS, MOST_DAYS = 3 * 365, 5 * 365 + 1  # NĐ 68/2024/NĐ-CP: five years at most
BACKDATED = timedelta(minutes=5)
"""So that it is valid at once on a machine whose clock is a little late."""
_FIELDS = {"CN": "common_name", "O": "organisation", "L": "locality", "C": "country", "T": "title", "UID": "uid"}


@worded("issue")
@click.argument("request", metavar="REQUEST.csr")
@click.option("--kind", type=click.Choice(KINDS), default="person")
@click.option("--days", type=click.IntRange(1, MOST_DAYS), default=DAYS, metavar="N")
@click.option("--subject", metavar="NAME")
@click.option("-o", "--output", type=PATH, metavar="FILE.crt")
@click.option("--yes", is_flag=True)
@click.option("--force", is_flag=True)
@config_option
@json_option
@click.pass_obj
def issue_command(app: App, /, **given: Any) -> int:
    return issue(app, **given)


def issue(
    app: App,
    request: str,
    kind: str,
    days: int,
    subject: str | None,
    output: Path | None,
    yes: bool,
    force: bool,
    config: Path | None,
    as_json: bool,
) -> int:
    """Writes the certificate in PEM beside the request or to `-o`; the server answers for it from then on."""
    from kyso_hsm.opening import open_key
    from kyso_hsm.pin import FromFile
    from kyso_pki.authority.issue import issue as issued
    from kyso_pki.authority.profile import Urls
    from kyso_pki.authority.request import read_request, subject_from_text
    from kyso_pki.errors import FormatError
    from kyso_server.setup import prepare_database, register_certificate

    settings, ca, issuer = authority(config)
    check_input(request)
    try:
        asked = read_request(read(request))
    except FormatError as e:
        raise Stop("ca_no_request", path=request, why=e.message) from None
    target = output or Path(request).with_suffix(".crt")
    check_output(target, force=force)
    wanted = subject_from_text(subject) if subject else _subject(asked.subject)
    start = datetime.now(UTC).replace(microsecond=0) - BACKDATED
    end = min(start + timedelta(days=days), issuer.not_after)
    if not as_json:
        say(printable(app.words("ca.about", name=_text(wanted))))
        say("  " + app.words("ca.about_kind", kind=app.words(f"ca.kind.{kind}"), end=local(end)))
    agreed(app, yes, "ca.issue_question")
    prepare_database(settings)
    urls = Urls(f"{settings.url}/ocsp", f"{settings.url}/crl/issuing.crl", f"{settings.url}/ca/issuing.crt")
    secret = FromFile(ca.issuing.pin_file) if ca.issuing.pin_file else None
    with open_key(ca.issuing.key, secret=secret, modules=settings.modules) as key:
        made = issued(
            _profile(kind),
            wanted,
            asked.public_key,
            key=key,
            issuer=issuer,
            not_before=start,
            not_after=end,
            urls=urls,
        )
    register_certificate(
        settings, made, issuer
    )  # before anybody has it: a responder that does not know it refuses it
    write_whole(target, made.pem().encode(), force=force)
    if as_json:
        say_json({"request": request, "certificate": certificate_json(made), "file": str(target)})
    else:
        say(printable(app.words("ca.issued", subject=made.subject, serial=made.serial_hex, path=target)))
    return 0


def _profile(kind: str) -> Profile:
    from kyso_pki.authority.profile import AGENCY_SEAL, DEVICE, PERSON

    return {"person": PERSON, "agency": AGENCY_SEAL, "device": DEVICE}[kind]


def _subject(name: Name) -> Subject:
    """The name that was asked for. Raises `Stop` when it holds what our certificates do not name."""
    from kyso_pki.authority.profile import Subject

    units = name.all("OU")
    others = [k for k, _ in name.attributes if k != "OU"]
    if "CN" not in others or len(set(others)) != len(others) or not set(others) <= _FIELDS.keys():
        raise Stop("ca_subject", name=name)
    return Subject(units=units, **{_FIELDS[k]: v for k, v in name.attributes if k != "OU"})


def _text(subject: Subject) -> str:
    from kyso_pki.asn1 import der
    from kyso_pki.authority.issue import encoded_name
    from kyso_pki.x509.certificate import name_in

    return str(name_in(der.read(encoded_name(subject))))
