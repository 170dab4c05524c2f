"""pdfsig (poppler, NSS): is every signature intact, and does the last one cover the whole file?

`-nocert`: paths are not judged here, because pdfsig takes its anchors only from an NSS database. HOME is an empty
folder, so that no browser profile of the machine has a say.
"""

from __future__ import annotations

import os
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path

from .program import Verdict, run


@dataclass(frozen=True)
class PdfSignature:
    field: str
    signer: str
    """The certificate's common name."""
    kind: str
    """The SubFilter, as `ETSI.CAdES.detached`."""
    intact: bool
    total: bool
    """pdfsig says "Total document signed"."""
    words: str


@dataclass(frozen=True)
class PdfVerdict(Verdict):
    """`valid`: there is a signature, all are intact and the last one covers the whole file."""

    signatures: tuple[PdfSignature, ...] = ()


def verify(pdf: bytes, *, password: str | None = None) -> PdfVerdict:
    """What pdfsig says about `pdf`; `password` is the owner's or a user's, in ASCII."""
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch, "document.pdf")
        path.write_bytes(pdf)
        unlocking = [] if password is None else ["-opw", password, "-upw", password]
        environment = {**os.environ, "HOME": scratch, "LC_ALL": "C.UTF-8"}
        done = run(["pdfsig", "-nocert", *unlocking, str(path)], package="poppler-utils", environment=environment)
    blocks = re.split(r"^Signature #\d+:$", done.text, flags=re.MULTILINE)[1:]
    signatures = tuple(_signature(block) for block in blocks)
    valid = done.code == 0 and bool(signatures) and all(s.intact for s in signatures) and signatures[-1].total
    return PdfVerdict(valid, done.text, signatures)


def _signature(block: str) -> PdfSignature:
    facts = dict(re.findall(r"^  - ([^:\n]+): (.*)$", block, flags=re.MULTILINE))
    words = facts.get("Signature Validation", "")
    return PdfSignature(
        field=facts.get("Signature Field Name", ""),
        signer=facts.get("Signer Certificate Common Name", ""),
        kind=facts.get("Signature Type", ""),
        intact=words == "Signature is Valid.",
        total=re.search(r"^  - Total document signed$", block, flags=re.MULTILINE) is not None,
        words=words,
    )
