"""KN025."""

from __future__ import annotations

from collections.abc import Iterator

from kerlint import syntax
from kerlint.finding import Severity
from kerlint.library.contracts import as_data, inputs_of
from kerlint.library.heads import only_head
from kerlint.program.events import Compile, Fit, Forward
from kerlint.program.facts import Program
from kerlint.program.graph import Node, Snapshot
from kerlint.program.values import Array
from kerlint.records import dataclass
from kerlint.rules.base import Found, Rule


class GeneratedRangeMismatch(Rule):
    """A discriminator gets real images on one scale and generated ones on another.

    ## Why is this bad?
    The generator ends in tanh, which gives -1 to 1, and the real images go from 0 to 1. Numbers below 0 give a
    generated image away, whatever it shows: the discriminator learns that first, and the generator is trained to
    avoid half of what it can say instead of to draw.

    ## Example
    ```python
    import numpy as np
    from tensorflow import keras

    (x, y), _ = keras.datasets.mnist.load_data()
    x = x.reshape(-1, 784) / 255
    generator = keras.Sequential([keras.Input((64,)), keras.layers.Dense(784, activation="tanh")])
    discriminator = keras.Sequential([keras.Input((784,)), keras.layers.Dense(1, activation="sigmoid")])
    discriminator.compile(optimizer="adam", loss="binary_crossentropy")
    for step in range(1000):
        fake = generator.predict(np.random.normal(size=(32, 64)))
        discriminator.train_on_batch(x[np.random.randint(0, 60000, 32)], np.ones((32, 1)))  # KN025
        discriminator.train_on_batch(fake, np.zeros((32, 1)))
    ```

    Use instead:
    ```python
    import numpy as np
    from tensorflow import keras

    (x, y), _ = keras.datasets.mnist.load_data()
    x = x.reshape(-1, 784) / 127.5 - 1
    generator = keras.Sequential([keras.Input((64,)), keras.layers.Dense(784, activation="tanh")])
    discriminator = keras.Sequential([keras.Input((784,)), keras.layers.Dense(1, activation="sigmoid")])
    discriminator.compile(optimizer="adam", loss="binary_crossentropy")
    for step in range(1000):
        fake = generator.predict(np.random.normal(size=(32, 64)))
        discriminator.train_on_batch(x[np.random.randint(0, 60000, 32)], np.ones((32, 1)))
        discriminator.train_on_batch(fake, np.zeros((32, 1)))
    ```

    ## Known limits
    Only generators that end in tanh or sigmoid, and real data whose range is known. Where what is generated is scaled
    before the discriminator gets it, the rule is silent.

    ## References
    - By definition of tanh and sigmoid.
    """

    code = "KN025"
    name = "generated-range-mismatch"
    severity = Severity.WARNING
    symptoms = ("slow-learning", "wrong-result")
    since = "0.1.0"
    in_tests = False

    def check(self, program: Program) -> Iterator[Found]:
        last: dict[int, Snapshot] = {}
        real: dict[int, _Given] = {}
        made: dict[int, _Given] = {}
        for event in program.events:
            if isinstance(event, (Forward, Fit, Compile)):
                last[id(event.model)] = event.snapshot
            given = _given(event) if isinstance(event, (Forward, Fit)) else None
            if given is None or not isinstance(event, (Forward, Fit)):
                continue
            generated = given.array.prediction is not None and not given.array.steps
            if generated and given.array.prediction is not event.model:
                made.setdefault(id(event.model), given)
            elif _is_known(given.array):
                real.setdefault(id(event.model), given)
        for model, fake in made.items():
            generator = fake.array.prediction
            snapshot = last.get(id(generator)) or (generator.state.get("snapshot") if generator is not None else None)
            if model not in real or not isinstance(snapshot, Snapshot):
                continue
            yield from self._pair(real[model], fake, snapshot)

    def _pair(self, real: _Given, fake: _Given, generator: Snapshot) -> Iterator[Found]:
        head, array = only_head(generator.graph), real.array
        span = _RANGES.get(head.activation or "") if head is not None and all(map(_only_reshapes, head.after)) else None
        if head is None or span is None or array.low is None or array.high is None:
            return
        if abs(array.low - span[0]) < _NEAR and abs(array.high - span[1]) < _NEAR:
            return
        yield from self.found(
            real.place,
            f"the real images go from {array.low:g} to {array.high:g}, the generated ones from {span[0]} to {span[1]}",
            label="real images",
            also=[
                (fake.place, "generated images"),
                (head.activation_place, f"{head.activation}: from {span[0]} to {span[1]}"),
            ],
            why="the discriminator tells them apart by their range, and need not look at what they show",
            help="bring the real images to the range of the generator: x / 127.5 - 1 for tanh, x / 255 for sigmoid",
            about=real.event,
        )

    bad = (
        """
        import keras
        import tensorflow as tf
        (digits, _), _ = keras.datasets.mnist.load_data()
        digits = digits.astype("float32")[..., None] / 255.0
        g = keras.Sequential([keras.Input((16,)), keras.layers.Dense(784, "tanh"), keras.layers.Reshape((28, 28, 1))])
        d = keras.Sequential([keras.Input((28, 28, 1)), keras.layers.Flatten(), keras.layers.Dense(1)])
        loss = keras.losses.BinaryCrossentropy(from_logits=True)
        first, second = keras.optimizers.Adam(), keras.optimizers.Adam()
        for images in tf.data.Dataset.from_tensor_slices(digits).batch(64):
            with tf.GradientTape(persistent=True) as tape:
                real = d(images, training=True)  # KN025
                fake = d(g(tf.random.normal((64, 16)), training=True), training=True)
                ours = loss(tf.ones_like(real), real) + loss(tf.zeros_like(fake), fake)
                theirs = loss(tf.ones_like(fake), fake)
            first.apply_gradients(zip(tape.gradient(ours, d.trainable_weights), d.trainable_weights))
            second.apply_gradients(zip(tape.gradient(theirs, g.trainable_weights), g.trainable_weights))
        """,
    )
    good = (
        """
        import keras
        import numpy as np
        (x, _), _ = keras.datasets.mnist.load_data()
        plain, centred = x.reshape(-1, 784) / 255, x.reshape(-1, 784).astype("float32") / 127.5 - 1
        one = keras.Sequential([keras.Input((64,)), keras.layers.Dense(784, activation="sigmoid")])
        two = keras.Sequential([keras.Input((64,)), keras.layers.Dense(784, activation="tanh")])
        for generator, real in ((one, plain), (two, centred)):
            d = keras.Sequential([keras.Input((784,)), keras.layers.Dense(1, activation="sigmoid")])
            d.compile("adam", "binary_crossentropy")
            for step in range(1000):
                d.train_on_batch(real[:32], np.ones((32, 1)))
                d.train_on_batch(generator.predict(np.random.normal(size=(32, 64))), np.zeros((32, 1)))
        d = keras.Sequential([keras.Input((784,)), keras.layers.Dense(1, activation="sigmoid")])
        d.compile("adam", "binary_crossentropy")
        for step in range(1000):
            d.train_on_batch(plain[:32], np.ones((32, 1)))
            d.train_on_batch((two.predict(np.random.normal(size=(32, 64))) + 1) / 2, np.zeros((32, 1)))
        """,
    )


@dataclass(frozen=True, eq=False, slots=True)
class _Given:
    """What a model is trained on."""

    event: Forward | Fit
    array: Array
    place: syntax.Node


#: What an activation gives, at most.
_RANGES = {"tanh": (-1, 1), "sigmoid": (0, 1)}
#: Ranges that differ by less are the same.
_NEAR = 0.2


def _given(event: Forward | Fit) -> _Given | None:
    if isinstance(event, Forward):
        array = as_data(event.inputs) if event.in_tape else None
        return None if array is None else _Given(event, array, event.node)
    array = as_data(inputs_of(event))
    return None if array is None else _Given(event, array, event.places.get("x") or event.node)


def _is_known(array: Array) -> bool:
    """Whether this is data, and its range is known and used up to its ends, if not by the rows that were drawn."""
    if array.noise or array.prediction is not None or None in (array.low, array.high):
        return False
    for made in array.history():
        if (made.low, made.high) != (array.low, array.high):
            return False
        if made.tight:
            return True
    return False


def _only_reshapes(node: Node) -> bool:
    return node.short in ("Reshape", "Flatten")
