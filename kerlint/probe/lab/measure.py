"""What is measured in a variant, for one seed. The same for the original and the repaired one."""

from __future__ import annotations

import copy
import math
import re
from typing import Any

import numpy as np

from kerlint.probe.description import Description, Job
from kerlint.probe.lab.backend import label
from kerlint.probe.lab.build import Built, build
from kerlint.probe.lab.data import sample
from kerlint.probe.lab.train import Trainer

#: Predictions that differ by less count as the same.
SAME = 1e-6
#: Rows on which layers are looked at.
LOOKED_AT = 128
#: The part of a message that is worth showing.
MESSAGE = 300

#: Numbers in answers have so many digits: the rest is noise of the machine.
DIGITS = 6

#: Symptoms that show before any training.
UNTRAINED = frozenset({"twins", "linear", "dead", "logits", "raises"})

Numbers = dict[str, Any]


def rounded(value: Any) -> Any:
    """Floats with as many digits as they deserve; what JSON has no number for as 1e30 or -1e30."""
    if isinstance(value, dict):
        return {name: rounded(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [rounded(item) for item in value]
    if isinstance(value, float):
        return float(f"{value:.{DIGITS}g}") if value - value == 0 else 1e30 if value > 0 else -1e30
    return value


def run(tf: Any, keras: Any, job: Job, name: str) -> list[Numbers]:
    """One dict of measurements for each seed; with the key `error` where Keras raises."""
    one: Description = job[name]  # type: ignore[literal-required]
    seeds = job["seeds"]
    try:
        if one["run"]["steps"] == 0:
            size = call_once(tf, build(keras, one, seeds[0]), one, seeds[0])
            return [{"keras": label(keras), "size": size}]
        trainer = Trainer(tf, keras, one, seeds[0])
    except Exception as error:  # noqa: BLE001 - the error is the result
        return [failure(keras, "build", error)]
    found: list[Numbers] = []
    for seed in seeds:
        trainer.restart(seed)
        try:
            found.append({"keras": label(keras), **_measure(trainer, job)})
        except Exception as error:  # noqa: BLE001
            found.append(failure(keras, "train", error))
            break
    return found


def call_once(tf: Any, built: Built, one: Description, seed: int) -> int:
    """How many numbers a model gives for data; some versions of Keras only notice then that its layers do not fit."""
    parts = [tf.constant(part) for part in sample(one, seed).x]
    return int(tf.size(built.model(parts if len(parts) > 1 else parts[0], training=False)))


def failure(keras: Any, stage: str, error: Exception) -> Numbers:
    """An error of Keras or TensorFlow as a measurement."""
    # Keras marks some words for terminals, and says first where it was and then what.
    lines = [re.sub("\x1b\\[[0-9;]*m", "", line).strip() for line in str(error).strip().splitlines()]
    lines = [line for line in lines if line and not line.startswith("Exception encountered when calling")]
    kind = type(error).__name__
    wanted = next((line for line in lines if kind in line and ":" in line), lines[0] if lines else "")
    memory = kind in ("MemoryError", "ResourceExhaustedError") or "std::bad_alloc" in wanted
    wanted = wanted.removeprefix(f"{kind}: ")[:MESSAGE]
    found = {"stage": stage, "type": kind, "message": wanted, "memory": memory}
    return {"keras": label(keras), "error": found}


def _measure(trainer: Trainer, job: Job) -> Numbers:
    one, model = trainer.one, trainer.model
    if job["symptom"] == "raises":
        return {"first_loss": trainer.loss()}
    before = [np.array(weight) for weight in model.weights]
    first, gradients = trainer.first_loss()
    untrained = predict(trainer)
    found: Numbers = {
        "first_loss": first,
        "expected_loss": expected_loss(one, trainer.sample.y),
        "gradients": gradients,
        "before": outputs(untrained),
        "rows": len(untrained),
    }
    if any(step["type"].endswith("Dropout") for step in one["steps"]):
        found["passes"] = _passed(trainer, job["at"])
    if job["symptom"] == "linear":
        found["bend"] = bend(trainer, job["at"])
    if job["symptom"] == "superfluous":
        found["changed"] = changed(trainer, job["at"])
        return found
    found["units_before"] = units(trainer, job["at"])
    if job["symptom"] == "twins":
        found["kernels"] = _kernels(trainer, job["at"])
    if job["symptom"] == "logits":
        found["beyond"] = beyond(trainer)
    if job["symptom"] in UNTRAINED:
        return found
    losses: list[float] = []
    course: list[float] = []
    trained = untrained
    for part in trainer.train():
        losses += part
        trained = predict(trainer)
        course.append(skill(one, trained, trainer.sample.y))
    found |= {
        "losses": [losses[index] for index in sorted({*range(0, len(losses), max(len(losses) // 10, 1))})],
        "last_loss": float(np.mean(losses[-10:])) if losses else first,
        "after": outputs(trained),
        "skill": course[-1] if course else 0.0,
        "course": course,
        "gained": course[-1] - skill(one, untrained, trainer.sample.y) if course else 0.0,
        "targets": [float(np.min(trainer.sample.y)), float(np.max(trainer.sample.y))],
        "units": units(trainer, job["at"]),
    }
    if "passes" in found:
        found["noise"] = noise(trainer, trained)
    moved = [float(np.max(np.abs(np.array(new) - old))) if old.size else 0.0 for new, old in zip(model.weights, before)]
    names = {id(weight): index for index, weight in enumerate(model.weights)}
    found["moved"] = max(moved, default=0.0)
    found["moved_by_layer"] = {
        str(step): max((moved[names[id(weight)]] for weight in layer.weights if id(weight) in names), default=0.0)
        for step, layer in trainer.built.layers.items()
        if layer.weights
    }
    finite = all(np.isfinite(np.array(weight)).all() for weight in model.weights)
    found["finite"] = bool(finite and np.isfinite(trained).all() and all(math.isfinite(loss) for loss in losses))
    return found


def predict(trainer: Trainer) -> Any:
    """What the model answers for all rows, one row each."""
    made = np.array(trainer.model(trainer.inputs(), training=False), dtype="float64")
    return made.reshape(len(made), -1)


def outputs(made: Any) -> Numbers:
    """The spread of predictions over rows, how many differ, their range, and how they sum up."""
    finite = np.nan_to_num(made, nan=0.0, posinf=1e30, neginf=-1e30)
    rounded = np.round(finite / SAME) if np.abs(finite).max(initial=0) < 1e6 else finite
    return {
        "spread": float(finite.std(axis=0).max(initial=0.0)),
        "distinct": len(np.unique(rounded, axis=0)),
        "low": float(finite.min()),
        "high": float(finite.max()),
        # Keras clips at 1e-7: beyond that there is no gradient.
        "outside": float(((finite < 1e-7) | (finite > 1 - 1e-7)).mean()),
        "sum": [float(finite.sum(axis=1).min()), float(finite.sum(axis=1).max())],
    }


def expected_loss(one: Description, y: Any) -> float | None:
    """The loss of the best constant answer, where one can be written down."""
    loss, kind = one["loss"]["type"], one["y"]["kind"]
    numbers = np.asarray(y, dtype="float64").reshape(len(y), -1)
    if loss == "sparse_categorical_crossentropy" or (loss == "categorical_crossentropy" and kind == "onehot"):
        return math.log(max(one["y"]["classes"], 2))
    if loss == "binary_crossentropy":
        return math.log(2)
    if loss == "mean_squared_error":
        return float(numbers.var(axis=0).mean())
    return None


def skill(one: Description, made: Any, y: Any) -> float:
    """How much better than the best constant answer the predictions are: 1 is perfect, 0 is useless.

    From predictions and targets alone, never from the loss.
    """
    kind = one["y"]["kind"]
    if not np.isfinite(made).all():
        return -1.0
    rows = len(made)
    if kind in ("classes", "onehot"):
        wanted = np.argmax(y, axis=-1) if kind == "onehot" else np.asarray(y)
        wanted = wanted.reshape(rows, -1)[:, 0]
        count = max(one["y"]["classes"], 2)
        if made.shape[1] % count:
            # One number for each row: how much of the class numbers it explains.
            return _explained(made[:, :1], wanted.reshape(rows, 1).astype("float64"))
        chosen = made.reshape(rows, -1, count)[:, 0].argmax(axis=1)
        most = np.bincount(wanted.astype(int)).max() / rows
        return float(((chosen == wanted).mean() - most) / (1 - most))
    targets = np.asarray(y, dtype="float64").reshape(rows, -1)
    if kind in ("binary", "multihot", "signs"):
        cut = 0.0 if kind == "signs" or _are_logits(one) else 0.5
        right = ((made > cut) == (targets > 0.5 if kind != "signs" else targets > 0)).mean()
        most = max((targets > 0.5).mean(), 1 - (targets > 0.5).mean())
        return float((right - most) / (1 - most)) if made.shape == targets.shape else -1.0
    if made.shape != targets.shape:
        return -1.0
    return _explained(made, targets)


def _explained(made: Any, targets: Any) -> float:
    variance = targets.var(axis=0).mean()
    error = ((made - targets) ** 2).mean()
    return float(max(1 - error / max(variance, 1e-30), -1.0))


def _are_logits(one: Description) -> bool:
    return one["loss"]["config"].get("from_logits") is True


def units(trainer: Trainer, at: list[int]) -> dict[str, Numbers]:
    """For layers: how many of their units differ from each other, are dead (always 0) or saturated."""
    wanted = [step for step in at if step in trainer.built.tensors]
    if not wanted:
        return {}
    look = trainer.keras.Model(trainer.model.inputs, [trainer.built.tensors[step] for step in wanted])
    made = look(trainer.inputs(slice(0, LOOKED_AT)), training=False)
    made = made if isinstance(made, (list, tuple)) else [made]
    found: dict[str, Numbers] = {}
    for step, one in zip(wanted, made):
        values = np.nan_to_num(np.array(one, dtype="float64")).reshape(-1, one.shape[-1])
        # A picture has many places, and a few of them tell units apart.
        values = values[:: max(len(values) // 2048, 1)]
        scale = max(float(np.abs(values).max()), 1e-30)
        found[str(step)] = {
            "count": values.shape[1],
            "distinct": len(np.unique(np.round(values.T / scale / 1e-5), axis=0)),
            "dead": float((np.abs(values).max(axis=0) == 0).mean()),
            "spread": float(values.std(axis=0).mean()),
            "largest": scale,
        }
    return found


def _kernels(trainer: Trainer, at: list[int]) -> Numbers:
    """How many of the layers start with weights of their own."""
    kernels = [np.array(trainer.built.layers[step].weights[0]).tobytes() for step in at]
    return {"count": len(kernels), "different": len(set(kernels))}


def _passed(trainer: Trainer, at: list[int]) -> dict[str, float]:
    """The share of values that is not zero behind a step while the model is trained."""
    wanted = [step for step in at if step in trainer.built.tensors]
    if not wanted:
        return {}
    look = trainer.keras.Model(trainer.model.inputs, [trainer.built.tensors[step] for step in wanted])
    made = look(trainer.inputs(slice(0, LOOKED_AT)), training=True)
    made = made if isinstance(made, (list, tuple)) else [made]
    return {str(step): float((np.array(one) != 0).mean()) for step, one in zip(wanted, made)}


def noise(trainer: Trainer, trained: Any) -> float:
    """How far the answers of two passes in training are apart, against how far those of different rows are."""
    made = [np.array(trainer.model(trainer.inputs(), training=True), dtype="float64") for _ in range(2)]
    apart = float(np.sqrt(((made[0] - made[1]) ** 2).mean() / 2))
    return apart / max(float(np.sqrt(trained.var(axis=0).mean())), 1e-9)


def beyond(trainer: Trainer) -> float:
    """The share of outputs that are no probabilities, for inputs that are ten times as large."""
    parts = [part * (10 if part.dtype.kind == "f" else 1) for part in trainer.sample.x]
    made = np.array(trainer.model(parts if len(parts) > 1 else parts[0], training=False), dtype="float64")
    return float(((made < -SAME) | (made > 1 + SAME)).mean())


def changed(trainer: Trainer, at: list[int]) -> float:
    """The largest change of a value by one of the steps."""
    sources = {step["id"]: step["inputs"][0] for step in trainer.one["steps"] if step["id"] in at}
    tensors = trainer.built.tensors
    wanted = [tensors[place] for pair in sources.items() for place in pair]
    made = trainer.keras.Model(trainer.model.inputs, wanted)(trainer.inputs(slice(0, LOOKED_AT)), training=False)
    pairs = zip(made[::2], made[1::2])
    return max(float(np.abs(np.array(after) - np.array(before)).max()) for after, before in pairs)


def bend(trainer: Trainer, at: list[int]) -> float | None:
    """How far the function from the input of the first step to the output of the last is from a straight line.

    Affine functions keep f(a) + f(b) = f(a + b - c) + f(c): the deviation relative to the size of the values. None
    if the steps are not connected.
    """
    keras = trainer.keras
    first, last = at[0], at[-1]
    one = copy.deepcopy(trainer.one)
    for step in one["steps"]:
        if step["id"] == last:
            # What it does with the sum afterwards is another matter.
            step["config"].pop("activation", None)
    tensors = build(keras, one, 1).tensors
    step = next(step for step in one["steps"] if step["id"] == first)
    try:
        part = keras.Model(tensors[step["inputs"][0]], tensors[last])
    except ValueError:
        return None
    random = np.random.default_rng(0)
    shape = (32, *tensors[step["inputs"][0]].shape[1:])
    a, b, c = (random.normal(size=shape).astype("float32") for _ in range(3))
    made = [np.array(part(values, training=False), dtype="float64") for values in (a, b, a + b - c, c)]
    size = np.abs(np.stack(made)).mean()
    return float(np.abs(made[0] + made[1] - made[2] - made[3]).mean() / max(size, 1e-30))
