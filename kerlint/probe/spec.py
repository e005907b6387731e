"""From the facts of a program to the description of a training, without a line of the program itself.

What is not known is chosen small and named among the assumptions; what cannot be rebuilt is refused.
"""

from __future__ import annotations

from kerlint.experiment import Change, Experiment, Plain
from kerlint.library.contracts import read_loss
from kerlint.library.graphs import graph_of
from kerlint.library.metrics import CHOSEN, metrics_of
from kerlint.library.optimizers import read_optimizer
from kerlint.probe.data import Data, by_loss, known_row, read_data
from kerlint.probe.description import LOSSES, METRICS, OPTIMIZERS, Description, Job, Made, Targets, Wanted
from kerlint.probe.literal import Literals, Refused
from kerlint.probe.operations import KINDS, tiny
from kerlint.probe.outputs import Output, chosen
from kerlint.probe.repairs import Index, repaired, standardise
from kerlint.probe.shrinking import MAX_WORK, MUCH_WORK, shrink, work_of
from kerlint.probe.steps import Steps
from kerlint.program.events import ApplyGradients, Compile, Event, Fit, Forward, LossCall, Mismatch, Use
from kerlint.program.facts import Program
from kerlint.program.graph import Graph, Node, Snapshot
from kerlint.program.target import Target
from kerlint.program.values import Object, Shape, Tensor, Value

#: Seeds of a verdict: two decide, the third is asked where they leave it open.
SEEDS = [1, 2, 3]
#: Symptoms that depend on the size of the data. For all others it could only hide what they are about.
ABOUT_DATA = frozenset({"scale", "range", "raises"})
#: Rows, batch, and the steps that are always taken, of a model that takes long.
HEAVY_ROWS, HEAVY_BATCH, HEAVY_STEPS = 96, 16, 60
#: Rows that are enough to see an error; those of a model in its own size that takes very long.
FEW_ROWS, FEWEST = 5, 2
#: Rows of data, steps of training (as a rule, and at most), rows in a batch.
ROWS, STEPS, MAX_STEPS, MAX_BATCH = 256, 200, 2000, 64


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
    kind = KINDS.get(experiment.symptom, "train")
    if kind not in ("train", "metric"):
        return _job(program, experiment, kind, tiny(), tiny(), [], [])
    reader = _Reader(program, experiment)
    wanted = experiment.details.get("metric")
    reader.metric = wanted if isinstance(wanted, str) else None
    original, index, fitting = reader.description()
    if experiment.symptom != "raises":
        reader.settle_inputs(original)
        reader.settle_labels(original, fitting, experiment)
    if experiment.symptom not in ABOUT_DATA and standardise(original):
        reader.assumptions.append("large inputs and targets are standardised")
    exact = experiment.symptom == "raises"
    if original["run"]["steps"]:
        original["run"]["steps"] = 2 if exact else _steps(experiment)
    if exact:
        original["run"] |= {"rows": FEW_ROWS, "batch": FEW_ROWS}
    original = repaired(original, index, experiment.setting, fitting)
    changed = repaired(original, index, reader.changes(index), fitting)
    at = [step for one in experiment.at if reader.concerns(index, one) for step in index.steps(one)]
    if kind == "train":
        original, changed = shrink(original, changed, reader.assumptions, exact=exact)
        _shorten(original, changed)
    else:
        # A metric is asked about answers that are made up: the model is not needed.
        for one in (original, changed):
            one["steps"], one["output"] = tiny()["steps"], tiny()["output"]
            one["x"] = one["x"][:1] if one["y"]["kind"] == "same" else tiny()["x"]
    return _job(program, experiment, kind, original, changed, at, reader.assumptions)


def _job(
    program: Program,
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
        "heavy": max(work_of(original), work_of(changed)) > MAX_WORK,
        "keras": _wanted(program.target),
    }


def _wanted(target: Target) -> Wanted:
    return {"major": target.keras, "minor": target.minor, "known": target.known}


def _alike(left: list[int], right: list[int]) -> bool:
    """Whether two shapes of rows are the same but for a last axis of 1."""
    return left == right or [*left, 1] == right or left == [*right, 1]


def _shorten(*variants: Description) -> None:
    """Gives heavy models smaller batches and fewer steps, so that they take seconds rather than minutes."""
    work = max(map(work_of, variants))
    for one in variants if work > 10 * MAX_WORK else ():
        run = one["run"]
        run["rows"] = min(run["rows"], HEAVY_ROWS if work <= MUCH_WORK else FEWEST)
        run["batch"] = min(run["batch"], HEAVY_BATCH, run["rows"])
        run["steps"] = max(min(run["steps"], HEAVY_STEPS), run["steps"] * 10 * MAX_WORK // work)


def _steps(experiment: Experiment) -> int:
    """How long the symptom takes to show."""
    wanted = experiment.details.get("steps", STEPS)
    return max(1, min(wanted, MAX_STEPS)) if isinstance(wanted, int) else STEPS


class _Reader:
    """Reads the training that one event belongs to."""

    def __init__(self, program: Program, experiment: Experiment) -> None:
        event = experiment.event
        self.program = program
        self.experiment = experiment
        self.event = event
        self.assumptions: list[str] = []
        #: The metric in question, `chosen` for one that Keras chooses.
        self.metric: str | None = None
        self.compile = _compile_of(event)
        self.fit = None if isinstance(event, Use) else _fit_of(program, event, self.compile)
        self.call: Fit | Use | None = self.fit or _evaluation_of(program, event, self.compile)
        self.output: Output | None = None
        #: Whether all sizes of the output are known.
        self.is_certain = False

    def description(self) -> tuple[Description, Index, Targets]:
        """The description, where the facts are found in it, and targets that fit its output and its loss."""
        graph = self._graph()
        literals = Literals()
        chosen_one = self.output = chosen(graph, self.experiment)
        if isinstance(self.event, Mismatch):
            return self._broken(graph, literals)
        data = read_data(self.call, self._target(), self.assumptions, chosen_one.part)
        data.keep(chosen_one.places(graph))
        steps = Steps(chosen_one.kept(graph), self.compile, data.shapes, literals, self.assumptions)
        output = steps.number(chosen_one.node)
        if chosen_one.count > 1:
            self.assumptions.append(f"of {chosen_one.count} outputs number {chosen_one.index + 1} is trained alone")
        shape, activation = steps.shape(output), steps.activation(output)
        self.is_certain = shape is not None and None not in shape[1:]
        loss = self._loss(literals, shape, activation)
        y = data.targets(loss, shape, activation)
        fitting = by_loss(loss["type"], known_row(shape), activation)
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
        return made, steps.index, fitting

    def concerns(self, index: Index, what: Node | Object) -> bool:
        """Whether a layer is to be looked at: in a model with several outputs those of the others are not there."""
        return self.output is None or self.output.count == 1 or index.has(what)

    def changes(self, index: Index) -> list[Change]:
        """What is put right."""
        found = [one for one in self.experiment.repair if isinstance(one.what, str) or self.concerns(index, one.what)]
        if self.experiment.repair and not found:
            raise Refused("the layer in question is not part of the model")
        return found

    def _broken(self, graph: Graph, literals: Literals) -> tuple[Description, Index, Targets]:
        """A model up to the layer that does not take its input. It raises before there is a loss."""
        steps = Steps(graph.nodes, None, [], literals, self.assumptions)
        assert self.output is not None
        y: Targets = {"kind": "numbers", "shape": [1], "classes": 0, "low": None, "high": None}
        made: Description = {
            "steps": steps.made,
            "output": steps.number(self.output.node),
            "optimizer": {"type": "SGD", "config": {}},
            "loss": {"type": "mean_squared_error", "config": {}},
            "metrics": [],
            "x": Data([], None, 4, self.assumptions).inputs(steps.starts),
            "y": y,
            "run": {"rows": 4, "batch": 4, "steps": 0},
        }
        return made, steps.index, y

    def settle_labels(self, made: Description, fitting: Targets, experiment: Experiment) -> None:
        """Gives the loss labels in the encoding that it reads, where that is another finding's matter."""
        loss, kind = made["loss"]["type"], made["y"]["kind"]
        if any(change.what in ("loss", "y") for change in experiment.repair):
            return
        wrong = {"categorical_crossentropy": "classes", "sparse_categorical_crossentropy": "onehot"}.get(loss)
        if kind == wrong:
            made["y"] = fitting
            self.assumptions.append("the labels are in the encoding that the loss reads")
        elif kind != "same" and self.is_certain and not _alike(made["y"]["shape"], fitting["shape"]):
            made["y"] = fitting
            self.assumptions.append("the targets have the shape of the output")

    @staticmethod
    def settle_inputs(made: Description) -> None:
        """Gives the model data of the shape that it declares."""
        starts = [step for step in made["steps"] if step["type"] == "Input"]
        for step, data in zip(starts, made["x"]):
            data["shape"] = list(step["config"]["shape"])  # type: ignore[arg-type]

    def _graph(self) -> Graph:
        event = self.fit or self.event
        if isinstance(event, Graph):
            return event
        if isinstance(event, Mismatch):
            return Snapshot(Tensor(event.op)).graph
        if isinstance(event, (Compile, Fit, Forward)):
            return event.snapshot.graph
        if isinstance(event, (LossCall, ApplyGradients)) and event.snapshot is not None:
            return event.snapshot.graph
        graph = graph_of(event.model) if isinstance(event, Use) else None
        if graph is None:
            raise Refused("the model is not known")
        return graph

    def _loss(self, literals: Literals, output: Shape, activation: str) -> Made:
        value: Value | None = None
        if self.compile is not None:
            assert self.output is not None
            value = self.output.loss(self.compile.loss)
        elif isinstance(self.event, LossCall):
            value = self.event.loss
        else:
            value = next((call.loss for call in self.program.all(LossCall)), None)
        loss = read_loss(value)
        if loss is None or loss.function not in LOSSES:
            # What a loss of the program's own computes is not known; that it fits the output is.
            width = (output or (None,))[-1] or 1
            name = {"softmax": "categorical_crossentropy", "sigmoid": "binary_crossentropy"}.get(activation, "")
            name = name if name and (width > 1 or activation == "sigmoid") else "mean_squared_error"
            self.assumptions.append(f"the loss is {name}")
            return {"type": name, "config": {}}
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
            if any(change.what == "optimizer" for change in self.experiment.repair):
                # With another optimizer it would be another experiment.
                raise Refused("the optimizer is not known" if found is None else f"{found.name} is not tried out")
            self.assumptions.append("the optimizer is not known: Adam is taken")
            return {"type": "Adam", "config": {}}
        try:
            return {"type": found.name, "config": self._renamed(literals.config(found.value))}
        except Refused as refused:
            self.assumptions.append(f"{refused}: the default is taken")
            config: dict[str, Plain] = {} if found.rate is None else {"learning_rate": found.rate}
            return {"type": found.name, "config": config}

    def _metrics(self, literals: Literals) -> list[Made]:
        """The metric that the experiment is about, if it is about one."""
        wanted = self.metric
        for metric in metrics_of(self.compile) if self.compile is not None and wanted is not None else ():
            if metric.kind == CHOSEN and wanted == "chosen":
                return [{"type": "Accuracy", "config": {"chosen": True}}]
            if metric.kind in METRICS and metric.kind == wanted:
                given = metric.value
                plain = isinstance(given, Object) and given.short == metric.kind and "identifier" not in given.state
                return [{"type": metric.kind, "config": literals.config(given) if plain else {}}]  # type: ignore[arg-type]
        if wanted is not None:
            raise Refused("the metric cannot be rebuilt")
        return []

    def _renamed(self, config: dict[str, Plain]) -> dict[str, Plain]:
        """Arguments as Keras 3 takes them: it wants a float for a rate."""
        made = {"learning_rate" if name in ("lr", "0") else name: value for name, value in config.items()}
        if type(made.get("learning_rate")) is int:
            made["learning_rate"] = float(made["learning_rate"])  # type: ignore[arg-type]
            self.assumptions.append("the rate is written as a float")
        return made


def _compile_of(event: Event | Graph) -> Compile | None:
    if isinstance(event, Compile):
        return event
    return event.compile if isinstance(event, (Fit, Use)) else None


def _evaluation_of(program: Program, event: Event | Graph, compiled: Compile | None) -> Use | None:
    """The call for an evaluation or a prediction, where there is none for a training."""
    if isinstance(event, Use):
        return event
    uses = (use for use in program.all(Use) if compiled is not None and use.compile is compiled)
    return next((use for use in uses if use.method == "evaluate"), None)


def _fit_of(program: Program, event: Event | Graph, compiled: Compile | None) -> Fit | None:
    if isinstance(event, Fit):
        return event
    fits = program.fits_of(compiled) if compiled is not None else []
    return fits[0] if fits else None
