"""What a server can be told when it signs a whole document (`/v1/sign`), as options and as an address says it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypedDict

from kyso_pki.claims import Claims, SignaturePolicy
from kyso_pki.document import Certification, FieldLock, XmlForm, level_named
from kyso_pki.errors import UsageError
from kyso_pki.scheme import HashName

from .api import Params
from .signing import Password

_HERE = "Sign with `sign` instead: the document stays here and only its hash travels."


class ServerOptions(TypedDict, total=False):
    """Of `Client.sign_document`; what they mean is told at `kyso.sign`."""

    level: str
    reason: str | None
    location: str | None
    contact: str | None
    field: str | None
    certify: Certification | None
    lock: FieldLock | None
    xml_form: XmlForm
    profile: str | None
    """An XML profile by its name; its form counts, not `xml_form`."""
    claims: Claims | None
    countersign: str | None
    hash_name: HashName | None
    pss: bool
    password: Password | None


def sign_params(credential_id: str, options: ServerOptions) -> Params:
    """The parameters of the address. Raises `UsageError` for what it cannot say."""
    profile = options.get("profile")
    certify = options.get("certify")
    wanted: dict[str, str | Sequence[str] | None] = {
        "credential": credential_id,
        "level": level_named(options.get("level", "B-B")),
        "form": options.get("xml_form", "xades") if profile is None else None,
        "profile": profile,
        "reason": options.get("reason"),
        "location": options.get("location"),
        "contact": options.get("contact"),
        "field": options.get("field"),
        "certify": None if certify is None else str(certify),
        "lock": _locked(options.get("lock")),
        "countersign": options.get("countersign"),
        "hash": options.get("hash_name"),
        "pss": "true" if options.get("pss") else None,
    }
    if (claims := options.get("claims")) is not None:
        wanted |= {"role": claims.roles, "commitment": claims.commitments, **_policy(claims)}
    return {name: value for name, value in wanted.items() if value}


def _locked(lock: FieldLock | None) -> tuple[str, ...]:
    if lock is None or lock.action == "All":
        return () if lock is None else ("*",)
    if lock.action == "Exclude" or "*" in lock.names:
        raise UsageError("A server locks the fields that are named, or all.", remedy=_HERE)
    return lock.names


def _policy(claims: Claims) -> dict[str, str | None]:
    policy = claims.policy
    if claims.place is not None:
        raise UsageError("A server writes no place of production.", remedy=_HERE)
    if not isinstance(policy, SignaturePolicy):
        return {"policy": policy}
    if policy.hash_name != "sha256" or policy.description is not None or policy.uri is not None:
        raise UsageError("A server takes a policy by its URI and the SHA-256 of its document alone.", remedy=_HERE)
    return {"policy": policy.identifier, "policy_sha256": policy.digest.hex()}
