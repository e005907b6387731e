"""JSON: one array of models. Fields are only ever added; lines and columns are 1-based."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from kerlint.finding import Span
from kerlint.summaries.facts import CompileFacts, DataFacts, LayerRow, ModelSummary, Shapes, TrainingFacts

#: A place as the reader of the file knows it: row, column, and the cell of a notebook.
Location = Callable[[Span | None], "dict[str, Any] | None"]


def render(models: Sequence[ModelSummary], location: Location) -> Iterator[str]:
    """Yields the document."""
    yield json.dumps([_model(model, location) for model in models], indent=2)


def _model(model: ModelSummary, location: Location) -> dict[str, Any]:
    return {
        "name": model.name,
        "variable": model.variable,
        "kind": model.kind,
        "class": model.class_name,
        "location": location(model.span),
        "inputs": [_shape(shape) for shape in model.inputs],
        "outputs": [_shape(shape) for shape in model.outputs],
        "layers": [_layer(row, location) for row in model.layers],
        "total_params": model.total_params,
        "trainable_params": model.trainable_params,
        "complete": model.complete,
        "unknown": list(model.unknown),
        "assumed": model.assumed,
        "compile": _compile(model.compile, location) if model.compile is not None else None,
        "training": [_training(one, location) for one in model.training],
    }


def _layer(row: LayerRow, location: Location) -> dict[str, Any]:
    return {
        "name": row.name,
        "class": row.class_name,
        "output_shape": _shape(row.output_shape),
        "params": row.params,
        "built": row.built,
        "trainable": row.trainable,
        "inputs": list(row.inputs),
        "location": location(row.span),
    }


def _shape(shape: Shapes) -> Any:
    if isinstance(shape, dict):
        return {name: _shape(part) for name, part in shape.items()}
    if isinstance(shape, list):
        return [_shape(part) for part in shape]
    return None if shape is None else list(shape)


def _compile(compiled: CompileFacts, location: Location) -> dict[str, Any]:
    return {
        "optimizer": compiled.optimizer,
        "learning_rate": compiled.learning_rate,
        "loss": compiled.loss,
        "metrics": compiled.metrics,
        "location": location(compiled.span),
    }


def _training(one: TrainingFacts, location: Location) -> dict[str, Any]:
    return {
        "method": one.method,
        "epochs": one.epochs,
        "batch_size": one.batch_size,
        "callbacks": list(one.callbacks),
        "data": [_data(part) for part in one.data],
        "location": location(one.span),
    }


def _data(part: DataFacts) -> dict[str, Any]:
    return {
        "role": part.role,
        "shape": _shape(part.shape),
        "dtype": part.dtype,
        "low": part.low,
        "high": part.high,
        "source": part.source,
        "steps": list(part.steps),
        "labels": part.labels,
        "unknown": part.unknown,
    }
