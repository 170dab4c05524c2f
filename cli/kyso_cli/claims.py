"""What a XAdES signature says beside its time: the options of `kyso sign` and the value that they make."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .errors import Stop

if TYPE_CHECKING:
    from kyso_pki.claims import Claims

_OPTIONS = (
    click.option("--role", "roles", multiple=True, metavar="TEXT"),
    click.option("--commitment", "commitments", multiple=True, metavar="NAME|URI"),
    click.option("--signature-policy", metavar="implied|URI=FILE"),
    click.option("--countersign", metavar="ID"),
)


@dataclass(frozen=True)
class ClaimsAsked:
    """The options as given."""

    roles: tuple[str, ...] = ()
    commitments: tuple[str, ...] = ()
    signature_policy: str | None = None
    countersign: str | None = None

    def __bool__(self) -> bool:
        return self != ClaimsAsked()


def claim_options(command: Callable[..., Any]) -> Callable[..., Any]:
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def claims_asked(given: dict[str, Any]) -> ClaimsAsked:
    """Takes these options out of all that were given."""
    names = ("roles", "commitments", "signature_policy", "countersign")
    return ClaimsAsked(**{name: given.pop(name) for name in names})


def claims_from(asked: ClaimsAsked) -> Claims | None:
    """The claims; None when there are none. The policy document is read here, and only its hash is signed."""
    if not (asked.roles or asked.commitments or asked.signature_policy):
        return None
    from kyso_pki.claims import Claims, SignaturePolicy

    policy: Any = asked.signature_policy
    if policy not in (None, "implied"):
        identifier, equals, file = policy.partition("=")
        if not equals or not identifier or not file:
            raise Stop("policy_shape", text=policy)
        policy = SignaturePolicy.of(identifier, Path(file).read_bytes())
    return Claims(roles=asked.roles, commitments=asked.commitments, policy=policy)
