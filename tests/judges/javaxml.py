"""The JDK's own XML signatures (javax.xml.crypto, Apache Santuario inside) with secure validation on.

It lives in the same JVM as EU DSS (dss/, java.py), and shares no code with it: DSS carries a Santuario of its own.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509

from . import java
from .holder import Holder, der
from .program import Verdict
from .template import ECDSA_SHA256, RSA_SHA256, Template


@dataclass(frozen=True)
class JavaVerdict(Verdict):
    """`valid`: there is a signature, and all hold with a path to the roots."""

    signed: tuple[tuple[bytes, ...], ...] = ()
    """By signature, the octets that each reference hashed."""


def verify(xml: bytes, roots: Sequence[x509.Certificate], *, at: datetime) -> JavaVerdict:
    """What it says of every ds:Signature. Raises `java.JudgeMissing`."""
    answer = java.ask("validate-xmldsig", document=xml, anchors=[der(root) for root in roots], at=java.iso(at))
    if "error" in answer:
        return JavaVerdict(False, answer["error"])
    told = answer["signatures"]
    words = "\n".join(
        f"{'valid' if one['valid'] else 'not valid'} {one['error']} "
        + ", ".join(f"{r['uri'] or 'document'}: {r['valid']}" for r in one["references"])
        for one in told
    )
    signed = tuple(tuple(base64.b64decode(r["octets"]) for r in one["references"]) for one in told)
    return JavaVerdict(bool(told) and all(one["valid"] for one in told), words or "no signature", signed)


def sign(xml: bytes, holder: Holder, template: Template | None = None, *, enveloping: str | None = None) -> bytes:
    """The document with one more Signature; with `enveloping`, a Signature whose Object of this id holds it.

    Of a template its objects are not used. Raises `java.JudgeMissing`, `RuntimeError` with its own words.
    """
    template = template or Template(RSA_SHA256 if holder.is_rsa else ECDSA_SHA256)
    answer = java.ask(
        "sign-xmldsig",
        document=xml,
        pkcs12=holder.pkcs12(b"memory"),
        password="memory",
        c14n=template.c14n,
        method=template.method,
        digest=template.digest,
        references=[{"uri": r.uri, "transforms": list(r.transforms)} for r in template.references],
        enveloping=enveloping,
    )
    if "error" in answer:
        raise RuntimeError(f"Java did not sign: {answer['error']}")
    return base64.b64decode(answer["signed"])
