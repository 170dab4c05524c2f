"""Whether what a server gave back is the document that was sent, signed or extended, and nothing else.

Reach for `require_signed` and `require_extended`. Whoever sends a whole document to be signed leaves its hash to the
server; one that mixes up two callers, or a proxy that answers from its memory, would otherwise hand him a validly
signed document of somebody else. Who signed is not asked here: that is `verify`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from kyso_pki.cms.signed_data import SignedData, read_signed_data
from kyso_pki.errors import FormatError, OtherDocument
from kyso_pki.facts import SignatureFacts
from kyso_pki.formats import is_pdf, is_signature_file, open_document

from .signing import Password

_REMEDY = (
    "Nothing of the answer was kept. Ask the server's administrator what it signed, and by which way it answered."
)


def require_signed(
    sent: bytes,
    answer: bytes,
    password: Password | None,
    *,
    certified: bool = False,
    countersigned: bool = False,
) -> None:
    """Returns when `answer` is `sent` with one intact signature more. Raises `OtherDocument`."""
    if is_pdf(sent):
        new = _appended(sent, answer, password, certified=certified)
        own = [f for f in new if f.family != "DOCTIMESTAMP"]
        if len(own) != 1 or not _sound(own[0]):
            raise OtherDocument("The server's answer holds no intact new signature.", remedy=_REMEDY)
        return
    from kyso_pki.xml.inserted import is_one_signature_more, same_without_unsigned

    same = same_without_unsigned if countersigned else is_one_signature_more
    _require(lambda: same(sent, answer))
    before, after = _signatures(sent, password), _signatures(answer, password)
    if len(after) != len(before) + 1 or sum(map(_sound, after)) != sum(map(_sound, before)) + 1:
        raise OtherDocument("The server's answer holds no intact new signature.", remedy=_REMEDY)


def require_extended(sent: bytes, answer: bytes, password: Password | None) -> None:
    """Returns when `answer` is `sent` with nothing more than evidence and timestamps. Raises `OtherDocument`."""
    if answer == sent:  # nothing was missing
        return
    if is_pdf(sent):
        new = _appended(sent, answer, password, certified=False)
        lost = not all(f.family == "DOCTIMESTAMP" and _sound(f) for f in new)
    elif is_signature_file(sent):
        _require(lambda: _signed(sent) == _signed(answer))
        return
    else:
        from kyso_pki.xml.inserted import same_without_unsigned

        _require(lambda: same_without_unsigned(sent, answer))
        before, after = _signatures(sent, password), _signatures(answer, password)
        lost = len(after) != len(before) or any(map(_lost, before, after))
    if lost:
        raise OtherDocument("A signature or timestamp in the server's answer is not intact.", remedy=_REMEDY)


def _require(same: Callable[[], bool]) -> None:
    try:
        if same():
            return
    except FormatError:  # an answer that cannot be read is none
        pass
    raise OtherDocument("The server answered with something else than the document that was sent.", remedy=_REMEDY)


def _appended(sent: bytes, answer: bytes, password: Password | None, *, certified: bool) -> list[SignatureFacts]:
    """The facts of what was signed after the octets that were sent. Raises `OtherDocument`."""
    _require(lambda: len(answer) > len(sent) and answer.startswith(sent))
    after = _signatures(answer, password)
    # What cannot be placed in the file is new unless it stood there before, as broken as it is now.
    before = {f.id for f in _signatures(sent, password)} if any(f.pdf is None for f in after) else set()
    new = [f for f in after if (f.id not in before if f.pdf is None else sum(f.pdf.byte_range[2:]) > len(sent))]
    from kyso_pki.pdf.appended import besides_signing

    try:
        more = besides_signing(sent, answer, new, password, certified=certified)
    except FormatError as e:
        raise OtherDocument(f"The server's answer cannot be read: {e.message}", remedy=_REMEDY) from None
    if more:
        raise OtherDocument(f"The server changed more than it was asked to. {more[0].text}", remedy=_REMEDY)
    return new


def _signatures(data: bytes, password: Password | None) -> Sequence[SignatureFacts]:
    """The facts of every signature. Raises `OtherDocument` for what is no document."""
    try:
        return tuple(open_document(data, password).signatures())
    except FormatError as e:
        raise OtherDocument(f"The server's answer cannot be read: {e.message}", remedy=_REMEDY) from None


def _signed(data: bytes) -> tuple[bytes | None, bytes, list[bytes]]:
    """What the signers of a CMS file signed, and their signatures. Raises `FormatError`."""
    found = open_document(data)
    structure: SignedData = read_signed_data(getattr(found, "data", b""))
    return structure.content, structure.raw_content_type, [s.signed_fields for s in structure.signers]


def _sound(facts: SignatureFacts) -> bool:
    return facts.references_intact and facts.signature_intact and facts.well_formed


def _lost(before: SignatureFacts, after: SignatureFacts) -> bool:
    """Whether a signature, or a timestamp in it, is not intact any more."""
    return _sound(before) > _sound(after) or _stamps(before) > _stamps(after)


def _stamps(facts: SignatureFacts) -> int:
    return sum(t.intact for t in facts.timestamps)
