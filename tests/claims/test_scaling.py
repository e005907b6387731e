"""What the rules on scaling (KN) say about Keras and its neighbours, on those that are installed."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.claims.running import example, keras, normal, np, silence, tf

RANDOM = np.random.default_rng(0)
IMAGES = RANDOM.integers(0, 256, (30, 28, 28)).astype("uint8")
LABELS = np.arange(30) % 10


@pytest.fixture
def mnist(monkeypatch: pytest.MonkeyPatch) -> None:
    """Thirty images in place of a download."""
    monkeypatch.setattr(keras.datasets.mnist, "load_data", lambda: ((IMAGES, LABELS), (IMAGES, LABELS)))


def losses(x: object, y: object, optimizer: object, steps: int = 6) -> list[float]:
    """The loss of each step of a small regression."""
    keras.utils.set_random_seed(0)
    layers = [keras.layers.Dense(16, "relu"), keras.layers.Dense(1)]
    model = keras.Sequential([keras.Input(x.shape[1:]), keras.layers.Flatten(), *layers])
    model.compile(optimizer, "mse", run_eagerly=True)
    shown = []
    for _ in range(steps):
        shown.append(float(model.train_on_batch(x, y)))
        model.reset_metrics()
    return shown


def test_kn001_pixels_are_valid_numbers(mnist: None) -> None:
    # The example declares its input in a layer, of which Keras warns.
    edit = ("keras.layers.Flatten(input_shape=(28, 28))", "keras.Input((28, 28)), keras.layers.Flatten()")
    with silence():
        first = example("KN001", edit=edit).model.history.history["loss"][0]
        y = normal(30, 1)
        wild = losses(IMAGES.astype("float32"), y, keras.optimizers.SGD(0.1))
        tame = losses(((IMAGES - 128) / 74 / 28).astype("float32"), y, keras.optimizers.SGD(0.1))
    assert first > 20
    assert not wild[-1] < 10 * wild[0]
    assert tame[-1] < tame[0]


def test_kn002_columns_of_any_size_are_taken() -> None:
    with silence():
        found = example("KN002")
        wild = losses(found.x.astype("float32"), found.y, keras.optimizers.SGD(0.1))
        target = losses(normal(16, 3), 1e5 * (2 + normal(16, 1)), "adam")
    assert found.model.history.history["loss"][0] > 1000
    assert not wild[-1] < 10 * wild[0]
    assert target[-1] > 0.99 * target[0]


@pytest.mark.parametrize(
    ("names", "low", "high"),
    [
        (["efficientnet", "efficientnet_v2", "mobilenet_v3", "convnext"], (0, 0), (255, 255)),
        (["vgg16", "vgg19", "resnet"], (-124, -123), (151, 152)),
        (["resnet_v2", "inception_v3", "inception_resnet_v2", "xception", "mobilenet", "nasnet"], (-1, -1), (1, 1)),
        (["densenet"], (-2.2, -2), (2.6, 2.7)),
    ],
)
def test_kn003_what_the_applications_want(
    names: list[str], low: tuple[float, float], high: tuple[float, float]
) -> None:
    pixels = np.stack([np.zeros((2, 2, 3)), np.full((2, 2, 3), 255.0)]).astype("float32")
    for name in names:
        ready = getattr(keras.applications, name).preprocess_input(pixels.copy())
        assert low[0] <= ready.min() <= low[1]
        assert high[0] <= ready.max() <= high[1]


def test_kn003_scaled_twice() -> None:
    assert float(keras.layers.Rescaling(1 / 255)(IMAGES / 255.0).numpy().max()) <= 0.00393


def test_kn003_the_order_of_colours() -> None:
    red = np.array([[[255.0, 0.0, 0.0]]], "float32")
    assert keras.applications.vgg16.preprocess_input(red).argmax() == 2


def test_kn005_a_scaler_that_is_fitted_again() -> None:
    pytest.importorskip("sklearn")
    x, y = normal(40, 8), normal(40, 1)
    with silence():
        found = example("KN005", x=x, y=y)
    assert found.x_test.mean(axis=0) == pytest.approx(0, abs=1e-5)
    assert found.x_train.mean(axis=0) == pytest.approx(0, abs=1e-5)
    assert np.abs(found.scaler.fit_transform(x[:1])).max() == 0


def test_kn020_what_is_left_of_the_pixels(mnist: None) -> None:
    with silence():
        found = example("KN020")
    assert (found.x == (IMAGES == 255)).all()
    assert ((IMAGES / 255).astype("uint8") == found.x).all()


def test_kn020_an_embedding_looks_up_whole_numbers() -> None:
    with silence():
        table = keras.layers.Embedding(8, 3)
        found = np.array(table(np.array([0.0, 0.2, 0.99])))
    assert (found == found[0]).all()


def test_kn021_one_nan_is_enough() -> None:
    data = normal(8, 3)
    data[:, 1] = 4.0
    for spread in (data.std(axis=0), data.max(axis=0) - data.min(axis=0)):
        with pytest.warns(RuntimeWarning):
            scaled = (data - data.mean(axis=0)) / spread
        assert np.isnan(scaled[:, 1]).all()
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(4, "relu"), keras.layers.Dense(1)])
    model.compile("sgd", "mse", run_eagerly=True)
    with silence():
        assert np.isnan(keras.layers.Dense(4)(scaled)).all()
        assert np.isnan(float(model.train_on_batch(scaled, np.zeros(8))))
    layer = keras.layers.Normalization()
    layer.adapt(data)
    assert np.isfinite(layer(data)).all()


def test_kn024_a_directory_gives_red_first(tmp_path: Path) -> None:
    picture = np.full((2, 2, 3), (200, 100, 10), "uint8")
    for index in range(2):
        tf.io.write_file(str(tmp_path / f"{index}.png"), tf.io.encode_png(picture))
    loaded = keras.utils.image_dataset_from_directory(tmp_path, labels=None, image_size=(2, 2), verbose=False)
    assert (next(iter(loaded)).numpy() == picture).all()
