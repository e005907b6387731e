"""Writes `kerlint/library/_default_table.py`: strings, applications and toy data sets, as they really are.

    python tools/update_defaults.py    # builds every model of keras.applications: minutes, some GB of memory

The facts are measured: strings are given to the `get` functions of Keras, the models are built without
weights, `preprocess_input` is fed 0..255, scikit-learn's data sets are loaded.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import inspect
import itertools
import sys
from typing import TYPE_CHECKING, Any

from inspection import walk
from update_tables import LIBRARY, keras_objects, source, split, versions
from update_tables import choose as choose_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

KINDS = ("activations", "constraints", "initializers", "losses", "metrics", "optimizers", "regularizers")
#: Old spellings to try with the current Keras and with tf_keras.
OLD_STRINGS = (
    "cosine", "cosine_proximity", "logcosh", "log_cosh", "kullback_leibler_divergence", "KLD", "BCE", "MSE", "normal",
    "uniform", "zero", "one", "l1_l2", "L1L2", "l1l2", "maxnorm", "nonneg", "unitnorm", "swish", "acc", "ce",
    "crossentropy", "lamb", "adamw", "lion", "nadam", "ftrl",
)  # fmt: skip
DATA_SETS = ("breast_cancer", "diabetes", "digits", "iris", "linnerud", "wine")
#: Input sizes by which the spatial reduction of a model is recognised.
SIZES = (97, 101, 127, 157, 190, 225, 251)


# -- Strings ------------------------------------------------------------------------------------------------------


def identifiers(package: Any, names: dict[int, str], kind: str, candidates: set[str]) -> dict[str, str]:
    """Which of the candidates the package's `get` takes, and what it makes of them."""
    found = {}
    for text in sorted(candidates):
        try:
            value = getattr(package, kind).get(text)
        except Exception:  # noqa: BLE001, S112  # any refusal is an answer
            continue
        name = names.get(id(value)) or names.get(id(type(value)), "")
        if name:
            found[text] = name
    return found


def string_tables() -> tuple[dict[str, str], dict[str, str]]:
    """The strings of the current Keras and those only tf_keras takes, as words by kind."""
    import keras
    import tf_keras  # type: ignore[import-untyped]

    current, old, _ = keras_objects()
    chosen, aliases = split(current, choose_name)
    new_ids = {id(value): name for name, value in chosen.items()}
    old_ids = {id(value): aliases.get(name, name) for name, value in sorted(old.items(), reverse=True)}
    for name, value in old.items():
        if aliases.get(name, name) in chosen:
            old_ids[id(value)] = aliases.get(name, name)
    words: dict[str, str] = {}
    old_words: dict[str, str] = {}
    for kind in KINDS:
        objects = importlib.import_module(f"keras.src.{kind}").ALL_OBJECTS_DICT
        candidates = {text for text in objects if isinstance(text, str)} | set(OLD_STRINGS)
        candidates |= {name for name in dir(getattr(keras, kind)) if not name.startswith("_")}
        candidates |= {name for name in dir(getattr(tf_keras, kind)) if not name.startswith("_")}
        candidates -= {"get", "serialize", "deserialize", "schedules", "legacy", "experimental"}
        now = identifiers(keras, new_ids, kind, candidates)
        before = identifiers(tf_keras, old_ids, kind, candidates)
        if kind == "optimizers":  # where case is of no matter
            now = {text: name for text, name in now.items() if text.islower()}
        words[kind] = " ".join(f"{text}={name}" for text, name in now.items())
        gone = {text: name for text, name in before.items() if not {text, text.lower()} & set(now)}
        old_words[kind] = " ".join(f"{text}={name}" for text, name in gone.items())
    return words, old_words


# -- Applications -------------------------------------------------------------------------------------------------


class Sizes(Exception):  # not an error: the way out of a builder that is not to build
    """The default and the smallest input size of a model."""


@contextlib.contextmanager
def asking_for_sizes() -> Iterator[None]:
    """Lets the builders of models raise `Sizes` instead of building."""
    from keras.src.applications import imagenet_utils

    original = imagenet_utils.obtain_input_shape

    def stop(*_: object, default_size: int, min_size: int, **__: object) -> None:
        raise Sizes(default_size, min_size)

    imagenet_utils.obtain_input_shape = stop
    try:
        yield
    finally:
        imagenet_utils.obtain_input_shape = original


def shrink(size: int, steps: str) -> int:
    """The spatial size after the steps; `kerlint.library.defaults.Application.spatial` explains the letters."""
    for step in steps:
        match step:
            case "c":
                size = (size + 1) // 2
            case "f":
                size //= 2
            case "v":
                size = (size - 3) // 2 + 1
            case "m":
                size -= 2
    return size


def spatial_steps(builder: Callable[..., Any], smallest: int) -> str:
    """The steps that explain the output sizes of a model for several input sizes."""
    import keras

    sizes = [size for size in SIZES if size >= smallest]
    measured = []
    for size in sizes:  # a model without a fixed size pads differently
        model = builder(weights=None, include_top=False, input_shape=(size, size, 3))
        measured.append(model.output_shape[1])
        keras.utils.clear_session()
    candidates = ["".join(steps) for steps in itertools.product("cf", repeat=5)]
    for steps in ["ccccc", "fffff", "vmvmvvv", "vmcccc", "vcccc", *candidates]:
        if [shrink(size, steps) for size in sizes] == measured:
            return steps
    raise AssertionError((builder, measured))


def preprocessing(module: Any) -> str:
    """What `preprocess_input` makes of 0..255: caffe, tf, torch or none."""
    import numpy as np

    low, high = (float(module.preprocess_input(np.full((1, 1, 1, 3), v, "float32")).min()) for v in (0, 255))
    known = {(-1.0, 1.0): "tf", (0.0, 255.0): "none"}
    return known.get((low, high)) or ("caffe" if low < -100 else "torch")


def applications() -> str:
    """One line per model function, with everything measured on the model built without weights."""
    import keras

    lines = []
    steps: dict[str, str] = {}
    for name, builder in sorted(walk(keras.applications, "keras.applications").items()):
        short = name.removeprefix("keras.applications.")
        if "." in short or not short[0].isupper():
            continue
        home = builder.__module__.rpartition(".")[2]
        public = {"resnet": "resnet50"}.get(home, home)
        with asking_for_sizes():
            try:
                builder(weights=None, include_top=False)
                size, smallest = 224, 32  # MobileNetV3 takes any size; these are documented
            except Sizes as sizes:
                size, smallest = sizes.args
        family = short if home in ("nasnet", "mobilenet_v3") else home
        if family not in steps:
            small = keras.applications.ConvNeXtTiny if home == "convnext" else builder
            steps[family] = spatial_steps(small, smallest)
        model = builder(weights=None, include_top=False, input_shape=(size, size, 3))
        trainable = sum(w.size if hasattr(w, "size") else int(_product(w.shape)) for w in model.trainable_weights)
        norm = any(type(layer).__name__ == "BatchNormalization" for layer in model._flatten_layers())  # noqa: SLF001
        body = (model.count_params(), int(trainable), len(model.layers))
        features = model.output_shape[-1]
        del model
        top = builder(weights=None)
        mode = preprocessing(getattr(keras.applications, public))
        built_in = "include_preprocessing" in inspect.signature(builder).parameters
        row = (public, mode, built_in, size, smallest, features, steps[family], norm, *body, top.count_params())
        lines.append(f"    {short!r}: {row!r},\n".replace("'", '"'))
        print(lines[-1], end="", flush=True)  # noqa: T201
        del top
        keras.utils.clear_session()
        gc.collect()
    return "{\n" + "".join(lines) + "}"


def _product(shape: tuple[int, ...]) -> int:
    result = 1
    for size in shape:
        result *= size
    return result


# -- scikit-learn -------------------------------------------------------------------------------------------------


def toy_data() -> str:
    """Shape, ranges of the columns and labels of scikit-learn's data sets."""
    import numpy as np
    from sklearn import datasets  # type: ignore[import-untyped]

    lines = []
    for name in DATA_SETS:
        data = getattr(datasets, f"load_{name}")()
        x, y = np.asarray(data.data), np.asarray(data.target)
        classes = len(np.unique(y)) if np.issubdtype(y.dtype, np.integer) else 0
        low, high = (tuple(round(float(v), 6) for v in limits) for limits in (x.min(axis=0), x.max(axis=0)))
        row = (x.shape, str(x.dtype), low, high, y.shape[1:], str(y.dtype), float(y.min()), float(y.max()), classes)
        lines.append(f"    {name!r}: {row!r},\n".replace("'", '"'))
    return "{\n" + "".join(lines) + "}"


def main() -> int:
    """Writes the file."""
    words, old_words = string_tables()

    def table(entries: dict[str, str]) -> str:
        return "{\n" + "".join(f'    "{kind}": "{text}",\n' for kind, text in entries.items()) + "}"

    text = source(
        "Strings, applications and toy data sets.",
        versions("keras", "tf_keras", "sklearn"),
        "tools/update_defaults.py",
        STRINGS=table(words),
        OLD_STRINGS=table(old_words),
        APPLICATIONS=applications(),
        TOY_DATA=toy_data(),
    )
    text = text.replace("APPLICATIONS: dict[str, str]", "APPLICATIONS: dict[str, tuple[Any, ...]]")
    text = text.replace("TOY_DATA: dict[str, str]", "TOY_DATA: dict[str, tuple[Any, ...]]")
    text = text.replace("annotations\n", "annotations\n\nfrom typing import Any\n", 1)
    (LIBRARY / "_default_table.py").write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
