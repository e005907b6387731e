"""Writes the generated tables of `kerlint.library` from the installed packages.

    python tools/update_tables.py           # needs keras, tensorflow, tf_keras, numpy, scikit-learn
    python tools/update_tables.py --check   # says whether the files are up to date

Files: `_signature_table.py`, `_alias_table.py`, `_keras2_table.py`; `tools/update_defaults.py`
writes `_default_table.py`. The formats are explained in `kerlint.library.signatures` and `.names`.
The output depends only on the versions of these packages.
"""

from __future__ import annotations

import inspect
import os
import re
import sys
from collections import defaultdict
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from inspection import BY_HAND, Objects, Tables, add_callables, base_of, constructor, members, methods, parameters, walk

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")

LIBRARY = Path(__file__).resolve().parent.parent / "kerlint" / "library"

#: Keras packages by how much their names are preferred when an object has several.
PREFERRED = (
    "keras.layers", "keras.optimizers.schedules", "keras.optimizers", "keras.losses", "keras.metrics",
    "keras.callbacks", "keras.initializers", "keras.regularizers", "keras.constraints", "keras.activations",
    "keras.applications", "keras.applications.resnet50", "keras.ops", "keras.random", "keras.datasets",
    "keras.dtype_policies", "keras.quantizers", "keras.models", "keras.saving", "keras.config", "keras.utils",
    "keras.preprocessing.image", "keras.preprocessing.text", "keras.preprocessing.sequence",
    "keras.mixed_precision", "keras.backend", "keras",
)  # fmt: skip
#: Exceptions to that order.
CANONICAL = frozenset({"keras.Sequential", "keras.Model", "keras.Input", "keras.utils.PyDataset"}) | {
    "keras.utils.register_keras_serializable", "keras.mixed_precision.set_global_policy", "numpy.abs", "numpy.mod",
}  # fmt: skip
#: Activations that TensorFlow and `keras.ops` also have, in all their spellings.
ACTIVATIONS = (
    "celu", "elu", "gelu", "glu", "hard_shrink", "hard_sigmoid", "hard_silu", "hard_tanh", "leaky_relu", "log_sigmoid",
    "log_softmax", "relu", "relu6", "selu", "sigmoid", "silu", "soft_shrink", "softmax", "softplus", "softsign",
    "sparse_plus", "sparsemax", "squareplus", "tanh", "tanh_shrink", "threshold",
)  # fmt: skip
TENSORFLOW_MODULES = (
    "", "math", "nn", "random", "random.experimental", "linalg", "image", "data", "data.experimental", "io", "io.gfile",
    "strings", "train", "train.experimental", "signal", "sets", "ragged", "sparse", "dtypes", "bitwise", "summary",
    "distribute", "distribute.cluster_resolver", "config", "config.experimental", "config.threading", "experimental",
    "autograph", "saved_model", "lookup", "audio", "debugging", "feature_column", "sysconfig", "profiler.experimental",
)  # fmt: skip
TENSORFLOW_V1_MODULES = ("", "train", "losses", "metrics", "data")
TENSORFLOW_CLASSES = (
    "data.Dataset", "GradientTape", "Variable", "train.Checkpoint", "train.CheckpointManager", "random.Generator",
    "distribute.Strategy", "TensorArray", "lookup.StaticHashTable", "compat.v1.train.Optimizer",
)  # fmt: skip
NUMPY_MODULES = ("", "random", "linalg", "fft", "lib.stride_tricks")
NUMPY_CLASSES = ("ndarray", "random.Generator", "random.RandomState")
SKLEARN_MODULES = (
    "datasets", "model_selection", "preprocessing", "metrics", "utils", "impute", "compose", "decomposition",
    "feature_extraction.text", "feature_selection", "pipeline", "utils.class_weight", "base", "linear_model",
    "ensemble", "svm", "tree", "neighbors",
)  # fmt: skip


# -- Names --------------------------------------------------------------------------------------------------------


def choose(names: list[str], value: object) -> str:
    """The canonical one of several names of one object."""
    own_name = getattr(value, "__name__", "")

    def rank(name: str) -> tuple[object, ...]:
        package, _, short = name.rpartition(".")
        place = PREFERRED.index(package) if package in PREFERRED else len(PREFERRED)
        return (name not in CANONICAL, place, short != own_name, -len(short), name)

    return min(names, key=rank)


def choose_shortest(names: list[str], value: object) -> str:
    """The same for packages without an order: the name nearest to the top."""
    own_name = getattr(value, "__name__", "") or getattr(value, "name", "")
    return min(names, key=lambda n: (n not in CANONICAL, n.count("."), n.rpartition(".")[2] != own_name, len(n), n))


def identical(objects: Objects) -> Iterator[tuple[list[str], Any]]:
    """The names of each object that can have an identity: numbers and strings have none."""
    groups: dict[int, list[str]] = defaultdict(list)
    for name, value in objects.items():
        if value is not None and not isinstance(value, (bool, int, float, str, tuple, list, dict)):
            groups[id(value)].append(name)
    for names in groups.values():
        yield names, objects[names[0]]


def split(objects: Objects, chooser: Callable[[list[str], object], str]) -> tuple[Objects, dict[str, str]]:
    """Canonical names with their objects, and the aliases of these names."""
    chosen: Objects = {}
    aliases: dict[str, str] = {}
    for names, value in identical(objects):
        name = chooser(names, value)
        chosen[name] = value
        aliases.update((alias, name) for alias in names if alias != name)
    return chosen, aliases


def activation_aliases(names: Objects) -> dict[str, str]:
    """All spellings of an activation function lead to `keras.activations`."""
    places = ["keras.ops", "keras.ops.nn", "keras.ops.numpy", "keras.backend"]
    places += ["tensorflow", "tensorflow.nn", "tensorflow.math"]
    found: dict[str, str] = {}
    for short in ACTIVATIONS:
        target = f"keras.activations.{short}"
        assert target in names, target
        found.update((f"{place}.{short}", target) for place in places if f"{place}.{short}" in names)
    found["tensorflow.nn.swish"] = "keras.activations.silu"
    return found


def alias_groups(aliases: dict[str, str]) -> dict[str, str]:
    """Aliases as words by package; those that the rule for deep modules finds anyway are left out."""
    words: dict[str, list[str]] = defaultdict(list)
    for alias, target in sorted(aliases.items()):
        package, _, short = alias.rpartition(".")
        place, _, name = target.rpartition(".")
        if short == name and package.startswith(("keras.ops.", "keras.applications.")) and package.startswith(place):
            continue
        words[package].append(f"{short}={name if place == package else target}")
    return {package: " ".join(found) for package, found in words.items()}


# -- Keras 2 ------------------------------------------------------------------------------------------------------


def keras2_keywords(current: Objects, old: Objects) -> dict[str, str]:
    """The keywords that tf_keras takes and the current Keras does not, by canonical name."""
    found: dict[str, str] = {}
    common = set(re.findall(r"(\w+)=", constructor(current["keras.layers.Layer"]) or ""))

    def compare(name: str, new: str | None, before: str | None) -> None:
        have = set(re.findall(r"(\w+)(?==|[,)])", new or ""))
        if name.startswith("keras.layers.") and "**kwargs" in (new or ""):
            have |= common
        gone = [word for word in re.findall(r"(\w+)=", before or "") if word not in have]
        if gone:
            found[name] = "2: " + " ".join(f"{word}=" for word in gone)

    for name, value in sorted(current.items()):
        other = old.get(name)
        if name.endswith("serialize"):
            continue
        if inspect.isclass(value) and inspect.isclass(other):
            if name not in BY_HAND:
                compare(name, constructor(value), constructor(other))
            new = dict(methods(value)) if name in ("keras.Model", "keras.layers.Layer") else {}
            for method, before in methods(other):
                if method in new and not (name == "keras.Model" and hasattr(current["keras.layers.Layer"], method)):
                    compare(f"{name}.{method}", new[method], before)
        elif callable(value) and callable(other) and not inspect.isclass(value) and not inspect.isclass(other):
            compare(name, parameters(value), parameters(other))
    return found


def keras2_signatures(current: Objects, old: Objects, aliases: dict[str, str], tables: Tables) -> Tables:
    """What tf_keras has and the current Keras has not: functions, classes, methods."""
    found = Tables()
    chosen, _ = split(old, choose)
    gone = {
        name: value
        for name, value in chosen.items()
        if name not in aliases and tables.get(name) is None and ".experimental." not in name and ".legacy" not in name
        and not name.startswith(("keras.dtensor", "keras.estimator", "keras.experimental"))
    }  # fmt: skip
    names = {id(value): name for name, value in chosen.items() if inspect.isclass(value)}
    for name, value in sorted(gone.items()):
        if inspect.isclass(value):
            found.add(name, f"{constructor(value) or '(*args, **kwargs)'} < {base_of(value, names, name)}")
        elif callable(value):
            found.add(name, parameters(value) or "(*args, **kwargs)")
    for name in ("keras.Model", "keras.layers.Layer", "keras.optimizers.Optimizer", "keras.metrics.Metric"):
        have = set(dir(current[name]))
        inherited = set() if name == "keras.layers.Layer" else set(dir(old["keras.layers.Layer"]))
        for method, line in methods(old[name]):
            if method not in have | inherited:
                found.add(f"{name}.{method}", line)
    return found


# -- Files --------------------------------------------------------------------------------------------------------

HEADER = '''"""{doc}

Generated by {tool} from {versions}. Do not edit.
"""

# ruff: noqa: E501
from __future__ import annotations

'''


def versions(*names: str) -> str:
    return ", ".join(f"{name} {import_module(name).__version__}" for name in names)


def dictionary(entries: dict[str, str]) -> str:
    return "{\n" + "".join(f'    "{key}": "{value}",\n' for key, value in sorted(entries.items())) + "}"


def source(doc: str, used: str, tool: str = "tools/update_tables.py", /, **tables: str) -> str:
    body = "\n".join(f"{name}: dict[str, str] = {text}\n" for name, text in tables.items())
    return HEADER.format(doc=doc, tool=tool, versions=used) + "# fmt: off\n" + body


def keras_objects() -> tuple[Objects, Objects, list[str]]:
    """The public names of the current Keras, of tf_keras, and those of the first that only `tensorflow.keras` has."""
    import keras
    import keras._tf_keras.keras as tensorflow_keras
    import tf_keras  # type: ignore[import-untyped]

    plain = walk(keras, "keras")
    current = {**walk(tensorflow_keras, "keras"), **plain}
    legacy = ("keras.optimizers.legacy.", "keras.utils.legacy.", "keras.legacy.")
    current = {name: value for name, value in current.items() if not name.startswith(legacy)}
    only_tensorflow = [name for name in current if name not in plain]
    return current, walk(tf_keras, "keras"), only_tensorflow


def public_words(names: Iterable[str]) -> dict[str, str]:
    """Names as words by package; a package is a word in the package above it."""
    words: dict[str, set[str]] = defaultdict(set)
    for name in names:
        while "." in name:
            name, _, short = name.rpartition(".")
            words[name].add(short)
    return {package: " ".join(sorted(found)) for package, found in words.items()}


def tensorflow_tables(tables: Tables, names: Objects) -> dict[str, str]:
    """Adds the signatures of TensorFlow; the result is its aliases. `names` gets all its names."""
    current = {
        name: value for name, value in members("tensorflow", TENSORFLOW_MODULES).items()
        if not getattr(value, "__module__", "").startswith("keras") and not name.endswith("_initializer")
    }  # fmt: skip
    names.update(current)
    chosen, aliases = split(current, choose_shortest)
    by_id = {id(value): name for name, value in chosen.items()}
    old = {
        name: value for name, value in members("tensorflow.compat.v1", TENSORFLOW_V1_MODULES).items()
        if name.replace(".compat.v1", "") not in current and not name.endswith("_initializer")
    }  # fmt: skip
    aliases.update((name, by_id[id(value)]) for name, value in old.items() if id(value) in by_id)
    dtypes = [name for name, value in chosen.items() if type(value).__name__ == "DType"]
    aliases.update((name.replace("tensorflow.", "tensorflow.compat.v1.", 1), name) for name in dtypes)
    activations = activation_aliases(names)
    chosen = {name: value for name, value in chosen.items() if name not in activations}
    chosen.update((name, value) for name, value in old.items() if name not in aliases)
    add_callables(tables, chosen, lambda name: name.removeprefix("tensorflow.") in TENSORFLOW_CLASSES)
    return aliases


def build() -> dict[str, str]:
    """The contents of the generated files, by file name."""
    current, old, only_tensorflow = keras_objects()
    chosen, aliases = split(current, choose)
    tables = Tables()
    names = dict(current)
    aliases.update(tensorflow_tables(tables, names))
    activations = activation_aliases(names)
    aliases = {alias: activations.get(target, target) for alias, target in {**aliases, **activations}.items()}
    chosen = {name: value for name, value in chosen.items() if name not in activations}
    add_callables(tables, chosen, lambda name: not name.startswith(("keras.quantizers", "keras.tree")))
    np_chosen, np_aliases = split(members("numpy", NUMPY_MODULES), choose_shortest)
    add_callables(tables, np_chosen, lambda name: name.removeprefix("numpy.") in NUMPY_CLASSES)
    sk_chosen, sk_aliases = split(members("sklearn", SKLEARN_MODULES), choose_shortest)
    wanted = ("sklearn.preprocessing", "sklearn.model_selection", "sklearn.impute", "sklearn.compose")
    add_callables(tables, sk_chosen, lambda name: name.startswith(wanted))
    aliases = {**aliases, **np_aliases, **sk_aliases}

    used = versions("keras", "tensorflow", "numpy", "sklearn")
    old = {aliases.get(name, name): value for name, value in sorted(old.items(), reverse=True)}
    gone = keras2_signatures(chosen, old, aliases, tables)
    return {
        "_signature_table.py": source("The parameters of public callables.", used, SIGNATURES=tables.render()),
        "_alias_table.py": source(
            "The other names of public objects, and which names the current Keras has.",
            used,
            ALIASES=dictionary(alias_groups(aliases)),
            PUBLIC=dictionary(public_words(name for name in current if name not in only_tensorflow)),
            PUBLIC_IN_TENSORFLOW=dictionary(public_words(only_tensorflow)),
        ),
        "_keras2_table.py": source(
            "What Keras 2 had and the current Keras has not.",
            versions("keras", "tf_keras"),
            KERAS2_KEYWORDS=dictionary(keras2_keywords(chosen, old)),
            KERAS2_SIGNATURES=gone.render(),
        ),
    }


def main(arguments: list[str]) -> int:
    """Writes the files, or with `--check` only compares them."""
    stale = 0
    for name, text in build().items():
        path = LIBRARY / name
        if path.exists() and path.read_text() == text:
            continue
        stale += 1
        print(f"{'stale' if '--check' in arguments else 'written'}: {name}")  # noqa: T201
        if "--check" not in arguments:
            path.write_text(text)
    return 1 if stale and "--check" in arguments else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
