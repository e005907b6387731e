"""One name for one thing, whatever way it was imported.

    >>> canonical("tensorflow.keras.layers.MaxPool2D")
    'keras.layers.MaxPooling2D'
    >>> canonical("keras.layers.core.dense.Dense")
    'keras.layers.Dense'
    >>> canonical("tensorflow.math.reduce_mean")
    'tensorflow.reduce_mean'

Roots are full package names: the caller has already replaced `tf` and `np`. The steps, in order:

1. prefixes: the many places Keras lives in (`tensorflow.keras`, `tf_keras`, `keras.src`, ...) become `keras`,
2. exact aliases: `_alias_table` (generated, by identity in the installed packages) and `OLD_NAMES` (by hand),
3. deep modules: `keras.layers.core.Dense` is `keras.layers.Dense`, if that is known,
4. members: `keras.models.Model.fit` is `keras.Model.fit`, because `keras.models.Model` is `keras.Model`.

Any other name comes back with only step 1 applied. An alias table maps a package to words `alias=name`;
a name without a dot is in the same package.
"""

from __future__ import annotations

from kerlint.library._alias_table import ALIASES, PUBLIC, PUBLIC_IN_TENSORFLOW
from kerlint.library._legacy_table import OLD_NAMES, OLD_PACKAGES
from kerlint.library._next_table import ALIASES as NEXT_ALIASES
from kerlint.library._next_table import PUBLIC as NEXT_PUBLIC
from kerlint.library.signatures import MOST_PARTS, has_signature, signature

#: Where Keras lives, longest first where one is the beginning of another.
KERAS_PREFIXES = (
    "tensorflow_core.python.keras.api._v1.keras",
    "tensorflow_core.python.keras.api._v2.keras",
    "tensorflow_core.python.keras",
    "tensorflow.python.keras.api._v1.keras",
    "tensorflow.python.keras.api._v2.keras",
    "tensorflow.python.keras",
    "tensorflow.contrib.keras.python.keras",
    "tensorflow.contrib.keras.api.keras",
    "tensorflow.contrib.keras",
    "tensorflow.keras",
    "tf_keras.src",
    "tf_keras.api._v1.keras",
    "tf_keras.api._v2.keras",
    "tf_keras",
    "keras_core.src",
    "keras_core",
    "keras._tf_keras.keras",
    "keras.api._v1.keras",
    "keras.api._v2.keras",
    "keras.api._tf_keras.keras",
    "keras.api",
    "keras.src",
)
#: Places where a package has its twin.
OTHER_PREFIXES = (
    ("tensorflow_core", "tensorflow"),
    ("tensorflow._api.v2.v2", "tensorflow"),
    ("tensorflow._api.v2", "tensorflow"),
    ("tensorflow.compat.v2", "tensorflow"),
    ("tensorflow.compat.v1.keras", "tensorflow.keras"),
    ("tensorflow.compat.v1.compat", "tensorflow.compat"),
    ("keras_preprocessing", "keras.preprocessing"),
    ("keras_applications", "keras.applications"),
    ("numpy.core.multiarray", "numpy"),
    ("numpy.core", "numpy"),
    ("numpy._core", "numpy"),
    ("numpy.random.mtrand", "numpy.random"),
)
#: TensorFlow packages that are Keras packages in TensorFlow 2, but were others in TensorFlow 1.
SHARED_PACKAGES = frozenset({"losses", "metrics", "optimizers", "initializers"})
#: Packages of Keras 2 sources whose members were public elsewhere.
SOURCE_PACKAGES = {
    "engine": ("keras", "keras.layers", "keras.models"),
    "legacy": ("keras.layers", "keras.models", "keras"),
    "trainers": ("keras.utils", "keras.models"),
    "backend": ("keras.backend", "keras.config", "keras.utils", "keras"),
    "optimizers": ("keras.optimizers", "keras.optimizers.schedules"),
    "layers": ("keras.layers", "keras", "keras.utils"),
    "ops": ("keras.ops", "keras"),
    "export": ("keras.export", "keras.layers"),
    "losses": ("keras.losses",),
    "metrics": ("keras.metrics", "keras.losses"),
    "models": ("keras.models", "keras", "keras.layers"),
    "saving": ("keras.saving", "keras.models"),
    "utils": ("keras.utils", "keras.saving", "keras.layers"),
    "legacy_tf_layers": ("tensorflow.compat.v1.layers",),
    "mixed_precision": ("keras.mixed_precision", "keras.optimizers", "keras.dtype_policies"),
    "wrappers": ("keras.wrappers", "keras.wrappers.scikit_learn"),
}
_ROOTS = frozenset({"keras", "tensorflow", "numpy", "sklearn", "tf_keras"}) | {
    "keras_core", "tensorflow_core", "keras_preprocessing", "keras_applications",
}  # fmt: skip

_canonical: dict[str, str] = {}
_aliases: dict[str, dict[str, str]] = {}


def canonical(name: str) -> str:
    """The canonical dotted name of an external symbol."""
    found = _canonical.get(name)
    if found is None:
        searched = name.partition(".")[0] in _ROOTS and name.count(".") < MOST_PARTS
        found = _canonical[name] = _resolve(written(name)) if searched else name
    return found


def written(name: str) -> str:
    """The name with only its prefix unified: where in Keras the file looks for it.

    Rules about moved and removed names need this and not `canonical`.
    """
    before = ""
    while name != before:
        before = name
        for old, new in OTHER_PREFIXES:
            name = _replace_prefix(name, old, new)
        for old in KERAS_PREFIXES:
            name = _replace_prefix(name, old, "keras")
    return name


def in_current_keras(name: str, *, or_next: bool = False) -> bool | None:
    """Whether the current Keras has this name, as it was imported; None if the tables cannot tell.

    `keras.layers.core.Dense` is not there, `tensorflow.keras.losses.MSE` is, `keras.losses.MSE` is not.
    Private modules (`keras.src`) and `tf_keras`, which is Keras 2, cannot be told.

    Args:
        or_next: whether a Keras will do that is not released yet.
    """
    name = _replace_prefix(name, "tensorflow.compat.v2", "tensorflow")
    in_tensorflow = name.startswith("tensorflow.keras.")
    if (not in_tensorflow and not name.startswith("keras.")) or name.count(".") >= MOST_PARTS:
        return None
    name = name.removeprefix("tensorflow.")
    if name.startswith(("keras.src", "keras.api", "keras._tf_keras")):
        return None
    tables = [PUBLIC, *([PUBLIC_IN_TENSORFLOW] if in_tensorflow else []), *([NEXT_PUBLIC] if or_next else [])]
    return _is_public(name, tables)


def _is_public(name: str, tables: list[dict[str, str]]) -> bool | None:
    package, _, short = name.rpartition(".")
    words = " ".join(table.get(package, "") for table in tables)
    if words.strip():
        return short in words.split()
    if not package or not _is_public(package, tables):
        return False
    owner = signature(canonical(package))
    if owner is None:
        return None
    member = signature(canonical(name))
    return None if member is None else not member.legacy


def _replace_prefix(name: str, old: str, new: str) -> str:
    if name.startswith(old) and name[len(old) :][:1] in ("", "."):
        return new + name[len(old) :]
    return name


def _resolve(name: str) -> str:
    return _exact(name) or _deep(name) or _member(name) or name


def _exact(name: str) -> str | None:
    """The canonical name of something the tables know under this very name."""
    alias = _alias(name)
    if alias is not None:
        return alias
    if has_signature(name):
        return name
    root, _, rest = name.partition(".")
    if root == "tensorflow":
        return _tensorflow(rest)
    return None


def _alias(name: str) -> str | None:
    if name in OLD_NAMES:
        return OLD_NAMES[name]
    package, _, short = name.rpartition(".")
    aliases = _aliases.get(package)
    if aliases is None:
        aliases = _aliases[package] = dict(_pairs(package))
    return aliases.get(short)


def _pairs(package: str) -> list[tuple[str, str]]:
    pairs = []
    for word in f"{ALIASES.get(package, '')} {NEXT_ALIASES.get(package, '')}".split():
        alias, _, target = word.partition("=")
        pairs.append((alias, target if "." in target else f"{package}.{target}"))
    return pairs


def _tensorflow(rest: str) -> str | None:
    """TensorFlow 1 names, and the Keras packages that TensorFlow also exports at its top."""
    package, _, member = rest.partition(".")
    if package in SHARED_PACKAGES and member:
        found = _exact(f"keras.{rest}") or _deep(f"keras.{rest}")
        if found:
            return found
    v1 = f"tensorflow.compat.v1.{rest}"
    if rest.startswith("compat.v1."):
        # A name that Keras or TensorFlow 2 does differently has a line of its own, found before this.
        newer = rest.removeprefix("compat.v1.")
        return None if newer.partition(".")[0] in SHARED_PACKAGES else _exact(f"tensorflow.{newer}")
    return _alias(v1) or (v1 if has_signature(v1) else None)


def _deep(name: str) -> str | None:
    """A name in a private or former module of a package, found in the package itself."""
    for old, new in OLD_PACKAGES.items():
        moved = _replace_prefix(name, old, new)
        if moved != name:
            return _exact(moved) or _deep(moved)
    parts = name.split(".")
    root, package = parts[0], parts[1] if len(parts) > 1 else ""
    if len(parts) < 3 or root not in ("keras", "sklearn"):
        return None
    places = SOURCE_PACKAGES.get(package) if root == "keras" else None
    for i in range(2, len(parts)):
        if i > 2 and not parts[i - 1].islower():
            return None  # a member of a class
        rest = ".".join(parts[i:])
        for place in places or (f"{root}.{package}",):
            candidate = f"{place}.{rest}"
            if candidate != name:
                found = _exact(candidate)
                if found:
                    return found
    return None


def _member(name: str) -> str | None:
    """A member of something that has another canonical name."""
    owner, _, member = name.rpartition(".")
    if "." not in owner:
        return None
    new = canonical(owner)
    return _resolve(f"{new}.{member}") if new != owner else None
