"""Open a key by its address."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from kyso_hsm import opening
from kyso_hsm.opening import Module, OpenSigner
from kyso_hsm.pin import FromText, SecretSource
from kyso_pki.scheme import HashName
from kyso_pki.x509.certificate import Certificate, certificates_from_bytes


def open_signer(
    uri: str,
    *,
    pin: SecretSource | str | None = None,
    modules: Sequence[Module | str] = (),
    hash_name: HashName | None = None,
    pss: bool = False,
    chain: Sequence[Certificate | str | os.PathLike[str]] = (),
) -> OpenSigner:
    """An open signer: a context manager; `close()` ends its session and forgets the PIN.

    `uri` is a PKCS#11 URI (RFC 7512, `pkcs11:token=…;object=…`) or a PKCS#12 or PEM file (`file:`, or a plain
    path). `pin` is a source such as `PromptPin()` or `EnvPin("KYSO_PIN")`, or the text itself. `modules` are
    PKCS#11 libraries to look in; without them, those known and found on this machine. The library is loaded in
    a worker process, never in this one. `chain`: issuers that are not on the token, or files that hold them; a
    verifier needs them. Raises `KeyAccessError` subclasses.
    """
    issuers: list[Certificate] = []
    for item in chain:
        issuers += [item] if isinstance(item, Certificate) else certificates_from_bytes(Path(item).read_bytes())
    return opening.open_signer(
        uri,
        secret=FromText(pin) if isinstance(pin, str) else pin,
        modules=[Module(m) if isinstance(m, str) else m for m in modules],
        hash_name=hash_name,
        pss=pss,
        chain=issuers,
    )
