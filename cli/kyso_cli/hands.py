"""What signs for `kyso sign`: a key on this machine, one on a server that gets only hashes, or the server itself.

Reach for `hand`: a function that signs many files in order and yields what became of each.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from kyso_pki.reports.said import in_words

from .claims import ClaimsAsked, claims_from
from .config import Config
from .errors import Stop, about_the_document
from .files import PIPE, read, write_whole
from .lint import policy_in_reach, tell, warn
from .naming import address_meant
from .options import (
    api_token,
    document_password,
    evidence_in,
    fetcher,
    modules_in_reach,
    secret_source,
    tsa_in_reach,
    warn_of_open_key,
)
from .output import App, note, write_pipe
from .profiles import profile_at
from .stamping import StampAsked, covers_signature, doubts, save_refusal

if TYPE_CHECKING:
    from kyso import FieldLock
    from kyso.files import FileResult
    from kyso_pki.document import CmsForm, XmlForm
    from kyso_pki.pdf.appearance.stamp import Stamp
    from kyso_pki.pdf.lint.policy import LintPolicy
    from kyso_pki.signer import Signer

Job = tuple[str, Path | None]
"""A file, and where its result goes; None is standard output."""
SignAll = Callable[[Sequence[Job]], Iterator["Result"]]


@dataclass(frozen=True)
class Request:
    """What was asked for, as typed."""

    files: tuple[str, ...]
    key: str | None
    server: str | None
    credential: str | None
    output: str | None
    level: str
    tsa: str | None
    content_timestamp: bool
    reason: str | None
    location: str | None
    field: str | None
    certify: str | None
    locked: tuple[str, ...]
    evidence: tuple[Path, ...]
    hosts: tuple[str, ...]
    form: str | None
    as_format: str | None
    attached: bool
    content: Path | None
    profile: str | None
    hash_name: str | None
    pss: bool
    chain: Path | None
    modules: tuple[str, ...]
    token_file: Path | None
    token_env: str | None
    lint: str
    upload: bool
    resume: bool
    force: bool
    as_json: bool
    config: Path | None
    refusal: Path | None
    stamp: StampAsked
    claims: ClaimsAsked

    @cached_property
    def password(self) -> Callable[[], str | None] | None:
        """Of encrypted documents; what it comes from is read once."""
        return document_password()

    @property
    def cms(self) -> CmsForm | None:
        """How files are signed as mere octets into CMS, whatever they are."""
        if self.as_format != "cms":
            return None
        return "attached" if self.attached else "detached"

    @property
    def xml_file(self) -> XmlForm | None:
        """The form of an XML signature over files as they are; None: XML documents carry their signatures."""
        return self.as_format if self.as_format in ("xades", "xmldsig") else None  # type: ignore[return-value]  # these two

    @property
    def to_pipe(self) -> bool:
        return self.output == PIPE or (self.output is None and self.files == (PIPE,))


@dataclass(frozen=True)
class Result:
    """What became of one document."""

    file: str
    output: str | None = None
    error: Exception | None = None
    skipped: bool = False
    there: bool = False
    """Signed by an earlier run."""


@contextmanager
def hand(app: App, asked: Request, config: Config, stamp: Stamp | None) -> Iterator[SignAll]:
    """The function that signs the documents, with the key open as long as the block lasts."""
    if asked.server is not None:
        with _remote(app, asked, asked.server, asked.credential or "", config, stamp) as sign_all:
            yield sign_all
        return
    import kyso
    from kyso_pki.x509.certificate import certificates_from_bytes

    reach = modules_in_reach(asked.modules, config)
    key = address_meant(asked.key or "", reach)
    warn_of_open_key(app, key)
    # Of these only the issuers of the key's own certificate are put into the signature.
    files = (*((asked.chain,) if asked.chain else ()), *config.chains)
    chain = [c for file in files for c in certificates_from_bytes(_bytes_of(file))]
    opened = kyso.open_signer(
        key,
        pin=secret_source(app.words),
        modules=reach,
        hash_name=asked.hash_name,  # type: ignore[arg-type]  # click.Choice gives only names in HashName
        pss=asked.pss,
        chain=chain,
    )
    with opened as signer, _local(app, asked, signer, config, config.url, stamp) as sign_all:
        yield sign_all


@contextmanager
def _local(
    app: App, asked: Request, signer: Signer, config: Config, base: str | None, stamp: Stamp | None
) -> Iterator[SignAll]:
    """Signing on this machine: whatever key it is, only hashes go to it."""
    import kyso
    from kyso.beside import uri_of
    from kyso.signing import content_stamps_of
    from kyso_pki.document import level_named
    from kyso_pki.formats import is_signature_file

    tsa = tsa_in_reach(asked.tsa, asked.level, base, content=asked.content_timestamp)
    intent = kyso.Intent(
        datetime.now(UTC),
        level_named(asked.level),
        reason=asked.reason,
        location=asked.location,
        field=asked.field,
        certify=int(asked.certify) if asked.certify else None,  # type: ignore[arg-type]  # click.Choice gives 1, 2, 3
        lock=_lock(asked.locked),
        cms=asked.cms,
        xml_form=asked.form or "xades",  # type: ignore[arg-type]  # click.Choice gives only names in XmlForm
        profile=None if asked.profile is None else profile_at(asked.profile),
        claims=claims_from(asked.claims),
        countersign=asked.claims.countersign,
        content_stamps=content_stamps_of(tsa) if asked.content_timestamp else None,
    )
    given = evidence_in(asked.evidence)
    policy = None if asked.as_format else policy_in_reach(asked.lint, config)
    password = asked.password
    with closing(fetcher(asked.hosts, config, len(asked.files))) as asks:

        def sign_all(jobs: Sequence[Job]) -> Iterator[Result]:
            if asked.xml_file is not None:

                def apart(data: bytes, name: str) -> bytes:
                    return kyso.sign_xml(
                        data,
                        signer,
                        name=uri_of(Path(name)),
                        detached=not asked.attached,
                        form=asked.xml_file or "xades",
                        level=asked.level,
                        timestamper=tsa,
                        content_timestamp=asked.content_timestamp,
                        claims=intent.claims,
                        location=asked.location,
                        fetcher=asks,
                        evidence=given,
                    )

                yield from _one_by_one(app, asked, jobs, None, apart)
                return
            if any(target is None for _, target in jobs) or PIPE in asked.files:

                def one(data: bytes, _name: str) -> bytes:
                    if intent.cms is not None and not is_signature_file(data):
                        return kyso.sign_cms(
                            data,
                            signer,
                            detached=intent.cms == "detached",
                            level=asked.level,
                            timestamper=tsa,
                            content_timestamp=asked.content_timestamp,
                            fetcher=asks,
                            evidence=given,
                        )
                    return kyso.sign(
                        data,
                        signer,
                        content=asked.content,
                        level=asked.level,
                        timestamper=tsa,
                        reason=asked.reason,
                        location=asked.location,
                        field=asked.field,
                        certify=intent.certify,
                        lock=intent.lock,
                        xml_form=intent.xml_form,
                        profile=intent.profile,
                        claims=intent.claims,
                        countersign=intent.countersign,
                        content_timestamp=asked.content_timestamp,
                        stamp=stamp,
                        fetcher=asks,
                        evidence=given,
                        password=password,
                    )

                yield from _one_by_one(app, asked, jobs, policy, one)
                return
            pairs = [(file, target) for file, target in jobs if target is not None]
            for done in kyso.sign_files(
                pairs,
                signer,
                intent,
                timestamper=tsa,
                fetcher=asks,
                evidence=given,
                stamp=stamp,
                password=password,
                lint=policy,
                content=asked.content,
                force=asked.force,
            ):
                if done.lint is not None and done.error is None:
                    tell(app, str(done.source), done.lint)
                yield _after(app, asked, _result(str(done.source), done))

        yield sign_all


def _lock(names: tuple[str, ...]) -> FieldLock | None:
    """`--lock NAME`, `--lock '*'` for all fields."""
    import kyso

    if not names:
        return None
    return kyso.FieldLock("All") if "*" in names else kyso.FieldLock("Include", names)


def _result(file: str, done: FileResult) -> Result:
    error = done.error
    if isinstance(error, FileExistsError):
        error = Stop("output_exists", path=done.target)
    return Result(file, str(done.target) if done.signed else None, error, done.skipped)


def _bytes_of(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as e:
        raise Stop("file_unreadable", path=path, why=e.strerror) from None


@contextmanager
def _remote(
    app: App, asked: Request, url: str, credential: str, config: Config, stamp: Stamp | None
) -> Iterator[SignAll]:
    """A credential on a server: the hash travels and the document stays, unless --upload asks otherwise."""
    import kyso

    token = api_token(asked.token_file, asked.token_env)
    pin = secret_source(app.words)
    with kyso.Client(url, token=token) as client:
        if not asked.upload:
            signer = client.signer(credential, pin=pin, hash_name=asked.hash_name, pss=asked.pss)  # type: ignore[arg-type]  # as above
            with _local(app, asked, signer, config, url, stamp) as sign_all:
                yield sign_all
            return
        needs_pin = client.credential(credential).pin
        policy = policy_in_reach(asked.lint, config)

        def one(data: bytes, _name: str) -> bytes:
            return client.sign_document(
                data,
                credential,
                pin=pin if needs_pin else None,
                level=asked.level,
                reason=asked.reason,
                location=asked.location,
                field=asked.field,
                certify=int(asked.certify) if asked.certify else None,  # type: ignore[arg-type]  # as above
                lock=_lock(asked.locked),
                xml_form=asked.form or "xades",  # type: ignore[arg-type]  # as above
                profile=asked.profile,
                claims=claims_from(asked.claims),
                countersign=asked.claims.countersign,
                hash_name=asked.hash_name,  # type: ignore[arg-type]  # as above
                pss=asked.pss,
                password=asked.password,
            )

        yield lambda jobs: _one_by_one(app, asked, jobs, policy, one)


def _after(app: App, asked: Request, result: Result, data: bytes | None = None) -> Result:
    """What a stamp has to say once its file is signed or refused; `data`: the document, when it came by a pipe."""
    if result.error is not None:
        save_refusal(app, result.error, asked.refusal or _refused(result.file))
    elif asked.stamp.template is not None and not result.skipped:
        document = read(result.file) if data is None else data
        if covers_signature(document, asked.field, asked.password):
            note(app.words("stamp.overlay", file=result.file))
        if asked.stamp.reserve and result.output not in (None, PIPE):
            for field, why in doubts(read(result.output or ""), asked.stamp.reserve, asked.password):
                note(app.words("stamp.doubt", file=result.file, field=field, why=in_words(why, app.words)))
    return result


def _refused(file: str) -> Path:
    """Where the picture of a refused placement goes: beside `van-ban.pdf` into `van-ban.refused.png`."""
    path = Path("stdin.pdf" if file == PIPE else file)
    return path.with_name(f"{path.stem}.refused.png")


def _one_by_one(
    app: App, asked: Request, jobs: Sequence[Job], policy: LintPolicy | None, sign_one: Callable[[bytes, str], bytes]
) -> Iterator[Result]:
    stopped = False
    for file, target in jobs:
        result = Result(file, skipped=True) if stopped else _sign_file(app, asked, file, target, policy, sign_one)
        stopped = stopped or (result.error is not None and not about_the_document(result.error))
        yield result


def _sign_file(
    app: App,
    asked: Request,
    file: str,
    target: Path | None,
    policy: LintPolicy | None,
    sign_one: Callable[[bytes, str], bytes],
) -> Result:
    from kyso_pki.errors import KysoError

    try:
        data = read(file)
        if policy is not None:
            warn(app, file, data, policy, asked.password)
        signed = sign_one(data, file)
        if target is None:
            write_pipe(signed)
        else:
            write_whole(target, signed, force=asked.force)
    except (KysoError, OSError) as e:
        return _after(app, asked, Result(file, error=e))
    return _after(app, asked, Result(file, output=PIPE if target is None else str(target)), data)
