"""`kerlint summary` against the installed Keras, on ways to build a model that many programs have."""

from __future__ import annotations

from typing import Any

import pytest

keras: Any = pytest.importorskip("keras")
pytest.importorskip("tensorflow")

from tests.test_summary_oracle import by_kerlint, disagreement  # noqa: E402 - it needs Keras, too

HEADER = """\
import os
import tempfile
import numpy as np
import keras
import tensorflow as tf
from keras import layers, ops
"""

PROGRAMS = {
    "a mask that a layer of the program asks for": """
        class Weighted(layers.Layer):
            def __init__(self):
                super().__init__()
                self.supports_masking = True
            def call(self, inputs, mask=None):
                weight = ops.expand_dims(ops.cast(mask, "float32"), -1)
                return inputs * weight / ops.sum(weight, axis=1, keepdims=True)
        inputs = keras.Input((None,), dtype="int32")
        x = layers.Dense(3)(layers.Embedding(10, 8, mask_zero=True)(inputs))
        model = keras.Model(inputs, layers.LSTM(2)(Weighted()(x)))
        """,
    "a recurrent layer written as a loop": """
        class Steps(layers.Layer):
            def __init__(self):
                super().__init__()
                self.first, self.second, self.last = layers.Dense(6), layers.Dense(6), layers.Dense(2)
            def call(self, inputs):
                outputs, state = [], ops.zeros((inputs.shape[0], 6))
                for t in range(inputs.shape[1]):
                    state = self.first(inputs[:, t, :]) + self.second(state)
                    outputs.append(state)
                return self.last(ops.stack(outputs, axis=1))
        inputs = keras.Input(batch_shape=(4, 30, 5))
        model = keras.Model(inputs, Steps()(inputs))
        """,
    "a decoder that is called once a step": """
        inputs = keras.Input((7,))
        cell, head = layers.Dense(5), layers.Dense(2)
        x, outputs = layers.Dense(5)(inputs), []
        for t in range(20):
            x = cell(x)
            outputs.append(head(x))
        model = keras.Model(inputs, outputs)
        """,
    "a Lambda that says what it gives": """
        def lines(x):
            return tf.numpy_function(lambda rows: rows[:, :2], [x], tf.float32)
        model = keras.Sequential([keras.Input((5,)), layers.Lambda(lines, output_shape=(2,)), layers.Dense(3)])
        """,
    "a shape made by TensorShape": """
        class Times(layers.Layer):
            def build(self, input_shape):
                self.kernel = self.add_weight(shape=tf.TensorShape((input_shape[-1], 4)), name="kernel")
            def call(self, inputs):
                return ops.matmul(inputs, self.kernel)
        model = keras.Sequential([keras.Input((6,)), Times()])
        """,
    "a layer that says what it gives": """
        class Like(layers.Layer):
            def call(self, inputs, **options):
                source, target = inputs
                return tf.numpy_function(lambda a, b: a, [source, target], tf.float32)
            def compute_output_shape(self, input_shape):
                return (input_shape[0][0],) + tuple(input_shape[1][1:3]) + (input_shape[0][-1],)
        inputs = keras.Input((None, 16, 3))
        x = layers.MaxPooling2D()(layers.Conv2D(5, 3, padding="same")(inputs))
        model = keras.Model(inputs, layers.Conv2D(2, 3)(Like()([x, inputs])))
        """,
    "the image data format": """
        channels = (3, 32, 24) if keras.backend.image_data_format() == "channels_first" else (32, 24, 3)
        axis = 1 if keras.config.image_data_format() == "channels_first" else 3
        model = keras.Sequential([keras.Input(channels), layers.Conv2D(4, 3), layers.BatchNormalization(axis=axis)])
        """,
    "names that are filled in": """
        inputs = keras.Input((8,))
        blocks = {"block_{}".format(i): layers.Dense(i + 2, name="res{0}_{part}".format(i, part="a")) for i in range(3)}
        x = blocks["block_{:d}".format(0)](inputs)
        model = keras.Model(inputs, blocks["block_{}".format(2)](x))
        """,
    "words that a layer was given": """
        lookup = layers.StringLookup(vocabulary=["a", "b", "c"], mask_token=None)
        other = layers.IntegerLookup(vocabulary=[3, 5], mask_token=0, num_oov_indices=2)
        size = len(lookup.get_vocabulary()) + other.vocabulary_size() + len(other.get_vocabulary(False))
        model = keras.Sequential([keras.Input((4,)), layers.Embedding(size, 2)])
        """,
    "built from a description": """
        first = keras.Sequential([keras.Input((6,)), layers.Dense(3)])
        first.add(layers.Dense(2))
        text = first.to_json()
        model = keras.models.model_from_json(text)
        """,
    "built from a configuration": """
        inputs = keras.Input((6,))
        first = keras.Model(inputs, layers.Dense(3)(inputs))
        model = keras.Model.from_config(first.get_config())
        """,
    "loaded from a path that only the program knows": """
        path = os.path.join(tempfile.mkdtemp(), "model.keras")
        first = keras.Sequential([keras.Input((6,)), layers.Dense(3)])
        first.save(path)
        model = keras.models.load_model(path)
        """,
    "a picture without a batch": """
        size = keras.Sequential([layers.Resizing(12, 12)])
        picture = size(np.zeros((20, 30, 3), "float32"))
        model = keras.Sequential([keras.Input(picture.shape), layers.Conv2D(4, 3), layers.Flatten(), layers.Dense(2)])
        """,
    "a step that a strategy runs": """
        strategy = tf.distribute.get_strategy()
        with strategy.scope():
            model = keras.Sequential([layers.Dense(4), layers.Dense(1)])
        data = strategy.experimental_distribute_dataset(tf.data.Dataset.from_tensor_slices(np.ones((8, 3))).batch(4))
        def step(rows):
            return model(rows, training=True)
        for rows in data:
            strategy.run(step, args=(rows,))
        """,
    "a function that becomes a graph": """
        def make():
            return keras.Sequential([keras.Input((3,)), layers.Dense(2)])
        model = tf.autograph.experimental.do_not_convert(make)()
        """,
    "columns of a table by name": """
        pd = __import__("pytest").importorskip("pandas")
        import pandas as pd
        df = pd.DataFrame({"b": [1.0, 2.0], "a": [3.0, 4.0], "y": [0, 1]})
        y = df.pop("y")
        columns = {name: column.to_numpy()[:, None] for name, column in dict(df).items()}
        inputs = {name: keras.Input((1,), name=name) for name in df.keys()}
        x = layers.Concatenate()([inputs[name] for name in sorted(inputs)])
        model = keras.Model(inputs, layers.Dense(len(df.keys()))(x))
        """,
}

SUBCLASSES = {
    "a cell that is an attribute, too": """
        class Steps(keras.Model):
            def __init__(self):
                super().__init__()
                self.cell = layers.LSTMCell(8)
                self.loop = layers.RNN(self.cell, return_state=True)
                self.every = layers.Dense(3)
                self.each = layers.TimeDistributed(self.every)
            def call(self, inputs):
                x, *state = self.loop(self.each(inputs))
                x, state = self.cell(self.every(inputs[:, 0]), state)
                return x
        model = Steps()
        model(np.zeros((2, 5, 4), "float32"))
        """,
    "a layer that another model calls": """
        class Scaled(keras.Model):
            def __init__(self):
                super().__init__()
                self.scale = layers.BatchNormalization()
                self.body = keras.Sequential([self.scale, layers.Dense(3)])
            def call(self, inputs):
                return self.body(inputs)
        model = Scaled()
        model(np.zeros((2, 5), "float32"))
        """,
    "a class that is loaded": """
        @keras.saving.register_keras_serializable()
        class Net(keras.Model):
            def __init__(self, **options):
                super().__init__(**options)
                self.first, self.second = layers.Dense(4), layers.Dense(2)
            def call(self, inputs):
                return self.second(self.first(inputs))
        net = Net()
        net(np.zeros((2, 5), "float32"))
        path = os.path.join(tempfile.mkdtemp(), "net.keras")
        net.save(path)
        model = keras.models.load_model(path)
        """,
}


def _text(program: str) -> str:
    from textwrap import dedent

    return HEADER + dedent(program)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("program", PROGRAMS.values(), ids=PROGRAMS.keys())
def test_a_model_is_that_of_keras(program: str) -> None:
    assert disagreement(_text(program)) == ""


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("program", SUBCLASSES.values(), ids=SUBCLASSES.keys())
def test_a_model_of_a_class_is_that_of_keras(program: str) -> None:
    scope: dict[str, Any] = {}
    exec(compile(_text(program), "program", "exec"), scope)
    model, ours = scope["model"], by_kerlint(_text(program))
    assert (ours.complete, ours.refused) == (True, ()), ours.message
    assert [(row.kind, row.params) for row in ours.rows] == [
        (type(layer).__name__, layer.count_params()) for layer in model.layers
    ]
    assert ours.total == model.count_params()


SCALE = """
        class Scale(layers.Layer):
            def __init__(self, units=4, **kwargs):
                super().__init__(**kwargs)
                self.units = units
                self.dense = layers.Dense(units)
            def call(self, x):
                return self.dense(x)
            def get_config(self):
                GIVEN
        inputs = keras.Input((3,))
        model = keras.Model(inputs, Scale(7)(inputs))
        COPY
"""
COPIES = {
    "clone_model": "model = keras.models.clone_model(model)",
    "from_config": 'model = keras.Model.from_config(model.get_config(), custom_objects={"Scale": Scale})',
    "load_model": """path = os.path.join(tempfile.mkdtemp(), "a.keras")
        model.save(path)
        model = keras.models.load_model(path, custom_objects={"Scale": Scale})""",
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("copy", COPIES.values(), ids=COPIES.keys())
def test_copies_of_layers_whose_config_leaves_arguments_out(copy: str) -> None:
    """Keras makes the copy with the default of what is left out; kerlint says that it does not know."""
    for given, kept in (
        ("return super().get_config()", False),
        ('return {**super().get_config(), "units": self.units}', True),
        ("config = super().get_config(); config.update(units=self.units); return config", True),
    ):
        text = _text(SCALE.replace("GIVEN", given).replace("COPY", copy))
        scope: dict[str, Any] = {}
        if "load_model" in copy and not kept:
            # The saved weights do not fit the layer that is made.
            with pytest.raises(ValueError, match="could not be loaded"):
                exec(compile(text, "program", "exec"), scope)
        else:
            exec(compile(text, "program", "exec"), scope)
            assert scope["model"].count_params() == (28 if kept else 16)
        ours = by_kerlint(text)
        assert ours.complete is kept
        assert ours.total == (28 if kept else None)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    ("first", "then", "known"),
    [
        ("keras.Input((3,)), layers.Dense(4)", "", False),
        ("layers.Dense(4)", "model.build((None, 3))", True),
    ],
    ids=["built", "not yet built"],
)
def test_a_part_that_gets_another_layer(first: str, then: str, known: bool) -> None:
    text = _text(f"""
        inner = keras.Sequential([{first}])
        model = keras.Sequential([inner, layers.Dense(2)])
        inner.add(layers.Dense(5))
        {then}
        """)
    scope: dict[str, Any] = {}
    exec(compile(text, "program", "exec"), scope)
    total = scope["model"].count_params()
    ours = by_kerlint(text)
    assert total == (53 if known else 51)
    assert ours.complete is known
    assert ours.total == (total if known else None)
