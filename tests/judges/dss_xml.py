"""EU DSS signs XAdES: every level and packaging, and makes the signatures of others grow."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from cryptography import x509

from . import java
from .holder import Holder, der
from .template import EXCLUSIVE, Reference

Packaging = Literal["ENVELOPED", "ENVELOPING", "DETACHED", "INTERNALLY_DETACHED"]


@dataclass(frozen=True)
class Supply:
    """What DSS needs from level B-T on: an authority's URL; from B-LT on anchors and CRLs."""

    tsa: str | None = None
    roots: tuple[x509.Certificate, ...] = ()
    crls: tuple[bytes, ...] = ()


NOTHING = Supply()


def sign(
    xml: bytes,
    holder: Holder,
    *,
    at: datetime,
    level: str = "B-B",
    packaging: Packaging = "ENVELOPED",
    supply: Supply = NOTHING,
    hash_name: str = "SHA256",
    pss: bool = False,
    c14n: str = EXCLUSIVE,
    references: Sequence[Reference] = (),
    xades132: bool = False,
    place: str | None = None,
    name: str | None = None,
    city: str | None = None,
    role: str | None = None,
    commitment: str | None = None,
    counter: str | None = None,
) -> bytes:
    """What DSS signs; `references` instead of its own choice; `counter`: the id of a signature to be countersigned.

    `place` is an XPath to the element that gets the Signature, `name` that of a detached document. Raises
    `java.JudgeMissing`, `RuntimeError` with DSS's own words.
    """
    return _asked(
        supply,
        document=xml,
        pkcs12=holder.pkcs12(b"memory"),
        password="memory",
        level=level,
        at=java.iso(at),
        packaging=packaging,
        hash=hash_name,
        pss=pss,
        c14n=c14n,
        references=[{"uri": r.uri, "transforms": list(r.transforms)} for r in references],
        xades132=xades132,
        place=place,
        name=name,
        city=city,
        role=role,
        commitment=commitment,
        counter=counter,
    )


def extend(xml: bytes, level: str, supply: Supply) -> bytes:
    """The document whose signatures DSS made grow to this level. Raises as `sign` does."""
    return _asked(supply, document=xml, level=level, extend=True)


def _asked(supply: Supply, **question: Any) -> bytes:
    answer = java.ask(
        "sign-xml",
        tsa=supply.tsa,
        anchors=[der(root) for root in supply.roots],
        crls=list(supply.crls),
        **question,
    )
    if "error" in answer:
        raise RuntimeError(f"DSS did not sign: {answer['error']}")
    return base64.b64decode(answer["signed"])
