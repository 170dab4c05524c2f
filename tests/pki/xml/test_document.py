"""Signing keeps every byte; what a signature covers is said; an earlier signature is never broken."""

from __future__ import annotations

import base64
import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from lxml import etree

from kyso_pki.authority.profile import Subject
from kyso_pki.document import Intent
from kyso_pki.errors import KysoError, SignatureValueInvalid, SigningError, TimestampError, UsageError
from kyso_pki.evidence import Evidence
from kyso_pki.scheme import digest
from kyso_pki.testing import software_key
from kyso_pki.xml.document import XmlDocument
from kyso_pki.xml.preparing import TREES_UP_TO
from tests.judges import signxml, xmlsec

from .made import AT, FORMS, LETTER, PERSON, ROOTS, SEAL, WORLD, Form, codes, intact, only, report

DOCUMENTS = Path(__file__).parents[2] / "documents"
SIGNATURE = re.compile(rb"<ds:Signature .*</ds:Signature>", re.DOTALL)

KEPT = {
    "no prolog": b"<a>b</a>",
    "crlf": b'<?xml version="1.0"?>\r\n<a>\r\n  <b/>\r\n</a>\r\n',
    "lone cr": b"<a>\r <b/>\r</a>\r",
    "byte order mark": b'\xef\xbb\xbf<?xml version="1.0" encoding="utf-8"?><a>\xc4\x91</a>',
    "comments and instructions around the root": b"<?p a?><!-- x --><a>b</a><!-- </a> --><?q </a> ?>\n",
    "an instruction that looks like a comment": b"<a>b</a><?q --> <!-- ?><!-- <?q </a> -->  ",
    "a cdata section that looks like the end": b"<a>b<![CDATA[</a><?x]]></a><!-- z -->",
    "a comment inside that looks like the end": b"<a>b<!-- </a> --></a><?q?>",
    "space in the end tag": b"<a>b</a \n>\n",
    "prefixed root": b'<p:a xmlns:p="urn:p" xmlns="urn:d"><b/></p:a>',
    "default namespace undone below": b'<a xmlns="urn:d"><b xmlns=""><c/></b><d/></a>',
    "ds bound to something else": b'<ds:a xmlns:ds="urn:not-dsig" ds:x="1"><ds:b/></ds:a>',
    "single quotes and odd spacing": b"<a  x = '1'\n\ty=\"2\" ><b  /></a>",
    "references and entities": b"<a>&#13;&#x1F600;&amp;&lt;&gt;&quot;&apos;</a>",
    "indentation": b"<a>\n    <b>\n\t<c/>\n    </b>\n</a>\n",
    "utf-16 little endian": '<?xml version="1.0" encoding="UTF-16"?>\r\n<a>công văn 😀</a>\r\n'.encode("utf-16"),
    "utf-16 big endian": b"\xfe\xff" + "<a>công văn</a>".encode("utf-16-be"),
    "the letter": LETTER,
}
EMPTY = {
    "empty": (b"<a/>", b"<a>", b"</a>"),
    "with attributes": (b"<p:a xmlns:p=\"urn:p\" b='/>' />\n", b"<p:a xmlns:p=\"urn:p\" b='/>' >", b"</p:a>\n"),
    "followed by a comment": (b"<?x?><a/> <!-- </a> -->", b"<?x?><a>", b"</a> <!-- </a> -->"),
}


@pytest.mark.parametrize("name", list(KEPT))
def test_every_byte_outside_the_signature_stays(name: str) -> None:
    data = KEPT[name]
    signed = Form(SEAL).sign(data)
    wide = data[:2] in (b"\xff\xfe", b"\xfe\xff")
    text, whole = (signed.decode("utf-16").encode(), data.decode("utf-16").encode()) if wide else (signed, data)
    assert SIGNATURE.sub(b"", text, count=1) == whole
    if wide:
        assert signed.startswith(data[:20])
        assert signed.endswith(data[-6:])
    facts = only(signed)
    assert intact(facts), facts.findings
    assert facts.coverage.whole


@pytest.mark.parametrize("name", list(KEPT))
def test_xmlsec1_and_signxml_accept_it_whatever_the_document_looks_like(name: str) -> None:
    signed = Form(SEAL, "xmldsig").sign(KEPT[name])
    verdict = xmlsec.verify(signed, ROOTS, at=AT)
    assert verdict.valid, verdict.output
    if b"<?q" not in signed:  # signxml 5.2 loses instructions beside the root before it hashes
        assert signxml.verify(signed, ROOTS, at=AT).valid


@pytest.mark.parametrize("name", list(EMPTY))
def test_an_empty_root_is_opened_and_nothing_else_changes(name: str) -> None:
    data, before, after = EMPTY[name]
    signed = Form(SEAL).sign(data)
    assert signed.startswith(before + b"<ds:Signature ")
    assert signed.endswith(b"</ds:Signature>" + after)
    assert intact(only(signed))
    assert xmlsec.verify(signed, ROOTS, at=AT).valid


@pytest.mark.parametrize("name", list(FORMS))
def test_each_form_passes_with_its_level_and_signer(name: str) -> None:
    form = FORMS[name]
    (result,) = report(form.sign(location=None)).signatures
    assert result.passed, result.findings
    assert result.level == (f"XAdES-{form.level}" if form.form == "xades" else "XMLDSIG")
    assert result.certificate == form.signer.certificate
    assert result.coverage.what == "the whole document /CongVan"
    assert result.claimed_time == (AT if form.form == "xades" else None)
    assert (result.proven_time is not None) is (form.level == "B-T")


def test_ed25519_signs_and_verifies() -> None:
    key = software_key("ed25519")
    signer = WORLD.issue(Subject("Nguyễn Văn Mẫu", "UBND tỉnh Mẫu"), private_key=key)
    facts = only(Form(signer).sign())
    assert intact(facts), facts.findings
    assert facts.scheme is not None
    assert facts.scheme.name == "ed25519"


@pytest.mark.parametrize("hash_name", ["sha384", "sha512"])
@pytest.mark.parametrize("kind", ["rsa", "pss", "ecdsa", "p521"])
def test_other_hashes_and_curves_sign_and_verify(kind: str, hash_name: str) -> None:
    signer = PERSON if kind in ("rsa", "pss") else SEAL
    if kind == "p521":
        signer = WORLD.issue(Subject("Nguyễn Văn Mẫu", "UBND tỉnh Mẫu"), private_key=software_key("p521"))
    signed = Form(signer.using(hash_name, pss=kind == "pss")).sign()  # type: ignore[arg-type] # the two names above
    assert intact(only(signed))
    assert signxml.verify(signed, ROOTS, at=AT).valid


def test_place_and_time_are_said_by_signed_properties() -> None:
    facts = only(Form(SEAL).sign(location="Tỉnh Mẫu & <gần đó>"))
    assert (facts.location, facts.claimed_time) == ("Tỉnh Mẫu & <gần đó>", AT)


def test_the_callers_zone_stands_in_the_signing_time() -> None:
    intent = Intent(AT.astimezone(ZoneInfo("Asia/Ho_Chi_Minh")))
    pending = XmlDocument(LETTER).prepare(intent, SEAL.chain, SEAL.scheme)
    signed = pending.finish(SEAL.sign([pending.imprint])[0])
    assert b"<xades:SigningTime>2026-11-23T10:00:00+07:00</xades:SigningTime>" in signed
    assert only(signed).claimed_time == AT


# Between prepare and finish ------------------------------------------------------------------------------


def test_a_value_by_another_key_is_refused_before_anything_is_written() -> None:
    pending = XmlDocument(LETTER).prepare(Intent(AT), SEAL.chain, SEAL.scheme)
    wrong = WORLD.stranger_signer.sign([b"\x01" * 32])[0]
    for value in (wrong, b"", b"\x30\x00", SEAL.sign([b"\x01" * 32])[0]):
        with pytest.raises(SignatureValueInvalid):
            pending.finish(value)


def test_b_t_takes_exactly_one_timestamp_over_this_value() -> None:
    pending = XmlDocument(LETTER).prepare(Intent(AT, level="B-T"), SEAL.chain, SEAL.scheme)
    value, other = SEAL.sign([pending.imprint, pending.imprint])
    stamper = WORLD.timestamper(AT)
    good = stamper.timestamp(digest("sha256", pending.timestamp_message(value)), "sha256")
    foreign = stamper.timestamp(digest("sha256", pending.timestamp_message(other)), "sha256")
    with pytest.raises(SigningError, match="takes 1 timestamps; 0 were given"):
        pending.finish(value)
    with pytest.raises(SigningError, match="2 were given"):
        pending.finish(value, Evidence(timestamps=(good, foreign)))
    with pytest.raises(TimestampError):
        pending.finish(value, Evidence(timestamps=(foreign,)))
    (stamp,) = only(pending.finish(value, Evidence(timestamps=(good,)))).timestamps
    assert stamp.intact
    assert (stamp.kind, stamp.time) == ("signature", AT)


def test_only_the_hash_has_to_travel() -> None:
    pending = XmlDocument(LETTER).prepare(Intent(AT), PERSON.chain, PERSON.scheme)
    assert len(pending.imprint) == 32
    assert pending.imprint == digest("sha256", pending.to_be_signed)
    assert pending.to_be_signed.startswith(b"<ds:SignedInfo xmlns:ds=")


def test_the_same_intent_prepares_the_same_octets() -> None:
    one, two = (XmlDocument(LETTER).prepare(Intent(AT), SEAL.chain, SEAL.scheme) for _ in range(2))
    assert one == two


def test_identifiers_never_clash_with_the_documents_own() -> None:
    pending = XmlDocument(LETTER).prepare(Intent(AT), SEAL.chain, SEAL.scheme)
    clash = LETTER.replace(b"</CongVan>", f'<x Id="{pending.identifier}"/></CongVan>'.encode())
    assert only(Form(SEAL).sign(clash)).id != pending.identifier


# Refused -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("option", ["reason", "contact", "field"])
def test_what_xml_cannot_carry_is_refused_not_dropped(option: str) -> None:
    with pytest.raises(UsageError, match=option):
        XmlDocument(LETTER).prepare(Intent(AT, **{option: "x"}), SEAL.chain, SEAL.scheme)  # type: ignore[arg-type] # text options


def test_plain_xmldsig_with_a_location_is_refused() -> None:
    with pytest.raises(UsageError, match="location"):
        XmlDocument(LETTER).prepare(Intent(AT, xml_form="xmldsig", location="x"), SEAL.chain, SEAL.scheme)


def test_sha1_is_never_written() -> None:
    with pytest.raises(SigningError, match="sha1"):
        XmlDocument(LETTER).prepare(Intent(AT), PERSON.chain, PERSON.using("sha1").scheme)


def test_an_algorithm_without_an_identifier_is_refused() -> None:
    with pytest.raises(SigningError, match="sha3_256"):
        XmlDocument(LETTER).prepare(Intent(AT), PERSON.chain, PERSON.using("sha3_256").scheme)


@pytest.mark.parametrize(
    "root",
    [
        '<Signature xmlns="http://www.w3.org/2000/09/xmldsig#"/>',
        '<x:CounterSignature xmlns:x="http://uri.etsi.org/01903/v1.3.2#"/>',
        '<x:TimeStampValidationData xmlns:x="http://uri.etsi.org/01903/v1.4.1#"/>',
    ],
)
def test_a_part_of_a_signature_is_not_signed_as_a_document(root: str) -> None:
    with pytest.raises(SigningError, match="itself part of a signature"):
        Form(SEAL).sign(root.encode())


# More than one -------------------------------------------------------------------------------------------


def test_a_second_signature_over_the_whole_document_is_refused() -> None:
    signed = Form(SEAL).sign()
    with pytest.raises(SigningError, match="covers the whole document; another one in it would break it"):
        Form(PERSON).sign(signed)


def test_a_document_whose_signature_is_broken_is_not_signed_again() -> None:
    broken = Form(SEAL).sign().replace(b"01/STTTT", b"02/STTTT")
    with pytest.raises(SigningError, match="not intact"):
        Form(PERSON).sign(broken)


def sign_parts(xml: bytes, form: Form, *identifiers: str) -> bytes:
    signer = form.signer
    intent = Intent(AT, xml_form=form.form)
    pending = XmlDocument(xml).prepare_parts(intent, signer.chain, signer.scheme, identifiers)
    return pending.finish(signer.sign([pending.imprint])[0])


TWO_PARTS = """<?xml version="1.0"?>
<HoSo xmlns="urn:mau"><To Id="a" x="1"><Ten>Đơn</Ten></To><Bia Id="b">Bìa</Bia></HoSo>""".encode()


def test_signers_of_parts_stand_side_by_side_and_each_says_what_it_covers() -> None:
    once = sign_parts(TWO_PARTS, Form(SEAL), "a")
    twice = sign_parts(once, Form(PERSON, "xmldsig"), "b", "a")
    first, second = XmlDocument(twice).signatures()
    assert intact(first)
    assert intact(second)
    assert first.coverage.what == "/HoSo/To (#a)"
    assert second.coverage.what == "/HoSo/Bia (#b), /HoSo/To (#a)"
    assert not first.coverage.whole
    assert not second.coverage.whole
    assert report(twice).verdict == "indeterminate"
    assert report(twice, parts=True).passed
    last = xmlsec.verify(
        twice, ROOTS, at=AT, id_elements=("urn:mau:To", "urn:mau:Bia", f"{xmlsec.XADES}:SignedProperties")
    )
    assert last.valid, last.output


def test_each_signed_part_has_a_data_object_format_of_its_own() -> None:
    """EN 319 132-1 6.3; EU DSS calls a signature that lacks one XAdES-BES, not XAdES-BASELINE-B."""
    root = etree.fromstring(sign_parts(TWO_PARTS, Form(SEAL), "a", "b"))
    ids = [e.get("Id") for e in root.iter("{*}Reference") if e.get("Type") is None]
    formats = [e.get("ObjectReference") for e in root.iter("{*}DataObjectFormat")]
    assert formats == [f"#{name}" for name in ids]
    assert len(ids) == 2


def test_a_signature_over_the_whole_may_come_after_signatures_over_parts() -> None:
    signed = Form(PERSON).sign(sign_parts(TWO_PARTS, Form(SEAL), "a"))
    first, second = XmlDocument(signed).signatures()
    assert intact(first)
    assert intact(second)
    assert (first.coverage.whole, second.coverage.whole) == (False, True)
    with pytest.raises(SigningError, match="would break it"):
        sign_parts(signed, Form(SEAL), "b")


@pytest.mark.parametrize("identifiers", [(), ("khong-co",), ("goc",)])
def test_parts_that_cannot_be_signed_alone_are_refused(identifiers: tuple[str, ...]) -> None:
    with pytest.raises(KysoError):
        sign_parts(TWO_PARTS.replace(b"<HoSo ", b'<HoSo Id="goc" '), Form(SEAL), *identifiers)


def test_signed_content_gives_the_parts_and_nothing_else() -> None:
    document = XmlDocument(sign_parts(TWO_PARTS, Form(SEAL), "a"))
    (facts,) = document.signatures()
    assert document.signed_content(facts.id) == ('<To xmlns="urn:mau" Id="a" x="1"><Ten>Đơn</Ten></To>'.encode(),)


def test_signed_content_of_a_broken_signature_is_refused() -> None:
    document = XmlDocument(Form(SEAL).sign().replace(b"01/STTTT", b"02/STTTT"))
    with pytest.raises(SigningError):
        document.signed_content(document.signatures()[0].id)


# Files of the field --------------------------------------------------------------------------------------


def test_an_e_invoice_says_which_parts_the_seller_signed() -> None:
    facts = only((DOCUMENTS / "hoa-don-da-ky.xml").read_bytes())
    assert intact(facts), facts.findings
    assert (facts.id, facts.family, facts.coverage.whole) == ("seller", "XMLDSIG", False)
    assert facts.coverage.what == (
        "/HDon/DLHDon (#data-1C26TAA-123), /HDon/DSCKS/NBan/Signature/Object (#SigningTime-1)"
    )
    assert facts.claimed_time == datetime(2026, 11, 16, 9, 30, tzinfo=UTC) - timedelta(hours=7)
    assert codes([facts]) == {"SIGNING_TIME_WITHOUT_ZONE", "ENVELOPED_WITHOUT_EFFECT"}


def test_a_signed_e_invoice_takes_an_agencys_signature_over_the_whole() -> None:
    signed = Form(SEAL).sign((DOCUMENTS / "hoa-don-da-ky.xml").read_bytes())
    seller, agency = XmlDocument(signed).signatures()
    assert intact(seller)
    assert intact(agency)
    assert (seller.coverage.whole, agency.coverage.whole) == (False, True)


def test_an_edxml_packet_is_signed_and_verified_like_any_document() -> None:
    data = (DOCUMENTS / "goi-tin.edxml").read_bytes()
    assert XmlDocument(data).signatures() == ()
    signed = Form(SEAL).sign(data)
    assert intact(only(signed))
    assert xmlsec.verify(signed, ROOTS, at=AT).valid


def test_importing_the_xml_package_does_not_load_lxml() -> None:
    code = "import sys, kyso_pki.xml.document; sys.exit('lxml' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False, env=None).returncode == 0


# Large documents -----------------------------------------------------------------------------------------

LARGE = (
    b"<?xml version='1.0'?>\r\n<!-- x --><HoSo a='1'>"
    + b"<m so='1'>\xc4\x91\r\n</m>" * 2_000_000
    + b"</HoSo >\n<!-- y -->"
)


def test_a_large_document_is_signed_in_pieces_as_it_would_be_as_one_tree() -> None:
    assert len(LARGE) > TREES_UP_TO
    signed = Form(SEAL).sign(LARGE)
    at = signed.index(b"<ds:Signature ")
    end = signed.index(b"</ds:Signature>") + len(b"</ds:Signature>")
    assert signed[:at] + signed[end:] == LARGE
    facts = only(signed)
    assert intact(facts), facts.findings
    assert facts.coverage.whole
    value = re.search(rb'URI="".*?<ds:DigestValue>([^<]*)', signed)
    assert value is not None
    tree = etree.fromstring(LARGE).getroottree()
    whole = etree.tostring(tree, method="c14n", exclusive=True, with_comments=False)
    assert base64.b64decode(value[1]) == digest("sha256", whole)
    with pytest.raises(SigningError, match="covers the whole document"):
        Form(PERSON).sign(signed)


def test_a_large_document_with_signatures_over_parts_takes_one_over_the_whole() -> None:
    line = b"<z>" + b"z" * 100 + b"</z>"
    once = sign_parts(TWO_PARTS, Form(SEAL), "a").replace(b"</HoSo>", line * 350_000 + b"</HoSo>")
    assert len(once) > TREES_UP_TO
    signed = Form(PERSON).sign(once)
    assert [f.coverage.whole for f in XmlDocument(signed).signatures()] == [False, True]
