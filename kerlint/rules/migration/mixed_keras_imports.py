"""KM022."""

from __future__ import annotations

from collections.abc import Iterator

from kerlint import syntax
from kerlint.finding import Severity
from kerlint.program.facts import Program
from kerlint.rules.base import Found, Rule


class MixedKerasImports(Rule):
    """Layers and models come from two packages of Keras that know nothing of each other.

    `tensorflow.python.keras` is a private copy of an old Keras inside TensorFlow; `tf_keras` is Keras 2; `keras` and
    `tensorflow.keras` are Keras 3 since TensorFlow 2.16, or `tf_keras` again if `TF_USE_LEGACY_KERAS` is set.

    ## Why is this bad?
    Each package has its own classes `Layer` and `Model`. A layer of the one is no layer for the other: adding it to a
    model raises "Only instances of keras.Layer can be added", or it is called like any function and its weights are
    never trained. Optimizers, metrics and callbacks of the other package fail in `compile` or `fit`.

    ## Example
    ```python
    import tensorflow as tf
    from tensorflow.python.keras.layers import Dense  # KM022

    model = tf.keras.Sequential([tf.keras.Input((4,)), Dense(1)])
    ```

    Use instead:
    ```python
    import tensorflow as tf
    from tensorflow.keras.layers import Dense

    model = tf.keras.Sequential([tf.keras.Input((4,)), Dense(1)])
    ```

    ## Known limits
    `keras` and `tensorflow.keras` are one package for all versions from TensorFlow 2.6 on, and mixing them is only
    reported for an older TensorFlow that the project asks for, or with `TF_USE_LEGACY_KERAS`. Helpers
    such as `to_categorical` or `pad_sequences` may come from anywhere.

    ## References
    - Measured on Keras 3.15.1 with TensorFlow 2.21: `keras.Sequential([tensorflow.python.keras.layers.Dense(1)])`
      raises ValueError.
    - https://github.com/keras-team/keras/issues/18467
    """

    code = "KM022"
    name = "mixed-keras-imports"
    severity = Severity.WARNING
    symptoms = ("crash",)
    since = "0.1.0"
    needs_end = True
    #: Tests compare the packages with each other.
    in_tests = False

    def check(self, program: Program) -> Iterator[Found]:
        packages: dict[str, tuple[str, syntax.Node]] = {}
        for name, node in program.mentions.items():
            found = _package(name)
            if found is not None:
                packages.setdefault(found, (name, node))
        for other in _PRIVATE, _LEGACY, _KERAS:
            for main in _TENSORFLOW, _KERAS:
                if other in packages and main in packages and _differ(main, other, program):
                    yield from self._report(packages[main], packages[other], main, other, program)
                    return

    def _report(
        self,
        main: tuple[str, syntax.Node],
        other: tuple[str, syntax.Node],
        package: str,
        second: str,
        program: Program,
    ) -> Iterator[Found]:
        yield from self.found(
            other[1],
            f"{other[0]} and {main[0]} belong to two different Keras",
            label=f"from {second}",
            also=[(main[1], f"from {package}")],
            why="each has its own classes, and takes no layer, optimizer or metric of the other",
            help=f"import everything from {second if second == _LEGACY else package}",
            about=program,
        )

    bad = (
        """
        import os
        os.environ["TF_USE_LEGACY_KERAS"] = "1"
        import keras
        import tensorflow as tf
        layer = keras.layers.Dense(1)  # KM022
        model = tf.keras.Sequential([tf.keras.Input((4,)), layer])
        """,
        """
        import keras
        import tf_keras
        model = keras.Sequential([keras.Input((4,)), tf_keras.layers.Dense(1)])  # KM022
        """,
    )
    good = (
        """
        import keras
        import tensorflow as tf
        from tensorflow.python.keras.utils.data_utils import get_file
        from tf_keras.preprocessing.sequence import pad_sequences
        layer = keras.layers.Dense(1)
        model = tf.keras.Sequential([tf.keras.Input((4,)), layer])
        """,
        """
        try:
            from tensorflow.keras.layers import Dense
        except ImportError:
            from tensorflow.python.keras.layers import Dense
        from tensorflow import keras
        model = keras.Sequential([keras.Input((4,)), Dense(1)])
        """,
        """
        import os
        os.environ["TF_USE_LEGACY_KERAS"] = "1"
        import tf_keras
        import tensorflow as tf
        model = tf.keras.Sequential([tf.keras.Input((4,)), tf_keras.layers.Dense(1)])
        """,
    )


_PRIVATE, _LEGACY, _TENSORFLOW, _KERAS = "tensorflow.python.keras", "tf_keras", "tensorflow.keras", "keras"
#: What takes or makes objects that belong to one Keras.
_PARTS = frozenset(
    """layers models Model Sequential Input optimizers metrics callbacks applications engine Layer""".split()
)
#: The first TensorFlow whose `tensorflow.keras` is the package `keras`.
_ONE_PACKAGE = (2, 6)


def _package(name: str) -> str | None:
    """The package that a layer, model or the like comes from."""
    for package in (_PRIVATE, _TENSORFLOW, _LEGACY, _KERAS):
        if name.startswith(f"{package}."):
            part = name.removeprefix(f"{package}.").partition(".")[0]
            return package if part in _PARTS else None
    return None


def _differ(main: str, other: str, program: Program) -> bool:
    """Whether the two packages are two different Keras in the versions that the program is for."""
    version = program.target.tensorflow
    old = version is not None and version[1] is not None and version < _ONE_PACKAGE
    legacy = bool(program.used.environment.get("TF_USE_LEGACY_KERAS"))
    if other == _PRIVATE:
        return not (old and main == _TENSORFLOW)
    if other == _LEGACY:
        return not (legacy and main == _TENSORFLOW)
    return main == _TENSORFLOW and (old or legacy)
