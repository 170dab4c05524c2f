"""The rewriting itself, with qpdf (through pikepdf): what `kyso repair` has done in a process of its own.

qpdf searches for what the file does not say. `begin` is called by `kyso.confined`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from .errors import FAILED, Stop

if TYPE_CHECKING:
    import pikepdf

_stream_name = re.compile(r"^(?:stream )?<_io\.BytesIO object at 0x[0-9a-f]+>:? *")
_HEADER_WINDOW: Final = 1024  # readers look for %PDF- no further (ISO 32000-2 7.5.2)


@dataclass(frozen=True)
class Repaired:
    """What was wrong with a file and what became of it."""

    data: bytes
    pages: int
    objects: int
    faults: tuple[str, ...]
    """English, as the strict reader and qpdf say it; empty: nothing was found."""
    dropped: tuple[str, ...]
    """The names of the signature fields that were emptied."""
    needless: bool = False
    """A password was given, and the file opens without one."""


def begin(options: dict[str, Any], data: bytes) -> Callable[[dict[str, Any]], tuple[dict[str, Any], bytes]]:
    """`repaired` as JSON and octets, when it is asked for."""

    def work(_: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
        try:
            done = repaired(data, options["password"], drop_signatures=options["drop_signatures"])
        except Stop as e:
            return {"stop": e.key, "why": str(e.details.get("why", ""))}, b""
        told: dict[str, Any] = {
            "pages": done.pages,
            "objects": done.objects,
            "faults": done.faults,
            "dropped": done.dropped,
        }
        told["needless"] = done.needless
        return told, done.data

    return work


def read_answer(told: dict[str, Any], octets: bytes) -> Repaired:
    """What `begin` gave. Raises its `Stop`."""
    if "stop" in told:
        raise Stop(str(told["stop"]), exit_code=FAILED, why=str(told["why"]))
    return Repaired(
        octets,
        int(told["pages"]),
        int(told["objects"]),
        tuple(map(str, told["faults"])),
        tuple(map(str, told["dropped"])),
        bool(told["needless"]),
    )


def repaired(data: bytes, password: str = "", *, drop_signatures: bool = False) -> Repaired:
    """The rewritten file. Raises `Stop` for a signed file, for one beyond repair and for what is no PDF."""
    import io

    import pikepdf

    at = data.find(b"%PDF-", 0, _HEADER_WINDOW)
    if at < 0:
        raise Stop("repair_no_pdf", exit_code=FAILED)
    needless = bool(password) and _opens(data)
    if needless:  # qpdf would refuse a wrong one even where none is asked for
        password = ""
    faults = list(_faults(data, password))
    if at:
        faults.append(f"{at} bytes stand before %PDF-.")
    try:
        with pikepdf.open(io.BytesIO(_ended(data)), password=password) as pdf:
            dropped = tuple(_drop(pdf)) if drop_signatures else ()
            if not drop_signatures and (b"/ByteRange" in data or any(_signatures(pdf))):
                raise Stop("repair_signed", exit_code=FAILED)
            if "/Size" not in pdf.trailer:  # a trailer that was lost; qpdf sets the entry only where there is one
                pdf.trailer["/Size"] = len(pdf.objects) + 1
            out = io.BytesIO()
            pdf.save(out, encryption=True if pdf.is_encrypted else None, min_version=pdf.pdf_version)
            faults += [_told(w) for w in pdf.get_warnings()]
            pages, objects = len(pdf.pages), len(pdf.objects)
    except pikepdf.PasswordError:
        raise Stop("repair_password", exit_code=FAILED) from None
    except (pikepdf.PdfError, RuntimeError, ValueError, OverflowError) as e:
        raise Stop("repair_failed", exit_code=FAILED, why=_told(e)) from None
    if left := list(_faults(out.getvalue(), password)):
        raise Stop("repair_failed", exit_code=FAILED, why=left[0])
    return Repaired(out.getvalue(), pages, objects, tuple(dict.fromkeys(faults)), dropped, needless)


def _ended(data: bytes) -> bytes:
    """The file with a mark of its end: where it is cut off, qpdf loses an object that nothing stands behind."""
    return data if b"%%EOF" in data[-_HEADER_WINDOW:] else data + b"\n%%EOF\n"


def _opens(data: bytes) -> bool:
    """Whether the file opens without a password; one that cannot be opened at all is told of later."""
    import io

    import pikepdf

    try:
        with pikepdf.open(io.BytesIO(data)):
            return True
    except (pikepdf.PasswordError, pikepdf.PdfError, RuntimeError, ValueError, OverflowError):
        return False


def _faults(data: bytes, password: str) -> Iterator[str]:
    """What strict reading has against the file: the first thing, or every object that it cannot read."""
    from kyso_pki.errors import KysoError
    from kyso_pki.pdf.lint.survey import survey
    from kyso_pki.pdf.reader import Reader

    try:
        reader = Reader(data, lambda: password)
        if reader.trailing:
            yield f"{reader.trailing} bytes follow the end of the file."
        yield from (seen.text for seen in survey(reader).unread)
    except KysoError as e:
        yield e.message


def _told(warning: object) -> str:
    """qpdf's words without the name that it gives to a file in memory."""
    return _stream_name.sub("", str(warning)).strip()


def _signatures(pdf: pikepdf.Pdf) -> Iterator[Any]:
    """Every dictionary that is a signature, whether or not a field has it as its value."""
    import pikepdf

    for item in pdf.objects:
        if isinstance(item, pikepdf.Dictionary) and "/ByteRange" in item:
            yield item


def _drop(pdf: pikepdf.Pdf) -> Iterator[str]:
    """Empties every signature field, with its picture, and what only signatures need: permissions, evidence."""
    import pikepdf

    for item in pdf.objects:
        if not isinstance(item, pikepdf.Dictionary) or not isinstance(value := item.get("/V"), pikepdf.Dictionary):
            continue
        if "/ByteRange" in value or item.get("/FT") == pikepdf.Name.Sig:
            for widget in (item, *_kids(item)):
                if "/AP" in widget:
                    del widget["/AP"]
            del item["/V"]
            yield str(item.get("/T", ""))
    for key in ("/Perms", "/DSS"):
        if key in pdf.Root:
            del pdf.Root[key]
    form = pdf.Root.get("/AcroForm")
    if isinstance(form, pikepdf.Dictionary) and "/SigFlags" in form:
        del form["/SigFlags"]


def _kids(item: Any) -> list[Any]:
    import pikepdf

    kids = item.get("/Kids")
    return [kid for kid in kids if isinstance(kid, pikepdf.Dictionary)] if isinstance(kids, pikepdf.Array) else []
