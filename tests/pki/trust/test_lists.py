"""Trusted lists (ETSI TS 119 612): what is read of them, and what an anchor comes to be by them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from cryptography import x509
from lxml import etree

from kyso_pki.errors import FormatError, TrustBroken, TrustSignerUnknown
from kyso_pki.trust.tsl.anchors import Listed, anchors_of
from kyso_pki.trust.tsl.reading import read_list
from kyso_pki.x509.trust import Anchor, TrustStore
from tests.judges import signxml, xmlsec

from .lists import (
    LOTL,
    OPERATOR,
    OPERATOR_PIN,
    QUALIFIED,
    TYPE,
    UNKNOWN,
    YEAR,
    Made,
    Pointer,
    State,
    extension,
    sign,
)
from .made import AT, DAY, WORLD

CA = State(certificates=(WORLD.issuing,))
SKI = WORLD.issuing.subject_key_identifier or b""


def listed(*services: tuple[State, ...], **other: object) -> Listed:
    made = Made(services, **other)  # type: ignore[arg-type]  # fields by name
    return anchors_of(read_list(made.signed(), [OPERATOR_PIN]), "list tl-vn #1")


def test_what_a_list_says_is_read() -> None:
    found = read_list(Made(((CA,),), version=6, sequence=77).signed(), [OPERATOR_PIN])
    assert (found.version, found.sequence, found.territory, found.operator) == (6, 77, "VN", "Sample body")
    assert (found.issued, found.next_update) == (AT - DAY, AT + 90 * DAY)
    [service] = found.services
    assert (service.provider, service.name) == ("Nhà cung cấp Mẫu", "Dịch vụ Mẫu")
    assert service.states[0].identity.certificates == (WORLD.issuing,)
    assert not found.left_out


def test_a_granted_ca_is_an_anchor_from_its_starting_time() -> None:
    found = listed((CA,))
    assert found.anchors == (Anchor(WORLD.issuing, frozenset({"signing"}), AT - 3 * YEAR, None, "list tl-vn #1"),)
    assert found.notes == ("Nhà cung cấp Mẫu: Dịch vụ Mẫu",)


@pytest.mark.parametrize(
    ("service_type", "purpose"),
    [
        ("CA/QC", "signing"),
        ("CA/PKC", "signing"),
        ("NationalRootCA-QC", "signing"),
        ("TSA/QTST", "timestamping"),
        ("TSA", "timestamping"),
        ("TSA/TSS-QC", "timestamping"),
        ("Certstatus/OCSP/QC", None),
        ("Certstatus/OCSP", None),
        ("Certstatus/CRL/QC", None),
        ("EDS/Q", None),
        ("CA/QC/more", None),
    ],
)
def test_a_service_is_trusted_for_what_its_type_says(service_type: str, purpose: str | None) -> None:
    found = listed((State(service_type=service_type, certificates=(WORLD.issuing,)),))
    assert [set(a.purposes) for a in found.anchors] == ([{purpose}] if purpose else [])


@pytest.mark.parametrize(
    ("status", "trusted"),
    [
        ("granted", True),
        ("recognisedatnationallevel", True),
        ("setbynationallaw", True),
        ("undersupervision", True),
        ("supervisionincessation", True),
        ("accredited", True),
        ("withdrawn", False),
        ("deprecatedatnationallevel", False),
        ("deprecatedbynationallaw", False),
        ("supervisionceased", False),
        ("supervisionrevoked", False),
        ("accreditationceased", False),
        ("accreditationrevoked", False),
        ("granted/", False),
        ("urn:mau:granted", False),
        ("", False),
    ],
)
def test_only_approving_states_make_an_anchor(status: str, trusted: bool) -> None:
    assert bool(listed((State(status, certificates=(WORLD.issuing,)),)).anchors) is trusted


def test_history_makes_times_and_neighbours_are_one() -> None:
    """Supervised, then granted without a break, withdrawn, granted again."""

    past = [("withdrawn", 2), ("granted", 4), ("undersupervision", 9)]
    states: tuple[State, ...] = (State("granted", AT - YEAR, certificates=(WORLD.issuing,)),)
    states += tuple(State(s, AT - years * YEAR, key_identifiers=(SKI,)) for s, years in past)
    found = listed(states)
    assert [(a.trusted_from, a.trusted_until) for a in found.anchors] == [
        (AT - 9 * YEAR, AT - 2 * YEAR),
        (AT - YEAR, None),
    ]
    assert not found.left_out
    store = TrustStore(found.anchors)
    for years, trusted in ((10, False), (9, True), (3, True), (2, False), (1, True), (0, True)):
        assert (store.anchor_at(WORLD.issuing, "signing", AT - years * YEAR) is not None) is trusted


def test_a_withdrawn_ca_keeps_its_past() -> None:
    found = listed((State("withdrawn", AT - DAY, certificates=(WORLD.issuing,)), State(key_identifiers=(SKI,))))
    assert [(a.trusted_from, a.trusted_until) for a in found.anchors] == [(AT - 3 * YEAR, AT - DAY)]


@pytest.mark.parametrize(
    "past",
    [
        State(key_identifiers=(b"\1" * 20,)),
        State(key_identifiers=(SKI, b"\1" * 20)),
        State(certificates=(WORLD.root,)),
        State(),
    ],
)
def test_a_past_of_another_key_is_not_this_ones(past: State) -> None:
    found = listed((State("granted", AT - DAY, certificates=(WORLD.issuing,)), past))
    assert [(a.trusted_from, a.trusted_until) for a in found.anchors] == [(AT - DAY, None)]
    assert "another key" in found.left_out[0]


@pytest.mark.parametrize(
    ("states", "why"),
    [
        ((State(key_identifiers=(SKI,)),), "not told by a certificate"),
        ((State(certificates=(WORLD.issuing, WORLD.root)),), "for several keys"),
        ((State(certificates=(WORLD.issuing,), extensions=UNKNOWN),), "critical extension {urn:mau:moi}Moi"),
        ((State(certificates=(WORLD.issuing,), extensions=extension("", "true")),), "without a name"),
        ((State(certificates=(WORLD.issuing,), extensions=QUALIFIED.replace("true", "TRUE")),), "without a name"),
        ((CA, CA), "not in the order"),
        ((CA, State(start=AT, key_identifiers=(SKI,))), "not in the order"),
        ((State("urn:mau:granted", certificates=(WORLD.issuing,)),), "status urn:mau:granted is not known"),
        ((State(start="2020-01-01T00:00:00", certificates=(WORLD.issuing,)),), "not a time with its zone"),
        ((State(start="2020-02-30T00:00:00Z", certificates=(WORLD.issuing,)),), "not a time"),
    ],
)
def test_what_is_not_understood_of_a_service_leaves_it_out_and_says_why(states: tuple[State, ...], why: str) -> None:
    found = listed(states, (State(service_type="TSA/QTST", certificates=(WORLD.tsa,)),))
    assert [a.certificate for a in found.anchors] == [WORLD.tsa]
    assert why in found.left_out[0]


def test_known_and_harmless_extensions_do_not_matter() -> None:
    harmless = UNKNOWN.replace("true", "false")
    assert listed((State(certificates=(WORLD.issuing,), extensions=QUALIFIED + harmless),)).anchors


@pytest.mark.parametrize(
    ("additional", "trusted"),
    [
        ((), True),
        (("ForeSignatures",), True),
        (("ForeSeals", "ForWebSiteAuthentication"), True),
        (("ForWebSiteAuthentication",), False),
    ],
)
def test_a_ca_for_web_sites_alone_signs_no_documents(additional: tuple[str, ...], trusted: bool) -> None:
    assert bool(listed((State(certificates=(WORLD.issuing,), additional=additional),)).anchors) is trusted


def test_a_critical_extension_of_a_provider_leaves_its_services_out() -> None:
    extensions = f"<TSPInformationExtensions>{UNKNOWN}</TSPInformationExtensions>"
    found = listed((CA,), provider_extensions=extensions)
    assert not found.anchors
    assert "urn:mau:moi" in found.left_out[0]


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"version": 4}, "version 4"),
        ({"version": "5.0"}, "TSLVersionIdentifier"),
        ({"sequence": 0}, "TSLSequenceNumber"),
        ({"sequence": "-3"}, "TSLSequenceNumber"),
        ({"sequence": "1" * 40}, "TSLSequenceNumber"),
        ({"list_type": "urn:mau"}, "unknown type"),
        ({"territory": "Việt Nam"}, "territory"),
        ({"root_attributes": ""}, "tag"),
        ({"scheme_extensions": f"<SchemeExtensions>{UNKNOWN}</SchemeExtensions>"}, "urn:mau:moi"),
        ({"more": {"scheme": "<TSLSequenceNumber>9</TSLSequenceNumber>"}}, "stands 2 times"),
        ({"more": {"scheme": "<NextUpdate/>"}}, "stands 2 times"),
        ({"more": {"root": "<SchemeInformation/>"}}, "stands 2 times"),
    ],
)
def test_a_list_that_is_not_understood_is_refused(wrong: dict[str, object], why: str) -> None:
    with pytest.raises(FormatError, match=why):
        listed((CA,), **wrong)


def test_a_comment_is_no_part_of_what_is_signed_and_read() -> None:
    assert read_list(Made(((CA,),), sequence="1<!-- 9 -->").signed(), [OPERATOR_PIN]).sequence == 1


def test_a_list_without_a_next_update_is_closed() -> None:
    assert read_list(Made(((CA,),), next_update=None).signed(), [OPERATOR_PIN]).next_update is None


def test_a_list_of_lists_names_who_may_sign_the_others() -> None:
    pointers = (
        Pointer("https://mau.example/vn.xml", "VN"),
        Pointer("https://mau.example/vn.pdf", "VN", media_type="application/pdf"),
        Pointer("http://mau.example/la.xml", "LA"),
        Pointer("https://mau.example/kh.xml", "KH", ()),
    )
    found = read_list(Made((), pointers, list_type=LOTL, territory="EU").signed(), [OPERATOR_PIN])
    assert found.of_lists
    [one] = found.pointers
    assert (one.location, one.territory, one.signers) == ("https://mau.example/vn.xml", "VN", (OPERATOR.certificate,))
    assert [w for word in found.left_out for w in ("no https address", "no certificate") if w in word] == [
        "no https address",
        "no certificate",
    ]


def test_the_list_and_nothing_else_is_what_its_key_signed() -> None:
    with pytest.raises(TrustSignerUnknown) as refused:
        read_list(Made(((CA,),)).signed(), [WORLD.person.spki_sha256])
    assert refused.value.details["pin"] == OPERATOR_PIN
    with pytest.raises(TrustSignerUnknown):
        read_list(Made(((CA,),)).signed(), [])


def test_a_list_signed_before_its_signer_had_a_certificate_is_refused() -> None:
    early = OPERATOR.certificate.not_before - DAY
    with pytest.raises(TrustBroken, match="outside the validity"):
        listed((CA,), issued=early)


def test_a_list_ends_six_months_after_its_issue_at_the_latest() -> None:
    """TS 119 612 5.3.15: so a key that is found after its certificate's end makes no list that lasts."""
    long, usual, closed = (
        read_list(Made(((CA,),), next_update=end).signed(), [OPERATOR_PIN])
        for end in (AT + 4000 * DAY, AT + 90 * DAY, None)
    )
    assert (long.ends, usual.ends, closed.ends) == (long.issued + 184 * DAY, AT + 90 * DAY, None)


def test_plain_xml_signatures_bind_no_certificate_and_make_no_list() -> None:
    plain = sign(Made(((CA,),)).xml(), OPERATOR, xml_form="xmldsig")
    with pytest.raises(TrustBroken, match="names the signer's certificate"):
        read_list(plain, [OPERATOR_PIN])


@pytest.mark.parametrize("judge", [xmlsec.verify, signxml.verify])
def test_independent_judges_take_the_signature_of_the_lists_made_here(judge: Callable[..., Any]) -> None:
    """So that maker and reader cannot err together."""
    made = Made(((CA,), (State(service_type="TSA/QTST", certificates=(WORLD.tsa,)),))).signed()
    root = x509.load_der_x509_certificate(WORLD.root.der)
    assert judge(made, [root], at=AT).valid
    assert not judge(made.replace(b"granted", b"Granted"), [root], at=AT).valid


def test_every_type_is_known_by_its_full_identifier() -> None:
    assert TYPE.startswith("http://uri.etsi.org/TrstSvc/")
    root = etree.fromstring(Made(((CA,),)).xml())
    assert root.findtext(".//{*}ServiceTypeIdentifier") == TYPE + "CA/QC"
