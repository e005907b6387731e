"""The command line as click reads it. What is heavy is imported where it is used."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from kerlint import __version__
from kerlint.cli.caching import clean
from kerlint.cli.check import check
from kerlint.cli.config import config
from kerlint.cli.rule import rule
from kerlint.cli.server import server
from kerlint.cli.summary import summary
from kerlint.cli.terminal import CLEAN
from kerlint.cli.version import version

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem


class _DefaultToCheck(click.Group):
    """A group for which `kerlint PATHS` means `kerlint check PATHS`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        own = {*self.commands, *(option for parameter in self.get_params(ctx) for option in parameter.opts)}
        if not ctx.resilient_parsing:
            if not args:
                click.echo(ctx.get_help())
                ctx.exit(CLEAN)
            self._doubt(args[0])
        if args and args[0] not in own:
            args = ["check", *args]
        return super().parse_args(ctx, args)

    def _doubt(self, word: str) -> None:
        """Refuses what is neither a command nor a file, but nearly a command."""
        if word in self.commands or word.startswith("-") or os.path.lexists(word):
            return
        from difflib import get_close_matches

        if close := get_close_matches(word, self.commands, n=1, cutoff=0.7):
            raise click.UsageError(f"there is no command or file {word!r}; did you mean {close[0]}?")

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """The options of `kerlint check` may stand without its name."""
        found = super().shell_complete(ctx, incomplete)
        if incomplete.startswith("-"):
            found += check.shell_complete(click.Context(check, info_name="check", parent=ctx), incomplete)
        return list({item.value: item for item in found}.values())


#: A line with a backspace keeps click from filling the paragraph that follows.
_ABOUT = """Finds the reasons why a Keras model does not learn, without running it.

\b
kerlint train.py                            lint a script or a notebook
kerlint train.py --symptom constant-output  ask what causes what you see
kerlint train.py --diff --unsafe-fixes      see what kerlint would change
kerlint rule KL001                          explain a finding
kerlint check --help                        all options

`kerlint PATHS` is short for `kerlint check PATHS`.
"""


@click.group(cls=_DefaultToCheck, help=_ABOUT, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="kerlint", message="%(prog)s %(version)s")
def cli() -> None:
    """The command without a subcommand."""


for _command in (check, summary, rule, config, server, version, clean):
    cli.add_command(_command)
