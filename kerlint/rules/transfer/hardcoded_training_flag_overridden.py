"""KF002."""

from __future__ import annotations

from collections.abc import Iterator

from kerlint.experiment import Experiment
from kerlint.finding import Severity
from kerlint.library.bases import Base, bases
from kerlint.library.graphs import graph_of
from kerlint.program.constants import truth
from kerlint.program.events import Compile, Use
from kerlint.program.facts import Program
from kerlint.program.graph import Node
from kerlint.program.target import Target
from kerlint.rules.base import Found, Rule
from kerlint.rules.versions import if_later, only_before

#: The first minor version of Keras 3 that keeps a flag which is written where a model is built.
_KEPT = 16


class HardcodedTrainingFlagOverridden(Rule):
    """A `training=` flag that is written where a model is built does not survive in Keras 3, up to 3.15.

    `base(x, training=False)` was the way to keep batch normalisation in a pretrained model as it is
    while the rest is fine-tuned, and `Dropout(0.5)(x, training=True)` the way to get random
    predictions. In Keras 3.0 to 3.15 `fit` and `predict` pass their own flag to every layer of a functional
    model, over the one that was written.

    ## Why is this bad?
    Fine-tuning changes the moving statistics of the pretrained model with the few images of each batch.
    Dropout that was meant for predictions is switched off: all of them are the same.

    ## Example
    ```python
    import keras

    base = keras.applications.MobileNetV2(include_top=False, pooling="avg", input_shape=(160, 160, 3))
    inputs = keras.Input((160, 160, 3))
    x = base(inputs, training=False)  # KF002
    model = keras.Model(inputs, keras.layers.Dense(1, activation="sigmoid")(x))
    model.compile(optimizer=keras.optimizers.Adam(1e-5), loss="binary_crossentropy")
    model.fit(images, labels)
    ```

    Use instead:
    ```python
    import keras

    base = keras.applications.MobileNetV2(include_top=False, pooling="avg", input_shape=(160, 160, 3))
    for layer in base.layers:
        layer.trainable = not isinstance(layer, keras.layers.BatchNormalization)
    inputs = keras.Input((160, 160, 3))
    x = base(inputs, training=False)
    model = keras.Model(inputs, keras.layers.Dense(1, activation="sigmoid")(x))
    model.compile(optimizer=keras.optimizers.Adam(1e-5), loss="binary_crossentropy")
    model.fit(images, labels)
    ```

    ## Known limits
    A frozen base keeps its statistics whatever the flag says, and is left alone. Keras 2 keeps the flag, and so
    does Keras 3.16: programs for these are left alone, too. Where nothing says which Keras 3 it is, this is reported
    as a fault before 3.16.

    A nightly build of Keras 3.16 also passes a flag that is written on to all layers that run after that one: with
    `base(x, training=False)` the dropout of the head is switched off in `fit`, too. That is not reported.

    ## References
    - Measured on Keras 3.6, 3.10, 3.12 and 3.15.1: with `training=False` written and the base trainable, the moving
      mean goes from 0 to 4.96 in training; on Keras 2 and on a nightly build of 3.16 (October 2026) it stays.
      `Dropout(...)(x, training=True)` drops nothing in `predict`; on Keras 2 and 3.16 it does.
    - What keeps the flag in 3.16: https://github.com/keras-team/keras/pull/23364
    - The guide on transfer learning is about that version and Keras 2: https://www.tensorflow.org/guide/keras/transfer_learning
    """

    code = "KF002"
    name = "hardcoded-training-flag-overridden"
    severity = Severity.WARNING
    symptoms = ("wrong-result", "overfit", "constant-output")
    since = "0.1.0"
    keras = 3
    in_tests = False

    def check(self, program: Program) -> Iterator[Found]:
        if program.target.since(3, _KEPT):
            return
        seen: set[int] = set()
        for event in program.compiles:
            if event.model.kind != "functional" or not program.fits_of(event):
                continue
            for base in bases(program, event):
                flag = truth(base.node.op.args.get("training"))
                if base.trained and base.has_batchnorm and flag is False and id(base.node.op) not in seen:
                    seen.add(id(base.node.op))
                    yield from self._base(base, event, program.target)
        for use in program.all(Use):
            if use.method != "predict" or use.model.kind != "functional":
                continue
            graph = graph_of(use.model)
            found = [
                node
                for node in (graph.nodes if graph is not None else ())
                if node.short.endswith("Dropout") and truth(node.op.args.get("training")) is True
            ]
            if found and id(found[0].op) not in seen:
                seen.add(id(found[0].op))
                yield from self._dropout(found, use, program.target)

    def _base(self, base: Base, event: Compile, target: Target) -> Iterator[Found]:
        yield from self.found(
            base.node.op.node,
            f"training=False has no effect on {base.short} here{only_before(target, _KEPT)}: "
            "fit() of Keras 3 passes training=True over it",
            label="the flag is overridden",
            also=[(event.node, f"compiled with all of {base.short} trainable")],
            why="its batch normalisation takes the statistics of the batches and changes the pretrained ones",
            help="set trainable = False on its BatchNormalization layers before compile()" + if_later(target, _KEPT),
            about=base.node.op,
            experiment=Experiment(event, "overridden", details={"how": "base"}),
        )

    def _dropout(self, nodes: list[Node], use: Use, target: Target) -> Iterator[Found]:
        """One finding for all such layers of a model."""
        node = nodes[0]
        yield from self.found(
            node.op.node,
            f"training=True has no effect on {node.short} in predict(){only_before(target, _KEPT)}: "
            "Keras 3 passes training=False over it",
            label="the flag is overridden",
            also=[*((other.op.node, "likewise") for other in nodes[1:]), (use.node, "predicts without dropout")],
            why="predict() passes its own flag to every layer of a functional model",
            help="call the model itself for random predictions: model(x, training=True)" + if_later(target, _KEPT),
            about=node.op,
            experiment=Experiment(use, "idle", details={"how": "predict"}),
        )

    bad = (
        """
        import keras
        import numpy as np
        inputs = keras.Input((4,))
        x = keras.layers.Dense(32, activation="relu")(inputs)
        x = keras.layers.Dropout(0.5)(x, training=True)  # KF002
        model = keras.Model(inputs, keras.layers.Dense(1)(x))
        model.compile("adam", "mse")
        model.fit(a, b)
        samples = np.stack([model.predict(c) for _ in range(20)])
        """,
        # One finding for all of them.
        """
        import keras
        inputs = keras.Input((4,))
        x = keras.layers.Dropout(0.2)(keras.layers.Dense(32, activation="relu")(inputs), training=True)  # KF002
        x = keras.layers.Dropout(0.2)(keras.layers.Dense(32, activation="relu")(x), training=True)
        model = keras.Model(inputs, keras.layers.Dense(1)(x))
        model.compile("adam", "mse")
        model.fit(a, b)
        samples = [model.predict(c) for _ in range(20)]
        """,
    )
    good = (
        """
        import keras
        base = keras.applications.MobileNetV2(include_top=False, pooling="avg", input_shape=(160, 160, 3))
        base.trainable = False
        inputs = keras.Input((160, 160, 3))
        x = keras.layers.Dropout(0.2)(base(inputs, training=False))
        model = keras.Model(inputs, keras.layers.Dense(1, activation="sigmoid")(x))
        model.compile("adam", "binary_crossentropy")
        model.fit(images, labels)
        model.predict(images)
        """,
        """
        import keras
        base = keras.applications.VGG16(include_top=False, pooling="avg", input_shape=(160, 160, 3))
        inputs = keras.Input((160, 160, 3))
        x = keras.layers.Dropout(0.2)(base(inputs, training=False), training=True)
        model = keras.Model(inputs, keras.layers.Dense(1, activation="sigmoid")(x))
        model.compile("adam", "binary_crossentropy")
        model.fit(images, labels)
        samples = [model(images, training=True) for _ in range(20)]
        """,
        """
        import tf_keras as keras
        inputs = keras.Input((4,))
        x = keras.layers.Dropout(0.5)(inputs, training=True)
        model = keras.Model(inputs, keras.layers.Dense(1)(x))
        model.predict(c)
        """,
    )
