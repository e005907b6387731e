"""Models that Keras builds on their first data: what kerlint knows of them where they are compiled."""

from __future__ import annotations

import textwrap

import pytest

from kerlint.library import evaluate
from kerlint.library.naming import name_of
from kerlint.program.events import Mismatch
from kerlint.program.facts import Program
from kerlint.program.values import Tensor
from tests.trees import tree

START = """
import numpy as np
from tensorflow import keras

class Double(keras.layers.Layer):
    def __init__(self, units):
        super().__init__()
        self.dense = keras.layers.Dense(units, activation="softmax")
    def call(self, x):
        return self.dense(x * 2)

class Net(keras.Model):
    def __init__(self):
        super().__init__()
        self.one = Double(4)
    def call(self, x):
        return self.one(x)

x, y = np.zeros((10, 3)), np.zeros((10, 4))
"""
COMPILE = "model.compile('adam', 'mse')\n"
OWN = "model = keras.Sequential([Double(4)])\n"


def run(program: str) -> Program:
    found = evaluate(tree(textwrap.dedent(START) + program))
    assert not found.failures
    return found


def shapes(program: str) -> list[object]:
    """The shapes of the outputs where the models are compiled, and what activation makes them."""
    found: list[object] = []
    for compiled in run(program).compiles:
        output = compiled.graph.output
        assert output is not None
        assert output.layer is not None
        assert output.layer.args["activation"].value == "softmax"  # type: ignore[attr-defined]
        found.append(output.shape)
    return found


@pytest.mark.parametrize("model", [OWN, "model = Net()\n"])
@pytest.mark.parametrize(
    ("use", "expected"),
    [
        ("model.fit(x, y)", (None, 4)),
        ("model(x)", (10, 4)),
        ("model.predict(x)", (None, 4)),
        ("", None),
        ("model.save('a.keras')", None),
    ],
)
def test_the_first_data_say_what_was_compiled(model: str, use: str, expected: object) -> None:
    found = shapes(model + COMPILE + use)
    assert len(found) == 1
    assert found[0] == expected or expected is None


def test_layers_that_come_later_are_not_compiled() -> None:
    program = run(OWN + COMPILE + "model.add(keras.layers.Dense(7))\n" + COMPILE + "model.fit(x, y)")
    before, after = program.compiles
    assert before.graph.output is not None
    assert after.graph.output is not None
    assert before.graph.output.args["units"].value == 4  # type: ignore[attr-defined]
    assert after.graph.output.args["units"].value == 7  # type: ignore[attr-defined]


@pytest.mark.parametrize("around", ["if unknown:\n", "def f():\n", "try:\n", "for _ in unknown:\n"])
def test_in_every_place(around: str) -> None:
    body = textwrap.indent(OWN + COMPILE + "model.fit(x, y)\n", "    ")
    end = "except ValueError:\n    pass\n" if around.startswith("try") else ""
    assert len(shapes(around + body + end)) == 1


def test_a_misfit_is_found_once() -> None:
    wrong = "model = keras.Sequential([Double(4), keras.layers.Conv2D(2, 3)])\n"
    for use in ("model.fit(x, y)", ""):
        events = [event for event in run(wrong + COMPILE + use).events if isinstance(event, Mismatch)]
        assert len(events) <= 1
    assert any(isinstance(event, Mismatch) for event in run(wrong + COMPILE + "model.fit(x, y)").events)


#: Every layer that is added makes Keras build the model anew, and with it the masks and the model inside.
ADDED = """
model = keras.Sequential()
model.add(keras.Input((5,)))
model.add(keras.layers.Embedding(9, 2, mask_zero=True))
model.add(keras.layers.LSTM(3, return_sequences=True))
model.add(keras.layers.Masking())
model.add(keras.Sequential([keras.layers.Dense(2)]))
model.add(keras.layers.Dense(2))
model.pop()
model.add(keras.layers.Dense(2))
x = keras.Input((3,))
y = keras.ops.not_equal(x, 0)
last = keras.Model(x, y)
"""


def test_names_are_counted_as_layers_are_added() -> None:
    program = run(ADDED)
    output = program.names["y"]
    assert isinstance(output, Tensor)
    # As Keras itself says.
    assert (output.op.label, name_of(program.models[-2])) == ("not_equal_12", "functional_8")
