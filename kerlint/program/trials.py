"""Functions of the program that a library calls, tried out once the program has been read: events of their own."""

from __future__ import annotations

from kerlint.program.events import Compile, Event, Fit, LossCall
from kerlint.program.values import Array, Const, Function, Model, Tensor, Value
from kerlint.records import dataclass


@dataclass(eq=False, slots=True, kw_only=True)
class TrainStep(Event):
    """A model class's own `train_step`, followed once for a model of that class.

    Args:
        returned: what it returned.
        events: what happened in it.
        fit: the training call whose data it was given; None if nothing trains the model.
    """

    model: Model
    step: Function
    returned: Value
    events: tuple[Event, ...] = ()
    fit: Fit | None = None


@dataclass(eq=False, slots=True, kw_only=True)
class OwnLoss(Event):
    """A loss of the program that a model is compiled with, followed once on tensors.

    Args:
        name: the name of the function, or of the class.
        compile: the first compile that takes it.
        target: the tensor that stood for `y_true`.
        prediction: the tensor that stood for `y_pred`.
        returned: what it returned.
        looks: whether it mentions its parameter for the predictions at all.
        calls: the losses of a library that it called.
    """

    name: str
    compile: Compile
    target: Tensor
    prediction: Tensor
    returned: Value
    looks: bool = True
    calls: tuple[LossCall, ...] = ()


@dataclass(eq=False, slots=True, kw_only=True)
class LogRead(Event):
    """A callback of the program reads a number that its `logs` do not have, and cannot do without it.

    Args:
        node: `logs["name"]`, or the `logs.get("name")` whose None is calculated with or compared.
        method: `[]` or `get`.
        hook: the method of the callback that is given the numbers: `on_epoch_end`.
    """

    fit: Fit
    key: str
    method: str
    hook: str


@dataclass(eq=False, slots=True, kw_only=True)
class ShareCompared(Event):
    """A callback of the program compares a share of 1 with a number that it never reaches.

    Args:
        share: the number between 0 and 1.
        limit: what it is compared with.
    """

    fit: Fit
    share: Array
    limit: Const


@dataclass(eq=False, slots=True, kw_only=True)
class StopsAtOnce(Event):
    """A callback of the program ends the training in its first epoch, whatever the numbers are; `node` does so."""

    fit: Fit


@dataclass(eq=False, slots=True, kw_only=True)
class ZeroRates(Event):
    """A function that sets or gives the learning rate of each epoch, and 0 each time.

    It is a function of the program that a `LearningRateScheduler` asks, or that a callback of the program runs.

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
