"""`kerlint check --probe`: findings are tried out."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from kerlint.cli.terminal import warn
from kerlint.records import dataclass

if TYPE_CHECKING:
    from kerlint.cli.run import Run

Command = TypeVar("Command", bound="Callable[..., Any]")

_OPTIONS = (
    click.option("--probe", is_flag=True, help="Confirm or refute findings by short experiments; needs TensorFlow."),
    click.option("--probe-python", metavar="PATH", help="A Python with TensorFlow, if the one of kerlint has none."),
    click.option(
        "--probe-timeout",
        metavar="SECONDS",
        type=click.FloatRange(min=1),
        default=120.0,
        show_default="120",
        help="The time for all experiments together.",
    ),
    click.option(
        "--probe-script", metavar="PATH", help="Write the experiments as scripts: a directory, or a .py file."
    ),
)


def probe_options(command: Command) -> Command:
    """Adds the options of the probe."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


@dataclass(frozen=True)
class Probing:
    """Whether and how findings are tried out.

    Args:
        python: the interpreter that has TensorFlow.
        seconds: for all experiments.
        script: where the experiments are written as scripts.
    """

    is_on: bool
    python: str | None
    seconds: float
    script: str | None

    def apply(self, run: Run) -> None:
        """Gives the findings of a run their verdicts."""
        from kerlint.probe.runner import Options, probed

        def progress(done: int, count: int) -> None:
            text = f"\r\x1b[Kprobing {done + 1} of {count} ..." if done < count else "\r\x1b[K"
            click.echo(text, nl=False, err=True)

        shown = progress if sys.stderr.isatty() else lambda *_: None
        report, missing = probed(run.report(), Options(self.python, self.seconds), shown)
        run.exchange(report.files)
        if missing is not None:
            warn(f"nothing was probed: {missing}; pip install 'kerlint[probe]', or name another Python: --probe-python")
        if self.script is not None:
            from kerlint.output.text import clean
            from kerlint.probe.script import write_scripts

            for path in write_scripts(report, self.script):
                click.echo(f"wrote {clean(path)}", err=True)
