"""Which keys a caller may use, as kyso.toml says it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ..config import server_config
from ..output import App, note

if TYPE_CHECKING:
    from kyso_server.settings import Settings


def server_settings(named: Path | None) -> Settings:
    """Of the server in reach. Raises `Stop`, `UsageError`."""
    from kyso_server.settings import load_settings

    return load_settings(server_config(named))


def usable(settings: Settings, name: str) -> tuple[str, ...]:
    """The ids of the credentials that exist for the API token of this name."""
    return tuple(c.id for c in settings.credentials if c.serves(name))


def warn_of_callers(app: App, settings: Settings) -> None:
    """Says which keys every API token may use, and which names in `callers` nobody has."""
    from kyso_server.setup import api_tokens

    if free := [c.id for c in settings.credentials if c.callers is None]:
        note(app.words("callers.everybody", names=", ".join(free)))
    known = {t.name for t in api_tokens(settings) if t.revoked_at is None}
    if not known:
        note(app.words("callers.nobody"))
        return
    named = {name for c in settings.credentials for name in c.callers or ()}
    if missing := sorted(named - known):
        note(app.words("callers.unknown", names=", ".join(missing)))
