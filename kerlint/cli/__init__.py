"""The command line: options in, exit status out. What is heavy is imported where it is used."""

from __future__ import annotations

import errno
import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import click

    from kerlint.cli.group import cli

__all__ = ["cli", "main"]


def main() -> None:
    """The entry point."""
    # Python leaves out streams that are closed.
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    try:
        status = _run(sys.argv[1:])
    except Exception as error:  # noqa: BLE001 - what is not a complaint is raised again
        status = _complain(error)
    except KeyboardInterrupt:
        status = _interrupted()
    sys.exit(status)


def _run(arguments: list[str]) -> int:
    from kerlint.cli import plain

    status = plain.run(arguments)
    if status is not None:
        return status
    from kerlint.cli.group import cli

    found = cli.main(args=arguments, prog_name="kerlint", standalone_mode=False)
    return found if isinstance(found, int) else 0


def _complain(error: Exception) -> int:
    """Says what is wrong, and gives the exit status. Raises what nobody expects."""
    import click

    from kerlint import files
    from kerlint.cli.terminal import FAILED, INTERRUPTED, silence
    from kerlint.configuration.model import ConfigurationError

    if isinstance(error, click.ClickException):
        _show(error)
        return FAILED
    if isinstance(error, ConfigurationError):
        _show(click.ClickException(str(error)))
        return FAILED
    if isinstance(error, click.Abort):
        return INTERRUPTED
    if isinstance(error, OSError):
        if error.errno == errno.EPIPE:
            # Nobody reads any more; click ends with the same status.
            for stream in (sys.stdout, sys.stderr):
                silence(stream)
            return 1
        # A full disk, for one.
        _show(click.ClickException("the current folder is gone" if files.is_homeless() else str(error)))
        return FAILED
    raise error


def _show(error: click.ClickException) -> None:
    """Prints an error. It may quote names of files, which must not steer the terminal."""
    from io import StringIO

    import click

    from kerlint.output.text import clean

    text = StringIO()
    error.show(text)
    click.echo("\n".join(map(clean, text.getvalue().rstrip("\n").split("\n"))), err=True)


def _interrupted() -> int:
    from kerlint.cli.terminal import INTERRUPTED

    # Behind the `^C` that a terminal shows.
    sys.stderr.write("\n")
    return INTERRUPTED


def __getattr__(name: str) -> object:
    """`cli`, the group of commands, is there for those who ask for it."""
    if name != "cli":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from kerlint.cli.group import cli

    return cli
