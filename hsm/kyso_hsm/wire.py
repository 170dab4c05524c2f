"""The language between a caller's process and a worker: typed messages in length-framed JSON.

A frame is the length of the body (4 octets, big-endian), the number of the call (4 octets) and the body: a
JSON array of the message's name and its fields, octet strings in base64. decoding builds only the dataclasses
of this file and checks every field against its type; nothing is executed and no pickle is read. The PIN
travels in `Login` and `InitToken` and nowhere else.
"""

from __future__ import annotations

import base64
import binascii
import json
import struct
import types
import typing
from dataclasses import dataclass, fields, is_dataclass
from typing import Any, Literal, Union

from .module import TokenInfo

MAX_FRAME = 16 * 1024 * 1024  # against a runaway length; a listing of 400 keys with certificates is under 2 MiB
HEADER = struct.Struct(">II")


class WireError(Exception):
    """The other end sent something that is no message. The worker is not used any more."""


# Requests -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Load:
    """Load and initialise the library; the first message, once."""

    path: str


@dataclass(frozen=True)
class ListTokens:
    pass


@dataclass(frozen=True)
class Bind:
    """Open a session on this token, closing one on another. Label and serial must both be the token's."""

    label: str
    serial: str


@dataclass(frozen=True)
class ReadToken:
    """The bound token's flags now."""


@dataclass(frozen=True)
class ReadObjects:
    """Keys and certificates of the bound token that can be seen now (private keys only after `Login`)."""


@dataclass(frozen=True)
class Login:
    """One C_Login. `pin` None means the token's own pad."""

    pin: str | None


@dataclass(frozen=True)
class Logout:
    pass


@dataclass(frozen=True)
class KeyAddress:
    """A private key on the bound token."""

    label: str
    id: bytes


@dataclass(frozen=True)
class Sign:
    """A batch; `mechanism` is `rsa-pkcs1`, `rsa-pss`, `ecdsa` or `eddsa`."""

    key: KeyAddress
    mechanism: str
    hash_name: str
    imprints: tuple[bytes, ...]


@dataclass(frozen=True)
class Generate:
    label: str
    kind: str
    id: bytes | None


@dataclass(frozen=True)
class ImportCertificate:
    label: str
    id: bytes
    certificate: bytes
    subject: bytes
    issuer: bytes
    serial_number: bytes


@dataclass(frozen=True)
class InitToken:
    label: str
    so_pin: str
    user_pin: str


@dataclass(frozen=True)
class Shutdown:
    """Log out, finalise the library and end."""


# Replies ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Done:
    pass


@dataclass(frozen=True)
class Loaded:
    description: str
    manufacturer: str
    pid: int


@dataclass(frozen=True)
class Tokens:
    tokens: tuple[TokenInfo, ...]


@dataclass(frozen=True)
class TokenState:
    token: TokenInfo
    logged_in: bool


@dataclass(frozen=True)
class PrivateKeyFacts:
    label: str
    id: bytes
    spki: bytes | None
    can_sign: bool


@dataclass(frozen=True)
class PublicKeyFacts:
    label: str
    id: bytes
    spki: bytes | None
    kind: str


@dataclass(frozen=True)
class CertificateFacts:
    label: str
    id: bytes
    der: bytes


@dataclass(frozen=True)
class Objects:
    private: tuple[PrivateKeyFacts, ...]
    public: tuple[PublicKeyFacts, ...]
    certificates: tuple[CertificateFacts, ...]


@dataclass(frozen=True)
class Signatures:
    values: tuple[bytes, ...]
    reopened: bool
    """The session was lost and opened again on the way."""


@dataclass(frozen=True)
class Generated:
    spki: bytes
    id: bytes


Reason = Literal[
    "ckr",
    "login",
    "unsafe-login",
    "not-logged-in",
    "not-bound",
    "load",
    "no-token",
    "no-slot",
    "no-key",
    "many-keys",
    "taken",
    "internal",
]


@dataclass(frozen=True)
class Refusal:
    """Why a request was not done.

    `ckr`: `number` is the return value of `function`; `login`: the same, from C_Login; `unsafe-login`: not
    tried because of the token's `flags`. `text` never holds what a request held.
    """

    reason: Reason
    number: int = 0
    function: str = ""
    text: str = ""
    flags: int = 0
    """The token's flags after a refused login, 0 when they could not be read."""


Request = Union[  # noqa: UP007 - a runtime tuple of classes is read from it below
    Load,
    ListTokens,
    Bind,
    ReadToken,
    ReadObjects,
    Login,
    Logout,
    Sign,
    Generate,
    ImportCertificate,
    InitToken,
    Shutdown,
]
Reply = Union[Done, Loaded, Tokens, TokenState, Objects, Signatures, Generated, Refusal]  # noqa: UP007 - as above

_REQUESTS: dict[str, type[Any]] = {c.__name__: c for c in typing.get_args(Request)}
_REPLIES: dict[str, type[Any]] = {c.__name__: c for c in typing.get_args(Reply)}


def frame(call: int, message: Request | Reply) -> bytes:
    """The whole frame. Raises `WireError` when it would be too large."""
    body = encode(message)
    if len(body) > MAX_FRAME:
        raise WireError(f"a message of {len(body)} bytes; at most {MAX_FRAME} are sent")
    return HEADER.pack(len(body), call) + body


def read_header(header: bytes) -> tuple[int, int]:
    """(length of the body, number of the call). Raises `WireError` for a length above the limit."""
    length, call = HEADER.unpack(header)
    if length > MAX_FRAME:
        raise WireError(f"a message of {length} bytes announced; at most {MAX_FRAME} are read")
    return length, call


def encode(message: Request | Reply) -> bytes:
    return json.dumps([type(message).__name__, _plain(message)], separators=(",", ":")).encode("ascii")


def decode_request(body: bytes) -> Request:
    """The request in `body`. Raises `WireError`."""
    request: Request = _decode(body, _REQUESTS)
    return request


def decode_reply(body: bytes) -> Reply:
    """The reply in `body`. Raises `WireError`."""
    reply: Reply = _decode(body, _REPLIES)
    return reply


def _decode(body: bytes, known: dict[str, type[Any]]) -> Any:
    try:
        name, values = json.loads(body)
        return _typed(known[name], values)
    except (ValueError, TypeError, KeyError, binascii.Error, RecursionError):
        raise WireError("not a message of this protocol") from None  # the cause could quote the octets


def _plain(value: object) -> object:
    if isinstance(value, bytes):
        return base64.b64encode(value).decode("ascii")
    if isinstance(value, tuple):
        return [_plain(v) for v in value]
    if is_dataclass(value):
        return {f.name: _plain(getattr(value, f.name)) for f in fields(value)}
    return value


_hints: dict[type[Any], dict[str, Any]] = {}


def _typed(hint: Any, value: Any) -> Any:
    """`value` as the type `hint` says. Raises `TypeError`, `ValueError` or `KeyError`."""
    if hint is bytes:
        return base64.b64decode(value, validate=True)
    if typing.get_origin(hint) is Literal:
        if value not in typing.get_args(hint):
            raise ValueError
        return value
    if hint in (str, int, bool):
        if type(value) is not hint:
            raise TypeError
        return value
    if is_dataclass(hint) and isinstance(hint, type):
        if hint not in _hints:
            _hints[hint] = typing.get_type_hints(hint)
        if set(value) != set(_hints[hint]):
            raise KeyError
        return hint(**{n: _typed(h, value[n]) for n, h in _hints[hint].items()})
    arguments = typing.get_args(hint)
    if typing.get_origin(hint) is tuple and type(value) is list:
        return tuple(_typed(arguments[0], v) for v in value)
    if typing.get_origin(hint) in (types.UnionType, Union):
        return None if value is None else _typed(arguments[0], value)
    raise TypeError
