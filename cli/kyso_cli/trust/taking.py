"""`kyso trust import`, `diff` and `update`: signed bundles and trusted lists, said before they take effect."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..command import worded
from ..errors import FAILED, OK, Stop, exit_code, explain
from ..options import PATH, json_option
from ..output import App, note, printable, say, say_json
from .asking import agreed, bytes_of, keys_named
from .shown import offer_json, offer_lines

if TYPE_CHECKING:
    import ssl

    from kyso.truststore.taking import Offer
    from kyso.truststore.updating import Update
    from kyso_pki.trust.kept import Kept


@worded("import")
@click.argument("file", type=PATH, metavar="FILE")
@click.option("--signed-by", multiple=True, metavar="FILE|SHA256")
@click.option("--update-from", metavar="URL")
@click.option("--yes", is_flag=True)
@json_option
@click.pass_obj
def import_command(
    app: App, file: Path, signed_by: tuple[str, ...], update_from: str | None, yes: bool, as_json: bool
) -> int:
    """Takes a signed bundle or list into the store."""
    from dataclasses import replace

    from kyso.truststore.folder import TrustFolder
    from kyso.truststore.taking import taken
    from kyso.truststore.updating import with_address
    from kyso_pki.trust.bundle import https
    from kyso_pki.trust.kept import Kept

    if update_from is not None and not https(update_from):
        raise Stop("trust_address", address=update_from)
    place = TrustFolder()
    before = place.read()
    offer = _offer(before or Kept(), file, signed_by)
    if not as_json:
        say("\n".join(offer_lines(offer, app.words)))
    if offer.before is None or offer.changes:
        agreed(app, yes, lambda: offer_json(offer))
    offer = replace(offer, source=with_address(offer.source, update_from))
    place.keep(taken(before or Kept(), offer), before)
    if as_json:
        say_json(offer_json(offer))
    else:
        say(app.words("trust.taken"))
    return OK


@worded("diff")
@click.argument("file", type=PATH, metavar="FILE")
@click.option("--signed-by", multiple=True, metavar="FILE|SHA256")
@json_option
@click.pass_obj
def diff_command(app: App, file: Path, signed_by: tuple[str, ...], as_json: bool) -> int:
    """Says what a bundle or list would change; 0 when nothing, else 1."""
    from kyso.truststore.folder import TrustFolder
    from kyso_pki.trust.kept import Kept

    offer = _offer(TrustFolder().read() or Kept(), file, signed_by)
    if as_json:
        say_json(offer_json(offer))
    else:
        say("\n".join(offer_lines(offer, app.words)))
    return FAILED if offer.changes else OK


def _offer(kept: Kept, file: Path, signed_by: Sequence[str]) -> Offer:
    from kyso.truststore.taking import examine
    from kyso_pki.errors import FormatError

    data = bytes_of(file)
    try:
        return examine(kept, data, now=datetime.now(UTC), signers=keys_named(signed_by))
    except FormatError:
        if _is_certificate(data):
            raise Stop("trust_certificate", path=file) from None
        raise


def _is_certificate(data: bytes) -> bool:
    from kyso_pki.errors import KysoError
    from kyso_pki.x509.certificate import certificates_from_bytes

    try:
        return bool(certificates_from_bytes(data))
    except KysoError:
        return False


@worded("update")
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option("--allow-host", "hosts", multiple=True, metavar="HOST[:PORT]")
@click.option("--tls-ca", type=PATH, metavar="FILE")
@click.option("--yes", is_flag=True)
@json_option
@click.pass_obj
def update_command(
    app: App, names: tuple[str, ...], hosts: tuple[str, ...], tls_ca: Path | None, yes: bool, as_json: bool
) -> int:
    """Fetches newer bundles and lists; says what they change, and takes them."""
    from contextlib import closing

    import kyso
    from kyso.truststore.folder import TrustFolder
    from kyso.truststore.updating import updates
    from kyso_pki.trust.kept import Kept

    place = TrustFolder()
    before = place.read()
    fetcher = kyso.HttpFetcher(
        https_only=True, timeout_s=60.0, allowed_hosts=hosts, max_fetches=256, tls=_tls(tls_ca)
    )
    with closing(fetcher):
        found, kept = updates(before or Kept(), fetcher, now=datetime.now(UTC), names=names)
    if not as_json:
        for update in found:
            _tell(app, update)
    if not found:
        raise Stop("trust_nothing_to_update")

    def told() -> dict[str, Any]:
        return {"updates": [_update_json(app, u) for u in found]}

    if any(u.offer is not None and not u.offer.same for u in found):
        if any(u.offer is not None and u.offer.changes for u in found):
            agreed(app, yes, told)
        place.keep(kept, before)
        if not as_json:
            say(app.words("trust.taken"))
    if as_json:
        say_json(told())
    errors = [u.error for u in found if u.error is not None]
    return exit_code(errors[0]) if errors else OK


def _tell(app: App, update: Update) -> None:
    if update.offer is not None and update.offer.same:
        say(printable(app.words("trust.current", name=update.name)))
    elif update.offer is not None:
        say("\n".join(offer_lines(update.offer, app.words)))
    elif update.error is not None:
        said = explain(update.error, app.words)
        note(printable(app.words("trust.not_updated", name=update.name, why=said.detail or said.message)))
        if said.remedy:
            note(app.words("errors.frame.remedy", text=printable(said.remedy)))


def _update_json(app: App, update: Update) -> dict[str, Any]:
    return {
        "name": update.name,
        "offer": None if update.offer is None else offer_json(update.offer),
        "error": None if update.error is None else explain(update.error, app.words).to_json(),
    }


def _tls(ca: Path | None) -> ssl.SSLContext | None:
    """What a server with a certificate of one's own CA is checked by."""
    if ca is None:
        return None
    import ssl

    bytes_of(ca)
    try:
        return ssl.create_default_context(cafile=str(ca))
    except ssl.SSLError:
        raise Stop("trust_no_certificate", path=ca, why="PEM") from None
