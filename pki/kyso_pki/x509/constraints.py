"""Name constraints along a path (RFC 5280 4.2.1.10 and 6.1).

Reach for `broken_constraints`. Names are compared type by type: directory names, mail addresses, DNS names, URIs and
IP addresses. A constraint on any other type refuses every certificate that bears a name of that type. What is
refused besides: minimum and maximum, which RFC 5280 forbids, and more comparisons than `MAX_COMPARISONS`.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ..asn1 import der
from ..errors import FormatError, LimitExceeded
from . import certificate as x
from .certificate import Certificate, name_in

NAME_CONSTRAINTS = "2.5.29.30"
MAX_COMPARISONS = 50_000  # names × subtrees in one path: some 50 ms (attack class R2)

_MAIL, _DNS, _DIRECTORY, _URI, _IP = 0x81, 0x82, 0xA4, 0x86, 0x87
_TYPES = {
    0xA0: "otherName",
    _MAIL: "rfc822Name",
    _DNS: "dNSName",
    0xA3: "x400Address",
    _DIRECTORY: "directoryName",
    0xA5: "ediPartyName",
    _URI: "uniformResourceIdentifier",
    _IP: "iPAddress",
    0x88: "registeredID",
}
_HOST = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://(?:[^/?#@]*@)?([A-Za-z0-9._-]+)(?::[0-9]*)?(?:[/?#]|$)")
_Rdns = tuple[frozenset[tuple[str, str]], ...]


@dataclass(frozen=True)
class GeneralName:
    """One GeneralName: its tag and what is compared."""

    tag: int
    value: str | bytes | _Rdns

    @property
    def type(self) -> str:
        return _TYPES.get(self.tag, f"[{self.tag:#x}]")

    def __str__(self) -> str:
        if isinstance(self.value, tuple):
            return ", ".join(f"{text}" for rdn in self.value for _, text in sorted(rdn)) or "an empty name"
        return self.value.hex() if isinstance(self.value, bytes) else self.value


@dataclass(frozen=True)
class NameConstraints:
    """The subtrees that a CA may certify names in, and those that it may not (RFC 5280 4.2.1.10)."""

    permitted: tuple[GeneralName, ...]
    excluded: tuple[GeneralName, ...]


def broken_constraints(chain: Sequence[Certificate]) -> str | None:
    """Which name in this chain (leaf first, the anchor last) lies outside what a CA above it may certify.

    The anchor's own constraints count (RFC 5937 3.2). Raises `FormatError` for what cannot be read, `LimitExceeded`.
    """
    held: list[NameConstraints] = []
    budget = MAX_COMPARISONS
    for position in range(len(chain) - 1, -1, -1):
        certificate = chain[position]
        if held and (position == 0 or not certificate.self_issued):
            names = names_of(certificate)
            budget -= len(names) * sum(len(c.permitted) + len(c.excluded) for c in held)
            if budget < 0:
                raise LimitExceeded(f"More than {MAX_COMPARISONS} comparisons of names with name constraints.")
            for name in names:
                if why := _outside(name, held):
                    return why
        if (constraints := constraints_of(certificate)) is not None:
            held.append(constraints)
    return None


def constraints_of(certificate: Certificate) -> NameConstraints | None:
    """The extension, None when absent. Raises `FormatError`."""
    ext = certificate.extensions.get(NAME_CONSTRAINTS)
    if ext is None:
        return None
    reader = der.read(ext.value, der.SEQUENCE).reader()
    permitted, excluded = (reader.optional(der.implicit(n, constructed=True)) for n in (0, 1))
    reader.finish()
    if permitted is None and excluded is None:
        raise FormatError("nameConstraints without any subtree.")
    return NameConstraints(_subtrees(permitted), _subtrees(excluded))


def _subtrees(element: der.Element | None) -> tuple[GeneralName, ...]:
    found = []
    for item in element.reader() if element else ():
        reader = item.expect(der.SEQUENCE).reader()
        base = reader.take()
        if reader.more:
            raise FormatError("A subtree of nameConstraints has a minimum or a maximum.")
        found.append(_general_name(base))
    return tuple(found)


def names_of(certificate: Certificate) -> tuple[GeneralName, ...]:
    """Every name that the certificate gives its subject: the DN, its mail addresses, the alternative names."""
    found = []
    if certificate.subject.canonical:
        found.append(GeneralName(_DIRECTORY, certificate.subject.canonical))
    ext = certificate.extensions.get(x.SUBJECT_ALTERNATIVE_NAME)
    alternatives = [_general_name(e) for e in der.read(ext.value, der.SEQUENCE).reader()] if ext else []
    if not any(n.tag == _MAIL for n in alternatives):
        found += [GeneralName(_MAIL, text) for text in certificate.subject.all("emailAddress")]
    return (*found, *alternatives)


def _general_name(element: der.Element) -> GeneralName:
    if element.tag == _DIRECTORY:
        reader = element.reader()
        name = name_in(reader.take(der.SEQUENCE))
        reader.finish()
        return GeneralName(_DIRECTORY, name.canonical)
    if element.tag in (_MAIL, _DNS, _URI):
        return GeneralName(element.tag, _ascii(element.content))
    return GeneralName(element.tag, element.content)


def _ascii(octets: bytes) -> str:
    """IA5String. A NUL or another control character would end the name for some readers (attack class V7)."""
    try:
        text = octets.decode("ascii")
    except UnicodeDecodeError:
        raise FormatError("A name in a certificate is not IA5String.") from None
    if any(ord(c) < 0x20 or ord(c) == 0x7F for c in text):
        raise FormatError("A name in a certificate holds control characters.")
    return text


def _outside(name: GeneralName, held: Sequence[NameConstraints]) -> str | None:
    for constraints in held:
        for tree in constraints.excluded:
            if tree.tag == name.tag and _within(name, tree):
                return f"its name {name} ({name.type}) is excluded by name constraints"
        permitted = [t for t in constraints.permitted if t.tag == name.tag]
        if permitted and not any(_within(name, t) for t in permitted):
            return f"its name {name} ({name.type}) is not permitted by name constraints"
    return None


def _within(name: GeneralName, tree: GeneralName) -> bool:
    compare = _COMPARE.get(name.tag)
    if compare is None:
        raise FormatError(f"Name constraints on {name.type} are not supported, and such a name stands below them.")
    return compare(name.value, tree.value)


def _directory(name: object, tree: object) -> bool:
    return isinstance(name, tuple) and isinstance(tree, tuple) and name[: len(tree)] == tree


def _mail(name: object, tree: object) -> bool:
    """A mailbox, all of a host, or (with a leading dot) all hosts of a domain; the local part keeps its case."""
    if not (isinstance(name, str) and isinstance(tree, str)):
        return False
    local, _, host = name.rpartition("@")
    if not local or not host:
        raise FormatError(f"The mail address {name!r} in a certificate has no local part or no host.")
    host = host.lower()
    if "@" in tree:
        wanted, _, at = tree.rpartition("@")
        return local == wanted and host == at.lower()
    tree = tree.lower()
    return host.endswith(tree) if tree.startswith(".") else host == tree


def _dns(name: object, tree: object) -> bool:
    """The tree itself and everything made by adding labels on its left; an empty tree holds all."""
    if not (isinstance(name, str) and isinstance(tree, str)):
        return False
    name, tree = name.lower().removesuffix("."), tree.lower().removeprefix(".")
    return not tree or name == tree or name.endswith("." + tree)


def _uri(name: object, tree: object) -> bool:
    """By its host, which must be a name: exact, or with a leading dot any host below it."""
    if not (isinstance(name, str) and isinstance(tree, str)):
        return False
    host = found[1] if (found := _HOST.match(name)) else None
    if host is None or _is_address(host):
        raise FormatError(f"The URI {name!r} in a certificate names no host, and name constraints apply to it.")
    host, tree = host.lower(), tree.lower()
    return host.endswith(tree) if tree.startswith(".") else host == tree


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _address(name: object, tree: object) -> bool:
    """An address under address and mask."""
    if not (isinstance(name, bytes) and isinstance(tree, bytes)):
        return False
    if len(tree) not in (8, 32) or len(name) not in (4, 16):
        raise FormatError("An IP address in a certificate or its name constraints has a wrong length.")
    half = len(tree) // 2
    if len(name) != half:
        return False
    address, mask = tree[:half], tree[half:]
    return all((a ^ b) & m == 0 for a, b, m in zip(name, address, mask, strict=True))


_COMPARE: dict[int, Callable[[object, object], bool]] = {
    _DIRECTORY: _directory,
    _MAIL: _mail,
    _DNS: _dns,
    _URI: _uri,
    _IP: _address,
}
