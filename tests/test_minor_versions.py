"""Rules about what a minor version of Keras 3 has changed: what they say depends on the version of the program."""

from __future__ import annotations

import textwrap

import pytest

import kerlint

BASE = """
base = keras.applications.MobileNetV2(include_top=False, pooling="avg", input_shape=(160, 160, 3))
inputs = keras.Input((160, 160, 3))
model = keras.Model(inputs, keras.layers.Dense(1, activation="sigmoid")(base(inputs, training=False)))
model.compile("adam", "binary_crossentropy")
model.fit(images, labels)
"""
DROPOUT = """
inputs = keras.Input((4,))
x = keras.layers.Dropout(0.5)(keras.layers.Dense(32, activation="relu")(inputs), training=True)
model = keras.Model(inputs, keras.layers.Dense(1)(x))
model.compile("adam", "mse")
model.fit(a, b)
samples = [model.predict(c) for _ in range(20)]
"""
WEIGHTS = """
model = keras.Sequential([keras.Input((10,)), keras.layers.Dense(3, activation="softmax")])
model.compile("adam", "sparse_categorical_crossentropy")
model.fit(x, y, class_weight=WEIGHTS)
"""
PADDED = """
(x, y), _ = keras.datasets.imdb.load_data(num_words=5000)
x = keras.utils.pad_sequences(x, maxlen=500, padding="post")
layers = [keras.layers.Embedding(5000, 32), FIRST keras.layers.LSTM(32), keras.layers.Dense(1, activation="sigmoid")]
model = keras.Sequential(layers)
model.compile("adam", "binary_crossentropy")
model.fit(x, y)
"""
STACKED = PADDED.replace("FIRST", "keras.layers.LSTM(8, return_sequences=True), keras.layers.Dropout(0.1),")


def found(code: str, text: str, version: str | None) -> kerlint.Finding | None:
    report = kerlint.lint("import keras\n" + textwrap.dedent(text), select=[code], target_keras=version)
    assert len(report.findings) < 2
    return report.findings[0] if report.findings else None


@pytest.mark.parametrize(("text", "flag"), [(BASE, "training=False"), (DROPOUT, "training=True")])
def test_a_flag_that_is_written(text: str, flag: str) -> None:
    for version in ("3.0", "3.15", "3", None):
        finding = found("KF002", text, version)
        assert finding is not None
        assert finding.message.startswith(f"{flag} has no effect on ")
        assert finding.severity.value == "warning"
        unknown = version in ("3", None)
        assert ("before Keras 3.16" in finding.message) is unknown
        assert ("--target-keras 3.16" in finding.help) is unknown
    for version in ("2", "2.15", "3.16", "3.17"):
        assert found("KF002", text, version) is None


@pytest.mark.parametrize(("to", "first"), [("True", "2"), ("False", "0")])
def test_layers_that_are_unfrozen(to: str, first: str) -> None:
    text = f"""
        base = keras.applications.MobileNetV2(include_top=False, pooling="avg")
        base.trainable = not {to}
        model = keras.Sequential([base, keras.layers.Dense(1, activation="sigmoid")])
        model.compile("adam", "binary_crossentropy")
        model.fit(x, y, epochs=5)
        base.trainable = {to}
        model.fit(x, y, epochs=5)
        """
    for minor in ("0", "1", "2", "15", "16"):
        assert (found("KF001", text, f"3.{minor}") is not None) is (int(minor) >= int(first))
    assert found("KF001", text, None) is not None
    assert found("KF001", text, "2") is not None


@pytest.mark.parametrize(
    "weights", ["[1.0, 5.0, 2.0]", '"balanced"', "{1: 1.0, 2: 5.0, 3: 1.0}", '{"cat": 2.0}', "{0.5: 2.0}"]
)
def test_class_weights_that_are_wrong_everywhere(weights: str) -> None:
    for version in ("2", "3.15", "3", None, "3.16"):
        finding = found("KL023", WEIGHTS.replace("WEIGHTS", weights), version)
        assert finding is not None
        assert finding.severity.value == "error"
        assert "3.16" not in finding.message + finding.help


def test_what_comes_of_wrong_keys() -> None:
    def why(weights: str, version: str) -> str:
        finding = found("KL023", WEIGHTS.replace("WEIGHTS", weights), version)
        assert finding is not None
        return finding.why

    assert "never looked up" in why('{"cat": 2.0}', "3.15")
    assert "refuses what is none" in why('{"cat": 2.0}', "3.16")
    assert "cuts each key down" in why("{0.5: 2.0}", "3.16")
    assert "never looked up" in why("{0.5: 2.0}", "3.15")
    assert "without a gap" in why("{1: 1.0, 2: 5.0, 3: 1.0}", "2")
    assert "never looked up" in why("{0: 1.0, 1: 5.0, 2: 1.0, 3: 1.0}", "2")
    assert "never looked up" in why("{1: 1.0, 2: 5.0, 3: 1.0}", "3.16")


def test_class_weights_with_numbers_as_text() -> None:
    text = WEIGHTS.replace("WEIGHTS", '{"0": 1.0, "1": 5.0, "2": 2.0}')
    for version, severity in (("2", "error"), ("3.15", "error"), ("3", "warning"), (None, "warning")):
        finding = found("KL023", text, version)
        assert finding is not None
        assert finding.severity.value == severity
        assert ("before Keras 3.16" in finding.message) is (severity == "warning")
        assert ("--target-keras 3.16" in finding.help) is (severity == "warning")
    assert found("KL023", text, "3.16") is None
    # They are read, and are of no class all the same.
    finding = found("KL023", text.replace('"2": 2.0', '"3": 2.0'), "3.16")
    assert finding is not None
    assert "the key '3', but the classes are 0..2" in finding.message


def test_padding_that_a_second_recurrent_layer_reads() -> None:
    for text, version, remedy, fixed in (
        (PADDED.replace("FIRST", ""), "3.15", 'write mask_zero=True, or padding="pre"', True),
        (PADDED.replace("FIRST", ""), "3.16", 'write mask_zero=True, or padding="pre"', True),
        (STACKED, "2", 'write padding="pre", or mask_zero=True', True),
        (STACKED, "3.15", 'write padding="pre", or mask_zero=True', True),
        (STACKED, None, 'write padding="pre", or mask_zero=True before Keras 3.16', True),
        (STACKED, "3.16", 'write padding="pre"', False),
    ):
        finding = found("KS022", text, version)
        assert finding is not None
        assert finding.help == remedy
        assert (finding.fix is not None) is fixed


NET = """
class Net(keras.Model):
    def __init__(self, units):
        super().__init__()
        self.dense = keras.layers.Dense(units)
    def call(self, x):
        return self.dense(x)
net = Net(3)
net.save("net.keras")
"""


def test_a_model_class_whose_arguments_nobody_writes_down() -> None:
    old, new, unknown = (found("KT025", NET, version) for version in ("3.11", "3.12", None))
    assert old is not None
    assert new is not None
    assert unknown is not None
    assert old.message.startswith("load_model will fail")
    assert old.severity.value == "warning"
    assert new.message == unknown.message == "Net cannot be saved: it has no get_config"
    assert new.label == "raises NotImplementedError"
    assert "before Keras 3.12" in unknown.label


DROPPED = """
model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(8), keras.layers.KIND(1.0), keras.layers.Dense(1)])
model.compile("adam", "mse")
"""


def test_a_rate_of_one() -> None:
    for kind, version, raises in (
        ("Dropout", "3.13", True),
        ("Dropout", "3.14", False),
        ("Dropout", None, False),
        ("GaussianDropout", "3.14", True),
    ):
        finding = found("KS002", DROPPED.replace("KIND", kind), version)
        assert finding is not None
        assert ("raises an error" in finding.message) is raises
        assert ("before Keras 3.14" in finding.label) is (version is None)


WATCHED = """
model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
model.compile("adam", "mse", metrics=["mae"])
model.fit(x, y, validation_data=(a, b), callbacks=[keras.callbacks.CALLBACK(monitor="val_acc")])
"""


@pytest.mark.parametrize(
    ("callback", "version", "effect"),
    [
        ("ReduceLROnPlateau", "3.10", "only warns"),
        ("ReduceLROnPlateau", "3.11", "Keras 3 raises"),
        ("ReduceLROnPlateau", None, "Keras 3.11 raises"),
        ("EarlyStopping", "3.10", "Keras 3 raises"),
    ],
)
def test_a_name_that_is_not_logged(callback: str, version: str | None, effect: str) -> None:
    finding = found("KE001", WATCHED.replace("CALLBACK", callback), version)
    assert finding is not None
    assert effect in finding.why


def test_endings_of_checkpoints() -> None:
    text = 'best = keras.callbacks.ModelCheckpoint("best.h5", save_best_only=True)'
    assert found("KM002", text, "3.7") is not None
    assert found("KM002", text, "3.8") is None
    assert found("KM002", text, None) is None


def test_layers_and_rows_that_raise_only_by_now() -> None:
    text = """
layer = keras.layers.Discretization(num_bins=4)
model = keras.Sequential([keras.Input((1,)), layer, keras.layers.Dense(1)])
model.compile("adam", "mse")
model.fit(x, y)
"""
    for version, effect in (("3.8", "gives 0"), ("3.9", "raises an error"), (None, "raises an error")):
        finding = found("KD007", text, version)
        assert finding is not None
        assert effect in finding.why


@pytest.mark.parametrize(
    ("loss", "version", "raises"),
    [
        ("mse", "2.15", False),
        ("mse", "3.0", True),
        ("binary_crossentropy", "2.15", False),
        ("binary_crossentropy", "3.0", True),
        ("categorical_crossentropy", "2.15", True),
    ],
)
def test_one_number_for_two_outputs(loss: str, version: str, raises: bool) -> None:
    text = f"""
import numpy as np
model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2, activation="sigmoid")])
model.compile("sgd", "{loss}")
model.fit(np.ones((10, 4)), np.random.rand(10))
"""
    finding = found("KL010", text, version)
    assert finding is not None
    assert ("raises an error" in finding.why) is raises


def test_a_threshold_of_zero() -> None:
    text = """
model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
model.compile("adam", keras.losses.BinaryCrossentropy(from_logits=True), metrics=["accuracy"])
"""
    for version, taken in (("2.15", True), ("3.4", False), ("3.5", True), (None, True)):
        finding = found("KL008", text, version)
        assert finding is not None
        assert ("threshold=0.0" in finding.help) is taken
        assert (finding.fix is not None) is taken
