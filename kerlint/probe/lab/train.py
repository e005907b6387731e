"""Training a model for a number of steps, as `fit` would do it, in one compiled function."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from kerlint.probe.description import Description
from kerlint.probe.lab.backend import fresh_numbers, optimizer_variables, tensor_of
from kerlint.probe.lab.build import Built, build, make_loss, make_optimizer, seed_everything
from kerlint.probe.lab.data import Sample, sample

#: Steps after which a model is looked at on the way.
MARKS = (15, 50, 120)


class Trainer:
    """One variant, compiled once and started again for each seed."""

    def __init__(self, tf: Any, keras: Any, one: Description, seed: int) -> None:
        self.tf, self.keras, self.one = tf, keras, one
        fresh_numbers(tf, keras)
        self.built: Built = build(keras, one, seed)
        self.model = self.built.model
        seed_everything(keras, seed, 0)
        self.model.compile(optimizer=make_optimizer(keras, one["optimizer"]), loss=make_loss(keras, one["loss"]))
        self.model.optimizer.build(self.model.trainable_variables)
        self._fresh = [np.array(variable) for variable in optimizer_variables(self.model.optimizer)]
        self._seed = seed
        self._run = tf.function(self._steps, autograph=False)
        self.sample: Sample = sample(one, seed)

    def restart(self, seed: int) -> None:
        """Sets weights, optimizer and data to those of a seed."""
        if seed != self._seed:
            twin = build(self.keras, self.one, seed).model
            for own, other in zip(self.model.variables, twin.variables):
                own.assign(other)
            self._seed = seed
        for own, value in zip(optimizer_variables(self.model.optimizer), self._fresh):
            own.assign(value)
        self.sample = sample(self.one, seed)

    def inputs(self, rows: slice = slice(None)) -> Any:
        """Rows of the inputs, as the model takes them."""
        parts = [self.tf.constant(part[rows]) for part in self.sample.x]
        return parts if len(parts) > 1 else parts[0]

    def loss(self) -> float:
        """The loss of all rows before any step.

        Raises:
            Exception: what Keras raises, where output and targets do not fit.
        """
        x, y = self.inputs(), self.tf.constant(self.sample.y)
        return float(self.model.compute_loss(x=x, y=y, y_pred=self.model(x, training=False)))

    def first_loss(self) -> tuple[float, dict[str, float]]:
        """The loss of all rows before any step, and the norm of the gradient of each layer's weights.

        Raises:
            Exception: what Keras raises, where output and targets do not fit.
        """
        tf, model = self.tf, self.model
        x, y = self.inputs(), tf.constant(self.sample.y)
        with tf.GradientTape() as tape:
            loss = model.compute_loss(x=x, y=y, y_pred=model(x, training=False))
        found: dict[str, float] = {}
        kernels = self.kernels()
        given = tape.gradient(loss, [tensor_of(kernel) for kernel in kernels.values()]) if kernels else []
        for name, gradient in zip(kernels, given):
            if gradient is not None:
                gradient = tf.convert_to_tensor(gradient)
                found[name] = float(tf.norm(gradient)) / max(float(np.sqrt(gradient.shape.num_elements())), 1.0)
        return float(loss), found

    def kernels(self) -> dict[str, Any]:
        """The first trainable matrix of each layer, by the number of its step."""
        found: dict[str, Any] = {}
        for step, layer in self.built.layers.items():
            for variable in layer.trainable_variables:
                if len(variable.shape) >= 2 and str(step) not in found:
                    found[str(step)] = variable
        return found

    def train(self) -> Iterator[list[float]]:
        """Yields the losses of the steps up to each of `MARKS`, and of all that are left at the end."""
        rows, batch = len(self.sample.y), min(self.one["run"]["batch"], len(self.sample.y))
        seed_everything(self.keras, self._seed, 1)
        tf, steps = self.tf, self.one["run"]["steps"]
        parts, y = [tf.constant(part) for part in self.sample.x], tf.constant(self.sample.y)
        ends = [mark for mark in MARKS if mark < steps] + [steps]
        for start, end in zip([0, *ends], ends):
            losses = self._run(parts, y, tf.constant(rows // batch), tf.constant(start), tf.constant(end))
            yield [float(loss) for loss in losses.numpy()]

    def _steps(self, parts: Any, y: Any, batches: Any, first: Any, end: Any) -> Any:
        tf, model, batch = self.tf, self.model, self.one["run"]["batch"]

        def step(number: Any, losses: Any) -> Any:
            start = (number % batches) * batch
            part = [one[start : start + batch] for one in parts]
            wanted = y[start : start + batch]
            x = part if len(part) > 1 else part[0]
            with tf.GradientTape() as tape:
                loss = model.compute_loss(x=x, y=wanted, y_pred=model(x, training=True))
            gradients = tape.gradient(loss, model.trainable_variables)
            pairs = [pair for pair in zip(gradients, model.trainable_variables) if pair[0] is not None]
            if pairs:
                model.optimizer.apply_gradients(pairs)
            return number + 1, losses.write(number - first, tf.cast(loss, "float32"))

        start = (first, tf.TensorArray("float32", end - first))
        return tf.while_loop(lambda number, _: number < end, step, start, parallel_iterations=1)[1].stack()
