"""Callbacks of the program, followed as a training call runs them: what they read of `logs`, and what they set."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from kerlint import syntax
from kerlint.library import rates
from kerlint.library.budget import epochs_of
from kerlint.library.callbacks import has_validation, is_watched, metric_name, watched_names
from kerlint.library.optimizers import RATE_CALLBACKS
from kerlint.library.trying import elsewhere, publish, trying
from kerlint.program.constants import constant, number, truth
from kerlint.program.events import AttributeUse, Fit
from kerlint.program.heap import ABSENT, widen
from kerlint.program.trials import LogRead, ShareCompared, StopsAtOnce, ZeroRates
from kerlint.program.values import (
    LOGS,
    Arguments,
    Array,
    BoundMethod,
    Const,
    Function,
    Instance,
    Mapping,
    Object,
    Sequence,
    Unknown,
    Value,
    mapping_of,
)
from kerlint.records import dataclass

if TYPE_CHECKING:
    from kerlint.program.interpreter.machine import Machine

_CALLBACK = "keras.callbacks.Callback"
#: What callbacks do that is a fact of the program.
_FACTS = (LogRead, AttributeUse, ShareCompared)
_METHODS = frozenset({"fit", "fit_generator"})
#: Epochs that are followed, and those where the learning rate stays at zero all the time.
_EPOCHS, _MAX_EPOCHS = 12, 1000
#: In the state of a callback that a training call has had: what it was like afterwards is not known.
_USED = "trained with"
_AFTER_EPOCH = "on_epoch_end"
#: What is called around a step; the second name is that of Keras before 2.3, which still works.
_BEFORE_STEP = ("on_train_batch_begin", "on_batch_begin")
_AFTER_STEP = ("on_train_batch_end", "on_batch_end")
#: What is called while `fit` validates.
_OF_TESTS = ("on_test_begin", "on_test_batch_begin", "on_test_batch_end", "on_test_end")
_HOOKS = ("on_train_begin", "on_epoch_begin", *_BEFORE_STEP, *_AFTER_STEP, *_OF_TESTS, _AFTER_EPOCH)
#: What an older Keras gives around a step.
_OF_STEPS = frozenset({"batch", "size"})
#: Operators that take no None; comparisons, and what they are from the other side.
_FAILING = frozenset({"+", "-", "*", "/", "//", "%", "**", "<", "<=", ">", ">="})
_TURNED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}
_ORDER = frozenset(_TURNED)
#: Metrics of Keras that are shares of 1.
_SHARE = re.compile(r"((\w+_)?(accuracy|acc)|auc|precision|recall)(_\d+)?")
_Names = dict[str, re.Pattern[str]]


@dataclass(frozen=True, eq=False, slots=True)
class Logs:
    """What is known of the numbers that a method of a callback gets.

    Args:
        names: what there is, validation left out; None if that is not known.
        validated: whether there are numbers of the validation, too; None if that is not known.
        hook: the method.
        open: whether there may be more from the start.
    """

    fit: Fit
    names: _Names | None
    validated: bool | None
    hook: str
    open: bool

    def lacks(self, key: object) -> bool:
        """Whether there is nothing under a name."""
        if not isinstance(key, str) or key in _OF_STEPS:
            return False
        if key.startswith("val_") and self.validated is False:
            return True
        return self.names is not None and not is_watched(key, self.names)


def missing(machine: Machine, logs: Mapping, key: object, method: str, node: syntax.Node) -> Value | None:
    """What is read of `logs` where there is nothing under a name; None if there may be something."""
    known = logs.state.get(LOGS)
    if not isinstance(known, Logs) or logs.open is not known.open or not known.lacks(key):
        return None
    read = LogRead(node=node, fit=known.fit, key=str(key), method=method, hook=known.hook)
    if method == "[]":
        if machine.sure:
            machine.emit(read)
        return Unknown("KeyError", node=node)
    nothing = Const(None, node=node)
    machine.missed[id(nothing)] = (nothing, read)
    return nothing


def operate(machine: Machine, symbol: str, left: Value, right: Value, node: syntax.Node) -> Value | None:
    """An operator in a callback: what is said of a number that is missing, or that the result is known all the same."""
    if machine.missed and symbol in _FAILING and machine.sure:
        # `"%s" % None` is a text.
        for operand in (left,) if symbol == "%" else (left, right):
            missed = machine.missed.get(id(operand))
            if missed is not None:
                machine.emit(missed[1])
    for share, limit, turned in ((left, right, False), (right, left, True)):
        fit = machine.shares.get(id(share))
        if fit is not None and isinstance(limit, Const) and symbol in _ORDER:
            return _compared(machine, fit[1], share, limit, _TURNED[symbol] if turned else symbol, node)
    return None


def _compared(machine: Machine, fit: Fit, share: Value, limit: Const, symbol: str, node: syntax.Node) -> Value | None:
    """A share of 1 compared with a number beyond it."""
    value = number(limit)
    if value is None or not isinstance(share, Array) or not (value > 1 or (value == 1 and symbol in (">", "<="))):
        return None
    if value > 1:
        machine.emit(ShareCompared(node=node, fit=fit, share=share, limit=limit))
    return Const(symbol in ("<", "<="), node=node)


def follow_callbacks(machine: Machine, fit: Fit) -> None:
    """Follows the callbacks of a training call epoch by epoch, if some are the program's own.

    It is done on the spot: later the program may change what they hold and read.
    """
    given = fit.args.get("callbacks")
    if given is None or constant(given) is None or fit.open or fit.method not in _METHODS or machine.in_callbacks:
        return
    callbacks = list(given.items) if isinstance(given, Sequence) else [given]
    own = [callback for callback in callbacks if _is_own(callback)]
    if own and machine.callback_fuel > 0 and all(map(_is_understood, callbacks)):
        _follow(machine, fit, callbacks)
    for callback in own:
        if isinstance(callback, Instance):
            machine.heap.write(callback.state, _USED, True)


def _is_own(callback: Value) -> bool:
    """Whether the program says what the callback does."""
    return isinstance(callback, Instance) or (isinstance(callback, Object) and callback.short == "LambdaCallback")


def _is_understood(callback: Value) -> bool:
    """Whether it is known which functions are called: any other callback may log numbers of its own."""
    if isinstance(callback, Object):
        if callback.short == "LambdaCallback":
            return not callback.open and all(map(_is_function, callback.args.values()))
        return callback.name.startswith("keras.callbacks.") and callback.short != "CallbackList"
    if not isinstance(callback, Instance) or not callback.cls.knows_its_bases() or callback.cls.decorators:
        return False
    cls = callback.cls
    if _USED in callback.state:
        return False
    if set(cls.external_bases()) - {"builtins.object"} != {_CALLBACK} or cls.lookup("set_model") is not None:
        return False
    return all(_is_function(method) for hook in _HOOKS if (method := cls.lookup(hook)) is not None)


def _is_function(value: Value) -> bool:
    function = value.function if isinstance(value, BoundMethod) else value
    return isinstance(function, Function) and not function.decorators


def _follow(machine: Machine, fit: Fit, callbacks: list[Value]) -> None:
    machine.in_callbacks = True
    training = _Training(machine, fit, callbacks)
    try:
        with elsewhere(machine), trying(machine, assumed=fit.assumed) as trial:
            training.run()
    finally:
        machine.in_callbacks = False
        machine.missed.clear()
        machine.shares.clear()
    # Each epoch does the same again.
    facts = {(type(event), id(event.node)): event for event in trial.events if isinstance(event, _FACTS)}
    publish(machine, list(facts.values()), fit)
    if training.stop is not None:
        machine.emit(StopsAtOnce(node=training.stop, fit=fit))
    if trial.finished and training.zero is not None:
        setter, value = training.zero
        machine.emit(ZeroRates(node=setter, fit=fit, returned=value))


class _Training:
    """One training call as its callbacks see it."""

    def __init__(self, machine: Machine, fit: Fit, callbacks: list[Value]) -> None:
        self._machine, self._fit, self._callbacks = machine, fit, callbacks
        self._names = watched_names(fit.compile) if fit.compile is not None else None
        #: Where the rate is set to zero before each epoch: the function that does so, and the last zero.
        self.zero: tuple[syntax.Node, Value] | None = None
        #: What ends the training in its first epoch.
        self.stop: syntax.Node | None = None

    def run(self) -> None:
        """Calls the methods in the order of Keras, as far as something can come of it."""
        machine, fit = self._machine, self._fit
        for callback in self._callbacks:
            if isinstance(callback, Instance):
                machine.heap.write(callback.state, "model", fit.model)
                machine.heap.write(callback.state, "params", Unknown("params"))
        machine.heap.write(fit.model.state, "compile", fit.compile)
        machine.heap.write(fit.model.state, ".stop_training", Const(False))
        rate = rates.make_variable(machine, fit.compile) if fit.compile is not None else None
        epochs, counted = epochs_of(fit), "initial_epoch" not in fit.args
        self._call("on_train_begin", (), {})
        is_zero = epochs is not None and counted and rate is not None and not self._others_set_rates()
        for number_ in range(min(epochs if epochs is not None else 1, _MAX_EPOCHS)):
            if number_ >= _EPOCHS and not is_zero:
                return
            epoch = Const(number_) if counted else Unknown("epoch")
            self._call("on_epoch_begin", (epoch,), {})
            before = rates.value_of(rate) if rate is not None else None
            is_zero = is_zero and number(before) == 0
            if not number_:
                self._steps()
                is_zero = is_zero and rate is not None and rates.value_of(rate) is before
            self._call(_AFTER_EPOCH, (epoch,), self._names)
            stop: Value | None = fit.model.state.get(".stop_training")
            if stop is not None and truth(stop) is True and not number_:
                self.stop = stop.node
                return
        setter = rates.setter_of(rate) if rate is not None else None
        if is_zero and rate is not None and setter is not None and epochs:
            self.zero = (setter, rates.value_of(rate))

    def _steps(self) -> None:
        """The steps of an epoch, and of its validation: one of them for all."""
        for batch in (Const(0), Unknown("batch")):
            mark = self._machine.heap.mark()
            self._call(_BEFORE_STEP, (batch,), None)
            self._call(_AFTER_STEP, (batch,), self._names)
            self._loosen(mark, any_number=not isinstance(batch, Const))
        if has_validation(self._fit) is not False:
            mark = self._machine.heap.mark()
            for hook in _OF_TESTS:
                self._call(hook, (Unknown("batch"),) if "batch" in hook else (), None)
            self._loosen(mark, any_number=True)

    def _loosen(self, mark: int, *, any_number: bool) -> None:
        """Closes a mark. What was changed since is not known for sure if it happens any number of times, or perhaps."""
        heap = self._machine.heap
        changes = heap.capture(mark)
        heap.undo(mark)
        if not any_number:
            heap.apply(changes)
            return
        for container, key, after in changes.values():
            before = container.get(key, ABSENT)
            if before is ABSENT and isinstance(after, Const):
                heap.write(container, key, Unknown("perhaps changed", node=after.node))
            elif after is ABSENT:
                heap.delete(container, key)
            else:
                heap.write(container, key, widen(before, after))

    def _others_set_rates(self) -> bool:
        return any(isinstance(one, Object) and one.short in RATE_CALLBACKS for one in self._callbacks)

    def _call(self, hook: str | tuple[str, str], given: tuple[Value, ...], names: _Names | None) -> None:
        """Calls a method of all callbacks: with the same numbers, which any of them may change."""
        from kerlint.program.interpreter.calls import follow

        logs: Mapping | None = None
        for function, receiver in self._methods((hook,) if isinstance(hook, str) else hook):
            place = function.node
            if place is None:
                continue
            logs = logs or self._logs(hook if isinstance(hook, str) else hook[0], names)
            arguments = Arguments([(value, place) for value in (*given, logs)])
            mark, leaves = self._machine.heap.mark(), self._machine.leaves
            follow(self._machine, function, arguments, place, receiver=receiver)
            self._loosen(mark, any_number=self._machine.leaves != leaves)

    def _methods(self, hooks: tuple[str, ...]) -> Iterator[tuple[Function, Value | None]]:
        """For each callback the first of these methods that it has, with its object."""
        for callback in self._callbacks:
            for hook in hooks:
                if isinstance(callback, Instance):
                    method: Value | None = callback.cls.lookup(hook)
                else:
                    method = callback.args.get(hook) if isinstance(callback, Object) else None
                if isinstance(method, BoundMethod):
                    yield method.function, method.receiver
                elif isinstance(method, Function):
                    yield method, callback if isinstance(callback, Instance) else None
                if method is not None:
                    break

    def _logs(self, hook: str, names: _Names | None) -> Mapping:
        """The numbers that a method gets."""
        validated = has_validation(self._fit) if hook == _AFTER_EPOCH else None if hook in _OF_TESTS else False
        shown = list(names or ())
        if validated:
            shown += [f"val_{name}" for name in shown]
        is_open = names is None or validated is None
        shares = self._shares()
        entries: dict[object, Value] = {}
        for name in shown:
            entries[name] = Unknown("logged")
            if name.removeprefix("val_") in shares:
                share = entries[name] = Array((), "float32", 0.0, 1.0, source=name)
                self._machine.shares[id(share)] = (share, self._fit)
        logs = mapping_of(entries, open=is_open)
        logs.state[LOGS] = Logs(self._fit, names, validated, hook, is_open)
        return logs

    def _shares(self) -> set[str]:
        """The metrics of Keras that lie between 0 and 1, by the names under which they are logged."""
        metrics = self._fit.compile.metrics if self._fit.compile is not None else None
        names = {metric_name(metric) for metric in metrics or () if not isinstance(metric, Function)}
        return {name for name in names if name is not None and _SHARE.fullmatch(name)}
