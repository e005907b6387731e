"""What the rules on migration, saving, seeds, scaling and own losses say of Keras 3, tried on the installed one."""

from __future__ import annotations

import random
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from kerlint.library._legacy_table import LEGACY_KEYWORDS
from kerlint.library.defaults import MODE_RANGES, application
from kerlint.library.legacy import is_tolerated
from kerlint.library.names import canonical
from kerlint.library.signatures import NO_DEFAULT, legacy_keywords, signature

tf = pytest.importorskip("tensorflow")
keras = pytest.importorskip("keras")
pytestmark = pytest.mark.skipif(keras.__version__ < "3", reason="these are claims about Keras 3")

X, Y = np.ones((4, 4), "float32"), np.ones((4, 1), "float32")


def small(*inner: object, loss: object = "mse", units: int = 1, activation: str | None = None) -> object:
    """A compiled model of four inputs."""
    model = keras.Sequential([keras.Input((4,)), *inner, keras.layers.Dense(units, activation=activation)])
    model.compile("sgd", loss)
    return model


# -- KM001 ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("keyword", ["lr", "schedule_decay"])
def test_old_names_of_optimizers_raise(keyword: str) -> None:
    with pytest.raises(ValueError, match="not recognized"):
        keras.optimizers.Nadam(**{keyword: 0.1})


def test_decay_is_ignored_with_a_warning() -> None:
    with pytest.warns(UserWarning, match="decay"):
        keras.optimizers.Adam(decay=0.1)


def test_setting_lr_changes_nothing_and_says_nothing() -> None:
    optimizer = keras.optimizers.Adam(0.001)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        optimizer.lr = 0.5
    assert float(optimizer.learning_rate) == pytest.approx(0.001)


@pytest.mark.parametrize("name", ["lr", "decay", "minimize", "get_gradients", "get_updates"])
def test_attributes_of_optimizers_are_gone(name: str) -> None:
    assert not hasattr(keras.optimizers.Adam(), name)


# -- KM002 ---------------------------------------------------------------------------------------------------------

ENDINGS = ["", ".h5", ".hdf5", ".keras", ".weights.h5", ".tf", ".ckpt"]


@pytest.mark.parametrize("ending", ENDINGS)
def test_endings(ending: str, tmp_path: Path) -> None:
    model, path = small(), str(tmp_path / f"a{ending}")
    checkpoint = keras.callbacks.ModelCheckpoint
    assert takes(lambda: model.save(path)) is path.endswith((".keras", ".h5", ".hdf5"))
    assert takes(lambda: model.save_weights(path)) is path.endswith(".weights.h5")
    assert takes(lambda: checkpoint(path)) is path.endswith((".keras", ".h5"))
    assert takes(lambda: checkpoint(path, save_weights_only=True)) is path.endswith(".weights.h5")


@pytest.mark.parametrize("ending", ["", ".tf", ".ckpt"])
def test_endings_that_are_not_read(ending: str, tmp_path: Path) -> None:
    path = str(tmp_path / f"none{ending}")
    with pytest.raises(ValueError, match="not supported"):
        keras.models.load_model(path)
    with pytest.raises(ValueError, match="not supported"):
        small().load_weights(path)


def takes(call: Callable[[], object]) -> bool:
    """Whether a call raises no ValueError."""
    try:
        call()
    except ValueError:
        return False
    return True


# -- KM003, KM021 --------------------------------------------------------------------------------------------------

ARGUMENTS = {"units": 3, "filters": 3, "kernel_size": 3, "rate": 0.5, "stddev": 0.5, "input_dim": 4, "output_dim": 4}
CALLABLES = sorted(
    name
    for name in LEGACY_KEYWORDS
    if name.startswith(("keras.layers.", "keras.callbacks.", "keras.optimizers.")) and name.count(".") == 2
)


@pytest.mark.parametrize("name", [name for name in CALLABLES if not name.endswith("*")])
def test_old_keywords_raise_unless_they_are_tolerated(name: str, tmp_path: Path) -> None:
    known = signature(name)
    kind = getattr(getattr(keras, name.split(".")[1]), name.split(".")[2], None)
    if known is None or known.legacy or kind is None:
        pytest.skip("not in Keras 3")
    needed = {p.name for p in known.parameters if p.default is NO_DEFAULT} - {"kwargs"}
    if not needed <= set(ARGUMENTS):
        pytest.skip("takes more than plain values")
    for old, renamed in legacy_keywords(name).items():
        if name.startswith("keras.optimizers.") and old == "decay":
            continue
        given = {key: ARGUMENTS[key] for key in needed if key != renamed.new}
        value = {"batch_input_shape": (1, 4), "input_shape": (4,)}.get(old, ARGUMENTS.get(renamed.new, 1))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                kind(**given, **{old: value})
                raised = False
            except (TypeError, ValueError):
                raised = True
        assert raised is not is_tolerated(name, old), old


@pytest.mark.parametrize("name", ["fit_generator", "predict_generator", "predict_classes", "predict_proba"])
def test_methods_of_models_are_gone(name: str) -> None:
    assert not hasattr(small(), name)


@pytest.mark.parametrize("keyword", ["nb_epoch", "workers", "use_multiprocessing", "max_queue_size"])
def test_old_keywords_of_fit_raise(keyword: str) -> None:
    with pytest.raises(TypeError, match=keyword):
        small().fit(X, Y, verbose=0, **{keyword: 1})


def test_three_numbers_are_kernel_and_strides() -> None:
    assert keras.layers.Conv2D(3, 3, 3)(keras.Input((8, 8, 3))).shape == (None, 2, 2, 3)


def test_add_weight_takes_the_shape_first() -> None:
    with pytest.raises((TypeError, ValueError)):
        keras.layers.Layer().add_weight("scale", shape=(1,))


@pytest.mark.parametrize(
    "make",
    [
        lambda: keras.layers.Dense(1, input_shape=(4,)),
        lambda: keras.layers.Dense(1, input_dim=4),
        lambda: keras.layers.Embedding(4, 4, input_length=4),
        lambda: keras.layers.LeakyReLU(alpha=0.1),
    ],
)
def test_advised_against(make: Callable[[], object]) -> None:
    with pytest.warns(UserWarning, match="[Aa]rgument|`input_shape`"):
        make()


# -- KM020, KM022 --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["nn.relu", "concat", "expand_dims", "reduce_mean", "reshape", "shape", "cast", "image.resize", "square"]
)
def test_functions_of_tensorflow_take_no_placeholder(name: str) -> None:
    function = tf
    for part in name.split("."):
        function = getattr(function, part)
    more = {"concat": (1,), "expand_dims": (1,), "reshape": ((-1, 2),), "cast": ("int32",), "image.resize": ((2, 2),)}
    tensor = keras.Input((4, 4, 3))
    with pytest.raises(ValueError, match="KerasTensor"):
        function([tensor, tensor] if name == "concat" else tensor, *more.get(name, ()))


def test_the_private_keras_of_tensorflow_is_another() -> None:
    private = pytest.importorskip("tensorflow.python.keras.layers")
    with pytest.raises(ValueError, match="Only instances"):
        keras.Sequential([private.Dense(1)])


# -- KR001 ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("seed", "reaches"),
    [
        (tf.random.set_seed, False),
        (np.random.seed, False),
        (random.seed, True),
        (keras.utils.set_random_seed, True),
    ],
)
def test_what_seeds_the_weights(seed: Callable[[int], None], reaches: bool) -> None:
    weights = []
    for _ in range(2):
        seed(1)
        layer = keras.layers.Dense(8)
        layer.build((None, 8))
        weights.append(np.array(layer.kernel))
    assert np.array_equal(*weights) is reaches


# -- KL021 ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "flat",
    [
        lambda p: tf.cast(tf.argmax(p, -1), "float32"),
        tf.round,
        tf.floor,
        lambda p: tf.cast(p > 0.5, "float32"),
        lambda p: tf.cast(tf.cast(p, "int32"), "float32"),
        lambda p: tf.where(p > 0.5, 1.0, 0.0),
        tf.stop_gradient,
    ],
)
def test_losses_without_a_gradient_raise(flat: Callable[[object], object]) -> None:
    model = small(loss=lambda y, p: tf.reduce_mean(flat(p)))
    with pytest.raises(ValueError, match="No gradients"):
        model.fit(X, Y, verbose=0)


# -- KT025 ---------------------------------------------------------------------------------------------------------


class Plain(keras.layers.Layer):
    def call(self, x: object) -> object:
        return x


class Closed(keras.layers.Layer):
    def __init__(self, factor: int) -> None:
        super().__init__()
        self.factor = factor

    def call(self, x: object) -> object:
        return self.factor * x


class Open(keras.layers.Layer):
    def __init__(self, factor: object, **kwargs: object) -> None:
        super().__init__(**kwargs)
        self.factor = factor

    def call(self, x: object) -> object:
        return x


class Net(keras.Model):
    def __init__(self, units: int) -> None:
        super().__init__()
        self.dense = keras.layers.Dense(units)

    def call(self, x: object) -> object:
        return self.dense(x)


def own_loss(y: object, p: object) -> object:
    return keras.ops.mean(keras.ops.square(y - p))


def test_what_is_saved_can_be_loaded_or_not(tmp_path: Path) -> None:
    def fate(model: object, **options: object) -> str:
        path = str(tmp_path / "model.keras")
        try:
            model.save(path)
        except NotImplementedError:
            return "not saved"
        try:
            keras.models.load_model(path, **options)
        except (TypeError, ValueError):
            return "not loaded"
        return "loaded"

    told = {"custom_objects": {"Plain": Plain, "Closed": Closed, "Open": Open, "own_loss": own_loss}}
    assert fate(small(Plain())) == "not loaded"
    assert fate(small(Plain()), **told) == "loaded"
    assert fate(small(Closed(2)), **told) == "not loaded"
    assert fate(small(Open(2)), **told) == "loaded"
    assert fate(small(Open(keras.layers.Dense(2))), **told) == "not saved"
    assert fate(small(Open(np.ones(4))), **told) == "not saved"
    assert fate(small(keras.layers.Lambda(lambda x: 2 * x))) == "not loaded"
    assert fate(small(keras.layers.Lambda(lambda x: 2 * x)), safe_mode=False) == "loaded"
    assert fate(small(loss=own_loss)) == "not loaded"
    assert fate(small(loss=own_loss), compile=False) == "loaded"
    net = Net(3)
    net.compile("sgd", "mse")
    net(X)
    assert fate(net) == "not saved"


# -- KN003, KN023, KP023 -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["ResNet50", "MobileNetV2", "DenseNet121", "EfficientNetB0"])
def test_ranges_of_preprocess_input(name: str) -> None:
    known = application(canonical(f"keras.applications.{name}"))
    assert known is not None
    function = getattr(keras.applications, known.module).preprocess_input
    ends = np.stack([np.zeros((2, 2, 3)), np.full((2, 2, 3), 255.0)]).astype("float32")
    found = np.array(function(ends))
    assert (found.min(), found.max()) == pytest.approx(MODE_RANGES[known.mode], abs=0.01)


def test_fractions_of_labels_are_class_zero() -> None:
    predicted = np.array([[0.7, 0.2, 0.1]], "float32")
    loss = keras.losses.sparse_categorical_crossentropy
    assert float(loss(np.array([2 / 255]), predicted)[0]) == float(loss(np.array([0]), predicted)[0])


def test_probabilities_in_half_precision_lose_the_gradient() -> None:
    layer = keras.layers.Dense(1, activation="sigmoid", dtype="mixed_float16")
    model = keras.Sequential([keras.Input((1,)), layer])
    model.compile("sgd", "binary_crossentropy")
    layer.set_weights([np.ones((1, 1)), np.zeros(1)])
    losses = [model.evaluate(np.full((1, 1), x), np.zeros((1, 1)), verbose=0) for x in (5.0, 9.0, 30.0)]
    assert losses == pytest.approx([4.99, 15.94, 15.94], abs=0.01)
