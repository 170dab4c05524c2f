"""`kyso extend`: signatures that stay verifiable, by evidence and timestamps added at the end of the document.

No key is needed. The document is copied beside and appended to; the original stays. `kyso timestamp` shares its ways.
"""

from __future__ import annotations

import filecmp
from collections.abc import Callable, Iterable
from contextlib import closing
from pathlib import Path
from typing import Any

import click

from kyso_pki.errors import UsageError

from .command import worded
from .config import find_config
from .errors import Stop, about_the_document, batch_code, explain
from .files import PIPE, output_refused, refused_inputs
from .options import (
    PATH,
    config_option,
    document_password,
    evidence_in,
    evidence_options,
    fetcher,
    json_option,
    password_options,
    trust_in_reach,
    tsa_in_reach,
)
from .output import App, note, say, say_json
from .tidying import tidy


@worded("extend")
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option("--level", default="B-LTA", metavar="B-T|B-LT|B-LTA")
@click.option("--tsa", metavar="URL")
@click.option("-o", "--output", metavar="FILE")
@evidence_options
@click.option("--offline", is_flag=True)
@click.option("--trust", multiple=True, type=PATH, metavar="FILE|DIR")
@click.option("--content", type=PATH, metavar="FILE")
@password_options
@click.option("--force", is_flag=True)
@config_option
@json_option
@click.pass_obj
def command(app: App, /, **given: Any) -> int:
    return extend(app, **given)


def extend(
    app: App,
    *,
    files: tuple[str, ...],
    level: str,
    tsa: str | None,
    output: str | None,
    evidence: tuple[Path, ...],
    hosts: tuple[str, ...],
    offline: bool,
    trust: tuple[Path, ...],
    content: Path | None,
    force: bool,
    config: Path | None,
    as_json: bool,
) -> int:
    """Brings every signature in each file to the level; the exit code."""
    import kyso
    from kyso_pki.document import level_named

    found = find_config(config)
    wanted = level_named(level)
    if wanted == "B-B":
        raise Stop("extend_level")
    if content is not None and len(files) > 1:
        raise Stop("not_with", option="--content", other="FILE FILE…")
    authority = (
        None if wanted == "B-LT" and tsa is None and found.url is None else tsa_in_reach(tsa, level, found.url)
    )
    anchors = trust_in_reach(trust, found)
    given = evidence_in(evidence)
    password = document_password()
    with closing(fetcher(hosts, found, len(files))) as asks:

        def one(source: Path, target: Path) -> None:
            kyso.extend_file(
                source,
                target,
                level=level,
                timestamper=authority,
                fetcher=_Nothing() if offline else asks,
                evidence=given,
                trust=anchors,
                password=password,
                content=content,
                force=force,
            )

        return each(app, files, output, wanted.lower(), one, level=wanted, force=force, as_json=as_json)


class _Nothing:
    """A fetcher that fetches nothing: only the evidence at hand counts."""

    def ocsp(self, url: str, request: bytes) -> bytes:
        raise _offline(url)

    def crl(self, url: str) -> bytes:
        raise _offline(url)

    def certificates(self, url: str) -> bytes:
        raise _offline(url)


def _offline(url: str) -> Exception:
    from kyso_pki.errors import FetchError

    return FetchError(f"{url} is not asked: --offline.")


def each(
    app: App,
    files: tuple[str, ...],
    output: str | None,
    suffix: str,
    one: Callable[[Path, Path], None],
    *,
    level: str = "",
    force: bool,
    as_json: bool,
) -> int:
    """Does it to each file, `van-ban.pdf` into `van-ban.SUFFIX.pdf`, and says what became of it; the exit code.

    A result that equals its source is told: it was at `level` before.
    """
    if output is not None and len(files) > 1:
        raise Stop("output_for_many")
    if PIPE in files or output == PIPE:
        raise Stop("no_pipe")
    jobs = [
        (Path(f), Path(output) if output else Path(f).with_name(f"{Path(f).stem}.{suffix}{Path(f).suffix}"))
        for f in files
    ]
    if (twice := _first_twice(target for _, target in jobs)) is not None:
        raise Stop("output_twice", path=twice)
    refused = refused_inputs(files, streamed=True)
    for file, (source, target) in zip(files, jobs, strict=True):
        if file in refused:
            continue
        if target.exists() and target.samefile(source):
            raise Stop("output_is_input", path=target)
        if (why := output_refused(target, force=force, among_many=len(jobs) > 1)) is not None:
            refused[file] = why
    tidy(app, [target for _, target in jobs])
    errors: list[Exception] = []
    lines: list[dict[str, Any]] = []
    for number, (source, target) in enumerate(jobs, start=1):
        error = refused.get(files[number - 1]) or _tried(one, source, target)
        if error is not None and len(jobs) == 1:
            raise error
        shown = None if error is None else explain(error, app.words)
        lines.append({
            "file": str(source),
            "output": None if error else str(target),
            "error": shown.to_json() if shown else None,
            "skipped": False,
            "added": error is None and not filecmp.cmp(source, target, shallow=False),
        })  # fmt: skip
        if error is None and not as_json:
            said = "done" if lines[-1]["added"] else "nothing"
            say(app.words(f"extend.{said}", file=source, output=target, level=level))
        elif error is not None and shown is not None:
            errors.append(error)
            if not as_json:
                said = f"{shown.message} {shown.detail}" if shown.detail else shown.message
                note(app.words("extend.failed", file=source, why=said))
                if shown.remedy:
                    note(app.words("errors.frame.remedy", text=shown.remedy))
            if not about_the_document(error) and not isinstance(error, UsageError):
                lines += [_skipped(app, left, as_json) for left, _ in jobs[number:]]
                break
    if as_json:
        say_json({"files": lines})
    return batch_code(errors)


def _first_twice(targets: Iterable[Path]) -> Path | None:
    seen: set[Path] = set()
    for target in targets:
        if target.absolute() in seen:
            return target
        seen.add(target.absolute())
    return None


def _skipped(app: App, source: Path, as_json: bool) -> dict[str, Any]:
    if not as_json:
        note(app.words("extend.skipped", file=source))
    return {"file": str(source), "output": None, "error": None, "skipped": True, "added": False}


def _tried(one: Callable[[Path, Path], None], source: Path, target: Path) -> Exception | None:
    from kyso_pki.errors import KysoError

    try:
        one(source, target)
    except FileExistsError:
        return Stop("output_exists", path=target)
    except (KysoError, OSError) as e:
        return e
    return None
