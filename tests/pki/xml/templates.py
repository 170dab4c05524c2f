"""Signatures that xmlsec1 makes of templates: what its plain judge module does not offer."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

from kyso_pki.testing import SoftwareSigner
from tests.judges import xmlsec
from tests.judges.holder import pem
from tests.judges.program import made, run

from .made import holder

DS = xmlsec.DS
EXCLUSIVE = "http://www.w3.org/2001/10/xml-exc-c14n#"
INHERITING = """<?xml version="1.0"?><?kieu mau?>
<!-- trước -->
<goc Id="goc" xmlns="urn:mau:goc" xmlns:x="urn:mau:x" xmlns:y="urn:mau:y" xml:lang="vi" xml:space="preserve">
 <giua xmlns:z="urn:mau:z" y:a="1" xml:lang="en"><!-- giữa -->
  <phan Id="phan" z:b="2" a="&#13;&#10;&lt;&quot;"><con><chau x:c="3" xmlns:x="urn:mau:x2"/>
    văn bản &#13;<![CDATA[<&]]></con>
   <khong xmlns=""><la/></khong><?lenh x?><!-- trong --></phan>đuôi</giua>
</goc>
<!-- sau --><?het?>
""".encode()


def signed_by_xmlsec1(
    xml: bytes,
    signer: SoftwareSigner,
    *,
    uri: str,
    transforms: Sequence[str] = (EXCLUSIVE,),
    c14n: str = EXCLUSIVE,
    prefixes: str = "",
    enveloped: bool = False,
    content: str | None = None,
) -> bytes:
    """`xml` with a Signature as last child of its root, or a Signature alone around `content`."""
    steps = ([DS + "enveloped-signature"] if enveloped else []) + list(transforms)
    inner = f'<ec:InclusiveNamespaces xmlns:ec="{EXCLUSIVE}" PrefixList="{prefixes}"/>' if prefixes else ""
    chain = "".join(f'<ds:Transform Algorithm="{step}">{inner}</ds:Transform>' for step in steps)
    method = "rsa-sha256" if signer.scheme.key_type == "rsa" else "ecdsa-sha256"
    template = (
        f'<ds:Signature xmlns:ds="{DS}"><ds:SignedInfo><ds:CanonicalizationMethod Algorithm="{c14n}"/>'
        f'<ds:SignatureMethod Algorithm="http://www.w3.org/2001/04/xmldsig-more#{method}"/>'
        f'<ds:Reference URI="{uri}">{f"<ds:Transforms>{chain}</ds:Transforms>" if chain else ""}'
        '<ds:DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"/><ds:DigestValue/></ds:Reference>'
        "</ds:SignedInfo><ds:SignatureValue/><ds:KeyInfo><ds:X509Data/></ds:KeyInfo>"
        + ("" if content is None else f'<ds:Object Id="trong">{content}</ds:Object>')
        + "</ds:Signature>"
    ).encode()
    end = xml.rfind(b"</")
    unsigned = template if content is not None else xml[:end] + template + xml[end:]
    with tempfile.TemporaryDirectory() as scratch:
        document, key, out = Path(scratch, "in.xml"), Path(scratch, "key.pem"), Path(scratch, "out.xml")
        document.write_bytes(unsigned)
        key.write_bytes(holder(signer).key_pem)
        files = [str(key)]
        for number, certificate in enumerate(holder(signer).chain):
            path = Path(scratch, f"{number}.pem")
            path.write_bytes(pem([certificate]))
            files.append(str(path))
        command = ["xmlsec1", "--sign", "--privkey-pem", ",".join(files), "--output", str(out)]
        for name in ("urn:mau:goc:phan", "urn:mau:goc:goc", f"{DS}:Object"):
            command += ["--id-attr:Id", name]
        made(run([*command, str(document)], package=xmlsec.PACKAGE))
        return out.read_bytes()
