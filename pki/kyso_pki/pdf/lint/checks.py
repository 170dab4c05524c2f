"""The table of what the linter looks for. Clauses are those of ISO 32000-2 unless another standard is named."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

Action = Literal["refuse", "warn", "ignore"]


@dataclass(frozen=True)
class Check:
    """One thing that is looked for."""

    code: str
    """Stable; looked up for translations."""
    action: Action
    """What is done about it by default: refused is what can change or hide content without any later edit."""
    clause: str
    means: str


CHECKS: Final = (
    # Active content: what a viewer does by itself or on a click
    Check("JAVASCRIPT", "refuse", "12.6.4.17", "A script can change what is shown, today or on a certain date."),
    Check("OPEN_ACTION", "refuse", "7.7.2, 12.6", "Something other than showing a page happens on opening."),
    Check("ADDITIONAL_ACTION", "refuse", "12.6.3", "Something happens by itself, as when a page is turned."),
    Check("LAUNCH", "refuse", "12.6.4.6", "A click starts a program or opens another file."),
    Check("SUBMIT", "refuse", "12.7.6.2", "Field values are sent, imported or reset."),
    Check("DISPLAY_ACTION", "refuse", "12.6.4.11, 12.6.4.13", "A click hides or shows annotations or layers."),
    Check("URI", "warn", "12.6.4.8", "A click opens an address on the network."),
    Check("REMOTE_TARGET", "warn", "12.6.4.3, 12.6.4.4", "A click opens another document."),
    Check("MULTIMEDIA", "refuse", "13.2 to 13.7", "Sound, film, 3D or rich media play in the page."),
    Check("POSTSCRIPT", "refuse", "8.8.2", "PostScript code goes to the printer and is not shown."),
    Check("XFA", "refuse", "12.7.8", "A second, XML description of the form is shown by some viewers only."),
    # Hidden content
    Check("HIDDEN_LAYER", "refuse", "8.11", "Content stands on a layer that is not shown."),
    Check("PRINT_LAYER", "refuse", "8.11.4.4", "A layer is shown on the screen but not printed, or the reverse."),
    Check("LAYERS", "warn", "8.11", "The document has layers, which a reader can switch off."),
    Check("HIDDEN_ANNOTATION", "warn", "12.5.3", "An annotation or field is there but not shown."),
    Check("SCREEN_ONLY_ANNOTATION", "warn", "12.5.3", "An annotation or field is shown but not printed."),
    Check("INVISIBLE_TEXT", "warn", "9.3.6", "Text is drawn invisibly, as under scanned pages."),
    Check("WHITE_TEXT", "warn", "8.6.8", "Text is drawn in white, which nobody sees on white."),
    Check("TRANSPARENT_CONTENT", "warn", "11.6.4.4", "Content is drawn with an opacity of nearly nothing."),
    # Fields and annotations over other content
    Check("OVERLAPPING_FIELDS", "warn", "12.5.2", "Fields lie on each other; one may cover the other."),
    Check("ANNOTATION_OVER_TEXT", "warn", "12.5.2", "An annotation or field may cover the page's text."),
    Check("CONTENT_OVER_TEXT", "warn", "8.2", "An image or a white area is drawn over text and may cover it."),
    Check("FIELD_APPEARANCE", "warn", "12.7.4.3", "A field shows another text than its value."),
    Check("ANNOTATION_APPEARANCE", "warn", "12.5.5", "Some viewers draw an annotation by themselves, others do not."),
    Check("NEED_APPEARANCES", "warn", "12.7.3", "Each viewer draws the fields anew, in its own way."),
    # Content from elsewhere, and content that depends on the device
    Check("EXTERNAL_STREAM", "refuse", "7.3.8.2", "Content is taken from another file."),
    Check("REFERENCE_XOBJECT", "refuse", "8.10.4", "Content of another document is shown in place of this one's."),
    Check("FONT_NOT_EMBEDDED", "warn", "9.9", "Letters look as each reader's own font draws them."),
    Check("ALTERNATE_IMAGE", "warn", "8.9.5.4, 14.11.7", "Another image than the one shown may be printed."),
    Check("DEVICE_FUNCTION", "warn", "10.4, 10.5", "Halftones or transfer functions change colours on some devices."),
    Check("TRANSPARENCY", "ignore", "11", "Blend modes or soft masks, as seals on a clear ground need."),
    # Other content carried along
    Check("EMBEDDED_FILE", "warn", "7.11.4", "Files are attached; they are signed too, unseen."),
    Check("PORTFOLIO", "warn", "12.3.5", "Viewers show the attached files in place of the pages."),
    # Structure
    Check("UNREACHABLE", "warn", "7.5.4", "Nothing refers to some objects; an update could bring them in."),
    Check("SECOND_CATALOG", "warn", "7.7.2", "There is another catalog, perhaps a second document."),
    Check("EARLIER_REVISIONS", "warn", "7.5.6", "Updates changed the file; earlier states are still in it."),
    Check("LINEARIZATION", "refuse", "Annex F", "Hints for fast viewing lead some readers to other pages."),
    Check("SEEMING_OBJECT", "refuse", "7.3.10", "A reader that searches for what is missing shows something else."),
    Check("CONTENT_STOPS", "refuse", "7.8.2", "Some readers show a page only up to a word that is no operator."),
    Check("CONTENT_UNREADABLE", "refuse", "7.3, 7.8.2", "What is drawn is malformed; readers take it otherwise."),
    Check("CONTENT_MALFORMED", "refuse", "7.8.2", "What is drawn is no sequence of operators; readers differ."),
    Check("FONT_MALFORMED", "refuse", "9.5", "A font does not say which letters are meant; readers show others."),
    Check("PAGE_SHAPE", "refuse", "7.7.3.3", "The boxes of a page are malformed; readers show other parts of it."),
    Check("PAGE_TREE", "refuse", "7.7.3", "The page tree contradicts itself; readers find other pages in it."),
    Check("STYLESHEET", "refuse", "xml-stylesheet 1.0, 3", "XML: another file decides what a browser shows."),
    Check("SPLIT_TEXT", "warn", "XML 1.0 2.5, 2.6", "XML: comments or instructions split text; many read its start."),
    Check("NOT_CHECKED", "refuse", "7.3, 7.5", "A part of the file cannot be read, so it was not looked at."),
)  # fmt: skip
BY_CODE: Final = {check.code: check for check in CHECKS}


@dataclass(frozen=True)
class Observation:
    """One thing found, before a policy says what to do about it."""

    code: str
    text: str
    """English: what exactly and where."""
    object: int | None = None
    """The number of the object in which it stands."""
    page: int | None = None
    """Counted from 1."""
