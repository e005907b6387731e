"""KN020."""

from __future__ import annotations

from collections.abc import Iterator

from kerlint.finding import Severity
from kerlint.library.contracts import as_data, inputs_of
from kerlint.library.dtypes import is_float, is_integer
from kerlint.library.inputs import is_pixels
from kerlint.program.constants import integer
from kerlint.program.events import Fit
from kerlint.program.facts import Program
from kerlint.program.values import Array
from kerlint.rules.base import Found, Rule


class PreprocessCollapsesInput(Rule):
    """Scaling leaves next to nothing of the inputs: whole numbers from 0 to 1.

    `x // 255` divides without a remainder, and `(x / 255).astype("uint8")` cuts it off: all pixels become 0 but
    those that were 255. An `Embedding` does the same with its input: it looks up whole numbers, and of word numbers
    that were scaled to 0 to 1 it sees only 0.

    ## Why is this bad?
    The model sees black images with a few white dots. The numbers are in the right range, so nothing looks wrong.

    ## Example
    ```python
    from tensorflow import keras

    (x, y), _ = keras.datasets.mnist.load_data()
    x = x // 255  # KN020
    model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(10, activation="softmax")])
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
    model.fit(x, y, epochs=5)
    ```

    Use instead:
    ```python
    from tensorflow import keras

    (x, y), _ = keras.datasets.mnist.load_data()
    x = x / 255
    model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(10, activation="softmax")])
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
    model.fit(x, y, epochs=5)
    ```

    ## Known limits
    Only images whose range is known, and only what a model is trained on. Rounding and thresholds are left alone:
    they make black and white images on purpose.

    ## References
    - By arithmetic: of the numbers from 0 to 255, 255 become 0.
    - Measured on Keras 3.15.1: `Embedding` gives one and the same row for all inputs from 0 to 0.99, without a word.
    """

    code = "KN020"
    name = "preprocess-collapses-input"
    severity = Severity.ERROR
    symptoms = ("constant-output", "accuracy-stuck", "zero-output")
    since = "0.1.0"
    in_tests = False

    def check(self, program: Program) -> Iterator[Found]:
        seen: set[int] = set()
        for fit in program.fits:
            array = as_data(inputs_of(fit))
            if array is not None:
                yield from self._looked_up(fit, array, seen)
            history = list(array.history()) if array is not None else []
            for after, before in zip(history, history[1:]):
                if id(after.node) in seen or not any(is_pixels(older) for older in history):
                    continue
                how = _collapse(after, before)
                if how is not None:
                    seen.add(id(after.node))
                    yield from self._report(fit, after, before, how, history[-1])
                    break

    def _looked_up(self, fit: Fit, array: Array, seen: set[int]) -> Iterator[Found]:
        """Scaled numbers that go straight into an embedding."""
        starts = [node for node in fit.graph.nodes if node.kind == "input"]
        reader = starts[0].consumers[0] if len(starts) == 1 and len(starts[0].consumers) == 1 else None
        if reader is None or reader.short != "Embedding" or id(reader.place) in seen or not is_float(array.dtype or ""):
            return
        if array.low is None or array.high is None or not -1 < array.low < array.high <= 1 or not _is_scaled(array):
            return
        # Of two words, 0 and 1, scaling leaves 0 and 1.
        if any(version.dtype == "bool" for version in array.history()):
            return
        if (integer(reader.args.get("input_dim")) or 0) < _FEW_WORDS:
            return
        seen.add(id(reader.place))
        yield from self.found(
            reader.place,
            f"the Embedding gets numbers from {array.low:g} to {array.high:g}, and looks up whole ones: most are 0",
            label="cuts off what is behind the point",
            also=[(array.node, f"from {array.low:g} to {array.high:g}"), (fit.places.get("x"), "trained on it")],
            why="the numbers of words are places in a table, no quantities",
            help="give the Embedding the numbers of the words as they are",
            about=fit,
        )

    def _report(self, fit: Fit, after: Array, before: Array, how: str, origin: Array) -> Iterator[Found]:
        divided = how.startswith("//")
        yield from self.found(
            after.node,
            f"{how} makes 0 of every pixel below {before.high:g}"
            if divided
            else f"the images are scaled to {before.low:g} to {before.high:g} and then cut to whole numbers: "
            "next to all pixels become 0",
            label="whole numbers, 0 or 1" if divided else f"cut to {after.dtype}",
            also=[
                (None if divided else before.node, "scaled here"),
                (origin.node, "the pixels come from here"),
                (fit.places.get("x"), "the model is trained on it"),
            ],
            why="// drops the remainder" if divided else "a cast to whole numbers drops what is behind the point",
            help="write / instead of //" if divided else 'leave the cast out, or cast to "float32"',
            about=fit,
        )

    bad = (
        """
        import keras
        (x, y), _ = keras.datasets.imdb.load_data(num_words=5000)
        x = keras.utils.pad_sequences(x, maxlen=100) / 5000
        model = keras.Sequential([
            keras.layers.Embedding(5000, 16),  # KN020
            keras.layers.GlobalAveragePooling1D(),
            keras.layers.Dense(1, activation="sigmoid"),
        ])
        model.compile("adam", "binary_crossentropy")
        model.fit(x, y)
        """,
        """
        import numpy as np
        from tensorflow import keras
        (x, y), _ = keras.datasets.cifar10.load_data()
        x = (x / 255.0).astype("uint8")  # KN020
        model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(10, activation="softmax")])
        model.compile("adam", "sparse_categorical_crossentropy")
        model.fit(x, y)
        """,
    )
    good = (
        """
        import keras
        import numpy as np
        (x, y), _ = keras.datasets.imdb.load_data(num_words=5000)
        x = keras.utils.pad_sequences(x, maxlen=100)
        flags = keras.Sequential([keras.layers.Embedding(2, 4), keras.layers.GlobalAveragePooling1D()])
        flags.add(keras.layers.Dense(1, activation="sigmoid"))
        flags.compile("adam", "binary_crossentropy")
        flags.fit(np.random.choice([0, 255], (100, 20)) / 255, y[:100])
        for data in (x, x.astype("float32"), (x > 100).astype("float32"), (x > 100) / 1.0, np.minimum(x, 1)):
            model = keras.Sequential([keras.layers.Embedding(5000, 16), keras.layers.GlobalAveragePooling1D()])
            model.add(keras.layers.Dense(1, activation="sigmoid"))
            model.compile("adam", "binary_crossentropy")
            model.fit(data, y)
        """,
        """
        import numpy as np
        from tensorflow import keras
        (x, y), _ = keras.datasets.cifar10.load_data()
        model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(10, activation="softmax")])
        model.compile("adam", "sparse_categorical_crossentropy")
        model.fit((x > 127).astype(int), y)
        model.fit((x > 127).astype(float).astype("uint8"), y)
        model.fit(np.round(x / 255).astype("uint8"), y)
        model.fit(x // 16, y)
        model.fit((x / 255).astype("float32"), y)
        """,
    )


#: An embedding with fewer rows may be for flags, which are 0 and 1 after scaling, too.
_FEW_WORDS = 4


def _is_scaled(array: Array) -> bool:
    """Whether the last that was done to the numbers is a division or a scaler."""
    steps = [step.name for step in array.steps if not step.name.startswith(("astype float", "reshape", "train_test"))]
    return bool(steps) and steps[-1].startswith(("/", "MinMaxScaler", "MaxAbsScaler"))


def _collapse(after: Array, before: Array) -> str | None:
    """The step that leaves only 0 and 1 of the pixels; None if it does not."""
    step = after.steps[-1].name if len(after.steps) > len(before.steps) else ""
    if after.high is None or after.low is None or before.high is None or after.high > 1 or after.low < -1:
        return None
    if step.startswith("//") and is_pixels(before):
        return step
    scaled = before.steps[-1].name.startswith(("/ ", "- ")) if before.steps else False
    if scaled and before.high <= 1 and is_float(before.dtype) and is_integer(after.dtype) and after.dtype != "bool":
        return step or "the cast"
    return None
