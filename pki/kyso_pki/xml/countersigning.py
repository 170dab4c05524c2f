"""A counter-signature: it covers the value of another signature, and nothing else (EN 319 132-1 5.2.7).

Reach for `prepare_countersignature`. It stands in the unsigned properties of the signature that it is about, as the
last one, so no archive timestamp that is there covers it. Refused: plain XMLDSIG (it has no place for it), a
signature that is not intact or whose SignatureValue has no Id to refer to, and one to which nothing can be added.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..credential import Chain
from ..document import Intent, Splice
from ..errors import SigningError, UsageError
from ..facts import SignatureFacts, preserver
from ..scheme import Scheme
from . import names
from .c14n import EXCLUSIVE
from .digests import part_digest
from .examine import examine
from .growth import room, spliced
from .ids import Ids
from .insertion import Insertion
from .names import XADES, ds
from .pending import XmlPending
from .preparing import File, fresh_identifier, refuse_unsupported, written
from .profiles import built_in
from .reading import identified
from .tree import Tree
from .writing import Context, NewReference, Pen

if TYPE_CHECKING:
    from lxml.etree import _Element

_OPENING, _CLOSING = f'<xades:CounterSignature xmlns:xades="{XADES}">', "</xades:CounterSignature>"


def prepare_countersignature(
    file: File, intent: Intent, chain: Chain, scheme: Scheme, earlier: Sequence[SignatureFacts]
) -> XmlPending:
    """One more signature, over the value of `intent.countersign`. `earlier`: the facts of those that are there.

    Raises `SigningError`, `UsageError`, `FormatError`.
    """
    profile = built_in("generic-xades")
    if intent.profile is not None:
        raise UsageError("A counter-signature has its own place; no profile says where.", remedy="Leave it out.")
    refuse_unsupported(intent, profile, scheme)
    facts = next((f for f in earlier if f.id == intent.countersign), None)
    if facts is None:
        listed = ", ".join(f.id for f in earlier) or "none"
        raise UsageError(
            f"There is no signature {intent.countersign!r} to countersign.", remedy=f"There is {listed}."
        )
    _require_sound(facts, earlier)
    signature = next(e for e, identifier in identified(file.tree.root) if identifier == facts.id)
    value = _value_of(signature, Ids(file.tree.root))
    reference = NewReference(
        f"#{value.get('Id')}",
        (EXCLUSIVE.uri,),
        profile.digest,
        part_digest(value, EXCLUSIVE, profile.digest),
        type=names.TYPE_COUNTERSIGNED,
    )
    where = room(file.tree, signature).around(_OPENING, _CLOSING)
    _require_harmless(file, where, earlier)
    return written(
        intent,
        profile,
        chain,
        scheme,
        [reference],
        pen=Pen(profile.prefix, Context()),
        identifier=fresh_identifier(file.tree.octets, intent, chain, [reference]),
        insertion=file.in_file(where),
        encoding=file.encoding,
        earlier=tuple(f.id for f in earlier),
        source=file.data,
        media_type=None,
    )


def _require_sound(facts: SignatureFacts, earlier: Sequence[SignatureFacts]) -> None:
    if not (facts.well_formed and facts.references_intact and facts.signature_intact):
        raise SigningError(f"The signature {facts.id!r} is not intact; it is not countersigned.")
    if facts.family == "XMLDSIG":
        raise SigningError(
            f"The signature {facts.id!r} is plain XMLDSIG, which has no place for a counter-signature.",
            remedy="Sign the document once more instead.",
        )
    if preserver(facts, earlier) is not None:
        raise SigningError(
            f"The signature {facts.id!r} stands under an archive timestamp; nothing can be added to it.",
            remedy="Countersign the signature that it stands in.",
        )


def _require_harmless(file: File, where: Insertion, earlier: Sequence[SignatureFacts]) -> None:
    """Tries it with nothing in it, before the key moves: a signature that covers the place would break."""
    text = (where.opening + where.closing).encode()
    tried = examine(Tree(spliced(file.tree.octets, [Splice(where.at, text, where.skipped)])))
    for before, after in zip(earlier, tried, strict=True):
        if before.references_intact and not after.references_intact:
            raise SigningError(
                f"The signature {before.id!r} covers the place of the counter-signature; it would break.",
                remedy=f"Countersign {before.id} instead.",
            )


def _value_of(signature: _Element, ids: Ids) -> _Element:
    """The SignatureValue, when exactly it has the identifier that it says."""
    value = next(e for e in signature if e.tag == ds("SignatureValue"))
    identifier = value.get("Id")
    if identifier is None:
        raise SigningError(
            "The SignatureValue has no Id, so no counter-signature can refer to it.",
            remedy="Sign at level B-T or above, where the value has one, or sign the document once more instead.",
        )
    if ids.find(identifier) is not value:
        raise SigningError(f"The identifier {identifier!r} leads to another element than the SignatureValue.")
    return value
