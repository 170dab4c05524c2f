"""Runs inside .venv-judges: one JSON question on standard input, one JSON answer on standard output."""

from __future__ import annotations

import base64
import importlib
import json
import sys
from typing import Any


def main() -> int:
    question = json.loads(sys.stdin.buffer.read())
    answer = {"verify": verify, "sign": sign}[question["do"]](question)
    sys.stdout.write(json.dumps(answer))
    return 0


def verify(question: dict[str, Any]) -> dict[str, Any]:
    """endesive's verdict on the last signature."""
    pdf = importlib.import_module("endesive.pdf.verify")
    roots = [base64.b64decode(root) for root in question["roots"]]
    try:
        result, remaining = pdf.verify(base64.b64decode(question["pdf"]), roots)
    except Exception as error:  # noqa: BLE001 - whatever it trips over is its verdict, told in its words
        return {"error": f"{type(error).__name__}: {error}"}
    return {
        "hash": bool(result.hashok),
        "signature": bool(result.signatureok),
        "trusted": bool(result.certok),
        "whole": remaining is None,
        "timestamp": result.tspok,
        "words": [result.ocspmsg, result.tspmsg],
    }


def sign(question: dict[str, Any]) -> dict[str, Any]:
    """The PDF with one more revision."""
    cms = importlib.import_module("endesive.pdf.cms")
    pkcs12 = importlib.import_module("cryptography.hazmat.primitives.serialization.pkcs12")
    key, leaf, more = pkcs12.load_key_and_certificates(base64.b64decode(question["p12"]), b"memory")
    octets = base64.b64decode(question["pdf"])
    intent = {"aligned": 16384, "sigflags": 3, "sigpage": 0, "sigfield": question["field"], "auto_sigfield": False}
    intent |= {"signingdate": "D:20261116010000+00'00'", "reason": "endesive", "location": "-", "contact": "-"}
    try:
        update = cms.sign(octets, intent, key, leaf, more, "sha256")
    except Exception as error:  # noqa: BLE001 - handed to the caller, who raises
        return {"error": f"{type(error).__name__}: {error}"}
    return {"signed": base64.b64encode(octets + update).decode()}


if __name__ == "__main__":
    sys.exit(main())
