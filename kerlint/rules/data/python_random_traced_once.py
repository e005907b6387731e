"""KD004."""

from __future__ import annotations

from collections.abc import Iterator

from kerlint.experiment import Experiment
from kerlint.finding import Severity
from kerlint.program.constants import constant
from kerlint.program.events import FrozenDraw
from kerlint.program.facts import Program
from kerlint.rules.base import Found, Rule


class PythonRandomTracedOnce(Rule):
    """A random number of Python or NumPy is drawn in code that TensorFlow runs only once.

    TensorFlow traces the function of `Dataset.map`, a `tf.function` and the `call` of a layer: it runs the Python code
    one time to make a graph of it. What `random` and `np.random` gave that time is a constant in the graph.

    ## Why is this bad?
    Every element gets the same "random" number: all images are turned by the same angle, or none is flipped.
    The data looks augmented and is not.

    ## Example
    ```python
    import random
    import tensorflow as tf
    from tensorflow import keras

    def brighten(image, label):
        return image + random.uniform(-0.2, 0.2), label  # KD004

    images, labels = load_images()
    data = tf.data.Dataset.from_tensor_slices((images, labels)).map(brighten).shuffle(1000).batch(32)
    model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(10, activation="softmax")])
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
    model.fit(data, epochs=10)
    ```

    Use instead:
    ```python
    import tensorflow as tf
    from tensorflow import keras

    def brighten(image, label):
        return image + tf.random.uniform([], -0.2, 0.2), label

    images, labels = load_images()
    data = tf.data.Dataset.from_tensor_slices((images, labels)).map(brighten).shuffle(1000).batch(32)
    model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(10, activation="softmax")])
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
    model.fit(data, epochs=10)
    ```

    ## Known limits
    What stands in an arm of a condition is left alone: variables are made once on purpose there. The `call` of a layer
    counts where a model is compiled without `run_eagerly`.

    ## References
    - Measured on TensorFlow 2.21: `range(5)` through `map(lambda x: x + random.randint(0, 1000))` gives 864, 865, 866,
      867 and 868; a `tf.function` that returns `np.random.rand()` gives .746 three times, and `predict` three times
      .703 for a layer whose `call` draws (Keras 3.15.1).
    - https://www.tensorflow.org/guide/function#executing_python_side_effects
    """

    code = "KD004"
    name = "python-random-traced-once"
    severity = Severity.ERROR
    symptoms = ("overfit", "wrong-result")
    since = "0.1.0"
    needs_end = True

    def check(self, program: Program) -> Iterator[Found]:
        told: set[int] = set()
        eager = any(symbol.endswith(_EAGERLY) for symbol in program.used.symbols)
        for draw in program.all(FrozenDraw):
            if id(draw.node) in told or (draw.kind in ("call", "tf.function") and eager):
                continue
            if draw.kind == "call" and not _is_traced_by_fit(program):
                continue
            told.add(id(draw.node))
            where = {"tf.function": "a tf.function", "call": "the call of a layer"}.get(draw.kind, f"{draw.kind}()")
            every = {"tf.function": "call", "call": "batch"}.get(draw.kind, "element")
            yield from self.found(
                draw.node,
                f"{draw.name}() in {where} draws once, when TensorFlow traces it: every {every} gets the same number",
                label="a constant in the graph",
                also=[(draw.traced if draw.kind not in ("tf.function", "call") else None, "traces the function once")],
                why="tracing runs the Python code one time, and keeps the numbers that it gave",
                help=f"draw with TensorFlow: {_instead(draw.name)}",
                about=draw,
                experiment=Experiment(draw, "traced", details={"library": _library(draw.name), "where": _where(draw)}),
            )

    bad = (
        """
        import numpy as np
        import tensorflow as tf
        rng = np.random.default_rng(0)
        @tf.function
        def noisy(x):
            return x + np.random.normal(size=3) + rng.random()  # KD004
        """,
        """
        import keras
        import numpy as np
        class Noise(keras.layers.Layer):
            def call(self, inputs):
                if np.random.rand() < 0.5:  # KD004
                    return inputs * np.random.rand()
                return inputs
        model = keras.Sequential([keras.Input((3,)), Noise(), keras.layers.Dense(1)])
        model.compile("adam", "mse")
        model.fit(x, y)
        """,
        """
        import random
        import tensorflow as tf
        def flip(image):
            if random.random() > 0.5:  # KD004
                image = tf.image.flip_left_right(image)
            return image
        data = tf.data.Dataset.list_files("*.png").map(lambda path: flip(tf.io.decode_png(tf.io.read_file(path))))
        """,
    )
    good = (
        # Python runs for each element, or once on purpose.
        """
        import random
        import numpy as np
        import tensorflow as tf
        def turned(image):
            return image + random.random()
        @tf.py_function(Tout=tf.float32)
        def moved(image):
            return image + np.random.rand()
        def rows():
            while True:
                yield np.random.rand(3)
        data = tf.data.Dataset.from_generator(rows, output_signature=tf.TensorSpec((3,), tf.float32))
        data = data.map(lambda row: tf.py_function(turned, [row], tf.float32)).map(moved)
        weights = None
        @tf.function
        def step(x):
            global weights
            if weights is None:
                weights = tf.Variable(np.random.rand(3))
            return x * weights + tf.constant(np.random.rand(3), tf.float32)
        """,
        # Initial weights are made in build, a step of its own is not traced, and this model runs eagerly.
        """
        import keras
        import numpy as np
        class Fixed(keras.layers.Layer):
            def build(self, shape):
                self.matrix = np.random.rand(3, 3)
            def call(self, inputs):
                return inputs @ self.matrix
        class Noise(keras.layers.Layer):
            def call(self, inputs):
                return inputs * np.random.rand()
        def noisy(x):
            return x + np.random.rand()
        model = keras.Sequential([keras.Input((3,)), Fixed(), Noise(), keras.layers.Dense(1)])
        model.compile("adam", "mse", run_eagerly=True)
        model.fit(noisy(x), y)
        """,
        """
        import numpy as np
        import tensorflow as tf
        tf.config.run_functions_eagerly(True)
        @tf.function
        def noisy(x):
            return x + np.random.normal(size=3)
        """,
    )


#: Functions that make TensorFlow run Python as it is.
_EAGERLY = ("config.run_functions_eagerly", "config.experimental_run_functions_eagerly")


def _is_traced_by_fit(program: Program) -> bool:
    """Whether models are compiled, and none of them to run eagerly."""
    if program.used.environment.get("KERAS_BACKEND") == "torch":
        return False
    compiles = list(program.compiles)
    return bool(compiles) and all(
        "run_eagerly" not in event.args or constant(event.args["run_eagerly"]) in (False, None) for event in compiles
    )


def _library(name: str) -> str:
    return "numpy" if name.startswith("numpy") else "python"


def _where(draw: FrozenDraw) -> str:
    return {"tf.function": "function", "call": "call"}.get(draw.kind, "dataset")


def _instead(name: str) -> str:
    short = name.rpartition(".")[2]
    if short in ("normal", "gauss", "randn", "standard_normal", "normalvariate"):
        return "tf.random.normal(...)"
    return "tf.random.shuffle(...)" if short in ("shuffle", "permutation") else "tf.random.uniform(...)"
