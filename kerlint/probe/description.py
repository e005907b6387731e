"""What the worker is told: models, data and training as JSON, and the test that there is nothing else in it.

Nothing in a description is code, a path or an address. Names of classes are those listed here, other texts are
words such as `relu` or `same`, and everything else is a number, a list or one of these objects. The worker applies
`problem` to whatever it is given, so that a mistake elsewhere stays a refusal.
"""

from __future__ import annotations

import re
from typing import TypedDict

from kerlint.experiment import Plain

#: Layers that a model may consist of: nothing that runs a function, reads a file or keeps a vocabulary.
LAYERS = frozenset(
    """Dense EinsumDense Conv1D Conv2D Conv3D Conv1DTranspose Conv2DTranspose Conv3DTranspose SeparableConv1D
    SeparableConv2D DepthwiseConv1D DepthwiseConv2D LSTM GRU SimpleRNN ConvLSTM1D ConvLSTM2D Embedding Bidirectional
    TimeDistributed Dropout SpatialDropout1D SpatialDropout2D SpatialDropout3D GaussianNoise GaussianDropout
    AlphaDropout ActivityRegularization BatchNormalization LayerNormalization GroupNormalization RMSNormalization
    UnitNormalization Flatten Reshape Permute RepeatVector Identity Masking ZeroPadding1D ZeroPadding2D ZeroPadding3D
    Cropping1D Cropping2D Cropping3D UpSampling1D UpSampling2D UpSampling3D Resizing Rescaling MaxPooling1D
    MaxPooling2D MaxPooling3D AveragePooling1D AveragePooling2D AveragePooling3D GlobalMaxPooling1D
    GlobalMaxPooling2D GlobalMaxPooling3D GlobalAveragePooling1D GlobalAveragePooling2D GlobalAveragePooling3D
    Activation ReLU LeakyReLU PReLU ELU Softmax Add Subtract Multiply Average Maximum Minimum Concatenate Dot
    MultiHeadAttention Attention AdditiveAttention""".split()
)
OPTIMIZERS = frozenset("SGD Adam AdamW Nadam Adamax RMSprop Adagrad Adadelta Lion Ftrl Adafactor".split())
#: Losses by the function that they are named after, and their classes.
LOSSES = {
    "binary_crossentropy": "BinaryCrossentropy",
    "categorical_crossentropy": "CategoricalCrossentropy",
    "sparse_categorical_crossentropy": "SparseCategoricalCrossentropy",
    "binary_focal_crossentropy": "BinaryFocalCrossentropy",
    "categorical_focal_crossentropy": "CategoricalFocalCrossentropy",
    "mean_squared_error": "MeanSquaredError",
    "mean_absolute_error": "MeanAbsoluteError",
    "mean_absolute_percentage_error": "MeanAbsolutePercentageError",
    "mean_squared_logarithmic_error": "MeanSquaredLogarithmicError",
    "huber": "Huber",
    "log_cosh": "LogCosh",
    "poisson": "Poisson",
    "kl_divergence": "KLDivergence",
    "hinge": "Hinge",
}
#: Everything else that arguments of layers and optimizers may be made of.
PARTS = frozenset(
    """Zeros Ones Constant Identity RandomNormal TruncatedNormal RandomUniform GlorotNormal GlorotUniform HeNormal
    HeUniform LecunNormal LecunUniform Orthogonal VarianceScaling L1 L2 L1L2 OrthogonalRegularizer MaxNorm NonNeg
    UnitNorm MinMaxNorm ExponentialDecay CosineDecay CosineDecayRestarts InverseTimeDecay PiecewiseConstantDecay
    PolynomialDecay""".split()
)
METRICS = frozenset(
    """Accuracy BinaryAccuracy CategoricalAccuracy SparseCategoricalAccuracy TopKCategoricalAccuracy
    SparseTopKCategoricalAccuracy Precision Recall AUC F1Score R2Score MeanSquaredError MeanAbsoluteError
    RootMeanSquaredError""".split()
)
#: Kinds of targets.
TARGETS = frozenset("classes onehot binary multihot signs numbers same".split())
#: An activation, a padding, the name of an initializer.
_WORD = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,39}\Z")
#: More than this would only take time.
MAX_STEPS, MAX_ROWS, MAX_TRAIN, MAX_SIZE, MAX_DEPTH = 400, 4096, 5000, 1_000_000, 6


class Step(TypedDict):
    """One step of a model: an input, or a call of a layer.

    `layer` is a number: steps with the same one share a layer. `call` holds what the call is told, such as
    `training`.
    """

    id: int
    type: str
    config: dict[str, Plain]
    inputs: list[int]
    layer: int
    trainable: bool
    call: dict[str, Plain]


class Made(TypedDict):
    """An optimizer, a loss or a metric: its class or function, and its arguments."""

    type: str
    config: dict[str, Plain]


class Input(TypedDict):
    """What one input gets: the shape of a row, and bounds of its values; None for standard normal numbers.

    `columns` gives bounds for each column; `vocabulary` is how many different whole numbers there are, 0 where the
    values are no ids. `tight` says whether the bounds are reached.
    """

    shape: list[int]
    low: float | None
    high: float | None
    tight: bool
    columns: list[list[float]] | None
    vocabulary: int


class Targets(TypedDict):
    """What the model is trained to give: one of `TARGETS`, the shape of a row, the number of classes, bounds."""

    kind: str
    shape: list[int]
    classes: int
    low: float | None
    high: float | None


class Run(TypedDict):
    """How long, and how: rows of data, rows in a batch, steps of training."""

    rows: int
    batch: int
    steps: int


class Description(TypedDict):
    """A model, its data and its training."""

    steps: list[Step]
    output: int
    optimizer: Made
    loss: Made
    metrics: list[Made]
    x: list[Input]
    y: Targets
    run: Run


class Wanted(TypedDict):
    """The Keras that a program is written for: major and minor version, and whether anything says so."""

    major: int
    minor: int | None
    known: bool


class Job(TypedDict):
    """One experiment: two descriptions, the symptom, the steps to look at, and seeds.

    `heavy` models are not trained any longer than they must be. `keras` is the version that the program is for.
    """

    symptom: str
    kind: str
    original: Description
    repaired: Description
    at: list[int]
    details: dict[str, Plain]
    seeds: list[int]
    assumptions: list[str]
    heavy: bool
    keras: Wanted


class Invalid(ValueError):
    """A description that is not valid."""


def check(job: object) -> Job:
    """The job, if it is one.

    Raises:
        Invalid: with what is wrong.
    """
    try:
        _job(job)
    except Invalid:
        raise
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise Invalid(f"the description is not valid: {type(error).__name__}: {error}") from error
    return job  # type: ignore[return-value]


def _job(job: object) -> None:
    _need(isinstance(job, dict), "a job is an object")
    assert isinstance(job, dict)
    _need(isinstance(job["symptom"], str) and _WORD.match(job["symptom"]), "the symptom is a word")
    _need(isinstance(job["kind"], str) and _WORD.match(job["kind"]), "the kind is a word")
    _need(_are_integers(job["seeds"]) and 0 < len(job["seeds"]) <= 16, "seeds are a few integers")
    _need(_are_integers(job["at"]), "places are numbers of steps")
    _wanted(job["keras"])
    _plain(job["details"], 0)
    for name in ("original", "repaired"):
        _description(job[name])


def _wanted(keras: Wanted) -> None:
    _need(_are_integers([keras["major"]]) and 0 < keras["major"] < 100, "the version of Keras is a number")
    _need(keras["minor"] is None or _are_integers([keras["minor"]]), "a minor version is a number")
    _need(isinstance(keras["known"], bool), "whether the version is known is said")


def _description(one: Description) -> None:
    steps = one["steps"]
    _need(isinstance(steps, list) and 0 < len(steps) <= MAX_STEPS, "a model has steps, and not too many")
    seen: set[int] = set()
    for step in steps:
        _need(isinstance(step["id"], int) and isinstance(step["layer"], int), "a step has a number")
        _need(all(source in seen for source in step["inputs"]), "a step reads steps before it")
        _need(step["type"] in LAYERS or (step["type"] == "Input" and not step["inputs"]), f"no layer {step['type']!r}")
        _need(step["type"] == "Input" or bool(step["inputs"]), "a layer reads something")
        _config(step["config"])
        _need(set(step["call"]) <= {"training"}, "a call is told nothing but the mode")
        _plain(step["call"], 0)
        seen.add(step["id"])
    _need(one["output"] in seen, "the output is a step")
    _made(one["optimizer"], OPTIMIZERS)
    _made(one["loss"], LOSSES)
    for metric in one["metrics"]:
        _made(metric, METRICS)
    _need(len(one["x"]) == sum(step["type"] == "Input" for step in steps), "there is data for each input")
    for data in one["x"]:
        _sizes(data["shape"])
        _need(0 <= data["vocabulary"] <= MAX_SIZE, "the vocabulary is not too large")
        _plain([data["low"], data["high"], data["tight"]], 0)
        _plain(data["columns"], 0)  # type: ignore[arg-type]
    _need(one["y"]["kind"] in TARGETS, "targets are of a known kind")
    _need(0 <= one["y"]["classes"] <= 100_000, "the number of classes is not too large")
    _sizes(one["y"]["shape"])
    _plain([one["y"]["low"], one["y"]["high"]], 0)
    run = one["run"]
    _need(
        0 < run["rows"] <= MAX_ROWS and 0 < run["batch"] <= MAX_ROWS and 0 <= run["steps"] <= MAX_TRAIN, "a short run"
    )


def _made(made: Made, known: object) -> None:
    _need(made["type"] in known, f"unknown class {made['type']!r}")  # type: ignore[operator]
    _config(made["config"])


def _config(config: dict[str, Plain]) -> None:
    _need(isinstance(config, dict), "arguments are an object")
    for name, value in config.items():
        _need(isinstance(name, str) and _WORD.match(name), f"no argument {name!r}")
        _plain(value, 0)


def _plain(value: Plain, depth: int) -> None:
    _need(depth <= MAX_DEPTH, "not too deep")
    if isinstance(value, str):
        _need(_WORD.match(value), f"no word: {value!r}")
    elif isinstance(value, list):
        _need(len(value) <= 10_000, "not too long")
        for item in value:
            _plain(item, depth + 1)
    elif isinstance(value, dict):
        if "type" in value:
            _need(value["type"] in PARTS | LAYERS and set(value) <= {"type", "config", "shared"}, f"no part: {value!r}")
        for name, item in value.items():
            _need(isinstance(name, str), "names are words")
            _plain(item, depth + 1)
    else:
        _need(value is None or isinstance(value, (bool, int, float)), f"no plain value: {value!r}")


def _sizes(shape: list[int]) -> None:
    _need(_are_integers(shape) and all(0 < size <= MAX_SIZE for size in shape) and len(shape) <= 5, "sizes are numbers")


def _are_integers(values: object) -> bool:
    return isinstance(values, list) and all(isinstance(one, int) and not isinstance(one, bool) for one in values)


def _need(holds: object, what: str) -> None:
    if not holds:
        raise Invalid(f"the description is not valid: {what}")
