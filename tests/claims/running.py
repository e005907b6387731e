"""The examples of the rules, run on the Keras that is installed. What imports this is skipped without Keras 3."""

from __future__ import annotations

import logging
import os
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace

import pytest

from kerlint.rules import all_rules
from kerlint.rules.documentation import page_of

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
# What the rules say about errors holds for a CPU: on a GPU some of them are none.
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
np = pytest.importorskip("numpy")
tf = pytest.importorskip("tensorflow")
keras = pytest.importorskip("keras")
#: The Keras that is installed. What a version has changed is claimed of both sides of it, and tried out on either.
VERSION = tuple(int(part) for part in keras.__version__.split(".")[:2])
if VERSION < (3, 0):
    pytest.skip("the claims are about Keras 3", allow_module_level=True)

#: What a framework raises where shapes or indices do not fit: Keras's own errors, or those of TensorFlow.
Refused = (ValueError, tf.errors.InvalidArgumentError)


def normal(*shape: int) -> object:
    """The same standardised numbers for the same shape."""
    return np.random.default_rng(0).normal(size=shape).astype("float32")


def example(code: str, *, epochs: int = 1, edit: tuple[str, str] | None = None, **names: object) -> SimpleNamespace:
    """Runs the example of a rule, the program with the fault.

    Args:
        code: the rule.
        epochs: how many epochs each `fit` gets, instead of those that the example asks for.
        edit: a text of the example and what stands there instead, for a variation.
        names: the data that the example takes for granted (`x`, `y`).

    Returns:
        What the program has left behind, by name.
    """
    (rule,) = (rule for rule in all_rules() if rule.code == code)
    text = re.sub(r"\bepochs=\d+", f"epochs={epochs}", page_of(rule).example)
    if edit:
        assert edit[0] in text
        text = text.replace(*edit)
    space = {"__name__": "example", **names}
    exec(compile(text, f"<example of {code}>", "exec"), space)
    return SimpleNamespace(**space)


def weights(model: object) -> list[object]:
    return [np.array(weight) for weight in model.get_weights()]


def moved(before: object, after: object) -> float:
    """The largest change of any weight."""
    return max(float(np.abs(old - new).max()) for old, new in zip(before, after))


class _Heard(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        # TensorFlow counts the functions that a process traces; a test run has many models.
        if "retracing" not in record.getMessage():
            self.lines.append(record.getMessage())


@contextmanager
def told() -> Iterator[list[str]]:
    """Collects what Python's warnings and the logs say meanwhile."""
    heard = _Heard()
    loggers = [logging.getLogger(name) for name in (None, "absl", "tensorflow")]
    lines: list[str] = []
    for logger in loggers:
        logger.addHandler(heard)
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            yield lines
    finally:
        for logger in loggers:
            logger.removeHandler(heard)
        # Python itself keeps a DeprecationWarning from who does not ask for it.
        shown = [warning for warning in caught if not issubclass(warning.category, DeprecationWarning)]
        lines += [str(warning.message) for warning in shown] + heard.lines


@contextmanager
def silence() -> Iterator[None]:
    """Fails if anything is said meanwhile."""
    with told() as lines:
        yield
    assert lines == []
