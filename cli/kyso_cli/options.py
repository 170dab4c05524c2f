"""Options that several commands share, and what they mean: where keys, PINs and trust come from."""

from __future__ import annotations

import os
import shlex
import stat
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click
from click.core import ParameterSource

from .config import Config
from .errors import KEY, Stop
from .messages import Words
from .output import App, note

if TYPE_CHECKING:
    from kyso import Evidence, HttpFetcher, Policy
    from kyso_hsm.opening import Module
    from kyso_hsm.pin import SecretRequest, SecretSource
    from kyso_pki.x509.trust import TrustStore

_F = TypeVar("_F", bound=Callable[..., Any])
PATH = click.Path(path_type=Path)


def config_option(function: _F) -> _F:
    return click.option("--config", type=PATH, metavar="FILE")(function)


def module_option(function: _F) -> _F:
    return click.option("--module", "modules", multiple=True, metavar="PATH")(function)


def json_option(function: _F) -> _F:
    return click.option("--json", "as_json", is_flag=True)(function)


def policy_options(function: _F) -> _F:
    """By what rules a verdict is made."""
    for name in ("--accept-blank-overlays", "--accept-overlays", "--accept-parts"):
        function = click.option(name, is_flag=True)(function)
    return click.option("--policy", metavar="NAME|FILE")(function)


def policy_of(named: str | None, parts: bool, overlays: bool, blank_overlays: bool) -> Policy:
    """The policy that was named, with what the command line accepts besides. Raises `UsageError`, `Stop`."""
    from dataclasses import replace

    import kyso

    try:
        policy = kyso.load_policy(named) if named else kyso.Policy()
    except OSError as e:
        raise Stop("file_unreadable", path=named, why=e.strerror) from None
    return replace(
        policy,
        accept_parts=policy.accept_parts or parts,
        accept_overlays=policy.accept_overlays or overlays,
        accept_blank_overlays=policy.accept_blank_overlays or blank_overlays,
    )


def evidence_options(function: _F) -> _F:
    """Where evidence for a signature may come from besides the document."""
    function = click.option("--allow-host", "hosts", multiple=True, metavar="HOST[:PORT]")(function)
    return click.option("--evidence", multiple=True, type=PATH, metavar="FILE")(function)


def pin_options(function: _F) -> _F:
    """Ways for a PIN besides the prompt; there is no --pin, because anybody may read a command line."""
    return _ways("pin")(function)


def new_pin_options(function: _F) -> _F:
    """Ways for a new PIN besides typing it twice."""
    return _ways("new-pin")(function)


def so_pin_options(function: _F) -> _F:
    """Ways for the PIN of a security officer besides typing it twice."""
    return _ways("so-pin")(function)


def password_options(function: _F) -> _F:
    """Ways for the password of encrypted documents; none of them is the command line itself."""
    return _ways("password")(function)


def document_password() -> Callable[[], str | None] | None:
    """The password of the documents, read once and at once; None: only the empty one is tried."""
    from kyso_hsm.pin import SecretRequest

    source = named_source("password")
    if source is None:
        return None
    text = source(SecretRequest("password", "the document"))
    return lambda: text


_Named = tuple[str, Callable[[], "SecretSource"]]
"""The option, and what makes the source: an unusable KYSO_PIN_FROM is no error while another one is named."""


def _ways(name: str) -> Callable[[_F], _F]:
    """The options; what they name waits in the context for `secret_source` and its like."""
    from_anywhere = click.option(
        f"--{name}-from",
        metavar="SOURCE",
        expose_value=False,
        callback=partial(_remember, name, _source_in_words),
        envvar="KYSO_PIN_FROM" if name == "pin" else None,
    )
    kinds = (
        ("fd", click.IntRange(min=0), "N", _from_fd),
        ("file", PATH, "FILE", _from_file),
        ("env", click.STRING, "NAME", _from_env),
    )

    def add(function: _F) -> _F:
        function = from_anywhere(function)
        for kind, of_type, metavar, make in kinds:
            function = click.option(
                f"--{name}-{kind}",
                type=of_type,
                metavar=metavar,
                expose_value=False,
                callback=partial(_remember, name, make),
            )(function)
        return function

    return add


def _remember(
    name: str, make: Callable[[Any], SecretSource], ctx: click.Context, option: click.Parameter, given: Any
) -> None:
    if given is None:
        return
    usual = ctx.get_parameter_source(option.name or "") == ParameterSource.ENVIRONMENT
    named: list[_Named] = ctx.meta.setdefault(f"kyso.{name}.usual" if usual else f"kyso.{name}", [])
    named.append((option.opts[0], partial(make, given) if usual else partial(_same, make(given))))


def _same(source: SecretSource) -> SecretSource:
    return source


def _from_env(name: str) -> SecretSource:
    from kyso_hsm.pin import FromEnv

    return FromEnv(name)


def _from_file(path: Path) -> SecretSource:
    from kyso_hsm.pin import FromFile

    return FromFile(path)


def _from_fd(number: int) -> SecretSource:
    from kyso_hsm.pin import FromFd

    return FromFd(number)


def _source_in_words(text: str) -> SecretSource:
    """`pinentry`, `keyring`, `keyring:USER`, `credential:NAME`, `env:NAME`, `file:PATH`, `fd:N`. Raises `Stop`."""
    from kyso_hsm.pin import FromCredential, FromKeyring
    from kyso_hsm.pinentry import Pinentry

    kind, _, rest = text.partition(":")
    if text == "pinentry":
        return Pinentry()
    if kind == "keyring":
        return FromKeyring(rest or None)
    if kind == "credential" and rest:
        return FromCredential(rest)
    if kind == "env" and rest:
        return _from_env(rest)
    if kind == "file" and rest:
        return _from_file(Path(rest))
    if kind == "fd" and rest.isascii() and rest.isdigit():
        return _from_fd(int(rest))
    raise Stop("pin_source", given=text)


def secret_source(words: Words) -> SecretSource:
    """Where the PIN comes from: what was named, else a prompt. Raises `Stop` when two are named."""
    from kyso_hsm.pin import Prompt

    return AskedOnce(named_source("pin") or _usual_source("pin") or Prompt(partial(_question, words)))


def new_secret_source(words: Words, name: str) -> SecretSource:
    """Where a new PIN comes from: what was named with `--NAME-…`, else it is typed twice."""
    return named_source(name) or _usual_source(name) or TypedTwice(words, name)


def named_source(name: str) -> SecretSource | None:
    """The source that `--NAME-from`, `--NAME-env`, `--NAME-file` or `--NAME-fd` names. Raises `Stop` when two do."""
    named: list[_Named] = click.get_current_context().meta.get(f"kyso.{name}", [])
    if len(named) > 1:
        raise Stop("one_of", options=", ".join(option for option, _ in named))
    return named[0][1]() if named else None


def _usual_source(name: str) -> SecretSource | None:
    """What KYSO_PIN_FROM names, for who always uses the same."""
    usual: list[_Named] = click.get_current_context().meta.get(f"kyso.{name}.usual", [])
    return usual[0][1]() if usual else None


class AskedOnce:
    """A source that is asked once in one run, however many documents there are.

    A person is asked anew when a token lost its login: what was typed before is not what somebody gives now.
    """

    def __init__(self, source: SecretSource) -> None:
        self._source = source
        self._answers: dict[tuple[str, str], str] = {}

    @property
    def interactive(self) -> bool:
        """Whether a person types it (`kyso_hsm.pin.SecretSource`)."""
        return bool(getattr(self._source, "interactive", False))

    def __call__(self, request: SecretRequest) -> str:
        key = (request.purpose, request.token)
        if key not in self._answers or (request.again and self.interactive):
            self._answers[key] = self._source(request)
        return self._answers[key]

    def __repr__(self) -> str:
        return f"AskedOnce({self._source!r})"


def warn_of_open_key(app: App, address: str) -> None:
    """A line on standard error for a key file without a password that others on this machine may read."""
    from kyso_hsm.module import LOGIN_REQUIRED
    from kyso_hsm.soft import SoftToken
    from kyso_hsm.uri import FileUri, parse

    uri = parse(address)
    if not isinstance(uri, FileUri) or os.name != "posix":
        return
    open_to_others = Path(uri.path).exists() and Path(uri.path).stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO)
    if open_to_others and not SoftToken(uri).info.flags & LOGIN_REQUIRED:
        note(app.words("sign.open_key", path=uri.path, command=f"chmod 600 {shlex.quote(uri.path)}"))


class TypedTwice:
    """A new PIN, typed twice at the terminal. Raises `Stop` when the two differ or nobody can type."""

    interactive = True

    def __init__(self, words: Words, name: str) -> None:
        self._words = words
        self._name = name
        """Of its options: `new-pin` for --new-pin-file."""

    def __call__(self, request: SecretRequest) -> str:
        from kyso_hsm.pin import Prompt
        from kyso_pki.errors import PinRequired

        what = self._words(f"pin.new.{request.purpose}", token=request.token)
        try:
            first = Prompt(lambda _: what)(request)
            again = Prompt(lambda _: self._words("pin.new.again"))(request)
        except PinRequired:
            kind = "so_pin_untyped" if request.purpose == "so-pin" else "pin_untyped"
            raise Stop(kind, exit_code=KEY, name=f"--{self._name}", token=request.token) from None
        if again != first:
            raise Stop("pins_differ")
        return first


def _question(words: Words, request: SecretRequest) -> str:
    """The question for a PIN in the user's language, with what the token says about earlier tries."""
    hint = words("pin.hint_final") if request.final_try else words("pin.hint_low") if request.count_low else ""
    key = f"pin.{request.purpose}" if f"pin.{request.purpose}" in words.texts else "pin.other"
    return words(key, token=request.token, hint=hint)


def modules_in_reach(named: Sequence[str], config: Config) -> tuple[Module, ...]:
    """The PKCS#11 libraries to look in: those of `--module` and kyso.toml; without --module the known ones too."""
    from kyso_hsm.opening import Module, default_modules

    configured = {m.path: m for m in config.modules}
    if not named:
        return default_modules(configured.values())
    chosen = [configured.pop(path, Module(path)) for path in dict.fromkeys(named)]
    return (*chosen, *configured.values())


FETCHES_PER_FILE = 16  # two paths (signer, time-stamping authority) of four certificates: OCSP and CRL each


def fetcher(hosts: Sequence[str], config: Config, files: int) -> HttpFetcher:
    """One fetcher for all files, so that one CRL is fetched once; the province's own server may be private."""
    from urllib.parse import urlsplit

    import kyso

    own = [urlsplit(config.url).netloc] if config.url else []
    try:
        kept = None if config.cache is None else kyso.KeptAnswers(config.cache)
    except OSError as e:
        raise Stop("output_unwritable", path=config.cache, why=e.strerror) from None
    return kyso.HttpFetcher(allowed_hosts=[*hosts, *own], max_fetches=FETCHES_PER_FILE * files, kept=kept)


def evidence_in(files: Sequence[Path]) -> Evidence:
    """What the files of `--evidence` hold. Raises `Stop`, `UsageError`."""
    import kyso

    try:
        return kyso.load_evidence(*files)
    except OSError as e:
        raise Stop("file_unreadable", path=e.filename, why=e.strerror) from None


def tsa_in_reach(
    named: str | None, level: str, base: str | None, *, content: bool = False, asking: str | None = None
) -> str | None:
    """The time-stamping authority: as named, else the province's own when the level asks for one, or the `content` is
    to be stamped. `asking`: what needs one, where that is not the level. Raises `Stop`."""
    from kyso_pki.document import level_named

    if named or (level_named(level) == "B-B" and not content):
        return named
    if base is None:
        option = asking or ("--content-timestamp" if content else f"--level {level_named(level)}")
        raise Stop("option_needs", option=option, needed="--tsa")
    return f"{base.rstrip('/')}/tsa"


STORE = Path("@store")
"""As `--trust` it means the anchors of `kyso trust`, beside others that are named."""


def trust_in_reach(named: Sequence[Path], config: Config) -> TrustStore:
    """The anchors: `--trust`, else KYSO_TRUST, else `[trust]` of kyso.toml, else this user's store (`kyso trust`).

    Raises `Stop` for a path that is not there, `UsageError` for a file without certificates.
    """
    import kyso

    if not named and (environ := os.environ.get("KYSO_TRUST")):
        named = [Path(p) for p in environ.split(os.pathsep) if p]
    if named:
        files = [path for path in named if path != STORE]
        _all_there(files)
        found = kyso.load_trust(*files)
        return found if len(files) == len(named) else found + kyso.stored_trust()
    if not config.signing and not config.timestamping and config.store is None:
        return kyso.stored_trust()
    _all_there((*config.signing, *config.timestamping))
    signing = kyso.load_trust(*config.signing, purposes=("signing",))
    found = signing + kyso.load_trust(*config.timestamping, purposes=("timestamping",))
    if config.store is None:
        return found
    _all_there((config.store / "trust.json",))
    return found + kyso.stored_trust(config.store)


def _all_there(paths: Sequence[Path]) -> None:
    for path in paths:
        if not path.exists():
            raise Stop("trust_missing", path=path)


def api_token(file: Path | None, env: str | None) -> str | None:
    """The server's API token, by file or environment. Raises `Stop`."""
    if file is not None and env is not None:
        raise Stop("one_of", options="--token-file, --token-env")
    if env is not None:
        if not os.environ.get(env):
            raise Stop("environment_empty", name=env)
        return _one_word(os.environ[env], env)
    if file is None:
        return None
    try:
        return _one_word(file.read_text("utf-8"), file)
    except OSError as e:
        raise Stop("file_unreadable", path=file, why=e.strerror) from None
    except UnicodeDecodeError:
        raise Stop("token_wrong", where=file) from None


def _one_word(text: str, where: object) -> str:
    """The token without line ends; anything else cannot stand in an HTTP header, and is perhaps another file."""
    token = text.strip()
    if not token or not token.isascii() or not token.isprintable() or " " in token:
        raise Stop("token_wrong", where=where)
    return token
