"""KD001."""

from __future__ import annotations

from collections.abc import Iterator

from kerlint import syntax
from kerlint.finding import Safety, Severity
from kerlint.library.contracts import as_data
from kerlint.library.feeding import fed
from kerlint.program.events import Discarded, Event, Fit, Forward, Scaled, Use
from kerlint.program.facts import Program
from kerlint.program.values import Array, Dataset, Mapping, Sequence, Value
from kerlint.rules import fixing
from kerlint.rules.base import Found, Rule


class DatasetResultDiscarded(Rule):
    """A step on data gives a new dataset or array, and the result is thrown away.

    `data.shuffle(1000)` on a line of its own does nothing: `data` is the same as before. So it is with
    `x.reshape(...)`, `to_categorical(y)`, `scaler.transform(x)` and `frame.dropna()`.

    ## Why is this bad?
    The program reads as if the data were shuffled, batched or scaled, and the model is trained on data that is not.

    ## Example
    ```python
    import tensorflow as tf
    from tensorflow import keras

    x, y = load_rows()
    data = tf.data.Dataset.from_tensor_slices((x, y)).batch(32)
    data.repeat(5)  # KD001
    model = keras.Sequential([keras.layers.Dense(32, activation="relu"), keras.layers.Dense(1)])
    model.compile(optimizer="adam", loss="mse")
    model.fit(data)
    ```

    Use instead:
    ```python
    import tensorflow as tf
    from tensorflow import keras

    x, y = load_rows()
    data = tf.data.Dataset.from_tensor_slices((x, y)).batch(32)
    data = data.repeat(5)
    model = keras.Sequential([keras.layers.Dense(32, activation="relu"), keras.layers.Dense(1)])
    model.compile(optimizer="adam", loss="mse")
    model.fit(data)
    ```

    ## Known limits
    An error needs a model that gets the unchanged data afterwards. A dataset that goes nowhere is a warning, an array
    nothing. What ends a cell of a notebook is there to be looked at.

    ## References
    - Measured on TensorFlow 2.21: after `data.shuffle(8).batch(2)` on a line of its own, `data` still gives 0 to 7.
    - https://www.tensorflow.org/guide/data
    """

    code = "KD001"
    name = "dataset-result-discarded"
    severity = Severity.ERROR
    fix = Safety.UNSAFE
    symptoms = ("wrong-result", "slow-learning", "crash")
    since = "0.1.0"
    in_tests = False

    def check(self, program: Program) -> Iterator[Found]:
        for event in program.all(Discarded):
            made = event.value
            if isinstance(made, Dataset):
                if not made.transforms or made.transforms[-1].name != event.step.name or event.step.name not in _STEPS:
                    continue
                used: Event | None = _dataset_used(program, event, made)
                if used is None and event.step.name not in _SURE:
                    continue
                what, result = "dataset", "the dataset stays as it was"
            else:
                used = _array_used(program, event) if event.step.name in _CHANGES else None
                if used is None:
                    continue
                what, result = "array", "the data stays as it was"
            if program.shows(event.node):
                continue
            yield from self.found(
                event.node,
                f"{event.step.name}() gives a new {what}, which is thrown away: {result}",
                label="its result is not kept",
                also=[(_place(used), "gets the unchanged data")] if used is not None else [],
                why="neither datasets nor these functions change the data that they are given",
                help=f"keep the result: data = data.{event.step.name}(...)"
                if isinstance(made, Dataset)
                else "keep the result: x = ...",
                severity=Severity.ERROR if used is not None else Severity.WARNING,
                about=used,
                fix=_kept(event.node) if isinstance(made, Dataset) else None,
            )

    subsumes = ("KN002",)
    bad = (
        """
        import tensorflow as tf
        data = tf.data.TFRecordDataset(files())
        data.shuffle(1000)  # KD001
        data.batch(32)  # KD001
        train(data)
        """,
        """
        import keras
        import numpy as np
        from keras.utils import to_categorical
        (x, y), _ = keras.datasets.mnist.load_data()
        to_categorical(y)  # KD001
        np.expand_dims(x, -1)  # KD001
        x.astype("float32")  # KD001
        model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(10, activation="softmax")])
        model.compile("adam", "categorical_crossentropy")
        model.fit(x, y)
        """,
        """
        import keras
        import pandas as pd
        from sklearn.preprocessing import StandardScaler
        from sklearn.utils import shuffle
        frame = pd.read_csv("rows.csv")
        frame.dropna()  # KD001
        x, y = frame[["a", "b"]].values, frame["c"].values
        shuffle(x, y)  # KD001
        StandardScaler().fit_transform(x)  # KD001
        model = keras.Sequential([keras.layers.Dense(1)])
        model.compile("adam", "mse")
        model.fit(x, y)
        """,
    )
    good = (
        # Changed in place, looked at, or used elsewhere.
        """
        import keras
        import numpy as np
        import pandas as pd
        import tensorflow as tf
        from sklearn.preprocessing import StandardScaler
        frame = pd.read_csv("rows.csv")
        frame.dropna(inplace=True)
        frame.describe()
        x, y = frame[["a", "b"]].values, frame["c"].values
        np.random.shuffle(x)
        x.sort()
        scaler = StandardScaler()
        scaler.fit_transform(x)
        x = scaler.transform(x)
        x.mean()
        data = tf.data.Dataset.from_tensor_slices((x, y)).batch(8)
        data.save("data")
        model = keras.Sequential([keras.layers.Dense(1)])
        model.compile("adam", "mse")
        model.fit(data)
        """,
        # It must fail.
        """
        import keras
        import numpy as np
        x = np.zeros((8, 4))
        try:
            x.reshape(3, 3)
        except ValueError:
            print("as expected")
        model = keras.Sequential([keras.layers.Dense(1)])
        model.compile("adam", "mse")
        model.fit(x, x)
        """,
        # Another array is reshaped.
        """
        import keras
        import numpy as np
        x, y, z = np.zeros((8, 4)), np.zeros((8, 1)), np.zeros((8, 4))
        z.reshape(4, 8)
        model = keras.Sequential([keras.layers.Dense(1)])
        model.compile("adam", "mse")
        model.fit(x, y)
        """,
    )


#: Steps on a dataset that do nothing by themselves.
_STEPS = frozenset(
    """shuffle batch padded_batch map filter prefetch repeat cache take skip shard unbatch enumerate concatenate
    flat_map interleave with_options""".split()
)
#: Those that nobody writes to look at what they give.
_SURE = frozenset({"shuffle", "batch", "padded_batch", "prefetch", "repeat", "cache", "with_options"})
#: Functions and methods that give changed data and leave what they are given.
_CHANGES = frozenset(
    """astype reshape transpose flatten ravel squeeze expand_dims swapaxes clip round cast normalize
    to_categorical transform fit_transform shuffle permutation dropna fillna drop replace drop_duplicates
    sort_values reset_index sample pad_sequences preprocess_input""".split()
)


def _kept(call: syntax.Node | None) -> fixing.Draft | None:
    """The same call, and its result in the place of what it was called on."""
    data = fixing.receiver(call)
    if call is None or not isinstance(data, syntax.Name):
        return None
    return fixing.draft("keep the result", fixing.replace(call, "{0} = {1}", data, call))


def _dataset_used(program: Program, event: Discarded, made: Dataset) -> Event | None:
    """The later event in which a model gets the dataset without the step."""
    before = made.transforms[:-1]
    for feed in fed(program):
        steps = feed.steps
        if feed.event.order < event.order or feed.made is not made.origin or len(steps) < len(before):
            continue
        if all(ours is theirs for ours, theirs in zip(before, steps)):
            return feed.event
    return None


def _array_used(program: Program, event: Discarded) -> Fit | Use | Forward | None:
    """The later event in which a model gets the data that was left as it was."""
    parts = event.value.items if isinstance(event.value, Sequence) else (event.value,)
    results = [part for part in parts if isinstance(part, Array)]
    before = {id(made.parent) for made in results if made.parent is not None}
    before.update({id(event.given)} if isinstance(event.given, Array) else ())
    for other in program.events if before else ():
        learned = event.step.name == "fit_transform" and isinstance(other, Scaled) and id(other.before) in before
        if learned and other.order > event.order:
            # What the scaler has learned is used.
            return None
        if other.order > event.order and isinstance(other, (Fit, Use, Forward)):
            for value in _inputs(other):
                if any(id(made) in before for array in _arrays(value) for made in array.history()):
                    return other
    return None


def _inputs(event: Fit | Use | Forward) -> list[Value | None]:
    if isinstance(event, Fit):
        return [event.x, event.y]
    return [event.inputs] if isinstance(event, Forward) else [event.args.get("x"), event.args.get("y")]


def _arrays(value: Value | None) -> Iterator[Array]:
    """The arrays of a structure, those that a dataset is made of too."""
    if isinstance(value, Dataset):
        value = value.element
    if isinstance(value, (Sequence, Mapping)):
        for part in value.items if isinstance(value, Sequence) else value.entries.values():
            yield from _arrays(part)
        return
    array = as_data(value)
    if array is not None:
        yield array


def _place(used: Event) -> syntax.Node | None:
    places = used.places if isinstance(used, (Fit, Use)) else {}
    return places.get("x") or used.node
