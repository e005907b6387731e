"""The names that Keras gives to layers, models and operations that were not given one.

The class in snake case, and from the second on a number (`keras/src/utils/naming.py`): `dense`, `dense_1`.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from kerlint.program.values import Arguments, Const, Layer, Model, Tensor, Unknown, Value

if TYPE_CHECKING:
    from kerlint.program.interpreter.machine import Machine

#: Where the name of a layer or model is kept in its state.
NAME = "name"
#: Classes that call themselves otherwise than `keras.layers` does.
_OWN_NAMES = {"GroupQueryAttention": "GroupedQueryAttention"}
#: Layers that a layer makes for itself when it is made, and others when it is called first: they take names, too.
_PARTS = {
    "TextVectorization": "StringLookup",
    "RandomColorJitter": "RandomBrightness RandomContrast RandomSaturation RandomHue",
    **dict.fromkeys(
        ("AugMix", "RandAugment"),
        """RandomShear RandomTranslation RandomRotation Solarization RandomPosterization AutoContrast Equalization
        RandomBrightness RandomColorDegeneration RandomContrast RandomSharpness""",
    ),
}
_LATER_PARTS = dict.fromkeys(("MultiHeadAttention", "GroupQueryAttention"), "Softmax Dropout")
_WORD = re.compile(r"(.)([A-Z][a-z]+)")
_CAPITAL = re.compile(r"([a-z])([A-Z])")


@lru_cache(maxsize=1000)
def snake_case(name: str) -> str:
    """`MaxPooling2D` as `max_pooling2d`."""
    return _CAPITAL.sub(r"\1_\2", _WORD.sub(r"\1_\2", re.sub(r"\W+", "", name))).lower()


def automatic_name(machine: Machine, class_name: str) -> str:
    """The next name for an object of a class."""
    prefix = snake_case(class_name)
    count = machine.name_counts.get(prefix, 0)
    machine.name_counts[prefix] = count + 1
    return f"{prefix}_{count}" if count else prefix


def class_name(made: Layer | Model) -> str:
    """The class as `model.summary()` shows it."""
    if made.cls is not None:
        return made.cls.name
    if isinstance(made, Model):
        return "Sequential" if made.kind == "sequential" else "Functional"
    return _OWN_NAMES.get(made.short, made.short)


def give_name(machine: Machine, made: Layer | Model, given: Value | None) -> None:
    """Names a layer or model: as it was told, else automatically."""
    if isinstance(given, Const) and isinstance(given.value, str):
        name: Value = given
    elif given is None or isinstance(given, Const):
        name = Const(automatic_name(machine, class_name(made)), node=made.node)
    else:
        name = Unknown("name", node=given.node)
    machine.heap.write(made.state, NAME, name)


def name_parts(machine: Machine, layer: Layer, *, built: bool = False) -> None:
    """Takes the names of the layers that a layer of Keras makes for itself; with `built`, when it is called first."""
    for part in (_LATER_PARTS if built else _PARTS).get(layer.short, "").split():
        automatic_name(machine, part)


def given_name(arguments: Arguments) -> Value | None:
    """The `name` argument of a constructor, as a class of the program passes it on."""
    found = arguments.keywords.get("name")
    return found[0] if found is not None else None


def name_of(made: Layer | Model) -> str | None:
    """The name, if it is known."""
    name = made.state.get(NAME)
    return name.value if isinstance(name, Const) and isinstance(name.value, str) else None


def name_operation(machine: Machine, value: Value | None, class_of_operation: str) -> None:
    """Names the operation that made a tensor; inside a layer Keras makes no operations of its own."""
    if isinstance(value, Tensor) and not value.op.label and not machine.inside_call:
        value.op.label = automatic_name(machine, class_of_operation)
