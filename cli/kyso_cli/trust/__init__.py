"""`kyso trust`: whom this user trusts, for what and until when; by hand, from signed bundles, from trusted lists.

Each command stands in a module of this package. What would change is said before it takes effect, and nothing is
fetched but by `kyso trust update`.
"""

from __future__ import annotations

import click

from ..command import Group, common
from .listing import list_command
from .own import add_command, remove_command
from .publishing import publish_command
from .taking import diff_command, import_command, update_command


@click.group("trust", cls=Group)
@common
def command() -> None:
    """The words stand in the catalogue under help.trust."""


for _each in (
    list_command,
    add_command,
    remove_command,
    import_command,
    diff_command,
    update_command,
    publish_command,
):
    command.add_command(_each)
