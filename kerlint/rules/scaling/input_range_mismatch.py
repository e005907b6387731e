"""KN003."""

from __future__ import annotations

from collections.abc import Iterator

from kerlint import syntax
from kerlint.finding import Severity
from kerlint.library.arrivals import Arrival, Range, arrivals, expected_mode
from kerlint.library.defaults import MODE_RANGES, application
from kerlint.program.facts import Program
from kerlint.rules.base import Found, Option, Rule


class InputRangeMismatch(Rule):
    """Images reach a pretrained model in another range than the one that it was trained on, or are scaled twice.

    The models of `keras.applications` differ in what they want. EfficientNet, MobileNetV3 and ConvNeXt scale
    themselves, and want pixels from 0 to 255. VGG and ResNet want about -124 to 151, with the channels as
    blue, green, red; ResNetV2, Inception, Xception, MobileNet and NASNet want -1 to 1; DenseNet about -2 to 2.6.

    ## Why is this bad?
    The first layers see a nearly black or a nearly white image, and their pretrained weights and statistics are good
    for nothing: all images give nearly the same features. Training runs, and the accuracy stays near chance, or
    far below what the model can do. A `Rescaling(1 / 255)` on images that are divided by 255 already leaves
    numbers up to 0.0039.

    ## Example
    ```python
    from tensorflow import keras

    (x, y), (x_test, y_test) = keras.datasets.cifar10.load_data()
    base = keras.applications.EfficientNetB0(include_top=False, input_shape=(32, 32, 3), pooling="avg")
    base.trainable = False
    model = keras.Sequential([base, keras.layers.Dense(10, activation="softmax")])
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
    model.fit(x / 255, y, epochs=5)  # KN003
    ```

    Use instead:
    ```python
    from tensorflow import keras

    (x, y), (x_test, y_test) = keras.datasets.cifar10.load_data()
    base = keras.applications.EfficientNetB0(include_top=False, input_shape=(32, 32, 3), pooling="avg")
    base.trainable = False
    model = keras.Sequential([base, keras.layers.Dense(10, activation="softmax")])
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
    model.fit(x, y, epochs=5)
    ```

    ## Known limits
    Only data whose range is known, and models with the weights of ImageNet. A range that is off by less than a
    factor of ten (0 to 1 where -1 to 1 is wanted, or pixels without the mean of ImageNet subtracted) is advice, as are
    images from 0 to 1 for VGG, which has no batch normalisation.

    ## References
    - Measured on Keras 3.15.1: the ranges that `preprocess_input` of each module gives for 0 to 255; `/ 255` and then
      `Rescaling(1 / 255)` gives at most .0039.
    - https://github.com/tensorflow/tensorflow/issues/42506
    - https://github.com/tensorflow/tensorflow/issues/48412
    """

    code = "KN003"
    name = "input-range-mismatch"
    severity = Severity.ERROR
    symptoms = ("accuracy-stuck", "slow-learning", "constant-output")
    since = "0.1.0"
    in_tests = False
    subsumes = ("KN001",)

    # All the ranges that pretrained models want are of about unit size, or of about two hundred.
    min_factor = Option(
        10.0, "A range so many times too small or too large is another scale, not another centre.", above=1.0
    )
    #: Without batch normalisation smaller images give smaller features, which are still features.
    FORGIVING = frozenset({"VGG16", "VGG19"})

    def check(self, program: Program) -> Iterator[Found]:
        seen: set[tuple[int, int]] = set()
        for arrival in arrivals(program):
            owner = arrival.backbone.node if arrival.backbone else arrival.node.place if arrival.node else None
            key = (id(owner), id(arrival.array.origin))
            if key in seen:
                continue
            found = list(self._twice(arrival) if arrival.backbone is None else self._backbone(arrival))
            if found:
                seen.add(key)
                yield from found

    def _twice(self, arrival: Arrival) -> Iterator[Found]:
        node = arrival.node
        if node is None or node.layer is None:
            return
        scale = node.layer.args.get("scale")
        factor = getattr(scale, "value", None)
        width = _width(arrival.range)
        if (
            not isinstance(factor, float)
            or not 0 < factor * self.min_factor < 1
            or width > 1 / factor / self.min_factor
        ):
            return
        yield from self.found(
            arrival.place,
            f"the data is from {_span(arrival.range)} already, and the model scales it again by {factor:.3g}",
            label=f"from {_span(arrival.range)}",
            also=[
                (_scaled_at(arrival), "scaled here"),
                (node.argument_place("scale"), "and here"),
                (arrival.array.origin.node, "comes from here"),
            ],
            why=f"the first layer sees numbers from {_span((arrival.range[0] * factor, arrival.range[1] * factor))}",
            help="scale once: leave the data as it is, or leave the layer out",
            about=arrival.event,
        )

    def _backbone(self, arrival: Arrival) -> Iterator[Found]:
        model = arrival.backbone
        mode = expected_mode(model) if model is not None else None
        if model is None or mode is None:
            return
        wanted, got = MODE_RANGES[mode], arrival.range
        ratio = _width(wanted) / max(_width(got), 1e-12)
        far = ratio >= self.min_factor or ratio <= 1 / self.min_factor
        if not far and (abs(wanted[0] - got[0]) + abs(wanted[1] - got[1])) < _width(wanted) / self.min_factor:
            return
        known = application(model.name)
        name = model.name.rpartition(".")[2]
        itself = mode == "none"
        mild = not far or (ratio > 1 and name in self.FORGIVING)
        yield from self.found(
            arrival.place,
            f"{name} gets images from {_span(got)}, but was trained on images from {_span(wanted)}",
            label=f"from {_span(got)}",
            also=[
                (_scaled_at(arrival), "scaled here"),
                (_scaled_in(arrival), "scaled here"),
                (arrival.array.origin.node, "comes from here"),
                (model.node, "scales its input itself" if itself else f"wants images from {_span(wanted)}"),
            ],
            why="its pretrained weights and statistics fit no other range"
            if far
            else "its weights were trained on images around another mean",
            help="give it pixels from 0 to 255 as they are"
            if itself
            else f"use keras.applications.{known.module if known else '...'}.preprocess_input on pixels from 0 to 255",
            severity=Severity.ADVICE if mild else Severity.ERROR if itself else Severity.WARNING,
            about=arrival.event,
        )

    bad = (
        """
        import keras
        from keras.preprocessing.image import ImageDataGenerator
        base = keras.applications.MobileNetV2(include_top=False, input_shape=(96, 96, 3), pooling="avg")
        model = keras.Sequential([base, keras.layers.Dense(4, activation="softmax")])
        model.compile("adam", "categorical_crossentropy")
        scale = keras.applications.mobilenet_v2.preprocess_input
        images = ImageDataGenerator(preprocessing_function=scale, rescale=1 / 255)
        model.fit(images.flow_from_directory("train", target_size=(96, 96)))  # KN003
        model.fit(images.flow_from_dataframe(table, target_size=(96, 96)))  # KN003
        """,
        """
        import keras
        (x, y), _ = keras.datasets.cifar10.load_data()
        x = x / 255.0
        model = keras.Sequential([
            keras.Input((32, 32, 3)),
            keras.layers.Rescaling(1.0 / 255),
            keras.layers.Conv2D(8, 3, activation="relu"),
            keras.layers.Flatten(),
            keras.layers.Dense(10, activation="softmax"),
        ])
        model.compile("adam", "sparse_categorical_crossentropy")
        model.fit(x, y)  # KN003
        """,
        """
        import keras
        (x, y), _ = keras.datasets.cifar10.load_data()
        base = keras.applications.MobileNetV2(include_top=False, input_shape=(96, 96, 3), pooling="avg")
        inputs = keras.Input((32, 32, 3))
        z = keras.layers.Resizing(96, 96)(inputs)
        model = keras.Model(inputs, keras.layers.Dense(10, activation="softmax")(base(z, training=False)))
        model.compile("adam", "sparse_categorical_crossentropy")
        model.fit(x, y)  # KN003
        other = keras.applications.ResNet50(include_top=False, input_shape=(32, 32, 3), pooling="avg")
        output = keras.layers.Dense(10, activation="softmax")(other.output)
        model = keras.Model(other.input, output)
        model.compile("adam", "sparse_categorical_crossentropy")
        model.fit(keras.applications.resnet_v2.preprocess_input(x), y)  # KN003
        """,
        """
        import keras
        from keras.applications.mobilenet_v2 import preprocess_input
        images = keras.utils.image_dataset_from_directory("train", image_size=(96, 96))
        base = keras.applications.ResNet50(include_top=False, input_shape=(96, 96, 3), pooling="avg")
        inputs = keras.Input((96, 96, 3))
        outputs = keras.layers.Dense(1, activation="sigmoid")(base(preprocess_input(inputs), training=False))
        model = keras.Model(inputs, outputs)
        model.compile("adam", "binary_crossentropy")
        model.fit(images)  # KN003
        """,
    )
    good = (
        # Own functions of a generator, which are followed, and one that is not understood.
        """
        import keras
        from keras.preprocessing.image import ImageDataGenerator
        def brighter(image):
            return spread(image)
        base = keras.applications.MobileNetV2(include_top=False, input_shape=(96, 96, 3), pooling="avg")
        model = keras.Sequential([base, keras.layers.Dense(4, activation="softmax")])
        model.compile("adam", "categorical_crossentropy")
        for images in (
            ImageDataGenerator(preprocessing_function=keras.applications.mobilenet_v2.preprocess_input),
            ImageDataGenerator(preprocessing_function=lambda image: image - 127.5, rescale=1 / 127.5),
            ImageDataGenerator(preprocessing_function=brighter, rescale=1 / 255),
        ):
            model.fit(images.flow_from_directory("train", target_size=(96, 96)))
        """,
        """
        import keras
        from keras.applications.mobilenet_v2 import MobileNetV2, preprocess_input
        images = keras.utils.image_dataset_from_directory("train", image_size=(96, 96))
        base = MobileNetV2(include_top=False, input_shape=(96, 96, 3), pooling="avg")
        inputs = keras.Input((96, 96, 3))
        if scale:
            outputs = base(preprocess_input(inputs))
        else:
            outputs = base(inputs)
        model = keras.Model(inputs, keras.layers.Dense(1, activation="sigmoid")(outputs))
        model.compile("adam", "binary_crossentropy")
        model.fit(images)
        """,
        """
        import keras
        from keras.applications.mobilenet_v2 import MobileNetV2, preprocess_input
        images = keras.utils.image_dataset_from_directory("train", image_size=(96, 96))
        base = MobileNetV2(include_top=False, input_shape=(96, 96, 3), pooling="avg")
        inputs = keras.Input((96, 96, 3))
        outputs = keras.layers.Dense(1, activation="sigmoid")(base(preprocess_input(inputs), training=False))
        model = keras.Model(inputs, outputs)
        model.compile("adam", "binary_crossentropy")
        model.fit(images)
        """,
        """
        import keras
        (x, y), _ = keras.datasets.cifar10.load_data()
        inputs = keras.Input((32, 32, 3))
        for base in (
            keras.applications.ResNet50(include_top=False, weights=None, input_shape=(32, 32, 3), pooling="avg"),
            keras.applications.EfficientNetV2B0(include_top=False, include_preprocessing=False, pooling="avg"),
        ):
            model = keras.Model(inputs, keras.layers.Dense(10, activation="softmax")(base(inputs)))
            model.compile("adam", "sparse_categorical_crossentropy")
            model.fit(x / 255, y)
        """,
        """
        import keras
        (x, y), _ = keras.datasets.cifar10.load_data()
        base = keras.applications.MobileNetV2(include_top=False, input_shape=(32, 32, 3), pooling="avg")
        inputs = keras.Input((32, 32, 3))
        z = keras.layers.Rescaling(1 / 127.5, offset=-1)(inputs)
        model = keras.Model(inputs, keras.layers.Dense(10, activation="softmax")(base(z)))
        model.compile("adam", "sparse_categorical_crossentropy")
        model.fit(x, y)
        z = inputs / 127.5 - 1.0
        model = keras.Model(inputs, keras.layers.Dense(10, activation="softmax")(base(z)))
        model.compile("adam", "sparse_categorical_crossentropy")
        model.fit(x, y)
        model = keras.Model(base.input, keras.layers.Dense(10, activation="softmax")(base.output))
        model.compile("adam", "sparse_categorical_crossentropy")
        model.fit(keras.applications.mobilenet_v2.preprocess_input(x), y)
        """,
    )


def _width(span: Range) -> float:
    return span[1] - span[0]


def _span(span: Range) -> str:
    return f"{span[0]:.3g} to {span[1]:.3g}"


def _scaled_in(arrival: Arrival) -> syntax.Node | None:
    """Where the model itself brings its input to another scale before the pretrained part."""
    readers = arrival.node.inputs if arrival.node is not None else []
    return readers[0].op.node if readers and readers[0].kind == "operator" else None


def _scaled_at(arrival: Arrival) -> syntax.Node | None:
    """The last step that scaled the data, if there was one."""
    steps = [step for step in arrival.array.steps if step.name.startswith(("/", "*", "preprocess_input"))]
    return steps[-1].node if steps else None
