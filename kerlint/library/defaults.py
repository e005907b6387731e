"""Facts about Keras, its models and the data everyone starts with.

* What a string means: `compile("adam", "mse")`. Measured by calling the `get` functions.
* Default learning rates, by the signatures.
* Loss classes and the functions they wrap.
* `keras.applications`: expected input, sizes, parameters. Measured on models built without weights.
* `keras.datasets`: by the documentation and the loaders of Keras; the ranges of the housing data are
  published statistics of these data sets.
* scikit-learn's toy data: measured; California housing by its published statistics.

`tools/update_defaults.py` does the measuring and writes `_default_table`.
"""

from __future__ import annotations

from typing import NamedTuple

from kerlint.library._default_table import APPLICATIONS, OLD_STRINGS, STRINGS, TOY_DATA
from kerlint.library._next_table import STRINGS as NEXT_STRINGS
from kerlint.library.signatures import signature

# -- Strings ------------------------------------------------------------------------------------------------------

#: What `named` has strings for.
KINDS = ("activations", "constraints", "initializers", "losses", "metrics", "optimizers", "regularizers")
#: Metric strings whose meaning depends on the shapes of labels and output: compile() chooses
#: BinaryAccuracy, CategoricalAccuracy or SparseCategoricalAccuracy, and likewise for "ce".
SHAPE_DEPENDENT_METRICS = frozenset({"accuracy", "acc", "crossentropy", "ce"})

_strings: dict[tuple[str, bool], dict[str, str]] = {}


class Named(NamedTuple):
    """What a string stands for: a canonical name, and whether the current Keras, or the next one, takes the string."""

    name: str
    current: bool = True


def named(kind: str, text: str) -> Named | None:
    """What Keras makes of a string, as `keras.losses.get(text)` would; None if it would refuse it.

    Only optimizers are the same in upper and lower case, up to Keras 3.15. "mse" is a function among the losses and a
    class among the metrics, as in Keras.
    """
    if kind == "optimizers":
        text = text.lower()
    for current in (True, False):
        found = _words(kind, current).get(text)
        if found:
            return Named(found, current)
    return None


def _words(kind: str, current: bool) -> dict[str, str]:
    words = _strings.get((kind, current))
    if words is None:
        pairs = [*STRINGS[kind].split(), *NEXT_STRINGS.get(kind, "").split()] if current else OLD_STRINGS[kind].split()
        words = _strings[kind, current] = dict(pair.split("=", 1) for pair in pairs)
    return words


# -- Optimizers and losses ----------------------------------------------------------------------------------------

#: Default learning rates that were others in Keras 1 and in standalone Keras 2 (up to 2.3).
OLD_LEARNING_RATES = {
    "keras.optimizers.SGD": 0.01,
    "keras.optimizers.Adagrad": 0.01,
    "keras.optimizers.Adadelta": 1.0,
    "keras.optimizers.Adamax": 0.002,
    "keras.optimizers.Nadam": 0.002,
}


def learning_rate(optimizer: str) -> float | None:
    """The default learning rate of an optimizer class of the current Keras (or TensorFlow 1)."""
    known = signature(optimizer)
    value = known.default("learning_rate") if known is not None else None
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None


#: The function behind each loss class, by canonical names.
LOSS_FUNCTIONS = {
    f"keras.losses.{cls}": f"keras.losses.{function}"
    for cls, function in {
        "BinaryCrossentropy": "binary_crossentropy",
        "BinaryFocalCrossentropy": "binary_focal_crossentropy",
        "CategoricalCrossentropy": "categorical_crossentropy",
        "CategoricalFocalCrossentropy": "categorical_focal_crossentropy",
        "CategoricalGeneralizedCrossEntropy": "categorical_generalized_cross_entropy",
        "CategoricalHinge": "categorical_hinge",
        "Circle": "circle",
        "CosineSimilarity": "cosine_similarity",
        "CTC": "ctc",
        "Dice": "dice",
        "Hinge": "hinge",
        "Huber": "huber",
        "KLDivergence": "kl_divergence",
        "LogCosh": "log_cosh",
        "MeanAbsoluteError": "mean_absolute_error",
        "MeanAbsolutePercentageError": "mean_absolute_percentage_error",
        "MeanSquaredError": "mean_squared_error",
        "MeanSquaredLogarithmicError": "mean_squared_logarithmic_error",
        "Poisson": "poisson",
        "SparseCategoricalCrossentropy": "sparse_categorical_crossentropy",
        "SparseCategoricalFocalCrossentropy": "sparse_categorical_focal_crossentropy",
        "SquaredHinge": "squared_hinge",
        "Tversky": "tversky",
    }.items()
}
#: The loss class that wraps each function.
LOSS_CLASSES = {function: cls for cls, function in LOSS_FUNCTIONS.items()}


def loss_function(loss: str) -> str | None:
    """The canonical loss function of a loss string, class or function; None for anything else."""
    if "." not in loss:
        known = named("losses", loss)
        loss = known.name if known else loss
    return LOSS_FUNCTIONS.get(loss) or (loss if loss in LOSS_CLASSES else None)


# -- Applications -------------------------------------------------------------------------------------------------

#: The range that each mode of `preprocess_input` makes of 0..255.
MODE_RANGES = {
    "caffe": (-123.68, 151.061),  # BGR, the mean of ImageNet subtracted, not scaled
    "tf": (-1.0, 1.0),
    "torch": (-2.118, 2.64),  # 0..1, then mean and deviation of ImageNet
    "none": (0.0, 255.0),  # scaled inside the model
}


class Application(NamedTuple):
    """A model of `keras.applications`, at its default input size.

    Args:
        module: the module of the right `preprocess_input`.
        mode: what it does, a key of `MODE_RANGES`. With "none" the model scales its input itself.
        optional: whether `include_preprocessing=False` switches that off.
        minimum: the smallest input size.
        features: the channels of the last feature map.
        spatial: how the height and width shrink, one letter per step: `c` halves and rounds up,
            `f` halves and rounds down, `v` is a 3x3 window with stride 2, `m` one with stride 1, both valid.
        parameters: with include_top=False, as are `trainable` and `layers`.
        parameters_with_top: with the classifier of 1000 classes.
    """

    name: str
    module: str
    mode: str
    optional: bool
    size: int
    minimum: int
    features: int
    spatial: str
    batch_normalization: bool
    parameters: int
    trainable: int
    layers: int
    parameters_with_top: int

    @property
    def range(self) -> tuple[float, float]:
        """The values the pretrained model expects."""
        return MODE_RANGES[self.mode]

    @property
    def preprocess(self) -> str:
        """The canonical name of the right `preprocess_input`."""
        return f"keras.applications.{self.module}.preprocess_input"

    def output_size(self, size: int) -> int:
        """The height or width of the last feature map for an input of that height or width."""
        for step in self.spatial:
            match step:
                case "c":
                    size = (size + 1) // 2
                case "f":
                    size //= 2
                case "v":
                    size = (size - 3) // 2 + 1
                case _:
                    size -= 2
        return size


#: Classes of ImageNet: the default of `classes=`.
IMAGENET_CLASSES = 1000


def application(name: str) -> Application | None:
    """What is known of a model function, by canonical name: `keras.applications.ResNet50`."""
    short = name.removeprefix("keras.applications.")
    row = APPLICATIONS.get(short) if short != name else None
    return None if row is None else Application(short, *row)


def preprocess_mode(function: str) -> str | None:
    """The mode of a `preprocess_input`, by canonical name; that of `imagenet_utils` is caffe unless told."""
    module = function.removeprefix("keras.applications.").removesuffix(".preprocess_input")
    if module == "imagenet_utils":
        return "caffe"
    return next((row[1] for row in APPLICATIONS.values() if row[0] == module), None)


# -- Data sets ----------------------------------------------------------------------------------------------------


class Data(NamedTuple):
    """A data set that a function loads.

    Args:
        train: the shape of the training inputs; sklearn's loaders have one part, this.
        test: the shape of the test inputs, () without a test part.
        low, high: the range of the inputs, per column where there are columns.
        labels: the shape of one label: () for a vector of labels, (1,) for a column.
        classes: their number, 0 for continuous targets.
        label_low, label_high: the range of the labels.
        ragged: the inputs are lists of word numbers of different lengths, `high` unknown.
    """

    name: str
    train: tuple[int, ...]
    test: tuple[int, ...]
    dtype: str
    low: tuple[float, ...]
    high: tuple[float, ...]
    labels: tuple[int, ...]
    label_dtype: str
    label_low: float
    label_high: float
    classes: int
    ragged: bool = False

    @property
    def lowest(self) -> float | None:
        return min(self.low, default=None)

    @property
    def highest(self) -> float | None:
        return max(self.high, default=None)

    @property
    def is_image(self) -> bool:
        return self.dtype == "uint8"


def _images(name: str, train: int, shape: tuple[int, ...], labels: tuple[int, ...], dtype: str, classes: int) -> Data:
    high = float(classes - 1)
    return Data(
        name, (train, *shape), (10000, *shape), "uint8", (0.0,), (255.0,), labels, dtype, 0.0, high, classes
    )  # fmt: skip


def _words_of(name: str, train: int, test: int, classes: int) -> Data:
    high = float(classes - 1)
    return Data(name, (train,), (test,), "object", (0.0,), (), (), "int64", 0.0, high, classes, ragged=True)


#: Columns: CRIM ZN INDUS CHAS NOX RM AGE DIS RAD TAX PTRATIO B LSTAT.
_BOSTON_LOW = (0.00632, 0.0, 0.46, 0.0, 0.385, 3.561, 2.9, 1.1296, 1.0, 187.0, 12.6, 0.32, 1.73)
_BOSTON_HIGH = (88.9762, 100.0, 27.74, 1.0, 0.871, 8.78, 100.0, 12.1265, 24.0, 711.0, 22.0, 396.9, 37.97)
#: Columns: longitude latitude age rooms bedrooms population households income; targets in dollars.
_CALIFORNIA_LOW = (-124.35, 32.54, 1.0, 2.0, 1.0, 3.0, 1.0, 0.4999)
_CALIFORNIA_HIGH = (-114.31, 41.95, 52.0, 39320.0, 6445.0, 35682.0, 6082.0, 15.0001)
#: Columns: MedInc HouseAge AveRooms AveBedrms Population AveOccup Latitude Longitude; targets in 100,000 dollars.
_SKLEARN_CALIFORNIA_LOW = (0.4999, 1.0, 0.846154, 0.333333, 3.0, 0.692308, 32.54, -124.35)
_SKLEARN_CALIFORNIA_HIGH = (15.0001, 52.0, 141.909091, 34.066667, 35682.0, 1243.333333, 41.95, -114.31)

_KERAS_DATA = (
    _images("mnist", 60000, (28, 28), (), "uint8", 10),
    _images("fashion_mnist", 60000, (28, 28), (), "uint8", 10),
    _images("cifar10", 50000, (32, 32, 3), (1,), "uint8", 10),
    _images("cifar100", 50000, (32, 32, 3), (1,), "int64", 100),
    _words_of("imdb", 25000, 25000, 2),
    _words_of("reuters", 8982, 2246, 46),
    Data(
        "boston_housing", (404, 13), (102, 13), "float64", _BOSTON_LOW, _BOSTON_HIGH,
        (), "float64", 5.0, 50.0, 0,
    ),
    Data(
        "california_housing", (16512, 8), (4128, 8), "float32", _CALIFORNIA_LOW, _CALIFORNIA_HIGH,
        (), "float32", 14999.0, 500001.0, 0,
    ),
)  # fmt: skip
#: The word lists of `imdb` and `reuters` number their words up to this, before `index_from` is added.
VOCABULARIES = {"imdb": 88584, "reuters": 30979}

DATA: dict[str, Data] = {f"keras.datasets.{data.name}.load_data": data for data in _KERAS_DATA}
DATA["sklearn.datasets.fetch_california_housing"] = Data(
    "california_housing", (20640, 8), (), "float64", _SKLEARN_CALIFORNIA_LOW, _SKLEARN_CALIFORNIA_HIGH,
    (), "float64", 0.14999, 5.00001, 0,
)  # fmt: skip
DATA["sklearn.datasets.load_boston"] = Data(
    "boston", (506, 13), (), "float64", _BOSTON_LOW, _BOSTON_HIGH, (), "float64", 5.0, 50.0, 0
)  # fmt: skip
#: Cover types are numbered from 1. Source: scikit-learn's documentation; the range of the columns: UCI's description.
DATA["sklearn.datasets.fetch_covtype"] = Data(
    "covtype", (581012, 54), (), "float64", (-173.0,), (7173.0,), (), "int32", 1.0, 7.0, 7
)  # fmt: skip
DATA["sklearn.datasets.fetch_olivetti_faces"] = Data(
    "olivetti_faces", (400, 4096), (), "float32", (0.0,), (1.0,), (), "int64", 0.0, 39.0, 40
)  # fmt: skip
for _name, (_shape, *_row) in TOY_DATA.items():
    DATA[f"sklearn.datasets.load_{_name}"] = Data(_name, _shape, (), *_row)


def data(function: str) -> Data | None:
    """What a loading function gives, by canonical name: `keras.datasets.mnist.load_data`."""
    return DATA.get(function)
