"""Functions that change an array in place: every name that it has here gets the changed one."""

from __future__ import annotations

from collections.abc import Callable

from kerlint import syntax
from kerlint.program.events import Shuffled
from kerlint.program.interpreter.containers import forget_items
from kerlint.program.interpreter.machine import Machine
from kerlint.program.values import Arguments, Array, Const, Sequence, Value

Handler = Callable[[Machine, Arguments, syntax.Node], Value]


def shuffle(machine: Machine, arguments: Arguments, node: syntax.Node, *, shared: bool = True) -> Value:
    """`numpy.random.shuffle(x)` and `random.shuffle(x)`; `shared` is False for a generator of the program's own."""
    data = arguments.get(0, "x")
    if isinstance(data, Array):

        def mixed(array: Array) -> Array:
            return array.derive(node, "filled", order=None, values=None)

        after = data.derive(node, "shuffled", order="random", values=None)
        machine.change_in_place(data, after, node, mixed)
        # With a function of its own (Python 3.10) the order may be the same each time.
        if shared and len(arguments.positional) == 1 and not arguments.open:
            machine.emit(Shuffled(node=node, after=after))
    elif isinstance(data, Sequence):
        forget_items(machine, data)
    return Const(None, node=node)


def _overwrite(machine: Machine, arguments: Arguments, node: syntax.Node) -> Value:
    """`numpy.place(x, mask, values)` and its kin: the shape stays."""
    data = arguments.get(0)
    if isinstance(data, Array):
        machine.change_in_place(data, data.overwritten(node), node)
    return Const(None, node=node)


FUNCTIONS: dict[str, Handler] = {
    "random.shuffle": shuffle,
    "numpy.random.shuffle": shuffle,
    **{f"numpy.{name}": _overwrite for name in ("place", "putmask", "copyto", "put", "fill_diagonal")},
    **{f"numpy.{name}.at": _overwrite for name in ("add", "subtract", "multiply", "divide", "maximum", "minimum")},
}
