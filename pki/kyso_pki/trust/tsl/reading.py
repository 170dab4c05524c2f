"""A trusted list: its signature verified with keys that the caller pinned, then read from what was signed.

Reach for `read_list(data, pins)`. Everything is read from the canonical octets that the one signature covers, which
must be the whole list, and never from the file: what is wrapped, moved or put beside it is not seen (class X1).
A list that this code does not understand in full where trust depends on it is refused; a single service that it does
not understand is left out with the reason.

Nothing here knows the time or an earlier list: `kyso_pki.trust.acceptance` asks about both.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

from ...errors import FormatError, LimitExceeded, TrustBroken
from ...x509.certificate import Certificate
from ...xml.document import XmlDocument
from ...xml.parse import local_name, octets_of, parse, text_of
from ..bundle import check_signature, https
from .names import KNOWN_EXTENSIONS, LIST_MEDIA_TYPE, LISTS, LISTS_OF_LISTS, TAG, VERSIONS, tsl

if TYPE_CHECKING:
    from lxml.etree import _Element

# Limits, against denial of service; the largest national list has some 10 MB, 700 services and 30 states of one.
MAX_LIST_BYTES = 32 << 20
MAX_SERVICES = 20_000
MAX_HISTORY = 200  # of one service
MAX_POINTERS = 256
MAX_IDENTITIES = 64  # of one service or pointer
MAX_SEQUENCE = (1 << 53) - 1
MAX_LIFE = timedelta(days=184)  # "shall not exceed six (6) months" (clause 5.3.15)
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)")
TERRITORY = re.compile(r"[A-Z]{2}")


@dataclass(frozen=True)
class Identity:
    """What names a service's key (clause 5.5.3); certificates pin it, the rest are hints."""

    certificates: tuple[Certificate, ...] = ()
    subjects: tuple[str, ...] = ()
    key_identifiers: tuple[bytes, ...] = ()


@dataclass(frozen=True)
class State:
    """What a service was from one time on (clauses 5.5.1 to 5.5.5, and 5.6 for the past)."""

    service_type: str
    status: str
    start: datetime
    identity: Identity
    additional: frozenset[str]
    """URIs of AdditionalServiceInformation."""
    unknown: tuple[str, ...]
    """Critical extensions that are not understood."""


@dataclass(frozen=True)
class Service:
    """A trust service, the present state first, then the past in the order of the list."""

    provider: str
    name: str
    states: tuple[State, ...]


@dataclass(frozen=True)
class ListPointer:
    """Another list that this one names, with the certificates that may have signed it (clause 5.3.13)."""

    location: str
    territory: str | None
    list_type: str | None
    signers: tuple[Certificate, ...]


@dataclass(frozen=True)
class TrustedList:
    """What a scheme operator says."""

    version: int
    sequence: int
    list_type: str
    operator: str
    territory: str
    issued: datetime
    next_update: datetime | None
    """None: the list is closed (clause 5.3.15)."""
    pointers: tuple[ListPointer, ...]
    services: tuple[Service, ...]
    left_out: tuple[str, ...]
    """Services and pointers that could not be understood, with the reason."""
    signed_by: str
    """The key that signed it (SHA-256 of SubjectPublicKeyInfo, lower-case hex)."""

    @property
    def ends(self) -> datetime | None:
        """From when on nothing in it counts: NextUpdate, and six months after its issue at the latest, so that a key
        that is found after the end of its certificate makes no list that lasts."""
        return None if self.next_update is None else min(self.next_update, self.issued + MAX_LIFE)

    @property
    def of_lists(self) -> bool:
        return self.list_type in LISTS_OF_LISTS


def read_list(data: bytes, pins: Collection[str]) -> TrustedList:
    """The trusted list in this file. `pins`: SHA-256 (hex) of SubjectPublicKeyInfo of the keys that may have signed.

    Raises `TrustSignerUnknown`, `TrustBroken`, `FormatError`, `LimitExceeded`.
    """
    document = _document(data)
    facts = check_signature(document.signatures(), pins, "trusted list")
    signer = facts.certificate
    found = _list(_signed_root(document, facts.id), "" if signer is None else signer.spki_sha256)
    if found.territory != claimed_territory(data):
        raise TrustBroken("The trusted list that is signed is not the one that is seen.")
    if signer is None or not signer.not_before <= found.issued <= signer.not_after:
        raise TrustBroken("The trusted list was issued outside the validity of its signer's certificate.")
    return found


def claimed_territory(data: bytes) -> str:
    """Whose list it claims to be, before anything is checked: only to look up the keys that may have signed it.

    Raises `FormatError`, `LimitExceeded`.
    """
    _document(data)
    return _territory(_one(_root(parse(data)), "SchemeInformation"))


def _document(data: bytes) -> XmlDocument:
    if len(data) > MAX_LIST_BYTES:
        raise LimitExceeded(f"A trusted list of {len(data)} octets; at most {MAX_LIST_BYTES} are read.")
    return XmlDocument(data)


def _signed_root(document: XmlDocument, identifier: str) -> _Element:
    """The list as it was signed."""
    signed = map(parse, document.signed_content(identifier))
    roots = [root for root in signed if root.tag == tsl("TrustServiceStatusList")]
    if len(roots) != 1:
        raise TrustBroken(f"The signature covers {len(roots)} trusted lists instead of one.")
    return _root(roots[0])


def _root(root: _Element) -> _Element:
    if root.tag != tsl("TrustServiceStatusList"):
        raise FormatError("The document is no trusted list (TS 119 612).")
    if root.get("TSLTag") != TAG:
        raise FormatError("The document has not the tag of a trusted list (TS 119 612 5.2.1).")
    return root


def _list(root: _Element, signed_by: str) -> TrustedList:
    if odd := [c for c in root if c.tag not in (tsl("SchemeInformation"), tsl("TrustServiceProviderList"))]:
        raise FormatError(f"The trusted list holds {str(odd[0].tag)[:200]}, which is no part of one.")
    scheme = _one(root, "SchemeInformation")
    version, sequence = _number(scheme, "TSLVersionIdentifier"), _number(scheme, "TSLSequenceNumber")
    if version not in VERSIONS:
        raise FormatError(f"The trusted list is of version {version}; {' and '.join(map(str, VERSIONS))} are read.")
    list_type = _text(scheme, "TSLType")
    if list_type not in LISTS and not re.fullmatch(_OTHER_TYPE, list_type):
        raise FormatError(f"The trusted list is of the unknown type {list_type[:200]}.")
    if unknown := _unknown_critical(scheme, "SchemeExtensions"):
        raise FormatError(f"The trusted list has a critical extension that is not known: {unknown[0][:200]}.")
    following = _one(scheme, "NextUpdate")
    times = _children(following, "dateTime")
    left_out: list[str] = []
    return TrustedList(
        version,
        sequence,
        list_type,
        _name(_one(scheme, "SchemeOperatorName")),
        _territory(scheme),
        _time(_text(scheme, "ListIssueDateTime")),
        _time(_content(_one(following, "dateTime"))) if times else None,
        tuple(_pointers(scheme, left_out)),
        tuple(_services(root, left_out)),
        tuple(left_out),
        signed_by,
    )


_OTHER_TYPE = r"http://uri\.etsi\.org/TrstSvc/TrustedList/TSLType/[A-Z]{2}(?:list|listofthelists)"


def _territory(scheme: _Element) -> str:
    text = _text(scheme, "SchemeTerritory")
    if not TERRITORY.fullmatch(text):
        raise FormatError(f"{text[:40]!r} is not the code of a territory (TS 119 612 5.3.10).")
    return text


def _pointers(scheme: _Element, left_out: list[str]) -> Iterator[ListPointer]:
    holder = _maybe(scheme, "PointersToOtherTSL")
    found = [] if holder is None else _children(holder, "OtherTSLPointer")
    if len(found) > MAX_POINTERS:
        raise LimitExceeded(f"The trusted list names {len(found)} others; at most {MAX_POINTERS} are read.")
    for element in found:
        try:
            pointer = _pointer(element)
        except FormatError as e:
            left_out.append(f"a pointer to another list: {e.message}")
            continue
        if isinstance(pointer, ListPointer):
            yield pointer
        elif pointer:
            left_out.append(pointer)


def _pointer(element: _Element) -> ListPointer | str:
    """The pointer, or why it leads nowhere; empty for one to a list for human readers."""
    location = _text(element, "TSLLocation")
    told: dict[str, str] = {}
    for info in element.iterfind(f"{tsl('AdditionalInformation')}/{tsl('OtherInformation')}"):
        for child in info:
            if local_name(child) in ("TSLType", "SchemeTerritory", "MimeType") and not len(child):
                if local_name(child) in told:
                    raise FormatError(f"{local_name(child)} stands twice in it.")
                told[local_name(child)] = _content(child)
    if told.get("MimeType", LIST_MEDIA_TYPE) != LIST_MEDIA_TYPE:
        return ""
    if not https(location):
        return f"the list at {location[:200]!r}, which is no https address"
    signers: list[Certificate] = []
    identities = _maybe(element, "ServiceDigitalIdentities")
    for one in [] if identities is None else _children(identities, "ServiceDigitalIdentity")[:MAX_IDENTITIES]:
        signers += _identity(one).certificates
    if not signers:
        return f"the list at {location[:200]}, for which no certificate is told"
    return ListPointer(location, told.get("SchemeTerritory"), told.get("TSLType"), tuple(dict.fromkeys(signers)))


def _services(root: _Element, left_out: list[str]) -> Iterator[Service]:
    holder = _maybe(root, "TrustServiceProviderList")
    count = 0
    for provider in [] if holder is None else _children(holder, "TrustServiceProvider"):
        information = _one(provider, "TSPInformation")
        name = _name(_one(information, "TSPName"))
        unknown = _unknown_critical(information, "TSPInformationExtensions")
        for element in _children(_one(provider, "TSPServices"), "TSPService"):
            count += 1
            if count > MAX_SERVICES:
                raise LimitExceeded(f"The trusted list has more than {MAX_SERVICES} services.")
            try:
                if unknown:
                    raise FormatError(f"a critical extension of its provider is not known: {unknown[0][:200]}")
                yield _service(name, element)
            except FormatError as e:
                left_out.append(f"a service of {name}: {e.message.removesuffix('.')}")


def _service(provider: str, element: _Element) -> Service:
    present = _one(element, "ServiceInformation")
    name = _name(_one(present, "ServiceName"))
    history = _maybe(element, "ServiceHistory")
    past = [] if history is None else _children(history, "ServiceHistoryInstance")
    if len(past) > MAX_HISTORY:
        raise LimitExceeded(f"{name} has {len(past)} former states; at most {MAX_HISTORY} are read.")
    states = tuple(_state(e) for e in (present, *past))
    starts = [s.start for s in states]
    if any(later <= earlier for later, earlier in pairwise(starts)):
        raise FormatError(f"the states of {name} are not in the order of their times, the newest first")
    return Service(provider, name, states)


def _state(element: _Element) -> State:
    additional: set[str] = set()
    for info in element.iter(tsl("AdditionalServiceInformation")):
        additional.add(_text(info, "URI"))
    return State(
        _text(element, "ServiceTypeIdentifier"),
        _text(element, "ServiceStatus"),
        _time(_text(element, "StatusStartingTime")),
        _identity(_one(element, "ServiceDigitalIdentity")),
        frozenset(additional),
        _unknown_critical(element, "ServiceInformationExtensions"),
    )


def _identity(element: _Element) -> Identity:
    found = _children(element, "DigitalId")
    if len(found) > MAX_IDENTITIES:
        raise LimitExceeded(f"A service has {len(found)} identities; at most {MAX_IDENTITIES} are read.")
    certificates: list[Certificate] = []
    subjects: list[str] = []
    identifiers: list[bytes] = []
    for one in found:
        for child in one:
            if child.tag == tsl("X509Certificate"):
                certificates.append(Certificate.from_der(octets_of(child)))
            elif child.tag == tsl("X509SubjectName"):
                subjects.append(_content(child))
            elif child.tag == tsl("X509SKI"):
                identifiers.append(octets_of(child))
    return Identity(tuple(dict.fromkeys(certificates)), tuple(subjects), tuple(identifiers))


def _unknown_critical(element: _Element, holder: str) -> tuple[str, ...]:
    """Critical extensions that are not understood (clause 5.5.9.1): by name."""
    extensions = _maybe(element, holder)
    unknown: list[str] = []
    for extension in [] if extensions is None else _children(extensions, "Extension"):
        critical = (extension.get("Critical") or "").strip()
        if critical in ("false", "0"):
            continue
        names = [str(child.tag) for child in extension if isinstance(child.tag, str)]
        unknown += [n for n in names if n not in KNOWN_EXTENSIONS]
        if not names or critical not in ("true", "1"):
            unknown.append("one without a name")
    return tuple(unknown)


# Reading elements ---------------------------------------------------------------------------------------


def _children(element: _Element, name: str) -> list[_Element]:
    return list(element.iterchildren(tsl(name)))


def _maybe(element: _Element, name: str) -> _Element | None:
    found = _children(element, name)
    if len(found) > 1:
        raise FormatError(f"{name} stands {len(found)} times where one is due.")
    return found[0] if found else None


def _one(element: _Element, name: str) -> _Element:
    found = _maybe(element, name)
    if found is None:
        raise FormatError(f"{name} is missing in {local_name(element)}.")
    return found


def _text(element: _Element, name: str) -> str:
    return _content(_one(element, name))


def _content(element: _Element) -> str:
    return text_of(element).strip(" \t\r\n")


def _name(element: _Element) -> str:
    """The English name, else the first; for people only."""
    names = _children(element, "Name")
    english = [n for n in names if n.get("{http://www.w3.org/XML/1998/namespace}lang") == "en"]
    for chosen in (*english, *names):
        return " ".join(_content(chosen).split())[:200]
    raise FormatError(f"{local_name(element)} holds no name.")


def _number(element: _Element, name: str) -> int:
    text = _text(element, name)
    if not re.fullmatch(r"[0-9]{1,16}", text) or not 0 < int(text) <= MAX_SEQUENCE:
        raise FormatError(f"{name} is {text[:40]!r}, which is no number of a trusted list.")
    return int(text)


def _time(text: str) -> datetime:
    try:
        if not _TIME.fullmatch(text):
            raise ValueError
        return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):
        raise FormatError(f"{text[:40]!r} is not a time with its zone (TS 119 612 5.1.5).") from None
