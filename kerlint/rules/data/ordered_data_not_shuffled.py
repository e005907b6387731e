"""KD008."""

from __future__ import annotations

from collections.abc import Iterator

from kerlint import syntax
from kerlint.experiment import Experiment, Plain
from kerlint.finding import Safety, Severity
from kerlint.library.contracts import CATEGORICAL, arrays_in, as_data, read_loss, targets_of
from kerlint.library.training import structure_rows
from kerlint.program.constants import constant, integer, number, truth
from kerlint.program.events import ApplyGradients, Fit
from kerlint.program.facts import Program
from kerlint.program.graph import Graph
from kerlint.program.values import Array, Dataset, Sequence, Value
from kerlint.rules import fixing
from kerlint.rules.base import Found, Option, Rule
from kerlint.rules.passing import plain_steps, rows_of


class OrderedDataNotShuffled(Rule):
    """Data that stands in order reaches training, or is split, without having been shuffled.

    `validation_split` takes the last rows, before any shuffling. A `tf.data.Dataset` is never
    shuffled by `fit`, whose `shuffle` argument is for arrays only.

    ## Why is this bad?
    Where the rows of a class stand together, the last rows are one class: the model is validated on
    a class that it hardly ever saw, or never. And a batch of a single class pulls the model towards that
    class, the next one towards another.

    ## Example
    ```python
    import numpy as np
    from tensorflow import keras

    x = np.concatenate([cats, dogs])
    y = np.concatenate([np.zeros(1000), np.ones(1000)])
    model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(1, activation="sigmoid")])
    model.compile(optimizer="adam", loss="binary_crossentropy")
    model.fit(x, y, epochs=10, validation_split=0.2)  # KD008
    ```

    Use instead:
    ```python
    import numpy as np
    from sklearn.utils import shuffle
    from tensorflow import keras

    x = np.concatenate([cats, dogs])
    y = np.concatenate([np.zeros(1000), np.ones(1000)])
    x, y = shuffle(x, y, random_state=0)
    model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(1, activation="sigmoid")])
    model.compile(optimizer="adam", loss="binary_crossentropy")
    model.fit(x, y, epochs=10, validation_split=0.2)
    ```

    ## Known limits
    A warning needs evidence that the targets are classes in order. A dataset made from other arrays
    that is nowhere shuffled is advice: its batches are the same in every epoch. Time series must not be
    shuffled, and are left alone where windows or a stateful layer show that they are some.

    ## References
    - Measured on Keras 3.15.1: with sorted labels and `validation_split` the accuracy on the validation rows is .16,
      on the training rows .72.
    - https://github.com/keras-team/keras/issues/12160
    - https://github.com/keras-team/keras/issues/8346
    """

    code = "KD008"
    name = "ordered-data-not-shuffled"
    severity = Severity.WARNING
    fix = Safety.UNSAFE
    symptoms = ("accuracy-stuck", "slow-learning", "wrong-result")
    since = "0.1.0"
    in_tests = False

    min_rows = Option(100, "Data with fewer rows is an illustration, and left alone.", low=0)

    def check(self, program: Program) -> Iterator[Found]:
        seen: set[int] = set()
        for fit in program.fits:
            if fit.method == "train_on_batch" or fit.open:
                continue
            if isinstance(fit.x, Dataset):
                if id(fit.x) not in seen and not _is_stateful(fit.graph):
                    seen.add(id(fit.x))
                    yield from self._dataset(fit.x, fit.node, _again(fit), fit)
            else:
                yield from self._arrays(fit)
        for step in program.all(ApplyGradients):
            # Only the innermost loop may be the one over batches.
            batches = step.loops[-1].over if step.loops else None
            if isinstance(batches, Dataset) and id(batches) not in seen and step.snapshot is not None:
                seen.add(id(batches))
                if not _is_stateful(step.snapshot.graph):
                    yield from self._dataset(batches, step.loops[-1].node, len(step.loops) > 1, step)

    def _arrays(self, fit: Fit) -> Iterator[Found]:
        targets = as_data(targets_of(fit))
        if targets is None or not _in_order_of_class(targets, _for_classes(fit)) or _is_stateful(fit.graph):
            return
        split = fit.args.get("validation_split")
        share = number(split) if split is not None else None
        if share and 0 < share < 1:
            yield from self.found(
                fit.places.get("validation_split"),
                f"validation_split={share:g} takes the last {share:.0%} of the rows, and the rows stand class by class",
                label="the last rows, before any shuffling",
                also=[(targets.node, "the targets in order")],
                why="the last rows are the last classes, so the model is validated on what it hardly learned",
                help="shuffle inputs and targets together first, or use train_test_split",
                about=fit,
                experiment=Experiment(fit, "unseen", details={**_ordered(targets), "share": share}),
            )
        elif truth(fit.args.get("shuffle")) is False and _several_batches(fit.x, fit.args.get("batch_size")):
            yield from self.found(
                fit.places.get("shuffle"),
                "shuffle=False trains on rows that stand class by class: each batch holds a single class",
                label="keeps the order",
                also=[(targets.node, "the targets in order")],
                why=_ONE_CLASS,
                help="leave shuffle=True, or shuffle inputs and targets together first",
                about=fit,
                experiment=Experiment(fit, "one_class", details=_ordered(targets, fit.args.get("batch_size"))),
                fix=fixing.draft("leave shuffle=False out", fixing.drop(fit, "shuffle")),
            )

    def _dataset(self, data: Dataset, use: syntax.Node, again: bool, about: Fit | ApplyGradients) -> Iterator[Found]:
        """A dataset that a training call or a loop takes its batches from."""
        if any(step.name not in _PLAIN for step in data.transforms):
            return
        sizes = [step.args.get("batch_size") for step in data.transforms if step.name in _BATCHING]
        if any(integer(size) == 1 for size in sizes):
            return
        if data.source.endswith(".from_tensor_slices"):
            yield from self._slices(data, sizes[-1] if sizes else None, use, again, about)
        elif (
            data.source.endswith(("_dataset_from_directory", ".flow_from_directory"))
            and truth(data.args.get("shuffle")) is False
        ):
            labels = as_data(_second(data.element))
            if labels is not None and labels.labels is not None and labels.labels.kind in _CLASSES:
                short = data.source.rpartition(".")[2]
                yield from self.found(
                    data.origin or data.node,
                    f"{short}(shuffle=False) gives one class after the other, and training takes it as it is",
                    label="the files in order of their directories",
                    also=[(use, "training takes its batches from it")],
                    why=_ONE_CLASS,
                    help="leave shuffle=True for training; False is for evaluation and prediction",
                    about=about,
                    experiment=Experiment(
                        about, "one_class", details=_ordered(labels, sizes[-1] if sizes else None, "dataset")
                    ),
                    fix=fixing.draft(
                        "leave shuffle=False out", fixing.drop_in_call(data.origin or data.node, "shuffle")
                    ),
                )

    def _slices(
        self, data: Dataset, size: Value | None, use: syntax.Node, again: bool, about: Fit | ApplyGradients
    ) -> Iterator[Found]:
        parts = list(arrays_in(data.args.get("tensors")))
        if not parts or not all(_several_batches(part, size) for part in parts):
            return
        sorted_part = next((part for part in parts[1:] if _in_order_of_class(part, _for_classes(about))), None)
        if sorted_part is not None:
            message = "the dataset is never shuffled, and its rows stand class by class"
        elif again and not any(map(self._is_illustration, parts)):
            message = "the dataset is never shuffled: every epoch sees the same batches in the same order"
        else:
            return
        yield from self.found(
            data.origin or data.node,
            message,
            label="no shuffle() from here on",
            also=[
                (sorted_part.node if sorted_part else None, "the targets in order"),
                (use, "training takes its batches from it"),
            ],
            why=_ONE_CLASS
            if sorted_part
            else "fit() does not shuffle a dataset, and rows that stand together stay together",
            help="call .shuffle(buffer_size) with the number of rows before .batch()",
            severity=Severity.WARNING if sorted_part else Severity.ADVICE,
            about=about,
            experiment=Experiment(about, "one_class", details=_ordered(sorted_part, size, "dataset"))
            if sorted_part
            else Experiment(about, "frozen", details=_repeated(data)),
        )

    def _is_illustration(self, array: Array) -> bool:
        """Whether the data is random, or so little that it only shows how something works."""
        made_up = array.source in ("literal", "constant", "arange", "linspace")
        return array.noise or made_up or (array.rows is not None and array.rows < self.min_rows)

    bad = (
        # Lists that loops fill, one class after the other.
        """
        import os
        import cv2
        import keras
        import numpy as np
        x, y = [], []
        for number, folder in enumerate(sorted(os.listdir("images"))):
            for file in os.listdir(folder):
                image = cv2.imread(os.path.join(folder, file))
                if image is not None:
                    x.append(cv2.resize(image, (32, 32)))
                    y.append(number)
        a, b = [], []
        for file in os.listdir("cats"):
            a.append(cv2.imread(file))
            b.append(0)
        for file in os.listdir("dogs"):
            a.append(cv2.imread(file))
            b.append(1)
        model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(5, activation="softmax")])
        model.compile("adam", "sparse_categorical_crossentropy")
        model.fit(np.array(x) / 255, np.array(y), validation_split=0.2)  # KD008
        model.fit(np.array(a) / 255, np.array(b), validation_split=0.2)  # KD008
        """,
        """
        import keras
        from sklearn.datasets import load_iris
        x, y = load_iris(return_X_y=True)
        model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, activation="softmax")])
        model.compile("adam", "sparse_categorical_crossentropy")
        model.fit(x, y, epochs=50, validation_split=0.2)  # KD008
        """,
        """
        import keras
        import numpy as np
        sound, broken = np.load("sound.npy"), np.load("broken.npy")
        x = np.concatenate([sound, broken])
        y = np.concatenate([np.zeros(len(sound)), np.ones(len(broken))])
        model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(1, activation="sigmoid")])
        model.compile("adam", "binary_crossentropy")
        model.fit(x[..., None], y, epochs=20, validation_split=0.2)  # KD008
        """,
        """
        import keras
        import tensorflow as tf
        from sklearn.datasets import load_wine
        x, y = load_wine(return_X_y=True)
        data = tf.data.Dataset.from_tensor_slices((x, keras.utils.to_categorical(y))).batch(16)  # KD008
        model = keras.Sequential([keras.Input((13,)), keras.layers.Dense(3, activation="softmax")])
        model.compile("adam", "categorical_crossentropy")
        model.fit(data, epochs=50)
        """,
        """
        import keras
        train = keras.utils.image_dataset_from_directory("train", shuffle=False)  # KD008
        train = train.map(lambda image, label: (image / 255, label)).prefetch(1)
        model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(5, activation="softmax")])
        model.compile("adam", "sparse_categorical_crossentropy")
        model.fit(train, epochs=5)
        """,
        """
        import keras
        import tensorflow as tf
        (x, y), _ = keras.datasets.mnist.load_data()
        data = tf.data.Dataset.from_tensor_slices((x, y)).batch(32)  # KD008
        model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(10)])
        optimizer = keras.optimizers.Adam()
        for epoch in range(5):
            for images, labels in data:
                with tf.GradientTape() as tape:
                    loss = compute(labels, model(images))
                gradients = tape.gradient(loss, model.trainable_weights)
                optimizer.apply_gradients(zip(gradients, model.trainable_weights))
        """,
    )
    good = (
        # Lists in which the classes are mixed, and such that are shuffled.
        """
        import os
        import random
        import cv2
        import keras
        import numpy as np
        from sklearn.utils import shuffle
        def images():
            x, y = [], []
            for number, folder in enumerate(sorted(os.listdir("images"))):
                for file in os.listdir(folder):
                    x.append(cv2.imread(file))
                    y.append(number)
            return x, y
        a, b = shuffle(*images())
        both = list(zip(*images()))
        random.shuffle(both)
        c, d = zip(*both)
        e, f = [], []
        for file in files:
            kind = 0 if "cat" in file else 1
            for part in parts_of(file):
                e.append(part)
                f.append(kind)
        g, h = [], []
        for person, kind in people.items():
            for file in os.listdir(person):
                g.append(cv2.imread(file))
                h.append(kind)
        model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(5, activation="softmax")])
        model.compile("adam", "sparse_categorical_crossentropy")
        model.fit(np.array(a) / 255, np.array(b), validation_split=0.2)
        model.fit(np.array(c) / 255, np.array(d), validation_split=0.2)
        model.fit(np.array(e) / 255, np.array(f), validation_split=0.2)
        model.fit(np.array(g) / 255, np.array(h), validation_split=0.2)
        """,
        """
        import keras
        from sklearn.datasets import load_iris
        from sklearn.model_selection import train_test_split
        x, y = load_iris(return_X_y=True)
        x_train, x_test, y_train, y_test = train_test_split(x, y)
        model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, activation="softmax")])
        model.compile("adam", "sparse_categorical_crossentropy")
        model.fit(x_train, y_train, epochs=50, validation_split=0.2)
        model.fit(x, y, epochs=50)
        """,
        """
        import keras
        import numpy as np
        from sklearn.datasets import load_iris
        x, y = load_iris(return_X_y=True)
        order = np.arange(150)
        np.random.shuffle(order)
        model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, activation="softmax")])
        model.compile("adam", "sparse_categorical_crossentropy")
        model.fit(x[order], y[order], epochs=50, validation_split=0.2)
        """,
        """
        import keras
        import numpy as np
        y = np.concatenate([np.zeros(50), np.ones(50)])
        x = load(50)
        np.random.seed(1)
        np.random.shuffle(x)
        np.random.seed(1)
        np.random.shuffle(y)
        model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1, activation="sigmoid")])
        model.compile("adam", "binary_crossentropy")
        model.fit(x, y, validation_split=0.2)
        """,
        """
        import keras
        import numpy as np
        import tensorflow as tf
        (x, y), _ = keras.datasets.mnist.load_data()
        data = tf.data.Dataset.from_tensor_slices((x, y))
        noise = tf.data.Dataset.from_tensor_slices((np.random.rand(500, 4), np.random.rand(500))).batch(32)
        windows = tf.data.Dataset.from_tensor_slices(series).window(20).flat_map(lambda part: part.batch(20))
        model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(10)])
        model.compile("adam", "mse")
        model.fit(data.shuffle(60000).batch(32), epochs=5)
        model.fit(data.batch(32))
        model.fit(noise, epochs=5)
        model.fit(windows.batch(32), epochs=5)
        """,
        """
        import keras
        import numpy as np
        t = np.linspace(0, 100, 5000)
        model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(32, "relu"), keras.layers.Dense(1)])
        model.compile("adam", "mse")
        model.fit(t, np.sin(t), epochs=5, shuffle=False, validation_split=0.2)
        """,
        """
        import keras
        images = keras.utils.image_dataset_from_directory("all", shuffle=False)
        model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(5, activation="softmax")])
        model.compile("adam", "sparse_categorical_crossentropy")
        model.fit(images.shuffle(100), epochs=5)
        model.evaluate(images)
        """,
    )


_ONE_CLASS = "a batch of one class pulls the model towards that class, and the next one towards another"
_CLASSES = frozenset({"classes", "binary", "onehot", "signs"})
_BATCHING = frozenset({"batch", "padded_batch"})
#: Steps that neither shuffle nor say that the order has a meaning.
_PLAIN = _BATCHING | {"map", "cache", "prefetch", "repeat", "take", "skip", "with_options"}


def _in_order_of_class(targets: Array, for_classes: bool) -> bool:
    """Whether these are class labels, those of a class together."""
    kind = targets.labels.kind if targets.labels is not None else None
    return targets.order in ("sorted", "grouped") and (kind in _CLASSES or (for_classes and kind is None))


def _for_classes(event: object) -> bool:
    """Whether the loss of a training call says that the targets are classes."""
    compiled = event.compile if isinstance(event, Fit) else None
    loss = read_loss(compiled.loss) if compiled is not None else None
    return loss is not None and loss.function in CATEGORICAL


def _several_batches(data: Value | None, size: Value | None) -> bool:
    """Whether one batch does not certainly hold all rows."""
    rows = structure_rows(data)
    batch = 32 if size is None or constant(size) is None else integer(size)
    return rows is None or batch is None or rows > batch


def _ordered(targets: Array, size: Value | None = None, kind: str = "arrays") -> dict[str, Plain]:
    """What is known of targets that stand class by class, and of the batches that they go in."""
    labels = targets.labels
    classes = labels.classes if labels is not None and labels.classes else 0
    if not classes and targets.high is not None and targets.tight and 0 < targets.high < 1000:
        classes = int(targets.high) + 1
    return {
        "classes": classes or 2,
        "rows": targets.rows or 0,
        "batch": (integer(size) if size is not None else None) or 32,
        "dataset": kind == "dataset",
    }


def _repeated(data: Dataset) -> dict[str, Plain]:
    """Two passes over the dataset, and over one that is shuffled first."""
    steps = plain_steps(data.transforms)
    shuffle: dict[str, Plain] = {"name": "shuffle", "count": None, "again": True}
    return {"steps": steps, "other": [shuffle, *steps], "rows": rows_of(data)}


def _again(fit: Fit) -> bool:
    """Whether the data is gone through more than once, as far as is known."""
    given = fit.args.get("epochs")
    return given is not None and integer(given) != 1


def _second(element: Value | None) -> Value | None:
    return element.exact[1] if isinstance(element, Sequence) and element.exact and len(element.exact) > 1 else None


def _is_stateful(graph: Graph) -> bool:
    """Whether a layer carries its state from batch to batch: then the order has a meaning."""
    return any(truth(node.args.get("stateful")) is True for node in graph.nodes)
