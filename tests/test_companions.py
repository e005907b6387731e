"""Packages beside Keras: what kerlint says of their layers is what the packages themselves give."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from kerlint.cli import cli
from kerlint.library.companions.hub import published
from kerlint.library.shapes import Weights
from tests.companion_cases import cases, measured, program


def models(tmp_path: Path, text: str) -> list[dict[str, Any]]:
    path = tmp_path / "train.py"
    path.write_text(text, encoding="utf-8")
    done = CliRunner().invoke(cli, ["summary", str(path), "--output-format", "json"])
    assert done.exit_code == 0, done.output
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


def findings(tmp_path: Path, text: str) -> str:
    path = tmp_path / "train.py"
    path.write_text(text, encoding="utf-8")
    return CliRunner().invoke(cli, ["--output-format", "concise", "--no-cache", str(path)]).output


@pytest.mark.parametrize(("layer", "inputs", "expected"), cases())
def test_a_layer_is_what_its_package_makes_of_it(
    tmp_path: Path, layer: str, inputs: list[tuple[int, ...]], expected: str
) -> None:
    [model] = models(tmp_path, program(layer, inputs))
    [shape] = model["outputs"]
    trained, total = model["trainable_params"], model["total_params"]
    assert model["complete"], model["unknown"]
    assert f"{tuple(shape)} {trained} {total - trained}" == expected


@pytest.mark.parametrize(("layer", "inputs", "expected"), cases())
def test_what_was_measured_is_so(layer: str, inputs: list[tuple[int, ...]], expected: str) -> None:
    pytest.importorskip(
        {"tfa": "tensorflow_addons", "tfp": "tensorflow_probability", "tfc": "tensorflow_compression"}[layer[:3]]
    )
    for package in ("tensorflow_addons", "tensorflow_probability", "tensorflow_compression"):
        pytest.importorskip(package)
    assert measured(layer, inputs) == expected
