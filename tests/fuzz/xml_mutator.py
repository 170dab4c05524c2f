"""Mutations that know what XML signatures are made of: elements, attributes, identifiers, algorithms, properties.

Reach for `mutate`. Most of the work goes where no signature looks: inside a Signature, around the signed parts, and
into the spelling of what is signed; a changed octet that is covered is found by its digest at once.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from random import Random

TOKEN = re.compile(rb"<!--.*?-->|<\?.*?\?>|<!\[CDATA\[.*?\]\]>|<[^>]*>|[^<]+", re.DOTALL)
_NAME = re.compile(rb"</?([^\s/>]+)")
_ATTRIBUTE = re.compile(rb"\s([\w:.-]+)=(\"[^\"]*\"|'[^']*')")
_INSIDE = re.compile(rb"</?[\w]*:?(?:Object|KeyInfo|X509Data|\w*Propert\w*|\w*Values|Signature)[^>]*>")
DS, XADES = b"http://www.w3.org/2000/09/xmldsig#", b"http://uri.etsi.org/01903/v1.3.2#"

PIECES = (
    b"<!-- x -->",
    b"<!---->",
    b"<?x y?>",
    b"<![CDATA[]]>",
    b"<![CDATA[<x/>]]>",
    b"&#13;",
    b"&#x41;",
    b"\r\n",
    b"\t",
    b" ",
    b"<x/>",
    b"<x>gia</x>",
    b"10.000.000",
    b"<Khac Id='p1'/>",
    b"<b xml:lang='en'/>",
    b'<b xmlns=""/>',
    b'<b xmlns="urn:x"/>',
    b"<DLHDon/>",
    b"<CongVan/>",
    b"<P1/>",
    b'<d:Object xmlns:d="' + DS + b'"><CongVan/></d:Object>',
    b'<d:Object xmlns:d="' + DS + b'"/>',
    b'<d:SignatureProperties xmlns:d="' + DS + b'"/>',
    b'<d:SignatureProperty xmlns:d="' + DS + b'" Target="#s">x</d:SignatureProperty>',
    b"<SigningTime>2026-11-29T00:00:00Z</SigningTime>",
    b'<d:Manifest xmlns:d="' + DS + b'"/>',
    b'<d:KeyName xmlns:d="' + DS + b'">x</d:KeyName>',
    b'<d:Signature xmlns:d="' + DS + b'"/>',
    b'<d:SignatureValue xmlns:d="' + DS + b'">QUJD</d:SignatureValue>',
    b'<d:Reference xmlns:d="' + DS + b'" URI=""/>',
    b'<x:UnsignedProperties xmlns:x="' + XADES + b'"/>',
    b'<x:UnsignedSignatureProperties xmlns:x="' + XADES + b'"/>',
    b'<x:CertificateValues xmlns:x="' + XADES + b'"/>',
    b'<x:CounterSignature xmlns:x="' + XADES + b'"/>',
    b'<x:SigningTime xmlns:x="' + XADES + b'">2020-01-01T00:00:00Z</x:SigningTime>',
    b'<x:SignatureTimeStamp xmlns:x="' + XADES + b'"/>',
    b'<x:QualifyingProperties xmlns:x="' + XADES + b'" Target="#s"/>',
    b'<x:SignerRoleV2 xmlns:x="' + XADES + b'"/>',
    *(
        b'<d:Transform xmlns:d="' + DS + b'" Algorithm="http://www.w3.org/TR/1999/REC-xpath-19991116"><d:XPath>%s'
        b"</d:XPath></d:Transform>" % expression
        for expression in (
            b"true()",
            b"not(ancestor-or-self::ChuyenTiep)",
            b"self::text()",
            b"count(//* | //*/..) > 2",
        )
    ),
    b'<f:XPath xmlns:f="http://www.w3.org/2002/06/xmldsig-filter2" Filter="union">//*</f:XPath>',
    b"<!DOCTYPE a>",
    b"&x;",
    b"]]>",
    b"<",
    b">",
    b"&",
    b"\x00",
    b"\xff",
    b"\xc3",
    b"",
)
VALUES = (
    b"",
    b"#",
    b"#p0",
    b"#p1",
    b"#data",
    b"#cv-1",
    b"#o",
    b"#a",
    b"#s",
    b"x",
    b"urn:x",
    b"tuong/doi",
    b"#xpointer(/)",
    b"p0",
    b"data",
    b"cv-1",
    b"a",
    b"o",
    b"s",
    b"http://www.w3.org/2001/10/xml-exc-c14n#",
    b"http://www.w3.org/2001/10/xml-exc-c14n#WithComments",
    b"http://www.w3.org/TR/2001/REC-xml-c14n-20010315",
    b"http://www.w3.org/TR/2001/REC-xml-c14n-20010315#WithComments",
    b"http://www.w3.org/2006/12/xml-c14n11",
    DS + b"enveloped-signature",
    DS + b"base64",
    DS + b"sha1",
    DS + b"Manifest",
    b"http://www.w3.org/TR/1999/REC-xpath-19991116",
    b"http://www.w3.org/2002/06/xmldsig-filter2",
    b"intersect",
    b"subtract",
    b"union",
    b"http://uri.etsi.org/01903#SignedProperties",
    b"http://uri.etsi.org/01903#CountersignedSignature",
    b"http://www.w3.org/2001/04/xmldsig-more#hmac-sha256",
    b"&#97;",
    b"vi",
)
ATTRIBUTES = (
    b' Id="a"',
    b' ID="data"',
    b' id="p0"',
    b' xml:id="cv-1"',
    b" iD='o'",
    b' x="1"',
    b' xml:lang="en"',
    b' xml:base="http://x/"',
    b' xml:space="preserve"',
    b' xmlns:q="urn:q"',
    b' xmlns=""',
    b' xmlns:ds="urn:x"',
    b' xmlns:xades="urn:x"',
    b' w:Id="p0" xmlns:w="urn:w"',
    b' Target="#x"',
    b' URI=""',
    b' Encoding="x"',
    b' MimeType="x"',
    b"\n",
    b" ",
)


def mutate(data: bytes, rng: Random, max_size: int, seeds: Sequence[bytes]) -> bytes:
    """A document made from this one, of at most `max_size` octets."""
    mark = data[:2] if data[:2] in (b"\xff\xfe", b"\xfe\xff") else b""
    if mark and rng.random() < 0.9:
        data = data.decode("utf-16", "replace").encode()
    for _ in range(rng.choice((1, 1, 1, 2, 2, 3, 5))):
        data = rng.choice(_KINDS)(data, rng, seeds)[:max_size]
    if (mark or rng.random() < 0.01) and rng.random() < 0.9:
        data = data.decode("utf-8", "replace").encode("utf-16")
    return data[:max_size]


def _tokens(data: bytes) -> list[bytes]:
    return TOKEN.findall(data) or [data]


def _is_start(token: bytes) -> bool:
    return token.startswith(b"<") and token[1:2] not in (b"/", b"!", b"?")


def _subtree(tokens: Sequence[bytes], rng: Random) -> tuple[int, int]:
    """The first and the last token of one element, or of a text."""
    start = rng.randrange(len(tokens))
    if not _is_start(tokens[start]) or tokens[start].endswith(b"/>"):
        return start, start
    depth = 0
    for at in range(start, len(tokens)):
        token = tokens[at]
        if _is_start(token) and not token.endswith(b"/>"):
            depth += 1
        elif token.startswith(b"</"):
            depth -= 1
            if depth <= 0:
                return start, at
    return start, start


def _moved(data: bytes, rng: Random, seeds: Sequence[bytes]) -> bytes:
    """An element is moved, copied or taken out."""
    tokens = _tokens(data)
    first, last = _subtree(tokens, rng)
    part = tokens[first : last + 1]
    how = rng.randrange(3)
    if how:
        del tokens[first : last + 1]
    if how < 2:
        at = rng.randint(0, len(tokens))
        tokens[at:at] = part
    return b"".join(tokens)


def _wrapped(data: bytes, rng: Random, seeds: Sequence[bytes]) -> bytes:
    """An element is put into another one of some name of the document."""
    tokens = _tokens(data)
    first, last = _subtree(tokens, rng)
    names = [m[1] for t in tokens if (m := _NAME.match(t))] or [b"x"]
    name = rng.choice((*names, b"x", b"Extensions", b"ds:Object", b"xades:CounterSignature"))
    tokens.insert(last + 1, b"</" + name + b">")
    tokens.insert(first, b"<" + name + b">")
    return b"".join(tokens)


def _unwrapped(data: bytes, rng: Random, seeds: Sequence[bytes]) -> bytes:
    """Only the content of an element stays."""
    tokens = _tokens(data)
    first, last = _subtree(tokens, rng)
    if last > first:
        del tokens[last], tokens[first]
    return b"".join(tokens)


def _transplanted(data: bytes, rng: Random, seeds: Sequence[bytes]) -> bytes:
    """An element of another document is put in, or takes the place of one."""
    other = _tokens(_utf8(rng.choice(seeds)))
    first, last = _subtree(other, rng)
    part = other[first : last + 1]
    tokens = _tokens(data)
    at, end = _subtree(tokens, rng)
    tokens[at : (end + 1 if rng.random() < 0.5 else at)] = part
    return b"".join(tokens)


def _enclosed(data: bytes, rng: Random, seeds: Sequence[bytes]) -> bytes:
    """A whole document is put into another one."""
    tokens = _tokens(data)
    inner = re.sub(rb"^\s*<\?xml[^>]*\?>", b"", _utf8(rng.choice(seeds)))
    tokens.insert(rng.randint(0, len(tokens)), inner)
    return b"".join(tokens)


def _utf8(data: bytes) -> bytes:
    return data.decode("utf-16").encode() if data[:2] in (b"\xff\xfe", b"\xfe\xff") else data


def _put_in(data: bytes, rng: Random, seeds: Sequence[bytes]) -> bytes:
    """A piece between two tokens, or inside a text."""
    tokens = _tokens(data)
    at = rng.randrange(len(tokens))
    piece = rng.choice(PIECES)
    if tokens[at].startswith(b"<"):
        tokens.insert(at, piece)
    else:
        cut = rng.randint(0, len(tokens[at]))
        tokens[at] = tokens[at][:cut] + piece + tokens[at][cut:]
    return b"".join(tokens)


def _put_in_signature(data: bytes, rng: Random, seeds: Sequence[bytes]) -> bytes:
    """A piece inside a Signature, where nothing may be signed."""
    places = [m.end() for m in _INSIDE.finditer(data)]
    if not places:
        return _put_in(data, rng, seeds)
    at = rng.choice(places)
    return data[:at] + rng.choice(PIECES) + data[at:]


def _attribute_changed(data: bytes, rng: Random, seeds: Sequence[bytes]) -> bytes:
    found = list(_ATTRIBUTE.finditer(data))
    if not found:
        return _attribute_added(data, rng, seeds)
    m = rng.choice(found)
    how = rng.randrange(4)
    if how == 0:
        return data[: m.start()] + data[m.end() :]
    if how == 1:
        return data[: m.start(2)] + b'"' + rng.choice(found)[2][1:-1].replace(b'"', b"") + b'"' + data[m.end(2) :]
    if how == 2:
        return data[: m.end()] + rng.choice(ATTRIBUTES) + data[m.end() :]
    return data[: m.start(2)] + b'"' + rng.choice(VALUES) + b'"' + data[m.end(2) :]


def _attribute_added(data: bytes, rng: Random, seeds: Sequence[bytes]) -> bytes:
    tokens = _tokens(data)
    starts = [n for n, t in enumerate(tokens) if _is_start(t)]
    if not starts:
        return _flipped(data, rng, seeds)
    at = rng.choice(starts)
    m = _NAME.match(tokens[at])
    if m:
        tokens[at] = tokens[at][: m.end()] + rng.choice(ATTRIBUTES) + tokens[at][m.end() :]
    return b"".join(tokens)


def _renamed(data: bytes, rng: Random, seeds: Sequence[bytes]) -> bytes:
    """An element gets another name, its start and end tag together."""
    tokens = _tokens(data)
    first, last = _subtree(tokens, rng)
    m = _NAME.match(tokens[first])
    names = [n[1] for t in tokens if (n := _NAME.match(t))]
    if not m or not names:
        return _put_in(data, rng, seeds)
    new = rng.choice((*names, b"x", m[1].rpartition(b":")[2], b"ds:" + m[1].rpartition(b":")[2]))
    tokens[first] = tokens[first][: m.start(1)] + new + tokens[first][m.end(1) :]
    if last != first:
        tokens[last] = b"</" + new + b">"
    return b"".join(tokens)


def _respelt(data: bytes, rng: Random, seeds: Sequence[bytes]) -> bytes:
    """A letter as a reference, a text as CDATA, an empty tag as two, quotes exchanged: the same for XML."""
    tokens = _tokens(data)
    at = rng.randrange(len(tokens))
    token = tokens[at]
    if not token.startswith(b"<") and token and b"&" not in token:
        if rng.random() < 0.5:
            cut = rng.randrange(len(token))
            if token[cut] < 128:
                tokens[at] = token[:cut] + b"&#%d;" % token[cut] + token[cut + 1 :]
        else:
            tokens[at] = b"<![CDATA[" + token + b"]]>"
    elif token.endswith(b"/>") and (m := _NAME.match(token)):
        tokens[at] = token[:-2] + b"></" + m[1] + b">"
    elif _is_start(token):
        tokens[at] = token.replace(b'"', b"'") if b"'" not in token else token[:-1] + b" >"
    return b"".join(tokens)


def _flipped(data: bytes, rng: Random, seeds: Sequence[bytes]) -> bytes:
    if not data:
        return b"<a/>"
    at = rng.randrange(len(data))
    return data[:at] + bytes((data[at] ^ (1 << rng.randrange(8)),)) + data[at + 1 :]


def _removed(data: bytes, rng: Random, seeds: Sequence[bytes]) -> bytes:
    at = rng.randint(0, len(data))
    return data[:at] + data[at + rng.choice((1, 1, 2, 8, 40, 400)) :]


def _repeated(data: bytes, rng: Random, seeds: Sequence[bytes]) -> bytes:
    """One element many times."""
    tokens = _tokens(data)
    first, last = _subtree(tokens, rng)
    part = tokens[first : last + 1]
    tokens[last + 1 : last + 1] = part * rng.choice((1, 2, 30, 300))
    return b"".join(tokens)


def _spliced(data: bytes, rng: Random, seeds: Sequence[bytes]) -> bytes:
    other = _utf8(rng.choice(seeds))
    return data[: rng.randint(0, len(data))] + other[rng.randint(0, len(other)) :]


_KINDS: tuple[Callable[[bytes, Random, Sequence[bytes]], bytes], ...] = (
    _moved,
    _moved,
    _moved,
    _wrapped,
    _wrapped,
    _unwrapped,
    _transplanted,
    _transplanted,
    _enclosed,
    _put_in,
    _put_in,
    _put_in_signature,
    _put_in_signature,
    _put_in_signature,
    _attribute_changed,
    _attribute_changed,
    _attribute_added,
    _attribute_added,
    _renamed,
    _renamed,
    _respelt,
    _respelt,
    _flipped,
    _removed,
    _repeated,
    _spliced,
)
