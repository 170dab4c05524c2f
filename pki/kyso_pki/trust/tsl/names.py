"""The identifiers of TS 119 612 that have a meaning here, as tables: what is in none is trusted for nothing."""

from __future__ import annotations

from typing import Final

from ...x509.trust import Purpose

TSL = "http://uri.etsi.org/02231/v2#"
ADDITIONAL = "http://uri.etsi.org/02231/v2/additionaltypes#"
QUALIFICATIONS = "http://uri.etsi.org/TrstSvc/SvcInfoExt/eSigDir-1999-93-EC-TrustedList/#"
TAG = "http://uri.etsi.org/19612/TSLTag"

VERSIONS: Final = (5, 6)
"""5: TS 119 612 2.1.1 and 2.2.1; 6: 2.3.1 (clause 5.3.1)."""

_TYPES = "http://uri.etsi.org/TrstSvc/TrustedList/TSLType/"
LISTS_OF_LISTS: Final = frozenset({_TYPES + "EUlistofthelists", _TYPES + "CClistofthelists"})
LISTS: Final = frozenset({_TYPES + "EUgeneric", _TYPES + "CClist"}) | LISTS_OF_LISTS
"""Clause 5.3.3 and annex D.5.2; CC stands for the code of a territory outside of the Union."""
LIST_MEDIA_TYPE = "application/vnd.etsi.tsl+xml"

_SERVICES = "http://uri.etsi.org/TrstSvc/Svctype/"
PURPOSES: dict[str, Purpose] = {
    # Clause 5.5.1. National root CAs sign lists or certificates of CAs; both are paths of signers.
    _SERVICES + "CA/QC": "signing",
    _SERVICES + "CA/PKC": "signing",
    _SERVICES + "NationalRootCA-QC": "signing",
    _SERVICES + "TSA/QTST": "timestamping",
    _SERVICES + "TSA": "timestamping",
    _SERVICES + "TSA/TSS-QC": "timestamping",
    _SERVICES + "TSA/TSS-AdESQCandQES": "timestamping",
}
STATUS_SERVICES: Final = frozenset(
    _SERVICES + name for name in ("Certstatus/OCSP", "Certstatus/OCSP/QC", "Certstatus/CRL", "Certstatus/CRL/QC")
)
"""No anchors: an answer counts when the CA itself gave its signer the right to it (RFC 6960 4.2.2.2, class V1)."""

_STATUSES = "http://uri.etsi.org/TrstSvc/TrustedList/Svcstatus/"
TRUSTED: Final = frozenset(
    _STATUSES + name
    for name in (
        # Clause 5.5.4: since July 2016, and for services that only a nation approves
        "granted",
        "recognisedatnationallevel",
        # Annex J: before that; "supervisionincessation" is supervised until it has ended
        "setbynationallaw",
        "undersupervision",
        "supervisionincessation",
        "accredited",
    )
)
UNTRUSTED: Final = frozenset(
    _STATUSES + name
    for name in (
        "withdrawn",
        "deprecatedatnationallevel",
        "deprecatedbynationallaw",
        "supervisionceased",
        "supervisionrevoked",
        "accreditationceased",
        "accreditationrevoked",
    )
)

_FOR = "http://uri.etsi.org/TrstSvc/TrustedList/SvcInfoExt/"
FOR_DOCUMENTS: Final = frozenset({_FOR + "ForeSignatures", _FOR + "ForeSeals"})
FOR_OTHERS: Final = frozenset({_FOR + "ForWebSiteAuthentication"})
"""Clause 5.5.9.4: a CA that is listed for web sites alone is no anchor for documents."""

KNOWN_EXTENSIONS: Final = frozenset(
    {
        # Clause 5.5.9. Whether a certificate is a qualified one is not said by kyso; it is no matter of trust.
        f"{{{QUALIFICATIONS}}}Qualifications",
        f"{{{TSL}}}AdditionalServiceInformation",
        f"{{{TSL}}}ExpiredCertsRevocationInfo",
        f"{{{ADDITIONAL}}}TakenOverBy",
    }
)


def tsl(name: str) -> str:
    return f"{{{TSL}}}{name}"
