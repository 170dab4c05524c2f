"""A trust bundle: anchors with their purposes and times, numbered, with an end, signed as one file.

Reach for `read_bundle(data, pins)` and `content_of(bundle)`, whose octets are signed as an enveloping CAdES signature
(`.p7m`, docs/trust.md). Only one signature over the whole, made by a key that the caller pinned, makes a bundle;
certificates, their validity and revocation play no part. What the JSON inside may hold is stated here in full:
an unknown or repeated member is refused, because a reader that skips what it does not know trusts too much.

Nothing here knows the time or an earlier bundle: `acceptance` asks about both.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, get_args

from ..cades.document import CmsDocument
from ..errors import FormatError, KysoError, LimitExceeded, TrustBroken, TrustSignerUnknown, UsageError
from ..facts import SignatureFacts
from ..scheme import strong_enough
from ..x509.certificate import Certificate
from ..x509.trust import Anchor, Purpose, TrustStore

FORMAT: Final = "kyso-trust-bundle"
VERSION: Final = 1
MAX_BUNDLE_BYTES = 16 << 20  # against memory exhaustion; 5,000 CAs take 12 MB
MAX_ANCHORS = 5_000  # all trusted lists of Europe together name some 4,000 services
MAX_SIGNERS = 16
MAX_NOTE = 1000  # characters
MAX_SEQUENCE = (1 << 53) - 1  # what every reader of JSON holds exactly (RFC 8259 6)
HAND: Final = "own"  # what a trust store calls the anchors that its user added by hand; no publisher is called so
_NAME = re.compile(r"[a-z0-9](?:[a-z0-9.-]{0,62}[a-z0-9])?")
_PIN = re.compile(r"[0-9a-f]{64}")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
_MEMBERS = frozenset({"format", "version", "name", "sequence", "issued", "expires", "update", "signers", "anchors"})
_OF_AN_ANCHOR = frozenset({"certificate", "purposes", "from", "until", "note"})
_PURPOSES: tuple[Purpose, ...] = get_args(Purpose)


@dataclass(frozen=True)
class TrustBundle:
    """What a publisher says about whom to trust."""

    name: str
    """Lower-case letters, digits, dots and dashes: what later bundles are compared with."""
    sequence: int
    """Grows with every bundle of this name."""
    issued: datetime
    expires: datetime
    """From this instant on nothing is believed."""
    signers: tuple[str, ...]
    """Keys that may sign the next bundle of this name (SHA-256 of SubjectPublicKeyInfo, lower-case hex)."""
    anchors: tuple[Anchor, ...]
    notes: tuple[str | None, ...]
    """One for each anchor: why it is there, or why its trust ended."""
    update: str | None = None
    """Where the next bundle is published (https)."""

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name) or self.name == HAND:
            raise UsageError(
                f"{self.name[:80]!r} is no name of a bundle.",
                remedy="Use lower-case letters, digits, dots and dashes; at most 64.",
            )
        if not 0 < self.sequence <= MAX_SEQUENCE:
            raise UsageError(f"{self.sequence} is no sequence number of a bundle; 1 is the first.")
        if self.issued.utcoffset() is None or self.expires.utcoffset() is None or self.expires <= self.issued:
            raise UsageError("A bundle ends after it was issued, at a time with a zone.")
        if self.update is not None and not https(self.update):
            raise UsageError(f"{self.update[:200]!r} is no https address.")
        if not 0 < len(self.signers) <= MAX_SIGNERS or not all(map(_PIN.fullmatch, self.signers)):
            raise UsageError(f"A bundle names 1 to {MAX_SIGNERS} keys that may sign the next (SHA-256, hex).")
        if len(self.anchors) > MAX_ANCHORS or len(self.notes) != len(self.anchors):
            raise UsageError(f"A bundle holds at most {MAX_ANCHORS} anchors, with a note or None for each.")
        if not all(n is None or (n.isprintable() and len(n) <= MAX_NOTE) for n in self.notes):
            raise UsageError(f"A note is one line of at most {MAX_NOTE} characters.")

    @property
    def source(self) -> str:
        """As reports call it."""
        return f"bundle {self.name} #{self.sequence}"

    @property
    def store(self) -> TrustStore:
        return TrustStore(self.anchors)


def https(address: str) -> bool:
    """Whether this can be an address that an update is fetched from: https, no name and password in it."""
    return bool(re.fullmatch(r"https://[^\s/?#@\\]+(?:[/?#][\x21-\x7e]*)?", address)) and len(address) <= 2000


# Writing ------------------------------------------------------------------------------------------------


def content_of(bundle: TrustBundle) -> bytes:
    """The octets to be signed: JSON in UTF-8, one anchor a line, so that two bundles can be compared by eye."""
    head = {
        "format": FORMAT,
        "version": VERSION,
        "name": bundle.name,
        "sequence": bundle.sequence,
        "issued": _written(bundle.issued),
        "expires": _written(bundle.expires),
        "update": bundle.update,
        "signers": list(bundle.signers),
    }
    listed = (anchor_json(a, n) for a, n in zip(bundle.anchors, bundle.notes, strict=True))
    lines = ",\n".join(json.dumps(one, ensure_ascii=False) for one in listed)
    opened = json.dumps(head, ensure_ascii=False, indent=1).removesuffix("\n}")
    return f'{opened},\n "anchors": [\n{lines}\n ]\n}}\n'.encode()


def anchor_json(anchor: Anchor, note: str | None) -> dict[str, Any]:
    """One anchor as it stands in a bundle."""
    return {
        "certificate": base64.b64encode(anchor.certificate.der).decode(),
        "purposes": sorted(anchor.purposes),
        "from": None if anchor.trusted_from is None else _written(anchor.trusted_from),
        "until": None if anchor.trusted_until is None else _written(anchor.trusted_until),
        "note": note,
    }


def _written(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


# Reading ------------------------------------------------------------------------------------------------


def read_bundle(data: bytes, pins: Collection[str]) -> TrustBundle:
    """The bundle in this signed file. `pins`: SHA-256 (hex) of the SubjectPublicKeyInfo of keys that may have signed.

    Raises `TrustSignerUnknown` for another signer, `TrustBroken` for what is not intact or signed in another way,
    `FormatError` for what is no bundle, `LimitExceeded`.
    """
    if len(data) > MAX_BUNDLE_BYTES:
        raise LimitExceeded(f"A trust bundle of {len(data)} octets; at most {MAX_BUNDLE_BYTES} are read.")
    document = CmsDocument(data)
    check_signature(document.signatures(), pins, "trust bundle")
    content = document.content
    if content is None:
        raise TrustBroken("The trust bundle is not inside its signature.", remedy="Take the .p7m file as published.")
    return _content(content)


def signed_name(data: bytes) -> str:
    """The name that a bundle claims, before anything is checked: only to look up the keys that may have signed it.

    Raises `FormatError`, `LimitExceeded`.
    """
    if len(data) > MAX_BUNDLE_BYTES:
        raise LimitExceeded(f"A trust bundle of {len(data)} octets; at most {MAX_BUNDLE_BYTES} are read.")
    content = CmsDocument(data).content
    if content is None:
        raise TrustBroken("The trust bundle is not inside its signature.", remedy="Take the .p7m file as published.")
    return _content(content).name


def check_signature(signatures: Collection[SignatureFacts], pins: Collection[str], what: str) -> SignatureFacts:
    """The one signature of a bundle or list, when it is intact, over the whole, and of a pinned key.

    Raises `TrustBroken`, `TrustSignerUnknown`.
    """
    own = [s for s in signatures if s.countersigned is None]
    if len(own) != 1:
        raise TrustBroken(f"The {what} carries {len(own)} signatures instead of one.")
    [facts] = own
    problems = [f.text for f in facts.findings if f.severity == "error"]
    if not facts.signature_intact or not facts.references_intact or facts.certificate is None:
        problems.insert(0, "it is not what was signed")
    if not facts.coverage.whole:
        problems.append(f"the signature covers only {facts.coverage.what}")
    if any(c for c in facts.changes_after):
        problems.append("it was changed after it was signed")
    if facts.family not in ("CAdES", "XAdES"):
        problems.append("no signed attribute names the signer's certificate (CAdES, XAdES)")
    hashes = (facts.content_hash, facts.scheme.hash_name if facts.scheme else None)
    if "sha1" in hashes or facts.scheme is None:
        problems.append("it is signed with SHA-1 or an unknown algorithm")
    if facts.certificate is None or problems:
        raise TrustBroken(f"The {what} cannot be relied on: {'; '.join(p.removesuffix('.') for p in problems)}.")
    try:
        strong = strong_enough(facts.certificate.public_key)
    except KysoError:
        strong = False
    if not strong:
        raise TrustBroken(f"The {what} is signed with a key that is too weak or of an unknown kind.")
    if facts.certificate.spki_sha256 not in pins:
        who = f"{facts.certificate.subject} with the key {facts.certificate.spki_sha256}"
        text = f"The {what} is signed by {who}, and none is accepted for it yet."
        if pins:
            text = f"The {what} is signed by {who}, which is none of the {len(pins)} that are accepted."
        raise TrustSignerUnknown(
            text,
            remedy="Compare the key with a second source, and name it with --signed-by.",
            pin=facts.certificate.spki_sha256,
        )
    return facts


def _content(octets: bytes) -> TrustBundle:
    try:
        value = json.loads(octets.decode(), object_pairs_hook=_object, parse_float=_no, parse_constant=_no)
    except (ValueError, RecursionError) as e:  # not UTF-8, not JSON, 5,000 digits
        raise FormatError(f"The trust bundle holds no JSON: {type(e).__name__}.") from None
    if not isinstance(value, dict) or value.get("format") != FORMAT:
        raise FormatError("What is signed is no trust bundle.", remedy="Take the file that the publisher calls so.")
    if value.get("version") != VERSION or isinstance(value["version"], bool):
        raise FormatError(f"The trust bundle is of another version than {VERSION}.", remedy="Update kyso.")
    _only(value, _MEMBERS, "The trust bundle")
    anchors = _list(value["anchors"], MAX_ANCHORS, "anchors")
    name, sequence = value["name"], value["sequence"]
    if not isinstance(name, str) or not isinstance(sequence, int) or isinstance(sequence, bool):
        raise FormatError("The trust bundle has no name or no sequence number.")
    source = f"bundle {name} #{sequence}"
    read = [_anchor(a, f"Anchor {n}", source) for n, a in enumerate(anchors, 1)]
    try:
        return TrustBundle(
            name,
            sequence,
            _time(value["issued"], "issued"),
            _time(value["expires"], "expires"),
            tuple(_text(s, "signers") for s in _list(value["signers"], MAX_SIGNERS, "signers")),
            tuple(a for a, _ in read),
            tuple(n for _, n in read),
            None if value["update"] is None else _text(value["update"], "update"),
        )
    except UsageError as e:
        raise FormatError(f"The trust bundle cannot be meant: {e.message}") from None


def read_anchor(value: Any, where: str, source: str | None) -> tuple[Anchor, str | None]:
    """What `anchor_json` gave. Raises `FormatError`."""
    return _anchor(value, where, source)


def _anchor(value: Any, where: str, source: str | None) -> tuple[Anchor, str | None]:
    if not isinstance(value, dict):
        raise FormatError(f"{where} is no object.")
    _only(value, _OF_AN_ANCHOR, where)
    try:
        certificate = Certificate.from_der(base64.b64decode(_text(value["certificate"], where), validate=True))
    except binascii.Error:
        raise FormatError(f"{where}: the certificate is no base64.") from None
    purposes = _list(value["purposes"], len(_PURPOSES), f"{where}: purposes")
    if not purposes or not all(p in _PURPOSES for p in purposes):
        raise FormatError(f"{where}: a purpose is none of {', '.join(_PURPOSES)}.", remedy="Update kyso.")
    start, end = (None if value[k] is None else _time(value[k], f"{where}: {k}") for k in ("from", "until"))
    if start is not None and end is not None and end <= start:
        raise FormatError(f"{where}: its trust ends before it begins.")
    note = None if value["note"] is None else _text(value["note"], f"{where}: note")
    if note is not None and len(note) > MAX_NOTE:
        raise FormatError(f"{where}: the note has more than {MAX_NOTE} characters.")
    return Anchor(certificate, frozenset(purposes), start, end, source), note


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a member stands twice")
    return found


def _no(text: str) -> Any:
    raise ValueError(f"{text[:20]} is no whole number")


def _only(value: Mapping[str, Any], known: frozenset[str], where: str) -> None:
    if value.keys() != known:
        odd = ", ".join(sorted(k[:40] for k in value.keys() ^ known)[:10])
        raise FormatError(f"{where} has other members than this version knows, or lacks some: {odd}.")


def _list(value: Any, most: int, where: str) -> list[Any]:
    if not isinstance(value, list):
        raise FormatError(f"The trust bundle has no list of {where}.")
    if len(value) > most:
        raise LimitExceeded(f"The trust bundle has {len(value)} {where}; at most {most} are read.")
    return value


def _text(value: Any, where: str) -> str:
    if not isinstance(value, str) or not value.isprintable():
        raise FormatError(f"The trust bundle has no printable text where it is due ({where}).")
    return value


def _time(value: Any, where: str) -> datetime:
    try:
        if not isinstance(value, str) or not _TIME.fullmatch(value):
            raise ValueError
        return datetime.fromisoformat(value)
    except ValueError:
        raise FormatError(f"The trust bundle has no time such as 2026-11-28T00:00:00Z in {where}.") from None
