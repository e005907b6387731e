"""Which open dimensions are open in Keras too, and which are only not known to kerlint.

In a shape both are None. A dimension is open where an input says so; it is in doubt where an argument that it
depends on is not known, or where something that it was computed from is in doubt.
"""

from __future__ import annotations

from collections.abc import Iterable

from kerlint.library.calling import OPEN_DIMENSION, TOLD_SHAPE
from kerlint.library.naming import class_name, name_of
from kerlint.library.ops import operation_class
from kerlint.program.graph import resolved
from kerlint.program.values import (
    Array,
    Const,
    External,
    Function,
    Layer,
    Mapping,
    Model,
    Object,
    Op,
    Sequence,
    Tensor,
    Unknown,
    Value,
)

#: Tensors on the way from one output to the inputs beyond which everything is in doubt.
MAX_STEPS = 50_000
#: What ops are called that stand for something unknown.
_NAMELESS = frozenset({"not known", "one of several"})
#: Arguments that have no say in shapes.
_HARMLESS = frozenset({"activation", "name", "dtype", "rate", "seed", "trainable", "recurrent_activation", "momentum"})
_HARMLESS_ENDINGS = ("initializer", "regularizer", "constraint")


class Doubt:
    """Answers for the tensors of one program; what it has found out it remembers."""

    def __init__(self) -> None:
        self._reasons: dict[tuple[int, int], str] = {}

    def of(self, tensor: Tensor) -> str:
        """Why the shape of a tensor is in doubt; empty if it is not."""
        pending = [tensor]
        while pending:
            current = pending[-1]
            key = (id(current.op), current.index)
            if key in self._reasons or _is_settled(current):
                self._reasons.setdefault(key, "")
                pending.pop()
                continue
            sources = _sources(current)
            missing = [s for s in sources if (id(s.op), s.index) not in self._reasons]
            if missing:
                if len(pending) > MAX_STEPS:
                    return "the model is too large"
                pending.extend(missing)
                continue
            self._reasons[key] = _own_reason(current) or next(
                (reason for s in sources if (reason := self._reasons[id(s.op), s.index])), ""
            )
            pending.pop()
        return self._reasons[id(tensor.op), tensor.index]


def _is_settled(tensor: Tensor) -> bool:
    """Whether every size is known."""
    return tensor.shape is not None and None not in tensor.shape[1:] and tensor.op.kind != "input"


def _sources(tensor: Tensor) -> list[Tensor]:
    if _is_told(tensor.op):
        return list(tensor.op.inputs)
    inner = resolved(tensor)
    return [inner] if inner is not tensor else list(tensor.op.inputs)


def _own_reason(tensor: Tensor) -> str:
    op = tensor.op
    if op.kind == "input":
        return _input_reason(tensor)
    if _is_told(op):
        return ""
    if op.inner is not None:
        return "" if resolved(tensor) is not tensor else f"the result of {_title(op)} could not be followed"
    if op.kind == "gap":
        return "a step is not understood" if op.name in _NAMELESS else f"{op.name}: not understood"
    args = {**op.args, **(op.layer.args if isinstance(op.layer, Object) else {})}
    unknown = [name for name, value in args.items() if not _harmless(name) and _has_unknown(value)]
    if unknown:
        return f"the argument {unknown[0]} of {_title(op)} is not known"
    if isinstance(op.layer, Object) and op.layer.open:
        return f"the arguments of {_title(op)} are not all known"
    if tensor.shape is None:
        return f"the output shape of {_title(op)} is not known"
    return ""


def _is_told(op: Op) -> bool:
    """Whether the class of a layer of the program says what shape it gives."""
    return TOLD_SHAPE in op.args and isinstance(op.layer, Layer) and op.layer.cls is not None


def _harmless(name: str) -> bool:
    return name in _HARMLESS or name.endswith(_HARMLESS_ENDINGS)


def _input_reason(tensor: Tensor) -> str:
    args = tensor.op.args
    for name in ("shape", "batch_shape", "batch_size", "input_shape", "batch_input_shape", "input_dim"):
        if name in args and _has_unknown(args[name]):
            return "the input shape is not known"
    if tensor.shape is None:
        return "the input shape is not known"
    return "" if args or None not in tensor.shape[1:] else "the shape of the data is not known"


def _has_unknown(value: Value) -> bool:
    if isinstance(value, (Const, External, Function, Tensor, Layer, Model)):
        return False
    if isinstance(value, Unknown) and value.reason == OPEN_DIMENSION:
        # An open size of a tensor: whether it is in doubt is seen at that tensor.
        return False
    if isinstance(value, Array):
        return value.shape is None or None in value.shape
    if isinstance(value, Sequence):
        return any(_has_unknown(item) for item in value.items)
    if isinstance(value, Mapping):
        return value.open or any(_has_unknown(item) for item in value.entries.values())
    if isinstance(value, Object):
        return value.name == "slice" and any(_has_unknown(item) for item in value.args.values())
    return True


def _title(op: Op) -> str:
    if isinstance(op.layer, (Layer, Model)):
        return f"{name_of(op.layer) or '?'} ({class_name(op.layer)})"
    return operation_class(op.name, op.node) if op.kind in ("function", "operator") else op.name


def first_reason(doubt: Doubt, tensors: Iterable[Tensor]) -> str:
    """Why one of the tensors is in doubt; empty if none is."""
    return next((reason for tensor in tensors if (reason := doubt.of(tensor))), "")
