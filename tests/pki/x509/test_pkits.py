"""NIST PKITS: every certification path of the suite is accepted or refused as NIST says (RFC 5280 6).

The files come with the PyPI package `cryptography_vectors` (version of 2011: RSA-2048, SHA-256). A file's name says
what is expected; where a test has variants with other wishes of the relying party, they stand in `WISHES`. Each path
is searched among all CA certificates of the suite and all its CRLs, not only those of its test.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from importlib.resources import files
from importlib.resources.abc import Traversable

import pytest

from kyso_pki.errors import FormatError
from kyso_pki.x509.certificate import Certificate
from kyso_pki.x509.path import find_path
from kyso_pki.x509.policies import ANY_POLICY, NO_WISHES, InitialPolicies
from kyso_pki.x509.revocation import check_path
from kyso_pki.x509.trust import TrustStore

AT = datetime(2026, 11, 28, tzinfo=UTC)
ANCHOR = "TrustAnchorRootCertificate"
P = {n: f"2.16.840.1.101.3.2.1.48.{n}" for n in range(1, 7)}
REFUSED_BY_ALGORITHM = ("ValidDSASignaturesTest4EE", "ValidDSAParameterInheritanceTest5EE")
"""DSA (4.1.4, 4.1.5): withdrawn by FIPS 186-5 and not allowed by TT 15/2025; kyso verifies none."""

pytestmark = pytest.mark.filterwarnings("ignore:Parsed a serial number")  # tests 4.4.14 and 4.4.15


def wishes(*policies: int, explicit: bool = False, no_mapping: bool = False, no_any: bool = False) -> InitialPolicies:
    acceptable = frozenset(P[n] for n in policies) or frozenset({ANY_POLICY})
    return InitialPolicies(acceptable, explicit, no_mapping, no_any)


WISHES: dict[str, list[tuple[InitialPolicies, bool]]] = {
    # (what the relying party asks for, whether there is a path then); sections 4.8 to 4.12
    "ValidCertificatePathTest1EE": [
        (wishes(explicit=True), True),
        (wishes(1, explicit=True), True),
        (wishes(2, explicit=True), False),
        (wishes(1, 2, explicit=True), True),
    ],
    "AllCertificatesNoPoliciesTest2EE": [(NO_WISHES, True), (wishes(explicit=True), False)],
    "DifferentPoliciesTest3EE": [
        (NO_WISHES, True),
        (wishes(explicit=True), False),
        (wishes(1, 2, explicit=True), False),
    ],
    "DifferentPoliciesTest4EE": [(NO_WISHES, False)],
    "DifferentPoliciesTest5EE": [(NO_WISHES, False)],
    "OverlappingPoliciesTest6EE": [(NO_WISHES, True), (wishes(1), True), (wishes(2), False)],
    "DifferentPoliciesTest7EE": [(NO_WISHES, False)],
    "DifferentPoliciesTest8EE": [(NO_WISHES, False)],
    "DifferentPoliciesTest9EE": [(NO_WISHES, False)],
    "AllCertificatesSamePoliciesTest10EE": [(NO_WISHES, True), (wishes(1), True), (wishes(2), True)],
    "AllCertificatesanyPolicyTest11EE": [(NO_WISHES, True), (wishes(1), True)],
    "DifferentPoliciesTest12EE": [(NO_WISHES, False)],
    "AllCertificatesSamePoliciesTest13EE": [(wishes(1), True), (wishes(2), True), (wishes(3), True)],
    "AnyPolicyTest14EE": [(wishes(1), True), (wishes(2, explicit=True), False)],
    "UserNoticeQualifierTest15EE": [
        (NO_WISHES, True),
        (wishes(1, explicit=True), True),
        (wishes(2, explicit=True), False),
    ],
    "UserNoticeQualifierTest16EE": [
        (NO_WISHES, True),
        (wishes(1, explicit=True), True),
        (wishes(2, explicit=True), False),
    ],
    "UserNoticeQualifierTest17EE": [(NO_WISHES, True)],
    "UserNoticeQualifierTest18EE": [(wishes(1), True), (wishes(2), True)],
    "UserNoticeQualifierTest19EE": [(NO_WISHES, True)],
    "CPSPointerQualifierTest20EE": [(NO_WISHES, True)],
    "ValidPolicyMappingTest1EE": [(wishes(1), True), (wishes(2), False), (wishes(no_mapping=True), False)],
    "InvalidPolicyMappingTest2EE": [(NO_WISHES, False), (wishes(no_mapping=True), False)],
    "ValidPolicyMappingTest3EE": [(wishes(1), False), (wishes(2), True)],
    "ValidPolicyMappingTest5EE": [(wishes(1), True), (wishes(6), False)],
    "ValidPolicyMappingTest6EE": [(wishes(1), True), (wishes(6), False)],
    "ValidPolicyMappingTest12EE": [(wishes(1), True), (wishes(2), True)],
    "inhibitAnyPolicyTest3EE": [(NO_WISHES, True), (wishes(no_any=True), False)],
}


def folder(name: str) -> Traversable:
    return files("cryptography_vectors") / "x509" / "PKITS_data" / name


def names() -> list[str]:
    return sorted(f.name.removesuffix(".crt") for f in folder("certs").iterdir() if f.name.endswith("EE.crt"))


@lru_cache(maxsize=1)
def everything() -> tuple[tuple[Certificate, ...], tuple[bytes, ...]]:
    """All CA certificates that can be read, and all CRLs."""
    found = []
    for file in folder("certs").iterdir():
        if not file.name.endswith("EE.crt"):
            try:
                found.append(Certificate.from_der(file.read_bytes()))
            except FormatError:
                assert file.name == "DSAParametersInheritedCACert.crt"
    return tuple(found), tuple(file.read_bytes() for file in folder("crls").iterdir())


def has_good_path(name: str, policies: InitialPolicies) -> bool:
    candidates, crls = everything()
    anchor = Certificate.from_der((folder("certs") / f"{ANCHOR}.crt").read_bytes())
    try:
        leaf = Certificate.from_der((folder("certs") / f"{name}.crt").read_bytes())
    except FormatError:
        return False
    found = find_path(leaf, candidates, TrustStore.of([anchor]), AT, None, policies)
    results = check_path(found.path, at=AT, crls=crls, ocsp=(), candidates=candidates)
    return bool(found.path) and all(r.status == "good" for r in results)


def cases() -> list[tuple[str, InitialPolicies, bool]]:
    found = []
    for name in names():
        variants = WISHES.get(name, [(NO_WISHES, name.startswith("Valid"))])
        found += [(name, asked, good) for asked, good in variants]
    return found


@pytest.mark.parametrize(("name", "policies", "good"), cases())
def test_pkits_path_is_judged_as_nist_says(name: str, policies: InitialPolicies, good: bool) -> None:
    assert has_good_path(name, policies) == (good and name not in REFUSED_BY_ALGORITHM)


def test_the_whole_suite_is_there() -> None:
    found = names()
    assert len(found) == 223  # of 224 tests: 4.8.1 has the end entity of 4.1.1
    assert set(WISHES) <= set(found) and set(REFUSED_BY_ALGORITHM) <= set(found)
