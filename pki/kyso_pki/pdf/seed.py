"""The wishes of a form's author for a signature field: seed values (ISO 32000-2 12.7.5.5, tables 237 and 238).

Reach for `honoured`: the intent with what the field demands, or a refusal that names the demand. An entry whose bit
in /Ff is not set is a suggestion and decides nothing; /MDP has no bit and always counts.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from ..credential import Chain
from ..document import Intent
from ..errors import FormatError, NotPermitted
from ..scheme import Scheme
from ..x509.certificate import Certificate
from .fields import Field
from .objects import Dictionary, Value, decode_text
from .reader import Reader

FILTER, SUBFILTER, PARSER, REASONS, ATTESTATION, REVOCATION, DIGEST, LOCK, APPEARANCE = (1 << n for n in range(9))
PARSER_VERSION: Final = 3  # the highest /V that table 237 knows
_SUBFILTERS: Final = ("ETSI.CAdES.detached",)
_DIGESTS: Final = {"sha1": "SHA1", "sha256": "SHA256", "sha384": "SHA384", "sha512": "SHA512"}
_SUBJECT, _ISSUER, _POLICY, _SUBJECT_DN, _KEY_USAGE, _URL = 1, 2, 4, 8, 32, 64  # bits of /Ff in /Cert (table 238)
_USAGES: Final = (
    "digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
    "key_cert_sign", "crl_sign", "encipher_only", "decipher_only",
)  # fmt: skip


def honoured(reader: Reader, field: Field, intent: Intent, chain: Chain, scheme: Scheme) -> Intent:
    """The intent under the field's seed values. Raises `SigningError` naming the entry, `FormatError`."""
    seed = reader.resolve(field.dictionary.get("SV"))
    if seed is None:
        return intent
    if not isinstance(seed, dict):
        raise FormatError(f"PDF: /SV of the field {field.name!r} is no dictionary.")
    return _Seed(reader, field.name, seed).honoured(intent, chain, scheme)


class _Seed:
    def __init__(self, reader: Reader, field: str, seed: Dictionary) -> None:
        self._reader = reader
        self._field = field
        self._seed = seed
        self._flags = self._number(seed.get("Ff"))

    def honoured(self, intent: Intent, chain: Chain, scheme: Scheme) -> Intent:
        self._handler()
        self._digest(scheme)
        self._timestamp(intent)
        self._locked()
        self._unsupported()
        self._certificate(chain)
        return self._mdp(self._reason(intent))

    def _refuse(self, entry: str, wanted: object) -> NotPermitted:
        return NotPermitted(
            f"The field {self._field!r} demands another signature: /SV /{entry} wants {wanted}.",
            remedy="Sign as the form's author demands, or into another field.",
            field=self._field,
            entry=entry,
        )

    def _required(self, bit: int) -> bool:
        return bool(self._flags & bit)

    def _handler(self) -> None:
        name = self._reader.resolve(self._seed.get("Filter"))
        if self._required(FILTER) and name != "Adobe.PPKLite":
            raise self._refuse("Filter", name)
        kinds = self._list(self._seed.get("SubFilter"))
        if self._required(SUBFILTER) and not any(k in kinds for k in _SUBFILTERS):
            raise self._refuse("SubFilter", ", ".join(map(str, kinds)) or "nothing known")
        version = self._seed.get("V")
        if self._required(PARSER) and (not isinstance(version, int | float) or version > PARSER_VERSION):
            raise self._refuse("V", version)

    def _digest(self, scheme: Scheme) -> None:
        wanted = [
            decode_text(d) if isinstance(d, bytes) else str(d) for d in self._list(self._seed.get("DigestMethod"))
        ]
        if self._required(DIGEST) and _DIGESTS.get(scheme.hash_name) not in wanted:
            raise self._refuse("DigestMethod", ", ".join(wanted))

    def _timestamp(self, intent: Intent) -> None:
        """The URL is the author's suggestion; whom to trust with the time is the signer's decision."""
        stamp = self._reader.resolve(self._seed.get("TimeStamp"))
        if isinstance(stamp, dict) and self._number(stamp.get("Ff")) & 1 and intent.level == "B-B":
            raise self._refuse("TimeStamp", "a timestamp (level B-T or higher)")

    def _locked(self) -> None:
        wanted = self._reader.resolve(self._seed.get("LockDocument"))
        if self._required(LOCK) and wanted not in (None, "false", "auto"):
            raise self._refuse("LockDocument", "the whole document locked, which is not supported")

    def _unsupported(self) -> None:
        if self._required(REVOCATION) and self._reader.resolve(self._seed.get("AddRevInfo")) is True:
            raise self._refuse("AddRevInfo", "revocation data in the signature, which PAdES keeps outside (B-LT)")
        if self._required(ATTESTATION):
            raise self._refuse("LegalAttestation", "a legal attestation, which is not supported")
        if self._required(APPEARANCE):
            raise self._refuse("AppearanceFilter", "an appearance of its own, which is not supported")

    def _reason(self, intent: Intent) -> Intent:
        if not self._required(REASONS):
            return intent
        reasons = [decode_text(r) for r in self._list(self._seed.get("Reasons")) if isinstance(r, bytes)]
        if reasons in ([], ["."]):
            if intent.reason:
                raise self._refuse("Reasons", "no reason at all")
            return intent
        if intent.reason is None and len(reasons) == 1:
            return replace(intent, reason=reasons[0])
        if intent.reason not in reasons:
            raise self._refuse("Reasons", " | ".join(reasons[:10]))
        return intent

    def _mdp(self, intent: Intent) -> Intent:
        rule = self._reader.resolve(self._seed.get("MDP"))
        if rule is None:
            return intent
        level = self._reader.resolve(rule.get("P")) if isinstance(rule, dict) else None
        if level == 0:
            if intent.certify is not None:
                raise self._refuse("MDP", "an approval, no certification")
            return intent
        for known in (1, 2, 3):
            if type(level) is int and level == known:
                if intent.certify not in (None, known):
                    raise self._refuse("MDP", f"a certification with P = {known}")
                return replace(intent, certify=known)
        raise FormatError(f"PDF: /MDP in the seed values of the field {self._field!r} is malformed.")

    def _certificate(self, chain: Chain) -> None:
        wanted = self._reader.resolve(self._seed.get("Cert"))
        if wanted is None:
            return
        if not isinstance(wanted, dict):
            raise FormatError(f"PDF: /Cert in the seed values of the field {self._field!r} is no dictionary.")
        flags = self._number(wanted.get("Ff"))
        checks: tuple[tuple[int, str, Callable[[list[Value]], bool]], ...] = (
            (_SUBJECT, "Subject", lambda items: chain.leaf.der in items),
            (_ISSUER, "Issuer", lambda items: any(c.der in items for c in chain.issuers)),
            (_POLICY, "OID", lambda items: any(_text(i) in chain.leaf.policies for i in items)),
            (_SUBJECT_DN, "SubjectDN", lambda items: any(_named(self._reader, i, chain.leaf) for i in items)),
            (_KEY_USAGE, "KeyUsage", lambda items: any(_usable(_text(i), chain.leaf) for i in items)),
        )
        for bit, key, holds in checks:
            if flags & bit and not holds(self._list(wanted.get(key))):
                raise self._refuse(f"Cert /{key}", "another signing certificate")
        if flags & _URL:
            raise self._refuse("Cert /URL", "a certificate from a given place, which is not supported")

    def _list(self, value: Value) -> list[Value]:
        found = self._reader.resolve(value)
        return [self._reader.resolve(v) for v in found] if isinstance(found, list) else []

    def _number(self, value: Value) -> int:
        found = self._reader.resolve(value)
        return found if type(found) is int else 0


def _text(value: Value) -> str:
    return decode_text(value) if isinstance(value, bytes) else ""


def _named(reader: Reader, value: Value, leaf: Certificate) -> bool:
    """Whether the subject has every attribute of this dictionary, such as /CN or /O."""
    if not isinstance(value, dict) or not value:
        return False
    return all(_text(reader.resolve(v)) in leaf.subject.all(k) for k, v in value.items())


def _usable(pattern: str, leaf: Certificate) -> bool:
    """A key usage pattern: 0 must not be set, 1 must be set, X does not matter (table 238)."""
    have = leaf.key_usage or frozenset()
    return all(c == "X" or (c == "1") == (usage in have) for c, usage in zip(pattern, _USAGES, strict=False))
