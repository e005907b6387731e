"""KD022."""

from __future__ import annotations

from collections.abc import Iterator

from kerlint import syntax
from kerlint.finding import Safety, Severity
from kerlint.library.contracts import arrays_in
from kerlint.library.feeding import BATCHING, OPAQUE, TRAINING, Fed, fed
from kerlint.library.structures import rows_of
from kerlint.program.constants import integer
from kerlint.program.facts import Program
from kerlint.program.values import Array, Transform
from kerlint.rules import fixing
from kerlint.rules.base import Found, Option, Rule


class ShuffleBufferTooSmall(Rule):
    """`shuffle(buffer_size)` looks at far fewer rows than there are, so that they stay almost in order.

    The buffer is filled with the next rows, and one of them is drawn at random. A row can move to the front by no
    more than the size of the buffer.

    ## Why is this bad?
    If the rows stand class by class, so do the batches: each one pulls the model to its own class. A buffer of one row
    does not shuffle at all.

    ## Example
    ```python
    import numpy as np
    import tensorflow as tf
    from tensorflow import keras

    x = np.concatenate([cats, dogs])
    y = np.concatenate([np.zeros(5000), np.ones(5000)])
    data = tf.data.Dataset.from_tensor_slices((x, y)).shuffle(100).batch(32)  # KD022
    model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(1, activation="sigmoid")])
    model.compile(optimizer="adam", loss="binary_crossentropy")
    model.fit(data, epochs=10)
    ```

    Use instead:
    ```python
    import numpy as np
    import tensorflow as tf
    from tensorflow import keras

    x = np.concatenate([cats, dogs])
    y = np.concatenate([np.zeros(5000), np.ones(5000)])
    data = tf.data.Dataset.from_tensor_slices((x, y)).shuffle(10000).batch(32)
    model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(1, activation="sigmoid")])
    model.compile(optimizer="adam", loss="binary_crossentropy")
    model.fit(data, epochs=10)
    ```

    ## Known limits
    A warning needs class labels in order, or a buffer of one row. Where nothing is known of the order it is advice, and
    where the rows stand in a random order a small buffer is enough.

    ## References
    - Measured on TensorFlow 2.21: after `shuffle(100)` of 10,000 rows in two classes the first 4,900 rows are all of
      the first class.
    - https://www.tensorflow.org/guide/data#randomly_shuffling_input_data
    """

    code = "KD022"
    name = "shuffle-buffer-too-small"
    severity = Severity.WARNING
    fix = Safety.UNSAFE
    symptoms = ("accuracy-stuck", "slow-learning")
    since = "0.1.0"
    in_tests = False

    min_share = Option(0.1, "A buffer below this share of the rows leaves them nearly in order.", above=0.0, high=1.0)
    min_rows = Option(100, "Data with fewer rows is an illustration, and left alone.", low=0)

    def check(self, program: Program) -> Iterator[Found]:
        told: set[int] = set()
        for feed in fed(program):
            step = _only_shuffle(feed) if feed.role == TRAINING else None
            size = integer(step.args.get("buffer_size")) if step is not None else None
            if step is None or size is None or size < 1 or id(step) in told:
                continue
            told.add(id(step))
            rows = rows_of(feed.data.args.get("tensors")) if feed.data.source == _SLICES else None
            parts = list(arrays_in(feed.data.args.get("tensors")))
            ordered = next((part for part in parts if _stands_in_order(part)), None)
            if size == 1:
                message, severity = "shuffle(1) does not shuffle: its buffer holds one row", Severity.WARNING
            elif rows is None or rows < self.min_rows or size >= rows * self.min_share or any(map(_is_mixed, parts)):
                continue
            else:
                message = f"shuffle({size}) hardly shuffles {rows} rows"
                message += ", which stand class by class" if ordered is not None else ""
                severity = Severity.WARNING if ordered is not None else Severity.ADVICE
            yield from self.found(
                step.node,
                message,
                label="a buffer of this many rows",
                also=[(ordered.node if ordered is not None else None, "in order"), (feed.place, "trained on it")],
                why="a row is drawn from the next few only, so the order stays nearly as it was",
                help=f"use a buffer as large as the data: shuffle({rows})" if rows else "use a buffer of many rows",
                severity=severity,
                about=feed.event,
                fix=_all_rows(step.node, rows) if rows is not None else None,
            )

    bad = (
        """
        import keras
        import tensorflow as tf
        x, y = load()
        data = tf.data.Dataset.from_tensor_slices((x, y)).shuffle(1).batch(8)  # KD022
        model = keras.Sequential([keras.layers.Dense(1)])
        model.compile("adam", "mse")
        model.fit(data)
        """,
        """
        import keras
        import numpy as np
        import tensorflow as tf
        x, y = np.zeros((5000, 4)), np.zeros((5000, 1))
        data = tf.data.Dataset.from_tensor_slices((x, y)).map(prepare).shuffle(64).batch(8)  # KD022
        model = keras.Sequential([keras.layers.Dense(1)])
        model.compile("adam", "mse")
        model.fit(data)
        """,
    )
    good = (
        """
        import keras
        import numpy as np
        import tensorflow as tf
        (x, y), _ = keras.datasets.mnist.load_data()
        mixed = tf.data.Dataset.from_tensor_slices((x, y)).shuffle(100).batch(8)
        few = tf.data.Dataset.from_tensor_slices((np.zeros((60, 4)), np.zeros((60, 1)))).shuffle(5).batch(8)
        files = tf.data.TFRecordDataset(names()).shuffle(100).batch(8)
        batches = tf.data.Dataset.from_tensor_slices((np.zeros((5000, 4)), np.zeros((5000, 1)))).batch(500).shuffle(10)
        model = keras.Sequential([keras.layers.Dense(1)])
        model.compile("adam", "mse")
        model.fit(mixed)
        model.fit(few)
        model.fit(files)
        model.fit(batches)
        """,
    )


_SLICES = "tensorflow.data.Dataset.from_tensor_slices"
_CLASSES = frozenset({"classes", "binary", "onehot", "signs"})


def _only_shuffle(feed: Fed) -> Transform | None:
    """The shuffle of single rows, if there is just one."""
    found = [step for step in feed.steps if step.name == "shuffle"]
    names = [step.name for step in feed.steps]
    if len(found) != 1 or found[0].args.get("buffer_size") is None or any(name in OPAQUE for name in names):
        return None
    before = names[: names.index("shuffle")]
    return found[0] if not any(name in BATCHING or name in _FEWER for name in before) else None


_FEWER = frozenset({"take", "skip", "shard", "filter", "repeat", "concatenate", "unbatch"})


def _all_rows(call: syntax.Node | None, rows: int) -> fixing.Draft | None:
    """A buffer for all rows, where its size is written in the call."""
    if not isinstance(call, syntax.Call) or not call.args:
        return None
    given = next((one for one in call.args if one.keyword is None or one.keyword == "buffer_size"), None)
    return fixing.draft(f"use shuffle({rows})", fixing.replace(given.value, str(rows))) if given is not None else None


def _is_mixed(array: Array) -> bool:
    """Whether the rows are known to stand in a random order."""
    return array.noise or array.order == "random"


def _stands_in_order(array: Array) -> bool:
    """Whether these are class labels, those of a class together."""
    kind = array.labels.kind if array.labels is not None else None
    return array.order in ("sorted", "grouped") and kind in _CLASSES
