"""The state of tokens as Prometheus reads it (text format 0.0.4): one gauge per state, one counter per event."""

from __future__ import annotations

import typing
from collections.abc import Iterable

from .host import TokenCondition, TokenStatus

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"


def prometheus(statuses: Iterable[TokenStatus]) -> str:
    """The lines for these tokens. Exactly one `kyso_token_state` of each token is 1."""
    found = list(enumerate(statuses, 1))
    lines = ["# HELP kyso_token_state Whether the token is in this state.", "# TYPE kyso_token_state gauge"]
    for number, s in found:
        for condition in typing.get_args(TokenCondition):
            value = int(condition == s.condition)
            lines.append(f"kyso_token_state{{{_names(number, s)},state={_quoted(condition)}}} {value}")
    for name, text in (("running", "Worker processes that run."), ("waiting", "Callers in the queue.")):
        lines += [f"# HELP kyso_token_{name} {text}", f"# TYPE kyso_token_{name} gauge"]
        lines += [f"kyso_token_{name}{{{_names(number, s)}}} {getattr(s, name)}" for number, s in found]
    lines += ["# HELP kyso_token_events_total What happened, by kind.", "# TYPE kyso_token_events_total counter"]
    for number, s in found:
        for event, count in sorted(s.events.items()):
            lines.append(f"kyso_token_events_total{{{_names(number, s)},event={_quoted(event)}}} {count}")
    return "\n".join(lines) + "\n"


def _names(number: int, status: TokenStatus) -> str:
    """The labels; the number tells clones apart, and no path is shown."""
    parts = (("token", status.label), ("serial", status.serial), ("number", str(number)))
    return ",".join(f"{name}={_quoted(value)}" for name, value in parts)


def _quoted(value: str) -> str:
    escaped = value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
    return f'"{escaped}"'
