"""Trusted lists (TS 119 612) for tests: written from their parts, signed by our own XAdES."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from kyso_pki.ades.sign import sign_document
from kyso_pki.document import Intent
from kyso_pki.signer import Signer
from kyso_pki.testing import SoftwareSigner
from kyso_pki.trust.tsl.names import ADDITIONAL, QUALIFICATIONS, TAG, TSL
from kyso_pki.x509.certificate import Certificate
from kyso_pki.xml.document import XmlDocument

from .made import AT, DAY, WORLD

OPERATOR: SoftwareSigner = WORLD.seal_signer
OPERATOR_PIN = OPERATOR.certificate.spki_sha256
STATUS = "http://uri.etsi.org/TrstSvc/TrustedList/Svcstatus/"
TYPE = "http://uri.etsi.org/TrstSvc/Svctype/"
FOR = "http://uri.etsi.org/TrstSvc/TrustedList/SvcInfoExt/"
GENERIC = "http://uri.etsi.org/TrstSvc/TrustedList/TSLType/EUgeneric"
LOTL = "http://uri.etsi.org/TrstSvc/TrustedList/TSLType/EUlistofthelists"
APPROACH = "http://uri.etsi.org/TrstSvc/TrustedList/StatusDetn/EUappropriate"
PAGE = '<URI xml:lang="en">https://mau.example/danh-sach</URI>'
ADDRESS = (
    '<PostalAddresses><PostalAddress xml:lang="en"><StreetAddress>1 Sample street</StreetAddress>'
    "<Locality>Sample city</Locality><CountryName>VN</CountryName></PostalAddress></PostalAddresses>"
    f"<ElectronicAddress>{PAGE}</ElectronicAddress>"
)
YEAR = timedelta(days=365)


@dataclass(frozen=True)
class State:
    """A state of a service, as it is written."""

    status: str = "granted"
    start: datetime | str = AT - 3 * YEAR
    service_type: str = "CA/QC"
    certificates: tuple[Certificate, ...] = ()
    key_identifiers: tuple[bytes, ...] = ()
    additional: tuple[str, ...] = ()
    extensions: str = ""
    """More of ServiceInformationExtensions, as XML."""


@dataclass(frozen=True)
class Pointer:
    location: str
    territory: str = "VN"
    signers: tuple[Certificate, ...] = (OPERATOR.certificate,)
    list_type: str = GENERIC
    media_type: str = "application/vnd.etsi.tsl+xml"


@dataclass(frozen=True)
class Made:
    """A list, as it is written; what is not said otherwise is right."""

    services: tuple[tuple[State, ...], ...] = ()
    pointers: tuple[Pointer, ...] = ()
    sequence: int | str = 1
    version: int | str = 5
    list_type: str = GENERIC
    territory: str = "VN"
    issued: datetime | str = AT - DAY
    next_update: datetime | None = AT + 90 * DAY
    scheme_extensions: str = ""
    provider_extensions: str = ""
    root_attributes: str = f'TSLTag="{TAG}"'
    more: dict[str, str] = field(default_factory=dict)
    """XML that is put in by name: `scheme`, `service`, `root`."""

    def xml(self) -> bytes:
        following = "" if self.next_update is None else f"<dateTime>{time(self.next_update)}</dateTime>"
        pointers = "".join(map(_pointer, self.pointers))
        providers = "".join(map(self._service, self.services))
        return (
            f'<?xml version="1.0" encoding="UTF-8"?>\n<TrustServiceStatusList xmlns="{TSL}" {self.root_attributes}>'
            f"<SchemeInformation><TSLVersionIdentifier>{self.version}</TSLVersionIdentifier>"
            f"<TSLSequenceNumber>{self.sequence}</TSLSequenceNumber><TSLType>{self.list_type}</TSLType>"
            '<SchemeOperatorName><Name xml:lang="vi">Cơ quan Mẫu</Name><Name xml:lang="en">Sample body</Name>'
            f"</SchemeOperatorName><SchemeOperatorAddress>{ADDRESS}</SchemeOperatorAddress>"
            '<SchemeName><Name xml:lang="en">VN:Sample scheme</Name></SchemeName>'
            f"<SchemeInformationURI>{PAGE}</SchemeInformationURI>"
            f"<StatusDeterminationApproach>{APPROACH}</StatusDeterminationApproach>"
            f"<SchemeTypeCommunityRules>{PAGE}</SchemeTypeCommunityRules>"
            f"<SchemeTerritory>{self.territory}</SchemeTerritory>"
            f"<PolicyOrLegalNotice><TSLPolicy{PAGE.removeprefix('<URI').removesuffix('URI>')}TSLPolicy>"
            "</PolicyOrLegalNotice>"
            f"<HistoricalInformationPeriod>65535</HistoricalInformationPeriod>"
            + (f"<PointersToOtherTSL>{pointers}</PointersToOtherTSL>" if pointers else "")
            + f"<ListIssueDateTime>{time(self.issued)}</ListIssueDateTime><NextUpdate>{following}</NextUpdate>"
            f"{self.scheme_extensions}{self.more.get('scheme', '')}</SchemeInformation>"
            + (
                "<TrustServiceProviderList><TrustServiceProvider><TSPInformation><TSPName>"
                f'<Name xml:lang="vi">Nhà cung cấp Mẫu</Name></TSPName><TSPAddress>{ADDRESS}</TSPAddress>'
                f"<TSPInformationURI>{PAGE}</TSPInformationURI>{self.provider_extensions}</TSPInformation>"
                f"<TSPServices>{providers}</TSPServices></TrustServiceProvider></TrustServiceProviderList>"
                if providers
                else ""
            )
            + f"{self.more.get('root', '')}</TrustServiceStatusList>"
        ).encode()

    def _service(self, states: Sequence[State]) -> str:
        present, *past = states
        history = "".join(f"<ServiceHistoryInstance>{_state(s)}</ServiceHistoryInstance>" for s in past)
        more = self.more.get("service", "")
        return (
            f"<TSPService><ServiceInformation>{_state(present)}</ServiceInformation>"
            + (f"<ServiceHistory>{history}</ServiceHistory>" if past else "")
            + f"{more}</TSPService>"
        )

    def signed(self, signer: Signer = OPERATOR) -> bytes:
        return sign(self.xml(), signer)


def sign(xml: bytes, signer: Signer = OPERATOR, **intent: object) -> bytes:
    asked = replace(Intent(AT - DAY), **intent)  # type: ignore[arg-type]  # fields by name
    return sign_document(XmlDocument(xml), asked, signer, None)


def time(moment: datetime | str) -> str:
    return moment if isinstance(moment, str) else moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def extension(content: str, critical: str = "true") -> str:
    return f'<Extension Critical="{critical}">{content}</Extension>'


QUALIFIED = extension(f'<q:Qualifications xmlns:q="{QUALIFICATIONS}"><q:QualificationElement/></q:Qualifications>')
UNKNOWN = extension('<m:Moi xmlns:m="urn:mau:moi">?</m:Moi>')


def _identity(certificates: Sequence[Certificate], identifiers: Sequence[bytes] = ()) -> str:
    found = [f"<X509Certificate>{base64.b64encode(c.der).decode()}</X509Certificate>" for c in certificates]
    found += [f"<X509SubjectName>CN={c.subject.first('CN')}</X509SubjectName>" for c in certificates]
    found += [f"<X509SKI>{base64.b64encode(i).decode()}</X509SKI>" for i in identifiers]
    return "".join(f"<DigitalId>{one}</DigitalId>" for one in found)


def _state(state: State) -> str:
    additional = "".join(
        extension(
            f'<AdditionalServiceInformation><URI xml:lang="en">{FOR}{a}</URI></AdditionalServiceInformation>', "false"
        )
        for a in state.additional
    )
    extensions = additional + state.extensions
    return (
        f"<ServiceTypeIdentifier>{TYPE}{state.service_type}</ServiceTypeIdentifier>"
        '<ServiceName><Name xml:lang="vi">Dịch vụ Mẫu</Name></ServiceName>'
        f"<ServiceDigitalIdentity>{_identity(state.certificates, state.key_identifiers)}</ServiceDigitalIdentity>"
        f"<ServiceStatus>{state.status if ':' in state.status else STATUS + state.status}</ServiceStatus>"
        f"<StatusStartingTime>{time(state.start)}</StatusStartingTime>"
        + (f"<ServiceInformationExtensions>{extensions}</ServiceInformationExtensions>" if extensions else "")
    )


def _pointer(pointer: Pointer) -> str:
    return (
        f"<OtherTSLPointer><ServiceDigitalIdentities><ServiceDigitalIdentity>{_identity(pointer.signers)}"
        f"</ServiceDigitalIdentity></ServiceDigitalIdentities><TSLLocation>{pointer.location}</TSLLocation>"
        f"<AdditionalInformation><OtherInformation><TSLType>{pointer.list_type}</TSLType></OtherInformation>"
        f"<OtherInformation><SchemeTerritory>{pointer.territory}</SchemeTerritory></OtherInformation>"
        f'<OtherInformation><a:MimeType xmlns:a="{ADDITIONAL}">{pointer.media_type}</a:MimeType></OtherInformation>'
        "</AdditionalInformation></OtherTSLPointer>"
    )
