"""The `train_step` of model classes of the program, followed on a batch of what the model is trained with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kerlint import syntax
from kerlint.library.trying import publish, trying
from kerlint.program.constants import constant
from kerlint.program.events import ApplyGradients, Fit, Forward, Gradient, LossCall, Made, MetricCall, Touched, Use
from kerlint.program.interpreter.traces import tracing
from kerlint.program.trials import TrainStep
from kerlint.program.values import (
    Arguments,
    Array,
    Const,
    Dataset,
    Function,
    Sequence,
    Unknown,
    Value,
    tuple_of,
)

if TYPE_CHECKING:
    from kerlint.program.interpreter.machine import Machine

#: What happens in a step of a training call, and is as true of the program as if it stood in a loop of its own.
_FACTS = (ApplyGradients, Forward, Gradient, LossCall, Made, MetricCall, Touched, Use)


def follow_train_steps(machine: Machine) -> None:
    """Follows the `train_step` of each model class that has one, for the first model that is trained, or else made.

    What happens in the step of a model that is trained happens in the program.
    """
    from kerlint.program.interpreter.calls import follow

    done: set[int] = set()
    # The last training call of each: the model is as it is now, which may be another phase than that of the first.
    fits = {id(fit.model): fit for fit in machine.program.fits if fit.method != "train_on_batch"}
    for model in sorted(machine.program.models, key=lambda model: "fitted" not in model.state):
        step = model.cls.lookup("train_step") if model.cls is not None else None
        if not isinstance(step, Function) or id(step) in done or step.node is None:
            continue
        done.add(id(step))
        fit = fits.get(id(model))
        data = _batch(fit, step.node) if fit is not None else Unknown("data")
        assumed = "assumed" in model.state
        returned: Value = Unknown("too long")
        with trying(machine, assumed=assumed) as trial, tracing(machine, "tf.function", step.node):
            returned = follow(machine, step, Arguments([(data, step.node)]), step.node, receiver=model)
        if fit is not None and trial.finished and not step.decorators:
            publish(machine, [event for event in trial.events if isinstance(event, _FACTS)], fit)
        machine.assumed = assumed
        machine.emit(
            TrainStep(node=step.node, model=model, step=step, returned=returned, events=tuple(trial.events), fit=fit)
        )


def _batch(fit: Fit, node: syntax.Node) -> Value:
    """What the step is given: a batch of inputs, or a tuple of inputs, targets and weights."""
    x, y = fit.args.get("x") or fit.args.get("generator"), fit.args.get("y")
    if isinstance(x, Dataset):
        return x.element or Unknown("data", node=node)
    if x is None or fit.open:
        return Unknown("data", node=node)
    parts = [_rows(x)]
    weighted = any(
        name in fit.args and constant(fit.args[name]) is not None for name in ("sample_weight", "class_weight")
    )
    if (y is not None and constant(y) is not None) or weighted:
        parts.append(_rows(y) if y is not None else Const(None, node=node))
    if weighted:
        parts.append(Unknown("weights", node=node))
    return parts[0] if len(parts) == 1 else tuple_of(*parts, node=node)


def _rows(value: Value) -> Value:
    """A batch of data: any number of its rows, as tensors."""
    if isinstance(value, Array) and value.shape:
        return value.derive(value.node, shape=(None, *value.shape[1:]), order=None, values=None)
    if isinstance(value, Sequence) and value.exact is not None:
        return tuple_of(*map(_rows, value.exact), node=value.node)
    return value if isinstance(value, Array) else Unknown("data", node=value.node)
