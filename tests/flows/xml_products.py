"""What kyso signs in XML before every judge, and what others sign before kyso: one line per product.

xml_judged.py asks the judges and prints the table (docs/judges.md holds a run of it); test_xml_products.py asserts
every cell of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

import kyso
from kyso_pki.ades.grow import Sources
from kyso_pki.ades.sign import sign_document
from kyso_pki.claims import Claims, ProductionPlace, SignaturePolicy
from kyso_pki.document import Intent, Level, XmlForm, level_named
from kyso_pki.tsp import ContentStamps
from kyso_pki.xml.document import XmlDocument
from kyso_pki.xml.profiles import BUILT_IN, built_in
from tests.judges import dss_xml, javaxml, python_xmlsec, signxml, xmlsec
from tests.judges import template as t
from tests.judges.template import Reference, Template

from .loopback import time_stamping_authority
from .province import Province, now
from .xml_shapes import CODE, DATA, FIRST, PROFILED, SHAPES

Make = Callable[[Province, bytes], bytes]
Evidence = Literal["asked for", "carried"]


@dataclass(frozen=True)
class XmlProduct:
    """A way to sign XML."""

    by: str
    name: str
    make: Make = field(repr=False)
    level: str = "XMLDSIG"
    """What kyso is to say: `XMLDSIG`, `XAdES-B-B` to `XAdES-B-LTA`."""
    covers: str | None = None
    """None: the whole document; else what kyso names as covered, in part. Such a signature passes only for a caller
    who accepts parts."""
    evidence: Evidence = "asked for"
    """Revocation data: given to the judges beside the file, or carried in it. Who is given none must find it."""
    content: str = "THDon"
    """An element whose text is signed, for the flipped byte."""
    signatures: int = 1
    traits: frozenset[str] = frozenset()
    """What some judge cannot take: see `difference` in xml_judged.py."""
    beside: tuple[tuple[str, bytes], ...] = ()
    """By name, detached content."""

    def __str__(self) -> str:
        return f"{self.by} {self.name}"

    @property
    def thorough(self) -> bool:
        """Whether bytes are flipped in every place, not in the content alone."""
        return str(self) in _THOROUGH

    @property
    def xades(self) -> bool:
        return self.level.startswith("XAdES")


# What kyso signs


def parts(province: Province, xml: bytes, key: str, identifiers: Sequence[str], form: XmlForm = "xades") -> bytes:
    """Over these parts only."""
    signer = province.signer(key)
    intent = Intent(signing_time=now(), xml_form=form)
    pending = XmlDocument(xml).prepare_parts(intent, signer.chain, signer.scheme, identifiers)
    return pending.finish(signer.sign([pending.imprint])[0])


def _ours() -> Iterator[XmlProduct]:
    keys = {
        "RSA": ("rsa2048", frozenset[str]()),
        "RSA-PSS": ("rsa2048-pss", frozenset({"PSS"})),
        "P-256": ("p256", frozenset[str]()),
        "P-384": ("p384", frozenset[str]()),
        "P-521": ("p521", frozenset[str]()),
        "Ed25519": ("ed25519", frozenset({"Ed25519"})),
    }
    for name, (key, traits) in keys.items():
        yield XmlProduct("kyso", f"XAdES B-B, {name}", _signing(key, "B-B", "xades"), "XAdES-B-B", traits=traits)
        yield XmlProduct("kyso", f"XMLDSIG, {name}", _signing(key, "B-B", "xmldsig"), traits=traits)
    for name in ("RSA", "RSA-PSS", "P-256", "P-384"):
        key, traits = keys[name]
        yield XmlProduct(
            "kyso", f"XAdES B-T, {name}", _signing(key, "B-T", "xades"), "XAdES-B-T", traits=traits | {"stamped"}
        )
    for level in ("B-LT", "B-LTA"):
        for name in keys if level == "B-LTA" else ("RSA", "P-256"):
            key, traits = keys[name]
            yield _carried(f"XAdES {level}, {name}", _signing(key, level, "xades"), level, traits)
        yield _carried(f"B-B grown to {level}", _grown("B-B", level), level)
        yield _carried(f"B-T grown to {level}", _grown("B-T", level), level)
    yield _carried("B-LTA renewed", _grown("B-LTA", "B-LTA"), "B-LTA")
    yield _carried("DSS's B-T grown to B-LTA", lambda p, x: _extended(p, _dss(p, x, level="B-T"), "B-LTA"), "B-LTA")
    both = f"/HDon/DLHDon (#{DATA}), /HDon/MCCQT (#{CODE})"
    yield XmlProduct(
        "kyso", "XAdES B-B over two parts", lambda p, x: parts(p, x, "rsa2048", (DATA, CODE)), "XAdES-B-B", both
    )
    yield XmlProduct(
        "kyso", "XMLDSIG over two parts", lambda p, x: parts(p, x, "p256", (DATA, CODE), "xmldsig"), covers=both
    )
    yield XmlProduct(
        "kyso",
        "two signatures over parts of their own",
        lambda p, x: parts(p, parts(p, x, "rsa2048", (DATA,)), "p256", (CODE,)),
        "XAdES-B-B",
        f"/HDon/DLHDon (#{DATA})",
        signatures=2,
    )

    yield XmlProduct(
        "kyso", "role, place, commitment, implied policy", lambda p, x: _claimed(p, x, "implied"), "XAdES-B-B"
    )
    yield XmlProduct(
        "kyso",
        "explicit policy",
        lambda p, x: _claimed(p, x, SignaturePolicy.of("urn:oid:2.16.704.9.1", b"quy dinh")),
        "XAdES-B-B",
    )
    for level in ("B-B", "B-LTA"):
        yield XmlProduct(
            "kyso",
            f"{level}, around a file",
            _over_a_file(level, detached=False),
            f"XAdES-{level}",
            evidence="carried" if level == "B-LTA" else "asked for",
            content="Object",
            traits=frozenset({"encoded"} | ({"stamped"} if level == "B-LTA" else set())),
        )
        yield XmlProduct(
            "kyso",
            f"{level}, beside a file",
            _over_a_file(level, detached=True),
            f"XAdES-{level}",
            evidence="carried" if level == "B-LTA" else "asked for",
            traits=frozenset({"detached"} | ({"stamped"} if level == "B-LTA" else set())),
            beside=(("hoa-don.xml", SHAPES[FIRST]()),),
        )
    for level in ("B-T", "B-LTA"):
        yield XmlProduct(
            "kyso",
            f"{level}, content stamped before",
            _content_stamped(level_named(level)),
            f"XAdES-{level}",
            evidence="carried" if level == "B-LTA" else "asked for",
            traits=frozenset({"stamped"}),
        )
    yield XmlProduct(
        "kyso", "B-B, both parts stamped before", _parts_stamped, "XAdES-B-B", both, traits=frozenset({"stamped"})
    )
    for level, traits in (("B-T", frozenset({"stamped"})), ("B-LTA", frozenset({"stamped"}))):
        yield XmlProduct(
            "kyso",
            f"{level}, countersigned",
            _countersigning(level_named(level)),
            f"XAdES-{level}",
            evidence="carried" if level == "B-LTA" else "asked for",
            signatures=2,
            traits=traits,
        )
    for profile in BUILT_IN:
        for key in ("rsa2048", "p256") if profile.startswith("generic") else ("rsa2048",):
            yield _by_profile(profile, key)


_COVERED = {
    "einvoice-seller": f"/HDon/DLHDon (#{DATA}), /HDon/DSCKS/NBan/Signature/Object",
    "einvoice-buyer": f"/HDon/DLHDon (#{DATA}), /HDon/DSCKS/NMua/Signature/Object",
    "einvoice-tax-authority": f"/HDon/DLHDon (#{DATA}), /HDon/DSCKS/CQT/Signature/Object",
    "einvoice-notice": "/TBao/DLTBao (#tb-1), /TBao/DSCKS/CQT/Signature/Object",
    "einvoice-notice-head": "/TBao/DLTBao (#tb-1), /TBao/DSCKS/TTCQT/Signature/Object",
    "tax-return": "/HSoThueDTu/HSoKhaiThue (#ID_1)",
}


def _carried(name: str, make: Make, level: str, traits: frozenset[str] = frozenset()) -> XmlProduct:
    return XmlProduct("kyso", name, make, f"XAdES-{level}", evidence="carried", traits=traits | {"stamped"})


def _grown(before: str, after: str) -> Make:
    return lambda province, xml: _extended(province, province.sign(xml, "p256", level=before), after)


def _extended(province: Province, xml: bytes, level: str) -> bytes:
    """Grown afterwards, without a key."""
    at, world = now(), province.world
    return kyso.extend(xml, level=level, timestamper=world.timestamper(at), fetcher=world.fetcher(at))


def _by_profile(profile: str, key: str) -> XmlProduct:
    """The document that the profile is for, whatever else is given."""
    return XmlProduct(
        "kyso",
        f"profile {profile}, {'RSA' if key.startswith('rsa') else 'P-256'}",
        lambda province, _: _profiled(province, PROFILED[profile](), key, profile),
        "XAdES-B-B" if profile == "generic-xades" else "XMLDSIG",
        _COVERED.get(profile),
        content="Subject" if profile == "edxml" else "THDon",
        traits=frozenset() if profile.startswith("generic") else frozenset({"field"}),
    )


def _profiled(province: Province, xml: bytes, key: str, profile: str) -> bytes:
    signer = province.signer(key)
    intent = Intent(signing_time=now(), profile=built_in(profile))
    pending = XmlDocument(xml).prepare(intent, signer.chain, signer.scheme)
    return pending.finish(signer.sign([pending.imprint])[0])


def _claimed(province: Province, xml: bytes, policy: SignaturePolicy | Literal["implied"]) -> bytes:
    place = ProductionPlace(city="tỉnh Mẫu", country="VN")
    claims = Claims(("Giám đốc",), place, ("approval",), policy)
    intent = Intent(signing_time=now(), claims=claims)
    return sign_document(XmlDocument(xml), intent, province.signer("rsa2048"))


def _over_a_file(level: str, *, detached: bool) -> Make:
    def make(province: Province, xml: bytes) -> bytes:
        at, world = now(), province.world
        return kyso.sign_xml(
            xml,
            province.signer("rsa2048"),
            name="hoa-don.xml",
            detached=detached,
            level=level,
            timestamper=None if level == "B-B" else world.timestamper(at),
            fetcher=world.fetcher(at),
            at=at,
        )

    return make


def _content_stamped(level: Level) -> Make:
    def make(province: Province, xml: bytes) -> bytes:
        at, world, signer = now(), province.world, province.signer("rsa2048")
        intent = Intent(at, level, content_stamps=ContentStamps(world.timestamper(at)))
        sources = Sources(at, world.fetcher(at))
        return sign_document(XmlDocument(xml), intent, signer, world.timestamper(at), sources)

    return make


def _parts_stamped(province: Province, xml: bytes) -> bytes:
    at, signer = now(), province.signer("p256")
    intent = Intent(at, content_stamps=ContentStamps(province.world.timestamper(at)))
    pending = XmlDocument(xml).prepare_parts(intent, signer.chain, signer.scheme, (DATA, CODE))
    return pending.finish(signer.sign([pending.imprint])[0])


def _countersigning(level: Level) -> Make:
    def make(province: Province, xml: bytes) -> bytes:
        signed, at, world = province.sign(xml, "rsa2048", level="B-T"), now(), province.world
        intent = Intent(at, "B-T", countersign=XmlDocument(signed).signatures()[0].id)
        both = sign_document(XmlDocument(signed), intent, province.signer("p256"), world.timestamper(at))
        return both if level == "B-T" else _extended(province, both, level)

    return make


def _signing(key: str, level: str, form: XmlForm) -> Make:
    return lambda province, xml: province.sign(xml, key, level=level, xml_form=form)


OURS = tuple(_ours())
WIDE = ("XAdES B-B, RSA", "XMLDSIG, P-256", "XAdES B-LTA, RSA")
"""Made of every shape; the others of the e-invoice."""

# What others sign

_TEXT = '<ds:Object Id="noi-dung"><VanBan xmlns="">Nội dung</VanBan></ds:Object>'
_CODED = '<ds:Object Id="noi-dung">TuG7mWkgZHVuZw==</ds:Object>'
_PARTS = (Reference(f"#{DATA}", (t.C14N10,)), Reference(f"#{CODE}", (t.EXCLUSIVE,)))
_BOTH = f"/HDon/DLHDon (#{DATA}), /HDon/MCCQT (#{CODE})"

_ASKS_XPATH = frozenset({"XPath", "XPath asked for"})
_FILTERED = {
    "XPath, a part left out": (t.xpath("not(ancestor-or-self::MCCQT)"), "/HDon without /HDon/MCCQT (by XPath)"),
    "XPath Filter 2.0, a part left out": (
        t.xpath_filter(("intersect", "/HDon"), ("subtract", "//MCCQT")),
        "/HDon without /HDon/MCCQT (by XPath)",
    ),
}


def _filled(by: str, key: str, template: Template, *, alone: bool = False) -> Make:
    """A template filled by xmlsec1, python-xmlsec or Java; `alone`: the Signature is the document."""
    sign = {"xmlsec1": xmlsec.sign, "python-xmlsec": python_xmlsec.sign, "Java": javaxml.sign}[by]
    return lambda province, xml: sign(b"" if alone else xml, province.holder(key), template)


def _of_templates() -> Iterator[XmlProduct]:
    methods = {
        "C14N 1.0": t.C14N10,
        "C14N 1.0 with comments": t.C14N10_COMMENTS,
        "C14N 1.1": t.C14N11,
        "C14N 1.1 with comments": t.C14N11_COMMENTS,
        "exclusive C14N": t.EXCLUSIVE,
        "exclusive C14N with comments": t.EXCLUSIVE_COMMENTS,
    }
    plain: dict[str, tuple[str, Template]] = {
        name: ("rsa2048", Template(t.RSA_SHA256, (Reference("", (t.ENVELOPED, uri)),), c14n=uri))
        for name, uri in methods.items()
    }
    plain |= {
        "RSA and SHA-384": ("rsa2048", Template(t.RSA_SHA384, digest=t.SHA384)),
        "RSA and SHA-512": ("rsa2048", Template(t.RSA_SHA512, digest=t.SHA512)),
        "P-256 and SHA-256": ("p256", Template(t.ECDSA_SHA256)),
        "P-384 and SHA-384": ("p384", Template(t.ECDSA_SHA384, digest=t.SHA384)),
        "P-521 and SHA-512": ("p521", Template(t.ECDSA_SHA512, digest=t.SHA512)),
        "no canonicalisation named": ("p256", Template(t.ECDSA_SHA256, (Reference("", (t.ENVELOPED,)),))),
    }
    for by in ("xmlsec1", "python-xmlsec", "Java"):
        for name, (key, template) in plain.items():
            if by == "python-xmlsec" and "C14N" in name:
                continue  # the library of xmlsec1
            yield XmlProduct(by, name, _filled(by, key, template))
        two = Template(t.ECDSA_SHA256, _PARTS)
        yield XmlProduct(by, "two parts", _filled(by, "p256", two), covers=_BOTH)
        if by != "xmlsec1":  # Debian's 1.2.37 does not know PSS
            pss = Template(t.PSS_SHA384, digest=t.SHA384)
            yield XmlProduct(by, "RSA-PSS", _filled(by, "rsa2048", pss), traits=frozenset({"PSS"}))
        if by == "Java":
            continue
        inside = Template(t.ECDSA_SHA256, (Reference("#noi-dung", (t.EXCLUSIVE,)),), objects=_TEXT)
        coded = Template(t.ECDSA_SHA256, (Reference("#noi-dung", (t.BASE64,)),), objects=_CODED)
        yield XmlProduct(by, "enveloping", _filled(by, "p256", inside, alone=True), content="VanBan")
        yield XmlProduct(by, "base64 inside", _filled(by, "p256", coded, alone=True), content="Object")
        for name, (step, covers) in _FILTERED.items():
            filtered = Template(t.ECDSA_SHA256, (Reference("", (t.ENVELOPED, step, t.EXCLUSIVE)),))
            yield XmlProduct(by, name, _filled(by, "p256", filtered), covers=covers, traits=_ASKS_XPATH)


def _enveloping_java(province: Province, xml: bytes) -> bytes:
    template = Template(t.ECDSA_SHA256, (Reference("#noi-dung", (t.EXCLUSIVE,)),))
    return javaxml.sign(xml, province.holder("p256"), template, enveloping="noi-dung")


def _java_ed25519(province: Province, xml: bytes) -> bytes:
    return javaxml.sign(xml, province.holder("ed25519"), Template(t.ED25519))


def _by_signxml() -> Iterator[XmlProduct]:
    def signed(key: str, **options: str) -> Make:
        return lambda p, x: signxml.sign(x, p.holder(key), **options)  # type: ignore[arg-type] # all are text

    yield XmlProduct("signxml", "RSA, exclusive C14N", signed("rsa2048"))
    yield XmlProduct("signxml", "RSA, C14N 1.0", signed("rsa2048", c14n=t.C14N10))
    yield XmlProduct("signxml", "RSA, C14N 1.1", signed("rsa2048", c14n=t.C14N11))
    yield XmlProduct("signxml", "RSA and SHA-512", signed("rsa2048", algorithm="rsa-sha512", digest="sha512"))
    yield XmlProduct("signxml", "RSA-PSS", signed("rsa2048", algorithm="sha256-rsa-MGF1"), traits=frozenset({"PSS"}))
    yield XmlProduct(
        "signxml",
        "RSA-PSS and SHA-3",
        signed("rsa2048", algorithm="sha3-256-rsa-MGF1", digest="sha3-256"),
        traits=frozenset({"PSS"}),
    )
    yield XmlProduct("signxml", "P-384 and SHA-384", signed("p384", algorithm="ecdsa-sha384", digest="sha384"))
    yield XmlProduct("signxml", "enveloping", signed("p256", method="enveloping"))
    yield XmlProduct(
        "signxml",
        "two parts",
        lambda p, x: signxml.sign(x, p.holder("p256"), parts=(DATA, CODE)),
        covers=_BOTH,
    )
    for name, key in (("RSA", "rsa2048"), ("P-256", "p256")):
        yield XmlProduct("signxml", f"XAdES B-B, {name}", _xades_by_signxml(key), "XAdES-B-B")


def _xades_by_signxml(key: str) -> Make:
    return lambda p, x: signxml.sign_xades(x, p.holder(key))


_ENVELOPED = (Reference("", (t.ENVELOPED, t.EXCLUSIVE)),)
"""What DSS signs when it is asked; by itself it takes an XPath Filter 2.0 instead of that transform."""


def _dss(
    province: Province,
    xml: bytes,
    key: str = "rsa2048",
    level: str = "B-B",
    *,
    references: Sequence[Reference] = _ENVELOPED,
    packaging: dss_xml.Packaging = "ENVELOPED",
    pss: bool = False,
    hash_name: str = "SHA256",
    c14n: str = t.EXCLUSIVE,
    xades132: bool = False,
    name: str | None = None,
    place: str | None = None,
) -> bytes:
    at = now()
    with time_stamping_authority(province.world) as url:
        return dss_xml.sign(
            xml,
            province.holder(key),
            at=at,
            level=level,
            supply=dss_xml.Supply(url, (province.root,), province.world.crls(at)),
            references=references,
            packaging=packaging,
            pss=pss,
            hash_name=hash_name,
            c14n=c14n,
            xades132=xades132,
            name=name,
            place=place,
            role="Giám đốc",
            city="tỉnh Mẫu",
            commitment="ProofOfApproval",
        )


def _grown_by_dss(province: Province, xml: bytes, level: str) -> bytes:
    at = now()
    with time_stamping_authority(province.world) as url:
        supply = dss_xml.Supply(url, (province.root,), province.world.crls(at))
        return dss_xml.extend(province.sign(xml, "p256"), level, supply)


_STAMPED, _XPATH = frozenset({"stamped"}), frozenset({"XPath"})


def _by_dss() -> Iterator[XmlProduct]:
    yield XmlProduct("DSS", "XAdES B-B", lambda p, x: _dss(p, x), "XAdES-B-B")
    yield XmlProduct("DSS", "XAdES B-T, P-256", lambda p, x: _dss(p, x, "p256", "B-T"), "XAdES-B-T", traits=_STAMPED)
    yield XmlProduct(
        "DSS", "XAdES B-LT", lambda p, x: _dss(p, x, level="B-LT"), "XAdES-B-LT", evidence="carried", traits=_STAMPED
    )
    yield XmlProduct(
        "DSS",
        "XAdES B-LTA, P-384",
        lambda p, x: _dss(p, x, "p384", "B-LTA"),
        "XAdES-B-LTA",
        evidence="carried",
        traits=_STAMPED,
    )
    yield XmlProduct(
        "DSS", "XAdES B-B, RSA-PSS", lambda p, x: _dss(p, x, pss=True), "XAdES-B-B", traits=frozenset({"PSS"})
    )
    yield XmlProduct("DSS", "XAdES B-B, SHA-512", lambda p, x: _dss(p, x, hash_name="SHA512"), "XAdES-B-B")
    yield XmlProduct("DSS", "XAdES B-B, C14N 1.0", lambda p, x: _dss(p, x, c14n=t.C14N10), "XAdES-B-B")
    yield XmlProduct("DSS", "XAdES B-B, C14N 1.1", lambda p, x: _dss(p, x, c14n=t.C14N11), "XAdES-B-B")
    yield XmlProduct("DSS", "XAdES 1.3.2, SigningCertificate", lambda p, x: _dss(p, x, xades132=True), "XAdES-B-B")
    yield XmlProduct(
        "DSS",
        "XAdES B-B over a part, in NBan",
        lambda p, x: _dss(p, x, references=[Reference(f"#{DATA}", (t.EXCLUSIVE,))], place="//DSCKS/NBan"),
        "XAdES-B-B",
        f"/HDon/DLHDon (#{DATA})",
    )
    yield XmlProduct(
        "DSS",
        "XAdES B-B, enveloping",
        lambda p, x: _dss(p, x, "p256", references=(), packaging="ENVELOPING"),
        "XAdES-B-B",
        content="Object",
        traits=frozenset({"encoded"}),
    )
    yield XmlProduct(
        "DSS", "XAdES B-B, its own XPath filter", lambda p, x: _dss(p, x, references=()), "XAdES-B-B", traits=_XPATH
    )
    yield XmlProduct(
        "DSS",
        "two signatures over the whole, its own XPath filter",
        lambda p, x: _dss(p, _dss(p, x, references=()), "p256", references=()),
        "XAdES-B-B",
        signatures=2,
        traits=_XPATH,
    )
    yield XmlProduct(
        "DSS",
        "B-LTA, its own XPath filter",
        lambda p, x: _dss(p, x, "p256", "B-LTA", references=()),
        "XAdES-B-LTA",
        evidence="carried",
        traits=_XPATH | _STAMPED,
    )
    yield XmlProduct(
        "DSS",
        "XAdES B-B, detached",
        lambda p, x: _dss(p, x, "p256", references=(), packaging="DETACHED", name="hoa-don.xml"),
        "XAdES-B-B",
        traits=frozenset({"detached"}),
        beside=(("hoa-don.xml", SHAPES[FIRST]()),),
    )
    yield XmlProduct(
        "DSS",
        "kyso's B-B grown to B-LT",
        lambda p, x: _grown_by_dss(p, x, "B-LT"),
        "XAdES-B-LT",
        evidence="carried",
        traits=_STAMPED,
    )
    yield XmlProduct(
        "DSS",
        "kyso's B-B grown to B-LTA",
        lambda p, x: _grown_by_dss(p, x, "B-LTA"),
        "XAdES-B-LTA",
        evidence="carried",
        traits=_STAMPED,
    )


_THOROUGH = {
    *("kyso XAdES B-B, RSA", "kyso XMLDSIG, P-256", "kyso XAdES B-T, P-256", "kyso XAdES B-LT, RSA"),
    *("kyso XAdES B-LTA, RSA", "kyso XAdES B-B over two parts", "kyso two signatures over parts of their own"),
    *("kyso profile einvoice-seller, RSA", "kyso profile einvoice-tax-authority, RSA", "kyso profile edxml, RSA"),
    *("xmlsec1 exclusive C14N", "xmlsec1 two parts", "python-xmlsec RSA-PSS", "Java P-384 and SHA-384"),
    *("signxml RSA, C14N 1.0", "signxml XAdES B-B, RSA", "DSS XAdES B-B", "DSS XAdES B-LTA, P-384"),
}
THEIRS = (
    *_of_templates(),
    XmlProduct("Java", "enveloping", _enveloping_java),
    XmlProduct("Java", "Ed25519", _java_ed25519, traits=frozenset({"Ed25519"})),
    *_by_signxml(),
    *_by_dss(),
)
PRODUCTS = (*OURS, *THEIRS)


def cases() -> Iterator[tuple[XmlProduct, str]]:
    """Every product with every shape that it is made of."""
    for product in PRODUCTS:
        wide = product.by == "kyso" and product.name in WIDE
        yield from ((product, shape) for shape in (SHAPES if wide else (FIRST,)))
