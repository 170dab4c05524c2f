"""kyso and EU DSS over good and bad documents: the same verdict, or the difference is told here with its reason.

Both get the same file, roots, CRLs and time. `pytest -rA` shows the indications and sub-indications of EN 319 102-1
side by side; `python -m tests.flows.test_same_verdict` prints them as a table for docs/judges.md.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

import kyso
from kyso_pki import oids
from kyso_pki.authority.profile import Subject
from kyso_pki.cades.writing import Added, added
from kyso_pki.credential import Chain
from kyso_pki.evidence import Evidence
from kyso_pki.testing import SoftwareSigner, SoftwareSigningKey, World, forge, software_key
from tests.attacks.cms.file_forge import counter_attributes
from tests.attacks.cms.forge import attribute, set_of, signer_info
from tests.judges import dss, dss_xml, flip, java, openssl, pyhanko, signxml, xmlsec
from tests.judges import template as t
from tests.judges.template import Template

from .province import Province, holder_of, now, plain
from .xml_products import parts
from .xml_shapes import CODE, DATA, DOCUMENTS, SHAPES

Make = Callable[[Province, str], bytes]
"""Of a province and a format (`xml` or `pdf`)."""
DAY = timedelta(days=1)
FORMATS = ("xml", "pdf", "cms")


@dataclass(frozen=True)
class Case:
    """One document in its circumstances."""

    name: str
    make: Make = field(repr=False)
    formats: tuple[str, ...] = FORMATS
    crls: bool = True
    """Whether the CRLs of both CAs are given to the judges."""
    later: timedelta = timedelta(seconds=2)
    """How long after signing it is judged."""
    differs: str | None = None
    """Why kyso says another indication than DSS; None: they must say the same."""

    def __str__(self) -> str:
        return self.name


def _source(form: str) -> bytes:
    if form == "cms":
        return "Quyết định của UBND tỉnh Mẫu\n".encode() * 20
    return SHAPES["e-invoice"]() if form == "xml" else (DOCUMENTS / "cong-van.pdf").read_bytes()


def _signed(level: str = "B-B", key: str = "rsa2048") -> Make:
    return lambda province, form: _sign(province, form, key, level)


def _sign(province: Province, form: str, key: str, level: str = "B-B") -> bytes:
    """Signed by kyso; a CMS file has its content inside."""
    if form != "cms":
        return province.sign(_source(form), key, level=level)
    at = now()
    return kyso.sign_cms(
        _source(form),
        province.signer(key),
        detached=False,
        level=level,
        timestamper=province.world.timestamper(at),
        fetcher=province.world.fetcher(at),
        at=at,
    )


def _foreign(signer: Callable[[Province], SoftwareSigner]) -> Make:
    """Signed by other tools, because kyso does not sign with what is not fit for it."""

    def make(province: Province, form: str) -> bytes:
        holder = holder_of(signer(province))
        if form == "cms":
            return openssl.cms_sign(_source(form), holder, "-cades", "-nodetach")
        return signxml.sign_xades(_source(form), holder) if form == "xml" else pyhanko.sign(_source(form), holder)

    return make


def _stamped_by_a_stranger(province: Province, form: str) -> bytes:
    at = now()
    timestamper = Province(_STRANGERS).world.timestamper(at)
    if form == "cms":
        signer = province.world.person_signer
        return kyso.sign_cms(_source(form), signer, detached=False, level="B-T", timestamper=timestamper, at=at)
    return kyso.sign(_source(form), province.world.person_signer, level="B-T", timestamper=timestamper, at=at)


_STRANGERS = World.create(at=now(), number=7, name="tỉnh Khác")


def _revoked(before: timedelta, level: str = "B-B", reason: str = "keyCompromise") -> Make:
    """Revoked this long before the signature was made (after it when negative)."""

    def make(province: Province, form: str) -> bytes:
        signed = _sign(province, form, "p256", level)
        province.world.revoke(province.world.seal, now() - before, reason)
        return signed

    return make


def _flipped(place: str) -> Make:
    def make(province: Province, form: str) -> bytes:
        signed = _sign(province, form, "rsa2048")
        if form == "cms":
            return signed.replace("Mẫu".encode(), "Giả".encode(), 1) if place == "content" else _last_flipped(signed)
        if form == "xml":
            return (
                flip.in_xml_text(signed, "THDon")
                if place == "content"
                else flip.in_xml_value(signed, "SignatureValue")
            )
        return flip.in_pdf_content(signed) if place == "content" else flip.in_pdf_signature(signed)

    return make


def _last_flipped(cms: bytes) -> bytes:
    """The value stands last in a CMS file of level B-B."""
    return cms[:-1] + bytes((cms[-1] ^ 1,))


def _in_xml(template: Template) -> Make:
    return lambda province, _: xmlsec.sign(_source("xml"), province.holder("rsa2048"), template)


def _parts(province: Province, _: str) -> bytes:
    return parts(province, _source("xml"), "rsa2048", (DATA, CODE))


def _wrapped(province: Province, _: str) -> bytes:
    """The signed part moved aside, another one in its place: signature wrapping."""
    signed = parts(province, _source("xml"), "rsa2048", (DATA,))
    start, end = signed.index(b"<DLHDon"), signed.index(b"</DLHDon>") + len(b"</DLHDon>")
    part = signed[start:end]
    forged = part.replace(f' Id="{DATA}"'.encode(), b' Id="other"').replace(b"<SHDon>123<", b"<SHDon>999<")
    return signed[:start] + forged + b"<CCKSKhac>" + part + b"</CCKSKhac>" + signed[end:]


def _twice_the_same_id(province: Province, _: str) -> bytes:
    signed = parts(province, _source("xml"), "rsa2048", (CODE,))
    return signed.replace(b"<CCKSKhac/>", f'<CCKSKhac Id="{CODE}"/>'.encode())


def _split_text(province: Province, _: str) -> bytes:
    """A comment, which canonicalisation leaves out, put into signed text afterwards."""
    return province.sign(_source("xml"), "rsa2048").replace(b"<SHDon>123<", b"<SHDon>12<!-- -->3<")


def _with_dss_s_filter(province: Province, _: str) -> bytes:
    return dss_xml.sign(_source("xml"), province.holder("rsa2048"), at=now())


def _utf16(province: Province, _: str) -> bytes:
    return province.sign(SHAPES["UTF-16 little endian"](), "rsa2048")


def _sealed(province: Province, _: str) -> bytes:
    """The page changed after signing."""
    return pyhanko.with_another_page_content(province.sign(_source("pdf"), "rsa2048"))


def _weak(province: Province) -> SoftwareSigner:
    """RSA-1024, which no CA of ours certifies."""
    world, key = province.world, SoftwareSigningKey.of(software_key("rsa1024"))
    leaf = forge(
        Subject("Nguyễn Văn Mẫu"),
        key.public_key,
        key=world.issuing_signer,
        issuer=world.issuing,
        not_before=world.at - DAY,
        not_after=world.at + DAY,
    )
    return SoftwareSigner(key.private_key, key.scheme, Chain((leaf, *world.issuing_signer.chain.certificates)))


def _two_signers(province: Province, _: str) -> bytes:
    at = now()
    first = _sign(province, "cms", "rsa2048")
    return kyso.sign(first, province.world.stranger_signer, at=at)


def _two_lasting(province: Province, _: str) -> bytes:
    at = now()
    return kyso.sign(
        _sign(province, "cms", "rsa2048", "B-LTA"),
        province.signer("p256"),
        level="B-LTA",
        timestamper=province.world.timestamper(at),
        fetcher=province.world.fetcher(at),
        at=at,
    )


def _counter_signed_elsewhere(province: Province, _: str) -> bytes:
    """An honest counter-signature, over the value of another signature."""
    signer = province.signer("p256")
    attributes = set_of(counter_attributes(b"another value", signer))
    counter = attribute(oids.ID_COUNTER_SIGNATURE, signer_info(signer, attributes))
    own = [c.der for c in signer.chain.carried]
    return added(_sign(province, "cms", "rsa2048"), Added(certificates=own, unsigned={0: [counter]}))


def _without_content(province: Province, _: str) -> bytes:
    return kyso.sign_cms(_source("cms"), province.signer("rsa2048"), at=now())


_NO_ADES = "DSS: plain XMLDSIG is no AdES signature. The field writes it; kyso passes it and calls it XMLDSIG."
_COMPROMISED = (
    "A compromised key may have been somebody else's before the day that the CA knows of: kyso spares only "
    "revocations for harmless reasons (superseded, affiliationChanged …)."
)
_NOT_FOR_SIGNING = (
    "kyso asks for a key usage and an extended key usage that fit signing; DSS's default policy does not."
)
_EDDSA = "The cryptographic suite that DSS 6.4 ships does not authorise EdDSA."
_PART = "kyso does not pass a signature over parts before the caller says that parts will do; DSS shows the scope."
_WRAPPED = (
    "DSS says which part is covered, and passes it; kyso refuses a second element with the name of a signed one."
)
_SPLIT = "What stands after the comment is cut off by many readers, so somebody has to look; DSS says nothing of it."
_UTF16 = "DSS 6.4 does not recognise UTF-16 as XML."
_CHANGED = "DSS passes the signature with a list of undefined changes; kyso refuses the file."
CASES = (
    Case("B-B", _signed()),
    Case("B-T", _signed("B-T", "p256")),
    Case("B-LT, from the file alone", _signed("B-LT"), crls=False),
    Case("B-LTA, from the file alone", _signed("B-LTA"), crls=False),
    Case("B-B without revocation data", _signed(), crls=False),
    Case("revoked the day before", _revoked(DAY)),
    Case("revoked an hour later, B-B", _revoked(-DAY / 24), later=DAY / 12),
    Case("revoked an hour later, B-T", _revoked(-DAY / 24, "B-T"), later=DAY / 12, differs=_COMPROMISED),
    Case("superseded an hour later, B-T", _revoked(-DAY / 24, "B-T", "superseded"), later=DAY / 12),
    Case("on hold since the day before", _revoked(DAY, reason="certificateHold")),
    Case("judged after the certificate's end, B-B", _signed(), later=800 * DAY),
    Case("signed after the certificate's end", _foreign(lambda p: p.world.expired_signer)),
    Case("unknown root", _foreign(lambda p: p.world.stranger_signer)),
    Case("root of the same name and another key", _foreign(lambda p: p.world.impostor_signer)),
    Case("certificate of a TSA", _foreign(lambda p: p.world.tsa_signer), differs=_NOT_FOR_SIGNING),
    Case("RSA-1024", _foreign(_weak)),
    Case("timestamp of an unknown TSA", _stamped_by_a_stranger),
    Case("content changed", _flipped("content")),
    Case("signature value changed", _flipped("value")),
    Case("Ed25519", _signed(key="ed25519"), ("xml", "cms"), differs=_EDDSA),
    Case("XMLDSIG", _in_xml(Template(t.RSA_SHA256)), ("xml",), differs=_NO_ADES),
    Case("two parts", _parts, ("xml",), differs=_PART),
    Case("signature wrapping", _wrapped, ("xml",), differs=_WRAPPED),
    Case("the same identifier twice", _twice_the_same_id, ("xml",)),
    Case("text split by a comment", _split_text, ("xml",), differs=_SPLIT),
    Case("XPath filter of DSS", _with_dss_s_filter, ("xml",)),
    Case("UTF-16", _utf16, ("xml",), differs=_UTF16),
    Case("page changed afterwards", _sealed, ("pdf",), differs=_CHANGED),
    Case("no signature", lambda _, form: _source(form), ("xml", "pdf")),
    Case("second signer unknown", _two_signers, ("cms",)),
    Case("counter-signature of another value", _counter_signed_elsewhere, ("cms",)),
    Case("content that is not at hand", _without_content, ("cms",)),
    Case("two signers, B-LTA, from the file alone", _two_lasting, ("cms",), crls=False),
)


def both(case: Case, form: str) -> tuple[str, str, str]:
    """What kyso and DSS say (`INDICATION SUB_INDICATION`), and both in full."""
    province = Province(World.create(at=now()))
    document = case.make(province, form)
    at = now() + case.later
    crls = province.world.crls(at) if case.crls else ()
    issuing = province.world.issuing
    report = kyso.verify(
        document, trust=province.world.trust, at=at, evidence=Evidence(crls=crls, certificates=(issuing,))
    )
    verdict = dss.verify(document, [province.root], at=at, crls=crls, certificates=[plain(issuing)])
    ours = [f"{s.indication.replace('-', '_')} {s.sub_indication or ''}".strip() for s in report.signatures]
    theirs = [f"{s.indication} {s.sub_indication or ''}".strip() for s in verdict.signatures]
    words = f"{report.to_json()}\n{verdict.output}"
    if verdict.signatures and any(s.undefined_changes for s in verdict.signatures):
        theirs = [f"{said} (undefined changes)" for said in theirs]
    return ", ".join(ours) or "no signature", ", ".join(theirs) or verdict.output, words


def rows() -> Iterator[tuple[Case, str]]:
    yield from ((case, form) for case in CASES for form in case.formats)


@pytest.mark.parametrize(("case", "form"), list(rows()), ids=str)
def test_kyso_and_dss_say_the_same_or_the_difference_has_a_reason(case: Case, form: str) -> None:
    java.need()
    ours, theirs, words = both(case, form)
    sys.stdout.write(f"kyso: {ours}\nDSS: {theirs}\n")
    same = ours.replace(",", "").split()[0] == theirs.replace(",", "").split()[0]
    assert same == (case.differs is None), words


def main() -> None:
    """Prints the table."""
    sys.stdout.write("| case | format | kyso | DSS | why they differ |\n| --- | --- | --- | --- | --- |\n")
    for case, form in rows():
        ours, theirs, words = both(case, form)
        sys.stdout.write(f"| {case.name} | {form} | {ours} | {theirs} | {case.differs or ''} |\n")
        if "-v" in sys.argv:
            sys.stdout.write(f"{words}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
