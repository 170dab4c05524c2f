"""The in-memory PKI at the machine's own time, as kyso and as the judges hold it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

import kyso
from kyso_pki.ades.report import DocumentReport
from kyso_pki.authority.profile import PERSON, Subject
from kyso_pki.document import Certification, FieldLock, XmlForm
from kyso_pki.testing import KeyKind, SoftwareSigner, World, software_key
from kyso_pki.x509.certificate import Certificate
from kyso_pki.x509.trust import TrustStore
from tests.judges.holder import Holder


@dataclass(frozen=True)
class Province:
    """The world, as kyso and as the judges hold it."""

    world: World

    def signer(self, key: str) -> SoftwareSigner:
        """`rsa2048`, `rsa2048-pss` (an official), `p256` (a seal), `p384`, `p521`, `ed25519` (others)."""
        if key.startswith("rsa2048"):
            return self.world.person_signer.using(pss=key.endswith("-pss"))
        return self.world.seal_signer if key == "p256" else self._others[key]

    @cached_property
    def _others(self) -> dict[str, SoftwareSigner]:
        kinds: tuple[KeyKind, ...] = ("p384", "p521", "ed25519")
        return {kind: self.world.issue(Subject(f"Trần Thị Mẫu {kind}"), PERSON, software_key(kind)) for kind in kinds}

    def holder(self, key: str) -> Holder:
        return holder_of(self.signer(key))

    @property
    def root(self) -> x509.Certificate:
        return plain(self.world.root)

    def sign(
        self,
        source: bytes,
        key: str,
        *,
        level: str = "B-B",
        xml_form: XmlForm = "xades",
        field: str | None = None,
        certify: Certification | None = None,
        lock: FieldLock | None = None,
        password: str | None = None,
    ) -> bytes:
        """What kyso signs; timestamps and evidence come from this world."""
        at = now()
        return kyso.sign(
            source,
            self.signer(key),
            level=level,
            timestamper=None if level == "B-B" else self.world.timestamper(at),
            fetcher=self.world.fetcher(at),
            xml_form=xml_form,
            field=field,
            certify=certify,
            lock=lock,
            at=at,
            password=None if password is None else lambda: password,
        )

    def verify(
        self, source: bytes, trust: TrustStore | None = None, *, password: str | None = None
    ) -> DocumentReport:
        """kyso's report a moment later, revocation asked of this world's servers."""
        later = now() + timedelta(seconds=2)
        return kyso.verify(
            source,
            trust=trust or self.world.trust,
            at=later,
            fetcher=self.world.fetcher(later),
            password=None if password is None else lambda: password,
        )


def now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


def plain(certificate: Certificate) -> x509.Certificate:
    return x509.load_der_x509_certificate(certificate.der)


def holder_of(signer: SoftwareSigner) -> Holder:
    key = signer.private_key
    assert isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey)
    return Holder(key, tuple(plain(certificate) for certificate in signer.chain))
