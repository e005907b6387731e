"""Patterns of `einops`, against the package itself."""

from __future__ import annotations

import math

import pytest

from kerlint.library import evaluate
from kerlint.program.values import Tensor
from tests.trees import tree

einops = pytest.importorskip("einops")
np = pytest.importorskip("numpy")

CALLS = [
    ("rearrange", "b h w c -> b c h w", {}),
    ("rearrange", "b h w c -> (b h) w c", {}),
    ("rearrange", "b (h p) (w q) c -> b (h w) (p q c)", {"p": 2, "q": 3}),
    ("rearrange", "b ... c -> b (...) c", {}),
    ("rearrange", "b ... -> ... b", {}),
    ("rearrange", "b h w c -> b h w c 1", {}),
    ("rearrange", "b h w (n d) -> b n h w d", {"d": 4}),
    ("repeat", "b h w c -> b (h 2) (w k) c", {"k": 3}),
    ("repeat", "b h w c -> b n h w c", {"n": 5}),
    ("reduce", "b (h p) w c -> b h c", {"p": 4}),
    ("reduce", "b h w c -> b 1 1 c", {}),
    ("rearrange", "b h w -> b w h", {}),
    ("rearrange", "b (h p) w c -> b h p w c", {"p": 5}),
]


@pytest.mark.parametrize(("function", "pattern", "sizes"), CALLS)
def test_shapes(function: str, pattern: str, sizes: dict[str, int]) -> None:
    shape = (2, 8, 6, 12)
    how = {"reduction": "mean"} if function == "reduce" else {}
    try:
        real = getattr(einops, function)(np.zeros(shape), pattern, **how, **sizes).shape
    except einops.EinopsError:
        real = None
    arguments = "".join(f", {name}={value!r}" for name, value in {**how, **sizes}.items())
    program = evaluate(
        tree(
            "import einops, keras\n"
            f"x = keras.Input({shape[1:]}, batch_size={shape[0]})\n"
            f"y = einops.{function}(x, {pattern!r}{arguments})\n"
        )
    )
    y = program.names["y"]
    assert isinstance(y, Tensor)
    assert y.shape == real
    assert real is None or math.prod(real) > 0
