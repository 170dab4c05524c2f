"""X3: every other number and order of the parts of a Signature, of SignedInfo and of a Reference.

SignedInfo is changed before it is signed, so the value is true over what stands there; only the schema speaks
against it. The twin is the schema's own order.
"""

from __future__ import annotations

import re
from itertools import permutations

from .attack import Attack, Generator, variant
from .forge import DS, Ref, enveloped, signature
from .structure import LETTER, WHOLE, honest

ATTACKS: dict[str, Generator] = {}
RULE = (
    "X3: A Signature is SignedInfo, SignatureValue, at most one KeyInfo, Objects; a SignedInfo and a Reference too."
)
REASONS = "must hold|does not start with|no signature|has no attribute"

# The parts of a Signature -----------------------------------------------------------------------------------

_PARTS = re.compile(
    r"<ds:SignedInfo>.*</ds:SignedInfo>|<ds:SignatureValue>[^<]*</ds:SignatureValue>|<ds:KeyInfo>.*</ds:KeyInfo>",
    re.S,
)
SHORT = {"I": "SignedInfo", "V": "SignatureValue", "K": "KeyInfo", "O": "Object"}


def _ordered(order: str) -> bytes:
    """The honest document with these parts: I, V, K and O (an Object that says nothing)."""
    xml = honest().decode()
    info, value, keys = _PARTS.findall(xml)
    parts = {"I": info, "V": value, "K": keys, "O": "<ds:Object/>"}
    start = xml.index(info)
    return (xml[:start] + "".join(parts[o] for o in order) + xml[xml.index("</ds:Signature>") :]).encode()


_ORDERS = {"".join(p) for n in range(5) for p in permutations("IVKO", n)}
_ORDERS |= {"IIVK", "IVIK", "IVKI", "IVVK", "IVKV", "IVKK", "IVKOK", "IOVK", "OIVK", "IVOK", "IVKOV", "IVKOI", "KIVK"}
for _order in sorted(_ORDERS - {"IVKO", "IVK", "IV", "IVO"}):
    variant(
        ATTACKS,
        "parts_" + ("_".join(SHORT[o] for o in _order) or "none"),
        RULE,
        lambda o=_order: Attack(_ordered(o), REASONS, twin=_ordered("IVKOO")),  # type: ignore[misc] # bound in the loop
    )

# SignedInfo -------------------------------------------------------------------------------------------------

_C14N = re.compile(r"<ds:CanonicalizationMethod [^>]*/>")
_METHOD = re.compile(r"<ds:SignatureMethod [^>]*></ds:SignatureMethod>")
_REFERENCE = re.compile(r"<ds:Reference .*</ds:Reference>", re.S)


def _info(order: str) -> bytes:
    """A true signature over a SignedInfo with these parts: C, M, R, and X (an element that is not in the schema)."""

    def arranged(xml: str) -> str:
        parts = {
            "C": _C14N.findall(xml)[0],
            "M": _METHOD.findall(xml)[0],
            "R": _REFERENCE.findall(xml)[0],
            "X": "<ds:Object/>",
            "S": "<ds:SignedInfo/>",
        }
        return "".join(parts[o] for o in order)

    return enveloped(LETTER, lambda _: signature([WHOLE], before=arranged))


for _order in sorted(
    {"".join(p) for n in range(4) for p in permutations("CMR", n)} - {"CMR"}
    | {"CCMR", "CMMR", "CMRM", "CMRC", "CMXR", "CMRX", "XCMR", "CXMR", "CMSR", "CMRS", "SCMR", "CMCR", "CM"}
):
    variant(
        ATTACKS,
        "signed_info_" + (_order or "empty"),
        RULE,
        lambda o=_order: Attack(_info(o), REASONS, twin=_info("CMRR")),  # type: ignore[misc] # bound in the loop
    )

# Reference --------------------------------------------------------------------------------------------------

_TRANSFORMS = re.compile(r"<ds:Transforms>.*</ds:Transforms>", re.S)
_DIGEST_METHOD = re.compile(r"<ds:DigestMethod [^>]*/>")
_DIGEST_VALUE = re.compile(r"<ds:DigestValue>[^<]*</ds:DigestValue>")


def _reference(order: str) -> bytes:
    """A true signature whose Reference has these parts: T, M, V, and X."""

    def arranged(xml: str) -> str:
        parts = {
            "T": _TRANSFORMS.findall(xml)[0],
            "M": _DIGEST_METHOD.findall(xml)[0],
            "V": _DIGEST_VALUE.findall(xml)[0],
            "X": "<ds:Object/>",
            "R": "<ds:Reference/>",
        }
        start, end = xml.index("<ds:Transforms>"), xml.index("</ds:Reference>")
        return xml[:start] + "".join(parts[o] for o in order) + xml[end:]

    return enveloped(LETTER, lambda _: signature([WHOLE], before=arranged))


for _order in sorted(
    {"".join(p) for n in range(4) for p in permutations("TMV", n)} - {"TMV", "MV"}
    | {"TTMV", "TMMV", "TMVV", "TMVM", "TMVT", "XTMV", "TMVX", "TMXV", "MVMV", "TMRV", "TMVR", "VMV"}
):
    variant(
        ATTACKS,
        "reference_" + (_order or "empty"),
        RULE,
        lambda o=_order: Attack(_reference(o), REASONS, twin=_reference("TMV")),  # type: ignore[misc] # bound in the loop
    )

# Names and attributes ---------------------------------------------------------------------------------------

for _name, _old, _new in (
    ("signed_info_without_namespace", "<ds:SignedInfo>", '<SignedInfo xmlns="">'),
    ("value_in_another_namespace", "ds:SignatureValue>", "ds:Signaturevalue>"),
    ("a_signature_in_signed_info", "<ds:Reference ", f'<d:Signature xmlns:d="{DS}"/><ds:Reference '),
):
    variant(
        ATTACKS,
        _name,
        RULE,
        lambda o=_old, n=_new: Attack(  # type: ignore[misc] # bound in the loop
            honest().replace(o.encode(), n.encode()).replace(b"</ds:SignedInfo>", b"</SignedInfo>")
            if n.startswith("<SignedInfo")
            else honest().replace(o.encode(), n.encode()),
            REASONS,
        ),
    )
for _name, _element in {
    "signature": "ds:Signature",
    "signed_info": "ds:SignedInfo",
    "value": "ds:SignatureValue",
    "reference": "ds:Reference",
    "transforms": "ds:Transforms",
    "transform": "ds:Transform",
    "digest_method": "ds:DigestMethod",
    "digest_value": "ds:DigestValue",
    "c14n": "ds:CanonicalizationMethod",
    "method": "ds:SignatureMethod",
    "key_info": "ds:KeyInfo",
}.items():
    for _attribute in ('NoiDung="giả"', 'x:URI="" xmlns:x="urn:x"'):
        variant(
            ATTACKS,
            f"an_attribute_of_{'its_own' if ':' in _attribute else 'anybody'}_on_{_name}",
            RULE,
            lambda e=_element, a=_attribute: Attack(  # type: ignore[misc] # bound in the loop
                re.sub(rf"<{e}(?=[ >/])", f"<{e} {a}", honest().decode(), count=1).encode(),
                "is not accepted|VALUE_INVALID",
            ),
        )


def a_reference_in_an_object_of_the_signature() -> Attack:
    """X3: References are those of SignedInfo; others are nothing."""
    return Attack(
        honest().replace(
            b"</ds:Signature>", f"<ds:Object>{Ref('#cv', b'<a/>').xml()}</ds:Object></ds:Signature>".encode()
        ),
        "UNSIGNED_OBJECT",
    )


ATTACKS["a_reference_in_an_object_of_the_signature"] = a_reference_in_an_object_of_the_signature
