"""click commands whose help comes from the catalogues instead of the decorators.

A command in `kyso_cli.sign` is made with `@worded("sign")`; its help is `help.sign.text`, that of its option
`--output` is `help.sign.output`, or `help.common.output` where several commands share it. A command reads
the language from the context, so nothing is translated before it is shown.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, TypeVar

import click

from .messages import Words
from .output import App, say

_F = TypeVar("_F", bound=Callable[..., Any])


def words_of(ctx: click.Context) -> Words:
    app = ctx.find_root().obj
    return app.words if isinstance(app, App) else Words("en")


class _Worded(click.Command):
    """Usage, help and headings in the user's language."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        options = [p for p in self.get_params(ctx) if isinstance(p, click.Option)]
        words_of(ctx).options = frozenset(o for p in options for o in (*p.opts, *p.secondary_opts))
        return super().parse_args(ctx, args)

    def format_usage(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        words = words_of(ctx)
        ours = {self.options_metavar: words("help.arguments"), "COMMAND [ARGS]...": words("help.call")}
        pieces = [ours.get(piece, piece) for piece in self.collect_usage_pieces(ctx)]
        formatter.write_usage(ctx.command_path, " ".join(pieces), prefix=words("help.usage") + " ")

    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        formatter.write_paragraph()
        with formatter.indentation():
            formatter.write_text(words_of(ctx)(f"help.{_path(ctx)}.text"))

    def get_help_option(self, ctx: click.Context) -> click.Option | None:
        option = super().get_help_option(ctx)
        if option is not None:
            option.callback = _show_help
        return option

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        words = words_of(ctx)
        rows = []
        for parameter in self.get_params(ctx):
            if isinstance(parameter, click.Option) and not parameter.hidden:
                name = "help" if "--help" in parameter.opts else parameter.name or ""  # click 8.2 hides its name
                parameter.help = _help_of(words, _path(ctx), name)
                record = parameter.get_help_record(ctx)
                if record:  # click's own remark is English
                    rows.append((record[0], record[1].replace("[required]", f"[{words('help.required')}]")))
        with formatter.section(words("help.options")):
            formatter.write_dl(rows)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        epilog = words_of(ctx).texts.get(f"help.{_path(ctx)}.epilog")
        if epilog:
            formatter.write_paragraph()
            formatter.write(epilog)


class Command(_Worded):
    """A command; `--lang`, `--debug` and `--json` were read before parsing (main) and are only accepted here."""


class Group(_Worded, click.Group):
    """A group whose commands are imported when they are called: `modules` maps a name to module and attribute."""

    modules: ClassVar[dict[str, str]] = {}

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [*self.modules, *super().list_commands(ctx)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.modules:
            return super().get_command(ctx, cmd_name)
        from importlib import import_module

        found = import_module(self.modules[cmd_name]).command
        assert isinstance(found, click.Command)  # noqa: S101 - a mistake in the table above, not an input
        return found

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        known = self.list_commands(ctx)
        if args and not args[0].startswith("-") and args[0] not in known:
            from .errors import Stop

            raise Stop("no_such_command", name=args[0], known=", ".join(known))
        return super().resolve_command(ctx, args)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        super().format_options(ctx, formatter)
        self.format_commands(ctx, formatter)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        words = words_of(ctx)
        prefix = _path(ctx).removeprefix("kyso")
        names = [f"{prefix}.{name}".lstrip(".") for name in self.list_commands(ctx)]
        with formatter.section(words("help.commands")):
            formatter.write_dl([(n.rsplit(".", 1)[-1], words(f"help.{n}.short")) for n in names])


def worded(name: str) -> Callable[[Callable[..., Any]], Command]:
    """`@worded("sign")`: a command with the options that all commands have."""
    return lambda function: click.command(name, cls=Command)(common(function))


def common(function: _F) -> _F:
    """`--lang` and `--debug`, accepted everywhere."""
    function = click.option("--debug", is_flag=True, expose_value=False)(function)
    return click.option("--lang", type=click.Choice(["vi", "en"]), expose_value=False)(function)


def _show_help(ctx: click.Context, _param: click.Parameter, wanted: bool) -> None:
    """Through `say`, which tells an output that is full or gone from an error of the command's own."""
    if wanted and not ctx.resilient_parsing:
        say(ctx.get_help())
        ctx.exit()


def _path(ctx: click.Context) -> str:
    """`kyso keys list` is `keys.list`; `kyso` alone is `kyso`."""
    return ".".join(ctx.command_path.split()[1:]) or "kyso"


def _help_of(words: Words, path: str, name: str) -> str:
    return words.texts.get(f"help.{path}.{name}") or words(f"help.common.{name}")
