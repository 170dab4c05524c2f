"""The clients against a real server whose keys are on a SoftHSM2 token."""

from __future__ import annotations

import asyncio
import sqlite3
import subprocess
import threading
from inspect import signature
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

import kyso
from kyso import AsyncClient, Client, HttpTimestamper
from kyso.client import MAX_SIGNINGS, SignOptions
from kyso_hsm.pin import SecretRequest
from kyso_pki.claims import Claims, ProductionPlace, SignaturePolicy
from kyso_pki.document import FieldLock
from kyso_pki.errors import (
    CertificateExpired,
    DocumentRefused,
    KeyNotFound,
    PinRefused,
    RemoteError,
    SignatureValueInvalid,
    Unauthorized,
    Unreachable,
    UsageError,
)
from tests.pki.ades.inputs import PDF, XML
from tests.pki.pdf.encryption.locked import locked
from tests.pki.pdf.lint.cases import clicked
from tests.server.province import OWN_PIN, Province

pytestmark = pytest.mark.usefixtures("server")


@pytest.fixture
def client(province: Province) -> Client:
    return Client(province.url, province.api_token)


def check(province: Province, data: bytes) -> kyso.DocumentReport:
    """Verified with the province's own responders, which are on loopback."""
    fetcher = kyso.HttpFetcher(allowed_hosts=[province.url.removeprefix("http://")])
    return kyso.verify(data, trust=kyso.TrustStore.of([province.root]), fetcher=fetcher)


@pytest.mark.parametrize("data", [PDF, XML], ids=["pdf", "xml"])
@pytest.mark.parametrize("credential", ["nguyen-van-mau", "con-dau", "mem"])
def test_a_hash_signed_remotely_passes(province: Province, client: Client, data: bytes, credential: str) -> None:
    check(province, client.sign(data, credential)).require_passed()


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_both_versions_of_the_api_sign_with_a_timestamp(province: Province, version: str) -> None:
    with Client(province.url, province.api_token, version="v1" if version == "v1" else "v2") as client:
        signed = client.sign(PDF, "nguyen-van-mau", level="B-T", timestamper=f"{province.url}/tsa")
    report = check(province, signed)
    report.require_passed()
    assert report.signatures[0].level == "PAdES-B-T"


def test_only_the_hash_reaches_the_server(province: Province, client: Client) -> None:
    """The signer is given nothing but imprints; a marker in the document never appears in the server's log."""
    sent: list[bytes] = []
    signer = client.signer("nguyen-van-mau")
    real = signer._call  # the wire itself is looked at

    def listening(method: str, body: dict[str, object]) -> dict[str, object]:
        sent.append(repr(body).encode())
        return real(method, body)

    signer._call = listening
    kyso.sign(PDF, signer)
    assert len(sent) == 2
    assert max(map(len, sent)) < 1000
    assert not any(b"Cong van" in s for s in sent)


def test_a_batch_larger_than_multisign_is_split_and_keeps_its_order(client: Client) -> None:
    signer = client.signer("nguyen-van-mau")
    imprints = [signer.scheme.imprint(str(n).encode()) for n in range(12)]
    values = signer.sign(imprints)
    key = signer.chain.leaf.public_key
    assert all(signer.scheme.verify(key, i, v) for i, v in zip(imprints, values, strict=True))


def test_the_credentials_are_told_with_their_chains(province: Province, client: Client) -> None:
    infos = {i.id: i for i in client.credentials()}
    assert set(province.certificates) == set(infos)
    for name, certificate in province.certificates.items():
        assert infos[name].certificates[0] == certificate
    assert infos["giu-pin"].pin
    assert "signatures/signHash" in client.info().methods


def test_a_pin_is_asked_for_where_the_credential_wants_one(province: Province, client: Client) -> None:
    asked: list[SecretRequest] = []

    def source(request: SecretRequest) -> str:
        asked.append(request)
        return OWN_PIN

    check(province, client.sign(PDF, "giu-pin", pin=source)).require_passed()
    assert len(asked) == 1
    client.sign(PDF, "nguyen-van-mau", pin=source)
    assert len(asked) == 1


def test_a_document_signed_at_the_server_passes(province: Province, client: Client) -> None:
    signed = client.sign_document(PDF, "nguyen-van-mau", level="B-T", reason="Phê duyệt", location="Tỉnh Mẫu")
    report = check(province, signed)
    report.require_passed()
    assert (report.signatures[0].reason, report.signatures[0].location) == ("Phê duyệt", "Tỉnh Mẫu")
    assert client.verify_document(signed)["verdict"] == "passed"
    assert client.verify_document(PDF)["verdict"] == "failed"


def test_the_server_is_told_all_that_it_can_do(province: Province, client: Client) -> None:
    """Certification, lock and scheme for PDF, claims for XML; what an address cannot say is refused here."""
    locked = client.sign_document(
        PDF, "nguyen-van-mau", certify=1, lock=FieldLock("All"), hash_name="sha512", pss=True, contact="0900"
    )
    report = check(province, locked)
    report.require_passed()
    facts = report.signatures[0].pdf
    assert facts is not None
    assert (facts.permission, [lock.action for lock in facts.locks]) == (1, ["All"])
    assert report.signatures[0].scheme == "rsa-pss-sha512"
    claims = Claims(roles=("Chủ tịch",), commitments=("approval",), policy=SignaturePolicy.of("urn:oid:1.2.3", b"x"))
    claimed = check(province, client.sign_document(XML, "con-dau", claims=claims)).signatures[0].xml
    assert claimed is not None
    assert claimed.policy is not None
    assert (claimed.roles, len(claimed.commitments), claimed.policy.identifier) == (("Chủ tịch",), 1, "urn:oid:1.2.3")
    for wrong in (
        Claims(place=ProductionPlace(city="Tỉnh Mẫu")),
        Claims(policy=SignaturePolicy.of("urn:oid:1.2.3", b"x", uri="https://example.vn")),
    ):
        with pytest.raises(UsageError, match="A server"):
            client.sign_document(XML, "con-dau", claims=wrong)
    with pytest.raises(UsageError, match="A server locks"):
        client.sign_document(PDF, "con-dau", lock=FieldLock("Exclude", ("A",)))


def test_the_async_client_does_the_same(province: Province) -> None:
    async def run() -> tuple[bytes, bytes, dict[str, object], int]:
        async with AsyncClient(province.url, province.api_token) as client:
            names = await client.credentials()
            hashed, uploaded = await asyncio.gather(
                client.sign(PDF, "nguyen-van-mau", level="B-T", timestamper=HttpTimestamper(f"{province.url}/tsa")),
                client.sign_document(XML, "con-dau"),
            )
            return hashed, uploaded, await client.verify_document(uploaded), len(names)

    hashed, uploaded, verdict, count = asyncio.run(run())
    check(province, hashed).require_passed()
    check(province, uploaded).require_passed()
    assert verdict["verdict"] == "passed"
    assert count == len(province.certificates)


def test_of_an_encrypted_document_only_the_hash_travels_too_and_never_its_password(
    province: Province, client: Client
) -> None:
    pdf = locked(6, user="dung")

    async def grown() -> bytes:
        async with AsyncClient(province.url, province.api_token) as one:
            tsa, fetcher = f"{province.url}/tsa", kyso.HttpFetcher(allowed_hosts=[urlsplit(province.url).netloc])
            return await one.sign(
                pdf, "nguyen-van-mau", level="B-LT", timestamper=tsa, fetcher=fetcher, password=lambda: "dung"
            )

    for signed in (client.sign(pdf, "nguyen-van-mau", password=lambda: "dung"), asyncio.run(grown())):
        fetcher = kyso.HttpFetcher(allowed_hosts=[urlsplit(province.url).netloc])
        trust = kyso.TrustStore.of([province.root])
        kyso.verify(signed, trust=trust, fetcher=fetcher, password=lambda: "dung").require_passed()


def test_of_a_document_that_is_sent_the_password_goes_along(province: Province, client: Client) -> None:
    pdf = locked(6, user="mật khẩu %")

    async def grown(data: bytes) -> tuple[bytes, dict[str, object]]:
        async with AsyncClient(province.url, province.api_token) as one:
            longer = await one.extend_document(data, password=lambda: "mật khẩu %")
            return longer, await one.verify_document(longer, password=lambda: "mật khẩu %")

    signed = client.sign_document(pdf, "con-dau", password=lambda: "mật khẩu %")
    longer, report = asyncio.run(grown(signed))
    assert longer.startswith(signed)
    assert report["verdict"] == "passed"
    with pytest.raises(RemoteError, match="password"):
        client.extend_document(signed, password=lambda: "sai")


def test_nobody_is_asked_for_the_password_of_a_document_that_has_none(client: Client) -> None:
    def never() -> str:
        raise AssertionError

    client.sign_document(PDF, "con-dau", password=never)
    assert client.verify_document(PDF, password=never)["verdict"] == "failed"


@pytest.mark.parametrize("kind", [Client, AsyncClient])
def test_a_remote_key_signs_with_all_that_a_local_one_can(
    province: Province, kind: type[Client | AsyncClient]
) -> None:
    async def awaited(one: AsyncClient, data: bytes, **options: Any) -> bytes:
        async with one:
            return await one.sign(data, "nguyen-van-mau", **options)

    def signed(data: bytes = PDF, **options: Any) -> bytes:
        one = kind(province.url, province.api_token)
        if isinstance(one, AsyncClient):
            return asyncio.run(awaited(one, data, **options))
        return one.sign(data, "nguyen-van-mau", **options)

    stamp = kyso.load_stamp("sao-y", allow_overlap=True)
    certified = signed(certify=2, lock=kyso.FieldLock("All"), contact="Một cửa", hash_name="sha384", pss=True)
    report = check(province, certified)
    report.require_passed()
    assert report.signatures[0].scheme == "rsa-pss-sha384"
    assert b"/DocMDP" in certified
    assert b"/FieldMDP" in certified
    assert b"/Subtype /Form" in signed(stamp=stamp)[len(PDF) :]
    with pytest.raises(kyso.LintRefused):
        signed(clicked(b"/S/JavaScript/JS(app.alert)"), lint=kyso.LintPolicy())
    with pytest.raises(TypeError, match="levle"):
        signed(levle="B-T")


def test_both_clients_take_the_same_and_all_that_signing_takes() -> None:
    for name in ("sign", "sign_document", "extend_document", "verify_document", "credential", "info", "readiness"):
        assert signature(getattr(Client, name)).parameters == signature(getattr(AsyncClient, name)).parameters
    assert {"source", "signer", *SignOptions.__annotations__} == set(signature(kyso.sign).parameters)


def test_an_awaited_signing_that_is_cancelled_has_nothing_signed(province: Province) -> None:
    """The PIN is typed after the caller has gone: then no hash is authorised any more."""
    asked, typed = threading.Event(), threading.Event()

    def slow(request: SecretRequest) -> str:
        asked.set()
        typed.wait(30)
        return OWN_PIN

    async def run() -> None:
        async with AsyncClient(province.url, province.api_token) as one:
            task = asyncio.create_task(one.sign(PDF, "giu-pin", pin=slow))
            await asyncio.to_thread(asked.wait, 30)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            typed.set()

    def authorized() -> int:
        with sqlite3.connect(province.folder / "kyso.db") as database:
            return int(database.execute("SELECT count(*) FROM authorizations").fetchone()[0])

    before = authorized()
    asyncio.run(run())
    for thread in [t for t in threading.enumerate() if t.name.startswith("kyso-client")]:
        thread.join(30)
    assert authorized() == before


def test_more_signings_at_once_than_there_are_threads_for_all_end(province: Province) -> None:
    async def run() -> list[bytes]:
        async with AsyncClient(province.url.replace("127.0.0.1", "localhost"), province.api_token) as one:
            return await asyncio.gather(*(one.sign(PDF, "con-dau") for _ in range(MAX_SIGNINGS + 20)))

    assert len(asyncio.run(run())) == MAX_SIGNINGS + 20


def test_refusals_have_types_and_say_what_to_do(province: Province, client: Client) -> None:
    with pytest.raises(Unauthorized, match="token"):
        Client(province.url, "wrong").credentials()
    with pytest.raises(Unauthorized):
        Client(province.url).sign_document(PDF, "nguyen-van-mau")
    with pytest.raises(KeyNotFound, match="credentialID"):
        client.sign(PDF, "nobody")
    with pytest.raises(KeyNotFound, match="refused"):
        client.sign_document(PDF, "nobody")
    for document in (b"neither", clicked(b"/S/JavaScript/JS(x)")):
        with pytest.raises(DocumentRefused, match="refused"):
            client.sign_document(document, "nguyen-van-mau")
    with pytest.raises(DocumentRefused, match="The profile tax-return is for"):
        client.sign_document(XML, "nguyen-van-mau", profile="tax-return")
    for token in ("", "two words", "line\n"):
        with pytest.raises(UsageError, match="API token"):
            Client(province.url, token)
    with pytest.raises(CertificateExpired, match="expired"):
        client.sign(PDF, "het-han")
    with pytest.raises(Unreachable, match="kyso serve"):
        Client("http://127.0.0.1:1").info()
    with pytest.raises(UsageError, match="server address"):
        Client("127.0.0.1:8790")


def test_a_wrong_pin_is_refused_once_and_names_no_pin(client: Client) -> None:
    with pytest.raises(PinRefused) as caught:
        client.sign(PDF, "giu-pin", pin="00000000")
    assert "00000000" not in str(caught.value)
    with pytest.raises(PinRefused):
        client.sign_document(PDF, "giu-pin", pin="11111111")


def test_a_server_that_signs_with_another_key_is_noticed(client: Client) -> None:
    signer = client.signer("con-dau")
    wire = signer._call

    def crossed(method: str, body: dict[str, object]) -> dict[str, object]:
        return wire(method, body | {"credentialID": "mem"})

    signer._call = crossed
    with pytest.raises(SignatureValueInvalid, match="does not verify"):
        signer.sign([bytes(32)])


def test_the_web_process_maps_no_vendor_library(server: subprocess.Popen[bytes]) -> None:
    maps = Path(f"/proc/{server.pid}/maps").read_text(encoding="utf-8")
    assert "softhsm" not in maps
