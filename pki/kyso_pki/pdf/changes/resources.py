"""Step 3b, the default resources of the form (/DR, 12.7.3): what a program adds when it signs or fills in.

Acrobat adds the font of a new signature field, PDFBox the two that it expects in every form that it opens, iText 5
and OpenPDF the form that a signature shows. What has a name that nothing has used yet shows nothing. One
that a default appearance waited for would draw what was signed in other letters, and stays a change of the form (P8).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain
from typing import Final

from ..fields import all_fields
from ..filters import decode
from ..objects import Dictionary, Ref, Stream, Value, same
from ..pagetree import annotations_of, page_leaves
from ..tokens import name_of
from .comparison import Comparison

_HARMLESS: Final = frozenset(("Font", "Encoding", "ProcSet"))  # of resources that were not there before
_KINDS: Final = {
    "Font": ("fonts were added to the form's resources", b"Tf"),
    "XObject": ("forms were added to the form's resources", b"Do"),
}
"""What may be added, how it is told, and the operator that draws with it."""
_names = re.compile(rb"/([^\x00\t\n\x0c\r ()<>\[\]{}/%]*)").findall


def defaults_were_added(c: Comparison, old: Dictionary, new: Dictionary, holder: int) -> bool:
    """Whether /DR is what it was, but for fonts and forms that no appearance waited for; says so, and explains them.

    `holder` is the number of the object that the form stands in.
    """
    before, now = old.get("DR"), new.get("DR")
    if isinstance(before, Ref) and before != now:
        return False
    olds, news = c.old(before), c.new(now)
    if not isinstance(olds, dict | None) or not isinstance(news, dict):
        return False
    others = {k for k in (olds or {}).keys() | news.keys() if not same((olds or {}).get(k), news.get(k))} - set(
        _KINDS
    )
    if others - (_HARMLESS if olds is None else frozenset()):
        return False
    added: dict[str, dict[str, Value]] = {}
    for kind in _KINDS:
        grown = _grown(c, (olds or {}).get(kind), news.get(kind))
        if grown is None:
            return False
        added[kind] = grown
    if not any(added.values()) and same(before, now):
        return True
    if any(grown and not _names_in_use(c, old, kind).isdisjoint(grown) for kind, grown in added.items()):
        return False
    inner = holder
    if isinstance(now, Ref):
        c.explain(now.number, inner)
        inner = now.number
    for kind in _KINDS:
        if isinstance(second := news.get(kind), Ref):
            c.explain(second.number, inner)
    c.follow([list(grown.values()) for grown in added.values()])
    c.follow([news[key] for key in others])
    for kind, grown in added.items():
        if grown:
            c.say("form", f"{_KINDS[kind][0]}: {', '.join(sorted(grown))}.", c.open)
    return True


def _grown(c: Comparison, before: Value, now: Value) -> dict[str, Value] | None:
    """What a dictionary of resources has beside all that it had; None: that is not all that happened to it."""
    if isinstance(before, Ref) and before != now:
        return None
    olds, news = c.old(before), c.new(now)
    if not isinstance(olds, dict | None) or not isinstance(news, dict | None):
        return None
    olds, news = olds or {}, news or {}
    if any(not same(value, news.get(name)) for name, value in olds.items()):
        return None
    return {name: value for name, value in news.items() if name not in olds}


def default_was_added(c: Comparison, old: Dictionary, new: Dictionary) -> bool:
    """Whether the form got a default appearance (/DA) that no field is drawn by: each is a signature or has its own.

    The caption of a button is drawn by it too.
    """
    if old.get("DA") is not None or not isinstance(new.get("DA"), bytes) or not c.open:
        return False
    for field in all_fields(c.reader, c.index - 1):
        c.visits.one()
        if field.problem is not None or not _has_own_default(c, field.dictionary):
            return False
    return all(_has_own_default(c, found) for found in _annotations(c) if found.get("Subtype") == "Widget")


def _has_own_default(c: Comparison, field: Dictionary) -> bool:
    """Whether a field or widget is a signature's, or has a default appearance below the form."""
    kind, own = (c.inherited(field, key, c.index - 1) for key in ("FT", "DA"))
    return kind == "Sig" or isinstance(own, bytes)


def _names_in_use(c: Comparison, form: Dictionary, kind: str) -> set[str]:
    """Every name in a default appearance, and those that an appearance has not itself among its fonts or forms."""
    fields = all_fields(c.reader, c.index - 1)
    by_default = any(field.type != "Sig" or field.problem is not None for field in fields)
    found: set[str] = set()
    for dictionary in chain((field.dictionary for field in fields), _annotations(c)):
        c.visits.one()
        found |= _named(c.old(dictionary.get("DA")))
        found |= _missing(c, dictionary, kind)
        by_default |= dictionary.get("Subtype") == "Widget" and c.old(dictionary.get("FT")) != "Sig"
    if by_default:  # the form's own is for fields alone, and a signature is not drawn by it
        found |= _named(c.old(form.get("DA")))
    return found


def _annotations(c: Comparison) -> Iterator[Dictionary]:
    revision = c.index - 1
    for leaf in page_leaves(c.reader, revision, strict=False):
        c.visits.one()
        page = leaf.object.value
        for item in annotations_of(c.reader, page, revision) if isinstance(page, dict) else ():
            annotation = c.old(item)
            if isinstance(annotation, dict):
                yield annotation


def _missing(c: Comparison, annotation: Dictionary, kind: str) -> set[str]:
    """The names in an appearance that are none of its own fonts or forms: some reader may look for them in /DR."""
    found: set[str] = set()
    for look in _looks(c, annotation):
        content = decode(look, c.reader.budget)
        if _KINDS[kind][1] not in content:
            continue
        resources = c.old(look.dictionary.get("Resources"))
        own = c.old(resources.get(kind)) if isinstance(resources, dict) else None
        found |= _named(content) - (own.keys() if isinstance(own, dict) else set())
    return found


def _looks(c: Comparison, annotation: Dictionary) -> Iterator[Stream]:
    """The appearances of an annotation, in all of its states (12.5.5)."""
    appearance = c.old(annotation.get("AP"))
    for look in map(c.old, appearance.values()) if isinstance(appearance, dict) else ():
        for state in map(c.old, look.values()) if isinstance(look, dict) else (look,):
            if isinstance(state, Stream):
                c.visits.one()
                yield state


def _named(content: Value) -> set[str]:
    """Escaped names (`#41`) come out as they are read (7.3.5)."""
    return set(map(name_of, _names(content))) if isinstance(content, bytes) else set()
