"""KF003."""

from __future__ import annotations

from collections.abc import Iterator

from kerlint.finding import Severity
from kerlint.library.bases import Base, bases
from kerlint.library.kinds import is_parametric
from kerlint.library.optimizers import Optimizer, rate_changes, read_optimizer
from kerlint.program.events import Fit
from kerlint.program.facts import Program
from kerlint.program.graph import Node
from kerlint.rules.base import Found, Option, Rule


class UnfrozenBaseHighLr(Rule):
    """A pretrained model is trained as a whole, with the learning rate for a model that starts from nothing.

    The new layers on top begin with random weights, and their first gradients are large and arbitrary.

    ## Why is this bad?
    Within some hundred steps the weights that were learned from a million images are overwritten by what
    a few images of this data set and a random head say.

    ## Example
    ```python
    from tensorflow import keras

    base = keras.applications.ResNet50(include_top=False, pooling="avg", input_shape=(224, 224, 3))
    model = keras.Sequential([base, keras.layers.Dense(5, activation="softmax")])
    model.compile(optimizer="adam", loss="categorical_crossentropy")  # KF003
    model.fit(images, labels, epochs=10)
    ```

    Use instead:
    ```python
    from tensorflow import keras

    base = keras.applications.ResNet50(include_top=False, pooling="avg", input_shape=(224, 224, 3))
    base.trainable = False
    model = keras.Sequential([base, keras.layers.Dense(5, activation="softmax")])
    model.compile(optimizer="adam", loss="categorical_crossentropy")
    model.fit(images, labels, epochs=10)
    base.trainable = True
    model.compile(optimizer=keras.optimizers.Adam(1e-5), loss="categorical_crossentropy")
    model.fit(images, labels, epochs=5)
    ```

    ## Known limits
    Models of `keras.applications` with the weights of ImageNet, and only where all of their layers are
    trained. With a great deal of data a high rate may do.

    ## References
    - The guide on transfer learning trains the head first and then fine-tunes with 1e-5:
      https://www.tensorflow.org/guide/keras/transfer_learning
    - Measured: an optimizer like Adam moves a weight by about the learning rate in each step.
    """

    code = "KF003"
    name = "unfrozen-base-high-lr"
    severity = Severity.WARNING
    symptoms = ("accuracy-stuck", "slow-learning", "overfit")
    since = "0.1.0"
    in_tests = False

    # Most move each weight by about the rate in every step; SGD follows the size of the gradient.
    limits = Option(
        {"Adam": 1e-3, "AdamW": 1e-3, "Nadam": 1e-3, "RMSprop": 1e-3, "Adamax": 1e-3, "Lion": 1e-3, "SGD": 0.1},
        "The rates from which on pretrained weights are lost.",
        above=0.0,
    )

    def check(self, program: Program) -> Iterator[Found]:
        seen: set[int] = set()
        for event in program.compiles:
            optimizer = read_optimizer(event.optimizer, event)
            fits = program.fits_of(event)
            if optimizer is None or not fits or id(event.node) in seen or rate_changes(program, optimizer):
                continue
            limit = self.limits.get(optimizer.name)
            if limit is None or optimizer.rate is None or optimizer.rate < limit:
                continue
            for base in bases(program, event):
                head = _head_after(base.node)
                if base.trained and base.pretrained and head is not None:
                    seen.add(id(event.node))
                    yield from self._report(base, head, optimizer, fits[0])
                    break

    def _report(self, base: Base, head: Node, optimizer: Optimizer, fit: Fit) -> Iterator[Found]:
        default = "" if optimizer.given else ", the default of " + optimizer.name
        yield from self.found(
            optimizer.place or optimizer.event.node,
            f"all of the pretrained {base.short} is trained with a learning rate of {optimizer.rate:g}{default}",
            label=f"{optimizer.name}, {optimizer.rate:g}",
            also=[
                (base.model.node, "pretrained, and not frozen"),
                (head.place, "starts with random weights"),
                (fit.node, "trained here"),
            ],
            why="the large gradients of a random head overwrite what the pretrained layers have learned",
            help=f"freeze {base.short} first (trainable = False), then fine-tune with a rate of about 1e-5",
            about=optimizer.event,
        )

    good = (
        """
        from tensorflow import keras
        base = keras.applications.ResNet50(include_top=False, pooling="avg", weights=None)
        model = keras.Sequential([base, keras.layers.Dense(5, activation="softmax")])
        model.compile("adam", "categorical_crossentropy")
        model.fit(images, labels)
        tuned = keras.applications.ResNet50(include_top=False, pooling="avg")
        for layer in tuned.layers[:100]:
            layer.trainable = False
        model = keras.Sequential([tuned, keras.layers.Dense(5, activation="softmax")])
        model.compile("adam", "categorical_crossentropy")
        model.fit(images, labels)
        """,
        """
        from tensorflow import keras
        base = keras.applications.VGG16(include_top=False, pooling="avg")
        for layer in base.layers:
            layer.trainable = False
        x = keras.layers.Dense(5, activation="softmax")(base.output)
        model = keras.Model(base.input, x)
        model.compile("rmsprop", "categorical_crossentropy")
        model.fit(images, labels)
        other = keras.applications.VGG16(include_top=False, pooling="avg")
        model = keras.Model(other.input, keras.layers.Dense(5, activation="softmax")(other.output))
        model.compile(keras.optimizers.SGD(0.001, momentum=0.9), "categorical_crossentropy")
        model.fit(images, labels)
        """,
    )
    bad = (
        """
        import keras
        base = keras.applications.VGG16(weights="imagenet", include_top=False, input_shape=(96, 96, 3))
        x = keras.layers.Flatten()(base.output)
        model = keras.Model(base.input, keras.layers.Dense(5, activation="softmax")(x))
        model.compile(
            keras.optimizers.RMSprop(0.002),  # KF003
            "categorical_crossentropy",
        )
        model.fit(images, labels)
        """,
    )


def _head_after(node: Node) -> Node | None:
    """A layer with fresh weights somewhere after a step."""
    pending = list(node.consumers)
    seen: set[int] = set()
    while pending:
        current = pending.pop()
        if id(current) in seen:
            continue
        seen.add(id(current))
        if is_parametric(current):
            return current
        pending.extend(current.consumers)
    return None
