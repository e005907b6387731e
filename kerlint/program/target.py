"""Which versions a program is written for, and what of it says so."""

from __future__ import annotations

from kerlint.records import dataclass, field


@dataclass(frozen=True, slots=True)
class Target:
    """The versions that a program is written for.

    Args:
        keras: the major version.
        minor: the minor version of Keras, None if it is not known.
        oldest: the lowest minor version that may be meant, where `minor` is not known.
        newest: the highest one, None if there is no end to it.
        tensorflow: major and minor version of TensorFlow, as far as they are known.
        source: what says so, in words.
        sure: whether the rest of the program could say nothing else, where not all of it was followed.
    """

    keras: int
    minor: int | None = None
    tensorflow: tuple[int, int | None] | None = None
    source: str = ""
    sure: bool = True
    oldest: int = 0
    newest: int | None = None

    @property
    def known(self) -> bool:
        """Whether anything says so."""
        return self.source != CURRENT.source

    def since(self, keras: int, minor: int) -> bool:
        """Whether it is known to be this version or a later one."""
        if self.keras != keras:
            return self.keras > keras
        return (self.oldest if self.minor is None else self.minor) >= minor

    def before(self, keras: int, minor: int) -> bool:
        """Whether it is known to be an earlier version than this one."""
        if self.keras != keras:
            return self.keras < keras
        last = self.newest if self.minor is None else self.minor
        return last is not None and last < minor


#: Where nothing says anything else.
CURRENT = Target(3, source="nothing names a version, so it is the current one")


#: Packages that have no version for Keras 3: the last of them ask for TensorFlow 2.14 and import parts of Keras 2.
FOR_KERAS_2 = frozenset({"tensorflow_addons", "tensorflow_compression"})

#: Names that only Keras 2, or the TensorFlow around it, has.
OLD_NAMES = FOR_KERAS_2 | frozenset(
    """keras.layers.advanced_activations keras.layers.convolutional keras.layers.convolutional_recurrent
    keras.layers.core keras.layers.cudnn_recurrent keras.layers.embeddings keras.layers.experimental
    keras.layers.local keras.layers.merge keras.layers.noise keras.layers.normalization keras.layers.pooling
    keras.layers.recurrent keras.layers.wrappers
    keras.backend.tensorflow_backend keras.engine keras.experimental keras.legacy.interfaces keras.optimizers.legacy
    keras.utils.data_utils keras.utils.generic_utils keras.utils.layer_utils keras.utils.np_utils
    keras.utils.training_utils keras.utils.vis_utils keras.wrappers.scikit_learn
    keras_applications keras_contrib keras_preprocessing
    tensorflow.compat.v1 tensorflow.contrib tensorflow.examples tensorflow.python.keras
    tensorflow.ConfigProto tensorflow.Session tensorflow.get_default_graph tensorflow.global_variables_initializer
    tensorflow.placeholder""".split()
)


@dataclass(eq=False, slots=True)
class Used:
    """What a program surely uses of libraries: not in an arm of a condition, not in a `try` with handlers.

    Args:
        imports: dotted names in import statements, as they are written.
        symbols: dotted names that attributes spell out: `tensorflow.compat.v1`.
        environment: what it assigns in `os.environ`.
    """

    imports: set[str] = field(default_factory=set)
    symbols: set[str] = field(default_factory=set)
    environment: dict[str, str] = field(default_factory=dict)

    def add(self, other: Used) -> None:
        """Adds what another module uses."""
        self.imports |= other.imports
        self.symbols |= other.symbols
        self.environment.update(other.environment)

    @property
    def with_keras_2(self) -> bool:
        """Whether a package is among them that runs with Keras 2 only."""
        return any(name.partition(".")[0] in FOR_KERAS_2 for name in self.imports)
