"""Attack classes V1, V3 and V5 in the past: an answer of long ago, written today with a key that was found since.

A signer was revoked, and signed ten days later under an honest timestamp. His certificate has ended, so nobody tells
of the revocation any more, and the verdict rests on answers of that time (EN 319 102-1 5.6.2.1). Nothing proves when
those in the file were written: whoever signed them must still be one whom the issuer would not have to fear today.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache

import pytest

import kyso
from kyso_pki.ades.report import SignatureReport
from kyso_pki.asn1 import der
from kyso_pki.authority.issue import extension
from kyso_pki.authority.ocsp import GOOD, respond
from kyso_pki.authority.profile import ISSUING_CA, OCSP_RESPONDER, PERSON, Subject
from kyso_pki.credential import Chain
from kyso_pki.evidence import Evidence
from kyso_pki.testing import SoftwareSigner, World, forge, software_key
from kyso_pki.x509 import certificate as x
from kyso_pki.x509 import ocsp
from kyso_pki.x509.certificate import Certificate

from .test_answers import revocation_list

AT = datetime(2026, 11, 28, 3, 0, tzinfo=UTC)
DAY = timedelta(days=1)
SIGNED = AT - 300 * DAY
REVOKED = SIGNED - 10 * DAY
ENDED, LASTING = AT - 280 * DAY, AT + 100 * DAY
WORLD = World.create(at=AT)
SIGNER = WORLD.issue(
    Subject("Nguyễn Văn Mẫu"), PERSON, software_key("p256", 40), not_before=AT - 400 * DAY, not_after=AT - 100 * DAY
)
NAME_OF_THE_CA = Subject("CA cấp phát tỉnh Mẫu", organisation="UBND tỉnh Mẫu")
CRL_SIGN = b"\x03\x02\x01\x02"


@dataclass(frozen=True)
class Attack:
    """What lies beside the signature."""

    word: str
    answers: tuple[bytes, ...] = ()
    crls: tuple[bytes, ...] = ()
    certificates: tuple[Certificate, ...] = ()


@cache
def signature() -> bytes:
    return kyso.sign_cms(
        b"Quyet dinh", SIGNER, at=SIGNED, level="B-T", timestamper=WORLD.timestamper(SIGNED), detached=False
    )


def verdict(attack: Attack) -> SignatureReport:
    stamp = WORLD.ocsp_response(ocsp.request(WORLD.tsa, WORLD.issuing), AT)
    roots = (WORLD.crl(AT, WORLD.root_signer), WORLD.crl(SIGNED, WORLD.root_signer))
    evidence = Evidence(attack.certificates, (*roots, *attack.crls), (stamp, *attack.answers))
    [found] = kyso.verify(signature(), trust=WORLD.trust, at=AT, evidence=evidence).signatures
    return found


# The forge --------------------------------------------------------------------------------------------------


def _responder(until: datetime, *, checked: bool = False) -> SoftwareSigner:
    profile = replace(OCSP_RESPONDER, ocsp_no_check=not checked)
    key = software_key("p256", 41)
    return WORLD.issue(Subject("OCSP cũ"), profile, key, not_before=SIGNED - DAY, not_after=until)


def _says_good(responder: SoftwareSigner, *, bare: bool) -> bytes:
    """An answer of then; bare: without the responder's certificate, which stands elsewhere."""
    made = respond(
        ocsp.request(SIGNER.certificate, WORLD.issuing),
        signer=responder,
        issuer=WORLD.issuing,
        status_of=lambda serial: GOOD,
        at=SIGNED,
        next_update=SIGNED + DAY,
    )
    if not bare:
        return made
    basic = der.read(made).children()[1].children()[0].children()[1].content
    return der.sequence(*(e.raw for e in der.read(basic).children()[:3]))


def _lister(issuer: SoftwareSigner, until: datetime, key: int = 42) -> SoftwareSigner:
    """A key of its own for the CRLs of the issuing CA."""
    own = software_key("p256", key)
    certificate = forge(
        NAME_OF_THE_CA,
        own.public_key(),
        key=issuer,
        issuer=issuer.certificate,
        not_before=SIGNED - DAY,
        not_after=until,
        extensions=[extension(x.KEY_USAGE, CRL_SIGN, critical=True)],
    )
    scheme = SIGNER.scheme
    return SoftwareSigner(own, scheme, Chain((certificate, *issuer.chain.certificates)))


def _empty_list(signer: SoftwareSigner, issuer: Certificate) -> bytes:
    """A CRL of then that lists nobody."""
    return revocation_list(signer=signer, issuer=issuer.subject.der, this_update=SIGNED, next_update=SIGNED + 7 * DAY)


def _by_own_key(until: datetime) -> Attack:
    lister = _lister(WORLD.root_signer, until)
    return Attack(
        "no path", crls=(_empty_list(lister, lister.certificate),), certificates=(lister.certificate, WORLD.issuing)
    )


def _below_a_ca(until: datetime) -> Attack:
    at_root = replace(WORLD, issuing_signer=WORLD.root_signer)
    ca = at_root.issue(
        Subject("CA danh sách"), ISSUING_CA, software_key("p256", 43), not_before=SIGNED - DAY, not_after=until
    )
    lister = _lister(ca, LASTING, key=44)
    lists = (_empty_list(lister, lister.certificate), _empty_list(ca, ca.certificate))
    return Attack("no path", crls=lists, certificates=(lister.certificate, ca.certificate, WORLD.issuing))


# The attacks ------------------------------------------------------------------------------------------------


def answer_of_a_responder_that_has_ended() -> Attack:
    """V1: valid at producedAt is not enough where nothing proves when the answer was produced."""
    return Attack("expired", answers=(_says_good(_responder(ENDED), bare=False),))


def answer_of_a_responder_that_has_ended_whose_certificate_stands_beside() -> Attack:
    """V1: the same with the responder's certificate among the others, where the answer does not show it."""
    old = _responder(ENDED)
    return Attack("expired", answers=(_says_good(old, bare=True),), certificates=(old.certificate,))


def list_by_a_key_of_its_own_that_has_ended() -> Attack:
    """V3: the same of a CRL that another key signed in the CA's name."""
    return _by_own_key(ENDED)


def list_by_a_key_below_a_ca_that_has_ended() -> Attack:
    """V3: who found the key of the CA above makes himself a key for CRLs that ends when he likes."""
    return _below_a_ca(ENDED)


def answer_of_a_responder_whose_status_an_ended_key_tells() -> Attack:
    """V1, V3: a responder without nocheck is as good as the list that says so."""
    checked = _responder(LASTING, checked=True)
    listed = _by_own_key(ENDED)
    return replace(
        listed,
        word="not known to be good",
        answers=(_says_good(checked, bare=True),),
        certificates=(checked.certificate, *listed.certificates),
    )


def attacks() -> Iterator[Callable[[], Attack]]:
    """Every function of this module that makes evidence."""
    for name, value in list(globals().items()):
        if not name.startswith("_") and getattr(value, "__annotations__", {}) == {"return": "Attack"}:
            yield value


@pytest.mark.parametrize("make", list(attacks()), ids=lambda f: f.__name__)
def test_an_answer_that_a_found_key_could_have_written_is_not_believed(make: Callable[[], Attack]) -> None:
    WORLD.revoke(SIGNER.certificate, REVOKED, "superseded")
    attack = make()
    found = verdict(attack)
    assert (found.verdict, found.sub_indication) == ("indeterminate", "TRY_LATER")
    assert found.proven_time == SIGNED
    assert attack.word in found.revocation.text


def _good() -> Sequence[Attack]:
    lasting = _responder(LASTING)
    checked = _responder(LASTING, checked=True)
    listed = _by_own_key(LASTING)
    return (
        Attack("", answers=(_says_good(lasting, bare=False),)),
        Attack("", answers=(_says_good(lasting, bare=True),), certificates=(lasting.certificate,)),
        listed,
        _below_a_ca(LASTING),
        replace(
            listed,
            answers=(_says_good(checked, bare=True),),
            certificates=(checked.certificate, *listed.certificates),
        ),
    )


@pytest.mark.parametrize("number", range(5))
def test_the_same_of_a_key_that_has_not_ended_is_believed(number: int) -> None:
    """So that the attacks fail for their own reason and not for the forge's."""
    found = verdict(_good()[number])
    assert found.revocation.status == "good", found.revocation.text
