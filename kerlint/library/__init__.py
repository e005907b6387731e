"""What is known of Keras, TensorFlow, NumPy and scikit-learn: tables and small functions."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kerlint import syntax
    from kerlint.program.facts import Program
    from kerlint.program.interpreter.machine import Watch
    from kerlint.program.modules import Modules


def evaluate(
    module: syntax.Module, modules: Modules | None = None, *, unfold: bool = False, watch: Watch | None = None
) -> Program:
    """What a module builds and trains, by everything that is known here.

    Args:
        modules: the user's other modules, which are followed where it imports them.
        unfold: look into the models of `keras.applications`, too; rules take them as one step.
        watch: is told the value of every expression, each time that it is evaluated.
    """
    from kerlint.library.knowledge import Knowledge
    from kerlint.program.interpreter import evaluate_module

    return evaluate_module(module, Knowledge(unfold=unfold), modules, watch)
