"""The learning rate as a variable: how callbacks of the program read and set it while they are followed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kerlint import syntax
from kerlint.library.convert import Handler
from kerlint.library.optimizers import read_optimizer
from kerlint.program.events import Compile
from kerlint.program.values import Arguments, Bound, Const, Object, Unknown, Value

if TYPE_CHECKING:
    from kerlint.program.interpreter.machine import Machine

RATE = "keras.Variable.learning_rate"
#: In the state of the variable: its value, and the definition of the function that has set it last.
_VALUE, _SETTER = "value", "set by"
_NAMES = ("learning_rate", "lr")
_READING = frozenset({"numpy", "value", "read_value", "item"})


def make_variable(machine: Machine, compiled: Compile) -> Object | None:
    """Gives the optimizer of a compile such a variable; None if the optimizer is not known."""
    optimizer = compiled.optimizer
    known = read_optimizer(optimizer, compiled)
    if known is None or not isinstance(optimizer, Object):
        return None
    start: Value = Const(known.rate) if known.rate is not None else Unknown("learning rate")
    made = Object(RATE, state={_VALUE: start})
    for name in _NAMES:
        machine.heap.write(optimizer.state, f".{name}", made)
    return made


def value_of(rate: Object) -> Value:
    """The learning rate as it is now."""
    found: Value = rate.state[_VALUE]
    return found


def setter_of(rate: Object) -> syntax.Node | None:
    """The function that has set the rate last; None if none has."""
    found: syntax.Node | None = rate.state.get(_SETTER)
    return found


def assign(machine: Machine, rate: Object, value: Value | None) -> None:
    """`rate.assign(value)`."""
    known = value is not None and not machine.doubts
    machine.heap.write(rate.state, _VALUE, value if known else Unknown("learning rate"))
    setter = machine.frames[-1].function.node if machine.frames else None
    machine.heap.write(rate.state, _SETTER, setter)


def assigned(machine: Machine, optimizer: Object, name: str, value: Value) -> bool:
    """`optimizer.learning_rate = value`; False if there is no such variable."""
    rate = optimizer.state.get(f".{name}") if name in _NAMES else None
    if not isinstance(rate, Object) or rate.name != RATE:
        return False
    assign(machine, rate, value)
    return True


def method(machine: Machine, rate: Object, name: str, arguments: Arguments, node: syntax.Node) -> Value:
    """`rate.assign(value)`, `rate.numpy()`."""
    if name in _READING:
        return value_of(rate)
    if name.startswith("assign"):
        assign(machine, rate, arguments.get(0, "value") if name == "assign" else None)
    return Unknown(name, node=node)


def _set_value(machine: Machine, arguments: Arguments, node: syntax.Node) -> Value:
    """`K.set_value(optimizer.learning_rate, value)` is an assignment."""
    target, value = arguments.get(0, "x"), arguments.get(1, "value")
    if isinstance(target, Object) and target.name == RATE:
        assign(machine, target, value)
    elif isinstance(target, Bound) and isinstance(target.receiver, Object) and value is not None:
        machine.heap.write(target.receiver.state, f".{target.name}", value)
    return Const(None, node=node)


def _get_value(machine: Machine, arguments: Arguments, node: syntax.Node) -> Value:
    """`K.get_value(optimizer.learning_rate)`."""
    target = arguments.get(0, "x")
    return value_of(target) if isinstance(target, Object) and target.name == RATE else Unknown("value", node=node)


FUNCTIONS: dict[str, Handler] = {
    "keras.backend.set_value": _set_value,
    "keras.backend.get_value": _get_value,
}
