"""What all commands share: warnings, colours, printing, and the exit status."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from typing import TextIO

CLEAN, FINDINGS, FAILED, INTERRUPTED = 0, 1, 2, 130


def warn(text: str) -> None:
    """Says something on standard error."""
    import click

    from kerlint.output.text import clean

    click.echo(f"warning: {clean(text)}", err=True)


def use_color(when: str, to: TextIO | None = None) -> bool:
    """Whether to print colours, by the option and the environment.

    Args:
        to: where they are printed, None for standard output.
    """
    if when != "auto":
        return when == "always"
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR", "0") not in ("", "0"):
        return True
    return (to or sys.stdout).isatty() and os.environ.get("TERM") != "dumb"


def columns(stream: TextIO) -> int | None:
    """How wide a terminal is, which `COLUMNS` may say for it; None for what is none."""
    given = os.environ.get("COLUMNS", "")
    if given.isdecimal() and int(given):
        return int(given)
    if not stream.isatty():
        return None
    try:
        return os.get_terminal_size(stream.fileno()).columns or None
    except (OSError, ValueError):
        return None


def print_lines(lines: Iterable[str], to: TextIO | None = None) -> None:
    """Prints lines as they come. Whoever reads them may stop early."""
    stream = to or sys.stdout
    try:
        for line in lines:
            stream.write(line + "\n")
        stream.flush()
    except BrokenPipeError:
        # The reader has seen enough.
        silence(stream)


def silence(stream: TextIO) -> None:
    """Leads a stream nowhere, so that Python does not fail once more at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
