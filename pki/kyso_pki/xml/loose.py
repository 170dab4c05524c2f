"""What stands inside a ds:Signature without being signed: allowed by name only (attack classes X1 and X12).

An enveloped signature over the whole document says nothing about its own inside, so whatever stands there could be
read as content. Reach for `unsigned_inside`. Allowed are the elements that the schemas of XAdES 1.3.2 and 1.4.1
(EN 319 132-1, annexes C and D) put among unsigned properties, each with elements or text as the schema says, and a
SigningTime in a SignatureProperty, which is reported. Everything else is an error: other names, also in the
namespaces of XMLDSIG and XAdES (a reader that looks for local names would find `xades:DLHDon`), properties that only
count when they are signed, text where elements belong, a Manifest, a Signature that is no counter-signature.

KeyInfo, SignedInfo and SignatureValue are read strictly by `xmldsig`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator
from typing import TYPE_CHECKING

from ..facts import Finding
from . import names
from .names import XADES, XADES141, ds, xades
from .parse import local_name, namespace_of

if TYPE_CHECKING:
    from lxml.etree import _Element

_READ_ELSEWHERE = (ds("SignedInfo"), ds("SignatureValue"), ds("KeyInfo"))
_HOLDERS = (ds("SignatureProperties"), xades("QualifyingProperties"))  # in an unsigned Object: no Manifest
_ATTRIBUTES = frozenset(
    ("Id", "Target", "URI", "Encoding", "MimeType", "Algorithm", "PrefixList", "Qualifier", "referencedData", "Order")
)
_PREFIXES = {"ds": names.DS, "xades": XADES, "xades141": XADES141, "ec": names.EXC_C14N}


def _named(*listed: str) -> frozenset[str]:
    """Names written `prefix:local, local` as lxml writes them."""
    found = set()
    for one in listed:
        prefix, _, locals_ = one.partition(":")
        found |= {f"{{{_PREFIXES[prefix]}}}{local.strip()}" for local in locals_.split(",")}
    return frozenset(found)


_GROUPS = _named(
    "xades:QualifyingProperties, UnsignedProperties, UnsignedSignatureProperties, UnsignedDataObjectProperties",
    "xades:SignatureTimeStamp, SigAndRefsTimeStamp, RefsOnlyTimeStamp, ArchiveTimeStamp, Include, ReferenceInfo",
    "xades:CertificateValues, AttrAuthoritiesCertValues, RevocationValues, AttributeRevocationValues",
    "xades:CRLValues, OCSPValues, CompleteCertificateRefs, AttributeCertificateRefs, CertRefs, Cert, CertDigest",
    "xades:IssuerSerial, CompleteRevocationRefs, AttributeRevocationRefs, CRLRefs, CRLRef, CRLIdentifier",
    "xades:DigestAlgAndValue, OCSPRefs, OCSPRef, OCSPIdentifier, ResponderID, DocumentationReferences",
    "xades141:ArchiveTimeStamp, SigAndRefsTimeStampV2, RefsOnlyTimeStampV2, TimeStampValidationData",
    "xades141:AnyValidationData, CompleteCertificateRefsV2, CertRefs, AttributeCertificateRefsV2, RenewedDigests",
    "xades141:SignaturePolicyStore, SPDocSpecification",
    "ds:SignatureProperties, SignatureProperty, CanonicalizationMethod, DigestMethod",
    "ec:InclusiveNamespaces",
)
"""Elements that hold elements or nothing."""

_OCTETS = _named(
    "xades:EncapsulatedTimeStamp, EncapsulatedX509Certificate, EncapsulatedCRLValue, EncapsulatedOCSPValue",
    "xades:IssuerSerialV2, ByKey",
    "xades141:RecomputedDigestValue, SignaturePolicyDocument",
    "ds:DigestValue",
)
"""Elements that hold base64."""

_WORDS = _named(
    "xades:Issuer, IssueTime, Number, ByName, ProducedAt, Identifier, Description, DocumentationReference",
    "xades141:SigPolDocLocalURI",
    "ds:X509IssuerName, X509SerialNumber",
)
"""Elements that hold text: who issued an evidence that is referred to, where a policy is."""

_BASE64 = re.compile(r"[A-Za-z0-9+/=\s]*", re.ASCII)
_TIME = re.compile(r"\s*[0-9:.TZ+\-]{1,40}\s*", re.ASCII)


def unsigned_inside(
    signature: _Element, covered: Collection[_Element], path_of: Callable[[_Element], str]
) -> Iterator[Finding]:
    """What a reader must know of the parts of a Signature that nothing signs.

    `covered`: the elements inside that its references lead to; `path_of`: how an element is named to people. A
    counter-signature is examined like every other Signature, so it is not entered.
    """
    waiting = [c for c in signature if isinstance(c.tag, str) and c.tag not in _READ_ELSEWHERE]
    while waiting:
        element = waiting.pop()
        if element in covered or _is_counter_signature(element):
            continue
        if _is_time(element):
            yield Finding("UNSIGNED_TIME", "warning", "The signing time in a SignatureProperty is not signed.")
        elif _is_loose(element, covered):
            text = f"{path_of(element)} inside the signature holds content that nothing signs."
            yield Finding("UNSIGNED_OBJECT", "error", text)
        else:
            waiting += [c for c in element if isinstance(c.tag, str)]


def _is_loose(element: _Element, covered: Collection[_Element]) -> bool:
    """Whether an unsigned element is more than the schema lets stand there."""
    if not _ATTRIBUTES.issuperset(map(str, element.attrib)):
        return True
    if element.tag in _OCTETS or element.tag in _WORDS:
        return bool(len(element)) or (element.tag in _OCTETS and not _BASE64.fullmatch(element.text or ""))
    if any(text and not text.isspace() for text in (element.text, *(c.tail for c in element))):
        return True
    if element.tag == ds("Object"):
        return any(c.tag not in _HOLDERS and c not in covered for c in element)
    return element.tag not in _GROUPS


def _is_time(element: _Element) -> bool:
    """A SigningTime as e-invoices carry it, in the namespace of anybody but XAdES."""
    return (
        local_name(element) == "SigningTime"
        and namespace_of(element) != XADES
        and not len(element)
        and not len(element.attrib)
        and getattr(element.getparent(), "tag", None) == ds("SignatureProperty")
        and _TIME.fullmatch(element.text or "") is not None
    )


def _is_counter_signature(element: _Element) -> bool:
    """A CounterSignature with one Signature in it and nothing else."""
    if element.tag != xades("CounterSignature") or [c.tag for c in element] != [ds("Signature")] or element.attrib:
        return False
    return not any(text and not text.isspace() for text in (element.text, element[0].tail))
