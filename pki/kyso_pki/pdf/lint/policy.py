"""What to do about each observation: refuse, warn or ignore.

Reach for `policy_named` (`off`, `warn`, `refuse`) or `policy_from` (a table as in TOML). The default refuses active
content, hidden layers and content from elsewhere, and warns of the rest.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, get_args

from ...errors import UsageError
from .checks import BY_CODE, Action

Mode = Literal["off", "warn", "refuse"]
MODES: Final[tuple[Mode, ...]] = get_args(Mode)


@dataclass(frozen=True)
class LintPolicy:
    """An action per code; codes that are not named keep their default."""

    actions: tuple[tuple[str, Action], ...] = ()
    refuses: bool = True
    """False: what would be refused is only warned of."""

    def __post_init__(self) -> None:
        for code, action in self.actions:
            if code not in BY_CODE:
                raise UsageError(f"The linter has no check {code!r}.", remedy=f"Known are: {', '.join(BY_CODE)}.")
            if action not in get_args(Action):
                raise UsageError(f"{action!r} is no action for {code}.", remedy="Use refuse, warn or ignore.")

    def action(self, code: str) -> Action:
        found = dict(self.actions).get(code, BY_CODE[code].action)
        return "warn" if found == "refuse" and not self.refuses else found


DEFAULT_LINT: Final = LintPolicy()
WARN_ONLY: Final = LintPolicy(refuses=False)


def policy_named(mode: str) -> LintPolicy | None:
    """`off` is None (no linter), `warn` never refuses, `refuse` is the default policy. Raises `UsageError`."""
    if mode not in MODES:
        raise UsageError(f"{mode!r} is no way to run the linter.", remedy=f"Use one of {', '.join(MODES)}.")
    return {"off": None, "warn": WARN_ONLY, "refuse": DEFAULT_LINT}[mode]


def policy_from(table: Mapping[str, object], base: LintPolicy = DEFAULT_LINT) -> LintPolicy:
    """The policy with the actions of a table `CODE = "warn"`. Raises `UsageError`."""
    named = {code.upper(): action for code, action in table.items()}
    return LintPolicy(actions=(*base.actions, *named.items()), refuses=base.refuses)  # type: ignore[arg-type]  # __post_init__ refuses what is no action
