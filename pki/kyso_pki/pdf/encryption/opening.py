"""Opening an encrypted file: the encryption dictionary read strictly, and a password that fits (ISO 32000-2 7.6).

Reach for `opened`. The empty user password is tried by itself; another comes from a callback, once, and only when
the file is encrypted. Handlers and versions that are not known are refused by their names.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from ...errors import EncryptedDocument, FormatError
from ..objects import Dictionary, Ref, Value, same
from ..xref import PLAIN
from .handler import Handler, Method
from .passwords import Locks, unlock

if TYPE_CHECKING:
    from ..reader import Reader

Password = Callable[[], str | None]
"""Gives the password of a document when it is asked for; None: nobody knows it."""

_METHODS: Final[dict[str, Method]] = {"None": "Identity", "V2": "RC4", "AESV2": "AESV2", "AESV3": "AESV3"}
_BY_VERSION: Final = {4: ("RC4", "AESV2"), 5: ("AESV3",)}
_REVISIONS: Final = {1: (2, 3), 2: (2, 3), 4: (4,), 5: (5, 6)}
MISSING_IS_TOLERATED: Final = 1 << 12  # bit 13 of /P: the file may lack a PDF MAC (ISO/TS 32004)
REMEDY: Final = (
    "Give the document's password. Only what is not signed may be copied without one instead "
    "(for example `qpdf --decrypt in.pdf out.pdf`): a copy loses its signatures."
)


def opened(reader: Reader, password: Password | None) -> Handler | None:
    """The handler of an encrypted file, None for a file that is not encrypted.

    Raises `EncryptedDocument` for a password that is wrong or missing and for what is not supported, `FormatError`
    for an encryption dictionary that is malformed or not the same in every revision.
    """
    place = _place(reader)
    if place is None:
        return None
    dictionary = reader.dictionary(place)
    shut = _shut(reader, dictionary, place.number if isinstance(place, Ref) else None)
    locks = _locks(reader, dictionary, shut)
    given = password() if password is not None else None
    for text in dict.fromkeys((given, "") if given is not None else ("",)):
        found = unlock(locks, text or "")
        if found is not None:
            return replace(shut, key=found.key, as_owner=found.as_owner, password=text)
    if given is None:
        raise EncryptedDocument("The PDF is encrypted and opens only with a password.", remedy=REMEDY)
    raise EncryptedDocument(
        "The password does not open this PDF: it is neither the user's nor the owner's.", remedy=REMEDY
    )


def _place(reader: Reader) -> Value:
    """/Encrypt, which must be one and the same for all revisions: otherwise readers would see different files.

    The main trailer of a linearized file needs none (qpdf writes none): its first-page trailer is what counts.
    """
    trailers = [revision.trailer for revision in reader.revisions]
    place = reader.trailer.get("Encrypt")
    others = [s.trailer["Encrypt"] for r in reader.revisions for s in r.sections if "Encrypt" in s.trailer]
    if any(not same(place, found) for found in (*others, *(t.get("Encrypt") for t in trailers))):
        raise FormatError("PDF: the trailers do not agree on whether and how the file is encrypted (/Encrypt).")
    if place is None:
        return None
    if any(not same(_first_id(trailers[-1]), _first_id(trailer)) for trailer in trailers):
        raise FormatError("PDF: the trailers of an encrypted file do not agree on the first half of /ID.")
    if isinstance(place, Ref):
        entries = {reader.entry(place.number, revision.index) for revision in reader.revisions}
        entry = next(iter(entries))
        if len(entries) != 1 or entry is None or entry.kind != PLAIN:
            raise FormatError("PDF: the encryption dictionary is missing, compressed, or was replaced by an update.")
    return place


def _first_id(trailer: Dictionary) -> bytes:
    identity = trailer.get("ID")
    first = identity[0] if isinstance(identity, list) and identity else b""
    return first if isinstance(first, bytes) else b""


def _shut(reader: Reader, dictionary: Dictionary, number: int | None) -> Handler:
    """The handler as the dictionary describes it (tables 20, 21, 25), without a key yet."""
    kind = reader.resolve(dictionary.get("Filter"))
    if kind != "Standard":
        what = "by certificates" if kind in ("Adobe.PubSec", "Adobe.PPKLite", "Entrust.PPKEF") else "in a way"
        raise EncryptedDocument(
            f"The PDF is encrypted {what} that is not supported (security handler {kind!r}); only passwords are.",
            remedy="Save a copy without encryption in the program that opens it, and sign that.",
        )
    version, revision = dictionary.get("V", 0), dictionary.get("R")
    if type(version) is not int or type(revision) is not int or revision not in _REVISIONS.get(version, ()):
        raise EncryptedDocument(
            f"The PDF is encrypted with version {version!r}, revision {revision!r}, which is not supported; "
            "V1, V2, V4 and V5 with R2 to R6 are.",
            remedy="Save a copy with AES-256 or without a password, and sign that.",
        )
    permissions = dictionary.get("P")
    if type(permissions) is not int or not -(1 << 31) <= permissions < 1 << 32:
        raise FormatError(f"PDF: the permissions /P of the encryption are {permissions!r}.")
    metadata = dictionary.get("EncryptMetadata", True)
    if type(metadata) is not bool:
        raise FormatError("PDF: /EncryptMetadata is neither true nor false.")
    salt = reader.resolve(dictionary.get("KDFSalt"))
    filters: dict[str, Method] = {"Identity": "Identity"}
    streams: Method = "RC4"
    strings = attachments = streams
    if version >= 4:
        filters |= _crypt_filters(reader, dictionary, version)
        streams = _named(filters, dictionary.get("StmF", "Identity"))
        strings = _named(filters, dictionary.get("StrF", "Identity"))
        attachments = _named(filters, dictionary.get("EFF")) if dictionary.get("EFF") is not None else streams
    return Handler(
        version=version,
        revision=revision,
        key=b"",
        as_owner=False,
        permissions=permissions & 0xFFFFFFFF,
        streams=streams,
        strings=strings,
        attachments=attachments,
        filters=tuple(filters.items()),
        encrypt_metadata=metadata or version < 4,
        number=number,
        mac=_wants_mac(reader, dictionary, revision, permissions),
        salt=salt if isinstance(salt, bytes) else None,
    )


def _wants_mac(reader: Reader, dictionary: Dictionary, revision: int, permissions: int) -> bool:
    """Whether a message authentication code is there or must be: its bit of /P is guarded by /Perms."""
    found = dictionary.get("KDFSalt") is not None or any(
        section.trailer.get("AuthCode") is not None for r in reader.revisions for section in r.sections
    )
    return found or (revision >= 6 and not permissions & MISSING_IS_TOLERATED)


def _crypt_filters(reader: Reader, dictionary: Dictionary, version: int) -> dict[str, Method]:
    """/CF (table 25). Raises `EncryptedDocument` for a method that is not known."""
    filters: dict[str, Method] = {}
    declared = reader.resolve(dictionary.get("CF"))
    if not isinstance(declared, dict | None):
        raise FormatError("PDF: /CF of the encryption is no dictionary.")
    for name, value in (declared or {}).items():
        crypt = reader.dictionary(value)
        named = crypt.get("CFM", "None")
        method = _METHODS.get(named) if isinstance(named, str) else None
        if method is None or method not in ("Identity", *_BY_VERSION[version]):
            raise EncryptedDocument(
                f"The PDF is encrypted with the method {named!r} in version {version}; not supported.",
                remedy="Save a copy with AES-256 or without a password, and sign that.",
            )
        if name == "Identity" or named == "None":
            raise FormatError("PDF: a crypt filter of the file is called Identity, or leaves decryption to others.")
        filters[name] = method
    return filters


def _named(filters: dict[str, Method], name: Value) -> Method:
    method = filters.get(name) if isinstance(name, str) else None
    if method is None:
        raise FormatError(f"PDF: the encryption names the crypt filter {name!r}, which the file does not define.")
    return method


def _locks(reader: Reader, dictionary: Dictionary, shut: Handler) -> Locks:
    """/O, /U and their companions, with the lengths that the revision asks for (table 21)."""
    least = {"O": 48, "U": 48, "OE": 32, "UE": 32, "Perms": 16} if shut.revision >= 5 else {"O": 32, "U": 32}
    values: dict[str, bytes] = {}
    for key, size in least.items():
        value = reader.resolve(dictionary.get(key))
        if not isinstance(value, bytes) or len(value) < size:
            raise FormatError(f"PDF: /{key} of the encryption is no string of {size} bytes.")
        values[key] = value
    return Locks(
        revision=shut.revision,
        key_size=_key_size(dictionary, shut),
        owner=values["O"],
        user=values["U"],
        permissions=shut.permissions,
        owner_key=values.get("OE", b""),
        user_key=values.get("UE", b""),
        perms=values.get("Perms", b""),
        file_id=_first_id(reader.trailer),
        encrypt_metadata=shut.encrypt_metadata,
    )


def _key_size(dictionary: Dictionary, shut: Handler) -> int:
    """Bytes of the file encryption key: by /Length only in version 2 (table 20)."""
    if shut.version != 2:
        return {1: 5, 4: 16, 5: 32}[shut.version]
    bits = dictionary.get("Length", 40)
    if type(bits) is not int or bits % 8 or not 40 <= bits <= 128:
        raise FormatError(f"PDF: the encryption key is said to have {bits!r} bits; 40 to 128 are allowed.")
    return 5 if shut.revision == 2 else bits // 8
