"""How much room a timestamp needs: from the authority itself where it can be known.

Reach for `token_size`. An authority that says so (`SizedTimestamper`) is believed; any other is asked for one token
over nothing, once for as long as the object lives, because its chain and its policy decide the size. So an authority
that does not answer is noticed before the key is used.
"""

from __future__ import annotations

import weakref
from typing import Final, Protocol, runtime_checkable

from ..cms.attributes import signed_attributes
from ..cms.signed_data import signed_data_size
from ..credential import Chain
from ..scheme import DIGEST_SIZES, Scheme, digest
from ..signer import Timestamper

TIMESTAMP_HASH: Final = "sha256"
SLACK: Final = 256  # bytes: serial numbers, fractions of a second and ECDSA values differ from token to token
_TST_INFO: Final = 256  # bytes of TSTInfo with the longest imprint, serial number and nonce
_sizes: weakref.WeakKeyDictionary[Timestamper, int] = weakref.WeakKeyDictionary()


@runtime_checkable
class SizedTimestamper(Timestamper, Protocol):
    """An authority that knows how large its tokens are."""

    @property
    def token_size(self) -> int:
        """An upper bound, in bytes."""


def token_size(timestamper: Timestamper) -> int:
    """The room to keep for one token of this authority, in bytes. Raises `TimestampError`, `FetchError`."""
    if isinstance(timestamper, SizedTimestamper):
        return timestamper.token_size
    try:
        known = _sizes.get(timestamper)
    except TypeError:  # an object without a hash; it is asked each time
        return _probed(timestamper)
    if known is None:
        known = _sizes[timestamper] = _probed(timestamper)
    return known


def _probed(timestamper: Timestamper) -> int:
    return len(timestamper.timestamp(digest(TIMESTAMP_HASH, b""), TIMESTAMP_HASH)) + SLACK


def token_size_of(chain: Chain, scheme: Scheme) -> int:
    """An upper bound for the tokens of an authority with this chain, which carry it without its root."""
    blank = bytes(DIGEST_SIZES[scheme.hash_name])
    attributes = signed_attributes(content_digest=blank, leaf=chain.leaf, scheme=scheme)
    return signed_data_size(chain, scheme, len(attributes)) + _TST_INFO + SLACK
