"""SignatureMethod: the scheme that it names, with the parameters of RSASSA-PSS (RFC 9231 2.3.9)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import FormatError
from ..scheme import DIGEST_SIZES, SCHEMES, HashName, Scheme
from . import names
from .names import ds
from .parse import attributes, elements, required, text_of

if TYPE_CHECKING:
    from lxml.etree import _Element


def read_signature_method(element: _Element) -> Scheme:
    """The scheme. Raises `FormatError`: HMAC, unknown ones, and parameters that must not be there.

    Among the latter is HMACOutputLength, with which a value of a few bits would do (CVE-2009-0217).
    """
    uri = required(element, "Algorithm")
    children = elements(element)
    if uri == names.RSA_PSS:
        return _rsa_pss(children)
    if children:
        raise FormatError("Parameters inside SignatureMethod are not accepted.")
    return names.scheme_of_uri(uri)


def _rsa_pss(children: list[_Element]) -> Scheme:
    """As in certificates (`scheme.scheme_in`): hashes that agree, a salt as long as the hash, trailer 1."""
    hash_name: HashName = "sha256"
    mgf_hash: HashName = "sha256"
    salt: str | None = None
    trailer = "1"
    if len(children) > 1 or any(c.tag != _more("RSAPSSParams") for c in children):
        raise FormatError("A SignatureMethod for RSASSA-PSS must hold at most one RSAPSSParams.")
    parts = elements(children[0]) if children else []
    order = [ds("DigestMethod"), _more("MaskGenerationFunction"), _more("SaltLength"), _more("TrailerField")]
    found = [p.tag for p in parts]
    if found != [tag for tag in order if tag in found]:
        raise FormatError("RSAPSSParams holds something else than each of its four parameters once.")
    for part in parts:
        if part.tag == ds("DigestMethod"):
            hash_name = _hash(part)
        elif part.tag == _more("MaskGenerationFunction"):
            mgf_hash = _mask_hash(part)
        elif part.tag == _more("SaltLength"):
            salt = text_of(part).strip(" \t\r\n")
        else:
            trailer = text_of(part).strip(" \t\r\n")
    size = str(DIGEST_SIZES[hash_name])
    if mgf_hash != hash_name or salt not in (None, size) or trailer != "1":
        raise FormatError(
            f"RSASSA-PSS parameters do not agree: hash {hash_name}, MGF1 {mgf_hash}, salt {salt or size}, "
            f"trailer {trailer}."
        )
    return SCHEMES[f"rsa-pss-{hash_name}"]


def _mask_hash(element: _Element) -> HashName:
    if attributes(element, {"Algorithm"}).get("Algorithm", names.MGF1) != names.MGF1:
        raise FormatError("RSASSA-PSS with a mask generation function other than MGF1.")
    inner = elements(element)
    if not inner:
        return "sha256"
    if [c.tag for c in inner] != [ds("DigestMethod")]:
        raise FormatError("A MaskGenerationFunction must hold at most one DigestMethod.")
    return _hash(inner[0])


def _hash(element: _Element) -> HashName:
    if elements(element):
        raise FormatError("Parameters inside DigestMethod are not accepted.")
    return names.hash_of_uri(required(element, "Algorithm"))


def _more(local: str) -> str:
    return f"{{{names.DSIG_MORE}}}{local}"
