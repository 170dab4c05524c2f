"""Whole documents through the server: signed, verified, and refused in clear words."""

from __future__ import annotations

import base64
import io
import json
import sqlite3
from pathlib import Path

import httpx2
import pikepdf
import pytest

import kyso
from tests.attacks.cms.file_forge import around, honest
from tests.judges import pdfsig, pyhanko, xmlsec
from tests.pki.pdf.encryption.locked import locked
from tests.pki.pdf.lint.cases import clicked
from tests.pki.reports.shape import assert_shape
from tests.server.province import Province, as_x509

DOCUMENTS = Path(__file__).resolve().parents[1] / "documents"
LETTER, INVOICE = (DOCUMENTS / "cong-van.pdf").read_bytes(), (DOCUMENTS / "hoa-don.xml").read_bytes()
pytestmark = pytest.mark.usefixtures("server")


def _sign(client: httpx2.Client, data: bytes, headers: dict[str, str] | None = None, **query: str) -> httpx2.Response:
    return client.post("/v1/sign", content=data, params=query, headers=headers or {})


def _signed(client: httpx2.Client, data: bytes, headers: dict[str, str] | None = None, **query: str) -> bytes:
    answer = _sign(client, data, headers, **query)
    assert answer.status_code == 200, answer.text
    return answer.content


def _verdict(client: httpx2.Client, data: bytes) -> str:
    answer = client.post("/v1/verify", content=data)
    assert answer.status_code == 200, answer.text
    assert_shape(answer.json())
    return str(answer.json()["verdict"])


ETSI = b'<ValidationReport xmlns="http://uri.etsi.org/19102/v1.4.1#"'


@pytest.mark.parametrize(
    ("accept", "language", "media", "holds"),
    [
        ("*/*", "", "application/json", b'"verdict"'),
        ("image/png", "", "application/json", b'"verdict"'),
        ("text/html,application/xhtml+xml,*/*;q=0.8", "", "text/html; charset=utf-8", "HỢP LỆ</p>".encode()),
        ("text/html", "en-GB,en;q=0.9,vi;q=0.8", "text/html; charset=utf-8", b" VALID</p>"),
        ("text/html", "fr", "text/html; charset=utf-8", "HỢP LỆ</p>".encode()),
        ("application/pdf", "vi", "application/pdf", b"%PDF-1.7"),
        ("application/xml;q=0.9, text/html;q=0", "", "application/xml", ETSI),
        ("text/html;q=x, application/json", "", "application/json", b'"verdict"'),
    ],
)
def test_a_report_comes_in_the_form_that_is_asked_for(
    client: httpx2.Client, accept: str, language: str, media: str, holds: bytes
) -> None:
    signed = _signed(client, LETTER, credential="con-dau")
    headers = {"Accept": accept, "Accept-Language": language}
    answer = client.post("/v1/verify", content=signed, headers=headers)
    assert (answer.status_code, answer.headers["content-type"]) == (200, media), answer.text
    assert answer.headers["vary"] == "Accept, Accept-Language"
    assert holds in answer.content
    policy = answer.headers.get("content-security-policy", "")
    assert ("style-src 'sha256-" in policy) is media.startswith("text/html")


# Signing -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("credential", ["nguyen-van-mau", "con-dau", "mem"])
@pytest.mark.parametrize("level", ["B-B", "PAdES-B-T"])
def test_signed_pdf_is_valid_to_pdfsig_pyhanko_and_the_server_itself(
    client: httpx2.Client, province: Province, credential: str, level: str
) -> None:
    signed = _signed(client, LETTER, credential=credential, level=level, reason="Ban hành", location="tỉnh Mẫu")
    assert signed.startswith(LETTER)
    popplers = pdfsig.verify(signed)
    assert popplers.valid, popplers.output
    hankos = pyhanko.verify(signed, [as_x509(province.root)])
    assert hankos.valid, hankos.output
    (report,) = client.post("/v1/verify", content=signed).json()["signatures"]
    assert report["indication"] == "TOTAL-PASSED", report
    assert report["signer"]["fingerprint"] == province.certificates[credential].sha256
    assert report["reason"] == "Ban hành"
    assert report["revocation"]["status"] == "good"
    assert (report["proven_time"] is not None) is level.endswith("B-T")


@pytest.mark.parametrize("level", ["B-LT", "B-LTA"])
def test_evidence_of_the_house_makes_signatures_that_last(client: httpx2.Client, level: str) -> None:
    signed = _signed(client, LETTER, credential="con-dau", level=level)
    report = client.post("/v1/verify", content=signed).json()
    assert report["verdict"] == "passed", report
    assert report["signatures"][0]["level"] == f"PAdES-{level}"  # by the evidence that is in the file


def test_a_signed_document_is_extended_and_renewed(client: httpx2.Client) -> None:
    data = _signed(client, LETTER, credential="nguyen-van-mau")
    for level, seen in (("B-T", "B-T"), ("B-LT", "B-LT"), ("B-LTA", "B-LTA"), ("PAdES-B-LTA", "B-LTA")):
        answer = client.post("/v1/extend", content=data, params={"level": level})
        assert (answer.status_code, answer.headers["content-type"]) == (200, "application/pdf"), answer.text
        assert answer.content.startswith(data)
        data = answer.content
        report = client.post("/v1/verify", content=data).json()
        assert report["verdict"] == "passed", report
        assert report["signatures"][0]["level"] == f"PAdES-{seen}"


def test_signed_xml_is_extended_and_renewed(client: httpx2.Client) -> None:
    data = _signed(client, INVOICE, credential="nguyen-van-mau")
    for level, seen in (("B-T", "B-T"), ("B-LT", "B-LT"), ("B-LTA", "B-LTA"), ("XAdES-B-LTA", "B-LTA")):
        answer = client.post("/v1/extend", content=data, params={"level": level})
        assert (answer.status_code, answer.headers["content-type"]) == (200, "application/xml"), answer.text
        data = answer.content
        report = client.post("/v1/verify", content=data).json()
        assert report["verdict"] == "passed", report
        assert report["signatures"][0]["level"] == f"XAdES-{seen}"


@pytest.mark.parametrize(
    ("data", "query", "status", "code"),
    [
        (LETTER, {}, 409, "signing.not_extendable"),
        (INVOICE, {}, 409, "signing.not_extendable"),
        ((DOCUMENTS / "hoa-don-da-ky.xml").read_bytes(), {"level": "B-T"}, 409, "signing.not_extendable"),
        (LETTER, {"level": "B-B"}, 409, "signing.not_extendable"),
        (LETTER, {"level": "C"}, 400, "usage"),
        (LETTER, {"levle": "B-T"}, 400, "usage"),
        (b"", {}, 400, "format.empty"),
        ((DOCUMENTS / "da-ky.pdf").read_bytes(), {"level": "B-LT"}, 409, "signing.evidence_missing"),
    ],
)
def test_what_cannot_be_extended_is_refused(
    client: httpx2.Client, data: bytes, query: dict[str, str], status: int, code: str
) -> None:
    answer = client.post("/v1/extend", content=data, params=query)
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text


@pytest.mark.parametrize("form", ["xades", "xmldsig"])
def test_signed_xml_is_valid_to_xmlsec1_and_the_server_itself(
    client: httpx2.Client, province: Province, form: str
) -> None:
    answer = _sign(client, INVOICE, credential="nguyen-van-mau", form=form)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/xml"), answer.text
    judged = xmlsec.verify(answer.content, [as_x509(province.root)])
    assert judged.valid, judged.output
    assert _verdict(client, answer.content) == "passed"


def test_pin_of_the_user_goes_in_a_header_and_is_tried(client: httpx2.Client) -> None:
    assert _verdict(client, _signed(client, LETTER, {"Kyso-Pin": "97531864"}, credential="giu-pin")) == "passed"
    wrong = _sign(client, LETTER, {"Kyso-Pin": "0000"}, credential="giu-pin")
    assert (wrong.status_code, wrong.json()["code"]) == (403, "key.pin_refused")
    missing = _sign(client, LETTER, credential="giu-pin")
    assert (missing.status_code, missing.json()["code"]) == (400, "key.pin_required")
    _signed(client, LETTER, {"Kyso-Pin": "97531864"}, credential="giu-pin")  # the count of wrong PINs begins anew


@pytest.mark.parametrize(
    "headers",
    [
        [("Kyso-Pin", "mật khẩu".encode())],  # the server would read mÃ¡Âº­t, and the token would count it
        [("Kyso-Pin", b"0000"), ("Kyso-Pin", b"97531864")],
    ],
)
def test_pin_that_a_header_cannot_carry_costs_no_try(client: httpx2.Client, headers: list[tuple[str, bytes]]) -> None:
    for _ in range(4):  # after three wrong ones nobody may try
        refused = client.post("/v1/sign?credential=giu-pin", content=LETTER, headers=headers)  # type: ignore[arg-type]
        assert (refused.status_code, refused.json()["code"]) == (400, "usage")
    _signed(client, LETTER, {"Kyso-Pin": "97531864"}, credential="giu-pin")


def test_cms_file_is_not_signed_here_and_no_key_moves(client: httpx2.Client, province: Province) -> None:
    """It was signed, unseen by the linter, and then answered with 500."""

    def lines() -> int:
        with sqlite3.connect(province.folder / "kyso.db") as database:
            return int(database.execute("SELECT count(*) FROM signatures").fetchone()[0])

    before = lines()
    armoured = b"-----BEGIN CMS-----\n" + base64.encodebytes(around().cms) + b"-----END CMS-----\n"
    for data in (around().cms, honest().cms, armoured):
        refused = _sign(client, data, credential="con-dau")
        assert (refused.status_code, refused.json()["code"]) == (415, "format.unrecognised")
    assert lines() == before


def test_cms_file_is_extended(client: httpx2.Client, province: Province) -> None:
    own = kyso.Client(province.url, province.api_token)
    with own:
        made = kyso.sign_cms(b"Hop dong", own.signer("nguyen-van-mau"), detached=False)
    longer = client.post("/v1/extend?level=B-LTA", content=made)
    assert (longer.status_code, longer.headers["content-type"]) == (200, "application/cms"), longer.text
    report = client.post("/v1/verify", content=longer.content).json()
    assert (report["verdict"], report["signatures"][0]["level"]) == ("passed", "CAdES-B-LTA")


def test_audit_line_names_who_signed_which_hash(client: httpx2.Client, province: Province) -> None:
    answer = _sign(client, LETTER, credential="con-dau")
    with sqlite3.connect(province.folder / "kyso.db") as database:
        row = database.execute(
            "SELECT operation, credential, token, scheme, imprints, outcome FROM signatures WHERE request = ?",
            (answer.headers["x-request-id"],),
        ).fetchone()
    assert row[:4] == ("sign", "con-dau", "mot-cua", "ecdsa-sha256")
    assert [len(bytes.fromhex(i)) for i in json.loads(row[4])] == [32]
    assert row[5] == "done"


def test_a_document_is_certified_and_its_fields_are_locked(client: httpx2.Client) -> None:
    signed = _signed(client, LETTER, credential="nguyen-van-mau", certify="2", lock="*")
    facts = client.post("/v1/verify", content=signed).json()["signatures"][0]["pdf"]
    assert (facts["certifies"], facts["permission"]) == (True, 2)
    assert facts["locks"] == [{"action": "All", "fields": []}]
    assert _verdict(client, signed) == "passed"
    missing = client.post(
        "/v1/sign", content=LETTER, params=[("credential", "con-dau"), ("lock", "A"), ("lock", "B")]
    )
    assert missing.status_code == 409, missing.text
    assert (missing.json()["code"], "'A'" in missing.json()["detail"]) == ("signing.not_permitted", True)
    again = client.post("/v1/sign", content=signed, params={"credential": "con-dau", "certify": "1"})
    assert (again.status_code, again.json()["code"]) == (409, "signing.not_permitted")


@pytest.mark.parametrize(
    ("credential", "headers", "query", "chosen", "usual"),
    [
        ("nguyen-van-mau", {}, {"hash": "sha384", "pss": "true"}, "rsa-pss-sha384", "rsa-pkcs1-sha256"),
        ("giu-pin", {"Kyso-Pin": "97531864"}, {"hash": "sha512"}, "ecdsa-sha512", "ecdsa-sha256"),
    ],
)
def test_the_scheme_can_be_chosen(
    client: httpx2.Client, credential: str, headers: dict[str, str], query: dict[str, str], chosen: str, usual: str
) -> None:
    for more, expected in ((query, chosen), ({}, usual)):
        signed = _signed(client, LETTER, headers, credential=credential, **more)
        (report,) = client.post("/v1/verify", content=signed).json()["signatures"]
        assert (report["scheme"], report["indication"]) == (expected, "TOTAL-PASSED")


def test_claims_stand_in_the_signed_properties(client: httpx2.Client) -> None:
    query: dict[str, str | list[str]] = {
        "credential": "nguyen-van-mau",
        "role": ["Chủ tịch", "Người ký"],
        "commitment": ["approval"],
        "policy": "urn:oid:1.2.3",
        "policy_sha256": "ab" * 32,
    }
    answer = client.post("/v1/sign", content=INVOICE, params=query)
    assert answer.status_code == 200, answer.text
    facts = client.post("/v1/verify", content=answer.content).json()["signatures"][0]["xml"]
    assert facts["roles"] == ["Chủ tịch", "Người ký"]
    assert [name.rpartition("#")[2] for name in facts["commitments"]] == ["ProofOfApproval"]
    assert (facts["policy"]["identifier"], facts["policy"]["digest"]) == ("urn:oid:1.2.3", "ab" * 32)


# Encrypted documents ----------------------------------------------------------------------------------------

PASSWORD = "mật khẩu 100%"
SENT = {"Kyso-Document-Password": "m%E1%BA%ADt%20kh%E1%BA%A9u%20100%25"}
SECRET_LETTER = locked(6, user=PASSWORD)


def test_an_encrypted_document_is_signed_extended_and_verified_with_its_password(
    client: httpx2.Client, province: Province
) -> None:
    signed = _signed(client, SECRET_LETTER, SENT, credential="nguyen-van-mau", level="B-T")
    extended = client.post("/v1/extend", content=signed, headers=SENT)
    assert extended.status_code == 200, extended.text
    assert extended.content.startswith(signed)
    report = client.post("/v1/verify", content=extended.content, headers=SENT).json()
    assert report["verdict"] == "passed", report
    assert report["signatures"][0]["level"] == "PAdES-B-LTA"
    judged = pyhanko.verify(extended.content, [as_x509(province.root)], password=PASSWORD.encode())
    assert judged.signatures[0].intact, judged.output


@pytest.mark.parametrize("headers", [{}, {"Kyso-Document-Password": "sai"}])
def test_without_the_password_it_is_refused_and_never_valid(client: httpx2.Client, headers: dict[str, str]) -> None:
    signed = _signed(client, SECRET_LETTER, SENT, credential="nguyen-van-mau")
    for path in ("/v1/sign?credential=nguyen-van-mau", "/v1/extend"):
        answer = client.post(path, content=signed, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (422, "format.encrypted")
        assert "sai" not in answer.json()["detail"]
    report = client.post("/v1/verify", content=signed, headers=headers).json()
    assert (report["verdict"], [f["code"] for f in report["findings"]]) == ("indeterminate", ["format.encrypted"])


@pytest.mark.parametrize(
    "headers",
    [
        [("Kyso-Document-Password", "mat%khau")],
        [("Kyso-Document-Password", "mat%FFkhau")],
        [("Kyso-Document-Password", b"m\xe1t-khau")],
        [("Kyso-Document-Password", "mat-khau-" + "x" * 400)],
        [("Kyso-Document-Password", "mat-khau"), ("Kyso-Document-Password", "mat-khau")],
    ],
    ids=["no hexadecimal digits", "no UTF-8", "no ASCII", "too long", "twice"],
)
@pytest.mark.parametrize("path", ["/v1/sign?credential=con-dau", "/v1/extend", "/v1/verify"])
def test_a_password_that_is_not_clear_is_refused_and_not_repeated(
    client: httpx2.Client, path: str, headers: list[tuple[str, str | bytes]]
) -> None:
    answer = client.post(path, content=SECRET_LETTER, headers=headers)  # type: ignore[arg-type]  # octets as they are
    assert (answer.status_code, answer.json()["code"]) == (400, "usage"), answer.text
    assert "khau" not in answer.text


def test_a_password_in_the_address_is_refused(client: httpx2.Client) -> None:
    for path in ("/v1/sign?credential=con-dau&password=mat-khau", "/v1/extend?password=x", "/v1/verify?password=x"):
        assert client.post(path, content=SECRET_LETTER).json()["code"] == "usage"


# Verifying ---------------------------------------------------------------------------------------------------


def test_flipped_byte_fails(client: httpx2.Client) -> None:
    signed = bytearray(_signed(client, LETTER, credential="con-dau"))
    signed[len(LETTER) // 2] ^= 1
    assert _verdict(client, bytes(signed)) == "failed"


@pytest.mark.parametrize("data", [LETTER, b"%PDF-1.7\n", b"nonsense", b"<a/>"])
def test_unsigned_and_broken_input_fails_with_a_report(client: httpx2.Client, data: bytes) -> None:
    assert _verdict(client, data) == "failed"


def test_signature_of_a_stranger_is_not_passed(client: httpx2.Client) -> None:
    report = client.post("/v1/verify", content=(DOCUMENTS / "da-ky.pdf").read_bytes()).json()
    assert report["verdict"] == "indeterminate"


def test_an_invoice_is_signed_in_the_sellers_place_by_a_profile(client: httpx2.Client) -> None:
    signed = _signed(client, INVOICE, credential="nguyen-van-mau", profile="einvoice-seller")
    assert b"<DSCKS><NBan><Signature xmlns=" in signed
    (report,) = client.post("/v1/verify", content=signed).json()["signatures"]
    assert report["intact"] == {"references": True, "signature": True}


# Refusals ----------------------------------------------------------------------------------------------------


def _encrypted() -> bytes:
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(LETTER)) as pdf:
        pdf.save(out, encryption=pikepdf.Encryption(owner="a", user="b"))
    return out.getvalue()


@pytest.mark.parametrize(
    ("data", "query", "status", "code"),
    [
        (LETTER, {"credential": "không có"}, 404, "http.unknown_credential"),
        (LETTER, {}, 400, "usage"),
        (LETTER, {"credential": "con-dau", "level": "B-X"}, 400, "usage"),
        (LETTER, {"credential": "con-dau", "form": "p7"}, 400, "usage"),
        (INVOICE, {"credential": "con-dau", "xml_form": "xmldsig"}, 400, "usage"),
        (INVOICE, {"credential": "con-dau", "form": "xmldsig", "level": "B-T"}, 400, "usage"),
        (INVOICE, {"credential": "nguyen-van-mau", "form": "xmldsig", "profile": "einvoice-seller"}, 400, "usage"),
        (INVOICE, {"credential": "nguyen-van-mau", "profile": "/etc/passwd.toml"}, 400, "usage"),
        (INVOICE, {"credential": "nguyen-van-mau", "profile": "../profiles/edxml"}, 400, "usage"),
        (INVOICE, {"credential": "nguyen-van-mau", "profile": "tax-return"}, 422, "signing.profile"),
        (LETTER, {"credential": "nguyen-van-mau", "profile": "einvoice-seller"}, 400, "usage"),
        (LETTER, {"credential": "con-dau", "pss": "true"}, 400, "usage"),
        (LETTER, {"credential": "con-dau", "hash": "md5"}, 400, "usage"),
        (LETTER, {"credential": "con-dau", "certify": "4"}, 400, "usage"),
        (LETTER, {"credential": "con-dau", "role": "Chủ tịch"}, 400, "usage"),
        (INVOICE, {"credential": "con-dau", "certify": "1"}, 400, "usage"),
        (INVOICE, {"credential": "con-dau", "policy": "urn:oid:1.2.3"}, 400, "usage"),
        (INVOICE, {"credential": "con-dau", "policy_sha256": "ab" * 32}, 400, "usage"),
        (INVOICE, {"credential": "con-dau", "commitment": "praise"}, 400, "usage"),
        (b"", {"credential": "con-dau"}, 400, "format.empty"),
        (b"PK\x03\x04 not ours", {"credential": "con-dau"}, 415, "format.unrecognised"),
        (_encrypted(), {"credential": "con-dau"}, 422, "format.encrypted"),
        (clicked(b"/S/JavaScript/JS(x)"), {"credential": "con-dau"}, 422, "format.lint"),
        (LETTER[:3000], {"credential": "con-dau"}, 422, "format"),
        (LETTER, {"credential": "het-han"}, 409, "certificate.expired"),
        (LETTER, {"credential": "thu-hoi"}, 409, "certificate.unsuitable"),
    ],
)
def test_bad_input_is_refused_as_a_problem_with_its_code(
    client: httpx2.Client, data: bytes, query: dict[str, str], status: int, code: str
) -> None:
    answer = client.post("/v1/sign", content=data, params=query)
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["request"] == answer.headers["x-request-id"]


@pytest.mark.parametrize("path", ["/v1/sign?credential=con-dau", "/v1/extend", "/v1/verify"])
def test_a_form_with_a_file_in_it_is_told_from_a_broken_document(client: httpx2.Client, path: str) -> None:
    answer = client.post(path, files={"file": ("van-ban.pdf", LETTER)})
    assert (answer.status_code, answer.json()["code"]) == (400, "usage"), answer.text
    assert "multipart" in answer.json()["detail"] and "--data-binary" in answer.json()["remedy"]


def test_what_the_linter_refuses_is_named_by_its_codes(client: httpx2.Client) -> None:
    answer = client.post("/v1/sign", content=clicked(b"/S/JavaScript/JS(x)"), params={"credential": "con-dau"})
    assert answer.json()["codes"] == ["JAVASCRIPT"]
    assert "codes" not in client.post("/v1/sign", content=LETTER, params={"credential": "nobody"}).json()


def test_what_the_linter_warns_of_is_named_in_a_header(client: httpx2.Client) -> None:
    answer = client.post("/v1/sign", content=clicked(b"/S/URI/URI(a)"), params={"credential": "con-dau"})
    assert (answer.status_code, answer.headers["kyso-lint"]) == (200, "URI")
    assert "kyso-lint" not in client.post("/v1/sign", content=LETTER, params={"credential": "con-dau"}).headers


@pytest.mark.parametrize("path", ["/v1/sign?credential=con-dau", "/v1/verify"])
@pytest.mark.parametrize("chunked", [False, True])
def test_document_over_the_limit_is_413_whether_or_not_its_length_is_told(
    client: httpx2.Client, path: str, chunked: bool
) -> None:
    big = b"%PDF-1.7\n" + b"x" * (1024 * 1024)
    answer = client.post(path, content=iter([big[:500_000], big[500_000:]]) if chunked else big)
    assert (answer.status_code, answer.json()["code"]) == (413, "http.too_large")


@pytest.mark.parametrize(
    "path",
    [
        *("/v1/sign?credential=con-dau", "/v1/sign", "/v1/sign?credential=con-dau&certify=9", "/v1/sign?x=1"),
        *("/v1/verify", "/v1/verify?x=1", "/v1/extend", f"/v1/extend?level={'x' * 30}"),
    ],
)
def test_documents_need_a_token_whatever_else_is_wrong(province: Province, path: str) -> None:
    answer = httpx2.post(province.url + path, content=LETTER)
    assert (answer.status_code, answer.json()["code"]) == (401, "auth.refused")
    assert answer.headers["www-authenticate"] == 'Bearer realm="kyso"'


def test_credentials_are_listed_for_people(client: httpx2.Client) -> None:
    listed = {c["id"]: c for c in client.get("/v1/credentials").json()["credentials"]}
    assert listed["con-dau"]["algorithm"] == "P-256"
    assert listed["giu-pin"]["pin"] is True
    assert listed["het-han"]["status"] == "expired"
