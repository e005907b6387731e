"""The steps of a functional model in the order in which Keras lists them.

Keras sorts layers by their distance from the outputs, and those at one distance by the order in which a walk from
the outputs meets them (`keras/src/ops/function.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from kerlint.program.graph import tensors_in
from kerlint.program.values import Layer, Model, Object, Op, Tensor, Value

#: Steps of one model beyond which nothing is listed.
MAX_STEPS = 20_000


def steps(inputs: Value | None, outputs: Value | None, *, with_masks: bool = True) -> list[list[Op]]:
    """The layers and operations of a model, each with all its calls within the model, in the order of calls.

    Args:
        with_masks: whether the masks count that Keras gives to a layer by itself: up to 3.15 they are a part of the
            graph.
    """
    stop = {(id(t.op), t.index) for t in tensors_in(inputs) if t is not None and t.op.kind != "input"}
    sources = _sources if with_masks else _written
    nodes, met = _walk([tensor for tensor in tensors_in(outputs) if tensor is not None], stop, sources)
    depths = _depths(nodes, sources)
    calls: dict[int, list[Op]] = {}
    for op in nodes:
        calls.setdefault(_identity(op), []).append(op)
    # Inputs that lead to no output come last.
    for tensor in tensors_in(inputs):
        if tensor is not None and tensor.op.kind == "input" and id(tensor.op) not in calls:
            calls[id(tensor.op)] = [tensor.op]
            depths[id(tensor.op)], met[id(tensor.op)] = 0, -1
    ordered = sorted(calls, key=lambda key: (-depths[key], met[key]))
    return [sorted(calls[key], key=lambda op: op.serial) for key in ordered]


def _identity(op: Op) -> int:
    """One for all calls of one layer."""
    return id(op.layer) if isinstance(op.layer, (Layer, Model, Object)) else id(op)


def _sources(op: Op) -> tuple[Tensor, ...]:
    return op.sources


def _written(op: Op) -> tuple[Tensor, ...]:
    """What a call reads, but for the mask that comes with its input."""
    found = op.sources
    if op.reads and "mask" not in op.args and any(source.mask is found[-1] for source in op.inputs):
        return found[:-1]
    return found


def _walk(
    outputs: Iterable[Tensor], stop: set[tuple[int, int]], sources: Callable[[Op], tuple[Tensor, ...]]
) -> tuple[list[Op], dict[int, int]]:
    """All calls, inputs before what reads them, and when each layer was met first on the way from the outputs."""
    nodes: list[Op] = []
    met: dict[int, int] = {}
    begun: set[int] = set()
    for output in outputs:
        pending: list[tuple[Tensor, bool]] = [(output, False)]
        while pending:
            tensor, is_done = pending.pop()
            op = tensor.op
            if is_done:
                nodes.append(op)
                continue
            if id(op) in begun or op.kind == "variable" or (id(op), tensor.index) in stop or len(begun) >= MAX_STEPS:
                continue
            begun.add(id(op))
            met.setdefault(_identity(op), len(met))
            pending.append((tensor, True))
            pending.extend((source, False) for source in reversed(sources(op)))
    return nodes, met


def _depths(nodes: list[Op], sources: Callable[[Op], tuple[Tensor, ...]]) -> dict[int, int]:
    """The distance of each layer from the outputs, the longest way; by identity of the layer."""
    calls = {id(op): 0 for op in nodes}
    layers: dict[int, int] = {}
    for op in reversed(nodes):
        depth = max(calls[id(op)], layers.get(_identity(op), 0))
        layers[_identity(op)] = depth
        for source in sources(op):
            if id(source.op) in calls:
                calls[id(source.op)] = max(depth + 1, calls[id(source.op)])
    return layers
