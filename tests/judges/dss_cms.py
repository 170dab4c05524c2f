"""EU DSS signs CAdES: every level, detached and enveloping, beside other signers; it makes signatures grow."""

from __future__ import annotations

import base64
from datetime import datetime
from typing import Any, Literal

from . import java
from .dss_xml import NOTHING, Supply
from .holder import Holder, der

Packaging = Literal["ENVELOPING", "DETACHED"]


def sign(
    document: bytes,
    holder: Holder,
    *,
    at: datetime,
    level: str = "B-B",
    packaging: Packaging = "DETACHED",
    supply: Supply = NOTHING,
    pss: bool = False,
    content: bytes | None = None,
    counter: str | None = None,
) -> bytes:
    """The CMS file that DSS makes; of a signature file (with its `content`, when detached) one with a signer more.

    `counter`: DSS's id of a signature to be counter-signed. Raises `java.JudgeMissing`, `RuntimeError` with DSS's own
    words.
    """
    return _asked(
        supply,
        document=document,
        pkcs12=holder.pkcs12(b"memory"),
        password="memory",
        level=level,
        at=java.iso(at),
        packaging=packaging,
        pss=pss,
        content=content,
        counter=counter,
    )


def extend(data: bytes, level: str, supply: Supply, content: bytes | None = None) -> bytes:
    """The file whose signatures DSS made grow to this level. Raises as `sign` does."""
    return _asked(supply, document=data, level=level, extend=True, content=content)


def _asked(supply: Supply, **question: Any) -> bytes:
    answer = java.ask(
        "sign-cms",
        tsa=supply.tsa,
        anchors=[der(root) for root in supply.roots],
        crls=list(supply.crls),
        **question,
    )
    if "error" in answer:
        raise RuntimeError(f"DSS did not sign: {answer['error']}")
    return base64.b64decode(answer["signed"])
