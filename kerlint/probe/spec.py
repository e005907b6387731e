"""From the facts of a program to the description of a training, without a line of the program itself.

What is not known is chosen small and named among the assumptions; what cannot be rebuilt is refused.
"""

from __future__ import annotations

from kerlint.experiment import Experiment, Plain
from kerlint.library.contracts import read_loss
from kerlint.library.optimizers import read_optimizer
from kerlint.library.weights import weights_inside
from kerlint.probe.data import Data, read_data
from kerlint.probe.description import LOSSES, METRICS, OPTIMIZERS, Description, Job, Made
from kerlint.probe.literal import Literals, Refused
from kerlint.probe.repairs import Index, repaired
from kerlint.probe.shrinking import MAX_PARAMETERS, shrink
from kerlint.probe.steps import Steps
from kerlint.program.facts import (
    ApplyGradients,
    Argmax,
    Compile,
    Event,
    Fit,
    Forward,
    LossCall,
    Program,
    Truncation,
    Use,
)
from kerlint.program.graph import Snapshot
from kerlint.program.values import Const, Model, Object, Value

#: Seeds of a verdict: two decide, the third is asked where they leave it open.
SEEDS = [1, 2, 3]
#: Symptoms that show in a model that is made for the purpose, however large the program's own is.
ROWS, STEPS, MAX_BATCH = 256, 150, 64


def experiment_for(program: Program, experiment: Experiment) -> Job | str:
    """What the worker is to do; a text says why it cannot be done. Never fails."""
    try:
        return job_of(program, experiment)
    except Refused as refused:
        return str(refused)
    except Exception as error:  # noqa: BLE001 - a fault of the probe costs a verdict, not a finding
        return f"the experiment could not be prepared: {type(error).__name__}: {error}"


def job_of(program: Program, experiment: Experiment) -> Job:
    """What the worker is to do.

    Raises:
        Refused: the training cannot be rebuilt from the facts.
    """
    from kerlint.probe.operations import KINDS, own_models

    reader = _Reader(program, experiment.event)
    kind = KINDS.get(experiment.symptom, "train")
    found = own_models(experiment) if kind != "train" else None
    if found is not None:
        original, changed, assumptions = found
        return _job(experiment, kind, original, changed, [], assumptions)
    original, index = reader.description()
    changed = repaired(original, index, experiment.repair)
    at = [step for one in experiment.at for step in index.steps(one)]
    original, changed = shrink(original, changed, reader.assumptions)
    return _job(experiment, kind, original, changed, at, reader.assumptions)


def _job(
    experiment: Experiment,
    kind: str,
    original: Description,
    changed: Description,
    at: list[int],
    assumptions: list[str],
) -> Job:
    return {
        "symptom": experiment.symptom,
        "kind": kind,
        "original": original,
        "repaired": changed,
        "at": at,
        "details": dict(experiment.details),
        "seeds": list(SEEDS),
        "assumptions": list(dict.fromkeys(assumptions)),
    }


class _Reader:
    """Reads the training that one event belongs to."""

    def __init__(self, program: Program, event: Event) -> None:
        self.program = program
        self.event = event
        self.assumptions: list[str] = []
        self.compile = _compile_of(event)
        self.fit = _fit_of(program, event, self.compile)

    def description(self) -> tuple[Description, Index]:
        """The description, and where the facts are found in it."""
        model, snapshot = self._model()
        self._refuse_what_is_too_large(model)
        literals = Literals()
        loss = self._loss(literals)
        data: Data = read_data(self.fit, self._target(), snapshot.graph, loss["type"], self.assumptions)
        steps = Steps(snapshot.graph, self.compile, data.shapes, literals, self.assumptions)
        output = steps.only_output()
        shape, activation = steps.shape(output), steps.activation(output)
        y = data.targets(loss, shape, activation)
        run = {"rows": ROWS, "batch": min(data.batch, MAX_BATCH), "steps": STEPS}
        made: Description = {
            "steps": steps.made,
            "output": output,
            "optimizer": self._optimizer(literals),
            "loss": loss,
            "metrics": self._metrics(literals),
            "x": data.inputs(steps.starts),
            "y": y,
            "run": run,  # type: ignore[typeddict-item]
        }
        return made, steps.index

    def _model(self) -> tuple[Model | None, Snapshot]:
        event = self.fit or self.event
        if isinstance(event, (Compile, Fit, Forward)):
            return event.model, event.snapshot
        if isinstance(event, (LossCall, ApplyGradients, Argmax, Truncation)) and event.snapshot is not None:
            return getattr(event, "model", None), event.snapshot
        if isinstance(event, Use) and event.compile is not None:
            return event.model, event.compile.snapshot
        raise Refused("the model is not known")

    def _refuse_what_is_too_large(self, model: Model | None) -> None:
        total = weights_inside(model).total if model is not None else None
        if total is not None and total > 20 * MAX_PARAMETERS:
            # It is shrunk in any case; this only says so.
            self.assumptions.append(f"the model of {total:,} weights is made smaller")

    def _loss(self, literals: Literals) -> Made:
        value: Value | None = None
        if self.compile is not None:
            value = self.compile.loss
        elif isinstance(self.event, LossCall):
            value = self.event.loss
        else:
            value = next((call.loss for call in self.program.all(LossCall)), None)
        loss = read_loss(value)
        if loss is None or loss.function not in LOSSES:
            raise Refused("the loss is not known")
        assert isinstance(value, Object)
        config: dict[str, Plain] = {}
        if "identifier" not in value.state:
            config = literals.config(value, {"reduction", "ignore_class"})
        return {"type": loss.function, "config": config}

    def _target(self) -> Value | None:
        return self.event.target if isinstance(self.event, LossCall) else None

    def _optimizer(self, literals: Literals) -> Made:
        event: Compile | ApplyGradients | None = self.compile
        if event is None:
            given = self.event if isinstance(self.event, ApplyGradients) else None
            event = given or next(self.program.all(ApplyGradients), None)
        found = read_optimizer(event.optimizer, event) if event is not None else None
        if found is None or found.name not in OPTIMIZERS:
            self.assumptions.append("the optimizer is not known: Adam is taken")
            return {"type": "Adam", "config": {}}
        try:
            return {"type": found.name, "config": _renamed(literals.config(found.value))}
        except Refused as refused:
            self.assumptions.append(f"{refused}: the default is taken")
            config: dict[str, Plain] = {} if found.rate is None else {"learning_rate": found.rate}
            return {"type": found.name, "config": config}

    def _metrics(self, literals: Literals) -> list[Made]:
        made: list[Made] = []
        for metric in (self.compile.metrics or ()) if self.compile is not None else ():
            if isinstance(metric, Object) and metric.short in METRICS:
                config = literals.config(metric) if "identifier" not in metric.state else {}
                made.append({"type": metric.short, "config": config})
            elif isinstance(metric, Const) and metric.value in ("accuracy", "acc"):
                made.append({"type": "Accuracy", "config": {"chosen": True}})
        return made


def _renamed(config: dict[str, Plain]) -> dict[str, Plain]:
    """Arguments as Keras 3 calls them."""
    return {"learning_rate" if name in ("lr", "0") else name: value for name, value in config.items()}


def _compile_of(event: Event) -> Compile | None:
    if isinstance(event, Compile):
        return event
    return event.compile if isinstance(event, (Fit, Use)) else None


def _fit_of(program: Program, event: Event, compiled: Compile | None) -> Fit | None:
    if isinstance(event, Fit):
        return event
    fits = program.fits_of(compiled) if compiled is not None else []
    return fits[0] if fits else None

