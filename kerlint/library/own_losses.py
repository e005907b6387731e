"""Losses of the program, followed on tensors for the targets and the predictions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kerlint.library.calling import follow_inside
from kerlint.library.layers import input_tensor
from kerlint.library.trying import trying
from kerlint.program.trials import OwnLoss
from kerlint.program.values import Arguments, Function

if TYPE_CHECKING:
    from kerlint.program.interpreter.machine import Machine


def follow_losses(machine: Machine) -> None:
    """Follows each loss function of the program that a model is compiled with, on tensors for both arguments."""
    from kerlint.library.calling import follow_inside
    from kerlint.library.layers import input_tensor

    done: set[int] = set()
    for event in list(machine.program.compiles):
        loss = event.loss
        if not isinstance(loss, Function) or loss.node is None or id(loss.node) in done:
            continue
        done.add(id(loss.node))
        target, prediction = (input_tensor(None, loss.node) for _ in range(2))
        events = machine.program.events
        machine.program.events = []
        machine.assumed = event.assumed
        mark = machine.heap.mark()
        machine.inside_loss = True
        try:
            given = Arguments([(target, loss.node), (prediction, loss.node)])
            returned = follow_inside(machine, loss, given, loss.node)
        finally:
            machine.inside_loss = False
            machine.heap.undo(mark)
            machine.program.events = events
        if returned is not None:
            made = OwnLoss(node=loss.node, loss=loss, compile=event, prediction=prediction, returned=returned)
            machine.emit(made)
