"""What the CA of this server says of itself: certificates, CRLs, OCSP answers, time-stamps.

Everything here blocks: call it in a thread. The keys are reached through the keyring like any other. A CRL is
made anew when it is a day old or lists fewer certificates than are revoked; the root's CRL is signed offline
and served as the file it is. Refused: answers for issuers that are not ours, a number given twice.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy.exc import IntegrityError

from kyso_pki.ades.stamping import token_size_of
from kyso_pki.authority import ocsp, timestamp
from kyso_pki.errors import FetchError
from kyso_pki.scheme import Scheme
from kyso_pki.tsp import timestamp_request, token_from_response

from . import crls, store
from .house import Authority, House
from .problems import NotFound, NotServed

CRL_RENEWED_AFTER = timedelta(days=1)
CRL_VALID_FOR = timedelta(days=7)
OCSP_VALID_FOR = timedelta(hours=1)


def _authority(house: House) -> Authority:
    if house.authority is None:
        raise NotServed("This server has no certification authority.")
    return house.authority


def certificate(house: House, name: str) -> bytes:
    """The DER certificate of `root`, `issuing`, `ocsp` or `tsa`. Raises `NotFound`, `NotServed`."""
    ours = _authority(house)
    found = {"root": ours.root, "issuing": ours.issuing, "ocsp": ours.ocsp}
    if house.tsa is not None:
        found["tsa"] = house.tsa.certificate
    if name not in found:
        raise NotFound(f"There is no certificate of that name; there are {', '.join(found)}.")
    return found[name].der


def crl(house: House, name: str) -> bytes:
    """The current DER CRL of `issuing` or `root`. Raises `NotFound`, `NotServed`, and what the key raises."""
    ours = _authority(house)
    if name == "root" and ours.root_crl is not None:
        return ours.root_crl.read_bytes()
    if name != "issuing":
        raise NotFound("There is no CRL of that name; `issuing` is made here, `root` when its file is given.")
    with ours.making_crl:
        try:
            return _current_crl(house, ours)
        except IntegrityError:  # another server process took this number first: its CRL is as good
            return _current_crl(house, ours)


def _current_crl(house: House, ours: Authority) -> bytes:
    at = house.now().replace(microsecond=0)
    with house.store.reading() as session:
        newest = store.newest_crl(session, ours.issuing)
        complete = newest is not None and newest.revoked == store.count_revoked(session, ours.issuing)
        if newest and complete and newest.this_update <= at < newest.this_update + CRL_RENEWED_AFTER:
            return newest.der
    key = house.keys.signer(ours.issuing_key)
    after = newest.number if newest else 0
    return crls.make(house.store, ours.issuing, key, after=after, at=at, until=at + CRL_VALID_FOR).encoded


def ocsp_answer(house: House, request: bytes) -> bytes:
    """The DER OCSPResponse, also to a request that cannot be read. Raises `NotServed` and what the key raises."""
    ours = _authority(house)
    at = house.now()

    def status_of(serial: int) -> ocsp.CertificateStatus:
        with house.store.reading() as session:
            row = store.find_certificate(session, ours.issuing, serial)
        if row is None:
            return ocsp.UNKNOWN  # never "good" for what we have no record of (CA/Browser BR 4.9.10)
        if row.status == "revoked":
            return ocsp.CertificateStatus("revoked", row.revoked_at, row.reason)
        return ocsp.GOOD

    signer = house.keys.signer(ours.ocsp_key)
    return ocsp.respond(
        request, signer=signer, issuer=ours.issuing, status_of=status_of, at=at, next_update=at + OCSP_VALID_FOR
    )


def timestamp_answer(house: House, request: bytes) -> bytes:
    """The DER TimeStampResp, a refusal included. Raises `NotServed` and what the key raises."""
    if house.tsa is None:
        raise NotServed("This server has no time-stamping authority.")
    if isinstance(refused := timestamp.read_request(request, house.tsa.policy), bytes):
        return refused  # before anything is written: anybody may send anything, and each row is synced to the disk
    signer = house.keys.signer(house.tsa.key)
    at = house.now()
    with house.store.writing() as session:
        serial = store.next_timestamp_serial(session, at)
    return timestamp.timestamp_response(request, signer=signer, at=at, serial=serial, policy=house.tsa.policy)


@dataclass(frozen=True)
class OwnTimestamper:
    """This server's TSA as a `Timestamper`, without the way over the network."""

    house: House

    @property
    def token_size(self) -> int:
        """An upper bound in bytes, from the authority's own chain: nothing is stamped to learn it."""
        tsa = self.house.tsa
        if tsa is None:
            raise NotServed("This server has no time-stamping authority.")
        chain = self.house.keys.chain(tsa.key)
        return token_size_of(chain, Scheme.for_key(chain.leaf.public_key))

    def timestamp(self, imprint: bytes, hash_name: str) -> bytes:
        request = timestamp_request(imprint, hash_name)
        answer = timestamp_answer(self.house, request)
        return token_from_response(answer, imprint=imprint, hash_name=hash_name, nonce=None)


@dataclass(frozen=True)
class OwnFetcher:
    """Answers for this server's own URLs from its own records, and fetches nothing from elsewhere.

    A verifier that follows the URLs of a stranger's certificate is a way into the closed network (V6).
    """

    house: House

    def _own_path(self, url: str) -> str:
        base = self.house.settings.url + "/"
        if not url.startswith(base):
            raise FetchError("This server fetches nothing from other servers.")
        return url.removeprefix(base)

    def ocsp(self, url: str, request: bytes) -> bytes:
        if self._own_path(url) != "ocsp":
            raise FetchError("This server has no OCSP responder at that URL.")
        return ocsp_answer(self.house, request)

    def crl(self, url: str) -> bytes:
        path = self._own_path(url)
        if not path.startswith("crl/") or not path.endswith(".crl"):
            raise FetchError("This server has no CRL at that URL.")
        return crl(self.house, path.removeprefix("crl/").removesuffix(".crl"))

    def certificates(self, url: str) -> bytes:
        path = self._own_path(url)
        if not path.startswith("ca/") or not path.endswith(".crt"):
            raise FetchError("This server has no certificate at that URL.")
        return certificate(self.house, path.removeprefix("ca/").removesuffix(".crt"))
