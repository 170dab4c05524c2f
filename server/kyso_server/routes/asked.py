"""What is asked for in the address of a request to `/v1`: parameters read, checked and made into an `Intent`.

Reach for `Asked` in a route that signs, `refuse_unknown` in the others. What is unknown, given twice or cannot go
together is refused: ignored in silence, something else would be signed than was meant.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Final, Literal

from fastapi import Depends, Query, Request

from kyso_pki.claims import MAX_ENTRIES, Claims, SignaturePolicy
from kyso_pki.document import Certification, FieldLock, Intent, XmlForm, level_named
from kyso_pki.errors import UsageError
from kyso_pki.scheme import HashName
from kyso_pki.xml.profiles import built_in

MAX_LOCKED: Final = 100  # fields named in one address, which proxies cut at some 8 kB
_REPEATED: Final = ("lock", "role", "commitment")
_KNOWN: Final = (
    *("credential", "level", "reason", "location", "contact", "field", "certify", "lock", "form", "profile"),
    *("role", "commitment", "policy", "policy_sha256", "countersign", "hash", "pss"),
)
_Text = Annotated[str, Query(max_length=200)]


def refuse_unknown(request: Request, known: Collection[str], repeated: Collection[str] = ()) -> None:
    """Raises `UsageError` for a parameter that nobody reads, and for one that has no meaning twice."""
    given = [name for name, _ in request.query_params.multi_items()]
    wrong = sorted({n for n in given if n not in known or (given.count(n) > 1 and n not in repeated)})
    if wrong:
        once = [n for n in known if n not in repeated]
        allowed = f"Allowed, once each: {', '.join(once)}." if known else "None is allowed here."
        if repeated:
            allowed += f" As often as needed: {', '.join(repeated)}."
        raise UsageError(f"Unknown or repeated parameter {', '.join(wrong)[:200]!r}.", remedy=allowed)


@dataclass(frozen=True)
class AskedToSign:
    """The parameters of `/v1/sign`, as given."""

    credential: str
    level: str
    reason: str | None
    location: str | None
    contact: str | None
    field: str | None
    certify: Certification | None
    locked: tuple[str, ...]
    form: XmlForm
    profile: str | None
    claims: Claims | None
    countersign: str | None
    hash_name: HashName | None
    pss: bool

    def intent(self, at: datetime) -> Intent:
        """What is to be signed, at this time. Raises `UsageError`, `SigningError` for an unknown profile."""
        lock: FieldLock | None = None
        if self.locked:
            lock = FieldLock("All") if "*" in self.locked else FieldLock("Include", self.locked)
        return Intent(
            signing_time=at,
            level=level_named(self.level),
            reason=self.reason,
            location=self.location,
            contact=self.contact,
            field=self.field,
            certify=self.certify,
            lock=lock,
            xml_form=self.form,
            profile=None if self.profile is None else built_in(self.profile),
            claims=self.claims,
            countersign=self.countersign,
        )


def _asked(
    request: Request,
    credential: Annotated[str, Query(max_length=200, description="Which key signs: an id of /v1/credentials")],
    level: Annotated[str, Query(max_length=20, description="B-B, B-T, B-LT or B-LTA")] = "B-B",
    reason: Annotated[str | None, Query(max_length=500, description="PDF: why it is signed")] = None,
    location: Annotated[str | None, Query(max_length=200, description="PDF: where")] = None,
    contact: Annotated[str | None, Query(max_length=200, description="PDF: how the signer is reached")] = None,
    field: Annotated[str | None, Query(max_length=200, description="PDF: the signature field")] = None,
    certify: Annotated[
        Literal["1", "2", "3"] | None, Query(description="PDF: certify; 1 nothing may follow, 2 forms, 3 notes too")
    ] = None,
    lock: Annotated[
        list[_Text] | None, Query(max_length=MAX_LOCKED, description="PDF: a form field to be locked; * for all")
    ] = None,
    form: Annotated[Literal["xades", "xmldsig"], Query(description="XML: the form of the signature")] = "xades",
    profile: Annotated[str | None, Query(max_length=100, description="XML: a profile by name")] = None,
    role: Annotated[
        list[_Text] | None, Query(max_length=MAX_ENTRIES, description="XAdES: what the signer is, in his words")
    ] = None,
    commitment: Annotated[
        list[_Text] | None, Query(max_length=MAX_ENTRIES, description="XAdES: approval, origin, … or a URI")
    ] = None,
    policy: Annotated[
        str | None, Query(max_length=500, description="XAdES: the signature policy, a URI or `implied`")
    ] = None,
    policy_sha256: Annotated[
        str | None, Query(max_length=64, description="XAdES: the hash of the policy document, hexadecimal")
    ] = None,
    countersign: Annotated[
        str | None, Query(max_length=200, description="XAdES: the id of the signature whose value is signed")
    ] = None,
    hash_name: Annotated[HashName | None, Query(alias="hash", description="The hash; else what fits the key")] = None,
    pss: Annotated[bool, Query(description="RSA: RSASSA-PSS")] = False,
) -> AskedToSign:
    refuse_unknown(request, _KNOWN, _REPEATED)
    if profile is not None and "form" in request.query_params:
        raise UsageError("A profile has a form of its own.", remedy="Leave the parameter form out.")
    stated = _policy(policy, policy_sha256)
    claims = Claims(roles=tuple(role or ()), commitments=tuple(commitment or ()), policy=stated)
    return AskedToSign(
        credential=credential,
        level=level,
        reason=reason,
        location=location,
        contact=contact,
        field=field,
        certify=None if certify is None else int(certify),  # type: ignore[arg-type]  # one of three
        locked=tuple(lock or ()),
        form=form,
        profile=profile,
        claims=claims if claims != Claims() else None,
        countersign=countersign,
        hash_name=hash_name,
        pss=pss,
    )


Asked = Annotated[AskedToSign, Depends(_asked)]
"""In a route: what is asked for in its address."""


def _policy(name: str | None, sha256: str | None) -> SignaturePolicy | Literal["implied"] | None:
    """The policy that is named; its document stays with the caller, who sends the hash."""
    if (sha256 is None) != (name in (None, "implied")):
        raise UsageError(
            "A signature policy is named by its URI and the SHA-256 of its document, or is `implied`.",
            remedy="Send policy=URI and policy_sha256=HEX together, or policy=implied alone.",
        )
    if name is None or sha256 is None:
        return "implied" if name is not None else None
    if re.fullmatch("[0-9A-Fa-f]{64}", sha256) is None:
        raise UsageError("policy_sha256 is no SHA-256 in hexadecimal digits.")
    return SignaturePolicy(name, bytes.fromhex(sha256))
