"""`kyso ca`: the certification authority of a `kyso.toml`: certificates for requests, their revocation, CRLs.

Its key and PIN are those of `[ca]`; what it issues is written down in the server's database, so that the OCSP
responder and the CRL of the running server know it at once. No request decides anything but key and name.
"""

from __future__ import annotations

import click

from ..command import Group, common
from .crls import crl_command, root_crl_command
from .issuing import issue_command
from .listing import list_command
from .revoking import revoke_command


@click.group("ca", cls=Group)
@common
def command() -> None:
    """The words stand in the catalogue under help.ca."""


for _each in (issue_command, revoke_command, list_command, crl_command, root_crl_command):
    command.add_command(_each)
