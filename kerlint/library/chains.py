"""What lies between one layer with a kernel and the next, where the output goes one way only."""

from __future__ import annotations

from kerlint.library.kinds import (
    CONVOLUTION,
    DENSE,
    NOISE,
    NORMALIZATION,
    POOLING,
    RESHAPING,
    is_parametric,
    own_activation,
    pure_activation,
    units_of,
    unwrapped,
)
from kerlint.program.constants import integer
from kerlint.program.graph import Node
from kerlint.records import dataclass

#: These divide by a number that they take from each row: they are no linear map, as batch normalisation is.
_PER_ROW = frozenset({"LayerNormalization", "GroupNormalization", "RMSNormalization", "UnitNormalization"})


@dataclass(frozen=True, eq=False, slots=True)
class Link:
    """Two layers with a kernel, and the steps between them: activations, noise, pooling, reshaping.

    Args:
        activations: the nonlinear ones in order, that of the first layer included; "" for one that is not known.
    """

    node: Node
    steps: tuple[Node, ...]
    next: Node
    activations: tuple[str, ...]

    @property
    def linear(self) -> bool:
        """Whether the second layer gets a linear function of what the first one gets."""
        return not self.activations and not any(
            step.short in _PER_ROW or "Max" in step.short or step.short == "Masking" for step in self.steps
        )

    @property
    def normalised(self) -> bool:
        """Whether a normalisation stands between."""
        return any(step.short in NORMALIZATION for step in self.steps)

    @property
    def noisy(self) -> bool:
        """Whether something random stands between."""
        return any(step.short in NOISE for step in self.steps)

    @property
    def reshaped(self) -> bool:
        """Whether what the first layer gives is laid out as something else; flattening alone is no such thing."""
        return any(step.short in ("Reshape", "Permute", "RepeatVector") for step in self.steps)

    @property
    def width(self) -> int | None:
        """How many numbers the second layer gets for each place that it looks at."""
        shape = self.next.input_shape
        if shape and shape[-1] is not None:
            return shape[-1]
        if any(step.short in RESHAPING or step.short in POOLING for step in self.steps):
            return None
        return width(self.node)


def link(node: Node) -> Link | None:
    """The way to the next layer with a kernel; None if the output branches, merges, ends or is not understood."""
    if node.layer is None or not is_parametric(node):
        return None
    own = own_activation(unwrapped(node.layer))
    activations = [] if own == "linear" else [own or ""]
    steps: list[Node] = []
    current = node
    while len(current.consumers) == 1:
        current = current.consumers[0]
        if len(current.inputs) != 1:
            return None
        if is_parametric(current):
            return Link(node, tuple(steps), current, tuple(activations))
        name = pure_activation(current)
        if name is None and current.short not in _STEPS:
            return None
        if name not in (None, "linear"):
            activations.append(name or "")
        steps.append(current)
    return None


_STEPS = NOISE | NORMALIZATION | RESHAPING | POOLING


def width(node: Node) -> int | None:
    """The units or filters of a layer."""
    return integer(units_of(node.layer)) if node.layer is not None else None


def is_dense_or_convolution(node: Node) -> bool:
    """Whether the layer mixes all of its inputs: no recurrence, no attention, no depthwise convolution."""
    return node.kind == "layer" and node.short in (DENSE | CONVOLUTION) - _PARTIAL


_PARTIAL = frozenset({"EinsumDense", "DepthwiseConv1D", "DepthwiseConv2D"})


def described(node: Node) -> str:
    """A layer as people write it: `Dense(64)`."""
    size = width(node)
    return f"{node.short}({size})" if size is not None else node.short
