"""KD020."""

from __future__ import annotations

from collections.abc import Iterator

from kerlint.finding import Severity
from kerlint.library.contracts import as_data
from kerlint.library.feeding import BATCHING, OPAQUE, Fed, fed
from kerlint.program.constants import integer, number
from kerlint.program.events import ApplyGradients, Fit
from kerlint.program.facts import Program
from kerlint.program.values import Array, Dataset, Sequence
from kerlint.rules.base import Found, Rule


class FitDatasetContract(Rule):
    """A dataset is given to a model in a way that Keras refuses or ignores.

    Keras does not batch a dataset: each element must be a batch already, inputs and targets together. Arguments that
    are for arrays only do not apply to it: `y`, `validation_split` and `batch_size`.

    ## Why is this bad?
    Without `batch()`, or with two of them, the shapes have an axis too few or too many, and the first step raises an
    error about shapes that does not speak of batches. `y` and `validation_split` raise. `batch_size` does nothing.

    ## Example
    ```python
    import tensorflow as tf
    from tensorflow import keras

    (x, y), _ = keras.datasets.california_housing.load_data()
    data = tf.data.Dataset.from_tensor_slices((x, y)).shuffle(1000)
    model = keras.Sequential([keras.Input((8,)), keras.layers.Normalization(), keras.layers.Dense(1)])
    model.compile(optimizer="adam", loss="mse")
    model.fit(data, epochs=10)  # KD020
    ```

    Use instead:
    ```python
    import tensorflow as tf
    from tensorflow import keras

    (x, y), _ = keras.datasets.california_housing.load_data()
    data = tf.data.Dataset.from_tensor_slices((x, y)).shuffle(1000).batch(32)
    model = keras.Sequential([keras.Input((8,)), keras.layers.Normalization(), keras.layers.Dense(1)])
    model.compile(optimizer="adam", loss="mse")
    model.fit(data, epochs=10)
    ```

    ## Known limits
    That there is no `batch()`, or one too many, is told by targets of one number a row, or by the input that the model
    declares. Of arrays whose shapes are not known, a dataset is taken to lack `batch()` if the model gets another one
    that has it.

    ## References
    - Measured on Keras 3.15.1: without `batch()` "Invalid input shape for input Tensor(shape=(10,))", with two of
      them "shape=(None, None, 10)"; "`y` should not be passed"; "`validation_split` is only supported for tensors or
      NumPy arrays"; with `batch_size=64` for batches of 32 the 256 rows make 8 steps as before, without a word. Keras 2
      raises for `batch_size` too.
    """

    code = "KD020"
    name = "fit-dataset-contract"
    severity = Severity.ERROR
    symptoms = ("crash",)
    since = "0.1.0"
    in_tests = False

    def check(self, program: Program) -> Iterator[Found]:
        feeds = [feed for feed in fed(program) if not isinstance(feed.event, ApplyGradients)]
        batched = {id(feed.event.model) for feed in feeds if _is_plain(feed) and _batchings(feed) == 1}
        for feed in feeds:
            if isinstance(feed.event, Fit) and feed.event.x is feed.data:
                yield from self._arguments(feed, feed.event, program.target.keras)
            yield from self._batches(feed, batched)

    def _arguments(self, feed: Fed, fit: Fit, version: int) -> Iterator[Found]:
        if fit.open:
            return
        also = [(feed.place, "a dataset" if feed.data.source != "generator" else "a generator")]
        if isinstance(fit.y, (Array, Sequence)) and feed.data.source != "generator":
            yield from self.found(
                fit.places.get("y"),
                "fit() gets a dataset and targets beside it, which Keras refuses",
                label="the dataset must hold the targets",
                also=also,
                why="each element of a dataset is a pair of inputs and targets",
                help="put both into the dataset: from_tensor_slices((x, y))",
                about=fit,
            )
        share = number(fit.args.get("validation_split"))
        if share:
            yield from self.found(
                fit.places.get("validation_split"),
                "validation_split is for arrays: fit() refuses it for a dataset or generator",
                label="not for datasets",
                also=also,
                why="Keras does not know how many rows a dataset has, nor how to leave some out",
                help="split before training: data.take(n) and data.skip(n), given as validation_data",
                about=fit,
            )
        yield from self._size(feed, fit, version)

    def _size(self, feed: Fed, fit: Fit, version: int) -> Iterator[Found]:
        given = integer(fit.args.get("batch_size"))
        own = [integer(step.args.get("batch_size")) for step in feed.steps if step.name in BATCHING]
        if given is None or not own or own[-1] is None or any(step.name in OPAQUE for step in feed.steps):
            return
        if version >= 3 and own[-1] == given:
            return
        yield from self.found(
            fit.places.get("batch_size"),
            f"batch_size={given} has no effect: the batches of the data hold {own[-1]} rows"
            if version >= 3
            else f"batch_size={given} is for arrays: fit() refuses it for a dataset",
            label="ignored" if version >= 3 else "not for datasets",
            also=[(feed.steps[-1].node, "batched by the dataset"), (feed.place, "the dataset")],
            why="a dataset says itself how large its batches are",
            help="change the number in batch(), and leave batch_size out",
            severity=Severity.WARNING if version >= 3 else Severity.ERROR,
            about=fit,
        )

    def _batches(self, feed: Fed, batched: set[int]) -> Iterator[Found]:
        """What is not batched, or twice.

        Args:
            batched: the models that get another dataset of slices in batches, by identity.
        """
        if not _is_plain(feed):
            return
        count = _batchings(feed)
        x, y = _pair(feed.data)
        off = _rank_off(feed, x)
        beside = off is None and y is not None and y.rank is None and id(feed.event.model) in batched
        if count == 0 and (off == -1 or beside or (y is not None and y.rank == 0)):
            message, label = f"the dataset for {feed.role} is not batched: each element is a single row", "single rows"
            advice = "end the dataset with .batch(32)"
        elif count >= 2 and off == 1:
            message = f"the dataset for {feed.role} is batched twice: each element is a batch of batches"
            label, advice = "batches of batches", "call batch() once"
        else:
            return
        yield from self.found(
            feed.place,
            message,
            label=label,
            also=[(step.node, "batched") for step in feed.steps if step.name in BATCHING]
            or [(feed.made, "made of single rows")],
            why="Keras takes each element of a dataset as a batch",
            help=advice,
            severity=Severity.WARNING if beside else None,
            about=feed.event,
        )

    subsumes = ("KS001", "KL010")
    bad = (
        """
        import numpy as np
        import tensorflow as tf
        readings, broken = np.load("readings.npy"), np.load("broken.npy")
        readings = (readings - readings[:900].mean(0)) / readings[:900].std(0)
        train = tf.data.Dataset.from_tensor_slices((readings[:900], broken[:900])).shuffle(900).prefetch(1)
        test = tf.data.Dataset.from_tensor_slices((readings[900:], broken[900:])).batch(64)
        model = tf.keras.Sequential([tf.keras.Input((24,)), tf.keras.layers.Dense(1, activation="sigmoid")])
        model.compile("adam", "binary_crossentropy")
        model.fit(train, epochs=10)  # KD020
        model.evaluate(test)
        """,
        """
        import keras
        import tensorflow as tf
        (x, y), _ = keras.datasets.mnist.load_data()
        data = tf.data.Dataset.from_tensor_slices((x, y)).batch(32)
        model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(1)])
        model.compile("adam", "mse")
        model.fit(data, y)  # KD020
        model.fit(data, validation_split=0.2)  # KD020
        model.fit(data, batch_size=64)  # KD020
        """,
        """
        import keras
        import numpy as np
        import tensorflow as tf
        data = tf.data.Dataset.from_tensor_slices((np.zeros((100, 4)), np.zeros((100, 1))))
        model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
        model.compile("adam", "mse")
        model.fit(data.batch(32).batch(2))  # KD020
        model.fit(data.batch(32), validation_data=data)  # KD020
        model.evaluate(data)  # KD020
        """,
    )
    good = (
        """
        import keras
        import numpy as np
        import tensorflow as tf
        data = tf.data.Dataset.from_tensor_slices((np.zeros((100, 4)), np.zeros((100, 1))))
        model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
        model.compile("adam", "mse")
        model.fit(data.batch(32), batch_size=32)
        model.fit(data.batch(32), None, validation_data=data.batch(1))
        model.fit(data.batch(32).unbatch().batch(8))
        model.fit(data.apply(prepare))
        """,
        # Shapes that are not known.
        """
        import numpy as np
        import tensorflow as tf
        x, y = np.load("batches.npy"), np.load("answers.npy")
        model = tf.keras.Sequential([tf.keras.Input((24,)), tf.keras.layers.Dense(1)])
        model.compile("adam", "mse")
        model.fit(tf.data.Dataset.from_tensor_slices((x, y)), epochs=10)
        model.fit(tf.data.Dataset.from_tensor_slices((x, y)).apply(pack), epochs=10)
        """,
        # Batches that were made before, and sequences of sequences.
        """
        import keras
        import numpy as np
        import tensorflow as tf
        batches = tf.data.Dataset.from_tensor_slices((np.zeros((10, 32, 4)), np.zeros((10, 32, 1))))
        model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
        model.compile("adam", "mse")
        model.fit(batches)
        codes = tf.data.Dataset.from_tensor_slices(np.zeros((1000,))).batch(10).map(lambda x: (x, x)).batch(8)
        other = keras.Sequential([keras.Input((10,)), keras.layers.Dense(10)])
        other.compile("adam", "mse")
        other.fit(codes)
        """,
    )


_SLICES = "tensorflow.data.Dataset.from_tensor_slices"


def _is_plain(feed: Fed) -> bool:
    """Whether a dataset is made of the rows of arrays, and its elements are followed to the end."""
    return feed.data.source == _SLICES and not any(step.name in OPAQUE for step in feed.steps)


def _batchings(feed: Fed) -> int:
    return sum(step.name in BATCHING for step in feed.steps)


def _pair(data: Dataset) -> tuple[Array | None, Array | None]:
    """Inputs and targets of one element, if each is one array."""
    element = data.element
    if isinstance(element, Sequence) and element.kind == "tuple" and element.exact:
        parts = [as_data(part) for part in element.exact[:2]]
        return parts[0], parts[1] if len(parts) > 1 else None
    return as_data(element), None


def _rank_off(feed: Fed, x: Array | None) -> int | None:
    """How many axes one element has more than the input that the model declares; None if that is not known."""
    event = feed.event
    if not isinstance(event, Fit) or x is None or x.rank is None:
        compiled = getattr(event, "compile", None)
        graph = compiled.graph if compiled is not None else None
    else:
        graph = event.compile.graph if event.compile is not None else None
    # The layers at the time of compile, before data could say what the input is.
    starts = [node for node in graph.nodes if node.kind == "input"] if graph is not None else []
    if len(starts) != 1 or starts[0].shape is None or x is None or x.rank is None:
        return None
    return x.rank - len(starts[0].shape)
