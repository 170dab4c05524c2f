"""What must hold for any CMS file at all, however it was made; `failures` says what does not.

1. `verify_document` gives a report, with the content beside and without: no exception, and no code `internal`.
2. "passed" means: every signature, as another parser (asn1crypto) reads it, is one that a seed's signer made, and the
   content is what the seeds are over. What is called B-T has a timestamp that a seed has.
3. The readers of timestamps, requests, CRLs, OCSP answers and certificates give a value or raise a `KysoError`.
4. Growing raises a `KysoError` or gives a file whose signatures are as intact as before.
5. Work follows the size of the file: `Failure.kind` is `slow` when it does not.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from functools import cache, partial

from kyso_pki.ades.grow import Sources, extend
from kyso_pki.ades.report import DocumentReport
from kyso_pki.document import can_grow
from kyso_pki.errors import KysoError
from kyso_pki.facts import Finding, SignatureFacts
from kyso_pki.formats import open_document, verify_document
from kyso_pki.scheme import digest
from kyso_pki.testing import World
from kyso_pki.tsp import parse_request, timestamp_facts, token_from_response
from kyso_pki.x509 import ocsp
from kyso_pki.x509.certificate import Certificate
from kyso_pki.x509.crl import CertificateList

from . import cms_seeds
from .cms_seeds import AT, content, evidence, trust
from .oracle import Failure, _exception

SLOW_S = 1.5  # CPU, for 256 KiB under a tracer that makes Python several times slower; usual are 2 to 20 ms


@cache
def world() -> World:
    return World.create(at=AT)


def failures(data: bytes) -> list[Failure]:
    """Everything that is wrong about how kyso treats these bytes."""
    began = time.process_time()
    found = [*_verified(data, content()), *_verified(data, None), *_read(data), *_grown(data)]
    spent = time.process_time() - began
    if spent > SLOW_S:
        found.append(Failure("slow", f"{spent:.1f} s for {len(data)} bytes", "time"))
    return found


def judged(data: bytes, beside: bytes | None) -> DocumentReport:
    return verify_document(data, trust=trust(), at=AT, evidence=evidence(), content=beside)


def _verified(data: bytes, beside: bytes | None) -> Iterator[Failure]:
    try:
        report = judged(data, beside)
    except Exception as e:  # noqa: BLE001 - any exception is a failure
        yield _exception("exception", e)
        return
    if any(f.code == "internal" for f in _findings(report)):
        yield _internal(data, beside)
    for finding in _findings(report):
        if finding.text.startswith("RuntimeError: unexpected"):
            yield Failure("internal", finding.text, finding.text[:60])
    if report.verdict == "passed" and report.format == "cms":
        yield from justified(data, report, beside)


def _findings(report: DocumentReport) -> list[Finding]:
    return [f for s in report.signatures for f in s.findings] + list(report.findings)


def _internal(data: bytes, beside: bytes | None) -> Failure:
    """The exception behind the code `internal`."""
    try:
        open_document(data, content=beside).signatures()
    except Exception as e:  # noqa: BLE001 - the exception that the report hides
        return _exception("internal", e)
    return Failure("internal", "after the facts", "judge")


def justified(data: bytes, report: DocumentReport, beside: bytes | None) -> Iterator[Failure]:
    """2.: why the verdict may be "passed"."""
    from asn1crypto import cms as foreign

    if not report.signatures:
        yield Failure("forged", "passed without a signature", "none")
    try:
        inside = foreign.ContentInfo.load(data)["content"]["encap_content_info"]["content"].native
        found = cms_seeds.attributes_in(data)
    except Exception as e:  # noqa: BLE001 - a parser that is not ours may raise anything
        yield Failure("shown", f"passed, but another parser cannot read it: {e}"[:300], type(e).__name__)
        return
    if (inside if inside is not None else beside) != content():
        yield Failure("forged", "passed over another content", "content")
    if len(found) != len(report.signatures):
        yield Failure("shown", f"{len(report.signatures)} signatures, another parser sees {len(found)}", "count")
    known = cms_seeds.signed()
    if not set(found) <= {one.attributes for one in known}:
        yield Failure("forged", "passed over attributes that nobody signed", "attributes")
    for one in report.signatures:
        named = b"" if one.certificate is None else digest("sha256", one.certificate.der)
        if not any(k.certificate == named and k.attributes in found for k in known):
            yield Failure("forged", "passed in the name of somebody who did not sign this", "name")
    for one in report.signatures:
        trusted = [t.facts for t in one.timestamps if t.trusted]
        if one.level.endswith(("B-T", "B-LT", "B-LTA")) and not trusted:
            yield Failure("forged", f"{one.level} without a trusted timestamp", "level")
        for stamp in trusted:
            if digest("sha256", _stamped(stamp.token)) not in cms_seeds.tokens():
                yield Failure("forged", "a timestamp that no authority made is trusted", "token")


def _stamped(token: bytes) -> bytes:
    from kyso_pki.cms.signed_data import read_signed_data

    return read_signed_data(token).content or b""


def _read(data: bytes) -> Iterator[Failure]:
    """3.: every reader by itself."""
    readers: dict[str, Callable[[], object]] = {
        "token": lambda: timestamp_facts(data, lambda name: digest(name, b""), "signature"),
        "response": lambda: token_from_response(data, imprint=bytes(32), hash_name="sha256", nonce=None),
        "request": lambda: parse_request(data),
        "certificate": partial(_certificate, data),
        "crl": lambda: CertificateList.from_der(data),
        "ocsp": lambda: ocsp.read(data),
    }
    for name, read in readers.items():
        try:
            read()
        except KysoError:
            continue
        except Exception as e:  # noqa: BLE001 - only a KysoError may come
            yield _exception(f"read-{name}", e)


def _certificate(data: bytes) -> None:
    certificate = Certificate.from_der(data)
    for part in ("extensions", "ocsp_urls", "crl_urls", "ca_issuer_urls", "extended_key_usage", "public_key"):
        try:
            getattr(certificate, part)
        except KysoError:
            continue


def _grown(data: bytes) -> Iterator[Failure]:
    """4.: a timestamp and evidence are added."""
    try:
        document = open_document(data, content=content())
        if document.format != "cms" or not can_grow(document):
            return
        before = document.signatures()
        hand = world().timestamper(AT)
        grown = extend(document, "B-LTA", timestamper=hand, sources=Sources(AT, evidence=evidence(), trust=trust()))
    except KysoError:
        return
    except Exception as e:  # noqa: BLE001 - only a KysoError may come
        yield _exception("grow", e)
        return
    try:
        after = open_document(grown.data, content=content()).signatures()
    except Exception as e:  # noqa: BLE001 - what was written must be readable
        yield _exception("unreadable", e)
        return
    if [f.id for f in before] != [f.id for f in after] or not all(map(_intact, after)):
        yield Failure("broke", "growing broke a signature", "broke")


def _intact(facts: SignatureFacts) -> bool:
    stamps = all(t.intact for t in facts.timestamps)
    return bool(facts.well_formed and facts.references_intact and facts.signature_intact and stamps)
