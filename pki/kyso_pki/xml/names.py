"""Namespaces and algorithm identifiers by their standards' names, and the tables that give them a meaning.

An identifier that is not in a table here is refused, with its own text in the message: HMAC, DSA, XSLT and
MD5 are absent on purpose (attack classes X6 and X9).
"""

from __future__ import annotations

from ..errors import FormatError
from ..scheme import SCHEMES, HashName, Scheme

DS = "http://www.w3.org/2000/09/xmldsig#"
DS11 = "http://www.w3.org/2009/xmldsig11#"
EXC_C14N = "http://www.w3.org/2001/10/xml-exc-c14n#"
XADES = "http://uri.etsi.org/01903/v1.3.2#"
XADES141 = "http://uri.etsi.org/01903/v1.4.1#"
XML = "http://www.w3.org/XML/1998/namespace"

ENVELOPED = DS + "enveloped-signature"
BASE64 = DS + "base64"
XPATH = "http://www.w3.org/TR/1999/REC-xpath-19991116"
XPATH_FILTER2 = "http://www.w3.org/2002/06/xmldsig-filter2"

TYPE_SIGNED_PROPERTIES = "http://uri.etsi.org/01903#SignedProperties"
TYPE_COUNTERSIGNED = "http://uri.etsi.org/01903#CountersignedSignature"
TYPE_MANIFEST = DS + "Manifest"

_MORE, _MORE_2007, _MORE_2021 = (
    "http://www.w3.org/2001/04/xmldsig-more#",  # RFC 4051
    "http://www.w3.org/2007/05/xmldsig-more#",  # RFC 6931
    "http://www.w3.org/2021/04/xmldsig-more#",  # RFC 9231
)

DSIG_MORE = _MORE_2007
RSA_PSS = _MORE_2007 + "rsa-pss"
"""RSASSA-PSS with RSAPSSParams (RFC 9231 2.3.9); those below carry their parameters in the name."""
MGF1 = _MORE_2007 + "MGF1"

DIGESTS: dict[str, HashName] = {
    DS + "sha1": "sha1",  # read in archives and flagged, never written
    "http://www.w3.org/2001/04/xmlenc#sha256": "sha256",
    _MORE + "sha384": "sha384",
    "http://www.w3.org/2001/04/xmlenc#sha512": "sha512",
    _MORE_2007 + "sha3-256": "sha3_256",
    _MORE_2007 + "sha3-384": "sha3_384",
    _MORE_2007 + "sha3-512": "sha3_512",
}
DIGEST_URIS: dict[str, str] = {name: uri for uri, name in DIGESTS.items()}

SIGNATURES: dict[str, Scheme] = {
    uri: SCHEMES[name]
    for uri, name in {
        # RSASSA-PKCS1-v1_5: RFC 9231 2.3.2 to 2.3.5; there is none with SHA-3
        DS + "rsa-sha1": "rsa-pkcs1-sha1",
        _MORE + "rsa-sha256": "rsa-pkcs1-sha256",
        _MORE + "rsa-sha384": "rsa-pkcs1-sha384",
        _MORE + "rsa-sha512": "rsa-pkcs1-sha512",
        # RSASSA-PSS without parameters, MGF1 and salt as the hash: RFC 9231 2.3.10
        _MORE_2007 + "sha1-rsa-MGF1": "rsa-pss-sha1",
        _MORE_2007 + "sha256-rsa-MGF1": "rsa-pss-sha256",
        _MORE_2007 + "sha384-rsa-MGF1": "rsa-pss-sha384",
        _MORE_2007 + "sha512-rsa-MGF1": "rsa-pss-sha512",
        _MORE_2007 + "sha3-256-rsa-MGF1": "rsa-pss-sha3_256",
        _MORE_2007 + "sha3-384-rsa-MGF1": "rsa-pss-sha3_384",
        _MORE_2007 + "sha3-512-rsa-MGF1": "rsa-pss-sha3_512",
        # ECDSA: RFC 9231 2.3.6
        _MORE + "ecdsa-sha1": "ecdsa-sha1",
        _MORE + "ecdsa-sha256": "ecdsa-sha256",
        _MORE + "ecdsa-sha384": "ecdsa-sha384",
        _MORE + "ecdsa-sha512": "ecdsa-sha512",
        _MORE_2021 + "ecdsa-sha3-256": "ecdsa-sha3_256",
        _MORE_2021 + "ecdsa-sha3-384": "ecdsa-sha3_384",
        _MORE_2021 + "ecdsa-sha3-512": "ecdsa-sha3_512",
        # EdDSA: RFC 9231 2.3.12
        _MORE_2021 + "eddsa-ed25519": "ed25519",
    }.items()
}
SIGNATURE_URIS: dict[str, str] = {scheme.name: uri for uri, scheme in SIGNATURES.items()}


def ds(local: str) -> str:
    """The name of an element of XML Signature, as lxml writes it."""
    return f"{{{DS}}}{local}"


def xades(local: str) -> str:
    """The name of an element of XAdES 1.3.2 (EN 319 132-1), as lxml writes it."""
    return f"{{{XADES}}}{local}"


def xades141(local: str) -> str:
    """The name of an element of XAdES 1.4.1 (EN 319 132-1), as lxml writes it."""
    return f"{{{XADES141}}}{local}"


def hash_of_uri(uri: str) -> HashName:
    """The hash that a DigestMethod names. Raises `FormatError` naming the unknown one."""
    try:
        return DIGESTS[uri]
    except KeyError:
        raise FormatError(f"Digest algorithm {uri} is not accepted.", uri=uri) from None


def scheme_of_uri(uri: str) -> Scheme:
    """The scheme that a SignatureMethod names. Raises `FormatError`: HMAC and unknown ones are not accepted."""
    try:
        return SIGNATURES[uri]
    except KeyError:
        raise FormatError(f"Signature algorithm {uri} is not accepted.", uri=uri) from None
