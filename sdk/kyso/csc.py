"""A remote key behind the Cloud Signature Consortium API: only hashes leave this machine."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from kyso_pki.credential import Chain
from kyso_pki.csc import (
    AuthorizeRequest,
    AuthorizeResponse,
    CredentialInfo,
    SignHashRequest,
    SignHashResponse,
    Version,
)
from kyso_pki.errors import CertificateMissing, SignatureValueInvalid
from kyso_pki.scheme import HashName, Scheme

Call = Callable[[str, dict[str, Any]], dict[str, Any]]
"""Sends one CSC method (`credentials/authorize`) with its JSON body and gives the JSON answer."""


def chain_of(info: CredentialInfo) -> Chain:
    """The chain that the server sent. Raises `CertificateMissing`."""
    if not info.certificates:
        raise CertificateMissing(f"The server sent no certificate for credential {info.id!r}.")
    return Chain(info.certificates)


class CscSigner:
    """Implements `kyso_pki.signer.Signer`: authorises exactly these hashes, then has them signed.

    The values are checked with the certificate's key, so a server that signs with another key is noticed here.
    """

    def __init__(
        self,
        call: Call,
        info: CredentialInfo,
        *,
        pin: Callable[[], str] | None = None,
        version: Version = "v2",
        hash_name: HashName | None = None,
        pss: bool = False,
    ) -> None:
        self._call = call
        self._info = info
        self._pin = pin
        self._version = version
        self._chain = chain_of(info)
        self._scheme = Scheme.for_key(self._chain.leaf.public_key, hash_name, pss=pss)

    @property
    def chain(self) -> Chain:
        return self._chain

    @property
    def scheme(self) -> Scheme:
        return self._scheme

    def sign(self, imprints: Sequence[bytes]) -> list[bytes]:
        """The values, in order; as many authorisations as the credential's `multisign` demands."""
        pin = self._pin() if self._pin and self._info.pin else None
        step = max(1, self._info.multisign)
        values: list[bytes] = []
        for start in range(0, len(imprints), step):
            values += self._sign(tuple(imprints[start : start + step]), pin)
        return values

    def _sign(self, hashes: tuple[bytes, ...], pin: str | None) -> Sequence[bytes]:
        authorize, sign_hash = requests_for(self._info, self._scheme, hashes, pin)
        sad = AuthorizeResponse.parse(self._call("credentials/authorize", authorize.to_json(self._version))).sad
        answer = self._call("signatures/signHash", sign_hash(sad).to_json(self._version))
        return checked(SignHashResponse.parse(answer, len(hashes)).signatures, hashes, self._chain, self._scheme)


def requests_for(
    info: CredentialInfo, scheme: Scheme, hashes: tuple[bytes, ...], pin: str | None
) -> tuple[AuthorizeRequest, Callable[[str], SignHashRequest]]:
    """The two messages of one signing: authorise these hashes, and then, given the SAD, sign them."""
    authorize = AuthorizeRequest(info.id, len(hashes), hashes, scheme.hash_name, pin)
    return authorize, lambda sad: SignHashRequest(info.id, sad, hashes, scheme)


def checked(values: Sequence[bytes], hashes: Sequence[bytes], chain: Chain, scheme: Scheme) -> list[bytes]:
    """The values, if each verifies over its hash with the certificate's key. Raises `SignatureValueInvalid`."""
    key = chain.leaf.public_key
    for value, imprint in zip(values, hashes, strict=True):
        if not scheme.verify(key, imprint, value):
            raise SignatureValueInvalid("The server returned a value that its own certificate does not verify.")
    return list(values)
