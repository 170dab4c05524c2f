"""Optional content: layers that are not shown, or shown on the screen and not on paper (ISO 32000-2 8.11)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from ..objects import Dictionary, Ref, Value
from .checks import Observation
from .survey import Survey

MAX_EXPRESSION_DEPTH: Final = 16


def layers(found: Survey) -> Iterator[Observation]:
    """The groups by the default configuration, and the membership dictionaries that depend on them."""
    properties = found.dictionary(found.reader.catalog().get("OCProperties"))
    if not properties:
        return
    states = _states(found, properties)
    if states:
        yield Observation("LAYERS", f"{len(states)} layers", None)
    for number, shown in states.items():
        group = found.dictionary(Ref(number))
        if not shown:
            yield Observation("HIDDEN_LAYER", f"the layer {_name(group)} is not shown", number)
        elif (differs := _usage(found, group)) is not None:
            yield Observation("PRINT_LAYER", f"the layer {_name(group)}: {differs}", number)
    for part in found.parts:
        if part.dictionary.get("Type") == "OCMD" and not _member_shown(found, part.dictionary, states):
            yield Observation("HIDDEN_LAYER", "content is not shown because of the state of its layers", part.number)


def _states(found: Survey, properties: Dictionary) -> dict[int, bool]:
    """Whether each group is shown by the default configuration /D (table 99)."""
    default = found.dictionary(properties.get("D"))
    base = found.get(default, "BaseState") != "OFF"
    states = {g.number: base for g in found.items(properties.get("OCGs")) if isinstance(g, Ref)}
    for key, shown in (("ON", True), ("OFF", False)):
        for group in found.items(default.get(key)):
            if isinstance(group, Ref):
                states[group.number] = shown
    for event in found.items(default.get("AS")):  # usage decides for viewers that honour it
        usage = found.dictionary(event)
        if found.get(usage, "Event") == "View":
            for group in found.items(usage.get("OCGs")):
                if isinstance(group, Ref) and _state(found, found.dictionary(group), "View") == "OFF":
                    states[group.number] = False
    return states


def _state(found: Survey, group: Dictionary, event: str) -> Value:
    usage = found.dictionary(group.get("Usage"))
    return found.get(found.dictionary(usage.get(event)), f"{event}State")


def _usage(found: Survey, group: Dictionary) -> str | None:
    """In what a group that is shown differs by use (8.11.4.4)."""
    for event, words in (("Print", "not printed"), ("Export", "left out of exports"), ("View", "not shown")):
        if _state(found, group, event) == "OFF":
            return words
    usage = found.dictionary(group.get("Usage"))
    return next((f"shown depending on {key}" for key in ("Zoom", "Language", "User") if key in usage), None)


def _member_shown(found: Survey, member: Dictionary, states: Mapping[int, bool]) -> bool:
    """8.11.2.2: by a visibility expression where there is one, else by the policy /P."""
    expression = found.resolve(member.get("VE"))
    if isinstance(expression, list):
        return _evaluated(found, expression, states, 0)
    groups = member.get("OCGs")
    listed = [groups] if isinstance(groups, Ref) and not found.items(groups) else found.items(groups)
    shown = [states.get(g.number, True) for g in listed if isinstance(g, Ref)]
    if not shown:
        return True
    policy = found.get(member, "P")
    return {
        "AllOn": all(shown),
        "AnyOff": not all(shown),
        "AllOff": not any(shown),
    }.get(policy if isinstance(policy, str) else "AnyOn", any(shown))


def _evaluated(found: Survey, expression: Value, states: Mapping[int, bool], depth: int) -> bool:
    """A visibility expression; what cannot be understood counts as not shown."""
    if isinstance(expression, Ref) and expression.number in states:
        return states[expression.number]
    items = found.items(expression)
    if not items or depth > MAX_EXPRESSION_DEPTH:
        return False
    values = (_evaluated(found, item, states, depth + 1) for item in items[1:])
    if items[0] == "And":
        return all(values)
    if items[0] == "Or":
        return any(values)
    return items[0] == "Not" and not next(values, True)


def _name(group: Dictionary) -> str:
    from ..objects import decode_text

    name = group.get("Name")
    return repr(decode_text(name)) if isinstance(name, bytes) else "without a name"
