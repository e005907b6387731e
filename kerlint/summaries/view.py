"""A model as it stands at the end of the program: its inputs, outputs, steps and layers, read once."""

from __future__ import annotations

from functools import cached_property

from kerlint.library.graphs import DATA, USED, declares_input, defines_call, traced_inputs
from kerlint.library.order import steps
from kerlint.library.weights import attributes, is_input
from kerlint.program.graph import tensors_in
from kerlint.program.values import Gap, Layer, Model, Op, Tensor, Value


class View:
    """What is known of one model.

    Args:
        with_masks: whether masks that Keras gives to layers by itself are steps of the model: they are up to 3.15.
    """

    def __init__(self, model: Model, *, with_masks: bool = True) -> None:
        self.model = model
        self.with_masks = with_masks
        self.has_graph = "outputs" in model.state
        if self.has_graph:
            self.inputs, self.outputs = model.state.get("inputs"), model.state["outputs"]
        else:
            snapshot = model.state.get("snapshot")
            self.inputs = traced_inputs(model)
            self.outputs = snapshot.outputs if snapshot is not None else None

    @cached_property
    def calls(self) -> list[list[Op]]:
        """The layers and operations in the order of Keras, each with all its calls."""
        return steps(self.inputs, self.outputs, with_masks=self.with_masks)

    @cached_property
    def starts(self) -> list[Tensor]:
        """The input tensors."""
        declared = [tensor for tensor in tensors_in(self.inputs) if tensor is not None]
        if declared:
            return declared
        found: dict[int, Tensor] = {}
        for ops in self.calls:
            for op in ops:
                found.update({id(source.op): source for source in op.inputs if source.op.kind == "input"})
        return list(found.values())

    @cached_property
    def ends(self) -> list[Tensor]:
        """The output tensors, as far as they are known."""
        return [tensor for tensor in tensors_in(self.outputs) if tensor is not None]

    @cached_property
    def listed(self) -> list[Value]:
        """What `model.layers` holds for a model that is not described by its graph."""
        if self.has_graph:
            return []
        if self.model.kind == "sequential" and "layers" in self.model.state:
            return [item for item in self.model.state["layers"] if not is_input(item)]
        return [item for item in attributes(self.model) if isinstance(item, (Layer, Model, Gap))]

    @cached_property
    def is_built(self) -> bool:
        """Whether Keras has built the model by the end of the program, or may have."""
        state = self.model.state
        if self.has_graph or USED in state or DATA in state or "assumed" in state:
            return True
        if self.model.kind == "sequential":
            first = next(iter(state.get("layers", ())), None)
            may_declare = isinstance(first, Layer) and first.open
            return may_declare or declares_input(self.model) or (bool(self.starts) and self.starts[0].shape is not None)
        return self.model.cls is None or self.computes_nothing

    @property
    def computes_nothing(self) -> bool:
        """Whether the class of the model has no `call`: it only holds other models."""
        return self.model.cls is not None and not self.has_graph and not defines_call(self.model)

    @cached_property
    def only_results(self) -> dict[int, Tensor]:
        """A tensor that came out of each call, for calls that do not keep their results themselves."""
        found = {id(source.op): source for ops in self.calls for op in ops for source in op.inputs}
        found.update({id(tensor.op): tensor for tensor in (*self.starts, *self.ends)})
        return found
