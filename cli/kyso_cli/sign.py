"""`kyso sign`: documents in, signed documents out, the originals untouched.

The key is opened once for all files, so a PIN is asked for once. A document that cannot be signed is reported
and the next one is taken; a PIN, a key, a certificate or a network that fails stops the batch, because a token
locks after a few wrong PINs.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .command import worded
from .config import Config, find_config
from .errors import FAILED, OK, Stop, about_the_document, exit_code, explain
from .files import PIPE, check_input, check_output, read, write_whole
from .options import (
    PATH,
    api_token,
    config_option,
    document_password,
    json_option,
    module_option,
    modules_in_reach,
    password_options,
    pin_options,
    secret_source,
    warn_of_open_key,
)
from .output import App, note, say, say_json, to_terminal, write_pipe
from .stamping import StampAsked, covers_signature, save_refusal, stamp_from, stamp_options, taken

if TYPE_CHECKING:
    from kyso_pki.pdf.appearance.stamp import Stamp
    from kyso_pki.signer import Signer

SignOne = Callable[[bytes], bytes]
LookAt = Callable[[str, bytes], None]
HASHES = ("sha256", "sha384", "sha512", "sha3_256", "sha3_384", "sha3_512")


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
    reason: str | None
    location: str | None
    field: str | None
    form: str
    hash_name: str | None
    pss: bool
    chain: Path | None
    modules: tuple[str, ...]
    token_file: Path | None
    token_env: str | None
    lint: str
    upload: bool
    force: bool
    as_json: bool
    config: Path | None
    refusal: Path | None
    stamp: StampAsked

    @cached_property
    def password(self) -> Callable[[], str | None] | None:
        """Of encrypted documents; what it comes from is read once."""
        return document_password()

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


@worded("sign")
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option("--key", metavar="URI")
@click.option("--server", metavar="URL")
@click.option("--credential", metavar="ID")
@click.option("-o", "--output", metavar="FILE")
@click.option("--level", default="B-B", metavar="B-B|B-T")
@click.option("--tsa", metavar="URL")
@click.option("--reason", metavar="TEXT")
@click.option("--location", metavar="TEXT")
@click.option("--field", metavar="NAME")
@stamp_options
@click.option("--refusal", type=PATH, metavar="FILE.png")
@click.option("--form", type=click.Choice(["xades", "xmldsig"]), default="xades")
@click.option("--hash", "hash_name", type=click.Choice(HASHES))
@click.option("--pss", is_flag=True)
@click.option("--chain", type=PATH, metavar="FILE")
@module_option
@pin_options
@click.option("--token-file", type=PATH, metavar="FILE")
@click.option("--token-env", metavar="NAME")
@click.option("--lint", type=click.Choice(["off", "warn", "refuse"]), default="refuse")
@password_options
@click.option("--upload", is_flag=True)
@click.option("--force", is_flag=True)
@config_option
@json_option
@click.pass_obj
def command(app: App, /, **given: Any) -> int:
    return sign(app, Request(stamp=taken(given), **given))


def sign(app: App, asked: Request) -> int:
    """Signs every file and says what became of each; the exit code."""
    config = find_config(asked.config)
    _check(asked)
    stamp = stamp_from(asked.stamp)
    targets = _targets(asked)
    for file, target in zip(asked.files, targets, strict=True):
        check_input(file)
        if target is not None:
            check_output(target, force=asked.force)
    look = _linter(app, asked, config)
    with _hand(app, asked, config, stamp) as sign_one:
        results = _sign_all(app, asked, targets, sign_one, look)
    return _conclude(app, asked, results)


def _linter(app: App, asked: Request, config: Config) -> LookAt:
    """What looks at a document before it is signed, warns, and raises where the policy refuses."""
    from .lint import policy_in_reach, warn

    policy = policy_in_reach(asked.lint, config)
    if policy is None:
        return lambda file, data: None
    return lambda file, data: warn(app, file, data, policy, asked.password)


def _check(asked: Request) -> None:
    """Refuses what cannot be meant, before a PIN is asked for."""
    from kyso_pki.document import level_named

    level_named(asked.level)
    if (asked.key is None) == (asked.server is None):
        raise Stop("one_of", options="--key, --server")
    if asked.server is not None and asked.credential is None:
        raise Stop("option_needs", option="--server", needed="--credential")
    if asked.credential is not None and asked.server is None:
        raise Stop("option_needs", option="--credential", needed="--server")
    if asked.upload and asked.server is None:
        raise Stop("option_needs", option="--upload", needed="--server")
    if asked.upload and asked.stamp.template is not None:
        raise Stop("not_with", option="--template", other="--upload")
    if asked.refusal is not None and len(asked.files) > 1:
        raise Stop("not_with", option="--refusal", other="FILE FILE…")
    if asked.output is not None and len(asked.files) > 1:
        raise Stop("output_for_many")
    if PIPE in asked.files and len(asked.files) > 1:
        raise Stop("pipe_among_many")
    if asked.to_pipe and asked.as_json:
        raise Stop("pipe_and_json")
    if asked.to_pipe and to_terminal(sys.stdout):
        raise Stop("pipe_to_terminal")


def _targets(asked: Request) -> list[Path | None]:
    """Where each result goes, None for standard output. Two files never share a target, nor does the original."""
    if asked.to_pipe:
        return [None]
    targets = [Path(asked.output) if asked.output else _beside(Path(file)) for file in asked.files]
    seen: set[Path] = set()
    for file, target in zip(asked.files, targets, strict=True):
        if target.absolute() in seen:
            raise Stop("output_twice", path=target)
        if file != PIPE and _same(target, Path(file)):
            raise Stop("output_is_input", path=target)
        seen.add(target.absolute())
    return list(targets)


def _same(target: Path, file: Path) -> bool:
    with suppress(OSError):  # one of them is not there, or its name is impossible: said later, in words
        return target.samefile(file)
    return False


def _beside(file: Path) -> Path:
    """`van-ban.pdf` is signed into `van-ban.signed.pdf`."""
    return file.with_name(f"{file.stem}.signed{file.suffix}")


@contextmanager
def _hand(app: App, asked: Request, config: Config, stamp: Stamp | None) -> Iterator[SignOne]:
    """The function that signs one document, with the key open as long as the block lasts."""
    if asked.server is not None:
        with _remote(app, asked, asked.server, asked.credential or "", stamp) as sign_one:
            yield sign_one
        return
    import kyso
    from kyso_pki.x509.certificate import certificates_from_bytes

    warn_of_open_key(app, asked.key or "")
    # Of these only the issuers of the key's own certificate are put into the signature.
    files = (*((asked.chain,) if asked.chain else ()), *config.chains)
    chain = [c for file in files for c in certificates_from_bytes(_bytes_of(file))]
    with kyso.open_signer(
        asked.key or "",
        pin=secret_source(app.words),
        modules=modules_in_reach(asked.modules, config),
        hash_name=asked.hash_name,  # type: ignore[arg-type]  # click.Choice gives only names in HashName
        pss=asked.pss,
        chain=chain,
    ) as signer:
        yield _local(asked, signer, _tsa(asked, config.url), stamp)


def _local(asked: Request, signer: Signer, tsa: str | None, stamp: Stamp | None) -> SignOne:
    """Signing on this machine: whatever key it is, only a hash goes to it."""
    import kyso

    return lambda data: kyso.sign(
        data,
        signer,
        level=asked.level,
        timestamper=tsa,
        reason=asked.reason,
        location=asked.location,
        field=asked.field,
        xml_form=asked.form,  # type: ignore[arg-type]  # click.Choice gives only names in XmlForm
        stamp=stamp,
        password=asked.password,
    )


def _bytes_of(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as e:
        raise Stop("file_unreadable", path=path, why=e.strerror) from None


def _tsa(asked: Request, base: str | None) -> str | None:
    """The time-stamping authority: as named, else the province's own when the level asks for one."""
    from kyso_pki.document import level_named

    if asked.tsa or level_named(asked.level) == "B-B":
        return asked.tsa
    if base is None:
        raise Stop("option_needs", option="--level B-T", needed="--tsa")
    return f"{base.rstrip('/')}/tsa"


def _sign_all(app: App, asked: Request, targets: list[Path | None], sign_one: SignOne, look: LookAt) -> list[Result]:
    results: list[Result] = []
    stopped: Exception | None = None
    for file, target in zip(asked.files, targets, strict=True):
        if stopped is not None:
            result = Result(file, skipped=True)
        else:
            result = _sign_file(app, asked, file, target, sign_one, look)
            if result.error is not None and not about_the_document(result.error):
                stopped = result.error
        results.append(result)
        if not asked.as_json:
            _say(app, result, len(results), len(targets))
    return results


def _sign_file(app: App, asked: Request, file: str, target: Path | None, sign_one: SignOne, look: LookAt) -> Result:
    from kyso_pki.errors import KysoError

    try:
        data = read(file)
        look(file, data)
        signed = sign_one(data)
        if target is None:
            write_pipe(signed)
        else:
            write_whole(target, signed, force=asked.force)
        if asked.stamp.template is not None and covers_signature(data, asked.field, asked.password):
            note(app.words("stamp.overlay", file=file))
    except (KysoError, OSError) as e:
        save_refusal(app, e, asked.refusal or _refused(file))
        return Result(file, error=e)
    return Result(file, output=PIPE if target is None else str(target))


def _refused(file: str) -> Path:
    """Where the picture of a refused placement goes: beside `van-ban.pdf` into `van-ban.refused.png`."""
    path = Path("stdin.pdf" if file == PIPE else file)
    return path.with_name(f"{path.stem}.refused.png")


def _say(app: App, result: Result, number: int, total: int) -> None:
    """One line per document; results on standard output unless the document itself goes there."""
    words = app.words
    count = f"[{number}/{total}] " if total > 1 else ""
    if result.output == PIPE:
        return
    if result.output is not None:
        say(count + words("sign.done", file=result.file, output=result.output))
    elif result.skipped:
        note(count + words("sign.skipped", file=result.file))
    elif result.error is not None and total > 1:
        said = explain(result.error, words)
        note(count + words("sign.failed", file=result.file, why=said.message))
        if said.remedy:
            note(words("errors.frame.remedy", text=said.remedy))


def _conclude(app: App, asked: Request, results: list[Result]) -> int:
    """The exit code: 0, or that of the error that stopped the batch, or 1 when some document failed."""
    errors = [r.error for r in results if r.error is not None]
    if len(results) == 1 and errors:
        raise errors[0]
    if asked.as_json:
        say_json({"files": [_to_json(app, r) for r in results]})
    elif len(results) > 1:
        say(app.words("sign.sum", signed=len([r for r in results if r.output]), total=len(results)))
    if not errors:
        return OK
    fatal = next((e for e in errors if not about_the_document(e)), None)
    return FAILED if fatal is None else exit_code(fatal)


def _to_json(app: App, result: Result) -> dict[str, Any]:
    if result.error is not None:
        return {"file": result.file, "output": None, "error": explain(result.error, app.words).to_json()}
    return {"file": result.file, "output": result.output, "error": None, "skipped": result.skipped}


@contextmanager
def _remote(app: App, asked: Request, url: str, credential: str, stamp: Stamp | None) -> Iterator[SignOne]:
    """A credential on a server: the hash travels and the document stays, unless --upload asks otherwise."""
    import kyso

    token = api_token(asked.token_file, asked.token_env)
    pin = secret_source(app.words)
    with kyso.Client(url, token=token) as client:
        if not asked.upload:
            signer = client.signer(credential, pin=pin, hash_name=asked.hash_name, pss=asked.pss)  # type: ignore[arg-type]  # as above
            yield _local(asked, signer, _tsa(asked, url), stamp)
            return
        needs_pin = client.credential(credential).pin
        yield lambda data: client.sign_document(
            data,
            credential,
            pin=pin if needs_pin else None,
            level=asked.level,
            reason=asked.reason,
            location=asked.location,
            field=asked.field,
            xml_form=asked.form,  # type: ignore[arg-type]  # as above
        )
