"""KT003."""

from __future__ import annotations

from collections.abc import Iterator

from kerlint.finding import Safety, Severity
from kerlint.program.events import Event, Made, MetricCall
from kerlint.program.facts import Program
from kerlint.program.scope import Loop
from kerlint.rules import fixing
from kerlint.rules.base import Found, Rule


class MetricNotReset(Rule):
    """A metric is read at the end of every epoch of a hand-written loop and never reset.

    A metric object adds up what it is given until it is told to start over. `fit` does that at the
    beginning of each epoch; a loop of one's own has to do it itself.

    ## Why is this bad?
    What is printed for an epoch is the mean over all epochs so far. Early, bad batches hold it down: the
    model seems to improve far more slowly than it does, and never to reach what it has reached.

    ## Example
    ```python
    import keras

    accuracy = keras.metrics.SparseCategoricalAccuracy()
    for epoch in range(10):
        for x, y in dataset:
            accuracy.update_state(y, model(x))
        print(epoch, float(accuracy.result()))  # KT003
    ```

    Use instead:
    ```python
    import keras

    accuracy = keras.metrics.SparseCategoricalAccuracy()
    for epoch in range(10):
        accuracy.reset_state()
        for x, y in dataset:
            accuracy.update_state(y, model(x))
        print(epoch, float(accuracy.result()))
    ```

    ## References
    - Measured on Keras 3.15.1: three epochs with the values 0, 1 and 2 are shown as 0.0, 0.5 and 1.0 without a reset.
    - https://www.tensorflow.org/guide/keras/writing_a_training_loop_from_scratch
    """

    code = "KT003"
    name = "metric-not-reset"
    severity = Severity.WARNING
    fix = Safety.UNSAFE
    symptoms = ("wrong-result", "slow-learning", "accuracy-stuck")
    since = "0.1.0"
    needs_end = True

    def check(self, program: Program) -> Iterator[Found]:
        calls = list(program.all(MetricCall))
        births = {id(event.made): event for event in program.all(Made)}
        reset = {id(call.metric) for call in calls if call.method == "reset_state"}
        for call in calls:
            metric = call.metric
            birth = births.get(id(metric))
            if call.method != "result" or id(metric) in reset or birth is None or not call.loops or call.assumed:
                continue
            epochs = call.loops[-1]
            if epochs.count == 1 or _in(birth, epochs):
                continue
            update = next((one for one in calls if one.metric is metric and _in_a_deeper_loop(one, epochs)), None)
            if update is None:
                continue
            reset.add(id(metric))
            variable = fixing.receiver(call.node)
            yield from self.found(
                call.node,
                f"{metric.short} is read in every pass of the loop and never reset: "
                "it is a mean over all passes so far",
                label="read once a pass",
                also=[(birth.node, "made once, before the loop"), (update.node, "adds to it")],
                why="a metric goes on adding until reset_state() is called",
                help="call reset_state() on it at the beginning of each pass",
                about=metric,
                fix=fixing.draft(
                    "reset it at the beginning of each pass",
                    fixing.begin_loop(epochs.node, "{0}.reset_state()", variable) if variable is not None else None,
                ),
            )

    bad = (
        """
        import tensorflow as tf
        model = tf.keras.Sequential([tf.keras.Input((4,)), tf.keras.layers.Dense(1)])
        mean = tf.keras.metrics.Mean()
        mse = tf.keras.losses.MeanSquaredError()
        def step(x, y):
            mean(mse(y, model(x)))
        for epoch in range(5):
            for x, y in data:
                step(x, y)
            print(mean.result())  # KT003
        """,
    )
    good = (
        """
        import tensorflow as tf
        loss = tf.keras.metrics.Mean()
        accuracy = tf.keras.metrics.BinaryAccuracy()
        for epoch in range(5):
            for x, y in data:
                loss.update_state(x)
                accuracy.update_state(x, y)
            print(loss.result(), accuracy.result())
            for metric in (loss, accuracy):
                metric.reset_states()
        """,
        """
        import tensorflow as tf
        for epoch in range(5):
            loss = tf.keras.metrics.Mean()
            for x, y in data:
                loss.update_state(x)
            print(loss.result())
        """,
        """
        import tensorflow as tf
        loss = tf.keras.metrics.Mean()
        for x, y in data:
            loss.update_state(x)
            print("so far", loss.result())
        """,
    )


def _in(event: Event, loop: Loop) -> bool:
    return any(loop is outer for outer in event.loops)


def _in_a_deeper_loop(call: MetricCall, epochs: Loop) -> bool:
    """Whether the metric is added to in a loop inside this one."""
    return call.method == "update_state" and _in(call, epochs) and call.loops[-1] is not epochs
