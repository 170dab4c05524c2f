"""Who calls: an API token in the Authorization header (RFC 6750 section 2.1).

`bearer` reads the header, `caller` looks the token up. A missing token and a wrong one are 401, a header that
is not `Bearer TOKEN` is 400, in the words of the CSC specification. The token itself is never kept or logged.
"""

from __future__ import annotations

import hmac
import re

from kyso_pki.errors import KysoError

from .store import Store, active_tokens, sha256_hex

_TOKEN68 = re.compile(r"Bearer +([A-Za-z0-9._~+/-]+=*) *", re.IGNORECASE | re.ASCII)
MAX_HEADER = 4096


class MalformedAuthorization(KysoError):
    code = "auth.malformed"


class NotAuthorized(KysoError):
    code = "auth.refused"


def bearer(header: str | None) -> str:
    """The token in an Authorization header. Raises `NotAuthorized` without one, `MalformedAuthorization`."""
    if header is None:
        raise NotAuthorized("This needs an API token.", remedy="Send it as `Authorization: Bearer TOKEN`.")
    match = _TOKEN68.fullmatch(header) if len(header) <= MAX_HEADER else None
    if match is None:
        raise MalformedAuthorization("Malformed authorization header", remedy="Send `Authorization: Bearer TOKEN`.")
    return match.group(1)


def caller(store: Store, header: str | None) -> str:
    """The name of the API token. Raises `NotAuthorized`, `MalformedAuthorization`.

    Every token in force is compared, each in constant time, so that an answer's delay tells nothing.
    """
    digest = sha256_hex(bearer(header))
    found = None
    with store.reading() as session:
        for name, expected in active_tokens(session):
            if hmac.compare_digest(digest, expected):
                found = name
    if found is None:
        raise NotAuthorized("The API token is not valid.", remedy="Ask the server's administrator for a token.")
    return found
