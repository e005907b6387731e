"""Functions of the program that a library calls, tried out once the program has been read: events of their own."""

from __future__ import annotations

from kerlint.program.events import Compile, Event, Fit
from kerlint.program.values import Function, Model, Tensor, Value
from kerlint.records import dataclass


@dataclass(eq=False, slots=True, kw_only=True)
class TrainStep(Event):
    """A model class's own `train_step`, followed once for a model of that class.

    Args:
        returned: what it returned.
        events: what happened in it; these are no events of the program.
    """

    model: Model
    step: Function
    returned: Value
    events: tuple[Event, ...] = ()


@dataclass(eq=False, slots=True, kw_only=True)
class OwnLoss(Event):
    """A loss function of the program that a model is compiled with, followed once on tensors.

    Args:
        compile: the first compile that takes it.
        prediction: the tensor that stood for `y_pred`.
        returned: what it returned.
    """

    loss: Function
    compile: Compile
    prediction: Tensor
    returned: Value


@dataclass(eq=False, slots=True, kw_only=True)
class ZeroRates(Event):
    """A function of the program that a `LearningRateScheduler` asks for the rate of each epoch, and that gives 0.

    Args:
        fit: the training call, each of whose epochs was tried.
        returned: the last zero as a value.
    """

    fit: Fit
    returned: Value


@dataclass(eq=False, slots=True, kw_only=True)
class CompoundRates(Event):
    """A function that a `LearningRateScheduler` gives the current rate, and that takes more off it in each epoch.

    Args:
        fit: the training call.
        returned: what it gave last.
        epochs: how many the training call has.
        rates: the rates of the first epochs, one after the other.
    """

    fit: Fit
    returned: Value
    epochs: int
    rates: tuple[float, ...]
