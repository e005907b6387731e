"""How the rules on migration speak of the version that a program is for."""

from __future__ import annotations

from kerlint.finding import Safety, Severity
from kerlint.program.facts import Program
from kerlint.program.target import Target


def severity(target: Target) -> Severity:
    """An error where the version is known, a warning where it is only the current one because nothing says more."""
    return Severity.ERROR if target.known else Severity.WARNING


def safety(target: Target) -> Safety:
    """How safe it is to write what only the assumed version has."""
    return Safety.SAFE if target.known else Safety.UNSAFE


def aside(target: Target) -> str:
    """What to do if the version is not the one that was assumed."""
    return "" if target.known else "; if the program is for Keras 2, say so with --target-keras 2"


def uses_tf_keras(program: Program) -> bool:
    """Whether the program imports `tf_keras`, which is Keras 2.14 or later whatever the TensorFlow."""
    return any(name.partition(".")[0] == "tf_keras" for name in program.mentions)


def listed(names: list[str], last: str = "and") -> str:
    """Names in a row, the first of many."""
    if len(names) > 4:
        return f"{', '.join(names[:3])} and {len(names) - 3} others"
    return f" {last} ".join(filter(None, (", ".join(names[:-1]), names[-1])))
