"""The catalogues: complete, in two languages, spelt right, and chosen as promised."""

from __future__ import annotations

import ast
import errno
import os
import re
import string
import unicodedata
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import click
import pytest

import kyso_pki
from kyso_cli import messages
from kyso_cli.errors import explain
from kyso_cli.front import COMMANDS
from kyso_cli.messages import Texts, Words, choose_language
from kyso_cli.output import App
from kyso_cli.root import kyso
from kyso_pki import errors
from kyso_pki.ades.report import unreadable
from kyso_pki.errors import KysoError
from kyso_pki.finding import Finding
from kyso_pki.pdf.lint.checks import BY_CODE
from kyso_pki.reports.said import advice
from kyso_pki.reports.sheet import sheet_of

from .sentences import sentences, strings

VI, EN = Texts("vi"), Texts("en")
SAID = Words("vi").part("said")
CODES = sorted(kind.code for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, KysoError))


def said_by_the_code(key: str) -> bool:
    """Whether the English of this text stands in the code: findings, and messages of `KysoError`."""
    parts = key.split(".")
    return (
        parts[0] in ("findings", "said", "others")
        or parts[:2] == ["lint", "means"]
        or (parts[0] == "errors" and parts[-1] in ("message", "detailed") and ".".join(parts[1:-1]) in CODES)
    )


def places(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def commands(command: click.Command, path: str = "") -> Iterator[tuple[str, click.Command]]:
    yield path or "kyso", command
    if isinstance(command, click.Group):
        for name in command.list_commands(click.Context(command)):
            found = command.get_command(click.Context(command), name)
            assert found is not None
            yield from commands(found, f"{path}.{name}".lstrip("."))


def test_both_languages_hold_the_same_texts() -> None:
    assert {k for k in VI if not said_by_the_code(k)} == set(EN)


@pytest.mark.parametrize("key", sorted(EN))
def test_both_languages_have_the_same_places_to_fill(key: str) -> None:
    assert places(VI[key]) == places(EN[key])


@pytest.mark.parametrize("language", messages.LANGUAGES)
def test_texts_are_composed_unicode_without_stray_characters(language: messages.Language) -> None:
    files = list((Path(messages.__file__).parent / language).iterdir())
    assert {path.stem for path in files} == set(messages.parts(language))
    for path in files:
        text = path.read_text("utf-8")
        assert text == unicodedata.normalize("NFC", text), path
        assert all(c.isprintable() or c == "\n" for c in text), path


@pytest.mark.parametrize("code", CODES)
def test_every_error_has_a_message_and_a_remedy(code: str) -> None:
    assert VI[f"errors.{code}.message"]
    assert VI[f"errors.{code}.remedy"]
    assert EN[f"errors.{code}.remedy"]


MET_ANYWHERE: tuple[str, ...] = (
    "errors.os.",
    "errors.key.",
    "errors.timestamp.",
    "errors.remote.",
    "errors.fetch.",
    "errors.certificate.",
)
MET_ANYWHERE += tuple(
    f"remedies.{name}."
    for name in (
        "pin_",
        "key_file",
        "chain_",
        "api_token",
        "bearer",
        "new_api",
        "own_responder",
        "b_t",
        "credentials",
    )
)


@pytest.mark.parametrize("language", messages.LANGUAGES)
@pytest.mark.parametrize(("name", "command"), [c for c in commands(kyso) if not isinstance(c[1], click.Group)])
def test_what_may_be_met_anywhere_advises_no_option_that_the_command_lacks(
    name: str, command: click.Command, language: messages.Language
) -> None:
    words = Words(language)
    command.make_context(name, [], obj=App(words), resilient_parsing=True)
    assert words.options
    for key in words.texts:
        if key.startswith(MET_ANYWHERE) and not key.endswith((".english", "_plain")):
            assert messages.options_named(words.fitting(key) or "") <= words.options, key


def finding_codes() -> Iterator[str]:
    """Codes of findings that are errors or warnings, as the sources of pki write them."""
    for path in sorted(Path(kyso_pki.__file__).parent.rglob("*.py")):
        for call in (n for n in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(n, ast.Call)):
            name = getattr(call.func, "id", getattr(call.func, "attr", ""))
            place = {"Finding": 0, "_Malformed": 0, "error": 0, "_problem": 2, "_Misplaced": 2}.get(name)
            if place is None or len(call.args) <= place:
                continue
            literals = [a.value for a in call.args if isinstance(a, ast.Constant)]
            code = call.args[place]
            if isinstance(code, ast.Constant) and isinstance(code.value, str) and "info" not in literals:
                yield code.value


@pytest.mark.parametrize("code", sorted(set(finding_codes())))
def test_every_problem_of_a_signature_is_told_in_vietnamese(code: str) -> None:
    assert VI[f"findings.{code}"]


def test_every_check_of_the_linter_is_told_in_vietnamese() -> None:
    assert {k.removeprefix("lint.means.") for k in VI if k.startswith("lint.means.")} == BY_CODE.keys()


REMEDIES = sorted(key for key in EN if key.startswith("remedies.") and key.endswith(".english"))


@pytest.fixture(scope="module")
def sources() -> str:
    return "\n".join(text for folder in ("pki", "hsm", "sdk", "server", "cli") for text in strings(folder))


@pytest.mark.parametrize("key", REMEDIES)
def test_every_remedy_with_words_of_its_own_stands_in_the_sources(key: str, sources: str) -> None:
    """A text that was changed below would lose its Vietnamese words in silence."""
    assert VI[key] == EN[key]
    assert fixed_part(EN[key]) in sources


@pytest.mark.parametrize("english", sorted(SAID))
def test_every_english_sentence_with_vietnamese_words_stands_in_the_sources(english: str, sources: str) -> None:
    assert fixed_part(english) in sources
    assert places(SAID[english]) <= places(english)


@pytest.mark.parametrize("english", sorted(Words("vi").part("others")))
def test_what_others_say_is_what_they_say(english: str) -> None:
    if "{" not in english and english != "Missing command.":
        assert english in {os.strerror(number) for number in errno.errorcode}
        return
    root = Path(click.__file__).parent
    said = "\n".join(re.sub(r'"\s+"', "", path.read_text("utf-8")) for path in root.glob("*.py"))
    pieces = [text.strip(" (.)") for text, _, _, _ in string.Formatter().parse(english)]
    assert max(pieces, key=len).removesuffix(" range").removesuffix(" integer").removesuffix(" float") in said


def fixed_part(english: str) -> str:
    """The longest part that is always the same, without what another sentence may end or begin with."""
    pieces = [text for text, _, _, _ in string.Formatter().parse(english)]
    return max((word for piece in pieces for word in re.split(r"[:;.] ", piece)), key=len).strip(" .()")


COMPOSED = {  # with a place that may be empty
    "No token matches 0; found: 0.0": {"No token matches 0; found: 0.", "No token matches 0; found: 0. Other 0."},
    "The new PIN has 0 octets; token 0 takes 00.": {
        "The new PIN has 0 octets; token 0 takes 4 to 8.",
        "The new PIN has 0 octets; token 0 takes 4 or more.",
    },
}
HEARD = sentences("hsm") | sentences("sdk", left_out=("audit",))


@pytest.mark.parametrize("english", sorted((HEARD - COMPOSED.keys()).union(*COMPOSED.values())))
def test_what_keys_and_the_network_say_has_vietnamese_words(english: str) -> None:
    words = Words("vi")
    assert advice(english, words) is not None


def test_every_sub_indication_is_told_in_both_languages() -> None:
    """EN 319 102-1 clause 5.1.3: those that kyso gives today."""
    source = "".join(p.read_text("utf-8") for p in (Path(kyso_pki.__file__).parent / "ades").glob("*.py"))
    given = {key.removeprefix("verify.sub.") for key in EN if key.startswith("verify.sub.")}
    used = set(re.findall(r'"(?:TOTAL-FAILED|INDETERMINATE)", "([A-Z_]+)"', source))
    used -= {"INDETERMINATE"}  # the pair of indications itself
    assert used
    assert used <= given


def test_every_command_and_option_has_its_help() -> None:
    missing = []
    for path, command in commands(kyso):
        wanted = [f"help.{path}.text"] + ([f"help.{path}.short"] if path != "kyso" else [])
        missing += [key for key in wanted if key not in EN]
        for parameter in command.params:
            if isinstance(parameter, click.Option) and f"help.{path}.{parameter.name}" not in EN:
                missing += [] if f"help.common.{parameter.name}" in EN else [f"help.{path}.{parameter.name}"]
    assert not missing


def test_every_command_shows_an_example() -> None:
    without = [
        (path, language)
        for path, command in commands(kyso)
        for language, words in (("en", EN), ("vi", VI))
        if not isinstance(command, click.Group)
        and f"  kyso {path.replace('.', ' ')}" not in words.get(f"help.{path}.epilog", "")
    ]
    assert not without


def test_the_table_of_commands_names_real_modules() -> None:
    for name, module in COMMANDS.items():
        assert import_module(module).command.name == name


@pytest.mark.parametrize(
    ("arguments", "environ", "chosen"),
    [
        ((), {}, "en"),
        ((), {"LANG": "vi_VN.UTF-8"}, "vi"),
        ((), {"LANG": "vi_VN.UTF-8", "LC_ALL": "C"}, "en"),
        ((), {"LC_MESSAGES": "vi", "LANG": "en_US.UTF-8"}, "vi"),
        ((), {"LANG": "fr_FR.UTF-8"}, "en"),
        ((), {"LANG": "en_US.UTF-8", "KYSO_LANG": "vi"}, "vi"),
        ((), {"LANG": "vi_VN.UTF-8", "KYSO_LANG": "en"}, "en"),
        (("verify", "--lang", "vi"), {"KYSO_LANG": "en"}, "vi"),
        (("--lang=vi", "verify"), {}, "vi"),
        (("verify", "--", "--lang=vi"), {}, "en"),
        (("verify", "--lang"), {}, "en"),
        ((), {"LANG": "vietnamese"}, "en"),
    ],
)
def test_language_is_chosen_by_option_then_variable_then_locale(
    arguments: tuple[str, ...], environ: dict[str, str], chosen: str
) -> None:
    assert choose_language(arguments, environ) == chosen


def test_an_error_without_words_of_its_own_gets_those_of_its_family() -> None:
    class NewTrouble(errors.KeyAccessError):
        code = "key.new_trouble"

    said = explain(NewTrouble("Something new."), Words("vi"))
    assert said.message == VI["errors.key.message"]
    assert said.remedy == VI["errors.key.remedy"]
    assert said.detail == "Something new."


@pytest.mark.parametrize("language", ["en", "vi"])
def test_a_remedy_is_the_errors_own_and_never_found_in_a_text_that_may_quote_a_stranger(
    language: messages.Language,
) -> None:
    words = Words(language)
    advised, own = EN["remedies.doctype.english"], words("remedies.doctype.text")
    [note] = sheet_of(unreadable(b"", Finding("format", "error", "Odd.", advised)), words).notes
    assert note.remedy == own
    [note] = sheet_of(unreadable(b"", Finding("format", "error", f"Odd name {advised}")), words).notes
    assert note.remedy != own
