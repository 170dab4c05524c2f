"""pyHanko: validates PDF signatures against given roots, and signs PAdES B-B to B-LTA with a software key.

Every verdict is with its strict reader and its default policy for changes after signing (`DEFAULT_DIFF_POLICY`), said
out loud here so that no other default creeps in. `verify` judges with given roots alone, `verify_long_term` (B-LT)
and `verify_archival` (B-LTA, EN 319 102-1 5.6.3) from what the file carries, where revocation must be answered.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cryptography import x509

from .holder import Holder, der
from .program import Verdict, need


@dataclass(frozen=True)
class PyHankoSignature:
    field: str
    intact: bool
    """The digest matches the covered octets."""
    valid: bool
    """The signature value verifies."""
    trusted: bool
    """The path ends at one of the given roots."""
    bottom_line: bool
    """pyHanko's own verdict over all."""
    coverage: str
    """`ENTIRE_FILE`, `ENTIRE_REVISION`, `CONTIGUOUS_BLOCK_FROM_START`, `UNCLEAR`."""
    modification: str
    """`NONE`, `LTA_UPDATES`, `FORM_FILLING`, `ANNOTATIONS`, `OTHER`; `-` when not judged."""
    timestamp: datetime | None
    """genTime of the signature timestamp, or of the document timestamp itself, when it is valid and trusted."""
    docmdp_ok: bool | None = None
    """What came after it is permitted by DocMDP and FieldMDP; None when not judged."""


@dataclass(frozen=True)
class PyHankoVerdict(Verdict):
    """`valid`: there is a signature or document timestamp, pyHanko's bottom line is good for all, and the last one
    covers the entire file or what follows it is nothing but validation data (`LTA_UPDATES`)."""

    signatures: tuple[PyHankoSignature, ...] = ()
    timestamps: tuple[PyHankoSignature, ...] = ()
    """Document timestamps."""


@dataclass(frozen=True)
class ArchivalVerdict(Verdict):
    """`valid`: there is a signature, and all are PASSED by validation with long-term availability of evidence."""

    indications: tuple[str, ...] = ()
    """`PASSED`, or pyHanko's name of the sub-indication."""
    proven: tuple[datetime, ...] = ()
    """The best signature times."""


def verify(
    pdf: bytes, roots: Sequence[x509.Certificate], *, at: datetime | None = None, password: bytes | None = None
) -> PyHankoVerdict:
    """What pyHanko says, offline, with these roots for signers and timestamps; `at`: now unless given.

    Revocation is not asked about. `password` opens an encrypted file.
    """
    need("pyhanko", package="pyhanko")
    from pyhanko_certvalidator import ValidationContext

    anchors = [_asn1(root) for root in roots]

    def context(reader: Any) -> Any:
        return ValidationContext(trust_roots=anchors, allow_fetching=False, moment=at)

    return _judged(pdf, context, password)


def verify_long_term(
    pdf: bytes, roots: Sequence[x509.Certificate], *, at: datetime | None = None, password: bytes | None = None
) -> PyHankoVerdict:
    """The same, and the file's own DSS must answer for the revocation of every certificate (PAdES B-LT)."""
    need("pyhanko", package="pyhanko")
    from pyhanko.sign.validation.dss import DocumentSecurityStore

    anchors = [_asn1(root) for root in roots]

    def context(reader: Any) -> Any:
        wanted = {"trust_roots": anchors, "allow_fetching": False, "moment": at, "revocation_mode": "hard-fail"}
        return DocumentSecurityStore.read_dss(handler=reader).as_validation_context(wanted)

    return _judged(pdf, context, password)


def _judged(pdf: bytes, context: Callable[[Any], Any], password: bytes | None) -> PyHankoVerdict:
    """The verdict on every signature and document timestamp, each in a validation context of its own."""
    from pyhanko.pdf_utils.reader import PdfFileReader
    from pyhanko.sign.diff_analysis import DEFAULT_DIFF_POLICY
    from pyhanko.sign.validation import validate_pdf_signature, validate_pdf_timestamp

    words: list[str] = []
    found: list[PyHankoSignature] = []
    stamps: list[PyHankoSignature] = []
    try:
        reader = PdfFileReader(io.BytesIO(pdf), strict=True)
        if password is not None:
            reader.decrypt(password)
        for embedded in reader.embedded_regular_signatures:
            status: Any = validate_pdf_signature(
                embedded, context(reader), ts_validation_context=context(reader), diff_policy=DEFAULT_DIFF_POLICY
            )
            found.append(_signature(embedded.field_name, status, status.timestamp_validity))
            words.append(status.pretty_print_details())
        for embedded in reader.embedded_timestamp_signatures:
            stamp: Any = validate_pdf_timestamp(embedded, context(reader), diff_policy=DEFAULT_DIFF_POLICY)
            stamps.append(_signature(embedded.field_name, stamp, stamp))
            words.append(f"{embedded.field_name}: {stamp.summary()}")
        last = reader.embedded_signatures[-1].field_name if reader.embedded_signatures else None
    except Exception as error:  # noqa: BLE001 - whatever a judge trips over is its verdict: not valid, in its words
        return PyHankoVerdict(False, f"{type(error).__name__}: {error}", tuple(found), tuple(stamps))
    both = [*found, *stamps]
    valid = bool(both) and all(s.bottom_line for s in both) and any(s.field == last and _to_the_end(s) for s in both)
    return PyHankoVerdict(valid, "\n".join(words), tuple(found), tuple(stamps))


def verify_archival(
    pdf: bytes, roots: Sequence[x509.Certificate], *, at: datetime, password: bytes | None = None
) -> ArchivalVerdict:
    """What pyHanko says of every signature at `at` from nothing but the file: revocation of every certificate is
    required, its timestamps and document timestamps prove what existed when."""
    import asyncio

    need("pyhanko", package="pyhanko")
    from pyhanko.pdf_utils.reader import PdfFileReader
    from pyhanko.sign.validation.ades import ades_lta_validation
    from pyhanko_certvalidator.ltv.types import ValidationTimingInfo

    timing = ValidationTimingInfo(validation_time=at, best_signature_time=at, point_in_time_validation=False)
    words: list[str] = []
    indications: list[str] = []
    proven: list[datetime] = []
    try:
        reader = PdfFileReader(io.BytesIO(pdf), strict=True)
        if password is not None:
            reader.decrypt(password)
        for embedded in reader.embedded_regular_signatures:
            result: Any = asyncio.run(ades_lta_validation(embedded, _archival_policy(roots), timing_info=timing))
            indications.append(
                "PASSED" if result.ades_subindic.status.name == "PASSED" else str(result.ades_subindic)
            )
            proven.append(result.best_signature_time)
            words.append(f"{embedded.field_name}: {indications[-1]} {result.failure_msg or ''}")
    except Exception as error:  # noqa: BLE001 - as above
        return ArchivalVerdict(False, f"{type(error).__name__}: {error}")
    valid = bool(indications) and all(indication == "PASSED" for indication in indications)
    return ArchivalVerdict(valid, "\n".join(words), tuple(indications), tuple(proven))


def _archival_policy(roots: Sequence[x509.Certificate]) -> Any:
    """The roots for signers and timestamps, revocation required, nothing fetched."""
    from pyhanko.sign.diff_analysis import DEFAULT_DIFF_POLICY
    from pyhanko.sign.validation import policy_decl
    from pyhanko_certvalidator.context import CertValidationPolicySpec
    from pyhanko_certvalidator.policy_decl import (
        CertRevTrustPolicy,
        RevocationCheckingPolicy,
        RevocationCheckingRule,
    )
    from pyhanko_certvalidator.registry import SimpleTrustManager

    # If declared: what names no CRL and no responder (an OCSP responder with ocsp-nocheck) cannot be asked about.
    rule = RevocationCheckingRule.CHECK_IF_DECLARED
    certificates = CertValidationPolicySpec(
        trust_manager=SimpleTrustManager.build(trust_roots=[_asn1(root) for root in roots]),
        revinfo_policy=CertRevTrustPolicy(RevocationCheckingPolicy(rule, rule), retroactive_revinfo=True),
    )
    offline = policy_decl.RevocationInfoGatheringSpec(
        online_fetching_rule=policy_decl.RevinfoOnlineFetchingRule.LOCAL_ONLY
    )
    signature = policy_decl.SignatureValidationSpec(
        cert_validation_policy=certificates,
        ts_cert_validation_policy=certificates,
        revinfo_gathering_policy=offline,
        # Its past validation looks for CRL issuers among known certificates, where anchors are not.
        local_knowledge=policy_decl.LocalKnowledge(known_certs=[_asn1(root) for root in roots]),
    )
    return policy_decl.PdfSignatureValidationSpec(signature, diff_policy=DEFAULT_DIFF_POLICY)


def _to_the_end(signature: PyHankoSignature) -> bool:
    """Whether it covers the file, or all that follows it is validation data."""
    return signature.coverage == "ENTIRE_FILE" or (
        signature.coverage == "ENTIRE_REVISION" and signature.modification in ("NONE", "LTA_UPDATES")
    )


def sign(
    pdf: bytes,
    holder: Holder,
    *,
    field: str = "Signature1",
    tsa: Holder | None = None,
    password: bytes | None = None,
    validation: LongTerm | None = None,
    certify: int | None = None,
    box: tuple[int, int, int, int] | None = None,
    pades: bool = True,
) -> bytes:
    """One more revision with a PAdES B-B signature; B-T with pyHanko's own timestamper when `tsa` is given.

    `validation` makes it B-LT or B-LTA; `certify` is a DocMDP permission (1 to 3); `box` makes it visible on the
    first page, as text; without `pades` the SubFilter is adbe.pkcs7.detached, with the time in a signed attribute.
    """
    need("pyhanko", package="pyhanko")
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
    from pyhanko.sign.fields import MDPPerm, SigFieldSpec, SigSeedSubFilter
    from pyhanko.sign.signers import PdfSignatureMetadata, PdfSigner, SimpleSigner

    signer = SimpleSigner.load_pkcs12_data(holder.pkcs12(b"memory"), other_certs=[], passphrase=b"memory")
    metadata = PdfSignatureMetadata(
        field_name=field,
        md_algorithm="sha256",
        subfilter=SigSeedSubFilter.PADES if pades else SigSeedSubFilter.ADOBE_PKCS7_DETACHED,
        certify=certify is not None,
        docmdp_permissions=MDPPerm(certify or 2),
        embed_validation_info=validation is not None,
        use_pades_lta=validation is not None and validation.archive,
        validation_context=None if validation is None else validation.context(),
    )
    timestamper = None if tsa is None else _timestamper(tsa)
    place = None if box is None else SigFieldSpec(field, box=box)
    out = io.BytesIO()
    writer = IncrementalPdfFileWriter(io.BytesIO(pdf), strict=True)
    if password is not None:
        untyped: Any = writer
        untyped.encrypt(password)
    PdfSigner(metadata, signer, timestamper=timestamper, new_field_spec=place).sign_pdf(writer, output=out)
    return out.getvalue()


@dataclass(frozen=True)
class LongTerm:
    """What pyHanko embeds for B-LT, and with `archive` for B-LTA: checked against `roots`, with these CRLs."""

    roots: Sequence[x509.Certificate]
    certificates: Sequence[x509.Certificate]
    crls: Sequence[bytes]
    archive: bool = False

    def context(self) -> Any:
        from pyhanko_certvalidator import ValidationContext

        return ValidationContext(
            trust_roots=[_asn1(root) for root in self.roots],
            other_certs=[_asn1(certificate) for certificate in self.certificates],
            crls=list(self.crls),
            allow_fetching=False,
            revocation_mode="hard-fail",
        )


def with_another_page_content(pdf: bytes) -> bytes:
    """One more revision in which the first page shows nothing but a word: what no permission allows."""
    need("pyhanko", package="pyhanko")
    from pyhanko.pdf_utils.generic import StreamObject
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

    writer: Any = IncrementalPdfFileWriter(io.BytesIO(pdf), strict=True)
    page = writer.root["/Pages"]["/Kids"][0]
    page["/Contents"] = writer.add_object(StreamObject(stream_data=b"BT /F1 12 Tf 72 700 Td (changed) Tj ET"))
    writer.update_container(page)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def timestamp_token(tsa: Holder, message: bytes, at: datetime | None = None) -> bytes:
    """A DER TimeStampToken over SHA-256 of `message`, made by pyHanko's dummy TSA, whose clock stands at `at`."""
    import asyncio
    import hashlib

    token: Any = asyncio.run(_timestamper(tsa, at).async_timestamp(hashlib.sha256(message).digest(), "sha256"))
    return bytes(token.dump())


def _timestamper(tsa: Holder, at: datetime | None = None) -> Any:
    """Any: pyHanko types the key and certificates by asn1crypto, which has no types."""
    need("pyhanko", package="pyhanko")
    from pyhanko.keys import load_private_key_from_pemder_data
    from pyhanko.sign.timestamps import DummyTimeStamper
    from pyhanko_certvalidator import registry

    untyped: Any = registry
    store = untyped.SimpleCertificateStore()
    store.register_multiple([_asn1(certificate) for certificate in tsa.chain])
    key = load_private_key_from_pemder_data(tsa.key_pem, passphrase=None)
    return DummyTimeStamper(tsa_cert=_asn1(tsa.chain[0]), tsa_key=key, certs_to_embed=store, fixed_dt=at)


def _signature(field: str, status: Any, stamp: Any) -> PyHankoSignature:
    trusted_stamp = stamp is not None and stamp.intact and stamp.valid and stamp.trusted
    return PyHankoSignature(
        field=field,
        intact=status.intact,
        valid=status.valid,
        trusted=status.trusted,
        bottom_line=status.bottom_line if hasattr(status, "bottom_line") else _stamp_is_good(status),
        coverage=status.coverage.name,
        modification="-" if status.modification_level is None else status.modification_level.name,
        timestamp=stamp.timestamp if trusted_stamp else None,
        docmdp_ok=status.docmdp_ok,
    )


def _stamp_is_good(status: Any) -> bool:
    """pyHanko has no bottom line for document timestamps; what it asks of signatures, asked of them."""
    return bool(status.intact and status.valid and status.trusted and status.docmdp_ok is not False)


def _asn1(certificate: x509.Certificate) -> Any:
    from pyhanko.keys import load_certs_from_pemder_data

    return next(iter(load_certs_from_pemder_data(der(certificate))))
