"""Step 3b, the form dictionary and its fields, and step 6, the values filled in (P8)."""

from __future__ import annotations

from ..fields import full_name
from ..filling import fills_consistently, same_numbers
from ..objects import Dictionary, Ref, Stream, Value, same
from ..overlay import Widget
from ..written import written_over
from .appearances import explain_appearance
from .comparison import Comparison, added_items, explain_same_place, shown
from .resources import default_was_added, defaults_were_added
from .signing import new_field


def compare_forms(c: Comparison, before: Value, now: Value, root: int) -> None:
    old, new = c.old(before), c.new(now)
    if new is None and old is None:
        return
    if not isinstance(new, dict) or not isinstance(old, dict | None):
        c.say("structure", "the form was removed.", False)
        return
    explain_same_place(c, before, now, "the form", root)
    old = old or {}
    holder = now.number if isinstance(now, Ref) else root
    explained = {"Fields", *_harmless_defaults(c, old, new, holder)}
    for key in sorted((old.keys() | new.keys()) - explained):
        if not same(old.get(key), new.get(key)) and not (key == "SigFlags" and _flags_grew(old, new)):
            text = f"/{key} of the form was changed."
            c.say("form", text, False, old=shown(old.get(key)), new=shown(new.get(key)))
    explain_same_place(c, old.get("Fields"), new.get("Fields"), "the list of fields", holder, "Fields")
    olds, news = c.old(old.get("Fields")), c.new(new.get("Fields"))
    if news is olds:
        return
    added = added_items(olds, news)
    if added is None:
        c.say("structure", "fields were removed from the form or put in another order.", False)
        return
    for item in added:
        new_field(c, item)


def _harmless_defaults(c: Comparison, old: Dictionary, new: Dictionary, holder: int) -> set[str]:
    """Of the defaults for the looks of fields, those that changed in a way which no field could see."""
    found = set()
    if defaults_were_added(c, old, new, holder):
        found.add("DR")
    if default_was_added(c, old, new):
        found.add("DA")
    if old.get("NeedAppearances") is None and new.get("NeedAppearances") is False:  # which is the default (table 224)
        found.add("NeedAppearances")
    return found


def compare_values(c: Comparison) -> None:
    drafts: dict[bytes, list[int]] | None = None
    for touched in list(c.touched.values()):
        old, new = touched.old_dictionary, touched.new_dictionary
        if old is None or new is None or touched.number in c.explained:
            continue
        kind = c.inherited(old, "FT", c.index - 1)
        changed = {k for k in old.keys() | new.keys() if not same(old.get(k), new.get(k))}
        if same_numbers(old.get("Rect"), new.get("Rect")):
            changed.discard("Rect")
        if kind not in ("Tx", "Btn", "Ch") or not changed or not changed <= {"V", "AP", "AS", "M", "I", "DA"}:
            continue
        if "DA" in changed and (old.get("DA") is not None or kind != "Tx"):
            continue
        c.account(touched.number)
        c.kept[touched.number] = None
        name = full_name(c.new, new)
        consistent = fills_consistently(c.reader, c.index, str(kind), old, new, _values(c, old, new))
        explain_appearance(c, touched.number, old, new)
        if consistent:
            drafts = _drafts(c) if drafts is None else drafts
            _explain_drafts(c, new, drafts)
        allowed = consistent and c.permission.form_filling and not c.permission.locked(name)
        before, now = map(shown, _values(c, old, new))
        text = f"the form field {name!r} was changed: {before} → {now}"
        if not consistent:
            text += ", which its appearance does not plainly show"
        over = None
        if kind == "Btn" and not same(old.get("AS"), new.get("AS")):
            button = Widget(touched.number, new, c.index, reserved=True)
            over = c.paper.switched(button, old.get("AS"), new.get("AS"), c.visits)
        elif kind != "Btn" and allowed and c.new(new.get("AP")) is not None:
            field = Widget(touched.number, new, c.index, reserved=True)
            over = written_over(c.reader, c.paper, field, c.visits)
        if over is not None:
            text = f"{text}; its appearance lies over the page: {over}"
        c.say(
            "overlay" if allowed and over is not None else "form",
            f"{text}.",
            allowed and over is None,
            object=touched.number,
            field=name,
            old=before,
            new=now,
            page=c.where.page_of(touched.number, c.index),
        )


def _drafts(c: Comparison) -> dict[bytes, list[int]]:
    """New streams that say nothing of what they are, by their bytes: iText 7 leaves one of each appearance."""
    found: dict[bytes, list[int]] = {}
    for number, touched in c.touched.items():
        draft = touched.new.value if touched.old is None and touched.new is not None else None
        if isinstance(draft, Stream) and draft.dictionary.keys() <= {"Length", "Filter"}:
            found.setdefault(draft.raw, []).append(number)
    return found


def _explain_drafts(c: Comparison, field: Dictionary, drafts: dict[bytes, list[int]]) -> None:
    """Explains streams that hold what the new appearance holds, and so can show nothing else."""
    appearance = c.new(field.get("AP"))
    normal = c.new(appearance.get("N")) if isinstance(appearance, dict) else None
    for number in drafts.pop(normal.raw, ()) if isinstance(normal, Stream) else ():
        c.account(number)


def _values(c: Comparison, old: Dictionary, new: Dictionary) -> tuple[Value, Value]:
    return c.inherited(old, "V", c.index - 1), c.inherited(new, "V", c.index)


def _flags_grew(old: Dictionary, new: Dictionary) -> bool:
    """/SigFlags may gain SignaturesExist and AppendOnly (12.7.3, table 225)."""
    before, now = old.get("SigFlags", 0), new.get("SigFlags", 0)
    return isinstance(before, int) and isinstance(now, int) and 0 <= now <= 3 and before & now == before
