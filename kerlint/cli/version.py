"""`kerlint version`."""

from __future__ import annotations

import json
import platform

import click

from kerlint import __version__
from kerlint.cli.terminal import print_lines


@click.command(short_help="Print versions, for reports of faults.")
@click.option(
    "--output-format", type=click.Choice(("text", "json")), default="text", show_default=True, help="How to print it."
)
def version(output_format: str) -> None:
    """Print the versions of kerlint and of what it stands on, as a report of a fault needs them."""
    found = {"kerlint": __version__, "python": platform.python_version(), "platform": platform.platform()}
    found |= {name: text for name in ("libcst", "tensorflow", "keras") if (text := _installed(name))}
    if output_format == "json":
        print_lines([json.dumps(found, indent=2)])
    else:
        print_lines(f"{name} {text}" for name, text in found.items())


def _installed(name: str) -> str | None:
    """The version of an installed package, which is not imported for that; None if there is none."""
    from importlib import metadata

    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None
