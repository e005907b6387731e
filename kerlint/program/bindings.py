"""Names that are given to values: where data got its name, and which tensors are never read by theirs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kerlint.program.values import Tensor, Value
from kerlint.records import dataclass, field

if TYPE_CHECKING:
    from kerlint import syntax


@dataclass(frozen=True, eq=False, slots=True)
class BoundData:
    """Data or a constant is given to a variable.

    Args:
        node: the variable.
        value: the data, kept so that its identity stays its own.
        order: how many events came before.
    """

    node: syntax.Node
    value: Value
    order: int


@dataclass(frozen=True, eq=False, slots=True)
class Unread:
    """A tensor that was given a name which nobody reads before it is another thing's."""

    name: str
    tensor: Tensor


@dataclass(eq=False, slots=True)
class Bindings:
    """Keeps account of the names of tensors while a program is evaluated."""

    _made: dict[int, Unread] = field(default_factory=dict)
    #: With the tensors themselves, so that their identity stays their own.
    _read: dict[int, Tensor] = field(default_factory=dict)

    def bind(self, name: str, tensor: Tensor, *, sure: bool) -> None:
        """A name is given to a tensor; `sure` is False where it may be read on a way that is not followed."""
        if not sure:
            self._read[id(tensor)] = tensor
        self._made.setdefault(id(tensor), Unread(name, tensor))

    def read(self, tensor: Tensor) -> None:
        """A tensor is read by a name. One that is one of several stands for all of them."""
        pending = [tensor]
        while pending:
            current = pending.pop()
            if id(current) not in self._read:
                self._read[id(current)] = current
                if current.op.kind == "gap":
                    pending.extend(current.op.inputs)

    def left(self) -> list[Unread]:
        """The tensors that were never read; where one expression makes several, all of them."""
        read = {id(made.tensor.node) for key, made in self._made.items() if key in self._read}
        return [made for key, made in self._made.items() if key not in self._read and id(made.tensor.node) not in read]
