"""A whole PKI in memory, for tests of kyso and of what is built on it; no file, no network, no clock.

    world = World.create(at=datetime(2026, 11, 23, tzinfo=UTC))
    signed = sign_document(document, intent, world.person_signer, world.timestamper(world.at))
    report = verify_document(signed, trust=world.trust, at=world.at, fetcher=world.fetcher(world.at))
    world.revoke(world.person, world.at, "keyCompromise")

`World` has a root CA, an issuing CA, a TSA, an OCSP responder, an official (RSA-2048), an agency seal (P-256), an
expired official, a signer of an unrelated CA (`stranger_signer`) and one of a CA that bears the same names with
other keys (`impostor_signer`). `fetcher` and `timestamper` misbehave on order (`FetchFault`, `StampFault`), and
`forge` writes certificates that no CA should issue.
Keys are made once per process and shared by all worlds: never use one outside of tests.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cache
from typing import Literal

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from .asn1 import der
from .authority import ocsp as ocsp_authority
from .authority.issue import encoded_name, issue, new_serial
from .authority.ocsp import GOOD, UNKNOWN, CertificateStatus, respond
from .authority.profile import (
    AGENCY_SEAL,
    ISSUING_CA,
    NO_URLS,
    OCSP_RESPONDER,
    PERSON,
    ROOT_CA,
    TSA,
    Profile,
    Subject,
    Urls,
)
from .authority.revoke import Revoked, issue_crl
from .authority.timestamp import SYSTEM_FAILURE, refusal, timestamp_response
from .credential import Chain
from .errors import Unreachable
from .scheme import HashName, Scheme
from .signer import SigningKey
from .tsp import timestamp_request, token_from_response
from .x509.certificate import Certificate
from .x509.trust import TrustStore

KeyKind = Literal["rsa2048", "rsa3072", "rsa1024", "p256", "p384", "p521", "ed25519"]
PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey
FetchFault = Literal["unreachable", "unknown", "stale", "refused", "junk", "foreign"]
StampFault = Literal["unreachable", "refused", "wrong imprint", "wrong nonce", "junk"]

POLICY = "1.3.6.1.4.1.99999.1.1"
BASE_URL = "http://pki.tinh-mau.example"
PROVINCE, DEPARTMENT = "UBND tỉnh Mẫu", "Sở Thông tin và Truyền thông tỉnh Mẫu"
_CURVES: dict[str, ec.EllipticCurve] = {"p256": ec.SECP256R1(), "p384": ec.SECP384R1(), "p521": ec.SECP521R1()}
_YEAR = timedelta(days=365)


@cache
def software_key(kind: KeyKind, number: int = 0) -> PrivateKey:
    """A private key of this kind, made at the first call; the same `number` gives the same key again."""
    if kind == "ed25519":
        return ed25519.Ed25519PrivateKey.generate()
    if kind in _CURVES:
        return ec.generate_private_key(_CURVES[kind])
    return rsa.generate_private_key(65537, int(kind.removeprefix("rsa")))


@dataclass(frozen=True)
class SoftwareSigningKey:
    """A `SigningKey` over a private key in memory."""

    private_key: PrivateKey = field(repr=False)
    scheme: Scheme

    @classmethod
    def of(
        cls, private_key: PrivateKey, hash_name: HashName | None = None, *, pss: bool = False
    ) -> SoftwareSigningKey:
        return cls(private_key, Scheme.for_key(private_key.public_key(), hash_name, pss=pss))

    @property
    def public_key(self) -> PublicKeyTypes:
        return self.private_key.public_key()

    def sign(self, imprints: Sequence[bytes]) -> list[bytes]:
        return [self._sign(imprint) for imprint in imprints]

    def _sign(self, imprint: bytes) -> bytes:
        key, scheme = self.private_key, self.scheme
        if isinstance(key, ed25519.Ed25519PrivateKey):
            return key.sign(imprint)
        hash_: hashes.HashAlgorithm = getattr(hashes, scheme.hash_name.upper())()
        if isinstance(key, ec.EllipticCurvePrivateKey):
            return key.sign(imprint, ec.ECDSA(Prehashed(hash_)))
        pad: padding.AsymmetricPadding = padding.PKCS1v15()
        if scheme.padding == "pss":
            pad = padding.PSS(mgf=padding.MGF1(hash_), salt_length=scheme.hash_size)
        return key.sign(imprint, pad, Prehashed(hash_))


@dataclass(frozen=True)
class SoftwareSigner(SoftwareSigningKey):
    """A `Signer` over a private key in memory."""

    chain: Chain

    @property
    def certificate(self) -> Certificate:
        return self.chain.leaf

    def using(self, hash_name: HashName | None = None, *, pss: bool = False) -> SoftwareSigner:
        """The same key and chain with another hash or padding."""
        return replace(self, scheme=Scheme.for_key(self.public_key, hash_name, pss=pss))


@dataclass(repr=False)
class World:
    """A PKI at one moment. `World.create(at=…)` makes one; only `revoke` and `issue` change it."""

    at: datetime
    root_signer: SoftwareSigner
    issuing_signer: SoftwareSigner
    number: int = 0
    """Which set of keys its CAs and members have."""
    revoked: dict[str, tuple[Revoked, ...]] = field(default_factory=dict)
    """Revocations by fingerprint of the issuer."""
    issued: dict[tuple[str, int], Certificate] = field(default_factory=dict)
    """Certificates by fingerprint of the issuer and serial number: what the OCSP responder knows."""
    _members: dict[str, SoftwareSigner] = field(default_factory=dict, repr=False)
    _neighbours: dict[int, World] = field(default_factory=dict, repr=False)

    @classmethod
    def create(cls, at: datetime, *, number: int = 0, name: str = "tỉnh Mẫu") -> World:
        """A new PKI whose certificates are valid around `at`.

        `number` chooses the keys (two worlds with the same `name` and another number bear the same names
        with other keys), `name` the names.
        """
        root = _certify(
            ROOT_CA,
            Subject(f"CA gốc {name}", organisation=f"UBND {name}"),
            software_key("rsa2048", 10 * number),
            None,
            at - 5 * _YEAR,
            at + 14 * _YEAR,
        )
        issuing = _certify(
            ISSUING_CA,
            Subject(f"CA cấp phát {name}", organisation=f"UBND {name}"),
            software_key("rsa2048", 10 * number + 1),
            root,
            at - 4 * _YEAR,
            at + 12 * _YEAR,
            urls=Urls(crl=f"{BASE_URL}/crl/root.crl", ca_issuers=f"{BASE_URL}/ca/root.crt"),
        )
        return cls(at, root, issuing, number)._with_known(issuing)

    def _with_known(self, *signers: SoftwareSigner) -> World:
        for signer in signers:
            issuer = signer.chain.certificates[1]
            self.issued[issuer.sha256, signer.certificate.serial] = signer.certificate
        return self

    def issue(
        self,
        subject: Subject,
        profile: Profile = PERSON,
        private_key: PrivateKey | None = None,
        *,
        not_before: datetime | None = None,
        not_after: datetime | None = None,
        urls: Urls | None = None,
    ) -> SoftwareSigner:
        """A new signer below the issuing CA; P-256 and one year back to two years ahead unless told otherwise."""
        signer = _certify(
            profile,
            subject,
            private_key or ec.generate_private_key(ec.SECP256R1()),
            self.issuing_signer,
            not_before or self.at - _YEAR,
            not_after or self.at + 2 * _YEAR,
            urls=self.urls if urls is None else urls,
        )
        self._with_known(signer)
        return signer

    def reissue(self, certificate: Certificate) -> Certificate:
        """Another certificate of the issuing CA for the same key and a person of another name."""
        twin = issue(
            PERSON,
            Subject("Trần Thị Mẫu", organisation=PROVINCE),
            certificate.public_key,
            key=self.issuing_signer,
            issuer=self.issuing,
            not_before=self.at - _YEAR,
            not_after=self.at + _YEAR,
            urls=self.urls,
        )
        self.issued[self.issuing.sha256, twin.serial] = twin
        return twin

    def revoke(self, certificate: Certificate, at: datetime, reason: str | None = None) -> None:
        """From now on CRLs and OCSP answers of this world say that `certificate` is revoked since `at`."""
        issuer = next(c for c in (self.issuing, self.root) if certificate.issued_by(c))
        entry = Revoked(certificate.serial, at, reason)
        self.revoked[issuer.sha256] = (*self.revoked.get(issuer.sha256, ()), entry)

    # Who is who -----------------------------------------------------------------------------------------

    @property
    def root(self) -> Certificate:
        return self.root_signer.certificate

    @property
    def issuing(self) -> Certificate:
        return self.issuing_signer.certificate

    @property
    def urls(self) -> Urls:
        """What stands in the certificates below the issuing CA; `fetcher` answers there."""
        return Urls(f"{BASE_URL}/ocsp", f"{BASE_URL}/crl/issuing.crl", f"{BASE_URL}/ca/issuing.crt")

    @property
    def trust(self) -> TrustStore:
        """The root, trusted for everything."""
        return TrustStore.of([self.root])

    @property
    def person_signer(self) -> SoftwareSigner:
        """Nguyễn Văn Mẫu, RSA-2048."""
        return self._member("person")

    @property
    def person(self) -> Certificate:
        return self.person_signer.certificate

    @property
    def seal_signer(self) -> SoftwareSigner:
        """The seal of his department, P-256."""
        return self._member("seal")

    @property
    def seal(self) -> Certificate:
        return self.seal_signer.certificate

    @property
    def expired_signer(self) -> SoftwareSigner:
        """An official whose certificate ended a month before `at`."""
        return self._member("expired")

    @property
    def tsa_signer(self) -> SoftwareSigner:
        return self._member("tsa")

    @property
    def tsa(self) -> Certificate:
        return self.tsa_signer.certificate

    @property
    def ocsp_signer(self) -> SoftwareSigner:
        return self._member("ocsp")

    @property
    def ocsp(self) -> Certificate:
        return self.ocsp_signer.certificate

    @property
    def stranger_signer(self) -> SoftwareSigner:
        """A signer of a CA that this world does not know."""
        return self._neighbour(1, "tỉnh Khác").person_signer

    @property
    def impostor_signer(self) -> SoftwareSigner:
        """A signer of a self-made CA with this world's names and other keys."""
        return self._neighbour(2, "tỉnh Mẫu").person_signer

    def _neighbour(self, number: int, name: str) -> World:
        if number not in self._neighbours:
            self._neighbours[number] = World.create(self.at, number=number, name=name)
        return self._neighbours[number]

    def _member(self, role: str) -> SoftwareSigner:
        """Made at first use, and the same one ever after."""
        if role not in self._members:
            subject, profile, (kind, key), urls = _ROLES[role]
            month = timedelta(days=30)
            self._members[role] = self.issue(
                subject,
                profile,
                software_key(kind, 10 * self.number + key),
                not_before=self.at - 2 * _YEAR if role == "expired" else None,
                not_after=self.at - month if role == "expired" else None,
                urls=self.urls if urls else NO_URLS,
            )
        return self._members[role]

    # What it says ---------------------------------------------------------------------------------------

    def crl(self, at: datetime, issuer: SoftwareSigner | None = None, *, days: int = 7) -> bytes:
        """The CRL of the issuing CA (or of `issuer`) as of `at`."""
        signer = issuer or self.issuing_signer
        revoked = self.revoked.get(signer.certificate.sha256, ())
        return issue_crl(
            signer,
            signer.certificate,
            [r for r in revoked if r.at <= at],
            at=at,
            next_update=at + timedelta(days=days),
            number=int(at.timestamp()),
        )

    def crls(self, at: datetime) -> tuple[bytes, ...]:
        """The CRLs of both CAs as of `at`: all that a path needs offline."""
        return self.crl(at), self.crl(at, self.root_signer)

    def ocsp_response(self, request: bytes, at: datetime, *, hours: int = 24) -> bytes:
        """The answer of the OCSP responder below the issuing CA."""
        return respond(
            request,
            signer=self.ocsp_signer,
            issuer=self.issuing,
            status_of=self._status,
            at=at,
            next_update=at + timedelta(hours=hours),
        )

    def _status(self, serial: int) -> CertificateStatus:
        for entry in self.revoked.get(self.issuing.sha256, ()):
            if entry.serial == serial:
                return CertificateStatus("revoked", entry.at, entry.reason)
        return GOOD if (self.issuing.sha256, serial) in self.issued else UNKNOWN

    def fetcher(self, at: datetime, fault: FetchFault | None = None) -> WorldFetcher:
        """A `Fetcher` that answers as this world's servers do at `at`, or with a fault on order."""
        return WorldFetcher(self, at, fault)

    def timestamper(self, at: datetime, fault: StampFault | None = None) -> WorldTimestamper:
        """A `Timestamper` over this world's TSA whose clock stands at `at`, or with a fault on order."""
        return WorldTimestamper(self.tsa_signer, at, fault)


_ROLES: dict[str, tuple[Subject, Profile, tuple[KeyKind, int], bool]] = {
    # role: subject, profile, key, whether it carries URLs
    "person": (Subject("Nguyễn Văn Mẫu", PROVINCE, (DEPARTMENT,), "tỉnh Mẫu"), PERSON, ("rsa2048", 2), True),
    "seal": (Subject(DEPARTMENT, PROVINCE, (), "tỉnh Mẫu"), AGENCY_SEAL, ("p256", 0), True),
    "expired": (Subject("Lê Thị Mẫu", PROVINCE, (DEPARTMENT,), "tỉnh Mẫu"), PERSON, ("p256", 1), True),
    "tsa": (Subject("TSA tỉnh Mẫu", PROVINCE), TSA, ("rsa2048", 3), True),
    "ocsp": (Subject("OCSP tỉnh Mẫu", PROVINCE), OCSP_RESPONDER, ("p256", 2), False),
}


@dataclass
class WorldFetcher:
    """Fetches from a world. Faults:

    - `unreachable`: nothing answers
    - `unknown`: the OCSP responder does not know the certificate, CRLs cannot be reached
    - `stale`: everything was current a year ago
    - `refused`: OCSP says tryLater, CRLs cannot be reached
    - `junk`: bytes that are nothing
    - `foreign`: answers of the CA with the same names and other keys
    """

    world: World
    at: datetime
    fault: FetchFault | None = None
    asked: list[str] = field(default_factory=list)
    """Every URL that was asked for, in order."""

    def ocsp(self, url: str, request: bytes) -> bytes:
        world, at = self._source(url, "/ocsp")
        if self.fault == "junk":
            return b"junk"
        if self.fault == "refused":
            return ocsp_authority.refusal("tryLater")
        if self.fault == "unknown":
            return respond(
                request,
                signer=world.ocsp_signer,
                issuer=world.issuing,
                status_of=lambda serial: UNKNOWN,
                at=at,
                next_update=at + timedelta(hours=24),
            )
        return world.ocsp_response(request, at)

    def crl(self, url: str) -> bytes:
        world, at = self._source(url, "/crl/root.crl", "/crl/issuing.crl")
        if self.fault == "junk":
            return b"junk"
        if self.fault in ("unknown", "refused"):
            raise Unreachable(f"{url} does not answer.")
        return world.crl(at, world.root_signer if url.endswith("/root.crl") else None)

    def certificates(self, url: str) -> bytes:
        world, _ = self._source(url, "/ca/root.crt", "/ca/issuing.crt")
        if self.fault == "junk":
            return b"junk"
        return (world.root if url.endswith("/root.crt") else world.issuing).der

    def _source(self, url: str, *paths: str) -> tuple[World, datetime]:
        self.asked.append(url)
        if self.fault == "unreachable" or url not in {BASE_URL + path for path in paths}:
            raise Unreachable(f"{url} does not answer.")
        world = self.world._neighbour(2, "tỉnh Mẫu") if self.fault == "foreign" else self.world
        return world, self.at - _YEAR if self.fault == "stale" else self.at


@dataclass
class WorldTimestamper:
    """Stamps with a TSA of a world. Faults:

    - `unreachable`: nothing answers
    - `refused`: the TSA answers with a rejection
    - `wrong imprint`, `wrong nonce`: the TSA stamps something else than was asked
    - `junk`: bytes that are nothing
    """

    signer: SoftwareSigner
    at: datetime
    fault: StampFault | None = None
    policy: str = POLICY

    def timestamp(self, imprint: bytes, hash_name: str) -> bytes:
        nonce = secrets.randbits(64)
        response = self.respond(imprint, hash_name, nonce)
        return token_from_response(response, imprint=imprint, hash_name=hash_name, nonce=nonce)

    def respond(self, imprint: bytes, hash_name: str, nonce: int) -> bytes:
        """The TimeStampResp, with the fault on order."""
        if self.fault == "unreachable":
            raise Unreachable("The time-stamping authority does not answer.")
        if self.fault == "junk":
            return b"junk"
        if self.fault == "refused":
            return refusal(SYSTEM_FAILURE, "On order.")
        if self.fault == "wrong imprint":
            imprint = bytes(len(imprint))
        request = timestamp_request(imprint, hash_name, nonce + 1 if self.fault == "wrong nonce" else nonce)
        serial = secrets.randbits(63) + 1
        return timestamp_response(request, signer=self.signer, at=self.at, serial=serial, policy=self.policy)


def _certify(
    profile: Profile,
    subject: Subject,
    private_key: PrivateKey,
    issuer: SoftwareSigner | None,
    not_before: datetime,
    not_after: datetime,
    *,
    urls: Urls = NO_URLS,
) -> SoftwareSigner:
    """A certificate and its chain up to the root."""
    own = SoftwareSigningKey.of(private_key)
    certificate = issue(
        profile,
        subject,
        private_key.public_key(),
        key=issuer or own,
        issuer=issuer.certificate if issuer else None,
        not_before=not_before,
        not_after=not_after,
        urls=urls,
    )
    above = issuer.chain.certificates if issuer else ()
    return SoftwareSigner(private_key, own.scheme, Chain((certificate, *above)))


def forge(
    subject: Subject,
    public_key: PublicKeyTypes | bytes,
    *,
    key: SigningKey,
    issuer: Certificate | Subject,
    not_before: datetime,
    not_after: datetime,
    extensions: Sequence[bytes] = (),
    serial: int | None = None,
    version: int = 3,
    inner_algorithm: bytes | None = None,
) -> Certificate:
    """A certificate exactly as ordered: no profile, no lint, and the value is not checked.

    `extensions` are DER Extensions (`authority.issue.extension`), in order, twice if you like; `issuer` lends its
    name, `key` signs; `public_key` may be raw SubjectPublicKeyInfo; `inner_algorithm` stands in the signed
    part instead of the scheme's.
    """
    spki = public_key
    if not isinstance(spki, bytes):
        spki = spki.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    tbs = der.sequence(
        der.explicit(0, der.integer(version - 1)) if version != 1 else b"",
        der.integer(new_serial() if serial is None else serial),
        inner_algorithm or key.scheme.identifier,
        issuer.subject.der if isinstance(issuer, Certificate) else encoded_name(issuer),
        der.sequence(der.utc_or_generalized_time(not_before), der.utc_or_generalized_time(not_after)),
        encoded_name(subject),
        spki,
        der.explicit(3, der.sequence(*extensions)) if extensions else b"",
    )
    (value,) = key.sign([key.scheme.imprint(tbs)])
    return Certificate.from_der(der.sequence(tbs, key.scheme.identifier, der.bit_string(value)))
