"""Values as arrays, shapes, dtypes and axes, and the type of a handler of a library function."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from kerlint import syntax
from kerlint.library import literals, ranges
from kerlint.library.objects import bind_arguments
from kerlint.library.shapes import dims
from kerlint.library.signatures import signature
from kerlint.program.alternatives import one_of
from kerlint.program.constants import constant, integer, text, truth
from kerlint.program.heap import meet_shapes
from kerlint.program.values import (
    LENGTH,
    Arguments,
    Array,
    Const,
    External,
    Object,
    OneOf,
    Sequence,
    Shape,
    Unknown,
    Value,
)
from kerlint.records import dataclass, replace

if TYPE_CHECKING:
    from kerlint.program.interpreter.machine import Machine

#: Answers for a call of a library function: machine, arguments as written, the call.
Handler = Callable[["Machine", Arguments, syntax.Node], Value]


@dataclass(frozen=True, eq=False, slots=True)
class Call:
    """A call of a library function, with its arguments by parameter name."""

    machine: Machine
    name: str
    args: dict[str, Value]
    positional: tuple[Value, ...]
    node: syntax.Node

    @property
    def first(self) -> Value | None:
        """The first parameter's argument: what the function is about."""
        if self.positional:
            return self.positional[0]
        known = signature(self.name)
        return self.args.get(known.parameters[0].name) if known is not None and known.parameters else None

    @property
    def array(self) -> Array | None:
        """The first argument as an array; None if it is no known data."""
        return as_array(self.first, self.node)

    def value(self, name: str, place: int | None = None) -> Value | None:
        """An argument by name, or by its place where the signature is not known; None if it is not given."""
        found = self.args.get(name)
        if found is None and place is not None and place < len(self.positional):
            found = self.args.get(str(place)) or (self.positional[place] if signature(self.name) is None else None)
        return found

    def given(self, name: str, place: int | None = None) -> Value | None:
        """Like `value`, but an argument that is None is none."""
        found = self.value(name, place)
        return None if isinstance(found, Const) and found.value is None else found

    def flag(self, name: str) -> bool | None:
        """A boolean argument that is False by default; None if it is not known."""
        found = self.args.get(name)
        return False if found is None else truth(found)


#: What answers for a call with bound arguments.
Function = Callable[[Call], Value]


def handler(name: str, function: Function, form: str | None = None) -> Handler:
    """A function of library knowledge as a handler of calls of one canonical name.

    Args:
        form: the form of the arrays that it gives; None leaves it to the function.
    """

    def answer(machine: Machine, arguments: Arguments, node: syntax.Node) -> Value:
        if arguments.open:
            return Unknown(f"arguments of {name}", node=node)
        args, _ = bind_arguments(name, arguments)
        call = Call(machine, name, args, tuple(value for value, _ in arguments.positional), node)
        return formed(_each(function, call), form, call.positional)

    return answer


def _each(function: Function, call: Call) -> Value:
    """The answer for each alternative of the first argument."""
    first = call.positional[0] if call.positional else None
    if not isinstance(first, OneOf) or not all(isinstance(o, (Array, Sequence, Const)) for o in first.options):
        return function(call)
    key = next((key for key, value in call.args.items() if value is first), None)
    results = []
    for option in first.options:
        args = {**call.args, key: option} if key is not None else call.args
        results.append(function(replace(call, args=args, positional=(option, *call.positional[1:]))))
    return one_of(results, call.node)


def formed(value: Value, form: str | None, inputs: tuple[Value, ...] = ()) -> Value:
    """The value, its arrays marked as tensors or as arrays of NumPy."""
    if form is None:
        return value
    if isinstance(value, Array) and value.form != form:
        if value in inputs:
            return value.derive(value.node, form=form, fields=None, parent=value.parent)
        value.form, value.fields = form, None
    elif isinstance(value, Sequence):
        for item in value.items:
            formed(item, form)
    elif isinstance(value, OneOf):
        return one_of([formed(option, form, inputs) for option in value.options], value.node)
    return value


def handlers(packages: str, functions: dict[str, Function], form: str | None = None) -> dict[str, Handler]:
    """Handlers for functions of several packages under the same names."""
    return {
        f"{package}.{name}": handler(f"{package}.{name}", function, form)
        for package in packages.split()
        for name, function in functions.items()
    }


def as_array(value: Value | None, node: syntax.Node | None = None) -> Array | None:
    """The value as an array, literals included; None if it is no known data."""
    if isinstance(value, Array):
        return value
    if isinstance(value, OneOf):
        return _one_of_arrays(value, node)
    if isinstance(value, (Sequence, Const)) and not (
        isinstance(value, Const) and not isinstance(value.value, (int, float))
    ):
        return literals.from_literal(value, node)
    return None


def _one_of_arrays(value: OneOf, node: syntax.Node | None) -> Array | None:
    """What is true of all alternatives, if all are arrays."""
    found: Array | None = None
    for option in value.options:
        if not isinstance(option, Array):
            return None
        found = option if found is None else meet_arrays(found, option, node)
    return found


def meet_arrays(left: Array, right: Array, node: syntax.Node | None) -> Array:
    """What is true of both arrays."""
    low, high = ranges.union([(left.low, left.high), (right.low, right.high)])
    return left.derive(
        node,
        shape=meet_shapes(left.shape, right.shape),
        dtype=left.dtype if left.dtype == right.dtype else None,
        low=low,
        high=high,
        tight=left.tight and right.tight,
        columns=left.columns if left.columns == right.columns else None,
        labels=left.labels if left.labels == right.labels else None,
        source=left.source if left.source == right.source else "computed",
        noise=left.noise and right.noise,
        order=left.order if left.order == right.order == "random" else None,
        statistic=None,
        prediction=None,
        values=None,
        form=left.form if left.form == right.form else "",
        fields=None,
    )


def arrays_in(value: Value | None, node: syntax.Node | None = None) -> list[Array] | None:
    """The items of a list as arrays; None if they are not all known."""
    if not isinstance(value, Sequence) or not value.exact:
        return None
    found = [as_array(item, node) for item in value.exact]
    known = [item for item in found if item is not None]
    return known if len(known) == len(found) else None


def shape_of(value: Value | None) -> Shape:
    """A shape given as an argument; no argument is a scalar."""
    if value is None or (isinstance(value, Const) and value.value is None):
        return ()
    if isinstance(value, Array) and value.values is not None and value.rank == 1:
        sizes = [size if isinstance(size, int) else None for size in value.values]
        return tuple(sizes)
    if isinstance(value, Object) and value.name == LENGTH:
        return (None,)
    return dims(value)


def axis_of(value: Value | None, rank: int) -> tuple[int, ...] | None:
    """An axis, or several, counted from 0; None if it is not known or not there."""
    if isinstance(value, Sequence):
        if value.exact is None:
            return None
        found = [integer(item) for item in value.exact]
    else:
        found = [integer(value)]
    axes = [axis % rank for axis in found if axis is not None and -rank <= axis < rank] if rank else []
    return tuple(axes) if len(axes) == len(found) == len(set(axes)) else None


def is_none(value: Value | None) -> bool:
    """Whether an argument is left out, or None."""
    return value is None or constant(value) is None


#: The dtypes that kerlint tells apart.
_DTYPES = frozenset(
    """bool int8 int16 int32 int64 uint8 uint16 uint32 uint64 float16 float32 float64 bfloat16 complex64 complex128
    string object""".split()
)
_DTYPE_NAMES = {
    "int": "int64",
    "float": "float64",
    "f": "float32",
    "d": "float64",
    "f2": "float16",
    "f4": "float32",
    "f8": "float64",
    "i": "int32",
    "i1": "int8",
    "i2": "int16",
    "i4": "int32",
    "i8": "int64",
    "u1": "uint8",
    "u2": "uint16",
    "u4": "uint32",
    "u8": "uint64",
    "uint": "uint64",
    "bool_": "bool",
    "single": "float32",
    "double": "float64",
    "half": "float16",
    "float_": "float64",
    "int_": "int64",
    "long": "int64",
    "ubyte": "uint8",
    "byte": "int8",
    "intc": "int32",
    "str": "object",
    "str_": "object",
}


def dtype_name(value: Value | None) -> str | None:
    """The name of a dtype given as string, builtin type or symbol: `float32`."""
    found = text(value)
    if found is not None:
        found = found.lstrip("<>=|")
    elif isinstance(value, External):
        found = value.name.rpartition(".")[2]
    if found is None:
        return None
    found = _DTYPE_NAMES.get(found, found)
    return found if found in _DTYPES else None


def dtype_or(value: Value | None, default: str | None) -> str | None:
    """The dtype of an argument, the default if it is not given, None if it is not known."""
    return default if is_none(value) else dtype_name(value)
