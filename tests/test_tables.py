"""The tables of what is known of Keras, against the installed Keras, TensorFlow, NumPy and scikit-learn."""

from __future__ import annotations

import contextlib
import functools
import importlib
import inspect
import os
import re
import types

import pytest

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")

from kerlint.library import _alias_table, _legacy_table, _next_table, _signature_table, defaults
from kerlint.library._alias_table import ALIASES
from kerlint.library._signature_table import SIGNATURES
from kerlint.library.names import canonical, in_current_keras, written
from kerlint.library.signatures import (
    NO_DEFAULT,
    NOT_LITERAL,
    Kind,
    _parse,
    bases,
    bind,
    has_signature,
    is_kind_of,
    legacy_keyword,
    signature,
)

#: Lines that say on purpose something else than inspection.
BY_HAND = {
    "keras.Model", "numpy.arange", "numpy.where", "tensorflow.range", "tensorflow.data.Dataset.range",
}  # fmt: skip
PLAIN = (bool, int, float, str, bytes, type(None))


def made_from(table):
    """The packages and versions that a generated table is made from."""
    return dict(re.findall(r"(\w+) (\d[\w.-]*\w)", table.__doc__.split(" from keras")[1].join(["keras", ""])))


@pytest.fixture(scope="module")
def installed():
    """The installed packages, if Keras and TensorFlow are those that the tables were made from, or the next ones.

    NumPy and scikit-learn are compared whatever their version, but for what a newer one has dropped.
    """
    packages = {name: pytest.importorskip(name) for name in made_from(_signature_table)}
    ours = {name: packages[name].__version__ for name in ("keras", "tensorflow")}
    known = [{name: made_from(table)[name] for name in ours} for table in (_signature_table, _next_table)]
    if ours not in known:
        pytest.skip(f"the tables were made from {known}")
    packages["tensorflow.keras"] = importlib.import_module("keras._tf_keras.keras")
    packages["is next"] = ours == known[1]
    return packages


def is_to_come(installed, group, short):
    """Whether the installed Keras does not have a public name yet."""
    return not installed["is next"] and short in _next_table.PUBLIC.get(group, "").split()


def member(owner, name):
    if hasattr(owner, name):
        return getattr(owner, name)
    if isinstance(owner, types.ModuleType):
        with contextlib.suppress(ImportError):
            return importlib.import_module(f"{owner.__name__}.{name}")
    raise LookupError(name)


def resolve(installed, name):
    """The object behind a dotted name; keras names may be those of tensorflow.keras."""
    root, *parts = name.split(".")
    for start in [root, "tensorflow.keras"] if root == "keras" else [root]:
        with contextlib.suppress(LookupError):
            return functools.reduce(member, parts, installed[start])
    raise LookupError(name)


def lines(table):
    for group, text in table.items():
        for line in text.split("\n"):
            if line:
                yield f"{group}.{line.partition('(')[0]}", line


# -- Signatures ---------------------------------------------------------------------------------------------------


def inspected(installed, name):
    """The real parameters: of `__init__` for a class, without `self` for a method."""
    value = resolve(installed, name)
    owner = resolve(installed, name.rpartition(".")[0])
    if isinstance(value, type):
        for base in value.__mro__:
            init = vars(base).get("__init__")
            if isinstance(init, types.FunctionType):
                found = list(inspect.signature(init).parameters.values())[1:]
                if [p.kind for p in found] != [inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD]:
                    return found
            elif init is not None:
                break
        return list(inspect.signature(value).parameters.values())
    found = list(inspect.signature(value).parameters.values())
    is_method = isinstance(owner, type) and not isinstance(
        inspect.getattr_static(owner, name.rpartition(".")[2]), (staticmethod, classmethod)
    )
    return found[1:] if is_method and found and found[0].kind is not inspect.Parameter.VAR_POSITIONAL else found


def expected_lines(installed):
    """What the tables say of the installed packages, by name."""
    found = dict(lines(SIGNATURES))
    if installed["is next"]:
        for group, words in _next_table.GONE.items():
            for short in words.split():
                del found[f"{group}.{short}"]
        found.update(lines(_next_table.SIGNATURES))
    return found


def test_signatures_are_those_of_the_installed_packages(installed):
    kinds = dict(zip(sorted(inspect._ParameterKind), Kind, strict=True))
    wrong = []
    for name, line in expected_lines(installed).items():
        if name in BY_HAND:
            continue
        try:
            real = inspected(installed, name)
        except LookupError:
            if name.startswith(("numpy.", "sklearn.")):  # gone from a newer version
                continue
            raise
        except (ValueError, TypeError):  # built in: nothing to inspect
            assert "(*args, **kwargs)" in line, name
            continue
        ours = _parse(name, name.rpartition(".")[0], line)
        if name.startswith(("numpy.", "sklearn.")):  # a newer version may have added parameters
            shown = [p.name for p in ours.parameters if p.kind is Kind.EITHER]
            if not {p.name for p in ours.parameters} & {p.name for p in real} and shown:
                wrong.append((name, [p.name for p in real]))
            continue
        if [(p.name, kinds[p.kind]) for p in real] != [(p.name, p.kind) for p in ours.parameters]:
            wrong.append((name, [p.name for p in real]))
        for theirs, parameter in zip(real, ours.parameters, strict=False):
            default = theirs.default
            if default is inspect.Parameter.empty:
                expected = NO_DEFAULT
            elif all(type(d) in PLAIN and d == d for d in (default if type(default) is tuple else [default])):
                expected = default
            else:
                continue
            if repr(parameter.default) != repr(expected):
                wrong.append((name, theirs, parameter.default))
    assert wrong == []


def test_both_versions_are_understood():
    """A call that is right in one of the versions binds as it does there."""
    for name, line in lines(_next_table.SIGNATURES):
        later, both = _parse(name, name.rpartition(".")[0], line), signature(name)
        assert both is not None
        assert not both.legacy
        assert set(later.names) <= set(both.names), name
        assert not bind(both, 0, later.names).unknown, name
    for name, line in lines(SIGNATURES):
        found, both = _parse(name, name.rpartition(".")[0], line), signature(name)
        assert bind(both, 0, found.names).unknown == ()
        places = [p.name for p in found.parameters if p.kind in (Kind.POSITIONAL, Kind.EITHER)]
        assert list(bind(both, len(places)).positional) == places, name


@pytest.mark.parametrize(
    ("name", "parameter", "kind"),
    [
        ("keras.losses.SparseCategoricalCrossentropy", "label_smoothing", Kind.KEYWORD),
        ("keras.losses.sparse_categorical_crossentropy", "label_smoothing", Kind.EITHER),
        ("keras.utils.FeatureSpace.adapt", "verbose", Kind.EITHER),
        ("keras.layers.EinsumDense", "gptq_unpacked_column_size", Kind.EITHER),
        ("keras.layers.Mosaic", "offset", Kind.EITHER),
        ("keras.layers.GroupQueryAttention", "head_dim", Kind.EITHER),
        ("keras.distribution.DataParallel.distribute_dataset", "dataset", Kind.EITHER),
    ],
)
def test_parameters_of_one_version_only(name, parameter, kind):
    assert signature(name).parameter(parameter).kind is kind
    assert not signature(name).legacy


def test_names_of_the_next_keras():
    assert canonical("keras.layers.GroupedQueryAttention") == "keras.layers.GroupQueryAttention"
    for name in ("keras.layers.TernaryDense", "keras.ops.cov", "tensorflow.keras.ops.cov"):
        assert in_current_keras(name) is False
        assert in_current_keras(name, or_next=True)
    assert defaults.named("optimizers", "lamb") == ("keras.optimizers.Lamb", True)
    assert defaults.named("initializers", "constant") == ("keras.initializers.Constant", True)


def test_what_is_legacy_does_not_exist(installed):
    for name, _ in lines(_legacy_table.LEGACY_SIGNATURES):
        if name == "keras.Model" or name.startswith("tensorflow.compat.v1.layers"):
            continue  # by hand, as constructor of a functional model; needs tf_keras
        owner, _, member = name.rpartition(".")
        assert signature(name).legacy or has_signature(name), name
        try:
            value = resolve(installed, name)
        except LookupError:
            continue
        assert not signature(name).legacy, (owner, member, value)


def test_bases_exist(installed):
    for name, line in lines(SIGNATURES):
        if " < " in line:
            base = signature(name).base
            assert base == "object" or issubclass(resolve(installed, name), resolve(installed, base)), name


def test_signature():
    dense = signature("keras.layers.Dense")
    assert dense.names[:3] == ("units", "activation", "use_bias")
    assert dense.default("use_bias") is True
    assert dense.default("units") is NO_DEFAULT
    assert dense.double_star == "kwargs"
    assert dense.is_class
    assert signature("tensorflow.GradientTape").default("persistent") is False
    assert signature("keras.layers.Conv2D").default("strides") == (1, 1)
    assert signature("tensorflow.zeros").default("dtype") == "float32"
    assert signature("numpy.max").default("initial") is NOT_LITERAL
    assert signature("keras.nowhere.Thing") is None
    assert signature("print") is None
    assert signature("keras" + ".layers" * 5000) is None


def test_methods_are_found_in_bases():
    assert signature("keras.Sequential.fit").parameters == signature("keras.Model.fit").parameters
    assert signature("keras.layers.LSTM.call").names[0] == "sequences"
    assert signature("tensorflow.data.TFRecordDataset.shuffle").names[0] == "buffer_size"
    assert bases("keras.Sequential")[:2] == ("keras.Model", "keras.layers.Layer")
    assert is_kind_of("keras.metrics.AUC", "keras.metrics.Metric")
    assert not is_kind_of("keras.metrics.AUC", "keras.losses.Loss")
    assert signature("keras.Sequential.fit_generator").legacy


# -- Binding ------------------------------------------------------------------------------------------------------


def bound(name, count, *keywords):
    binding = bind(signature(name), count, keywords)
    return binding.positional, binding.keywords


def test_bind():
    assert bound("keras.layers.Dense", 2, "name") == (("units", "activation"), {"name": "name"})
    assert bound("keras.layers.ReLU", 4) == (("max_value", "negative_slope", "threshold", None), {})
    assert bound("numpy.meshgrid", 2, "indexing") == (("*xi", "*xi"), {"indexing": "indexing"})
    assert bind(signature("keras.layers.Dense"), 1, ["wrong"]).unknown == ()  # **kwargs
    assert bind(signature("keras.utils.to_categorical"), 1, ["wrong"]).unknown == ("wrong",)


@pytest.mark.parametrize(
    ("name", "count", "keywords", "positional", "parameters"),
    [
        ("keras.layers.Dense", 0, ["output_dim", "init"], (), ["units", "kernel_initializer"]),
        ("keras.layers.Dense", 2, ["W_regularizer"], ("units", "kernel_initializer"), ["kernel_regularizer"]),
        ("keras.layers.Conv2D", 3, ["border_mode"], ("filters", "nb_row", "nb_col"), ["padding"]),
        ("keras.layers.Conv2D", 3, ["padding"], ("filters", "kernel_size", "strides"), ["padding"]),
        ("keras.layers.Dropout", 0, ["p"], (), ["rate"]),
        ("keras.layers.LSTM", 1, ["inner_activation"], ("units",), ["recurrent_activation"]),
        ("keras.layers.LeakyReLU", 0, ["alpha"], (), ["negative_slope"]),
        ("keras.optimizers.Adam", 0, ["lr", "decay"], (), ["learning_rate", "decay"]),
        ("keras.Model", 0, ["input", "output"], (), ["inputs", "outputs"]),
        ("keras.Sequential.fit", 2, ["nb_epoch", "workers"], ("x", "y"), ["epochs", "workers"]),
        ("keras.Model.fit_generator", 1, ["samples_per_epoch"], ("generator",), ["steps_per_epoch"]),
        ("keras.activations.softmax", 0, ["logits"], (), ["x"]),
        ("tensorflow.reduce_mean", 1, ["reduction_indices"], ("input_tensor",), ["axis"]),
    ],
)
def test_bind_legacy(name, count, keywords, positional, parameters):
    binding = bind(signature(name), count, keywords)
    assert binding.positional == positional
    assert list(binding.keywords.values()) == parameters
    assert binding.unknown == ()


def test_legacy_keywords_name_their_keras():
    assert legacy_keyword("keras.layers.Dense", "output_dim").keras == 1
    assert legacy_keyword("keras.optimizers.SGD", "lr") == ("lr", "learning_rate", 2)
    assert legacy_keyword("keras.layers.Embedding", "input_length").new == ""
    assert legacy_keyword("keras.layers.Dense", "units") is None


def test_legacy_keywords_lead_to_parameters():
    for name in _legacy_table.LEGACY_KEYWORDS:
        if name.endswith(".*"):
            continue
        known = signature(name)
        assert known is not None, name
        for word in _legacy_table.LEGACY_KEYWORDS[name].replace(";", " ").split():
            new = word.partition("=")[2]
            assert not new or new in known.names or known.double_star, (name, word)
        for old in _legacy_table.OLD_ORDER.get(name, "").split():
            assert legacy_keyword(name, old) or old in known.names or old == "weights", (name, old)


# -- Names --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("tensorflow.keras.layers.Dense", "keras.layers.Dense"),
        ("tf_keras.layers.Dense", "keras.layers.Dense"),
        ("tensorflow.python.keras.layers.core.Dense", "keras.layers.Dense"),
        ("keras.src.layers.core.dense.Dense", "keras.layers.Dense"),
        ("keras.api._v2.keras.layers.Dense", "keras.layers.Dense"),
        ("tensorflow.compat.v1.keras.layers.Dense", "keras.layers.Dense"),
        ("tensorflow_core.python.keras.api._v2.keras.layers.Dense", "keras.layers.Dense"),
        ("keras.layers.convolutional.Convolution2D", "keras.layers.Conv2D"),
        ("keras.layers.MaxPool2D", "keras.layers.MaxPooling2D"),
        ("keras.engine.topology.Layer", "keras.layers.Layer"),
        ("keras.engine.training.Model", "keras.Model"),
        ("keras.models.Sequential", "keras.Sequential"),
        ("keras.layers.core.Merge", "keras.layers.Merge"),
        ("keras.utils.Sequence", "keras.utils.PyDataset"),
        ("keras.layers.experimental.preprocessing.Rescaling", "keras.layers.Rescaling"),
        ("keras.preprocessing.image_dataset_from_directory", "keras.utils.image_dataset_from_directory"),
        ("keras.preprocessing.image.ImageDataGenerator", "keras.preprocessing.image.ImageDataGenerator"),
        ("keras.metrics.mse", "keras.losses.mean_squared_error"),
        ("keras.objectives.mse", "keras.losses.mean_squared_error"),
        ("tensorflow.losses.MeanSquaredError", "keras.losses.MeanSquaredError"),
        ("tensorflow.compat.v1.losses.mean_squared_error", "tensorflow.compat.v1.losses.mean_squared_error"),
        ("keras.initializers.glorot_uniform", "keras.initializers.GlorotUniform"),
        ("tensorflow.zeros_initializer", "keras.initializers.Zeros"),
        ("keras.regularizers.l2", "keras.regularizers.L2"),
        ("keras.optimizers.legacy.Adam", "keras.optimizers.Adam"),
        ("keras.optimizer_v2.adam.Adam", "keras.optimizers.Adam"),
        ("tensorflow.optimizers.schedules.ExponentialDecay", "keras.optimizers.schedules.ExponentialDecay"),
        ("tensorflow.compat.v1.train.AdamOptimizer", "tensorflow.compat.v1.train.AdamOptimizer"),
        ("tensorflow.train.AdamOptimizer", "tensorflow.compat.v1.train.AdamOptimizer"),
        ("tensorflow.nn.relu", "keras.activations.relu"),
        ("keras.ops.nn.softmax", "keras.activations.softmax"),
        ("tensorflow.math.tanh", "keras.activations.tanh"),
        ("keras.ops.numpy.mean", "keras.ops.mean"),
        ("keras.applications.resnet.ResNet50", "keras.applications.ResNet50"),
        ("keras.applications.resnet.preprocess_input", "keras.applications.resnet50.preprocess_input"),
        ("keras.applications.vgg16.preprocess_input", "keras.applications.vgg16.preprocess_input"),
        ("keras.datasets.mnist.load_data", "keras.datasets.mnist.load_data"),
        ("keras.models.Model.fit", "keras.Model.fit"),
        ("tensorflow.math.reduce_mean", "tensorflow.reduce_mean"),
        ("tensorflow.log", "tensorflow.math.log"),
        ("tensorflow.data.experimental.AUTOTUNE", "tensorflow.data.AUTOTUNE"),
        ("tensorflow.compat.v1.set_random_seed", "tensorflow.random.set_seed"),
        ("tensorflow.dtypes.float32", "tensorflow.float32"),
        ("numpy.random.ranf", "numpy.random.random"),
        ("numpy.amax", "numpy.max"),
        ("sklearn.cross_validation.train_test_split", "sklearn.model_selection.train_test_split"),
        ("sklearn.preprocessing._data.StandardScaler", "sklearn.preprocessing.StandardScaler"),
        ("keras.layers.unheard.Of", "keras.layers.unheard.Of"),
        ("tensorflow.keras.unheard", "keras.unheard"),
        ("tensorflow.keras", "keras"),
        ("kerasx.layers.Dense", "kerasx.layers.Dense"),
        ("os.path.join", "os.path.join"),
        ("keras", "keras"),
        pytest.param("keras" + ".layers" * 5000, "keras" + ".layers" * 5000, id="long"),
    ],
)
def test_canonical(name, expected):
    assert canonical(name) == expected
    assert canonical(expected) == expected
    assert written("tensorflow.python.keras.layers.core.Dense") == "keras.layers.core.Dense"


def test_aliases_are_the_same_object(installed):
    for package, words in ALIASES.items():
        for word in words.split():
            alias, _, target = word.partition("=")
            target = target if "." in target else f"{package}.{target}"
            assert canonical(f"{package}.{alias}") == target == canonical(target)
            if not target.startswith("keras.activations") or package == "keras.activations":
                assert resolve(installed, f"{package}.{alias}") is resolve(installed, target), (package, word)


def test_activations_compute_the_same(installed):
    np, keras = installed["numpy"], installed["keras"]
    x = np.linspace(-3, 3, 12, dtype="float32").reshape(3, 4)
    for package in ("keras.ops", "tensorflow", "tensorflow.nn", "tensorflow.math"):
        for word in ALIASES[package].split():
            alias, _, target = word.partition("=")
            if target.startswith("keras.activations"):
                arguments = (x, 0.5, 0.0) if alias == "threshold" else (x,)
                theirs = resolve(installed, f"{package}.{alias}")(*arguments)
                ours = resolve(installed, target)(*arguments)
                assert np.allclose(keras.ops.convert_to_numpy(theirs), keras.ops.convert_to_numpy(ours), atol=1e-3), (
                    word
                )


def test_old_names_lead_somewhere(installed):
    for old, new in _legacy_table.OLD_NAMES.items():
        assert canonical(old) == new == canonical(new), old
        assert has_signature(new) or resolve(installed, new) is not None, new


def test_private_modules_lead_to_public_names(installed):
    for package, words in _alias_table.PUBLIC.items():
        for short in words.split():
            name = f"{package}.{short}"
            value = resolve(installed, name)
            home = getattr(value, "__module__", None) or ""
            if name == "keras.name_scope":
                continue  # `keras.backend.name_scope` of tensorflow.keras is another
            if isinstance(value, type) and home.startswith("keras.src.") and value.__name__ == short:
                assert canonical(f"{home}.{short}") == canonical(name), name


def test_keras_2_is_known():
    tf_keras = pytest.importorskip("tf_keras")
    unknown = []
    todo = [(tf_keras, "keras")]
    while todo:
        module, label = todo.pop()
        for short in dir(module):
            value = getattr(module, short)
            name = f"{label}.{short}"
            if isinstance(value, types.ModuleType):
                if value.__name__ == f"{module.__name__}.{short}" and short not in ("src", "api", "protobuf"):
                    todo.append((value, name))
            elif callable(value) and not short.startswith("_"):
                if re.search(r"estimator|__internal__|(backend|utils|dtensor)\.experimental|SidecarEvaluator", name):
                    continue
                if re.search(r"experimental\.(Dynamic|Random\w+Features|Linear|Wide|Sequence|Sharp|Py|Update)", name):
                    continue
                if signature(canonical(f"tensorflow.{name}")) is None:
                    unknown.append(name)
    assert unknown == []


def test_in_current_keras(installed):
    assert in_current_keras("keras.layers.Dense")
    assert in_current_keras("keras.layers")
    assert in_current_keras("keras.models.Model.fit")
    assert in_current_keras("keras.layers.core.Dense") is False
    assert in_current_keras("keras.layers.core") is False
    assert in_current_keras("keras.losses.mse") is False
    assert in_current_keras("tensorflow.keras.losses.mse")
    assert in_current_keras("tensorflow.keras.layers.experimental.preprocessing.Rescaling") is False
    assert in_current_keras("keras.Model.fit_generator") is False
    assert in_current_keras("keras.src.layers.Dense") is None
    assert in_current_keras("tf_keras.layers.Dense") is None
    for package, words in _alias_table.PUBLIC.items():
        for short in words.split():
            assert resolve({**installed, "tensorflow.keras": installed["keras"]}, f"{package}.{short}") is not None


# -- Defaults -----------------------------------------------------------------------------------------------------


def test_learning_rates(installed):
    keras = installed["keras"]
    seen = 0
    for name in {defaults.named("optimizers", text).name for text in defaults._words("optimizers", True)}:
        rate = defaults.learning_rate(name)
        assert rate == pytest.approx(float(resolve(installed, name)().learning_rate)), name
        seen += 1
    assert seen > 12
    assert defaults.learning_rate("keras.layers.Dense") is None
    if installed["is next"]:
        with pytest.raises(ValueError, match="ADAM"):
            keras.optimizers.get("ADAM")
    else:
        assert isinstance(keras.optimizers.get("ADAM"), keras.optimizers.Adam)
    assert defaults.named("optimizers", "ADAM") == ("keras.optimizers.Adam", True)


@pytest.mark.parametrize("kind", defaults.KINDS)
def test_strings(installed, kind):
    get = getattr(installed["keras"], kind).get
    later = dict(pair.split("=", 1) for pair in _next_table.STRINGS.get(kind, "").split())
    words, old = defaults._words(kind, True), defaults._words(kind, False)
    taken = {text for text in words if installed["is next"] or text not in later}
    for text in taken:
        value, expected = get(text), resolve(installed, words[text])
        assert value is expected or type(value) is expected or value == expected, text
    for text in {*words, *old} - taken:
        assert canonical(words.get(text) or old[text]) == (words.get(text) or old[text])
        with pytest.raises((ValueError, TypeError, KeyError)):
            get(text)


def test_named():
    assert defaults.named("losses", "mse").name == "keras.losses.mean_squared_error"
    assert defaults.named("metrics", "mse").name == "keras.metrics.MeanSquaredError"
    assert defaults.named("losses", "logcosh") == ("keras.losses.log_cosh", False)
    assert defaults.named("losses", "Mse") is None


def test_loss_functions(installed):
    keras = installed["keras"]
    known = {
        cls: function
        for cls, function in defaults.LOSS_FUNCTIONS.items()
        if not is_to_come(installed, *cls.rsplit(".", 1))
    }
    for cls, function in known.items():
        assert resolve(installed, cls)().fn is resolve(installed, function), cls
    wrappers = {
        f"keras.losses.{name}"
        for name, value in vars(keras.losses).items()
        if isinstance(value, type) and issubclass(value, keras.losses.Loss) and name != "Loss"
    }
    assert wrappers == set(known)
    assert defaults.loss_function("mse") == "keras.losses.mean_squared_error"
    assert defaults.loss_function("keras.losses.Huber") == "keras.losses.huber"
    assert defaults.loss_function("nothing") is None


def test_keras_data_is_as_documented(installed):
    for name, data in defaults.DATA.items():
        if not name.startswith("keras."):
            continue
        loader = resolve(installed, name)
        shapes = re.findall(r"assert (\w+)\.shape == (\(.*\))", inspect.getdoc(loader))
        for variable, shape in shapes:
            shape = tuple(int(n) for n in re.findall(r"\d+", shape))
            if variable.startswith("x"):
                assert shape == (data.train if "train" in variable else data.test), name
            else:
                count = (data.train if "train" in variable else data.test)[0]
                assert shape == (count, *data.labels), name
        assert shapes or "housing" in name or data.ragged, name


def test_data_is_consistent():
    for name, data in defaults.DATA.items():
        assert len(data.low) in (1, *data.train[1:]), name
        assert len(data.high) in (0, len(data.low)), name
        assert all(low <= high for low, high in zip(data.low, data.high, strict=False)), name
        if data.classes:
            # Cover types are the ones that are not numbered from 0.
            assert data.label_low == (1 if name.endswith("covtype") else 0), name
            assert data.label_high - data.label_low == data.classes - 1, name


def test_toy_data(installed):
    np = installed["numpy"]
    for name, data in defaults.DATA.items():
        if not name.startswith("sklearn.datasets.load_") or name.endswith("_boston"):
            continue
        x, y = resolve(installed, name)(return_X_y=True)
        assert (x.shape, str(x.dtype)) == (data.train, data.dtype), name
        assert (y.shape[1:], str(y.dtype)) == (data.labels, data.label_dtype), name
        assert np.allclose(x.min(axis=0), data.low, atol=1e-5)
        assert np.allclose(x.max(axis=0), data.high, atol=1e-5)
        assert (y.min(), y.max()) == (data.label_low, data.label_high)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("fetch_covtype", ["ndarray of shape (581012, 54)", "between 1 to 7"]),
        ("fetch_olivetti_faces", ["shape (400, 4096)", "shape (400, 64, 64)", "one of the 40 subjects"]),
        ("fetch_california_housing", ["shape (20640, 8)"]),
    ],
)
def test_data_that_is_fetched_is_as_documented(installed, name, words):
    """Nothing is fetched: the documentation of scikit-learn says what would come."""
    told = " ".join(resolve(installed, f"sklearn.datasets.{name}").__doc__.split())
    assert [word for word in words if word not in told] == []
    data = defaults.DATA[f"sklearn.datasets.{name}"]
    assert f"({data.train[0]}, {data.train[1]})" in told


def test_all_applications_are_known(installed):
    keras = installed["keras"]
    models = {name for name, value in vars(keras.applications).items() if isinstance(value, types.FunctionType)}
    assert models == {short for short in models if defaults.application(f"keras.applications.{short}")}
    assert defaults.application("keras.layers.Dense") is None


def test_preprocessing_ranges(installed):
    np = installed["numpy"]
    x = np.stack([np.zeros((1, 1, 3)), np.full((1, 1, 3), 255.0)]).astype("float32")
    for name in defaults.APPLICATIONS:
        model = defaults.application(f"keras.applications.{name}")
        y = resolve(installed, model.preprocess)(x.copy())
        assert (y.min(), y.max()) == pytest.approx(model.range, abs=1e-2), name
        assert defaults.preprocess_mode(model.preprocess) == model.mode


@pytest.mark.parametrize("short", ["MobileNetV2", "VGG16", "ResNet50"])
def test_application(installed, short):
    name = f"keras.applications.{short}"
    known = defaults.application(name)
    model = resolve(installed, name)(weights=None, include_top=False, input_shape=(101, 133, 3))
    assert model.output_shape == (None, known.output_size(101), known.output_size(133), known.features)
    assert model.count_params() == known.parameters
    assert len(model.layers) == known.layers
    assert known.batch_normalization == any(type(layer).__name__ == "BatchNormalization" for layer in model.layers)
