"""Profiles: signatures as Vietnam's systems write them, each in its place, and nothing else in the file moved."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from cryptography import x509
from lxml import etree

from kyso_pki.ades.report import DocumentReport
from kyso_pki.ades.verify import Policy
from kyso_pki.document import Intent
from kyso_pki.errors import FormatError, SigningError, UsageError
from kyso_pki.evidence import Evidence
from kyso_pki.formats import verify_document
from kyso_pki.testing import SoftwareSigner
from kyso_pki.xml.document import XmlDocument
from kyso_pki.xml.profiles import BUILT_IN, built_in, read_profile
from kyso_pki.xmlprofile import Profile
from tests.judges import xmlsec

from .made import AT, EVIDENCE, PERSON, ROOTS, SEAL, WORLD, intact, only

DOCUMENTS = Path(__file__).parents[2] / "documents"
INVOICE = (DOCUMENTS / "hoa-don.xml").read_bytes()
PACKET = (DOCUMENTS / "goi-tin.edxml").read_bytes()
NOTICE = (
    '<?xml version="1.0" encoding="UTF-8"?>\r\n<TBao><DLTBao Id="tb-1"><Ten>Thông báo</Ten></DLTBao>\r\n'
    "<DSCKS><TTCQT/><CQT/></DSCKS></TBao>\r\n"
).encode()
RETURN = (
    b'<?xml version="1.0" encoding="UTF-8"?>\n<HSoThueDTu xmlns="http://kekhaithue.gdt.gov.vn/TKhaiThue" '
    b'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><HSoKhaiThue id="ID_1"><TTinChung/><CTieuTKhaiChinh '
    b'xsi:nil="true"/></HSoKhaiThue><CKyDTu/></HSoThueDTu>'
)
CLAIM = (
    b'<GIAMDINHHS xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><THONGTINDONVI><MACSKCB>00001</MACSKCB>'
    b"</THONGTINDONVI><THONGTINHOSO><SOLUONGHOSO>1</SOLUONGHOSO></THONGTINHOSO><CHUKYDONVI/></GIAMDINHHS>"
)
SAMPLES = {
    "generic-xades": INVOICE,
    "generic-xmldsig": INVOICE,
    "einvoice-seller": INVOICE,
    "einvoice-buyer": INVOICE,
    "einvoice-tax-authority": INVOICE,
    "einvoice-notice": NOTICE,
    "einvoice-notice-head": NOTICE,
    "tax-return": RETURN,
    "health-insurance": CLAIM,
    "edxml": PACKET,
}
WHERE = {
    "einvoice-seller": "HDon/DSCKS/NBan",
    "einvoice-buyer": "HDon/DSCKS/NMua",
    "einvoice-tax-authority": "HDon/DSCKS/CQT",
    "einvoice-notice": "TBao/DSCKS/CQT",
    "einvoice-notice-head": "TBao/DSCKS/TTCQT",
    "tax-return": "HSoThueDTu/CKyDTu",
    "health-insurance": "GIAMDINHHS/CHUKYDONVI",
    "edxml": "edXML/edXMLEnvelope/edXMLHeader/DigitalSignature",
}
# xmlsec1 is told which elements have identifiers; the signature's own objects are `Object`.
IDS = [*("DLHDon", "MCCQT", "DLTBao"), "http://www.w3.org/2000/09/xmldsig#:Object"]
ISSUING = x509.load_der_x509_certificate(WORLD.issuing.der)
MADE = re.compile(rb"<(ds:)?Signature [^>]*Id=\"kyso-.*?</(ds:)?Signature>", re.DOTALL)


def sign(data: bytes, profile: str | Profile, signer: SoftwareSigner = PERSON, at: datetime = AT) -> bytes:
    intent = Intent(at, profile=built_in(profile) if isinstance(profile, str) else profile)
    pending = XmlDocument(data).prepare(intent, signer.chain, signer.scheme)
    return pending.finish(signer.sign([pending.imprint])[0])


def own(toml: str) -> Profile:
    return read_profile(toml.encode(), "own")


def report(signed: bytes) -> DocumentReport:
    """The verdict with the issuing CA at hand, which these profiles leave out of the signature."""
    given = EVIDENCE + Evidence(certificates=(WORLD.issuing,))
    return verify_document(signed, trust=WORLD.trust, at=AT, evidence=given, policy=Policy(accept_parts=True))


def without_signatures(signed: bytes) -> bytes:
    return MADE.sub(b"", signed)


@pytest.mark.parametrize("name", BUILT_IN)
def test_each_built_in_profile_signs_where_it_says_and_moves_nothing(name: str) -> None:
    data = SAMPLES[name]
    signed = sign(data, name)
    facts = only(signed)
    assert intact(facts), facts.findings
    left = without_signatures(signed)
    assert re.sub(rb"<([\w:]+)></\1>", rb"<\1/>", left) == data
    signature = next(etree.fromstring(signed).iter("{http://www.w3.org/2000/09/xmldsig#}Signature"))
    above = [etree.QName(e).localname for e in signature.iterancestors()][::-1]
    assert "/".join(above) == WHERE.get(name, "HDon")


@pytest.mark.parametrize("name", BUILT_IN)
def test_each_profile_passes_verification_with_its_parts_accepted(name: str) -> None:
    [result] = report(sign(SAMPLES[name], name)).signatures
    assert result.passed, result.to_json()


@pytest.mark.parametrize("name", [n for n in BUILT_IN if n not in ("tax-return", "generic-xades")])
def test_xmlsec1_accepts_what_each_profile_signs(name: str) -> None:
    verdict = xmlsec.verify(sign(SAMPLES[name], name), [*ROOTS, ISSUING], at=AT, id_elements=IDS)
    assert verdict.valid, verdict.output


# The traps of the field ----------------------------------------------------------------------------------


def parts_of(signed: bytes) -> tuple[etree._Element, dict[str, str]]:
    root = etree.fromstring(signed)
    return root, {"d": "http://www.w3.org/2000/09/xmldsig#"}


def test_the_sellers_signature_has_the_shape_of_the_field() -> None:
    signed = sign(INVOICE, "einvoice-seller", at=datetime(2026, 11, 23, 20, 30, 15, 999, tzinfo=UTC))
    root, ns = parts_of(signed)
    [signature] = root.xpath("/HDon/DSCKS/NBan/d:Signature", namespaces=ns)
    assert signature.prefix is None
    info = signature[0]
    assert info[0].get("Algorithm") == "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
    assert info[1].get("Algorithm") == "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
    first, second = info[2:]
    assert first.get("URI") == "#data-1C26TAA-123"
    assert first.xpath("d:Transforms/d:Transform/@Algorithm", namespaces=ns) == [
        "http://www.w3.org/2000/09/xmldsig#enveloped-signature"
    ]
    assert not second.xpath("d:Transforms", namespaces=ns)
    [holder] = signature.xpath("d:Object", namespaces=ns)
    assert second.get("URI") == "#" + holder.get("Id")
    [time] = holder.xpath("d:SignatureProperties/d:SignatureProperty[@Target]/d:SigningTime", namespaces=ns)
    assert time.text == "2026-11-24T03:30:15"  # Vietnam's clock, without a zone
    assert len(signature.xpath("d:KeyInfo/d:X509Data/d:X509Certificate", namespaces=ns)) == 1
    [subject] = signature.xpath("d:KeyInfo/d:X509Data/d:X509SubjectName/text()", namespaces=ns)
    assert subject.startswith("CN=")
    assert subject.endswith("C=VN")


def test_the_claimed_time_of_an_invoice_is_read_back_as_vietnams() -> None:
    facts = only(sign(INVOICE, "einvoice-seller"))
    assert facts.claimed_time == AT.replace(microsecond=0)
    assert facts.family == "XMLDSIG"


def test_the_tax_authority_signs_data_time_and_code_without_transforms() -> None:
    signed = sign(INVOICE, "einvoice-tax-authority")
    root, ns = parts_of(signed)
    references = root.xpath("/HDon/DSCKS/CQT/d:Signature/d:SignedInfo/d:Reference", namespaces=ns)
    holder = root.xpath("string(/HDon/DSCKS/CQT/d:Signature/d:Object/@Id)", namespaces=ns)
    assert [r.get("URI") for r in references] == ["#data-1C26TAA-123", "#" + holder, "#mccqt-1"]
    assert not root.xpath("//d:Transforms", namespaces=ns)


@pytest.mark.parametrize(
    "order",
    [
        ("einvoice-seller", "einvoice-buyer", "einvoice-tax-authority"),
        ("einvoice-tax-authority", "einvoice-buyer", "einvoice-seller"),
    ],
)
def test_all_parties_sign_one_invoice_one_after_the_other(order: tuple[str, ...]) -> None:
    data = INVOICE
    for name in order:
        data = sign(data, name)
    assert len(XmlDocument(data).signatures()) == 3
    assert all(intact(f) for f in XmlDocument(data).signatures())
    assert report(data).passed


def test_an_agency_signs_the_whole_after_the_parties_and_then_nobody_can_add_one() -> None:
    signed = sign(sign(INVOICE, "einvoice-seller"), "generic-xades", SEAL)
    assert [f.coverage.whole for f in XmlDocument(signed).signatures()] == [False, True]
    with pytest.raises(SigningError, match="covers the whole document; another one in it would break it"):
        sign(signed, "einvoice-buyer")


def test_a_party_that_signed_already_is_not_signed_for_again() -> None:
    with pytest.raises(SigningError, match="holds a signature already"):
        sign(sign(INVOICE, "einvoice-seller"), "einvoice-seller")


def test_a_signature_of_the_sellers_own_software_is_kept_when_the_buyer_signs() -> None:
    signed = sign((DOCUMENTS / "hoa-don-da-ky.xml").read_bytes(), "einvoice-buyer")
    seller, buyer = XmlDocument(signed).signatures()
    assert seller.id == "seller"
    assert intact(seller)
    assert intact(buyer)


def test_an_invoice_inside_its_message_is_signed_there() -> None:
    inner = INVOICE.partition(b"?>")[2]
    message = b'<?xml version="1.0"?>\n<TDiep><TTChung/><DLieu>' + inner + b"</DLieu></TDiep>"
    signed = sign(sign(message, "einvoice-seller"), "einvoice-tax-authority")
    assert all(intact(f) for f in XmlDocument(signed).signatures())
    assert b"<TDiep><TTChung/><DLieu><HDon>" in signed
    with pytest.raises(SigningError, match="has 2 of them"):
        sign(message.replace(b"</DLieu>", inner.replace(b"Id=", b"Id2=") + b"</DLieu>"), "einvoice-seller")


def test_places_that_are_missing_are_created_in_the_schemas_order() -> None:
    bare = INVOICE.replace(b"<DSCKS><NBan/><NMua/><CCKSKhac/><CQT/></DSCKS>", b"")
    signed = sign(sign(sign(bare, "einvoice-tax-authority"), "einvoice-seller"), "einvoice-buyer")
    assert all(intact(f) for f in XmlDocument(signed).signatures())
    [parties] = etree.fromstring(signed).xpath("/HDon/DSCKS")
    assert [c.tag for c in parties] == ["NBan", "NMua", "CQT"]
    assert without_signatures(signed) == bare.replace(
        b"</HDon>", b"<DSCKS><NBan></NBan><NMua></NMua><CQT></CQT></DSCKS></HDon>"
    )


def test_a_created_place_inherits_the_namespace_of_its_parent() -> None:
    for root in (b'<HDon xmlns="urn:mau">%s</HDon>', b'<p:HDon xmlns:p="urn:mau">%s</p:HDon>'):
        p = b"p:" if b"xmlns:p" in root else b""
        data = root % (b'<%sDLHDon Id="a">x</%sDLHDon>' % (p, p))
        signed = sign(data, "einvoice-seller")
        assert intact(only(signed))
        assert b"<%sDSCKS><%sNBan><Signature " % (p, p) in signed


@pytest.mark.parametrize(
    ("attributes", "ok"),
    [
        (b'id="a"', True),
        (b'ID="a"', True),
        (b"", False),
        (b'id="a" Id="a"', False),
        (b'id="a" ID="b"', False),
        (b'Id="a b"', False),
        (b'Id="a&quot;b"', False),
    ],
)
def test_a_tax_return_takes_each_spelling_of_its_identifier_but_one_only(attributes: bytes, ok: bool) -> None:
    data = RETURN.replace(b'id="ID_1"', attributes)
    if ok:
        assert intact(only(sign(data, "tax-return")))
    else:
        with pytest.raises((SigningError, FormatError), match="identifier"):
            sign(data, "tax-return")


def test_an_identifier_that_stands_twice_is_refused_in_whatever_spelling() -> None:
    for other in (b'<x id="ID_1"/>', b'<x ID="ID_1"/>', b'<x xml:id="ID_1"/>', b'<x xmlns:w="urn:w" w:Id="ID_1"/>'):
        with pytest.raises(FormatError, match="stands 2 times"):
            sign(RETURN.replace(b"<TTinChung/>", other), "tax-return")


def test_two_parts_of_the_same_name_are_refused() -> None:
    twice = INVOICE.replace(b"<DLHDon ", b'<DLHDon Id="other">x</DLHDon><DLHDon ')
    with pytest.raises(SigningError, match="DLHDon stands 2 times"):
        sign(twice, "einvoice-seller")


def test_a_code_that_is_not_there_is_said() -> None:
    code = re.search(rb"<MCCQT.*?</MCCQT>", INVOICE)
    assert code is not None
    with pytest.raises(SigningError, match="no MCCQT, which the profile einvoice-tax-authority signs"):
        sign(INVOICE.replace(code[0], b""), "einvoice-tax-authority")


def test_inherited_namespaces_and_xml_attributes_do_not_break_inclusive_signatures() -> None:
    """Trap 1: SignedInfo and the signing time inherit what stands around their place, and so must their hashes."""
    data = INVOICE.replace(
        b"<HDon>", b'<HDon xmlns:xsi="urn:xsi" xmlns:q="urn:q&#113;q" xml:lang="vi" xml:space="default">'
    )
    data = data.replace(b"<NBan/>", b'<NBan xmlns:y="urn:y" xml:lang="en"/>', 1) if b"<NBan/>" in data else data
    signed = sign(data, "einvoice-seller")
    assert intact(only(signed))
    verdict = xmlsec.verify(signed, [*ROOTS, ISSUING], at=AT, id_elements=IDS)
    assert verdict.valid, verdict.output


@pytest.mark.parametrize("name", [b"urn:a&amp;b", b"urn:a&#38;lt;"])
def test_a_namespace_that_libxml2_cannot_canonicalise_is_refused(name: bytes) -> None:
    with pytest.raises(SigningError, match="ambiguous"):
        sign(b'<a xmlns:q="%s">b</a>' % name, "generic-xmldsig")


def test_a_default_namespace_above_and_none_below_does_not_break_it() -> None:
    data = INVOICE.replace(b"<HDon>", b'<HDon xmlns="urn:hoa-don">').replace(
        b"<TTKhac/>", b'<TTKhac xmlns=""><x/></TTKhac>'
    )
    signed = sign(data, "einvoice-seller")
    assert intact(only(signed))
    ids = [f"urn:hoa-don:{n}" if ":" not in n else n for n in IDS]
    assert xmlsec.verify(signed, [*ROOTS, ISSUING], at=AT, id_elements=ids).valid


def test_a_signing_time_without_a_namespace_is_written_and_read() -> None:
    text = (
        'form="xmldsig"\nroots=["HDon"]\nprefix=""\ncanonicalization="inclusive"\n[place]\npath="DSCKS/NBan"\n'
        '[[reference]]\npart="DLHDon"\n[[reference]]\nown="signing-time"\n'
        '[signing_time]\nnamespace=""\nid_on="SignatureProperty"\nzone="offset"\n'
    )
    signed = sign(INVOICE, own(text))
    assert b'<SigningTime xmlns="">2026-11-23T10:00:00+07:00</SigningTime>' in signed
    facts = only(signed)
    assert intact(facts), facts.findings
    assert facts.claimed_time == AT


def test_an_enveloped_transform_on_the_signing_time_changes_nothing() -> None:
    """Trap 2: .NET writes it so; it takes nothing out of an object inside the Signature."""
    text = (
        'form="xmldsig"\nroots=["HDon"]\nprefix=""\ncanonicalization="inclusive"\n[place]\npath="DSCKS/NBan"\n'
        '[[reference]]\npart="DLHDon"\n[[reference]]\nown="signing-time"\ntransforms=["enveloped-signature"]\n'
        "[signing_time]\n"
    )
    assert intact(only(sign(INVOICE, own(text))))


def test_a_key_that_the_receiver_does_not_take_is_refused_by_name() -> None:
    with pytest.raises(SigningError, match="takes rsa-pkcs1-sha256; this key signs with ecdsa-sha256"):
        sign(INVOICE, "einvoice-seller", SEAL)


def test_a_document_of_another_kind_is_told_which_profiles_it_has() -> None:
    with pytest.raises(SigningError, match=r"tax-return is for HSoThueDTu; .*For HDon there are: einvoice-seller, "):
        sign(INVOICE, "tax-return")
    with pytest.raises(SigningError) as caught:
        sign(sign(INVOICE, "generic-xades"), "generic-xades")
    assert "einvoice-seller" in str(caught.value)


def test_a_place_inside_what_is_signed_needs_enveloped_signature() -> None:
    text = 'form="xmldsig"\n[place]\npath="a/b"\n[[reference]]\npart="a"\n'
    data = b'<r><a Id="x"><b/>text</a></r>'
    with pytest.raises(SigningError, match="without enveloped-signature"):
        sign(data, own(text))
    signed = sign(data, own(text + 'transforms=["enveloped-signature", "inclusive"]\n'))
    assert intact(only(signed))
    with pytest.raises(SigningError, match=r"covers /r/a \(#x\); another one in it would break it"):
        sign(signed, own(text.replace("a/b", "a/c").replace("[place]", '[place]\nmissing="create"')))


def test_a_created_place_inside_what_is_signed_is_signed_too() -> None:
    text = (
        'form="xmldsig"\n[place]\npath="a/b/c"\nmissing="create"\n'
        '[[reference]]\npart="a"\ntransforms=["enveloped-signature", "exclusive"]\n'
    )
    signed = sign(b'<r><a Id="x">text<z/></a></r>', own(text))
    assert intact(only(signed))
    assert not intact(only(signed.replace(b"<c>", b"").replace(b"</c>", b"")))


def test_a_profile_with_namespaces_takes_only_those() -> None:
    text = (
        'form="xmldsig"\nroots=["m:r"]\n[namespaces]\nm="urn:mau"\n[place]\npath="m:s"\nmissing="create"\n'
        '[[reference]]\npart="m:a"\n'
    )
    data = b'<x:r xmlns:x="urn:mau" xmlns="urn:mau"><a Id="1a"/><a xmlns="urn:khac" Id="2a"/></x:r>'
    signed = sign(data, own(text))
    facts = only(signed)
    assert facts.references_intact
    assert facts.signature_intact
    assert facts.coverage.what == "/r/a (#1a)"
    assert b"<s><ds:Signature " in signed
    with pytest.raises(SigningError, match="is for m:r"):
        sign(data.replace(b"urn:mau", b"urn:khong"), own(text))


def test_a_place_at_any_depth_is_found_and_must_be_the_only_one() -> None:
    deep = CLAIM.replace(b"<CHUKYDONVI/>", b"<A><B><CHUKYDONVI/></B></A>")
    assert intact(only(sign(deep, "health-insurance")))
    with pytest.raises(SigningError, match="stands 2 times"):
        sign(CLAIM.replace(b"<CHUKYDONVI/>", b"<CHUKYDONVI/><CHUKYDONVI/>"), "health-insurance")
    with pytest.raises(SigningError, match="has no //CHUKYDONVI"):
        sign(CLAIM.replace(b"<CHUKYDONVI/>", b""), "health-insurance")


HIDING = {
    "a comment": b"<!-- <NBan/> </NBan> -->",
    "a cdata section": b"<![CDATA[<NBan/></DSCKS>]]>",
    "an instruction": b"<?x <NBan></NBan> ?>",
    "names that begin alike": b"<NBanX/><NBan.y></NBan.y><NBan-z></NBan-z>",
    "an attribute that looks like an end": b"<x a='/>' b=\"/NBan>\"/>",
    "elements of the same name elsewhere": b"<NBan a='>'/><y><NBan><NBan/></NBan ></y>",
}


@pytest.mark.parametrize("name", list(HIDING))
def test_the_place_is_found_whatever_looks_like_it(name: str) -> None:
    data = INVOICE.replace(b"<TTKhac/>", HIDING[name], 1).replace(
        b"<DSCKS>", b"<DSCKS><Khac>" + HIDING[name] + b"</Khac>"
    )
    signed = sign(data, "einvoice-seller")
    assert intact(only(signed)), only(signed).findings
    assert b"</Khac><NBan><Signature " in signed


@pytest.mark.parametrize(
    "place", [b"<NBan></NBan>", b"<NBan >\n\t</NBan\n>", b"<NBan a='/>'\t/>", b"<NBan><!-- x --></NBan>"]
)
def test_a_place_keeps_what_is_in_it(place: bytes) -> None:
    data = INVOICE.replace(b"<DSCKS><NBan/>", b"<DSCKS>" + place)
    signed = sign(data, "einvoice-seller")
    assert intact(only(signed))
    kept = place.replace(b"\t/>", b"\t></NBan>")
    assert without_signatures(signed) == data.replace(place, kept)


# Profiles of one's own -----------------------------------------------------------------------------------

GOOD = 'form="xmldsig"\n[[reference]]\npart=""\ntransforms=["enveloped-signature"]\n'


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("form='xmldsig'", "references nothing"),
        (GOOD + "x=1", "'x' is unknown"),
        ("tille='x'\n" + GOOD, "'tille' is unknown"),
        (GOOD.replace("xmldsig", "cades"), "allowed are 'xades', 'xmldsig'"),
        ("digest='sha1'\n" + GOOD, "digest = 'sha1'"),
        ("digest='md5'\n" + GOOD, "digest = 'md5'"),
        ("schemes=['rsa-pkcs1-sha1']\n" + GOOD, "schemes"),
        ("schemes='rsa-pkcs1-sha256'\n" + GOOD, "a list of texts"),
        ("prefix='x'\n" + GOOD, "prefix"),
        ("canonicalization='fancy'\n" + GOOD, "canonicalization"),
        ("roots=['//a']\n" + GOOD, "root"),
        ("roots=['a/']\n" + GOOD, "no path"),
        ("roots=['a[1]']\n" + GOOD, "no path"),
        ("roots=['p:a']\n" + GOOD, "not in \\[namespaces\\]"),
        (GOOD + "[place]\npath='//a'\nmissing='create'", "cannot be created"),
        (GOOD + "[place]\nseveral='yes'", "true or false"),
        (GOOD + "[place]\nmissing='skip'", "'create', 'refuse'"),
        (GOOD + "[signing_time]", "exactly one"),
        (GOOD + "[[reference]]\nown='signing-time'", "exactly one"),
        (GOOD + "[key_info]\ncertificates='none'", "leaf"),
        (GOOD.replace('part=""', ""), "either part or own"),
        (GOOD + "own='signing-time'", "either part or own"),
        (GOOD.replace("enveloped-signature", "inclusive"), "needs enveloped-signature"),
        (GOOD.replace("enveloped-signature", "xslt"), "transforms"),
        ('[[reference]]\npart="a"\ntransforms=["inclusive","enveloped-signature"]', "then at most one"),
        ('[[reference]]\npart="a"\nmissing="skip"', "must be there always"),
        ('[[reference]]\npart="a"\nid=[]', "no attribute"),
        ('[[reference]]\npart="a"\nid=["name"]', "Id, ID, id, xml:id"),
        ('[[reference]]\nown="signing-time"\n[signing_time]', "nothing of the document"),
        ("prefix=''\n" + GOOD.replace("xmldsig", "xades"), "prefix"),
        (GOOD + "[namespaces]\na=1", "give each prefix a namespace"),
        ("place=3\n" + GOOD, "a table is expected"),
        ("[[", "no TOML"),
    ],
)
def test_a_profile_that_means_nothing_is_refused_with_the_reason(text: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        own(text)


def test_a_profile_that_is_too_long_is_not_read() -> None:
    with pytest.raises(UsageError, match="at most"):
        own(GOOD + "#" * (1 << 16))


def test_an_unknown_profile_names_those_that_there_are() -> None:
    with pytest.raises(UsageError, match="There is no XML profile 'x'") as caught:
        built_in("x")
    assert all(name in str(caught.value) for name in BUILT_IN)


def test_plain_xmldsig_by_profile_carries_no_timestamp_and_no_place() -> None:
    with pytest.raises(UsageError, match="timestamp"):
        Intent(AT, level="B-T", profile=built_in("einvoice-seller"))
    with pytest.raises(UsageError, match="location"):
        pending = Intent(AT, location="x", profile=built_in("einvoice-seller"))
        XmlDocument(INVOICE).prepare(pending, PERSON.chain, PERSON.scheme)


def test_the_time_is_vietnams_whatever_zone_the_caller_is_in() -> None:
    late = datetime(2026, 12, 31, 18, 0, tzinfo=UTC)
    for at in (late, late.astimezone(timezone(timedelta(hours=-5)))):
        assert b"<SigningTime>2027-01-01T01:00:00</SigningTime>" in sign(INVOICE, "einvoice-seller", at=at)


@pytest.mark.parametrize("name", BUILT_IN)
def test_what_is_signed_is_what_libxml2_makes_of_signed_info_in_its_place(name: str) -> None:
    profile = built_in(name)
    data = re.sub(rb"<(\w+)", rb'<\1 xmlns:w="urn:w" xml:lang="vi"', SAMPLES[name], count=1)
    pending = XmlDocument(data).prepare(Intent(AT, profile=profile), PERSON.chain, PERSON.scheme)
    signed = pending.finish(PERSON.sign([pending.imprint])[0])
    [info] = etree.fromstring(signed).iter("{http://www.w3.org/2000/09/xmldsig#}SignedInfo")
    alone = etree.fromstring(etree.tostring(info, with_tail=False))
    exclusive = profile.canonicalization == "exclusive"
    if not exclusive:
        alone.set("{http://www.w3.org/XML/1998/namespace}lang", "vi")
    assert etree.tostring(alone, method="c14n", exclusive=exclusive) == pending.to_be_signed
