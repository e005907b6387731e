"""A model from its description."""

from __future__ import annotations

import random
from typing import Any

from kerlint.probe.description import LOSSES, Description, Made
from kerlint.probe.lab.backend import layer_arguments, part_class


class Built:
    """A model with its steps.

    Args:
        tensors: the symbolic output of each step.
        layers: the layer of each step that has one.
    """

    def __init__(self, model: Any, tensors: dict[int, Any], layers: dict[int, Any]) -> None:
        self.model, self.tensors, self.layers = model, tensors, layers


def build(keras: Any, one: Description, seed: int) -> Built:
    """Builds the model; layers that both variants have start with the same weights.

    Raises:
        Exception: what Keras raises, where the layers do not fit.
    """
    shared: dict[int, Any] = {}
    tensors: dict[int, Any] = {}
    layers: dict[int, Any] = {}
    by_number: dict[int, Any] = {}
    starts: list[Any] = []
    for step, dtype in zip(one["steps"], _dtypes(one)):
        seed_everything(keras, seed, step["id"])
        if step["type"] == "Input":
            tensors[step["id"]] = keras.Input(tuple(step["config"]["shape"]), dtype=dtype)  # type: ignore[arg-type]
            starts.append(tensors[step["id"]])
            continue
        if step["layer"] not in by_number:
            by_number[step["layer"]] = make_layer(keras, step["type"], step["config"], shared)
        layer = layers[step["id"]] = by_number[step["layer"]]
        given = [tensors[source] for source in step["inputs"]]
        if step["type"] in ("MultiHeadAttention", "Attention", "AdditiveAttention"):
            given = given if len(given) > 1 else given * 2
            result = layer(*given[:2]) if step["type"] == "MultiHeadAttention" else layer(given)
        else:
            result = layer(given if len(given) > 1 else given[0], **step["call"])
        # Not before it is built: Keras 3.0 gives a layer that is frozen earlier weights that are trained.
        layer.trainable = step["trainable"]
        tensors[step["id"]] = result
    model = keras.Model(starts if len(starts) > 1 else starts[0], tensors[one["output"]])
    return Built(model, tensors, layers)


def seed_everything(keras: Any, seed: int, part: int) -> None:
    """The same random numbers for the same part, whatever was drawn before.

    Initializers and dropout take their seeds from Python's generator, and everything else from those. The seed of
    TensorFlow is left alone: to set it throws away every kernel that was compiled.
    """
    del keras
    random.seed(seed * 1009 + part)


def make_layer(keras: Any, kind: str, config: dict[str, Any], shared: dict[int, Any]) -> Any:
    """A layer of Keras."""
    arguments = {name: _value(keras, value, shared) for name, value in config.items()}
    return getattr(keras.layers, kind)(**layer_arguments(keras, kind, arguments))


def _value(keras: Any, value: Any, shared: dict[int, Any]) -> Any:
    if isinstance(value, list):
        return tuple(_value(keras, item, shared) for item in value)
    if not isinstance(value, dict) or "type" not in value:
        return value
    key = value.get("shared")
    if key in shared:
        return shared[key]
    maker = part_class(keras, value["type"])
    if maker is None:
        raise ValueError(f"no part {value['type']!r}")
    arguments = {name: _value(keras, item, shared) for name, item in value["config"].items()}
    made = maker(**layer_arguments(keras, value["type"], arguments))
    if key is not None:
        shared[key] = made
    return made


def make_optimizer(keras: Any, made: Made) -> Any:
    """An optimizer of Keras."""
    config = {name: _value(keras, value, {}) for name, value in made["config"].items()}
    return getattr(keras.optimizers, made["type"])(**config)


def make_loss(keras: Any, made: Made) -> Any:
    """A loss of Keras: by its name, as programs give it, where it has no arguments."""
    return getattr(keras.losses, LOSSES[made["type"]])(**made["config"]) if made["config"] else made["type"]


def make_metric(keras: Any, made: Made) -> Any:
    """A metric of Keras; `accuracy` by its name."""
    return "accuracy" if made["config"].get("chosen") else getattr(keras.metrics, made["type"])(**made["config"])


def _dtypes(one: Description) -> list[str | None]:
    """The dtype of each input; None for steps that are none."""
    data = iter(one["x"])
    return [
        ("int32" if next(data)["vocabulary"] else "float32") if step["type"] == "Input" else None
        for step in one["steps"]
    ]
