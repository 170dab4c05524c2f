"""Attack classes V1 to V3: an OCSP answer or a CRL that a rule forbids to believe never says good.

One function per variant makes the evidence; its docstring quotes the rule that it breaks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kyso_pki.asn1 import der
from kyso_pki.authority.issue import encoded_name, extension
from kyso_pki.authority.profile import ISSUING_CA, OCSP_RESPONDER, PERSON, Subject
from kyso_pki.scheme import SCHEMES, digest
from kyso_pki.testing import SoftwareSigner, World, forge, software_key
from kyso_pki.x509 import certificate as x
from kyso_pki.x509 import crl, ocsp
from kyso_pki.x509.certificate import Certificate
from kyso_pki.x509.revocation import MAX_ANSWERS, RevocationResult, check_revocation

AT = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
DAY = timedelta(days=1)
WORLD = World.create(at=AT)
GOOD, UNKNOWN = der.tlv(0x80, b""), der.tlv(0x82, b"")
SHA1_RSA = SCHEMES["rsa-pkcs1-sha1"]
CRITICAL = extension("1.3.6.1.4.1.99999.9", der.null(), critical=True)


@dataclass(frozen=True)
class Attack:
    """Evidence about the official, and the words that must meet it."""

    word: str
    ocsp: tuple[bytes, ...] = ()
    crls: tuple[bytes, ...] = ()
    certificate: Certificate = WORLD.person
    issuer: Certificate = WORLD.issuing
    status: str = "not_checked"


def result_of(attack: Attack) -> RevocationResult:
    return check_revocation(
        attack.certificate, attack.issuer, at=AT, crls=attack.crls, ocsp=attack.ocsp, candidates=[WORLD.issuing]
    )


# The forge --------------------------------------------------------------------------------------------------


def time(value: datetime) -> bytes:
    return der.tlv(der.GENERALIZED_TIME, f"{value.year:04}{value:%m%d%H%M%S}Z".encode())


def single(
    status: bytes = GOOD,
    *,
    about: bytes | None = None,
    this_update: datetime = AT,
    next_update: datetime | None = AT + DAY,
    extensions: Sequence[bytes] = (),
) -> bytes:
    return der.sequence(
        about or ocsp.cert_id(WORLD.person, WORLD.issuing),
        status,
        time(this_update),
        b"" if next_update is None else der.explicit(0, time(next_update)),
        der.explicit(1, der.sequence(*extensions)) if extensions else b"",
    )


def revoked(at: datetime) -> bytes:
    return der.tlv(0xA1, time(at) + der.explicit(0, der.tlv(der.ENUMERATED, b"\x01")))


def answer(
    *singles: bytes,
    signer: SoftwareSigner | None = None,
    named: Certificate | None = None,
    carried: Sequence[Certificate] | None = None,
    produced_at: datetime = AT,
    extensions: Sequence[bytes] = (),
) -> bytes:
    """A BasicOCSPResponse as ordered, in an OCSPResponse."""
    signer = signer or WORLD.ocsp_signer
    carried = [signer.certificate] if carried is None else carried
    body = der.sequence(
        der.explicit(2, der.octet_string(digest("sha1", (named or signer.certificate).public_key_bits))),
        time(produced_at),
        der.sequence(*(singles or [single()])),
        der.explicit(1, der.sequence(*extensions)) if extensions else b"",
    )
    (value,) = signer.sign([signer.scheme.imprint(body)])
    basic = der.sequence(
        body,
        signer.scheme.identifier,
        der.bit_string(value),
        der.explicit(0, der.sequence(*(c.der for c in carried))) if carried else b"",
    )
    wrapped = der.sequence(der.oid(ocsp.ID_PKIX_OCSP_BASIC), der.octet_string(basic))
    return der.sequence(der.tlv(der.ENUMERATED, b"\x00"), der.explicit(0, wrapped))


def entry(serial: int, *extensions: bytes, at: datetime = AT - DAY) -> bytes:
    return der.sequence(
        der.integer(serial), der.utc_or_generalized_time(at), der.sequence(*extensions) if extensions else b""
    )


def revocation_list(
    *entries: bytes,
    signer: SoftwareSigner | None = None,
    issuer: bytes | None = None,
    extensions: Sequence[bytes] = (),
    version: int = 2,
    this_update: datetime = AT,
    next_update: datetime | None = AT + DAY,
    inner_algorithm: bytes | None = None,
) -> bytes:
    """A CRL as ordered."""
    signer = signer or WORLD.issuing_signer
    tbs = der.sequence(
        der.integer(version - 1) if version != 1 else b"",
        inner_algorithm or signer.scheme.identifier,
        issuer or WORLD.issuing.subject.der,
        der.utc_or_generalized_time(this_update),
        b"" if next_update is None else der.utc_or_generalized_time(next_update),
        der.sequence(*entries) if entries else b"",
        der.explicit(0, der.sequence(*extensions)) if extensions else b"",
    )
    (value,) = signer.sign([signer.scheme.imprint(tbs)])
    return der.sequence(tbs, signer.scheme.identifier, der.bit_string(value))


def scope(*parts: bytes) -> bytes:
    return extension(crl.ISSUING_DISTRIBUTION_POINT, der.sequence(*parts), critical=True)


def responder(**changes: object) -> SoftwareSigner:
    """Another OCSP responder below the issuing CA, with a changed profile."""
    profile = replace(OCSP_RESPONDER, **changes)  # type: ignore[arg-type] # forwarded as they are
    return WORLD.issue(Subject("OCSP khác"), profile)


# V1: who may answer -----------------------------------------------------------------------------------------


def answer_by_the_signer_himself() -> Attack:
    """V1: directly issued by that CA key *with id-kp-OCSPSigning*."""
    return Attack("not for OCSP signing", ocsp=(answer(signer=WORLD.person_signer),))


def answer_by_a_responder_for_any_usage() -> Attack:
    """V1: not anyEKU."""
    other = responder(extended_key_usage=("2.5.29.37.0",), ocsp_no_check=False)
    return Attack("not for OCSP signing", ocsp=(answer(signer=other),))


def answer_by_a_responder_of_the_root() -> Attack:
    """V1: not only by the root; the issuer's own key must have certified the responder."""
    at_root = replace(WORLD, issuing_signer=WORLD.root_signer).issue(Subject("OCSP gốc"), OCSP_RESPONDER)
    assert at_root.certificate.issued_by(WORLD.root)
    return Attack("not certified by the issuer's own key", ocsp=(answer(signer=at_root),))


def answer_by_the_responder_of_a_namesake() -> Attack:
    """V1: the same key *and* name; a self-made CA bears the name only."""
    foreign = World.create(at=AT, number=2).issue(Subject("OCSP tỉnh Mẫu"), OCSP_RESPONDER)
    return Attack("not certified by the issuer's own key", ocsp=(answer(signer=foreign),))


def answer_by_a_namesake_of_the_issuer() -> Attack:
    """V1: the issuer's name with another key is not the issuer."""
    foreign = World.create(at=AT, number=2).issuing_signer
    return Attack("not for OCSP signing", ocsp=(answer(signer=foreign),))


def answer_by_a_responder_that_had_expired() -> Attack:
    """V1: valid at producedAt."""
    past = WORLD.issue(
        Subject("OCSP cũ"), OCSP_RESPONDER, not_before=AT - timedelta(days=100), not_after=AT - timedelta(days=10)
    )
    return Attack("expired on", ocsp=(answer(signer=past),))


def answer_dated_back_by_a_responder_that_has_expired() -> Attack:
    """V1: a key that leaks after its end dates an answer back and lets it end tomorrow."""
    past = WORLD.issue(
        Subject("OCSP cũ"), OCSP_RESPONDER, not_before=AT - timedelta(days=100), not_after=AT - timedelta(days=10)
    )
    back = AT - 11 * DAY
    return Attack("expired on", ocsp=(answer(single(this_update=back), signer=past, produced_at=back),))


def answer_by_a_responder_that_may_not_sign() -> Attack:
    """V1: KU digitalSignature."""
    mute = responder(key_usage=frozenset({"content_commitment"}))
    return Attack("lacks digitalSignature", ocsp=(answer(signer=mute),))


def answer_by_a_responder_whose_status_nobody_knows() -> Attack:
    """V1: without nocheck the responder's own status must be known."""
    return Attack("status of the OCSP responder", ocsp=(answer(signer=responder(ocsp_no_check=False)),))


def answer_by_a_revoked_responder() -> Attack:
    """V1: nor may it be revoked. The CRL's scope is CAs, so that it is silent about the official himself."""
    other = responder(ocsp_no_check=False)
    listed = revocation_list(entry(other.certificate.serial), extensions=[scope(der.tlv(0x82, b"\xff"))])
    return Attack("status of the OCSP responder", ocsp=(answer(signer=other),), crls=(listed,))


def answer_signed_by_another_key_than_named() -> Attack:
    """V1: responderID matches, and its key signed."""
    forged = answer(signer=WORLD.person_signer, named=WORLD.ocsp, carried=[WORLD.ocsp])
    return Attack("does not verify", ocsp=(forged,))


def answer_without_any_certificate_of_its_responder() -> Attack:
    """V1: no key, no answer."""
    return Attack("not at hand", ocsp=(answer(carried=[]),))


def answer_with_a_flipped_byte() -> Attack:
    """V1: the signature covers what is said."""
    said = answer(single(UNKNOWN))
    return Attack("does not verify", ocsp=(said.replace(UNKNOWN + time(AT), GOOD + time(AT)),))


def answer_signed_with_sha1() -> Attack:
    """V4: algorithms by policy, on answers too."""
    return Attack("SHA-1", ocsp=(answer(signer=replace(WORLD.issuing_signer, scheme=SHA1_RSA)),))


# V2: freshness and shape ------------------------------------------------------------------------------------


def answer_that_is_stale() -> Attack:
    """V2: nextUpdate >= now."""
    old = single(this_update=AT - 9 * DAY, next_update=AT - DAY)
    return Attack("current until", ocsp=(answer(old, produced_at=AT - 9 * DAY),))


def answer_from_the_future() -> Attack:
    """V2: thisUpdate <= now + skew."""
    later = AT + timedelta(minutes=6)
    return Attack("after the time of validation", ocsp=(answer(single(this_update=later), produced_at=later),))


def answer_without_an_end_that_is_old() -> Attack:
    """V2: missing nextUpdate -> max age."""
    old = single(this_update=AT - 2 * DAY, next_update=None)
    return Attack("until when", ocsp=(answer(old, produced_at=AT - 2 * DAY),))


def answer_that_ends_before_it_begins() -> Attack:
    """V2."""
    return Attack("ends before", ocsp=(answer(single(this_update=AT, next_update=AT - timedelta(minutes=1))),))


def answer_produced_before_its_own_data() -> Attack:
    """V2: producedAt >= thisUpdate."""
    return Attack("produced before", ocsp=(answer(produced_at=AT - timedelta(hours=1)),))


def answer_at_the_ends_of_time() -> Attack:
    """V2, R2: dates that no arithmetic survives are a reason, not an exception."""
    first, last = datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
    issuer = WORLD.issuing_signer
    said = answer(single(this_update=first, next_update=last), signer=issuer, produced_at=last)
    return Attack("produced before", ocsp=(said,))


def answer_unknown() -> Attack:
    """V2: status "unknown" != good."""
    return Attack("does not know", ocsp=(answer(single(UNKNOWN)),), status="unknown")


def answer_unknown_beside_a_good_crl() -> Attack:
    """V2: a responder that does not know the certificate is not outvoted by a CRL's silence."""
    return Attack("does not know", ocsp=(answer(single(UNKNOWN)),), crls=(WORLD.crl(AT),), status="unknown")


def answer_good_and_unknown() -> Attack:
    """V2: contradictions are not good."""
    return Attack("does not know", ocsp=(answer(single(), single(UNKNOWN)),), status="unknown")


def answer_good_and_revoked() -> Attack:
    """V2: good + revoked both present -> revoked."""
    return Attack("Revoked", ocsp=(answer(single(), single(revoked(AT - DAY))),), status="revoked")


def two_answers_good_and_revoked() -> Attack:
    """V2: the same over two answers, and over kinds of evidence."""
    return Attack("Revoked", ocsp=(answer(), answer(single(revoked(AT - DAY)))), status="revoked")


def answer_good_and_crl_revoked() -> Attack:
    """V2: the same over kinds of evidence: revoked wins."""
    return Attack("Revoked", (answer(),), (revocation_list(entry(WORLD.person.serial)),), status="revoked")


def stale_answer_revoked_beside_a_fresh_good_one() -> Attack:
    """V2: a revocation does not go stale."""
    old = single(revoked(AT - 20 * DAY), this_update=AT - 9 * DAY, next_update=AT - 8 * DAY)
    evidence = (answer(old, produced_at=AT - 9 * DAY), answer())
    return Attack("Revoked", ocsp=evidence, status="revoked")


def answer_with_an_unknown_critical_extension() -> Attack:
    """V2: unknown critical extension -> refuse."""
    return Attack("unknown critical", ocsp=(answer(extensions=[CRITICAL]),))


def answer_with_an_unknown_critical_extension_inside() -> Attack:
    """V2: the same in the single response."""
    return Attack("unknown critical", ocsp=(answer(single(extensions=[CRITICAL])),))


def answer_with_an_extension_twice() -> Attack:
    """V2: RFC 5280 4.2 holds for these too."""
    nonce = extension(ocsp.NONCE, der.octet_string(b"1"))
    return Attack("twice", ocsp=(answer(extensions=[nonce, nonce]),))


def _refusal(status: int) -> bytes:
    return der.sequence(der.tlv(der.ENUMERATED, bytes((status,))))


def answer_try_later() -> Attack:
    """V2: responseStatus tryLater != good."""
    return Attack("tryLater", ocsp=(_refusal(3),))


def answer_unauthorized() -> Attack:
    """V2: responseStatus unauthorized != good."""
    return Attack("unauthorized", ocsp=(_refusal(6),))


def answer_with_a_body_but_not_successful() -> Attack:
    """V2: a body beside another status counts for nothing."""
    body = der.read(answer()).children()[1].raw
    return Attack("tryLater", ocsp=(der.sequence(der.tlv(der.ENUMERATED, b"\x03"), body),))


def answer_about_an_expired_certificate() -> Attack:
    """V2: archiveCutoff honoured: without one an expired certificate may have been forgotten."""
    expired = WORLD.expired_signer.certificate
    about = single(about=ocsp.cert_id(expired, WORLD.issuing))
    return Attack("had expired", ocsp=(answer(about),), certificate=expired)


def crowd_of_answers() -> Attack:
    """R2: a bound on signature checks; what was not read might have said revoked."""
    evidence = [answer(produced_at=AT - timedelta(seconds=n)) for n in range(MAX_ANSWERS + 1)]
    return Attack(f"more than {MAX_ANSWERS}", ocsp=tuple(evidence))


# V3: CRLs ---------------------------------------------------------------------------------------------------


def list_of_a_namesake() -> Attack:
    """V3: issuer name + key."""
    foreign = World.create(at=AT, number=2)
    return Attack("not signed with the issuer's key", crls=(revocation_list(signer=foreign.issuing_signer),))


def list_of_another_key() -> Attack:
    """V3: issuer key: an official cannot speak for his CA."""
    return Attack("not signed with the issuer's key", crls=(revocation_list(signer=WORLD.person_signer),))


def list_of_an_issuer_without_crl_sign() -> Attack:
    """V3: cRLSign."""
    ca = replace(WORLD, issuing_signer=WORLD.root_signer).issue(
        Subject("CA khác"), replace(ISSUING_CA, key_usage=frozenset({"key_cert_sign"}))
    )
    leaf = replace(WORLD, issuing_signer=ca).issue(Subject("Nguyễn Văn Mẫu"), PERSON).certificate
    listed = revocation_list(signer=ca, issuer=ca.certificate.subject.der)
    return Attack("lacks cRLSign", crls=(listed,), certificate=leaf, issuer=ca.certificate)


def list_that_is_stale() -> Attack:
    """V3: nextUpdate."""
    return Attack("current until", crls=(WORLD.crl(AT - 30 * DAY),))


def list_from_the_future() -> Attack:
    """V3: thisUpdate."""
    return Attack("after the time of validation", crls=(WORLD.crl(AT + DAY),))


def list_without_an_end() -> Attack:
    """V3, RFC 5280 5.1.2.5: nextUpdate is required."""
    return Attack("until when", crls=(revocation_list(next_update=None),))


def list_with_two_algorithms() -> Attack:
    """V3: signature alg inner == outer."""
    inner = SCHEMES["rsa-pkcs1-sha512"].identifier
    return Attack("two different signature algorithms", crls=(revocation_list(inner_algorithm=inner),))


def list_signed_with_sha1() -> Attack:
    """V4: algorithms by policy."""
    weak = replace(WORLD.issuing_signer, scheme=SHA1_RSA)
    return Attack("SHA-1", crls=(revocation_list(signer=weak),))


def list_with_a_flipped_byte() -> Attack:
    """V3: the signature covers what is listed."""
    other = WORLD.person.serial ^ 1
    listed = revocation_list(entry(WORLD.person.serial))
    return Attack("not signed", crls=(listed.replace(der.integer(WORLD.person.serial), der.integer(other)),))


def _scoped(*parts: bytes) -> Attack:
    return Attack("scope", crls=(revocation_list(extensions=[scope(*parts)]),))


def list_of_ca_certificates() -> Attack:
    """V3: onlyContainsCACerts says nothing about a person."""
    return _scoped(der.tlv(0x82, b"\xff"))


def list_of_attribute_certificates() -> Attack:
    """V3: onlyContainsAttributeCerts."""
    return _scoped(der.tlv(0x85, b"\xff"))


def list_of_some_reasons() -> Attack:
    """V3: onlySomeReasons: the others are unknown."""
    return _scoped(der.tlv(0x83, b"\x05\x40"))


def list_of_a_relative_name() -> Attack:
    """V3: a name below the issuer's that no distribution point of the certificate has."""
    relative = der.tlv(0xA1, der.sequence(der.oid("2.5.4.3"), der.utf8_string("CRL khác")))
    return Attack("distribution point", crls=(revocation_list(extensions=[scope(der.explicit(0, relative))]),))


def list_of_users_for_a_ca() -> Attack:
    """V3: onlyContainsUserCerts says nothing about a CA."""
    users = scope(der.tlv(0x81, b"\xff"))
    listed = revocation_list(signer=WORLD.root_signer, issuer=WORLD.root.subject.der, extensions=[users])
    return Attack("scope", crls=(listed,), certificate=WORLD.issuing, issuer=WORLD.root)


def list_of_another_distribution_point() -> Attack:
    """V3: distributionPoint name match with the certificate's."""
    url = der.tlv(0x86, b"http://pki.tinh-mau.example/crl/other.crl")
    point = scope(der.explicit(0, der.tlv(0xA0, url)))
    return Attack("distribution point", crls=(revocation_list(extensions=[point]),))


def list_of_an_issuer_that_has_left_listing_to_another() -> Attack:
    """V3: cRLIssuer: silence of the CA's own CRL says nothing where another lists its revocations."""
    other = der.tlv(0xA2, der.explicit(4, encoded_name(Subject("CA khác"))))
    leaf = forge(
        Subject("Nguyễn Văn Mẫu"),
        WORLD.person.public_key,
        key=WORLD.issuing_signer,
        issuer=WORLD.issuing,
        not_before=AT - DAY,
        not_after=AT + DAY,
        extensions=[extension(x.CRL_DISTRIBUTION_POINTS, der.sequence(der.sequence(other)))],
    )
    return Attack("cRLIssuer", crls=(WORLD.crl(AT),), certificate=leaf)


def indirect_list_of_a_stranger() -> Attack:
    """V3: indirectCRL: whoever the certificate does not name as its cRLIssuer lists nothing of it."""
    listed = revocation_list(signer=WORLD.root_signer, extensions=[scope(der.tlv(0x84, b"\xff"))])
    return Attack("not signed with the issuer's key", crls=(listed,))


def list_with_another_issuers_entry() -> Attack:
    """V3: certificateIssuer entry extension carries over to all entries that follow."""
    name = der.sequence(der.explicit(4, encoded_name(Subject("CA khác"))))
    foreign = entry(1, extension(crl.CERTIFICATE_ISSUER, name, critical=True))
    return Attack("certificateIssuer", crls=(revocation_list(foreign),))


def list_of_changes_only() -> Attack:
    """V3: delta only with its base."""
    delta = extension(crl.DELTA_CRL_INDICATOR, der.integer(1), critical=True)
    return Attack("delta", crls=(revocation_list(extensions=[delta]),))


def list_of_changes_that_revokes() -> Attack:
    """V3: a delta CRL that the issuer signed can revoke all the same, beside any good answer."""
    delta = extension(crl.DELTA_CRL_INDICATOR, der.integer(1), critical=True)
    listed = revocation_list(entry(WORLD.person.serial), extensions=[delta])
    return Attack("Revoked", (answer(),), (WORLD.crl(AT), listed), status="revoked")


def _reason(number: int) -> bytes:
    return extension(crl.REASON_CODE, der.tlv(der.ENUMERATED, bytes((number,))))


def _numbered(number: int, *entries: bytes, base: int | None = None, parts: Sequence[bytes] = ()) -> bytes:
    """A CRL with this number; with a `base` it is a delta CRL."""
    found = [extension(crl.CRL_NUMBER, der.integer(number)), *parts]
    if base is not None:
        found.append(extension(crl.DELTA_CRL_INDICATOR, der.integer(base), critical=True))
    return revocation_list(*entries, extensions=found)


def removal_of_a_stolen_key() -> Attack:
    """V3, RFC 5280 5.3.1: removeFromCRL ends a hold; a key that was stolen does not come back."""
    serial = WORLD.person.serial
    base = _numbered(10, entry(serial, _reason(1)))
    delta = _numbered(11, entry(serial, _reason(8), at=AT), base=10)
    return Attack("keyCompromise", crls=(base, delta), status="revoked")


def removal_of_a_revocation_without_a_reason() -> Attack:
    """V3, RFC 5280 5.3.1: nor does one of which no hold was said."""
    serial = WORLD.person.serial
    delta = _numbered(11, entry(serial, _reason(8), at=AT), base=10)
    return Attack("Revoked", crls=(_numbered(10, entry(serial)), delta), status="revoked")


def removal_between_two_changes() -> Attack:
    """V3: of two delta CRLs the newer one takes away what was never a hold."""
    serial = WORLD.person.serial
    stolen = _numbered(11, entry(serial, _reason(1)), base=10)
    removed = _numbered(12, entry(serial, _reason(8), at=AT), base=10)
    return Attack("keyCompromise", crls=(_numbered(10), stolen, removed), status="revoked")


def removal_from_another_scope() -> Attack:
    """V3, RFC 5280 5.2.4: numbers of another scope say nothing; its removal takes nothing away here."""
    serial = WORLD.person.serial
    held = _numbered(11, entry(serial, _reason(6)), base=10)
    users = scope(der.tlv(0x81, b"\xff"))
    removed = _numbered(900, entry(serial, _reason(8), at=AT), base=899, parts=[users])
    return Attack("certificateHold", (answer(),), (_numbered(899, parts=[users]), held, removed), status="revoked")


def milder_reason_in_the_changes() -> Attack:
    """V3, V5: a theft that the complete CRL tells is not made harmless by a delta CRL."""
    serial = WORLD.person.serial
    base = _numbered(10, entry(serial, _reason(1)))
    delta = _numbered(11, entry(serial, _reason(4), at=AT), base=10)
    return Attack("keyCompromise", crls=(base, delta), status="revoked")


def indirect_list_with_an_entry_of_two_issuers() -> Attack:
    """V3, RFC 5280 5.3.3: an entry that names two issuers is about a certificate of each; none may be passed over."""
    names = der.sequence(der.explicit(4, encoded_name(Subject("CA khác"))), der.explicit(4, WORLD.person.issuer.der))
    named = extension(crl.CERTIFICATE_ISSUER, names, critical=True)
    listed = revocation_list(entry(WORLD.person.serial, named), extensions=[scope(der.tlv(0x84, b"\xff"))])
    return Attack("2 directory names", crls=(listed,))


def point_below_one_of_two_issuers() -> Attack:
    """V3, RFC 5280 4.2.1.13: a name relative to a cRLIssuer has one; of two the verdict was a matter of luck."""
    own, other = (der.explicit(4, n) for n in (WORLD.issuing.subject.der, encoded_name(Subject("CA khác"))))
    relative = der.tlv(0xA1, der.sequence(der.oid("2.5.4.3"), der.utf8_string("CRL 1")))
    point = der.sequence(der.explicit(0, relative), der.tlv(0xA2, own + other))
    leaf = forge(
        Subject("Nguyễn Văn Mẫu"),
        WORLD.person.public_key,
        key=WORLD.issuing_signer,
        issuer=WORLD.issuing,
        not_before=AT - DAY,
        not_after=AT + DAY,
        extensions=[extension(x.CRL_DISTRIBUTION_POINTS, der.sequence(point))],
    )
    listed = revocation_list(extensions=[scope(der.explicit(0, relative))])
    return Attack("has several", crls=(listed,), certificate=leaf)


def _invalid(at: datetime) -> bytes:
    return extension(crl.INVALIDITY_DATE, der.generalized_time(at))


def list_with_an_earlier_invalidity_date() -> Attack:
    """V5, RFC 5280 5.3.2: invalid since the day that the CA names, not since the day on which it was told."""
    serial = WORLD.person.serial
    listed = revocation_list(entry(serial, _reason(4), _invalid(AT - 9 * DAY)))
    return Attack(f"Revoked at {AT - 9 * DAY:%Y-%m-%d}", crls=(listed,), status="revoked")


def answer_with_an_earlier_invalidity_date() -> Attack:
    """V5, RFC 6960 4.4.5: the same of an OCSP answer."""
    told = answer(single(revoked(AT - DAY), extensions=[_invalid(AT - 9 * DAY)]))
    return Attack(f"Revoked at {AT - 9 * DAY:%Y-%m-%d}", ocsp=(told,), status="revoked")


def list_with_a_later_invalidity_date() -> Attack:
    """V5: it spares nothing that the revocation date does not spare."""
    listed = revocation_list(entry(WORLD.person.serial, _reason(4), _invalid(AT)))
    return Attack(f"Revoked at {AT - DAY:%Y-%m-%d}", crls=(listed,), status="revoked")


def list_with_an_invalidity_date_that_is_none() -> Attack:
    """V3: what cannot be read is not usable."""
    odd = extension(crl.INVALIDITY_DATE, der.null())
    return Attack("cannot be read", crls=(revocation_list(entry(1, odd)),))


def list_with_an_unknown_critical_extension() -> Attack:
    """V3: RFC 5280 5.2: must not be used."""
    return Attack("unknown critical", crls=(revocation_list(extensions=[CRITICAL]),))


def list_with_an_unknown_critical_entry_extension() -> Attack:
    """V3: RFC 5280 5.3: one such entry spoils the whole CRL, though it is about another certificate."""
    return Attack("unknown critical", crls=(revocation_list(entry(1, CRITICAL)),))


def list_with_a_removal() -> Attack:
    """V3: removeFromCRL only in delta; here it takes nothing away and says nothing good."""
    removed = extension(crl.REASON_CODE, der.tlv(der.ENUMERATED, b"\x08"))
    return Attack("removeFromCRL", crls=(revocation_list(entry(WORLD.person.serial, removed)),))


def list_that_revokes_and_removes() -> Attack:
    """V3: two entries for one serial number: the revocation counts."""
    removed = extension(crl.REASON_CODE, der.tlv(der.ENUMERATED, b"\x08"))
    serial = WORLD.person.serial
    entries = (entry(serial, removed, at=AT - 2 * DAY), entry(serial))
    return Attack("Revoked", crls=(revocation_list(*entries),), status="revoked")


def list_with_an_unknown_reason() -> Attack:
    """V3, RFC 5280 5.3.1: 7 is not used."""
    odd = extension(crl.REASON_CODE, der.tlv(der.ENUMERATED, b"\x07"))
    return Attack("reason 7", crls=(revocation_list(entry(1, odd)),))


def list_of_version_1_with_extensions() -> Attack:
    """V3: v1 with extensions = malformed."""
    return Attack("version 1", crls=(revocation_list(version=1, extensions=[scope()]),))


def list_of_version_1_with_entry_extensions() -> Attack:
    """V3: the same in an entry."""
    reason = extension(crl.REASON_CODE, der.tlv(der.ENUMERATED, b"\x01"))
    return Attack("version 1", crls=(revocation_list(entry(1, reason), version=1),))


def list_with_an_extension_twice() -> Attack:
    """V3: RFC 5280 4.2 holds for these too."""
    return Attack("twice", crls=(revocation_list(extensions=[scope(), scope()]),))


def list_after_the_certificate_expired() -> Attack:
    """V3, RFC 5280 3.3: entries of expired certificates may be dropped, so silence says nothing."""
    return Attack("had expired", crls=(WORLD.crl(AT),), certificate=WORLD.expired_signer.certificate)


def stale_list_that_revokes_beside_a_good_answer() -> Attack:
    """V3: a revocation does not go stale."""
    old = revocation_list(
        entry(WORLD.person.serial, at=AT - 60 * DAY), this_update=AT - 50 * DAY, next_update=AT - DAY
    )
    return Attack("Revoked", (answer(),), (old,), status="revoked")


def attacks() -> Iterator[Callable[[], Attack]]:
    """Every function of this module that makes evidence."""
    for name, value in list(globals().items()):
        if not name.startswith("_") and getattr(value, "__annotations__", {}) == {"return": "Attack"}:
            yield value


@pytest.mark.parametrize("make", list(attacks()), ids=lambda f: f.__name__)
def test_evidence_that_a_rule_forbids_is_not_believed(make: Callable[[], Attack]) -> None:
    made = make()
    result = result_of(made)
    assert result.status == made.status
    assert made.word in result.text


def test_answer_about_another_issuers_certificate_is_no_answer() -> None:
    """V1: CertID name hash + key hash + serial for *this* issuer."""
    foreign = World.create(at=AT, number=2).issuing
    evidence = answer(
        single(about=ocsp.cert_id(WORLD.person, foreign)), single(about=ocsp.cert_id(WORLD.seal, WORLD.issuing))
    )
    assert result_of(Attack("", ocsp=(evidence,))).status == "not_checked"


def test_list_of_another_issuer_is_no_answer() -> None:
    """V3: issuer name."""
    other = WORLD.crl(AT, WORLD.root_signer)
    assert result_of(Attack("", crls=(other,))).status == "not_checked"


@pytest.mark.parametrize(
    "good",
    [
        Attack("", ocsp=(answer(),)),
        Attack("", ocsp=(answer(single(), single(about=ocsp.cert_id(WORLD.seal, WORLD.issuing))),)),
        Attack("", ocsp=(answer(signer=WORLD.issuing_signer, carried=[]),)),
        Attack("", ocsp=(answer(single(this_update=AT - timedelta(hours=1), next_update=None)),)),
        Attack("", ocsp=(der.read(answer()).children()[1].children()[0].children()[1].content,)),
        Attack("", ocsp=(answer(signer=responder(ocsp_no_check=False)),), crls=(WORLD.crl(AT),)),
        Attack("", crls=(revocation_list(),)),
        Attack("", crls=(revocation_list(version=1),)),
        Attack("", crls=(revocation_list(entry(1), entry(2)),)),
        Attack("", crls=(revocation_list(extensions=[scope(der.tlv(0x81, b"\xff"))]),)),
        Attack(
            "",
            crls=(
                _numbered(10, entry(WORLD.person.serial, _reason(6))),
                _numbered(11, entry(WORLD.person.serial, _reason(8), at=AT), base=10),
            ),
        ),
    ],
    ids=[
        "ocsp",
        "several",
        "issuer itself",
        "no end",
        "bare",
        "checked responder",
        "crl",
        "v1",
        "others",
        "users",
        "hold that is over",
    ],
)
def test_the_forge_can_make_evidence_that_is_believed(good: Attack) -> None:
    """So that the attacks fail for their own reason and not for the forge's."""
    assert result_of(good).status == "good"


def test_forgotten_certificates_count_where_the_answer_keeps_them() -> None:
    """archiveCutoff (RFC 6960 4.4.4) and expiredCertsOnCRL (X.509 9.5.2.8)."""
    expired = WORLD.expired_signer.certificate
    since = der.generalized_time(expired.not_after - DAY)
    kept = single(about=ocsp.cert_id(expired, WORLD.issuing), extensions=[extension(ocsp.ARCHIVE_CUTOFF, since)])
    assert result_of(Attack("", ocsp=(answer(kept),), certificate=expired)).status == "good"
    listed = revocation_list(extensions=[extension(crl.EXPIRED_CERTS_ON_CRL, since)])
    assert result_of(Attack("", crls=(listed,), certificate=expired)).status == "good"


def test_no_check_is_believed_of_responders_only() -> None:
    """RFC 6960 4.2.2.2.1 is about responders: on a signer's certificate the extension counts for nothing."""
    assert result_of(Attack("", certificate=WORLD.ocsp)).source == "nocheck"
    leaf = forge(
        Subject("Nguyễn Văn Mẫu"),
        WORLD.person.public_key,
        key=WORLD.issuing_signer,
        issuer=WORLD.issuing,
        not_before=AT - DAY,
        not_after=AT + DAY,
        extensions=[extension(x.OCSP_NO_CHECK, der.null())],
    )
    assert result_of(Attack("", certificate=leaf)).status == "not_checked"


HOLD, REMOVED = 6, 8
SCOPES: tuple[tuple[bytes, ...], ...] = (
    (),
    (scope(der.tlv(0x81, b"\xff")),),  # of users
    (scope(der.tlv(0x82, b"\xff")),),  # of CAs
    (scope(der.tlv(0x83, b"\x05\x40")),),  # of stolen keys
    (scope(der.tlv(0x83, b"\x01\xbe\x80")),),  # of all other reasons
)


@st.composite
def any_list(draw: st.DrawFn) -> tuple[int | None, bytes]:
    """A CRL of the issuer with this reason for the official (0: none given; None: he is not listed)."""
    reason = draw(st.sampled_from([None, None, 0, 1, 4, HOLD, REMOVED]))
    number = draw(st.integers(1, 6))
    base = draw(st.one_of(st.none(), st.integers(1, number)))
    found = (
        () if reason is None else (entry(WORLD.person.serial, *([_reason(reason)] if reason else []), at=AT - DAY),)
    )
    return reason, _numbered(number, *found, base=base, parts=draw(st.sampled_from(SCOPES)))


@settings(max_examples=300, deadline=None)
@given(st.lists(any_list(), min_size=1, max_size=5), st.randoms(use_true_random=False))
def test_no_lists_beside_it_and_no_order_take_a_revocation_back(
    lists: list[tuple[int | None, bytes]], random: Random
) -> None:
    """V3: whatever the scopes, numbers and changes: only a hold can be lifted."""
    found = result_of(Attack("", crls=tuple(crl for _, crl in lists)))
    shuffled = [crl for _, crl in lists]
    random.shuffle(shuffled)
    again = result_of(Attack("", crls=tuple(shuffled)))
    assert (again.status, again.at, again.reason) == (found.status, found.at, found.reason)
    reasons = {reason for reason, _ in lists}
    if reasons & {0, 1, 4}:
        assert found.status == "revoked"
    if 1 in reasons:
        assert found.reason == "keyCompromise"
    if HOLD in reasons and REMOVED not in reasons:
        assert found.status == "revoked"
    if not reasons - {None, REMOVED}:
        assert found.status != "revoked"


EVIDENCE = answer()
LISTED = revocation_list(entry(WORLD.person.serial))


@settings(max_examples=500, deadline=None)
@given(st.integers(0, len(EVIDENCE) - 1), st.integers(1, 255))
def test_answer_with_any_flipped_byte_is_never_good(position: int, flip: int) -> None:
    data = bytearray(EVIDENCE)
    data[position] ^= flip
    assert result_of(Attack("", ocsp=(bytes(data),))).status in ("unknown", "not_checked")


@settings(max_examples=500, deadline=None)
@given(st.integers(0, len(LISTED) - 1), st.integers(1, 255))
def test_list_with_any_flipped_byte_is_never_good(position: int, flip: int) -> None:
    data = bytearray(LISTED)
    data[position] ^= flip
    assert result_of(Attack("", crls=(bytes(data),))).status in ("unknown", "not_checked")


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_unusable_and_raise_nothing(data: bytes) -> None:
    assert result_of(Attack("", ocsp=(data,), crls=(data,))).status == "not_checked"


def test_software_keys_are_shared_by_worlds() -> None:
    """The namesakes above differ from this world by key and by nothing else."""
    foreign = World.create(at=AT, number=2)
    assert foreign.issuing.subject == WORLD.issuing.subject
    assert foreign.issuing.spki != WORLD.issuing.spki
    assert software_key("rsa2048", 1) is software_key("rsa2048", 1)
