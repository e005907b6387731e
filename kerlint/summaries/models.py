"""From the facts of a program to the summaries of its models."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator

from kerlint import syntax
from kerlint.finding import Span
from kerlint.library.calling import FIRST_CALL
from kerlint.library.layers import weights_of
from kerlint.library.models import LOST
from kerlint.library.naming import class_name, name_of
from kerlint.library.ops import operation_class
from kerlint.library.order import MAX_STEPS
from kerlint.library.shapes import UNKNOWN_WEIGHTS, Weights
from kerlint.library.weights import is_frozen, weights_inside
from kerlint.program.facts import Program
from kerlint.program.graph import tensors_in
from kerlint.program.values import Layer, Mapping, Model, Op, Sequence, Tensor, Value
from kerlint.summaries.doubt import Doubt, first_reason
from kerlint.summaries.facts import LayerRow, ModelSummary, Shapes
from kerlint.summaries.training import compile_facts, training_facts
from kerlint.summaries.view import View

#: Where a node is in the text.
#: The first minor version of Keras 3 that does not count the masks which it gives to layers as steps of a model.
MASKS_HIDDEN = 16

Places = Callable[[syntax.Node | None], Span | None]
#: A row, and why something of it is not known; empty if all is.
Judged = tuple[LayerRow, str]


def summarize(program: Program, places: Places) -> list[ModelSummary]:
    """The models of a program, in the order in which they are made."""
    doubt = Doubt()
    return [summarize_model(program, model, places, doubt) for model in program.models]


def summarize_model(program: Program, model: Model, places: Places, doubt: Doubt) -> ModelSummary:
    """One model, which may be one of another module."""
    view = View(model, with_masks=not program.target.since(3, MASKS_HIDDEN))
    return _Reader(program, view, places, doubt).summary()


class _Reader:
    """Reads one model."""

    def __init__(self, program: Program, view: View, places: Places, doubt: Doubt) -> None:
        self.program = program
        self.view = view
        self.model = view.model
        self.places = places
        self.doubt = doubt

    def summary(self) -> ModelSummary:
        """The summary of the model."""
        model, view = self.model, self.view
        judged = list(self._rows())
        rows = tuple(row for row, _ in judged)
        weights = weights_inside(model) if view.is_built else _sum(rows)
        if view.has_graph and not view.ends:
            weights = UNKNOWN_WEIGHTS
        found = [reason for _, reason in judged if reason]
        reasons = list(dict.fromkeys([*found, *self._repeated_names(rows), *self._gaps()]))
        if not reasons and view.is_built and not view.computes_nothing:
            # A model may make one size of whatever it gets: its layers are known, and what it was built for is not.
            doubtful = first_reason(self.doubt, view.starts)
            open_start = any(tensor.shape is None for tensor in view.starts)
            reasons += [doubtful or "the input shape is not known"] if doubtful or open_start else []
        if None in (weights.total, weights.trainable) and not reasons:
            reasons.append("the number of weights is not known")
        variable = model.state.get("variable")
        return ModelSummary(
            name=name_of(model),
            variable=variable[1] if variable is not None else None,
            kind=_kind(view),
            class_name=class_name(model),
            span=self.places(model.node),
            inputs=tuple(tensor.shape for tensor in view.starts),
            outputs=tuple(tensor.shape for tensor in view.ends),
            layers=rows,
            total_params=weights.total,
            trainable_params=weights.trainable,
            complete=not reasons,
            unknown=tuple(reasons),
            assumed="assumed" in model.state,
            sequential_like=not view.has_graph or _is_chain(view.calls),
            compile=compile_facts(self.program, model, self.places),
            training=tuple(training_facts(self.program, model, self.places)),
        )

    def _rows(self) -> Iterator[Judged]:
        view = self.view
        if not view.is_built:
            yield from map(self._unbuilt_row, view.listed)
        elif view.has_graph:
            yield from self._graph_rows()
        else:
            last = {id(ops[-1].layer): ops[-1] for ops in view.calls if ops[-1].layer is not None}
            for item in view.listed:
                if isinstance(item, (Layer, Model)):
                    yield self._layer_row(item, last.get(id(item)))
                else:
                    yield self._missing_row(item)

    def _graph_rows(self) -> Iterator[Judged]:
        names = {id(op): _name(ops[0]) or "?" for ops in self.view.calls for op in ops}
        for ops in self.view.calls:
            read = tuple(
                dict.fromkeys(names[id(source.op)] for op in ops for source in op.sources if id(source.op) in names)
            )
            layer = ops[-1].layer
            if isinstance(layer, (Layer, Model)):
                yield self._layer_row(layer, ops[-1], read)
            else:
                yield self._operation_row(ops[-1], read)

    def _missing_row(self, item: Value) -> Judged:
        return LayerRow(None, "?", None, None, None, self.places(item.node)), "a layer is not known"

    def _layer_row(self, made: Layer | Model, op: Op | None, read: tuple[str, ...] = ()) -> Judged:
        weights = weights_inside(made)
        shapes, reason = self._shapes(made, op)
        if not reason and None in (weights.total, weights.trainable):
            reason = f"the number of weights of {name_of(made) or '?'} ({class_name(made)}) is not known"
        frozen = is_frozen(made)
        trainable = None if frozen is None else not frozen
        place = self.places(made.node)
        return LayerRow(name_of(made), class_name(made), shapes, weights.total, trainable, place, read), reason

    def _unbuilt_row(self, item: Value) -> Judged:
        """A layer of a model that is never built: only models inside may have weights."""
        if not isinstance(item, (Layer, Model)):
            return self._missing_row(item)
        is_model = isinstance(item, Model) or _was_called(item)
        count = weights_inside(item).total if is_model else None if _is_built_elsewhere(item) else 0
        place = self.places(item.node)
        row = LayerRow(name_of(item), class_name(item), None, count, not is_frozen(item), place, built=is_model)
        return row, "" if count is not None else f"the number of weights of {row.name or '?'} is not known"

    def _operation_row(self, op: Op, read: tuple[str, ...]) -> Judged:
        shapes, reason = self._shapes_of_call(op)
        if op.kind == "gap":
            row = LayerRow(None, "?", shapes, None, None, self.places(op.node), read)
            return row, reason or f"{op.name}: not understood"
        kind = "InputLayer" if op.kind == "input" else operation_class(op.name, op.node)
        return LayerRow(op.label or None, kind, shapes, 0, True, self.places(op.node), read), reason

    def _shapes(self, made: Layer | Model, op: Op | None) -> tuple[Shapes, str]:
        """The output shapes of a layer, and why they are in doubt."""
        if op is None and isinstance(made, Layer):
            # It may have been called by a model inside.
            op = made.state.get(FIRST_CALL)
        if op is not None:
            return self._shapes_of_call(op)
        if isinstance(made, Model):
            # Keras too shows what the model gives by itself.
            inner = View(made)
            if inner.outputs is not None and inner.ends:
                return structure(inner.outputs), first_reason(self.doubt, inner.ends)
        if not self.view.calls or all(tensor.shape is None for tensor in self.view.starts):
            return None, "the model has not seen data of a known shape"
        return None, f"{name_of(made) or '?'} ({class_name(made)}) is never called"

    def _shapes_of_call(self, op: Op) -> tuple[Shapes, str]:
        found = op.results if op.results is not None else self.view.only_results.get(id(op))
        if found is None:
            return None, "an output is not known"
        known = [tensor for tensor in tensors_in(found) if tensor is not None]
        return structure(found), first_reason(self.doubt, known)

    def _repeated_names(self, rows: Iterable[LayerRow]) -> Iterator[str]:
        """Names that several layers have: Keras refuses that of different layers, and the rows cannot be told apart."""
        if self.view.has_graph or self.model.kind == "sequential":
            counts = Counter(row.name for row in rows if row.name is not None)
            yield from (f"{count} layers are named {name}" for name, count in counts.items() if count > 1)

    def _is_disconnected(self) -> bool:
        """Whether an input is missing: Keras does not make such a model."""
        declared = {id(tensor.op) for tensor in self.view.starts}
        return any(op.kind == "input" and id(op) not in declared for ops in self.view.calls for op in ops)

    def _gaps(self) -> Iterator[str]:
        view = self.view
        if LOST in self.model.state:
            yield self.model.state[LOST]
        elif self.model.kind == "loaded":
            function = self.model.name.rpartition(".")[2]
            yield f"{function}: the layers are " + ("not known" if function == "clone_model" else "in a file")
        elif sum(map(len, view.calls)) >= MAX_STEPS:
            yield f"the model has more than {MAX_STEPS:,} steps, and the rest is left out"
        elif view.is_built and not view.computes_nothing:
            if not view.ends:
                yield "the outputs of the model are not known"
            elif any(tensor is None for tensor in tensors_in(view.outputs)):
                yield "one of the outputs of the model is not known"
            elif view.has_graph and self._is_disconnected():
                yield "the outputs rest on an input that is none of the model's inputs"


def _was_called(layer: Layer | Model) -> bool:
    """Whether a layer of an unbuilt model has been called by itself, on a known shape."""
    op = layer.state.get(FIRST_CALL)
    return isinstance(op, Op) and bool(op.inputs) and op.inputs[0].shape is not None


def _is_built_elsewhere(layer: Layer | Model) -> bool:
    """Whether a layer of an unbuilt model has weights that depend on its input: another model has built it."""
    known = weights_of(layer) if isinstance(layer, Layer) and layer.short != "Embedding" else None
    return known is not None and bool(known.total)


def _kind(view: View) -> str:
    if view.model.kind in ("sequential", "loaded"):
        return view.model.kind
    return "functional" if view.has_graph or view.model.cls is None else "subclass"


def _name(op: Op) -> str | None:
    return name_of(op.layer) if isinstance(op.layer, (Layer, Model)) else op.label or None


def _sum(rows: Iterable[LayerRow]) -> Weights:
    counts = [row.params for row in rows]
    if None in counts:
        return Weights(None, None)
    return Weights(sum(count for count in counts if count is not None), 0)


def _is_chain(calls: Iterable[list[Op]]) -> bool:
    """Whether each step is called once, on one tensor, and no two steps read the same."""
    read: set[int] = set()
    for ops in calls:
        if len(ops) > 1 or len(ops[0].sources) > 1:
            return False
        for source in ops[0].sources:
            if id(source.op) in read:
                return False
            read.add(id(source.op))
    return True


def structure(value: Value) -> Shapes:
    """The shapes of the tensors of a structure."""
    if isinstance(value, Sequence):
        return [structure(item) for item in value.items]
    if isinstance(value, Mapping):
        return {str(key): structure(item) for key, item in value.entries.items()}
    return value.shape if isinstance(value, Tensor) else None
