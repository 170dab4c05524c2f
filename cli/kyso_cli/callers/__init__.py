"""`kyso callers`: the systems that may call the server of a `kyso.toml`: who they are, one more, one less.

Each has an API token under its name; the names are those that `callers` of a credential lists. The token is shown, or
written into a file, once: the database keeps its SHA-256.
"""

from __future__ import annotations

import click

from ..command import Group, common
from .adding import add_command
from .listing import list_command
from .revoking import revoke_command


@click.group("callers", cls=Group)
@common
def command() -> None:
    """The words stand in the catalogue under help.callers."""


for _each in (add_command, list_command, revoke_command):
    command.add_command(_each)
