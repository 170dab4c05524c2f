"""kyso: sign and verify PDF and XML documents.

    import kyso

    with kyso.open_signer("pkcs11:token=kyso-tinh-mau;object=nguyen-van-mau", pin=kyso.PromptPin()) as signer:
        signed = kyso.sign(Path("van-ban.pdf"), signer)
    report = kyso.verify(signed, trust=kyso.load_trust("ca/root.crt"))
    report.require_passed()

Everything else is imported from here on first use, so that `import kyso` costs nothing; what needs an extra
(`kyso[xml]`, `kyso[pkcs11]`) says so when it is missing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kyso_hsm.opening import Module as Module
    from kyso_hsm.pin import FromEnv as EnvPin
    from kyso_hsm.pin import FromFd as FdPin
    from kyso_hsm.pin import FromFile as FilePin
    from kyso_hsm.pin import FromText as TextPin
    from kyso_hsm.pin import Prompt as PromptPin
    from kyso_pki.ades.policy import Policy
    from kyso_pki.ades.record import FileFacts
    from kyso_pki.ades.report import DocumentReport, SignatureReport
    from kyso_pki.document import FieldLock, Intent
    from kyso_pki.errors import (
        AnchorError,
        CertificateError,
        EvidenceMissing,
        FetchError,
        FormatError,
        KeyAccessError,
        KysoError,
        LintRefused,
        PlacementRefused,
        RemoteError,
        SigningError,
        TimestampError,
        TrustError,
        UsageError,
        VerificationFailed,
    )
    from kyso_pki.evidence import Evidence
    from kyso_pki.pdf.appearance.stamp import Place, Stamp
    from kyso_pki.pdf.lint.policy import LintPolicy
    from kyso_pki.pdf.lint.report import LintReport
    from kyso_pki.reports.schema import report_schema
    from kyso_pki.x509.trust import TrustStore
    from kyso_pki.xmlprofile import Profile

    from .client import AsyncClient, Client
    from .csc import CscSigner
    from .enveloping import sign_cms, sign_xml
    from .evidence import load_evidence
    from .fetch import HttpFetcher, HttpTimestamper
    from .files import extend_file, sign_file, sign_files, timestamp_file
    from .growing import extend, timestamp
    from .kept import KeptAnswers
    from .linting import lint
    from .profiles import load_profile
    from .replaying import facts, load_policy, replay
    from .reporting import render_report
    from .signers import open_signer
    from .signing import sign
    from .stamps import load_stamp, preview
    from .trust import load_trust
    from .truststore.stored import stored_trust
    from .verifying import verify

_PLACES = {
    "AnchorError": "kyso_pki.errors",
    "AsyncClient": "kyso.client",
    "CertificateError": "kyso_pki.errors",
    "Client": "kyso.client",
    "CscSigner": "kyso.csc",
    "DocumentReport": "kyso_pki.ades.report",
    "EnvPin": "kyso_hsm.pin:FromEnv",
    "Evidence": "kyso_pki.evidence",
    "EvidenceMissing": "kyso_pki.errors",
    "FdPin": "kyso_hsm.pin:FromFd",
    "FetchError": "kyso_pki.errors",
    "FieldLock": "kyso_pki.document",
    "FileFacts": "kyso_pki.ades.record",
    "FilePin": "kyso_hsm.pin:FromFile",
    "FormatError": "kyso_pki.errors",
    "HttpFetcher": "kyso.fetch",
    "HttpTimestamper": "kyso.fetch",
    "Intent": "kyso_pki.document",
    "KeptAnswers": "kyso.kept",
    "KeyAccessError": "kyso_pki.errors",
    "KysoError": "kyso_pki.errors",
    "LintPolicy": "kyso_pki.pdf.lint.policy",
    "LintRefused": "kyso_pki.errors",
    "LintReport": "kyso_pki.pdf.lint.report",
    "Module": "kyso_hsm.opening",
    "Place": "kyso_pki.pdf.appearance.stamp",
    "PlacementRefused": "kyso_pki.errors",
    "Policy": "kyso_pki.ades.policy",
    "Profile": "kyso_pki.xmlprofile",
    "PromptPin": "kyso_hsm.pin:Prompt",
    "RemoteError": "kyso_pki.errors",
    "SignatureReport": "kyso_pki.ades.report",
    "SigningError": "kyso_pki.errors",
    "Stamp": "kyso_pki.pdf.appearance.stamp",
    "TextPin": "kyso_hsm.pin:FromText",
    "TimestampError": "kyso_pki.errors",
    "TrustError": "kyso_pki.errors",
    "TrustStore": "kyso_pki.x509.trust",
    "UsageError": "kyso_pki.errors",
    "VerificationFailed": "kyso_pki.errors",
    "extend": "kyso.growing",
    "extend_file": "kyso.files",
    "facts": "kyso.replaying",
    "lint": "kyso.linting",
    "load_policy": "kyso.replaying",
    "load_stamp": "kyso.stamps",
    "load_evidence": "kyso.evidence",
    "load_profile": "kyso.profiles",
    "load_trust": "kyso.trust",
    "open_signer": "kyso.signers",
    "preview": "kyso.stamps",
    "render_report": "kyso.reporting",
    "replay": "kyso.replaying",
    "report_schema": "kyso_pki.reports.schema",
    "sign": "kyso.signing",
    "sign_cms": "kyso.enveloping",
    "sign_xml": "kyso.enveloping",
    "sign_file": "kyso.files",
    "sign_files": "kyso.files",
    "stored_trust": "kyso.truststore.stored",
    "timestamp": "kyso.growing",
    "timestamp_file": "kyso.files",
    "verify": "kyso.verifying",
}

__all__ = [
    "AnchorError",
    "AsyncClient",
    "CertificateError",
    "Client",
    "CscSigner",
    "DocumentReport",
    "EnvPin",
    "Evidence",
    "EvidenceMissing",
    "FdPin",
    "FetchError",
    "FieldLock",
    "FileFacts",
    "FilePin",
    "FormatError",
    "HttpFetcher",
    "HttpTimestamper",
    "Intent",
    "KeptAnswers",
    "KeyAccessError",
    "KysoError",
    "LintPolicy",
    "LintRefused",
    "LintReport",
    "Module",
    "Place",
    "PlacementRefused",
    "Policy",
    "Profile",
    "PromptPin",
    "RemoteError",
    "SignatureReport",
    "SigningError",
    "Stamp",
    "TextPin",
    "TimestampError",
    "TrustError",
    "TrustStore",
    "UsageError",
    "VerificationFailed",
    "extend",
    "extend_file",
    "facts",
    "lint",
    "load_evidence",
    "load_policy",
    "load_profile",
    "load_stamp",
    "load_trust",
    "open_signer",
    "preview",
    "render_report",
    "replay",
    "report_schema",
    "sign",
    "sign_cms",
    "sign_file",
    "sign_files",
    "sign_xml",
    "stored_trust",
    "timestamp",
    "timestamp_file",
    "verify",
]


def __getattr__(name: str) -> Any:
    """Imports a public name from its room on first use (PEP 562)."""
    if name not in _PLACES:
        raise AttributeError(f"module 'kyso' has no attribute {name!r}")
    module, _, attribute = _PLACES[name].partition(":")
    value = getattr(import_module(module), attribute or name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
