"""Fixes of all rules: on their examples, their further programs and the fixtures."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from kerlint import engine
from kerlint.finding import Finding, Safety
from kerlint.fixer import fix_bytes
from kerlint.report import FileReport
from kerlint.rules import all_rules
from kerlint.rules.base import Rule
from kerlint.rules.documentation import page_of
from kerlint.source import read_source, syntax_error

RULES = [rule for rule in all_rules() if rule.fix is not None]
FIXTURES = sorted((Path(__file__).parent.parent / "fixtures").rglob("*.*"))

#: Rules whose page shows another way out than the fix takes, or whose example has no fix.
OTHERWISE = {
    "KM003": "what predict_classes gave depends on the model",
    "KA005": "the variable that nobody reads any more stays",
    "KA021": "the variable that nobody reads any more stays",
    "KD008": "the example needs a decision about how to shuffle",
    "KE001": "the example lacks validation data",
    "KL005": "the example needs another output, too",
    "KL006": "the example needs another output, too",
    "KT002": "the page passes `training` on by hand, which Keras does by itself",
}

each = pytest.mark.parametrize("rule", RULES, ids=lambda rule: f"{rule.code}-{rule.name}")


def lint(data: bytes, filename: str = "train.py", **settings: object) -> FileReport:
    return engine.check_bytes(data, filename, engine.Settings(pedantic=True, **settings))  # type: ignore[arg-type]


def fixed(text: str, rule: type[Rule]) -> str:
    outcome = fix_bytes(text.encode(), partial(lint, select=(rule.code,)), lint, unsafe=True)
    return outcome.data.decode()


def unmarked(text: str) -> str:
    return re.sub(r"[ \t]*#[ \t]*K[A-Z]\d{3}.*$", "", text, flags=re.MULTILINE)


def programs(rule: type[Rule]) -> Iterator[str]:
    yield page_of(rule).example
    yield from map(textwrap.dedent, rule.bad)


def test_there_are_many() -> None:
    assert len(RULES) >= 25


@each
def test_example_and_fix_make_use_instead(rule: type[Rule]) -> None:
    page = page_of(rule)
    result = unmarked(fixed(page.example, rule))
    if rule.code in OTHERWISE:
        assert result != unmarked(page.use_instead), f"{rule.code} need not be in OTHERWISE"
    else:
        assert result == unmarked(page.use_instead)


@each
def test_each_fix_keeps_its_promises(rule: type[Rule]) -> None:
    """The result parses, the finding is gone, nothing new is there, and a second run changes nothing."""
    count = 0
    for text in programs(rule):
        before = lint(text.encode()).findings
        offered = [finding for finding in before if finding.code == rule.code and finding.fix is not None]
        if not offered:
            continue
        result = fixed(text, rule)
        after = lint(result.encode()).findings
        assert syntax_error(result) is None
        assert codes(after) <= codes(before)
        assert count_of(rule, after) < count_of(rule, before) or result == text
        count += count_of(rule, after) < count_of(rule, before)
        assert fixed(result, rule) == result
    assert count, "no program of the rule shows its fix"


@each
def test_the_page_tells_the_safety(rule: type[Rule]) -> None:
    assert rule.fix is not None
    assert f"fix: {rule.fix.value}" in page_of(rule).markdown()
    found = [finding.fix.safety for text in programs(rule) for finding in offers(text, rule) if finding.fix]
    # A rule that says that its fixes are safe may have others; one that says the opposite may not.
    assert rule.fix in found
    assert rule.fix is Safety.SAFE or Safety.SAFE not in found or rule.code == "KE001"


def test_only_rules_with_a_fix_offer_one() -> None:
    for rule in all_rules():
        if rule.fix is None:
            for text in programs(rule):
                assert not any(finding.fix for finding in offers(text, rule)), rule.code


@pytest.mark.parametrize("path", [path for path in FIXTURES if path.suffix in (".py", ".ipynb")], ids=lambda p: p.name)
def test_fixtures(path: Path) -> None:
    data = path.read_bytes()
    check = partial(lint, filename=path.name)
    before = check(data).findings
    outcome = fix_bytes(data, check, check, unsafe=True)
    if not any(finding.fix for finding in before):
        assert outcome.data == data
        return
    assert syntax_error(read_source(outcome.data, path.name).text) is None
    after = check(outcome.data).findings
    assert codes(after) <= codes(before)
    assert fix_bytes(outcome.data, check, check, unsafe=True).data == outcome.data


@pytest.mark.parametrize(
    ("code", "beginning"),
    [("KS020", "def dense"), ("KE020", "x = tf.linspace"), ("KD009", "load_x()")],
)
def test_what_would_change_other_things_or_help_nobody_is_not_offered(code: str, beginning: str) -> None:
    rule = next(rule for rule in RULES if rule.code == code)
    text = next(text for text in programs(rule) if beginning in text)
    assert [finding.fix for finding in offers(text, rule)] == [None]


def test_a_fix_keeps_the_way_an_optimizer_is_written() -> None:
    rule = next(rule for rule in RULES if rule.code == "KO013")
    text = next(text for text in programs(rule) if "momentum=0.0" in text)
    result = fixed(text, rule)
    assert 'model.compile(optimizers.Adam(learning_rate=1e-3), "mse")' in result
    assert "optimizers.Adam(learning_rate=0.001)" in fixed(text.replace("0.0005", "0.001"), rule)
    assert "optimizers.Adam(1e-3)" in fixed(text.replace("learning_rate=0.0005, momentum=0.0", ""), rule)


def test_an_input_begins_only_a_model() -> None:
    rule = next(rule for rule in RULES if rule.code == "KM021")
    text = next(text for text in programs(rule) if "parts = [" in text)
    result = fixed(text, rule)
    assert "model.add(keras.Input((4,)))\nmodel.add(keras.layers.Dense(8))  # KM021" in result
    assert result.count("keras.Input") == 1
    assert result.count("input_dim=8") == 2


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("data = made.batch(32).shuffle(1000)", "data = made.shuffle(1000).batch(32)"),
        ("data = made.batch(\n    32\n).shuffle(1000)", "data = made.shuffle(1000).batch(\n    32\n)"),
        ("data = (made\n    .batch(32)\n    .shuffle(1000))", "data = (made\n    .shuffle(1000)\n    .batch(32))"),
        ("data = made.batch(32).shuffle(10)", None),
        ("data = made.batch(32).cache().shuffle(1000)", None),
        ("data = made.batch(32)  # rows\ndata = data.shuffle(1000)", None),
    ],
)
def test_steps_of_a_chain_change_places(before: str, after: str | None) -> None:
    rule = next(rule for rule in RULES if rule.code == "KD021")
    start = "import keras\nimport tensorflow as tf\nmade = tf.data.Dataset.from_tensor_slices((load(), load()))\n"
    end = """
model = keras.Sequential([keras.layers.Dense(1)])
model.compile("adam", "mse")
model.fit(data, epochs=3)
"""
    assert offers(start + before + end, rule)
    assert fixed(start + before + end, rule) == start + (before if after is None else after) + end


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("'model'", "'model.keras'"),
        ("'out/net.hdf5.ckpt'", "'out/net.hdf5.keras'"),
        ("'v1.5'", "'v1.5.keras'"),
        ("folder + '/model'", None),
        ("'run-{n}'", None),
    ],
)
def test_names_get_their_ending(path: str, expected: str | None) -> None:
    rule = next(rule for rule in RULES if rule.code == "KM002")
    text = f"""\
import keras
folder = 'out'
model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
model.compile('adam', 'mse')
model.save({path})
"""
    assert offers(text, rule)
    assert fixed(text, rule) == text.replace(f"save({path})", f"save({expected or path})")


def test_a_list_with_a_name_stays_what_it_is() -> None:
    rule = next(rule for rule in RULES if rule.code == "KM021")
    text = "from keras import Sequential, layers\nparts = [layers.Dense(4, input_dim=8)]\nmodel = Sequential(parts)\n"
    assert offers(text, rule)
    assert fixed(text, rule) == text


def test_what_the_program_saves_is_loaded_under_the_same_name() -> None:
    rule = next(rule for rule in RULES if rule.code == "KM002")
    text = """\
import keras
model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
model.compile("adam", "mse")
model.save_weights("last.ckpt")
model.load_weights("last.ckpt")
model.load_weights("other.ckpt")
model.save("net")
again = keras.models.load_model("net")
"""
    expected = text.replace("last.ckpt", "last.weights.h5").replace('"net"', '"net.keras"')
    assert fixed(text, rule) == expected
    # The name comes from elsewhere.
    text = text.replace('model.save("net")', 'path = "net"\nmodel.save(path)')
    assert 'load_model("net")' in fixed(text, rule)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("[Dense(4, input_shape=(8,)), Dense(1)]", "[Input((8,)), Dense(4), Dense(1)]"),
        (
            "[Dense(4, input_shape=(8,)),\n                    Dense(1)]",
            "[Input((8,)),\n                    Dense(4),\n                    Dense(1)]",
        ),
        (
            "[\n    Dense(\n        4,\n        input_shape=(\n            8,\n        ),\n    ),\n    Dense(1),\n]",
            "[\n    Input((8,)),\n    Dense(\n        4,\n    ),\n    Dense(1),\n]",
        ),
        ("[\n\tDense(4, input_dim=n),\n\tDense(1),\n]", "[\n\tInput((n,)),\n\tDense(4),\n\tDense(1),\n]"),
    ],
)
def test_an_input_stands_as_the_other_layers_do(before: str, after: str) -> None:
    rule = next(rule for rule in RULES if rule.code == "KM021")
    start = "from keras import Input, Sequential\nfrom keras.layers import Dense\n"
    assert fixed(f"{start}model = Sequential({before})\n", rule) == f"{start}model = Sequential({after})\n"


@pytest.mark.parametrize(
    "call",
    [
        "Dense(\n        4,\n        # eight columns\n        input_shape=(8,),\n        activation='relu',\n    )",
        "Dense(\n        # eight columns\n        input_shape=(8,), units=4)",
        "Dense(4, input_shape=(8,))  # input_shape is that of the table\n   ",
        "Dense(  # input_shape: eight columns\n        4, input_shape=(8,))",
    ],
)
def test_no_comment_is_left_behind(call: str) -> None:
    """One that may be about the argument that goes."""
    rule = next(rule for rule in RULES if rule.code == "KM021")
    text = (
        f"from keras import Input, Sequential\nfrom keras.layers import Dense\nmodel = Sequential([\n    {call},\n])\n"
    )
    assert offers(text, rule)
    assert fixed(text, rule) == text
    # One about something else is no hindrance.
    other = text.replace("eight columns", "four units").replace("input_shape is that", "the number is that")
    other = other.replace("        # four units\n", "").replace("input_shape: four", "four")
    assert "input_shape" not in fixed(other, rule)


@pytest.mark.parametrize(("rate", "expected"), [("0.9", "0.1"), ("0.95", None), ("0.99", None), ("1.0", "0.5")])
def test_a_rate_is_turned_round_where_a_usual_one_comes_out(rate: str, expected: str | None) -> None:
    rule = next(rule for rule in RULES if rule.code == "KS002")
    text = f"""\
import keras
model = keras.Sequential([keras.Input((8,)), keras.layers.Dropout({rate}), keras.layers.Dense(1)])
model.compile("adam", "mse")
"""
    (finding,) = offers(text, rule)
    assert (finding.fix is None) is (expected is None)
    assert finding.fix is None or finding.fix.safety is Safety.UNSAFE
    assert fixed(text, rule) == text.replace(f"Dropout({rate})", f"Dropout({expected or rate})")


@pytest.mark.parametrize(
    ("imports", "layer", "expected"),
    [
        (
            "from tensorflow.keras import Sequential, layers\nfrom tensorflow import keras",
            "layers.Dense",
            "layers.Input",
        ),
        ("from tensorflow.keras import Sequential\nimport tensorflow as tf", "tf.keras.layers.Dense", "tf.keras.Input"),
        ("from keras import Sequential, layers\nimport tensorflow as tf", "layers.Dense", "layers.Input"),
        ("from keras import Sequential, layers\nimport tf_keras", "layers.Dense", "layers.Input"),
        ("from keras import Sequential\nfrom keras.layers import Dense\nimport tensorflow as tf", "Dense", None),
        ("from keras import Sequential\nfrom keras.layers import Dense\nimport tf_keras", "Dense", None),
        (
            "from keras import Sequential\nfrom keras.layers import Dense\nfrom tensorflow.keras.layers import Input",
            "Dense",
            None,
        ),
    ],
)
def test_new_names_come_from_the_same_keras(imports: str, layer: str, expected: str | None) -> None:
    rule = next(rule for rule in RULES if rule.code == "KM021")
    text = f"{imports}\nmodel = Sequential([{layer}(4, input_dim=8)])\n"
    made = f"{imports}\nmodel = Sequential([{expected}((8,)), {layer}(4)])\n"
    assert fixed(text, rule) == (text if expected is None else made)


@pytest.mark.parametrize("start", range(4))
def test_fixes_of_many_rules_in_one_file(start: int) -> None:
    """All programs below one another: what is fixed in one leaves the others alone."""
    chosen = [text for rule in RULES[start::4] for text in [next(iter(programs(rule)))]]
    text = "".join(f"def part_{number}():\n{textwrap.indent(one, '    ')}\n" for number, one in enumerate(chosen))
    text += "".join(f"part_{number}()\n" for number in range(len(chosen)))
    before = lint(text.encode()).findings
    result = fix_bytes(text.encode(), lint, lint, unsafe=True).data
    after = lint(result).findings
    assert syntax_error(result.decode()) is None
    assert codes(after) <= codes(before)
    fixable = [finding for finding in before if finding.fix is not None]
    assert len(fixable) > 5
    assert len(after) <= len(before) - len(fixable) // 2
    assert fix_bytes(result, lint, lint, unsafe=True).data == result


def offers(text: str, rule: type[Rule]) -> list[Finding]:
    return [finding for finding in lint(text.encode()).findings if finding.code == rule.code]


def codes(findings: tuple[Finding, ...]) -> set[str]:
    return {finding.code for finding in findings if finding.severity.value != "advice"}


def count_of(rule: type[Rule], findings: tuple[Finding, ...]) -> int:
    return sum(finding.code == rule.code for finding in findings)
