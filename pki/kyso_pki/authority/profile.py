"""What a CA issues, as data: the kinds of NĐ 68/2024/NĐ-CP and the certificates that a PKI needs for itself.

Reach for one of the profiles below, `dataclasses.replace` it for other policies or a shorter term, and give
it to `issue.issue`. A profile is checked against nothing here; `lint` holds every certificate against it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from .. import oids

Kind = Literal["root", "issuing", "person", "agency", "device", "tsa", "ocsp"]

_YEARS_5 = timedelta(days=5 * 365 + 2)  # NĐ 68/2024: a new certificate of a subscriber, at most 5 years
_YEARS_20 = timedelta(days=20 * 365 + 5)  # NĐ 68/2024: the provider's own

_EMAIL_PROTECTION, _CLIENT_AUTH = "1.3.6.1.5.5.7.3.4", "1.3.6.1.5.5.7.3.2"


@dataclass(frozen=True)
class Profile:
    """One kind of certificate."""

    kind: Kind
    key_usage: frozenset[str]
    """Names of RFC 5280 4.2.1.3 with underscores; always marked critical."""
    max_validity: timedelta
    extended_key_usage: tuple[str, ...] = ()
    extended_key_usage_critical: bool = False
    ca: bool = False
    path_length: int | None = None
    """How many CAs may follow below a CA; None sets no limit."""
    ocsp_no_check: bool = False
    """id-pkix-ocsp-nocheck (RFC 6960 4.2.2.2.1): the responder's own status is not asked for."""
    policies: tuple[str, ...] = ()
    """Certificate policy identifiers."""


_CA = frozenset({"key_cert_sign", "crl_sign"})
_SIGNER = frozenset({"digital_signature", "content_commitment"})

ROOT_CA = Profile("root", _CA, _YEARS_20, ca=True)
ISSUING_CA = Profile("issuing", _CA, _YEARS_20, ca=True, path_length=0)
PERSON = Profile("person", _SIGNER, _YEARS_5, (oids.KP_DOCUMENT_SIGNING, _EMAIL_PROTECTION, _CLIENT_AUTH))
AGENCY_SEAL = Profile("agency", _SIGNER, _YEARS_5, (oids.KP_DOCUMENT_SIGNING, _EMAIL_PROTECTION))
DEVICE = Profile("device", frozenset({"digital_signature"}), _YEARS_5, (oids.KP_DOCUMENT_SIGNING, _CLIENT_AUTH))
TSA = Profile(
    # RFC 3161 2.3: critical, and nothing but timeStamping.
    "tsa",
    frozenset({"digital_signature"}),
    _YEARS_5,
    (oids.KP_TIME_STAMPING,),
    extended_key_usage_critical=True,
)
OCSP_RESPONDER = Profile(
    "ocsp", frozenset({"digital_signature"}), _YEARS_5, (oids.KP_OCSP_SIGNING,), ocsp_no_check=True
)


@dataclass(frozen=True)
class Subject:
    """Whom a certificate names, in the order of this field's certificates: most general first.

    Text is brought to NFC (TCVN 6909) when it is encoded.
    """

    common_name: str
    organisation: str | None = None
    """The ministry or the province: `UBND tỉnh Mẫu`."""
    units: tuple[str, ...] = ()
    """Units below it, highest first."""
    locality: str | None = None
    country: str = "VN"
    title: str | None = None
    uid: str | None = None
    """`MST:…` or `CCCD:…` as public CAs write it; the state's CA leaves citizens' numbers out."""

    def attributes(self) -> Iterator[tuple[str, str]]:
        """(object identifier, text), in the order of encoding."""
        yield "2.5.4.6", self.country
        if self.organisation is not None:
            yield "2.5.4.10", self.organisation
        for unit in self.units:
            yield "2.5.4.11", unit
        if self.locality is not None:
            yield "2.5.4.7", self.locality
        if self.title is not None:
            yield "2.5.4.12", self.title
        if self.uid is not None:
            yield "0.9.2342.19200300.100.1.1", self.uid
        yield "2.5.4.3", self.common_name


@dataclass(frozen=True)
class Urls:
    """Where verifiers find the state of things: written into certificates below the root."""

    ocsp: str | None = None
    """Authority information access, id-ad-ocsp."""
    crl: str | None = None
    """CRL distribution point."""
    ca_issuers: str | None = None
    """Authority information access, id-ad-caIssuers: the issuer's certificate in DER."""


NO_URLS = Urls()
