"""The language between a caller's process and a worker: typed messages in length-framed octets.

A frame is the length of the body (4 octets, big-endian), the number of the call (4 octets) and the body: a
JSON array of the message's name and its fields, octet strings in base64; for `Sign` and `Signatures`, which
are the traffic, a mark and length-prefixed octets instead. Decoding builds only the dataclasses of this file
and checks every field against its type; nothing is executed and no pickle is read. A call has one reply,
except `Sign`: `Signatures` come as they are made until one says `last`, or a `Refusal` ends them.
"""

from __future__ import annotations

import base64
import binascii
import json
import struct
import types
import typing
from dataclasses import dataclass, fields, is_dataclass
from functools import cached_property, lru_cache
from typing import Any, Literal, Union

from .module import TokenInfo

MAX_FRAME = 16 * 1024 * 1024  # against a runaway length; a listing of 400 keys with certificates is under 2 MiB
HEADER = struct.Struct(">II")
_LENGTH = struct.Struct(">I")
_SIGNATURES = struct.Struct(">c??")
_SIGN_MARK, _SIGNATURES_MARK = b"\x01", b"\x02"  # JSON begins with neither


class WireError(Exception):
    """The other end sent something that is no message. The worker is not used any more."""


# Requests -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Load:
    """Load and initialise the library; the first message, once."""

    path: str


@dataclass(frozen=True)
class ListTokens:
    """Asks which tokens the module sees."""


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
    automatic: bool
    """No person gave this PIN just now: not tried when somebody's wrong PIN is on the token's count."""


@dataclass(frozen=True)
class LoginAgain:
    """One C_Login with the PIN of the last right one, after a lost session. The worker never logs in unasked."""


@dataclass(frozen=True)
class Logout:
    """Asks to log out and to close what is open."""


@dataclass(frozen=True)
class KeyAddress:
    """A private key on the bound token."""

    label: str
    id: bytes


@dataclass(frozen=True)
class SignWith:
    """A key and how it signs; `mechanism` is `rsa-pkcs1`, `rsa-pss`, `ecdsa` or `eddsa`."""

    key: KeyAddress
    mechanism: str
    hash_name: str

    @cached_property
    def octets(self) -> bytes:
        """As in the frame, with its length before it; the same for each batch of a key, so made once."""
        texts = (self.key.label, self.mechanism, self.hash_name)
        parts = _joined((*(t.encode("utf-8") for t in texts), self.key.id))
        return _LENGTH.pack(len(parts)) + parts


@dataclass(frozen=True)
class Sign:
    """A batch."""

    what: SignWith
    imprints: tuple[bytes, ...]


@dataclass(frozen=True)
class Generate:
    """Asks for a key pair on the token."""

    label: str
    kind: str
    id: bytes | None


@dataclass(frozen=True)
class ImportCertificate:
    """Asks to store a certificate beside its key."""

    label: str
    id: bytes
    certificate: bytes
    subject: bytes
    issuer: bytes
    serial_number: bytes


@dataclass(frozen=True)
class InitToken:
    """Asks to initialise a token, which erases it."""

    label: str
    so_pin: str
    user_pin: str


@dataclass(frozen=True)
class ReadDetails:
    """Mechanisms, PIN lengths, and what the private keys that can be seen now may do."""


@dataclass(frozen=True)
class ChangePin:
    """One C_SetPIN from the PIN of the `Login` before to `pin`; None means the token's own pad."""

    pin: str | None


@dataclass(frozen=True)
class Delete:
    """Destroys these objects, the private key last; needs `Login`."""

    certificates: tuple[bytes, ...]
    public: tuple[KeyAddress, ...]
    private: tuple[KeyAddress, ...]


@dataclass(frozen=True)
class Shutdown:
    """Log out, finalise the library and end."""


# Replies ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Done:
    """The answer where there is nothing to tell."""


@dataclass(frozen=True)
class Loaded:
    """The module is loaded and initialised."""

    description: str
    manufacturer: str
    pid: int


@dataclass(frozen=True)
class Tokens:
    """The answer to `ListTokens`."""

    tokens: tuple[TokenInfo, ...]


@dataclass(frozen=True)
class TokenState:
    """A token as it is now."""

    token: TokenInfo
    logged_in: bool


@dataclass(frozen=True)
class PrivateKeyFacts:
    """A private key object."""

    label: str
    id: bytes
    spki: bytes | None
    can_sign: bool


@dataclass(frozen=True)
class PublicKeyFacts:
    """A public key object."""

    label: str
    id: bytes
    spki: bytes | None
    kind: str


@dataclass(frozen=True)
class CertificateFacts:
    """A certificate object."""

    label: str
    id: bytes
    der: bytes


@dataclass(frozen=True)
class Objects:
    """What a token holds."""

    private: tuple[PrivateKeyFacts, ...]
    public: tuple[PublicKeyFacts, ...]
    certificates: tuple[CertificateFacts, ...]


@dataclass(frozen=True)
class Signatures:
    """The next values of a batch, in order."""

    values: tuple[bytes, ...]
    reopened: bool
    """The session was lost and opened again on the way."""
    last: bool


@dataclass(frozen=True)
class Generated:
    """The answer to `Generate`."""

    spki: bytes
    id: bytes


@dataclass(frozen=True)
class MechanismFacts:
    """One mechanism of a token."""

    name: str
    """As in PKCS#11 with CKM_; a vendor's own as a hexadecimal number."""
    min_size: int
    max_size: int


@dataclass(frozen=True)
class KeyAttributes:
    """A private key's attributes; None where the token does not say."""

    label: str
    id: bytes
    sensitive: bool | None
    extractable: bool | None
    always_sensitive: bool | None
    never_extractable: bool | None
    local: bool | None
    always_authenticate: bool | None
    sign: bool | None
    other_uses: tuple[str, ...]
    """What it may do besides signing: `decrypt`, `unwrap`, `derive`."""


@dataclass(frozen=True)
class Details:
    """What a token can do."""

    min_pin: int
    max_pin: int
    """0: the token does not say, or has no limit."""
    mechanisms: tuple[MechanismFacts, ...]
    keys: tuple[KeyAttributes, ...]


@dataclass(frozen=True)
class Deleted:
    """How many objects are gone."""

    count: int


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
    LoginAgain,
    Logout,
    Sign,
    Generate,
    ImportCertificate,
    InitToken,
    ReadDetails,
    ChangePin,
    Delete,
    Shutdown,
]
Reply = Union[Done, Loaded, Tokens, TokenState, Objects, Signatures, Generated, Details, Deleted, Refusal]  # noqa: UP007 - as above

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
    if isinstance(message, Signatures):
        return _SIGNATURES.pack(_SIGNATURES_MARK, message.reopened, message.last) + _joined(message.values)
    if isinstance(message, Sign):
        return _SIGN_MARK + message.what.octets + _joined(message.imprints)
    return json.dumps([type(message).__name__, _plain(message)], separators=(",", ":")).encode("ascii")


def decode_request(body: bytes) -> Request:
    """The request in `body`. Raises `WireError`."""
    if body[:1] == _SIGN_MARK:
        return _decode_sign(body)
    request: Request = _decode(body, _REQUESTS)
    return request


def decode_reply(body: bytes) -> Reply:
    """The reply in `body`. Raises `WireError`."""
    if body[:1] == _SIGNATURES_MARK:
        return _decode_signatures(body)
    reply: Reply = _decode(body, _REPLIES)
    return reply


def _joined(parts: tuple[bytes, ...]) -> bytes:
    """Each part behind its length in four octets."""
    return b"".join([octets for part in parts for octets in (_LENGTH.pack(len(part)), part)])


def _parted(body: bytes, at: int) -> list[bytes]:
    """What `_joined` joined, from `at` to the end. Raises `WireError`."""
    parts, end = [], len(body)
    while at < end:
        if at + 4 > end:
            raise WireError("a message that ends in the middle")
        start = at + 4
        at = start + _LENGTH.unpack_from(body, at)[0]
        if at > end:
            raise WireError("a message that ends in the middle")
        parts.append(body[start:at])
    return parts


def _decode_sign(body: bytes) -> Sign:
    if len(body) < 5:
        raise WireError("a message that ends in the middle")
    end = 5 + _LENGTH.unpack_from(body, 1)[0]
    if end > len(body):
        raise WireError("a message that ends in the middle")
    return Sign(_decode_sign_with(body[5:end]), tuple(_parted(body, end)))


@lru_cache(maxsize=64)  # a worker signs with a few keys, many times
def _decode_sign_with(octets: bytes) -> SignWith:
    parts = _parted(octets, 0)
    if len(parts) != 4:
        raise WireError("not a message of this protocol")
    try:
        label, mechanism, hash_name = (p.decode("utf-8") for p in parts[:3])
    except UnicodeDecodeError:
        raise WireError("not a message of this protocol") from None
    return SignWith(KeyAddress(label, parts[3]), mechanism, hash_name)


def _decode_signatures(body: bytes) -> Signatures:
    if len(body) < _SIGNATURES.size or body[1] > 1 or body[2] > 1:
        raise WireError("not a message of this protocol")
    _, reopened, last = _SIGNATURES.unpack_from(body)
    return Signatures(tuple(_parted(body, _SIGNATURES.size)), reopened, last)


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
