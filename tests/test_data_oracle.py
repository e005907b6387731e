"""What the interpreter says of data holds: the same programs are run with the real libraries.

The programs are in `fixtures/data`, several in a file, with `# ---` between them and what they all begin with
before the first. A comment after an assignment is what has to be known of the name in the end: shape, dtype,
range, meaning as labels, order; `?` is what is not known. Whatever is known of any name, in a comment or not,
has to be true of the value that the program really computes.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import tempfile
import warnings
from pathlib import Path

import pytest

from tests.trees import tree

pytest.importorskip("numpy")

from kerlint.library import evaluate
from tests.oracle import disagreements, stated

FOLDER = Path(__file__).parent.parent / "fixtures" / "data"


def programs() -> list[object]:
    cases = []
    for path in sorted(FOLDER.glob("*.py")):
        preamble, *parts = path.read_text(encoding="utf-8").split("# ---\n")
        cases.extend(pytest.param(preamble + part, id=f"{path.stem}-{i}") for i, part in enumerate(parts))
    return cases


@pytest.mark.parametrize("text", programs())
def test_what_is_known_is_true(text: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setitem(os.environ, "CUDA_VISIBLE_DEVICES", "-1")
    monkeypatch.setitem(os.environ, "TF_CPP_MIN_LOG_LEVEL", "3")
    for package in re.findall(r"^(?:import|from) (\w+)", text, re.MULTILINE):
        pytest.importorskip(package)
    program = evaluate(tree(text))
    assert program.failures == []
    real: dict[str, object] = {}
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        exec(compile(text, "program", "exec"), real)
        wrong = {
            name: found
            for name, claim in program.names.items()
            if name in real and (found := list(disagreements(claim, real[name])))
        }
    assert wrong == {}
    expected = dict(re.findall(r"^(\w+)(?:, \w+)* (?:[-+*/]|//)?= .*?  # (.*?)(?:  # K\w+)?$", text, re.MULTILINE))
    assert {name: stated(program.names.get(name)) for name in expected} == expected


def test_what_is_claimed_in_vain_is_found() -> None:
    """The comparison itself finds claims that do not hold."""
    import numpy as np

    from kerlint.program.labels import Labels
    from kerlint.program.values import Array, Const

    real = np.array([[0.0, 2.0], [1.0, 0.0]])
    wrong = [
        Array((2,)),
        Array((2, 3)),
        Array(dtype="float32"),
        Array(low=0.5),
        Array(high=1.5),
        Array(columns=((0.0, 1.0), (0.0, 1.0))),
        Array(labels=Labels("onehot", 2)),
        Array(labels=Labels("binary")),
        Array(labels=Labels("classes", 2)),
        Array(values=[[0, 2], [1, 1]]),
        Const(3),
    ]
    assert [bool(list(disagreements(claim, real))) for claim in wrong] == [True] * len(wrong)
    right = Array((2, None), "float64", 0.0, 2.0, columns=((0.0, 1.0), (0.0, 2.0)), labels=Labels("classes", 3))
    assert list(disagreements(right, real)) == []
    assert list(disagreements(Array(order="sorted"), np.array([1, 3, 2])))
    assert list(disagreements(Array(order="grouped"), np.array([1, 3, 1])))
