"""KL030."""

from __future__ import annotations

from collections.abc import Iterator

from kerlint.finding import Severity
from kerlint.library.adversaries import Duel, apart, duels
from kerlint.library.contracts import read_loss
from kerlint.program.facts import Program
from kerlint.program.values import Function, Value
from kerlint.rules.base import Found, Rule


class GeneratorTrainedToBeCaught(Rule):
    """The generator of a GAN is trained with the label of made data: it learns to look made.

    The discriminator is trained to give one label to real data and another to what the generator makes. The joint model
    has to get the label of real data, since that is what the generator shall be taken for.

    ## Why is this bad?
    The generator is rewarded for what gives it away. The discriminator has it easy, both losses fall to nothing, and
    what is made looks like noise for ever.

    ## Example
    ```python
    import numpy as np
    from tensorflow import keras

    generator = keras.Sequential([keras.Input((16,)), keras.layers.Dense(64, "relu"), keras.layers.Dense(8)])
    discriminator = keras.Sequential([keras.Input((8,)), keras.layers.Dense(64, "relu"),
                                      keras.layers.Dense(1, activation="sigmoid")])
    discriminator.compile(optimizer="adam", loss="binary_crossentropy")
    discriminator.trainable = False
    gan = keras.Sequential([generator, discriminator])
    gan.compile(optimizer="adam", loss="binary_crossentropy")
    for real in batches:
        made = generator.predict(np.random.normal(size=(32, 16)))
        discriminator.train_on_batch(real, np.ones((32, 1)))
        discriminator.train_on_batch(made, np.zeros((32, 1)))
        gan.train_on_batch(np.random.normal(size=(32, 16)), np.zeros((32, 1)))  # KL030
    ```

    Use instead:
    ```python
    import numpy as np
    from tensorflow import keras

    generator = keras.Sequential([keras.Input((16,)), keras.layers.Dense(64, "relu"), keras.layers.Dense(8)])
    discriminator = keras.Sequential([keras.Input((8,)), keras.layers.Dense(64, "relu"),
                                      keras.layers.Dense(1, activation="sigmoid")])
    discriminator.compile(optimizer="adam", loss="binary_crossentropy")
    discriminator.trainable = False
    gan = keras.Sequential([generator, discriminator])
    gan.compile(optimizer="adam", loss="binary_crossentropy")
    for real in batches:
        made = generator.predict(np.random.normal(size=(32, 16)))
        discriminator.train_on_batch(real, np.ones((32, 1)))
        discriminator.train_on_batch(made, np.zeros((32, 1)))
        gan.train_on_batch(np.random.normal(size=(32, 16)), np.ones((32, 1)))
    ```

    ## Known limits
    Only where one loop trains both models, each kind of data by itself, with labels that are known, and with the same
    loss: a loss with the other sign wants the other labels.

    ## References
    - Measured on Keras 3.15.1: two steps like the last one make the discriminator's answers to made data fall, with
      the labels of real data they rise.
    """

    code = "KL030"
    name = "generator-trained-to-be-caught"
    severity = Severity.ERROR
    symptoms = ("wrong-result", "loss-flat")
    since = "0.1.0"

    def check(self, program: Program) -> Iterator[Found]:
        for duel in duels(program):
            made = [fit for fit, span in duel.made if not apart(span, duel.wanted)]
            real = [fit for fit, span in duel.other if span is not None and apart(span, duel.wanted)]
            if len(made) != len(duel.made) or not made or not real or len(real) != len(duel.other):
                continue
            if duel.joint.assumed or not _same_loss(duel):
                continue
            yield from self.found(
                duel.joint.node,
                "the generator is trained with the label that the discriminator is taught to give to what it makes",
                label="rewarded for being caught",
                also=[(made[0].node, "the same label, for made data"), (real[0].node, "the label of real data")],
                why="the joint model learns to give these labels, and only the generator can change for it",
                help="the labels of real data",
                about=duel.joint,
            )

    bad = (
        """
        import numpy as np
        import keras
        from keras import layers
        G = keras.Sequential([keras.Input((16,)), layers.Dense(8)])
        D = keras.Sequential([keras.Input((8,)), layers.Dense(1, activation="sigmoid")])
        D.compile("adam", "binary_crossentropy", metrics=["accuracy"])
        D.trainable = False
        z = keras.Input((16,))
        shape = G(z)
        both = keras.Model(z, [D(shape), shape])
        both.compile("adam", ["binary_crossentropy", "mae"])
        valid, fake = np.full((32, 1), 0.9), np.zeros((32, 1))
        for epoch in range(100):
            for real in batches:
                noise = np.random.uniform(-1, 1, (32, 16))
                D.train_on_batch(real, valid)
                D.train_on_batch(G.predict(noise, verbose=0), fake)
                both.train_on_batch(noise, [fake, real])  # KL030
        """,
    )
    good = (
        """
        import numpy as np
        import keras
        from keras import layers, ops
        G = keras.Sequential([keras.Input((16,)), layers.Dense(8)])
        D = keras.Sequential([keras.Input((8,)), layers.Dense(1, activation="sigmoid")])
        D.compile("adam", "binary_crossentropy")
        D.trainable = False
        both = keras.Sequential([G, D])
        def less(y_true, y_pred):
            return -keras.losses.binary_crossentropy(y_true, y_pred)
        both.compile("adam", less)
        zeros, ones = np.zeros((32, 1)), np.ones((32, 1))
        for real in batches:
            noise = np.random.uniform(-1, 1, (32, 16))
            D.train_on_batch(real, ones)
            D.train_on_batch(G.predict(noise), zeros)
            both.train_on_batch(noise, zeros)
        both.compile("adam", "binary_crossentropy")
        # Made data is 1 here.
        for real in batches:
            noise = np.random.uniform(-1, 1, (32, 16))
            D.train_on_batch(real, zeros)
            D.train_on_batch(G.predict(noise), ones)
            both.train_on_batch(noise, zeros)
        """,
    )


def _same_loss(duel: Duel) -> bool:
    """Whether the judge and the joint model, in that output, have the same loss of Keras or of the program."""
    judge = duel.made[0][0].compile
    if judge is None or duel.joint.compile is None:
        return False
    alone = _loss(judge.loss)
    value = duel.joint.compile.loss
    items = getattr(value, "items", None)
    together = {_loss(item) for item in items} if isinstance(items, tuple) else {_loss(value)}
    return alone is not None and alone in together


def _loss(value: Value | None) -> str | int | None:
    if isinstance(value, Function):
        return id(value.node)
    from kerlint.library.training import as_object

    loss = read_loss(as_object("losses", value))
    return loss.function if loss is not None else None
