"""What the octets of a dictionary tell without reading it.

Reading takes 20 us an object, and of the objects that are looked at for one entry most do not have it. Reach for
`plain_text`, then look for a name in it; where it gives None, or the name is there, the object is to be read.
"""

from __future__ import annotations

import re
from typing import Final

from .objects import Dictionary, Ref, Value
from .reader import Reader
from .xref import PLAIN, Entry

MAX_TEXT: Final = 4096  # bytes of a dictionary that is not read; larger ones are
_S: Final = rb"[\t\n\x0c\r ]"
_LIST: Final = re.compile(
    rb"/(Annots|Kids)%s*+(?:\[([0-9R\t\n\x0c\r ]*+)\]|([0-9]++%s++[0-9]++%s++R)(?![0-9A-Za-z]))" % (_S, _S, _S)
)
_PLAIN: Final = bytes(set(range(0x21, 0x7F)) - set(b"#%()\\")) + b"\t\n\x0c\r "


def plain_text(reader: Reader, entry: Entry, ref: Ref) -> bytes | None:
    """The text of a dictionary that holds no string, comment, stream or escaped name; None: it is to be read.

    Then what looks like a name is one, and the text is whole when as many dictionaries begin as end.
    """
    if entry.kind == PLAIN:
        head = b"%d %d obj" % ref
        start = entry.a + len(head)
        stop = reader.data.find(b"endobj", start, start + MAX_TEXT)
        text = reader.data[start:stop] if stop >= 0 and reader.data[entry.a : start] == head else b""
    else:
        text = reader.object_stream(entry.a).text(ref.number, entry.b)
    opened = text.count(b"<<")
    whole = opened and text.count(b"<") == text.count(b">") == 2 * opened == 2 * text.count(b">>")
    return text if whole and b"stream" not in text and not text.translate(None, _PLAIN) else None


def node_lists(text: bytes | None) -> Dictionary | None:
    """/Annots and /Kids of a page tree node, those of dictionaries in it too; None: it is to be read."""
    if text is None:
        return None
    found: Dictionary = {}
    names = text.count(b"/Annots") + text.count(b"/Kids")
    for m in _LIST.finditer(text) if names else ():
        names -= 1
        parts = (m[2] if m[3] is None else m[3]).split()
        if set(parts[2::3]) - {b"R"} or len(parts) % 3 or m[1].decode() in found:
            return None
        if parts and not b"".join([*parts[::3], *parts[1::3]]).isdigit():  # `R3` is no number
            return None
        refs: list[Value] = [Ref(int(n), int(g)) for n, g in zip(parts[::3], parts[1::3], strict=True)]
        found[m[1].decode()] = refs if m[3] is None else refs[0]
    return None if names else found
