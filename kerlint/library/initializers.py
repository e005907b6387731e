"""Initial weights as rules read them."""

from __future__ import annotations

from kerlint import syntax
from kerlint.library.defaults import named
from kerlint.library.objects import argument
from kerlint.library.shapes import dims
from kerlint.program.constants import number, text
from kerlint.program.values import Arguments, Array, Const, External, Object, Value
from kerlint.records import dataclass

_CONSTANTS = {"Zeros": 0.0, "Ones": 1.0}
#: Random initializers, and the argument that says how far the values lie apart.
_SPREADS = {
    "RandomNormal": ("mean", "stddev"),
    "TruncatedNormal": ("mean", "stddev"),
    "RandomUniform": ("minval", "maxval"),
}


@dataclass(frozen=True, eq=False, slots=True)
class Initializer:
    """An initializer that a layer is given.

    Args:
        name: the last part of its canonical name: `Zeros`.
        constant: the value of all weights, if they are all the same.
    """

    name: str
    constant: float | None
    place: syntax.Node | None


def initializer(layer: Object, argument_name: str) -> Initializer | None:
    """The initializer in an argument of a layer (`kernel_initializer`); None if it is not given or not known."""
    value = layer.args.get(argument_name)
    name = _name(value)
    if value is None or name is None:
        return None
    return Initializer(name, _constant(name, value), layer.places.get(argument_name) or layer.node)


def _name(value: Value | None) -> str | None:
    if isinstance(value, Const):
        word = text(value)
        known = named("initializers", word) if word is not None else None
        name = known.name if known is not None else ""
    elif isinstance(value, (External, Object)):
        name = value.name
    else:
        return None
    return name.rpartition(".")[2] if name.startswith("keras.initializers.") else None


def _constant(name: str, value: Value) -> float | None:
    if name in _CONSTANTS:
        return _CONSTANTS[name]
    if not isinstance(value, Object):
        return 0.0 if name == "Constant" else None
    if name == "Constant":
        return number(argument(value, "value"))
    if name in _SPREADS:
        first, second = (number(argument(value, part)) for part in _SPREADS[name])
        if first is not None and second is not None and (second == first if name == "RandomUniform" else second == 0):
            return first
    return None


def deviation(layer: Object, argument_name: str) -> float | None:
    """The standard deviation of the random weights that an initializer object draws; None if it is not known."""
    value = layer.args.get(argument_name)
    if not isinstance(value, Object) or value.open:
        return None
    name = _name(value)
    if name == "RandomUniform":
        low, high = number(argument(value, "minval")), number(argument(value, "maxval"))
        return None if low is None or high is None else abs(high - low) / 12**0.5
    stddev = number(argument(value, "stddev")) if name in ("RandomNormal", "TruncatedNormal") else None
    if stddev is None:
        return None
    # What lies beyond two standard deviations is drawn again.
    return stddev * 0.88 if name == "TruncatedNormal" else stddev


def drawn(layer: Object, argument_name: str) -> Object | None:
    """The object that draws random weights, if the argument is one."""
    value = layer.args.get(argument_name)
    return value if isinstance(value, Object) and _name(value) in _RANDOM else None


_RANDOM = frozenset(_SPREADS) | {
    "VarianceScaling",
    "Orthogonal",
    *(f"{who}{how}" for who in ("Glorot", "He", "Lecun") for how in ("Normal", "Uniform")),
}


def initial_values(initializer: Object, arguments: Arguments, node: syntax.Node) -> Array:
    """What an initializer gives when it is called with a shape: the numbers of a weight."""
    constant = _CONSTANTS.get(initializer.short)
    return Array(
        dims(arguments.get(0, "shape")),
        "float32",
        constant,
        constant,
        source=initializer.name,
        noise=constant is None,
        node=node,
    )
