"""Losses and scores of tensors."""

from __future__ import annotations

from kerlint.library.ops.base import Answer, OpCall, Rule, agree, axis_in, broadcast, operand
from kerlint.library.shapes.base import Misfit, show


def _alike(call: OpCall) -> Answer:
    """Target and output have the same shape, and so has the result."""
    target, output = call.shape("target"), call.shape("output")
    agree([target, output], None, call.short)
    return output if call.symbolic else broadcast(target, output)


def _without_classes(call: OpCall) -> Answer:
    target, output = call.shape("target"), call.shape("output")
    agree([target, output], None, call.short)
    if target != output and not call.symbolic:
        # What comes out depends on how it is computed.
        return None
    return output[:-1] if output else None


def _sparse(call: OpCall) -> Answer:
    target, output, axis = call.shape("target"), call.shape("output"), call.integer("axis")
    if target is None or not output or axis is None:
        return None
    if len(target) == len(output) and target[-1] == 1:
        target = target[:-1]
    axis = axis_in(axis, len(output), call.short)
    rest = (*output[:axis], *output[axis + 1 :])
    if len(target) == len(output) and target[-1] is None:
        return rest
    if len(target) != len(rest) or any(a is not None and b is not None and a != b for a, b in zip(target, rest)):
        raise Misfit(f"{call.short} takes one class for each row, not {show(target)} for {show(output)}")
    return rest


def _ctc(call: OpCall) -> Answer:
    target = call.shape("target")
    return (target[0],) if target else None


def _ctc_decode(call: OpCall) -> Answer:
    shape = operand(call.first())
    paths = 1 if call.text("strategy") == "greedy" else call.integer("top_paths")
    return None if shape is None or len(shape) < 2 else [(paths, shape[0], shape[1]), (shape[0], paths)]


def _logits(call: OpCall) -> Answer:
    return broadcast(call.shape("labels"), call.shape("logits"), call.short)


def _logits_rows(call: OpCall) -> Answer:
    labels, logits, axis = call.shape("labels"), call.shape("logits"), call.integer("axis")
    both = broadcast(labels, logits, call.short)
    return both[:-1] if both and axis == -1 else None


def _of_labels(call: OpCall) -> Answer:
    return call.shape("labels")


def _scalar(call: OpCall) -> Answer:
    return ()


RULES: dict[str, Rule] = {
    "binary_crossentropy": _alike,
    "categorical_crossentropy": _without_classes,
    "sparse_categorical_crossentropy": _sparse,
    "ctc_loss": _ctc,
    "ctc_decode": _ctc_decode,
    "logits": _logits,
    "logits_rows": _logits_rows,
    "of_labels": _of_labels,
    "scalar_loss": _scalar,
}
