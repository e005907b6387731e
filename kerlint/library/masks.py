"""Masks: which steps a sequence really has, as `Embedding(mask_zero=True)` and `Masking` tell the layers after them.

Keras computes a mask by operations of its own, which stand in the summary of a functional model like those that the
program writes. A mask travels with its tensor through layers that let it pass.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from kerlint import syntax
from kerlint.library.naming import automatic_name
from kerlint.library.ops import broadcast, operation_class
from kerlint.library.shapes import Call
from kerlint.program.constants import truth
from kerlint.program.graph import tensors_in
from kerlint.program.values import Arguments, Const, Function, Layer, Model, Op, Sequence, Shape, Tensor, Value

if TYPE_CHECKING:
    from kerlint.program.interpreter.machine import Machine

_RECURRENT = frozenset("ConvLSTM1D ConvLSTM2D ConvLSTM3D GRU LSTM RNN SimpleRNN".split())
#: Layers whose `call` takes the mask of its only input.
_READERS = _RECURRENT | frozenset(
    "BatchNormalization Bidirectional GlobalAveragePooling1D Lambda Softmax TimeDistributed".split()
)
#: Layers whose output has the mask of their (first) input.
_PASSING = frozenset(
    """Activation ActivityRegularization AlphaDropout BatchNormalization Dense Dropout ELU GaussianDropout GaussianNoise
    GroupNormalization GroupQueryAttention Identity LayerNormalization LeakyReLU MultiHeadAttention Normalization PReLU
    ReLU Rescaling Softmax SpatialDropout1D SpatialDropout2D SpatialDropout3D TimeDistributed
    UnitNormalization""".split()
)
_MERGING = frozenset("Add Average Maximum Minimum Multiply Subtract".split())


def follow_masks(
    machine: Machine, made: Layer | Model, op: Op, result: Value, arguments: Arguments, node: syntax.Node
) -> None:
    """What becomes of masks in a call of a layer or model: those that it reads, and those of its outputs."""
    if machine.inside_call or machine.nesting or (not arguments.positional and not arguments.keywords):
        return
    given = arguments.get(0) or next(value for value, _ in arguments.keywords.values())
    own = arguments.get(None, "mask")
    mask = own if isinstance(own, Tensor) else given.mask if isinstance(given, Tensor) else None
    is_plain = len(arguments.positional) == 1 and not arguments.keywords
    if mask is not None and is_plain and (isinstance(made, Model) or made.short in _READERS or _asks_for_mask(made)):
        op.reads = (*op.inputs, mask)
    elif len(arguments.keywords) > 1:
        op.reads = tuple(_in_order(arguments))
    if isinstance(made, Layer) and made.cls is not None:
        method = made.cls.lookup("compute_mask")
        if isinstance(method, Function) and isinstance(result, Tensor):
            result.mask = _computed(machine, method, made, given, mask, node)
        elif mask is not None and _lets_pass(made) and isinstance(result, Tensor):
            result.mask = mask
    elif isinstance(made, Layer):
        masks = _Masks(machine, node).after(made, given, mask)
        for tensor, found in zip(tensors_in(result), masks):
            if tensor is not None:
                tensor.mask = found


def _computed(
    machine: Machine, method: Function, layer: Layer, given: Value, mask: Tensor | None, node: syntax.Node
) -> Tensor | None:
    """What the `compute_mask` of a layer of the program returns; a step that is not understood if it is not known."""
    from kerlint.program.interpreter.calls import follow

    passed: Value = mask if mask is not None else Const(None, node=node)
    found = follow(machine, method, Arguments([(given, node), (passed, node)]), node, receiver=layer)
    if found is mask or (isinstance(found, Const) and found.value is None):
        return mask if found is mask else None
    inputs = (given,) if isinstance(given, Tensor) else ()
    return Tensor(Op("gap", f"compute_mask of {layer.short}", inputs, node=node), None, "bool", node=node)


def _lets_pass(layer: Layer) -> bool:
    """Whether a layer of the program says that a mask goes through it as it is."""
    assert layer.cls is not None
    said = layer.state.get(".supports_masking") or layer.cls.lookup("supports_masking")
    return truth(said) is True and layer.cls.lookup("compute_mask") is None


def _asks_for_mask(layer: Layer) -> bool:
    """Whether the `call` of a layer of the program has a parameter `mask`."""
    method = layer.cls.lookup("call") if layer.cls is not None else None
    return isinstance(method, Function) and method.takes("mask")


def _in_order(arguments: Arguments) -> Iterator[Tensor]:
    """The tensors of a call: those by keyword sorted by name."""
    named = [arguments.keywords[name] for name in sorted(arguments.keywords)]
    for value, _ in (*arguments.positional, *named):
        yield from (tensor for tensor in tensors_in(value) if tensor is not None)


#: Layers that make a mask.
MAKE_MASKS = frozenset({"Embedding", "Masking"})


def name_masks(machine: Machine, layer: Value) -> None:
    """Takes the names of the operations that a layer in a sequential model makes for its mask."""
    if isinstance(layer, Layer) and layer.short == "Masking":
        automatic_name(machine, "NotEqual")
        automatic_name(machine, "Any")
    elif isinstance(layer, Layer) and layer.short == "Embedding" and _is_masked(layer):
        automatic_name(machine, "NotEqual")


def _is_masked(layer: Layer) -> bool:
    return truth(layer.args.get("mask_zero")) is True


class _Masks:
    """Makes the operations that compute masks."""

    def __init__(self, machine: Machine, node: syntax.Node) -> None:
        self.machine = machine
        self.node = node

    def after(self, layer: Layer, given: Value, mask: Tensor | None) -> list[Tensor | None]:
        """The masks of the outputs of a layer, in order; what is not in the list has none.

        Args:
            given: the tensor or tensors that it was called on.
            mask: that of the only tensor.
        """
        short = layer.short
        if isinstance(given, Sequence):
            tensors = [item for item in given.items if isinstance(item, Tensor)]
            return [self._of_several(layer, tensors)] if len(tensors) == len(given.items) else []
        if not isinstance(given, Tensor):
            return []
        if short == "Embedding":
            return [self._make("not_equal", (given,), given.shape)] if _is_masked(layer) else []
        if short == "Masking":
            different = self._make("not_equal", (given,), given.shape)
            return [self._make("any", (different,), given.shape[:-1] if given.shape else None)]
        if short in _RECURRENT:
            return [mask] if Call(layer, ()).truth("return_sequences") else []
        if short == "Bidirectional":
            inner = layer.args.get("layer")
            return [mask, mask] if isinstance(inner, Layer) and Call(inner, ()).truth("return_sequences") else []
        return [mask] if short in _PASSING else []

    def _of_several(self, layer: Layer, tensors: list[Tensor]) -> Tensor | None:
        masks = [tensor.mask for tensor in tensors]
        known = [mask for mask in masks if mask is not None]
        if not known:
            return None
        if layer.short in ("Attention", "AdditiveAttention"):
            return self._make("convert_to_tensor", (masks[0],), masks[0].shape) if masks[0] is not None else None
        if layer.short == "Concatenate":
            return self._concatenated(layer, tensors)
        if layer.short not in _MERGING or len(known) < len(masks):
            return None
        result = known[0]
        for mask in known[1:]:
            result = self._either(result, mask)
        return result

    def _concatenated(self, layer: Layer, tensors: list[Tensor]) -> Tensor:
        masks = tuple(self._as_large(tensor) for tensor in tensors)
        axis = Call(layer, ()).integer("axis")
        shape = next((mask.shape for mask in masks if mask.shape is not None), None)
        if shape is not None and axis is not None and -len(shape) <= axis < len(shape):
            place = axis % len(shape)
            sizes = [mask.shape[place] if mask.shape and len(mask.shape) == len(shape) else None for mask in masks]
            length = None if None in sizes else sum(size for size in sizes if size is not None)
            shape = (*shape[:place], length, *shape[place + 1 :])
        whole = self._make("concatenate", masks, shape)
        return self._make("any", (whole,), shape[:-1] if shape else None)

    def _as_large(self, tensor: Tensor) -> Tensor:
        """The mask of a tensor with an entry for each number in it."""
        mask = tensor.mask
        if mask is None:
            return self._make("ones_like", (tensor,), tensor.shape)
        if mask.shape is None or tensor.shape is None or len(mask.shape) >= len(tensor.shape):
            return mask
        expanded = self._make("expand_dims", (mask,), (*mask.shape, 1))
        return self._either(expanded, self._make("zeros_like", (tensor,), tensor.shape))

    def _either(self, left: Tensor, right: Tensor) -> Tensor:
        return self._make("logical_or", (left, right), broadcast(left.shape, right.shape))

    def _make(self, name: str, inputs: tuple[Tensor, ...], shape: Shape) -> Tensor:
        op = Op("function", f"keras.ops.{name}", inputs, node=self.node)
        op.label = automatic_name(self.machine, operation_class(op.name))
        made = Tensor(op, shape, "bool", node=self.node)
        op.results = made
        return made
