"""A counter-signature: it covers the value of another signature, and nothing else (EN 319 132-1 5.2.7).

Reach for `prepare_countersignature`. It stands in the unsigned properties of the signature that it is about, as the
last one, so no archive timestamp that is there covers it. Refused: plain XMLDSIG (it has no place for it), a
signature that is not intact, and one to which nothing can be added. A SignatureValue without an Id is given one, as
long as nothing covers its tag.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from ..credential import Chain
from ..document import Intent, Splice
from ..errors import SigningError, UsageError
from ..facts import SignatureFacts, preserver
from ..octets import find
from ..scheme import Scheme
from . import names
from .c14n import EXCLUSIVE, serialised
from .digests import part_digest
from .examine import examine
from .growth import room, spliced
from .ids import Ids
from .insertion import Insertion, in_tag
from .names import XADES, ds
from .parse import parse_utf8
from .pending import XmlPending
from .preparing import File, fresh_identifier, refuse_unsupported, written
from .profiles import built_in
from .reading import identified
from .tree import Tree
from .writing import Context, NewReference, Pen

if TYPE_CHECKING:
    from lxml.etree import _Element

_NAME = re.compile(r"[A-Za-z_][\w.-]{0,200}", re.ASCII)
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
    where = room(file.tree, signature).around(_OPENING, _CLOSING)
    value = next(e for e in signature if e.tag == ds("SignatureValue"))
    if value.get("Id") is None:
        value, where = _identified(file, value, where, facts.id)
    elif Ids(file.tree.root).find(str(value.get("Id"))) is not value:
        raise SigningError(f"The identifier {value.get('Id')!r} leads to another element than the SignatureValue.")
    reference = NewReference(
        f"#{value.get('Id')}",
        (EXCLUSIVE.uri,),
        profile.digest,
        part_digest(value, EXCLUSIVE, profile.digest),
        type=names.TYPE_COUNTERSIGNED,
    )
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
    splices = [Splice(where.attribute_at, where.attribute.encode())] if where.attribute else []
    tried = examine(Tree(spliced(file.tree.octets, [*splices, Splice(where.at, text, where.skipped)])))
    for before, after in zip(earlier, tried, strict=True):
        broken = before.references_intact and not after.references_intact
        if broken or sum(t.intact for t in before.timestamps) > sum(t.intact for t in after.timestamps):
            raise SigningError(
                f"The signature {before.id!r} covers the place of the counter-signature; it would break.",
                remedy=f"Countersign {before.id} instead.",
            )


def _identified(file: File, value: _Element, where: Insertion, signature: str) -> tuple[_Element, Insertion]:
    """A copy of a SignatureValue with an identifier, and the place with that attribute to be written too.

    At B-B nothing covers the tag of the value, so it may be given one; where something does, that is refused.
    """
    name = signature if _NAME.fullmatch(signature) else "countersigned"
    identifier = f"{name}-value"
    while find(file.tree.source, identifier.encode()) >= 0:
        identifier += "-1"
    copy = parse_utf8(serialised(value))
    copy.set("Id", identifier)
    return copy, replace(where, attribute_at=in_tag(file.tree.source, value), attribute=f' Id="{identifier}"')
