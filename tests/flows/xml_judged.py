"""The judges of XML, what each says of a product, and why where it does not say yes.

`python -m tests.flows.xml_judged` prints the table in Markdown.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from cryptography import x509

import kyso
from kyso_pki.ades.report import DocumentReport
from kyso_pki.ades.verify import Policy
from kyso_pki.testing import World
from tests.judges import dss, flip, javaxml, python_xmlsec, signxml, xmlsec

from .province import Province, now, plain
from .xml_products import PRODUCTS, WIDE, XmlProduct
from .xml_shapes import FIRST, SHAPES


@dataclass(frozen=True)
class Cell:
    """What one judge says of one file."""

    accepted: bool
    short: str
    """For the table: the level or the reason."""
    words: str
    """In full, for the message of a failing test."""


def judged_by_kyso(
    province: Province, product: XmlProduct, xml: bytes, *, accept_parts: bool | None = None
) -> DocumentReport:
    """kyso's report. Parts are accepted where the product is one over parts: a caller has to ask for that."""
    later = now() + timedelta(seconds=2)
    parts = product.covers is not None if accept_parts is None else accept_parts
    return kyso.verify(
        xml,
        trust=province.world.trust,
        at=later,
        fetcher=province.world.fetcher(later),
        policy=Policy(accept_parts=parts),
        detached=dict(product.beside),
        xpath="XPath asked for" in product.traits,
    )


def _by_kyso(province: Province, product: XmlProduct, xml: bytes) -> Cell:
    report = judged_by_kyso(province, product, xml)
    accepted = report.passed
    if b"<edXML:edXML" in xml:  # here its own signature is judged; documents in a packet have verdicts of their own
        accepted = bool(report.signatures) and all(signature.passed for signature in report.signatures)
    levels = ", ".join(dict.fromkeys(signature.level for signature in report.signatures))
    findings = [f.code for s in report.signatures for f in s.findings if f.severity == "error"]
    findings += [f.code for f in report.findings]
    return Cell(accepted, levels if accepted else ", ".join(findings), str(report.to_json()))


def roots_for(province: Province, product: XmlProduct) -> list[x509.Certificate]:
    """Signatures of the field carry the leaf alone: the issuing CA has to be at hand."""
    return [province.root, *([plain(province.world.issuing)] if "field" in product.traits else [])]


def _by_xmlsec1(province: Province, product: XmlProduct, xml: bytes) -> Cell:
    """One run for each signature: it looks at one at a time."""
    verdicts = [
        xmlsec.verify(xml, roots_for(province, product), node=f"/descendant::*[local-name()='Signature'][{number}]")
        for number in range(1, product.signatures + 1)
    ]
    words = "\n".join(verdict.output for verdict in verdicts)
    accepted = all(verdict.valid for verdict in verdicts)
    return Cell(accepted, "intact, trusted" if accepted else _reason(words), words)


def _by_python_xmlsec(province: Province, product: XmlProduct, xml: bytes) -> Cell:
    verdict = python_xmlsec.verify(xml, roots_for(province, product))
    return Cell(verdict.valid, "intact, trusted" if verdict.valid else _reason(verdict.output), verdict.output)


def _by_signxml(province: Province, product: XmlProduct, xml: bytes) -> Cell:
    """Its XAdES verifier for XAdES. It looks at the first signature only."""
    anchors = roots_for(province, product)
    if product.xades:
        verdict = signxml.verify_xades(xml, anchors, references=True)
    else:
        verdict = signxml.verify(xml, anchors, field="field" in product.traits)
    short = "XAdES" if product.xades else "intact, trusted"
    return Cell(verdict.valid, short if verdict.valid else _reason(verdict.output), verdict.output)


def _by_java(province: Province, product: XmlProduct, xml: bytes) -> Cell:
    verdict = javaxml.verify(xml, roots_for(province, product), at=now() + timedelta(seconds=2))
    return Cell(verdict.valid, "intact, trusted" if verdict.valid else _reason(verdict.output), verdict.output)


def _by_dss(province: Province, product: XmlProduct, xml: bytes) -> Cell:
    """XAdES must have passed, at the level that was meant. Plain XMLDSIG is no AdES signature, so DSS never passes
    it: it must find all digests and the value intact and lack the signed properties, nothing else."""
    at = now() + timedelta(seconds=2)
    crls = province.world.crls(at) if product.evidence == "asked for" else ()
    verdict = dss.verify(
        xml,
        [province.root],
        at=at,
        crls=crls,
        certificates=[plain(province.world.issuing)],
        detached=dict(product.beside),
    )
    formats = dict.fromkeys(s.format for s in verdict.signatures)  # the level of the first, then of others
    if product.xades:
        accepted = verdict.valid and next(iter(formats)) == product.level.replace("XAdES-B", "XAdES-BASELINE")
    else:
        accepted = list(formats) == ["XML-NOT-ETSI"] and all(
            s.intact and (s.indication, s.sub_indication) == ("INDETERMINATE", "SIG_CONSTRAINTS_FAILURE")
            for s in verdict.signatures
        )
    scopes = ", ".join(dict.fromkeys(scope.partition(":")[0] for s in verdict.signatures for scope in s.scopes))
    short = f"{', '.join(formats)} {scopes.lower()}" if accepted else _reason(verdict.output)
    return Cell(accepted, short, verdict.output)


def _reason(words: str) -> str:
    line = next((line for line in words.splitlines() if line.strip()), "nothing")
    line = line.partition("error=1:")[2] or line  # xmlsec1: file and line of its own source come first
    return line if len(line) < 70 else line[:70] + "…"


JUDGES: dict[str, Callable[[Province, XmlProduct, bytes], Cell]] = {
    "kyso": _by_kyso,
    "xmlsec1": _by_xmlsec1,
    "python-xmlsec": _by_python_xmlsec,
    "signxml": _by_signxml,
    "Java": _by_java,
    "DSS": _by_dss,
}
FLIPS: dict[str, Callable[[XmlProduct, bytes], bytes]] = {
    "content": lambda product, xml: flip.in_xml_text(xml, product.content),
    "digest": lambda product, xml: flip.in_xml_value(xml, "DigestValue"),
    "signature value": lambda product, xml: flip.in_xml_value(xml, "SignatureValue"),
    "signing time": lambda product, xml: flip.in_xml_text(xml, "SigningTime"),
    "last timestamp": lambda product, xml: flip.in_xml_token(xml, "EncapsulatedTimeStamp"),
}


def flips_of(product: XmlProduct) -> list[str]:
    """Where bytes of this product are flipped: everywhere in some of each kind, in the content of all."""
    if "detached" in product.traits:
        return ["signature value"]
    if not product.thorough:
        return ["content"]
    left_out = set()
    if not product.xades:
        left_out.add("signing time")
    if "stamped" not in product.traits:
        left_out.add("last timestamp")
    return [name for name in FLIPS if name not in left_out]


def difference(product: XmlProduct, shape: str, judge: str) -> str | None:
    """Why this judge does not accept this good file; None: it must."""
    traits = product.traits
    if judge == "xmlsec1" and "PSS" in traits:
        return "xmlsec1 1.2.37 does not know RSASSA-PSS (1.3 does: see python-xmlsec)."
    if judge in ("xmlsec1", "python-xmlsec", "signxml") and "Ed25519" in traits:
        return f"{judge} does not know Ed25519."
    if judge == "DSS" and "Ed25519" in traits and product.xades:
        return "The cryptographic suite that DSS 6.4 ships does not authorise EdDSA: CRYPTO_CONSTRAINTS_FAILURE."
    if judge == "DSS" and shape.startswith("UTF-16"):
        return "DSS 6.4 does not recognise UTF-16 as XML."
    if judge == "signxml" and shape == "processing instructions around":
        return "signxml leaves out the processing instructions beside the root, which C14N 2.3 keeps."
    if judge == "signxml" and "XPath" in traits:
        return "signxml knows no XPath and passes over it: its digest differs."
    if judge not in ("kyso", "DSS") and "detached" in traits:
        return f"{judge} fetches nothing from outside the document, and is not given it."
    return None


def blind(product: XmlProduct, judge: str, flipped: str) -> str | None:
    """Why this judge does not see this flipped byte; None: it must."""
    if flipped == "last timestamp" and judge in ("xmlsec1", "python-xmlsec", "signxml", "Java"):
        return f"{judge} does not look at unsigned properties."
    if judge == "signxml" and product.signatures > 1 and flipped in ("digest", "signature value"):
        return "signxml looks at the first signature only; the byte is in the last one."
    return None


def main() -> None:
    """Prints one table of the products, one of the shapes."""
    province = Province(World.create(at=now()))
    _head("signed by", "what", *JUDGES)
    for product in PRODUCTS:
        signed = product.make(province, SHAPES[FIRST]())
        changed = [FLIPS[name](product, signed) for name in flips_of(product)]
        row = [product.by, product.name]
        for judge in JUDGES.values():
            cell = judge(province, product, signed)
            seen = sum(not judge(province, product, file).accepted for file in changed)
            row.append(f"{'yes' if cell.accepted else 'no'} {seen}/{len(changed)}: {cell.short}".replace("|", "/"))
        _row(*row)
    sys.stdout.write("\n")
    _head("document", *WIDE)
    wide = [product for product in PRODUCTS if product.by == "kyso" and product.name in WIDE]
    for shape, source in SHAPES.items():
        row = [shape]
        for product in wide:
            signed = product.make(province, source())
            cells = {name: judge(province, product, signed).accepted for name, judge in JUDGES.items()}
            without = ", ".join(name for name, accepted in cells.items() if not accepted)
            row.append(f"all but {without}" if without else "all")
        _row(*row)


def _head(*names: str) -> None:
    _row(*names)
    sys.stdout.write(f"|{' --- |' * len(names)}\n")


def _row(*cells: str) -> None:
    sys.stdout.write(f"| {' | '.join(cells)} |\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
