"""What stands beside a signature: the content of a detached CMS, and what an XML signature refers to by URI."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path

from .errors import Stop
from .files import check_input, read

_XML_SUFFIXES = (".xml", ".xsig", ".xades", ".edxml")


class Beside:
    """What `--content` names: files, or URI=FILE; a file without a URI stands for its own name, as typed.

    A URI is compared letter by letter with what the signature says. Raises `Stop` for a file that is not there and
    for two for one URI, which would leave open which of them counts.
    """

    def __init__(self, named: Sequence[str]) -> None:
        self._files: dict[str, str] = {}
        for text in named:
            uri, file = _split(text)
            check_input(file, streamed=len(named) == 1)
            if uri in self._files:
                raise Stop("content_twice", uri=uri)
            self._files[uri] = file

    @property
    def content(self) -> Path | None:
        """For CMS: the file, when only one was named."""
        return Path(next(iter(self._files.values()))) if len(self._files) == 1 else None

    def detached(self, file: str) -> Mapping[str, bytes]:
        """What belongs to this file when it is XML by its name or when URIs were given; read once for all files."""
        uris = any(uri != path for uri, path in self._files.items())
        return self._read if uris or file.lower().endswith(_XML_SUFFIXES) else {}

    @cached_property
    def _read(self) -> Mapping[str, bytes]:
        return {uri: read(file) for uri, file in self._files.items()}


def _split(text: str) -> tuple[str, str]:
    """The URI and the file. An existing file comes first, because its name may hold `=`; so may a URI."""
    uri, equals, file = text.rpartition("=")
    return (text, text) if Path(text).exists() or not equals or not uri else (uri, file)
