"""What a CSC client sends, in the fewest words."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from typing import Any

import httpx2

SHA256, SHA384, SHA512 = ("2.16.840.1.101.3.4.2.1", "2.16.840.1.101.3.4.2.2", "2.16.840.1.101.3.4.2.3")
SHA256_RSA, SHA512_RSA, BARE_RSA, PSS = (f"1.2.840.113549.1.1.{n}" for n in (11, 13, 1, 10))
SHA256_ECDSA, SHA512_ECDSA = "1.2.840.10045.4.3.2", "1.2.840.10045.4.3.4"


def digest(text: str, hash_name: str = "sha256") -> bytes:
    return hashlib.new(hash_name, text.encode()).digest()


def b64(*values: bytes) -> list[str]:
    return [base64.b64encode(v).decode() for v in values]


def authorize(
    client: httpx2.Client, credential: str, hashes: Sequence[bytes], version: str = "v1", **more: Any
) -> httpx2.Response:
    body: dict[str, Any] = {"credentialID": credential, "numSignatures": len(hashes)}
    body["hash" if version == "v1" else "hashes"] = b64(*hashes)
    return client.post(f"/csc/{version}/credentials/authorize", json=body | more)


def sad(client: httpx2.Client, credential: str, hashes: Sequence[bytes], **more: Any) -> str:
    answer = authorize(client, credential, hashes, **more)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["SAD"])


def sign_hash(
    client: httpx2.Client,
    credential: str,
    sad: str,
    hashes: Sequence[bytes],
    algorithm: str = SHA256_RSA,
    version: str = "v1",
    **more: Any,
) -> httpx2.Response:
    body: dict[str, Any] = {"credentialID": credential, "SAD": sad, "signAlgo": algorithm}
    body["hash" if version == "v1" else "hashes"] = b64(*hashes)
    return client.post(f"/csc/{version}/signatures/signHash", json=body | more)


def values(answer: httpx2.Response) -> list[bytes]:
    assert answer.status_code == 200, answer.text
    return [base64.b64decode(v) for v in answer.json()["signatures"]]


def refusal(answer: httpx2.Response) -> tuple[int, str, str]:
    """(status, error, error_description), after a look that the body holds nothing else."""
    body = answer.json()
    assert set(body) == {"error", "error_description"}, body
    return answer.status_code, body["error"], body["error_description"]
