"""Weights that the program makes itself: `add_weight`, `keras.Variable`, and `tf.Variable` in a layer.

A variable is a tensor whose op is of kind `variable`: it takes part in shapes, and its size is counted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kerlint import syntax
from kerlint.library.calling import OWN_WEIGHTS
from kerlint.library.objects import bind_arguments
from kerlint.library.shapes import dims
from kerlint.program.constants import truth
from kerlint.program.events import OldCall
from kerlint.program.values import (
    Arguments,
    Array,
    Const,
    Layer,
    Mapping,
    Model,
    Op,
    Sequence,
    Shape,
    Tensor,
    Value,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kerlint.program.interpreter.machine import Machine

#: What makes a variable that is tracked when an attribute of a layer holds it.
CLASSES = frozenset({"tensorflow.Variable", "keras.Variable"})
#: Where a variable of TensorFlow keeps that Keras counts it, which Keras 3 does not.
TRACKED = "tracked"


def add_weight(machine: Machine, owner: Layer | Model, arguments: Arguments, node: syntax.Node) -> Tensor:
    """`self.add_weight(shape=...)`; in Keras 2 the name may come first."""
    first = arguments.get(0)
    if isinstance(first, Const) and isinstance(first.value, str):
        machine.emit(OldCall(node=node, callee="keras.layers.Layer.add_weight", positional=(first,)))
        names = ("name", "shape")
        moved = dict(zip(names, arguments.positional))
        arguments = Arguments([], {**moved, **arguments.keywords}, arguments.open)
    args, _ = bind_arguments("keras.layers.Layer.add_weight", arguments)
    made = _variable("keras.layers.Layer.add_weight", args, () if "shape" not in args else dims(args["shape"]), node)
    machine.heap.write(owner.state, OWN_WEIGHTS, (*owner.state.get(OWN_WEIGHTS, ()), made))
    return made


def is_within(machine: Machine) -> bool:
    """Whether a method of a layer or model runs, or a function that it has called."""
    receiver = next((frame.receiver for frame in reversed(machine.frames) if frame.receiver is not None), None)
    return isinstance(receiver, (Layer, Model))


def variable_from(machine: Machine, name: str, arguments: Arguments, node: syntax.Node) -> Tensor:
    """`tf.Variable(initial)` or `keras.Variable(initializer, shape)` in a layer."""
    args, _ = bind_arguments(name, arguments)
    initial = args.get("initial_value") or args.get("initializer")
    if isinstance(initial, Sequence):
        initial = machine.library.call(machine, "numpy.array", Arguments([(initial, node)]), node)
    shape: Shape = None
    if isinstance(initial, (Array, Tensor)):
        shape = initial.shape
    elif isinstance(initial, Const) and isinstance(initial.value, (int, float)):
        shape = ()
    elif "shape" in args:
        shape = dims(args["shape"])
    if name == "tensorflow.Variable" and machine.program.used.with_keras_2:
        args[TRACKED] = Const(True, node=node)
    return _variable(name, args, shape, node)


def _variable(name: str, args: dict[str, Value], shape: Shape, node: syntax.Node) -> Tensor:
    return Tensor(Op("variable", name, args=args, node=node), shape, node=node)


def is_trained(variable: Tensor) -> bool | None:
    """Whether training changes the variable; None if that is not known."""
    found = variable.op.args.get("trainable")
    return True if found is None else truth(found)


def variables_in(value: object) -> Iterator[Tensor]:
    """The variables in what an attribute holds."""
    if isinstance(value, Tensor) and value.op.kind == "variable":
        yield value
    elif isinstance(value, Sequence):
        for item in value.items:
            yield from variables_in(item)
    elif isinstance(value, Mapping):
        for item in value.entries.values():
            yield from variables_in(item)
    elif isinstance(value, tuple):
        for item in value:
            yield from variables_in(item)
