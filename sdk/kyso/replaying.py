"""Facts before policy: keep what was found in a file, and judge it again later by other rules, anchors or dates."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from kyso_pki.ades.places import not_looked_at
from kyso_pki.ades.policy import BUILT_IN, DEFAULT_POLICY, Policy, built_in, read_policy
from kyso_pki.ades.record import FileFacts
from kyso_pki.ades.report import DocumentReport
from kyso_pki.ades.verify import judge
from kyso_pki.evidence import NO_EVIDENCE, Evidence
from kyso_pki.finding import Finding
from kyso_pki.formats import CONTENT_NOT_USED, NO_DETACHED, facts_of
from kyso_pki.signer import Fetcher
from kyso_pki.x509.trust import TrustStore

from .mapped import opened

_FROM_FACTS = Finding(
    "FROM_FACTS", "info", "Judged on facts that were kept; the document itself was not looked at now."
)


def facts(
    source: bytes | os.PathLike[str],
    *,
    password: Callable[[], str | None] | None = None,
    content: bytes | os.PathLike[str] | None = None,
    detached: Mapping[str, bytes] = NO_DETACHED,
    xpath: bool = False,
) -> FileFacts:
    """What is in the document: every signature, what is intact, covered and changed, with all evidence in it.

    `content` is what a detached CMS signature is over, `detached` what an XML signature is over outside its document,
    by URI; `xpath` lets it say by XPath what it covers, as in `verify`. `FileFacts.to_json` and `from_json` carry it
    to another day or machine. A document that cannot be read has facts as well (`unreadable`). Raises `OSError`.
    """
    with (
        nullcontext(source) if isinstance(source, bytes) else opened(source) as data,
        nullcontext(content) if content is None or isinstance(content, bytes) else opened(content) as beside,
    ):
        file = None if isinstance(source, bytes) else str(Path(source))
        return facts_of(data, file=file, password=password, content=beside, detached=detached, xpath=xpath)


def replay(
    found: FileFacts,
    *,
    trust: TrustStore,
    at: datetime | None = None,
    evidence: Evidence = NO_EVIDENCE,
    fetcher: Fetcher | None = None,
    policy: Policy = DEFAULT_POLICY,
) -> DocumentReport:
    """The report that `kyso.verify` gives on the file with these facts, without the file.

    What the facts say was read and found intact is believed: whoever can write them writes the verdict. So the report
    says that it rests on facts (`FROM_FACTS`). Places are not drawn, which a warning says (ADR 23).
    """
    when = at or datetime.now(UTC)

    def judged(one: FileFacts) -> DocumentReport:
        if one.format is None:
            return DocumentReport(one.file, one.sha256, None, (), (one.unreadable,) if one.unreadable else ())
        report = judge(
            one.signatures,
            sha256=one.sha256,
            format=one.format,
            trust=trust,
            at=when,
            evidence=evidence,
            fetcher=fetcher,
            policy=policy,
            file=one.file,
        )
        if one.content_not_used:
            report = replace(report, findings=(*report.findings, CONTENT_NOT_USED))
        if one.packet is None:
            return report
        from kyso_pki.packets import with_attachments

        return with_attachments(report, [judged(a) for a in one.packet.attachments], one.packet.missing)

    report = not_looked_at(judged(found), policy, "the file is not at hand.")
    return replace(report, findings=(*report.findings, _FROM_FACTS))


def load_policy(name: str | os.PathLike[str]) -> Policy:
    """A policy by its name (`kyso`, `vietnam`, `dss`) or from a TOML file (docs/policies.md).

    Raises `UsageError`, `OSError`.
    """
    if isinstance(name, str) and name in BUILT_IN:
        return built_in(name)
    path = Path(name)
    if isinstance(name, str) and path.suffix != ".toml" and not path.exists():
        return built_in(name)  # which says what there is
    return read_policy(path.read_bytes(), path.stem)
