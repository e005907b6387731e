"""What the rules on moving from Keras 2 (KM) say about Keras, on the one that is installed."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path

import pytest

from kerlint.library._legacy_table import LEGACY_KEYWORDS
from kerlint.library.legacy import is_tolerated
from kerlint.library.signatures import NO_DEFAULT, legacy_keywords, signature
from tests.claims.running import VERSION, example, keras, normal, np, silence, tf, told

X = normal(8, 4)
Y = X[:, :1]


def test_km001_an_attribute_that_nobody_reads() -> None:
    with silence():
        optimizer = example("KM001", x=X, y=Y).optimizer
    assert float(np.array(optimizer.learning_rate)) == pytest.approx(0.001)


def test_km001_old_arguments() -> None:
    with pytest.raises(ValueError, match="lr"):
        keras.optimizers.Adam(lr=0.1)
    with pytest.raises(ValueError, match="schedule_decay"):
        keras.optimizers.Nadam(schedule_decay=0.1)
    with pytest.warns(UserWarning, match="decay"):
        optimizer = keras.optimizers.Adam(decay=0.1)
    assert float(np.array(optimizer.learning_rate)) == pytest.approx(0.001)
    for name in ("lr", "decay", "minimize", "get_gradients", "get_updates"):
        with pytest.raises(AttributeError):
            getattr(optimizer, name)


@pytest.fixture(scope="module")
def model() -> object:
    made = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
    made.compile("adam", "mse")
    return made


@pytest.mark.parametrize("ending", ["", "/", ".tf", ".ckpt", ".pb", ".keras", ".h5", ".hdf5", ".weights.h5"])
def test_km002_endings(model: object, tmp_path: Path, ending: str) -> None:
    path = str(tmp_path / "model") + ending
    calls = [
        (lambda: model.save(path), {".keras", ".h5", ".hdf5", ".weights.h5"}),
        (lambda: model.save_weights(path), {".weights.h5"}),
        (
            lambda: keras.callbacks.ModelCheckpoint(path),
            {".keras"} | ({".h5", ".weights.h5"} if VERSION >= (3, 8) else set()),
        ),
        (lambda: keras.callbacks.ModelCheckpoint(path, save_weights_only=True), {".weights.h5"}),
    ]
    for call, taken in calls:
        if ending in taken:
            call()
        else:
            with pytest.raises(ValueError, match=r"(?i)\.keras|\.weights\.h5"):
                call()


def test_km002_it_raises_after_the_training() -> None:
    counted = keras.callbacks.Callback()
    with pytest.raises(ValueError, match="extension"):
        example("KM002", edit=("epochs=1)", "callbacks=[counted])"), x=X, y=Y, counted=counted)
    assert counted.model.history.epoch == [0]


def test_km002_weights_are_no_model(model: object, tmp_path: Path) -> None:
    model.save_weights(tmp_path / "model.weights.h5")
    with pytest.raises(ValueError, match="No model config found"):
        keras.models.load_model(tmp_path / "model.weights.h5")


def test_km002_loading_and_formats(model: object, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(ValueError, match="File format not supported"):
        keras.models.load_model(tmp_path / "folder")
    with pytest.raises(TypeError, match="save_format"):
        model.save_weights(tmp_path / "model.weights.h5", save_format="h5")


def test_km003_old_names() -> None:
    with pytest.raises(TypeError, match="nb_epoch"):
        example("KM003", x=X, y=np.zeros(8))
    edit = ("model.fit(x, y, nb_epoch=10)", "")
    with pytest.raises(AttributeError, match="predict_classes"):
        example("KM003", edit=edit, x_test=X)
    for keyword in ("workers", "use_multiprocessing", "max_queue_size"):
        with pytest.raises(TypeError, match=keyword):
            keras.Sequential([keras.layers.Dense(1)]).fit(X, Y, **{keyword: 1})
    for owner, name in (
        (keras.utils, "np_utils"),
        (keras.preprocessing.image, "ImageDataGenerator"),
        (keras.Model, "fit_generator"),
        (keras.Model, "predict_generator"),
        (keras.Model, "predict_classes"),
        (keras.Model, "predict_proba"),
    ):
        assert not hasattr(owner, name)
    with pytest.raises((TypeError, ValueError)):
        keras.layers.Layer().add_weight("scale", shape=(1,))


@pytest.mark.parametrize("old", [True, False])
def test_km003_metrics_as_the_third_argument_of_compile(old: bool) -> None:
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
    if old:
        model.compile("sgd", "mse", ["mae"])
        with pytest.raises((ValueError, TypeError), match=r"dtype|loss_weights"):
            model.fit(X, Y, verbose=0)
    else:
        model.compile("sgd", "mse", metrics=["mae"])
        assert "mae" in model.fit(X, Y, verbose=0).history


#: Values for arguments without a default.
ARGUMENTS = {"units": 3, "filters": 3, "kernel_size": 3, "rate": 0.5, "stddev": 0.5, "input_dim": 4, "output_dim": 4}
CALLABLES = sorted(
    name
    for name in LEGACY_KEYWORDS
    if name.startswith(("keras.layers.", "keras.callbacks.", "keras.optimizers."))
    and name.count(".") == 2
    and not name.endswith("*")
)


@pytest.mark.parametrize("name", CALLABLES)
def test_km003_old_keywords_raise_unless_they_are_tolerated(name: str) -> None:
    known = signature(name)
    kind = getattr(getattr(keras, name.split(".")[1]), name.split(".")[2], None)
    if known is None or known.legacy or kind is None:
        pytest.skip("not in Keras 3")
    needed = {p.name for p in known.parameters if p.default is NO_DEFAULT} - {"kwargs"}
    if not needed <= set(ARGUMENTS):
        pytest.skip("takes more than plain values")
    for old, renamed in legacy_keywords(name).items():
        if name.startswith("keras.optimizers.") and old == "decay":
            # It gives a warning (KM001).
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
        # Keras 3.0 and 3.1 do not take the length of the rows.
        newer = (name, old) == ("keras.layers.Embedding", "input_length") and VERSION < (3, 2)
        assert raised is not (is_tolerated(name, old) and not newer), old


def test_km003_a_kernel_becomes_strides() -> None:
    with silence():
        assert keras.layers.Conv2D(3, 3, 3)(np.zeros((1, 8, 8, 1), "float32")).shape == (1, 2, 2, 3)


def test_km020_functions_of_tensorflow() -> None:
    with pytest.raises(ValueError, match="A KerasTensor cannot be used as input to a TensorFlow function"):
        example("KM020")
    inputs = keras.Input((4,))
    for function in (tf.reduce_mean, tf.cast, tf.reshape, tf.square, tf.nn.relu, tf.shape, tf.expand_dims):
        more = {tf.cast: ["int32"], tf.reshape: [(2, 2)], tf.expand_dims: [1]}.get(function, [])
        with pytest.raises(ValueError, match="KerasTensor"):
            function(inputs, *more)
    with pytest.raises(ValueError, match="KerasTensor"):
        tf.concat([inputs, inputs], 1)
    with pytest.raises(ValueError, match="KerasTensor"):
        tf.image.resize(keras.Input((4, 4, 3)), (2, 2))
    assert keras.ops.expand_dims(inputs, -1).shape == (None, 4, 1)
    assert tf.is_tensor(inputs) is False
    assert tf.nest.flatten(inputs) == [inputs]


def test_km021_arguments_that_are_advised_against() -> None:
    with pytest.warns(UserWarning, match="input_shape"):
        assert example("KM021").model.built
    with pytest.warns(UserWarning, match="input_shape"):
        keras.layers.Dense(1, input_dim=4)
    with pytest.warns(UserWarning, match="alpha"):
        keras.layers.LeakyReLU(alpha=0.1)
    if VERSION < (3, 2):
        with pytest.raises(ValueError, match="input_length"):
            keras.layers.Embedding(10, 4, input_length=5)
        return
    with pytest.warns(UserWarning, match="input_length"):
        model = keras.Sequential([keras.layers.Embedding(10, 4, input_length=5), keras.layers.Dense(1)])
    assert not model.built
    assert model.weights == []


def test_km021_an_input_in_its_place_makes_the_same_model() -> None:
    def make(begin: Callable[[], list[object]]) -> keras.Sequential:
        keras.utils.clear_session()
        keras.utils.set_random_seed(1)
        return keras.Sequential([*begin(), keras.layers.Dense(1)])

    with pytest.warns(UserWarning, match="input_shape"):
        old = make(lambda: [keras.layers.Dense(4, input_shape=(8,))])
    new = make(lambda: [keras.Input((8,)), keras.layers.Dense(4)])
    assert [layer.name for layer in old.layers] == [layer.name for layer in new.layers]
    assert old.input_shape == new.input_shape == (None, 8)
    for before, after in zip(old.get_weights(), new.get_weights(), strict=True):
        assert np.array_equal(before, after)


def test_km022_layers_of_another_keras() -> None:
    with pytest.raises(ValueError, match=r"Only instances of `keras\.Layer` can be added"):
        example("KM022")


def test_km022_a_layer_that_is_called_like_a_function() -> None:
    old = pytest.importorskip("tensorflow.python.keras.layers")

    class Net(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.inner = old.Dense(1)

        def call(self, inputs: object) -> object:
            return self.inner(inputs)

    with told():
        net = Net()
        net(tf.constant(X))
    assert len(net.inner.weights) == 2
    assert net.trainable_variables == []
