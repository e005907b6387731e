"""Which versions a program is written for, and what of it says so."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Target:
    """The versions that a program is written for.

    Args:
        keras: the major version.
        minor: the minor version of Keras, None if it is not known.
        tensorflow: major and minor version of TensorFlow, as far as they are known.
        source: what says so, in words.
    """

    keras: int
    minor: int | None = None
    tensorflow: tuple[int, int | None] | None = None
    source: str = ""


#: Where nothing says anything else.
CURRENT = Target(3, source="nothing names a version, so it is the current one")


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
