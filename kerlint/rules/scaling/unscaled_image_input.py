"""KN001."""

from __future__ import annotations

from collections.abc import Iterator

from kerlint.experiment import Change, Experiment
from kerlint.finding import Severity
from kerlint.library.chains import described
from kerlint.library.inputs import Feed, feeds, is_pixels, loaded_at, unused_scaling
from kerlint.library.optimizers import ADAPTIVE
from kerlint.program.facts import Program
from kerlint.rules.base import Found, Rule


class UnscaledImageInput(Rule):
    """The model is trained on pixels from 0 to 255, and nothing scales them.

    Initial weights are made for inputs of about unit size. Pixels are two orders of magnitude
    larger, and so are the outputs of the first layer and the gradients of its weights.

    ## Why is this bad?
    With plain SGD the loss diverges or stands still. Adam survives it in many classifications,
    but the result depends on the seed; sigmoid and tanh layers start saturated, and regressions fail
    with any optimizer. Nothing is reported: the numbers are valid.

    ## Example
    ```python
    from tensorflow import keras

    (x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()  # KN001
    model = keras.Sequential([
        keras.layers.Flatten(input_shape=(28, 28)),
        keras.layers.Dense(64, activation="relu"),
        keras.layers.Dense(10, activation="softmax"),
    ])
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
    model.fit(x_train, y_train, epochs=5)
    ```

    Use instead:
    ```python
    from tensorflow import keras

    (x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()
    x_train, x_test = x_train / 255, x_test / 255
    model = keras.Sequential([
        keras.layers.Flatten(input_shape=(28, 28)),
        keras.layers.Dense(64, activation="relu"),
        keras.layers.Dense(10, activation="softmax"),
    ])
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
    model.fit(x_train, y_train, epochs=5)
    ```

    ## Known limits
    Only data whose range is known is reported: `keras.datasets`, image loaders of Keras, and arrays
    made in the program. A model with a pretrained part, with a step that is not understood before
    its first layer, or with a normalisation right after it is left alone.

    ## References
    - Measured on Keras 3.15.1, 300 steps, share of the runs that learn with pixels and with the same
      data standardised: relu classifier with SGD 0.1 0 % and 95 %, with Adam 75 % and 100 %; tanh
      classifier with SGD 0.1 0 % and 100 %; relu regression with Adam 33 % and 100 %.
    """

    code = "KN001"
    name = "unscaled-image-input"
    severity = Severity.WARNING
    symptoms = ("loss-flat", "accuracy-stuck", "slow-learning", "loss-nan")
    since = "0.1.0"
    in_tests = False

    def check(self, program: Program) -> Iterator[Found]:
        seen: set[tuple[int, int]] = set()
        for feed in feeds(program):
            if is_pixels(feed.array) and not feed.normalised and feed.key not in seen:
                seen.add(feed.key)
                yield from self._report(program, feed)

    def _report(self, program: Program, feed: Feed) -> Iterator[Found]:
        first = feed.kernels[0]
        scaled = unused_scaling(program, feed)
        optimizer = feed.optimizer
        why = "the outputs and the gradients of the first layer grow with its input"
        if optimizer is not None and optimizer.name == "SGD":
            why += ", and the steps of SGD with them"
        elif optimizer is not None and optimizer.name in ADAPTIVE:
            why += f"; {optimizer.name} keeps its steps small, but whether it learns depends on the seed"
        place = loaded_at(program, feed.array, feed.event) or feed.place
        also = [(feed.place if place is not feed.place else None, "trained on here")]
        also += [(feed.array.origin.node, "the pixels come from here"), (first.place, "reads them as they are")]
        if scaled is not None:
            also.append((scaled.node, f"scaled here ({scaled.how}), but not used in training"))
        yield from self.found(
            place,
            f"the model is trained on pixels from 0 to {feed.array.high:g}, "
            f"and nothing scales them before {described(first)}",
            label=f"0 to {feed.array.high:g}",
            also=also,
            why=why,
            help="use the scaled data that is computed already"
            if scaled is not None
            else "divide the data by 255, or begin the model with keras.layers.Rescaling(1 / 255)",
            about=feed.event,
            experiment=Experiment(feed.event, "scale", [Change("x", {"high": 1.0})], setting=[Change("x", feed.scale)]),
        )

    bad = (
        # Scaled, then overwritten by a new load.
        """
        from tensorflow import keras
        (x, y), (x_test, y_test) = keras.datasets.fashion_mnist.load_data()
        x = x / 255.0
        (x, y), (x_test, y_test) = keras.datasets.fashion_mnist.load_data()  # KN001
        x = x.reshape(-1, 784).astype("float32")
        model = keras.Sequential([keras.layers.Dense(10, activation="softmax", input_shape=(784,))])
        model.compile("sgd", "sparse_categorical_crossentropy")
        model.fit(x, y)
        """,
        """
        import keras
        data = keras.utils.image_dataset_from_directory("images", image_size=(64, 64))
        model = keras.Sequential([
            keras.Input((64, 64, 3)),
            keras.layers.RandomFlip(),
            keras.layers.Conv2D(16, 3, activation="relu"),
            keras.layers.GlobalAveragePooling2D(),
            keras.layers.Dense(5, activation="softmax"),
        ])
        model.compile("adam", "sparse_categorical_crossentropy")
        model.fit(data.prefetch(2), epochs=3)  # KN001
        """,
        """
        import tensorflow as tf
        (x, y), _ = tf.keras.datasets.cifar10.load_data()  # KN001
        data = tf.data.Dataset.from_tensor_slices((tf.cast(x, tf.float32), y)).shuffle(1000).batch(32)
        model = tf.keras.Sequential([tf.keras.layers.Conv2D(8, 3, input_shape=(32, 32, 3)),
                                     tf.keras.layers.Flatten(), tf.keras.layers.Dense(10)])
        loss_fn = tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        optimizer = tf.keras.optimizers.Adam()
        for images, labels in data:
            with tf.GradientTape() as tape:
                loss = loss_fn(labels, model(images, training=True))
            gradients = tape.gradient(loss, model.trainable_variables)
            optimizer.apply_gradients(zip(gradients, model.trainable_variables))
        """,
    )
    good = (
        # The model scales: by a layer, by a normalisation before or right after the first kernel.
        """
        import keras
        from keras import layers
        (x, y), _ = keras.datasets.cifar10.load_data()
        for first in ("rescaling", "batch", "after"):
            model = keras.Sequential([keras.Input((32, 32, 3))])
            if first == "rescaling":
                model.add(layers.Rescaling(1 / 255))
            elif first == "batch":
                model.add(layers.BatchNormalization())
            model.add(layers.Conv2D(8, 3, use_bias=False))
            if first == "after":
                model.add(layers.BatchNormalization())
            model.add(layers.ReLU())
            model.add(layers.Flatten())
            model.add(layers.Dense(10, activation="softmax"))
            model.compile("sgd", "sparse_categorical_crossentropy")
            model.fit(x, y)
        """,
        # A pretrained model scales or expects what it gets.
        """
        import keras
        (x, y), _ = keras.datasets.cifar10.load_data()
        base = keras.applications.EfficientNetB0(include_top=False, input_shape=(32, 32, 3), pooling="avg")
        model = keras.Sequential([base, keras.layers.Dense(10, activation="softmax")])
        model.compile("adam", "sparse_categorical_crossentropy")
        model.fit(x, y)
        """,
        # The pipeline scales.
        """
        import tensorflow as tf
        (x, y), _ = tf.keras.datasets.mnist.load_data()
        def scale(image, label):
            return tf.cast(image, tf.float32) / 255.0, label
        data = tf.data.Dataset.from_tensor_slices((x, y)).map(scale).batch(32)
        model = tf.keras.Sequential([tf.keras.layers.Flatten(input_shape=(28, 28)), tf.keras.layers.Dense(10)])
        model.compile("adam", tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True))
        model.fit(data)
        generator = tf.keras.preprocessing.image.ImageDataGenerator(rescale=1 / 255)
        model.fit(generator.flow(x.reshape(-1, 28, 28, 1), y))
        """,
        # Integers that are no pixels.
        """
        import keras
        (x, y), _ = keras.datasets.imdb.load_data(num_words=256)
        x = keras.utils.pad_sequences(x, maxlen=100)
        model = keras.Sequential([keras.layers.Embedding(256, 8), keras.layers.LSTM(8), keras.layers.Dense(1)])
        model.compile("adam", "binary_crossentropy")
        model.fit(x, y)
        """,
    )
