"""kerlint finds the reasons why a Keras model does not learn, without running it.

`kerlint.lint(source)` gives the findings, `kerlint.summary(source)` the models of a program. What stands in `__all__`
is stable: it changes only with a new major version.
"""

import os
import sys


def _forget_current_folder() -> None:
    """Takes the current folder from Python's path, where `python -m kerlint` has put it before all others.

    It holds what is to be linted: a file `typing.py` or `click.py` in it would be executed from here on.
    """
    is_own_run = sys.argv[:1] == ["-m"] and not {"kerlint", "-mkerlint"}.isdisjoint(sys.orig_argv)
    if is_own_run and sys.path and os.path.isabs(sys.path[0]):
        current = os.path.join(sys.path[0], "")
        try:
            here = os.path.join(os.getcwd(), "")
        except OSError:
            # It is gone, and nothing can be imported from it.
            return
        # With `-I` and `-P` there is nothing to take, and whoever works on kerlint itself needs its folder.
        if current == here and not __file__.startswith(current):
            del sys.path[0]


_forget_current_folder()

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kerlint.api import lint, summary
    from kerlint.configuration.model import ConfigurationError
    from kerlint.finding import Edit, Finding, Fix, Label, Safety, Severity, Span
    from kerlint.report import FileReport
    from kerlint.selection import SelectionError
    from kerlint.source import Place, SourceError
    from kerlint.summaries.facts import CompileFacts, DataFacts, LayerRow, ModelSummary, TrainingFacts

__version__ = "0.1.0"

__all__ = [
    "CompileFacts",
    "ConfigurationError",
    "DataFacts",
    "Edit",
    "FileReport",
    "Finding",
    "Fix",
    "Label",
    "LayerRow",
    "ModelSummary",
    "Place",
    "Safety",
    "SelectionError",
    "Severity",
    "SourceError",
    "Span",
    "TrainingFacts",
    "__version__",
    "lint",
    "summary",
]

#: Where each name is defined: the command line starts without most of them.
_HOMES = {
    **dict.fromkeys(("lint", "summary"), "kerlint.api"),
    **dict.fromkeys(("Edit", "Finding", "Fix", "Label", "Safety", "Severity", "Span"), "kerlint.finding"),
    **dict.fromkeys(("Place", "SourceError"), "kerlint.source"),
    **dict.fromkeys(
        ("CompileFacts", "DataFacts", "LayerRow", "ModelSummary", "TrainingFacts"), "kerlint.summaries.facts"
    ),
    "ConfigurationError": "kerlint.configuration.model",
    "FileReport": "kerlint.report",
    "SelectionError": "kerlint.selection",
}


def __getattr__(name: str) -> object:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    found: object = getattr(import_module(home), name)
    # The next one does not come here.
    globals()[name] = found
    return found


def load_ipython_extension(shell: object) -> None:
    """What `%load_ext kerlint` calls in IPython and Jupyter: `%kerlint` and `%%kerlint` are there then."""
    from kerlint.jupyter import load

    load(shell)


def unload_ipython_extension(shell: object) -> None:
    """What `%unload_ext kerlint` calls."""
    from kerlint.jupyter import unload

    unload(shell)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
