"""The standard security handler at work: which key and cipher for which object (ISO 32000-2 7.6.2, 7.6.3, 7.6.6).

Reach for `Handler.opened` (an object as read, decrypted) and `Handler.sealed` (the text of an object, encrypted).
Never encrypted are the encryption dictionary, cross-reference streams, /Contents of a signature, and what stands
in an object stream, which is encrypted as a whole.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Final, Literal

from ...errors import FormatError, SigningError
from ..objects import Dictionary, IndirectObject, Ref, Stream, Value, read_value
from .ciphers import BLOCK, aes_decrypt, aes_encrypt, check_aes, rc4
from .text import split_stream, string_spans, with_length, with_strings

Method = Literal["Identity", "RC4", "AESV2", "AESV3"]
WRITTEN: Final = frozenset(("AESV2", "AESV3"))
"""RC4 is only read: two texts of one object under its key would share a keystream."""


class DecryptedStream(Stream):
    """A stream whose `raw` bytes are decrypted when they are asked for, and not kept: files may be large."""

    __slots__ = ("_key", "_method")
    is_encrypted = True

    def __init__(self, dictionary: Dictionary, stored: Stream, method: Method, key: bytes) -> None:
        super().__init__(dictionary, stored.source, stored.start, stored.length)
        self._method: Method = method
        self._key = key

    @property
    def raw(self) -> bytes:
        return _decrypt(self._method, self._key, self.stored)


@dataclass(frozen=True)
class Handler:
    """An encryption dictionary that has been opened with a password."""

    version: int
    """/V"""
    revision: int
    """/R"""
    key: bytes = field(repr=False)
    """The file encryption key."""
    as_owner: bool
    permissions: int
    """/P as 32 bits without a sign."""
    streams: Method
    """/StmF"""
    strings: Method
    """/StrF"""
    attachments: Method
    """/EFF"""
    filters: tuple[tuple[str, Method], ...]
    """The named crypt filters, for streams that choose their own (7.4.10)."""
    encrypt_metadata: bool
    number: int | None
    """The object that the encryption dictionary is; None: it stands in the trailer."""
    mac: bool = False
    """The file is to carry a PDF MAC (ISO/TS 32004)."""
    salt: bytes | None = None
    """/KDFSalt, for the key of the MAC."""
    password: str = field(default="", repr=False)
    """The one that opened the file, for other libraries that open it anew."""

    @property
    def name(self) -> str:
        """As in `AES-256, V5 R6`."""
        ciphers = {"Identity": "not encrypted", "RC4": "RC4", "AESV2": "AES-128", "AESV3": "AES-256"}
        used = dict.fromkeys(ciphers[m] for m in (self.streams, self.strings))
        return f"{'/'.join(used)}, V{self.version} R{self.revision}"

    # Reading

    def opened(self, found: IndirectObject) -> IndirectObject:
        """The object with its strings decrypted; its text (`source[start:end]`) is decrypted too.

        `offset` and `stop` stay those in the file. Streams are decrypted when their bytes are asked for. Raises
        `FormatError`.
        """
        if found.number == self.number or found.compressed:
            return found
        stream = found.value if isinstance(found.value, Stream) else None
        if stream is not None and stream.dictionary.get("Type") == "XRef":
            return found
        ref = Ref(found.number, found.generation)
        value, source, start, end = found.value, found.source, found.start, found.end
        if self.strings != "Identity" and (spans := string_spans(found.source, found.start, found.end)):
            key = self._key_of(ref, self.strings)
            try:
                source = with_strings(
                    found.source, (found.start, found.end), spans, lambda s: _decrypt(self.strings, key, s)
                )
            except FormatError as e:
                raise FormatError(f"PDF: a string in object {ref.number} cannot be decrypted. {e.message}") from None
            start, end = 0, len(source)
            value, _ = read_value(source, 0)
        if stream is not None:
            dictionary = value if isinstance(value, dict) else stream.dictionary
            method = self.method_of(stream.dictionary)
            value = DecryptedStream(dictionary, stream, method, self._key_of(ref, method))
        elif source is found.source:
            return found
        return IndirectObject(found.number, found.generation, value, source, (found.offset, start, end, found.stop))

    def check(self, found: IndirectObject) -> None:
        """Whether every string and the stream of an object, as stored, are encrypted; nothing is kept.

        Only AES tells: its padding must be right. Of a stream the last block is looked at. Raises `FormatError`.
        """
        self.opened(found)
        stream = found.value
        if isinstance(stream, Stream) and stream.length and stream.dictionary.get("Type") != "XRef":
            method = self.method_of(stream.dictionary)
            if method in WRITTEN:
                stop = stream.start + stream.length
                end = stream.source[max(stream.start, stop - 2 * BLOCK) : stop]  # a slice: the stream may be large
                check_aes(self._key_of(Ref(found.number, found.generation), method), stream.length, end)

    def method_of(self, dictionary: Dictionary) -> Method:
        """How a stream is encrypted, by its dictionary (7.6.6, 7.4.10). Raises `FormatError`."""
        kind = dictionary.get("Type")
        if kind == "XRef":
            return "Identity"
        chosen = own_filter(dictionary)
        if chosen is not None:
            named = dict(self.filters).get(chosen)
            if named is None:
                raise FormatError(f"PDF: a stream names the crypt filter {chosen!r}, which the file does not define.")
            return named
        if kind == "Metadata" and not self.encrypt_metadata:
            return "Identity"
        return self.attachments if kind == "EmbeddedFile" else self.streams

    def _key_of(self, ref: Ref, method: Method) -> bytes:
        """Algorithm 1 (7.6.3.2); AESV3 takes the file encryption key itself (7.6.3.3)."""
        if method in ("AESV3", "Identity"):
            return self.key
        text = self.key + ref.number.to_bytes(4, "little")[:3] + ref.generation.to_bytes(4, "little")[:2]
        if method == "AESV2":
            text += b"sAlT"
        return hashlib.md5(text, usedforsecurity=False).digest()[: min(len(self.key) + 5, 16)]

    # Writing

    @property
    def may_write(self) -> bool:
        """Whether objects may be appended: not with RC4, and not where a MAC would have to be made anew."""
        return {self.streams, self.strings} <= WRITTEN and not self.mac

    def sealed(self, ref: Ref, body: bytes) -> bytes:
        """The text of an object to be appended, its strings and stream encrypted. Raises `SigningError`."""
        if not self.may_write:
            raise SigningError(f"The PDF's encryption ({self.name}) is only read here, never written.")
        text, data = split_stream(body)
        value, _ = read_value(text, 0)
        key = self._key_of(ref, self.strings)
        out = with_strings(text, (0, len(text)), string_spans(text, 0, len(text)), lambda s: aes_encrypt(key, s))
        if data is None:
            return out
        method = self.method_of(value if isinstance(value, dict) else {})
        if method in WRITTEN:
            data = aes_encrypt(self._key_of(ref, method), data)
        elif method != "Identity":
            raise SigningError(f"A stream would have to be encrypted with {method}, which is only read here.")
        return with_length(out, len(data)) + b"\nstream\n" + data + b"\nendstream"


def own_filter(dictionary: Dictionary) -> str | None:
    """The crypt filter that a stream chooses for itself; None: that of all streams. Raises `FormatError`."""
    filters = _as_list(dictionary.get("Filter"))
    if "Crypt" not in filters:
        return None
    parameters = _as_list(dictionary.get("DecodeParms"))
    own = parameters[0] if parameters else None
    if filters[0] != "Crypt" or filters.count("Crypt") > 1 or not isinstance(own, dict | None):
        raise FormatError("PDF: the crypt filter of a stream is not its first, or its parameters are malformed.")
    chosen = (own or {}).get("Name", "Identity")
    if not isinstance(chosen, str):
        raise FormatError("PDF: the crypt filter of a stream has no name.")
    return chosen


def _as_list(value: Value) -> list[Value]:
    return [] if value is None else value if isinstance(value, list) else [value]


def _decrypt(method: Method, key: bytes, data: bytes) -> bytes:
    """An empty string or stream says nothing and is left as it is by some writers."""
    if method == "Identity" or not data:
        return data
    return rc4(key, data) if method == "RC4" else aes_decrypt(key, data)
