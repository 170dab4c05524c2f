"""Step 3b, the default resources of the form (/DR, 12.7.3): fonts that a program adds when it signs or fills in.

Acrobat adds the font of a new signature field, PDFBox the two that it expects in every form that it opens. A font
under a name that nothing has used yet shows nothing. One that a default appearance waited for would draw what was
signed in other letters, and stays a change of the form (P8).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from ..fields import all_fields
from ..filters import decode
from ..objects import Dictionary, Ref, Stream, Value, same
from ..pagetree import annotations_of, page_leaves
from ..tokens import name_of
from .comparison import Comparison

_HARMLESS: Final = frozenset(("Font", "Encoding", "ProcSet"))  # of resources that were not there before
_names = re.compile(rb"/([^\x00\t\n\x0c\r ()<>\[\]{}/%]*)").findall


def fonts_were_added(c: Comparison, old: Dictionary, new: Dictionary, holder: int) -> bool:
    """Whether /DR is what it was, but for fonts that no appearance waited for; says so, and explains their objects.

    `holder` is the number of the object that the form stands in.
    """
    before, now = old.get("DR"), new.get("DR")
    if isinstance(before, Ref) and before != now:
        return False
    olds, news = c.old(before), c.new(now)
    if not isinstance(olds, dict | None) or not isinstance(news, dict):
        return False
    others = {k for k in (olds or {}).keys() | news.keys() if not same((olds or {}).get(k), news.get(k))} - {"Font"}
    if others - (_HARMLESS if olds is None else frozenset()):
        return False
    first, second = (olds or {}).get("Font"), news.get("Font")
    if isinstance(first, Ref) and first != second:
        return False
    fonts, grown = c.old(first), c.new(second)
    if fonts is grown and same(before, now):
        return True
    if not isinstance(fonts, dict | None) or not isinstance(grown, dict | None):
        return False
    fonts, grown = fonts or {}, grown or {}
    if any(not same(font, grown.get(name)) for name, font in fonts.items()):
        return False
    added = sorted(grown.keys() - fonts.keys())
    if not added and same(before, now):
        return True
    if not _names_in_use(c, old).isdisjoint(added):
        return False
    inner = holder
    for value in (now, second):
        if isinstance(value, Ref):
            c.explain(value.number, inner)
            inner = value.number
    c.follow([grown[name] for name in added])
    c.follow([news[key] for key in others])
    if added:
        c.say("form", f"fonts were added to the form's resources: {', '.join(added)}.", c.open)
    return True


def default_was_added(c: Comparison, old: Dictionary, new: Dictionary) -> bool:
    """Whether the form got a default appearance (/DA) that no field is drawn by: it has but signatures."""
    if old.get("DA") is not None or not isinstance(new.get("DA"), bytes) or not c.open:
        return False
    for field in all_fields(c.reader, c.index - 1):
        c.visits.one()
        if field.type != "Sig":  # the caption of a button is drawn by it too
            return False
    return True


def _names_in_use(c: Comparison, form: Dictionary) -> set[str]:
    """Every name in a default appearance, and those of fonts that an appearance of an annotation has not itself."""
    found = _named(c.old(form.get("DA")))
    for dictionary in _drawn_by_default(c):
        c.visits.one()
        found |= _named(c.old(dictionary.get("DA")))
        found |= _missing(c, dictionary)
    return found


def _drawn_by_default(c: Comparison) -> Iterator[Dictionary]:
    revision = c.index - 1
    for field in all_fields(c.reader, revision):
        yield field.dictionary
    for leaf in page_leaves(c.reader, revision, strict=False):
        c.visits.one()
        page = leaf.object.value
        for item in annotations_of(c.reader, page, revision) if isinstance(page, dict) else ():
            annotation = c.old(item)
            if isinstance(annotation, dict):
                yield annotation


def _missing(c: Comparison, annotation: Dictionary) -> set[str]:
    """The names in an appearance that are none of its own fonts: some reader may look for them in /DR."""
    found: set[str] = set()
    for look in _looks(c, annotation):
        content = decode(look, c.reader.budget)
        if b"Tf" not in content:
            continue
        resources = c.old(look.dictionary.get("Resources"))
        fonts = c.old(resources.get("Font")) if isinstance(resources, dict) else None
        found |= _named(content) - (fonts.keys() if isinstance(fonts, dict) else set())
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
