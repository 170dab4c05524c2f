"""From a document and a profile to a signature that waits for its value.

Reach for `prepare`. In this order: the profile's root and the place of the new Signature are found, earlier
signatures are looked at, what is referenced is hashed, and the text is written. Refused, before a key moves: a path
that leads nowhere or to more than one element, an identifier that is missing or ambiguous, a place inside of what is
signed without the enveloped-signature transform, and whatever would break an earlier signature.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from ..credential import Chain
from ..document import Intent
from ..errors import EarlierSignature, FormatError, LimitExceeded, ProfileMismatch, SigningError, UsageError
from ..octets import Octets, find
from ..scheme import HashName, Scheme, digest
from ..xmlprofile import Profile, ReferenceTo
from . import names
from .c14n import METHODS, Canonicalization, at, path_to
from .digests import document_digest, part_digest
from .ids import Ids
from .insertion import Insertion, inside
from .names import DS, ds
from .parse import namespace_of
from .pending import XmlPending
from .places import Paths, created, find_place, other_profiles, profiles_for
from .properties_signed import MAX_CONTENT_TIMESTAMPS
from .properties_written import content_stamp_xml, object_xml, signed_properties_xml
from .stream import canonical_pieces, skeleton
from .targets import absolute_path, is_inside, resolve
from .tree import Tree
from .writing import Context, NewReference, Pen
from .xmldsig import read_signature

if TYPE_CHECKING:
    from lxml.etree import _Element

    from ..facts import SignatureFacts

C14N: Final[dict[str, Canonicalization]] = {
    "exclusive": METHODS[names.EXC_C14N],
    "inclusive": METHODS["http://www.w3.org/TR/2001/REC-xml-c14n-20010315"],
    "inclusive-1.1": METHODS["http://www.w3.org/2006/12/xml-c14n11"],
}
TREES_UP_TO: Final = 32 << 20  # octets of a document that is parsed as one tree, which has some 13 times as many
_IDENTIFIER: Final = re.compile(r"[\w.:-]{1,256}")  # what needs no escaping, neither in XML nor in a URI reference

_DECLARED: Final = re.compile(rb"xmlns[^=<>\s]*\s*=\s*(?:\"[^\"<]*+\"|'[^'<]*+')")
_ODD_NAMESPACE: Final = "boolean(//namespace::*[contains(., '&') or contains(., '<')])"


@dataclass(frozen=True)
class File:
    """The file that is signed."""

    data: Octets
    tree: Tree
    """Of the same document in UTF-8."""
    mark: bytes
    """The byte order mark."""
    encoding: str

    def in_file(self, where: Insertion) -> Insertion:
        """The same place in the file's own octets."""
        if self.encoding == "utf-8":
            at, tag, skipped = where.at, where.attribute_at, where.skipped
        else:
            heads = (self.tree.source[:n] for n in (where.at, where.attribute_at))
            at, tag = (len(head.decode().encode(self.encoding)) for head in heads)
            skipped = 2 * where.skipped
        mark = len(self.mark)
        return replace(where, at=mark + at, skipped=skipped, attribute_at=mark + tag if where.attribute else 0)


def prepare(
    file: File,
    intent: Intent,
    profile: Profile,
    chain: Chain,
    scheme: Scheme,
    earlier: Sequence[SignatureFacts],
) -> XmlPending:
    """One more signature, as the profile wants it. `earlier`: the facts of those that are there.

    Raises `SigningError`, `UsageError`, `FormatError`.
    """
    refuse_unsupported(intent, profile, scheme)
    _refuse_odd_namespaces(file.tree)
    if _whole_at_the_end(profile) and not _is_for_a_tree(file.tree):
        return _prepare_large(file, intent, profile, chain, scheme, earlier)
    _refuse_signature_as_root(file.tree.root)
    paths = Paths(profile)
    base = paths.base(file.tree.root)
    place, where, missing = find_place(file.tree, base, paths)
    _respect_earlier(file.tree.root, place, earlier)
    if missing:
        # Created in a tree of our own too, because a part that is signed may be around the place.
        to_place, to_base = path_to(place), path_to(base)
        root = file.tree.take()
        base = at(root, to_base)
        place = created(at(root, to_place), missing)
    content = _Content(base, place, paths, len(file.tree.source))
    references = [r for asked in profile.references if (r := content.reference(asked)) is not None]
    identifier = fresh_identifier(file.tree.source, intent, chain, references)
    pen = Pen(profile.prefix, _context(profile, place))
    return written(
        intent,
        profile,
        chain,
        scheme,
        references,
        pen=pen,
        identifier=identifier,
        insertion=file.in_file(where),
        encoding=file.encoding,
        earlier=tuple(f.id for f in earlier),
        source=file.data,
    )


def _whole_at_the_end(profile: Profile) -> bool:
    """Whether nothing has to be known of the document but its root and its canonical octets."""
    return not profile.roots and not profile.place.path and [r.part for r in profile.references] == [""]


def _is_for_a_tree(tree: Tree) -> bool:
    """Whether the document is parsed whole; libxml2 takes no text of more than 10 MB into a tree."""
    if len(tree.source) > TREES_UP_TO:
        return False
    try:
        return tree.root is not None
    except LimitExceeded:
        return False


def _prepare_large(
    file: File, intent: Intent, profile: Profile, chain: Chain, scheme: Scheme, earlier: Sequence[SignatureFacts]
) -> XmlPending:
    """The same for a document that is read in pieces: once for its root and signatures, once to be hashed."""
    source = file.tree.source
    root = skeleton(source).root
    _refuse_signature_as_root(root)
    _respect_earlier(root, root, earlier)
    [asked] = profile.references
    uris, method = _transforms(asked)
    running = hashlib.new(profile.digest)
    for piece in canonical_pieces(source, method):
        running.update(piece)
    reference = NewReference("", uris, profile.digest, running.digest())
    return written(
        intent,
        profile,
        chain,
        scheme,
        [reference],
        pen=Pen(profile.prefix, _context(profile, root)),
        identifier=fresh_identifier(source, intent, chain, [reference]),
        insertion=file.in_file(inside(source, root)),
        encoding=file.encoding,
        earlier=tuple(f.id for f in earlier),
        source=file.data,
    )


def _refuse_signature_as_root(root: _Element) -> None:
    if namespace_of(root) in (DS, names.XADES, names.XADES141):
        raise SigningError("The document element is itself part of a signature; nothing can be enveloped in it.")


def prepare_parts(
    file: File,
    intent: Intent,
    profile: Profile,
    chain: Chain,
    scheme: Scheme,
    earlier: Sequence[SignatureFacts],
    identifiers: Sequence[str],
) -> XmlPending:
    """A signature over the elements with these identifiers, as the last child of the root. Raises as `prepare`."""
    refuse_unsupported(intent, profile, scheme)
    root = file.tree.root
    _respect_earlier(root, root, earlier)
    ids = Ids(root)
    method = C14N["exclusive"]
    references = []
    for name in identifiers:
        part = ids.find(name)
        if part is root:
            raise UsageError(f"{name!r} is the document element.", remedy="Sign the whole document.")
        references.append(
            NewReference(f"#{name}", (method.uri,), profile.digest, part_digest(part, method, profile.digest))
        )
    if not references:
        raise UsageError("No identifier was given of a part to sign.")
    return written(
        intent,
        profile,
        chain,
        scheme,
        references,
        pen=Pen(profile.prefix, _context(profile, root)),
        identifier=fresh_identifier(file.tree.source, intent, chain, references),
        insertion=file.in_file(inside(file.tree.source, root)),
        encoding=file.encoding,
        earlier=tuple(f.id for f in earlier),
        source=file.data,
    )


def written(
    intent: Intent,
    profile: Profile,
    chain: Chain,
    scheme: Scheme,
    content: Sequence[NewReference],
    *,
    pen: Pen,
    identifier: str,
    insertion: Insertion,
    encoding: str = "utf-8",
    earlier: tuple[str, ...] = (),
    source: Octets = b"",
    objects: str = "",
    detached: bool = False,
    media_type: str | None = "text/xml",
) -> XmlPending:
    """The text of the Signature around these references, in which the place of an own object is kept free."""
    method = C14N[profile.canonicalization]
    properties = None
    references = list(content)
    if profile.signing_time is not None:
        said = pen.signing_time(profile.signing_time, intent.signing_time, identifier, f"{identifier}-time")
        references = [_own(r, pen, said, profile, f"{identifier}-time") for r in references]
        objects += said
    if profile.form == "xades":
        references = [_numbered(r, f"{identifier}-ref-{n}") for n, r in enumerate(references, 1)]
        properties = signed_properties_xml(
            f"{identifier}-props",
            signing_time=intent.signing_time,
            leaf=chain.leaf,
            reference_ids=[f"{identifier}-ref-{n}" for n in range(1, len(references) + 1)],
            location=intent.location,
            claims=intent.claims,
            media_type=media_type,
            stamps=_content_stamps(intent, references),
        )
        references.append(_properties(pen, identifier, properties, method, profile.digest))
    info = pen.signed_info(scheme, method, references)
    carried = (chain.leaf,) if profile.key_info.certificates == "leaf" else chain.carried
    subject = chain.leaf.subject if profile.key_info.subject_name else None
    return XmlPending(
        to_be_signed=pen.canonical_info(info, method),
        scheme=scheme,
        leaf=chain.leaf,
        level=intent.level,
        identifier=identifier,
        pen=pen,
        signed_info=info,
        key_info=pen.key_info(carried, subject),
        objects=objects,
        properties=properties,
        insertion=insertion,
        encoding=encoding,
        earlier=earlier,
        source=source,
        detached=detached,
    )


def _content_stamps(intent: Intent, references: Sequence[NewReference]) -> str:
    """Timestamps over what is referenced: one reference's octets are what its digest is of, so nothing is read again.

    Over all of it together where there is one reference, else over each.
    """
    if intent.content_stamps is None:
        return ""
    if len(references) > MAX_CONTENT_TIMESTAMPS:
        raise UsageError(
            f"{len(references)} references need a timestamp each; at most {MAX_CONTENT_TIMESTAMPS} are written.",
            remedy="Leave the content timestamp out.",
        )
    written: list[str] = []
    for reference in references:
        token = intent.content_stamps.token(reference.digest, reference.hash_name)
        method = next((t for t in reversed(reference.transforms) if t in METHODS), C14N["inclusive"].uri)
        written.append(content_stamp_xml(token, method, None if len(references) == 1 else reference.id))
    return "".join(written)


def refuse_unsupported(intent: Intent, profile: Profile, scheme: Scheme) -> None:
    """What an XML signature cannot carry is refused, not dropped."""
    if scheme.hash_name == "sha1" or scheme.name not in names.SIGNATURE_URIS:
        raise SigningError(f"XML signatures are not written with {scheme.name}.")
    if profile.schemes and scheme.name not in profile.schemes:
        raise ProfileMismatch(
            f"The profile {profile.name} takes {', '.join(profile.schemes)}; this key signs with {scheme.name}.",
            remedy="Use a key of that kind, or a profile whose receiver takes this one.",
        )
    for option in ("reason", "contact", "field"):
        if getattr(intent, option) is not None:
            raise UsageError(f"An XML signature carries no {option}.", remedy=f"Leave the {option} out.")
    if intent.certify is not None or intent.lock is not None:
        raise UsageError("An XML signature neither certifies nor locks.", remedy="Leave both out to sign XML.")
    if intent.location and profile.form == "xmldsig":
        raise UsageError("A plain XML signature carries no location.", remedy="Use XAdES, or leave the location out.")


def _refuse_odd_namespaces(tree: Tree) -> None:
    """libxml2 writes the name of a namespace into canonical octets without escaping it (seen with 2.14), so that
    nobody else would find the same digest for `urn:a&amp;b`."""
    octets, at = tree.source, 0
    while (at := find(octets, b"xmlns", at)) >= 0:
        declared = _DECLARED.match(octets, at)
        at += 5
        if declared and b"&" in declared[0] and (tree.large or tree.root.xpath(_ODD_NAMESPACE)):
            raise SigningError("The name of a namespace holds & or <; its canonical form would be ambiguous.")


# Beside earlier signatures ------------------------------------------------------------------------------


def _respect_earlier(root: _Element, place: _Element, earlier: Sequence[SignatureFacts]) -> None:
    """Refuses what would break a signature that is there, or build upon one that is broken."""
    for facts in earlier:
        if not (facts.references_intact and facts.signature_intact):
            raise EarlierSignature(
                f"The document carries a signature that is not intact ({facts.id}); it is not signed again.",
                remedy="Verify the document, and sign the version before that signature.",
            )
    if not earlier:
        return
    ids = Ids(root)
    for signature in root.iter(ds("Signature")):
        for reference in read_signature(signature).info.references:
            if place is root and reference.uri and reference.uri[1:] not in root.attrib.values():
                continue  # a part, which the root is not in; of a large document it is not here
            part, target = resolve(reference, ids, root, signature)
            if not is_inside(place, (part,)):
                continue
            what = "the whole document" if target.root else target.name
            profiles = profiles_for(root)
            raise EarlierSignature(
                f"The signature {signature.get('Id') or absolute_path(signature)} covers {what}; another one in it "
                "would break it.",
                remedy="Let all signers sign parts of their own"
                + (f" (--profile: {', '.join(profiles)})" if profiles else "")
                + ", or put the signed document into another file.",
            )


# What ---------------------------------------------------------------------------------------------------


def _transforms(asked: ReferenceTo) -> tuple[tuple[str, ...], Canonicalization]:
    """The identifiers of the transforms, and the canonicalisation that they come to."""
    uris = tuple(names.ENVELOPED if t == "enveloped-signature" else C14N[t].uri for t in asked.transforms)
    return uris, next((C14N[t] for t in asked.transforms if t in C14N), C14N["inclusive"])


class _Content:
    """What is referenced, hashed."""

    def __init__(self, base: _Element, place: _Element, paths: Paths, size: int) -> None:
        self._base = base
        self._place = place
        self._paths = paths
        self._size = size
        self._root = base.getroottree().getroot()
        self._ids = Ids(self._root)

    def reference(self, asked: ReferenceTo) -> NewReference | None:
        """The Reference; one to an own object is completed when that is written. None: it may be left out."""
        profile = self._paths.profile
        uris, method = _transforms(asked)
        if asked.own is not None:
            return NewReference("", uris, profile.digest, b"", type=OWN)
        if not asked.part:
            return NewReference(
                "", uris, profile.digest, document_digest(self._root, self._size, method, profile.digest)
            )
        part = self._paths.one(self._base, asked.part)
        if part is None:
            if asked.missing == "skip":
                return None
            raise ProfileMismatch(
                f"The document has no {asked.part}, which the profile {profile.name} signs."
                + other_profiles(self._root, profile.name)
            )
        if names.ENVELOPED not in uris and is_inside(self._place, (part,)):
            raise ProfileMismatch(
                f"The signature would stand inside {absolute_path(part)}, which the profile {profile.name} signs "
                "without enveloped-signature."
            )
        identifier = self._identifier(part, asked)
        return NewReference(f"#{identifier}", uris, profile.digest, part_digest(part, method, profile.digest))

    def _identifier(self, part: _Element, asked: ReferenceTo) -> str:
        spelt = [f"{{{names.XML}}}id" if n == "xml:id" else n for n in asked.id]
        found = [str(v) for n in spelt if (v := part.get(n)) is not None]
        if len(found) != 1:
            raise ProfileMismatch(
                f"{absolute_path(part)} has {len(found)} of the attributes {', '.join(asked.id)}; exactly one must "
                "hold its identifier.",
                remedy="Give the element its identifier before the document is signed.",
            )
        if not _IDENTIFIER.fullmatch(found[0]):
            raise ProfileMismatch(f"The identifier {found[0][:80]!r} holds characters that a reference cannot.")
        if self._ids.find(found[0]) is not part:
            raise FormatError(f"The identifier {found[0]!r} leads to another element.")
        return found[0]


OWN: Final = "own:signing-time"  # in place of a Type while the object is not written; never reaches the text


def _own(reference: NewReference, pen: Pen, text: str, profile: Profile, identifier: str) -> NewReference:
    """The Reference to the signing time, completed."""
    if reference.type != OWN or profile.signing_time is None:
        return reference
    depth = ("Object", "SignatureProperties", "SignatureProperty").index(profile.signing_time.id_on)
    named = [C14N[t] for r in profile.references if r.own for t in r.transforms if t in C14N]
    octets = pen.canonical(text, named[0] if named else C14N["inclusive"], depth=depth)
    return NewReference(f"#{identifier}", reference.transforms, profile.digest, digest(profile.digest, octets))


def _numbered(reference: NewReference, identifier: str) -> NewReference:
    return NewReference(
        reference.uri, reference.transforms, reference.hash_name, reference.digest, identifier, reference.type
    )


def _properties(
    pen: Pen, identifier: str, properties: str, method: Canonicalization, hash_name: HashName
) -> NewReference:
    """The Reference over SignedProperties (EN 319 132-1 4.4.2), hashed as they will stand in the Signature."""
    if method.exclusive:
        octets = pen.canonical_exclusive(properties)
    else:
        octets = pen.canonical(object_xml(identifier, properties), method, depth=2)
    uri, kind = f"#{identifier}-props", names.TYPE_SIGNED_PROPERTIES
    return NewReference(uri, (method.uri,), hash_name, digest(hash_name, octets), type=kind)


def _context(profile: Profile, place: _Element) -> Context:
    """What stands around the Signature, where a canonicalisation takes any of it over."""
    own = profile.signing_time is not None
    return Context() if profile.canonicalization == "exclusive" and not own else Context.of(place)


def fresh_identifier(octets: Octets, intent: Intent, chain: Chain, content: Sequence[NewReference]) -> str:
    """An identifier that stands nowhere in the document: made of what is signed, by whom and when."""
    seed = b"".join(r.digest for r in content) + chain.leaf.der + intent.signing_time.isoformat().encode()
    while True:
        seed = hashlib.sha256(seed).digest()
        identifier = "kyso-" + seed[:12].hex()
        if find(octets, identifier.encode()) < 0:
            return identifier
