"""A TPM 2.0 (swtpm) as a token, through tpm2-pkcs11."""

from __future__ import annotations

from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import load_der_public_key

from kyso_hsm.opening import Module

from .program import FOLDER, Program, file_of, run, start

LIBRARY = (
    "/usr/lib/x86_64-linux-gnu/pkcs11/libtpm2_pkcs11.so",
    "/usr/lib/aarch64-linux-gnu/pkcs11/libtpm2_pkcs11.so",
    "/usr/lib64/pkcs11/libtpm2_pkcs11.so",
)
LABEL, PIN, WRONG_PIN = "kyso tpm", "1234", "9999"


class Tpm:
    """The chip with its token; `kill` is a power cut, `power_on` starts it again with its state."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.library = file_of(LIBRARY, "libtpm2-pkcs11-1")
        file_of(("/usr/bin/swtpm", "/usr/local/bin/swtpm"), "swtpm")
        file_of(("/usr/bin/tpm2_ptool",), "libtpm2-pkcs11-tools")
        file_of(
            (
                "/usr/lib/x86_64-linux-gnu/libtss2-tcti-swtpm.so.0",
                "/usr/lib/aarch64-linux-gnu/libtss2-tcti-swtpm.so.0",
            ),
            "libtss2-tcti-swtpm0",
        )
        self._program = self._start()

    def _start(self) -> Program:
        return start(["/bin/sh", str(FOLDER / "tpm.sh"), str(self.folder), self.library], self.folder / "log")

    @property
    def env(self) -> dict[str, str]:
        wire = f"swtpm:path={self.folder / 'tpm.sock'}"
        return {
            "TPM2_PKCS11_STORE": str(self.folder / "store"),
            "TPM2_PKCS11_TCTI": wire,
            "TPM2TOOLS_TCTI": wire,
            "TSS2_LOG": "all+NONE",
        }

    def as_module(self) -> Module:
        return Module(self.library, self.env)

    def kill(self) -> None:
        self._program.kill()

    def power_on(self) -> None:
        self._program.stop()
        self._program = self._start()

    def stop(self) -> None:
        self._program.stop()

    def tool(self, *arguments: str, fails: bool = False) -> str:
        """pkcs11-tool on this token; what it leaves behind in the TPM is flushed."""
        said = run(
            "pkcs11-tool", "--module", self.library, "--token-label", LABEL, *arguments, env=self.env, fails=fails
        )
        self.flush()
        return said

    def flush(self) -> None:
        """Forgets objects and sessions that killed or careless clients left in the TPM."""
        for kind in ("--transient-object", "--loaded-session", "--saved-session"):
            run("tpm2_flushcontext", kind, env=self.env, package="tpm2-tools")

    def forgive(self) -> None:
        """Ends the TPM's lockout after wrong PINs."""
        run("tpm2_dictionarylockout", "--clear-lockout", env=self.env, package="tpm2-tools")

    def public_key(self, label: str) -> rsa.RSAPublicKey | ec.EllipticCurvePublicKey:
        file = self.folder / f"{label}.der"
        self.tool("--read-object", "--type", "pubkey", "--label", label, "--output-file", str(file))
        key = load_der_public_key(file.read_bytes())
        assert isinstance(key, (rsa.RSAPublicKey, ec.EllipticCurvePublicKey))
        return key
