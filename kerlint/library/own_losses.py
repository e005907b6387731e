"""Losses of the program, followed on tensors for the targets and the predictions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from kerlint import syntax
from kerlint.library.calling import follow_inside
from kerlint.library.contracts import BINARY, CROSSENTROPIES, as_data, read_loss, targets_of
from kerlint.library.heads import heads
from kerlint.library.layers import input_tensor
from kerlint.library.models import trains_itself
from kerlint.library.trying import trying
from kerlint.program.events import Compile, Fit, LossCall
from kerlint.program.mentions import reads
from kerlint.program.trials import OwnLoss
from kerlint.program.values import Arguments, Array, Function, Instance, Partial, Tensor, Value

if TYPE_CHECKING:
    from kerlint.program.interpreter.machine import Machine

_LOSS = "keras.losses.Loss"
#: Compiles of one program whose losses are followed.
_MAX_COMPILES = 50


def follow_losses(machine: Machine) -> None:
    """Follows each loss of the program that a model is compiled with, on tensors for both arguments."""
    done: set[int] = set()
    for event in list(machine.program.compiles)[:_MAX_COMPILES]:
        for own in _followed(machine, event):
            if id(own.node) not in done:
                done.add(id(own.node))
                machine.assumed = event.assumed
                machine.emit(own)
            if not trains_itself(event.model):
                for call in own.calls:
                    _publish(machine, own, call)


def _followed(machine: Machine, event: Compile) -> Iterator[OwnLoss]:
    loss = event.loss
    given = loss.target if isinstance(loss, Partial) else loss
    receiver: Value | None = None
    function, name = given, ""
    if isinstance(given, Instance) and set(given.cls.external_bases()) - {"builtins.object"} == {_LOSS}:
        function, receiver, name = given.cls.lookup("call"), given, given.cls.name
    if not isinstance(function, Function) or function.node is None:
        return
    place = function.node
    target, prediction = (input_tensor(None, place) for _ in range(2))
    extra = loss.arguments if isinstance(loss, Partial) else Arguments()
    arguments = Arguments([*extra.positional, (target, place), (prediction, place)], dict(extra.keywords), extra.open)
    returned: Value | None = None
    with trying(machine, assumed=event.assumed) as trial:
        machine.inside_loss = True
        try:
            returned = follow_inside(machine, function, arguments, place, receiver)
        finally:
            machine.inside_loss = False
    calls = tuple(one for one in trial.events if isinstance(one, LossCall)) if trial.finished else ()
    if returned is not None and not (extra.positional or extra.open):
        yield OwnLoss(
            node=place,
            name=name or function.name,
            compile=event,
            target=target,
            prediction=prediction,
            returned=returned,
            looks=_looks(function, receiver is not None),
            calls=calls,
        )


def _looks(function: Function, is_method: bool) -> bool:
    """Whether the function mentions the second of the arguments that Keras calls it with."""
    definition = function.node
    parameters = definition.params.params if isinstance(definition, (syntax.FunctionDef, syntax.Lambda)) else []
    position = 1 + is_method
    if definition is None or position >= len(parameters):
        return True
    return reads(definition.body, parameters[position].name)  # type: ignore[attr-defined]


def _publish(machine: Machine, own: OwnLoss, call: LossCall) -> None:
    """A library's loss on predictions and targets as they are asks of them what it asks where it is compiled."""
    loss, event = read_loss(call.loss), own.compile
    found = heads(event.graph)
    if loss is None or loss.function not in CROSSENTROPIES or len(found) != 1 or call.path:
        return
    if loss.function in BINARY and (found[0] is None or found[0].units != 1) and loss.from_logits is not True:
        # Asked of each unit on purpose, as in a focal loss.
        return
    fits: list[Fit | None] = [*machine.program.fits_of(event)]
    for fit in fits or [None]:
        targets = as_data(targets_of(fit)) if fit is not None else None
        outputs = Array(found[0].output.shape if found[0] else None, prediction=event.model, source="prediction")
        stand_for = {id(own.target): targets, id(own.prediction): outputs}
        target, prediction = (_as_given(value) for value in (call.target, call.prediction))
        if id(prediction) not in stand_for or id(target) == id(prediction):
            return
        machine.assumed = event.assumed
        machine.emit(
            LossCall(
                node=call.node,
                loss=call.loss,
                target=stand_for.get(id(target)),
                prediction=stand_for[id(prediction)],
                places=call.places,
                in_tape=False,
                snapshot=(fit.snapshot if fit is not None else event.snapshot)
                if prediction is own.prediction
                else None,
            )
        )


def _as_given(value: Value | None) -> Value | None:
    """A tensor before it was cast."""
    while isinstance(value, Tensor) and value.op.name.rpartition(".")[2] in _CASTS and len(value.op.inputs) == 1:
        value = value.op.inputs[0]
    return value


_CASTS = frozenset({"cast", "convert_to_tensor", "identity"})
