"""Names that a file uses and never binds: programs copied from a post or a book come without their imports.

Where no import, assignment or star import can bring a name, running the file ends at that name. What its author
meant is plain all the same: `Sequential`, `Dense` and `np` are names of these libraries and of no other that such
a program could mean.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from kerlint.library.names import canonical
from kerlint.library.signatures import has_signature

#: What modules are commonly called.
_MODULES = {
    "np": "numpy",
    "numpy": "numpy",
    "pd": "pandas",
    "pandas": "pandas",
    "tf": "tensorflow",
    "tensorflow": "tensorflow",
    "keras": "keras",
    "layers": "keras.layers",
    "models": "keras.models",
    "optimizers": "keras.optimizers",
    "regularizers": "keras.regularizers",
    "initializers": "keras.initializers",
    "np_utils": "keras.utils",
    "mnist": "keras.datasets.mnist",
    "fashion_mnist": "keras.datasets.fashion_mnist",
    "cifar10": "keras.datasets.cifar10",
    "cifar100": "keras.datasets.cifar100",
    "imdb": "keras.datasets.imdb",
}
#: Where members are looked for, in this order. Of the functions only those with a name that says what they do.
_CLASSES = ("keras.layers", "keras.models", "keras.optimizers", "keras.callbacks", "keras.preprocessing.image")
_FUNCTIONS = {
    "to_categorical": "keras.utils.to_categorical",
    "load_model": "keras.models.load_model",
    "pad_sequences": "keras.utils.pad_sequences",
    "train_test_split": "sklearn.model_selection.train_test_split",
    "MinMaxScaler": "sklearn.preprocessing.MinMaxScaler",
    "StandardScaler": "sklearn.preprocessing.StandardScaler",
    "LabelEncoder": "sklearn.preprocessing.LabelEncoder",
    "OneHotEncoder": "sklearn.preprocessing.OneHotEncoder",
    "LabelBinarizer": "sklearn.preprocessing.LabelBinarizer",
    "l1": "keras.regularizers.L1",
    "l2": "keras.regularizers.L2",
}
#: Packages whose star imports bring what is known, and nothing else.
_KNOWN = frozenset(
    {"keras", "tensorflow", "tf_keras", "numpy", "sklearn", "pandas", "matplotlib", "math", "random", "time", "os"}
)


def stands_for(name: str, stars: Iterable[str]) -> str | None:
    """The symbol that a name stands for which the file never binds; None if nothing says so.

    Args:
        stars: the modules that the file imports with `*`. Nobody knows what a module of somebody else brings.
    """
    found = _symbol(name)
    if found is None or any(star.partition(".")[0] not in _KNOWN for star in stars):
        return None
    return found


@lru_cache(maxsize=4096)
def _symbol(name: str) -> str | None:
    found = _MODULES.get(name) or _FUNCTIONS.get(name)
    if found is None and name[:1].isupper():
        places = (canonical(f"{place}.{name}") for place in _CLASSES)
        found = next((place for place in places if has_signature(place)), None)
    return found
