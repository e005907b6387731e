"""KR002."""

from __future__ import annotations

from collections.abc import Iterator

from kerlint.experiment import Experiment
from kerlint.finding import Safety, Severity
from kerlint.program.constants import NOTHING, constant
from kerlint.program.events import ApplyGradients, Created, Fit, Seed
from kerlint.program.facts import Program
from kerlint.program.scope import Loop
from kerlint.program.values import Array
from kerlint.rules import fixing
from kerlint.rules.base import Found, Rule


class ReseedInLoop(Rule):
    """A random seed is set again in every pass of the loop that trains the model.

    A generator that is set to the same seed again starts the same sequence of numbers from the
    beginning. Set to a seed that is itself drawn at random, it makes the run one that nobody can repeat.

    ## Why is this bad?
    With a constant seed each pass sees the random numbers of the pass before: the same noise, the same
    sampled rows, the same order of data that is shuffled inside the loop. With a random seed no two runs
    of the program are alike. Neither changes what the model says about an input: dropout is off then,
    and nothing else in a forward pass is random.

    ## Example
    ```python
    import numpy as np
    from tensorflow import keras

    model = keras.Sequential([keras.Input((10,)), keras.layers.Dense(1)])
    model.compile(optimizer="adam", loss="mse")
    for epoch in range(100):
        np.random.seed(42)  # KR002
        rows = np.random.choice(len(x_train), 32)
        model.train_on_batch(x_train[rows], y_train[rows])
    ```

    Use instead:
    ```python
    import numpy as np
    from tensorflow import keras

    model = keras.Sequential([keras.Input((10,)), keras.layers.Dense(1)])
    model.compile(optimizer="adam", loss="mse")
    np.random.seed(42)
    for epoch in range(100):
        rows = np.random.choice(len(x_train), 32)
        model.train_on_batch(x_train[rows], y_train[rows])
    ```

    ## Known limits
    Silent where the loop makes its model anew, as comparisons of settings and cross-validation do,
    and for seeds that depend on the loop.

    ## References
    - Measured on Keras 3.15.1 with TensorFlow 2.21: `np.random.seed` repeats the draws of NumPy and
      `random.seed` those of Python, nothing else; `tf.random.set_seed` repeats `tf.random` and datasets
      shuffled after it; `keras.utils.set_random_seed` repeats all of these and, since Keras 3.13, `keras.random`. None
      of them repeats the masks of a Dropout layer or the order of a dataset that exist already.
    """

    code = "KR002"
    name = "reseed-in-loop"
    severity = Severity.WARNING
    fix = Safety.UNSAFE
    symptoms = ("irreproducible", "slow-learning")
    since = "0.1.0"
    in_tests = False
    needs_end = True

    def check(self, program: Program) -> Iterator[Found]:
        seeds = list(program.all(Seed))
        for seed in seeds:
            loop = _training_loop(program, seed)
            if loop is None:
                continue
            passes = [other for other in seeds if other.node is seed.node and loop in other.loops]
            if passes[0] is not seed:
                continue
            values = {constant(other.seed) for other in passes}
            if NOTHING not in values and None not in values and len(values) == 1 and _is_repeated(loop, passes):
                yield from self._constant(seed, loop)
            elif isinstance(seed.seed, Array) and seed.seed.noise and not _is_seeded(seeds, seed):
                yield from self._random(seed, loop)

    def _constant(self, seed: Seed, loop: Loop) -> Iterator[Found]:
        value = constant(seed.seed)
        yield from self.found(
            seed.node,
            f"{seed.name}({value}) in the training loop: every pass draws the same random numbers again",
            label=f"back to seed {value} in every pass",
            also=[(loop.node, "the model is trained in this loop")],
            why="a generator that is set to the same seed starts the same sequence from the beginning",
            help="set the seed once, before the loop",
            # Whether the passes draw from NumPy or Python at all is not known.
            severity=Severity.ADVICE if seed.name in ("numpy.random.seed", "random.seed") else None,
            about=seed,
            experiment=Experiment(seed, "repeated", details={"function": _library(seed.name), "seed": value}),
            fix=fixing.draft("set the seed before the loop", fixing.hoist(seed.node, loop.node)),
        )

    def _random(self, seed: Seed, loop: Loop) -> Iterator[Found]:
        assert seed.seed is not None
        yield from self.found(
            seed.node,
            f"{seed.name} gets a random seed in every pass of the training loop: the run cannot be repeated",
            label="another seed in every run",
            also=[
                (seed.seed.node, "drawn from a generator without a seed"),
                (loop.node, "the model is trained in this loop"),
            ],
            why="a seed that nobody knows is no better than none, and it does not change what a trained model predicts",
            help="set one known seed before the model is built, such as keras.utils.set_random_seed(42)",
            about=seed,
        )

    bad = (
        """
        import numpy as np
        import tensorflow as tf
        model = tf.keras.Sequential([tf.keras.Input((2,)), tf.keras.layers.Dense(1)])
        optimizer = tf.keras.optimizers.Adam()
        for epoch in range(2):
            for x, y in data:
                with tf.GradientTape() as tape:
                    loss = tf.reduce_mean((model(x) - y) ** 2)
                gradients = tape.gradient(loss, model.trainable_variables)
                optimizer.apply_gradients(zip(gradients, model.trainable_variables))
            value = np.random.randint(0, 100000)
            tf.random.set_seed(value)  # KR002
        """,
        """
        import keras
        SEED = 7
        def one_round(model):
            keras.utils.set_random_seed(SEED)  # KR002
            model.fit(x, y)
        model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
        model.compile("adam", "mse")
        while not good_enough(model):
            one_round(model)
        """,
    )
    good = (
        """
        import keras
        for units in (8, 16, 32):
            keras.utils.set_random_seed(42)
            model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(units), keras.layers.Dense(1)])
            model.compile("adam", "mse")
            model.fit(x, y)
        """,
        """
        import keras
        model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
        model.compile("adam", "mse")
        for trial in range(3):
            keras.utils.set_random_seed(trial)
            model.fit(x, y)
        """,
        """
        import numpy as np
        import keras
        keras.utils.set_random_seed(1)
        model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
        model.compile("adam", "mse")
        for trial in range(3):
            np.random.seed(np.random.randint(1000))
            model.fit(x, y)
        """,
        """
        import numpy as np
        import keras
        model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
        model.compile("adam", "mse")
        start = model.get_weights()
        for size in (16, 32):
            np.random.seed(0)
            model.set_weights(start)
            model.fit(x, y, batch_size=size)
        """,
    )


def _library(name: str) -> str:
    """Whose random numbers a function seeds."""
    return "python" if name == "random.seed" else name.partition(".")[0]


def _training_loop(program: Program, seed: Seed) -> Loop | None:
    """The innermost loop around the seed in which a model is trained that the loop does not make itself."""
    for loop in reversed(seed.loops):
        inside = [event for event in program.events if loop in event.loops]
        trained = [event.model for event in inside if isinstance(event, (Fit, ApplyGradients))]
        if not trained:
            continue
        fresh = any(isinstance(event, Created) for event in inside)
        fresh = fresh or any(model is None or "pretrained" in model.state for model in trained)
        return None if fresh else loop
    return None


def _is_repeated(loop: Loop, passes: list[Seed]) -> bool:
    """Whether the loop runs more than once, with this seed each time."""
    return loop.count != 1 and (not loop.unrolled or len(passes) > 1)


def _is_seeded(seeds: list[Seed], drawn: Seed) -> bool:
    """Whether something sets the generator that draws the seed."""
    return any(
        seed.node is not drawn.node and seed.name in ("numpy.random.seed", "random.seed", "keras.utils.set_random_seed")
        for seed in seeds
    )
