"""What must hold for any XML at all, however it was made; `failures` says what does not.

1. `verify_document` gives a report: no exception, and no code `internal` (an exception that nobody foresaw).
2. "passed" means: what is handed out as signed is, octet by octet, what a seed's signer signed; and where the whole
   document is covered, a reader who looks only at what stands outside the signatures sees a seed. Inside a Signature
   such a reader finds nothing but signatures, properties, and signed content.
3. `prepare` signs or raises a `KysoError`; what it signs is then intact, and breaks no earlier signature.
4. White space after the document, which makes it large enough to be read in pieces, changes no finding.
5. XPath decides nothing for who did not allow it: what passes without it passes with it over the same octets.
6. Work follows the size of the document: `Failure.kind` is `slow` when it does not.
"""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Iterator, Sequence
from functools import cache

from lxml import etree

from kyso_pki.ades.report import DocumentReport
from kyso_pki.ades.verify import Policy
from kyso_pki.document import Intent
from kyso_pki.errors import KysoError
from kyso_pki.facts import Finding, SignatureFacts
from kyso_pki.formats import open_document, verify_document
from kyso_pki.testing import SoftwareSigner, World
from kyso_pki.xml.document import XmlDocument

from .oracle import Failure, _exception
from .xml_seeds import AT, contents, evidence, seeds, trust

SLOW_S = 1.5  # CPU, for 256 KiB under a tracer that makes Python several times slower; usual are 2 to 20 ms
XPATH_SLOW_S = 1e-4  # CPU, for each octet where XPath is allowed: three readings of up to ten nodes (ADR 22), traced
_POLICY = Policy(accept_parts=True)
_DS = "{http://www.w3.org/2000/09/xmldsig#}"
_OURS = (
    "http://www.w3.org/2000/09/xmldsig#",
    "http://www.w3.org/2009/xmldsig11#",
    "http://www.w3.org/2001/10/xml-exc-c14n#",
    "http://www.w3.org/2002/06/xmldsig-filter2",
    "http://uri.etsi.org/01903/v1.3.2#",
    "http://uri.etsi.org/01903/v1.4.1#",
)
_LARGE = "\n" * (2 << 20)
_UNFORESEEN = re.compile(r"unexpected \w+ while reading")  # what an exception that nobody foresaw is told as
_PIECES_EVERY = 16  # one input in so many is also read in pieces: it costs as much as ten others
_PARSER = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False)


@cache
def signer() -> SoftwareSigner:
    return World.create(at=AT).seal_signer


def failures(data: bytes) -> list[Failure]:
    """Everything that is wrong about how kyso treats these bytes."""
    began = time.process_time()
    found = [*_verified_with(data, xpath=False), *_prepared(data)]
    found += _slow(data, time.process_time() - began, SLOW_S)
    found += _in_pieces(data, xpath=False)
    if b"xpath" in data.lower() or b"x\0p\0a\0t\0h" in data.lower():  # no transform is named without it
        began = time.process_time()
        found += [*_verified_with(data, xpath=True), *_without_xpath(data)]
        found += _slow(data, time.process_time() - began, 2 * SLOW_S + XPATH_SLOW_S * len(data))
        found += _in_pieces(data, xpath=True)
    return found


def _slow(data: bytes, spent: float, allowed: float) -> list[Failure]:
    return [Failure("slow", f"{spent:.1f} s for {len(data)} bytes", "time")] if spent > allowed else []


def judged(data: bytes, *, xpath: bool = False) -> DocumentReport:
    return verify_document(data, trust=trust(), at=AT, evidence=evidence(), policy=_POLICY, xpath=xpath)


def _without_xpath(data: bytes) -> Iterator[Failure]:
    """5.: the same document for who allows XPath and for who does not."""
    without, allowed = judged(data), judged(data, xpath=True)
    if without.verdict != "passed":
        return
    if allowed.verdict != "passed":
        yield Failure("xpath", f"passed without XPath, {allowed.verdict} with it", "verdict")
        return
    plain, filtered = XmlDocument(data), XmlDocument(data, xpath=True)
    if any(plain.signed_content(s.id) != filtered.signed_content(s.id) for s in without.signatures):
        yield Failure("xpath", "other octets are handed out where XPath is allowed", "octets")


def _verified_with(data: bytes, *, xpath: bool) -> Iterator[Failure]:
    try:
        report = judged(data, xpath=xpath)
    except Exception as e:  # noqa: BLE001 - any exception is a failure
        yield _exception("exception", e)
        return
    if any(f.code == "internal" for f in _findings(report)):
        yield _internal(data, xpath=xpath)
    if text := next((f.text for f in _findings(report) if _UNFORESEEN.search(f.text)), None):
        yield Failure("internal", text, text[:60])
    if report.verdict == "passed":
        yield from justified(data, report, xpath=xpath)


def _findings(report: DocumentReport) -> list[Finding]:
    return [f for s in report.signatures for f in s.findings] + list(report.findings)


def _internal(data: bytes, *, xpath: bool) -> Failure:
    """The exception behind the code `internal`."""
    try:
        open_document(data, xpath=xpath).signatures()
    except Exception as e:  # noqa: BLE001 - the exception that the report hides
        return _exception("internal", e)
    return Failure("internal", "after the facts", "judge")


def justified(data: bytes, report: DocumentReport, *, xpath: bool = False) -> Iterator[Failure]:
    """2.: why the verdict may be "passed"."""
    if not report.signatures:
        yield Failure("forged", "passed without a signature", "none")
    signed: list[bytes] = []
    document = XmlDocument(data, xpath=xpath)
    for one in report.signatures:
        try:
            parts = document.signed_content(one.id)
        except KysoError as e:
            yield Failure("forged", f"{one.id} passed, but its content is not handed out: {e}", "content")
            return
        if not parts and not any(f.code == "COUNTER_SIGNATURE" for f in one.findings):
            yield Failure("forged", f"{one.id} passed over nothing", "nothing")
        for part in parts:
            if hashlib.sha256(part).digest() not in contents():
                yield Failure("forged", f"{one.id} passed over octets that nobody signed", "octets")
        signed += parts
    root = etree.fromstring(_utf8(data), _PARSER)
    yield from _hidden(root, signed)
    if any(s.coverage.whole for s in report.signatures) and outside(root) not in _outsides():
        yield Failure("shown", "a reader sees another document than was signed", "outside")


def _utf8(data: bytes) -> bytes:
    """Without a declaration, so that lxml takes it for UTF-8."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        data = data.decode("utf-16").encode()
    data = data.removeprefix(b"\xef\xbb\xbf")
    return data[data.index(b"?>") + 2 :].lstrip() if data.startswith(b"<?xml ") else data


def outside(root: etree._Element) -> bytes:
    """What stands outside the outermost signatures, without comments, in canonical octets."""
    copy = etree.fromstring(etree.tostring(root.getroottree(), encoding="utf-8"), _PARSER)
    for found in [e for e in copy.iter(_DS + "Signature") if not any(a.tag == e.tag for a in e.iterancestors())]:
        parent = found.getparent()
        if parent is None:
            return b""
        previous, tail = found.getprevious(), found.tail or ""
        parent.remove(found)
        if previous is None:
            parent.text = (parent.text or "") + tail
        else:
            previous.tail = (previous.tail or "") + tail
    return bytes(etree.tostring(copy.getroottree(), method="c14n", exclusive=True, with_comments=False))


@cache
def _outsides() -> frozenset[bytes]:
    return frozenset(outside(etree.fromstring(_utf8(d), _PARSER)) for d in seeds().values())


def _hidden(root: etree._Element, signed: Sequence[bytes]) -> Iterator[Failure]:
    """Elements inside a Signature that belong to nobody's schema and that nobody signed."""
    for found in root.iter(_DS + "Signature"):
        for element in found.iter("*"):
            name = etree.QName(element)
            if name.namespace in _OURS or name.localname == "SigningTime":
                continue
            own = etree.tostring(element, method="c14n", exclusive=True, with_comments=False)
            inner = own[own.index(b">") + 1 :]
            if not any(own in part or inner in part for part in signed):
                yield Failure("shown", f"{name.localname} hides in a Signature", "hidden")
                return


def _in_pieces(data: bytes, *, xpath: bool) -> Iterator[Failure]:
    """4.: the same document with white space at its end; limits that follow its size then allow more."""
    if hashlib.sha256(data).digest()[0] % _PIECES_EVERY != 0:
        return
    report = judged(data, xpath=xpath)
    if not report.signatures or _limited(report):
        return
    marks = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}
    other = judged(data + _LARGE.encode(marks.get(data[:2], "utf-8")), xpath=xpath)
    if other.verdict != report.verdict:
        yield Failure(
            "pieces", f"{report.verdict}, but in pieces {other.verdict}", f"{report.verdict} {other.verdict}"
        )
    before, after = ([[f.code for f in s.findings] for s in r.signatures] for r in (report, other))
    if before != after and not _limited(other):
        yield Failure("pieces", f"{before}, but in pieces {after}", "findings")


def _limited(report: DocumentReport) -> bool:
    return any(f.code == "format.limit" or "LimitExceeded" in f.text for f in _findings(report))


def _prepared(data: bytes) -> Iterator[Failure]:
    """3.: signing."""
    hand = signer()
    try:
        document = XmlDocument(data)
        before = document.signatures()
        pending = document.prepare(Intent(AT), hand.chain, hand.scheme)
        out = pending.finish(hand.sign([pending.imprint])[0])
    except KysoError:
        return
    except Exception as e:  # noqa: BLE001 - only a KysoError may come
        yield _exception("prepare", e)
        return
    try:
        after = XmlDocument(out).signatures()
    except Exception as e:  # noqa: BLE001 - what was written must be readable
        yield _exception("unreadable", e)
        return
    fresh = [f for f in after if f.certificate == hand.chain.leaf]
    if not fresh or not all(map(_intact, fresh)):
        why = "; ".join(t.text for f in fresh for t in f.findings) or "not listed"
        yield Failure("unreadable", f"the new signature: {why}", "new")
    if sum(map(_intact, before)) > sum(map(_intact, after)) - 1:
        yield Failure("broke", "writing broke an earlier signature", "broke")


def _intact(facts: SignatureFacts) -> bool:
    return bool(facts.well_formed and facts.references_intact and facts.signature_intact)
