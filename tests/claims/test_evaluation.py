"""What the rules on evaluation and callbacks (KE) say about Keras, on the one that is installed."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.claims.running import VERSION, example, keras, moved, normal, np, silence, tf, told, weights

X = normal(20, 8)
Y = (X[:, :1] > 0).astype("float32")


@pytest.fixture(scope="module")
def model() -> object:
    """One model for all callbacks: what is trained does not matter here."""
    made = keras.Sequential([keras.Input((8,)), keras.layers.Dense(1, activation="sigmoid")])
    made.compile("adam", "binary_crossentropy", metrics=["accuracy"], run_eagerly=True)
    return made


def fit(model: object, *callbacks: object, epochs: int = 2, **options: object) -> object:
    return model.fit(X, Y, epochs=epochs, verbose=0, callbacks=list(callbacks), **options)


class Weights(keras.callbacks.Callback):
    """Keeps the weights of each epoch, and makes up a `val_loss`: best in the second epoch."""

    SHOWN = (3.0, 1.0, 2.0, 2.0, 2.0, 2.0, 2.0, 2.0)

    def __init__(self) -> None:
        super().__init__()
        self.epochs: list[object] = []

    def on_epoch_end(self, epoch: int, logs: dict[str, float]) -> None:
        self.epochs.append(weights(self.model))
        logs["val_loss"] = logs["val_accuracy"] = self.SHOWN[epoch]


def test_ke001_val_loss_without_validation() -> None:
    with told() as lines:
        found = example("KE001", epochs=4, x=X, y=Y)
    assert len(found.model.history.epoch) == 4
    assert sum("val_loss" in line and "not available" in line for line in lines) == 4
    assert found.stop.stopped_epoch == 0


@pytest.mark.parametrize("callback", ["EarlyStopping", "ReduceLROnPlateau"])
def test_ke001_a_name_that_is_not_logged(model: object, callback: str) -> None:
    epochs = Weights()
    if callback != "EarlyStopping" and VERSION < (3, 11):
        fit(model, epochs, getattr(keras.callbacks, callback)(monitor="val_acc"))
        assert len(epochs.epochs) > 1
        return
    with pytest.raises(ValueError, match=r"(?i)direction|mode|monitor"):
        fit(model, epochs, getattr(keras.callbacks, callback)(monitor="val_acc"))
    assert len(epochs.epochs) == 1


def test_ke001_names_that_are_looked_up(model: object, tmp_path: Path) -> None:
    with pytest.raises(KeyError):
        fit(model, keras.callbacks.ModelCheckpoint(str(tmp_path / "{val_acc}.keras")))
    with pytest.raises(KeyError):
        fit(model).history["acc"]


def test_ke001_what_a_callback_reads_after_an_epoch(model: object) -> None:
    seen: list[tuple[int, list[str]]] = []

    class Reads(keras.callbacks.Callback):  # type: ignore[misc]
        def on_epoch_end(self, epoch: int, logs: dict[str, float]) -> None:
            seen.append((epoch, sorted(logs)))
            assert logs.get("acc") > 0.9

    with pytest.raises(TypeError, match="NoneType"):
        fit(model, Reads(), epochs=3)
    assert seen == [(0, ["accuracy", "loss"])]


def test_ke001_the_worst_for_the_best(model: object) -> None:
    epochs = Weights()
    stop = keras.callbacks.EarlyStopping("val_accuracy", mode="min", patience=1, restore_best_weights=True)
    with silence():
        fit(model, epochs, stop, epochs=5)
    # The second epoch has the lowest number.
    assert moved(epochs.epochs[1], weights(model)) == 0


@pytest.mark.parametrize("restore", [False, True])
def test_ke002_which_weights_are_left(model: object, restore: bool) -> None:
    epochs = Weights()
    options = {"restore_best_weights": True} if restore else {}
    with silence():
        fit(model, epochs, keras.callbacks.EarlyStopping("val_loss", patience=3, **options), epochs=8)
    assert len(epochs.epochs) == 5
    assert moved(epochs.epochs[1 if restore else -1], weights(model)) == 0
    assert moved(epochs.epochs[1], epochs.epochs[-1]) > 0


def test_ke004_training_goes_on_from_where_it_was(model: object) -> None:
    fit(model)
    before = weights(model)
    model.compile("adam", "binary_crossentropy", metrics=["accuracy"], run_eagerly=True)
    assert moved(before, weights(model)) == 0
    start = keras.callbacks.LambdaCallback(on_train_begin=lambda logs: seen.extend(weights(model)))
    seen: list[object] = []
    fit(model, start)
    assert moved(before, seen) == 0


def test_ke005_one_output_has_one_place() -> None:
    with silence():
        found = example("KE005", x_test=normal(20, 10))
        scores = np.array(found.model(normal(20, 10)))
    assert set(found.classes) == set(np.argmax(scores, axis=1)) == set(scores.astype(int).ravel()) == {0}
    assert len(np.unique(scores)) == 20


def test_ke006_each_pass_has_its_own_order(tmp_path: Path) -> None:
    for index in range(24):
        folder = tmp_path / f"class{index % 2}"
        folder.mkdir(exist_ok=True)
        tf.io.write_file(str(folder / f"{index}.png"), tf.io.encode_png(tf.zeros((2, 2, 3), "uint8")))
    for shuffle in (True, False):
        options = {} if shuffle else {"shuffle": False}
        data = keras.utils.image_dataset_from_directory(tmp_path, image_size=(2, 2), **options)
        passes = [np.concatenate([labels for _, labels in data]).tolist() for _ in range(3)]
        assert any(other != passes[0] for other in passes[1:]) is shuffle
        generator = keras.src.legacy.preprocessing.image.ImageDataGenerator().flow_from_directory(tmp_path, **options)
        assert generator.shuffle is shuffle
        assert list(generator.classes) == [0] * 12 + [1] * 12


def test_ke021_the_reduction_comes_too_late(model: object) -> None:
    assert keras.callbacks.EarlyStopping().patience == 0
    assert keras.callbacks.ReduceLROnPlateau().patience == 10
    rate = float(np.array(model.optimizer.learning_rate))
    for patience, reduced in ((2, False), (1, True)):
        stop = keras.callbacks.EarlyStopping("val_loss", patience=2)
        plateau = keras.callbacks.ReduceLROnPlateau("val_loss", factor=0.5, patience=patience)
        epochs = Weights()
        fit(model, epochs, stop, plateau, epochs=8)
        assert len(epochs.epochs) == 4
        # What is reduced as the training ends has no step left to act on.
        shown = model.history.history["learning_rate"]
        assert any(value < 0.9 * rate for value in shown) is reduced


def test_ke022_the_file_and_the_model(model: object, tmp_path: Path) -> None:
    epochs, path = Weights(), tmp_path / "best.keras"
    with silence():
        fit(model, epochs, keras.callbacks.ModelCheckpoint(path, save_best_only=True), epochs=4)
    assert moved(epochs.epochs[-1], weights(model)) == 0
    assert moved(epochs.epochs[1], weights(keras.models.load_model(path))) == 0


def test_ke026_only_an_empty_part_is_an_error() -> None:
    with silence():
        found = example("KE026")
        found.model.fit(found.x, found.y, validation_split=0.01, verbose=0)
    with pytest.raises(ValueError, match=r"(?i)not sufficient to split"):
        found.model.fit(found.x[:1], found.y[:1], validation_split=0.25, verbose=0)


def test_ke035_logits_are_not_between_0_and_1() -> None:
    assert float(keras.ops.sigmoid(0.5)) == pytest.approx(0.622, abs=1e-3)
    x = normal(256, 10)
    with silence():
        model = example("KE035", x=x, y=(x[:, :1] > 0).astype("float32"), x_test=x).model
        model.fit(x, x[:, :1] > 0, epochs=60, verbose=0)
        answers = model.predict(x, verbose=0)
    assert answers.min() < 0
    assert answers.max() > 1


def test_ke036_the_last_part_alone_is_learned() -> None:
    parts = [{"x": normal(32, 8) + shift, "y": np.full((32, 1), shift)} for shift in (0.0, 5.0)]
    original = np.load
    np.load = lambda path: (keras.utils.set_random_seed(1), parts[path])[1]
    try:
        with silence():
            names = {"x_test": normal(8, 8), "y_test": np.zeros((8, 1))}
            kept = [weights(example("KE036", paths=paths, **names).model) for paths in ([0, 1], [1])]
    finally:
        np.load = original
    assert moved(kept[0], kept[1]) == 0


def test_ke037_weights_stay_with_the_model_that_loaded_them(tmp_path: Path) -> None:
    path = str(tmp_path / "prices.weights.h5")
    with silence():
        found = example(
            "KE037",
            edit=('restore("prices', "source = build()\nsource.save_weights(path)\nrestore(path) #"),
            path=path,
            rows=normal(4, 8),
        )
        assert moved(weights(found.restore(path)), weights(found.source)) == 0
        assert moved(weights(found.model), weights(found.source)) > 0
