"""Who answers for a call of a library function, by its name alone."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from kerlint.library import (
    companions,
    datasets,
    distribution,
    downloads,
    images,
    imaging,
    inplace,
    loaders,
    numerics,
    options,
    pandas,
    randomness,
    rates,
    resampling,
    sklearn,
    sources,
    tfds,
    variables,
)
from kerlint.library.convert import Handler
from kerlint.library.objects import make_object
from kerlint.program.interpreter.traces import as_graph

#: Packages whose objects are kept with their arguments even where nothing more is known of them.
KEPT = (
    "keras.optimizers.",
    "keras.losses.",
    "keras.metrics.",
    "keras.callbacks.",
    "keras.initializers.",
    "keras.regularizers.",
    "keras.constraints.",
    "keras.preprocessing.",
    "keras.mixed_precision.",
    "keras.dtype_policies.",
    "tensorflow.keras.",
    "tensorflow.train.",
    "tensorflow.compat.v1.train.",
    "tensorflow.python.training.",
    "tensorflow.GradientTape",
    "sklearn.",
)
#: Functions that give something else each time.
_RANDOM = ("random.", "numpy.random.", "tensorflow.random.", "keras.random.", "tensorflow.image.random_")

#: What answers for a function, by canonical name.
HANDLERS: dict[str, Handler] = {
    **numerics.FUNCTIONS,
    **pandas.FUNCTIONS,
    **sklearn.FUNCTIONS,
    **datasets.FUNCTIONS,
    **distribution.FUNCTIONS,
    **downloads.FUNCTIONS,
    **tfds.FUNCTIONS,
    **imaging.FUNCTIONS,
    **images.FUNCTIONS,
    **loaders.FUNCTIONS,
    **randomness.FUNCTIONS,
    **inplace.FUNCTIONS,
    **options.FUNCTIONS,
    **rates.FUNCTIONS,
}


class Route(NamedTuple):
    """What the name of a function says about a call of it.

    Args:
        draws: whether it gives something else each time.
        is_variable: whether it makes a variable.
        keeps: whether it keeps what it is given as it is now.
        is_keras: whether Keras has it.
        is_operation: whether on a tensor it is a step of a graph.
        is_flag: whether it defines a flag of the command line.
        handler: what answers for it; None leaves that to its arguments.
    """

    draws: bool
    is_variable: bool
    keeps: bool
    is_keras: bool
    is_operation: bool
    is_flag: bool
    handler: Handler | None


@lru_cache(maxsize=10_000)
def route(name: str) -> Route:
    """The route of a call, by the canonical name of the function."""
    is_variable = name in variables.CLASSES
    return Route(
        draws=name.startswith(_RANDOM),
        is_variable=is_variable,
        keeps=is_variable or name == "tensorflow.constant",
        is_keras=name.startswith("keras."),
        is_operation=name.startswith(("tensorflow.", "einops.", "jax.nn.")) and not name.startswith("tensorflow.data."),
        is_flag=options.is_flag(name),
        handler=_handler(name),
    )


def _handler(name: str) -> Handler | None:
    known = HANDLERS.get(name)
    if known is not None or options.is_flag(name):
        return known
    if name.startswith("tensorflow.data."):
        return lambda machine, arguments, node: sources.call_data(machine, name, arguments, node)
    if sklearn.is_transformer(name) or name.startswith(KEPT) or resampling.is_sampler(name):
        return lambda machine, arguments, node: make_object(machine, name, arguments, node)
    if name == "tensorflow.function":
        return lambda machine, arguments, node: as_graph(arguments, node)
    return companions.handler(name)
