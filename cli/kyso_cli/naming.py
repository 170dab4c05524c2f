"""A key by the name that a person sees: its label, or whom its certificate names.

Addresses are exact but nobody types them. A name is looked for on every token within reach, without a PIN; it must
mean one key, else nothing is signed.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import PurePath
from typing import TYPE_CHECKING

from .errors import KEY, Stop

if TYPE_CHECKING:
    from kyso_hsm.module import Module
    from kyso_hsm.token import KeyInfo

_FILES = (".p12", ".pfx", ".pem", ".key", ".der")


def address_meant(key: str, modules: Sequence[Module]) -> str:
    """The address of the one key with this name; an address or a path comes back as it is.

    A name of several keys and a name of none raise `Stop`, with the addresses or names that there are.
    """
    if not _is_name(key):
        return key
    from kyso_hsm.opening import list_keys

    there = list_keys(modules).keys
    found = [one for one in there if _called(one, key)]
    if len(found) == 1:
        return found[0].uri
    if found:
        raise Stop("key_name_ambiguous", exit_code=KEY, name=key, addresses=", ".join(repr(one.uri) for one in found))
    names = ", ".join(dict.fromkeys(_shown(one) for one in there))
    raise Stop("key_name_unknown" if names else "key_name_nowhere", exit_code=KEY, name=key, names=names)


def _is_name(key: str) -> bool:
    """Neither an address nor something that is, or looks like, a file."""
    from kyso_hsm.uri import FileUri, parse

    if not key or not isinstance(uri := parse(key), FileUri):
        return False
    path = PurePath(uri.path)
    written = path.name != key or path.suffix.lower() in _FILES  # with folders, quotes or "file:"
    return not written and not os.path.lexists(path)


def _called(key: KeyInfo, name: str) -> bool:
    from kyso_hsm.uri import same_text

    return any(same_text(known, name) for known in (key.label, _owner(key)) if known)


def _owner(key: KeyInfo) -> str | None:
    return None if key.certificate is None else key.certificate.subject.first("CN")


def _shown(key: KeyInfo) -> str:
    return " / ".join(filter(None, (key.label, _owner(key)))) or key.uri
