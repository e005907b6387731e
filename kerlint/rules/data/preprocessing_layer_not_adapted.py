"""KD007."""

from __future__ import annotations

from collections.abc import Iterator

from kerlint.experiment import Experiment
from kerlint.finding import Severity
from kerlint.library.feeding import fed
from kerlint.program.constants import constant
from kerlint.program.events import Adapt, Event, Fit, Looked
from kerlint.program.facts import Program
from kerlint.program.graph import Node
from kerlint.program.target import Target
from kerlint.program.values import Model, Object
from kerlint.rules.base import Found, Rule


class PreprocessingLayerNotAdapted(Rule):
    """A preprocessing layer is used before it has learned what it needs from the data.

    `Normalization` takes mean and variance, `TextVectorization`, `StringLookup` and `IntegerLookup` their vocabulary,
    `Discretization` its boundaries from `adapt(data)`. They can be given as arguments instead. `ImageDataGenerator`
    with `featurewise_center` and the like learns from `fit(images)`.

    ## Why is this bad?
    `Normalization` subtracts 0 and divides by 1: the data goes on as it came, and nothing says so. The others have no
    table, and the first step raises an error.

    ## Example
    ```python
    from tensorflow import keras

    (x, y), _ = keras.datasets.california_housing.load_data()
    model = keras.Sequential([
        keras.Input((8,)),
        keras.layers.Normalization(),  # KD007
        keras.layers.Dense(32, activation="relu"),
        keras.layers.Dense(1),
    ])
    model.compile(optimizer="adam", loss="mse")
    model.fit(x, y, epochs=10)
    ```

    Use instead:
    ```python
    from tensorflow import keras

    (x, y), _ = keras.datasets.california_housing.load_data()
    normalization = keras.layers.Normalization()
    normalization.adapt(x)
    model = keras.Sequential([
        keras.Input((8,)),
        normalization,
        keras.layers.Dense(32, activation="relu"),
        keras.layers.Dense(1),
    ])
    model.compile(optimizer="adam", loss="mse")
    model.fit(x, y, epochs=10)
    ```

    ## Known limits
    A file that loads weights, sets a vocabulary, or calls `adapt` on something that is not known is left alone. So is a
    `Normalization` that is called on data outside a model.

    ## References
    - Measured on Keras 3.15.1: data with a deviation of 99.7 has one of 99.7 after a `Normalization` that was not
      adapted; `TextVectorization`, `StringLookup` and `IntegerLookup` raise "Table not initialized", `Discretization`
      asks for `bin_boundaries` or `adapt` (up to Keras 3.8 it gives 0 for every number, silently),
      `ImageDataGenerator` warns that it "hasn't been fit", and changes nothing.
    - https://keras.io/api/layers/preprocessing_layers/
    """

    code = "KD007"
    name = "preprocessing-layer-not-adapted"
    severity = Severity.ERROR
    symptoms = ("crash", "loss-flat", "slow-learning")
    since = "0.1.0"
    needs_end = True

    def check(self, program: Program) -> Iterator[Found]:
        told: set[int] = set()
        for fit in program.fits:
            for node in fit.graph.nodes:
                layer = node.layer
                if layer is None or node.name not in _LAYERS or id(layer) in told:
                    continue
                if not _learned(node, layer) and not _is_told_elsewhere(program, fit):
                    told.add(id(layer))
                    yield from self._layer(fit, node, program.target)
        for event in program.all(Looked):
            raises = event.layer.name in _LAYERS and event.layer.short != "Normalization" and not event.tried
            if raises and id(event.layer) not in told and not _knows(event.layer) and not _may_adapt(program, event):
                told.add(id(event.layer))
                yield from self._on_data(event)
        for feed in fed(program):
            generator = feed.data.args.get("generator")
            if isinstance(generator, Object) and id(generator) not in told and "adapted" not in generator.state:
                needs = [name for name in _FEATUREWISE if constant(generator.args.get(name)) is True]
                if needs and not any(key in generator.state for key in (".mean", ".std")) and not generator.open:
                    told.add(id(generator))
                    yield from self.found(
                        generator.places.get(needs[0]),
                        f"the generator has never seen the data that {needs[0]} needs",
                        label="needs fit()",
                        also=[(feed.place, "used without")],
                        why="without the mean and deviation of the images it leaves them as they are",
                        help="call generator.fit(images) with training images first",
                        about=generator,
                        experiment=Experiment(
                            feed.event, "unadapted", details={"layer": "ImageDataGenerator", "argument": needs[0]}
                        ),
                    )

    def _layer(self, fit: Fit, node: Node, target: Target) -> Iterator[Found]:
        silent = node.short == "Normalization"
        yield from self.found(
            node.place,
            f"{node.short} was never adapted: "
            + ("it does nothing" if silent else f"it has no {_LAYERS[node.name][0].replace('_', ' ')}"),
            label="needs adapt()",
            also=[(fit.node, "trained without")],
            why="it subtracts 0 and divides by 1 until it knows the data"
            if silent
            else "without boundaries it gives 0 for every number"
            if node.short == "Discretization" and target.before(3, 9)
            else "the first step raises an error",
            help="call adapt() on the layer with the training inputs before the model is trained",
            about=fit,
            experiment=Experiment(fit, "unadapted", details={"layer": node.short}),
        )

    def _on_data(self, event: Looked) -> Iterator[Found]:
        layer = event.layer
        yield from self.found(
            layer.node,
            f"{layer.short} was never adapted: it has no {_LAYERS[layer.name][0].replace('_', ' ')}",
            label="needs adapt()",
            also=[(event.node, "called on data")],
            why="the first batch that comes to it raises an error",
            help="call adapt() on the layer with the training inputs before it is used",
            about=event,
        )

    bad = (
        """
        import keras
        inputs = keras.Input((1,), dtype="string")
        words = keras.layers.TextVectorization(max_tokens=1000, output_mode="multi_hot")  # KD007
        outputs = keras.layers.Dense(1, activation="sigmoid")(words(inputs))
        model = keras.Model(inputs, outputs)
        model.compile("adam", "binary_crossentropy")
        model.fit(texts, labels)
        """,
        # One of two.
        """
        import keras
        a, b = keras.layers.Normalization(), keras.layers.Normalization()  # KD007
        a.adapt(x)
        left, right = keras.Input((3,)), keras.Input((3,))
        outputs = keras.layers.Dense(1)(keras.layers.concatenate([a(left), b(right)]))
        model = keras.Model([left, right], outputs)
        model.compile("adam", "mse")
        model.fit([x, z], y)
        """,
        # Within the pipeline of the data.
        """
        import tensorflow as tf
        from tensorflow import keras
        words = keras.layers.TextVectorization(max_tokens=1000, output_sequence_length=40)  # KD007
        def prepare(text, label):
            return words(tf.expand_dims(text, -1)), label
        data = keras.utils.text_dataset_from_directory("reviews").map(prepare)
        model = keras.Sequential([keras.layers.Embedding(1000, 8), keras.layers.LSTM(8), keras.layers.Dense(1)])
        model.compile("adam", "mse")
        model.fit(data)
        """,
        """
        import keras
        from keras.preprocessing.image import ImageDataGenerator
        make = ImageDataGenerator(featurewise_center=True)  # KD007
        model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(1)])
        model.compile("adam", "mse")
        model.fit(make.flow(x, y))
        """,
    )
    good = (
        # Adapted once the pipeline is written.
        """
        import keras
        words = keras.layers.TextVectorization(max_tokens=1000, output_sequence_length=40)
        colours = keras.layers.StringLookup(vocabulary=["red", "green"])
        raw = keras.utils.text_dataset_from_directory("reviews")
        data = raw.map(lambda text, label: (words(text), label))
        words.adapt(raw.map(lambda text, label: text))
        print(colours(["red", "blue"]))
        model = keras.Sequential([keras.layers.Embedding(1000, 8), keras.layers.LSTM(8), keras.layers.Dense(1)])
        model.compile("adam", "mse")
        model.fit(data)
        """,
        """
        import keras
        def prepare(text):
            words = keras.layers.TextVectorization(max_tokens=1000)
            return words(text)
        """,
        # Given as arguments.
        """
        import keras
        from keras.preprocessing.image import ImageDataGenerator
        make = ImageDataGenerator(featurewise_center=True)
        make.fit(x)
        still = ImageDataGenerator(featurewise_center=False)
        model = keras.Sequential([
            keras.Input((3,)),
            keras.layers.Normalization(mean=3.0, variance=2.0),
            keras.layers.Discretization(bin_boundaries=[1.0, 2.0]),
        ])
        model.compile("adam", "mse")
        model.fit(x, y)
        model.fit(make.flow(x, y))
        model.fit(still.flow(x, y))
        """,
        # Adapted where it cannot be seen.
        """
        import keras
        from helpers import prepare
        layer = keras.layers.Normalization()
        prepare(layer)
        model = keras.Sequential([keras.Input((3,)), layer, keras.layers.Dense(1)])
        model.compile("adam", "mse")
        model.fit(x, y)
        """,
        """
        import keras
        def start(model):
            for layer in model.layers:
                if hasattr(layer, "adapt"):
                    layer.adapt(x)
        model = keras.Sequential([keras.Input((3,)), keras.layers.Normalization(), keras.layers.Dense(1)])
        start(wrap(model))
        model.compile("adam", "mse")
        model.fit(x, y)
        """,
        """
        import keras
        model = keras.Sequential([keras.Input((3,)), keras.layers.Normalization(), keras.layers.Dense(1)])
        model.load_weights("model.weights.h5")
        model.compile("adam", "mse")
        model.fit(x, y)
        """,
    )


#: Layers that learn from `adapt`, and the arguments that tell them the same.
_LAYERS: dict[str, tuple[str, ...]] = {
    "keras.layers.Normalization": ("mean", "variance"),
    "keras.layers.TextVectorization": ("vocabulary",),
    "keras.layers.StringLookup": ("vocabulary",),
    "keras.layers.IntegerLookup": ("vocabulary",),
    "keras.layers.Discretization": ("bin_boundaries", "bins"),
}
_FEATUREWISE = ("featurewise_center", "featurewise_std_normalization", "zca_whitening")
#: Methods that bring what a layer needs in another way.
_OTHER_WAYS = (
    "set_vocabulary",
    "load_weights",
    "set_weights",
    "load_assets",
    "build_from_config",
    "update_state",
    "finalize_state",
    "assign",
)


def _knows(layer: Object) -> bool:
    """Whether the layer was told what it needs, or may have been."""
    if layer.open or any(name in layer.args for name in _LAYERS[layer.name]):
        return True
    return any(key in layer.state for key in ("adapted", "pretrained", "handed over"))


def _learned(node: Node, layer: Object) -> bool:
    """Whether the layer of a model knows what it needs, or may."""
    if _knows(layer):
        return True
    # In a model that came from elsewhere.
    return any(isinstance(owner, Model) and owner.kind in ("application", "loaded") for owner in node.owners)


def _is_told_elsewhere(program: Program, fit: Fit) -> bool:
    """Whether the file may do it in a way that is not followed."""
    if "pretrained" in fit.model.state or fit.model.kind in ("application", "loaded"):
        return True
    return _may_adapt(program, fit)


def _may_adapt(program: Program, event: Event) -> bool:
    if event.assumed:
        return True
    known = {id(adapted.node) for adapted in program.all(Adapt)}
    return program.times_mentioned("adapt") > len(known) or any(program.times_mentioned(name) for name in _OTHER_WAYS)
