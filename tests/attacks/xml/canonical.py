"""X5: canonicalisation that fails, gives nothing, or is asked for in a way that libraries read differently."""

from __future__ import annotations

import hashlib

from .attack import Attack, Generator, variant
from .forge import DIGESTS, ENVELOPED, EXCLUSIVE, Ref, b64, enveloped, signature
from .octets import INCLUSIVE, INCLUSIVE_1_1
from .structure import LETTER, WHOLE, honest

ATTACKS: dict[str, Generator] = {}
METHODS = {"inclusive": INCLUSIVE, "inclusive_1_1": INCLUSIVE_1_1, "exclusive": EXCLUSIVE}
RELATIVE = ("tuong/doi", "../x", "?x", "x", ".", "//x/y")  # "#x" and "" are other cases
RULE = "X5: A failed canonicalisation is an error, never an empty string that is hashed."


def _void(xml: bytes, uri: str, method: str, value: str) -> bytes:
    steps = f'<ds:Transform Algorithm="{ENVELOPED}"/><ds:Transform Algorithm="{method}"/>'
    return enveloped(xml, lambda _: signature([Ref(uri, b"", raw=True, transforms=steps, value=value)]))


_SOMETHING = b64(hashlib.sha256(b"x").digest())
_NOTHING = b64(hashlib.sha256(b"").digest())
for _number, _namespace in enumerate(RELATIVE[:5]):
    for _method, _algorithm in METHODS.items():
        for _place, _frame in {
            "whole": '<A xmlns:r="{}"><B r:x="1"/></A>',
            "part": '<A><B Id="p" xmlns:r="{}" r:x="1">b</B></A>',
            "inside": '<A><B Id="p"><r:C xmlns:r="{}">c</r:C></B></A>',
        }.items():
            variant(
                ATTACKS,
                f"relative_namespace_{_number}_{_place}_{_method}",
                RULE,
                lambda n=_namespace, a=_algorithm, f=_frame: Attack(  # type: ignore[misc] # bound in the loop
                    _void(f.format(n).encode(), "#p" if "Id=" in f else "", a, _SOMETHING), "cannot be canonicalised"
                ),
            )


def _digest_of_nothing(name: str, uri: str) -> bytes:
    value = b64(hashlib.new(name, b"").digest())
    made = signature(
        [Ref(uri, LETTER, envelope=True, value=value)],
        before=lambda info: info.replace(DIGESTS["sha256"], EMPTY[name]),
    )
    return enveloped(LETTER, lambda _: made)


EMPTY = {
    "sha1": DIGESTS["sha1"],
    "sha256": DIGESTS["sha256"],
    "sha384": "http://www.w3.org/2001/04/xmldsig-more#sha384",
    "sha512": "http://www.w3.org/2001/04/xmlenc#sha512",
    "sha3_256": "http://www.w3.org/2007/05/xmldsig-more#sha3-256",
    "sha3_384": "http://www.w3.org/2007/05/xmldsig-more#sha3-384",
    "sha3_512": "http://www.w3.org/2007/05/xmldsig-more#sha3-512",
}
for _name in EMPTY:
    for _uri in ("", "#cv", "#nd"):
        variant(
            ATTACKS,
            f"the_{_name}_of_nothing_{_uri or 'whole'}",
            "X5: The digest of the empty string is never a DigestValue.",
            lambda n=_name, u=_uri: Attack(_digest_of_nothing(n, u), "digest of nothing"),  # type: ignore[misc] # bound in the loop
        )

for _name, _value in {
    "empty": "",
    "short": b64(b"x" * 31),
    "long": b64(b"x" * 33),
    "sha1_long": b64(b"x" * 20),
    "zeros": b64(bytes(32)),
    "hexadecimal": "ab" * 32,
}.items():
    variant(
        ATTACKS,
        f"a_digest_that_is_{_name}",
        "X5: A DigestValue is as long as its hash, and is compared whole.",
        lambda v=_value: Attack(  # type: ignore[misc] # bound in the loop
            enveloped(LETTER, lambda _: signature([Ref("", LETTER, envelope=True, value=v)])),
            "is no sha256 digest|CONTENT_CHANGED|base64",
        ),
    )


def _prefixes(content: str, method: str = EXCLUSIVE) -> bytes:
    steps = f'<ds:Transform Algorithm="{ENVELOPED}"/><ds:Transform Algorithm="{method}">{content}</ds:Transform>'
    return enveloped(LETTER, lambda _: signature([Ref("", LETTER, transforms=steps)]))


_LIST = '<ec:InclusiveNamespaces xmlns:ec="http://www.w3.org/2001/10/xml-exc-c14n#" PrefixList="{}"/>'
for _name, _content, _method in (
    ("twice", _LIST.format("x") * 2, EXCLUSIVE),
    ("in_inclusive", _LIST.format("x"), INCLUSIVE),
    ("in_another_namespace", _LIST.format("x").replace("xml-exc-c14n#", "xml-exc-c14n"), EXCLUSIVE),
    ("without_attribute", _LIST.replace(' PrefixList="{}"', ""), EXCLUSIVE),
    ("with_content", _LIST.format("x").replace("/>", "><x/></ec:InclusiveNamespaces>"), EXCLUSIVE),
    ("with_an_xpath", "<ds:XPath>1</ds:XPath>", EXCLUSIVE),
):
    variant(
        ATTACKS,
        f"a_prefix_list_{_name}",
        "X5: InclusiveNamespaces stands once, in exclusive canonicalisation, with its PrefixList.",
        lambda c=_content, m=_method: Attack(  # type: ignore[misc] # bound in the loop
            _prefixes(c, m),
            "not supported|not accepted|has no attribute|must hold|must be empty",
            twin=_prefixes(_LIST.format("x #default")),
        ),
    )


def _info_method(uri: str) -> bytes:
    return enveloped(LETTER, lambda _: signature([WHOLE], c14n=uri))


for _name, _uri in {
    "nothing": "",
    "xslt": "http://www.w3.org/TR/1999/REC-xslt-19991116",
    "enveloped": ENVELOPED,
    "base64": "http://www.w3.org/2000/09/xmldsig#base64",
    "c14n_2": "http://www.w3.org/2010/xml-c14n2",
    "xpath": "http://www.w3.org/TR/1999/REC-xpath-19991116",
    "minimal": "http://www.w3.org/2000/09/xmldsig#minimal",
    "a_space_after": EXCLUSIVE + " ",
    "upper_case": EXCLUSIVE.upper(),
    "https": EXCLUSIVE.replace("http:", "https:"),
    "no_mark": EXCLUSIVE.rstrip("#"),
    "a_mark_more": INCLUSIVE + "#",
    "stripped": "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-soap-message-security-1.0#STR-Transform",
}.items():
    variant(
        ATTACKS,
        f"signed_info_canonicalised_by_{_name}",
        "X5 X9: CanonicalizationMethod is one of six identifiers, letter by letter.",
        lambda u=_uri: Attack(_info_method(u), "is not accepted", twin=honest()),  # type: ignore[misc] # bound in the loop
    )
