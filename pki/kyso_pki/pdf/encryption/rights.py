"""What the author of an encrypted file allows those who only have the user password (ISO 32000-2 table 22).

Reach for `check_signing`. The bits are the author's wish and nothing technical holds anybody to them; kyso does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ...errors import NotPermitted

if TYPE_CHECKING:
    from ..reader import Reader
    from .handler import Handler

MODIFY: Final = 1 << 3  # bit 4: change the contents
ANNOTATE: Final = 1 << 5  # bit 6: annotations, filling in forms; with bit 4 also making fields
FILL: Final = 1 << 8  # bit 9, from revision 3 on: filling in and signing existing fields


def may_sign(handler: Handler, *, existing_field: bool) -> bool:
    """Whether a signature may be added: into a field that is there, or with a new field."""
    if handler.as_owner:
        return True
    bits = handler.permissions
    if existing_field:
        return bool(bits & ANNOTATE or (handler.revision >= 3 and bits & FILL))
    return bool(bits & MODIFY and bits & ANNOTATE)


def check_signing(reader: Reader, *, existing_field: bool) -> None:
    """Raises `NotPermitted` when the file's encryption stands against one more signature."""
    handler = reader.handler
    if handler is None:
        return
    if handler.mac:
        raise NotPermitted(
            "The PDF carries a message authentication code (PDF MAC, ISO/TS 32004), which one more revision breaks.",
            remedy="Ask its author for a copy without the code.",
        )
    from .whole import check_whole

    if "Identity" not in (handler.streams, handler.strings) and not handler.may_write:
        raise NotPermitted(
            f"The PDF is encrypted with {handler.name}, which kyso reads but no longer writes.",
            remedy="If it is not signed yet, encrypt it anew with AES-256, or sign a copy without a password.",
        )
    if not may_sign(handler, existing_field=existing_field):
        what = "to fill in and sign fields" if existing_field else "to add a signature field"
        raise NotPermitted(
            f"The author of the PDF does not allow {what} (encryption permissions /P), and the password given is not "
            "the owner's.",
            remedy="Give the owner's password, or ask the author for a copy that may be signed.",
        )
    check_whole(reader)
