"""The outputs of a functional model that is called on inputs of other shapes than it declares.

A backbone is often declared for images of any size and then called on those of one size: Keras computes the shapes
of all its steps anew.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from kerlint.library import ops, tensors
from kerlint.library.layers import result_of
from kerlint.library.shapes import Misfit, Output
from kerlint.program.graph import resolved, tensors_in
from kerlint.program.values import Layer, Mapping, Model, Op, Sequence, Shape, Tensor, Value, list_of, mapping_of

if TYPE_CHECKING:
    from kerlint.program.interpreter.machine import Machine

#: The tensors that a model is called on.
Inputs: TypeAlias = "list[Tensor] | tuple[Tensor, ...]"
#: Steps that are computed anew for one call; beyond, the declared shapes stay.
MAX_STEPS = 5_000


def replayed(machine: Machine, model: Model, actual: Inputs) -> Value:
    """The outputs of a model in their structure, with the shapes that they have for these inputs."""
    outputs: Value = model.state["outputs"]
    if not differ(model, actual):
        return outputs
    pairs = zip(tensors_in(model.state.get("inputs")), actual)
    known = {(id(declared.op), declared.index): given.shape for declared, given in pairs if declared is not None}
    return _Replay(machine, known).outputs(outputs)


def differ(model: Model, actual: Inputs) -> bool:
    """Whether tensors have other sizes than the inputs of the model declare."""
    formal = [tensor for tensor in tensors_in(model.state.get("inputs")) if tensor is not None]
    if len(formal) != len(actual):
        return False
    return any(_differs(given.shape, declared.shape) for declared, given in zip(formal, actual))


def _differs(given: Shape, declared: Shape) -> bool:
    """Whether an input has other sizes than the declared one."""
    if given is None or declared is None:
        return given is not None
    return declared != given


class _Replay:
    """The shapes of a graph for new inputs, by op and index."""

    def __init__(self, machine: Machine, known: dict[tuple[int, int], Shape]) -> None:
        self.machine = machine
        self.shapes = known
        self.done = 0

    def outputs(self, value: Value) -> Value:
        """A structure of tensors with their new shapes."""
        for tensor in tensors_in(value):
            if tensor is not None:
                self._compute(resolved(tensor))
        return self._changed(value)

    def _changed(self, value: Value) -> Value:
        if isinstance(value, Tensor):
            final = resolved(value)
            # Where the budget ended, the declared shape need not be the one for these inputs.
            shape = self.shapes.get((id(final.op), final.index), None if self.done >= MAX_STEPS else value.shape)
            return Tensor(value.op, shape, value.dtype, value.index, node=value.node)
        if isinstance(value, Sequence):
            return list_of([self._changed(item) for item in value.items], value.kind, value.node)
        if isinstance(value, Mapping):
            entries = {key: self._changed(item) for key, item in value.entries.items()}
            return mapping_of(entries, open=value.open, node=value.node)
        return value

    def _compute(self, wanted: Tensor) -> None:
        pending = [wanted]
        while pending and self.done < MAX_STEPS:
            tensor = pending[-1]
            if (id(tensor.op), tensor.index) in self.shapes:
                pending.pop()
                continue
            sources = [resolved(source) for source in tensor.op.inputs]
            missing = [s for s in sources if (id(s.op), s.index) not in self.shapes]
            if missing and tensor.op.kind not in ("input", "variable"):
                pending.extend(missing)
                continue
            self._settle(tensor)
            pending.pop()

    def _settle(self, tensor: Tensor) -> None:
        """Computes all results of an op whose inputs are known."""
        op = tensor.op
        self.done += 1
        self.machine.burn()
        try:
            found = _flat(self._output(op)) if op.kind not in ("input", "variable") else [tensor.shape]
        except Misfit:
            found = []
        for index, shape in enumerate(found):
            self.shapes[id(op), index] = shape
        self.shapes.setdefault((id(op), tensor.index), None)

    def _output(self, op: Op) -> Output:
        args = {name: self._changed(value) for name, value in op.args.items()}
        inputs = tuple(new for tensor in op.inputs if isinstance(new := self._changed(tensor), Tensor))
        if isinstance(op.layer, Model) and "outputs" in op.layer.state:
            inner = replayed(self.machine, op.layer, list(inputs))
            return [tensor.shape if tensor is not None else None for tensor in tensors_in(inner)]
        if isinstance(op.layer, Layer) and op.layer.cls is None:
            return result_of(self.machine, op.layer, Op(op.kind, op.name, inputs, op.layer, args, node=op.node)).output
        if op.kind == "function" and op.name == "subscript":
            return tensors.part_of(inputs[0], args)
        if op.kind == "function":
            answer = ops.evaluate(op.name, args)
            return None if isinstance(answer, Value) else answer
        if op.kind == "operator":
            return tensors.combination(op.name, inputs, args)
        return None


def _flat(output: Output) -> list[Shape]:
    if isinstance(output, list):
        return [shape for part in output for shape in _flat(part)]
    if isinstance(output, dict):
        return [shape for part in output.values() for shape in _flat(part)]
    return [output]
