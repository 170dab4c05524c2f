"""`kyso sign`: documents in, signed documents out, the originals untouched.

The key is opened once for all files, so a PIN is asked for once, and their hashes go to it in batches. A document
that cannot be signed is reported and the next one is taken; a PIN, a key, a certificate or a network that fails stops
the run, because a token locks after a few wrong PINs. `--resume` goes on with the files that have no result yet.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from .claims import claim_options, claims_asked
from .command import worded
from .config import find_config
from .errors import Stop, batch_code, explain
from .files import PIPE, is_signature, output_refused, refused_inputs
from .hands import Job, Request, Result, hand
from .options import (
    PATH,
    config_option,
    evidence_options,
    json_option,
    module_option,
    password_options,
    pin_options,
)
from .output import App, note, say, say_json, to_terminal
from .stamping import stamp_from, stamp_options, taken
from .tidying import tidy

KEY_VARIABLE = "KYSO_KEY"
"""The usual key, for who always uses the same; --key and --server win."""
HASHES = ("sha256", "sha384", "sha512", "sha3_256", "sha3_384", "sha3_512")


@worded("sign")
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option("--key", metavar="URI")
@click.option("--server", metavar="URL")
@click.option("--credential", metavar="ID")
@click.option("-o", "--output", metavar="FILE")
@click.option("--level", default="B-B", metavar="B-B|B-T|B-LT|B-LTA")
@click.option("--tsa", metavar="URL")
@click.option("--content-timestamp", "content_timestamp", is_flag=True)
@click.option("--reason", metavar="TEXT")
@click.option("--location", metavar="TEXT")
@click.option("--field", metavar="NAME")
@stamp_options
@click.option("--refusal", type=PATH, metavar="FILE.png")
@click.option("--certify", type=click.Choice(["1", "2", "3"]))
@click.option("--lock", "locked", multiple=True, metavar="NAME")
@evidence_options
@click.option("--form", type=click.Choice(["xades", "xmldsig"]))
@click.option("--format", "as_format", type=click.Choice(["cms", "xades", "xmldsig"]))
@click.option("--attached", is_flag=True)
@click.option("--content", type=PATH, metavar="FILE")
@claim_options
@click.option("--profile", metavar="NAME|FILE.toml")
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
@click.option("--resume", is_flag=True)
@click.option("--force", is_flag=True)
@config_option
@json_option
@click.pass_obj
def command(app: App, /, **given: Any) -> int:
    return sign(app, Request(stamp=taken(given), claims=claims_asked(given), **given))


def sign(app: App, asked: Request) -> int:
    """Signs every file and says what became of each; the exit code."""
    config = find_config(asked.config)
    if asked.key is None and asked.server is None:
        asked = replace(asked, key=os.environ.get(KEY_VARIABLE) or None)
    _check(asked)
    stamp = stamp_from(asked.stamp)
    refused = refused_inputs(asked.files, streamed=not asked.upload)
    jobs = _without_results(asked, list(zip(asked.files, _targets(asked, refused), strict=True)))
    able = [job for job in jobs if job[0] not in refused]
    done: frozenset[Path] = frozenset()
    if asked.resume:
        from .resuming import results_there

        done = results_there(able, in_xml=asked.xml_file is not None)
    for file, target in able:
        if target is not None and target not in done:
            if len(jobs) > 1 and not asked.force and os.path.isfile(target):  # noqa: PTH113 - a name too long is said below
                raise Stop("result_exists", path=target)
            if (why := output_refused(target, force=asked.force, among_many=len(jobs) > 1)) is not None:
                refused[file] = why
    left = [job for job in able if job[1] not in done and job[0] not in refused]
    tidy(app, [target for _, target in left if target is not None])
    if not left:
        return _conclude(app, asked, list(_told(app, asked, jobs, refused, done, iter(()))))
    results: list[Result] = []
    try:
        with hand(app, asked, config, stamp) as sign_all:
            for result in _told(app, asked, jobs, refused, done, sign_all(left)):
                results.append(result)
    except KeyboardInterrupt:
        if len(jobs) > 1:
            rest = [Result(file, skipped=True) for file, _ in jobs[len(results) :]]
            _conclude(app, asked, results + rest)
        raise
    return _conclude(app, asked, results)


def _without_results(asked: Request, jobs: list[Job]) -> list[Job]:
    """With --resume `*.pdf` names the results of the earlier run too: they are not signed a second time."""
    results = {target.absolute() for _, target in jobs if target is not None}
    return [job for job in jobs if not (asked.resume and Path(job[0]).absolute() in results)]


def _check(asked: Request) -> None:
    """Refuses what cannot be meant, before a PIN is asked for."""
    from kyso_pki.document import level_named

    level = level_named(asked.level)
    if asked.upload and (unheard := [name for name, value in _only_here(asked) if value]):
        raise Stop("local_only", options=", ".join(unheard))
    if asked.evidence and level not in ("B-LT", "B-LTA"):
        raise Stop("option_needs", option="--evidence", needed="--level B-LT")
    if asked.resume and asked.force:
        raise Stop("one_of", options="--resume, --force")
    if asked.key is None and asked.server is None:
        raise Stop("key_missing")
    if asked.key is not None and asked.server is not None:
        raise Stop("one_of", options="--key, --server")
    if asked.server is not None and asked.credential is None:
        raise Stop("option_needs", option="--server", needed="--credential")
    if asked.credential is not None and asked.server is None:
        raise Stop("option_needs", option="--credential", needed="--server")
    if names := [name for name, value in _of_a_key(asked) if value and asked.server is not None]:
        raise Stop("not_with", option=", ".join(names), other="--server")
    if names := [name for name, value in _of_a_server(asked) if value and asked.server is None]:
        raise Stop("not_with", option=", ".join(names), other="--key")
    if asked.upload and asked.server is None:
        raise Stop("option_needs", option="--upload", needed="--server")
    if asked.claims.countersign is not None and len(asked.files) > 1:
        raise Stop("not_with", option="--countersign", other="FILE FILE…")
    if asked.attached and asked.as_format is None:
        raise Stop("option_needs", option="--attached", needed="--format cms|xades|xmldsig")
    if asked.xml_file is not None and not asked.attached and PIPE in asked.files:  # what has no name cannot be named
        raise Stop("option_needs", option=f"- --format {asked.as_format}", needed="--attached")
    if asked.content is not None and len(asked.files) > 1:
        raise Stop("not_with", option="--content", other="FILE FILE…")
    if asked.as_format is not None and asked.stamp.template is not None:
        raise Stop("not_with", option="--template", other=f"--format {asked.as_format}")
    if asked.as_format is not None and asked.form is not None:
        raise Stop("not_with", option="--form", other=f"--format {asked.as_format}")
    if asked.xml_file is not None and (names := [name for name, value in _of_a_document(asked) if value]):
        raise Stop("not_with", option=", ".join(names), other=f"--format {asked.as_format}")
    if asked.profile is not None and asked.form is not None:
        raise Stop("not_with", option="--profile", other="--form")
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


def _only_here(asked: Request) -> tuple[tuple[str, object], ...]:
    """What /v1/sign cannot be told; left out in silence, something else would be signed than was meant."""
    return (
        ("--evidence", asked.evidence),
        ("--allow-host", asked.hosts),
        ("--tsa", asked.tsa),
        ("--content-timestamp", asked.content_timestamp),
        ("--format", asked.as_format),
        ("--content", asked.content),
        ("--profile FILE.toml", asked.profile is not None and asked.profile.lower().endswith(".toml")),
    )


def _of_a_document(asked: Request) -> tuple[tuple[str, object], ...]:
    """What an XML signature over a file as it is has no place for."""
    return (
        ("--profile", asked.profile),
        ("--countersign", asked.claims.countersign),
        ("--content", asked.content),
        ("--reason", asked.reason),
        ("--field", asked.field),
        ("--certify", asked.certify),
        ("--lock", asked.locked),
    )


def _of_a_key(asked: Request) -> tuple[tuple[str, object], ...]:
    return ("--chain", asked.chain), ("--module", asked.modules)


def _of_a_server(asked: Request) -> tuple[tuple[str, object], ...]:
    return ("--token-file", asked.token_file), ("--token-env", asked.token_env)


def _targets(asked: Request, refused: Mapping[str, Stop]) -> list[Path | None]:
    """Where each result goes, None for standard output and for what is refused.

    Two files never share a target, nor does the original.
    """
    if asked.to_pipe:
        return [None]
    targets = [None if file in refused else _target(file, asked) for file in asked.files]
    seen: set[Path] = set()
    for file, target in zip(asked.files, targets, strict=True):
        if target is None:
            continue
        if target.absolute() in seen:
            raise Stop("output_twice", path=target)
        if file != PIPE and _same(target, Path(file)):
            raise Stop("output_is_input", path=target)
        if asked.force and any(_same(target, Path(other)) for other in asked.files if other != PIPE):
            raise Stop("output_is_input_too", path=target)
        seen.add(target.absolute())
    return targets


def _target(file: str, asked: Request) -> Path:
    return Path(asked.output) if asked.output else _beside(Path(file), asked)


def _same(target: Path, file: Path) -> bool:
    with suppress(OSError):  # one of them is not there, or its name is impossible: said later, in words
        return target.samefile(file)
    return False


def _beside(file: Path, asked: Request) -> Path:
    """`van-ban.pdf` is signed into `van-ban.signed.pdf`, as CMS into `van-ban.pdf.p7s` or `van-ban.pdf.p7m`.

    An XML signature over the file goes into `van-ban.pdf.xsig`, one around it into `van-ban.pdf.signed.xml`.
    """
    if asked.xml_file is not None:
        return file.with_name(f"{file.name}.{'signed.xml' if asked.attached else 'xsig'}")
    if asked.cms is not None and not is_signature(file):
        return file.with_name(f"{file.name}.{'p7s' if asked.cms == 'detached' else 'p7m'}")
    return file.with_name(f"{file.stem}.signed{file.suffix}")


def _told(
    app: App,
    asked: Request,
    jobs: Sequence[Job],
    refused: Mapping[str, Stop],
    done: frozenset[Path],
    results: Iterator[Result],
) -> Iterator[Result]:
    """One result for each file, in the order in which they were named, said as soon as it is known."""
    for number, (file, target) in enumerate(jobs, start=1):
        if file in refused:
            result = Result(file, error=refused[file])
        else:
            result = Result(file, str(target), there=True) if target in done else next(results)
        if not asked.as_json:
            _say(app, result, number, len(jobs))
        yield result


def _say(app: App, result: Result, number: int, total: int) -> None:
    """One line per document; results on standard output unless the document itself goes there."""
    words = app.words
    count = f"[{number}/{total}] " if total > 1 else ""
    if result.output == PIPE:
        return
    if result.there:
        note(count + words("sign.there", file=result.file, output=result.output or ""))
    elif result.output is not None:
        say(count + words("sign.done", file=result.file, output=result.output))
    elif result.skipped:
        note(count + words("sign.skipped", file=result.file))
    elif result.error is not None and total > 1:
        said = explain(result.error, words)
        why = f"{said.message} {said.detail}" if said.detail else said.message
        note(count + words("sign.failed", file=result.file, why=why))
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
    if not asked.as_json and any(r.skipped for r in results):
        note(app.words("sign.stopped", left=len([r for r in results if not r.output])))
    return batch_code(errors)


def _to_json(app: App, result: Result) -> dict[str, Any]:
    error = None if result.error is None else explain(result.error, app.words).to_json()
    return {"file": result.file, "output": result.output, "error": error, "skipped": result.skipped}
