"""From octets to a tree, safely; and strict reading of small structures inside it.

Reach for `parse(data)`. What it refuses, before a tree is built: any DOCTYPE (so there are no entities, no default
attributes, no DTD identifiers: attack class X10), XML 1.1, encodings other than UTF-8 and UTF-16, and input beyond
the limits below. lxml never gets a network, a huge tree or the right to recover.

`elements`, `text_of`, `octets_of` and `attributes` read a structure whose schema is known: comments, processing
instructions, CDATA sections and stray text inside it are refused (X4), because two readers might see two values.
"""

from __future__ import annotations

import binascii
import re
import threading
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any, Literal

from ..errors import EmptyInput, FormatError, LimitExceeded, UsageError
from ..octets import Octets, release

if TYPE_CHECKING:
    from lxml.etree import XMLParser, XMLPullParser, _Element, _ElementTree, _ListErrorLog

# Limits, all against denial of service; libxml2 adds depth 256 and 10 MB for one text (never `huge_tree`).
MAX_BYTES = 1 << 30  # read in pieces (`stream`), in constant memory; some 40 s of one core
MAX_TREE_BYTES = 64 << 20  # read into one tree, which takes some 13 times as much memory
MAX_PROLOG = 1 << 20  # octets before the document element, which are looked at one by one
MAX_TAGS = 6_000_000  # in one tree, opening and closing; some 60 bytes of memory for each
MAX_ATTRIBUTES = 256  # of one element: C14N sorts them by insertion
MAX_ALL_ATTRIBUTES = 4_000_000  # in one tree; some 250 bytes of memory for each
MAX_PREFIX = 200  # octets of a namespace prefix
MAX_NAMESPACE_WORK = 1_000_000_000  # tags times the square of the number of prefixes: what C14N costs (about 3 s)
_SMALL_WORK, _SMALL_WORK_PER_OCTET = 30_000_000, 1000  # of a small document: 20 kB must not take 3 s
MAX_CDATA_RUN = 64  # CDATA sections side by side: lxml joins their texts one by one, copying what it has
_WORK_PER_OCTET = 50  # of a document so large that this is more; 3 s for 20 MB
_PIECE = 1 << 18  # octets fed at a time
_LEAST_ATTRIBUTE = 5  # octets of ` a=""`

_SPACE = b" \t\r\n"
_DECLARATION = re.compile(
    rb"<\?xml[ \t\r\n]+version[ \t\r\n]*=[ \t\r\n]*(?P<q>[\"'])(?P<version>[A-Za-z0-9._:-]+)(?P=q)"
    rb"(?:[ \t\r\n]+encoding[ \t\r\n]*=[ \t\r\n]*(?P<e>[\"'])(?P<encoding>[A-Za-z][A-Za-z0-9._-]*)(?P=e))?"
    rb"(?:[ \t\r\n]+standalone[ \t\r\n]*=[ \t\r\n]*(?P<s>[\"'])(?:yes|no)(?P=s))?[ \t\r\n]*\?>"
)
_PREFIX = re.compile(rb"xmlns:([^\s=\"'>]+)")
_CARRY = MAX_PREFIX + 10  # octets of one piece that are looked at again with the next


def parse(data: bytes) -> _Element:
    """The document element of `data`. Raises `EmptyInput`, `FormatError`, `LimitExceeded`."""
    return parse_utf8(utf8_octets(data)[:])


def utf8_octets(data: Octets) -> Octets:
    """The document as UTF-8 without a byte order mark, its prolog checked.

    The encoding is taken from the byte order mark, never guessed, and the declaration must agree (XML 1.0 4.3.3
    and appendix F). The declaration itself is left as it is.
    """
    if not data:
        raise EmptyInput("The input is empty (0 bytes).", remedy="Check that the file was stored completely.")
    if len(data) > MAX_BYTES:
        raise LimitExceeded(f"An XML document of {len(data)} bytes; at most {MAX_BYTES} are read.")
    octets: Octets = data
    allowed = {"utf-8", "utf8"}
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        try:
            octets, allowed = data[:].decode("utf-16").encode("utf-8"), {"utf-16"}
        except UnicodeError:
            raise FormatError("The document starts as UTF-16, but is not valid UTF-16.") from None
    elif data[:3] == b"\xef\xbb\xbf":
        octets = data[3:]
    _check_prolog(octets[:MAX_PROLOG], allowed, cut=len(octets) > MAX_PROLOG)
    return octets


def _check_prolog(octets: bytes, encodings: Collection[str], *, cut: bool) -> None:
    """Walks declaration, comments and processing instructions up to the document element (XML 1.0 2.8)."""
    position = 0
    if re.match(rb"<\?xml[ \t\r\n]", octets):
        declared = _DECLARATION.match(octets)
        if declared is None:
            raise FormatError("The XML declaration cannot be read.")
        if declared["version"] != b"1.0":
            raise FormatError(f"XML {declared['version'].decode()} is not accepted; only XML 1.0 is.")
        encoding = (declared["encoding"] or b"").decode().lower()
        if encoding and encoding not in encodings:
            raise FormatError(
                f"The document declares the encoding {encoding}; only UTF-8, or UTF-16 with its mark, is accepted.",
                remedy="Convert the document to UTF-8 before it is signed.",
            )
        position = declared.end()
    while True:
        while octets[position : position + 1] in (b" ", b"\t", b"\r", b"\n"):
            position += 1
        for start, end in ((b"<!--", b"-->"), (b"<?", b"?>")):
            if octets.startswith(start, position):
                position = octets.find(end, position + len(start)) + len(end)
                if position < len(end) and not cut:
                    raise FormatError("Not well-formed XML: a comment or instruction before the root never ends.")
                if position < len(end):
                    raise LimitExceeded(f"More than {MAX_PROLOG} octets stand before the document element.")
                break
        else:
            break
    if cut and position + 9 > len(octets):
        raise LimitExceeded(f"More than {MAX_PROLOG} octets stand before the document element.")
    if octets[position : position + 9].upper() == b"<!DOCTYPE":
        raise FormatError(
            "The document has a document type declaration (DOCTYPE), which is not accepted.",
            remedy="Remove the <!DOCTYPE …> declaration before the document is signed.",
        )
    if octets[position : position + 1] != b"<":
        raise FormatError("Not an XML document: no element follows the prolog.")


def parse_utf8(octets: bytes) -> _Element:
    """The document element of UTF-8 octets from `utf8_octets` or from our own serialisation, as one tree."""
    if len(octets) > MAX_TREE_BYTES:
        raise LimitExceeded(f"An XML document of {len(octets)} bytes as one tree; at most {MAX_TREE_BYTES} are read.")
    Limits(MAX_TAGS).count(octets)
    try:
        parser = _parsers.parser
        root = _fromstring()(octets, parser)
    except Exception as e:  # noqa: BLE001 - what does not come from the parser is raised as it is
        raise _refusal(e) from None
    refuse_errors(parser.error_log)
    refuse_doctype(root)
    if octets.count(b"=") > MAX_ATTRIBUTES and _has_room_for_many_attributes(octets):
        refuse_many_attributes(root)
    return root


@contextmanager
def parsing() -> Iterator[None]:
    """What lxml raises inside becomes `FormatError` or `LimitExceeded`; without lxml it is a `UsageError`."""
    try:
        import lxml.etree  # noqa: F401 - asked for once more inside

        yield
    except Exception as e:  # noqa: BLE001 - what does not come from lxml is raised as it is
        raise _refusal(e) from None


def _refusal(error: Exception) -> Exception:
    """What an error of lxml means; any other one as it is."""
    if isinstance(error, ImportError):
        return UsageError("XML needs lxml, which is not installed.", remedy="pip install 'kyso[xml]'")
    from lxml import etree

    if isinstance(error, etree.XMLSyntaxError):
        if error.code in (etree.ErrorTypes.ERR_RESOURCE_LIMIT, etree.ErrorTypes.ERR_NAME_TOO_LONG):
            return LimitExceeded(f"The XML goes beyond the parser's limits: {error.msg}")
        return FormatError(f"Not well-formed XML: {error.msg}")
    if isinstance(error, (etree.LxmlError, ValueError, LookupError)):
        return FormatError(f"Not readable as XML: {error}")
    return error


# What is needed of lxml for every document is imported once: each import statement takes as long as reading one of
# the small elements that these are used for.


@cache
def _fromstring() -> Callable[[bytes, XMLParser], _Element]:
    from lxml.etree import fromstring

    return fromstring


@cache
def tostring() -> Callable[..., bytes]:
    """`lxml.etree.tostring`."""
    from lxml.etree import tostring

    return tostring


def markup(node: _Element | _ElementTree[_Element]) -> bytes:
    """A node in UTF-8 without what follows it, the namespaces that it inherits among its attributes."""
    return tostring()(node, encoding="utf-8", with_tail=False)


# The encoding is ours, so that a declaration can change nothing.
_OPTIONS: dict[str, Any] = {
    "encoding": "utf-8",
    "resolve_entities": False,
    "no_network": True,
    "load_dtd": False,
    "dtd_validation": False,
    "attribute_defaults": False,
    "huge_tree": False,
    "recover": False,
    "ns_clean": False,
    "remove_blank_text": False,
    "remove_comments": False,
    "remove_pis": False,
    "strip_cdata": False,
    "collect_ids": False,  # identifiers are looked up by our own rules (`ids`)
}


class _Parsers(threading.local):
    """One parser for each thread: making one costs more than reading a small document."""

    @cached_property
    def parser(self) -> XMLParser:
        from lxml import etree

        parser: XMLParser = etree.XMLParser(**_OPTIONS)
        return parser


_parsers = _Parsers()


Event = Literal["start", "end", "comment"]


def pull_parser(events: Sequence[Event], tags: Sequence[str] | None = None) -> XMLPullParser[_Element]:
    """A parser that is fed piece by piece, and tells of the elements with these tags."""
    from lxml import etree

    return etree.XMLPullParser(events, tag=tags, **_OPTIONS)


def target_parser(target: object) -> Any:
    """A parser that builds no tree and tells the target what it meets, texts of any length in pieces."""
    from lxml import etree

    return etree.XMLParser(target=target, **_OPTIONS)  # type: ignore[call-overload]  # the stubs know no options here


def fed(target: object, octets: Octets) -> Iterator[None]:
    """Tells the target a whole document; yields after each piece, for who looks at it meanwhile or has seen enough.

    Raises `FormatError`, `LimitExceeded`.
    """
    limits = Limits()
    with parsing():
        parser = target_parser(target)
        for at in range(0, len(octets), _PIECE):
            piece = octets[at : at + _PIECE]
            limits.count(piece)
            parser.feed(piece)
            release(octets, at, at + len(piece))
            yield
        parser.close()


def refuse_errors(log: _ListErrorLog) -> None:
    """lxml forgets what was wrong with a prefix when a warning comes after it (a relative namespace is one)."""
    errors = log.filter_from_errors()
    if len(errors):
        raise FormatError(f"Not well-formed XML: {errors[0].message}")


def refuse_doctype(root: _Element) -> None:
    if root.getroottree().docinfo.internalDTD is not None:
        raise FormatError("The document has a document type declaration (DOCTYPE), which is not accepted.")


def refuse_many_attributes(root: _Element) -> None:
    """Raises `LimitExceeded` for an element with more attributes than may be sorted."""
    if root.xpath(f"boolean(//@*[{MAX_ATTRIBUTES + 1}])"):
        raise LimitExceeded(f"An element has more than {MAX_ATTRIBUTES} attributes.")


def _has_room_for_many_attributes(octets: bytes) -> bool:
    """Whether an element in these octets can have more attributes than may be sorted.

    There is no `<` in a start tag behind its own (XML 1.0, 3.1 and 3.3.1): only where none stands for long can it be.
    Looking for the last `<` of each window passes over the others, so that all takes a hundredth of parsing.
    """
    start, window = 0, _LEAST_ATTRIBUTE * MAX_ATTRIBUTES
    while len(octets) - start > window:
        last = octets.rfind(b"<", start, start + window)
        if last < 0:
            last = octets.find(b"<", start + window)
            stop = len(octets) if last < 0 else last
            if octets.count(b"=", start, stop) > MAX_ATTRIBUTES:
                return True
            last = stop
        start = last + 1
    return False


def _attributes(octets: bytes) -> int:
    """How many attributes these octets can have: at most that many."""
    if (signs := octets.count(b"=")) <= MAX_ALL_ATTRIBUTES:
        return signs
    return sum(octets.count(b"=" + bytes([after])) for after in b"\"' \t\r\n")


class Limits:
    """What can be counted in the octets before they are parsed, piece after piece."""

    def __init__(self, tags: int | None = None) -> None:
        """`tags`: how many there may be; None for any number."""
        self._most = tags
        self._tags = 0
        self._octets = 0
        self._prefixes: set[bytes] = set()
        self._carry = b""
        self._sections = 0  # side by side so far
        self._in_section = False

    def count(self, piece: bytes) -> None:
        """Raises `LimitExceeded` when this is too much, with all the pieces before it."""
        self._octets += len(piece)
        if self._most is not None and self._octets > MAX_ALL_ATTRIBUTES and _attributes(piece) > MAX_ALL_ATTRIBUTES:
            raise LimitExceeded(f"The XML has more than {MAX_ALL_ATTRIBUTES} attributes.")
        if self._in_section or b"<![CDATA[" in piece:
            self._count_sections(piece)
        found = set(_PREFIX.findall(piece))
        if self._carry:
            found.update(_PREFIX.findall(self._carry + piece[:_CARRY]))
        if any(len(prefix) > MAX_PREFIX for prefix in found):
            raise LimitExceeded(f"A namespace prefix has more than {MAX_PREFIX} octets.")
        self._prefixes |= found
        self._carry = (self._carry + piece[-_CARRY:])[-_CARRY:]
        prefixes = len(self._prefixes)
        if (
            self._octets * max(prefixes**2, 1) < MAX_TAGS
        ):  # there cannot be too many tags, not even if nothing else is
            self._tags = self._octets
            return
        self._tags += piece.count(b"<")
        if self._most is not None and self._tags > self._most:
            raise LimitExceeded(f"The XML has {self._tags} tags; at most {self._most} are read.")
        small = min(MAX_NAMESPACE_WORK, _SMALL_WORK + _SMALL_WORK_PER_OCTET * self._octets)
        if self._tags * prefixes**2 > max(small, _WORK_PER_OCTET * self._octets):
            text = f"The XML declares {prefixes} namespace prefixes over {self._tags} tags, which is too many."
            raise LimitExceeded(text)

    def _count_sections(self, piece: bytes) -> None:
        """A section that is cut by the end of a piece may be counted twice or not at all, which does no harm."""
        for number, part in enumerate(piece.split(b"<![CDATA[")):
            self._in_section = self._in_section or number > 0
            self._sections += number > 0
            if self._sections > MAX_CDATA_RUN:
                raise LimitExceeded(f"More than {MAX_CDATA_RUN} CDATA sections stand side by side.")
            if self._in_section:
                _, end, part = part.partition(b"]]>")
                self._in_section = not end
            if b"<" in part:
                self._sections = 0


# Strict reading -----------------------------------------------------------------------------------------


def name_of(element: _Element) -> str:
    """`prefix:local` as a person would write it, for messages."""
    local = local_name(element)
    return f"{element.prefix}:{local}" if element.prefix else local


def local_name(element: _Element) -> str:
    """The name without its namespace; empty for comments and processing instructions."""
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def namespace_of(element: _Element) -> str:
    """The namespace of an element's name; empty when it has none."""
    return str(element.tag)[1:].partition("}")[0] if str(element.tag).startswith("{") else ""


def elements(element: _Element) -> list[_Element]:
    """The child elements; anything else than elements and white space is refused."""
    children = list(element)
    beside = bool((text := element.text) and text.strip(" \t\r\n"))
    for child in children:
        if not isinstance(child.tag, str):
            raise FormatError(f"A comment or processing instruction inside {name_of(element)} is not accepted.")
        beside = beside or bool((text := child.tail) and text.strip(" \t\r\n"))
    if beside:
        raise FormatError(f"Text beside the elements of {name_of(element)} is not accepted.")
    return children


def text_of(element: _Element) -> str:
    """The text of an element that must hold text alone: no elements, comments, instructions or CDATA (X4)."""
    if len(element):
        raise FormatError(f"{name_of(element)} must hold text only, without elements or comments.")
    refuse_hidden(element)
    return element.text or ""


def refuse_hidden(element: _Element) -> None:
    """Refuses comments, instructions and CDATA sections anywhere inside: some readers skip them, some stop there."""
    _refuse_hidden(element, markup(element))


def _refuse_hidden(element: _Element, octets: bytes) -> None:
    """`octets`: the element's markup, where a bare < is never part of a text."""
    if b"<!" not in octets and b"<?" not in octets:
        return
    what = "CDATA section" if b"<![CDATA[" in octets else "comment or processing instruction"
    raise FormatError(f"A {what} inside {name_of(element)} is not accepted.")


def refuse_larger(element: _Element, limit: int) -> None:
    """Refuses an element of more than `limit` octets, the namespaces that it inherits among them."""
    _refuse_larger(element, markup(element), limit)


def _refuse_larger(element: _Element, octets: bytes, limit: int) -> None:
    if len(octets) > limit:
        raise LimitExceeded(f"{name_of(element)} holds more than {limit} octets.")


def refuse_larger_or_hidden(element: _Element, limit: int) -> None:
    """Both at once."""
    octets = markup(element)
    _refuse_larger(element, octets, limit)
    _refuse_hidden(element, octets)


def octets_of(element: _Element) -> bytes:
    """The octets of an xs:base64Binary element, with white space allowed and one encoding only (RFC 4648 3.5)."""
    return base64_octets(text_of(element).encode(), element)


def base64_octets(text: bytes, of: _Element | str) -> bytes:
    """The octets of base64 with white space; `of` is named in the message. Raises `FormatError`."""
    text = text.translate(None, _SPACE)
    try:
        octets = binascii.a2b_base64(text, strict_mode=True)
    except ValueError:
        raise FormatError(f"{of if isinstance(of, str) else name_of(of)} does not hold base64.") from None
    if binascii.b2a_base64(octets, newline=False) != text:
        name = of if isinstance(of, str) else name_of(of)
        raise FormatError(f"{name} holds base64 that could be written in another way.")
    return octets


def attributes(element: _Element, allowed: Collection[str]) -> dict[str, str]:
    """The attributes of an element; one that its schema does not know is refused."""
    found: dict[str, str] = dict(element.items())
    for name in found:
        if name not in allowed:
            raise FormatError(f"Attribute {name} on {name_of(element)} is not accepted.")
    return found


def required(element: _Element, name: str, allowed: Collection[str] = ()) -> str:
    """The value of an attribute that must be there, beside the other allowed ones."""
    found = attributes(element, {name, *allowed})
    if name not in found:
        raise FormatError(f"{name_of(element)} has no attribute {name}.")
    return found[name]
