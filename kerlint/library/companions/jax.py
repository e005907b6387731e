"""JAX: activations that a layer of a program calls on its tensors."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from kerlint.library.companions import Method
    from kerlint.library.convert import Handler
    from kerlint.library.shapes import Call, Result

#: https://docs.jax.dev/en/latest/jax.nn.html
SIGNATURES = {
    "jax.nn": """
celu(x, alpha=1.0)
elu(x, alpha=1.0)
gelu(x, approximate=True)
hard_sigmoid(x)
hard_silu(x)
hard_swish(x)
hard_tanh(x)
leaky_relu(x, negative_slope=0.01)
log_sigmoid(x)
log_softmax(x, axis=-1, where=None)
mish(x)
relu(x)
relu6(x)
selu(x)
sigmoid(x)
silu(x)
soft_sign(x)
softmax(x, axis=-1, where=None)
softplus(x)
sparse_plus(x)
sparse_sigmoid(x)
squareplus(x, b=4)
swish(x)
tanh(x)
""",
}
LAYERS: dict[str, Callable[[Call], Result]] = {}
FUNCTIONS: dict[str, Handler] = {}
METHODS: dict[str, Method] = {}
