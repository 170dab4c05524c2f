"""Active content: actions, scripts, media, XFA; and content that is taken from elsewhere or depends on the device."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from ..objects import Dictionary, Value
from .checks import Observation
from .survey import Part, Survey

_BY_ACTION: Final = {
    "JavaScript": "JAVASCRIPT",
    "Launch": "LAUNCH",
    "SubmitForm": "SUBMIT",
    "ImportData": "SUBMIT",
    "ResetForm": "SUBMIT",
    "Hide": "DISPLAY_ACTION",
    "SetOCGState": "DISPLAY_ACTION",
    "URI": "URI",
    "GoToR": "REMOTE_TARGET",
    "GoToE": "REMOTE_TARGET",
    "Thread": "REMOTE_TARGET",
    "Sound": "MULTIMEDIA",
    "Movie": "MULTIMEDIA",
    "Rendition": "MULTIMEDIA",
    "GoTo3DView": "MULTIMEDIA",
    "RichMediaExecute": "MULTIMEDIA",
}
_MEDIA: Final = {"Sound", "Movie", "Screen", "3D", "RichMedia"}
TELLING: Final = frozenset((
    *_BY_ACTION, *_MEDIA, "JS", "AA", "FileAttachment", "Font", "Filespec", "ExtGState", "Form", "Image", "PS",
    "ca", "CA", "TR", "TR2", "HT", "BM", "SMask", "OCMD", "Catalog",
))  # fmt: skip
"""Every name by which a check of this folder knows a dictionary that it meets among `Survey.parts`."""
_EMBEDDED_FONT: Final = ("FontFile", "FontFile2", "FontFile3")
_SIMPLE_FONTS: Final = {"Type1", "MMType1", "TrueType", "CIDFontType0", "CIDFontType2"}
MIN_OPACITY: Final = 0.05  # less is nothing to the eye


def actions(found: Survey) -> Iterator[Observation]:
    """12.6: every action dictionary, wherever it hangs, and what is done without a click."""
    for part in found.parts:
        kind = part.dictionary.get("S")
        code = _BY_ACTION.get(kind) if isinstance(kind, str) else None
        if code is not None and part.dictionary.get("Type", "Action") == "Action" and _is_action(part, str(kind)):
            yield Observation(code, f"an action of the kind {kind!r}", part.number)
        if "JS" in part.dictionary and code != "JAVASCRIPT":
            yield Observation("JAVASCRIPT", "a dictionary carries a script (/JS)", part.number)
        if "AA" in part.dictionary and found.dictionary(part.dictionary["AA"]):
            events = ", ".join(sorted(found.dictionary(part.dictionary["AA"]))[:8])
            yield Observation("ADDITIONAL_ACTION", f"additional actions on the events {events}", part.number)


def _is_action(part: Part, kind: str) -> bool:
    """A dictionary with such an /S; /S /URI alone could be something else without its own key."""
    needed = {"URI": "URI", "JavaScript": "JS", "Sound": "Sound", "Thread": "D"}.get(kind)
    return needed is None or needed in part.dictionary


def catalog(found: Survey) -> Iterator[Observation]:
    """What the catalog starts, and the second description of the form."""
    root = found.reader.catalog()
    number = found.reader.root_ref().number
    opening = found.get(root, "OpenAction")
    if isinstance(opening, dict) and opening.get("S") != "GoTo":
        yield Observation("OPEN_ACTION", f"an action of the kind {opening.get('S')!r} on opening", number)
    names = found.dictionary(root.get("Names"))
    if found.dictionary(names.get("JavaScript")):
        yield Observation("JAVASCRIPT", "scripts of the document (/Names /JavaScript)", number)
    if found.dictionary(names.get("EmbeddedFiles")):
        yield Observation("EMBEDDED_FILE", "attached files (/Names /EmbeddedFiles)", number)
    if found.dictionary(root.get("Collection")):
        yield Observation("PORTFOLIO", "the document is a portfolio (/Collection)", number)
    form = found.dictionary(root.get("AcroForm"))
    if found.get(form, "XFA") is not None:
        yield Observation("XFA", "the form has an XFA description (/XFA)", number)
    if found.get(root, "NeedsRendering") is True:
        yield Observation("XFA", "the pages are to be made from XFA (/NeedsRendering)", number)
    if found.get(form, "NeedAppearances") is True:
        yield Observation("NEED_APPEARANCES", "viewers are to draw the fields anew (/NeedAppearances)", number)


def objects(found: Survey) -> Iterator[Observation]:
    """Media, outside content, fonts and device functions, by the dictionaries that declare them."""
    for part in found.parts:
        dictionary, number = part.dictionary, part.number
        kind, subtype = dictionary.get("Type"), dictionary.get("Subtype")
        if subtype in _MEDIA and (kind == "Annot" or "Rect" in dictionary):
            yield Observation("MULTIMEDIA", f"an annotation of the kind {subtype!r}", number)
        elif subtype == "FileAttachment":
            yield Observation("EMBEDDED_FILE", "a file attached to a page", number)
        if part.stream is not None:
            yield from _stream(found, part)
        if kind == "Font" and subtype in _SIMPLE_FONTS:
            yield from _font(found, dictionary, number)
        if kind == "Filespec" and "EF" in dictionary and "AFRelationship" in dictionary:
            yield Observation("EMBEDDED_FILE", "an associated file (/AF)", number)
        if kind == "ExtGState" or {"ca", "CA", "TR", "TR2", "HT", "BM", "SMask"} & dictionary.keys():
            yield from _graphics_state(found, part)


def _stream(found: Survey, part: Part) -> Iterator[Observation]:
    dictionary, number = part.dictionary, part.number
    subtype = dictionary.get("Subtype")
    if dictionary.get("F") is not None:
        yield Observation("EXTERNAL_STREAM", "a stream keeps its data in another file (/F)", number)
    if subtype == "PS" or (subtype == "Form" and dictionary.get("Subtype2") == "PS"):
        yield Observation("POSTSCRIPT", "a PostScript XObject", number)
    if subtype == "Form" and found.dictionary(dictionary.get("Ref")):
        yield Observation("REFERENCE_XOBJECT", "a form XObject stands for a page of another document (/Ref)", number)
    if subtype == "Image" and ("Alternates" in dictionary or "OPI" in dictionary):
        yield Observation("ALTERNATE_IMAGE", "an image has alternates or an OPI substitute", number)
    elif subtype == "Form" and "OPI" in dictionary:
        yield Observation("ALTERNATE_IMAGE", "a form XObject has an OPI substitute", number)


def _font(found: Survey, font: Dictionary, number: int | None) -> Iterator[Observation]:
    descriptor = found.dictionary(font.get("FontDescriptor"))
    if not any(key in descriptor for key in _EMBEDDED_FONT):
        yield Observation("FONT_NOT_EMBEDDED", f"the font {font.get('BaseFont')!s} is not embedded", number)


def _graphics_state(found: Survey, part: Part) -> Iterator[Observation]:
    """8.4.5: parameters that make content vanish or depend on the device."""
    state, number = part.dictionary, part.number
    if part.stream is not None or "Subtype" in state:  # /SMask of an image, /CA of an annotation: not of this kind
        if part.stream is not None and "SMask" in state:
            yield Observation("TRANSPARENCY", "an image with a soft mask", number)
        return
    opacity = [v for v in (found.get(state, "ca"), found.get(state, "CA")) if isinstance(v, int | float)]
    if any(v < MIN_OPACITY for v in opacity):
        yield Observation("TRANSPARENT_CONTENT", f"a graphics state with the opacity {min(opacity)}", number)
    if any(_changes(found.get(state, key)) for key in ("TR", "TR2")) or isinstance(found.get(state, "HT"), dict):
        yield Observation("DEVICE_FUNCTION", "a transfer function or a halftone", number)
    mode = found.get(state, "BM")
    if (mode is not None and mode not in ("Normal", "Compatible")) or isinstance(found.get(state, "SMask"), dict):
        yield Observation("TRANSPARENCY", "a blend mode or a soft mask", number)


def _changes(function: Value) -> bool:
    return function is not None and function not in ("Default", "Identity")
