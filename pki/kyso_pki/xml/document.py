"""An XML document: its signatures, and room for one more.

Reach for `XmlDocument`. A new signature is enveloped, over the whole document as its last element, unless the intent
names a profile (`kyso_pki.xml.profiles`). Every octet outside the inserted Signature stays as it was: prolog,
encoding, line ends, indentation. The one exception is an element written as an empty tag that becomes its place,
whose `/>` turns into `>…</name>`.

What is refused: input that `parse` refuses, and a signature that would break an earlier one. An enveloped signature
over the whole document covers everything but itself, so nothing can be added beside it; only documents whose earlier
signatures cover parts (as e-invoices do) can take another.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import cached_property
from typing import Literal

from ..credential import Chain
from ..document import Addition, Intent, StampPurpose, Wanted
from ..errors import UsageError
from ..facts import SignatureFacts
from ..octets import Octets, find, hash_into
from ..scheme import Scheme
from ..xmlprofile import Profile
from . import growth
from .countersigning import prepare_countersignature
from .examine import examine, signed_content
from .growth import XmlStamp
from .names import ds
from .parse import utf8_octets
from .pending import XmlPending as XmlPending
from .preparing import File, prepare, prepare_parts
from .profiles import built_in
from .tree import NOTHING, Tree

_MARKS = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}


class XmlDocument:
    """An XML document. Raises `EmptyInput`, `FormatError`, `LimitExceeded` when it cannot be read.

    What is wrong with a large one is said when it is first looked at.
    """

    format: Literal["xml"] = "xml"

    def __init__(self, data: Octets, detached: Mapping[str, bytes] = NOTHING, *, xpath: bool = False) -> None:
        """`detached`: the octets at URIs outside the document that its signatures may refer to.

        `xpath`: whether its signatures may say by XPath what they cover; without it such a signature is refused.
        """
        self._data = data
        self._tree = Tree(utf8_octets(data), detached, xpath=xpath)

    def sha256(self) -> str:
        """Of the whole file, lower-case hex."""
        running = hashlib.sha256()
        hash_into(running, self._data, 0, len(self._data))
        return running.hexdigest()

    def signatures(self) -> tuple[SignatureFacts, ...]:
        """The facts of every ds:Signature in the file, nested ones too, in document order."""
        return self._facts

    @cached_property
    def _facts(self) -> tuple[SignatureFacts, ...]:
        return examine(self._tree)

    def signed_content(self, identifier: str) -> tuple[bytes, ...]:
        """The canonical octets that the intact signature with this id covers: what may be read as signed."""
        return signed_content(self._tree, identifier)

    def prepare(self, intent: Intent, chain: Chain, scheme: Scheme) -> XmlPending:
        """Makes a signature as the intent's profile wants it; without one enveloped, over the whole document.

        Raises `SigningError`, `UsageError`.
        """
        if intent.countersign is not None:
            return prepare_countersignature(self._file, intent, chain, scheme, self._earlier())
        return prepare(self._file, intent, profile_of(intent), chain, scheme, self._earlier())

    def prepare_parts(self, intent: Intent, chain: Chain, scheme: Scheme, identifiers: Sequence[str]) -> XmlPending:
        """Makes a signature over the elements with these identifiers only, as the last child of the root."""
        if intent.profile is not None:
            raise UsageError("Parts are named either by a profile or by identifiers.")
        return prepare_parts(self._file, intent, profile_of(intent), chain, scheme, self._earlier(), identifiers)

    # Growth (`kyso_pki.document.Growing`) -------------------------------------------------------------------

    @property
    def source(self) -> Octets:
        """The whole file, where it is."""
        return self._data

    @property
    def data(self) -> bytes:
        """The whole file; a map is copied."""
        return self._data if isinstance(self._data, bytes) else self._data[:]

    def prepare_timestamps(
        self, purpose: StampPurpose, size: Callable[[], int], only: Collection[str] | None
    ) -> list[XmlStamp]:
        """Room for a timestamp in each signature that needs one. Raises `FormatError`, `SigningError`."""
        return growth.stamps(self._tree, self._facts, purpose, only)

    def prepare_evidence(self, wanted: Sequence[Wanted], salt: bytes) -> Addition:
        """What puts this evidence into the signatures that lack it. Raises `SigningError`."""
        return growth.evidence(self._tree, self._facts, wanted)

    def reopened(self, data: bytes) -> XmlDocument:
        """The document in other octets. Raises `FormatError`."""
        return XmlDocument(data, self._tree.detached, xpath=self._tree.xpath)

    def grown(self, addition: Addition) -> XmlDocument:
        """The file with this in its signatures, in its own encoding. Raises `NotExtendable` when one would break."""
        octets, file = growth.spliced(self._tree.octets, addition), self._file
        self._tree.let_go()
        if file.encoding != "utf-8":
            octets = octets.decode().encode(file.encoding)
        longer = XmlDocument(file.mark + octets, self._tree.detached, xpath=self._tree.xpath)
        growth.require_unbroken(self._facts, longer.signatures())
        return longer

    @property
    def _file(self) -> File:
        data, mark = self._data, self._data[:2]
        if mark in _MARKS:
            return File(data, self._tree, mark, _MARKS[mark])
        bom = b"\xef\xbb\xbf"
        return File(data, self._tree, bom if data[:3] == bom else b"", "utf-8")

    def _earlier(self) -> tuple[SignatureFacts, ...]:
        """The signatures already there."""
        if find(self._tree.source, b"Signature") < 0:  # which no XML can write in another way
            return ()
        if not self._tree.large and next(self._tree.root.iter(ds("Signature")), None) is None:
            return ()
        return self._facts


def profile_of(intent: Intent) -> Profile:
    """The intent's profile, else the general one for its form."""
    return intent.profile or built_in(f"generic-{intent.xml_form}")
