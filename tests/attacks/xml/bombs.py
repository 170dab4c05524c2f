"""R1: XML that grows with a number, each aimed at one place where work or memory could grow faster than the file.

`BOMBS` holds them with the `n` that makes a file of some megabytes, which would take a quadratic reader minutes;
`work` counts what reading one costs: executed lines of our own code, and octets that went through libxml2.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from types import FrameType
from typing import Any

from tests.pki.xml.made import AT, EVIDENCE, WORLD

from . import properties
from .forge import DS, ENVELOPED, EXCLUSIVE, XADES, Ref, b64, signature, x509_data
from .structure import honest


@dataclass(frozen=True)
class Bomb:
    name: str
    make: Callable[[int], bytes]
    n: int
    passes: bool
    """It is large, and nothing else may be wrong with it."""


BOMBS: list[Bomb] = []


def bomb(n: int, *, passes: bool = False) -> Callable[[Callable[[int], bytes]], Callable[[int], bytes]]:
    """Registers a family with its large `n`; `passes`: it is large and nothing else is wrong with it."""

    def register(make: Callable[[int], bytes]) -> Callable[[int], bytes]:
        BOMBS.append(Bomb(make.__name__, make, n, passes))
        return make

    return register


@dataclass(frozen=True)
class Work:
    """What it cost to verify a document."""

    verdict: str
    codes: tuple[str, ...]
    lines: int
    """Lines of our own code that were executed."""
    told: int
    """Characters of the report."""
    octets: int
    """Octets that were parsed, written out or canonicalised, as far as our own code sees them."""


_COSTLY = ("canonical_document", "parse_utf8", "utf8_octets", "_isolated", "digest")


def work(data: bytes, *, counted: bool = True) -> Work:
    """The cost of one document, the same on every machine: nothing is timed."""
    from kyso_pki.formats import verify_document

    lines = octets = 0

    def line(frame: FrameType, event: str, arg: Any) -> Any:
        nonlocal lines, octets
        lines += event == "line"
        if event == "return" and frame.f_code.co_name in _COSTLY:
            octets += sum(len(v) for v in (arg, *frame.f_locals.values()) if isinstance(v, bytes))
        return line

    def call(frame: FrameType, event: str, arg: Any) -> Any:
        return line if "kyso_pki" in frame.f_code.co_filename else None

    WORLD.person_signer  # noqa: B018 - the key is made before anything is counted
    previous = sys.gettrace()
    if counted:
        sys.settrace(call)
    try:
        report = verify_document(data, trust=WORLD.trust, at=AT, evidence=EVIDENCE)
    finally:
        sys.settrace(previous)
    found = [f for s in report.signatures for f in s.findings] + list(report.findings)
    told = len(json.dumps(report.to_json()))
    return Work(report.verdict, tuple(f.code for f in found), lines, told, octets)


def _inside(text: str, xml: bytes | None = None) -> bytes:
    """The honest letter with more in it, which breaks its digest: reading goes all the way."""
    return (honest() if xml is None else xml).replace(b"</CongVan>", text.encode() + b"</CongVan>")


def _root(content: str) -> bytes:
    return f"<a>{content}</a>".encode()


def _parts(*identifiers: str) -> str:
    return signature([Ref(f"#{i}", b"<a/>") for i in identifiers])


INFO = _parts("p")[: _parts("p").index("<ds:SignatureValue>")] + "<ds:SignatureValue>QUJD</ds:SignatureValue>"

# Many of one thing ----------------------------------------------------------------------------------------


@bomb(400_000)
def elements(n: int) -> bytes:
    """R1: elements."""
    return _inside("<b/>" * n)


@bomb(60_000)
def elements_of_one_name(n: int) -> bytes:
    """R1: elements with the name of a signed one, deep: is each looked for among its ancestors?"""
    return _root("<c>" * 200 + "<p/>" * n + "</c>" * 200 + '<p Id="p">x</p>' + _parts("p"))


@bomb(60_000)
def elements_of_many_names(n: int) -> bytes:
    """R1: as many names as elements."""
    return _inside("".join(f"<b{i}/>" for i in range(n)))


@bomb(200_000)
def comments(n: int) -> bytes:
    """R1: comments, each with text after it."""
    return _inside("<!---->x" * n)


@bomb(100_000)
def comments_in_elements(n: int) -> bytes:
    """R1: comments, each in an element of its own."""
    return _inside("<b><!---->x</b>" * n)


@bomb(20_000)
def comments_deep(n: int) -> bytes:
    """R1: comments below many ancestors."""
    return _inside("<c>" * 200 + "<!---->x" * n + "</c>" * 200)


@bomb(200_000)
def instructions(n: int) -> bytes:
    """R1: instructions."""
    return _inside("<?x?>" * n)


@bomb(200_000)
def instructions_before_the_root(n: int) -> bytes:
    """R1: instructions in the prolog."""
    return b"<?x?>" * n + honest()


@bomb(200_000, passes=True)
def comments_before_the_root(n: int) -> bytes:
    """R1: comments in the prolog, which no signature covers."""
    return b"<!---->" * n + honest()


@bomb(200_000)
def instructions_after_the_root(n: int) -> bytes:
    """R1: instructions after the root."""
    return honest() + b"<?x?>" * n


@bomb(3_000_000, passes=True)
def white_space_around(n: int) -> bytes:
    """R1: white space in the prolog."""
    return b" " * n + honest() if n < 512 else b'<?xml version="1.0"?>' + b" " * n + honest()


@bomb(300_000)
def cdata_sections(n: int) -> bytes:
    """R1: CDATA sections, which become one text."""
    return _inside("<![CDATA[x]]>" * n)


@bomb(600_000)
def character_references(n: int) -> bytes:
    """R1: character references."""
    return _inside("&#65;" * n)


@bomb(5_000_000)
def one_text(n: int) -> bytes:
    """R1: one long text."""
    return _inside("x" * n)


@bomb(3_000_000)
def one_attribute(n: int) -> bytes:
    """R1: one long attribute."""
    return _inside(f'<b c="{"x" * n}"/>')


@bomb(100_000)
def attributes(n: int) -> bytes:
    """R1: attributes, some for each element."""
    return _inside('<b a="" b="" c="" d="" e="" f="" g="" h=""/>' * n)


@bomb(1_500)
def elements_with_many_attributes(n: int) -> bytes:
    """R1: as many attributes as an element may have."""
    listed = " ".join(f'a{i:03d}=""' for i in reversed(range(250)))
    return _inside(f"<b {listed}/>" * n)


@bomb(50_000)
def attributes_of_one_element(n: int) -> bytes:
    """R1: attributes of one element."""
    return _inside("<b " + " ".join(f'a{i}=""' for i in range(n)) + "/>")


@bomb(1_000_000)
def one_name(n: int) -> bytes:
    """R1: a long name."""
    return _inside(f"<{'b' * n}/>")


@bomb(240)
def depth(n: int) -> bytes:
    """R1: depth, up to the parser's limit."""
    return _inside("<b>" * n + "</b>" * n)


@bomb(100_000)
def depth_beyond_the_limit(n: int) -> bytes:
    """R1: depth without limit."""
    return _inside("<b>" * n + "</b>" * n)


# Namespaces -----------------------------------------------------------------------------------------------


@bomb(60_000)
def one_prefix_declared_again(n: int) -> bytes:
    """R1: one prefix, declared in each element."""
    return _inside("".join(f'<b xmlns:p="urn:{i}"/>' for i in range(n)))


@bomb(60_000)
def one_prefix_declared_again_deep(n: int) -> bytes:
    """R1: declarations that pile up."""
    return _inside(("".join(f'<b xmlns:p="urn:{i}">' for i in range(200)) + "</b>" * 200) * (n // 200))


@bomb(1_000)
def prefixes(n: int) -> bytes:
    """R1: as many prefixes as elements: canonicalisation walks all that are in scope."""
    return _inside("".join(f'<b xmlns:p{i}="urn:{i}"/>' for i in range(n)))


@bomb(3_000)
def prefixes_in_scope(n: int) -> bytes:
    """R1: prefixes on the root, elements below it."""
    listed = " ".join(f'xmlns:p{i}="urn:{i}"' for i in range(n))
    return f"<CongVan {listed}>{'<b/>' * n}{signature([Ref('', b'<a/>', transforms=_INCLUSIVE)])}</CongVan>".encode()


_INCLUSIVE = f'<ds:Transform Algorithm="{ENVELOPED}"/>'


@bomb(1_400)
def a_small_document_of_prefixes(n: int) -> bytes:
    """R1: 20 kB that would take more than a second to canonicalise."""
    return prefixes_in_scope(n)


@bomb(30_000)
def a_long_prefix_list(n: int) -> bytes:
    """R1: a PrefixList of many prefixes."""
    listed = f'<e:InclusiveNamespaces xmlns:e="{EXCLUSIVE}" PrefixList="{" ".join(f"p{i}" for i in range(n))}"/>'
    steps = f'<ds:Transform Algorithm="{EXCLUSIVE}">{listed}</ds:Transform>'
    body = '<p Id="p">' + "<b/>" * n + "</p>"
    return _root(body + signature([Ref("#p", b"<a/>", transforms=steps)]))


@bomb(200)
def xml_attributes_inherited(n: int) -> bytes:
    """R1: parts below many elements with xml:lang: inclusive canonicalisation looks at all of them."""
    steps = '<ds:Transform Algorithm="http://www.w3.org/TR/2001/REC-xml-c14n-20010315"/>'
    made = signature([Ref("#p", b"<a/>", transforms=steps)] * 30)
    return _root('<b xml:lang="vi">' * n + '<p Id="p">x</p>' + "</b>" * n + made)


# Identifiers and references ---------------------------------------------------------------------------------


@bomb(200_000)
def identifiers(n: int) -> bytes:
    """R1: identifiers that nobody asks for."""
    return _root("".join(f'<b Id="{i}"/>' for i in range(n)) + _parts("1", "2", "3", "4"))


@bomb(1_500_000)
def far_too_many_identifiers(n: int) -> bytes:
    """R1: identifiers that would take a gigabyte to list."""
    return identifiers(n)


@bomb(800_000)
def one_identifier_far_too_often(n: int) -> bytes:
    """R1: the identifier that is asked for, so often that finding it would take a gigabyte."""
    return one_identifier(n)


@bomb(150_000)
def one_identifier(n: int) -> bytes:
    """R1: the identifier that is asked for, again and again."""
    return _root('<b Id="p"/>' * n + _parts("p"))


@bomb(300)
def references_to_one_large_part(n: int) -> bytes:
    """R1: hashing is bounded by the size of the document, not by how often it is pointed at."""
    return _root(f'<p Id="p">{"x" * (n * 1_000)}</p>' + _parts(*["p"] * 30) * (n // 10))


@bomb(480)
def signatures_over_the_whole(n: int) -> bytes:
    """R1: each signature over the whole document hashes all the others."""
    return _root("<b/>" * 1_000 + signature([Ref("", b"<a/>", envelope=True)]) * n)


@bomb(480)
def signatures_over_one_part(n: int) -> bytes:
    """R1: signatures beside each other: is each counted among its siblings?"""
    return _root('<p Id="p">x</p>' + "<b/>" * (n * 200) + _parts("p") * n)


@bomb(300_000)
def signatures_that_are_empty(n: int) -> bytes:
    """R1: signatures are counted before they are read."""
    return f'<a xmlns="{DS}">{"<Signature/>" * n}</a>'.encode()


@bomb(66)
def nested_parts(n: int) -> bytes:
    """R1: each reference leads to a part that holds the next: together they are many times the document."""
    n = min(n, 200)
    opened = "".join(f'<p Id="p{i}">' for i in range(n))
    made = "".join(_parts(*[f"p{i}" for i in range(start, min(start + 30, n))]) for start in range(0, n, 30))
    return _root(opened + "x" * 60_000 + "</p>" * n + made)


@bomb(60_000)
def references_to_a_deep_part(n: int) -> bytes:
    """R1: a path is as long as what it leads through; each of a thousand references tells its own."""
    name = "a" * min(n, 49_000)
    deep = f"<{name}>" * 200 + '<p Id="p">x</p>' + f"</{name}>" * 200
    return _root(deep + "".join(_parts(*["p"] * min(n, 1000)) for _ in range(5)))


@bomb(60_000)
def references_to_parts_of_one_deep_element(n: int) -> bytes:
    """R1: the same, each to another part."""
    name, count = "a" * min(n, 49_000), min(n, 900)
    parts = "".join(f'<p Id="p{i}">x</p>' for i in range(count))
    deep = f"<{name}>" * 200 + parts + f"</{name}>" * 200
    return _root(deep + "".join(_parts(*[f"p{i}" for i in range(count)]) for _ in range(5)))


@bomb(400)
def counter_signatures_of_a_signature_with_a_long_id(n: int) -> bytes:
    """R1: each of many tells whom it countersigns."""
    n = min(n, 400)
    value = '<ds:SignatureValue Id="v">AAAA</ds:SignatureValue>'
    parent = signature([Ref("#p", b'<p Id="p">x</p>')], identifier="i" * (n * 1000))
    parent = re.sub("<ds:SignatureValue>[^<]*</ds:SignatureValue>", value, parent)
    covered = f'<ds:SignatureValue xmlns:ds="{DS}" Id="v">AAAA</ds:SignatureValue>'.encode()
    return _root('<p Id="p">x</p>' + parent + signature([Ref("#v", covered)]) * n)


# Inside a Signature -------------------------------------------------------------------------------------------


@bomb(300_000)
def signatures_in_key_info(n: int) -> bytes:
    """R1: what stands inside many Signatures is not walked for each of them."""
    opened = INFO + "<ds:KeyInfo><ds:X509Data><ds:X509SubjectName>"
    closed = "</ds:X509SubjectName></ds:X509Data></ds:KeyInfo></ds:Signature>"
    return _root('<p Id="p">x</p>' + opened * 60 + "<b/>" * n + closed * 60)


@bomb(300_000)
def signatures_in_objects(n: int) -> bytes:
    """R1: the same in Objects."""
    return _root('<p Id="p">x</p>' + (INFO + "<ds:Object>") * 100 + "<b/>" * n + "</ds:Object></ds:Signature>" * 100)


@bomb(300_000)
def signatures_in_unsigned_properties(n: int) -> bytes:
    """R1: the same in counter-signatures."""
    opened = (
        INFO + f'<ds:Object><x:QualifyingProperties xmlns:x="{XADES}" Target="#s"><x:UnsignedProperties>'
        "<x:UnsignedSignatureProperties><x:CounterSignature>"
    )
    closed = (
        "</x:CounterSignature></x:UnsignedSignatureProperties></x:UnsignedProperties></x:QualifyingProperties>"
        "</ds:Object></ds:Signature>"
    )
    return _root('<p Id="p">x</p>' + opened * 30 + "<x/>" * n + closed * 30)


@bomb(200_000)
def signatures_in_signed_info(n: int) -> bytes:
    """R1: the same in SignedInfo."""
    opened = f'<ds:Signature xmlns:ds="{DS}"><ds:SignedInfo><ds:CanonicalizationMethod Algorithm="{EXCLUSIVE}"/>'
    return _root(opened * 60 + "<b/>" * n + "</ds:SignedInfo></ds:Signature>" * 60)


@bomb(30_000)
def revocation_values(n: int) -> bytes:
    """R1: values are counted."""
    values = "<xades:EncapsulatedCRLValue>QUJD</xades:EncapsulatedCRLValue>" * n
    return _unsigned(f"<xades:RevocationValues><xades:CRLValues>{values}</xades:CRLValues></xades:RevocationValues>")


@bomb(30_000, passes=True)
def unsigned_properties(n: int) -> bytes:
    """R1: properties are counted, or cost little."""
    return _unsigned("<xades:CertificateValues/>" * n)


@bomb(20_000)
def unsigned_timestamps(n: int) -> bytes:
    """R1: timestamps are counted."""
    stamp = "<xades:EncapsulatedTimeStamp>MAA=</xades:EncapsulatedTimeStamp>"
    return _unsigned(f"<xades:SignatureTimeStamp>{stamp}</xades:SignatureTimeStamp>" * n)


def _unsigned(text: str) -> bytes:
    unsigned = (
        f"<xades:UnsignedProperties><xades:UnsignedSignatureProperties>{text}</xades:UnsignedSignatureProperties>"
        "</xades:UnsignedProperties></xades:QualifyingProperties>"
    )
    return properties.honest().replace(b"</xades:QualifyingProperties>", unsigned.encode())


@bomb(400_000)
def one_modulus(n: int) -> bytes:
    """R1: a huge key in a KeyValue."""
    value = f"<ds:Modulus>{b64(bytes([193]) * n + bytes([1]))}</ds:Modulus><ds:Exponent>AQAB</ds:Exponent>"
    made = f"<ds:KeyInfo><ds:KeyValue><ds:RSAKeyValue>{value}</ds:RSAKeyValue></ds:KeyValue>"
    return honest().replace(b"<ds:KeyInfo>", made.encode())


@bomb(200)
def certificates_that_do_not_verify(n: int) -> bytes:
    """R1: how often a value is tried is bounded."""
    others = x509_data(WORLD.stranger_signer) + x509_data(WORLD.impostor_signer)
    listed = others.replace("<ds:KeyInfo><ds:X509Data>", "").replace("</ds:X509Data></ds:KeyInfo>", "")
    info = f"<ds:KeyInfo><ds:X509Data>{listed}</ds:X509Data></ds:KeyInfo>"
    return _root('<p Id="p">x</p>' + signature([Ref("#p", b'<p Id="p">x</p>')], key_info=info) * n)
