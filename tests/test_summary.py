"""`kerlint summary`: what it prints, and what it says when it does not know."""

from __future__ import annotations

import json
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from click.testing import CliRunner

import kerlint
from kerlint.cli import cli
from tests.notebook import notebook

HEADER = """\
import argparse
import functools
import keras
from keras import layers
"""


def summary(tmp_path: Path, text: str, *options: str, name: str = "train.py") -> Any:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return CliRunner().invoke(cli, ["summary", str(path), *options])


def models(tmp_path: Path, text: str) -> list[dict[str, Any]]:
    done = summary(tmp_path, HEADER + dedent(text), "--output-format", "json")
    assert done.exit_code == 0, done.output
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


def rows(model: dict[str, Any]) -> list[tuple[Any, ...]]:
    return [(row["name"], row["class"], row["output_shape"], row["params"]) for row in model["layers"]]


def test_fields(tmp_path: Path) -> None:
    (model,) = models(
        tmp_path,
        """
        model = keras.Sequential([keras.Input((4,)), layers.Dense(3), layers.BatchNormalization(), layers.Dense(1)])
        model.compile(keras.optimizers.SGD(0.1), "mse", metrics=["mae"])
        """,
    )
    assert (model["name"], model["variable"], model["kind"]) == ("sequential", "model", "sequential")
    assert model["location"] == {"cell": None, "row": 6, "column": 9}
    assert (model["inputs"], model["outputs"]) == ([[None, 4]], [[None, 1]])
    assert rows(model) == [
        ("dense", "Dense", [None, 3], 15),
        ("batch_normalization", "BatchNormalization", [None, 3], 12),
        ("dense_1", "Dense", [None, 1], 4),
    ]
    assert (model["total_params"], model["trainable_params"], model["complete"]) == (31, 25, True)
    compiled = model["compile"]
    assert (compiled["optimizer"], compiled["learning_rate"], compiled["loss"]) == ("SGD", 0.1, "mse")
    assert compiled["metrics"] == ["mae"]


def test_nested_models_and_operations(tmp_path: Path) -> None:
    inner, outer = models(
        tmp_path,
        """
        inner = keras.Sequential([keras.Input((4,)), layers.Dense(3)], name="inner")
        x = keras.Input((4,), name="x")
        model = keras.Model(x, inner(x) + 1)
        """,
    )
    assert rows(inner) == [("dense", "Dense", [None, 3], 15)]
    assert rows(outer) == [
        ("x", "InputLayer", [None, 4], 0),
        ("inner", "Sequential", [None, 3], 15),
        ("add", "Add", [None, 3], 0),
    ]


@pytest.mark.parametrize(
    ("text", "params"),
    [
        (
            "p = argparse.ArgumentParser()\np.add_argument('--units', type=int, default=8)\nunits = p.parse_args().units",
            40,
        ),
        ("units = 2 if flag else 2", 10),
        ("class Config:\n    units = 6\nunits = Config.units", 30),
        ("def size(n, *, factor=2):\n    return n * factor\nunits = size(4, factor=3)", 60),
        ("units = dict(a=4, b=5)['b']", 25),
        ("units = [u for u in range(9)][-1]", 40),
        ("units = keras.initializers.GlorotUniform()(shape=(3, 5)).shape[1]", 25),
    ],
)
def test_values_are_followed(tmp_path: Path, text: str, params: int) -> None:
    text += "\nmodel = keras.Sequential([keras.Input((4,)), layers.Dense(units)])\n"
    (model,) = models(tmp_path, text)
    assert (model["total_params"], model["complete"]) == (params, True)


def test_choices_of_a_tuner_stand_at_the_first(tmp_path: Path) -> None:
    (model,) = models(
        tmp_path,
        """
        def build(hp):
            model = keras.Sequential([keras.Input((4,))])
            for i in range(hp.Int("depth", 2, 5)):
                model.add(layers.Dense(hp.Choice("units", [8, 16])))
            return model
        """,
    )
    assert [row["params"] for row in model["layers"]] == [40, 72]
    assert model["assumed"]


def test_a_loaded_model_is_the_one_that_was_saved(tmp_path: Path) -> None:
    saved, loaded, other = models(
        tmp_path,
        """
        model = keras.Sequential([keras.Input((4,)), layers.Dense(3)])
        model.save("model.keras")
        again = keras.models.load_model("model.keras")
        other = keras.models.load_model("other.keras")
        """,
    )
    assert rows(loaded) == rows(saved)
    assert (other["kind"], other["complete"]) == ("loaded", False)
    assert other["unknown"] == ["load_model: the layers are in a file"]


def test_what_is_not_known_is_said(tmp_path: Path) -> None:
    (model,) = models(tmp_path, "model = keras.Sequential([keras.Input((4,)), layers.Dense(units_from(file))])")
    assert (model["complete"], model["total_params"]) == (False, None)
    assert model["unknown"] == ["the argument units of dense (Dense) is not known"]


def test_a_model_without_data_is_unbuilt(tmp_path: Path) -> None:
    (model,) = models(tmp_path, "model = keras.Sequential([layers.Dense(3)])")
    assert [(row["params"], row["built"]) for row in model["layers"]] == [(0, False)]
    assert model["complete"]
    (model,) = models(tmp_path, "model = keras.Sequential([layers.Dense(3)])\nmodel.build((None, 5))")
    assert [(row["params"], row["built"]) for row in model["layers"]] == [(18, True)]


def test_frozen_layers(tmp_path: Path) -> None:
    base, model = models(
        tmp_path,
        """
        base = keras.applications.VGG16(include_top=False, weights=None, input_shape=(32, 32, 3))
        base.trainable = False
        model = keras.Sequential([base, layers.Flatten(), layers.Dense(1)])
        """,
    )
    assert len(base["layers"]) == 19
    assert (base["total_params"], base["trainable_params"]) == (14_714_688, 0)
    assert (model["total_params"], model["trainable_params"]) == (14_715_201, 513)


def test_training(tmp_path: Path) -> None:
    (model,) = models(
        tmp_path,
        """
        (x, y), _ = keras.datasets.mnist.load_data()
        x = x.reshape(-1, 784) / 255
        model = keras.Sequential([layers.Dense(10, activation="softmax")])
        model.compile("adam", "sparse_categorical_crossentropy")
        model.fit(x, y, epochs=3, batch_size=64, callbacks=[keras.callbacks.EarlyStopping(patience=2)])
        """,
    )
    assert rows(model) == [("dense", "Dense", [None, 10], 7850)]
    (training,) = model["training"]
    assert (training["method"], training["epochs"], training["batch_size"]) == ("fit", 3, 64)
    assert training["callbacks"] == ["EarlyStopping(patience=2)"]
    data, targets = training["data"]
    assert (data["shape"], data["low"], data["high"]) == ([60000, 784], 0, 1)
    assert targets["labels"] == "integer classes, 10 of them"


def test_labels_that_the_program_works_out(tmp_path: Path) -> None:
    (model,) = models(
        tmp_path,
        """
        import numpy as np
        x = np.random.rand(100, 2)
        y = (x.sum(axis=1) > 1).astype("int32")
        model = keras.Sequential([keras.Input((2,)), layers.Dense(1, activation="sigmoid")])
        model.compile("adam", "binary_crossentropy")
        model.fit(x, y)
        """,
    )
    data, targets = model["training"][0]["data"]
    assert data["source"] == "random.uniform"
    assert (targets["labels"], targets["source"]) == ("two classes, 0 and 1", None)


def test_text(tmp_path: Path) -> None:
    text = "a = keras.Input((4,))\nmodel = keras.Model(a, layers.Dense(3)(a))\nother = keras.Sequential([unknown()])\n"
    done = summary(tmp_path, HEADER + text, "--color", "never")
    assert done.exit_code == 0
    lines = [line.rstrip() for line in done.output.splitlines()]
    assert "  dense (Dense)             (None, 3)         15" in lines
    assert "  Total params: 15  (trainable: 15, not trainable: 0)" in lines
    assert "  Not known:" in lines


def test_a_step_that_is_repeated_is_said_once(tmp_path: Path) -> None:
    text = """
import pandas as pd
frame = pd.read_csv("a.csv")
frame["b"] = frame["b"] / 2
frame["c"] = frame["c"] * 3
frame["d"] = 1
model = keras.Sequential([layers.Dense(1)])
model.compile("sgd", "mse")
model.fit(frame, frame.pop("y"))
"""
    (line,) = [one for one in summary(tmp_path, HEADER + text).output.splitlines() if one.startswith("    x: ")]
    assert line.count("overwritten") == 1


def test_notebooks(tmp_path: Path) -> None:
    cells = ["%pip install keras\nimport keras", "m = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])"]
    done = summary(tmp_path, notebook(*cells).decode(), "--output-format", "json", name="train.ipynb")
    (model,) = json.loads(done.stdout)
    assert (model["location"]["cell"], model["location"]["row"], model["total_params"]) == (2, 1, 3)


@pytest.mark.parametrize(("text", "message"), [("import keras\nx = (\n", ":2:"), ("import keras\n\xff", "")])
def test_files_that_cannot_be_read(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "broken.py"
    path.write_bytes(text.encode("latin-1"))
    done = CliRunner().invoke(cli, ["summary", str(path)])
    assert done.exit_code != 0
    assert message in done.output


def test_a_file_without_models(tmp_path: Path) -> None:
    done = summary(tmp_path, "print('hello')\n", "--output-format", "json")
    assert done.exit_code == 0
    assert json.loads(done.stdout) == []


def test_data_of_either_shape(tmp_path: Path) -> None:
    (model,) = models(
        tmp_path,
        """
        model = keras.Sequential([layers.Dense(3)])
        if flag:
            model.build((None, 4))
        else:
            model.build((None, 5))
        """,
    )
    assert (model["total_params"], model["complete"]) == (None, False)


def test_masks_go_through_layers_of_the_program(tmp_path: Path) -> None:
    """The rows are those that Keras 3.15 prints."""
    text = """
import keras
from keras import layers

class Passing(layers.Layer):
    def __init__(self):
        super().__init__()
        self.supports_masking = True
    def call(self, x):
        return keras.ops.relu(x)

class Reading(layers.Layer):
    def call(self, x, mask=None):
        return x

inputs = keras.Input((None,), dtype="int32")
x = Passing()(layers.Embedding(50, 4, mask_zero=True)(inputs))
first = keras.Model(inputs, layers.LSTM(3)(x))
second = keras.Model(inputs, Reading()(layers.Embedding(50, 4, mask_zero=True)(inputs)))
third = keras.Model(inputs, layers.LSTM(3)(Reading()(layers.Embedding(50, 4, mask_zero=True)(inputs))))
"""
    classes = [[row[1] for row in rows(model)] for model in models(tmp_path, text)]
    assert classes == [
        ["InputLayer", "Embedding", "Passing", "NotEqual", "LSTM"],
        ["InputLayer", "Embedding", "NotEqual", "Reading"],
        ["InputLayer", "Embedding", "NotEqual", "Reading", "LSTM"],
    ]


@pytest.mark.parametrize("order", [("head", "body", "whole"), ("whole", "body", "head"), ("body", "whole", "head")])
def test_what_another_function_calls_is_read_as_it_is_called(tmp_path: Path, order: tuple[str, ...]) -> None:
    """Nobody calls `whole`; that the others stand at their defaults would not be true."""
    functions = {
        "head": "def head(units=7):\n    return layers.Dense(units)\n",
        "body": "def body(x, units=5):\n    return keras.Model(x, head(units)(x))\n",
        "whole": "def whole():\n    return body(keras.Input((4,)), units=3)\n",
    }
    (model,) = models(tmp_path, "".join(functions[name] for name in order))
    assert [row[1:] for row in rows(model)] == [("InputLayer", [None, 4], 0), ("Dense", [None, 3], 15)]


def test_of_functions_that_call_each_other_the_first_begins(tmp_path: Path) -> None:
    found = models(
        tmp_path,
        """
        def first(n=4):
            second(n)
            return keras.Sequential([keras.Input((n,)), layers.Dense(1)])
        def second(n=6):
            if n > 4:
                first(n)
        class Builder:
            def build(self, width=2):
                return self.part(width)
            def part(self, width=9):
                return keras.Sequential([keras.Input((width,)), layers.Dense(1)])
        """,
    )
    assert sorted(model["inputs"] for model in found) == [[[None, 2]], [[None, 4]]]


IRIS = "https://raw.githubusercontent.com/mwaskom/seaborn-data/master/iris.csv"
#: What changes which columns a frame has, or how they are read, and how many there are then (None: not known).
FRAMES = {
    "df": 5,
    "df.filter(items=['species'])": None,
    "df.set_index(['species', 'petal_width']).reset_index()": None,
    "df.set_index('species').reset_index()": 5,
    "df.sample(3, axis=1)": None,
    "df.loc[:, [False, True, False, False, True]]": None,
    "df.loc[:, ['species', 'petal_width']]": 2,
    "df.rename(columns={'petal_width': 'species'}).drop(columns='species')": 3,
    "df[['species', 'species', 'petal_width']].drop(columns='species')": 1,
    "df.drop(columns='species') - df['petal_width']": None,
    "df.drop(columns='species') - df.drop(columns='species').mean()": 4,
    "pd.read_table(IRIS)": None,
    "pd.read_table(IRIS, sep=',')": 5,
    "other": None,
    "df.drop(columns='nothing')": None,
    "pd.concat([df, df])": 5,
    "pd.concat([df, df], keys=['a', 'b']).reset_index()": None,
    "pd.DataFrame({'mean': df.mean(numeric_only=True)}).T": None,
}


@pytest.mark.parametrize(("frame", "width"), FRAMES.items())
def test_columns_of_frames(tmp_path: Path, frame: str, width: int | None) -> None:
    (model,) = models(
        tmp_path,
        f"""
        import pandas as pd
        IRIS = {IRIS!r}
        df, other = pd.read_csv(IRIS), pd.read_csv(IRIS)
        other.eval("area = petal_width * petal_length", inplace=True)
        frame = {frame}
        model = keras.Sequential([keras.Input((frame.shape[1],)), layers.Dense(1)])
        """,
    )
    assert model["complete"] is (width is not None)
    assert model["total_params"] == (width + 1 if width is not None else None)


@pytest.mark.parametrize(
    "start",
    [
        "keras.Input(unknown()), layers.Dense(3)",
        "layers.Dense(3, input_shape=unknown())",
        "layers.Dense(3, **unknown())",
    ],
)
def test_an_input_shape_that_is_not_known(tmp_path: Path, start: str) -> None:
    (model,) = models(tmp_path, f"model = keras.Sequential([{start}])")
    assert not model["complete"]
    assert model["total_params"] is None


def test_what_is_deleted_from_a_dict_is_not_known(tmp_path: Path) -> None:
    text = """
    sizes = {"a": 3, "b": 4}
    del sizes[unknown()]
    model = keras.Sequential([keras.Input((2,)), *[layers.Dense(size) for size in sizes.values()]])
    """
    (model,) = models(tmp_path, text)
    assert not model["complete"]


BASE = "base = keras.Sequential([keras.Input((4,)), layers.Dense(3), layers.Dense(2)])\n"


@pytest.mark.parametrize(
    "change",
    [
        "config['layers'][-1]['config']['units'] = 9",
        "config['name'] = 'other'",
        "del config['name']",
        "config.update(name='other')",
        "for layer in config['layers']:\n    layer['config']['name'] += '_copy'",
    ],
)
def test_a_configuration_that_is_changed(tmp_path: Path, change: str) -> None:
    text = BASE + "config = base.get_config()\n{}\nmodel = keras.Sequential.from_config(config)\n"
    assert models(tmp_path, text.format("print(config)"))[1]["total_params"] == 23
    assert not models(tmp_path, text.format(change))[1]["complete"]


@pytest.mark.parametrize("frozen", ["base.layers[0]", "model.layers[0]", "base", "model"])
def test_layers_that_are_frozen_with_or_without_their_copy(tmp_path: Path, frozen: str) -> None:
    text = BASE + "model = keras.models.clone_model(base)\nmodel.add(layers.Dense(1))\n"
    assert all(one["complete"] for one in models(tmp_path, text))
    assert not any(one["complete"] for one in models(tmp_path, text + f"{frozen}.trainable = False\n"))


def test_layers_of_another_model_are_built(tmp_path: Path) -> None:
    text = BASE + "model = keras.Sequential(base.layers)\n"
    assert [(one["complete"], one["total_params"]) for one in models(tmp_path, text)] == [(True, 23), (False, None)]


def test_a_lambda_that_says_another_shape(tmp_path: Path) -> None:
    text = """
    model = keras.Sequential(
        [keras.Input((3, 4)), layers.Lambda(lambda x: x[:, 0], output_shape=({},)), layers.Dense(2)]
    )
    """
    assert models(tmp_path, text.format(4))[0]["total_params"] == 10
    assert not models(tmp_path, text.format(9))[0]["complete"]


#: Wrappers that share what they wrap, and all weights of a model with them (None: not known).
SHARED = {
    "cell = layers.LSTMCell(4)\nends = [layers.RNN(cell)(x), layers.RNN(cell)(x)]": 160,
    "cell = [layers.LSTMCell(4), layers.GRUCell(3)]\nends = [layers.RNN(cell)(x), layers.RNN(cell)(x)]": None,
    "dense = layers.Dense(6)\nends = [layers.TimeDistributed(dense)(x), dense(x)]": 36,
    "dense = layers.Dense(6)\nends = [layers.SpectralNormalization(dense)(x), dense(x)]": None,
    "lstm = layers.LSTM(3)\nends = [layers.Bidirectional(lstm)(x), lstm(x)]": 324,
}


@pytest.mark.parametrize(("text", "total"), SHARED.items())
def test_wrappers_that_share_a_layer(tmp_path: Path, text: str, total: int | None) -> None:
    (model,) = models(tmp_path, f"x = keras.Input((3, 5))\n{text}\nmodel = keras.Model(x, ends)")
    assert (model["complete"], model["total_params"]) == (total is not None, total)


def test_globals_that_a_function_sets_which_nothing_calls(tmp_path: Path) -> None:
    text = """
    WIDTH = 4
    def widen():
        global WIDTH
        WIDTH = 12
    def build():
        return keras.Sequential([keras.Input((2,)), layers.Dense(WIDTH)])
    """
    (model,) = models(tmp_path, text)
    assert not model["complete"]


#: What the `compute_mask` of a layer returns, and whether it is known what Keras makes for the layer that reads it.
MASKS = {"mask": True, "None": True, "self.plain.compute_mask(ids)": True, "self.masked.compute_mask(ids)": False}


@pytest.mark.parametrize(("returned", "known"), MASKS.items())
def test_masks_that_a_layer_of_the_program_computes(tmp_path: Path, returned: str, known: bool) -> None:
    text = """
    class Words(layers.Layer):
        def __init__(self):
            super().__init__()
            self.plain, self.masked = layers.Embedding(9, 3), layers.Embedding(9, 3, mask_zero=True)
        def call(self, ids):
            return self.plain(ids) + self.masked(ids)
        def compute_mask(self, ids, mask=None):
            return RETURNED
    ids = keras.Input((4,), dtype="int32")
    model = keras.Model(ids, layers.LSTM(2)(Words()(ids)))
    """
    assert models(tmp_path, text.replace("RETURNED", returned))[0]["complete"] is known


@pytest.mark.parametrize(("keras", "shown"), [("3.15.1", True), ("3.16.0", False), (None, True)])
def test_masks_are_steps_of_a_model_before_keras_3_16(tmp_path: Path, keras: str | None, shown: bool) -> None:
    text = """
        import keras
        words = keras.Input((7,))
        x = keras.layers.Embedding(9, 4, mask_zero=True)(words)
        model = keras.Model(words, keras.layers.LSTM(3)(x))
        """
    (tmp_path / "train.py").write_text(dedent(text))
    (tmp_path / "requirements.txt").write_text(f"keras=={keras}\n" if keras else "keras\n")
    (model,) = kerlint.summary(tmp_path / "train.py")
    assert [row.class_name for row in model.layers].count("NotEqual") == shown
    assert model.total_params == 36 + 4 * 3 * (4 + 3 + 1)
