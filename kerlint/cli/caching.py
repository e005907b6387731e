"""`--cache-dir`, and `kerlint clean`."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, TypeVar

import click

from kerlint.cli.terminal import CLEAN

Command = TypeVar("Command", bound="Callable[..., Any]")


def cache_option(command: Command) -> Command:
    """The option that says where the cache is."""
    return click.option(
        "--cache-dir",
        metavar="FOLDER",
        type=click.Path(file_okay=False),
        envvar="KERLINT_CACHE_DIR",
        show_envvar=True,
        help="Where cached results are, instead of .kerlint_cache in the root of the project.",
    )(command)


@click.command(short_help="Remove what is cached.")
@cache_option
@click.pass_context
def clean(ctx: click.Context, cache_dir: str | None) -> None:
    """Remove the cache of the project that the current folder belongs to."""
    from kerlint import cache
    from kerlint.output.text import clean as printable
    from kerlint.output.text import display_path

    folder = os.path.realpath(cache_dir) if cache_dir is not None else cache.default_folder()
    number = cache.clean(folder)
    results = f"{number} cached result{'' if number == 1 else 's'}"
    click.echo(f"Removed {results} from {printable(display_path(folder))}." if number else "Nothing was cached.")
    ctx.exit(CLEAN)
