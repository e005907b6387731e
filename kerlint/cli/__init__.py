"""The command line: options in, exit status out. What is heavy is imported where it is used."""

from __future__ import annotations

import sys

import click

from kerlint import __version__
from kerlint.cli.check import check
from kerlint.cli.rule import rule
from kerlint.cli.server import server
from kerlint.cli.summary import summary
from kerlint.cli.terminal import CLEAN, FAILED, INTERRUPTED
from kerlint.configuration.model import ConfigurationError


class _DefaultToCheck(click.Group):
    """A group for which `kerlint PATHS` means `kerlint check PATHS`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        own = {*self.commands, *(option for parameter in self.get_params(ctx) for option in parameter.opts)}
        if not args:
            click.echo(ctx.get_help())
            ctx.exit(CLEAN)
        if args[0] not in own:
            args = ["check", *args]
        return super().parse_args(ctx, args)


@click.group(cls=_DefaultToCheck, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="kerlint", message="%(prog)s %(version)s")
def cli() -> None:
    """Finds the reasons why a Keras model does not learn, without running it.

    `kerlint PATHS` is short for `kerlint check PATHS`.
    """


for _command in (check, summary, rule, server):
    cli.add_command(_command)


def main() -> None:
    """The entry point."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    try:
        status = cli.main(prog_name="kerlint", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        status = FAILED
    except ConfigurationError as error:
        click.ClickException(str(error)).show()
        status = FAILED
    except (click.Abort, KeyboardInterrupt):
        status = INTERRUPTED
    except OSError as error:
        # A full disk, for one.
        click.echo(f"error: {error}", err=True)
        status = FAILED
    sys.exit(status)
