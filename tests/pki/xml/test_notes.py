"""What a verdict adds for people: names that differ from the certificate, prefixes that nobody signed; and bounds."""

from __future__ import annotations

import pytest

from kyso_pki.errors import LimitExceeded
from kyso_pki.facts import Finding
from kyso_pki.testing import SoftwareSigner, World
from kyso_pki.xml import parse as parsing
from kyso_pki.xml import references
from kyso_pki.xml.document import XmlDocument
from tests.attacks.xml.forge import Ref, enveloped, signature, x509_data

from .made import AT, LETTER, PERSON, WORLD, intact, only

XSI = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
LEAF = PERSON.chain.leaf


def found(xml: bytes, code: str) -> list[Finding]:
    return [f for f in only(xml).findings if f.code == code]


def hinted(in_data: str = "", beside: str = "") -> bytes:
    keys = x509_data().replace("<ds:X509Data>", f"{beside}<ds:X509Data>{in_data}")
    return enveloped(LETTER, lambda _: signature([Ref("", LETTER, envelope=True)], key_info=keys))


def issuer_serial(serial: int) -> str:
    number = f"<ds:X509SerialNumber>{serial}</ds:X509SerialNumber>"
    return f"<ds:X509IssuerSerial><ds:X509IssuerName>CN=x</ds:X509IssuerName>{number}</ds:X509IssuerSerial>"


def subject(text: str) -> str:
    return f"<ds:X509SubjectName>{text}</ds:X509SubjectName>"


CN = LEAF.subject.first("CN") or ""


@pytest.mark.parametrize(
    ("in_data", "beside"),
    [
        (subject(f"CN={CN},C=VN"), ""),
        (subject(f"C = VN, O=x, CN = {CN.upper()}"), ""),
        (subject(f'/C=VN/CN="{CN}"'), ""),
        (issuer_serial(LEAF.serial), ""),
        (issuer_serial(WORLD.issuing.serial), ""),
        ("", f"<ds:KeyName>{CN}</ds:KeyName>"),
        (subject("2.5.4.3=#0c0141"), ""),
    ],
)
def test_names_in_key_info_that_fit_are_not_mentioned(in_data: str, beside: str) -> None:
    assert intact(only(hinted(in_data, beside)))
    assert found(hinted(in_data, beside), "KEY_INFO_DIFFERS") == []


@pytest.mark.parametrize(
    ("in_data", "beside", "severity", "word"),
    [
        (subject("CN=Chủ tịch UBND tỉnh Mẫu"), "", "warning", "X509SubjectName"),
        (issuer_serial(LEAF.serial + 1), "", "warning", "X509IssuerSerial"),
        (issuer_serial(-1), "", "warning", "X509IssuerSerial"),
        ("", "<ds:KeyName>khóa của người khác</ds:KeyName>", "info", "KeyName"),
    ],
)
def test_names_in_key_info_of_somebody_else_are_said(in_data: str, beside: str, severity: str, word: str) -> None:
    """X8: KeyInfo is a hint; a program that shows it would show another signer."""
    (finding,) = found(hinted(in_data, beside), "KEY_INFO_DIFFERS")
    assert finding.severity == severity
    assert word in finding.text


TYPED = f'<a {XSI} xmlns:x="urn:mau:x" xmlns:y="urn:mau:y"><b xsi:type="%s">1</b>%s</a>'


@pytest.mark.parametrize(
    ("letter", "loose"),
    [
        (TYPED % ("x:Loai", ""), True),
        (TYPED % (" x:Loai ", "<x:c/>"), True),
        (TYPED % ("Loai", ""), False),
        (TYPED.replace("<b", "<x:b").replace("</b", "</x:b") % ("x:Loai", ""), False),
        (TYPED.replace("<b", '<b x:c=""') % ("x:Loai", ""), False),
        (TYPED.replace("<b", '<b z:c="" xmlns:z="urn:mau:x"') % ("x:Loai", ""), True),
        (TYPED.replace("<a", "<y:a").replace("</a", "</y:a") % ("y:Loai", ""), False),
        (TYPED.replace("<a", "<y:a").replace("</a", "</y:a") % ("x:Loai", ""), True),
        (TYPED.replace("<b", '<b xmlns:x="urn:mau:y"') % ("x:Loai", ""), True),
    ],
)
def test_a_prefix_in_a_type_that_nobody_signed_is_a_warning(letter: str, loose: bool) -> None:
    """Exclusive C14N 1.3: a prefix that stands in a value alone is not in the canonical octets."""
    signed = enveloped(letter.encode(), lambda _: signature([Ref("", letter.encode(), envelope=True)]))
    assert intact(only(signed)), only(signed).findings
    assert bool(found(signed, "TYPE_PREFIX_NOT_SIGNED")) is loose
    if 'type="x:' in letter and loose and "z:c" not in letter:
        other = signed.replace(b'xmlns:x="urn:mau:', b'xmlns:x="urn:khac:')
        assert other != signed
        assert intact(only(other)), "the warning is for this"


def test_a_listed_prefix_is_signed() -> None:
    letter = (TYPED % ("x:Loai", "")).encode()
    listed = '<ec:InclusiveNamespaces xmlns:ec="http://www.w3.org/2001/10/xml-exc-c14n#" PrefixList="x"/>'
    steps = (
        '<ds:Transform Algorithm="http://www.w3.org/2000/09/xmldsig#enveloped-signature"/>'
        f'<ds:Transform Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#">{listed}</ds:Transform>'
    )
    signed = enveloped(letter, lambda _: signature([Ref("", letter, transforms=steps)]))
    assert found(signed, "TYPE_PREFIX_NOT_SIGNED") == []


def test_operations_with_keys_are_limited_in_one_document(monkeypatch: pytest.MonkeyPatch) -> None:
    """R1: 500 signatures with 32 certificates each would be 16,000."""
    strangers = [World.create(AT, number=n).person_signer for n in (31, 32, 33)]
    keys = x509_data().replace("<ds:X509Data>", "<ds:X509Data>" + "".join(map(_certificate, strangers)))
    signed = enveloped(LETTER, lambda _: signature([Ref("", LETTER, envelope=True)], key_info=keys))
    assert intact(only(signed))
    monkeypatch.setattr(references, "MAX_KEY_OPERATIONS", 4)
    assert intact(only(signed))
    monkeypatch.setattr(references, "MAX_KEY_OPERATIONS", 3)
    assert any("operations with a key" in f.text for f in only(signed).findings)


def _certificate(signer: SoftwareSigner) -> str:
    """Of the signer alone, without the chain."""
    return x509_data(signer).split("<ds:X509Data>")[1].partition("</ds:X509Certificate>")[0] + "</ds:X509Certificate>"


@pytest.mark.parametrize("attribute", ['="1"', "='1'", '= "1"', '=\n"1"', '=\t"1"', '=\r"1"'])
def test_attributes_are_limited_in_one_tree(monkeypatch: pytest.MonkeyPatch, attribute: str) -> None:
    element = f"<e {' '.join(f'a{n}{attribute}' for n in range(100))}/>"
    document = f"<r>{element * 10}</r>".encode()
    XmlDocument(document)
    monkeypatch.setattr(parsing, "MAX_ALL_ATTRIBUTES", 999)
    with pytest.raises(LimitExceeded, match="attributes"):
        XmlDocument(document)
