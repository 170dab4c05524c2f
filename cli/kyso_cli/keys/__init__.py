"""`kyso keys`: look at tokens and keys, make them, certify them, try them, change a PIN, delete.

Each command stands in a module of this package; none of them imports an engine before it is called. Every
command that needs a PIN tries it once, and not at all when the token says that a wrong one would lock it.
"""

from __future__ import annotations

import click

from ..command import Group, common
from .certifying import csr_command, import_command
from .changing import change_pin_command, delete_command
from .listing import list_command
from .looking import info_command, test_command
from .making import generate_command, init_token_command
from .status import status_command


@click.group("keys", cls=Group)
@common
def command() -> None:
    """The words stand in the catalogue under help.keys."""


for _each in (
    list_command,
    status_command,
    info_command,
    generate_command,
    import_command,
    csr_command,
    test_command,
    change_pin_command,
    init_token_command,
    delete_command,
):
    command.add_command(_each)
