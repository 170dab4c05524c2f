"""What a signature file (`.p7s`, `.p7m`, `.xsig`) is over, and how files are opened to be signed or extended as CMS.

Reach for `content_beside` (CMS) and `detached_beside` (XML) to find the content by its name, and for
`opened_to_sign`.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from pathlib import Path
from urllib.parse import quote

from kyso_pki.cades.content import CmsContent
from kyso_pki.document import CmsForm, Document
from kyso_pki.formats import is_signature_file, open_document
from kyso_pki.octets import Octets

from .mapped import Mapped

SUFFIXES = (".p7s", ".sig")
"""Of files that hold a detached signature and nothing else."""
XML_SUFFIX = ".xsig"
"""Of files that hold an XML signature over another file, and nothing else."""
_MADE = (".signed", ".b-t", ".b-lt", ".b-lta")
"""What `kyso sign` and `kyso extend` put before the suffix."""


def content_beside(file: str | os.PathLike[str]) -> Path | None:
    """The content of `van-ban.docx.p7s`, which is named so: `van-ban.docx` in the same folder; None when not there.

    It is that of `van-ban.docx.signed.p7s` and `van-ban.docx.b-lta.p7s` too.
    """
    return _named_so(Path(file), SUFFIXES)


def uri_of(file: Path) -> str:
    """How a detached XML signature names a file beside it: by its name, percent-encoded (RFC 3986)."""
    return quote(file.name)


def detached_beside(file: str | os.PathLike[str]) -> Mapping[str, bytes]:
    """The content of `van-ban.docx.xsig`, by the URI that names it; empty when not there. Raises `OSError`."""
    content = _named_so(Path(file), (XML_SUFFIX,))
    return {} if content is None else {uri_of(content): content.read_bytes()}


def _named_so(file: Path, suffixes: tuple[str, ...]) -> Path | None:
    if file.suffix.lower() not in suffixes:
        return None
    content = file.with_suffix("")
    while not content.is_file() and content.suffix.lower() in _MADE:
        content = content.with_suffix("")
    return content if content.is_file() else None


@contextmanager
def opened_to_sign(
    source: Path, octets: Octets, cms: CmsForm | None, content: Path | None = None
) -> Iterator[Document]:
    """The document in these octets of `source`, for as long as the block lasts; its content is mapped, not read.

    A signature file is opened with its content (`content`, or what is named so) and gets one more signer; any other
    file is mere octets when `cms` says so. Raises what `open_document` raises.
    """
    if is_signature_file(octets):
        beside = content or content_beside(source)
        with nullcontext() if beside is None else Mapped(beside) as mapped:
            yield open_document(octets, content=None if mapped is None else mapped.map)
    elif cms is not None:
        yield CmsContent(octets, detached=cms == "detached")
    else:
        yield open_document(octets)
