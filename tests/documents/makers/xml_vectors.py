"""`xml/*.xml`: documents that others signed, with `xml/ca.crt`, `xml/issuing.crt` and their CRLs.

Each file is a shape that a verifier must read, made by the tool whose name it bears:

- `dotnet-invoice.xml`: .NET's SignedXml (Mono), the seller and the tax authority, as e-invoices are signed in the
  field. The seller's references all have the enveloped-signature transform, also the one to the object inside his
  Signature, where .NET takes nothing out; his SigningTime stands in the namespace of XMLDSIG. The authority's have no
  transform, and its SigningTime has `xmlns=""`.
- `dss-b-lta.xml`: EU DSS, XAdES B-LTA with a signature and an archive timestamp, evidence inside; role, place and
  commitment.
- `dss-xpath.xml`: EU DSS by its own choice, XAdES B-B with an XPath Filter 2.0 in place of the enveloped-signature.
- `signxml-xades.xml`: signxml, XAdES B-B with both versions of SigningCertificate, KeyInfo signed.
- `xmlsec1-parts.xml`: xmlsec1, three references of three canonical forms, P-384, SHA-384.
- `python-xmlsec-pss.xml`: xmlsec 1.3, RSASSA-PSS over the whole and over a base64 object inside.
- `java-enveloping.xml`: the JDK, the document inside the Signature.

Keys, certificates and times are one run's; the PKI is `kyso_pki.testing.World`, and the time-stamping authority is
kyso's. Needs the judges of tests/judges (Java, xmlsec1) and a C# compiler with System.Security (Debian: mono-mcs
mono-runtime libmono-system-security4.0-cil libmono-system-xml4.0-cil).
"""

from __future__ import annotations

import base64
import subprocess
import tempfile
from datetime import timedelta, timezone
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa

from kyso_pki.authority.profile import PERSON, Subject
from kyso_pki.testing import World, software_key
from tests.flows.loopback import time_stamping_authority
from tests.flows.province import Province, now, plain
from tests.judges import dss_xml, javaxml, python_xmlsec, signxml, xmlsec
from tests.judges import template as t
from tests.judges.holder import Holder, der, pem
from tests.judges.template import Reference, Template

from .invoice import DATA_ID, SELLER, invoice

PROGRAM = Path(__file__).with_name("dotnet") / "SignInvoice.cs"
CODE_ID = "mccqt-1"
_VIETNAM = timezone(timedelta(hours=7))


def make(folder: Path) -> list[Path]:
    """Writes all of them into `folder/xml`."""
    province = Province(World.create(at=now()))
    world, unsigned = province.world, invoice()
    made = {
        "ca.crt": pem([province.root]),
        "issuing.crt": pem([plain(world.issuing)]),
        "ca.crl": world.crl(now(), world.root_signer),
        "issuing.crl": world.crl(now()),
        "dotnet-invoice.xml": _by_dotnet(unsigned, world),
        "signxml-xades.xml": signxml.sign_xades(unsigned, province.holder("rsa2048")),
        "xmlsec1-parts.xml": xmlsec.sign(unsigned, province.holder("p384"), _PARTS),
        "python-xmlsec-pss.xml": python_xmlsec.sign(unsigned, province.holder("rsa2048"), _PSS),
        "java-enveloping.xml": javaxml.sign(unsigned, province.holder("p256"), _INSIDE, enveloping="noi-dung"),
        **_by_dss(unsigned, province),
    }
    (folder / "xml").mkdir(exist_ok=True)
    for name, octets in made.items():
        (folder / "xml" / name).write_bytes(octets)
    return [folder / "xml" / name for name in made]


_PARTS = Template(
    t.ECDSA_SHA384,
    (
        Reference(f"#{DATA_ID}", (t.C14N10,)),
        Reference(f"#{CODE_ID}", (t.EXCLUSIVE,)),
        Reference("", (t.ENVELOPED, t.C14N11)),
    ),
    c14n=t.C14N11,
    digest=t.SHA384,
)
_PSS = Template(
    t.PSS_SHA256,
    (t.WHOLE, Reference("#phu-luc", (t.BASE64,))),
    objects='<ds:Object Id="phu-luc">TuG7mWkgZHVuZyBwaOG7pSBs4bulYw==</ds:Object>',
)
_INSIDE = Template(t.ECDSA_SHA256, (Reference("#noi-dung", (t.EXCLUSIVE,)),))


def _by_dss(unsigned: bytes, province: Province) -> dict[str, bytes]:
    at = now()
    with time_stamping_authority(province.world) as url:
        supply = dss_xml.Supply(url, (province.root,), province.world.crls(at))
        holder = province.holder("rsa2048")
        archived = dss_xml.sign(
            unsigned,
            holder,
            at=at,
            level="B-LTA",
            supply=supply,
            references=[t.WHOLE],
            role="Giám đốc",
            city="tỉnh Mẫu",
            commitment="ProofOfApproval",
        )
        return {"dss-b-lta.xml": archived, "dss-xpath.xml": dss_xml.sign(unsigned, holder, at=at)}


def _by_dotnet(unsigned: bytes, world: World) -> bytes:
    """The seller, then the tax authority."""
    seller = world.issue(Subject(SELLER["Ten"], organisation=SELLER["Ten"]), PERSON, software_key("rsa2048", 90))
    taxes = world.issue(Subject("Cục Thuế tỉnh Mẫu", "Cục Thuế tỉnh Mẫu"), PERSON, software_key("rsa2048", 91))
    once = _dotnet(
        unsigned, _rsa(seller.private_key, plain(seller.certificate)), "DSCKS/NBan", "seller", "enveloped", DATA_ID
    )
    return _dotnet(
        once, _rsa(taxes.private_key, plain(taxes.certificate)), "DSCKS/CQT", "cqt", "bare", DATA_ID, CODE_ID
    )


def _rsa(key: object, leaf: x509.Certificate) -> Holder:
    assert isinstance(key, rsa.RSAPrivateKey)
    return Holder(key, (leaf,))


def _dotnet(xml: bytes, holder: Holder, place: str, identifier: str, manner: str, *parts: str) -> bytes:
    """One signature by SignInvoice.cs; the key lies in a folder of its own for as long as that takes."""
    time = now().astimezone(_VIETNAM).strftime("%Y-%m-%dT%H:%M:%S")
    with tempfile.TemporaryDirectory() as scratch:
        source, out, program = Path(scratch, "in.xml"), Path(scratch, "out.xml"), Path(scratch, "sign.exe")
        key, leaf = Path(scratch, "key.xml"), Path(scratch, "leaf.cer")
        source.write_bytes(xml)
        leaf.write_bytes(der(holder.chain[0]))
        key.touch(0o600)
        key.write_text(_key_value(holder), encoding="ascii")
        libraries = ["-r:System.Security.dll", "-r:System.Xml.dll"]
        subprocess.run(["mcs", f"-out:{program}", *libraries, str(PROGRAM)], check=True, timeout=120)
        command = ["mono", str(program), str(source), str(out), str(key), str(leaf), place, identifier, time, manner]
        subprocess.run([*command, *parts], check=True, timeout=120)
        return out.read_bytes()


def _key_value(holder: Holder) -> str:
    """The private key as .NET reads it (RSA.FromXmlString)."""
    assert isinstance(holder.key, rsa.RSAPrivateKey)
    numbers = holder.key.private_numbers()
    public = numbers.public_numbers
    half = holder.key.key_size // 16
    parts = {
        "Modulus": (public.n, 2 * half),
        "Exponent": (public.e, 3),
        "P": (numbers.p, half),
        "Q": (numbers.q, half),
        "DP": (numbers.dmp1, half),
        "DQ": (numbers.dmq1, half),
        "InverseQ": (numbers.iqmp, half),
        "D": (numbers.d, 2 * half),
    }
    inner = "".join(
        f"<{name}>{base64.b64encode(value.to_bytes(size)).decode()}</{name}>" for name, (value, size) in parts.items()
    )
    return f"<RSAKeyValue>{inner}</RSAKeyValue>"
