"""What draws nothing, whoever reads it: forms without a mark, and the few objects that programs leave unused.

iText makes two empty layers and a font for every field that it signs, and then may not use them.
"""

from __future__ import annotations

import re
from typing import Final

from .filters import decode
from .objects import Dictionary, Ref, Stream, Value
from .reader import Reader

_FORM_KEYS: Final = frozenset((
    "Type", "Subtype", "FormType", "BBox", "Matrix", "Resources", "Length", "Filter", "DecodeParms",
))  # fmt: skip
_FONT_KEYS: Final = frozenset(("Type", "Subtype", "BaseFont", "Encoding", "Name"))
_content = re.compile(rb"%[^\r\n]*|[\x00\t\n\x0c\r ]+|q(?![^\s])|Q(?![^\s])")


def draws_nothing(reader: Reader, annotation: Dictionary, revision: int) -> bool:
    """Whether an annotation has no appearance, or /N alone, a form without a mark (ISO 32000-2 12.5.5)."""
    appearance = reader.resolve(annotation.get("AP"), revision)
    if appearance is None:
        return True
    normal = reader.resolve(appearance.get("N"), revision) if isinstance(appearance, dict) else None
    if not isinstance(normal, Stream) or not isinstance(appearance, dict) or appearance.keys() != {"N"}:
        return False
    return not _content.sub(b"", decode(normal, reader.budget))


def is_inert(reader: Reader, value: Value) -> bool:
    """Whether an object means nothing to anyone: a font that names a standard one, or a form without a mark.

    It refers to nothing, so that only who refers to it could show anything with it.
    """
    if isinstance(value, Stream):
        form = value.dictionary
        return (
            form.keys() <= _FORM_KEYS
            and form.get("Subtype") == "Form"
            and form.get("Resources") in (None, {})
            and not any(isinstance(v, Ref) for v in form.values())
            and not _content.sub(b"", decode(value, reader.budget))
        )
    return (
        isinstance(value, dict)
        and value.get("Type") == "Font"
        and value.keys() <= _FONT_KEYS
        and all(isinstance(v, str) for v in value.values())
    )
