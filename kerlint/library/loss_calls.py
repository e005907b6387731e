"""Losses that are called by hand: in a training loop, in a `train_step`, in a loss function of the program."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kerlint import syntax
from kerlint.library import reductions, tensors
from kerlint.library.objects import bind_arguments
from kerlint.program.events import LossCall
from kerlint.program.graph import tensors_in
from kerlint.program.values import Arguments, Array, Const, Object, Unknown, Value

if TYPE_CHECKING:
    from kerlint.program.interpreter.machine import Machine

_WITH_LOGITS = "cross_entropy_with_logits"
#: Functions of TensorFlow that take logits, and the losses of Keras that they are.
FROM_LOGITS = {
    f"tensorflow.nn.sigmoid_{_WITH_LOGITS}": "keras.losses.binary_crossentropy",
    f"tensorflow.nn.softmax_{_WITH_LOGITS}": "keras.losses.categorical_crossentropy",
    f"tensorflow.nn.sparse_softmax_{_WITH_LOGITS}": "keras.losses.sparse_categorical_crossentropy",
}


def call_loss(machine: Machine, loss: Object, arguments: Arguments, node: syntax.Node) -> Value:
    """`loss(y_true, y_pred)`."""
    target, prediction = arguments.get(0, "y_true"), arguments.get(1, "y_pred")
    places = {
        name: place
        for index, name in enumerate(("y_true", "y_pred"))
        if (place := arguments.place(index, name)) is not None
    }
    _emit(machine, loss, target, prediction, places, node)
    found = [tensor for value in (target, prediction) for tensor in tensors_in(value) if tensor is not None]
    return tensors.gap(tuple(found), node) if found else Unknown("loss", node=node)


def note_from_logits(machine: Machine, name: str, arguments: Arguments, node: syntax.Node) -> None:
    """Records a call of a function of TensorFlow that takes logits as one of the loss of Keras."""
    args, places = bind_arguments(name, arguments)
    loss = Object(FROM_LOGITS[name], {"from_logits": Const(True, node=node)}, node=node)
    where = {"y_true": places.get("labels"), "y_pred": places.get("logits")}
    known = {parameter: place for parameter, place in where.items() if place is not None}
    _emit(machine, loss, args.get("labels"), args.get("logits"), known, node)


def _emit(
    machine: Machine,
    loss: Object,
    target: Value | None,
    prediction: Value | None,
    places: dict[str, syntax.Node],
    node: syntax.Node,
) -> None:
    machine.emit(
        LossCall(
            node=node,
            loss=loss,
            target=target,
            prediction=prediction,
            places=places,
            in_tape=machine.tapes > 0,
            snapshot=reductions.origin(machine, prediction) if isinstance(prediction, Array) else None,
        )
    )
