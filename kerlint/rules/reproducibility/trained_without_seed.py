"""KR020."""

from __future__ import annotations

from collections.abc import Iterator

from kerlint.finding import Severity
from kerlint.library.trained import Training, trainings
from kerlint.program.events import ApplyGradients, Created, Event, Seed
from kerlint.program.facts import Program
from kerlint.rules.base import Found, Rule


class TrainedWithoutSeed(Rule):
    """Several models are trained from scratch, and no random seed is set anywhere.

    The initial weights and the masks of dropout layers are drawn at random, and so is the order of the rows in
    Keras 3.0 to 3.15 and in Keras 2.

    ## Why is this bad?
    Every run gives other models. Which of them is better cannot be told from one run: the difference may be
    that of the draws.

    ## Example
    ```python
    from tensorflow import keras

    small = keras.Sequential([keras.Input((4,)), keras.layers.Dense(16, activation="relu"), keras.layers.Dense(1)])
    small.compile(optimizer="adam", loss="mse")
    small.fit(x, y, epochs=10)  # KR020
    large = keras.Sequential([keras.Input((4,)), keras.layers.Dense(256, activation="relu"), keras.layers.Dense(1)])
    large.compile(optimizer="adam", loss="mse")
    large.fit(x, y, epochs=10)
    ```

    Use instead:
    ```python
    from tensorflow import keras

    keras.utils.set_random_seed(42)
    small = keras.Sequential([keras.Input((4,)), keras.layers.Dense(16, activation="relu"), keras.layers.Dense(1)])
    small.compile(optimizer="adam", loss="mse")
    small.fit(x, y, epochs=10)
    large = keras.Sequential([keras.Input((4,)), keras.layers.Dense(256, activation="relu"), keras.layers.Dense(1)])
    large.compile(optimizer="adam", loss="mse")
    large.fit(x, y, epochs=10)
    ```

    ## Known limits
    This is advice: most programs have no seed, and a library must not set one. Only training that the file itself
    starts counts, and a program that trains one model is left alone: it compares nothing.

    ## References
    - In a survey of 359 files that train a model, 83 % had no seed.
    - Measured on a nightly build of Keras 3.16 (October 2026): `fit` shuffles arrays in the same order in every run,
      whatever the seed. Weights and masks differ as before.
    - On graphics cards some operations differ from run to run all the same;
      `tf.config.experimental.enable_op_determinism()` forbids that.
    """

    code = "KR020"
    name = "trained-without-seed"
    severity = Severity.ADVICE
    symptoms = ("irreproducible",)
    since = "0.1.0"
    in_tests = False
    needs_end = True

    def check(self, program: Program) -> Iterator[Found]:
        if any(program.all(Seed)) or _seeds_elsewhere(program):
            return
        fresh: dict[int, Event] = {}
        layers: set[int] = set()
        epochs: set[int] = set()
        for training in trainings(program):
            fit = next((fit for fit in program.fits if fit.compile is training.event), None)
            event = fit or training.event
            own = {id(node.layer) for node in training.graph.nodes if node.layer is not None}
            # Models with layers in common are parts of one whole, as those of a GAN are, and so are those that one
            # loop trains step by step.
            together = _loops(program, training) if fit is None else set()
            trains = fit is not None or (isinstance(event, ApplyGradients) and bool(event.loops))
            if trains and not own & layers and not together & epochs and training.starts_fresh and not event.assumed:
                fresh.setdefault(id(training.model), event)
            layers |= own
            epochs |= together
        if len(fresh) > 1:
            first, second = list(fresh.values())[:2]
            yield from self.found(
                first.node,
                f"{len(fresh)} models are trained from random weights, and no seed is set",
                label="another result in every run",
                also=[(second.node, "and another here: is it the model or the draw?")],
                why="initial weights, dropout and shuffling are drawn at random",
                help="call keras.utils.set_random_seed(42) before each model is built",
                about=program,
            )

    good = (
        """
        from tensorflow import keras
        model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
        model.compile("adam", "mse")
        model.fit(x, y)
        """,
        """
        from tensorflow import keras
        def train(x, y):
            model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
            model.compile("adam", "mse")
            model.fit(x, y)
        """,
        """
        import tensorflow as tf
        actor = tf.keras.Sequential([tf.keras.Input((4,)), tf.keras.layers.Dense(2)])
        critic = tf.keras.Sequential([tf.keras.Input((4,)), tf.keras.layers.Dense(1)])
        optimizers = tf.keras.optimizers.Adam(), tf.keras.optimizers.Adam()
        for states, returns in dataset:
            for model, optimizer in zip((actor, critic), optimizers):
                with tf.GradientTape() as tape:
                    loss = loss_of(model(states, training=True), returns)
                weights = model.trainable_variables
                optimizer.apply_gradients(zip(tape.gradient(loss, weights), weights))
        """,
        """
        from tensorflow import keras
        from helpers import set_global_seed
        set_global_seed(1)
        model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
        model.compile("adam", "mse")
        model.fit(x, y)
        """,
    )


def _loops(program: Program, training: Training) -> set[int]:
    """The loops that go on training a model which is made before them: over epochs and batches, not over settings."""
    made = next((event for event in program.all(Created) if event.model is training.model), None)
    outer = {id(loop.node) for loop in made.loops} if made is not None else set()
    return {id(loop.node) for loop in training.event.loops} - outer


def _seeds_elsewhere(program: Program) -> bool:
    """Whether something that is not followed, by its name, sets a seed."""
    return any("seed" in name.lower() for name in program.used.imports | program.used.symbols)
