"""What a program uses of older versions of Keras, as facts; and what became of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kerlint import syntax
from kerlint.library._legacy_table import OLD_ORDER
from kerlint.library.names import canonical, in_current_keras, written
from kerlint.library.signatures import bind, signature
from kerlint.program.events import AttributeUse, OldCall, OldKeyword, TensorFlowCall
from kerlint.program.graph import tensors_in
from kerlint.program.target import OLD_NAMES, Target
from kerlint.program.values import Arguments, Layer, Mapping, Object, Sequence, Tensor, Value

if TYPE_CHECKING:
    from kerlint.program.interpreter.machine import Machine

#: Attributes of optimizers that Keras 3 does not have.
OPTIMIZER_ATTRIBUTES = frozenset({"lr", "decay", "minimize", "get_gradients", "get_updates"})
#: Functions that TensorFlow has under the same name, with keywords of its own.
_SHARED = ("keras.activations.", "keras.initializers.")
#: What of TensorFlow is no operation on tensors, or takes anything.
_NOT_OPERATIONS = tuple(
    f"tensorflow.{name}"
    for name in """keras. python. compat.v1. compat.v2.keras. nest. data. function get_static_value is_tensor print
    Variable estimator. saved_model. test. train. summary. distribute. lite. autodiff. GradientTape Module""".split()
)
#: So many positional arguments of a convolution mean something else since Keras 2.
_CONVOLUTION = 3
#: The first Keras 2 that is part of TensorFlow alone, and knows nothing of Keras 1 any more; the first whose
#: optimizers are those of today; the first without `predict_classes`.
KERAS_1_ENDS, NEW_OPTIMIZERS, NO_PREDICT_CLASSES = (2, 4), (2, 11), (2, 6)
#: What tensors may be in.
_STRUCTURES = frozenset({Tensor, Sequence, Mapping})


def note_call(machine: Machine, name: str, arguments: Arguments, node: syntax.Node) -> None:
    """Records a call with keywords, or in an order, that Keras 3 does not have."""
    known = signature(name)
    if known is None or known.legacy or name.startswith(_SHARED):
        return
    binding = bind(known, len(arguments.positional), arguments.keywords)
    if not binding.legacy and name not in OLD_ORDER:
        return
    keywords = tuple(OldKeyword(one.old, one.new, one.keras, *arguments.keywords[one.old]) for one in binding.legacy)
    other_order = name in OLD_ORDER and "Conv" in name and len(arguments.positional) >= _CONVOLUTION
    positional = tuple(value for value, _ in arguments.positional) if other_order else ()
    if keywords or positional:
        machine.emit(OldCall(node=node, callee=name, keywords=keywords, positional=positional))


def note_tensors(machine: Machine, name: str, arguments: Arguments, node: syntax.Node) -> None:
    """Records a call of TensorFlow itself on symbolic tensors, unless it happens inside a layer or model."""
    if machine.inside_call or machine.nesting or machine.spelled.startswith(_NOT_OPERATIONS):
        return
    given = [value for value, _ in (*arguments.positional, *arguments.keywords.values()) if type(value) in _STRUCTURES]
    inputs = tuple(tensor for value in given for tensor in tensors_in(value) if tensor is not None)
    if inputs and canonical(machine.spelled) == name:
        machine.emit(TensorFlowCall(node=node, name=machine.spelled, inputs=inputs))


def note_attribute(machine: Machine, owner: Value, name: str, node: syntax.Node, value: Value | None = None) -> None:
    """Records that an attribute of an optimizer is used that Keras 3 does not have."""
    if (
        name in OPTIMIZER_ATTRIBUTES
        and type(owner) is Object
        and not isinstance(owner, Layer)
        and owner.name.startswith("keras.optimizers.")
        and not owner.name.startswith("keras.optimizers.schedules.")
    ):
        machine.emit(AttributeUse(node=node, owner=owner, name=name, value=value))


def is_removed(name: str) -> bool:
    """Whether an older Keras has this name, as it is written, and Keras 3 has not."""
    short = name.rpartition(".")[2]
    if name.endswith("optimizers.legacy") or (".backend." in name and short[:1].isupper()):
        # The package is still there to say that its members are not; and `keras.backend` never had classes.
        return False
    gone = in_current_keras(name, or_next=True) is False
    return gone and (signature(canonical(name)) is not None or _is_old(written(name)))


def _is_old(name: str) -> bool:
    """Whether the name, or a package that it is in, is one that only Keras 2 has."""
    parts = name.split(".")
    return any(".".join(parts[:length]) in OLD_NAMES for length in range(2, len(parts) + 1)) or name in _OTHERS


_OTHERS = frozenset(
    f"keras.backend.{name}" for name in ("get_session", "set_session", "learning_phase", "set_learning_phase")
)
#: What does the same today, where its name alone does not say so.
_SUCCESSORS = {
    "keras.backend.permute_dimensions": "keras.ops.transpose",
    "keras.backend.batch_dot": "keras.ops.matmul or keras.layers.Dot",
    "keras.backend.dot": "keras.ops.matmul",
    "keras.backend.pow": "keras.ops.power",
    "keras.backend.variable": "keras.Variable",
    "keras.backend.random_normal": "keras.random.normal",
    "keras.backend.random_uniform": "keras.random.uniform",
    "keras.layers.CuDNNGRU": "keras.layers.GRU",
    "keras.layers.CuDNNLSTM": "keras.layers.LSTM",
    "keras.layers.DenseFeatures": "keras.utils.FeatureSpace",
    "keras.utils.np_utils": "keras.utils",
    "keras.wrappers.scikit_learn.KerasClassifier": "KerasClassifier of the package scikeras",
    "keras.wrappers.scikit_learn.KerasRegressor": "KerasRegressor of the package scikeras",
}


def successor(name: str) -> str | None:
    """What to write today instead of a removed name; None if there is nothing to say."""
    plain = written(name)
    one = canonical(name)
    for old in (plain, one):
        if old in _SUCCESSORS:
            return _SUCCESSORS[old]
    if one != plain and in_current_keras(one):
        return one
    operation = plain.replace("keras.backend.", "keras.ops.", 1)
    if operation != plain and in_current_keras(operation):
        return operation
    twin = f"tensorflow.{plain}"
    return twin if name != twin and in_current_keras(twin) else None


def takes_keras_1(target: Target) -> bool:
    """Whether the version may still understand calls of Keras 1, as Keras did by itself before 2.4."""
    return target.keras == 1 or (target.keras == 2 and target.minor is not None and target.minor < KERAS_1_ENDS[1])


#: Old keywords that Keras 3 takes all the same, or for certain values only, by the end of the callee's name.
_TOLERATED = {
    "LeakyReLU": {"alpha"},
    "Embedding": {"input_length"},
    "ReversibleEmbedding": {"input_length"},
    "InputLayer": {"input_shape", "batch_input_shape"},
    "ReduceLROnPlateau": {"epsilon"},
    "LambdaCallback": {"on_batch_begin", "on_batch_end"},
    "save": {"save_format", "include_optimizer", "signatures", "options", "save_traces"},
    "save_model": {"save_format", "include_optimizer", "signatures", "options", "save_traces"},
    "save_weights": {"save_format", "options"},
    "load_weights": {"by_name", "options"},
}


def is_tolerated(callee: str, keyword: str) -> bool:
    """Whether Keras 3 does not raise an error at this old keyword, or not always."""
    return keyword in _TOLERATED.get(callee.rpartition(".")[2], ())
