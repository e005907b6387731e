"""What the interpreter asks of library knowledge.

The interpreter knows Python; what Keras, NumPy, tf.data and scikit-learn do is told by an
object of this shape (`kerlint.library`), so that knowledge can grow without the interpreter.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from kerlint.program.values import Arguments, Array, Class, Mapping, Value

if TYPE_CHECKING:
    from kerlint import syntax
    from kerlint.program.interpreter.machine import Machine


class Library(Protocol):
    """Knowledge of libraries. Whatever it does not know it answers with Unknown or None."""

    def canonical(self, name: str) -> str:
        """The one name of an external symbol, however it was imported."""

    def symbol(self, name: str, node: syntax.Node) -> Value:
        """What a dotted name of a library stands for: mostly the symbol itself, sometimes a number."""

    def exports(self, module: str, name: str) -> bool:
        """Whether `from module import *` is known to bring the name."""

    def unbound(self, name: str, stars: tuple[str, ...]) -> str | None:
        """The symbol that a name stands for in a file that never binds it; `stars` are its star imports."""

    def call(self, machine: Machine, name: str, arguments: Arguments, node: syntax.Node) -> Value:
        """The result of calling an external symbol."""

    def method(self, machine: Machine, receiver: Value, name: str, arguments: Arguments, node: syntax.Node) -> Value:
        """The result of calling a method of a library object."""

    def invoke(self, machine: Machine, receiver: Value, arguments: Arguments, node: syntax.Node) -> Value:
        """The result of calling an object: a layer on a tensor, a model on data."""

    def parameter(self, name: str, node: syntax.Node | None) -> Value | None:
        """What a parameter of this name stands for in a function that nobody calls, if there is a custom."""

    def attribute(self, machine: Machine, receiver: Value, name: str, node: syntax.Node) -> Value | None:
        """An attribute of a library object; None leaves it a method to be called."""

    def set_attribute(self, machine: Machine, receiver: Value, name: str, value: Value, node: syntax.Node) -> None:
        """What an assignment to an attribute of a library object means."""

    def store(self, machine: Machine, array: Array, index: list[Value], value: Value, node: syntax.Node) -> Value:
        """`array[index] = value`: what the array is then; names for it elsewhere are taken care of."""

    def in_place(self, machine: Machine, array: Array, value: Array, node: syntax.Node) -> Array:
        """`array += ...`: what the array is then; names for it elsewhere are taken care of."""

    def instantiate(self, machine: Machine, cls: Class, arguments: Arguments, node: syntax.Node) -> Value | None:
        """An object of a program class that derives from a library class; None if that is nothing special."""

    def operate(self, machine: Machine, operator: str, left: Value, right: Value, node: syntax.Node) -> Value | None:
        """A binary operation or comparison in which a library value takes part."""

    def subscript(self, machine: Machine, receiver: Value, index: list[Value], node: syntax.Node) -> Value:
        """`receiver[index]`; each index is a constant, a value or an `Object` named `slice`."""

    def missing(self, machine: Machine, logs: Mapping, key: object, method: str, node: syntax.Node) -> Value | None:
        """What `logs[key]` or `logs.get(key)` gives if the `logs` of a callback have no such key; else None."""

    def operate_logged(
        self, machine: Machine, symbol: str, left: Value, right: Value, node: syntax.Node
    ) -> Value | None:
        """An operator in a callback that is being followed, where an operand is a number that `fit` logs."""

    def element(self, machine: Machine, receiver: Value, node: syntax.Node) -> Value:
        """What a loop over the value gives in each pass."""

    def finish(self, machine: Machine) -> None:
        """What is still to be looked at when the whole program has been evaluated."""

    def enter(self, machine: Machine, manager: Value, node: syntax.Node) -> Value:
        """What `with manager as name` binds."""
