"""What programs write themselves and a library calls: callbacks, batches, losses and steps, followed as facts."""

from __future__ import annotations

import textwrap

import pytest

from kerlint.library.knowledge import Knowledge
from kerlint.library.trying import TRIAL_FUEL, trying
from kerlint.parsing import parse
from kerlint.program.events import ApplyGradients, Fit, Forward
from kerlint.program.facts import Program
from kerlint.program.interpreter.machine import Machine, OutOfFuel, evaluate_module
from kerlint.program.trials import LogRead, ShareCompared, StopsAtOnce, ZeroRates
from kerlint.program.values import Array, Const, Dataset, Sequence
from kerlint.testing import check

HEAD = """
import keras
import numpy as np
from keras import ops
x, y = np.zeros((320, 8)), np.zeros((320, 1))
model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(1, activation="sigmoid")])
model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
"""


def program(text: str) -> Program:
    return evaluate_module(parse(HEAD + textwrap.dedent(text)), Knowledge())


def callback(body: str, hook: str = "on_epoch_end(self, epoch, logs=None)", fit: str = "epochs=20") -> Program:
    """A callback with this body in one of its methods, in a training call."""
    inside = textwrap.indent(textwrap.dedent(body).strip(), " " * 8)
    text = (
        f"class Own(keras.callbacks.Callback):\n    def {hook}:\n{inside}\nmodel.fit(x, y, {fit}, callbacks=[Own()])\n"
    )
    return evaluate_module(parse(HEAD + text), Knowledge())


@pytest.mark.parametrize(
    "body",
    [
        "logs['acc']",
        "key = 'a' + 'cc'\nprint(logs[key])",
        "for key in ('loss', 'acc'):\n    print(logs[key])",
        "given = logs or {}\nprint(given['acc'])",
        "current = logs.get('acc')\nif current > 0.5:\n    print(current)",
        "if epoch == 7:\n    print(logs['acc'])",
        "[logs[key] for key in ['acc']]",
        "print(1 - logs.get('acc'))",
    ],
)
def test_a_number_that_is_not_there_is_read(body: str) -> None:
    assert {read.key for read in callback(body).all(LogRead)} == {"acc"}


@pytest.mark.parametrize(
    "body",
    [
        "logs['loss'], logs['accuracy'], logs['learning_rate']",
        "if 'acc' in logs:\n    print(logs['acc'])",
        "if self.unknown:\n    return\nprint(logs['acc'])",
        "if self.unknown:\n    raise ValueError\nprint(logs['acc'])",
        "for key in ('loss', 'acc'):\n    if self.unknown:\n        continue\n    print(logs[key])",
        "self.unknown and print(logs['acc'])",
        "[logs[key] for key in ['acc'] if self.unknown]",
        "try:\n    print(logs['acc'])\nexcept KeyError:\n    pass",
        "current = logs.get('acc')\nif current is None:\n    return\nprint(current > 1)",
        "print(logs.get('acc'), logs.get('acc', 0) > 1, logs.get('acc') or 0 > 1)",
        "logs['acc'] = 1\nprint(logs['acc'])",
        "fill(logs)\nprint(logs['acc'])",
        "logs.update(measured())\nprint(logs['acc'])",
        "if epoch == 30:\n    print(logs['acc'])",
    ],
)
def test_a_number_that_may_be_there(body: str) -> None:
    found = callback(body)
    assert not list(found.all(LogRead))
    assert not found.failures


@pytest.mark.parametrize("hook", ["on_train_batch_end(self, batch, logs=None)", "on_batch_end(self, batch, logs=None)"])
def test_numbers_after_a_step(hook: str) -> None:
    found = callback("print(logs['loss'], logs['size'], logs['val_loss'])", hook, "validation_split=0.1")
    assert [read.key for read in found.all(LogRead)] == ["val_loss"]


def test_callbacks_share_their_numbers() -> None:
    text = """
    class First(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            logs["score"] = 1
    class Second(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            print(logs["score"])
    """
    assert not list(
        program(text + "\nmodel.fit(x, y, callbacks=[First(), Second()])".replace("\n", "\n    ")).all(LogRead)
    )
    turned = program(text + "\nmodel.fit(x, y, callbacks=[Second(), First()])".replace("\n", "\n    "))
    assert [read.key for read in turned.all(LogRead)] == ["score"]


@pytest.mark.parametrize(
    "change",
    [
        "optimizer.learning_rate = 0.1 * (epoch // 50)",
        "optimizer.learning_rate.assign(epoch * 0.0)",
        "keras.backend.set_value(optimizer.learning_rate, 0)",
    ],
)
def test_a_rate_that_stays_at_zero(change: str) -> None:
    body = f"optimizer = self.model.optimizer\n{change}"
    found = callback(body, "on_epoch_begin(self, epoch, logs=None)")
    assert len(list(found.all(ZeroRates))) == 1
    # Nothing of it is left.
    assert ".learning_rate" not in next(found.compiles).optimizer.state  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "body",
    [
        "self.model.optimizer.learning_rate.assign(0.0)\nself.model.optimizer.learning_rate.assign(0.1)",
        "self.model.optimizer.learning_rate = 0.0 if epoch < 19 else 0.1",
        "self.model.optimizer.learning_rate = 0.1 * epoch",
        "if self.unknown:\n    self.model.optimizer.learning_rate = 0.0",
        "self.unknown and self.model.optimizer.learning_rate.assign(0.0)",
        "self.model.optimizer.learning_rate.assign(0.0)\nself.model.optimizer.learning_rate.assign_add(0.1)",
    ],
)
def test_a_rate_that_leaves_zero(body: str) -> None:
    assert not list(callback(body, "on_epoch_begin(self, epoch, logs=None)").all(ZeroRates))


def test_stopping_at_once_and_later() -> None:
    stop = "self.model.stop_training = True"
    assert list(callback(stop).all(StopsAtOnce))
    assert list(callback(f"if logs['accuracy'] < 95:\n    {stop}").all(StopsAtOnce))
    for body in (f"if epoch == 3:\n    {stop}", f"if logs['loss'] < 1:\n    {stop}", f"for key in find():\n    {stop}"):
        assert not list(callback(body).all(StopsAtOnce))


@pytest.mark.parametrize("test", ["logs['accuracy'] > 90", "90 <= logs['accuracy']", "logs.get('accuracy') < 1.5"])
def test_a_share_and_a_percentage(test: str) -> None:
    assert len(list(callback(f"print({test})").all(ShareCompared))) == 1


def batches(body: str, length: str = "len(self.x) // 32") -> Fit:
    text = f"""
    class Own(keras.utils.PyDataset):
        def __init__(self, x, y):
            super().__init__()
            self.x, self.y = x, y
        def __len__(self):
            return {length}
        def __getitem__(self, index):
            part = slice(index * 32, (index + 1) * 32)
            {body}
    model.fit(Own(x, y), epochs=3)
    """
    return next(program(text).fits)


@pytest.mark.parametrize("answer", ["self.x[part], self.y[part]", "[self.x[part], self.y[part]]"])
def test_batches_of_the_program(answer: str) -> None:
    data = batches(f"return {answer}").x
    assert isinstance(data, Dataset)
    assert data.cardinality == 10
    assert isinstance(data.element, Sequence)
    assert data.element.kind == "tuple"
    assert [item.shape for item in data.element.items if isinstance(item, Array)] == [(None, 8), (None, 1)]


@pytest.mark.parametrize("body", ["return find(part)", "raise ValueError", "pass", "return self[index]"])
def test_batches_that_are_not_known(body: str) -> None:
    assert not isinstance(batches(body).x, Dataset)


def test_a_step_is_part_of_the_training() -> None:
    text = """
    import tensorflow as tf
    class Net(keras.Model):
        def __init__(self):
            super().__init__()
            self.out = keras.layers.Dense(1)
        def call(self, x, training=None):
            return self.out(x)
        def train_step(self, data):
            x, y = data
            with tf.GradientTape() as tape:
                loss = tf.reduce_mean((self(x, training=True) - y) ** 2)
            self.optimizer.apply_gradients(zip(tape.gradient(loss, self.weights), self.weights))
            return {"error": loss}
    net = Net()
    net.compile("adam")
    """
    found = program(text)
    assert not list(found.all(ApplyGradients))
    found = program(text + "net.fit(x, y)")
    (step,), (call,) = found.all(ApplyGradients), found.all(Forward)
    assert isinstance(call.inputs, Array)
    assert call.inputs.shape == (None, 8)
    assert step.in_graph
    assert step.order > next(found.fits).order


def test_a_loss_that_calls_one_of_a_library_asks_for_what_that_asks_for() -> None:
    text = """
    def own(y_true, y_pred):
        return 2 * keras.losses.binary_crossentropy(y_true, y_pred, from_logits=True)
    class Own(keras.losses.Loss):
        def __init__(self):
            super().__init__()
            self.inner = keras.losses.BinaryCrossentropy(from_logits=True)
        def call(self, y_true, y_pred):
            return self.inner(ops.cast(y_true, "float32"), y_pred)
    class Changed(Own):
        def call(self, y_true, y_pred):
            return self.inner(y_true, ops.log(y_pred / (1 - y_pred)))
    """
    for loss, codes in (("own", {"KL003"}), ("Own()", {"KL003"}), ("Changed()", set())):
        source = HEAD + textwrap.dedent(text) + f"model.compile('adam', {loss})\nmodel.fit(x, y)\n"
        assert {one.code for one in check(source, pedantic=False)} - {"KN002"} == codes


def machine() -> Machine:
    return Machine(Knowledge())


def test_a_trial_leaves_nothing_behind() -> None:
    one = machine()
    one.assign("kept", Const(1))
    fuel = one.fuel
    with trying(one, assumed=True) as trial:
        one.assign("kept", Const(2))
        one.called.add(1)
        one.burn(10)
        assert one.assumed
    assert trial.finished
    assert one.scope.names["kept"].value == 1  # type: ignore[attr-defined]
    assert (one.called, one.assumed, one.fuel, one.heap.marks) == (set(), False, fuel - 10, 0)


def test_a_trial_that_takes_too_long_ends_quietly() -> None:
    one = machine()
    with trying(one) as trial:
        one.heap.mark()
        one.burn(TRIAL_FUEL + 1)
    assert not trial.finished
    assert one.heap.marks == 0
    one.fuel = 10
    with trying(one) as trial:
        one.burn()
    assert not trial.finished
    assert one.fuel == 10
    with pytest.raises(OutOfFuel):
        one.burn(11)


def fail(one: Machine) -> None:
    with trying(one):
        one.assign("kept", Const(2))
        raise ValueError("a fault of kerlint")


def test_a_trial_that_fails_says_so() -> None:
    one = machine()
    with pytest.raises(ValueError, match="fault"):
        fail(one)
    assert "kept" not in one.scope.names
    assert one.heap.marks == 0


@pytest.mark.parametrize(
    "body",
    ["while True:\n    pass", "self.on_epoch_end(epoch, logs)", "[0 for a in range(10**6) for b in range(10**6)]"],
)
def test_callbacks_that_never_end(body: str) -> None:
    found = callback(body, fit="epochs=10**9")
    assert not found.failures
    assert not found.limits


STOPPING = """
class Own(keras.callbacks.Callback):
    def __init__(self, after=0):
        super().__init__()
        self.after = after
    def on_epoch_end(self, epoch, logs=None):
        if epoch >= self.after:
            self.model.stop_training = True
"""


@pytest.mark.parametrize(
    "text",
    [
        "model.fit(x, y, epochs=9, callbacks=[Own()])",
        "if given():\n    model.fit(x, y, epochs=9, callbacks=[Own()])",
        "def train(own):\n    for _ in range(3):\n        model.fit(x, y, epochs=9, callbacks=[own])\ntrain(Own())",
        "own = Own()\nmodel.fit(x, y, epochs=9, callbacks=[own])\nown.after = 5",
        "own = Own(5)\nown.after = 0\nmodel.fit(x, y, epochs=9, callbacks=own)",
    ],
)
def test_a_callback_is_followed_as_it_is_when_the_training_begins(text: str) -> None:
    found = list(evaluate_module(parse(HEAD + STOPPING + text), Knowledge()).all(StopsAtOnce))
    assert found
    assert not any(event.tried for event in found)


@pytest.mark.parametrize(
    "text",
    [
        "own = Own(5)\nmodel.fit(x, y, epochs=9, callbacks=[own])\nown.after = 0",
        # What it holds after a training call that it has had before is not known.
        "own = Own(5)\nfor after in (5, 0):\n    own.after = after\n    model.fit(x, y, epochs=9, callbacks=[own])",
    ],
)
def test_a_callback_that_is_changed_later_stops_nothing(text: str) -> None:
    assert not list(evaluate_module(parse(HEAD + STOPPING + text), Knowledge()).all(StopsAtOnce))


def test_following_callbacks_takes_nothing_from_the_program() -> None:
    slow = "class Slow(keras.callbacks.Callback):\n    def on_epoch_begin(self, epoch, logs=None):\n"
    slow += "".join(f"        self.a{index} = epoch\n" for index in range(700))
    text = HEAD + slow + "for _ in range(20):\n    model.fit(x, y, epochs=9000, callbacks=[Slow()])\n"
    assert not evaluate_module(parse(text), Knowledge()).limits
