"""pyHanko's CSCSigner, a client that we did not write, signs PDFs through the server."""

from __future__ import annotations

import asyncio
import io
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import PdfSignatureMetadata, async_sign_pdf
from pyhanko.sign.fields import SigSeedSubFilter
from pyhanko.sign.signers.csc_signer import (
    CSCAuthorizationInfo,
    CSCAuthorizationManager,
    CSCServiceSessionInfo,
    CSCSigner,
    fetch_certs_in_csc_credential,
)

from tests.judges import openssl, pdfsig, pyhanko
from tests.server.province import Province, as_x509

LETTER = (Path(__file__).resolve().parents[1] / "documents" / "cong-van.pdf").read_bytes()


class Authorising(CSCAuthorizationManager):
    """Asks for a SAD bound to the hashes, as a SCAL 2 client must."""

    def __init__(self, session: aiohttp.ClientSession, *args: Any) -> None:
        super().__init__(*args)
        self.session = session

    async def authorize_signature(self, hash_b64s: list[str]) -> CSCAuthorizationInfo:
        session_info: Any = self.csc_session_info  # pyHanko leaves its methods untyped
        url = session_info.endpoint_url("credentials/authorize")
        body = self.format_csc_auth_request(hash_b64s=hash_b64s)
        async with self.session.post(url, headers=self.auth_headers, json=body, raise_for_status=True) as answer:
            return self.parse_csc_auth_response(await answer.json())


async def _sign(province: Province, credential: str, version: str, hash_name: str) -> bytes:
    info = CSCServiceSessionInfo(province.url, credential, province.api_token, version)
    async with aiohttp.ClientSession() as session:
        described = await fetch_certs_in_csc_credential(session, info)
        assert described.hash_pinning_required
        signer = CSCSigner(session, Authorising(session, info, described))
        metadata = PdfSignatureMetadata("Signature1", subfilter=SigSeedSubFilter.PADES, md_algorithm=hash_name)
        out = await async_sign_pdf(IncrementalPdfFileWriter(io.BytesIO(LETTER)), metadata, signer)
        return bytes(out.getvalue())


@pytest.mark.usefixtures("server")
@pytest.mark.parametrize(
    ("credential", "version", "hash_name"),
    [
        ("nguyen-van-mau", "v1", "sha256"),
        ("nguyen-van-mau", "v2", "sha512"),
        ("con-dau", "v1", "sha256"),
        ("con-dau", "v2", "sha384"),
        ("mem", "v1", "sha256"),
    ],
)
def test_pdf_signed_through_csc_is_valid_to_pyhanko_pdfsig_and_openssl(
    province: Province, credential: str, version: str, hash_name: str
) -> None:
    signed = asyncio.run(_sign(province, credential, version, hash_name))
    roots, between = [as_x509(province.root)], [as_x509(province.issuing)]
    judged = pyhanko.verify(signed, roots)
    assert judged.valid, judged.output
    (container,) = openssl.pdf_containers(signed)
    cms = openssl.cms_verify(container.cms, container.covered, roots, intermediates=between)
    assert cms.valid, cms.output
    popplers = pdfsig.verify(signed)
    assert popplers.valid, popplers.output
