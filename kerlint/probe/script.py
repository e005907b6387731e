"""An experiment as a Keras script that a person can read, run and change."""

from __future__ import annotations

import ast
import copy
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from kerlint.experiment import Plain
from kerlint.finding import Finding
from kerlint.probe.description import Description, Job, Step
from kerlint.probe.lab.backend import named_for, needs_seed
from kerlint.report import FileReport, Report
from kerlint.writing import leads_out, write_report

#: What a script takes from the laboratory, in the order in which it needs it.
_LAB = ("lab/backend.py", "lab/data.py", "lab/build.py", "lab/train.py", "lab/measure.py")
_OPERATIONS = ("lab/operations.py", "lab/pipelines.py")
_JUDGES = ("opinions.py", "learning.py", "inside.py", "operating.py")
_PLACES = {
    "initializers": """Zeros Ones Constant Identity RandomNormal TruncatedNormal RandomUniform GlorotNormal
    GlorotUniform HeNormal HeUniform LecunNormal LecunUniform Orthogonal VarianceScaling""",
    "regularizers": "L1 L2 L1L2 OrthogonalRegularizer",
    "constraints": "MaxNorm NonNeg UnitNorm MinMaxNorm",
}
_HEAD = '''\
"""{title}

An experiment of kerlint about {place}: the model of the program against one in which only the flagged thing is put
right. It needs {needs}.
It prints what was measured and the verdict.
{assumed}
"""

from __future__ import annotations

import copy
import importlib
import json
import math
import os
import random
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

os.environ.update(CUDA_VISIBLE_DEVICES="-1", TF_CPP_MIN_LOG_LEVEL="3", KERAS_BACKEND="tensorflow")
os.environ["TF_ENABLE_ONEDNN_OPTS"] = "0"

{imports}

tf.config.threading.set_intra_op_parallelism_threads(1)
tf.config.threading.set_inter_op_parallelism_threads(1)
tf.config.experimental.enable_op_determinism()
tf.random.set_seed(0)

#: What the parts of a description are to a reader of this file: plain objects.
Description = Input = Job = Made = Step = Targets = Any
'''
#: What a script for Keras 3 needs, and one for Keras 2.
_NEEDS = ("TensorFlow with Keras 3", "TensorFlow with Keras 2: the package tf_keras, or TensorFlow 2.15")
_IMPORTS = (
    """\
import keras
import numpy as np
import tensorflow as tf

if int(keras.__version__.partition(".")[0]) < 3:
    raise SystemExit(f"this experiment needs Keras 3, not {keras.__version__}")""",
    """\
import numpy as np
import tensorflow as tf

try:
    import tf_keras as keras
except ImportError:
    import keras

if int(keras.__version__.partition(".")[0]) >= 3:
    raise SystemExit(f"this experiment needs Keras 2, not {keras.__version__}; with tf_keras it runs, too")""",
)
_TAIL = """\

if __name__ == "__main__":
    measured = {{name: rounded({run}(tf, keras, JOB, name)) for name in ("original", "repaired")}}
    for name, runs in measured.items():
        for seed, numbers in zip(JOB["seeds"], runs):
            print(f"{{name}}, seed {{seed}}: {{json.dumps(numbers)}}")
    opinion = judge(JOB, measured["original"], measured["repaired"])
    print(f"{{opinion.verdict}}. {{opinion.text}}")
"""


def write_scripts(report: Report, target: str) -> Iterator[str]:
    """Writes a script for each experiment and yields the paths.

    Args:
        target: a directory; or a name that ends in `.py`, of which further scripts get a number.

    Raises:
        OSError: they cannot be written, or would be through a link that leads out of the project.
    """
    found = [
        (file, finding)
        for file in report.files
        for finding in file.findings
        if finding.experiment is not None and not isinstance(finding.experiment, str)
    ]
    base = Path(target)
    if base.suffix != ".py":
        if leads_out(target):
            raise OSError("it is a link that leads out of the project")
        base.mkdir(parents=True, exist_ok=True)
    taken: set[Path] = set()
    for file, finding in found:
        stem = re.sub(r"\W+", "_", Path(file.filename).stem)
        name = f"{stem}-{finding.code}-{finding.span.start_line}"
        path = base if base.suffix == ".py" else base / f"{name}.py"
        count = 1
        while path in taken:
            count += 1
            path = path.with_name(f"{base.stem if base.suffix == '.py' else name}-{count}.py")
        taken.add(path)
        write_report(str(path), script(file, finding).encode("utf-8"))
        yield str(path)


def script(file: FileReport, finding: Finding) -> str:
    """The text of the script for a finding with an experiment."""
    job = _as_run(finding)
    assumed = "".join(f"\nAssumed: {text}." for text in job["assumptions"])
    place = f"{finding.code} at line {finding.span.start_line} of {Path(file.filename).name}"
    old = _is_old(finding, job)
    words = {"title": finding.message, "place": place, "assumed": assumed, "needs": _NEEDS[old]}
    parts = [_HEAD.format(imports=_IMPORTS[old], **{name: _quoted(text) for name, text in words.items()})]
    trains = job["kind"] == "train"
    if trains:
        parts += [_model("original", job["original"], old), _model("repaired", job["repaired"], old)]
    parts.append(_job(job))
    parts += [_source(name) for name in (*_LAB, *(() if trains else _OPERATIONS), *_JUDGES)]
    parts.append(_source("verdicts.py"))
    if trains:
        parts.append(_BUILD)
    return "\n\n".join(parts) + "\n" + _TAIL.format(run="run" if trains else "answer")


def _job(job: Job) -> str:
    """The data and the training, as JSON."""
    lines = ",\n".join(f"{_json(name)}: {_json(value)}" for name, value in job.items())
    return f"#: Data and training of both; the models once more.\nJOB: Any = json.loads(r'''{{\n{lines}\n}}''')"


def _json(value: object) -> str:
    """JSON that cannot end the string that it stands in: texts come from the linted program."""
    return json.dumps(value).replace("'", "\\u0027")


#: Takes the place of the laboratory's function that builds from a description: the models stand above.
_BUILD = '''\
def build(keras: Any, one: Any, seed: int) -> Built:
    """The model of a description, as it is written above; one with changes from the description."""
    for name, make in (("original", original), ("repaired", repaired)):
        if one == JOB[name]:
            tensors, layers = make(seed)
            starts = [tensors[step["id"]] for step in one["steps"] if step["type"] == "Input"]
            model = keras.Model(starts if len(starts) > 1 else starts[0], tensors[one["output"]])
            return Built(model, tensors, layers)
    return build_description(keras, one, seed)
'''


def _as_run(finding: Finding) -> Job:
    """The job with the seeds and the number of steps that decided."""
    job: Job = copy.deepcopy(finding.experiment)  # type: ignore[assignment]
    evidence = finding.probe.evidence if finding.probe is not None else {}
    seeds, steps = evidence.get("seeds"), evidence.get("steps")
    if isinstance(seeds, list) and isinstance(steps, list):
        job["seeds"] = seeds
        job["original"]["run"]["steps"], job["repaired"]["run"]["steps"] = steps
    return job


def _is_old(finding: Finding, job: Job) -> bool:
    """Whether it is an experiment with Keras 2: it was run with that, or the program is for it."""
    ran = finding.probe.evidence.get("versions") if finding.probe is not None else None
    if isinstance(ran, Mapping) and ran:
        return "tf_keras" in ran or str(ran.get("keras")).startswith("2.")
    return job["keras"]["major"] < 3


def _source(name: str) -> str:
    """A module of the laboratory without its imports and its docstring."""
    text = (Path(__file__).parent / name).read_text(encoding="utf-8")
    tree = ast.parse(text)
    lines = text.splitlines()
    for node in tree.body:
        is_docstring = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        if isinstance(node, (ast.Import, ast.ImportFrom)) or is_docstring or _is_export(node):
            for number in range(node.lineno - 1, node.end_lineno or node.lineno):
                lines[number] = ""
    body = re.sub(r"\n{4,}", "\n\n\n", "\n".join(lines)).strip()
    if name == "lab/build.py":
        losses = "LOSSES = " + repr(_losses())
        body = losses + "\n\n\n" + body.replace("def build(keras", "def build_description(keras")
    return body


def _is_export(node: ast.stmt) -> bool:
    return isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id == "__all__"


def _losses() -> dict[str, str]:
    from kerlint.probe.description import LOSSES

    return LOSSES


def _model(name: str, one: Description, old: bool) -> str:
    """A function with the model as Keras code."""
    lines = [f"def {name}(seed: int) -> tuple[dict[int, Any], dict[int, Any]]:"]
    lines.append(f'    """The model{"" if name == "original" else " with the flagged thing put right"}."""')
    lines.append("    tensors: dict[int, Any] = {}")
    lines.append("    layers: dict[int, Any] = {}")
    shared: set[int] = set()
    made: dict[int, int] = {}
    data = iter(one["x"])
    for step in one["steps"]:
        number = step["id"]
        lines.append(f"    seed_everything(keras, seed, {number})")
        if step["type"] == "Input":
            dtype = "int32" if next(data)["vocabulary"] else "float32"
            lines.append(f"    tensors[{number}] = keras.Input({_code(step['config']['shape'], old)}, dtype={dtype!r})")
            continue
        if step["layer"] not in made:
            made[step["layer"]] = number
            lines += [f"    {line}" for line in _shared(step["config"], shared, old)]
            lines.append(
                f"    layers[{number}] = keras.layers.{step['type']}({_arguments(step['type'], step['config'], old)})"
            )
        else:
            lines.append(f"    layers[{number}] = layers[{made[step['layer']]}]")
        lines.append(f"    tensors[{number}] = layers[{number}]({_given(step)})")
        lines += [f"    layers[{number}].trainable = False"] * (not step["trainable"])
    lines.append("    return tensors, layers")
    return "\n".join(lines) + "\n"


def _given(step: Step) -> str:
    """What a layer is called on."""
    tensors = [f"tensors[{source}]" for source in step["inputs"]]
    if step["type"] in ("MultiHeadAttention", "Attention", "AdditiveAttention"):
        tensors = (tensors if len(tensors) > 1 else tensors * 2)[:2]
        return ", ".join(tensors) if step["type"] == "MultiHeadAttention" else f"[{', '.join(tensors)}]"
    given = f"[{', '.join(tensors)}]" if len(tensors) > 1 else tensors[0]
    return ", ".join([given, *(f"{name}={value!r}" for name, value in step["call"].items())])


def _shared(config: dict[str, Plain], known: set[int], old: bool) -> Iterator[str]:
    """Lines that make the objects which several layers share."""
    for value in config.values():
        if isinstance(value, dict) and isinstance(value.get("shared"), int):
            key = value["shared"]
            assert isinstance(key, int)
            if key not in known:
                known.add(key)
                yield f"part_{key} = {_made(value, old)}"
        elif isinstance(value, dict) and isinstance(value.get("config"), dict):
            yield from _shared(value["config"], known, old)  # type: ignore[arg-type]


def _arguments(kind: str, config: dict[str, Plain], old: bool) -> str:
    """The arguments of a layer or of a part of one, as Keras 2 takes them if `old`."""
    named = named_for(kind, config, old)
    written = [f"{name}={_code(value, old)}" for name, value in named.items()]
    if old and needs_seed(kind, named):
        written.append("seed=random.randint(1, 10**9)")
    return ", ".join(written)


def _code(value: Plain, old: bool) -> str:
    if isinstance(value, list):
        return "(" + "".join(f"{_code(item, old)}, " for item in value).rstrip() + ")" if value else "()"
    if isinstance(value, dict) and "type" in value:
        return f"part_{value['shared']}" if isinstance(value.get("shared"), int) else _made(value, old)
    return repr(value)


def _made(value: dict[str, Plain], old: bool) -> str:
    kind, config = str(value["type"]), value["config"]
    assert isinstance(config, dict)
    place = next((place for place, names in _PLACES.items() if kind in names.split()), "layers")
    return f"keras.{place}.{kind}({_arguments(kind, config, old)})"


def _quoted(text: str) -> str:
    """The text as it may stand in a docstring."""
    return text.replace("\\", "\\\\").replace('"""', "'''")
