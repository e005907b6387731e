"""KT026."""

from __future__ import annotations

from collections.abc import Iterator

from kerlint import syntax
from kerlint.finding import Safety, Severity
from kerlint.library.kinds import is_modal
from kerlint.program.constants import truth
from kerlint.program.events import ApplyGradients, Argmax, Event, Fit, Forward, LossCall, MetricCall
from kerlint.program.facts import Program
from kerlint.program.mentions import changing_names, times_named
from kerlint.rules import fixing
from kerlint.rules.base import Found, Rule


class TestedInTrainingMode(Rule):
    """A model is scored on a call with `training=True` that trains nothing.

    ## Why is this bad?
    Dropout goes on dropping, so the score is worse than that of the model in use. Batch normalisation takes the mean
    and variance of the test batch instead of those that it has learned, and moves these towards the test data.

    ## Example
    ```python
    import tensorflow as tf

    model = tf.keras.Sequential([
        tf.keras.Input((8,)),
        tf.keras.layers.Dense(64, activation="relu"),
        tf.keras.layers.BatchNormalization(),
        tf.keras.layers.Dense(1),
    ])
    mse = tf.keras.losses.MeanSquaredError()
    error = tf.keras.metrics.MeanAbsoluteError()
    optimizer = tf.keras.optimizers.Adam()
    for x, y in train:
        with tf.GradientTape() as tape:
            loss = mse(y, model(x, training=True))
        gradients = tape.gradient(loss, model.trainable_variables)
        optimizer.apply_gradients(zip(gradients, model.trainable_variables))
    for x, y in test:
        predicted = model(x, training=True)  # KT026
        error.update_state(y, predicted)
    ```

    Use instead:
    ```python
    import tensorflow as tf

    model = tf.keras.Sequential([
        tf.keras.Input((8,)),
        tf.keras.layers.Dense(64, activation="relu"),
        tf.keras.layers.BatchNormalization(),
        tf.keras.layers.Dense(1),
    ])
    mse = tf.keras.losses.MeanSquaredError()
    error = tf.keras.metrics.MeanAbsoluteError()
    optimizer = tf.keras.optimizers.Adam()
    for x, y in train:
        with tf.GradientTape() as tape:
            loss = mse(y, model(x, training=True))
        gradients = tape.gradient(loss, model.trainable_variables)
        optimizer.apply_gradients(zip(gradients, model.trainable_variables))
    for x, y in test:
        predicted = model(x, training=False)
        error.update_state(y, predicted)
    ```

    ## Known limits
    Only where the answer goes straight into a metric or an argmax, outside of every tape and of the loop and function
    that train the model, and only for models that are known to hold such a layer. A loop that only repeats the call
    draws the dropout on purpose, and is left alone.

    ## References
    - Measured on Keras 3.15.1: two calls with `training=True` on the same rows differ behind a Dropout, and move the
      mean of a BatchNormalization.
    """

    code = "KT026"
    name = "tested-in-training-mode"
    severity = Severity.WARNING
    fix = Safety.UNSAFE
    symptoms = ("wrong-result", "irreproducible")
    since = "0.1.0"

    def check(self, program: Program) -> Iterator[Found]:
        told: set[int] = set()
        scores = ((use.args.get("y_pred"), use) for use in program.all(MetricCall))
        scored = {id(value.node): use for value, use in scores if value is not None and value.node is not None}
        # A mean of losses is a score, too.
        means = {
            id(value.node): use for use in program.all(MetricCall) if (value := use.args.get("values")) is not None
        }
        for loss in program.all(LossCall):
            mean, prediction = means.get(id(loss.node)), loss.prediction
            if mean is not None and prediction is not None and prediction.node is not None:
                scored.setdefault(id(prediction.node), mean)
        # The class that is read from an answer is an answer.
        read = (event for event in program.all(Argmax) if event.snapshot is not None)
        chosen = {id(array.node): event for event in read for array in event.array.history()}
        steps = [step for step in program.all(ApplyGradients) if step.model is not None]
        for call in program.all(Forward):
            use = scored.get(id(call.node)) or chosen.get(id(call.node))
            if use is None or call.in_tape or _is_drawn_again(call) or id(call.node) in told:
                continue
            if truth(call.args.get("training")) is not True:
                continue
            of_model: list[Event] = [step for step in steps if step.model is call.model]
            if isinstance(use, Argmax):
                of_model += [fit for fit in program.fits if fit.model is call.model]
                if not _goes_through_data(call, of_model):
                    continue
            # `minimize(loss)` calls a function of the program under a tape of its own.
            if call.assumed and any(step.method == "minimize" for step in program.all(ApplyGradients)):
                continue
            layer = next((node for node in call.snapshot.graph.nodes if is_modal(node)), None)
            if (
                not of_model
                or layer is None
                or any(_together(step, call) for step in of_model if isinstance(step, ApplyGradients))
            ):
                continue
            told.add(id(call.node))
            normalises = layer.short == "BatchNormalization"
            yield from self.found(
                call.node,
                "the model is scored with training=True: its "
                + (f"{layer.short} learns from the test data" if normalises else f"{layer.short} is still at work"),
                label="runs as it does in training",
                also=[
                    (layer.place, "acts otherwise if training=True"),
                    (use.node, "the score" if isinstance(use, MetricCall) else "its answer"),
                    (of_model[0].node, "the model is trained elsewhere"),
                ],
                why="training=True is for the call whose gradients are taken",
                help="model(x, training=False)",
                about=call,
                fix=fixing.draft("write training=False", fixing.put_in_call(call.node, "training", "False")),
            )

    bad = (
        """
        import numpy as np
        import keras
        from keras import layers
        model = keras.Sequential([keras.Input((8, 8, 3)), layers.Conv2D(8, 3), layers.BatchNormalization(),
                                  layers.Flatten(), layers.Dense(4)])
        model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
        model.fit(images, labels, epochs=10)
        hits = 0
        for start in range(0, len(tests), 16):
            rows = tests[start : start + 16]
            logits = model(rows, training=True)  # KT026
            hits += np.sum(np.argmax(logits, axis=1) == answers[start : start + 16])
        best = np.argmax(model(tests, training=True).numpy(), axis=-1)  # KT026
        """,
        """
        import tensorflow as tf
        model = tf.keras.Sequential([tf.keras.Input((4,)), tf.keras.layers.Dropout(0.5), tf.keras.layers.Dense(1)])
        mse = tf.keras.losses.MeanSquaredError()
        error = tf.keras.metrics.MeanAbsoluteError()
        mean = tf.keras.metrics.Mean()
        optimizer = tf.keras.optimizers.Adam()
        @tf.function
        def train_step(x, y):
            with tf.GradientTape() as tape:
                loss = mse(y, model(x, training=True))
            gradients = tape.gradient(loss, model.trainable_variables)
            optimizer.apply_gradients(zip(gradients, model.trainable_variables))
        @tf.function
        def test_step(x, y):
            error(y, model(x, training=True))  # KT026
            mean.update_state(mse(y, model(x, training=True)))  # KT026
        for epoch in range(5):
            error.reset_state()
            for x, y in train:
                train_step(x, y)
            for x, y in test:
                test_step(x, y)
        """,
    )
    good = (
        """
        import numpy as np
        import keras
        from keras import layers
        model = keras.Sequential([keras.Input((8,)), layers.Dropout(0.5), layers.Dense(4, activation="softmax")])
        model.compile("adam", "sparse_categorical_crossentropy")
        model.fit(x, y, epochs=10)
        # The spread of the answers under dropout is what is wanted here.
        def draw(rows):
            return np.argmax(model(rows, training=True), axis=-1)
        draws = np.stack([draw(x_test) for _ in range(50)])
        votes = []
        for number in range(50):
            votes.append(np.argmax(model(x_test, training=True), axis=-1))
            for start in range(0, 100, 10):
                votes.append(np.argmax(model(x_test[start : start + 10], training=True), axis=-1))
        some = [np.argmax(model(x_test, training=True), axis=-1) for number in range(50)]
        mean = np.mean([model(x_test, training=True) for _ in range(50)], axis=0)
        best = np.argmax(mean, axis=-1)
        best = np.argmax(model(x_test, training=False), axis=-1)
        """,
        """
        import tensorflow as tf
        model = tf.keras.Sequential([tf.keras.Input((4,)), tf.keras.layers.Dropout(0.5), tf.keras.layers.Dense(1)])
        plain = tf.keras.Sequential([tf.keras.Input((4,)), tf.keras.layers.Dense(1)])
        mse = tf.keras.losses.MeanSquaredError()
        error = tf.keras.metrics.MeanAbsoluteError()
        optimizer = tf.keras.optimizers.Adam()
        for x, y in train:
            with tf.GradientTape() as tape:
                predicted = model(x, training=True)
                loss = mse(y, predicted) + mse(y, plain(x))
            gradients = tape.gradient(loss, model.trainable_variables)
            optimizer.apply_gradients(zip(gradients, model.trainable_variables))
            error.update_state(y, predicted)
            error.update_state(y, model(x, training=True))
        for x, y in test:
            error.update_state(y, model(x, training=False))
            error.update_state(y, plain(x, training=True))
            samples = [model(x, training=True) for _ in range(100)]
            error.update_state(y, tf.reduce_mean(samples, axis=0))
            for _ in range(100):
                error.update_state(y, model(x, training=True))
        """,
    )


def _is_drawn_again(call: Forward) -> bool:
    """Whether a loop around the call only repeats it, as it is done for several draws of the dropout."""
    loop = call.loops[-1].node if call.loops else None
    if not isinstance(loop, syntax.For) or not isinstance(loop.target, syntax.Name):
        return False
    return times_named(loop.body, loop.target.value) == 0


def _goes_through_data(call: Forward, of_model: list[Event]) -> bool:
    """Whether each loop around the call trains the model as well, or else gives the call other rows in each pass."""
    for loop in call.loops:
        if any(loop in event.loops for event in of_model):
            continue
        changing = changing_names(loop.node)
        if loop is not call.loops[-1] or not any(times_named(call.node, name) for name in changing):
            return False
    return True


def _together(step: Event, call: Forward) -> bool:
    """Whether a call belongs to a training step: it stands in the same function, or else in the same loop."""
    if isinstance(step, Fit):
        return False
    if step.function is not None and step.function is call.function:
        return True
    inner = [event.loops[-1] if event.loops else None for event in (step, call)]
    return step.function is None and call.function is None and inner[0] is inner[1]
