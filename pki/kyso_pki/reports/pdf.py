"""The report on paper: a PDF/A-2u of A4 pages in Liberation Serif, the same octets for the same report.

Reach for `pdf_report`. The first page says everything that decides: each file with its verdict, and each signature.
Where the signatures do not fit on it in full, it lists them, says how many it leaves out, and all follow in full.

The font, and what makes it extract as text, are those of the stamps (`pdf.appearance.fonts`, which needs
kyso[appearance]); colours are CalRGB, so no output intent is needed (ISO 19005-2 6.2.4).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from html import escape
from typing import Final

from ..ades.report import DocumentReport, Verdict
from ..errors import UsageError
from ..pdf.appearance.fonts import Font, liberation_serif
from ..pdf.appearance.images import COLOURS
from ..pdf.appearance.objects import Link, Objects, Pieces
from ..pdf.objects import Ref, encode_text, serialize
from .setting import HEIGHT, MARGIN, WIDTH, Advance, Block, Drawn, Flow, Line, paragraph, row, settable
from .sheet import Part, Sheet, sheet_of
from .words import Wording

_BODY: Final = WIDTH - 2 * MARGIN
_COLUMNS: Final = (128.0, _BODY - 128.0)
_INDENT: Final = 12.0  # for each level of documents in a packet
_COLOURS: Final[dict[Verdict, str]] = {"passed": "#0a5d1f", "failed": "#a80000", "indeterminate": "#7a4b00"}
_OVERVIEW_FOOT: Final = 24.0  # kept on the first page for the word that more follows
_BINARY: Final = b"%\xe2\xe3\xcf\xd3\n"  # tells programs that this is no text (ISO 32000-2 7.5.2)


def pdf_report(reports: Sequence[DocumentReport], words: Wording, made_by: str = "") -> bytes:
    """One PDF on these files. `made_by`: which program says so. Raises `UsageError` without kyso[appearance]."""
    font = liberation_serif()
    sheets = [sheet_of(report, words) for report in reports]
    flow = _Pages(_advance(font), words).all(sheets)
    return _file(flow.pages, words, made_by, font)


def _advance(font: Font) -> Advance:
    """How far each character goes; measured once."""
    known: dict[str, float] = {}

    def advance(character: str) -> float:
        if character not in known:
            try:
                known[character] = font.face.advance(character)
            except UsageError:
                known[character] = 0.0
        return known[character]

    font.face  # noqa: B018 - a missing library is told here, and not as a font without letters
    return advance


class _Pages:
    """What the pages say."""

    def __init__(self, advance: Advance, words: Wording) -> None:
        self._advance, self._words = advance, words

    def all(self, sheets: Sequence[Sheet]) -> Flow:
        """In full where that is one page; else an overview on the first page and everything from the second on."""
        flow = self._begun()
        for sheet in sheets:
            self._sheet(flow, sheet, 0)
        if len(flow.pages) == 1:
            return flow
        flow = self._begun()
        self._overview(flow, sheets)
        for sheet in sheets:
            flow.turn()
            self._sheet(flow, sheet, 0)
        return flow

    def _begun(self) -> Flow:
        flow = Flow()
        flow.put(self._paragraph(self._words("verify.sheet.title"), Line("", 16, bold=True)))
        return flow

    def _paragraph(self, text: str, look: Line, indent: float = 0.0, *, rule: bool = False) -> Block:
        return paragraph(text, _BODY - indent, self._advance, look, rule)

    def _head(self, flow: Flow, sheet: Sheet, indent: float) -> None:
        flow.space(8)
        flow.put(
            self._paragraph(sheet.file or self._words("verify.sheet.unnamed"), Line("", 12, bold=True), indent),
            indent,
        )
        flow.space(3)
        flow.put(self._verdict(sheet.verdict, sheet.said, 13), indent)
        flow.space(4)

    def _verdict(self, verdict: Verdict, said: str, size: float) -> Block:
        """The words in a frame."""
        look = Line(said, size, _COLOURS[verdict], bold=True, x=6, baseline=size * 1.2)
        width = sum(map(self._advance, said)) * size / 1000 + 13
        return Block((look,), size * 1.65, frame=(width, look.colour))

    def _sheet(self, flow: Flow, sheet: Sheet, indent: float) -> None:
        self._head(flow, sheet, indent)
        for note in sheet.notes:
            flow.put(self._paragraph(note.text, Line("", 10, bold=True), indent), indent)
            if note.remedy is not None:
                said = self._words("verify.sheet.remedy", text=note.remedy)
                flow.put(self._paragraph(said, Line("", 10), indent), indent)
        if sheet.remark is not None:
            flow.put(self._paragraph(sheet.remark, Line("", 10), indent), indent)
        for about in sheet.about:
            flow.put(self._row(about.label, about.text, indent), indent)
        for part in sheet.parts:
            self._part(flow, part, indent)
        for one in sheet.attachments:
            self._sheet(flow, one, indent + _INDENT)

    def _part(self, flow: Flow, part: Part, indent: float) -> None:
        flow.space(8)
        if flow.left < 90:  # a heading does not stand alone at the foot of a page
            flow.turn()
        flow.put(self._paragraph(part.head, Line("", 11, bold=True), indent), indent)
        flow.space(2)
        flow.put(self._verdict(part.verdict, part.said, 10), indent)
        flow.space(3)
        for one in part.rows:
            flow.put(self._row(one.label, one.text, indent, bold=one.key == "integrity"), indent)

    def _row(self, label: str, text: str, indent: float, *, bold: bool = False) -> Block:
        return row(label, text, (_COLUMNS[0], _COLUMNS[1] - indent), self._advance, Line("", bold=bold))

    def _overview(self, flow: Flow, sheets: Sequence[Sheet]) -> None:
        """As much as the first page holds: each file, each signature in it, and what is left out."""
        told, entries = 0, list(_entries(sheets, 0))
        for sheet, part, depth in entries:
            indent = depth * _INDENT
            blocks = self._listed(sheet, part, indent)
            if flow.left - _OVERVIEW_FOOT < sum(block.height + 4 for block in blocks):
                break
            for block in blocks:
                flow.put(block, indent)
                flow.space(4)
            told += 1
        more = len(entries) - told
        said = self._words("verify.sheet.more", count=more) if more else self._words("verify.sheet.details")
        flow.put(self._paragraph(said, Line("", 10)))

    def _listed(self, sheet: Sheet, part: Part | None, indent: float) -> list[Block]:
        """A document, or one of its signatures, in the overview."""
        if part is None:
            name = sheet.file or self._words("verify.sheet.unnamed")
            notes = [self._paragraph(note.text, Line("", 9.5), indent) for note in sheet.notes]
            head = self._paragraph(name, Line("", 12, bold=True), indent)
            return [head, self._verdict(sheet.verdict, sheet.said, 12), *notes]
        look = Line("", 10, _COLOURS[part.verdict], bold=True)
        when = part.text("proven") or part.text("claimed")
        told = "; ".join(text for text in (part.text("signer"), part.text("integrity"), when) if text)
        return [
            self._paragraph(f"{part.head}: {part.said}", look, indent),
            self._paragraph(told, Line("", 9.5), indent, rule=True),
        ]


def _entries(sheets: Sequence[Sheet], depth: int) -> Iterator[tuple[Sheet, Part | None, int]]:
    for sheet in sheets:
        yield sheet, None, depth
        yield from ((sheet, part, depth) for part in sheet.parts)
        yield from _entries(sheet.attachments, depth + 1)


# The file -----------------------------------------------------------------------------------------------------


def _file(pages: Sequence[Drawn], words: Wording, made_by: str, font: Font) -> bytes:
    advance = _advance(font)
    for number, page in enumerate(pages, start=1):
        said = words("verify.sheet.page", number=number, total=len(pages))
        width = sum(map(advance, said)) * 8 / 1000
        foot = HEIGHT - MARGIN
        page.lines.append(Line(said, 8, "#444444", x=WIDTH - MARGIN - width, baseline=foot))
        if made_by:
            page.lines.append(Line(settable(made_by, advance), 8, "#444444", x=MARGIN, baseline=foot))
    objects = Objects()
    text = "".join(line.text for page in pages for line in page.lines)
    letters, glyphs = font.embed(objects, text)
    resources = {"Font": {"F": letters}, "ColorSpace": {"C": COLOURS}, "ProcSet": []}
    tree = Link(len(objects.made) + 2 * len(pages))
    kids = []
    for page in pages:
        content = objects.add_stream({}, _content(page, glyphs).encode("ascii"))
        box = [0, 0, WIDTH, HEIGHT]
        entries = {"Type": "Page", "Parent": tree, "MediaBox": box, "Resources": resources, "Contents": content}
        kids.append(objects.add(entries))
    objects.add({"Type": "Pages", "Kids": kids, "Count": len(kids)})
    title = words("verify.sheet.title")
    xmp = objects.add_stream({"Type": "Metadata", "Subtype": "XML"}, _metadata(title), compress=False)
    catalog = objects.add(
        {
            "Type": "Catalog",
            "Pages": tree,
            "Metadata": xmp,
            "Lang": encode_text(words.language),
            "ViewerPreferences": {"DisplayDocTitle": True},
        }
    )
    return _written(objects.made, catalog)


def _content(page: Drawn, glyphs: dict[str, int]) -> str:
    out = []
    for left, top, width, height, colour in page.rules:
        out.append(f"{_colour(colour, 'cs')} sc {_n(left)} {_n(HEIGHT - top - height)} {_n(width)} {_n(height)} re f")
    for left, top, width, height, colour in page.frames:
        box = f"{_n(left)} {_n(HEIGHT - top - height)} {_n(width)} {_n(height)} re S"
        out.append(f"1.2 w {_colour(colour, 'CS')} SC {box}")
    out.append("BT")
    for line in page.lines:
        codes = "".join(f"{glyphs[c]:04X}" for c in line.text)
        fill = f"{_colour(line.colour, 'cs')} sc"
        # There is one face: bold letters are drawn with an outline of their own colour (9.3.6, mode 2).
        bold = f"2 Tr {_n(line.size * 0.028)} w {_colour(line.colour, 'CS')} SC" if line.bold else "0 Tr"
        place = f"1 0 0 1 {_n(line.x)} {_n(HEIGHT - line.baseline)} Tm"
        out.append(f"/F {_n(line.size)} Tf {fill} {bold} {place} <{codes}> Tj")
    return "\n".join([*out, "ET"])


def _colour(colour: str, operator: str) -> str:
    parts = bytes.fromhex(colour.removeprefix("#"))
    return f"/C {operator} " + " ".join(_n(p / 255) for p in parts)


def _n(value: float) -> str:
    return f"{value:.4f}".rstrip("0").rstrip(".") or "0"


def _metadata(title: str) -> bytes:
    """XMP (ISO 16684-1) that says PDF/A-2u (ISO 19005-2 6.6.4) and the title; no time, for equal octets."""
    return (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>\n'
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        '<rdf:Description rdf:about="" xmlns:pdfaid="http://www.aiim.org/pdfa/ns/id/" '
        'xmlns:dc="http://purl.org/dc/elements/1.1/"><pdfaid:part>2</pdfaid:part>'
        "<pdfaid:conformance>U</pdfaid:conformance><dc:title><rdf:Alt>"
        f'<rdf:li xml:lang="x-default">{escape(title)}</rdf:li></rdf:Alt></dc:title></rdf:Description></rdf:RDF>'
        '</x:xmpmeta>\n<?xpacket end="r"?>'
    ).encode()


def _written(made: Sequence[Pieces], catalog: Link) -> bytes:
    """The objects as a file, with a cross-reference table (ISO 32000-2 7.5.4); its /ID is its own digest."""
    out = bytearray(b"%PDF-1.7\n" + _BINARY)
    places = []
    for number, pieces in enumerate(made, start=1):
        places.append(len(out))
        body = b"".join(p if isinstance(p, bytes) else serialize(Ref(p + 1, 0)) for p in pieces)
        out += b"%d 0 obj\n%b\nendobj\n" % (number, body)
    digest = hashlib.sha256(out).digest()[:16]
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(made) + 1)
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    trailer = serialize({"Size": len(made) + 1, "Root": Ref(catalog.index + 1, 0), "ID": [digest, digest]})
    return bytes(out + b"trailer\n" + trailer + b"\nstartxref\n%d\n%%%%EOF\n" % start)
