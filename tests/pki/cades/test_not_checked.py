"""What a signature file holds and kyso does not check is said: older timestamps, signature policies."""

from __future__ import annotations

import pytest

from kyso_pki import oids
from kyso_pki.asn1 import der
from tests.attacks.cms.file_forge import CONTENT, IMPRINT, Case, made, with_unsigned
from tests.attacks.cms.forge import AT, WORLD, attribute, set_of, signer_info, usual_attributes

OLD = (oids.ID_AA_ARCHIVE_TIME_STAMP_V2, oids.ID_AA_ETS_ARCHIVE_TIME_STAMP)
OVER_REFERENCES = (oids.ID_AA_ETS_ESC_TIME_STAMP, oids.ID_AA_ETS_CERT_CRL_TIME_STAMP)
POLICY = "1.3.6.1.4.1.99999.2.1"


@pytest.mark.parametrize("kind", [*OLD, *OVER_REFERENCES])
def test_timestamps_of_earlier_standards_are_named_and_prove_nothing(kind: str) -> None:
    token = WORLD.timestamper(AT).timestamp(IMPRINT, "sha256")
    report = Case(with_unsigned(attribute(kind, token), by=())).report().signatures[0]
    assert (report.level, report.proven_time, report.timestamps) == ("CAdES-B-B", None, ())
    [said] = [f.text for f in report.findings if f.code == "UNKNOWN_TIMESTAMP"]
    assert said.startswith("1 ") and "not checked" in said


def codes(policy: bytes) -> list[str]:
    attributes = [*usual_attributes(content=CONTENT), attribute(oids.ID_AA_ETS_SIG_POLICY_ID, policy)]
    report = Case(made(signer_info(attributes=set_of(attributes)))).report().signatures[0]
    return [report.indication, *(f.text for f in report.findings if f.code == "SIGNATURE_POLICY_NOT_CHECKED")]


def test_signature_policy_that_is_not_compared_is_named() -> None:
    hashed = der.sequence(der.sequence(der.oid("2.16.840.1.101.3.4.2.1")), der.octet_string(bytes(32)))
    said = f"The signature names the policy urn:oid:{POLICY}, which was not checked."
    assert codes(der.sequence(der.oid(POLICY), hashed)) == ["TOTAL-PASSED", said]
    assert codes(der.null()) == ["TOTAL-PASSED"]
    assert codes(der.octet_string(b"x")) == ["TOTAL-FAILED"]
