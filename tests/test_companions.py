"""Packages beside Keras: what kerlint says of their layers is what the packages themselves give."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from kerlint.cli import cli
from kerlint.library.companions.hub import published
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


KAGGLE = "https://kaggle.com/models/google/mobilenet-v2"
HUB = """
import tensorflow as tf
import tensorflow_hub as hub
from tensorflow.keras import layers
handles = {"small": "https://tfhub.dev/google/imagenet/mobilenet_v2_035_96/feature_vector/5"}
"""


@pytest.mark.parametrize(
    ("address", "weights"),
    [
        # What public programs print for them.
        ("https://tfhub.dev/google/tf2-preview/mobilenet_v2/feature_vector/4", 2_257_984),
        ("https://tfhub.dev/google/imagenet/mobilenet_v2_130_224/classification/4", 5_432_713),
        ("https://www.kaggle.com/models/google/mobilenet-v2/TensorFlow2/130-224-classification/1", 5_432_713),
        (f"{KAGGLE}/frameworks/TensorFlow2/variations/130-224-classification/versions/1", 5_432_713),
        ("https://tfhub.dev/google/imagenet/resnet_v1_50/feature_vector/4", 23_561_152),
        ("https://tfhub.dev/tensorflow/efficientnet/b0/feature-vector/1", 4_049_564),
        ("https://tfhub.dev/google/nnlm-en-dim50/2", 48_190_600),
        ("https://www.kaggle.com/models/google/nnlm/TensorFlow2/en-dim128/1?tfhub-redirect=true", 124_642_688),
        ("https://tfhub.dev/google/universal-sentence-encoder/4", 256_797_824),
        ("https://tfhub.dev/tensorflow/bert_en_uncased_L-12_H-768_A-12/4", 109_482_241),
        ("https://tfhub.dev/tensorflow/small_bert/bert_en_uncased_L-4_H-512_A-8/1", 28_763_649),
    ],
)
def test_published_models_have_as_many_weights(address: str, weights: int) -> None:
    found = published(address)
    assert found is not None
    known = found.weights
    assert weights in (known.total, known.fixed)


@pytest.mark.parametrize(
    "address",
    [
        "https://tfhub.dev/google/nnlm-en-dim50/1",
        "https://tfhub.dev/google/imagenet/mobilenet_v2_035_96/feature_vector/1",
        "https://tfhub.dev/google/imagenet/mobilenet_v2_035_96/feature_vector",
        "https://tfhub.dev/tensorflow/bert_en_uncased_L-12_H-768_A-12/1",
        "https://www.kaggle.com/models/google/mobilenet-v2/TfJs/130-224-classification/1",
        "https://example.org/google/nnlm-en-dim50/2",
        "models/nnlm-en-dim50/2",
    ],
)
def test_of_other_addresses_nothing_is_known(address: str) -> None:
    assert published(address) is None


def test_published_models_are_as_large_as_those_of_keras(tmp_path: Path) -> None:
    text = HUB + "model = tf.keras.Sequential([hub.KerasLayer(handles['small'], trainable=True)])\n"
    text += "model.build((None, 96, 96, 3))\n"
    [hub_model] = models(tmp_path, text)
    same = (
        "import keras\nmodel = keras.applications.MobileNetV2((96, 96, 3), 0.35, False, pooling='avg', weights=None)\n"
    )
    [keras_model] = models(tmp_path, same + "top = keras.Sequential([model])\n")[:1]
    for part in ("total_params", "trainable_params"):
        assert hub_model[part] == keras_model[part] is not None
    assert hub_model["layers"][0]["output_shape"] == keras_model["outputs"][0]


def test_a_layer_of_the_hub_is_frozen_unless_it_is_thawed(tmp_path: Path) -> None:
    text = HUB + "layer = hub.KerasLayer(handles['small'], input_shape=(96, 96, 3))\nTHAW"
    text += "model = tf.keras.Sequential([layer, layers.Dense(2)])\n"
    [frozen] = models(tmp_path, text.replace("THAW", ""))
    [thawed] = models(tmp_path, text.replace("THAW", "layer.trainable = True\n"))
    assert frozen["trainable_params"] == 2562
    assert thawed["trainable_params"] == 2562 + 410_208 - 14_080
    assert frozen["total_params"] == thawed["total_params"]


@pytest.mark.parametrize(
    ("arguments", "width", "complete"),
    [
        ("handles['small']", 1280, True),
        ("handles['small'], output_key='x'", None, False),
        ("handles['small'], arguments={'batch_norm_momentum': 0.9}", None, False),
        ("'https://tfhub.dev/a/b/1'", None, False),
        ("'https://tfhub.dev/a/b/1', output_shape=[20]", 20, False),
        ("hub.load(handles['small'])", 1280, True),
        ("'https://tfhub.dev/google/imagenet/mobilenet_v3_large_100_224/feature_vector/5'", 1280, False),
    ],
)
def test_what_a_layer_of_the_hub_gives(tmp_path: Path, arguments: str, width: int | None, complete: bool) -> None:
    text = HUB + f"layer = hub.KerasLayer({arguments}, input_shape=(96, 96, 3))\n"
    [model] = models(tmp_path, text + "model = tf.keras.Sequential([layer, layers.Dense(2)])\n")
    shape = model["layers"][0]["output_shape"]
    assert (shape[-1] if shape else None) == width
    assert model["complete"] is complete
    assert not findings(tmp_path, text + "model = tf.keras.Sequential([layer, layers.Dense(2)])\n").count("KM021")


def test_texts_become_tokens_and_tokens_vectors(tmp_path: Path) -> None:
    text = HUB + (
        "text = layers.Input(shape=(), dtype=tf.string)\n"
        "tokens = hub.KerasLayer('https://tfhub.dev/tensorflow/bert_en_uncased_preprocess/3')(text)\n"
        "encoder = hub.KerasLayer('https://tfhub.dev/tensorflow/small_bert/bert_en_uncased_L-2_H-128_A-2/2')\n"
        "output = layers.Dense(1)(encoder(tokens)['pooled_output'])\n"
        "model = tf.keras.Model(text, output)\n"
    )
    [model] = models(tmp_path, text)
    assert model["complete"], model["unknown"]
    assert model["layers"][2]["output_shape"]["sequence_output"] == [None, 128, 128]
    # https://github.com/google-research/bert says 4.4 million of it.
    assert model["total_params"] == 4_385_921 + 129


def test_a_variable_counts_where_only_keras_2_can_be_meant(tmp_path: Path) -> None:
    text = (
        "import tensorflow as tf\n{}class Scale(tf.keras.layers.Layer):\n"
        "    def build(self, shape):\n        self.scale = tf.Variable(tf.ones((shape[-1],)))\n"
        "    def call(self, x):\n        return x * self.scale\n"
        "model = tf.keras.Sequential([tf.keras.layers.Input((4,)), Scale()])\n"
    )
    assert models(tmp_path, text.format(""))[0]["total_params"] == 0
    assert models(tmp_path, text.format("import tensorflow_addons as tfa\n"))[0]["total_params"] == 4


GYM = """
import gymnasium as gym
import keras
env = gym.make({})
model = keras.Sequential([
    keras.layers.Input(env.observation_space.shape),
    keras.layers.Dense(8, activation="relu"),
    keras.layers.Dense(env.action_space.n),
])
"""


@pytest.mark.parametrize(
    ("made", "weights"),
    [
        ("'CartPole-v1'", 5 * 8 + 9 * 2),
        ("'MountainCar-v0', render_mode='human'", 3 * 8 + 9 * 3),
        ("'Pendulum-v1'", None),
        ("'LunarLander-v3', continuous=True", None),
        ("'MyOwn-v0'", None),
    ],
)
def test_spaces_of_environments(tmp_path: Path, made: str, weights: int | None) -> None:
    [model] = models(tmp_path, GYM.format(made))
    assert model["total_params"] == weights


CLONE = """
import keras
def wider(layer):
    if isinstance(layer, keras.layers.Dense):
        return keras.layers.Dense(5, name=layer.name)
    return type(layer).from_config(layer.get_config())
model = keras.Sequential([keras.layers.Input((4,)), keras.layers.Dense(3, name="a"), keras.layers.Dropout(0.5)])
other = keras.models.clone_model(model, clone_function=wider)
other.build((None, 4))
"""


def test_a_clone_has_the_layers_that_the_function_makes(tmp_path: Path) -> None:
    keras = pytest.importorskip("keras")
    names: dict[str, Any] = {}
    exec(CLONE, names)
    found = models(tmp_path, CLONE)[-1]
    made = names["other"]
    assert found["total_params"] == made.count_params()
    assert [row["class"] for row in found["layers"]] == [type(layer).__name__ for layer in made.layers]
    assert [row["output_shape"][1:] for row in found["layers"]] == [list(x.output.shape[1:]) for x in made.layers]
    assert isinstance(made, keras.Sequential)


JAX = """
import jax
import keras
import numpy as np
class Net(keras.Model):
    def __init__(self):
        super().__init__()
        self.first, self.last = keras.layers.Dense(5), keras.layers.Dense(4)
    def call(self, x):
        return self.last(jax.nn.{}(self.first(x)))
"""


def test_activations_of_jax_keep_the_shape_inside_a_layer(tmp_path: Path) -> None:
    for name in ("relu", "gelu", "log_softmax"):
        (made,) = models(tmp_path, JAX.format(name) + "model = Net()\nmodel(np.zeros((2, 8)))\n")
        assert (made["complete"], made["total_params"]) == (True, 8 * 5 + 5 + 5 * 4 + 4)
    # What is no activation may give anything, and no function of JAX takes a symbolic tensor.
    (made,) = models(tmp_path, JAX.format("one_hot") + "model = Net()\nmodel(np.zeros((2, 8)))\n")
    assert not made["complete"]
    text = "import jax\nimport keras\nx = keras.Input((8,))\nmodel = keras.Model(x, keras.layers.Dense(1)(jax.nn.relu(x)))\n"
    assert not models(tmp_path, text)[0]["complete"]


def test_each_string_is_a_row(tmp_path: Path) -> None:
    text = (
        "import keras\n"
        "words = keras.layers.TextVectorization(max_tokens=100, output_sequence_length=7)\n"
        "model = keras.Sequential([words, keras.layers.Embedding(100, 8), keras.layers.GlobalAveragePooling1D()])\n"
        "model.predict(['a b', 'c'])\n"
    )
    (made,) = models(tmp_path, text)
    assert (made["complete"], made["layers"][1]["output_shape"]) == (True, [None, 7, 8])
