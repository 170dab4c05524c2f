"""Reading the JSON of requests and answers: one kind of value each, refused in the words of the specification."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping, Sequence
from typing import Any, Literal, NoReturn

from ..errors import FormatError
from ..scheme import DIGEST_SIZES, HashName
from .refusal import invalid, missing

Version = Literal["v1", "v2"]
VERSIONS: tuple[Version, ...] = ("v1", "v2")
SPECS: dict[Version, str] = {"v1": "1.0.4.0", "v2": "2.0.0.2"}
MAX_HASHES = 1000  # against denial of service: one request's hashes; a credential's `multisign` is lower
MAX_TEXT = 4096  # characters in one string parameter
HASHES: tuple[HashName, ...] = ("sha256", "sha384", "sha512")
"""What may be signed: at least SHA-256 (CSC 2.0 section 8)."""


def object_of(body: bytes) -> dict[str, Any]:
    """The JSON object in a request body; an empty body is an empty object. Raises `CscRefusal`."""
    if not body.strip():
        return {}
    try:
        value = json.loads(body, object_pairs_hook=_without_twins, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise invalid("The request body is not a JSON object") from None
    if not isinstance(value, dict):
        raise invalid("The request body is not a JSON object")
    return value


def _without_twins(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    """A parameter given twice has two readings, so it has none (RFC 8259 section 4)."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands twice")
    return found


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def text_in(body: Mapping[str, Any], name: str) -> str:
    value = body.get(name)
    if not isinstance(value, str) or not value or len(value) > MAX_TEXT or not _is_text(value):
        raise missing("string", name)
    return value


def _is_text(value: str) -> bool:
    """Neither half a character (`\\ud800`, RFC 8259 8.2) nor NUL: no database and no token takes them."""
    return "\0" not in value and not any("\ud800" <= c <= "\udfff" for c in value)


def optional_text(body: Mapping[str, Any], name: str) -> str | None:
    return None if body.get(name) is None else text_in(body, name)


def flag_in(body: Mapping[str, Any], name: str) -> bool:
    value = body.get(name)
    if value is None:
        return False
    if not isinstance(value, bool):
        raise missing("boolean", name)
    return value


def number_in(body: Mapping[str, Any], name: str) -> int:
    value = body.get(name)
    if not isinstance(value, int) or isinstance(value, bool):
        raise missing("integer", name)
    return value


def choice_in(body: Mapping[str, Any], name: str, default: str, allowed: Sequence[str]) -> str:
    value = optional_text(body, name) or default
    if value not in allowed:
        raise invalid(f"Invalid parameter {name}")
    return value


def octets_of(text: str, complaint: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise invalid(complaint) from None


def either(body: Mapping[str, Any], one: str, other: str) -> str | None:
    """Which of two spellings is used; both at once is refused, because then there would be two readings."""
    if body.get(one) is not None and body.get(other) is not None:
        raise invalid(f"Parameters {one} and {other} mean the same; pass one of them")
    return one if body.get(one) is not None else other if body.get(other) is not None else None


def digests_in(body: Mapping[str, Any], version: Version) -> tuple[bytes, ...]:
    name = either(body, "hash", "hashes")
    if name is None:
        raise missing("array", "hash" if version == "v1" else "hashes")
    values = body[name]
    if not isinstance(values, list):
        raise missing("array", name)
    if not values:
        raise invalid("Empty hash array")
    if len(values) > MAX_HASHES:
        raise invalid(f"More than {MAX_HASHES} hashes in one request")
    complaint = "Invalid Base64 hash string parameter"
    digests = []
    for value in values:
        if not isinstance(value, str) or not value:
            raise invalid(complaint)
        digests.append(octets_of(value, complaint))
    if any(len(d) not in {DIGEST_SIZES[h] for h in HASHES} for d in digests):
        raise invalid("Invalid digest value length")
    return tuple(digests)


def encoded(digests: Sequence[bytes]) -> list[str]:
    return [base64.b64encode(d).decode() for d in digests]


def answer_text(answer: Mapping[str, Any], name: str) -> str:
    value = answer.get(name)
    if not isinstance(value, str):
        raise FormatError(f"The CSC answer has no text {name!r}.")
    return value


def answer_texts(answer: Mapping[str, Any], name: str) -> tuple[str, ...]:
    value = answer.get(name)
    if not isinstance(value, list) or not all(isinstance(v, str) for v in value):
        raise FormatError(f"The CSC answer has no list of texts {name!r}.")
    return tuple(value)
