"""Attacks on trusted lists: each gives what an attacker hands in; the honest list trusts the issuing CA alone."""

from __future__ import annotations

import re

from tests.pki.trust.lists import Made, State, sign
from tests.pki.trust.made import WORLD

from .attack import Attack

EVIL = WORLD.stranger_signer.chain.certificates[-1]
CA = State(certificates=(WORLD.issuing,))
MADE = Made(((CA,),))
HONEST = MADE.signed()
FORGED = Made(((State(certificates=(EVIL,)),),), sequence=99).xml()
_SIGNATURE = re.compile(rb"<ds:Signature.*</ds:Signature>", re.DOTALL)
_ROOT_END = b"</TrustServiceStatusList>"


def _signature() -> bytes:
    found = _SIGNATURE.search(HONEST)
    assert found is not None
    return found[0]


def _inner(xml: bytes) -> bytes:
    """A list as an element inside another one, without its declaration."""
    return xml.partition(b"\n")[2]


def one_word_changed() -> Attack:
    """The status of a service."""
    return Attack(HONEST.replace(b"Svcstatus/granted", b"Svcstatus/Granted"), "not what was signed")


def certificate_exchanged() -> Attack:
    """The CA of the attacker in the place of the one that was listed."""
    import base64

    old, new = (base64.b64encode(c.der) for c in (WORLD.issuing, EVIL))
    assert HONEST.count(old) >= 1
    return Attack(HONEST.replace(old, new), "not what was signed")


def service_added() -> Attack:
    """X1: another provider list, in front of the signature."""
    services = re.search(rb"<TrustServiceProviderList>.*</TrustServiceProviderList>", FORGED, re.DOTALL)
    assert services is not None
    return Attack(HONEST.replace(b"<ds:Signature", services[0] + b"<ds:Signature", 1), "not what was signed")


def honest_list_wrapped() -> Attack:
    """X1 (XSW): the forged list is the root, the signed one and its signature stand inside."""
    return Attack(FORGED.replace(_ROOT_END, _inner(HONEST) + _ROOT_END), "")


def honest_list_in_an_object() -> Attack:
    """X1: the signed list moved into a ds:Object of its signature, a forged one around."""
    honest = _inner(_SIGNATURE.sub(b"", HONEST))
    signature = _signature().replace(b"</ds:Signature>", b"<ds:Object>" + honest + b"</ds:Object></ds:Signature>")
    return Attack(FORGED.replace(_ROOT_END, signature + _ROOT_END), "")


def signature_of_another_list() -> Attack:
    """The signature of the honest list on a forged one."""
    return Attack(FORGED.replace(_ROOT_END, _signature() + _ROOT_END), "not what was signed")


def part_signed() -> Attack:
    """X1: only the scheme information is signed, by the right key; the services are anybody's."""
    from kyso_pki.ades.sign import values_of
    from kyso_pki.document import Intent
    from kyso_pki.evidence import NO_EVIDENCE
    from kyso_pki.xml.document import XmlDocument
    from tests.pki.trust.lists import OPERATOR
    from tests.pki.trust.made import AT, DAY

    xml = FORGED.replace(b"<SchemeInformation>", b'<SchemeInformation Id="s">')
    pending = XmlDocument(xml).prepare_parts(Intent(AT - DAY), OPERATOR.chain, OPERATOR.scheme, ["s"])
    [value] = values_of(OPERATOR, [pending])
    return Attack(pending.finish(value, NO_EVIDENCE), "covers only")


def two_lists() -> Attack:
    """Two lists in one document, both signed as a whole by the right key."""
    both = b"<hai>" + _inner(MADE.xml()) + _inner(FORGED) + b"</hai>"
    return Attack(sign(b"<?xml version='1.0'?>" + both), "0 trusted lists")


def list_inside_a_list() -> Attack:
    """A list as a child of another one: one of both is not meant."""
    xml = MADE.xml().replace(b"<SchemeInformation>", _inner(FORGED) + b"<SchemeInformation>", 1)
    return Attack(sign(xml), "which is no part of one")


def two_signatures() -> Attack:
    """A second signature, by anybody and over the same list, beside the operator's."""
    other = _SIGNATURE.search(sign(MADE.xml(), WORLD.person_signer))
    assert other is not None
    return Attack(HONEST.replace(_ROOT_END, other[0] + _ROOT_END), "2 signatures")


def not_signed() -> Attack:
    return Attack(FORGED, "0 signatures")


def signed_by_anybody() -> Attack:
    return Attack(sign(FORGED, WORLD.person_signer), "none of the 1")


def signed_by_the_operators_name() -> Attack:
    """The operator's names with other keys."""
    return Attack(sign(FORGED, WORLD.impostor_signer), "none of the 1")


def another_document_of_the_operator() -> Attack:
    """Whatever else the key signs is no list."""
    return Attack(sign(b"<CongVan>01</CongVan>"), "0 trusted lists")


def with_a_dtd() -> Attack:
    """X10: a document type, whose entities and defaults change what is read."""
    dtd = b'<!DOCTYPE TrustServiceStatusList [<!ENTITY e "x">]>\n'
    return Attack(HONEST.replace(b"?>\n", b"?>\n" + dtd, 1), "DOCTYPE")


def a_million_services_of_nothing() -> Attack:
    """R: the number of services is bounded."""
    from kyso_pki.trust.tsl.reading import MAX_SERVICES

    xml = MADE.xml().replace(b"</TSPServices>", b"<TSPService/>" * (MAX_SERVICES + 1) + b"</TSPServices>")
    return Attack(sign(xml), "more than")


def utf7() -> Attack:
    """X10: another encoding than is read."""
    return Attack(HONEST.replace(b'encoding="UTF-8"', b'encoding="UTF-7"'), "encoding")
