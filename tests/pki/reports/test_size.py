"""A report grows with its file and no faster: what many signatures share is not told in full by each."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

import kyso
from kyso_pki import oids
from kyso_pki.ades.fewer import LEAST_CHANGES, MAX_CHANGES, fewer
from kyso_pki.ades.report import DocumentReport
from kyso_pki.ades.verify import judge
from kyso_pki.asn1 import der
from kyso_pki.credential import Chain
from kyso_pki.facts import Change, SignatureFacts
from kyso_pki.formats import open_document
from kyso_pki.reports.forms import FORMS, Form, rendered
from kyso_pki.reports.words import Words
from kyso_pki.testing import SoftwareSigner, SoftwareSigningKey
from kyso_pki.told import MAX_TOLD, told
from kyso_pki.x509.certificate import Certificate
from tests.attacks.cms.file_forge import CONTENT, Case, counter_attributes
from tests.attacks.cms.forge import attribute, cms, set_of, signer_info, usual_attributes, value_over
from tests.pki.ades.inputs import PDF

from .reported import AT, WORLD


def named(length: int) -> SoftwareSigner:
    """A signer whose own certificate gives a name of so many letters."""
    key = ec.derive_private_key(20261128, ec.SECP256R1())
    attributes = [(x509.NameOID.ORGANIZATIONAL_UNIT_NAME, "đ" * 60)] * (length // 120)
    attributes.append((x509.NameOID.COMMON_NAME, "ă" * (length // 2)))
    name = x509.Name([x509.NameAttribute(kind, text, _validate=False) for kind, text in attributes])
    builder = x509.CertificateBuilder(name, name, key.public_key(), 5, AT - timedelta(9), AT + timedelta(9))
    builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    certificate = Certificate.from_der(builder.sign(key, hashes.SHA256()).public_bytes(Encoding.DER))
    return SoftwareSigner(key, SoftwareSigningKey.of(key).scheme, Chain((certificate,)))


@cache
def countersigned(length: int, count: int = 12) -> tuple[int, DocumentReport]:
    """The octets of a file of one signature with counter-signatures by a signer with such a name, and its report."""
    signer = named(length)
    identifier = signer.certificate.subject_key_identifier
    assert identifier is not None
    sid, version = der.tlv(0x80, identifier), der.integer(3)

    def by(attributes: bytes, *unsigned: bytes) -> bytes:
        return signer_info(signer, attributes, sid=sid, version=version, unsigned=unsigned)

    attributes = set_of(usual_attributes(signer, CONTENT))
    value = value_over(attributes, signer)
    counter = [by(set_of(counter_attributes(value, signer)))] * count
    one = signer_info(
        signer, attributes, value=value, sid=sid, version=version,
        unsigned=[attribute(oids.ID_COUNTER_SIGNATURE, *counter)],
    )  # fmt: skip
    file = cms(one, certificates=[signer.certificate.der], digests=[signer.scheme.digest_identifier])
    return len(file), Case(file).report()


@pytest.mark.filterwarnings("ignore:Attribute's length")
@pytest.mark.parametrize("form", FORMS)
def test_a_name_of_many_letters_is_not_told_in_full_by_each_signature(form: Form) -> None:
    sizes = [len(rendered([countersigned(n)[1]], form, Words("vi"))) for n in (120, 12_000)]
    signatures = len(countersigned(120)[1].signatures)
    assert signatures == 13
    once = 4 * 12_000 if form == "xml" else 0  # there the certificate stands in it, once
    assert sizes[1] - sizes[0] < signatures * 16 * MAX_TOLD + once


@pytest.mark.filterwarnings("ignore:Attribute's length")
def test_what_is_left_out_of_a_name_is_said() -> None:
    signer = json.loads(rendered([countersigned(12_000)[1]], "json", Words("vi")))["files"][0]["signatures"][0][
        "signer"
    ]
    assert signer["name"] == "ă" * MAX_TOLD + " … (+5000)"
    assert all(len(signer[k]) < MAX_TOLD + 20 for k in ("name", "unit", "issuer"))


@pytest.mark.filterwarnings("ignore:Attribute's length")
def test_what_rules_compare_is_not_cut() -> None:
    text = "a" * 5000
    assert told(text) != text
    name = named(120).certificate.subject
    assert replace(name, attributes=(("OU", text),)).all("OU") == (text,)


@cache
def facts() -> SignatureFacts:
    [one] = open_document(kyso.sign(PDF, WORLD.person_signer, at=AT)).signatures()
    return one


def changes(count: int, allowed: bool = True) -> tuple[Change, ...]:
    return tuple(Change("form", f"Revision {n}: the field was filled in.", allowed, n) for n in range(count))


def judged(*signatures: SignatureFacts) -> DocumentReport:
    return judge(signatures, sha256="0" * 64, format="pdf", trust=WORLD.trust, at=datetime(2026, 11, 28, tzinfo=UTC))


def test_one_signature_is_told_every_change() -> None:
    one = replace(facts(), changes_after=changes(2000))
    assert fewer(one, 1) is one
    assert len(judged(one).signatures[0].changes_after) == 2000


def test_many_signatures_share_what_is_told_of_changes() -> None:
    many = [replace(facts(), id=f"signature-{n}", changes_after=changes(2000)) for n in range(100)]
    found = [s.changes_after for s in judged(*many).signatures]
    assert all(len(c) == MAX_CHANGES // 100 + 1 for c in found)
    assert found[0][-1].text == "1960 more changes of this kind."
    assert len(fewer(many[0], 1024).changes_after) == LEAST_CHANGES + 1


@pytest.mark.parametrize("at", [0, 700, 1999])
def test_a_change_that_nobody_permitted_is_told_before_those_that_were(at: int) -> None:
    told_of = list(changes(2000))
    told_of[at] = Change("content", "Revision 7: the page was changed.", False, 7)
    kept = fewer(replace(facts(), changes_after=tuple(told_of)), 1000).changes_after
    assert kept[0] == told_of[at]
    many = [replace(facts(), id=f"signature-{n}", changes_after=tuple(told_of)) for n in range(100)]
    assert {s.sub_indication for s in judged(*many).signatures} == {"FORMAT_FAILURE"}
    assert all(s.changed_after == "refused" for s in judged(*many).signatures)


def test_kinds_that_are_only_counted_decide_as_those_that_are_told() -> None:
    refused = (*changes(50, False), Change("font", "Revision 3: a font was changed.", False, 3))
    kept = fewer(replace(facts(), changes_after=refused), 1000).changes_after
    assert ("font", False) in {(c.kind, c.allowed) for c in kept}


def test_the_name_of_a_field_is_cut_where_it_is_told() -> None:
    name = "a" * 30_000
    one = replace(facts(), changes_after=(Change("form", f"The field {name} was filled in.", True, 2, field=name),))
    [change] = fewer(one, 1).changes_after
    assert (change.field, change.text) == (told(name), told(f"The field {name} was filled in."))
