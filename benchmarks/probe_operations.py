"""Programs with a fault in single operations, in several spellings and sizes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from textwrap import dedent

from benchmarks.probe_programs import Job, program, rule

DENSE = "keras.Sequential([keras.Input((6,)), keras.layers.Dense(12, activation='relu'), keras.layers.Dense(1)])"
TABLES = (
    "import keras\nimport numpy as np\nimport random\nimport tensorflow as tf\n"
    "x, y = np.load('x.npy').reshape((600, 6)), np.load('y.npy').reshape((600, 1))\n"
)
COMPILED = f"model = {DENSE}\nmodel.compile('adam', 'mse')\n"


def whole(text: str) -> str:
    """A program with its imports and its data."""
    return TABLES + dedent(text).strip().replace("MODEL", COMPILED.strip()) + "\n"


def steps(name: str) -> Callable[[Job], object]:
    """The steps of the repaired pipeline in the place of the original ones."""

    def change(job: Job) -> None:
        job["details"][name] = job["details"]["other"]

    return change


def without_shuffles(job: Job) -> None:
    """The same split of a dataset that keeps its order."""
    for name in ("steps", "other"):
        for step in job["details"][name]:
            step["again"] = False


def with_an_end(job: Job) -> None:
    """The same data, once."""
    job["details"].update(source="dataset", steps=[one for one in job["details"]["steps"] if one["name"] != "repeat"])


def mixed(job: Job) -> None:
    """Rows in batches that hold all classes."""
    if job["details"].get("share"):
        # A split has no neighbour in the middle of this kind: only its twin counts.
        raise LookupError
    job["details"]["rows"] = job["details"]["batch"]


SLICES = "tf.data.Dataset.from_tensor_slices((x, y))"
RANDOM = ("lambda x, y: (x + tf.random.normal((6,)), y)", "lambda x, y: (x * tf.random.uniform(()), y)")


@rule("KD002", steps("steps"))
def _cached() -> Iterator[str]:
    chains = [
        f"{SLICES}.shuffle(600).batch(32).cache()",
        f"{SLICES}.batch(16).shuffle(40).cache().prefetch(2)",
        f"{SLICES}.map({RANDOM[0]}).cache().shuffle(600).batch(8)",
        f"{SLICES}.map({RANDOM[1]}).batch(64).cache()",
        f"{SLICES}.shuffle(100).map({RANDOM[0]}).batch(32).cache().prefetch(1)",
        "keras.utils.image_dataset_from_directory('images', image_size=(32, 32), batch_size=8).cache()",
    ]
    model = "keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(1)])"
    for index, chain in enumerate(chains):
        yield whole(
            f"data = {chain}\nmodel = {model}\nmodel.compile('adam', 'mse')\nmodel.fit(data, epochs={3 + index})"
        )


@rule("KD003", without_shuffles)
def _split() -> Iterator[str]:
    chains = [
        ("shuffle(600)", "take(400)", "skip(400)", ".batch(16)"),
        ("shuffle(600, seed=4)", "skip(100)", "take(100)", ".batch(16)"),
        ("shuffle(300).batch(8)", "take(50)", "skip(50)", ""),
        ("shuffle(64)", "take(480)", "skip(480)", ".batch(32)"),
        ("shuffle(600)", "shard(2, 0)", "shard(2, 1)", ".batch(32)"),
    ]
    for shuffle, ours, theirs, batch in chains:
        for last in ("model.fit(a, epochs=5, validation_data=b)", "model.fit(a, epochs=5)\nmodel.evaluate(b)"):
            yield whole(f"data = {SLICES}.{shuffle}\na = data.{ours}{batch}\nb = data.{theirs}{batch}\nMODEL\n{last}")


@rule("KD004")
def _traced() -> Iterator[str]:
    draws = ["random.random()", "np.random.normal()", "random.uniform(-1, 1)", "np.random.rand()", "random.gauss(0, 1)"]
    for index, draw in enumerate(draws):
        if index % 2 == 0:
            yield whole(f"data = {SLICES}.map(lambda x, y: (x * {draw}, y)).batch(8)\nMODEL\nmodel.fit(data, epochs=3)")
        yield whole(f"@tf.function\ndef noisy(values):\n    return values + {draw}\nMODEL\nmodel.fit(noisy(x), y)")
        yield whole(
            "class Noise(keras.layers.Layer):\n    def call(self, inputs):\n"
            f"        return inputs + {draw}\n"
            "model = keras.Sequential([keras.Input((6,)), Noise(), keras.layers.Dense(1)])\n"
            "model.compile('adam', 'mse')\nmodel.fit(x, y)"
        )


@rule("KD007")
def _not_adapted() -> Iterator[str]:
    for make in ("Normalization()", "Normalization(axis=-1)"):
        yield whole(
            f"model = keras.Sequential([keras.Input((6,)), keras.layers.{make}, keras.layers.Dense(1)])\n"
            "model.compile('adam', 'mse')\nmodel.fit(x, y)"
        )
    for make, kind in (
        ("TextVectorization(max_tokens=100, output_mode='multi_hot')", "string"),
        ("StringLookup(output_mode='multi_hot')", "string"),
        ("IntegerLookup(output_mode='multi_hot')", "int64"),
        ("Discretization(num_bins=5)", "float32"),
    ):
        yield whole(
            f"inputs = keras.Input((1,), dtype='{kind}')\nparts = keras.layers.{make}(inputs)\n"
            "outputs = keras.layers.Dense(1)(parts)\nmodel = keras.Model(inputs, outputs)\n"
            "model.compile('adam', 'mse')\nmodel.fit(load_rows(), y)"
        )
    for argument in ("featurewise_center", "featurewise_std_normalization"):
        yield whole(
            "from keras.preprocessing.image import ImageDataGenerator\n"
            f"make = ImageDataGenerator({argument}=True)\n"
            "model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(1)])\n"
            "model.compile('adam', 'mse')\nmodel.fit(make.flow(images, labels))"
        )


@rule("KD008", mixed)
def _ordered() -> Iterator[str]:
    for classes in (2, 3, 6):
        parts = ", ".join(f"np.full(80, {number})" for number in range(classes))
        head = "'sigmoid'" if classes == 2 else "'softmax'"
        units = 1 if classes == 2 else classes
        loss = "binary_crossentropy" if classes == 2 else "sparse_categorical_crossentropy"
        text = (
            f"y = np.concatenate([{parts}])\nx = np.load('x.npy').reshape((-1, 8))\n"
            f"model = keras.Sequential([keras.layers.Flatten(), "
            f"keras.layers.Dense({units}, activation={head})])\nmodel.compile('adam', '{loss}')\n"
        )
        yield whole(f"{text}model.fit(x, y, epochs=9, shuffle=False, batch_size=16)")
        yield whole(f"{text}data = tf.data.Dataset.from_tensor_slices((x, y)).batch(20)\nmodel.fit(data, epochs=9)")
        for share in (0.1, 0.3):
            yield whole(f"{text}model.fit(x, y, epochs=9, validation_split={share})")


@rule("KD009", with_an_end)
def _endless() -> Iterator[str]:
    generator = "def rows():\n    while True:\n        yield np.zeros((4, 6)), np.zeros((4, 1))\n"
    for chain in (f"{SLICES}.repeat().batch(8)", f"{SLICES}.batch(32).shuffle(9).repeat(-1)"):
        yield whole(f"data = {chain}\nMODEL\nmodel.fit(data, epochs=2)")
        yield whole(f"data = {chain}\nMODEL\nmodel.fit(x, y, epochs=2, validation_data=data)")
        yield whole(f"data = {chain}\nMODEL\nprint(model.evaluate(data))")
        yield whole(f"data = {chain}\nMODEL\nprint(model.predict(data))")
    yield whole(f"{generator}MODEL\nmodel.fit(rows(), epochs=3)")
    yield whole(f"{generator.replace('True', '1')}MODEL\nmodel.fit(x, y, epochs=3, validation_data=rows())")


@rule("KR001")
def _seed() -> Iterator[str]:
    for seed in (0, 7, 1234):
        yield whole(f"tf.random.set_seed({seed})\nMODEL\nmodel.fit(x, y)")
        yield whole(f"np.random.seed({seed})\nMODEL\nmodel.fit(x, y)")


@rule("KR002")
def _reseeded() -> Iterator[str]:
    for call in ("np.random.seed(3)", "random.seed(5)", "tf.random.set_seed(1)", "keras.utils.set_random_seed(8)"):
        for loop in ("for epoch in range(20):", "while better(model):"):
            yield whole(f"MODEL\n{loop}\n    {call}\n    model.fit(x, y)")


@rule("KE005")
def _one_output() -> Iterator[str]:
    model = "keras.Sequential([keras.Input((6,)), keras.layers.Dense(1, activation='sigmoid')])"
    for line in (
        "np.argmax(model.predict(x), axis=1)",
        "model.predict(x).argmax(axis=-1)",
        "tf.argmax(model(x), axis=-1)",
        "model.predict(x).astype('int32')",
        "np.argmax(model.predict(x), -1)",
    ):
        yield whole(f"model = {model}\nmodel.compile('adam', 'binary_crossentropy')\nprint({line})")


@rule("KL011")
def _outer() -> Iterator[str]:
    for rows in (60, 500):
        for line in ("np.mean((p > 0.5) == y)", "np.sum((p > 0.5) != y)", "np.mean((p - y) ** 2)", "abs(p - y).mean()"):
            yield whole(
                f"x, y = np.zeros(({rows}, 6)), np.random.randint(0, 2, {rows})\nMODEL\n"
                f"p = model.predict(x)\nprint({line})"
            )


@rule("KL009")
def _metrics() -> Iterator[str]:
    for units, loss, metric in (
        (4, "sparse_categorical_crossentropy", "'categorical_accuracy'"),
        (4, "categorical_crossentropy", "'sparse_categorical_accuracy'"),
        (7, "categorical_crossentropy", "keras.metrics.BinaryAccuracy()"),
        (1, "binary_crossentropy", "keras.metrics.Accuracy()"),
        (1, "binary_crossentropy", "'categorical_accuracy'"),
    ):
        act = "sigmoid" if units == 1 else "softmax"
        yield whole(
            f"model = keras.Sequential([keras.Input((6,)), keras.layers.Dense({units}, activation='{act}')])\n"
            f"model.compile('adam', '{loss}', metrics=[{metric}])"
        )
    for name in ("accuracy", "acc"):
        yield whole(
            "from sklearn.datasets import make_regression\nx, y = make_regression(500, 6)\n"
            f"model = {DENSE}\nmodel.compile('adam', 'mse', metrics=['{name}'])\nmodel.fit(x, y)"
        )


@rule("KL010")
def _widths() -> Iterator[str]:
    for places, units in ((9, 4), (20, 3)):
        yield program(
            "two",
            "classes",
            head=f"layers.Dense({units}, activation='softmax')",
            loss="'categorical_crossentropy'",
            y=f"keras.utils.to_categorical(np.random.randint(0, {units + 2}, 1000), {units + 2})",
        )
        yield whole(
            f"y = keras.utils.to_categorical(np.random.randint(0, {units}, 600), {units})\n"
            f"x = np.random.rand(600, {places}, 2)\nmodel = keras.Sequential([keras.Input(({places}, 2)), "
            "keras.layers.Conv1D(8, 3, activation='relu'), "
            f"keras.layers.Dense({units}, activation='softmax')])\n"
            "model.compile('adam', 'categorical_crossentropy')\nmodel.fit(x, y)"
        )
        yield whole(
            f"y = np.random.randint(0, {units}, 600)\nx = np.random.rand(600, {places}, {places})\n"
            f"model = keras.Sequential([keras.Input(({places}, {places})), "
            f"keras.layers.Dense({units}, activation='softmax')])\n"
            "model.compile('adam', 'sparse_categorical_crossentropy')\nmodel.fit(x, y)"
        )


@rule("KS001")
def _shapes() -> Iterator[str]:
    for size in (8, 20):
        yield whole(f"model = keras.Sequential([keras.Input(({size}, 4)), keras.layers.LSTM(8), keras.layers.GRU(4)])")
        yield whole(
            f"model = keras.Sequential([keras.Input(({size}, {size}, 1)), keras.layers.MaxPooling2D({size}), "
            "keras.layers.Conv2D(4, 3), keras.layers.Flatten(), keras.layers.Dense(2)])"
        )
        yield whole(
            f"model = keras.Sequential([keras.Input(({size},)), keras.layers.Conv1D(4, 3), "
            "keras.layers.Flatten(), keras.layers.Dense(2)])"
        )
        yield whole(
            f"x = np.random.rand(600, {size + 1})\nmodel = keras.Sequential([keras.Input(({size},)), "
            "keras.layers.Dense(1)])\nmodel.compile('adam', 'mse')\nmodel.fit(x, y)"
        )


CUSTOM = """
class Net(keras.Model):
    def __init__(self):
        super().__init__()
        self.part = keras.layers.PART
        self.out = keras.layers.Dense(1)

    def call(self, inputsTRAINING):
        return self.out(self.part(inputsPASSED))
"""
PARTS = ("Dropout(0.5)", "BatchNormalization()", "GaussianNoise(1.0)", "AlphaDropout(0.3)")


def _net(part: str, *, told: bool) -> str:
    text = CUSTOM.replace("PART", part).replace("TRAINING", ", training=None" if told else "")
    return text.replace("PASSED", ", training=training" if told else "")


@rule("KT001")
def _tape() -> Iterator[str]:
    for part in PARTS:
        for model in (
            _net(part, told=True) + "net = Net()",
            f"net = keras.Sequential([keras.Input((6,)), keras.layers.{part}, keras.layers.Dense(1)])",
        ):
            yield (
                TABLES
                + model
                + dedent("""
                optimizer = keras.optimizers.Adam()
                for _ in range(9):
                    with tf.GradientTape() as tape:
                        loss = tf.reduce_mean((net(x) - y) ** 2)
                    gradients = tape.gradient(loss, net.trainable_variables)
                    optimizer.apply_gradients(zip(gradients, net.trainable_variables))
                """)
            )


@rule("KT002")
def _call() -> Iterator[str]:
    for part in PARTS:
        yield TABLES + _net(part, told=False) + "net = Net()\nnet.compile('adam', 'mse')\nnet.fit(x, y, epochs=3)\n"


@rule("KT004")
def _untracked() -> Iterator[str]:
    for back in ('{"loss": loss}', "dict(loss=loss)"):
        for optimizer in ("adam", "sgd"):
            yield TABLES + dedent(f"""
                class Net(keras.Model):
                    def __init__(self):
                        super().__init__()
                        self.out = keras.layers.Dense(1)

                    def call(self, x, training=None):
                        return self.out(x)

                    def train_step(self, data):
                        x, y = data
                        with tf.GradientTape() as tape:
                            loss = tf.reduce_mean((self(x, training=True) - y) ** 2)
                        gradients = tape.gradient(loss, self.trainable_variables)
                        self.optimizer.apply_gradients(zip(gradients, self.trainable_variables))
                        return {back}

                net = Net()
                net.compile(optimizer="{optimizer}")
                net.fit(x, y, epochs=5)
                """)


@rule("KF001")
def _frozen_late() -> Iterator[str]:
    for layer in ("Dense(8)", "Dense(16, activation='relu')"):
        for value in (True, False):
            start = f"hidden.trainable = {not value}\n" if value else ""
            yield whole(
                f"hidden = keras.layers.{layer}\n{start}"
                "model = keras.Sequential([keras.Input((6,)), hidden, keras.layers.Dense(1)])\n"
                f"model.compile('adam', 'mse')\nmodel.fit(x, y)\nhidden.trainable = {value}\nmodel.fit(x, y)"
            )


@rule("KF002")
def _overridden() -> Iterator[str]:
    for name in ("MobileNetV2", "ResNet50"):
        yield whole(
            f"base = keras.applications.{name}(include_top=False, pooling='avg', input_shape=(160, 160, 3))\n"
            "inputs = keras.Input((160, 160, 3))\nfeatures = base(inputs, training=False)\n"
            "model = keras.Model(inputs, keras.layers.Dense(1, activation='sigmoid')(features))\n"
            "model.compile(keras.optimizers.Adam(1e-5), 'binary_crossentropy')\nmodel.fit(images, labels)"
        )
    for rate in (0.2, 0.5):
        yield whole(
            f"inputs = keras.Input((6,))\nhidden = keras.layers.Dropout({rate})(inputs, training=True)\n"
            "model = keras.Model(inputs, keras.layers.Dense(1)(hidden))\nmodel.compile('adam', 'mse')\n"
            "model.fit(x, y)\nsamples = np.stack([model.predict(z) for _ in range(20)])"
        )


@rule("KA005")
def _shared() -> Iterator[str]:
    for start in ("HeNormal()", "GlorotUniform()", "RandomNormal(stddev=0.02)"):
        for layer in ("Dense(16, activation='relu'", "Dense(8, activation='tanh'"):
            yield whole(
                f"start = keras.initializers.{start}\ninputs = keras.Input((6,))\n"
                f"left = keras.layers.{layer}, kernel_initializer=start)(inputs)\n"
                f"right = keras.layers.{layer}, kernel_initializer=start)(inputs)\n"
                "outputs = keras.layers.Dense(1)(keras.layers.Concatenate()([left, right]))\n"
                "model = keras.Model(inputs, outputs)\nmodel.compile('adam', 'mse')\nmodel.fit(x, y)"
            )


@rule("KA003")
def _misplaced() -> Iterator[str]:
    for width in (8, 48):
        hidden = f"layers.Dense({width}, activation='softmax')"
        yield program("one", "numbers", act="activation='softmax'", last=f"{hidden},\n    {hidden}")
        yield program("two", "binary", act="activation='softmax'", last=hidden)
        yield program("one", "numbers", last=f"layers.Dense({width}, activation='relu'),\n    layers.ReLU()")
        yield program("two", "binary", last="layers.Activation('relu')")
