"""XML profiles by name or from a file (docs/xml-signing.md)."""

from __future__ import annotations

import os
from pathlib import Path

from kyso_pki.xml.profiles import built_in, read_profile
from kyso_pki.xml.profiles.loading import MAX_PROFILE
from kyso_pki.xmlprofile import Profile


def load_profile(profile: str | os.PathLike[str]) -> Profile:
    """A profile that comes with kyso by its name (`einvoice-seller`), or one from a `.toml` file by its path.

    Raises `UsageError` that names what is wrong, `OSError` for the file.
    """
    if isinstance(profile, str) and not profile.lower().endswith(".toml"):
        return built_in(profile)
    path = Path(profile)
    with path.open("rb") as file:
        return read_profile(file.read(MAX_PROFILE + 1), path.name)
