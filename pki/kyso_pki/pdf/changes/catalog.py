"""Step 3: the catalogs, with the form, the evidence and the metadata that only they name."""

from __future__ import annotations

import re

from ...facts import ChangeKind
from ..filters import decode
from ..objects import Dictionary, Ref, Stream, Value, decode_text, same
from .comparison import Comparison, Touched, shown
from .descriptions import told
from .evidence import compare_stores
from .form import compare_forms

_version = re.compile(r"([12])\.(\d)").fullmatch
_prefix = re.compile(r"[A-Z_]{4}").fullmatch
_EXTENSION_KEYS = {"Type", "BaseVersion", "ExtensionLevel", "URL", "ExtensionRevision"}


def compare_catalogs(c: Comparison) -> None:
    reader = c.reader
    root = reader.root_ref(c.index).number
    before, now = reader.catalog(c.index - 1), reader.catalog(c.index)
    if root in c.touched:
        c.account(root)
    for key in sorted(before.keys() | now.keys()) if before is not now else ():
        if key in ("AcroForm", "DSS", "Metadata") or same(before.get(key), now.get(key)):
            continue
        _catalog_key(c, key, before.get(key), now.get(key))
    _metadata(c, before.get("Metadata"), now.get("Metadata"), root)
    compare_forms(c, before.get("AcroForm"), now.get("AcroForm"), root)
    compare_stores(c, before.get("DSS"), now.get("DSS"), root)


def _catalog_key(c: Comparison, key: str, before: Value, now: Value) -> None:
    if key == "Extensions":
        old, new = c.old(before), c.new(now)
        old = {} if old is None else old
        grown = isinstance(old, dict) and isinstance(new, dict) and _only_declares(c, old, new)
        c.follow(now)
        c.say("metadata", "developer extensions were declared in the catalog.", grown and c.open)
    elif key == "Version" and isinstance(now, str) and _is_later(c, before, now):
        c.say("metadata", f"the PDF version was set to {now}.", c.open, old=shown(before), new=now)
    elif key == "Perms" and before is None:
        c.follow(now)
        c.say("structure", "permissions (/Perms) were added after a signature.", False)
    else:
        kind: ChangeKind = "page" if key == "Pages" else "structure"
        c.say(kind, f"/{key} in the catalog was changed.", False, old=shown(before), new=shown(now))


def _only_declares(c: Comparison, old: Dictionary, new: Dictionary) -> bool:
    """Whether all extensions that were declared still are, and whatever is new is one."""
    kept = all(same(v, new.get(k)) or _is_raised(c, v, new.get(k)) for k, v in old.items())
    return kept and all(k in old or _is_extension(c, k, v) for k, v in new.items())


def _is_extension(c: Comparison, key: str, value: Value) -> bool:
    """A developer extensions dictionary, or an array of them (ISO 32000-2 7.12), under a prefix (Annex E)."""
    value = c.new(value)
    if key == "Type":
        return value == "Extensions"
    items = value if isinstance(value, list) else [value]
    return _prefix(key) is not None and all(
        isinstance(d := c.new(item), dict) and not d.keys() - _EXTENSION_KEYS for item in items
    )


def _is_raised(c: Comparison, before: Value, now: Value) -> bool:
    """Whether only the level of one extension rose, as a DSS asks of ESIC (ETSI EN 319 142-1 5.1)."""
    old, new = c.old(before), c.new(now)
    if not isinstance(old, dict) or not isinstance(new, dict) or isinstance(now, Ref):
        return False
    levels = old.get("ExtensionLevel"), new.get("ExtensionLevel")
    return (
        old.keys() == new.keys() <= _EXTENSION_KEYS
        and all(k == "ExtensionLevel" or same(v, new[k]) for k, v in old.items())
        and type(levels[0]) is type(levels[1]) is int
        and levels[0] <= levels[1]
    )


def _is_later(c: Comparison, before: Value, now: str) -> bool:
    """Whether a /Version is one, and not below what held before (7.2.2); the name names nothing else."""
    if before is not None and not (isinstance(before, str) and _version(before)):
        return False
    new, old = _version(now), _version(before or "")
    floor = (int(old[1]), int(old[2])) if old else c.reader.header_version
    alone = not any(map(_version, c.reader.catalog(c.index)))
    return alone and new is not None and (int(new[1]), int(new[2])) >= floor


def _metadata(c: Comparison, before: Value, now: Value, root: int) -> None:
    """XMP metadata: a stream that only the catalog refers to (ISO 32000-2 14.3.2)."""
    touched = c.touched.get(now.number) if isinstance(now, Ref) else None
    if touched is None:
        if not same(before, now):
            c.say("metadata", "the metadata stream was removed or re-pointed.", False)
        return
    streams = [touched.new.value if touched.new else None] + ([touched.old.value] if touched.old else [])
    shape = all(_is_metadata(v) for v in streams) and (touched.old is None or same(before, now))
    shape &= before is None or _is_metadata(c.old(before))
    if shape:
        c.explain(touched.number, root)
    if shape and not _tell_the_same(c, touched):
        text = "the title, authors or subject in the XMP metadata were changed."
        c.say("metadata", text, False, object=touched.number)
        return
    c.say("metadata", "XMP metadata were changed.", shape and c.open, object=touched.number)


def _tell_the_same(c: Comparison, touched: Touched) -> bool:
    """Whether rewritten metadata describe the document as before; new ones may not name it otherwise."""
    now = touched.new.value if touched.new else None
    before = touched.old.value if touched.old else None
    if not isinstance(now, Stream):
        return False
    octets = decode(now, c.reader.budget)
    if isinstance(before, Stream):
        old = decode(before, c.reader.budget)
        return old == octets or (told(octets) is not None and told(octets) == told(old))
    said = told(octets)
    information = c.old(c.reader.revisions[c.index - 1].trailer.get("Info"))
    title = c.old(information.get("Title")) if isinstance(information, dict) else None
    if said is None or not isinstance(title, bytes):
        return said is not None
    return all(text == " ".join(decode_text(title).split()) for name, text in said if name == "dc:title")


def _is_metadata(value: Value) -> bool:
    return (
        isinstance(value, Stream)
        and value.dictionary.get("Type") == "Metadata"
        and value.dictionary.get("Subtype") == "XML"
        and value.dictionary.keys() <= {"Type", "Subtype", "Length", "Filter", "DecodeParms"}
    )
