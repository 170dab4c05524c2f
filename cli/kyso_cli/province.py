"""The model province that `kyso quickstart` makes: tokens, keys, certificates and configuration in one folder.

Reach for `make`. Everything is first made in a folder beside its place; when the last piece is there the folder
is renamed to `.ready` and its pieces are moved in, kyso.toml last. So a run that is killed leaves either nothing
that counts or something that the next run finishes, and a kyso.toml means that everything it names exists.
"""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from .errors import Stop
from .files import write_whole
from .smiths import soft_key

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes

    from kyso_hsm.opening import KeyKind, OpenKey
    from kyso_pki.authority.profile import Profile, Subject, Urls
    from kyso_pki.signer import SigningKey
    from kyso_pki.x509.certificate import Certificate

    from .smiths import Smith

Tell = Callable[..., None]
"""`tell(key, **values)`: says that a step is done, in the words of `quickstart.step.KEY`."""

PROVINCE = "UBND tỉnh Mẫu"
DEPARTMENT = "Sở Thông tin và Truyền thông tỉnh Mẫu"
OFFICIAL = "nguyen-van-mau"
SEAL = "so-tttt-tinh-mau"
SOFTWARE = "phan-mem"
PEOPLE_TOKEN, CA_TOKEN = "kyso-tinh-mau", "kyso-ca"
TSA_POLICY = "1.3.6.1.4.1.99999.1.1"  # under an enterprise number that nobody has, as the province itself
ROOT_CRL_TERM = timedelta(days=365)  # the root is used by hand, so its list lasts long
BACKDATED = timedelta(minutes=5)  # for verifiers whose clock is a little behind
PARTS = ("secrets", "softhsm", "keys", "ca", "kyso.toml")  # in the order of moving in
CALLER = "quickstart"  # the name of the one API token that is made
_CALLERS = f'callers = ["{CALLER}"] # API tokens that may use this key; kyso callers makes more'
_READY, _UNFINISHED = ".ready", ".unfinished-"


@dataclass(frozen=True)
class Plan:
    """What is decided before anything is made."""

    folder: Path
    host: str
    port: int
    module: str | None
    """The SoftHSM2 library, None for software keys."""

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"


def finish_moving(folder: Path) -> bool:
    """Moves in what an earlier run had made whole; whether there was anything. Clears what was left half-made."""
    for left in folder.glob(f"{_UNFINISHED}*"):
        shutil.rmtree(left)
    ready = folder / _READY
    if not ready.is_dir():
        return False
    for part in PARTS:
        if (ready / part).exists():
            (ready / part).rename(folder / part)
    shutil.rmtree(ready)
    return True


def make(plan: Plan, tell: Tell) -> None:
    """Makes keys, certificates and configuration. Raises `Stop` where something foreign stands in the way."""
    foreign = [part for part in PARTS if (plan.folder / part).exists()]
    if foreign:
        raise Stop("province_foreign", folder=plan.folder, names=", ".join(foreign))
    stage = plan.folder / f"{_UNFINISHED}{secrets.token_hex(4)}"
    stage.mkdir()
    try:
        _make_in(stage, plan, tell)
        stage.rename(plan.folder / _READY)
    finally:
        shutil.rmtree(stage, ignore_errors=True)
    finish_moving(plan.folder)
    tell("config", url=plan.url)


def _make_in(stage: Path, plan: Plan, tell: Tell) -> None:
    from .smiths import FileSmith, TokenSmith

    for name in ("secrets", "keys", "ca"):
        (stage / name).mkdir(mode=0o700 if name != "ca" else 0o755)
    (stage / "ca" / "issued").mkdir()
    pins = _pins(stage, on_tokens=plan.module is not None)
    tell("secrets")
    smith: Smith
    if plan.module is None:
        smith = FileSmith(stage, {PEOPLE_TOKEN: pins["token"], CA_TOKEN: pins["ca"]})
    else:
        smith = TokenSmith(stage, plan.folder, plan.module, {PEOPLE_TOKEN: pins["token"], CA_TOKEN: pins["ca"]})
    with smith:
        smith.prepare(pins["so"], tell)
        _Certification(stage, plan.url, smith, pins, tell).run()
    write_whole(stage / "kyso.toml", _config(plan).encode())


def _pins(stage: Path, *, on_tokens: bool) -> dict[str, str]:
    """Random PINs of 8 digits for tokens, which count the tries; 128 bits for files, which anybody may try for ever.

    Each lies in a file that only its owner reads.
    """
    made = {
        "token": f"{secrets.randbelow(10**8):08}" if on_tokens else secrets.token_hex(16),
        "ca": f"{secrets.randbelow(10**8):08}" if on_tokens else secrets.token_hex(16),
        "so": f"{secrets.randbelow(10**12):012}",
        "root": secrets.token_hex(16),
        SOFTWARE: secrets.token_hex(16),
    }
    for name, pin in made.items():
        write_whole(stage / "secrets" / f"{name}.pin", f"{pin}\n".encode(), mode=0o600)
    write_whole(stage / "secrets" / "api-token", f"{secrets.token_urlsafe(32)}\n".encode(), mode=0o600)
    return made


@dataclass(frozen=True)
class _Certification:
    """The certificates of the province, from the root down; each key is made just before its certificate."""

    stage: Path
    url: str
    smith: Smith
    pins: dict[str, str]
    tell: Tell

    def run(self) -> None:
        from kyso_pki.authority import profile as p

        root, root_key = self._root()
        with root_key:
            issuing_urls = p.Urls(crl=f"{self.url}/crl/root.crl", ca_issuers=f"{self.url}/ca/root.crt")
            subject = p.Subject("CA cấp phát thử nghiệm tỉnh Mẫu", PROVINCE)
            issuing_public = self._key(CA_TOKEN, "issuing-ca", "rsa3072")
            issuing = self._issue(p.ISSUING_CA, subject, issuing_public, root_key, root, 10, issuing_urls)
            self._keep(CA_TOKEN, "issuing-ca", issuing, (), "ca/issuing.crt")
            self._root_crl(root, root_key)
        urls = p.Urls(f"{self.url}/ocsp", f"{self.url}/crl/issuing.crl", f"{self.url}/ca/issuing.crt")
        wanted: tuple[tuple[str, str, KeyKind, Profile, Subject, Urls], ...] = (
            (CA_TOKEN, "tsa", "rsa2048", p.TSA, p.Subject("Dấu thời gian thử nghiệm tỉnh Mẫu", PROVINCE), urls),
            (CA_TOKEN, "ocsp", "p256", p.OCSP_RESPONDER, p.Subject("OCSP thử nghiệm tỉnh Mẫu", PROVINCE), p.NO_URLS),
            (PEOPLE_TOKEN, OFFICIAL, "rsa2048", p.PERSON, _person("Nguyễn Văn Mẫu"), urls),
            (PEOPLE_TOKEN, SEAL, "p256", p.AGENCY_SEAL, p.Subject(DEPARTMENT, PROVINCE), urls),
        )
        with self.smith.open(CA_TOKEN, "issuing-ca") as key:
            for token, label, kind, profile, subject, links in wanted:
                public = self._key(token, label, kind)
                certificate = self._issue(profile, subject, public, key, issuing, 4, links)
                self._keep(token, label, certificate, (issuing,), f"ca/issued/{label}.crt")
                if token == CA_TOKEN:  # the server hands these out by name
                    write_whole(self.stage / "ca" / f"{label}.crt", certificate.pem().encode())
            self._software_credential(key, issuing, urls)

    def _root(self) -> tuple[Certificate, OpenKey]:
        """The root: its key only in an encrypted file, because a root stays off the machine that serves."""
        from kyso_hsm.soft import create_keystore, new_key
        from kyso_pki.authority.profile import NO_URLS, ROOT_CA, Subject

        private = new_key("rsa3072")
        key = soft_key(private, "root")
        subject = Subject("CA gốc thử nghiệm tỉnh Mẫu", PROVINCE)
        root = self._issue(ROOT_CA, subject, key.public_key, key, None, 20, NO_URLS)
        create_keystore(self.stage / "ca" / "root.p12", private, (root,), self.pins["root"])
        self.tell("key_file", label="root", kind="RSA-3072", path="ca/root.p12")
        write_whole(self.stage / "ca" / "root.crt", root.pem().encode())
        self.tell("certificate", label="root", subject=subject.common_name)
        return root, key

    def _root_crl(self, root: Certificate, key: SigningKey) -> None:
        from kyso_pki.authority.revoke import issue_crl

        now = _now()
        crl = issue_crl(key, root, (), at=now, next_update=now + ROOT_CRL_TERM, number=1)
        write_whole(self.stage / "ca" / "root.crl", crl)
        self.tell("crl")

    def _software_credential(self, key: SigningKey, issuing: Certificate, urls: Urls) -> None:
        """A certificate for a piece of software (NĐ 68/2024: device, service, software), its key in a file."""
        from kyso_hsm.soft import create_keystore, new_key
        from kyso_pki.authority.profile import DEVICE, Subject
        from kyso_pki.scheme import key_name

        private = new_key("p256")
        public = private.public_key()
        subject = Subject("Phần mềm một cửa thử nghiệm", PROVINCE, (DEPARTMENT,))
        certificate = self._issue(DEVICE, subject, public, key, issuing, 4, urls)
        path = self.stage / "keys" / f"{SOFTWARE}.p12"
        create_keystore(path, private, (certificate, issuing), self.pins[SOFTWARE])
        write_whole(self.stage / "ca" / "issued" / f"{SOFTWARE}.crt", certificate.pem().encode())
        self.tell("key_file", label=SOFTWARE, kind=key_name(public), path=f"keys/{SOFTWARE}.p12")
        self.tell("certificate", label=SOFTWARE, subject=subject.common_name)

    def _key(self, token: str, label: str, kind: KeyKind) -> PublicKeyTypes:
        from kyso_pki.scheme import key_name

        public = self.smith.make(token, label, kind)
        self.tell("key", label=label, kind=key_name(public))
        return public

    def _issue(
        self,
        profile: Profile,
        subject: Subject,
        public: PublicKeyTypes,
        key: SigningKey,
        issuer: Certificate | None,
        years: int,
        urls: Urls,
    ) -> Certificate:
        from kyso_pki.authority.issue import issue

        start = issuer.not_before if issuer else _now() - BACKDATED
        end = start + timedelta(days=365 * years)
        return issue(profile, subject, public, key=key, issuer=issuer, not_before=start, not_after=end, urls=urls)

    def _keep(
        self, token: str, label: str, certificate: Certificate, issuers: tuple[Certificate, ...], file: str
    ) -> None:
        """Stores the certificate with its key, and as a file: OCSP answers for those in ca/issued/."""
        self.smith.keep(token, label, certificate, issuers)
        write_whole(self.stage / file, certificate.pem().encode())
        self.tell("certificate", label=label, subject=certificate.subject.first("CN"))


def _person(name: str) -> Subject:
    from kyso_pki.authority.profile import Subject

    return Subject(name, PROVINCE, (DEPARTMENT,))


def _now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


def _config(plan: Plan) -> str:
    """The kyso.toml; docs/config.md explains every line."""
    lines = [
        "# Made by `kyso quickstart`. Paths are relative to this folder. No secret stands here, only files of them.",
        "[server]",
        f'host = "{plan.host}"',
        f"port = {plan.port}",
        f'url = "{plan.url}" # stands in the certificates',
        'database = "sqlite:///kyso.db"',
    ]
    if plan.module is not None:
        lines += [
            "",
            "[[modules]]",
            f"path = {_quoted(plan.module)}",
            'env = { SOFTHSM2_CONF = "softhsm/softhsm2.conf" }',
        ]
    lines += [
        "",
        "[ca]",
        'root = "ca/root.crt"',
        'root_crl = "ca/root.crl"',
        'issuing = "ca/issuing.crt"',
        *_key_lines(plan, "issuing_", CA_TOKEN, "issuing-ca", "ca"),
        'ocsp = "ca/ocsp.crt"',
        *_key_lines(plan, "ocsp_", CA_TOKEN, "ocsp", "ca"),
        "",
        "[tsa]",
        'certificate = "ca/tsa.crt"',
        *_key_lines(plan, "", CA_TOKEN, "tsa", "ca"),
        f'policy = "{TSA_POLICY}"',
    ]
    for name in (OFFICIAL, SEAL):
        lines += ["", "[[credentials]]", f'id = "{name}"', *_key_lines(plan, "", PEOPLE_TOKEN, name, "token")]
        lines += ['chain = ["ca/issuing.crt"]', _CALLERS]
    lines += ["", "[[credentials]]", f'id = "{SOFTWARE}"', f'key = "file:keys/{SOFTWARE}.p12"']
    lines += [f'pin_file = "secrets/{SOFTWARE}.pin"', 'chain = ["ca/issuing.crt"]', _CALLERS]
    lines += ["", "[trust]", 'signing = ["ca/root.crt"]', 'timestamping = ["ca/root.crt"]', "online = true", ""]
    return "\n".join(lines)


def _key_lines(plan: Plan, prefix: str, token: str, label: str, pin: str) -> list[str]:
    return [f'{prefix}key = "{key_address(plan, token, label)}"', f'{prefix}pin_file = "secrets/{pin}.pin"']


def key_address(plan: Plan, token: str, label: str) -> str:
    """How kyso.toml and the printed commands name a key."""
    return f"file:keys/{label}.p12" if plan.module is None else f"pkcs11:token={token};object={label}"


def _quoted(text: str) -> str:
    """A TOML string; JSON's escapes are TOML's."""
    import json

    return json.dumps(text, ensure_ascii=False)
