"""What judges make of measurements, and what the probe makes of pipelines, sizes and outputs; without TensorFlow."""

from __future__ import annotations

import json

import pytest

from kerlint.probe.shrinking import PICTURES, leaves_something
from kerlint.probe.verdicts import judge
from tests.test_probe import VALID, findings, job, run

Numbers = dict[str, object]


def verdict(symptom: str, original: Numbers | list[Numbers], repaired: Numbers | list[Numbers]) -> str:
    made = {**json.loads(VALID), "symptom": symptom, "details": {"low": 0, "high": 1}}
    runs = [one if isinstance(one, list) else [one, one] for one in (original, repaired)]
    return judge(made, *runs).verdict


PASSES = {"rows": 200, "draws": True, "same_order": False, "same_numbers": False}
KEPT = {**PASSES, "same_order": True}
SPLIT = {"epochs": 3, "rows": 100, "trained_on": 0}
CALL = {"rows": 8, "batches": 3, "ended": True, "keras": "3"}
ORDER = {"rows": 90, "classes": 3, "purity": 0.45, "overlap": 0.97, "validated": [0, 1, 2]}
LAYER = {"what": "Normalization", "unchanged": False, "mean": 0.0, "spread": 1.0}
ERRORS = {"metric": "MeanAbsoluteError", "good": 0.01, "useless": 0.8, "shifted": 3.0, "chance": None}
SHARE = {"metric": "Accuracy", "good": 1.0, "useless": 0.5, "shifted": 1.0, "chance": None}
ERROR = {"error": {"type": "ValueError", "message": "no table", "memory": False}}
WEIGHTS = {"library": "numpy", "moved": 0.0, "keras": "3"}


@pytest.mark.parametrize(
    ("symptom", "original", "repaired", "wanted"),
    [
        ("frozen", KEPT, PASSES, "confirmed"),
        ("frozen", PASSES, PASSES, "refuted"),
        # What does not change in the repaired variant says nothing.
        ("frozen", KEPT, KEPT | {"same_numbers": True}, "inconclusive"),
        ("frozen", KEPT, KEPT, "refuted"),
        ("leaks", SPLIT | {"trained_on": 40}, SPLIT, "confirmed"),
        ("leaks", SPLIT, SPLIT, "refuted"),
        ("leaks", SPLIT | {"trained_on": 40}, SPLIT | {"trained_on": 1}, "inconclusive"),
        ("endless", CALL | {"ended": False, "batches": 300}, CALL, "confirmed"),
        ("endless", CALL, CALL, "refuted"),
        ("endless", CALL | {"ended": False}, CALL | {"ended": False}, "inconclusive"),
        ("one_class", ORDER | {"purity": 1.0}, ORDER, "confirmed"),
        ("one_class", ORDER | {"purity": 0.6}, ORDER, "inconclusive"),
        ("one_class", ORDER, ORDER, "refuted"),
        ("unseen", ORDER | {"overlap": 0.3}, ORDER, "confirmed"),
        ("unseen", ORDER | {"overlap": 0.7}, ORDER, "inconclusive"),
        ("unseen", ORDER | {"overlap": 0.3}, ORDER | {"overlap": 0.6}, "inconclusive"),
        ("unseen", ORDER, ORDER, "refuted"),
        ("traced", {"elements": 8, "different": 1}, {"elements": 8, "different": 8}, "confirmed"),
        ("traced", {"elements": 8, "different": 8}, {"elements": 8, "different": 8}, "refuted"),
        ("unadapted", LAYER | {"unchanged": True}, LAYER, "confirmed"),
        ("unadapted", ERROR, LAYER, "confirmed"),
        ("unadapted", ERROR, ERROR, "inconclusive"),
        ("unadapted", LAYER, LAYER, "refuted"),
        ("unseeded", WEIGHTS | {"moved": 0.2}, WEIGHTS, "confirmed"),
        ("unseeded", WEIGHTS, WEIGHTS, "refuted"),
        ("metric", SHARE, ERRORS, "confirmed"),
        ("metric", SHARE | {"shifted": None}, SHARE | {"shifted": None}, "refuted"),
        ("metric", ERRORS, ERRORS, "refuted"),
        ("endless", ERROR, CALL, "confirmed"),
        ("endless", ERROR, ERROR, "inconclusive"),
        ("raises", ERROR, {"size": 64}, "confirmed"),
        ("raises", {"size": 64}, {"size": 64}, "refuted"),
        # Keras before 3.14 builds a layer whose window is larger than its image.
        ("raises", {"size": 0}, {"size": 64}, "inconclusive"),
        ("superfluous", {"changed": 0.0}, {"changed": 0.4}, "confirmed"),
        ("superfluous", {"changed": 0.1}, {"changed": 0.4}, "refuted"),
    ],
)
def test_single_operations(symptom: str, original: Numbers, repaired: Numbers, wanted: str) -> None:
    assert verdict(symptom, original, repaired) == wanted


FAR = {"first_loss": 70.0, "gradients": {"1": 90.0}}


@pytest.mark.parametrize(
    ("symptom", "original", "repaired", "wanted"),
    [
        # It ends as well, and takes its time.
        ("slower", run(course=[0.0, 0.1, 0.9]), run(), "confirmed"),
        ("slower", run(course=[0.3, 0.65, 0.9]), run(), "inconclusive"),
        ("slower", run(), run(), "refuted"),
        ("scale", run(**FAR, course=[0.1, 0.4, 0.9]), run(), "confirmed"),
        # A start that is far off, and no harm of it.
        ("scale", run(**FAR), run(), "inconclusive"),
        ("scale", run(**FAR, skill=0.0, moved=500.0), run(skill=0.1), "confirmed"),
        ("scale", run(skill=0.0, moved=500.0), run(skill=0.1), "inconclusive"),
        ("diverges", run(finite=False), run(skill=0.3), "confirmed"),
        ("diverges", run(finite=False), run(finite=False), "inconclusive"),
        ("diverges", run(skill=0.7, moved=90.0, losses=[0.7, 30.0, 2.0]), run(), "confirmed"),
        # Weights that go far are no harm by themselves.
        ("diverges", run(moved=90.0), run(), "inconclusive"),
        # A model may be lucky before any training: what counts is what training brings.
        ("budget", run(skill=0.8, gained=0.01, moved=0.002), run(), "confirmed"),
        ("budget", run(skill=0.7, gained=0.4, moved=0.002), run(), "inconclusive"),
        ("budget", run(skill=0.7, gained=0.01, moved=0.1), run(), "inconclusive"),
        ("budget", run(), run(), "refuted"),
        ("drops", run(passes={"1": 0.02}, noise=1.4), run(passes={"1": 0.4}, noise=0.1), "confirmed"),
        ("drops", run(passes={"1": 0.02}, noise=0.3), run(passes={"1": 0.4}, noise=0.1), "inconclusive"),
        ("drops", run(passes={"1": 0.4}, noise=0.3), run(passes={"1": 0.4}, noise=0.1), "refuted"),
        ("range", run(targets=[-9, 9]), run(targets=[-9, 9], after={"low": -8, "high": 8}), "confirmed"),
        # Far beyond the bound, although nothing is learned yet.
        ("range", run(targets=[-9, 9]), run(targets=[-9, 9], skill=0.0, after={"low": 5, "high": 5}), "confirmed"),
        ("range", run(targets=[-9, 9]), run(targets=[-9, 9]), "inconclusive"),
    ],
)
def test_trainings(symptom: str, original: Numbers, repaired: Numbers, wanted: str) -> None:
    if symptom == "range":
        original = original | {"skill": 0.4}
    assert verdict(symptom, original, repaired) == wanted


def units(size: float, spread: float = 1.0) -> Numbers:
    return {"units_before": {"1": {"count": 8, "distinct": 8, "dead": 0.0, "spread": spread, "largest": size}}}


@pytest.mark.parametrize(
    ("original", "wanted"),
    [
        (run(**units(50.0), first_loss=9.0), "confirmed"),
        (run(**units(50.0), course=[0.0, 0.3, 0.8]), "confirmed"),
        # Large, and nothing of it shows.
        (run(**units(50.0)), "inconclusive"),
        (run(**units(3.0), first_loss=9.0), "inconclusive"),
        (run(**units(2.5)), "refuted"),
        # A tanh at its bounds.
        (run(**units(1.1, 6.0)), "inconclusive"),
    ],
)
def test_large_weights(original: Numbers, wanted: str) -> None:
    assert verdict("large", original, run(**units(1.0))) == wanted


def test_an_experiment_on_a_dataset_holds_its_steps() -> None:
    made = job(
        """
        import keras
        import tensorflow as tf
        data = tf.data.Dataset.from_tensor_slices((load_x(), load_y()))
        data = data.map(lambda x, y: (tf.image.random_flip_left_right(x), y)).shuffle(500).batch(32).cache()
        model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(1)])
        model.compile("adam", "mse")
        model.fit(data.prefetch(2), epochs=4)
        """,
        "KD002",
    )
    steps = made["details"]["steps"]
    assert [step["name"] for step in steps] == ["map", "shuffle", "batch", "cache", "prefetch"]  # type: ignore[union-attr, index, call-overload]
    assert steps[0]["random"] is True  # type: ignore[index, call-overload]
    assert steps[1] == {"name": "shuffle", "count": 500, "again": True}  # type: ignore[index, call-overload]
    assert made["details"]["other"][0]["name"] == "cache"  # type: ignore[index, call-overload]
    assert made["kind"] == "passes"


def test_an_experiment_on_ordered_rows_knows_classes_and_rows() -> None:
    made = job(
        """
        import keras
        from sklearn.datasets import load_iris
        x, y = load_iris(return_X_y=True)
        model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, activation="softmax")])
        model.compile("adam", "sparse_categorical_crossentropy")
        model.fit(x, y, epochs=50, validation_split=0.2)
        """,
        "KD008",
    )
    assert made["details"] == {"classes": 3, "rows": 150, "batch": 32, "dataset": False, "share": 0.2}


OUTPUTS = """
import keras
import numpy as np
left, right = keras.Input((4,)), keras.Input((7,))
a = keras.layers.Dense(8, activation="relu")(left)
b = keras.layers.Dense(8, activation="relu")(right)
first = keras.layers.Dense(1)(a)
second = keras.layers.Dense(1, activation="softmax")(b)
model = keras.Model([left, right], [first, second])
model.compile("adam", ["mse", "binary_crossentropy"])
model.fit([np.zeros((50, 4)), np.random.rand(50, 7)], [load(), np.ones((50, 1))])
"""


def test_only_the_layers_and_inputs_of_an_output_are_built() -> None:
    made = job(OUTPUTS, "KL001")["original"]
    assert [(step["type"], step["config"].get("units")) for step in made["steps"]] == [
        ("Input", None),
        ("Dense", 8),
        ("Dense", 1),
    ]
    assert [data["shape"] for data in made["x"]] == [[7]]
    assert made["x"][0]["high"] == 1.0
    assert made["loss"]["type"] == "binary_crossentropy"


def test_sizes_stay_where_an_error_is_about_them() -> None:
    text = """
        import keras
        import numpy as np
        model = keras.Sequential([keras.Input((9000,)), keras.layers.Dense(4)])
        model.compile("adam", "mse")
        model.fit(np.random.rand(30, 9000, 2), np.random.rand(30, 4))
        """
    made = job(text, "KS001")
    assert made["original"]["x"][0]["shape"] == [9000, 2]
    assert not any("smaller" in said for said in made["assumptions"])


def test_a_picture_is_made_only_as_small_as_the_windows_allow() -> None:
    head = "import keras\nmodel = keras.Sequential([keras.Input((224, 224, 3)),"
    layers = "keras.layers.Conv2D(64, 5, activation='relu'), keras.layers.MaxPooling2D(4),"
    tail = "keras.layers.Flatten(), keras.layers.Dense(1, activation='softmax')])\nmodel.compile('adam', 'mse')\n"
    shapes = [job(head + layers * count + tail, "KL001")["original"]["x"][0]["shape"] for count in (1, 2, 3)]
    assert shapes == [[32, 32, 3], [48, 48, 3], [192, 192, 3]]
    made = job(head + layers * 3 + tail, "KL001")["original"]
    # 192 - 4 = 188, / 4 = 47, - 4 = 43, / 4 = 10, - 4 = 6, / 4 = 1; and 128 ends at 0.
    assert [leaves_something(made, size) for size in PICTURES] == [False] * 5 + [True] * 2


def test_a_heavy_model_is_trained_for_a_shorter_time() -> None:
    light = job("import keras\nmodel = keras.Sequential([keras.Input((8,)), keras.layers.Dense(1, 'softmax')])\n"
                "model.compile('adam', 'mse')\n", "KL001")["original"]["run"]  # fmt: skip
    convolutions = "keras.layers.Conv2D(64, 3, padding='same', activation='relu')," * 8
    heavy = job(f"import keras\nmodel = keras.Sequential([keras.Input((64, 64, 3)), {convolutions}"
                "keras.layers.Flatten(), keras.layers.Dense(1, 'softmax')])\nmodel.compile('adam', 'mse')\n",
                "KL001")["original"]["run"]  # fmt: skip
    assert heavy["steps"] < light["steps"]
    assert heavy["batch"] < light["batch"]


def test_targets_of_another_fault_do_not_stand_in_the_way() -> None:
    text = """
        import keras
        import numpy as np
        y = keras.utils.to_categorical(np.random.randint(0, 4, 100), 4)
        model = keras.Sequential([keras.Input((9, 2)), keras.layers.Dense(8), keras.layers.Dense(8)])
        model.add(keras.layers.Dense(4, activation="softmax"))
        model.compile("adam", "categorical_crossentropy")
        model.fit(np.random.rand(100, 9, 2), y)
        """
    assert job(text, "KA001")["original"]["y"]["shape"] == [9, 4]
    assert job(text, "KL010")["original"]["y"]["shape"] == [4]


def test_steps_that_are_taken_for_classes_are_one_finding() -> None:
    text = """
        import keras
        import numpy as np
        y = keras.utils.to_categorical(np.random.randint(0, 9, 100), 9)
        model = keras.Sequential([keras.Input((9, 2)), keras.layers.Dense(8, activation="relu")])
        model.add(keras.layers.Dense(1, activation="sigmoid"))
        model.compile("adam", "categorical_crossentropy")
        model.fit(np.random.rand(100, 9, 2), y)
        """
    assert [(one.code, one.experiment) for one in findings(text, "KL010", "KL001")] == [("KL010", None)]


def test_targets_with_places_shrink_with_the_input() -> None:
    text = """
        import keras
        model = keras.Sequential([
            keras.Input((900, 8)),
            keras.layers.Conv1D(16, 5),
            keras.layers.LSTM(8, return_sequences=True),
            keras.layers.Dense(3),
            keras.layers.Dense(3),
        ])
        model.compile("adam", "mse")
        """
    made = job(text, "KA001")["original"]
    assert made["x"][0]["shape"] == [24, 8]
    assert made["y"]["shape"] == [20, 3]
