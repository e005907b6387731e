"""imbalanced-learn: rows that are made anew, so that rare classes are no longer rare."""

from __future__ import annotations

from kerlint import syntax
from kerlint.library import frames
from kerlint.library.convert import as_array
from kerlint.program.values import Arguments, Array, Unknown, Value, tuple_of

#: The step that the data has gone through.
OVERSAMPLED = "oversampled"
_SAMPLERS = frozenset(
    """ADASYN BorderlineSMOTE KMeansSMOTE RandomOverSampler SMOTE SMOTEENN SMOTEN SMOTENC SMOTETomek SVMSMOTE""".split()
)


def is_sampler(name: str) -> bool:
    """Whether the class makes more rows of the rare classes."""
    return name.startswith("imblearn.") and name.rpartition(".")[2] in _SAMPLERS


def sampler_method(name: str, arguments: Arguments, node: syntax.Node) -> Value:
    """`sampler.fit_resample(x, y)`: both with more rows, those of the same number together."""
    if name not in ("fit_resample", "fit_sample"):
        return Unknown(name, node=node)
    given = (arguments.get(0, "X"), arguments.get(1, "y"))
    return tuple_of(*(_more(as_array(part, node) or Array(), node) for part in given), node=node)


def again(array: Array, node: syntax.Node) -> Array:
    """Rows that were drawn with replacement: some of them are there more than once."""
    return array.derive(node, OVERSAMPLED, parent=array.parent)


def kept(parts: list[Array], made: Array) -> Array:
    """Several arrays put together: if the rows of one are there more than once, so are those of all."""
    made.steps = (*made.steps, *(step for part in parts for step in part.steps if step.name == OVERSAMPLED))
    return made


def sampled_at(array: Array) -> syntax.Node | None:
    """The call that made more rows of the data; None if none did."""
    return next((step.node for step in array.steps if step.name == OVERSAMPLED), None)


def _more(array: Array, node: syntax.Node) -> Array:
    return frames.with_rows(array, None, node, OVERSAMPLED, order=None)
