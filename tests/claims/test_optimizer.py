"""What the rules on optimizers (KO) say about Keras, on the one that is installed."""

from __future__ import annotations

import pytest

from tests.claims.running import example, keras, moved, normal, np, silence, weights

X = normal(32, 10)
Y = (X[:, :1] > 0).astype("float32")


def trained(optimizer: object, steps: int, y: object = Y, *layers: object) -> tuple[object, list[float], float]:
    """A model after some steps, the loss of each, and how far the furthest weight has moved."""
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((10,)), *layers, keras.layers.Dense(1)])
    model.compile(optimizer, "mse", run_eagerly=True)
    before, losses = weights(model), []
    for _ in range(steps):
        losses.append(float(model.train_on_batch(X, y)))
        model.reset_metrics()
    return model, losses, moved(before, weights(model))


def iterations(model: object) -> int:
    return int(np.array(model.optimizer.iterations))


def test_ko001_a_rate_of_zero_or_below() -> None:
    with silence():
        model = example("KO001").model
        before = weights(model)
        model.train_on_batch(X, Y)
        assert moved(before, weights(model)) == 0
        assert len(np.unique(np.array(model(X)))) > 16
        _, losses, _ = trained(keras.optimizers.SGD(-0.01), 4)
    assert losses == sorted(losses)
    assert losses[0] < losses[-1]


def test_ko001_a_plan_that_never_leaves_zero() -> None:
    for plan in (lambda epoch, rate: rate * epoch, lambda epoch: 0.01 // (1 + epoch)):
        with silence():
            model = example("KO001").model
            model.compile("adam", "mse")
            before = weights(model)
            model.fit(X, Y, epochs=3, verbose=0, callbacks=[keras.callbacks.LearningRateScheduler(plan)])
        assert moved(before, weights(model)) == 0


def test_ko001_averages_move_at_a_rate_of_zero() -> None:
    model = keras.Sequential([keras.Input((10,)), keras.layers.BatchNormalization(), keras.layers.Dense(1)])
    model.compile(keras.optimizers.SGD(0.0), "mse")
    before = weights(model)
    model.train_on_batch(X + 5, Y)
    names = [weight.name for weight in model.weights]
    still = [name for name, old, new in zip(names, before, weights(model)) if np.array_equal(old, new)]
    assert still == ["gamma", "beta", "kernel", "bias"]


def test_ko002_a_step_as_long_as_the_rate() -> None:
    with silence():
        model = example("KO002").model
        before = weights(model)
        model.train_on_batch(X, Y)
        assert moved(before, weights(model)) == pytest.approx(10, rel=0.01)
        _, losses, _ = trained(keras.optimizers.SGD(10.0), 30)
    assert losses[0] < losses[1] < losses[2]
    assert not np.isfinite(losses[-1])


@pytest.mark.parametrize("name", ["Adam", "RMSprop"])
def test_ko003_so_far_and_no_further(name: str) -> None:
    # In its first steps RMSprop goes some times as far as its rate.
    with silence():
        _, _, far = trained(getattr(keras.optimizers, name)(1e-5), 20)
    assert 20 * 1e-5 * 0.5 < far < 20 * 1e-5 * 1.8


def test_ko003_little_moves() -> None:
    keras.utils.set_random_seed(0)
    with silence():
        model = example("KO003", epochs=5).model
    assert iterations(model) == 20
    # The bias starts at 0: its value is how far it has gone.
    assert 0 < abs(float(weights(model)[1][0])) < 0.00022


def test_ko004_a_name_makes_another_optimizer() -> None:
    with silence():
        found = example("KO004")
        found.model.train_on_batch(X, Y)
    assert found.model.optimizer is not found.sgd
    assert float(np.array(found.model.optimizer.learning_rate)) == pytest.approx(0.01)
    assert found.model.optimizer.momentum == 0
    adam = trained("adam", 1)[0].optimizer
    assert float(np.array(adam.learning_rate)) == pytest.approx(0.001)


def test_ko005_weights_of_another_model() -> None:
    with pytest.raises(ValueError, match=r"Unknown variable(.|\n)*originally built with"):
        example("KO005", x=X[:, :4], y=Y)
    optimizer = keras.optimizers.Adam()
    trained(optimizer, 1)
    with pytest.raises(ValueError, match="Unknown variable"):
        trained(optimizer, 1)


def test_ko006_schedules_count_batches() -> None:
    schedules = keras.optimizers.schedules
    assert float(schedules.CosineDecay(1e-3, 50)(50)) == 0
    assert float(schedules.ExponentialDecay(1e-2, 10, 0.5)(1000)) == pytest.approx(8e-33, rel=0.1)
    with silence():
        model, _, _ = trained(keras.optimizers.Adam(schedules.CosineDecay(1e-3, 3)), 3)
        before = weights(model)
        model.train_on_batch(X, Y)
    assert float(np.array(model.optimizer.learning_rate)) == 0
    assert moved(before, weights(model)) == 0


def test_ko007_the_rate_of_a_schedule_cannot_be_set() -> None:
    # No plateau in the first epochs: a patience of 10.
    assert example("KO007", epochs=2, x=X, y=Y).model
    plateau = ('monitor="loss"', 'monitor="loss", patience=1, min_delta=1e9')
    with pytest.raises(TypeError, match="not settable"):
        example("KO007", epochs=3, edit=plateau, x=X, y=Y)
    scheduler = ('ReduceLROnPlateau(monitor="loss")', "LearningRateScheduler(lambda epoch: 1e-3)")
    with pytest.raises(TypeError, match="not settable"):
        example("KO007", epochs=1, edit=scheduler, x=X, y=Y)


def test_ko010_the_default_is_one_epoch() -> None:
    model = example("KO010", x=normal(100, 10), y=np.zeros(100)).model
    assert iterations(model) == 4
    assert model.history.epoch == [0]


def test_ko011_one_row_is_its_own_mean() -> None:
    layer = keras.layers.BatchNormalization()
    assert np.abs(layer(X[:1], training=True)).max() == 0
    assert np.abs(layer(X, training=True)).max() > 1
    with silence():
        model = example("KO011", x=X[:6], y=Y[:6]).model
    assert iterations(model) == 6
    assert np.ptp(np.concatenate([model(row[None], training=True) for row in X[:5]])) < 1e-4
    assert np.ptp(np.array(model(X))) > 0.1


def test_ko012_never_the_rare_class() -> None:
    rare = (np.arange(1000) < 20).astype("float32")
    never = np.zeros(1000)
    assert float(keras.metrics.BinaryAccuracy()(rare, never)) == pytest.approx(0.98)
    assert float(keras.metrics.Recall()(rare, never)) == 0
    pytest.importorskip("sklearn")
    with silence():
        found = example("KO012", edit=("make_classification(5000", "make_classification(300"))
    assert found.y.mean() < 0.05


def test_ko013_the_default_of_sgd() -> None:
    optimizer = example("KO013").model.optimizer
    assert (float(np.array(optimizer.learning_rate)), optimizer.momentum) == (pytest.approx(0.01), 0)
    # The same gradient, twice the rate: twice as far.
    far = [trained(keras.optimizers.SGD(rate), 1)[2] for rate in (0.01, 0.02)]
    assert far[1] == pytest.approx(2 * far[0], rel=1e-3)


def test_ko014_a_momentum_of_one() -> None:
    with silence():
        model = example("KO014").model
        model.train_on_batch(X, Y)
        losses = [trained(keras.optimizers.SGD(0.1, momentum=part), 30)[1] for part in (1.0, 0.5)]
    assert max(losses[0][15:]) > 10 * max(losses[1][15:])


def test_ko014_means_that_never_take_in_a_gradient() -> None:
    with silence():
        model, _, _ = trained(keras.optimizers.Adam(beta_1=1.0), 1)
        assert np.isnan(weights(model)[0]).all()
        assert trained(keras.optimizers.Adam(beta_2=1.0), 5)[2] == 0
        assert trained(keras.optimizers.RMSprop(rho=1.0), 5)[2] > 1000
    for momentum in (-0.1, 1.5):
        with pytest.raises(ValueError, match="momentum"):
            keras.optimizers.SGD(momentum=momentum)


def test_ko015_steps_are_counted_anew() -> None:
    counts = []
    with silence():
        model = keras.Sequential([keras.Input((10,)), keras.layers.Dense(1)])
        for _ in range(3):
            model.compile(optimizer="adam", loss="mse", run_eagerly=True)
            for _ in range(2):
                model.train_on_batch(X, Y)
            counts.append(iterations(model))
    assert counts == [2, 2, 2]


def test_ko017_the_penalty_falls() -> None:
    model = example("KO017").model
    y = normal(32, 1)
    with silence():
        model.compile(keras.optimizers.Adam(0.01), "mse", run_eagerly=True)
        before, losses, penalties = weights(model), [], []
        for _ in range(15):
            losses.append(float(model.train_on_batch(X, y)))
            model.reset_metrics()
            penalties.append(float(sum(model.losses)))
    assert penalties[0] > 20
    assert losses[0] - losses[-1] == pytest.approx(penalties[0] - penalties[-1], rel=0.2)
    for old, new in zip(before[:4:2], weights(model)[:4:2]):
        assert np.abs(new).mean() < 0.8 * np.abs(old).mean()


def test_ko020_the_schedule_is_given_the_rate_of_the_epoch_before() -> None:
    found = example("KO020", epochs=14, x=normal(32, 8), y=np.zeros((32, 1))).model.history.history["learning_rate"]
    assert found[2] == pytest.approx(1e-3 * 0.9**3)
    assert found[12] == pytest.approx(2.7e-7, rel=0.02)
