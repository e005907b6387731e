"""`kerlint summary`."""

from __future__ import annotations

import sys

import click

from kerlint.cli.terminal import CLEAN, print_lines, use_color, warn


@click.command(short_help="Print the models of a file without running it.")
@click.argument("file", type=click.Path(exists=True, allow_dash=True, dir_okay=False))
@click.option(
    "--output-format", type=click.Choice(("text", "json")), default="text", show_default=True, help="How to print it."
)
@click.option("--color", type=click.Choice(("auto", "always", "never")), default="auto", help="When to use colours.")
@click.option("--stdin-filename", metavar="NAME", help="The name of what is read from standard input.")
@click.pass_context
def summary(ctx: click.Context, file: str, output_format: str, color: str, stdin_filename: str | None) -> None:
    """Print the models that a script or notebook builds, and how they are trained, without running it.

    Layers, output shapes and numbers of weights are those of `model.summary()` in Keras 3. What cannot be known
    from the text is said so. Exits with 2 if FILE cannot be read.
    """
    from kerlint import engine, files
    from kerlint.configuration.lookup import Lookup
    from kerlint.configuration.model import CommandLine
    from kerlint.source import SourceError
    from kerlint.summaries.output import render

    name = (stdin_filename or "<stdin>") if file == files.STDIN else file
    try:
        data = files.read_stream(sys.stdin.buffer) if file == files.STDIN else files.read_file(file)
        path = stdin_filename if file == files.STDIN else file
        root = Lookup(CommandLine()).of_file(path).root if path is not None else None
        models, source = engine.summarize_bytes(
            data, name, path, root, lambda limit: warn(f"{name}: {limit}; there may be more to tell")
        )
    except SourceError as error:
        raise click.ClickException(f"{name}:{error.line}:{error.column}: {error.message}") from error
    except OSError as error:
        if files.is_homeless():
            raise
        raise click.ClickException(f"{name}: {error.strerror or error}") from error
    for broken in source.broken:
        place = source.place(broken.line, broken.column)
        warn(f"{name}: cell {place.cell} is left out: syntax error: {broken.message}")
    print_lines(render(output_format, models, source, use_color(color)))
    if not models:
        warn("no Keras models were found")
    ctx.exit(CLEAN)
