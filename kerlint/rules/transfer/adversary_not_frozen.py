"""KF021."""

from __future__ import annotations

from collections.abc import Iterator

from kerlint.finding import Severity
from kerlint.library.adversaries import apart, duels
from kerlint.program.facts import Program
from kerlint.rules.base import Found, Rule


class AdversaryNotFrozen(Rule):
    """The discriminator of a GAN learns while the generator is trained through it: it is not frozen there.

    The joint model ends in the discriminator, and its targets say that generated data is real. That is meant for the
    generator alone.

    ## Why is this bad?
    Each step of the joint model teaches the discriminator the opposite of what its own steps have taught it. It finds
    it easier to call everything real than the generator finds it to make anything that is.

    ## Example
    ```python
    import numpy as np
    from tensorflow import keras

    generator = keras.Sequential([keras.Input((16,)), keras.layers.Dense(64, "relu"), keras.layers.Dense(8)])
    discriminator = keras.Sequential([keras.Input((8,)), keras.layers.Dense(64, "relu"),
                                      keras.layers.Dense(1, activation="sigmoid")])
    discriminator.compile(optimizer="adam", loss="binary_crossentropy")
    gan = keras.Sequential([generator, discriminator])
    gan.compile(optimizer="adam", loss="binary_crossentropy")  # KF021
    for real in batches:
        made = generator.predict(np.random.normal(size=(32, 16)))
        discriminator.train_on_batch(real, np.ones((32, 1)))
        discriminator.train_on_batch(made, np.zeros((32, 1)))
        gan.train_on_batch(np.random.normal(size=(32, 16)), np.ones((32, 1)))
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
    Only where one loop trains both models, the generator by `predict` and a model of both, and nothing ever sets
    `trainable` of the discriminator or of a part of it. Both losses may be of any kind, but the labels have to be
    known.

    ## References
    - Measured on Keras 3.15.1: without the line the weights of the discriminator move with each step of the joint
      model, with it they stay.
    """

    code = "KF021"
    name = "adversary-not-frozen"
    severity = Severity.ERROR
    symptoms = ("wrong-result", "accuracy-stuck")
    since = "0.1.0"
    needs_end = True

    def check(self, program: Program) -> Iterator[Found]:
        told: set[int] = set()
        for duel in duels(program):
            compiled = duel.joint.compile
            if not duel.free or compiled is None or duel.joint.assumed or id(compiled.node) in told:
                continue
            mixed = [fit for fit, span in duel.other if span is None or apart(span, duel.wanted)]
            against = [fit for fit, span in duel.made if apart(span, duel.wanted)]
            if not against and (duel.made or not mixed or not duel.noise or duel.wanted[1] - duel.wanted[0] > 0):
                continue
            if any(not apart(span, duel.wanted) for _, span in duel.made):
                continue
            told.add(id(compiled.node))
            yield from self.found(
                compiled.node,
                "the model that tells made from real data is not frozen while the one that makes it is trained",
                label="both learn here",
                also=[
                    ((against or mixed)[0].node, "taught here to tell them apart"),
                    (duel.joint.node, "and here to call what is made real"),
                ],
                why="compile() takes the weights that are trainable, and all of them are",
                help="discriminator.trainable = False before the joint model is compiled; it is trained by itself "
                "all the same if it was compiled before",
                about=compiled,
            )

    bad = (
        """
        import numpy as np
        from keras.models import Model, Sequential
        from keras.layers import Dense, Flatten, Input, LeakyReLU, Reshape
        def make_generator():
            start = Input((100,))
            x = LeakyReLU(0.2)(Dense(256)(start))
            return Model(start, Reshape((28, 28, 1))(Dense(784, activation="tanh")(x)))
        def make_discriminator():
            start = Input((28, 28, 1))
            x = LeakyReLU(0.2)(Dense(128)(Flatten()(start)))
            net = Model(start, Dense(1, activation="sigmoid")(x))
            net.compile(loss="binary_crossentropy", optimizer="adam")
            return net
        G, D = make_generator(), make_discriminator()
        z = Input((100,))
        both = Model(z, D(G(z)))
        both.compile(loss="binary_crossentropy", optimizer="adam")  # KF021
        for step in range(10000):
            real = images[np.random.randint(0, len(images), 64)]
            fake = G.predict(np.random.normal(size=(64, 100)))
            x = np.concatenate([real, fake])
            y = np.zeros((128, 1))
            y[:64] = 0.9
            D.train_on_batch(x, y)
            both.train_on_batch(np.random.normal(size=(64, 100)), np.ones((64, 1)))
        """,
        # Pictures of two kinds: the judge gets both.
        """
        import numpy as np
        import keras
        from keras import layers
        painter = keras.Sequential([keras.Input((16,)), layers.Dense(8)])
        sketch, picture = keras.Input((16,)), keras.Input((8,))
        judge = keras.Model([sketch, picture], layers.Dense(1)(layers.Concatenate()([sketch, picture])))
        judge.compile("adam", "mse")
        start = keras.Input((16,))
        painted = painter(start)
        both = keras.Model(start, [judge([start, painted]), painted])
        both.compile("adam", ["mse", "mae"])  # KF021
        sketches, pictures = np.load("sketches.npy"), np.load("pictures.npy")
        for step in range(1000):
            few = np.random.randint(0, 100, 8)
            x, y = sketches[few], pictures[few]
            judge.train_on_batch([x, y], np.ones((8, 1)))
            judge.train_on_batch([x, painter.predict(x)], np.zeros((8, 1)))
            both.train_on_batch(x, [np.ones((8, 1)), y])
        """,
    )
    good = (
        """
        import numpy as np
        import keras
        def maker():
            return keras.Sequential([keras.Input((16,)), keras.layers.Dense(8)])
        def judge():
            return keras.Sequential([keras.Input((8,)), keras.layers.Dense(1, activation="sigmoid")])
        def switch(net, flag):
            net.trainable = flag
            for layer in net.layers:
                layer.trainable = flag
        ones, zeros = np.ones((32, 1)), np.zeros((32, 1))
        # Switched before each step, as it was done in Keras 1.
        G, D = maker(), judge()
        D.compile("adam", "binary_crossentropy")
        both = keras.Sequential([G, D])
        both.compile("adam", "binary_crossentropy")
        for real in batches:
            switch(D, True)
            D.train_on_batch(real, ones)
            D.train_on_batch(G.predict(noise()), zeros)
            switch(D, False)
            both.train_on_batch(noise(), ones)
        # A frozen twin with the same weights.
        G, D = maker(), judge()
        D.compile("adam", "binary_crossentropy")
        start = keras.Input((8,))
        twin = keras.Model(start, D(start))
        twin.trainable = False
        both = keras.Sequential([G, twin])
        both.compile("adam", "binary_crossentropy")
        for real in batches:
            D.train_on_batch(real, ones)
            D.train_on_batch(G.predict(noise()), zeros)
            both.train_on_batch(noise(), ones)
        """,
        """
        import keras
        # A head that learns from the codes of other rows than the whole model, or of the same with the same labels.
        import numpy as np
        encoder = keras.Sequential([keras.Input((16,)), keras.layers.Dense(8)])
        head = keras.Sequential([keras.Input((8,)), keras.layers.Dense(1, activation="sigmoid")])
        head.compile("adam", "binary_crossentropy")
        both = keras.Sequential([encoder, head])
        both.compile("adam", "binary_crossentropy")
        for ill, well in batches:
            both.train_on_batch(ill, np.ones((32, 1)))
            head.train_on_batch(encoder.predict(well), np.zeros((32, 1)))
        for ill, well in batches:
            both.train_on_batch(ill, np.ones((32, 1)))
            head.train_on_batch(encoder.predict(ill), np.ones((32, 1)))
            head.train_on_batch(encoder.predict(well), np.zeros((32, 1)))
        # Weights that are put back.
        start = keras.Sequential([keras.Input((16,)), keras.layers.Dense(8)])
        judge = keras.Sequential([keras.Input((8,)), keras.layers.Dense(1, activation="sigmoid")])
        judge.compile("adam", "binary_crossentropy")
        joint = keras.Sequential([start, judge])
        joint.compile("adam", "binary_crossentropy")
        for real in batches:
            noise = np.random.normal(size=(32, 16))
            judge.train_on_batch(real, np.ones((32, 1)))
            judge.train_on_batch(start.predict(noise), np.zeros((32, 1)))
            kept = judge.get_weights()
            joint.train_on_batch(noise, np.ones((32, 1)))
            judge.set_weights(kept)
        # An encoder and a head that are to agree.
        encoder = keras.Sequential([keras.Input((16,)), keras.layers.Dense(8)])
        head = keras.Sequential([keras.Input((8,)), keras.layers.Dense(1, activation="sigmoid")])
        head.compile("adam", "binary_crossentropy")
        both = keras.Sequential([encoder, head])
        both.compile("adam", "binary_crossentropy")
        for x, y in batches:
            both.train_on_batch(x, y)
            head.train_on_batch(encoder.predict(x), y)
        """,
    )
