"""`kyso trust publish`: the anchors that were added by hand, exported and signed as a bundle for others."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..command import worded
from ..config import find_config
from ..errors import Stop
from ..files import check_output, write_whole
from ..naming import address_meant
from ..options import (
    PATH,
    config_option,
    json_option,
    module_option,
    modules_in_reach,
    pin_options,
    secret_source,
    warn_of_open_key,
)
from ..output import App, say, say_json
from .asking import bytes_of, keys_named
from .shown import iso

if TYPE_CHECKING:
    from kyso_pki.trust.bundle import TrustBundle

DAYS = 90


@worded("publish")
@click.option("--key", metavar="URI")
@click.option("--name", metavar="NAME")
@click.option("--after", type=PATH, metavar="FILE")
@click.option("--days", type=click.IntRange(1, 3660), default=DAYS, metavar="N")
@click.option("--next-signer", "next_signers", multiple=True, metavar="FILE|SHA256")
@click.option("--update-from", metavar="URL")
@click.option("-o", "--output", type=PATH, required=True, metavar="FILE.p7m")
@click.option("--chain", type=PATH, metavar="FILE")
@click.option("--force", is_flag=True)
@module_option
@pin_options
@config_option
@json_option
@click.pass_obj
def publish_command(app: App, /, **given: Any) -> int:
    return publish(app, **given)


def publish(
    app: App,
    key: str | None,
    name: str | None,
    after: Path | None,
    days: int,
    next_signers: tuple[str, ...],
    update_from: str | None,
    output: Path,
    chain: Path | None,
    force: bool,
    modules: tuple[str, ...],
    config: Path | None,
    as_json: bool,
) -> int:
    import kyso
    from kyso.truststore.folder import TrustFolder
    from kyso.truststore.publishing import publish as signed_bundle
    from kyso_pki.x509.certificate import certificates_from_bytes

    key = key or os.environ.get("KYSO_KEY") or None
    if key is None:
        raise Stop("option_needs", option="kyso trust publish", needed="--key")
    if (name is None) == (after is None):
        raise Stop("one_of", options="--name, --after")
    check_output(output, force=force)
    kept = TrustFolder().read()
    own = () if kept is None else kept.own
    if not own:
        raise Stop("trust_nothing_to_publish")
    reach = modules_in_reach(modules, find_config(config))
    key = address_meant(key, reach)
    warn_of_open_key(app, key)
    issuers = certificates_from_bytes(bytes_of(chain)) if chain else ()
    with kyso.open_signer(key, pin=secret_source(app.words), modules=reach, chain=issuers) as signer:
        pin = signer.chain.leaf.spki_sha256
        before = None if after is None else _before(after, pin)
        now = datetime.now(UTC).replace(microsecond=0)
        data = signed_bundle(
            [(a.anchor, a.note) for a in own],
            signer,
            name=before.name if before else name or "",
            sequence=before.sequence + 1 if before else 1,
            issued=now,
            expires=now + timedelta(days=days),
            next_signers=keys_named(next_signers),
            update=update_from or (before.update if before else None),
        )
    write_whole(output, data, force=force)
    said = {"name": before.name if before else name, "sequence": before.sequence + 1 if before else 1}
    if as_json:
        end = iso(now + timedelta(days=days))
        say_json({**said, "output": str(output), "expires": end, "anchors": len(own), "key": pin})
    else:
        say(app.words("trust.published", path=output, count=len(own), **said))
        say("  " + app.words("trust.compare", pin=pin))
    return 0


def _before(file: Path, pin: str) -> TrustBundle:
    """The bundle of before; its end does not matter. Raises `Stop` when its readers would refuse ours."""
    from kyso_pki.errors import TrustSignerUnknown
    from kyso_pki.trust.bundle import read_bundle

    data = bytes_of(file)
    try:
        bundle = read_bundle(data, (pin,))
    except TrustSignerUnknown as e:
        bundle = read_bundle(data, (str(e.details["pin"]),))
    if pin not in bundle.signers:
        raise Stop("trust_not_next", path=file, pin=pin)
    return bundle
