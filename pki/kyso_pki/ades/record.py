"""Facts as JSON, so that another policy, another date or another machine can judge them later without the file.

Reach for `FileFacts.of`, `to_json` and `from_json`. Everything that `judge` looks at is in there, and nothing of the
document itself: octets are base64, certificates DER, times ISO 8601. Facts that were changed are facts of another
file: keep them as one keeps the file. Of a packet (edXML) the facts of each document in it are in there too.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import Any

from ..errors import FormatError
from ..facts import Finding, Format, SignatureFacts
from ..jsonable import Shared, decoded, encoded

SCHEMA = "kyso-facts-5"
_BEFORE = "kyso-facts-4"  # did not say whether what was given beside the document is what was signed
_BEFORE_THAT = "kyso-facts-3"  # each time that they stood somewhere all octets were written, which filled the memory


@dataclass(frozen=True)
class FileFacts:
    """What was found in one file."""

    file: str | None
    sha256: str
    format: Format | None
    """None: it could not be opened."""
    signatures: tuple[SignatureFacts, ...]
    unreadable: Finding | None = None
    """Why it could not be opened."""
    packet: PacketFacts | None = None
    content_not_used: bool = False
    """No signature in it is over what was given beside it."""

    def __post_init__(self) -> None:
        if (self.format is None) != (self.unreadable is not None) or (self.format is None and self.signatures):
            raise FormatError("Facts say either which format a file has, or why it cannot be opened.")

    def to_json(self) -> dict[str, Any]:
        """Each piece of evidence stands once in it, under `octets`, however many signatures have it."""
        shared: Shared = {}
        value = encoded(self, shared)
        return {"schema": SCHEMA, "octets": [base64.b64encode(o).decode() for o in shared], **value}

    @classmethod
    def from_json(cls, value: object) -> FileFacts:
        """What `to_json` gave. Raises `FormatError`."""
        if not isinstance(value, dict) or value.get("schema") not in (SCHEMA, _BEFORE, _BEFORE_THAT):
            raise FormatError("These are no facts of this version of kyso.", remedy="Make them with `kyso facts`.")
        rest = {k: v for k, v in value.items() if k != "schema"}
        shared = (
            decoded(_Octets, {"octets": rest.pop("octets", None)}, "facts")
            if value["schema"] != _BEFORE_THAT
            else None
        )
        if value["schema"] != SCHEMA:
            rest = _in_new_words(rest)
        return decoded(cls, rest, "facts", () if shared is None else shared.octets)


def _in_new_words(before: dict[str, Any]) -> dict[str, Any]:
    """Facts of an earlier version, and those of the documents in a packet: nobody was told of content beside them."""
    found = {"content_not_used": False, **before}
    packet = before.get("packet")
    if isinstance(packet, dict) and isinstance(packet.get("attachments"), list):
        inside = [_in_new_words(a) if isinstance(a, dict) else a for a in packet["attachments"]]
        found["packet"] = {**packet, "attachments": inside}
    return found


@dataclass(frozen=True)
class _Octets:
    """Those that the rest names by their places."""

    octets: tuple[bytes, ...]


@dataclass(frozen=True)
class PacketFacts:
    """What a packet (edXML) holds."""

    attachments: tuple[FileFacts, ...]
    """Each document in it, in its order; `file` is the name that the packet gives it."""
    missing: tuple[str, ...]
    """What its manifest names and it does not hold."""
