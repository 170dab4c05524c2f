"""The resources of a page or a form (ISO 32000-2 7.8.3), and what in them may turn white into another colour."""

from __future__ import annotations

from typing import Final

from ...errors import FormatError
from ..objects import Dictionary, Value
from ..reader import Reader

_DEFAULTS: Final = ("DefaultGray", "DefaultRGB", "DefaultCMYK")


class Resources:
    def __init__(self, reader: Reader, revision: int, entries: Value) -> None:
        """Raises `FormatError` when `entries` are no dictionary; where there are none, nothing is found."""
        found = reader.resolve(entries, revision)
        if found is not None and not isinstance(found, dict):
            raise FormatError("PDF: the resources of a page or a form are no dictionary.")
        self._reader = reader
        self._revision = revision
        self._entries: Dictionary = found or {}

    def entry(self, category: str, operands: list[Value]) -> Value:
        """What a name stands for, as it is written. Raises `FormatError` when it is not there."""
        name = operands[0] if len(operands) == 1 else None
        entries = self._reader.resolve(self._entries.get(category), self._revision)
        if not isinstance(name, str) or not isinstance(entries, dict) or entries.get(name) is None:
            raise FormatError(f"PDF: a page names a resource of /{category} that is not there.")
        return entries[name]

    def resource(self, category: str, operands: list[Value]) -> Value:
        return self._reader.resolve(self.entry(category, operands), self._revision)

    def redefine_colours(self) -> bool:
        """Whether they give the device's colours another meaning (8.6.5.6)."""
        spaces = self._reader.resolve(self._entries.get("ColorSpace"), self._revision)
        return spaces is not None and (not isinstance(spaces, dict) or any(name in spaces for name in _DEFAULTS))
