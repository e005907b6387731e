"""`kerlint summary` against the installed Keras, on programs that are drawn at random and executed."""

from __future__ import annotations

import ast
import os
import re
import traceback
from dataclasses import dataclass, replace
from typing import Any

import pytest

from kerlint.library import evaluate
from kerlint.program.events import Mismatch
from kerlint.program.target import Target
from kerlint.summaries.facts import LayerRow, ModelSummary
from kerlint.summaries.models import summarize
from kerlint.syntax.places import locate
from tests.trees import tree

keras: Any = pytest.importorskip("keras")

MODELS = int(os.environ.get("KERLINT_ORACLE_MODELS", "150"))
SEED = int(os.environ.get("KERLINT_ORACLE_SEED", "0"))
FILE = "<drawn>"
VERSION = tuple(int(part) for part in keras.__version__.split(".")[:2])
#: What Keras refuses while it builds a model from 3.16 on, and before as late as at the first data.
REFUSED_EARLY = re.compile(r"The einsum equation .* expects an input with ndim")


@dataclass(frozen=True)
class Row:
    """One layer, as both sides tell it; `trainable` of an operation is None."""

    name: str | None
    kind: str
    shape: object
    params: int | None
    trainable: bool | None


@dataclass(frozen=True)
class Answer:
    """What a model is; or the lines of the statements at which it is refused."""

    rows: tuple[Row, ...] = ()
    inputs: tuple[object, ...] = ()
    outputs: tuple[object, ...] = ()
    total: int | None = None
    trainable: int | None = None
    refused: tuple[int, ...] = ()
    complete: bool = True
    message: str = ""


# -- Keras --------------------------------------------------------------------------------------------------------


def by_keras(source: str) -> Answer:
    """The model that Keras builds."""
    keras.backend.clear_session(free_memory=False)
    scope: dict[str, Any] = {}
    try:
        exec(compile(source, FILE, "exec"), scope)
    except Exception as error:  # noqa: BLE001 - Keras raises what it likes
        frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename == FILE]
        text = f"{type(error).__name__}: {error}".split("\n", 1)[0]
        return Answer(refused=(frames[0].lineno or 0,), message=text[:300])
    model = scope["model"]
    graph = model if hasattr(model, "_nodes") else getattr(model, "_functional", None)
    listed = model.layers if isinstance(model, keras.Sequential) else model._operations
    built = graph is not None
    return Answer(
        tuple(_keras_row(operation, graph) for operation in listed),
        tuple(_shape(tensor) for tensor in model.inputs) if built else (),
        tuple(_shape(tensor) for tensor in model.outputs) if built else (),
        model.count_params() if built else None,
        sum(_size(weight) for weight in model.trainable_weights) if built else None,
        complete=built,
    )


def _keras_row(operation: Any, graph: Any) -> Row:
    # What is trainable about an input or an operation is nobody's question.
    is_layer = isinstance(operation, keras.layers.Layer) and not isinstance(operation, keras.layers.InputLayer)
    inside = [node for nodes in graph._nodes_by_depth.values() for node in nodes] if graph is not None else []
    nodes = [node for node in operation._inbound_nodes if node in inside]
    params: int | None = 0
    if is_layer:
        params = operation.count_params() if operation.built else None
    return Row(
        operation.name,
        type(operation).__name__,
        _structure(nodes[-1].output_tensors) if nodes else None,
        params,
        operation.trainable if is_layer else None,
    )


def _structure(outputs: Any) -> object:
    return _shape(outputs[0]) if len(outputs) == 1 else [_shape(tensor) for tensor in outputs]


def _shape(tensor: Any) -> tuple[int | None, ...]:
    return tuple(tensor.shape)


def _size(weight: Any) -> int:
    size = 1
    for dimension in weight.shape:
        size *= dimension
    return size


# -- Kerlint ------------------------------------------------------------------------------------------------------


def by_kerlint(source: str) -> Answer:
    """The model as kerlint reads it."""
    module = tree(source)
    program = evaluate(module, unfold=True)
    if program.failures:
        raise program.failures[0][1]
    program.target = Target(*VERSION, source="the Keras that is installed")
    misfits = [event for event in program.events if isinstance(event, Mismatch)]
    place = locate(module, alone=False)
    models = summarize(program, lambda node: place(node) if node is not None else None)
    found = [place(event.node) for event in misfits]
    lines = tuple(sorted({span.start_line for span in found if span is not None}))
    message = "; ".join(event.message for event in misfits)
    named = [model for model in models if model.variable == "model"]
    if not named:
        return Answer(refused=lines, complete=False, message=message or "no model")
    return _read(named[-1], lines, message)


def _read(summary: ModelSummary, lines: tuple[int, ...], message: str) -> Answer:
    return Answer(
        tuple(map(_kerlint_row, summary.layers)),
        summary.inputs,
        summary.outputs,
        summary.total_params,
        summary.trainable_params,
        lines,
        summary.complete,
        message or "; ".join(summary.unknown),
    )


def _kerlint_row(row: LayerRow) -> Row:
    shape = row.output_shape
    flat = _flat(shape)
    shown = flat[0] if len(flat) == 1 else flat
    return Row(row.name, row.class_name, shown, row.params, row.trainable)


def _flat(shape: Any) -> list[Any]:
    if isinstance(shape, dict):
        return [part for key in sorted(shape) for part in _flat(shape[key])]
    if isinstance(shape, list):
        return [part for item in shape for part in _flat(item)]
    return [shape]


# -- Comparison ---------------------------------------------------------------------------------------------------


def disagreement(source: str) -> str:
    """What both say of a program, if that differs; empty if it does not."""
    theirs, ours = by_keras(source), by_kerlint(source)
    problem = _problem(source, theirs, ours)
    if not problem:
        return ""
    numbered = "\n".join(f"{index:3} {line}" for index, line in enumerate(source.split("\n"), 1))
    return f"{problem}\n{numbered}\nKeras:   {_told(theirs)}\nkerlint: {_told(ours)}"


def _told(answer: Answer) -> str:
    head = f"refused at {answer.refused}" if answer.refused else "builds"
    rows = "".join(f"\n    {row}" for row in answer.rows)
    return (
        f"{head}, complete: {answer.complete}, {answer.message}\n    {answer.inputs} -> {answer.outputs}, "
        f"{answer.total} params, {answer.trainable} trainable{rows}"
    )


def _problem(source: str, theirs: Answer, ours: Answer) -> str:
    if theirs.refused:
        return _problem_of_refusal(source, theirs, ours)
    if not theirs.complete:
        # Kerlint may see already that no data fits.
        return "" if ours.refused else _problem_of_unbuilt(theirs, ours)
    if ours.refused:
        return f"REFUSED only by kerlint: {ours.message}"
    for what in ("inputs", "outputs", "total", "trainable"):
        one, other = getattr(theirs, what), getattr(ours, what)
        if one != other:
            return f"{'UNKNOWN' if not ours.complete else 'WRONG'} {what}: {one} in Keras, {other} in kerlint"
    ours = replace(ours, rows=tuple(map(_comparable, theirs.rows, ours.rows)) + ours.rows[len(theirs.rows) :])
    if theirs.rows != ours.rows:
        return f"{'UNKNOWN' if not ours.complete else 'WRONG'} rows: {_first(theirs.rows, ours.rows)}"
    return "" if ours.complete else f"UNKNOWN: {ours.message}"


def _comparable(theirs: Row, ours: Row) -> Row:
    # What has no weights cannot be trained either way.
    return replace(ours, trainable=theirs.trainable) if not theirs.params else ours


def _first(theirs: tuple[Row, ...], ours: tuple[Row, ...]) -> str:
    if len(theirs) != len(ours):
        return f"{len(theirs)} in Keras, {len(ours)} in kerlint"
    return next(f"{one} in Keras, {other} in kerlint" for one, other in zip(theirs, ours) if one != other)


def _problem_of_unbuilt(theirs: Answer, ours: Answer) -> str:
    names = [[(row.name, row.kind) for row in answer.rows] for answer in (theirs, ours)]
    return "" if names[0] == names[1] else f"WRONG rows: {names[0]} in Keras, {names[1]} in kerlint"


def _problem_of_refusal(source: str, theirs: Answer, ours: Answer) -> str:
    line = theirs.refused[0]
    statement = next(node for node in ast.parse(source).body if node.lineno <= line <= (node.end_lineno or 0))
    if not ours.refused:
        if VERSION >= (3, 16) and REFUSED_EARLY.search(theirs.message):
            return ""
        return "" if not ours.complete else f"NOT REFUSED by kerlint: {theirs.message}"
    # A layer that is made earlier than it is added to a model is reported where it is made.
    text = ast.unparse(statement)
    made = [
        line
        for node in ast.parse(source).body
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id in text
        for line in range(node.lineno, (node.end_lineno or 0) + 1)
    ]
    fits = any(statement.lineno <= found <= (statement.end_lineno or 0) or found in made for found in ours.refused)
    return "" if fits else f"REFUSED elsewhere by kerlint: {ours.message}"


# Keras warns of masks that get lost, of inputs in other structures and the like.
@pytest.mark.filterwarnings("ignore")
def test_summaries_are_those_of_keras() -> None:
    from tests.drawing import draw

    found = [text for seed in range(SEED, SEED + MODELS) if (text := disagreement(draw(seed)))]
    assert not found, f"{len(found)} of {MODELS} models differ\n\n" + "\n\n".join(found[:5])
