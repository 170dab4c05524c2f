"""A SoftHSM2 token for one benchmark run, reached both ways: through kyso's worker and raw in this process.

The raw way is the physical limit and what peers use; it is safe only because a benchmark has one thread.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes

from kyso_hsm import opening
from kyso_hsm.cryptoki import Cryptoki
from kyso_hsm.opening import KeyKind, Module, OpenKey, OpenSigner
from kyso_hsm.pin import FromText
from kyso_hsm.pool import Pool
from kyso_pki.authority.issue import issue
from kyso_pki.authority.profile import ISSUING_CA, PERSON, ROOT_CA, Profile, Subject
from kyso_pki.authority.revoke import issue_crl
from kyso_pki.x509.certificate import Certificate

LIBRARY = "/usr/lib/softhsm/libsofthsm2.so"
PIN, SO_PIN, TOKEN = "123456", "12345678", "bench"
DIGEST_INFO_SHA256 = bytes.fromhex("3031300d060960864801650304020105000420")


@dataclass(frozen=True)
class Hsm:
    """One token with an RSA-2048 and a P-256 key, certificates of a chain of three, and CRLs for them."""

    module: Module
    root: Certificate
    issuing: Certificate
    crls: tuple[bytes, ...]

    def signer(self, label: str, pool: Pool | None = None, workers: int = 1) -> OpenSigner:
        """The key through a worker process (or several), as the product reaches it."""
        return opening.open_signer(
            f"pkcs11:token={TOKEN};object={label}",
            secret=FromText(PIN),
            modules=[replace(self.module, workers=workers)],
            chain=[self.issuing],
            pool=pool,
        )

    def session(self) -> Any:
        """The raw python-pkcs11 session of this process; a token logs in once per process."""
        return _session(self.module.env["SOFTHSM2_CONF"])

    def raw(self, label: str) -> Callable[[bytes], bytes]:
        """One bare C_Sign over a SHA-256 digest, as python-pkcs11 makes it (with a call to ask for the size)."""
        import pkcs11

        key = self._key(label)
        if key.key_type == pkcs11.KeyType.RSA:
            return lambda d: bytes(key.sign(DIGEST_INFO_SHA256 + d, mechanism=pkcs11.Mechanism.RSA_PKCS))
        return lambda d: bytes(key.sign(d, mechanism=pkcs11.Mechanism.ECDSA))

    def bare(self, label: str) -> Callable[[bytes], bytes]:
        """C_SignInit and C_Sign through ctypes and nothing else: the least that Python can do."""
        import pkcs11

        key, session = self._key(label), self.session()
        calls = Cryptoki(LIBRARY)  # the same library again: initialised and logged in by the session
        if key.key_type == pkcs11.KeyType.RSA:
            sign = calls.signing(session.handle, key.handle, pkcs11.Mechanism.RSA_PKCS.value)
            return lambda d: sign(DIGEST_INFO_SHA256 + d)
        return calls.signing(session.handle, key.handle, pkcs11.Mechanism.ECDSA.value)

    def _key(self, label: str) -> Any:
        import pkcs11

        return self.session().get_key(object_class=pkcs11.ObjectClass.PRIVATE_KEY, label=label)


@lru_cache(maxsize=1)
def _session(conf: str) -> Any:
    import pkcs11

    os.environ["SOFTHSM2_CONF"] = conf
    return pkcs11.lib(LIBRARY).get_token(token_label=TOKEN).open(user_pin=PIN)


@lru_cache(maxsize=1)
def hsm() -> Hsm:
    """The token of this run; its folder goes with the process."""
    folder = Path(_folder().name)
    (folder / "tokens").mkdir()
    conf = folder / "softhsm2.conf"
    conf.write_text(
        f"directories.tokendir = {folder / 'tokens'}\nobjectstore.backend = file\nlog.level = ERROR\n",
        encoding="utf-8",
    )
    module = Module(LIBRARY, {"SOFTHSM2_CONF": str(conf)})
    opening.init_token(module, TOKEN, SO_PIN, PIN)
    uri = f"pkcs11:token={TOKEN}"
    now = datetime.now(UTC)

    def certify(
        profile: Profile, subject: Subject, public: PublicKeyTypes, by: OpenKey, issuer: Certificate | None
    ) -> Certificate:
        start, end = now - timedelta(days=1), now + timedelta(days=1000)
        return issue(profile, subject, public, key=by, issuer=issuer, not_before=start, not_after=end)

    kinds: dict[str, KeyKind] = {"root": "rsa2048", "issuing": "rsa2048", "rsa2048": "rsa2048", "p256": "p256"}
    for label, kind in kinds.items():
        opening.generate_key(uri, PIN, label, kind, modules=[module])

    def key(label: str) -> OpenKey:
        return opening.open_key(f"{uri};object={label}", secret=FromText(PIN), modules=[module])

    with key("root") as root_key, key("issuing") as issuing_key:
        root = certify(ROOT_CA, Subject("Root CA đo tốc độ"), root_key.public_key, root_key, None)
        subject = Subject("CA đo tốc độ")
        issuing = certify(ISSUING_CA, subject, issuing_key.public_key, root_key, root)
        for label in ("rsa2048", "p256"):
            with key(label) as leaf:
                person = Subject("Nguyễn Văn Mẫu", "UBND tỉnh Mẫu")
                made = certify(PERSON, person, leaf.public_key, issuing_key, issuing)
            opening.import_certificate(f"{uri};object={label}", PIN, made, modules=[module])
        until = now + timedelta(days=30)
        crls = (
            issue_crl(root_key, root, [], at=now - timedelta(hours=1), next_update=until, number=1),
            issue_crl(issuing_key, issuing, [], at=now - timedelta(hours=1), next_update=until, number=1),
        )
    return Hsm(module, root, issuing, crls)


@lru_cache(maxsize=1)
def _folder() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="kyso-bench-")
