"""PDFium in a process of its own: it reads files leniently, and is asked where text stands in a stranger's document.

Reach for `confined_eyes`, the `OpenEyes` of everything in the SDK that places or previews a stamp. The process lives
as long as one document is looked at.
"""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import astuple
from importlib.util import find_spec
from typing import Any, Final

from kyso_pki.errors import FormatError
from kyso_pki.pdf.appearance.extra import needed
from kyso_pki.pdf.appearance.sight import MAX_LETTERS, MAX_PICTURE, Corners, Eyes, OpenEyes, pdfium

from .confined import Bounds, Session, Work, crashed, session
from .mapped import Start

SECONDS: Final = 30.0  # for a page; a dense one takes 0.3 s
MEGABYTES: Final = 768  # of which the largest picture has 120, and its copies as much again
MEMORY_PER_SIZE: Final = 4  # the file, and what PDFium keeps of it


def eyes_within(seconds: float, megabytes: int) -> OpenEyes:
    """`OpenEyes` bounded so: the time of one page, and the memory besides that for the file.

    They take a file's bytes, or a `Start`, which the process opens itself and reads only where it must.
    """

    @contextmanager
    def opened(data: bytes | Start, password: str | None) -> Iterator[Eyes]:
        with needed("Finding text on a page"):
            if find_spec("pypdfium2") is None:
                raise ModuleNotFoundError(name="pypdfium2")
        octets, size, file = (data, len(data), None) if isinstance(data, bytes) else (b"", data.size, astuple(data))
        bounds = Bounds(seconds, megabytes + MEMORY_PER_SIZE * (size >> 20))
        with session("kyso.eyes", {"password": password, "file": file}, octets, bounds) as work:
            yield _Confined(work)

    return opened


class _Confined:
    """`Eyes` at the other end of a pipe; what comes from there is looked at before it is believed."""

    def __init__(self, work: Session) -> None:
        self._work = work
        told, _ = work.ask({"what": "pages"})
        self.pages = _number(told.get("pages"))

    def characters(self, page: int) -> list[tuple[str, Corners | None]]:
        told, _ = self._work.ask({"what": "characters", "page": page})
        items = told.get("characters")
        if not isinstance(items, list) or len(items) > MAX_LETTERS:
            raise crashed()
        return [_character(item) for item in items]

    def text(self, page: int) -> str:
        _, octets = self._work.ask({"what": "text", "page": page})
        return octets.decode("utf-8", "replace")

    def picture(self, page: int, dpi: float, annotations: bool) -> tuple[int, int, bytes]:
        told, pixels = self._work.ask({"what": "picture", "page": page, "dpi": dpi, "annotations": annotations})
        width, height = _number(told.get("width")), _number(told.get("height"))
        if not 0 < width * height <= 2 * MAX_PICTURE or len(pixels) != 3 * width * height:
            raise crashed()
        return width, height, pixels


def _number(value: object) -> int:
    if type(value) is not int or value < 0:
        raise crashed()
    return value


def _character(item: object) -> tuple[str, Corners | None]:
    match item:
        case [str(text), None]:
            return text, None
        case [str(text), [int() | float() as a, int() | float() as b, int() | float() as c, int() | float() as d]]:
            return text, (float(a), float(b), float(c), float(d))
    raise crashed()


def begin(options: dict[str, Any], data: bytes) -> Work:
    """The other end."""
    if options["file"] is None:
        return _Answers(data, options["password"])
    path, identity, size = options["file"]
    try:
        return _Answers(_First(Start(path, tuple(identity), size)), options["password"])
    except OSError as e:
        raise FormatError(f"{path} cannot be opened again: {e.strerror}.") from None


class _First(io.RawIOBase):
    """The first bytes of a file, as if it ended there."""

    def __init__(self, start: Start) -> None:
        super().__init__()
        self._file = start.open()
        self._size = start.size
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        self._at = offset + {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._size}[whence]
        return self._at

    def tell(self) -> int:
        return self._at

    def readinto(self, buffer: Any) -> int:
        with memoryview(buffer) as view, view.cast("B") as octets:
            self._file.seek(self._at)
            read = self._file.readinto(octets[: max(0, min(len(octets), self._size - self._at))])  # type: ignore[attr-defined]  # IO knows none
        self._at += int(read)
        return int(read)


class _Answers:
    def __init__(self, data: bytes | io.RawIOBase, password: str | None) -> None:
        self._opened = pdfium(data, password)  # held as long as the process lives
        self._eyes = self._opened.__enter__()

    def __call__(self, question: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
        eyes = self._eyes
        match question["what"]:
            case "pages":
                return {"pages": eyes.pages}, b""
            case "characters":
                return {"characters": eyes.characters(question["page"])}, b""
            case "text":
                return {}, eyes.text(question["page"]).encode("utf-8", "replace")
            case "picture":
                width, height, pixels = eyes.picture(question["page"], question["dpi"], question["annotations"])
                return {"width": width, "height": height}, pixels
        raise ValueError(question)


confined_eyes = eyes_within(SECONDS, MEGABYTES)
"""As `kyso_pki.pdf.appearance.sight.pdfium`. Raises also `LimitExceeded` for what takes too long or too much."""
