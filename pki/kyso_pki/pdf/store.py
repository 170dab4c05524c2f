"""Evidence in the document security store: read for verdicts, added for growth (ISO 32000-2 12.8.4.3).

Reach for `stored_evidence` and `add_evidence`. New evidence goes into the global arrays /Certs, /CRLs and /OCSPs.
No /VRI is written: it only repeats references to what stands there, under a SHA-1 of the signature, and
EN 319 142-1 5.4.2.3 leaves it to the writer; a /VRI that another program wrote is kept, and read.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from ..asn1 import der
from ..errors import FormatError, KysoError, LimitExceeded
from ..evidence import Evidence
from ..facts import Stored
from ..x509.certificate import Certificate
from .edit import append_items, appended, catalog_object, inner_dictionary, replace_entries
from .filters import decode
from .objects import UNREADABLE, Ref, Stream, Value, serialize
from .reader import Reader
from .update import Update

MAX_STORED: Final = 1024  # certificates, CRLs and OCSP answers together; each is looked at for every certificate
_KINDS: Final = {"Certs": "Certs", "CRLs": "CRLs", "OCSPs": "OCSPs", "Cert": "Certs", "CRL": "CRLs", "OCSP": "OCSPs"}


def stored_evidence(reader: Reader) -> tuple[Stored, ...]:
    """The evidence of the last revision's store, by the revision in which its octets were written.

    What cannot be read is no evidence; that never makes another piece count. Raises `LimitExceeded`.
    """
    found: dict[int, dict[str, list[bytes]]] = {}
    for kind, state, octets in _items(reader):
        found.setdefault(state, {"Certs": [], "CRLs": [], "OCSPs": []})[kind].append(octets)
    return tuple(
        Stored(
            state,
            tuple(dict.fromkeys(_certificates(kinds["Certs"]))),
            tuple(dict.fromkeys(kinds["CRLs"])),
            tuple(dict.fromkeys(kinds["OCSPs"])),
        )
        for state, kinds in sorted(found.items())
    )


def _items(reader: Reader) -> Iterator[tuple[str, int, bytes]]:
    """Kind, revision and octets of every stream that the store refers to, each stream once for a kind."""
    seen: set[tuple[str, int]] = set()
    for kind, ref in _references(reader):
        if (kind, ref.number) in seen:
            continue
        seen.add((kind, ref.number))
        if len(seen) > MAX_STORED:
            raise LimitExceeded(f"PDF: the document security store holds more than {MAX_STORED} pieces of evidence.")
        try:
            held = reader.fetch(ref.number)
            if held is None or not isinstance(held.value, Stream):
                continue
            octets = decode(held.value, reader.budget)
            der.read(octets, der.SEQUENCE)
        except LimitExceeded:
            raise
        except FormatError:
            continue
        revision = reader.revision_of(held.offset)
        if revision is not None:
            yield kind, revision.index, octets


def _references(reader: Reader) -> Iterator[tuple[str, Ref]]:
    try:
        store = reader.resolve(reader.catalog().get("DSS"))
        entries = reader.resolve(store.get("VRI")) if isinstance(store, dict) else None
    except FormatError:
        return
    for item in (store, *(entries.values() if isinstance(entries, dict) else ())):
        try:
            dictionary = reader.resolve(item)
            held = dictionary if isinstance(dictionary, dict) else {}
            arrays = [(key, reader.resolve(held.get(key))) for key in _KINDS]
        except FormatError:
            continue
        for key, array in arrays:
            for value in array if isinstance(array, list) else ():
                if isinstance(value, Ref):
                    yield _KINDS[key], value


def _certificates(items: list[bytes]) -> Iterator[Certificate]:
    for octets in items:
        try:
            yield Certificate.from_der(octets)
        except (KysoError, *UNREADABLE):
            continue


def add_evidence(reader: Reader, update: Update, evidence: Evidence) -> None:
    """Puts into the update what the store lacks of this evidence. Raises `FormatError` for a store of odd shape."""
    known = {octets for _, _, octets in _items(reader)}
    new = {
        "Certs": [c.der for c in evidence.certificates if c.der not in known],
        "CRLs": [c for c in evidence.crls if c not in known],
        "OCSPs": [o for o in evidence.ocsp if o not in known],
    }
    added = {key: [_stream(update, octets) for octets in items] for key, items in new.items() if items}
    if not added:
        return
    root = catalog_object(reader)
    store = inner_dictionary(reader, update, root, "DSS")
    if store is None:
        made: dict[str, Value] = {"Type": "DSS", **{k: list(v) for k, v in added.items()}}
        replace_entries(update, root, {"DSS": serialize(update.add(serialize(made)))})
    elif store.key is None:
        for key, refs in added.items():
            append_items(reader, update, store.holder, key, refs)
    else:
        changes: dict[str, bytes] = {}
        for key, refs in added.items():
            changes |= appended(reader, update, store.value, store.source, store.start, key, refs)
        store.set(update, changes)


def _stream(update: Update, octets: bytes) -> Ref:
    ref = update.reserve()
    update.replace(ref, update.stream(ref, {}, octets))
    return ref
