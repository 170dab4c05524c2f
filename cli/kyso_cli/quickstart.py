"""`kyso quickstart`: a model province in a folder, and its server, with nothing asked.

Run again it makes what is missing and overwrites nothing; a run that is killed at any moment is finished by the
next one (kyso_cli.province says how).
"""

from __future__ import annotations

import shlex
import socket
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from http.client import HTTPException
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .command import worded
from .config import FILE_NAME, Config, read_config
from .errors import OK, Stop
from .files import write_whole
from .mending import API_TOKEN, mend
from .output import App, say
from .province import CALLER, OFFICIAL, PEOPLE_TOKEN, SEAL, Plan, finish_moving, key_address, make
from .serve import port_free, serve

if TYPE_CHECKING:
    from kyso_server.settings import Settings

DEFAULT_FOLDER = "tinh-mau"
HOST = "127.0.0.1"
DEFAULT_PORT = 8790
ANSWER_S = 3
MAX_CERTIFICATE_BYTES = 65536
SAMPLES = ("van-ban.pdf", "hoa-don.xml")
_LOCK = ".quickstart.lock"


@worded("quickstart")
@click.argument("folder", metavar="[DIR]", required=False, default=DEFAULT_FOLDER)
@click.option("--no-serve", is_flag=True)
@click.option("--port", type=click.IntRange(0, 65535), metavar="N")
@click.option("--software-keys", is_flag=True)
@click.pass_obj
def command(app: App, /, **given: Any) -> int:
    return quickstart(app, **given)


def quickstart(app: App, folder: str, no_serve: bool, port: int | None, software_keys: bool) -> int:
    """Makes the province or what is missing of it, says what to type next, then serves."""
    home = Path(folder)
    say(app.words("quickstart.start", folder=home))
    home.mkdir(parents=True, exist_ok=True)
    with _alone(home):
        if finish_moving(home):
            say(app.words("quickstart.resumed"))
        if (home / FILE_NAME).exists():
            _check_same(home, port, software_keys)
            say(app.words("quickstart.there", what=app.words("quickstart.step.province")))
        else:
            make(_plan(app, home, port, software_keys), partial(_tell, app))
        _place_tokens(home)
        mend(home, lambda name: say(app.words("quickstart.made", what=app.words("quickstart.again", name=name))))
        _register(app, home)
        _samples(app, home)
    url = read_config(home / FILE_NAME).url
    serving = url is not None and runs_already(url, home)
    _next(app, home, serving=serving or not no_serve)
    if serving:
        say(app.words("quickstart.runs_already", url=url))
    return OK if serving or no_serve else serve(app, home / FILE_NAME)


def runs_already(url: str, home: Path) -> bool:
    """Whether this province's own server answers there: it hands out our root, not only some page."""
    from urllib.request import ProxyHandler, build_opener

    from kyso_pki.x509.certificate import certificates_from_bytes

    try:
        with build_opener(ProxyHandler({})).open(f"{url}/ca/root.crt", timeout=ANSWER_S) as answer:
            given = answer.read(MAX_CERTIFICATE_BYTES)
    except (OSError, HTTPException):
        return False
    return bool(given == certificates_from_bytes((home / "ca" / "root.crt").read_bytes())[0].der)


def _tell(app: App, key: str, /, **values: object) -> None:
    say(app.words("quickstart.made", what=app.words(f"quickstart.step.{key}", **values)))


@contextmanager
def _alone(home: Path) -> Iterator[None]:
    """One quickstart at a time in a folder; the system lets go of the lock when a run is killed."""
    with (home / _LOCK).open("a") as file:
        try:
            if sys.platform == "win32":
                import msvcrt

                msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
            else:
                import fcntl

                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise Stop("province_busy", folder=home) from None
        yield


def _check_same(home: Path, port: int | None, software_keys: bool) -> None:
    """An existing province stays as it is. Raises `Stop` when something else was asked for."""
    config = read_config(home / FILE_NAME)
    made_for = _port_of(config)
    if port and made_for and port != made_for:
        raise Stop("province_port", port=made_for, wanted=port)
    if software_keys and config.modules:
        raise Stop("province_software")


def _port_of(config: Config) -> int | None:
    from urllib.parse import urlsplit

    return urlsplit(config.url).port if config.url else None


def _plan(app: App, home: Path, port: int | None, software_keys: bool) -> Plan:
    return Plan(home, HOST, _choose_port(app, port), None if software_keys else _softhsm(app))


def _choose_port(app: App, wanted: int | None) -> int:
    """The port as asked for, else the usual one, else a free one. Raises `Stop` for one that is taken."""
    if wanted:
        if not port_free(HOST, wanted):
            raise Stop("port_busy", host=HOST, port=wanted)
        return wanted
    if wanted is None and port_free(HOST, DEFAULT_PORT):
        return DEFAULT_PORT
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        chosen: int = probe.getsockname()[1]
    if wanted is None:
        say(app.words("quickstart.port_taken", port=DEFAULT_PORT, chosen=chosen))
    return chosen


def _softhsm(app: App) -> str | None:
    """The SoftHSM2 library on this machine; None, with a line about it, when there is none."""
    from kyso_hsm.known_modules import known_paths

    found = [path for path in known_paths(sys.platform) if "softhsm" in Path(path).name.lower()]
    if found:
        return found[0]
    remedy = {"darwin": "brew install softhsm", "win32": "SoftHSM2-for-Windows"}.get(
        sys.platform, "sudo apt-get install softhsm2"
    )
    say("  ! " + app.words("quickstart.software", remedy=remedy))
    return None


def _place_tokens(home: Path) -> None:
    """SoftHSM2 wants an absolute path in its configuration: written anew when the province was moved."""
    from .smiths import configuration

    place = home / "softhsm" / "softhsm2.conf"
    wanted = configuration(home / "softhsm" / "tokens").encode()
    if place.exists() and place.read_bytes() != wanted:
        write_whole(place, wanted, force=True)


def _register(app: App, home: Path) -> None:
    """The database, the certificates that OCSP answers for, and the API token; all of it may be repeated."""
    from kyso_server import setup
    from kyso_server.settings import load_settings

    settings = load_settings(home)
    fresh = not (home / "kyso.db").exists()
    setup.prepare_database(settings)
    for certificate, issuer in _issued(settings, home):
        setup.register_certificate(settings, certificate, issuer)
    token = (home / API_TOKEN).read_text("utf-8").strip()
    setup.add_api_token(settings, CALLER, token)
    if fresh:
        _tell(app, "database")
        _tell(app, "token")
    else:
        for step in ("database", "token"):
            say(app.words("quickstart.there", what=app.words(f"quickstart.step.{step}")))


def _issued(settings: Settings, home: Path) -> Iterator[tuple[Any, Any]]:
    """Every certificate of the province with its issuer."""
    from kyso_pki.x509.certificate import certificates_from_bytes

    issuing = certificates_from_bytes((home / "ca" / "issuing.crt").read_bytes())[0]
    for path in sorted((home / "ca" / "issued").glob("*.crt")):
        yield certificates_from_bytes(path.read_bytes())[0], issuing


def _samples(app: App, home: Path) -> None:
    here = Path(__file__).with_name("samples")
    for name in SAMPLES:
        what = app.words("quickstart.step.sample", name=name)
        if (home / name).exists():
            say(app.words("quickstart.there", what=what))
            continue
        write_whole(home / name, (here / name).read_bytes())
        say(app.words("quickstart.made", what=what))


def _next(app: App, home: Path, *, serving: bool) -> None:
    """The commands to paste next, each a whole line."""
    config = read_config(home / FILE_NAME)
    plan = Plan(home, HOST, _port_of(config) or DEFAULT_PORT, config.modules[0].path if config.modules else None)
    url = config.url or plan.url
    here = shlex.quote(str(home.absolute()))
    key = shlex.quote(key_address(plan, PEOPLE_TOKEN, OFFICIAL))
    server = f"--server {url} --credential {SEAL} --token-file {API_TOKEN}"
    alone = [
        ("local", f"kyso sign van-ban.pdf --key {key} --pin-file secrets/token.pin"),
        ("keys", "kyso keys list"),
    ]
    with_server = [
        ("server", f"kyso sign van-ban.signed.pdf -o van-ban.co-dau.pdf {server}"),
        ("xml", f"kyso sign hoa-don.xml {server} --level B-T"),
        ("verify", "kyso verify van-ban.co-dau.pdf hoa-don.signed.xml"),
    ]
    say()
    if serving:
        say(app.words("quickstart.ready"))
        _show(app, here, alone + with_server)
    else:
        say(app.words("quickstart.ready_no_serve"))
        _show(app, here, [*alone, ("serve", "kyso serve")])
        say(app.words("quickstart.second_terminal"))
        _show(app, here, with_server)


def _show(app: App, folder: str, commands: Sequence[tuple[str, str]]) -> None:
    say(f"  cd {folder}")
    for name, line in commands:
        say(f"  # {app.words(f'quickstart.next.{name}')}")
        say(f"  {line}")
