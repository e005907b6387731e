"""KR001."""

from __future__ import annotations

from collections.abc import Iterator

from kerlint import syntax
from kerlint.experiment import Experiment
from kerlint.finding import Safety, Severity
from kerlint.library.initializers import drawn
from kerlint.library.kinds import PARAMETRIC
from kerlint.library.trained import Training, trainings
from kerlint.program.constants import integer
from kerlint.program.events import Seed
from kerlint.program.facts import Program
from kerlint.program.graph import Node
from kerlint.program.target import Target
from kerlint.rules import fixing
from kerlint.rules.base import Found, Rule


class SeedDoesNotReachKeras(Rule):
    """A seed is set for TensorFlow or NumPy only, and Keras draws the initial weights from neither.

    Keras takes the seeds of its initializers and of its dropout layers from Python's own generator, `random`.
    `tf.random.set_seed(42)`, which did the job up to Keras 2.9, leaves them as random as they were.

    ## Why is this bad?
    Two runs of the program start from different weights and end with different models, although a seed is set.
    Differences between two experiments may be nothing but that.

    ## Example
    ```python
    import tensorflow as tf
    from tensorflow import keras

    tf.random.set_seed(42)  # KR001
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(16, activation="relu"), keras.layers.Dense(1)])
    model.compile(optimizer="adam", loss="mse")
    model.fit(x, y, epochs=10)
    ```

    Use instead:
    ```python
    import tensorflow as tf
    from tensorflow import keras

    keras.utils.set_random_seed(42)
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(16, activation="relu"), keras.layers.Dense(1)])
    model.compile(optimizer="adam", loss="mse")
    model.fit(x, y, epochs=10)
    ```

    ## Known limits
    A warning where TensorFlow is seeded. Where it is only NumPy, it is one if nothing in the program seems to draw
    from NumPy, else advice: the seed may be meant for the data. A model whose random initializers all have a seed of
    their own is left alone, as are programs for Keras 2 of an unknown minor version.

    ## References
    - Measured on Keras 3.15.1 with TensorFlow 2.21, and on tf_keras 2.21: with the same `tf.random.set_seed` or
      `np.random.seed`, layers start with other weights and dropout with other masks each time; with the same
      `random.seed` or `keras.utils.set_random_seed`, with the same ones.
    - https://github.com/keras-team/tf-keras/issues/432
    """

    code = "KR001"
    name = "seed-does-not-reach-keras"
    severity = Severity.WARNING
    fix = Safety.UNSAFE
    symptoms = ("irreproducible",)
    since = "0.1.0"
    in_tests = False
    needs_end = True

    def check(self, program: Program) -> Iterator[Found]:
        if not _concerns(program.target):
            return
        seeds = [seed for seed in program.all(Seed) if not seed.assumed]
        if any(seed.name in _REACHING for seed in seeds):
            return
        ours = [seed for seed in seeds if seed.name in _MISSING]
        # TensorFlow first: what is set for it is meant for the model.
        ours.sort(key=lambda seed: seed.name != _TENSORFLOW)
        training = next((one for one in trainings(program) if _draws(one)), None)
        if not ours or training is None:
            return
        seed = ours[0]
        value = integer(seed.seed)
        number = "..." if value is None else str(value)
        node = next(node for node in training.graph.nodes if _is_random(node))
        for_data = seed.name != _TENSORFLOW and _draws_from_numpy(program)
        yield from self.found(
            seed.node,
            f"{_SHORT[seed.name]}({number}) does not reach Keras: the initial weights differ from run to run",
            label="seeds no layer",
            also=[(node.place, "draws its initial weights from Python's random")],
            why="since version 2.10 Keras takes its seeds from Python's own generator, not from TensorFlow or NumPy",
            help=f"call keras.utils.set_random_seed({number}), which seeds Python, NumPy and the backend",
            severity=Severity.ADVICE if for_data else None,
            about=seed,
            fix=_set_for_all(seed),
            experiment=Experiment(seed, "unseeded", details={"library": seed.name.partition(".")[0], "seed": value}),
        )

    bad = (
        """
        import numpy as np
        from tensorflow import keras
        np.random.seed(7)  # KR001
        x, y = np.loadtxt("x.csv"), np.loadtxt("y.csv")
        model = keras.Sequential([keras.layers.Dense(8, activation="relu"), keras.layers.Dense(1)])
        model.compile("adam", "mse")
        model.fit(x, y, epochs=10)
        """,
        """
        import numpy as np
        import tensorflow as tf
        np.random.seed(1)
        tf.random.set_seed(1)  # KR001
        model = tf.keras.Sequential([tf.keras.Input((4,)), tf.keras.layers.Dense(1)])
        optimizer = tf.keras.optimizers.Adam()
        for x, y in data:
            with tf.GradientTape() as tape:
                loss = tf.reduce_mean((model(x) - y) ** 2)
            gradients = tape.gradient(loss, model.trainable_variables)
            optimizer.apply_gradients(zip(gradients, model.trainable_variables))
        """,
    )
    good = (
        """
        import random
        import numpy as np
        import tensorflow as tf
        def seed_all(seed):
            random.seed(seed)
            np.random.seed(seed)
            tf.random.set_seed(seed)
        seed_all(1)
        model = tf.keras.Sequential([tf.keras.Input((4,)), tf.keras.layers.Dense(1)])
        model.compile("adam", "mse")
        model.fit(x, y)
        """,
        # Each initializer has its seed.
        """
        import tensorflow as tf
        tf.random.set_seed(1)
        start = tf.keras.initializers.GlorotUniform(seed=3)
        model = tf.keras.Sequential([tf.keras.Input((4,)), tf.keras.layers.Dense(1, kernel_initializer=start)])
        model.compile("adam", "mse")
        model.fit(x, y)
        """,
        # Where it does reach Keras, and where nothing is trained.
        """
        from keras.layers.core import Dense
        from keras.models import Sequential
        import tensorflow as tf
        tf.random.set_seed(1)
        model = Sequential([Dense(1)])
        model.compile("adam", "mse")
        model.fit(x, y)
        """,
        """
        import tensorflow as tf
        tf.random.set_seed(1)
        noise = tf.random.normal((2, 2))
        layer = tf.keras.layers.Dense(3)
        model = tf.keras.models.load_model("model.keras")
        model.fit(x, y)
        """,
    )


_TENSORFLOW = "tensorflow.random.set_seed"
_MISSING = frozenset({_TENSORFLOW, "numpy.random.seed"})
_REACHING = frozenset({"random.seed", "keras.utils.set_random_seed"})
_SHORT = {_TENSORFLOW: "tf.random.set_seed", "numpy.random.seed": "np.random.seed"}
#: The first version that takes its seeds from Python.
_FROM_PYTHON = (2, 10)
#: Layers with weights drawn at random, and the argument that says how.
_INITIALIZERS = {**dict.fromkeys(PARAMETRIC, "kernel_initializer"), "Embedding": "embeddings_initializer"}


def _set_for_all(seed: Seed) -> fixing.Draft | None:
    """The call that seeds everything, with the same number."""
    call = seed.node
    if not isinstance(call, syntax.Call) or len(call.args) != 1 or call.args[0].star:
        return None
    name = "keras.utils.set_random_seed"
    return fixing.draft(f"call {name}", fixing.replace(call, f"{{{name}}}({{0}})", call.args[0].value))


def _concerns(target: Target) -> bool:
    return target.since(*_FROM_PYTHON)


def _draws(training: Training) -> bool:
    """Whether a model begins with weights that are drawn without a seed of their own."""
    return training.starts_fresh and any(_is_random(node) for node in training.graph.nodes)


def _is_random(node: Node) -> bool:
    name = _INITIALIZERS.get(node.short)
    if node.kind != "layer" or node.layer is None or name is None or node.layer.open:
        return False
    if name not in node.layer.args:
        return "weights" not in node.layer.args
    made = drawn(node.layer, name)
    return made is not None and "seed" not in made.args and not made.open


def _draws_from_numpy(program: Program) -> bool:
    """Whether anything seems to draw from the generator of NumPy: scikit-learn and pandas do, too."""
    used = program.used
    draws = [name for name in used.symbols | used.imports if name.startswith("numpy.random.")]
    others = any(name.startswith(("sklearn", "pandas", "scipy", "imblearn")) for name in used.imports)
    return others or any(name != "numpy.random.seed" for name in draws)
