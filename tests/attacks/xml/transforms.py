"""X6: every chain of up to two transforms that is not on the list, base64, and the wrong Signature cut out."""

from __future__ import annotations

import hashlib
from itertools import product

from lxml import etree

from .attack import Attack, Generator, variant
from .forge import DS, ENVELOPED, EXCLUSIVE, Ref, b64, canonical, enveloped, signature
from .octets import INCLUSIVE
from .structure import LETTER, XSLT

ATTACKS: dict[str, Generator] = {}
RULE = (
    "X6: enveloped-signature once and first, then one canonicalisation; base64 alone, on a ds:Object; nothing else."
)
REASONS = "is not accepted|not accepted:|ds:Object only|Parameters|at most 5"
BASE64 = DS + "base64"
FILTER2 = "http://www.w3.org/2002/06/xmldsig-filter2"

STEPS = {
    "enveloped": (ENVELOPED, ""),
    "exclusive": (EXCLUSIVE, ""),
    "inclusive": (INCLUSIVE, ""),
    "base64": (BASE64, ""),
    "xpath": ("http://www.w3.org/TR/1999/REC-xpath-19991116", "<ds:XPath>not(ancestor-or-self::NoiDung)</ds:XPath>"),
    "filter2": (FILTER2, f'<f:XPath xmlns:f="{FILTER2}" Filter="subtract">//NoiDung</f:XPath>'),
    "xslt": ("http://www.w3.org/TR/1999/REC-xslt-19991116", XSLT),
    "xpointer": ("http://www.w3.org/2001/04/xmldsig-more/xptr", ""),
    "decryption": ("http://www.w3.org/2002/07/decrypt#XML", ""),
    "str": ("http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-soap-message-security-1.0#STR-Transform", ""),
    "c14n_2": ("http://www.w3.org/2010/xml-c14n2", ""),
    "unknown": ("urn:mau:bien-doi", ""),
    "nameless": ("", ""),
}
ALLOWED = {("enveloped",), ("enveloped", "exclusive"), ("enveloped", "inclusive")}
NOT_CUT = {("exclusive",), ("inclusive",)}  # good chains, whose digest cannot be true over the whole document


def _chain(names: tuple[str, ...]) -> bytes:
    """Signed over what a lenient verifier could make of it: the letter without the Signature."""
    steps = "".join(f'<ds:Transform Algorithm="{STEPS[n][0]}">{STEPS[n][1]}</ds:Transform>' for n in names)
    return enveloped(LETTER, lambda _: signature([Ref("", LETTER, transforms=steps)]))


for _names in [*((n,) for n in STEPS), *product(STEPS, repeat=2)]:
    if _names in ALLOWED or _names in NOT_CUT:
        continue
    variant(
        ATTACKS,
        "chain_" + "_then_".join(_names),
        RULE,
        lambda names=_names: Attack(_chain(names), REASONS, twin=_chain(("enveloped", "inclusive"))),  # type: ignore[misc] # bound in the loop
    )
for _names in sorted(NOT_CUT | {()}):
    variant(
        ATTACKS,
        "nothing_cut_out_" + "_then_".join(_names),
        "X6: Without enveloped-signature the Signature is part of what is hashed.",
        lambda names=_names: Attack(_chain(names), "CONTENT_CHANGED", twin=_chain(("enveloped",))),  # type: ignore[misc] # bound in the loop
    )

# The wrong Signature is cut out -----------------------------------------------------------------------------


def _parallel(*, both: bool) -> bytes:
    """Two enveloped signatures of which the second is over a document without, or (as is right) with, the first."""
    first = signature([Ref("#nd", LETTER[LETTER.index(b"<NoiDung") : LETTER.index(b"</CongVan>")])])
    once = enveloped(LETTER, lambda _: first)
    second = signature([Ref("", LETTER if both else once, envelope=True)])
    return enveloped(once, lambda _: second)


def every_signature_cut_out() -> Attack:
    """X6: enveloped-signature takes out the Signature that the Reference stands in, and no other."""
    return Attack(_parallel(both=True), "CONTENT_CHANGED", twin=_parallel(both=False))


def the_first_signature_cut_out_in_place_of_its_own() -> Attack:
    """X6: A decoy Signature stands first; libraries that search for `//Signature` cut out that one."""
    decoy = f'<ds:Signature xmlns:ds="{DS}"><ds:SignedInfo/></ds:Signature>'
    with_decoy = enveloped(LETTER, lambda _: decoy)
    made = signature([Ref("", LETTER, envelope=True)])
    return Attack(enveloped(with_decoy, lambda _: made), "CONTENT_CHANGED")


def a_signature_nested_in_the_one_cut_out() -> Attack:
    """X6: With its Signature everything inside goes: what hides there is reported."""
    inner = signature([Ref("#nd", LETTER[LETTER.index(b"<NoiDung") : LETTER.index(b"</CongVan>")])])
    made = signature([Ref("", LETTER, envelope=True)], objects=f"<ds:Object>{inner}</ds:Object>")
    return Attack(enveloped(LETTER, lambda _: made), "UNSIGNED_OBJECT", twin=_chain(("enveloped",)))


def enveloped_on_a_part_beside_the_signature() -> Attack:
    """X6: Where the Signature is not below the part nothing is cut out; another Signature in the part stays."""
    inner = signature([Ref("#nd", LETTER[LETTER.index(b"<NoiDung") : LETTER.index(b"</CongVan>")])])
    part = '<Phan Id="p"><Ten>x</Ten></Phan>'
    holding = part.replace("</Phan>", inner.replace("#nd", "#q") + "</Phan>")
    made = signature([Ref("#p", part.encode(), envelope=True)])
    twin = f"<R>{part}{made}</R>".encode()
    return Attack(f"<R>{holding}{made}</R>".encode(), "CONTENT_CHANGED", twin=twin)


# base64 -----------------------------------------------------------------------------------------------------


def _object(inside: str, content: bytes = b"noi dung") -> bytes:
    held = f'<ds:Object Id="o">{inside}</ds:Object>'
    steps = f'<ds:Transform Algorithm="{BASE64}"/>'
    made = signature([Ref("#o", content, raw=True, transforms=steps)], objects=held)
    return f"<Goi>{made}</Goi>".encode()


_GOOD = b64(b"noi dung")
for _name, _inside in {
    "an_element_around": f"<b>{_GOOD}</b>",
    "an_element_beside": f"{_GOOD}<CongVan>giả</CongVan>",
    "an_element_in_the_middle": f"{_GOOD[:4]}<b/>{_GOOD[4:]}",
    "a_comment": f"{_GOOD[:4]}<!-- x -->{_GOOD[4:]}",
    "an_instruction": f"{_GOOD[:4]}<?x?>{_GOOD[4:]}",
    "cdata": f"<![CDATA[{_GOOD}]]>",
    "other_letters": f"{_GOOD[:4]}*{_GOOD[4:]}",
    "url_letters": "-_-_",
    "text_after_the_padding": f"{_GOOD}AAAA" if _GOOD.endswith("=") else f"{_GOOD}=AAAA",
    "spare_bits": _GOOD[:-2] + chr(ord(_GOOD[-2]) + 1) + "=" if _GOOD.endswith("=") else _GOOD + "A",
    "other_octets": b64(b"noi dunh"),
    "nothing": "",
}.items():
    variant(
        ATTACKS,
        f"base64_with_{_name}",
        "X6: base64 is read strictly, from text alone.",
        lambda i=_inside: Attack(  # type: ignore[misc] # bound in the loop
            _object(i),
            "must hold text only|CDATA|base64|CONTENT_CHANGED|UNSIGNED_OBJECT",
            twin=_object(f"\n {_GOOD}\n"),
        ),
    )
for _place in ("<P Id='o'>{}</P>", "<R><P Id='o'>{}</P></R>"):
    variant(
        ATTACKS,
        f"base64_of_content_{len(_place)}",
        "X6: base64 drops elements and attributes: on content it is refused.",
        lambda place=_place: Attack(  # type: ignore[misc] # bound in the loop
            f"<G>{place.format(_GOOD)}".encode()
            + signature(
                [Ref("#o", b"noi dung", raw=True, transforms=f'<ds:Transform Algorithm="{BASE64}"/>')]
            ).encode()
            + b"</G>",
            "ds:Object only",
            twin=_object(_GOOD),
        ),
    )

# What a chain leaves out ------------------------------------------------------------------------------------


def a_digest_over_the_first_element_only() -> Attack:
    """X6: What is digested is all of what the reference leads to."""
    first = LETTER[LETTER.index(b"<NoiDung") : LETTER.index(b"</CongVan>")]
    return Attack(enveloped(LETTER, lambda _: signature([Ref("", first, envelope=True)])), "CONTENT_CHANGED")


def a_digest_over_the_text_only() -> Attack:
    """X6: What is digested is mark-up and text."""
    text = "".join(etree.fromstring(LETTER).itertext()).encode()
    value = b64(hashlib.sha256(text).digest())
    return Attack(
        enveloped(LETTER, lambda _: signature([Ref("", LETTER, envelope=True, value=value)])), "CONTENT_CHANGED"
    )


def a_digest_over_the_inside_of_the_root() -> Attack:
    """X6: The element itself belongs to it, not only its children."""
    inside = canonical(LETTER).partition(b">")[2].rpartition(b"</")[0]
    value = b64(hashlib.sha256(inside).digest())
    return Attack(
        enveloped(LETTER, lambda _: signature([Ref("#cv", LETTER, envelope=True, value=value)])), "CONTENT_CHANGED"
    )


ATTACKS |= {
    f.__name__: f
    for f in (
        every_signature_cut_out,
        the_first_signature_cut_out_in_place_of_its_own,
        a_signature_nested_in_the_one_cut_out,
        enveloped_on_a_part_beside_the_signature,
        a_digest_over_the_first_element_only,
        a_digest_over_the_text_only,
        a_digest_over_the_inside_of_the_root,
    )
}
