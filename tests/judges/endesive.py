"""endesive: verifies and signs PDF, in the environment that `sh scripts/judges.sh` makes.

It runs there because, as published, it does not import on Debian 12 (see README.md). Only the last signature of a
file is judged.
"""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography import x509

from .holder import Holder, der
from .program import Verdict, made, run

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
PYTHON = ROOT / ".venv-judges" / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


@dataclass(frozen=True)
class EndesiveVerdict(Verdict):
    """`valid`: hash, value and path are good and the signature covers the whole file."""

    hash_ok: bool = False
    signature_ok: bool = False
    trusted: bool = False
    whole: bool = False
    timestamp_ok: bool | None = None
    """None: no timestamp in it."""


def verify(pdf: bytes, roots: Sequence[x509.Certificate]) -> EndesiveVerdict:
    """What endesive says of the last signature, now (it takes no other time), with these roots and certifi's."""
    answer = _ask({"do": "verify", "pdf": _text(pdf), "roots": [_text(der(root)) for root in roots]})
    if "error" in answer:
        return EndesiveVerdict(False, answer["error"])
    hash_ok, signature_ok, trusted, whole = (answer[k] for k in ("hash", "signature", "trusted", "whole"))
    stamp = answer["timestamp"]
    valid = hash_ok and signature_ok and trusted and whole and stamp is not False
    return EndesiveVerdict(valid, json.dumps(answer), hash_ok, signature_ok, trusted, whole, stamp)


def sign(pdf: bytes, holder: Holder, *, field: str = "Signature1") -> bytes:
    """One more revision with an `adbe.pkcs7.detached` signature. RSA only: see README.md."""
    if not holder.is_rsa:
        raise ValueError("endesive 3.0.1 names rsaEncryption for every key; let it sign with RSA only.")
    answer = _ask({"do": "sign", "pdf": _text(pdf), "p12": _text(holder.pkcs12(b"memory")), "field": field})
    if "error" in answer:
        raise RuntimeError(f"endesive did not sign: {answer['error']}")
    return base64.b64decode(answer["signed"])


def _ask(question: dict[str, Any]) -> dict[str, Any]:
    """The worker's answer. `-I`: this folder's modules bear the names of the libraries and must not be found."""
    if not PYTHON.exists():
        raise RuntimeError("The judge endesive is not installed: run sh scripts/judges.sh.")
    command = [str(PYTHON), "-I", str(HERE / "endesive_worker.py")]
    done = run(command, package="endesive", stdin=json.dumps(question).encode())
    answer: dict[str, Any] = json.loads(made(done))
    return answer


def _text(octets: bytes) -> str:
    return base64.b64encode(octets).decode()
