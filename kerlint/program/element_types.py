"""What `x.dtype` and `type(x)` give, and when they are equal to something else."""

from __future__ import annotations

from kerlint import syntax
from kerlint.program.values import Array, Const, External, Instance, Layer, Model, Object, Tensor, Value
from kerlint.records import dataclass

#: What the types of Python stand for in NumPy.
_OF_PYTHON = {"object": "object", "float": "float64", "int": "int64", "bool": "bool", "complex": "complex128"}
#: Names of types in NumPy and TensorFlow that are also those of their dtypes.
_NAMES = frozenset(
    """bool int8 int16 int32 int64 uint8 uint16 uint32 uint64 float16 bfloat16 float32 float64 complex64 complex128
    string""".split()
)
_LIBRARIES = frozenset({"numpy", "tensorflow"})
#: The type of a number of which it is not known whether it is one of NumPy.
_NUMBER = "the type of a number"


@dataclass(eq=False, slots=True)
class DType(Const):
    """A dtype, by its name."""


def type_of(value: Value, node: syntax.Node) -> Value | None:
    """`type(value)`: the class of the program, or the one of a library; None if it is not known."""
    if isinstance(value, (Layer, Model)):
        if value.cls is not None:
            return value.cls
        return External(value.name, node=node) if isinstance(value, Layer) else None
    if isinstance(value, Instance):
        return value.cls
    if type(value) is Const:
        if type(value.value) is str:
            return External("builtins.str", node=node)
        return Object(_NUMBER, node=node) if type(value.value) in (int, float) else None
    known = value.distinct if isinstance(value, Array) and value.rank == 0 else None
    if known is None or known.kind is None or known.gaps:
        return None
    # An item of a column.
    return External("builtins.str" if known.kind == "object" else f"numpy.{known.kind}", node=node)


def same_type(left: Value, right: Value) -> bool | None:
    """Whether two types or dtypes are the same one; None if they are none, or it is not known."""
    if not isinstance(left, DType) and not isinstance(right, DType):
        return _same_class(left, right)
    names = _name(left), _name(right)
    return None if None in names else names[0] == names[1]


def _same_class(left: Value, right: Value) -> bool | None:
    """Whether something is of the class `str`."""
    if isinstance(left, External) and left.name == "builtins.str":
        left, right = right, left
    if not isinstance(right, External) or right.name != "builtins.str":
        return None
    if isinstance(left, External):
        library, _, name = left.name.rpartition(".")
        if library in ("builtins", "numpy") and (name in _NAMES or left.name == right.name):
            return left.name == right.name
    return False if isinstance(left, Object) and left.name == _NUMBER else None


def dtype_of_input(tensor: Tensor, node: syntax.Node) -> DType | None:
    """The dtype of a symbolic input; None if it is another tensor, or not known."""
    given = tensor.op.args.get("dtype") if tensor.op.kind == "input" else None
    name = _name(given) if given is not None else None
    return DType(name, node=node) if name is not None else None


def _name(value: Value) -> str | None:
    """The name of the dtype that a value is or stands for."""
    if isinstance(value, DType):
        found: str = value.value
        return found
    if isinstance(value, Const):
        given = "object" if value.value == "O" else value.value
        return given if given in _NAMES or given == "object" else None
    if not isinstance(value, External):
        return None
    library, _, name = value.name.rpartition(".")
    if library == "builtins":
        return _OF_PYTHON.get(name)
    return name if library in _LIBRARIES and name in _NAMES else None
