"""What a model is saved as: the layers and models that it is made of, and how they can be made again."""

from __future__ import annotations

from collections.abc import Iterator

from kerlint.program.graph import tensors_in
from kerlint.program.values import Class, Function, Layer, Model, Op, Value


def parts(model: Model) -> Iterator[Layer | Model]:
    """The layers and models inside a model, and itself, each once; what a layer of the program holds is left out."""
    pending: list[Value] = [model]
    seen: set[int] = set()
    while pending:
        part = pending.pop(0)
        if id(part) in seen or not isinstance(part, (Layer, Model)):
            continue
        seen.add(id(part))
        yield part
        if isinstance(part, Layer):
            pending += [part.args[name] for name in ("layer",) if part.cls is None and name in part.args]
        elif part.cls is None or part.kind != "subclass":
            pending += part.state.get("layers") or _layers(part.state.get("outputs"))


def _layers(outputs: Value | None) -> list[Layer | Model]:
    """The layers that lead to the outputs of a functional model."""
    found: list[Layer | Model] = []
    pending = [tensor.op for tensor in tensors_in(outputs) if tensor is not None]
    seen: set[int] = set()
    while pending:
        op: Op = pending.pop()
        if id(op) in seen:
            continue
        seen.add(id(op))
        if isinstance(op.layer, (Layer, Model)):
            found.append(op.layer)
        pending.extend(tensor.op for tensor in op.inputs)
    return found


def initializer(cls: Class) -> Function | None:
    """The `__init__` that the class, or a base of the program, has; None if it has none."""
    found = cls.lookup("__init__")
    return found if isinstance(found, Function) else None
