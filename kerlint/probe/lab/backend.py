"""All that the laboratory does differently with Keras 2 and with Keras 3."""

from __future__ import annotations

import importlib
import random
from collections.abc import Mapping
from typing import Any

#: Arguments by their names in Keras 2 and in Keras 3.
RENAMED = {"LeakyReLU": ("alpha", "negative_slope")}
#: Modules with the parts that arguments are made of.
PARTS_IN = ("initializers", "regularizers", "constraints", "optimizers.schedules", "layers")


def label(keras: Any) -> str:
    """`Keras 3.15.1`, `tf_keras 2.21.0`."""
    return f"{'tf_keras' if keras.__name__ == 'tf_keras' else 'Keras'} {keras.__version__}"


def version(keras: Any) -> tuple[int, int]:
    """Major and minor version."""
    major, minor = keras.__version__.split(".")[:2]
    return int(major), int(minor)


def is_old(keras: Any) -> bool:
    """Whether it is Keras 2."""
    return version(keras) < (3, 0)


def find(keras: Any, place: str, kind: str) -> Any:
    """A class of Keras; None if there is none."""
    module = keras
    for part in place.split("."):
        module = getattr(module, part)
    return getattr(module, kind, None)


def part_class(keras: Any, kind: str) -> Any:
    """The class of an initializer, a regularizer, a constraint, a schedule or a layer; None if there is none."""
    return next((found for place in PARTS_IN if (found := find(keras, place, kind)) is not None), None)


def layer_arguments(keras: Any, kind: str, config: dict[str, Any]) -> dict[str, Any]:
    """Arguments of a layer or another part, as this Keras takes them."""
    made = named_for(kind, config, is_old(keras))
    if is_old(keras) and needs_seed(kind, made):
        made["seed"] = random.randint(1, 10**9)  # noqa: S311 - nothing secret
    return made


def named_for(kind: str, config: Mapping[str, Any], old: bool) -> dict[str, Any]:
    """Arguments with the names that they have in Keras 2, if `old`, or in Keras 3."""
    names = RENAMED.get(kind, ("", ""))
    wrong, right = names[::-1] if old else names
    return {right if name == wrong else name: value for name, value in config.items()}


def needs_seed(kind: str, config: Mapping[str, Any]) -> bool:
    """Whether what a layer of Keras 2 draws would depend on all that was drawn before it."""
    return ("Dropout" in kind or kind == "GaussianNoise") and "seed" not in config


def fresh_numbers(tf: Any, keras: Any) -> None:
    """Random numbers that do not depend on earlier experiments.

    In Keras 3 all of them come from seeds that are set for each part of a model. Keras 2 keeps the generator of the
    last `set_random_seed` for good, and leaves what has no seed to TensorFlow.
    """
    if is_old(keras):
        tf.random.set_seed(0)
        keras.src.backend._SEED_GENERATOR.generator = None  # noqa: SLF001 - it has no other end


def optimizer_variables(optimizer: Any) -> list[Any]:
    """The state of an optimizer that is built."""
    found = optimizer.variables
    return list(found() if callable(found) and not isinstance(found, (list, tuple)) else found)


def tensor_of(variable: Any) -> Any:
    """What a tape takes for a variable."""
    return variable.value if not callable(variable.value) else variable


def image_generator(keras: Any) -> Any:
    """The class `ImageDataGenerator`."""
    if is_old(keras):
        return keras.preprocessing.image.ImageDataGenerator
    # Keras 3 has it for programs that import it from TensorFlow.
    return importlib.import_module(f"{keras.__name__}.src.legacy.preprocessing.image").ImageDataGenerator
